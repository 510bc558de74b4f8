"""Formulas, steps and pictures of any graph."""

from __future__ import annotations

import copy
import gc
import json
import math
import pickle
import random
import weakref
from typing import Any

import pytest
from graphs import random_graph
from shown import in_notebook

import autograd
from autograd import (
    Value,
    dot,
    draw,
    erf,
    exp,
    explain,
    formula,
    functions,
    log,
    logsumexp,
    maximum,
    sin,
    sqrt,
    steps,
    tanh,
    walk,
)
from autograd.engine.functions import sum as total
from autograd.engine.order import collect
from autograd.errors import GradientError, StaleGraphError
from autograd.reading.graph import Graph
from autograd.reading.notation import MATHML
from autograd.table.expression import to_text
from autograd.table.parser import parse

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("build", "expression", "derivative"),
    [
        (lambda x: x * x, "x * x", "2 * x"),
        (lambda x: x + x, "x + x", "2"),
        (lambda x: x - x, "x - x", "0"),
        (lambda x: x / x, "x / x", "0"),
        (lambda x: x * x * x, "x * x * x", "3 * x ** 2"),
        (lambda x: x**3 / 3, "x ** 3 / 3", "x ** 2"),
        (lambda x: 2**x, "2 ** x", "2 ** x * log(2)"),
        (lambda x: 1 / (x * x), "1 / (x * x)", "-2 / x ** 3"),
        (lambda x: x**-2, "x ** -2", "-2 / x ** 3"),
        (lambda x: x**0, "x ** 0", "0"),
        (lambda x: -(-x), "--x", "1"),  # noqa: B002
        (lambda x: 3 * x + 4, "3 * x + 4", "3"),
        (lambda x: (x + 1) * (x + 2), "(x + 1) * (x + 2)", "2 * x + 3"),
        (lambda x: sqrt(x), "sqrt(x)", "1 / (2 * sqrt(x))"),
        (lambda x: log(x) * 3, "log(x) * 3", "3 / x"),
        (lambda x: tanh(x), "tanh(x)", "1 - tanh(x) ** 2"),
        (lambda x: maximum(x, 2), "maximum(x, 2)", "heaviside(x - 2, 1 / 2)"),
        (lambda x: dot([x, 2], [3, x], x), "x * 3 + 2 * x + x", "6"),
        (lambda x: total([x, x, 1]), "x + x + 1", "2"),
        (lambda x: logsumexp([x, 1.0]), "logsumexp(x, 1)", "exp(x - logsumexp(x, 1))"),
        (lambda x: x * 1e-3 * 2.5, "x * 0.001 * 2.5", "0.0025"),
        (lambda x: x / 3 / 2, "x / 3 / 2", "1 / 6"),
    ],
)
def test_formula_and_its_derivative(build, expression, derivative) -> None:  # type: ignore[no-untyped-def]
    x = Value(0.7, "x")
    y = build(x)
    assert formula(y) == expression
    assert formula(y, wrt=x) == derivative


def evaluated(text: str, numbers: dict[str, float]) -> float:
    """What a formula gives, read as Python with the functions of the table."""
    known: dict[str, Any] = {name: getattr(functions, name) for name in functions.NAMES} | {"abs": abs, "pi": math.pi}
    known |= {name: Value(number) for name, number in numbers.items()}
    *assignments, result = text.split("; ")
    for assignment in assignments:
        exec(assignment, known)
    found = eval(result, known)
    return found.data if isinstance(found, Value) else float(found)


def test_formulas_of_random_graphs_evaluate_to_value_and_gradient() -> None:
    for seed in range(150):
        leaves, y, _ = random_graph(random.Random(seed))
        y.backward()
        names = Graph(y).labels
        leaves = [leaf for leaf in leaves if leaf in names]
        numbers = {names[leaf]: leaf.data for leaf in leaves}

        if len(formula(y)) < 4000:
            assert evaluated(formula(y), numbers) == pytest.approx(y.data, rel=1e-12, abs=1e-12)
        for leaf in leaves:
            text = formula(y, wrt=leaf)
            if len(text) < 4000:
                try:
                    assert evaluated(text, numbers) == pytest.approx(leaf.grad, rel=1e-7, abs=1e-7), text
                except ArithmeticError:
                    assert (
                        "/" in text
                    )  # the textbook form of a partial may divide by zero where the computed one does not


