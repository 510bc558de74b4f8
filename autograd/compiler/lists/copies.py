"""Lists that are put together from elements of others, because they are read so; their adjoints go back to these.

Where the elements lie in an even order, the list is a loop over indices, [[w1[j][i] for j in …] for i in …], or a part
of another list; else it names them one by one, those side by side together: [*a1[2:6], b1[0], 0.5]. Parameters in the
order of neurons, of each its weights and its bias, are [p for w, b in zip(w1, b1) for p in [*w, b]].
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.lists.statements import Add, Count, Listed, Loop, Over, Repeat, Set, Slice, Spread, Statement
from autograd.compiler.lists.variables import Index, Locals, Nodes, Variable, Variables, depth, key, places, stem
from autograd.reading.graph import free, numbered
from autograd.table.expression import Call, Expression, Name, Number

SHORTEST = 3  # elements that are worth a loop


class Run(NamedTuple):
    """Elements of a variable in an even order: the index of the first, and how far each is from the one before it.

    A number is in no variable, and is its own index.
    """

    variable: Variable | None
    first: Any
    step: Index
    many: int

    @property
    def is_line(self) -> bool:
        """Whether it is a row of a matrix, or one element of a list."""
        if not (self.variable and self.variable.depth):
            return False
        lengths = self.variable.shape[1:]
        return not any(self.first[1:]) and (self.many,) == (lengths or (1,)) and self.step[:1] in ((), (0,))


class Copies:
    """Variables as they are read: those there are, and copies in another order."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables

    def variable(self, nodes: Nodes) -> tuple[Variable, bool]:
        """The variable that holds these nodes and numbers, and whether it is a new copy."""
        known = self.variables.known.get(key(nodes))
        return (known, False) if known else (self._copy(nodes), True)

    def _copy(self, nodes: Nodes) -> Variable:
        every, taken, trace = [node for _, node in places(nodes)], self.variables.taken, self.variables.trace
        if any(type(node) is float for node in every):
            common = "k" if all(type(node) is float for node in every) else ""
        else:
            common = stem([trace.names[node] for node in every])
            if not common and max(every) < trace.leaves:
                common = "x" if max(every) < trace.inputs else "p"
        names = [common, f"{common}s"] if depth(nodes) == 1 and common else [common or "v"]
        name = next((name for name in names if name not in taken), "")
        name = free(name, taken) if name else numbered(f"{names[0]}_", itertools.count(1), taken)
        made = Variable(name, nodes)
        made.adjoint = free(f"d{self.variables.end}_d{name}", taken)
        self.variables.known[key(nodes)] = made
        return made

    # Forward.

    def built(self, copy: Variable) -> Expression:
        """What a copy is put together from."""
        if copy.depth == 1:
            return self.listed(copy.nodes)
        homes = {place: self._home(node) for place, node in copy.places()}
        [variable, *others] = {variable for variable, _ in homes.values()}
        steps = None if others or variable is None else fitted({place: index for place, (_, index) in homes.items()})
        if variable is None or steps is None:
            return Listed(self.listed(row) for row in copy.nodes)
        names, over = self.loops(copy.shape)
        return nested(Name(variable.element(shifted(steps, names))), over)

    def loops(self, shape: Sequence[int]) -> tuple[list[str], list[Over]]:
        """Names for indices, and the loops over them."""
        local = Locals(self.variables.taken)
        names = [local.name(letter) for letter, _ in zip("ij", shape, strict=False)]
        return names, [[(Name(name), Count(count))] for name, count in zip(names, shape, strict=True)]

    def _home(self, node: Any) -> tuple[Variable | None, Any]:
        return (None, node) if type(node) is float else self.variables.home[node]

    def listed(self, nodes: Sequence[Any]) -> Expression:
        """A list of nodes and numbers."""
        items: list[Expression] = []
        found = [*runs([self._home(node) for node in nodes])]
        while found:
            kind, many = next(((k, n) for k in (1, 2) if (n := _woven(found, k))), (1, 0))
            items.append(self._weave(found[:kind]) if many else self._item(found[0]))
            del found[: kind * many or 1]
        only = items[0] if len(items) == 1 else None
        return only.whole if isinstance(only, Spread) else Listed(items)

    def _weave(self, heads: Sequence[Run]) -> Expression:
        """The rows and elements of several variables, one of each in turn."""
        local = Locals(self.variables.taken)
        over, items = [], []
        for run in heads:
            assert run.variable
            name = Name(local.element(run.variable, "i"))
            over.append((name, Name(run.variable.name)))
            items.append(Spread(name) if run.variable.depth == 2 else name)
        p = Name(local.name("p", "q"))
        inner = heads[0].variable and items[0].whole if len(heads) == 1 and isinstance(items[0], Spread) else None
        return Spread(Loop(p, over, "list", [(p, inner or Listed(items))]))

    def _item(self, run: Run) -> Expression:
        variable, first, step, count = run
        if variable is None:
            return Number(first)
        if count == 1:
            return Name(variable.element(first))
        if not any(step):
            return Spread(Repeat(Name(variable.element(first)), count))
        if not any(step[:-1]):
            name = variable.element(first[:-1])
            is_whole = (first[-1], step[-1], count) == (0, 1, variable.shape[-1])
            return Spread(Name(name) if is_whole else Slice(name, first[-1], count, step[-1]))
        [name], over = self.loops([count])
        return Spread(nested(Name(variable.element(shifted([first, step], [name]))), over))

    # Back.

    def given_back(self, copy: Variable, moving: Sequence[int]) -> Iterator[tuple[Variable, Statement]]:
        """What the adjoint of a copy adds to those of the variables that it was put together from.

        A whole list is given as what its adjoint would be set to.

        moving   marks of the nodes that depend on what is differentiated with respect to
        """
        targets: dict[Variable, list[tuple[Index, Index]]] = {}
        for place, node in copy.places():
            if type(node) is int and moving[node]:
                variable, index = self.variables.home[node]
                targets.setdefault(variable, []).append((index, place))
        adjoint = Variable(copy.adjoint, copy.nodes)
        for target, pairs in targets.items():
            if not target.depth:
                terms = [Name(adjoint.element(place)) for _, place in pairs]
                yield target, Set(target.adjoint, terms[0] if len(terms) == 1 else Call("sum", terms))
                continue
            at = dict(pairs)
            is_whole = len(at) == len(pairs) == sum(1 for _ in target.places())
            steps = fitted(at) if is_whole else None
            if steps:
                yield target, Set(target.adjoint, self._part(adjoint, target, steps))
            else:
                yield from ((target, statement) for statement in self._places(adjoint, target, pairs))

    def _part(self, adjoint: Variable, target: Variable, steps: Sequence[Index]) -> Expression:
        """The elements of a copy's adjoint that belong to a variable, in its form."""
        (first, *further), shape = steps, target.shape
        if target.depth == adjoint.depth == 1:
            start, step, count = first[0], further[0][0], shape[0]
            is_all = (start, step, count) == (0, 1, len(adjoint.nodes))
            return Name(adjoint.name) if is_all else Slice(adjoint.name, start, count, step)
        names, over = self.loops(shape)
        return nested(Name(adjoint.element(shifted(steps, names))), over)

    def _places(self, adjoint: Variable, target: Variable, pairs: Sequence[tuple[Index, Index]]) -> Iterator[Statement]:
        """Additions to elements of a variable's adjoint."""
        goal = Variable(target.adjoint, target.nodes)
        everywhere = {place: index for index, place in pairs}
        grid = fitted(everywhere) if len(pairs) == sum(1 for _ in adjoint.places()) else None
        if grid:
            names, over = self.loops(adjoint.shape)
            yield Add(goal.element(shifted(grid, names)), Name(adjoint.element(names)), over)
            return
        width = target.depth
        for _, both, step, count in runs([(target, (*index, *place)) for index, place in pairs]):
            if count == 1:
                yield Add(goal.element(both[:width]), Name(adjoint.element(both[width:])))
                continue
            [name], over = self.loops([count])
            texts = shifted([both, step], [name])
            yield Add(goal.element(texts[:width]), Name(adjoint.element(texts[width:])), over)


