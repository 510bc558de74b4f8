r"""Expressions as mathematics: in LaTeX for notebooks and slides, in MathML for web pages.

>>> from autograd.table.parser import parse
>>> expression = parse("exp(-sin(x**2)) / 2").result
>>> print(to_latex(expression))
\frac{e^{-\sin\left({x}^{2}\right)}}{2}

Both are one style (what becomes a fraction, a power, a root) with two sets of marks.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import NamedTuple

from autograd.table.expression import (
    ATOM,
    POWER,
    PRODUCT,
    UNDEFINED,
    Call,
    Choice,
    Expression,
    Name,
    Number,
    Piece,
    constant,
    is_one_word,
    number_text,
    render,
    separated,
    text_style,
)

LONGEST_INDEX = 3
LONGEST_NAME = 40  # a page cannot break a longer one into lines

_FUNCTIONS = {
    "log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arsinh", "acosh": "arcosh",
    "atanh": "artanh", "sigmoid": "σ", "maximum": "max", "minimum": "min", "sum": "∑", "heaviside": "H",
}  # fmt: skip
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}
_GREEK = frozenset((
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
))  # fmt: skip


class Symbol(NamedTuple):
    """A name as it is written on a blackboard: a letter or word, an accent (hat, bar ...), indices below and above."""

    base: str
    accent: str = ""
    below: str = ""
    above: str = ""


def symbol(name: str) -> Symbol:
    """The name taken apart, indices separated by commas; `[1]` is a layer, which stands above.

    >>> symbol("x1"), symbol("y_hat_i")
    (Symbol(base='x', accent='', below='1', above=''), Symbol(base='y', accent='hat', below='i', above=''))
    >>> symbol("w[1][2,3]")
    Symbol(base='w', accent='', below='2,3', above='[1]')
    """
    rest, accent, above = name, "", ""
    below: list[str] = []
    while True:
        head, _, index = rest.rpartition("_")
        is_word = len(index) > LONGEST_INDEX and not index.isdigit()  # learning_rate is one word
        if not head or not index.isalnum() or is_word:
            break
        rest = head
        if index in _ACCENTS.values() and not accent:
            accent = index
        else:
            below.insert(0, index)
    head, bracket, tail = rest.partition("[")
    layer, _, indices = tail.removesuffix("]").partition("][")
    if bracket and tail.endswith("]") and head.isalnum() and (layer + indices.replace(",", "")).isalnum():
        rest, above = head, f"[{layer}]"
        below[:0] = [indices] if indices else []
    stem = rest.rstrip("0123456789")
    if stem and stem != rest:
        below.insert(0, rest[len(stem) :])
        rest = stem
    letter, *marks = [*unicodedata.normalize("NFD", rest)]
    if len(marks) == 1 and marks[0] in _ACCENTS and not accent:
        rest, accent = letter, _ACCENTS[marks[0]]
    return Symbol(rest, accent, ",".join(below), above)


def greek(base: str) -> str:
    """The letter that a word names: θ for theta; any other word as it is."""
    word = base.replace("lambda", "lamda").replace("Lambda", "Lamda")
    case = "SMALL" if word.islower() else "CAPITAL"
    return unicodedata.lookup(f"GREEK {case} LETTER {word}") if base in _GREEK else base


class Marks(NamedTuple):
    """What a markup language puts around and between the parts of an expression."""

    symbol: Callable[[Symbol], str]
    number: Callable[[str, str], str]  # of a mantissa and an exponent of ten, which may be empty
    sign: Callable[[str], str]  # of an operator or a punctuation mark
    function: Callable[[str], str]  # of the name of a function
    around: Mapping[str, tuple[str, ...]]  # by operation, the marks before, between and after its operands
    brackets: tuple[str, str]  # around an operand that needs parentheses

    def write(self, root: Expression) -> str:
        """The expression in this markup; MathML is to be put into a `<math>` element.

        >>> MATHML_MARKS.write(Call("neg", [Name("x1")]))
        '<mo form="prefix">−</mo><msub><mi>x</mi><mn>1</mn></msub>'
        """
        return render(root, functools.partial(style, self), self.brackets)

    def write_number(self, value: float, digits: int | None = None) -> str:
        """A number; with `digits`, rounded to so many significant ones."""
        if not math.isfinite(value):
            return ("" if value != -math.inf else self.sign("-")) + self.sign(UNDEFINED if math.isnan(value) else "∞")
        mantissa, _, exponent = number_text(value, digits).partition("e")
        return self.number(mantissa, str(int(exponent)) if exponent else "")


def to_latex(root: Expression) -> str:
    r"""The expression in LaTeX.

    >>> print(to_latex(Call("mul", [Number(-2), Name("x1")])))
    -2 \, x_{1}
    """
    return LATEX_MARKS.write(root)


def style(marks: Marks, part: Expression) -> tuple[int, Iterable[Piece]]:
    """The precedence and the pieces of one expression."""
    match part:
        case Number(value):
            if name := constant(value):
                return text_style(part)[0], [
                    *([marks.sign("-")] * (name[0] == "-")),
                    marks.symbol(Symbol(name.strip("-"))),
                ]
            lowest = PRODUCT if "e" in number_text(value) else text_style(part)[0]
            return lowest, [marks.write_number(value)]
        case Name(id):
            found = symbol(id)
            lowest = (POWER if found.above else ATOM) if is_one_word(id) else 0  # a node may be called "a + b"
            return lowest, [marks.symbol(found)]
        case Choice(comparison, (left, right, then, otherwise)):
            begin, condition, line, other, end = marks.around["choice"]
            test: list[Piece] = [(left, 0), marks.sign(comparison), (right, 0)]
            return ATOM, [begin, (then, 0), condition, *test, line, (otherwise, 0), other, end]
        case Call("add" | "sub" | "mod" | "neg"):
            precedence, pieces = text_style(part)
            return precedence, _signed(marks, pieces)
        case Call("mul", (a, b)):
            return PRODUCT, [(a, PRODUCT), marks.sign(" · " if _begins_with_digit(b) else " "), (b, POWER)]
        case Call(op, operands) if len(marks.around.get(op, ())) == len(operands) + 1:
            first, *between = marks.around[op]
            written: list[Piece] = [first]
            for operand, mark in zip(operands, between, strict=True):
                base = op == "pow" and len(written) == 1
                written += [(operand, ATOM if base else 0), mark]
            return (ATOM if op in ("sqrt", "cbrt", "abs") else POWER), written
        case Call(op, operands):
            begin, end = marks.brackets
            return ATOM, [marks.function(_FUNCTIONS.get(op, op)), begin, *_signed(marks, separated(operands)), end]
    raise TypeError(f"{part!r} is not an expression")


def _signed(marks: Marks, pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces, their operators and commas in the markup."""
    return [marks.sign(piece) if isinstance(piece, str) else piece for piece in pieces]


