"""The film of a training: the textbook's picture of a network, what `fit` keeps, the page that plays and trains on."""

from __future__ import annotations

import itertools
import math
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphs import HOSTILE
from oracle import EFFORT, pairs, some
from pages import Tab

from autograd import Value
from nn import MLP, Epoch, History, Layer, Module, Neuron, datasets, evaluate, fit, losses, optim, playground, plot
from nn.film import Film
from nn.training.graphs import GraphSteps
from nn.training.steps import CompiledSteps

SVG = "{http://www.w3.org/2000/svg}"


# The textbook's picture.


def drawn(picture: Any) -> ET.Element:
    return ET.fromstring(picture.svg)


def by_id(root: ET.Element, kind: str = "") -> dict[str, ET.Element]:
    return {
        element.get("id", ""): element for element in root.iter() if (element.get("id") or "?")[0] in (kind or "wbn")
    }


def text_of(element: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]


def test_a_network_is_drawn_in_columns_with_a_line_for_each_weight() -> None:
    model = MLP(2, [3, 1], init=[[[1.0, -2.0], [0.0, 0.5], [3.0, 1.0]], [[1.0, -1.0, 4.0]]])
    found = by_id(drawn(plot.network(model)))
    weights = {f"w1_{i}_{j}" for i in (1, 2, 3) for j in (1, 2)} | {f"w2_1_{j}" for j in (1, 2, 3)}
    biases, neurons = {"b1_1", "b1_2", "b1_3", "b2_1"}, {"n0_1", "n0_2", "n1_1", "n1_2", "n1_3", "n2_1"}
    assert set(found) == weights | biases | neurons
    signs = {name: found[name].get("class") for name in ("w1_1_1", "w1_1_2", "w1_2_2", "w2_1_2")}
    assert signs == {
        "w1_1_1": "weight positive", "w1_1_2": "weight negative", "w1_2_2": "weight positive", "w2_1_2": "weight negative"
    }  # fmt: skip
    widths = [
        float(found[name].get("stroke-width") or 0) for name in ("w1_2_1", "w1_2_2", "w1_1_1", "w1_1_2", "w1_3_1")
    ]
    assert widths == sorted(widths)  # of 0, 0.5, 1, -2 and 3
    assert len({*widths}) == 5
    columns = {name: {circle.get("cx") for circle in found[name].iter(f"{SVG}circle")} for name in neurons}
    assert columns["n1_1"] == columns["n1_2"] == columns["n1_3"]
    heights = [float(next(found[f"n1_{i}"].iter(f"{SVG}circle")).get("cy") or 0) for i in (1, 2, 3)]
    assert heights == sorted(heights)
    line, end = found["w2_1_3"], next(found["n2_1"].iter(f"{SVG}circle"))
    away = [float(line.get(name) or 0) - float(end.get(centre) or 0) for name, centre in (("x2", "cx"), ("y2", "cy"))]
    assert math.hypot(*away) == pytest.approx(float(end.get("r") or 0), abs=0.2)  # it ends at the neuron's edge
    assert [text_of(found[name]) for name in ("n0_1", "n1_2", "n2_1")] == [["x₁"], ["a2[1]"], ["a1[2]"]]


def test_places_depend_on_the_sizes_alone() -> None:
    def places(seed: int, x: list[float] | None) -> list[tuple[str | None, ...]]:
        root = drawn(plot.network(MLP(2, [8, 8, 1], rng=random.Random(seed)), x))
        marks = [element for element in root.iter() if element.tag in (f"{SVG}line", f"{SVG}circle")]
        names = ("id", "x1", "y1", "x2", "y2", "cx", "cy", "r")
        return [(root.get("width"), root.get("height"), *map(mark.get, names)) for mark in marks]

    assert places(0, None) == places(1, None) == places(2, [1e5, -1e-5])


def test_an_example_is_shown_in_the_neurons() -> None:
    model = MLP(2, [2, 1], init=[[[1.0, 2.0], [-1.0, -1.0]], [[0.5, 1.0]]])
    found = by_id(drawn(plot.network(model, [3.0, 0.5])), "n")
    numbers = {name: text_of(neuron)[-1] for name, neuron in found.items()}
    assert numbers == {"n0_1": "3", "n0_2": "0.5", "n1_1": "4", "n1_2": "0", "n2_1": "2"}
    with pytest.raises(ValueError, match="x has 3 numbers, and the network takes 2"):
        plot.network(model, [1.0, 2.0, 3.0])


def test_a_wide_network_shows_some_of_its_neurons_and_says_how_many_there_are() -> None:
    picture = plot.network(MLP(2, [64, 64, 1], rng=random.Random(0)))
    root = drawn(picture)
    shown = by_id(root, "n")
    assert len([name for name in shown if name.startswith("n1_")]) == 16
    assert {"n1_1", "n1_64", "n2_64", "n3_1"} <= set(shown)
    assert [text for text in text_of(root) if "64" in text] == ["64 · relu", "64 · relu", "64", "64"]
    assert text_of(root).count("⋮") == 2
    sizes = [float(text.get("font-size") or 99) for text in root.iter(f"{SVG}text")]
    assert min(sizes) * min(1, 840 / float(root.get("width") or 0)) >= 10  # in a column of a README
    circles = [
        (float(c.get("cy") or 0), float(c.get("r") or 0))
        for name in shown
        if name.startswith("n1_")
        for c in shown[name].iter(f"{SVG}circle")
    ]
    assert all(b - a > 2 * r for (a, r), (b, _) in itertools.pairwise(circles))  # no two touch


