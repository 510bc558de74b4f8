"""Data as rows, one for each example, found by their positions: the one door through which data come into `nn`.

>>> as_rows("y", (0, 1, 1))
(0, 1, 1)
>>> as_rows("y", {0: 1.0, 1: 5.0})
Traceback (most recent call last):
TypeError: y is a list or an array, not dict {0: 1.0, 1: 5.0}: write list(y.values())
"""

from __future__ import annotations

import contextlib
import itertools
import math
import operator
import reprlib
import sys
from collections.abc import Hashable, Iterator, Mapping, Set
from numbers import Real
from typing import Any

from autograd import Value

_NUMBERS = {float, int, bool}
_SIMPLE = {*_NUMBERS, Value}


def as_rows(name: str, data: Any) -> Any:
    """The data as a list, a tuple, an array of NumPy's, or a sequence of your own, which are taken as they are.

    Series, frames and tensors, also inside a list, become lists or arrays of their numbers; labels are not looked at.
    Raises TypeError for what has no rows, or has no order, as a dict or a generator.
    """
    found = _plain(name, data)
    if isinstance(found, str | bytes) or not (hasattr(found, "__len__") and hasattr(found, "__getitem__")):
        raise _refused(name, data, " (a single number)" if isinstance(found, Value | Real) else "")
    return found


def entries(name: str, example: Any) -> list[Any]:
    """The numbers and Values of one example in a list, by position; a single one may stand alone."""
    found = _plain(name, example)
    if isinstance(found, Value | Real):
        return [found]
    found = as_rows(name, found)
    return found.tolist() if is_array(found) else [*found]


def examples(X: Any, y: Any) -> tuple[Any, Any]:  # noqa: N803 - as everybody calls them
    """The examples and their targets as rows, if there are as many, all of them finite."""
    found = as_rows("X", X), as_rows("y", y)
    if len(found[0]) != len(found[1]) or not len(found[0]):
        raise ValueError(
            f"there are {len(found[0])} examples and {len(found[1])} targets: as many are needed, and at least one"
        )
    _check_finite("X", found[0])
    _check_finite("y", found[1])
    return found


def _check_finite(name: str, data: Any) -> None:
    """Raise ValueError where rows hold nan or inf; a sequence of your own is not asked for its rows."""
    if is_array(data):
        import numpy as np

        if np.isfinite(data).all():
            return
        data = data.tolist()
    for index, entry in enumerate(data if isinstance(data, list | tuple) else ()):
        for number in _not_finite(entry):
            raise ValueError(f"{name}[{index}] holds {float(number)!r}, which no training can use")


def _not_finite(entry: Any) -> Iterator[Any]:
    """The numbers in an entry, whatever the depth of its lists, that are nan or infinite."""
    if isinstance(entry, Real):
        yield from () if math.isfinite(entry) else (entry,)
    elif isinstance(entry, list | tuple):
        if not ({*map(type, entry)} <= _NUMBERS and math.isfinite(sum(entry))):
            for inside in entry:
                yield from _not_finite(inside)
    elif is_array(entry):
        yield from _not_finite(entry.tolist())


@contextlib.contextmanager
def located(**data: Any) -> Iterator[None]:
    """Errors of the code inside, which say in a note where the data are not rows of numbers, all of one width."""
    try:
        yield
    except (TypeError, ValueError, LookupError) as error:
        for name, rows in data.items():
            for odd in itertools.islice(_odd(name, rows), 1):
                error.add_note(odd)
        raise


def _odd(name: str, data: Any) -> Iterator[str]:
    """What is said of rows that hold what is no number, or are of another width than the first."""
    width = None
    for index, row in enumerate(data.tolist() if is_array(data) else data if isinstance(data, list | tuple) else ()):
        row = row.tolist() if is_array(row) else row
        several = isinstance(row, list | tuple)
        for place, entry in enumerate(row if several else [row]):
            if not isinstance(entry, Value | Real):
                where = f"{name}[{index}][{place}]" if several else f"{name}[{index}]"
                yield f"{where} is {_quoted(entry)}, which is no number"
        here = len(row) if several else 1
        width = width or here
        if here != width:
            yield f"{name}[{index}] is of {here}, and {name}[0] of {width}"


