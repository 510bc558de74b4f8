"""Optimisers, which change parameters against their gradients, and schedules, which change the learning rate.

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

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from autograd import Value

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


def _between(name: str, number: float, low: float, high: float = math.inf) -> float:
    if not low <= number < high:
        raise ValueError(
            f"{name} = {number!r} should be at least {low:g} and {f'below {high:g}' if high < math.inf else 'finite'}"
        )
    return number


class Optimizer:
    """Changes parameters step by step; `lr` is the learning rate, which may be set at any time."""

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float = 0.0) -> None:
        if hasattr(parameters, "parameters"):
            raise TypeError("an optimiser takes a list of parameters: give model.parameters()")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("there is no parameter to optimise: give model.parameters()")
        self.lr = _between("lr", lr, 0)
        self.weight_decay = _between("weight_decay", weight_decay, 0)
        self.steps = 0

    def zero_grad(self) -> None:
        """Set the grad of every parameter to zero."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Change every parameter once, according to its grad.

        Raises OverflowError where a new number would not be finite; no parameter has then changed.
        """
        before = [p.data for p in self.parameters]
        steps, memory = self.steps, [list(numbers) for numbers in self._memory()]
        try:
            self.steps += 1
            new = [self._moved(place, p) for place, p in enumerate(self.parameters)]
            for p, data in zip(self.parameters, new, strict=True):
                p.data = data
        except BaseException:  # Ctrl-C in the middle, too: the step is taken as a whole, or not at all
            self.steps = steps
            for numbers, old in zip(self._memory(), memory, strict=True):
                numbers[:] = old
            for p, data in zip(self.parameters, before, strict=True):
                p.data = data
            raise

    def _memory(self) -> list[list[float]]:
        """What is kept from step to step, a list of numbers for each kind of it."""
        return [kept for kept in vars(self).values() if isinstance(kept, list) and kept is not self.parameters]

    def _moved(self, place: int, p: Value) -> float:
        """The new number of a parameter, if it and what is kept of it are finite."""
        try:
            data = self._new(place, p.data, p.grad)
        except (ZeroDivisionError, OverflowError):
            data = math.inf
        if data - data or any(kept[place] - kept[place] for kept in self._memory()):
            name = p.name or "a parameter"
            raise OverflowError(f"{name} = {p.data!r} cannot be moved by its grad {p.grad!r}: try a smaller lr")
        return data

    def _new(self, place: int, data: float, grad: float) -> float:
        """The new number of the parameter at a place."""
        raise NotImplementedError


def trajectory(optimizer: Optimizer, loss: Callable[[], Value], steps: int) -> list[tuple[float, ...]]:
    """The numbers of the parameters before each of so many steps and after the last; `loss` is computed anew each time.

    >>> x = Value(8.0, "x")
    >>> trajectory(SGD([x], lr=0.25), lambda: x ** 2, steps=3)
    [(8.0,), (4.0,), (2.0,), (1.0,)]
    """
    places = [tuple(parameter.data for parameter in optimizer.parameters)]
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        places.append(tuple(parameter.data for parameter in optimizer.parameters))
    return places


class SGD(Optimizer):
    """p ← p − lr · g; with momentum μ the step is v ← μ v + g, with `nesterov` g + μ v; g includes weight_decay · p.

    Sutskever et al. 2013, in the form of torch.optim.SGD.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = _between("momentum", momentum, 0)
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum: for example 0.9")
        self.nesterov = nesterov
        self.velocity = [0.0] * len(self.parameters)

    def _new(self, place: int, data: float, grad: float) -> float:
        grad += self.weight_decay * data
        if self.momentum:
            velocity = self.velocity[place] = self.momentum * self.velocity[place] + grad
            grad = grad + self.momentum * velocity if self.nesterov else velocity
        return data - self.lr * grad


class RMSprop(Optimizer):
    """p ← p − lr · g / (√s + eps), where s ← alpha · s + (1 − alpha) · g² is a running mean square.

    Hinton, lecture 6e of *Neural Networks for Machine Learning* (2012), in the form of torch.optim.RMSprop.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.alpha, self.eps = _between("alpha", alpha, 0, 1), _between("eps", eps, 0)
        self.momentum = _between("momentum", momentum, 0)
        self.squares = [0.0] * len(self.parameters)
        self.velocity = [0.0] * len(self.parameters)

    def _new(self, place: int, data: float, grad: float) -> float:
        grad += self.weight_decay * data
        square = self.squares[place] = self.alpha * self.squares[place] + (1 - self.alpha) * grad * grad
        step = grad / (math.sqrt(square) + self.eps) if grad else 0.0
        velocity = self.velocity[place] = self.momentum * self.velocity[place] + step
        return data - self.lr * velocity


class Adam(Optimizer):
    """p ← p − lr · m̂ / (√v̂ + eps) with bias-corrected running means m̂ of g and v̂ of g²; g includes weight_decay · p.

    Kingma & Ba 2015, in the form of torch.optim.Adam.
    """

    decoupled = False

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.betas = _between("betas[0]", betas[0], 0, 1), _between("betas[1]", betas[1], 0, 1)
        self.eps = _between("eps", eps, 0)
        self.means = [0.0] * len(self.parameters)
        self.squares = [0.0] * len(self.parameters)

    def _new(self, place: int, data: float, grad: float) -> float:
        if self.decoupled:
            data -= self.lr * self.weight_decay * data
        else:
            grad += self.weight_decay * data
        one, two = self.betas
        mean = self.means[place] = one * self.means[place] + (1 - one) * grad
        square = self.squares[place] = two * self.squares[place] + (1 - two) * grad * grad
        if not mean:
            return data
        root = math.sqrt(square) / math.sqrt(1 - two**self.steps)
        return data - self.lr / (1 - one**self.steps) * mean / (root + self.eps)


class AdamW(Adam):
    """Adam whose weight decay acts on the parameters themselves: p ← p − lr · weight_decay · p before each step.

    Loshchilov & Hutter 2019, in the form of torch.optim.AdamW.
    """

    decoupled = True

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)


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
        raise NotImplementedError


class ConstantLR(Schedule):
    """`factor` times the learning rate for `total_iters` epochs, then all of it."""

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.constant, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.constant if epoch < self.total_iters else 1.0


class StepLR(Schedule):
    """The learning rate times `gamma` after every `step_size` epochs.

    >>> optimizer = SGD([Value(1.0)], lr=0.5)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.1)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> optimizer.lr
    0.05
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = int(_between("step_size", step_size, 1)), gamma
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return float(self.gamma ** (epoch // self.step_size))


class LinearLR(Schedule):
    """From `start_factor` to `end_factor` times the learning rate in equal steps over `total_iters` epochs."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = int(_between("total_iters", total_iters, 1))
        super().__init__(optimizer)

    def factor(self, epoch: int) -> float:  # noqa: D102 - the class says it
        done = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


class CosineAnnealingLR(Schedule):
    """Half a cosine from the learning rate down to `eta_min` over `T_max` epochs. Loshchilov & Hutter 2017."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        self.period, self.lowest = int(_between("T_max", T_max, 1)), eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:  # noqa: D102 - the class says it
        return self.lowest + (self.base - self.lowest) * (1 + math.cos(math.pi * epoch / self.period)) / 2
