"""What compiling gives: a function of numbers, and of columns of them, with its derivatives and its source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd.compiler.backends import Backend, Llvm, NumPy, Python, Sums, Wanted, has_llvm
from autograd.compiler.columns import Rows, has_numpy
from autograd.compiler.listing import listing
from autograd.engine.checks import real
from autograd.engine.value import Value
from autograd.errors import AutogradError, CompileError, RangeError

__all__ = ["Compiled"]

SHORT = 150  # steps; the call of machine code costs as much as a program of this length in Python
LONGEST = 300_000  # steps; beyond, LLVM would take minutes
FASTER = 'for machine code, pip install "chalkgrad[jit]"'


class Compiled:
    """A compiled graph: called with numbers, it gives the value and the list of derivatives.

    Over rows, `mean` and `sum` give the same of all rows together, and `map` the values row by row; each takes one
    column for each input, or `rows(...)` of these. Where an operation fails, the error is that of the operation, with
    the row in its notes; `map` puts nan there. What is not noticed is a sum or a product that overflows, but leads to
    a finite number as 1 / inf, exp(-inf) and minimum(inf, 1) do. It may be called from several threads, and can be
    pickled; parameters are then copied.
    """

    def __init__(self, wanted: Wanted, backend: str = "auto", fastmath: bool = False) -> None:
        self._wanted = wanted
        self._asked = backend
        self._fastmath = fastmath
        trace = wanted.trace
        self.inputs = tuple(trace.labels[: trace.inputs])
        self.parameters = tuple(trace.parameters)
        self.wrt = tuple(trace.labels[place] for place in wanted.wrt)
        constants = (x for step in trace.steps for x in step.operands if isinstance(x, float))
        self._is_finite = all(map(math.isfinite, constants))
        self._python = Python(wanted)
        self._single, self._many = self._chosen(backend)

    def _chosen(self, backend: str) -> tuple[Backend, Backend]:
        """What runs a single call, and what runs over rows."""
        if backend in ("numpy", "llvm") and not (has_llvm() if backend == "llvm" else has_numpy()):
            missing = "llvmlite and numpy" if backend == "llvm" else "numpy"
            raise CompileError(f'backend "{backend}" needs {missing}: pip install "chalkgrad[jit]"')
        if backend == "python":
            return self._python, self._python
        steps = len(self._wanted.trace.steps)
        if backend == "llvm" or (backend == "auto" and has_llvm() and steps <= LONGEST):
            llvm = Llvm(self._wanted, self._fastmath)
            return (self._python if backend == "auto" and steps <= SHORT else llvm), llvm
        many: Backend = NumPy(self._wanted) if has_numpy() else self._python
        return (many if backend == "numpy" else self._python), many

    @property
    def source(self) -> str:
        """The program as Python: a function of the inputs, then of the parameters.

        >>> from autograd import Value, compile, exp
        >>> a1, a2, x1, x2 = Value(2.0, "a1"), Value(-1.0, "a2"), Value(0.5, "x1"), Value(1.5, "x2")
        >>> y = (a1 * x1 + a2 * x2).named("y")
        >>> z = (1 + exp(-y)).named("z")
        >>> print(compile(1 / z, [x1, x2]).source)
        from math import exp
        <BLANKLINE>
        def J(x1, x2, a1, a2):
            \"\"\"J and dJ/dx1, dJ/dx2.\"\"\"
            y = a1 * x1 + a2 * x2
            t1 = exp(-y)
            z = 1 + t1
            J = 1 / z
        <BLANKLINE>
            dJ_dz = -J / z       # dJ/dz = -1 / z ** 2
            dJ_dy = -dJ_dz * t1  # dJ/dy = dJ/dz · -exp(-y)
            dJ_dx1 = dJ_dy * a1  # dJ/dx1 = dJ/dy · a1
            dJ_dx2 = dJ_dy * a2  # dJ/dx2 = dJ/dy · a2
            return J, [dJ_dx1, dJ_dx2]
        """
        return listing(*self._wanted)

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        """The value at these numbers, and the derivatives in the order of `wrt`."""
        if len(numbers) != len(self.inputs):
            raise TypeError(f"for the inputs {', '.join(self.inputs) or '(none)'} {len(numbers)} numbers were given")
        if any(isinstance(x, Value) for x in numbers):
            raise TypeError("a compiled function takes numbers, not Values: write x.data")
        given = [x if type(x) is float else real(x) for x in numbers]
        return self._at(given, self._numbers())

    def mean(self, *columns: Any) -> tuple[float, Any]:
        """The means over the rows of the value and of the derivatives."""
        rows = self.rows(*columns)
        if not len(rows):
            raise ValueError("there is no row to take the mean of")
        value, gradients, _ = self.over(rows)
        if hasattr(gradients, "shape"):
            return value / len(rows), gradients / len(rows)
        return value / len(rows), [slope / len(rows) for slope in gradients]

    def sum(self, *columns: Any) -> tuple[float, Any]:
        """The sums over the rows of the value and of the derivatives."""
        return self.over(self.rows(*columns))[:2]

    def map(self, *columns: Any) -> Any:
        """The value of each row; nan where an operation is not defined, or overflows."""
        rows = self.rows(*columns)
        parameters = self._numbers()
        values, checks = self._many.values(rows, parameters) if len(rows) else ([], [])
        if not (_all_finite(values) and _all_finite(checks)):
            for place, row in enumerate(rows):
                if not (math.isfinite(values[place]) and math.isfinite(checks[place])):
                    values[place] = self._looked_at(values[place], row, parameters)
        return _array(values)

    def rows(self, *columns: Any) -> Rows:
        """Columns made ready, so that they can be used again and again: f.mean(rows)."""
        if len(columns) == 1 and isinstance(columns[0], Rows):
            return self._checked(columns[0])
        return Rows(self.inputs, columns)

    def _checked(self, rows: Rows) -> Rows:
        if not isinstance(rows, Rows) or rows.names != self.inputs:
            raise TypeError(f"rows are made by this function's own rows({', '.join(self.inputs)}), not {rows!r}")
        return rows

    def over(self, rows: Rows, parameters: Sequence[float] | None = None) -> Sums:
        """The sums over rows of the value and of the derivatives, and row by row the values of the nodes in `also`.

        With `parameters`, these numbers stand for the data of `self.parameters`.
        """
        numbers = self._numbers() if parameters is None else parameters
        if not hasattr(numbers, "__len__") or len(numbers) != len(self.parameters):
            raise TypeError(f"{len(self.parameters)} numbers are needed for the parameters, not {numbers!r:.60}")
        self._checked(rows)
        if not len(rows):
            return Sums(0.0, _array([0.0] * len(self.wrt)), _array([[] for _ in self._wanted.also]))
        found = self._over(rows, numbers, 0)
        return Sums(found.value, _array(found.gradients), _array(found.also))

    def _over(self, rows: Rows, parameters: Sequence[float], start: int) -> Sums:
        """The sums over rows; where a row fails, those of both halves, down to one for the eager engine."""
        try:
            found = self._many.sums(rows, parameters)
            if math.isfinite(found.value) and _all_finite(found.gradients):
                return found
        except (ArithmeticError, ValueError):
            pass
        if len(rows) == 1:
            (numbers,) = rows
            try:
                value, slopes, also = self._eagerly(numbers, parameters)
            except AutogradError as error:
                error.add_note(f"in row {start}: {dict(zip(self.inputs, numbers, strict=True))}")
                raise
            return Sums(value, slopes, [[number] for number in also])
        middle = len(rows) // 2
        first = self._over(rows.take(range(middle)), parameters, start)
        last = self._over(rows.take(range(middle, len(rows))), parameters, start + middle)
        value = float(first.value) + float(last.value)
        slopes = [float(a) + float(b) for a, b in zip(first.gradients, last.gradients, strict=True)]
        if not (math.isfinite(value) and _all_finite(slopes)):
            raise RangeError(f"a sum over {len(rows)} rows is too large")
        return Sums(value, slopes, [[*a, *b] for a, b in zip(first.also, last.also, strict=True)])

    def _numbers(self) -> list[float]:
        return [parameter._data for parameter in self.parameters]

    def _at(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        """The value and the derivatives at one row; where they cannot be had, what the eager engine says to it."""
        try:
            value, slopes = self._single.one(numbers, parameters)
            if math.isfinite(value) and _all_finite(slopes):
                return float(value), [float(slope) for slope in slopes]
        except (ArithmeticError, ValueError):
            pass
        value, slopes, _ = self._eagerly(numbers, parameters)
        return value, slopes

    def _eagerly(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float], list[float]]:
        trace, wrt, also = self._wanted
        nodes: Sequence[Any] = trace.replay(numbers, parameters)
        value = nodes[trace.root].data
        try:
            if wrt:
                nodes[trace.root].backward()
        except AutogradError as error:  # perhaps at a derivative that nobody wants: then with numbers for other leaves
            nodes = trace.replay(numbers, parameters, wrt)
            try:
                nodes[trace.root].backward()
            except (AttributeError, AutogradError):
                raise error from None
        also_there = [node.data if isinstance(node, Value) else node for node in (nodes[place] for place in also)]
        return value, [nodes[place].grad for place in wrt], also_there

    def _looked_at(self, value: float, row: Sequence[float], parameters: Sequence[float]) -> float:
        """The value of a row where something came out infinite or nan: nan, if the eager engine finds it wrong, too."""
        if not math.isfinite(value) and self._is_finite and all(map(math.isfinite, [*row, *parameters])):
            return math.nan  # it would
        try:
            return self._wanted.trace.replay(row, parameters)[self._wanted.trace.root].data
        except AutogradError:
            return math.nan

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self._wanted, self._asked, self._fastmath)

    def __repr__(self) -> str:
        trace = self._wanted.trace
        sizes = _several(len(trace.steps), "operation")
        sizes += f", {_several(len(self.parameters), 'parameter')}" if self.parameters else ""
        single = str(self._single).partition(",")[0]
        ways = [f"  one row: {single}", f"  many rows: {self._many}"]
        if self._asked == "auto" and not isinstance(self._many, Llvm):
            reason = f"too long for LLVM, which would take minutes ({LONGEST:,} operations at most)"
            ways.append(f"  {reason if has_llvm() else FASTER}")
        return "\n".join([f"<compiled {trace.labels[trace.root]}({', '.join(self.inputs)}): {sizes}", *ways]) + ">"


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _array(numbers: Any) -> Any:
    """The numbers as an array, where NumPy is there."""
    if not has_numpy():
        return numbers
    import numpy as np

    return np.asarray(numbers, dtype=float)


def _all_finite(numbers: Any) -> bool:
    if hasattr(numbers, "shape"):
        import numpy as np

        return bool(np.isfinite(numbers).all())
    return all(map(math.isfinite, numbers))
