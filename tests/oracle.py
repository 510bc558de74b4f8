"""What every row must give, from mpmath at 50 digits and from calculus written down a second time, independently."""

from __future__ import annotations

import functools
import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import mpmath
from mpmath import mpf

from autograd.engine.kernels import Kernels
from autograd.table.expression import COMPARISONS, Call, Choice, Expression, Name, Number, fold
from autograd.table.rules import Row

mpmath.mp.dps = 50
# How much is tried where more tries may find more: CI says 4. From 2 on, all variants of what is alike are tried.
EFFORT = int(os.environ.get("EFFORT", "1"))
TINY = sys.float_info.min
DENORMAL = 5e-324
HUGE = sys.float_info.max

T, U = TypeVar("T"), TypeVar("U")


def some(alike: Iterable[T], turn: int = 0) -> list[T]:
    """Things that are alike, of which little effort tries every other one, from the first or the second on."""
    return [*alike][turn::2] if EFFORT == 1 else [*alike]


def pairs(these: Iterable[T], others: Iterable[U]) -> list[tuple[T, U]]:
    """Each of these with each of the others, of which little effort tries every other pair: each still occurs."""
    others = [*others]
    return [
        (one, other) for i, one in enumerate(these) for j, other in enumerate(others) if EFFORT > 1 or (i + j) % 2 == 0
    ]


def _sign(a: mpf) -> mpf:
    return mpf((a > 0) - (a < 0))


def _step(a: mpf, half: mpf) -> mpf:
    return mpf(1) if a > 0 else mpf(0) if a < 0 else mpf(half)


def _power_in_base(a: mpf, b: mpf) -> mpf:
    return mpf(0) if b == 0 else b * a ** (b - 1)


def _power_in_exponent(a: mpf, b: mpf) -> mpf:
    return mpf(0) if a == 0 and b > 0 else a**b * mpmath.log(a)


def _sech2(a: mpf) -> mpf:
    return mpmath.sech(a) ** 2


def _logistic(a: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-a))


def _real_cbrt(a: mpf) -> mpf:
    return mpmath.sign(a) * mpmath.cbrt(abs(a))


def _tanh_of_softplus(a: mpf) -> mpf:
    e = mpmath.exp(min(a, mpf(400)))
    return e * (e + 2) / (e * (e + 2) + 2)


def _mish_slope(a: mpf) -> list[mpf]:
    """The terms of the derivative of mish."""
    w = _tanh_of_softplus(a)
    e = mpmath.exp(-abs(a))  # 1 - w² is 4 (1 + e)² / (1 + (1 + e)²)² with e = exp(a)
    left = 4 * (1 + e) ** 2 / (1 + (1 + e) ** 2) ** 2 if a < 0 else 4 * e**2 * (1 + e) ** 2 / (e**2 + (1 + e) ** 2) ** 2
    return [w, a * left * _logistic(a)]


def _erfc(a: mpf) -> mpf:
    return mpmath.erfc(min(max(a, mpf(-50)), mpf(50)))  # mpmath's own fails on the largest numbers


def normal(a: mpf) -> mpf:
    """The density of the normal distribution."""
    return mpmath.exp(-a * a / 2) / mpmath.sqrt(2 * mpmath.pi)


def _gelu_slope(a: mpf) -> list[mpf]:
    """The terms of the derivative of gelu."""
    return [_erfc(-a / mpmath.sqrt(2)) / 2, a * normal(a)]


C = mpf(0.044715)
K = 2 * mpmath.sqrt(2 / mpmath.pi)


def _gelu_tanh(a: mpf) -> mpf:
    return a * _logistic(K * (a + C * a**3))


def _gelu_tanh_slope(a: mpf) -> list[mpf]:
    """The terms of the derivative of gelu_tanh."""
    v = K * (a + C * a**3)
    return [_logistic(v), a * _logistic(v) * _logistic(-v) * K * (1 + 3 * C * a * a)]


def _silu_slope(a: mpf) -> list[mpf]:
    """The terms of the derivative of silu."""
    return [_logistic(a), a * _logistic(a) * _logistic(-a)]


