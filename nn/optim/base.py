"""What optimisers share: the step as a whole, settings, the state."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from autograd import Value
from nn.optim.groups import OF_SCHEDULES, Group, groups_in, leaves, settings_in
from nn.settings import Settings, flag, not_negative, stated


class Optimizer(Settings):
    """Changes parameters step by step; `lr` is the learning rate, which may be set at any time.

    Groups of parameters may have settings of their own: a list of dicts is given in place of the list of parameters.

    >>> from nn.optim import SGD
    >>> w, b = Value(1.0, "w"), Value(1.0, "b")
    >>> optimizer = SGD([{"params": [w]}, {"params": [b], "lr": 0.5}], lr=0.1)
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.1, 0.5]

    A setting that is set on the optimiser is set in all groups, and one that is asked of it is that of all groups.
    Where `parameters` are set anew, what is kept of those that stay is kept, and the steps of a new one count from 1.
    """

    checks = Settings.checks | dict.fromkeys(["lr", "weight_decay", *OF_SCHEDULES], not_negative) | {"maximize": flag}
    # What is kept from step to step with PyTorch's names for it, of which some needs a setting that asks for it;
    # and PyTorch's settings that are always the same here.
    names: ClassVar[dict[str, str]] = {}
    needs: ClassVar[dict[str, str]] = {}
    fixed: ClassVar[dict[str, Any]] = {}
    counted: ClassVar[frozenset[str]] = frozenset({"since"})  # what it keeps of steps, and nobody sets

    defaults: dict[str, Any]  # the settings given first
    param_groups: list[Group]
    parameters: list[Value]
    steps: int
    since: dict[Value, int]  # how many steps had been taken when a parameter came, if it was not there from the first
    lr: float
    weight_decay: float
    maximize: bool

    def __init__(
        self, params: Iterable[Any], lr: float, weight_decay: float = 0.0, *, maximize: bool = False, **settings: Any
    ) -> None:
        settings = {"lr": lr, "weight_decay": weight_decay, "maximize": maximize, **settings}
        self.defaults = {name: self.checked(name, value) for name, value in settings.items()}
        self.param_groups = groups_in(params, self.defaults, self.checks)
        self.parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        self.steps = 0
        self.since = {}
        for group in self.param_groups:
            self.check_group(group)
        self._begin()

    def check_group(self, group: Group) -> None:
        """Raise ValueError where the settings of a new group do not go together."""

    def __setattr__(self, name: str, value: Any) -> None:
        groups: list[Group] = vars(self).get("param_groups", [])
        if name == "parameters" and "parameters" in vars(self):
            if len(groups) > 1:
                raise ValueError("the parameters are in groups, and cannot be set: make a new optimiser of such groups")
            value = leaves(value)
            before = {parameter: index for index, parameter in enumerate(self.parameters)}
            for kind, kept in self._kept().items():
                first = self.first(kind, groups[0])
                vars(self)[kind] = [kept[before[parameter]] if parameter in before else first for parameter in value]
            self._count_from({p: self.since.get(p, 0) if p in before else self.steps for p in value})
            groups[0].data["params"] = value
        if groups and name in groups[0] and name not in vars(self):
            value = self.checked(name, value)
            for group in groups:
                group[name] = value
        else:
            self._check_name(name)
            super().__setattr__(name, value)

    def _check_name(self, name: str) -> None:
        """Raise AttributeError for a setting that is none; one of your own may keep what it likes in itself."""
        is_ours = type(self).__module__.startswith(_PACKAGE) and "since" in vars(self)
        if is_ours and name[:1] != "_" and name not in vars(self) and not hasattr(type(self), name):
            choices = ", ".join(settings_in(self.param_groups[0]))
            raise AttributeError(f"{type(self).__name__} has no setting {name!r}: choose from {choices}")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            found = [group[name] for group in vars(self).get("param_groups", ()) if name in group]
            if not found:
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            if any(value != found[0] for value in found):
                where = f"optimizer.param_groups[0][{name!r}]"
                raise AttributeError(f"the groups have {name} = {', '.join(map(str, found))}: write {where}, ...")
            return found[0]

    def __repr__(self) -> str:
        usual = inspect.signature(type(self)).parameters
        told = []
        for group in self.param_groups:
            others = (name for name in settings_in(group) if name not in usual or group[name] != usual[name].default)
            settings = [f"{name}={group[name]!r}" for name in dict.fromkeys(["lr", *others])]
            count = len(group["params"])
            told.append(", ".join([*settings, f"{count:,} parameter{'s' * (count != 1)}"]))
        groups = told[0] if len(told) == 1 else f"{len(told)} groups: ({'), ('.join(told)})"
        return f"{type(self).__name__}({groups})"

    def __dir__(self) -> list[str]:
        """The names to use: with the settings, and without what only the class of an optimiser needs."""
        return sorted({*super().__dir__(), *settings_in(self.param_groups[0])} - _OF_CLASSES - self.counted)

    def first(self, kind: str, group: Group) -> float:
        """What is kept of a parameter before the first step."""
        return 0.0

    def _begin(self, convert: Callable[[list[float]], Any] = list) -> None:
        """Keep numbers of each kind that the settings ask for, if there are none yet."""
        for kind in self.names:
            asks = self.needs.get(kind)
            if kind not in vars(self) and (asks is None or any(group[asks] for group in self.param_groups)):
                pairs = [(self.first(kind, group), len(group["params"])) for group in self.param_groups]
                vars(self)[kind] = convert([number for number, count in pairs for _ in range(count)])

    def _count_from(self, steps: Mapping[Value, int]) -> None:
        self.since = {parameter: count for parameter, count in steps.items() if count}

    def _age(self, parameter: Value) -> int:
        """How many steps a parameter has taken."""
        return self.steps - self.since.get(parameter, 0)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters in a group: a setting that it does not say is the one the optimiser was made with.

        >>> from nn.optim import SGD
        >>> w, b = Value(1.0, "w"), Value(1.0, "b")
        >>> optimizer = SGD([w], lr=0.5)
        >>> optimizer.add_param_group({"params": [b], "lr": 0.25})
        >>> [p.name for p in optimizer.parameters], optimizer.param_groups[1]["lr"]
        (['w', 'b'], 0.25)
        """
        groups = groups_in([param_group], self.defaults, self.checks, self.param_groups)
        added = groups[-1]["params"]
        self.check_group(groups[-1])
        kept = {kind: [*kept, *[self.first(kind, groups[-1])] * len(added)] for kind, kept in self._kept().items()}
        vars(self).update(kept, param_groups=groups, parameters=[*self.parameters, *added])
        self._count_from(self.since | dict.fromkeys(added, self.steps))

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Set the grad of every parameter to zero. PyTorch's `set_to_none` does the same: it is a number."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Change every parameter once, according to its grad.

        Raises OverflowError where a new number would not be finite; no parameter has then changed.
        """
        before = [p.data for p in self.parameters]
        try:
            new, after = self.stepped(before, [p.grad for p in self.parameters])
        except TypeError:
            for index, p in enumerate(self.parameters):
                if p.grad is None:  # as PyTorch's programs set it
                    raise TypeError(f"the grad of {p.name or f'parameters[{index}]'} is None: set it to 0.0") from None
            raise
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
            after._begin()
            new: Any = []
            for part, start, stop in after._parts():
                slopes = [-grad for grad in grads[start:stop]] if part.maximize else grads[start:stop]
                for index, pair in enumerate(zip(data[start:stop], slopes, strict=True), start):
                    try:
                        new.append(part.update(index, *pair))
                    except (ZeroDivisionError, OverflowError):
                        new.append(math.inf)
            found = [new, *after._kept().values()]
            totals = [sum(numbers) for numbers in found]
        else:
            import numpy as np

            after._begin(np.array)
            with np.errstate(all="ignore"):
                new = np.empty(len(data))
                for part, start, stop in after._parts():
                    for at in range(start, stop, _BLOCK):
                        block = slice(at, min(at + _BLOCK, stop))
                        slopes = -grads[block] if part.maximize else grads[block]
                        new[block] = part.update(block, data[block], slopes)
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

    def _parts(self) -> Iterator[tuple[Self, int, int]]:
        """This optimiser with the settings of a group, and where its parameters begin and end among all, for each.

        Parameters of a group that have not taken the same number of steps are in parts of their own.
        """
        start = 0
        for group in self.param_groups:
            ages = [(self.steps, len(group["params"]))]
            if self.since:
                ages = [(age, len([*same])) for age, same in itertools.groupby(map(self._age, group["params"]))]
            for age, count in ages:
                part = object.__new__(type(self))
                vars(part).update(vars(self), **group.data, steps=age)
                yield part, start, start + count
                start += count
                own = {"steps", *group.data}
                vars(self).update((name, value) for name, value in vars(part).items() if name not in own)

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
            if name not in ("parameters", "param_groups") and (isinstance(kept, list) or hasattr(kept, "tolist"))
        }

    def state_dict(self) -> dict[str, Any]:
        """What is kept from step to step, and the settings, in PyTorch's layout; JSON can hold it.

        >>> from nn.optim import SGD
        >>> optimizer = SGD([Value(1.0)], lr=0.5, momentum=0.9)
        >>> optimizer.step()
        >>> optimizer.state_dict()["state"], optimizer.state_dict()["param_groups"][0]["lr"]
        ({0: {'step': 1, 'momentum_buffer': 0.0}}, 0.5)
        """
        kept = {self.names.get(name, name): numbers for name, numbers in self._kept().items()}
        places = iter(range(len(self.parameters)))
        state = {
            at: {"step": self._age(parameter), **{name: kept[name][at] for name in kept}}
            for at, parameter in enumerate(self.parameters)
            if self._age(parameter)
        }
        groups = [
            {**self._common(), **group, **self.fixed, "params": [*itertools.islice(places, len(group["params"]))]}
            for group in self.param_groups
        ]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` has given, or PyTorch's optimiser of the same name for single numbers.

        Raises TypeError or ValueError where it does not fit the optimiser; nothing has then changed.
        """
        match state:
            case {"state": Mapping() as entries, "param_groups": [Mapping(), *_] as groups} if all(
                isinstance(group, Mapping) for group in groups
            ):
                if len(groups) != len(self.param_groups):
                    raise ValueError(f"the state has {len(groups)} groups, and the optimiser {len(self.param_groups)}")
            case _:
                raise ValueError("the state of an optimiser has a state and groups of parameters in param_groups")
        pairs = [self._loaded_group(own, given) for own, given in zip(self.param_groups, groups, strict=True)]
        other = object.__new__(type(self))
        vars(other).update(vars(self), **pairs[0][1], param_groups=[group for group, _ in pairs])
        other._begin()
        vars(self).update(vars(other), **other._loaded_numbers(entries))

    def _common(self) -> dict[str, Any]:
        """The settings that no group has: attributes of an optimiser of your own, other than functions."""
        others = {"defaults", "param_groups", "parameters", "steps", *self.counted, *self._kept()}
        return {name: value for name, value in vars(self).items() if name not in others and not callable(value)}

    def _loaded_group(self, own: Group, given: Mapping[str, Any]) -> tuple[Group, dict[str, Any]]:
        """A group as it is given in a state, and the settings in it that no group has."""
        places = given.get("params", ())
        count, needed = len(places) if isinstance(places, list | tuple) else repr(places), len(own["params"])
        if count != needed:
            whose = "the optimiser" if len(self.param_groups) == 1 else "the group"
            raise ValueError(f"the state is that of {count} parameters, and {whose} has {needed}")
        common, names = [*self._common()], settings_in(own)
        missing = sorted({*common, *names} - given.keys())
        if missing:
            raise ValueError(f"the state is not that of {type(self).__name__}: it does not say {', '.join(missing)}")
        for name, value in given.items():
            known = name in {*common, *names, "params"} | OF_SCHEDULES | _SPEED
            if not known and value != self.fixed.get(name, False):
                raise ValueError(f"the state has {name} = {value!r}, which {type(self).__name__} cannot do")
        loaded = Group(self.checks, own["params"], {name: own[name] for name in names})
        loaded.update({name: given[name] for name in [*names, *given] if name in names or name in OF_SCHEDULES})
        return loaded, {name: self.checked(name, given[name]) for name in common}

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
        # PyTorch's SGD does not count its steps: where a momentum is kept, it has taken one
        kept = [any(number is not None for number in entry.values()) for entry in found]
        steps = [int(_number(place, entry, "step", float(kept[place]))) for place, entry in enumerate(found)]
        behind = {p: max(steps) - count for p, count in zip(self.parameters, steps, strict=True) if count < max(steps)}
        groups = [group for group in self.param_groups for _ in group["params"]]
        changes: dict[str, Any] = {
            name: [
                _number(place, entry, key, self.first(name, group))
                for place, (entry, group) in enumerate(zip(found, groups, strict=True))
            ]
            for name, key in names.items()
        }
        return {**changes, "steps": max(steps), "since": behind}


