"""Operations of the user's own, as micrograd and microgpt write them."""

from __future__ import annotations

import copy
import importlib.util
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autograd import (
    Value,
    check_grad,
    compile,
    dot,
    draw,
    exp,
    explain,
    formula,
    grad,
    gradients,
    hessian,
    hvp,
    jvp,
    no_grad,
    primitive,
    sqrt,
    steps,
    stop_gradient,
    taylor,
    walk,
)
from autograd.errors import (
    CompileError,
    DomainError,
    GradientError,
    OpaqueError,
    RenderError,
    RowError,
    StaleGraphError,
)
from autograd.table.rules import ROWS

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
    assert [node._op for node in results] == ["+", "-", "*", "/", "**", "**2", "-", "ReLU", "exp", "*"]
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


def clipped(x: Value) -> Value:
    """Its backward is not linear: it lets through at most 1."""
    y = Value(x.data, (x,), "clipped")

    def _backward() -> None:
        x.grad += max(-1.0, min(1.0, y.grad))

    y._backward = _backward
    return y


def test_every_reader_of_a_sweep_runs_the_users_backward_with_the_adjoint_that_arrived() -> None:
    for hook in (None, lambda step: None):
        x, w = Value(2.0, "x"), Value(0.0, "w")
        (clipped(x) * 10 + 0 * sqrt(w)).backward(hook=hook)  # which is written out, as sqrt has no derivative there
        assert (x.grad, w.grad) == (1.0, 0.0)
    (step,) = [step for step in steps(clipped(x) * 10) if step.operand is x]
    assert (step.upstream, step.partial, step.contribution) == (10.0, 0.1, 1.0)


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, OverflowError, KeyError])
def test_an_error_of_the_users_backward_is_not_swallowed(error: type[Exception]) -> None:
    x = Value(1.0, "x")
    y = Value(1.0, (x,), "op")

    def _backward() -> None:
        if abs(y.grad) > 5:
            raise error("exploding")
        x.grad += y.grad

    y._backward = _backward
    with pytest.raises(error, match="exploding"):
        (y * 10).backward()
    assert x.grad == 0.0
    (y * 2).backward()
    assert x.grad == 2.0


def test_nan_from_the_users_backward_is_a_derivative_that_does_not_exist() -> None:
    def op(x: Value) -> Value:
        y = Value(x.data, (x,), "op")
        y._backward = lambda: setattr(x, "grad", x.grad + math.nan * y.grad)
        return y

    for f in (op, lambda x: op(x) * (x - 1.0)):  # the adjoint of the second is 0, which was computed
        for ask in (lambda: f(Value(1.0, "x")).backward(), lambda: grad(f)(1.0), lambda: list(steps(f(Value(1.0))))):
            with pytest.raises(GradientError, match=r"op: .* gives nan as the derivative|op\(.* does not exist"):
                ask()
    x = Value(1.0, "x")
    (op(x) * 0.0 + x).backward()  # a constant 0 silences it, as everywhere
    assert x.grad == 1.0


def test_a_sweep_inside_a_sweep_may_share_leaves_and_nothing_else() -> None:
    def squared_anew(x: Value, start: Callable[[], Value]) -> Value:
        y = Value(x.data**2, (x,), "squared")

        def _backward() -> None:
            again = start()
            (again * again).backward(seed=y.grad)

        y._backward = _backward
        return y

    x = Value(3.0, "x")
    (squared_anew(x, lambda: x) * 2).backward()
    assert x.grad == 12.0
    inside = exp(x)
    with pytest.raises(OpaqueError, match=r"squared: its own backward sweeps over Value\(.*op='exp'.* is being swept"):
        (squared_anew(inside, lambda: inside) * 2).backward()
    assert x.grad == 12.0


def test_a_hook_may_look_and_change_nothing() -> None:
    x = Value(3.0, "x")
    J = (x * x) * x

    def set_data(_: object) -> None:
        x.data = 100.0

    def sweep(_: object) -> None:
        (x * 2.0).backward()

    def set_grad(step: object) -> None:
        step.operand.grad = 1.0  # type: ignore[attr-defined]

    for hook in (sweep, set_grad, lambda _: J.backward()):
        with pytest.raises(StaleGraphError, match="the hook changed the grad of Value"):
            J.backward(hook=hook)
        assert x.grad == 0.0
    with pytest.raises(StaleGraphError, match=r"x = 100\.0 was set after mul was computed from it"):
        J.backward(hook=set_data)
    assert x.grad == 0.0