def sinc(a: mpf, order: int = 0) -> mpf:
    """sin(πa) / (πa), or a derivative of it: the series next to 0, elsewhere from a y'' + 2 y' + π² a y = 0."""
    p = mpmath.pi**2
    if abs(a) < HALF:
        first = (order + 1) // 2
        terms = range(first, first + 25)
        return sum(
            (-p) ** k * mpmath.factorial(2 * k) / mpmath.factorial(2 * k - order) / mpmath.factorial(2 * k + 1)
            * (a ** (2 * k - order) if 2 * k > order else 1)
            for k in terms
        )  # fmt: skip
    y = mpmath.sinpi(a) / (mpmath.pi * a)
    if order == 0:
        return y
    slope = (mpmath.cospi(a) - y) / a
    second = -p * y - 2 * slope / a
    return [y, slope, second, -(3 * second + p * y) / a - p * slope][order]


def _quotient(a: mpf, b: mpf, downward: bool) -> mpf:
    """The whole part of a / b: all of it is known, whatever the sizes are."""
    with mpmath.workdps(1400):
        found = a / b
        return mpmath.floor(found) if downward or found > 0 else mpmath.ceil(found)


def _remainder(a: mpf, b: mpf, downward: bool) -> mpf:
    with mpmath.workdps(1400):
        return a - b * _quotient(a, b, downward)


def _nearest(a: mpf) -> mpf:
    below = mpmath.floor(a)
    up = a - below > HALF or (a - below == HALF and below % 2 == 1)
    return below + 1 if up else below


def _clipped_exp(a: mpf) -> mpf:
    return mpmath.exp(a) if a <= 0 else mpf(0)


def _larger_and_rest(a: mpf, b: mpf) -> list[mpf]:
    """The terms of logaddexp."""
    return [max(a, b), mpmath.log1p(mpmath.exp(-abs(a - b)))]


SCALE, ALPHA = mpf(1.0507009873554805), mpf(1.6732632423543772)  # of selu: the floats that PyTorch has
HALF = mpf(1) / 2
LN2, LN10 = mpmath.log(2), mpmath.log(10)

