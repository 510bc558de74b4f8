"""Single nodes between groups, in straight lines as a program without groups has them."""

from __future__ import annotations

from collections.abc import Container

from autograd.compiler.comments import Rules, lined
from autograd.compiler.groups.arrays import Segment
from autograd.compiler.listing import Writer, lines_for
from autograd.compiler.lists.variables import Variables
from autograd.compiler.program import Line, differentiate
from autograd.compiler.trace import Labelled
from autograd.table.expression import Expression, Name, Number


class Excerpt(Labelled):
    """A segment as a trace of its own: the nodes that it reads are the leaves."""

    def __init__(self, segment: Segment, variables: Variables) -> None:
        super().__init__(len(segment.reads))
        self.nodes = [*segment.reads, *segment.nodes]
        self.steps = segment.flat.steps
        self.root = segment.number.get(variables.trace.root, -1)
        self.labels = [variables.element(node) for node in self.nodes]
        self.names = [variables.trace.names[node] for node in self.nodes]


class Straight:
    """The lines of a segment: `forward`, then `backward`, which are to be asked for in this order.

    reads    the nodes to whose adjoints it contributes
    seeded   the members whose adjoints come from other stages, at least in part; `outside` is what these read
    """

    def __init__(self, segment: Segment, variables: Variables, outside: Container[int]) -> None:
        plan, number = variables.plan, segment.number
        self.excerpt = excerpt = Excerpt(segment, variables)
        leaves = excerpt.leaves
        wanted = [number[node] for node in dict.fromkeys(plan.wrt) if number.get(node, -1) >= leaves]
        kept = dict.fromkeys([*map(number.__getitem__, segment.members), *wanted])
        self.stops = {stop for stop in lined(excerpt) if stop >= 0} | {*kept}
        self.seeded = [node for node in segment.members if node in outside and plan.leading[node]]
        self.reads = [node for node in segment.reads if plan.leading[node]]
        inner = (stop for stop in sorted(self.stops) if stop >= leaves and stop != excerpt.root)
        seeds: dict[int, Expression] = {number[x]: Name(variables.home[x][0].adjoint) for x in self.seeded}
        if excerpt.root >= 0:
            seeds[excerpt.root] = Number(1.0)
        program = differentiate(
            excerpt,
            [*(number[node] for node in self.reads), *wanted],
            {stop: excerpt.labels[stop] for stop in self.stops},
            {stop: variables.home[excerpt.nodes[stop]][0].adjoint for stop in inner},
            seeds,
        )
        outputs = [*(program.nodes[stop] for stop in kept), *program.gradients, program.value]
        self._gradients = program.gradients[: len(self.reads)]
        self._lines = lines_for(program, outputs)
        adjoint_of = {adjoint: index for index, adjoint in program.adjoints.items()}
        self._writer = Writer([*(line.expression for line in self._lines), *outputs], variables.taken, adjoint_of)

    def forward(self) -> list[Line]:
        """The lines that compute the values."""
        return self._writer.write(line for line in self._lines if line.adjoint_of is None)[0]

    def backward(self) -> tuple[list[Line], list[Expression]]:
        """The lines that compute the adjoints, and what is contributed to those of `reads`."""
        return self._writer.write((line for line in self._lines if line.adjoint_of is not None), self._gradients)

    def rules(self, end: str) -> Rules:
        """The rules of the adjoints."""
        return Rules(self.excerpt, self.stops, end)
