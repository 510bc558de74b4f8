"""The graph: a Value is a number that remembers how it was computed.

>>> x = Value(3.0, "x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> y.data, x.grad
(15.0, 8.0)

Words: `data` is the primal number, `grad` the adjoint (the derivative of the swept result with respect to this node), a
leaf a Value made by hand, a result one computed by an operation. Its operators and functions come from the table, in
`operators`; `backward` is in `sweep`. What begins with a single underscore is for the other modules of this package.
"""

# mypy: disable-error-code=empty-body
from __future__ import annotations

import itertools
import numbers
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeGuard

from autograd.engine.checks import number, real
from autograd.engine.kernels import LEAF, Kernel
from autograd.engine.recording import clock, last_set, note
from autograd.table.expression import UNDEFINED
from autograd.table.output import legible

Operand: TypeAlias = "Value | float"  # what takes a float takes an int, a Fraction and NumPy's numbers too


class Value:
    """A real number in a computation graph; `Value(2.0, "x")` makes a leaf.

    Operators and the functions of `autograd` applied to Values record their results. Values are equal only to
    themselves; `<` and `>` compare their data.

    >>> x = Value(2, "x")
    >>> (1 + x ** 2).named("y")
    Value(5.0, name='y', op='add')

    `Value(9.0, (x,), "square")` is the result of an operation of your own: see `autograd.engine.opaque`.

    What else is to be kept with it may be set, as in `p.momentum = 0.0`.

    An instance of a subclass is a leaf of its own kind, which copies and pickles keep; what is computed from it is a
    Value again.
    """

    # One class for leaves and results: code that meets now one, now the other, would take a quarter longer.
    #
    # The kernel knows the operation, and computed the node from the operands `_a` and `_b`; a row with vectors, or with
    # more than two operands, has them in `_a`, each vector in a tuple of its own, which other nodes may share.
    #
    # The stamp tells when a result was made, or a leaf's data last set; below 0, when the leaf was made. An operand is
    # older than its results, which gives a topological order; a leaf younger than a result from it has changed since.
    __slots__ = {  # with what help says of them
        **dict.fromkeys(["__dict__", "__weakref__", "_a", "_b", "_data", "_kernel", "_name", "_part", "_stamp"]),
        "grad": "The adjoint: of a leaf the derivatives that sweeps have added, until set to 0.0",
    }
    _a: Any
    _b: Any
    _data: float
    _kernel: Kernel
    _name: str
    _part: tuple[str, ...]
    _stamp: int
    grad: float
    __array_priority__ = 1e9  # NumPy then leaves operators to us, instead of making arrays of objects

    def __init__(
        self,
        data: float,
        name: str | Iterable[Operand] | None = None,
        op: str | Iterable[float] = "",
        label: str | None = None,
        *,
        _children: Iterable[Operand] = (),
        _op: str = "",
    ) -> None:
        self._data = number(data)
        self._kernel = LEAF
        self._stamp = -next(clock)
        self.grad = 0.0
        if name is not None or label is not None or _children:
            if isinstance(name, str):
                self.named(name)
            operands = _children if name is None or isinstance(name, str) else name
            if not (isinstance(operands, tuple) and not operands):
                self._made_of(operands, _op if isinstance(op, str) and not op else op)
            if label is not None and label != "":
                self.named(label)

    @property
    def data(self) -> float:
        """The number itself. A leaf's may be set; graphs built from it before are stale from then on."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if self._kernel is not LEAF:
            raise TypeError(f"{self!r} was computed: set the data of leaves, and compute it again")
        self._data = number(data)
        self._stamp = last_set[0] = next(clock)

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
    def part(self) -> tuple[str, ...]:
        """The part of a model that the node belongs to, from the outside in; () if none was stated."""
        return getattr(self, "_part", ())

    @part.setter
    def part(self, part: tuple[str, ...]) -> None:
        self._part = part

    def within(self, *part: str) -> Value:
        """The node itself, now a weight of a part of a model, or the part's output; pictures can fold parts.

        >>> Value(0.1, "w").within("layer 1", "neuron 2").part
        ('layer 1', 'neuron 2')
        """
        if not part or not all(isinstance(name, str) and name for name in part):
            raise TypeError(f'a part is given by texts such as "layer 1", "neuron 2", not {part!r}')
        self._part = part
        return self

    def detach(self) -> Value:
        """A leaf with the same number and name, which no derivative goes through.

        >>> x = Value(3.0, "x")
        >>> (x * x.detach()).operands[1] is x
        False
        """
        return Value(self._data, self.name)

    @property
    def op(self) -> str | None:
        """The name of the row that computed this node; None for a leaf."""
        return self._kernel.row.name or None

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """The Values and plain numbers the node was computed from, in order, repeats kept."""
        vectors, others = self._parts
        return (*itertools.chain(*vectors), *others) if vectors else others

    @property
    def _parts(self) -> tuple[tuple[tuple[Value | float, ...], ...], tuple[Value | float, ...]]:
        """The vectors among the operands, and what follows them."""
        kernel = self._kernel
        if kernel.many:
            count = len(kernel.row.vectors)
            return self._a[:count], self._a[count:]
        return (), (self._a, self._b)[: len(kernel.kinds)] if kernel.kinds else ()

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        op = "" if self.op is None else f", op={self.op!r}"
        shown = UNDEFINED if self.grad != self.grad else repr(self.grad)
        grad = f", grad={shown}" if self.grad else ""  # there once a sweep has brought something
        return legible(f"Value({self._data!r}{name}{op}{grad})")

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def __pos__(self) -> Value:
        return self

    def __lt__(self, other: Operand) -> bool:
        return self._data < _beside(self, other)

    def __le__(self, other: Operand) -> bool:
        return self._data <= _beside(self, other)

    def __gt__(self, other: Operand) -> bool:
        return self._data > _beside(self, other)

    def __ge__(self, other: Operand) -> bool:
        return self._data >= _beside(self, other)

    # Two Values are equal only if they are one: `y in [x, y]` and dictionaries go by identity, and never ask this.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        _check_equality(self, "==", other)
        return self is other

    def __ne__(self, other: object) -> bool:
        _check_equality(self, "!=", other)
        return self is not other

    # What would leave the graph without a word is an error.

    def __bool__(self) -> NoReturn:
        raise TypeError("a Value is neither true nor false: compare it (x > 0), or write x.data != 0")

    def __float__(self) -> NoReturn:
        raise TypeError("float(x) would leave the graph: write x.data; for math.exp(x), write exp(x) from autograd")

    def __int__(self) -> NoReturn:
        raise TypeError("int(x) would leave the graph: write int(x.data)")

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(
            "NumPy's arrays and functions do not take Values: for np.exp(x), write exp(x) from autograd; for an array, "
            "use a list; the number is x.data"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError("a Value is a single number: put several into a list")

    if TYPE_CHECKING:  # what the table gives to a Value in `autograd.engine.operators`
        label: str
        _op: str
        _prev: tuple[Value, ...]
        _backward: Callable[[], object]

        def backward(self, seed: float = 1.0, hook: Callable[[Any], object] | None = None) -> None: ...
        def _made_of(self, operands: Iterable[Operand], op: object) -> None: ...
        def __add__(self, other: Operand) -> Value: ...
        def __neg__(self) -> Value: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __add__
        __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __add__
        __abs__ = __floor__ = __ceil__ = __trunc__ = __neg__
        exp = exp2 = expm1 = log = log1p = log2 = log10 = sqrt = cbrt = sin = cos = tan = sinc = asin = acos = __neg__
        atan = sinh = cosh = tanh = sech = asinh = acosh = atanh = sigmoid = softplus = log_sigmoid = softsign = __neg__
        silu = mish = relu = selu = gaussian = erf = erfc = gelu = gelu_tanh = sign = round = floor = __neg__
        ceil = trunc = __neg__

        def __round__(self, ndigits: int | None = None) -> Value: ...
        def leaky_relu(self, b: Operand = 0.01) -> Value: ...
        def elu(self, b: Operand = 1.0) -> Value: ...


def is_result(x: object) -> TypeGuard[Value]:
    """Whether an operation computed it; else it is a leaf, or no Value.

    >>> x = Value(3.0)
    >>> is_result(x), is_result(2 * x)
    (False, True)
    """
    return isinstance(x, Value) and x._kernel is not LEAF


def _check_equality(value: Value, sign: str, other: object) -> None:
    """Raise a TypeError for a number of whatever kind, and for an array: neither is ever equal to a Value."""
    is_number = isinstance(other, numbers.Number)
    if is_number or hasattr(other, "dtype"):
        name, what = value.name or "x", "a number" if is_number else "an array"
        shown = f"{other}" if isinstance(other, int | float) and abs(other) < 1e15 else "..."
        raise TypeError(
            f"{name} {sign} {shown} compares a Value with {what}: write {name}.data {sign} {shown}, or < and >"
        )


def _beside(value: Value, other: Operand) -> float:
    """The number that a Value is compared with; that it was compared is noted."""
    data = data_of(other)
    note(value, *([other] if isinstance(other, Value) else []))
    return data


def data_of(operand: object) -> float:
    """The number of a Value, or a plain number as a float."""
    return operand._data if isinstance(operand, Value) else real(operand)
