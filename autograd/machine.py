"""Machine code from LLVM, and the call of it: rows of numbers in, their sums out. Needs the extra `jit`.

Everything that LLVM makes is freed with the `Machine` that holds it, and several threads may call one at once: each
call works in memory of its own, and runs without Python's lock.
"""

from __future__ import annotations

import ctypes
import functools
import threading
import time
from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from autograd.llvm import FUNCTIONS, Layout, write
from autograd.expression import Expression
from autograd.program import Program

__all__ = ["Machine", "lanes"]

THOROUGH = 20_000  # instructions; LLVM's better code generator would take too long over more of them
_ONE_AT_A_TIME = threading.Lock()
_CALL = ctypes.CFUNCTYPE(
    None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


@functools.cache
def _host() -> tuple[str, str, int]:
    """The processor: its name, what it can do, and how many numbers its vectors hold."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    count = 8 if features.get("avx512f") else 4 if features.get("avx") else 2
    text = features.flatten() + (",-prefer-256-bit" if count == 8 else "")
    for library in (None, "libm.so.6", "ucrtbase"):
        try:
            found = ctypes.CDLL(library)
            for name in FUNCTIONS:
                llvm.add_symbol(name, ctypes.cast(getattr(found, name), ctypes.c_void_p).value)
            break
        except (OSError, AttributeError, TypeError):
            continue
    return llvm.get_host_cpu_name(), text, count


def lanes() -> int:
    """How many rows the processor computes at once."""
    return _host()[2]


class Machine:
    """The machine code of a program's outputs, `summed` over rows or `stored` row by row."""

    def __init__(
        self,
        program: Program,
        summed: Sequence[Expression],
        stored: Sequence[Expression],
        count: int,
        fast: bool = False,
    ) -> None:
        start = time.perf_counter()
        cpu, features, _ = _host()
        self.lanes = count
        self.layout = layout = write(program, summed, stored, count, fast)
        self.level = 1 if layout.instructions <= THOROUGH else 0
        with _ONE_AT_A_TIME:
            module = llvm.parse_assembly(layout.text)
            target = llvm.Target.from_default_triple()
            machine = target.create_target_machine(cpu=cpu, features=features, opt=self.level)
            self._engine = llvm.create_mcjit_compiler(module, machine)
            self._engine.finalize_object()
            self._run = _CALL(self._engine.get_function_address("run"))
        self.seconds = time.perf_counter() - start
