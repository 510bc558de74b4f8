"""A program on NumPy's columns, all rows at once; alike nodes as matrices."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.backends.wanted import Sums, Wanted, defined
from autograd.compiler.columns import Columns
from autograd.compiler.groups.plan import Plan
from autograd.compiler.listing import numpy_listing
from autograd.compiler.llvm import FUNCTIONS
from autograd.compiler.matrices.listing import matrix_listing
from autograd.compiler.program import elementary

_NUMPY = {"abs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}
_NUMPY |= {name: f"arc{name[1:]}" for name in ("asinh", "acosh", "atanh")}


class NumPy:
    """A program on NumPy's columns."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._made: dict[bool, Callable[[Any, Any], Any]] = {}

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        import numpy as np

        columns = np.array(numbers, dtype=float).reshape(len(numbers), 1)
        value, check, slopes, _ = self._run(columns, parameters, slopes=True)
        return float(np.ravel(value - check)[0]), [*map(float, slopes)]  # -0.0 + 0.0 would be 0.0

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        import numpy as np

        count = len(rows)
        value, check, slopes, also = self._run(rows.columns[:, :count], parameters, slopes=True)
        with np.errstate(all="ignore"):
            total = np.sum(np.broadcast_to(value + check, count))
        also = [np.broadcast_to(output, count) for output in also]
        return Sums(float(total), np.array(slopes, dtype=float), np.array(also))

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        import numpy as np

        value, check, *_ = self._run(rows.columns[:, : len(rows)], parameters, slopes=False)
        return np.array(np.broadcast_to(value, len(rows))), np.broadcast_to(check, len(rows))

    def _run(self, columns: Any, parameters: Sequence[float], slopes: bool) -> Any:
        """The values and checks of the rows, the sums of the derivatives, the further values."""
        import numpy as np

        function = self._made.get(slopes) or self._made.setdefault(slopes, self._function(slopes))
        with np.errstate(all="ignore"):
            return function(columns, np.asarray(parameters, dtype=float))

    def _function(self, slopes: bool) -> Callable[[Any, Any], Any]:
        wanted = self._wanted if slopes else Wanted(self._wanted.trace)
        if wanted.has_groups:
            return self._on_matrices(wanted.plan)
        trace, wrt, also = wanted.trace, wanted.wrt, wanted.also
        import numpy as np

        program = elementary(trace, wrt, also=also)
        text = numpy_listing(program, [program.value, program.check, *program.gradients, *program.also])
        run = defined(text, trace.labels[trace.root], _on_columns())

        def function(columns: Any, parameters: Any) -> Any:
            value, check, *others = run(*columns, *parameters)
            gradients = [np.sum(np.broadcast_to(slope, columns.shape[1])) for slope in others[: len(wrt)]]
            return value, check, gradients, others[len(wrt) :]

        return function

    def _on_matrices(self, plan: Plan) -> Callable[[Any, Any], Any]:
        import numpy as np

        source, title = matrix_listing(plan), plan.trace.labels[plan.trace.root]
        names = _on_columns()
        names |= {name: defined(text, name, names) for name, text in source.functions.items()}
        names |= {name: np.array(numbers) for name, numbers in source.arrays.items()}
        for name in ("array", "bincount", "broadcast_to", "concatenate", "einsum", "empty", "ones", "zeros"):
            names[name] = getattr(np, name)
        return defined(source.text, title, names | {"stacked": _stacked, "add_at": np.add.at})

    def __str__(self) -> str:
        return "NumPy"


def _on_columns() -> dict[str, Any]:
    """What a program's operations are on NumPy's columns."""
    import numpy as np

    names = {name: getattr(np, _NUMPY.get(name, name), None) for name in FUNCTIONS}
    names |= {"abs": np.abs, "sqrt": np.sqrt, "where": np.where, "power": np.power, "inf": np.inf, "nan": np.nan}
    names["larger"] = lambda found: functools.reduce(np.maximum, found)
    names["erf"] = np.vectorize(math.erf, otypes=[float])
    return names


def _stacked(columns: Sequence[Any], rows: int) -> Any:
    """Columns, or numbers for all rows, as one matrix."""
    import numpy as np

    matrix = np.empty((len(columns), rows))
    for row, column in zip(matrix, columns, strict=True):
        row[:] = column
    return matrix
