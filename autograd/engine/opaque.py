"""Operations that the table does not know: a value, operands, and a backward pass of the user's own.

>>> x = Value(3.0, "x")
>>> y = Value(x.data ** 2, (x,), "square")
>>> def backward():
...     x.grad += 2 * x.data * y.grad
>>> y._backward = backward
>>> y.backward(); x.grad
6.0

They are written as micrograd's are, whose scripts run with the import changed; its names `label`, `_prev`, `_op` and
`_backward` are there for every Value. Instead of a `_backward` there may be one local partial for each operand:

>>> y = Value(x.data ** 2, (x,), [2 * x.data])

Such an operation is opaque: nothing is known of it but numbers. What reads the table refuses it by its name: formulas,
programs, second derivatives. Its backward adds to the adjoints of its operands, and of nothing else, each time `y.grad`
times a number that does not depend on `y.grad`; if it does, as where it clips, forward mode goes by an adjoint of 1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Container, Iterable
from typing import Any, NoReturn

from autograd.engine.checks import number, real
from autograd.engine.kernels import LEAF, Kernel, Kernels
from autograd.engine.recording import clock, is_paused
from autograd.engine.value import Value
from autograd.errors import OpaqueError
from autograd.table.rules import Row

_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "neg": "-", "relu": "ReLU"}


class OpaqueRow(Row):
    """A row without texts: who asks for one gets an OpaqueError that names the operation."""

    __slots__ = ()
    is_opaque = True
    vectors = "a"
    letters = property(lambda _: "a")
    domain = convention = kink = slope_of = ""
    defaults: dict[str, float] = {}  # noqa: RUF012 - nobody adds to it

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def native(self) -> str:
        """Its own name: what computes it is the user's."""
        return self.name

    def _refuse(self, *_: object) -> NoReturn:
        raise OpaqueError(
            f"{self.name}: computed by the user's own backward, of which only numbers are known: write it with the "
            "functions of autograd, or add a row with primitive(...)"
        )

    computed_value = computed_partial = differentiated_partial = _refuse  # type: ignore[assignment]
    value = partials = texts = computed = property(_refuse)


class _OpaqueKernel(Kernel):
    """The sweep over a node whose operands are in `_a`, and in `_b` its backward, or its local partials, or None."""

    __slots__ = ()

    def __init__(self, name: str, kinds: str) -> None:
        self.functions = Kernels(OpaqueRow(name))
        self.row = self.functions.row
        self.kinds = kinds
        self.sweep = _sweep
        self.many, self.fallible = True, True
        self.reads_a = self.reads_b = False

    def forward(self, node: Value, tangents: dict[Value, float]) -> None:
        """The node's tangent."""
        found = zip(node.operands, partials_of(node), strict=True)
        tangents[node] = sum((tangents[x] * partial for x, partial in found if isinstance(x, Value)), 0.0)

    def partials(self, node: Value, wanted: Container[Value]) -> list[tuple[Value, Value]]:
        """The local partials as Values, of which no derivative is known: opaque ones, without a backward."""
        name = f"the partial of {self.row.name}"
        source = made_of(0.0, node.operands, name)  # one for all, which knows the operands
        found = zip(node.operands, partials_of(node), strict=True)
        return [(x, made_of(p, [source], name)) for x, p in found if isinstance(x, Value) and x in wanted]

    def second(self, node: Value, tangents: dict[Value, float], changes: dict[Value, float]) -> None:
        """The contributions and how they change, unless an operand moves: then so may the partials."""
        if any(tangents[x] for x in node.operands if isinstance(x, Value)):
            raise OpaqueError(f"{self.row.name}: computed by the user's own backward, it has no second derivative")
        for x, partial in zip(node.operands, partials_of(node, node.grad), strict=True):
            if isinstance(x, Value):
                x.grad += partial * node.grad
                changes[x] += partial * changes[node]

    def __reduce__(self) -> tuple[Any, ...]:
        return _kernel, (self.row.name, self.kinds)


@functools.lru_cache(maxsize=1024)
def _kernel(name: str, kinds: str) -> Kernel:
    return _OpaqueKernel(name, kinds)


def refuse_opaque(nodes: Iterable[Value]) -> None:
    """Raise the OpaqueError of the first opaque node, if there is one."""
    for node in nodes:
        if node._kernel.row.is_opaque:
            node._kernel.row.computed_value()


def _sweep(node: Value) -> None:
    how = node._b
    if callable(how):
        _running.append(node)
        try:
            how()
        finally:
            _running.remove(node)
    elif how is not None:
        for x, partial in zip(node.operands, how, strict=True):
            if isinstance(x, Value):
                x.grad += partial * node.grad
    elif node.grad:
        _no_backward(node)


_running: list[Value] = []  # whose own backward is running now


def check_alone(results: Iterable[Value]) -> None:
    """Raise an OpaqueError where a sweep begins, within a backward of the user's own, over what that one is part of."""
    if _running:
        outer = {x for node in [*_running] for x in [node, *node.operands] if isinstance(x, Value)}
        for node in results:
            if node in outer:
                name = _running[-1]._kernel.row.name
                raise OpaqueError(
                    f"{name}: its own backward sweeps over {node!r}, which is being swept: compute it anew from "
                    "leaves, as Value(x.data)"
                )


