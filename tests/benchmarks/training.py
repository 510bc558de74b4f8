"""Training: one epoch of micrograd's demo through `nn.fit`, beside micrograd's and PyTorch's; and networks of the size of
MNIST, `python tests/benchmarks/training.py 784-32-10` for a single one."""

from __future__ import annotations

import itertools
import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from peers import moons, print_table, seconds, timed, training_step, written_sum

from autograd import Value, dot
from nn import MLP, fit, optim

EPOCHS = 5


def penalty(model: MLP) -> Value:
    parameters = model.parameters()
    return 1e-4 * dot(parameters, parameters)


def several(step: Callable[[], float]) -> Callable[[], float]:
    """Five calls of it, with the result of the first."""

    def epochs() -> float:
        first = step()
        for _ in range(EPOCHS - 1):
            step()
        return first

    return epochs


def our_epochs() -> Callable[[], float]:
    """Five epochs; the function returns the loss of the first."""
    points, labels = moons(100)
    model = MLP(2, [16, 16, 1], rng=random.Random(1))
    descent = optim.SGD(model.parameters(), lr=0.05)

    def epochs() -> float:
        options = {"loss": "hinge", "optimizer": descent, "epochs": EPOCHS, "penalty": penalty, "progress": False}
        return fit(model, points, labels, **options)[0].loss  # type: ignore[arg-type]

    return epochs


def torch_epochs() -> Callable[[], float]:
    """The same with PyTorch, all examples in one matrix, 64-bit floats."""
    import torch

    points, labels = (torch.tensor(data, dtype=torch.float64) for data in moons(100))
    linear, relu = torch.nn.Linear, torch.nn.ReLU
    model = torch.nn.Sequential(linear(2, 16), relu(), linear(16, 16), relu(), linear(16, 1)).double()
    state = MLP(2, [16, 16, 1], rng=random.Random(1)).state_dict()
    model.load_state_dict({key: torch.tensor(values, dtype=torch.float64) for key, values in state.items()})
    descent = torch.optim.SGD(model.parameters(), lr=0.05)

    def epoch() -> float:
        hinge = torch.relu(1 - labels * model(points)[:, 0]).mean()
        total = hinge + 1e-4 * sum((p * p).sum() for p in model.parameters())
        descent.zero_grad()
        total.backward()
        descent.step()
        return float(total.item())

    return several(epoch)


SIZES = ("784-16-10", "784-32-10", "784-64-10", "784-128-64-10", "784-512-10")
BATCH = 50


def images(count: int) -> tuple[Any, Any]:
    """Examples of MNIST's size, in arrays: ten classes, each a picture under much noise."""
    import numpy as np

    rng = np.random.default_rng(0)
    pictures, classes = rng.random((10, 784)), rng.integers(0, 10, count)
    return np.clip(pictures[classes] + rng.normal(0, 0.5, (count, 784)), 0, 1), classes


def our_training(sizes: list[int], rows: Any, classes: Any, epochs: int) -> tuple[MLP, list[float], float]:
    """The model before, the losses, and the seconds."""
    model, before = (MLP(sizes[0], sizes[1:], init="he", rng=random.Random(1)) for _ in range(2))
    options = {"loss": "softmax_cross_entropy", "batch_size": BATCH, "epochs": epochs, "progress": False}
    adam = optim.Adam(model.parameters(), lr=1e-3)
    history, time = timed(lambda: fit(model, rows, classes, optimizer=adam, **options))  # type: ignore[arg-type]
    return before, history.losses, time


