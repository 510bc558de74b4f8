"""Compiled: micrograd's training step against hand-written C, PyTorch, JAX, NumPy, CasADi; batches, widths, functions."""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from peers import LocalGradientsValue, moons, print_table, training_step, written_sum

from autograd import Value, compile, dot, relu, sin
from autograd.compiler.backends import has_llvm
from nn import MLP, fit, optim

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
LR, PENALTY = 1e-9, 1e-4  # a small rate, so that all peers do the same work in every round
CC = ["cc", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]


class Peer(NamedTuple):
    """What is measured: value and gradient (it returns the value), and the whole step; and how long it took to make."""

    gradient: Callable[[], float] | None
    step: Callable[[], object] | None
    made: float = 0.0


class Setting:
    """The same points, labels and weights for everybody."""

    def __init__(self, width: int = 16, count: int = 100) -> None:
        points, labels = moons(count)
        self.width, self.count = width, count
        self.points, self.labels = np.array(points), np.array(labels, dtype=float)
        self.model = MLP(2, [width, width, 1], rng=random.Random(1))

    def matrices(self) -> list[Any]:
        """Weights and biases, layer by layer, an array each."""
        found: list[Any] = []
        for layer in self.model.layers:
            found += [
                np.array([[w.data for w in n.w] for n in layer.neurons]),
                np.array([n.b.data for n in layer.neurons]),
            ]
        return found


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    made = make()
    return made, time.perf_counter() - start


def ours(setting: Setting, backend: str, fastmath: bool = False) -> Peer:
    """One example's loss and the penalty, compiled; the step in arrays, as `fit` takes it."""
    model, parameters = setting.model, setting.model.parameters()

    def make() -> tuple[Any, Any]:
        x, label = [Value(0.1, "x1"), Value(0.2, "x2")], Value(1.0, "y")
        loss = compile(relu(1 - label * model(x)), [*x, label], parameters, backend=backend, fastmath=fastmath)
        penalty = compile(PENALTY * dot(parameters, parameters), [], parameters, backend=backend)
        loss.mean([0.1], [0.2], [1.0]), penalty.sum()
        return loss, penalty

    (loss, penalty), made = timed(make)
    rows, row = loss.rows(*setting.points.T, setting.labels), penalty.rows()
    order = [parameters.index(p) for p in loss.parameters]
    assert order == [parameters.index(p) for p in penalty.parameters] == list(range(len(parameters)))
    numbers = np.array([p.data for p in parameters])

    def gradient_at(numbers: Any) -> tuple[float, Any]:
        value, slopes, _ = loss.over(rows, numbers)
        more, others, _ = penalty.over(row, numbers)
        return value / len(rows) + more, slopes / len(rows) + others

    def step() -> None:
        nonlocal numbers
        numbers = numbers - LR * gradient_at(numbers)[1]

    start = numbers.copy()
    call = lambda: gradient_at(start)[0]  # noqa: E731
    if backend == "llvm":
        parts = [kernel(f._many.machine("sums"), r, start) for f, r in ((loss, rows), (penalty, row))]
        call = lambda: float(parts[0]()[0] / len(rows) + parts[1]()[0])  # noqa: E731
    return Peer(call, step, made)


def kernel(machine: Any, rows: Any, numbers: Any) -> Callable[[], Any]:
    """A call of machine code alone, as C's function is called: what it sums lies in the array that is returned."""
    from autograd.compiler.columns import address
    from autograd.compiler.machine import _Memory

    memory = _Memory(machine)
    memory.parameters[:] = numbers
    given = (
        len(rows),
        address(rows.columns),
        rows.columns.shape[1],
        memory.at_parameters,
        0,
        memory.at_room,
        memory.at_sums,
    )

    def call() -> Any:
        machine._run(*given)
        return memory.sums

    return call


def our_fit(setting: Setting) -> Peer:
    """An epoch of `nn.fit`, with the accuracy."""
    labels = [int(label) for label in setting.labels]

    def penalty(model: MLP) -> Value:
        parameters = model.parameters()
        return PENALTY * dot(parameters, parameters)

    def epochs(count: int) -> float:
        model = MLP(2, [setting.width, setting.width, 1], rng=random.Random(1))
        start = time.perf_counter()
        fit(
            model, setting.points.tolist(), labels, loss="hinge", optimizer=optim.SGD(model.parameters(), LR),
            epochs=count, penalty=penalty, progress=False, compiled=True,
        )  # fmt: skip
        return time.perf_counter() - start

    epochs(1)
    few = min(epochs(10) for _ in range(3))
    return Peer(None, lambda: (epochs(20_010) - few) / 20_000, few)


