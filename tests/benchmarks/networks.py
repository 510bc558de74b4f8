"""A small network on the moons, once in each of the ways that `compiled`, `widths` and `costs` compare.

All have the same points, labels and weights, 64-bit floats and one thread, and give the same value and gradient: of the
hinge loss summed over the points, or with `demo=True` of micrograd's, which is the mean and an L2 penalty. C and the
kernel are called through ctypes, which takes a microsecond.
"""

from __future__ import annotations

import ctypes
import functools
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from peers import moons, timed

# isort: split
import numpy as np

from autograd import Value, compile, dot, relu
from nn import MLP

LR, PENALTY = 1e-9, 1e-4  # a small rate, so that all peers do the same work in every round
CC = ["cc", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]

# NumPy's activations: each writes over z, and gives from its result the slope
ON_ARRAYS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "relu": (lambda z: np.maximum(z, 0, out=z), lambda a: a > 0),
    "tanh": (lambda z: np.tanh(z, out=z), lambda a: 1 - a * a),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    "softplus": (lambda z: np.logaddexp(0, z), lambda a: -np.expm1(-a)),
}


class Peer(NamedTuple):
    """What is measured: `call` computes value and gradient, and gives both, the gradient in the peer's own form.

    flat   the gradient in the order of our parameters, from what `call` gives
    step   the whole training step
    made   how many seconds it took to compile
    """

    call: Callable[[], Any]
    flat: Callable[[Any], Any]
    step: Callable[[], object] | None = None
    made: float = 0.0

    def value(self) -> float:
        return float(self.call()[0])

    def gradient(self) -> Any:
        return self.flat(self.call()[1])


class Setting:
    """The same points, labels and weights for everybody."""

    def __init__(
        self, width: int = 16, count: int = 100, *, init: str = "uniform", activation: str = "relu", demo: bool = False
    ) -> None:
        points, labels = moons(count)
        self.width, self.count, self.activation, self.demo = width, count, activation, demo
        self.points, self.labels = np.array(points), np.array(labels, dtype=float)
        self.model = network(width, init, activation)

    def matrices(self) -> list[Any]:
        """Weights and biases, layer by layer, an array each."""
        found: list[Any] = []
        for layer in self.model.layers:
            found += [
                np.array([[w.data for w in n.w] for n in layer.neurons]),
                np.array([n.b.data for n in layer.neurons]),
            ]
        return found

    def finished(self, value: Any, slopes: list[Any], parts: list[Any]) -> tuple[Any, list[Any]]:
        """In the demo, mean and penalty from sums; otherwise the sums."""
        if not self.demo:
            return value, slopes
        value = value / self.count + PENALTY * sum((part * part).sum() for part in parts)
        return value, [slope / self.count + 2 * PENALTY * part for slope, part in zip(slopes, parts, strict=True)]


@functools.lru_cache(2)
def network(width: int, init: str, activation: str) -> MLP:
    return MLP(2, [width, width, 1], init=init, activation=activation, rng=random.Random(1))


def in_our_order(parts: list[Any]) -> Any:
    """The arrays of weights and biases as one, neuron by neuron."""
    layers = zip(parts[::2], parts[1::2], strict=True)
    return np.concatenate([np.column_stack([np.reshape(w, (len(b), -1)), b]).ravel() for w, b in layers])


@functools.lru_cache(4)
def compiled_loss(model: MLP, backend: str, fastmath: bool) -> tuple[Any, float]:
    """The loss of one example, compiled, with the weights as its parameters; and the seconds it took."""
    x, label = [Value(0.1, "x1"), Value(0.2, "x2")], Value(1.0, "y")

    def make() -> Any:
        loss = compile(relu(1 - label * model(x)), [*x, label], model.parameters(), backend=backend, fastmath=fastmath)
        loss.mean([0.1], [0.2], [1.0])
        return loss

    return timed(make)


def ours(setting: Setting, backend: str, fastmath: bool = False) -> Peer:
    """As a user has it: `over`, with the numbers that the model's parameters have at the time."""
    parameters = setting.model.parameters()
    loss, made = compiled_loss(setting.model, backend, fastmath)
    rows = loss.rows(*setting.points.T, setting.labels)
    if not setting.demo:
        return Peer(lambda: loss.over(rows), np.asarray, None, made)
    penalty = our_penalty(setting, backend)
    row = penalty.rows()
    assert loss.parameters == penalty.parameters == tuple(parameters)

    def gradient(numbers: Any = None) -> tuple[float, Any]:
        value, slopes, _ = loss.over(rows, numbers)
        more, others, _ = penalty.over(row, numbers)
        return value / len(rows) + more, slopes / len(rows) + others

    numbers = np.array([p.data for p in parameters])

    def step() -> None:
        nonlocal numbers
        numbers = numbers - LR * gradient(numbers)[1]

    return Peer(gradient, np.asarray, step, made)