def _no_backward(node: Value) -> NoReturn:
    name = node._kernel.row.name
    if name.startswith("the partial of "):
        raise OpaqueError(f"{name} is known as a number only, as it comes from the user's own backward")
    raise OpaqueError(f"{node!r} has no backward: set its _backward, or write Value(data, (x,), [partial by x])")


def partials_of(node: Value, adjoint: float = 1.0) -> list[float]:
    """The local partial of each operand of an opaque node: as given, or what its backward makes of an adjoint, over it.

    That of an operand that occurs twice is found whole, and stands at its first place.
    """
    how = node._b
    if how is None:
        _no_backward(node)
    if not callable(how):
        return list(how)
    seed = adjoint if adjoint and math.isfinite(adjoint) else 1.0
    operands = {x: x.grad for x in node.operands if isinstance(x, Value)}
    before = node.grad
    try:
        for x in operands:
            x.grad = 0.0
        node.grad = seed
        how()
        found = {x: _quotient(x.grad, seed) for x in operands}
    finally:
        node.grad = before
        for x, grad in operands.items():
            x.grad = grad
    return [found.pop(x, 0.0) if isinstance(x, Value) else 0.0 for x in node.operands]


def _quotient(product: float, factor: float) -> float:
    """The other factor of a product: one that gives just this product, where there is one."""
    near = product / factor
    candidates = (near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf))
    return next((x for x in candidates if x * factor == product), near)


def made_of(data: float, operands: Iterable[Value | float], op: str, how: Any = None) -> Value:
    """A new opaque node."""
    node = Value(data)
    make_opaque(node, operands, op, how)
    return node


def make_opaque(node: Value, operands: Iterable[Value | float], op: object, how: Any = None) -> None:
    """Make a leaf the result of an operation `op`; nothing where there is no Value among its operands.

    As in micrograd, `op` may be given alone, and as in microgpt the local partials in its place.
    """
    if not isinstance(operands, Iterable):
        raise TypeError(f'a name is a text such as "x", and operands are a tuple, (x, y), not {operands!r}')
    if isinstance(operands, set | frozenset):  # in the order in which they were made
        if not isinstance(op, str):
            raise TypeError("a set has no order, and partials do: give the operands as a tuple, (x, y)")
        operands = sorted(operands, key=lambda x: abs(x._stamp) if isinstance(x, Value) else 0)
    found = tuple(x if isinstance(x, Value) else real(x) for x in operands)
    if not isinstance(op, str):
        op, how = "own", tuple(map(number, op)) if isinstance(op, Iterable) else op
        if not isinstance(how, tuple) or len(how) != len(found):
            need, many = (
                ("1 operand needs", "one partial")
                if len(found) == 1
                else (f"{len(found)} operands need", "as many partials")
            )
            raise TypeError(f"{need} the name of an operation, or a list of {many}, not {how!r}")
    are_values = [isinstance(x, Value) for x in found]
    if any(are_values) and not is_paused():
        node._kernel = _kernel(op or "own", "v" if all(are_values) else "m")
        node._a, node._b, node._stamp = (found,), how, next(clock)


def _set_backward(node: Value, backward: Callable[[], object]) -> None:
    if not callable(backward):
        raise TypeError(f"_backward is a function without arguments, not {backward!r}")
    if node._kernel is LEAF:
        if is_paused():
            return
        raise TypeError(f"{node!r} has no operands for a backward: write Value(data, (x, y), 'name of the operation')")
    if not node._kernel.row.is_opaque:
        operands = node.operands
        kinds = "v" if all(isinstance(x, Value) for x in operands) else "m"
        node._kernel, node._a = _kernel(node._kernel.row.name, kinds), (operands,)
    node._b = backward


def _backward_of(node: Value) -> Callable[[], object]:
    """Adds what this node contributes to the adjoints of its operands; it may be called by one set in its place."""
    if node._kernel.row.is_opaque and callable(node._b):
        own: Callable[[], object] = node._b
        return own
    twin: Value = object.__new__(Value)
    twin._data, twin._kernel = node._data, node._kernel
    if node._kernel is not LEAF:
        twin._a, twin._b = node._a, node._b

    def backward() -> None:
        twin.grad = node.grad
        twin._kernel.sweep(twin)

    return backward


def _label(node: Value) -> str:
    """The name, or an empty text."""
    return node.name or ""


def _set_label(node: Value, label: str) -> None:
    if label or not isinstance(label, str):
        node.named(label)
    elif node.name is not None:
        del node._name


def _symbol(node: Value) -> str:
    """The sign of the operation; an empty text for a leaf."""
    op = node.op or ""
    if op == "pow" and not node._kernel.row.is_opaque and not isinstance(node._b, Value):
        exponent = node._b
        return f"**{int(exponent) if exponent.is_integer() and abs(exponent) < 1e16 else exponent}"
    return _SYMBOLS.get(op, op)


def _previous(node: Value) -> tuple[Value, ...]:
    """The operands that are Values, each once."""
    return tuple(dict.fromkeys(x for x in node.operands if isinstance(x, Value)))


def install() -> None:
    """Give Value the names that micrograd's has."""
    Value._made_of = make_opaque  # type: ignore[method-assign, assignment]
    Value.label = property(_label, _set_label)  # type: ignore[assignment]
    Value._op, Value._prev = property(_symbol), property(_previous)  # type: ignore[assignment]
    Value._backward = property(_backward_of, _set_backward)  # type: ignore[assignment]
