"""Programs as text of LLVM's intermediate representation: several rows at once, one in each lane of a vector.

The function it defines, `run`, goes over rows of inputs, a block of lanes at a time. Sums over the rows are gathered in
vector accumulators, one for each, and added up at the end; other results are stored row by row. A long program is cut
into parts (`autograd.compiler.parts`), because the time of a compiler grows faster than the length of a function.

    run(rows, columns, stride, parameters, stored, work, sums)

columns      the inputs, each a column of `stride` numbers, of which the last block may be padded
parameters   the parameters
stored       room for the results that are wanted row by row, columns like the inputs
work         room for `Layout.work` vectors, aligned to a vector
sums         room for one number for each result that is summed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd.compiler.parts import FUNCTIONS, Writer
from autograd.compiler.program import Program
from autograd.table.expression import Expression

__all__ = ["Layout", "write"]

_RUN = """\
define void @run(i64 %rows, ptr noalias %columns, i64 %stride, ptr noalias %parameters, ptr noalias %stored,
                 ptr noalias %work, ptr noalias %sums) {{
entry:
  br label %clear
clear:
  %c = phi i64 [0, %entry], [%c.next, %clear]
  %c.at = getelementptr {v}, ptr %work, i64 %c
  store {v} zeroinitializer, ptr %c.at, align {align}
  %c.next = add i64 %c, 1
  %c.more = icmp ult i64 %c.next, {sums}
  br i1 %c.more, label %clear, label %tile
tile:
  %first = phi i64 [0, %clear], [%next, %tile]
  %next = add i64 %first, {tile}
  %inside = icmp ult i64 %next, %rows
  %last = select i1 %inside, i64 %next, i64 %rows
{calls}
  br i1 %inside, label %tile, label %reduce
reduce:
  %k = phi i64 [0, %tile], [%k.next, %reduce]
  %k.at = getelementptr {v}, ptr %work, i64 %k
  %k.sums = load {v}, ptr %k.at, align {align}
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


class Layout(NamedTuple):
    """The text of a module, and the room its function needs: vectors to work in, columns stored, numbers summed."""

    text: str
    work: int
    stored: int
    sums: int
    operations: int
    parts: int


def write(
    program: Program,
    summed: Sequence[Expression],
    stored: Sequence[Expression],
    lanes: int,
    fast: bool = False,
    vector_functions: dict[str, str] | None = None,
) -> Layout:
    """The module that computes a program's outputs, summed over the rows or stored, with so many rows at once.

    fast               products and sums are contracted, and the order of operations may be changed
    vector_functions   the names of vectorised functions of a library
    """
    writer = Writer(program, [*summed], [*stored], lanes, fast)
    parts = writer.parts()
    v = writer.vector
    called = "\n".join(
        f"  call void @part{index}(i64 %first, i64 %last, i64 %rows, ptr %columns, i64 %stride, ptr %parameters,"
        " ptr %stored, ptr %work)"
        for index in range(len(parts))
    )
    run = _RUN.format(
        v=v,
        align=8 * lanes,
        sums=max(1, len(summed)),
        tile=writer.tile * lanes or 1 << 62,
        calls=called,
        total=_total(lanes, v),
    )
    texts = [*_functions(sorted(writer.functions), lanes, v, vector_functions or {}), *parts, run]
    work = writer.sums + len(writer.crossing) * writer.tile
    return Layout("\n".join(texts), work, len(stored), writer.sums, writer.size, len(parts))


def _total(lanes: int, v: str) -> str:
    if lanes == 1:
        return "  %k.total = fadd double %k.sums, 0.0"
    return f"  %k.total = call reassoc double @llvm.vector.reduce.fadd.v{lanes}f64(double 0.0, {v} %k.sums)"


def _functions(used: Sequence[str], lanes: int, v: str, vectorised: dict[str, str]) -> list[str]:
    """The functions that the parts call: of the C library lane by lane, or of a vector library."""
    suffix = f"v{lanes}f64" if lanes > 1 else "f64"
    texts = [f"declare {v} @llvm.{name}.{suffix}({v})" for name in ("fabs", "sqrt")]
    texts.append(f"declare {v} @llvm.fmuladd.{suffix}({v}, {v}, {v})")
    if lanes > 1:
        texts.append(f"declare double @llvm.vector.reduce.fadd.{suffix}(double, {v})")
    for name in used:
        count = FUNCTIONS[name]
        operands = [f"%{letter}" for letter in "ab"[:count]]
        given = ", ".join(f"{v} {x}" for x in operands)
        head = f"define internal {v} @each_{name}({given}) noinline {{"
        if lanes > 1 and name in vectorised:
            texts.append(f"declare {v} @{vectorised[name]}({', '.join([v] * count)})")
            texts.append(f"{head}\n  %y = call {v} @{vectorised[name]}({given})\n  ret {v} %y\n}}")
            continue
        texts.append(f"declare double @{name}({', '.join(['double'] * count)})")
        if lanes == 1:
            texts.append(f"{head}\n  %y = call double @{name}({given})\n  ret double %y\n}}")
            continue
        lines, before = [head], "poison"
        for lane in range(lanes):
            lines += [f"  {x}{lane} = extractelement {v} {x}, i32 {lane}" for x in operands]
            lines.append(f"  %r{lane} = call double @{name}({', '.join(f'double {x}{lane}' for x in operands)})")
            lines.append(f"  %y{lane} = insertelement {v} {before}, double %r{lane}, i32 {lane}")
            before = f"%y{lane}"
        texts.append("\n".join([*lines, f"  ret {v} {before}\n}}"]))
    return texts
