"""The expression language: what it reads, what it prints, what it refuses."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.errors import ExpressionError
from autograd.reading.markup import to_latex
from autograd.table.expression import CONSTANTS, Call, Expression, Name, Number, constant, to_text
from autograd.table.parser import parse

NAMES = st.sampled_from(["x", "y", "a1", "theta"]).map(Name)
NUMBERS = st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False)).map(Number)


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    infix = st.builds(
        lambda op, a, b: Call(op, [a, b]), st.sampled_from(["add", "sub", "mul", "div", "pow", "hypot"]), inner, inner
    )
    # A negative number is written, and read, as one number.
    sign = inner.filter(lambda part: not isinstance(part, Number)).map(lambda part: Call("neg", [part]))
    return st.one_of(infix, sign, inner.map(lambda part: Call("sin", [part])))


EXPRESSIONS = st.recursive(st.one_of(NAMES, NUMBERS), calls, max_leaves=30)


def alike(one: Expression, other: Expression) -> bool:
    if isinstance(other, Number) and constant(other.value):  # read back, pi and e are names, which have that number
        return to_text(one) == constant(other.value)
    if type(one) is not type(other) or getattr(one, "op", 0) != getattr(other, "op", 0):
        return False
    if isinstance(one, Number):
        return repr(one.value) == repr(other.value)  # type: ignore[attr-defined]
    if isinstance(one, Name):
        return one.id == other.id  # type: ignore[attr-defined]
    return all(alike(a, b) for a, b in zip(one.operands, other.operands, strict=True))


@given(EXPRESSIONS)
@settings(max_examples=500, deadline=None)
def test_what_is_printed_is_read_back_as_the_same_expression(expression: Expression) -> None:
    text = to_text(expression)
    assert alike(parse(text).result, expression), text


def test_constants_are_written_by_name_with_their_sign() -> None:
    for name in ("pi", "e"):
        number = CONSTANTS[name]
        for expression, text in [
            (Number(number), name),
            (Number(-number), f"-{name}"),
            (Call("pow", [Number(-number), Number(2)]), f"(-{name}) ** 2"),
            (Call("sub", [Name("x"), Number(-number)]), f"x - -{name}"),
            (Call("mul", [Number(2), Number(number)]), f"2 * {name}"),
            (Number(number + 4e-16), repr(number + 4e-16)),  # the next float is another number
        ]:
            assert to_text(expression) == text
            assert alike(parse(text).result, expression)


@pytest.mark.parametrize(
    "text",
    [
        "a + b + c", "a - (b - c)", "a * b / c", "a / (b * c)", "-x ** 2", "(-x) ** 2", "2 ** -x ** 2", "(a ** b) ** c",
        "-(a * b)", "a * -b", "a - -2", "exp(-sin(x ** 2))", "1 / (1 + exp(-(a1 * x1 + a2 * x2)))",
        "maximum(x, -y) + 1", "0.1 * x", "1e+22 * x", "θ ** 2",
    ],
)  # fmt: skip
def test_parentheses_are_minimal(text: str) -> None:
    assert to_text(parse(text).result) == text


def test_a_long_sum_is_not_deep() -> None:
    text = " + ".join(["x"] * 1000)
    assert to_text(parse(text).result) == text


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("exp(-sin(x**2))", r"e^{-\sin\left({x}^{2}\right)}"),
        ("1/(1+exp(-(a1*x1+a2*x2)))", r"\frac{1}{1 + e^{-\left(a_{1} \, x_{1} + a_{2} \, x_{2}\right)}}"),
        ("(x / y) ** 2", r"{\left(\frac{x}{y}\right)}^{2}"),
        ("2 * 3 ** n", r"2 \cdot {3}^{n}"),
        ("Theta * y_hat * x_i", r"\Theta \, \hat{y} \, x_{i}"),
        ("sqrt(x) * 2", r"\sqrt{x} \cdot 2"),
        ("(x + 1) * y", r"\left(x + 1\right) \, y"),
        ("log(alpha)", r"\ln\left(\alpha\right)"),
        ("exp(x) ** 2", r"{\left(e^{x}\right)}^{2}"),
        ("1e30 * x", r"1 \cdot 10^{30} \, x"),
        ("sigmoid(z)", r"\sigma\left(z\right)"),
        ("hypot(x, y)", r"\operatorname{hypot}\left(x, y\right)"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert to_latex(parse(text).result) == latex


def test_latex_names_escape_what_users_write() -> None:
    assert to_latex(Name("loss%")) == r"\mathit{loss\%}"
    assert "$" not in to_latex(Name("a$b")).replace(r"\$", "")
    assert to_latex(Name("w[2][1,3]")) == "w_{1,3}^{[2]}"
    assert to_latex(Name("x_1_2")) == "x_{1,2}"  # two subscripts in a row are an error in LaTeX
    assert to_latex(Name("w[2][1,3]_4")) == "w_{1,3,4}^{[2]}"
    assert to_latex(Name("ŷ1")) == to_latex(Name("y_hat_1")) == r"\hat{y}_{1}"


REFUSED = [
    ("", "empty"),
    ("x.__class__", "not part of the language"),
    ("().__class__.__bases__", "not part of the language"),
    ("__import__(x)", "'__import__' is not an operation"),
    ("open(x)", "'open' is not an operation"),
    ("ln(x)", "write log"),
    ("sinn(x)", "did you mean sin?"),
    ("max(x, y)", "write maximum"),
    ("[x for x in y]", "not part of the language"),
    ("{x: y}", "not part of the language"),
    ("lambda: x", "not part of the language"),
    ("x if y else z", "not part of the language"),
    ("x < y", "not part of the language"),
    ("x and y", "not part of the language"),
    ("not x", "not part of the language"),
    ("~x", "not part of the language"),
    ("x // 2", "use + - * / % **"),
    ("x @ y", "use + - * / % **"),
    ("x ^ 2", "use + - * / % **"),
    ("x[0]", "not part of the language"),
    ("x, y", "not part of the language"),
    ("f'{x}'", "no strings"),
    ("'a' * 9", "no strings"),
    ("True", "not part of the language"),
    ("None", "not part of the language"),
    ("...", "not part of the language"),
    ("1j", "not part of the language"),
    ("1e999", "larger than the largest float"),
    ("9" * 400, "larger than the largest float"),
    ("sin", "'sin' is an operation: write sin(...)"),
    ("sin()", "takes 1 operand, not 0"),
    ("sin(x, y)", "takes 1 operand, not 2"),
    ("hypot(x)", "takes 2 operands, not 1"),
    ("sin(a=x)", "given by position"),
    ("sin(*x)", "given by position"),
    ("dot(x, y)", "write the sum out"),
    ("add(x, y)", "'add' is not an operation"),
    ("sin(x)(y)", "plain name"),
    ("x.sin()", "plain name"),
    ("x = 1; x = 2; x", "assigned twice"),
    ("x; y", "is not used"),
    ("import os", "is a statement"),
    ("def f(): pass", "is a statement"),
    ("while x: y", "is a statement"),
    ("del x", "is a statement"),
    ("x = y = 2", "one name at a time"),
    ("x, y = 2", "one name at a time"),
    ("x.y = 2", "one name at a time"),
    ("x += 2", "is a statement"),
    ("sin = 2; sin", "name of an operation"),
    ("(x := 2)", "not part of the language"),
    ("await x", "not part of the language"),
    ("yield", "not part of the language"),
    ("x +", "cannot read"),
    ("2x", "cannot read"),
    ("(x", "cannot read"),
    ("x)", "cannot read"),
    ("x\0", "cannot read"),
    ("\ud800", "not valid Unicode"),
    ("\uff58 + 1", "looks like 'x'"),
    ("x²", "looks like '2'"),
    ("x \u2212 1", "cannot read"),
    ("-" * 4000 + "x", "nested too deeply"),
    ("(" * 150 + "x" + ")" * 150, None),
    ("(" * 2000 + "x" + ")" * 2000, "cannot read"),
    ("(" * 2000 + "x" + ")" * 2000, "nested too deeply"),
    ("sin(" * 150 + "x" + ")" * 150, "nested too deeply"),
    ("x" * 5000, "5000 characters; the limit is 4096"),
    ("2**" * 200 + "2", "nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[repr(text[:24]) for text, _ in REFUSED])
def test_anything_else_is_one_clear_line_at_once(text: str, message: str | None) -> None:
    start = time.process_time()
    if message is None:
        parse(text)
        return
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert time.process_time() - start < 1


def test_random_garbage_is_never_another_error() -> None:
    rng = random.Random(0)
    alphabet = "xyab01289.+-*/()=;, \t\n[]{}<>!@#%^&|~:?\\'\"$`_é²∑\x00\x7f\ud800" + "sinexplog"
    for _ in range(3000):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 30)))
        try:
            parse(text)
        except ExpressionError as error:
            assert "\n" not in str(error)  # noqa: PT017
