"""Every operator with every kind of operand: the exact result, or a TypeError that says what to write."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd import Value, dot, exp, grad, hypot, maximum
from autograd.errors import DomainError, RangeError

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]
NUMBERS = [3, 2.5, Fraction(5, 4), np.float64(2.5), np.float32(0.5), np.int64(3)]
OTHERS = [
    True, np.bool_(True), Decimal("2.5"), 1j, "2", None, [2.0], (2.0,), {}, object(), np.array(2.0),
    np.array([2.0, 3.0]),
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
@pytest.mark.parametrize("function", OPERATORS)
def test_real_numbers_give_the_exact_result_on_either_side(function, number) -> None:  # type: ignore[no-untyped-def]
    x = Value(1.5)
    for result, want in (
        (function(x, number), function(1.5, float(number))),
        (function(number, x), function(float(number), 1.5)),
    ):
        assert isinstance(result, Value)
        assert result.data == want
        assert type(result.data) is float
        assert sorted(map(str, map(type, result.operands))) == sorted(map(str, (Value, float)))


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
@pytest.mark.parametrize("function", COMPARISONS)
def test_comparisons_take_real_numbers_on_either_side(function, number) -> None:  # type: ignore[no-untyped-def]
    assert function(Value(1.5), number) is function(1.5, float(number))
    assert function(number, Value(1.5)) is function(float(number), 1.5)


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: type(other).__name__)
@pytest.mark.parametrize("function", OPERATORS + COMPARISONS)
def test_anything_else_is_a_type_error_on_either_side(function, other) -> None:  # type: ignore[no-untyped-def]
    for operands in ((Value(1.5), other), (other, Value(1.5))):
        with pytest.raises(TypeError, match=r"expected a real number or a Value, not \w+ .*: "):
            function(*operands)


@pytest.mark.parametrize(
    ("other", "advice"),
    [
        (True, "write 1.0 or 0.0"),
        (Decimal("2.5"), r"write float\(d\)"),
        ("2", r"write float\(text\)"),
        (1j, "only real numbers"),
        (None, "missing"),
        ([2.0], "one element at a time"),
        (np.array([2.0]), "tolist"),
    ],
)
def test_the_error_says_what_to_write(other, advice) -> None:  # type: ignore[no-untyped-def]
    for function in (lambda: Value(1.0) * other, lambda: other * Value(1.0), lambda: Value(other), lambda: exp(other)):
        with pytest.raises(TypeError, match=advice):
            function()


def test_numpy_never_makes_an_array_of_objects() -> None:
    x = Value(1.0)
    for function in (lambda: np.array([x, x]), lambda: np.asarray(x), lambda: np.exp(x), lambda: np.add(x, 1.0)):
        with pytest.raises(TypeError):
            function()
    array = np.array([1.0, 2.0])
    with pytest.raises(TypeError):
        array *= x


class Tensor:
    """What an array of another library does: it leaves an operation to the other operand, and has these two ways out."""

    def tolist(self) -> list[float]:
        return [2.0]

    def item(self) -> float:
        return 2.0


HINTS: list[tuple[str, Callable[[Value], object]]] = [
    ("for np.exp(x), write exp(x) from autograd", np.exp),
    ("for np.exp(x), write exp(x) from autograd", lambda x: np.maximum(x, 0.0)),
    ("for an array, use a list", lambda x: np.array([x]) * 2),
    ("for an array, use a list", lambda x: np.dot([x], [2.0])),
    ("as in .tolist(), or with the single one, .item()", lambda x: np.array(2.0) * x),
    ("as in .tolist(), or with the single one, .item()", lambda x: x + np.array([2.0, 3.0])),
    ("not Tensor", lambda x: Tensor() * x),
    ("as in .tolist(), or with the single one, .item()", lambda x: Tensor() * x),
    ("as in .tolist(), or with the single one, .item()", lambda x: x * Tensor()),
    ("as in .tolist(), or with the single one, .item()", lambda x: x < Tensor()),
    ("as in .tolist(), or with the single one, .item()", lambda x: grad(lambda v: v * v)(Tensor())),
    ("take the numbers out of it, as in list(d.values())", lambda x: x * {"a": 1.0}),
    ("call it, and take what it returns", lambda x: x * math.sqrt),
    ("work with one element at a time", lambda x: x * (y for y in [1.0])),
    ("only real numbers", lambda x: x * np.complex128(1.0)),
    ("write round(x.data, digits)", lambda x: round(x, 2)),
    ("write x.data // y for the number, or x / y", lambda x: x // 2),
    ("write x.data // y for the number, or x / y", lambda x: 2 // x),
    ("write x.data // y for the number, or x / y", lambda x: np.float64(2.0) // x),
    ("write divmod(x.data, y)", lambda x: divmod(x, 2)),
    ("write divmod(x.data, y)", lambda x: divmod(2, x)),
    ("write x * y, or dot([...], [...])", lambda x: x @ x),
    ("write x * y, or dot([...], [...])", lambda x: [1.0] @ x),
    ("a power is x ** y", lambda x: x ^ 2),
    ("compare first, as in x > 0 and y > 0", lambda x: (x > 1) & x),
    ("compare first, as in x > 0 and y > 0", lambda x: x | 1),
    ("write x * 2 ** y", lambda x: x << 1),
    ("or -x", lambda x: ~x),
    ("write complex(x.data)", complex),
    ("write int(x.data)", lambda x: [1, 2][x]),
    ("write int(x.data)", range),
    ("write exp(x) from autograd", math.exp),
    ("write exp(x) from autograd", math.isnan),
]


@pytest.mark.parametrize(("words", "function"), HINTS)
def test_what_would_leave_the_graph_names_the_cure(words: str, function: Callable[[Value], object]) -> None:
    x = Value(1.0, "x")
    with pytest.raises(TypeError) as caught:
        function(x)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (x.data, x.grad) == (1.0, 0.0)


def test_what_stands_in_the_hints_is_right() -> None:
    for number, other in ((7.25, 2.0), (-7.25, 2.0), (7.25, -2.0)):
        x = Value(number)
        y = x - other * (x.data // other)
        y.backward()
        assert (y.data, x.grad) == (number % other, 1.0)


def test_numpy_numbers_become_floats_in_the_graph() -> None:
    assert type(Value(np.float32(0.1)).data) is float
    assert type(Value(np.int64(3)).data) is float
    node = Value(1.0) * np.float64(2.0)
    assert type(node.operands[1]) is float


def test_functions_of_two_operands_take_numbers_and_values_in_any_place() -> None:
    assert maximum(1, 2) == 2.0
    assert maximum(Value(1), 2).data == maximum(1, Value(2)).data == 2.0
    assert hypot(3, Fraction(4)) == 5.0
    assert dot([1, Value(2)], np.array([3.0, 4.0])).data == 11.0
    with pytest.raises(TypeError):
        dot([1.0], [[2.0]])  # type: ignore[list-item]


def test_a_number_beyond_the_largest_float_is_a_clear_error() -> None:
    for function in (lambda: Value(10**400), lambda: Value(1.0) + 10**400, lambda: exp(10**400)):
        with pytest.raises(RangeError, match="larger than the largest float"):
            function()


def test_not_a_number_is_refused_and_a_value_of_a_value_too() -> None:
    with pytest.raises(DomainError, match="not nan"):
        Value(float("nan"))
    with pytest.raises(TypeError, match=r"not Value .* write Value\(x.data\)"):
        Value(Value(1.0))  # type: ignore[arg-type]

    class Weight(Value):
        pass

    for value in (Weight(1.0), Value(1.0) * 2, Weight(1.0) * 2):
        with pytest.raises(TypeError, match=r"expected a real number, not .* write Value\(x.data\)"):
            Value(value)  # type: ignore[arg-type]
