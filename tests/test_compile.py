"""Compiled graphs: in every backend the numbers of the eager engine, or its errors."""

from __future__ import annotations

import builtins
import copy
import functools
import gc
import math
import os
import pickle
import platform
import random
import re
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from graphs import SCALAR, condition, growth, random_graph
from higher import error
from mpmath import mpf
from oracle import EFFORT, admissible, points
from oracle import size as size_of

from autograd import (
    Value,
    atan,
    atan2,
    compile,
    dot,
    exp,
    grad,
    hypot,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    no_grad,
    primitive,
    relu,
    sigmoid,
    sin,
    sqrt,
)
from autograd import gradients as gradients_of
from autograd.compiler.backends.eager import Eager
from autograd.compiler.backends.llvm import has_llvm
from autograd.compiler.backends.wanted import Wanted
from autograd.compiler.compiled import Compiled
from autograd.compiler.trace import Trace, record
from autograd.engine.functions import sum as total
from autograd.engine.kernels import kernels
from autograd.errors import CompileError, DivisionByZeroError, DomainError, GradientError, RangeError
from autograd.table.rules import ROWS, Row
from nn import MLP

BACKENDS = ["python", "numpy", *(["llvm"] if has_llvm() else [])]
SPECIAL = [
    0.0,
    -0.0,
    0.5,
    1.0,
    -1.0,
    2.0,
    -3.0,
    5e-324,
    -1e-310,
    1e-160,
    1e160,
    1.7e308,
    -745.0,
    710.0,
    math.inf,
    -math.inf,
]

if "llvm" not in BACKENDS:
    print("llvmlite is not installed: what LLVM computes is not tested")


def operation(row: Row, count: int) -> tuple[Value, list[Value]]:
    inputs = [Value(1.5 if row.name == "acosh" else 0.7 + 0.6 * place, "abcd"[place]) for place in range(count)]
    return kernels(row.name).forward()(*inputs), inputs


def eagerly(row: Row, numbers: Sequence[float]) -> tuple[float, list[float]] | type[Exception]:
    """The value and the derivatives, or what kind of error there is."""
    try:
        inputs = [Value(number) for number in numbers]
        y = kernels(row.name).forward()(*inputs)
        y.backward()
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return y.data, [x.grad for x in inputs]


def scale(row: Row, numbers: tuple[float, ...], what: str, right: float) -> float:
    """What the error of a value, or of a derivative, is measured against."""
    finite = math.isfinite(right) and all(map(math.isfinite, numbers))
    return float(size_of(row.name, what, numbers, mpf(right))) if finite else right


Expected = tuple[tuple[float, ...], Any, list[float]]


@functools.lru_cache(maxsize=1)  # for one backend after the other
def expected(row: Row) -> list[Expected]:
    """Operands of a row, what the eager engine makes of them, and the scales of the value and of the derivatives."""
    arity, found = len(row.letters), []
    special = [(a, b, a)[:arity] for a in SPECIAL for b in (SPECIAL if arity > 1 else [0.0])]
    for numbers in [*admissible(row.name, 150 * EFFORT, seed=5), *points(arity, 50 * EFFORT, seed=6), *special]:
        want = eagerly(row, numbers)
        right = [] if isinstance(want, type) else [("y", want[0]), *zip(row.letters, want[1], strict=True)]
        found.append((numbers, want, [scale(row, numbers, *one) for one in right]))
    return found


def outcome(f: Compiled, numbers: Sequence[float], over: bool) -> tuple[float, list[float]] | type[Exception]:
    try:
        if not over:
            return f(*numbers)
        value, gradients = f.sum(*([number] for number in numbers))
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return value, list(gradients)


def apart(got: float, want: float, scale: float) -> float:
    """How many units in the last place, of the scale, two numbers are apart."""
    return abs(got - want) / math.ulp(scale) if got != want else 0.0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_every_row_is_within_4_ulp_of_the_eager_engine(row: Row, backend: str) -> None:
    f = compile(*operation(row, len(row.letters)), backend=backend)
    worst: list[tuple[float, object]] = []
    for numbers, want, scales in expected(row):
        for over in (False, True):
            got = outcome(f, numbers, over)
            if isinstance(want, type) or isinstance(got, type):
                assert got == want, (numbers, over)
                continue
            if want[0]:  # the sign of a zero is not what a sum over rows keeps
                worst.append((apart(got[0], want[0], scales[0]), (numbers, "y", got, want)))
            for a, b, size in zip(got[1], want[1], scales[1:], strict=True):
                worst.append((apart(a, b, size), (numbers, over, got, want)))
    assert max(worst, key=lambda pair: pair[0])[0] <= 4, max(worst, key=lambda pair: pair[0])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("block", range(5))
def test_random_graphs_agree_with_the_eager_engine(block: int, backend: str) -> None:
    for seed in range(block, (30 if backend == "llvm" else 150) * EFFORT, 5):  # a dozen reach all of LLVM's
        leaves, y, _ = random_graph(random.Random(seed))
        y.backward()
        scale = condition(y)
        value, gradients = compile(y, leaves, backend=backend)(*(leaf.data for leaf in leaves))
        assert abs(value - y.data) <= 1e-12 * max(abs(y.data), sum(abs(node.data) for node in scale)), seed
        for leaf, slope in zip(leaves, gradients, strict=True):
            assert abs(leaf.grad - slope) <= 1e-12 * max(scale.get(leaf, 0.0), abs(leaf.grad)), seed


def vectors(name: str) -> tuple[Value, list[Value]]:
    inputs = [Value(0.3 * place - 0.4, f"x{place}") for place in range(7)]
    if name == "dot":
        return dot(inputs[:3], inputs[3:6], inputs[6]), inputs
    return kernels(name).forward()(inputs), inputs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["sum", "dot", "logsumexp"])
def test_rows_of_vectors_agree_with_the_eager_engine(name: str, backend: str) -> None:
    rng = random.Random(7)
    f = compile(*vectors(name), backend=backend)
    for size in (1.0, 1e3, 1e150 if name != "logsumexp" else 1e300):
        numbers = [rng.uniform(-size, size) for _ in range(7)]
        leaves = [Value(number) for number in numbers]
        y = dot(leaves[:3], leaves[3:6], leaves[6]) if name == "dot" else kernels(name).forward()(leaves)
        y.backward()
        for value, gradients in (f(*numbers), f.sum(*([number] for number in numbers))):
            scale = sum(map(abs, numbers)) * (size if name == "dot" else 1.0)
            assert abs(value - y.data) <= 1e-15 * max(scale, abs(y.data))
            assert list(gradients) == pytest.approx([leaf.grad for leaf in leaves], rel=1e-14, abs=1e-300)


