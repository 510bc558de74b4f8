"""Functions on vectors, written as mathematics: what Python computes with `Lanes` becomes the text of LLVM.

>>> def gaussian_tail(x: Lanes) -> Lanes:
...     return where(x > 3.0, 0.0, fma(x, -0.5, 1.0))
>>> print(definitions({"gaussian_tail": gaussian_tail}, 1)[-1])
define internal double @each_gaussian_tail.f64(double %a) {
entry:
  %t1 = fcmp ogt double %a, 0x4008000000000000
  %t2 = call double @llvm.fma.f64(double %a, double 0xBFE0000000000000, double 0x3FF0000000000000)
  %t3 = select i1 %t1, double 0x0000000000000000, double %t2
  ret double %t3
}

Every operation is one of IEEE 754, rounded once, or one on bits; none may be reordered or contracted. So the bits of a
lane are the same for any number of lanes, and on every processor: one without a fused multiply-add calls the C
library's `fma`, which is exact too, and slow.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

INTRINSICS = {"fma": 3, "fabs": 1, "sqrt": 1, "copysign": 2}  # LLVM's own that are called, with the number of operands
MAGIC = 1.5 * 2.0**52  # added to a number below 2^51 in magnitude, it leaves an integer in the last bits
Result = TypeVar("Result", bound="_Vector")


def vector(lanes: int, kind: str = "double") -> str:
    """The type of so many in a vector; of one, outside of a vector."""
    return f"<{lanes} x {kind}>" if lanes > 1 else kind


def suffix(lanes: int) -> str:
    """How LLVM's own functions of such vectors end."""
    return f"v{lanes}f64" if lanes > 1 else "f64"


def spread(text: str, lanes: int, kind: str = "double") -> str:
    """The same constant in every lane."""
    return f"<{', '.join([f'{kind} {text}'] * lanes)}>" if lanes > 1 else text


def constant(value: float, lanes: int) -> str:
    """A number in every lane, to the bit."""
    return spread(f"0x{bits_of(value):016X}", lanes)


def bits_of(value: float) -> int:
    """The 64 bits of a number, as an integer."""
    return int(struct.unpack(">Q", struct.pack(">d", value))[0])


class Body:
    """The instructions of a function, one after the other; what has been computed already is not computed again.

    needed   other functions that they call, with their texts
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.lines = ["entry:"]
        self.needed: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def emit(self, instruction: str) -> str:
        """The name of what an instruction gives."""
        if instruction not in self._known:
            self._known[instruction] = f"%t{len(self._known) + 1}"
            self.lines.append(f"  {self._known[instruction]} = {instruction}")
        return self._known[instruction]


class _Vector:
    """What one instruction gave, under its name: something in each lane."""

    kind = ""

    def __init__(self, body: Body, name: str) -> None:
        self.body = body
        self.name = name

    @classmethod
    def type(cls, body: Body) -> str:
        return vector(body.lanes, cls.kind)

    def said(self, other: object) -> str:
        """How an operand beside this one is written: its name, or a constant for every lane."""
        if isinstance(other, _Vector):
            return other.name
        assert isinstance(other, int | float)
        if self.kind == "double":
            return constant(float(other), self.body.lanes)
        return spread(str(int(other)), self.body.lanes, self.kind)

    def _with(self: Result, operation: str, other: object, swapped: bool = False) -> Result:
        a, b = self.name, self.said(other)
        a, b = (b, a) if swapped else (a, b)
        return type(self)(self.body, self.body.emit(f"{operation} {self.type(self.body)} {a}, {b}"))


class Truth(_Vector):
    """True or false in each lane."""

    kind = "i1"

    def __and__(self, other: Truth) -> Truth:
        return self._with("and", other)

    def __or__(self, other: Truth) -> Truth:
        return self._with("or", other)

    def __xor__(self, other: Truth) -> Truth:
        return self._with("xor", other)

    def __invert__(self) -> Truth:
        return self._with("xor", 1)


class Bits(_Vector):
    """An integer of 64 bits in each lane."""

    kind = "i64"

    def __add__(self, other: Bits | int) -> Bits:
        return self._with("add", other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self._with("sub", other)

    def __and__(self, other: Bits | int) -> Bits:
        return self._with("and", other)

    def __or__(self, other: Bits | int) -> Bits:
        return self._with("or", other)

    def __xor__(self, other: Bits | int) -> Bits:
        return self._with("xor", other)

    def __lshift__(self, count: int) -> Bits:
        return self._with("shl", count)

    def __rshift__(self, count: int) -> Bits:
        """Zeros come in from the left."""
        return self._with("lshr", count)

    def equals(self, other: int) -> Truth:
        """Whether this is the integer."""
        body = self.body
        return Truth(body, body.emit(f"icmp eq {self.type(body)} {self.name}, {self.said(other)}"))

    def number(self) -> Lanes:
        """The number that has these bits."""
        body = self.body
        return Lanes(body, body.emit(f"bitcast {self.type(body)} {self.name} to {Lanes.type(body)}"))


class Lanes(_Vector):
    """A number in each lane. Comparisons with nan are false."""

    kind = "double"

    def __add__(self, other: Number) -> Lanes:
        return self._with("fadd", other)

    def __sub__(self, other: Number) -> Lanes:
        return self._with("fsub", other)

    def __mul__(self, other: Number) -> Lanes:
        return self._with("fmul", other)

    def __truediv__(self, other: Number) -> Lanes:
        return self._with("fdiv", other)

    def __radd__(self, other: float) -> Lanes:
        return self._with("fadd", other, swapped=True)

    def __rsub__(self, other: float) -> Lanes:
        return self._with("fsub", other, swapped=True)

    def __rmul__(self, other: float) -> Lanes:
        return self._with("fmul", other, swapped=True)

    def __rtruediv__(self, other: float) -> Lanes:
        return self._with("fdiv", other, swapped=True)

    def __neg__(self) -> Lanes:
        return Lanes(self.body, self.body.emit(f"fneg {self.type(self.body)} {self.name}"))

    def __abs__(self) -> Lanes:
        return _intrinsic("fabs", self)

    def __lt__(self, other: Number) -> Truth:
        return self.compared("olt", other)

    def __le__(self, other: Number) -> Truth:
        return self.compared("ole", other)

    def __gt__(self, other: Number) -> Truth:
        return self.compared("ogt", other)

    def __ge__(self, other: Number) -> Truth:
        return self.compared("oge", other)

    def equals(self, other: Number) -> Truth:
        """Whether two numbers are the same; 0 and -0 are."""
        return self.compared("oeq", other)

    def compared(self, predicate: str, other: Number) -> Truth:
        """A comparison, by LLVM's name of it."""
        body = self.body
        return Truth(body, body.emit(f"fcmp {predicate} {self.type(body)} {self.name}, {self.said(other)}"))

    def unordered(self, other: Number) -> Truth:
        """Whether one of two is nan."""
        return self.compared("uno", other)

    def bits(self) -> Bits:
        """The sign, the exponent and the fraction, as an integer."""
        body = self.body
        return Bits(body, body.emit(f"bitcast {self.type(body)} {self.name} to {Bits.type(body)}"))


