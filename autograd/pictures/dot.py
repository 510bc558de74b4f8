"""The graph as a picture: a box per node with its name, operation, data and adjoint; an arrow per use of an operand.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> drawing = draw(x + x)
>>> drawing.graph.source.count("node1 -> node2")
2

What stands where is decided in `picture`; this module prints it for Graphviz, which `drawing` calls: once with its
texts, as a person reads them, and in each shape it may have with room for the letters that `lettering` writes.
"""

from __future__ import annotations

import functools
import itertools
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine.value import Value
from autograd.errors import RenderError, to_install
from autograd.pictures import typeset
from autograd.pictures.drawing import HINT, LAYOUT_FONT, ON_ARROWS, Drawing, Sheet
from autograd.pictures.folding import place
from autograd.pictures.lettering import Entry, Row, badge_width, disc, number_row
from autograd.pictures.picture import LONGEST_TEXT, Arrow, Box, Picture, picture
from autograd.reading.graph import Graph, printable
from autograd.table.expression import shortened

if TYPE_CHECKING:
    from graphviz import Digraph

SHOWN = ("data", "grad", "partial", "contribution", "order")
MOST_LINES = 8  # of a title
MOST_BOXES = 1000
MANY_ARROWS = 80  # with more of them, they are straight and bare
# Roles differ in fill and line, and for the colour-blind and in grey in shape and width.
_ROLES = {
    "input": {"shape": "record", "fillcolor": "#cfe4f7", "color": "#2a6099"},
    "weight": {"shape": "record", "fillcolor": "#d5ecc8", "color": "#3a7a1e", "penwidth": "2.2"},
    "operation": {"fillcolor": "#ffffff", "color": "#666666"},
    "group": {"fillcolor": "#e8e8e8", "color": "#444444", "penwidth": "2.2"},
    "output": {"fillcolor": "#f9dfb5", "color": "#a86400"},
}
_POSITIVE = {"color": "#1f5fa8", "fontcolor": "#1f5fa8", "style": "solid"}
_NEGATIVE = {"color": "#b3261e", "fontcolor": "#b3261e", "style": "dashed"}
# Black text needs white ground: pages may be dark.
_GRAPH = {"nodesep": "0.25", "ranksep": "0.3", "bgcolor": "white", "fontname": LAYOUT_FONT}
_NODE = {
    "shape": "Mrecord",
    "style": "filled",
    "fontname": LAYOUT_FONT,
    "fontsize": "12",
    "height": "0",
    "width": "0",
    "margin": "0.08,0.03",
}
_EDGE = {"color": "#666666", "arrowsize": "0.7", "fontname": LAYOUT_FONT, "fontsize": f"{ON_ARROWS:g}"}
_LARGE = {"splines": "line", "ranksep": "1.5", "outputorder": "edgesfirst"}
_FEW_ROUNDS = {"nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.1"}  # the best layout would take minutes


class Shape(NamedTuple):
    """What makes a picture wide or narrow: its direction, how wide a title may be, and what stands on the arrows.

    tight   whether partials stand in two lines
    brief   whether the arrows leave out what stands in the boxes: the number of a partial that is another box's data,
            and a contribution that is all of a grad
    """

    direction: str
    widest: float  # in parts of the size of the letters
    tight: bool
    brief: bool


# The picture has the first of them in which it can be read, otherwise that in which its letters are largest.
SHAPES = tuple(
    Shape(direction, *look)
    for look in ((16.0, False, False), (9.0, True, False), (9.0, True, True))
    for direction in ("LR", "TB")
)


