"""The graph: a Value is a number that remembers how it was computed, and the chain rule runs back over it.

>>> x = Value(3.0, "x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> y.data, x.grad
(15.0, 8.0)

Words: `data` is the primal number, `grad` the adjoint (the derivative of the swept result with respect to this node), a
leaf a Value made by hand, a result one computed by an operation. `autograd.steps` tells the sweep line by line.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from autograd.checks import gradient_failure, number, real
from autograd.errors import AutogradError, RangeError, StaleGraphError
from autograd.kernels import Kernel, kernels

if TYPE_CHECKING:
    from autograd.signatures import Operand, Operations
else:
    Operations = object  # autograd.operators gives a Value its operators and methods, from the table

__all__ = ["Result", "Value", "clock", "collect", "contributions", "data_of", "local_partial"]

clock = itertools.count(1)
_STAMP = operator.attrgetter("_stamp")


class Value(Operations):
    """A real number in a computation graph; `Value(2.0, "x")` makes a leaf.

    Operators and the functions of `autograd` applied to Values record their results. Values are equal only to
    themselves; `<` and `>` compare their data.

    >>> x = Value(2, "x")
    >>> (1 + x ** 2).named("y")
    Value(5.0, name='y', op='add')
    """

    # The stamp tells when a result was made, or a leaf's data last set (0: never). An operand is older than its
    # results, which gives a topological order; a leaf younger than a result computed from it has changed since.
    __slots__ = ("__weakref__", "_data", "_name", "_stamp", "grad")
    _data: float
    _name: str
    _stamp: int
    grad: float
    __array_ufunc__ = None  # NumPy's numbers then leave operators to us, instead of making arrays of objects

    def __init__(self, data: float, name: str | None = None) -> None:
        self._data = number(data)
        self._stamp = 0
        self.grad = 0.0
        if name is not None:
            self.named(name)

    @property
    def data(self) -> float:
        """The number itself. A leaf's may be set; graphs built from it before are stale from then on."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        self._data = number(data)
        self._stamp = next(clock)

    @property
    def name(self) -> str | None:
        """The name given to the node, or None."""
        return getattr(self, "_name", None)

    def named(self, name: str) -> Value:
        """The node itself, now called `name` in texts and pictures."""
        if not isinstance(name, str) or not name:
            raise TypeError(f'a name is a text such as "x", not {name!r}')
        self._name = name
        return self

    @property
    def op(self) -> str | None:
        """The name of the row that computed this node; None for a leaf."""
        return None

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """The Values and plain numbers the node was computed from, in order, repeats kept."""
        return ()

    def backward(self, seed: float = 1.0) -> None:
        """Add `seed` times the derivative of this node to the `grad` of every leaf it was computed from.

        Each result's `grad` is left holding its adjoint in this sweep. Raises GradientError where a derivative that is
        needed does not exist, RangeError for a number too large, StaleGraphError where a leaf's data was changed after
        it was used; no leaf has then changed.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward(); y.backward(); x.grad
        12.0
        """
        results, leaves = _checked(self)
        seed, before = number(seed), [leaf.grad for leaf in leaves]
        if not all(isinstance(grad, (int, float)) for grad in before):
            raise TypeError("the grad of a leaf is not a number: set it to 0.0 before the sweep")
        try:
            for node in [*leaves, *results]:
                node.grad = 0.0
            self.grad = seed
            for result in results:
                if result.grad:  # where no adjoint arrives, nothing flows on, and no partial needs to exist
                    result._kernel.sweep(result)
            after = [grad + leaf.grad for grad, leaf in zip(before, leaves, strict=True)]
            if any(grad - grad for grad in after):
                raise RangeError("a leaf's grad was not a finite number before the sweep: set it to 0.0")
        except BaseException as error:
            for leaf, grad in zip(leaves, before, strict=True):
                leaf.grad = grad
            if isinstance(error, (ArithmeticError, ValueError)):
                raise _explained(self, seed, error) from None
            raise
        for leaf, grad in zip(leaves, after, strict=True):
            leaf.grad = grad

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        op = "" if self.op is None else f", op={self.op!r}"
        return f"Value({self._data!r}{name}{op})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def __lt__(self, other: Operand) -> bool:
        return self._data < data_of(other)

    def __le__(self, other: Operand) -> bool:
        return self._data <= data_of(other)

    def __gt__(self, other: Operand) -> bool:
        return self._data > data_of(other)

    def __ge__(self, other: Operand) -> bool:
        return self._data >= data_of(other)

    # What would leave the graph without a word is an error.

    def __bool__(self) -> NoReturn:
        raise TypeError("a Value is neither true nor false: compare it (x > 0), or write x.data != 0")

    def __float__(self) -> NoReturn:
        raise TypeError("float(x) would leave the graph: write x.data; for math.exp(x), write exp(x) from autograd")

    def __int__(self) -> NoReturn:
        raise TypeError("int(x) would leave the graph: write int(x.data)")

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("NumPy arrays do not hold Values: use a list, or x.data for the number")

    def __iter__(self) -> NoReturn:
        raise TypeError("a Value is a single number: put several into a list")


