"""Groups as loops over members and rows, in LLVM: what the machine does.

Rows are gone through in tiles of 128, so that what is computed for one stays in fast memory: for each tile all stages
forward, then all back. Numbers for each row lie in panels: eight rows side by side, member after member, block of rows
after block of rows. `micro` has the loops in which a layer's time goes. A few rows behind the last eight are done one
by one, with members side by side.

Vectors have eight lanes, whatever those of the processor have, which are added in one order. A product of values is
rounded before it is added, as on the graph; those of adjoints are multiplied and added in one operation, everywhere. So
the bits are the same on all processors.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.compiler.columns import LANES
from autograd.compiler.groups.arrays import Array, Group, Segment
from autograd.compiler.groups.plan import Plan
from autograd.compiler.lanes.language import constant
from autograd.compiler.llvm import Layout, definitions
from autograd.compiler.loops.emit import Function, Index, Rows, entry
from autograd.compiler.loops.panels import CHECKS, SLOPES, VALUE, Panels, add_over_rows, clear, seed
from autograd.compiler.loops.stages import backward, forward
from autograd.compiler.loops.tapes import Tapes

FEW_ROWS = 2  # behind the last eight, which are faster one by one than as eight
LONG = 500  # lines, after which a function ends: a call costs a hundredth of a microsecond, a long function LLVM's time
_OVER = {
    "%rows": "i64",
    "%columns": "ptr",
    "%stride": "i64",
    "%parameters": "ptr",
    "%stored": "ptr",
    "%work": "ptr",
    "%sums": "ptr",
}
_PASS = _OVER | {"%blocks": "i64", "%apart": "i64"}


class Pass:
    """The functions for the stages of a plan, which are called for each tile of rows, or for each row.

    is_map   only forward, for the value and the check of each row
    """

    def __init__(self, panels: Panels, is_map: bool) -> None:
        self.plan, self.panels, self.is_map = panels.plan, panels, is_map
        self.tapes = Tapes(panels)
        self.functions: list[Function] = []
        self._make()

    def _make(self) -> None:
        """All functions."""
        plan, panels, stages = self.plan, self.panels, self.plan.grouped.stages
        clear(self._function("begin"), panels.check)
        for stage in stages:
            if stage not in panels.within.values() and not (panels.derives and stage is plan.final):
                f = self._function(f"forward.{stage.name}")
                if isinstance(stage, Segment) and stage.is_long:
                    self.tapes.forward(f, stage)
                else:
                    forward(panels, f, stage)
        if plan.final is None or not panels.derives:
            self._root(self._function("root"))
        if panels.derives:
            for stage in reversed(stages):
                if (stage in panels.written and stage not in panels.done) or stage is plan.final:
                    f = self._function(f"backward.{stage.name}")
                    self._sum_to_slots(f, stage, stage.members if isinstance(stage, Group) else [])
                    if isinstance(stage, Segment) and stage.is_long:
                        self.tapes.backward(f, stage)
                    else:
                        backward(panels, f, stage)
            self._sum_to_slots(self._function("inputs"), plan.grouped.inputs, plan.grouped.inputs.members)
        self._end(self._function("end"))

    def _function(self, name: str) -> Function:
        """Where the code of a stage goes: on in a function that is short, or into one of its own."""
        number, block = len(self.functions), self.panels.block
        if not self.functions or len(self.functions[-1].lines) > LONG:
            title = f"{name}.{number}" if block > 1 else f"{name}.{number}.single"
            self.functions.append(Function(title, _declared(_PASS), block, self.panels.fast))
        return self.functions[-1]

    def _root(self, f: Function) -> None:
        """Sum the value, and begin its adjoint, where no segment does so."""
        panels = self.panels
        array, index = self.plan.grouped.place(self.plan.trace.root)
        if panels.derives and array in panels.adjoints:
            to, _ = panels.target(f, array, False)
            assert isinstance(to, Rows)
            f.loop(0, f.blocks, 1, lambda block, _: f.stored(seed(f, block), f.place(to, index, block)))

        def row(block: Index, sums: list[str]) -> list[str]:
            value = panels.at(f, panels.values[array], index, block)
            return [f.added(sums[0], f.multiplied(value, seed(f, block)))]

        if not self.is_map:
            at = f.address("%work", VALUE)
            f.stored(f.loop(0, f.blocks, 1, row, [(f.type, f.loaded(at))])[0], at)

    def _sum_to_slots(self, f: Function, array: Array, nodes: Sequence[int]) -> None:
        """Add the adjoints of nodes that are wanted, over the rows, where they are wanted."""
        panels = self.panels
        for index, node in enumerate(nodes):
            if node in panels.slot and array in panels.written:

                def adjoint(block: Index, index: int = index) -> str:
                    return f.loaded(f.place(panels.adjoint_rows(array), index, block))

                add_over_rows(f, [adjoint], [f.address("%sums", panels.slot[node])])

    def _end(self, f: Function) -> None:
        """Sum the checks, and store what is wanted row by row."""
        plan, panels = self.plan, self.panels
        at = f.address("%work", CHECKS)
        wanted = [plan.grouped.place(node) for node in ([plan.trace.root] if self.is_map else plan.also)]

        def row(block: Index, sums: list[str]) -> list[str]:
            check = f.loaded(f.place(panels.check, 0, block))
            vectors = [panels.at(f, panels.values[array], index, block) for array, index in wanted]
            for index, vector in enumerate([*vectors, check] if self.is_map else vectors):
                f.stored(vector, f.address("%stored", f.times("%apart", index), f.times(block, panels.block)))
            return [f.added(sums[0], check)]

        f.stored(f.loop(0, f.blocks, 1, row, [(f.type, f.loaded(at))])[0], at)

    def call(self, f: Function, told: dict[str, Index]) -> None:
        """Call all of them, with these arguments beside those of the caller."""
        given = ", ".join(f"{kind} {told.get(name, name)}" for name, kind in _PASS.items())
        for function in self.functions:
            f.do(f"call void @{function.name}({given})")


class Loops:
    """The passes over rows, and the function that calls them.

    is_map    only forward, for the value and the check of each row
    is_one    for a single row
    """

    def __init__(self, plan: Plan, fast: bool = False, is_map: bool = False, is_one: bool = False) -> None:
        self.plan, self.is_map, self.is_one = plan, is_map, is_one
        derives = bool(plan.wrt) and not is_map
        self.passes = [] if is_one else [Pass(Panels(plan, derives, LANES, fast), is_map)]
        if is_one or not is_map:
            self.passes.append(Pass(Panels(plan, derives, 1, fast, adds=not is_one), is_map))
        self.panels = self.passes[-1].panels

    def _over(self) -> Function:
        """The function that goes over the rows."""
        f = Function("over", _declared(_OVER), 1)
        with f.wide():
            f.stored(f.constant(-0.0), f.address("%work", VALUE))  # which changes no sum
            f.stored(f.constant(0.0), f.address("%work", CHECKS))
        for start, count in self.panels.unset():
            at = f.address("%sums", start)
            f.do(f"call void @llvm.memset.p0.i64(ptr {at}, i8 0, i64 {8 * count}, i1 false)")
        if self.is_one:
            self.passes[0].call(f, {"%blocks": 1, "%apart": 1})
        else:
            self._many(f)
        for index, start in enumerate((VALUE, CHECKS)):
            with f.wide():
                total = f.total(f.loaded(f.address("%work", start)))
            f.do(f"store double {total}, ptr {f.address('%sums', index)}, align 8")
        return f

    def _many(self, f: Function) -> None:
        """Tiles of rows, then the few behind them."""
        tiles, *singles = self.passes
        stop = "%rows"
        if singles:
            rest = f.emit("and i64 %rows, 7")
            few = f.emit(f"icmp ule i64 {rest}, {FEW_ROWS}")
            stop = f.emit(f"sub i64 %rows, {f.emit(f'select i1 {few}, i64 {rest}, i64 0')}")

        def places(first: Index) -> dict[str, Index]:
            return {"%columns": f.address("%columns", first), "%stored": f.address("%stored", first)}

        def tile(first: Index, _: list[str]) -> None:
            left = f.emit(f"sub i64 {stop}, {first}")
            here = f.emit(f"call i64 @llvm.umin.i64(i64 {left}, i64 {tiles.panels.tile})")
            blocks = f.emit(f"lshr i64 {f.emit(f'add i64 {here}, {LANES - 1}')}, 3")
            tiles.call(f, places(first) | {"%rows": left, "%blocks": blocks, "%apart": "%stride"})

        def row(first: Index, _: list[str]) -> None:
            at, count = f.address("%work", self.panels.inputs), len(self.plan.grouped.inputs)
            column = places(first)["%columns"]

            def copy(k: Index, _: list[str]) -> None:
                number = f.emit(f"load double, ptr {f.address(str(column), f.times('%stride', k))}, align 8")
                f.do(f"store double {number}, ptr {f.address(at, k)}, align 8")

            f.loop(0, count, 1, copy)
            told: dict[str, Index] = {"%columns": at, "%stride": 1, "%rows": 1, "%blocks": 1, "%apart": "%stride"}
            singles[0].call(f, places(first) | told)

        f.when(f.emit(f"icmp ne i64 {stop}, 0"), lambda: f.loop(0, stop, tiles.panels.tile, tile))
        if singles:
            f.when(f.emit(f"icmp ult i64 {stop}, %rows"), lambda: f.loop(stop, "%rows", 1, row))

    def layout(self) -> Layout:
        """The module."""
        found, trace = self.plan.grouped, self.plan.trace
        numbers = ", ".join(f"double {constant(x, 1)}" for x in found.constants.members or [0.0])
        functions = [*(f for each in self.passes for f in each.functions), self._over()]
        operations = [f for each in self.passes for f in each.tapes.functions]
        used = set().union(*(f.functions for f in [*functions, *operations]))
        texts = [
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            "declare i64 @llvm.umin.i64(i64, i64)",
            f"@constants = private constant [{max(1, len(found.constants))} x double] [{numbers}]",
            *definitions(used, LANES),
            *(text for each in self.passes for text in each.tapes.texts()),
            *map(str, [*functions, entry(self.panels.sums)]),
        ]
        wrt, parameters = self.plan.wrt, range(trace.inputs, trace.leaves)
        in_order = wrt == parameters and len(wrt) == self.panels.sums - SLOPES
        slopes = None if in_order else [self.panels.slot.get(x, SLOPES + x - trace.inputs) for x in wrt]
        return Layout(
            "\n".join(texts),
            max(each.panels.size for each in self.passes),
            2 if self.is_map else len(self.plan.also),
            self.panels.sums,
            sum(len(f.lines) for f in functions),
            len(functions),
            [node - trace.inputs for node in found.parameters.members[trace.leaves - trace.inputs :]],
            slopes,
        )


def _declared(arguments: dict[str, str]) -> str:
    return ", ".join(f"{kind}{' noalias' * (kind == 'ptr')} {name}" for name, kind in arguments.items())