def c(setting: Setting, name: str) -> Peer | None:
    """Hand-written C, compiled on the spot."""
    if shutil.which("cc") is None:
        return None
    folder = tempfile.mkdtemp()
    library = f"{folder}/moons.so"
    source = str(Path(__file__).with_name("moons.c"))
    _, made = timed(lambda: subprocess.run([*CC, f"-DH={setting.width}", source, "-o", library], check=True))
    function = getattr(ctypes.CDLL(library), name)
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_size_t, *[ctypes.c_void_p] * 5]
    w1, b1, w2, b2, w3, b3 = setting.matrices()
    p = np.concatenate([part.T.ravel() for part in (w1, b1, w2, b2, w3, b3)])
    g = np.zeros_like(p)
    columns = [np.ascontiguousarray(column) for column in (*setting.points.T, setting.labels)]

    def caller(p: Any) -> Callable[[], float]:
        arrays = [*columns, p, g]
        addresses = [array.ctypes.data for array in arrays]
        return lambda arrays=arrays: float(function(setting.count, *addresses))  # type: ignore[misc]

    moving = p.copy()
    call = caller(moving)

    def step() -> None:
        call()
        np.subtract(moving, LR * g, out=moving)

    return Peer(caller(p), step, made)


def numpy_by_hand(setting: Setting) -> Peer:
    """The backward pass in matrices, as in the textbook."""
    x, labels = setting.points, setting.labels
    start = setting.matrices()

    def gradient(parts: list[Any]) -> tuple[float, list[Any]]:
        w1, b1, w2, b2, w3, b3 = parts
        a1 = np.maximum(x @ w1.T + b1, 0)
        a2 = np.maximum(a1 @ w2.T + b2, 0)
        margin = 1 - labels * (a2 @ w3[0] + b3[0])
        value = np.maximum(margin, 0).mean() + PENALTY * sum((part * part).sum() for part in parts)
        d = np.where(margin > 0, -labels / len(labels), 0)
        d2 = np.where(a2 > 0, np.outer(d, w3[0]), 0)
        d1 = np.where(a1 > 0, d2 @ w2, 0)
        found = [d1.T @ x, d1.sum(0), d2.T @ a1, d2.sum(0), (d @ a2)[None], d.sum(keepdims=True)]
        return value, [slope + 2 * PENALTY * part for slope, part in zip(found, parts, strict=True)]

    parts = [part.copy() for part in start]

    def step() -> None:
        for part, slope in zip(parts, gradient(parts)[1], strict=True):
            part -= LR * slope

    return Peer(lambda: float(gradient(start)[0]), step)


def pytorch(setting: Setting) -> Peer:
    """A module on all points at once, 64-bit floats, one thread."""
    import torch

    torch.set_num_threads(1)
    linear, act = torch.nn.Linear, torch.nn.ReLU
    width = setting.width

    def module() -> Any:
        made = torch.nn.Sequential(linear(2, width), act(), linear(width, width), act(), linear(width, 1)).double()
        with torch.no_grad():
            for parameter, part in zip(made.parameters(), setting.matrices(), strict=True):
                parameter.copy_(torch.tensor(part))
        return made

    x, labels = torch.tensor(setting.points), torch.tensor(setting.labels)

    def backward(made: Any) -> float:
        hinge = torch.relu(1 - labels * made(x)[:, 0]).mean()
        total = hinge + PENALTY * sum((p * p).sum() for p in made.parameters())
        made.zero_grad()
        total.backward()
        return float(total.item())

    still, moving = module(), module()
    descent = torch.optim.SGD(moving.parameters(), lr=LR)

    def step() -> None:
        backward(moving)
        descent.step()

    return Peer(lambda: backward(still), step)