class Result(Value):
    """A Value that an operation computed: it keeps its operands in `_a` and `_b` (more than two in `_a`)."""

    __slots__ = ("_a", "_b", "_kernel")
    _a: Any
    _b: Any
    _kernel: Kernel
    __init__ = object.__init__  # the kernels fill the slots in; this alone saves a sixth of the forward pass

    @property
    def data(self) -> float:
        """The number computed from the operands."""
        return self._data

    @data.setter
    def data(self, data: object) -> NoReturn:
        raise TypeError(f"{self!r} was computed: set the data of leaves, and compute it again")

    @property
    def op(self) -> str:
        """The name of the row that computed this node."""
        return self._kernel.row.name

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """The Values and plain numbers the node was computed from, in order, repeats kept."""
        if self._kernel.many:
            return self._a  # type: ignore[no-any-return]
        return (self._a,) if len(self._kernel.kinds) == 1 else (self._a, self._b)


def collect(root: Value) -> tuple[list[Result], list[Value]]:
    """All results from which the root was computed, the youngest (the root) first, and all leaves.

    The order is topological: a node comes before its operands, so that its adjoint is complete when it is passed on.
    """
    if not isinstance(root, Value):
        raise TypeError(f"expected a Value, the result of a computation with Values, not {root!r}")
    results: list[Result] = []
    leaves: list[Value] = []
    seen: set[object] = {root, None}  # numbers too: to ask whether each is one would take longer
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Result):
            leaves.append(node)
            continue
        results.append(node)
        for operand in node._a if node._kernel.many else (node._a, node._b):
            if operand not in seen:
                seen.add(operand)
                if isinstance(operand, Value):
                    waiting.append(operand)
    results.sort(key=_STAMP, reverse=True)
    return results, leaves


def contributions(root: Value, seed: float = 1.0) -> Iterator[tuple[Result, int, str, float, float, float, float]]:
    """The sweep from `root`, one operand at a time, without touching any `grad`.

    Gives (node, position of the operand, its letter, the node's adjoint, the local partial, the operand's adjoint
    before and after). `backward` does the same, faster.
    """
    results, leaves = _checked(root)
    adjoints: dict[Value, float] = dict.fromkeys([*leaves, *results], 0.0)
    adjoints[root] = seed
    for node in results:
        adjoint = adjoints[node]
        operands = node.operands
        for letter, position in node._kernel.places(len(operands)):
            operand = operands[position]
            if isinstance(operand, Value):
                partial, before = _partial_if_needed(node, letter, position, adjoint), adjoints[operand]
                adjoints[operand] = before + (adjoint * partial if adjoint else 0.0)
                yield node, position, letter, adjoint, partial, before, adjoints[operand]


def _partial_if_needed(node: Result, letter: str, position: int, adjoint: float) -> float:
    """The local partial, or nan where it does not exist but no adjoint arrives to be multiplied by it."""
    try:
        return local_partial(node, letter, position)
    except AutogradError:
        if adjoint:
            raise
        return math.nan


def local_partial(node: Result, letter: str, position: int) -> float:
    """The derivative of a result with respect to one of its operands, the others held fixed."""
    row, operands = node._kernel.row, node.operands
    data = {x: data_of(operands[place]) for x, place in node._kernel.beside(position, len(operands)).items()}
    try:
        return kernels(row.name).partial(letter)(*data.values(), node._data)
    except (ArithmeticError, ValueError) as error:
        raise gradient_failure(row, operands, letter, error) from None


def _checked(root: Value) -> tuple[list[Result], list[Value]]:
    """What `collect` gives, if it can be swept: no leaf has changed since it was used, and the root is finite."""
    results, leaves = collect(root)
    if results and max(map(_STAMP, leaves), default=0) > results[-1]._stamp:
        for node in reversed(results):
            for operand in node.operands:
                if isinstance(operand, Value) and not isinstance(operand, Result) and operand._stamp > node._stamp:
                    which = f"{operand.name or 'a leaf'} = {operand._data!r}"
                    row = node._kernel.row.name
                    raise StaleGraphError(f"{which} was set after {row} was computed from it: compute the result again")
    if root._data - root._data:
        first = next(node for node in [*leaves, *reversed(results)] if node._data - node._data)
        raise RangeError(f"the derivative of {root._data!r} is not defined: the first such number is {first!r}")
    return results, leaves


def _explained(root: Value, seed: float, error: Exception) -> Exception:
    """The error to raise where the sweep failed: the one that going through it operand by operand meets."""
    try:
        for node, position, _, adjoint, partial, _, after in contributions(root, seed):
            if after - after:
                operand = node.operands[position]
                return RangeError(f"the adjoint of {operand!r} is too large: {adjoint!r} * {partial!r}, from {node!r}")
    except AutogradError as explained:
        return explained
    return error


def data_of(operand: object) -> float:
    """The number of a Value, or a plain number as a float."""
    return operand._data if isinstance(operand, Value) else real(operand)
