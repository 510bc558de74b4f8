"""pow, cbrt, hypot, fmod, in lanes.

pow is exp(y log x), where the logarithm needs 11 bits more than a number has: as in P. T. P. Tang's and fdlibm's, its
series is begun in twice the digits. cbrt takes Newton's steps for the inverse root, which need no division.
fmod is exact, and the C library's, one lane after the other.

The coefficients are the project's own: minimax polynomials by Remez' exchange in 45 digits, then rounded.
"""

from __future__ import annotations

import math

from autograd.compiler.lanes.exponentials import LN2_HIGH, LN2_LOW, exponential, scaled
from autograd.compiler.lanes.language import (
    Lanes,
    Pair,
    Truth,
    clamp,
    copysign,
    fast_two_sum,
    fma,
    nearest,
    polynomial,
    power_of_two,
    quotient,
    root,
    two_product,
    two_sum,
    where,
)
from autograd.compiler.lanes.logarithms import split_any

THIRD = 0.3333333333333333, 1.850371707708594e-17

# fmt: off
POW = (  # (atanh(s) / s - 1 - s²/3) / s⁴ in z = s²; its error is at most 2^-56.0 for |s| ≤ 0.172
    0.2, 0.14285714285714687, 0.11111111110825625, 0.0909090916816651, 0.07692297435801286, 0.06667404605102377,
    0.058530625158490515, 0.05862128357549082,
)
CBRT = (  # m^(-1/3) for m from 1 to 2; its relative error is at most 2^-14.6
    1.6700134151499562, -1.1729014615630675, 0.6955068337095348, -0.22124961245170935, 0.028593095814032715,
)
# fmt: on


def _long_log(x: Lanes) -> Pair:
    """log x of x > 0 to 2^-64 of itself: k ln 2 + 2 s (1 + s² (1/3 + s² P(s²))) with s = (m - 1) / (m + 1)."""
    k, m = split_any(x)
    s, s_low = quotient((m - 1.0, 0.0), two_sum(m, 1.0))
    z, z_low = two_product(s, s)
    z_low = fma(s + s, s_low, z_low)
    factor, factor_low = fast_two_sum(THIRD[0], z * polynomial(z, POW))
    third, third_low = two_product(z, factor)
    third_low = fma(z, factor_low + THIRD[1], fma(z_low, factor, third_low))
    factor, factor_low = fast_two_sum(1.0, third)
    high, low = two_product(s + s, factor)
    low = fma(s + s, factor_low + third_low, fma(s_low + s_low, factor, low))
    total, error = fast_two_sum(k * LN2_HIGH, high)
    return fast_two_sum(total, error + fma(k, LN2_LOW, low))


def _is_integer(size: Lanes) -> Truth:
    """Whether a number that is not negative has no fraction."""
    return (size >= 2.0**52) | (size + 2.0**52 - 2.0**52).equals(size)


def power(x: Lanes, y: Lanes) -> Lanes:
    """exp(y log |x|), the product a sum of two; then C99's rules for signs, zeros, infinities."""
    size, turns = abs(x), abs(y)
    high, low = _long_log(size)
    bounded = clamp(y, -(2.0**65), 2.0**65)  # beyond, the result is 0, 1 or infinite in any case
    product, rest = two_product(bounded, high)
    rest = fma(bounded, low, rest)
    rest = where(abs(product) < 1400.0, rest, 0.0)
    n, (high, low) = exponential(clamp(product, -1400.0, 1400.0), rest)
    result = scaled(high + low, n)
    at_zero, at_infinity = size.equals(0.0), size.equals(math.inf)
    result = where(at_zero | at_infinity, where(at_zero ^ (y < 0.0), 0.0, math.inf), result)
    whole = _is_integer(turns)
    odd = whole & ~_is_integer(turns * 0.5)
    result = where(odd, copysign(result, x), result)
    result = where((x < 0.0) & ~at_infinity & ~whole, math.nan, result)
    result = where(x.unordered(y), math.nan, result)
    return where(x.equals(1.0) | y.equals(0.0), 1.0, result)


def cbrt(x: Lanes) -> Lanes:
    """A polynomial for the inverse root, Newton's step to 40 bits, and one with the exact cube: cubes are exact."""
    size = abs(x)
    subnormal = size < 2.0**-1022
    bits = where(subnormal, size * 2.0**54, size).bits()
    k = ((bits >> 52) | (1075 << 52)).number() - (2.0**52 + 1023)
    m = ((bits & (2**52 - 1)) | (1023 << 52)).number()
    third = nearest((k - 1.0) * THIRD[0])
    left = fma(third, -3.0, k)  # 0, 1 or 2
    twice, again = left > 0.5, left > 1.5
    a = m * where(again, 4.0, where(twice, 2.0, 1.0))
    inverse = polynomial(m, CBRT) * where(again, 2 ** (-2 / 3), where(twice, 2 ** (-1 / 3), 1.0))
    off = fma(-a, inverse * inverse * inverse, 1.0)
    inverse = fma(inverse * off, fma(off, 2 / 9, THIRD[0]), inverse)
    y = a * (inverse * inverse)
    square, square_low = two_product(y, y)
    cube, cube_low = two_product(square, y)
    rest = fma(-square_low, y, (a - cube) - cube_low)
    y = fma(rest, inverse * inverse * THIRD[0], y)
    y = y * power_of_two(where(subnormal, third - 18.0, third))
    return where((size > 0.0) & (size < math.inf), copysign(y, x), x + x)


def hypot(x: Lanes, y: Lanes) -> Lanes:
    """The root of a sum of squares, with the errors of all three; scaled where squares would leave the range."""
    a, b = abs(x), abs(y)
    small, large = where(a > b, b, a), where(a > b, a, b)
    big, little = large > 2.0**500, large < 2.0**-400
    scale = where(big, 2.0**-600, where(little, 2.0**600, 1.0))
    square, square_low = two_product(large * scale, large * scale)
    other, other_low = two_product(small * scale, small * scale)
    total, error = fast_two_sum(square, other)
    high, low = root((where(large > 0.0, total, 1.0), error + (square_low + other_low)))
    result = (high + low) * where(big, 2.0**600, where(little, 2.0**-600, 1.0))
    result = where(large > 0.0, result, large)
    result = where(x.unordered(y), math.nan, result)
    return where(a.equals(math.inf) | b.equals(math.inf), math.inf, result)


def fmod(x: Lanes, y: Lanes) -> Lanes:
    """x less the multiple of y next to it on the side of 0: what LLVM calls frem."""
    return x._with("frem", y)
