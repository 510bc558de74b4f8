"""Derivatives of any order and shape: against 50 digits, against closed forms, and each route against the others."""

from __future__ import annotations

import contextlib
import gc
import itertools
import math
import random
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from graphs import work
from higher import HIGHER, error, grid, terms
from mpmath import mpf
from oracle import DOMAIN, EFFORT, TRUE

from autograd import (
    Value,
    atan2,
    cbrt,
    check_grad,
    cos,
    dot,
    draw,
    exp,
    explain,
    formula,
    functions,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    logsumexp,
    maximum,
    no_grad,
    primitive,
    relu,
    sign,
    sin,
    sqrt,
    steps,
    tanh,
    taylor,
    value_and_grad,
    vjp,
)  # fmt: skip
from autograd.derivatives.gradients import second_order, tangents
from autograd.engine.kernels import kernels
from autograd.engine.order import collect
from autograd.engine.recording import marks
from autograd.errors import AutogradError, CheckError, DomainError, GradientError, RangeError
from autograd.table.rules import ROWS

UNARY = [name for name, true in TRUE.items() if len(true) == 2]
BINARY = [name for name, true in TRUE.items() if len(true) == 3]
NEAR = [-3.3, -1.7, -0.6, 0.35, 0.8, 1.4, 2.6, 7.4]


def operation(name: str) -> Callable[..., Any]:
    return kernels(name).forward()


def nth(f: Callable[[Any], Any], order: int) -> Callable[[Any], Any]:
    for _ in range(order):
        f = grad(f)
    return f


def inside(name: str, *point: float) -> bool:
    """Whether the point and its neighbourhood belong to the domain."""
    known = DOMAIN.get(name, lambda *_: True)
    return all(known(*(x + step for x in point)) for step in (-0.05, 0.05)) and known(*point)


# Against mpmath.


@pytest.mark.parametrize("name", UNARY)
def test_orders_1_to_4_of_every_row_of_one_operand(name: str) -> None:
    f, true = operation(name), TRUE[name][0]
    tried = 0
    for x in filter(lambda x: inside(name, x), NEAR):
        series = taylor(f, x, 4)
        for order in range(1, 5):
            want = mpmath.diff(true, mpf(x), order)
            want = mpf(0) if abs(want) < mpf(10) ** -25 else want
            for got in (nth(f, order)(x), series[order] * math.factorial(order)):
                assert abs(got - want) <= mpf(10) ** -9 * abs(want), (order, x, got, want)
                tried += 1
    assert tried >= 16


@pytest.mark.parametrize("name", BINARY)
def test_orders_1_to_4_of_every_row_of_two_operands(name: str) -> None:
    f, true = operation(name), TRUE[name][0]
    tried = 0
    for a, b in itertools.product([-1.7, 0.35, 1.4, 2.6], [-2.0, -0.6, 0.8, 3.0]):
        if not inside(name, a, b) or (name == "pow" and a < 0):
            continue
        for i, j in itertools.product(range(5), range(5)):
            if 1 <= i + j <= 4:
                want = mpmath.diff(true, (mpf(a), mpf(b)), (i, j))
                want = mpf(0) if abs(want) < mpf(10) ** -25 else want
                got = nth(lambda x, i=i, j=j, b=b: nth(lambda y: f(x, y), j)(b), i)(a)
                assert abs(got - want) <= mpf(10) ** -9 * abs(want) + mpf(10) ** -25, ((a, b), (i, j), got, want)
                tried += 1
    assert tried >= 14


def computed(name: str, point: tuple[float, ...]) -> Iterator[tuple[tuple[int, ...], str, Callable[[], float]]]:
    """The derivatives of orders 1 to 3 of a row, by each route that gives them."""
    f = operation(name)
    if len(point) == 1:
        for order in (1, 2, 3):
            yield (order,), "grad", lambda order=order: nth(f, order)(*point)  # type: ignore[misc]
            yield (order,), "taylor", lambda order=order: taylor(f, *point, order)[-1] * math.factorial(order)  # type: ignore[misc]
        yield (2,), "hessian", lambda: hessian(f)(*point)
        return
    a, b = point
    for i, j in itertools.product(range(4), repeat=2):
        if 1 <= i + j <= 3:
            yield (i, j), "grad", lambda i=i, j=j: nth(lambda x: nth(lambda y: f(x, y), j)(b), i)(a)  # type: ignore[misc]
    with contextlib.suppress(RangeError):
        ((aa, ab), (ba, bb)) = hessian(lambda v: f(*v))([a, b])
        for order, found in (((2, 0), aa), ((1, 1), ab), ((1, 1), ba), ((0, 2), bb)):
            yield order, "hessian", lambda found=found: found  # type: ignore[misc]


def worst_digits(name: str) -> tuple[float, object]:
    """The largest error of a derivative of orders 1 to 3 on the grid, as a multiple of what is allowed, and where."""
    worst: tuple[float, object] = (0.0, None)
    for point in grid(name):
        for order, route, call in computed(name, point):
            try:
                found = call()
            except RangeError:
                if len(point) == 2:
                    continue  # what lies between is too large for a float; it is an error, and nothing wrong
                found = math.inf
            worst = max(
                worst, (error(name, order, point, found), (order, route, point, found)), key=lambda pair: pair[0]
            )
    return worst


@pytest.mark.parametrize("name", HIGHER)
def test_orders_1_to_3_have_12_digits_at_every_magnitude(name: str) -> None:
    error, where = worst_digits(name)
    assert error <= 1, where


def test_every_row_has_its_higher_derivatives_written_down() -> None:
    assert {*HIGHER} == {*TRUE} - {"where"}  # which takes three operands, and is below


@pytest.mark.parametrize("name", HIGHER)
def test_what_is_written_down_is_the_mathematics(name: str) -> None:
    for order, point in itertools.product(HIGHER[name], [(0.37, 1.9), (1.4, 0.6), (2.2, -3.0)]):
        point = point[: len(order)]
        if inside(name, *point):
            want = mpmath.diff(TRUE[name][0], tuple(map(mpf, point)), order)
            assert abs(sum(terms(name, order, point)) - want) <= 1e-12 * (abs(want) + 1e-3), (order, point)


@pytest.mark.parametrize(
    ("name", "letter"), [(row.name, letter) for row in ROWS.values() for letter in row.differentiated]
)
def test_the_text_that_is_differentiated_again_is_the_partial(name: str, letter: str) -> None:
    """Next to each other, at all magnitudes; it stands in the graph that `gradients` gives."""
    for point in grid(name):
        operands = [Value(x) for x in point]
        x = operands[ROWS[name].letters.index(letter)]
        true = TRUE[name][ROWS[name].letters.index(letter) + 1](*map(mpf, point))
        if sys.float_info.min < abs(true) < 1e300:
            assert gradients(operation(name)(*operands), [x])[0].data == pytest.approx(float(true), rel=2e-13)


def test_every_row_is_tried() -> None:
    assert {*UNARY, *BINARY, "where"} == {
        row.name for row in ROWS.values() if not row.vectors and row.name != "twice_square"
    } & {*TRUE}


