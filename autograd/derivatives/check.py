"""Derivatives compared with differences: `check_grad` tells whether a gradient, or a new row, is right.

>>> from autograd.engine.functions import exp, sin
>>> check_grad(lambda x: exp(-sin(x ** 2)), 1.5).argument
'argument 0'

The differences are central ones of order 6, (45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)) / 60 h (Fornberg 1988), for
several steps h; of two neighbours that agree best, the difference between them tells how far they can be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.derivatives.transforms import Recorded, jacobian
from autograd.derivatives.trees import flatten
from autograd.engine.checks import number, written
from autograd.engine.flow import at_kink, edges, local_partial
from autograd.engine.recording import no_grad
from autograd.engine.value import Result, Value, data_of
from autograd.errors import AutogradError, CheckError

_STEPS = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_WEIGHTS = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
_UNDECIDED = "differences decide nothing here, as they may err"
_NONE_WRONG = "no single operation of the graph is wrong at these numbers"


class Check(NamedTuple):
    """The argument whose derivative differs most from the differences, by how much, and both numbers."""

    error: float
    argument: str
    mode: str
    derivative: float
    difference: float


def check_grad(
    f: Callable[..., Any],
    *arguments: Any,
    order: int = 1,
    modes: str | Iterable[str] = ("forward", "reverse"),
    tolerance: float = 1e-5,
) -> Check:
    """Compare the derivatives of f with differences, and return the worst argument, where all are near enough.

    With order=2 the derivatives of the derivatives are compared, too, and so on. Raises CheckError where a derivative
    differs by more than `tolerance` of its size and what the differences may err; it names the argument, both numbers,
    and, if it finds it, the operation of the table whose partial is wrong, or that is exactly at a kink. It also raises
    where the differences may err by as much as the derivative is large, so that they decide nothing.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"order is a whole number, 1 or more, not {order!r}")
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    number(tolerance)
    for mode in modes:
        if mode not in ("forward", "reverse"):
            raise ValueError(f'modes are "forward" and "reverse", not {mode!r}')
    if not modes:
        raise ValueError('there is no mode to be checked: "forward", "reverse" or both')
    numbers, build = flatten(arguments)
    x = list(map(number, numbers))
    names = [name for index, argument in enumerate(arguments) for name in _names(argument, f"argument {index}")]
    found = [_compared(f, build, x, names, mode, tolerance) for mode in modes]
    if order > 1:
        derivative = jacobian(f, argnums=tuple(range(len(arguments))))
        found.append(check_grad(derivative, *arguments, order=order - 1, modes=modes, tolerance=tolerance))
    return max(found, key=lambda check: check.error)


def _compared(
    f: Callable[..., Any],
    build: Callable[[Sequence[Any]], Any],
    x: list[float],
    names: list[str],
    mode: str,
    tolerance: float,
) -> Check:
    call = Recorded(f, build(x))
    rows = [list(map(data_of, row)) for row in call.rows(forward=mode == "forward")]

    def values(x: Sequence[float]) -> list[float]:
        with no_grad():
            return [data_of(y) for y in flatten(f(*build(list(map(Value, x)))))[0]]

    found: list[Check] = []
    for index, name in enumerate(names):
        for row, (difference, doubt, change) in zip(range(len(rows)), _differences(values, x, index), strict=True):
            derivative = rows[row][index]
            size, distance = max(abs(derivative), abs(difference)), abs(derivative - difference)
            which = name if len(rows) == 1 else f"{name}, of result {row}"
            enough = max(size, change) / 2 if derivative else tolerance  # a derivative of 0 has no size of its own
            decided = distance <= tolerance * size or 10 * doubt <= max(enough, change / 2)
            if not decided or not distance <= tolerance * size + 10 * doubt:
                reason = _kink(call) or (_wrong(call) if decided else f"{_UNDECIDED} by {10 * doubt:.2g}")
                numbers = f"{derivative!r} in {mode} mode, but differences give {difference!r}"
                raise CheckError(f"the derivative with respect to {which} is {numbers}: {reason}")
            found.append(Check(distance / size if size else 0.0, which, mode, derivative, difference))
    return max(found, key=lambda check: check.error, default=Check(0.0, "", mode, 0.0, 0.0))


