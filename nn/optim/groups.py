"""Groups of parameters, each with the settings its parameters are changed with."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, cast

from autograd import Value

OF_SCHEDULES = {"initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"}  # what they keep in a group


def leaves(parameters: Any, where: str = "parameters") -> list[Value]:
    """The parameters in a list, if an optimiser can change them."""
    if hasattr(parameters, "parameters"):
        raise TypeError("an optimiser takes a list of parameters: give model.parameters()")
    if not isinstance(parameters, Iterable) or isinstance(parameters, Value | str):
        raise TypeError(f"an optimiser takes a list of parameters, as model.parameters() gives, not {parameters!r}")
    found = list(parameters)
    if not found:
        raise ValueError("there is no parameter to optimise: give model.parameters()")
    known: dict[Value, int] = {}
    for index, parameter in enumerate(found):
        if not isinstance(parameter, Value):
            named = ", without names" if isinstance(parameter, tuple) else ""
            raise TypeError(f"{where}[{index}] is {parameter!r}, not a Value: give model.parameters(){named}")
        if parameter.op is not None:
            raise ValueError(f"{where}[{index}] is {parameter!r}, which is computed: only leaves can be changed")
        if known.setdefault(parameter, index) != index:
            named = parameter.name or repr(parameter)
            raise ValueError(f"{where}[{index}] is {named}, as {where}[{known[parameter]}] is: give each one once")
    return found


class Group(UserDict[str, Any]):
    """Some parameters, its "params", and the settings they are changed with, checked whenever they are set.

    >>> from nn.optim import SGD
    >>> group = SGD([Value(1.0)], lr=0.5).param_groups[0]
    >>> group["lr"] = 0.25
    >>> group["lr"], group["momentum"], len(group["params"])
    (0.25, 0.0, 1)
    """

    def __init__(self, checks: Mapping[str, Callable[[str, Any], Any]], params: list[Value], settings: Any) -> None:
        super().__init__()
        self._checks = checks
        self.data.update(settings, params=params)

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        if name in self.data and name not in OF_SCHEDULES:
            raise ValueError(f"a group keeps its {name}, which cannot be deleted")
        del self.data[name]

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Change settings: all of these, or none if one is wrong."""
        self.data.update({name: self._checked(name, value) for name, value in dict(other, **more).items()})

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]
        self.update(other)
        return self

    def copy(self) -> Self:
        """Another group of the same parameters."""
        return self.__copy__()

    def _checked(self, name: str, value: Any) -> Any:
        if name == "params":
            raise ValueError("the parameters of a group stay: make a new optimiser, or set optimizer.parameters")
        if name not in self.data and name not in OF_SCHEDULES:
            raise ValueError(f"{name!r} is no setting of a group: choose from {', '.join(settings_in(self))}")
        return self._checks[name](name, value) if name in self._checks else value


def settings_in(group: Mapping[str, Any]) -> list[str]:
    """The names of the settings of a group."""
    return [name for name in group if name != "params" and name not in OF_SCHEDULES]


def groups_in(
    params: Any,
    settings: dict[str, Any],
    checks: Mapping[str, Callable[[str, Any], Any]],
    before: Iterable[Group] = (),
) -> list[Group]:
    """The groups that are given, in PyTorch's manner, or one of all parameters; after those that are there."""
    groups = [*before]
    if isinstance(params, Iterable) and not isinstance(params, Value | str | Mapping):
        params = params if hasattr(params, "parameters") else [*params]
    if not groups and not (isinstance(params, list) and params and isinstance(params[0], Mapping)):
        return [Group(checks, leaves(params), settings)]
    known = {parameter: place for place, group in enumerate(groups) for parameter in group["params"]}
    for index, given in enumerate(cast("Iterable[Any]", params), len(groups)):
        if not isinstance(given, Mapping) or "params" not in given:
            raise TypeError(f'param_groups[{index}] is {given!r}, not a dict with "params" and settings of their own')
        own = [given["params"]] if isinstance(given["params"], Value) else given["params"]
        groups.append(Group(checks, leaves(own, f"param_groups[{index}]['params']"), settings))
        groups[-1].update({name: value for name, value in given.items() if name != "params"})
        for parameter in groups[-1]["params"]:
            if known.setdefault(parameter, index) != index:
                named = parameter.name or repr(parameter)
                raise ValueError(f"{named} stands in param_groups[{known[parameter]}] and in param_groups[{index}]")
    return groups
