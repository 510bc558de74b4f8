"""The backward pass: the chain rule, run over a graph from its end to its leaves.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> x.grad
8.0

`backward` is a method of Value; it calls the function that each row became. `chain_rule` is the same pass written once
for adjoints of any kind: floats in `contributions`, Values, expressions and instructions elsewhere. `collect` puts the
graph into order.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from autograd.engine.checks import gradient_failure, number
from autograd.engine.value import Result, Value, data_of
from autograd.errors import AutogradError, RangeError, StaleGraphError

Node = TypeVar("Node", bound=Hashable)
T = TypeVar("T")
_STAMP = operator.attrgetter("_stamp")


class Collected(NamedTuple):
    """The nodes of a graph."""

    results: list[Result]
    leaves: list[Value]


class Edge(NamedTuple):
    """One use of an operand: its letter in the row, its position among the node's operands, itself."""

    letter: str
    position: int
    operand: Value


class Arithmetic(NamedTuple, Generic[Node, T]):
    """What adjoints are made of, and so how the chain rule computes with them.

    partials   the operands of a node, each with its local partial, given the node and its adjoint
    times      adjoint times local partial; None where nothing flows on
    plus       what has arrived at a node, or None, and one contribution more
    whole      the adjoint of a node, made of what has arrived as soon as that is all; None where it is the same
    operands   the operands of a node, by which that is known
    """

    partials: Callable[[Any, T], Iterable[tuple[Node, T]]]
    times: Callable[[T, T], T | None]
    plus: Callable[[Any, T], Any]
    whole: Callable[[Node, Any], T] | None = None
    operands: Callable[[Node], Iterable[Node]] = lambda _: ()


def backward(self: Value, seed: float = 1.0) -> None:
    """Add `seed` times the derivative of this node to the `grad` of every leaf it was computed from.

    Each result's `grad` is left holding its adjoint in this sweep. Raises GradientError where a derivative that is
    needed does not exist, RangeError for a number too large, StaleGraphError where a leaf's data was changed after
    it was used; no leaf has then changed. Threads may sweep at the same time only if they share no node.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> y.backward(); y.backward(); x.grad
    12.0
    """
    (results, leaves), seed = checked(self, seed)
    before = [leaf.grad for leaf in leaves]
    if not all(isinstance(grad, (int, float)) for grad in before):
        raise TypeError("the grad of a leaf is not a number: set it to 0.0 before the sweep")
    try:
        for node in [*leaves, *results]:
            node.grad = 0.0
        self.grad = seed
        for result in results:
            if result.grad:  # where no adjoint arrives, nothing flows on, and no partial needs to exist
                result._kernel.sweep(result)
        after = [grad + leaf.grad for grad, leaf in zip(before, leaves, strict=True)]
        if not all(map(math.isfinite, after)):
            raise RangeError("a leaf's grad was not a finite number before the sweep: set it to 0.0")
    except BaseException as error:
        _set_grads(leaves, before)
        if self not in leaves:
            self.grad = 0.0  # it has not been swept
        if isinstance(error, (ArithmeticError, ValueError)):
            raise _explained(self, seed, error) from None
        raise
    _set_grads(leaves, after)


def _set_grads(leaves: list[Value], grads: list[float]) -> None:
    """Give every leaf its grad, all of them even if Ctrl-C arrives in the middle."""
    try:
        for leaf, grad in zip(leaves, grads, strict=True):
            leaf.grad = grad
    except BaseException:
        _set_grads(leaves, grads)
        raise


def collect(root: Value) -> Collected:
    """All results from which the root was computed, the youngest (the root) first, and all leaves.

    The order is topological: a node comes before its operands, so that its adjoint is complete when it is passed on.
    """
    if not isinstance(root, Value):
        raise TypeError(f"expected a Value, the result of a computation with Values, not {root!r}")
    results: list[Result] = []
    leaves: list[Value] = []
    seen: set[object] = {root, None}  # numbers too: to ask whether each is one would take longer
    waiting: list[Result] = []
    (waiting if isinstance(root, Result) else leaves).append(root)  # type: ignore[arg-type]
    while waiting:
        node = waiting.pop()
        results.append(node)
        for operand in node._a if node._kernel.many else (node._a, node._b):
            if operand not in seen:
                seen.add(operand)
                if isinstance(operand, Result):
                    waiting.append(operand)
                elif isinstance(operand, Value):
                    leaves.append(operand)
    results.sort(key=_STAMP, reverse=True)
    return Collected(results, leaves)


