"""Where numbers lie while groups are computed: panels, and how a function gets at them.

Numbers for each row lie in panels: the rows of a block side by side, member after member, block after block. A block is
eight rows; a program for a single row has blocks of one, so that members lie side by side, and goes over eight members
at once where it can.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence

from autograd.compiler.columns import LANES
from autograd.compiler.groups.arrays import REDUCED, Access, Array, Group
from autograd.compiler.groups.plan import Plan
from autograd.compiler.llvm import FUNCTIONS
from autograd.compiler.loops.emit import Flat, Function, Index, Rows
from autograd.compiler.loops.micro import DEPTH, MEMBERS, runs
from autograd.table.expression import Call, Number

TILE = 128  # rows
TOGETHER = 4  # sums over rows
VALUE, CHECKS = 0, LANES  # where the sums of these are in the memory of a tile, lane by lane
SLOPES = 2  # where the derivatives begin among the sums; before them are the value and the check
Where = Rows | Flat
Term = Callable[[Index, Index, Index], str]  # of member, element and block


class Panels:
    """The places of all arrays of a plan.

    derives    adjoints are computed, too
    block      rows in a block: 8 or 1
    fast       products may be multiplied and added in one operation
    adds       the derivatives are added to those of the rows before
    inputs     room for the inputs of a single row, side by side
    values, adjoints   where those of each array are
    written    the arrays whose adjoints have got a contribution
    marks      of a single row, the derivatives of parameters that have got one: 1 stored, 2 added to 0
    within     groups that are computed within the loops of what they read, forward, and of what reads them, back
    readers    how often each array is read, or wanted
    done       groups that have been computed within other loops, going back
    slot       where the derivative with respect to a node that is no parameter is among the sums
    sums       how many of these there are
    """

    def __init__(self, plan: Plan, derives: bool, block: int, fast: bool, adds: bool = True) -> None:
        self.plan, self.derives, self.block, self.fast, self.adds = plan, derives, block, fast, adds or block > 1
        self.size = CHECKS + LANES
        self.inputs = self.room(len(plan.grouped.inputs))
        self.written: set[Array] = set()
        self.marks = bytearray(len(plan.grouped.parameters))
        found = plan.grouped
        self.values: dict[Array, Where] = {
            found.inputs: Rows("%columns", 0, "%stride" if block > 1 else 1, block),
            found.parameters: Flat("%parameters"),
            found.constants: Flat("@constants"),
        }
        self.values |= {stage: self.panel(len(stage)) for stage in found.stages}
        self.adjoints: dict[Array, Where] = {found.parameters: Flat("%sums", SLOPES)}
        if derives:
            moving = [array for array in (found.inputs, *found.stages) if array in plan.moving]
            self.adjoints |= {array: self.panel(len(array)) for array in moving}
        self.within = _within(plan) if block > 1 else {}
        wanted = [array for array, _ in map(found.place, [*plan.others, *plan.also, plan.trace.root])]
        self.readers = Counter([*(source for stage in found.stages for source in plan.sources(stage)), *wanted])
        self.done: set[Array] = set()
        self.check = self.panel(1)
        self._packed = self.room(DEPTH * MEMBERS)
        self.slot = {node: index for index, node in enumerate(plan.others, SLOPES + len(found.parameters))}
        self.sums = SLOPES + len(found.parameters) + len(plan.others)

    @property
    def tile(self) -> int:
        """The rows of a tile."""
        return TILE if self.block > 1 else 1

    def room(self, numbers: int) -> int:
        """Where so many numbers have room in the memory of a tile."""
        start = self.size
        self.size += -(-numbers // LANES) * LANES
        return start

    def panel(self, members: int) -> Rows:
        """Room for members, each with all rows of a tile."""
        lines = max(1, members)  # from block to block, so that they spread evenly over the sets of the fastest memory
        while lines > LANES and not (lines % 2 and 7 <= lines % 32 <= 25):
            lines += 1
        return Rows("%work", self.room(lines * self.tile), self.block, lines * self.block)

    def packed(self, f: Function) -> str:
        """Room for members of a matrix side by side."""
        return f.address("%work", self._packed)

    def rows(self, array: Array) -> Rows:
        """Where the values of an array are that differ from row to row."""
        where = self.values[array]
        assert isinstance(where, Rows)
        return where

    def target(self, f: Function, array: Array, whole: bool) -> tuple[Where, bool]:
        """Where contributions to an array go, and whether they are the first, to all of it, and need not be added."""
        to = self.adjoints[array]
        is_first = array not in self.written
        self.written.add(array)
        if is_first and not whole and isinstance(to, Rows):
            clear(f, to)
        return to, is_first and whole

    def adjoint_rows(self, array: Array) -> Rows:
        """Where the adjoints of an array are that differ from row to row."""
        where = self.adjoints[array]
        assert isinstance(where, Rows)
        return where

    def begins(self, access: Access, members: int, length: int = 1) -> bool:
        """Whether a contribution to parameters of a single row is the first one to each: it need not be added."""
        if self.adds:
            return False
        marks, before, step = self.marks, bytes(self.marks), abs(access.dj) or 1
        starts = (access.at(i, length - 1 if access.dj < 0 else 0) for i in range(members))
        count = length if access.dj else 1
        runs = [slice(start, start + step * count, step) for start in starts]
        for run in runs:
            marks[run] = b"\1" * len(marks[run])
        touched = sum(map(len, map(before.__getitem__, runs)))
        once = count == length and marks.count(1) - before.count(1) == touched
        if once and all(not any(before[run]) for run in runs):
            return True
        marks[:] = before
        for run in runs:
            marks[run] = marks[run].replace(b"\0", b"\2")
        return False

    def unset(self) -> list[tuple[int, int]]:
        """The sums that have to begin with 0: from one, and how many."""
        if self.adds:
            return [(0, self.sums)]
        found = [(SLOPES + run.start(), len(run[0])) for run in re.finditer(rb"[^\1]+", self.marks)]
        others = self.sums - SLOPES - len(self.marks)
        return [*found, *([(self.sums - others, others)] if others else [])]

    def at(self, f: Function, where: Where, index: Index, block: Index, step: int = 0) -> str:
        """A number; where several are gone through at once, with a step from one to the next: all of them."""
        is_wide = f.lanes > self.block
        if isinstance(where, Flat):
            address, differs = f.address(where.pointer, where.at, index), False
        else:
            address, differs = f.place(where, index, block), not is_wide
        return f.loaded(address) if differs or (is_wide and step) else f.broadcast(address)

    def element(
        self, f: Function, operand: Access | float, i: Index, j: Index, block: Index, along_j: bool = False
    ) -> str:
        """What member i reads, at element j; where several are gone through at once, of members or of elements."""
        if not isinstance(operand, Access):
            return f.constant(operand)
        step = operand.dj if along_j else operand.di
        return self.at(f, self.values[operand.array], place(f, operand, i, j), block, step)

    def over(self, f: Function, count: int, steps: Sequence[int], body: Callable[[Index], str | None]) -> str | None:
        """Do something for 0, 1, … < count; the sum of what it returns, if it returns something.

        Of a single row, eight are done at once, if the steps from one to the next allow it.
        """
        is_sum = False

        def once(i: Index, sums: list[str]) -> list[str]:
            nonlocal is_sum
            found = body(i)
            is_sum = found is not None
            return [f.added(sums[0], found)] if found is not None else sums

        start, total = 0, f.constant(-0.0)
        if self.block == 1 and all(step in (0, 1) for step in steps):
            start = count // LANES * LANES
        if start:
            with f.wide():
                total = f.loop(0, start, LANES, once, [(f.type, f.constant(-0.0))])[0]
                total = f.total(total) if is_sum else "-0.0"
        if start < count:
            total = f.loop(start, count, 1, once, [(f.type, total)])[0]
        return total if is_sum else None

    def summed(self, f: Function, count: int, steps: Sequence[int], body: Callable[[Index], str], before: str) -> str:
        """What was there before, and the sum of what something returns for 0, 1, … < count."""
        if self.block == 1:
            return f.added(before, str(self.over(f, count, steps, body)))
        return f.loop(0, count, 1, lambda j, sums: [f.added(sums[0], body(j))], [(f.type, before)])[0]


def _within(plan: Plan) -> dict[Array, Group]:
    """The groups that read one sum of products member by member, and call no function; by what they read."""
    found: dict[Array, Group] = {}
    for stage in plan.grouped.stages:
        reads = plan.sources(stage)
        if not isinstance(stage, Group) or stage.name in REDUCED or len(reads) != 1 or reads[0] in found:
            continue
        source, access = reads[0], next(x for x in stage.operands if isinstance(x, Access))
        if (
            isinstance(source, Group)
            and source.name in REDUCED
            and access[1:] == (0, 1, 0)
            and len(source) == len(stage)
        ):
            member = plan.member(stage)
            parts = member.builder.made()
            if isinstance(member.check, Number) and not any(isinstance(x, Call) and x.op in FUNCTIONS for x in parts):
                found[source] = stage
    return found


def place(f: Function, access: Access, i: Index, j: Index = 0) -> Index:
    """The index that member i reads, at element j."""
    return f.plus(access.base, f.plus(f.times(i, access.di), f.times(j, access.dj)))


def along(f: Function, rows: Rows, access: Access) -> Rows:
    """The elements of a vector."""
    start = f.plus(rows.at, f.times(access.base, rows.member))
    return Rows(rows.pointer, start, f.times(rows.member, access.dj), rows.block)


def seed(f: Function, block: Index) -> str:
    """1 in the lanes of a row, 0 in those that are padded."""
    return f.seed(f.times(block, f.lanes), "%rows")


def clear(f: Function, rows: Rows) -> None:
    """Fill a panel with zeros."""
    count = f.times(f.blocks, 8 * rows.block)
    f.do(f"call void @llvm.memset.p0.i64(ptr {f.place(rows, 0, 0)}, i8 0, i64 {count}, i1 false)")


def add_over_rows(f: Function, vectors: Sequence[Callable[[Index], str]], addresses: Sequence[str]) -> None:
    """Add sums over the rows to numbers in memory: several at once, so that no addition waits for the one before."""

    def step(block: Index, sums: list[str]) -> list[str]:
        return [f.added(before, vector(block)) for before, vector in zip(sums, vectors, strict=True)]

    found = f.loop(0, f.blocks, 1, step, [(f.type, f.constant(-0.0))] * len(vectors))
    for total, address in zip(found, addresses, strict=True):
        f.add_number(f.total(total), address)


def contribute(
    p: Panels, f: Function, access: Access, shape: tuple[int, int], reads: Sequence[Access], term: Term
) -> None:
    """Add term(i, j, block) for all i, j < shape to the adjoints that an access leads to."""
    members, length = shape
    count, step = (length, access.dj) if length else (members, access.di)
    steps = [step, *(other.dj if length else other.di for other in reads)]
    whole = (not length or members == 1) and abs(step) == 1 and count == len(access.array)
    to, is_first = p.target(f, access.array, whole)
    if isinstance(to, Flat):
        is_first = p.begins(access, members, max(1, length))

    def address(i: Index, j: Index, block: Index) -> str:
        index = place(f, access, i, j)
        return f.place(to, index, block) if isinstance(to, Rows) else f.address(to.pointer, to.at, index)

    if isinstance(to, Flat) and p.block > 1:
        _sum_over_rows(f, shape, term, address)
        return

    def add(i: Index, j: Index, block: Index) -> None:
        at, new = address(i, j, block), term(i, j, block)
        f.stored(new if is_first else f.added(f.loaded(at), new), at)

    def run(i: Index, block: Index) -> None:
        """All that differ in the index that is gone along."""

        def both(k: Index) -> tuple[Index, Index]:
            return (i, k) if length else (k, 0)

        if step or count == 1:
            p.over(f, count, steps, lambda k: add(*both(k), block))
        else:
            found = p.over(f, count, steps, lambda k: term(*both(k), block))
            f.add_vector(str(found), address(i, 0, block))

    outer_ = members if length else 1
    f.loop(0, f.blocks, 1, lambda block, _: f.loop(0, outer_, 1, lambda i, _: run(i, block)))


def _sum_over_rows(f: Function, shape: tuple[int, int], term: Term, address: Term) -> None:
    """Add the sums of term(i, j, block) over the rows to numbers in memory."""
    members, length = shape
    outer, inner = (members, length) if length else (1, members)

    def some(i: Index, k: Index, count: int) -> None:
        places = [(i, f.plus(k, q)) if length else (f.plus(k, q), 0) for q in range(count)]
        add_over_rows(f, [functools.partial(term, *at) for at in places], [address(*at, 0) for at in places])

    def through(i: Index, run: tuple[int, int, int]) -> None:
        f.loop(run[0], run[1], run[2], lambda k, _: some(i, k, run[2]))

    for run in runs(inner, TOGETHER):
        f.loop(0, outer, 1, lambda i, _, run=run: through(i, run))  # type: ignore[misc]
