"""Why a derivative is the number it is: the product of factors along each path, and the sum over the paths.

>>> from autograd import Value, sigmoid
>>> w, x = Value(0.5, "w"), Value(2.0, "x")
>>> z = (w * x).named("z")
>>> E = (sigmoid(z).named("ŷ") ** 2).named("E")
>>> print(why(E, w))
dE/dw = dE/dŷ · dŷ/dz · dz/dw
      = 2 * ŷ · ŷ * (1 - ŷ) · x
      = 1.462 · 0.1966 · 2 = 0.5749
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from autograd.expression import Name, number_text
from autograd.graph import labels, operand_expressions, partial_text, reaching
from autograd.sweep import collect, contributions
from autograd.value import Value

__all__ = ["MOST_PATHS", "why"]

MOST_PATHS = 8


class _Factor(NamedTuple):
    """One local partial on a path: of which node, by which operand, as text and as number."""

    node: str
    operand: Value
    symbol: str
    partial: float


def why(y: Value, x: Value, *, digits: int = 4) -> str:
    """The derivative of y with respect to x as a sum over paths, at most eight of them written out.

    Raises ValueError for a node that is not part of the graph, and what `backward` would raise.
    """
    names = labels(y)
    leading = reaching(y, [x])
    root, leaf = names[y], names[x]
    expressions = {node: Name(name) for node, name in names.items()}
    factors: dict[Value, list[_Factor]] = {node: [] for node in leading}
    derivative = 1.0 if x is y else 0.0
    for node, position, letter, _, partial, _, after in contributions(y):
        operand = node.operands[position]
        if isinstance(operand, Value) and operand in leading:
            symbol = partial_text(node, position, letter, names[node], operand_expressions(node, expressions))
            factors[node].append(_Factor(names[node], operand, symbol, partial))
            derivative = after if operand is x else derivative
    ways = {x: 1}
    for node in reversed(collect(y)[0]):
        if node in leading and node is not x:
            ways[node] = sum(ways[factor.operand] for factor in factors[node])
    count = ways.get(y, 0)
    left = f"d{root}/d{leaf}"
    if x is y or not count:
        return f"{left} = {number_text(derivative, digits)}"
    lines: list[str] = []
    for number, path in enumerate(_paths(y, x, factors), 1):
        if number > MOST_PATHS:
            lines.append(f"and {count - MOST_PATHS:,} paths more")
            break
        lines += _told(path, names, left if count == 1 else f"path {number}", digits)
    if count > 1:
        lines.append(f"{left} = the sum over {count:,} paths = {number_text(derivative, digits)}")
    return "\n".join(lines)


def _told(path: list[_Factor], names: dict[Value, str], title: str, digits: int) -> list[str]:
    """A path as three lines: the factors as derivatives, as formulas, as numbers."""
    product = 1.0
    for factor in path:
        product *= factor.partial
    numbers = " · ".join(number_text(factor.partial, digits) for factor in path)
    rows = [
        " · ".join(f"d{factor.node}/d{names[factor.operand]}" for factor in path),
        " · ".join(factor.symbol for factor in path),
        numbers if len(path) == 1 else f"{numbers} = {number_text(product, digits)}",
    ]
    return [f"{title if not index else ' ' * len(title)} = {row}" for index, row in enumerate(rows)]


def _paths(y: Value, x: Value, factors: dict[Value, list[_Factor]]) -> Iterator[list[_Factor]]:
    """The paths from y down to x, one after the other."""
    waiting: list[tuple[Value, list[_Factor]]] = [(y, [])]
    while waiting:
        node, path = waiting.pop()
        if node is x:
            yield path
        else:
            waiting.extend((factor.operand, [*path, factor]) for factor in reversed(factors[node]))