def test_the_rows_of_vectors_to_order_3() -> None:
    x = [0.3, -1.2, 0.7]
    third = jacobian(hessian(lambda v: logsumexp([*v, 0.1]) + dot(v, v[::-1]) + functions.sum(v)))(x)

    def true(a: mpf, b: mpf, c: mpf) -> mpf:
        ends = [a, b, c, mpf(0.1)]
        return mpmath.log(sum(map(mpmath.exp, ends))) + 2 * a * c + b * b + a + b + c

    for i, j, k in itertools.product(range(3), repeat=3):
        counts = tuple([i, j, k].count(place) for place in range(3))
        assert third[i][j][k] == pytest.approx(float(mpmath.diff(true, tuple(map(mpf, x)), counts)), rel=1e-9)


def test_the_sixth_derivative_of_one_over_x() -> None:
    assert nth(lambda x: 1 / x, 6)(4.0) == pytest.approx(0.0439453125, rel=1e-12)
    assert taylor(lambda x: 1 / x, 4.0, 6)[6] * 720 == pytest.approx(0.0439453125, rel=1e-12)


def test_the_third_derivative_of_tanh_at_2() -> None:
    t = mpmath.tanh(2)
    assert nth(tanh, 3)(2.0) == pytest.approx(float(-2 * (1 - t**2) * (1 - 3 * t**2)), rel=1e-13)


# Hessians.


def rosenbrock(x: list[Any]) -> Any:
    return functions.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))


def rosenbrock_hessian(x: list[float]) -> list[list[float]]:
    n = len(x)
    H = np.zeros((n, n))
    for i in range(n - 1):
        H[i, i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        H[i + 1, i + 1] += 200
        H[i, i + 1] -= 400 * x[i]
        H[i + 1, i] -= 400 * x[i]
    return H.tolist()  # type: ignore[no-any-return]


def beale(x: list[Any]) -> Any:
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def beale_hessian(x: list[float]) -> list[list[float]]:
    a, b = x
    terms = [(c - a * (1 - b**k), b**k - 1, a * k * b ** (k - 1), k * b ** (k - 1), a * k * (k - 1) * b ** max(k - 2, 0))
             for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))]  # fmt: skip
    aa = sum(2 * fa * fa for _, fa, _, _, _ in terms)
    ab = sum(2 * (fa * fb + f * fab) for f, fa, fb, fab, _ in terms)
    bb = sum(2 * (fb * fb + f * fbb) for f, _, fb, _, fbb in terms)
    return [[aa, ab], [ab, bb]]


def wood(x: list[Any]) -> Any:
    a, b, c, d = x
    return (
        100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
        + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2
    )  # fmt: skip


def wood_hessian(x: list[float]) -> list[list[float]]:
    a, b, c, d = x
    return [
        [1200 * a**2 - 400 * b + 2, -400 * a, 0, 0],
        [-400 * a, 220.2, 0, 19.8],
        [0, 0, 1080 * c**2 - 360 * d + 2, -360 * c],
        [0, 19.8, -360 * c, 200.2],
    ]


def powell(x: list[Any]) -> Any:
    a, b, c, d = x
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4


def powell_hessian(x: list[float]) -> list[list[float]]:
    a, b, c, d = x
    p, q = 12 * (b - 2 * c) ** 2, 120 * (a - d) ** 2
    return [[2 + q, 20, 0, -q], [20, 200 + p, -2 * p, 0], [0, -2 * p, 10 + 4 * p, -10], [-q, 0, -10, 10 + q]]


def speelpenning(x: list[Any]) -> Any:
    y = x[0]
    for factor in x[1:]:
        y = y * factor
    return y


def speelpenning_hessian(x: list[float]) -> list[list[float]]:
    return [
        [0.0 if i == j else math.prod(a for k, a in enumerate(x) if k not in (i, j)) for j in range(len(x))]
        for i in range(len(x))
    ]


CLASSICS = {
    "Rosenbrock": (rosenbrock, rosenbrock_hessian, [-1.2, 1.0, 0.7, 2.1]),
    "Beale": (beale, beale_hessian, [1.3, 0.6]),
    "Wood": (wood, wood_hessian, [-3.0, -1.0, -2.5, -1.5]),
    "Powell singular": (powell, powell_hessian, [3.0, -1.0, 0.5, 1.0]),
    "Speelpenning": (speelpenning, speelpenning_hessian, [1.1, -0.7, 2.3, 0.4, 1.9]),
}


@pytest.mark.parametrize("name", CLASSICS)
def test_hessians_are_those_of_the_closed_forms_and_symmetric(name: str) -> None:
    f, closed, x = CLASSICS[name]
    H = np.array(hessian(f)(x))
    scale = np.abs(H).max()
    np.testing.assert_allclose(H, closed(x), rtol=1e-13, atol=1e-14 * scale)
    assert np.abs(H - H.T).max() <= 1e-14 * scale


def routes(f: Callable[[list[Any]], Any], x: list[float]) -> dict[str, list[list[float]]]:
    """The ways to a Hessian."""
    n = len(x)
    units = [[float(i == j) for j in range(n)] for i in range(n)]

    def recorded(how: str) -> list[list[float]]:
        leaves = [Value(a) for a in x]
        y = f(leaves)
        if how == "second":
            changes = [second_order(y, *collect(y), dict(zip(leaves, unit, strict=True))) for unit in units]
            return [[change.get(leaf, 0.0) for leaf in leaves] for change in changes]
        slopes = gradients(y, leaves)
        if how == "forward over reverse":
            return [[v.data for v in tangents(slopes, dict(zip(leaves, unit, strict=True)))] for unit in units]
        rows = []
        for slope in slopes:
            for leaf in leaves:
                leaf.grad = 0.0
            slope.backward()
            rows.append([leaf.grad for leaf in leaves])
        return rows

    def forward(direction: list[float]) -> Callable[[list[Any]], Any]:
        return lambda v: jvp(f, (v,), (direction,))[1]

    return {
        "hessian": hessian(f)(x),
        "jacobian of grad": jacobian(grad(f))(x),
        "hvp": [hvp(f, (x,), (unit,)) for unit in units],
        "jvp of grad": [jvp(grad(f), (x,), (unit,))[1] for unit in units],
        "grad of jvp": [grad(forward(unit))(x) for unit in units],
        "jvp of jvp": [[jvp(forward(unit), (x,), (other,))[1] for other in units] for unit in units],
        "vjp of grad": [vjp(grad(f), x)[1](unit)[0] for unit in units],
        "second-order sweep": recorded("second"),
        "gradients, then tangents": recorded("forward over reverse"),
        "gradients, then backward": recorded("reverse over reverse"),
    }


def mixture(x: list[Any]) -> Any:
    a, b, c = x
    u = sin(a * b) / (1 + exp(-c)) + tanh(a - c) ** 3
    return log(1 + u * u) * sqrt(b) + maximum(a, b) * cbrt(c) + logsumexp([a, b * c, 0.5]) + dot([a, b], [u, 2.0], c)


