"""A CSV file as examples and targets: every cell is checked, and what is wrong is told by its file, line and column.

>>> import os, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = os.path.join(folder, "fruit.csv")
...     with open(path, "w", encoding="utf-8") as file:
...         _ = file.write("weight,length,fruit\\n150,7,apple\\n120,19,banana\\n")
...     table = read(path)
>>> table.X, table.y, table.classes
([[150.0, 7.0], [120.0, 19.0]], [0, 1], ['apple', 'banana'])
"""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

MOST_BYTES = 100_000_000
MOST_CLASSES = 10  # that whole numbers stand for, unless the loss is one of classes
_MISSING = {"", "?", "na", "n/a", "nan", "null"}


class Table(NamedTuple):
    """Examples and targets, the names of their columns, and what the classes 0, 1, ... are called.

    There are no classes where targets are numbers.
    """

    X: list[list[float]]
    y: Sequence[float]
    names: list[str]
    target: str
    classes: list[str]


class _Column(NamedTuple):
    """A column: its cells with the lines in which they stand, and what it is called in an error."""

    file: str
    place: int
    name: str
    cells: list[tuple[int, str]]

    def numbers(self, why: str = "") -> list[float]:
        """The cells as numbers."""
        return [self._number(line, cell, why) for line, cell in self.cells]

    def _number(self, line: int, cell: str, why: str) -> float:
        found = _number(cell)
        if found is None:
            if _number(cell.replace(",", ".")) is not None:
                why = ": it has a decimal point, not a comma"
            elif line == self.cells[0][0] and None not in [_number(other) for _, other in self.cells[1:]]:
                why = ": if this is the line of names, none of them may be a number"
            raise self.error(line, f"{_short(cell)} is no number{why}")
        return found

    def words(self) -> list[str]:
        """The cells as words, none of them a number."""
        for line, cell in self.cells:
            if _number(cell) is not None:
                raise self.error(line, f"{cell} is a number, and other targets are words")
        return [cell for _, cell in self.cells]

    def error(self, line: int, message: str) -> ValueError:
        """The error of a cell."""
        named = f" ({self.name})" if self.name else ""
        return ValueError(f"{self.file}, line {line}, column {self.place}{named}: {message}")

    def check_present(self) -> None:
        """Raise ValueError for a cell in which something is missing."""
        for line, cell in self.cells:
            if cell.lower() in _MISSING:
                what = f"{_short(cell)} says that a value is missing" if cell else "the cell is empty"
                raise self.error(line, f"{what}: give one, or leave the line out")


def read(path: str, target: str | None = None, inputs: Sequence[str] | None = None, wants: str = "") -> Table:
    """The examples and targets of a file, separated by commas, semicolons or tabs, with a line of names or without.

    target   the name of its column, or its number from 1; by default the last
    inputs   the names or numbers of the columns to learn from; by default all others
    wants    "numbers" or "classes", if the loss needs one of them; by default words, and few whole numbers, are classes

    Raises ValueError for a file that is no such table, OSError where it cannot be read.
    """
    rows = _rows(path)
    names = _names(path, rows)
    lines = rows[1:] if any(names) else rows
    columns = [
        _Column(path, place, name, [(line, cells[place - 1]) for line, cells in lines])
        for place, name in enumerate(names, 1)
    ]
    chosen = columns[-1] if target is None else _found(columns, target, "--target")
    if inputs is None:
        others = [column for column in columns if column is not chosen]
    else:
        others = [_found(columns, name, "--inputs") for name in inputs]
    if chosen in others:
        raise ValueError(f"{path}: column {chosen.place} is the target, and cannot be an input as well")
    for column in (*others, chosen):
        column.check_present()
    X = zip(*(column.numbers() for column in others), strict=True)  # noqa: N806
    y, classes = _targets(chosen, wants)
    called = [column.name or f"x{index}" for index, column in enumerate(others, 1)]
    return Table([[*row] for row in X], y, called, chosen.name or "y", classes)


