"""Elementary functions in the lanes of vectors: close to the truth everywhere, and the same bits on every processor."""

from __future__ import annotations

import ctypes
import functools
import itertools
import math
import random
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import minimax
import mpmath
import pytest
from mpmath import mpf
from oracle import EFFORT, TRUE

np: Any = pytest.importorskip("numpy", reason="numpy is not installed")
llvm: Any = pytest.importorskip("llvmlite.binding", reason="llvmlite is not installed")

from autograd.compiler.backends.machine import context, fused_by_library, processor  # noqa: E402
from autograd.compiler.lanes import FUNCTIONS, angles, exponentials, logarithms, powers  # noqa: E402
from autograd.compiler.lanes.language import definitions, suffix, vector  # noqa: E402
from autograd.compiler.llvm import FUNCTIONS as OPERANDS  # noqa: E402
from autograd.table import rules  # noqa: E402

INF, NAN = math.inf, math.nan
ULPS = dict.fromkeys(FUNCTIONS, 1.0) | {"pow": 2.0, "tan": 2.0}
EDGE = mpf(2) ** 1024  # beyond it all is infinite, and infinity is as good as it
LEAST, SMALL, LARGEST = 5e-324, 2.0**-1022, 1.7976931348623157e308
TABLES = {
    name: module
    for module in (exponentials, logarithms, angles, powers, rules)
    for name in minimax.TARGETS
    if hasattr(module, name)
}
TRUTH: dict[str, Callable[..., Any]] = {
    **{name: getattr(mpmath, name) for name in FUNCTIONS if hasattr(mpmath, name)},
    "pow": mpmath.power,
    "fmod": lambda x, y: TRUE["fmod"][0](x, y) if y else mpf(0),
    "copysign": TRUE["copysign"][0],
    "log2": lambda x: mpmath.log(x, 2),
    "log10": lambda x: mpmath.log(x, 10),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "tanh": lambda x: -mpmath.expm1(-2 * x) / (1 + mpmath.exp(-2 * x)),
    "sinh": lambda x: (mpmath.expm1(x) - mpmath.expm1(-x)) / 2,
    "asinh": lambda x: mpmath.sign(x) * mpmath.log1p(abs(x) + x * x / (1 + mpmath.sqrt(1 + x * x))),
    "atanh": lambda x: (mpmath.log1p(x) - mpmath.log1p(-x)) / 2,
}
_LOOP = """\
define void @map_{name}(i64 %count, ptr %a, ptr %b, ptr %y) {{
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %at.a = getelementptr double, ptr %a, i64 %i
  %at.b = getelementptr double, ptr %b, i64 %i
  %at.y = getelementptr double, ptr %y, i64 %i
  %a.now = load {v}, ptr %at.a, align 8
  %b.now = load {v}, ptr %at.b, align 8
  %result = call {v} @each_{name}.{suffix}({given})
  store {v} %result, ptr %at.y, align 8
  %next = add i64 %i, {lanes}
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}}"""


class Compiled:
    """Functions in machine code, for so many lanes and some processor: called with columns, they give a column.

    level   LLVM's level of optimisation: long programs have 0
    """

    def __init__(self, names: Iterable[str], lanes: int, cpu: str | None = None, level: int = 1) -> None:
        self.lanes, v = lanes, vector(lanes)
        host = processor()
        fused_by_library()
        texts = definitions({name: FUNCTIONS[name] for name in names}, lanes)
        for name in names:
            given = ", ".join([f"{v} %a.now", f"{v} %b.now"][: OPERANDS[name]])
            texts.append(_LOOP.format(name=name, v=v, given=given, lanes=lanes, suffix=suffix(lanes)))
        module = llvm.parse_assembly("\n".join(texts), context=context())
        module.verify()
        cpu, features = (host.name, host.features) if cpu is None else (cpu, "")
        made = llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=level)
        self._engine = llvm.create_mcjit_compiler(module, made)
        self._engine.finalize_object()

    def __call__(self, name: str, *columns: Sequence[float]) -> Any:
        count = -(-len(columns[0]) // self.lanes) * self.lanes
        padded = [np.resize(np.array(column, dtype=float), count) for column in columns]
        found = np.empty(count)
        function = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * 3)(
            self._engine.get_function_address(f"map_{name}")
        )
        function(count, padded[0].ctypes.data, padded[-1].ctypes.data, found.ctypes.data)
        return found[: len(columns[0])]


