"""Optimisers, schedules and losses compute what is published: each recursion is stated here once more, in plain Python.

They have been compared with PyTorch 2.14.1 (float64), which they meet within 1e-12 over 50 steps.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
import pickle
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import MLP, Module, datasets, fit, losses, optim

STEPS = 50
START = [0.7, -0.4, 0.1, 1.3, -0.9, 0.5]
Recursion = Callable[..., Iterator[float]]


def slopes(step: int) -> list[float]:
    """The gradients at a step, from 1: one that is always 0, one that is so for ten steps, one that is large."""
    found = [math.sin(1.3 * step + place) for place in range(len(START))]
    found[2] *= 1e3
    found[4] = 0.0
    found[5] *= step > 10
    return found


# Each takes the number and the settings, is sent the gradients, and gives the numbers: the published recursion.


def decayed(p: float, g: float, s: dict[str, Any]) -> float:
    return (-g if s.get("maximize") else g) + s.get("weight_decay", 0.0) * p


def decoupled(p: float, g: float, s: dict[str, Any]) -> tuple[float, float]:
    return p * (1 - s["lr"] * s.get("weight_decay", 0.01)), -g if s.get("maximize") else g


def sgd(p: float, s: dict[str, Any]) -> Any:
    momentum, v, first = s.get("momentum", 0.0), 0.0, True
    g = yield p
    while True:
        g = decayed(p, g, s)
        v = g if first else momentum * v + (1 - s.get("dampening", 0.0)) * g
        first = False
        p -= s["lr"] * (g + momentum * v if s.get("nesterov") else v if momentum else g)
        g = yield p


def rmsprop(p: float, s: dict[str, Any]) -> Any:
    alpha, eps, square, mean, v = s.get("alpha", 0.99), s.get("eps", 1e-8), 0.0, 0.0, 0.0
    g = yield p
    while True:
        g = decayed(p, g, s)
        square += (1 - alpha) * (g**2 - square)
        mean += (1 - alpha) * (g - mean)
        spread = square - mean**2 if s.get("centered") else square
        v = s.get("momentum", 0.0) * v + g / (math.sqrt(spread) + eps)
        p -= s["lr"] * v
        g = yield p


def adam(p: float, s: dict[str, Any]) -> Any:
    (one, two), m, v, peak = s.get("betas", (0.9, 0.999)), 0.0, 0.0, 0.0
    g = yield p
    for t in itertools.count(1):
        p, g = decoupled(p, g, s) if s.get("decoupled") else (p, decayed(p, g, s))
        m, v = one * m + (1 - one) * g, two * v + (1 - two) * g**2
        peak = max(peak, v) if s.get("amsgrad") else v
        p -= s["lr"] * (m / (1 - one**t)) / (math.sqrt(peak / (1 - two**t)) + 1e-8)
        g = yield p


def adagrad(p: float, s: dict[str, Any]) -> Any:
    total = s.get("initial_accumulator_value", 0.0)
    g = yield p
    for t in itertools.count():
        g = decayed(p, g, s)
        total += g**2
        p -= s["lr"] / (1 + t * s.get("lr_decay", 0.0)) * g / (math.sqrt(total) + s.get("eps", 1e-10))
        g = yield p


def adadelta(p: float, s: dict[str, Any]) -> Any:
    rho, eps, square, change = s.get("rho", 0.9), s.get("eps", 1e-6), 0.0, 0.0
    g = yield p
    while True:
        g = decayed(p, g, s)
        square = rho * square + (1 - rho) * g**2
        d = math.sqrt((change + eps) / (square + eps)) * g
        change = rho * change + (1 - rho) * d**2
        p -= s["lr"] * d
        g = yield p


def adamax(p: float, s: dict[str, Any]) -> Any:
    (one, two), m, u = s.get("betas", (0.9, 0.999)), 0.0, 0.0
    g = yield p
    for t in itertools.count(1):
        g = decayed(p, g, s)
        m, u = one * m + (1 - one) * g, max(two * u, abs(g) + 1e-8)
        p -= s["lr"] / (1 - one**t) * m / u
        g = yield p


def nadam(p: float, s: dict[str, Any]) -> Any:
    (one, two), m, v, product = s.get("betas", (0.9, 0.999)), 0.0, 0.0, 1.0
    decay = s.get("momentum_decay", 4e-3)
    g = yield p
    for t in itertools.count(1):
        p, g = decoupled(p, g, s) if s.get("decoupled_weight_decay") else (p, decayed(p, g, s))
        now, later = (one * (1 - 0.96 ** (k * decay) / 2) for k in (t, t + 1))
        product *= now
        m, v = one * m + (1 - one) * g, two * v + (1 - two) * g**2
        ahead = later * m / (1 - product * later) + (1 - now) * g / (1 - product)
        p -= s["lr"] * ahead / (math.sqrt(v / (1 - two**t)) + 1e-8)
        g = yield p


def radam(p: float, s: dict[str, Any]) -> Any:
    (one, two), m, v = s.get("betas", (0.9, 0.999)), 0.0, 0.0
    most = 2 / (1 - two) - 1
    g = yield p
    for t in itertools.count(1):
        p, g = decoupled(p, g, s) if s.get("decoupled_weight_decay") else (p, decayed(p, g, s))
        m, v = one * m + (1 - one) * g, two * v + (1 - two) * g**2
        length, rate = most - 2 * t * two**t / (1 - two**t), s["lr"]
        if length > 5:
            r = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
            rate *= math.sqrt(r) * math.sqrt(1 - two**t) / (math.sqrt(v) + 1e-8)
        p -= rate * m / (1 - one**t)
        g = yield p


CASES: list[tuple[type[optim.Optimizer], Any, dict[str, Any]]] = [
    (optim.SGD, sgd, {}),
    (optim.SGD, sgd, {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.02}),
    (optim.SGD, sgd, {"momentum": 0.8, "nesterov": True, "maximize": True}),
    (optim.RMSprop, rmsprop, {}),
    (optim.RMSprop, rmsprop, {"alpha": 0.9, "centered": True}),
    (optim.RMSprop, rmsprop, {"centered": True, "momentum": 0.7, "weight_decay": 0.1, "maximize": True}),
    (optim.Adam, adam, {}),
    (optim.Adam, adam, {"amsgrad": True, "betas": (0.5, 0.7), "weight_decay": 0.02}),
    (optim.Adam, adam, {"amsgrad": True, "maximize": True}),
    (optim.AdamW, adam, {}),
    (optim.AdamW, adam, {"amsgrad": True, "maximize": True, "weight_decay": 0.1}),
    (optim.Adagrad, adagrad, {}),
    (optim.Adagrad, adagrad, {"lr_decay": 0.1, "weight_decay": 0.1, "eps": 1e-6, "maximize": True}),
    (optim.Adagrad, adagrad, {"initial_accumulator_value": 0.5}),
    (optim.Adadelta, adadelta, {}),
    (optim.Adadelta, adadelta, {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    (optim.Adamax, adamax, {}),
    (optim.Adamax, adamax, {"betas": (0.5, 0.8), "maximize": True}),
    (optim.Adamax, adamax, {"weight_decay": 0.1}),
    (optim.NAdam, nadam, {}),
    (optim.NAdam, nadam, {"betas": (0.5, 0.8), "momentum_decay": 0.1, "maximize": True, "weight_decay": 0.02}),
    (optim.NAdam, nadam, {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    (optim.RAdam, radam, {}),
    (optim.RAdam, radam, {"betas": (0.5, 0.8), "maximize": True, "weight_decay": 0.02}),
    (optim.RAdam, radam, {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    (optim.RAdam, radam, {"betas": (0.9, 0.5)}),  # which never trusts its squares
]
IDS = [f"{kind.__name__} {', '.join(options)}" for kind, _, options in CASES]
LR = {"SGD": 1e-3, "RMSprop": 1e-2, "Adagrad": 1e-2, "Adadelta": 1.0, "Adamax": 2e-3, "NAdam": 2e-3}  # others 1e-3


def settings(kind: type[optim.Optimizer], options: dict[str, Any], **own: Any) -> dict[str, Any]:
    return {"lr": LR.get(kind.__name__, 1e-3), "decoupled": kind is optim.AdamW, **options, **own}


def expected(recursion: Recursion, start: float, own: dict[str, Any], place: int) -> list[float]:
    run: Any = recursion(start, own)
    return [next(run), *(run.send(slopes(step)[place]) for step in range(1, STEPS + 1))]


def step_with(optimizer: optim.Optimizer, step: int, in_arrays: bool) -> None:
    for parameter, grad in zip(optimizer.parameters, slopes(step), strict=True):
        parameter.grad = grad
    step_of(optimizer, in_arrays)


def step_of(optimizer: optim.Optimizer, in_arrays: bool) -> None:
    if in_arrays:  # as compiled training does it
        grads = [p.grad for p in optimizer.parameters]
        data = np.array([p.data for p in optimizer.parameters])
        new, after = optimizer.converted(np.array).stepped(data, np.array(grads))
        for parameter, number in zip(optimizer.parameters, new.tolist(), strict=True):
            parameter.data = number
        vars(optimizer).update(vars(after.converted(lambda kept: kept.tolist())))
    else:
        optimizer.step()


@pytest.mark.parametrize("in_arrays", [False, True])
@pytest.mark.parametrize(("kind", "recursion", "options"), CASES, ids=IDS)
def test_fifty_steps_are_those_of_the_published_recursion(kind, recursion, options, in_arrays: bool) -> None:  # type: ignore[no-untyped-def]
    numbers = [Value(number) for number in START]
    optimizer = kind(numbers, **options)
    own = settings(kind, options)
    told = [expected(recursion, number, own, place) for place, number in enumerate(START)]
    for step in range(1, STEPS + 1):
        step_with(optimizer, step, in_arrays)
        assert [p.data for p in numbers] == pytest.approx([row[step] for row in told], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("in_arrays", [False, True])
@pytest.mark.parametrize(("kind", "recursion", "options"), CASES, ids=IDS)
def test_groups_have_settings_of_their_own_and_a_state_loaded_midway_goes_on(  # type: ignore[no-untyped-def]
    kind, recursion, options, in_arrays: bool
) -> None:
    def made() -> optim.Optimizer:
        first, second = numbers[:2], numbers[2:]
        made: optim.Optimizer = kind(
            [{"params": first}, {"params": second, "lr": 0.004, "weight_decay": 0.03}], **options
        )
        return made

    numbers = [Value(number) for number in START]
    optimizer = made()
    whole, other = settings(kind, options), settings(kind, options, lr=0.004, weight_decay=0.03)
    told = [expected(recursion, number, whole if k < 2 else other, k) for k, number in enumerate(START)]
    for step in range(1, STEPS + 1):
        if step == 20:
            state = json.loads(json.dumps(optimizer.state_dict()))
            assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2, 3, 4, 5]]
            optimizer = made()
            optimizer.load_state_dict(state)
        step_with(optimizer, step, in_arrays)
        assert [p.data for p in numbers] == pytest.approx([row[step] for row in told], rel=1e-12, abs=1e-14)


def test_options_stand_in_pytorchs_order_and_what_is_a_keyword_there_is_one_here() -> None:
    p = [Value(1.0)]
    group = optim.SGD(p, 0.1, 0.9, 0, 1e-4).param_groups[0]
    assert (group["dampening"], group["weight_decay"], group["nesterov"]) == (0.0, 1e-4, False)
    for kind, given in (
        (optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.0, "weight_decay": 1e-4, "nesterov": True}),
        (
            optim.RMSprop,
            {"lr": 0.1, "alpha": 0.9, "eps": 1e-7, "weight_decay": 0.01, "momentum": 0.5, "centered": True},
        ),
        (optim.Adam, {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-7, "weight_decay": 0.01, "amsgrad": True}),
        (optim.AdamW, {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-7, "weight_decay": 0.02, "amsgrad": True}),
        (
            optim.Adagrad,
            {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.01, "initial_accumulator_value": 0.5, "eps": 1e-7},
        ),
        (optim.Adadelta, {"lr": 0.1, "rho": 0.5, "eps": 1e-7, "weight_decay": 0.01}),
        (optim.Adamax, {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-7, "weight_decay": 0.01}),
        (
            optim.NAdam,
            {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-7, "weight_decay": 0.01, "momentum_decay": 0.5,
             "decoupled_weight_decay": True},
        ),
        (
            optim.RAdam,
            {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-7, "weight_decay": 0.01, "decoupled_weight_decay": True},
        ),
    ):  # fmt: skip
        made: Any = kind
        optimizer = made(p, *given.values())
        assert {name: optimizer.param_groups[0][name] for name in given} == given
        assert {name: getattr(optimizer, name) for name in given} == given
        with pytest.raises(TypeError):
            made(p, *given.values(), True)  # maximize, which is a keyword
        assert made(p, maximize=True).maximize is True


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: optim.SGD(p, 0.1, 0.9, 0, 0, 1e-4), r"^nesterov = 0\.0001 should be True or False"),
        (lambda p: optim.SGD(p, dampening=-1), "^dampening = -1 should be at least 0"),
        (lambda p: optim.SGD(p, maximize=1), "^maximize = 1 should be True or False"),
        (
            lambda p: optim.SGD(p, momentum=0.9, dampening=0.1, nesterov=True),
            r"^nesterov needs a momentum: .*no dampening, not momentum = 0\.9 and dampening = 0\.1",
        ),
        (lambda p: optim.SGD([{"params": p, "nesterov": True}]), r"^nesterov needs a momentum"),
        (lambda p: optim.RMSprop(p, centered=0), "^centered = 0 should be True or False"),
        (lambda p: optim.Adam(p, amsgrad=0.1), r"^amsgrad = 0\.1 should be True or False"),
        (lambda p: optim.Adagrad(p, lr_decay="a"), "^lr_decay = 'a' should be a number"),
        (lambda p: optim.Adagrad(p, initial_accumulator_value=-2), "^initial_accumulator_value = -2 should be at"),
        (lambda p: optim.Adadelta(p, rho=1.5), r"^rho = 1\.5 should be at least 0 and below 1"),
        (lambda p: optim.Adamax(p, betas=(0.5, 1)), r"^betas\[1\] = 1 should be at least 0 and below 1"),
        (lambda p: optim.NAdam(p, momentum_decay=-0.1), r"^momentum_decay = -0\.1 should be at least 0"),
        (lambda p: optim.RAdam(p, decoupled_weight_decay=1), "^decoupled_weight_decay = 1 should be True or False"),
        (lambda p: optim.SGD([{"params": p, "lr": -1}]), "^lr = -1 should be at least 0"),
        (lambda p: optim.SGD([{"params": p, "betas": 1}]), "^'betas' is no setting of a group: choose from lr, weight"),
        (lambda p: optim.SGD([{"params": p}, {"lr": 1}]), r"^param_groups\[1\] is \{'lr': 1\}, not a dict with"),
        (lambda p: optim.SGD([{"params": p}, p[0]]), r"^param_groups\[1\] is Value\(1\.0"),
        (lambda p: optim.SGD([{"params": []}]), "^there is no parameter to optimise"),
        (lambda p: optim.SGD([{"params": [2.0]}]), r"^param_groups\[0\]\['params'\]\[0\] is 2\.0, not a Value"),
        (lambda p: optim.SGD([*p, *p]), r"^parameters\[1\] is w, as parameters\[0\] is: give each one once"),
        (
            lambda p: optim.Adam([{"params": [Value(1.0), *p, *p]}]),
            r"^param_groups\[0\]\['params'\]\[2\] is w, as param_groups\[0\]\['params'\]\[1\] is",
        ),
        (
            lambda p: setattr(optim.SGD(p), "parameters", p * 3),
            r"^parameters\[1\] is w, as parameters\[0\] is: give each",
        ),
        (
            lambda p: optim.SGD([{"params": p}, {"params": p}]),
            r"^w stands in param_groups\[0\] and in param_groups\[1\]",
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_value(make, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError), match=message):
        make([Value(1.0, "w")])


def test_tied_weights_are_one_parameter_which_is_changed_once() -> None:
    class Tied(Module):
        def __init__(self) -> None:
            self.w = Value(1.0, "w")
            self.again, self.rows = self.w, [self.w, {"w": self.w}]

        def __call__(self, x: Any) -> Value:
            return self.w * x[0] + self.again * x[0]

    model = Tied()
    assert model.parameters() == [model.w]
    optimizer = optim.SGD(model.parameters(), lr=0.25)
    model([1.0]).backward()
    optimizer.step()
    assert model.w.data == 1.0 - 0.25 * 2


def two_groups() -> optim.SGD:
    return optim.SGD([{"params": [Value(1.0, "w")]}, {"params": Value(2.0, "b"), "lr": 0.5}], lr=0.1)


def test_a_setting_of_all_groups_is_the_optimisers() -> None:
    optimizer = two_groups()
    assert optimizer.momentum == 0.0
    with pytest.raises(AttributeError, match=r"the groups have lr = 0\.1, 0\.5: write optimizer\.param_groups\[0\]"):
        optimizer.lr  # noqa: B018
    optimizer.param_groups[0]["lr"] = 0.5
    assert optimizer.lr == 0.5
    optimizer.lr = 0.25
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    with pytest.raises(ValueError, match=r"^lr = -1 should be at least 0"):
        optimizer.lr = -1
    with pytest.raises(ValueError, match=r"^lr = -1 should be at least 0"):
        optimizer.param_groups[1]["lr"] = -1
    with pytest.raises(ValueError, match=r"^'rate' is no setting of a group"):
        optimizer.param_groups[1]["rate"] = 1
    with pytest.raises(ValueError, match=r"the parameters of a group stay"):
        optimizer.param_groups[1]["params"] = []
    with pytest.raises(ValueError, match=r"the parameters are in groups, and cannot be set"):
        optimizer.parameters = [Value(1.0)]
    with pytest.raises(AttributeError, match="SGD has no attribute 'rate'"):
        optimizer.rate  # type: ignore[attr-defined]  # noqa: B018
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


def test_settings_of_a_group_change_all_or_none_and_none_is_deleted() -> None:
    group: Any = optim.SGD([Value(1.0)], lr=0.5).param_groups[0]
    schedule = optim.StepLR(optim.SGD([Value(1.0)]), 1)
    before = dict(group)
    for change, message in (
        (lambda: group.update(lr=2, momentum=-1), "^momentum = -1 should be at least 0"),
        (lambda: group.update({"lr": 2, "rate": 1}), "^'rate' is no setting of a group"),
        (lambda: group.__ior__({"lr": -1}), "^lr = -1 should be at least 0"),
        (lambda: group.__delitem__("lr"), "^a group keeps its lr, which cannot be deleted"),
        (lambda: group.pop("momentum"), "^a group keeps its momentum"),
        (lambda: group.clear(), "^a group keeps its lr"),
        (lambda: group.__delitem__("params"), "^a group keeps its params"),
    ):
        with pytest.raises(ValueError, match=message):
            change()
        assert dict(group) == before
    group.update([("lr", 2)], momentum=0.5)
    group |= {"dampening": 0.25}
    assert (group["lr"], group["momentum"], group["dampening"]) == (2.0, 0.5, 0.25)
    other = group.copy()
    other["lr"] = 3
    assert (group["lr"], other["lr"], other["params"]) == (2.0, 3.0, group["params"])
    assert group.pop("rate", None) is None
    kept = schedule.optimizer.param_groups[0]
    del kept["initial_lr"]  # what schedules keep there may go, as in PyTorch
    kept["lr"] = 0.75
    assert optim.LambdaLR(schedule.optimizer, lambda epoch: 1.0).get_last_lr() == [0.75]


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values())
@pytest.mark.parametrize(("name", "told"), [("w", "w"), (None, r"parameters\[1\]")])
def test_a_grad_that_is_none_is_named_and_no_parameter_has_changed(kind: Any, name: str | None, told: str) -> None:
    first, second = Value(1.0), Value(2.0, name)
    optimizer = kind([first, second], lr=0.5)
    first.grad, second.grad = 1.0, None  # type: ignore[assignment]
    with pytest.raises(TypeError, match=rf"^the grad of {told} is None: set it to 0\.0$"):
        optimizer.step()
    assert (first.data, second.data, optimizer.steps) == (1.0, 2.0, 0)


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values())
def test_a_misspelled_setting_is_refused_with_the_choices(kind: Any) -> None:
    optimizer = kind([Value(1.0)], lr=0.5)
    before = repr(vars(optimizer))
    wrong = ["lrr", "weight_dekay", "betas" if "betas" not in optimizer.param_groups[0] else "momentum"]
    for name in wrong:
        with pytest.raises(
            AttributeError, match=rf"^{kind.__name__} has no setting '{name}': choose from lr, weight_dec"
        ):
            setattr(optimizer, name, 0.9)
        assert repr(vars(optimizer)) == before
    optimizer.lr, optimizer._note = 0.25, "mine"
    optimizer.steps, optimizer.step = 3, lambda: None  # what is there may be set
    assert (optimizer.param_groups[0]["lr"], optimizer.step()) == (0.25, None)
    for made in (copy.deepcopy(optim.SGD([Value(1.0)])), optim.SGD([Value(1.0)]).converted(np.array)):
        with pytest.raises(AttributeError, match=r"^SGD has no setting 'lrr'"):
            made.lrr = 0.9  # type: ignore[attr-defined]


def test_an_optimiser_of_ones_own_keeps_what_it_likes_in_itself() -> None:
    class Falling(optim.SGD):
        def __init__(self, params: Any, fall: float) -> None:
            super().__init__(params, lr=1.0)
            self.fall = fall

        def step(self) -> None:
            super().step()
            self.lr *= self.fall
            self.last = self.lr

    x = Value(1.0)
    optimizer = Falling([x], 0.5)
    for told in (0.0, -0.5):
        x.grad = 1.0
        optimizer.step()
        assert x.data == told
    optimizer.note = "mine"  # type: ignore[attr-defined]
    assert (optimizer.last, optimizer.state_dict()["param_groups"][0]["fall"]) == (0.25, 0.5)


def test_optimisers_and_schedules_are_shown_with_what_is_set() -> None:
    numbers = [Value(1.0) for _ in range(1200)]
    optimizer = optim.SGD(numbers[:12], lr=0.1, momentum=0.9)
    assert repr(optimizer) == "SGD(lr=0.1, momentum=0.9, 12 parameters)"
    assert repr(optim.AdamW(numbers)) == "AdamW(lr=0.001, 1,200 parameters)"
    assert repr(optim.Adam(numbers[:1], betas=[0.5, 0.9])) == "Adam(lr=0.001, betas=(0.5, 0.9), 1 parameter)"  # type: ignore[arg-type]
    assert repr(two_groups()) == "SGD(2 groups: (lr=0.1, 1 parameter), (lr=0.5, 1 parameter))"

    class Signs(optim.Optimizer):
        pass

    assert repr(Signs(numbers[:2], 0.5, rate=3)) == "Signs(lr=0.5, rate=3, 2 parameters)"
    step = optim.StepLR(optimizer, 3)
    step.step()
    assert repr(step) == "StepLR(step_size=3, gamma=0.1, epoch=1)"
    parts = [optim.ConstantLR(optimizer, 0.5, 2), optim.ExponentialLR(optimizer, 0.5)]
    assert repr(optim.SequentialLR(optimizer, parts, [2])) == (
        "SequentialLR(schedulers=[ConstantLR(factor=0.5, total_iters=2, epoch=0), ExponentialLR(gamma=0.5, epoch=-1)], "
        "milestones=[2], epoch=0)"
    )
    with pytest.raises(TypeError, match=r"^T_max = StepLR\(step_size=3, gamma=0\.1, epoch=1\) should be a number"):
        optim.CosineAnnealingLR(optimizer, step)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values())
def test_dir_of_an_optimiser_shows_its_settings_and_no_internals(kind: Any) -> None:
    optimizer = kind([Value(1.0)])
    shown = {*dir(optimizer)}
    settings = {*optimizer.param_groups[0]} - {"params"}
    assert {"add_param_group", "param_groups", "state_dict", "step", "zero_grad", *settings} <= shown
    assert not {"checked", "checks", "first", "fixed", "names", "needs", "since"} & shown
    assert all(hasattr(optimizer, name) for name in shown)


def test_optimisers_are_copied_and_pickled_with_their_groups() -> None:
    for made in (copy.deepcopy(two_groups()), pickle.loads(pickle.dumps(two_groups()))):
        assert [group["lr"] for group in made.param_groups] == [0.1, 0.5]
        for group in made.param_groups:
            group["params"][0].grad = 1.0
        made.step()
        assert [p.data for p in made.parameters] == [0.9, 1.5]


def test_a_state_of_other_groups_changes_nothing() -> None:
    optimizer = two_groups()
    optimizer.step()
    before = optimizer.state_dict()
    for change, message in (
        (lambda s: s["param_groups"].pop(), "the state has 1 groups, and the optimiser 2"),
        (lambda s: s["param_groups"][1].update(lr=-1), "lr = -1 should be at least 0"),
        (lambda s: s["param_groups"][1].update(params=[1, 2]), "is that of 2 parameters, and the group has 1"),
        (lambda s: s["param_groups"][1].pop("dampening"), "it does not say dampening"),
    ):
        state = copy.deepcopy(before)
        state["param_groups"][0]["lr"] = 0.75
        change(state)
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(state)
        assert optimizer.state_dict() == before


def test_an_option_that_is_switched_on_later_works_from_then_on() -> None:
    x = Value(1.0)
    optimizer = optim.Adam([x], lr=0.1)
    for step in range(4):
        optimizer.amsgrad = step > 1
        x.grad = [1.0, 0.5, 0.0, 0.0][step]
        optimizer.step()
    assert len(optimizer.state_dict()["state"][0]) == 4
    assert optimizer.peaks[0] > optimizer.squares[0]


@pytest.mark.parametrize("in_arrays", [False, True])
@pytest.mark.parametrize(("kind", "recursion", "options"), CASES, ids=IDS)
def test_the_steps_of_a_parameter_that_comes_later_count_from_its_first(  # type: ignore[no-untyped-def]
    kind, recursion, options, in_arrays: bool
) -> None:
    numbers = [Value(number) for number in START]
    optimizer = kind(numbers[:3], **options)
    own = settings(kind, options)
    runs: dict[int, Any] = {}
    for step in range(1, 31):
        if step == 11:
            optimizer.parameters = [numbers[5], *numbers[1:3], numbers[4]]
        if step == 16:
            state = json.loads(json.dumps(optimizer.state_dict()))
            optimizer = kind(optimizer.parameters, **options)
            optimizer.load_state_dict(state)
        if step == 21:
            optimizer.parameters = [*optimizer.parameters, numbers[3]]
            optimizer.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
        there = [place for place, number in enumerate(numbers) if number in {*optimizer.parameters}]
        for place in there:
            numbers[place].grad = slopes(step)[place]
            if place not in runs:
                runs[place] = recursion(numbers[place].data, own)
                next(runs[place])
        told = {place: runs[place].send(slopes(step)[place]) for place in there}
        step_of(optimizer, in_arrays)
        for place, number in told.items():
            assert numbers[place].data == pytest.approx(number, rel=1e-12, abs=1e-14)
    assert optimizer.steps == 30


@pytest.mark.parametrize("in_arrays", [False, True])
def test_the_first_step_with_a_momentum_is_not_dampened_whenever_it_comes(in_arrays: bool) -> None:
    """PyTorch's numbers: lr 0.125, dampening 0.5, grads of 1 from 1.0; the momentum of the first group comes and goes."""
    theirs = [(0.875, 0.875), (0.75, 0.7), (0.625, 0.48), (0.45, 0.2195), (0.325, -0.07745), (0.105, -0.407205)]
    for save_at in (None, *range(6)):
        a, b = Value(1.0), Value(1.0)
        groups = [{"params": [a]}, {"params": [b], "momentum": 0.9}]
        optimizer = optim.SGD(groups, lr=0.125, dampening=0.5)
        for step, told in enumerate(theirs):
            optimizer.param_groups[0]["momentum"] = [0.0, 0.0, 0.9, 0.9, 0.0, 0.9][step]
            if step == save_at:
                kept = optimizer.state_dict()["state"]
                none = [at for at, entry in kept.items() if entry["momentum_buffer"] is None]
                assert none == [0] * (0 < step < 3)  # as PyTorch says that there is no buffer yet
                state = json.loads(json.dumps(optimizer.state_dict()))
                optimizer = optim.SGD(groups, lr=0.125, dampening=0.5)
                optimizer.load_state_dict(state)
            a.grad = b.grad = 1.0
            step_of(optimizer, in_arrays)
            assert (a.data, b.data) == pytest.approx(told, rel=1e-12)