@pytest.mark.parametrize("name", [*CLASSICS, "mixture"])
def test_all_routes_to_a_hessian_agree(name: str) -> None:
    f, _, x = CLASSICS.get(name, (mixture, None, [0.7, 1.3, -0.4]))
    found = routes(f, x)
    assert len(found) == 10
    first = np.array(found.pop("hessian"))
    for route, H in found.items():
        np.testing.assert_allclose(H, first, rtol=1e-12, atol=1e-13 * np.abs(first).max(), err_msg=route)


SMOOTH = ["sin", "cos", "tanh", "exp", "sigmoid", "softplus", "gaussian", "atan", "asinh", "erf"]
MADE: list[Callable[[Any, Any], Any] | None] = [
    lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (2 + b * b), None, lambda a, b: (1.5 + a * a) ** 0.7,
    lambda a, b: 2.0 ** tanh(a), lambda a, b: functions.hypot(a, 2 + b), lambda a, b: functions.atan2(b, 3 + a * a),
    lambda a, b: dot([a, 0.5, b], [b, a, 1.5], a),
]  # fmt: skip


def random_function(seed: int) -> Callable[[list[Any]], Any]:
    """A random expression in three variables, in which operands repeat and numbers stand on either side."""
    rng = random.Random(seed)
    recipe = []
    for size in range(3, 15):
        a, b, make = rng.randrange(size), rng.randrange(size), rng.choice(MADE)
        if make is None:
            row = operation(rng.choice(SMOOTH))
            make = lambda a, _, row=row: row(a)  # noqa: E731
        recipe.append((make, a, b))

    def f(x: list[Any]) -> Any:
        pool = list(x)
        for make, a, b in recipe:
            made = make(pool[a], pool[b])
            pool.append(tanh(made) if abs(made.data) > 3 else made)
        return functions.sum(pool[3:])

    return f


@pytest.mark.parametrize("seed", range(40))
def test_all_routes_agree_on_random_functions(seed: int) -> None:
    rng = random.Random(seed)
    f, x = random_function(seed), [rng.uniform(-1.5, 1.5) for _ in range(3)]
    found = routes(f, x)
    first = np.array(found.pop("hessian"))
    for route, H in found.items():
        np.testing.assert_allclose(H, first, rtol=1e-11, atol=1e-12 * max(1, np.abs(first).max()), err_msg=route)
    assert np.abs(first - first.T).max() <= 1e-12 * max(1, np.abs(first).max())


@pytest.mark.parametrize("seed", range(5 * EFFORT))
def test_check_grad_accepts_random_functions(seed: int) -> None:
    rng = random.Random(seed)
    check_grad(random_function(seed), [rng.uniform(-1.5, 1.5) for _ in range(3)], order=2)


def softmax(x: list[float]) -> np.ndarray:
    weights = np.exp(np.array(x) - max(x))
    return weights / weights.sum()


@pytest.mark.parametrize(
    "x", [[0.3, -1.2, 0.7], [1000.0, 999.0, 998.5, -1000.0], [2.0, 2.0, 2.0], [-1e5, 3.0], [5.0], [0.0] * 40 + [3.0]]
)
def test_the_hessian_of_logsumexp_is_diag_p_minus_p_p(x: list[float]) -> None:
    p = softmax(x)
    want = np.diag(p) - np.outer(p, p)
    recorded = [Value(a) for a in x]
    slopes = gradients(logsumexp(recorded), recorded)
    for H in (hessian(logsumexp)(x), [[v.data for v in gradients(slope, recorded)] for slope in slopes]):
        np.testing.assert_allclose(H, want, rtol=1e-13, atol=1e-16)
    v = [math.cos(k) for k in range(len(x))]
    np.testing.assert_allclose(hvp(logsumexp, (x,), (v,)), want @ v, rtol=1e-12, atol=1e-16)


def test_the_hessian_of_logsumexp_where_operands_are_numbers_repeat_or_are_computed() -> None:
    p = softmax([0.5, 2.0])  # the number 2 has no row of its own
    assert hessian(lambda a: logsumexp([a, 2.0]))(0.5) == pytest.approx(p[0] * p[1], rel=1e-14)
    assert hessian(lambda a: logsumexp([a, a, a]))(0.5) == pytest.approx(0.0, abs=1e-16)
    q = softmax([0.5, 1.5])  # q'' of log(eᵃ + e³ᵃ): (3 - 1)² q₁ q₂
    assert hessian(lambda a: logsumexp([a, 3 * a]))(0.5) == pytest.approx(4 * q[0] * q[1], rel=1e-14)
    q = softmax([0.25, 0.5])  # a² and a: 2 q₁ + (2 a - 1)² q₁ q₂, where 2 a - 1 = 0
    assert hessian(lambda a: logsumexp([a * a, a]))(0.5) == pytest.approx(2 * q[0], rel=1e-14)


def test_the_largest_operand_of_logsumexp_keeps_the_digits_of_its_curvature() -> None:
    with mpmath.workdps(60):
        rest = mpmath.exp(-60) / (1 + mpmath.exp(-60))
        want = float(rest * (1 - rest))
    np.testing.assert_allclose(hessian(logsumexp)([60.0, 0.0]), [[want, -want], [-want, want]], rtol=1e-14)


def classifier(hidden: int) -> tuple[Callable[[list[Any]], Any], list[float]]:
    """Softmax cross-entropy of a network 2-hidden-hidden-3 on four points, and its parameters."""
    sizes, rng = (2, hidden, hidden, 3), random.Random(3)
    points = [([rng.uniform(-1, 1), rng.uniform(-1, 1)], rng.randrange(3)) for _ in range(4)]

    def loss(parameters: list[Any]) -> Any:
        total: Any = 0.0
        for point, label in points:
            supply, a = iter(parameters), point
            for inputs, outputs in itertools.pairwise(sizes):
                z = [dot([next(supply) for _ in range(inputs)], a, next(supply)) for _ in range(outputs)]
                a = [tanh(x) for x in z]
            total = total + logsumexp(z) - z[label]
        return total

    count = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes))
    return loss, [rng.uniform(-1, 1) for _ in range(count)]


def waves(x: list[Any]) -> list[Any]:
    return [sin(a) * a for a in x]


def walk(x: Any, steps: int, follow: Callable[[Any], object] = lambda _: None) -> Any:
    """Where a point is after so many steps, each along a slope at the point."""
    for _ in range(steps):
        x = x - 0.1 * grad(lambda u: u**4 * sin(u))(x)
        follow(x)
    return x


def clock_of_its_own() -> Callable[[Any], object]:
    """What counts time in a Value, and compares it: nothing else depends on it."""
    times = [Value(0.0)]
    return lambda _: times.append(times[-1] + 0.1) or times[-1] > 5


def others_in_turn() -> Callable[[Any], object]:
    """Compares Values that are older than all, and on which nothing depends."""
    others = iter([Value(1.0) for _ in range(1000)])
    return lambda _: next(others) > 2


def set_before(x: list[float]) -> object:
    """The walk, where all that it stands on has been set once."""
    leaf = Value(1.0)
    leaf.data = 0.5
    return walk(leaf * 0.25, len(x))