def test_a_formula_that_would_explode_names_its_repeated_parts() -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(60):
        y = sin(y) + y
    text = formula(y)
    assert text.startswith("t1 = sin(x) + x; t2 = sin(t1) + t1; ")
    assert len(text) < 2000
    assert len(formula(y, wrt=x)) < 20_000
    assert 1 < parse(text).assignments.__len__() < 100


def test_a_variable_called_like_a_constant_is_told_apart_from_it() -> None:
    x, pi = Value(0.7, "x"), Value(2.0, "pi")
    assert formula(erf(x) * pi, wrt=x) == "2 * exp(-x ** 2) * pi_2 / sqrt(pi)"


def test_long_formulas_take_a_short_time_and_text_in_latex_too() -> None:
    x = Value(1.0, "x")
    y, z = x, x
    for _ in range(60):
        y, z = y + y, z * z
    assert len(formula(y, latex=True)) < 3000
    assert len(formula(z, wrt=x)) < 50_000
    factors = [Value(1.0, f"x{i}") for i in range(300)]
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    assert len(formula(product, wrt=factors[0])) < 5000


def test_names_that_look_like_operations_stand_in_parentheses() -> None:
    assert formula(Value(2.0, "a + b") * Value(3.0, "c")) == "(a + b) * c"
    assert formula(Value(2.0, "-x") ** 2) == "(-x) ** 2"
    assert formula(Value(2.0, "w[1][2,1]") * Value(3.0, "x_1")) == "w[1][2,1] * x_1"
    assert "\n" not in formula(Value(2.0, "a\nb") * 2)


def test_formula_of_a_node_outside_the_graph_is_a_clear_error() -> None:
    x, other = Value(1.0, "x"), Value(2.0, "other")
    with pytest.raises(ValueError, match=r"'other'.* is not part of the graph"):
        formula(x * 2, wrt=other)
    with pytest.raises(ValueError, match=r"is not part of the graph"):
        explain(x * 2, wrt=[other])


def test_labels_are_all_different_and_keep_names() -> None:
    x, twin, plain = Value(1.0, "x"), Value(2.0, "x"), Value(3.0)
    taken = Value(4.0, "v1")
    y = x * twin + plain * taken
    assert list(Graph(y).labels.values()) == ["x", "x_2", "v2", "v3", "v1", "v4", "J"]
    assert formula(x * twin) == "x * x_2"


def test_steps_add_up_to_backward_bit_for_bit() -> None:
    for seed in range(200):
        _, y, _ = random_graph(random.Random(seed))
        adjoints: dict[Value, float] = {}
        for number, step in enumerate(steps(y), 1):
            assert step.number == number
            assert step.before == adjoints.get(step.operand, 0.0)
            assert step.after == step.before + step.contribution
            adjoints[step.operand] = step.after
        y.backward()
        for node in [*collect(y)[0][1:], *collect(y)[1]]:
            assert node.grad == adjoints[node]


def test_reading_steps_changes_nothing() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    list(steps(y, seed=5.0))
    explain(y)
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_steps_tell_first_and_further_contributions_apart() -> None:
    x = Value(3.0, "x")
    first, second = steps(x * x)
    assert (first.first, second.first) == (True, False)
    assert str(first) == "dJ/dx = dJ/dJ · x = 1 · 3 = 3"
    assert str(second) == "dJ/dx += dJ/dJ · x = 1 · 3 = 3, in all 6"
    assert second.line(digits=2) == "dJ/dx += dJ/dJ · x = 1 · 3 = 3, in all 6"


def test_a_sum_in_a_partial_is_put_in_parentheses() -> None:
    x = Value(0.5, "x")
    (step,) = steps(tanh(x))
    assert str(step) == "dJ/dx = dJ/dJ · (1 - tanh(x) ** 2) = 1 · 0.7864 = 0.7864"


def test_steps_raise_what_backward_raises() -> None:
    x = Value(0.0, "x")
    with pytest.raises(GradientError, match="does not exist"):
        list(steps(sqrt(x)))
    y = sin(x)
    x.data = 1.0
    with pytest.raises(StaleGraphError):
        list(steps(y))


def test_steps_through_a_missing_derivative_that_nobody_needs() -> None:
    x = Value(0.0, "x")
    last = list(steps(sqrt(x) * 0.0))[-1]
    assert (last.contribution, last.after) == (0.0, 0.0)
    assert str(last).endswith("= 0 · undefined = 0")


def test_explain_of_a_leaf_and_with_wrt() -> None:
    x, w = Value(2.0, "x"), Value(3.0, "w")
    assert explain(x).endswith("gradient\n  dx/dx = 1.0")
    text = explain(w * x, wrt=[w])
    assert "∂J/∂w" in text
    assert "∂J/∂x" not in text