@functools.cache
def compiled(lanes: int = 4, cpu: str | None = None, level: int = 1) -> Compiled:
    return Compiled(FUNCTIONS, lanes, cpu, level)


class Truth(NamedTuple):
    """What a function is somewhere, and the unit in the last place of a number of this size."""

    at: tuple[float, ...]
    value: mpf
    unit: mpf

    def error(self, found: float) -> float:
        """How many units a number is off."""
        if math.isnan(found):
            return INF
        near, far = (min(max(x, -EDGE), EDGE) for x in (mpf(found), self.value))
        return float(abs(near - far) / self.unit)


def defined(name: str, x: float) -> bool:
    """Whether a function of one number has a value there that is a number."""
    if name in ("log", "log2", "log10"):
        return x > 0
    return {"log1p": x > -1, "acosh": x >= 1, "asin": abs(x) <= 1, "acos": abs(x) <= 1, "atanh": abs(x) < 1}.get(
        name, True
    )


def arguments(name: str) -> list[tuple[float, ...]]:
    """Numbers of all sizes, next to those where something changes, and where most people compute."""
    rng = random.Random(name)
    sizes = [math.ldexp(1 + rng.random(), exponent) for exponent in range(-1074, 1024, max(14 // EFFORT, 1))]
    bits = [struct.unpack("d", rng.randbytes(8))[0] for _ in range(100 * EFFORT)]
    if OPERANDS[name] == 2:
        return [pair for pair in _pairs(name, rng, sizes) if all(map(math.isfinite, pair))]
    turns = [k * math.pi / 4 for k in (1, 2, 3, 4, 5, 6, 7, 8, 64, 1001, 10**6, 85_000_000)]
    special = [LEAST, SMALL, 2.0**-54, 0.35, 0.5, 0.9, 1.0, math.sqrt(0.5), math.sqrt(2), 2.0, 5.95, 19.0, 37.2, 88.0]
    special += [708.4, 709.78, 710.47, 745.13, 2.0**27, 2.0**30, 2.0**53, *turns]
    near = [number for x in special for number in (x, math.nextafter(x, 0), math.nextafter(x, INF))]
    usual = [rng.uniform(-scale, scale) for scale in (1, 4, 750) for _ in range(125 * EFFORT)]
    beside = [1 + math.ldexp(rng.uniform(-1, 1), -rng.randrange(1, 53)) for _ in range(100 * EFFORT)]
    numbers = [*sizes, *(-x for x in sizes), *bits, *near, *(-x for x in near), *usual, *beside, *(-x for x in beside)]
    return [(x,) for x in numbers if math.isfinite(x) and defined(name, x)]


def _pairs(name: str, rng: random.Random, sizes: Sequence[float]) -> Iterable[tuple[float, float]]:
    if name == "pow":
        for x in [*sizes, *(1 + math.ldexp(rng.uniform(-1, 1), -rng.randrange(1, 40)) for _ in range(200 * EFFORT))]:
            yield x, rng.uniform(-745, 710) / math.log(x)
        yield from ((rng.uniform(0, 20), rng.uniform(-20, 20)) for _ in range(150 * EFFORT))
        yield from ((rng.uniform(-20, 0), float(rng.randrange(-20, 20))) for _ in range(150 * EFFORT))
        return
    if name in ("fmod", "copysign"):  # by 0 there is no remainder, and -0 is not in mpmath
        sizes = [x for x in sizes if x > 1e-300]
    for x in sizes:
        yield x * rng.choice([-1, 1]), x * rng.choice([-1, 1]) * math.ldexp(1 + rng.random(), rng.randrange(-55, 55))
    yield from ((rng.uniform(-2, 2), rng.uniform(-2, 2)) for _ in range(300 * EFFORT))
    yield from itertools.product([x * sign for x in (LEAST, SMALL, 1.0, LARGEST) for sign in (1, -1)], repeat=2)


@functools.cache
def truths(name: str) -> list[Truth]:
    found = []
    with mpmath.workdps(50):
        for at in arguments(name):
            value = TRUTH[name](*map(mpf, at))
            exponent = mpmath.mag(value) - 1 if value else -1022  # 2^exponent ≤ |value| < 2^(exponent + 1)
            found.append(Truth(at, value, mpf(2) ** (min(max(exponent, -1022), 1023) - 52)))
    return found


def worst(name: str, functions: Compiled) -> tuple[float, tuple[float, ...]]:
    """The largest error, and where."""
    cases = truths(name)
    found = functions(name, *zip(*(case.at for case in cases), strict=True)).tolist()
    return max((case.error(y), case.at) for y, case in zip(found, cases, strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_is_within_a_unit_in_the_last_place_of_fifty_digits(name: str) -> None:
    error, at = worst(name, compiled())
    assert error <= ULPS[name], at


SPECIAL: dict[str, list[tuple[float, float]]] = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (710.0, INF), (-746.0, 0.0), (LARGEST, INF)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (-50.0, -1.0), (710.0, INF), (-LEAST, -LEAST)],
    "log": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN), (INF, INF), (-INF, NAN), (-LEAST, NAN)],
    "log2": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN), (INF, INF), (-INF, NAN)],
    "log10": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN), (INF, INF), (-INF, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (-1.5, NAN), (INF, INF), (-INF, NAN), (LEAST, LEAST)],
    "cbrt": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (-8.0, -2.0)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (-LEAST, -LEAST)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (LEAST, 1.0)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (-LEAST, -LEAST)],
    "asin": [(0.0, 0.0), (-0.0, -0.0), (1.0, math.pi / 2), (-1.0, -math.pi / 2), (1.0000000000000002, NAN), (INF, NAN)],
    "acos": [(1.0, 0.0), (-1.0, math.pi), (0.0, math.pi / 2), (-1.0000000000000002, NAN), (INF, NAN), (-INF, NAN)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (INF, math.pi / 2), (-INF, -math.pi / 2), (1.0, math.pi / 4)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (711.0, INF), (-LARGEST, -INF)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF), (711.0, INF), (-LARGEST, INF)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (25.0, 1.0), (-LARGEST, -1.0), (LEAST, LEAST)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (-LEAST, -LEAST)],
    "acosh": [(1.0, 0.0), (0.9999999999999999, NAN), (-1.0, NAN), (INF, INF), (-INF, NAN)],
    "atanh": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.0000000000000002, NAN), (-INF, NAN), (INF, NAN)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (6.0, 1.0), (-LARGEST, -1.0)],
}
QUARTER, HALF, WHOLE = math.pi / 4, math.pi / 2, math.pi
SPECIAL_PAIRS: dict[str, list[tuple[float, float, float]]] = {
    "pow": [
        *((x, y, 1.0) for x in (0.0, -0.0, INF, -INF, NAN, -3.0, LEAST) for y in (0.0, -0.0)),
        *((1.0, y, 1.0) for y in (INF, -INF, NAN, 1e300, -0.5)),
        *((-1.0, y, 1.0) for y in (INF, -INF, 2.0, 1e300)),
        *((0.0, y, 0.0) for y in (3.0, 2.0, 0.5, INF, LEAST)),
        *((-0.0, y, 0.0) for y in (2.0, 0.5, INF, 2.0**53)),
        *((-0.0, y, -0.0) for y in (3.0, 1.0, 2.0**53 - 1)),
        *((0.0, y, INF) for y in (-1.0, -2.0, -0.5, -INF)),
        *((-0.0, y, INF) for y in (-2.0, -0.5, -INF)),
        *((-0.0, y, -INF) for y in (-1.0, -3.0)),
        *((INF, y, INF) for y in (1.0, 0.5, INF, LEAST)),
        *((INF, y, 0.0) for y in (-1.0, -0.5, -INF)),
        *((-INF, y, INF) for y in (2.0, 0.5, INF)),
        *((-INF, y, -INF) for y in (1.0, 3.0)),
        *((-INF, y, -0.0) for y in (-1.0, -3.0)),
        *((-INF, y, 0.0) for y in (-2.0, -0.5, -INF)),
        *((x, INF, INF) for x in (1.5, -1.5, INF, LARGEST)),
        *((x, INF, 0.0) for x in (0.5, -0.5, 0.0, LEAST)),
        *((x, -INF, 0.0) for x in (1.5, -1.5, INF)),
        *((x, -INF, INF) for x in (0.5, -0.5, 0.0)),
        *((x, y, NAN) for x, y in ((-2.0, 0.5), (-LARGEST, 1.5), (NAN, 1.0), (2.0, NAN), (NAN, INF), (-1.0, NAN))),
        *((2.0, 1024.0, INF), (-2.0, 1025.0, -INF), (2.0, -1074.0, LEAST), (2.0, -1076.0, 0.0), (-2.0, -1077.0, -0.0)),
        *((-2.0, -1073.0, -2 * LEAST), (LARGEST, 2.0, INF), (1e-200, 1e300, 0.0), (1e-200, -1e300, INF)),
    ],
    "fmod": [
        *((x, INF, x) for x in (0.0, -0.0, 1.0, -LARGEST)),
        *((x, y, NAN) for x, y in ((1.0, 0.0), (INF, 1.0), (-INF, 2.0), (NAN, 1.0), (1.0, NAN), (0.0, -0.0))),
        *((6.0, -3.0, 0.0), (-6.0, 3.0, -0.0), (-5.5, 2.0, -1.5), (LARGEST, 3 * LEAST, math.fmod(LARGEST, 3 * LEAST))),
    ],
    "copysign": [
        *((1.5, y, 1.5) for y in (0.0, 2.0, INF, LEAST)),
        *((x, -0.0, -abs(x)) for x in (0.0, -0.0, 3.0, -3.0, INF)),
    ],
    "atan2": [
        *((y, x, math.copysign(0.0, y)) for y in (0.0, -0.0) for x in (0.0, 1.0, INF, LEAST)),
        *((y, x, math.copysign(WHOLE, y)) for y in (0.0, -0.0) for x in (-0.0, -1.0, -INF, -LEAST)),
        *((y, x, math.copysign(HALF, y)) for y in (1.0, -1.0, LEAST) for x in (0.0, -0.0)),
        *((y, x, math.copysign(HALF, y)) for y in (INF, -INF) for x in (0.0, -0.0, 1.0, -LARGEST)),
        *((y, INF, math.copysign(0.0, y)) for y in (1.0, -1.0, LARGEST)),
        *((y, -INF, math.copysign(WHOLE, y)) for y in (1.0, -1.0, LARGEST)),
        *((y, INF, math.copysign(QUARTER, y)) for y in (INF, -INF)),
        *((y, -INF, math.copysign(3 * QUARTER, y)) for y in (INF, -INF)),
        *((NAN, 1.0, NAN), (1.0, NAN, NAN), (NAN, INF, NAN), (0.0, NAN, NAN), (LEAST, LEAST, QUARTER)),
        (LARGEST, -LARGEST, 3 * QUARTER),
    ],
    "hypot": [
        *((x, y, INF) for x in (INF, -INF) for y in (0.0, 1.0, NAN, INF)),
        *((x, y, INF) for x in (0.0, NAN, -LARGEST) for y in (INF, -INF)),
        *((0.0, 0.0, 0.0), (-0.0, -0.0, 0.0), (-3.0, 4.0, 5.0), (NAN, 1.0, NAN), (0.0, NAN, NAN), (-0.0, -2.0, 2.0)),
        *((LEAST, 0.0, LEAST), (3 * LEAST, -4 * LEAST, 5 * LEAST), (LARGEST, 1.0, LARGEST), (LARGEST, LARGEST, INF)),
    ],
}


