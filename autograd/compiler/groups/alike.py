"""Who is alike in a graph: nodes that do the same with neighbouring operands are one group, to be done in one loop.

A layer of neurons is two groups, whatever it was built from: its sums of products, and what its activation makes of
them. `loops` prints groups for LLVM, `matrices` for NumPy, `lists` for people.

>>> from autograd.engine.functions import relu
>>> from autograd.engine.value import Value
>>> x = [Value(1.0, "x1"), Value(2.0, "x2")]
>>> w = [[Value(0.1 * i + j, f"w{i}{j}") for j in range(2)] for i in range(8)]
>>> a = [relu(w1 * x[0] + w2 * x[1]) for w1, w2 in w]
>>> y = sum(a[1:], a[0])
>>> for stage in grouped(Trace(y, x)).stages:
...     print(stage)
dot of 8: a parameters[0 + 2 i + j], b inputs[0 + j]
relu of 8: a dot[0 + i]
sum of 1: a relu[0 + j]

One pass over the graph finds them, in time linear in its operands. The key of a node is its operation and, operand by
operand, the array that it reads: the inputs, the parameters, or the results of an earlier group. It joins the group of
its key if it continues the run, which is if each index is as far from that of the member before as there from the one
before it. No member can depend on another, since a key names arrays that were there before the group; so no circle of
groups exists either.

Written sums are found first: a chain of additions whose inner results nobody else reads is one sum of products. Groups
of few operations go back to single nodes, which stand together in segments of straight-line code; what is the same in
all rows has segments of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.compiler.groups.arrays import Access, Array, Gather, Grouped, Operand
from autograd.compiler.groups.order import Order, placed
from autograd.compiler.groups.places import Places
from autograd.compiler.groups.sums import Sums, length_of, vectors_of
from autograd.compiler.numbering import Vector
from autograd.compiler.trace import Step, Trace

LEAST = 8  # operations: a group with fewer of them is done in a straight line
OPEN = 4  # groups of one key that a node may still join


def grouped(trace: Trace, kept: Iterable[int] = (), long: float | None = None) -> Grouped:
    """The stages of a trace; `kept` are nodes whose number, or whose adjoint, is wanted beside those of the root.

    More single nodes than `long` are not cut into short segments.
    """
    wanted = {trace.root, *kept}
    sums = Sums(trace, wanted)
    groups = []
    for nodes in alike(trace, sums):
        step = sums.steps[nodes[0]]
        if len(nodes) * max(1, length_of(step)) >= LEAST:
            groups.append(nodes)
        else:
            for node in nodes:
                sums.undo(node)
    return placed(trace, sums, Order(sums, groups, wanted, trace, long))


class _Run:
    """Nodes of one key so far, and the indices that they read: of the first, and how far each is from the last."""

    def __init__(self, node: int, indices: Sequence[int]) -> None:
        self.nodes = [node]
        self.array = Array("run", self.nodes)
        self._first = indices
        self._steps: list[int] | None = None

    def join(self, node: int, indices: Sequence[int]) -> bool:
        """Take a node in, if it continues the run."""
        count = len(self.nodes)
        if self._steps is None:
            self._steps = [index - first for index, first in zip(indices, self._first, strict=True)]
        elif any(x != first + count * step for x, first, step in zip(indices, self._first, self._steps, strict=True)):
            return False
        self.nodes.append(node)
        return True


class _Rows:
    """Where vectors lie, those of parameters as if they had been made in the order in which they are first read."""

    def __init__(self, places: Places, trace: Trace) -> None:
        self._places = places
        self._parameters = range(trace.inputs, trace.leaves)
        self._arrays: dict[tuple[int, int], Array] = {}
        self._found: dict[tuple[int, Vector], Access] = {}

    def vector(self, number: int, operands: Vector) -> Access:
        """Where one of the vectors is that a step reads."""
        if not self._is_of_parameters(operands):
            return self._places.vector(operands)
        key = number, operands
        if key not in self._found:
            array = self._arrays.setdefault((number, len(operands)), Array("rows", range(0)))
            self._found[key] = Access(array, len(array), 0, 1)
            array.members = range(len(array) + len(operands))  # nobody asks which they are
        return self._found[key]

    def single(self, number: int, node: int) -> Access:
        """The same of a node beside the vectors."""
        if node in self._parameters:
            return self.vector(number, range(node, node + 1))
        return Access(*self._places.place(node), 0, 1)

    def _is_of_parameters(self, operands: Vector) -> bool:
        if isinstance(operands, range):
            return operands[0] in self._parameters and operands[-1] in self._parameters
        return all(type(x) is int and x in self._parameters for x in operands)


def alike(trace: Trace, sums: Sums) -> list[list[int]]:
    """The nodes of each group, in the order in which the groups begin."""
    places = Places(trace)
    rows = _Rows(places, trace)
    found: list[_Run] = []
    runs: dict[tuple[Any, ...], list[_Run]] = {}
    uses = Counter(vector for step in sums.steps.values() if length_of(step) < LEAST for vector in vectors_of(step))
    for node in sorted(sums.steps):
        nodes = [node]
        if sums.is_written(node) and _is_loose(sums.steps[node], rows, uses):
            nodes = sums.undo(node)
        for inner in nodes:
            step = sums.steps[inner]
            if step.kernel.row.vectors and not length_of(step):
                places.results[inner] = Array("node", [inner]), 0
                continue
            key, indices = _key(step, rows, (inner in sums.starts, sums.is_written(inner)))
            open_ = runs.setdefault(key, [])
            run = next((run for run in open_ if run.join(inner, indices)), None)
            if run is None:
                run = _Run(inner, indices)
                found.append(run)
                open_.insert(0, run)
                del open_[OPEN:]
            places.results[inner] = run.array, len(run.nodes) - 1
    return [run.nodes for run in found]


def _is_loose(step: Step, rows: _Rows, uses: Counter[Vector]) -> bool:
    """Whether a sum is short, and of what lies here and there: its operations are like those of its neighbours.

    One of a vector that others read, too, is like these.
    """
    if length_of(step) >= LEAST:
        return False
    vectors = enumerate(vectors_of(step))
    return any(uses[vector] == 1 and isinstance(rows.vector(k, vector).array, Gather) for k, vector in vectors)


def _key(step: Step, rows: _Rows, order: tuple[bool, bool]) -> tuple[tuple[Any, ...], list[int]]:
    """What alike nodes have in common, and the indices that they read."""
    row, vectors, length = step.kernel.row, vectors_of(step), length_of(step)
    read: list[Operand] = [rows.vector(k, vector) for k, vector in enumerate(vectors)]
    others = enumerate(step.others, len(vectors))
    read += [rows.single(k, x) if isinstance(x, int) else x for k, x in others]
    accesses = [x for x in read if isinstance(x, Access)]
    parts = ((x.array, x.dj) if isinstance(x, Access) else repr(x) for x in read)
    return (row, length, order, *parts), [access.base for access in accesses]
