"""Names that Python takes, and lines that are not too long, for programs that are printed.

>>> identifiers(["x", "w[1][2,1]", "def"])
['x', 'w_1_2_1', 'def_2']
"""

from __future__ import annotations

import keyword
import re
import textwrap
import unicodedata
from collections.abc import Sequence

from autograd.reading.graph import free
from autograd.table.rules import ROWS

__all__ = ["commented", "identifiers", "wrapped"]

WIDTH = 100


def identifiers(labels: Sequence[str]) -> list[str]:
    """A Python name for each label: w[1][2,1] becomes w_1_2_1."""
    taken = {*keyword.kwlist, *ROWS, "inf", "pi", "pow", "max"}
    return [free(identifier(label), taken) for label in labels]


def identifier(label: str) -> str:
    letters = (letter if f"v{letter}".isidentifier() else "_" for letter in unicodedata.normalize("NFKC", label))
    text = re.sub("__+", "_", "".join(letters)).strip("_") or "v"
    return text if text.isidentifier() else f"v_{text}"


def commented(lines: Sequence[tuple[str, str]]) -> list[str]:
    """Lines with their comments one below the other; what is too long is wrapped, its comment above it."""
    width = max((len(text) for text, comment in lines if comment and len(text) + len(comment) < WIDTH - 8), default=0)
    found = []
    for text, comment in lines:
        if not comment or len(text) > width:
            found += [f"    # {textwrap.shorten(comment, WIDTH - 6, placeholder=' …')}"] if comment else []
            name, _, right = text.partition(" = ")
            found.append(
                f"    {text}" if len(text) < WIDTH - 4 else wrapped(f"    {name} = (", f"{right})", len(name) + 8)
            )
        else:
            found.append(f"    {text:{width}}  # {comment}")
    return found


def wrapped(first: str, text: str, indent: int) -> str:
    """A text with line breaks at spaces."""
    kept = re.sub(r"(?<!,) (?!([+-]|if|else) )", "\0", text)  # break after commas, and before plus and minus
    kept = re.sub(r"(?<= [+-]) ", "\0", kept)
    margins = {"initial_indent": first, "subsequent_indent": " " * indent}
    lines = textwrap.wrap(kept, WIDTH, break_long_words=False, break_on_hyphens=False, **margins)  # type: ignore[arg-type]
    return "\n".join(lines).replace("\0", " ")
