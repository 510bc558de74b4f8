"""Adam and its kin, which divide a running mean of the gradient by the root of one of its square, or by its largest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nn.optim.base import Optimizer
from nn.optim.groups import Group
from nn.optim.numbers import larger, over, root_of
from nn.settings import flag, not_negative, shares

Betas = tuple[float, float]


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
            square = self.peaks[index] = larger(square, self.peaks[index])
        step = self.lr / (1 - one**self.steps) * mean
        return data - over(step, root_of(square) / math.sqrt(1 - two**self.steps) + self.eps, self.eps)


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
        norm = self.norms[index] = larger(two * self.norms[index], abs(grad) + self.eps)
        return data - self.lr / (1 - one**self.steps) * over(mean, norm, self.eps)


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
        root = root_of(square) / math.sqrt(1 - self.betas[1] ** self.steps)
        return data - self.lr * over(step, root + self.eps, self.eps)


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
        return data - math.sqrt(rectified * correction) * over(step, root_of(square) + self.eps, self.eps)
