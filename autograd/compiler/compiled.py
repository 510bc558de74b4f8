"""What compiling gives: a function of numbers, and of columns of them, with its derivatives and its source."""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Sequence
from typing import Any

from autograd.compiler.backends.eager import Eager
from autograd.compiler.backends.llvm import Llvm, has_llvm
from autograd.compiler.backends.numpy import NumPy
from autograd.compiler.backends.python import Python
from autograd.compiler.backends.wanted import Backend, Sums, Wanted
from autograd.compiler.columns import Columns, has_numpy
from autograd.compiler.scripts.looped import javascript
from autograd.engine.checks import real
from autograd.engine.kernels import check_current
from autograd.engine.recording import last_set
from autograd.engine.value import Value
from autograd.errors import AutogradError, CompileError, RangeError, to_install
from autograd.table.output import Legible, legible

FEW_STEPS = 150  # the call of machine code costs as much as a program of this length in Python
FEW_OPERATIONS = 1_000  # the same of matrices
_DATA = operator.attrgetter("_data")


class Compiled:
    """A compiled graph: called with numbers, it gives the value and the list of derivatives.

    Over rows, `mean` and `sum` give the same of all rows together, and `map` the values row by row; each takes one
    column for each input, or `rows(...)` of these. Where an operation fails, the error is that of the operation, with
    the row in its notes; `map` puts nan there. Not noticed: a sum or a product that overflows, but leads to a finite
    number as tanh(inf), 1 / inf, exp(-inf) and minimum(inf, 1) do. It may be called from several threads, and can be
    pickled; parameters are then copied.
    """

    def __init__(self, wanted: Wanted, backend: str = "auto", fastmath: bool = False) -> None:
        self._wanted = wanted
        self._asked = backend
        self._fastmath = fastmath
        self.inputs = tuple(wanted.trace.input_labels)
        self.parameters = wanted.trace.parameters
        self._python, self._eager = Python(wanted), Eager(wanted)
        self._single, self._many = self._chosen(backend, has_llvm())
        self._known: tuple[int, tuple[float, ...]] = -1, ()

    def _chosen(self, backend: str, llvm: bool) -> tuple[Backend, Backend]:
        """What runs a single call, and what runs over rows."""
        if backend in ("numpy", "llvm") and not (llvm if backend == "llvm" else has_numpy()):
            if backend == "llvm" and sys.platform == "emscripten":
                raise CompileError('a Python that runs in a browser has no machine code: ask for backend "auto"')
            missing = "llvmlite and numpy" if backend == "llvm" else "numpy"
            raise CompileError(f'backend "{backend}" needs {missing}: {to_install("jit")}')
        steps = self._wanted.trace.steps
        many: Backend = self._python
        if self._native:
            if backend in ("numpy", "llvm"):
                raise CompileError(f'{self._native} is a Python function: backend "{backend}" cannot call it')
            return many, many
        if backend == "llvm" or (backend == "auto" and llvm):
            many = Llvm(self._wanted, self._fastmath)
        elif backend == "numpy" or (backend == "auto" and has_numpy()):
            many = NumPy(self._wanted)
        single = many
        if backend == "auto":
            has_groups = self._wanted.has_groups
            operations = sum(sum(map(len, vectors)) + len(others) for _, vectors, others in steps) // 2
            few = FEW_OPERATIONS if isinstance(many, NumPy) else 0 if has_groups else FEW_STEPS
            if operations <= few or (isinstance(many, NumPy) and not has_groups):
                single = self._python
        return single, many

    @functools.cached_property
    def _is_finite(self) -> bool:
        """Whether all constants are."""
        return all(math.isfinite(x) for step in self._wanted.trace.steps for x in step.operands if type(x) is float)

    @functools.cached_property
    def _native(self) -> str:
        """The name of an operation that is a Python function; "" if none is."""
        rows = dict.fromkeys(step.kernel.row for step in self._wanted.trace.steps)
        found = next(filter(None, (row.native for row in rows)), "")
        if found:
            check_current(rows)
        return found

    @functools.cached_property
    def wrt(self) -> tuple[str, ...]:
        """The names of the nodes that derivatives are taken with respect to."""
        return tuple(self._wanted.trace.labels[index] for index in self._wanted.wrt)

    @property
    def source(self) -> str:
        """The program as Python: a function of the inputs, then of the parameters.

        Where there are layers, or other groups of alike nodes, what each reads together is one argument, a list or a
        list of lists, and so are the derivatives with respect to it; the function's docstring names them.

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
        source = self._wanted.source()
        return Legible(source if isinstance(source, str) else source.text)

    @property
    def javascript(self) -> str:
        """The program as one function of JavaScript, which needs nothing else: of the inputs, and then of `p`.

        `p` is an array with the numbers of `parameters`, by default the present ones. The function returns
        `[value, [derivatives]]`, then a third array where further values are wanted; or, where an operation fails, or
        a result is not finite, `[null, reason]`. Inputs are numbers, or texts of numbers, as what is typed into a page.
        Sums and derivatives are rounded as on the graph.

        >>> from autograd import Value, compile
        >>> x, w = Value(3.0, "x"), Value(2.0, "w")
        >>> print(compile(w * x, [x]).javascript.partition("  if")[0])
        function J(x, p = [2]) {
          x = +x;
          const w = p[0];
          const J = w * x;
        <BLANKLINE>
          const dJ_dx = w;  // dJ/dx = w
        <BLANKLINE>
        """
        if self._native:
            raise CompileError(f"{self._native} is a Python function: JavaScript cannot call it")
        return Legible(javascript(self._wanted.trace, self._wanted.wrt, self._wanted.also))

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        """The value at these numbers, and the derivatives in the order of `wrt`."""
        if len(numbers) != len(self.inputs):
            raise TypeError(
                f"for the inputs {', '.join(self.inputs) or '(none)'} {len(numbers)} numbers were given: "
                "give one for each"
            )
        if {*map(type, numbers)} != {float}:
            if any(isinstance(x, Value) for x in numbers):
                raise TypeError("a compiled function takes numbers, not Values: write x.data")
            numbers = tuple([x if type(x) is float else real(x) for x in numbers])
        parameters = self._numbers()
        found: tuple[float, list[float]] | None = self._tried("one", numbers, parameters)
        return found or self._eager.one(numbers, parameters)

    def mean(self, *columns: Any) -> tuple[float, Any]:
        """The means over the rows of the value and of the derivatives."""
        rows = self.rows(*columns)
        count = len(rows)
        if not count:
            raise ValueError("there is no row to take the mean of")
        value, gradients, _ = self.over(rows)
        means = gradients / count if hasattr(gradients, "shape") else [slope / count for slope in gradients]
        return value / count, means

    def sum(self, *columns: Any) -> tuple[float, Any]:
        """The sums over the rows of the value and of the derivatives."""
        return self.over(self.rows(*columns))[:2]

    def map(self, *columns: Any) -> Any:
        """The value of each row; nan where an operation is not defined, or overflows."""
        rows = self.rows(*columns)
        parameters = self._numbers()
        values, checks = self._run("values", rows, parameters) if len(rows) else ([], [])
        if not (_all_finite(values) and _all_finite(checks)):
            for index, (value, check, row) in enumerate(zip(values, checks, rows, strict=True)):
                if not (math.isfinite(value) and math.isfinite(check)):
                    given_finite = self._is_finite and all(map(math.isfinite, [*row, *parameters]))
                    failed = given_finite and not math.isfinite(value)  # which needs no trial
                    values[index] = math.nan if failed else self._eager.value(row, parameters)
        return _array(values)

    def rows(self, *columns: Any) -> Columns:
        """Columns made ready, so that they can be used again and again: f.mean(rows)."""
        is_made = len(columns) == 1 and isinstance(columns[0], Columns)
        return self._own(columns[0] if is_made else Columns(self.inputs, columns))

    def _own(self, rows: Columns) -> Columns:
        if not isinstance(rows, Columns) or rows.names != self.inputs:
            raise TypeError(f"rows are made by this function's own rows({', '.join(self.inputs)}), not {rows!r}")
        return rows

    def over(self, rows: Columns, parameters: Sequence[float] | None = None) -> Sums:
        """The sums over rows of the value and of the derivatives, and row by row the values of the nodes in `also`.

        With `parameters`, these numbers stand for the data of `self.parameters`.
        """
        if parameters is None:
            parameters = self._numbers()
        elif not hasattr(parameters, "__len__") or len(parameters) != len(self.parameters):
            raise TypeError(f"{len(self.parameters)} numbers are needed for the parameters, not {parameters!r:.60}")
        if not self._own(rows).count:
            return Sums(0.0, _array([0.0] * len(self._wanted.wrt)), _array([[] for _ in self._wanted.also]))
        value, gradients, also = self._over(rows, parameters, 0)
        return Sums(value, _array(gradients), _array(also))

    def _over(self, rows: Columns, parameters: Sequence[float], start: int) -> Sums:
        """The sums over rows, from row `start` on; where they fail, those of both halves, down to one row, eagerly."""
        found: Sums | None = self._tried("sums", rows, parameters)
        if found is not None:
            return found
        if len(rows) == 1:
            try:
                return self._eager.sums(rows, parameters)
            except AutogradError as error:
                error.add_note(f"in row {start}: {dict(zip(self.inputs, *rows, strict=True))}")
                raise
        middle = len(rows) // 2
        first = self._over(rows.take(range(middle)), parameters, start)
        found = first.joined(self._over(rows.take(range(middle, len(rows))), parameters, start + middle))
        if not (math.isfinite(found.value) and _all_finite(found.gradients)):
            raise RangeError(f"a sum over {len(rows)} rows is too large")
        return found

    def _tried(self, what: str, given: Any, parameters: Sequence[float]) -> Any:
        """The value, the derivatives and what else a backend gives; None where it fails, or these are not finite."""
        try:
            found = self._run(what, given, parameters)
        except (ArithmeticError, ValueError):
            return None
        is_finite = math.isfinite(found[0]) and (isinstance(self._runs(what), Llvm) or _all_finite(found[1]))
        return found if is_finite else None

    def _runs(self, what: str) -> Backend:
        """The backend for "one" row, or for the "sums" or "values" of several."""
        return self._single if what == "one" else self._many

    def _run(self, what: str, given: Any, parameters: Sequence[float]) -> Any:
        """What a backend gives. Where LLVM refuses and may, NumPy computes from then on, and one sentence says so."""
        try:
            return getattr(self._runs(what), what)(given, parameters)
        except CompileError as error:
            if self._asked == "llvm":
                raise
            self._single, self._many = self._chosen("auto", llvm=False)
            _say(f"{error}; {self._many} computes instead")
            return getattr(self._runs(what), what)(given, parameters)

    def _numbers(self) -> tuple[float, ...]:
        """The numbers of the parameters: the same tuple, until a leaf is set."""
        now = last_set[0]
        if self._known[0] != now:
            self._known = now, tuple(map(_DATA, self.parameters))
        return self._known[1]

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self._wanted, self._asked, self._fastmath)

    def __repr__(self) -> str:
        trace = self._wanted.trace
        counts = {"operation": len(trace.steps), **({"parameter": len(self.parameters)} if self.parameters else {})}
        sizes = ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
        title = f"<compiled {trace.labels[trace.root]}({', '.join(self.inputs)}): {sizes}"
        lines = [title, f"  one row: {str(self._single).partition(',')[0]}", f"  many rows: {self._many}"]
        if self._native:
            lines.append(f"  in Python, as {self._native} is a Python function")
        elif self._asked == "auto" and not has_llvm() and sys.platform != "emscripten":
            lines.append(f"  for machine code, {to_install('jit')}")
        return legible("\n".join(lines) + ">")


@functools.cache
def _say(sentence: str) -> None:
    """Say it on stderr, but not again for the next program."""
    print(sentence, file=sys.stderr)


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
