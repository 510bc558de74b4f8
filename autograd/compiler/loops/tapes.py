"""Long segments: what is to be done stands in a list, which a loop goes through; LLVM sees each kind of operation once.

LLVM takes half a millisecond for an operation with its derivatives. Where thousands are unlike, each kind of them
becomes two functions, made of the table's texts: one computes a value, the other adds what the operation contributes to
the adjoints of its operands. The rest is data, a tape for each direction, with an entry for each operation:

    function, length of the entry, place of the result, place of each operand

The values of a block of rows lie side by side, those that the segment reads first, and so do their adjoints. Constants
that an operation is simpler with belong to its kind; the place of others is among the constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.groups.arrays import Array, Segment, runs
from autograd.compiler.groups.plan import ADJOINT
from autograd.compiler.loops.emit import Function, Index, Rows
from autograd.compiler.loops.panels import VALUE, Panels, Where, seed
from autograd.compiler.program import elementary, reachable
from autograd.compiler.trace import Flat as Steps
from autograd.compiler.trace import Step
from autograd.engine.kernels import Kernel
from autograd.table.expression import Number
from autograd.table.rules import Row

MOVES, NODE, CONSTANT = "moves", "node", "constant"  # what an operand is; or the text of a number
SIMPLER = {0.0, 1.0, -1.0, 2.0, 3.0, 4.0}
RESULT, FIRST = 2, 3  # where an entry says its result, and its first operand
_ARGUMENTS = "ptr %at, ptr noalias %values, ptr noalias %adjoints, ptr noalias %check"
_WALK = """\
define internal void @walk.{tag}(ptr %tape, ptr %end, ptr %values, ptr %adjoints, ptr %check) {{
entry:
  br label %loop
loop:
  %at = phi ptr [%tape, %entry], [%next, %loop]
  %number = load i32, ptr %at, align 4
  %function.at = getelementptr ptr, ptr @operations.{tag}, i32 %number
  %function = load ptr, ptr %function.at, align 8
  call void %function(ptr %at, ptr %values, ptr %adjoints, ptr %check)
  %length.at = getelementptr i32, ptr %at, i32 1
  %length = load i32, ptr %length.at, align 4
  %next = getelementptr i32, ptr %at, i32 %length
  %more = icmp ult ptr %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}}"""


class _Kind(NamedTuple):
    """An operation on such operands: the number of its function, and which operands get a contribution."""

    number: int
    slopes: Sequence[int]


class _Run(NamedTuple):
    """Numbers that lie side by side in an array, from the first on, and in a segment, from a place on."""

    array: Array
    first: int
    place: int
    length: int


class Tapes:
    """The long segments of a module, and the functions for their operations."""

    def __init__(self, panels: Panels) -> None:
        self.panels = panels
        self._tag = f"by{panels.block}"  # in the names, as a module may have tapes for blocks and for single rows
        self.functions: list[Function] = []
        self._kinds: dict[tuple[Row, tuple[str, ...], bool], _Kind] = {}
        self._tapes: list[list[int]] = []
        self._values: dict[Segment, int] = {}
        self._constants: dict[str, int] = {}

    def texts(self) -> list[str]:
        """All of them."""
        if not self._tapes:
            return []
        names = ", ".join(f"ptr @{f.name}" for f in self.functions)
        table = f"@operations.{self._tag} = private constant [{len(self.functions)} x ptr] [{names}]"
        tapes = []
        for number, tape in enumerate(self._tapes):
            entries = ", ".join([f"i32 {x}" for x in tape])
            tapes.append(f"@tape{number}.{self._tag} = private constant [{len(tape)} x i32] [{entries}]")
        return [*map(str, self.functions), table, *tapes, _WALK.format(tag=self._tag)]

    def forward(self, f: Function, segment: Segment) -> None:
        """Compute the values of a segment."""
        values, tape = self._room(segment), self._forward(segment)

        def row(block: Index, _: list[str]) -> None:
            self._compute(f, segment, values, tape, block)
            self._copy_out(f, segment, values, block)

        f.loop(0, f.blocks, 1, row)

    def backward(self, f: Function, segment: Segment) -> None:
        """Contribute to the adjoints of what a segment reads; its values are computed once more."""
        p, nodes, number = self.panels, self.panels.plan.contributed(segment), segment.number
        is_final, root = segment is p.plan.final, p.plan.trace.root
        values, adjoints = self._room(segment), self._room(segment)
        forward = self._forward(segment)
        back = self._backward(segment, nodes, [root] if is_final else segment.members)
        reads = self._runs(segment, [node for node in nodes if number[node] < segment.flat.leaves])
        targets = {run.array: p.target(f, run.array, False)[0] for run in reads}
        at = f.address("%work", VALUE)

        def row(block: Index, sums: list[str]) -> list[str]:
            self._compute(f, segment, values, forward, block)
            clear = f"ptr {f.place(adjoints, 0, 0)}, i8 0, i64 {8 * p.block * len(number)}, i1 false"
            f.do(f"call void @llvm.memset.p0.i64({clear})")
            rows = seed(f, block)
            if is_final:
                f.stored(rows, f.place(adjoints, number[root], 0))
            else:
                self._copy_in(f, segment, segment.members, p.adjoints, adjoints, block)
            self._walk(f, back, values, adjoints, block)
            for run in reads:
                self._contribute(f, run, targets[run.array], adjoints, block)
            for node in nodes:
                if number[node] >= segment.flat.leaves:
                    total = f.total(f.loaded(f.place(adjoints, number[node], 0)))
                    f.add_number(total, f.address("%sums", p.slot[node]))
            if not is_final:
                return sums
            self._copy_out(f, segment, values, block)
            return [f.added(sums[0], f.multiplied(f.loaded(f.place(values, number[root], 0)), rows))]

        found = f.loop(0, f.blocks, 1, row, [(f.type, f.loaded(at))] if is_final else [])
        if is_final:
            f.stored(found[0], at)

    # Numbers that come in and go out.

    def _room(self, segment: Segment) -> Rows:
        """Room for a number of each node, in a block of rows."""
        p = self.panels
        return Rows("%work", p.room(len(segment.number) * p.block), p.block, 0)

    def _runs(self, segment: Segment, nodes: Iterable[int]) -> list[_Run]:
        """Where nodes are that a segment reads, or that others read of it."""
        home = self.panels.plan.grouped.place
        places = ((home(node), segment.number[node]) for node in nodes)
        found = runs(((array, index - place), place) for (array, index), place in places)
        return [_Run(array, place + ahead, place, count) for (array, ahead), place, count in found]

    def _compute(self, f: Function, segment: Segment, values: Rows, tape: int, block: Index) -> None:
        """The values, in a block of rows."""
        self._copy_in(f, segment, segment.reads, self.panels.values, values, block)
        self._walk(f, tape, values, values, block)

    def _copy_in(
        self, f: Function, segment: Segment, nodes: Iterable[int], where: Mapping[Array, Where], to: Rows, block: Index
    ) -> None:
        for run in self._runs(segment, nodes):

            def one(index: Index, place: Index, run: _Run = run) -> None:
                f.stored(self.panels.at(f, where[run.array], index, block), f.place(to, place, 0))

            _each(f, run, one)

    def _copy_out(self, f: Function, segment: Segment, values: Rows, block: Index) -> None:
        def one(index: Index, place: Index) -> None:
            f.stored(f.loaded(f.place(values, place, 0)), f.place(self.panels.rows(segment), index, block))

        for run in self._runs(segment, segment.members):
            _each(f, run, one)

    def _contribute(self, f: Function, run: _Run, to: Where, adjoints: Rows, block: Index) -> None:
        """Add what has arrived at nodes that the segment reads."""

        def one(index: Index, place: Index) -> None:
            adjoint = f.loaded(f.place(adjoints, place, 0))
            if isinstance(to, Rows):
                f.add_vector(adjoint, f.place(to, index, block))
            else:
                f.add_number(f.total(adjoint), f.address(to.pointer, to.at, index))

        if not isinstance(to, Rows):
            marks = self.panels.marks
            for index in range(run.first, run.first + run.length):
                marks[index] = marks[index] or 2
        _each(f, run, one)

    # Tapes, and the functions of operations.

    def _walk(self, f: Function, tape: int, values: Rows, adjoints: Rows, block: Index) -> None:
        if not self._tapes[tape]:  # the derivatives are all 0
            return
        start = f"@tape{tape}.{self._tag}"
        end = f"getelementptr (i32, ptr {start}, i64 {len(self._tapes[tape])})"
        places = f.place(values, 0, 0), f.place(adjoints, 0, 0), f.place(self.panels.check, 0, block)
        numbers = ", ".join(f"ptr {place}" for place in places)
        f.do(f"call void @walk.{self._tag}(ptr {start}, ptr {end}, {numbers})")

    def _forward(self, segment: Segment) -> int:
        """The tape of the values."""
        if segment not in self._values:
            tape: list[int] = []
            for node, step in enumerate(segment.flat.steps, segment.flat.leaves):
                self._note(tape, node, step, None)
            self._values[segment] = self._kept(tape)
        return self._values[segment]

    def _backward(self, segment: Segment, nodes: Iterable[int], members: Iterable[int]) -> int:
        """The tape of the contributions: of what leads from nodes to members, the last first."""
        flat, number = segment.flat, segment.number
        moving = flat.leading([number[node] for node in nodes])
        reached = bytearray(len(moving))
        for node in members:
            reached[number[node]] = 1
        tape: list[int] = []
        for node in range(len(moving) - 1, flat.leaves - 1, -1):
            step = flat.steps[node - flat.leaves]
            if reached[node] and any(moving[x] for x in step.operands if type(x) is int):
                for x in self._note(tape, node, step, moving):
                    reached[x] = 1
        return self._kept(tape)

    def _kept(self, tape: list[int]) -> int:
        self._tapes.append(tape)
        return len(self._tapes) - 1

    def _note(self, tape: list[int], node: int, step: Step, moving: bytearray | None) -> list[int]:
        """Write an entry for a result; the operands that get a contribution."""
        marks, places, block = [], [], self.panels.block
        operands = step.operands
        for x in operands:
            if type(x) is int:
                marks.append(MOVES if moving and moving[x] else NODE)
                places.append(x * block)
            else:
                marks.append(repr(x) if x in SIMPLER else CONSTANT)
                places.append(0 if x in SIMPLER else self._constant(x))
        key = step.kernel.row, tuple(marks), moving is not None
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = self._kind(step.kernel, key[1], key[2])
        tape += [kind.number, FIRST + len(places), node * block, *places]
        return [int(operands[k]) for k in kind.slopes]

    def _constant(self, x: float) -> int:
        """The place of a constant."""
        key = repr(x)
        if key not in self._constants:
            self._constants[key] = self.panels.plan.grouped.constants.append([x])
        return self._constants[key]

    def _kind(self, kernel: Kernel, marks: tuple[str, ...], is_back: bool) -> _Kind:
        """The function of an operation: its value, or its contributions."""
        f = Function(f"operation{len(self.functions)}.{self._tag}", _ARGUMENTS, self.panels.block, self.panels.fast)
        read = [k for k, mark in enumerate(marks) if mark in (MOVES, NODE, CONSTANT)]
        steps = Steps(len(read))
        vectors, others = kernel.parted([read.index(k) if k in read else float(mark) for k, mark in enumerate(marks)])
        steps.steps.append(Step(kernel, tuple(map(tuple, vectors)), tuple(others)))
        moving = [leaf for leaf, k in enumerate(read) if marks[k] == MOVES]
        program = elementary(steps, moving, {len(read): ADJOINT})
        slopes = [leaf for leaf in moving if leaf in program.adjoints] if is_back else []
        wanted = [program.adjoints[leaf] for leaf in slopes] if is_back else [program.value]
        known: dict[Any, str] = {}
        if is_back:
            known[ADJOINT] = f.loaded(f.address("%adjoints", _place(f, RESULT)))
            if program.value.operands:
                known[program.value] = f.loaded(f.address("%values", _place(f, RESULT)))
        needed = reachable([*wanted, program.check], lambda part: () if part in known else part.operands)
        for name, k in zip(program.inputs, read, strict=True):
            if name in needed:
                is_constant = marks[k] == CONSTANT
                address = f.address("@constants" if is_constant else "%values", _place(f, FIRST + k))
                known[name] = f.broadcast(address) if is_constant else f.loaded(address)
        *found, check = f.evaluated(program.builder, known, [*wanted, program.check])
        if is_back:
            for leaf, slope in zip(slopes, found, strict=True):
                f.add_vector(slope, f.address("%adjoints", _place(f, FIRST + read[leaf])))
        else:
            f.stored(found[0], f.address("%values", _place(f, RESULT)))
        if not isinstance(program.check, Number):
            f.add_vector(check, "%check")
        self.functions.append(f)
        return _Kind(len(self.functions) - 1, [read[leaf] for leaf in slopes])


def _each(f: Function, run: _Run, body: Callable[[Index, Index], None]) -> None:
    """Do something for each number of a run, given its index in the array, and its place in the segment."""
    f.loop(0, run.length, 1, lambda i, _: body(f.plus(i, run.first), f.plus(i, run.place)))


def _place(f: Function, index: int) -> str:
    """What an entry says."""
    at = f.emit(f"getelementptr i32, ptr %at, i64 {index}")
    return f.emit(f"sext i32 {f.emit(f'load i32, ptr {at}, align 4')} to i64")