OUTSIDE, COMPARED = Value(2.0), Value(3.0)
GROWING: dict[str, Callable[[list[float]], object]] = {
    "jvp": lambda x: jvp(waves, (x,), (x,)),
    "vjp": lambda x: vjp(waves, x)[1](x),
    "jvp with a Value from outside": lambda x: jvp(lambda v: [OUTSIDE * a for a in waves(v)], (x,), (x,)),
    "vjp with a Value from outside": lambda x: vjp(lambda v: [OUTSIDE * a for a in waves(v)], x)[1](x),
    "outputs of one chain": lambda x: jvp(lambda v: [*itertools.accumulate(v)], (x,), (x,)),
    "the same output again": lambda x: vjp(lambda v: [functions.sum(v)] * len(v), x)[1](x),
    "tangents": lambda x: tangents(waves(leaves := [Value(a) for a in x]), dict.fromkeys(leaves, 1.0)),
    "gradients through jumps": lambda x: gradients(dot(list(map(sign, v := [Value(0.0) for _ in x])), v), v),
    "jvp through jumps": lambda x: jvp(lambda v: [sign(OUTSIDE * a) * a for a in v], ([0.0 for _ in x],), (x,)),
    "hvp of logsumexp": lambda x: hvp(logsumexp, (x,), (x,)),
    "hvp of logsumexp with a Value from outside": lambda x: hvp(lambda v: OUTSIDE * logsumexp(v), (x,), (x,)),
    "a column of the Jacobian of softmax": lambda x: jvp(grad(logsumexp), (x,), (x,)),
    "a derivative at each step of a loop": lambda x: grad(walk)(0.5, len(x)),
    "the same, forward": lambda x: jvp(lambda u: walk(u, len(x)), (0.5,), (1.0,)),
    "the same, written by hand": lambda x: walk(OUTSIDE * 0.25, len(x)).backward(),
    "the same, twice": lambda x: hvp(lambda u: walk(u, len(x)), (0.5,), (1.0,)),
    "the same beside a comparison": lambda x: (COMPARED > 0, grad(walk)(0.5, len(x))),
    "the same with comparisons": lambda x: grad(lambda u: walk(u, len(x), lambda u: u > 5))(0.5),
    "the same with comparisons of others": lambda x: grad(lambda u: walk(u, len(x), clock_of_its_own()))(0.5),
    "the same with comparisons of older ones": lambda x: grad(lambda u: walk(u, len(x), others_in_turn()))(0.5),
    "the same from a leaf that was set": set_before,
}


@pytest.mark.parametrize("name", GROWING)
def test_one_sweep_does_work_linear_in_inputs_and_outputs(name: str) -> None:
    call = GROWING[name]
    few, many = (work(lambda n=n: call([k / n for k in range(n)])) for n in (40, 160))  # type: ignore[misc]
    assert many <= 4.2 * few


@pytest.mark.parametrize("hidden", [3, 12])
def test_the_hvp_of_a_classifier_does_a_few_times_the_work_of_the_function(hidden: int) -> None:
    loss, x = classifier(hidden)
    assert work(lambda: hvp(loss, (x,), (x,))) <= 6 * work(lambda: loss([Value(a) for a in x]))


def test_the_hvp_of_a_classifier_is_the_slope_of_its_gradient() -> None:
    loss, x = classifier(3)
    v = [math.cos(k) for k in range(len(x))]
    h = 1e-5
    sides = [grad(loss)([a + sign * h * rate for a, rate in zip(x, v, strict=True)]) for sign in (1, -1)]
    slope = (np.array(sides[0]) - np.array(sides[1])) / (2 * h)
    np.testing.assert_allclose(hvp(loss, (x,), (v,)), slope, rtol=1e-7, atol=1e-9)


def test_several_roots_are_collected_at_once() -> None:
    x = Value(2.0)
    y = sin(x)
    a, b = y * y, y + 1
    results, leaves = collect(b, a, x, b)
    assert (results, leaves) == ([b, a, y], [x])
    assert collect(a, b) == collect(b, a)
    assert collect() == ([], [])
    with pytest.raises(TypeError, match="expected a Value"):
        collect(a, [b])  # type: ignore[arg-type]


def test_of_several_outputs_the_error_names_the_first_number_that_went_wrong() -> None:
    with pytest.raises(RangeError, match=r"the first such number is Value\(inf, op='add'\)"):
        jvp(lambda x: [x * 2, (x + math.inf) * 3], (1.0,), (1.0,))


# Meaning.


def test_perturbation_confusion_cannot_occur() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(2.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x + y, (x,), (1.0,))[1], (2.0,), (1.0,)) == (2.0, 1.0)
    assert grad(lambda x: x * jvp(lambda y: x * y, (3.0,), (1.0,))[1])(5.0) == 10.0
    assert jvp(lambda x: grad(lambda y: x * x * y)(x), (3.0,), (1.0,))[1] == 6.0
    assert grad(lambda x: grad(lambda y: y * x)(x) + grad(lambda y: y * y)(x))(3.0) == 3.0


INNER: dict[str, Callable[[Callable[[Any], Any], Any], Any]] = {
    "grad": lambda f, x: grad(f)(x),
    "value_and_grad": lambda f, x: value_and_grad(f)(x)[1],
    "jvp": lambda f, x: jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f, x: vjp(f, x)[1](1.0)[0],
    "jacobian": lambda f, x: jacobian(lambda u: [u, f(u)])(x)[1],
    "taylor": lambda f, x: taylor(f, x, 1)[1],
    "hessian": lambda f, x: hessian(lambda u: u[0] * f(u[1]))([1.0, x])[0][1],
    "hvp": lambda f, x: hvp(lambda u, v: u * f(v), (1.0, x), (1.0, 0.0))[1],
}


@pytest.mark.parametrize("outer", INNER)
@pytest.mark.parametrize("inner", INNER)
def test_a_derivative_inside_another_sees_what_was_computed_before_it(outer: str, inner: str) -> None:
    def f(x: Any) -> Any:
        square, kept = x * x, sin(x)
        return kept * INNER[inner](lambda u: u**3 * kept, square)  # 3 x^4 sin(x)^2

    x, s, c = 0.7, math.sin(0.7), math.cos(0.7)
    first = 12 * x**3 * s**2 + 6 * x**4 * s * c
    second = 36 * x**2 * s**2 + 48 * x**3 * s * c + 6 * x**4 * (c**2 - s**2)
    assert INNER[outer](f, x) == pytest.approx(first, rel=1e-13)
    assert grad(lambda x: INNER[outer](f, x))(x) == pytest.approx(second, rel=1e-13)  # three, one in the other


def test_what_a_function_returns_may_be_older_than_the_call() -> None:
    w = Value(3.0, "w")
    y = w * w
    value, slope = value_and_grad(lambda x: y)(2.0)
    assert value is y
    assert (slope.data, jvp(lambda x: [y, x * y], (2.0,), (1.0,))[1][1]) == (0.0, y)
    assert jacobian(lambda x: [y, x, x * y])(2.0)[2] is y
    assert grad(lambda w: grad(lambda x: w * w)(w))(3.0) == 0.0


