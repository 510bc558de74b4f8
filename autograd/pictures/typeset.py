"""Names, formulas and numbers in the letters of a picture: real indices, `x²`, `·`, `√`, `−`; fractions on one line.

>>> from autograd.table.parser import parse
>>> spell(formula(parse("-w1 * x**2 / sqrt(2)").result))
'−w₍1₎·x⁽2⁾ / √2'

A text of a picture is a string in which marks raise and lower letters; no name holds such characters, because they
cannot be printed. `width` says how much room it takes at most, `to_svg` writes it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from autograd.reading.markup import LONGEST_NAME, Marks, Symbol, greek, style
from autograd.table.expression import (
    ATOM,
    POWER,
    PRODUCT,
    UNARY,
    Call,
    Expression,
    Name,
    Piece,
    render,
    shortened,
    text_style,
)

RAISED, LOWERED, BACK = "\x01", "\x02", "\x03"
LONGEST_INDEX = 12
INDEX_SIZE = 0.72  # of an index, against what it stands at
_SHIFTS = {RAISED: -0.35, LOWERED: 0.16}
_SIGNS = {
    "-": "−", " - ": " − ", " · ": "·", " ": "·", "<=": " ≤ ", ">=": " ≥ ", "==": " = ", "!=": " ≠ ", "<": " < ",
    ">": " > ",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307"}
_NUMBER = re.compile(r"(?<![\w.])(-?)(?:(\d[\d.]*)(?:e([+-]?\d+))?|(inf)\b)")


def _symbol(found: Symbol) -> str:
    base = greek(found.base)
    text = base if len(base) <= LONGEST_NAME else f"{base[:LONGEST_NAME]}…"
    text = unicodedata.normalize("NFC", text + _ACCENTS.get(found.accent, ""))
    below, above = (shortened(index, LONGEST_INDEX).split(",") for index in (found.below, found.above))
    text += f"{LOWERED}{('' if all(len(index) == 1 for index in below) else ',').join(below)}{BACK}" * bool(found.below)
    return text + f"{RAISED}{','.join(above)}{BACK}" * bool(found.above)


def _number(mantissa: str, exponent: str) -> str:
    text = mantissa.replace("-", "−")
    return f"{text}·10{RAISED}{exponent.replace('-', '−')}{BACK}" if exponent else text


MARKS = Marks(
    symbol=_symbol,
    number=_number,
    sign=lambda sign: _SIGNS.get(sign, sign),
    function=lambda name: name,
    around={"pow": ("", RAISED, BACK), "exp": (f"e{RAISED}", BACK), "abs": ("|", "|")},
    brackets=("(", ")"),
)


def _style(part: Expression) -> tuple[int, Iterable[Piece]]:
    """The style of all mathematics, but on one line: with a slash, and brackets where a fraction's line would do."""
    match part:
        case Call("div", (a, b)):
            return PRODUCT, [(a, PRODUCT), " / ", (b, UNARY)]
        case Call("mul", (Call("div") as a, b)):
            return PRODUCT, ["(", (a, 0), ")", MARKS.sign(" "), (b, POWER)]
        case Call("sqrt", (a,)):
            return POWER, ["√", (a, ATOM)]
        case Call("choice"):
            return text_style(part)
    return style(MARKS, part)


def formula(expression: Expression) -> str:
    """An expression in the letters of a picture."""
    return render(expression, _style)


def factor(expression: Expression) -> str:
    """An expression, in brackets where it is a sum."""
    return f"({formula(expression)})" if text_style(expression)[0] < PRODUCT else formula(expression)


def name(label: str) -> str:
    """A label: `w` with its indices below and its layer above."""
    return formula(Name(label))


