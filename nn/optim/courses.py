"""Schedules of several phases, and one that looks at the loss: names, defaults and formulas are PyTorch's."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

from autograd import Value
from nn.optim.base import Optimizer
from nn.optim.groups import Group
from nn.optim.schedules import Schedule, as_a_whole, groups_of
from nn.settings import as_state, count, flag, not_negative, one_of, positive, share, whole, whole_number

Rates = float | Sequence[float]
_ANNEALINGS = one_of("cos", "linear")


def _for_each(name: str, given: Any, groups: Sequence[Group], check: Callable[[str, Any], float]) -> list[float]:
    """The number for each of the groups, or a list that has one for each."""
    if not isinstance(given, list | tuple):
        return [check(name, given)] * len(groups)
    if len(given) != len(groups):
        raise ValueError(f"{name} is a list of {len(given)}, and the optimiser has {len(groups)} groups")
    return [check(f"{name}[{index}]", number) for index, number in enumerate(given)]


class OneCycleLR(Schedule):
    """Up to `max_lr` within the share `pct_start` of all steps, then far down; a momentum goes the other way.

    It begins at max_lr / div_factor and ends at that over final_div_factor. `step()` is called after every batch, or
    after every epoch, where `total_steps` counts these. The momentum, or the first of the `betas`, goes from
    `max_momentum` to `base_momentum` and back. Smith & Topin 2018.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)])
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=4, pct_start=0.5, anneal_strategy="linear")
    >>> for _ in range(3):
    ...     print(f"{optimizer.lr:.2f}, {optimizer.momentum:.2f}", end="; ")
    ...     schedule.step()
    0.04, 0.95; 1.00, 0.85; 0.50, 0.90;
    """

    checks = Schedule.checks | {"total_steps": whole, "cycle_momentum": flag, "use_beta1": flag}

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Rates,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Rates = 0.85,
        max_momentum: Rates = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        groups = groups_of(optimizer)
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
        if total_steps is None:
            total_steps = whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)
        self.total_steps, self.cycle_momentum = total_steps, cycle_momentum
        rise = share("pct_start", pct_start) * self.total_steps - 1
        lrs, momenta = ["initial_lr", "max_lr", "min_lr"], ["max_momentum", "base_momentum", "max_momentum"]
        self._ends = [rise, self.total_steps - 1.0]
        if flag("three_phase", three_phase):
            self._ends, lrs, momenta = [rise, 2 * rise, self._ends[-1]], [*lrs[:2], *lrs[::2]], [*momenta, momenta[0]]
        self._of_phases = {"lr": lrs, "momentum": momenta}
        self._anneal = _ANNEALINGS("anneal_strategy", anneal_strategy)
        most = _for_each("max_lr", max_lr, groups, not_negative)
        first = [lr / positive("div_factor", div_factor) for lr in most]
        last = [lr / positive("final_div_factor", final_div_factor) for lr in first]
        kept = {"initial_lr": first, "max_lr": most, "min_lr": last}
        if cycle_momentum:
            self.use_beta1 = "betas" in groups[0]
            if not self.use_beta1 and "momentum" not in groups[0]:
                raise ValueError(f"{type(optimizer).__name__} has no momentum to change: write cycle_momentum=False")
            kept["max_momentum"] = _for_each("max_momentum", max_momentum, groups, share)
            kept["base_momentum"] = _for_each("base_momentum", base_momentum, groups, share)
        with as_a_whole([group.data for group in groups]):
            for name, numbers in kept.items():
                for group, number in zip(groups, numbers, strict=True):
                    group[name] = number
            super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        if epoch > self.total_steps:
            raise ValueError(f"the total_steps = {self.total_steps} of OneCycleLR are over: make a new one")
        lr = self._between("lr", epoch, self.optimizer.param_groups[self._place])
        return max(0.0, lr)  # after the last step, which is beyond the end, PyTorch's may be below 0

    def _between(self, kind: str, epoch: int, group: Group) -> float:
        """The learning rate, or the momentum, between those at the ends of a phase."""
        phase = min(bisect_left(self._ends, epoch), len(self._ends) - 1)
        names = self._of_phases[kind]
        start, end = group[names[phase]], group[names[phase + 1]]
        begins = self._ends[phase - 1] if phase else 0.0
        length = self._ends[phase] - begins
        way = (epoch - begins) / length if length else 1.0
        if self._anneal == "linear":
            return float(start + (end - start) * way)
        return float(end + (start - end) / 2 * (math.cos(math.pi * way) + 1))

    def _set_rates(self) -> None:
        super()._set_rates()
        for group in self.optimizer.param_groups if self.cycle_momentum else ():
            low, high = sorted((group["base_momentum"], group["max_momentum"]))
            momentum = min(max(low, self._between("momentum", self.epoch, group)), high)  # also beyond the end
            name, value = ("betas", (momentum, group["betas"][1])) if self.use_beta1 else ("momentum", momentum)
            group[name] = value


class ReduceLROnPlateau(Schedule):
    """The learning rate times `factor` where a loss has not become smaller for more than `patience` epochs.

    `step` is given the loss. It counts as smaller than the best if it is by `threshold`, a share of the best, or with
    `threshold_mode="abs"` a number; with `mode="max"` larger is better. After a change `cooldown` epochs are not looked
    at, no rate falls below `min_lr`, and none changes by less than `eps`.

    >>> from autograd import Value
    >>> from nn.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.5)
    >>> schedule = ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> optimizer.lr
    0.05
    """

    checks = Schedule.checks | {
        "mode": one_of("min", "max"), "factor": share, "patience": count, "threshold": not_negative,
        "threshold_mode": one_of("rel", "abs"), "cooldown": count, "eps": not_negative,
        "cooldown_counter": count, "num_bad_epochs": count,
    }  # fmt: skip

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Rates = 0.0,
        eps: float = 1e-8,
    ) -> None:
        self.min_lrs = _for_each("min_lr", min_lr, groups_of(optimizer), not_negative)
        self.mode, self.factor, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.eps = threshold_mode, cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        if self.num_bad_epochs <= self.patience:
            return self.lr
        lower = max(self.lr * self.factor, self.min_lrs[self._place])
        return lower if self.lr - lower > self.eps else self.lr

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Go on to the next epoch, given the loss of this one."""
        current = metrics.data if isinstance(metrics, Value) else metrics
        if isinstance(current, bool) or not isinstance(current, Real):
            raise TypeError(f"ReduceLROnPlateau.step takes a number, such as the loss of an epoch, not {metrics!r}")
        with as_a_whole(self._changing()):
            if self._is_better(float(current)):
                self.best, self.num_bad_epochs = float(current), 0
            else:
                self.num_bad_epochs += 1
            if self.cooldown_counter:
                self.cooldown_counter -= 1
                self.num_bad_epochs = 0
            super().step()
            if self.num_bad_epochs > self.patience:
                self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        relative = self.threshold_mode == "rel"
        least = self.best * (1 - sign * self.threshold) if relative else self.best - sign * self.threshold
        return sign * current < sign * least

    def state_dict(self) -> dict[str, Any]:  # noqa: D102 - Schedule's
        kept = {name: kept for name, kept in super().state_dict().items() if name not in ("base_lrs", "_step_count")}
        return {**kept, "default_min_lr": None, "mode_worse": math.inf if self.mode == "min" else -math.inf}

    def _loaded(self, state: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: kept for name, kept in as_state(state).items() if name not in ("default_min_lr", "mode_worse")}
        found = super()._loaded({**given, "base_lrs": self.bases})
        found["min_lrs"] = _for_each("min_lrs", found["min_lrs"], self.optimizer.param_groups, not_negative)
        if isinstance(found["best"], bool) or not isinstance(found["best"], Real):
            raise TypeError(f"best = {found['best']!r} should be a number")
        return found


