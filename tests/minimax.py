"""The polynomials of autograd/compiler/lanes, and that of erfc in the table: what they are to be, and how they are found.

`python tests/minimax.py LOG` prints the coefficients of LOG, `python tests/minimax.py` those of all. They are those of
Remez' exchange in 45 digits, rounded to the nearest numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import mpmath as mp
from mpmath import mpf


class Target(NamedTuple):
    """What a polynomial is to be in [low, high]; its weighted error is at most 2^bits, its coefficients being rounded."""

    function: Callable[[mpf], mpf]
    weight: Callable[[mpf], mpf]
    count: int
    low: mpf
    high: mpf
    bits: float


def odd(f: Callable[[mpf], mpf], taken: Callable[[mpf], mpf]) -> Callable[[mpf], mpf]:
    """(f(x) / x - what is taken off) / z, where z = x²; none of the functions below is asked at 0."""
    return lambda z: (f(mp.sqrt(z)) / mp.sqrt(z) - taken(z)) / z


def one(z: mpf) -> mpf:
    return mpf(1)


def itself(z: mpf) -> mpf:
    return abs(z)


def where_erfc(t: mpf) -> mpf:
    return mpf(5) / 2 * (1 - t) / (1 + t)


def scaled_erfc(t: mpf) -> mpf:
    """(1 + 2 x) exp(x²) erfc(x) with t = (x - 3.5) / (x + 3.5)."""
    x = mpf("3.5") * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


LEAST = mpf(10) ** -12  # instead of 0
HALF_LN2 = mp.log(2) / 2 * mpf("1.0005")  # a little more, as n is found by a rounded product
S = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mpf("1.0001")
QUARTER = mpf("0.2501")
EIGHTH_TURN = (mp.pi / 4 * mpf("1.0001")) ** 2
TARGETS = {
    "EXP": Target(lambda r: (mp.expm1(r) - r) / r**2, itself, 11, -HALF_LN2, HALF_LN2, -60.6),
    "SINH": Target(odd(mp.sinh, one), itself, 5, LEAST, HALF_LN2**2, -60.8),
    "COSH": Target(lambda z: (mp.cosh(mp.sqrt(z)) - 1) / z, itself, 6, LEAST, HALF_LN2**2, -64.8),
    "ERF": Target(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, one, 12, LEAST, mpf("0.8101"), -56.0),
    "ERFC": Target(
        lambda t: mp.exp(where_erfc(t) ** 2) * mp.erfc(where_erfc(t)),
        lambda t: mp.exp(-(where_erfc(t) ** 2)),
        *(13, mpf(-345) / 845, mpf(160) / 340, -57.4),
    ),
    "_ERFC": Target(scaled_erfc, lambda t: 1 / scaled_erfc(t), 20, mpf(-3) / 4, mpf("23.8") / mpf("30.8"), -54.0),
    "LOG": Target(odd(lambda s: 2 * mp.atanh(s), lambda z: mpf(2)), itself, 7, LEAST, S, -58.0),
    "ASINH": Target(odd(mp.asinh, one), itself, 12, LEAST, QUARTER, -58.6),
    "ATANH": Target(odd(mp.atanh, one), itself, 13, LEAST, QUARTER, -55.9),
    "SIN": Target(odd(mp.sin, one), itself, 6, LEAST, EIGHTH_TURN, -57.1),
    "COS": Target(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2, 6, LEAST, EIGHTH_TURN, -59.9),
    "ASIN": Target(odd(mp.asin, one), itself, 13, LEAST, QUARTER, -59.4),
    "ATAN": Target(odd(mp.atan, one), itself, 11, LEAST, (mp.sqrt(2) - 1) ** 2 * mpf("1.0001"), -58.3),
    "POW": Target(lambda z: odd(mp.atanh, lambda z: 1 + z / 3)(z) / z, one, 8, LEAST, S, -56.0),
    "CBRT": Target(lambda m: m ** (mpf(-1) / 3), lambda m: m ** (mpf(1) / 3), 5, mpf(1), mpf(2), -14.6),
}


def horner(coefficients: list[mpf], x: mpf) -> mpf:
    total = mpf(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def error(target: Target, coefficients: list[mpf], points: int = 200) -> float:
    """The binary logarithm of the largest weighted error."""
    span = target.high - target.low
    xs = [target.low + span * (mpf(k) + mpf("0.5")) / points for k in range(points)]
    errors = (target.weight(x) * (target.function(x) - horner(coefficients, x)) for x in xs)
    return float(mp.log(max(map(abs, errors)), 2))


def remez(target: Target) -> list[mpf]:
    """The coefficients of the least weighted error: it takes its largest size once more often than there are of them."""
    n, middle, half = target.count, (target.low + target.high) / 2, (target.high - target.low) / 2
    count = 16 * (n + 2)
    xs = [middle - half * mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    values, weights = [target.function(x) for x in xs], [target.weight(x) for x in xs]
    chosen = [round(k * (count - 1) / n) for k in range(n + 1)]
    while True:
        rows = [[*(xs[k] ** power for power in range(n)), (-1) ** row / weights[k]] for row, k in enumerate(chosen)]
        found = list(mp.lu_solve(mp.matrix(rows), mp.matrix([values[k] for k in chosen])))[:n]
        errors = [w * (v - horner(found, x)) for x, v, w in zip(xs, values, weights, strict=True)]
        peaks: list[int] = []
        for k, size in enumerate(errors):
            if not peaks or (size > 0) != (errors[peaks[-1]] > 0):
                peaks.append(k)
            elif abs(size) > abs(errors[peaks[-1]]):
                peaks[-1] = k
        while len(peaks) > n + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if peaks == chosen or len(peaks) < n + 1:
            return found
        chosen = peaks


if __name__ == "__main__":
    mp.mp.dps = 45
    for name in sys.argv[1:] or TARGETS:
        rounded = [float(c) for c in remez(TARGETS[name])]
        print(f"{name} = {tuple(rounded)}  # 2^{error(TARGETS[name], [mpf(c) for c in rounded]):.1f}")
