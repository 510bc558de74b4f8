"""The source of programs with groups: lists and comprehensions that a person reads, and that run as they are read."""

from __future__ import annotations

import math
import pickle
import random
from typing import Any

import pytest
from graphs import HOSTILE
from graphs import random_graph as small_graph
from test_groups import STEEP, by_graph, random_programs, rows_of, size

from autograd import Value, compile, dot, exp, logsumexp, relu, sigmoid, sum, tanh
from autograd.compiler.backends.wanted import Sums
from autograd.compiler.compiled import Compiled
from autograd.compiler.listing import listing
from autograd.compiler.lists.listing import ListSource
from autograd.compiler.lists.variables import flat, forming, stem
from autograd.errors import AutogradError
from nn import MLP


def run(source: str) -> Any:
    """The function that a source defines."""
    names: dict[str, Any] = {}
    exec(source, names)
    return names[source[source.index("def ") + 4 : source.index("(", source.index("def "))]]


def vector(name: str, numbers: list[float]) -> list[Value]:
    return [Value(number, f"{name}{index}") for index, number in enumerate(numbers, 1)]


def matrix(name: str, rows: list[list[float]]) -> list[list[Value]]:
    return [[Value(x, f"{name}[{i},{j}]") for j, x in enumerate(row, 1)] for i, row in enumerate(rows, 1)]


def demo(size: int = 16) -> tuple[Compiled, MLP]:
    """The loss of micrograd's demo for one point."""
    model = MLP(2, [size, size, 1], rng=random.Random(1))
    x, y = vector("x", [0.5, -1.0]), Value(1.0, "y")
    return compile(relu(1 - y * model(x)), [*x, y], model.parameters(), "python"), model


EXPECTED = '''\
from autograd import dot

def J(x, y, w1, b1, w2, b2, w3, b3):
    """J and dJ/dw1, dJ/db1, dJ/dw2, dJ/db2, dJ/dw3, dJ/db3.

    Lists: x (2), w1 (16 × 2), b1 (16), w2 (16 × 16), b2 (16), w3 (16). Numbers: y, b3.
    """
    z1 = [dot(w, x, b) for w, b in zip(w1, b1)]
    a1 = [0 if z <= 0 else z for z in z1]
    z2 = [dot(w, a1, b) for w, b in zip(w2, b2)]
    a2 = [0 if z <= 0 else z for z in z2]
    z3 = dot(w3, a2, b3)
    v1 = y * z3
    v2 = 1 - v1
    J = 0 if v2 <= 0 else v2

    dJ_dv2 = 1 if v2 > 0 else 0                      # dJ/dv2 = heaviside(v2, 0)
    dJ_dv1 = -dJ_dv2                                 # dJ/dv1 = dJ/dv2 · -1
    dJ_dz3 = dJ_dv1 * y                              # dJ/dz3 = dJ/dv1 · y
    dJ_dw3 = [dJ_dz3 * a for a in a2]                # dJ/dw3[j] = dJ/dz3 · a2[j]
    dJ_da2 = [dJ_dz3 * w for w in w3]                # dJ/da2[j] = dJ/dz3 · w3[j]
    dJ_db3 = dJ_dz3                                  # dJ/db3 = dJ/dz3 · 1
    # dJ/dz2[i] = dJ/da2[i] · heaviside(z2[i], 0)
    dJ_dz2 = [d if z > 0 else 0 for d, z in zip(dJ_da2, z2)]
    dJ_dw2 = [[d * a for a in a1] for d in dJ_dz2]   # dJ/dw2[i,j] = dJ/dz2[i] · a1[j]
    dJ_da1 = [dot(dJ_dz2, w) for w in zip(*w2)]      # dJ/da1[j] = sum over i of dJ/dz2[i] · w2[i,j]
    dJ_db2 = dJ_dz2                                  # dJ/db2[i] = dJ/dz2[i] · 1
    # dJ/dz1[i] = dJ/da1[i] · heaviside(z1[i], 0)
    dJ_dz1 = [d if z > 0 else 0 for d, z in zip(dJ_da1, z1)]
    dJ_dw1 = [[d * xj for xj in x] for d in dJ_dz1]  # dJ/dw1[i,j] = dJ/dz1[i] · x[j]
    dJ_db1 = dJ_dz1                                  # dJ/db1[i] = dJ/dz1[i] · 1
    return J, [dJ_dw1, dJ_db1, dJ_dw2, dJ_db2, dJ_dw3, dJ_db3]'''


