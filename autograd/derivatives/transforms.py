"""Derivatives of functions, with the names of JAX: a function in, a function or its derivatives out.

>>> from autograd.engine.functions import exp
>>> slope = grad(lambda x: x * exp(x))
>>> slope(0.0), grad(slope)(0.0), grad(grad(slope))(0.0)
(1.0, 2.0, 3.0)

A function takes numbers, or lists, tuples and dicts of numbers (nested ones, too), and computes with the operators and
the functions of `autograd`; it may branch, loop and call itself. Derivatives have the shape of the arguments. Where
everything a function reads comes in through its arguments, they are plain numbers. Where it also reads Values from
outside, or is given Values, they are Values that depend on these: so a derivative can be taken inside another one.

With `has_aux=True` a function returns a pair, its result and what else is to be had of the same call: predictions, say.
It is not differentiated, and comes back last, with numbers for its Values by the same rule.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Protocol, TypeVar, overload

from autograd.derivatives.calls import Recorded, units
from autograd.derivatives.trees import converted, matched
from autograd.engine.checks import number, real
from autograd.engine.value import Operand, Value

Tree = TypeVar("Tree")
Number = TypeVar("Number", float, Value)


class Slope(Protocol):
    """What `grad` gives, for type checkers: floats in, a float out; Values in, a Value out; of trees they know nothing.

    Nor can they know of Values that a function reads from outside: then floats give a Value, too.
    """

    @overload
    def __call__(self, x: Number, /, *others: Number, **options: Any) -> Number: ...
    @overload
    def __call__(self, *arguments: Any, **options: Any) -> Any: ...


class ValueAndSlope(Protocol):
    """The same of `value_and_grad`."""

    @overload
    def __call__(self, x: Number, /, *others: Number, **options: Any) -> tuple[Number, Number]: ...
    @overload
    def __call__(self, *arguments: Any, **options: Any) -> tuple[Any, Any]: ...


@overload
def value_and_grad(f: Callable[..., Any], argnums: int = 0, has_aux: Literal[False] = False) -> ValueAndSlope: ...
@overload
def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]: ...
def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """The function that gives the value of f and its gradient with respect to the arguments at these positions.

    >>> value_and_grad(lambda w, x: w[0] * x + w[1])([2.0, 1.0], 3.0)
    (7.0, [3.0, 1.0])
    >>> value_and_grad(lambda p: ((p["w"] - 5) ** 2, {"error": p["w"] - 5}), has_aux=True)({"w": 2.0})
    ((9.0, {'error': -3.0}), {'w': -6.0})
    """

    _check_call("value_and_grad", f, argnums)

    def value_and_gradient(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        call = _chosen(f, argnums, arguments, options, has_aux)
        call.single("grad")
        return _with_aux(call, call.value()), call.rebuild(call.backward([1.0]))

    return value_and_gradient


@overload
def grad(f: Callable[..., Any], argnums: int = 0, has_aux: Literal[False] = False) -> Slope: ...
@overload
def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]: ...
def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient of f with respect to the arguments at these positions.

    >>> grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 5.0)
    (5.0, 3.0)
    >>> grad(lambda p: p["w"] * p["x"] + p["b"])({"w": 2.0, "x": 5.0, "b": 1.0})
    {'w': 5.0, 'x': 2.0, 'b': 1.0}
    >>> grad(lambda x: x * grad(lambda y: x + y)(x))(2.0)  # the inner derivative is 1, whatever y is set to
    1.0
    >>> grad(lambda x: (x ** 2, [x, "beside"]), has_aux=True)(3.0)
    (6.0, [3.0, 'beside'])

    Raises TypeError where f does not give one number, and what `backward` raises.
    """

    _check_call("grad", f, argnums)

    def gradient(*arguments: Any, **options: Any) -> Any:
        call = _chosen(f, argnums, arguments, options, has_aux)
        call.single("grad")
        return _with_aux(call, call.rebuild(call.backward([1.0])))

    return gradient


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """The value of f and its derivative along a direction, which has the shape of the arguments: one forward sweep.

    >>> jvp(lambda x, y: x * y, (3.0, 5.0), (1.0, 0.0))
    (15.0, 5.0)
    """
    call = Recorded(lambda x: f(*x), _arguments(primals), has_aux)
    rates = _like(primals, tangents, "tangents")
    return _with_aux(call, call.value(), call.rebuild_result(call.forward(rates)))  # type: ignore[no-any-return]


