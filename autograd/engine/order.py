"""The nodes of a graph in order: each result before its operands, so that its adjoint is whole when it is passed on.

>>> x = Value(3.0, "x")
>>> y = x * x + 2 * x
>>> results, leaves = collect(y)
>>> [node.op for node in results], leaves == [x]
(['add', 'mul', 'mul'], True)

`collect` touches no node. `clear` finds the same for `backward`, which sets all grads to 0 anyway, and is quicker.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd.engine.kernels import LEAF
from autograd.engine.value import Value
from autograd.engine.vectors import Vector
from autograd.errors import StaleGraphError

_STAMP = operator.attrgetter("_stamp")


class Collected(NamedTuple):
    """The nodes of a graph."""

    results: list[Value]
    leaves: list[Value]


def collect(*roots: Value, start: int = 0) -> Collected:
    """All results from which the roots were computed, the youngest first (of one root, itself), and all leaves.

    The order is topological: a node comes before its operands, so that its adjoint is complete when it is passed on.
    Results that were computed before `start` are taken for leaves.
    """
    for root in roots:
        if not isinstance(root, Value):
            raise TypeError(f"expected a Value, the result of a computation with Values, not {root!r}")
    results: list[Value] = []
    leaves: list[Value] = []
    waiting = [*roots]
    waiting.reverse()
    looked: set[int] = set()
    seen: set[Value] = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        kernel = node._kernel
        if kernel is LEAF or node._stamp < start:
            leaves.append(node)
            continue
        results.append(node)
        if kernel.reads_a and node._a not in seen:
            waiting.append(node._a)
        if kernel.reads_b and node._b not in seen:
            waiting.append(node._b)
        elif kernel.many:
            waiting += [x for x in _among(node, looked) if type(x) is not float and x not in seen]
    results.sort(key=_STAMP, reverse=True)
    return Collected(results, leaves)


def clear(root: Value, results: list[Value], before: dict[Value, float]) -> None:
    """Set the grad of each node of a graph to 0; add its results, the youngest first, and the grads of its leaves.

    What was reached is known by its grad, which is this very 0: that takes two thirds of the time of a set.
    """
    fresh = float("0")  # an object of its own
    waiting: list[Value] = []
    looked: set[int] = set()
    _reach([root], fresh, waiting, before)
    while waiting:  # the last first, and so the youngest: what is almost in order is soon sorted
        node = waiting.pop()
        results.append(node)
        kernel = node._kernel
        if kernel.reads_a:  # as in _reach, whose call would take as long as all the rest
            a = node._a
            if a.grad is not fresh:
                if a._kernel is LEAF:
                    before.setdefault(a, a.grad)
                else:
                    waiting.append(a)
                a.grad = fresh
        if kernel.reads_b:
            b = node._b
            if b.grad is not fresh:
                if b._kernel is LEAF:
                    before.setdefault(b, b.grad)
                else:
                    waiting.append(b)
                b.grad = fresh
        elif kernel.many:
            _reach(_among(node, looked), fresh, waiting, before)
    results.sort(key=_STAMP, reverse=True)


def _reach(operands: Sequence[Any], fresh: float, waiting: list[Value], before: dict[Value, float]) -> None:
    """Take up the Values among operands that were not reached before."""
    for x in operands:
        if type(x) is not float and x.grad is not fresh:
            if x._kernel is LEAF:
                before.setdefault(x, x.grad)  # a grad of a subclass may not keep that 0
            else:
                waiting.append(x)
            x.grad = fresh


def _among(node: Value, looked: set[int]) -> Sequence[Any]:
    """Many operands, numbers included, but for those in vectors that were looked at before, for another node."""
    found: list[Any] = []
    for part in node._a:
        if type(part) is tuple:
            found += part
        elif type(part) is not Vector:
            found.append(part)
        elif id(part) not in looked:
            looked.add(id(part))
            found += part
    return found


def check_fresh(results: Sequence[Value], leaves: Iterable[Value]) -> None:
    """Raise StaleGraphError where a leaf's data was set after a result was computed from it."""
    if not results or max(map(_STAMP, leaves), default=0) < results[-1]._stamp:
        return
    for node in reversed(results):
        for operand in node.operands:
            if isinstance(operand, Value) and operand._kernel is LEAF and operand._stamp > node._stamp:
                which = f"{operand.name or 'a leaf'} = {operand._data!r}"
                row = node._kernel.row.name
                raise StaleGraphError(f"{which} was set after {row} was computed from it: compute the result again")
