"""The edges of a graph: what flows along them, and where nothing does.

>>> from autograd.engine.functions import relu, sqrt
>>> x = Value(0.0, "x")
>>> root = sqrt(x)
>>> y = relu(-root - 1) + x * root
>>> [(edge.letter, local_partial(y, edge)) for edge in edges(y)]
[('a', 1.0), ('b', 1.0)]

An adjoint of 0 may mean two things. Here the factor x is 0, but not nearby, so that the derivative of the root at 0
would be needed: something arrives at the root. If only the relu used it, whose other side was taken, nothing would.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from autograd.engine.checks import gradient_failure, kink_failure
from autograd.engine.value import Result, Value, data_of


class Edge(NamedTuple):
    """One use of an operand: its letter in the row, its position among the node's operands, itself."""

    letter: str
    position: int
    operand: Value


def values_in(node: Value, among: Container[Value] | None = None) -> list[Value]:
    """The operands that are Values, or those of certain Values, repeats kept."""
    values = [operand for operand in node.operands if isinstance(operand, Value)]
    return values if among is None else [operand for operand in values if operand in among]


def edges(node: Result) -> Iterator[Edge]:
    """The uses of the operands that are Values, in the order of the sweep."""
    operands = node.operands
    for letter, index in node._kernel.indices(len(operands)):
        if isinstance(operands[index], Value):
            yield Edge(letter, index, operands[index])  # type: ignore[arg-type]


def leading(results: Iterable[Result], xs: Iterable[Value]) -> set[Value]:
    """The nodes that were computed from one of xs, and these themselves, given the results youngest first."""
    found = set(xs)
    for node in reversed(list(results)):
        if any(operand in found for operand in values_in(node)):
            found.add(node)
    return found


def local_partial(node: Result, edge: Edge) -> float:
    """The derivative of a result with respect to one of its operands, the others held fixed."""
    row, operands = node._kernel.row, node.operands
    data = map(data_of, node._kernel.beside(edge.position, operands).values())
    whole = [list(map(data_of, operands))] if row.needs_whole_vector(row.computed_partial(edge.letter)) else []
    try:
        return node._kernel.functions.partial(edge.letter)(*data, node._data, *whole)
    except (ArithmeticError, ValueError) as error:
        raise gradient_failure(row, operands, edge.letter, error) from None


class Flow:
    """Which local partials are needed between some roots and some nodes xs (by default all leaves), when somebody asks.

    Nothing flows where the zero is structural: a constant factor 0, or the side of relu, maximum, minimum, heaviside or
    sign that was not taken. There a result does not depend on the operand. A factor that was computed may be 0 here and
    not nearby.
    """

    def __init__(self, roots: Iterable[Value], results: Sequence[Result], xs: Iterable[Value] | None = None) -> None:
        self.roots = list(roots)
        self._results = results
        self._xs = xs

    def needs(self, node: Result, operand: Value) -> bool:
        """Whether the partial of a node for one of its operands has to exist: the roots depend on it, and it moves."""
        return node in self._arrives and operand in self._moves

    def carries(self, node: Value) -> bool:
        """Whether the roots depend on a node, and it on the xs."""
        return node in self._arrives and node in self._moves

    @functools.cached_property
    def _arrives(self) -> set[Value]:
        """The nodes that the roots depend on."""
        found = set(self.roots)
        for node in self._results if found else ():
            if node in found:
                found.update(_flowing(node, values_in(node)))
        return found

    @functools.cached_property
    def _moves(self) -> set[Value]:
        """The nodes that depend on the xs."""
        leaves = (x for node in self._results for x in values_in(node) if not isinstance(x, Result))
        found = set(leaves if self._xs is None else self._xs)
        for node in reversed(self._results):
            found.update(node for _ in _flowing(node, values_in(node, found)))
        return found


def _flowing(node: Result, operands: Iterable[Value]) -> Iterator[Value]:
    """Those of the operands that the node depends on."""
    wanted = dict.fromkeys(operands)
    try:
        found = node._kernel.partials(node, wanted)
    except (ArithmeticError, ValueError):
        found = [pair for operand in wanted for pair in _partial_of(node, operand)]
    return (operand for operand, partial in found if isinstance(partial, Value) or partial)


def _partial_of(node: Result, operand: Value) -> list[tuple[Value, Value | float]]:
    try:
        return node._kernel.partials(node, {operand})
    except (ArithmeticError, ValueError):
        return [(operand, math.nan)]


def at_kink(node: Result) -> bool:
    """Whether the row of a node has a kink or a jump, and its operands are exactly there."""
    row = node._kernel.row
    if not row.kink:
        return False
    data = dict(zip(row.letters, map(data_of, node.operands), strict=True))
    return data["a"] == data.get(row.kink, 0.0)


def check_smooth(ys: Sequence[Value], xs: Iterable[Value], results: Sequence[Result]) -> None:
    """Raise GradientError where a second derivative would go through a kink that is exactly hit."""
    kinks = list(filter(at_kink, results))
    flow = Flow(ys, results, xs)
    for node in kinks:
        if any(flow.needs(node, operand) for operand in values_in(node)):
            raise kink_failure(node._kernel.row, node.operands)