KINKS = [
    (lambda x: relu(x), 0.0, 0.0),
    (lambda x: abs(x), 0.0, 0.0),
    (lambda x: maximum(x, 0.0), 0.0, 0.5),
    (lambda x: maximum(x, x), 3.0, 1.0),
    (lambda x: minimum(2.0, x), 2.0, 0.5),
    (lambda x: x**0, 0.0, 0.0),
    (lambda x: 0.0**x, 2.0, 0.0),
    (lambda x: x**2, 0.0, 0.0),
    (lambda x: x * x * x, -0.0, 0.0),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("f", "at", "slope"), KINKS)
def test_kinks_have_the_derivative_that_is_fixed_for_them(f: object, at: float, slope: float, backend: str) -> None:
    compiled = compile(f, backend=backend)
    assert compiled(at)[1] == [slope]
    assert list(compiled.sum([at] * 11)[1]) == [11 * slope]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_failing_operation_raises_the_eager_error_and_names_the_row(backend: str) -> None:
    f = compile(lambda x, y: log(x) / y, backend=backend)
    with pytest.raises(DomainError, match=r"log\(x\): x = -1.0 is outside the domain"):
        f(-1.0, 1.0)
    with pytest.raises(DivisionByZeroError):
        f(1.0, 0.0)
    with pytest.raises(RangeError, match="larger than the largest float"):
        compile(lambda x: exp(x), backend=backend)(1000.0)
    for reduced in (f.sum, f.mean):
        with pytest.raises(DomainError) as caught:
            reduced([1.0] * 20 + [-3.0] + [1.0] * 20, [1.0] * 41)
        assert caught.value.__notes__ == ["in row 20: {'x': -3.0, 'y': 1.0}"]
    values = f.map([1.0, -1.0, math.e, 0.0], [1.0, 1.0, 2.0, 1.0])
    assert [math.isnan(value) for value in values] == [False, True, False, True]
    assert values[2] == 0.5


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_overflow_on_the_way_is_noticed_although_the_result_is_finite(backend: str) -> None:
    f = compile(lambda x: 1 / (1 + exp(x)), backend=backend)
    with pytest.raises(RangeError):
        f(800.0)
    with pytest.raises(RangeError):
        f.sum([0.0, 800.0])
    assert math.isnan(f.map([0.0, 800.0])[1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_derivative_that_does_not_exist_is_an_error_only_where_it_is_needed(backend: str) -> None:
    f = compile(lambda x, y: relu(sqrt(x) * y - 1) + x, backend=backend)
    assert f(0.0, 0.0) == (0.0, [1.0, 0.0])
    value, gradients = f.sum([0.0, 4.0, 0.0], [0.0, 1.0, 7.0])
    assert (value, list(gradients)) == (5.0, [3.25, 2.0])
    g = compile(lambda x, y: sqrt(x) * y + x, backend=backend)
    for y in (0.0, 1.0):
        with pytest.raises(GradientError, match="does not exist there"):
            g(0.0, y)
    assert list(g.map([0.0], [1.0])) == [0.0]  # the value does


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", sorted({row.name for row in ROWS.values() if row.differentiated} - {"pow", "sinc"}))
def test_compiled_second_derivatives_have_their_digits_wherever_they_were_recorded(name: str, backend: str) -> None:
    """The graph of a partial holds no choice that would belong to the numbers it was recorded at (pow and sinc choose)."""
    f = kernels(name).forward()
    for other in (0.25, 1.0):
        operands = [Value(x, x_name) for x, x_name in zip((0.4, other), "ab", strict=False)][: len(ROWS[name].letters)]
        (slope,) = gradients_of(f(*operands), operands[:1])
        compiled = compile(slope, operands[:1], backend=backend)
        for a in (1e-300, -1e-20, 1e-3, 0.4, 0.99, -0.999999, *((30.0, -300.0) if name in ("tanh", "sigmoid") else ())):
            point = (a, other)[: len(operands)]
            assert error(name, (2, 0)[: len(point)], point, compiled(a)[1][0]) <= 1, point


@pytest.mark.parametrize("backend", BACKENDS)
def test_infinite_numbers_flow_as_ieee_says(backend: str) -> None:
    f = compile(lambda x: exp(-x), backend=backend)
    assert f(math.inf) == (0.0, [0.0])
    assert list(f.map([math.inf, -math.inf, 0.0])) == [0.0, math.inf, 1.0]
    with pytest.raises(RangeError):
        f(-math.inf)
    with pytest.raises(DomainError, match="not nan"):
        f(math.nan)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 15, 16, 17, 100])
