"""Expressions, the little language of the table of derivatives and of the command line, and their plain text.

An expression is a number, a name, or an operation of the table applied to expressions; a choice between two expressions
occurs in the table only. The text is Python's own notation:

>>> to_text(Call("exp", [Call("neg", [Call("sin", [Name("y")])])]))
'exp(-sin(y))'

`autograd.table.parser` reads such a text back; `autograd.reading.markup` prints mathematics. What walks the formula of
a graph does so without recursion, because it can be as deep as the graph; the texts of the table are shallow.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from autograd.table.output import legible

Result = TypeVar("Result")
UNDEFINED = "undefined"
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

CONSTANTS = {"pi": 3.141592653589793, "π": 3.141592653589793, "e": 2.718281828459045}  # the first name is written


class Expression:
    """A number, a name, an operation or a choice; nobody changes it once it is made, and it is equal only to itself."""

    __slots__ = ()
    operands: tuple[Expression, ...] = ()

    def __repr__(self) -> str:
        return legible(f"{type(self).__name__}({to_text(self)!r})")


class Number(Expression):
    """A number, always a float."""

    __slots__ = __match_args__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = float(value)


class Name(Expression):
    """A variable, or the label of a node."""

    __slots__ = __match_args__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id


class Call(Expression):
    """The operation `op`, which is the name of a row, applied to its operands: `a + b` is Call("add", (a, b))."""

    __slots__ = __match_args__ = ("op", "operands")

    def __init__(self, op: str, operands: Sequence[Expression]) -> None:
        self.op = op
        self.operands = tuple(operands)


class Choice(Expression):
    """`then if left < right else otherwise`, with the operands (left, right, then, otherwise)."""

    __slots__ = __match_args__ = ("comparison", "operands")

    def __init__(self, comparison: str, operands: Sequence[Expression]) -> None:
        self.comparison = comparison
        self.operands = tuple(operands)


def fold(root: Expression, visit: Callable[[Expression, list[Result]], Result]) -> Result:
    """What `visit(expression, results of its operands)` gives for the root, each shared part visited once.

    >>> x = Name("x")
    >>> fold(Call("mul", [x, Call("add", [x, Number(1)])]), lambda part, results: 1 + sum(results))
    5
    """
    results: dict[Expression, Result] = {}
    stack = [root]
    while stack:
        part = stack[-1]
        for operand in reversed(part.operands):
            if operand not in results:
                stack.append(operand)
        if stack[-1] is part:
            stack.pop()
            if part not in results:
                results[part] = visit(part, [results[operand] for operand in part.operands])
    return results[root]


def substitute(
    root: Expression, parts: Mapping[str, Expression], call: Callable[[str, list[Expression]], Expression] = Call
) -> Expression:
    """The expression with other expressions in the place of names, its operations put together by `call`.

    >>> substitute(Call("sin", [Name("a")]), {"a": Name("y")})
    Call('sin(y)')
    """

    def put_in(part: Expression, operands: list[Expression]) -> Expression:
        if isinstance(part, Name):
            return parts.get(part.id, part)
        if isinstance(part, Call):
            return call(part.op, operands)
        return Choice(part.comparison, operands) if isinstance(part, Choice) else part

    return fold(root, put_in)


# Writing. A piece is a string, or an expression with the lowest precedence that it may have without parentheses.

_NAMES = {number: name for name, number in reversed(CONSTANTS.items())}
_NAMES |= {-number: f"-{name}" for number, name in _NAMES.items()}
_BETWEEN_LETTERS = str.maketrans("", "", "_.,[]{}'^")
Piece = str | tuple[Expression, int]
Style = Callable[[Expression], tuple[int, Iterable[Piece]]]
SUM, PRODUCT, UNARY, POWER, ATOM = 1, 2, 3, 4, 5
_INFIX = {
    "add": (SUM, " + ", SUM, PRODUCT),
    "sub": (SUM, " - ", SUM, PRODUCT),
    "mul": (PRODUCT, " * ", PRODUCT, UNARY),
    "div": (PRODUCT, " / ", PRODUCT, UNARY),
    "mod": (PRODUCT, " % ", PRODUCT, UNARY),
    "pow": (POWER, " ** ", ATOM, UNARY),
}


def render(root: Expression, style: Style, brackets: tuple[str, str] = ("(", ")")) -> str:
    """The text of an expression in a style, with no more parentheses than the meaning needs.

    The style gives, for one expression, its precedence and its pieces.
    """
    written: list[str] = []
    stack: list[Piece] = [(root, 0)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            written.append(item)
            continue
        expression, lowest = item
        precedence, pieces = style(expression)
        if precedence < lowest:
            pieces = [brackets[0], *pieces, brackets[1]]
        stack.extend(reversed(list(pieces)))
    return "".join(written)


def to_text(root: Expression) -> str:
    """The expression as plain text, which `autograd.table.parser` reads back.

    >>> to_text(Call("pow", [Call("sub", [Name("a"), Name("b")]), Number(-2)]))
    '(a - b) ** -2'
    """
    return render(root, text_style)


def text_style(part: Expression) -> tuple[int, Iterable[Piece]]:
    """Plain text: the precedence and the pieces of one expression."""
    match part:  # the most frequent come first
        case Name(id):  # a node may be called "a + b"
            return (ATOM if is_one_word(id) else 0), [id]
        case Call(op, (a, b)) if op in _INFIX:
            precedence, sign, lowest_left, lowest_right = _INFIX[op]
            return precedence, [(a, lowest_left), sign, (b, lowest_right)]
        case Number(value):
            text = _NAMES.get(value) or number_text(value)
            return (UNARY if text[0] == "-" else ATOM), [text]
        case Call("neg", (a,)):
            return UNARY, ["-", (a, UNARY)]
        case Call(op, operands):
            return ATOM, [op, "(", *separated(operands), ")"]
        case Choice(comparison, (left, right, then, otherwise)):
            return 0, [(then, SUM), " if ", (left, SUM), f" {comparison} ", (right, SUM), " else ", (otherwise, 0)]
    raise TypeError(f"{part!r} is not an expression")


def is_one_word(name: str) -> bool:
    """Whether a name cannot be taken for an operation: x1, ŷ, w[1][2,1], but neither -x nor 2."""
    letters = name.translate(_BETWEEN_LETTERS)
    return not name[:1].isdigit() and (letters.isalnum() or not letters)


def separated(operands: Sequence[Expression]) -> list[Piece]:
    """The pieces of operands with commas between them."""
    return [piece for operand in operands for piece in (", ", (operand, 0))][1:]


def number_text(value: float, digits: int | None = None) -> str:
    """A number as a person writes it: 2 and not 2.0; with `digits`, rounded to so many significant ones.

    Rounded, nan is a partial that does not exist, and is not needed.
    """
    if digits is not None and not (isinstance(digits, int) and not isinstance(digits, bool) and 0 < digits < 100):
        raise ValueError(f"digits is how many significant digits to print, 1 or more, not {digits!r}")
    if value != value and digits is not None:
        return UNDEFINED
    text = repr(float(value)) if digits is None else f"{value:.{digits}g}"
    return text[:-2] if text.endswith(".0") else text


def constant(value: float) -> str:
    """The name of a constant of the language, or of minus one; "" of every other number.

    >>> constant(-3.141592653589793), constant(3.14)
    ('-pi', '')
    """
    return _NAMES.get(value, "")


def shortened(text: str, longest: int, mark: str = "…") -> str:
    """The text, its end replaced by the mark where it is too long.

    >>> shortened("exponential", 7), shortened("exponential", 11)
    ('expone…', 'exponential')
    """
    return text if len(text) <= longest else text[: longest - len(mark)] + mark
