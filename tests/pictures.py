"""The pictures of the README, from the graphs of the teaching documents: `python tests/pictures.py` draws them again.

The `.dot` beside each `.svg` is what a test compares, because different builds of Graphviz lay the same graph out
differently.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "notebooks" / "pictures"
sys.path[:0] = [str(FOLDER.parent.parent), str(Path(__file__).parent)]

from graphs import example_7_15, example_7_16, network  # noqa: E402 - the path comes first

from autograd import Drawing, draw  # noqa: E402


def pictures() -> dict[str, Drawing]:
    """The drawings by the names of their files."""
    *_, bell = example_7_15()
    *_, logistic = example_7_16()
    bell.backward()
    logistic.backward()
    return {
        "chain": draw(bell),
        "logistic": draw(logistic),
        "network": draw(network()["E"]),
        "neurons": draw(network()["E"], fold="neuron"),
    }


if __name__ == "__main__":
    for name, drawing in pictures().items():
        drawing.save(FOLDER / f"{name}.svg")
        drawing.save(FOLDER / f"{name}.dot")