def draw(
    y: Value,
    *,
    direction: str | None = None,
    digits: int = 4,
    show: str | Collection[str] | None = None,
    title: str | None = None,
    fold: str | None = "auto",
    legend: bool = True,
) -> Drawing:
    """The picture of the graph that ends in y, its numbers rounded to so many significant digits.

    A box holds a node's name and operation, below it its data, and once `y.backward()` has run its adjoint. An arrow
    runs from operand to result; on it stand the place of the step in the backward pass, the local partial, and after
    the sweep the contribution that came back along it: blue and solid where positive, red and dashed where negative,
    wide where large. A leaf is a weight if it is part of a model, or is called w, θ or weight, with indices or without;
    where there are weights, a leaf called b or bias is one, too.

    Args:
        direction: "LR" from left to right, or "TB" from top to bottom; by default that in which the letters have 10
            pixels and more in a page of 840, with fewer words on the arrows where that helps, or else the largest
            letters, and a line that says to open the picture
        show: some of "data", "grad", "partial", "contribution", "order"; by default all, but nothing on the arrows
            where there are more than 80
        fold: which nodes share a box: "neuron", "layer" or another word that the parts of a model begin with (see
            `Value.within`), "sum" for repeated additions, "alike" for what was computed the same way, None for nothing;
            by default nothing until there are more than 200 boxes
        legend: whether the picture explains its colours

    Raises RenderError for more than 1,000 boxes, ValueError for a word that is not known.
    """
    if direction not in ("LR", "TB", None):
        raise ValueError(f'direction is "LR" or "TB", not {direction!r}')
    show = [show] if isinstance(show, str) else show
    if show is not None and not isinstance(show, Collection):
        raise TypeError(f"show is a list of names, not {show!r}: choose from {', '.join(SHOWN)}")
    for name in show or ():
        if name not in SHOWN:
            raise ValueError(f"cannot show {name!r}: choose from {', '.join(SHOWN)}")
    if title is not None and not isinstance(title, str):
        raise TypeError(f"the title is a text, not {title!r}")
    graph = Graph(y)
    found = picture(graph, digits=digits, fold=fold)
    description = printable(title or f"computation graph of {shortened(graph.label, LONGEST_TEXT)}")
    return drawn(found, description, direction=direction, show=show, title=title, legend=legend)


def drawn(
    found: Picture,
    description: str,
    *,
    direction: str | None = None,
    show: Collection[str] | None = None,
    title: str | None = None,
    legend: bool = True,
    shapes: Sequence[Shape] = SHAPES,
    hint: str = HINT,
) -> Drawing:
    """The picture, to be laid out in the first of some shapes in which it can be read."""
    if len(found.boxes) > MOST_BOXES:
        boxes = f"{len(found.boxes):,} boxes are too many for a picture ({MOST_BOXES:,})"
        raise RenderError(f"{boxes}: fold it, draw(y) does")
    large = len(found.arrows) > MANY_ARROWS
    shown = (SHOWN[:2] if large else SHOWN) if show is None else show
    captions = [line for caption in _captions(found, title) for line in _wrapped(caption)]
    shapes = [shape for shape in shapes if direction in (None, shape.direction)]

    def sheet(shape: Shape) -> Sheet:
        texts = {box.id: _in_box(box, shown, shape) for box in found.boxes}
        texts |= {arrow.id: _on_arrow(arrow, shown, shape) for arrow in found.arrows}
        dot = _dot_graph(found, {name: written.room() for name, written in texts.items()}, shape.direction, captions)
        dot.attr(nodesep="0.12" if shape.brief else "0.25")
        return Sheet(dot.source, {name: [*above, *below] for name, (above, below) in texts.items()})

    sheets = [functools.partial(sheet, shape) for shape in (shapes[:1] if large else shapes)]
    labels = {box.id: _box_text(box, shown) for box in found.boxes}
    labels |= {arrow.id: _arrow_text(arrow, shown) for arrow in found.arrows}
    entries = list(_legend(found, shown)) if legend else []
    return Drawing(_dot_graph(found, labels, shapes[0].direction, captions), description, sheets, entries, hint)


class _Texts(NamedTuple):
    """The rows of the title of a box, and those in a field each; or those of an arrow, which has no fields."""

    above: list[Row]
    below: list[Row]

    def room(self) -> str:
        """A label for Graphviz that takes at least as much room."""
        if self.above and self.above[0].kind == "title":
            title = "\\n".join(row.room(12) for row in self.above)
            return "|".join([title, *(row.room(12) for row in self.below)])
        return "".join(f"{row.room(ON_ARROWS)}\\l" for row in self.above)


def _in_box(box: Box, shown: Collection[str], shape: Shape) -> _Texts:
    lines = typeset.lines(box.shown, shape.widest) or [""]
    label = shortened(box.title, LONGEST_TEXT) if lines != [box.title] else ""
    title = [Row("title", line, label if index == 0 else "") for index, line in enumerate(lines)]
    texts = {"data": box.data, "grad": box.grad}
    return _Texts(title, [number_row(text) for name, text in texts.items() if text and name in shown])


