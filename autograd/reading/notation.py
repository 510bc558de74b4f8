r"""How the chain rule is written: as plain text for a terminal, in LaTeX for notebooks, in MathML for web pages.

>>> from autograd.table.expression import Call, Name
>>> for notation in (TEXT, LATEX):
...     print(notation.derivative("J", "y1", "∂"), notation.factor(Call("add", [Name("a"), Name("b")])))
∂J/∂y1 (a + b)
\frac{\partial J}{\partial y_{1}} \left(a + b\right)

`autograd.reading.steps` and `autograd.reading.paths` say what is written; they know none of the forms.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple, Self

from autograd.reading.markup import LATEX_MARKS, MATHML_MARKS, Marks, symbol
from autograd.table.expression import PRODUCT, Expression, number_text, text_style, to_text
from autograd.table.output import Legible

MOST_LINES, MOST_LETTERS = 200, 50_000


class Notation(NamedTuple):
    """The ways to write what a line of the chain rule is made of."""

    name: Callable[[str], str]  # of a label
    expression: Callable[[Expression], str]
    brackets: tuple[str, str]
    number: Callable[[float, int | None], str]  # rounded to so many significant digits
    exact: Callable[[float], str]  # a number to the last digit
    derivative: Callable[[str, str, str], str]  # dJ/dx, given both labels, and the d, which may be ∂
    product: Callable[[Sequence[str]], str]  # of factors, already written
    total: Callable[[Sequence[str]], str]  # of numbers, already written
    words: Callable[[str], str]  # between formulas
    sign: Callable[[str, bool], str]  # an equals sign or another one; True marks where lines are put below each other
    document: Callable[[Mapping[str, Sequence[str]]], str]  # lines under titles

    def factor(self, expression: Expression) -> str:
        """An expression, in parentheses where it is a sum."""
        written = self.expression(expression)
        return written.join(self.brackets) if text_style(expression)[0] < PRODUCT else written

    def line(self, left: str, terms: Sequence[str], relation: str = "=", width: int = 0) -> str:
        """`left = term = term`, the left side as wide as that of the line above."""
        equals = f" {self.sign('=', False)} "
        return f"{left:{width}} {self.sign(relation, True)} {equals.join(terms)}"


def _text_document(sections: Mapping[str, Sequence[str]]) -> str:
    return "\n\n".join("\n  ".join([title, *lines]) if title else "\n".join(lines) for title, lines in sections.items())


TEXT = Notation(
    name=lambda label: label,
    expression=to_text,
    brackets=("(", ")"),
    number=number_text,
    exact=repr,
    derivative=lambda root, label, d: f"{d}{root}/{d}{label}",
    product=" · ".join,
    total=lambda numbers: " + ".join([numbers[0], *(f"({n})" if n[0] == "-" else n for n in numbers[1:])]),
    words=lambda words: words,
    sign=lambda sign, _: sign,
    document=_text_document,
)


def _typeset(
    marks: Marks,
    words: Callable[[str], str],
    sign: Callable[[str, bool], str],
    document: Callable[[Mapping[str, Sequence[str]]], str],
) -> Notation:
    """The notation in a markup: derivatives are fractions, a factor that begins with a minus stands in parentheses."""

    def name(label: str) -> str:
        return marks.symbol(symbol(label))

    def derivative(root: str, label: str, d: str) -> str:
        first, between, last = marks.around["div"]
        return f"{first}{name(d)}{name(root)}{between}{name(d)}{name(label)}{last}"

    def joined(by: str, parts: Sequence[str]) -> str:
        minus = marks.sign("-")
        rest = [part.join(marks.brackets) if part.startswith(minus) else part for part in parts[1:]]
        return marks.sign(by).join([parts[0], *rest])

    product, total = functools.partial(joined, " · "), functools.partial(joined, " + ")
    number, brackets = marks.write_number, marks.brackets
    return Notation(name, marks.write, brackets, number, number, derivative, product, total, words, sign, document)


def _latex_document(sections: Mapping[str, Sequence[str]]) -> str:
    blocks = [[rf"&\textbf{{{title}}}", *lines] if title else lines for title, lines in sections.items()]
    body = " \\\\[1ex]\n".join(" \\\\\n".join(lines) for lines in blocks)
    return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"


def _mathml_document(sections: Mapping[str, Sequence[str]]) -> str:
    written: list[str] = []
    for title, lines in sections.items():
        written += [f"<h3>{escape(title)}</h3>", *(f'<p><math display="block">{line}</math></p>' for line in lines)]
    return "\n".join(written)


LATEX = _typeset(
    LATEX_MARKS,
    words=lambda words: rf"\text{{{words}}}",
    sign=lambda sign, align: f"&{sign}" if align else sign,
    document=_latex_document,
)
MATHML = _typeset(
    MATHML_MARKS,
    words=lambda words: f"<mtext>{escape(words)}</mtext>".replace(" ", "\N{NO-BREAK SPACE}"),
    sign=lambda sign, _: f"<mo>{escape(sign)}</mo>",
    document=_mathml_document,
)


class Typeset(Legible):
    """A text that a notebook shows as mathematics; copied or pickled, it is the text alone."""

    _write: Callable[[Notation], str]

    def __new__(cls, write: Callable[[Notation], str]) -> Self:
        """What `write` gives as text, and once somebody asks for it in LaTeX."""
        self = super().__new__(cls, write(TEXT))
        self._write = write
        return self

    @functools.cached_property
    def latex(self) -> str:
        """The same in LaTeX; empty from 200 lines or 50,000 letters on, which a browser would typeset too slowly."""
        return self._write(LATEX) if self.count("\n") < MOST_LINES and len(self) < MOST_LETTERS else ""

    def _repr_latex_(self) -> str | None:
        return self.latex or None

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (self[:],)


class Explanation(Typeset):
    """A text of several lines, which a REPL shows as it is printed."""

    def __repr__(self) -> str:
        return str(self)
