"""How `fit` takes a step: on the graph of a batch, or with the loss of one example compiled.

Both compute the loss of a batch and its gradient, and let the optimiser change the parameters. Compiled, the loss of
one example is recorded once, and the numbers of the parameters are kept in one array for as long as the training goes.
"""

from __future__ import annotations

import functools
import importlib.util
import random
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from autograd import Value, compile  # noqa: A004 - the graph's, not the built-in one
from nn.losses import LOSSES, Above, Largest, Loss, reduction_of
from nn.module import Module
from nn.optim import Optimizer
from nn.patterns import Graph, UnsuitableError, as_values, columns, leaves, pattern

__all__ = ["CompiledSteps", "Steps", "UnsuitableError", "chosen"]

MOST_GROUPS = 10
TRIALS = 3  # examples whose graphs must be alike


WORTH_IT = 10_000  # examples to be gone through; fewer are gone through before everything is compiled


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

    def renew(self) -> None:
        """Take over what somebody has changed in the model meanwhile."""


def chosen(compiled: bool | str, epochs: int, steps: Steps) -> Steps:
    """The steps of a training, compiled if they are to be and can be."""
    if compiled not in (True, False, "auto"):
        raise ValueError(f'compiled is True, False or "auto", not {compiled!r}')
    if compiled == "auto" and (epochs * len(steps.X) < WORTH_IT or importlib.util.find_spec("llvmlite") is None):
        return steps
    try:
        return CompiledSteps(*vars(steps).values()) if compiled else steps
    except UnsuitableError as error:
        if compiled == "auto":
            return steps
        raise ValueError(f"this training cannot be compiled: {error}") from None


class _Part(NamedTuple):
    """A compiled part of the loss: that of the examples in a group, or the penalty, which has no example."""

    compiled: Any
    rows: Any
    order: Sequence[int]  # the examples
    members: dict[int, int]  # the row of each
    numbers: Any  # the places of its parameters in the array of numbers
    slopes: Any  # the places of its derivatives in the gradient
    record: Callable[[], Graph]
    pattern: object  # that of the graph, to see whether it has changed


