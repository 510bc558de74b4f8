"""Operations of the user's own, as micrograd and microgpt write them."""

from __future__ import annotations

import copy
import math
import pickle
import re
from collections.abc import Callable

import pytest

from autograd import (
    Value,
    check_grad,
    compile,
    draw,
    exp,
    explain,
    formula,
    grad,
    gradients,
    hessian,
    jvp,
    no_grad,
    steps,
    taylor,
    walk,
)
from autograd.errors import OpaqueError, StaleGraphError

OWN = "tanh: computed by the user's own backward, of which only numbers are known"


def tanh(x: Value, label: str = "") -> Value:
    """As a user of micrograd writes it."""
    t = (math.exp(2 * x.data) - 1) / (math.exp(2 * x.data) + 1)
    out = Value(t, (x,), "tanh", label=label)

    def _backward() -> None:
        x.grad += (1 - t**2) * out.grad

    out._backward = _backward
    return out


def square(x: Value) -> Value:
    """As in microgpt."""
    return Value(x.data**2, (x,), (2 * x.data,))


def neuron() -> tuple[Value, Value, Value]:
    x, w = Value(0.5, label="x"), Value(2.0, label="w")
    o = tanh(w * x, label="o")
    return o * o + x, x, w


def test_the_neuron_of_the_lecture_has_its_numbers() -> None:
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    n.label = "n"
    o = tanh(n, "o")
    o.backward()
    found = [round(v.grad, 4) for v in (x1, w1, x2, w2, n)]
    assert found == [-1.5, 1.0, 0.5, 0.0, 0.5]  # as on the lecture's board
    assert o._op == "tanh"
    assert o._prev == (n,)


def test_micrograds_names_are_there_for_every_value() -> None:
    x, y = Value(3.0, label="x"), Value(2.0)
    assert (x.label, x.name, y.label, y.name, x._op, x._prev) == ("x", "x", "", None, "", ())
    y.label = "y"
    assert y.name == "y"
    y.label = ""
    assert y.name is None
    results = x + y, x - y, x * y, x / y, x**y, x**2, -x, x.relu(), x.exp(), x * x
    assert [node._op for node in results] == ["+", "-", "*", "/", "**", "**2.0", "-", "ReLU", "exp", "*"]
    assert results[0]._prev == (x, y)
    assert results[-1]._prev == (x,)
    assert repr(Value(2.0, (), "")) == "Value(2.0)"
    assert Value(2.0, _children=(x,), _op="+", label="z")._prev == (x,)
    assert Value(5.0, {y, x}, "+").operands == (x, y)  # as they were made


def test_a_sweep_by_hand_adds_what_each_node_contributes() -> None:
    J, x, w = neuron()
    J.backward()
    expected = [x.grad, w.grad]
    J, x, w = neuron()
    topological: list[Value] = []

    def build(node: Value) -> None:
        if node not in topological:
            for operand in node._prev:
                build(operand)
            topological.append(node)

    build(J)
    J.grad = 1.0
    for node in reversed(topological):
        node._backward()
    assert [x.grad, w.grad] == expected


@pytest.mark.parametrize(
    "f", [lambda x: tanh(x) * x, lambda x: square(x) * x, lambda x: Value(x.data * 3, (x, 3), [3, 1])]
)
def test_first_derivatives_of_every_kind(f: Callable[[Value], Value]) -> None:
    x = Value(0.5, "x")
    y = f(x)
    y.backward()
    h = 1e-6
    slope = (f(Value(0.5 + h)).data - f(Value(0.5 - h)).data) / (2 * h)
    assert x.grad == pytest.approx(slope, rel=1e-8)
    assert [v.data for v in gradients(y, [x])] == [x.grad]
    assert grad(f)(0.5) == x.grad
    assert jvp(f, [0.5], [1.0]) == (y.data, x.grad)
    assert sum(step.contribution for step in steps(y) if step.operand is x) == x.grad
    check_grad(f, 0.5)


def test_an_operand_that_occurs_twice_is_counted_once() -> None:
    x = Value(3.0, "x")
    y = Value(9.0, (x, x), "*")

    def _backward() -> None:
        x.grad += x.data * y.grad
        x.grad += x.data * y.grad

    y._backward = _backward
    y.backward()
    assert x.grad == 6.0
    assert [step.contribution for step in steps(y)] == [6.0, 0.0]
    z = Value(9.0, (x, x), (3.0, 3.0))
    assert [step.contribution for step in steps(z)] == [3.0, 3.0]


def test_looking_at_the_partials_changes_no_grad() -> None:
    J, x, w = neuron()
    J.backward()
    nodes = [J, x, w, *J._prev]
    before = [node.grad for node in nodes]
    list(steps(J)), str(explain(J)), draw(J), walk(J)
    assert [node.grad for node in nodes] == before