def test_a_walk_goes_forth_and_back_and_knows_what_waits() -> None:
    x = Value(3.0, "x")
    y = (x * x).named("y")
    J = y * x
    w = walk(J)
    assert (w.position, w.step, w.known, w.waiting) == (0, None, {"J": 1.0}, ["y", "x"])
    assert repr(w.next()) == "step 1 of 4\n  dJ/dy = dJ/dJ · x = 1 · 3 = 3\nknown: dJ/dJ = 1, dJ/dy = 3\nwaiting: x"
    assert w.run().known == {"J": 1.0, "y": 3.0, "x": 27.0}
    assert w.next().position == 4
    assert w.waiting == []
    assert w.back().known["x"] == 18.0
    assert w.goto(y).position == 1
    assert w.goto("x").position == 4
    assert w.goto(J).back().position == 0
    w.goto("x").back()
    assert repr(w).endswith("known: dJ/dJ = 1, dJ/dy = 3, dJ/dx = 18 so far (2 of 3)\nwaiting: x")
    J.backward()
    assert x.grad == walk(J).run().known["x"]
    with pytest.raises(ValueError, match="is not part of this graph: its nodes are x, y, J"):
        w.goto(Value(1.0))


def test_paths_are_counted_where_they_are_too_many_to_write() -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(40):
        y = y + y
    text = explain(y, x)
    assert text.count("path ") == 8
    assert f"and {2**40 - 8:,} paths more" in text
    assert text.endswith(f"the sum over {2**40:,} paths = 1.1e+12")
    assert explain(x, x) == "dx/dx = 1"
    assert explain(x * x, x).splitlines()[-1] == "dJ/dx = the sum over 2 paths = 1 + 1 = 2"


def test_the_sum_over_paths_is_the_gradient() -> None:
    for seed in range(60):
        leaves, y, _ = random_graph(random.Random(seed))
        y.backward()
        for leaf in leaves:
            if leaf in Graph(y).labels:
                last = explain(y, leaf, digits=17).splitlines()[-1]
                assert float(last.rpartition("= ")[2]) == pytest.approx(leaf.grad, rel=1e-12, abs=1e-15)


def test_what_the_package_exports_is_there() -> None:
    for name in autograd.__all__:
        assert getattr(autograd, name) is not None
    assert "sum" not in autograd.__all__
    assert "exp" in dir(autograd)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = autograd.nope


LINES = [
    "dJ/dv3 = dJ/dJ · exp(v3) = 1 · 0.4593 = 0.4593",
    "dJ/dv2 = dJ/dv3 · -1 = 0.4593 · -1 = -0.4593",
    "dJ/dv1 = dJ/dv2 · cos(v1) = -0.4593 · -0.6282 = 0.2885",
    "dJ/dx = dJ/dv1 · 2 * x = 0.2885 · 3 = 0.8655",
]


def test_steps_in_a_repl_are_their_lines_and_none_is_taken_away() -> None:
    x = Value(1.5, "x")
    found = steps(exp(-sin(x**2)))
    assert repr(found) == "\n".join(LINES)
    assert repr(next(found)) == LINES[0]
    assert repr(found) == "\n".join(LINES)
    assert repr(list(found)) == f"[{', '.join(LINES[1:])}]"
    assert list(found) == []
    forward = steps(x * x, mode="forward")
    assert repr(forward) == "dJ/dx = x · dx/dx = 1.5 · 1 = 1.5\ndJ/dx += x · dx/dx = 1.5 · 1 = 1.5, in all 3"
    assert repr(steps(x)) == "no steps: nothing was computed"


def test_steps_in_a_notebook_are_mathematics_up_to_a_length() -> None:
    x = Value(1.5, "x")
    bundle = in_notebook(steps(x**2))
    assert bundle["text/plain"] == "dJ/dx = dJ/dJ · 2 * x = 1 · 3 = 3"
    assert r"\frac{dJ}{dx} &= \frac{dJ}{dJ} \cdot 2 \, x = 1 \cdot 3 = 3" in bundle["text/latex"]
    y = x
    for _ in range(1000):
        y = y * 1.0
    bundle = in_notebook(steps(y))
    assert "text/latex" not in bundle
    assert bundle["text/plain"].count("\n") == 200
    assert bundle["text/plain"].endswith("\n...")


def test_steps_that_cannot_be_done_raise_where_they_are_shown() -> None:
    with pytest.raises(GradientError, match="does not exist"):
        repr(steps(sqrt(Value(0.0, "x"))))
    with pytest.raises(ValueError, match="mode is"):
        next(steps(Value(1.0) * 2, mode="both"))


