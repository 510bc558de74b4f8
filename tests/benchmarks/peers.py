"""What the engine is measured against, and how. To be imported before NumPy: all peers have one thread."""

from __future__ import annotations

import gc
import math
import os
import random
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


class LocalGradientsValue:
    """The other common form of a scalar Value: slots, and the local gradients stored when the node is made."""

    __slots__ = ("_locals", "_operands", "data", "grad")

    def __init__(self, data, operands=(), local_gradients=()):  # type: ignore[no-untyped-def]
        self.data = data
        self.grad = 0
        self._operands = operands
        self._locals = local_gradients

    def __add__(self, other):  # type: ignore[no-untyped-def]
        other = other if isinstance(other, LocalGradientsValue) else LocalGradientsValue(other)
        return LocalGradientsValue(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):  # type: ignore[no-untyped-def]
        other = other if isinstance(other, LocalGradientsValue) else LocalGradientsValue(other)
        return LocalGradientsValue(self.data * other.data, (self, other), (other.data, self.data))

    def relu(self):  # type: ignore[no-untyped-def]
        return LocalGradientsValue(max(0, self.data), (self,), (float(self.data > 0),))

    def __pow__(self, power):  # type: ignore[no-untyped-def]
        return LocalGradientsValue(self.data**power, (self,), (power * self.data ** (power - 1),))

    def exp(self):  # type: ignore[no-untyped-def]
        result = math.exp(self.data)
        return LocalGradientsValue(result, (self,), (result,))

    def log(self):  # type: ignore[no-untyped-def]
        return LocalGradientsValue(math.log(self.data), (self,), (1 / self.data,))

    def __neg__(self):  # type: ignore[no-untyped-def]
        return self * -1

    def __sub__(self, other):  # type: ignore[no-untyped-def]
        return self + -other

    def __truediv__(self, other):  # type: ignore[no-untyped-def]
        return self * other**-1

    def __radd__(self, other):  # type: ignore[no-untyped-def]
        return self + other

    def __rmul__(self, other):  # type: ignore[no-untyped-def]
        return self * other

    def backward(self) -> None:
        order: list[LocalGradientsValue] = []
        seen = set()

        def build(node: LocalGradientsValue) -> None:
            if node not in seen:
                seen.add(node)
                for operand in node._operands:
                    build(operand)
                order.append(node)

        build(self)
        self.grad = 1
        for node in reversed(order):
            for operand, local in zip(node._operands, node._locals, strict=True):
                operand.grad += local * node.grad


def moons(count: int, seed: int = 0) -> tuple[list[list[float]], list[int]]:
    """Two interleaved half circles with noise, labelled -1 and 1."""
    rng = random.Random(seed)
    points, labels = [], []
    for index in range(count):
        angle = math.pi * rng.random()
        x, y = (math.cos(angle), math.sin(angle)) if index % 2 else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
        labels.append(1 if index % 2 else -1)
    return points, labels


def network(
    value: Callable[[float], object], neuron: Callable[..., object]
) -> tuple[list[object], Callable[..., object]]:
    """The parameters of an MLP 2-16-16-1 and the function that applies it, with the same numbers for every peer."""
    rng = random.Random(1)
    layers = []
    for inputs, outputs in ((2, 16), (16, 16), (16, 1)):
        layers.append([([value(rng.uniform(-1, 1)) for _ in range(inputs)], value(0.0)) for _ in range(outputs)])

    def apply(x: list[object]) -> object:
        for layer in layers[:-1]:
            x = [neuron(w, x, b).relu() for w, b in layer]
        (w, b) = layers[-1][0]
        return neuron(w, x, b)

    return [p for layer in layers for w, b in layer for p in (*w, b)], apply


def written_sum(w, x, b):  # type: ignore[no-untyped-def]
    """A neuron as micrograd writes it."""
    return sum((wi * xi for wi, xi in zip(w, x, strict=True)), b)


def training_step(value: Callable[[float], object], neuron: Callable[..., object]) -> Callable[[], float]:
    """One step of micrograd's demo: 100 points, hinge loss, L2 penalty, backward, update; it returns the loss."""
    points, labels = moons(100)
    parameters, apply = network(value, neuron)

    def step() -> float:
        scores = [apply([value(x) for x in point]) for point in points]
        losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0.0
        total.backward()
        for p in parameters:
            p.data = p.data - 0.05 * p.grad
        return total.data

    return step


def seconds(functions: dict[str, Callable[[], object]], rounds: int, loop: int = 1) -> dict[str, float]:
    """The median time of a call of each function, their runs interleaved so that a slow spell hits all alike.

    Each run is `loop` calls on end, as in training: what a call leaves to the garbage collector is paid for there.
    """
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(loop):
                function()
            times[name].append((time.perf_counter() - start) / loop)
    return {name: statistics.median(found) for name, found in times.items()}


def cpu_time() -> float:
    """The processor's seconds so far, those of ended children included: other work on the machine does not count."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the processor's seconds that it took."""
    start = cpu_time()
    made = make()
    return made, cpu_time() - start


def shortest(functions: dict[str, Callable[[], object]], rounds: int = 9, least: float = 0.01) -> dict[str, float]:
    """The shortest time of a call of each, in the processor's seconds.

    A round takes a run of each function in turn, so that a slow spell hits all alike; a run is as many calls as take
    `least` seconds, and what takes a third of a second has three runs.
    """
    loops = {name: max(1, int(least / max(timed(function)[1], 1e-6))) for name, function in functions.items()}
    found = dict.fromkeys(functions, math.inf)
    for number in range(rounds):
        for name, function in functions.items():
            if number < 3 or found[name] < 0.3:
                calls = range(loops[name])
                gc.collect()  # what another has left behind is not this one's
                start = time.process_time()
                for _ in calls:
                    function()
                found[name] = min(found[name], (time.process_time() - start) / len(calls))
    return found


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print(f"\n{title}")
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  " + "  ".join(cells))


def print_markdown(title: str, header: list[str], rows: list[list[str]]) -> None:
    print(f"\n**{title}**\n")
    for row in [header, ["---"] * len(header), *rows]:
        print(f"| {' | '.join(row)} |")
