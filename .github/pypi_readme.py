"""The README as PyPI shows it: a page that is not in the repository, where a link must be a whole address.

The address is `Source` of [project.urls] in pyproject.toml. As long as the repository has none, what would lead nowhere
is left out: a link's text stays, a picture's description stands in the picture's place.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?!\w+:)(?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def for_pypi(text: str, source: str | None) -> str:
    """A text in Markdown, in which no link is relative any more."""

    def whole(link: re.Match[str]) -> str:
        picture, label, target = link.group("picture", "text", "target")
        if target.startswith("#"):  # on the same page
            return link[0]
        if source is None:
            return f"*{label}*" if picture else label
        return f"{picture}[{label}]({source.rstrip('/')}/{'raw' if picture else 'blob'}/HEAD/{target})"

    pieces = _CODE.split(text)  # every second one is code
    pieces[::2] = [_LINK.sub(whole, piece) for piece in pieces[::2]]
    return "".join(pieces)


class Readme(MetadataHookInterface):
    """What hatchling asks for the dynamic field `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the README to the project's metadata."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {"content-type": "text/markdown", "text": for_pypi(text, source)}
