"""A step of a training on the graph of its batch, as it is written on the blackboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import Value, collector_paused
from nn.losses import Loss, hits
from nn.module import Module
from nn.rows import examples
from nn.training.given import told


class GraphSteps(NamedTuple):
    """What is trained, and how: each step on the graph of its batch."""

    model: Any
    X: Sequence[Any]
    y: Sequence[Any]
    loss: Loss
    optimizer: Any  # None where nothing is trained
    penalty: Callable[[Module], Value] | None
    right: Callable[[Any, Any], bool] | None

    @property
    def parameters(self) -> list[Value]:
        """Those that are trained."""
        return self.optimizer.parameters if self.optimizer else []

    def computed(self, batch: Sequence[int]) -> tuple[Value, int]:
        """The loss of a batch, and how many of its examples are predicted right."""
        predictions = [self.model(self.X[index]) for index in batch]
        targets = [self.y[index] for index in batch]
        total = told(self.loss(predictions, targets), Value)
        if self.penalty is not None:
            total = total + self.penalty(self.model)
        return total, 0 if self.right is None else hits(self.right, predictions, targets)

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        """Take a step on the examples of a batch: its loss before, and how many were predicted right."""
        with collector_paused():  # for a step and no longer: code of the user's may leave cycles behind
            return self._step(batch)  # where the graph goes before the collector is back

    def _step(self, batch: Sequence[int]) -> tuple[float, int]:
        total, hits = self.computed(batch)
        self.optimizer.zero_grad()
        total.backward()
        self.optimizer.step()
        return total.data, hits

    def write_back(self) -> None:
        """The numbers are where they belong."""

    def reached(self, parameters: Sequence[Value]) -> list[float]:
        """The numbers of parameters now."""
        return [parameter.data for parameter in parameters]

    def refreshed(self, graph: GraphSteps) -> GraphSteps:
        """The steps to go on with after code of the user's has run."""
        return graph

    def reading(self, X: Any, y: Any) -> GraphSteps:  # noqa: N803
        """The same with the data read again, as code of the user's may have changed them."""
        rows = examples(X, y)
        return self._replace(X=rows[0], y=rows[1])
