"""A web page of one file: no network, no kernel, nothing to install. A notebook shows it in the cell.

>>> page = Page("A sum", "<p id='sum'></p>", {"terms": [1, 2]}, "find('sum').textContent = data.terms.join(' + ');")
>>> "default-src 'none'" in page.html
True
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
from html import escape
from typing import Any

from autograd import files
from autograd.table.output import legible

_SHELL = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; img-src data:">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
<script type="application/json" id="film">{data}</script>
<script>{script}</script>
</body>
</html>
"""


class Page:
    """A page that stands alone; `save` writes it, and a notebook shows it in a frame.

    title    in the title bar, as text
    body     its HTML
    data     what its script finds as `data`; whatever JSON can hold
    script   its JavaScript, which has the functions of `shared.js`, and runs once the body is there
    style    its CSS, after `look.css`
    still    HTML that stands for the page where no script may run: in a notebook that is not trusted, on a static page
    height   of the frame in a notebook, in pixels
    """

    def __init__(
        self, title: str, body: str, data: Any, script: str, style: str = "", still: str = "", height: int = 640
    ) -> None:
        self.title = title
        self.body = body
        self.data = data
        self.script = script
        self.style = style
        self.still = still
        self.height = height

    @functools.cached_property
    def html(self) -> str:
        """The page as text. Its security policy lets run its own script alone, and load nothing."""
        # JSON that cannot end the element it stands in
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        script = f'\n"use strict";\n{read_beside(__file__, "shared.js")}{self.script}'
        return _SHELL.format(
            hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            title=escape(self.title),
            style=read_beside(__file__, "look.css") + self.style,
            body=self.body,
            data=data.replace("<", "\\u003c"),
            script=script,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file. Raises ValueError for an ending other than .html."""
        files.write(checked(path), self.html.encode())

    def framed(self, still: str) -> str:
        """The page in a frame, as HTML for a notebook, after what stands for it where no script may run.

        Where one runs, the page hides that (`shared.js`); where notebooks do not trust the one who wrote it, they drop
        the frame.
        """
        frame = f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" loading="lazy" '
        look = f"width: 100%; height: {self.height}px; border: 0; resize: vertical; color-scheme: light dark"
        return f'<div>{still}</div>{frame}style="{look}"></iframe>'

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.framed(self.still), "text/plain": repr(self)}

    def _mime_(self) -> tuple[str, str]:  # marimo would show each entry of the bundle in a tab
        return "text/html", self.framed(self.still)

    def __repr__(self) -> str:
        return legible(f"<Page {self.title}: .save('page.html') writes a file>")


def read_beside(module: str, name: str) -> str:
    """The text of a file that lies beside a module, given the module's own `__file__`."""
    with open(os.path.join(os.path.dirname(module), name), encoding="utf-8") as file:
        return file.read()


def checked(path: str | os.PathLike[str]) -> str:
    """The path, if a page may have that name."""
    name = os.fsdecode(path)
    if not name.lower().endswith((".html", ".htm")):
        raise ValueError(f"{name!r} should end in .html")
    return name