def _begins_with_digit(part: Expression) -> bool:
    while isinstance(part, Call) and part.op in ("mul", "pow"):
        part = part.operands[0]
    return isinstance(part, Number)


# LaTeX.

_ESCAPES = str.maketrans({
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\hat{\ }", "~": r"\sim ", "∂": r"\partial ", "<": r"\lt ", ">": r"\gt ",
})  # fmt: skip
_LATEX_FUNCTIONS = {
    "ln": r"\ln", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "arcsin": r"\arcsin", "arccos": r"\arccos",
    "arctan": r"\arctan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "log2": r"\log_{2}",
    "log10": r"\log_{10}", "σ": r"\sigma", "max": r"\max", "min": r"\min", "∑": r"\sum", "H": r"\mathrm{H}",
}  # fmt: skip
_LATEX_SIGNS = {
    " · ": r" \cdot ", " ": r" \, ", " % ": r" \bmod ", "<=": r" \le ", ">=": r" \ge ", "==": " = ",
    "!=": r" \ne ", "∞": r"\infty", UNDEFINED: r"\text{undefined}",
}  # fmt: skip


def _latex_symbol(found: Symbol) -> str:
    escaped = found.base.translate(_ESCAPES)
    text = escaped if len(found.base) == 1 else rf"\mathit{{{escaped}}}"
    text = f"\\{found.base}" if found.base in _GREEK else text
    text = rf"\{found.accent}{{{text}}}" if found.accent else text
    text += f"_{{{found.below}}}" if found.below else ""
    return text + (f"^{{{found.above}}}" if found.above else "")


