"""What may be given for a setting or for a target, and what is said when it may not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

from autograd import Value


def whole_number(what: str, count: object) -> int:
    """The count, if it is a whole number from 1 on."""
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ValueError(f"{what} is a whole number, 1 or more, not {count!r}")
    return int(count)


def check_model(model: object) -> None:
    """Raise TypeError for what cannot be called with an example."""
    if not callable(model):
        raise TypeError(f"the model is a Module or a function of an example, not {model!r}")


def plain(target: Any) -> Any:
    """A target as a plain number or a Value: a NumPy scalar, True, and the only entry of a row will do.

    >>> plain([1]), plain(True)
    (1.0, 1.0)
    """
    if type(target) is float and target == target:
        return target
    scalar: Any = target
    while hasattr(scalar, "__len__") and len(scalar) == 1 and not isinstance(scalar, str):
        scalar = scalar[0]
    if isinstance(scalar, Value):
        return scalar
    item: Any = getattr(scalar, "item", None)
    scalar = item() if item else scalar
    return float(scalar) if isinstance(scalar, bool) else Value(scalar).data


def between(name: str, number: Any, low: float, high: float = math.inf) -> float:
    """The number as a float, if it is at least `low` and below `high`."""
    if isinstance(number, bool) or not isinstance(number, Real):
        raise TypeError(f"{name} = {number!r} should be a number")
    if not low <= float(number) < high:
        limit = f"below {high:g}" if high < math.inf else "finite"
        raise ValueError(f"{name} = {number!r} should be at least {low:g} and {limit}")
    return float(number)


def not_negative(name: str, number: Any) -> float:
    """The number, if it is at least 0."""
    return between(name, number, 0)


def positive(name: str, number: Any) -> float:
    """The number, if it is above 0."""
    if between(name, number, 0) == 0:
        raise ValueError(f"{name} = {number!r} should be above 0")
    return float(number)


def share(name: str, number: Any) -> float:
    """The number, if it is at least 0 and below 1."""
    return between(name, number, 0, 1)


def shares(name: str, pair: Any) -> tuple[float, float]:
    """The two numbers, if each is at least 0 and below 1."""
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise TypeError(f"{name} = {pair!r} should be two numbers")
    return share(f"{name}[0]", pair[0]), share(f"{name}[1]", pair[1])


def whole(name: str, number: Any) -> int:
    """The number, if it is a whole one from 1 on."""
    return count(name, number, 1)


def count(name: str, number: Any, least: int = 0) -> int:
    """The number, if it is a whole one from 0 on, or from another."""
    if between(name, number, least) != int(number):
        raise ValueError(f"{name} = {number!r} should be a whole number")
    return int(number)


def one_of(*known: str) -> Callable[[str, Any], str]:
    """What tells whether a setting is one of these words."""

    def check(name: str, word: Any) -> str:
        if word not in known:
            raise ValueError(f"{name} = {word!r} should be {' or '.join(map(repr, known))}")
        return str(word)

    return check


def flag(name: str, value: Any, cure: str = "") -> bool:
    """The value, if it is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} = {value!r} should be True or False{cure}")
    return value


def as_state(state: Any) -> Mapping[str, Any]:
    """The state of a model or a schedule, if it can be one."""
    if not isinstance(state, Mapping):
        raise TypeError(f"a state is a dict, as state_dict gives it, not {state!r}")
    return state


def stated(where: str, given: Any) -> float:
    """A number that stands in a state, also as a tensor of one."""
    try:
        return Value(given.item() if hasattr(given, "item") else given).data
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where}: {error}") from None


class Settings:
    """Something with settings that are checked whenever they are set; they are not set if they are wrong."""

    checks: ClassVar[dict[str, Callable[[str, Any], Any]]] = {}

    def checked(self, name: str, value: Any) -> Any:
        """The value, if that of the name may be so."""
        return self.checks[name](name, value) if name in self.checks else value

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, self.checked(name, value))