@pytest.mark.parametrize(
    ("build", "text", "latex"),
    [
        (lambda e, x: exp(e), "exp(e_2)", "e^{e_{2}}"),
        (lambda e, x: math.e**x + e, "e ** x + e_2", "{e}^{x} + e_{2}"),
        (lambda e, x: erf(e), "erf(e_2)", r"\operatorname{erf}\left(e_{2}\right)"),  # exp stands in its derivative
        (lambda e, x: logsumexp([e, x]), "logsumexp(e_2, x)", r"\operatorname{logsumexp}\left(e_{2}, x\right)"),
        (lambda e, x: -math.e * e, "-e * e_2", r"-e \, e_{2}"),
        (lambda e, x: e**2 / x, "e ** 2 / x", r"\frac{{e}^{2}}{x}"),  # an error may be called e where nothing else is
        (lambda e, x: math.pi * x, "pi * x", r"\pi \, x"),
        (lambda e, x: sin(-math.pi * x), "sin(-pi * x)", r"\sin\left(-\pi \, x\right)"),
    ],
)
def test_a_variable_called_e_is_told_apart_from_the_constant(build: Any, text: str, latex: str) -> None:
    y = build(Value(2.0, "e"), Value(1.5, "x"))
    assert formula(y) == text
    assert formula(y, latex=True) == latex
    assert to_text(parse(text).result) == text


@pytest.mark.parametrize("name", ["pi", "π"])
def test_a_variable_called_like_pi_is_told_apart_from_the_constant(name: str) -> None:
    x, pi = Value(0.5, "x"), Value(3.0, name)
    y = math.pi * x + pi
    assert formula(y) == f"pi * x + {name}_2"
    assert formula(y, latex=True) in (r"\pi \, x + \pi_{2}", r"\pi \, x + π_{2}")
    assert f"∂J/∂{name}_2 = 1.0" in explain(y)
    source = draw(y).graph.source
    assert f'"{name}_2|' in source
    assert f'"{name}|' not in source


def test_mathml_tells_a_variable_called_e_apart_from_the_base_of_exp() -> None:
    e = Value(2.0, "e")
    graph = Graph(exp(e))
    assert MATHML.expression(graph.computed(graph.root)) == (
        "<msup><mi>e</mi><mrow><msub><mi>e</mi><mn>2</mn></msub></mrow></msup>"
    )


def test_a_notebook_shows_a_formula_typeset_and_a_repl_as_a_text() -> None:
    x, a = Value(1.5, "x"), Value(2.0, "a1")
    J = exp(-sin(x**2)) / a
    for wrt in (None, x, a):
        text = formula(J, wrt=wrt)
        latex = f"$\\displaystyle {formula(J, wrt=wrt, latex=True)}$"
        assert in_notebook(text) == {"text/plain": repr(str(text)), "text/latex": latex}
        assert repr(text) == repr(str(text))
        assert (type(str(text)), type(formula(J, wrt=wrt, latex=True))) == (str, str)
    assert formula(J) == "exp(-sin(x ** 2)) / a1"
    assert in_notebook(formula(x * a))["text/latex"] == r"$\displaystyle x \, a_{1}$"


def test_a_formula_does_not_keep_its_graph_alive() -> None:
    x = Value(1.5, "x")
    J = exp(x) * x
    end, text = weakref.ref(J), formula(J, wrt=x)
    gc.collect()
    del J
    assert end() is None
    assert "displaystyle" in in_notebook(text)["text/latex"]


def test_a_typeset_text_is_pickled_and_copied_as_the_text_alone() -> None:
    x = Value(1.5, "x")
    for text in (formula(exp(x)), explain(exp(x)), explain(exp(x), x)):
        for twin in (pickle.loads(pickle.dumps(text)), copy.copy(text), copy.deepcopy([text])[0]):
            assert twin == text
            assert type(twin) is str
    assert json.dumps({"f": formula(exp(x))}) == '{"f": "exp(x)"}'


def test_a_formula_of_many_parts_is_typeset_with_their_names_and_one_too_long_is_not() -> None:
    y = Value(1.5, "x")
    for _ in range(14):
        y = y + y
    bundle = in_notebook(formula(y * y))
    assert r"t_{1} = x + x; \quad " in bundle["text/latex"]
    z: Value = Value(0.5, "x")
    for _ in range(10_000):
        z = sin(z) + z
    assert list(in_notebook(formula(z))) == ["text/plain"]
