"""Optimisers, which change parameters against their gradients, and schedules, which change the learning rate.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> optimizer = SGD([x], lr=0.1, momentum=0.9)
>>> for _ in range(100):
...     optimizer.zero_grad()
...     (x ** 2).backward()
...     optimizer.step()
>>> abs(x.data) < 0.02
True

Names, defaults, the order of options and update formulas are PyTorch's. Read in this order:

groups       parameters, and the settings they are changed with
base         what all optimisers share: the step, the state
optimizers   a formula each
moments      those of Adam and its kin
schedules    a learning rate for each epoch
courses      schedules of several phases, and one that looks at the loss
"""

from nn.optim.base import Optimizer, trajectory
from nn.optim.courses import OneCycleLR, ReduceLROnPlateau, SequentialLR
from nn.optim.groups import Group
from nn.optim.moments import Adam, Adamax, AdamW, NAdam, RAdam
from nn.optim.optimizers import SGD, Adadelta, Adagrad, RMSprop
from nn.optim.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    Schedule,
    StepLR,
)

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop"]
__all__ += ["OPTIMIZERS", "Group", "Optimizer", "trajectory"]
__all__ += ["ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ExponentialLR", "LambdaLR", "LinearLR"]
__all__ += ["MultiStepLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "Schedule", "SequentialLR", "StepLR"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__.lower(): kind for kind in (SGD, RMSprop, Adam, AdamW, Adagrad, Adadelta, Adamax, NAdam, RAdam)
}


def __dir__() -> list[str]:
    """What users use, and what every module has."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
