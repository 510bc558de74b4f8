"""The backward pass: the chain rule, run over a graph from its end to its leaves.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> x.grad
8.0

`backward` is a method of Value. `collect` puts the graph into order; `contributions` is the same pass, one operand at a
time, for whoever wants to look at it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograd.engine.checks import gradient_failure, number
from autograd.engine.value import Result, Value, data_of
from autograd.errors import AutogradError, RangeError, StaleGraphError

__all__ = [
    "Contribution",
    "backward",
    "check_fresh",
    "checked",
    "collect",
    "contributions",
    "edges",
    "leading",
    "local_partial",
    "transports",
]

_STAMP = operator.attrgetter("_stamp")


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
    results, leaves, seed = checked(self, seed)
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
        if any(grad - grad for grad in after):
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


def collect(root: Value) -> tuple[list[Result], list[Value]]:
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
    return results, leaves


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


def checked(root: Value, seed: float) -> tuple[list[Result], list[Value], float]:
    """What `collect` gives and the seed, if both will do: no leaf has changed since it was used, all is finite."""
    seed = number(seed)
    if seed - seed:
        raise RangeError(f"the seed must be a finite number, not {seed!r}")
    results, leaves = collect(root)
    check_fresh(results, leaves)
    if root._data - root._data:
        first = next(node for node in [*leaves, *reversed(results)] if node._data - node._data)
        raise RangeError(f"the derivative of {root._data!r} is not defined: the first such number is {first!r}")
    return results, leaves, seed


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


def contributions(root: Value, seed: float = 1.0) -> Iterator[Contribution]:
    """The sweep from `root`, one operand at a time, without touching any `grad`; `backward` does the same, faster."""
    results, leaves, seed = checked(root, seed)
    adjoints: dict[Value, float] = dict.fromkeys([*leaves, *results], 0.0)
    adjoints[root] = seed
    for node in results:
        for letter, position, operand in edges(node):
            partial = _partial_if_needed(node, letter, position, adjoints[node])
            yield _passed(node, position, letter, operand, adjoints[node], partial, adjoints, operand)


def transports(root: Value, x: Value, seed: float = 1.0) -> Iterator[Contribution]:
    """The sweep forward from x to `root`, one operand at a time: how fast each node changes when x does."""
    results, _, seed = checked(root, seed)
    tangents: dict[Value, float] = {x: seed}
    for node in reversed(results):
        for letter, position, operand in edges(node) if node is not x else ():
            if operand in tangents:
                tangents.setdefault(node, 0.0)
                partial = local_partial(node, letter, position)
                yield _passed(node, position, letter, operand, tangents[operand], partial, tangents, node)


def leading(results: Iterable[Result], xs: Iterable[Value]) -> set[Value]:
    """The nodes that were computed from one of xs, and these themselves, given the results youngest first."""
    found = set(xs)
    for node in reversed(list(results)):
        if any(operand in found for operand in node.operands if isinstance(operand, Value)):
            found.add(node)
    return found


def edges(node: Result) -> Iterator[tuple[str, int, Value]]:
    """(letter, position, operand) of the operands that are Values."""
    operands = node.operands
    for letter, position in node._kernel.places(len(operands)):
        operand = operands[position]
        if isinstance(operand, Value):
            yield letter, position, operand


def _passed(
    node: Result,
    position: int,
    letter: str,
    operand: Value,
    upstream: float,
    partial: float,
    sums: dict[Value, float],
    target: Value,
) -> Contribution:
    """The contribution of one edge to the sum of its target."""
    before = sums[target]
    passed = upstream * partial if upstream else 0.0
    after = sums[target] = before + passed
    if after - after:
        kind = "adjoint" if target is operand else "tangent"
        raise RangeError(f"the {kind} of {target!r} is too large: {upstream!r} * {partial!r}, between it and {node!r}")
    return Contribution(node, position, letter, operand, upstream, partial, passed, before, after)


def _partial_if_needed(node: Result, letter: str, position: int, adjoint: float) -> float:
    """The local partial, or nan where it does not exist but no adjoint arrives to be multiplied by it."""
    try:
        return local_partial(node, letter, position)
    except AutogradError:
        if adjoint:
            raise
        return math.nan


def local_partial(node: Result, letter: str, position: int) -> float:
    """The derivative of a result with respect to one of its operands, the others held fixed."""
    row, operands = node._kernel.row, node.operands
    data = [data_of(operands[place]) for place in node._kernel.beside(position, len(operands)).values()]
    whole = [list(map(data_of, operands))] if row.needs_whole_vector(row.computed_partial(letter)) else []
    try:
        return node._kernel.functions.partial(letter)(*data, node._data, *whole)
    except (ArithmeticError, ValueError) as error:
        raise gradient_failure(row, operands, letter, error) from None


def _explained(root: Value, seed: float, error: Exception) -> Exception:
    """The error to raise where the sweep failed: the one that going through it operand by operand meets."""
    try:
        for _ in contributions(root, seed):
            pass
    except AutogradError as explained:
        return explained
    return error