class SequentialLR(Schedule):
    """One schedule after another, each of which begins at its milestone with the learning rate of the beginning.

    >>> from autograd import Value
    >>> from nn.optim import SGD, ConstantLR, StepLR
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
            if not isinstance(schedule, Schedule) or isinstance(schedule, SequentialLR | ReduceLROnPlateau):
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

    def _changing(self) -> list[dict[str, Any]]:
        return [*super()._changing(), *map(vars, self.schedulers)]

    def _set_rates(self) -> None:
        schedule = self.schedulers[bisect_right(self.milestones, self.epoch)]
        if self.epoch in (0, *self.milestones):
            # PyTorch's takes the first rate from the group, the others from the schedule, whose state has it
            bases = schedule.bases if self.epoch else self.bases
            for group, base in zip(self.optimizer.param_groups, bases, strict=True):
                group["lr"] = base
            schedule.start()
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()

    def state_dict(self) -> dict[str, Any]:  # noqa: D102 - Schedule's
        parts = [schedule.state_dict() for schedule in self.schedulers]
        progress = {"last_epoch": self.epoch, "_last_lr": self.get_last_lr()}
        return {"_milestones": [*self.milestones], **progress, "_schedulers": parts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102 - Schedule's
        milestones, parts, epoch = (as_state(state).get(key) for key in ("_milestones", "_schedulers", "last_epoch"))
        if not isinstance(parts, list | tuple) or milestones != self.milestones or len(parts) != len(self.schedulers):
            raise ValueError(f"this SequentialLR has the milestones {self.milestones}, and its state {milestones}")
        if type(epoch) is not int or epoch < 0:
            raise ValueError(f"last_epoch is a whole number, not {epoch!r}")
        last = self._rates("_last_lr", state.get("_last_lr", self._last_lr))
        changes = [schedule._loaded(part) for schedule, part in zip(self.schedulers, parts, strict=True)]
        for schedule, change in zip(self.schedulers, changes, strict=True):
            vars(schedule).update(change)
        self.epoch, self._last_lr = epoch, last
