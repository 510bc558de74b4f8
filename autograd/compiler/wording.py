"""Names that are not taken yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

__all__ = ["free", "numbered"]


def free(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken; it is taken from then on."""
    found = name if name not in taken else numbered(f"{name}_", itertools.count(2), taken)
    taken.add(found)
    return found


def numbered(stem: str, numbers: Iterable[int], taken: set[str]) -> str:
    """The stem with the first of the numbers that makes it free; that is taken from then on."""
    found = next(name for number in numbers if (name := f"{stem}{number}") not in taken)
    taken.add(found)
    return found
