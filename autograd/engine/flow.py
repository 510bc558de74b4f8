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
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from autograd.engine.checks import gradient_failure, kink_failure
from autograd.engine.kernels import kernels
from autograd.engine.opaque import partials_of
from autograd.engine.value import Value, data_of, is_result
from autograd.errors import GradientError
from autograd.table.expression import COMPARISONS, CONSTANTS, Call, Choice, Expression, Name, Number
from autograd.table.parser import parse_row

Results: TypeAlias = "Sequence[Value] | Callable[[], Sequence[Value]]"  # all of a graph, or what collects them


class Edge(NamedTuple):
    """One use of an operand: its letter in the row, its position among the node's operands, itself."""

    letter: str
    position: int
    operand: Value


def values_in(node: Value, among: Container[Value] | None = None) -> list[Value]:
    """The operands that are Values, or those of certain Values, repeats kept."""
    values = [operand for operand in node.operands if isinstance(operand, Value)]
    return values if among is None else [operand for operand in values if operand in among]


def edges(node: Value) -> Iterator[Edge]:
    """The uses of the operands that are Values, in the order of the sweep."""
    operands = node.operands
    for letter, index in node._kernel.indices(len(operands)):
        if isinstance(operands[index], Value):
            yield Edge(letter, index, operands[index])  # type: ignore[arg-type]


def leading(results: Iterable[Value], xs: Iterable[Value]) -> set[Value]:
    """The nodes that were computed from one of xs, and these themselves, given the results youngest first."""
    found = set(xs)
    for node in reversed(list(results)):
        if any(operand in found for operand in values_in(node)):
            found.add(node)
    return found


def local_partial(node: Value, edge: Edge, own: Sequence[float] | None = None) -> float:
    """The derivative of a result with respect to one of its operands, the others held fixed.

    An opaque node is asked for those of all its operands, unless they are given as its `own`.
    """
    row, operands = node._kernel.row, node.operands
    if row.is_opaque:
        own = partials_of(node) if own is None else own
        if math.isnan(own[edge.position]):
            name = edge.operand.name or repr(edge.operand)
            raise GradientError(
                f"{row.name}: the user's own backward gives nan as the derivative with respect to {name}"
            )
        return own[edge.position]
    data = map(data_of, node._kernel.beside(edge.position, operands).values())
    whole = [list(map(data_of, operands))] if row.needs_whole_vector(row.computed_partial(edge.letter)) else []
    try:
        partial = node._kernel.functions.partial(edge.letter)(*data, node._data, *whole)
        if math.isnan(partial):
            raise ValueError("nan")
        return partial
    except (ArithmeticError, ValueError) as error:
        raise gradient_failure(row, operands, edge.letter, error) from None


class Flow:
    """Which local partials are needed between some roots and some nodes xs (by default all leaves), when somebody asks.

    Nothing flows where the zero is structural: a constant factor 0, also a computed one that nothing moves, as 0 * x;
    or the side of relu, maximum, minimum, heaviside or sign that was not taken. There a result does not depend on the
    operand. Another factor that was computed may be 0 here and not nearby.
    """

    def __init__(self, roots: Iterable[Value], results: Results, xs: Iterable[Value] | None = None) -> None:
        self.roots = list(roots)
        self._given = results
        self._xs = xs

    def needs(self, node: Value, operand: Value) -> bool:
        """Whether the partial of a node for one of its operands has to exist: the roots depend on it, and it moves."""
        return node in self._arrives and operand in self._moves

    def carries(self, node: Value) -> bool:
        """Whether the roots depend on a node, and it on the xs."""
        return node in self._arrives and node in self._moves

    @functools.cached_property
    def _results(self) -> Sequence[Value]:
        return self._given() if callable(self._given) else self._given

    @functools.cached_property
    def _arrives(self) -> set[Value]:
        """The nodes that the roots depend on."""
        found = set(self.roots)
        for node in self._results if found else ():
            if node in found:
                found.update(self._flowing[node])
        return found

    @functools.cached_property
    def _moves(self) -> set[Value]:
        """The nodes that depend on the xs."""
        found = set(self._leaves() if self._xs is None else self._xs)
        for node in reversed(self._results):
            if not found.isdisjoint(self._flowing[node]):
                found.add(node)
        return found

    @functools.cached_property
    def _flowing(self) -> dict[Value, list[Value]]:
        """For each node, those of its operands that it depends on, whatever the xs are."""
        moving = self._leaves().union(self._xs or ())  # what varies nearby
        found: dict[Value, list[Value]] = {}
        for node in reversed(self._results):
            found[node] = [edge.operand for edge in edges(node) if _flows(node, edge, moving)]
            varying = values_in(node) if at_kink(node) else found[node]  # a jump has no slope, but is not constant
            if not moving.isdisjoint(varying):
                moving.add(node)
        return found

    def _leaves(self) -> set[Value]:
        return {x for node in self._results for x in values_in(node) if not is_result(x)}