_PACKAGE = __name__.rpartition("base")[0]
_OF_CLASSES = {"check_group", "checked", "checks", "counted", "decoupled", "first", "fixed", "names", "needs"}
_BLOCK = 8_192  # numbers that are changed at once: what is computed on the way stays near the processor
_NOT_NEGATIVE = {"step", "exp_avg_sq", "max_exp_avg_sq", "square_avg", "acc_delta", "sum", "exp_inf", "mu_product"}
_SPEED = {"foreach", "fused", "capturable", "differentiable"}  # settings of PyTorch's that change no number


def _number(place: int, entry: Mapping[str, Any], key: str, first: float) -> float:
    """A number that is kept of a parameter; what PyTorch does not keep yet is as before the first step."""
    given, where = entry.get(key), f"state[{place}][{key!r}]"
    number = first if given is None else stated(where, given)
    if (key in _NOT_NEGATIVE and number < 0) or (key == "step" and not number.is_integer()):
        raise ValueError(f"{where} = {given!r} should be {'a whole number' if key == 'step' else 'at least 0'}")
    return number


def trajectory(optimizer: Optimizer, loss: Callable[[], Value], steps: int) -> list[tuple[float, ...]]:
    """The numbers of the parameters before each of so many steps and after the last; `loss` is computed anew each time.

    >>> from nn.optim import SGD
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
