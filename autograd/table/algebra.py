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

import functools
import math
from collections.abc import Iterable, Mapping, Sequence

from autograd.table.expression import Call, Choice, Expression, Name, Number, fold, substitute
from autograd.table.parser import Statements, parse_row
from autograd.table.rules import ROWS, Row

# Longer products and sums stay closed, so that collecting takes a time linear in the graph.
MOST_FACTORS = 64
MOST_TERMS = 8
Changing = tuple[Expression, Expression]  # an expression, and how it changes


class _Product:
    """numerator / denominator times the product of base ** exponent; products, quotients and powers are opened."""

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self.numerator = self.denominator = 1.0
        self.factors: list[tuple[Expression, float]] = []
        stack = [(expression, 1.0) for expression in expressions][::-1]
        opened = 0
        while stack:
            part, exponent = stack.pop()
            opened += 1
            plain = exponent in (1, -1)
            if plain and isinstance(part, Number):
                self.numerator *= part.value if exponent > 0 else 1.0
                self.denominator *= part.value if exponent < 0 else 1.0
                continue
            match part.op if isinstance(part, Call) and opened <= MOST_FACTORS else None:
                case "mul" | "div" as op if plain:
                    a, b = part.operands
                    stack += [(b, exponent if op == "mul" else -exponent), (a, exponent)]
                case "neg" if plain:
                    self.numerator = -self.numerator
                    stack.append((part.operands[0], exponent))
                case "pow" if isinstance(part.operands[1], Number):
                    self._collect(part.operands[0], exponent * part.operands[1].value)
                case _:
                    self._collect(part, exponent)
        self.reduce()

    def _collect(self, base: Expression, exponent: float) -> None:
        for index, (known, before) in enumerate(self.factors[:MOST_FACTORS]):
            if _same(known, base):
                self.factors[index] = (known, before + exponent)
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
        whole = functools.reduce(_times, above)
        return Call("div", (whole, functools.reduce(_times, below))) if below else whole


def product(factors: Iterable[Expression]) -> Expression:
    """The product of expressions, collected."""
    return _Product(factors).build()


def total(terms: Iterable[Expression]) -> Expression:
    """The sum of expressions, like terms collected.

    >>> from autograd.table.expression import to_text
    >>> to_text(total([Name("x"), Name("x"), Call("neg", [Name("y")])]))
    '2 * x - y'
    """
    collected: list[_Product] = []
    for sign, term in _opened(terms):
        new = _Product([term])
        new.numerator *= sign
        like = next((known for known in collected[-MOST_FACTORS:] if known.like(new)), None)
        if like is None:
            collected.append(new)
        else:
            like.numerator += new.numerator
            like.reduce()
    first, *others = [known for known in collected if known.numerator] or [_Product([Number(0)])]
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
            match stack.pop():
                case sign, Call("add" | "sub" as op, (a, b)):
                    stack += [(sign if op == "add" else -sign, b), (sign, a)]
                case signed:
                    found.append(signed)
        yield from [(1, whole)] if stack else found


def partial(row: Row, letter: str, parts: Mapping[str, Expression]) -> Expression:
    """The textbook partial of one operand, with expressions for the operands and for y, cleaned."""
    text = parse_row(row.partials[row.letters.index(letter)])
    found = text.evaluate(parts, lambda part, known: substitute(part, known, _clean))
    return product([found]) if found.operands else found


def differential(text: str, changes: Mapping[str, Expression]) -> Statements:
    """How a text of the table changes when its names do: the sum of partial times change, for numbers to be computed.

    What the text assigns it may mention; how that changes is assigned here, where it changes at all.

    >>> from autograd.table.expression import to_text
    >>> to_text(differential("y * sigmoid(-a)", {"a": Name("da"), "y": Name("dy")}).result)
    'sigmoid(-a) * dy + y * (sigmoid(-a) * sigmoid(--a) * -da)'
    >>> differential("s = sum(exp(a)); a * s", {"a": Name("da")}).assignments
    (('the change of s', Call('sum(exp(a) * da)')),)
    """
    statements, known, found = parse_row(text), dict(changes), {}
    for name, expression in statements.assignments:
        change = _differential(expression, known)
        if not isinstance(change, Number):
            found[f"the change of {name}"] = change
            change = Name(f"the change of {name}")
        known[name] = change
    return Statements(found, _differential(statements.result, known), None)


def _differential(root: Expression, changes: Mapping[str, Expression]) -> Expression:
    """How an expression changes when its names do."""
    zero = Number(0)

    def visit(part: Expression, operands: list[Changing]) -> Changing:
        inside = [operand for operand, _ in operands]
        match part, operands:
            case Name(id), _:
                return part, changes.get(id, zero)
            case Choice(comparison), [_, _, (_, Number(a) as same), (_, Number(b))] if a == b:
                return Choice(comparison, inside), same
            case Choice(comparison), [_, _, (_, then), (_, otherwise)]:  # which side is taken does not change
                return Choice(comparison, inside), Choice(comparison, [*inside[:2], then, otherwise])
            case Call("sum" | "max"), [(each, change)]:  # over a vector; that of the largest is that of one element
                whole, both = Call(part.op, inside), [each, change] if part.op == "max" else [change]
                return whole, change if isinstance(change, Number) and not change.value else Call(part.op, both)
            case Call(op), _:
                whole = Call(op, inside)
                return whole, _change(whole, [change for _, change in operands])
        return part, zero

    return fold(root, visit)[1]


def _change(whole: Call, changes: Sequence[Expression]) -> Expression:
    """The change of an operation, given those of its operands: the chain rule, read from its row."""
    row = ROWS[whole.op]
    parts = dict(zip(row.letters, whole.operands, strict=True)) | {"y": whole}
    result: Expression = Number(0)
    for letter, change in zip(row.letters, changes, strict=True):
        if not isinstance(change, Number) or change.value:
            local = parse_row(row.computed_partial(letter)).evaluate(parts, substitute)
            result = _light("add", result, _light("mul", local, change))
    return result


def _light(op: str, a: Expression, b: Expression) -> Expression:
    """A sum or a product without the 0 or 1 in it; otherwise as it stands, so that no digits are lost."""
    for one, other in ((a, b), (b, a)):
        match op, one:
            case ("add", Number(0)) | ("mul", Number(1)):
                return other
            case "mul", Number(0):
                return one
            case "mul", Number(-1):
                return Call("neg", (other,))
    return Call(op, (a, b))


def _clean(op: str, operands: Sequence[Expression]) -> Expression:
    """An operation of a textbook partial, done at once where it has plain numbers, or a 0 or 1, for operands."""
    match op, operands:
        case "sub", [Number(a), Number(b)]:
            return Number(a - b)
        case "pow", [_, Number(0)]:
            return Number(1)
        case "pow", [base, Number(1)]:
            return base
    return Call(op, operands)


def _power(base: Expression, exponent: float) -> Expression:
    return base if exponent == 1 else Call("pow", (base, Number(exponent)))


def _times(one: Expression, other: Expression) -> Expression:
    return Call("mul", (one, other))


def _same(one: Expression, other: Expression) -> bool:
    """Whether two expressions are the same one, or are built alike from the same parts."""
    if one is other or type(one) is not type(other):
        return one is other
    match one, other:
        case (Number(a), Number(b)) | (Name(a), Name(b)):
            return bool(a == b)
        case Call(op, mine), Call(op2, yours) if op == op2 and len(mine) == len(yours):
            return all(a is b or (not a.operands and _same(a, b)) for a, b in zip(mine, yours, strict=True))
    return False
