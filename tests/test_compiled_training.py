"""`fit` compiled: the same training as with graphs, and everything around it keeps working."""

from __future__ import annotations

import contextlib
import functools
import math
import random
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from oracle import EFFORT

from autograd import Value, compile, dot, heaviside, log, relu, sigmoid, sqrt, tanh
from nn import MLP, DivergenceError, Epoch, Module, Neuron, datasets, evaluate, fit, losses, optim
from nn.losses import l1_penalty, l2_penalty
from nn.training.choice import _say_what_is_faster

X, LABELS = datasets.moons(60, noise=0.1, seed=1)
EPOCHS = 10 * EFFORT
SIGNS = [1 if label else -1 for label in LABELS]


def trained(compiled: Any, targets: Sequence[Any], outputs: int = 1, **options: Any) -> tuple[Any, Any, Any]:
    """The history, the model and the optimiser of a training."""
    model = options.pop("model", None) or MLP(
        2, [6, 6, outputs], activation=options.pop("activation", "tanh"), rng=random.Random(1)
    )
    make = options.pop("make", lambda parameters: optim.SGD(parameters, lr=0.05))
    optimizer = make(model.parameters())
    history = fit(
        model, options.pop("X", X), targets, optimizer=optimizer, progress=False, compiled=compiled, **options
    )
    return history, model, optimizer


def assert_same(make: Callable[[Any], tuple[Any, Any, Any]], limit: float = 1e-9) -> None:
    (plain, model, optimizer), (fast, again, other) = make(False), make(True)
    assert (plain.compiled, fast.compiled) == (False, True)
    assert fast.losses == pytest.approx(plain.losses, rel=limit, abs=limit)
    assert fast.accuracies == plain.accuracies
    for one, two in zip(model.parameters(), again.parameters(), strict=True):
        assert two.data == pytest.approx(one.data, rel=limit, abs=limit), one.name
        assert two.grad == pytest.approx(one.grad, rel=1e-7, abs=1e-7), one.name
    groups = [[dict(group) | {"params": None} for group in opt.param_groups] for opt in (optimizer, other)]
    assert groups[0] == groups[1]
    state, memory = (vars(opt) | {"parameters": None, "param_groups": None} for opt in (optimizer, other))
    assert memory == {
        key: pytest.approx(kept, abs=1e-7) if isinstance(kept, list) else kept for key, kept in state.items()
    }
    assert all(type(number) is float for kept in memory.values() if isinstance(kept, list) for number in kept)


LOSSES = [
    ("half_squared_error", LABELS, 1),
    ("mean_squared_error", LABELS, 1),
    ("mean_absolute_error", LABELS, 1),
    ("huber", LABELS, 1),
    ("binary_cross_entropy_with_logits", LABELS, 1),
    ("hinge", SIGNS, 1),
    ("softmax_cross_entropy", LABELS, 3),
]


@pytest.mark.parametrize(("loss", "targets", "outputs"), LOSSES)
@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_epochs_of_each_loss_are_the_same(loss: str, targets: list[int], outputs: int, batch_size: int) -> None:
    lr = 0.005 if loss == "half_squared_error" else 0.05
    epochs = EPOCHS if batch_size is None else EPOCHS // 3
    make = lambda parameters: optim.SGD(parameters, lr=lr)  # noqa: E731
    assert_same(lambda c: trained(c, targets, outputs, loss=loss, epochs=epochs, batch_size=batch_size, make=make))


