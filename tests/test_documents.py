"""The teaching documents, symbol by symbol and number by number (see each test for the document's own notation)."""

from __future__ import annotations

import random

import numpy as np
import pytest
from graphs import example_7_15, example_7_16, network
from shown import in_notebook

from autograd import Value, dot, exp, explain, formula, sigmoid, sin, steps
from nn import MLP, losses


def test_example_7_15_numbers() -> None:
    x, _, _, J = example_7_15()
    J.backward()
    assert J.data == pytest.approx(0.4592901209134478, rel=1e-15)
    assert x.grad == pytest.approx(0.8655418174048961, rel=1e-15)


def test_example_7_15_local_derivatives_are_those_of_the_blackboard() -> None:
    x, y, z, J = example_7_15()
    assert formula(J, wrt=z) == "-exp(-z)"
    assert formula(z, wrt=y) == "cos(y)"
    assert formula(y, wrt=x) == "2 * x"
    assert formula(J) == "exp(-sin(x ** 2))"
    assert formula(J, wrt=x) == "-2 * x * cos(x ** 2) * exp(-sin(x ** 2))"


def test_example_7_15_steps() -> None:
    _, y, z, J = example_7_15()
    assert [str(step) for step in steps(J)] == [
        "dJ/dv1 = dJ/dJ · exp(v1) = 1 · 0.4593 = 0.4593",
        "dJ/dz = dJ/dv1 · -1 = 0.4593 · -1 = -0.4593",
        "dJ/dy = dJ/dz · cos(y) = -0.4593 · -0.6282 = 0.2885",
        "dJ/dx = dJ/dy · 2 * x = 0.2885 · 3 = 0.8655",
    ]
    third = list(steps(J))[2]
    assert (third.number, third.node, third.operand, third.position, third.first) == (3, z, y, 0, True)
    assert third.upstream == pytest.approx(-0.4592901209134478, rel=1e-15)
    assert third.partial == pytest.approx(-0.6281736227227391, rel=1e-15)
    assert third.symbol == "cos(y)"
    assert third.contribution == third.upstream * third.partial
    assert (third.before, third.after) == (0.0, third.contribution)


def test_example_7_16_numbers_and_symbols() -> None:
    (a1, _), (x1, x2), y, z, J = example_7_16()
    J.backward()
    sigma = 1 / (1 + 2.718281828459045**0.5)
    assert J.data == pytest.approx(sigma, rel=1e-15)
    assert x1.grad == pytest.approx(2.0 * sigma * (1 - sigma), rel=1e-14)
    assert x2.grad == pytest.approx(-1.0 * sigma * (1 - sigma), rel=1e-14)
    assert formula(J, wrt=z) == "-1 / z ** 2"
    assert formula(z, wrt=y) == "-exp(-y)"
    assert formula(y, wrt=x1) == "a1"
    assert formula(J) == "1 / (1 + exp(-(a1 * x1 + a2 * x2)))"
    derivative = "a1 * exp(-(a1 * x1 + a2 * x2)) / (1 + exp(-(a1 * x1 + a2 * x2))) ** 2"
    assert formula(J, wrt=x1) == derivative  # the document's a₁ · exp(-y) / z²
    assert formula(J, wrt=a1).startswith("x1 * exp(")


def test_example_7_16_steps_toward_the_inputs_only() -> None:
    _, x, _, _, J = example_7_16()
    assert [str(step) for step in steps(J, wrt=x)] == [
        "∂J/∂z = ∂J/∂J · -1 / z ** 2 = 1 · -0.1425 = -0.1425",
        "∂J/∂v4 = ∂J/∂z · 1 = -0.1425 · 1 = -0.1425",
        "∂J/∂v3 = ∂J/∂v4 · exp(v3) = -0.1425 · 1.649 = -0.235",
        "∂J/∂y = ∂J/∂v3 · -1 = -0.235 · -1 = 0.235",
        "∂J/∂v1 = ∂J/∂y · 1 = 0.235 · 1 = 0.235",
        "∂J/∂v2 = ∂J/∂y · 1 = 0.235 · 1 = 0.235",
        "∂J/∂x2 = ∂J/∂v2 · a2 = 0.235 · -1 = -0.235",
        "∂J/∂x1 = ∂J/∂v1 · a1 = 0.235 · 2 = 0.47",
    ]


