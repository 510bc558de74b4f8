"""What a program's operations say in LLVM's language: instructions on vectors, with one row in each lane.

>>> from autograd.table.expression import Name
>>> x, y = Name("x"), Name("y")
>>> block = Instructions(4, fast=False, fused=set())
>>> block.held |= {x: "%x", y: "%y"}  # loaded before
>>> block.computed(Call("mul", [x, y]))
'%t1'
>>> block.lines
['  %t1 = fmul <4 x double> %x, %y']
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from autograd.compiler.lanes import FUNCTIONS as OURS
from autograd.compiler.lanes.language import constant, suffix, vector
from autograd.compiler.lanes.language import definitions as lanes_of
from autograd.table.expression import Call, Choice, Expression, Number

FUNCTIONS = {name: function.__code__.co_argcount for name, function in OURS.items()}  # with the number of operands
_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_INTRINSIC = {"abs": "fabs", "sqrt": "sqrt"}
_PREDICATES = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}


# what a call is told: integers, and addresses, one after the other in memory
CALL = ("rows", "columns", "stride", "parameters", "stored", "work", "sums")


class Layout(NamedTuple):
    """The text of a module, and what its function needs.

    work         room to work in, in numbers
    stored       columns that are stored row by row
    sums         numbers that are summed: the value, the check, the derivatives
    operations   how long the code is
    parts        in how many functions
    copies       the parameters that are given once more, behind all of them; their derivatives are added up
    slopes       where the derivatives are among the sums; None where they follow the check in order
    """

    text: str
    work: int
    stored: int
    sums: int
    operations: int
    parts: int
    copies: Sequence[int] = ()
    slopes: Sequence[int] | None = None


class Instructions:
    """Instructions one after the other, each of which gives its result a name, as %t1.

    fused       products that a sum takes in: it multiplies and adds in one operation
    held        the names that expressions, and comparisons, are at hand under
    functions   those of ours that are called, each with the number of lanes
    """

    def __init__(self, lanes: int, fast: bool, fused: Container[Expression]) -> None:
        self.lanes = lanes
        self.type, self.suffix = vector(lanes), suffix(lanes)
        self.flags = "reassoc nsz arcp contract afn " if fast else ""
        self.fused = fused
        self.lines: list[str] = []
        self.held: dict[object, str] = {}
        self.functions: set[tuple[int, str]] = set()
        self._count = 0

    def emit(self, text: str) -> str:
        """Add an instruction; the name of its result."""
        self._count += 1
        name = f"%t{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def value(self, part: Expression) -> str:
        """The name, or the constant, that an operand is at hand under."""
        if part in self.held:
            return self.held[part]
        return self.constant(part.value) if isinstance(part, Number) else self.fetched(part)

    def fetched(self, part: Expression) -> str:
        """The name of what was not computed here: to be said where it comes from."""
        raise NotImplementedError

    def constant(self, value: float) -> str:
        """A number in every lane, to the bit."""
        return constant(value, self.lanes)

    def spread(self, scalar: str) -> str:
        """The same number in every lane."""
        if self.lanes == 1:
            return scalar
        first = self.emit(f"insertelement {self.type} poison, double {scalar}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {self.type} {first}, {self.type} poison, {mask}")

    def spread_index(self, index: int | str) -> str:
        """The same index in every lane."""
        v = vector(self.lanes, "i64")
        first = self.emit(f"insertelement {v} poison, i64 {index}, i32 0")
        return self.emit(f"shufflevector {v} {first}, {v} poison, <{self.lanes} x i32> zeroinitializer")

    def seed(self, first: int | str, end: str) -> str:
        """1 in the lanes of a row, 0 in those that are padded: of the rows from the first on, before the end."""
        if self.lanes == 1:
            return self.constant(1.0)
        v, rows = vector(self.lanes, "i64"), self.spread_index(first)
        ids = self.emit(f"add {v} {rows}, <{', '.join(f'i64 {lane}' for lane in range(self.lanes))}>")
        inside = self.emit(f"icmp ult {v} {ids}, {self.spread_index(end)}")
        return self._selected(inside, self.constant(1.0), self.constant(0.0))

    def total(self, name: str) -> str:
        """The sum of all lanes, always in the same order: halves are added until one number is left."""
        lanes = self.lanes
        while lanes > 1:
            v, half = vector(lanes), lanes // 2
            masks = (", ".join(f"i32 {lane + first}" for lane in range(half)) for first in (0, half))
            a, b = (self.emit(f"shufflevector {v} {name}, {v} poison, <{half} x i32> <{mask}>") for mask in masks)
            name = self.emit(f"fadd <{half} x double> {a}, {b}")
            lanes = half
        return self.emit(f"extractelement <1 x double> {name}, i32 0") if self.lanes > 1 else name

    def computed(self, part: Expression) -> str:
        """An operation, or a choice."""
        v = self.type
        match part:  # the most frequent come first
            case Call(op, (a, b)) if op in _ARITHMETIC:
                return self.emit(f"{_ARITHMETIC[op]} {self.flags}{v} {self.value(a)}, {self.value(b)}")
            case Choice(comparison, (left, right, then, otherwise)):
                key = comparison, left, right
                if key not in self.held:
                    self.held[key] = self._compared(comparison, self.value(left), self.value(right))
                return self._selected(self.held[key], self.value(then), self.value(otherwise))
            case Call("sum", terms):
                return self.sum(terms)
            case Call("max", (first, *others)):
                name = self.value(first)
                for other in map(self.value, others):
                    name = self._selected(self._compared(">=", name, other), name, other)
                return name
            case Call("pow", (base, Number(-1.0 | 2.0 | 3.0 | 4.0 as exponent))):
                return self._power(self.value(base), exponent)
            case Call("neg", (a,)):
                return self.emit(f"fneg {v} {self.value(a)}")
            case Call(op, operands):
                given = ", ".join(f"{v} {self.value(operand)}" for operand in operands)
                if op in _INTRINSIC:
                    return self.emit(f"call {v} @llvm.{_INTRINSIC[op]}.{self.suffix}({given})")
                self.functions.add((self.lanes, op))
                return self.emit(f"call {v} @each_{op}.{self.suffix}({given})")
        raise TypeError(f"{part!r} is no operation")

    def sum(self, terms: Sequence[Expression], start: str | None = None) -> str:
        """The sum of terms, and of what it starts with; the products that it takes in come last."""
        name = start
        for term in sorted(terms, key=lambda term: term in self.fused):
            if term in self.fused:
                name = self.product(term, name)
            else:
                name = self.value(term) if name is None else self.added(name, self.value(term))
        assert name is not None
        return name

    def added(self, a: str, b: str) -> str:
        """The sum of two."""
        return self.emit(f"fadd {self.flags}{self.type} {a}, {b}")

    def multiplied(self, a: str, b: str) -> str:
        """The product of two."""
        return self.emit(f"fmul {self.flags}{self.type} {a}, {b}")

    def product(self, product: Expression, added: str | None) -> str:
        """A product, added to something in one operation."""
        v = self.type
        a, b = (self.value(operand) for operand in product.operands)
        if added is None:
            return self.multiplied(a, b)
        return self.emit(f"call {self.flags}{v} @llvm.fma.{self.suffix}({v} {a}, {v} {b}, {v} {added})")

    def _compared(self, comparison: str, a: str, b: str) -> str:
        return self.emit(f"fcmp {_PREDICATES[comparison]} {self.type} {a}, {b}")

    def _selected(self, condition: str, a: str, b: str) -> str:
        return self.emit(f"select {vector(self.lanes, 'i1')} {condition}, {self.type} {a}, {self.type} {b}")

    def _power(self, base: str, exponent: float) -> str:
        """A small power by multiplication."""
        if exponent == -1:
            return self.emit(f"fdiv {self.flags}{self.type} {self.constant(1.0)}, {base}")
        square = self.multiplied(base, base)
        if exponent == 2:
            return square
        return self.multiplied(square, base if exponent == 3 else square)


def definitions(used: Iterable[tuple[int, str]], lanes: int) -> list[str]:
    """What instructions call, on single numbers and on vectors of so many: LLVM's own functions, and ours."""
    found: dict[str, None] = {}
    for width in sorted({1, lanes}):
        names = sorted(name for other, name in used if other == width)
        found |= dict.fromkeys(lanes_of({name: OURS[name] for name in names}, width))
    return list(found)
