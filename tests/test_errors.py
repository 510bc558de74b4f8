"""Domain errors and kinks: what is said, and what holds exactly."""

from __future__ import annotations

import math
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import autograd
from autograd import Value, dot, exp, hypot, log, logsumexp, maximum, minimum, relu, sqrt
from autograd.errors import AutogradError, DivisionByZeroError, DomainError, GradientError, RangeError, RowError
from autograd.table.rules import ROWS

OUTSIDE = [
    ("log", -1.0, "log(x): x = -1.0 is outside the domain (x > 0)"),
    ("log", 0.0, "log(x): x = 0.0 is outside the domain (x > 0)"),
    ("log2", -1.0, "log2(x): x = -1.0 is outside the domain (x > 0)"),
    ("log10", 0.0, "log10(x): x = 0.0 is outside the domain (x > 0)"),
    ("log1p", -1.0, "log1p(x): x = -1.0 is outside the domain (x > -1)"),
    ("sqrt", -4.0, "sqrt(x): x = -4.0 is outside the domain (x >= 0)"),
    ("asin", 1.5, "asin(x): x = 1.5 is outside the domain (-1 <= x <= 1)"),
    ("acos", -2.0, "acos(x): x = -2.0 is outside the domain (-1 <= x <= 1)"),
    ("acosh", 0.5, "acosh(x): x = 0.5 is outside the domain (x >= 1)"),
    ("atanh", 1.0, "atanh(x): x = 1.0 is outside the domain (-1 < x < 1)"),
]


@pytest.mark.parametrize(("name", "number", "message"), OUTSIDE)
def test_outside_the_domain(name: str, number: float, message: str) -> None:
    with pytest.raises(DomainError) as caught:
        getattr(autograd, name)(Value(number, "x"))
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)
    with pytest.raises(DomainError) as caught:
        getattr(autograd, name)(number)
    assert f"a = {number!r} is outside the domain" in str(caught.value)


def test_every_row_with_a_domain_is_listed() -> None:
    listed = {name for name, _, _ in OUTSIDE} | {"div", "mod", "fmod", "pow", "logsumexp"}
    assert {row.name for row in ROWS.values() if row.domain} == listed


def test_division_by_zero_names_the_denominator() -> None:
    x, z = Value(1.0, "x"), Value(0.0, "z")
    for build, message in [
        (lambda: x / z, "x / z: z = 0.0 is outside the domain (z != 0)"),
        (lambda: 1 / z, "1 / z: z = 0.0 is outside the domain (z != 0)"),
        (lambda: x / 0, "x / 0: b = 0.0 is outside the domain (b != 0)"),
        (lambda: x % z, "x % z: x = 1.0, z = 0.0 is outside the domain (z != 0, finite x)"),
    ]:
        with pytest.raises(ZeroDivisionError) as caught:
            build()
        assert str(caught.value) == message
    with pytest.raises(DivisionByZeroError) as caught:
        Value(0.0, "b") ** -1
    assert str(caught.value).startswith(
        "b ** -1: b = 0.0, u = -1.0 is outside the domain (b > 0, or integer u; u >= 0 "
    )
    with pytest.raises(DomainError, match="b > 0, or integer a; a >= 0 where b = 0"):
        Value(-8.0, "b") ** Value(0.5, "a")


def test_logsumexp_of_nothing_and_of_infinities() -> None:
    with pytest.raises(DomainError, match="at least one operand"):
        logsumexp([])
    assert logsumexp([math.inf, 1.0]) == math.inf
    assert logsumexp([-math.inf, -math.inf]) == -math.inf


def test_a_root_of_a_negative_number_mentions_cbrt_and_is_never_complex() -> None:
    with pytest.raises(DomainError, match="cbrt") as caught:
        Value(-8.0, "x") ** (1 / 3)
    assert "x = -8.0" in str(caught.value)
    with pytest.raises(DomainError, match="cbrt"):
        (-8.0) ** Value(1 / 3)
    assert autograd.cbrt(Value(-8.0)).data == -2.0


