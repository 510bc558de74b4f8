"""What may be given to `fit` and `evaluate`, and what is said when it may not."""

from __future__ import annotations

import warnings
from typing import Any

from nn.losses import LOSSES, Loss
from nn.module import Module
from nn.optim import SGD, Optimizer
from nn.settings import check_model

_FUNCTIONS = {
    "penalty": "such as lambda model: l2_penalty(model, 1e-4)",
    "right": "such as lambda prediction, target: abs(prediction.data - target) < 0.5",
    "on_epoch": "such as lambda epoch: print(epoch.loss)",
}


def loss_function(loss: str | Loss) -> Loss:
    """The loss of a name, or a function as it is."""
    function = LOSSES.get(loss) if isinstance(loss, str) else loss
    if not callable(function):
        raise ValueError(f"loss {loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function")
    return function


def told(loss: Any, kind: Any) -> Any:
    """What a loss gives, if it is of the kind."""
    if not isinstance(loss, kind):
        raise TypeError(f"the loss is {loss!r}, not a Value: it and the model compute with Values, not with their data")
    return loss


def check_functions(**given: Any) -> None:
    """Raise TypeError for what should be a function, if it is given, and is none."""
    for name, function in given.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name} is a function, not {function!r}: {_FUNCTIONS[name]}")


def optimizer_of(model: Any, optimizer: Any) -> Optimizer:
    """The optimiser, if it can train the model; a warning where it trains only a part of it."""
    check_model(model)
    if optimizer is None and not hasattr(model, "parameters"):
        raise TypeError(f"the parameters of {model!r} are not known: give an optimizer, made from a list of them")
    if optimizer is None:
        return SGD(model.parameters(), lr=0.1)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"the optimizer is made from parameters, optim.Adam(model.parameters()); this is {optimizer!r}")
    trained = {*optimizer.parameters}
    if not isinstance(model, Module) or trained.issuperset(model.parameters()):
        return optimizer
    named = model.named_parameters()
    others = [name for name, parameter in named if parameter not in trained]
    make = f"optim.{type(optimizer).__name__}(model.parameters(), lr={optimizer.param_groups[0]['lr']:g})"
    if len(others) == len(named):
        raise ValueError(f"the optimizer has none of the model's {len(named):,} parameters: make it anew, with {make}")
    warnings.warn(
        f"the optimizer has {len(named) - len(others):,} of the model's {len(named):,} parameters, and the others, "
        f"such as {others[0]}, stay as they are: to train all, make it with {make}",
        stacklevel=3,
    )
    return optimizer