def check_fresh(results: list[Result], leaves: list[Value]) -> None:
    """Raise StaleGraphError where a leaf's data was set after a result was computed from it."""
    if not results or max(map(_STAMP, leaves), default=0) < results[-1]._stamp:
        return
    for node in reversed(results):
        for operand in node.operands:
            if isinstance(operand, Value) and not isinstance(operand, Result) and operand._stamp > node._stamp:
                which = f"{operand.name or 'a leaf'} = {operand._data!r}"
                row = node._kernel.row.name
                raise StaleGraphError(f"{which} was set after {row} was computed from it: compute the result again")


def checked(root: Value, seed: float, nodes: Collected | None = None) -> tuple[Collected, float]:
    """The nodes of the graph and the seed, if both will do: no leaf has changed since it was used, all is finite."""
    seed = number(seed)
    if not math.isfinite(seed):
        raise RangeError(f"the seed must be a finite number, not {seed!r}")
    results, leaves = nodes = nodes or collect(root)
    check_fresh(results, leaves)
    if not math.isfinite(root._data):
        first = next(node for node in [*leaves, *reversed(results)] if not math.isfinite(node._data))
        raise RangeError(f"the derivative of {root._data!r} is not defined: the first such number is {first!r}")
    return nodes, seed


def chain_rule(
    arrived: dict[Node, Any], nodes: Sequence[Node], arithmetic: Arithmetic[Node, T]
) -> Iterator[tuple[T, T, Any, Any, Any]]:
    """The chain rule: each node, once its adjoint is whole, passes adjoint times local partial on to its operands.

    `nodes` come before their operands; `arrived` holds the seeds at first, and in the end the adjoints. Each step is
    yielded as it happens: the node's adjoint, the partial, their product, the operand's sum before and after.

    With whole numbers for adjoints and 1 for every partial, it counts the paths that lead from a node to the end:

    >>> x = Value(3.0)
    >>> y = x * x + x
    >>> ones = lambda node, paths: [(operand, 1) for operand in values_in(node)]
    >>> count = Arithmetic(ones, int.__mul__, lambda before, paths: (before or 0) + paths)
    >>> adjoints({y: 1}, collect(y).results, count)[x]
    3
    """
    partials, times, plus, whole, operands = arithmetic
    # For each node, how many have still to pass something on to it; nobody asks where the sum itself is the adjoint.
    waiting = Counter(operand for node in (nodes if whole else ()) for operand in set(operands(node)))

    def complete(those: Iterable[Node]) -> None:
        for node in those:
            if whole and not waiting[node] and node in arrived:
                arrived[node] = whole(node, arrived[node])

    complete(arrived)
    for node in nodes:
        if node in arrived:
            adjoint = arrived[node]
            for operand, partial in partials(node, adjoint):
                before, term = arrived.get(operand), times(adjoint, partial)
                if term is not None:
                    arrived[operand] = plus(before, term)
                yield adjoint, partial, term, before, arrived.get(operand)
        if whole:
            used = dict.fromkeys(operands(node))
            for operand in used:
                waiting[operand] -= 1
            complete(used)


def gathered(before: list[T] | None, term: T) -> list[T]:
    """A list of what has arrived, for a `whole` that puts it together at once."""
    terms = [] if before is None else before
    terms.append(term)
    return terms


def adjoints(seeds: Mapping[Node, Any], nodes: Sequence[Node], arithmetic: Arithmetic[Node, T]) -> dict[Node, T]:
    """The adjoints that the chain rule ends with, of all nodes at which something arrives."""
    arrived = dict(seeds)
    for _ in chain_rule(arrived, nodes, arithmetic):
        pass
    return arrived


class Contribution(NamedTuple):
    """What one edge contributes: what arrives at it, `upstream`, times the local partial.

    Backward that is the node's adjoint, and the operand's grows from `before` to `after`; forward it is the operand's
    tangent, and the node's grows.
    """

    node: Result
    position: int
    letter: str
    operand: Value
    upstream: float
    partial: float
    contribution: float
    before: float
    after: float


