"""x = n π/2 + r for |x| > 2^27, one x at a time (Payne and Hanek 1983).

|x| is an integer m of 53 bits times 2^e. Bits of 2/π that stand for 2^(2-e) and more give whole turns, which do not
count. The 256 bits after them, times m, are x 2/π modulo 4, with two bits before the point; after the point 190 bits
are right, and as no x is closer to a multiple of π/2 than 2^-62, more than enough. As bytes are what can be addressed,
up to 7 bits more are skipped, and m is shifted instead. The first 128 bits of the fraction, as a signed number, are cut
into four integers of 32 bits, which are numbers, and summed with what the sums lose.
"""

from __future__ import annotations

import functools

from autograd.compiler.lanes.language import Body, Lanes, copysign, fast_two_sum, fma, two_product, two_sum

HALF_PI = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33  # their sum is π/2 to 160 bits
TWO_OVER_PI = int(  # 1,232 bits behind the point
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1c"
    "b129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f"
    "6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cf",
    base=16,
)
_TEXT = """\
declare i64 @llvm.fshl.i64(i64, i64, i64)
@two_over_pi = internal constant [176 x i8] c"{table}"
define internal {{ double, double, double }} @huge_angle(double %x) {{
entry:
  %bits = bitcast double %x to i64
  %fraction = and i64 %bits, {fraction}
  %integer = or i64 %fraction, {one}
  %shifted = lshr i64 %bits, 52
  %exponent = and i64 %shifted, 2047
  %known = icmp ugt i64 %exponent, 1050
  %power = select i1 %known, i64 %exponent, i64 1050
  %skip = sub i64 2053, %power
  %above = add i64 %skip, 7
  %byte = lshr i64 %above, 3
  %at = getelementptr i8, ptr @two_over_pi, i64 %byte
  %skipped = shl i64 %byte, 3
  %too.many = sub i64 %skipped, %skip
  %aligned = shl i64 %integer, %too.many
  %by = zext i64 %aligned to i128
  %carry0 = zext i64 0 to i128
{product}
  %turned = add i64 %w3, {half}
  %quadrant = lshr i64 %turned, 62
  %n = sitofp i64 %quadrant to double
  %high = call i64 @llvm.fshl.i64(i64 %w3, i64 %w2, i64 2)
  %low = call i64 @llvm.fshl.i64(i64 %w2, i64 %w1, i64 2)
  %a.bits = ashr i64 %high, 32
  %b.bits = and i64 %high, 4294967295
  %c.bits = lshr i64 %low, 32
  %d.bits = and i64 %low, 4294967295
  %a = sitofp i64 %a.bits to double
  %b = sitofp i64 %b.bits to double
  %c = sitofp i64 %c.bits to double
  %d = sitofp i64 %d.bits to double
{body}
  %r0 = insertvalue {{ double, double, double }} poison, double {n}, 0
  %r1 = insertvalue {{ double, double, double }} %r0, double {r}, 1
  %r2 = insertvalue {{ double, double, double }} %r1, double {rest}, 2
  ret {{ double, double, double }} %r2
}}"""
_WORD = """\
  %at{i} = getelementptr i64, ptr %at, i64 {i}
  %word{i} = load i64, ptr %at{i}, align 1
  %wide{i} = zext i64 %word{i} to i128
  %times{i} = mul i128 %wide{i}, %by
  %p{i} = add i128 %times{i}, %carry{i}
  %w{i} = trunc i128 %p{i} to i64
  %carry{j} = lshr i128 %p{i}, 64"""


@functools.cache
def huge_angle() -> str:
    """@huge_angle(x): n mod 4, r, and the rest of r."""
    body = Body(1)
    x, n, a, b, c, d = (Lanes(body, name) for name in ("%x", "%n", "%a", "%b", "%c", "%d"))
    sign = copysign(1.0, x)
    high, error = two_sum(a * 2.0**-32, b * 2.0**-64)
    high, more = two_sum(high, c * 2.0**-96)
    product, rest = two_product(high, HALF_PI[0])
    low = fma(d, 2.0**-128, more + error)
    r, rest = fast_two_sum(product, fma(high, HALF_PI[1], fma(low, HALF_PI[0], rest)))
    n, r, rest = n * sign, r * sign, rest * sign
    return _TEXT.format(
        table="".join(f"\\{byte:02X}" for byte in TWO_OVER_PI.to_bytes(176, "little")),
        fraction=2**52 - 1,
        one=2**52,
        half=2**61,
        product="\n".join(_WORD.format(i=i, j=i + 1) for i in range(4)),
        body="\n".join(body.lines[1:]),
        n=n.name,
        r=r.name,
        rest=rest.name,
    )
