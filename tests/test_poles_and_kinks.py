"""Where derivatives do not exist: every mode says so, or every mode knows that it is not needed.

At a pole a partial does not exist; times a zero that was computed it is no zero. At a kink the first derivative is a
convention, and the second does not exist.
"""

from __future__ import annotations

import json
import math
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oracle import EFFORT

from autograd import (
    Value,
    acos,
    acosh,
    asin,
    atan,
    atan2,
    cbrt,
    check_grad,
    compile,
    cos,
    dot,
    draw,
    erf,
    exp,
    explain,
    formula,
    grad,
    gradients,
    heaviside,
    hessian,
    hvp,
    hypot,
    jacobian,
    jvp,
    log,
    log1p,
    log2,
    logsumexp,
    maximum,
    minimum,
    primitive,
    relu,
    sigmoid,
    sign,
    sin,
    sqrt,
    steps,
    tanh,
    taylor,
    value_and_grad,
    vjp,
    walk,
)
from autograd.engine.order import collect
from autograd.errors import AutogradError, CheckError, DomainError, GradientError, RangeError

BACKENDS = ("python", "numpy", "llvm")

# Each is smooth, or has a derivative from one side, at the number; but on the way a computed 0 meets a pole.
POLES: dict[str, tuple[Callable[[Any], Any], float]] = {
    "cube of the cube root": (lambda x: cbrt(x) ** 3, 0.0),
    "root times root": (lambda x: sqrt(x) * sqrt(x), 0.0),
    "square of acos": (lambda x: acos(x) ** 2, 1.0),
    "square of acosh": (lambda x: acosh(x) ** 2, 1.0),
    "square of what asin lacks": (lambda x: (asin(x) - math.pi / 2) ** 2, 1.0),
    "square of a power": (lambda x: (x**0.5) ** 2, 0.0),
    "square of hypot": (lambda x: hypot(x, 2 * x) ** 2, 0.0),
    "x times its root": (lambda x: x * sqrt(x), 0.0),
    "relu of a root": (lambda x: relu(sqrt(x)), 0.0),
    "abs of a root": (lambda x: abs(cbrt(x)), 0.0),
    "a sum of two": (lambda x: sin(sqrt(x) ** 2) + x, 0.0),
    "the angle at the origin": (lambda x: x * atan2(x, x), 0.0),
    "in a dot product": (lambda x: dot([x, 2.0], [sqrt(x), x]), 0.0),
}

# What does not exist is multiplied by a 0 on which nothing depends: with the derivative that is right.
STRUCTURAL: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "a constant factor": (lambda x: 0 * sqrt(x) + x, 0.0, 1.0),
    "a constant factor from the right": (lambda x: cbrt(x) * 0.0 + 3 * x, 0.0, 3.0),
    "a constant exponent": (lambda x: sqrt(x) ** 0 + x, 0.0, 1.0),
    "a weight of a dot product": (lambda x: dot([0.0, 2.0], [sqrt(x), x]), 0.0, 2.0),
    "sign": (lambda x: sign(acos(x)), 1.0, 0.0),
    "heaviside": (lambda u: heaviside(hypot(u, u), 1), 0.0, 0.0),
    "the other side of relu": (lambda x: relu(-sqrt(x) - 1) + x, 0.0, 1.0),
    "the smaller of two": (lambda x: maximum(sqrt(x), x + 1), 0.0, 1.0),
    "the larger of two": (lambda x: minimum(cbrt(x) + 5, 7 * x), 0.0, 7.0),
    "far above": (lambda x: exp(sin(relu(-1 - cbrt(x)) * 3)) + x, 0.0, 1.0),
    "a factor that nothing moves": (lambda x: 0 * x * sqrt(x) + x, 0.0, 1.0),
    "a factor from a side not taken": (lambda x: relu(-1 - x) * sqrt(x) + x, 0.0, 1.0),
    "a numerator": (lambda x: 0 / (1 + sqrt(x)) + x, 0.0, 1.0),
    "a numerator that nothing moves": (lambda x: minimum(0.0, x + 3) / (1 + cbrt(x)) + x, 0.0, 1.0),
    "an exponent": (lambda x: asin(1 - x) ** 0 + x, 0.0, 1.0),
    "an exponent that nothing moves": (lambda x: (2 + sqrt(x)) ** (0 * x) + x, 0.0, 1.0),
    "a base of 1": (lambda x: 1 ** sqrt(x) + x, 0.0, 1.0),
    "an angle": (lambda x: atan2(0.0, 1 + sqrt(x)) + x, 0.0, 1.0),
    "below what does not move": (lambda x: 2 * relu(x) + sqrt(relu(x)), -1.0, 0.0),
    "below it, the pole first": (lambda x: sqrt(relu(x)) + 2 * relu(x) + x, -1.0, 1.0),
    "below a sign": (lambda x: exp(sign(x)) + acos(sign(x)), 2.0, 0.0),
    "below the larger of two": (lambda x: 3 * maximum(x, 1.0) + acosh(maximum(x, 1.0)), -2.0, 0.0),
    "below a zero": (lambda x: 3 * (0 * x) + sqrt(0 * x), 2.0, 0.0),
    "below one node": (lambda x: shared(relu(x), lambda r: 2 * r + sqrt(r)), -1.0, 0.0),
    "below one node, a power": (lambda x: shared(relu(x), lambda r: r * r + r**0.5), -2.0, 0.0),
    "below one node, a root of 1": (lambda x: shared(maximum(x, 1.0), lambda h: 3 * h + acosh(h) + x), -2.0, 1.0),
    "infinite in a branch not taken": (lambda x: log1p(heaviside(1e160, log2(x))) + x, 5e-324, 1.0),
    "infinite on the other side": (lambda x: minimum(atan2(x, x), 2 * x) + x, 1e-310, 3.0),
    "infinite, times a constant 0": (lambda x: relu(x) / 5e-324 + x, -1.0, 1.0),
}