Number = Lanes | float
Pair = tuple[Lanes, Lanes]  # a number of twice the digits, as the sum of two: the second is what the first lacks


def _intrinsic(name: str, *operands: Number) -> Lanes:
    first = next(operand for operand in operands if isinstance(operand, Lanes))
    body, v = first.body, first.type(first.body)
    given = ", ".join(f"{v} {first.said(operand)}" for operand in operands)
    return Lanes(body, body.emit(f"call {v} @llvm.{name}.{suffix(body.lanes)}({given})"))


def fma(a: Number, b: Number, c: Number) -> Lanes:
    """a * b + c, rounded once."""
    return _intrinsic("fma", a, b, c)


def square_root(x: Lanes) -> Lanes:
    """The root, correctly rounded; of a negative number nan."""
    return _intrinsic("sqrt", x)


def copysign(size: Number, sign: Lanes) -> Lanes:
    """A number with the sign of another."""
    return _intrinsic("copysign", size, sign)


def where(condition: Truth, then: Number, otherwise: Number) -> Lanes:
    """In each lane one number or the other."""
    body, v = condition.body, Lanes.type(condition.body)
    a, b = (x.name if isinstance(x, Lanes) else constant(x, body.lanes) for x in (then, otherwise))
    return Lanes(body, body.emit(f"select {condition.type(body)} {condition.name}, {v} {a}, {v} {b}"))


def odd(n: Lanes) -> Truth:
    """Whether an integer below 2^51 in magnitude is odd."""
    return ((n + MAGIC).bits() & 1).equals(1)


def clamp(x: Lanes, low: float, high: float) -> Lanes:
    """The number, or the bound that it lies beyond; nan stays nan."""
    x = where(x < low, low, x)
    return where(x > high, high, x)


def nearest(x: Lanes) -> Lanes:
    """The nearest integer, of two the even one; for |x| < 2^51."""
    return x + MAGIC - MAGIC


def power_of_two(n: Lanes) -> Lanes:
    """2^n for an integer n from -1022 to 1023; 0 for -1023."""
    return ((n + (MAGIC + 1023)).bits() << 52).number()


def polynomial(x: Lanes, coefficients: Sequence[float]) -> Lanes:
    """c[0] + x (c[1] + c[2] x + …): the sum in brackets by halves, which the processor computes at once (Estrin).

    For small x the first step, which comes last, is the only one of which the rounding counts.
    """
    power, terms = x, list[Number](coefficients[1:])
    while len(terms) > 1:
        pairs = [fma(terms[i + 1], power, terms[i]) for i in range(0, len(terms) - 1, 2)]
        terms = [*pairs, *terms[2 * len(pairs) :]]
        power = power * power
    return fma(terms[0], x, coefficients[0])


