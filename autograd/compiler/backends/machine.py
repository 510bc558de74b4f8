"""Machine code from LLVM, and the call of it: rows of numbers in, their sums out. Needs the extra `jit`.

What LLVM makes is freed with the `Machine` that holds it. Several threads may call one at once: each call works in
memory of its own, and runs without Python's lock.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import threading
import time
from array import array
from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from autograd.compiler.columns import LANES, Columns, address
from autograd.compiler.llvm import CALL, Layout

THOROUGH = 10_000  # terms and operations; LLVM's better code generator would take too long over more of them
_NOTHING = np.empty((0, 0))
LINE = 64  # bytes: where memory begins, so that vectors lie at multiples of their size
_ONE_AT_A_TIME = threading.Lock()  # LLVM's compiler is not made for several threads
_RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Call(ctypes.Structure):
    """What the machine code is told."""

    _fields_ = tuple((name, ctypes.c_int64) for name in CALL)


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


@functools.cache
def context() -> Any:
    """The context of all our modules: in LLVM 15 (llvmlite 0.44) one of our own, as only then it reads the type `ptr`.

    It is never freed: that would have to come after all that was made in it, in whatever order the collector goes.
    """
    module: Any = llvm.context
    if not hasattr(module, "opaque_pointers_enabled"):
        return module.get_global_context()
    before, module.opaque_pointers_enabled = module.opaque_pointers_enabled, True
    try:
        return module.create_context()
    finally:
        module.opaque_pointers_enabled = before


class Machine:
    """The machine code of a module, and the call of it.

    cpu, features   the processor that it is for, by default the one at hand
    seconds   how long it took to make
    call      the machine code itself, told what is in `Memory.call`
    level     LLVM's level of optimisation: 1, or 0 for long programs
    """

    def __init__(self, layout: Layout, parameters: int, cpu: str = "", features: str = "") -> None:
        start = time.perf_counter()
        host = processor()
        cpu, features = (cpu, features) if cpu else (host.name, host.features)
        self.layout = layout
        self.parameters = parameters
        self.level = 1 if layout.operations <= THOROUGH else 0
        with _ONE_AT_A_TIME:
            module = llvm.parse_assembly(layout.text, context=context())
            target = llvm.Target.from_default_triple()
            made = target.create_target_machine(cpu=cpu, features=features, opt=self.level)
            self._engine = llvm.create_mcjit_compiler(module, made)
            self._engine.finalize_object()
            self.call = _RUN(self._engine.get_function_address("run"))
        self.seconds = time.perf_counter() - start
        self._slopes = None if layout.slopes is None else np.array(layout.slopes, dtype=int)
        self._spare: list[Memory] = []

    def run(self, rows: Columns, parameters: Any) -> tuple[float, Any, Any]:
        """The sums over the rows, of the value and of the derivatives, and what is stored row by row.

        The value is nan where something failed, or a derivative is not finite.
        """
        return self._run(rows.count, rows.address, rows.stride, parameters)

    def run_first(self, rows: Columns, parameters: Any) -> tuple[float, Any, Any]:
        """The same of the first row alone, with the machine code for a single one."""
        return self._run(1, address(rows.first), 1, parameters)

    def _run(self, count: int, columns: int, stride: int, parameters: Any) -> tuple[float, Any, Any]:
        memory, stored, at_stored = self.memory(parameters), _NOTHING, 0
        if self.layout.stored:
            stored = np.empty((self.layout.stored, stride))
            stored, at_stored = stored[:, :count], address(stored)
        value, slopes = self._called(memory, count, columns, stride, at_stored)
        self._spare.append(memory)
        return value, slopes, stored

    def run_one(self, numbers: Sequence[float], parameters: Any) -> tuple[float, list[float]]:
        """The value and the derivatives at one row, alike."""
        row, memory = array("d", numbers), self.memory(parameters)
        value, slopes = self._called(memory, 1, row.buffer_info()[0], 1, memory.at_stored)
        self._spare.append(memory)
        return value, slopes.tolist()

    def memory(self, parameters: Any) -> Memory:
        """What a call works in; it takes it away from all others, until it is put back."""
        memory = self._spare.pop() if self._spare else Memory(self.layout, self.parameters)
        memory.take(parameters)
        return memory

    def _called(self, memory: Memory, count: int, columns: int, stride: int, stored: int) -> tuple[float, Any]:
        call, sums = memory.call, np.empty(self.layout.sums)  # new ones, so that they can be given away uncopied
        call.rows, call.columns, call.stride, call.stored, call.sums = count, columns, stride, stored, address(sums)
        self.call(memory.at_call)
        value: float = sums.item(0) - sums.item(1)  # -0.0 + 0.0 would be 0.0
        if memory.copies is not None:
            np.add.at(sums, 2 + memory.copies, sums[2 + self.parameters :][: len(memory.copies)])
            value = value if np.isfinite(sums).all() else math.nan
        return value, sums[2:] if self._slopes is None else sums[self._slopes]


class Memory:
    """What one call of machine code works in, and what it is told."""

    def __init__(self, layout: Layout, parameters: int) -> None:
        self._parameters = np.empty(max(1, parameters + len(layout.copies)))
        self._room = np.empty(layout.work + LANES)
        self._known, self._copied = self._parameters[:parameters], self._parameters[parameters:]
        self.copies = np.array(layout.copies, dtype=int) if layout.copies else None
        self._taken: Any = None
        self._stored = np.empty(max(1, layout.stored))
        self.at_stored = address(self._stored)
        self.call = _Call(parameters=address(self._parameters), work=-(-address(self._room) // LINE) * LINE)
        self.at_call = ctypes.addressof(self.call)

    def take(self, parameters: Any) -> None:
        """Have these numbers for the parameters. An array that was there at the last call has not changed."""
        if parameters is not self._taken:
            self._known[:] = parameters
            if self.copies is not None:
                self._copied[:] = self._known[self.copies]
            self._taken = parameters
