"""The lists and numbers of a program, what they are called, and where among them a node is.

A matrix of parameters is one argument, a list of lists; so are the biases of a layer, a list, and what its neurons
compute. They have the names of their elements, without the numbers that tell these apart:

>>> stem(["w[1][1,1]", "w[1][1,2]"]), stem(["x1", "x2", "x10"]), stem(["height", "width"])
('w1', 'x', '')
"""

from __future__ import annotations

import itertools
import keyword
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autograd.compiler.groups.arrays import Access, Group, Segment
from autograd.compiler.groups.plan import Plan
from autograd.compiler.listing import identifier
from autograd.reading.graph import free, numbered
from autograd.table.rules import ROWS

Index = tuple[int, ...]
Nodes = Any  # a node or a number, a tuple of them, or a tuple of tuples
RESERVED = {*keyword.kwlist, *ROWS, "inf", "pi", "pow", "max", "fsum", "zip", "range", "list"}
_UNIT = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\([^()]*\)|\d+")


class Variable:
    """A number, a list or a list of lists: its name, that of its adjoint, and the nodes that it is made of."""

    def __init__(self, name: str, nodes: Nodes) -> None:
        self.name = name
        self.adjoint = ""
        self.nodes = nodes
        self.depth = depth(nodes)

    def element(self, index: Sequence[int | str]) -> str:
        """The text of one of its elements."""
        return self.name + "".join(f"[{k}]" for k in index)

    @property
    def shape(self) -> Index:
        """How long the lists are."""
        return (
            () if not self.depth else (len(self.nodes),) if self.depth == 1 else (len(self.nodes), len(self.nodes[0]))
        )

    def places(self) -> Iterator[tuple[Index, Any]]:
        """Where each element is, and its node."""
        return places(self.nodes)


def depth(nodes: Nodes) -> int:
    """0 for a node or a number, 1 for a list of them, 2 for a list of lists."""
    return 0 if not isinstance(nodes, tuple) else 1 + depth(nodes[0])


def places(nodes: Nodes) -> Iterator[tuple[Index, Any]]:
    """Where each element of a list is, or of a list of lists, and which it is."""
    if not isinstance(nodes, tuple):
        yield (), nodes
        return
    for index, inner in enumerate(nodes):
        if isinstance(inner, tuple):
            yield from (((index, *place), node) for place, node in places(inner))
        else:
            yield (index,), inner


def flat(nodes: Iterable[Any]) -> list[Any]:
    """The elements of lists within lists, one after the other."""
    found: list[Any] = []
    for x in nodes:
        if not isinstance(x, list | tuple):
            found.append(x)
        else:
            found += flat(x) if x and isinstance(x[0], list | tuple) else x
    return found


def forming(nodes: Nodes) -> Callable[[Sequence[float]], Any]:
    """A function of numbers for all nodes that gives those of these, in lists of the same form."""
    if not isinstance(nodes, tuple):
        return operator.itemgetter(nodes)
    if len(nodes) > 1 and not isinstance(nodes[0], tuple):
        take = operator.itemgetter(*nodes)
        return lambda numbers: [*take(numbers)]
    takes = [forming(x) for x in nodes]
    return lambda numbers: [take(numbers) for take in takes]


def read(group: Group, letter: str) -> Nodes:
    """The nodes, or numbers, that the members of a group read: of a vector its elements, if all read the same."""
    operand = group.operands[group.row.letters.index(letter)]
    if not isinstance(operand, Access):
        return operand
    members, at = operand.array.members, operand.at
    is_same = len(group) == 1 or not operand.di
    if letter not in group.row.vectors:
        return members[at(0)] if is_same else tuple(members[at(i)] for i in range(len(group)))
    rows = (tuple(members[at(i, j)] for j in range(group.length)) for i in range(1 if is_same else len(group)))
    return next(rows) if is_same else tuple(rows)


def stem(names: Sequence[str | None]) -> str:
    """What names have in common, as a name of Python, without the numbers that differ; "" where that is nothing."""
    if not all(names):
        return ""
    texts = {tuple(_UNIT.split(str(name))) for name in names}
    if len(texts) > 1:
        return ""
    units = [set(column) for column in zip(*(_UNIT.findall(str(name)) for name in names), strict=True)]
    kept = [column.pop() if len(column) == 1 else "" for column in units]
    if len(kept) > 1 and len(names) == 1:
        kept[-1] = ""
    parts = itertools.zip_longest(texts.pop(), kept, fillvalue="")
    text = re.sub(r"\W", "", "".join(itertools.chain.from_iterable(parts))).strip("_")
    return identifier(text) if text else ""


