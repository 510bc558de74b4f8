"""The line in which `fit` tells how far it is."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Self


class Progress:
    """A line that is written anew where somebody looks, in a terminal or in a notebook, at most ten times a second.

    In a terminal it is no wider than that, and ends before something else is printed, which so has a line of its own.
    """

    def __init__(self, wanted: bool) -> None:
        self.text = self.shown = ""
        self.next_time = 0.0
        self.is_open = self.is_below_text = False
        self.write: Callable[[str], object] | None = None
        self.streams: dict[str, Any] = {}
        ipython = sys.modules.get("IPython")
        if wanted and ipython is not None and hasattr(ipython.get_ipython(), "kernel"):
            from IPython.display import DisplayHandle

            handle = DisplayHandle()
            handle.display({"text/plain": "epoch 0"}, raw=True)
            self.write = lambda text: handle.update({"text/plain": text}, raw=True)
        elif wanted and _is_terminal(sys.stderr):
            self.stream = sys.stderr
            self.write = self._in_terminal

    def __enter__(self) -> Self:
        if self.write == self._in_terminal:
            streams = {name: getattr(sys, name) for name in ("stdout", "stderr")}
            self.streams = {name: _Watched(stream, self) for name, stream in streams.items() if _is_terminal(stream)}
            for name, watched in self.streams.items():
                setattr(sys, name, watched)
        return self

    def __exit__(self, *_: object) -> None:
        for name, watched in self.streams.items():
            if getattr(sys, name) is watched:
                setattr(sys, name, watched.stream)
        if self.write and self.text != self.shown:
            self.write(self.text)
        self.end()

    def show(self, text: str) -> None:
        """Show a text, if it is time to."""
        self.text = text
        if self.write and time.monotonic() >= self.next_time:
            self.write(self.text)
            self.shown = self.text
            self.next_time = time.monotonic() + 0.1

    def _in_terminal(self, text: str) -> None:
        room = _columns(self.stream) - 1
        covering = len(self.shown) if self.is_open else 0
        start = "\n" if self.is_below_text else "\r"
        print(f"{start}{text:<{covering}}"[: room + 1], end="", file=self.stream, flush=True)
        self.is_open, self.is_below_text = True, False

    def end(self, text: str = "\n") -> None:
        """End the line, if it is shown, before a text is printed."""
        if self.is_open:
            print(file=self.stream, flush=True)
        self.is_open, self.is_below_text = False, not text.endswith("\n")


class _Watched:
    """A stream before whose texts the line of progress ends."""

    def __init__(self, stream: Any, line: Progress) -> None:
        self.stream, self.line = stream, line

    def write(self, text: str) -> Any:
        if text:
            self.line.end(text)
        return self.stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _is_terminal(stream: Any) -> bool:
    return stream is not None and bool(stream.isatty())


def _columns(stream: Any) -> int:
    """The width of a terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):
        return shutil.get_terminal_size().columns
