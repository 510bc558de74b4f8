"""A command line's manners, and what a person answers at a terminal.

`run` does what a command line asks for: its exit code is 0, or 2 for a mistake in the call, or 1 for what cannot be
done, and the message is one line. `answers` are read line by line; an arrow key answers at once. Where the terminal
sends no single keys (a pipe, a file, Windows), what comes is whole lines, and an arrow in a line counts as well.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TextIO

import autograd
from autograd.table.expression import shortened
from autograd.table.output import adapted

LONGEST_MESSAGE = 300

_ARROWS = {"A": "b", "B": "n", "C": "n", "D": "b"}  # up, down, right, left: back or next
_KEY = re.compile(r"\x1b[\[O][\d;]*(?P<last>[A-Za-z~])|(?P<begun>\x1b[\[O]?[\d;]*)$|(?P<letter>.)", re.DOTALL)
_ERASED = "\b \b"


class MistakeInCallError(Exception):
    """The command line itself is wrong."""


class Parser(argparse.ArgumentParser):
    """Reads the arguments of a command line; what is wrong with them is a MistakeInCallError; --version is known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_argument("--version", action="version", version=f"chalkgrad {autograd.__version__}")

    def error(self, message: str) -> NoReturn:
        """Raise the error, and say where the call is described."""
        shown = shortened(message, LONGEST_MESSAGE - 50, "...")
        raise MistakeInCallError(f"{shown} ({self.prog} --help shows the call)")


def run(
    name: str,
    call: Callable[[], object],
    failures: tuple[type[Exception], ...],
    mistakes: tuple[type[Exception], ...] = (),
) -> int:
    """Make the call of a command line, and return the exit code.

    Failures end in a line on the standard error and in 1; mistakes, MistakeInCallError among them, in a line and in 2.

    >>> run("add", lambda: say("1 + 2 → 3"), (ArithmeticError,))
    1 + 2 → 3
    0
    """
    streams: list[Any] = [sys.stdout, sys.stderr]
    for stream in streams:
        if hasattr(stream, "reconfigure"):  # a stream may be closed, or a test's own
            stream.reconfigure(errors="replace")
    mistakes = (MistakeInCallError, *mistakes)
    try:
        call()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it closes the pipe
    except (*mistakes, *failures) as error:
        print(f"{name}: " + shortened(" ".join(str(error).split()), LONGEST_MESSAGE, "..."), file=sys.stderr)
        return 2 if isinstance(error, mistakes) else 1
    except KeyboardInterrupt:
        return 130
    return 0


def say(text: object) -> None:
    """Print a text in the letters that the standard output has."""
    print(adapted(str(text), getattr(sys.stdout, "encoding", None) or "utf-8"))


@contextlib.contextmanager
def answers(source: TextIO, echo: TextIO) -> Iterator[Answers]:
    """The answers from a stream; meanwhile a terminal hands over each key at once, and afterwards it is as before.

    >>> import io
    >>> with answers(io.StringIO("goto x\\n\\x1b[C\\x1b[D\\n"), io.StringIO()) as given:
    ...     [given.readline() for _ in range(4)]
    ['goto x\\n', 'n\\n', 'b\\n', '']
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield Answers(source)
        return
    if not (source.isatty() and echo.isatty()):
        yield Answers(source)
        return
    terminal = source.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSADRAIN)
    try:
        yield _Keys(source, echo)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


class Answers:
    """The answers that come from a stream as lines."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._waiting: list[str] = []  # arrows that came in one line

    def readline(self) -> str:
        """The next answer, which ends with a line break; "" at the end."""
        if not self._waiting:
            line = self._source.readline()
            arrows = [found for key in _KEY.finditer(line) if (found := _ARROWS.get(key["last"] or ""))]
            self._waiting = [f"{arrow}\n" for arrow in arrows] or [line]
        return self._waiting.pop(0)


class _Keys(Answers):
    """The answers that come from a terminal key by key."""

    def __init__(self, source: TextIO, echo: TextIO) -> None:
        super().__init__(source)
        self._echo = echo
        self._rest = ""  # what was typed and not looked at yet
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def readline(self) -> str:
        """What is typed until Enter, or an arrow key alone."""
        line = ""
        for key in self._keys():
            letter = key["letter"]
            if letter is None:
                if not line and key["last"] in _ARROWS:
                    return f"{_ARROWS[key['last']]}\n"
            elif letter in "\r\n":
                self._show("\n")
                return f"{line}\n"
            elif letter in "\b\x7f":
                self._show(_ERASED if line else "")
                line = line[:-1]
            elif letter.isprintable():
                self._show(letter)
                line += letter
            elif letter == "\x04" and not line:  # Ctrl-D
                break
        return ""

    def _keys(self) -> Iterator[re.Match[str]]:
        """The keys pressed, a sequence that a terminal sends for one as one; none after the end of the input."""
        while True:
            key = _KEY.match(self._rest)
            if key is None or key["begun"] is not None:  # more of it is on its way
                read = os.read(self._source.fileno(), 1024)
                if not read:
                    return
                self._rest += self._decoder.decode(read)
                continue
            self._rest = self._rest[key.end() :]
            yield key

    def _show(self, text: str) -> None:
        self._echo.write(text)
        self._echo.flush()