def _on_arrow(arrow: Arrow, shown: Collection[str], shape: Shape) -> _Texts:
    badge = arrow.badge if "order" in shown else ""
    disc = badge if badge.isdigit() else ""
    beside, lift = (5.0, 0.0) if shape.direction == "TB" else (0.0, 2.5)  # clear of the arrow
    indent = beside + (badge_width(disc) if disc else 0.0)
    rows = [Row("order", badge)] if badge and not disc else []
    partial = arrow.brief if shape.brief else arrow.shown
    symbol, equals, number = partial.rpartition(" = ")
    lines = [symbol, f"= {number}"] if equals and shape.tight else [partial] if partial else []
    for index, line in enumerate(lines if "partial" in shown else []):
        rows.append(Row("partial", line, arrow.partial if index == 0 and line != arrow.partial else ""))
    known = shape.brief and arrow.contribution.split()[1:] == arrow.source.grad.split()[1:]
    if arrow.contribution and "contribution" in shown and not known:
        line = typeset.numbers(arrow.contribution)
        rows.append(Row("contribution", line, arrow.contribution if line != arrow.contribution else ""))
    rows = rows or [Row("partial", "")] * bool(disc)
    for index, row in enumerate(rows):
        below = shape.brief and index and row.kind == "contribution"  # the disc, not beside it
        rows[index] = row._replace(badge="" if index else disc, indent=beside if below else indent, lift=lift)
    return _Texts(rows, [])


def _box_text(box: Box, shown: Collection[str]) -> str:
    """The label of a box in Graphviz's language: fields of a record, which every build of it can draw."""
    texts = {"data": box.data, "grad": box.grad}
    fields = (text for name, text in texts.items() if text and name in shown)
    return "|".join(map(_escaped, [box.title, *fields]))


def _arrow_text(arrow: Arrow, shown: Collection[str]) -> str:
    """The label of an arrow: `(2) cos(y) = -0.6282`, and below it `← 0.2885`."""
    badge = f"({arrow.badge})" if arrow.badge.isdigit() else arrow.badge
    texts = {"order": badge, "partial": arrow.partial, "contribution": arrow.contribution}
    order, partial, contribution = (text if name in shown else "" for name, text in texts.items())
    lines = [" ".join(filter(None, [order, partial])), contribution]
    return "".join(f"{_escaped(line, chr(92))}\\l" for line in lines if line)


def _escaped(text: str, special: str = "\\{}|<>") -> str:
    """The text, not too long, with nothing in it that Graphviz would take for its own."""
    short = printable(shortened(text, LONGEST_TEXT))
    return short.replace("&", "&amp;").translate({ord(character): f"\\{character}" for character in special})


def _dot_graph(found: Picture, labels: Mapping[str, str], direction: str, captions: Sequence[str]) -> Digraph:
    """The picture in Graphviz's language, with these labels on its boxes and arrows, by their ids."""
    try:
        import graphviz  # takes longer to import than all of autograd, and only pictures need it
    except ImportError:
        raise RenderError(f"pictures need the package graphviz: run {to_install('dot')}") from None

    graph = graphviz.Digraph(graph_attr=_GRAPH | {"rankdir": direction}, node_attr=_NODE, edge_attr=_EDGE)
    if len(found.arrows) > MANY_ARROWS:
        ends = ("e", "w") if direction == "LR" else ("s", "n")
        graph.graph_attr.update(_LARGE | _FEW_ROUNDS)
        graph.edge_attr.update(tailport=ends[0], headport=ends[1])
    if captions:
        lines = "".join(f"{_escaped(line)}\\l" for line in captions)
        graph.graph_attr.update(label=lines, labelloc="t", labeljust="l")
    for box in found.boxes:
        text = labels[box.id]
        graph.node(box.id, text if direction == "LR" else f"{{{text}}}", id=box.id, **_ROLES[box.role])
    largest = max((abs(arrow.amount) for arrow in found.arrows), default=0.0)
    for arrow in found.arrows:
        style = {"label": labels[arrow.id]} if labels[arrow.id] else {}
        if arrow.amount:
            style |= _POSITIVE if arrow.amount > 0 else _NEGATIVE
            style["penwidth"] = f"{1 + 2 * (abs(arrow.amount) / largest):.2f}"
        graph.edge(arrow.source.id, arrow.target.id, id=arrow.id, **style)
    for row in _in_order(found):
        inside: Any = graph.subgraph()
        with inside as same:
            same.attr(rank="same")
            for one, other in itertools.pairwise(row):
                same.edge(one.id, other.id, style="invis", tailport="c", headport="c")
    return graph


