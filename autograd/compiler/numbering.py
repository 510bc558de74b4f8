"""Numbers for the nodes of a graph, and vectors of such numbers.

Leaves are numbered in the order in which results read them, then results in the order in which they were computed. A
vector whose nodes are evenly spaced is a range, so that it is short however long it is: the weights of a neuron, and
what a layer reads.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.engine.kernels import LEAF
from autograd.engine.value import Value, is_result

_KERNEL = operator.attrgetter("_kernel")
Vector = range | tuple[int | float, ...]


def vector(elements: Iterable[int | float]) -> Any:
    """The elements of a vector: a range, where they are nodes that are evenly spaced.

    >>> vector((3, 5, 7)), vector((3, 5, 7.0))
    (range(3, 9, 2), (3, 5, 7.0))
    """
    found: Any = tuple(elements)
    return evenly(found) if set(map(type, found)) == {int} else found


def evenly(nodes: Sequence[int]) -> Any:
    """Nodes as a range, if they are evenly spaced; however many there are, it is short."""
    if isinstance(nodes, range) or not nodes:
        return nodes
    first, step = nodes[0], nodes[1] - nodes[0] if len(nodes) > 1 else 1
    run = range(first, first + step * len(nodes), step) if step else ()
    return run if run and run[-1] == nodes[-1] and tuple(run) == tuple(nodes) else nodes


def outside(elements: Sequence[int | float], bounds: range) -> list[int]:
    """The nodes of a vector that do not lie within the bounds."""
    if isinstance(elements, range) and elements and elements[0] in bounds and elements[-1] in bounds:
        return []
    return [x for x in elements if type(x) is int and x not in bounds]


def is_marked(marks: bytearray, elements: Sequence[int | float]) -> bool:
    """Whether a node of a vector is marked."""
    if isinstance(elements, range) and elements.step > 0:
        return 1 in marks[elements.start : elements.stop : elements.step]
    return any(type(x) is int and marks[x] for x in elements)


def results_before(y: Value) -> dict[Value, list[bool]]:
    """The results from which y was computed, and y if it is one, the oldest first; whether their vectors are of leaves.

    A vector is looked at once, be it read by all neurons of a layer.
    """
    found: dict[Value, list[bool]] = {y: []} if is_result(y) else {}
    waiting, looked = [*found], set[Any]()
    while waiting:
        node = waiting.pop()
        found[node], operands = _unlooked(node, looked)
        for operand in operands:
            if is_result(operand) and operand not in found:
                found[operand] = []
                waiting.append(operand)
    return {node: found[node] for node in sorted(found, key=operator.attrgetter("_stamp"))}


def _unlooked(node: Value, looked: set[Any]) -> tuple[list[bool], Iterable[Any]]:
    """Of each vector, whether it has no results; the operands, without vectors that were looked at before."""
    vectors, others = node._parts
    if not vectors:
        return [], others
    are_leaves, further = [], [others]
    for kind, operands in zip(node._kernel.kinds, vectors, strict=False):
        is_of_values = kind == "v"  # others may hold numbers, and 0 is equal to -0
        is_known = is_of_values and operands in looked
        are_leaves.append(is_of_values and not is_known and {*map(_KERNEL, operands)} == {LEAF})
        if not is_known and not are_leaves[-1]:
            further.append(operands)
            looked.update([operands] if is_of_values else ())
    return are_leaves, itertools.chain(*further)


class Numbering:
    """Numbers for nodes: first the inputs, then the other leaves as they are read, then the results.

    What is the same for many results is looked at once, be it long: a vector that all neurons of a layer read. Nor is
    each weight looked up that is read for the first time with those beside it: their numbers are a range.
    """

    def __init__(self, inputs: Iterable[Value]) -> None:
        self.leaves: list[Value] = []
        self._number: dict[Value, int] = {}  # of what was looked at one by one
        self._seen: set[Any] = set()
        self._same: dict[Any, Any] = {}
        self._vectors: dict[Any, Vector] = {}
        self.add(inputs)

    def add(self, operands: Iterable[Any]) -> None:
        """Number those of the operands that are leaves without a number."""
        for x in operands:
            if type(x) is not float and x._kernel is LEAF and x not in self._seen:
                self._seen.add(x)
                self._number[x] = len(self.leaves)
                self.leaves.append(x)

    def end(self, results: Iterable[Value]) -> None:
        """Number the results, after all leaves."""
        self._number |= zip(results, itertools.count(len(self.leaves)), strict=False)

    def read(self, node: Value, are_leaves: Sequence[bool]) -> tuple[Sequence[Any], Sequence[Any]]:
        """Number the leaves that a result reads. Its vectors, or the numbers of those that are new; other operands."""
        vectors, others = node._parts
        found = [self._read(*part) for part in zip(node._kernel.kinds, are_leaves, vectors, strict=False)]
        self.add(others)
        return found, others

    def _read(self, kind: str, are_leaves: bool, operands: Any) -> Any:
        if kind != "v":  # there are numbers in it, and 0 is equal to -0
            self.add(operands)
            return operands
        if are_leaves and self._seen.isdisjoint(operands):
            start, count = len(self.leaves), len(operands)
            self._seen.update(operands)
            if len(self._seen) == start + count:
                self.leaves += operands
                return range(start, start + count)
            self.leaves += dict.fromkeys(operands)
        elif operands not in self._same:
            self.add(operands)
        return self._same.setdefault(operands, operands)

    def vector(self, operands: Any) -> Any:
        """The numbers of a vector."""
        if isinstance(operands, range):
            return operands
        is_shared = self._same.get(operands) is operands
        if not is_shared:
            return vector(self.numbers(operands))
        found = self._vectors.get(operands)
        if found is None:
            found = self._vectors[operands] = vector(self.numbers(operands))
        return found

    def numbers(self, operands: Iterable[Any]) -> tuple[int | float, ...]:
        """The numbers of nodes; constants stay."""
        number = self._number
        try:
            return tuple([x if type(x) is float else number[x] for x in operands])
        except KeyError:  # one of a range of leaves
            number |= zip(self.leaves, itertools.count(), strict=False)
            return self.numbers(operands)