@pytest.mark.parametrize(
    ("build", "start"),
    [
        (lambda x: exp(x), "exp(x): x = 1000.0"),
        (lambda x: x**200, "x ** 200: x = 1000.0"),
        (lambda x: x * 1e306, "x * 1e+306: x = 1000.0"),
        (lambda x: 1e308 * 1.7 + x * 1e305, "1.7e+308 + b: a = 1.7e+308, b = 1"),
        (lambda x: autograd.sinh(x), "sinh(x): x = 1000.0"),
        (lambda x: hypot(x * 1.5e305, 1.5e308), "hypot(a, 1.5e+308): a = 1.4"),
        (lambda x: autograd.dot([x], [1e307]), "dot(...)"),
    ],
)
def test_overflow_is_an_error_at_the_operation(build, start) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OverflowError) as caught:
        build(Value(1000.0, "x"))
    assert isinstance(caught.value, RangeError)
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith("the result is larger than the largest float, about 1.797e+308")


def test_infinite_leaves_may_flow_and_underflow_is_no_error() -> None:
    x = Value(math.inf)
    assert (x + 1.0).data == math.inf
    assert math.isnan((x - x).data)
    assert (1 / x).data == 0.0
    assert exp(Value(-1e6)).data == 0.0
    with pytest.raises(DomainError, match="finite numbers"):
        autograd.sin(x)


def gradient(function, *numbers: float) -> list[float]:  # type: ignore[no-untyped-def]
    values = [Value(number) for number in numbers]
    function(*values).backward()
    return [value.grad for value in values]


def test_kinks_are_fixed() -> None:
    assert gradient(relu, 0.0) == [0.0]
    assert gradient(relu, -0.0) == [0.0]
    assert gradient(relu, 5e-324) == [1.0]
    assert gradient(abs, 0.0) == [0.0]
    assert gradient(abs, -5e-324) == [-1.0]
    assert gradient(maximum, 2.0, 2.0) == [0.5, 0.5]
    assert gradient(minimum, 2.0, 2.0) == [0.5, 0.5]
    assert gradient(maximum, 2.0, 3.0) == [0.0, 1.0]
    assert gradient(minimum, 2.0, 3.0) == [1.0, 0.0]
    assert gradient(lambda x: x**0, 0.0) == [0.0]
    assert gradient(lambda x: x**0, -3.0) == [0.0]
    assert gradient(lambda x: x**1, 0.0) == [1.0]
    assert gradient(lambda x: x**2, 0.0) == [0.0]
    assert gradient(lambda b: 0.0**b, 2.0) == [0.0]
    assert gradient(autograd.sign, 0.0) == [0.0]
    assert gradient(autograd.heaviside, 0.0, 0.25) == [0.0, 1.0]
    assert gradient(lambda a, b: logsumexp([a, b]), 0.0, 0.0) == pytest.approx([0.5, 0.5], rel=1e-15)


def test_a_maximum_with_nan_is_nan() -> None:
    undefined = Value(math.inf) - math.inf
    for function in (maximum, minimum):
        assert math.isnan(function(math.nan, 1.0))
        assert math.isnan(function(1.0, math.nan))
        assert math.isnan(function(Value(1.0), undefined).data)
    assert math.isnan(relu(math.nan))


NAN = math.nan
WITH_NAN: list[tuple[str, Callable[[Value], Value]]] = [
    ("x * nan: an operand is nan", lambda x: x * NAN),
    ("nan - x: an operand is nan", lambda x: NAN - x),
    ("x / nan: an operand is nan", lambda x: x / NAN),
    ("x ** nan: an operand is nan", lambda x: x**NAN),  # 1 ** nan is 1
    ("nan ** b: an operand is nan", lambda x: NAN ** (x - 1)),  # nan ** 0 is 1
    ("maximum(x, nan): an operand is nan", lambda x: maximum(x, NAN)),
    ("heaviside(x, nan): an operand is nan", lambda x: autograd.heaviside(x, NAN)),  # 1 where x > 0
    ("hypot(nan, b): an operand is nan", lambda x: hypot(NAN, x * math.inf)),  # the C library has inf
    ("dot(...): operand 3 is nan", lambda x: dot([x, x], [NAN, 1.0])),
    ("dot(...): operand 3 is nan", lambda x: dot([x], [1.0], NAN)),
    ("logsumexp(...): operand 2 is nan", lambda x: logsumexp([x, NAN])),
    ("chosen(x, nan): an operand is nan", lambda x: autograd.primitive("chosen", "a if a > 0 else b", "1", "0")(x, NAN)),
    ("either(x, 2, nan): an operand is nan",
     lambda x: autograd.primitive("either", "a if a > 0 else b + c", "1", "0", "0")(x, 2.0, NAN)),
]  # fmt: skip


