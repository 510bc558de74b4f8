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

import contextlib
import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from autograd.derivatives.recent import Graph, united
from autograd.engine.checks import gradient_failure, times_zero
from autograd.engine.flow import Edge, Flow, at_kink, edges, leading, local_partial, values_in
from autograd.engine.functions import sum as same
from autograd.engine.kernels import kernels, sweep_over
from autograd.engine.recording import Place, clock, note_choices, watched
from autograd.engine.sweep import Arithmetic, adjoints, explained
from autograd.engine.value import Operand, Value, data_of
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


def weighted_gradients(weights: Mapping[Value, Operand], xs: Iterable[Value], start: int = 0) -> list[Value]:
    """The derivatives of a weighted sum of nodes, which need not be computed itself; the xs were made after `start`."""
    xs = list(xs)
    for x in xs:
        if not isinstance(x, Value):
            raise TypeError(f"derivatives are taken with respect to Values, not {x!r}")
    graph, since = united(weights, start), next(clock)
    results = graph.results
    moving = leading(results, xs)
    nodes = [node for node in results if node in moving]
    seeds = {y: weight for y, weight in weights.items() if _flows(weight)}
    flow = Flow(seeds, graph.whole, xs)
    values = Arithmetic(lambda node, adjoint: _partials(node, moving, flow, adjoint), _times, _plus)
    with watched() as seen:
        found = adjoints(seeds, nodes, values)
    marks = _marks({node for node in nodes if node in found and _at_jump(node)}, nodes, moving)
    for x in xs:
        if x in marks:
            found[x] = _plus(found.get(x), marks[x])
    return noted([as_value(found.get(x, 0.0)) for x in xs], graph, seen, since)


def _at_jump(node: Value) -> bool:
    """Whether a jump is exactly hit: nothing flows through its slope, and so a second derivative would not find it.

    (The slope of a kink is a Value, which a second derivative goes through.)
    """
    row = node._kernel.row
    return bool(row.kink) and row.partials[0] in ("0", "1") and bool(at_kink(node))


def _mark(jump: Value) -> Value:
    """A 0 that has no derivative of its own, to be added to derivatives that went through a jump."""
    a = at_kink(jump)[0]
    a = a if a._data == 0 else a - a._data
    mark: Value = kernels("sign", jump._kernel.row.name).forward()(a) - kernels("sign").forward()(a)
    return mark


def _marks(jumps: set[Value], nodes: list[Value], moving: set[Value]) -> dict[Value, Value]:
    """For each node from which jumps were computed, their marks, given the moving nodes, the youngest first."""
    found: dict[Value, Value] = {}

    def add(mark: Value, operands: Iterable[Value]) -> None:
        for operand in operands:
            other = found.get(operand, mark)
            found[operand] = mark if other is mark else other + mark

    for node in nodes if jumps else ():
        if node in jumps:
            add(_mark(node), [a for a in at_kink(node) if a in moving])
        if node in found:
            add(found[node], values_in(node, moving))
    return found


def tangents(ys: Iterable[Value], directions: Mapping[Value, Operand], start: int = 0) -> list[Value]:
    """How each of the nodes ys changes when nodes made after `start` change at the given rates, as Values.

    >>> from autograd.engine.value import Value
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> tangents([a * b], {a: 1.0, b: 10.0})
    [Value(35.0, op='add')]
    """
    ys = list(ys)
    moving = {x: rate for x, rate in directions.items() if _flows(rate)}
    graph, since = united(ys, start), next(clock)
    flow = Flow(ys, graph.whole, list(moving))
    jumps = set(filter(_at_jump, graph.results))
    after = leading(graph.results, moving) if jumps else set()
    with watched() as seen:
        for node in reversed(graph.results):
            if node not in directions:
                terms = [_times(moving[operand], partial) for operand, partial in _partials(node, moving, flow)]
                terms += [_mark(node)] if node in jumps and at_kink(node)[0] in after else []
                for term in terms:
                    if term is not None:
                        moving[node] = _plus(moving.get(node), term)
    return noted([as_value(moving.get(y, 0.0)) for y in ys], graph, seen, since)