# A slope is infinite where the next one is 0: as in the limit, nothing comes through.
INFINITE: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "atan": (lambda x: atan(math.inf * x), 1.0, 0.0),
    "tanh": (lambda x: tanh(math.inf * x) + x, 1.0, 1.0),
    "exp": (lambda x: exp(-math.inf * x), 1.0, 0.0),
    "a quotient": (lambda x: 1 / (math.inf * x), 1.0, 0.0),
    "hypot": (lambda x: 1 / hypot(math.inf, x), 1.0, 0.0),
    "erf": (lambda x: erf(math.inf * x) * x, 1.0, 1.0),
    "a square of what is too steep": (lambda x: (x / 5e-324) ** 2 + x, 0.0, 1.0),
    "a steep function of a square": (lambda x: (x * x) / 5e-324 + x, 0.0, 1.0),
}


def shared(node: Any, f: Callable[[Any], Any]) -> Any:
    """A function of one node that it uses twice."""
    return f(node)


def outcome(derivative: Callable[[], Any]) -> Any:
    """What comes out: numbers, or the kind of the error."""
    try:
        return derivative()
    except AutogradError as error:
        return type(error)


def forward_steps(y: Value, x: Value) -> float:
    """What the steps forward from x end with."""
    if x not in collect(y).leaves:
        return 0.0
    return {x: 1.0, **{step.node: step.after for step in steps(y, wrt=x, mode="forward")}}.get(y, 0.0)


