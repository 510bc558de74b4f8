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

import itertools
from collections import Counter
from collections.abc import Callable, Iterator

from autograd.engine.flow import edges, values_in
from autograd.engine.opaque import refuse_opaque
from autograd.engine.sweep import Arithmetic, adjoints, gathered
from autograd.engine.value import Value, is_result
from autograd.reading.graph import Graph, numbered, operand_expressions
from autograd.reading.markup import to_latex
from autograd.reading.notation import TEXT, Notation, Typeset
from autograd.table.algebra import partial, product, total
from autograd.table.expression import Call, Expression, Name, Number, fold, to_text

APART = r"; \quad "
LONGEST = 2000  # parts of an expression; beyond this, parts that occur more than once are named


def formula(y: Value, wrt: Value | None = None, *, latex: bool = False) -> str:
    """The expression that a graph computes, or with `wrt` the expression of the derivative with respect to that node.

    Named leaves stand under their names, unnamed ones as v1, v2, ...; a result given as `wrt` counts as a variable.
    Where all names are plain ones, the command line reads the text back. Where writing everything out would be too
    long, repeated parts are named first: `t1 = x + x; t1 * t1`. A notebook shows the text typeset; latex=True gives the
    LaTeX itself. Raises ValueError if `wrt` is not part of the graph.

    >>> a, b = Value(3.0, "a"), Value(4.0, "b")
    >>> formula(a / b, wrt=b), formula(a / b, wrt=b, latex=True)
    ('-a / b ** 2', '\\\\frac{-a}{{b}^{2}}')
    """
    graph = Graph(y)
    expressions = dict(graph.names)
    refuse_opaque(graph.results)
    for node in graph.labels:
        if is_result(node) and node is not wrt:
            expressions[node] = graph.computed(node, expressions)
    found = expressions[y] if wrt is None else _derivative(graph, wrt, expressions)
    sizes, taken = _sizes(found), frozenset(graph.labels.values())  # the text does not keep the graph alive

    def written(write: Callable[[Expression], str], between: str) -> str:
        if sizes[found] <= max(LONGEST, 2 * len(sizes)):
            return write(found)
        uses = Counter(operand for part in sizes for operand in part.operands)
        return between.join(_with_names(found, uses, {*taken}, write))

    def shown(notation: Notation) -> str:
        return written(to_text, "; ") if notation is TEXT else rf"$\displaystyle {written(to_latex, APART)}$"

    return written(to_latex, APART) if latex else Typeset(shown)


def _derivative(graph: Graph, wrt: Value, expressions: dict[Value, Expression]) -> Expression:
    """The chain rule from the root to `wrt`, on expressions instead of numbers."""
    leading = graph.leading([wrt])

    def partials(node: Value, _: Expression) -> Iterator[tuple[Value, Expression]]:
        kernel, operands = node._kernel, operand_expressions(node, expressions)
        for letter, position, operand in edges(node):
            if operand in leading:
                parts = kernel.beside(position, operands) | {"y": expressions[node]}
                yield operand, partial(kernel.row, letter, parts)

    symbolic = Arithmetic[Value, Expression](
        partials,
        times=lambda adjoint, local: product([local, adjoint]),
        plus=gathered,
        whole=lambda _, terms: total(terms),
        operands=lambda node: values_in(node, leading),
    )
    nodes = [node for node in graph.results if node in leading and node is not wrt]
    found = adjoints({graph.root: [Number(1)]}, nodes, symbolic)
    return found.get(wrt, Number(0))


def _sizes(root: Expression) -> dict[Expression, int]:
    """How many parts each part of an expression has when it is written out."""
    sizes: dict[Expression, int] = {}

    def size(part: Expression, inside: list[int]) -> int:
        sizes[part] = 1 + sum(inside)
        return sizes[part]

    fold(root, size)
    return sizes


def _with_names(
    root: Expression, uses: Counter[Expression], taken: set[str], write: Callable[[Expression], str]
) -> list[str]:
    """The texts that assign the repeated parts of an expression to names, and last that of the expression."""
    lines: list[str] = []
    numbers = itertools.count(1)

    def name(part: Expression, operands: list[Expression]) -> Expression:
        again = Call(part.op, operands) if isinstance(part, Call) else part
        if uses[part] < 2 or not part.operands:
            return again
        label = numbered("t", numbers, taken)
        lines.append(f"{write(Name(label))} = {write(again)}")
        return Name(label)

    last = write(fold(root, name))
    return [*lines, last]
