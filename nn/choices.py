"""What may be chosen by name for a layer: the activation, and how the weights begin.

>>> ACTIVATIONS["relu"](Value(-2.0)).data, ACTIVATIONS["linear"](Value(-2.0)).data
(0.0, -2.0)
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from autograd import (
    Value,
    elu,
    gelu,
    gelu_tanh,
    heaviside,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
)
from nn.rows import as_rows

Activation = str | Callable[[Value], Value]
Init = str | Callable[[int, int, random.Random], float] | Sequence[Any]


def linear(z: Value) -> Value:
    """z itself."""
    return z


def step(z: Value) -> Value:
    """1 where z is at least 0, else 0, as the perceptron has it; its derivative is 0 wherever it has one.

    >>> [step(Value(z)).data for z in (-0.1, 0.0, 2.0)]
    [0.0, 1.0, 1.0]
    """
    a: Value = heaviside(z, 1)
    return a


ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "relu": relu, "sigmoid": sigmoid, "tanh": tanh, "softplus": softplus, "linear": linear, "step": step,
    "leaky_relu": leaky_relu, "elu": elu, "selu": selu, "silu": silu, "gelu": gelu, "gelu_tanh": gelu_tanh,
    "mish": mish, "softsign": softsign, "log_sigmoid": log_sigmoid,
}  # fmt: skip

KNOWN = frozenset(ACTIVATIONS.values())  # whose results have no names yet

# The weight from one of `inputs` to one of `outputs` neurons. Xavier: Glorot & Bengio 2010. He: He et al. 2015, for
# relu and what is like it (leaky_relu, silu, gelu, mish). LeCun: LeCun et al. 1998, for selu (Klambauer et al. 2017).
INITS: dict[str, Callable[[int, int, random.Random], float]] = {
    "uniform": lambda inputs, outputs, rng: rng.uniform(-1, 1),
    "xavier": lambda inputs, outputs, rng: rng.uniform(-1, 1) * math.sqrt(6 / (inputs + outputs)),
    "he": lambda inputs, outputs, rng: rng.gauss(0, math.sqrt(2 / inputs)),
    "lecun": lambda inputs, outputs, rng: rng.gauss(0, math.sqrt(1 / inputs)),
    "zeros": lambda inputs, outputs, rng: 0.0,
}


def chosen(what: str, choice: Any, table: dict[str, Any]) -> Any:
    """The function of a name in a table, or one that was given itself."""
    if isinstance(choice, str):
        if choice not in table:
            raise ValueError(f"{what} {choice!r} is not known: choose from {', '.join(table)}, or give a function")
        return table[choice]
    if not callable(choice):
        raise TypeError(f"{what} is a name ({', '.join(table)}) or a function, not {choice!r}")
    return choice


def activation_name(activation: Activation) -> str:
    """What an activation is called: its own name if it was given as one."""
    return activation if isinstance(activation, str) else getattr(activation, "__name__", type(activation).__name__)


def for_each(name: str, given: Any, count: int, whom: str) -> list[Any]:
    """The given thing once for each of so many, or the list that has one for each."""
    single = isinstance(given, str | Real) or callable(given)
    return [given] * count if single else as_many(name, given, count, whom)


def as_many(name: str, given: Any, count: int, whom: str) -> list[Any]:
    """The things in a list, if there are so many."""
    things = [*as_rows(name, given)]
    if len(things) != count:
        raise ValueError(f"{name} is a list of {len(things)}, and {whom} needs one of {count}")
    return things
