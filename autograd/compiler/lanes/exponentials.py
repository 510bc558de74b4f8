"""exp, expm1, sinh, cosh, tanh, erf, in lanes.

All begin as Cody and Waite (Software Manual for the Elementary Functions, 1980) do: x = n ln 2 + r with |r| ≤ ½ ln 2,
where ln 2 is a sum of two numbers, the first of which has so few digits that its product with n is exact. What r is
rounded by is kept as a second number, and sums of terms of like size keep their errors (Dekker's double lengths). So
what is left to round is little but the result, and scaling by powers of two is exact.

The coefficients are the project's own: minimax polynomials by Remez' exchange in 45 digits, then rounded.
"""

from __future__ import annotations

from autograd.compiler.lanes.language import (
    MAGIC,
    Lanes,
    Pair,
    clamp,
    copysign,
    fast_two_sum,
    fma,
    polynomial,
    power_of_two,
    quotient,
    two_product,
    two_sum,
    where,
)

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471805592082  # 40 bits
LN2_LOW = 7.371002565167799e-13
TINY = 2.0**-54  # below this, odd functions with the slope 1 are x to the last digit

# fmt: off
EXP = (  # (e^r - 1 - r) / r²; r times its error is at most 2^-60.6 for |r| ≤ ½ ln 2
    0.5, 0.16666666666666677, 0.0416666666666667, 0.008333333333321579, 0.0013888888888866765, 0.00019841269886263695,
    2.4801587360694053e-05, 2.7557244065576458e-06, 2.755724264075922e-07, 2.5109088915105013e-08,
    2.0924480471651895e-09,
)
SINH = (  # (sinh r - r) / r³ in z = r²; z times its error is at most 2^-60.8
    0.16666666666666677, 0.008333333333321579, 0.0001984126988626219, 2.7557244067244325e-06, 2.5109088194562924e-08,
)
COSH = (  # (cosh r - 1) / r² in z = r²; z times its error is at most 2^-64.8
    0.5, 0.04166666666666671, 0.0013888888888863853, 2.4801587363551607e-05, 2.755724169496501e-07,
    2.0924465362159366e-09,
)
ERF = (  # erf(x) / x - 1 in z = x²; its error is at most 2^-56.0 for |x| ≤ 0.9
    0.1283791670955126, -0.3761263890318373, 0.11283791670953819, -0.026866170644828453, 0.005223977621816802,
    -0.0008548326767129028, 0.00012055321477639149, -1.492530971928461e-05, 1.6455360937592392e-06,
    -1.6276821325621518e-07, 1.4053006349917882e-08, -8.497401181992306e-10,
)
ERFC = (  # exp(x²) erfc(x) in t = (2.5 - x) / (2.5 + x); exp(-x²) times its error is at most 2^-57.4 from 0.9 to 5.95
    0.21080636406114364, 0.37173673394900014, 0.2517131932167034, 0.1250330523799865, 0.03992253920819056,
    0.003993699669546442, -0.0026423618265702144, -0.0008758820039305135, 0.0002280397689925347, 0.00013025292465806583,
    -3.71793725920768e-05, -1.5317274755927468e-05, 6.921278086971751e-06,
)
# fmt: on


def reduced(x: Lanes, tail: Lanes | None = None) -> tuple[Lanes, Lanes, Lanes]:
    """n, r and the rest of r: x, and the tail of x, are n ln 2 + r."""
    n = fma(x, LOG2_E, MAGIC) - MAGIC
    high = fma(n, -LN2_HIGH, x)  # exact
    low = n * LN2_LOW if tail is None else fma(n, LN2_LOW, -tail)
    r = high - low
    return n, r, (high - r) - low


def exponential(x: Lanes, tail: Lanes | None = None) -> tuple[Lanes, Pair]:
    """n and y, the exponential of a sum being 2^n y; for |x| < 2000, and a tail that x would be rounded by."""
    n, r, rest = reduced(x, tail)
    one, error = fast_two_sum(1.0, r)
    return n, (one, fma(r * r, polynomial(r, EXP), error + rest))


def scaled(y: Lanes, n: Lanes) -> Lanes:
    """2^n y in two steps, as the power may be too large or too small for a number when the result is not."""
    half = fma(n, 0.5, MAGIC) - MAGIC
    return y * power_of_two(half) * power_of_two(n - half)