def numbers(text: str) -> str:
    """A text with its numbers set as in mathematics.

    >>> spell(numbers("grad -0.5, 1e-12 …"))
    'grad −0.5, 1·10⁽−12⁾ …'
    """

    def typeset(found: re.Match[str]) -> str:
        sign, mantissa, exponent, infinite = found.groups()
        return _number(f"{sign}{'∞' if infinite else mantissa}", str(int(exponent)) if exponent else "")

    return _NUMBER.sub(typeset, text)


def spell(text: str) -> str:
    """The text with brackets in the place of marks, for whoever looks at it in Python."""
    opened: list[str] = []
    written = []
    for letter in text:
        if letter in _SHIFTS:
            opened.append("⁾" if letter == RAISED else "₎")
            written.append("⁽" if letter == RAISED else "₍")
        else:
            written.append(opened.pop() if letter == BACK else letter)
    return "".join(written)


class Run(NamedTuple):
    """Letters of one size, and how far they stand below the line; both in parts of the size of the text."""

    letters: str
    size: float
    below: float


def runs(text: str) -> Iterator[Run]:
    """The runs of a text."""
    stack = [(1.0, 0.0)]
    for part in re.split(f"([{RAISED}{LOWERED}{BACK}])", text):
        size, below = stack[-1]
        if part in _SHIFTS:
            stack.append((size * INDEX_SIZE, below + size * _SHIFTS[part]))
        elif part == BACK:
            stack.pop()
        elif part:
            yield Run(part, size, below)


def to_svg(text: str, size: float) -> str:
    """What stands in a `<text>` of that size. (Firefox knows no baseline-shift: each run is moved from the one before.)

    >>> to_svg(numbers("1e5"), 10)
    '1·10<tspan dy="-3.5" font-size="7.2">5</tspan>'
    """
    written, before = "", 0.0
    for run in runs(text):
        moved = size * (run.below - before)
        look = f' dy="{moved:.4g}"' * bool(moved) + f' font-size="{run.size * size:.4g}"' * (run.size != 1.0)
        letters = escape(run.letters)
        written += f"<tspan{look}>{letters}</tspan>" if look else letters
        before = run.below
    return written


# The widths of letters in the widest of the fonts that pictures are shown in, in parts of their size.
_WIDTHS = {
    letter: width
    for letters, width in (
        (" ijl',.`!·", 0.40), ("()[]/\\:;|fIt-", 0.46), ("rszvJ", 0.60), ("ABCKRSVXZ", 0.70), ("DGHNOQU", 0.79),
        ("w+<=>~^#M&−×≤≥←ω", 0.87), ("mW", 1.0), ("%@", 1.08), ("∂√", 0.64), ("∞", 0.87), ("…", 1.0),
    )
    for letter in letters
}  # fmt: skip
_OTHER = {"Lu": 1.1, "So": 1.3, "Lo": 1.1, "Mn": 0.0, "Me": 0.0}


def _letter_width(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if letter.isascii():
        return 0.64
    if "\u03b1" <= letter <= "\u03c9":
        return 0.70
    return _OTHER.get(unicodedata.category(letter), 0.9)


def width(text: str) -> float:
    """How wide a text is at most, in parts of its size."""
    return sum(
        run.size * math.fsum(map(_letter_width, unicodedata.normalize("NFD", run.letters))) for run in runs(text)
    )


_BREAK = re.compile(rf" (?=[=+−/·] )|(?<=:) |(?<=,) (?![^{RAISED}{LOWERED}]*{BACK})")


def lines(text: str, widest: float, most: int = 6) -> list[str]:
    """The text in lines that begin with an operator, not wider than `widest` if it can be broken, no more than `most`.

    >>> [spell(line) for line in lines("z = w·x + v·y + b", 6.0)]
    ['z = w·x', '+ v·y + b']
    """
    found: list[str] = []
    for part in _BREAK.split(text):
        if found and width(f"{found[-1]} {part}") <= widest:
            found[-1] += f" {part}"
        else:
            found.append(part)
    return found if len(found) <= most else [*found[: most - 1], f"{found[most - 1]} …"]
