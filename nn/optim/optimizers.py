"""Optimisers, which change parameters against their gradients: names, defaults and formulas are PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

from autograd import Value
from nn.settings import Settings, flag, not_negative, share, shares, stated


def _leaves(parameters: Any) -> list[Value]:
    """The parameters in a list, if an optimiser can change them."""
    if hasattr(parameters, "parameters"):
        raise TypeError("an optimiser takes a list of parameters: give model.parameters()")
    if not isinstance(parameters, Iterable) or isinstance(parameters, Value | str):
        raise TypeError(f"an optimiser takes a list of parameters, as model.parameters() gives, not {parameters!r}")
    found = list(parameters)
    if not found:
        raise ValueError("there is no parameter to optimise: give model.parameters()")
    for index, parameter in enumerate(found):
        if not isinstance(parameter, Value):
            named = ", without names" if isinstance(parameter, tuple) else ""
            raise TypeError(f"parameters[{index}] is {parameter!r}, not a Value: give model.parameters(){named}")
        if parameter.op is not None:
            raise ValueError(f"parameters[{index}] is {parameter!r}, which is computed: only leaves can be changed")
    return found


class Optimizer(Settings):
    """Changes parameters step by step; `lr` is the learning rate, which may be set at any time.

    Where `parameters` are set anew, what is kept of those that stay is kept.
    """

    checks = Settings.checks | {"lr": not_negative, "weight_decay": not_negative}
    # PyTorch's names for what is kept from step to step, and its settings that are always the same here.
    names: ClassVar[dict[str, str]] = {}
    fixed: ClassVar[dict[str, Any]] = {"maximize": False}

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float = 0.0) -> None:
        self.parameters = _leaves(parameters)
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "parameters":
            value = _leaves(value)
            before = {parameter: index for index, parameter in enumerate(getattr(self, "parameters", ()))}
            for kind, kept in self._kept().items() if before else ():
                numbers = [kept[before[parameter]] if parameter in before else 0.0 for parameter in value]
                super().__setattr__(kind, numbers)
        super().__setattr__(name, value)

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
        after = self.converted(lambda kept: kept.copy())
        after.steps += 1
        if isinstance(data, list):
            new: Any = []
            for index, pair in enumerate(zip(data, grads, strict=True)):
                try:
                    new.append(after.update(index, *pair))
                except (ZeroDivisionError, OverflowError):
                    new.append(math.inf)
            found = [new, *after._kept().values()]
            totals = [sum(numbers) for numbers in found]
        else:
            import numpy as np

            with np.errstate(all="ignore"):
                new = np.empty(len(data))
                for start in range(0, len(data), _BLOCK):
                    part = slice(start, start + _BLOCK)
                    new[part] = after.update(part, data[part], grads[part])
                found = [new, *after._kept().values()]
                totals = [numbers.sum() for numbers in found]
        if not all(map(math.isfinite, totals)):  # which needs no look at each number
            for index, parameter in enumerate(self.parameters):
                if not all(math.isfinite(number) for numbers in found for number in numbers[index : index + 1]):
                    raise OverflowError(
                        f"{parameter.name or 'a parameter'} = {float(data[index])!r} cannot be moved by its grad "
                        f"{float(grads[index])!r}: try a smaller lr"
                    )
        return new, after

    def converted(self, convert: Callable[[Any], Any]) -> Self:
        """A copy of this optimiser, what it keeps from step to step converted by a function."""
        other = object.__new__(type(self))
        vars(other).update(vars(self) | {name: convert(kept) for name, kept in self._kept().items()})
        return other

    def _kept(self) -> dict[str, Any]:
        """What is kept from step to step: for each kind of it a list of numbers, or an array."""
        return {
            name: kept
            for name, kept in vars(self).items()
            if kept is not self.parameters and (isinstance(kept, list) or hasattr(kept, "tolist"))
        }

    def state_dict(self) -> dict[str, Any]:
        """What is kept from step to step, and the settings, in PyTorch's layout; JSON can hold it.

        >>> optimizer = SGD([Value(1.0)], lr=0.5, momentum=0.9)
        >>> optimizer.step()
        >>> optimizer.state_dict()["state"], optimizer.state_dict()["param_groups"][0]["lr"]
        ({0: {'step': 1, 'momentum_buffer': 0.0}}, 0.5)
        """
        kept = {self.names.get(name, name): numbers for name, numbers in self._kept().items()}
        places = range(len(self.parameters))
        state = {at: {"step": self.steps, **{name: kept[name][at] for name in kept}} for at in places if self.steps}
        group = {**{name: getattr(self, name) for name in self._settings()}, **self.fixed, "params": [*places]}
        return {"state": state, "param_groups": [group]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` has given, or PyTorch's optimiser of the same name for single numbers.

        Raises TypeError or ValueError where it does not fit the optimiser; nothing has then changed.
        """
        match state:
            case {"state": Mapping() as entries, "param_groups": [Mapping() as group]}:
                changes = self._loaded_settings(group) | self._loaded_numbers(entries)
            case _:
                raise ValueError("the state of an optimiser has a state and one group of parameters in param_groups")
        vars(self).update(changes)

    def _settings(self) -> set[str]:
        """The names of what is neither a parameter nor kept from step to step, nor a function in its stead."""
        others = {"parameters", "steps", *self._kept()}
        return {name for name, value in vars(self).items() if name not in others and not callable(value)}

    def _loaded_settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        places = group.get("params", ())
        count = len(places) if isinstance(places, list | tuple) else repr(places)
        if count != len(self.parameters):
            raise ValueError(f"the state is that of {count} parameters, and the optimiser has {len(self.parameters)}")
        names = self._settings() - {"initial_lr"}
        missing = sorted(names - group.keys())
        if missing:
            raise ValueError(f"the state is not that of {type(self).__name__}: it does not say {', '.join(missing)}")
        for name, value in group.items():
            if name not in {*names, "params", "initial_lr", *_SPEED} and value != self.fixed.get(name, False):
                raise ValueError(f"the state has {name} = {value!r}, which {type(self).__name__} cannot do")
        if "initial_lr" in group:
            names.add("initial_lr")
        return {name: self.checked(name, group[name]) for name in names}

    def _loaded_numbers(self, entries: Mapping[Any, Any]) -> dict[str, Any]:
        for place, entry in entries.items():
            if not (str(place).isdecimal() and isinstance(entry, Mapping)):
                raise ValueError(f"a state has a dict for each parameter, by its place, not {entry!r} for {place!r}")
        given = {int(place): entry for place, entry in entries.items()}
        found = [given.pop(place, {}) for place in range(len(self.parameters))]
        names = {name: self.names.get(name, name) for name in self._kept()}
        surplus = sorted({*given} | {name for entry in found for name in entry} - {"step", *names.values()}, key=str)
        if surplus:
            raise ValueError(f"the state does not fit {type(self).__name__} with so many parameters: it has {surplus}")
        steps = {_number(place, entry, "step") for place, entry in enumerate(found)}
        if len(steps) > 1:
            raise ValueError(f"the parameters have taken different numbers of steps: {sorted(map(int, steps))}")
        changes: dict[str, Any] = {
            name: [_number(place, entry, key) for place, entry in enumerate(found)] for name, key in names.items()
        }
        return {**changes, "steps": int(steps.pop())}


