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
from nn.checks import between
from nn.schedules import ConstantLR, CosineAnnealingLR, LinearLR, Schedule, StepLR

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


class Optimizer:
    """Changes parameters step by step; `lr` is the learning rate, which may be set at any time."""

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float = 0.0) -> None:
        if hasattr(parameters, "parameters"):
            raise TypeError("an optimiser takes a list of parameters: give model.parameters()")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("there is no parameter to optimise: give model.parameters()")
        self.lr = between("lr", lr, 0)
        self.weight_decay = between("weight_decay", weight_decay, 0)
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
        self.momentum = between("momentum", momentum, 0)
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
        self.alpha, self.eps = between("alpha", alpha, 0, 1), between("eps", eps, 0)
        self.momentum = between("momentum", momentum, 0)
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
        self.betas = between("betas[0]", betas[0], 0, 1), between("betas[1]", betas[1], 0, 1)
        self.eps = between("eps", eps, 0)
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