def test_a_network_of_three_layers_is_a_page_whatever_its_width() -> None:
    assert demo()[0].source == EXPECTED
    assert demo(64)[0].source == EXPECTED.replace("16", "64")


def test_the_source_of_a_network_takes_matrices_and_gives_them() -> None:
    f, model = demo()
    w = [[[p.data for p in neuron.w] for neuron in part.neurons] for part in model.layers]
    b = [[neuron.b.data for neuron in part.neurons] for part in model.layers]
    value, slopes = run(f.source)([0.5, -1.0], -1.0, w[0], b[0], w[1], b[1], w[2][0], b[2][0])
    loss = relu(1 + model([0.5, -1.0]))
    loss.backward()
    assert value == loss.data
    for found, neuron in zip(slopes[2], model.layers[1].neurons, strict=True):
        assert found == pytest.approx([p.grad for p in neuron.w], rel=1e-14)
    assert any(flat(slopes[2]))
    assert slopes[1] == pytest.approx([neuron.b.grad for neuron in model.layers[0].neurons], rel=1e-14)
    assert (len(slopes), slopes[5]) == (6, pytest.approx(model.layers[2].neurons[0].b.grad))  # type: ignore[union-attr]


@pytest.mark.parametrize("part", range(4))
def test_what_is_printed_of_random_graphs_computes_what_the_graph_computes(part: int) -> None:
    count = 0
    for seed, rng, builder, f in random_programs(range(part, 240, 4), "python"):
        source = f._wanted.source()
        if not isinstance(source, ListSource):
            continue
        printed, [row] = run(source.text), rows_of(rng, len(builder.inputs), 1)
        [expected] = by_graph(f, [row])
        if isinstance(expected, AutogradError) or size(expected) > STEEP:
            continue
        value, slopes, *others = printed(*(forming(nodes)([*row, *f._numbers()]) for nodes in source.arguments))
        found = dict(zip(flat(source.slopes), flat(slopes), strict=True))
        bound = 1e-9 * (1 + size(expected))
        assert abs(value - expected.value) <= bound, f"seed {seed}"
        for node, slope in zip(f._wanted.wrt, expected.gradients, strict=True):
            assert abs(found[node] - slope) <= bound, f"seed {seed}"
        assert flat(others) == pytest.approx([column[0] for column in expected.also], abs=1e-9)
        count += 1
    assert count > 25


def test_a_program_without_groups_is_printed_in_straight_lines() -> None:
    for seed in range(60):
        leaves, y, _ = small_graph(random.Random(seed))
        f = compile(y, leaves)
        if not isinstance(f._wanted.source(), ListSource):
            assert f.source == listing(f._wanted.trace, f._wanted.wrt, f._wanted.also)
            assert " for " not in f.source


def test_calls_columns_and_pickles_give_single_numbers_in_the_order_in_which_they_are_wanted() -> None:
    w, x = matrix("w", [[0.5 * i + j for j in range(3)] for i in range(5)]), vector("x", [1.0, 2.0, 3.0])
    z = [dot(row, x) for row in w]
    y = sum([zi * zi for zi in z])
    chosen = [w[4][2], x[1], z[3], w[0][1], x[0], w[4][2]]
    f = compile(y, x, chosen, "python", also=[z[2]])
    at = [1.0, 2.0, 3.0]
    c = [math.fsum((0.5 * i + j) * at[j] for j in range(3)) for i in range(5)]  # z
    by_x = [math.fsum(2 * c[i] * (0.5 * i + j) for i in range(5)) for j in range(3)]
    expected = [2 * c[4] * 3.0, by_x[1], 2 * c[3], 2 * c[0] * 2.0, by_x[0], 2 * c[4] * 3.0]
    for again in (f, pickle.loads(pickle.dumps(f))):
        assert again(*at) == (math.fsum(zi * zi for zi in c), expected)
        sums = again.over(again.rows([1.0, 1.0], [2.0, 2.0], [3.0, 3.0]))
        assert list(sums.gradients) == [2 * slope for slope in expected]
        assert list(sums.also[0]) == [c[2], c[2]]
        assert list(again.map([1.0], [2.0], [3.0])) == [math.fsum(zi * zi for zi in c)]
    assert "return J, [dJ_dw[4][2], dJ_dx[1], dJ_dz[3], dJ_dw[0][1], dJ_dx[0]], [z[2]]" in f.source