def runs(homes: Sequence[tuple[Variable | None, Any]]) -> Iterator[Run]:
    """Elements one after the other, those in an even order together."""
    start = 0
    while start < len(homes):
        variable, first = homes[start]
        count = 1
        step: Index = ()
        if variable is not None and start + 1 < len(homes) and homes[start + 1][0] is variable:
            step = tuple(b - a for a, b in zip(first, homes[start + 1][1], strict=True))
            for other, index in homes[start + 1 :]:
                if other is not variable or index != tuple(a + count * b for a, b in zip(first, step, strict=True)):
                    break
                count += 1
        is_row = variable is not None and (count,) == variable.shape[1:] and step == (0, 1) and first[1] == 0
        if count < SHORTEST and not is_row:
            count, step = 1, ()
        yield Run(variable, first, step, count)
        start += count


def _woven(found: Sequence[Run], period: int) -> int:
    """How often lines of `period` variables come in turn from the first one on; 0 if not all lines of these do."""
    heads = found[:period]
    sizes = {run.variable.shape[0] for run in heads if run.variable and run.is_line and not any(run.first)}
    if len(heads) < period or len(sizes) != 1 or not all(run.is_line for run in heads):
        return 0
    [many] = sizes
    if many < 2 or len(found) < period * many or any(any(run.first) for run in heads):
        return 0
    for k, run in enumerate(found[: period * many]):
        head = heads[k % period]
        if run.variable is not head.variable or not run.is_line or run.first[0] != k // period:
            return 0
    return many