@pytest.mark.parametrize(("message", "function"), WITH_NAN, ids=[message for message, _ in WITH_NAN])
def test_nan_beside_a_value_is_refused_at_the_operation(message: str, function: Callable[[Value], Value]) -> None:
    x = Value(1.0, "x")
    with pytest.raises(DomainError, match="look for the operation that gave it") as caught:
        function(x)
    assert message in str(caught.value)
    readers: list[Callable[[], object]] = [
        lambda: autograd.grad(function)(1.0), lambda: autograd.jvp(function, (1.0,), (1.0,)),
        lambda: autograd.taylor(function, 1.0, 2), lambda: autograd.hessian(function)(1.0),
        lambda: autograd.compile(function, [1.0])(1.0),
    ]  # fmt: skip
    for read in readers:
        with pytest.raises(DomainError, match="is nan, not a number"):
            read()


def test_nan_among_numbers_alone_is_what_the_mathematics_of_python_makes_of_it() -> None:
    assert math.isnan(exp(math.nan))
    assert math.isnan(dot([1.0], [math.nan]))


INFINITE: list[tuple[Callable[[Value], Value], float, float]] = [
    (lambda x: x / math.inf, 0.0, 0.0),
    (lambda x: maximum(x, -math.inf), 0.5, 1.0),
    (lambda x: 2 * minimum(math.inf, x), 1.0, 2.0),
    (lambda x: logsumexp([x, -math.inf]), 0.5, 1.0),
    (lambda x: autograd.atan(x * math.inf), math.pi / 2, 0.0),
    (lambda x: x * exp(-math.inf), 0.0, 0.0),
]


@pytest.mark.parametrize(("function", "value", "derivative"), INFINITE)
def test_infinity_beside_a_value_is_the_limit_that_floats_have(
    function: Callable[[Value], Value], value: float, derivative: float
) -> None:
    x = Value(0.5, "x")
    y = function(x)
    y.backward()
    assert (y.data, x.grad) == (value, derivative)
    assert "nan" not in autograd.formula(y) + autograd.formula(y, wrt=x) + autograd.explain(y)


@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (sqrt, (0.0,)),
        (autograd.cbrt, (0.0,)),
        (lambda x: x**0.5, (0.0,)),
        (autograd.asin, (1.0,)),
        (autograd.acos, (-1.0,)),
        (autograd.acosh, (1.0,)),
        (hypot, (0.0, 0.0)),
        (lambda x: sqrt(x * x), (0.0,)),
        (lambda a, b: a**b, (-2.0, 3.0)),
        (lambda b: 0.0**b, (0.0,)),
    ],
)
def test_a_derivative_that_does_not_exist_is_an_error_in_backward_only(function, numbers) -> None:  # type: ignore[no-untyped-def]
    values = [Value(number, "x") for number in numbers]
    y = function(*values)
    with pytest.raises(GradientError, match="does not exist"):
        y.backward()
    assert [value.grad for value in values] == [0.0] * len(values)


def test_a_negative_base_with_a_number_for_exponent_needs_no_logarithm() -> None:
    x = Value(-2.0)
    (x**3).backward()
    assert x.grad == 12.0


def test_every_error_is_an_autograd_error() -> None:
    with pytest.raises(AutogradError):
        log(Value(-1.0))