def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of f, and the function from a direction to the derivative along it, as `jvp` gives it.

    f runs once. Each direction, given by a number for each argument, is one forward sweep over its graph.

    >>> value, along = linearize(lambda x, y: x * y, 3.0, 5.0)
    >>> value, along(1.0, 0.0), along(0.0, 1.0)
    (15.0, 5.0, 3.0)
    """
    call = Recorded(lambda x: f(*x), primals, has_aux)
    given = call.rebuild([x.data for x in call.inputs])

    def along(*tangents: Any) -> Any:
        return call.rebuild_result(call.forward(_like(given, tangents, "tangents")))

    return _with_aux(call, call.value(), along)  # type: ignore[no-any-return]


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of f, and the function from weights of its results to the gradient of their weighted sum.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 5.0)
    >>> value, pullback([1.0, 10.0])
    ([15.0, 8.0], (15.0, 13.0))
    """
    call = Recorded(lambda x: f(*x), primals, has_aux)
    results = call.rebuild_result([y.data for y in call.outputs])
    lock = threading.Lock()  # a pullback may be called from several threads, and sweeps the same nodes

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        weights = _like(results, cotangents, "cotangents")
        with lock:
            return call.rebuild(call.backward(weights))  # type: ignore[no-any-return]

    return _with_aux(call, call.value(), pullback)  # type: ignore[no-any-return]


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the derivatives of all results of f: in the shape of the results, each a gradient.

    The sweeps go backward, one for each result, or forward, one for each argument, whichever are fewer.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + 1])([3.0, 5.0])
    [[5.0, 3.0], [1.0, 0.0]]
    >>> jacobian(lambda p: {"area": p["a"] * p["b"], "side": p["a"]})({"a": 3.0, "b": 5.0})
    {'area': {'a': 5.0, 'b': 3.0}, 'side': {'a': 1.0, 'b': 0.0}}
    """
    return _jacobian("jacobian", f, argnums, has_aux, lambda call: len(call.inputs) < len(call.outputs))


def jacfwd(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """`jacobian` by sweeps forward, one for each argument.

    >>> jacfwd(lambda t: [t, t ** 2, t ** 3])(2.0)
    [1.0, 4.0, 12.0]
    """
    return _jacobian("jacfwd", f, argnums, has_aux, lambda _: True)


def jacrev(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """`jacobian` by sweeps backward, one for each result.

    >>> jacrev(lambda x: [x[0] * x[1] * x[2]])([2.0, 3.0, 5.0])
    [[15.0, 10.0, 6.0]]
    """
    return _jacobian("jacrev", f, argnums, has_aux, lambda _: False)


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the second derivatives of f: in the shape of the argument, each again of that shape.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """

    _check_call("hessian", f, argnums)

    def rows(*arguments: Any, **options: Any) -> Any:
        call = _chosen(f, argnums, arguments, options, has_aux)
        y = call.single("hessian")
        found = [call.rebuild(call.twice(y, unit)) for unit in units(len(call.inputs))]
        return _with_aux(call, call.rebuild(found))

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


def stop_gradient(x: Tree) -> Tree:
    """The same number, or tree of numbers, as constants: no derivative of any order goes through them.

    Values become leaves of their own, as by `detach`; numbers stay what they are.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    leaves, build = converted(x, "the argument", _constant)
    return build(leaves)  # type: ignore[no-any-return]


def _constant(x: Any) -> Any:
    if isinstance(x, Value):
        return x.detach()
    return x if isinstance(x, Real) else real(x)  # which says what is wrong


def _jacobian(
    name: str, f: Callable[..., Any], argnums: int | Sequence[int], has_aux: bool, forward: Callable[[Recorded], bool]
) -> Callable[..., Any]:
    _check_call(name, f, argnums)

    def rows(*arguments: Any, **options: Any) -> Any:
        call = _chosen(f, argnums, arguments, options, has_aux)
        found = call.rows(forward(call))
        return _with_aux(call, call.rebuild_result(list(map(call.rebuild, found))))

    return rows


def _with_aux(call: Recorded, *found: Any) -> Any:
    """What was found, and last what the function gave beside its result, if it did."""
    found = (*found, call.beside()) if call.has_aux else found
    return found[0] if len(found) == 1 else found


def _chosen(
    f: Callable[..., Any],
    argnums: int | Sequence[int],
    arguments: Sequence[Any],
    options: dict[str, Any],
    has_aux: bool,
) -> Recorded:
    """The call of f as a function of the argument at a position, or of those at several."""
    if not isinstance(argnums, (list, tuple)):
        at = _index(argnums, len(arguments))
        if len(arguments) == 1 and not options:
            return Recorded(f, arguments[0], has_aux)
        return Recorded(lambda x: f(*arguments[:at], x, *arguments[at + 1 :], **options), arguments[at], has_aux)
    indices = [_index(index, len(arguments)) for index in argnums]
    if len(set(indices)) < len(indices):
        raise ValueError(f"argnums = {argnums!r} names an argument twice")

    def of_the_chosen(chosen: Sequence[Any]) -> Any:
        given = [*arguments]
        for index, argument in zip(indices, chosen, strict=True):
            given[index] = argument
        return f(*given, **options)

    return Recorded(of_the_chosen, tuple(arguments[index] for index in indices), has_aux)


def _check_call(name: str, f: object, argnums: object) -> None:
    """Raise a TypeError where the numbers were given at once, as in grad(f, 1.0), or something that is no function."""
    if not callable(f):
        raise TypeError(f"{name} takes a function, and gives one: write {name}(f)(x), not {name}({f!r})")
    for index in argnums if isinstance(argnums, list | tuple) else [argnums]:
        if isinstance(index, bool) or not isinstance(index, (int, Integral)):
            raise TypeError(f"argnums is the place of an argument, not {index!r}: write {name}(f)(x)")


def _index(index: Any, count: int) -> int:
    """The position of an argument, counted from the first."""
    if not -count <= int(index) < count:
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
    try:
        found = matched(tree, other)
    except ValueError:
        raise ValueError(f"the {what} need the shape of {tree!r}, not that of {other!r}") from None
    return [x if isinstance(x, Value) else number(x) for x in found]