_BLOCK = 8_192  # numbers that are changed at once: what is computed on the way stays near the processor
_NOT_NEGATIVE = {"step", "exp_avg_sq", "square_avg"}
_SPEED = {"foreach", "fused", "capturable", "differentiable"}  # settings of PyTorch's that change no number


def _number(place: int, entry: Mapping[str, Any], key: str) -> float:
    """A number that is kept of a parameter; what PyTorch does not keep yet is 0."""
    given, where = entry.get(key), f"state[{place}][{key!r}]"
    number = 0.0 if given is None else stated(where, given)
    if (key in _NOT_NEGATIVE and number < 0) or (key == "step" and not number.is_integer()):
        raise ValueError(f"{where} = {given!r} should be {'a whole number' if key == 'step' else 'at least 0'}")
    return number


def _scaled(step: Any, square: Any, eps: float, correction: float = 1.0) -> Any:
    """step / (√square / correction + eps), and 0 where the step is 0; of numbers, or of arrays."""
    root = math.sqrt(square) if isinstance(square, float) else square**0.5
    below = root / correction + eps
    return step / (below if eps else below + (step == 0))


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

    checks = Optimizer.checks | {"momentum": not_negative, "nesterov": flag}
    names = Optimizer.names | {"velocity": "momentum_buffer"}
    fixed = Optimizer.fixed | {"dampening": 0.0}

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum, self.nesterov = momentum, nesterov
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum: for example 0.9")
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

    checks = Optimizer.checks | {"alpha": share, "eps": not_negative, "momentum": not_negative}
    names = Optimizer.names | {"squares": "square_avg", "velocity": "momentum_buffer"}
    fixed = Optimizer.fixed | {"centered": False}

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
        self.alpha, self.eps, self.momentum = alpha, eps, momentum
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

    checks = Optimizer.checks | {"betas": shares, "eps": not_negative}
    names = Optimizer.names | {"means": "exp_avg", "squares": "exp_avg_sq"}
    fixed = Optimizer.fixed | {"amsgrad": False, "decoupled_weight_decay": False}
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
        self.betas, self.eps = betas, eps
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

    fixed = Adam.fixed | {"decoupled_weight_decay": True}
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
