"""What every row must give, from mpmath at 50 digits and from calculus written down a second time, independently."""

from __future__ import annotations

import functools
import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator

import mpmath
from mpmath import mpf

from autograd.engine.kernels import Kernels
from autograd.table.expression import Call, Expression, Name, Number, fold
from autograd.table.rules import Row

mpmath.mp.dps = 50
EFFORT = int(os.environ.get("EFFORT", "1"))  # how much is tried where more tries may find more: CI says 3
TINY = sys.float_info.min
DENORMAL = 5e-324
HUGE = sys.float_info.max


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
}

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
        second = rng.choice((one(), one(), first, -first, float(rng.randint(-5, 5)))) if arity == 2 else 0.0
        yield (first, second)[:arity]


EXACT: dict[str, Callable[..., mpf]] = {name: functions[0] for name, functions in TRUE.items()}


def exactly(expression: Expression, names: dict[str, mpf]) -> mpf:
    """An expression of the table at 50 digits."""

    def visit(part: Expression, operands: list[mpf]) -> mpf:
        if isinstance(part, Number):
            return mpf(part.value)
        if isinstance(part, Name):
            return {"pi": mpmath.pi, **names}[part.id]
        assert isinstance(part, Call)
        return EXACT[part.op](*operands)

    return fold(expression, visit)


@functools.cache
def truth(name: str, point: tuple[float, ...]) -> tuple[mpf | None, ...]:
    """The value of a row at a point and its partials; None for a partial that does not exist there as a float."""
    exact = tuple(map(mpf, point))
    value, *partials = TRUE[name]
    found = [value(*exact)]
    for letter, partial in zip("ab", partials, strict=False):
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
    return [point for point in found if abs(TRUE[name][0](*map(mpf, point))) <= HUGE]


def allowed(limit: float, want: mpf, numbers: tuple[float, ...]) -> mpf:
    """How far from `want` a result may be: `limit` units in its last place.

    Where an operand or the value is subnormal it has fewer digits itself, and what is computed from it may be off by as
    much as half of its last digit is of it.
    """
    ulp = mpf(math.ulp(float(want)) if abs(want) <= HUGE else math.ulp(HUGE))
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
        numbers = (*point, float(truth(row.name, point)[0]))
        try:
            for what, got, want in compared(made, point):
                if not (math.isfinite(got) and abs(mpf(got) - want) <= allowed(limit, want, numbers)):
                    yield row.name, what, point, got, float(want)
        except (ArithmeticError, ValueError) as error:
            yield row.name, point, repr(error)