def test_a_group_that_is_added_has_the_settings_given_first_and_counts_its_own_steps() -> None:
    """PyTorch's numbers: Adam(lr=0.1) on a.grad = 1 for 100 steps, then b.grad = 0.5, 1.5, 2.5 with lr 0.25."""
    a, b = Value(1.0, "a"), Value(1.0, "b")
    optimizer: Any = optim.Adam([a], lr=0.1)
    optimizer.eps = 1e-4  # which PyTorch's constructor was not given
    for _ in range(100):
        a.grad = 1.0
        optimizer.step()
    before = optimizer.state_dict()
    for wrong, message in (
        ({"params": [a]}, r"^a stands in param_groups\[0\] and in param_groups\[1\]"),
        ({"params": [b], "lr": -1}, "^lr = -1 should be at least 0"),
        ({"params": [b], "rate": 1}, "^'rate' is no setting of a group"),
        ({"params": []}, "^there is no parameter to optimise"),
        ([b], r"^param_groups\[1\] is \[Value\(1\.0, name='b'\)\], not a dict"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            optimizer.add_param_group(wrong)
        assert optimizer.state_dict() == before
    optimizer.add_param_group({"params": b, "lr": 0.25})
    found = []
    for step in range(3):
        a.grad, b.grad = 1.0, 0.5 + step
        optimizer.step()
        found.append(b.data)
    assert found == pytest.approx([0.750000005, 0.5205547273067359, 0.290792862253456], rel=1e-12)
    assert [group["eps"] for group in optimizer.param_groups] == [1e-4, 1e-8]
    state, other = json.loads(json.dumps(optimizer.state_dict())), optim.Adam([{"params": a}, {"params": b}])
    other.load_state_dict(state)
    assert other.state_dict() == optimizer.state_dict()
    with pytest.raises(ValueError, match=r"^nesterov needs a momentum"):
        optim.SGD([a]).add_param_group({"params": b, "nesterov": True})


def test_the_first_step_of_a_group_that_is_added_is_not_dampened() -> None:
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([a], lr=0.125, momentum=0.9, dampening=0.5)
    for _ in range(3):
        a.grad = 1.0
        optimizer.step()
    optimizer.add_param_group({"params": b})
    for told in (0.875, 0.7, 0.48):  # v is 1, then 0.9 v + 0.5
        a.grad = b.grad = 1.0
        optimizer.step()
        assert b.data == pytest.approx(told, rel=1e-12)


def test_a_schedule_of_fewer_groups_says_that_it_is_to_be_made_anew() -> None:
    optimizer = optim.SGD([Value(1.0)], lr=0.5)
    parts = [optim.StepLR(optimizer, 2), optim.StepLR(optimizer, 1, 0.5)]
    schedules = [optim.ExponentialLR(optimizer, 0.5), optim.SequentialLR(optimizer, parts, [1])]
    optimizer.add_param_group({"params": [Value(1.0)], "lr": 0.25})
    for schedule in schedules:
        with pytest.raises(
            ValueError, match=rf"^the optimiser has 2 groups, and this {type(schedule).__name__} 1: make"
        ):
            schedule.step()
        assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.25]
    optim.ExponentialLR(optimizer, 0.5).step()
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.125]