def kernel(f: Any, rows: Any, purpose: str = "sums") -> Callable[[], Any]:
    """The machine code alone, with the parameters' numbers of now: a value, and all sums."""
    from autograd.compiler.columns import address

    machine = f._many.machine(purpose)
    assert not machine.layout.copies
    memory = machine.memory(np.array([p.data for p in f.parameters]))
    columns = rows.columns[:, :1].copy() if purpose == "one" else rows.columns
    told, sums = memory.call, np.empty(machine.layout.sums)
    told.rows, told.columns, told.stride, told.sums = len(rows), address(columns), columns.shape[1], address(sums)
    run, at, found, kept = machine.call, memory.at_call, (sums[0:1].reshape(()), sums), (machine, columns, memory)

    def call(kept: Any = kept) -> Any:
        run(at)
        return found

    return call


def our_single_call(setting: Setting) -> Peer:
    """The first point alone: `f(x1, x2, y)`, which gives a list."""
    loss, made = compiled_loss(setting.model, "llvm", False)
    row = [*setting.points[0].tolist(), float(setting.labels[0])]
    return Peer(lambda: loss(*row), np.array, None, made)


def our_kernel(setting: Setting, fastmath: bool = False, purpose: str = "sums") -> Peer:
    """The machine code alone, for many rows, or that for one: no number is looked up or looked at."""
    loss, made = compiled_loss(setting.model, "llvm", fastmath)
    rows = loss.rows(*setting.points.T, setting.labels)
    run = kernel(loss, rows, purpose)
    slopes = loss._many.machine(purpose).layout.slopes
    order = slice(2, None) if slopes is None else slopes
    if not setting.demo:
        return Peer(run, lambda sums: sums[order].copy(), None, made)
    penalty = our_penalty(setting, "llvm")
    more = kernel(penalty, penalty.rows())

    def both() -> Any:
        (value, sums), (other, others) = run(), more()
        return value / len(rows) + other, (sums, others)

    return Peer(both, lambda found: found[0][order] / len(rows) + found[1][2:], None, made)


def our_penalty(setting: Setting, backend: str) -> Any:
    parameters = setting.model.parameters()
    return compile(PENALTY * dot(parameters, parameters, 0.0), [], parameters, backend=backend)


@functools.lru_cache(4)
def library(width: int, demo: bool = False) -> tuple[Any, float]:
    """`moons.c` compiled on the spot, and how long it took; None without a compiler."""
    if shutil.which("cc") is None:
        return None, 0.0
    file = f"{tempfile.mkdtemp()}/moons.so"
    options = [f"-DH={width}", *([f"-DPENALTY={PENALTY}"] if demo else [])]
    source = str(Path(__file__).with_name("moons.c"))
    _, made = timed(lambda: subprocess.run([*CC, *options, source, "-o", file], check=True))
    return ctypes.CDLL(file), made


def c(setting: Setting, name: str) -> Peer | None:
    """Hand-written C."""
    found, made = library(setting.width, setting.demo)
    if found is None:
        return None
    function = found[name]  # one of its own, as types are set
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_void_p]
    parts = [part.T for part in setting.matrices()]
    p = np.concatenate([part.ravel() for part in parts])
    g = np.zeros_like(p)
    columns = [np.ascontiguousarray(column) for column in (*setting.points.T, setting.labels)]

    def caller(p: Any) -> Callable[[], Any]:
        arrays = [*columns, p, g]
        told = (ctypes.c_size_t * 6)(setting.count, *(array.ctypes.data for array in arrays))
        at, kept = ctypes.addressof(told), (arrays, told)
        return lambda kept=kept: (function(at), g)  # type: ignore[misc]

    def flat(slopes: Any) -> Any:
        cut = np.split(slopes, np.cumsum([part.size for part in parts])[:-1])
        return in_our_order([slope.reshape(part.shape).T for slope, part in zip(cut, parts, strict=True)])

    moving = p.copy()
    call = caller(moving)

    def step() -> None:
        call()
        np.subtract(moving, LR * g, out=moving)

    return Peer(caller(p), flat, step, made)


def machine_peak() -> tuple[Callable[[], object], int] | None:
    """A call that does nothing but multiply and add, and the number of its operations."""
    found, _ = library(16)
    if found is None:
        return None
    found.peak.restype = ctypes.c_double
    rounds = ctypes.c_size_t(10_000)
    return (lambda: found.peak(rounds)), rounds.value * found.peak_operations()


