"""What is found in a graph: groups of alike nodes, single ones, and where the numbers lie that they read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd.compiler.trace import Flat, Step, Trace
from autograd.engine.kernels import Kernel
from autograd.table.rules import Row

MOST = 200  # nodes in a segment, as straight-line code: a compiler's time grows faster than the length of a function
REDUCED = {"dot": 2, "sum": 1}  # the operations that loop over vectors, and over how many


class Array:
    """Numbers side by side: the inputs, the parameters, constants, or what a stage computes, for each row of inputs.

    members   the nodes they belong to; of `constants` the numbers themselves
    """

    def __init__(self, name: str, members: Iterable[Any] = ()) -> None:
        self.name = name
        self.members: Sequence[Any] = members if isinstance(members, range) else list(members)

    def append(self, members: Iterable[Any]) -> int:
        """Take in further members; the index of the first."""
        first = len(self.members)
        if not isinstance(self.members, list):
            self.members = list(self.members)
        self.members += members
        return first

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"<{self.name}, {len(self)}>"


Place = tuple[Array, int]


def runs(places: Iterable[tuple[Any, int]]) -> list[tuple[Any, int, int]]:
    """Places side by side put together: the array, the first index, how many they are."""
    found: list[tuple[Any, int, int]] = []
    for array, index in places:
        if found and found[-1][0] == array and sum(found[-1][1:]) == index:
            found[-1] = array, found[-1][1], found[-1][2] + 1
        else:
            found.append((array, index, 1))
    return found


class Access(NamedTuple):
    """What the members read of an array: member i, at element j of a vector, the one at base + di · i + dj · j."""

    array: Array
    base: int
    di: int = 0
    dj: int = 0

    def at(self, i: int, j: int = 0) -> int:
        """The index that member i reads, at element j."""
        return self.base + self.di * i + self.dj * j

    def __str__(self) -> str:
        steps = [(self.di, "i"), (self.dj, "j")]
        texts = [letter if step == 1 else f"{step} {letter}" for step, letter in steps if step]
        return f"{self.array.name}[{' + '.join([str(self.base), *texts])}]"


Operand = Access | float


class Group(Array):
    """Alike nodes.

    length      of the vectors that the members read; 0 where they read none
    starts      whether the last operand of a dot is what its sum begins with, rather than what it ends with
    written     whether it is a sum that was written with plus signs, and is rounded after each term
    operands    what is read for each letter of the row
    """

    def __init__(self, kernel: Kernel, nodes: Sequence[int], length: int, starts: bool, written: bool) -> None:
        super().__init__(kernel.row.name, nodes)
        self.kernel = kernel
        self.length = length
        self.starts = starts
        self.written = written
        self.operands: list[Operand] = []

    @property
    def row(self) -> Row:
        """Their operation."""
        return self.kernel.row

    def __str__(self) -> str:
        shown = (f"{x:g}" if isinstance(x, float) else str(x) for x in self.operands)
        parts = (f"{letter} {text}" for letter, text in zip(self.row.letters, shown, strict=True) if text != "-0")
        return f"{self.name} of {len(self)}: {', '.join(parts)}"


class Gather(Array):
    """Nodes and numbers that lie in several arrays, or in no even order, brought together: `sources` is where."""

    def __init__(self, members: Sequence[int | float], sources: Sequence[Place]) -> None:
        super().__init__("gather", members)
        self.sources = sources

    def __str__(self) -> str:
        return f"gather of {len(self)}"


class Segment(Array):
    """Single nodes, in an order in which they can be computed; its members are those that others read.

    nodes    what is computed
    reads    the nodes that are read, leaves and members of other stages
    flat     the same as straight-line code: leaves for `reads`, then a step for each of `nodes`
    """

    def __init__(self, nodes: Sequence[int], outputs: Iterable[int], steps: dict[int, Step]) -> None:
        super().__init__("segment", outputs)
        self.nodes = nodes
        inner = set(nodes)
        operands = (x for node in nodes for x in steps[node].operands if type(x) is int and x not in inner)
        self.reads = list(dict.fromkeys(operands))
        self.number = {node: index for index, node in enumerate([*self.reads, *nodes])}
        self.flat = Flat(len(self.reads))
        for kernel, vectors, others in map(steps.__getitem__, nodes):
            self.flat.steps.append(Step(kernel, tuple(map(self._flat, vectors)), self._flat(others)))

    @property
    def is_long(self) -> bool:
        """Whether it has too many nodes for straight-line code."""
        return len(self.nodes) > MOST

    def _flat(self, operands: Iterable[int | float]) -> tuple[int | float, ...]:
        return tuple([self.number[x] if type(x) is int else x for x in operands])

    def __str__(self) -> str:
        return f"segment of {len(self.nodes)}: {len(self)} for others"


Stage = Group | Gather | Segment


class Grouped(NamedTuple):
    """A trace as stages, each of which can be computed after those before it.

    inputs, parameters, constants   the arrays of leaves and of numbers; a parameter may be there more than once
    home                            where a node is that somebody beside its stage reads
    """

    trace: Trace
    inputs: Array
    parameters: Array
    constants: Array
    stages: list[Stage]
    home: dict[int, Place]

    @property
    def has_groups(self) -> bool:
        """Whether any nodes are alike."""
        return any(isinstance(stage, Group) for stage in self.stages)

    @property
    def has_loops(self) -> bool:
        """Whether there is more than straight-line code."""
        return self.has_groups or any(isinstance(stage, Segment) and stage.is_long for stage in self.stages)

    def place(self, node: int) -> Place:
        """Where a leaf is, or a result that somebody beside its stage reads."""
        if node >= self.trace.leaves:
            return self.home[node]
        inputs = self.trace.inputs
        return (self.inputs, node) if node < inputs else (self.parameters, node - inputs)
