"""Numbers in nested lists: what functions take, and what their derivatives come back in.

>>> leaves, build = flatten([1.0, [2.0, 3.0]])
>>> leaves, build([10.0, 20.0, 30.0])
([1.0, 2.0, 3.0], [10.0, [20.0, 30.0]])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["alike", "flatten"]

Build = Callable[[Sequence[Any]], Any]


def flatten(tree: Any) -> tuple[list[Any], Build]:
    """The leaves of a tree of lists and tuples, and the function that puts as many others in their places.

    A tuple comes back as a tuple, a list as a list; whatever is neither is a leaf.
    """
    leaves: list[Any] = []
    _collect((tree,), leaves)

    def build(others: Sequence[Any]) -> Any:
        return _built((tree,), iter(others))[0]

    return leaves, build


def alike(tree: Any, other: Any) -> bool:
    """Whether two trees have the same shape; a list and a tuple of one length have.

    >>> alike([1.0, [2.0]], (3.0, [4.0])), alike([1.0, 2.0], [[1.0, 2.0]])
    (True, False)
    """
    if not isinstance(tree, list | tuple) or not isinstance(other, list | tuple):
        return not isinstance(tree, list | tuple) and not isinstance(other, list | tuple)
    return len(tree) == len(other) and all(map(alike, tree, other))


def _collect(tree: Sequence[Any], leaves: list[Any]) -> None:
    for branch in tree:
        if isinstance(branch, (list, tuple)):
            _collect(branch, leaves)
        else:
            leaves.append(branch)


def _built(tree: Sequence[Any], others: Iterator[Any]) -> Any:
    branches = [_built(branch, others) if isinstance(branch, (list, tuple)) else next(others) for branch in tree]
    return branches if isinstance(tree, list) else tuple(branches)