class Variables:
    """The variables of a plan: its arguments, and what its stages compute.

    arguments    in the order of the caller's numbers
    read         what each group reads, letter by letter
    of           the variable that holds what a group computes
    home         the variable that a node is in, and where
    taken        all names
    """

    def __init__(self, plan: Plan, reserved: Iterable[str] = RESERVED) -> None:
        self.plan = plan
        self.trace = plan.trace
        self.taken = {*reserved}
        groups = [stage for stage in plan.grouped.stages if isinstance(stage, Group)]
        self.read = {group: {letter: read(group, letter) for letter in group.row.letters} for group in groups}
        self.home: dict[int, tuple[Variable, Index]] = {}
        self.known: dict[Nodes, Variable] = {}
        self.arguments = [Variable("", nodes) for nodes in self._arguments()]
        self.of: dict[Group, Variable] = {}
        results: list[Variable] = []
        defaults: dict[Variable, str] = {}
        for stage in plan.grouped.stages:
            if isinstance(stage, Group):
                members = stage.members
                self.of[stage] = made = Variable("", members[0] if len(members) == 1 else tuple(members))
                defaults[made] = "z" if stage.row.vectors else "a"
                results.append(made)
            elif isinstance(stage, Segment):
                results += [Variable("", node) for node in stage.nodes]
        self._name([*self.arguments, *results], defaults)
        for variable in [*self.arguments, *results]:
            self.add(variable)
        end, index = self.home[self.trace.root]
        self.end = end.name if not index else free(identifier(self.trace.labels[self.trace.root]), self.taken)
        for variable in [*self.arguments, *results]:
            variable.adjoint = free(f"d{self.end}_d{variable.name}", self.taken)

    def add(self, variable: Variable) -> None:
        """Have a variable known by its nodes."""
        self.known[key(variable.nodes)] = variable
        self.home |= {node: (variable, index) for index, node in variable.places()}

    def element(self, node: int) -> str:
        """The text of a node."""
        variable, index = self.home[node]
        return variable.element(index)

    def _arguments(self) -> list[Nodes]:
        """The nodes of each argument: matrices first, then vectors, and the leaves that are in none."""
        found: list[Nodes] = []
        free_leaves = set(range(self.trace.leaves))
        every = (nodes for read in self.read.values() for nodes in read.values())
        lists = {key(nodes): nodes for nodes in every if depth(nodes)}
        for nodes in [*lists.values()]:
            once = {node for _, node in places(nodes) if type(node) is int}
            if depth(nodes) == 2 and len(once) < len(nodes) * len(nodes[0]):  # windows on a list
                lists[*sorted(once),] = tuple(sorted(once))
        for nodes in sorted(lists.values(), key=lambda nodes: -len(nodes) if depth(nodes) == 1 else -math.inf):
            leaves = [node for _, node in places(nodes)]
            if free_leaves.issuperset(leaves) and len(set(leaves)) == len(leaves) > 1 and self._are_one(leaves):
                found.append(nodes)
                free_leaves.difference_update(leaves)
        return sorted([*found, *free_leaves], key=lambda nodes: min(node for _, node in places(nodes)))

    def _are_one(self, leaves: list[int]) -> bool:
        """Whether leaves can be one argument: inputs, or parameters, that have no names, or have a common one."""
        kinds = {leaf < self.trace.inputs for leaf in leaves}
        if len(kinds) > 1 or any(type(leaf) is float for leaf in leaves):
            return False
        names = [self.trace.names[leaf] for leaf in leaves]
        return not any(names) or bool(stem(names))

    def _name(self, variables: Sequence[Variable], defaults: dict[Variable, str]) -> None:
        """Give all variables their names, lists before numbers, unless these can be told by a short one."""
        letters = [(group, letter) for group in self.read for letter in group.row.letters[len(group.row.vectors) :]]
        biases = {key(self.read[group][letter]) for group, letter in letters if group.row.vectors}
        names = {x: [self.trace.names[node] for _, node in x.places()] for x in variables}
        stems = {x: stem(names[x]) for x in variables}
        for x in variables:
            if not stems[x] and x.depth:
                default = "x" if next(x.places())[1] < self.trace.inputs else "w"
                stems[x] = defaults.get(x) or ("b" if x.nodes in biases else default)
        numbers = itertools.count(1)
        counts = Counter((bool(x.depth), stems[x]) for x in variables)
        for x in sorted(variables, key=lambda x: not x.depth):
            common, is_single = stems[x], counts[bool(x.depth), stems[x]] == 1
            if common and is_single and common not in self.taken:
                x.name = free(common, self.taken)
            elif x.depth:
                x.name = numbered(f"{common}_" if common[-1].isdigit() else common, itertools.count(1), self.taken)
            elif not any(names[x]) and x.nodes != self.trace.root:
                x.name = numbered("v", numbers, self.taken)
            else:
                x.name = free(identifier(self.trace.labels[x.nodes]), self.taken)


class Locals:
    """Names for the elements of lists within one expression, none of which hides another name."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = taken
        self._used: set[str] = set()

    def name(self, *candidates: str) -> str:
        """The first of the candidates that is free."""
        numbers = (f"{candidates[-1]}_{count}" for count in itertools.count(2))
        found = next(x for x in itertools.chain(candidates, numbers) if x not in self._taken and x not in self._used)
        self._used.add(found)
        return found

    def element(self, variable: Variable, axis: str) -> str:
        """A name for an element of a variable: `w` of w1, `xj` of x."""
        letters = variable.name.rstrip("0123456789_") or variable.name
        return self.name(letters, f"{letters}{axis}", f"{variable.name}{axis}")


def key(nodes: Nodes) -> Nodes:
    """Nodes and numbers such that only the same ones are equal: 1 is not 1.0, nor 0.0 -0.0."""
    if isinstance(nodes, tuple):
        return nodes if all(type(x) is int for x in nodes) else tuple(map(key, nodes))
    return nodes if type(nodes) is int else repr(nodes)
