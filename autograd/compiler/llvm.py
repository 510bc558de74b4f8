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

import struct
from collections.abc import Container, Iterable, Mapping, Sequence

from autograd.table.expression import Call, Choice, Expression, Number

FUNCTIONS = {  # of the C library, with the number of operands
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "log2", "log10", "cbrt", "sin", "cos", "tan", "asin"), 1),
    **dict.fromkeys(("acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf"), 1),
    **dict.fromkeys(("pow", "atan2", "hypot"), 2),
}
_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_INTRINSIC = {"abs": "fabs", "sqrt": "sqrt"}
_PREDICATES = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}


class Instructions:
    """Instructions one after the other, each of which gives its result a name, as %t1.

    fused       products that a sum takes in: it multiplies and adds in one operation
    held        the names that expressions, and comparisons, are at hand under
    functions   those of the C library that are called
    """

    def __init__(self, lanes: int, fast: bool, fused: Container[Expression]) -> None:
        self.lanes = lanes
        self.type = _type(lanes)
        self.flags = "reassoc nsz arcp contract afn " if fast else ""
        self.fused = fused
        self.lines: list[str] = []
        self.held: dict[object, str] = {}
        self.functions: set[str] = set()
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
        bits = f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"
        return f"<{', '.join([f'double {bits}'] * self.lanes)}>" if self.lanes > 1 else bits

    def spread(self, scalar: str) -> str:
        """The same number in every lane."""
        if self.lanes == 1:
            return scalar
        first = self.emit(f"insertelement {self.type} poison, double {scalar}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {self.type} {first}, {self.type} poison, {mask}")

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
                    return self.emit(f"call {v} @llvm.{_INTRINSIC[op]}.{_suffix(self.lanes)}({given})")
                self.functions.add(op)
                return self.emit(f"call {v} @each_{op}({given})")
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

    def product(self, product: Expression, added: str | None) -> str:
        """A product, added to something in one operation where the processor has it."""
        v = self.type
        a, b = (self.value(operand) for operand in product.operands)
        if added is None:
            return self.emit(f"fmul {self.flags}{v} {a}, {b}")
        return self.emit(f"call {self.flags}{v} @llvm.fmuladd.{_suffix(self.lanes)}({v} {a}, {v} {b}, {v} {added})")

    def _compared(self, comparison: str, a: str, b: str) -> str:
        return self.emit(f"fcmp {_PREDICATES[comparison]} {self.type} {a}, {b}")

    def _selected(self, condition: str, a: str, b: str) -> str:
        bits = f"<{self.lanes} x i1>" if self.lanes > 1 else "i1"
        return self.emit(f"select {bits} {condition}, {self.type} {a}, {self.type} {b}")

    def _power(self, base: str, exponent: float) -> str:
        """A small power by multiplication."""
        if exponent == -1:
            return self.emit(f"fdiv {self.flags}{self.type} {self.constant(1.0)}, {base}")
        square = self.emit(f"fmul {self.flags}{self.type} {base}, {base}")
        if exponent == 2:
            return square
        return self.emit(f"fmul {self.flags}{self.type} {square}, {base if exponent == 3 else square}")


def definitions(used: Iterable[str], lanes: int, vectorised: Mapping[str, str]) -> list[str]:
    """What instructions call: LLVM's own functions, and those of the C library or of a library for vectors."""
    v, suffix = _type(lanes), _suffix(lanes)
    texts = [f"declare {v} @llvm.{name}.{suffix}({v})" for name in _INTRINSIC.values()]
    texts.append(f"declare {v} @llvm.fmuladd.{suffix}({v}, {v}, {v})")
    if lanes > 1:
        texts.append(f"declare double @llvm.vector.reduce.fadd.{suffix}(double, {v})")
    for name in used:
        texts += _each(name, lanes, name if lanes == 1 else vectorised.get(name))
    return texts


def _each(name: str, lanes: int, function: str | None) -> list[str]:
    """@each_name: a function of such vectors; where there is none, that of the C library, one lane after the other."""
    v, operands = _type(lanes), [f"%{letter}" for letter in "ab"[: FUNCTIONS[name]]]
    given = ", ".join(f"{v} {x}" for x in operands)
    lines = [f"define internal {v} @each_{name}({given}) noinline {{"]
    if function:
        kind, result = v, "%y"
        lines.append(f"  %y = call {v} @{function}({given})")
    else:
        kind, result = "double", "poison"
        for lane in range(lanes):
            lines += [f"  {x}{lane} = extractelement {v} {x}, i32 {lane}" for x in operands]
            lines.append(f"  %r{lane} = call double @{name}({', '.join(f'double {x}{lane}' for x in operands)})")
            lines.append(f"  %y{lane} = insertelement {v} {result}, double %r{lane}, i32 {lane}")
            result = f"%y{lane}"
    head = f"declare {kind} @{function or name}({', '.join([kind] * len(operands))})"
    return [head, *lines, f"  ret {v} {result}\n}}"]


def _type(lanes: int) -> str:
    return f"<{lanes} x double>" if lanes > 1 else "double"


def _suffix(lanes: int) -> str:
    """How LLVM's own functions of such vectors end."""
    return f"v{lanes}f64" if lanes > 1 else "f64"
