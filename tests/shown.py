"""What is seen of an object."""

from __future__ import annotations

from typing import Any


def in_notebook(x: object) -> dict[str, Any]:
    """What a notebook is given to show, by MIME type."""
    from IPython.core.formatters import DisplayFormatter

    return dict(DisplayFormatter().format(x)[0])
