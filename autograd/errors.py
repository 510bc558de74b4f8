"""The errors of this package: what happened, with the value and the name, and what to do.

Each is also the built-in error a Python programmer would expect, so `except ValueError` and `except ZeroDivisionError`
keep working.
"""

import sys
from pathlib import Path


def to_install(extra: str) -> str:
    """The command that installs what an extra brings, from where this package is: a clone, or an index."""
    if sys.platform == "emscripten":  # in a notebook in a browser
        return f'%pip install "chalkgrad[{extra}]"'
    clone = Path(__file__).resolve().parent.parent
    if not (clone / "pyproject.toml").is_file():
        return f'pip install "chalkgrad[{extra}]"'
    here = "." if Path.cwd() == clone else clone
    return f'pip install -e "{here}[{extra}]"'


class AutogradError(Exception):
    """The common base of the errors of computing; a wrong kind of argument is a TypeError or a plain ValueError."""


class DomainError(AutogradError, ValueError):
    """An operation was given a number on which it is not defined: log(-1)."""


class DivisionByZeroError(DomainError, ZeroDivisionError):
    """A division by zero, also in the form 0 ** -1."""


class RangeError(AutogradError, OverflowError):
    """A number is not finite: a result, an adjoint or a seed is larger than the largest float, about 1.797e+308."""


class GradientError(AutogradError, ArithmeticError):
    """A derivative that is needed does not exist: that of sqrt at 0."""


class StaleGraphError(AutogradError, RuntimeError):
    """A leaf's data was changed after the graph that is being swept was built from it."""


class ExpressionError(AutogradError, ValueError):
    """A text that is not an expression of the language in `autograd.table.expression`."""


class CheckError(AutogradError, AssertionError):
    """A derivative is not what differences of the function say."""


class RenderError(AutogradError, RuntimeError):
    """A picture cannot be made here, because a program is missing or it is too large."""


class CompileError(AutogradError, RuntimeError):
    """A graph that cannot be compiled: it depends on a comparison, or what would compile it is not installed."""


class OpaqueError(AutogradError, TypeError):
    """An operation of the user's own, of which only numbers are known, where its formula is asked for."""


class RowError(AutogradError, ValueError):
    """A row that cannot be added to the table of derivatives."""
