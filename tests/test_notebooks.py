"""The notebooks: each runs in a clean kernel and shows what is committed, in the order of the teaching documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from run_notebooks import FOLDER, NAMES, executed, read

SIX = ["01_chain_rule", "02_by_hand", "03_matrix_form", "04_train_moons", "05_optimisers", "06_why_order_matters"]


def test_the_notebooks_are_there_and_the_readme_names_them() -> None:
    assert set(SIX) <= set(NAMES)
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\(notebooks/(\w+)\.ipynb\)", readme) == NAMES


def shown(notebook: Any) -> list[list[str]]:
    """What each cell shows: its texts as they are, its pictures by their kinds."""
    found = []
    for cell in notebook.cells:
        texts = []
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            if output.output_type == "stream":
                texts.append(output.text)
                continue
            texts += [output.data.get("text/plain", ""), output.data.get("text/latex", "")]
            texts += [kind for kind in sorted(output.data) if kind.startswith("image/")]
            texts += re.findall(r"<img |<code>.*?</code>", output.data.get("text/html", ""))
        found.append(texts)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_in_a_clean_kernel_and_shows_what_is_committed(name: str) -> None:
    assert shown(executed(name)) == shown(read(name))


@pytest.mark.parametrize("name", NAMES)
def test_pictures_in_notebooks_show_wherever_notebooks_are_read(name: str) -> None:
    pictures = 0
    for cell in read(name).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/svg+xml" in data:
                assert "data:image/svg+xml;base64," in data["text/html"]
            pictures += "image/png" in data or "data:image/" in data.get("text/html", "")
    assert pictures


@pytest.mark.parametrize("name", NAMES)
def test_links_between_notebooks_lead_somewhere(name: str) -> None:
    text = "\n".join(cell.source for cell in read(name).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!http)(.*?)\)", text):
        assert Path(FOLDER / target).is_file(), target
