"""Stages in an order in which they can be computed, and what each of them reads."""

from __future__ import annotations

import itertools
from collections.abc import Container, Sequence

from autograd.compiler.groups.arrays import MOST, Access, Group, Grouped, Segment, Stage
from autograd.compiler.groups.places import Places
from autograd.compiler.groups.sums import Sums, length_of, results_of
from autograd.compiler.numbering import vector
from autograd.compiler.trace import Trace

LONG = 2_000  # single nodes: more of them are not cut into segments that a compiler takes as straight-line code


class Order:
    """The order of groups and single nodes: groups at odd levels, as early as can be, single nodes at even ones, late.

    An item is a single node, or the group of the number -1 - item.
    """

    def __init__(
        self, sums: Sums, groups: Sequence[list[int]], wanted: Container[int], trace: Trace, long: float | None = None
    ) -> None:
        self.steps, self.groups, self._long = sums.steps, groups, LONG if long is None else long
        self._leaves = range(trace.leaves)
        self._varying = trace.leading(range(trace.inputs))
        self.item = {node: -1 - index for index, nodes in enumerate(groups) for node in nodes}
        self.level: dict[int, int] = {}
        self._found: dict[int, list[int]] = {}
        order = self._sorted()
        last = max((level + level % 2 for level in self.level.values()), default=0)
        latest: dict[int, int] = {}
        for item in reversed(order):
            if item >= 0:
                self.level[item] = latest.get(item, last)
            for source in self._sources(item):
                latest[source] = min(latest.get(source, last), self.level[item] - (item < 0))
        self.stages = self._cut(order, last)
        self.outputs = self._outputs(wanted)

    def _sources(self, item: int) -> list[int]:
        """The groups and single nodes that one of them reads."""
        if item not in self._found:
            nodes = self.groups[-1 - item] if item < 0 else [item]
            read = results_of(map(self.steps.__getitem__, nodes), self._leaves)
            self._found[item] = list(dict.fromkeys(self.item.get(x, x) for x in read))
        return self._found[item]

    def _sorted(self) -> list[int]:
        """All items, each after what it reads, with the earliest level that it can have."""
        order: list[int] = []
        for node in sorted(self.steps):
            waiting = [self.item.get(node, node)]
            while waiting:
                item = waiting[-1]
                if item in self.level:
                    waiting.pop()
                elif further := [source for source in self._sources(item) if source not in self.level]:
                    waiting += further
                else:
                    levels = [self.level[x] for x in self._sources(item)]
                    parity = int(item < 0)
                    self.level[item] = max((level + (level % 2 != parity) for level in levels), default=parity)
                    order.append(waiting.pop())
        return order

    def _cut(self, order: Sequence[int], last: int) -> list[list[int]]:
        """The nodes of each stage."""
        levels: list[list[int]] = [[] for _ in range(last + 1)]
        for item in order:
            levels[self.level[item]].append(item)
        stages: list[list[int]] = []
        most = MOST if len(self.steps) - len(self.item) <= self._long else len(self.steps)
        for number, items in enumerate(levels):
            if number % 2:
                stages += [self.groups[-1 - item] for item in items]
            else:
                for varies in (False, True):
                    nodes = sorted(item for item in items if self._varying[item] == varies)
                    stages += [nodes[start : start + most] for start in range(0, len(nodes), most)]
        return stages

    def _outputs(self, wanted: Container[int]) -> set[int]:
        """The nodes that are read from another stage, or wanted."""
        stage = {node: index for index, nodes in enumerate(self.stages) for node in nodes}
        found = {node for node in stage if node in wanted}
        for index, nodes in enumerate(self.stages):
            read = results_of(map(self.steps.__getitem__, nodes), self._leaves)
            found.update(x for x in read if stage[x] != index)
        return found


def placed(trace: Trace, sums: Sums, order: Order) -> Grouped:
    """The stages, with what each reads."""
    places = Places(trace)
    stages: list[Stage] = []
    for nodes in order.stages:
        stage: Group | Segment
        if nodes[0] in order.item:
            stage = _group(nodes, sums, places)
            stages += places.gathers
            places.gathers.clear()
        else:
            stage = Segment(nodes, [node for node in nodes if node in order.outputs], sums.steps)
        stages.append(stage)
        places.results |= {node: (stage, index) for index, node in enumerate(stage.members)}
    return Grouped(trace, places.inputs, places.parameters, places.constants, stages, places.results)


def _group(nodes: Sequence[int], sums: Sums, places: Places) -> Group:
    """A group, with what its members read."""
    first = sums.steps[nodes[0]]
    length = length_of(first)
    group = Group(first.kernel, nodes, length, nodes[0] in sums.starts, sums.is_written(nodes[0]))
    steps = [sums.steps[node] for node in nodes]
    for vectors in zip(*(step.vectors for step in steps), strict=True) if length else ():
        access = _matrix([places.vector(given) for given in vectors])
        if access is None:
            access = places.vector(vector([*itertools.chain(*vectors)]))._replace(di=length)
        group.operands.append(access)
    for column in zip(*(step.others for step in steps), strict=True):
        if type(column[0]) is not int:
            group.operands.append(float(column[0]))
        else:
            access = places.vector(vector(column))
            group.operands.append(Access(access.array, access.base, access.dj))
    return group


def _matrix(rows: Sequence[Access]) -> Access | None:
    """The access to a matrix, given those to its rows; None where these are unevenly spaced."""
    array, base, _, dj = rows[0]
    di = rows[1].base - base if len(rows) > 1 else 0
    even = all(row == (array, base + di * i, 0, dj) for i, row in enumerate(rows))
    return Access(array, base, di, dj) if even else None
