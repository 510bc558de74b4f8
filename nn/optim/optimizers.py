"""Optimisers, which change parameters against their gradients: names, defaults and formulas are PyTorch's."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any, Self

from autograd import Value
from nn.settings import between


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
        new, after = self.stepped(before, [p.grad for p in self.parameters])
        try:
            for p, data in zip(self.parameters, new, strict=True):
                p.data = data
            vars(self).update(vars(after))
        except BaseException:  # Ctrl-C in the middle, too: the step is taken as a whole, or not at all
            for p, data in zip(self.parameters, before, strict=True):
                p.data = data
            raise

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """The new number of the parameter at an index; or those of several, if it is a slice and these are arrays."""
        raise NotImplementedError(f"{type(self).__name__} has no update(index, data, grad): define what a step does")

    def stepped(self, data: Any, grads: Any) -> tuple[Any, Self]:
        """The new numbers of the parameters, and the optimiser as it is after the step; this one does not change.

        The numbers and the grads are in lists, or in arrays, if what is kept from step to step is, too.
        """
        after = self.converted(copy.copy)
        after.steps += 1
        if isinstance(data, list):
            new: Any = []
            for index, pair in enumerate(zip(data, grads, strict=True)):
                try:
                    new.append(after.update(index, *pair))
                except (ZeroDivisionError, OverflowError):
                    new.append(math.inf)
        else:
            import numpy as np

            with np.errstate(all="ignore"):
                new = after.update(slice(len(data)), data, grads)
        found = [kept if isinstance(kept, list) else kept.tolist() for kept in (new, *after._kept().values())]
        if not all(math.isfinite(sum(numbers)) for numbers in found):
            for index, parameter in enumerate(self.parameters):
                if not all(math.isfinite(number) for numbers in found for number in numbers[index : index + 1]):
                    raise OverflowError(
                        f"{parameter.name or 'a parameter'} = {float(data[index])!r} cannot be moved by its grad "
                        f"{float(grads[index])!r}: try a smaller lr"
                    )
        return new, after

    def converted(self, convert: Callable[[Any], Any]) -> Self:
        """A copy of this optimiser, what it keeps from step to step converted by a function."""
        other = copy.copy(self)
        vars(other).update({name: convert(kept) for name, kept in self._kept().items()})
        return other

    def _kept(self) -> dict[str, Any]:
        """What is kept from step to step: for each kind of it a list of numbers, or an array."""
        return {
            name: kept
            for name, kept in vars(self).items()
            if kept is not self.parameters and (isinstance(kept, list) or hasattr(kept, "tolist"))
        }


def _scaled(step: Any, square: Any, eps: float, correction: float = 1.0) -> Any:
    """step / (√square / correction + eps), and 0 where the step is 0; of numbers, or of arrays."""
    root = math.sqrt(square) if isinstance(square, float) else square**0.5
    return step / (root / correction + eps + (step == 0))


def trajectory(optimizer: Optimizer, loss: Callable[[], Value], steps: int) -> list[tuple[float, ...]]:
    """The numbers of the parameters before each of so many steps and after the last; `loss` is computed anew each time.

    >>> x = Value(8.0, "x")
    >>> trajectory(SGD([x], lr=0.25), lambda: x ** 2, steps=3)
    [(8.0,), (4.0,), (2.0,), (1.0,)]
    """
    points = [tuple(parameter.data for parameter in optimizer.parameters)]
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        points.append(tuple(parameter.data for parameter in optimizer.parameters))
    return points


class SGD(Optimizer):
    """Gradient descent, with a momentum or without: Sutskever et al. 2013, in the form of torch.optim.SGD."""

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

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · v, where v ← μ v + g; with `nesterov` p ← p − lr · (g + μ v); g includes weight_decay · p."""
        grad = grad + self.weight_decay * data
        if self.momentum:
            velocity = self.velocity[index] = self.momentum * self.velocity[index] + grad
            grad = grad + self.momentum * velocity if self.nesterov else velocity
        return data - self.lr * grad


class RMSprop(Optimizer):
    """The gradient over the root of its running mean square: Hinton 2012, lecture 6e, as torch.optim.RMSprop."""

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

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · g / (√s + eps), where s ← alpha · s + (1 − alpha) · g² is a running mean square."""
        grad = grad + self.weight_decay * data
        square = self.squares[index] = self.alpha * self.squares[index] + (1 - self.alpha) * grad * grad
        step = _scaled(grad, square, self.eps)
        velocity = self.velocity[index] = self.momentum * self.velocity[index] + step
        return data - self.lr * velocity


class Adam(Optimizer):
    """Running means of the gradient and of its square, bias-corrected: Kingma & Ba 2015, as torch.optim.Adam."""

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

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · m̂ / (√v̂ + eps) with running means m̂ of g and v̂ of g²; g includes weight_decay · p."""
        if self.decoupled:
            data = data - self.lr * self.weight_decay * data
        else:
            grad = grad + self.weight_decay * data
        one, two = self.betas
        mean = self.means[index] = one * self.means[index] + (1 - one) * grad
        square = self.squares[index] = two * self.squares[index] + (1 - two) * grad * grad
        step = self.lr / (1 - one**self.steps) * mean
        return data - _scaled(step, square, self.eps, math.sqrt(1 - two**self.steps))


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