def fitted(at: Mapping[Index, Index]) -> list[Index] | None:
    """The index at the beginning, and how far it goes with each coordinate; None where that is not even."""
    rank = len(next(iter(at)))
    base = at.get((0,) * rank)
    if base is None:
        return None
    steps = [tuple(b - a for a, b in zip(base, at.get(unit, base), strict=True)) for unit in _units(rank)]
    for place, index in at.items():
        parts = (sum(k * step[axis] for k, step in zip(place, steps, strict=True)) for axis in range(len(base)))
        if index != tuple(a + part for a, part in zip(base, parts, strict=True)):
            return None
    return [base, *steps]


def _units(rank: int) -> list[Index]:
    return [tuple(int(a == b) for a in range(rank)) for b in range(rank)]


def shifted(steps: Sequence[Index], names: Sequence[str]) -> list[str]:
    """The texts of indices that go on evenly: `3 * i + j + 2`.

    >>> shifted([(2, 0), (3, 0), (1, -1)], ["i", "j"])
    ['3 * i + j + 2', '-j']
    """
    first, *further = steps
    found = []
    for axis, start in enumerate(first):
        factors = [(step[axis], name) for step, name in zip(further, names, strict=True)]
        terms = [(name if abs(k) == 1 else f"{abs(k)} * {name}", k < 0) for k, name in factors if k]
        terms.sort(key=lambda term: term[1])
        terms += [(str(start), False)] if start or not terms else []
        terms.sort(key=lambda term: term[1])
        text = "".join(f" {'-' if minus else '+'} {term}" for term, minus in terms)
        found.append(text[3:] if not terms[0][1] else f"-{text[3:]}")
    return found


def nested(body: Expression, over: Sequence[Over]) -> Loop:
    """Lists within each other."""
    for clause in reversed(over):
        body = Loop(body, clause)
    assert isinstance(body, Loop)
    return body
