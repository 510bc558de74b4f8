"""log, log1p, log2, log10, and the inverse hyperbolic functions, in lanes.

A number is 2^k (1 + f) with 1 + f between √½ and √2. With s = f / (2 + f), log(1 + f) = log((1 + s) / (1 - s)) is a
series in odd powers of s; it is summed as f - f²/2 + s (f²/2 + R(s²)), the form of fdlibm (Sun, 1993), in which the
terms that count are exact: here they are kept as sums of two numbers (Dekker's double lengths), so that what follows,
a factor or a product with k, is rounded only once.

The coefficients are the project's own: minimax polynomials by Remez' exchange in 45 digits, then rounded.
"""

from __future__ import annotations

import math

from autograd.compiler.lanes.exponentials import LN2_HIGH, LN2_LOW, TINY
from autograd.compiler.lanes.language import (
    Lanes,
    Pair,
    bits_of,
    copysign,
    fast_two_sum,
    fma,
    polynomial,
    power_of_two,
    quotient,
    root,
    two_product,
    two_sum,
    where,
)

LOG2_E = 1.4426950408889634, 2.0355273740931033e-17
LOG10_E = 0.4342944819032518, 1.098319650216765e-17
LOG10_2 = 0.30102999566361177, 3.694239077158931e-13  # the first has 40 bits: its product with k is exact
BIG = 2.0**30  # from here on, x² ± 1 is x² to the last digit of the logarithm

# fmt: off
LOG = (  # (log((1 + s) / (1 - s)) / s - 2) / s² in z = s²; z times its error is at most 2^-58.0 for |s| ≤ 0.172
    0.6666666666666734, 0.3999999999941457, 0.28571428742422356, 0.22222198569098903, 0.18183564556432708,
    0.1531404424816621, 0.14796017000291933,
)
ASINH = (  # (asinh(x) / x - 1) / x² in z = x²; z times its error is at most 2^-58.6 for |x| ≤ ½
    -0.1666666666666661, 0.0749999999998456, -0.0446428571279433, 0.030381943720734904, -0.022372138456237256,
    0.01735238834588474, -0.013960245180801568, 0.011513063837540896, -0.00953446626155872, 0.007466429667416683,
    -0.004748730101205691, 0.0017188629866680594,
)
ATANH = (  # (atanh(x) / x - 1) / x² in z = x²; z times its error is at most 2^-55.9 for |x| ≤ ½
    0.33333333333334025, 0.19999999999786203, 0.14285714308883113, 0.1111110984803649, 0.09090949623793078,
    0.07691474419154794, 0.0667818660096347, 0.05772427163321374, 0.059933665760485234, 0.014153491255865786,
    0.1459220032381199, -0.15429244480170465, 0.22564512250917038,
)
# fmt: on


def split(x: Lanes) -> tuple[Lanes, Lanes]:
    """k and m between √½ and √2: a normal x > 0 is 2^k m."""
    half = bits_of(math.sqrt(0.5))
    shifted = x.bits() + (bits_of(1.0) - half)
    k = ((shifted >> 52) | bits_of(2.0**52)).number() - (2.0**52 + 1023)
    return k, ((shifted & (2**52 - 1)) + half).number()


def split_any(x: Lanes) -> tuple[Lanes, Lanes]:
    """The same of any x > 0."""
    subnormal = x < 2.0**-1022
    k, m = split(where(subnormal, x * 2.0**54, x))
    return where(subnormal, k - 54.0, k), m


def near_one(f: Lanes, rest: Lanes | None = None) -> Pair:
    """log(1 + f), where f may have a rest, for 1 + f between √½ and √2."""
    s = f / (f + 2.0)
    half = f * 0.5
    square, below = two_product(half, f)
    z = s * s
    low = fma(s, fma(z, polynomial(z, LOG), square), -below)
    if rest is not None:
        low = fma(rest, fma(s, s + s - 2.0, 1.0), low)  # divided by 1 + f = (1 + s) / (1 - s)
    high, error = fast_two_sum(f, -square)
    return high, error + low


def natural(k: Lanes, logarithm: Pair) -> Lanes:
    """k ln 2 + a logarithm."""
    high, error = fast_two_sum(k * LN2_HIGH, logarithm[0])
    return high + (error + fma(k, LN2_LOW, logarithm[1]))