def test_pytorchs_names_for_the_epoch_and_for_no_grads() -> None:
    x = Value(1.0)
    optimizer = optim.SGD([x])
    schedule = optim.StepLR(optimizer, 2)
    schedule.step()
    assert schedule.last_epoch == schedule.epoch == 1
    for options in ({}, {"set_to_none": True}, {"set_to_none": False}):
        x.grad = 3.0
        optimizer.zero_grad(**options)
        assert x.grad == 0.0


@pytest.mark.parametrize("in_arrays", [False, True])
def test_the_velocity_of_rmsprop_waits_while_there_is_no_momentum(in_arrays: bool) -> None:
    """PyTorch's numbers, from 1.0, for lr 0.125 and alpha 0.5, while the momentum goes and comes back."""
    x = Value(1.0)
    optimizer = optim.RMSprop([x], lr=0.125, alpha=0.5, momentum=0.5)
    theirs = [0.8232233072033631, 0.6565566416478076, 0.7546147084476689, 0.6016766402792268, 0.3982074804851379]
    for momentum, grad, told in zip([0.5, 0.0, 0.0, 0.5, 0.5], [1.0, 2.0, -1.0, 0.5, 1.0], theirs, strict=True):
        optimizer.momentum, x.grad = momentum, grad
        step_of(optimizer, in_arrays)
        assert x.data == pytest.approx(told, rel=1e-12)


