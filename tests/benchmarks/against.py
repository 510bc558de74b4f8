"""This tree against another checkout, in one run: `python tests/benchmarks/against.py ../other-checkout`.

Both trees are measured in processes of their own, in turn, so that a change of the machine's speed meets both. Other
work only ever adds to a time, so the shortest counts.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from peers import cpu_time, print_table

ROUNDS = 5


def best(function: Callable[[], object], least: float = 0.3) -> float:
    """The shortest time of a call, of as many as fit into `least` seconds."""
    function()
    found, end = float("inf"), cpu_time() + least
    while cpu_time() < end:
        start = cpu_time()
        function()
        found = min(found, cpu_time() - start)
    return found


def measured() -> dict[str, float]:
    """Seconds of each piece of work, with what both trees offer their users."""
    from engine import chain
    from peers import moons, training_step

    from autograd import Value, compile, dot, draw, explain, formula, gradients, hvp, logsumexp
    from nn import MLP, fit, losses

    def network(width: int, count: int) -> tuple[MLP, Value]:
        model = MLP(2, [width, width, 1], activation="tanh", rng=random.Random(1))
        points, labels = moons(count)
        targets = [label > 0 for label in labels]
        return model, losses.binary_cross_entropy_with_logits([model(point) for point in points], targets)

    points, labels = moons(100)
    graph = chain(20_000)
    (model, small), large = network(4, 5), network(8, 20)
    weight = model.parameters()[0]
    weights = [[random.Random(1).uniform(-1, 1) for _ in range(20)] for _ in range(20)]
    row = [0.1 * i for i in range(20)]
    x = Value(0.5, "x")

    def train() -> object:
        model = MLP(2, [8, 8, 1], rng=random.Random(1))
        return fit(model, points, labels, loss="hinge", epochs=2, compiled=False, progress=False)

    def compiled() -> object:
        z = x
        for _ in range(150):
            z = (z * z + x).tanh()
        return compile(z, [x], backend="llvm")(0.25)

    def values() -> object:
        return gradients(gradients(large[1], large[0].parameters())[3], large[0].parameters())

    def curvature() -> object:
        return hvp(lambda w: sum((dot(r, row) * dot(r, w) - logsumexp(w) for r in weights), 0.0), (row,), (row,))

    return {
        "import autograd": best(lambda: subprocess.run([sys.executable, "-c", "import autograd"], check=True), 1.0),
        "training step, neurons as dot products": best(training_step(Value, dot)),
        "graph of 20,000 nodes": best(lambda: chain(20_000)),
        "its sweep": best(lambda: graph.backward()),
        "two epochs of fit on graphs": best(train),
        "explain": best(lambda: str(explain(small))),
        "explain in LaTeX": best(lambda: explain(small).latex),
        "explain of one variable": best(lambda: str(explain(small, wrt=[weight]))),
        "formula of a derivative": best(lambda: formula(small, wrt=weight)),
        "draw, as DOT": best(lambda: draw(small).graph.source),
        "gradients of gradients": best(values),
        "hvp": best(curvature),
        "compile: listing": best(lambda: compile(large[1], [], large[0].parameters()).source, 1.0),
        "compile: machine code and first call": best(compiled, 1.0),
    }


def main(other: str) -> None:
    trees = {"this": Path(__file__).parents[2], "other": Path(other).resolve()}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for _ in range(ROUNDS):
        for name, tree in trees.items():
            environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{Path(__file__).parent}"}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever imports twice has the byte code
            done = subprocess.run(
                [sys.executable, __file__], env=environment, capture_output=True, text=True, check=True
            )
            rounds[name].append(json.loads(done.stdout))
    rows = []
    for what in rounds["this"][0]:
        here, there = (min(found[what] for found in rounds[name]) for name in trees)
        rows.append([what, f"{here * 1e3:.2f}", f"{there * 1e3:.2f}", f"{here / there:.2f}"])
    title = f"this tree against another (the shortest times of {ROUNDS} rounds in turn)"
    print_table(title, ["", "ms here", "ms there", "here / there"], rows)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(sys.argv[1])
    elif len(sys.argv) == 1:
        print(json.dumps(measured()))
    else:
        sys.exit("usage: python tests/benchmarks/against.py OTHER_CHECKOUT")