def exp(x: Lanes) -> Lanes:
    """2^n (1 + r + r² P(r)), of degree 12."""
    n, (high, low) = exponential(clamp(x, -746.0, 710.0))
    return scaled(high + low, n)


def _minus_one(x: Lanes) -> tuple[Lanes, Pair]:
    """n, and e^r - 1 as a sum of two: r + r²/2 with its rounding error, and all that is smaller."""
    n, r, rest = reduced(x)
    half_square, below = two_product(r * 0.5, r)
    high, error = fast_two_sum(r, half_square)
    return n, (high, fma((r + r) * half_square, polynomial(r, EXP[1:]), error + (below + rest)))


def expm1(x: Lanes) -> Lanes:
    """(2^n - 1) + 2^n (e^r - 1), at half its size, which does not overflow before the result does."""
    n, (large, small) = _minus_one(clamp(x, -40.0, 710.0))
    half = power_of_two(n - 1.0)
    less, rest = fast_two_sum(half, -0.5)
    high, error = two_sum(less, half * large)
    y = high + fma(half, small, error + rest)
    return where(abs(x) < TINY, x, y + y)


def _hyperbolic(x: Lanes) -> tuple[Pair, Pair, Lanes, Lanes, Lanes]:
    """A quarter of 2^n ∓ 2^-n for |x| = n ln 2 + r; r, sinh r - r, cosh r - 1."""
    n, r, rest = reduced(clamp(abs(x), 0.0, 710.5))
    large, small = power_of_two(n - 2.0), power_of_two(clamp(-n, -1000.0, 0.0) - 2.0)
    z = r * r
    odd = fma(r * z, polynomial(z, SINH), rest)
    return fast_two_sum(large, -small), fast_two_sum(large, small), r, odd, z * polynomial(z, COSH)


def sinh(x: Lanes) -> Lanes:
    """sinh(n ln 2) cosh r + cosh(n ln 2) sinh r, which needs no division and cancels nowhere."""
    (sinh_n, sinh_low), (cosh_n, cosh_low), r, odd, even = _hyperbolic(x)
    product, rest = two_product(cosh_n, r)
    high, error = two_sum(sinh_n, product)
    y = high + (error + (rest + fma(sinh_n, even, fma(cosh_n, odd, fma(cosh_low, r, sinh_low)))))
    return where(abs(x) < TINY, x, copysign(y + y, x))


def cosh(x: Lanes) -> Lanes:
    """cosh(n ln 2) cosh r + sinh(n ln 2) sinh r."""
    (sinh_n, sinh_low), (cosh_n, cosh_low), r, odd, even = _hyperbolic(x)
    product, rest = two_product(sinh_n, r)
    high, error = fast_two_sum(cosh_n, product)
    y = high + (error + (rest + fma(cosh_n, even, fma(sinh_n, odd, fma(sinh_low, r, cosh_low)))))
    return y + y


def tanh(x: Lanes) -> Lanes:
    """E / (E + 2) with E = expm1(2 |x|) as a sum of two numbers; from 20 on the result is 1."""
    n, (large, small) = _minus_one(clamp(abs(x + x), 0.0, 40.0))
    power = power_of_two(n)
    high, error = two_sum(power - 1.0, power * large)
    expm1 = fast_two_sum(high, fma(power, small, error))
    above, error = two_sum(expm1[0], 2.0)
    first, second = quotient(expm1, (above, error + expm1[1]))
    return where(abs(x) < TINY, x, copysign(first + second, x))


def erf(x: Lanes) -> Lanes:
    """x + x P(x²) up to 0.9; then 1 - exp(-x²) Q(t), the pieces of W. J. Cody (Rational Chebyshev approximations for
    the error function, 1969), with polynomials; beyond 5.95 the result is 1.
    """
    size = clamp(abs(x), 0.0, 5.95)
    square, rest = two_product(size, size)
    inner = fma(size, fma(polynomial(square, ERF[1:]), square, ERF[0]), size)
    n, (high, low) = exponential(-square, -rest)
    t, lost = quotient(fast_two_sum(2.5, -size), fast_two_sum(2.5, size))
    tail = (high + fma(lost * 1.5, high, low)) * power_of_two(n)  # next to 0.9, Q(t + lost) is Q(t) (1 + 1.5 lost)
    outer = fma(-tail, fma(polynomial(t, ERFC[1:]), t, ERFC[0]), 1.0)
    return copysign(where(size < 0.9, inner, outer), x)
