"""How `fit` takes a step on the graph of a batch: its loss, its gradient, and the optimiser's update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import Value
from nn.losses import Loss
from nn.module import Module
from nn.optim import Optimizer

__all__ = ["Steps"]


class Steps:
    """Steps on the graph of each batch."""

    def __init__(
        self,
        model: Any,
        X: Sequence[Any],  # noqa: N803
        y: Sequence[Any],
        loss: Loss,
        optimizer: Optimizer,
        penalty: Callable[[Module], Value] | None,
        right: Callable[[Any, Any], bool] | None,
    ) -> None:
        self.setting = (model, X, y, loss, optimizer, penalty, right)
        self.model, self.X, self.y = model, X, y
        self.loss, self.optimizer, self.penalty, self.right = loss, optimizer, penalty, right

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        """Take a step on the examples of a batch: its loss before, and how many were predicted right."""
        predictions = [self.model(self.X[place]) for place in batch]
        targets = [self.y[place] for place in batch]
        total = self.loss(predictions, targets)
        if self.penalty is not None:
            total = total + self.penalty(self.model)
        self.optimizer.zero_grad()
        total.backward()
        self.optimizer.step()
        return total.data, 0 if self.right is None else sum(map(self.right, predictions, targets))

    def publish(self) -> None:
        """Give the parameters, and the optimiser, the numbers that were reached."""

    def renewed(self, everything: bool = True) -> Steps:
        """The steps to go on with after an epoch; everything may have changed, or only what nobody vouches for."""
        return self
