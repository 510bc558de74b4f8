"""The program of a graph: straight-line code for its value and, by the chain rule, for its derivatives.

>>> from autograd.engine.value import Value
>>> x = Value(3.0, "x")
>>> program = differentiate(Trace(x * x.sin(), [x]), [0])
>>> program.value, program.gradients
(Call('x * sin(x)'), [Call('sum(sin(x), x * cos(x))')])

A program is made of expressions that share their parts: the same operation on the same operands exists once, so that
an expression is an instruction, and what no output needs is not there. The derivatives are those of the table, put
together here by the chain rule. `listing` prints programs as Python; `llvm` and `tiles` print them for LLVM, which
`machine` has translated into machine code.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from autograd.compiler.builder import MOST_TERMS, Builder
from autograd.compiler.trace import Trace
from autograd.table.expression import Call, Expression, Name, Number
from autograd.table.parser import parse_row
from autograd.table.rules import BUILT_IN, Row

__all__ = ["Line", "Program", "differentiate", "elementary", "reachable"]

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
    """

    def __init__(self, builder: Builder, inputs: Sequence[Name], parameters: Sequence[Name]) -> None:
        self.builder = builder
        self.inputs = tuple(inputs)
        self.parameters = tuple(parameters)
        self.nodes: list[Expression] = [*inputs, *parameters]
        self.adjoints: dict[int, Expression] = {}
        self.value: Expression = Number(0)
        self.gradients: list[Expression] = []
        self.check: Expression = Number(0)
        self.also: list[Expression] = []
        self.lines: list[Line] = []
        self.contracted: set[Expression] = set()

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


def elementary(trace: Trace, wrt: Sequence[int], seed: Expression | None = None, also: Sequence[int] = ()) -> Program:
    """The program of a trace in the operations of the processor and of the C library.

    seed   what the sweep begins with, by default 1
    also   nodes whose numbers are wanted beside the value
    """
    builder = Builder(elementary=True)
    program = _leaves(builder, trace, [f"x{count}" for count in range(1, trace.leaves + 1)])
    checks: list[Expression] = []
    exact: dict[Row, bool] = {}
    for index, step in enumerate(trace.steps, trace.leaves):
        row, before = step.kernel.row, builder.count
        node = _computed(builder, program, row, step.operands)
        program.nodes.append(node)
        if row not in exact:
            exact[row] = _is_exact(row)
        if not exact[row]:
            inner = itertools.islice(builder.made(), before, None) if row.name not in BUILT_IN else ()
            checks += [part for part in inner if isinstance(part, Call) and part.op not in _EXACT]
            checks += [node] if index != trace.root else []
    program.value = program.nodes[trace.root]
    program.also = [program.nodes[index] for index in also]
    if wrt:
        checks += _sweep(builder, trace, program, wrt, seed or builder.number(1.0))
    if checks:  # x - x is 0, but nan where x is infinite or nan, and so is a sum with it
        program.check = builder.call("sum", [builder.call("sub", [part, part]) for part in dict.fromkeys(checks)])
    return program


def differentiate(
    trace: Trace, wrt: Sequence[int], names: Mapping[int, str] | None = None, adjoints: Mapping[int, str] | None = None
) -> Program:
    """The program of a trace as it is read: rows under their names, where these say more than their texts.

    names, adjoints   the nodes whose value, or whose adjoint, has a line of its own, or is given, and under which name
    """
    builder = Builder(elementary=False)
    program = _leaves(builder, trace, [(names or {}).get(leaf, trace.labels[leaf]) for leaf in range(trace.leaves)])

    def line(name: str | None, expression: Expression, adjoint_of: int | None = None) -> Expression:
        if name is None:
            return expression
        program.lines.append(Line(Name(name), expression, adjoint_of))
        if adjoint_of is None:
            builder.rename(expression, program.lines[-1].name)
        return program.lines[-1].name

    for index, step in enumerate(trace.steps, trace.leaves):
        node = _computed(builder, program, step.kernel.row, step.operands)
        program.nodes.append(line((names or {}).get(index), node))
    program.value = program.nodes[trace.root]
    _sweep(
        builder,
        trace,
        program,
        wrt,
        builder.number(1.0),
        lambda index, adjoint: line((adjoints or {}).get(index), adjoint, index),
    )
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


