"""The program of a graph: straight-line code for its value and, by the chain rule, for its derivatives.

>>> from autograd.value import Value
>>> x = Value(3.0, "x")
>>> program = differentiate(Trace(x * x.sin(), [x]), [0])
>>> program.value, program.gradients
(Call('x * sin(x)'), [Call('sin(x) + x * cos(x)')])

A program is made of expressions that share their parts: the same operation on the same operands exists once, so that
an expression is an instruction, and what no output needs is not there. The texts of the table are put together here,
with the adjoints as the chain rule has it, and nowhere is a derivative stated again. `autograd.listing` prints programs
as Python, `autograd.llvm` as machine code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from autograd.expression import Call, Choice, Expression, Name, Number
from autograd.functions import BUILT_IN
from autograd.kernels import kernels
from autograd.parser import CONSTANTS, parse_row
from autograd.rules import ROWS, Row
from autograd.source import is_basic
from autograd.trace import Trace

__all__ = ["Builder", "Program", "differentiate", "elementary"]

Parts = Mapping[str, "Expression | Sequence[Expression]"]
MOST_TERMS = 32
_EXACT = {"add", "sub", "mul", "neg", "abs", "sum", "max"}  # these fail only by being too large
_TESTS = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__}
_TESTS["!="] = float.__ne__


class Program:
    """What is computed: `value`, and `gradients` with respect to the wanted nodes; `check` is 0, or nan.

    inputs, parameters   the names of the leaves
    nodes                the expression of every node of the trace
    adjoints             the expression of every node's adjoint, by its number, where it has one
    check                nan where an operation with a domain failed, or overflowed, on the way
    also                 further expressions whose numbers are wanted
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

    def instructions(self, outputs: Iterable[Expression]) -> list[Expression]:
        """The operations and choices that the outputs need, each after its operands."""
        needed: set[int] = set()
        waiting = list(outputs)
        while waiting:
            part = waiting.pop()
            if id(part) not in needed:
                needed.add(id(part))
                waiting.extend(part.operands)
        return [part for part in self.builder.made() if id(part) in needed and part.operands]


