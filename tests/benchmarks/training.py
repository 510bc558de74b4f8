"""Training: one epoch of micrograd's demo through `nn.fit`, beside micrograd's and PyTorch's."""

from __future__ import annotations

import random
from collections.abc import Callable

from peers import moons, print_table, seconds, training_step, written_sum

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


if __name__ == "__main__":
    main()
