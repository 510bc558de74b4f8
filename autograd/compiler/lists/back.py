"""The adjoints of a plan in statements about lists, each with its rule.

The adjoint of a list is set to the first contribution that arrives; the others are added to it. What goes to single
elements is added to these, in a list that begins with zeros.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.compiler.groups.arrays import REDUCED, Group, Segment
from autograd.compiler.groups.plan import factor
from autograd.compiler.lists.forward import Forward, Operand
from autograd.compiler.lists.statements import (
    Add,
    Applied,
    Columns,
    Count,
    Listed,
    Loop,
    Repeat,
    Set,
    Spread,
    Statement,
    added,
    simplified,
)
from autograd.compiler.lists.variables import Locals, Variable
from autograd.compiler.program import reachable
from autograd.reading.graph import local_symbol
from autograd.reading.notation import TEXT
from autograd.table.expression import Call, Expression, Name, Number


class Back:
    """The statements that compute the adjoints.

    there    the adjoints that are there: of a list the name, of a number also what it is known to be
    """

    def __init__(self, forward: Forward, comments: bool) -> None:
        self.forward, self.variables, self.plan = forward, forward.variables, forward.plan
        self.builder = forward.builder
        self.end = self.variables.end
        self.statements: list[Statement] = []
        self.there: dict[Variable, Expression] = {}
        self._has_rules = comments
        self._shared: set[str] = set()  # adjoints to which something is added in their places
        local = Locals(self.variables.taken)
        self._row, self._sum = Name(local.name("row", "r")), Name(local.name("s"))
        variable, index = self.variables.home[self.plan.trace.root]
        if index:
            self._to_element(variable, Add(self._element(variable, index), Number(1.0)))
        else:
            self.there[variable] = Number(1.0)
        for stage in reversed(self.plan.grouped.stages):
            if isinstance(stage, Segment):
                self._segment(stage)
            elif isinstance(stage, Group):
                self._group(stage)
        self.statements = [self._own(statement) for statement in self.statements]

    def _own(self, statement: Statement) -> Statement:
        """A statement that gives a list of its own to what is going to be changed in its places."""
        match statement:
            case Set(target, Name() as value, rule) if target in self._shared:
                return Set(target, Listed([Spread(value)]), rule)
        return statement

    # Contributions.

    def _contribute(self, target: Variable, value: Expression, rule: str = "") -> None:
        """Set the adjoint of a variable to a contribution, or add it."""
        before = self.there.get(target)
        if before is not None:
            rule = rule.replace(" = ", " += ", 1)
            if not target.depth:
                value = Call("add", [before, value])
            else:
                names = [self._row, self._sum][-target.depth :]
                if not isinstance(value, Loop | Repeat):
                    d = Name(self._locals().name("d"))
                    value = Loop(d, [(d, value)])
                value = added(before, value, names)
        self.statements.append(Set(target.adjoint, value, rule))
        self.there[target] = Name(target.adjoint)

    def _to_element(self, target: Variable, statement: Add) -> None:
        """Add to places of an adjoint."""
        self._shared.add(target.adjoint)
        if target not in self.there:
            self.statements.append(Set(target.adjoint, self.zeros(target)))
            self.there[target] = Name(target.adjoint)
        self.statements.append(statement._replace(rule=statement.rule.replace(" = ", " += ", 1)))

    def zeros(self, target: Variable) -> Expression:
        """An adjoint to which nothing has been contributed."""
        if not target.depth:
            return Number(0.0)
        zeros = Repeat(Number(0.0), target.shape[-1])
        rows = Loop(zeros, [(Name(self._locals().name("i")), Count(target.shape[0]))])
        return rows if target.depth == 2 else zeros

    def _to(self, target: Variable, index: Sequence[int], value: Expression, rule: str) -> None:
        """A contribution to a variable, or to one of its elements."""
        if index:
            self._to_element(target, Add(self._element(target, index), value, (), rule))
        else:
            self._contribute(target, value, rule)

    def _element(self, target: Variable, index: Sequence[int]) -> str:
        return Variable(target.adjoint, target.nodes).element(index)

    def _locals(self) -> Locals:
        """Names for one statement; those of sums are in use."""
        local = Locals(self.variables.taken)
        local.name(self._row.id)
        local.name(self._sum.id)
        return local

    def _moves(self, operand: Operand) -> bool:
        """Whether anything that is read depends on what is differentiated with respect to."""
        if operand.variable is None or not operand.axes:
            return operand.node >= 0 and bool(self.plan.leading[operand.node])
        return any(self.plan.leading[node] for _, node in operand.variable.places() if type(node) is int)

    # Stages.

    def _segment(self, segment: Segment) -> None:
        straight = self.forward.straight[segment]
        for node in straight.seeded:
            variable, _ = self.variables.home[node]
            if variable not in self.there:
                self._contribute(variable, Number(0.0))
        rules = straight.rules(self.end) if self._has_rules and self.plan.wrt else None
        lines, results = straight.backward()
        for name, expression, node in lines:
            is_known = isinstance(expression, Name) and expression.id == name.id
            if node is not None and straight.excerpt.nodes[node] in self.variables.home:
                variable, _ = self.variables.home[straight.excerpt.nodes[node]]
                rule = rules.of(node) if rules else ""
                if variable in self.there:
                    rule = rule.replace(" = ", " += ", 1)
                if name.id == variable.adjoint:
                    self.there[variable] = name
            if not is_known:
                self.statements.append(Set(name.id, expression, rule if node is not None else ""))
        for node, value in zip(straight.reads, results, strict=True):
            if not (isinstance(value, Number) and not value.value):
                rule = rules.of(segment.number[node]) if rules else ""
                self._to(*self.variables.home[node], value, rule)

    def _group(self, group: Group) -> None:
        if self.variables.of[group] in self.there:
            for letter, operand in self.forward.operands[group].items():
                if self._moves(operand):
                    value = self._reduced(group, letter) if group.name in REDUCED else self._mapped(group, letter)
                    if value is not None:
                        assert operand.variable
                        rule = self._rule(group, letter) if self._has_rules else ""
                        self._to(operand.variable, operand.place, value, rule)
        for copy in reversed(self.forward.made[group]):
            if copy in self.there:
                for target, statement in self.forward.copies.given_back(copy, self.plan.leading):
                    if isinstance(statement, Set):
                        self._contribute(target, statement.value)
                    else:
                        self._to_element(target, statement)

    def _rule(self, group: Group, letter: str) -> str:
        """The chain rule for an element of what is read for a letter."""
        operands = self.forward.operands[group]
        made = self.variables.of[group]
        node = Name(f"{made.name}[i]" if made.depth else made.name)
        parts = [operand.symbol for operand in operands.values()]
        symbol = local_symbol(group.kernel, letter, group.row.letters.index(letter), parts, node)
        known = self.there[made]
        if isinstance(known, Number):
            term = TEXT.expression(symbol)
        else:
            term = TEXT.product([f"d{self.end}/d{node.id}", TEXT.factor(symbol)])
        over = "sum over i of " if made.depth and "i" not in operands[letter].axes else ""
        return f"d{self.end}/d{TEXT.expression(operands[letter].symbol)} = {over}{term}"

    def _mapped(self, group: Group, letter: str) -> Expression | None:
        """What each member of a group that is no sum contributes for a letter; None where that is 0."""
        local, made = self._locals(), self.variables.of[group]
        d = Name(local.name("d"))
        parts, over = self.forward.parts(group, local)
        y = Name(local.element(made, "i"))
        over = [(d, self.there[made]), *over, (y, Name(made.name))]
        partial = self.builder.partial(group.row, letter, parts | {"y": y})
        term = self.builder.product(d, partial)
        if term is None:
            return None
        used = reachable([term])
        loop = Loop(term, [(name, source) for name, source in over if name in used])
        if self.forward.operands[group][letter].axes:
            return simplified(loop)
        return Loop(loop.body, loop.over, "sum")

    def _reduced(self, group: Group, letter: str) -> Expression:
        """What each member of a group of sums contributes for a letter: its adjoint times the other factor."""
        local, adjoint = self._locals(), self.there[self.variables.of[group]]
        operands = self.forward.operands[group]
        axes, other = operands[letter].axes, factor(group, letter)
        if len(group) == 1:
            if not axes:
                return adjoint
            return self._times(adjoint, operands[other] if other else None, group.length, local)
        d = Name(local.name("d"))
        if axes == "i":
            return adjoint
        if "i" not in axes and other and "i" in operands[other].axes:
            return self._columns(operands[other], adjoint, local)
        if "i" not in axes:
            total = Applied("sum", [adjoint])
            return self._times(total, operands[other] if other else None, group.length, local) if axes else total
        over = [(d, adjoint)]
        factors = operands[other] if other else None
        if factors and factors.variable and "i" in factors.axes:
            row = Name(local.element(factors.variable, "i"))
            over.append((row, factors.whole))
            factors = factors._replace(axes="j", whole=row)
        return Loop(self._times(d, factors, group.length, local), over)

    def _times(self, d: Expression, factors: Operand | None, length: int, local: Locals) -> Expression:
        """A number times each element of a list."""
        if factors is None or factors.variable is None:
            return Repeat(d, length)
        x = Name(local.element(factors.variable, "j"))
        return simplified(Loop(self.builder.call("mul", [d, x]), [(x, factors.whole)]))

    def _columns(self, matrix: Operand, adjoint: Expression, local: Locals) -> Expression:
        """For each column of a matrix the sum of the adjoints times its elements."""
        assert matrix.variable
        column = Name(local.element(matrix.variable, "j"))
        return Loop(Applied("dot", [adjoint, column]), [(column, Columns(matrix.whole))])
