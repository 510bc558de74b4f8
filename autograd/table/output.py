"""What is printed where the standard output cannot show every letter, as under `PYTHONIOENCODING=ascii`.

>>> legible("2 → 3")  # as it is, wherever that can be shown
'2 → 3'
>>> adapted("2 → 3 · ŷ", "latin-1"), adapted("2 → 3 · ŷ", "ascii")
('2 -> 3 · \\\\u0177', '2 -> 3 * \\\\u0177')

Without this, `print(model)` would end in a UnicodeEncodeError.
"""

from __future__ import annotations

import sys

_INSTEAD = {"→": "->", "←": "<-", "·": "*", "×": "x", "…": "...", "−": "-", "∂": "d"}


class Legible(str):
    """A text that is printed as the standard output can show it; in itself it is the whole text."""

    __slots__ = ()

    def __str__(self) -> str:
        return legible(str.__str__(self))

    def __repr__(self) -> str:
        return legible(str.__repr__(self))


def legible(text: str) -> str:
    """The text as the standard output can show it; a stream that replaces letters by itself is left to do so."""
    if text.isascii() or getattr(sys.stdout, "errors", None) != "strict":
        return text
    return adapted(text, sys.stdout.encoding)


def adapted(text: str, encoding: str) -> str:
    """The text in letters that the encoding has, our signs in others that mean the same."""
    if _has(encoding, text):
        return text
    for sign, instead in _INSTEAD.items():
        if sign in text and not _has(encoding, sign):
            text = text.replace(sign, instead)
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