def test_a_backward_that_was_there_may_be_called_by_the_one_set_in_its_place() -> None:
    a, b, called = Value(3.0, "a"), Value(2.0, "b"), []
    for f, expected in (
        (lambda: a * b, [2.0, 3.0]),
        (lambda: a**2 + b, [6.0, 1.0]),
        (lambda: dot([a, b], [b, a]), [4.0, 6.0]),
        (lambda: Value(6.0, (a, b), [7.0, 8.0]), [7.0, 8.0]),
    ):
        y = f()
        for node in (y, *y._prev):
            if node._prev:
                old = node._backward
                node._backward = lambda old=old, node=node: (old(), called.append(node))
        y.backward()
        assert [a.grad, b.grad] == expected
        assert called.pop() is not None
        a.grad = b.grad = 0.0
        y._backward = y._backward
        y.backward()
        assert [a.grad, b.grad] == expected
        a.grad = b.grad = 0.0


def test_a_second_derivative_passes_an_own_operation_that_does_not_move() -> None:
    assert hessian(lambda a: square(stop_gradient(a)) * a * a)(2.0) == 8.0
    u = Value(3.0)
    assert hvp(lambda a: tanh(u) * a * a, (1.0,), (1.0,)).data == pytest.approx(2 * math.tanh(3.0), rel=1e-15)


def test_work_is_in_proportion_to_the_operands() -> None:
    calls = []
    xs = [Value(float(i)) for i in range(50)]
    y = Value(sum(x.data for x in xs), xs, "own_sum")

    def _backward() -> None:
        calls.append(None)
        for x in xs:
            x.grad += y.grad

    y._backward = _backward
    y.backward(hook=lambda step: None)
    assert len(calls) == 1
    assert [x.data for x in gradients(y, xs)] == [1.0] * 50
    assert len(calls) == 2


@pytest.mark.parametrize(
    "op", ["add", "sub", "mul", "div", "neg", "pow", "exp", "sqrt", "abs", "dot", "where", "+", "sin"]
)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_operation_with_the_name_of_a_row_and_other_operands_is_shown(op: str, count: int) -> None:
    x = Value(0.5, "x")
    y = Value(2.0, (x, 2.0, x)[:count], op)
    y._backward = lambda: None
    assert isinstance(y._op, str)
    for shown in (str(explain(y)), explain(y).latex, draw(y).svg, walk(y * x)._repr_mimebundle_()["text/html"]):
        assert "own backward" in shown or "<svg" in shown or "<img" in shown or r"\text" in shown


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
    svg = draw(J).svg
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


@pytest.mark.parametrize(
    ("name", "op"), [("probit", lambda x: Value(math.atan(x.data), (x,), "probit")), ("tanh", tanh)]
)
def test_a_page_which_computes_anew_refuses_it_by_name_and_the_picture_stands_in(
    name: str, op: Callable[[Value], Value], tmp_path: Path
) -> None:
    x = Value(0.5, "x")
    y = op(x)
    y._backward = lambda: setattr(x, "grad", x.grad + y.grad)
    page = tmp_path / "steps.html"
    with pytest.raises(RenderError, match=f"a page computes its numbers anew, and {name} is a Python function"):
        walk(y * x).save(page)
    assert not page.exists()
    shown = walk(y * x)._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
    assert "data:image/svg+xml" in shown
    cdf = primitive("cdf_of_page", math.atan, lambda a: 1 / (1 + a * a))
    with pytest.raises(RenderError, match="cdf_of_page is a Python function"):
        walk(cdf(x) * x).save(page)


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
    with pytest.raises(TypeError, match="a set has no order, and partials do"):
        Value(2.0, {x}, [1.0])
    with pytest.raises(TypeError, match=r'a name is a text such as "x", not 0'):
        Value(2.0, label=0)  # type: ignore[arg-type]
    assert Value(2.0, np.array([1.0, 2.0]), "op").operands == ()
    assert Value(2.0, (x,), np.array([3.0])).operands == (x,)
    assert Value(2.0, (x,), "op", "a").name == "a"  # as in the lecture
    x.grad = None  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"the grad of x is None, not a number: set it to 0\.0"):
        (x * x).backward()
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
    with pytest.raises(StaleGraphError, match=r"x = 3\.0 was set after own was computed from it"):
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


# Rows of Python functions.


def digamma(a: float) -> float:
    """From its asymptotic series, beyond 10 to 14 digits (Abramowitz and Stegun, 6.3.5 and 6.3.18)."""
    shift = 0.0
    while a < 10:
        shift, a = shift - 1 / a, a + 1
    b = 1 / a**2
    series = b * (1 / 12 - b * (1 / 120 - b * (1 / 252 - b * (1 / 240 - b * (1 / 132 - b * 691 / 32760)))))
    return shift + math.log(a) - 1 / (2 * a) - series


@pytest.fixture
def lgamma() -> Callable[[object], Value]:
    return primitive("lgamma_of_c", math.lgamma, digamma)