def test_the_sums_of_adagrad_begin_with_what_it_was_made_with() -> None:
    """PyTorch takes the constructor's initial_accumulator_value for every group: lr 0.5, 1.0, a grad of 1 from 1.0."""
    a, b = Value(1.0), Value(1.0)
    with pytest.raises(ValueError, match=r"^a group has initial_accumulator_value = 4\.0, and Adagrad itself 1\.0"):
        optim.Adagrad([{"params": [a]}, {"params": [b], "initial_accumulator_value": 4}], initial_accumulator_value=1)
    optimizer = optim.Adagrad([a], lr=0.5, initial_accumulator_value=1.0)
    optimizer.initial_accumulator_value = 4.0
    optimizer.parameters = [a, b]
    a.grad = b.grad = 1.0
    optimizer.step()
    assert [a.data, b.data] == pytest.approx([0.6464466094317263, 0.6464466094317263], rel=1e-9)


def test_a_parameter_given_to_adam_late_moves_by_the_learning_rate_at_first() -> None:
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.Adam([a], lr=0.25)
    for _ in range(1000):
        a.grad = 1.0
        optimizer.step()
    optimizer.parameters = [a, b]
    b.grad = 8.0
    optimizer.step()
    assert b.data == pytest.approx(0.75, rel=1e-8)  # m̂ / √v̂ is 1 at the first step
    state = optimizer.state_dict()["state"]
    assert (state[0]["step"], state[1]["step"]) == (1001, 1)


