"""A recorded graph written flat: its leaves, then one step for each result, in an order in which they can be computed.

>>> from autograd.engine.value import Value
>>> x, w = Value(3.0, "x"), Value(2.0, "w")
>>> trace = Trace(w * x + 1, [x])
>>> trace.labels, [(step.kernel.row.name, step.operands) for step in trace.steps]
(['x', 'w', 'v1', 'J'], [('mul', (1, 0)), ('add', (2, 1.0))])

An operand is the number of a node (an int) or a constant (a float). A trace can `forget` all nodes but the parameters,
so that the graph can go; then it is pickled without recursion, whatever its length. A function becomes a trace by being
called with leaves:

>>> recording = record(lambda x: w * x + 1, [x])
>>> recording.trace.same(trace), recording.compared
(True, [])
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import inspect
import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.compiler.numbering import Numbering, Vector, is_marked, results_before
from autograd.engine.checks import real
from autograd.engine.kernels import Kernel
from autograd.engine.opaque import refuse_opaque
from autograd.engine.recording import Place, clock, recorded, watched
from autograd.engine.value import Value, is_result
from autograd.errors import AutogradError, CompileError
from autograd.reading.graph import READ_AS_CONSTANTS, distinct, shows_e

TRIALS = (0.61, 1.73, 12.4, -0.58, -1.62)  # a function is recorded at each of them where it is defined
MOVES = ((1.001, 1e-4), (1.7, 0.3), (-1.0, 0.0))  # given numbers are also recorded moved: x → scale · x + shift


class Step(NamedTuple):
    """How one result is computed: from vectors, if its operation takes any, and from other operands."""

    kernel: Kernel
    vectors: tuple[Vector, ...]
    others: tuple[int | float, ...]

    @property
    def operands(self) -> tuple[int | float, ...]:
        """All operands, in order."""
        return (*itertools.chain(*self.vectors), *self.others) if self.vectors else self.others


class Flat:
    """Leaves, then one step for each result; `root` is the node that all is computed for, -1 where there is none."""

    def __init__(self, leaves: int) -> None:
        self.inputs = leaves
        self.leaves = leaves
        self.steps: list[Step] = []
        self.root = -1

    def edges(self, node: int, among: Sequence[int] | None = None) -> list[tuple[str, int, int]]:
        """(letter, position, operand) of the operands of a result that are nodes, or marked among them."""
        step = self.steps[node - self.leaves]
        operands = step.operands
        every = ((letter, index, operands[index]) for letter, index in step.kernel.indices(len(operands)))
        return [edge for edge in every if type(edge[2]) is int and (among is None or among[edge[2]])]  # type: ignore[misc]

    def leading(self, wrt: Iterable[int]) -> bytearray:
        """A mark for every node: 1 for those that are computed from one of `wrt`, and these themselves."""
        found = bytearray(self.leaves + len(self.steps))
        if isinstance(wrt, range) and wrt and wrt.step > 0:
            found[wrt.start : wrt.stop : wrt.step] = b"\1" * len(wrt)
        else:
            for node in wrt:
                found[node] = 1
        for node, (_, vectors, others) in enumerate(self.steps, self.leaves):
            if any(type(x) is int and found[x] for x in others) or any(is_marked(found, x) for x in vectors):
                found[node] = 1
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

    Leaves from which y was not computed may be among the parameters: those that are `unused`.
    `number` numbers the nodes; `root` is the number of y, which may be a leaf, or an input itself.
    """

    def __init__(self, y: Value, inputs: Sequence[Value], unused: Iterable[Value] = ()) -> None:
        results, numbering = results_before(y), Numbering(inputs)
        refuse_opaque(results)
        count = len(numbering.leaves)
        read = list(itertools.starmap(numbering.read, results.items()))
        numbering.add([y, *unused])
        numbering.end(results)
        self.parameters = tuple(itertools.islice(numbering.leaves, count, None))
        super().__init__(len(numbering.leaves))
        self.inputs = count
        self.root = int(*numbering.numbers([y]))
        self.steps = [
            Step(node._kernel, tuple(map(numbering.vector, vectors)), numbering.numbers(others))
            for node, (vectors, others) in zip(results, read, strict=True)
        ]
        self._nodes: tuple[list[Value], list[Value]] = numbering.leaves, [*results]
        self._own = [x.name for x in numbering.leaves[:count]], [x.name for x in results]

    @functools.cached_property
    def number(self) -> dict[Value, int]:
        """The number of each node."""
        return dict(zip(self.nodes(), itertools.count(), strict=False))

    def nodes(self) -> Iterator[Value]:
        """The nodes by their numbers."""
        return itertools.chain(*self._nodes)

    def forget(self) -> None:
        """Keep no node but the parameters, so that the graph can go."""
        self._nodes = [], []
        self.__dict__.pop("number", None)

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
        shown = (shows_e(step.kernel.row, step.operands) for step in self.steps)
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
        for index, (step, name) in enumerate(steps, self.leaves):
            parts = [*step.vectors, step.others]
            *vectors, others = [[nodes[x] if isinstance(x, int) else x for x in part] for part in parts]
            node = step.kernel.functions.forward()(*vectors, *others)
            if moving is not None and index in moving and not isinstance(node, Value):
                node = Value(node)
            nodes.append(node.named(name) if name is not None and isinstance(node, Value) else node)
        return nodes


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's garbage collector, which would go through a large graph several times, and find nothing."""
    was_enabled = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclasses.dataclass
class Recording:
    """What a function computed from leaves, the leaves, and the Values that it compared on the way, with the lines."""

    y: Value
    inputs: list[Value]
    compared: list[tuple[Value, Place]]

    @functools.cached_property
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
    name = getattr(f, "__name__", "")
    if is_result(first.y) and first.y.name is None and first.y._stamp > start and name.isidentifier():
        first.y.named(name)
    trace = first.trace
    if not first.compared and not all(trace.same(other.trace) for other in others):
        raise CompileError(
            f"{f!r} computes with the numbers it is given in another way than through the graph (x.data, detach, "
            "stop_gradient, no_grad, a comparison with ==): what was computed like that would stay as it is"
        )
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
