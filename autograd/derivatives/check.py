"""Derivatives compared with differences: `check_grad` tells whether a gradient, or a new row, is right.

>>> from autograd.engine.functions import exp, sin
>>> check_grad(lambda x: exp(-sin(x ** 2)), 1.5).argument
'argument 0'

The differences are central ones of order 6, (45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)) / 60 h (Fornberg 1988), for
several steps h; of two neighbours that agree best, the difference between them tells how far they can be trusted.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.derivatives.transforms import Recorded, jacobian, units
from autograd.derivatives.trees import flatten
from autograd.engine.checks import number
from autograd.engine.kernels import kernels
from autograd.engine.recording import no_grad
from autograd.engine.sweep import collect, edges, local_partial
from autograd.engine.value import Value, data_of
from autograd.errors import AutogradError, CheckError

_STEPS = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_WEIGHTS = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}


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
    and, if it finds it, the operation of the table whose partial is wrong. At a kink differences find nothing right.
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
    found = [
        _compared(f, build, [number(x) for x in numbers], list(_names(arguments)), mode, tolerance) for mode in modes
    ]
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
    call = Recorded(f, build(x), {})
    outputs, inputs = len(call.outputs), len(x)
    if mode == "reverse":
        rows = [list(map(data_of, call.backward(unit))) for unit in units(outputs)]
    else:
        columns = [list(map(data_of, call.forward(unit))) for unit in units(inputs)]
        rows = [list(row) for row in zip(*columns, strict=True)]

    def values(x: Sequence[float]) -> list[float]:
        with no_grad():
            return [data_of(y) for y in flatten(f(*build(list(map(Value, x)))))[0]]

    worst = Check(0.0, names[0] if names else "", mode, 0.0, 0.0)
    for index, name in enumerate(names):
        differences = _differences(values, x, index)
        for row, (difference, doubt) in zip(range(outputs), differences, strict=True):
            derivative = rows[row][index]
            size = max(abs(derivative), abs(difference))
            distance = abs(derivative - difference)
            which = name if outputs == 1 else f"{name}, of result {row}"
            if not distance <= tolerance * size + 10 * doubt:
                wrong = _wrong_row(call.outputs)
                raise CheckError(
                    f"the derivative with respect to {which} is {derivative!r} in {mode} mode, but differences give "
                    f"{difference!r}{wrong or ': no single operation of the graph is wrong at these numbers'}"
                )
            check = Check(distance / size if size else 0.0, which, mode, derivative, difference)
            worst = max(worst, check, key=lambda check: check.error)
    return worst


def _differences(f: Callable[[list[float]], list[float]], x: list[float], index: int) -> list[tuple[float, float]]:
    """The derivatives of the results of f with respect to one argument by differences, with the doubt about each."""

    def moved(k: int, h: float) -> list[float]:
        return [*x[:index], x[index] + k * h, *x[index + 1 :]]

    found: list[list[float]] = []
    middle = f(x)
    sizes = {1.0, abs(x[index]) or 1.0}  # a function may change on the scale of 1, or on that of its argument
    for h in sorted({step * size for step in _STEPS for size in sizes}, reverse=True):
        try:
            sides = {k: (f(moved(k, h)), f(moved(-k, h)), moved(k, h)[index] - moved(-k, h)[index]) for k in _WEIGHTS}
        except (AutogradError, ArithmeticError, ValueError):
            continue  # outside the domain: a smaller step
        if all(width for *_, width in sides.values()):
            found.append(
                [
                    sum(2 * k * w * (sides[k][0][i] - sides[k][1][i]) / sides[k][2] for k, w in _WEIGHTS.items())
                    for i in range(len(middle))
                ]
            )
    if len(found) < 2:
        raise CheckError(f"there are no differences to compare with: the function is not defined around {x[index]!r}")
    results = []
    for i, size in enumerate(map(abs, middle)):
        pairs = [(one[i], other[i]) for one, other in itertools.pairwise(found) if math.isfinite(one[i] + other[i])]
        one, difference = min(pairs, key=_disagreement, default=(math.inf, 0.0))
        results.append((difference, abs(one - difference) + 1e-13 * max(size, 1e-300)))
    return results


def _disagreement(pair: tuple[float, float]) -> float:
    """How far two numbers differ, relative to their size."""
    one, other = pair
    return abs(one - other) / (abs(one) + abs(other) or 1.0)


def _wrong_row(outputs: Iterable[Value]) -> str:
    """The first operation of the graph whose partial differs from the differences of its value, in words."""
    for y in outputs:
        for node in reversed(collect(y).results):
            row, data = node._kernel.row, list(map(data_of, node.operands))
            if row.vectors:
                continue
            alone = functools.partial(_alone, kernels(row.name).value())
            for edge in edges(node):
                try:
                    partial = local_partial(node, edge)
                    ((difference, doubt),) = _differences(alone, data, edge.position)
                except (AutogradError, ArithmeticError, ValueError):
                    continue
                if abs(partial - difference) > 1e-5 * max(abs(partial), abs(difference)) + 10 * doubt:
                    which = f"{edge.letter} = {data[edge.position]!r} is {partial!r}, not {difference!r}"
                    return f": the partial of {row.name} with respect to its operand {which}"
    return ""


def _alone(value: Callable[..., float], data: list[float]) -> list[float]:
    return [value(*data)]


def _names(arguments: Sequence[Any]) -> Iterator[str]:
    """What the numbers in the arguments are called: argument 0, argument 1[2]."""
    for index, argument in enumerate(arguments):
        yield from _names_inside(argument, f"argument {index}")


def _names_inside(tree: Any, name: str) -> Iterator[str]:
    if isinstance(tree, list | tuple):
        for index, branch in enumerate(tree):
            yield from _names_inside(branch, f"{name}[{index}]")
    else:
        yield name
