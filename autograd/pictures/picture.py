"""What a picture of a graph is made of: boxes and arrows, each with its texts, before anything is laid out.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> found = picture(Graph(x * x), seed=1.0)
>>> [(box.title, box.role, box.data, box.grad) for box in found.boxes]
[('x', 'input', 'data 3', 'grad 6'), ('J = x * x', 'output', 'data 9', 'grad 1')]
>>> [(arrow.badge, arrow.partial, arrow.contribution) for arrow in found.arrows]
[('①', 'x = 3', '← 3'), ('②', 'x = 3', '← 3')]

A box is one node or a group that `folding` made of several; an arrow is one use of an operand, or all uses between two
boxes of which one is a group. `dot` prints them for Graphviz, `page` for a browser.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd.engine.order import check_fresh
from autograd.engine.sweep import Contribution, contributions
from autograd.engine.value import Value, is_result
from autograd.pictures.folding import Group, groups
from autograd.reading.graph import Graph, symbols
from autograd.reading.notation import TEXT
from autograd.table.expression import number_text, shortened, to_text

LONGEST_TEXT = 60
MOST_NUMBERS = 4
LONGEST_PARTIAL = 40


class Box(NamedTuple):
    """A box and its texts; `role` is input, weight, operation, output or group; `grad` is empty before a sweep.

    nodes   all nodes in it, and `ends` those of them that are used outside or are the end of the graph
    """

    id: str
    title: str
    role: str
    nodes: tuple[Value, ...]
    ends: tuple[Value, ...]
    data: str
    grad: str


class Arrow(NamedTuple):
    """An arrow and its texts: the steps it stands for, the partial of a single one, the contribution if it is one.

    amount  the contribution as a number; 0.0 before a sweep, and where the arrow stands for several operands' uses
    """

    id: str
    source: Box
    target: Box
    steps: tuple[int, ...]
    badge: str
    partial: str
    contribution: str
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


def picture(graph: Graph, *, digits: int = 4, fold: str | None = "auto", seed: float | None = None) -> Picture:
    """The picture of a graph; with a seed, that of its sweep, whatever `grad` holds now."""
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
    boxes = _boxes(graph, fold, steps, adjoints if swept else None, digits)
    box_of = {node: box for box in boxes for node in box.nodes}
    return Picture(boxes, _arrows(graph, steps, box_of, digits, bool(swept)), box_of, mixed)


def _boxes(
    graph: Graph, fold: str | None, steps: Sequence[Contribution], adjoints: Mapping[Value, float] | None, digits: int
) -> list[Box]:
    """A box for every group, and one for every other node, in the order of their first nodes."""
    group_of = {node: group for group in groups(graph, fold) for node in group.nodes}
    for node, label in graph.labels.items():
        if node not in group_of:
            formula = f" = {to_text(graph.computed(node))}" if is_result(node) else ""
            group_of[node] = Group(label + formula, (node,))
    ends = {step.operand for step in steps if group_of[step.operand] is not group_of[step.node]} | {graph.root}
    boxes: list[Box] = []
    for node in graph.labels:
        title, nodes, label = group_of[node]
        if node is nodes[0]:
            shown = tuple(member for member in nodes if member in ends)
            if len(nodes) > len(shown) == 1 and graph.labels[shown[0]] not in (title, label):
                title = f"{title}: {graph.labels[shown[0]]}"  # other boxes refer to it so
            data = numbers_text("data", [member.data for member in shown], digits)
            grad = "" if adjoints is None else numbers_text("grad", [adjoints[member] for member in shown], digits)
            boxes.append(Box(f"node{len(boxes) + 1}", title, _role(nodes, graph.root), nodes, shown, data, grad))
    return boxes


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
        badge, partial = f"× {len(bundle):,}", ""
        if len(bundle) == 1:
            badge = chr(0x2460 + order - 1) if order <= 10 else f"({order})"
            # On an arrow to a box that shows other nodes it would not be the derivative of what the box shows.
            partial = _partial(graph, step, digits) if step.node in boxes[step.node].ends else ""
        contribution, amount = "", 0.0
        if swept and len({step.operand for _, step in bundle}) == 1:
            total = sum(step.contribution for _, step in bundle)
            if math.isfinite(total):
                contribution, amount = f"← {number_text(total, digits)}", total
        ends, orders = (boxes[step.operand], boxes[step.node]), tuple(order for order, _ in bundle)
        arrows.append(Arrow(f"arrow{len(arrows) + 1}", *ends, orders, badge, partial, contribution, amount))
    return arrows


def _partial(graph: Graph, step: Contribution, digits: int) -> str:
    """The local partial of a step as it stands on its arrow: `cos(y) = -0.6282`."""
    _, symbol = next(symbols([step], graph.names))
    text, local = TEXT.factor(symbol), number_text(step.partial, digits)
    return local if text == local else f"{shortened(text, LONGEST_PARTIAL)} = {local}"