def modes(f: Callable[[Any], Any], at: float) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each way to the first derivative of a function, as a number."""

    def backward() -> float:
        x = Value(at, "x")
        f(x).backward()
        return x.grad

    def forward_steps() -> float:
        x = Value(at, "x")
        return list(steps(f(x), wrt=x, mode="forward"))[-1].after

    def backward_steps() -> float:
        x = Value(at, "x")
        return [step.after for step in steps(f(x)) if step.operand is x][-1]

    def as_values() -> float:
        x = Value(at, "x")
        return gradients(f(x), [x])[0].data

    yield "backward", backward
    yield "grad", lambda: grad(f)(at)
    yield "value_and_grad", lambda: value_and_grad(f)(at)[1]
    yield "gradients", as_values
    yield "jvp", lambda: jvp(f, (at,), (1.0,))[1]
    yield "vjp", lambda: vjp(f, at)[1](1.0)[0]
    yield "jacobian", lambda: jacobian(lambda x: [f(x), x])(at)[0]
    yield "steps", backward_steps
    yield "steps forward", forward_steps
    near = at - 0.25 if outcome(lambda: f(at + 0.25)) is DomainError else at + 0.25
    for backend in BACKENDS:
        yield backend, lambda backend=backend: compile(f, [near], backend=backend)(at)[1][0]  # type: ignore[misc]


@pytest.mark.parametrize("name", POLES)
def test_a_computed_zero_times_a_pole_is_an_error_in_every_mode(name: str) -> None:
    f, at = POLES[name]
    for mode, derivative in modes(f, at):
        with pytest.raises(GradientError, match="0 times a derivative that does not exist: "):
            pytest.fail(f"{mode} gives {derivative()}")
    for order in (lambda: hessian(f)(at), lambda: hvp(f, (at,), (1.0,)), lambda: taylor(f, at, 1)):
        with pytest.raises(GradientError):
            order()


@pytest.mark.parametrize("name", STRUCTURAL)
def test_nothing_flows_where_the_zero_is_structural(name: str) -> None:
    f, at, right = STRUCTURAL[name]
    for mode, derivative in modes(f, at):
        assert derivative() == right, mode


@pytest.mark.parametrize("name", INFINITE)
def test_zero_times_infinity_is_zero_in_every_mode(name: str) -> None:
    f, at, right = INFINITE[name]
    for mode, derivative in modes(f, at):
        if mode in BACKENDS and "steep" in name:  # the function is too large where the compiler tries it
            continue
        assert derivative() == right, mode
    if name != "hypot":  # whose series have no number there
        assert taylor(f, at, 1)[1] == right


@pytest.mark.parametrize(
    ("f", "at", "error"),
    [
        (lambda x: x / 5e-324, 0.0, RangeError),
        (lambda x: x * 1e200 * 1e200, 1e-300, RangeError),
        (lambda x: (x * 1e-200) / 1e-300 / 1e-300, 0.0, RangeError),
        (lambda x: atan2(-math.inf, x), 1.0, GradientError),
        (lambda x: math.inf**x, -1.0, GradientError),
        (lambda x: 1 / logsumexp([x, math.inf]), 1.0, GradientError),
    ],
)
def test_a_derivative_that_is_no_number_is_the_same_error_in_every_mode(
    f: Callable[[Any], Any], at: float, error: type[Exception]
) -> None:
    for mode, derivative in modes(f, at):
        if mode not in BACKENDS:
            with pytest.raises(error):
                pytest.fail(f"{mode} gives {derivative()}")
    x = Value(at, "x")
    for other in (lambda: taylor(f, at, 1), lambda: explain(f(x)), lambda: explain(f(x), mode="forward")):
        with pytest.raises(error):
            other()


def test_what_is_not_defined_between_is_called_undefined() -> None:
    r = relu(Value(-1.0, "x"))
    y = sqrt(r) + r
    y.backward()
    assert repr(r) == "Value(0.0, op='relu', grad=undefined)"
    assert str(explain(y, r)).endswith("dJ/dv1 = the sum over 2 paths = undefined + 1 = undefined")
    assert "in all undefined" in str(explain(y))
    assert "undefined · 0 = 0" in str(explain(y))
    assert "nan" not in draw(y).graph.source + str(explain(y).latex)


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: acos(x - x + 1), 0.0),
        (lambda x: sqrt((2 * x - 2 * x) * 1) + x, 1.0),
        (lambda x: cbrt(-(x - x)) * 1.0, 1.0),
        (lambda x: acosh(exp(x - x)), 3.0),
        (lambda x: shared(sqrt(x) * 1.0, lambda m: m - m), 0.0),
        (lambda x: shared(cbrt(x) / 3, lambda m: sin(m - m) + x), 0.0),
    ],
)
def test_what_cancels_is_a_computed_zero_in_every_mode(f: Callable[[Any], Any], at: float) -> None:
    for mode, derivative in modes(f, at):
        if mode not in BACKENDS:
            with pytest.raises(GradientError):
                pytest.fail(f"{mode} gives {derivative()}")
    with pytest.raises(GradientError):
        taylor(f, at, 1)


@pytest.mark.parametrize("name", [*STRUCTURAL, *INFINITE])
def test_no_text_or_picture_says_nan(name: str, tmp_path: Path) -> None:
    f, at, right = (STRUCTURAL | INFINITE)[name]
    x = Value(at, "x")
    y = f(x)
    film = walk(y)
    texts = [
        str(explain(y)),
        explain(y).latex,
        str(explain(y, mode="forward")),
        str(explain(y, x)),
        draw(y).graph.source,
    ]
    texts += [str(step) + step.latex() for step in steps(y)]
    film.save(tmp_path / "steps.html")
    page = (tmp_path / "steps.html").read_text(encoding="utf-8")
    texts.append(re.sub(r"<script>.*</script>", "", page, flags=re.DOTALL))  # what it says, and not what it is made of
    for text in texts:
        assert not re.search(r"\bnan\b", text, re.IGNORECASE), text
    assert f"dJ/dx = {right!r}" in texts[0]


def test_the_command_line_says_undefined_and_raises_where_it_must() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "autograd", *arguments], capture_output=True, text=True)

    shown = run("0 * sqrt(x) + x", "x=0")
    assert "0 · undefined = 0" in shown.stdout
    assert "nan" not in shown.stdout
    told = json.loads(run("0 * sqrt(x) + x", "x=0", "--json").stdout)
    assert None in [step["partial"] for step in told["steps"]]
    failed = run("sqrt(x) * sqrt(x)", "x=0")
    assert "0 times a derivative that does not exist" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_failed_sweep_leaves_the_grads_of_the_leaves_as_they_were() -> None:
    x, w = Value(0.0, "x"), Value(3.0, "w")
    x.grad, w.grad = 5.0, 7.0
    with pytest.raises(GradientError):
        (w * cbrt(x) ** 3).backward()
    assert (x.grad, w.grad) == (5.0, 7.0)


def test_a_structural_zero_beside_a_pole_accumulates_like_any_other_sweep() -> None:
    x = Value(0.0, "x")
    y = 0 * sqrt(x) + 2 * x
    y.backward()
    y.backward(10.0)
    assert x.grad == 22.0
    assert [step.contribution for step in steps(y) if step.operand is x] == [2.0, 0.0]


# Kinks.

KINKS: dict[str, tuple[Callable[[Any], Any], float, float]] = {  # f, where, and the first derivative by convention
    "abs": (abs, 0.0, 0.0),
    "square of abs": (lambda x: abs(x) ** 2, 0.0, 0.0),
    "abs at minus zero": (lambda x: abs(x) * 3, -0.0, 0.0),
    "relu": (lambda x: relu(x) + x * x, 0.0, 0.0),
    "square of relu": (lambda x: relu(x - 1) ** 2, 1.0, 0.0),
    "maximum": (lambda x: maximum(x, 2 * x) * x, 0.0, 0.0),
    "minimum": (lambda x: minimum(x * x, x), 1.0, 1.5),
    "maximum with a number": (lambda x: maximum(x, 2.0), 2.0, 0.5),
    "sign": (lambda x: sign(x) + x**3, 0.0, 0.0),
    "heaviside": (lambda x: heaviside(x, 0.5) + x, 0.0, 1.0),
    "inside another function": (lambda x: exp(tanh(abs(sin(x)))), 0.0, 0.0),
}


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_the_first_derivative_is_the_convention_and_the_second_an_error(name: str) -> None:
    f, at, convention = KINKS[name]
    for mode, derivative in modes(f, at):
        assert derivative() == convention, mode
    x = Value(at, "x")
    (slope,) = gradients(f(x), [x])
    for second in (
        lambda: grad(grad(f))(at),
        lambda: gradients(slope, [x]),
        lambda: slope.backward(),
        lambda: hessian(f)(at),
        lambda: hvp(f, (at,), (1.0,)),
        lambda: jvp(grad(f), (at,), (1.0,)),
        lambda: taylor(f, at, 1),
        lambda: taylor(f, at, 3),
        lambda: pickle.loads(pickle.dumps(slope)).backward(),
    ):
        with pytest.raises(GradientError, match="is at a kink, where it has no second derivative"):
            second()
    assert taylor(f, at, 0) == [f(at)]


def test_beside_a_kink_all_orders_are_right() -> None:
    for side in (-1e-9, 1e-9, 5e-324, 2.0):
        assert grad(grad(lambda x: abs(x) ** 2))(side) == 2.0
        assert hessian(lambda x: relu(x) ** 2)(side) == (2.0 if side > 0 else 0.0)
        assert taylor(lambda x: maximum(x, 2 * x), side, 2) == [
            2 * side if side > 0 else side,
            2.0 if side > 0 else 1.0,
            0,
        ]
    assert hessian(lambda x: 0 * abs(x) + x**2)(0.0) == 2.0
    assert hessian(lambda x: maximum(abs(x), 5.0) + x**3)(0.0) == 0.0
    assert hvp(lambda x, y: abs(x) + y**2, (0.0, 3.0), (0.0, 1.0)) == (0.0, 2.0)  # x stands still


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (sign, 0.0),
        (lambda x: sign(x) + x, 0.0),
        (lambda x: sign(x) ** 2, 0.0),
        (lambda x: sign(x) * sign(x), -0.0),
        (lambda x: heaviside(x, 0.5) * x, 0.0),
        (lambda x: exp(heaviside(x - 1, 0.25)), 1.0),
        (lambda x: sign(acos(x)), 1.0),
    ],
)
def test_a_jump_that_is_hit_has_no_second_derivative_in_any_order_of_modes(f: Callable[[Any], Any], at: float) -> None:
    def forward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: jvp(f, (x,), (1.0,))[1]

    def rows(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: jacobian(lambda u: [f(u), u])(x)[0]

    for outer in (grad, forward, rows):
        for inner in (grad, forward, rows):
            with pytest.raises(GradientError, match="is at a kink, where it has no second derivative"):
                outer(inner(f))(at)
    assert forward(grad(lambda x: 0 * f(x) + x * x))(at) == forward(forward(lambda x: 0 * f(x) + x * x))(at) == 2.0


def test_where_nothing_is_at_a_kink_there_is_a_second_derivative() -> None:
    for f in (
        lambda b: heaviside(0.0, b) ** 2,  # the jump is that of the first operand
        lambda x: maximum(x, x) ** 2,  # no tie, as both are one
        lambda x: minimum(x, x) * maximum(x, x),
        lambda x: shared(x + 1, lambda u: (maximum(u, u) - 1) ** 2),
    ):
        assert hessian(f)(0.5) == grad(grad(f))(0.5) == grad(lambda u, f=f: jvp(f, (u,), (1.0,))[1])(0.5) == 2.0
        assert taylor(f, 0.5, 2) == [0.25, 1.0, 1.0]
    assert hvp(lambda a, b: heaviside(a, b) ** 2, (0.0, 0.5), (0.0, 1.0)) == (0.0, 2.0)
    for tie in (lambda x: maximum(x, 1 * x), lambda x: minimum(2 * x, x + x)):
        with pytest.raises(GradientError, match="is at a kink"):
            hessian(tie)(0.5)


def test_a_compiled_slope_falls_back_to_the_graph_at_the_kink() -> None:
    slope = grad(lambda x: abs(x) ** 2)
    for backend in BACKENDS:
        compiled = compile(slope, [0.3], backend=backend)
        assert compiled(-0.5) == (-1.0, [2.0])
        with pytest.raises(GradientError, match="abs is at a kink"):
            compiled(0.0)


def test_the_slope_at_a_kink_is_written_as_in_the_table() -> None:
    x = Value(0.0, "x")
    assert formula(gradients(relu(x), [x])[0]) == "heaviside(x, 0)"
    assert formula(gradients(abs(x), [x])[0]) == "sign(x)"


# What differences can tell.


@pytest.mark.parametrize("f", [relu, sign, lambda x: heaviside(x, 0.5), lambda x: maximum(x, 3 * x) + relu(x)])
def test_check_grad_says_that_it_is_at_a_kink(f: Callable[[Any], Any]) -> None:
    with pytest.raises(CheckError, match="is at a kink, where its derivative is a convention") as raised:
        check_grad(lambda x: f(x) + x, 0.0)
    assert "partial of" not in str(raised.value)


def test_check_grad_raises_where_differences_decide_nothing() -> None:
    wrong = primitive("wrong_square", "a * a", "-2 * a")
    for large in (1e12, -1e13, 1e16):
        with pytest.raises(CheckError, match="differences decide nothing here"):
            check_grad(lambda x: large + wrong(x), 1.0)
        with pytest.raises(CheckError, match="differences decide nothing here"):
            check_grad(lambda x: large + sin(x), 0.3)
    with pytest.raises(CheckError, match="the partial of wrong_square"):
        check_grad(lambda x: 1e6 + wrong(x), 1.0)
    for right in (cos, lambda x: 0 * x + 5, lambda x: x**4, lambda x: 1e300 * x, lambda x: 1e3 + x):
        check_grad(right, 0.0)


@pytest.mark.parametrize("large", [1e9, -1e10, 1e11, 1e12, 1e16, 1e300])
def test_check_grad_never_accepts_a_wrong_derivative_beside_a_large_number(large: float) -> None:
    silent = primitive("silent", "sin(a)", "0 * a")
    turned = primitive("turned", "sin(a)", "-cos(a)")
    for wrong in (silent, turned):
        for f in (lambda x: large + wrong(x), lambda x: large + wrong(x) - large, lambda x: [x, wrong(x) - large]):
            with pytest.raises(CheckError, match=r"decide nothing here|partial of"):
                check_grad(f, 0.3)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: 1e10 + x, 1.0),
        (lambda x: 1e9 + sin(x), 0.3),
        (erf, 5.0),
        (tanh, -12.0),
        (sin, 1e15),
        (sin, 38585054.9695288),
        (relu, -1e-7),
        (lambda x: 0.1 * x + 0.2 * x - 0.3 * x, 1.3),
        (lambda x: exp(-((1e6 * (x - 1)) ** 2)), 1 + 1e-7),
    ],
)
def test_check_grad_accuses_no_right_row(f: Callable[[Any], Any], x: float) -> None:
    check_grad(f, x)


def test_check_grad_takes_a_derivative_that_has_a_kink_itself() -> None:
    square = primitive("signed_square", "a * abs(a)", "2 * abs(a)")
    for f in (lambda x: relu(x) ** 2, lambda x: x * abs(x), square, lambda x: 5 * x + square(x)):
        check_grad(f, 0.0)


@pytest.mark.parametrize(
    ("texts", "slopes"),
    [
        (("a * abs(a) / 2", "abs(a)"), [0.0, 0.0]),
        (("abs(a)", "sign(a)"), [0.0, 0.0]),
        (("a if a > 0 else a / 8", "1 if a > 0 else 1 / 8"), [0.125, 0.0]),
    ],
)
def test_a_kink_inside_a_row_of_ones_own_keeps_its_conventions(texts: tuple[str, str], slopes: list[float]) -> None:
    row = primitive("own_kink", *texts)
    assert [grad(row)(0.0), grad(grad(row))(0.0)] == slopes
    assert hessian(row)(0.0) == slopes[1]
    assert taylor(row, 0.0, 2)[1:] == slopes


@pytest.mark.parametrize(("f", "x"), [(erf, 7.0), (sin, 1e16), (lambda x: sin(1e9 * x), 0.1), (tanh, 40.0)])
def test_check_grad_says_that_it_cannot_tell_where_no_difference_shows_the_function(
    f: Callable[[Any], Any], x: float
) -> None:
    with pytest.raises(CheckError, match="differences decide nothing here, as"):
        check_grad(f, x)


def test_check_grad_looks_for_kinks_on_the_way_from_the_argument_only() -> None:
    wrong = primitive("wrong_square", "a * a", "-2 * a")
    for f in (lambda x, y: relu(y) + wrong(x), lambda x, y: wrong(x) * exp(abs(y)), lambda x, y: [sign(y), wrong(x)]):
        with pytest.raises(CheckError, match=r"argument 0.*the partial of wrong_square"):
            check_grad(f, 0.3, 0.0)
    with pytest.raises(CheckError, match=r"argument 1 .*relu.* is at a kink"):
        check_grad(lambda x, y: relu(y) + x, 0.3, 0.0)


@pytest.mark.parametrize("tolerance", [-1, -1e-9, math.inf])
def test_check_grad_takes_tolerances_from_0_on(tolerance: float) -> None:
    with pytest.raises(ValueError, match=r"tolerance is how much .* 0 or more, not"):
        check_grad(sin, 1.0, tolerance=tolerance)
    check_grad(sin, 1.0, tolerance=0)


# Graphs at whose nodes kinks and poles are hit exactly.

NUMBERS = (-1.0, -0.0, 0.0, 1.0, 2.0)
UNARY = (
    abs,
    relu,
    sign,
    sqrt,
    cbrt,
    acos,
    asin,
    log,
    exp,
    sin,
    sigmoid,
    lambda a: a**2,
    lambda a: a**0.5,
    lambda a: 1 / a,
)
BINARY = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    maximum,
    minimum,
    heaviside,
    hypot,
    atan2,
    lambda a, b: dot([a, b], [b, a]),
    lambda a, b: logsumexp([a, b]),
)


def random_function(rng: random.Random) -> Callable[..., Any]:
    """A program of some operations on three arguments and plain numbers, the same whenever it is called."""
    plan: list[tuple[Callable[..., Any], list[int | float]]] = []
    for size in range(3, 3 + rng.randint(1, 7)):
        operation = rng.choice(UNARY if rng.random() < 0.5 else BINARY)
        operands = [rng.choice(NUMBERS) if rng.random() < 0.2 else rng.randrange(size) for _ in range(2)]
        plan.append((operation, operands[: 1 if operation in UNARY else 2]))

    def f(*arguments: Any) -> Any:
        nodes = list(arguments)
        for operation, operands in plan:
            nodes.append(operation(*(nodes[x] if isinstance(x, int) else x for x in operands)))
        return nodes[-1] + nodes[-2]

    return f


@pytest.mark.parametrize("part", range(2 * EFFORT))
def test_where_kinks_and_poles_are_hit_all_modes_agree(part: int) -> None:
    rng = random.Random(part)
    count = failed = 0
    while count < 100:
        f, numbers = random_function(rng), [rng.choice(NUMBERS) for _ in range(3)]
        leaves = [Value(number, name) for number, name in zip(numbers, "xyz", strict=True)]
        try:
            y = f(*leaves)
        except (AutogradError, ArithmeticError, ValueError, TypeError):  # a plain number's, or a complex one
            continue
        if not isinstance(y, Value):
            continue
        count += 1

        def backward() -> list[float]:
            y.backward()
            return [leaf.grad for leaf in leaves]

        wanted = outcome(backward)
        failed += isinstance(wanted, type)
        ways = {
            "grad": lambda: list(grad(f, argnums=(0, 1, 2))(*numbers)),
            "gradients": lambda: [slope.data for slope in gradients(y, leaves)],
            "forward steps": lambda: [forward_steps(y, leaf) for leaf in leaves],
            "forward": lambda: [jvp(f, numbers, unit)[1] for unit in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0])],
        }
        for backend in BACKENDS:
            ways[backend] = lambda backend=backend: compile(y, leaves, backend=backend)(*numbers)[1]  # type: ignore[misc]
        for name, way in ways.items():
            found = outcome(way)
            if isinstance(wanted, type) or isinstance(found, type):
                assert found == wanted, (name, formula(y), numbers, found, wanted)
            else:
                assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12), (name, formula(y), numbers)
        assert outcome(lambda: compile(y, leaves, backend="python")(*numbers)[0]) in (y.data, wanted)
    assert 5 < failed < 80  # both happen


@pytest.mark.parametrize("part", range(3))
def test_where_kinks_and_poles_are_hit_all_ways_to_the_second_derivative_agree(part: int) -> None:
    rng = random.Random(100 + part)
    count = failed = 0
    while count < 30:
        f, (at, *others) = random_function(rng), [rng.choice(NUMBERS) for _ in range(3)]

        def g(x: Any) -> Any:
            return f(x, *others)

        try:
            grad(g)(at)
        except (AutogradError, ArithmeticError, ValueError, TypeError):  # a plain number's, or a complex one
            continue
        count += 1
        ways: dict[str, Callable[[], Any]] = {
            "hessian": lambda: hessian(g)(at),
            "reverse over reverse": lambda: grad(grad(g))(at),
            "forward over reverse": lambda: jvp(grad(g), (at,), (1.0,))[1],
            "reverse over forward": lambda: grad(lambda x: jvp(g, (x,), (1.0,))[1])(at),
            "forward over forward": lambda: jvp(lambda x: jvp(g, (x,), (1.0,))[1], (at,), (1.0,))[1],
            "taylor": lambda: 2 * taylor(g, at, 2)[2],
        }
        found = {name: outcome(way) for name, way in ways.items()}
        wanted = found["hessian"]
        failed += isinstance(wanted, type)
        for name, second in found.items():
            assert second == (wanted if isinstance(wanted, type) else pytest.approx(wanted, rel=1e-12)), (name, found)
    assert 0 < failed < 28  # both happen
