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

Names, defaults and update formulas are PyTorch's.
"""

from nn.optim.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, trajectory
from nn.optim.schedules import ConstantLR, CosineAnnealingLR, LinearLR, Schedule, SequentialLR, StepLR

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "trajectory"]
__all__ += ["ConstantLR", "CosineAnnealingLR", "LinearLR", "Schedule", "SequentialLR", "StepLR"]
