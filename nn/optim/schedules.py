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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from nn.optim.base import Optimizer
from nn.optim.groups import Group
from nn.settings import Settings, as_state, not_negative, positive, stated, whole


def _counted(name: str, given: Any) -> dict[int, int]:
    """How often each epoch stands in a list, if it is one of epochs; or that which says it."""
    if isinstance(given, Mapping):
        counts = {int(epoch): whole(f"{name}[{epoch!r}]", count) for epoch, count in given.items()}
        return {whole(name, epoch): count for epoch, count in counts.items()}
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise TypeError(f"{name} = {given!r} should be a list of epochs")
    return dict(Counter(whole(name, epoch) for epoch in given))


def groups_of(optimizer: Optimizer) -> list[Group]:
    """The groups of parameters, if it is an optimiser."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a schedule is made from an optimiser, StepLR(optimizer, 10), not from {optimizer!r}")
    return optimizer.param_groups


@contextmanager
def as_a_whole(changing: Sequence[dict[str, Any]]) -> Iterator[None]:
    """What fails within, be it by Ctrl-C, leaves these dicts as they were."""
    before = [dict(kept) for kept in changing]
    try:
        yield
    except BaseException:
        for kept, old in zip(changing, before, strict=True):
            for name in kept.keys() - old.keys():
                del kept[name]
            kept.update(old)
        raise


class Schedule(Settings):
    """Changes an optimiser's learning rate; `step()` once an epoch. One of your own says its `rate`.

    Each group of parameters has a rate of its own: while `rate` is asked for it, `lr` is that before, `base` the first.
    """

    lr: float
    base: float

    def __init__(self, optimizer: Optimizer) -> None:
        groups = groups_of(optimizer)
        self.optimizer = optimizer
        with as_a_whole(self._changing()):
            self.bases = [group.setdefault("initial_lr", group["lr"]) for group in groups]
            self.start()

    def __repr__(self) -> str:
        told = {**self._settings(), "epoch": self.epoch}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in told.items())})"

    def start(self) -> None:
        """Set the learning rate of epoch 0."""
        self.epoch = 0
        self._set_rates()

    def step(self) -> None:
        """Go on to the next epoch. Where that fails, nothing has changed."""
        count, known = len(self.optimizer.param_groups), len(self.bases)
        if count != known:
            raise ValueError(
                f"the optimiser has {count} groups, and this {type(self).__name__} {known}: make a new one"
            )
        with as_a_whole(self._changing()):
            self.epoch += 1
            self._set_rates()

    @property
    def last_epoch(self) -> int:
        """PyTorch's name for `epoch`."""
        return self.epoch

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch, from 0, where `self.lr` is that of the epoch before."""
        raise NotImplementedError(f"{type(self).__name__} has no rate(epoch): define the learning rate in an epoch")

    def get_last_lr(self) -> list[float]:
        """The learning rates that this schedule has set last, one for each group."""
        return [*self._last_lr]

    def _changing(self) -> list[dict[str, Any]]:
        """What a step changes: the attributes, and the settings of the groups."""
        return [vars(self), *(group.data for group in self.optimizer.param_groups)]

    def _set_rates(self) -> None:
        groups, found = self.optimizer.param_groups, []
        for place, group in enumerate(groups):
            self._place, self.lr, self.base = place, group["lr"], self.bases[place]
            found.append(self.optimizer.checked("lr", self.rate(self.epoch)))
        for group, lr in zip(groups, found, strict=True):
            group["lr"] = lr
        self._last_lr = found

    def state_dict(self) -> dict[str, Any]:
        """The settings and the epoch, in PyTorch's layout. The learning rate is in the state of the optimiser."""
        progress = {"base_lrs": [*self.bases], "last_epoch": self.epoch, "_step_count": self.epoch + 1}
        return {**self._settings(), **progress, "_last_lr": self.get_last_lr()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` has given, or that of PyTorch's schedule of the same name.

        Make the optimiser and the schedules first, then load the state of each. Raises ValueError for the state of
        another schedule, and TypeError or ValueError for what is no setting; nothing has then changed.
        """
        vars(self).update(self._loaded(state))

    def _settings(self) -> dict[str, Any]:
        others = ("optimizer", "base", "bases", "lr", "epoch")
        return {name: value for name, value in vars(self).items() if name not in others and name[:1] != "_"}

    def _loaded(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes that a state stands for, checked."""
        given = {key: value for key, value in as_state(state).items() if str(key)[:1] != "_"}
        needed = self._settings().keys() | {"base_lrs", "last_epoch"}
        if given.keys() != needed:
            raise ValueError(f"the state of a {type(self).__name__} has {sorted(needed)}, not {sorted(given, key=str)}")
        bases, epoch = self._rates("base_lrs", given.pop("base_lrs")), given.pop("last_epoch")
        if type(epoch) is not int or epoch < -1:
            raise ValueError(f"last_epoch is a whole number, not {epoch!r}")
        last = self._rates("_last_lr", state["_last_lr"]) if "_last_lr" in state else self._last_lr
        checked = {name: self.checked(name, value) for name, value in given.items()}
        return {**checked, "bases": bases, "epoch": epoch, "_last_lr": last}

    def _rates(self, name: str, given: Any) -> list[float]:
        """The learning rates in a state, if there is one for each group."""
        count = len(self.bases)
        if not isinstance(given, list | tuple) or len(given) != count:
            needed = "one learning rate" if count == 1 else f"{count} learning rates"
            raise ValueError(f"{name} is a list of {needed}, not {given!r}")
        return [not_negative(name, rate) for rate in given]


class ConstantLR(Schedule):
    """`factor` times the learning rate for `total_iters` epochs, then all of it."""

    checks = Schedule.checks | {"factor": positive, "total_iters": whole}

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        change = self.factor if epoch == 0 else 1 / self.factor if epoch == self.total_iters else 1.0
        return self.lr * change


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
        return self.lr * (self.gamma if epoch and epoch % self.step_size == 0 else 1.0)


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
            return self.lr * self.start_factor
        if epoch > self.total_iters:
            return self.lr
        # both are sums of what is not negative, so that rounding cannot make them so
        before, now = (self.start_factor * (self.total_iters - at) + self.end_factor * at for at in (epoch - 1, epoch))
        return self.lr * (now / before)


class CosineAnnealingLR(Schedule):
    """Half a cosine from the learning rate down to `eta_min` over `T_max` epochs. Loshchilov & Hutter 2017."""

    checks = Schedule.checks | {"T_max": whole, "eta_min": not_negative}

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        lr = self.lr
        if epoch == 0:
            return lr
        if (epoch - 1) % (2 * self.T_max) == self.T_max:  # up again from eta_min
            return float(lr + (self.base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2)
        before, now = (1 + math.cos(math.pi * at / self.T_max) for at in (epoch - 1, epoch))
        found = now / before * (lr - self.eta_min) + self.eta_min
        return 0.0 if -1e-12 * self.eta_min < found < 0 else found  # back at 0, below it by rounding


class MultiStepLR(Schedule):
    """The learning rate times `gamma` at each of the `milestones`, which are epochs."""

    checks = Schedule.checks | {"milestones": _counted, "gamma": not_negative}

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = cast(Mapping[int, int], milestones), gamma
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return float(self.lr * self.gamma ** self.milestones.get(epoch, 0))


class ExponentialLR(Schedule):
    """The learning rate times `gamma` after every epoch."""

    checks = Schedule.checks | {"gamma": not_negative}

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.lr * self.gamma if epoch else self.lr


class PolynomialLR(Schedule):
    """Down to 0 within `total_iters` epochs: the learning rate times (1 − epoch / total_iters) ** power."""

    checks = Schedule.checks | {"total_iters": whole, "power": not_negative}

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        if epoch == 0 or epoch > self.total_iters:
            return self.lr
        left = (1 - epoch / self.total_iters) / (1 - (epoch - 1) / self.total_iters)
        return float(self.lr * left**self.power)


class LambdaLR(Schedule):
    """The first learning rate times `lr_lambda(epoch)`; a list has one function for each group of parameters.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.5)
    >>> schedule = LambdaLR(optimizer, lambda epoch: 0.5 ** epoch)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]

    The functions are in no state: the schedule is made with them before its state is loaded.
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]
    ) -> None:
        count = len(groups_of(optimizer))
        given: list[Any] = [*lr_lambda] if isinstance(lr_lambda, list | tuple) else [lr_lambda] * count
        if len(given) != count:
            raise ValueError(f"lr_lambda is a list of {len(given)} functions, and the optimiser has {count} groups")
        for function in given:
            if not callable(function):
                raise TypeError(f"lr_lambda = {function!r} should be a function of the epoch")
        self._functions: list[Callable[[int], float]] = given
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.base * stated(f"lr_lambda({epoch})", self._functions[self._place](epoch))

    def state_dict(self) -> dict[str, Any]:  # noqa: D102 - Schedule's
        return {**super().state_dict(), "lr_lambdas": [None] * len(self._functions)}

    def _loaded(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return super()._loaded({key: value for key, value in as_state(state).items() if key != "lr_lambdas"})


class CosineAnnealingWarmRestarts(Schedule):
    """Half a cosine down to `eta_min`, again and again: over T_0 epochs, then each time `T_mult` times as many.

    Loshchilov & Hutter 2017.
    """

    checks = Schedule.checks | {
        "T_0": whole, "T_mult": whole, "eta_min": not_negative, "T_i": whole, "T_cur": not_negative,
    }  # fmt: skip

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - PyTorch's names
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
    ) -> None:
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        self.T_cur, self.T_i = epoch, self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        return self.eta_min + (self.base - self.eta_min) * (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
