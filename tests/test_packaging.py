"""What a stranger gets: the version, the README on PyPI, the environments that the project promises to run in."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import autograd
import nn.cli
from autograd import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("main", [cli.main, nn.cli.main])
def test_the_command_lines_tell_the_version(main: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"chalkgrad {autograd.__version__}\n")


def test_a_clone_that_was_never_installed_knows_its_version(tmp_path: Path) -> None:
    bare = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path[0] = {str(ROOT)!r}; import autograd as a; print(a.__version__)",
    ]
    assert subprocess.check_output(bare, text=True, cwd=tmp_path).strip() == autograd.__version__


def test_the_version_is_stated_in_one_place() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    names = listed or [path.relative_to(ROOT).as_posix() for path in (ROOT / "autograd").rglob("*.py")]
    stated = re.compile(rf"""version\S*\s*[:=]\s*["']?{re.escape(autograd.__version__)}\b""")
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8", errors="replace") for name in names if (ROOT / name).is_file()
    }
    assert [name for name, text in texts.items() if stated.search(text)] == ["autograd/__init__.py"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> metadata.PackageMetadata:
    """What our wheel says of itself."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    (found,) = metadata.distributions(path=[str(wheel)])
    return found.metadata


def test_the_wheel_has_the_version_and_the_whole_readme(built: metadata.PackageMetadata) -> None:
    assert built["Version"] == autograd.__version__
    assert built["Description-Content-Type"] == "text/markdown"
    page = str(built.get_payload() or built["Description"])  # type: ignore[attr-defined]
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        line for line in README.splitlines() if line.startswith("#")
    ]


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?ms)^```.*?^```$", "", text))


@pytest.mark.parametrize("source", [None, "https://example.org/of/chalkgrad", "https://example.org/of/chalkgrad/"])
def test_every_link_of_the_readme_works_on_pypi(source: str | None) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    described = importlib.util.spec_from_file_location("pypi_readme", ROOT / ".github" / "pypi_readme.py")
    assert described
    assert described.loader
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    page = module.for_pypi(README, source)
    relative = [target for target in links(README) if not re.match(r"\w+:|#", target)]
    assert len(relative) > 20
    assert all((ROOT / target).exists() for target in relative)
    within = [target for target in links(README) if target.startswith("#")]
    assert [target for target in links(page) if target.startswith("#")] == within
    begun = "https://example.org/of/chalkgrad/"
    assert [target.removeprefix(begun).split("/", 2)[2] for target in links(page) if target.startswith(begun)] == (
        relative if source else []
    )
    assert all(re.match("#|https://", target) for target in links(page))
    assert "![The graph of exp(-sin x²)" in page if source else "*The graph of exp(-sin x²)" in page
    assert f"{begun}raw/HEAD/notebooks/pictures/chain.svg" in page or not source


def test_marimo_is_given_one_picture_or_page_and_no_bundle_to_put_into_tabs() -> None:
    x = autograd.Value(1.5, "x")
    J = autograd.exp(x)
    drawing, walked = autograd.draw(J), autograd.walk(J)
    kind, svg = drawing._mime_()
    assert (kind, svg[:5], "exp(x)" in svg) == ("image/svg+xml", "<svg ", True)
    for shown in (walked, walked.page()):
        kind, html = shown._mime_()
        assert (kind, html.count("<iframe"), "<script" in html) == ("text/html", 1, False)
    kind, svg = nn.plot.network(nn.MLP(2, [1]))._mime_()
    assert (kind, svg[:5]) == ("image/svg+xml", "<svg ")
    for text in (autograd.explain(J), autograd.steps(J), autograd.formula(J)):
        assert text._repr_latex_()[0] == "$"
        assert not hasattr(text, "_repr_mimebundle_")


def test_the_workflow_runs_on_every_python_that_the_classifiers_name() -> None:
    classified = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"python: \[(.*)\]", workflow)
    assert re.findall(r'"(3\.\d+)"', listed) == classified
    assert PROJECT["project"]["requires-python"] == f">={classified[0]}"
    assert "bash .ci/run" in workflow
