"""A recorded graph written flat: its leaves, then one step for each result, in an order in which they can be computed.

>>> from autograd.engine.value import Value
>>> x, w = Value(3.0, "x"), Value(2.0, "w")
>>> trace = Trace(w * x + 1, [x])
>>> trace.labels, [(step.kernel.row.name, step.operands) for step in trace.steps]
(['x', 'w', 'v1', 'J'], [('mul', (1, 0)), ('add', (2, 1.0))])

An operand is the number of a node (an int) or a constant (a float). A trace holds no node but the parameters, so that
the graph can go, and it is pickled without recursion, whatever its length. A function becomes a trace by being called
with leaves:

>>> recording = record(lambda x: w * x + 1, [x])
>>> recording.trace.same(trace), recording.compared
(True, [])
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, NamedTuple

from autograd.engine.checks import real
from autograd.engine.kernels import Kernel
from autograd.engine.recording import Place, clock, recorded, watched
from autograd.engine.sweep import collect
from autograd.engine.value import Result, Value
from autograd.errors import AutogradError, CompileError
from autograd.reading.graph import READ_AS_CONSTANTS, distinct, shows_e

TRIALS = (0.61, 1.73, 12.4, -0.58, -1.62)  # a function is recorded at each of them where it is defined
MOVES = ((1.001, 1e-4), (1.7, 0.3), (-1.0, 0.0))  # given numbers are also recorded moved: x → scale · x + shift


class Step(NamedTuple):
    """How one result is computed."""

    kernel: Kernel
    operands: tuple[int | float, ...]


class Flat:
    """Leaves, then one step for each result; `root` is the node that all is computed for, -1 where there is none."""

    def __init__(self, leaves: int) -> None:
        self.inputs = leaves
        self.leaves = leaves
        self.steps: list[Step] = []
        self.root = -1

    def edges(self, node: int, among: Container[int] | None = None) -> list[tuple[str, int, int]]:
        """(letter, position, operand) of the operands of a result that are nodes, or certain nodes."""
        kernel, operands = self.steps[node - self.leaves]
        every = ((letter, index, operands[index]) for letter, index in kernel.indices(len(operands)))
        return [edge for edge in every if type(edge[2]) is int and (among is None or edge[2] in among)]  # type: ignore[misc]

    def leading(self, wrt: Iterable[int]) -> set[int]:
        """The nodes that are computed from one of `wrt`, and these themselves."""
        found = set(wrt)
        for node, step in enumerate(self.steps, self.leaves):
            if any(type(operand) is int and operand in found for operand in step.operands):
                found.add(node)
        return found


class Labelled(Flat):
    """The same with a label for every node, by which it is written, and its name, if it has one."""

    @functools.cached_property
    def labels(self) -> list[str]:
        """All different."""
        raise NotImplementedError

    @functools.cached_property
    def names(self) -> list[str | None]:
        """None where there is none."""
        raise NotImplementedError


class Trace(Labelled):
    """The graph of y: `inputs` come first, the other leaves are its `parameters`, then come the results, y last.

    `number` numbers the nodes, and keeps them; `root` is the number of y, which may be a leaf, or an input itself.
    """

    def __init__(self, y: Value, inputs: Sequence[Value]) -> None:
        results = collect(y).results[::-1]
        given = dict.fromkeys(inputs)
        operands = (x for node in results for x in node.operands if type(x) is not float)
        values: dict[Any, None] = dict.fromkeys((*operands, y))
        self.parameters: list[Value] = [x for x in values if not isinstance(x, Result) and x not in given]
        super().__init__(len(given) + len(self.parameters))
        self.inputs = len(given)
        number = dict(zip((*given, *self.parameters, *results), itertools.count(), strict=False))
        self.number: dict[Value, int] = number
        self.root = number[y]
        self.steps = [
            Step(node._kernel, tuple([x if type(x) is float else number[x] for x in node.operands]))  # type: ignore[index]
            for node in results
        ]
        self._own = [x.name for x in given], [x.name for x in results]

    @functools.cached_property
    def names(self) -> list[str | None]:
        """The names of the nodes, where they have one."""
        inputs, results = self._own
        return [*inputs, *(x.name for x in self.parameters), *results]

    @functools.cached_property
    def labels(self) -> list[str]:
        """A label for every node, all different: its name, or a number. Named inputs keep their names."""
        named = [index for index in range(self.inputs) if self.names[index]]
        order = dict.fromkeys(named)
        for node, step in enumerate(self.steps, self.leaves):
            order |= dict.fromkeys((*(x for x in step.operands if type(x) is int), node))
        read = {*order, self.root}
        order |= dict.fromkeys(range(len(self.names)))  # inputs that take no part
        shown = (shows_e(kernel.row, operands) for kernel, operands in self.steps)
        names = [self.names[node] or (None if node in read else "x") for node in order]
        found = dict(zip(order, distinct(names, [*order].index(self.root), shown), strict=True))
        return [found[node] for node in range(len(self.names))]

    @property
    def input_labels(self) -> list[str]:
        """The labels of the inputs."""
        names = self._own[0]
        plain = [name for name in names if name and name.isprintable() and name not in READ_AS_CONSTANTS]
        if len({*plain}) == len(names):
            return plain
        return self.labels[: self.inputs]

    def same(self, other: Trace) -> bool:
        """Whether both compute the same from their leaves; parameters are alike if their numbers are."""
        shape, others = ((x.steps, x.root, x.inputs, len(x.parameters)) for x in (self, other))
        pairs = zip(self.parameters, other.parameters, strict=False)
        return shape == others and all(a is b or a.data == b.data for a, b in pairs)

    def replay(
        self, numbers: Sequence[float], parameters: Sequence[float], moving: Container[int] | None = None
    ) -> list[Value]:
        """The nodes of the graph recorded once more, with other numbers for the inputs and for the parameters.

        With `moving`, other leaves than these are plain numbers, and so is what is computed from them alone; results
        among these are leaves, if they are. Raises what the operations raise.
        """
        leaves = zip([*numbers, *parameters], self.names, strict=False)  # the names of the results come after them
        nodes: list[Any] = [Value(number, name) for number, name in leaves]
        if moving is not None:
            nodes = [node if index in moving else node.data for index, node in enumerate(nodes)]
        steps = zip(self.steps, self.names[self.leaves :], strict=True)
        for index, ((kernel, operands), name) in enumerate(steps, self.leaves):
            given = [nodes[operand] if type(operand) is int else operand for operand in operands]
            count = len(kernel.row.vectors)
            length = (len(given) - len(kernel.row.letters) + count) // count if count else 0
            vectors = [given[start * length : (start + 1) * length] for start in range(count)]
            node = kernel.functions.forward()(*vectors, *given[count * length :])
            if moving is not None and index in moving and not isinstance(node, Value):
                node = Value(node)
            nodes.append(node.named(name) if name is not None and isinstance(node, Value) else node)
        return nodes


class Recording(NamedTuple):
    """What a function computed from leaves, the leaves, and the Values that it compared on the way, with the lines."""

    y: Value
    inputs: list[Value]
    compared: list[tuple[Value, Place]]

    @property
    def trace(self) -> Trace:
        """The graph written flat."""
        return Trace(self.y, self.inputs)


def record(f: Callable[..., Any], inputs: list[Value]) -> Recording:
    """What a function of leaves computes, and what it compares."""
    with watched() as compared:
        y = f(*inputs)
    if y is None:
        raise TypeError(f"{f!r} returns None: is its return missing?")
    if isinstance(y, list | tuple) or getattr(y, "shape", ()) != ():
        raise TypeError(f"a function that is compiled returns one number, not a {type(y).__name__}")
    return Recording(y if isinstance(y, Value) else Value(real(y)), inputs, compared)


def traced(f: Callable[..., Any], numbers: list[Any] | None) -> Recording:
    """A function of numbers, recorded; the result bears its name, if it has none.

    It is recorded at several numbers: if these give different graphs, it computes with the numbers themselves.
    """
    names = _argument_names(f, None if numbers is None else len(numbers))
    if numbers is None:
        trials = [[start + 0.07 * index for index in range(len(names))] for start in TRIALS]
    else:
        trials = [numbers, *([scale * real(number) + shift for number in numbers] for scale, shift in MOVES)]
    recordings: list[Recording] = []
    failure: AutogradError | None = None
    start = next(clock)
    for trial in trials:
        inputs = [Value(real(number), name) for number, name in zip(trial, names, strict=True)]
        try:
            with recorded():
                recordings.append(record(f, inputs))
        except AutogradError as error:
            if trial is numbers:
                raise
            failure = failure or error
    if not recordings:
        raise CompileError(
            f"{f!r} is not defined where it was tried ({failure}): give numbers to record it at, compile(f, [200.0])"
        )
    first, *others = recordings
    trace = first.trace
    if not first.compared and not all(trace.same(other.trace) for other in others):
        raise CompileError(
            f"{f!r} computes with the numbers it is given in another way than through the graph (x.data, detach, "
            "no_grad, a comparison with ==): what was computed like that would stay as it is"
        )
    name = getattr(f, "__name__", "")
    if isinstance(first.y, Result) and first.y.name is None and first.y._stamp > start and name.isidentifier():
        first.y.named(name)
    return first


def _argument_names(f: Callable[..., Any], count: int | None) -> list[str]:
    """The names of a function's arguments, as many as there are numbers to record it at."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    plain = [x for x in parameters if x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)]
    names = [x.name for index, x in enumerate(plain) if x.default is x.empty or index < (count or 0)]
    if count is None and (not names or any(x.kind is x.VAR_POSITIONAL for x in parameters)):
        raise TypeError(
            f"how many arguments {f!r} takes is not known: give numbers to record it at, compile(f, [0.5, 2.0])"
        )
    return names if count is None or len(names) == count else [f"x{index + 1}" for index in range(count)]