def numpy_by_hand(setting: Setting) -> Peer:
    """The backward pass in matrices, as in the textbook, in place where that saves memory."""
    x, labels = setting.points, setting.labels
    start = setting.matrices()
    activated, slope = ON_ARRAYS[setting.activation]

    def layer(x: Any, w: Any, b: Any) -> Any:
        z = x @ w.T
        z += b
        return activated(z)

    def gradient(parts: list[Any]) -> tuple[Any, list[Any]]:
        w1, b1, w2, b2, w3, b3 = parts
        a1 = layer(x, w1, b1)
        a2 = layer(a1, w2, b2)
        margin = 1 - labels * (a2 @ w3[0] + b3[0])
        d = np.where(margin > 0, -labels, 0)
        d2 = np.outer(d, w3[0])
        d2 *= slope(a2)
        d1 = d2 @ w2
        d1 *= slope(a1)
        slopes = [d1.T @ x, d1.sum(0), d2.T @ a1, d2.sum(0), (d @ a2)[None], d.sum(keepdims=True)]
        return setting.finished(np.maximum(margin, 0).sum(), slopes, parts)

    parts = [part.copy() for part in start]

    def step() -> None:
        for part, found in zip(parts, gradient(parts)[1], strict=True):
            part -= LR * found

    return Peer(lambda: gradient(start), in_our_order, step)


def pytorch(setting: Setting) -> Peer:
    """A module on all points at once."""
    import torch

    torch.set_num_threads(1)
    linear, width = torch.nn.Linear, setting.width
    act = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "softplus": torch.nn.Softplus}
    g = act[setting.activation]

    def module() -> Any:
        made = torch.nn.Sequential(linear(2, width), g(), linear(width, width), g(), linear(width, 1)).double()
        with torch.no_grad():
            for parameter, part in zip(made.parameters(), setting.matrices(), strict=True):
                parameter.copy_(torch.tensor(part))
        return made

    x, labels = torch.tensor(setting.points), torch.tensor(setting.labels)

    def backward(made: Any) -> Any:
        total = torch.relu(1 - labels * made(x)[:, 0]).sum()
        if setting.demo:
            total = total / setting.count + PENALTY * sum((p * p).sum() for p in made.parameters())
        made.zero_grad()
        total.backward()
        return total.item(), made

    still, moving = module(), module()
    descent = torch.optim.SGD(moving.parameters(), lr=LR)

    def step() -> None:
        backward(moving)
        descent.step()

    return Peer(lambda: backward(still), lambda made: in_our_order([p.grad.numpy() for p in made.parameters()]), step)


def jax_jit(setting: Setting) -> Peer:
    """`jit` of `value_and_grad`."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, labels = jnp.array(setting.points), jnp.array(setting.labels)
    act = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus}
    g = act[setting.activation]

    def loss(parts: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = parts
        a2 = g(g(x @ w1.T + b1) @ w2.T + b2)
        total = jax.nn.relu(1 - labels * (a2 @ w3[0] + b3[0])).sum()
        if setting.demo:
            total = total / setting.count + PENALTY * sum((part * part).sum() for part in parts)
        return total

    gradient = jax.jit(jax.value_and_grad(loss))
    start = [jnp.array(part) for part in setting.matrices()]

    @jax.jit
    def moved(parts: Any) -> Any:
        return [part - LR * slope for part, slope in zip(parts, jax.value_and_grad(loss)(parts)[1], strict=True)]

    parts = start

    def step() -> None:
        nonlocal parts
        parts = jax.block_until_ready(moved(parts))

    _, made = timed(lambda: jax.block_until_ready(gradient(start)))
    return Peer(
        lambda: jax.block_until_ready(gradient(start)),
        lambda slopes: in_our_order(list(map(np.asarray, slopes))),
        step,
        made,
    )


def with_peers(
    setting: Setting, makers: dict[str, tuple[Callable[[Setting], Peer | None], str]], told: set[str] | None = None
) -> dict[str, Peer]:
    """The peers that are installed; the others are named, once for each set of `told`."""
    found, told = {}, set() if told is None else told
    for name, (make, package) in makers.items():
        try:
            peer = make(setting)
        except ImportError:
            peer = None
        if peer is not None:
            found[name] = peer
        elif name not in told:
            told.add(name)
            print(f"{name} is left out: {package} is not installed")
    return found


def assert_equal_gradients(found: dict[str, Peer]) -> None:
    """All peers compute what the first does: to 1e-9 of its largest number."""
    (first, peer), *others = found.items()
    value, gradient = peer.value(), peer.gradient()
    scale = max(1.0, float(abs(gradient).max()))
    for name, other in others:
        apart = float(abs(other.gradient() - gradient).max()) / scale
        assert apart <= 1e-9, f"the gradients of {name} and {first} differ by {apart:.1g} of the largest slope"
        assert abs(other.value() - value) <= 1e-9 * max(1.0, abs(value)), f"{name} and {first} differ in the loss"