def programs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by one for each program that `fit` compiles."""
    made: list[int] = []

    def counting(*arguments: Any, **options: Any) -> Any:
        made.append(1)
        return compile(*arguments, **options)

    monkeypatch.setattr("nn.training.compiled.compile", counting)
    return made


@pytest.mark.parametrize("classes", [3, 12, 100])
@pytest.mark.parametrize("own", [False, True])
def test_the_class_is_data_so_that_one_program_serves_all_classes(
    classes: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, made = wrapped(losses.softmax_cross_entropy) if own else "softmax_cross_entropy", programs(monkeypatch)
    targets = [index % classes for index in range(len(X))]
    right = lambda p, y: losses.largest(p) == y  # noqa: E731
    options = {"loss": loss, "epochs": 4, "batch_size": 25, "right": right if own else None}
    assert_same(lambda c: trained(c, targets, model=MLP(2, [classes], rng=random.Random(1)), **options))
    assert len(made) == 1


@pytest.mark.parametrize(("row", "c"), [
    ([0.3, -1.2, 2.0], 0), ([46.0, 0.0, -1.0], 0), ([46.0, 0.0, -1.0], 2), ([0.0, 0.0, 0.0], 1),
    ([1e4, -1e4, 0.0, 9e3], 0), ([1e4, -1e4, 0.0, 9e3], 1), ([-1e4, -1e4 + 1, -1e4 - 46], 1), ([8e307, -8e307], 1),
])  # fmt: skip
@pytest.mark.parametrize("backend", ["python", "numpy", "llvm"])
def test_with_the_class_as_data_the_slopes_keep_their_digits(row: list[float], c: int, backend: str) -> None:
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    z, y = [Value(0.1 * k, f"z{k}") for k in range(len(row))], Value(0.0, "y")
    f = compile(losses.softmax_cross_entropy([z], [y]), [*z, y], z, backend=backend)
    value, slopes, _ = f.over(f.rows(*[[number] for number in row], [c]))
    largest = max(row)
    powers = [math.exp(number - largest) for number in row]
    expected = [power / math.fsum(powers) for power in powers]
    expected[c] = -math.fsum(share for k, share in enumerate(expected) if k != c)
    assert value == pytest.approx(math.log(math.fsum(powers)) + (largest - row[c]), rel=1e-15, abs=4e-16)
    assert list(slopes) == pytest.approx(expected, rel=2e-15, abs=0)


@pytest.mark.parametrize("wrong", [1.5, 3, 10, -1])
@pytest.mark.parametrize("place", [0, 45])
@pytest.mark.parametrize("compiled", [False, True, "auto"])
def test_what_is_no_class_is_refused_in_the_same_words(wrong: Any, place: int, compiled: bool | str) -> None:
    targets: list[Any] = [index % 3 for index in range(len(X))]
    targets[place] = wrong
    told = re.escape(f"the target of softmax_cross_entropy is a class from 0 to 2, not {wrong!r}")
    with pytest.raises(ValueError, match=told):
        trained(compiled, targets, 3, loss="softmax_cross_entropy", epochs=500)


@pytest.mark.parametrize("wrong", ["1", float("nan"), None])
def test_what_is_no_number_is_no_class(wrong: Any) -> None:
    targets: list[Any] = [index % 3 for index in range(len(X))]
    targets[45] = wrong
    told = []
    for compiled in (False, True):
        with pytest.raises((ValueError, TypeError)) as caught:
            trained(compiled, targets, 3, loss="softmax_cross_entropy", epochs=1)
        told.append(str(caught.value))
    assert told[0] in told[1]


@pytest.mark.parametrize("wrong", [[1.5, -0.5, 0], [1, 1, 0], [0.5, 0.5], [0.25] * 4])
@pytest.mark.parametrize("compiled", [False, True])
def test_what_is_no_soft_target_is_refused_in_the_same_words(wrong: list[float], compiled: bool) -> None:
    targets: list[Any] = [[0.1, 0.2, 0.7]] * (len(X) - 1)
    told = f"has a probability for each of 3 classes, which add up to 1; this is {wrong!r}"
    with pytest.raises(ValueError, match=re.escape(told)):
        trained(compiled, [*targets, wrong], 3, loss="softmax_cross_entropy", epochs=1)


def test_soft_targets_and_a_partial_of_a_loss_train_as_on_graphs() -> None:
    soft = [[0.7, 0.2, 0.1] if label else [0.0, 0.5, 0.5] for label in LABELS]
    assert_same(lambda c: trained(c, soft, 3, loss="softmax_cross_entropy", epochs=5, batch_size=7))
    smoothed = functools.partial(losses.softmax_cross_entropy, label_smoothing=0.1)
    assert_same(lambda c: trained(c, LABELS, 3, loss=smoothed, epochs=5))
    history, _, _ = trained(True, LABELS, 3, loss=smoothed, epochs=5)
    hard = trained(True, [[1 - label, label, 0] for label in LABELS], 3, loss=smoothed, epochs=5)
    assert hard[0].losses == pytest.approx(history.losses, rel=1e-12)
    assert hard[0].accuracies == history.accuracies != [None] * 5
    weighted = functools.partial(losses.softmax_cross_entropy, weight=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="how the loss puts examples together is not known"):
        trained(True, LABELS, 3, loss=weighted, epochs=1)


def test_logits_too_far_apart_diverge() -> None:
    for compiled in (False, True):
        apart = MLP(1, [2], init=[[[1e308], [-1e308]]])
        with pytest.raises(DivergenceError, match="training diverged in epoch 1"):
            fit(apart, [[1.0], [0.5]], [1, 0], loss="softmax_cross_entropy", epochs=1, compiled=compiled)


OPTIMIZERS = [
    lambda p: optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-3),
    lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, weight_decay=1e-3),
    lambda p: optim.Adam(p, lr=0.01, weight_decay=1e-3),
    lambda p: optim.AdamW(p, lr=0.01),
]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_the_epochs_with_each_optimiser_are_the_same(make: Any) -> None:
    assert_same(lambda c: trained(c, SIGNS, loss="hinge", epochs=EPOCHS, make=make, activation="relu"))


def test_the_epochs_with_steps_are_the_same() -> None:
    assert_same(lambda c: trained(c, LABELS, activation="step", epochs=EPOCHS))


class Threshold(Module):
    """A step without layers."""

    def __init__(self) -> None:
        self.w, self.c = Value(1.0, "w"), Value(0.5, "c")

    def __call__(self, x: Any) -> Value:
        return heaviside(self.w * x[0] + self.c, 1)  # type: ignore[no-any-return]


def stepped(*sizes: int, **options: Any) -> MLP:
    return MLP(2, [*sizes], rng=random.Random(3), **{"activation": "step", **options})


STEP_OF_LAYER = "the activation of layer {} is a step, which has the derivative 0 wherever it has one"


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize(
    ("make", "where", "why"),
    [
        (lambda: stepped(4, 1), "all parameters of layer 1", STEP_OF_LAYER.format(1)),
        (lambda: stepped(4, 1, output="step"), "all parameters", STEP_OF_LAYER.format(2)),
        (lambda: stepped(4, 4, 1, activation=["tanh", "step", "linear"]), "all parameters of layers 1 and 2", STEP_OF_LAYER.format(2)),
        (lambda: MLP(2, [4, 1], init="zeros"), "all parameters of layer 1", "the weights of layer 2 are all 0"),
        (lambda: MLP(2, [4, 1], bias=[-99.0, 0.0], rng=random.Random(3)), "all parameters of layer 1", "the activation of layer 1 is relu"),
        (lambda: Neuron(2, activation="step"), "all parameters", "the activation of the neuron is a step"),
        (Threshold, "all parameters", "a step has the derivative 0 wherever it has one, a relu where it is off"),
    ],
)  # fmt: skip
def test_what_cannot_learn_is_told_once_after_the_first_epoch(
    make: Any, where: str, why: str, batch_size: int | None, compiled: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    model = make()
    for make_optimizer in (optim.SGD, optim.Adam):
        fit(
            model,
            X,
            LABELS,
            optimizer=make_optimizer(model.parameters(), lr=0.01),
            epochs=3,
            batch_size=batch_size,
            compiled=compiled,
        )
        told = capsys.readouterr().err
        assert told.count("fit:") == 1
        assert told.startswith(
            f"fit: in the first epoch the loss had the derivative 0 with respect to {where}, which did not move: {why}"
        )


@pytest.mark.parametrize("compiled", [False, True])
def test_what_learns_and_what_is_not_to_learn_is_not_told(compiled: bool, capsys: pytest.CaptureFixture[str]) -> None:
    last = stepped(4, 1)
    symmetric = MLP(2, [4, 1], activation="sigmoid", init="zeros")  # the second layer moves, and then so does the first
    trainings: list[tuple[Any, list[int], Any]] = [
        (MLP(2, [4, 1], activation="tanh", rng=random.Random(3)), LABELS, {}),
        (symmetric, LABELS, {}),
        (stepped(4, 1), LABELS, {"make": lambda parameters: optim.SGD(parameters, lr=0.0)}),
        (last, LABELS, {"make": lambda parameters: optim.SGD(last.layers[1].parameters(), lr=0.1)}),
        (MLP(2, [1], init=[[[0.0, 0.0]]], bias=9.0), [1] * len(X), {"loss": "hinge"}),  # a loss of 0
    ]
    for model, targets, options in trainings:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the optimizer has only a part of the parameters
            trained(compiled, targets, model=model, epochs=3, **options)
        assert "fit:" not in capsys.readouterr().err


@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_epochs_with_shared_biases_are_the_same(batch_size: int | None) -> None:
    shared = lambda: MLP(2, [6, 6, 1], activation="tanh", shared_bias=True, rng=random.Random(1))  # noqa: E731
    options: dict[str, Any] = {
        "loss": "binary_cross_entropy_with_logits",
        "batch_size": batch_size,
        "epochs": EPOCHS // 2,
    }
    assert_same(lambda c: trained(c, LABELS, model=shared(), **options))


def test_the_epochs_of_the_demo_with_its_penalty_are_the_same() -> None:
    penalty = lambda model: l2_penalty(model, 1e-3) + l1_penalty(model, 1e-3)  # noqa: E731
    assert_same(lambda c: trained(c, SIGNS, loss="hinge", epochs=EPOCHS, penalty=penalty, activation="relu"))
    assert_same(lambda c: trained(c, SIGNS, loss="hinge", epochs=3, penalty=lambda model: 0.25))  # a plain number


def test_probabilities_compile_once_for_each_target() -> None:
    def run(compiled: bool) -> Any:
        model = MLP(2, [4, 1], activation="tanh", output="sigmoid", rng=random.Random(2))
        return trained(compiled, LABELS, model=model, loss="binary_cross_entropy", epochs=50)

    assert_same(run)


def test_regression_on_numbers_with_several_outputs_and_arrays() -> None:
    import numpy as np

    xs = np.linspace(-1, 1, 21)
    assert_same(
        lambda c: trained(c, xs**2, X=xs, model=MLP(1, [4, 1], activation="tanh", rng=random.Random(1)), epochs=40)
    )
    targets = [[x * x, -x] for x in xs.tolist()]
    assert_same(lambda c: trained(c, targets, 2, X=[[x, 1.0] for x in xs.tolist()], epochs=40, batch_size=4))
    matrix = np.array([[x, 1.0] for x in xs.tolist()])
    assert_same(lambda c: trained(c, np.array(targets), 2, X=matrix, epochs=10))


def test_an_optimiser_of_ones_own_and_one_of_some_parameters_are_the_same() -> None:
    class Signs(optim.Optimizer):
        def update(self, index: int, data: float, grad: float) -> float:
            return data - self.lr if grad > 0 else data + self.lr

    assert_same(lambda c: trained(c, SIGNS, loss="hinge", epochs=10, make=lambda p: Signs(p, 0.01)), 1e-7)

    def frozen(compiled: bool) -> Any:
        with pytest.warns(UserWarning, match="47 of the model's 67 parameters"):
            history, model, optimizer = trained(
                compiled, SIGNS, loss="hinge", epochs=20, make=lambda p: optim.SGD(p[20:], 0.1)
            )
        for parameter in model.parameters()[:20]:
            parameter.grad = 0.0
        return history, model, optimizer

    assert_same(frozen)


def test_a_loss_of_ones_own_says_how_it_puts_examples_together() -> None:
    def cubes(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
        return dot([abs(p - y) ** 3 for p, y in zip(predictions, targets, strict=True)], [1.0] * len(targets), 0.0)

    with pytest.raises(
        ValueError, match=r"cannot be compiled: how the loss puts examples together is not known: set loss.red"
    ):
        trained(True, LABELS, loss=cubes, epochs=1)
    assert not trained("auto", LABELS, loss=cubes, epochs=1)[0].compiled
    cubes.reduction = "sum"  # type: ignore[attr-defined]
    within = lambda p, y: abs(p.data - y) < 0.5  # noqa: E731
    assert_same(lambda c: trained(c, LABELS, loss=cubes, epochs=50, right=within, make=lambda p: optim.SGD(p, 0.001)))


class Scaled(Module):
    """A model with a constant that is no parameter."""

    def __init__(self) -> None:
        self.w, self.b, self.scale = Value(0.5, "w"), Value(0.0, "b"), 1.0

    def __call__(self, x: Any) -> Value:
        return tanh(dot([self.w, self.w], x, self.b)) * self.scale


def test_what_on_epoch_changes_in_the_model_is_taken_over() -> None:
    def run(compiled: bool) -> Any:
        model = Scaled()
        seen = []

        def change(epoch: Epoch) -> bool:
            seen.append((model.w.data, model.w.grad, optimizer.lr))
            optimizer.lr *= 0.9
            model.scale = 1.0 + 0.1 * epoch.number
            if epoch.number == 3:
                model.b.data = 0.3
            return epoch.number == 8

        optimizer = optim.Adam(model.parameters(), lr=0.05)
        history = fit(model, X, LABELS, optimizer=optimizer, epochs=20, on_epoch=change, compiled=compiled)
        assert len(seen) == 8
        assert len({w for w, _, _ in seen}) == 8
        return history, model, optimizer

    assert_same(run)


def test_ctrl_c_leaves_the_model_with_the_numbers_of_the_last_whole_update(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(epoch: Epoch) -> None:
        if epoch.number == 5:
            raise KeyboardInterrupt

    history, model, _ = trained(True, SIGNS, loss="hinge", epochs=20, on_epoch=interrupt)
    assert len(history) == 5
    assert "stopped by Ctrl-C; epochs in the history: 5" in capsys.readouterr().err
    five = trained(False, SIGNS, loss="hinge", epochs=5)[1]
    assert [p.data for p in model.parameters()] == pytest.approx([p.data for p in five.parameters()], rel=1e-12)


def test_divergence_is_told_as_without_compiling() -> None:
    told = []
    for compiled in (False, True):
        with pytest.raises(DivergenceError, match="training diverged in epoch") as caught:
            trained(
                compiled,
                LABELS,
                loss="mean_squared_error",
                epochs=200,
                activation="relu",
                make=lambda p: optim.SGD(p, 50.0),
            )
        told.append(str(caught.value).partition("(")[0])
    assert told[0] == told[1]


class Dropout(Module):
    """A model that draws random numbers."""

    def __init__(self) -> None:
        self.w = Value(0.5, "w")

    def __call__(self, x: Any) -> Value:
        return self.w * x[0] * float(random.random() < 0.5)


class Branching(Module):
    """A model that looks at a number."""

    def __init__(self) -> None:
        self.w = Value(0.5, "w")

    def __call__(self, x: Any) -> Value:
        return self.w * x[0] if x[0] > 0 else self.w * x[1]


class Counting(Module):
    """A model that changes from call to call."""

    def __init__(self) -> None:
        self.w, self.calls = Value(0.5, "w"), 0

    def __call__(self, x: Any) -> Value:
        self.calls += 1
        return self.w * x[0] * float(self.calls)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Dropout, "draws random numbers"),
        (Branching, r"comparison of x1 \(line \d+ of test_compiled_training.py"),
        (Counting, "does not compute the same each time"),
    ],
)
def test_a_model_that_cannot_be_compiled_is_trained_on_graphs_or_told(model: Any, why: str) -> None:
    random.seed(0)
    with pytest.raises(ValueError, match=why):
        trained(True, LABELS, model=model(), epochs=1)
    results = []
    for compiled in ("auto", False) if model is not Counting else ():  # it would notice that it was tried
        random.seed(4)
        history, made, _ = trained(compiled, LABELS, model=model(), epochs=200)
        assert not history.compiled
        results.append((history.losses, made.w.data))
    assert results[1:] == results[:-1]


def test_a_mistake_in_the_data_is_told_as_without_compiling() -> None:
    for loss, targets in [("hinge", [0] * 60), ("binary_cross_entropy_with_logits", [3] * 60)]:
        found = []
        for compiled in (False, "auto"):
            with pytest.raises(ValueError, match="the targets of") as caught:
                trained(compiled, targets, loss=loss, epochs=300)
            found.append(str(caught.value))
        assert found[0] == found[1]
        with pytest.raises(ValueError, match="the targets of"):
            trained(True, targets, loss=loss, epochs=1)


def test_a_domain_error_in_an_example_is_raised() -> None:
    class Logarithm(Module):
        def __init__(self) -> None:
            self.w = Value(1.0, "w")

        def __call__(self, x: Any) -> Value:
            return log(self.w * x)

    for compiled in (False, True):
        with pytest.raises(ValueError, match="is outside the domain"):
            fit(Logarithm(), [1.0, 2.0, -1.0], [0.0, 0.0, 0.0], epochs=2, compiled=compiled)


def test_what_on_epoch_did_before_the_end_stays() -> None:
    for end in (True, KeyboardInterrupt(), RuntimeError("enough")):
        w = Value(1.0, "w")

        def stop(epoch: Epoch) -> bool:
            if epoch.number < 3:
                return False
            w.data, w.grad = 42.0, 0.0
            if isinstance(end, BaseException):
                raise end
            return True

        with contextlib.suppress(RuntimeError):
            fit(lambda x: w * x, [1.0, 2.0], [3.0, 3.0], optimizer=optim.SGD([w], 0.01), on_epoch=stop, compiled=True)
        assert (w.data, w.grad) == (42.0, 0.0)


def test_a_loss_that_asks_for_the_target_with_an_equality_is_compiled_for_each_target() -> None:
    def sided(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
        terms = [relu(1 - p) if y == 1 else relu(1 + p) for p, y in zip(predictions, targets, strict=True)]
        return dot(terms, [1.0 / len(terms)] * len(terms), 0.0)

    sided.reduction = "mean"  # type: ignore[attr-defined]
    found = []
    for compiled in (False, True):
        w, v = Value(0.5, "w"), Value(-0.3, "v")
        model, optimizer = (lambda x, w=w, v=v: w * x + v), optim.SGD([w, v], 0.1)
        fit(model, [1.0, -1.0, 2.0, -2.0], [1, -1, 1, -1], loss=sided, optimizer=optimizer, epochs=5, compiled=compiled)
        found.append((w.data, v.data))
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert found[0] == pytest.approx((0.8, -0.2), rel=1e-12)


def test_a_model_that_treats_numbers_otherwise_is_not_compiled() -> None:
    w, v = Value(0.5, "w"), Value(-0.3, "v")
    signs = [1, -1, 1, -1]
    for model in (lambda x: w * x if x == 1 else v * x, lambda x: w * x + v * w.data):
        with pytest.raises(ValueError, match=r"cannot be compiled: the (model|loss)"):
            fit(model, [1.0, -1.0, 2.0, -2.0], signs, optimizer=optim.SGD([w, v], 0.1), compiled=True)
        assert (w.data, v.data) == (0.5, -0.3)
        history = fit(model, [1.0, -1.0] * 50, [1, -1] * 50, optimizer=optim.SGD([w, v], 0.0), epochs=200)
        assert not history.compiled
    with pytest.raises(ValueError, match="with its parameters' numbers"):
        fit(lambda x: w * x, [1.0], [2.0], optimizer=optim.SGD([w], 0.1), penalty=lambda m: w.data**2, compiled=True)


def test_what_is_changed_in_the_optimiser_holds() -> None:
    def clipped(compiled: bool) -> Any:
        def make(parameters: list[Value]) -> Any:
            made = optim.SGD(parameters, lr=0.1)
            original = made.step

            def step() -> None:
                for parameter in parameters:
                    parameter.grad = max(-0.01, min(0.01, parameter.grad))
                original()

            made.step = step  # type: ignore[method-assign]
            return made

        return trained(compiled, SIGNS, loss="hinge", epochs=10, make=make)

    plain, fast = clipped(False), clipped(True)
    assert fast[0].losses == pytest.approx(plain[0].losses, rel=1e-12)
    assert [p.data for p in fast[1].parameters()] == pytest.approx([p.data for p in plain[1].parameters()], rel=1e-12)

    class Accumulating(optim.SGD):
        def zero_grad(self) -> None:
            pass

    assert_same(lambda c: trained(c, SIGNS, loss="hinge", epochs=10, make=lambda p: Accumulating(p, 0.01)))


def test_a_model_that_stops_being_suitable_is_trained_on_graphs_from_then_on() -> None:
    def run(compiled: bool) -> Any:
        model = Scaled()
        optimizer = optim.SGD(model.parameters(), lr=0.05)

        def change(epoch: Epoch) -> None:
            if epoch.number == 3:
                model.scale = "bad" if compiled is None else 1.0  # type: ignore[assignment]
                Scaled.__call__ = lambda self, x: tanh(self.w * x[0] if x[0] > 0 else self.w * x[1])  # type: ignore[method-assign,assignment]

        original = Scaled.__call__
        try:
            history = fit(model, X, LABELS, optimizer=optimizer, epochs=8, on_epoch=change, compiled=compiled)
        finally:
            Scaled.__call__ = original  # type: ignore[method-assign]
        return history, model, optimizer

    plain, fast = run(False), run(True)
    assert fast[0].losses == pytest.approx(plain[0].losses, rel=1e-12)
    changing = lambda c: trained(  # noqa: E731
        c, SIGNS, loss="hinge", epochs=12, penalty=lambda m: l2_penalty(m, factor[0]), on_epoch=weaker
    )
    factor = [1e-2]

    def weaker(epoch: Epoch) -> None:
        factor[0] = 1e-2 * 0.9**epoch.number

    plain = changing(False)
    factor[0] = 1e-2
    assert changing(True)[0].losses == pytest.approx(plain[0].losses, rel=1e-12)


def test_divergence_is_the_same_error_beside_an_on_epoch() -> None:
    for compiled in (False, True):
        with pytest.raises(DivergenceError, match="training diverged in epoch"):
            trained(
                compiled, LABELS, loss="mean_squared_error", epochs=200, activation="relu",
                make=lambda p: optim.SGD(p, 50.0), on_epoch=lambda epoch: None,
            )  # fmt: skip
        with pytest.raises(DivergenceError):
            trained(compiled, LABELS, epochs=3, penalty=lambda model: float("inf"))


def test_a_saturated_probability_gets_its_advice_in_a_compiled_training_too() -> None:
    for compiled in (False, True):
        w, b = Value(1.0, "w"), Value(0.0, "b")
        options = {"loss": "binary_cross_entropy", "optimizer": optim.SGD([w, b], 400.0), "compiled": compiled}
        with pytest.raises(ValueError, match="binary_cross_entropy_with_logits"):
            fit(lambda x: sigmoid(w * x + b), [1.0, -1.0, 2.0, 3.0, -0.5], [1, 0, 0, 1, 1], **options)  # type: ignore[arg-type]


def wrapped(loss: Any) -> Any:
    """A loss of one's own around one of ours."""

    def own(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
        found: Value = loss(predictions, targets)
        return found

    own.reduction = "mean"  # type: ignore[attr-defined]
    return own


POINTS = [[0.0, 0.0], [1.0, 0.0], [3.3, 0.0], [-3.0, 0.0]]  # of which 0.4 x + 0.2 is no probability in the last two


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", wrapped(losses.binary_cross_entropy)])
@pytest.mark.parametrize("batch_size", [None, 1])
@pytest.mark.parametrize(("points", "targets", "p"), [
    (POINTS[:3], [1, 1, 1], r"1\.52"),
    (POINTS[:3], [0, 1, 0.5], r"1\.52"),
    ([POINTS[0], POINTS[1], POINTS[3]], [0, 0, 0], r"-1\.0"),
    ([POINTS[3], POINTS[0]], [1.0, 0.25], r"-1\.0"),
])  # fmt: skip
def test_what_is_no_probability_is_an_error_of_the_binary_cross_entropy(  # type: ignore[no-untyped-def]
    points, targets, p, batch_size, loss, compiled
) -> None:
    model = MLP(2, [1], init=[[[0.4, 0.1]]], bias=[[0.2]])
    options = {"optimizer": optim.SGD(model.parameters(), lr=0.0), "batch_size": batch_size, "compiled": compiled}
    told = (
        rf"binary_cross_entropy takes probabilities, from 0 to 1, not {p}.*: end the model with output=\"sigmoid\", or"
    )
    with pytest.raises(ValueError, match=told):
        fit(model, points, targets, loss=loss, **options)
    with pytest.raises(ValueError, match=told):
        evaluate(model, points, targets, loss=loss)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_prediction_that_grows_beyond_a_probability_is_noticed_when_it_does(compiled: bool) -> None:
    model = MLP(2, [1], init=[[[0.4, 0.1]]], bias=[[0.2]])
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="takes probabilities, from 0 to 1, not 1"):
        fit(model, POINTS[:2], [1, 1], loss="binary_cross_entropy", optimizer=optimizer, epochs=300, compiled=compiled)
    sure = MLP(2, [1], init=[[[1.0, 0.0]]])
    options = {"loss": "binary_cross_entropy", "optimizer": optim.SGD(sure.parameters(), lr=0.0), "epochs": 3}
    history = fit(sure, POINTS[:2], [0, 1], compiled=compiled, **options)  # 0 and 1 are probabilities, too
    assert (history.compiled, history.losses, history.accuracies) == (compiled, [0.0] * 3, [1.0] * 3)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("loss", "targets", "new", "told"), [
    ("hinge", [1, -1] * 80, 0, "the targets of hinge are -1 and 1, not 0"),
    (wrapped(losses.hinge), [1, -1] * 80, 3, "the targets of hinge are -1 and 1, not 3"),
    ("binary_cross_entropy_with_logits", [1, 0] * 80, 2, "lie between 0 and 1, not 2"),
    (wrapped(losses.binary_cross_entropy_with_logits), [1, 0] * 80, -1, "lie between 0 and 1, not -1"),
    ("binary_cross_entropy", [1, 0] * 80, 1.5, r"lie between 0 and 1, not 1\.5"),
    ("softmax_cross_entropy", [1, 0] * 80, 2, r"a class from 0 to 1, not (np\.float64\()?2"),
    ("mean_squared_error", [1.0, 0.0] * 80, float("nan"), r"y\[155\] holds nan, which no training can use"),
    ("mean_squared_error", [1.0, 0.0] * 80, "1", "not str '1'"),
    ("half_squared_error", [1.0, 0.0] * 80, float("inf"), r"y\[155\] holds inf"),
])  # fmt: skip
def test_targets_that_on_epoch_changes_are_checked_again(loss, targets, new, told, compiled) -> None:  # type: ignore[no-untyped-def]
    import numpy as np

    makers: list[Any] = [list] if isinstance(new, str) else [list, lambda y: np.array(y, dtype=float)]
    for make in makers:
        y = make(targets)
        output = "sigmoid" if loss == "binary_cross_entropy" else "linear"
        model = MLP(2, [2 if loss == "softmax_cross_entropy" else 1], output=output, rng=random.Random(1))

        def change(epoch: Epoch) -> None:
            seen.append(epoch.number)
            if epoch.number == 2:
                y[155] = new

        seen: list[int] = []
        with pytest.raises((ValueError, TypeError), match=told):
            fit(model, POINTS * 40, y, loss=loss, epochs=9, on_epoch=change, compiled=compiled)
        assert seen == [1, 2]
        if not isinstance(new, str):
            with pytest.raises(ValueError, match=told):  # from the beginning
                fit(model, POINTS * 40, y, loss=loss, epochs=9, compiled=compiled)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("loss", ["mean_squared_error", "half_squared_error", wrapped(losses.mean_squared_error)])