def test_layers_and_neurons_have_the_picture_and_other_models_are_told() -> None:
    assert len(by_id(drawn(plot.network(Layer(3, 2))), "w")) == 6
    neuron = Neuron(2, init=[1.0, -1.0], bias=0.5)
    assert set(by_id(drawn(plot.network(neuron)), "wb")) == {"w1_1_1", "w1_1_2", "b1_1"}
    assert [parameter.name for parameter in neuron.parameters()] == ["w1", "w2", "b"]

    class Own(MLP):
        def __call__(self, x):  # type: ignore[no-untyped-def]
            return super().__call__(x) + 1

    class Line(Module):
        def __init__(self) -> None:
            self.w = Value(1.0)

    for model in (Own(2, [1]), Line(), lambda x: x):
        with pytest.raises(
            TypeError, match=r"the textbook picture is that of an MLP, a Layer or a Neuron, and \w+ comp"
        ):
            plot.network(model)


def test_the_picture_of_a_network_is_saved_and_shown(tmp_path: Path) -> None:
    picture = plot.network(MLP(2, [2, 1]))
    picture.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == picture.svg
    bundle = picture._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg ")
    assert 'alt="a network of 2, 2, 1 neurons, the inputs first"' in bundle["text/html"]
    assert bundle["text/plain"] == repr(picture)
    with pytest.raises(ValueError, match=r"'net.gif' should end in \.svg"):
        picture.save("net.gif")


def test_names_of_inputs_do_no_harm_in_the_picture() -> None:
    for name in HOSTILE:
        root = drawn(plot.network(MLP(2, [1]), names=[name, "b"]))
        assert {re.sub(r"\{.*\}", "", element.tag) for element in root.iter()} <= {
            "svg", "style", "rect", "text", "tspan", "g", "line", "circle", "path"
        }  # fmt: skip
        assert len(text_of(by_id(root)["n0_1"])[0]) <= 12
    with pytest.raises(ValueError, match="names is a list of 2, one for each input, not 'ab'"):
        plot.network(MLP(2, [1]), names="ab")


# What `fit` keeps.


def moons_training(epochs: int, film: bool, **options: Any) -> tuple[History, MLP, optim.Optimizer]:
    X, y = datasets.moons(40, seed=1)
    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(3))
    adam = optim.Adam(model.parameters(), lr=0.03)
    options = {"loss": "binary_cross_entropy_with_logits", "batch_size": 10, "epochs": epochs, **options}
    return fit(model, X, y, optimizer=adam, film=film, **options), model, adam


@pytest.mark.parametrize("compiled", [False, True])
def test_a_film_changes_no_bit_of_the_training(compiled: bool) -> None:
    plain, with_film = (moons_training(130, film, compiled=compiled) for film in (False, True))
    assert plain[0] == with_film[0]
    assert plain[0].film is None
    for part in (1, 2):
        assert plain[part].state_dict() == with_film[part].state_dict()
    assert with_film[0].film.snapshots[-1].parameters.tolist() == [p.data for p in with_film[1].parameters()]


def test_a_film_keeps_the_first_and_the_last_epoch_and_evenly_spread_ones_between() -> None:
    for epochs in (1, 2, 99, 100, 250, 1001):
        kept = []
        model = MLP(1, [1], init="zeros")

        def on_epoch(row: Epoch) -> None:
            kept.append([p.data for p in model.parameters()])

        start = [p.data for p in model.parameters()]
        history = fit(model, [0.0, 1.0], [1.0, 3.0], epochs=epochs, film=True, on_epoch=on_epoch)
        snapshots = history.film.snapshots
        numbers = [snapshot.epoch for snapshot in snapshots]
        assert (numbers[0], numbers[-1]) == (0, epochs)
        assert min(epochs + 1, 50) <= len(numbers) <= 100
        gaps = [b - a for a, b in itertools.pairwise(numbers)]
        assert len({*gaps[:-1]}) <= 1
        assert gaps[-1] <= gaps[0]
        for epoch, loss, accuracy, parameters in snapshots:
            row = history[max(epoch, 1) - 1]
            assert (loss, accuracy) == (row.loss, row.accuracy)
            assert [*parameters] == (kept[epoch - 1] if epoch else start)


def test_a_training_that_ends_early_has_its_last_epoch_in_the_film() -> None:
    history, _, adam = moons_training(100_000, True, on_epoch=lambda row: row.number == 333)
    assert history.film.snapshots[-1].epoch == 333
    assert 50 <= len(history.film.snapshots) <= 100
    assert history.film.state == adam.state_dict()
    assert (
        repr(history.film)
        == f"<Film of 333 epochs, {len(history.film.snapshots)} snapshots: .save('film.html') writes a page>"
    )


