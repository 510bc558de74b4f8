"""The graph as a picture: a box per node with its name, operation, data and adjoint; an arrow per use of an operand.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> drawing = draw(x + x)
>>> drawing.graph.source.count("node1 -> node2")
2

What stands where is decided in `picture`; this module prints it for Graphviz, which `drawing` calls.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from autograd.engine.value import Value
from autograd.errors import RenderError
from autograd.pictures.drawing import LAYOUT_FONT, Drawing
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
_GRAPH = {"nodesep": "0.25", "ranksep": "0.4", "bgcolor": "white", "fontname": LAYOUT_FONT}
_NODE = {"shape": "Mrecord", "style": "filled", "fontname": LAYOUT_FONT, "fontsize": "12", "height": "0"}
_EDGE = {"color": "#666666", "arrowsize": "0.7", "fontname": LAYOUT_FONT, "fontsize": "11"}
_LARGE = {"splines": "line", "ranksep": "1.5", "outputorder": "edgesfirst"}
_FEW_ROUNDS = {"nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.1"}  # the best layout would take minutes


def draw(
    y: Value,
    *,
    direction: str = "LR",
    digits: int = 4,
    show: str | Collection[str] | None = None,
    title: str | None = None,
    fold: str | None = "auto",
    legend: bool = True,
) -> Drawing:
    """The picture of the graph that ends in y, its numbers rounded to so many significant digits.

    A box holds a node's name and operation, its data, and once `y.backward()` has run its adjoint. An arrow runs from
    operand to result; on it stand the place of the step in the backward pass, the local partial, and after the sweep
    the contribution that came back along it: blue and solid where positive, red and dashed where negative, wide where
    large.

    direction   "LR" from left to right, or "TB" from top to bottom
    show        some of "data", "grad", "partial", "contribution", "order"; by default all, but
                nothing on the arrows where there are more than 80
    fold        which nodes share a box: "neuron", "layer" or another word that the parts of a model begin with (see
                `Value.within`), "sum" for repeated additions, "alike" for what was computed the same way, None for
                nothing; by default nothing until there are more than 200 boxes
    legend      whether the picture explains its colours

    Raises RenderError for more than 1,000 boxes, ValueError for a word that is not known.
    """
    if direction not in ("LR", "TB"):
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
    dot = dot_graph(found, direction=direction, show=show, title=title, legend=legend)
    return Drawing(dot, printable(title or f"computation graph of {shortened(graph.label, LONGEST_TEXT)}"))


def dot_graph(
    found: Picture,
    *,
    direction: str = "LR",
    show: Collection[str] | None = None,
    title: str | None = None,
    legend: bool = True,
) -> Digraph:
    """The picture in Graphviz's language."""
    import graphviz  # takes longer to import than all of autograd, and only pictures need it

    boxes, arrows = found.boxes, found.arrows
    if len(boxes) > MOST_BOXES:
        raise RenderError(f"{len(boxes):,} boxes are too many for a picture ({MOST_BOXES:,}): fold it, draw(y) does")
    large = len(arrows) > MANY_ARROWS
    shown = (SHOWN[:2] if large else SHOWN) if show is None else show
    graph = graphviz.Digraph(graph_attr=_GRAPH | {"rankdir": direction}, node_attr=_NODE, edge_attr=_EDGE)
    if large:
        ends = ("e", "w") if direction == "LR" else ("s", "n")
        graph.graph_attr.update(_LARGE | _FEW_ROUNDS)
        graph.edge_attr.update(tailport=ends[0], headport=ends[1])
    captions = [_escaped(line) for caption in _captions(found, title) for line in _wrapped(caption)]
    if captions:
        graph.graph_attr.update(label="".join(f"{line}\\l" for line in captions), labelloc="t", labeljust="l")
    for box in boxes:
        text = _box(box, shown)
        graph.node(box.id, text if direction == "LR" else f"{{{text}}}", id=box.id, **_ROLES[box.role])
    largest = max((abs(arrow.amount) for arrow in arrows), default=0.0)
    for arrow in arrows:
        label = _on_arrow(arrow, shown)
        style = {"label": label} if label else {}
        if arrow.amount:
            style |= _POSITIVE if arrow.amount > 0 else _NEGATIVE
            style["penwidth"] = f"{1 + 2 * (abs(arrow.amount) / largest):.2f}"
        graph.edge(arrow.source.id, arrow.target.id, id=arrow.id, **style)
    if legend:
        _add_legend(graph, found, direction, large)
    return graph


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


def _add_legend(graph: Digraph, found: Picture, direction: str, large: bool) -> None:
    """Small boxes, one for each role in the picture, and the two kinds of arrow.

    The arrows join the boxes; but in a large picture that would pull its columns apart, and they are boxes themselves.
    """
    roles = [role for role in _ROLES if any(box.role == role for box in found.boxes)]
    amounts = [arrow.amount for arrow in found.arrows]
    signs = {">": _POSITIVE} if any(amount > 0 for amount in amounts) else {}
    signs |= {"<": _NEGATIVE} if any(amount < 0 for amount in amounts) else {}
    looks = [(sign, look | {"label": f"contribution {sign} 0"}) for sign, look in signs.items()]
    joined = [] if large else list(itertools.pairwise(roles))
    inside: Any = graph.subgraph(name="legend")
    with inside as legend:
        legend.attr("node", shape="box", fontsize="9", margin="0.06,0.03", fillcolor="white")
        legend.attr("edge", fontsize="9", arrowsize="0.5", style="invis")
        for role in roles:
            look = {"style": "filled" if "shape" in _ROLES[role] else "filled,rounded"}
            legend.node(f"legend_{role}", role, id=f"legend_{role}", **_ROLES[role] | {"shape": "box"} | look)
        if direction == "TB" and not large:
            legend.attr(rank="same")
        for sign, look in looks[len(joined) :]:
            legend.node(f"legend_{sign}", id=f"legend_{sign}", **look)
        for (one, other), (_, look) in zip(joined, itertools.chain(looks, itertools.repeat(("", {}))), strict=False):
            legend.edge(f"legend_{one}", f"legend_{other}", **look)


def _on_arrow(arrow: Arrow, shown: Collection[str]) -> str:
    """What stands on an arrow: `② cos(y) = -0.6282`, and below it `← 0.2885`."""
    texts = {"order": arrow.badge, "partial": arrow.partial, "contribution": arrow.contribution}
    order, partial, contribution = (text if name in shown else "" for name, text in texts.items())
    lines = [" ".join(filter(None, [order, partial])), contribution]
    # Graphviz takes ① and ← for narrower than they are: the spaces keep a text beside its arrow clear of it.
    return "\\n".join("\N{NO-BREAK SPACE}" * 3 + _escaped(line, "\\") for line in lines if line)


def _box(box: Box, shown: Collection[str]) -> str:
    """The label of a box: fields of a record, which every build of Graphviz can draw."""
    texts = {"data": box.data, "grad": box.grad}
    fields = "|".join(_escaped(text) for name, text in texts.items() if text and name in shown)
    return _escaped(box.title) + (f"|{{{fields}}}" if fields else "")


def _escaped(text: str, special: str = "\\{}|<>") -> str:
    """The text, not too long, with nothing in it that Graphviz would take for its own."""
    short = printable(shortened(text, LONGEST_TEXT))
    return short.replace("&", "&amp;").translate({ord(character): f"\\{character}" for character in special})