@pytest.mark.parametrize(("points", "targets"), [
    ([0.5, 1.0], [1.0, 1e200]), ([0.5, 1.0], [-1e200, 1.0]), ([0.5, 1e200], [1.0, 1.0]), ([0.5, 1.0], [1e155, -1e155]),
])  # fmt: skip
def test_numbers_too_large_for_the_loss_diverge(points, targets, loss, compiled) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(
        DivergenceError, match=r"training diverged in epoch 1 .*: try a smaller learning rate than 0\.1"
    ):
        fit(MLP(1, [1], init=[[[1.0]]]), points, targets, loss=loss, epochs=3, compiled=compiled)
    y = [1.0, 1.0]
    with pytest.raises(DivergenceError, match="training diverged in epoch 2"):
        fit(
            MLP(1, [1], init=[[[1.0]]]), [0.5, 1.0], y, loss=loss, epochs=3, compiled=compiled,
            on_epoch=lambda epoch: y.__setitem__(0, 1e200),
        )  # fmt: skip


def test_auto_leaves_models_it_does_not_know_alone() -> None:
    table = {0: Value(0.1), 1: Value(0.2)}
    history = fit(lambda x: table[x] * 1.0, [0, 1] * 50, [1.0, 2.0] * 50, optimizer=optim.SGD(table.values(), 0.1))
    assert not history.compiled
    with pytest.raises(ValueError, match="cannot be compiled"):
        fit(lambda x: table[x] * 1.0, [0, 1], [1.0, 2.0], optimizer=optim.SGD(table.values(), 0.1), compiled=True)


