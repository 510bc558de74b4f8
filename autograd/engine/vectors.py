"""The operands of an operation, as its function takes them: each with its number and its kind.

>>> x = Vector([Value(1.0, "x1"), Value(2.0, "x2")])
>>> scalar(3), vector(x) == (x, [1.0, 2.0], "v")
((3.0, 3.0, 'n'), True)

The kinds are `v` for a Value or a vector of Values, `n` for a number or a vector of numbers, `m` for a mixed vector.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd.engine.checks import real
from autograd.engine.recording import last_set
from autograd.engine.value import Operand, Value
from autograd.table.rules import Row


class Vector(tuple[Operand, ...]):
    """Operands that several operations share, as all neurons of a layer do: they are read once, and swept over once.

    >>> from autograd import dot
    >>> x = Vector([Value(1.0), Value(2.0)])
    >>> [dot(w, x).data for w in ([1.0, 2.0], [3.0, 4.0])]
    [5.0, 11.0]
    """

    kind: str
    numbers: list[float]
    time: int  # of the last leaf that was set before they were read

    def __new__(cls, operands: Iterable[Any]) -> Vector:  # noqa: D102
        now = last_set[0]
        values, numbers, kind = vector(operands)
        made = super().__new__(cls, values)
        made.numbers, made.kind, made.time = numbers, kind, now
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Vector, (tuple(self),)


def scalar(operand: object) -> tuple[Operand, float, str]:
    """An operand, its number, its kind."""
    if isinstance(operand, Value):
        return operand, operand._data, "v"
    number = real(operand)
    return number, number, "n"


def truth(operand: object) -> tuple[Operand, float, str]:
    """The same of an operand that only decides: it may be True or False, of NumPy's kind too."""
    return scalar(float(operand) if type(operand).__name__ in ("bool", "bool_") else operand)  # type: ignore[arg-type]


def vector(operands: Iterable[Any]) -> tuple[tuple[Operand, ...], list[float], str]:
    """The operands of a vector, their numbers, their common kind."""
    if type(operands) is Vector:
        if operands.time != last_set[0]:
            now = last_set[0]
            operands.numbers = vector(tuple(operands))[1]
            operands.time = now
        return operands, operands.numbers, operands.kind
    operands = tuple(operands)
    try:
        data = [operand._data for operand in operands]
        return operands, data, "v" if operands else "n"
    except AttributeError:
        if all(type(operand) is float for operand in operands):  # an example, given to a neuron as it is
            return operands, list(operands), "n"
        values, numbers, kinds = zip(*map(scalar, operands), strict=True)
        return values, list(numbers), "m" if len({*kinds}) > 1 else kinds[0]


def unequal(row: Row, a: tuple[object, ...], b: tuple[object, ...]) -> None:
    """Say that two vectors are not of one length."""
    raise TypeError(f"{row.name} takes vectors of one length, not of {len(a)} and {len(b)}")
