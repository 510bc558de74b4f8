"""Derivatives as a person would write them: products collected, 0 and 1 cleaned away.

>>> from autograd.table.expression import to_text
>>> from autograd.table.parser import parse
>>> from autograd.table.rules import ROWS
>>> x, y = Name("x"), parse("1 / z").result
>>> to_text(product([parse("cos(x)").result, Number(-1), parse("2 * x").result]))
'-2 * cos(x) * x'
>>> to_text(partial(ROWS["div"], "b", {"a": Number(1), "b": Name("z"), "y": y}))
'-1 / z ** 2'

A product is held as a coefficient and factors with exponents, a sum as products. Only what the chain rule puts together
is rearranged; the expressions it is put together from stay as they were written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from autograd.table.expression import Call, Choice, Expression, Name, Number, fold, substitute
from autograd.table.parser import parse_row
from autograd.table.rules import ROWS, Row

__all__ = ["differential", "partial", "product", "total"]

# Longer products and sums stay closed, so that collecting takes a time linear in the graph.
MOST_FACTORS = 64
MOST_TERMS = 8


class _Product:
    """numerator / denominator times the product of base ** exponent."""

    def __init__(self) -> None:
        self.numerator = 1.0
        self.denominator = 1.0
        self.factors: list[tuple[Expression, float]] = []
        self.opened = 0

    def multiply(self, expression: Expression) -> None:
        """Multiply by an expression, its own products, quotients and powers opened."""
        stack = [(expression, 1.0)]
        while stack:
            part, exponent = stack.pop()
            self.opened += 1
            if isinstance(part, Number) and abs(exponent) == 1:
                if exponent > 0:
                    self.numerator *= part.value
                else:
                    self.denominator *= part.value
            elif not isinstance(part, Call) or self.opened > MOST_FACTORS:
                self._collect(part, exponent)
            elif part.op == "neg" and abs(exponent) == 1:
                self.numerator = -self.numerator
                stack.append((part.operands[0], exponent))
            elif part.op in ("mul", "div") and abs(exponent) == 1:
                stack.append((part.operands[1], exponent if part.op == "mul" else -exponent))
                stack.append((part.operands[0], exponent))
            elif part.op == "pow" and isinstance(part.operands[1], Number):
                self._collect(part.operands[0], exponent * part.operands[1].value)
            else:
                self._collect(part, exponent)

    def _collect(self, base: Expression, exponent: float) -> None:
        for position, (known, before) in enumerate(self.factors[:MOST_FACTORS]):
            if _same(known, base):
                self.factors[position] = (known, before + exponent)
                return
        self.factors.append((base, exponent))

    def reduce(self) -> None:
        """Cancel what the coefficient's two parts share, and drop factors to the power 0."""
        self.factors = [(base, exponent) for base, exponent in self.factors if exponent]
        if self.numerator == 0:
            self.denominator, self.factors = 1.0, []
        elif self.numerator.is_integer() and self.denominator.is_integer() and self.denominator:
            common = math.copysign(math.gcd(int(self.numerator), int(self.denominator)), self.denominator)
            self.numerator, self.denominator = self.numerator / common, self.denominator / common

    def like(self, other: _Product) -> bool:
        """Whether both differ in the numerator only."""
        return (
            self.denominator == other.denominator
            and len(self.factors) == len(other.factors)
            and all(
                any(exponent == before and _same(base, known) for known, before in other.factors)
                for base, exponent in self.factors
            )
        )

    def build(self) -> Expression:
        """The product as an expression: coefficient, factors, and one denominator."""
        above = [_power(base, exponent) for base, exponent in self.factors if exponent > 0]
        below = [_power(base, -exponent) for base, exponent in self.factors if exponent < 0]
        if self.numerator == -1 and above:
            above[0] = Call("neg", (above[0],))
        elif self.numerator != 1 or not above:
            above.insert(0, Number(self.numerator))
        if self.denominator != 1:
            below.insert(0, Number(self.denominator))
        return Call("div", (_chain("mul", above), _chain("mul", below))) if below else _chain("mul", above)


def product(factors: Iterable[Expression]) -> Expression:
    """The product of expressions, collected."""
    return _product(factors).build()


def _product(factors: Iterable[Expression]) -> _Product:
    result = _Product()
    for factor in factors:
        result.multiply(factor)
    result.reduce()
    return result


def total(terms: Iterable[Expression]) -> Expression:
    """The sum of expressions, like terms collected.

    >>> from autograd.table.expression import to_text
    >>> to_text(total([Name("x"), Name("x"), Call("neg", [Name("y")])]))
    '2 * x - y'
    """
    collected: list[_Product] = []
    for sign, term in _opened(terms):
        new = _product([term])
        new.numerator *= sign
        like = next((known for known in collected[-MOST_FACTORS:] if known.like(new)), None)
        if like is None:
            collected.append(new)
        else:
            like.numerator += new.numerator
            like.reduce()
    first, *others = [known for known in collected if known.numerator] or [_product([Number(0)])]
    result = first.build()
    for other in others:
        op = "sub" if other.numerator < 0 else "add"
        other.numerator = abs(other.numerator)
        result = Call(op, (result, other.build()))
    return result


