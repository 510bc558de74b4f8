"""Numbers in lists, tuples and dicts, nested at will: what functions take, and what their derivatives come back in.

>>> leaves, build = flatten({"w": [1.0, 2.0], "b": 3.0})
>>> leaves, build([10.0, 20.0, 30.0])
([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})

They are the trees of JAX: lists, tuples and named ones, dicts (also an OrderedDict, a defaultdict), and None, which has
no number in it. But keys keep the order in which they were put in, and not that of the alphabet: a gradient is read
beside the argument, keys of any kind will do, and no derivative depends on their order.
"""

from __future__ import annotations

import copy
import dataclasses
import operator
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from autograd.engine.value import Value
from autograd.table.expression import shortened

_FIRST = operator.itemgetter(0)
_KINDS = {list, tuple, dict, OrderedDict, defaultdict, type(None)}
_LEAVES = {float, Value}  # most are one of these, and need no further look
Build = Callable[[Sequence[Any]], Any]
T = TypeVar("T")


def flatten(tree: Any) -> tuple[list[Any], Build]:
    """The leaves of a tree, and the function that puts as many others in their places.

    Each container comes back as one of its own kind; whatever is none is a leaf.

    >>> from typing import NamedTuple
    >>> Line = NamedTuple("Line", [("slope", float), ("intercept", float)])
    >>> leaves, build = flatten(Line(1.0, 2.0))
    >>> build([10.0, 20.0]).intercept
    20.0
    """
    if not is_container(tree):
        return [tree], _FIRST
    leaves: list[Any] = []
    _gather(tree, leaves)
    kept = _built(tree, iter(leaves))  # what its owner puts into it later must not matter
    return leaves, lambda others: _built(kept, iter(others))


def converted(tree: Any, what: str, convert: Callable[[Any], T]) -> tuple[list[T], Build]:
    """The same with the leaves made into something else.

    Where that is a TypeError, since a leaf is a container of another kind, the error says what to write instead.

    >>> converted({"w": {1.0}}, "the argument", float)
    Traceback (most recent call last):
    TypeError: the argument['w'] is of type set, {1.0}: numbers stand in lists, tuples and dicts: write list(...)
    """
    if type(tree) in _LEAVES:
        return [convert(tree)], _FIRST
    leaves, build = flatten(tree)
    try:
        return list(map(convert, leaves)), build
    except TypeError:
        for path, leaf in zip(paths(tree, what), leaves, strict=True):
            if cure := _cure(leaf):
                text = shortened(" ".join(repr(leaf).split()), 40, "...")
                shown = f"{path} is of type {type(leaf).__name__}, {text}"
                raise TypeError(f"{shown}: numbers stand in lists, tuples and dicts: {cure}") from None
        raise


def matched(tree: Any, other: Any) -> list[Any]:
    """The leaves of another tree in the order of this one's. Raises ValueError where it is not nested alike.

    A list and a tuple are alike, and so are dicts with the same keys.

    >>> matched({"w": 1.0, "b": (2.0,)}, {"b": [20.0], "w": 10.0})
    [10.0, 20.0]
    """
    if not (is_container(tree) or is_container(other)):
        return [other]
    if isinstance(tree, dict) and isinstance(other, dict) and tree.keys() == other.keys():
        pairs: Iterable[tuple[Any, Any]] = [(branch, other[key]) for key, branch in tree.items()]
    elif isinstance(tree, list | tuple) and isinstance(other, list | tuple) and len(tree) == len(other):
        pairs = zip(tree, other, strict=True)
    elif tree is None and other is None:
        pairs = ()
    else:
        raise ValueError("the trees are not nested alike")
    found: list[Any] = []
    for branch, beside in pairs:
        if type(branch) in _LEAVES and type(beside) in _LEAVES:
            found.append(beside)
        else:
            found += matched(branch, beside)
    return found


def is_container(x: Any) -> bool:
    """Whether it is no leaf: a container that is known here, or None, in which nothing is."""
    return type(x) in _KINDS or isinstance(x, list | tuple)


def paths(tree: Any, name: str) -> Iterator[str]:
    """What the leaves are called, if the tree has a name.

    >>> list(paths({"w": [1.0, 2.0], "b": 3.0}, "p"))
    ["p['w'][0]", "p['w'][1]", "p['b']"]
    """
    if not is_container(tree):
        yield name
        return
    keys = tree if isinstance(tree, dict) else range(len(_branches(tree)))
    for key, branch in zip(keys, _branches(tree), strict=True):
        yield from paths(branch, f"{name}[{key!r}]")


def _branches(tree: Any) -> Any:
    """What stands in a container."""
    return tree.values() if isinstance(tree, dict) else () if tree is None else tree


def _gather(tree: Any, leaves: list[Any]) -> None:
    for branch in _branches(tree):
        if type(branch) in _LEAVES or not is_container(branch):
            leaves.append(branch)
        else:
            _gather(branch, leaves)


def _built(tree: Any, others: Iterator[Any]) -> Any:
    branches = [
        next(others) if type(each) in _LEAVES or not is_container(each) else _built(each, others)
        for each in _branches(tree)
    ]
    if isinstance(tree, list):
        return branches
    if isinstance(tree, dict):
        made = copy.copy(tree)  # with the factory of a defaultdict
        made.update(zip(tree, branches, strict=True))
        return made
    make: Any = getattr(tree, "_make", tuple)  # a named tuple's own
    return None if tree is None else make(branches)


def _cure(leaf: object) -> str:
    """What to write for a container of another kind; empty for what is none."""
    if isinstance(leaf, Value | str | bytes):
        return ""
    if hasattr(leaf, "tolist"):
        return "give its numbers, as in .tolist(), or with the single one, .item()"
    if dataclasses.is_dataclass(leaf):
        return "make it a NamedTuple, or write dataclasses.asdict(...)"
    if isinstance(leaf, Mapping):
        return "write dict(...)"
    return "write list(...)" if isinstance(leaf, Iterable) else ""