def test_the_slides_network_forward() -> None:
    nodes = network()
    printed = {
        "z[1]_1": 0.41, "a1": 0.60108, "z[1]_2": 0.47, "a2": 0.61538, "z[2]_1": 1.019768, "ŷ1": 0.73492,
        "z[2]_2": 1.26306, "ŷ2": 0.77955, "E": 0.24908,
    }  # fmt: skip
    for name, number in printed.items():
        assert nodes[name].data == pytest.approx(number, abs=1.5e-5), name


def test_the_slides_network_gradients_and_updates() -> None:
    nodes = network()
    assert nodes["ŷ1"].grad == pytest.approx(0.68492, abs=1.5e-5)  # printed with a minus by mistake
    assert nodes["ŷ2"].grad == pytest.approx(-0.17044, abs=1.5e-5)
    for name, gradient, updated in (
        ("w[2][1,1]", 0.0802, 0.45188),
        ("w[2][1,2]", 0.08211, 0.55073),
        ("w[2][2,1]", -0.01760, 0.71056),
    ):
        assert nodes[name].grad == pytest.approx(gradient, abs=1.5e-5)
        assert nodes[name].data - 0.6 * nodes[name].grad == pytest.approx(updated, abs=1.5e-5)


def test_the_slides_network_in_steps_one_per_operand_of_a_dot_product() -> None:
    nodes = network()
    lines = {step.labels[2]: str(step) for step in steps(nodes["E"]) if step.node is nodes["z[2]_1"]}
    assert lines == {
        "w[2][1,1]": "∂E/∂w[2][1,1] = ∂E/∂z[2]_1 · a1 = 0.1334 · 0.6011 = 0.0802",
        "a1": "∂E/∂a1 += ∂E/∂z[2]_1 · w[2][1,1] = 0.1334 · 0.5 = 0.06671, in all 0.04621",
        "w[2][1,2]": "∂E/∂w[2][1,2] = ∂E/∂z[2]_1 · a2 = 0.1334 · 0.6154 = 0.08211",
        "a2": "∂E/∂a2 += ∂E/∂z[2]_1 · w[2][1,2] = 0.1334 · 0.6 = 0.08006, in all 0.05663",
        "b[2]": "∂E/∂b[2] += ∂E/∂z[2]_1 · 1 = 0.1334 · 1 = 0.1334, in all 0.1041",
    }
    sigma = next(str(step) for step in steps(nodes["E"]) if step.operand is nodes["z[2]_1"])
    assert sigma == "∂E/∂z[2]_1 = ∂E/∂ŷ1 · ŷ1 * (1 - ŷ1) = 0.6849 · 0.1948 = 0.1334"  # the slides' 0.19480
    text = explain(nodes["E"])
    assert "z[2]_1 = w[2][1,1] * a1 + w[2][1,2] * a2 + b[2] = 1.02" in text


def test_a_weights_question_is_posed_as_a_product_of_three_factors() -> None:
    nodes = network()
    assert explain(nodes["E"], nodes["w[2][1,1]"]).splitlines() == [
        "∂E/∂w[2][1,1] = ∂E/∂ŷ1 · ∂ŷ1/∂z[2]_1 · ∂z[2]_1/∂w[2][1,1]",
        "              = -(0.05 - ŷ1) · ŷ1 * (1 - ŷ1) · a1",
        "              = 0.6849 · 0.1948 · 0.6011 = 0.0802",
    ]