def jax_jit(setting: Setting) -> Peer:
    """`jit` of `value_and_grad`, 64-bit floats, one thread."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, labels = jnp.array(setting.points), jnp.array(setting.labels)

    def loss(parts: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = parts
        a1 = jax.nn.relu(x @ w1.T + b1)
        a2 = jax.nn.relu(a1 @ w2.T + b2)
        scores = a2 @ w3[0] + b3[0]
        return jax.nn.relu(1 - labels * scores).mean() + PENALTY * sum((part * part).sum() for part in parts)

    gradient = jax.jit(jax.value_and_grad(loss))
    start = [jnp.array(part) for part in setting.matrices()]

    def once() -> float:
        value, slopes = gradient(start)
        jax.block_until_ready(slopes)
        return float(value)

    @jax.jit
    def moved(parts: Any) -> Any:
        return [part - LR * slope for part, slope in zip(parts, jax.value_and_grad(loss)(parts)[1], strict=True)]

    parts = start

    def step() -> None:
        nonlocal parts
        parts = jax.block_until_ready(moved(parts))

    _, made = timed(once)
    step()
    return Peer(once, step, made)


def casadi_sx(setting: Setting) -> Peer:
    """The scalar graph of one example with its derivatives, mapped over the examples, in CasADi's virtual machine."""
    import casadi as ca

    parts = setting.matrices()
    flat = np.concatenate([part.ravel(order="F") for part in parts])

    def make() -> Any:
        p, x, label = ca.SX.sym("p", len(flat)), ca.SX.sym("x", 2), ca.SX.sym("label")
        shaped, at = [], 0
        for part in parts:
            rows, columns = part.shape if part.ndim == 2 else (len(part), 1)
            shaped.append(ca.reshape(p[at : at + part.size], rows, columns))
            at += part.size
        w1, b1, w2, b2, w3, b3 = shaped
        a2 = ca.fmax(w2 @ ca.fmax(w1 @ x + b1, 0) + b2, 0)
        loss = ca.fmax(1 - label * (w3 @ a2 + b3), 0)
        one = ca.Function("one", [p, x, label], [loss, ca.gradient(loss, p)])
        every = one.map(setting.count)
        q, xs, labels = ca.MX.sym("q", len(flat)), ca.MX.sym("x", 2, setting.count), ca.MX.sym("y", 1, setting.count)
        values, slopes = every(ca.repmat(q, 1, setting.count), xs, labels)
        value = ca.sum2(values) / setting.count + PENALTY * ca.sumsqr(q)
        return ca.Function("all", [q, xs, labels], [value, ca.sum2(slopes) / setting.count + 2 * PENALTY * q])

    function, made = timed(make)
    given = ca.DM(setting.points.T), ca.DM(setting.labels[None])
    start = ca.DM(flat)
    moving = start

    def step() -> None:
        nonlocal moving
        moving = moving - LR * function(moving, *given)[1]

    return Peer(lambda: float(function(start, *given)[0]), step, made)


def scalar(value: Callable[[float], object]) -> Peer:
    """A scalar engine with the network written as sums."""
    step = training_step(value, written_sum)
    first = step()
    return Peer(lambda: first, step)


def micrograd() -> Peer:
    from micrograd.engine import Value as MicrogradValue

    return scalar(MicrogradValue)


def medians(functions: dict[str, Callable[[], object]], rounds: int = 9, least: float = 0.02) -> dict[str, float]:
    """The median time of each, in interleaved rounds of as many calls as take some hundredths of a second."""
    loops = {}
    for name, function in functions.items():
        function()
        _, once = timed(function)
        loops[name] = max(1, min(2000, int(least / max(once, 1e-7))))
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            if loops[name] == 1 and len(times[name]) >= 3:
                continue  # a third of a second each
            gc.collect()
            start = time.perf_counter()
            for _ in range(loops[name]):
                function()
            times[name].append((time.perf_counter() - start) / loops[name])
    return {name: statistics.median(found) for name, found in times.items()}