class _Known(NamedTuple):
    """What is known of a part of a partial: its number (nan where it fails), and whether that varies nearby."""

    data: float
    moves: bool


def _flows(node: Value, edge: Edge, moving: Container[Value]) -> bool:
    """Whether a node depends on an operand: the partial is not 0, or it varies, as what it is computed from moves."""
    row = node._kernel.row
    if row.is_opaque:
        return True
    text = row.computed_partial(edge.letter)
    if row.needs_whole_vector(text):
        return True
    if at_kink(node):
        text = row.partials[row.letters.index(edge.letter)]
    beside = node._kernel.beside(edge.position, node.operands)
    known = {letter: _Known(data_of(x), isinstance(x, Value) and x in moving) for letter, x in beside.items()}
    y = _Known(node._data, True) if row.vectors else _operation(row.name, [*known.values()])
    partial = parse_row(text).evaluate({**known, "y": y}, _visited)
    return partial.moves or partial.data != 0


def _visited(part: Expression, known: Mapping[str, _Known]) -> _Known:
    """What is known of an expression of the table, given what is known of its names."""
    match part:
        case Number(value):
            return _Known(value, False)
        case Name(id):
            return known[id] if id in known else _Known(CONSTANTS[id], False)
        case Choice(comparison, (left, right, then, otherwise)):
            sides = _visited(left, known).data, _visited(right, known).data
            return _visited(then if COMPARISONS[comparison](*sides) else otherwise, known)
        case Call(op, operands):
            return _operation(op, [_visited(operand, known) for operand in operands])
    raise TypeError(f"{part!r} is not an expression")


def _operation(op: str, operands: Sequence[_Known]) -> _Known:
    """What is known of an operation: a constant 0 as a factor, 1 as a base, 0 as an exponent decide it alone."""
    try:
        data = kernels(op).value()(*(operand.data for operand in operands))
    except (ArithmeticError, ValueError):
        return _Known(math.nan, True)
    match op, operands:
        case ("mul", [(0.0, False), _] | [_, (0.0, False)]) | ("div", [(0.0, False), _]):
            return _Known(0.0, False)
        case "pow", [(1.0, False), _] | [_, (0.0, False)]:
            return _Known(1.0, False)
    return _Known(data, any(operand.moves for operand in operands))


def at_kink(node: Value) -> list[Value]:
    """The operands of a node that are exactly at the kink or the jump of its row: one that is 0, or two that are equal.

    Or whatever else the row says. A node is no tie with itself: both sides are the same.
    """
    row = node._kernel.row
    if not row.kink:
        return []
    letters = dict(zip(row.letters, node.operands, strict=True))
    a, other = letters["a"], letters.get(row.kink)
    if other is None:  # a text
        numbers = {letter: _Known(data_of(x), False) for letter, x in letters.items()}
        hit = numbers["a"].data == parse_row(row.kink).evaluate(numbers, _visited).data
        involved = [x for letter, x in letters.items() if letter == "a" or re.search(rf"\b{letter}\b", row.kink)]
    else:
        hit, involved = a is not other and data_of(a) == data_of(other), [a, other]
    return [x for x in involved if isinstance(x, Value)] if hit else []


def check_smooth(ys: Sequence[Value], xs: Iterable[Value], among: Sequence[Value], results: Results) -> None:
    """Raise GradientError where a second derivative would go through a kink that one of some nodes exactly hits."""
    flow = Flow(ys, results, xs)
    for node in among:
        if any(flow.needs(node, operand) for operand in at_kink(node)):
            raise kink_failure(node._kernel.row, node.operands)
