"""What a picture of a graph is made of: boxes and arrows, each with its texts, before anything is laid out.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> found = picture(x * x, seed=1.0)
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

from autograd.engine.sweep import Contribution, check_fresh, collect, contributions
from autograd.engine.value import Result, Value
from autograd.pictures.folding import Group, fold
from autograd.reading.graph import computed, labels, operand_expressions, symbol
from autograd.reading.notation import TEXT
from autograd.table.expression import Expression, Name, number_text, shortened, to_text

__all__ = ["Arrow", "Box", "Picture", "numbers_text", "picture"]

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

    nodes   how many nodes there are
    mixed   whether the grad of a leaf is not of this sweep alone
    """

    boxes: list[Box]
    arrows: list[Arrow]
    nodes: int
    mixed: bool


def picture(y: Value, *, digits: int = 4, fold_by: str | None = "auto", seed: float | None = None) -> Picture:
    """The picture of the graph that ends in y; with a seed, that of its sweep, whatever `grad` holds now."""
    results, leaves = collect(y)
    check_fresh(results, leaves)
    names = labels(y)
    for node in [*leaves, y] if seed is None else []:
        if not isinstance(node.grad, int | float):
            raise TypeError(f"the grad of {names[node]} is {node.grad!r}, not a number: set it to 0.0")
    swept = y.grad if seed is None else seed
    steps = list(contributions(y, swept))
    adjoints = dict.fromkeys(names, 0.0) | {step.operand: step.after for step in steps} | {y: swept}
    mixed = False
    if seed is None:  # a leaf shows what has added up in it; a result's own grad may be from another graph's sweep
        mixed = bool(swept) and any(leaf.grad != adjoints[leaf] for leaf in leaves)
        adjoints |= {leaf: leaf.grad for leaf in leaves}
    groups = {node: group for group in fold(y, names, fold_by) for node in group.nodes}
    used_outside = {step.operand for step in steps if groups.get(step.operand, 0) is not groups.get(step.node, 1)}
    boxes: dict[Value, Box] = {}
    found: list[Box] = []
    for node in names:
        if node not in boxes:
            group = groups.get(node) or Group(_title(node, names), (node,))
            ends = tuple(member for member in group.nodes if member in used_outside or member is y)
            data = numbers_text("data", [member.data for member in ends], digits)
            grad = numbers_text("grad", [adjoints[member] for member in ends], digits) if swept else ""
            title = group.title
            named = title.partition(" = ")[0], title.rpartition(" to ")[2]
            if len(group.nodes) > len(ends) == 1 and names[ends[0]] not in named:  # other boxes refer to it so
                title = f"{title}: {names[ends[0]]}"
            found.append(Box(f"node{len(found) + 1}", title, _role(group.nodes, y), group.nodes, ends, data, grad))
            boxes.update(dict.fromkeys(group.nodes, found[-1]))
    return Picture(found, _arrows(steps, boxes, names, digits, bool(swept)), len(names), mixed)


def _title(node: Value, names: Mapping[Value, str]) -> str:
    return f"{names[node]} = {to_text(computed(node, names))}" if isinstance(node, Result) else names[node]


def _role(nodes: Sequence[Value], y: Value) -> str:
    if y in nodes:
        return "output"
    if any(isinstance(node, Result) for node in nodes):
        return "operation" if len(nodes) == 1 else "group"
    return "weight" if nodes[0].part else "input"


def numbers_text(what: str, numbers: Sequence[float], digits: int) -> str:
    """`data 0.6011, 0.6154`; after four numbers the rest are left out."""
    texts = [number_text(number, digits) for number in numbers[:MOST_NUMBERS]]
    return f"{what} {', '.join(texts)}{', …' if len(numbers) > MOST_NUMBERS else ''}"


def _arrows(
    steps: Sequence[Contribution], boxes: Mapping[Value, Box], names: Mapping[Value, str], digits: int, swept: bool
) -> list[Arrow]:
    """One arrow for each step between two nodes; one for all steps between two boxes of which one is a group."""
    bundles: dict[object, list[tuple[int, Contribution]]] = {}
    for number, step in enumerate(steps, 1):
        source, target = boxes[step.operand], boxes[step.node]
        if source is not target:
            alone = len(source.nodes) == len(target.nodes) == 1
            bundles.setdefault(number if alone else (source.id, target.id), []).append((number, step))
    expressions: dict[Value, Expression] = {node: Name(name) for node, name in names.items()}
    arrows: list[Arrow] = []
    for bundle in bundles.values():
        number, step = bundle[0]
        badge, partial = f"× {len(bundle):,}", ""
        if len(bundle) == 1:
            badge = chr(0x2460 + number - 1) if number <= 10 else f"({number})"
            if step.node in boxes[step.node].ends:  # or it would not be the derivative of what the box shows
                text = TEXT.factor(symbol(step, expressions, operand_expressions(step.node, expressions)))
                local = number_text(step.partial, digits)
                partial = local if text == local else f"{shortened(text, LONGEST_PARTIAL)} = {local}"
        single = swept and len({step.operand for _, step in bundle}) == 1
        amount = sum(step.contribution for _, step in bundle) if single else 0.0
        single, amount = (single, amount) if math.isfinite(amount) else (False, 0.0)
        contribution = f"← {number_text(amount, digits)}" if single else ""
        numbers = tuple(number for number, _ in bundle)
        ends = boxes[step.operand], boxes[step.node]
        arrows.append(Arrow(f"arrow{len(arrows) + 1}", *ends, numbers, badge, partial, contribution, amount))
    return arrows
