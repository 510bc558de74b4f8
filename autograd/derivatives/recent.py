"""The graph of some nodes, as far as it is young enough to depend on a variable: older than that, nothing can.

>>> from autograd.engine.recording import clock
>>> from autograd.engine.value import Value
>>> x = Value(2.0, "x")
>>> old = x * x
>>> start = next(clock)
>>> t = Value(3.0, "t")
>>> graph = united([t * old], start)
>>> [node.op for node in graph.results], graph.ends == [old, t], [node.op for node in graph.whole()]
(['mul'], True, ['mul', 'mul'])

So a derivative that is taken at each step of a long computation looks at its own step only. What has to be known of
the older part, in rare cases, is looked up then.
"""

from __future__ import annotations

import heapq
import math
import weakref
from collections.abc import Iterable
from typing import Any

from autograd.engine.flow import values_in
from autograd.engine.order import check_fresh, collect
from autograd.engine.recording import Place, compared, decided, last_set, undecided
from autograd.engine.sweep import checked
from autograd.engine.value import Value, is_result

# When a leaf was last set, and the results that are known to have been computed since, or from other leaves.
_fresh: list[Any] = [0, weakref.WeakSet()]


class Graph:
    """What some nodes were computed from, the results youngest first; of what is older, only what these read."""

    __slots__ = ("closed", "ends", "results", "roots")

    def __init__(self, roots: list[Value], start: int) -> None:
        self.roots = roots
        self.results, self.ends = collect(*roots, start=start)  # leaves, and older results
        self.closed = start > 0  # whether all ends are leaves made since then, and never set
        for end in self.ends:
            if end._stamp >= -start:
                self.closed = False

    def whole(self) -> list[Value]:
        """All results, the older ones, too."""
        return collect(*self.roots).results

    def choice(self) -> tuple[Value, Place] | None:
        """A node that was compared before the newest one was made, and where: the graph is right on one side only."""
        newest = max((y._stamp for y in self.roots if is_result(y)), default=0)
        return next(decided([*self.results, *self.ends], newest), None) or self._older_choice(newest)

    def _older_choice(self, newest: int) -> tuple[Value, Place] | None:
        """The youngest such node before the ends; where there is none, nobody looks again."""
        ends = [end for end in self.ends if is_result(end)]
        if not compared or not ends:
            return None
        known = undecided[0]
        later = any(end in compared for end in ends)
        seen: set[Value] = {*ends}
        waiting = [(-end._stamp, end) for end in ends if end not in known]
        heapq.heapify(waiting)
        while waiting:
            for operand in values_in(heapq.heappop(waiting)[1]):
                if operand not in seen and operand not in known:
                    seen.add(operand)
                    for found in decided([operand], newest):
                        return found
                    later = later or operand in compared
                    if is_result(operand):
                        heapq.heappush(waiting, (-operand._stamp, operand))
        if not later:
            known.update(seen)
        return None


def united(ys: Iterable[Value], start: int = 0) -> Graph:
    """The graph of these nodes, as far as it was recorded after `start`.

    Raises what `backward` would raise for nodes that are not finite, and for graphs that are stale.
    """
    graph = Graph(list(ys), start)
    if not graph.closed:
        check_fresh(graph.results, graph.ends)
        _check_older([end for end in graph.ends if is_result(end)])
    for y in graph.roots:
        if not math.isfinite(y._data):
            checked(y, 1.0)  # its own graph tells where it went wrong
    return graph


def _check_older(ends: list[Value]) -> None:
    """Raise StaleGraphError where the older part of a graph is stale; nobody looks again until a leaf is set."""
    now = last_set[0]
    if not now or not ends:
        return
    if _fresh[0] != now:
        _fresh[:] = now, weakref.WeakSet()
    known: weakref.WeakSet[Value] = _fresh[1]
    seen: set[Value] = set()
    waiting = ends
    while waiting:
        node = waiting.pop()
        if node not in seen and node not in known:
            seen.add(node)
            waiting += [x for x in values_in(node) if is_result(x)]
    for node in seen:
        check_fresh([node], [x for x in values_in(node) if not is_result(x)])
    known.update(seen)
