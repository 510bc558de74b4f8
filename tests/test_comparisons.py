"""Comparisons: what they are between Values and numbers, and what a graph that was recorded behind one is good for."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autograd import (
    Value,
    compile,
    exp,
    grad,
    gradients,
    hessian,
    hvp,
    jvp,
    logsumexp,
    maximum,
    minimum,
    relu,
    sin,
    taylor,
    vjp,
)
from autograd.errors import CompileError

BACKENDS = ("python", "numpy", "llvm")


@pytest.mark.parametrize(
    "number",
    [3, 0.0, -2.5, True, Fraction(1, 2), math.inf, 10**400, 10**5000, Decimal(3), 3 + 0j, np.float32(3), np.array(3.0)],
    ids=lambda number: type(number).__name__,
)
def test_a_value_compared_with_a_number_for_equality_is_an_error_that_names_the_cure(number: Any) -> None:
    x = Value(3.0, "x")
    for compared, sign in (
        (lambda: x == number, "=="),
        (lambda: number == x, "=="),
        (lambda: x != number, "!="),
        (lambda: number != x, "!="),
    ):
        with pytest.raises(TypeError, match=rf"x.data {sign} ") as raised:
            compared()
        assert len(str(raised.value)) < 100
    with pytest.raises(TypeError, match=r"x\.data == "):
        [number].index(x)


def test_equality_of_values_is_identity_and_with_anything_else_false() -> None:
    x, y = Value(3.0, "x"), Value(3.0, "y")
    assert (x == x, x == y, x != y, x == None, x != None, x == "3", x == [3.0]) == (  # noqa: E711
        True,
        False,
        True,
        False,
        True,
        False,
        False,
    )
    assert x in [None, "auto", y, x]
    assert {x: 1, y: 2}[y] == 2
    assert len({x, y, x}) == 2


@pytest.mark.parametrize(
    "use",
    [
        lambda f: grad(f)(0.0),
        lambda f: jvp(f, (0.0,), (1.0,)),
        lambda f: hessian(f)(0.0),
        lambda f: hvp(f, (0.0,), (1.0,)),
        lambda f: taylor(f, 0.0, 2),
        lambda f: compile(f),
        lambda f: compile(f, [1.0]),
    ],
)
def test_no_transform_takes_the_wrong_branch_of_an_equality(use: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"x.data == 0"):
        use(lambda x: 1.0 if x == 0 else sin(x) / x)
    with pytest.raises(TypeError, match=r"x.data != 1.5"):
        use(lambda x: x * x if x != 1.5 else x)


def test_a_graph_with_numbers_that_hash_like_its_values_is_collected() -> None:
    x = Value(2.0, "x")
    y = x * float(hash(x)) + float(hash(x)) * x
    y.backward()
    assert x.grad == 2 * float(hash(x))
    assert [slope.data for slope in gradients(y, [x])] == [x.grad]
    assert compile(y, [x])(2.0)[0] == y.data


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_comparison_concerns_what_is_recorded_after_it(backend: str) -> None:
    x = Value(1.0, "x")
    y = exp(-x * x)
    assert x > 0
    assert compile(y, [x], backend=backend)(0.0) == (1.0, [-0.0])
    assert compile(x, [x], backend=backend)(5.0) == (5.0, [1.0])
    for later in (y * x, sin(y), maximum(x, 0.0)):
        with pytest.raises(CompileError, match="depend on a comparison of x"):
            compile(later, [x], backend=backend)
    assert compile(y * x, [x], branches="freeze", backend=backend)(0.0) == (0.0, [1.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_choice_in_a_derivative_concerns_what_is_made_with_it(backend: str) -> None:
    x, z = Value(1.0, "x"), Value(-1.0, "z")
    y = relu(x) * relu(z)
    slope, other = gradients(y, [x, z])
    assert compile(y, [x, z], backend=backend)(2.0, 3.0) == (6.0, [3.0, 2.0])
    assert compile(y * x, [x, z], backend=backend)(2.0, 3.0)[0] == 12.0  # made later, and without it
    for chosen in (slope, other, slope + x, other * 2):
        with pytest.raises(CompileError, match="comparison"):
            compile(chosen, [x, z], backend=backend)


# Each gives a node recorded at x, that is right only where the same side is taken; and a number on the other side.
DECIDED: dict[str, tuple[float, Callable[[Value], Value], float]] = {
    "second slope of minimum": (0.5, lambda x: slope(minimum(x**2, x), x, 2), 3.0),
    "second slope of relu": (-1.0, lambda x: slope(relu(x) ** 2, x, 2), 2.0),
    "second slope of maximum": (-1.0, lambda x: slope(maximum(0.1 * x, x**3), x, 2), 2.0),
    "third slope of maximum": (-1.0, lambda x: slope(maximum(0.1 * x, x**3), x, 3), 2.0),
    "second slope beside a number": (1.0, lambda x: slope(minimum(x * x, 4.0), x, 2), 3.0),
    "hvp": (0.5, lambda x: hvp(lambda u: minimum(u * u, u), (x,), (1.0,)), 3.0),
    "hessian": (0.5, lambda x: hessian(lambda u: minimum(u * u, u))(x), 3.0),
    "gradient of a gradient": (2.0, lambda x: grad(grad(lambda u: maximum(u, u**3)))(x), 0.5),
    "a constant gradient of a gradient": (0.5, lambda x: x * grad(grad(lambda u: maximum(u, u**3)))(x), 2.0),
    "a slope of what a slope is in": (-1.0, lambda x: slope(slope(relu(x) * x, x) ** 2 + x * x, x), 2.0),
    "slope of a side": (-1.0, lambda x: slope(x * x if x > 0 else -x, x), 3.0),
    "slope of a side, further on": (-1.0, lambda x: grad((lambda u: u * u) if x > 0 else (lambda u: -u))(2 * x), 3.0),
    "slope of a side, far on": (-1.0, lambda x: far(x, (lambda u: u * u) if x > 0 else (lambda u: -u)), 3.0),
    "jvp of a side": (-1.0, lambda x: jvp(lambda u: u * u if u > 0 else -u, (x,), (1.0,))[1], 3.0),
    "taylor of a side": (-1.0, lambda x: taylor(lambda u: u * u if u > 0 else -u, x, 1)[1], 3.0),
    "taylor of relu": (3.0, lambda x: taylor(lambda u: relu(u) * u, x, 2)[1], -1.0),
    "taylor of relu, second": (3.0, lambda x: taylor(lambda u: relu(u) * u, x, 2)[2], -1.0),
    "taylor of maximum": (3.0, lambda x: taylor(lambda u: maximum(u, 2 - u) * u, x, 1)[1], -1.0),
    "taylor of minimum, third": (2.0, lambda x: taylor(lambda u: minimum(u**3, u), x, 3)[3], 0.5),
}


def far(x: Value, f: Callable[[Value], Value]) -> Value:
    for _ in range(5):
        x = sin(x) * 2 + 1
    return grad(f)(x)  # type: ignore[no-any-return]


def slope(y: Value, x: Value, order: int = 1) -> Value:
    for _ in range(order):
        (y,) = gradients(y, [x])
    return y


@pytest.mark.parametrize("name", DECIDED)
def test_no_derivative_forgets_the_side_that_was_taken(name: str) -> None:
    at, f, other = DECIDED[name]
    x = Value(at, "x")
    y = f(x)
    for backend in BACKENDS:
        with pytest.raises(CompileError, match="comparison"):
            compile(y, [x], backend=backend)
    assert compile(y, [x], branches="freeze")(at)[0] == y.data
    with pytest.raises(CompileError):
        assert compile(lambda x: 1.0 * f(x), [at])(other)[0] == f(Value(other, "x")).data


def test_a_slope_keeps_the_side_also_for_what_it_is_a_factor_of() -> None:
    x, w = Value(-1.0, "x"), Value(1.0, "w")
    (g,) = gradients(relu(x) * w, [x])
    with pytest.raises(CompileError, match="comparison"):
        compile(gradients(g * g + x * w, [w])[0], [x, w])
    assert compile(gradients(x * w, [w])[0], [x])(3.0) == (3.0, [1.0])  # without it


def test_a_derivative_knows_of_every_comparison_before_it_and_of_no_other() -> None:
    x, other = Value(1.0, "x"), Value(1.0)
    y = sin(x) * 2
    z = y + 1
    assert other > 0
    before = [grad(lambda u: 3 * u)(node) for node in (z, y, z)]  # 3, wherever
    assert other + 1 > 0
    before += [grad(lambda u: 3 * u)(node) for node in (z, y, z)]
    assert x > 0
    for node in (z, y):
        after = grad(lambda u: 3 * u)(node)
        with pytest.raises(CompileError, match="comparison"):
            compile(after, [x])
    for slope in before:
        assert compile(slope, [x])(3.0) == (3.0, [0.0])


def test_a_derivative_knows_of_a_comparison_of_a_leaf_that_was_set() -> None:
    x, other = Value(1.0, "x"), Value(1.0)
    y = sin(x) * 2
    assert other > 0
    assert compile(grad(lambda u: 3 * u)(y), [x])(3.0) == (3.0, [0.0])
    x.data = 2.0
    y = sin(x) * 2
    assert compile(grad(lambda u: 3 * u)(y), [x])(3.0) == (3.0, [0.0])
    assert x > 0
    with pytest.raises(CompileError, match="comparison"):
        compile(grad(lambda u: 3 * u)(y), [x])


def test_a_comparison_after_a_function_has_run_does_not_concern_its_derivative() -> None:
    x = Value(1.0, "x")
    y = sin(x) * 2
    _, pullback = vjp(lambda u: 3 * u, y)
    assert x > 0
    assert compile(pullback(1.0)[0], [x])(3.0) == (3.0, [0.0])
    with pytest.raises(CompileError, match="comparison"):
        compile(grad(lambda u: 3 * u)(y), [x])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_taylor_polynomial_of_logsumexp_follows_the_numbers(backend: str) -> None:
    first = compile(lambda a, b: taylor(lambda u: logsumexp([u, b]), a, 1)[1], backend=backend)
    assert first(1000.0, 0.0) == (1.0, [0.0, 0.0])
    assert first(0.0, 1000.0)[0] == 0.0
    assert first(0.0, 0.0) == (0.5, pytest.approx([0.25, -0.25]))
    x = Value(1.0, "x")
    second = compile(taylor(lambda u: logsumexp([u, 2 * u, 0.0]), x, 2)[2], [x], backend=backend)
    assert second(0.0)[0] == pytest.approx(1 / 3)  # half the variance of 0, 1, 2
    assert second(-800.0)[0] == 0.0
    assert taylor(lambda u: relu(u) * u, x, 0)[0].data == 1.0


def test_a_function_that_compares_what_it_computes_is_refused() -> None:
    for f in (lambda x: x * x if x - 0.5 > 0 else -x, lambda x: x if abs(x) < 2 else 1 / x):
        with pytest.raises(CompileError, match="comparison"):
            compile(f)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_largest_in_the_slope_of_logsumexp_follows_the_numbers(backend: str) -> None:
    x, y, z = (Value(0.0, name) for name in "xyz")
    slope = compile(gradients(logsumexp([x, y, z]), [x])[0], [x, y, z], backend=backend)
    assert slope(0.0, 1000.0, 0.0)[0] == 0.0
    assert slope(1000.0, 0.0, -1000.0)[0] == 1.0
    assert slope(800.0, 800.0, 0.0)[0] == 0.5
    assert slope(0.0, 0.0, 0.0) == (pytest.approx(1 / 3), pytest.approx([2 / 9, -1 / 9, -1 / 9]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_sign_of_zero_is_kept(backend: str) -> None:
    for f, numbers, sign in (
        (lambda a, b: a + b, (-0.0, -0.0), -1.0),
        (lambda a, b: a + b, (-0.0, 0.0), 1.0),
        (lambda a, b: a * b, (0.0, -3.0), -1.0),
        (lambda a, b: a * b, (-0.0, -3.0), 1.0),
        (lambda a, b: a - b, (-0.0, 0.0), -1.0),
        (lambda a, b: a / b, (0.0, -2.0), -1.0),
        (lambda a, b: sin(a) * b, (-0.0, 1.0), -1.0),
        (lambda a, b: -abs(a) + b * 0, (0.0, -1.0), -1.0),
    ):
        compiled = compile(f, [0.5, 0.75], backend=backend)
        value = compiled(*numbers)[0]
        assert value == 0
        assert math.copysign(1.0, value) == sign, (f, numbers)
        (mapped,) = compiled.map(*([number] for number in numbers))
        assert math.copysign(1.0, mapped) == sign, (f, numbers)