@pytest.mark.parametrize(
    ("read", "want"),
    [
        (lambda f, x: f(3.0), 18.0),
        (lambda f, x: f(x).data, 18.0),
        (lambda f, x: autograd.grad(f)(3.0), 12.0),
        (lambda f, x: autograd.hessian(f)(3.0), 4.0),
        (lambda f, x: autograd.jvp(f, (3.0,), (1.0,))[1], 12.0),
        (lambda f, x: autograd.taylor(f, 3.0, 3), [18.0, 12.0, 2.0, 0.0]),
        (lambda f, x: autograd.compile(f, [3.0])(3.0), (18.0, [12.0])),
        (lambda f, x: autograd.formula(f(x)), "twice_square(x)"),
        (lambda f, x: autograd.formula(f(x), wrt=x), "4 * x"),
        (lambda f, x: str(next(autograd.steps(f(x)))), "dJ/dx = dJ/dJ · 4 * x = 1 · 12 = 12"),
        (lambda f, x: "dJ/dx = dJ/dJ · 4 * x = 1 · 12 = 12" in autograd.explain(f(x)), True),
        (lambda f, x: "J = twice_square(x)" in autograd.draw(f(x)).graph.source, True),
    ],
)
def test_primitive_adds_a_row_that_every_reader_has(read: Callable[..., object], want: object) -> None:
    assert read(autograd.primitive("twice_square", "2 * a ** 2", "4 * a"), Value(3.0, "x")) == want


def test_a_corrected_row_leaves_graphs_that_were_made_before_as_they_are() -> None:
    twice_square = autograd.primitive("twice_square", "2 * a ** 2", "4 * a")
    x = Value(3.0, "x")
    y = twice_square(x)
    again = autograd.primitive("twice_square", "2 * a ** 2 + 1", "4 * a")
    assert (again(1.0), twice_square(1.0)) == (3.0, 2.0)
    assert "4 * x = 1 · 12 = 12" in autograd.explain(y)
    y.backward()
    assert (y.data, x.grad) == (18.0, 12.0)


def test_a_row_that_another_one_mentions_cannot_be_replaced_by_another() -> None:
    inner = autograd.primitive("inner_square", "a * a", "2 * a")
    outer = autograd.primitive("outer_square", "inner_square(a) + 1", "2 * a")
    autograd.primitive("in_partial", "a ** 3 / 3", "inner_square (a)")
    for texts in (("a ** 3", "3 * a ** 2"), ("a * a", "a + a"), ("outer_square(a) - 1", "2 * a")):
        with pytest.raises(RowError, match="'outer_square' mentions the one it would replace: choose another name"):
            autograd.primitive("inner_square", *texts)
    assert autograd.primitive("inner_square", "a * a", "2 * a") is inner  # a notebook's cell, run again
    assert inner(3.0) == 9.0
    assert outer(3.0) == outer(Value(3.0)).data == 10.0
    for backend in ("python", "auto"):
        assert autograd.compile(outer, [1.0], backend=backend)(3.0) == (10.0, [6.0])
    autograd.primitive("outer_square", "a * a + 1", "2 * a")
    autograd.primitive("in_partial", "a ** 3 / 3", "a * a")
    assert autograd.primitive("inner_square", "a ** 3", "3 * a ** 2")(3.0) == 27.0


@pytest.mark.parametrize("texts", [("itself(a)", "1"), ("2 * a", "itself(a) / a"), ("2 * itself(a) + a", "1")])
def test_a_row_cannot_mention_itself(texts: tuple[str, str]) -> None:
    with pytest.raises(RowError, match="'itself' is not an operation"):
        autograd.primitive("itself", *texts)
    autograd.primitive("itself", "a + a", "2")
    with pytest.raises(RowError, match="'itself' cannot be added: it mentions itself"):
        autograd.primitive("itself", *texts)


def test_a_primitive_may_have_three_operands() -> None:
    madd = autograd.primitive("madd", "a * b + c", "b", "a", "1")
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    madd(a, b, c).backward()
    assert (madd(2, 3, 4), a.grad, b.grad, c.grad) == (10.0, 3.0, 2.0, 1.0)


