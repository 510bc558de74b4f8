"""Wrong answers to the exercises of the notebooks: for each exercise, some code and what is said about it."""

from __future__ import annotations

WRONG: dict[str, list[list[tuple[str, str]]]] = {}
