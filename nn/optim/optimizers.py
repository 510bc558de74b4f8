"""Optimisers, which change parameters against their gradients: names, defaults and formulas are PyTorch's.

Those that take Adam's moments are in `nn.optim.moments`.

Each `update` is one formula, with g the gradient, `weight_decay` · p included, and t the number of the step. With
`maximize=True` g is the gradient's opposite. Options stand in PyTorch's order; what is a keyword there is one here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nn.optim.base import Optimizer
from nn.optim.groups import Group
from nn.optim.numbers import larger, over, root_of
from nn.settings import flag, not_negative, share


class SGD(Optimizer):
    """Gradient descent, with a momentum or without: Sutskever et al. 2013, in the form of torch.optim.SGD."""

    checks = Optimizer.checks | {"momentum": not_negative, "dampening": not_negative, "nesterov": flag}
    counted = Optimizer.counted | {"swinging"}
    names = Optimizer.names | {"velocity": "momentum_buffer"}
    momentum: float
    dampening: float
    nesterov: bool
    velocity: list[float]
    swinging: frozenset[int] = frozenset()  # the groups that have had a momentum, by their places

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
        super().__init__(params, lr, weight_decay, maximize=maximize, **own)

    def check_group(self, group: Group) -> None:  # noqa: D102 - Optimizer's
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ValueError(
                f"nesterov needs a momentum: for example 0.9, and no dampening, not momentum = {group['momentum']} "
                f"and dampening = {group['dampening']}"
            )

    def _begin(self, convert: Callable[[list[float]], Any] = list) -> None:
        """Count the steps of a group's parameters from the first that has a momentum, in which nothing is dampened."""
        super()._begin(convert)
        for place, group in enumerate(self.param_groups if self.steps else ()):
            if group["momentum"] and place not in self.swinging:
                self.swinging |= {place}
                self._count_from(self.since | dict.fromkeys(group["params"], self.steps - 1))

    def state_dict(self) -> dict[str, Any]:  # noqa: D102 - Optimizer's
        state = super().state_dict()
        for place, group in enumerate(state["param_groups"]):
            for at in group["params"] if place not in self.swinging else ():
                state["state"].get(at, {})["momentum_buffer"] = None  # as PyTorch has it
        return state

    def _loaded_numbers(self, entries: Mapping[Any, Any]) -> dict[str, Any]:
        loaded, places = super()._loaded_numbers(entries), iter(range(len(self.parameters)))
        begun = {int(at) for at, entry in entries.items() if entry.get("momentum_buffer") is not None}
        groups = [{*itertools.islice(places, len(group["params"]))} for group in self.param_groups]
        return {**loaded, "swinging": frozenset(place for place, group in enumerate(groups) if group & begun)}

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · v, where v ← μ v + (1 − dampening) g, at first g; with `nesterov` p ← p − lr · (g + μ v)."""
        grad = grad + self.weight_decay * data
        if self.momentum:
            damped = grad if self.steps == 1 else (1 - self.dampening) * grad
            velocity = self.velocity[index] = self.momentum * self.velocity[index] + damped
            grad = grad + self.momentum * velocity if self.nesterov else velocity
        return data - self.lr * grad


class RMSprop(Optimizer):
    """The gradient over the root of its running mean square: Hinton 2012, lecture 6e, as torch.optim.RMSprop.

    With `centered=True` over its running deviation: Graves 2013.
    """

    checks = Optimizer.checks | {"alpha": share, "eps": not_negative, "momentum": not_negative, "centered": flag}
    names = Optimizer.names | {"squares": "square_avg", "velocity": "momentum_buffer", "means": "grad_avg"}
    needs = Optimizer.needs | {"means": "centered"}
    alpha: float
    eps: float
    momentum: float
    centered: bool
    squares: list[float]
    velocity: list[float]
    means: list[float]

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"alpha": alpha, "eps": eps, "momentum": momentum, "centered": centered}
        super().__init__(params, lr, weight_decay, maximize=maximize, **own)

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · v, where v ← μ v + g / (√s + eps) and s ← alpha · s + (1 − alpha) · g² is a running mean square.

        With `centered` s − m² stands for s, with the running mean m of g.
        """
        grad = grad + self.weight_decay * data
        square = self.squares[index] = self.alpha * self.squares[index] + (1 - self.alpha) * grad * grad
        if self.centered:
            mean = self.means[index] = self.alpha * self.means[index] + (1 - self.alpha) * grad
            square = larger(square - mean * mean, 0.0)  # below 0 only by rounding
        step = over(grad, root_of(square) + self.eps, self.eps)
        if self.momentum:  # without one, what is kept stays
            step = self.velocity[index] = self.momentum * self.velocity[index] + step
        return data - self.lr * step


class Adagrad(Optimizer):
    """The gradient over the root of the sum of all its squares: Duchi, Hazan & Singer 2011, as torch.optim.Adagrad."""

    checks = Optimizer.checks | {
        "lr_decay": not_negative, "initial_accumulator_value": not_negative, "eps": not_negative,
    }  # fmt: skip
    names = Optimizer.names | {"sums": "sum"}
    lr_decay: float
    initial_accumulator_value: float
    eps: float
    sums: list[float]

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"lr_decay": lr_decay, "initial_accumulator_value": initial_accumulator_value, "eps": eps}
        super().__init__(params, lr, weight_decay, maximize=maximize, **own)

    def check_group(self, group: Group) -> None:  # noqa: D102 - Optimizer's
        own, given = (of["initial_accumulator_value"] for of in (group, self.defaults))
        if own != given:
            raise ValueError(
                f"a group has initial_accumulator_value = {own}, and Adagrad itself {given}: give it the one of all "
                "groups, as PyTorch looks at no other"
            )

    def first(self, kind: str, group: Group) -> float:  # noqa: D102 - Optimizer's
        return float(self.defaults["initial_accumulator_value"])

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr / (1 + (t − 1) · lr_decay) · g / (√s + eps), where s ← s + g²."""
        grad = grad + self.weight_decay * data
        total = self.sums[index] = self.sums[index] + grad * grad
        rate = self.lr / (1 + (self.steps - 1) * self.lr_decay)
        return data - rate * over(grad, root_of(total) + self.eps, self.eps)


class Adadelta(Optimizer):
    """Steps as long as the running root mean square of those before: Zeiler 2012, as torch.optim.Adadelta."""

    checks = Optimizer.checks | {"rho": share, "eps": not_negative}
    names = Optimizer.names | {"squares": "square_avg", "changes": "acc_delta"}
    rho: float
    eps: float
    squares: list[float]
    changes: list[float]

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize=maximize, rho=rho, eps=eps)

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · d, where d = √(u + eps) / √(s + eps) · g; s and u are the running means of g² and d²."""
        grad = grad + self.weight_decay * data
        square = self.squares[index] = self.rho * self.squares[index] + (1 - self.rho) * grad * grad
        step = over(root_of(self.changes[index] + self.eps) * grad, root_of(square + self.eps), self.eps)
        self.changes[index] = self.rho * self.changes[index] + (1 - self.rho) * step * step
        return data - self.lr * step
