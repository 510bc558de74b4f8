"""sin, cos, tan, and their inverse functions, in lanes.

An angle is n π/2 + r with |r| ≤ π/4. Up to 2^27, π/2 is a sum of three numbers, as Cody and Waite (1980) reduce, with
exact products; r is a sum of two. Beyond, only those bits of 2/π matter that Payne and Hanek (Radian reduction for
trigonometric functions, 1983) name. A lane that needs it is computed alone; the bits of the others do not depend on it.

The coefficients are the project's own: minimax polynomials by Remez' exchange in 45 digits, then rounded.
"""

from __future__ import annotations

import math

from autograd.compiler.lanes.exponentials import TINY
from autograd.compiler.lanes.huge_angles import HALF_PI, huge_angle
from autograd.compiler.lanes.language import (
    MAGIC,
    Lanes,
    Pair,
    Truth,
    copysign,
    fast_two_sum,
    fma,
    odd,
    polynomial,
    quotient,
    rarely,
    square_root,
    two_product,
    two_sum,
    where,
)

HUGE = 2.0**27
EIGHTH = math.sqrt(2) - 1  # the tangent of an eighth of π

# fmt: off
SIN = (  # (sin r - r) / r³ in z = r²; z times its error is at most 2^-57.1 for |r| ≤ π/4
    -0.16666666666666632, 0.008333333333322413, -0.00019841269829808268, 2.7557313692150133e-06,
    -2.5050758157846194e-08, 1.589679835347502e-10,
)
COS = (  # (cos r - 1 + r²/2) / r⁴ in z = r²; z² times its error is at most 2^-59.9
    0.0416666666666666, -0.0013888888888874127, 2.480158728948481e-05, -2.75573143531313e-07, 2.0875723384866587e-09,
    -1.1359653661801312e-11,
)
ASIN = (  # (asin(x) / x - 1) / x² in z = x²; z times its error is at most 2^-59.4 for |x| ≤ ½
    0.16666666666666763, 0.07499999999970097, 0.04464285717528182, 0.030381942675648158, 0.022372215892249817,
    0.017351595791320232, 0.01398101458522906, 0.011397328605732138, 0.01078910599160321, 0.0036730506405056717,
    0.02178842718072788, -0.021113434235022002, 0.03270002768384064,
)
ATAN = (  # (atan(x) / x - 1) / x² in z = x²; z times its error is at most 2^-58.3 for |x| ≤ √2 - 1
    -0.333333333333332, 0.19999999999954032, -0.14285714280243306, 0.11111110785871965, -0.09090897828649115,
    0.07692061495922961, -0.0666311875395888, 0.05847996890080361, -0.050397906242137545, 0.03807690959590559,
    -0.01792071598636033,
)
# fmt: on