def test_a_state_of_pytorchs_where_a_parameter_has_had_no_grad_is_gone_on_from() -> None:
    """Adam(lr=0.1) with a.grad = 1 for ten steps, in which b.grad is None; then a.grad = 0.5, b.grad = 2 for three."""
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.Adam([a, b], lr=0.1)
    for _ in range(10):
        a.grad = 1.0
        optimizer.step()
    state = optimizer.state_dict()
    del state["state"][1]
    optimizer.load_state_dict(state)
    found = []
    for _ in range(3):
        a.grad, b.grad = 0.5, 2.0
        optimizer.step()
        found.append((a.data, b.data))
    theirs = [
        (-0.09606305674044145, 0.9000000005), (-0.18884754410854226, 0.8000000010000007),
        (-0.27888390014104886, 0.7000000015000007),
    ]  # fmt: skip
    assert found == [pytest.approx(pair, rel=1e-12) for pair in theirs]


def test_without_an_eps_what_has_no_gradient_stays() -> None:
    for kind in (optim.RMSprop, optim.Adam, optim.Adagrad, optim.Adadelta, optim.Adamax, optim.NAdam, optim.RAdam):
        made: Any = kind
        for in_arrays in (False, True):
            numbers = [Value(number) for number in START]
            optimizer = made(numbers, eps=0.0)
            for step in range(1, 9):
                step_with(optimizer, step, in_arrays)
            assert numbers[4].data == START[4], kind
            assert numbers[5].data == START[5], kind


