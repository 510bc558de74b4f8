"""Graphs in `pickle` and `copy`: of any length, and what was shared is shared again.

>>> import copy
>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> y = x * x
>>> a, b = copy.deepcopy((x, y))
>>> b.operands[0] is b.operands[1] is a, a is x
(True, False)

Both take an object apart from the outside in, so that a chain of nodes would nest as deep as it is long. Here a list of
all the results that a node was computed from goes before it, the oldest first: each finds its operands already there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from autograd.engine.flow import values_in
from autograd.engine.kernels import LEAF
from autograd.engine.recording import clock
from autograd.engine.value import Value, is_result

_OWN = {*Value.__slots__}


class _Earlier:
    """The results before a node: for `pickle` and `copy` a list, which they meet once, and remember."""

    def __init__(self, node: Value) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        others: dict[_Earlier, None] = {}  # lists with some of them, for nodes that went before
        found: list[Value] = []
        waiting = [self.node]
        lists = _lists.of
        while waiting:
            for operand in values_in(waiting.pop()):
                if is_result(operand):
                    earlier = lists.get(operand)
                    if earlier is None:
                        lists[operand] = self
                        found.append(operand)
                        waiting.append(operand)
                    elif earlier is not self:
                        others[earlier] = None
        return list, (), None, iter([*others, *sorted(found, key=lambda node: node._stamp)])


class _Lists(threading.local):
    """For the results that this thread is copying, the list in which each stands."""

    def __init__(self) -> None:
        # `pickle` and `copy` keep a list for as long as they remember what stood in it.
        self.of: WeakValueDictionary[Value, _Earlier] = WeakValueDictionary()


_lists = _Lists()


def reduced(self: Value) -> tuple[Any, ...]:
    """What `pickle` and `copy` make a node of again, of its own class; a result with its operands before it."""
    about = type(self), self._data, self.grad, self.name, self.part
    if not is_result(self):
        return _restored, about, _added(self)
    if self._kernel.row.is_opaque and callable(self._b):
        raise TypeError(f"{self!r} cannot be copied or pickled: its backward is a function that knows this graph only")
    earlier = _lists.of.setdefault(self, _Earlier(self))
    stale = [operand for operand in values_in(self) if _is_stale(self, operand)]
    return _restored, (*about, earlier, self._a, self._b, self._kernel, stale), _added(self)


def _is_stale(result: Value, operand: Value) -> bool:
    return not is_result(operand) and operand._stamp > result._stamp


def _added(node: Value) -> Any:
    """What its user, or a subclass, added to a node, in the form of `object.__getstate__`; None if nothing."""
    state: Any = object.__getstate__(node)
    attributes, slots = state
    slots = {name: value for name, value in slots.items() if name not in _OWN}
    return (attributes, slots) if attributes or slots else None


def _restored(
    make: type[Value],
    data: float,
    grad: float,
    name: str | None,
    part: tuple[str, ...],
    _earlier: object = None,
    *computed: Any,
) -> Value:
    """A node as it was, with a stamp of this process: after those of its operands, unless they have changed since."""
    new: Callable[[type[Value]], Value] = object.__new__
    node = new(make)
    node._data, node.grad, node._stamp = data, grad, -next(clock)
    node._kernel = LEAF
    if computed:
        node._a, node._b, node._kernel, stale = computed
        node._stamp = next(clock)
        for leaf in stale:
            leaf._stamp = next(clock)
    if name is not None:
        node.named(name)
    return node.within(*part) if part else node
