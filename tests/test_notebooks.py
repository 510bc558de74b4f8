"""The notebooks: each runs in a clean kernel and shows what is committed, in the order of the teaching documents."""

from __future__ import annotations

import ast
import operator
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from run_notebooks import FOLDER, NAMES, executed, exercises, read
from wrong_answers import WRONG

SEVEN = [
    "00_perceptron",
    "01_chain_rule",
    "02_by_hand",
    "03_matrix_form",
    "04_train_moons",
    "05_optimisers",
    "06_why_order_matters",
]

SETUP = read("01_chain_rule").cells[1].source


def test_the_notebooks_are_there_and_the_readme_names_them() -> None:
    assert set(SEVEN) <= set(NAMES)
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    listed = readme.split("\n## Notebooks\n")[1].split("\n## ")[0]
    assert re.findall(r"\(notebooks/(\w+)\.ipynb\)", listed) == NAMES
    assert {*re.findall(r"\(notebooks/(\w+)\.ipynb\)", readme)} == {*NAMES}


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
def test_a_notebook_runs_in_a_clean_kernel_and_knows_right_answers_from_wrong_ones(name: str) -> None:
    """It shows what is committed; each solution is right, and each wrong answer is told what it is."""
    committed = read(name)
    solutions = [solution for _, solution in exercises(committed)]
    wrong = WRONG.get(name, [[]] * len(solutions))
    run, found = executed(
        name, [[*map(operator.itemgetter(0), some), last] for some, last in zip(wrong, solutions, strict=True)]
    )
    assert shown(run) == shown(committed)
    for some, verdicts, solution in zip(wrong, found, solutions, strict=True):
        for (answer, told), verdict in zip(some, verdicts, strict=False):
            assert told in verdict, (answer, verdict)
            assert not verdict.startswith("Right")
        assert verdicts[-1].startswith("Right"), (solution, verdicts[-1])


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_begins_with_the_cell_that_finds_the_package(name: str) -> None:
    first = next(cell for cell in read(name).cells if cell.cell_type == "code")
    assert first.source == SETUP
    assert read(name).cells[-1].source.rstrip().splitlines()[-1].startswith("Next: [") or name == NAMES[-1]


def setup(where: Path) -> subprocess.CompletedProcess[str]:
    """What the first cell does in a folder, in a Python that knows of no packages; it prints what is installed."""
    from IPython.core.inputtransformer2 import TransformerManager

    code = f"""
import sys
import tomllib
def get_ipython():
    class Shell:
        def run_line_magic(self, name, line):
            print(f"%{{name}} {{line.format(**globals())}}")
            sys.path.append({str(FOLDER.parent)!r})
    return Shell()
{TransformerManager().transform_cell(SETUP)}
"""
    python = [sys.executable, "-S", "-c", code]
    return subprocess.run(python, cwd=where, env={}, capture_output=True, text=True, check=False)


def test_the_first_cell_finds_the_package_or_installs_it_or_says_what_is_in_the_way(tmp_path: Path) -> None:
    in_a_clone = setup(FOLDER)
    assert (in_a_clone.stdout, in_a_clone.stderr) == ("", "")
    elsewhere = setup(tmp_path)
    assert (elsewhere.stdout, elsewhere.stderr) == ('%pip install -q "chalkgrad[dot,jit,plot,safetensors]"\n', "")
    (tmp_path / "autograd.py").write_text("grad = None\n")
    in_the_way = setup(tmp_path)
    assert in_the_way.stdout == ""
    assert f"Another package called autograd is in the way ({tmp_path / 'autograd.py'})" in in_the_way.stderr
    assert "%pip uninstall -y autograd" in in_the_way.stderr
    (tmp_path / "notebooks").mkdir()
    shutil.copytree(FOLDER.parent / "nn", tmp_path / "nn")
    assert setup(tmp_path / "notebooks").returncode  # beside a clone's nn it is not taken for ours, either


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
    for source in cells[1 : next(index for index, source in enumerate(cells) if "def train" in source) + 1]:
        exec(source, known)
    assert known["eager_losses"] == pytest.approx(MICROGPT_LOSSES[:3], rel=0, abs=1e-12)
    assert known["train"](1000)[:20] == pytest.approx(MICROGPT_LOSSES, rel=0, abs=1e-12)
    exec(next(source for source in cells if "def invented" in source), known)
    assert capsys.readouterr().out.splitlines()[-1].split(", ") == MICROGPT_NAMES.split()


def test_the_page_for_teachers_has_a_place_for_each_notebook() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    table, answers = page.split("## What each answers, and what to show")
    rows = re.findall(r"^\| \d+ \| \[.*?\]\((\w+)\.ipynb\) \|[^|]*\| \d+ \| \d+ \|$", table, re.MULTILINE)
    assert sorted(rows) == sorted(NAMES)
    assert re.findall(r"^\*\*\[.*?\]\((\w+)\.ipynb\)\.\*\* .*\?", answers, re.MULTILINE) == rows
    assert answers.count("*Show*") == len(NAMES)


def test_the_first_notebook_has_the_five_words_of_the_readme() -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    words = readme.split("| word | what it is |\n")[1].split("\n\n")[0]
    box = next(cell.source for cell in read("01_chain_rule").cells if "| word | what it is |" in cell.source)
    assert re.sub(r"\*\*|\.(?= \|)", "", box.split("| word | what it is |\n")[1].split("\n\n")[0]) == words


def imported(tree: ast.AST) -> set[str]:
    """The packages that a cell needs: not those of a function that is called only where they are."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif not isinstance(node, ast.FunctionDef):
            found |= imported(node)
    return {name.partition(".")[0] for name in found}


def test_the_extra_for_notebooks_brings_what_they_import() -> None:
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert extras["notebooks"] == ["chalkgrad[dot,jit,plot,safetensors]", "jupyterlab>=4"]
    brought = {re.split(r"[>=\[]", one)[0] for name in ("dot", "jit", "plot", "safetensors") for one in extras[name]}
    sources = [cell.source for name in NAMES for cell in read(name).cells if cell.cell_type == "code"]
    needed = set().union(*(imported(ast.parse(source)) for source in sources if source != SETUP))
    assert needed - set(sys.stdlib_module_names) - {"autograd", "nn"} - brought == {"IPython"}  # of JupyterLab
    assert needed > {"numpy", "matplotlib"}
