"""What the engine is measured against, and how."""

from __future__ import annotations

import gc
import math
import random
import statistics
import time
from collections.abc import Callable


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

    def __neg__(self):  # type: ignore[no-untyped-def]
        return self * -1

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


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    print(f"\n{title}")
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  " + "  ".join(cells))
