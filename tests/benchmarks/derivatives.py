"""Derivatives: what a gradient costs, backward and forward, and a Hessian times a vector, as multiples of the function;
small calls, and a derivative at each step of a loop inside a derivative.

HIPS autograd has our package's name, so that it is measured in a process of its own: HIPS_AUTOGRAD names the folder in
which it is, from `pip install --target FOLDER autograd`.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peers import print_table, seconds, shortest

from autograd import Value, dot, exp, grad, hessian, hvp, jvp, logsumexp, sin, tanh, value_and_grad, vjp


def rosenbrock(x: list[Any]) -> Any:
    y = 0.0
    for a, b in zip(x, x[1:] + x[:1], strict=True):
        y = y + 100 * (b - a**2) ** 2 + (1 - a) ** 2
    return y


def waves(x: list[Any]) -> Any:
    y = 1.0
    for a in x:
        y = y * sin(a) + exp(-a * a)
    return y


def network(x: list[Any]) -> Any:
    """A loss of a layer of 8 tanh neurons, whose weights come from x in turn, for ten examples."""
    rng = random.Random(2)
    rows = [[x[(8 * i + j) % len(x)] for j in range(8)] for i in range(8)]
    y = 0.0
    for _ in range(10):
        inputs = [rng.uniform(-1, 1) for _ in range(8)]
        a = [tanh(dot(row, inputs)) for row in rows]
        y = y + (dot(a, a) - 1) ** 2
    return y


def classifier(hidden: int) -> Callable[[list[Any]], Any]:
    """Softmax cross-entropy of a network 2-hidden-hidden-3, its weights and biases in one list, on ten points."""
    layers, rng = ((2, hidden), (hidden, hidden), (hidden, 3)), random.Random(3)
    points = [([rng.uniform(-1, 1), rng.uniform(-1, 1)], rng.randrange(3)) for _ in range(10)]

    def loss(parameters: list[Any]) -> Any:
        total: Any = 0.0
        for point, label in points:
            supply, a = iter(parameters), point
            for inputs, outputs in layers:
                z = [dot([next(supply) for _ in range(inputs)], a, next(supply)) for _ in range(outputs)]
                a = [tanh(x) for x in z]
            total = total + logsumexp(z) - z[label]
        return total / len(points)

    return loss


def forward_gradient(f: Callable[..., Any], x: list[float]) -> list[float]:
    """The gradient by forward mode: a sweep for each argument."""
    units = ([float(place == index) for place in range(len(x))] for index in range(len(x)))
    return [jvp(f, (x,), (unit,))[1] for unit in units]


def against_the_function() -> None:
    """One sweep of each kind. The hvp takes at most 6 times the function from some hundreds of operations on."""
    rows = []
    for name, f, counts in (
        ("Rosenbrock", rosenbrock, (1, 10, 100, 1000)),
        ("waves", waves, (1, 10, 100, 1000)),
        ("network", network, (64,)),
        ("softmax cross-entropy, 2-20-20-3", classifier(20), (543,)),
        ("softmax cross-entropy, 2-32-32-3", classifier(32), (1251,)),
    ):
        for n in counts:
            rng = random.Random(1)
            x, v = [rng.uniform(0.5, 1.5) for _ in range(n)], [1.0] * n
            calls = {
                "function": lambda f=f, x=x: f([Value(a) for a in x]),
                "reverse": lambda f=f, x=x: grad(f)(x),
                "jvp": lambda f=f, x=x, v=v: jvp(f, (x,), (v,)),
                "hvp": lambda f=f, x=x, v=v: hvp(f, (x,), (v,)),
            }  # fmt: skip
            found = seconds(calls, rounds=7, loop=max(1, 2000 // n // 10))
            forward = seconds({"forward": lambda f=f, x=x: forward_gradient(f, x)}, rounds=1 if n > 100 else 5)[
                "forward"
            ]
            base = found["function"]
            ratios = [found["reverse"] / base, forward / base, found["jvp"] / base, found["hvp"] / base]
            rows.append([name, f"{n:,}", f"{base * 1e6:,.0f}", *(f"{ratio:,.1f}" for ratio in ratios)])
    header = [
        "function of n arguments",
        "n",
        "µs a call",
        "gradient, reverse",
        "gradient, forward",
        "one jvp",
        "one hvp",
    ]
    print_table("derivatives, as multiples of the recorded function (medians)", header, rows)


def growth() -> None:
    """One sweep takes eight times as long for eight times the outputs (at most 9), a Hessian 64 times as long."""

    def outputs(x: list[Any]) -> list[Any]:
        return list(itertools.accumulate(sin(a) * a for a in x))

    rows = []
    for name, call, small, large in (
        ("jvp of n outputs", lambda x: jvp(outputs, (x,), ([1.0] * len(x),)), 100, 800),
        ("vjp of n outputs", lambda x: vjp(outputs, x)[1]([1.0] * len(x)), 100, 800),
        ("hvp of logsumexp over n", lambda x: hvp(logsumexp, (x,), ([1.0] * len(x),)), 100, 800),
        ("Hessian of logsumexp over n", hessian(logsumexp), 25, 200),
    ):
        calls = {str(n): lambda n=n, call=call: call([k / n for k in range(n)]) for n in (small, large)}
        before, after = seconds(calls, rounds=7, loop=3).values()
        counts, times = f"{small} and {large}", [f"{time * 1e3:.2f}" for time in (before, after)]
        rows.append([name, counts, *times, f"{after / before:.1f}"])
    print_table("growth (medians)", ["", "n", "ms, the smaller", "ms, the larger", "ratio"], rows)


def small_calls() -> None:
    """A few operations: `grad` takes at most twice what the same by hand does."""

    def by_hand(value: Callable[[float], Any], f: Callable[..., Any], numbers: list[float]) -> list[float]:
        x = [value(number) for number in numbers]
        f(*x).backward()
        return [each.grad for each in x]

    rows = []
    for name, f, numbers in (
        ("x * x", lambda x: x * x, [3.0]),
        ("(1 - x)^2 + 100 (y - x^2)^2", lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, [3.0, 2.0]),
    ):
        every = tuple(range(len(numbers))) if len(numbers) > 1 else 0
        slope, both = grad(f, every), value_and_grad(f, every)
        calls: dict[str, Callable[[], object]] = {
            "by hand": lambda f=f, numbers=numbers: by_hand(Value, f, numbers),
            "grad": lambda slope=slope, numbers=numbers: slope(*numbers),
            "value_and_grad": lambda both=both, numbers=numbers: both(*numbers),
        }  # fmt: skip
        try:
            from micrograd.engine import Value as Micrograd
        except ImportError:
            print("micrograd is left out: it is not installed")
        else:
            calls["micrograd, by hand"] = lambda f=f, numbers=numbers: by_hand(Micrograd, f, numbers)
        for call in calls.values():
            call()  # what is made once is made now
        found = shortest(calls, rounds=25)
        rows += [[name, way, f"{time * 1e6:.1f}", f"{time / found['by hand']:.2f}"] for way, time in found.items()]
    print_table("small calls", ["function", "its gradient", "µs", "by ours by hand"], rows)


def in_a_loop() -> None:
    """The particle of gradbench: ours in at most the time of HIPS autograd, and linear in the steps."""

    def run(path: str, *lengths: float) -> list[tuple[int, float, float]]:
        environment = {**os.environ, "PYTHONPATH": path}
        command = [sys.executable, str(Path(__file__).with_name("particle.py")), *map(str, lengths)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return [tuple(each) for each in json.loads(done.stdout)]

    few, many = run(str(Path(__file__).parents[2]), 0.1, 0.01)
    rows = [[f"ours, {steps:,} steps", f"{time:.3f}", f"{time / few[2]:.2f}"] for steps, _, time in (few, many)]
    folder = os.environ.get("HIPS_AUTOGRAD", "")
    if folder:
        ((steps, derivative, time),) = run(folder, 0.1)
        assert steps == few[0]
        assert math.isclose(derivative, few[1], rel_tol=1e-10), (derivative, few)
        rows.append([f"HIPS autograd, {steps:,} steps", f"{time:.3f}", f"{time / few[2]:.2f}"])
    else:
        print("HIPS autograd is left out: HIPS_AUTOGRAD names no folder with it")
    print_table("a derivative at each step of a loop inside a derivative", ["particle", "s", "by ours"], rows)


def main() -> None:
    against_the_function()
    growth()
    small_calls()
    in_a_loop()


if __name__ == "__main__":
    main()
