"""How `fit` trains faster: the loss of one example compiled, the numbers of the parameters in one array; on the graph
where something fails, which says what is wrong."""

from __future__ import annotations

import functools
import importlib.util
import math
import operator
import random
import sys
from collections.abc import Hashable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from autograd import Value, compile, record  # noqa: A004 - the graph's, not the built-in one
from nn.layers import ACTIVATIONS, MLP, Layer, Neuron
from nn.losses import LOSSES, Above, Largest, hits, number_of, reduction_of
from nn.optim import SGD, Adam, AdamW, RMSprop
from nn.rows import as_values, distinct

MOST_GROUPS = 10  # of examples with the same target
MOST_COMPARED, FEW = 100, 5  # examples whose losses are compared with those on graphs: one by one, and together
MOST_BUILDS = 3  # a model that changes more often is trained on graphs


class UnsuitableError(ValueError):
    """A training that cannot be compiled, and why."""


def chosen(compiled: bool | str, graph: Any, epochs: int, batches: int, watched: bool) -> Any:
    """The steps on graphs that are given, or compiled ones; `watched` if they are refreshed after each epoch."""
    if not (compiled is True or compiled is False or compiled == "auto"):
        raise ValueError(f'compiled is True, False or "auto", not {compiled!r}')
    auto = compiled == "auto"
    if not compiled or (auto and not (_is_known(graph) and _pays(graph, epochs, batches, watched))):
        return graph
    try:
        steps = CompiledSteps(graph)
        if not _has("llvmlite"):
            _say_what_is_faster()
        return steps
    except Exception as error:  # whatever a model may raise; the graph will raise it, too
        if auto:
            return graph
        try:
            for x, y in list(zip(graph.X, graph.y, strict=True))[:MOST_COMPARED]:
                graph.loss([graph.model(x)], [y])
        except OverflowError:  # the first epoch diverges, as without compiling
            return graph
        known = isinstance(error, UnsuitableError)
        reason = error if known else f"the loss of an example cannot be compiled ({error})"
        raise ValueError(f"this training cannot be compiled: {reason}") from None


def _is_known(graph: Any) -> bool:
    """Whether all examples and calls are known to compute the same: model and loss are ours, the data plain."""
    plain = all(type(data) in (list, tuple) or type(data).__module__ == "numpy" for data in (graph.X, graph.y))
    parts = [graph.model]
    for part in parts:  # the list grows
        ours = type(part).__call__ in (MLP.__call__, Layer.__call__, Neuron.__call__)
        if not ours or (isinstance(part, Neuron) and part._function not in ACTIVATIONS.values()):
            return False
        parts += [*getattr(part, "layers", []), *getattr(part, "neurons", [])]
    return plain and graph.loss in LOSSES.values()


def _pays(graph: Any, epochs: int, batches: int, watched: bool) -> bool:
    """Whether compiling saves time, in µs: measured for 17 to 260,000 parameters, narrow layers and wide ones."""
    count = len(graph.model.parameters())
    on_graphs = len(graph.X) * (40 + 0.7 * count) + batches * 2 * count
    llvm, numpy = (150_000 + 12 * count, 100 + 0.03 * count), (10_000 + 15 * count, 400 + 0.05 * count)
    compiling, step = llvm if _has("llvmlite") else numpy
    check = 1_000 + 3 * count
    saved = epochs * (on_graphs - batches * step - watched * check)
    return saved > 100_000 + compiling and _has("numpy")


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@functools.cache
def _say_what_is_faster() -> None:
    """Once: a training on NumPy has a faster way."""
    print('fit computes with NumPy; as machine code it is faster: pip install "chalkgrad[jit]"', file=sys.stderr)


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