class Builder:
    """Makes expressions, each once, and done at once where only numbers take part.

    With `elementary`, every operation is opened until only those of the C library and of the processor are left.
    """

    def __init__(self, elementary: bool) -> None:
        self.elementary = elementary
        self._made: dict[tuple[object, ...], Expression] = {}
        self._opened: dict[str, bool] = {}

    def made(self) -> Iterable[Expression]:
        """All that was made, each after its operands."""
        return self._made.values()

    def number(self, value: float) -> Expression:
        """A number."""
        key = ("", value, math.copysign(1.0, value))
        return self._made.get(key) or self._made.setdefault(key, Number(value))

    def call(self, op: str, operands: Sequence[Expression]) -> Expression:
        """An operation; a factor of 1 and a double minus go, for they change no bit."""
        first, last = operands[0], operands[-1]
        if isinstance(last, Number):
            if last.value == 1 and op in ("mul", "div", "pow"):
                return first
            if all(isinstance(operand, Number) for operand in operands) and op not in ("sum", "max"):
                try:
                    return self.number(kernels(op).value()(*(operand.value for operand in operands)))  # type: ignore[attr-defined]
                except (ArithmeticError, ValueError):
                    pass  # it fails when it is run
            if last.value == -1 and op == "mul":
                return self.call("neg", [first])
        elif op == "mul" and isinstance(first, Number) and abs(first.value) == 1:
            return last if first.value == 1 else self.call("neg", [last])
        if op == "neg" and isinstance(first, Call):
            if first.op == "neg":
                return first.operands[0]
            if first.op in ("mul", "div"):
                return self.call(first.op, [self.call("neg", [first.operands[0]]), first.operands[1]])
        if op == "abs" and isinstance(first, Call):  # abs(-x) and abs(-2 * x) are abs(x) and abs(2 * x)
            factor = first.operands[0]
            if first.op == "neg":
                return self.call("abs", [factor])
            if first.op == "mul" and isinstance(factor, Number) and factor.value < 0:
                return self.call("abs", [self.call("mul", [self.number(-factor.value), last.operands[1]])])
        if op == "sum" and len(operands) == 1:
            return first
        if op == "sum" and len(operands) > MOST_TERMS:  # no compiler likes a sum of thousands
            cuts = range(0, len(operands), MOST_TERMS)
            return self.call(op, [self.call(op, operands[start : start + MOST_TERMS]) for start in cuts])
        key = (op, *map(id, operands))
        return self._made.get(key) or self._made.setdefault(key, Call(op, operands))

    def choice(self, comparison: str, operands: Sequence[Expression]) -> Expression:
        """A choice, made at once where it can be."""
        left, right, then, otherwise = operands
        if isinstance(left, Number) and isinstance(right, Number):
            return then if _TESTS[comparison](left.value, right.value) else otherwise
        if then is otherwise:
            return then
        key = (comparison, *map(id, operands))
        return self._made.get(key) or self._made.setdefault(key, Choice(comparison, operands))

    def operation(self, row: Row, operands: Sequence[Expression]) -> Expression:
        """A row applied to expressions: opened, if it is to be, into the text that computes it."""
        if row.name not in self._opened:
            self._opened[row.name] = not is_basic(row) and (self.elementary or _reads_well(row))
        if row.name == "dot":
            return self.dot(operands)
        if row.name == "sum" or not self._opened[row.name]:
            return self.call(row.name, operands)
        parts = {"a": operands} if row.vectors else dict(zip(row.letters, operands, strict=True))
        return self.text(row.computed_value(), parts)

    def dot(self, operands: Sequence[Expression]) -> Expression:
        """The sum of products plus the last operand."""
        length = len(operands) // 2
        terms = [self.call("mul", pair) for pair in zip(operands[:length], operands[length:-1], strict=True)]
        last = operands[-1]
        if not terms or not isinstance(last, Number) or last.value:
            terms.append(last)
        return self.call("sum", terms)

    def partial(self, row: Row, letter: str, parts: Parts, whole: Sequence[Expression]) -> Expression:
        """The local partial of an operand, given the expressions of the operands beside it and of the result."""
        program = parse_row(row.computed_partial(letter))
        known = dict(parts)
        for name, expression in program.assignments:
            known[name] = self._put(expression, {**known, "a": whole} if letter in row.vectors else known)
        return self._put(program.result, known, zero=True)

    def text(self, text: str, parts: Parts) -> Expression:
        """A text of the table with expressions in the place of its names."""
        program = parse_row(text)
        known = dict(parts)
        for name, expression in program.assignments:
            known[name] = self._put(expression, known)
        return self._put(program.result, known)

    def _put(self, part: Expression, known: Parts, zero: bool = False) -> Expression:
        """A part of a text; with `zero`, a product with 0 is 0. The texts are shallow, and so may this be recursive."""
        if isinstance(part, Number):
            return self.number(part.value)
        if isinstance(part, Name):
            found = known[part.id] if part.id in known else self.number(CONSTANTS[part.id])
            assert isinstance(found, Expression)
            return found
        if isinstance(part, Call) and part.op in ("sum", "max"):
            vector = known["a"]
            assert not isinstance(vector, Expression)
            return self.call(part.op, [self._put(part.operands[0], {**known, "a": a}, zero) for a in vector])
        operands = [self._put(operand, known, zero) for operand in part.operands]
        if isinstance(part, Choice):
            return self.choice(part.comparison, operands)
        assert isinstance(part, Call)
        if zero and part.op in ("mul", "div") and any(isinstance(x, Number) and not x.value for x in operands[:2]):
            if part.op == "mul" or operands[0] is self.number(0.0):
                return self.number(0.0)
        return self.operation(ROWS[part.op], operands)

    def product(self, adjoint: Expression, partial: Expression) -> Expression | None:
        """Adjoint times local partial; None where that is 0, as the sweep leaves it out."""
        if isinstance(partial, Number) and not partial.value:
            return None
        if isinstance(partial, Choice) and all(isinstance(part, Number) for part in partial.operands[2:]):
            both = [self.product(adjoint, part) or self.number(0.0) for part in partial.operands[2:]]
            return self.choice(partial.comparison, [*partial.operands[:2], *both])
        if isinstance(partial, Call) and partial.op == "div" and getattr(partial.operands[0], "value", None) == 1:
            return self.call("div", [adjoint, partial.operands[1]])
        if isinstance(partial, Call) and partial.op == "neg":
            return self.call("mul", [self.call("neg", [adjoint]), partial.operands[0]])
        if isinstance(partial, Call) and partial.op == "mul" and isinstance(partial.operands[0], Number):
            return self.call("mul", [self.call("mul", [adjoint, partial.operands[0]]), partial.operands[1]])
        return self.call("mul", [adjoint, partial])