def test_maximize_climbs_in_fit_on_graphs_and_compiled() -> None:
    for compiled in (False, True):
        x = Value(0.5, "x")
        options: dict[str, Any] = {"loss": losses.mean_squared_error, "compiled": compiled, "epochs": 30}
        history = fit(lambda one, x=x: x * one, [1.0], [1.0], optimizer=optim.SGD([x], 0.01, maximize=True), **options)
        assert history[-1].loss > history[0].loss
        assert x.data == pytest.approx(1 - 0.5 * 1.02**30, rel=1e-12)


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values())
def test_groups_train_the_same_on_graphs_and_compiled(kind: Any) -> None:
    X, y = datasets.moons(20, seed=1)

    def trained(compiled: bool) -> list[float]:
        model = MLP(2, [3, 1], activation="tanh", rng=random.Random(5))
        first, last = (layer.parameters() for layer in model.layers)
        optimizer = kind([{"params": last, "lr": 0.02}, {"params": first}], lr=0.01)
        plan = optim.ExponentialLR(optimizer, 0.9)
        step = lambda epoch: plan.step()  # noqa: E731
        history = fit(model, X, y, optimizer=optimizer, epochs=15, on_epoch=step, compiled=compiled, film=True)
        assert history.compiled is compiled
        assert plan.get_last_lr() == pytest.approx([0.02 * 0.9**15, 0.01 * 0.9**15], rel=1e-12)
        assert history.film.page is not None
        return history.losses + [p.data for p in model.parameters()]

    assert trained(True) == pytest.approx(trained(False), rel=1e-9)


# Schedules.


def rates(make: Callable[[optim.Optimizer], optim.Schedule], epochs: int, save_at: int = 5) -> list[list[float]]:
    """The learning rates of two groups, which begin at 0.1 and 0.3; at an epoch the state is saved and loaded."""

    def made() -> tuple[optim.Optimizer, optim.Schedule]:
        optimizer = optim.SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)], "lr": 0.3}], lr=0.1)
        return optimizer, make(optimizer)

    optimizer, schedule = made()
    found = []
    for epoch in range(epochs):
        found.append([group["lr"] for group in optimizer.param_groups])
        assert schedule.get_last_lr() == found[-1]
        schedule.step()
        if epoch == save_at:
            state = json.loads(json.dumps([optimizer.state_dict(), schedule.state_dict()]))
            last = schedule.get_last_lr()
            optimizer, schedule = made()
            optimizer.load_state_dict(state[0])
            schedule.load_state_dict(state[1])
            assert schedule.get_last_lr() == last
    return found


@pytest.mark.parametrize(
    ("make", "factor"),
    [
        (lambda o: optim.ExponentialLR(o, 0.9), lambda e: 0.9**e),
        (lambda o: optim.MultiStepLR(o, [3, 7, 7, 9], 0.5), lambda e: 0.5 ** sum(e >= m for m in (3, 7, 7, 9))),
        (lambda o: optim.LambdaLR(o, lambda e: 1 / (1 + e)), lambda e: 1 / (1 + e)),
        (lambda o: optim.PolynomialLR(o), lambda e: 1 - min(e, 5) / 5),
        (lambda o: optim.PolynomialLR(o, 8, power=2.0), lambda e: (1 - min(e, 8) / 8) ** 2),
        (lambda o: optim.CosineAnnealingWarmRestarts(o, 4), lambda e: (1 + math.cos(math.pi * (e % 4) / 4)) / 2),
    ],
    ids=["exponential", "multi-step", "lambda", "linear", "polynomial", "restarts"],
)
def test_schedules_follow_their_closed_form(make, factor) -> None:  # type: ignore[no-untyped-def]
    told = [[0.1 * factor(epoch), 0.3 * factor(epoch)] for epoch in range(20)]
    for found, row in zip(rates(make, 20), told, strict=True):
        assert found == pytest.approx(row, rel=1e-12, abs=1e-16)


def test_each_group_may_have_a_function_of_its_own() -> None:
    found = rates(lambda o: optim.LambdaLR(o, [lambda e: 1.0, lambda e: 0.5**e]), 8)
    assert found == [[0.1, 0.3 * 0.5**epoch] for epoch in range(8)]


def test_restarts_come_after_ever_longer_times() -> None:
    found = rates(lambda o: optim.CosineAnnealingWarmRestarts(o, 2, T_mult=2, eta_min=0.01), 14)
    told = []
    for epoch in range(14):
        begin, length = max((start, length) for start, length in ((0, 2), (2, 4), (6, 8)) if start <= epoch)
        told.append(0.01 + 0.09 * (1 + math.cos(math.pi * (epoch - begin) / length)) / 2)
    assert [row[0] for row in found] == pytest.approx(told, rel=1e-12)


def test_one_cycle_goes_up_and_down_between_the_ends_of_its_phases() -> None:
    def cos(a: float, b: float, way: float) -> float:
        return b + (a - b) / 2 * (1 + math.cos(math.pi * way))

    def linear(a: float, b: float, way: float) -> float:
        return a + (b - a) * way

    for name, way_between in (("cos", cos), ("linear", linear)):
        for phases in (2, 3):
            x = Value(1.0)
            optimizer = optim.Adam([x], betas=(0.5, 0.99))
            schedule = optim.OneCycleLR(
                optimizer, 0.5, epochs=5, steps_per_epoch=4, anneal_strategy=name, three_phase=phases == 3,
                div_factor=10, final_div_factor=100, base_momentum=0.8,
            )  # fmt: skip
            first, last = 0.5 / 10, 0.5 / 10 / 100
            corners = [(0, first, 0.95), (5, 0.5, 0.8), *([(10, first, 0.95)] * (phases == 3)), (19, last, 0.95)]
            for step in range(20):
                before, after = next(pair for pair in itertools.pairwise(corners) if step <= pair[1][0])
                way = (step - before[0]) / (after[0] - before[0])
                assert optimizer.lr == pytest.approx(way_between(before[1], after[1], way), rel=1e-12)
                assert optimizer.betas[0] == pytest.approx(way_between(before[2], after[2], way), rel=1e-12)
                assert optimizer.betas[1] == 0.99
                schedule.step()
            assert optimizer.lr >= 0
            with pytest.raises(ValueError, match="the total_steps = 20 of OneCycleLR are over"):
                schedule.step()


def test_a_plateau_lowers_the_rate_of_each_group_to_its_least() -> None:
    def run(values: list[float], save_at: int = 3, **options: Any) -> list[list[float]]:
        optimizer = optim.SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)], "lr": 0.5}], lr=0.25)
        schedule = optim.ReduceLROnPlateau(optimizer, **options)
        found = []
        for place, value in enumerate(values):
            if place == save_at:
                state = json.loads(json.dumps(schedule.state_dict()))
                schedule = optim.ReduceLROnPlateau(optimizer)
                schedule.load_state_dict(state)
            schedule.step(Value(value) if place % 2 else value)
            found.append(schedule.get_last_lr())
        return found

    flat = run([1.0] * 8, factor=0.5, patience=1)  # the first is the best, the third one too many
    assert flat == [[0.25, 0.5]] * 2 + [[0.125, 0.25]] * 2 + [[0.0625, 0.125]] * 2 + [[0.03125, 0.0625]] * 2
    cooled = run([1.0] * 8, factor=0.5, patience=0, cooldown=2)
    assert [row[0] for row in cooled] == [0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.0625, 0.03125]
    least = run([1.0] * 6, factor=0.5, patience=0, min_lr=[0.2, 0.1])
    assert least[-1] == [0.2, 0.1]
    assert run([1.0] * 4, factor=0.5, patience=0, eps=1.0)[-1] == [0.25, 0.5]
    little = [1.0, 0.99, 0.98, 0.97, 0.96]  # each better than the one before by 1 %
    assert run(little, patience=0, threshold=0.02)[-1][0] < 0.25
    assert run(little, patience=0, threshold=0.001)[-1][0] == 0.25
    assert run(little, patience=0, threshold=0.02, threshold_mode="abs")[-1][0] < 0.25
    assert run([-x for x in little], patience=0, mode="max", threshold_mode="abs", threshold=0.005)[-1][0] == 0.25
    assert run(little, patience=0, mode="max")[-1][0] < 0.25