class Noisy:
    """Examples that are made when they are asked for."""

    def __init__(self) -> None:
        self.rng = random.Random(7)

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, place: int) -> list[float]:
        if place >= len(X):
            raise IndexError(place)
        return [number + self.rng.gauss(0, 0.5) for number in X[place]]


def small() -> MLP:
    return MLP(2, [4, 1], activation="tanh", rng=random.Random(1))


def noisy(compiled: bool | str) -> Any:
    """The examples are others each time they are asked for."""
    return trained(compiled, SIGNS, X=Noisy(), model=small(), loss="hinge", epochs=200)[0]


def shaken(compiled: bool | str) -> Any:
    """After each epoch the examples move a little."""
    rows, rng = [list(x) for x in X], random.Random(2)

    def shake(epoch: Epoch) -> None:
        for row, x in zip(rows, X, strict=True):
            row[:] = [number + rng.gauss(0, 0.1) for number in x]

    return trained(compiled, SIGNS, X=rows, model=small(), loss="hinge", epochs=200, on_epoch=shake)[0]


def frozen(compiled: bool | str) -> Any:
    """After a while the first layer no longer learns."""

    def freeze(epoch: Epoch) -> None:
        if epoch.number == 50:
            optimizer.parameters = model.parameters()[12:]

    model = small()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    return fit(model, X, SIGNS, loss="hinge", optimizer=optimizer, epochs=200, on_epoch=freeze, compiled=compiled)


