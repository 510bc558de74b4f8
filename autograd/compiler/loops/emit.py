"""Functions of LLVM with loops in them, and where numbers lie that these go through.

>>> f = Function("total", "ptr %x, i64 %count, ptr %sum", lanes=1)
>>> def step(i, sums):
...     return [f.added(sums[0], f.loaded(f.address("%x", i)))]
>>> total, = f.loop(0, "%count", 1, step, [("double", "0.0")])
>>> f.stored(total, "%sum")
>>> print(f)
define internal void @total(ptr %x, i64 %count, ptr %sum) {
entry:
  br label %loop1
loop1:
  %i1 = phi i64 [0, %entry], [%t4, %loop1]
  %c1.0 = phi double [0.0, %entry], [%t3, %loop1]
  %t1 = getelementptr inbounds double, ptr %x, i64 %i1
  %t2 = load double, ptr %t1, align 8
  %t3 = fadd double %c1.0, %t2
  %t4 = add nuw nsw i64 %i1, 1
  %t5 = icmp ult i64 %t4, %count
  br i1 %t5, label %loop1, label %done1
done1:
  store double %t3, ptr %sum, align 8
  ret void
}
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.builder import Builder
from autograd.compiler.columns import LANES
from autograd.compiler.lanes.language import suffix, vector
from autograd.compiler.llvm import CALL, Instructions
from autograd.compiler.program import reachable
from autograd.table.expression import Expression

Index = int | str  # a number that is known when the code is written, or the name of one
Body = Callable[[Index, list[str]], Sequence[str] | None]


class Rows(NamedTuple):
    """Where an array lies that has numbers for each row: the rows of a block side by side, for one member.

    pointer, at   where it begins
    member        how far one member is from the next
    block         how far one block of rows is from the next
    """

    pointer: str
    at: Index
    member: Index
    block: int


class Flat(NamedTuple):
    """Where an array lies that is the same for all rows: one number after the other."""

    pointer: str
    at: int = 0


class Function(Instructions):
    """One function of a module: instructions, and loops around them."""

    def __init__(self, name: str, arguments: str, lanes: int, fast: bool = False, is_entry: bool = False) -> None:
        super().__init__(lanes, fast, frozenset())
        self.name = name
        self.blocks: Index = "%blocks" if lanes > 1 else 1  # of rows, in the tile at hand
        self._head = f"define {'' if is_entry else 'internal '}void @{name}({arguments}) {{"
        self._block = "entry"
        self._loops = 0
        self.lines = ["entry:"]

    def __str__(self) -> str:
        return "\n".join([self._head, *self.lines, "  ret void", "}"])

    def do(self, text: str) -> None:
        """Add an instruction without a result."""
        self.lines.append(f"  {text}")

    def loop(
        self, start: Index, stop: Index, step: int, body: Body, carried: Sequence[tuple[str, str]] = ()
    ) -> list[str]:
        """Go through start, start + step, …, as long as it is less than stop, at least once.

        carried   type and first value of what the body gets from the time before, and returns for the next one

        Returns what it returned last.
        """
        if isinstance(start, int) and isinstance(stop, int) and start + step >= stop:
            return list(body(start, [value for _, value in carried]) or [])
        self._loops += 1
        number, before = self._loops, self._block
        top, i = f"loop{number}", f"%i{number}"
        self.do(f"br label %{top}")
        self._label(top)
        at = len(self.lines)
        names = [f"%c{number}.{index}" for index in range(len(carried))]
        found = list(body(i, names) or [])
        following = self.emit(f"add nuw nsw i64 {i}, {step}")
        again = self.emit(f"icmp ult i64 {following}, {stop}")
        phis = [("i64", i, str(start), following)]
        phis += [(kind, name, value, new) for (kind, value), name, new in zip(carried, names, found, strict=True)]
        self.lines[at:at] = [
            f"  {name} = phi {kind} [{first}, %{before}], [{new}, %{self._block}]" for kind, name, first, new in phis
        ]
        self.do(f"br i1 {again}, label %{top}, label %done{number}")
        self._label(f"done{number}")
        return found

    def when(self, condition: str, then: Callable[[], object]) -> None:
        """Do something only where a condition holds."""
        self._loops += 1
        yes, after = f"then{self._loops}", f"after{self._loops}"
        self.do(f"br i1 {condition}, label %{yes}, label %{after}")
        self._label(yes)
        then()
        self.do(f"br label %{after}")
        self._label(after)

    def _label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self._block = name

    # Addresses.

    def plus(self, a: Index, b: Index) -> Index:
        """The sum of two indices."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        return a if b == 0 else b if a == 0 else self.emit(f"add i64 {a}, {b}")

    def times(self, a: Index, b: Index) -> Index:
        """The product of two indices."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 0 or b == 0:
            return 0
        return a if b == 1 else b if a == 1 else self.emit(f"mul i64 {a}, {b}")

    def address(self, pointer: str, *indices: Index) -> str:
        """The address of a number, so many behind another."""
        index: Index = 0
        for further in indices:
            index = self.plus(index, further)
        return pointer if index == 0 else self.emit(f"getelementptr inbounds double, ptr {pointer}, i64 {index}")

    def place(self, rows: Rows, member: Index, block: Index, within: int = 0) -> str:
        """The address of a member, in a block of rows, or of a row within it."""
        return self.address(
            rows.pointer, rows.at, self.times(member, rows.member), self.times(block, rows.block), within
        )

    def members(self, rows: Rows, block: Index) -> Callable[[Index], str]:
        """The address of each member in a block of rows: what is the same for all is computed now."""
        start = self.place(rows, 0, block)
        return lambda member: self.address(start, self.times(member, rows.member))

    # Numbers.

    def loaded(self, address: str) -> str:
        """A vector in memory."""
        return self.emit(f"load {self.type}, ptr {address}, align 8")

    def stored(self, value: str, address: str) -> None:
        """Put a vector into memory."""
        self.do(f"store {self.type} {value}, ptr {address}, align 8")

    def broadcast(self, address: str) -> str:
        """A number in memory, in all lanes."""
        return self.spread(self.emit(f"load double, ptr {address}, align 8"))

    def fma(self, a: str, b: str, c: str) -> str:
        """a · b + c, rounded once."""
        v = self.type
        return self.emit(f"call {v} @llvm.fma.{self.suffix}({v} {a}, {v} {b}, {v} {c})")

    def shuffled(self, a: str, b: str, lanes: Sequence[int]) -> str:
        """A vector of lanes of two others, whose lanes are counted through."""
        ids = ", ".join(f"i32 {lane}" for lane in lanes)
        return self.emit(f"shufflevector {self.type} {a}, {self.type} {b}, <{self.lanes} x i32> <{ids}>")

    @contextlib.contextmanager
    def wide(self) -> Iterator[None]:
        """Within this, a function of single numbers has vectors."""
        before = self.lanes, self.type, self.suffix
        self.lanes, self.type, self.suffix = LANES, vector(LANES), suffix(LANES)
        yield
        self.lanes, self.type, self.suffix = before

    def add_number(self, number: str, address: str) -> None:
        """Add to a number in memory."""
        before = self.emit(f"load double, ptr {address}, align 8")
        after = self.emit(f"fadd double {before}, {number}")
        self.do(f"store double {after}, ptr {address}, align 8")

    def add_vector(self, vector: str, address: str) -> None:
        """Add to a vector in memory."""
        self.stored(self.added(self.loaded(address), vector), address)

    def evaluated(self, builder: Builder, known: Mapping[Any, str], outputs: Iterable[Expression]) -> list[str]:
        """The values of expressions, given those of some."""
        wanted = list(outputs)
        needed = reachable(wanted, lambda part: () if part in known else part.operands)
        self.held = dict(known)
        for part in builder.made():
            if part in needed and part.operands and part not in known:
                self.held[part] = self.computed(part)
        return [self.value(output) for output in wanted]


def entry(sums: int) -> Function:
    """The function that is called from outside; where a derivative among the sums is not finite, the check is nan."""
    f = Function("run", "ptr %call", 1, is_entry=True)
    given = []
    for index, name in enumerate(CALL):
        kind = "i64" if name in ("rows", "stride") else "ptr"
        at = f.emit(f"getelementptr i64, ptr %call, i64 {index}")
        f.do(f"%{name} = load {kind}, ptr {at}, align 8")
        given.append(f"{kind} %{name}")
    f.do(f"call void @over({', '.join(given)})")
    count, several = sums - 2, 4  # checks, so that none has to wait for another
    step = several * LANES

    def look(first: Index, checks: list[str]) -> list[str]:
        found = []
        for index, check in enumerate(checks):
            number = f.loaded(f.address("%sums", 2, first, index * f.lanes))
            found.append(f.added(check, f.emit(f"fsub {f.type} {number}, {number}")))
        return found

    if count >= step:
        with f.wide():
            checks = f.loop(0, count // step * step, step, look, [(f.type, f.constant(0.0))] * several)
            checks = look(count - step, checks) if count % step else checks
            total = f.total(functools.reduce(f.added, checks))
        f.add_number(total, f.address("%sums", 1))
    elif count:
        (total,) = f.loop(0, count, 1, look, [(f.type, "0.0")])
        f.add_number(total, f.address("%sums", 1))
    return f
