"""Why a derivative is the number it is: the product of factors along each path, and the sum over the paths.

>>> from autograd import Value, sigmoid
>>> w, x = Value(0.5, "w"), Value(2.0, "x")
>>> z = (w * x).named("z")
>>> E = (0.5 * (sigmoid(z).named("ŷ") - 1) ** 2).named("E")
>>> print(why(Graph(E), w))
∂E/∂w = ∂E/∂ŷ · ∂ŷ/∂z · ∂z/∂w
      = (ŷ - 1) · ŷ * (1 - ŷ) · x
      = -0.2689 · 0.1966 · 2 = -0.1058

Where results between are named, a factor leads from one named node to the next, as on the blackboard.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from autograd.engine.flow import values_in
from autograd.engine.sweep import contributions
from autograd.engine.value import Value
from autograd.reading.graph import Graph, symbols
from autograd.reading.notation import Explanation, Notation
from autograd.table.algebra import product
from autograd.table.expression import Expression, Name

MOST_PATHS = 8
LONGEST = 40  # parts of an expression; an unnamed result beyond this stands under its label


class _Factor(NamedTuple):
    """One local partial on a path, or the product of several: which operand it leads to, as expression, as number."""

    operand: Value
    symbol: Expression
    partial: float


Path = list[_Factor]


def why(graph: Graph, x: Value, *, digits: int = 4) -> Explanation:
    """The derivative of the root with respect to x as a sum over paths, at most eight of them written out.

    Raises ValueError for a node that is not part of the graph, and what `backward` would raise.
    """
    y, names = graph.root, graph.labels
    leading = graph.leading([x])
    expressions = _expressions(graph)
    factors: dict[Value, list[_Factor]] = {node: [] for node in leading}
    derivative = 1.0 if x is y else 0.0
    counts = Counter({y: 1})  # how many paths lead to a node
    sweep = (step for step in contributions(y, nodes=graph.nodes) if step.operand in leading)
    for step, symbol in symbols(sweep, expressions):
        factors[step.node].append(_Factor(step.operand, symbol, step.partial))
        counts[step.operand] += counts[step.node]
        derivative = step.after if step.operand is x else derivative
    count = 0 if x is y else counts[x]
    stops = {node for node, expression in expressions.items() if isinstance(expression, Name)}
    found = itertools.islice(_paths(y, x, factors), MOST_PATHS if count else 0)
    paths = [_merged(path, stops) for path in found]

    def write(notation: Notation) -> str:
        left, total = notation.derivative(names[y], names[x], graph.differential), notation.number(derivative, digits)
        lines: list[str] = []
        for number, path in enumerate(paths, 1):
            title = left if count == 1 else notation.words(f"path {number}")
            lines += _written(path, graph, title, digits, notation)
        if count > MOST_PATHS:
            lines.append(notation.words(f"and {count - MOST_PATHS:,} paths more"))
        if count != 1:
            terms = [notation.words(f"the sum over {count:,} paths")] if count else []
            if 1 < count <= MOST_PATHS:
                products = list(map(_amount, paths))
                terms.append(notation.total([notation.number(product, digits) for product in products]))
            lines.append(notation.line(left, [*terms, total]))
        return notation.document({"": lines})

    return Explanation(write)


def _expressions(graph: Graph) -> dict[Value, Expression]:
    """How each node is written: under its label, or if only others between it and y have names, as it was computed."""
    expressions = dict(graph.names)
    sizes = dict.fromkeys(graph.labels, 1)
    between = [node for node in reversed(graph.results) if node is not graph.root]
    for node in between if any(node.name for node in between) else ():
        size = 1 + sum(sizes[operand] for operand in values_in(node))
        if not node.name and size <= LONGEST:
            expressions[node], sizes[node] = graph.computed(node, expressions), size
    return expressions


def _merged(path: Path, stops: set[Value]) -> Path:
    """The path with the factors between two stops multiplied into one."""
    merged: Path = []
    pending: Path = []
    for factor in path:
        pending.append(factor)
        if factor.operand in stops:
            symbol = factor.symbol if len(pending) == 1 else product(step.symbol for step in reversed(pending))
            merged.append(_Factor(factor.operand, symbol, _amount(pending)))
            pending = []
    return merged


def _written(path: Path, graph: Graph, title: str, digits: int, notation: Notation) -> list[str]:
    """A path as three lines: the factors as derivatives, as formulas, as numbers; a single factor as one line."""
    nodes, d = [graph.label, *(graph.labels[factor.operand] for factor in path)], graph.differential
    symbols = notation.product([notation.factor(factor.symbol) for factor in path])
    numbers = notation.product([notation.number(factor.partial, digits) for factor in path])
    if len(path) == 1:
        return [notation.line(title, list(dict.fromkeys([symbols, numbers])))]  # 1, not 1 = 1
    rows = [
        [notation.product([notation.derivative(node, operand, d) for node, operand in itertools.pairwise(nodes)])],
        [symbols],
        [numbers, notation.number(_amount(path), digits)],
    ]
    return [notation.line("" if index else title, row, "=", len(title)) for index, row in enumerate(rows)]


def _amount(path: Path) -> float:
    """The product along a path from the root; a 0 on it silences what does not exist, or is infinite."""
    return math.prod(factor.partial for factor in path) if all(factor.partial for factor in path) else 0.0


def _paths(y: Value, x: Value, factors: dict[Value, list[_Factor]]) -> Iterator[Path]:
    """The paths from y down to x, one after the other."""
    waiting: list[tuple[Value, Path]] = [(y, [])]
    while waiting:
        node, path = waiting.pop()
        if node is x:
            yield path
        else:
            waiting.extend((factor.operand, [*path, factor]) for factor in reversed(factors[node]))
