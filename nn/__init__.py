"""Neural networks on top of `autograd`: neurons, layers, multi-layer perceptrons, and what it takes to train them.

>>> import random
>>> from nn import MLP, fit, losses, optim
>>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
>>> model = MLP(1, [1], rng=random.Random(0))
>>> history = fit(model, X, y, loss="mean_squared_error", optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=200)
>>> round(model(3.0).data, 3)
7.0
"""

import importlib
from typing import TYPE_CHECKING

import autograd

if not hasattr(autograd, "walk"):  # the other package of this name has `primitive`, too
    where = autograd.__file__ or autograd.__path__[0]
    raise ImportError(
        f"nn needs the autograd of chalkgrad, but another package is in its place ({where}): "
        "pip uninstall autograd chalkgrad, then install chalkgrad again, best in an environment of its own"
    )

from nn import datasets, losses, optim
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.training import DivergenceError, Epoch, History, Score, evaluate, fit

if TYPE_CHECKING:
    from nn import plot
    from nn.film import playground

__all__ = ["MLP", "DivergenceError", "Epoch", "History", "Layer", "Module", "Neuron", "Score", "evaluate", "fit"]
__all__ += ["datasets", "losses", "optim", "playground", "plot"]

if not TYPE_CHECKING:  # else every name would be there, and of no type

    def __getattr__(name: str) -> object:
        if name == "plot":
            return importlib.import_module("nn.plot")
        if name == "playground":
            return importlib.import_module("nn.film").playground
        raise AttributeError(f"module 'nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What users use, and what every module has."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
