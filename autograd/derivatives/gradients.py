"""Derivatives on a recorded graph: as Values, which can be differentiated again, or as numbers, in one sweep.

>>> from autograd.engine.value import Value
>>> x = Value(2.0, "x")
>>> y = x ** 3
>>> slope, = gradients(y, [x])
>>> curvature, = gradients(slope, [x])
>>> slope, curvature
(Value(12.0, op='mul'), Value(12.0, op='mul'))

`gradients` is the backward sweep on Values: the same order, the same partials, and what it computes is recorded as any
other computation is. `tangents` is the chain rule the other way round, from a variable forward. The last two functions
are the same sweeps on numbers, and `second_order` both at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from autograd.engine.checks import gradient_failure, times_zero
from autograd.engine.flow import Edge, Flow, at_kink, edges, leading
from autograd.engine.functions import sum as same
from autograd.engine.kernels import kernels
from autograd.engine.recording import Place, clock, note_choices, watched
from autograd.engine.sweep import Arithmetic, Collected, adjoints, check_fresh, checked, collect, explained
from autograd.engine.value import Operand, Result, Value, data_of
from autograd.errors import RangeError


def gradients(y: Value, xs: Iterable[Value]) -> list[Value]:
    """The derivatives of y with respect to each of the nodes xs, as Values of a graph that leads back to the leaves.

    No `grad` is touched. Where y does not depend on x, the derivative is a leaf, 0.0; where it is a node of the graph
    itself, as y in d(x y)/dx, it is that node. Raises what `backward` would raise.

    >>> from autograd.engine.value import Value
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> gradients(a * b, [a, b]) == [b, a]
    True
    """
    return weighted_gradients({y: 1.0}, xs)


def weighted_gradients(weights: Mapping[Value, Operand], xs: Iterable[Value]) -> list[Value]:
    """The derivatives of a weighted sum of nodes, which need not be computed itself."""
    xs = list(xs)
    for x in xs:
        if not isinstance(x, Value):
            raise TypeError(f"derivatives are taken with respect to Values, not {x!r}")
    results, since = united(weights).results, next(clock)
    moving = leading(results, xs)
    nodes = [node for node in results if node in moving]
    seeds = {y: weight for y, weight in weights.items() if _flows(weight)}
    flow = Flow(seeds, results, xs)
    values = Arithmetic(lambda node, adjoint: _partials(node, moving, flow, adjoint), _times, _plus)
    with watched() as seen:
        found = adjoints(seeds, nodes, values)
    _mark_jumps([node for node in nodes if node in found and at_kink(node)], xs, results, found)
    return _noted([as_value(found.get(x, 0.0)) for x in xs], weights, seen, since)


def _mark_jumps(kinks: list[Result], xs: list[Value], results: list[Result], found: dict[Value, Operand]) -> None:
    """Add to the derivatives a 0 that has no derivative of its own, where they went through a jump that is hit.

    Nothing flows through the slope of a jump, so that a second derivative would not find it. (The slope of a kink is a
    Value, and needs no mark.)
    """
    for node in kinks:
        name, a = node._kernel.row.name, node.operands[0]
        if node._kernel.row.partials[0] == "0" and isinstance(a, Value):
            mark = kernels("sign", name).forward()(a) - kernels("sign").forward()(a)
            for x in xs:
                if a in leading(results, [x]):
                    found[x] = _plus(found.get(x), mark)


def tangents(ys: Iterable[Value], directions: Mapping[Value, Operand]) -> list[Value]:
    """How each of the nodes ys changes when the nodes in `directions` change at the given rates, as Values.

    >>> from autograd.engine.value import Value
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> tangents([a * b], {a: 1.0, b: 10.0})
    [Value(35.0, op='add')]
    """
    ys = list(ys)
    moving = {x: rate for x, rate in directions.items() if _flows(rate)}
    results, since = united(ys).results, next(clock)
    flow = Flow(ys, results, list(moving))
    with watched() as seen:
        for node in reversed(results):
            for operand, partial in _partials(node, moving, flow) if node not in directions else ():
                term = _times(moving[operand], partial)
                if term is not None:
                    moving[node] = _plus(moving.get(node), term)
    return _noted([as_value(moving.get(y, 0.0)) for y in ys], ys, seen, since)


def _noted(found: list[Value], ys: Iterable[Value], seen: list[tuple[Value, Place]], since: int) -> list[Value]:
    """The derivatives of ys, if they are numbers; where a side was chosen, as nodes of their own that are noted."""
    if any(math.isnan(node._data) for node in found):
        failure: Exception = RangeError("a derivative is not a number: an operand of the graph is infinite")
        for y in ys:
            failure = explained(y, failure)
        raise failure
    if seen:
        found = [node if abs(node._stamp) > since else same([node]) for node in found]
        note_choices(found, seen[0][1])
    return found


def united(ys: Iterable[Value]) -> Collected:
    """All results from which these nodes were computed, the youngest first, and all leaves.

    Raises what `backward` would raise for nodes that are not finite, and for graphs that are stale.
    """
    ys = list(ys)
    nodes = collect(*ys)
    check_fresh(*nodes)
    for y in ys:
        if not math.isfinite(y.data):
            checked(y, 1.0)  # its own graph tells where it went wrong
    return nodes


def number_tangents(results: Iterable[Result], leaves: Mapping[Value, float]) -> dict[Value, float]:
    """The tangents of results in order, as numbers, given those of the leaves that move."""
    found: dict[Value, float] = defaultdict(float, leaves)
    for node in results:
        node._kernel.forward(node, found)
    return found


def number_gradients(
    weights: Mapping[Value, float], results: Sequence[Result], leaves: Sequence[Value]
) -> dict[Value, float]:
    """The sweep of `backward` over a graph that nobody else knows: the gradient of a weighted sum of nodes."""
    _clean([*results, *leaves])
    try:
        for y, weight in weights.items():
            y.grad += weight
        for node in results:
            if node.grad or node._kernel.fallible:  # as in `backward`
                node._kernel.sweep(node)
        return {leaf: leaf.grad for leaf in leaves}
    finally:
        _clean(leaves)


def second_order(
    y: Value, results: Sequence[Result], leaves: Sequence[Value], directions: Mapping[Value, float]
) -> dict[Value, float] | None:
    """How the adjoints change when the leaves move in the given directions: forward over reverse, one sweep each.

    The graph is one that nobody else knows. None where a row is exactly at its kink.
    """
    if any(map(at_kink, results)):
        return None
    moving = number_tangents(reversed(results), directions)
    changes: dict[Value, float] = defaultdict(float)
    _clean([*results, *leaves])
    try:
        y.grad = 1.0
        for node in results:
            if node.grad or node in changes:
                node._kernel.second(node, moving, changes)
    finally:
        _clean(leaves)
    return changes


def _clean(nodes: Iterable[Value]) -> None:
    for node in nodes:
        node.grad = 0.0


def _partials(
    node: Result, wanted: Container[Value], flow: Flow, adjoint: Operand | None = None
) -> list[tuple[Value, Operand]]:
    """The local partials with respect to the wanted operands, as Values; none where one is not needed, and missing."""
    try:
        return node._kernel.partials(node, wanted)
    except (ArithmeticError, ValueError):
        return [pair for edge in edges(node) if edge.operand in wanted for pair in _partial(node, edge, flow, adjoint)]


def _partial(node: Result, edge: Edge, flow: Flow, adjoint: Operand | None) -> list[tuple[Value, Operand]]:
    """The same of one operand."""
    try:
        return node._kernel.partials(node, {edge.operand})
    except (ArithmeticError, ValueError) as error:
        if not flow.needs(node, edge.operand):
            return []
        failure = gradient_failure(node._kernel.row, node.operands, edge.letter, error)
        if adjoint is None:  # forward, where it is not known
            for y in flow.roots:
                failure = explained(y, failure)
        elif not data_of(adjoint):
            failure = times_zero(failure)
        raise failure from None


def _flows(x: Operand) -> bool:
    """Whether something flows: a Value may vary where it is 0."""
    return isinstance(x, Value) or bool(x)


def _times(factor: Operand, partial: Operand) -> Operand | None:
    """The product, where one of the two is 1 or -1 without a node for it; None where nothing flows."""
    for one, other in ((factor, partial), (partial, factor)):
        if not isinstance(one, Value) and one in (1.0, -1.0, 0.0):
            product = 0.0 if not one else other if one > 0 else -other
            break
    else:
        product = factor * partial
    return product if _flows(product) else None


def _plus(before: Operand | None, term: Operand) -> Operand:
    return term if before is None else before + term


def as_value(x: Operand) -> Value:
    """The Value itself, or a new leaf that holds the number."""
    return x if isinstance(x, Value) else Value(x)