PEERS: dict[str, tuple[Callable[[Setting], Peer | None], str]] = {
    "chalkgrad, LLVM": (lambda s: ours(s, "llvm") if has_llvm() else None, "llvmlite"),
    "chalkgrad, LLVM, fastmath": (lambda s: ours(s, "llvm", fastmath=True) if has_llvm() else None, "llvmlite"),
    "C, eight points at a time": (lambda s: c(s, "blocks"), "a C compiler (cc)"),
    "C, point by point": (lambda s: c(s, "plain"), "a C compiler (cc)"),
    "JAX, jit": (jax_jit, "jax"),
    "NumPy by hand": (numpy_by_hand, "numpy"),
    "chalkgrad, NumPy": (lambda s: ours(s, "numpy"), "numpy"),
    "PyTorch, module": (pytorch, "torch"),
    "CasADi, SX mapped": (casadi_sx, "casadi"),
    "chalkgrad, Python": (lambda s: ours(s, "python"), "chalkgrad"),
    "slots and local gradients": (lambda s: scalar(LocalGradientsValue), "chalkgrad"),
    "micrograd 0.1.0": (lambda s: micrograd(), "micrograd==0.1.0"),
}


def peers(setting: Setting, names: list[str]) -> dict[str, Peer]:
    """Those that are installed; the others are named."""
    found = {}
    for name in names:
        make, package = PEERS[name]
        try:
            peer = make(setting)
        except ImportError:
            peer = None
        if peer is None:
            print(f"{name} is left out: {package} is not installed")
        else:
            found[name] = peer
    return found


def moons_step() -> None:
    setting = Setting()
    found = peers(setting, list(PEERS))
    values = {round(peer.gradient(), 9) for peer in found.values() if peer.gradient is not None}
    assert len(values) == 1, f"the peers disagree on the loss: {values}"
    gradients = medians(
        {name: peer.gradient for name, peer in found.items() if peer.gradient and peer.made is not None}
    )
    steps = medians({name: peer.step for name, peer in found.items() if peer.step is not None})
    for name in ("slots and local gradients", "micrograd 0.1.0"):
        gradients.pop(name, None)  # these have no call that leaves the weights alone
    if "chalkgrad, LLVM" in found:
        found["chalkgrad, nn.fit(compiled=True)"] = whole = our_fit(setting)
        assert whole.step is not None
        steps["chalkgrad, nn.fit(compiled=True)"] = statistics.median(float(whole.step()) for _ in range(5))  # type: ignore[arg-type]
    best, ours_ = gradients.get("chalkgrad, LLVM"), steps.get("chalkgrad, LLVM")
    rows = []
    for name, peer in found.items():
        gradient, step = gradients.get(name), steps[name]
        rows.append(
            [
                name,
                f"{gradient * 1e6:.1f}" if gradient else "",
                f"{gradient / best:.3g}" if gradient and best else "",
                f"{step * 1e6:.1f}",
                f"{step / ours_:.3g}" if ours_ else "",
                f"{step / best:.3g}" if best else "",
                f"{peer.made:.2f}" if peer.made else "",
            ]
        )
    header = [
        "100 points, MLP 2-16-16-1, hinge + L2",
        "value+gradient µs",
        "ratio",
        "step µs",
        "ratio",
        "to our kernel",
        "made in s",
    ]
    print_table(
        "micrograd's training step, compiled (64-bit floats, one thread, the same losses; medians)", header, rows
    )


def growth() -> None:
    """How the time for value and gradient grows with the batch and with the width."""
    names = [
        "chalkgrad, LLVM",
        "C, eight points at a time",
        "C, point by point",
        "JAX, jit",
        "NumPy by hand",
        "PyTorch, module",
    ]
    for title, settings in (
        ("batch size (MLP 2-16-16-1)", [(16, count) for count in (1, 10, 100, 1000, 10_000)]),
        ("width (MLP 2-n-n-1, 100 points)", [(width, 100) for width in (4, 8, 16, 32, 64)]),
    ):
        rows = []
        for width, count in settings:
            setting = Setting(width, count)
            found = peers(setting, names)
            times = medians(
                {name: peer.gradient for name, peer in found.items() if peer.gradient is not None}, rounds=5
            )
            base = times.get(names[0])
            made = found[names[0]].made if names[0] in found else 0.0
            cells = [f"{times[name] * 1e6:.1f}" if name in times else "" for name in names]
            ratio = f"{times[names[1]] / base:.2f}" if base and names[1] in times else ""
            rows.append([f"{count:,}" if "batch" in title else str(width), *cells, ratio, f"{made:.2f}"])
        print_table(f"µs for value and gradient, by {title}", ["", *names, "C by ours", "ours made in s"], rows)