EULER = 0.5772156649015329  # digamma(1) = -EULER, digamma(2) = 1 - EULER, digamma(3) = 3/2 - EULER


def test_a_row_of_functions_has_value_derivative_steps_and_picture(lgamma: Callable[[object], Value]) -> None:
    assert lgamma(3.0) == math.lgamma(3.0)
    x = Value(3.0, "x")
    J = lgamma(x) * x
    J.backward()
    assert x.grad == pytest.approx(math.log(2) + 3 * (1.5 - EULER), rel=1e-13)
    assert grad(lgamma)(1.0) == pytest.approx(-EULER, rel=1e-13)
    assert gradients(J, [x])[0].data == pytest.approx(x.grad, rel=1e-15)
    assert [step.symbol for step in steps(J)] == ["x", "v1", "dlgamma_of_c(x)"]
    assert str(formula(J, wrt=x)) == "lgamma_of_c(x) + dlgamma_of_c(x) * x"
    assert "lgamma" in re.sub(r"<[^>]*>|_", "", draw(J).svg)
    assert copy.deepcopy(J).data == J.data
    check_grad(lgamma, 2.5)


def test_two_operands_and_a_text_beside_a_function() -> None:
    power = primitive("power_of_c", math.pow, lambda a, b: b * a ** (b - 1), "y * log(a)")
    x, y = Value(3.0, "x"), Value(2.0, "y")
    power(x, y).backward()
    assert (x.grad, y.grad) == (6.0, pytest.approx(9 * math.log(3), rel=1e-15))
    assert power(2.0, 3.0) == 8.0


def test_it_is_compiled_as_python_and_refused_elsewhere(lgamma: Callable[[object], Value]) -> None:
    x, y = Value(2.0, "x"), Value(0.5, "y")
    f = compile(lgamma(x) * y, [x, y])
    assert f(1.0, 2.0) == (0.0, [pytest.approx(-2 * EULER, rel=1e-13), 0.0])
    if importlib.util.find_spec("numpy"):
        assert list(f.map([1.0, 3.0], [1.0, 1.0])) == [0.0, math.lgamma(3.0)]
    assert f.sum([1.0, 3.0], [1.0, 1.0])[0] == math.lgamma(3.0)
    assert f.source.startswith("# given to primitive(...): dlgamma_of_c, lgamma_of_c\n")
    assert repr(f).endswith("  in Python, as lgamma_of_c is a Python function>")
    outer = primitive("outer_of_c", "2 * lgamma_of_c(a)", "2 * dlgamma_of_c(a)")
    for root in (lgamma(x) * y, outer(x)):
        with pytest.raises(CompileError, match="lgamma_of_c is a Python function: JavaScript cannot call it"):
            _ = compile(root, [x]).javascript
        for backend in ("numpy", "llvm"):
            missing = backend if backend == "numpy" else "llvmlite"
            if importlib.util.find_spec(missing):
                with pytest.raises(CompileError, match="lgamma_of_c is a Python function: backend"):
                    compile(root, [x], backend=backend)


def test_its_second_derivative_is_refused_by_name_unless_the_partial_is_a_text(
    lgamma: Callable[[object], Value],
) -> None:
    with pytest.raises(OpaqueError, match="lgamma_of_c: its partial was given as a Python function"):
        hessian(lgamma)(2.5)
    slope = primitive("slope_of_c", math.cos, lambda a: -math.sin(a))
    curve = primitive("curve_of_c", math.sin, "slope_of_c(a)")
    assert hessian(curve)(0.5) == -math.sin(0.5)
    assert slope(0.5) == math.cos(0.5)


def test_errors_of_the_functions_are_those_of_other_rows(lgamma: Callable[[object], Value]) -> None:
    with pytest.raises(DomainError, match=r"lgamma_of_c\(x\): x = -1.0 is outside the domain"):
        lgamma(Value(-1.0, "x"))
    undefined = primitive("undefined_of_c", lambda a: math.nan, lambda a: 1.0, domain="a > 9")
    with pytest.raises(DomainError, match=r"undefined_of_c\(x\): x = 2.0 is outside the domain \(x > 9\)"):
        undefined(Value(2.0, "x"))
    worded = primitive("worded_of_c", lambda a: "2", lambda a: 1.0)
    with pytest.raises(TypeError, match="the value of worded_of_c should be a float, and is '2'"):
        worded(2.0)
    forgetful = primitive("forgetful_of_c", math.exp, lambda a: None)
    with pytest.raises(TypeError, match="the partial of forgetful_of_c by a should be a float, and is None"):
        forgetful(Value(1.0)).backward()

    def mistaken(a: float) -> float:
        raise ValueError("shape 3 and 4")

    with pytest.raises(DomainError, match=r"mistaken_of_c\(x\): x = 1\.0 .*: shape 3 and 4"):
        primitive("mistaken_of_c", mistaken, math.exp)(Value(1.0, "x"))
    with pytest.raises(TypeError, match=r"the partial of square_of_c by a is a function of a, floats: .*lambda"):
        primitive("square_of_c", lambda a: a * a, lambda g, y, a: 2 * a * g)
    with pytest.raises(TypeError, match="the value of product_of_c is a function of a, b, floats"):
        primitive("product_of_c", lambda a: a, lambda a, b: b, lambda a, b: a)
    assert not {"square_of_c", "product_of_c"} & ROWS.keys()
    with pytest.raises(GradientError, match="the derivative with respect to x does not exist there"):
        primitive("corner_of_c", abs, lambda a: math.nan)(Value(0.0, "x")).backward()


