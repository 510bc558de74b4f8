"""What every reader of a graph asks of it: what its nodes are called, how each was computed, which lead to which.

A node that has a name keeps it; a second node of the same name is told apart (x, x_2). An unnamed node at the end is
called J, and the other unnamed nodes v1, v2, ... in the order in which they were computed.

>>> from autograd.engine.value import Value
>>> x = Value(1.5, "x")
>>> graph = Graph((-(x ** 2).sin()).exp())
>>> list(graph.labels.values())
['x', 'v1', 'v2', 'v3', 'J']
>>> graph.uses[x], graph.computed(graph.root)
([Value(2.25, op='pow')], Call('exp(v3)'))
"""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograd.engine.flow import leading, values_in
from autograd.engine.kernels import Kernel
from autograd.engine.order import collect
from autograd.engine.sweep import Contribution
from autograd.engine.value import Value, is_result
from autograd.table.algebra import partial
from autograd.table.expression import CONSTANTS, Call, Expression, Name, Number
from autograd.table.rules import Row

_OPERATORS = {("+", 2): "add", ("-", 2): "sub", ("*", 2): "mul", ("/", 2): "div", ("**", 2): "pow", ("-", 1): "neg"}

READ_AS_CONSTANTS = {"pi", "π", "inf", "e"}


class Graph:
    """A graph looked at once: whoever needs it first makes it, and hands it on.

    root      the node at its end
    nodes     its `results`, the youngest first, and its `leaves`
    """

    def __init__(self, root: Value) -> None:
        self.root = root
        self.nodes = collect(root)
        self.results, self.leaves = self.nodes

    @functools.cached_property
    def labels(self) -> dict[Value, str]:
        """A label for every node, all different, operands before results."""
        order = dict.fromkeys(node for result in reversed(self.results) for node in (*values_in(result), result))
        order[self.root] = None
        names = [node.name for node in order]
        is_root = [node is self.root for node in order]
        shown = (shows_e(node._kernel.row, node.operands) for node in self.results)
        return dict(zip(order, distinct(names, is_root.index(True), shown), strict=True))

    @property
    def labelled_leaves(self) -> list[Value]:
        """The leaves in the order of the labels."""
        return [node for node in self.labels if not is_result(node)]

    @property
    def differential(self) -> str:
        """The d of a derivative: ∂ where there are several variables."""
        return "∂" if len(self.leaves) > 1 else "d"

    @property
    def label(self) -> str:
        """The label of the root."""
        return self.labels[self.root]

    @functools.cached_property
    def names(self) -> dict[Value, Expression]:
        """The labels as expressions."""
        return {node: Name(label) for node, label in self.labels.items()}

    @functools.cached_property
    def uses(self) -> dict[Value, list[Value]]:
        """The results that use a node, one that uses it twice twice, in the order in which they were computed."""
        found: dict[Value, list[Value]] = {node: [] for node in self.labels}
        for node in self.labels:
            for operand in values_in(node):
                found[operand].append(node)
        return found

    def computed(self, node: Value, expressions: Mapping[Value, Expression] | None = None) -> Expression:
        """The operation that computed a node, its operands under their labels, or as other expressions."""
        return applied(node._kernel.row, operand_expressions(node, expressions or self.names))

    def leading(self, wrt: Iterable[Value]) -> set[Value]:
        """The nodes that were computed from one of `wrt`, and these themselves.

        Raises ValueError for a node that is not part of the graph.
        """
        found = set(wrt)
        for stranger in found.difference(self.results, self.leaves):
            raise ValueError(
                f"{stranger!r} is not part of the graph of {self.root!r}: choose a node that it was computed from"
            )
        return leading(self.results, found)


def distinct(names: Sequence[str | None], root: int, shows_e: Iterable[bool]) -> list[str]:
    """The labels of nodes with these names, all different; of the root, if it has none, J.

    >>> distinct(["x", None, "x", "pi", None], 4, [])
    ['x', 'v1', 'x_2', 'pi_2', 'J']
    """
    wanted = [printable(name or "") for name in names]
    # A variable that would read like a constant is told apart from it, as from another variable of its name.
    used = READ_AS_CONSTANTS - (set() if "e" in wanted and any(shows_e) else {"e"})
    taken = {*used, *wanted}
    counts = {"v": itertools.count(1)}  # for each name, the next number to tell it apart by
    found: list[str] = []
    for index, label in enumerate(wanted):
        if not label and index == root and "J" not in taken:
            label = "J"
        elif not label or label in used:
            stem = f"{label}_" if label else "v"
            label = numbered(stem, counts.setdefault(stem, itertools.count(2)), taken)
        used.add(label)
        found.append(label)
    return found


