"""Why a derivative is the number it is: the product of factors along each path, and the sum over the paths.

>>> from autograd import Value, sigmoid
>>> w, x = Value(0.5, "w"), Value(2.0, "x")
>>> z = (w * x).named("z")
>>> E = (0.5 * (sigmoid(z).named("ŷ") - 1) ** 2).named("E")
>>> print(why(E, w))
dE/dw = dE/dŷ · dŷ/dz · dz/dw
      = (ŷ - 1) · ŷ * (1 - ŷ) · x
      = -0.2689 · 0.1966 · 2 = -0.1058

Where results between are named, a factor leads from one named node to the next, as on the blackboard.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from autograd.engine.sweep import collect, contributions
from autograd.engine.value import Result, Value
from autograd.reading.graph import applied, labels, operand_expressions, operand_values, reaching, symbols
from autograd.reading.notation import Explanation, Notation
from autograd.table.algebra import product
from autograd.table.expression import Expression, Name

__all__ = ["MOST_PATHS", "why"]

MOST_PATHS = 8
LONGEST = 40  # parts of an expression; an unnamed result beyond this stands under its label


class _Factor(NamedTuple):
    """One local partial on a path: by which operand, as expression and as number."""

    operand: Value
    symbol: Expression
    partial: float


def why(y: Value, x: Value, *, digits: int = 4) -> Explanation:
    """The derivative of y with respect to x as a sum over paths, at most eight of them written out.

    Raises ValueError for a node that is not part of the graph, and what `backward` would raise.
    """
    names = labels(y)
    leading = reaching(y, [x])
    expressions = _expressions(y, names)
    factors: dict[Value, list[_Factor]] = {node: [] for node in leading}
    derivative = 1.0 if x is y else 0.0
    for step, symbol in symbols(contributions(y), expressions, leading):
        factors[step.node].append(_Factor(step.operand, symbol, step.partial))
        derivative = step.after if step.operand is x else derivative
    ways = {x: 1}
    for node in reversed(collect(y)[0]):
        if node in leading and node is not x:
            ways[node] = sum(ways[factor.operand] for factor in factors[node])
    count = 0 if x is y else ways.get(y, 0)
    stops = {node for node in expressions if isinstance(expressions[node], Name)}
    paths = [_merged(path, stops) for path in itertools.islice(_paths(y, x, factors), MOST_PATHS if count else 0)]

    def told(notation: Notation) -> str:
        left, number = notation.derivative(names[y], names[x]), notation.number(derivative, digits)
        lines: list[str] = []
        for place, path in enumerate(paths, 1):
            title = left if count == 1 else notation.words(f"path {place}")
            lines += _told(path, names, y, title, digits, notation)
        if count > MOST_PATHS:
            lines.append(notation.words(f"and {count - MOST_PATHS:,} paths more"))
        if count != 1:
            terms = [notation.words(f"the sum over {count:,} paths")] if count else []
            if 1 < count <= MOST_PATHS:
                products = [math.prod(factor.partial for factor in path) for path in paths]
                terms.append(notation.total([notation.number(product, digits) for product in products]))
            lines.append(notation.line(left, [*terms, number]))
        return notation.document({"": lines})

    return Explanation(told)


def _expressions(y: Value, names: dict[Value, str]) -> dict[Value, Expression]:
    """How each node is written: under its label, or if only others between it and y have names, as it was computed."""
    expressions: dict[Value, Expression] = {}
    sizes: dict[Value, int] = {}
    some_named = any(isinstance(node, Result) and node.name and node is not y for node in names)
    for node, name in names.items():
        expressions[node], sizes[node] = Name(name), 1
        if some_named and isinstance(node, Result) and not node.name and node is not y:
            size = 1 + sum(sizes[operand] for operand in operand_values(node))
            if size <= LONGEST:
                written = applied(node._kernel.row, operand_expressions(node, expressions))
                expressions[node], sizes[node] = written, size
    return expressions


def _merged(path: list[_Factor], stops: set[Value]) -> list[_Factor]:
    """The path with the factors between two stops multiplied into one."""
    merged: list[_Factor] = []
    pending: list[_Factor] = []
    for factor in path:
        pending.append(factor)
        if factor.operand in stops:
            number = math.prod(step.partial for step in pending)
            symbol = pending[0].symbol if len(pending) == 1 else product(step.symbol for step in reversed(pending))
            merged.append(_Factor(factor.operand, symbol, number))
            pending = []
    return merged


def _told(
    path: list[_Factor], names: dict[Value, str], y: Value, title: str, digits: int, notation: Notation
) -> list[str]:
    """A path as three lines: the factors as derivatives, as formulas, as numbers; a single factor as one line."""
    nodes = [names[y], *(names[factor.operand] for factor in path)]
    symbols = notation.product([notation.factor(factor.symbol) for factor in path])
    numbers = notation.product([notation.number(factor.partial, digits) for factor in path])
    if len(path) == 1:
        return [notation.line(title, list(dict.fromkeys([symbols, numbers])))]  # not 1 = 1
    rows = [
        [notation.product([notation.derivative(node, operand) for node, operand in itertools.pairwise(nodes)])],
        [symbols],
        [numbers, notation.number(math.prod(factor.partial for factor in path), digits)],
    ]
    return [notation.line("" if index else title, row, "=", len(title)) for index, row in enumerate(rows)]


def _paths(y: Value, x: Value, factors: dict[Value, list[_Factor]]) -> Iterator[list[_Factor]]:
    """The paths from y down to x, one after the other."""
    waiting: list[tuple[Value, list[_Factor]]] = [(y, [])]
    while waiting:
        node, path = waiting.pop()
        if node is x:
            yield path
        else:
            waiting.extend((factor.operand, [*path, factor]) for factor in reversed(factors[node]))