def _quarters(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """n and r, a sum of two: x = n π/2 + r. Only the last two bits of n are right where x is huge."""
    n = fma(x, 2 / math.pi, MAGIC) - MAGIC
    first, first_rest = two_product(n, HALF_PI[0])
    second, second_rest = two_product(n, HALF_PI[1])
    r, error = two_sum(x - first, -first_rest)  # the difference is exact
    r, more = two_sum(r, -second)
    usual = [n, *fast_two_sum(r, fma(n, -HALF_PI[2], more + error - second_rest))]
    size = abs(x)
    n, r, rest = rarely((size > HUGE) & (size < math.inf), "huge_angle", huge_angle(), x, usual)
    return n, where(size < math.inf, r, math.nan), rest


def _sine_and_cosine(r: Lanes, rest: Lanes) -> tuple[Pair, Pair]:
    """sin and cos of a sum of two, each a sum of two, for |r| ≤ π/4."""
    z = r * r
    half, below = two_product(r * 0.5, r)
    sine = fma(r * z, polynomial(z, SIN), fma(rest, -half, rest))
    high, error = fast_two_sum(1.0, -half)
    cosine = fma(z * z, polynomial(z, COS), error - below - r * rest)
    return (r, sine), (high, cosine)


def _circular(x: Lanes, ahead: float) -> Lanes:
    """The sine of x + ahead · π/2."""
    n, r, rest = _quarters(x)
    sine, cosine = _sine_and_cosine(r, rest)
    n = n + ahead
    y = where(odd(n), cosine[0] + cosine[1], sine[0] + sine[1])
    below = ((n + MAGIC).bits() >> 1) << 63  # the sign of the third and the fourth quadrant
    return (y.bits() ^ below).number()


def sin(x: Lanes) -> Lanes:
    """r + r³ P(r²), or 1 - r²/2 + r⁴ Q(r²), by the quadrant."""
    return where(abs(x) < TINY, x, _circular(x, 0.0))


def cos(x: Lanes) -> Lanes:
    """The sine a quarter ahead."""
    return _circular(x, 1.0)


def tan(x: Lanes) -> Lanes:
    """sin r / cos r, or -cos r / sin r, as quotients of sums of two numbers."""
    n, r, rest = _quarters(x)
    sine, cosine = _sine_and_cosine(r, rest)
    sine, cosine = fast_two_sum(*sine), fast_two_sum(*cosine)
    turned = odd(n)
    above = where(turned, cosine[0], sine[0]), where(turned, cosine[1], sine[1])
    below = where(turned, -sine[0], cosine[0]), where(turned, -sine[1], cosine[1])
    first, second = quotient(above, below)
    return where(abs(x) < TINY, x, first + second)


def _arcsine(x: Lanes) -> tuple[Truth, Pair]:
    """Whether |x| is below ½, and the arcsine of it there; elsewhere that of √((1 - |x|) / 2), as a sum of two."""
    size = abs(x)
    inner = size < 0.5
    half = fma(size, -0.5, 0.5)
    first = square_root(half)
    second = fma(-first, first, half) / where(half > 0.0, first + first, 1.0)
    z, w = where(inner, size * size, half), where(inner, size, first)
    return inner, (w, fma(w * z, polynomial(z, ASIN), where(inner, 0.0, second)))


def asin(x: Lanes) -> Lanes:
    """x + x³ P(x²) up to ½; then π/2 - 2 asin √((1 - |x|) / 2)."""
    inner, (high, low) = _arcsine(x)
    total, error = fast_two_sum(HALF_PI[0], high * -2.0)
    outer = total + (error + fma(low, -2.0, HALF_PI[1]))
    return where(abs(x) < TINY, x, copysign(where(inner, high + low, outer), x))


def acos(x: Lanes) -> Lanes:
    """π/2 - asin x up to ½; then 2 asin √((1 - |x|) / 2), or π less that."""
    inner, (high, low) = _arcsine(x)
    positive = x > 0.0
    factor = where(inner, where(positive, -1.0, 1.0), where(positive, 2.0, -2.0))
    quarters = where(inner, 1.0, where(positive, 0.0, 2.0))
    total, error = fast_two_sum(quarters * HALF_PI[0], high * factor)
    return total + (error + fma(low, factor, quarters * HALF_PI[1]))


def _direction(small: Lanes, large: Lanes, upright: Truth, backward: Truth) -> Lanes:
    """The angle, from 0 to π, of two sides 0 ≤ small ≤ large ≠ 0: to the axis that the larger one lies on, then to 0.

    upright    the larger one is the opposite side
    backward   the adjacent side is negative
    """
    steep = small > large * EIGHTH
    difference, lost = two_sum(small, -large)
    both, lost_too = fast_two_sum(large, small)
    above = where(steep, difference, small), where(steep, lost, 0.0)
    below = where(steep, both, large), where(steep, lost_too, 0.0)
    t, rest = quotient(above, below)  # the tangent of the angle beside 0 or π/4, up to π/8
    z = t * t
    low = fma(t * z, polynomial(z, ATAN), fma(-z, rest, rest))
    eighths = where(steep, 0.5, 0.0)
    high, error = fast_two_sum(eighths * HALF_PI[0], t)
    low = low + fma(eighths, HALF_PI[1], error)
    turned = upright ^ backward
    quarters = where(upright, 1.0, where(backward, 2.0, 0.0))
    total, error = fast_two_sum(quarters * HALF_PI[0], where(turned, -high, high))
    return total + (error + fma(quarters, HALF_PI[1], where(turned, -low, low)))


def atan(x: Lanes) -> Lanes:
    """The angle of the sides |x| and 1."""
    size = abs(x)
    upright = size > 1.0
    bounded = where(size > 1e300, 1e300, size)
    small, large = where(upright, 1.0, size), where(upright, bounded, 1.0)
    return where(size < TINY, x, copysign(_direction(small, large, upright, size < 0.0), x))


def atan2(y: Lanes, x: Lanes) -> Lanes:
    """The angle of the sides |y| and |x|, both scaled where they are very large or small, with the signs of C99."""
    upright = abs(y) > abs(x)
    small, large = where(upright, abs(x), abs(y)), where(upright, abs(y), abs(x))
    infinite = large.equals(math.inf)
    small = where(infinite, where(small.equals(math.inf), 1.0, 0.0), small)
    large = where(infinite | large.equals(0.0), 1.0, large)
    scale = where(large < 2.0**400, 2.0**500, where(large > 2.0**1000, 2.0**-30, 1.0))
    angle = _direction(small * scale, large * scale, upright, copysign(1.0, x) < 0.0)
    return where(x.unordered(y), math.nan, copysign(angle, y))
