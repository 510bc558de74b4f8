"""JAX's habits: dicts and named tuples, what comes along (`has_aux`), `linearize`, `stop_gradient`.

The structures and the numbers are those that JAX 0.10.2 gives (64 bits), but for the order of keys, and written down
here by the formulas.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from graphs import work

from autograd import (
    Value,
    check_grad,
    compile,
    exp,
    grad,
    gradients,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    sin,
    stop_gradient,
    taylor,
    value_and_grad,
    vjp,
)
from autograd.errors import CompileError, StaleGraphError

ROOT = Path(__file__).parent.parent
JACOBIANS = [jacobian, jacfwd, jacrev]


class Line(NamedTuple):
    slope: Any
    intercept: Any


def area(p: Any) -> Any:
    return p["w"] ** 2 * p["h"]


# Dicts, named tuples, None.


def test_a_gradient_of_a_dict_is_a_dict_with_its_keys_in_its_order() -> None:
    found = grad(area)({"w": 3.0, "h": 5.0})
    assert found == {"w": 30.0, "h": 9.0}
    assert [*found] == ["w", "h"]
    mixed = grad(lambda p: p["b"] * p[1] * p[None])({"b": 2.0, 1: 3.0, None: 5.0})  # which JAX cannot sort
    assert list(mixed.items()) == [("b", 15.0), (1, 10.0), (None, 6.0)]


def test_containers_of_all_kinds_stand_in_each_other_and_come_back_as_what_they_are() -> None:
    def f(t: Any) -> Any:
        return t["w"] * t["line"].slope * t["pair"][0] + t["line"].intercept ** 2 + t["pair"][1][0]

    at = {"w": 2.0, "line": Line(3.0, 5.0), "pair": (7.0, [11.0, None]), "nothing": None, "empty": {}}
    want = {"w": 21.0, "line": Line(14.0, 10.0), "pair": (6.0, [1.0, None]), "nothing": None, "empty": {}}
    found = grad(f)(at)
    assert found == want
    assert (type(found["line"]), type(found["pair"]), type(found["pair"][1])) == (Line, tuple, list)
    assert value_and_grad(f)(at) == (42.0 + 25.0 + 11.0, want)
    assert grad(lambda a, n: 2 * a, argnums=(0, 1))(3.0, None) == (2.0, None)
    assert check_grad(f, at).argument.startswith("argument 0['")


def test_an_ordered_and_a_default_dict_keep_their_kind() -> None:
    ordered = grad(lambda p: p["a"] ** 2)(OrderedDict(b=1.0, a=3.0))
    assert (type(ordered), ordered) == (OrderedDict, OrderedDict(b=0.0, a=6.0))
    found = grad(lambda p: p["a"] ** 2)(defaultdict(list, a=3.0))
    assert (type(found), found) == (defaultdict, {"a": 6.0})
    assert found["other"] == []


@pytest.mark.parametrize("transform", JACOBIANS)
def test_a_jacobian_of_dicts_is_a_dict_of_dicts(transform: Callable[..., Any]) -> None:
    def outputs(p: Any) -> Any:
        return {"area": area(p), "sides": [p["w"], Line(p["h"] * 2, 7.0)], "none": None}

    assert transform(outputs)({"w": 3.0, "h": 5.0}) == {
        "area": {"w": 30.0, "h": 9.0},
        "sides": [{"w": 1.0, "h": 0.0}, Line({"w": 0.0, "h": 2.0}, {"w": 0.0, "h": 0.0})],
        "none": None,
    }
    assert transform(lambda p, q: {"o": p["w"] * q}, argnums=(1, 0))({"w": 2.0, "b": 3.0}, 5.0) == {
        "o": (2.0, {"w": 5.0, "b": 0.0})
    }
    assert transform(lambda p: [])({"w": 2.0}) == []
    assert transform(lambda p: [3.0])({}) == [{}]


def test_jacfwd_and_jacrev_sweep_as_they_are_called() -> None:
    """In their direction, whatever it costs; `jacobian` in the one that takes fewer sweeps."""
    wide = lambda x: [sum(x)]  # noqa: E731
    tall = lambda t: [t * k for k in range(1, 40)]  # noqa: E731
    counts = {}
    for f, at, name in ((wide, [1.0] * 39, "wide"), (tall, 1.0, "tall")):
        for transform in JACOBIANS:
            counts[name, transform] = work(lambda transform=transform, f=f, at=at: transform(f)(at))
    assert counts["wide", jacfwd] > 2 * counts["wide", jacrev]
    assert counts["tall", jacrev] > 2 * counts["tall", jacfwd]
    assert counts["wide", jacobian] < 1.1 * counts["wide", jacrev]
    assert counts["tall", jacobian] < 1.1 * counts["tall", jacfwd]


def test_a_hessian_of_a_dict_is_a_dict_of_dicts() -> None:
    at = {"w": 3.0, "h": 5.0}
    want = {"w": {"w": 10.0, "h": 6.0}, "h": {"w": 6.0, "h": 0.0}}
    assert hessian(area)(at) == want
    assert jacfwd(jacrev(area))(at) == jacrev(jacfwd(area))(at) == want
    assert hvp(area, (at,), ({"h": 1.0, "w": 10.0},)) == {"w": 106.0, "h": 60.0}
    line = hessian(lambda line: line.slope**2 * line.intercept)(Line(2.0, 3.0))
    assert line == Line(Line(6.0, 4.0), Line(4.0, 0.0))
    both = hessian(lambda p, q: p["w"] ** 2 * q, argnums=(0, 1))({"w": 2.0}, 5.0)
    assert both == ({"w": ({"w": 10.0}, 4.0)}, ({"w": 4.0}, 0.0))


def test_directions_and_weights_are_matched_by_key_and_not_by_place() -> None:
    at = {"w": 3.0, "h": 5.0}
    assert jvp(area, (at,), ({"h": 1.0, "w": 10.0},)) == (45.0, 309.0)
    value, pullback = vjp(lambda p: {"x": p["w"], "y": p["h"]}, at)
    assert (value, pullback({"y": 1.0, "x": 10.0})) == ({"x": 3.0, "y": 5.0}, ({"w": 10.0, "h": 1.0},))


def test_what_is_put_into_an_argument_after_the_call_does_not_matter() -> None:
    at: dict[str, Any] = {"w": 3.0, "h": 5.0}
    pullback, along = vjp(area, at)[1], linearize(area, at)[1]
    at["other"] = 1.0
    assert pullback(1.0) == ({"w": 30.0, "h": 9.0},)
    assert along({"w": 1.0, "h": 0.0}) == 30.0


@dataclasses.dataclass
class Point:
    x: float


class Parameters(dict[str, float]):
    pass


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({1.0}, r"^the argument is of type set, \{1\.0\}: numbers stand in lists, .* and dicts: write list\(\.\.\.\)$"),
        (
            {"p": [Point(1.0)]},
            r"the argument\['p'\]\[0\] is of type Point, .*: make it a NamedTuple, or write dataclas",
        ),
        ((2.0, Parameters(a=1.0)), r"the argument\[1\] is of type Parameters, .*: write dict\(\.\.\.\)$"),
        (Counter(a=1), r"is of type Counter, .*: write dict\(\.\.\.\)$"),
        (types.MappingProxyType({"a": 1.0}), r"is of type mappingproxy, .*: write dict\(\.\.\.\)$"),
        (deque([1.0]), r"is of type deque, .*: write list\(\.\.\.\)$"),
        (
            {"w": np.zeros((20, 20))},
            r"\['w'\] is of type ndarray, array\(\[\[0\., .{,30}\.\.\..*: give its numbers, as in \.tolist\(\), or with the single one, \.item\(\)$",
        ),
        ({"w": "1"}, r"expected a real number or a Value, not str '1': write float\(text\)$"),
    ],
)
def test_a_container_of_another_kind_is_named_with_what_to_write(argument: Any, message: str) -> None:
    for transform in (grad, hessian, *JACOBIANS):
        with pytest.raises(TypeError, match=message):
            transform(lambda _: 2.0)(argument)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jacobian(lambda x: [1.0, {x}])(2.0), r"the result\[1\] is of type set, .*: write list\(\.\.\.\)$"),
        (lambda: jacobian(lambda x: None)(2.0), "the function returned None: is its return missing"),
        (lambda: grad(lambda x: None)(2.0), "the function returned None: is its return missing"),
        (lambda: grad(lambda x: {"loss": x})(2.0), "takes a function of one result, not of a dict: see jacobian$"),
        (
            lambda: grad(lambda x: (x, {"a": x}))(2.0),
            "of one result, not of a tuple: see jacobian, or has_aux=True, if",
        ),
        (
            lambda: jvp(lambda p: p["w"], ({"w": 1.0},), ({"h": 1.0},)),
            r"tangents need the shape of \(\{'w': 1\.0\},\), not that of",
        ),
        (lambda: jvp(area, {"w": 1.0}, {"w": 1.0}), r"are tuples with an entry for each argument, \(\{'w': 1\.0\},\)"),
        (
            lambda: vjp(lambda x: {"a": x}, 1.0)[1]([1.0]),
            r"cotangents need the shape of \{'a': 1\.0\}, not that of \[1",
        ),
        (lambda: linearize(sin, 1.0)[1](1.0, 2.0), r"the tangents need the shape of \(1\.0,\), not that of \(1\.0, 2"),
        (
            lambda: linearize(area, {"w": 1.0, "h": 2.0})[1]({"w": 1.0}),
            r"tangents need the shape of \(\{'w': 1\.0, 'h'",
        ),
        (lambda: jacobian(lambda x: [x, "a"])(2.0), "expected a real number or a Value, not str 'a'"),
        (lambda: stop_gradient("a"), "expected a real number or a Value, not str 'a'"),
        (lambda: stop_gradient({Value(1.0)}), "is of type set, .*: write list"),
        (lambda: check_grad(area, {"w": {1.0}}), r"the arguments\[0\]\['w'\] is of type set"),
    ],
)
def test_a_wrong_call_is_a_clear_error(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# What comes along.

AUX = {"twice": 6.0, "text": "so", "none": None, "list": [3.0]}


def with_aux(x: Any) -> Any:
    return x**3, {"twice": 2 * x, "text": "so", "none": None, "list": [x]}


def test_what_comes_along_comes_last_as_numbers() -> None:
    assert grad(with_aux, has_aux=True)(3.0) == (27.0, AUX)
    assert value_and_grad(with_aux, has_aux=True)(3.0) == ((27.0, AUX), 27.0)
    assert hessian(with_aux, has_aux=True)(3.0) == (18.0, AUX)
    for transform in JACOBIANS:
        assert transform(with_aux, has_aux=True)(3.0) == (27.0, AUX)
        assert transform(lambda x: ([x, x * x], x), 0, True)(3.0) == ([1.0, 6.0], 3.0)
    assert jvp(with_aux, (3.0,), (2.0,), has_aux=True) == (27.0, 54.0, AUX)
    value, pullback, aux = vjp(with_aux, 3.0, has_aux=True)
    assert (value, pullback(2.0), aux) == (27.0, (54.0,), AUX)
    value, along, aux = linearize(with_aux, 3.0, has_aux=True)
    assert (value, along(2.0), aux) == (27.0, 54.0, AUX)
    assert grad(lambda x, y: [x * y, y], argnums=(0, 1), has_aux=True)(3.0, 5.0) == ((5.0, 3.0), 5.0)
    thing = object()
    assert grad(lambda x: (x, thing), has_aux=True)(3.0) == (1.0, thing)


def test_what_comes_along_inside_another_derivative_is_differentiated_there() -> None:
    """d/dx of x y² + y³, beside a gradient with respect to y, at y = 2 x: d/dx 12 x³ = 36 x², d/dx 8 x³ = 24 x²."""

    def inner(x: Any) -> Any:
        slope, aux = grad(lambda y: (x * y * y, {"cube": y**3}), has_aux=True)(2 * x)
        return slope, aux["cube"]  # 2 x y = 4 x², y³ = 8 x³

    assert grad(lambda x: inner(x)[0])(3.0) == 24.0
    assert grad(lambda x: inner(x)[1])(3.0) == 216.0
    assert hessian(lambda x: inner(x)[1])(3.0) == 144.0
    assert grad(inner, has_aux=True)(3.0) == (24.0, 216.0)
    assert grad(grad(lambda y: (y**3, y), has_aux=True), has_aux=True)(3.0) == (18.0, 3.0)


def test_what_comes_along_and_reads_a_value_from_outside_is_a_value() -> None:
    w = Value(5.0, "w")
    slope, (product, _) = grad(lambda x: (x * x, (w * x, x)), has_aux=True)(3.0)
    assert slope == 6.0
    assert (product.data, gradients(product, [w])[0].data) == (15.0, 3.0)
    assert grad(lambda x: (w * x, x), has_aux=True)(3.0)[1] == 3.0


@pytest.mark.parametrize("returned", [lambda x: x, lambda x: (x, x, x), lambda x: {"a": x, "b": x}, lambda x: None])
def test_a_function_that_gives_nothing_beside_is_told_with_what_it_returned(returned: Callable[[Any], Any]) -> None:
    kind = type(returned(Value(1.0))).__name__
    for call in (
        lambda: grad(returned, has_aux=True)(1.0),
        lambda: jacfwd(returned, has_aux=True)(1.0),
        lambda: jvp(returned, (1.0,), (1.0,), has_aux=True),
        lambda: linearize(returned, 1.0, has_aux=True),
    ):
        with pytest.raises(TypeError, match=rf"a function returns a pair, \(result, aux\), not .*, of type {kind}$"):
            call()


# Linearize.


def test_a_linearized_function_runs_once_and_is_linear() -> None:
    runs = []

    def f(p: Any, t: Any) -> Any:
        runs.append(1)
        return {"a": area(p) * t, "s": [sin(t)]}

    value, along = linearize(f, {"w": 3.0, "h": 5.0}, 2.0)
    assert value == {"a": 90.0, "s": [math.sin(2.0)]}
    for w, h, t in [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, -2.0, 4.0)]:
        found = along({"h": h, "w": w}, t)
        assert found == {"a": 60.0 * w + 18.0 * h + 45.0 * t, "s": [pytest.approx(math.cos(2.0) * t, rel=1e-15)]}
    assert len(runs) == 1


def test_a_linearized_function_is_itself_differentiated() -> None:
    x = 1.3
    assert grad(lambda x: linearize(lambda y: y**3 * x, x)[1](1.0))(x) == pytest.approx(9 * x**2, rel=1e-14)  # 3 x³
    second = linearize(grad(lambda y: sin(y) * y), x)[1](2.0)
    assert second == pytest.approx(2 * (2 * math.cos(x) - x * math.sin(x)), rel=1e-14)
    along = linearize(lambda y: y**3, x)[1]
    assert grad(lambda t: along(t) ** 2)(0.5).data == pytest.approx(2 * 0.5 * (3 * x**2) ** 2, rel=1e-14)


def test_a_linearized_function_whose_value_from_outside_was_set_is_stale() -> None:
    w = Value(5.0, "w")
    along = linearize(lambda x: w * x * x, 3.0)[1]
    assert along(1.0).data == 30.0
    w.data = 6.0
    with pytest.raises(StaleGraphError, match=r"w = 6\.0 was set"):
        along(1.0)


def chain(x: Any) -> Any:
    for _ in range(50):
        x = sin(x) * exp(-x)
    return x


def walk(x: Any, steps: int) -> Any:
    """Steps along a slope, with what comes along, in dicts."""
    for _ in range(steps):
        slope, aux = grad(lambda p: (p["u"] ** 4, {"u": p["u"]}), has_aux=True)({"u": x})
        x = aux["u"] - 0.1 * slope["u"]
    return x


def ones(n: int) -> dict[int, float]:
    return dict.fromkeys(range(n), 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda n: grad(lambda p: sum(p.values()))(ones(n)),
        lambda n: jvp(lambda p: {k: sin(x) for k, x in p.items()}, *[(ones(n),)] * 2),
        lambda n: vjp(lambda p: {k: sin(x) for k, x in p.items()}, ones(n))[1](ones(n)),
        lambda n: grad(lambda x: (x, [x * k for k in range(n)]), has_aux=True)(2.0),
        lambda n: grad(walk)(0.5, n),
        lambda n: linearize(lambda x: walk(x, n), 0.5)[1](1.0),
        lambda n: jacrev(lambda x: [chain(x)] * (n // 10))(0.5),
    ],
)
def test_the_work_is_linear_in_inputs_outputs_and_nested_calls(call: Callable[[int], object]) -> None:
    few, many = (work(lambda n=n: call(n)) for n in (40, 160))  # type: ignore[misc]
    assert many <= 4.2 * few


# Stopped gradients.


def test_no_derivative_of_any_order_goes_through_what_is_stopped() -> None:
    x = 1.3
    assert grad(lambda x: x * stop_gradient(x) + stop_gradient(sin(x)))(x) == x
    assert hessian(lambda x: x**2 * stop_gradient(x * x))(x) == pytest.approx(2 * x * x, rel=1e-15)
    assert taylor(lambda x: x * stop_gradient(x), 3.0, 2) == [9.0, 3.0, 0.0]
    assert jvp(lambda x: [stop_gradient(x), x], (x,), (1.0,)) == ([x, x], [0.0, 1.0])
    assert grad(lambda x: x * grad(lambda y: stop_gradient(x) * y * y)(x))(3.0) == 36.0  # of x · 2 c x: 4 c x


def test_a_stopped_tree_is_a_tree_of_constants() -> None:
    x, y = Value(3.0, "x"), Value(5.0, "y")
    found = stop_gradient({"a": x, "b": [x * y, 2, None], "line": Line(y, True)})
    assert (type(found["a"]), found["a"].data, found["a"].name) == (Value, 3.0, "x")
    assert found["a"] is not x
    assert (found["b"][0].data, found["b"][0].operands, found["b"][1:]) == (15.0, (), [2, None])
    assert (type(found["line"]), found["line"].slope.data, found["line"].intercept) == (Line, 5.0, True)
    (x * found["a"] + found["b"][0] * y).backward()
    assert (x.grad, y.grad) == (3.0, 15.0)
    assert (stop_gradient(2.5), stop_gradient(None)) == (2.5, None)
    assert grad(lambda p: area(stop_gradient(p)) * p["w"])({"w": 3.0, "h": 5.0}) == {"w": 45.0, "h": 0.0}


def test_a_stopped_gradient_is_not_compiled_to_a_constant_without_a_word() -> None:
    with pytest.raises(CompileError, match=r"computes with the numbers it is given .*stop_gradient"):
        compile(lambda x: x * stop_gradient(x))


# What comes back for what is given.


def test_values_come_back_where_values_are_given_and_numbers_for_numbers() -> None:
    for f in (lambda x: x * x, lambda x: 3.0, lambda x: 1.0 if x > 0 else x):
        assert type(grad(f)(2.0)) is float
        assert type(grad(f)(Value(2.0))) is Value
        assert [type(found) for found in value_and_grad(f)(Value(2.0))] == [Value, Value]
