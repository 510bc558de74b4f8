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

import contextlib
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from autograd.derivatives.gradients import (
    gradients,
    number_gradients,
    number_tangents,
    second_order,
    tangents,
    united,
    weighted_gradients,
)
from autograd.derivatives.trees import flatten, leaves_like
from autograd.engine.checks import number
from autograd.engine.functions import sum as same
from autograd.engine.recording import marks, recorded
from autograd.engine.value import Operand, Value, clock
from autograd.errors import RangeError

_NOTHING = contextlib.nullcontext()


class Recorded:
    """A function's graph at some arguments: fresh inputs in the place of the numbers, and its outputs."""

    def __init__(self, f: Callable[..., Any], arguments: Sequence[Any], options: dict[str, Any]) -> None:
        start = next(clock)
        numbers, self.rebuild = flatten(list(arguments))
        # A Value, which belongs to a derivative further out, gets a node of its own: d(x + y)/dy is 1 where y = x, too.
        self.inputs: list[Value] = [same([x]) if isinstance(x, Value) else Value(x) for x in numbers]
        with recorded() if marks else _NOTHING:
            self.result = f(*self.rebuild(self.inputs), **options)
        outputs, self.rebuild_result = flatten(self.result)
        self.outputs = [y if isinstance(y, Value) else Value(y) for y in outputs]
        self.graph = united(self.outputs)
        # Whether all that was read was made for this call: no derivative further out can ask for it.
        self.closed = all(leaf._stamp < -start for leaf in self.graph[1])
        self.lock = threading.Lock()  # a pullback may be called from several threads, and sweeps the same nodes

    def single(self, wanted: str) -> Value:
        """The output of a function that has one."""
        if isinstance(self.result, list | tuple):
            raise TypeError(
                f"{wanted} takes a function of one result, not of a {type(self.result).__name__}: see jacobian"
            )
        return self.outputs[0]

    def plain(self, found: Sequence[Operand], given: Sequence[Operand] = ()) -> list[Operand]:
        """Numbers as the caller gets them: plain ones if nothing outside was read, nor given as a weight or a rate."""
        if self.closed and not any(isinstance(x, Value) for x in given):
            return [_finite(x.data if isinstance(x, Value) else x) for x in found]
        return [x if isinstance(x, Value) else Value(x) for x in found]

    def value(self) -> Any:
        """The function's own result."""
        return self.rebuild_result(self.plain(self.outputs))

    def fast(
        self, given: Iterable[Operand], sweep: Callable[[], Mapping[Value, float] | None], wanted: Sequence[Value]
    ) -> list[float] | None:
        """What a sweep over plain numbers gives for these nodes, if it will do and succeeds.

        It may fail at a partial that only other leaves need, or at 0 times infinity, where one over Values does not.
        """
        if self.closed and not any(isinstance(x, Value) for x in given):
            with contextlib.suppress(ArithmeticError, ValueError), self.lock:
                found = sweep()
                numbers = [] if found is None else [found.get(x, 0.0) for x in wanted]
                if found is not None and all(map(math.isfinite, numbers)):
                    return numbers
        return None

    def backward(self, weights: Sequence[Operand]) -> Sequence[Operand]:
        """The derivatives of the weighted sum of the outputs with respect to the inputs."""
        seeds: dict[Value, Any] = {}
        for y, weight in zip(self.outputs, weights, strict=True):
            seeds[y] = seeds[y] + weight if y in seeds else weight
        slopes = self.fast(weights, lambda: number_gradients(seeds, *self.graph), self.inputs)
        return weighted_gradients(seeds, self.inputs) if slopes is None else slopes

    def forward(self, directions: Sequence[Operand]) -> Sequence[Operand]:
        """How the outputs change when the inputs change at these rates."""
        moving: dict[Value, Any] = dict(zip(self.inputs, directions, strict=True))
        rates = self.fast(directions, lambda: number_tangents(reversed(self.graph.results), moving), self.outputs)
        return tangents(self.outputs, moving) if rates is None else rates

    def twice(self, y: Value, directions: Sequence[Operand]) -> Sequence[Operand]:
        """How the derivatives of an output change when the inputs change at these rates."""
        moving: dict[Value, Any] = dict(zip(self.inputs, directions, strict=True))
        changes = self.fast(directions, lambda: second_order(y, *self.graph, moving), self.inputs)
        if changes is not None:
            return changes
        with recorded():
            return tangents(gradients(y, self.inputs), moving)


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives the value of f and its gradient with respect to the arguments at these positions.

    >>> value_and_grad(lambda w, x: w[0] * x + w[1])([2.0, 1.0], 3.0)
    (7.0, [3.0, 1.0])
    """

    def value_and_gradient(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        call, chosen = _chosen(f, argnums, arguments, options)
        call.single("grad")
        return call.value(), chosen(call.plain(call.backward([1.0])))

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
        return value_and_grad(f, argnums)(*arguments, **options)[1]

    return gradient


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of f and its derivative along a direction, which has the shape of the arguments: one forward sweep.

    >>> jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """
    call = Recorded(f, _arguments(primals), {})
    rates = _like(primals, tangents, "tangents")
    return call.value(), call.rebuild_result(call.plain(call.forward(rates), rates))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f, and the function from weights of its results to the gradient of their weighted sum.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 5.0)
    >>> value, pullback([1.0, 10.0])
    ([15.0, 8.0], (15.0, 13.0))
    """
    call = Recorded(f, primals, {})

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        weights = _like(call.result, cotangents, "cotangents")
        return tuple(call.rebuild(call.plain(call.backward(weights), weights)))

    return call.value(), pullback


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the derivatives of all results of f: in the shape of the results, each a gradient.

    The sweeps go backward, one for each result, or forward, one for each argument, whichever are fewer.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + 1])([3.0, 5.0])
    [[5.0, 3.0], [1.0, 0.0]]
    """

    def rows(*arguments: Any, **options: Any) -> Any:
        call, chosen = _chosen(f, argnums, arguments, options)
        if len(call.outputs) <= len(call.inputs):
            found = [call.backward(unit) for unit in units(len(call.outputs))]
        else:
            columns = [call.forward(unit) for unit in units(len(call.inputs))]
            found = [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in call.outputs]
        return call.rebuild_result([chosen(call.plain(row)) for row in found])

    return rows


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of f: in the shape of the argument, each again of that shape.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """

    def rows(*arguments: Any, **options: Any) -> Any:
        call, chosen = _chosen(f, argnums, arguments, options)
        y = call.single("hessian")
        found = [chosen(call.plain(call.twice(y, unit))) for unit in units(len(call.inputs))]
        return chosen(found)

    return rows


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, in the shape of the argument (of several, a tuple); no Hessian is built.

    >>> hvp(lambda x: x[0] ** 2 * x[1], ([3.0, 5.0],), ([1.0, 0.0],))
    [10.0, 6.0]
    """
    call = Recorded(f, _arguments(primals), {})
    y, rates = call.single("hvp"), _like(primals, tangents, "tangents")
    parts = call.rebuild(call.plain(call.twice(y, rates), rates))
    return parts[0] if len(parts) == 1 else tuple(parts)


