"""The notebooks, each run in a kernel of its own: `python tests/run_notebooks.py` runs them and keeps what they show.

Names can be given: `python tests/run_notebooks.py 04_train_moons`.

A cell tagged "exercise" asks, and ends with a check. The cell after it, tagged "solution", is a text that holds the
solution as Python, folded away: what takes the place of the lines before the check.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def exercises(notebook: nbformat.NotebookNode) -> list[tuple[int, str]]:
    """The places of the exercises, and the solution of each."""
    found = []
    for place, cell in enumerate(notebook.cells):
        if "exercise" in cell.metadata.get("tags", []):
            told = notebook.cells[place + 1]
            assert "solution" in told.metadata.get("tags", []), f"no solution follows the exercise {cell.source!r}"
            found.append(
                (place, "\n".join(re.findall(r"^```python\n(.*?)^```", told.source, re.DOTALL | re.MULTILINE)))
            )
    return found


def attempt(exercise: str, answer: str) -> str:
    """An exercise with an answer in the place of what comes before its check."""
    return answer.rstrip() + "\n" + exercise[re.search(r"^check\(", exercise, re.MULTILINE).start() :]  # type: ignore[union-attr]


def executed(name: str, attempts: Sequence[Sequence[str]] = ()) -> tuple[nbformat.NotebookNode, list[list[str]]]:
    """The notebook as it comes out of a clean kernel, in a folder that is thrown away.

    With answers for each of its exercises, these are tried where the exercise stands, and what they show is also given.
    """
    notebook = read(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    answers = dict(zip([place for place, _ in exercises(notebook)], attempts, strict=True)) if attempts else {}
    shown: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        with client.setup_kernel():
            for place, cell in enumerate(notebook.cells):
                client.execute_cell(cell, place)
                if place in answers:
                    shown.append([_tried(client, place, attempt(cell.source, answer)) for answer in answers[place]])
                    notebook.cells[place] = cell
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = count
    notebook.metadata.language_info = {"name": "python"}
    return notebook, shown


def _tried(client: NotebookClient, place: int, source: str) -> str:
    """What the last expression of a cell shows."""
    cell: Any = nbformat.v4.new_code_cell(source)
    client.execute_cell(cell, place)
    return next((output.data["text/plain"] for output in cell.outputs if output.output_type == "execute_result"), "")


def main(names: list[str]) -> None:
    for name in names or NAMES:
        start = time.perf_counter()
        text = nbformat.writes(executed(name)[0])
        (FOLDER / f"{name}.ipynb").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {time.perf_counter() - start:.1f} s, {len(text) / 1e3:,.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
