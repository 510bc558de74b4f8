"""The instructions of a program in LLVM's language, cut into parts of a length that compilers like.

A part is a function that goes over a tile of rows, a block at a time, one row in each lane; then comes the next part.
So its code and its sums stay in the fastest memory, however long the program is. What another part needs, it leaves for
each block of the tile. Results are added to the sums that they belong to, or stored in their columns, where they are
computed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from autograd.compiler.program import Program
from autograd.table.expression import Call, Choice, Expression, Name, Number

__all__ = ["FUNCTIONS", "SEED", "Writer"]

SEED = Name("seed")  # 1 in the lanes of a row, 0 in those that are padded
PART = 500  # terms and operations in a part
TILE = 4  # blocks that a part of a long program goes over before the next part
LONG = 4000  # terms and operations; the sums and the code of a shorter program stay in fast memory anyway
FUNCTIONS = {  # of the C library, with the number of operands
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "log2", "log10", "cbrt", "sin", "cos", "tan", "asin"), 1),
    **dict.fromkeys(("acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf"), 1),
    **dict.fromkeys(("pow", "atan2", "hypot"), 2),
}
_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_COMPARISONS = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}
_PART = """\
define internal void @part{index}(i64 %first, i64 %last, i64 %rows, ptr noalias %columns, i64 %stride,
                                 ptr noalias %parameters, ptr noalias %stored, ptr noalias %work) {{
entry:
  br label %block
block:
  %row = phi i64 [%first, %entry], [%row.next, %block]
  %within = sub i64 %row, %first
{seed}
{body}
  %row.next = add i64 %row, {lanes}
  %row.more = icmp ult i64 %row.next, %last
  br i1 %row.more, label %block, label %done
done:
  ret void
}}
"""


class Writer:
    """Writes the parts of one program."""

    def __init__(
        self, program: Program, summed: list[Expression], stored: list[Expression], lanes: int, fast: bool
    ) -> None:
        self.lanes = lanes
        self.vector = f"<{lanes} x double>" if lanes > 1 else "double"
        self.flags = "reassoc nsz arcp contract afn " if fast else ""
        self.functions: set[str] = set()
        self.inputs = {name: place for place, name in enumerate(program.inputs)}
        self.parameters = {name: place for place, name in enumerate(program.parameters)}
        outputs = [*summed, *stored]
        instructions = program.instructions(outputs)
        self.uses: dict[Expression, int] = {}
        for part in [*instructions]:
            for operand in part.operands:
                self.uses[operand] = self.uses.get(operand, 0) + 1
        self.outputs: dict[Expression, list[tuple[str, int]]] = {}
        for kind, found in (("sum", summed), ("store", stored)):
            for place, output in enumerate(found):
                self.outputs.setdefault(output, []).append((kind, place))
        self.fused = {  # products that only a sum needs: they become part of its multiply-and-adds
            term
            for part in instructions
            if isinstance(part, Call) and part.op == "sum" and (fast or part in program.contracted)
            for term in part.operands
            if isinstance(term, Call) and term.op == "mul" and self.uses[term] == 1
        } - self.outputs.keys()
        self.plain = dict.fromkeys(output for output in outputs if not output.operands)
        self.order = [part for part in instructions if part not in self.fused]
        self.sums = max(1, len(summed))
        self.size = sum(len(self._read(part)) for part in self.order)
        self._begin()

    def _begin(self) -> None:
        """Begin a part: nothing is at hand yet."""
        self.lines: list[str] = []
        self.held: dict[object, str] = {}
        self.count = 0

    def parts(self) -> list[str]:
        """The text of every part."""
        chunks: list[list[Expression]] = [[]]
        size = 0
        for part in self.order:
            size += len(self._read(part))
            if size > PART:
                chunks.append([])
                size = 0
            chunks[-1].append(part)
        home = {part: index for index, chunk in enumerate(chunks) for part in chunk}
        crossing: dict[Expression, int] = {}
        for index, chunk in enumerate(chunks) if len(chunks) > 1 else ():
            for part in chunk:
                for operand in self._read(part):
                    if home.get(operand, index) != index and operand not in crossing:
                        crossing[operand] = len(crossing)
        self.crossing = crossing
        self.tile = 0 if len(chunks) == 1 else TILE if self.size > LONG else 1
        texts = []
        for index, chunk in enumerate(chunks):
            self._begin()
            if not index:
                for output in self.plain:
                    self._deliver(output)
            for part in chunk:
                self._instruction(part)
            seed = _seed(self.lanes)
            texts.append(_PART.format(index=index, seed=seed, body="\n".join(self.lines), lanes=self.lanes))
        return texts

    def _read(self, part: Expression) -> list[Expression]:
        """The operands that an instruction reads, those of the products fused into it instead of these."""
        found: list[Expression] = []
        for operand in part.operands:
            found += operand.operands if operand in self.fused else [operand]
        return found

    def _emit(self, text: str) -> str:
        self.count += 1
        name = f"%t{self.count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def _instruction(self, part: Expression) -> None:
        """One operation: its result is held under its name, left for other parts, and delivered where it is wanted."""
        delivered = self.outputs.get(part, [])
        alone = len(delivered) == 1 and delivered[0][0] == "sum" and not self.uses.get(part)
        if alone and isinstance(part, Call) and part.op in ("sum", "mul"):
            slot, at = self._slot(delivered[0][1])
            self._store(self._sum(part.operands, slot) if part.op == "sum" else self._product(part, slot), at)
            return
        self.held[part] = name = self._computed(part)
        if part in self.crossing:
            self._store(name, self._left(part))
        if delivered:
            self._deliver(part)

    def _deliver(self, part: Expression) -> None:
        name = self._value(part)
        for kind, place in self.outputs[part]:
            if kind == "sum":
                before, at = self._slot(place)
                self._store(self._emit(f"fadd {self.flags}{self.vector} {before}, {name}"), at)
            else:
                self.lines.append(f"  store {self.vector} {name}, ptr {self._column('%stored', place)}, align 8")

    def _left(self, part: Expression) -> str:
        """The address where what another part needs of this block is left."""
        slots = self._emit(f"getelementptr {self.vector}, ptr %work, i64 {self.sums + self.crossing[part] * self.tile}")
        return self._emit(f"getelementptr double, ptr {slots}, i64 %within")

    def _slot(self, place: int) -> tuple[str, str]:
        """What has been summed so far, and its address."""
        at = self._emit(f"getelementptr {self.vector}, ptr %work, i64 {place}")
        return self._emit(f"load {self.vector}, ptr {at}, align {8 * self.lanes}"), at

    def _store(self, name: str, at: str) -> None:
        self.lines.append(f"  store {self.vector} {name}, ptr {at}, align {8 * self.lanes}")

    def _column(self, base: str, place: int) -> str:
        start = self._emit(f"mul i64 %stride, {place}")
        index = self._emit(f"add i64 {start}, %row")
        return self._emit(f"getelementptr double, ptr {base}, i64 {index}")

    def _value(self, part: Expression) -> str:
        """The name, or the constant, that a part of the program is at hand under."""
        key = part
        if key in self.held:
            return self.held[key]
        if isinstance(part, Number):
            return self._constant(part.value)
        if part is SEED:
            return "%seed"
        if key in self.inputs:
            self.held[key] = self._emit(
                f"load {self.vector}, ptr {self._column('%columns', self.inputs[key])}, align 8"
            )
            return self.held[key]
        if key in self.parameters:  # loaded for each use, which costs nothing, while keeping it would cost a register
            at = self._emit(f"getelementptr double, ptr %parameters, i64 {self.parameters[key]}")
            return self._spread(self._emit(f"load double, ptr {at}, align 8"))
        at = self._left(part)
        self.held[key] = self._emit(f"load {self.vector}, ptr {at}, align {8 * self.lanes}")
        return self.held[key]

    def _constant(self, value: float) -> str:
        bits = f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"
        return f"<{', '.join([f'double {bits}'] * self.lanes)}>" if self.lanes > 1 else bits

    def _spread(self, scalar: str) -> str:
        if self.lanes == 1:
            return scalar
        first = self._emit(f"insertelement {self.vector} poison, double {scalar}, i32 0")
        return self._emit(
            f"shufflevector {self.vector} {first}, {self.vector} poison, <{self.lanes} x i32> zeroinitializer"
        )

    def _computed(self, part: Expression) -> str:
        if isinstance(part, Choice):
            left, right, then, otherwise = part.operands
            condition = self._condition(part.comparison, left, right)
            bits = f"<{self.lanes} x i1>" if self.lanes > 1 else "i1"
            v = self.vector
            return self._emit(f"select {bits} {condition}, {v} {self._value(then)}, {v} {self._value(otherwise)}")
        assert isinstance(part, Call)
        op, operands = part.op, part.operands
        if op == "sum":
            return self._sum(operands)
        if op == "max":
            name = self._value(operands[0])
            for operand in operands[1:]:
                name = self._larger(name, self._value(operand))
            return name
        if op == "pow" and isinstance(operands[1], Number) and operands[1].value in (2, 3, 4, -1):
            return self._power(operands[0], int(operands[1].value))
        values = [self._value(operand) for operand in operands]
        if op in _ARITHMETIC:
            return self._emit(f"{_ARITHMETIC[op]} {self.flags}{self.vector} {values[0]}, {values[1]}")
        if op == "neg":
            return self._emit(f"fneg {self.vector} {values[0]}")
        given = ", ".join(f"{self.vector} {value}" for value in values)
        if op in ("abs", "sqrt"):
            suffix = f"v{self.lanes}f64" if self.lanes > 1 else "f64"
            return self._emit(f"call {self.vector} @llvm.{'fabs' if op == 'abs' else op}.{suffix}({given})")
        self.functions.add(op)
        return self._emit(f"call {self.vector} @each_{op}({given})")

    def _sum(self, terms: Sequence[Expression], start: str | None = None) -> str:
        """The sum of terms, products among them multiplied and added in one operation; these come last."""
        name = start
        for term in sorted(terms, key=lambda term: term in self.fused):
            if term in self.fused:
                name = self._product(term, name)
            else:
                value = self._value(term)
                name = value if name is None else self._emit(f"fadd {self.flags}{self.vector} {name}, {value}")
        assert name is not None
        return name

    def _product(self, product: Expression, added: str | None) -> str:
        """A product, added to something."""
        v = self.vector
        a, b = (self._value(operand) for operand in product.operands)
        if added is None:
            return self._emit(f"fmul {self.flags}{v} {a}, {b}")
        suffix = f"v{self.lanes}f64" if self.lanes > 1 else "f64"
        return self._emit(f"call {self.flags}{v} @llvm.fmuladd.{suffix}({v} {a}, {v} {b}, {v} {added})")

    def _condition(self, comparison: str, left: Expression, right: Expression) -> str:
        key = (comparison, left, right)
        if key not in self.held:
            a, b = self._value(left), self._value(right)
            self.held[key] = self._emit(f"fcmp {_COMPARISONS[comparison]} {self.vector} {a}, {b}")
        return self.held[key]

    def _larger(self, a: str, b: str) -> str:
        bits = f"<{self.lanes} x i1>" if self.lanes > 1 else "i1"
        larger = self._emit(f"fcmp oge {self.vector} {a}, {b}")
        return self._emit(f"select {bits} {larger}, {self.vector} {a}, {self.vector} {b}")

    def _power(self, base: Expression, exponent: int) -> str:
        """A small power by multiplication."""
        v, a = self.vector, self._value(base)
        if exponent == -1:
            return self._emit(f"fdiv {self.flags}{v} {self._constant(1.0)}, {a}")
        square = self._emit(f"fmul {self.flags}{v} {a}, {a}")
        if exponent == 2:
            return square
        return self._emit(f"fmul {self.flags}{v} {square}, {a if exponent == 3 else square}")


def _seed(lanes: int) -> str:
    if lanes == 1:
        return "  %seed = fadd double 0.0, 1.0"
    count, ids = f"<{lanes} x i64>", ", ".join(f"i64 {lane}" for lane in range(lanes))
    lines = []
    for name, number in ("row", "%row"), ("rows", "%rows"):
        lines.append(f"  %{name}.0 = insertelement {count} poison, i64 {number}, i32 0")
        lines.append(f"  %{name}.v = shufflevector {count} %{name}.0, {count} poison, <{lanes} x i32> zeroinitializer")
    one, zero = (", ".join([f"double {number}"] * lanes) for number in ("1.0", "0.0"))
    v = f"<{lanes} x double>"
    lines.append(f"  %ids = add {count} %row.v, <{ids}>")
    lines.append(f"  %inside = icmp ult {count} %ids, %rows.v")
    lines.append(f"  %seed = select <{lanes} x i1> %inside, {v} <{one}>, {v} <{zero}>")
    return "\n".join(lines)