def test_parameters_in_the_order_of_neurons_are_woven_together_for_a_penalty() -> None:
    w, b, x = (
        matrix("w", [[0.5 * i + j for j in range(2)] for i in range(8)]),
        vector("b", [1.0] * 8),
        vector("x", [1.0, 2.0]),
    )
    p = [parameter for row, bias in zip(w, b, strict=True) for parameter in (*row, bias)]
    y = sum([dot(row, x, bias) for row, bias in zip(w, b, strict=True)]) + dot(p, p)
    f = compile(y, x, p, "python")
    assert "    p = [q for wi, bi in zip(w, b) for q in [*wi, bi]]\n" in f.source
    assert (
        "    dJ_dw = [[dJ_dp[3 * i + j] for j in range(2)] for i in range(8)]\n    dJ_db = dJ_dp[2:26:3]\n" in f.source
    )
    numbers = [[0.5 * i + j for j in range(2)] for i in range(8)]
    _, (dw, db) = run(f.source)([1.0, 2.0], numbers, [1.0] * 8)
    assert dw == [[2 * a + 1.0, 2 * b + 2.0] for a, b in numbers]
    assert db == [3.0] * 8


def test_a_convolution_reads_windows_and_gives_its_adjoints_back_to_where_they_overlap() -> None:
    x, k = vector("x", [float(i * i) for i in range(10)]), vector("k", [1.0, -2.0, 3.0])
    f = compile(sum([dot(k, x[i : i + 3]) for i in range(8)]), x, [*k, *x], "python")
    assert "[[x[i + j] for j in range(3)] for i in range(8)]" in f.source
    _, (dk, dx) = run(f.source)([float(i * i) for i in range(10)], [1.0, -2.0, 3.0])
    assert dk == [140.0, 204.0, 284.0]  # sums of squares from 0 to 7, 1 to 8, 2 to 9
    assert dx == [1.0, -1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 3.0]


def test_a_matrix_that_is_used_again_turned_is_one_argument() -> None:
    w, x = (
        matrix("w", [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 1.0, 2.0, 3.0]]),
        vector("x", [1.0, 0.0, 2.0, -1.0]),
    )
    code = [dot(row, x) for row in w]
    y = dot([dot(list(column), code) for column in zip(*w, strict=True)], x)  # |w x|²
    f = compile(y, x, [*w[0], *w[1], *w[2]], "python")
    assert f.source.splitlines()[2] == "def J(x, w):"
    value, [dw] = run(f.source)(
        [1.0, 0.0, 2.0, -1.0], [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 1.0, 2.0, 3.0]]
    )
    assert value == 3.0**2 + 11.0**2 + 10.0**2
    assert dw == [[2 * c * xj for xj in (1.0, 0.0, 2.0, -1.0)] for c in (3.0, 11.0, 10.0)]


def test_an_adjoint_that_is_also_that_of_another_list_is_not_changed_with_it() -> None:
    w, b, x = matrix("w", [[0.1, 0.2]] * 8), vector("b", [0.0] * 8), vector("x", [1.0, 1.0])
    scale = exp(b[0])  # read before the layer, and so after it on the way back
    z = [dot(row, x, bi) for row, bi in zip(w, b, strict=True)]
    y = sum([zi * scale for zi in z])
    f = compile(y, x, [*b, *z], "python")
    _, (db, dz) = run(f.source)(x=[1.0, 1.0], w=[[0.1, 0.2]] * 8, b=[0.0] * 8)
    assert dz == [1.0] * 8
    assert db == pytest.approx([1.0 + 8 * 0.3, *[1.0] * 7])


