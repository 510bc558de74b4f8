"""Optimisers, which change parameters against their gradients: names, defaults and formulas are PyTorch's.

Each `update` is one formula, with g the gradient, `weight_decay` · p included, and t the number of the step. With
`maximize=True` g is the gradient's opposite. Options stand in PyTorch's order; what is a keyword there is one here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nn.optim.base import Optimizer
from nn.optim.groups import Group
from nn.settings import flag, not_negative, share, shares

Betas = tuple[float, float]


def _over(step: Any, below: Any, eps: float) -> Any:
    """step / below, and 0 where the step is 0: without an eps, below may be 0 there; of numbers, or of arrays."""
    return step / (below if eps else below + (step == 0))


def _root(square: Any) -> Any:
    return math.sqrt(square) if isinstance(square, float) else square**0.5


def _larger(a: Any, b: Any) -> Any:
    """The larger of two numbers, or of each pair in arrays."""
    return max(a, b) if isinstance(a, float) else a.clip(min=b)


class SGD(Optimizer):
    """Gradient descent, with a momentum or without: Sutskever et al. 2013, in the form of torch.optim.SGD."""

    checks = Optimizer.checks | {"momentum": not_negative, "dampening": not_negative, "nesterov": flag}
    names = Optimizer.names | {"velocity": "momentum_buffer"}
    momentum: float
    dampening: float
    nesterov: bool
    velocity: list[float]

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
            square = _larger(square - mean * mean, 0.0)  # below 0 only by rounding
        step = _over(grad, _root(square) + self.eps, self.eps)
        velocity = self.velocity[index] = self.momentum * self.velocity[index] + step
        return data - self.lr * velocity


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
        return data - rate * _over(grad, _root(total) + self.eps, self.eps)


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
        step = _over(_root(self.changes[index] + self.eps) * grad, _root(square + self.eps), self.eps)
        self.changes[index] = self.rho * self.changes[index] + (1 - self.rho) * step * step
        return data - self.lr * step


class _Moments(Optimizer):
    """Running means of the gradient and of its square, m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g²."""

    checks = Optimizer.checks | {"betas": shares, "eps": not_negative}
    names = Optimizer.names | {"means": "exp_avg", "squares": "exp_avg_sq"}
    betas: Betas
    eps: float
    means: list[float]
    squares: list[float]

    def _mean(self, index: Any, grad: Any) -> Any:
        one, _ = self.betas
        mean = self.means[index] = one * self.means[index] + (1 - one) * grad
        return mean

    def _moments(self, index: Any, grad: Any) -> tuple[Any, Any]:
        _, two = self.betas
        square = self.squares[index] = two * self.squares[index] + (1 - two) * grad * grad
        return self._mean(index, grad), square

    def _decayed(self, data: Any, grad: Any, decoupled: bool) -> tuple[Any, Any]:
        """The number and its gradient, the decay in one of them."""
        if decoupled:
            return data - self.lr * self.weight_decay * data, grad
        return data, grad + self.weight_decay * data


class Adam(_Moments):
    """Running means of the gradient and of its square, bias-corrected: Kingma & Ba 2015, as torch.optim.Adam.

    With `amsgrad=True` the mean square never falls: Reddi, Kale & Kumar 2018.
    """

    checks = _Moments.checks | {"amsgrad": flag}
    names = _Moments.names | {"peaks": "max_exp_avg_sq"}
    needs = _Moments.needs | {"peaks": "amsgrad"}
    fixed = _Moments.fixed | {"decoupled_weight_decay": False}
    decoupled = False
    amsgrad: bool
    peaks: list[float]

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize=maximize, betas=betas, eps=eps, amsgrad=amsgrad)

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · m̂ / (√v̂ + eps), where m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ); with `amsgrad` v is the largest."""
        data, grad = self._decayed(data, grad, self.decoupled)
        one, two = self.betas
        mean, square = self._moments(index, grad)
        if self.amsgrad:
            square = self.peaks[index] = _larger(square, self.peaks[index])
        step = self.lr / (1 - one**self.steps) * mean
        return data - _over(step, _root(square) / math.sqrt(1 - two**self.steps) + self.eps, self.eps)


