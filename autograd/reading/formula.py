"""A graph as mathematics: `formula(J)` is the expression it computes, `formula(J, wrt=x)` that of a derivative.

>>> from autograd import Value, exp, sin
>>> x = Value(1.5, "x")
>>> J = exp(-sin(x ** 2))
>>> formula(J)
'exp(-sin(x ** 2))'
>>> formula(J, wrt=x)
'-2 * x * cos(x ** 2) * exp(-sin(x ** 2))'
"""

from __future__ import annotations

from collections.abc import Callable

from autograd.engine.sweep import collect, edges
from autograd.engine.value import Result, Value
from autograd.reading.graph import applied, labels, operand_expressions, reaching
from autograd.reading.markup import to_latex
from autograd.table.algebra import partial, product, total
from autograd.table.expression import Call, Expression, Name, Number, fold, to_text

__all__ = ["formula"]

LONGEST = 2000  # parts of an expression; beyond this, parts that occur more than once are named


def formula(y: Value, wrt: Value | None = None, *, latex: bool = False) -> str:
    """The expression that a graph computes, or with `wrt` the expression of the derivative with respect to that node.

    Named leaves stand under their names, unnamed ones as v1, v2, ...; a result given as `wrt` counts as a variable.
    Where all names are plain ones, the command line reads the text back. Where writing everything out would be too
    long, repeated parts are named first: `t1 = x + x; t1 * t1`. Raises ValueError if `wrt` is not part of the graph.

    >>> a, b = Value(3.0, "a"), Value(4.0, "b")
    >>> formula(a / b, wrt=b), formula(a / b, wrt=b, latex=True)
    ('-a / b ** 2', '\\\\frac{-a}{{b}^{2}}')
    """
    names = labels(y)
    expressions: dict[Value, Expression] = {}
    for node, name in names.items():
        if isinstance(node, Result) and node is not wrt:
            expressions[node] = applied(node._kernel.row, operand_expressions(node, expressions))
        else:
            expressions[node] = Name(name)
    found = expressions[y] if wrt is None else _derivative(y, wrt, expressions)
    write = to_latex if latex else to_text
    if not _is_long(found):
        return write(found)
    return (r"; \quad " if latex else "; ").join(_with_names(found, set(names.values()), write))


def _derivative(y: Value, wrt: Value, expressions: dict[Value, Expression]) -> Expression:
    """The sweep from y to `wrt`, on expressions instead of numbers."""
    leading = reaching(y, [wrt])
    contributions: dict[Value, list[Expression]] = {y: [Number(1)]}
    for node in collect(y)[0]:
        if node is wrt or node not in leading or node not in contributions:
            continue
        adjoint = total(contributions.pop(node))
        parts = operand_expressions(node, expressions)
        for letter, position, operand in edges(node):
            if operand in leading:
                beside = node._kernel.beside(position, len(parts))
                named = {x: parts[place] for x, place in beside.items()} | {"y": expressions[node]}
                local = partial(node._kernel.row, letter, named)
                contributions.setdefault(operand, []).append(product([local, adjoint]))
    return total(contributions.get(wrt, []))


def _is_long(root: Expression) -> bool:
    """Whether the text would be long because parts occur in it more than once."""
    parts = 0

    def size(_: Expression, sizes: list[int]) -> int:
        nonlocal parts
        parts += 1
        return 1 + sum(sizes)

    return fold(root, size) > max(LONGEST, 2 * parts)


def _with_names(root: Expression, taken: set[str], write: Callable[[Expression], str]) -> list[str]:
    """The texts that assign the repeated parts of an expression to names, and last that of the expression."""
    uses: dict[int, int] = {}

    def count(part: Expression, _: list[None]) -> None:
        for operand in part.operands:
            uses[id(operand)] = uses.get(id(operand), 0) + 1

    fold(root, count)
    lines: list[str] = []

    def name(part: Expression, operands: list[Expression]) -> Expression:
        again = Call(part.op, operands) if isinstance(part, Call) else part
        if uses.get(id(part), 0) < 2 or not part.operands:
            return again
        label = f"t{len(lines) + 1}"
        while label in taken:
            label += "_"
        lines.append(f"{write(Name(label))} = {write(again)}")
        return Name(label)

    last = write(fold(root, name))
    return [*lines, last]
