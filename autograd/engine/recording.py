"""What is noted while operations run: whether they record their results, and which Values were compared.

Operations record always, except inside `no_grad()`:

>>> from autograd.engine.value import Value
>>> x = Value(3.0, "x")
>>> with no_grad():
...     y = x * x
>>> y, y.operands
(Value(9.0), ())

A comparison decides which way a program goes, and leaves no node in the graph: a graph recorded behind `if x > 0` is
right on that side only. It is noted, with its line and its time, so that whoever computes the graph again with other
numbers can refuse to:

>>> with watched() as seen:
...     larger = x > 1
>>> larger, [value is x for value, _ in seen]
(True, [True])
"""

from __future__ import annotations

import contextlib
import itertools
import linecache
import os
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, NamedTuple

GENERATOR, SUSPENDS = 0x20, 0x20 | 0x80 | 0x200  # inspect.CO_GENERATOR, and with CO_COROUTINE, CO_ASYNC_GENERATOR
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # all of autograd, not this wing

# The frames that entered no_grad (True) or recorded (False), each with its states from the outside in. A frame and not
# a thread, because a generator that waits inside `with no_grad()` must not silence the code that reads from it.
marks: dict[FrameType, list[bool]] = {}


def is_paused() -> bool:
    """Whether the code that is running was called from within no_grad."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame in marks:
            return marks[frame][-1]
        frame = frame.f_back
    return False


class _Marked(contextlib.ContextDecorator):
    """Marks the frame that enters it, until it leaves."""

    state: bool

    def __init__(self) -> None:
        self._frames: list[FrameType] = []

    def _recreate_cm(self) -> _Marked:
        return type(self)()

    def __call__(self, function: Any) -> Any:
        """The function as it is inside."""
        if getattr(function, "__code__", None) and function.__code__.co_flags & SUSPENDS:
            raise TypeError(
                f"{function.__name__} is a generator or a coroutine: write `with {type(self).__name__}():` inside it"
            )
        return super().__call__(function)

    def __enter__(self) -> None:
        frame = _entering(sys._getframe(1))
        self._frames.append(frame)
        marks.setdefault(frame, []).append(self.state)

    def __exit__(self, *_: object) -> None:
        here = _entering(sys._getframe(1))
        frame = here if here in self._frames else self._frames[-1]
        self._frames.remove(frame)
        marks[frame].pop()
        if not marks[frame]:
            del marks[frame]


def _entering(frame: FrameType) -> FrameType:
    """The frame of the `with` statement: past ExitStack, context managers made of others, and decorated functions."""
    while frame.f_back is not None and (_helps(frame) or (_helps(frame.f_back) and frame.f_code.co_flags & GENERATOR)):
        frame = frame.f_back
    return frame


def _helps(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == "contextlib" or frame.f_code.co_name in ("__enter__", "__exit__")


class no_grad(_Marked):  # noqa: N801 - as in PyTorch
    """Operations inside, and in whatever is called from there, record nothing: their results are leaves.

    `with no_grad(): ...`, or `@no_grad()` above a function. Other threads and tasks are not touched, also those started
    inside, nor the code around a generator that waits inside. Entered by hand, as `no_grad().__enter__()` in a function
    of one's own, it holds in that function, and not in the one that called it: there `contextlib.ExitStack` helps.

    >>> from autograd.engine.value import Value
    >>> @no_grad()
    ... def double(x):
    ...     return 2 * x
    >>> double(Value(2.0)).operands
    ()
    """

    state = True


class recorded(_Marked):  # noqa: N801
    """The opposite: operations inside record their results again. Where nothing is paused it only costs time."""

    state = False


class Place(NamedTuple):
    """A line of somebody's program."""

    filename: str
    line: int

    def __str__(self) -> str:
        text = linecache.getline(self.filename, self.line).strip()
        cell = "ipykernel_" in self.filename  # a notebook's cells lie in files with numbers for names
        where = "the cell" if cell else os.path.basename(self.filename)
        return f"line {self.line} of {where}" + (f": {text}" if text else "")


class Comparison(NamedTuple):
    """What decided a way: the line, and the time, as what was recorded before does not depend on it."""

    place: Place
    time: int


clock = itertools.count(1)  # the order in which nodes are made, leaves are set, and Values are compared
last_set = [0]  # when a leaf was last set
compared: weakref.WeakKeyDictionary[Any, Comparison] = weakref.WeakKeyDictionary()
undecided: list[weakref.WeakSet[Any]] = [weakref.WeakSet()]  # nodes that rest on nothing compared, and all before them
_watching = threading.local()


def note(*values: Any) -> None:
    """Keep that these were compared, by the innermost line that is not one of this package."""
    place = _here()
    for value in values:
        if value not in compared:
            compared[value] = Comparison(place, next(clock))
            if value in undecided[0]:
                undecided[0] = weakref.WeakSet()
        for seen in _lists():
            seen.append((value, place))


def note_choice(value: object) -> None:
    """Keep that a derivative depends on which side this is: of the nodes that are made with it, not of later ones."""
    lists = _lists()
    if lists:
        place = _here()
        for seen in lists:
            seen.append((value, place))


def _here() -> Place:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<autograd ")):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place("<unknown>", 0)


def _lists() -> list[list[tuple[Any, Place]]]:
    found: list[list[tuple[Any, Place]]] = _watching.__dict__.setdefault("lists", [])
    return found


def note_choices(nodes: Iterable[Any], place: Place) -> None:
    """Keep that these nodes are right only where the same sides are taken as here."""
    compared.update({node: Comparison(place, 0) for node in nodes})


def decided(nodes: Iterable[Any], newest: int) -> Iterator[tuple[Any, Place]]:
    """Those of the nodes of a graph that were compared before the newest of them was made, with the places."""
    for node in nodes if compared else ():
        comparison = compared.get(node)
        if comparison is not None and comparison.time <= newest:
            yield node, comparison.place


@contextlib.contextmanager
def watched() -> Iterator[list[tuple[Any, Place]]]:
    """The Values compared inside, in this thread, with their places; also those that are gone afterwards."""
    seen: list[tuple[Any, Place]] = []
    lists = _lists()
    lists.append(seen)
    try:
        yield seen
    finally:
        lists.pop()
