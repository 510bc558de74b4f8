"""The program of a graph: straight-line code for its value and, by the chain rule, for its derivatives.

>>> from autograd.engine.value import Value
>>> x = Value(3.0, "x")
>>> from autograd.compiler.trace import Trace
>>> program = differentiate(Trace(x * x.sin(), [x]), [0])
>>> program.value, program.gradients
(Call('x * sin(x)'), [Call('sum(sin(x), x * cos(x))')])

A program is made of expressions that share their parts: the same operation on the same operands exists once, so that
an expression is an instruction, and what no output needs is not there. The derivatives are those of the table, put
together here by the chain rule. `listing` prints programs as Python; `llvm` and `tiles` print them for LLVM, which
`machine` has translated into machine code.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.builder import MOST_TERMS, Builder
from autograd.compiler.trace import Flat, Labelled
from autograd.engine.sweep import Arithmetic, adjoints, gathered
from autograd.table.expression import Call, Expression, Name, Number
from autograd.table.parser import parse_row
from autograd.table.rules import BUILT_IN, Row

SEED = Name("seed")  # 1 in the lanes of a row, 0 in those that are padded: they repeat the last row
_EXACT = {"add", "sub", "mul", "neg", "abs", "sum", "max"}  # these fail only where the result is too large


class Line(NamedTuple):
    """A line of a listing: a name for an expression, which may be the adjoint of a node."""

    name: Name
    expression: Expression
    adjoint_of: int | None


class Program:
    """What is computed: `value`, and `gradients` with respect to the wanted nodes; `check` is 0, or nan.

    inputs, parameters   the names of the leaves
    nodes                the expression of every node of the trace
    adjoints             the expression of every node's adjoint, by the node's index, where it has one
    check                nan where an operation with a domain failed, or overflowed, on the way
    also                 further expressions whose numbers are wanted
    lines                what has a line of its own in a listing
    doubtful             what of the derivatives might not exist, in a listing
    """

    def __init__(self, trace: Flat, builder: Builder, names: Iterable[str]) -> None:
        self.trace = trace
        self.builder = builder
        leaves = tuple(map(Name, names))
        self.inputs, self.parameters = leaves[: trace.inputs], leaves[trace.inputs :]
        self.nodes: list[Expression] = [*leaves]
        self.adjoints: dict[int, Expression] = {}
        self.value: Expression = Number(0)
        self.gradients: list[Expression] = []
        self.check: Expression = Number(0)
        self.also: list[Expression] = []
        self.lines: list[Line] = []
        self.doubtful: list[Expression] = []
        self.contracted: set[Expression] = set()

    def expressions(self, operands: Iterable[int | float]) -> list[Expression]:
        """Operands of the trace as expressions: those of the nodes, and constants."""
        return [self.nodes[x] if type(x) is int else self.builder.number(x) for x in operands]

    def added(self, terms: Sequence[Expression]) -> Expression:
        """The sum of contributions to an adjoint; products in it may be multiplied and added in one operation."""
        result = self.builder.call("sum", terms)
        if len(terms) > 1:
            self.contracted.add(result)
        return result

    def instructions(self, outputs: Iterable[Expression]) -> list[Expression]:
        """The operations and choices that the outputs need, each after its operands."""
        needed = reachable(outputs)
        return [part for part in self.builder.made() if part in needed and part.operands]

    def derive(
        self,
        wrt: Sequence[int],
        seeds: Mapping[int, Expression],
        line: Callable[[int, Expression], Expression] | None = None,
    ) -> list[Expression]:
        """Add the derivatives: the chain rule from nodes with their seeds back to the wanted ones, on expressions.

        `line` gives an adjoint a line of its own. Returns what might not exist of all that was multiplied.
        """
        trace, builder = self.trace, self.builder
        leading = trace.leading(wrt)
        nodes = [node for node in range(len(self.nodes) - 1, trace.leaves - 1, -1) if leading[node]]
        edges = {node: trace.edges(node, leading) for node in nodes}
        failing: set[Expression] = set()
        doubtful: list[Expression] = []

        def partials(node: int, _: Expression) -> Iterator[tuple[int, Expression]]:
            step = trace.steps[node - trace.leaves]
            kernel, expressions = step.kernel, self.expressions(step.operands)
            shared: dict[str, dict[str, Any]] = {}
            for letter, position, operand in edges[node]:
                if letter not in shared:
                    shared[letter] = builder.shared(kernel.row, letter, expressions) | {"y": self.nodes[node]}
                parts = shared[letter] | kernel.beside(position, expressions)
                partial = builder.partial(kernel.row, letter, parts)
                if kernel.fallible and may_fail(partial, {*expressions, self.nodes[node]}):
                    failing.add(partial)
                yield operand, partial

        def times(adjoint: Expression, partial: Expression) -> Expression | None:
            term = builder.product(adjoint, partial)
            if term is not None and partial in failing:
                doubtful.append(term)  # and not the partial, which may have become a part of it
            return term

        def plus(before: list[Expression] | None, term: Expression) -> list[Expression]:
            terms = gathered(before, term)
            return [self.added(terms)] if len(terms) == MOST_TERMS else terms

        def whole(node: int, terms: list[Expression]) -> Expression:
            return line(node, self.added(terms)) if line else self.added(terms)

        def operands(node: int) -> list[int]:
            return [operand for *_, operand in edges[node]]

        symbolic = Arithmetic[int, Expression](partials, times, plus, whole, operands)
        given = {node: [seed] for node, seed in seeds.items() if leading[node]}
        self.adjoints = adjoints(given, nodes, symbolic)
        self.gradients = [self.adjoints.get(node, builder.number(0.0)) for node in wrt]
        needed = set(self.instructions(self.gradients)) if doubtful else set()
        return [part for part in doubtful if part in needed]


def elementary(
    trace: Flat,
    wrt: Sequence[int],
    seeds: Mapping[int, Expression] | None = None,
    also: Sequence[int] = (),
    make: Callable[[bool], Builder] = Builder,
) -> Program:
    """The program of a trace in the operations of the processor, and in functions that it has to be given.

    seeds   what the sweep begins with, by default 1 at the root
    also    nodes whose numbers are wanted beside the value
    make    what makes expressions
    """
    builder = make(True)
    program = Program(trace, builder, [f"x{count}" for count in range(1, trace.leaves + 1)])
    checks: list[Expression] = []
    for index, step in enumerate(trace.steps, trace.leaves):
        node, checked = operation(builder, step.kernel.row, program.expressions(step.operands))
        program.nodes.append(node)
        checks += [part for part in checked if part is not node or index != trace.root]
    program.value = program.nodes[trace.root]
    program.also = [program.nodes[index] for index in also]
    if wrt:
        checks += program.derive(wrt, seeds or {trace.root: builder.number(1.0)})
    program.check = check(builder, checks)
    return program


def operation(builder: Builder, row: Row, operands: Sequence[Expression]) -> tuple[Expression, list[Expression]]:
    """A row applied to expressions, and what of it is nan or infinite where the row fails."""
    before = builder.count
    result = builder.operation(row, operands)
    if is_exact(row):
        return result, []
    inner = itertools.islice(builder.made(), before, None) if row.name not in BUILT_IN else ()
    return result, [*(part for part in inner if isinstance(part, Call) and part.op not in _EXACT), result]


def check(builder: Builder, parts: Sequence[Expression]) -> Expression:
    """0, or nan where a part is infinite or nan: x - x is so, and a sum with it."""
    if not parts:
        return Number(0)
    return builder.call("sum", [builder.call("sub", [part, part]) for part in dict.fromkeys(parts)])


def differentiate(
    trace: Labelled,
    wrt: Sequence[int],
    names: Mapping[int, str] | None = None,
    slopes: Mapping[int, str] | None = None,
    seeds: Mapping[int, Expression] | None = None,
    make: Callable[[bool], Builder] = Builder,
) -> Program:
    """The program of a trace as it is read: rows under their names, where these say more than their texts.

    names, slopes   the nodes whose value, or whose adjoint, has a line of its own, or is given, and under which name
    seeds           what the sweep begins with, by default 1 at the root
    make            what makes expressions
    """
    names, slopes, builder = names or {}, slopes or {}, make(False)
    program = Program(trace, builder, [names.get(leaf, trace.labels[leaf]) for leaf in range(trace.leaves)])

    def line(name: str | None, expression: Expression, adjoint_of: int | None = None) -> Expression:
        if name is None:
            return expression
        program.lines.append(Line(Name(name), expression, adjoint_of))
        if adjoint_of is None:
            builder.rename(expression, program.lines[-1].name)
        return program.lines[-1].name

    for index, step in enumerate(trace.steps, trace.leaves):
        node = builder.operation(step.kernel.row, program.expressions(step.operands))
        program.nodes.append(line(names.get(index), node))
    program.value = program.nodes[trace.root]
    seeds = {trace.root: builder.number(1.0)} if seeds is None else seeds
    program.doubtful = program.derive(wrt, seeds, lambda node, adjoint: line(slopes.get(node), adjoint, node))
    order = {leaf: place for place, leaf in enumerate(wrt) if leaf < trace.leaves}
    program.lines.sort(key=lambda line: -1 if line.adjoint_of is None else order.get(line.adjoint_of, -1))
    return program


def reachable(
    roots: Iterable[Expression],
    onward: Callable[[Expression], Iterable[Expression]] = lambda part: part.operands,
) -> set[Expression]:
    """The expressions that one comes to from the roots: by their operands, or by what `onward` gives of each."""
    found: set[Expression] = set()
    waiting = [*roots]
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting.extend(onward(part))
    return found


def may_fail(part: Expression, known: Container[Expression]) -> bool:
    """Whether an expression, which is put together from known ones, has an operation that may not be defined."""
    if part in known or not part.operands:
        return False
    return (isinstance(part, Call) and part.op not in _EXACT) or any(may_fail(x, known) for x in part.operands)


@functools.cache
def is_exact(row: Row) -> bool:
    """Whether the operation is defined for all numbers, and built of sums, products and choices only."""
    if row.name in ("dot", "sum"):
        return True
    text = parse_row(row.computed_value())
    parts = reachable([text.result, *(expression for _, expression in text.assignments)])
    return all(part.op in _EXACT for part in parts if isinstance(part, Call))
