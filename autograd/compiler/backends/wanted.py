"""What is to be computed, and what each way to run it gives.

That is the same three things: the value and the derivatives at one row of numbers (`one`), their sums over rows
(`sums`), and the values row by row (`values`). What cannot be computed is nan or infinite, or an exception of Python's
arithmetic.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from autograd.compiler.columns import Columns
from autograd.compiler.groups.plan import Plan
from autograd.compiler.listing import listing
from autograd.compiler.lists.listing import ListSource, list_listing
from autograd.compiler.trace import Trace
from autograd.engine.kernels import define

_NUMBERS = itertools.count(1)


class Sums(NamedTuple):
    """Sums over rows: of the value, of the derivatives; and the further values that were asked for, row by row."""

    value: float
    gradients: Any
    also: Any

    def joined(self, after: Sums) -> Sums:
        """The sums over these rows and those after them."""
        gradients = [float(a) + float(b) for a, b in zip(self.gradients, after.gradients, strict=True)]
        also = [[*a, *b] for a, b in zip(self.also, after.also, strict=True)]
        return Sums(float(self.value) + float(after.value), gradients, also)


class Wanted:
    """What is to be computed from a trace: derivatives with respect to nodes, and the values of others."""

    def __init__(self, trace: Trace, wrt: Sequence[int] = (), also: Sequence[int] = ()) -> None:
        self.trace, self.wrt, self.also = trace, wrt, also

    @functools.cached_property
    def plan(self) -> Plan:
        """The same in stages."""
        return Plan(self.trace, self.wrt, self.also)

    @property
    def has_groups(self) -> bool:
        """Whether there are alike nodes."""
        return self.plan.grouped.has_groups

    def source(self, comments: bool = True) -> str | ListSource:
        """The program as Python: of lists, if there are groups of alike nodes."""
        if self.has_groups:
            return list_listing(self.plan, comments)
        return listing(self.trace, self.wrt, self.also, comments=comments)

    def __reduce__(self) -> tuple[Any, ...]:
        return Wanted, (self.trace, self.wrt, self.also)


class Backend(Protocol):
    """A way to run a program."""

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        """The value and the derivatives at one row; nan as the value where something failed on the way."""
        ...

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        """The sums over the rows; nan as the value where something failed on the way."""
        ...

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        """The value of each row; and for each a number that is not finite where something failed on the way."""
        ...


def defined(text: str, title: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function that a source defines; a traceback shows its lines for as long as it exists."""
    file = f"<compiled {title} {next(_NUMBERS)}>"
    function = define(text, file, names)
    weakref.finalize(function, linecache.cache.pop, file, None)
    return function