def tightened(compiled: bool | str) -> Any:
    """After each epoch the penalty is stronger."""
    strength = [0.0]

    def tighten(epoch: Epoch) -> None:
        strength[0] = 1e-4 * epoch.number

    penalty = lambda model: l2_penalty(model, strength[0])  # noqa: E731
    return trained(compiled, SIGNS, model=small(), loss="hinge", epochs=200, penalty=penalty, on_epoch=tighten)[0]


@pytest.mark.parametrize("train", [noisy, shaken, frozen, tightened])
def test_auto_sees_what_changes_during_a_training(train: Callable[[bool | str], Any]) -> None:
    assert train("auto").losses == pytest.approx(train(False).losses, rel=1e-9)


def test_auto_leaves_data_it_does_not_know_alone() -> None:
    class Rising(list[int]):
        """Not a list, and so not known."""

    history = trained("auto", Rising(SIGNS), model=small(), loss="hinge", epochs=200)[0]
    assert not history.compiled
    assert history[:2].compiled == (history + history).compiled == history.compiled


@pytest.mark.parametrize("wrong", [0, 1, "yes"])
def test_compiled_is_true_false_or_auto(wrong: object) -> None:
    with pytest.raises(ValueError, match='compiled is True, False or "auto"'):
        trained(wrong, SIGNS, loss="hinge", epochs=1)