class CompiledSteps:
    """Steps with the loss of one example compiled. Raises UnsuitableError where that cannot be."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.model, self.X, self.y, self.loss, self.optimizer, self.penalty, self.right = graph
        if not _has("numpy"):
            raise UnsuitableError('it needs NumPy: pip install "chalkgrad[jit]"')
        self.reduction = reduction_of(self.loss)
        if self.reduction not in ("mean", "sum"):
            raise UnsuitableError(
                "how the loss puts examples together is not known: set loss.reduction = 'mean', or 'sum', if it is that"
            )
        self.parts: list[_Part] = []
        self.builds = 0
        self.numbers: Any = None  # of the optimiser's parameters, then of other leaves
        self.data: Any = None  # the examples and the targets, a column each,
        self.targets: Any = None  # and the latter alone
        self.is_read = False  # whether these are those of before
        self.shaped: Any = list  # a row of outputs as the model gives them, of which these are the first
        self.predicted = [0.5]
        self.probabilities = False  # whether the loss takes only predictions from 0 to 1
        self.in_arrays: Any = None  # the optimiser, what it keeps in arrays; where it is ours
        self._build()

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        """Take a step on the examples of a batch: its loss before, and how many were predicted right."""
        count = len(self.optimizer.parameters)
        try:
            total, hits, gradient = self.computed(batch)
            if self.in_arrays:
                self.numbers[:count], self.in_arrays = self.in_arrays.stepped(self.numbers[:count], gradient)
        except (ArithmeticError, ValueError):
            self.write_back()
            found: tuple[float, int] = self.graph.step(batch)
            self._take_over()
            return found
        self.gradient, self.changed = gradient, True
        if not self.in_arrays:
            self.optimizer.zero_grad()
            for parameter, slope in zip(self.optimizer.parameters, gradient.tolist(), strict=True):
                parameter.grad += slope
            self.optimizer.step()
            self._take_over()
        return total, hits

    def write_back(self) -> None:
        """Give the parameters, and the optimiser, the numbers that were reached."""
        if self.changed:
            reached = self.numbers.tolist(), self.gradient.tolist()
            for parameter, number, slope in zip(self.optimizer.parameters, *reached, strict=False):
                parameter.data, parameter.grad = number, slope
            if self.in_arrays:
                vars(self.optimizer).update(vars(self.in_arrays.converted(lambda kept: kept.tolist())))
        self.changed = False

    def refreshed(self, graph: Any) -> Any:
        """The steps to go on with after code of the user's has run: with what has changed, or on graphs."""
        self.write_back()
        self.graph, self.X, self.y = graph, graph.X, graph.y
        try:
            self._build()
        except Exception:  # whatever a model may raise; the graph will raise it, too
            return self.graph
        return self

    def computed(self, batch: Sequence[int]) -> tuple[float, int, Any]:
        """The loss of a batch, how many of its examples are predicted right, and the gradient."""
        import numpy as np

        total, hits, gradient = 0.0, 0, np.zeros(len(self.optimizer.parameters))
        for part in self.parts:
            self.rows, examples = part.chosen(batch)  # kept, as new ones would not lie in memory just given back
            value, slopes, outputs = part.compiled.over(self.rows, self.numbers[part.numbers])
            is_some = len(examples) > 0
            if is_some and self.probabilities and not ((outputs >= 0) & (outputs <= 1)).all():
                raise ValueError("a prediction is not between 0 and 1")
            share = 1 / len(batch) if len(part.examples) and self.reduction == "mean" else 1.0
            total += share * value
            gradient[part.slopes] += share * slopes
            if is_some and self.right is not None:
                hits += self._hits(outputs, examples)
        if not math.isfinite(total):
            raise OverflowError("the loss is not a finite number")
        return total, hits, gradient

    def _hits(self, outputs: Any, examples: Any) -> int:
        """How many of the examples are predicted right."""
        if isinstance(self.right, Above | Largest):
            targets = self.targets if len(examples) == len(self.X) else self.targets[:, examples]
            return self.right.count(outputs, targets)
        predictions = [self.shaped(list(map(Value, row))) for row in outputs.T.tolist()]
        return hits(self.right, predictions, [self.y[index] for index in examples.tolist()])

    def _take_over(self) -> None:
        """Take over the numbers of the parameters, and what the optimiser keeps."""
        import numpy as np

        self.numbers = np.array([leaf.data for leaf in self.leaves])
        self.gradient, self.changed = np.zeros(len(self.optimizer.parameters)), False
        ours = type(self.optimizer) in (SGD, RMSprop, Adam, AdamW)
        replaced = any(map(callable, vars(self.optimizer).values()))  # as by optimizer.step = my_step
        self.in_arrays = self.optimizer.converted(np.array) if ours and not replaced else None

    def _build(self) -> None:
        """Read the data, record the parts of the loss, and compile those that are new."""
        import numpy as np

        self.leaves = {parameter: index for index, parameter in enumerate(self.optimizer.parameters)}
        if len(self.leaves) < len(self.optimizer.parameters):
            raise UnsuitableError("the optimizer has a parameter twice")
        before, state = self.targets, random.getstate()
        try:
            arrays = [np.array(data, dtype=float, subok=True).reshape(len(data), -1).T for data in (self.X, self.y)]
        except (TypeError, ValueError) as error:
            raise UnsuitableError(f"the examples or the targets are not numbers ({error})") from None
        self.is_read = self.targets is not None and all(map(np.array_equal, arrays, self.data))
        self.data, self.targets = arrays, arrays[1]
        try:
            parts = self._of_examples() + ([] if self.penalty is None else [self._part([])])
            known, self.parts = {part.compiled for part in self.parts}, parts
            if not {part.compiled for part in parts} <= known:
                self.builds += 1
                self._compare()
        finally:
            random.setstate(state)
        self._take_over()
        if not np.array_equal(self.targets, before):
            self._check_targets()

    def _check_targets(self) -> None:
        """Let the loss look at the targets: compiled, it does not. One half is a prediction that all ours can have."""
        known = self.loss in LOSSES.values()
        prediction = self.shaped([Value(0.5 if known else number) for number in self.predicted])
        targets = distinct(self.y)
        try:
            self.loss([prediction] * len(targets), targets)
        except (ArithmeticError, ValueError) as error:
            if known or type(error) is ValueError:  # not a domain that this prediction may be outside of
                raise

    def _refuses(self, number: float) -> bool:
        """Whether the loss refuses a prediction, as that of probabilities refuses 1.5: compiled, it does not look."""
        try:
            self.loss([self.shaped([Value(number)] * len(self.predicted))], [self.y[0]])
        except ValueError:
            return True
        return False

    def _of_examples(self) -> list[_Part]:
        """The loss of an example with the target as an input, or else once for each of few targets."""
        try:
            return [self._part(range(len(self.X)), with_target=True)]
        except UnsuitableError:
            raise
        except Exception as error:
            reason = error
        groups: dict[Hashable, list[int]] = {}
        for index, target in enumerate(self.y):
            groups.setdefault(tuple(target) if hasattr(target, "__len__") else target, []).append(index)
        if len(groups) > MOST_GROUPS:
            raise UnsuitableError(
                f"the loss asks what a target is, or fails ({reason}), and there are too many different targets "
                f"to compile it for each ({len(groups)})"
            )
        return [self._part(examples) for examples in groups.values()]

    def _part(self, examples: Sequence[int], with_target: bool = False) -> _Part:
        """The loss of the examples in a group, or the penalty, compiled if it was not before."""
        import numpy as np

        recording, outputs = self._recorded(examples[0] if examples else None, with_target)
        trace, count = recording.trace, len(self.optimizer.parameters)
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
            also = outputs if self.right is not None or self.probabilities else ()
            # no Value was compared here; a parameter may have been elsewhere
            compiled = compile(recording.y, recording.inputs, wrt, also=also, branches="freeze")
        rows = compiled.rows(*[column for array in self.data for column in array][: len(recording.inputs)])
        if examples and len(examples) < len(rows):
            rows = rows.take(examples)
        row_of = np.full(len(self.X), -1)
        row_of[examples] = range(len(examples))
        indices = _index(numbers), _index(slopes)
        return _Part(compiled, trace, (numbers, slopes), *indices, rows, np.array(examples, int), row_of)

    def _recorded(self, example: int | None, with_target: bool) -> tuple[Any, list[Value]]:
        """The loss of an example, its numbers inputs, or without one the penalty; and the outputs of the model."""
        inputs: list[Value] = []
        outputs: list[Value] = []
        if example is not None:
            x, inputs = as_values("x", self.X[example])
            target, more = as_values("y", self.y[example]) if with_target else (self.y[example], [])
            inputs = [*inputs, *more]

        def loss(*_: Value) -> Any:
            if example is None:
                return _given("penalty", self.penalty(self.model), Value | Real)
            prediction = self.model(x)
            found = self.loss([prediction], [target])
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

    def _compare(self) -> None:
        """Compare with graphs, at other numbers: a function of the user's may look at numbers, or change."""
        before = [(parameter, parameter.data) for parameter in self.optimizer.parameters]
        count = 1 if _is_known(self.graph) else MOST_COMPARED
        single = [[index] for part in self.parts for index in [*part.examples][:count]]
        try:
            for parameter, number in before:
                parameter.data = 1.001 * number + 1e-3
            self._take_over()
            for batch in [*single, range(len(self.X))[:FEW]]:
                try:
                    loss, (found, _, slopes) = self.graph.computed(batch)[0], self.computed(batch)
                except (OverflowError, ValueError):  # which a step will tell
                    continue
                if abs(found - loss.data) <= 1e-9 * max(1.0, abs(loss.data)):
                    if isinstance(batch, range):
                        self._compare_slopes(loss, slopes.tolist())
                    continue
                if len(batch) > 1:
                    raise UnsuitableError(f"the loss of several examples is not the {self.reduction} of their losses")
                raise UnsuitableError(
                    "the model does not compute the same each time, or with its parameters' numbers, or it treats "
                    "numbers and Values differently, as x == 1 does"
                )
        finally:
            for parameter, number in before:
                parameter.data = number

    def _compare_slopes(self, loss: Value, found: list[float]) -> None:
        """Compare a gradient with that of the graph, if that has one."""
        kept = {leaf: leaf.grad for leaf in self.leaves}
        try:
            for leaf in kept:
                leaf.grad = 0.0
            loss.backward()
            expected = [parameter.grad for parameter in self.optimizer.parameters]
        except ArithmeticError:
            return
        finally:
            for leaf, grad in kept.items():
                leaf.grad = grad
        bound = 1e-6 * max(1.0, *map(abs, expected))
        if any(abs(a - b) > bound for a, b in zip(expected, found, strict=True)):
            raise UnsuitableError("its derivatives are not those of the graph, which is a fault of the compiler's")


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
