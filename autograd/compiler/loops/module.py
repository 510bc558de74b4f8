"""Groups as loops over members and rows, in LLVM: what the machine does.

Rows are gone through in tiles of 128, so that what is computed for one stays in fast memory: for each tile all stages
forward, then all back. Numbers for each row lie in panels: eight rows side by side, member after member, block of rows
after block of rows. `micro` has the loops in which a layer's time goes.

Vectors have eight lanes, whatever those of the processor have, which are added in one order. A product of values is
rounded before it is added, as on the graph; those of adjoints are multiplied and added in one operation, everywhere. So
the bits are the same on all processors.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.compiler.columns import LANES
from autograd.compiler.groups.arrays import Array, Group
from autograd.compiler.groups.plan import Plan
from autograd.compiler.lanes.language import constant
from autograd.compiler.llvm import Layout, definitions, entry
from autograd.compiler.loops.emit import Function, Index, Rows
from autograd.compiler.loops.panels import SLOPES, Panels, add_over_rows, clear, seed
from autograd.compiler.loops.stages import backward, forward

_ARGUMENTS = {
    "%parameters": "ptr",
    "%columns": "ptr",
    "%stride": "i64",
    "%work": "ptr",
    "%sums": "ptr",
    "%stored": "ptr",
    "%blocks": "i64",
    "%left": "i64",
}
_RUN = """\
define internal void @over(i64 %rows, ptr noalias %all.columns, i64 %stride, ptr noalias %parameters,
                           ptr noalias %all.stored, ptr noalias %work, ptr noalias %sums) {{
entry:
  %value = getelementptr double, ptr %work, i64 {value}
  %checks = getelementptr double, ptr %work, i64 {checks}
  store <8 x double> <{minus_zeros}>, ptr %value, align 8
  store <8 x double> zeroinitializer, ptr %checks, align 8
{clear}
  br label %tile
tile:
  %first = phi i64 [0, %entry], [%next, %tile]
  %next = add i64 %first, {tile}
  %left = sub i64 %rows, %first
  %most = call i64 @llvm.umin.i64(i64 %left, i64 {tile})
  %up = add i64 %most, 7
  %blocks = lshr i64 %up, 3
  %columns = getelementptr double, ptr %all.columns, i64 %first
  %stored = getelementptr double, ptr %all.stored, i64 %first
{calls}
  %more = icmp ult i64 %next, %rows
  br i1 %more, label %tile, label %done
done:
  call void @totals(ptr %work, ptr %sums)
  ret void
}}
"""
_CLEAR = """\
  %unset.{start} = getelementptr double, ptr %sums, i64 {start}
  call void @llvm.memset.p0.i64(ptr %unset.{start}, i8 0, i64 {bytes}, i1 false)"""


class Loops:
    """The functions for the stages of a plan, and the one that calls them, tile by tile.

    is_map    only forward, for the value and the check of each row
    is_one    for a single row
    """

    def __init__(self, plan: Plan, fast: bool = False, is_map: bool = False, is_one: bool = False) -> None:
        self.plan, self.fast, self.is_map = plan, fast, is_map
        self.derives = bool(plan.wrt) and not is_map
        self.panels = Panels(plan, self.derives, 1 if is_one else LANES, fast)
        self.functions: list[Function] = []
        self._make()

    def _make(self) -> None:
        """All functions."""
        plan, panels, stages = self.plan, self.panels, self.plan.grouped.stages
        clear(self._function("begin"), panels.check)
        for stage in stages:
            if stage not in panels.within.values() and not (self.derives and stage is plan.final):
                forward(panels, self._function(f"forward.{stage.name}"), stage)
        if plan.final is None or not self.derives:
            self._root(self._function("root"))
        if self.derives:
            for stage in reversed(stages):
                if (stage in panels.written and stage not in panels.done) or stage is plan.final:
                    f = self._function(f"backward.{stage.name}")
                    self._sum_to_slots(f, stage, stage.members if isinstance(stage, Group) else [])
                    backward(panels, f, stage)
            self._sum_to_slots(self._function("inputs"), plan.grouped.inputs, plan.grouped.inputs.members)
        self._end(self._function("end"))

    def _function(self, name: str) -> Function:
        """A new function, which is called for each tile after those before it."""
        arguments = ", ".join(f"{kind}{' noalias' * (kind == 'ptr')} {x}" for x, kind in _ARGUMENTS.items())
        self.functions.append(Function(f"{name}.{len(self.functions)}", arguments, self.panels.block, self.fast))
        return self.functions[-1]

    def _root(self, f: Function) -> None:
        """Sum the value, and begin its adjoint, where no segment does so."""
        panels = self.panels
        array, index = self.plan.grouped.place(self.plan.trace.root)
        if self.derives and array in panels.adjoints:
            to, _ = panels.target(f, array, False)
            assert isinstance(to, Rows)
            f.loop(0, f.blocks, 1, lambda block, _: f.stored(seed(f, block), f.place(to, index, block)))

        def row(block: Index, sums: list[str]) -> list[str]:
            value = panels.at(f, panels.values[array], index, block)
            return [f.added(sums[0], f.multiplied(value, seed(f, block)))]

        if not self.is_map:
            at = f.address("%work", panels.value)
            f.stored(f.loop(0, f.blocks, 1, row, [(f.type, f.loaded(at))])[0], at)

    def _sum_to_slots(self, f: Function, array: Array, nodes: Sequence[int]) -> None:
        """Add the adjoints of nodes that are wanted, over the rows, where they are wanted."""
        panels = self.panels
        for index, node in enumerate(nodes):
            if node in panels.slot and array in panels.written:

                def adjoint(block: Index, index: int = index) -> str:
                    return f.loaded(f.place(panels.adjoint_rows(array), index, block))

                add_over_rows(f, adjoint, f.address("%sums", panels.slot[node]))

    def _end(self, f: Function) -> None:
        """Sum the checks, and store what is wanted row by row."""
        plan, panels = self.plan, self.panels
        at = f.address("%work", panels.checks)
        wanted = [plan.grouped.place(node) for node in ([plan.trace.root] if self.is_map else plan.also)]

        def row(block: Index, sums: list[str]) -> list[str]:
            check = f.loaded(f.place(panels.check, 0, block))
            vectors = [panels.at(f, panels.values[array], index, block) for array, index in wanted]
            for index, vector in enumerate([*vectors, check] if self.is_map else vectors):
                f.stored(vector, f.address("%stored", f.times("%stride", index), f.times(block, panels.block)))
            return [f.added(sums[0], check)]

        f.stored(f.loop(0, f.blocks, 1, row, [(f.type, f.loaded(at))])[0], at)

    def layout(self) -> Layout:
        """The module."""
        found, trace = self.plan.grouped, self.plan.trace
        totals = Function("totals", "ptr %work, ptr %sums", LANES)
        for index, at in enumerate((self.panels.value, self.panels.checks)):
            total = totals.total(totals.loaded(totals.address("%work", at)))
            totals.do(f"store double {total}, ptr {totals.address('%sums', index)}, align 8")
        arguments = ", ".join(f"{kind} {name}" for name, kind in _ARGUMENTS.items())
        run = _RUN.format(
            value=self.panels.value,
            checks=self.panels.checks,
            minus_zeros=", ".join(["double -0.0"] * LANES),
            clear="\n".join(_CLEAR.format(start=start, bytes=8 * count) for start, count in self.panels.unset()),
            tile=self.panels.tile,
            calls="\n".join(f"  call void @{f.name}({arguments})" for f in self.functions),
        )
        numbers = ", ".join(f"double {constant(x, 1)}" for x in found.constants.members or [0.0])
        used = set().union(*(f.functions for f in self.functions))
        texts = [
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            "declare i64 @llvm.umin.i64(i64, i64)",
            f"@constants = private constant [{max(1, len(found.constants))} x double] [{numbers}]",
            *definitions(used, LANES),
            *map(str, [*self.functions, totals]),
            run,
            entry(self.panels.sums),
        ]
        copies = [node - trace.inputs for node in found.parameters.members[trace.leaves - trace.inputs :]]
        columns = 2 if self.is_map else len(self.plan.also)
        slopes = [self.panels.slot[node] for node in self.plan.wrt]
        in_order = slopes == list(range(SLOPES, self.panels.sums))
        lines = sum(len(f.lines) for f in self.functions)
        parts = len(self.functions)
        text = "\n".join(texts)
        return Layout(
            text, self.panels.size, columns, self.panels.sums, lines, parts, copies, None if in_order else slopes
        )