def noted(found: list[Value], graph: Graph, seen: list[tuple[Value, Place]], since: int) -> list[Value]:
    """The derivatives of a graph, if they are numbers; where a side was chosen, as nodes of their own that are noted.

    It was chosen while they were computed, or before, in the graph: that a derivative of it is made of other nodes does
    not set it free.
    """
    if not all(math.isfinite(node._data) for node in found):
        failure: Exception = RangeError("a derivative is too large, or an operand of the graph is infinite")
        for y in graph.roots:
            failure = explained(y, failure)
        raise failure
    if chosen := seen[0] if seen else graph.choice():
        found = [node if abs(node._stamp) > since else same([node]) for node in found]
        note_choices(found, chosen[1])
    return found


def number_tangents(results: Iterable[Value], leaves: Mapping[Value, float]) -> dict[Value, float]:
    """The tangents of results in order, as numbers, given those of the leaves that move."""
    found: dict[Value, float] = defaultdict(float, leaves)
    for node in results:
        node._kernel.forward(node, found)
    return found


def number_gradients(
    weights: Mapping[Value, float], results: Sequence[Value], leaves: Sequence[Value], xs: Sequence[Value]
) -> list[float]:
    """The sweep of `backward` over a graph that nobody else knows: the derivatives of a weighted sum of nodes by xs."""
    _clean([*results, *leaves, *xs])
    try:
        for y, weight in weights.items():
            y.grad += weight
        sweep_over()(results)
        return [x.grad for x in xs]
    finally:
        _clean(leaves)


def second_order(
    y: Value, results: Sequence[Value], leaves: Sequence[Value], directions: Mapping[Value, float]
) -> dict[Value, float] | None:
    """How the adjoints change when the leaves move in the given directions: forward over reverse, one sweep each.

    The graph is one that nobody else knows. None where a row is exactly at its kink.
    """
    if any(at_kink(node) for node in results if node._kernel.row.kink):
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
    node: Value, wanted: Container[Value], flow: Flow, adjoint: Operand | None = None
) -> list[tuple[Value, Operand]]:
    """The local partials with respect to the wanted operands, as Values; none where one is not needed, and missing."""
    with contextlib.suppress(ArithmeticError, ValueError):
        found = node._kernel.partials(node, wanted)
        if not any(isinstance(partial, Value) and math.isnan(partial._data) for _, partial in found):
            return found
    firsts: dict[Value, Edge] = {}
    for edge in edges(node):
        if edge.operand in wanted:
            firsts.setdefault(edge.operand, edge)
    return [pair for edge in firsts.values() for pair in _partial(node, edge, flow, adjoint)]


def _partial(node: Value, edge: Edge, flow: Flow, adjoint: Operand | None) -> list[tuple[Value, Operand]]:
    """The same of one operand."""
    try:
        found = node._kernel.partials(node, {edge.operand})
        for _, partial in found:
            if isinstance(partial, Value) and math.isnan(partial._data):
                # Beside infinity the form that is differentiated again may have no number where the computed one has.
                partial._data = local_partial(node, edge)
        return found
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
    """Adjoint times partial, or tangent; None where nothing flows, as the partial is 0, and no Value that may vary.

    A factor of 0 was computed, and flows on: a partial below may not exist. With 1 or -1 there is no node for it.
    """
    if not _flows(partial):
        return None
    for one, other in ((factor, partial), (partial, factor)):
        if not isinstance(one, Value) and one in (1.0, -1.0):
            return other if one > 0 else -other
    return multiplied(factor, partial)


def multiplied(a: Operand, b: Operand) -> Operand:
    """The product; 0 where one is 0 and the other infinite, as in `backward`."""
    if not _flows(a):
        b = data_of(b)  # however it varies, the product does not
    product = a * b
    number = product._data if isinstance(product, Value) else product
    if number != number and not math.isnan(data_of(a) + data_of(b)):
        if not isinstance(product, Value):
            return 0.0
        product._data = 0.0
    return product


def _plus(before: Operand | None, term: Operand) -> Operand:
    return term if before is None else before + term


def as_value(x: Operand) -> Value:
    """The Value itself, or a new leaf that holds the number."""
    return x if isinstance(x, Value) else Value(x)
