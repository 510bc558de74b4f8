"""The shape of the project: the arrows between its rooms, its import, its README."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import graphviz
import pytest
from pictures import FOLDER, pictures

import autograd
from autograd import Drawing
from autograd.table.rules import ROWS

ROOT = Path(__file__).parent.parent
SVG = "{http://www.w3.org/2000/svg}"
BUILT_IN = dict(ROWS)  # as it is before a test adds a row
README = (ROOT / "README.md").read_text(encoding="utf-8")

# The wings of autograd, the lowest first, each with those that it may import from. What is not a wing lies on top of all.
WINGS: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "table": {"errors"},
    "engine": {"table", "errors"},
    "derivatives": {"engine", "table", "errors"},
    "reading": {"engine", "table", "errors"},
    "compiler": {"reading", "engine", "table", "errors"},
    "pictures": {
        "compiler",
        "reading",
        "engine",
        "table",
        "errors",
        "files",
    },  # a live page takes its program from there
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("autograd", "nn")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(module: str) -> set[str]:
    """The modules of ours that a module imports, also inside functions, and for type checkers only."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inside}
    return found & MODULES.keys()


def wing(module: str) -> str:
    return [*module.split("."), ""][1]


def test_imports_run_strictly_downward_between_wings() -> None:
    for module in MODULES:
        here = wing(module)
        if module.startswith("autograd.") and here in WINGS:
            there = {wing(imported) for imported in imports(module)} - {here}
            assert there <= WINGS[here], f"{module} imports from {there - WINGS[here]}"


def test_there_is_no_circle_of_imports() -> None:
    graph = {module: imports(module) - {"autograd", "nn"} for module in MODULES}
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError with the circle


def test_nn_uses_only_what_autograd_exports() -> None:
    exported = {
        *autograd.__all__,
        "Page",
        "Vector",
        "as_image",
        "collector_paused",
        "files",
        "legible",
        "read_beside",
        "record",
        "sum",
        "terminal",
        "to_install",
    }  # files and terminal know nothing of derivatives
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if module.startswith("nn") else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd"):
                assert {alias.name for alias in node.names} <= exported, module


def test_every_folder_can_be_taken_in_at_a_glance() -> None:
    folders = {path.parent for path in MODULES.values()}
    assert len(list((ROOT / "autograd").glob("*.py"))) <= 6
    for folder in folders:
        assert len([path for path in folder.iterdir() if path.is_file()]) <= 14, folder


FACES = [*(f"autograd/{name}" for name in WINGS if (ROOT / "autograd" / name).is_dir()), "nn/training", "nn/film"]


@pytest.mark.parametrize("name", FACES)
def test_a_wing_names_its_modules_in_reading_order(name: str) -> None:
    face = ast.get_docstring(ast.parse((ROOT / name / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = re.findall(r"^(\w+)  +\S", face, re.MULTILINE)
    assert sorted(named) == sorted(path.stem for path in (ROOT / name).glob("*.py") if path.stem[0] != "_")


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef))


def test_a_function_fits_a_screen_and_a_file_is_short() -> None:
    for path in MODULES.values():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
        for node in functions(path):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} in {path}"


def test_importing_loads_no_third_party_package() -> None:
    code = "import sys, autograd; print(sorted(name.partition('.')[0] for name in sys.modules))"
    bare = "import sys; print(sorted(name.partition('.')[0] for name in sys.modules))"
    loaded, before = (
        set(ast.literal_eval(subprocess.check_output([sys.executable, "-c", text], text=True, cwd=ROOT)))
        for text in (code, bare)
    )
    assert loaded - before - set(sys.stdlib_module_names) == {"autograd"}


def test_a_star_import_hides_no_builtin_but_compile_which_says_where_that_is() -> None:
    names: dict[str, object] = {}
    exec("from autograd import *", names)
    assert set(names) & set(dir(builtins)) == {"compile"}
    assert eval("compile(Value(3.0) * 2, [])()", names) == (6.0, [])
    for texts in ("'x + 1', 'name', 'eval'", "b'x + 1', 'name', 'eval'"):
        with pytest.raises(TypeError, match=r"not b?'x \+ 1': Python's own compile is builtins\.compile$"):
            eval(f"compile({texts})", names)
    with pytest.raises(TypeError, match="builtins"):
        eval("compile(tree, 'name', 'exec')", {**names, "tree": ast.parse("x + 1")})


