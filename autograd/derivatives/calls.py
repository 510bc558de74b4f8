"""A function called once on fresh inputs: its graph, and the sweeps over it.

>>> call = Recorded(lambda p: p["w"] * p["x"], {"w": 2.0, "x": 5.0})
>>> call.value(), call.rebuild(call.backward([1.0]))
(10.0, {'w': 5.0, 'x': 2.0})
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from autograd.derivatives.gradients import (
    as_value,
    number_gradients,
    number_tangents,
    second_order,
    tangents,
    weighted_gradients,
)
from autograd.derivatives.recent import Graph, united
from autograd.derivatives.trees import converted, flatten, is_container
from autograd.engine.flow import check_smooth
from autograd.engine.functions import sum as same
from autograd.engine.recording import clock, marks, recorded
from autograd.engine.value import Operand, Value, is_result
from autograd.errors import RangeError


class Recorded:
    """The graph of a function of a tree: fresh inputs in the place of the numbers, and the outputs."""

    def __init__(self, f: Callable[[Any], Any], argument: Any, has_aux: bool = False) -> None:
        self.start, self.has_aux = next(clock), has_aux
        self.inputs, self.rebuild = converted(argument, "the argument", _fresh)
        if marks:
            with recorded():
                self.result = f(self.rebuild(self.inputs))
        else:
            self.result = f(self.rebuild(self.inputs))
        self.aux: Any = None
        if has_aux:
            self.result, self.aux = _parted(self.result)
        if self.result is None:
            raise TypeError("the function returned None: is its return missing?")
        self.outputs, self.rebuild_result = converted(self.result, "the result", as_value)
        self.graph = united(self.outputs, self.start)
        # Whether all that was read was made for this call: no derivative further out can ask for it. Where Values are
        # given, Values come back, even of a constant: which side it is on may have been chosen by what somebody gave.
        self.given = any(map(is_result, self.inputs))
        self.closed = self.graph.closed and not self.given

    def single(self, wanted: str) -> Value:
        """The output of a function that has one."""
        if is_container(self.result):
            kind = type(self.result).__name__
            has_two = isinstance(self.result, tuple) and len(self.result) == 2 and isinstance(self.result[0], Value)
            cure = ", or has_aux=True, if the first is the result, and the second comes along" if has_two else ""
            raise TypeError(f"{wanted} takes a function of one result, not of a {kind}: see jacobian{cure}")
        return self.outputs[0]

    def value(self) -> Any:
        """The function's own result."""
        return self.rebuild_result(plain(self.outputs) if self.closed else self.outputs)

    def beside(self) -> Any:
        """What the function gave beside its result: its Values are numbers, unless something outside was read."""
        leaves, build = flatten(self.aux)
        if self.given or not Graph([x for x in leaves if isinstance(x, Value)], self.start).closed:
            return build(leaves)
        return build([x._data if isinstance(x, Value) else x for x in leaves])

    def backward(self, weights: Sequence[Operand]) -> Sequence[Operand]:
        """The derivatives of the weighted sum of the outputs with respect to the inputs."""
        seeds: dict[Value, Any] = {}
        for y, weight in zip(self.outputs, weights, strict=True):
            seeds[y] = seeds[y] + weight if y in seeds else weight
        return self._swept(
            seeds,
            lambda: number_gradients(seeds, self.graph.results, self.graph.ends, self.inputs),
            lambda: weighted_gradients(seeds, self.inputs, self.start),
        )

    def forward(self, directions: Sequence[Operand]) -> Sequence[Operand]:
        """How the outputs change when the inputs change at these rates."""
        moving: dict[Value, Any] = dict(zip(self.inputs, directions, strict=True))
        return self._swept(
            moving,
            lambda: _at(self.outputs, number_tangents(reversed(self.graph.results), moving)),
            lambda: tangents(self.outputs, moving, self.start),
        )

    def twice(self, y: Value, directions: Sequence[Operand]) -> Sequence[Operand]:
        """How the derivatives of an output change when the inputs change at these rates."""
        moving: dict[Value, Any] = dict(zip(self.inputs, directions, strict=True))

        def exact() -> list[Value]:
            xs = [x for x, rate in moving.items() if isinstance(rate, Value) or rate]
            check_smooth([y], xs, self.graph.results, self.graph.whole)
            with recorded():
                return tangents(weighted_gradients({y: 1.0}, self.inputs, self.start), moving, self.start)

        def fast() -> list[float] | None:
            changes = second_order(y, self.graph.results, self.graph.ends, moving)
            return None if changes is None else _at(self.inputs, changes)

        return self._swept(moving, fast, exact)

    def rows(self, forward: bool) -> list[Sequence[Operand]]:
        """The gradient of each output, by sweeps forward from the inputs or backward from the outputs."""
        if not forward:
            return [self.backward(unit) for unit in units(len(self.outputs))]
        columns = [self.forward(unit) for unit in units(len(self.inputs))]
        return list(zip(*columns, strict=True)) if columns else [[] for _ in self.outputs]

    def _swept(
        self,
        given: Mapping[Value, Operand],
        fast: Callable[[], list[float] | None],
        exact: Callable[[], list[Value]],
    ) -> Sequence[Operand]:
        """What a sweep gives: numbers, unless something outside was read, or given as a Value.

        The fast sweep, over numbers, may fail at a partial that only other leaves need, or at 0 times infinity, where
        the exact one, over Values, does not.
        """
        if not self.closed or _values(given.values()):
            return exact()
        try:
            found = fast()
            return plain(exact()) if found is None else finite(found)
        except (ArithmeticError, ValueError):
            return plain(exact())


def _fresh(x: Operand) -> Value:
    """A new input; a Value, which belongs to a derivative further out, gets a node of its own.

    So d(x + y)/dy is 1 where y = x, too.
    """
    return same([x]) if isinstance(x, Value) else Value(x)


def _parted(result: Any) -> tuple[Any, Any]:
    """A function's result, and what it gives beside it."""
    if isinstance(result, tuple | list) and len(result) == 2:
        return result[0], result[1]
    shown = f"{result!r}, of type {type(result).__name__}"
    raise TypeError(f"with has_aux=True a function returns a pair, (result, aux), not {shown}")


def units(count: int) -> list[list[float]]:
    """The directions along each of so many arguments."""
    return [[float(i == j) for j in range(count)] for i in range(count)]


def _at(nodes: Iterable[Value], found: Mapping[Value, float]) -> list[float]:
    """What was found for these nodes; 0 where nothing arrived."""
    return [found.get(node, 0.0) for node in nodes]


def _values(operands: Iterable[Operand]) -> list[Value]:
    return [x for x in operands if isinstance(x, Value)]


def plain(found: Iterable[Operand]) -> list[float]:
    """Derivatives as plain numbers. Raises RangeError for one that is not finite."""
    return finite([x._data if isinstance(x, Value) else x for x in found])


def finite(derivatives: list[float]) -> list[float]:
    """The same numbers. Raises RangeError for one that is not finite."""
    for derivative in derivatives:
        if not math.isfinite(derivative):
            raise RangeError(f"a derivative is not a finite number: {derivative!r}")
    return derivatives