def contributions(root: Value, seed: float = 1.0, nodes: Collected | None = None) -> Iterator[Contribution]:
    """The sweep from `root`, one operand at a time, without touching any `grad`; `backward` does the same, faster."""
    (results, _), seed = checked(root, seed, nodes)
    every = ((node, edge) for node in results for edge in edges(node))
    passing = chain_rule({root: seed}, results, _FLOATS)
    for (node, edge), (adjoint, partial, term, before, after) in zip(every, passing, strict=True):
        yield _finite(node, edge, "adjoint", adjoint, partial, term, before or 0.0, after)


def transports(root: Value, x: Value, seed: float = 1.0, nodes: Collected | None = None) -> Iterator[Contribution]:
    """The sweep forward from x to `root`, one operand at a time: how fast each node changes when x does."""
    (results, _), seed = checked(root, seed, nodes)
    tangents: dict[Value, float] = {x: seed}
    for node in reversed(results):
        for edge in edges(node) if node is not x else ():
            if edge.operand in tangents:
                partial, tangent, before = local_partial(node, edge), tangents[edge.operand], tangents.get(node, 0.0)
                term = _times(tangent, partial)
                tangents[node] = before + term
                yield _finite(node, edge, "tangent", tangent, partial, term, before, tangents[node])


def _finite(node: Result, edge: Edge, kind: str, *numbers: float) -> Contribution:
    """What an edge contributes, if the sum that it goes into stays finite."""
    upstream, partial, *_, after = numbers
    if not math.isfinite(after):
        target = edge.operand if kind == "adjoint" else node
        raise RangeError(f"the {kind} of {target!r} is too large: {upstream!r} * {partial!r}, between it and {node!r}")
    return Contribution(node, edge.position, edge.letter, edge.operand, *numbers)


def leading(results: Iterable[Result], xs: Iterable[Value]) -> set[Value]:
    """The nodes that were computed from one of xs, and these themselves, given the results youngest first."""
    found = set(xs)
    for node in reversed(list(results)):
        if any(operand in found for operand in values_in(node)):
            found.add(node)
    return found


def values_in(node: Value, among: Container[Value] | None = None) -> list[Value]:
    """The operands that are Values, or those of certain Values, repeats kept."""
    values = [operand for operand in node.operands if isinstance(operand, Value)]
    return values if among is None else [operand for operand in values if operand in among]


def edges(node: Result) -> Iterator[Edge]:
    """The uses of the operands that are Values, in the order of the sweep."""
    operands = node.operands
    for letter, index in node._kernel.indices(len(operands)):
        if isinstance(operands[index], Value):
            yield Edge(letter, index, operands[index])  # type: ignore[arg-type]


def _times(adjoint: float, partial: float) -> float:
    return adjoint * partial if adjoint else 0.0  # the partial may be nan where no adjoint arrives


def _partials(node: Result, adjoint: float) -> Iterator[tuple[Value, float]]:
    """The local partials, nan where one does not exist but no adjoint arrives to be multiplied by it."""
    for edge in edges(node):
        try:
            yield edge.operand, local_partial(node, edge)
        except AutogradError:
            if adjoint:
                raise
            yield edge.operand, math.nan


_FLOATS: Arithmetic[Value, float] = Arithmetic(_partials, _times, lambda before, term: (before or 0.0) + term)


def local_partial(node: Result, edge: Edge) -> float:
    """The derivative of a result with respect to one of its operands, the others held fixed."""
    row, operands = node._kernel.row, node.operands
    data = map(data_of, node._kernel.beside(edge.position, operands).values())
    whole = [list(map(data_of, operands))] if row.needs_whole_vector(row.computed_partial(edge.letter)) else []
    try:
        return node._kernel.functions.partial(edge.letter)(*data, node._data, *whole)
    except (ArithmeticError, ValueError) as error:
        raise gradient_failure(row, operands, edge.letter, error) from None


def _explained(root: Value, seed: float, error: Exception) -> Exception:
    """The error to raise where the sweep failed: the one that going through it operand by operand meets."""
    try:
        for _ in contributions(root, seed):
            pass
    except AutogradError as explained:
        return explained
    return error