def test_every_file_of_the_packages_is_in_the_wheel_and_in_the_source_distribution(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", tmp_path], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,), (source,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(source) as tape:
        built = {*archive.namelist()}, {name.partition("/")[2] for name in tape.getnames()}
    folders = [path for package in ("autograd", "nn") for path in (ROOT / package).rglob("*")]
    files = {path.relative_to(ROOT).as_posix() for path in folders if path.is_file() and path.suffix != ".pyc"}
    assert files >= {
        "nn/data/digits.csv.gz",
        "nn/data/README.md",
        "autograd/pictures/pages/steps.html",
        "autograd/pictures/pages/steps.js",
        "nn/py.typed",
    }
    for names in built:
        assert files <= names


CURE = "pip uninstall autograd chalkgrad, then install chalkgrad again, best in an environment of its own"


def run(python: Path | str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *arguments], capture_output=True, text=True, check=False, **options)


def test_another_autograd_is_noticed(tmp_path: Path) -> None:
    other = tmp_path / "autograd"
    other.mkdir()
    (other / "__init__.py").write_text("grad = primitive = None\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    last = run(sys.executable, "-c", "import nn", cwd=tmp_path, env=environment).stderr.strip().splitlines()[-1]
    assert last == (
        "ImportError: nn needs the autograd of chalkgrad, but another package is in its place "
        f"({other / '__init__.py'}): {CURE}"
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our wheel, and that of HIPS autograd, the package which has the name on PyPI."""
    for name in ("hatchling", "numpy"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    folder = tmp_path_factory.mktemp("packages")
    done = run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), "autograd==1.9.1")
    if done.returncode:
        pytest.skip(f"HIPS autograd cannot be downloaded: {done.stderr.strip().splitlines()[-1]}")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT).check_returncode()
    return folder


@pytest.mark.parametrize("order", [["autograd", "chalkgrad"], ["chalkgrad", "autograd"]])
def test_the_package_on_pypi_of_the_same_name_in_one_environment(
    order: list[str], packages: Path, tmp_path: Path
) -> None:
    """Whichever comes last has the name; to uninstall the other takes `__init__.py` away, as both say it is theirs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "of_both"], check=True)
    python = next(path for path in (tmp_path / "of_both").glob("*/python*") if path.stem == "python")
    runner = Path(str(importlib.import_module("pip").__file__)).parent / "__pip-runner__.py"
    pip = [python, runner, "--disable-pip-version-check"]  # what `pip --python` starts, from one Python more
    site, here = next((tmp_path / "of_both").rglob("site-packages")), Path(graphviz.__file__).parent.parent
    for name in ("graphviz", "numpy", "numpy.libs"):  # what the two need
        if (here / name).exists():
            (site / name).symlink_to(here / name)

    def install(*names: str) -> None:
        for name in names:
            (wheel,) = packages.glob(f"{name}-*.whl")
            subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", "--no-compile", wheel], check=True)

    def tried() -> list[str]:
        """What `import nn` says last, and `python -m autograd`."""
        found = [run(python, "-E", *what, cwd=tmp_path) for what in (["-c", "import nn"], ["-m", "autograd", "2"])]
        return ["\n".join([*done.stderr.strip().splitlines()[-1:], done.stdout.strip()]) for done in found]

    install(*order)
    if order[-1] == "autograd":
        by_import, by_command = tried()
        assert by_import.startswith("ImportError: nn needs the autograd of chalkgrad, but another package is in")
        assert by_command.startswith("another package called autograd is in the place of chalkgrad's")
        assert by_import.strip().endswith(CURE)
        assert by_command.strip().endswith(CURE)
    else:
        assert (tried()[0], "J = 2" in tried()[1]) == ("", True)
    subprocess.run([*pip, "uninstall", "-q", "-y", "autograd"], check=True)
    assert CURE in tried()[0]  # in both orders
    subprocess.run([*pip, "uninstall", "-q", "-y", "autograd", "chalkgrad"], check=True)
    install("chalkgrad")
    assert (tried()[0], "J = 2" in tried()[1]) == ("", True)