class CompiledSteps(Steps):
    """Steps with the loss of one example compiled. Raises UnsuitableError where that cannot be."""

    def __init__(self, *setting: Any) -> None:
        super().__init__(*setting)
        if importlib.util.find_spec("numpy") is None:
            raise UnsuitableError('it needs NumPy: pip install "chalkgrad[jit]"')
        self.reduction = reduction_of(self.loss)
        if self.reduction not in ("mean", "sum"):
            raise UnsuitableError("how the loss puts examples together is not known: set loss.reduction = 'mean'")
        import numpy as np

        self.columns = columns("X", self.X), columns("y", self.y)
        try:
            self.known_targets = np.array(self.columns[1], dtype=float)
        except (TypeError, ValueError) as error:
            raise UnsuitableError(f"the targets are not numbers ({error})") from None
        self.plain: dict[float, Value] = {}  # a penalty that is a number
        self._compile()
        if self.loss in LOSSES.values():  # it is not asked about the targets again
            self.loss([[Value(0.5)] * self.several if self.several else Value(0.5)] * len(self.y), self.y)
        self.renew()

    def step(self, batch: Sequence[int]) -> tuple[float, int]:  # noqa: D102 - as above
        import numpy as np

        total, hits, self.gradient = 0.0, 0, np.zeros(len(self.optimizer.parameters))
        for part in self.parts:
            rows, members, share = part.rows, part.order, 1.0
            if members and len(batch) < len(self.X):
                members = [place for place in batch if place in part.members]
                rows = rows.take([part.members[place] for place in members])
            if members and self.reduction == "mean":
                share = 1 / len(batch)
            value, slopes, outputs = part.compiled.over(rows, self.numbers[part.numbers])
            total += share * value
            self.gradient[part.slopes] += share * slopes
            if members and self.right is not None:
                hits += self._hits(outputs, members)
        if self.optimizer.takes_arrays:
            count = len(self.gradient)
            self.numbers[:count] = self.optimizer.moved(self.numbers[:count], self.gradient)
        else:
            self.publish()
            self.optimizer.step()
            self.renew_numbers()
        return total, hits

    def publish(self) -> None:  # noqa: D102 - as above
        for parameter, number, slope in zip(self.places, self.numbers.tolist(), self.gradient.tolist(), strict=False):
            parameter.data, parameter.grad = number, slope
        self.optimizer.settle()

    def renew(self) -> None:  # noqa: D102 - as above
        if any(pattern(part.record()) != part.pattern for part in self.parts):
            self._compile()
        self.renew_numbers()

    def renew_numbers(self) -> None:
        """Take over the numbers of the parameters."""
        import numpy as np

        self.numbers = np.array([parameter.data for parameter in self.places])
        self.gradient = np.array([float(parameter.grad) for parameter in self.optimizer.parameters])

    def _hits(self, outputs: Any, members: Sequence[int]) -> int:
        """How many of the examples were predicted right."""
        if isinstance(self.right, Above | Largest):
            targets = self.known_targets if len(members) == len(self.X) else self.known_targets[:, members]
            return int(self.right.count(outputs, targets))
        predictions: list[Any] = [[Value(number) for number in row] for row in outputs.T.tolist()]
        if not self.several:
            predictions = [row[0] for row in predictions]
        assert self.right is not None
        return sum(map(self.right, predictions, [self.y[place] for place in members]))

    def _compile(self) -> None:
        """Compile the loss of an example: with the target as an input, or else once for each of few targets."""
        self.places = {parameter: place for place, parameter in enumerate(self.optimizer.parameters)}
        if len(self.places) < len(self.optimizer.parameters):
            raise UnsuitableError("the optimizer has a parameter twice")
        self.parts: list[_Part] = []
        state = random.getstate()
        everything = range(len(self.X))
        try:
            try:
                self._compile_examples(everything, with_target=True)
            except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
                if isinstance(error, UnsuitableError):
                    raise
                groups: dict[Hashable, list[int]] = {}
                for place in everything:
                    target = self.y[place]
                    groups.setdefault(tuple(target) if hasattr(target, "__len__") else target, []).append(place)
                if len(groups) > MOST_GROUPS:
                    raise
                for members in groups.values():
                    self._compile_examples(members, with_target=False)
            if self.penalty is not None:
                self._add(self._penalty_graph, [])
        except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
            if isinstance(error, UnsuitableError):
                raise
            raise UnsuitableError(f"the loss of an example cannot be compiled ({error})") from None
        finally:
            random.setstate(state)

    def _compile_examples(self, members: Sequence[int], with_target: bool) -> None:
        self._add(functools.partial(self._example_graph, members[0], with_target), members)
        for place in members[1:TRIALS]:
            if pattern(self._example_graph(place, with_target)) != self.parts[-1].pattern:
                raise UnsuitableError("the model does not compute the same for each example")

    def _add(self, record: Callable[[], Graph], members: Sequence[int]) -> None:
        """Compile what is recorded, for the examples in a group."""
        import numpy as np

        state = random.getstate()
        graph = record()
        if random.getstate() != state:
            raise UnsuitableError("the model draws random numbers")
        computed = pattern(graph)
        if pattern(record()) != computed:
            raise UnsuitableError("the model does not compute the same each time")
        there = leaves(graph.loss)
        wrt = [parameter for parameter in self.optimizer.parameters if parameter in there]
        compiled = compile(graph.loss, graph.inputs, wrt, also=graph.outputs if self.right is not None else ())
        for parameter in compiled.parameters:
            self.places.setdefault(parameter, len(self.places))
        rows = compiled.rows(*[*self.columns[0], *self.columns[1]][: len(graph.inputs)])
        self.parts.append(
            _Part(
                compiled,
                rows.take(members) if members and len(members) < len(rows) else rows,
                members,
                {place: row for row, place in enumerate(members)},
                np.array([self.places[parameter] for parameter in compiled.parameters], dtype=int),
                np.array([self.places[parameter] for parameter in wrt], dtype=int),
                record,
                computed,
            )
        )

    def _example_graph(self, place: int, with_target: bool) -> Graph:
        """The loss of one example, its numbers inputs."""
        x, inputs = as_values("x", self.X[place])
        target = self.y[place]
        prediction = self.model(x)
        if with_target:
            target, more = as_values("y", target)
            inputs += more
        loss = self.loss([prediction], [target])
        self.several = len(prediction) if isinstance(prediction, list | tuple) else 0
        outputs = list(prediction) if self.several else [prediction]
        for node in (loss, *outputs):
            if not isinstance(node, Value):
                raise UnsuitableError(f"the model or the loss gives {node!r} where a Value is needed")
        return Graph(loss, inputs, outputs)

    def _penalty_graph(self) -> Graph:
        assert self.penalty is not None
        found = self.penalty(self.model)
        return Graph(found if isinstance(found, Value) else self.plain.setdefault(found, Value(found)), [], [])
