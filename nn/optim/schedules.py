"""Schedules, which change an optimiser's learning rate: names, defaults and formulas are PyTorch's.

Each goes on from the learning rate it finds. So two of them on one optimiser multiply, and one set by hand holds:

>>> from autograd import Value
>>> from nn.optim import SGD
>>> optimizer = SGD([Value(1.0)], lr=0.5)
>>> warm_up, decay = LinearLR(optimizer, start_factor=0.5, total_iters=2), StepLR(optimizer, step_size=2)
>>> for _ in range(2):
...     warm_up.step()
...     decay.step()
>>> optimizer.lr
0.05
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from nn.optim.optimizers import Optimizer
from nn.settings import Settings, as_state, not_negative, positive, whole, whole_number


class Schedule(Settings):
    """Changes an optimiser's learning rate; `step()` once an epoch. One of your own says its `rate`."""

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule is made from an optimiser, StepLR(optimizer, 10), not from {optimizer!r}")
        self.optimizer = optimizer
        self.base = vars(optimizer).setdefault("initial_lr", optimizer.lr)
        self.start()

    def start(self) -> None:
        """Set the learning rate of epoch 0."""
        self.epoch = 0
        self.optimizer.lr = self.rate(0)

    def step(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        try:
            self.optimizer.lr = self.rate(self.epoch)
        except BaseException:
            self.epoch -= 1
            raise

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch, from 0, where `self.optimizer.lr` is that of the epoch before."""
        raise NotImplementedError(f"{type(self).__name__} has no rate(epoch): define the learning rate in an epoch")

    def state_dict(self) -> dict[str, Any]:
        """The settings and the epoch, in PyTorch's layout. The learning rate is in the state of the optimiser."""
        progress = {"base_lrs": [self.base], "last_epoch": self.epoch, "_step_count": self.epoch + 1}
        return {**self._settings(), **progress, "_last_lr": [self.optimizer.lr]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` has given, or that of PyTorch's schedule of the same name.

        Make the optimiser and the schedules first, then load the state of each. Raises ValueError for the state of
        another schedule, and TypeError or ValueError for what is no setting; nothing has then changed.
        """
        vars(self).update(self._loaded(state))

    def _settings(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("optimizer", "base", "epoch")}

    def _loaded(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes that a state stands for, checked."""
        given = {key: value for key, value in as_state(state).items() if str(key)[:1] != "_"}
        needed = self._settings().keys() | {"base_lrs", "last_epoch"}
        if given.keys() != needed:
            raise ValueError(f"the state of a {type(self).__name__} has {sorted(needed)}, not {sorted(given, key=str)}")
        bases, epoch = given.pop("base_lrs"), given.pop("last_epoch")
        if not isinstance(bases, list | tuple) or len(bases) != 1:
            raise ValueError(f"base_lrs is a list of one learning rate, not {bases!r}")
        if type(epoch) is not int or epoch < -1:
            raise ValueError(f"last_epoch is a whole number, not {epoch!r}")
        checked = {name: self.checked(name, value) for name, value in given.items()}
        return {**checked, "base": not_negative("base_lrs", bases[0]), "epoch": epoch}


class ConstantLR(Schedule):
    """`factor` times the learning rate for `total_iters` epochs, then all of it."""

    checks = Schedule.checks | {"factor": positive, "total_iters": whole}

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        change = self.factor if epoch == 0 else 1 / self.factor if epoch == self.total_iters else 1.0
        return self.optimizer.lr * change


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

    checks = Schedule.checks | {"step_size": whole, "gamma": not_negative}

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.optimizer.lr * (self.gamma if epoch and epoch % self.step_size == 0 else 1.0)


class LinearLR(Schedule):
    """From `start_factor` to `end_factor` times the learning rate in equal steps over `total_iters` epochs."""

    checks = Schedule.checks | {"start_factor": positive, "end_factor": not_negative, "total_iters": whole}

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        if epoch == 0:
            return self.optimizer.lr * self.start_factor
        if epoch > self.total_iters:
            return self.optimizer.lr
        rise = self.end_factor - self.start_factor
        return self.optimizer.lr * (1 + rise / (self.total_iters * self.start_factor + (epoch - 1) * rise))


class CosineAnnealingLR(Schedule):
    """Half a cosine from the learning rate down to `eta_min` over `T_max` epochs. Loshchilov & Hutter 2017."""

    checks = Schedule.checks | {"T_max": whole, "eta_min": not_negative}

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        lr = self.optimizer.lr
        if epoch == 0:
            return lr
        if (epoch - 1) % (2 * self.T_max) == self.T_max:  # up again from eta_min
            return float(lr + (self.base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2)
        before, now = (1 + math.cos(math.pi * at / self.T_max) for at in (epoch - 1, epoch))
        return now / before * (lr - self.eta_min) + self.eta_min


class SequentialLR(Schedule):
    """One schedule after another, each of which begins at its milestone with the learning rate of the beginning.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.5)
    >>> warm_up, decay = ConstantLR(optimizer, factor=0.5, total_iters=2), StepLR(optimizer, step_size=1)
    >>> schedule = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> for _ in range(3):
    ...     print(optimizer.lr, end=" ")
    ...     schedule.step()
    0.25 0.25 0.5
    >>> optimizer.lr
    0.05
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[Schedule], milestones: Sequence[int]) -> None:
        self.schedulers, self.milestones = list(schedulers), [whole_number("a milestone", m) for m in milestones]
        for schedule in self.schedulers:
            if not isinstance(schedule, Schedule) or isinstance(schedule, SequentialLR):
                raise TypeError(f"schedulers are a list of single schedules, and {schedule!r} is none")
            if schedule.optimizer is not optimizer:
                raise ValueError(f"the {type(schedule).__name__} in schedulers is of another optimiser")
        if len(self.milestones) != len(self.schedulers) - 1 or self.milestones != sorted({*self.milestones}):
            raise ValueError(
                f"{len(self.schedulers)} schedules need milestones between them, one less and rising, not {milestones}"
            )
        super().__init__(optimizer)

    def start(self) -> None:  # noqa: D102 - Schedule's
        for schedule in self.schedulers:
            schedule.epoch = -1
        super().start()

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        schedule = self.schedulers[bisect_right(self.milestones, epoch)]
        if epoch in (0, *self.milestones):
            self.optimizer.lr = self.base
            schedule.start()
        else:
            schedule.step()
        return self.optimizer.lr

    def state_dict(self) -> dict[str, Any]:  # noqa: D102 - Schedule's
        parts = [schedule.state_dict() for schedule in self.schedulers]
        progress = {"last_epoch": self.epoch, "_last_lr": [self.optimizer.lr]}
        return {"_milestones": [*self.milestones], **progress, "_schedulers": parts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102 - Schedule's
        milestones, parts, epoch = (as_state(state).get(key) for key in ("_milestones", "_schedulers", "last_epoch"))
        if not isinstance(parts, list | tuple) or milestones != self.milestones or len(parts) != len(self.schedulers):
            raise ValueError(f"this SequentialLR has the milestones {self.milestones}, and its state {milestones}")
        if type(epoch) is not int or epoch < 0:
            raise ValueError(f"last_epoch is a whole number, not {epoch!r}")
        changes = [schedule._loaded(part) for schedule, part in zip(self.schedulers, parts, strict=True)]
        for schedule, change in zip(self.schedulers, changes, strict=True):
            vars(schedule).update(change)
        self.epoch = epoch
