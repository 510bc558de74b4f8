"""Derivatives of functions, with the names of JAX: a function in, a function or its derivatives out.

>>> from autograd.engine.functions import exp
>>> slope = grad(lambda x: x * exp(x))
>>> slope(0.0), grad(slope)(0.0), grad(grad(slope))(0.0)
(1.0, 2.0, 3.0)

A function takes numbers, or lists of numbers (nested ones, too), and computes with the operators and the functions of
`autograd`; it may branch, loop and call itself. Derivatives have the shape of the arguments. Where everything a
function reads comes in through its arguments, they are plain numbers. Where it also reads Values from outside, they are
Values that depend on these: so a derivative can be taken inside another one.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from autograd.derivatives.gradients import (
    as_value,
    number_gradients,
    number_tangents,
    second_order,
    tangents,
    weighted_gradients,
)
from autograd.derivatives.recent import united
from autograd.derivatives.trees import flatten, shape
from autograd.engine.checks import number
from autograd.engine.flow import check_smooth
from autograd.engine.functions import sum as same
from autograd.engine.recording import clock, decided, marks, recorded
from autograd.engine.value import Operand, Value
from autograd.errors import RangeError


class Recorded:
    """The graph of a function of a tree: fresh inputs in the place of the numbers, and the outputs."""

    def __init__(self, f: Callable[[Any], Any], argument: Any) -> None:
        self.start = next(clock)
        numbers, self.rebuild = flatten(argument)
        # A Value, which belongs to a derivative further out, gets a node of its own: d(x + y)/dy is 1 where y = x, too.
        self.inputs: list[Value] = [same([x]) if isinstance(x, Value) else Value(x) for x in numbers]
        if marks:
            with recorded():
                self.result = f(self.rebuild(self.inputs))
        else:
            self.result = f(self.rebuild(self.inputs))
        outputs, self.rebuild_result = flatten(self.result)
        self.outputs = [as_value(x) for x in outputs]
        self.graph = united(self.outputs, self.start)
        # Whether all that was read was made for this call: no derivative further out can ask for it.
        # A number could not tell that a side was chosen by what somebody gave.
        self.closed = self.graph.closed and not (_values(numbers) and any(decided(self.graph.ends, 0)))

    def single(self, wanted: str) -> Value:
        """The output of a function that has one."""
        if isinstance(self.result, (list, tuple)):
            kind = type(self.result).__name__
            raise TypeError(f"{wanted} takes a function of one result, not of a {kind}: see jacobian")
        return self.outputs[0]

    def value(self) -> Any:
        """The function's own result."""
        return self.rebuild_result(plain(self.outputs) if self.closed else self.outputs)

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
            return [self.backward(unit) for unit in _units(len(self.outputs))]
        columns = [self.forward(unit) for unit in _units(len(self.inputs))]
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


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives the value of f and its gradient with respect to the arguments at these positions.

    >>> value_and_grad(lambda w, x: w[0] * x + w[1])([2.0, 1.0], 3.0)
    (7.0, [3.0, 1.0])
    """

    def value_and_gradient(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        call = _chosen(f, argnums, arguments, options)
        call.single("grad")
        return call.value(), call.rebuild(call.backward([1.0]))

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the gradient of f with respect to the arguments at these positions.

    >>> grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 5.0)
    (5.0, 3.0)
    >>> grad(lambda x: x * grad(lambda y: x + y)(x))(2.0)  # the inner derivative is 1, whatever y is set to
    1.0

    Raises TypeError where f does not give one number, and what `backward` raises.
    """

    def gradient(*arguments: Any, **options: Any) -> Any:
        call = _chosen(f, argnums, arguments, options)
        call.single("grad")
        return call.rebuild(call.backward([1.0]))

    return gradient


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of f and its derivative along a direction, which has the shape of the arguments: one forward sweep.

    >>> jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """
    call = Recorded(lambda x: f(*x), _arguments(primals))
    rates = _like(primals, tangents, "tangents")
    return call.value(), call.rebuild_result(call.forward(rates))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f, and the function from weights of its results to the gradient of their weighted sum.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 5.0)
    >>> value, pullback([1.0, 10.0])
    ([15.0, 8.0], (15.0, 13.0))
    """
    call = Recorded(lambda x: f(*x), primals)
    lock = threading.Lock()  # a pullback may be called from several threads, and sweeps the same nodes

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        weights = _like(call.result, cotangents, "cotangents")
        with lock:
            return call.rebuild(call.backward(weights))  # type: ignore[no-any-return]

    return call.value(), pullback


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the derivatives of all results of f: in the shape of the results, each a gradient.

    The sweeps go backward, one for each result, or forward, one for each argument, whichever are fewer.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + 1])([3.0, 5.0])
    [[5.0, 3.0], [1.0, 0.0]]
    """

    def rows(*arguments: Any, **options: Any) -> Any:
        call = _chosen(f, argnums, arguments, options)
        found = call.rows(forward=len(call.inputs) < len(call.outputs))
        return call.rebuild_result(list(map(call.rebuild, found)))

    return rows


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of f: in the shape of the argument, each again of that shape.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """

    def rows(*arguments: Any, **options: Any) -> Any:
        call = _chosen(f, argnums, arguments, options)
        y = call.single("hessian")
        return call.rebuild([call.rebuild(call.twice(y, unit)) for unit in _units(len(call.inputs))])

    return rows


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, in the shape of the argument (of several, a tuple); no Hessian is built.

    It takes at most six times as long as f from some hundreds of operations on; with fewer, its own setting-up shows.

    >>> hvp(lambda x: x[0] ** 2 * x[1], ([3.0, 5.0],), ([1.0, 0.0],))
    [10.0, 6.0]
    """
    call = Recorded(lambda x: f(*x), _arguments(primals))
    y, rates = call.single("hvp"), _like(primals, tangents, "tangents")
    parts = call.rebuild(call.twice(y, rates))
    return parts[0] if len(parts) == 1 else parts


def _chosen(
    f: Callable[..., Any], argnums: int | Sequence[int], arguments: Sequence[Any], options: dict[str, Any]
) -> Recorded:
    """The call of f as a function of the argument at a position, or of those at several."""
    if not isinstance(argnums, (list, tuple)):
        at = _index(argnums, len(arguments))
        if len(arguments) == 1 and not options:
            return Recorded(f, arguments[0])
        return Recorded(lambda x: f(*arguments[:at], x, *arguments[at + 1 :], **options), arguments[at])
    indices = [_index(index, len(arguments)) for index in argnums]
    if len(set(indices)) < len(indices):
        raise ValueError(f"argnums = {argnums!r} names an argument twice")

    def of_the_chosen(chosen: Sequence[Any]) -> Any:
        given = [*arguments]
        for index, argument in zip(indices, chosen, strict=True):
            given[index] = argument
        return f(*given, **options)

    return Recorded(of_the_chosen, tuple(arguments[index] for index in indices))


def _index(index: Any, count: int) -> int:
    """The position of an argument, counted from the first."""
    if not isinstance(index, (int, Integral)) or not -count <= int(index) < count:
        raise ValueError(f"argnums names argument {index!r}, and the function was called with {count}")
    return int(index) % count


def _arguments(primals: Any) -> tuple[Any, ...]:
    if not isinstance(primals, list | tuple):
        raise TypeError(
            f"primals and tangents are tuples with an entry for each argument, ({primals!r},), not {primals!r}"
        )
    return tuple(primals)


def _like(tree: Any, other: Any, what: str) -> list[Operand]:
    """The leaves of a tree that has the shape of another one."""
    if shape(tree) != shape(other):
        raise ValueError(f"the {what} need the shape of {tree!r}, not that of {other!r}")
    return [x if isinstance(x, Value) else number(x) for x in flatten(other)[0]]


def _units(count: int) -> list[list[float]]:
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