def test_a_zero_from_outside_that_nothing_moves_still_silences_a_pole() -> None:
    w = Value(3.0, "w")
    still, moves = 0 * w, w - 3.0
    for f in (lambda x: still * sqrt(x), lambda x: still * relu(x) * x + still * abs(x)):
        assert grad(f)(0.0).data == 0.0
        assert hessian(f)(0.0).data == 0.0
    for call in (grad(lambda x: moves * sqrt(x)), hessian(lambda x: moves * relu(x))):
        with pytest.raises(GradientError):
            call(0.0)


@pytest.mark.parametrize("transform", [
    grad, hessian, jacobian, lambda f: lambda x: jvp(f, (x,), (1.0,)), lambda f: lambda x: hvp(f, (x,), (1.0,)),
    lambda f: lambda x: taylor(f, x, 2), lambda f: lambda x: vjp(f, x)[1](1.0),
])  # fmt: skip
def test_a_graph_that_is_stale_before_a_call_is_not_read_in_it(transform: Callable[[Any], Any]) -> None:
    w = Value(3.0, "w")
    y = w * w + 1
    for _ in range(2):  # what is known of a graph ends when a leaf is set
        w.data += 1.0
        with pytest.raises(RuntimeError, match=r"w = [45]\.0 was set after mul"):
            transform(lambda x: x * x * y)(2.0)
    fresh = w * w + 1
    assert grad(lambda x: x * x * fresh)(2.0).data == 4 * 26
    assert grad(lambda x: x * x * fresh * w)(2.0).data == 4 * 26 * 5


def particle(w: Any, slope: Callable[[list[Any]], list[Any]]) -> Any:
    """Where a particle that charges repel comes down, squared (the example of Siskind and Pearlmutter)."""
    x, speed = [0.0, 8.0], [0.75, 0.0]
    while True:
        step = slope(x)
        new = [x[0] + 0.1 * speed[0], x[1] + 0.1 * speed[1]]
        if new[1].real <= 0 if isinstance(new[1], complex) else new[1] <= 0:
            return (x[0] - x[1] / speed[1] * speed[0]) ** 2
        x, speed = new, [speed[0] - 0.1 * step[0], speed[1] - 0.1 * step[1]]


def test_the_particle_comes_down_as_the_complex_step_says() -> None:
    def of(w: Any) -> Callable[[list[Any]], Any]:
        charges = (10.0, 10.0 - w), (10.0, 0.0)
        return lambda x: functions.sum(1 / sqrt((x[0] - a) ** 2 + (x[1] - b) ** 2) for a, b in charges)

    def by_hand(x: list[Any]) -> list[Any]:
        away = [(x[0] - 10.0, x[1] - b) for b in (10.0 - 1e-20j, 0.0)]
        cubes = [(a * a + b * b) ** 1.5 for a, b in away]
        return [-sum(pair[i] / cube for pair, cube in zip(away, cubes, strict=True)) for i in range(2)]

    want = particle(1e-20j, by_hand).imag / 1e-20
    assert grad(lambda w: particle(w, grad(of(w))))(0.0) == pytest.approx(want, rel=1e-11)


def test_functions_may_branch_loop_and_recurse() -> None:
    def power(x: Any, n: int) -> Any:
        return 1.0 if n == 0 else x * power(x, n - 1)

    assert grad(power)(3.0, 4) == 108.0
    assert grad(lambda x: x * x if x > 0 else -x)(-2.0) == -1.0
    assert nth(lambda x: functions.sum(x**k for k in range(5)), 2)(1.0) == 20.0


def test_shapes_are_those_of_the_arguments() -> None:
    weights, x = [[1.0, 2.0], (3.0,)], 5.0
    f = lambda w, x: w[0][0] * w[0][1] * x + w[1][0] ** 2  # noqa: E731
    assert grad(f)(weights, x) == [[10.0, 5.0], (6.0,)]
    assert grad(f, argnums=(1, 0))(weights, x) == (2.0, [[10.0, 5.0], (6.0,)])
    assert value_and_grad(f, argnums=-1)(weights, x) == (19.0, 2.0)
    assert jacobian(lambda x: (x[0], [x[1] * x[0]]))([2.0, 3.0]) == ([1.0, 0.0], [[3.0, 2.0]])
    assert jacobian(lambda t: [t, t * t, t**3])(2.0) == [1.0, 4.0, 12.0]
    assert hessian(lambda x: x**3)(2.0) == 12.0
    assert hvp(lambda x, y: x * y * y, (2.0, 3.0), (1.0, 0.0)) == (0.0, 6.0)
    value, pullback = vjp(lambda x: {"a": 1}.get("b", [x[0] * x[1], x[0]]), [2.0, 3.0])
    assert (value, pullback([1.0, 1.0])) == ([6.0, 2.0], ([4.0, 2.0],))
    assert grad(lambda x: 3.0)(1.0) == 0.0
    assert jacobian(lambda x: [])([1.0]) == []


def test_values_from_outside_stay_in_the_graph_and_keep_their_grads() -> None:
    w = Value(4.0, "w")
    w.grad = 7.0
    slope = grad(lambda x: w * x * x)(3.0)
    assert isinstance(slope, Value)
    assert gradients(slope, [w])[0].data == 6.0
    assert w.grad == 7.0
    assert hessian(lambda x: w * x * x)(3.0).data == 8.0