def shown(y: float) -> str:
    """The bits of a number; all that are none are alike."""
    return "nan" if math.isnan(y) else y.hex()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values_are_those_of_c99(name: str) -> None:
    cases = [*SPECIAL_PAIRS[name]] if name in SPECIAL_PAIRS else [*SPECIAL[name], (NAN, NAN)]
    *columns, expected = zip(*cases, strict=True)
    found = compiled()(name, *columns).tolist()
    assert list(map(shown, found)) == list(map(shown, expected)), cases


def test_what_is_exact_comes_out_exact() -> None:
    f = compiled()
    whole = [float(k) for k in range(1, 200)]
    assert f("cbrt", [k**3 for k in whole]).tolist() == whole
    assert f("cbrt", [math.ldexp(-1, 3 * k) for k in range(-358, 341)]).tolist() == [
        math.ldexp(-1, k) for k in range(-358, 341)
    ]
    assert f("log2", [math.ldexp(1, k) for k in range(-1074, 1024)]).tolist() == list(range(-1074, 1024))
    assert f("log10", [float(10**k) for k in range(23)]).tolist() == list(range(23))
    assert f("pow", [2.0] * 2098, [float(k) for k in range(-1074, 1024)]).tolist() == [
        math.ldexp(1, k) for k in range(-1074, 1024)
    ]
    bases, exponents = zip(
        *((a, b) for a in range(-30, 31) for b in range(12) if a and abs(a) ** b < 2**53), strict=True
    )
    assert f("pow", bases, exponents).tolist() == [a**b for a, b in zip(bases, exponents, strict=True)]
    sizes = [math.ldexp(1.2345678901234567, k) for k in range(-1074, 1024)]
    assert f("pow", sizes, [1.0] * len(sizes)).tolist() == sizes
    assert f("pow", [k * k for k in whole], [0.5] * len(whole)).tolist() == whole
    assert f("hypot", [3 * x for x in sizes[:-5]], [4 * x for x in sizes[:-5]]).tolist() == pytest.approx(
        [5 * x for x in sizes[:-5]], rel=3e-16, abs=LEAST
    )


