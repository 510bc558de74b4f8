"""Exercises that check themselves: each kind of mistake has its own sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from graphs import example_7_15, example_7_16, network

from autograd import Value, check, exp, sin, steps


def test_each_kind_of_mistake_has_its_sentence() -> None:
    x = Value(1.5, "x")
    y = (x**2).named("y")
    z = sin(y).named("z")
    J = exp(-z).named("J")
    for answer, kind, told in [
        (0.8655418174048961, "right", "Right: dJ/dx = 0.8655."),
        (0.866, "right", "Right: dJ/dx = 0.8655."),
        (-0.8655, "sign", "The size is right, and the sign is wrong: follow the minus signs along the path."),
        (3, "partial", "That is the local partial 2 * x: multiply it by what arrives, dJ/dy."),
        (0.2885, "upstream", "That is what arrives, dJ/dy: multiply it by the local partial 2 * x."),
        (7, "other", "Not this number: it is dJ/dy · 2 * x."),
    ]:
        verdict = check(answer, J, x)
        assert (verdict.kind, str(verdict), repr(verdict)) == (kind, told, told)
        assert bool(verdict) == verdict.is_right == (kind == "right")
    E = (x * y + x).named("E")
    assert str(check(1.0, E, x)).startswith("You forgot a path: x is used 3 times, and yours is the sum of 1 of 3")
    assert str(check(2.25 + 1, E, x)).startswith("You forgot a path: x is used 3 times, and yours is the sum of 2 of 3")
    assert check(3 * 1.5**2 + 1, E, x)


@pytest.mark.parametrize("build", [example_7_15, example_7_16, lambda: (network()["E"],)])
def test_what_backward_finds_is_right_and_nothing_else(build: Any) -> None:
    *_, y = build()
    if not y.grad:
        y.backward()
    nodes = [*dict.fromkeys(step.operand for step in steps(y))]
    grads = [node.grad for node in nodes]
    assert all(check(grad, y, node) for grad, node in zip(grads, nodes, strict=True))
    assert check(grads, y, nodes)
    assert not any(check(1.5 * grad + 17, y, node) for grad, node in zip(grads, nodes, strict=True))
    assert not any(check(-grad, y, node) for grad, node in zip(grads, nodes, strict=True))
    assert [node.grad for node in nodes] == grads


def test_lists_are_checked_one_by_one() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = (a * b).named("y")
    assert str(check([3, 2], y, [a, b])) == "Right: all of them."
    assert check(np.array([3.0, 2.0]), y, (a, b))
    found = check([-3, 2], y, [a, b])
    assert (found.kind, str(found)[:32]) == ("sign", "1 of 2 are right. ∂y/∂a: The siz")
    assert str(check([1, 2, 4], [1, 2, 3])) == "2 of 3 are right. number 3: Not this number."
    assert str(check([3, 2], y, [a])) == "1 number is asked for here, in a list, not [3, 2]."
    for answer in ([3], 3, [3, 2, 1]):
        assert str(check(answer, y, [a, b])) == f"2 numbers are asked for here, in a list, not {answer!r}."


def test_values_are_checked_too_and_whole_numbers_exactly() -> None:
    y = Value(0.4592901209134478, "x") * 1.0
    assert check(0.459, y)
    assert check(-0.459, y).kind == "sign"
    assert check(y, 0.459)
    assert check(1000, 1000)
    assert not check(1001, 1000)
    assert check(0, 0)
    assert not check(0.5, 0.0)
    assert check(math.inf, math.inf)
    assert not check(math.nan, 1.0)


def test_no_answer_yet_is_no_mistake() -> None:
    x = Value(2.0, "x")
    for answer, wrt in ((..., x), (None, x), (..., [x]), ([...], [x])):
        verdict = check(answer, x * 2, wrt)
        assert (verdict.kind, verdict.is_right) == ("open", False)
    assert str(check(..., 3)) == "Not answered yet: put your number in the place of the dots."


def test_what_no_path_leads_to_has_the_derivative_zero() -> None:
    x = Value(2.0, "x")
    y = (x * 2).named("y")
    assert check(1, y, y)
    assert not check(2, y, y)
    with pytest.raises(ValueError, match="is not part of the graph"):
        check(0, y, Value(1.0, "other"))


@pytest.mark.parametrize("answer", ["0.5", (0, 5), {"x": 1}, 1j])
def test_what_is_no_number_is_told(answer: Any) -> None:
    x = Value(2.0, "x")
    told = f"One number is asked for here, such as 0.29, not {answer!r}."
    assert str(check(answer, x * 2, x)) == str(check(answer, 2.0)) == told
    assert str(check([answer, 1], [0, 1])) == f"1 of 2 are right. number 1: {told}"
