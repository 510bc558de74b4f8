"""A program run through the graph itself, which says what happened where it fails."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from autograd.compiler.backends.wanted import Sums, Wanted
from autograd.compiler.columns import Columns
from autograd.engine.value import Value
from autograd.errors import AutogradError


class Eager:
    """The graph recorded once more, row by row: where an operation fails, its error is raised."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        found = self._replayed(numbers, parameters)
        return found.value, found.gradients

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        return functools.reduce(Sums.joined, (self._replayed(numbers, parameters) for numbers in rows))

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        found = [self.value(numbers, parameters) for numbers in rows]
        return found, found

    def value(self, numbers: Sequence[float], parameters: Sequence[float]) -> float:
        """The value at one row; nan where an operation fails."""
        trace = self._wanted.trace
        try:
            return float(trace.replay(numbers, parameters)[trace.root].data)
        except AutogradError:
            return math.nan

    def _replayed(self, numbers: Sequence[float], parameters: Sequence[float]) -> Sums:
        trace, wrt, also = self._wanted.trace, self._wanted.wrt, self._wanted.also
        nodes: Sequence[Any] = trace.replay(numbers, parameters)
        value = nodes[trace.root].data
        try:
            if wrt:
                nodes[trace.root].backward()
        except AutogradError as error:  # perhaps at a derivative that nobody wants: then with numbers for other leaves
            nodes = trace.replay(numbers, parameters, wrt)
            try:
                nodes[trace.root].backward()
            except AttributeError:  # nothing moves
                raise error from None
        others = [node.data if isinstance(node, Value) else node for node in (nodes[index] for index in also)]
        return Sums(value, [nodes[index].grad for index in wrt], [[number] for number in others])

    def __str__(self) -> str:
        return "the graph"