# name: (value, derivative by the first operand, by the second)
TRUE: dict[str, tuple[Callable[..., mpf], ...]] = {
    "add": (lambda a, b: a + b, lambda a, b: mpf(1), lambda a, b: mpf(1)),
    "sub": (lambda a, b: a - b, lambda a, b: mpf(1), lambda a, b: mpf(-1)),
    "mul": (lambda a, b: a * b, lambda a, b: b, lambda a, b: a),
    "div": (lambda a, b: a / b, lambda a, b: 1 / b, lambda a, b: -a / b**2),
    "pow": (lambda a, b: a**b, _power_in_base, _power_in_exponent),
    "neg": (lambda a: -a, lambda a: mpf(-1)),
    "abs": (abs, _sign),
    "exp": (mpmath.exp, mpmath.exp),
    "expm1": (mpmath.expm1, mpmath.exp),
    "log": (mpmath.log, lambda a: 1 / a),
    "log1p": (mpmath.log1p, lambda a: 1 / (1 + a)),
    "log2": (lambda a: mpmath.log(a) / LN2, lambda a: 1 / (a * LN2)),
    "log10": (lambda a: mpmath.log(a) / LN10, lambda a: 1 / (a * LN10)),
    "sqrt": (mpmath.sqrt, lambda a: 1 / (2 * mpmath.sqrt(a))),
    "cbrt": (_real_cbrt, lambda a: 1 / (3 * _real_cbrt(a) ** 2)),
    "sin": (mpmath.sin, mpmath.cos),
    "cos": (mpmath.cos, lambda a: -mpmath.sin(a)),
    "tan": (mpmath.tan, lambda a: mpmath.sec(a) ** 2),
    "asin": (mpmath.asin, lambda a: 1 / mpmath.sqrt((1 - a) * (1 + a))),
    "acos": (mpmath.acos, lambda a: -1 / mpmath.sqrt((1 - a) * (1 + a))),
    "atan": (mpmath.atan, lambda a: 1 / (1 + a * a)),
    "atan2": (mpmath.atan2, lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b)),
    "hypot": (
        lambda a, b: mpmath.sqrt(a * a + b * b),
        lambda a, b: a / mpmath.sqrt(a * a + b * b),
        lambda a, b: b / mpmath.sqrt(a * a + b * b),
    ),
    "sinh": (mpmath.sinh, mpmath.cosh),
    "cosh": (mpmath.cosh, mpmath.sinh),
    "tanh": (mpmath.tanh, _sech2),
    "sech": (mpmath.sech, lambda a: -mpmath.sech(a) * mpmath.tanh(a)),
    "asinh": (mpmath.asinh, lambda a: 1 / mpmath.sqrt(1 + a * a)),
    "acosh": (mpmath.acosh, lambda a: 1 / mpmath.sqrt((a - 1) * (a + 1))),
    "atanh": (mpmath.atanh, lambda a: 1 / ((1 - a) * (1 + a))),
    "sigmoid": (_logistic, lambda a: _logistic(a) * _logistic(-a)),
    "softplus": (lambda a: mpmath.log1p(mpmath.exp(a)) if a < 99 else a + mpmath.exp(-a), _logistic),
    "relu": (lambda a: max(a, mpf(0)), lambda a: _step(a, 0)),
    "gaussian": (lambda a: mpmath.exp(-a * a), lambda a: -2 * a * mpmath.exp(-a * a)),
    "erf": (mpmath.erf, lambda a: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-a * a)),
    "maximum": (max, lambda a, b: _step(a - b, HALF), lambda a, b: _step(b - a, HALF)),
    "minimum": (min, lambda a, b: _step(b - a, HALF), lambda a, b: _step(a - b, HALF)),
    "heaviside": (_step, lambda a, b: mpf(0), lambda a, b: mpf(a == 0)),
    "sign": (_sign, lambda a: mpf(0)),
    "exp2": (lambda a: mpf(2) ** a, lambda a: mpf(2) ** a * LN2),
    "sinc": (sinc, lambda a: sinc(a, 1)),
    "log_sigmoid": (lambda a: -mpmath.log1p(mpmath.exp(-a)) if a > -99 else a - mpmath.exp(a), lambda a: _logistic(-a)),
    "logaddexp": (
        lambda a, b: sum(_larger_and_rest(a, b)),
        lambda a, b: _logistic(a - b),
        lambda a, b: _logistic(b - a),
    ),
    "softsign": (lambda a: a / (1 + abs(a)), lambda a: (1 + abs(a)) ** -2),
    "silu": (lambda a: a * _logistic(a), lambda a: sum(_silu_slope(a))),
    "mish": (lambda a: a * _tanh_of_softplus(a), lambda a: sum(_mish_slope(a))),
    "leaky_relu": (
        lambda a, b: a if a > 0 else b * a,
        lambda a, b: mpf(1) if a > 0 else b,
        lambda a, b: min(a, mpf(0)),
    ),
    "elu": (
        lambda a, b: a if a > 0 else b * mpmath.expm1(a),
        lambda a, b: mpf(1) if a > 0 else b * mpmath.exp(a),
        lambda a, b: mpf(0) if a > 0 else mpmath.expm1(a),
    ),
    "selu": (
        lambda a: SCALE * a if a > 0 else SCALE * ALPHA * mpmath.expm1(a),
        lambda a: SCALE if a > 0 else SCALE * ALPHA * mpmath.exp(a),
    ),
    "erfc": (_erfc, lambda a: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-a * a)),
    "gelu": (lambda a: a * _erfc(-a / mpmath.sqrt(2)) / 2, lambda a: sum(_gelu_slope(a))),
    "gelu_tanh": (_gelu_tanh, lambda a: sum(_gelu_tanh_slope(a))),
    "where": (
        lambda a, b, c: b if a != 0 else c,
        lambda a, b, c: mpf(0),
        lambda a, b, c: mpf(a != 0),
        lambda a, b, c: mpf(a == 0),
    ),
    "mod": (
        lambda a, b: _remainder(a, b, True),
        lambda a, b: mpf(1),
        lambda a, b: -_quotient(a, b, True),
    ),
    "fmod": (
        lambda a, b: _remainder(a, b, False),
        lambda a, b: mpf(1),
        lambda a, b: -_quotient(a, b, False),
    ),
    "round": (_nearest, lambda a: mpf(0)),
    "floor": (mpmath.floor, lambda a: mpf(0)),
    "ceil": (mpmath.ceil, lambda a: mpf(0)),
    "trunc": (lambda a: mpmath.floor(a) if a > 0 else mpmath.ceil(a), lambda a: mpf(0)),
    "copysign": (
        lambda a, b: abs(a) if b >= 0 else -abs(a),
        lambda a, b: _sign(a) * (1 if b >= 0 else -1),
        lambda a, b: mpf(0),
    ),
}

