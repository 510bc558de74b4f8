"""A program as Python on floats: the listing itself, run as it is read."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from autograd.compiler.backends.wanted import Sums, Wanted, defined
from autograd.compiler.columns import Columns
from autograd.compiler.listing import OWN
from autograd.compiler.lists.listing import ListSource
from autograd.compiler.lists.variables import flat, forming
from autograd.engine.kernels import kernels
from autograd.table.rules import ROWS


class Python:
    """The listing itself, run as it is read."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._made: dict[bool, Callable[..., Any]] = {}

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        found = self._function(slopes=True)(*numbers, *parameters)
        return float(found[0]), [*map(float, found[1])]

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        function = self._function(slopes=True)
        value, gradients, also = 0.0, [0.0] * len(self._wanted.wrt), []
        for row in rows:
            found = function(*row, *parameters)
            value += found[0]
            gradients = [a + b for a, b in zip(gradients, found[1], strict=True)]
            also.append(found[2] if len(found) > 2 else ())
        return Sums(value, gradients, [list(column) for column in zip(*also, strict=True)])

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        function = self._function(slopes=False)
        found = [_value(function, row, parameters) for row in rows]
        return found, found

    def _function(self, slopes: bool) -> Callable[..., Any]:
        """The listing as a function, with the derivatives or without."""
        if slopes not in self._made:
            trace, wrt = self._wanted.trace, self._wanted.wrt
            found = self._wanted.source(comments=False) if slopes else Wanted(trace).source(comments=False)
            text = found.text if isinstance(found, ListSource) else found
            text = text[text.index("def ") :]
            names: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "pow": math.pow, "fsum": math.fsum, "dot": _dot}
            names |= {"max": builtins.max, "abs": builtins.abs}
            for row in ROWS.values():
                if row.name not in {*OWN, *names} and f"{row.name}(" in text:
                    functions = kernels(row.name)
                    names[row.name] = functions.forward() if row.vectors else functions.value()
            made = defined(text, trace.labels[trace.root], names)
            self._made[slopes] = _on_numbers(made, found, wrt) if isinstance(found, ListSource) else made
        return self._made[slopes]

    def __str__(self) -> str:
        return "Python"


def _dot(a: Sequence[float], b: Sequence[float], c: float = -0.0) -> float:
    """What the table's `dot` is, of numbers alone."""
    return math.fsum(map(operator.mul, a, b)) + c


def _on_numbers(function: Callable[..., Any], source: ListSource, wrt: Sequence[int]) -> Callable[..., Any]:
    """A function of lists as one of single numbers, with the derivatives in the order of `wrt`."""
    place = {node: index for index, node in enumerate(flat(source.slopes))}
    arguments = [forming(nodes) for nodes in source.arguments]
    in_order = forming(tuple(place[node] for node in wrt) if place else ())

    def run(*numbers: float) -> tuple[Any, ...]:
        value, slopes, *also = function(*(argument(numbers) for argument in arguments))
        return value, in_order(flat(slopes)), *also

    return run


def _value(function: Callable[..., Any], row: Sequence[float], parameters: Sequence[float]) -> float:
    try:
        return float(function(*row, *parameters)[0])
    except (ArithmeticError, ValueError):
        return math.nan
