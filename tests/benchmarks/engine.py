"""The engine: speed and size of a node, linearity, and the micrograd demo's training step against its peers."""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable

from peers import LocalGradientsValue, moons, print_table, shortest, training_step, written_sum

from autograd import Value, dot
from nn import MLP


def chain(count: int) -> Value:
    """A graph of so many nodes, half sums and half products, each product used once and each sum twice."""
    x, w = Value(0.5), Value(0.999)
    y: Value = x
    for _ in range(count // 2):
        y = y * w + x
    return y


def nodes() -> None:
    """Time a node, forward and backward, for growing graphs; with Python's cyclic garbage collector on and off.

    Graphs hold no reference cycles, so the collector finds nothing; but it looks at every new node several times.
    """
    counts = (1_000, 10_000, 100_000, 1_000_000)
    for collector in ("on", "off"):
        rows, before = [], 0.0
        for count in counts:
            repeat = max(1, 100_000 // count)
            forward = backward = float("inf")
            for _ in range(3):
                gc.collect()
                if collector == "off":
                    gc.disable()
                start = time.perf_counter()
                graphs = [chain(count) for _ in range(repeat)]
                middle = time.perf_counter()
                for graph in graphs:
                    graph.backward()
                end = time.perf_counter()
                gc.enable()
                forward, backward = min(forward, (middle - start) / repeat), min(backward, (end - middle) / repeat)
                del graphs, graph
            total = forward + backward
            growth = f"{total / before:.1f}" if before else ""
            rows.append([f"{count:,}", f"{count / forward:,.0f}", f"{count / backward:,.0f}", growth])
            before = total
        title = f"nodes a second (y = y * w + x), Python's cyclic garbage collector {collector}"
        print_table(title, ["nodes", "forward", "backward", "t(10N) / t(N)"], rows)


def size() -> None:
    rows = []
    for title, sweep in (("after the forward pass", False), ("after backward", True)):
        gc.collect()
        tracemalloc.start()
        y = chain(100_000)
        if sweep:
            y.backward()
        rows.append([title, f"{tracemalloc.get_traced_memory()[0] / 100_000:.0f}"])
        tracemalloc.stop()
        del y
    print_table("size of a graph (a Value with its numbers, as tracemalloc counts)", ["", "bytes a node"], rows)


def model_step() -> Callable[[], float]:
    """The training step with `nn.MLP`, from the numbers that all the peers begin with."""
    points, labels = moons(100)
    model = MLP(2, [16, 16, 1], rng=random.Random(1))
    parameters = model.parameters()

    def step() -> float:
        terms = [(1 + -label * model(point)).relu() for point, label in zip(points, labels, strict=True)]
        total = sum(terms) * (1.0 / len(terms)) + 1e-4 * sum(p * p for p in parameters)
        model.zero_grad()
        total.backward()
        for p in parameters:
            p.data = p.data - 0.05 * p.grad
        return float(total.data)

    return step


def moons_step() -> None:
    steps = {
        "chalkgrad, neurons as dot products": training_step(Value, dot),
        "chalkgrad, neurons as written sums": training_step(Value, written_sum),
        "slots and local gradients, written sums": training_step(LocalGradientsValue, written_sum),
    }
    steps |= {"chalkgrad, nn.MLP": model_step()}
    try:
        from micrograd.engine import Value as MicrogradValue
    except ImportError:
        print("\nmicrograd is not installed and is left out: pip install micrograd==0.1.0")
    else:
        steps["micrograd 0.1.0, written sums"] = training_step(MicrogradValue, written_sum)
    losses = {round(step(), 9) for step in steps.values()}
    assert len(losses) == 1, f"the peers disagree on the first loss: {losses}"
    found = shortest(steps, rounds=25)
    dots, sums = found["chalkgrad, neurons as dot products"], found["chalkgrad, neurons as written sums"]
    rows = [[name, f"{time * 1e3:.1f}", f"{time / sums:.2f}", f"{time / dots:.1f}"] for name, time in found.items()]
    header = ["moons, MLP 2-16-16-1, 100 points, hinge + L2", "ms a step", "against our sums", "against our dots"]
    print_table("one training step of micrograd's demo (CPU time, shortest; the same losses)", header, rows)


def main() -> None:
    sys.setrecursionlimit(100_000)  # for the peers, which sort their graphs recursively
    nodes()
    size()
    moons_step()


if __name__ == "__main__":
    main()
