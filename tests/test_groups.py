"""Alike nodes done together, against the graph: with everything that makes nodes less alike than they look."""

from __future__ import annotations

import functools
import random
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from graphs import growth
from oracle import EFFORT, pairs

from autograd import Value, compile, dot, exp, logsumexp, relu, sigmoid, sin, tanh
from autograd.compiler.backends.llvm import has_llvm
from autograd.compiler.backends.wanted import Sums
from autograd.compiler.compiled import Compiled
from autograd.compiler.groups.alike import grouped
from autograd.compiler.groups.arrays import Gather, Group
from autograd.compiler.trace import Trace
from autograd.engine.kernels import kernels
from autograd.engine.order import collect
from autograd.errors import AutogradError
from autograd.table.rules import ROWS
from nn import MLP

BACKENDS = ["python", "numpy", *(["llvm"] if has_llvm() else [])]
SMOOTH = ["tanh", "sigmoid", "sin", "gaussian", "softplus", "atan", "erf", "asinh", "expm1"]
FALLIBLE = ["log", "sqrt", "asin", "acosh", "log1p", "exp"]
STEEP = 1e5  # where slopes are larger, as those of a sine of large numbers, rounding may change anything
Vector = list[Any]


@pytest.fixture(autouse=True)
def memory_is_full_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What machine code does not set is not 0 by luck."""
    if has_llvm():
        import numpy as np

        from autograd.compiler.backends import machine

        class Full:
            def __getattr__(self, name: str) -> Any:
                return getattr(np, name)

            def empty(self, shape: Any) -> Any:
                return np.full(shape, 7e7)

        monkeypatch.setattr(machine, "np", Full())


class Builder:
    """A random graph of groups, piece by piece.

    The numbers are eighths, so that their sums and products are exact in whatever order they are added, and kinks are
    hit; what is computed by functions has no kinks behind it.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.repeats = random.Random()  # of its own, so that all else stays as it is without
        self.repeats.setstate(rng.getstate())
        self.inputs = [Value(self.number(), f"x{index}") for index in range(rng.randint(3, 8))]
        self.parameters: list[Value] = []
        self.matrices: list[list[list[Value]]] = []
        self.lists: list[tuple[Vector, bool]] = [(self.inputs, True)]  # and whether they are exact
        self.terms: list[Any] = []

    def number(self) -> float:
        return self.rng.randint(-12, 12) / 8

    def parameter(self) -> Value:
        self.parameters.append(Value(self.number(), f"w{len(self.parameters)}"))
        return self.parameters[-1]

    def matrix(self, rows: int, columns: int) -> list[list[Value]]:
        """Weights: new ones, or old ones used again, turned, or in another order."""
        for old in self.rng.sample(self.matrices, len(self.matrices)):
            turned = [list(column) for column in zip(*old, strict=True)]
            for known in (old, turned):
                if (len(known), len(known[0])) == (rows, columns) and self.rng.random() < 0.7:
                    return self.rng.sample(known, rows) if self.rng.random() < 0.3 else known
        made = [[self.parameter() for _ in range(columns)] for _ in range(rows)]
        if self.rng.random() < 0.2:  # some weights are shared
            made[-1][-1] = made[0][0]
        if self.repeats.random() < 0.1:  # or all of a member
            made = [row[:1] * columns for row in made]
        if self.rng.random() < 0.1:
            for row in made:
                self.rng.shuffle(row)
        self.matrices.append(made)
        return made

    def layer(self, a: Vector) -> Vector:
        """Sums of products, in one of the ways in which they are written."""
        size = len(a) if self.rng.random() < 0.5 else self.rng.randint(2, 8)
        a = [self.number() if self.rng.random() < 0.05 else x for x in a]
        if self.repeats.random() < 0.1:
            a = [a[0]] * len(a)
        weights = self.matrix(size, len(a))
        bias: Vector = [self.parameter() for _ in range(size)]
        bias = self.rng.choice([bias, [bias[0]] * size, [0.5] * size, [0.0] * size])
        way = self.rng.randrange(5)
        if way == 0:
            return [dot(w, a, b) for w, b in zip(weights, bias, strict=True)]
        if way == 1:
            return [dot(a, w, b) for w, b in zip(weights, bias, strict=True)]
        if way == 2:
            return [sum((wi * xi for wi, xi in zip(w, a, strict=True)), b) for w, b in zip(weights, bias, strict=True)]
        if way == 3:
            return [sum(xi * wi for wi, xi in zip(w, a, strict=True)) + b for w, b in zip(weights, bias, strict=True)]
        return [sum(wi * xi for wi, xi in zip(w, a, strict=True)) for w in weights]

    def convolution(self, a: Vector) -> Vector:
        """The same weights on neighbours."""
        kernel = [self.parameter() for _ in range(min(len(a), 3))]
        return [dot(kernel, a[i : i + len(kernel)]) for i in range(len(a) - len(kernel) + 1)]

    def recurrence(self, a: Vector) -> Vector:
        weights, bias = self.matrix(len(a), len(a)), [self.parameter() for _ in a]
        for _ in range(self.rng.randint(2, 3)):
            a = [tanh(dot(w, a, b)) for w, b in zip(weights, bias, strict=True)]
        return a

    def attention(self, a: Vector) -> Vector:
        """Shares that add up to 1, and a number for all that is computed from all."""
        query = dot(a, [self.parameter() for _ in a])
        scores = [sin(x * query) for x in a]
        total = logsumexp(scores)
        return [exp(score - total) * x for score, x in zip(scores, a, strict=True)]

    def gather(self, a: Vector) -> Vector:
        """Members of several lists, some of them twice."""
        among = [*a, *self.rng.choice(self.lists)[0], *self.rng.sample(self.inputs, 2), self.parameter()]
        found = [self.rng.choice(among) for _ in range(self.rng.randint(4, 9))]
        return [*found, a[0], self.number()] if self.rng.random() < 0.3 else found

    def combined(self, a: Vector) -> Vector:
        """With one number for all, with numbers of their own, or with another list."""
        b = self.rng.choice(self.lists)[0]
        b = (b * len(a))[: len(a)]
        if self.rng.random() < 0.3:
            b = b[::-1]
        one = self.rng.choice([self.parameter(), self.inputs[0], a[0], 0.5, 2.0])
        return self.rng.choice(
            [
                lambda: [x * one for x in a],
                lambda: [one - x for x in a],
                lambda: [x + y for x, y in zip(a, b, strict=True)],
                lambda: [x * y for x, y in zip(a, b, strict=True)],
                lambda: [x * self.parameter() for x in a],
                lambda: [0.25 * x for x in a],
            ]
        )()

    def kinks(self, a: Vector) -> Vector:
        name, b = self.rng.choice(["relu", "abs", "maximum", "minimum"]), a[::-1]
        if name in ("relu", "abs"):
            return [kernels(name).forward()(x) for x in a]
        return [
            kernels(name).forward()(x, self.rng.choice([y, 0.25]) if len(a) < 4 else y)
            for x, y in zip(a, b, strict=True)
        ]

    def grow(self) -> None:
        """One more list, and perhaps a term of the result."""
        a, exact = self.lists[-1] if self.rng.random() < 0.7 else self.rng.choice(self.lists)
        way = self.rng.choice(
            [self.layer, self.layer, self.layer, self.convolution, self.gather, self.combined, self.kinks]
            + ([self.recurrence, self.attention] if len(a) < 7 else [])
        )
        exact = exact and way not in (self.recurrence, self.attention, self.combined)
        if way == self.kinks and not exact:
            way = self.combined
        found = way(a)
        if self.rng.random() < 0.5 and not (exact and self.rng.random() < 0.5):
            name = self.rng.choice(SMOOTH if self.rng.random() < 0.8 else FALLIBLE)
            found, exact = [kernels(name).forward()(x) for x in found], False
        self.lists.append((found, exact and all(not isinstance(x, Value) or abs(x.data) < 1e6 for x in found)))

    def loss(self) -> Any:
        a = self.lists[-1][0]
        terms = [
            lambda: dot(a, [self.parameter() for _ in a]),
            lambda: sum(x**2 for x in a),
            lambda: sum((x - 0.5) ** 2 for x in a) * 0.5,
            lambda: logsumexp(a) - a[len(a) // 2],
            lambda: dot([self.inputs[0], *a], [self.inputs[1], *a]),
            lambda: relu(1 - a[0] * self.inputs[1]),
            lambda: sum(a) * a[0],
        ]
        found = self.rng.choice(terms)()
        if self.parameters and self.rng.random() < 0.4:
            p = self.parameters
            penalty = self.rng.choice([lambda: dot(p, p), lambda: sum(w * w for w in p), lambda: sum(w**2 for w in p)])
            found = found + 0.01 * penalty()
        if len(self.lists) > 2 and self.rng.random() < 0.4:
            b = self.lists[-2][0]
            found = found + b[0] * b[-1]
        return found


def random_graph(rng: random.Random) -> tuple[Builder, Value]:
    """A graph with planted groups, and what it was built from."""
    builder = Builder(rng)
    for _ in range(rng.randint(1, 4)):
        builder.grow()
    return builder, builder.loss() + 0.0 * builder.inputs[0]


def wanted(builder: Builder, y: Value) -> tuple[list[Value], list[Value]]:
    """What is differentiated with respect to, and further nodes whose values are wanted."""
    rng, nodes = builder.rng, collect(y)
    parameters = [p for p in builder.parameters if p in set(nodes.leaves)]
    some = rng.sample(parameters, len(parameters) // 2)
    inner = rng.sample(nodes.results, min(3, len(nodes.results)))
    wrt = rng.choice([builder.inputs, parameters, some, [*inner, *some[:2]], [*builder.inputs, *parameters, inner[0]]])
    also = rng.sample(nodes.results, min(2, len(nodes.results))) if rng.random() < 0.3 else []
    return [node for node in wrt if node in {*builder.inputs, *parameters, *inner}], also


def rows_of(rng: random.Random, columns: int, count: int) -> list[list[float]]:
    return [[rng.randint(-12, 12) / 8 for _ in range(columns)] for _ in range(count)]


def stages(f: Compiled) -> list[Any]:
    return grouped(f._wanted.trace, [*f._wanted.wrt, *f._wanted.also]).stages


def by_graph(f: Compiled, rows: list[list[float]]) -> list[Sums | AutogradError]:
    """What the graph gives at each row."""
    found: list[Sums | AutogradError] = []
    for row in rows:
        try:
            found.append(f._eager.sums(f.rows(*([number] for number in row)), f._numbers()))
        except AutogradError as error:
            found.append(error)
    return found


def check(f: Compiled, rows: list[list[float]], counts: tuple[int, ...], by_row: bool = True) -> None:
    """Over the first rows, value and derivatives are those of the graph, or its error is raised."""
    every = by_graph(f, rows)
    kept = [k for k, sums in enumerate(every) if isinstance(sums, AutogradError) or size(sums) < STEEP]
    rows, every = [rows[k] for k in kept], [every[k] for k in kept]
    for count in counts if rows else ():
        columns, graph = f.rows(*zip(*rows[:count], strict=True)), every[:count]
        failures = [error for error in graph if isinstance(error, AutogradError)]
        if failures:
            with pytest.raises(type(failures[0])):
                f.over(columns)
            continue
        expected = functools.reduce(Sums.joined, graph)  # type: ignore[arg-type]
        found, bound = f.over(columns), 1e-9 * sum(map(size, graph))
        assert abs(found.value - expected.value) <= bound
        assert all(abs(a - b) <= bound for a, b in zip(found.gradients, expected.gradients, strict=True))
        for a, b in zip(found.also, expected.also, strict=True):
            assert list(a) == pytest.approx(list(b), rel=1e-9, abs=1e-9)
    values = [pytest.approx(sums.value, rel=1e-9, abs=1e-12) for sums in every if isinstance(sums, Sums)]
    if by_row and rows and len(values) == len(rows):
        assert list(f.map(*zip(*rows, strict=True))) == values
        value, slopes = f(*rows[0])
        assert value == values[0]
        assert all(abs(a - b) <= 1e-9 * size(every[0]) for a, b in zip(slopes, every[0].gradients, strict=True))  # type: ignore[union-attr]


def size(sums: Any) -> float:
    """What rounding is measured against."""
    return max([abs(sums.value), *map(abs, sums.gradients)])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_number_that_is_read_again_and_again_gets_all_its_contributions(backend: str) -> None:
    rng = random.Random(5)
    x = [Value(0.5, f"x{i}") for i in range(8)]
    w, b, v = Value(2.0, "w"), Value(3.0, "b"), Value(0.5, "v")
    several = [Value(0.25 * i - 1, f"w{i}") for i in range(8)]
    rows = rows_of(rng, 8, 130)
    hidden = tanh(v * x[0])
    layer = [dot([u] * 8, x, b) for u in several]
    repeated = [
        (dot([w] * 8, x, b), [w, b]),
        (dot([w] * 8, x), [w, *x]),
        (dot([w] * 8, [b] * 8) * x[0], [w, b]),
        (dot([w] * 8, [w] * 8) * x[0], [w, x[0]]),
        (kernels("sum").forward()([w] * 8) * x[0], [w]),
        (dot(several, [hidden] * 8), [v, *several]),
        (dot(several, [x[0]] * 8, b), [x[0], b]),
        (sum((u * hidden for u in several), b), [v, b, x[0]]),
        (dot([sin(a) for a in layer], [w] * 8), [w, b, *several]),
        (dot([sin(dot(several, [a] * 8, w)) for a in x], several), [*several, w, *x]),
    ]
    for y, wrt in repeated:
        check(compile(y, x, wrt, backend=backend), rows, (1, 2, 3, 8, 9, 10, 11, 130))


# Random graphs.

PARTS = 5


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("part", range(PARTS))
def test_random_graphs_with_planted_groups_compute_what_the_graph_computes(part: int, backend: str) -> None:
    compare_random_graphs(part, backend, (34 if backend == "numpy" else 3) * EFFORT)


@pytest.mark.skipif("llvm" not in BACKENDS, reason="llvmlite is not installed")
@pytest.mark.parametrize("part", range(PARTS))
def test_single_nodes_of_random_graphs_on_tapes_compute_what_the_graph_computes(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograd.compiler.groups.arrays.MOST", 0)
    monkeypatch.setattr("autograd.compiler.groups.order.LONG", 0)
    compare_random_graphs(part, "llvm", 3 * EFFORT)


def random_programs(seeds: range, backend: str) -> Iterator[tuple[int, random.Random, Builder, Compiled]]:
    """Random graphs compiled, but for those that fail while they are recorded."""
    for seed in seeds:
        rng = random.Random(seed)
        try:
            builder, y = random_graph(rng)
        except AutogradError:
            continue
        wrt, also = wanted(builder, y)
        yield seed, rng, builder, compile(y, builder.inputs, wrt, backend, also=also)


def compare_random_graphs(part: int, backend: str, count: int) -> None:
    """So many graphs, others in each part; LLVM takes a quarter of a second for each."""
    found: list[Any] = []
    for seed, rng, builder, f in random_programs(range(part, PARTS * count, PARTS), backend):
        try:
            check(f, rows_of(rng, len(builder.inputs), 10), (1, 3, 10), by_row=seed % 3 == 0)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        found.append({type(stage) for stage in stages(f)})
    if backend == "numpy":
        assert len(found) > 0.8 * count
        assert sum(Group in kinds for kinds in found) > 0.6 * len(found)
        assert sum(Gather in kinds for kinds in found) > 0.1 * len(found)


# One leaf that breaks the pattern.


def layer(swap: str) -> tuple[list[Value], Value, list[Value]]:
    """Ten neurons, with one weight in the place of another."""
    rng = random.Random(4)
    x = [Value(1.0, f"x{j}") for j in range(4)]
    w = [[Value(rng.uniform(-1, 1), f"w{i}{j}") for j in range(4)] for i in range(10)]
    leaves = [*w[0], *w[1], *w[2], *w[3]]
    match swap:
        case "transposed":
            w[:4] = [list(column) for column in zip(*w[:4], strict=True)]
        case "repeated":
            w[5] = [w[5][0], w[5][0], *w[5][2:]]
        case "one of another neuron":
            w[5] = [*w[5][:3], w[6][3]]
        case "swapped":
            w[9] = [w[9][1], w[9][0], *w[9][2:]]
        case "neurons swapped":
            w[3], w[4] = w[4], w[3]
        case "an input":
            w[7] = [x[0], *w[7][1:]]
        case "a number":
            w[7] = [0.25, *w[7][1:]]  # type: ignore[list-item]
        case "inputs swapped":
            return x, _ended([dot(wi, x if i != 5 else x[::-1]) for i, wi in enumerate(w)]), leaves
    return x, _ended([dot(wi, x) for wi in w]), leaves


def _ended(z: list[Any]) -> Value:
    return dot([tanh(zi) for zi in z], [0.5 * k for k in range(10)])


SWAPS = [
    "transposed", "repeated", "one of another neuron", "swapped", "neurons swapped", "an input", "a number",
    "inputs swapped",
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("swap", SWAPS)
def test_one_access_that_is_another_is_not_overlooked(swap: str, backend: str) -> None:
    rows = rows_of(random.Random(1), 4, 5)
    x, y, leaves = layer(swap)
    f = compile(y, x, leaves, backend)
    assert any(isinstance(stage, Group) for stage in stages(f))
    check(f, rows, (1, 5))
    regular = compile(layer("")[1], layer("")[0], backend=backend)
    columns = list(zip(*rows, strict=True))
    assert not any(abs(a - b) < 1e-6 for a, b in zip(f.map(*columns), regular.map(*columns), strict=True) if a and b)


# Every operation.


@pytest.mark.parametrize(("name", "backend"), pairs(ROWS, BACKENDS))
def test_every_operation_of_ten_neurons_is_a_group(name: str, backend: str) -> None:
    rng, row = random.Random(2), ROWS[name]
    x = [Value(0.5, f"x{j}") for j in range(3)]
    w = [[Value(rng.uniform(0.1, 0.3), f"w{i}{j}") for j in range(3)] for i in range(30)]
    z = [dot(wi, x, 1.0 if name == "acosh" else 0.05) for wi in w]
    function = kernels(name).forward()
    if row.vectors:
        vectors = [[[z[i], z[i + 10]], [z[i + 10], z[i]]][: len(row.vectors)] for i in range(10)]
        a = [function(*given, *[0.5] * (len(row.letters) - len(row.vectors))) for given in vectors]
    else:
        a = [function(*(z[i + 10 * k] for k in range(len(row.letters)))) for i in range(10)]
    f = compile(dot(a, [0.3 * i - 1 for i in range(10)]), x, [*x, *w[0], *w[9]], backend)
    check(f, [[rng.uniform(0.1, 0.9) for _ in x] for _ in range(5)], (1, 5))
    found = [(stage.name, len(stage)) for stage in stages(f) if isinstance(stage, Group)]
    assert (name, 10) in found[1:] or name == "logsumexp"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["relu", "abs", "maximum", "minimum", "sign", "heaviside"])
def test_ten_neurons_exactly_at_a_kink_follow_the_conventions(name: str, backend: str) -> None:
    x, weights = [Value(1.0, "x1"), Value(1.0, "x2")], [Value(0.25 * i, f"w{i}") for i in range(10)]
    z = [dot([w, w], x) for w in weights]
    function = kernels(name).forward()
    a = [function(zi, *([0.0] if len(ROWS[name].letters) == 2 else [])) for zi in z]
    f = compile(sum(a[1:], a[0]), x, backend=backend)
    assert any(isinstance(stage, Group) and stage.name == name for stage in stages(f))
    value, slopes = f.sum([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0])
    half = 3 * 0.5 * sum(0.25 * i for i in range(10)) if name in ("maximum", "minimum") else 0.0
    assert (value, list(slopes)) == (0.0, [half, half])


# Which groups there are.


def written(model: MLP, x: list[Any]) -> Any:
    """The output of a network, with sums as they are written in micrograd."""
    for number, part in enumerate(model.layers, 1):
        z = [sum((wi * xi for wi, xi in zip(n.w, x, strict=True)), n.b) for n in part.neurons]
        x = [relu(zi) for zi in z] if number < len(model.layers) else z
    return x[0]


def test_a_layer_is_its_sums_and_its_activations_however_it_was_written() -> None:
    x = [Value(0.5, f"x{j}") for j in range(3)]
    model = MLP(3, [16, 16, 1], rng=random.Random(1))
    for output in (model(x), written(model, x)):
        found = [(stage.name, len(stage), stage.length) for stage in grouped(Trace(output, x)).stages]  # type: ignore[union-attr]
        assert found == [("dot", 16, 3), ("relu", 16, 0), ("dot", 16, 16), ("relu", 16, 0), ("dot", 1, 16)]


def test_short_sums_of_what_lies_here_and_there_are_groups_of_their_operations() -> None:
    x = [Value(0.1 * i, f"x{i}") for i in range(9)]
    forget, new = [sigmoid(xi) for xi in x], [tanh(xi) for xi in x]
    state = [f * xi + (1 - f) * n for f, xi, n in zip(forget, x, new, strict=True)]
    y = dot(state, state)
    found = [(stage.name, len(stage)) for stage in grouped(Trace(y, x)).stages]
    assert sorted(found[2:]) == [("add", 9), ("dot", 1), ("mul", 9), ("mul", 9), ("sub", 9)]
    check(compile(y, x, backend="numpy"), rows_of(random.Random(3), 9, 4), (1, 4))


def test_pythons_sum_begins_with_a_zero_that_is_no_term() -> None:
    x = [Value(0.1 * i, f"x{i}") for i in range(9)]
    found = grouped(Trace(sum(tanh(xi) for xi in x), x)).stages  # type: ignore[arg-type]
    assert [str(stage) for stage in found] == ["tanh of 9: a inputs[0 + i]", "sum of 1: a tanh[0 + j]"]


def test_a_result_that_is_wanted_and_read_by_a_group_is_there_before_it() -> None:
    x = [Value(0.1 * i, f"x{i}") for i in range(8)]
    scale = sin(x[0] * x[1])
    y = sum((exp(xi) * scale for xi in x), 0.0)
    f = compile(y, x, [scale, *x], "numpy", also=[scale])
    check(f, rows_of(random.Random(3), 8, 4), (1, 4))


def test_finding_groups_takes_time_in_proportion_to_the_graph() -> None:
    def seconds(depth: int) -> float:
        x = [Value(0.5, f"x{j}") for j in range(32)]
        trace = Trace(MLP(32, [32] * depth + [1], rng=random.Random(1))(x), x)
        start = time.process_time()
        grouped(trace)
        return time.process_time() - start

    assert growth(seconds, 2) < 31


def test_what_is_the_same_in_all_rows_is_computed_once() -> None:
    x, weights = Value(1.0, "x"), [Value(0.01 * i, f"w{i}") for i in range(500)]
    scale = exp(Value(0.5, "s"))
    f = compile(x * x + dot(weights, weights) * scale + sum(tanh(w * scale) for w in weights), [x], weights, "numpy")
    rows = f.rows([0.5] * 10_000)
    f.over(rows)
    tracemalloc.start()
    f.over(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 10_000 * 8


def test_without_llvm_a_single_row_is_computed_on_matrices_if_there_are_many_operations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("autograd.compiler.compiled.has_llvm", lambda: False)
    x = [Value(0.5, f"x{j}") for j in range(20)]
    for sizes, name in (([100, 1], "NumPy"), ([8, 1], "Python")):
        model = MLP(20, sizes, rng=random.Random(1))
        f = compile(model(x), x, model.parameters())  # type: ignore[arg-type]
        assert str(f._single) == name
        check(f, rows_of(random.Random(3), 20, 2), (1, 2))
    y = x[0]
    for _ in range(2000):
        y = sin(y) * x[1]
    assert str(compile(y, x)._single) == "Python"