def test_steps_and_pictures_say_whose_backward_it_is() -> None:
    J, *_ = neuron()
    own = [str(step) for step in steps(J) if step.node.op == "tanh"]
    assert own == ["∂J/∂v1 = ∂J/∂o · do / dv1 = 1.523 · 0.42 = 0.6397, by the user's own backward"]
    svg = draw(J)._repr_svg_() if hasattr(draw(J), "_repr_svg_") else draw(J).svg
    assert "tanh" in re.sub(r"<[^>]*>", "", svg)


@pytest.mark.parametrize(
    "ask",
    [
        lambda J, x: formula(J),
        lambda J, x: formula(J, wrt=x),
        lambda J, x: compile(J, [x]),
        lambda J, x: compile(J, [x]).javascript,
    ],
)
def test_what_needs_a_formula_refuses_it_by_name(ask: Callable[[Value, Value], object]) -> None:
    J, x, _ = neuron()
    with pytest.raises(OpaqueError, match=OWN):
        ask(J, x)


def test_second_derivatives_refuse_it_by_name() -> None:
    J, _, w = neuron()
    (first, *_) = gradients(J, [w])
    with pytest.raises(OpaqueError, match="the partial of tanh is known as a number only"):
        gradients(first, [w])
    with pytest.raises(OpaqueError, match="tanh"):
        hessian(lambda v: tanh(v) * v)(0.5)
    with pytest.raises(Exception, match=OWN):
        taylor(lambda v: tanh(v) * v, 0.5, 3)


def test_what_cannot_be_swept_says_what_to_do_and_changes_nothing() -> None:
    x, y = Value(2.0, "x"), Value(3.0, "y")
    x.grad = 1.5
    with pytest.raises(OpaqueError, match=re.escape("op='+', grad=2.0) has no backward: set its _backward")):
        (x * Value(5.0, (x, y), "+")).backward()
    assert (x.grad, y.grad) == (1.5, 0.0)
    z = Value(4.0, (x,), "square")
    z._backward = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        z.backward()
    assert (x.grad, z.grad) == (1.5, 0.0)


def test_bad_input_is_refused() -> None:
    x = Value(2.0, "x")
    with pytest.raises(TypeError, match=r'a name is a text such as "x", and operands are a tuple, \(x, y\), not 5'):
        Value(2.0, 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="2 operands need the name of an operation, or a list of as many partials"):
        Value(2.0, (x, x), [1.0])
    with pytest.raises(TypeError, match="expected a real number or a Value, not str"):
        Value(2.0, (x, "y"), "+")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nan"):
        Value(2.0, (x,), [math.nan])
    with pytest.raises(TypeError, match="has no operands for a backward"):
        x._backward = lambda: None
    with pytest.raises(TypeError, match="_backward is a function without arguments, not 3"):
        (x * x)._backward = 3  # type: ignore[assignment]


def test_a_backward_replaces_that_of_the_table() -> None:
    x = Value(2.0, "x")
    y = x * 3
    y._backward = lambda: setattr(x, "grad", x.grad + 10 * y.grad)  # as a straight-through estimator does
    (y + 1).backward()
    assert x.grad == 10.0
    assert (y.op, y.operands) == ("mul", (x, 3.0))
    with pytest.raises(OpaqueError, match=r"^mul: computed by the user's own backward"):
        formula(y)


def test_it_is_a_node_like_any_other() -> None:
    x = Value(2.0, "x")
    with no_grad():
        assert square(x).operands == ()
    y = exp(square(x))
    x.data = 3.0
    with pytest.raises(StaleGraphError, match=r"x = 3\.0 was set after computed was computed from it"):
        y.backward()
    twin, a = copy.deepcopy((square(x), x))
    twin.backward()
    assert (twin.operands, a.grad, x.grad) == ((a,), 6.0, 0.0)
    assert pickle.loads(pickle.dumps(square(x))).operands[0].data == 3.0
    with pytest.raises(TypeError, match="cannot be copied or pickled: its backward is a function"):
        copy.deepcopy(tanh(x))


def test_a_hook_sees_each_contribution_as_it_happens() -> None:
    J, x, w = neuron()
    seen = []
    J.backward(hook=lambda step: seen.append((step.operand.label, step.contribution, step.operand.grad == step.after)))
    assert [label for label, *_ in seen] == ["", "x", "o", "o", "", "w", "x"]
    assert all(now for *_, now in seen)
    hooked = x.grad, w.grad
    J, x, w = neuron()
    J.backward()
    assert hooked == (x.grad, w.grad)
    assert x.grad == pytest.approx(sum(amount for label, amount, _ in seen if label == "x"), rel=1e-15)


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, KeyboardInterrupt])
def test_a_hook_that_fails_changes_no_leaf(error: type[BaseException]) -> None:
    J, x, w = neuron()
    x.grad, w.grad = 1.0, 2.0

    def hook(step: object) -> None:
        if step.operand is x:  # type: ignore[attr-defined]
            raise error("stop")

    with pytest.raises(error, match="stop"):
        J.backward(hook=hook)
    assert (x.grad, w.grad) == (1.0, 2.0)
    with pytest.raises(TypeError, match="a hook is a function of a contribution, not 3"):
        J.backward(hook=3)  # type: ignore[arg-type]
