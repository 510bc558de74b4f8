"""Handwritten digits: the training of the notebook beside PyTorch's, compiling included; and the whole notebook."""

from __future__ import annotations

import contextlib
import importlib
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peers import print_table, timed

from nn import MLP, datasets, evaluate, fit, optim

TRAINED, EPOCHS, BATCH = 1437, 40, 20


def shuffled() -> tuple[Any, Any]:
    """The digits in the order of the notebook."""
    pairs = list(zip(*datasets.digits(), strict=True))
    random.Random(0).shuffle(pairs)
    X, y = zip(*pairs, strict=True)
    return X, y


def start() -> MLP:
    return MLP(64, [32, 10], init="he", rng=random.Random(0))


def ours(X: Any, y: Any) -> Callable[[], float]:
    """Train, and return a function that gives the accuracy on the digits held out."""
    model = start()
    options = {"loss": "softmax_cross_entropy", "optimizer": optim.Adam(model.parameters(), lr=0.003)}
    fit(model, X[:TRAINED], y[:TRAINED], epochs=EPOCHS, batch_size=BATCH, progress=False, **options)  # type: ignore[arg-type]
    return lambda: evaluate(model, X[TRAINED:], y[TRAINED:], loss="softmax_cross_entropy").accuracy or 0.0


def torchs(X: Any, y: Any) -> Callable[[], float]:
    """The same with PyTorch: the same numbers at the start, the same batches, 64-bit floats, one thread."""
    import torch

    torch.set_num_threads(1)
    images, kinds = torch.tensor(X, dtype=torch.float64), torch.tensor(y)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    values = (torch.tensor(numbers, dtype=torch.float64) for numbers in start().state_dict().values())
    model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))
    adam, loss, rng = torch.optim.Adam(model.parameters(), lr=0.003), torch.nn.CrossEntropyLoss(), random.Random(0)
    for _ in range(EPOCHS):
        order = list(range(TRAINED))
        rng.shuffle(order)
        for batch in torch.tensor(order).split(BATCH):
            adam.zero_grad()
            loss(model(images[batch]), kinds[batch]).backward()
            adam.step()
    return lambda: (model(images[TRAINED:]).argmax(dim=1) == kinds[TRAINED:]).double().mean().item()


def notebook() -> Callable[[], float]:
    """The notebook in a kernel of its own; a function that gives the accuracy which it prints."""
    sys.path.append(str(Path(__file__).parent.parent))
    from run_notebooks import executed

    texts = [output.get("text", "") for cell in executed("11_digits").cells for output in cell.get("outputs", [])]
    (share,) = re.findall(r"held out: .* accuracy ([\d.]+)%", "".join(texts))
    return lambda: float(share) / 100


def main() -> None:
    X, y = shuffled()
    with contextlib.suppress(ImportError):
        importlib.import_module("torch")  # which takes as long as some epochs
    ways: dict[str, Callable[[], Callable[[], float]]] = {
        "chalkgrad, nn.fit, with compiling": lambda: ours(X, y),
        "PyTorch, matrices": lambda: torchs(X, y),
        "the whole notebook, with its kernel and its pictures": notebook,
    }
    rows: list[list[str]] = []
    first = 0.0
    for name, train in ways.items():
        try:
            accuracy, time = timed(train)
        except ImportError as error:
            print(f"\n{name} is left out: {error}")
            continue
        first = first or time
        rows.append([name, f"{time:.2f}", f"{accuracy():.1%}", f"{time / first:.3g}"])
    header = [f"digits, MLP 64-32-10, {EPOCHS} epochs in batches of {BATCH}", "CPU s", "held out", "against nn.fit"]
    print_table("handwritten digits, 1,437 to learn from and 360 held out (one run)", header, rows)


if __name__ == "__main__":
    main()
