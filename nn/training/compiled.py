"""The loss of one example compiled, and the penalty: together the loss of any batch, its gradient, and the hits."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple

from autograd import Value, compile, record  # noqa: A004 - the graph's, not the built-in one
from nn.losses import LOSSES, Above, Largest, hits, number_of, reduction_of
from nn.rows import as_values, by_target, distinct, holds
from nn.training.comparing import UnsuitableError

MOST_BUILDS = 3  # a model that changes more often is trained on graphs


class _Part(NamedTuple):
    """A compiled part of the loss: that of the examples in a group, or the penalty, which has no example."""

    compiled: Any
    trace: Any
    places: tuple[list[int], list[int]]  # of the trace's parameters among all numbers; of those in the optimiser
    numbers: Any  # the same as an index,
    slopes: Any  # and these
    rows: Any
    examples: Any  # the place of each row among all examples,
    row_of: Any  # and of each of all examples among the rows, or -1

    def chosen(self, batch: Sequence[int]) -> tuple[Any, Any]:
        """The rows of those examples of a batch that are in the group, and these examples."""
        if len(batch) == len(self.row_of) or not len(self.examples):
            return self.rows, self.examples
        import numpy as np

        examples = np.array(batch)
        rows = self.row_of[examples]
        if len(self.examples) < len(self.row_of):
            examples, rows = examples[rows >= 0], rows[rows >= 0]
        return self.rows.take(rows), examples


class CompiledLoss:
    """The loss of a training, compiled. Raises UnsuitableError where that cannot be."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.reduction = reduction_of(graph.loss)
        if self.reduction not in ("mean", "sum"):
            raise UnsuitableError(
                "how the loss puts examples together is not known: set loss.reduction = 'mean', or 'sum', if it is that"
            )
        self.parts: list[_Part] = []
        self.builds = 0
        self.leaves: dict[Value, int] = {}  # with their places among all numbers: the optimiser's, then others
        self.data: Any = None  # the examples and the targets, a column each,
        self.targets: Any = None  # and the latter alone
        self.is_read = False  # whether these are those of before
        self.shaped: Any = list  # a row of outputs as the model gives them, of which these are the first
        self.predicted = [0.5]
        self.probabilities = False  # whether the loss takes only predictions from 0 to 1

    def read(self, graph: Any) -> bool:
        """Read model and data, and compile the parts of the loss that are new, of which it tells whether there are."""
        import numpy as np

        self.graph, parameters = graph, graph.parameters
        self.leaves = {parameter: index for index, parameter in enumerate(parameters)}
        data = graph.X, graph.y
        if holds(graph.X, {"bool", "str", "bytes"}) or holds(graph.y, {"str", "bytes"}):
            raise UnsuitableError("the examples or the targets are not numbers")
        try:
            arrays = [np.array(rows, dtype=float, subok=True).reshape(len(rows), -1).T for rows in data]
        except (TypeError, ValueError) as error:
            raise UnsuitableError(f"the examples or the targets are not numbers ({error})") from None
        self.is_read = self.targets is not None and all(map(np.array_equal, arrays, self.data))
        self.data, self.targets = arrays, arrays[1]
        parts = self._of_examples() + ([] if graph.penalty is None else [self._part([])])
        known, self.parts = {part.compiled for part in self.parts}, parts
        is_new = not {part.compiled for part in parts} <= known
        self.builds += is_new
        return is_new

    def numbers(self) -> Any:
        """The numbers of the leaves."""
        import numpy as np

        return np.array([leaf.data for leaf in self.leaves])

    def computed(self, batch: Sequence[int], numbers: Any) -> tuple[float, int, Any]:
        """The loss of a batch, how many of its examples are predicted right, and the gradient."""
        import numpy as np

        total, hits, gradient = 0.0, 0, np.zeros(len(self.graph.parameters))
        for part in self.parts:
            self.rows, examples = part.chosen(batch)  # kept, as new ones would not lie in memory just given back
            value, slopes, outputs = part.compiled.over(self.rows, numbers[part.numbers])
            is_some = len(examples) > 0
            if is_some and self.probabilities and not ((outputs >= 0) & (outputs <= 1)).all():
                raise ValueError("a prediction is not between 0 and 1")
            share = 1 / len(batch) if len(part.examples) and self.reduction == "mean" else 1.0
            total += share * value
            gradient[part.slopes] += share * slopes
            if is_some and self.graph.right is not None:
                hits += self._hits(outputs, examples)
        if not math.isfinite(total):
            raise OverflowError("the loss is not a finite number")
        return total, hits, gradient

    def _hits(self, outputs: Any, examples: Any) -> int:
        """How many of the examples are predicted right."""
        if isinstance(self.graph.right, Above | Largest):
            targets = self.targets if len(examples) == len(self.graph.X) else self.targets[:, examples]
            return self.graph.right.count(outputs, targets)
        predictions = [self.shaped(list(map(Value, row))) for row in outputs.T.tolist()]
        return hits(self.graph.right, predictions, [self.graph.y[index] for index in examples.tolist()])

    def check_targets(self) -> None:
        """Let the loss look at the targets: compiled, it does not. One half is a prediction that all ours can have."""
        known = self.graph.loss in LOSSES.values()
        prediction = self.shaped([Value(0.5 if known else number) for number in self.predicted])
        targets = distinct(self.graph.y)
        try:
            self.graph.loss([prediction] * len(targets), targets)
        except (ArithmeticError, ValueError) as error:
            if known or type(error) is ValueError:  # not a domain that this prediction may be outside of
                raise

    def _refuses(self, number: float) -> bool:
        """Whether the loss refuses a prediction, as that of probabilities refuses 1.5: compiled, it does not look."""
        try:
            self.graph.loss([self.shaped([Value(number)] * len(self.predicted))], [self.graph.y[0]])
        except ValueError:
            return True
        return False

    def _of_examples(self) -> list[_Part]:
        """The loss of an example with the target as an input, or else once for each of few targets."""
        try:
            return [self._part(range(len(self.graph.X)), with_target=True)]
        except UnsuitableError:
            raise
        except Exception as error:
            reason = error
        groups = by_target(self.graph.y)
        if not groups:
            raise UnsuitableError(
                f"the loss asks what a target is, or fails ({reason}), and there are too many different targets "
                "to compile it for each"
            )
        return [self._part(examples) for examples in groups]

    def _part(self, examples: Sequence[int], with_target: bool = False) -> _Part:
        """The loss of the examples in a group, or the penalty, compiled if it was not before."""
        import numpy as np

        recording, outputs = self._recorded(examples[0] if examples else None, with_target)
        trace, count = recording.trace, len(self.graph.parameters)
        self.probabilities = self._refuses(1.5)
        for leaf in trace.parameters:
            self.leaves.setdefault(leaf, len(self.leaves))
        numbers = [self.leaves[leaf] for leaf in trace.parameters]
        slopes = [place for place in numbers if place < count]
        for part in self.parts:
            if part.trace.same(trace) and part.places == (numbers, slopes):
                if self.is_read and np.array_equal(part.examples, examples):
                    return part
                compiled = part.compiled
                break
        else:
            if self.builds == MOST_BUILDS:
                raise UnsuitableError("the model changes too often")
            wrt = [leaf for leaf in trace.parameters if self.leaves[leaf] < count]
            also = outputs if self.graph.right is not None or self.probabilities else ()
            # no Value was compared here; a parameter may have been elsewhere
            compiled = compile(recording, wrt=wrt, also=also, branches="freeze")
        rows = compiled.rows(*[column for array in self.data for column in array][: len(recording.inputs)])
        if examples and len(examples) < len(rows):
            rows = rows.take(examples)
        row_of = np.full(len(self.graph.X), -1)
        row_of[examples] = range(len(examples))
        indices = _index(numbers), _index(slopes)
        return _Part(compiled, trace, (numbers, slopes), *indices, rows, np.array(examples, int), row_of)

    def _recorded(self, example: int | None, with_target: bool) -> tuple[Any, list[Value]]:
        """The loss of an example, its numbers inputs, or without one the penalty; and the outputs of the model."""
        inputs: list[Value] = []
        outputs: list[Value] = []
        if example is not None:
            x, inputs = as_values("x", self.graph.X[example])
            target, more = as_values("y", self.graph.y[example]) if with_target else (self.graph.y[example], [])
            inputs = [*inputs, *more]

        def loss(*_: Value) -> Any:
            if example is None:
                return _given("penalty", self.graph.penalty(self.graph.model), Value | Real)
            prediction = self.graph.model(x)
            found = self.graph.loss([prediction], [target])
            several = isinstance(prediction, list | tuple)
            self.shaped = (tuple if isinstance(prediction, tuple) else list) if several else operator.itemgetter(0)
            outputs.extend(_given("model", output) for output in (prediction if several else [prediction]))
            self.predicted = [number_of(output) for output in outputs]
            return _given("loss", found)

        state = random.getstate()
        recording = record(loss, inputs)
        if recording.compared:
            value, line = recording.compared[0]
            raise UnsuitableError(f"there is a comparison of {value.name or 'a Value'} ({line})")
        if random.getstate() != state:
            raise UnsuitableError("the model draws random numbers")
        return recording, outputs


def _index(places: list[int]) -> Any:
    """What an array is indexed with for these places: where they follow each other, a slice, which needs no copy."""
    import numpy as np

    start = places[0] if places else 0
    return slice(start, start + len(places)) if places == [*range(start, start + len(places))] else np.array(places)


def _given(name: str, given: Any, kind: Any = Value) -> Any:
    """What a function of the user's gives, if it is of the kind."""
    if not isinstance(given, kind):
        raise UnsuitableError(f"the {name} gives {given!r} where a Value is needed")
    return given
