"""The chain rule in words for the lines of a program: what the adjoint of each node is the sum of.

>>> from autograd.engine.functions import exp
>>> from autograd.engine.value import Value
>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> z = (exp(-a) * b).named("z")
>>> from autograd.compiler.trace import Trace
>>> trace = Trace((1 / z).named("J"), [a, b])
>>> rules = Rules(trace, lined(trace))
>>> rules.of(trace.labels.index("z")), rules.of(0)
('dJ/dz = -1 / z ** 2', 'dJ/da = dJ/dz · -exp(-a) * b')

A factor leads from one line to another, past what has no line of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any

from autograd.compiler.trace import Labelled
from autograd.engine.sweep import Arithmetic, adjoints, gathered
from autograd.reading.graph import applied, local_symbol
from autograd.reading.notation import TEXT
from autograd.table.algebra import product, total
from autograd.table.expression import Expression, Name, Number

LONGEST_LINE = 40  # operations in a line
MOST_PATHS = 3


def lined(trace: Labelled) -> set[int]:
    """The nodes that have a line: leaves, the root, named results, unnamed ones used twice; if none is named, all."""
    named = {node for node in range(trace.leaves, len(trace.names)) if trace.names[node]}
    if not named - {trace.root}:
        return {*range(len(trace.names))}
    found = {trace.root, *range(trace.leaves), *named}
    uses = Counter(operand for step in trace.steps for operand in step.operands if type(operand) is int)
    sizes = dict.fromkeys(range(trace.leaves), 1)  # in operations; what has a line counts as one
    for node, step in enumerate(trace.steps, trace.leaves):
        size = 1 + sum(sizes[operand] for operand in step.operands if type(operand) is int)
        if uses[node] > 1 or size > LONGEST_LINE:
            found.add(node)
        sizes[node] = 1 if node in found else size
    return found


class Rules:
    """The rules of one trace, given the nodes that have a line, and the label of what is differentiated."""

    def __init__(self, trace: Labelled, stops: Container[int], end: str = "") -> None:
        self.trace = trace
        self.end = end or trace.labels[trace.root]
        self.shown: list[Expression] = [Name(label) for label in trace.labels[: trace.leaves]]
        self.sources: dict[int, list[tuple[int, Expression]]] = {}
        local: list[list[tuple[int, Expression]]] = [[] for _ in self.shown]
        for node, step in enumerate(trace.steps, trace.leaves):
            kernel, operands = step.kernel, step.operands
            parts = [self.shown[operand] if type(operand) is int else Number(operand) for operand in operands]
            self.shown.append(Name(trace.labels[node]) if node in stops else applied(kernel.row, parts))
            edges = trace.edges(node)
            local.append([(x, local_symbol(kernel, a, index, parts, self.shown[node])) for a, index, x in edges])
        for node in range(trace.leaves, len(local)):
            if node in stops:
                self._follow(node, local, stops)

    def _follow(self, source: int, local: list[list[tuple[int, Expression]]], stops: Container[int]) -> None:
        """Note the factor by which the adjoint of a line enters those of the nodes it was computed from."""
        nodes, waiting = {source}, [source]
        while waiting:
            inner = {operand for operand, _ in local[waiting.pop()] if operand not in stops} - nodes
            nodes |= inner
            waiting += inner
        factors = Arithmetic[int, Any](
            partials=lambda node, _: local[node],
            times=lambda factor, symbol: symbol if factor is None else product([symbol, total([factor])]),
            plus=gathered,
            whole=lambda _, terms: terms[0] if len(terms) == 1 else total(terms),
            operands=lambda node: [operand for operand, _ in local[node]],
        )
        for node, factor in adjoints({source: [None]}, sorted(nodes, reverse=True), factors).items():
            if factor is not None:
                self.sources.setdefault(node, []).append((source, factor))

    def of(self, node: int) -> str:
        """The rule for the adjoint of a node."""
        labels, root = self.trace.labels, self.trace.root
        left = f"d{self.end}/d{TEXT.factor(self.shown[node])}"
        if node == root:
            return f"{left} = 1"
        if not isinstance(self.shown[node], Name):
            left = f"d{self.end}/d({TEXT.expression(self.shown[node])})"
        terms = [
            TEXT.expression(symbol)
            if source == root
            else TEXT.product([f"d{self.end}/d{labels[source]}", TEXT.factor(symbol)])
            for source, symbol in reversed(self.sources.get(node, []))
        ]
        if len(terms) > MOST_PATHS:
            terms[MOST_PATHS - 1 :] = [f"… ({len(terms)} terms)"]
        return f"{left} = {' + '.join(terms)}"