def two_sum(a: Number, b: Number) -> Pair:
    """a + b exactly: as it is rounded, and the error of that (Knuth 1969)."""
    total = a + b
    assert isinstance(total, Lanes)
    other = total - a
    return total, (a - (total - other)) + (b - other)


def fast_two_sum(a: Number, b: Number) -> Pair:
    """The same where |a| ≥ |b|, or a = 0 (Dekker 1971)."""
    total = a + b
    assert isinstance(total, Lanes)
    return total, b - (total - a)


def two_product(a: Lanes, b: Number) -> Pair:
    """a · b exactly, as it is rounded, and the error of that."""
    product = a * b
    return product, fma(a, b, -product)


def quotient(a: tuple[Lanes, Number], b: tuple[Lanes, Number]) -> Pair:
    """a / b with one division, to a few bits less than twice the digits of one number; 1 / b must not overflow."""
    inverse = 1.0 / b[0]
    first = a[0] * inverse
    left = fma(-first, b[0], a[0]) + fma(-first, b[1], a[1])
    return first, left * inverse


def root(a: Pair) -> Pair:
    """The root of a > 0, as a sum of two."""
    first = square_root(a[0])
    return first, (fma(-first, first, a[0]) + a[1]) / (first + first)


_RARELY = """\
  br i1 {some}, label %rare, label %join
rare:
  store {v} {x}, ptr %given, align 8
  br label %lane
lane:
  %i = phi i64 [0, %rare], [%i.next, %lane]
  %from = getelementptr double, ptr %given, i64 %i
  %one = load double, ptr %from, align 8
  %found = call {several} @{function}(double %one)
{stores}
  %i.next = add i64 %i, 1
  %i.more = icmp ult i64 %i.next, {lanes}
  br i1 %i.more, label %lane, label %found.all
found.all:
{loads}
  br label %join
join:"""
_STORE = """\
  %part{k} = extractvalue {several} %found, {k}
  %to{k} = getelementptr double, ptr %taken{k}, i64 %i
  store double %part{k}, ptr %to{k}, align 8"""
_LOAD = """\
  %new{k} = load {v}, ptr %taken{k}, align 8
  %chosen{k} = select {bits} {condition}, {v} %new{k}, {v} {old}"""


def rarely(condition: Truth, function: str, text: str, x: Lanes, usual: Sequence[Lanes]) -> list[Lanes]:
    """What is usual; but in the lanes of the condition, if there are any, what a function of one number gives instead.

    The function, @function, with its text, returns as many numbers as are usual. The other lanes stay as they are. A
    function of Lanes can do this once.
    """
    body, lanes, v = condition.body, condition.body.lanes, Lanes.type(condition.body)
    body.needed[function] = text
    rooms = ["given", *(f"taken{k}" for k in range(len(usual)))]
    body.lines[1:1] = [f"  %{room} = alloca {v}, align 8" for room in rooms]
    x = where(condition, x, 0.0)
    some = condition.name
    if lanes > 1:
        mask = body.emit(f"bitcast {condition.type(body)} {condition.name} to i{lanes}")
        some = body.emit(f"icmp ne i{lanes} {mask}, 0")
    said = {"v": v, "lanes": lanes, "several": f"{{ {', '.join(['double'] * len(usual))} }}", "some": some, "x": x.name}
    said |= {"function": function, "condition": condition.name, "bits": condition.type(body)}
    stores = "\n".join(_STORE.format(k=k, **said) for k in range(len(usual)))
    loads = "\n".join(_LOAD.format(k=k, old=old.name, **said) for k, old in enumerate(usual))
    body.lines.append(_RARELY.format(stores=stores, loads=loads, **said))
    return [
        Lanes(body, body.emit(f"phi {v} [%chosen{k}, %found.all], [{old.name}, %entry]")) for k, old in enumerate(usual)
    ]


def definitions(functions: Mapping[str, Callable[..., Lanes]], lanes: int) -> list[str]:
    """Functions of Lanes as the texts of LLVM, @each_name.v8f64 for vectors of eight; first what they need."""
    needed = {
        f"llvm.{name}.{suffix(count)}": f"declare {v} @llvm.{name}.{suffix(count)}({', '.join([v] * operands)})"
        for name, operands in INTRINSICS.items()
        for count, v in {1: vector(1), lanes: vector(lanes)}.items()
    }
    texts, v = [], vector(lanes)
    for name, function in functions.items():
        body, operands = Body(lanes), [f"%{letter}" for letter in "ab"[: function.__code__.co_argcount]]
        result = function(*(Lanes(body, operand) for operand in operands))
        head = f"define internal {v} @each_{name}.{suffix(lanes)}({', '.join(f'{v} {x}' for x in operands)}) {{"
        texts.append("\n".join([head, *body.lines, f"  ret {v} {result.name}", "}"]))
        needed |= body.needed
    return [*needed.values(), *texts]
