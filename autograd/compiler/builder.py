"""Expressions that share their parts, put together from the texts of the table.

>>> builder = Builder(elementary=False)
>>> x = Name("x")
>>> builder.call("sin", [x]) is builder.call("sin", [x])
True
>>> builder.partial(ROWS["pow"], "a", {"a": x, "b": builder.number(2.0), "y": x}, {})
Call('2 * x')
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd.engine.kernels import kernels
from autograd.table.expression import COMPARISONS, Call, Choice, Expression, Name, Number
from autograd.table.parser import CONSTANTS, parse_row
from autograd.table.rules import BUILT_IN, ROWS, Row

__all__ = ["MOST_TERMS", "Builder"]

Parts = Mapping[str, "Expression | Sequence[Expression]"]
MOST_TERMS = 32


class Builder:
    """Makes expressions, each once, and done at once where only numbers take part.

    With `elementary`, every operation is opened until only those of the C library and of the processor are left.
    """

    def __init__(self, elementary: bool) -> None:
        self.elementary = elementary
        self._made: dict[tuple[object, ...], Expression] = {}
        self._kept: list[Expression] = []  # an id is of use only as long as what it is the id of exists
        self._opened: dict[str, bool] = {}

    def made(self) -> Iterable[Expression]:
        """All that was made, each after its operands."""
        return self._made.values()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._made)

    def rename(self, part: Expression, name: Name) -> None:
        """From now on give the name where this operation on the same operands is asked for again."""
        if isinstance(part, Call):
            self._made[(part.op, *map(id, part.operands))] = name
            self._kept.append(part)

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
            if first.op in ("mul", "div") and not first.operands[0].operands:  # of a long product, only the whole
                return self.call(first.op, [self.call("neg", [first.operands[0]]), first.operands[1]])
        if op == "abs" and isinstance(first, Call):  # abs(-x) and abs(-2 * x) are abs(x) and abs(2 * x)
            factor = first.operands[0]
            if first.op == "neg":
                return self.call("abs", [factor])
            if first.op == "mul" and isinstance(factor, Number) and factor.value < 0:
                return self.call("abs", [self.call("mul", [self.number(-factor.value), last.operands[1]])])
        if op in ("sum", "max") and len(operands) == 1:
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
            return then if COMPARISONS[comparison](left.value, right.value) else otherwise
        if then is otherwise:
            return then
        key = (comparison, *map(id, operands))
        return self._made.get(key) or self._made.setdefault(key, Choice(comparison, operands))

    def operation(self, row: Row, operands: Sequence[Expression]) -> Expression:
        """A row applied to expressions: opened, if it is to be, into the text that computes it."""
        if row.name not in self._opened:
            self._opened[row.name] = not row.is_basic and (self.elementary or _reads_well(row))
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

    def shared(self, row: Row, letter: str, operands: Sequence[Expression]) -> dict[str, Expression]:
        """What the partials of all elements of a vector have in common: the first part of their text."""
        known: dict[str, Any] = {"a": operands}
        for name, expression in parse_row(row.computed_partial(letter)).assignments if letter in row.vectors else ():
            known[name] = self._put(expression, known)
        return {name: part for name, part in known.items() if name != "a"}

    def partial(self, row: Row, letter: str, parts: Parts, shared: Parts) -> Expression:
        """The local partial of an operand, given the expressions of the operands beside it and of the result."""
        program = parse_row(row.computed_partial(letter))
        known = {**parts, **shared}
        for name, expression in program.assignments:
            if name not in shared:
                known[name] = self._put(expression, known)
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
        if zero and part.op == "mul" and any(isinstance(factor, Number) and not factor.value for factor in operands):
            return self.number(0.0)
        return self.operation(ROWS[part.op], operands)

    def product(self, adjoint: Expression, partial: Expression) -> Expression | None:
        """Adjoint times local partial; None where that is 0, as the sweep leaves it out."""
        if isinstance(partial, Number) and not partial.value:
            return None
        if isinstance(adjoint, Choice) and isinstance(partial, Number):
            then, otherwise = adjoint.operands[2:]
            if isinstance(then, Number) and isinstance(otherwise, Number):  # 1 if z > 0 else 0, times -1
                sides = [self.number(side.value * partial.value + 0.0) for side in (then, otherwise)]
                return self.choice(adjoint.comparison, [*adjoint.operands[:2], *sides])
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
