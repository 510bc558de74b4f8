"""Optimisers, which change parameters against their gradients, and schedules, which change the learning rate.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> optimizer = SGD([x], lr=0.1)
>>> (x ** 2).backward()
>>> optimizer.step()
>>> round(x.data, 12)
2.4
"""

from nn.optim.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, trajectory
from nn.optim.schedules import ConstantLR, CosineAnnealingLR, LinearLR, Schedule, StepLR

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "ConstantLR",
    "CosineAnnealingLR",
    "LinearLR",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "StepLR",
    "trajectory",
]