def test_gradients_are_values_that_can_be_read_like_any_other() -> None:
    x = Value(1.5, "x")
    J = exp(-sin(x**2)).named("J")
    (slope,) = gradients(J, [x])
    assert slope.data == pytest.approx(0.8655418174048961, rel=1e-15)
    assert x.grad == 0.0
    assert formula(slope.named("slope"))
    assert "slope" in draw(slope).graph.source
    assert "dslope/dx = " in explain(slope)
    (curvature,) = gradients(slope, [x])
    assert curvature.data == pytest.approx(
        float(mpmath.diff(lambda t: mpmath.exp(-mpmath.sin(t * t)), 1.5, 2)), rel=1e-13
    )
    stranger = Value(1.0)
    assert [g.data for g in gradients(J, [stranger, J])] == [0.0, 1.0]
    x.data = 2.0
    with pytest.raises(RuntimeError, match="was set after"):
        gradients(J, [x])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(lambda x: [x])(1.0), "takes a function of one result, not of a list: see jacobian"),
        (lambda: grad(lambda x: x, argnums=1)(1.0), "argnums names argument 1, and the function was called with 1"),
        (lambda: grad(lambda x, y: x, argnums=(0, 0))(1.0, 2.0), "names an argument twice"),
        (lambda: grad(lambda x: x)("1"), "expected a real number"),
        (lambda: grad(lambda x: "a")(1.0), "expected a real number"),
        (lambda: jvp(lambda x: x, ([1.0],), (1.0,)), "the tangents need the shape of"),
        (lambda: vjp(lambda x: [x], 1.0)[1](1.0), "the cotangents need the shape of"),
        (lambda: taylor(exp, 0.0, -1), "order is a whole number, 0 or more"),
        (lambda: check_grad(exp, 0.0, order=0), "order is a whole number, 1 or more"),
        (lambda: check_grad(exp, 0.0, modes=("backward",)), 'modes are "forward" and "reverse"'),
        (lambda: list(steps(exp(Value(1.0)), mode="backward")), 'mode is "reverse" or "forward"'),
        (lambda: gradients(3.0, []), "expected a Value"),
    ],
)
def test_a_wrong_call_is_a_clear_error(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# Kinks and singular points.


@pytest.mark.parametrize("n", range(4))
def test_powers_at_zero_have_all_derivatives(n: int) -> None:
    expected = [math.factorial(n) if order == n else 0.0 for order in range(1, 7)]
    for f in (lambda x: x**n, lambda x: x ** float(n), lambda x: x ** Value(n) if n else x**0):
        assert [float(getattr(d, "data", d)) for d in (nth(f, order)(0.0) for order in range(1, 7))] == expected
    assert taylor(lambda x: x**n, 0.0, 6) == [float(order == n) for order in range(7)]


def test_the_root_of_a_square_has_no_derivative_at_zero() -> None:
    """sqrt(x * x) is |x|; but the chain rule meets sqrt at 0, where its partial does not exist: write abs(x)."""
    f = lambda x: sqrt(x * x)  # noqa: E731
    assert grad(f)(3.0) == 1.0
    for call in (
        lambda: grad(f)(0.0),
        lambda: jvp(f, (0.0,), (1.0,)),
        lambda: hessian(f)(0.0),
        lambda: taylor(f, 0.0, 1),
    ):
        with pytest.raises((GradientError, DomainError)):
            call()
    assert grad(abs)(0.0) == 0.0


def test_the_where_trap() -> None:
    """Multiplying by 0 does not silence a partial that does not exist; a branch of Python does."""
    with pytest.raises(GradientError):
        grad(lambda x: (x > 0) * 1.0 * x + 1.0 * sqrt(x))(0.0)
    assert grad(lambda x: sqrt(x) if x > 0 else 0.0 * x)(0.0) == 0.0
    with pytest.raises(GradientError):
        grad(lambda x: relu(x) * sqrt(x + 0.0))(0.0)
    assert grad(lambda x: 0.0 * sqrt(x))(0.0) == 0.0
    assert jvp(lambda x, y: sqrt(x) + y, (0.0, 1.0), (0.0, 1.0)) == (1.0, 1.0)


def test_what_overflows_is_an_error() -> None:
    with pytest.raises(RangeError):
        grad(lambda x: 1e200 * x**3)(1e60)
    with pytest.raises((RangeError, GradientError)):
        jvp(lambda x: 1e200 * (1e200 * sin(x)), (0.0,), (1e200,))


# no_grad and detach.


def test_no_grad_is_safe_under_exceptions_threads_and_generators() -> None:
    x = Value(2.0, "x")

    def reader() -> Iterator[Value]:
        with no_grad():
            yield x * x
            yield x * x

    waiting = reader()
    assert next(waiting).operands == ()
    assert (x * x).operands == (x, x)  # the generator waits inside no_grad, and does not silence us
    assert next(waiting).operands == ()
    waiting.close()
    with contextlib.suppress(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * x).operands == (x, x)
    seen: list[bool] = []
    with no_grad():
        assert not (x * x).operands
        other = threading.Thread(target=lambda: seen.append(bool((x * x).operands)))
        other.start()
        other.join()
        with no_grad():
            pass
        assert not exp(x).operands
        assert grad(lambda v: v * v)(3.0) == 6.0  # a derivative records what it needs
        assert dot([x], [x]).operands == ()
    assert seen == [True]
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_grad())
        assert not (x + 1).operands
    assert not marks


def test_no_grad_entered_by_hand_holds_in_the_function_that_enters_it() -> None:
    x, contexts = Value(2.0), contextlib.ExitStack()

    def by_hand() -> tuple[no_grad, tuple[object, ...]]:
        context = no_grad()
        context.__enter__()
        return context, (x * x).operands

    context, inside = by_hand()
    assert (inside, (x * x).operands) == ((), (x, x))
    context.__exit__(None, None, None)
    contexts.enter_context(no_grad())
    assert not (x * x).operands
    contexts.close()
    assert (x * x).operands == (x, x)
    assert not marks


def test_no_grad_as_a_decorator_and_in_a_derivative() -> None:
    @no_grad()
    def frozen(x: Any) -> Any:
        return x * x

    assert grad(lambda x: x * frozen(x))(3.0) == 9.0
    assert grad(lambda x: x * (x * x).detach())(3.0) == 9.0
    assert Value(3.0, "x").detach().name == "x"


# check_grad.


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_check_grad_catches_a_rule_that_is_wrong_by_a_thousandth_and_names_the_operand(mode: str) -> None:
    wrong = primitive("wrong_product", "a * sin(b)", "sin(b)", "1.001 * a * cos(b)")
    with pytest.raises(
        CheckError, match=r"argument 0\[1\] .* in " + mode + r" mode, .*wrong_product .* operand b = 0\.5"
    ):
        check_grad(lambda x: wrong(x[0], x[1]) + x[0], [2.0, 0.5], modes=(mode,))
    with pytest.raises(AssertionError):
        check_grad(wrong, 2.0, 0.5, modes=(mode,))
    right = primitive("right_product", "a * sin(b)", "sin(b)", "a * cos(b)")
    report = check_grad(lambda x: right(x[0], x[1]) + x[0], [2.0, 0.5], order=3)
    assert report.error < 1e-8
    assert report.argument.startswith("argument 0[")


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_check_grad_accepts_every_row(name: str) -> None:
    point = next(
        p
        for p in itertools.product(NEAR, repeat=len(TRUE[name]) - 1)
        if (inside(name, *p) and p[0] != p[-1]) or (len(p) == 1 and inside(name, *p))
    )
    check_grad(operation(name), *point, order=2)


# Large, many, forever.


def test_a_long_chain_in_every_mode() -> None:
    def f(x: Any) -> Any:
        y = x
        for _ in range(20_000):
            y = y * 0.9999 + 0.0001 * sin(x)
        return y

    slope = grad(f)(1.0)
    assert jvp(f, (1.0,), (1.0,))[1] == pytest.approx(slope, rel=1e-9)
    assert math.isfinite(hvp(f, (1.0,), (1.0,)))
    x = Value(1.0)
    (recorded,) = gradients(f(x), [x])
    assert recorded.data == pytest.approx(slope, rel=1e-9)


def test_graphs_of_derivatives_are_freed_without_the_collector() -> None:
    gc.disable()
    try:
        x = Value(1.5)
        (slope,) = gradients(exp(-sin(x**2)), [x])
        ghost = weakref.ref(slope)
        hessian(rosenbrock)([1.0, 2.0])
        del slope
        assert ghost() is None
    finally:
        gc.enable()


