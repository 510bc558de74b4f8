"""The functions that users of PyTorch and JAX look for: their conventions, and what is put together from rows.

The figures of PyTorch were printed by PyTorch 2.14.1 in 64 bits.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from mpmath import mpf

from autograd import (
    Value,
    clip,
    compile,
    copysign,
    dot,
    elu,
    exp,
    fmod,
    formula,
    grad,
    gradients,
    hessian,
    leaky_relu,
    log_softmax,
    mean,
    relu,
    selu,
    sinc,
    softmax,
    softsign,
    sqrt,
    steps,
    taylor,
    where,
)
from autograd.engine import functions
from autograd.errors import DivisionByZeroError, GradientError
from nn import MLP, fit
from nn.choices import ACTIVATIONS

PYTORCH: dict[str, tuple[Callable[..., Any], tuple[float, ...], float, list[float]]] = {
    "leaky_relu at 0": (leaky_relu, (0.0,), 0.0, [0.01]),
    "prelu at 0": (leaky_relu, (0.0, 0.25), 0.0, [0.25, 0.0]),
    "elu at 0": (elu, (0.0,), 0.0, [1.0]),
    "elu at 0 with alpha = 2": (lambda a: elu(a, 2.0), (0.0,), 0.0, [2.0]),
    "selu at 0": (selu, (0.0,), 0.0, [1.7580993408473766]),
    "silu": (Value.silu, (-1.0,), -0.2689414213699951, [0.07232948812851325]),
    "silu far left": (Value.silu, (-20.0,), -4.122307236380407e-08, [-3.9161918660646786e-08]),
    "gelu": (Value.gelu, (-1.0,), -0.15865525393145702, [-0.08331547058768635]),
    "gelu by tanh": (Value.gelu_tanh, (-1.0,), -0.15880800939172324, [-0.08296408384578252]),
    "mish": (Value.mish, (-1.0,), -0.30340146137410895, [0.059216755877395014]),
    "mish at 0": (Value.mish, (0.0,), 0.0, [0.6]),
    "softsign": (softsign, (-20.0,), -0.9523809523809523, [0.0022675736961451226]),
    "logsigmoid": (Value.log_sigmoid, (50.0,), -1.9287498479639178e-22, [1.9287498479639178e-22]),
    "erfc": (Value.erfc, (1.0,), 0.15729920705028513, [-0.4151074974205947]),
    "exp2": (Value.exp2, (-1.0,), 0.5, [0.34657359027997264]),
    "logaddexp": (functions.logaddexp, (1.0, 2.0), 2.313261687518223, [0.2689414213699951, 0.7310585786300049]),
    "sinc at 0": (sinc, (0.0,), 1.0, [0.0]),
    "sinc": (sinc, (2.5,), 0.12732395447351627, [-0.05092958178940638]),
    "round half to even": (round, (2.5,), 2.0, [0.0]),
    "round half to even, upwards": (round, (1.5,), 2.0, [0.0]),
    "floor": (math.floor, (-1.5,), -2.0, [0.0]),
    "ceil": (math.ceil, (-1.5,), -1.0, [0.0]),
    "trunc": (math.trunc, (-1.5,), -1.0, [0.0]),
    "remainder": (lambda a, b: a % b, (-5.0, 3.0), 1.0, [1.0, 2.0]),
    "remainder by a negative": (lambda a, b: a % b, (5.0, -3.0), -1.0, [1.0, 2.0]),
    "remainder 0": (lambda a, b: a % b, (6.0, 3.0), 0.0, [1.0, -2.0]),
    "remainder of a tiny negative": (lambda a, b: a % b, (-1e-20, 1.0), 1.0, [1.0, 1.0]),
    "fmod": (fmod, (-5.0, 3.0), -2.0, [1.0, 1.0]),
    "copysign": (copysign, (2.0, -0.0), -2.0, [-1.0, 0.0]),
    "copysign of 0": (copysign, (0.0, -3.0), -0.0, [0.0, 0.0]),
    "clamp below": (clip, (-1.0, 0.0, 1.0), 0.0, [0.0, 1.0, 0.0]),
    "clamp above": (clip, (2.0, 0.0, 1.0), 1.0, [0.0, 0.0, 1.0]),
    "clamp at a limit": (clip, (0.0, 0.0, 1.0), 0.0, [0.5, 0.5, 0.0]),
    "clamp at the other": (clip, (1.0, 0.0, 1.0), 1.0, [0.5, 0.0, 0.5]),
    "clamp between limits the wrong way round": (clip, (5.0, 1.0, 0.0), 0.0, [0.0, 0.0, 1.0]),
}


@pytest.mark.parametrize("name", PYTORCH)
def test_values_and_gradients_are_those_of_pytorch(name: str) -> None:
    f, at, value, slopes = PYTORCH[name]
    xs = [Value(a) for a in at]
    y = f(*xs)
    y.backward()
    assert y.data == pytest.approx(value, rel=1e-15, abs=0)
    assert math.copysign(1, y.data) == math.copysign(1, value)
    assert [x.grad for x in xs] == pytest.approx(slopes, rel=4e-15, abs=0)


KINKS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "leaky_relu": (leaky_relu, 0.0), "elu": (elu, 0.0), "selu": (selu, 0.0), "softsign": (softsign, 0.0),
    "round": (functions.round, 2.5), "floor": (functions.floor, 2.0), "ceil": (functions.ceil, -1.0),
    "trunc": (functions.trunc, 1.0), "mod": (lambda x: x % 2, 4.0), "mod of a constant": (lambda x: 6 % x, 3.0),
    "fmod": (lambda x: fmod(x, 2.0), -4.0), "copysign": (lambda x: copysign(x, -1.0), 0.0), "clip": (lambda x: clip(x, 0, 1), 1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_exactly_at_a_kink_there_is_no_second_derivative(name: str) -> None:
    f, at = KINKS[name]
    for g in (f, lambda x: f(x) * exp(x)):
        x = Value(at, "x")
        (slope,) = gradients(g(x), [x])
        for second in (lambda: hessian(g)(at), lambda: grad(grad(g))(at), slope.backward, lambda: taylor(g, at, 2)):
            with pytest.raises(GradientError, match="is at a kink, where it has no second derivative"):
                second()


def test_beside_a_jump_and_where_there_is_none_there_are_all_derivatives() -> None:
    for f in (functions.floor, functions.trunc, lambda x: fmod(x, 2.0), lambda x: x % 2):
        assert hessian(lambda x, f=f: f(x) * x)(0.5) == pytest.approx(2.0 if f(0.25) else 0.0)
    assert hessian(functions.trunc)(0.0) == hessian(lambda x: fmod(x, 2.0))(0.0) == hessian(functions.round)(2.0) == 0.0
    assert hessian(sinc)(1.0) == pytest.approx(2.0, rel=1e-15)  # though a number is rounded on the way
    assert grad(grad(sinc))(1.0) == pytest.approx(2.0, rel=1e-15)


# where


def test_the_side_that_is_not_taken_spoils_nothing() -> None:
    x = Value(0.0, "x")
    y = where(x > 0, 1e300 * sqrt(x), 3 * x)  # the root has no slope at 0: PyTorch gives nan
    y.backward()
    assert (y.data, x.grad) == (0.0, 3.0)
    assert [step.contribution for step in steps(y)] == [0.0, 1.0, 3.0, 0.0, 0.0]
    assert grad(lambda x: where(x > 0, sqrt(x), x * x))(0.0) == 0.0
    assert hessian(lambda x: where(x > 0, sqrt(x), x * x))(0.0) == 2.0


@pytest.mark.parametrize("backend", ["python", "numpy", "llvm"])
def test_a_compiled_choice_follows_the_condition(backend: str) -> None:
    condition, x = Value(1.0, "condition"), Value(3.0, "x")
    f = compile(where(condition, x * x, 5 * x), [condition, x], backend=backend)
    assert f(1.0, 3.0) == (9.0, [0.0, 6.0])
    assert f(0.0, 3.0) == (15.0, [0.0, 5.0])
    assert f(-0.0, 2.0) == (10.0, [0.0, 5.0])


def test_a_condition_may_be_true_or_false_or_a_number() -> None:
    np = pytest.importorskip("numpy")
    a, b = Value(1.0, "a"), Value(2.0, "b")
    assert [where(c, a, b).data for c in (True, False, 3, 0.0, np.bool_(True), a, b - 2)] == [1, 2, 1, 2, 1, 1, 2]
    assert formula(where(Value(1.0, "c"), a, b)) == "where(c, a, b)"
    assert where(True, 1.0, 2.0) == 1.0


# Remainders and rounding are Python's own.


def test_remainders_and_rounding_are_those_of_python() -> None:
    rng = random.Random(1)
    numbers = [rng.uniform(-9, 9) * 10 ** rng.randint(-3, 20) for _ in range(300)] + [-2.5, 2.5, 3.5, 7.0, -7.0, 0.1]
    for a, b in itertools.islice(itertools.product(numbers, numbers[::-1]), 0, None, 7):
        assert (Value(a) % b).data == (a % Value(b)).data == a % b
        assert fmod(a, b) == math.fmod(a, b)
    for a in numbers:
        assert [f(Value(a)).data for f in (round, math.floor, math.ceil, math.trunc)] == [
            f(a) for f in (round, math.floor, math.ceil, math.trunc)
        ]
    with pytest.raises(DivisionByZeroError):
        Value(1.0) % 0


# Put together from rows.


def test_softmax_is_the_gradient_of_logsumexp_at_any_size() -> None:
    for z in ([0.3, -1.2, 2.0], [1000.0, 999.0, -1000.0], [-1e300, 0.0, 700.0]):
        exact = [mpmath.exp(mpf(a) - max(z)) for a in z]
        xs = [Value(a) for a in z]
        p, logs = softmax(xs), log_softmax(xs)
        assert [a.data for a in p] == pytest.approx([float(e / sum(exact)) for e in exact], rel=1e-12)
        assert [a.data for a in logs] == pytest.approx([float(mpf(a) - max(z) - mpmath.log(sum(exact))) for a in z])
        p[0].backward()
        want = [p[0].data * ((i == 0) - q.data) for i, q in enumerate(p)]
        assert [x.grad for x in xs] == pytest.approx(want, rel=1e-12, abs=1e-16)
    assert softmax(iter([0.0, 0.0])) == [0.5, 0.5]


def test_a_mean_is_the_sum_of_weights_that_are_alike() -> None:
    xs = [Value(float(k)) for k in range(4)]
    average, weighted = mean(x for x in xs), dot([0.25] * 4, xs)
    average.backward()
    assert average.data == weighted.data == 1.5
    assert [x.grad for x in xs] == [0.25] * 4
    with pytest.raises(ValueError, match="mean of no numbers"):
        mean([])


# As activations.


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
def test_compiled_training_with_each_activation_is_that_of_graphs(activation: str) -> None:
    def losses(compiled: bool | str) -> list[float]:
        rng = random.Random(3)
        X = [[rng.uniform(-2, 2), rng.uniform(-2, 2)] for _ in range(12)]
        model = MLP(2, [5, 1], activation=activation, init="lecun", rng=rng)
        return fit(model, X, [a * b for a, b in X], epochs=4, compiled=compiled).losses

    on_graphs = losses(False)
    assert on_graphs[-1] < on_graphs[0]
    assert losses(True) == pytest.approx(on_graphs, rel=1e-10)


def test_a_leaky_slope_can_be_learned() -> None:
    x, slope = Value(-2.0, "x"), Value(0.25, "slope")
    y = x.leaky_relu(slope)
    y.backward()
    assert (y.data, x.grad, slope.grad) == (-0.5, 0.25, -2.0)
    assert relu(x).data == x.leaky_relu(0.0).data == 0.0


def test_remainders_and_powers_of_two_are_written_as_on_the_blackboard() -> None:
    x, y = Value(5.0, "x"), Value(3.0, "y")
    z = functions.exp2(x % y) * y
    assert formula(z) == "exp2(x % y) * y"
    assert formula(z, latex=True) == r"2^{x \bmod y} \, y"
    assert formula(-(x + 1) % y, wrt=y) == "-floor(-(x + 1) / y)"
