"""Second and third derivatives of every row, from calculus written down by hand, and where they are looked at.

A derivative is given as its terms: what cancels between them is lost to anybody who computes with floats, and no more.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
from collections.abc import Callable, Iterator

import mpmath
from mpmath import mpf
from oracle import ALPHA, DOMAIN, EFFORT, HUGE, LN2, LN10, SCALE, TRUE, C, K, normal, sinc

Terms = Callable[..., list[mpf]]
Order = tuple[int, ...]  # how often by each operand
EXP, LOG, SQRT, SECH, TANH = mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.sech, mpmath.tanh
ROOT_PI = SQRT(mpmath.pi)


def _zero(*_: mpf) -> list[mpf]:
    return [mpf(0)]


def _logarithm(base: mpf, shift: int) -> tuple[Terms, Terms]:
    return lambda a: [-1 / (a + shift) ** 2 / base], lambda a: [2 / (a + shift) ** 3 / base]


def _root(a: mpf) -> mpf:
    return mpmath.sign(a) * mpmath.cbrt(abs(a))


def _leg(a: mpf) -> mpf:
    return SQRT((1 - a) * (1 + a))


def _bell(a: mpf) -> mpf:
    return EXP(-a * a)


def _slope(a: mpf) -> mpf:
    """The derivative of the logistic function."""
    return SECH(a / 2) ** 2 / 4


def _h(a: mpf, b: mpf) -> mpf:
    return SQRT(a * a + b * b)


def _on_the_left(a: mpf, x: mpf) -> list[mpf]:
    return [x if a < 0 else mpf(0)]


def _bend(a: mpf) -> mpf:
    """The second derivative of the logistic function."""
    return -_slope(a) * TANH(a / 2)


def _third(a: mpf) -> list[mpf]:
    """The terms of the third."""
    return [_slope(a), -6 * _slope(a) ** 2]


def _silu3(a: mpf) -> list[mpf]:
    return [3 * _bend(a), *(a * x for x in _third(a))]


def _mish_factors(a: mpf) -> tuple[mpf, mpf, mpf]:
    """tanh p, sech² p for p = log(1 + exp(a)), and the logistic function."""
    e = EXP(a)
    return e * (e + 2) / (e * (e + 2) + 2), 4 * (1 + e) ** 2 / (1 + (1 + e) ** 2) ** 2, 1 / (1 + EXP(-a))


def _mish2(a: mpf) -> list[mpf]:
    w, q, s = _mish_factors(a)
    return [2 * q * s, a * q * _slope(a), -2 * a * q * w * s * s]


def _mish3(a: mpf) -> list[mpf]:
    w, q, s = _mish_factors(a)
    once = [q * _slope(a), -2 * q * w * s * s]
    again = [4 * q * w * w * s**3, -2 * q * q * s**3, -6 * q * w * s * _slope(a), q * _bend(a)]
    return [*(3 * x for x in once), *(a * x for x in again)]


def _gelu_tanh_up_to(a: mpf, order: int) -> list[mpf]:
    """The terms of a derivative of a σ(v), v = k (a + c a³)."""
    v, first, second, third = K * (a + C * a**3), K * (1 + 3 * C * a * a), 6 * K * C * a, 6 * K * C
    g1, g2 = [_slope(v) * first], [_bend(v) * first**2, _slope(v) * second]
    g3 = [*(x * first**3 for x in _third(v)), 3 * _bend(v) * first * second, _slope(v) * third]
    return [*(2 * x for x in g1), *(a * x for x in g2)] if order == 2 else [*(3 * x for x in g2), *(a * x for x in g3)]


def _sinc2(a: mpf) -> list[mpf]:
    if abs(a) < 0.5:
        return [sinc(a, 2)]
    return [-(mpmath.pi**2) * sinc(a), -2 * mpmath.cospi(a) / a**2, 2 * sinc(a) / a**2]


def _sinc3(a: mpf) -> list[mpf]:
    if abs(a) < 0.5:
        return [sinc(a, 3)]
    p = mpmath.pi**2
    rest = [-3 * x / a for x in _sinc2(a)]
    return [*rest, -p * sinc(a) / a, -p * mpmath.cospi(a) / a, p * sinc(a) / a]


_SECOND_AND_THIRD: dict[str, tuple[Terms, Terms]] = {
    **dict.fromkeys(("neg", "abs", "relu", "sign", "round", "floor", "ceil", "trunc"), (_zero, _zero)),
    **dict.fromkeys(("exp", "expm1"), (lambda a: [EXP(a)], lambda a: [EXP(a)])),
    "log": _logarithm(mpf(1), 0), "log1p": _logarithm(mpf(1), 1), "log2": _logarithm(LN2, 0), "log10": _logarithm(LN10, 0),
    "sqrt": (lambda a: [-1 / (4 * SQRT(a) ** 3)], lambda a: [3 / (8 * SQRT(a) ** 5)]),
    "cbrt": (lambda a: [-2 / (9 * _root(a) ** 5)], lambda a: [10 / (27 * _root(a) ** 8)]),
    "sin": (lambda a: [-mpmath.sin(a)], lambda a: [-mpmath.cos(a)]),
    "cos": (lambda a: [-mpmath.cos(a)], lambda a: [mpmath.sin(a)]),
    "tan": (lambda a: [2 * mpmath.tan(a) * mpmath.sec(a) ** 2],
            lambda a: [2 * mpmath.sec(a) ** 4, 4 * (mpmath.tan(a) * mpmath.sec(a)) ** 2]),
    "asin": (lambda a: [a / _leg(a) ** 3], lambda a: [(1 + 2 * a * a) / _leg(a) ** 5]),
    "acos": (lambda a: [-a / _leg(a) ** 3], lambda a: [-(1 + 2 * a * a) / _leg(a) ** 5]),
    "atan": (lambda a: [-2 * a / (1 + a * a) ** 2], lambda a: [6 * a * a / (1 + a * a) ** 3, -2 / (1 + a * a) ** 3]),
    "sinh": (lambda a: [mpmath.sinh(a)], lambda a: [mpmath.cosh(a)]),
    "cosh": (lambda a: [mpmath.cosh(a)], lambda a: [mpmath.sinh(a)]),
    "tanh": (lambda a: [-2 * TANH(a) * SECH(a) ** 2], lambda a: [4 * (TANH(a) * SECH(a)) ** 2, -2 * SECH(a) ** 4]),
    "sech": (lambda a: [SECH(a) * TANH(a) ** 2, -(SECH(a) ** 3)],
             lambda a: [-SECH(a) * TANH(a) ** 3, 5 * SECH(a) ** 3 * TANH(a)]),
    "asinh": (lambda a: [-a / _h(a, mpf(1)) ** 3], lambda a: [2 * a * a / _h(a, mpf(1)) ** 5, -1 / _h(a, mpf(1)) ** 5]),
    "acosh": (lambda a: [-a / SQRT((a - 1) * (a + 1)) ** 3], lambda a: [(1 + 2 * a * a) / SQRT((a - 1) * (a + 1)) ** 5]),
    "atanh": (lambda a: [2 * a / _leg(a) ** 4], lambda a: [(2 + 6 * a * a) / _leg(a) ** 6]),
    "sigmoid": (lambda a: [-_slope(a) * TANH(a / 2)], lambda a: [_slope(a), -6 * _slope(a) ** 2]),
    "softplus": (lambda a: [_slope(a)], lambda a: [-_slope(a) * TANH(a / 2)]),
    "gaussian": (lambda a: [4 * a * a * _bell(a), -2 * _bell(a)], lambda a: [-8 * a**3 * _bell(a), 12 * a * _bell(a)]),
    "erf": (lambda a: [-4 / ROOT_PI * a * _bell(a)],
            lambda a: [8 / ROOT_PI * a * a * _bell(a), -4 / ROOT_PI * _bell(a)]),
    "erfc": (lambda a: [4 / ROOT_PI * a * _bell(a)],
             lambda a: [-8 / ROOT_PI * a * a * _bell(a), 4 / ROOT_PI * _bell(a)]),
    "exp2": (lambda a: [mpf(2) ** a * LN2**2], lambda a: [mpf(2) ** a * LN2**3]),
    "sinc": (_sinc2, _sinc3),
    "log_sigmoid": (lambda a: [-_slope(a)], lambda a: [-_bend(a)]),
    "softsign": (lambda a: [-2 * mpmath.sign(a) / (1 + abs(a)) ** 3], lambda a: [6 / (1 + abs(a)) ** 4]),
    "silu": (lambda a: [2 * _slope(a), a * _bend(a)], _silu3),
    "mish": (_mish2, _mish3),
    "selu": (lambda a: _on_the_left(a, SCALE * ALPHA * EXP(a)), lambda a: _on_the_left(a, SCALE * ALPHA * EXP(a))),
    "gelu": (lambda a: [2 * normal(a), -a * a * normal(a)], lambda a: [-4 * a * normal(a), a**3 * normal(a)]),
    "gelu_tanh": (lambda a: _gelu_tanh_up_to(a, 2), lambda a: _gelu_tanh_up_to(a, 3)),
}  # fmt: skip
_ORDERS = ((2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
_OF_TWO: dict[str, tuple[Terms, ...]] = {
    **dict.fromkeys(("add", "sub", "maximum", "minimum", "heaviside", "mod", "fmod", "copysign"), (_zero,) * 7),
    "mul": (_zero, lambda a, b: [mpf(1)], *[_zero] * 5),
    "leaky_relu": (_zero, lambda a, b: _on_the_left(a, mpf(1)), *[_zero] * 5),
    "elu": (lambda a, b: _on_the_left(a, b * EXP(a)), lambda a, b: _on_the_left(a, EXP(a)), _zero,
            lambda a, b: _on_the_left(a, b * EXP(a)), lambda a, b: _on_the_left(a, EXP(a)), _zero, _zero),
    "logaddexp": (lambda a, b: [_slope(a - b)], lambda a, b: [-_slope(a - b)], lambda a, b: [_slope(a - b)],
                  lambda a, b: [_bend(a - b)], lambda a, b: [-_bend(a - b)], lambda a, b: [_bend(a - b)],
                  lambda a, b: [-_bend(a - b)]),
    "div": (_zero, lambda a, b: [-1 / b**2], lambda a, b: [2 * a / b**3],
            _zero, _zero, lambda a, b: [2 / b**3], lambda a, b: [-6 * a / b**4]),
    "pow": (lambda a, b: [b * (b - 1) * a ** (b - 2)],
            lambda a, b: [a ** (b - 1), b * a ** (b - 1) * LOG(a)],
            lambda a, b: [a**b * LOG(a) ** 2],
            lambda a, b: [b * (b - 1) * (b - 2) * a ** (b - 3)],
            lambda a, b: [2 * b * a ** (b - 2), -(a ** (b - 2)), b * (b - 1) * a ** (b - 2) * LOG(a)],
            lambda a, b: [2 * a ** (b - 1) * LOG(a), b * a ** (b - 1) * LOG(a) ** 2],
            lambda a, b: [a**b * LOG(a) ** 3]),
    "hypot": (lambda a, b: [b * b / _h(a, b) ** 3], lambda a, b: [-a * b / _h(a, b) ** 3], lambda a, b: [a * a / _h(a, b) ** 3],
              lambda a, b: [-3 * a * b * b / _h(a, b) ** 5],
              lambda a, b: [2 * a * a * b / _h(a, b) ** 5, -(b**3) / _h(a, b) ** 5],
              lambda a, b: [2 * a * b * b / _h(a, b) ** 5, -(a**3) / _h(a, b) ** 5],
              lambda a, b: [-3 * a * a * b / _h(a, b) ** 5]),
    "atan2": (lambda a, b: [-2 * a * b / _h(a, b) ** 4],
              # Near its zeros at a = b and a = -b nothing need be lost, as a - b and a + b are exact; at them, a little.
              lambda a, b: [(a - b) * (a + b) / _h(a, b) ** 4] if abs(a) != abs(b) else [a**-2 / 4, -(b**-2) / 4],
              lambda a, b: [2 * a * b / _h(a, b) ** 4],
              lambda a, b: [6 * a * a * b / _h(a, b) ** 6, -2 * b**3 / _h(a, b) ** 6],
              lambda a, b: [6 * a * b * b / _h(a, b) ** 6, -2 * a**3 / _h(a, b) ** 6],
              lambda a, b: [-6 * a * a * b / _h(a, b) ** 6, 2 * b**3 / _h(a, b) ** 6],
              lambda a, b: [-6 * a * b * b / _h(a, b) ** 6, 2 * a**3 / _h(a, b) ** 6]),
}  # fmt: skip

HIGHER: dict[str, dict[Order, Terms]] = {
    **{name: {(2,): second, (3,): third} for name, (second, third) in _SECOND_AND_THIRD.items()},
    **{name: dict(zip(_ORDERS, forms, strict=True)) for name, forms in _OF_TWO.items()},
}
GRID = [float(f"1e{power}") for power in (*range(-300, 151, 50), -20, -12, -8, -5, -3, -1, 1, 4)]
GRID += [0.3, 0.57735, 0.65848, 0.70710, 1.31695, 2.6, 19.0, 27.5, 180.0, 340.0, 700.0]  # some are next to zeros
GRID_OF_TWO = [1e-300, 1e-150, 1e-40, 1e-8, 0.37, 1.0, 1 + 2.0**-52, 1 + 1e-8, 1.0001, 2.5, 50.0, 1e4, 1e8, 1e40, 1e150]
PAIRS = [(1e4, 1.0), (1.0, 1e8), (-1e40, 0.37), (1.0, 1.0001), (1.0, 1 + 2.0**-52), (-1e-8, 1e-8), (1e150, -1e-150)]
NEAR_THE_END = [10.0**-power for power in range(1, 17, 3)]


def jumps(name: str, point: tuple[float, ...]) -> bool:
    """Whether a row jumps exactly there: as mod and floor do where something is whole, and round half way."""
    if name in ("mod", "fmod"):
        return point[1] != 0 and math.fmod(*point) == 0
    if name == "round":
        return (2 * point[0]) % 2 == 1
    return name in ("floor", "ceil", "trunc") and point[0].is_integer()


def grid(name: str) -> Iterator[tuple[float, ...]]:
    """Operands of every magnitude, and next to the ends of the domain, where the row is smooth and not too large."""
    if len(TRUE[name]) == 2:
        ends = [1 - x for x in NEAR_THE_END] + [1 + x for x in NEAR_THE_END]
        found = itertools.product([sign * x for x in [*GRID, *ends] for sign in (1, -1)])
    else:
        pairs = list(itertools.product([sign * x for x in GRID_OF_TWO for sign in (1, -1)], repeat=2))
        found = iter([*PAIRS, *random.Random(7).sample(pairs, 15 * EFFORT)])  # type: ignore[assignment]
    for point in found:
        edge = name in ("asin", "acos", "acosh") and abs(point[0]) == 1
        power_of_a_negative = name == "pow" and point[0] < 0
        tie = name in ("maximum", "minimum") and point[0] == point[1]
        tie = tie or jumps(name, point)
        smooth = DOMAIN.get(name, lambda *_: True)(*point) and not (edge or power_of_a_negative or tie)
        if smooth and abs(TRUE[name][0](*map(mpf, point))) <= HUGE:
            yield point


def terms(name: str, order: Order, point: tuple[float, ...]) -> list[mpf]:
    """The terms of a derivative of any order from 0 to 3."""
    exact = tuple(map(mpf, point))
    if sum(order) < 2:
        return [TRUE[name][order.index(1) + 1 if 1 in order else 0](*exact)]
    return HIGHER[name][order](*exact)


def error(name: str, order: Order, point: tuple[float, ...], got: float) -> float:
    """How wrong a derivative is, as a multiple of what is allowed: 1e-12 of it, and where its terms cancel, of these.

    0 where it, or one of the lower derivatives that it is computed from, is too large or too small for a float.
    """
    lower = itertools.product(*(range(count + 1) for count in order))
    sizes = [abs(sum(terms(name, low, point))) for low in lower]
    if any(size > HUGE / 1000 or 0 < size < sys.float_info.min for size in sizes):
        return 0.0
    found = terms(name, order, point)
    want, scale = sum(found), sum(map(abs, found))
    allowed = max(mpf(10) ** -12 * abs(want), 16 * mpf(2) ** -52 * scale, mpf(10) ** -305)
    return float(abs(got - want) / allowed) if math.isfinite(got) else math.inf