def test_ten_threads_give_the_serial_result_bit_for_bit() -> None:
    def work() -> tuple[object, ...]:
        return (
            hessian(mixture)([0.7, 1.3, -0.4]), grad(mixture)([0.7, 1.3, -0.4]), taylor(lambda x: exp(-sin(x**2)), 0.3, 6),
            jvp(rosenbrock, ([0.7, 1.3],), ([1.0, 2.0],)),
        )  # fmt: skip

    expected = repr(work())
    for _ in range(10 * EFFORT):
        found: list[str] = []
        threads = [threading.Thread(target=lambda found=found: found.append(repr(work()))) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 10


# The steps of forward mode.


def test_forward_steps_are_the_same_line_read_the_other_way_round() -> None:
    x = Value(1.5, "x")
    y = (x**2).named("y")
    z = sin(y).named("z")
    J = exp(-z).named("J")
    assert [str(step) for step in steps(J, mode="forward")] == [
        "dy/dx = 2 * x · dx/dx = 3 · 1 = 3",
        "dz/dx = cos(y) · dy/dx = -0.6282 · 3 = -1.885",
        "dv1/dx = -1 · dz/dx = -1 · -1.885 = 1.885",
        "dJ/dx = exp(v1) · dv1/dx = 0.4593 · 1.885 = 0.8655",
    ]
    first = next(steps(J, mode="forward"))
    assert first.latex() == r"\frac{dy}{dx} = 2 \, x \cdot \frac{dx}{dx} = 3 \cdot 1 = 3"


def test_forward_mode_takes_a_sweep_for_each_variable() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = (a * b + sin(a) * b).named("y")
    text = explain(y, mode="forward")
    assert text.count("forward from") == 2
    slopes = [g.data for g in gradients(y, [a, b])]
    assert text.splitlines()[-2:] == [f"  ∂y/∂a = {slopes[0]!r}", f"  ∂y/∂b = {slopes[1]!r}"]
    assert "forward from b" not in explain(y, wrt=a, mode="forward")
    assert len(list(steps(y, mode="forward"))) == 9 > len(list(steps(y))) == 7
    assert "textbf{forward from a}" in text.latex
    assert math.isclose(cos(0.0), 1.0)


# What went wrong once.


def test_powers_whose_exponent_moves_through_whole_numbers() -> None:
    true = {n: float(mpmath.diff(lambda t: t**t, mpf(2), n)) for n in range(1, 5)}
    assert {n: nth(lambda x: x**x, n)(2.0) for n in true} == pytest.approx(true, rel=1e-12)
    assert nth(lambda x: x**x, 3)(1.0) == 3.0
    assert taylor(lambda x: x**x, 1.0, 5) == pytest.approx([1, 1, 1, 1 / 2, 1 / 3, 1 / 12], rel=1e-12)
    assert hessian(lambda v: v[0] ** v[1])([2.0, 0.0]) == [[0.0, 0.5], [0.5, pytest.approx(math.log(2) ** 2)]]
    assert nth(lambda x: (1 + x) ** x, 2)(0.0) == 2.0


@pytest.mark.parametrize(("exponent", "orders"), [(0.5, 0), (1.0, 0), (1.5, 1), (2.0, 1), (3.0, 2), (3.5, 3)])
def test_a_power_times_a_logarithm_has_fewer_derivatives_at_0_than_its_exponent(exponent: float, orders: int) -> None:
    slope = lambda a: grad(lambda b: a**b)(exponent)  # noqa: E731 - a ** b * log(a)
    assert slope(0.0) == 0.0
    for order in range(1, orders + 1):
        assert nth(slope, order)(0.0) == 0.0
    with pytest.raises(GradientError):
        nth(slope, orders + 1)(0.0)


def test_the_series_of_a_quotient_or_a_root_takes_work_quadratic_in_the_order() -> None:
    for f in (lambda x: x**0.5, lambda x: 1 / (1 + x), lambda x: 1 / x**2, functions.cbrt):
        few, many = (work(lambda n=n, f=f: taylor(f, 1.0, n)) for n in (20, 80))  # type: ignore[misc]
        assert many <= 17 * few
    binomial = taylor(lambda x: x**0.5, 1.0, 300)
    want = [mpmath.binomial(mpf(1) / 2, k) for k in range(301)]
    assert binomial == pytest.approx(list(map(float, want)), rel=1e-12)
    assert taylor(lambda x: (x**2 - 1) / (x - 3), 2.0, 3) == [-3.0, -7.0, -8.0, -8.0]


def test_weights_and_directions_may_belong_to_a_derivative_further_out() -> None:
    assert grad(lambda w: vjp(lambda x: x * x, 3.0)[1](w)[0])(2.0) == 6.0
    assert grad(lambda t: jvp(lambda x: x * x, (3.0,), (t,))[1])(1.0) == 6.0
    assert grad(lambda t: hvp(lambda x: x**3, (3.0,), (t,)))(1.0) == 18.0
    assert grad(lambda k: taylor(lambda x: k * sin(x), 1.0, 2)[1])(2.0) == pytest.approx(math.cos(1.0), rel=1e-15)
    assert grad(lambda x: taylor(sin, x, 2)[1])(1.0) == pytest.approx(-math.sin(1.0), rel=1e-15)
    w = Value(2.0)
    w.grad = 7.0
    (pulled,) = vjp(lambda x: x * x, 3.0)[1](w)
    assert (pulled.data, w.grad, gradients(pulled, [w])[0].data) == (12.0, 7.0, 6.0)


def test_every_transform_works_inside_no_grad() -> None:
    with no_grad():
        assert hessian(logsumexp)([1.0, 2.0])[0][0] == pytest.approx(0.19661193324148185)
        assert nth(sin, 3)(0.5) == pytest.approx(-math.cos(0.5))
        assert taylor(sin, 0.0, 3) == pytest.approx([0.0, 1.0, 0.0, -1 / 6])


def test_a_partial_that_nobody_asks_for_need_not_exist() -> None:
    assert grad(lambda x: x + sqrt(Value(0.0)))(1.0) == 1.0
    assert hessian(lambda x: x * x + sqrt(Value(0.0)))(1.0) == 2.0
    assert hessian(lambda x: 0 * sqrt(x) + x * x)(0.0) == 2.0
    assert hvp(lambda v: log(v[0]) + v[1] ** 2, ([1e-200, 2.0],), ([0.0, 1.0],)) == [0.0, 2.0]
    assert jvp(lambda x, y: log(x) * y, (1e-320, 2.0), (0.0, 1.0))[1] == pytest.approx(math.log(1e-320))
    assert vjp(lambda x: [x + 1e308, x + 1e308], 1.0)[1]([1.0, 1.0]) == (2.0,)
    assert vjp(lambda v: [], [1.0])[1]([]) == ([0.0],)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jvp(lambda x: cbrt(x**3), (0.0,), (1.0,)), lambda: taylor(lambda x: cbrt(x**3), 0.0, 2),
        lambda: nth(lambda x: sqrt(x * x) ** 2, 2)(0.0), lambda: hessian(lambda x: x**1.5)(0.0),
        lambda: hvp(lambda v: v[1] * sqrt(v[0]), ([0.0, 0.0],), ([0.0, 1.0],)), lambda: hessian(lambda v: v[0] ** v[1])([0.0, 1.0]),
    ],
)  # fmt: skip
def test_zero_times_infinity_is_an_error_in_every_mode(call: Callable[[], object]) -> None:
    with pytest.raises(GradientError):
        call()