def activations() -> None:
    """Activations that need more than arithmetic, with and without `fastmath`."""
    if not has_llvm():
        return
    rows = []
    for name in ("relu", "sigmoid", "tanh", "softplus"):
        calls: dict[str, Callable[[], object]] = {}
        for fastmath in (False, True):
            model = MLP(2, [16, 16, 1], activation=name, rng=random.Random(1))
            x, label = [Value(0.1, "x1"), Value(0.2, "x2")], Value(1.0, "y")
            f = compile((label - model(x)) ** 2, [*x, label], model.parameters(), backend="llvm", fastmath=fastmath)
            points, labels = moons(1000)
            given = f.rows(*zip(*points, strict=True), labels)
            calls[str(fastmath)] = kernel(f._many.machine("sums"), given, np.array([p.data for p in f.parameters]))
        times = medians(calls, rounds=5)
        rows.append([name, *(f"{time * 1e6:.0f}" for time in times.values()), f"{times['False'] / times['True']:.1f}"])
    header = ["MLP 2-16-16-1, 1,000 points, squared error", "µs", "fastmath=True", "ratio"]
    print_table("value and gradient by activation", header, rows)


def function_of(nodes: int, variables: list[Any], sine: Callable[[Any], Any]) -> Any:
    """A scalar function of so many operations."""
    y = variables[0]
    for number in range(nodes // 3):
        x = variables[number % len(variables)]
        y = sine(y * x + 0.5)
    return y


def functions() -> None:
    rows = []
    for nodes in (10, 100, 1000, 10_000):
        at = [0.3, 0.7, 1.1]
        cells: dict[str, tuple[float, float]] = {}
        calls: dict[str, Callable[[], object]] = {}
        made: dict[str, float] = {}
        for backend in ["python", *(["llvm"] if has_llvm() else [])]:

            def make(backend: str = backend) -> Any:
                xs = [Value(number, f"x{place}") for place, number in enumerate(at)]
                compiled = compile(function_of(nodes, xs, sin), xs, backend=backend)
                compiled(*at)
                return compiled

            name = "chalkgrad, Python" if backend == "python" else "chalkgrad, LLVM"
            compiled, made[name] = timed(make)
            calls[name] = functools.partial(compiled, *at)

        def eager() -> float:
            xs = [Value(number) for number in at]
            y = function_of(nodes, xs, sin)
            y.backward()
            return xs[0].grad

        calls["chalkgrad, eager"], made["chalkgrad, eager"] = eager, 0.0
        try:
            import casadi as ca

            def symbolic() -> Any:
                xs = ca.SX.sym("x", 3)
                y = function_of(nodes, [xs[0], xs[1], xs[2]], ca.sin)
                return ca.Function("f", [xs], [y, ca.gradient(y, xs)])

            f, made["CasADi, SX"] = timed(symbolic)
            calls["CasADi, SX"] = functools.partial(f, ca.DM(at))
        except ImportError:
            print("CasADi is left out: casadi is not installed")
        try:
            import jax
            import jax.numpy as jnp

            if nodes <= 1000:  # XLA takes minutes for more
                xs = jnp.array(at)
                g = jax.jit(jax.value_and_grad(lambda v: function_of(nodes, [v[0], v[1], v[2]], jnp.sin)))
                _, made["JAX, jit"] = timed(lambda: jax.block_until_ready(g(xs)))
                calls["JAX, jit"] = lambda: jax.block_until_ready(g(xs))
        except ImportError:
            print("JAX is left out: jax is not installed")
        times = medians(calls, rounds=5)
        cells = {name: (times[name], made[name]) for name in calls}
        base = min(times[name] for name in times if name.startswith("chalkgrad, ") and name != "chalkgrad, eager")
        for name, (call, making) in cells.items():
            rows.append([f"{nodes:,}", name, f"{call * 1e6:.1f}", f"{making:.3f}", f"{call / base:.2f}"])
    header = ["operations", "", "µs a call", "made in s", "against our faster"]
    print_table("value and three derivatives of one scalar function, sin(y * x + 0.5) again and again", header, rows)


def main() -> None:
    moons_step()
    growth()
    activations()
    functions()


if __name__ == "__main__":
    main()