def table() -> str:
    """The table of derivatives as the README shows it, printed from the rows."""
    lines = ["| operation | value | ∂y/∂a | ∂y/∂b | where |", "|---|---|---|---|---|"]
    for row in BUILT_IN.values():
        cells = [f"`{text}`" for text in (row.value, *row.partials)]
        cells += [""] * (3 - len(cells))
        if len(cells) > 3:
            cells = [cells[0], cells[1], f"{cells[2]}, ∂y/∂c = {cells[3]}"]
        note = "; ".join(text for text in (row.domain, row.convention) if text)
        lines.append(f"| `{row.name}` | {' | '.join(cells)} | {note} |")
    return "\n".join(lines)


def test_the_table_that_is_shown_is_printed_from_the_rows() -> None:
    page = (ROOT / "autograd" / "table" / "README.md").read_text(encoding="utf-8")
    few, whole = ("| operation |" + text.split("| operation |")[1].split("\n\n")[0] for text in (README, page))
    assert whole.strip() == table()
    assert set(few.splitlines()) < set(table().splitlines())


def commands() -> list[str]:
    return [line for line in README.splitlines() if line.startswith("python3 -m venv")]


def test_the_readme_begins_with_the_commands_that_install() -> None:
    start = "python3 -m venv .venv && .venv/bin/pip install -q -e "
    run = '".[dot]" && .venv/bin/python -m autograd "exp(-sin(x**2))" x=1.5 --svg J.svg'
    test = '".[test]" && .venv/bin/python -m pytest'
    lab = '".[notebooks]" && .venv/bin/jupyter lab notebooks'
    assert commands() == [start + run, start + test, start + lab]


def test_the_readme_shows_what_the_first_command_prints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from autograd.cli import main

    arguments = shlex.split(commands()[0].split("-m autograd ")[1].replace("J.svg", str(tmp_path / "J.svg")))
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() in README


def test_what_the_readme_shows_in_the_repl_is_so_pasted_from_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join(line for line in README.splitlines() if not line.startswith("```python"))
    examples = doctest.DocTestParser().get_doctest(text.replace("\n```", "\n\n"), {}, "README", "README.md", 0)
    done = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples)
    assert done.attempted > 20
    assert not done.failed, "what differs is printed above"


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 300


def test_the_readme_counts_the_lines_of_each_wing() -> None:
    told = dict(re.findall(r"^\| \[`([\w/]+)/`\].*\| ([\d,]+) \|$", README, re.MULTILINE))
    assert set(told) == {"nn", *(f"autograd/{name}" for name in WINGS if (ROOT / "autograd" / name).is_dir())}
    for folder, lines in told.items():
        texts = [path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")]
        assert lines == f"{round(sum(len(text.splitlines()) for text in texts), -2):,}", folder


@pytest.mark.parametrize("line", re.findall(r"^\.venv/bin/python -m .*$", README, re.MULTILINE))
def test_every_command_of_the_readme_works(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd import cli
    from nn import cli as nn_cli

    monkeypatch.chdir(tmp_path)
    package, *arguments = shlex.split(line.split(" -m ")[1])
    assert {"autograd": cli, "nn": nn_cli}[package].main(arguments) == 0


@pytest.mark.parametrize(("name", "drawing"), pictures().items())
def test_the_pictures_of_the_readme_are_those_drawn_today(name: str, drawing: Drawing) -> None:
    assert f"notebooks/pictures/{name}.svg" in README
    assert drawing.graph.source == (FOLDER / f"{name}.dot").read_text(encoding="utf-8")
    committed = ET.parse(FOLDER / f"{name}.svg").getroot()
    drawn = ET.fromstring(drawing.svg)
    texts = [sorted(element.text or "" for element in root.iter(f"{SVG}text")) for root in (committed, drawn)]
    assert texts[0] == texts[1]
