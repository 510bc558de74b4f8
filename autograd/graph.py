"""What every reader of a graph asks of it: what its nodes are called, how each was computed, which lead to which.

A node that has a name keeps it; a second node of the same name is told apart (x, x_2). An unnamed node at the end is
called J, and the other unnamed nodes v1, v2, ... in the order in which they were computed.

>>> from autograd.value import Value
>>> x = Value(1.5, "x")
>>> J = (-(x ** 2).sin()).exp()
>>> list(labels(J).values())
['x', 'v1', 'v2', 'v3', 'J']
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from autograd.algebra import partial
from autograd.expression import PRODUCT, Call, Expression, Name, Number, text_style, to_text
from autograd.rules import Row
from autograd.sweep import collect
from autograd.value import Result, Value

__all__ = [
    "applied",
    "factor_text",
    "labels",
    "operand_expressions",
    "operand_values",
    "partial_expression",
    "partial_text",
    "reaching",
]


def operand_values(node: Result) -> Iterable[Value]:
    """The operands that are Values, repeats kept."""
    return (operand for operand in node.operands if isinstance(operand, Value))


def labels(root: Value) -> dict[Value, str]:
    """A label for every node the root was computed from, all different, operands before results."""
    results, _ = collect(root)
    order = dict.fromkeys(node for result in reversed(results) for node in (*operand_values(result), result))
    order[root] = None
    wanted = {node: _printable(node.name or "") for node in order}
    taken = {"pi", *wanted.values()}
    numbered = {"v": itertools.count(1)}  # for each name, the next number to tell it apart by
    found: dict[Value, str] = {}
    used = {"pi"}  # a variable of that name would read like the constant of the table
    for node, label in wanted.items():
        if not label and node is root and "J" not in taken:
            label = "J"
        elif not label or label in used:
            stem = f"{label}_" if label else "v"
            numbers = numbered.setdefault(stem, itertools.count(2))
            label = next(text for number in numbers if (text := f"{stem}{number}") not in taken and text not in used)
        used.add(label)
        found[node] = label
    return found


def _printable(name: str) -> str:
    """The name on one line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def reaching(root: Value, wrt: Iterable[Value]) -> set[Value]:
    """The nodes of the graph that were computed from one of `wrt`, and these themselves.

    Raises ValueError for a node that is not part of the graph.
    """
    found = set(wrt)
    results, leaves = collect(root)
    for stranger in found.difference(results, leaves):
        raise ValueError(f"{stranger!r} is not part of the graph of {root!r}: choose a node that it was computed from")
    for node in reversed(results):
        if any(operand in found for operand in operand_values(node)):
            found.add(node)
    return found


def operand_expressions(node: Result, expressions: Mapping[Value, Expression]) -> list[Expression]:
    """The operands as expressions: those given for the Values, and the plain numbers."""
    return [expressions[operand] if isinstance(operand, Value) else Number(operand) for operand in node.operands]


def applied(row: Row, operands: Sequence[Expression]) -> Expression:
    """The operation applied to expressions; a sum or a dot product is written out.

    >>> from autograd.rules import ROWS
    >>> applied(ROWS["dot"], [Name("w"), Name("x"), Name("b")])
    Call('w * x + b')
    """
    terms: list[Expression]
    if row.name == "dot":
        half = len(operands) // 2
        terms = [Call("mul", pair) for pair in zip(operands[:half], operands[half:-1], strict=True)]
        last = operands[-1]
        terms += [] if terms and isinstance(last, Number) and not last.value else [last]
    elif row.name == "sum":
        terms = list(operands)
    else:
        return Call(row.name, operands)
    result = terms[0]
    for term in terms[1:]:
        result = Call("add", (result, term))
    return result


def partial_expression(
    node: Result, position: int, letter: str, own: Expression, parts: Sequence[Expression]
) -> Expression:
    """The local partial of one operand, in the expressions of the operands.

    The result appears in it as it was computed (exp(v1), not J), unless it appears twice: there as `own`, ŷ * (1 - ŷ).
    """
    row = node._kernel.row
    shown = {x: parts[place] for x, place in node._kernel.beside(position, len(parts)).items()}
    twice = len(re.findall(r"\by\b", row.partials[row.letters.index(letter)])) > 1
    return partial(row, letter, shown | {"y": own if twice or row.vectors else Call(row.name, parts)})


def partial_text(node: Result, position: int, letter: str, name: str, parts: Sequence[Expression]) -> str:
    """The local partial of one operand as a factor of a product.

    >>> x = Value(0.5, "x")
    >>> partial_text((x ** 3).named("y"), 0, "a", "y", [Name("x"), Number(3)])
    '3 * x ** 2'
    """
    return factor_text(partial_expression(node, position, letter, Name(name), parts))


def factor_text(expression: Expression) -> str:
    """The expression as text, in parentheses where it is a sum."""
    return f"({to_text(expression)})" if text_style(expression)[0] < PRODUCT else to_text(expression)
