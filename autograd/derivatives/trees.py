"""Numbers in nested lists: what functions take, and what their derivatives come back in.

>>> leaves, build = flatten([1.0, [2.0, 3.0]])
>>> leaves, build([10.0, 20.0, 30.0])
([1.0, 2.0, 3.0], [10.0, [20.0, 30.0]])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

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


def leaves_like(tree: Any, other: Any) -> list[Any] | None:
    """The leaves of a tree of the same shape as another one; None if it has not. A list and a tuple are alike.

    >>> leaves_like([1.0, [2.0]], (3.0, [4.0])), leaves_like([1.0, 2.0], [[1.0, 2.0]])
    ([3.0, 4.0], None)
    """
    return flatten(other)[0] if _shape((tree,)) == _shape((other,)) else None


def _shape(tree: Sequence[Any]) -> list[Any]:
    return [_shape(branch) if isinstance(branch, (list, tuple)) else None for branch in tree]


def _collect(tree: Sequence[Any], leaves: list[Any]) -> None:
    for branch in tree:
        if isinstance(branch, (list, tuple)):
            _collect(branch, leaves)
        else:
            leaves.append(branch)


def _built(tree: Sequence[Any], others: Iterator[Any]) -> Any:
    branches = [_built(branch, others) if isinstance(branch, (list, tuple)) else next(others) for branch in tree]
    return branches if isinstance(tree, list) else tuple(branches)