def test_a_wrong_reduction_is_noticed() -> None:
    def root(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
        return sqrt(losses.mean_squared_error(predictions, targets))

    root.reduction = "mean"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="the loss of several examples is not the mean of their losses"):
        trained(True, LABELS, loss=root, epochs=1)


def test_wrong_derivatives_are_noticed_before_they_train(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd.compiler.compiled import Compiled

    right = Compiled.over

    def wrong(self: Compiled, *given: Any) -> Any:
        sums = right(self, *given)
        return sums._replace(gradients=sums.gradients * 1.00001)

    monkeypatch.setattr(Compiled, "over", wrong)
    model = small()
    before = [(parameter.data, parameter.grad) for parameter in model.parameters()]
    with pytest.raises(ValueError, match="its derivatives are not those of the graph"):
        trained(True, SIGNS, model=model, loss="hinge", epochs=1)
    assert [(parameter.data, parameter.grad) for parameter in model.parameters()] == before


def test_auto_compiles_what_is_long_enough() -> None:
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    assert not trained("auto", SIGNS, loss="hinge", epochs=10)[0].compiled
    assert trained("auto", SIGNS, loss="hinge", epochs=200)[0].compiled
    assert not trained(False, SIGNS, loss="hinge", epochs=200)[0].compiled
    rng = random.Random(1)
    images, classes = [[rng.random() for _ in range(100)] for _ in range(100)], [rng.randrange(10) for _ in range(100)]
    for epochs, compiled in ((1, False), (2, True)):  # of a wide network, few are enough
        options = {"loss": "softmax_cross_entropy", "epochs": epochs, "batch_size": 50, "progress": False}
        assert fit(MLP(100, [32, 10], rng=rng), images, classes, **options).compiled is compiled  # type: ignore[arg-type]


def test_without_llvm_it_trains_on_numpy_and_says_once_what_is_faster(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nn.training.choice._has", lambda package: package != "llvmlite")
    monkeypatch.setattr("autograd.compiler.compiled.has_llvm", lambda: False)
    _say_what_is_faster.cache_clear()
    on_graphs = trained(False, SIGNS, loss="hinge", epochs=60)[0]
    for _ in range(2):
        history = trained("auto", SIGNS, loss="hinge", epochs=60)[0]
        assert history.compiled
        assert history.losses == pytest.approx(on_graphs.losses, rel=1e-9)
    assert not trained("auto", SIGNS, loss="hinge", epochs=1)[0].compiled
    assert len(re.findall(r'as machine code it is faster: pip install -e ".*\[jit\]"', capsys.readouterr().err)) == 1


def wide(outputs: int, **options: Any) -> tuple[MLP, list[list[float]]]:
    """A network, and as many examples as it pays to compile it for."""
    rng = random.Random(1)
    return MLP(100, [30, outputs], init="xavier", rng=rng, **options), [
        [rng.gauss(0, 1) for _ in range(100)] for _ in range(400)
    ]


@pytest.mark.parametrize(("loss", "targets", "outputs"), [*LOSSES, ("binary_cross_entropy", LABELS, 1)])
def test_evaluate_of_many_examples_is_compiled_and_gives_the_score_of_the_graphs(
    loss: str, targets: list[int], outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows = wide(outputs, output="sigmoid" if loss == "binary_cross_entropy" else "linear")
    kinds = (targets * 7)[: len(rows)]
    before, state, made = model.state_dict(), random.getstate(), programs(monkeypatch)
    found = evaluate(model, rows, kinds, loss=loss)
    programs_made = len(made)
    on_graphs = evaluate(lambda x: model(x), rows, kinds, loss=loss)
    assert len(made) == programs_made > 0
    assert found == (pytest.approx(on_graphs.loss, rel=1e-12), on_graphs.accuracy)
    assert (model.state_dict(), random.getstate(), {p.grad for p in model.parameters()}) == (before, state, {0.0})
    if loss == "softmax_cross_entropy":
        asked: list[Any] = []
        own = evaluate(model, rows, kinds, loss=loss, right=lambda p, y: asked.append(p) or losses.largest(p) != y)
        assert [p[0].op for p in asked] == ["dot"] * len(rows)
        assert own.accuracy == pytest.approx(1 - on_graphs.accuracy)


@pytest.mark.parametrize(("place", "wrong", "told"), [
    ("X", "a", r"X\[7\]\[3\] is str 'a', which is no number"), ("X", "0.5", "is str '0.5', which is no number"),
    ("X", b"0.5", "is bytes b'0.5', which is no number"), ("X", True, "not bool True"), ("X", np.True_, "True"), ("X", None, r"X\[7\]\[3\] is None, which is no number"),
    ("X", math.nan, r"X\[7\] holds nan"), ("y", 17, r"a class from 0 to 2, not 17"), ("y", 0.5, "not 0.5"),
])  # fmt: skip
def test_evaluate_of_many_examples_names_the_row_that_is_wrong(place: str, wrong: Any, told: str) -> None:
    model, rows = wide(3)
    kinds: list[Any] = [index % 3 for index in range(len(rows))]
    if place == "X":
        rows[7][3] = wrong
    else:
        kinds[7] = wrong
    with pytest.raises((ValueError, TypeError)) as caught:
        evaluate(model, rows, kinds, loss="softmax_cross_entropy")
    assert re.search(told, "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])]))