def test_a_hidden_weight_receives_a_sum_over_two_paths() -> None:
    nodes = network()
    text = explain(nodes["E"], nodes["w[1][1,1]"])
    assert text.count("path ") == 2
    assert "∂E/∂ŷ1 · ∂ŷ1/∂z[2]_1 · ∂z[2]_1/∂a1 · ∂a1/∂z[1]_1 · ∂z[1]_1/∂w[1][1,1]" in text
    assert "∂E/∂ŷ2 · ∂ŷ2/∂z[2]_2 · ∂z[2]_2/∂a1 · ∂a1/∂z[1]_1 · ∂z[1]_1/∂w[1][1,1]" in text
    assert (
        text.splitlines()[-1]
        == f"∂E/∂w[1][1,1] = the sum over 2 paths = 0.0016 + (-0.0004916) = {nodes['w[1][1,1]'].grad:.4g}"
    )


def test_the_slides_exercise_is_completed() -> None:
    nodes = network()
    w2, a = np.array([[0.5, 0.6], [0.7, 0.8]]), np.array([nodes["a1"].data, nodes["a2"].data])
    d2 = np.array([nodes["ŷ1"].data - 0.05, nodes["ŷ2"].data - 0.95])
    d2 = d2 * [nodes[f"ŷ{k}"].data * (1 - nodes[f"ŷ{k}"].data) for k in (1, 2)]
    gradient = np.outer((w2.T @ d2) * a * (1 - a), [0.1, 0.5])  # both paths at once
    for i in (1, 2):
        for j in (1, 2):
            assert nodes[f"w[1][{i},{j}]"].grad == pytest.approx(gradient[i - 1, j - 1], rel=1e-12)


def test_a_weights_question_in_latex_as_on_the_blackboard() -> None:
    nodes = network()
    assert explain(nodes["E"], nodes["w[2][1,1]"]).latex.splitlines() == [
        r"$$\begin{aligned}",
        r"\frac{\partial E}{\partial w_{1,1}^{[2]}} &= \frac{\partial E}{\partial \hat{y}_{1}} "
        r"\cdot \frac{\partial \hat{y}_{1}}{\partial z_{1}^{[2]}} "
        r"\cdot \frac{\partial z_{1}^{[2]}}{\partial w_{1,1}^{[2]}} \\",
        r"                                          &= -\left(0.05 - \hat{y}_{1}\right) \cdot \hat{y}_{1} \, "
        r"\left(1 - \hat{y}_{1}\right) \cdot a_{1} \\",
        r"                                          &= 0.6849 \cdot 0.1948 \cdot 0.6011 = 0.0802",
        r"\end{aligned}$$",
    ]


def test_the_steps_in_latex() -> None:
    *_, J = example_7_15()
    third = list(steps(J))[2]
    assert third.latex() == (
        r"\frac{dJ}{dy} = \frac{dJ}{dz} \cdot \cos\left(y\right) = -0.4593 \cdot \left(-0.6282\right) = 0.2885"
    )
    assert third._repr_latex_() == rf"$\displaystyle {third.latex()}$"
    x = Value(3.0, "x")
    assert r"\frac{dJ}{dx} += \frac{dJ}{dJ} \cdot x = 1 \cdot 3 = 3\text{, in all }6" in explain(x * x).latex.replace(
        "&", ""
    )


def test_a_notebook_shows_an_explanation_as_mathematics_unless_it_is_long() -> None:
    x, *_, J = example_7_15()
    bundle = in_notebook(explain(J))
    assert bundle["text/plain"] == str(explain(J)) == repr(explain(J))
    assert r"\frac{dJ}{dx} &= 0.8655418174048961" in bundle["text/latex"]
    assert "text/latex" in in_notebook(explain(J, x))
    y = x
    for _ in range(150):
        y = sin(y)
    assert list(in_notebook(explain(y))) == ["text/plain"]


def test_the_boxed_derivative_of_the_sigmoid() -> None:
    z = Value(0.41, "z")
    assert formula(sigmoid(z), wrt=z) == "sigmoid(z) * (1 - sigmoid(z))"
    assert formula(1 / (1 + exp(-z)), wrt=z) == "exp(-z) / (1 + exp(-z)) ** 2"


