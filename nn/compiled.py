"""How `fit` takes a step with the loss of one example compiled, the parameters' numbers in one array.

Where something fails, the step is taken on the graph instead, which says what the matter is.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import random
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from autograd import Value, compile  # noqa: A004 - the graph's, not the built-in one
from autograd.engine.recording import watched
from nn.losses import LOSSES, Above, Largest, reduction_of
from nn.patterns import Graph, UnsuitableError, as_values, columns, is_ours, leaves, pattern
from nn.steps import Steps

__all__ = ["MOST_COMPARED", "CompiledSteps"]

MOST_GROUPS = 10
TRIALS = 3  # examples whose graphs must be alike
MOST_COMPARED = 100  # examples whose losses are compared with those on graphs
FEW = 5  # examples whose loss together is compared
MOST_RECORDINGS = 3  # a model that changes more often is trained on graphs


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
    """Steps with the loss of one example compiled. Raises UnsuitableError where that cannot be.

    wary   looks at the penalty, which is a function of the user's, after each epoch
    """

    def __init__(self, *setting: Any, wary: bool = False) -> None:
        super().__init__(*setting)
        self.wary = wary and self.penalty is not None
        if importlib.util.find_spec("numpy") is None:
            raise UnsuitableError('it needs NumPy: pip install "chalkgrad[jit]"')
        self.reduction = reduction_of(self.loss)
        if self.reduction not in ("mean", "sum"):
            raise UnsuitableError(
                "how the loss puts examples together is not known: set loss.reduction = 'mean', or 'sum', if it is that"
            )
        import numpy as np

        self.columns = columns("X", self.X), columns("y", self.y)
        try:
            self.known = [np.array(found, dtype=float) for found in self.columns]
        except (TypeError, ValueError) as error:
            raise UnsuitableError(f"the examples or the targets are not numbers ({error})") from None
        self.plain: dict[float, Value] = {}  # a penalty that is a number
        self.recordings = 1
        self._compile()
        if self.loss in LOSSES.values():  # it is not asked about the targets again
            self.loss([[Value(0.5)] * self.several if self.several else Value(0.5)] * len(self.y), self.y)
        self._take_over()
        if not (self.loss in LOSSES.values() and is_ours(self.model)):
            self._compare()

    def step(self, batch: Sequence[int]) -> tuple[float, int]:  # noqa: D102 - as above
        try:
            total, hits, gradient = self._computed(batch)
        except (ArithmeticError, ValueError):
            self.publish()
            found = super().step(batch)  # it says what the matter is, as without compiling
            self._take_over()
            return found
        self.gradient, self.changed = gradient, True
        if self.optimizer.takes_arrays:
            self.numbers[: len(gradient)] = self.optimizer.moved(self.numbers[: len(gradient)], gradient)
        else:
            self.optimizer.zero_grad()
            for parameter, slope in zip(self.optimizer.parameters, gradient.tolist(), strict=True):
                parameter.grad += slope
            self.optimizer.step()
            self._take_over()
        return total, hits

    def _computed(self, batch: Sequence[int]) -> tuple[float, int, Any]:
        """The loss of a batch, how many were predicted right, and the gradient."""
        import numpy as np

        total, hits, gradient = 0.0, 0, np.zeros(len(self.optimizer.parameters))
        for part in self.parts:
            rows, members, share = part.rows, part.order, 1.0
            if members and len(batch) < len(self.X):
                members = [place for place in batch if place in part.members]
                rows = rows.take([part.members[place] for place in members])
            if members and self.reduction == "mean":
                share = 1 / len(batch)
            value, slopes, outputs = part.compiled.over(rows, self.numbers[part.numbers])
            total += share * value
            gradient[part.slopes] += share * slopes
            if members and self.right is not None:
                hits += self._hits(outputs, members)
        if not math.isfinite(total):
            raise OverflowError("the loss is not a finite number")
        return total, hits, gradient

    def publish(self) -> None:  # noqa: D102 - as above
        if self.changed:
            for parameter, number, slope in zip(
                self.places, self.numbers.tolist(), self.gradient.tolist(), strict=False
            ):
                parameter.data, parameter.grad = number, slope
            self.optimizer.settle()
        self.changed = False

    def renewed(self, everything: bool = True) -> Steps:  # noqa: D102 - as above
        if not (everything or self.wary):
            return self
        self.publish()
        state = random.getstate()
        try:
            same = list(self.places)[: len(self.gradient)] == self.optimizer.parameters
            same = same and (not everything or self._same_data())
            parts = self.parts if everything else self.parts[-1:]
            if not (same and all(pattern(part.record()) == part.pattern for part in parts)):
                self.recordings += 1
                if self.recordings > MOST_RECORDINGS:
                    raise UnsuitableError("the model changes too often")
                self._compile()
            self._take_over()
        except Exception:  # whatever a model may raise, it is raised again on the graph
            return Steps(*self.setting)
        finally:
            random.setstate(state)
        return self

    def _same_data(self) -> bool:
        """Whether the examples and targets are what they were; if not, the new ones are from now on."""
        import numpy as np

        self.columns = columns("X", self.X), columns("y", self.y)
        before, self.known = self.known, [np.array(found, dtype=float) for found in self.columns]
        return all(map(np.array_equal, before, self.known))

    def _take_over(self) -> None:
        """Take over the numbers of the parameters."""
        import numpy as np

        self.numbers = np.array([parameter.data for parameter in self.places])
        self.gradient, self.changed = np.zeros(len(self.optimizer.parameters)), False

    def _compare(self) -> None:
        """Compare with the loss on graphs: a model that is not known may compute something else with numbers."""
        for part in self.parts:
            for place in part.order[:MOST_COMPARED]:
                loss = self.loss([self.model(self.X[place])], [self.y[place]]).data
                found = part.compiled.over(part.rows.take([part.members[place]]), self.numbers[part.numbers]).value
                if abs(found - loss) > 1e-9 * max(1.0, abs(loss)):
                    raise UnsuitableError("the model or the loss treats numbers and Values differently, as x == 1 does")
        few = range(min(len(self.X), FEW))
        predictions, targets = [self.model(self.X[place]) for place in few], [self.y[place] for place in few]
        single = [self.loss([p], [y]).data for p, y in zip(predictions, targets, strict=True)]
        together, expected = self.loss(predictions, targets).data, sum(single)
        expected /= len(single) if self.reduction == "mean" else 1
        if abs(together - expected) > 1e-9 * max(1.0, abs(together)):
            raise UnsuitableError(f"the loss of several examples is not the {self.reduction} of their losses")

    def _hits(self, outputs: Any, members: Sequence[int]) -> int:
        """How many of the examples were predicted right."""
        if isinstance(self.right, Above | Largest):
            targets = self.known[1] if len(members) == len(self.X) else self.known[1][:, members]
            return int(self.right.count(outputs, targets))
        predictions: list[Any] = [self.together(Value(number) for number in row) for row in outputs.T.tolist()]
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
        state, everything = random.getstate(), range(len(self.X))
        try:
            try:
                self._compile_examples(everything, with_target=True)
            except Exception as error:
                if isinstance(error, UnsuitableError):
                    raise
                self.parts = []
                groups: dict[Hashable, list[int]] = {}
                for place in everything:
                    target = self.y[place]
                    groups.setdefault(tuple(target) if hasattr(target, "__len__") else target, []).append(place)
                if len(groups) > MOST_GROUPS:
                    raise UnsuitableError(
                        f"the loss asks what a target is, or fails ({error}), and there are too many different targets "
                        f"to compile it for each ({len(groups)})"
                    ) from None
                for members in groups.values():
                    self._compile_examples(members, with_target=False)
            if self.penalty is not None:
                self._add(self._penalty_graph, [])
        except Exception as error:
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
        with watched() as seen:
            graph = record()
        if seen:
            raise UnsuitableError(f"there is a comparison of {seen[0][0].name or 'a Value'} ({seen[0][1]})")
        if random.getstate() != state:
            raise UnsuitableError("the model draws random numbers")
        computed, there = pattern(graph), leaves(graph.loss)
        if self._nudged(record, there) != computed:
            raise UnsuitableError("the model does not compute the same each time, or with its parameters' numbers")
        wrt = [parameter for parameter in self.optimizer.parameters if parameter in there]
        also = graph.outputs if self.right is not None else ()
        compiled = compile(graph.loss, graph.inputs, wrt, also=also, branches="freeze")  # compared elsewhere, if at all
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

    def _nudged(self, record: Callable[[], Graph], there: set[Value]) -> list[object]:
        """The pattern of a recording with slightly other numbers in the parameters: what uses them as numbers shows."""
        before = {parameter: parameter.data for parameter in [*there, *self.optimizer.parameters]}
        try:
            for parameter, number in before.items():
                parameter.data = 1.001 * number + 1e-3
            return pattern(record())
        finally:
            for parameter, number in before.items():
                parameter.data = number

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
        self.together = tuple if isinstance(prediction, tuple) else list
        outputs = list(prediction) if self.several else [prediction]
        for node in (loss, *outputs):
            if not isinstance(node, Value):
                raise UnsuitableError(f"the model or the loss gives {node!r} where a Value is needed")
        return Graph(loss, inputs, outputs)

    def _penalty_graph(self) -> Graph:
        assert self.penalty is not None
        found = self.penalty(self.model)
        return Graph(found if isinstance(found, Value) else self.plain.setdefault(found, Value(found)), [], [])
