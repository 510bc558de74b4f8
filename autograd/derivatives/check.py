"""Derivatives compared with differences: `check_grad` tells whether a gradient, or a new row, is right.

>>> from autograd.engine.functions import exp, sin
>>> check_grad(lambda x: exp(-sin(x ** 2)), 1.5).argument
'argument 0'

The differences are central ones of order 6, (45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)) / 60 h (Fornberg 1988), for
several steps h. How far they can be trusted is told by the rounding of the results, over h, and by the difference
between two neighbours; a step over which the function turns tells nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd.derivatives.calls import Recorded
from autograd.derivatives.transforms import jacobian
from autograd.derivatives.trees import converted, flatten, paths
from autograd.engine.checks import number, written
from autograd.engine.flow import Flow, at_kink, edges, leading, local_partial, values_in
from autograd.engine.recording import no_grad
from autograd.engine.sweep import contributions
from autograd.engine.value import Value, data_of, is_result
from autograd.errors import AutogradError, CheckError

_STEPS = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_WEIGHTS = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
_SHARE = 1 / 100  # of a derivative: differences that may err by more decide nothing
_GAP = 1 / 1000  # of the change around: where neighbours differ by more, the step is too large for the function
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
    where the differences may err by more than a hundredth of the derivative, so that they decide nothing.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"order is a whole number, 1 or more, not {order!r}")
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not 0 <= number(tolerance) < math.inf:
        raise ValueError(f"tolerance is how much a derivative may differ of its size, 0 or more, not {tolerance!r}")
    for mode in modes:
        if mode not in ("forward", "reverse"):
            raise ValueError(f'modes are "forward" and "reverse", not {mode!r}')
    if not modes:
        raise ValueError('there is no mode to be checked: "forward", "reverse" or both')
    x, build = converted(arguments, "the arguments", number)
    names = [name for index, argument in enumerate(arguments) for name in paths(argument, f"argument {index}")]
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
    call = Recorded(lambda tree: f(*tree), build(x))
    rows = [list(map(data_of, row)) for row in call.rows(forward=mode == "forward")]
    scales = [_scales(y) if is_result(y) else (0.0, {y: 1.0}) for y in call.outputs]

    def values(x: Sequence[float]) -> list[float]:
        with no_grad():
            return [data_of(y) for y in flatten(f(*build(list(map(Value, x)))))[0]]

    found: list[Check] = []
    for index, name in enumerate(names):
        below = leading(call.graph.results, [call.inputs[index]])
        differences = _differences(values, x, index, [noise for noise, _ in scales])
        for row, (y, (_, sums), (difference, doubt, change)) in enumerate(
            zip(call.outputs, scales, differences, strict=True)
        ):
            derivative, which = rows[row][index], name if len(rows) == 1 else f"{name}, of result {row}"
            size, distance = max(abs(derivative), abs(difference)), abs(derivative - difference)
            enough = _SHARE * max(size, change, sums.get(call.inputs[index], 0.0))
            enough = enough if derivative else max(enough, tolerance)  # a derivative of 0 has no size of its own
            constant = y not in below and not size  # nor does the graph know of a way from one to the other
            decided = constant or (size and distance <= tolerance * size) or 10 * doubt <= enough
            if not decided or distance > tolerance * size + 10 * doubt:
                reason = _kink(call, y, call.inputs[index]) or (_wrong(call) if decided else _undecided(doubt))
                numbers = f"{derivative!r} in {mode} mode, but differences give {difference!r}"
                raise CheckError(f"the derivative with respect to {which} is {numbers}: {reason}")
            found.append(Check(distance / size if size else 0.0, which, mode, derivative, difference))
    return max(found, key=lambda check: check.error, default=Check(0.0, "", mode, 0.0, 0.0))


def _scales(y: Value) -> tuple[float, dict[Value, float]]:
    """How much rounding on the way to y may change it, and for each node the sum of the sizes of its derivatives.

    What cancels in y leaves its noise behind, and what cancels in a derivative its size.
    """
    adjoints, sums = {y: 1.0}, {y: 1.0}
    for step in contributions(y):
        adjoints[step.operand] = step.after
        sums[step.operand] = sums.get(step.operand, 0.0) + sums[step.node] * abs(step.partial)
    noise = [abs(adjoint) * math.ulp(node._data) for node, adjoint in adjoints.items() if is_result(node)]
    finite = {node: size for node, size in sums.items() if math.isfinite(size)}  # what is not needed need not exist
    return sum(filter(math.isfinite, noise[1:])), finite  # without the rounding of y itself


def _kink(call: Recorded, y: Value, x: Value) -> str:
    """The first operation between x and y that is exactly at a kink, in words; empty for none."""
    flow = Flow([y], call.graph.whole, [x])
    for node in filter(at_kink, _nodes(call)):
        if any(flow.needs(node, operand) for operand in values_in(node)):
            return f"{written(node._kernel.row, node.operands)} is at a kink, where its derivative is a convention"
    return ""


def _undecided(doubt: float) -> str:
    """Why the differences are no evidence, in words."""
    if math.isfinite(doubt):
        return f"differences decide nothing here, as they may err by {10 * doubt:.2g}"
    return "differences decide nothing here, as the function jumps or turns between any two of their points"


def _wrong(call: Recorded) -> str:
    """The first operation with a wrong partial, in words."""
    return next(filter(None, map(_wrong_partial, _nodes(call))), _NONE_WRONG)


def _nodes(call: Recorded) -> Iterator[Value]:
    return reversed(call.graph.results)


class _Difference(NamedTuple):
    """A derivative by differences, what it may err, and how much the result changes around for a change of 1."""

    slope: float
    doubt: float
    change: float


def _differences(
    f: Callable[[list[float]], list[float]], x: list[float], index: int, noise: Sequence[float]
) -> list[_Difference]:
    """The derivatives of the results of f, which come with such noise, with respect to one argument by differences."""
    here = x[index]

    def moved(to: float) -> list[float]:
        return f([*x[:index], to, *x[index + 1 :]])

    middle = moved(here)
    found: list[list[_Difference]] = []  # for each step those of all results
    for h in _steps(here):
        try:
            sides = [zip(moved(here + k * h), moved(here - k * h), strict=True) for k in _WEIGHTS]
            found.append([_central(here, h, *around) for around in zip(middle, noise, *sides, strict=True)])
        except (AutogradError, ArithmeticError, ValueError):
            continue  # outside the domain
    if len(found) < 2:
        raise CheckError(f"there are no differences to compare with: the function is not defined around {here!r}")
    return list(map(_best, zip(*found, strict=True)))


def _steps(here: float) -> Iterator[float]:
    """Steps on the scale of 1, and on that of a number, the longest first: no two are nearly the same."""
    sizes = {max(1.0, 64 * math.ulp(here)), abs(here) or 1.0}
    last = math.inf
    for h in sorted({(here + step * size) - here for step in _STEPS for size in sizes}, reverse=True):
        if 0 < h < last / 2:
            yield h
            last = h


def _central(here: float, h: float, y: float, noise: float, *sides: tuple[float, float]) -> _Difference:
    """The derivative by the results at ±h, ±2h and ±3h; the doubt is from rounding, infinite for too large an h."""
    slope = sum(
        2 * k * weight * (above - below) / ((here + k * h) - (here - k * h))
        for (k, weight), (above, below) in zip(_WEIGHTS.items(), sides, strict=True)
    )
    near, farther, far = (max(abs(above - y), abs(below - y)) for above, below in sides)
    rounding = noise + math.ulp(max(map(abs, [y, *itertools.chain(*sides)])))
    calm = near <= farther + 2 * rounding <= far + 4 * rounding and near <= far / 2 + 2 * rounding
    return _Difference(slope, rounding / h if calm else math.inf, max(far - 2 * rounding, 0.0) / (3 * h))


def _best(found: Sequence[_Difference]) -> _Difference:
    """Of two neighbouring steps, whose difference is a doubt of its own, those that leave the least."""
    best, finer = _Difference(found[-1].slope, math.inf, 0.0), 0.0
    around = itertools.accumulate((each.change if math.isfinite(each.doubt) else 0.0 for each in found), max)
    for (other, change), (one, _) in itertools.pairwise(reversed(list(zip(found, around, strict=True)))):
        gap, rounding = abs(one.slope - other.slope), max(one.doubt, other.doubt)
        near = gap <= max(10 * rounding, _GAP * change) and finer <= 3 * other.change
        if near and gap + rounding < best.doubt:
            best = other._replace(doubt=gap + rounding)
        finer = max(finer, other.change - 10 * other.doubt)  # what longer steps have to show, too
    return best


def _wrong_partial(node: Value) -> str:
    """The first partial of an operation that differs from the differences of its value, in words; empty for none."""
    functions, data = node._kernel.functions, list(map(data_of, node.operands))
    for edge in edges(node) if not functions.row.vectors and not at_kink(node) else ():
        try:
            partial = local_partial(node, edge)
            (found,) = _differences(lambda data: [functions.value()(*data)], data, edge.position, [0.0])
        except (AutogradError, ArithmeticError, ValueError):
            continue
        if abs(partial - found.slope) > 1e-5 * max(abs(partial), abs(found.slope)) + 10 * found.doubt:
            which = f"{edge.letter} = {data[edge.position]!r} is {partial!r}, not {found.slope!r}"
            return f"the partial of {functions.row.name} with respect to its operand {which}"
    return ""
