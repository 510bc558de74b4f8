"""Compiled: micrograd's training step against hand-written C, PyTorch, JAX, NumPy, CasADi; activations; functions."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

from networks import (
    LR,
    PENALTY,
    Peer,
    Setting,
    assert_equal_gradients,
    c,
    in_our_order,
    jax_jit,
    numpy_by_hand,
    our_kernel,
    ours,
    pytorch,
    with_peers,
)  # fmt: skip
from peers import LocalGradientsValue, cpu_time, print_table, shortest, timed, training_step, written_sum

# isort: split
import numpy as np

from autograd import Value, compile, dot, sin
from autograd.compiler.backends.llvm import has_llvm
from nn import MLP, fit, optim


def our_fit(setting: Setting) -> float:
    """Seconds of an epoch of `nn.fit`, with the accuracy: of many, without what comes before the first."""
    labels = [int(label) for label in setting.labels]

    def penalty(model: MLP) -> Value:
        parameters = model.parameters()
        return PENALTY * dot(parameters, parameters, 0.0)

    def epochs(count: int) -> float:
        model = MLP(2, [setting.width, setting.width, 1], rng=random.Random(1))
        start = cpu_time()
        fit(
            model, setting.points.tolist(), labels, loss="hinge", optimizer=optim.SGD(model.parameters(), LR),
            epochs=count, penalty=penalty, progress=False, compiled=True,
        )  # fmt: skip
        return cpu_time() - start

    epochs(1)
    few = min(epochs(10) for _ in range(3))
    return (min(epochs(10_010) for _ in range(3)) - few) / 10_000


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

    def ordered(slopes: Any) -> Any:
        cut = np.split(slopes.full().ravel(), np.cumsum([part.size for part in parts])[:-1])
        return in_our_order([slope.reshape(part.shape, order="F") for slope, part in zip(cut, parts, strict=True)])

    return Peer(lambda: function(start, *given), ordered, step, made)


OURS = "chalkgrad, machine code"
PEERS: dict[str, tuple[Callable[[Setting], Peer | None], str]] = {
    OURS: (lambda s: ours(s, "llvm") if has_llvm() else None, "llvmlite"),
    "the kernel of it alone": (lambda s: our_kernel(s) if has_llvm() else None, "llvmlite"),
    "chalkgrad, machine code, fastmath": (lambda s: ours(s, "llvm", fastmath=True) if has_llvm() else None, "llvmlite"),
    "C, in tiles": (lambda s: c(s, "tiled"), "a C compiler (cc)"),
    "C, eight points at a time": (lambda s: c(s, "blocks"), "a C compiler (cc)"),
    "C, point by point": (lambda s: c(s, "plain"), "a C compiler (cc)"),
    "JAX, jit": (jax_jit, "jax"),
    "NumPy by hand": (numpy_by_hand, "numpy"),
    "chalkgrad, NumPy": (lambda s: ours(s, "numpy"), "numpy"),
    "PyTorch, module": (pytorch, "torch"),
    "CasADi, SX mapped": (casadi_sx, "casadi"),
    "chalkgrad, Python": (lambda s: ours(s, "python"), "chalkgrad"),
}


def scalar_engines() -> dict[str, Callable[[], float]]:
    """The training step of scalar engines, with the network written as sums."""
    engines: dict[str, Any] = {"slots and local gradients": LocalGradientsValue}
    try:
        from micrograd.engine import Value as MicrogradValue

        engines["micrograd 0.1.0"] = MicrogradValue
    except ImportError:
        print("micrograd is left out: micrograd==0.1.0 is not installed")
    return {name: training_step(value, written_sum) for name, value in engines.items()}


def moons_step() -> None:
    setting = Setting(demo=True)
    found = with_peers(setting, PEERS)
    assert_equal_gradients(found)
    steps: dict[str, Any] = {name: peer.step for name, peer in found.items() if peer.step is not None}
    value = next(iter(found.values())).value()
    for name, step in scalar_engines().items():
        assert abs(step() - value) <= 1e-9, f"{name} has another loss"
        steps[name] = step
    gradients = shortest({name: peer.call for name, peer in found.items()})
    whole = shortest(steps)
    if has_llvm():
        whole["chalkgrad, nn.fit(compiled=True)"] = our_fit(setting)
    base = gradients[next(iter(gradients))]
    rows = []
    for name in dict.fromkeys([*found, *whole]):
        row = [name]
        for time in (gradients.get(name), whole.get(name)):
            row += [f"{time * 1e6:,.1f}", f"{time / base:,.3g}"] if time else ["", ""]
        rows.append([*row, f"{found[name].made:.2f}" if name in found and found[name].made else ""])
    header = ["100 points, MLP 2-16-16-1, hinge + L2", "value+gradient µs", "ratio", "step µs", "ratio", "made in s"]
    title = "micrograd's training step (64-bit floats, one thread, the same gradients; the processor's shortest times)"
    print_table(f"{title}; ratios to our value and gradient", header, rows)


def activations() -> None:
    """Activations that need more than arithmetic, with and without `fastmath`."""
    makers: dict[str, tuple[Callable[[Setting], Peer | None], str]] = {
        "f.over": (lambda s: ours(s, "llvm"), "llvmlite"),
        "kernel alone": (our_kernel, "llvmlite"),
        "f.over, fastmath": (lambda s: ours(s, "llvm", fastmath=True), "llvmlite"),
        "NumPy by hand": (numpy_by_hand, "numpy"),
        "PyTorch": (pytorch, "torch"),
        "JAX": (jax_jit, "jax"),
    }
    if not has_llvm():
        return
    rows, told, names = [], set[str](), list[str]()
    for name in ("relu", "sigmoid", "tanh", "softplus"):
        found = with_peers(Setting(16, 1000, init="xavier", activation=name), makers, told)
        assert_equal_gradients(found)
        times = shortest({peer: one.call for peer, one in found.items()})
        names = [peer for peer in times if peer != "f.over"]
        rows.append([name, f"{times['f.over'] * 1e6:.0f}", *(f"{times[peer] / times['f.over']:.2f}" for peer in names)])
    title = "value and gradient by activation, MLP 2-16-16-1, 1,000 points, hinge: µs of ours, the others' times by it"
    print_table(title, ["", "f.over µs", *names], rows)


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
        times = shortest(calls, rounds=5)
        cells = {name: (times[name], made[name]) for name in calls}
        base = min(times[name] for name in times if name.startswith("chalkgrad, ") and name != "chalkgrad, eager")
        for name, (call, making) in cells.items():
            rows.append([f"{nodes:,}", name, f"{call * 1e6:.1f}", f"{making:.3f}", f"{call / base:.2f}"])
    header = ["operations", "", "µs a call", "made in s", "against our faster"]
    print_table("value and three derivatives of one scalar function, sin(y * x + 0.5) again and again", header, rows)


def main() -> None:
    moons_step()
    activations()
    functions()


if __name__ == "__main__":
    main()