def printable(name: str) -> str:
    """The name on one line."""
    if name.isprintable():
        return name
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def free(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken; it is taken from then on.

    >>> taken = {"x"}
    >>> free("x", taken), free("x", taken), free("y", taken)
    ('x_2', 'x_3', 'y')
    """
    if name in taken:
        return numbered(f"{name}_", itertools.count(2), taken)
    taken.add(name)
    return name


def numbered(stem: str, numbers: Iterable[int], taken: set[str]) -> str:
    """The stem with the first of the numbers that makes it free; that is taken from then on."""
    found = next(name for number in numbers if (name := f"{stem}{number}") not in taken)
    taken.add(found)
    return found


def operand_expressions(node: Value, expressions: Mapping[Value, Expression]) -> list[Expression]:
    """The operands as expressions: those given for the Values, and the plain numbers."""
    return [expressions[operand] if isinstance(operand, Value) else Number(operand) for operand in node.operands]


def applied(row: Row, operands: Sequence[Expression]) -> Expression:
    """The operation applied to expressions; a sum or a dot product is written out.

    >>> from autograd.table.rules import ROWS
    >>> applied(ROWS["dot"], [Name("w"), Name("x"), Name("b")])
    Call('w * x + b')
    """
    if row.is_opaque:
        return Call(_OPERATORS.get((row.name, len(operands)), row.name), operands)
    if row.name not in ("dot", "sum"):
        return Call(row.name, operands)
    terms = list(operands)
    if row.name == "dot":
        half = len(operands) // 2
        terms = [Call("mul", pair) for pair in zip(operands[:half], operands[half:-1], strict=True)]
        last = operands[-1]
        terms += [] if terms and isinstance(last, Number) and not last.value else [last]
    return functools.reduce(lambda total, term: Call("add", (total, term)), terms)


def symbols(
    sweep: Iterable[Contribution], expressions: Mapping[Value, Expression]
) -> Iterator[tuple[Contribution, Expression]]:
    """The contributions of a sweep, each with its local partial as an expression.

    >>> from autograd.engine.sweep import contributions
    >>> x = Value(0.5, "x")
    >>> [symbol for _, symbol in symbols(contributions(x ** 3), {x: Name("x")})]
    [Call('3 * x ** 2')]
    """
    for node, steps in itertools.groupby(sweep, operator.attrgetter("node")):
        operands = operand_expressions(node, expressions)  # once, not once for each operand of a long dot product
        for step in steps:
            yield step, local_symbol(node._kernel, step.letter, step.position, operands, expressions.get(node))


def local_symbol(
    kernel: Kernel, letter: str, position: int, operands: Sequence[Expression], node: Expression | None
) -> Expression:
    """The local partial of the operand at a position, given the expressions of all operands and that of the node.

    The node appears as it was computed (exp(v1), not J), unless it appears twice: ŷ * (1 - ŷ).
    """
    row = kernel.row
    if row.is_opaque:  # what is known of it is a number
        ends = [part.id if isinstance(part, Name) else "v" for part in (node, operands[position])]
        return Call("div", [Name(f"d{end}") for end in ends])
    shown = kernel.beside(position, operands)
    shown["y"] = node if node is not None and (_reads_y_twice(row, letter) or row.vectors) else Call(row.name, operands)
    return partial(row, letter, shown)


def shows_e(row: Row, operands: Iterable[object]) -> bool:
    """Whether Euler's number stands in what is written about a node: as the base of exp, or as a plain number."""
    return _has_exp(row) or any(isinstance(x, float) and abs(x) == CONSTANTS["e"] for x in operands)


@functools.cache
def _has_exp(row: Row) -> bool:
    return row.name == "exp" or (not row.is_opaque and re.search(r"\b(exp\(|e\b)", " ".join(row.partials)) is not None)


@functools.cache
def _reads_y_twice(row: Row, letter: str) -> bool:
    return len(re.findall(r"\by\b", row.partials[row.letters.index(letter)])) > 1