def is_array(data: object) -> bool:
    """Whether the data are an array of NumPy's, which is not loaded for this."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(data) is numpy.ndarray


def _plain(name: str, item: Any) -> Any:
    """Data, an example or a number, with the same entries by position; itself where it is plain already."""
    if type(item) in _SIMPLE or isinstance(item, Value | Real | str | bytes):
        return item
    if isinstance(item, list | tuple):
        if {*map(type, item)} <= _SIMPLE:
            return item
        inside = [
            entry if type(entry) in _SIMPLE else _plain(f"{name}[{index}]", entry) for index, entry in enumerate(item)
        ]
        return item if all(map(operator.is_, inside, item)) else inside
    if is_array(item) and item.ndim and item.dtype.kind in "biuf":
        return item
    try:
        found = _read(item)
    except Exception as error:  # whatever a tensor on another device, or a sparse one, may raise
        raise _refused(name, item, f" ({error})") from None
    if found is not item:
        return _plain(name, found)
    if isinstance(item, Set | Mapping) or hasattr(item, "keys"):
        raise _refused(name, item)
    return item


def _read(item: Any) -> Any:
    """The contents of a Series, a frame, a tensor or an array, in lists or NumPy's arrays; else the item itself."""
    if getattr(getattr(item, "dtype", None), "kind", "") in ("m", "M"):  # of which tolist makes nanoseconds
        raise TypeError(f"it holds {item.dtype}, not numbers")
    for method in ("tolist", "to_numpy"):
        if callable(getattr(item, method, None)):
            return getattr(item, method)()
    if hasattr(item, "iloc"):
        return [item.iloc[position] for position in range(len(item))]
    if hasattr(item, "__array__"):
        return item.__array__().tolist()
    return item


def _refused(name: str, data: Any, reason: str = "") -> TypeError:
    if isinstance(data, Mapping) or (hasattr(data, "keys") and hasattr(data, "values")):
        cure = f"list({name}.values())"
    elif isinstance(data, Set):
        cure = "a list, in the right order"
    elif hasattr(data, "toarray"):
        cure = f"{name}.toarray()"
    elif reason or isinstance(data, str | bytes) or not hasattr(data, "__iter__"):
        cure = "a list of numbers"
    else:
        cure = f"list({name})"
    return TypeError(f"{name} is a list or an array, not {_quoted(data)}{reason}: write {cure}")


def _quoted(thing: object) -> str:
    """The type of a thing, and what it is, in few letters."""
    return "None" if thing is None else f"{type(thing).__name__} {' '.join(reprlib.repr(thing).split())}"


def holds(data: Any, kinds: Set[str]) -> bool:
    """Whether data hold things of these kinds, whatever the depth of the lists: NumPy makes a number of "0.5"."""
    if is_array(data) and data.dtype != object:
        return type(data.dtype.type().item()).__name__ in kinds
    inside = data.tolist() if is_array(data) else data if isinstance(data, list | tuple) else []
    types = {*map(type, inside)}
    return any(kind.__name__.rstrip("_") in kinds for kind in types) or (
        not types <= _SIMPLE and any(holds(entry, kinds) for entry in inside)
    )


def distinct(targets: Any) -> Any:
    """The targets, those that are alike once, if they are numbers, all of one kind."""
    kinds = {*map(type, targets)} if isinstance(targets, list | tuple) or is_array(targets) else set()
    return [*dict.fromkeys(targets)] if len(kinds) == 1 and issubclass(kinds.pop(), Real) else targets


MOST_TARGETS = 10  # for each of which a loss that asks what a target is has a program of its own


def by_target(targets: Any) -> list[list[int]]:
    """The places of the examples with the same target, for each target; none if there are too many for programs."""
    groups: dict[Hashable, list[int]] = {}
    for index, target in enumerate(targets):
        groups.setdefault(tuple(target) if hasattr(target, "__len__") else target, []).append(index)
        if len(groups) > MOST_TARGETS:
            return []
    return [*groups.values()]


def as_values(name: str, example: Any) -> tuple[Any, list[Value]]:
    """An example with Values for its numbers, and these."""
    if hasattr(example, "__len__"):
        values = [Value(number, f"{name}{index}") for index, number in enumerate(example, 1)]
        return values, values
    value = Value(example, name)
    return value, [value]
