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
import functools
import itertools
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

_NOTHING = contextlib.nullcontext()


class Recorded:
    """A function's graph at some arguments: fresh inputs in the place of the numbers, and its outputs."""

    def __init__(self, f: Callable[..., Any], arguments: Sequence[Any], /, **options: Any) -> None:
        self.start = next(clock)
        numbers, self.rebuild = flatten(list(arguments))
        # A Value, which belongs to a derivative further out, gets a node of its own: d(x + y)/dy is 1 where y = x, too.
        self.inputs: list[Value] = [same([x]) if isinstance(x, Value) else Value(x) for x in numbers]
        with recorded() if marks else _NOTHING:
            self.result = f(*self.rebuild(self.inputs), **options)
        outputs, self.rebuild_result = flatten(self.result)
        self.outputs = list(map(as_value, outputs))
        self.graph = united(self.outputs, self.start)
        # Whether all that was read was made for this call: no derivative further out can ask for it.
        # A number could not tell that a side was chosen by what somebody gave.
        chosen = any(isinstance(x, Value) for x in numbers) and any(decided(self.graph.ends, 0))
        self.closed = not chosen and all(end._stamp < -self.start for end in self.graph.ends)
        self.lock = threading.Lock()  # a pullback may be called from several threads, and sweeps the same nodes

    def single(self, wanted: str) -> Value:
        """The output of a function that has one."""
        if isinstance(self.result, list | tuple):
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
        fast = functools.partial(number_gradients, seeds, self.graph.results, self.graph.ends)
        return self._swept(seeds, fast, self.inputs, lambda: weighted_gradients(seeds, self.inputs, self.start))

    def forward(self, directions: Sequence[Operand]) -> Sequence[Operand]:
        """How the outputs change when the inputs change at these rates."""
        moving: dict[Value, Any] = dict(zip(self.inputs, directions, strict=True))
        fast = functools.partial(number_tangents, reversed(self.graph.results), moving)
        return self._swept(moving, fast, self.outputs, lambda: tangents(self.outputs, moving, self.start))

    def twice(self, y: Value, directions: Sequence[Operand]) -> Sequence[Operand]:
        """How the derivatives of an output change when the inputs change at these rates."""
        moving: dict[Value, Any] = dict(zip(self.inputs, directions, strict=True))

        def exact() -> list[Value]:
            xs = [x for x, rate in moving.items() if isinstance(rate, Value) or rate]
            check_smooth([y], xs, self.graph.results, self.graph.whole)
            with recorded():
                return tangents(weighted_gradients({y: 1.0}, self.inputs, self.start), moving, self.start)

        fast = functools.partial(second_order, y, self.graph.results, self.graph.ends, moving)
        return self._swept(moving, fast, self.inputs, exact)

    def rows(self, forward: bool) -> list[Sequence[Operand]]:
        """The gradient of each output, by sweeps forward from the inputs or backward from the outputs."""
        if not forward:
            return [self.backward(unit) for unit in _units(len(self.outputs))]
        columns = [self.forward(unit) for unit in _units(len(self.inputs))]
        return list(zip(*columns, strict=True)) if columns else [[] for _ in self.outputs]

    def _swept(
        self,
        given: Mapping[Value, Operand],
        fast: Callable[[], Mapping[Value, float] | None],
        wanted: Sequence[Value],
        exact: Callable[[], list[Value]],
    ) -> Sequence[Operand]:
        """What a sweep gives for the wanted nodes: numbers, unless something outside was read, or given as a Value.

        The fast sweep, over numbers, may fail at a partial that only other leaves need, or at 0 times infinity, where
        the exact one, over Values, does not.
        """
        if not self.closed or any(isinstance(x, Value) for x in given.values()):
            return exact()
        with contextlib.suppress(ArithmeticError, ValueError), self.lock:
            found = fast()
            if found is not None:
                return plain([found.get(x, 0.0) for x in wanted])
        return plain(exact())


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives the value of f and its gradient with respect to the arguments at these positions.

    >>> value_and_grad(lambda w, x: w[0] * x + w[1])([2.0, 1.0], 3.0)
    (7.0, [3.0, 1.0])
    """

    def value_and_gradient(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        call, chosen = _chosen(f, argnums, arguments, options)
        call.single("grad")
        return call.value(), chosen(call.backward([1.0]))

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the gradient of f with respect to the arguments at these positions.

    >>> grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 5.0)
    (5.0, 3.0)
    >>> grad(lambda x: x * grad(lambda y: x + y)(x))(2.0)  # the inner derivative is 1, whatever y is set to
    1.0

    Raises TypeError where f does not give one number, and what `backward` raises.
    """
    both = value_and_grad(f, argnums)
    return lambda *arguments, **options: both(*arguments, **options)[1]


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of f and its derivative along a direction, which has the shape of the arguments: one forward sweep.

    >>> jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """
    call = Recorded(f, _arguments(primals))
    rates = _like(primals, tangents, "tangents")
    return call.value(), call.rebuild_result(call.forward(rates))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f, and the function from weights of its results to the gradient of their weighted sum.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 5.0)
    >>> value, pullback([1.0, 10.0])
    ([15.0, 8.0], (15.0, 13.0))
    """
    call = Recorded(f, primals)

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        return tuple(call.rebuild(call.backward(_like(call.result, cotangents, "cotangents"))))

    return call.value(), pullback


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the derivatives of all results of f: in the shape of the results, each a gradient.

    The sweeps go backward, one for each result, or forward, one for each argument, whichever are fewer.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + 1])([3.0, 5.0])
    [[5.0, 3.0], [1.0, 0.0]]
    """

    def rows(*arguments: Any, **options: Any) -> Any:
        call, chosen = _chosen(f, argnums, arguments, options)
        found = call.rows(forward=len(call.inputs) < len(call.outputs))
        return call.rebuild_result(list(map(chosen, found)))

    return rows


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of f: in the shape of the argument, each again of that shape.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """

    def rows(*arguments: Any, **options: Any) -> Any:
        call, chosen = _chosen(f, argnums, arguments, options)
        y = call.single("hessian")
        return chosen([chosen(call.twice(y, unit)) for unit in _units(len(call.inputs))])

    return rows


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, in the shape of the argument (of several, a tuple); no Hessian is built.

    >>> hvp(lambda x: x[0] ** 2 * x[1], ([3.0, 5.0],), ([1.0, 0.0],))
    [10.0, 6.0]
    """
    call = Recorded(f, _arguments(primals))
    y, rates = call.single("hvp"), _like(primals, tangents, "tangents")
    parts = call.rebuild(call.twice(y, rates))
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

    call = Recorded(of_the_chosen, [arguments[index] for index in indices], **options)

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
    if shape(tree) != shape(other):
        raise ValueError(f"the {what} need the shape of {tree!r}, not that of {other!r}")
    return [x if isinstance(x, Value) else number(x) for x in flatten(other)[0]]


def _units(count: int) -> list[list[float]]:
    """The directions along each of so many arguments."""
    return [[float(i == j) for j in range(count)] for i in range(count)]


def plain(found: Iterable[Operand]) -> list[float]:
    """Derivatives as plain numbers. Raises RangeError for one that is not finite."""
    numbers = [x.data if isinstance(x, Value) else x for x in found]
    for infinite in itertools.filterfalse(math.isfinite, numbers):
        raise RangeError(f"a derivative is not a finite number: {infinite!r}")
    return numbers
