"""The values of a plan in statements about lists, stage by stage, and what was read for them."""

from __future__ import annotations

from typing import NamedTuple

from autograd.compiler.builder import Builder
from autograd.compiler.groups.arrays import Group, Segment
from autograd.compiler.groups.plan import Plan
from autograd.compiler.lists.copies import Copies
from autograd.compiler.lists.statements import Applied, Loop, Repeat, Set, Statement
from autograd.compiler.lists.straight import Straight
from autograd.compiler.lists.variables import Index, Locals, Variable, Variables, depth, places
from autograd.table.expression import Call, Expression, Name, Number


class Operand(NamedTuple):
    """What the members of a group read for a letter.

    axes       i where each member reads its own, j where it reads a vector
    whole      the list, or the number of all members, perhaps a constant
    variable   what that is, or where it is if it is no constant: at `place`, the number of `node`
    """

    axes: str
    whole: Expression
    variable: Variable | None = None
    place: Index = ()
    node: int = -1

    @property
    def symbol(self) -> Expression:
        """An element as it is written in mathematics: w1[i,j]."""
        return Name(f"{self.variable.name}[{','.join(self.axes)}]") if self.variable and self.axes else self.whole


class Forward:
    """The statements that compute the values.

    operands   what each group reads
    made       the copies that were first made for a group
    straight   the segments
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.variables = Variables(plan)
        self.copies = Copies(self.variables)
        self.builder = Builder(elementary=False)
        self.statements: list[Statement] = []
        self.operands: dict[Group, dict[str, Operand]] = {}
        self.made: dict[Group, list[Variable]] = {}
        self.straight: dict[Segment, Straight] = {}
        segments = [stage for stage in plan.grouped.stages if isinstance(stage, Segment)]
        outside = {node for segment in segments for node in segment.reads}
        for read in self.variables.read.values():
            outside |= {node for nodes in read.values() for _, node in places(nodes) if type(node) is int}
        for stage in plan.grouped.stages:
            if isinstance(stage, Segment):
                self.straight[stage] = straight = Straight(stage, self.variables, outside)
                self.statements += [Set(line.name.id, line.expression) for line in straight.forward()]
            elif isinstance(stage, Group):
                self._group(stage)

    def parts(self, group: Group, local: Locals) -> tuple[dict[str, Expression], list[tuple[Name, Expression]]]:
        """What stands for each letter in what one member computes, and the loop over all members."""
        parts: dict[str, Expression] = {}
        over: dict[str, tuple[Name, Expression]] = {}
        for letter, operand in self.operands[group].items():
            if operand.variable and "i" in operand.axes:
                name = operand.variable.name
                over[name] = over.get(name) or (Name(local.element(operand.variable, "i")), operand.whole)
                parts[letter] = over[name][0]
            else:
                parts[letter] = operand.whole
        return parts, [*over.values()]

    def _group(self, group: Group) -> None:
        self.made[group] = []
        self.operands[group] = {letter: self._operand(group, letter) for letter in group.row.letters}
        local = Locals(self.variables.taken)
        parts, over = self.parts(group, local)
        if group.name in ("dot", "sum"):
            body = self._reduced(group, parts, local)
        else:
            body = self.builder.operation(group.row, [*parts.values()])
        value = body if len(group) == 1 else Loop(body, over) if over else Repeat(body, len(group))
        self.statements.append(Set(self.variables.of[group].name, value))

    def _operand(self, group: Group, letter: str) -> Operand:
        nodes = self.variables.read[group][letter]
        if not depth(nodes):
            if type(nodes) is float:
                return Operand("", self.builder.number(nodes))
            variable, index = self.variables.home[nodes]
            return Operand("", Name(variable.element(index)), variable, index, nodes)
        variable, is_new = self.copies.variable(nodes)
        if is_new:
            self.made[group].append(variable)
            self.statements.append(Set(variable.name, self.copies.built(variable)))
        axes = "ij" if variable.depth == 2 else "j" if letter in group.row.vectors else "i"
        return Operand(axes, Name(variable.name), variable)

    def _reduced(self, group: Group, parts: dict[str, Expression], local: Locals) -> Expression:
        """A sum of one member: of the bits that it has on the graph."""
        trace = self.plan.trace
        is_written = trace.steps[group.members[0] - trace.leaves].kernel.row.name != group.name
        if group.name == "sum":
            return Applied("sum" if is_written else "fsum", [parts["a"]])
        a, b, c = parts.values()
        has_start = not (isinstance(c, Number) and str(c.value) == "-0.0")
        if not is_written:
            return Applied("dot", [a, b, c] if has_start else [a, b])
        x, y = self.operands[group]["a"].variable, self.operands[group]["b"].variable
        assert x
        assert y
        over = [(Name(local.element(x, "j")), a)]
        if x is not y:
            over.append((Name(local.element(y, "j")), b))
        product = Call("mul", [over[0][0], over[-1][0]])
        if has_start and group.starts:
            return Applied("sum", [Loop(product, over, ""), c])
        found = Loop(product, over, "sum")
        return Call("add", [found, c]) if has_start else found