# Where terms cancel, or exp magnifies the rounding of what it is given, digits are lost to anybody who computes with
# floats: there this is the size that an error is measured against. (name, "y" or the operand): the terms of it.
TERMS: dict[tuple[str, str], Callable[..., list[mpf]]] = {
    ("logaddexp", "y"): _larger_and_rest,
    ("silu", "a"): _silu_slope,
    ("mish", "a"): _mish_slope,
    ("sinc", "a"): lambda a: [mpmath.cospi(a) / a, sinc(a) / a] if abs(a) >= HALF else [sinc(a, 1)],
    ("gelu", "y"): lambda a: [a * _erfc(-a / mpmath.sqrt(2)) / 2, a * a * normal(a)],
    ("gelu", "a"): lambda a: [*_gelu_slope(a), a**3 * normal(a)],
    ("gelu_tanh", "y"): lambda a: [_gelu_tanh(a), K * (a + C * a**3) * _gelu_tanh(a)],
    ("gelu_tanh", "a"): lambda a: [x * (1 + abs(K * (a + C * a**3))) for x in _gelu_tanh_slope(a)],
}


def size(name: str, what: str, point: tuple[float, ...], want: mpf) -> mpf:
    """What the error of a value, or of a partial, is measured against: itself, or its terms."""
    found = TERMS.get((name, what))
    return abs(want) if found is None else max(abs(want), sum(map(abs, found(*map(mpf, point)))))


DOMAIN: dict[str, Callable[..., bool]] = {
    "div": lambda a, b: b != 0,
    "pow": lambda a, b: a > 0 or (a < 0 and b == int(b)) or (a == 0 and b >= 0),
    "log": lambda a: a > 0,
    "log2": lambda a: a > 0,
    "log10": lambda a: a > 0,
    "log1p": lambda a: a > -1,
    "sqrt": lambda a: a >= 0,
    "asin": lambda a: abs(a) <= 1,
    "acos": lambda a: abs(a) <= 1,
    "atanh": lambda a: abs(a) < 1,
    "acosh": lambda a: a >= 1,
    "mod": lambda a, b: b != 0,
    "fmod": lambda a, b: b != 0,
}
SPECIAL = [0.0, 0.5, 1.0, 2.0, 3.0, math.pi / 2, math.pi, 27.0, 37.0, 350.0, 355.0, 372.5, 709.0, 709.78, 745.0, 746.0]
SPECIAL += [TINY, DENORMAL, 1e-310, HUGE, 1e154, 1.4e154, 1e-154, 2.0**53, 1e22]


def points(arity: int, count: int, seed: int = 0) -> Iterator[tuple[float, ...]]:
    """Operands from all over the floats: every magnitude, neighbourhoods of special points, close pairs."""
    rng = random.Random(seed)

    def one() -> float:
        kind = rng.randrange(6)
        sign = rng.choice((-1.0, 1.0))
        if kind == 0:  # every magnitude
            return sign * math.ldexp(
                rng.uniform(0.5, 1), rng.randint(-1074, 1024) if rng.random() < 0.5 else rng.randint(-40, 40)
            )
        if kind == 1:  # a special point, or close to one
            return sign * rng.choice(SPECIAL)
        if kind == 2:
            near = rng.choice(SPECIAL[:14])
            return sign * (near + rng.choice((-1, 1)) * math.ldexp(rng.uniform(0.5, 1), rng.randint(-60, -1)))
        if kind == 3:
            return sign * math.nextafter(rng.choice(SPECIAL[:14]), rng.choice((-math.inf, math.inf)))
        if kind == 4:  # tails of the exponential functions
            return sign * rng.uniform(0, 750)
        return sign * rng.uniform(0, 5)

    for _ in range(count):
        first = one()
        second = rng.choice((one(), one(), first, -first, float(rng.randint(-5, 5)))) if arity > 1 else 0.0
        yield (first, second, one() if arity > 2 else 0.0)[:arity]


EXACT: dict[str, Callable[..., mpf]] = {name: functions[0] for name, functions in TRUE.items()}


