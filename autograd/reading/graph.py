"""What every reader of a graph asks of it: what its nodes are called, how each was computed, which lead to which.

A node that has a name keeps it; a second node of the same name is told apart (x, x_2). An unnamed node at the end is
called J, and the other unnamed nodes v1, v2, ... in the order in which they were computed.

>>> from autograd.engine.value import Value
>>> x = Value(1.5, "x")
>>> J = (-(x ** 2).sin()).exp()
>>> list(labels(J).values())
['x', 'v1', 'v2', 'v3', 'J']
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from autograd.engine.kernels import Kernel
from autograd.engine.sweep import Contribution, collect, leading
from autograd.engine.value import Result, Value
from autograd.table.algebra import partial
from autograd.table.expression import Call, Expression, Name, Number
from autograd.table.rules import Row

__all__ = [
    "applied",
    "computed",
    "labels",
    "local_symbol",
    "operand_expressions",
    "operand_values",
    "printable",
    "reaching",
    "symbol",
    "symbols",
]


def operand_values(node: Result) -> Iterable[Value]:
    """The operands that are Values, repeats kept."""
    return (operand for operand in node.operands if isinstance(operand, Value))


def labels(root: Value) -> dict[Value, str]:
    """A label for every node the root was computed from, all different, operands before results."""
    results, _ = collect(root)
    order = dict.fromkeys(node for result in reversed(results) for node in (*operand_values(result), result))
    order[root] = None
    wanted = {node: printable(node.name or "") for node in order}
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


def printable(name: str) -> str:
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
    return leading(results, found)


def operand_expressions(node: Result, expressions: Mapping[Value, Expression]) -> list[Expression]:
    """The operands as expressions: those given for the Values, and the plain numbers."""
    return [expressions[operand] if isinstance(operand, Value) else Number(operand) for operand in node.operands]


def applied(row: Row, operands: Sequence[Expression]) -> Expression:
    """The operation applied to expressions; a sum or a dot product is written out.

    >>> from autograd.table.rules import ROWS
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


def computed(node: Result, names: Mapping[Value, str]) -> Expression:
    """The operation that computed a node, its operands under their labels."""
    operands = operand_expressions(node, {operand: Name(names[operand]) for operand in operand_values(node)})
    return applied(node._kernel.row, operands)


def symbols(
    sweep: Iterable[Contribution], expressions: Mapping[Value, Expression], chosen: Container[Value] | None = None
) -> Iterator[tuple[Contribution, Expression]]:
    """The contributions of a sweep, each with its local partial as an expression.

    With `chosen`, only those of operands in it.

    >>> from autograd.engine.sweep import contributions
    >>> x = Value(0.5, "x")
    >>> [symbol for _, symbol in symbols(contributions(x ** 3), {x: Name("x")})]
    [Call('3 * x ** 2')]
    """
    last: Result | None = None
    parts: list[Expression] = []
    for step in sweep:
        if chosen is not None and step.operand not in chosen:
            continue
        if step.node is not last:  # the operands of a long dot product are put together once, not once for each of them
            last, parts = step.node, operand_expressions(step.node, expressions)
        yield step, symbol(step, expressions, parts)


def symbol(step: Contribution, expressions: Mapping[Value, Expression], operands: Sequence[Expression]) -> Expression:
    """The local partial of a step as an expression, given those of the nodes and of the node's operands.

    The node appears as it was computed (exp(v1), not J), unless it appears twice: ŷ * (1 - ŷ).
    """
    return local_symbol(step.node._kernel, step.letter, step.position, operands, expressions.get(step.node))


def local_symbol(
    kernel: Kernel, letter: str, position: int, operands: Sequence[Expression], node: Expression | None
) -> Expression:
    """The local partial of the operand at a position, given the expressions of all operands and that of the node."""
    row = kernel.row
    shown = {x: operands[place] for x, place in kernel.beside(position, len(operands)).items()}
    twice = len(re.findall(r"\by\b", row.partials[row.letters.index(letter)])) > 1
    shown["y"] = node if node is not None and (twice or row.vectors) else Call(row.name, operands)
    return partial(row, letter, shown)
