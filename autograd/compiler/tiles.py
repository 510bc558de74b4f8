"""Programs as text of LLVM's intermediate representation: how they go over rows, several at once.

The function `over` goes over rows of inputs, a block at a time, with one row in each lane of a vector. Sums
over the rows are gathered in vector accumulators, one for each, and added up at the end; other results are stored row
by row. A long program is cut into parts, because the time of a compiler grows faster than the length of a function. A
part goes over a tile of rows, a few blocks of them; then comes the next part. So its code and its sums stay in the
fastest memory, however long the program is. What another part needs, it leaves for each block of the tile.

    over(rows, columns, stride, parameters, stored, work, sums)

columns      the inputs, each a column of `stride` numbers, of which the last block may be padded
parameters   the parameters
stored       room for the results that are wanted row by row, columns like the inputs
work         room for `Layout.work` numbers, aligned to a vector
sums         room for one number for each result that is summed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograd.compiler.columns import LANES
from autograd.compiler.lanes.language import constant, vector
from autograd.compiler.llvm import Instructions, Layout, definitions
from autograd.compiler.loops.emit import entry
from autograd.compiler.program import SEED, Program, elementary
from autograd.compiler.trace import Trace
from autograd.table.expression import Call, Expression

Outputs = Sequence[Expression]
PART = 500  # terms and operations in a part
TILE = 4  # blocks that a part of a long program goes over before the next part
LONG = 4000  # terms and operations; the sums and the code of a shorter program stay in fast memory anyway
_PART = """\
define internal void @part{index}(i64 %first, i64 %last, i64 %rows, ptr noalias %columns, i64 %stride,
                                 ptr noalias %parameters, ptr noalias %stored, ptr noalias %work) {{
entry:
  br label %block
block:
  %row = phi i64 [%first, %entry], [%row.next, %block]
  %within = sub i64 %row, %first
  %lane = and i64 %row, {others}
{body}
  %row.next = add i64 %row, {lanes}
  %row.more = icmp ult i64 %row.next, %last
  br i1 %row.more, label %block, label %done
done:
  ret void
}}
"""
_CALL = """\
  call void @part{index}(i64 %first, i64 %last, i64 %rows, ptr %columns, i64 %stride, ptr %parameters,\
 ptr %stored, ptr %work)"""
_RUN = """\
define internal void @over(i64 %rows, ptr noalias %columns, i64 %stride, ptr noalias %parameters, ptr noalias %stored,
                           ptr noalias %work, ptr noalias %sums) {{
entry:
  br label %clear
clear:
  %c = phi i64 [0, %entry], [%c.next, %clear]
  %c.at = getelementptr {w}, ptr %work, i64 %c
  %c.value = icmp eq i64 %c, 0
  %c.zero = select i1 %c.value, {w} {minus_zero}, {w} zeroinitializer
  store {w} %c.zero, ptr %c.at, align {align}
  %c.next = add i64 %c, 1
  %c.more = icmp ult i64 %c.next, {sums}
  br i1 %c.more, label %clear, label %tile
tile:
  %first = phi i64 [0, %clear], [%next, %tile]
  %next = add i64 %first, {tile}
  %up = add i64 %rows, {others}
  %all = and i64 %up, {mask}
  %inside = icmp ult i64 %next, %all
  %last = select i1 %inside, i64 %next, i64 %all
{calls}
  br i1 %inside, label %tile, label %reduce
reduce:
  %k = phi i64 [0, %tile], [%k.next, %reduce]
  %k.at = getelementptr {w}, ptr %work, i64 %k
  %k.sums = load {w}, ptr %k.at, align {align}
{total}
  %k.to = getelementptr double, ptr %sums, i64 %k
  store double %k.total, ptr %k.to, align 8
  %k.next = add i64 %k, 1
  %k.more = icmp ult i64 %k.next, {sums}
  br i1 %k.more, label %reduce, label %done
done:
  ret void
}}
"""


def to_sum(trace: Trace, wrt: Sequence[int], also: Sequence[int]) -> tuple[Program, list[Expression]]:
    """The program of a trace, and what is summed of it: value, check, derivatives. Padding adds nothing to these."""
    program = elementary(trace, wrt, {trace.root: SEED}, also)
    return program, [program.builder.call("mul", [program.value, SEED]), program.check, *program.gradients]


def write(program: Program, summed: Outputs, stored: Outputs, lanes: int, fast: bool) -> Layout:
    """The module that computes a program's outputs, summed over the rows or stored, with so many rows at once.

    fast   products and sums are contracted, and the order of operations may be changed
    """
    plan = _Plan(program, summed, stored, fast)
    width = LANES if lanes > 1 else 1  # sums of rows that are kept apart
    parts = [_Part(plan, lanes, width, fast) for _ in plan.parts]
    for output in plan.plain:
        parts[0].deliver(output)
    for part, operations in zip(parts, plan.parts, strict=True):
        for operation in operations:
            part.add(operation)
    used = set().union(*(part.functions for part in parts))
    texts = definitions(used, lanes)
    for index, part in enumerate(parts):
        said = {"index": index, "lanes": lanes, "others": width - 1}
        texts.append(_PART.format(body="\n".join(part.lines), **said))
    run = {
        "w": vector(width),
        "align": 8 * width,
        "sums": plan.sums,
        "tile": plan.tile * lanes or 1 << 62,
        "others": width - 1,
        "mask": -width,
        "minus_zero": constant(-0.0, width),  # which changes no sum
        "calls": "\n".join(_CALL.format(index=index) for index in range(len(parts))),
        "total": _total(width),
    }
    work = plan.sums * width + len(plan.crossing) * plan.tile * lanes
    return Layout(
        "\n".join([*texts, _RUN.format(**run), str(entry(plan.sums))]),
        work,
        len(stored),
        plan.sums,
        plan.size,
        len(parts),
    )


class _Plan:
    """What is to be computed, in which parts, and where it all lies.

    summed, stored   the indices of each output among the sums, and among the stored columns
    plain            outputs that are not computed
    fused            products that only a sum needs: they become part of its multiply-and-adds
    parts            the operations of each part
    crossing         what one part leaves for another, with its index
    tile             how many blocks a part goes over before the next does; 0 where the only part goes over all
    """

    def __init__(self, program: Program, summed: Outputs, stored: Outputs, fast: bool) -> None:
        self.inputs: dict[Expression, int] = {name: index for index, name in enumerate(program.inputs)}
        self.parameters: dict[Expression, int] = {name: index for index, name in enumerate(program.parameters)}
        self.summed, self.stored = _indices(summed), _indices(stored)
        self.sums = max(2, len(summed))  # the value and the check
        outputs = dict.fromkeys([*summed, *stored])
        self.plain = [output for output in outputs if not output.operands]
        operations = program.instructions(outputs)
        self.uses = Counter(operand for operation in operations for operand in operation.operands)
        self.fused = {
            term
            for operation in operations
            if _is(operation, "sum") and (fast or operation in program.contracted)
            for term in operation.operands
            if _is(term, "mul") and self.uses[term] == 1 and term not in outputs
        }
        operations = [operation for operation in operations if operation not in self.fused]
        self.size = sum(len(self.read(operation)) for operation in operations)
        self.parts = self._cut(operations)
        self.crossing = self._crossing() if len(self.parts) > 1 else {}
        self.tile = 0 if len(self.parts) == 1 else TILE if self.size > LONG else 1

    def read(self, operation: Expression) -> list[Expression]:
        """The operands of an operation, with those of the products fused into it instead of these."""
        fused = self.fused
        return [x for part in operation.operands for x in (part.operands if part in fused else (part,))]

    def _cut(self, operations: Sequence[Expression]) -> list[list[Expression]]:
        parts: list[list[Expression]] = [[]]
        size = 0
        for operation in operations:
            size += len(self.read(operation))
            if size > PART:
                parts.append([])
                size = 0
            parts[-1].append(operation)
        return parts

    def _crossing(self) -> dict[Expression, int]:
        home = {operation: index for index, part in enumerate(self.parts) for operation in part}
        found: dict[Expression, int] = {}
        for index, part in enumerate(self.parts):
            for operation in part:
                for operand in self.read(operation):
                    if home.get(operand, index) != index:  # inputs and parameters are at home everywhere
                        found.setdefault(operand, len(found))
        return found


def _indices(outputs: Outputs) -> dict[Expression, list[int]]:
    """The indices of each output among all; it may be wanted more than once."""
    found: dict[Expression, list[int]] = {}
    for index, output in enumerate(outputs):
        found.setdefault(output, []).append(index)
    return found


def _is(part: Expression, op: str) -> bool:
    return isinstance(part, Call) and part.op == op


class _Part(Instructions):
    """The instructions of one part for a block of rows, which begins at %row, and %within rows after its tile."""

    def __init__(self, plan: _Plan, lanes: int, width: int, fast: bool) -> None:
        super().__init__(lanes, fast, plan.fused)
        self.plan = plan
        self.width = width

    def add(self, operation: Expression) -> None:
        """An operation: its result is held under its name, left for other parts, and delivered where it is wanted."""
        plan, indices = self.plan, self.plan.summed.get(operation, [])
        alone = len(indices) == 1 and operation not in plan.stored and not plan.uses[operation]
        if alone and (_is(operation, "sum") or _is(operation, "mul")):  # it can begin with the sum of the rows before
            before, at = self._sum_so_far(indices[0])
            is_sum = _is(operation, "sum")
            self._store(self.sum(operation.operands, before) if is_sum else self.product(operation, before), at)
            return
        self.held[operation] = name = self.computed(operation)
        if operation in plan.crossing:
            self._store(name, self._left(operation))
        self.deliver(operation)

    def deliver(self, output: Expression) -> None:
        """Add what has been computed to the sums, and store it in the columns, that it is wanted in."""
        name = self.value(output)
        for index in self.plan.summed.get(output, []):
            before, at = self._sum_so_far(index)
            self._store(self.added(before, name), at)
        for index in self.plan.stored.get(output, []):
            self.lines.append(f"  store {self.type} {name}, ptr {self._column('%stored', index)}, align 8")

    def fetched(self, part: Expression) -> str:
        """An input, a parameter, or what another part has left."""
        plan, v = self.plan, self.type
        if part is SEED:
            self.held[part] = self.seed("%row", "%rows")
            return self.held[part]
        if part in plan.parameters:  # loaded for each use, which costs nothing, while holding it would cost a register
            at = self.emit(f"getelementptr double, ptr %parameters, i64 {plan.parameters[part]}")
            return self.spread(self.emit(f"load double, ptr {at}, align 8"))
        if part in plan.inputs:
            self.held[part] = self.emit(f"load {v}, ptr {self._column('%columns', plan.inputs[part])}, align 8")
        else:
            self.held[part] = self.emit(f"load {v}, ptr {self._left(part)}, align {8 * self.lanes}")
        return self.held[part]

    def _left(self, operation: Expression) -> str:
        """The address of what one part leaves for another, a vector for each block of the tile."""
        first = self.plan.sums * self.width + self.plan.crossing[operation] * self.plan.tile * self.lanes
        at = self.emit(f"getelementptr double, ptr %work, i64 {first}")
        return self.emit(f"getelementptr double, ptr {at}, i64 %within")

    def _sum_so_far(self, index: int) -> tuple[str, str]:
        """What has been summed in the rows before, and its address."""
        start = self.emit(f"getelementptr double, ptr %work, i64 {index * self.width}")
        at = self.emit(f"getelementptr double, ptr {start}, i64 %lane")
        return self.emit(f"load {self.type}, ptr {at}, align {8 * self.lanes}"), at

    def _store(self, name: str, at: str) -> None:
        self.lines.append(f"  store {self.type} {name}, ptr {at}, align {8 * self.lanes}")

    def _column(self, columns: str, index: int) -> str:
        """The address of this block in a column."""
        start = self.emit(f"mul i64 %stride, {index}")
        row = self.emit(f"add i64 {start}, %row")
        return self.emit(f"getelementptr double, ptr {columns}, i64 {row}")


def _total(width: int) -> str:
    """The sum of the lanes of %k.sums, as %k.total."""
    block = Instructions(width, fast=False, fused=frozenset())
    total = block.total("%k.sums")
    return "\n".join([*block.lines, f"  %k.total = fadd double {total}, -0.0"])