def of_sum(a: Pair, more: Lanes | float = 0.0) -> Lanes:
    """log(2^more (a[0] + a[1])), also close to 1; the first a normal number that is much the larger."""
    k, m = split(a[0])
    f, rest = fast_two_sum(m - 1.0, a[1] * power_of_two(where(k > 1000.0, -1000.0, -k)))  # 2^-1024 is no power here
    return natural(k + more, near_one(f, rest))


def _positive(x: Lanes, y: Lanes) -> Lanes:
    """A logarithm, with what it is at 0, at infinity, and where there is none."""
    y = where(x > 0.0, y, where(x.equals(0.0), -math.inf, math.nan))
    return where(x.equals(math.inf), math.inf, y)


def log(x: Lanes) -> Lanes:
    """k ln 2 + log(1 + f)."""
    k, m = split_any(x)
    return _positive(x, natural(k, near_one(m - 1.0)))


def log1p(x: Lanes) -> Lanes:
    """log(1 + x), where 1 + x is kept with its rounding error."""
    y = of_sum(two_sum(1.0, x))
    return where(abs(x) < TINY, x, _positive(x + 1.0, y))


def _other_base(k: Lanes, m: Lanes, ln2: tuple[float, float], factor: tuple[float, float]) -> Lanes:
    """The logarithm times a factor, which makes k ln 2 + log m one of another base."""
    high, low = fast_two_sum(*near_one(m - 1.0))
    product, rest = two_product(high, factor[0])
    rest = fma(low, factor[0], fma(high, factor[1], rest))
    high, error = fast_two_sum(k * ln2[0], product)
    return high + (error + fma(k, ln2[1], rest))


def log2(x: Lanes) -> Lanes:
    """k + log(1 + f) log₂ e; exact for powers of two."""
    return _positive(x, _other_base(*split_any(x), (1.0, 0.0), LOG2_E))


def log10(x: Lanes) -> Lanes:
    """k log₁₀ 2 + log(1 + f) log₁₀ e; exact for powers of ten."""
    return _positive(x, _other_base(*split_any(x), LOG10_2, LOG10_E))


def asinh(x: Lanes) -> Lanes:
    """A polynomial up to ½; then log(|x| + √(x² + 1)), where the sum, and the root, are sums of two numbers."""
    size = abs(x)
    z = x * x
    inner = fma(x * z, polynomial(z, ASINH), x)
    big = size > BIG
    bounded = where(big, 1.0, size)
    square, rest = two_product(bounded, bounded)
    above, error = two_sum(square, 1.0)
    root_high, root_low = root((above, error + rest))
    high, error = two_sum(bounded, root_high)
    high, low = where(big, size, high), where(big, 0.0, error + root_low)
    outer = where(size.equals(math.inf), math.inf, of_sum((high, low), where(big, 1.0, 0.0)))
    return where(size < TINY, x, where(size < 0.5, inner, copysign(outer, x)))


def acosh(x: Lanes) -> Lanes:
    """log(1 + t + √(t (2 + t))) with t = x - 1, so that nothing is lost next to 1."""
    big = x > BIG
    bounded = where(big, 2.0, x)
    t = bounded - 1.0
    above, error = two_sum(t, 2.0)
    product, rest = two_product(t, above)
    root_high, root_low = root((product, fma(t, error, rest)))
    beside, first = two_sum(root_high, t)  # t is exact up to 2^53
    high, second = two_sum(1.0, beside)
    high, low = where(big, x, high), where(big, 0.0, second + (first + root_low))
    y = of_sum((high, low), where(big, 1.0, 0.0))
    y = where(x > 1.0, y, where(x.equals(1.0), 0.0, math.nan))
    return where(x.equals(math.inf), math.inf, y)


def atanh(x: Lanes) -> Lanes:
    """A polynomial up to ½; then ½ log((1 + |x|) / (1 - |x|)), the quotient a sum of two numbers."""
    size = abs(x)
    z = x * x
    inner = fma(x * z, polynomial(z, ATANH), x)
    within = where(size < 1.0, size, 0.5)
    ratio = quotient(fast_two_sum(1.0, within), (1.0 - within, 0.0))
    outer = of_sum(fast_two_sum(*ratio)) * 0.5
    outer = where(size < 1.0, outer, where(size.equals(1.0), math.inf, math.nan))
    return where(size < TINY, x, where(size < 0.5, inner, copysign(outer, x)))
