"""The notebooks, each run in a kernel of its own: `python tests/run_notebooks.py` runs them and keeps what they show.

Names can be given: `python tests/run_notebooks.py 04_train_moons`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def executed(name: str) -> nbformat.NotebookNode:
    """The notebook as it comes out of a clean kernel, in a folder that is thrown away."""
    notebook = read(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def main(names: list[str]) -> None:
    for name in names or NAMES:
        start = time.perf_counter()
        text = nbformat.writes(executed(name))
        (FOLDER / f"{name}.ipynb").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {time.perf_counter() - start:.1f} s, {len(text) / 1e3:,.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
