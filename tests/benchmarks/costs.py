"""What compiling costs, what a call costs above its kernel, and a network for digits; the processor's seconds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from networks import Setting, assert_equal_gradients, kernel, network, numpy_by_hand, our_kernel, ours
from peers import print_table, shortest, timed

# isort: split
import numpy as np

from autograd import Value, compile, gaussian, hypot, logsumexp, maximum, relu, sigmoid, sin, softplus, sqrt, sum, tanh
from autograd.compiler.backends import has_llvm
from nn import MLP, fit, optim

TIMES = 3  # what takes less than a second is done as often, and the shortest counts


def best(make: Callable[[], Any]) -> list[float]:
    """The seconds of each part of what `make` does and returns as a list, in the fastest of some calls."""
    found = make()
    for _ in range(TIMES - 1 if np.sum(found) < 1 else 0):
        found = min(found, make(), key=np.sum)
    return [float(seconds) for seconds in found]


def stages(record: Callable[[], Any], inputs: list[Value], wrt: list[Value]) -> list[float]:
    """Seconds of recording a graph, of `compile`, which gives nodes their labels, and of the first call over rows."""
    graph, recording = timed(record)
    f, making = timed(lambda: compile(graph, inputs, wrt, backend="llvm"))
    rows = f.rows(*[[x.data] for x in inputs])
    return [recording, making, timed(lambda: f.over(rows))[1]]


def cells(name: str, count: int, seconds: list[float]) -> list[str]:
    return [name, f"{count:,}", *(f"{part:.3f}" for part in seconds), f"{sum(seconds):.3f}"]


def unlike(count: int, leaves: list[Value]) -> Value:
    """A graph of so many operations of many kinds on any of the results before, half of them arithmetic: no two alike."""
    rng = random.Random(1)
    single = [(sin, 1), (tanh, 1), (sigmoid, 1), (gaussian, 1), (relu, 1), (lambda a: 0.5 * softplus(a), 2)]
    single += [(lambda a: 1 / (2 + a * a), 3), (lambda a: sqrt(1 + a * a), 3)]
    double = [(lambda a, b: sin(a) * b, 2), (lambda a, b: 0.5 * (a + b), 2), (lambda a, b: a / (2 + b * b), 3)]
    double += [(lambda a, b: 0.7 * a - 0.3 * b, 3), (maximum, 1), (hypot, 1)]
    nodes, open_ends, made = [*leaves], [*leaves], 0
    while made < count:
        place = rng.randrange(len(open_ends))
        if rng.random() < 0.4:
            function, operations = rng.choice(single)
            node = function(open_ends[place])
        else:
            function, operations = rng.choice(double)
            node = function(open_ends[place], rng.choice(nodes[-100:]))
        nodes.append(node)
        open_ends[place] = node
        made += operations
    return sum(open_ends)


def compile_times() -> None:
    """Recording, labels, compiling and the first call, by width; and for operations of which none are alike."""
    x, label = [Value(0.1, "x1"), Value(0.2, "x2")], Value(1.0, "y")
    _, first = timed(lambda: compile(relu(1 - label * x[0]), [*x, label], backend="llvm").mean([0.1], [0.2], [1.0]))
    rows = []
    for width in (16, 32, 64, 128, 256, 512, 1024):
        model = network(width, "xavier", "relu")
        parameters = model.parameters()
        found = best(lambda: stages(lambda: relu(1 - label * model(x)), [*x, label], parameters))
        rows.append(cells(f"MLP 2-{width}-{width}-1", len(parameters), found))
    for count in (1_000, 10_000, 100_000):
        leaves = [Value(0.3 + 0.1 * i, f"x{i}") for i in range(8)]
        found = best(lambda: stages(lambda: unlike(count, leaves), leaves, leaves))
        rows.append(cells(f"{count:,} unlike operations", len(leaves), found))
    header = ["seconds", "derivatives", "record", "compile", "first call", "all"]
    print_table(f"compile times, machine code (LLVM's own start, in a first compile: {first:.2f} s)", header, rows)


def calls() -> None:
    """What a call through Python costs above its kernel; one row; and the ways to run."""
    setting = Setting(16, 100)
    found = {"f.over(rows)": ours(setting, "llvm"), "the kernel of it alone": our_kernel(setting)}
    found["f.over(rows), NumPy"] = ours(setting, "numpy")
    found["NumPy by hand"] = numpy_by_hand(setting)
    assert_equal_gradients(found)
    model = setting.model
    x, label = [Value(0.1, "x1"), Value(0.2, "x2")], Value(1.0, "y")
    loss = compile(relu(1 - label * model(x)), [*x, label], model.parameters(), backend="llvm")
    small = compile(lambda a, b: a * b + sin(a))
    functions: dict[str, Any] = {name: peer.call for name, peer in found.items()}
    functions["f(x1, x2, y)"] = lambda: loss(0.1, 0.2, 1.0)
    functions["f.over(rows), one row"] = (lambda rows: lambda: loss.over(rows))(loss.rows([0.1], [0.2], [1.0]))
    functions["the kernel of it alone, one row"] = kernel(loss, loss.rows([0.1], [0.2], [1.0]))
    functions["f(a, b) of a * b + sin(a)"] = lambda: small(0.1, 0.2)
    times = shortest(functions, rounds=13)
    over = times["f.over(rows)"]
    rows = [[name, f"{seconds * 1e6:,.1f}", f"{seconds / over:.3g}"] for name, seconds in times.items()]
    rows.append(["f.over(rows) above its kernel", f"{(over - times['the kernel of it alone']) * 1e6:.1f}", ""])
    title = "calls: moons, 100 points, MLP 2-16-16-1 (337 parameters), hinge, value and gradient"
    print_table(title, ["", "µs", "by f.over(rows)"], rows)


def digits(count: int = 100) -> tuple[list[list[float]], list[int]]:
    """Rows of 784 numbers with a class from 0 to 9."""
    rng = random.Random(1)
    return [[rng.random() for _ in range(784)] for _ in range(count)], [rng.randrange(10) for _ in range(count)]


def digit_network() -> None:
    """784-32-10 with softmax cross-entropy: compiling, as `fit` does; a step of 100 rows through `fit`, and PyTorch's."""
    images, classes = digits()
    model = MLP(784, [32, 10], init="xavier", rng=random.Random(1))

    def epochs(count: int) -> tuple[float, float]:
        """Seconds of so many epochs, a step each; and the loss of the first."""
        model = MLP(784, [32, 10], init="xavier", rng=random.Random(1))
        descent = optim.SGD(model.parameters(), 0.01)
        options: dict[str, Any] = {"loss": "softmax_cross_entropy", "optimizer": descent, "compiled": True}
        history, seconds = timed(lambda: fit(model, images, classes, epochs=count, progress=False, **options))
        return seconds, history[0].loss

    x, parameters = [Value(0.5, f"x{i}") for i in range(784)], model.parameters()

    def loss() -> Value:
        z = model(x)
        return logsumexp([a - z[3] for a in z])

    stage = best(lambda: stages(loss, x, parameters))
    start, value = epochs(1)
    many = 200 if start < 5 else 20
    step = (epochs(many + 1)[0] - start) / many
    rows = [["compile, the loss of one class: record, compile, first call", f"{sum(stage):.2f} s", ""]]
    rows.append(["fit, one epoch of one step, compiling and comparing included", f"{start:.2f} s", ""])
    rows.append(["fit, a step more, with the accuracy", f"{step * 1e3:.3f} ms", "1"])
    try:
        torch_step, first = torch_digits(model, images, classes)
    except ImportError:
        print("PyTorch is left out: torch is not installed")
    else:
        assert abs(first - value) <= 1e-9, f"PyTorch's first loss is {first}, ours {value}"
        found = shortest({"step": torch_step})["step"]
        rows.append(["PyTorch, a step with SGD, without the accuracy", f"{found * 1e3:.3f} ms", f"{found / step:.2f}"])
    print_table("784-32-10, softmax cross-entropy, 100 rows", ["", "time", "by ours"], rows)


def torch_digits(model: MLP, images: Any, classes: Any) -> tuple[Callable[[], float], float]:
    """The same step with PyTorch, and its first loss."""
    import torch

    torch.set_num_threads(1)
    linear = torch.nn.Linear
    made = torch.nn.Sequential(linear(784, 32), torch.nn.ReLU(), linear(32, 10)).double()
    state = model.state_dict()
    made.load_state_dict({key: torch.tensor(numbers, dtype=torch.float64) for key, numbers in state.items()})
    data, targets = torch.tensor(images, dtype=torch.float64), torch.tensor(classes)
    descent = torch.optim.SGD(made.parameters(), lr=0.01)

    def step() -> float:
        loss = torch.nn.functional.cross_entropy(made(data), targets)
        descent.zero_grad()
        loss.backward()
        descent.step()
        return float(loss.item())

    return step, step()


def main() -> None:
    if not has_llvm():
        print("\nthe costs of compiling are left out: llvmlite is not installed")
        return
    compile_times()
    calls()
    digit_network()


if __name__ == "__main__":
    main()
