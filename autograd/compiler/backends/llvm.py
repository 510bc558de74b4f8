"""A program as machine code, several rows in the lanes of a vector.

That llvmlite is there does not say that it makes machine code: it may be one of another version, or not know the
processor. Then `Llvm` raises a CompileError.
"""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Sequence
from typing import Any

from autograd.compiler.backends.wanted import Sums, Wanted
from autograd.compiler.columns import LANES, Columns, has_numpy
from autograd.compiler.llvm import Layout
from autograd.compiler.loops.module import Loops
from autograd.compiler.program import elementary
from autograd.compiler.tiles import to_sum, write
from autograd.compiler.trace import collector_paused
from autograd.errors import CompileError


@functools.cache
def has_llvm() -> bool:
    """Whether LLVM can be used."""
    return has_numpy() and importlib.util.find_spec("llvmlite") is not None


class Llvm:
    """Machine code, made when it is first needed; where LLVM refuses to make it, that is a CompileError."""

    def __init__(self, wanted: Wanted, fast: bool) -> None:
        self._wanted = wanted
        self._fast = fast
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._last: tuple[Any, Any] = None, None

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        found: tuple[float, list[float]] = self.machine("one").run_one(numbers, self._array(parameters))
        return found

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        if rows.count == 1:
            value, slopes, also = self.machine("one").run_first(rows, self._array(parameters))
        else:
            value, slopes, also = self.machine("sums").run(rows, self._array(parameters))
        return Sums(value, slopes, also)

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        *_, (value, check) = self.machine("values").run(rows, self._array(parameters))
        return value, check

    def _array(self, parameters: Sequence[float]) -> Any:
        """The numbers as an array: the same one for the tuple of the last call."""
        before, array = self._last
        if before is not parameters:
            import numpy as np

            if not isinstance(parameters, tuple):
                return np.asarray(parameters, dtype=float)[:]  # another one, as its numbers may be others
            array = np.array(parameters, dtype=float)
            self._last = parameters, array
        return array

    def machine(self, purpose: str) -> Any:
        """The machine code for one row ("one"), for sums over rows ("sums") or for values row by row ("values")."""
        if purpose in self._made:
            return self._made[purpose]
        with self._lock, collector_paused():
            if purpose not in self._made:
                try:
                    from autograd.compiler.backends.machine import Machine

                    self._made[purpose] = Machine(self._layout(purpose), len(self._wanted.trace.parameters))
                except Exception as error:  # whatever llvmlite raises, or the loading of it
                    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                    raise CompileError(f"LLVM makes no machine code here: {reason}") from error
            return self._made[purpose]

    def _layout(self, purpose: str) -> Layout:
        from autograd.compiler.backends.machine import processor

        trace = self._wanted.trace
        wanted = Wanted(trace) if purpose == "values" else self._wanted
        is_one = purpose == "one" or not trace.inputs
        if wanted.plan.grouped.has_loops:
            return Loops(wanted.plan, self._fast, purpose == "values", is_one).layout()
        lanes = processor().lanes
        if purpose == "values":
            program = elementary(trace, ())
            return write(program, [], [program.value, program.check], lanes, self._fast)
        program, summed = to_sum(trace, wanted.wrt, wanted.also)
        return write(program, summed, program.also, 1 if is_one else lanes, self._fast)

    def __str__(self) -> str:
        made = "".join(
            f"; {purpose}: -O{machine.level} in {machine.seconds:.2f} s"
            + (f", {machine.layout.parts} parts" if machine.layout.parts > 1 else "")
            for purpose, machine in self._made.items()
        )
        try:
            from autograd.compiler.backends.machine import processor

            lanes = LANES if self._wanted.has_groups else processor().lanes
        except Exception:  # the first call will say it
            return "LLVM"
        return f"LLVM, {lanes} rows at a time{', fastmath' if self._fast else ''}{made}"