def matrix_form(Theta: list[np.ndarray], X: np.ndarray, Y: np.ndarray, lam: float) -> list[np.ndarray]:
    """The guide's algorithm for L layers, as it stands there: Delta is summed over the examples, D is the gradient.

    Theta[l] leads from layer l to l + 1; its column 0 holds the biases, whose unit is 1. Where the guide prints g(z) for
    the derivative, g'(z) = a (1 - a) is meant.
    """
    m = len(X)
    Delta = [np.zeros_like(theta) for theta in Theta]
    for x, y in zip(X, Y, strict=True):
        a = [np.array([1.0, *x])]
        for theta in Theta:
            a.append(np.array([1.0, *1 / (1 + np.exp(-theta @ a[-1]))]))
        d = a[-1][1:] - y
        for l in reversed(range(len(Theta))):  # noqa: E741 - the guide's letter
            Delta[l] += np.outer(d, a[l])
            d = ((Theta[l].T @ d) * a[l] * (1 - a[l]))[1:]
    D = [(delta + lam * theta) / m for delta, theta in zip(Delta, Theta, strict=True)]
    for l, delta in enumerate(Delta):  # noqa: E741
        D[l][:, 0] = delta[:, 0] / m
    return D


@pytest.mark.parametrize(
    ("sizes", "m", "lam"),
    [([1, 1], 1, 0.0), ([2, 1], 4, 0.5), ([2, 2, 2], 1, 0.0), ([3, 5, 2], 7, 0.1), ([2, 4, 3, 1], 5, 1.0),
     ([4, 3, 3, 3, 2], 3, 2.5), ([2, 2, 2, 2, 2, 2, 2], 2, 0.01)],
)  # fmt: skip
def test_the_d_matrices_of_the_l_layer_algorithm_are_the_engines_gradients(
    sizes: list[int], m: int, lam: float
) -> None:
    rng = np.random.default_rng(7)
    X, Y = rng.normal(size=(m, sizes[0])), rng.integers(0, 2, size=(m, sizes[-1])).astype(float)
    model = MLP(
        sizes[0], sizes[1:], activation="sigmoid", output="sigmoid", bias=0.3, init="xavier", rng=random.Random(7)
    )
    outputs = [model(x) for x in X.tolist()]
    rows = [[output] if sizes[-1] == 1 else output for output in outputs]
    J = sizes[-1] * losses.binary_cross_entropy(rows, Y.tolist()) + losses.l2_penalty(model, lam / (2 * m))
    J.backward()
    Theta, gradient = (
        [
            np.array([[number(n.b), *map(number, n.w)] for n in layer.neurons])  # the biases are column 0
            for layer in model.layers
        ]
        for number in (lambda p: p.data, lambda p: p.grad)
    )
    for D, found in zip(matrix_form(Theta, X, Y, lam), gradient, strict=True):
        np.testing.assert_allclose(found, D, rtol=1e-12, atol=1e-15)


def test_one_neuron_of_the_deck_has_its_three_factors() -> None:
    w, x = [Value(0.5, "w1"), Value(-0.3, "w2")], [1.5, 2.0]
    b, y = Value(0.1, "b"), 1.0
    z = dot(w, x, b).named("z")
    ŷ = sigmoid(z).named("ŷ")
    C = ((ŷ - y) ** 2).named("C")
    C.backward()
    assert explain(C, w[0]).splitlines()[:2] == [
        "∂C/∂w1 = ∂C/∂ŷ · ∂ŷ/∂z · ∂z/∂w1",
        "       = 2 * (ŷ - 1) · ŷ * (1 - ŷ) · 1.5",
    ]
    assert explain(C, b).splitlines()[1].endswith(" · 1")
    a = 1 / (1 + np.exp(-(0.5 * 1.5 - 0.3 * 2.0 + 0.1)))
    assert [w[0].grad, w[1].grad, b.grad] == pytest.approx([2 * (a - y) * a * (1 - a) * u for u in (1.5, 2.0, 1.0)])