def _reads_well(row: Row) -> bool:
    """Whether a reader is better off with the text of the row than with its name: choices, and rows of one's own."""
    program = parse_row(row.computed_value())
    parts = [*program.result.operands]
    while parts and not any(isinstance(part, Call) for part in parts):
        parts = [inner for part in parts for inner in part.operands]
    return row.name not in BUILT_IN or not (parts or program.assignments)


def elementary(trace: Trace, wrt: Sequence[int], seed: Expression | None = None, also: Sequence[int] = ()) -> Program:
    """The program of a trace in the operations of the processor and of the C library.

    seed   what the sweep begins with, by default 1
    also   nodes whose numbers are wanted beside the value
    """
    builder = Builder(elementary=True)
    program = _leaves(builder, trace)
    checks: list[Expression] = []
    for place, step in enumerate(trace.steps, trace.leaves):
        node = _computed(builder, program, step.kernel.row, step.operands)
        program.nodes.append(node)
        if place != trace.root and not _is_exact(step.kernel.row):
            checks.append(builder.call("sub", [node, node]))
    program.value = program.nodes[trace.root]
    program.also = [program.nodes[number] for number in also]
    if checks:
        program.check = builder.call("sum", checks)
    if wrt:
        _sweep(builder, trace, program, wrt, seed or builder.number(1.0))
    return program


def differentiate(trace: Trace, wrt: Sequence[int]) -> Program:
    """The program of a trace as it is read: rows under their names, where these say more than their texts."""
    builder = Builder(elementary=False)
    program = _leaves(builder, trace)
    for step in trace.steps:
        program.nodes.append(_computed(builder, program, step.kernel.row, step.operands))
    program.value = program.nodes[trace.root]
    _sweep(builder, trace, program, wrt, builder.number(1.0))
    return program


def _leaves(builder: Builder, trace: Trace) -> Program:
    names = [Name(label) for label in trace.labels[: trace.leaves]]
    return Program(builder, names[: trace.inputs], names[trace.inputs :])


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


def _sweep(builder: Builder, trace: Trace, program: Program, wrt: Sequence[int], seed: Expression) -> None:
    """The chain rule, from the root back to the wanted nodes, on expressions instead of numbers."""
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
            adjoints[number] = builder.call("sum", terms)

    if trace.root in leading:
        finish(trace.root)
    for place in range(len(program.nodes) - 1, trace.leaves - 1, -1):
        if place not in leading:
            continue
        kernel, operands = trace.steps[place - trace.leaves]
        adjoint = adjoints.get(place)
        expressions = _expressions(builder, program, operands)
        touched: dict[int, None] = {}
        for letter, position in kernel.places(len(operands)):
            operand = operands[position]
            if type(operand) is not int or operand not in leading:
                continue
            touched[operand] = None
            if adjoint is None:
                continue
            parts = {x: expressions[at] for x, at in kernel.beside(position, len(operands)).items()}
            parts["y"] = program.nodes[place]
            term = builder.product(adjoint, builder.partial(kernel.row, letter, parts, expressions))
            if term is not None:
                found = contributions.setdefault(operand, [])
                found.append(term)
                if len(found) == MOST_TERMS:
                    found[:] = [builder.call("sum", found)]
        for operand in touched:
            uses[operand] -= 1
            if not uses[operand]:
                finish(operand)
    program.gradients = [adjoints.get(number, builder.number(0.0)) for number in wrt]
