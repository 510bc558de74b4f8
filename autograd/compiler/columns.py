"""Columns of numbers, one for each input, to be gone through row by row; where NumPy is there, kept as one matrix.

>>> rows = Columns(["x", "y"], [[1, 2, 3], [4.0, 5.0, 6.0]])
>>> len(rows), list(rows)
(3, [(1.0, 4.0), (2.0, 5.0), (3.0, 6.0)])
"""

from __future__ import annotations

import functools
import importlib.util
import math
from collections.abc import Iterator, Sequence
from typing import Any

from autograd.engine.checks import real
from autograd.errors import DomainError
from autograd.table.output import legible

LANES = 8  # rows that are gone through at once, whatever the processor: columns are padded to a multiple of it


@functools.cache
def has_numpy() -> bool:
    """Whether NumPy can be imported."""
    return importlib.util.find_spec("numpy") is not None


class Columns:
    """The rows of a table, whose columns bear the names of the inputs; where there is no input, one empty row."""

    def __init__(self, names: Sequence[str], columns: Sequence[Any]) -> None:
        if len(columns) != len(names):
            raise TypeError(f"one column is needed for each input ({', '.join(names)}), not {len(columns)}")
        self.names = tuple(names)
        found = [_column(name, column) for name, column in zip(names, columns, strict=True)]
        lengths = {len(column) for column in found} or {1}
        if len(lengths) > 1:
            sizes = ", ".join(f"{name} has {len(column)}" for name, column in zip(names, found, strict=True))
            raise ValueError(f"the columns are of different lengths: {sizes}")
        self.count = lengths.pop()
        self.columns: Any = _padded(found, self.count) if has_numpy() else found

    def __len__(self) -> int:
        return self.count

    @functools.cached_property
    def address(self) -> int:
        """Where the matrix of columns lies in memory."""
        return address(self.columns)

    @functools.cached_property
    def stride(self) -> int:
        """How far one column is from the next."""
        return int(self.columns.shape[1])

    @functools.cached_property
    def first(self) -> Any:
        """The first row, its numbers side by side."""
        return self.columns[:, 0].copy()

    @functools.cached_property
    def _by_row(self) -> Any:
        """The same numbers row by row, from where a row is taken in one piece."""
        return self.columns[:, : self.count].T.copy()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy has too; it lies elsewhere."""
        return {"names": self.names, "count": self.count, "columns": self.columns}

    def __iter__(self) -> Iterator[tuple[float, ...]]:
        if not len(self.columns):
            return iter([()] * self.count)
        return zip(*(self.columns[:, : self.count].tolist() if has_numpy() else self.columns), strict=True)

    def __repr__(self) -> str:
        return legible(f"<{self.count:,} rows of {', '.join(self.names) or 'no inputs'}>")

    def take(self, indices: Sequence[int]) -> Columns:
        """Some of the rows."""
        rows = Columns.__new__(Columns)
        rows.names, rows.count = self.names, len(indices)
        if has_numpy():
            near = isinstance(indices, range)  # of neighbours, each column has a piece
            rows.columns = _padded(self.columns[:, indices] if near else self._by_row[indices].T, rows.count)
        else:
            rows.columns = [[column[index] for index in indices] for column in self.columns]
        return rows


def address(array: Any) -> int:
    """Where an array lies in memory."""
    return int(array.__array_interface__["data"][0])


def _column(name: str, column: Any) -> Any:
    """The numbers of a column: a list, or with NumPy an array."""
    wrong = isinstance(column, str | bytes | bytearray | memoryview | dict | set) or hasattr(column, "mask")
    if wrong or not hasattr(column, "__len__") or getattr(column, "ndim", 1) != 1:
        raise TypeError(f"the column of {name} is a list or an array of numbers, one for each row, not {column!r:.60}")
    if has_numpy():
        import numpy as np

        is_ready = isinstance(column, np.ndarray) and column.dtype.kind in "fiu"
        numbers = column if is_ready else np.array(_floats(name, column), dtype=float)
        undefined = np.flatnonzero(np.isnan(np.asarray(numbers))).tolist()
    else:
        numbers = _floats(name, column)
        undefined = [index for index, number in enumerate(numbers) if math.isnan(number)]
    if undefined:
        raise DomainError(f"the column of {name} holds nan in row {undefined[0]}: every entry must be a number")
    return numbers


def _floats(name: str, column: Any) -> list[float]:
    if all(type(number) is float for number in column):
        return [*column]
    if any(hasattr(number, "_data") for number in column):
        raise TypeError(f"the column of {name} holds Values: write x.data for each")
    return [real(number) for number in column]


def _padded(columns: Sequence[Any], count: int) -> Any:
    """A matrix with a row for each column, its last number repeated to fill the last block."""
    import numpy as np

    matrix = np.empty((len(columns), max(1, -(-count // LANES)) * LANES))
    if isinstance(columns, np.ndarray):
        matrix[:, :count] = columns
    else:
        for row, column in zip(matrix, columns, strict=True):
            row[:count] = column
    matrix[:, count:] = matrix[:, count - 1 : count] if count else 0.0
    return matrix