def test_a_function_is_odd_or_even_to_the_last_bit() -> None:
    xs = [math.ldexp(1.37, k) for k in range(-60, 1023)]
    for name in ("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt"):
        there, back = compiled()(name, xs).tolist(), compiled()(name, [-x for x in xs]).tolist()
        assert list(map(shown, there)) == [shown(-y) for y in back], name
    for name in ("cos", "cosh"):
        assert compiled()(name, xs).tolist() == compiled()(name, [-x for x in xs]).tolist()


# in 1,500 digits; the fourth is the number that comes closest to a multiple of π/2 (Kahan)
HUGE = [
    ("sin", 1e22, -0.8522008497671888),
    ("cos", 1e22, 0.523214785395139),
    ("tan", 1e22, -1.6287782256068988),
    ("cos", math.ldexp(6381956970095103.0, 797), -4.687165924254628e-19),
    ("sin", math.ldexp(6381956970095103.0, 797), 1.0),
    ("sin", LARGEST, 0.004961954789184062),
    ("cos", LARGEST, -0.9999876894265599),
    ("tan", LARGEST, -0.004962015874444895),
    ("sin", -math.ldexp(1.0, 120), -0.377820109360752),
]


@pytest.mark.parametrize(("name", "x", "expected"), HUGE)
def test_huge_arguments_are_reduced_by_all_the_digits_of_pi(name: str, x: float, expected: float) -> None:
    assert compiled()(name, [x])[0] == pytest.approx(expected, rel=2.3e-16, abs=0)


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_a_huge_argument_in_one_lane_leaves_the_others_as_they_are(name: str) -> None:
    alone = [0.3, -7.5, 1e5, 2.0**27]
    for lane, other in itertools.product(range(4), (1e300, INF, NAN)):
        mixed = [*alone[:lane], other, *alone[lane + 1 :]]
        found, expected = compiled()(name, mixed).tolist(), compiled()(name, alone).tolist()
        assert found[:lane] + found[lane + 1 :] == expected[:lane] + expected[lane + 1 :]


