"""The programs that others wrote for micrograd's Value, with ours in its place: `python tests/drop_in.py FOLDER`.

FOLDER holds what is found there of these, cloned or saved by hand:

    micrograd/         github.com/karpathy/micrograd
    nn-zero-to-hero/   github.com/karpathy/nn-zero-to-hero
    eureka/            github.com/EurekaLabsAI/micrograd
    microgpt/          microgpt.py by Andrej Karpathy, and the names as input.txt

They need torch, scikit-learn, matplotlib, graphviz and its `dot`. Each runs twice, once as it is, and once with nothing changed but
where Value comes from: the import of micrograd, or the class written out in the program, becomes an import of ours. What
is compared: the number at the root of each backward pass, every number that a cell shows or prints, and at the end the
data and grad of each Value that the program's names hold. Pictures are drawn by the program's own draw_dot; theirs have
a node more for each constant, and for each quotient.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PROGRAMS = (
    "micrograd/demo.ipynb",
    "micrograd/trace_graph.ipynb",
    "micrograd/test/test_engine.py",
    "nn-zero-to-hero/lectures/micrograd/micrograd_lecture_first_half_roughly.ipynb",
    "nn-zero-to-hero/lectures/micrograd/micrograd_lecture_second_half_roughly.ipynb",
    "eureka/micrograd.py",
    "microgpt/microgpt.py",
)
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?:e[-+]?\d+)?")


class Imports(ast.NodeTransformer):
    """Where Value comes from, and nothing else."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if node.module == "micrograd" and [one.name for one in node.names] == ["nn"]:
            return ast.Import(node.names)
        module = {"micrograd.engine": "autograd", "micrograd.nn": "nn"}.get(node.module or "", node.module)
        return ast.ImportFrom(module, node.names, node.level)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return ast.ImportFrom("autograd", [ast.alias("Value")], 0) if node.name == "Value" else node


class Watched(ast.NodeTransformer):
    """Each `loss.backward()` is noted, and what the last line of a cell shows."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "backward":
            node.value = ast.Call(ast.Name("_swept", ast.Load()), [call.func.value], [])
        return node


def cells(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return [text]
    found = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return [re.sub(r"(?m)^%", "# %", cell) for cell in found]


def values_in(found: Any, depth: int = 0) -> list[Any]:
    """The Values among a program's names, in lists, dicts and objects as well."""
    if type(found).__name__ == "Value":
        return [found]
    if isinstance(found, set):
        found = list(found)
    if isinstance(found, dict):
        found = list(found.values())
    elif type(found).__module__ in ("__main__", "program") and hasattr(found, "__dict__") and depth < 8:
        found = list(vars(found).values())
    return [x for one in found for x in values_in(one, depth + 1)] if isinstance(found, list | tuple) else []


def run(path: Path, is_ours: bool) -> dict[str, Any]:
    """Run a program in the folder where it lies, and say what it computed."""
    roots: list[float] = []
    pictures: list[str] = []
    shown: list[str] = []

    def swept(root: Any) -> None:
        root.backward()
        roots.append(float(root.data))

    random.seed(1)  # those that begin anywhere begin at the same place
    names: dict[str, Any] = {"__name__": "program", "_swept": swept}
    for cell in cells(path):
        tree = Watched().visit(ast.parse(cell))
        if is_ours:
            tree = Imports().visit(tree)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), names)
            if last is not None:
                result = eval(compile(ast.fix_missing_locations(ast.Expression(last.value)), str(path), "eval"), names)
                if hasattr(result, "pipe"):
                    pictures.append(result.pipe("svg").decode())
                elif result is not None:
                    print([x.data for x in values_in(result)] or result)
        shown.append(told.getvalue())
    for name, test in list(names.items()):
        if name.startswith("test_") and callable(test):
            test()
    del names["_swept"]
    values = values_in({name: one for name, one in names.items() if not name.startswith("__")})
    return {
        "roots": roots,
        "shown": [float(x) for x in NUMBER.findall("\n".join(shown))],
        "data": [float(x.data) for x in values],
        "grad": [float(x.grad) for x in values],
        "pictures": [picture.count('class="node"') for picture in pictures],
        "class": f"{type(values[0]).__module__}" if values else "",
        "text": "\n".join(shown),
    }


def told(path: Path, side: str) -> tuple[dict[str, Any], float]:
    """What a program computed in a process of its own, and the seconds it took."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, side, path], cwd=path.parent, env=environment(path), capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{path}: {side} did not run\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.rpartition("\n@")[2])
    return found, time.perf_counter() - begun


def environment(path: Path) -> dict[str, str]:
    folders = [str(ROOT), str(path.parent), str(path.parent.parent)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}


def farthest(found: list[float], expected: list[float]) -> float:
    """The largest difference, relative above 1."""
    if len(found) != len(expected):
        return math.inf
    return max((abs(a - b) / max(1.0, abs(b)) for a, b in zip(found, expected, strict=True)), default=0.0)


def compare(folder: Path) -> bool:
    """Run every program on both sides; whether all numbers agree to 1e-12."""
    is_right = True
    print("program | numbers: at roots, shown, of Values | farthest | boxes, ours / theirs | seconds, ours / theirs")
    for name in PROGRAMS:
        path = folder / name
        if not path.exists():
            print(f"{name} | not there")
            continue
        (theirs, slow), (ours, fast) = told(path.resolve(), "theirs"), told(path.resolve(), "ours")
        counts = ", ".join(str(len(ours[kind])) for kind in ("roots", "shown", "data"))
        pairs = [(ours[kind], theirs[kind]) for kind in ("roots", "shown", "data", "grad")]
        off, order = max(farthest(*pair) for pair in pairs), ""
        if off > 1e-12:  # a list that the program makes of sets, whose order is no promise
            off, order = max(farthest(*map(sorted, pair)) for pair in pairs), ", the order of a set aside"
        is_right &= off <= 1e-12 and len(ours["pictures"]) == len(theirs["pictures"])
        is_right &= ours["class"].startswith("autograd") or not ours["data"]
        boxes = f"{ours['pictures']} / {theirs['pictures']}"
        print(f"{name} | {counts} | {off:.1e}{order} | {boxes} | {fast:.1f} / {slow:.1f}", flush=True)
    return is_right


if __name__ == "__main__":
    if sys.argv[1:2] in (["ours"], ["theirs"]):
        print("\n@" + json.dumps(run(Path(sys.argv[2]), sys.argv[1] == "ours")))
    elif len(sys.argv) == 2:
        sys.exit(not compare(Path(sys.argv[1])))
    else:
        sys.exit(__doc__)