class AdamW(Adam):
    """Adam whose weight decay acts on the parameters themselves: p ← p − lr · weight_decay · p before each step.

    Loshchilov & Hutter 2019, in the form of torch.optim.AdamW.
    """

    fixed = Adam.fixed | {"decoupled_weight_decay": True}
    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class Adamax(_Moments):
    """Adam with the largest gradient, which fades, in place of the mean square: Kingma & Ba 2015, section 7.1.

    In the form of torch.optim.Adamax.
    """

    names = Optimizer.names | {"means": "exp_avg", "norms": "exp_inf"}
    norms: list[float]

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize=maximize, betas=betas, eps=eps)

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr / (1 − β₁ᵗ) · m / u, where u ← max(β₂ u, |g| + eps)."""
        grad = grad + self.weight_decay * data
        one, two = self.betas
        mean = self._mean(index, grad)
        norm = self.norms[index] = _larger(two * self.norms[index], abs(grad) + self.eps)
        return data - self.lr / (1 - one**self.steps) * _over(mean, norm, self.eps)


class NAdam(_Moments):
    """Adam with Nesterov's momentum: Dozat 2016, in the form of torch.optim.NAdam."""

    checks = _Moments.checks | {"momentum_decay": not_negative, "decoupled_weight_decay": flag}
    names = _Moments.names | {"products": "mu_product"}
    momentum_decay: float
    decoupled_weight_decay: bool
    products: list[float]

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, weight_decay, maximize=maximize, betas=betas, eps=eps, **own)

    def first(self, kind: str, group: Group) -> float:  # noqa: D102 - Optimizer's
        return 1.0 if kind == "products" else 0.0

    def _share(self, step: int) -> float:
        """μₜ, which rises from about β₁ / 2 to β₁."""
        return float(self.betas[0] * (1 - 0.5 * 0.96 ** (step * self.momentum_decay)))

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · [(1 − μₜ) / (1 − Πμ) · g + μₜ₊₁ / (1 − μₜ₊₁ Πμ) · m] / (√v̂ + eps), where Πμ = μ₁ ⋯ μₜ."""
        data, grad = self._decayed(data, grad, self.decoupled_weight_decay)
        mean, square = self._moments(index, grad)
        now, later = self._share(self.steps), self._share(self.steps + 1)
        product = self.products[index] = now * self.products[index]
        step = (1 - now) / (1 - product) * grad + later / (1 - later * product) * mean
        root = _root(square) / math.sqrt(1 - self.betas[1] ** self.steps)
        return data - self.lr * _over(step, root + self.eps, self.eps)


class RAdam(_Moments):
    """Adam that trusts its mean square only after enough steps: Liu et al. 2020, in the form of torch.optim.RAdam."""

    checks = _Moments.checks | {"decoupled_weight_decay": flag}
    decoupled_weight_decay: bool

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        own = {"betas": betas, "eps": eps, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, weight_decay, maximize=maximize, **own)

    def update(self, index: Any, data: Any, grad: Any) -> Any:
        """p ← p − lr · m̂, and where n = n∞ − 2t · β₂ᵗ / (1 − β₂ᵗ) is above 5, with n∞ = 2 / (1 − β₂) − 1, r times that.

        There r = √[(n − 4)(n − 2) n∞ / ((n∞ − 4)(n∞ − 2) n)] · √(1 − β₂ᵗ) / (√v + eps).
        """
        data, grad = self._decayed(data, grad, self.decoupled_weight_decay)
        mean, square = self._moments(index, grad)
        one, two = self.betas
        step, correction = self.lr / (1 - one**self.steps) * mean, 1 - two**self.steps
        most = 2 / (1 - two) - 1
        length = most - 2 * self.steps * two**self.steps / correction
        if length <= 5:
            return data - step
        rectified = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
        return data - math.sqrt(rectified * correction) * _over(step, _root(square) + self.eps, self.eps)
