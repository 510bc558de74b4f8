"""The chain rule over groups: which arrays get adjoints, and what a member, or a segment, computes forward and back.

A stage is computed forward after those before it, and back after those behind it. Going back, what it read gets its
contribution: of a sum of products, each factor the adjoint times the other factor; of any other operation what the
table says, in `Member`; of a segment what `elementary` makes of it, which computes its values once more.

>>> from autograd.engine.functions import exp
>>> from autograd.engine.value import Value
>>> x = [Value(0.1 * i, f"x{i}") for i in range(8)]
>>> plan = Plan(Trace(sum(map(exp, x)), x), range(8), ())
>>> member = plan.member(plan.grouped.stages[0])
>>> member.value, member.slopes
(Call('exp(a)'), {'a': Call('adjoint * y')})
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd.compiler.builder import Builder
from autograd.compiler.groups.alike import grouped
from autograd.compiler.groups.arrays import Access, Array, Gather, Group, Segment, Stage
from autograd.compiler.numbering import is_marked, outside
from autograd.compiler.program import SEED, Program, check, elementary, may_fail, operation
from autograd.compiler.trace import Trace
from autograd.table.expression import Expression, Name
from autograd.table.parser import parse_row

ADJOINT = Name("adjoint")
RESULT = Name("y")


class Member(NamedTuple):
    """What each member of a group computes: forward, of its letters, and back, of RESULT and ADJOINT too.

    names    the names of the letters that are read
    check    0, or nan where the operation failed
    slopes   the contribution for each letter that gets one
    doubt    0, or nan where one of these does not exist
    """

    builder: Builder
    names: dict[str, Expression]
    value: Expression
    check: Expression
    slopes: dict[str, Expression]
    doubt: Expression


class Back(NamedTuple):
    """What a segment contributes, and to which nodes.

    nodes   those read, and those of its own that a derivative is wanted with respect to, with their whole adjoint
    seeds   the names of the adjoints of its members, or SEED alone for the root
    """

    program: Program
    nodes: list[int]
    seeds: list[Name]


class Plan:
    """What is computed of a trace in stages.

    others   the wanted nodes that are no parameters
    moving   the arrays that depend on what is differentiated with respect to, and so have adjoints
    varying  the arrays that differ from row to row
    final    the last segment, if the root is in it: it is computed forward and back at once
    make     what makes expressions
    """

    def __init__(
        self,
        trace: Trace,
        wrt: Sequence[int],
        also: Sequence[int],
        make: Callable[[bool], Builder] = Builder,
        long: float | None = None,
    ) -> None:
        self.trace, self.wrt, self.also, self.make = trace, wrt, also, make
        self.others = dict.fromkeys(outside(wrt, range(trace.inputs, trace.leaves)))
        self._members: dict[Group, Member] = {}
        self.grouped = found = grouped(trace, [*(node for node in self.others if node >= trace.leaves), *also], long)
        self.leading = trace.leading(wrt)
        arrays: list[Array] = [found.inputs, found.parameters, *found.stages]
        self.moving = {array for array in arrays if self._moves(array)}
        self.varying: set[Array] = {found.inputs}
        for stage in found.stages:
            if not self.varying.isdisjoint(self.sources(stage)):
                self.varying.add(stage)
        last = found.stages[-1] if found.stages else None
        self.final = last if isinstance(last, Segment) and trace.root in last.nodes else None
        if self.final:
            self.final.flat.root = self.final.number[trace.root]

    def _moves(self, array: Array) -> bool:
        return is_marked(self.leading, array.members)

    def sources(self, stage: Stage) -> list[Array]:
        """The arrays that a stage reads."""
        if isinstance(stage, Group):
            return [operand.array for operand in stage.operands if isinstance(operand, Access)]
        places = stage.sources if isinstance(stage, Gather) else map(self.grouped.place, stage.reads)
        return [array for array, _ in places]

    def letters(self, group: Group) -> list[str]:
        """The letters of a group's operands that get a contribution."""
        operands = zip(group.row.letters, group.operands, strict=True)
        return [letter for letter, operand in operands if isinstance(operand, Access) and operand.array in self.moving]

    def member(self, group: Group) -> Member:
        """What a member computes, where it is no sum."""
        if group not in self._members:
            self._members[group] = self._member(group)
        return self._members[group]

    def _member(self, group: Group) -> Member:
        builder = self.make(True)
        names: dict[str, Expression] = {
            letter: Name(letter) if isinstance(operand, Access) else builder.number(operand)
            for letter, operand in zip(group.row.letters, group.operands, strict=True)
        }
        value, checked = operation(builder, group.row, list(names.values()))
        slopes: dict[str, Expression] = {}
        doubts: list[Expression] = []
        for letter in self.letters(group) if group in self.moving else ():
            partial = builder.partial(group.row, letter, names | {"y": RESULT})
            term = builder.product(ADJOINT, partial)
            if term is not None:
                slopes[letter] = term
                doubts += [term] if group.kernel.fallible and may_fail(partial, {*names.values(), RESULT}) else []
        read: dict[str, Expression] = {letter: name for letter, name in names.items() if isinstance(name, Name)}
        return Member(builder, read, value, check(builder, checked), slopes, check(builder, doubts))

    def forward(self, segment: Segment) -> Program:
        """The values of a segment's members, with their check."""
        also = [segment.number[node] for node in segment.members]
        return elementary(segment.flat, (), also=also, make=self.make)

    def contributed(self, segment: Segment) -> list[int]:
        """The nodes that a segment contributes to, and its own that a derivative is wanted with respect to."""
        nodes = [node for node in segment.reads if self.leading[node]]
        return nodes + [node for node in segment.nodes if node in self.others]

    def backward(self, segment: Segment) -> Back:
        """What a segment contributes; it computes its values again."""
        nodes = self.contributed(segment)
        members = [self.trace.root] if segment is self.final else segment.members
        seeds = [SEED if segment is self.final else Name(f"adjoint{index}") for index in range(len(members))]
        given = {segment.number[node]: seed for node, seed in zip(members, seeds, strict=True)}
        wrt = [segment.number[node] for node in nodes]
        return Back(elementary(segment.flat, wrt, given, make=self.make), nodes, seeds)


def factor(group: Group, letter: str) -> str | None:
    """The letter that a partial of a sum of products is; None where it is 1."""
    partial = parse_row(group.row.computed_partial(letter)).result
    return partial.id if isinstance(partial, Name) else None
