"""What a picture of a graph is made of: boxes and arrows, each with its texts, before anything is laid out.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> found = picture(Graph(x * x), seed=1.0)
>>> [(box.title, box.role, box.data, box.grad) for box in found.boxes]
[('x', 'input', 'data 3', 'grad 6'), ('J = x * x', 'output', 'data 9', 'grad 1')]
>>> [(arrow.badge, arrow.partial, arrow.contribution) for arrow in found.arrows]
[('1', 'x = 3', '← 3'), ('2', 'x = 3', '← 3')]

A box is one node or a group that `folding` made of several; an arrow is one use of an operand, or all uses between two
boxes of which one is a group. `dot` prints them for Graphviz, `page` for a browser.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from autograd.engine.order import check_fresh
from autograd.engine.sweep import Contribution, contributions
from autograd.engine.value import Value, is_result
from autograd.pictures import typeset
from autograd.pictures.folding import Group, groups
from autograd.reading.graph import Graph, printable, symbols
from autograd.reading.markup import symbol
from autograd.reading.notation import TEXT
from autograd.table.expression import Name, number_text, shortened, to_text

LONGEST_TEXT = 60
MOST_NUMBERS = 4
LONGEST_PARTIAL = 40
WIDEST_PARTIAL = 24.0  # in parts of the size of its letters
WEIGHTS = {"w", "W", "θ", "theta", "Θ", "weight"}
BIASES = {"b", "B", "bias"}


class Box(NamedTuple):
    """A box and its texts; `role` is input, weight, operation, output or group; `grad` is empty before a sweep.

    nodes   all nodes in it, and `ends` those of them that are used outside or are the end of the graph
    shown   the title as `typeset` writes it
    part    what part of a model the box is, if it is one
    """

    id: str
    title: str
    role: str
    nodes: tuple[Value, ...]
    ends: tuple[Value, ...]
    data: str
    grad: str
    shown: str
    part: tuple[str, ...] = ()


class Arrow(NamedTuple):
    """An arrow and its texts: the steps it stands for, the partial of a single one, the contribution if it is one.

    badge   the number of the single step, or how many there are: `× 2`
    shown   the partial as `typeset` writes it, and `brief` without its number where that stands in a box
    amount  the contribution as a number; 0.0 before a sweep, and where the arrow stands for several operands' uses
    """

    id: str
    source: Box
    target: Box
    steps: tuple[int, ...]
    badge: str
    partial: str
    contribution: str
    shown: str
    brief: str
    amount: float


class Picture(NamedTuple):
    """The boxes, operands before results, and the arrows in the order of the backward pass.

    box_of  the box of every node
    mixed   whether the grad of a leaf is not of this sweep alone
    """

    boxes: list[Box]
    arrows: list[Arrow]
    box_of: dict[Value, Box]
    mixed: bool


def picture(
    graph: Graph,
    *,
    digits: int = 4,
    fold: str | None = "auto",
    seed: float | None = None,
    opened: Box | None = None,
) -> Picture:
    """The picture of a graph; with a seed, that of its sweep, whatever `grad` holds now.

    With a box of several nodes `opened`, the picture of what is in it: these one by one, and the boxes beside them.
    """
    check_fresh(*graph.nodes)
    y = graph.root
    for node in [*graph.leaves, y] if seed is None else []:
        if not isinstance(node.grad, int | float):
            raise TypeError(f"the grad of {graph.labels[node]} is {node.grad!r}, not a number: set it to 0.0")
    swept = y.grad if seed is None else seed
    steps = list(contributions(y, swept, graph.nodes))
    adjoints = dict.fromkeys(graph.labels, 0.0) | {step.operand: step.after for step in steps} | {y: swept}
    mixed = seed is None and bool(swept) and any(leaf.grad != adjoints[leaf] for leaf in graph.leaves)
    if seed is None:  # a leaf shows what has added up in it; a result's own grad may be from another graph's sweep
        adjoints |= {leaf: leaf.grad for leaf in graph.leaves}
    kept = [group for group in groups(graph, fold) if opened is None or group.nodes != opened.nodes]
    boxes = _boxes(graph, kept, steps, adjoints if swept else None, digits)
    box_of = {node: box for box in boxes for node in box.nodes}
    arrows = _arrows(graph, steps, box_of, digits, bool(swept))
    if opened is not None:
        inside = {box_of[node] for node in opened.nodes}
        arrows = [arrow for arrow in arrows if not inside.isdisjoint((arrow.source, arrow.target))]
        near = inside.union(*((arrow.source, arrow.target) for arrow in arrows))
        boxes = [box for box in boxes if box in near]
    return Picture(boxes, arrows, box_of, mixed)


def _boxes(
    graph: Graph,
    kept: Iterable[Group],
    steps: Sequence[Contribution],
    adjoints: Mapping[Value, float] | None,
    digits: int,
) -> list[Box]:
    """A box for every group, and one for every other node, in the order of their first nodes."""
    group_of = {node: group for group in kept for node in group.nodes}
    group_of |= {node: Group("", (node,), label) for node, label in graph.labels.items() if node not in group_of}
    ends = {step.operand for step in steps if group_of[step.operand] is not group_of[step.node]} | {graph.root}
    weights = _weights(graph)
    boxes: list[Box] = []
    for node in graph.labels:
        group = group_of[node]
        if node is group.nodes[0]:
            used = tuple(member for member in group.nodes if member in ends)
            title, shown = _titles(graph, group, used) if group.title else _formula(graph, node)
            data = numbers_text("data", [member.data for member in used], digits)
            grad = "" if adjoints is None else numbers_text("grad", [adjoints[member] for member in used], digits)
            role = "weight" if node in weights and len(group.nodes) == 1 else _role(group.nodes, graph.root)
            name = f"node{len(boxes) + 1}"
            boxes.append(Box(name, title, role, group.nodes, used, data, grad, shown, group.part))
    return boxes


def _formula(graph: Graph, node: Value) -> tuple[str, str]:
    """The title of a node: what it is called and how it was computed; as text, and typeset."""
    label = graph.labels[node]
    if not is_result(node):
        return label, typeset.name(label)
    computed = graph.computed(node)
    return f"{label} = {to_text(computed)}", f"{typeset.name(label)} = {typeset.formula(computed)}"


def _titles(graph: Graph, group: Group, used: Sequence[Value]) -> tuple[str, str]:
    """The title of a group, with the label of the only node that other boxes refer to; as text, and typeset."""
    title, nodes, label = printable(group.title), group.nodes, group.label
    shown = shortened(title, LONGEST_TEXT)
    if label and title.startswith(label):
        shown = typeset.name(label) + title.removeprefix(label)
    if len(nodes) > len(used) == 1 and (only := graph.labels[used[0]]) not in (title, label):
        return f"{title}: {only}", f"{shown}: {typeset.name(only)}"
    return title, shown


def _weights(graph: Graph) -> set[Value]:
    """The leaves that are parts of a model, and those called as weights are; a b is a bias where there are weights."""
    leaves = {leaf: symbol(graph.labels[leaf]).base for leaf in graph.leaves}
    weights = {leaf for leaf, base in leaves.items() if leaf.part or base in WEIGHTS}
    return weights | {leaf for leaf, base in leaves.items() if base in BIASES} if weights else weights


def _role(nodes: Sequence[Value], y: Value) -> str:
    if y in nodes:
        return "output"
    if any(is_result(node) for node in nodes):
        return "operation" if len(nodes) == 1 else "group"
    return "weight" if nodes[0].part else "input"


def numbers_text(what: str, numbers: Sequence[float], digits: int) -> str:
    """`data 0.6011, 0.6154`; after four numbers the rest are left out."""
    texts = [number_text(number, digits) for number in numbers[:MOST_NUMBERS]]
    return shortened(f"{what} {', '.join(texts)}{', …' if len(numbers) > MOST_NUMBERS else ''}", LONGEST_TEXT)


def _arrows(
    graph: Graph, steps: Sequence[Contribution], boxes: Mapping[Value, Box], digits: int, swept: bool
) -> list[Arrow]:
    """One arrow for each step between two nodes; one for all steps between two boxes of which one is a group."""
    bundles: dict[object, list[tuple[int, Contribution]]] = {}
    for order, step in enumerate(steps, 1):
        source, target = boxes[step.operand], boxes[step.node]
        if source is not target:
            alone = len(source.nodes) == len(target.nodes) == 1
            bundles.setdefault(order if alone else (source.id, target.id), []).append((order, step))
    arrows: list[Arrow] = []
    for bundle in bundles.values():
        order, step = bundle[0]
        badge, partial, shown, brief = f"× {len(bundle):,}", "", "", ""
        if len(bundle) == 1:
            badge = str(order)
            # On an arrow to a box that shows other nodes it would not be the derivative of what the box shows.
            if step.node in boxes[step.node].ends:
                partial, shown, brief = _partial(graph, step, digits)
        contribution, amount = "", 0.0
        if swept and len({step.operand for _, step in bundle}) == 1:
            total = sum(step.contribution for _, step in bundle)
            if math.isfinite(total):
                contribution, amount = f"← {number_text(total, digits)}", total
        ends, orders = (boxes[step.operand], boxes[step.node]), tuple(order for order, _ in bundle)
        texts = badge, partial, contribution, shown, brief
        arrows.append(Arrow(f"arrow{len(arrows) + 1}", *ends, orders, *texts, amount))
    return arrows


def _partial(graph: Graph, step: Contribution, digits: int) -> tuple[str, str, str]:
    """The local partial of a step as it stands on its arrow: `cos(y) = -0.6282`; as text, typeset, and brief."""
    _, expression = next(symbols([step], graph.names))
    text, local = TEXT.factor(expression), number_text(step.partial, digits)
    if text == local:
        return local, typeset.numbers(local), typeset.numbers(local)
    shown = typeset.factor(expression)
    if typeset.width(shown) > WIDEST_PARTIAL:
        shown = shortened(text, LONGEST_PARTIAL)
    whole = f"{shown} = {typeset.numbers(local)}"
    return f"{shortened(text, LONGEST_PARTIAL)} = {local}", whole, shown if isinstance(expression, Name) else whole
