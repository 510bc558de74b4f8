"""Neural networks on top of `autograd`: neurons, layers, multi-layer perceptrons, and what it takes to train them.

>>> import random
>>> from nn import MLP, fit, losses, optim
>>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
>>> model = MLP(1, [1], rng=random.Random(0))
>>> history = fit(model, X, y, loss="mean_squared_error", optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=200)
>>> round(model(3.0).data, 3)
7.0
"""

import autograd

if not hasattr(autograd, "walk"):  # the other package of this name has `primitive`, too
    where = autograd.__file__ or autograd.__path__[0]
    raise ImportError(
        f"nn needs the autograd of chalkgrad, but another package is in its place ({where}): "
        "pip uninstall autograd chalkgrad, then install chalkgrad again, best in an environment of its own"
    )

from nn import datasets, losses, optim, plot
from nn.film import playground
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.training import DivergenceError, Epoch, History, Score, evaluate, fit

__all__ = ["MLP", "DivergenceError", "Epoch", "History", "Layer", "Module", "Neuron", "Score", "evaluate", "fit"]
__all__ += ["datasets", "losses", "optim", "playground", "plot"]


def __dir__() -> list[str]:
    """What users use, and what every module has."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