def exactly(expression: Expression, names: dict[str, mpf]) -> mpf:
    """An expression of the table at 50 digits."""

    def visit(part: Expression, operands: list[mpf]) -> mpf:
        if isinstance(part, Number):
            return mpf(part.value)
        if isinstance(part, Name):
            return {"pi": mpmath.pi, **names}[part.id]
        if isinstance(part, Choice):
            left, right, then, otherwise = operands
            return then if COMPARISONS[part.comparison](left, right) else otherwise
        assert isinstance(part, Call)
        return EXACT[part.op](*operands)

    return fold(expression, visit)


@functools.cache
def truth(name: str, point: tuple[float, ...]) -> tuple[mpf | None, ...]:
    """The value of a row at a point and its partials; None for a partial that does not exist there as a float."""
    exact = tuple(map(mpf, point))
    value, *partials = TRUE[name]
    found = [value(*exact)]
    for letter, partial in zip("abc", partials, strict=False):
        true = partial(*exact) if exists(name, letter, point) else mpf("inf")
        found.append(true if abs(true) <= HUGE else None)
    return tuple(found)


def exists(name: str, letter: str, point: tuple[float, ...]) -> bool:
    """Whether there is a partial at a point."""
    if name == "pow" and letter == "a" and point[0] == 0 and point[1] < 1 and point[1] != 0:
        return False
    if name == "pow" and letter == "b" and (point[0] < 0 or point == (0, 0)):
        return False
    if name in ("sqrt", "cbrt") and point[0] == 0:
        return False
    return not (name in ("asin", "acos", "acosh") and abs(point[0]) == 1)


@functools.cache
def admissible(name: str, count: int, seed: int = 0) -> list[tuple[float, ...]]:
    """Points inside the domain of a row where its value is a finite float."""
    inside = DOMAIN.get(name, lambda *_: True)
    found = [point for point in points(len(TRUE[name]) - 1, count, seed) if inside(*point)]
    found = [point for point in found if not (name in ("atan2", "hypot") and point == (0, 0))]
    signed = {"copysign": 1, "atan2": 0}  # the operand whose -0.0 is another number than 0.0, and not in mpmath
    found = [point for point in found if not (name in signed and str(point[signed[name]]) == "-0.0")]
    found = [
        point for point in found if not (name == "elu" and point[0] < -708)
    ]  # exp(a) has lost digits, b times it not
    return [point for point in found if abs(TRUE[name][0](*map(mpf, point))) <= HUGE]


def allowed(limit: float, want: mpf, numbers: tuple[float | mpf, ...], size: mpf | None = None) -> mpf:
    """How far from `want` a result may be: `limit` units in its last place, or in that of its `size`.

    Where an operand or the (true) value is subnormal it has fewer digits itself, and what is computed from it may be off
    by as much as half of its last digit is of it; below the smallest float it has none.
    """
    size = abs(want) if size is None else size
    ulp = mpf(math.ulp(float(size)) if size <= HUGE else math.ulp(HUGE))
    smallest = min((abs(number) for number in numbers if number), default=1.0)
    digits = abs(want) * mpf(DENORMAL) / mpf(smallest) if smallest < TINY else mpf(0)
    return limit * ulp + 2 * digits


def compared(made: Kernels, point: tuple[float, ...]) -> Iterator[tuple[str, float, mpf]]:
    """(what, got, true) for the value and for each partial of a row at a point."""
    true_value, *true_partials = truth(made.row.name, point)
    value = made.value()(*point)
    yield "y", value, true_value
    for letter, true in zip(made.row.letters, true_partials, strict=True):
        if true is not None:
            yield letter, made.partial(letter)(*point, value), true


def wrong(row: Row, found: Iterable[tuple[float, ...]], limit: float = 4.0) -> Iterator[tuple[object, ...]]:
    """Where the row is further from the truth than `limit` units in the last place: ask for the first."""
    made = Kernels(row)
    for point in found:
        numbers = (*point, truth(row.name, point)[0])
        try:
            for what, got, want in compared(made, point):
                scale = size(row.name, what, point, want)
                if not (math.isfinite(got) and abs(mpf(got) - want) <= allowed(limit, want, numbers, scale)):
                    yield row.name, what, point, got, float(want)
        except (ArithmeticError, ValueError) as error:
            yield row.name, point, repr(error)
