"""Optimisers, which change parameters against their gradients.

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
from typing import Any

from autograd import Value
from nn.settings import between

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "trajectory"]


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
        steps, memory = self.steps, {name: list(vars(self)[name]) for name in self._kept()}
        try:
            self.steps += 1
            new = [self._moved(place, p) for place, p in enumerate(self.parameters)]
            for p, data in zip(self.parameters, new, strict=True):
                p.data = data
        except BaseException:  # Ctrl-C in the middle, too: the step is taken as a whole, or not at all
            self.steps = steps
            vars(self).update(memory)
            for p, data in zip(self.parameters, before, strict=True):
                p.data = data
            raise

    def _kept(self) -> list[str]:
        """The names of what is kept from step to step: for each kind of it a list of numbers, or an array."""
        return [
            name
            for name, kept in vars(self).items()
            if kept is not self.parameters and (isinstance(kept, list) or hasattr(kept, "tolist"))
        ]

    @property
    def takes_arrays(self) -> bool:
        """Whether `moved` does what `step` does."""
        changed = {"step", "zero_grad", "_new", "_moved"} & vars(self).keys()
        fitting = all(len(vars(self)[name]) == len(self.parameters) for name in self._kept())
        return type(self) in (SGD, RMSprop, Adam, AdamW) and not changed and fitting

    def moved(self, data: Any, grads: Any) -> Any:
        """The new numbers of all parameters at once, from NumPy arrays of their numbers and of their grads.

        It counts as a step, and fails as one; what is kept stays in arrays until `settle`.
        """
        import numpy as np

        before = {name: np.array(vars(self)[name]) for name in self._kept()}
        vars(self).update({name: kept.copy() for name, kept in before.items()})
        self.steps += 1
        try:
            with np.errstate(all="ignore"):
                new = self._new(slice(None), data, grads)
                found = [new, *(vars(self)[name] for name in before)]
                if not all(math.isfinite(numbers.sum()) for numbers in found):
                    failed = np.flatnonzero(~np.isfinite(found).all(axis=0))
                    if len(failed):
                        place = int(failed[0])
                        raise OverflowError(_cannot_move(self.parameters[place], data[place], grads[place]))
        except BaseException:
            self.steps -= 1
            vars(self).update(before)
            raise
        return new

    def settle(self) -> None:
        """Keep in lists again what `moved` keeps in arrays."""
        arrays = [name for name in self._kept() if not isinstance(vars(self)[name], list)]
        vars(self).update({name: vars(self)[name].tolist() for name in arrays})

    def _moved(self, place: int, p: Value) -> float:
        """The new number of a parameter, if it and what is kept of it are finite."""
        try:
            data: float = self._new(place, p.data, p.grad)
        except (ZeroDivisionError, OverflowError):
            data = math.inf
        if data - data or any(vars(self)[name][place] - vars(self)[name][place] for name in self._kept()):
            raise OverflowError(_cannot_move(p, p.data, p.grad))
        return data

    def _new(self, place: Any, data: Any, grad: Any) -> Any:
        """The new number of the parameter at a place; or those of all, if it is a slice and these are arrays."""
        raise NotImplementedError


def _cannot_move(parameter: Value, data: float, grad: float) -> str:
    name = parameter.name or "a parameter"
    return f"{name} = {float(data)!r} cannot be moved by its grad {float(grad)!r}: try a smaller lr"


def _root(number: Any) -> Any:
    return math.sqrt(number) if isinstance(number, float) else number**0.5


def _quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 where a is 0."""
    return a / (b + (a == 0))


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

    def _new(self, place: Any, data: Any, grad: Any) -> Any:
        grad = grad + self.weight_decay * data
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

    def _new(self, place: Any, data: Any, grad: Any) -> Any:
        grad = grad + self.weight_decay * data
        square = self.squares[place] = self.alpha * self.squares[place] + (1 - self.alpha) * grad * grad
        step = _quotient(grad, _root(square) + self.eps)
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

    def _new(self, place: Any, data: Any, grad: Any) -> Any:
        if self.decoupled:
            data = data - self.lr * self.weight_decay * data
        else:
            grad = grad + self.weight_decay * data
        one, two = self.betas
        mean = self.means[place] = one * self.means[place] + (1 - one) * grad
        square = self.squares[place] = two * self.squares[place] + (1 - two) * grad * grad
        root = _root(square) / math.sqrt(1 - two**self.steps)
        return data - _quotient(self.lr / (1 - one**self.steps) * mean, root + self.eps)


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
