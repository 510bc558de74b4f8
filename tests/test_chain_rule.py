"""The chain rule is stated twice, generated for speed and written once: both are the same, whatever adjoints are made of."""

from __future__ import annotations

import operator
import random
from collections.abc import Iterator
from fractions import Fraction

import pytest
from graphs import SCALAR, network, random_graph

from autograd import Value, dot, gradients, logsumexp
from autograd.engine.flow import edges, values_in
from autograd.engine.kernels import kernels
from autograd.engine.order import collect
from autograd.engine.sweep import Arithmetic, adjoints, contributions, gathered
from autograd.table.rules import Row


def assert_same_bits(y: Value) -> None:
    """The sweep that is generated and the one that is written give each node the same adjoint."""
    results, leaves = collect(y)
    for leaf in leaves:
        leaf.grad = 0.0
    y.backward(seed=1.25)
    written = {step.operand: step.after for step in contributions(y, 1.25)}
    assert {node: node.grad for node in [*results[1:], *leaves]} == written


@pytest.mark.parametrize("block", range(4))
def test_the_written_sweep_gives_the_bits_of_the_generated_one_on_random_graphs(block: int) -> None:
    for seed in range(50 * block, 50 * block + 50):
        assert_same_bits(random_graph(random.Random(seed))[1])


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_the_written_sweep_gives_the_bits_of_the_generated_one_for_every_row(row: Row) -> None:
    numbers = [1.375 if row.name == "acosh" else 0.375, 0.625, 0.875][: len(row.letters)]
    operands = [Value(number) for number in numbers]
    assert_same_bits(3 * kernels(row.name).forward()(*operands) * operands[0])


def test_the_written_sweep_gives_the_bits_of_the_generated_one_for_vectors_and_networks() -> None:
    a, b = [Value(0.1 * i) for i in range(1, 6)], [Value(0.7 - 0.2 * i) for i in range(5)]
    assert_same_bits(dot(a, b, a[0]) * logsumexp([*a, b[0], 0.5]))
    assert_same_bits(network()["E"])


def test_a_subclass_may_keep_its_grad_in_a_form_of_its_own() -> None:
    class Exact(Value):
        grad = property(lambda self: float(self.kept), lambda self, grad: setattr(self, "kept", Fraction(grad)))  # type: ignore[assignment]

    x = Exact(2.0)
    for _ in range(2):
        (x * x + x).backward()
    assert x.grad == 10.0


def fractions(node: Value, _: Fraction) -> Iterator[tuple[Value, Fraction]]:
    """The partials of sums and products as fractions."""
    data = [Fraction(operand.data if isinstance(operand, Value) else operand) for operand in node.operands]
    for letter, position, operand in edges(node):
        sign = -1 if node.op == "sub" and letter == "b" else 1
        yield operand, data[1 - position] if node.op == "mul" else Fraction(sign)


def test_adjoints_may_be_fractions_which_round_nothing() -> None:
    x, y = Value(0.1, "x"), Value(3.0, "y")
    z = x * y - y * y * x + 0.3 * x
    exact = Arithmetic[Value, Fraction](fractions, operator.mul, lambda before, term: (before or 0) + term)
    found = adjoints({z: Fraction(1)}, collect(z).results, exact)
    assert found[x] == 3 - 9 + Fraction(0.3)
    assert found[y] == Fraction(0.1) - 2 * Fraction(3.0) * Fraction(0.1)


def test_sums_are_completed_once_everything_has_arrived() -> None:
    x = Value(2.0, "x")
    y = x * x
    z = (y + x) * y - x
    order: list[Value] = []

    def whole(node: Value, terms: list[Fraction]) -> Fraction:
        order.append(node)
        return sum(terms, Fraction(0))

    listed = Arithmetic[Value, Fraction](fractions, operator.mul, gathered, whole, values_in)
    found = adjoints({z: [Fraction(1)]}, collect(z).results, listed)
    assert found[x] == 4 * 8 + 3 * 4 - 1  # d/dx (x⁴ + x³ - x)
    assert len(order) == len({*order}) == len(found) == 5


def test_where_nothing_flows_on_nothing_arrives() -> None:
    x, w = Value(2.0), Value(3.0)
    y = x * w
    zero = Arithmetic[Value, float](
        lambda node, _: [(v, 0.0) for v in values_in(node)], lambda a, b: a * b or None, operator.add
    )
    assert adjoints({y: 1.0}, collect(y).results, zero) == {y: 1.0}


def test_gradients_as_values_are_those_of_the_sweep() -> None:
    for seed in range(40):
        leaves, y, _ = random_graph(random.Random(seed))
        y.backward()
        for leaf, slope in zip(leaves, gradients(y, leaves), strict=True):
            assert slope.data == pytest.approx(leaf.grad, rel=1e-12, abs=1e-14)