def test_any_number_of_rows_is_summed_without_the_padding(count: int, backend: str) -> None:
    f = compile(lambda x, y: x * y + 1, backend=backend)
    xs, ys = [0.5 * k for k in range(count)], [float(k % 3) for k in range(count)]
    value, gradients = f.sum(xs, ys)
    assert value == sum(x * y + 1 for x, y in zip(xs, ys, strict=True))
    assert list(gradients) == [sum(ys), sum(xs)]
    assert list(f.map(xs, ys)) == [x * y + 1 for x, y in zip(xs, ys, strict=True)]
    mean, slopes = f.mean(xs, ys)
    assert mean == value / count
    assert list(slopes) == [slope / count for slope in gradients]


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_are_read_at_each_call_and_constants_stay(backend: str) -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    f = compile(3 * w * x, [x], [w, x], backend=backend)
    assert (f.inputs, f.wrt, f.parameters == (w,)) == (("x",), ("w", "x"), True)
    assert f(5.0) == (30.0, [15.0, 6.0])
    w.data = 7.0
    assert f(5.0) == (105.0, [15.0, 21.0])
    assert list(f.mean([1.0, 3.0])[1]) == [6.0, 21.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_primitive_of_the_user_compiles(backend: str) -> None:
    swish = primitive("swish_for_compile", "a * sigmoid(a)", "s = sigmoid(a); s + a * s * (1 - s)")
    f = compile(swish, backend=backend)
    x = Value(0.7)
    y = swish(x)
    y.backward()
    value, (slope,) = f(0.7)
    assert apart(value, y.data, y.data) <= 2
    assert apart(slope, x.grad, x.grad) <= 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_derivative_of_a_derivative_compiles(backend: str) -> None:
    x = Value(1.5, "x")
    (slope,) = gradients_of(exp(-sin(x**2)), [x])
    value, (curvature,) = compile(slope, [x], backend=backend)(1.5)
    assert value == pytest.approx(0.8655418174048961, rel=1e-14)
    assert curvature == pytest.approx(5.424411489545198, rel=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_derivative_with_respect_to_a_leaf_that_takes_no_part_is_0(backend: str) -> None:
    w, x, b, spare, other = (Value(k + 2.0, name) for k, name in enumerate(["w", "x", "b", "s", "o"]))
    f = compile(w * x + b, [], [spare, w, other, b, x], backend=backend)
    assert f() == (10.0, [0.0, 3.0, 0.0, 1.0, 2.0])
    assert f.wrt == ("s", "w", "o", "b", "x")
    w.data = 5.0
    spare.data = 7.0
    assert f() == (19.0, [0.0, 3.0, 0.0, 1.0, 5.0])
    value, slopes = compile(w * x + b, [x], [w, spare], backend=backend).sum([1.0, 2.0, 4.0])
    assert (value, list(slopes)) == (47.0, [7.0, 0.0])  # 5 (1 + 2 + 4) + 3 · 4
    assert compile(Value(4.0), [], [spare], backend=backend)() == (4.0, [0.0])
    assert compile(lambda x: w * x, [2.0], [spare, w], backend=backend)(2.0) == (10.0, [0.0, 2.0])
    assert pickle.loads(pickle.dumps(f))() == f()


def test_a_layer_that_takes_no_part_does_not_disturb_the_others() -> None:
    used, unused = (MLP(3, [8, 8, 1], rng=random.Random(seed)) for seed in (1, 2))
    y = used([0.3, -0.2, 0.5]) ** 2
    parameters = [*unused.parameters()[:40], *used.parameters(), *unused.parameters()[40:]]
    y.backward()
    for backend in BACKENDS:
        value, slopes = compile(y, [], parameters, backend=backend)()
        assert value == pytest.approx(y.data, rel=1e-14)
        assert list(slopes) == pytest.approx([p.grad for p in parameters], rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nodes_leaves_and_constants_can_be_what_is_compiled(backend: str) -> None:
    x, unused = Value(2.0, "x"), Value(1.0, "u")
    y = (x * x).named("y")
    assert compile(x, [x], backend=backend)(5.0) == (5.0, [1.0])
    assert compile(y * 3, [x], [y], backend=backend)(5.0) == (75.0, [3.0])
    assert compile(y, [x, unused], backend=backend)(3.0, 9.0) == (9.0, [6.0, 0.0])
    assert compile(Value(4.0), [], backend=backend)() == (4.0, [])
    assert compile(lambda x: 1.0, backend=backend)(3.0) == (1.0, [0.0])
    assert compile(y, [], [x], backend=backend)() == (4.0, [4.0])


def test_a_comparison_is_refused_with_its_line() -> None:
    def f(x: Value) -> Value:
        if x > 0:
            return x
        return -x

    with pytest.raises(CompileError, match=r"comparison of x \(line \d+ of test_compile.py: if x > 0:\)"):
        compile(f)
    x = Value(2.0, "x")
    y = x * 3
    assert y >= 1
    with pytest.raises(CompileError, match="y >= 1"):
        compile(exp(y), [x])
    assert compile(y, [x], branches="freeze")(4.0) == (12.0, [3.0])
    z = x + 1
    assert max([y, z]) is y  # found, although Python's max compares
    with pytest.raises(CompileError, match="max"):
        compile(z * 2, [x])


def test_a_comparison_of_a_value_that_is_gone_is_noticed_while_a_function_is_recorded() -> None:
    with pytest.raises(CompileError, match="if 2 \\* x < 1"):
        compile(lambda_with_a_branch)


def lambda_with_a_branch(x: Value) -> Value:
    if 2 * x < 1:
        return x
    return x * x


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compiled_graph_is_pickled_without_recursion(backend: str) -> None:
    x, w = Value(0.5, "x"), Value(0.9, "w")
    y = x
    for _ in range(2000):
        y = y * w + x
    f = compile(y, [x], backend=backend)
    again = pickle.loads(pickle.dumps(f))
    assert again(0.25) == f(0.25)
    assert again.parameters[0] is not w


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
def test_machine_code_is_freed_with_its_last_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding as llvm

    engines: weakref.WeakSet[Any] = weakref.WeakSet()
    make = llvm.create_mcjit_compiler

    def noted(*arguments: Any) -> Any:
        engine = make(*arguments)
        engines.add(engine)
        return engine

    monkeypatch.setattr(llvm, "create_mcjit_compiler", noted)
    f = compile(lambda x: x * x, backend="llvm")
    f(1.0)
    f.map([1.0])
    assert len(engines) == 2
    gc.disable()
    try:
        del f
        assert not engines
    finally:
        gc.enable()


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_threads_call_one_compiled_graph(backend: str) -> None:
    f = compile(lambda x, y: sin(x) * exp(y) + x * y, backend=backend)
    columns = [[0.001 * k * n for k in range(500)] for n in (1, 2)]
    want = f.sum(*columns)
    found: list[object] = []

    def work() -> None:
        for _ in range(20):
            value, gradients = f.sum(*columns)
            found.append(value == want[0] and list(gradients) == list(want[1]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


def test_a_large_graph_compiles_in_time_linear_in_its_nodes() -> None:
    def seconds(nodes: int) -> float:
        x, w = Value(0.5, "x"), Value(0.999, "w")
        y = x
        for step in range(nodes // 2):
            y = sin(y * w) if step % 10 == 9 else y * w + x
        y.backward()
        start = time.process_time()
        value, gradients = compile(y, [x], [x, w])(0.5)
        assert value == pytest.approx(y.data, rel=1e-12)
        assert gradients == pytest.approx([x.grad, w.grad], rel=1e-9)
        return time.process_time() - start

    assert growth(seconds, 3_000 * EFFORT, rounds=2) < 35


def test_the_graph_gives_a_derivative_with_respect_to_a_result_where_one_before_it_does_not_exist() -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    root = sqrt(x)
    trace = Trace(root * y, [x, y])
    for wrt, slopes in (([root], [3.0]), ([root, y], [3.0, 0.0])):
        eager = Eager(Wanted(trace, [trace.number[node] for node in wrt], ()))
        assert eager.one([0.0, 3.0], []) == (0.0, slopes)
    with pytest.raises(GradientError):
        Eager(Wanted(trace, [0], ())).one([0.0, 3.0], [])


@pytest.mark.parametrize("missing", ["llvmlite", "numpy"])
def test_without_what_is_not_installed_it_works_and_says_how_to_get_faster(missing: str, tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == {missing!r} else real(name, *rest)
from autograd import compile, exp
f = compile(lambda x: exp(x) * x)
print(f(0.0), [float(v) for v in f.map([0.0, 1.0])], [float(g) for g in f.mean([0.0, 0.0])[1]])
print(f)
try:
    compile(lambda x: x, backend="llvm")
except RuntimeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("(0.0, [1.0]) [0.0, 2.718281828459045] [1.0]\n")
    install = f'pip install -e "{Path(__file__).parent.parent}[jit]"'
    assert f"for machine code, {install}" in done.stdout
    assert f'backend "llvm" needs llvmlite and numpy: {install}' in done.stdout


def _train(where: Path, code: str) -> list[str]:
    """What is printed by a program that compiles and trains, with the packages in a folder before all others."""
    path = f"{where}{os.pathsep}{Path(__file__).parent.parent}"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.skipif("numpy" not in BACKENDS, reason="numpy is not installed")
def test_where_llvm_cannot_be_loaded_numpy_computes_and_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").write_text("raise OSError('libllvmlite.so: no such\\nfile')\n")
    found = _train(
        tmp_path,
        """
from autograd import compile, exp
from nn import MLP, fit
f = compile(lambda x: exp(x) * x)
print("LLVM" in repr(f), [float(v) for v in f.map([0.0, 1.0])], f.mean([0.0, 0.0])[0], f(0.0))
print(repr(f).splitlines()[-1])
g = compile(lambda x: x * x)
print(g.sum([1.0, 2.0])[0])
history = fit(MLP(1, [1]), [[0.0], [1.0]], [0.0, 1.0], loss="mean_squared_error", epochs=3, compiled=True)
print(len(history))
try:
    compile(lambda x: x, backend="llvm").mean([1.0])
except RuntimeError as error:
    print(error)
""",
    )
    reason = "LLVM makes no machine code here: libllvmlite.so: no such"
    assert found == [
        "True [0.0, 2.718281828459045] 0.0 (0.0, [1.0])",
        "  many rows: NumPy>",
        "5.0",
        "3",
        reason,
        f"{reason}; NumPy computes instead",
    ]


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
def test_where_llvm_refuses_the_program_numpy_computes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import llvmlite.binding as llvm

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError(f"LLVM IR parsing error {time.perf_counter()}\nat line 1")  # told once for each reason

    f, only = (compile(lambda x: x * exp(x), backend=backend) for backend in ("auto", "llvm"))
    monkeypatch.setattr(llvm, "parse_assembly", refuse)
    assert f.sum([0.0, 0.0]) == (0.0, [2.0])
    assert re.fullmatch(
        r"LLVM makes no machine code here: LLVM IR parsing error [\d.e-]+; NumPy computes instead\n",
        capsys.readouterr().err,
    )
    assert f.sum([0.0]) == (0.0, [1.0])
    with pytest.raises(CompileError, match=r"LLVM makes no machine code here: LLVM IR parsing error [\d.e-]+$"):
        only.sum([0.0, 0.0])
    assert capsys.readouterr().err == ""


NAMES = [
    "x 1",
    "def",
    "exp",
    "t1",
    "dJ_dx",
    "J",
    "w[1][2,1]",
    "ŷ",
    "\\xi",
    'x"""',
    "\\N",
    "\u0b72",
    "a\nb",
    "\ud800",
    "1",
    "",
    "v1",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_source_is_python_whatever_the_names_are(name: str) -> None:
    x, again, unused = Value(0.5, "x"), Value(2.0, "x"), Value(1.0, "u")
    for leaf in (x, again, unused):
        leaf.named(name or "v2")
    y = (sin(x * again) + exp(x)).named(name or "v1")
    f = compile(y * y, [x, unused], [x, again], backend="python")
    names: dict[str, Any] = {}
    exec(f.source, names)
    printed = next(v for k, v in names.items() if callable(v) and k not in ("sin", "cos", "exp"))
    assert printed(0.5, 1.0, 2.0) == f(0.5, 1.0)


def test_long_lines_of_the_source_are_broken_inside_brackets_only() -> None:
    for stem, count in [("x", 20), ("x", 30), *(("n" * 5, count) for count in range(1, 36)), ("long_name_" * 10, 3)]:
        xs = [Value(0.3, f"{stem}{place}") for place in range(count)]
        squares = [(x * x).named(f"pp{place}") for place, x in enumerate(xs)]
        f = compile(kernels("sum").forward()(squares), xs, also=squares, backend="python")
        assert f(*[0.3] * count)[1] == [0.6] * count
        builtins.compile(f.source, "source", "exec")


def test_rows_and_parameters_that_do_not_fit_are_refused() -> None:
    w, x = Value(2.0, "w"), Value(1.0, "x")
    for backend in BACKENDS:
        f = compile(w * x, [x], backend=backend)
        other = compile(lambda x, y: x * y, backend=backend)
        for wrong in (
            lambda: other.sum(f.rows([1.0])),
            lambda: f.map(other.rows([1.0], [2.0])),
            lambda: f.over([1.0]),
            lambda: f.over(f.rows([1.0]), []),
            lambda: f.over(f.rows([1.0]), [1.0, 2.0]),
        ):
            with pytest.raises(TypeError, match=r"rows are made by|numbers are needed for the parameters"):
                wrong()
        with pytest.raises(DomainError, match="column of x holds nan in row 1"):
            f.map([1.0, math.nan])


def test_whole_numbers_do_not_overflow_in_columns() -> None:
    two = primitive("two_or_one", "2 if a > 0 else 1", "0")
    for backend in BACKENDS:
        assert compile(lambda x: relu(x * 4e9) * 4e9, backend=backend)(1.0) == (1.6e19, [1.6e19])
        assert compile(lambda x: two(x) ** 70, backend=backend)(1.0)[0] == 2.0**70
        assert list(compile(lambda x: two(x) ** -2, backend=backend).map([1.0, -1.0])) == [0.25, 1.0]


def test_a_recording_is_compiled_as_often_as_one_likes() -> None:
    x, w = Value(3.0, "x"), Value(2.0, "w")
    recording = record(lambda x: (w * x).tanh(), [x])
    node = recording.y.operands[0]
    for wrt, factor in (([w], 0.5), (None, 2.0)):
        f = compile(recording, wrt=wrt, also=[node], backend="python")
        assert f(0.5) == (math.tanh(1.0), [pytest.approx(factor * (1 - math.tanh(1.0) ** 2), rel=1e-12)])
        assert f.over(f.rows([0.5])).also.tolist() == [[1.0]]


def test_a_choice_in_a_recorded_derivative_is_refused_as_a_comparison_is() -> None:
    x = Value(2.0, "x")
    for y in (relu(x) * x, maximum(x, 1.0) ** 2, minimum(x, x * x)):
        (slope,) = gradients_of(y, [x])
        with pytest.raises(CompileError, match=r"gradients_of\(y, \[x\]\)"):
            compile(slope, [x])
    with pytest.raises(CompileError):
        compile(lambda x: grad(lambda t: relu(t) * t)(x))
    t = Value(2.0, "t")
    (slope,) = gradients_of(t**3 + sigmoid(t) * exp(t), [t])
    assert compile(slope, [t])(0.0)[0] == 0.75


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
def test_long_programs_with_outputs_in_the_middle_are_cut_right() -> None:
    rng = random.Random(3)
    for _ in range(EFFORT):
        x, w = Value(0.5, "x"), Value(0.7, "w")
        nodes = [x, w, sin(x) * exp(w)]
        for _ in range(500):
            a, b = rng.choice(nodes[-8:]), rng.choice(nodes)
            nodes.append(rng.choice([lambda: a * b, lambda: sin(a) + b, lambda: dot([a, b], [b, w], a) * 0.1])())
        y = kernels("sum").forward()([sin(node) for node in nodes])
        chosen = rng.sample([node for node in nodes if node.op], 40)
        found = [compile(y, [x, w], [w, *chosen], backend=b, also=chosen) for b in ("python", "llvm")]
        one, two = (f.over(f.rows([0.5, 0.1], [0.7, 0.2])) for f in found)
        assert two.value == pytest.approx(one.value, rel=1e-12)
        assert list(two.gradients) == pytest.approx(list(one.gradients), rel=1e-9, abs=1e-9)
        assert two.also.tolist() == [pytest.approx(row.tolist(), rel=1e-9, abs=1e-12) for row in one.also]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_angle_of_the_smallest_floats_has_its_derivative(backend: str) -> None:
    for tiny in (5e-324, -5e-324):  # halves of it are 0
        y = atan2(x := Value(tiny, "x"), 0.0)
        y.backward()
        assert (y.data, x.grad) == (math.copysign(math.pi / 2, tiny), 0.0)
        compiled = compile(lambda x: atan2(x, 0.0), backend=backend)
        assert compiled(tiny) == (math.copysign(math.pi / 2, tiny), [0.0])
        assert compile(lambda x: atan2(0.0, x), backend=backend)(tiny)[1] == [0.0]
        with pytest.raises(RangeError):
            compile(lambda x: atan2(x, tiny), backend=backend)(0.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_has_no_derivative_is_noticed_behind_a_choice_and_inside_a_primitive(backend: str) -> None:
    with pytest.raises(GradientError):
        compile(lambda x: sqrt(relu(x)), backend=backend)(0.0)
    assert compile(lambda x: sqrt(relu(x)), backend=backend)(-1.0) == (0.0, [0.0])  # it does not depend on x there
    with pytest.raises(GradientError):
        compile(lambda x: atan2(x, 0.0), backend=backend)(0.0)
    turned = primitive("turned", "atan(1 / a)", "-1 / (1 + a ** 2)")
    with pytest.raises(DomainError):
        compile(turned, backend=backend).sum([1.0, 0.0])
    assert [math.isnan(value) for value in compile(turned, backend=backend).map([1.0, 0.0])] == [False, True]
    guarded = primitive("guarded", "1 / a if a != 0 else 0", "-1 / a ** 2 if a != 0 else 0")
    assert list(compile(guarded, backend=backend).map([2.0, 0.0])) == [0.5, 0.0]
    assert compile(guarded, backend=backend)(0.0) == (0.0, [0.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_products_that_cancel_do_so_exactly(backend: str) -> None:
    f = compile(lambda x, y: relu(dot([x, y], [y, -x])), backend=backend)
    assert f(0.1, 0.3) == (0.0, [0.0, 0.0])
    assert list(f.sum([0.1] * 9, [0.3] * 9)[1]) == [0.0, 0.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_what_is_wanted_has_to_have_a_derivative(backend: str) -> None:
    x, y, w, p = Value(1.0, "x"), Value(1.0, "y"), Value(-1.0, "w"), Value(2.0, "p")
    f = compile(x * y + w**p, [x, y], backend=backend)
    assert f(2.0, 3.0) == (7.0, [3.0, 2.0])
    with pytest.raises(GradientError, match="0 times a derivative that does not exist: sqrt"):
        compile(sqrt(x) * y + w**p, [x, y], backend=backend)(0.0, 0.0)
    assert compile(x * 2, [x], [], backend=backend)(math.inf) == (math.inf, [])
    assert list(compile(x + math.inf, [x], backend=backend).map([1.0])) == [math.inf]


def test_a_function_that_computes_with_its_numbers_outside_the_graph_is_refused() -> None:
    def paused(x: Value) -> Value:
        with no_grad():
            return x * x

    for f in (paused, lambda x: x * x.detach(), lambda x: x * x.data, lambda x: x * (2 if x.data > 1.2 else 3)):
        with pytest.raises(CompileError, match=r"outside|another way than through the graph"):
            compile(f)
    for f in (lambda x: x if x.data > 0 else 5.0, lambda x, y: x if x.data > 0 else y):
        with pytest.raises(CompileError, match="another way than through the graph"):
            compile(f)
    assert compile(lambda x: Value(3.0, "three") * x)(2.0) == (6.0, [3.0])
    with pytest.raises(CompileError, match="give numbers to record it at"):
        compile(lambda x: log(x - 100))
    assert compile(lambda x: log(x - 100), [200.0])(101.0) == (0.0, [1.0])


def test_a_function_is_recorded_five_times_or_at_the_numbers_given_and_three_times_beside_them() -> None:
    seen: list[float] = []

    def square(x: Value) -> Value:
        seen.append(x.data)
        return x * x

    compile(square)
    assert len(seen) == len(set(seen)) == 5
    seen.clear()
    compile(square, [3.0])
    assert len(seen) == len(set(seen)) == 4
    assert seen[0] == 3.0


def test_a_long_logsumexp_compiles_in_time_linear_in_its_operands() -> None:
    xs = [Value(0.001 * place, f"x{place}") for place in range(2000)]
    y = kernels("logsumexp").forward()(xs)
    y.backward()
    value, slopes = compile(y, xs, backend="python")(*(x.data for x in xs))
    assert value == pytest.approx(y.data, rel=1e-14)
    assert slopes == pytest.approx([x.grad for x in xs], rel=1e-12)


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
def test_fastmath_is_close_and_still_notices_what_fails() -> None:
    rng = random.Random(5)
    f = compile(lambda x, y: exp(sin(x) * y) / (1 + log(y) ** 2) + relu(x * y - 1), backend="llvm", fastmath=True)
    g = compile(lambda x, y: exp(sin(x) * y) / (1 + log(y) ** 2) + relu(x * y - 1), backend="python")
    xs, ys = [[rng.uniform(0.1, 3) for _ in range(101)] for _ in range(2)]
    assert f.sum(xs, ys)[0] == pytest.approx(g.sum(xs, ys)[0], rel=1e-12)
    assert list(f.sum(xs, ys)[1]) == pytest.approx(list(g.sum(xs, ys)[1]), rel=1e-11)
    with pytest.raises(DomainError):
        f.sum([*xs, 1.0], [*ys, -1.0])


@pytest.fixture
def narrower(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Hides features of the processor, by the beginning of their names, so that narrower vectors are used."""
    import llvmlite.binding as llvm

    from autograd.compiler.backends.machine import processor

    host = llvm.get_host_cpu_features()

    def hide(*starts: str) -> None:
        left = type(host)({name: there and not name.startswith(starts) for name, there in host.items()})
        monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: left)
        processor.cache_clear()

    yield hide
    processor.cache_clear()


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
def test_a_processor_without_wide_vectors_and_fused_products_gives_the_same_bits(narrower: Callable[..., None]) -> None:
    from autograd.compiler.backends.machine import processor

    def f(x: Value, y: Value) -> Value:
        return sin(x) * exp(-x) / atan2(y, x) * sigmoid(x * y) * log(y)

    rng = random.Random(7)
    columns = [[rng.uniform(0.1, 3) for _ in range(103)] for _ in range(2)]
    expected = list(compile(f, [0.5, 0.7], backend="llvm").map(*columns))
    narrower("avx", "fma", "f16c", "xop", "vaes", "vpclmul")
    assert processor().lanes == 2
    assert list(compile(f, [0.5, 0.7], backend="llvm").map(*columns)) == expected


PROCESSORS = {  # names and features for LLVM: all can be imitated by the processor at hand, if it can do as much
    "two lanes, nothing fused": ("x86-64", "-avx,-avx2,-fma"),
    "two lanes, fused": ("x86-64", "+fma,-avx2,-avx512f,+prefer-128-bit"),
    "four lanes, nothing fused": ("x86-64", "+avx2,-fma"),
    "four lanes, fused": ("x86-64-v3", ""),
}


def _bits(machine: Any, rows: Any, trace: Any) -> list[str]:
    value, slopes, stored = machine.run(rows, [parameter.data for parameter in trace.parameters])
    return [float(x).hex() for x in [value, *slopes, *stored.ravel()]]


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other processors cannot imitate these")
@pytest.mark.parametrize(
    "activation", ["nothing alike", "nothing alike, on a tape", "tanh", "relu", "sigmoid"][: 1 + 2 * EFFORT]
)
def test_every_processor_gives_the_same_bits(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd.compiler.backends.machine import Machine, processor
    from autograd.compiler.columns import Columns
    from autograd.compiler.groups.plan import Plan
    from autograd.compiler.loops.module import Loops
    from autograd.compiler.tiles import to_sum, write
    from autograd.compiler.trace import Trace

    x, y = Value(0.5, "x"), Value(0.7, "y")
    if activation.endswith("on a tape"):
        monkeypatch.setattr("autograd.compiler.groups.arrays.MOST", 0)
    if activation.startswith("nothing alike"):
        z = relu(sin(x) * y - 0.3) + exp(-x) / (1 + y * y) + logsumexp([x, y, x * y]) * Value(0.3, "w")
    else:
        z = logsumexp(MLP(2, [19, 11, 3], rng=random.Random(1), activation=activation)([x, y])) - 0.3 * x
    trace = Trace(z, [x, y])
    wrt = range(trace.leaves)
    rng = random.Random(2)
    columns = [
        Columns(["x", "y"], [[rng.uniform(-2, 2) for _ in range(count)] for _ in range(2)]) for count in (1, 29, 300)
    ]
    found = {}
    for name, (cpu, features) in PROCESSORS.items():
        if "four" in name and processor().lanes < 4:
            print(f"{name}: this processor has no such vectors")
            continue
        if activation == "nothing alike":
            program, summed = to_sum(trace, wrt, [trace.root])
            layouts = {lanes: write(program, summed, program.also, lanes, fast=False) for lanes in (2, 4, 8)}
        else:
            layouts = {0: Loops(Plan(trace, wrt, [trace.root])).layout()}
        for lanes, layout in layouts.items():
            machine = Machine(layout, len(trace.parameters), cpu, features)
            found[f"{name}, written for {lanes}"] = [_bits(machine, rows, trace) for rows in columns]
    first = next(iter(found.values()))
    assert [name for name, bits in found.items() if bits != first] == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_long_product_with_a_minus_is_computed_once(backend: str) -> None:
    x, w = Value(1.0, "x"), Value(1.0001, "w")
    y = x
    for _ in range(3000):
        y = -(y * w)
    z = exp(-y) + y
    z.backward()
    value, slopes = compile(z, [x], [x, w], backend=backend)(1.0)
    assert (value, slopes) == (pytest.approx(z.data, rel=1e-12), pytest.approx([x.grad, w.grad], rel=1e-9))


def test_the_source_keeps_what_may_fail_in_its_branch() -> None:
    elu = primitive("elu_for_source", "a if a > 0 else exp(a) - 1", "1 if a > 0 else exp(a)")

    def squared(x: Value) -> Value:
        return elu(x) ** 2

    for f, numbers in [(compile(squared), (1000.0,)), (compile(lambda x, y: x**y), (0.0, 2.0))]:
        names: dict[str, Any] = {}
        exec(f.source, names)
        printed = names["squared" if len(numbers) == 1 else "J"]
        assert printed(*numbers) == f(*numbers)
    assert "def squared(x):" in compile(squared).source  # under the function's own name


def test_an_operation_that_is_not_there_is_named_when_a_pickle_is_loaded() -> None:
    primitive("gone", "a * a", "2 * a")
    pickled = pickle.dumps(compile(lambda x: kernels("gone").forward()(x)))
    del ROWS["gone"]
    with pytest.raises(ValueError, match="'gone' is not in the table here"):
        pickle.loads(pickled)


@pytest.mark.parametrize(
    ("mistake", "error", "told"),
    [
        (lambda x, y, f: compile(y), TypeError, "inputs are missing"),
        (lambda x, y, f: compile(y, [y]), ValueError, "inputs are leaves"),
        (lambda x, y, f: compile(y, x), TypeError, "inputs is a list of Values"),
        (lambda x, y, f: compile(lambda x: None), TypeError, "is its return missing"),
        (lambda x, y, f: f.sum([x]), TypeError, "write x.data"),
        (lambda x, y, f: compile(y, [x, x]), ValueError, r"the input Value\(.*name='x'\) is given twice"),
        (lambda x, y, f: compile(y, [2.0]), TypeError, "inputs are Values"),
        (lambda x, y, f: compile(y, [x], [x * 3]), ValueError, "not part of the graph: choose a node"),
        (lambda x, y, f: compile(y, [x], backend="c"), ValueError, "choose from auto, python, numpy, llvm"),
        (lambda x, y, f: compile(3.0), TypeError, "a function of numbers, not 3.0$"),
        (lambda x, y, f: compile(lambda *xs: xs[0]), TypeError, "give numbers to record it at"),
        (lambda x, y, f: compile(lambda x: [x, x]), TypeError, "returns one number"),
        (lambda x, y, f: f(), TypeError, "for the inputs x 0 numbers were given"),
        (lambda x, y, f: f(1.0, 2.0), TypeError, "2 numbers were given"),
        (lambda x, y, f: f("1"), TypeError, "write float"),
        (lambda x, y, f: f(x), TypeError, "x.data"),
        (lambda x, y, f: f.sum(1.0), TypeError, "the column of x is a list or an array"),
        (lambda x, y, f: f.sum([1.0], [2.0]), TypeError, "one column is needed for each input"),
        (lambda x, y, f: f.mean([]), ValueError, "no row"),
        (lambda x, y, f: f.sum(["a"]), TypeError, "str"),
        (lambda x, y, f: compile(lambda a, b: a * b).sum([1.0], [1.0, 2.0]), ValueError, "a has 1, b has 2"),
    ],
)
def test_a_mistake_is_told(mistake: Callable[..., object], error: type[Exception], told: str) -> None:
    x = Value(1.0, "x")
    y = x * 2
    with pytest.raises(error, match=told):
        mistake(x, y, compile(y, [x]))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: dot([0.0, x], [math.inf, x]), 0.0),
        (lambda x: dot([-math.inf, x], [0.0, x]), 0.5),
        (lambda x: sin(dot([x, 0.0], [x, -math.inf], 1.0)) * x, 2.0),
        (lambda x: relu(x) * math.inf, -1.0),
        (lambda x: sigmoid(relu(x) * -math.inf) + x, -1.0),
    ],
)
def test_constants_that_give_nan_are_the_eager_error(f: Callable[[Any], Any], at: float, backend: str) -> None:
    with pytest.raises(RangeError) as eager:
        f(Value(at, "x")).backward()
    compiled = compile(f, [1.0], backend=backend)
    with pytest.raises(RangeError, match=re.escape(str(eager.value)[:40])):
        compiled(at)


@pytest.mark.parametrize(
    ("f", "sign"),
    [
        (lambda x: total([x]), -1.0),
        (lambda x: total([x, x, -0.0]), -1.0),
        (lambda x: total([x, 0.0]), 1.0),
        (lambda x: total([x, 1.0, -1.0]), 1.0),
        (lambda x: dot([x], [1.0]), -1.0),
        (lambda x: dot([x, x], [2.0, 3.0], -0.0), -1.0),
        (lambda x: dot([x, x], [2.0, 3.0], 0.0), 1.0),
        (lambda x: dot([x], [-1.0]), 1.0),
        (lambda x: dot([x], [1.0], x), -1.0),
        (lambda x: maximum(x, -1.0) ** 3, -1.0),
    ],
)
def test_sums_keep_the_sign_of_zero_in_every_backend(f: Callable[[Any], Any], sign: float) -> None:
    assert math.copysign(1.0, f(-0.0)) == math.copysign(1.0, f(Value(-0.0)).data) == sign
    half_turn = lambda x: atan2(f(x), -1.0)  # noqa: E731 - minus or plus pi, as IEEE 754 has it
    want = sign * 3.141592653589793
    assert half_turn(Value(-0.0)).data == want
    for backend in BACKENDS:
        compiled = compile(f, [0.5], backend=backend)
        assert math.copysign(1.0, compiled(-0.0)[0]) == sign
        assert compile(half_turn, [0.5], backend=backend)(-0.0)[0] == want
        assert compile(half_turn, [0.5], backend=backend).map([-0.0])[0] == want


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("terms", [(1e16, 1.0, -1e16), (0.1, 0.2, -0.3), (1e300, -1e300, 1e-300)])
def test_a_sum_whose_terms_cancel_is_rounded_term_by_term(terms: tuple[float, ...], backend: str) -> None:
    for f in (lambda *x: total(x), lambda *x: dot(x, [1.0] * 3)):
        assert f(*terms) == math.fsum(terms)
        found = compile(lambda a, b, c, f=f: f(a, b, c), backend=backend)(*terms)[0]
        assert abs(found - math.fsum(terms)) <= 2 * math.ulp(max(terms))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("f", "at", "slope"),
    [(log, -1.0, -1.0), (log1p, -3.0, -0.5), (lambda x: 0 * log(x) + x, -2.0, 1.0), (lambda x: 2 * log(x), -4.0, -0.5)],
)
def test_a_compiled_derivative_is_defined_where_its_own_formula_is(
    f: Callable[[Any], Any], at: float, slope: float, backend: str
) -> None:
    with pytest.raises(DomainError):
        grad(f)(at)
    with pytest.raises(DomainError):
        compile(f, [1.0], backend=backend)(at)
    assert compile(grad(f), [1.0], backend=backend)(at)[0] == slope


def test_a_root_of_minus_zero_is_zero_in_every_backend() -> None:
    for backend in BACKENDS:
        for exponent in (0.5, 1.5, 0.25):
            roots = compile(lambda x, p=exponent: x**p, [0.5], backend=backend).map([-0.0, 16.0])
            assert [math.copysign(1.0, root) for root in roots] == [1.0, 1.0]
            assert roots[1] == 16.0**exponent


def test_the_sum_over_no_row_is_zero() -> None:
    f = compile(lambda x: x * 2)
    assert f.sum([])[0] == 0.0
    assert list(f.map([])) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_infinity_beside_a_variable_is_the_limit_and_nan_is_refused(backend: str) -> None:
    for function, value, derivative in [
        (lambda x: x / math.inf, 0.0, 0.0),
        (lambda x: maximum(x, -math.inf), 0.5, 1.0),
        (lambda x: 2 * minimum(math.inf, x), 1.0, 2.0),
        (lambda x: logsumexp([x, -math.inf]), 0.5, 1.0),
        (lambda x: atan(x * math.inf), math.pi / 2, 0.0),
    ]:
        compiled = compile(function, [0.5], backend=backend)
        assert compiled(0.5) == (value, [derivative])
        assert list(compiled.map([0.5, 0.5])) == [value, value]
        assert [compiled.mean([0.5, 0.5])[0], *compiled.mean([0.5, 0.5])[1]] == [value, derivative]
    for undefined in (lambda x: x * math.nan, lambda x: x**math.nan, lambda x: dot([x], [math.nan])):
        with pytest.raises(DomainError, match="is nan, not a number"):
            compile(undefined, [1.0], backend=backend)(1.0)


def test_inputs_keep_their_names_and_an_e_is_told_apart_where_exp_is_written() -> None:
    e, x = Value(1.0, "e"), Value(2.0, "x")
    assert compile(exp(x) * e, [x], [x]).source.splitlines()[2] == "def J(x, e_2):"
    assert compile(x * e, [x, e]).inputs == ("x", "e")
    twice = compile(exp(Value(3.0, "x") * x) + e, [x, e])
    assert (twice.inputs, twice.wrt) == (("x", "e_2"), ("x", "e_2"))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda rows: pickle.loads(pickle.dumps(rows))])
def test_rows_that_were_used_and_copied_are_read_where_the_copy_lies(backend: str, copied: Any) -> None:
    f = compile(lambda x, y: x * sin(y), backend=backend)
    rows = f.rows([1.0, 2.0, 3.0], [0.5, 0.6, 0.7])
    before = f.sum(rows)[0]
    again = copied(rows)
    rows.columns[:] = 0.0
    assert f.sum(again)[0] == before


def test_some_of_the_rows_are_taken_in_any_order() -> None:
    f = compile(lambda x, y: x * y)
    rows = f.rows([1.0, 2.0, 3.0, 4.0], [5, 6, 7, 8])
    for chosen in ([2], [3, 0, 0], [3, 2, 1, 0] * 5, range(4), range(1, 3), range(3, 0, -1), []):
        taken = rows.take(chosen)
        assert [*taken] == [(x, x + 4.0) for x in (index + 1.0 for index in chosen)]
        assert f.sum(taken)[0] == sum((index + 1) * (index + 5) for index in chosen)
    with pytest.raises(IndexError):
        rows.take([4])


@pytest.mark.parametrize("seed", range(20))
def test_parameters_stand_in_the_order_of_reading_whatever_vectors_share(seed: int) -> None:
    rng = random.Random(seed)
    fresh = iter(lambda: Value(rng.uniform(-1, 1)), None)
    x = [Value(0.5, "x1"), Value(-0.25, "x2")]
    nodes, read = [*x], list[Value]()
    for _ in range(12):
        count = rng.randint(1, 6)
        leaves: list[Any] = [next(fresh) for _ in range(count)]
        several = rng.choices([*leaves, *read, 0.0, -0.0, 2.0], k=count)
        a = rng.choice([leaves, [leaves[0]] * count, leaves[::-1], several])
        b = rng.choice([rng.choices(nodes, k=count), rng.choices([*nodes, *leaves, 1.5], k=count)])
        z = dot(a, b, rng.choice([-0.0, 3.0, next(fresh), nodes[-1]]))
        if isinstance(z, Value):
            read += [operand for operand in z.operands if isinstance(operand, Value)]
            nodes.append(z)
    y = nodes[-1]
    for node in nodes[2:-1]:
        y = y + sin(node)
    y.backward()
    wrt = [p for p in dict.fromkeys(read) if p.op is None]
    f = compile(y, x, wrt[::-1], backend="python")
    value, slopes = f(0.5, -0.25)
    assert [*f.parameters] == [p for p in wrt if p not in x]
    assert value == pytest.approx(y.data, rel=1e-12, abs=1e-12)
    assert slopes == pytest.approx([p.grad for p in wrt[::-1]], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_thousands_of_unlike_operations_compute_what_the_graph_computes(backend: str) -> None:
    rng = random.Random(3)
    x = [Value(0.3, "x1"), Value(-0.7, "x2")]
    w = [Value(rng.uniform(0.5, 1.5), f"w{k}") for k in range(20)]
    nodes: list[Value] = [*x, *w]
    while len(nodes) < 2_500:
        a, b, k = nodes[-1], rng.choice([*w, *nodes[-10:]]), rng.randrange(9)
        several = [
            sin(a) + b / 2,
            0.3 * a - 1.7 * b.tanh(),
            relu(a) * 0.5 + 0.25 * b,
            maximum(a, b),
            exp(-a * a),
            a**2 / 4,
        ]
        several += [logsumexp([a, b, sin(a)]) / 2, dot([sin(a), b], [0.25, 0.5], 0.125), hypot(a, b) / 2]
        nodes.append(several[k])
    y = sum(nodes[-30:], nodes[0] * nodes[2])
    wrt = [*w, *x, nodes[100]]
    f = compile(y, x, wrt, backend, also=[nodes[1000]])
    y.backward()
    value, slopes = f(0.3, -0.7)
    assert value == pytest.approx(y.data, rel=1e-9)
    assert list(slopes) == pytest.approx([node.grad for node in wrt], rel=1e-7, abs=1e-9)
    rows = f.rows([0.3] * 9, [-0.7] * 9)
    sums = f.over(rows)
    assert sums.value == pytest.approx(9 * y.data, rel=1e-9)
    assert list(sums.gradients) == pytest.approx([9 * node.grad for node in wrt], rel=1e-7, abs=1e-9)
    assert list(sums.also[0]) == pytest.approx([nodes[1000].data] * 9, rel=1e-9)
    assert list(f.map(rows)) == pytest.approx([y.data] * 9, rel=1e-9)