@pytest.mark.parametrize(
    "name", [None, *HOSTILE, "d", "s", "row", "i", "j", "x", "w", "J", "zip", "sum", "t1", "v1", "lambda"]
)
def test_the_source_of_lists_is_python_whatever_the_names_are(name: str | None) -> None:
    x, w, b = [Value(0.5), Value(1.5)], [[Value(0.1 * i + j) for j in range(2)] for i in range(8)], Value(0.5, name)
    for number, leaf in enumerate([*x, *w[0], *w[1], *w[2], *w[3]]):
        if name is not None:
            leaf.named(name if number % 2 else f"{name}{number}")
    a = [tanh(dot(row, x, b)).named(name or "a") for row in w]
    y = logsumexp([ai * b for ai in a]) + b * b
    f = compile(y, x, [*w[0], *w[7], b, a[2]], "python")
    source = f._wanted.source()
    assert isinstance(source, ListSource)
    _, slopes, *_ = run(source.text)(*(forming(nodes)([0.5, 1.5, *f._numbers()]) for nodes in source.arguments))
    expected = f._eager.one([0.5, 1.5], f._numbers())[1]
    found = dict(zip(flat(source.slopes), flat(slopes), strict=True))
    assert [found[node] for node in f._wanted.wrt] == pytest.approx(expected, rel=1e-12)


def test_lists_are_called_what_their_elements_have_in_common() -> None:
    assert stem(["w[1][2,1]", "w[1][2,2]", "w[1][3,1]"]) == "w1"
    assert stem(["w[3][1,1]", "w[3][1,2]"]) == "w3"
    assert stem(["b[1][1]", "b[1][2]"]) == "b1"
    assert stem(["b[3][1]"]) == "b3"
    assert stem(["w_{1,2}^{[1]}", "w_{2,1}^{[1]}"]) == "w_1"
    assert stem(["x9", "x10"]) == "x"
    assert stem(["hidden_1", "hidden_2"]) == "hidden"
    assert stem(["height", "weight"]) == stem(["1", "2"]) == stem([None, "x2"]) == ""
    assert stem(["def1", "def2"]) == "def"  # which is told apart when it is given away


def test_inputs_of_different_names_stay_arguments_of_their_own() -> None:
    x, w = [Value(1.0, "height"), Value(2.0, "weight")], matrix("w", [[0.5, 1.0]] * 8)
    f = compile(sum([sigmoid(dot(row, x)) for row in w]), x, backend="python")
    assert "def J(height, weight, w):" in f.source
    assert "    x = [height, weight]\n" in f.source
    assert f.source.endswith("return J, [dJ_dheight, dJ_dweight]")


def test_lists_without_names_have_short_ones() -> None:
    x, w, b = (
        [Value(0.5), Value(1.5)],
        [[Value(0.1 * i + j) for j in range(2)] for i in range(8)],
        [Value(0.1) for _ in range(8)],
    )
    a = [tanh(dot(row, x, bi)) for row, bi in zip(w, b, strict=True)]
    f = compile(sum([tanh(dot([Value(0.1) for _ in a], a)) for _ in range(8)]), x, [*w[0], *b], "python")
    assert "def J(x, w1, b, w2):" in f.source
    assert "    z1 = [dot(w, x, bi) for w, bi in zip(w1, b)]\n    a1 = [tanh(z) for z in z1]\n" in f.source
    assert f.source.endswith("return J, [dJ_dw1[0][0], dJ_dw1[0][1], dJ_db]")


def test_an_error_on_the_way_is_that_of_the_graph() -> None:
    x = vector("x", [0.0] * 8)
    f = compile(sum([exp(1000 * xi) for xi in x]), x, backend="python")
    with pytest.raises(AutogradError, match="exp"):
        f(*[1.0] * 8)
    assert isinstance(f.over(f.rows(*[[0.0]] * 8)), Sums)
    assert math.isnan(f.map(*[[1.0]] * 8)[0])