LATEX_MARKS = Marks(
    symbol=_latex_symbol,
    number=lambda mantissa, exponent: rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa,
    sign=lambda sign: _LATEX_SIGNS.get(sign, sign),
    function=lambda name: _LATEX_FUNCTIONS.get(name) or rf"\operatorname{{{name.translate(_ESCAPES)}}}",
    around={
        "div": (r"\frac{", "}{", "}"),
        "pow": ("{", "}^{", "}"),
        "exp": ("e^{", "}"),
        "exp2": ("2^{", "}"),
        "sqrt": (r"\sqrt{", "}"),
        "cbrt": (r"\sqrt[3]{", "}"),
        "abs": (r"\left|", r"\right|"),
        "choice": (r"\begin{cases} ", r" & \text{if } ", r" \\ ", r" & \text{otherwise}", r" \end{cases}"),
    },
    brackets=(r"\left(", r"\right)"),
)

# MathML.

_MATHML_SIGNS = {
    " - ": "−", " · ": "·", " ": "\N{INVISIBLE TIMES}", " % ": "mod", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠",
}  # fmt: skip


def _mathml_sign(sign: str) -> str:
    if sign == "-":
        return '<mo form="prefix">−</mo>'
    return f"<mo>{escape(_MATHML_SIGNS.get(sign, sign.strip()))}</mo>"


def _mathml_index(text: str) -> str:
    return f"<mn>{text}</mn>" if text.isdigit() else f"<mtext>{escape(text)}</mtext>"


def _mathml_symbol(found: Symbol) -> str:
    base = greek(found.base)
    text = f"<mi>{escape(base if len(base) <= LONGEST_NAME else f'{base[:LONGEST_NAME]}…')}</mi>"
    if found.accent:
        sign = {"hat": "^", "tilde": "~", "bar": "¯", "dot": "˙"}[found.accent]
        text = f'<mover accent="true">{text}<mo stretchy="false">{sign}</mo></mover>'
    tag = "m" + ("sub" if found.below else "") + ("sup" if found.above else "")
    indices = "".join(map(_mathml_index, filter(None, (found.below, found.above))))
    return f"<{tag}>{text}{indices}</{tag}>" if indices else text


def _mathml_number(mantissa: str, exponent: str) -> str:
    sign, digits = (_mathml_sign("-"), mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    text = f"{sign}<mn>{digits}</mn>"
    if not exponent:
        return text
    return f"{text}<mo>·</mo><msup><mn>10</mn><mrow>{_mathml_number(exponent, '')}</mrow></msup>"


MATHML_MARKS = Marks(
    symbol=_mathml_symbol,
    number=_mathml_number,
    sign=_mathml_sign,
    function=lambda name: f"<mi>{escape(name)}</mi><mo>\N{FUNCTION APPLICATION}</mo>",
    around={
        "div": ("<mfrac><mrow>", "</mrow><mrow>", "</mrow></mfrac>"),
        "pow": ("<msup><mrow>", "</mrow><mrow>", "</mrow></msup>"),
        "exp": ("<msup><mi>e</mi><mrow>", "</mrow></msup>"),
        "exp2": ("<msup><mn>2</mn><mrow>", "</mrow></msup>"),
        "sqrt": ("<msqrt>", "</msqrt>"),
        "cbrt": ("<mroot><mrow>", "</mrow><mn>3</mn></mroot>"),
        "abs": ("<mrow><mo>|</mo>", "<mo>|</mo></mrow>"),
        "choice": (
            "<mrow><mo>{</mo><mtable><mtr><mtd>",
            "</mtd><mtd><mtext>if </mtext>",
            "</mtd></mtr><mtr><mtd>",
            "</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable>",
            "</mrow>",
        ),
    },
    brackets=("<mrow><mo>(</mo>", "<mo>)</mo></mrow>"),
)