def test_schedules_follow_one_another_with_groups() -> None:
    make = lambda o: optim.SequentialLR(  # noqa: E731
        o, [optim.LinearLR(o, 0.1, 1.0, 3), optim.ExponentialLR(o, 0.5), optim.CosineAnnealingWarmRestarts(o, 2)],
        [3, 6],
    )  # fmt: skip
    factors = [0.1, 0.4, 0.7, 1.0, 0.5, 0.25, 1.0, 0.5, 1.0, 0.5]
    for found, factor in zip(rates(make, 10, save_at=4), factors, strict=True):
        assert found == pytest.approx([0.1 * factor, 0.3 * factor], rel=1e-12)


def test_rounding_makes_no_rate_and_no_momentum_one_that_is_refused() -> None:
    for total in range(1, 60):
        for lr in (0.001, 0.3, 7.4):
            optimizer = optim.SGD([Value(1.0)], lr=lr)
            schedule = optim.LinearLR(optimizer, end_factor=0.0, total_iters=total)
            for _ in range(total + 2):
                schedule.step()
            assert optimizer.lr == 0.0
    for most in range(1, 60):  # from 0 up to eta_min, and back
        optimizer = optim.SGD([Value(1.0)], lr=0.0)
        waves = optim.CosineAnnealingLR(optimizer, most, eta_min=0.001)
        for epoch in range(1, 4 * most):
            waves.step()
            told = 0.0005 * (1 - math.cos(math.pi * epoch / most))
            assert optimizer.lr == pytest.approx(told, rel=1e-9, abs=1e-15)
    for total in range(1, 60):  # the last step is beyond the end, where PyTorch's momentum may be above 1, or below 0
        for momenta in ((0.85, 0.95), (0.85, 0.05)):
            adam = optim.Adam([Value(1.0)])
            cycle = optim.OneCycleLR(
                adam, 0.1, total, pct_start=0.9, anneal_strategy="linear",
                base_momentum=momenta[0], max_momentum=momenta[1],
            )  # fmt: skip
            for _ in range(total):
                cycle.step()
            assert adam.betas[0] == momenta[1]


