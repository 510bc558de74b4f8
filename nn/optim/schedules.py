"""Schedules, which change an optimiser's learning rate: names, defaults and formulas are PyTorch's."""

from __future__ import annotations

import math

from nn.optim.optimizers import Optimizer
from nn.settings import between


class Schedule:
    """Sets an optimiser's learning rate to a multiple of the one it began with; `step()` once an epoch."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.base = optimizer.lr
        self.epoch = 0
        optimizer.lr = self.rate(0)

    def step(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        self.optimizer.lr = self.rate(self.epoch)

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch, from 0."""
        return self.base * self.factor(epoch)

    def factor(self, epoch: int) -> float:
        """The multiple of the rate at the beginning."""
        raise NotImplementedError(f"{type(self).__name__} has no factor(epoch): define the multiple of the first rate")


class ConstantLR(Schedule):
    """`factor` times the learning rate for `total_iters` epochs, then all of it."""

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.constant, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.constant if epoch < self.total_iters else 1.0


class StepLR(Schedule):
    """The learning rate times `gamma` after every `step_size` epochs.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.5)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.1)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> optimizer.lr
    0.05
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = int(between("step_size", step_size, 1)), gamma
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return float(self.gamma ** (epoch // self.step_size))


class LinearLR(Schedule):
    """From `start_factor` to `end_factor` times the learning rate in equal steps over `total_iters` epochs."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = int(between("total_iters", total_iters, 1))
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:  # noqa: D102 - the class says it
        done = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


class CosineAnnealingLR(Schedule):
    """Half a cosine from the learning rate down to `eta_min` over `T_max` epochs. Loshchilov & Hutter 2017."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        self.period, self.lowest = int(between("T_max", T_max, 1)), eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.lowest + (self.base - self.lowest) * (1 + math.cos(math.pi * epoch / self.period)) / 2
