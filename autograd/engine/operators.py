"""What a Value can do: its operators, a method for each function of one operand, and `backward`.

>>> from autograd.engine.value import Value
>>> x = Value(2.0, "x")
>>> (3 - x ** 2).exp()
Value(0.36787944117144233, op='exp')
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import NoReturn

from autograd.engine.copying import reduced
from autograd.engine.kernels import bind, kernels
from autograd.engine.opaque import install
from autograd.engine.recording import clock, is_paused, marks, note_choice
from autograd.engine.sweep import backward
from autograd.engine.value import Value, data_of
from autograd.engine.vectors import scalar, truth, unequal, vector
from autograd.table.rules import ROWS


def _chosen_by(operand: Value | float) -> float:
    """The number that a choice in a derivative depends on, which is noted."""
    if isinstance(operand, Value):
        note_choice(operand)
    return data_of(operand)


def _rounded(self: Value, ndigits: int | None = None) -> Value:
    """The row `round`."""
    if ndigits is not None:
        raise TypeError("round(x, digits) is for numbers to print: write round(x.data, digits), or f'{x:.3f}'")
    rounded: Value = kernels("round").forward()(self)
    return rounded


_JUMPS = "{0} jumps, and its derivative is 0 in between: write {1} for the number"
_BITS = "{0} is for bits, and a Value is a real number: {1}"
_REFUSED = {
    "floordiv rfloordiv": _JUMPS.format("x // y", "x.data // y") + ", or x / y, or floor(x / y) from autograd",
    "divmod rdivmod": _JUMPS.format("divmod(x, y)", "divmod(x.data, y)") + ", or floor(x / y) and x % y",
    "matmul rmatmul": "x @ y is for matrices, and a Value is a single number: write x * y, or dot([...], [...])",
    "and or rand ror": _BITS.format("x & y or x | y", "compare first, as in x > 0 and y > 0"),
    "xor rxor": _BITS.format("x ^ y", "a power is x ** y"),
    "lshift rshift rlshift rrshift invert": _BITS.format("x << y, x >> y or ~x", "write x * 2 ** y, x / 2 ** y or -x"),
    "complex": "complex(x) would leave the graph: write complex(x.data)",
    "index": "a Value is no index or count: write int(x.data)",
}


def _refuse(method: str, why: str) -> None:
    """Give Value a method that only says what to write instead."""

    def refused(*_: object) -> NoReturn:
        raise TypeError(why)

    refused.__name__, refused.__qualname__, refused.__doc__ = method, f"Value.{method}", why
    setattr(Value, method, refused)


class _Method:
    """A method of Value from a row; it takes the place of this when it is first asked for, so that importing is quick.

    >>> help(Value.tanh)
    Help on function tanh in module autograd:
    <BLANKLINE>
    tanh(a)
        `y = tanh(a)`, of numbers or Values.
    <BLANKLINE>
        - `dy/da = 1 - y ** 2`
    <BLANKLINE>
    """

    __slots__ = ("form", "method", "name")

    def __init__(self, method: str, name: str, form: str = "") -> None:
        self.method, self.name, self.form = method, name, form

    def __get__(self, value: Value | None, owner: type[Value]) -> object:
        function = kernels(self.name).forward(self.form)
        setattr(Value, self.method, function)
        return function if value is None else function.__get__(value)


def _install(method: str, name: str, form: str = "") -> None:
    setattr(Value, method, _Method(method, name, form))


def _freeing() -> Callable[[Value], None]:
    """A `Value.__del__` that frees a chain of nodes one after the other, not each inside the one that used it.

    For Pyodide, in a browser: from Python 3.13 on, destructors nest there until the stack of JavaScript overflows, and
    a chain of a few thousand nodes would end the interpreter.
    """
    waiting: list[object] = []
    is_running = False

    def free(node: Value) -> None:
        nonlocal is_running
        waiting.append((getattr(node, "_a", None), getattr(node, "_b", None)))  # a leaf has none
        node._a = node._b = None
        if not is_running:
            is_running = True
            try:
                while waiting:
                    waiting.pop()  # which frees them, and brings us here again with what they hold
            finally:
                is_running = False

    return free


if sys.platform == "emscripten":
    Value.__del__ = _freeing()  # type: ignore[attr-defined]
Value.backward, Value.__reduce__ = backward, reduced  # type: ignore[method-assign, assignment]
install()
# An empty Value, without a call of `__init__`: half the time of a node goes into making it.
_blank = itertools.starmap(object.__new__, itertools.repeat((Value,)))
bind(marks=marks, is_paused=is_paused, Value=Value, blank=_blank, clock=clock)
bind(chosen_by=_chosen_by, scalar=scalar, truth=truth, vector=vector, unequal=unequal)
for _name, _operator in {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "div": "truediv",
    "mod": "mod",
    "pow": "pow",
}.items():
    for _form in f"__{_operator}__", f"__r{_operator}__":
        _install(_form, _name, _form)
_install("__neg__", "neg")
_install("__abs__", "abs")
for _name in "floor", "ceil", "trunc":
    _install(f"__{_name}__", _name)
Value.__round__ = _rounded  # type: ignore[method-assign]
for _methods, _why in _REFUSED.items():
    for _method in _methods.split():
        _refuse(f"__{_method}__", _why)
for _row in ROWS.values():
    if len(_row.letters) - len(_row.defaults) == 1 and not _row.vectors and _row.name not in ("neg", "abs"):
        _install(_row.name, _row.name)