def _kink(call: Recorded) -> str:
    """The first operation that is exactly at a kink, in words; empty for none."""
    for node in filter(at_kink, _nodes(call)):
        return f"{written(node._kernel.row, node.operands)} is at a kink, where its derivative is a convention"
    return ""


def _wrong(call: Recorded) -> str:
    """The first operation with a wrong partial, in words."""
    return next(filter(None, map(_wrong_partial, _nodes(call))), _NONE_WRONG)


def _nodes(call: Recorded) -> Iterator[Result]:
    return reversed(call.graph.results)


def _differences(
    f: Callable[[list[float]], list[float]], x: list[float], index: int
) -> list[tuple[float, float, float]]:
    """The derivatives of the results of f with respect to one argument by differences.

    With each comes the doubt about it, and how much the result changes around, for a change of 1 in the argument.
    """

    def moved(to: float) -> list[float]:
        return f([*x[:index], to, *x[index + 1 :]])

    found: list[list[float]] = []  # for each step the derivatives of all results
    changes: list[list[float]] = []
    middle, here = f(x), x[index]
    sizes = {1.0, abs(here) or 1.0}  # a function may change on the scale of 1, or on that of its argument
    for h in sorted({step * size for step in _STEPS for size in sizes}, reverse=True):
        terms = []
        try:
            for k, weight in _WEIGHTS.items():
                above, below = here + k * h, here - k * h
                sides = list(zip(moved(above), moved(below), strict=True))
                terms.append([2 * k * weight * (one - other) / (above - below) for one, other in sides])
        except (AutogradError, ArithmeticError, ValueError):
            continue  # outside the domain, or too small a step to be one
        found.append(list(map(sum, zip(*terms, strict=True))))
        around = zip(middle, sides, strict=True)
        changes.append([max(abs(one - y), abs(other - y)) / (above - here) for y, (one, other) in around])
    if len(found) < 2:
        raise CheckError(f"there are no differences to compare with: the function is not defined around {here!r}")
    results = []
    for value, column, growth in zip(middle, zip(*found, strict=True), zip(*changes, strict=True), strict=True):
        pairs = [pair for pair in zip(column, column[1:], growth, strict=False) if math.isfinite(sum(pair))]
        one, difference, change = min(pairs, key=_disagreement, default=(math.inf, 0.0, 0.0))
        results.append((difference, abs(one - difference) + 1e-13 * max(abs(value), 1e-300), change))
    return results


def _disagreement(pair: tuple[float, float, float]) -> float:
    """How far the first two of these numbers differ, relative to their size."""
    one, other, _ = pair
    return abs(one - other) / (abs(one) + abs(other) or 1.0)


def _wrong_partial(node: Result) -> str:
    """The first partial of an operation that differs from the differences of its value, in words; empty for none."""
    functions, data = node._kernel.functions, list(map(data_of, node.operands))
    for edge in edges(node) if not functions.row.vectors else ():
        try:
            partial = local_partial(node, edge)
            ((difference, doubt, _),) = _differences(lambda data: [functions.value()(*data)], data, edge.position)
        except (AutogradError, ArithmeticError, ValueError):
            continue
        if abs(partial - difference) > 1e-5 * max(abs(partial), abs(difference)) + 10 * doubt:
            which = f"{edge.letter} = {data[edge.position]!r} is {partial!r}, not {difference!r}"
            return f"the partial of {functions.row.name} with respect to its operand {which}"
    return ""


def _names(tree: Any, name: str) -> Iterator[str]:
    """What the numbers in an argument are called: argument 0, argument 1[2]."""
    if isinstance(tree, list | tuple):
        for index, branch in enumerate(tree):
            yield from _names(branch, f"{name}[{index}]")
    else:
        yield name