def _opened(terms: Iterable[Expression]) -> Iterable[tuple[int, Expression]]:
    """The terms with their signs, where a term is a short sum those of the sum."""
    for whole in terms:
        found: list[tuple[int, Expression]] = []
        stack = [(1, whole)]
        while stack and len(found) + len(stack) <= MOST_TERMS:
            sign, term = stack.pop()
            if isinstance(term, Call) and term.op in ("add", "sub"):
                stack.append((sign if term.op == "add" else -sign, term.operands[1]))
                stack.append((sign, term.operands[0]))
            else:
                found.append((sign, term))
        yield from [(1, whole)] if stack else found


def partial(row: Row, letter: str, parts: Mapping[str, Expression]) -> Expression:
    """The textbook partial of one operand, with expressions for the operands and for y, cleaned."""
    program = parse_row(row.partials[row.letters.index(letter)])
    known = dict(parts)
    for name, expression in program.assignments:
        known[name] = substitute(expression, known, _clean)
    return product([substitute(program.result, known, _clean)])


def differential(text: str, changes: Mapping[str, Expression]) -> Expression:
    """How a text of the table changes when its names do: the sum of partial times change, for numbers to be computed.

    >>> from autograd.table.expression import to_text
    >>> to_text(differential("y * sigmoid(-a)", {"a": Name("da"), "y": Name("dy")}))
    'sigmoid(-a) * dy + y * (sigmoid(-a) * sigmoid(--a) * -da)'
    """
    zero: Expression = Number(0)

    def changed(part: Expression, operands: list[tuple[Expression, Expression]]) -> tuple[Expression, Expression]:
        """The part with the names assigned before put in, and its change."""
        if isinstance(part, Name):
            return known.get(part.id, (part, changes.get(part.id, zero)))
        if not isinstance(part, Call | Choice):
            return part, zero
        inside = [operand for operand, _ in operands]
        if isinstance(part, Choice):
            then, otherwise = operands[2][1], operands[3][1]
            both = isinstance(then, Number) and isinstance(otherwise, Number) and then.value == otherwise.value
            choice = then if both else Choice(part.comparison, [*inside[:2], then, otherwise])
            return Choice(part.comparison, inside), choice
        whole: Expression = Call(part.op, inside)
        change: Expression = zero
        row = ROWS[part.op]
        named = dict(zip(row.letters, inside, strict=True)) | {"y": whole}
        for letter, (_, inner) in zip(row.letters, operands, strict=True):
            if not (isinstance(inner, Number) and not inner.value):
                program = parse_row(row.computed_partial(letter))
                parts = dict(named)
                for name, expression in program.assignments:
                    parts[name] = substitute(expression, parts)
                change = _light("add", change, _light("mul", substitute(program.result, parts), inner))
        return whole, change

    known: dict[str, tuple[Expression, Expression]] = {}
    program = parse_row(text)
    for name, expression in program.assignments:
        known[name] = fold(expression, changed)
    return fold(program.result, changed)[1]


def _light(op: str, a: Expression, b: Expression) -> Expression:
    """A sum or a product without the 0 or 1 in it; otherwise as it stands, so that no digits are lost."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Number) and one.value == (0.0 if op == "add" else 1.0):
            return other
        if isinstance(one, Number) and op == "mul" and (one.value == 0.0 or (one.value == -1.0)):
            return one if not one.value else Call("neg", (other,))
    return Call(op, (a, b))


def _clean(op: str, operands: Sequence[Expression]) -> Expression:
    """An operation of a textbook partial, done at once where it has plain numbers, or a 0 or 1, for operands."""
    a, b = operands[0], operands[-1]
    if op == "sub" and isinstance(a, Number) and isinstance(b, Number):
        return Number(a.value - b.value)
    if op == "pow" and isinstance(b, Number) and b.value in (0.0, 1.0):
        return a if b.value else Number(1)
    return Call(op, operands)


def _power(base: Expression, exponent: float) -> Expression:
    return base if exponent == 1 else Call("pow", (base, Number(exponent)))


def _chain(op: str, operands: Sequence[Expression]) -> Expression:
    result = operands[0]
    for operand in operands[1:]:
        result = Call(op, (result, operand))
    return result


def _same(one: Expression, other: Expression) -> bool:
    """Whether two expressions are the same one, or are built alike from the same parts."""
    if one is other:
        return True
    if isinstance(one, Number) and isinstance(other, Number):
        return one.value == other.value
    if isinstance(one, Name) and isinstance(other, Name):
        return one.id == other.id
    if not (isinstance(one, Call) and isinstance(other, Call)) or one.op != other.op:
        return False
    if len(one.operands) != len(other.operands):
        return False
    return all(
        mine is yours or (not mine.operands and _same(mine, yours))
        for mine, yours in zip(one.operands, other.operands, strict=True)
    )
