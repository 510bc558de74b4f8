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

from autograd import Value
from nn import MLP, Epoch, History, Layer, Module, Neuron, datasets, evaluate, fit, losses, optim, playground, plot
from nn.film import Film

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
    assert [text_of(found[name]) for name in ("n0_1", "n1_2", "n2_1")] == [["x₁"], ["a2(1)"], ["a1(2)"]]


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


class Open:
    """A page in the browser, and what it said and asked for."""

    def __init__(
        self, browser: Any, page: Any, folder: Path, width: int = 1280, after: str = "", **options: Any
    ) -> None:
        path = folder / "film.html"
        page.save(path)
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        self.tab = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.address = path.as_uri()
        self.tab.goto(self.address + after)
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
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_page_trains_to_the_numbers_of_fit_on_graphs(browser, kind, tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = datasets.moons(100, noise=0.1, seed=1)
    model, options = moons_model(), {"loss": "binary_cross_entropy_with_logits"}
    page = Open(browser, playground(model, X, y, optimizer=OPTIMIZERS[kind](model.parameters()), **options), tmp_path)
    reached, loss = page.run(
        "() => { trainer.train(20); return [[...trainer.p], measured(trainer.p, everyRow).loss]; }"
    )
    history = fit(model, X, y, optimizer=OPTIMIZERS[kind](model.parameters()), epochs=20, compiled=False, **options)
    assert reached == pytest.approx([p.data for p in model.parameters()], rel=1e-9, abs=1e-9)
    assert loss == pytest.approx(evaluate(model, X, y, **options).loss, rel=1e-9)
    assert history[-1].loss > loss
    page.close()


@pytest.mark.parametrize(
    "loss", ["hinge", "mean_squared_error", "half_squared_error", "binary_cross_entropy", "softmax_cross_entropy"]
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
    "moons": lambda: (datasets.moons(100, noise=0.1, seed=1), [8, 8, 1], 3, 0.03, None, 300),
    "xor": lambda: (datasets.xor(), [4, 1], 1, 0.1, None, 500),
    "circles": lambda: (datasets.circles(100, seed=1), [8, 1], 1, 0.05, 20, 400),
    "spirals": lambda: (datasets.spirals(100, seed=1), [16, 16, 1], 1, 0.02, None, 1500),
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
    page.tab.wait_for_function(f"() => trainer.epoch >= {epochs} || frames.at(-1).accuracy === 1", timeout=60_000)
    page.tab.click("#train")
    assert "accuracy 100 %" in page.drawn()
    reached = page.run("() => [...trainer.p]")
    for parameter, number in zip(model.parameters(), reached, strict=True):
        parameter.data = number
    assert evaluate(model, X, y, loss="binary_cross_entropy_with_logits").accuracy == 1.0
    page.close()
