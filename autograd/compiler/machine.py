"""Machine code from LLVM, and the call of it: rows of numbers in, their sums out. Needs the extra `jit`.

What LLVM makes is freed with the `Machine` that holds it. Several threads may call one at once: each call works in
memory of its own, and runs without Python's lock.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
import time
from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from autograd.compiler.columns import Columns, address
from autograd.compiler.program import Program
from autograd.compiler.tiles import write
from autograd.table.expression import Expression

THOROUGH = 10_000  # terms and operations; LLVM's better code generator would take too long over more of them
_ONE_AT_A_TIME = threading.Lock()  # LLVM's compiler is not made for several threads
_CALL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 4)


class Processor:
    """The processor at hand: its name for LLVM, what it can do, and how many numbers one of its vectors holds."""

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        found = llvm.get_host_cpu_features()
        self.name = llvm.get_host_cpu_name()
        self.lanes = 8 if found.get("avx512f") else 4 if found.get("avx2") else 2
        # compilers avoid the widest vectors where a few of them would slow down all else
        self.features = found.flatten() + (",-prefer-256-bit" if self.lanes == 8 else "")
        fused_by_library()


def fused_by_library() -> None:
    """Where a processor cannot multiply and add in one operation, LLVM calls `fma` of the C library: here it is."""
    llvm.add_symbol("fma", ctypes.cast(_library(None, "libm.so.6", "ucrtbase").fma, ctypes.c_void_p).value)


def _library(*names: str | None) -> Any:
    """The first of the libraries that is there; None is the process itself."""
    for name in names:
        with contextlib.suppress(OSError, TypeError):
            library = ctypes.CDLL(name)
            if name is not None or hasattr(library, "fma"):
                return library
    return None


processor = functools.cache(Processor)  # there is one


class Machine:
    """The machine code of a program's outputs, `summed` over rows or `stored` row by row, so many rows at a time.

    seconds   how long it took to make
    level     LLVM's level of optimisation: 1, or 0 for long programs
    """

    def __init__(
        self, program: Program, summed: Sequence[Expression], stored: Sequence[Expression], lanes: int, fast: bool
    ) -> None:
        start = time.perf_counter()
        host = processor()
        self.lanes = lanes
        self.parameters = len(program.parameters)
        self.layout = write(program, summed, stored, lanes, fast)
        self.level = 1 if self.layout.operations <= THOROUGH else 0
        with _ONE_AT_A_TIME:
            module = llvm.parse_assembly(self.layout.text)
            target = llvm.Target.from_default_triple()
            made = target.create_target_machine(cpu=host.name, features=host.features, opt=self.level)
            self._engine = llvm.create_mcjit_compiler(module, made)
            self._engine.finalize_object()
            self._run = _CALL(self._engine.get_function_address("run"))
        self.seconds = time.perf_counter() - start
        self._spare: list[_Memory] = []

    def run(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        """The sums over the rows, and what is stored row by row."""
        stride = rows.columns.shape[1]
        stored = np.empty((self.layout.stored, stride))
        sums = self._called(address(rows.columns), len(rows), stride, parameters, address(stored) if stored.size else 0)
        return sums, stored[:, : len(rows)]

    def run_one(self, numbers: Sequence[float], parameters: Sequence[float]) -> Any:
        """The sums over one row."""
        row = np.array(numbers, dtype=float)
        return self._called(address(row), 1, 1, parameters, 0)

    def _called(self, columns: int, count: int, stride: int, parameters: Sequence[float], stored: int) -> Any:
        memory = self._spare.pop() if self._spare else _Memory(self)  # one call takes it away from all others
        memory.parameters[: len(parameters)] = parameters
        self._run(count, columns, stride, memory.at_parameters, stored, memory.at_room, memory.at_sums)
        sums = memory.sums.copy()
        self._spare.append(memory)
        return sums


class _Memory:
    """What one call of machine code works in."""

    def __init__(self, machine: Machine) -> None:
        width = 8 * machine.lanes
        self.parameters = np.empty(max(1, machine.parameters))
        self.sums = np.empty(machine.layout.sums)
        self.room = np.empty((machine.layout.work + 1) * machine.lanes)
        self.at_parameters, self.at_sums = address(self.parameters), address(self.sums)
        self.at_room = -(-address(self.room) // width) * width  # vectors lie at multiples of their size