def _chosen(
    f: Callable[..., Any], argnums: int | Sequence[int], arguments: Sequence[Any], options: dict[str, Any]
) -> tuple[Recorded, Callable[[Sequence[Any]], Any]]:
    """The call of f as a function of the arguments at some positions, and what gives these their shape."""
    single = not isinstance(argnums, list | tuple)
    indices: list[Any] = list(argnums) if isinstance(argnums, list | tuple) else [argnums]
    for index in indices:
        if not isinstance(index, Integral) or not -len(arguments) <= int(index) < len(arguments):
            raise ValueError(f"argnums names argument {index!r}, and the function was called with {len(arguments)}")
    indices = [index % len(arguments) for index in indices]
    if len(set(indices)) < len(indices):
        raise ValueError(f"argnums = {argnums!r} names an argument twice")

    def of_the_chosen(*chosen: Any, **options: Any) -> Any:
        given = dict(zip(indices, chosen, strict=True))
        return f(*(given.get(index, argument) for index, argument in enumerate(arguments)), **options)

    call = Recorded(of_the_chosen, [arguments[index] for index in indices], options)

    def shaped(numbers: Sequence[Any]) -> Any:
        parts = call.rebuild(numbers)
        return parts[0] if single else tuple(parts)

    return call, shaped


def _arguments(primals: Any) -> Sequence[Any]:
    if not isinstance(primals, list | tuple):
        raise TypeError(
            f"primals and tangents are tuples with an entry for each argument, ({primals!r},), not {primals!r}"
        )
    return primals


def _like(tree: Any, other: Any, what: str) -> list[Operand]:
    """The leaves of a tree that has the shape of another one."""
    leaves = leaves_like(tree, other)
    if leaves is None:
        raise ValueError(f"the {what} need the shape of {tree!r}, not that of {other!r}")
    return [x if isinstance(x, Value) else number(x) for x in leaves]


def units(count: int) -> list[list[float]]:
    """The directions along each of so many arguments."""
    return [[float(i == j) for j in range(count)] for i in range(count)]


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise RangeError(f"a derivative is not a finite number: {number!r}")
    return number