@pytest.mark.parametrize("compiled", [True, False])
def test_a_film_ends_with_the_numbers_of_the_model_wherever_the_training_was_stopped(
    compiled: bool, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    kind = CompiledSteps if compiled else GraphSteps
    step, left = kind.step, iter(range(13, -1, -1))  # 4 batches an epoch

    def interrupted(self: Any, batch: Any) -> Any:
        if next(left) == 0:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(kind, "step", interrupted)
    X, y = datasets.moons(40, seed=1)
    model = moons_model()
    adam = optim.Adam(model.parameters(), lr=0.01)
    given = {"loss": "binary_cross_entropy_with_logits", "batch_size": 10, "epochs": 10, "compiled": compiled}
    history = fit(model, X, y, optimizer=adam, film=True, **given)
    assert len(history) == 3
    assert [snapshot.epoch for snapshot in history.film.snapshots] == [0, 1, 2, 3]
    assert [*history.film.snapshots[-1].parameters] == [p.data for p in model.parameters()]
    assert history.film.state == adam.state_dict()
    assert history.film.state["state"][0]["step"] == 13


def test_parts_of_a_history_have_no_film() -> None:
    history, *_ = moons_training(3, True)
    assert isinstance(history.film, Film)
    assert history[1:].film is None
    assert (history + history).film is None


def test_what_cannot_be_filmed_is_told_before_the_training() -> None:
    class Line(Module):
        def __init__(self) -> None:
            self.w = Value(1.0)

        def __call__(self, x: float) -> Value:
            return self.w * x

    line = Line()
    with pytest.raises(TypeError, match="and Line computes in a way of its own"):
        fit(line, [1.0], [2.0], film=True)
    assert line.w.data == 1.0
    with pytest.raises(TypeError, match=r"film = 'moons.html' should be True or False"):
        moons_training(3, "moons.html")  # type: ignore[arg-type]


# In a browser.


class Open(Tab):
    """The page of a training in the browser."""

    def __init__(
        self, browser: Any, page: Any, folder: Path, width: int = 1280, after: str = "", **options: Any
    ) -> None:
        path = folder / "film.html"
        page.save(path)
        super().__init__(browser, path, width, after, **options)
        self.drawn()

    def drawn(self) -> str:
        """What the line of state says, once all is drawn."""
        self.tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return str(self.tab.inner_text("#status"))

    def run(self, script: str) -> Any:
        return self.tab.evaluate(script)

    def close(self) -> None:
        """Say that all went well, and go."""
        assert self.complaints == []
        assert {request.partition("#")[0] for request in self.requests} == {self.address}
        self.tab.context.close()


def moons_model() -> MLP:
    return MLP(2, [8, 8, 1], activation="tanh", rng=random.Random(3))


OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "descent": lambda parameters: optim.SGD(parameters, lr=0.5),
    "momentum": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9),
    "nesterov": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "RMSprop": lambda parameters: optim.RMSprop(parameters, lr=0.01),
    "RMSprop with momentum": lambda parameters: optim.RMSprop(parameters, lr=0.01, momentum=0.5, weight_decay=1e-3),
    "Adam": lambda parameters: optim.Adam(parameters, lr=0.03, weight_decay=1e-3),
    "AdamW": lambda parameters: optim.AdamW(parameters, lr=0.03),
    "dampening": lambda parameters: optim.SGD(parameters, 0.02, 0.9, 0.3),
    "centered": lambda parameters: optim.RMSprop(parameters, lr=0.01, centered=True),
    "AMSGrad": lambda parameters: optim.Adam(parameters, lr=0.03, betas=(0.5, 0.6), amsgrad=True),
}


