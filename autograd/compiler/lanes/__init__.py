"""Elementary functions in the lanes of vectors, for machine code: the same bits on every processor.

They are within 1 unit in the last place of the truth, special values are those of C99, and what is exact comes out
exact. Of millions of numbers, most of them where the errors are largest, the worst is 0.5 units off for cbrt, 0.71 for
tanh, 0.76 for exp (its result is subnormal), 0.92 for erf, 0.93 for pow, and 0.57 to 0.87 for the others.

Read in this order:

language      Lanes: what Python computes with them becomes LLVM's text
exponentials  exp, expm1, sinh, cosh, tanh, erf
logarithms    log, log1p, log2, log10, asinh, acosh, atanh
huge_angles   π taken off the largest numbers
angles        sin, cos, tan, asin, acos, atan, atan2
powers        pow, cbrt, hypot, fmod
"""

from __future__ import annotations

from collections.abc import Callable

from autograd.compiler.lanes.angles import acos, asin, atan, atan2, cos, sin, tan
from autograd.compiler.lanes.exponentials import cosh, erf, exp, expm1, sinh, tanh
from autograd.compiler.lanes.language import Lanes, copysign
from autograd.compiler.lanes.logarithms import acosh, asinh, atanh, log, log1p, log2, log10
from autograd.compiler.lanes.powers import cbrt, fmod, hypot, power

_NAMED_ALIKE = (
    *(exp, expm1, log, log1p, log2, log10, cbrt, sin, cos, tan, asin, acos, atan),
    *(sinh, cosh, tanh, asinh, acosh, atanh, erf, atan2, hypot, fmod, copysign),
)
FUNCTIONS: dict[str, Callable[..., Lanes]] = {f.__name__: f for f in _NAMED_ALIKE} | {"pow": power}