def _rows(path: str) -> list[tuple[int, list[str]]]:
    """The lines that are not blank, each with its number; all of as many cells."""
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES:,} bytes, and is too large to learn from here")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}, line {line}: it is not text in UTF-8: save it as CSV in UTF-8") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path}, line {line}: {error}") from None
    if not rows:
        raise ValueError(f"{path} is empty: it needs a line for each example")
    width = len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width:
            raise ValueError(f"{path}, line {line}: it has {_cells(len(cells))}, and line {rows[0][0]} has {width}")
    if width < 2:
        raise ValueError(f"{path} has a single column: it needs one for an input at least, and one for the target")
    return rows


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _names(path: str, rows: list[tuple[int, list[str]]]) -> list[str]:
    """The names of the columns: the first line, if no cell of it is a number; otherwise they have none."""
    line, cells = rows[0]
    if any(_number(cell) is not None for cell in cells):
        return [""] * len(cells)
    if len(rows) == 1:
        raise ValueError(f"{path} has a line of names only: it needs a line for each example")
    for place, cell in enumerate(cells, 1):
        if not cell:
            cure = "give it one; pandas writes its index there, unless to_csv has index=False"
            raise ValueError(f"{path}, line {line}, column {place}: the column has no name: {cure}")
        if cells.index(cell) < place - 1:
            raise ValueError(f"{path}, line {line}, column {place}: a column before is called {_short(cell)}, too")
    return cells


def _found(columns: Sequence[_Column], name: str, option: str) -> _Column:
    """The column of that name, or of that number."""
    for column in columns:
        if name in (column.name, str(column.place)) and name:
            return column
    known = [column.name for column in columns if column.name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    numbers = map(str, range(1, len(columns) + 1))
    cure = f"did you mean {near[0]}?" if near else f"its columns are {_listed(known or numbers)}"
    raise ValueError(f"{columns[0].file} has no column {_short(name)} for {option}: {cure}")


def _targets(column: _Column, wants: str) -> tuple[Sequence[float], list[str]]:
    """The targets, and the names of the classes if they are classes."""
    said = [_number(cell) for _, cell in column.cells]
    targets: list[float] | list[str]
    if wants == "numbers":
        targets = column.numbers(", which the loss needs")
    elif 2 * said.count(None) < len(said):
        targets = column.numbers(", as other targets are")
    else:
        targets = column.words()
    kinds: list[Any] = sorted({*targets})
    if len(kinds) == 1:
        raise ValueError(f"{column.file}: all targets are {column.cells[0][1]}, and there is nothing to learn")
    are_numbers = wants != "classes" and not _are_classes(kinds, len(said))
    if wants == "numbers" or (are_numbers and None not in said):
        return column.numbers(), []
    if len(kinds) > MOST_CLASSES and 2 * len(kinds) > len(said):
        where = f"column {column.place}" + f" ({column.name})" * bool(column.name)
        raise ValueError(f"{column.file}, {where}: {len(kinds)} different targets in {len(said)} lines are no classes")
    places = {kind: place for place, kind in enumerate(kinds)}
    return [places[target] for target in targets], [f"{kind:g}" if isinstance(kind, float) else kind for kind in kinds]


def _are_classes(kinds: list[Any], count: int) -> bool:
    """Whether that many targets of these kinds are classes, if nobody says so: two whole numbers, or a few."""
    whole = all(isinstance(kind, float) and kind.is_integer() for kind in kinds)
    return whole and (len(kinds) == 2 or (len(kinds) <= MOST_CLASSES and 2 * len(kinds) <= count))


def _number(cell: str) -> float | None:
    """The number that a cell says, if it says one."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in cell else None


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 30 else f"{cell[:27]}...")


def _listed(names: Iterable[str]) -> str:
    few = [*names]
    return ", ".join(few[:10]) + ", ..." * (len(few) > 10)