def test_a_sequence_whose_state_is_loaded_goes_on_from_the_first_rate_in_the_state() -> None:
    def made(lr: float) -> tuple[optim.Optimizer, optim.Schedule]:
        optimizer = optim.SGD([Value(1.0)], lr=lr)
        parts = [optim.ConstantLR(optimizer, 0.5, 2), optim.ExponentialLR(optimizer, 0.9)]
        return optimizer, optim.SequentialLR(optimizer, parts, [3])

    optimizer, schedule = made(0.5)
    for _ in range(2):
        schedule.step()
    ours = schedule.state_dict()
    theirs = {
        "_milestones": [3], "last_epoch": 2, "_last_lr": [0.5], "_schedulers": [
            {"factor": 0.5, "total_iters": 2, "base_lrs": [0.5], "last_epoch": 2, "_step_count": 3, "_last_lr": [0.5]},
            {"gamma": 0.9, "base_lrs": [0.5], "last_epoch": -1, "_step_count": 1, "_last_lr": [0.25]},
        ],
    }  # fmt: skip
    for state in (ours, theirs):
        other, plan = made(0.7)
        other.load_state_dict(optimizer.state_dict())
        plan.load_state_dict(state)
        found = []
        for _ in range(4):
            plan.step()
            found.append(other.lr)
        assert found == pytest.approx([0.5, 0.45, 0.405, 0.3645], rel=1e-12)  # PyTorch's


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: optim.ExponentialLR(o, -1), "^gamma = -1 should be at least 0"),
        (lambda o: optim.MultiStepLR(o, [2, 2.5]), r"^milestones = 2\.5 should be a whole number"),
        (lambda o: optim.MultiStepLR(o, 3), "^milestones = 3 should be a list of epochs"),
        (lambda o: optim.LambdaLR(o, 0.5), r"^lr_lambda = 0\.5 should be a function of the epoch"),
        (lambda o: optim.LambdaLR(o, [abs]), "^lr_lambda is a list of 1 functions, and the optimiser has 2 groups"),
        (lambda o: optim.LambdaLR(o, lambda e: -1.0), r"^lr = -0\.1 should be at least 0"),
        (lambda o: optim.LambdaLR(o, lambda e: None), r"^lr_lambda\(0\): expected a real number .*, not NoneType None"),
        (lambda o: optim.LambdaLR(o, lambda e: "1"), r"^lr_lambda\(0\): .*, not str '1'"),
        (lambda o: optim.PolynomialLR(o, 0), "^total_iters = 0 should be at least 1"),
        (lambda o: optim.CosineAnnealingWarmRestarts(o, 0), "^T_0 = 0 should be at least 1"),
        (lambda o: optim.OneCycleLR(o, 0.1), "^OneCycleLR needs total_steps, or epochs and steps_per_epoch"),
        (lambda o: optim.OneCycleLR(o, 0.1, 0), "^total_steps = 0 should be at least 1"),
        (lambda o: optim.OneCycleLR(o, [0.1], 5), "^max_lr is a list of 1, and the optimiser has 2 groups"),
        (lambda o: optim.OneCycleLR(o, [0.1, -1], 5), r"^max_lr\[1\] = -1 should be at least 0"),
        (lambda o: optim.OneCycleLR(o, 0.1, 5, anneal_strategy="sin"), "^anneal_strategy = 'sin' should be 'cos' or"),
        (lambda o: optim.OneCycleLR(o, 0.1, 5, pct_start=2), "^pct_start = 2 should be at least 0 and below 1"),
        (lambda o: optim.OneCycleLR(o, 0.1, 5, three_phase=1), "^three_phase = 1 should be True or False"),
        (
            lambda o: optim.OneCycleLR(optim.Adagrad([Value(1.0)]), 0.1, 5),
            "^Adagrad has no momentum to change: write cycle_momentum=False",
        ),
        (lambda o: optim.ReduceLROnPlateau(o, "low"), "^mode = 'low' should be 'min' or 'max'"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), r"^factor = 1\.0 should be at least 0 and below 1"),
        (lambda o: optim.ReduceLROnPlateau(o, patience=-1), "^patience = -1 should be at least 0"),
        (lambda o: optim.ReduceLROnPlateau(o, min_lr=[0.1]), "^min_lr is a list of 1, and the optimiser has 2 groups"),
        (lambda o: optim.ReduceLROnPlateau(o).step("1"), "^ReduceLROnPlateau.step takes a number, such as the loss"),
        (lambda o: optim.ReduceLROnPlateau(0.1), "^a schedule is made from an optimiser"),
        (lambda o: optim.SequentialLR(o, [optim.ReduceLROnPlateau(o)], []), "^schedulers are a list of single"),
    ],
)
def test_a_bad_setting_of_a_schedule_is_named_and_changes_nothing(make, message) -> None:  # type: ignore[no-untyped-def]
    optimizer = optim.SGD([{"params": [Value(1.0)]}, {"params": [Value(1.0)], "lr": 0.3}], lr=0.1)
    before = [group["lr"] for group in optimizer.param_groups]
    with pytest.raises((TypeError, ValueError), match=message):
        make(optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == before


def test_a_step_of_a_schedule_that_fails_changes_nothing() -> None:
    def failing(epoch: int) -> float:
        if asked.append(epoch) or len(asked) in (2, 4):  # type: ignore[func-returns-value]
            raise RuntimeError("no")
        return 0.25

    asked: list[int] = []
    optimizer = optim.SGD([Value(1.0)], lr=0.5)
    parts = [optim.ConstantLR(optimizer, 0.5, 2), optim.LambdaLR(optimizer, failing)]
    schedule = optim.SequentialLR(optimizer, parts, [1])
    for told in (0.125, 0.125):
        before = json.dumps([optimizer.state_dict(), schedule.state_dict()])
        with pytest.raises(RuntimeError, match="no"):
            schedule.step()
        assert json.dumps([optimizer.state_dict(), schedule.state_dict()]) == before
        schedule.step()
        assert optimizer.lr == told

    optimizer = optim.SGD([Value(1.0)], lr=0.5)
    plateau = optim.ReduceLROnPlateau(optimizer, patience=0)
    plateau.step(1.0)
    plateau.min_lrs = ["a"]  # type: ignore[list-item]
    before = json.dumps([optimizer.state_dict(), plateau.state_dict()])
    with pytest.raises(TypeError):
        plateau.step(2.0)
    assert json.dumps([optimizer.state_dict(), plateau.state_dict()]) == before


def test_a_schedule_that_cannot_be_made_leaves_the_groups_as_they_were() -> None:
    optimizer = optim.SGD([Value(1.0)], lr=0.5)

    class Bad(optim.OneCycleLR):
        def start(self) -> None:
            super().start()
            raise RuntimeError("no")

    for make in (lambda: Bad(optimizer, 0.1, 5), lambda: optim.LambdaLR(optimizer, lambda epoch: -1.0)):
        before = dict(optimizer.param_groups[0])
        with pytest.raises((RuntimeError, ValueError)):
            make()
        assert dict(optimizer.param_groups[0]) == before
    optimizer.lr = 0.25
    assert optim.LambdaLR(optimizer, lambda epoch: 1.0).get_last_lr() == [0.25]


def test_a_plateau_of_the_history_slows_a_training_down_on_graphs_and_compiled() -> None:
    def trained(compiled: bool) -> list[float]:
        model = MLP(1, [1], init="zeros")
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        plateau = optim.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
        step = lambda epoch: plateau.step(epoch.loss)  # noqa: E731
        history = fit(
            model, [0.0, 1.0, 2.0], [1.0, 3.0, 5.0], optimizer=optimizer, epochs=40, on_epoch=step, compiled=compiled
        )
        assert 0 < optimizer.lr < 0.1
        return history.losses

    assert trained(True) == pytest.approx(trained(False), rel=1e-9, abs=1e-12)


# Losses, with their formulas in NumPy.

RNG = np.random.default_rng(5)
Z, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
CLASSES, SOFT = [2, 0, 1, 1], RNG.dirichlet([1.0, 1.0, 1.0], size=4)
WEIGHT = [1.0, 2.0, 0.5]


def log_softmax(z: Any) -> Any:
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def cross_entropy(z: Any, targets: Any, weight: Any = None, smoothing: float = 0.0) -> Any:
    """As torch.nn.CrossEntropyLoss states it."""
    hard = np.ndim(targets) == 1
    q = np.eye(3)[targets] if hard else np.array(targets)
    w = np.ones(3) if weight is None else np.array(weight)
    total = -(w * ((1 - smoothing) * q + smoothing / 3) * log_softmax(z)).sum()
    return total / (w[targets].sum() if hard else len(z))


def huber_of(z: Any, y: Any, delta: float) -> Any:
    d = (z - y) * np.where((z - y).real < 0, -1, 1)
    return np.where(d.real <= delta, d**2 / 2, delta * (d - delta / 2)).mean()


FORMULAS: dict[str, tuple[Callable[[Any], Value], Callable[[Any], Any]]] = {
    "mean absolute error": (
        lambda z: losses.mean_absolute_error(z, Y.tolist()),
        lambda z: ((z - Y) * np.where((z - Y).real < 0, -1, 1)).mean(),
    ),
    "huber": (lambda z: losses.huber(z, Y.tolist()), lambda z: huber_of(z, Y, 1.0)),
    "huber of 0.3": (lambda z: losses.huber(z, Y.tolist(), delta=0.3), lambda z: huber_of(z, Y, 0.3)),
    "binary": (
        lambda z: losses.binary_cross_entropy_with_logits(z, SOFT.tolist()),
        lambda z: (np.log(1 + np.exp(z)) - SOFT * z).mean(),
    ),
    "binary of probabilities": (
        lambda z: losses.binary_cross_entropy([[v.sigmoid() for v in row] for row in z], SOFT.tolist()),
        lambda z: (np.log(1 + np.exp(z)) - SOFT * z).mean(),
    ),
    **{
        f"softmax of {kind}, weight {weight}, smoothing {smoothing}": (
            lambda z, t=targets, w=weight, s=smoothing: losses.softmax_cross_entropy(z, t, w, s),
            lambda z, t=targets, w=weight, s=smoothing: cross_entropy(z, t, w, s),
        )
        for kind, targets in (("classes", CLASSES), ("soft targets", SOFT.tolist()))
        for weight in (None, WEIGHT)
        for smoothing in (0.0, 0.1)
    },
}


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_of_several_outputs_and_their_gradients_are_their_formulas(name: str) -> None:
    ours, formula = FORMULAS[name]
    z = [[Value(number) for number in row] for row in Z.tolist()]
    loss = ours(z)
    loss.backward()
    assert loss.data == pytest.approx(float(formula(Z).real), rel=1e-13)
    for place in np.ndindex(*Z.shape):
        moved = Z.astype(complex)
        moved[place] += 1e-20j  # the complex step
        assert z[place[0]][place[1]].grad == pytest.approx(formula(moved).imag / 1e-20, rel=1e-11, abs=1e-15)


def test_kinks_and_ties_of_losses() -> None:
    for z, slope in ((0.0, 0.0), (1.0, 1.0), (-1.0, -1.0), (3.0, 1.0)):
        x = Value(z)
        losses.huber([x], [0.0]).backward()
        assert x.grad == slope
    x = Value(2.0)
    losses.mean_absolute_error([x], [2.0]).backward()
    assert x.grad == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z: losses.huber(z[0], [0.0, 0.0], delta=0), "^delta = 0 should be above 0"),
        (lambda z: losses.softmax_cross_entropy(z, [0], label_smoothing=1.5), r"^label_smoothing = 1\.5 should be at"),
        (lambda z: losses.softmax_cross_entropy(z, [0], [1.0]), "^weight is a list of 1, and there are 2 classes"),
        (lambda z: losses.softmax_cross_entropy(z, [0], [1.0, -1]), r"^weight\[1\] = -1\.0 should be at least 0"),
        (lambda z: losses.softmax_cross_entropy(z, [0], [0.0, 1]), r"^weight = \[0\.0, 1\] is 0 for every class that"),
        (lambda z: losses.softmax_cross_entropy(z, [[0.5, 0.6]]), r"which add up to 1; this is \[0\.5, 0\.6\]"),
        (lambda z: losses.softmax_cross_entropy(z, [[1.5, -0.5]]), r"which add up to 1; this is \[1\.5, -0\.5\]"),
    ],
)
def test_bad_options_of_losses_are_named_with_their_values(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError), match=message):
        call([[Value(0.5), Value(-0.5)]])
