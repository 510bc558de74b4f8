"""Numbers in nested lists: what functions take, and what their derivatives come back in.

>>> leaves, build = flatten([1.0, [2.0, 3.0]])
>>> leaves, build([10.0, 20.0, 30.0])
([1.0, 2.0, 3.0], [10.0, [20.0, 30.0]])
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_FIRST = operator.itemgetter(0)
Build = Callable[[Sequence[Any]], Any]


def flatten(tree: Any) -> tuple[list[Any], Build]:
    """The leaves of a tree of lists and tuples, and the function that puts as many others in their places.

    A tuple comes back as a tuple, a named one as the same named one, a list as a list; whatever is neither is a leaf.

    >>> from typing import NamedTuple
    >>> Line = NamedTuple("Line", [("slope", float), ("intercept", float)])
    >>> leaves, build = flatten(Line(1.0, 2.0))
    >>> build([10.0, 20.0]).intercept
    20.0
    """

    if not isinstance(tree, (list, tuple)):
        return [tree], _FIRST
    leaves: list[Any] = []
    _gather(tree, leaves)
    return leaves, lambda others: _built(tree, iter(others))


def shape(tree: Any) -> Any:
    """How a tree is nested, None for each leaf. A list and a tuple are alike.

    >>> shape([1.0, [2.0]]) == shape((3.0, [4.0])) == [None, [None]]
    True
    """
    return list(map(shape, tree)) if isinstance(tree, (list, tuple)) else None


def _gather(tree: Sequence[Any], leaves: list[Any]) -> None:
    for branch in tree:
        if isinstance(branch, (list, tuple)):
            _gather(branch, leaves)
        else:
            leaves.append(branch)


def _built(tree: Sequence[Any], others: Iterator[Any]) -> Any:
    branches = [_built(branch, others) if isinstance(branch, (list, tuple)) else next(others) for branch in tree]
    if isinstance(tree, list):
        return branches
    make: Any = getattr(tree, "_make", tuple)  # a named tuple's own
    return make(branches)
