"""Expressions that share their parts, put together from the texts of the table.

>>> builder = Builder(elementary=False)
>>> x = Name("x")
>>> builder.call("sin", [x]) is builder.call("sin", [x])
True
>>> builder.partial(ROWS["pow"], "a", {"a": x, "b": builder.number(2.0), "y": x})
Call('2 * x')
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd.engine.kernels import kernels
from autograd.table.expression import COMPARISONS, CONSTANTS, Call, Choice, Expression, Name, Number
from autograd.table.parser import parse_row
from autograd.table.rules import BUILT_IN, ROWS, Row

Parts = Mapping[str, Any]  # an expression for each name, several for a vector's
MOST_TERMS = 32


class Builder:
    """Makes expressions, each once, and done at once where only numbers take part.

    With `elementary`, every operation is opened until only those of the processor are left, and functions that it has
    to be given.

    whole   the operation that a sum in the table becomes; those of the chain rule are always `sum`
    """

    whole = "sum"

    def __init__(self, elementary: bool) -> None:
        self.elementary = elementary
        self._made: dict[tuple[object, ...], Expression] = {}
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
            self._made[(part.op, *part.operands)] = name

    def number(self, value: float) -> Expression:
        """A number."""
        key = ("", value, math.copysign(1.0, value))
        return self._made.get(key) or self._made.setdefault(key, Number(value))

    def call(self, op: str, operands: Sequence[Expression]) -> Expression:
        """An operation; a factor of 1 and a double minus go, which changes no bit."""
        key = (op, *operands)
        return self._made.get(key) or self.simpler(op, operands) or self._made.setdefault(key, Call(op, operands))

    def simpler(self, op: str, operands: Sequence[Expression]) -> Expression | None:
        """What an operation is to the bit, if that is simpler."""
        first, last = operands[0], operands[-1]
        if op in ("sum", "max"):
            return first if len(operands) == 1 else self._long_sum(operands) if op == "sum" else None
        if isinstance(first, Number):
            if op == "mul" and abs(first.value) == 1:
                return last if first.value == 1 else self.call("neg", [last])
            return self._number(op, operands)
        if isinstance(last, Number) and op in ("mul", "div", "pow") and abs(last.value) == 1:
            return first if last.value == 1 else self.call("neg", [first]) if op == "mul" else None
        return self._signed(op, first) if op in ("neg", "abs") else None

    def _signed(self, op: str, part: Expression) -> Expression | None:
        """The negative, or the absolute value, of what has a sign of its own."""
        match op, part:
            case "neg", Call("neg", (a,)):
                return a
            case "abs", Call("neg", (a,)):
                return self.call("abs", [a])
            case "neg", Call("mul" | "div" as inner, (a, b)) if not a.operands:  # of a long product, only the whole
                return self.call(inner, [self.call("neg", [a]), b])
            case "abs", Call("mul", (Number(factor), a)) if factor < 0:
                return self.call("abs", [self.call("mul", [self.number(-factor), a])])
        return None

    def _long_sum(self, terms: Sequence[Expression]) -> Expression | None:
        """A sum of sums where it is long: no compiler likes one of thousands."""
        cuts = range(0, len(terms), MOST_TERMS)
        if len(cuts) == 1:
            return None
        return self.call("sum", [self.call("sum", terms[start : start + MOST_TERMS]) for start in cuts])

    def _number(self, op: str, operands: Sequence[Expression]) -> Expression | None:
        """What an operation on numbers is; what fails, or is nan, is left, so that it fails when it is run."""
        numbers = [operand.value for operand in operands if isinstance(operand, Number)]
        if len(numbers) == len(operands):
            with contextlib.suppress(ArithmeticError, ValueError):
                found = kernels(op).value()(*numbers)
                return None if math.isnan(found) else self.number(found)
        return None

    def choice(self, comparison: str, operands: Sequence[Expression]) -> Expression:
        """A choice, made at once where it can be."""
        match operands:
            case [Number(left), Number(right), then, otherwise]:
                return then if COMPARISONS[comparison](left, right) else otherwise
            case [_, _, then, otherwise] if then is otherwise:
                return then
        key = (comparison, *operands)
        return self._made.get(key) or self._made.setdefault(key, Choice(comparison, operands))

    def operation(self, row: Row, operands: Sequence[Expression]) -> Expression:
        """A row applied to expressions: opened, if it is to be, into the text that computes it."""
        if row.name not in self._opened:
            self._opened[row.name] = not row.is_basic and (self.elementary or _reads_well(row))
        if row.name == "dot":
            return self.dot(operands)
        if row.name == "sum" or not self._opened[row.name]:
            return self.call(self.whole if row.name == "sum" else row.name, operands)
        parts = {"a": operands} if row.vectors else dict(zip(row.letters, operands, strict=True))
        return self.text(row.computed_value(), parts)

    def dot(self, operands: Sequence[Expression]) -> Expression:
        """The sum of products plus the last operand."""
        length = len(operands) // 2
        terms = [self.call("mul", pair) for pair in zip(operands[:length], operands[length:-1], strict=True)]
        last = operands[-1]
        if not terms or not isinstance(last, Number) or str(last.value) != "-0.0":
            terms.append(last)
        return self.call("sum", terms)

    def shared(self, row: Row, letter: str, operands: Sequence[Expression]) -> dict[str, Any]:
        """What the partials of all elements of a vector have in common: the first part of their text."""
        if letter not in row.vectors:
            return {}
        return parse_row(row.computed_partial(letter)).assigned({"a": operands}, self._put)

    def partial(self, row: Row, letter: str, parts: Parts) -> Expression:
        """The local partial of an operand, given what is `shared`, the operands beside it, and the result y."""
        return self.text(row.computed_partial(letter), parts, zero=True)

    def text(self, text: str, parts: Parts, zero: bool = False) -> Expression:
        """A text of the table with expressions in the place of its names; with `zero`, its products with 0 are 0."""
        statements = parse_row(text)
        known = statements.assigned(parts, self._put) if statements.assignments else parts
        return self._put(statements.result, known, zero)

    def _put(self, part: Expression, known: Parts, zero: bool = False) -> Expression:
        """A part of a text. The texts are shallow, so this may be recursive."""
        match part:
            case Number(value):
                return self.number(value)
            case Name(name):
                found: Expression = known[name] if name in known else self.number(CONSTANTS[name])
                return found
            case Call("sum" | "max" as many, (inner,)):
                each = [self._put(inner, {**known, "a": a}, zero) for a in known["a"]]
                return self.call(self.whole if many == "sum" else many, each)
        operands = [self._put(operand, known, zero) for operand in part.operands]
        if isinstance(part, Choice):
            return self.choice(part.comparison, operands)
        assert isinstance(part, Call)
        if zero and part.op == "mul" and any(isinstance(factor, Number) and not factor.value for factor in operands):
            return self.number(0.0)
        return self.operation(ROWS[part.op], operands)

    def product(self, adjoint: Expression, partial: Expression) -> Expression | None:
        """Adjoint times local partial; None where that is 0, as the sweep leaves it out."""
        match adjoint, partial:
            case _, Number(0.0):
                return None
            case Choice(comparison, (left, right, Number(u), Number(v))), Number(k):  # 1 if z > 0 else 0, times -1
                return self.choice(comparison, [left, right, self.number(u * k + 0.0), self.number(v * k + 0.0)])
            case _, Choice(comparison, (left, right, Number() as u, Number() as v)):
                sides = [self.product(adjoint, side) or self.number(0.0) for side in (u, v)]
                return self.choice(comparison, [left, right, *sides])
            case _, Call("div", (Number(1.0), a)):
                return self.call("div", [adjoint, a])
            case _, Call("neg", (a,)):
                return self.call("mul", [self.call("neg", [adjoint]), a])
            case _, Call("mul", (Number() as k, a)):
                return self.call("mul", [self.call("mul", [adjoint, k]), a])
        return self.call("mul", [adjoint, partial])


def _reads_well(row: Row) -> bool:
    """Whether a reader is better off with the text of the row than with its name: choices, and rows of one's own."""
    text = parse_row(row.computed_value())
    parts = [*text.result.operands]
    while parts and not any(isinstance(part, Call) for part in parts):
        parts = [inner for part in parts for inner in part.operands]
    return row.name not in BUILT_IN or not (parts or text.assignments)
