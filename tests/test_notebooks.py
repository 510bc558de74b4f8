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


# What Karpathy's microgpt (gist 8627fe009c40f57531cb18360106ce95, seed 42, 1,000 steps) prints, given our names, all digits
# of its losses shown: those of the first steps, and what it invents in the end.
MICROGPT_LOSSES = [
    3.4641029196160247, 3.653282656134679, 3.4309111258348, 3.2452393263620682, 3.067621083105195,
    3.250061827343523, 3.0574906148892937, 2.867203130796487, 2.669090918157623, 3.208080539377428,
    3.081064121493602, 2.9104891027373165, 2.7535786891572, 3.641237341651501, 2.9676993049230544,
    2.9139553334436945, 2.817575957780099, 2.677702498944766, 2.7130614898745273, 2.84262909852188,
]  # fmt: skip
MICROGPT_NAMES = (
    "amiel jonn carir jaria haria cax aria elani adandh fila "
    "laun maril meelin aleler keson marian joria rivia maler lan"
)


def test_the_tiny_gpt_learns_step_by_step_as_microgpt_does_and_invents_the_same_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = [cell.source for cell in read("10_tiny_gpt").cells if cell.cell_type == "code"]
    known: dict[str, Any] = {}
    for source in cells[: next(index for index, source in enumerate(cells) if "def train" in source) + 1]:
        exec(source, known)
    assert known["eager_losses"] == pytest.approx(MICROGPT_LOSSES[:3], rel=0, abs=1e-12)
    assert known["train"](1000)[:20] == pytest.approx(MICROGPT_LOSSES, rel=0, abs=1e-12)
    exec(next(source for source in cells if "def invented" in source), known)
    assert capsys.readouterr().out.splitlines()[-1].split(", ") == MICROGPT_NAMES.split()
