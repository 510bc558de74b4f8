"""Which Values were compared, and where: a graph recorded behind `if x > 0` is right on that side only.

A comparison tells which way a program goes on, and leaves no node in the graph. It is kept here, so that whoever
computes the graph again with other numbers can refuse to.

>>> from autograd.value import Value
>>> x = Value(2.0, "x")
>>> with watched() as seen:
...     larger = x > 1
>>> larger, [value is x for value, _ in seen]
(True, [True])
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

__all__ = ["Place", "compared", "note", "watched"]


class Place(NamedTuple):
    """A line of somebody's program."""

    filename: str
    line: int

    def __str__(self) -> str:
        text = linecache.getline(self.filename, self.line).strip()
        cell = "ipykernel_" in self.filename  # a notebook's cells lie in files with numbers for names
        where = "the cell" if cell else os.path.basename(self.filename)
        return f"line {self.line} of {where}" + (f": {text}" if text else "")


_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
compared: weakref.WeakKeyDictionary[Any, Place] = weakref.WeakKeyDictionary()
_watching = threading.local()


def note(*values: object) -> None:
    """Keep that these were compared, by the innermost line that is not one of this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<autograd ")):
        frame = frame.f_back
    place = Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place("<unknown>", 0)
    for value in values:
        compared[value] = place
        for seen in getattr(_watching, "lists", ()):
            seen.append((value, place))


@contextlib.contextmanager
def watched() -> Iterator[list[tuple[Any, Place]]]:
    """The Values compared inside, in this thread, with their places; also those that are gone afterwards."""
    seen: list[tuple[Any, Place]] = []
    lists: list[list[tuple[Any, Place]]] = _watching.__dict__.setdefault("lists", [])
    lists.append(seen)
    try:
        yield seen
    finally:
        lists.pop()