def _in_order(found: Picture) -> Iterator[list[Box]]:
    """The rows of boxes that stand beside each other in an order: neurons 1 to n of a layer, and what all of them read.

    Graphviz would order them by the crossings of arrows, and in the next epoch otherwise.
    """
    depths = dict.fromkeys((box.id for box in found.boxes), 0)
    targets: dict[str, list[str]] = {box.id: [] for box in found.boxes}
    for arrow in found.arrows:
        targets[arrow.source.id].append(arrow.target.id)
    for box in found.boxes:  # operands come before results
        for target in targets[box.id]:
            depths[target] = max(depths[target], depths[box.id] + 1)
    rows: dict[object, list[tuple[int, Box]]] = {}
    for index, box in enumerate(found.boxes):
        if box.part:
            row, number = place(box.part)
            rows.setdefault((row, depths[box.id]), []).append((number, box))
        elif box.role == "input" and len(found.boxes) < len(found.box_of):
            rows.setdefault(frozenset(targets[box.id]), []).append((index, box))
    for members in rows.values():
        if len(members) > 1:
            yield [box for _, box in sorted(members, key=lambda member: member[0])]


def _captions(found: Picture, title: str | None) -> Iterator[str]:
    """What stands over the picture: its title, and whether it was folded."""
    if title is not None:
        yield title
    if len(found.boxes) < len(found.box_of):
        yield f"folded: {len(found.box_of):,} nodes in {len(found.boxes):,} boxes"
    if found.mixed:
        yield "the grad of a leaf is what it was set to or has added up to, not only what this sweep brings"


def _wrapped(caption: str) -> list[str]:
    """The caption in lines short enough to stand over any picture."""
    lines = textwrap.wrap(caption, LONGEST_TEXT, break_on_hyphens=False, max_lines=MOST_LINES, placeholder=" …")
    return [printable(line) for line in lines]


def _legend(found: Picture, shown: Collection[str]) -> Iterator[Entry]:
    """What the legend explains: each role in the picture, the numbers in a box, the texts and colours of the arrows."""
    words = [word for word in SHOWN[:2] if word in shown and any(getattr(box, word) for box in found.boxes)]
    if words:
        high = 12 * len(words)
        frame = f'<rect x="1" y="0.5" width="32" height="{high}" fill="white" stroke="#666666"/>'
        frame += '<path fill="none" stroke="#666666" d="M1,12.5H33"/>' * (len(words) - 1)
        letters = (
            f'<text x="17" y="{9.6 + 12 * index}" text-anchor="middle" FONT font-size="10">{word}</text>'
            for index, word in enumerate(words)
        )
        yield Entry("box", frame + "".join(letters), "", 34.0, high)
    for role, look in _ROLES.items():
        if any(box.role == role for box in found.boxes):
            width, corner = look.get("penwidth", "1"), "0" if "shape" in look else "4"
            frame = f'fill="{look["fillcolor"]}" stroke="{look["color"]}" stroke-width="{width}"'
            yield Entry(role, f'<rect x="1" y="0.5" width="23" height="12" rx="{corner}" {frame}/>', role)
    if "order" in shown and any(len(arrow.steps) == 1 for arrow in found.arrows):
        yield Entry("order", disc("1", 1, 11, "#444444", "FONT"), "order and partial of a step", 16)
    amounts = [arrow.amount for arrow in found.arrows]
    for sign, look, seen in ((">", _POSITIVE, max), ("<", _NEGATIVE, min)):
        if "contribution" in shown and amounts and (seen(amounts) > 0 if sign == ">" else seen(amounts) < 0):
            dash = ' stroke-dasharray="5,2"' if look is _NEGATIVE else ""
            line = f'<path fill="none" stroke="{look["color"]}" stroke-width="2.2"{dash} d="M0,6.5H25"/>'
            yield Entry("positive" if look is _POSITIVE else "negative", line, f"contribution {sign} 0")