@pytest.mark.parametrize("kind", some(OPTIMIZERS))
def test_the_page_trains_to_the_numbers_of_fit_on_graphs(browser, kind, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = datasets.moons(100, noise=0.1, seed=1)
    model, options = moons_model(), {"loss": "binary_cross_entropy_with_logits"}
    page = Open(browser, playground(model, X, y, optimizer=OPTIMIZERS[kind](model.parameters()), **options), tmp_path)
    reached, loss = page.run(
        f"() => {{ trainer.train({10 * EFFORT}); return [[...trainer.p], measured(trainer.p, everyRow).loss]; }}"
    )
    history = fit(
        model, X, y, optimizer=OPTIMIZERS[kind](model.parameters()), epochs=10 * EFFORT, compiled=False, **options
    )
    assert reached == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    assert loss == pytest.approx(evaluate(model, X, y, **options).loss, rel=1e-9)
    assert history[-1].loss > loss
    page.close()


def test_the_page_climbs_where_the_training_maximizes_and_takes_soft_targets(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = datasets.moons(30, seed=1)
    soft, options = [[0.8 - 0.6 * label, 0.2 + 0.6 * label] for label in y], {"loss": "softmax_cross_entropy"}
    for maximize in (False, True):
        model = MLP(2, [4, 2], activation="tanh", rng=random.Random(1))
        make = lambda: optim.SGD(model.parameters(), lr=0.01, maximize=maximize)  # noqa: E731
        page = Open(browser, playground(model, X, soft, optimizer=make(), **options), tmp_path)
        run = "() => { trainer.train(20); return [[...trainer.p], measured(trainer.p, everyRow).accuracy]; }"
        reached, accuracy = page.run(run)
        history = fit(model, X, soft, optimizer=make(), epochs=20, compiled=False, **options)
        assert reached == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
        assert accuracy == evaluate(model, X, soft, **options).accuracy
        assert (history[-1].loss > history[0].loss) == maximize
        page.close()


@pytest.mark.parametrize(
    "loss",
    some(
        [
            "hinge",
            "mean_squared_error",
            "half_squared_error",
            "mean_absolute_error",
            "huber",
            "binary_cross_entropy",
            "softmax_cross_entropy",
        ]
    ),
)
def test_every_loss_trains_in_the_page_and_the_penalty_too(browser, loss, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = datasets.moons(30, seed=1)
    y = datasets.signs(y) if loss == "hinge" else y
    sizes, output = (
        [5, 2 if loss == "softmax_cross_entropy" else 1],
        "sigmoid" if loss == "binary_cross_entropy" else "linear",
    )
    model = MLP(2, sizes, output=output, rng=random.Random(1))
    options: dict[str, Any] = {"loss": loss, "penalty": lambda model: losses.l2_penalty(model, 1e-2)}
    make = lambda: optim.SGD(model.parameters(), lr=0.01)  # noqa: E731
    page = Open(browser, playground(model, X, y, optimizer=make(), **options), tmp_path)
    with_own = "() => { const own = new Trainer(frames[0].p); own.choose('SGD', {lr: 0.01}); own.l2 = 0.02; own.train(20); return [...own.p]; }"
    reached, doubled = page.run("() => { trainer.train(20); return [...trainer.p]; }"), page.run(with_own)
    begin = model.state_dict()
    fit(model, X, y, optimizer=make(), epochs=20, compiled=False, **options)
    assert reached == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    model.load_state_dict(begin)
    fit(
        model,
        X,
        y,
        loss=loss,
        penalty=lambda model: losses.l2_penalty(model, 3e-2),
        optimizer=make(),
        epochs=20,
        compiled=False,
    )
    assert doubled == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    page.close()


def test_training_goes_on_from_the_end_of_the_film_as_fit_would(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = datasets.moons(60, noise=0.1, seed=1)
    model, options = moons_model(), {"loss": "binary_cross_entropy_with_logits", "compiled": False}
    adam = optim.Adam(model.parameters(), lr=0.03)
    history = fit(model, X, y, optimizer=adam, epochs=15, film=True, **options)
    page = Open(browser, history.film, tmp_path)
    reached = page.run("() => { trainer.train(10); return [...trainer.p]; }")
    fit(model, X, y, optimizer=adam, epochs=10, **options)
    assert reached == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    page.close()


TASKS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "moons": lambda: (datasets.moons(100, noise=0.1, seed=1), [8, 8, 1], 3, 0.03, None, 120),
    "xor": lambda: (datasets.xor(), [4, 1], 1, 0.1, None, 120),
    "circles": lambda: (datasets.circles(100, seed=1), [8, 1], 1, 0.05, 20, 60),
    "spirals": lambda: (datasets.spirals(100, seed=1), [16, 16, 1], 1, 0.02, None, 150),
}


@pytest.mark.parametrize("name", TASKS)
def test_the_page_learns_the_data_sets_to_the_last_example(browser, name, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (X, y), sizes, seed, lr, batch, epochs = TASKS[name]()
    model = MLP(2, sizes, activation="tanh", rng=random.Random(seed))
    adam = optim.Adam(model.parameters(), lr=lr)
    page = Open(
        browser,
        playground(model, X, y, loss="binary_cross_entropy_with_logits", optimizer=adam, batch_size=batch),
        tmp_path,
    )
    page.tab.click("#train")
    page.tab.wait_for_function(f"() => trainer.epoch >= {epochs}", timeout=60_000)
    page.tab.click("#train")
    assert "accuracy 100 %" in page.drawn()
    reached = page.run("() => [...trainer.p]")
    for parameter, number in zip(model.parameters(), reached, strict=True):
        parameter.data = number
    assert evaluate(model, X, y, loss="binary_cross_entropy_with_logits").accuracy == 1.0
    page.close()


def moons_film(epochs: int = 40) -> Film:
    X, y = datasets.moons(60, noise=0.1, seed=1)
    model = moons_model()
    adam = optim.Adam(model.parameters(), lr=0.03)
    history = fit(model, X, y, loss="binary_cross_entropy_with_logits", optimizer=adam, epochs=epochs, film=True)
    return history.film  # type: ignore[no-any-return]


def numbers_at(film: Film, epoch: int) -> Film:
    """The film with its model as it was after an epoch."""
    snapshot = next(snapshot for snapshot in film.snapshots if snapshot.epoch == epoch)
    for parameter, number in zip(film.model.parameters(), snapshot.parameters, strict=True):
        parameter.data = number
    return film


def test_the_film_goes_by_slider_keys_and_address(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    film = moons_film()
    page = Open(browser, film, tmp_path, after="#epoch=20")
    losses_there = {}
    for epoch in (20, 19, 40, 0):
        numbers_at(film, epoch)
        losses_there[epoch] = evaluate(film.model, film.X, film.y, loss=film.loss)
    told = "epoch {} · loss {:.4g} · accuracy {:.3g} % · 60 examples"
    saying = {
        epoch: told.format(epoch, score.loss, 100 * (score.accuracy or 0)) for epoch, score in losses_there.items()
    }
    assert page.drawn() == saying[20]
    page.tab.keyboard.press("ArrowLeft")
    assert page.drawn() == saying[19]
    page.tab.keyboard.press("End")
    assert page.drawn() == saying[40]
    page.tab.fill("#epoch", "19")
    assert page.drawn() == saying[19]
    page.tab.keyboard.press("Home")  # the slider's own key
    assert page.drawn() == saying[0]
    assert page.tab.get_attribute("#epoch", "aria-valuetext") == f"epoch 0, loss {losses_there[0].loss:.4g}"
    page.run("() => { location.hash = 'epoch=19'; }")
    page.tab.wait_for_function("() => document.documentElement.dataset.drawn === '19'")
    page.tab.click("#play")
    page.tab.wait_for_function("() => document.documentElement.dataset.drawn === '40'")
    assert page.tab.get_attribute("#play", "aria-pressed") == "false"
    page.close()


def test_lines_are_as_wide_in_the_page_as_in_the_picture(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    film = moons_film(3)
    page = Open(browser, film, tmp_path)
    page.run("() => choose(1, 1)")
    page.drawn()
    script = "() => [...document.querySelectorAll('line.weight')].map(w => [w.id, [w.getAttribute('class'), w.getAttribute('stroke-width')]])"
    for epoch in (3, 0):
        page.tab.keyboard.press("End" if epoch else "Home")
        page.drawn()
        lines = by_id(drawn(plot.network(numbers_at(film, epoch).model)), "wb")
        shown = {name: (look, float(width)) for name, (look, width) in page.run(script)}
        expected = {
            name: (line.get("class"), float(line.get("stroke-width") or 0))
            for name, line in lines.items()
            if line.tag == f"{SVG}line"
        }
        assert shown.keys() == expected.keys()
        for name, (look, width) in expected.items():
            assert shown[name][1] == pytest.approx(width, abs=0.011), name
            assert shown[name][0] == look or width < 0.41, name
    page.close()


def test_a_weight_is_told_with_its_value_its_gradient_and_what_that_is_the_sum_of(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    film = moons_film(10)
    page = Open(browser, film, tmp_path)
    page.tab.select_option("#neuron", "2_3")
    page.tab.select_option("#from", "5")
    page.tab.fill("#example", "7")
    page.tab.press("#example", "Enter")
    page.drawn()
    model, weight = film.model, film.model.layers[1].neurons[2].w[4]

    def gradient_of(rows: list[int]) -> float:
        model.zero_grad()
        losses.binary_cross_entropy_with_logits(
            [model(film.X[row]) for row in rows], [film.y[row] for row in rows]
        ).backward()
        return weight.grad

    mean, alone = gradient_of([*range(60)]), gradient_of([6])
    text = page.tab.inner_text("#told").replace("−", "-")
    assert "weight w35[2], from a5[1] to a3[2]" in text
    assert f"value of w35[2]\t{weight.data:.4g}" in text
    assert f"gradient ∂E/∂w35[2]\t{mean:.4g}" in text
    assert re.search(rf"= 1/60 · Σ of the 60 examples' = {60 * mean:.4g} / 60", text)
    assert f"example 7 alone: {alone:.4g} = δ · a5[1] = " in text
    before = weight.data
    film.optimizer.zero_grad()
    gradient_of([*range(60)])
    film.optimizer.step()
    assert f"next step of Adam\t{weight.data - before:.4g}" in text
    page.close()


def test_a_negative_number_after_a_sign_stands_in_parentheses_and_plain_descent_has_no_velocity(
    browser, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    model = MLP(2, [1], init="zeros")
    for parameter, number in zip(model.parameters(), (-2.0, -3.0, -5.0), strict=True):
        parameter.data = number
    page = Open(browser, playground(model, [[-1.5, 4.0]], [0.0]), tmp_path)
    told = page.tab.inner_text("#told")
    assert "= −2 · (−1.5) + (−3) · 4 + (−5) = −14" in told
    assert "= −28 · (−1.5)" in told  # 2 (ŷ − y) x
    assert "velocity" not in told
    page.tab.select_option("#optimizer", "momentum")
    page.tab.wait_for_function("find('told').textContent.includes('velocity')")
    page.close()


def test_a_shared_bias_is_one_parameter_in_the_page_and_each_neuron_has_its_own_delta(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = datasets.moons(30, seed=1)
    model = MLP(2, [3, 2, 1], activation="tanh", shared_bias=True, rng=random.Random(2))
    options: dict[str, Any] = {"loss": "mean_squared_error"}
    page = Open(browser, playground(model, X, y, **options), tmp_path)

    def told(neuron: str, source: str) -> str:
        page.tab.select_option("#neuron", neuron)
        page.tab.select_option("#from", source)
        page.drawn()
        page.run("() => new Promise(done => setTimeout(done, 300))")
        return str(page.tab.inner_text("#told")).replace("−", "-")

    outputs = [model(x) for x in X]
    model.zero_grad()
    losses.mean_squared_error(outputs, y).backward()
    bias, weight = model.layers[0].neurons[0].b, model.layers[0].neurons[1].w[0]
    text = told("1_2", "0")
    assert "bias b[1], to all neurons of layer 1" in text
    assert f"gradient ∂E/∂b[1]\t{bias.grad:.4g}" in text
    assert "= Σ of the δ of layer 1" in text
    text = told("1_2", "1")
    assert f"gradient ∂E/∂w21[1]\t{weight.grad:.4g}" in text
    weight.grad = 0.0
    losses.mean_squared_error(outputs[:1], y[:1]).backward()
    delta = weight.grad / X[0][0]
    assert f"example 1 alone: {weight.grad:.4g} = δ · x₁ = {delta:.4g} · {X[0][0]:.4g}" in text
    assert f"example 1 alone: {delta:.4g} = δ" in told("1_2", "")
    reached = page.run("() => { trainer.train(20); return [...trainer.p]; }")
    fit(model, X, y, epochs=20, compiled=False, **options)
    assert reached == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    assert len(reached) == 17
    assert len({neuron.b for neuron in model.layers[0].neurons}) == 1
    page.close()


def test_a_neuron_and_an_example_are_chosen_by_pointer_and_by_keys(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Open(browser, moons_film(3), tmp_path)
    x, y = page.run(
        "() => { const b = find('maps').getBoundingClientRect(), p = data.places.find(p => p[0] === 2 && p[1] === 4), s = b.width / data.view[0]; return [b.left + p[2] * s, b.top + p[3] * s]; }"
    )
    page.tab.mouse.click(x, y)
    page.drawn()
    assert "neuron a4[2]" in page.tab.inner_text("#told")
    page.tab.focus("#stage")
    page.tab.keyboard.press("ArrowDown")
    page.tab.keyboard.press("ArrowLeft")
    page.drawn()
    assert "neuron a5[1]" in page.tab.inner_text("#told")
    row, x, y = page.run(
        "() => { const b = find('answer').getBoundingClientRect(), [row, u, v] = frame.points[11]; return [row, b.left + u, b.top + v]; }"
    )
    page.tab.mouse.click(x, y)
    page.drawn()
    assert page.run("() => chosen.example") == row == 11
    assert page.tab.input_value("#example") == "12"
    page.tab.keyboard.press("ArrowLeft")
    assert page.tab.input_value("#example") == "11"
    page.close()


def test_everything_is_reached_by_keyboard_alone(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Open(browser, moons_film(3), tmp_path)
    reached = set()
    for _ in range(40):
        page.tab.keyboard.press("Tab")
        reached.add(page.run("() => document.activeElement.id"))
    wanted = page.run(
        "() => [...document.querySelectorAll('button, input, select, [tabindex]')].filter(e => e.offsetParent !== null || e.id === 'stage').map(e => e.id)"
    )
    assert set(wanted) <= reached
    page.tab.focus("#train")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_function("() => trainer.epoch > 5")
    page.tab.keyboard.press("Enter")
    assert page.run("() => isTraining") is False
    page.close()


def test_the_neurons_show_what_they_say(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    film = moons_film(20)
    page = Open(browser, film, tmp_path)
    columns, found = page.run(
        "() => { const s = surveyed(frames.at(-1).p, 12); return [sides, s.of.map(a => [...a])]; }"
    )
    (left, right), (bottom, top) = columns
    places = [
        [left + (right - left) * (c + 0.5) / 12, top + (bottom - top) * (r + 0.5) / 12]
        for r in range(12)
        for c in range(12)
    ]
    for at, place in enumerate(places):
        row: Any = place
        expected = []
        for layer in film.model.layers:
            row = [neuron(row) for neuron in layer.neurons]
            expected += [value.data for value in row]
        assert [maps[at] for maps in found] == pytest.approx(expected, rel=1e-5, abs=1e-6)
    page.close()


def test_diverging_is_told_and_the_last_numbers_stay(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    model = MLP(1, [4, 1], rng=random.Random(0))
    page = Open(
        browser,
        playground(model, [1.0, 2.0, 3.0], [1.0, 2.0, 5.0], optimizer=optim.SGD(model.parameters(), lr=50.0)),
        tmp_path,
    )
    page.tab.click("#train")
    page.tab.wait_for_selector("#message.bad")
    message = page.tab.inner_text("#message")
    assert message.startswith("Training diverged in epoch")
    assert "try a smaller learning rate than 50" in message
    assert page.run("() => trainer.p.every(Number.isFinite) && !isTraining")
    assert "NaN" not in page.run("() => document.querySelector('main').outerHTML")
    page.close()


def test_what_is_wrong_with_a_network_has_a_name(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X = [[-1.0, 0.5], [0.5, 1.0], [1.0, -1.0], [0.0, 0.25]]
    dead = MLP(2, [2, 1], init=[[[1.0, 1.0], [1.0, -1.0]], [[1.0, 1.0]]], bias=[[-9.0, 0.0], 0.0])
    page = Open(browser, playground(dead, X, [1.0, 0.0, 1.0, 0.0]), tmp_path)
    largest = max(dead.layers[0].neurons[0](x).operands[0].data for x in X)
    told = page.tab.inner_text("#diagnoses").replace("−", "-")
    assert (
        f"a1[1] is a dead ReLU: its sum z is not above 0 for any of the 4 examples (the largest is {largest:.3g})"
        in told
    )
    assert "a2[1]" not in told
    assert page.run("() => [...document.querySelectorAll('.ill')].map(node => node.id)") == ["n1_1"]
    page.close()
    for neuron in dead.layers[0].neurons:
        neuron.b.data = -9.0
    page = Open(browser, playground(dead, X, [1.0, 0.0, 1.0, 0.0]), tmp_path)
    assert page.tab.inner_text("#diagnoses").endswith(
        "so its gradient is 0 and its weights stay as they are. Also dead: a2[1]."
    )
    page.close()
    saturated = MLP(
        2, [2, 1], activation="tanh", init=[[[90.0, 90.0], [0.1, 0.1]], [[1.0, 1.0]]], bias=[[40.0, 0.0], 0.0]
    )
    page = Open(browser, playground(saturated, X, [1.0, 0.0, 1.0, 0.0]), tmp_path)
    assert "a1[1] is saturated: for 4 of 4 examples its tanh" in page.tab.inner_text("#diagnoses")
    page.close()
    deep = MLP(1, [1] * 9, activation="sigmoid", init=[[[0.5]]] * 9, output="linear")
    page = Open(browser, playground(deep, [0.5, -0.5], [3.0, -3.0]), tmp_path)
    assert "The gradient vanishes: a weight of layer 1 gets " in page.tab.inner_text("#diagnoses")
    page.close()
    stepped = MLP(2, [2, 1], activation="step", rng=random.Random(0))
    page = Open(browser, playground(stepped, X, [1.0, 0.0, 1.0, 0.0]), tmp_path)
    assert page.tab.inner_text("#diagnoses") == (
        "The neurons of layer 1 are steps, whose derivative is 0 wherever it has one: the gradient of layer 1 is 0, and "
        "nothing learns there."
    )
    assert page.run("() => [shade(1, 0), shade(1, 1)]") == [-1, 1]  # the map of a neuron has two colours
    said = page.run("() => data.X.map(x => [...neuronsOf(x, frames[0].p)].slice(0, 2))")
    assert said == [[neuron(x).data for neuron in stepped.layers[0].neurons] for x in X]
    page.close()
    steep = MLP(1, [1] * 4, activation="linear", init=[[[30.0]]] * 4)
    page = Open(browser, playground(steep, [0.5, -0.5], [3.0, -3.0]), tmp_path)
    assert "The gradient explodes: a weight of layer 1 gets " in page.tab.inner_text("#diagnoses")
    page.close()


def test_settings_are_changed_in_the_page(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    film = moons_film(3)
    page = Open(browser, film, tmp_path)
    page.tab.select_option("#optimizer", "momentum")
    page.tab.fill("#lr", "0.25")
    page.tab.fill("#momentum", "0.5")
    page.tab.fill("#batch", "20")
    page.tab.fill("#penalty", "0.001")
    page.tab.press("#penalty", "Enter")
    found = page.run("() => [trainer.kind, trainer.settings.lr, trainer.settings.momentum, trainer.size, trainer.l2]")
    assert found == ["SGD", 0.25, 0.5, 20, 0.001]
    page.tab.click("#step")
    assert "1 of 3 in this epoch" in page.tab.inner_text("#message")
    page.tab.fill("#lr", "")
    page.tab.press("#lr", "Enter")
    assert page.tab.get_attribute("#lr", "aria-invalid") == "true"
    assert page.run("() => trainer.settings.lr") == 0.25
    assert page.tab.inner_text("#message") == "learning rate: a number from 0 on is needed; 0.25 stays in use."
    colours = "[getComputedStyle(find('lr')).borderColor, getComputedStyle(find('message')).color]"
    assert len(set(page.run(colours))) == 1
    page.tab.fill("#lr", "0.25")
    page.tab.press("#lr", "Enter")
    assert (page.tab.get_attribute("#lr", "aria-invalid"), page.tab.inner_text("#message")) == ("false", "")
    weights = []
    for seed in ("5", "5", "6"):
        page.tab.fill("#seed", seed)
        page.tab.click("#renew")
        weights.append(page.run("() => [...trainer.p]"))
    assert weights[0] == weights[1] != weights[2]
    assert all(-1 <= w <= 1 for w in weights[0])
    assert page.drawn().startswith("epoch 0")
    page.tab.click("#back")
    assert page.drawn().startswith("epoch 3")
    assert page.run("() => [...trainer.p]") == [p.data for p in film.model.parameters()]
    page.close()


@pytest.mark.parametrize(("width", "scheme"), pairs([390, 1280, 1920], ["light", "dark"]))
def test_the_page_fits_every_window_by_day_and_in_the_dark(browser, width, scheme, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Open(browser, moons_film(3), tmp_path, width, color_scheme=scheme, reduced_motion="reduce")
    assert page.run("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert (
        page.run(
            "() => Math.min(...[...document.querySelectorAll('button')].filter(b => b.offsetParent).map(b => b.offsetHeight))"
        )
        >= 34
    )
    shares = page.run(
        "() => [...find('maps').getContext('2d').getImageData(0, 0, find('maps').width, find('maps').height).data].filter((_, k) => k % 4 === 3).reduce((s, a) => s + (a > 0), 0)"
    )
    assert shares > 1000  # the maps are there
    page.close()


def test_networks_of_one_input_and_of_many_have_their_page(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X = [k / 5 for k in range(-10, 11)]
    model = MLP(1, [4, 1], activation="tanh", rng=random.Random(1))
    page = Open(browser, fit(model, X, [math.sin(x) for x in X], epochs=20, film=True).film, tmp_path)
    assert page.tab.is_visible("#answer")
    page.close()
    rng = random.Random(0)
    X3 = [[rng.random() for _ in range(5)] for _ in range(30)]
    many = MLP(5, [20, 3], rng=rng)
    page = Open(
        browser, playground(many, X3, [k % 3 for k in range(30)], loss="softmax_cross_entropy", batch_size=7), tmp_path
    )
    assert not page.tab.is_visible("#answer")
    assert page.tab.inner_text("#said").startswith("Example 1: target 0; ")
    page.tab.click("#train")
    page.tab.wait_for_function("() => trainer.epoch > 5")
    page.tab.click("#train")
    assert page.tab.locator("#said tr").count() == 3
    page.close()


NAMES = some(HOSTILE)


@pytest.mark.parametrize("start", range(0, len(NAMES), 6))
def test_hostile_names_do_nothing_in_the_page_of_a_training(browser, start, tmp_path) -> None:  # type: ignore[no-untyped-def]
    names = (NAMES[start:] + NAMES)[:6]
    for count in (6, 2):  # a page without maps, and one with the names on the axes of its map
        model = MLP(count, [2, 1], rng=random.Random(0))
        for parameter, name in zip(model.parameters(), names, strict=False):
            parameter.named(name)
        X = [[0.1 * place + row for place in range(count)] for row in range(3)]
        page = Open(browser, playground(model, X, [0.0, 1.0, 0.0], names=names[:count]), tmp_path)
        for place in ("", "0", *map(str, range(1, count + 1))):
            page.tab.select_option("#from", place)
            page.drawn()
        page.tab.click("#step")
        assert page.tab.locator("script").count() == 2
        assert page.tab.locator("a, iframe, img, object, embed, form").count() == 0
        assert page.run("() => document.documentElement.scrollWidth - innerWidth") <= 0
        page.close()


def test_the_page_of_the_moons_is_small_and_asks_for_nothing(tmp_path: Path) -> None:
    X, y = datasets.moons(100, noise=0.1, seed=1)
    for sizes in ([8, 8, 1], [16, 16, 1]):
        model = MLP(2, sizes, rng=random.Random(1))
        history = fit(model, X, datasets.signs(y), loss="hinge", epochs=100, film=True)
        history.film.save(tmp_path / "moons.html")
        assert (tmp_path / "moons.html").stat().st_size < 400_000
        text = (tmp_path / "moons.html").read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert "unsafe-eval" not in text
        assert not re.findall(r"https?://[^\"'\s<>]+", text)
    with pytest.raises(ValueError, match=r"should end in \.html"):
        history.film.save(tmp_path / "moons.pdf")


def test_a_large_film_has_an_even_choice_of_its_snapshots_and_examples() -> None:
    model = MLP(2, [60, 60, 1], rng=random.Random(1))
    X = [[k / 30_000, 0.5] for k in range(30_000)]
    data = playground(model, X, [k % 2 for k in range(30_000)], loss="binary_cross_entropy_with_logits").data
    assert (len(data["X"]), data["examples"]) == (10_000, 30_000)
    assert data["X"][:3] == [[0.0, 0.5], [3 / 30_000, 0.5], [6 / 30_000, 0.5]]
    film = fit(model, X[:10], [0.5] * 10, epochs=60, film=True).film
    epochs = film.page.data["epochs"]
    assert (epochs[0], epochs[-1]) == (0, 60)
    assert len({b - a for a, b in itertools.pairwise(epochs[:-1])}) == 1
    assert len(film.page.html) < 2_500_000


def test_the_page_works_in_the_frame_of_a_notebook(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    bundle = moons_film(5)._repr_mimebundle_()
    assert bundle["text/plain"] == "<Film of 5 epochs, 6 snapshots: .save('film.html') writes a page>"
    (tmp_path / "cell.html").write_text(f"<!DOCTYPE html><body>{bundle['text/html']}</body>", encoding="utf-8")
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto((tmp_path / "cell.html").as_uri())
    frame = tab.frame_locator("iframe")
    frame.locator("#train").click()
    tab.wait_for_timeout(500)
    frame.locator("#train").click()
    assert int(frame.locator("#status b").inner_text().split()[1]) > 5
    assert not tab.locator("img").is_visible()  # the picture that stands for the page
    assert complaints == []
    tab.close()


def test_the_page_prints(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Open(browser, moons_film(3), tmp_path)
    page.tab.emulate_media(media="print")
    assert not page.tab.is_visible("#bars")
    assert len(page.tab.pdf()) > 10_000
    page.close()


def test_what_no_page_can_train_is_told() -> None:
    model = MLP(2, [1])
    with pytest.raises(ValueError, match="the targets of hinge are -1 and 1, not 0"):
        playground(model, [[0.0, 1.0]], [0], loss="hinge")
    with pytest.raises(ValueError, match="loss 'nothing' is not known"):
        playground(model, [[0.0, 1.0]], [0], loss="nothing")
    with pytest.raises(ValueError, match="how the loss puts examples together is not known"):
        playground(model, [[0.0, 1.0]], [0], loss=lambda predictions, targets: predictions[0] ** 2)
    with pytest.raises(ValueError, match=r"which is no parameter of the model: write its number instead"):
        playground(model, [[0.0, 1.0]], [0], penalty=lambda model: Value(0.5, "strength") * model.parameters()[0] ** 2)


def test_arrays_frames_and_several_outputs_have_their_page(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")

    class Frame:
        """What a data frame shows of itself."""

        def __init__(self, rows: Any, columns: list[str]) -> None:
            self.rows, self.columns = rows, columns

        def __len__(self) -> int:
            return len(self.rows)

        def to_numpy(self) -> Any:
            return self.rows

    rows = numpy.array([[0.0, 1.0], [1.0, 0.5], [0.5, 0.25], [0.25, 1.0]])
    for targets, loss, frame in (
        (numpy.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.25, 0.5]]), "mean_squared_error", rows),
        (
            numpy.array([[1, 0], [1, 1], [0, 1], [0, 0]]),
            "binary_cross_entropy_with_logits",
            Frame(rows, ["age", "mass"]),
        ),
    ):
        model = MLP(2, [3, 2], activation="tanh", rng=random.Random(0))
        history = fit(model, frame, targets, loss=loss, epochs=5, film=True)
        page = Open(browser, history.film, tmp_path)
        assert page.drawn().startswith(f"epoch 5 · loss {evaluate(model, rows, targets, loss=loss).loss:.4g}")
        assert "Of the 2 outputs, the first." in page.tab.inner_text("#legend")
        assert page.run("() => data.names") == (["age", "mass"] if frame is not rows else ["x₁", "x₂"])
        page.close()


KINDS: list[Callable[[float], float]] = [
    lambda a: 1.79e308 * a, lambda _: -1.79e308, lambda a: 5e-324 * round(8 * a), lambda _: 1.0, lambda _: 1e17,
    lambda a: 1e16 + 2 * round(8 * a),
]  # fmt: skip
ONE, TWO = ("binary_cross_entropy_with_logits", 1), ("softmax_cross_entropy", 2)  # outputs
SHAPES = [(1, ONE), (1, TWO), (2, TWO), (2, ONE)]
OPENED = [(kind, *shape) for kind, shape in pairs(range(len(KINDS)), SHAPES)]


@pytest.mark.parametrize(("kind", "inputs", "loss"), OPENED)
def test_the_page_opens_whatever_the_numbers_are_and_says_what_has_no_value(
    browser, kind, inputs, loss, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    pattern = [(1.0, 1.0), (-1.0, -1.0), (0.5, -0.25), (-0.125, 0.75)]
    X, (name, outputs) = [[*map(KINDS[kind], x[:inputs])] for x in pattern], loss
    activation = "tanh" if (kind // 2 + inputs) % 2 else "relu"  # in turn
    model = MLP(inputs, [3, outputs], activation=activation, rng=random.Random(1))
    page = Open(browser, playground(model, X, [0, 1, 0, 1], loss=name), tmp_path)
    assert page.drawn().startswith("epoch 0 · loss ")
    assert all(map(math.isfinite, itertools.chain(*page.run("() => sides"))))
    assert all(low < high for low, high in page.run("() => sides"))
    if "undefined" in page.drawn():
        assert "the loss has no value: " in page.tab.inner_text("#diagnoses")
    page.tab.click("#step")
    page.drawn()
    page.close()
