"""What may be given for a setting or for a target, and what is said when it may not."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

from autograd import Value


def whole_number(what: str, count: object) -> int:
    """The count, if it is a whole number from 1 on."""
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ValueError(f"{what} is a whole number, 1 or more, not {count!r}")
    return int(count)


def plain(target: Any) -> Any:
    """A target as a plain number or a Value: a NumPy scalar, True, and the only entry of a row will do.

    >>> plain([1]), plain(True)
    (1.0, 1.0)
    """
    while hasattr(target, "__len__") and len(target) == 1 and not isinstance(target, str):
        target = target[0]
    if isinstance(target, Value):
        return target
    scalar: Any = target
    scalar = scalar.item() if hasattr(scalar, "item") else scalar
    return float(scalar) if isinstance(scalar, bool) else Value(scalar).data


def between(name: str, number: float, low: float, high: float = math.inf) -> float:
    """The number, if it is at least `low` and below `high`."""
    if not low <= number < high:
        limit = f"below {high:g}" if high < math.inf else "finite"
        raise ValueError(f"{name} = {number!r} should be at least {low:g} and {limit}")
    return number
