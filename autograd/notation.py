r"""How the chain rule is written: as plain text for a terminal, or in LaTeX for notebooks and slides.

>>> from autograd.expression import Call, Name
>>> for notation in (TEXT, LATEX):
...     print(notation.derivative("J", "y1"), notation.factor(Call("add", [Name("a"), Name("b")])))
dJ/dy1 (a + b)
\frac{dJ}{dy_{1}} \left(a + b\right)

`autograd.steps` and `autograd.paths` say what is written; they know neither form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from autograd.expression import PRODUCT, Expression, number_text, text_style, to_text
from autograd.latex import latex_name, latex_number, to_latex

__all__ = ["LATEX", "TEXT", "Explanation", "Notation"]

MOST_LINES = 200  # a browser typesets a longer text too slowly


class Notation(NamedTuple):
    """The ways to write what a line of the chain rule is made of.

    name        a label
    expression  an expression
    factor      an expression, in parentheses where it is a sum
    number      a number, rounded to so many significant digits
    derivative  dJ/dx, given both labels
    product     factors, already written
    words       plain words between formulas
    align       the mark before the sign at which lines are put below each other
    document    lines under titles
    """

    name: Callable[[str], str]
    expression: Callable[[Expression], str]
    factor: Callable[[Expression], str]
    number: Callable[[float, int | None], str]
    derivative: Callable[[str, str], str]
    product: Callable[[Sequence[str]], str]
    words: Callable[[str], str]
    align: str
    document: Callable[[Mapping[str, Sequence[str]]], str]

    def line(self, left: str, terms: Sequence[str], relation: str = "=", width: int = 0) -> str:
        """`left = term = term`, the left side as wide as that of the line above."""
        return f"{left:{width}} {self.align}{relation} {' = '.join(terms)}"


def _is_sum(expression: Expression) -> bool:
    return text_style(expression)[0] < PRODUCT


def _latex_product(factors: Sequence[str]) -> str:
    first, *rest = factors
    return r" \cdot ".join([first, *(rf"\left({factor}\right)" if factor[0] == "-" else factor for factor in rest)])


def _latex_document(sections: Mapping[str, Sequence[str]]) -> str:
    blocks = [[rf"&\textbf{{{title}}}", *lines] if title else lines for title, lines in sections.items()]
    return (
        "$$\\begin{aligned}\n" + " \\\\[1ex]\n".join(" \\\\\n".join(lines) for lines in blocks) + "\n\\end{aligned}$$"
    )


TEXT = Notation(
    name=lambda label: label,
    expression=to_text,
    factor=lambda expression: f"({to_text(expression)})" if _is_sum(expression) else to_text(expression),
    number=number_text,
    derivative=lambda root, label: f"d{root}/d{label}",
    product=" · ".join,
    words=lambda words: words,
    align="",
    document=lambda sections: "\n\n".join(
        "\n  ".join([title, *lines]) if title else "\n".join(lines) for title, lines in sections.items()
    ),
)

LATEX = Notation(
    name=latex_name,
    expression=to_latex,
    factor=lambda expression: rf"\left({to_latex(expression)}\right)" if _is_sum(expression) else to_latex(expression),
    number=latex_number,
    derivative=lambda root, label: rf"\frac{{d{latex_name(root)}}}{{d{latex_name(label)}}}",
    product=_latex_product,
    words=lambda words: rf"\text{{{words}}}",
    align="&",
    document=_latex_document,
)


class Explanation(str):
    """A text that a notebook shows as mathematics, and a REPL as it is printed.

    latex   the same in LaTeX; empty where it has more than 200 lines
    """

    latex: str

    def __new__(cls, write: Callable[[Notation], str]) -> Explanation:
        """What `write` gives in both notations."""
        self = super().__new__(cls, write(TEXT))
        self.latex = write(LATEX) if self.count("\n") < MOST_LINES else ""
        return self

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": str(self)} | ({"text/latex": self.latex} if self.latex else {})