def _leaves(builder: Builder, trace: Trace, names: Iterable[str]) -> Program:
    leaves = [Name(name) for name in names]
    return Program(builder, leaves[: trace.inputs], leaves[trace.inputs :])


def _computed(builder: Builder, program: Program, row: Row, operands: Iterable[int | float]) -> Expression:
    return builder.operation(row, _expressions(builder, program, operands))


def _expressions(builder: Builder, program: Program, operands: Iterable[int | float]) -> list[Expression]:
    nodes = program.nodes
    return [nodes[operand] if type(operand) is int else builder.number(operand) for operand in operands]


def _is_exact(row: Row) -> bool:
    """Whether the operation is defined for all numbers, and built of sums, products and choices only."""
    if row.name in ("dot", "sum"):
        return True
    program = parse_row(row.computed_value())
    parts = [program.result, *(expression for _, expression in program.assignments)]
    while parts:
        part = parts.pop()
        if isinstance(part, Call) and part.op not in _EXACT:
            return False
        parts.extend(part.operands)
    return True


def _sweep(
    builder: Builder,
    trace: Trace,
    program: Program,
    wrt: Sequence[int],
    seed: Expression,
    line: Callable[[int, Expression], Expression] = lambda place, adjoint: adjoint,
) -> list[Expression]:
    """The chain rule, from the root back to the wanted nodes, on expressions instead of numbers.

    Returns what might not exist of all that was multiplied.
    """
    doubtful: list[Expression] = []
    leading = set(wrt)
    uses = [0] * len(program.nodes)  # how many steps that matter have still to pass something on to a node
    for place, step in enumerate(trace.steps, trace.leaves):
        inner = {operand for operand in step.operands if type(operand) is int and operand in leading}
        if inner:
            leading.add(place)
            for operand in inner:
                uses[operand] += 1
    contributions: dict[int, list[Expression]] = {trace.root: [seed]}
    adjoints = program.adjoints

    def finish(number: int) -> None:
        terms = contributions.pop(number, [])
        if terms:
            adjoints[number] = line(number, program.added(terms))

    if trace.root in leading:
        finish(trace.root)
    for place in range(len(program.nodes) - 1, trace.leaves - 1, -1):
        if place not in leading:
            continue
        kernel, operands = trace.steps[place - trace.leaves]
        adjoint = adjoints.get(place)
        expressions = _expressions(builder, program, operands)
        touched: dict[int, None] = {}
        shared: dict[str, dict[str, Expression]] = {}
        for letter, position in kernel.indices(len(operands)):
            target = operands[position]
            if not isinstance(target, int) or target not in leading:
                continue
            touched[target] = None
            if adjoint is None:
                continue
            parts = {x: expressions[at] for x, at in kernel.beside(position, len(operands)).items()}
            parts["y"] = program.nodes[place]
            if letter not in shared:
                shared[letter] = builder.shared(kernel.row, letter, expressions)
            partial = builder.partial(kernel.row, letter, parts, shared[letter])
            term = builder.product(adjoint, partial)
            if isinstance(partial, Call) and partial.op not in _EXACT:
                doubtful.append(partial)
            if term is not None:
                found = contributions.setdefault(target, [])
                found.append(term)
                if len(found) == MOST_TERMS:
                    found[:] = [program.added(found)]
        for target in touched:
            uses[target] -= 1
            if not uses[target]:
                finish(target)
    program.gradients = [adjoints.get(number, builder.number(0.0)) for number in wrt]
    needed = set(program.instructions(program.gradients)) if doubtful else set()
    return [part for part in doubtful if part in needed]