def test_sweeps_inside_a_function_do_not_disturb_its_derivative() -> None:
    def f(x: Any) -> Any:
        kept = Value(4.0)
        y = x * x * kept
        y.backward()
        return y

    assert grad(f)(3.0) == 24.0
    assert hessian(f)(3.0) == 8.0


def test_a_leaf_that_a_function_changes_after_using_it_is_an_error() -> None:
    def f(x: Any) -> Any:
        factor = Value(2.0, "factor")
        y = x * factor
        factor.data = 3.0
        return y

    with pytest.raises(RuntimeError, match=r"factor = 3\.0 was set after mul"):
        grad(f)(1.0)


def test_a_pullback_may_be_called_from_several_threads() -> None:
    _, pullback = vjp(lambda v: 100 * (v[1] - v[0] ** 2) ** 2 * exp(v[2]), [1.0, 2.0, 0.5])
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.extend(repr(pullback(1.0)) for _ in range(30))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 300
    assert len({*found}) == 1


def test_no_grad_in_context_managers_made_of_others() -> None:
    x = Value(2.0)

    @contextlib.contextmanager
    def evaluating() -> Iterator[None]:
        with no_grad():
            yield

    class Evaluating:
        def __enter__(self) -> None:
            self.inner = no_grad()
            self.inner.__enter__()

        def __exit__(self, *error: object) -> None:
            self.inner.__exit__(*error)

    for manager in (evaluating(), Evaluating()):
        with manager:
            assert not (x * x).operands
        assert (x * x).operands
    shared = no_grad()

    def waiting() -> Iterator[None]:
        with shared:
            yield

    generator = waiting()
    next(generator)
    with shared:
        generator.close()
        assert not (x * x).operands
    assert (x * x).operands
    with pytest.raises(TypeError, match="write `with no_grad\\(\\):` inside it"):
        no_grad()(waiting)
    assert not marks


@pytest.mark.parametrize(
    ("f", "x"),
    [(sin, 1e6), (lambda x: sin(1e6 * x), 1.0), (lambda x: 1 / x, 1e-6), (log, 1e-7), (sqrt, 1e-9), (exp, 300.0)],
)
def test_check_grad_finds_the_scale_of_a_function(f: Callable[[Any], Any], x: float) -> None:
    assert check_grad(f, x, modes="reverse").error < 1e-6


def test_check_grad_returns_the_numbers_it_compared_also_where_they_are_the_same() -> None:
    for f, slope in ((lambda p: p * p, 6.0), (lambda p: 2 * p, 2.0), (lambda p: 0 * p, 0.0)):
        check = check_grad(f, 3.0)
        assert (check.derivative, check.difference, check.error) == (slope, pytest.approx(slope), pytest.approx(0.0))


@pytest.mark.parametrize(
    "f", [lambda x: atan2(x, -1.0), lambda x: atan2(3 * x, -2.0), lambda x: 2 * atan2(x, -x - 1.0)]
)
def test_a_value_given_to_a_transform_keeps_the_sign_of_its_zero(f: Callable[[Any], Any]) -> None:
    x, y = Value(-0.0), f(Value(-0.0)).data
    assert y in (-math.pi, -2 * math.pi)
    assert jvp(f, (x,), (1.0,))[0].data == y
    assert value_and_grad(f)(x)[0].data == y
    assert vjp(f, x)[0].data == y
    assert taylor(f, x, 1)[0].data == y


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_gradients_fail_at_no_number_where_the_sweep_does_not(name: str) -> None:
    numbers = [s * x for s in (1.0, -1.0) for x in (1e-310, 1e-200, 1e-8, 1.0, 3.0, 700.0, 1e155, 1e300, 1.7e308)]
    for point in itertools.product(numbers, repeat=len(TRUE[name]) - 1):
        xs = [Value(x, "x") for x in point]
        try:
            y = operation(name)(*xs)
            y.backward()
        except AutogradError:
            continue
        for x, slope in zip(xs, gradients(y, xs), strict=True):
            assert slope.data == pytest.approx(x.grad, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    "call",
    [
        lambda: taylor(lambda x: 1 / x, 1e-100, 5),
        lambda: jacobian(lambda x: x + math.inf)(1.0),
        lambda: taylor(lambda x: exp(x * x * 1e3) * exp(-x), 0.8, 40),
    ],
)
def test_a_derivative_that_overflows_is_an_error(call: Callable[[], object]) -> None:
    with pytest.raises(RangeError):
        call()


def test_an_order_that_is_too_high_is_an_error() -> None:
    with pytest.raises(ValueError, match="order 400 is too high"):
        taylor(lambda x: x**2000.5, 1.0, 400)  # it needs those of all lower powers


def test_taylor_and_check_grad_leave_nothing_to_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        taylor(lambda x: exp(sin(x)), 1.0, 3)
        check_grad(sin, 1.0, order=2)
        assert gc.collect() == 0
    finally:
        gc.enable()


class Line(NamedTuple):
    slope: float
    intercept: float


class Fit(NamedTuple):
    line: Line
    points: list[float]


def test_a_named_tuple_is_a_tree_as_others_are() -> None:
    def power(line: Any) -> Any:
        return line.slope**2 * line.intercept

    at = Line(2.0, 3.0)  # the derivatives of s²b are 2sb and s², those of them 2b, 2s, 2s and 0
    assert grad(power)(at) == Line(12.0, 4.0)
    assert type(grad(power)(at)) is Line
    assert value_and_grad(power)(at) == (12.0, Line(12.0, 4.0))
    assert hessian(power)(at) == Line(Line(6.0, 4.0), Line(4.0, 0.0))
    assert hvp(power, (at,), (Line(1.0, 0.0),)) == Line(6.0, 4.0)
    assert jvp(power, (at,), (Line(1.0, 1.0),)) == (12.0, 16.0)
    check_grad(power, at)


def test_a_named_tuple_may_be_the_result_and_stand_inside_other_trees() -> None:
    swapped = jacobian(lambda line: Line(line.intercept, 2 * line.slope))(Line(1.0, 5.0))
    assert swapped == Line(Line(0.0, 1.0), Line(2.0, 0.0))
    assert type(swapped) is type(swapped.slope) is Line
    found = grad(lambda fit: fit.line.slope * fit.points[0] + fit.line.intercept)(Fit(Line(2.0, 3.0), [5.0]))
    assert found == Fit(Line(5.0, 1.0), [2.0])
    assert type(found.line) is Line
    listed = grad(lambda pair: pair[0].slope * pair[1])([Line(2.0, 3.0), 5.0])
    assert listed == [Line(5.0, 0.0), 2.0]
    assert grad(lambda pair: pair[0] * pair[1])((2.0, 3.0)) == (3.0, 2.0)


def test_what_is_no_function_or_no_place_of_an_argument_is_told_at_once() -> None:
    for of in (grad, value_and_grad, hessian, jacobian):
        with pytest.raises(TypeError, match=r"takes a function, and gives one: write \w+\(f\)\(x\), not \w+\(1\.0\)"):
            of(1.0)  # type: ignore[arg-type, call-overload]
        with pytest.raises(TypeError, match=r"argnums is the place of an argument, not 1\.0: write \w+\(f\)\(x\)"):
            of(sin, 1.0)  # type: ignore[call-overload]
