r"""Expressions in LaTeX's mathematical notation, for notebooks and slides.

>>> from autograd.parser import parse
>>> print(to_latex(parse("exp(-sin(x**2)) / 2").result))
\frac{e^{-\sin\left({x}^{2}\right)}}{2}
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

from autograd.expression import (
    ATOM,
    POWER,
    PRODUCT,
    Call,
    Choice,
    Expression,
    Name,
    Number,
    Piece,
    number_text,
    render,
    separated,
    text_style,
)

__all__ = ["latex_name", "latex_number", "to_latex"]

_LATEX = {
    "log": r"\ln", "log2": r"\log_{2}", "log10": r"\log_{10}", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan",
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh",
    "asinh": r"\operatorname{arsinh}", "acosh": r"\operatorname{arcosh}", "atanh": r"\operatorname{artanh}",
    "sigmoid": r"\sigma", "maximum": r"\max", "minimum": r"\min", "max": r"\max", "sum": r"\sum",
    "heaviside": r"\mathrm{H}",
}  # fmt: skip
_LATEX_AROUND = {
    "sqrt": (r"\sqrt{", "}"), "cbrt": (r"\sqrt[3]{", "}"), "abs": (r"\left|", r"\right|"), "exp": ("e^{", "}"),
}  # fmt: skip
_GREEK = frozenset((
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
))  # fmt: skip


def to_latex(root: Expression) -> str:
    r"""The expression in LaTeX.

    >>> print(to_latex(Call("mul", [Number(-2), Name("x1")])))
    -2 \, x_{1}
    """
    return render(root, latex_style, (r"\left(", r"\right)"))


def latex_style(part: Expression) -> tuple[int, Iterable[Piece]]:
    """LaTeX: the precedence and the pieces of one expression."""
    if isinstance(part, Number):
        text = latex_number(part.value)
        return (PRODUCT, [text]) if "^" in text else text_style(part)
    if isinstance(part, Name):
        name = latex_name(part.id)
        return (POWER if "^" in name else ATOM), [name]
    if isinstance(part, Choice):
        left, right, then, otherwise = part.operands
        sign = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}.get(part.comparison, part.comparison)
        test: list[Piece] = [(left, 0), f" {sign} ", (right, 0)]
        pieces = [(then, 0), r" & \text{if } ", *test, r" \\ ", (otherwise, 0), r" & \text{otherwise}"]
        return ATOM, [r"\begin{cases} ", *pieces, r" \end{cases}"]
    assert isinstance(part, Call)
    a = part.operands[0]
    if part.op in _LATEX_AROUND:
        before, after = _LATEX_AROUND[part.op]
        return (POWER if part.op == "exp" else ATOM), [before, (a, 0), after]
    if part.op == "div":
        return POWER, [r"\frac{", (a, 0), "}{", (part.operands[1], 0), "}"]
    if part.op == "pow":
        return POWER, ["{", (a, ATOM), "}^{", (part.operands[1], 0), "}"]
    if part.op == "mul":
        right = part.operands[1]
        return PRODUCT, [(a, PRODUCT), r" \cdot " if _begins_with_digit(right) else r" \, ", (right, POWER)]
    if part.op in ("add", "sub", "neg"):
        return text_style(part)
    function = _LATEX.get(part.op) or rf"\operatorname{{{latex_name(part.op, plain=True)}}}"
    return ATOM, [function, r"\left(", *separated(part.operands), r"\right)"]


def latex_number(value: float, digits: int | None = None) -> str:
    r"""A number in LaTeX; with `digits`, rounded to so many significant ones.

    >>> print(latex_number(1.5e-7), latex_number(0.25))
    1.5 \cdot 10^{-7} 0.25
    """
    if not math.isfinite(value):
        return {math.inf: r"\infty", -math.inf: r"-\infty"}.get(value, r"\mathrm{nan}")
    mantissa, _, exponent = number_text(value, digits).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _begins_with_digit(part: Expression) -> bool:
    while isinstance(part, Call) and part.op in ("mul", "pow"):
        part = part.operands[0]
    return isinstance(part, Number)


def latex_name(name: str, *, plain: bool = False) -> str:
    r"""A variable's name in LaTeX: indices become subscripts, Greek names letters, `w[1][2,3]` as on a blackboard.

    >>> print(latex_name("x1"), latex_name("x_i"), latex_name("eta"), latex_name("y_hat"), latex_name("w[1][2,3]"))
    x_{1} x_{i} \eta \hat{y} w_{2,3}^{[1]}
    """
    escaped = "".join(_ESCAPES.get(character, character) for character in name)
    if plain:
        return escaped
    head, bracket, tail = name.partition("[")
    if bracket and tail.endswith("]") and head.isalnum() and tail.replace("][", "").replace(",", "")[:-1].isalnum():
        layer, _, place = tail[:-1].partition("][")
        return latex_name(head) + (f"_{{{place}}}" if place else "") + f"^{{[{layer}]}}"
    if name.endswith("_hat") and name != "_hat":
        return rf"\hat{{{latex_name(name.removesuffix('_hat'))}}}"
    stem, _, index = name.rpartition("_")
    if not stem:
        stem = name.rstrip("0123456789")
        index = name[len(stem) :]
    if stem and index.isalnum():
        return f"{latex_name(stem)}_{{{index}}}"
    if name in _GREEK:
        return f"\\{name}"
    letter, *accent = [*unicodedata.normalize("NFD", name)]
    if len(accent) == 1 and accent[0] in _ACCENTS:
        return rf"\{_ACCENTS[accent[0]]}{{{letter}}}"
    return escaped if len(name) == 1 else rf"\mathit{{{escaped}}}"


_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}


_ESCAPES = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\hat{\ }", "~": r"\sim ", "\n": " ",
}  # fmt: skip