def test_it_is_replaced_as_a_whole_or_not_at_all(lgamma: Callable[[object], Value]) -> None:
    doubled = primitive("lgamma_of_c", lambda a: 2 * math.lgamma(a), lambda a: 2 * digamma(a))
    x = Value(3.0, "x")
    assert (doubled(3.0), gradients(doubled(x), [x])[0].data) == (2 * math.lgamma(3.0), 2 * digamma(3.0))
    primitive("reader_of_c", "lgamma_of_c(a)", "dlgamma_of_c(a)")
    names = {*ROWS}
    with pytest.raises(RowError, match="the row 'reader_of_c' mentions the one it would replace"):
        primitive("lgamma_of_c", math.lgamma, digamma)
    for bad, why in (
        (("exp", math.exp, math.exp), "the name of an operation"),
        (("a", math.exp, math.exp), "has a meaning in the texts"),
        (("no name", math.exp, math.exp), "is not a name for a variable"),
        (("none_of_c", math.exp), "has 0 partials"),
        (("typo_of_c", math.exp, "expp(a)"), "expp"),
    ):
        with pytest.raises(RowError, match=why):
            primitive(*bad)
    assert {*ROWS} == names
    assert (doubled(3.0), grad(doubled)(3.0)) == (2 * math.lgamma(3.0), 2 * digamma(3.0))
    with pytest.raises(TypeError, match="a row is made of texts, or functions of floats"):
        primitive("three_of_c", 3, math.exp)  # type: ignore[arg-type]
    primitive("reader_of_c", "2 * a", "2")
    primitive("lgamma_of_c", math.lgamma, digamma)


def test_what_was_recorded_before_a_row_is_replaced_keeps_its_derivative_or_is_refused(tmp_path: Path) -> None:
    x = Value(3.0, "x")
    old = primitive("cell_of_c", lambda a: 2 * a, lambda a: 2.0)
    y, seen = old(x), old(x)
    gradients(seen, [x])
    text = primitive("text_of_c", "2 * a", "2")(x)
    primitive("cell_of_c", lambda a: 5 * a, lambda a: 5.0)  # as in a notebook, whose cell is corrected
    primitive("text_of_c", "5 * a", "5")
    for node in (y, text, copy.deepcopy(y), copy.deepcopy(text)):
        node.backward()
        assert next(iter(node._prev)).grad in (2.0, 4.0)  # of x twice, of the copies once
    assert gradients(seen, [x])[0].data == gradients(text, [x])[0].data == jvp(old, (1.0,), (1.0,))[1] == 2.0
    assert compile(text, [x])(3.0) == (6.0, [2.0])
    replaced = "_of_c has been replaced"
    for ask in (lambda: compile(y, [x]), lambda: pickle.dumps(y), lambda: pickle.dumps(text)):
        with pytest.raises(RowError, match=replaced):
            ask()
    with pytest.raises(RenderError, match=f"text{replaced}"):
        walk(text).save(tmp_path / "steps.html")


def test_a_name_of_the_users_is_not_taken_for_a_partial() -> None:
    primitive("dfoo_of_c", "2 * a", "2")
    with pytest.raises(RowError, match="its partial would be called 'dfoo_of_c', as another row is"):
        primitive("foo_of_c", math.sin, math.cos)
    assert primitive("reader_of_foo", "dfoo_of_c(a)", "0")(3.0) == 6.0


def test_what_is_kept_with_a_value_goes_with_its_copies() -> None:
    p = Value(2.0, "p")
    p.m, p.seen = 0.5, ["once"]  # type: ignore[attr-defined]
    y = p * 3
    y.remark = "tripled"  # type: ignore[attr-defined]
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert twin.remark == "tripled"
        assert (twin.operands[0].m, twin.operands[0].seen) == (0.5, ["once"])
    assert copy.deepcopy(Value(1.0)).__dict__ == {}
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'v'"):
        _ = p.v  # type: ignore[attr-defined]