KINDS = [
    (1, None, 1),
    (2, None, 1),
    (8, None, 1),
    (4, None, 0),
    (1, "x86-64", 1),
    (2, "x86-64", 1),
    (8, "x86-64", 1),
    (4, "haswell", 1),
]


@pytest.mark.parametrize(("lanes", "cpu", "level"), KINDS)
def test_the_bits_are_the_same_for_every_number_of_lanes_processor_and_level(
    lanes: int, cpu: str | None, level: int
) -> None:
    if cpu and not llvm.get_host_cpu_features().get("avx2"):
        pytest.skip("this processor cannot run what is made for another")
    for name in FUNCTIONS:
        special = SPECIAL_PAIRS[name] if OPERANDS[name] == 2 else [*SPECIAL[name], (NAN, NAN)]
        columns = list(zip(*[*arguments(name)[::3], *(case[:-1] for case in special)], strict=True))
        found, expected = (
            functions(name, *columns).tolist() for functions in (compiled(lanes, cpu, level), compiled())
        )
        assert list(map(shown, found)) == list(map(shown, expected)), name


def test_no_operation_may_be_contracted_reordered_or_left_to_the_compiler() -> None:
    text = "\n".join(definitions(FUNCTIONS, 4))
    assert not any(
        word in text for word in ("fast", "contract", "reassoc", "fmuladd", "arcp", "afn", "nsz", "nnan", "ninf")
    )
    called = {word.split("(")[0] for word in text.split() if word.startswith("@")}
    assert called <= {
        f"@llvm.{name}.{kind}" for name in ("fma", "fabs", "sqrt", "copysign") for kind in ("f64", "v4f64")
    } | {
        "@llvm.fshl.i64",
        "@huge_angle",
        "@two_over_pi",
        "@two_over_pi,",
        *(f"@each_{name}.v4f64" for name in FUNCTIONS),
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_polynomial_is_as_close_as_the_comment_beside_it_says(table: str) -> None:
    target = minimax.TARGETS[table]
    with mpmath.workdps(40):
        assert minimax.error(target, list(map(mpf, coefficients(TABLES[table], table)))) <= target.bits
    lines = Path(str(TABLES[table].__file__)).read_text(encoding="utf-8").splitlines()
    assert f"2^{target.bits} " in next(f"{line} " for line in lines if line.startswith(f"{table} = "))


def test_the_coefficients_are_those_of_remez_exchange() -> None:
    with mpmath.workdps(45):
        for table in ("CBRT", "SINH", "LOG"):
            assert coefficients(TABLES[table], table) == tuple(map(float, minimax.remez(minimax.TARGETS[table])))


def coefficients(module: ModuleType, table: str) -> tuple[float, ...]:
    found: tuple[float, ...] = getattr(module, table)
    return found


USES = {"EXP": "exp", "SINH": "sinh", "COSH": "cosh", "ERF": "erf", "ERFC": "erf", "LOG": "log", "ASINH": "asinh"}
USES |= {"ATANH": "atanh", "SIN": "sin", "COS": "cos", "ASIN": "asin", "ATAN": "atan", "POW": "pow", "CBRT": "cbrt"}


@pytest.mark.parametrize("table", [table for table in TABLES if table in USES])
def test_a_wrong_coefficient_is_caught(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = coefficients(TABLES[table], table)
    for place in (0, len(right) // 2, len(right) - 1):
        wrong = [c * (1.5 if k == place else 1) for k, c in enumerate(right)]
        monkeypatch.setattr(TABLES[table], table, tuple(wrong))
        error, _ = worst(USES[table], Compiled([USES[table]], 4))
        assert error > ULPS[USES[table]], place