def torch_training(
    model: MLP, sizes: list[int], rows: Any, classes: Any, epochs: int
) -> tuple[list[float], list[float]]:
    """The losses and the seconds of each epoch of the same training with PyTorch, 32-bit floats, in the same batches."""
    import torch

    torch.set_num_threads(1)
    inputs, targets = torch.tensor(rows, dtype=torch.float32), torch.tensor(classes)
    layers = [layer for pair in itertools.pairwise(sizes) for layer in (torch.nn.Linear(*pair), torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers[:-1])
    network.load_state_dict({key: torch.tensor(values) for key, values in model.state_dict().items()})
    adam, measure = torch.optim.Adam(network.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()
    rng = random.Random(0)

    def epoch() -> float:
        order = list(range(len(inputs)))
        rng.shuffle(order)
        total = hits = 0
        for batch in torch.tensor(order).split(BATCH):
            logits = network(inputs[batch])
            loss = measure(logits, targets[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(batch)
            hits += (logits.argmax(1) == targets[batch]).sum().item()
        return total / len(inputs)

    losses, times = zip(*(timed(epoch) for _ in range(epochs)), strict=True)
    return list(losses), list(times)


def at_size(name: str) -> dict[str, float]:
    """What a network takes: seconds to the first epoch, and for three short ones; µs for an example; MB."""
    sizes = [int(size) for size in name.split("-")]
    rows, classes = images(10_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model, losses, short = our_training(sizes, rows[:2_000], classes[:2_000], 3)
    first, more = (min(our_training(sizes, rows, classes, epochs)[2] for _ in range(3)) for epochs in (1, 4))
    found = {"short": short, "ours": (more - first) / 3}
    found["start"] = first - found["ours"]
    found["memory"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    try:
        theirs, times = torch_training(model, sizes, rows[:2_000], classes[:2_000], 3)
        found["short, torch"] = sum(times)
        found["torch"] = min(torch_training(model, sizes, rows, classes, 4)[1])
    except ImportError:
        return found
    assert all(abs(a - b) < 1e-3 for a, b in zip(losses, theirs, strict=True)), f"{losses} are not {theirs}"
    return found


def at_mnist_size() -> None:
    """Up to which size it is sensible; each size in a process of its own, for its memory."""
    lines = []
    for name in SIZES:
        done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        sizes = [int(size) for size in name.split("-")]
        count = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes))
        line = [name, f"{count:,}", f"{found['start']:.1f}", f"{found['ours'] * 100:.0f}", f"{found['memory']:.0f}"]
        if "torch" in found:
            line += [f"{found['torch'] * 100:.0f}", f"{found['torch'] / found['ours']:.2f}"]
            line += [f"{found['short']:.1f}", f"{found['short, torch']:.2f}"]
        lines.append(line)
    header = ["softmax cross-entropy, Adam", "parameters", "s to start", "µs an example", "MB"]
    header += ["PyTorch's µs", "PyTorch's / ours", "s, 3 epochs of 2,000", "PyTorch's"][: len(lines[0]) - len(header)]
    print_table(f"nn.fit on arrays of MNIST's size, in batches of {BATCH} (CPU time, shortest)", header, lines)


def main() -> None:
    peers = {"chalkgrad, nn.fit": our_epochs()}
    try:
        from micrograd.engine import Value as MicrogradValue
    except ImportError:
        print("\nmicrograd is not installed and is left out: pip install micrograd==0.1.0")
    else:
        peers["micrograd 0.1.0, written sums"] = several(training_step(MicrogradValue, written_sum))
    try:
        peers["PyTorch, matrices"] = torch_epochs()
    except ImportError:
        print("\nPyTorch is not installed and is left out: pip install torch")
    losses = {round(epochs(), 9) for epochs in peers.values()}
    assert len(losses) == 1, f"the peers disagree on the first loss: {losses}"
    found = seconds(peers, rounds=5)
    ours = found["chalkgrad, nn.fit"]
    rows = [[name, f"{time / EPOCHS * 1e3:.2f}", f"{time / ours:.3g}"] for name, time in found.items()]
    header = ["moons, MLP 2-16-16-1, 100 points, hinge + L2", "ms an epoch", "against nn.fit"]
    print_table(f"one epoch of micrograd's demo (5 rounds of {EPOCHS} epochs, median)", header, rows)
    at_mnist_size()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps(at_size(sys.argv[1])))
    else:
        main()