def test_the_texts_of_a_primitive_may_use_other_rows_and_the_result() -> None:
    swish = autograd.primitive("swish", "a * sigmoid(a)", "s = sigmoid(a); s + y * (1 - s)")
    z = Value(0.7)
    swish(z).backward()
    h = 1e-6
    assert z.grad == pytest.approx((swish(0.7 + h) - swish(0.7 - h)) / (2 * h), rel=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sin", "a", "1"), "name of an operation"),
        (("bad name", "a", "1"), "not a name"),
        (("f1", "a + q", "1"), "mentions 'q'"),
        (("f2", "a * b", "b"), "mentions 'b'"),
        (("f3", "2 * a", "2", "0"), "does not mention b"),
        (("f4", "a"), "has 0 partials"),
        (("f41", "a", "q"), "mentions 'q'"),
        (("f42", "a = 2; a * a", "1"), "assigns to 'a'"),
        (("f5", "foo(a)", "1"), "'foo' is not an operation"),
        (("f6", "a +", "1"), "cannot read"),
        (("f7", "y", "1"), "mentions 'y'"),
        (("f8", "a.b", "1"), "not part of the language"),
        (("f9", "[a for a in a]", "1"), "not part of the language"),
        (("a", "a", "1"), "meaning in the texts"),
        (("y", "a", "1"), "meaning in the texts"),
        (("pi", "a", "1"), "meaning in the texts"),
        (("\ufb01", "a", "1"), "not a name"),
        (("g1", "sum(a)", "1"), "takes a vector"),
        (("g2", "logsumexp(a, b)", "1", "1"), "takes a vector"),
        (("g3", "a if a is 3 else 2", "1"), "not part of the language"),
        (("g4", "a if a in 3 else 2", "1"), "not part of the language"),
        (("g5", "u = v * a; v = 2; u", "1"), "mentions 'v'"),
        (("g6", "g6(a)", "1"), "'g6' is not an operation"),
    ],
)
def test_a_bad_row_is_refused_and_nothing_is_added(arguments, message) -> None:  # type: ignore[no-untyped-def]
    before = dict(ROWS)
    with pytest.raises(ValueError, match=message):
        autograd.primitive(*arguments)
    assert before == ROWS


@pytest.mark.parametrize(
    "name", ["real", "type", "next", "blank", "Value", "clock", "math", "math_exp", "check", "kernel", "row"]
)
def test_a_row_may_be_called_like_anything_inside_the_generated_functions(name: str) -> None:
    function = autograd.primitive(name, "u = exp(a) - 1; u * b", "adjoint = exp(a); adjoint * b", "exp(a) - 1")
    x, w = Value(0.5, "x"), Value(3, "w")
    y = function(x, w)
    y.backward(2)
    assert (x.grad, w.grad) == (2 * (math.exp(0.5) * 3), 2 * (math.exp(0.5) - 1))
    assert function(1, 2) == (math.exp(1) - 1) * 2
    assert autograd.formula(y, wrt=x) == "exp(x) * w"


def test_no_text_of_a_row_is_ever_run_as_code() -> None:
    hostile = '"""; raise SystemExit; r"""'
    assert autograd.primitive("harmless", "2 * a", "2", domain=hostile)(2.0) == 4.0
    for texts in (("h1", 2, "1"), ("h2", None, "1"), (3, "a", "1"), ("h3", b"a", "1")):
        with pytest.raises(TypeError, match="made of texts"):
            autograd.primitive(*texts)  # type: ignore[arg-type]


def test_nothing_partial_is_left_after_an_error_in_a_forward_operation() -> None:
    x = Value(-1.0, "x")
    with pytest.raises(DomainError):
        log(x)
    assert (x.grad, x.data) == (0.0, -1.0)


def test_a_dot_product_that_overflows_in_both_directions_says_so() -> None:
    x = Value(1e200, "x")
    with pytest.raises(RangeError, match="the result is larger than"):
        dot([x, x], [1e200, -1e200])


def test_what_is_to_be_installed_is_told_by_a_command_that_works_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, package = Path(autograd.__file__).parent.parent, tmp_path / "site-packages" / "autograd"
    package.mkdir(parents=True)
    shutil.copy(clone / "autograd" / "errors.py", package)
    assert runpy.run_path(str(package / "errors.py"))["to_install"]("jit") == 'pip install "chalkgrad[jit]"'
    monkeypatch.chdir(clone)
    assert autograd.to_install("jit") == 'pip install -e ".[jit]"'
    monkeypatch.chdir(tmp_path)
    assert autograd.to_install("jit") == f'pip install -e "{clone}[jit]"'
