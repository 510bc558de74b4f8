"""The film of a training as a GIF: its frames, and what stands in them."""

from __future__ import annotations

import io
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from graphs import HOSTILE
from oracle import some

from nn import MLP, Layer, datasets, fit, optim

pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from nn.film import fields
from nn.film import gif as gifs
from nn.film.fields import Weights
from nn.film.gif import gif
from nn.plot.figures import COLOURS, NEGATIVE, POSITIVE

WITH_LOGITS = "binary_cross_entropy_with_logits"


def film(model: Any, X: Any, y: Any, loss: str, epochs: int = 3, names: Any = None) -> Any:
    history = fit(model, X, y, loss=loss, optimizer=optim.Adam(model.parameters(), lr=0.03), epochs=epochs, film=True)
    if names is not None:
        history.film.names = names
    return history.film


def opened(content: bytes) -> Any:
    return Image.open(io.BytesIO(content))


def durations(image: Any) -> list[int]:
    found = []
    for index in range(image.n_frames):
        image.seek(index)
        found.append(image.info["duration"])
    return found


def moons(epochs: int) -> Any:
    return film(
        MLP(2, [4, 1], activation="tanh", rng=random.Random(1)), *datasets.moons(40, seed=1), WITH_LOGITS, epochs
    )


def test_a_snapshot_is_a_frame_the_last_stays_and_all_begins_again() -> None:
    image = opened(gif(moons(5)))
    assert (image.format, image.size, image.n_frames) == ("GIF", (960, 540), 6)
    assert image.info["loop"] == 0
    *others, last = durations(image)
    assert {*others} == {120}
    assert last >= 2000


def test_of_many_snapshots_some_are_shown_evenly_the_first_and_the_last_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gifs, "MOST_FRAMES", 4)
    told, shown = moons(9), []
    keep = Weights.show

    def watched(self: Weights, parameters: Any) -> None:
        shown.append(parameters)
        keep(self, parameters)

    monkeypatch.setattr(Weights, "show", watched)
    assert opened(gif(told)).n_frames == 4
    assert shown[1:] == [told.snapshots[index].parameters for index in (0, 3, 6, 9)]  # after the one for what stays


def test_weights_and_examples_keep_their_colours_among_few() -> None:
    image = opened(gif(film(MLP(2, [6, 3], rng=random.Random(3)), *datasets.blobs(60), "softmax_cross_entropy")))
    found = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    for colour in (NEGATIVE, POSITIVE, *COLOURS[:3], "#ffffff"):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in found


def test_the_film_keeps_its_numbers() -> None:
    told = moons(3)
    before = told.model.state_dict()
    gif(told)
    assert told.model.state_dict() == before


def test_a_small_film_is_a_small_file() -> None:
    told = film(
        MLP(2, [8, 8, 1], activation="tanh", rng=random.Random(3)), *datasets.moons(100, seed=1), WITH_LOGITS, 19
    )
    assert len(gif(told)) < 1_000_000


def test_the_plane_has_the_colours_of_what_the_model_says_in_each_snapshot() -> None:
    """At first the second class is on the right, in the end on the left."""
    X, y = [[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]], [1, 0, 1, 0]
    model = MLP(2, [1], init=[[[20.0, 0.0]]])
    told = film(model, X, y, WITH_LOGITS, epochs=1)
    told.snapshots[-1] = told.snapshots[-1]._replace(parameters=[-20.0, 0.0, 0.0])
    image = opened(gif(told))
    for index, sides in enumerate([(0, 1), (1, 0)]):
        image.seek(index)
        frame = image.convert("RGB")
        for x, kind in zip((140, 440), sides, strict=True):
            red, _, blue = frame.getpixel((x, 270))
            assert (red < blue) == (to_rgb(COLOURS[kind])[0] < to_rgb(COLOURS[kind])[2])


def test_a_weight_has_its_sign_as_colour_and_dash_and_its_size_as_width() -> None:
    model = MLP(1, [2], init=[[[3.0], [-0.1]]])
    figure: Any = Figure((9.6, 5.4))
    picture = gifs.Network(model.layers, None, ["x"], False)
    weights = Weights(figure.add_axes([0, 0, 1, 1]), picture, model.parameters())
    weights.show([parameter.data for parameter in model.parameters()])
    place = {parameter: index for index, parameter in enumerate(model.parameters())}
    lines = weights.lines
    found = {
        index: (colour, dash[1] is not None, width)
        for index, colour, dash, width in zip(
            weights.order, map(tuple, lines.get_colors()), lines.get_linestyles(), lines.get_linewidths(), strict=True
        )
    }
    large, small = found[place[model.layers[0].neurons[0].w[0]]], found[place[model.layers[0].neurons[1].w[0]]]
    assert large[:2] == ((*to_rgb(POSITIVE), 1.0), False)
    assert small[:2] == ((*to_rgb(NEGATIVE), 1.0), True)
    assert large[2] > 3 * small[2]


LINE = [[index / 10] for index in range(30)]
SQUARE = [[a / 2 - 1, b / 2 - 1] for a in range(5) for b in range(5)]
FILMS = {
    "curve": lambda: film(MLP(1, [3, 1]), *datasets.sine(20), "mean_squared_error"),
    "numbers": lambda: film(MLP(2, [3, 1]), SQUARE, [a * b for a, b in SQUARE], "mean_squared_error"),
    "zeros": lambda: film(MLP(2, [3, 1]), SQUARE, [0.0 for _ in SQUARE], "mean_squared_error"),
    "classes on a line": lambda: film(MLP(1, [3, 1]), LINE, [int(x > 1) for (x,) in LINE], WITH_LOGITS),
    "several on a line": lambda: film(MLP(1, [3, 3]), LINE, [int(x) for (x,) in LINE], "softmax_cross_entropy"),
    "blobs": lambda: film(MLP(2, [3, 3]), *datasets.blobs(30), "softmax_cross_entropy"),
    "signs": lambda: film(MLP(2, [1]), SQUARE, [1 if a > 0 else -1 for a, _ in SQUARE], "hinge"),
    "probabilities": lambda: film(
        MLP(2, [1], output="sigmoid"), SQUARE, [int(a > 0) for a, _ in SQUARE], "binary_cross_entropy"
    ),
    "one class": lambda: film(MLP(2, [1]), SQUARE, [1 for _ in SQUARE], WITH_LOGITS),
    "shares": lambda: film(MLP(2, [1]), SQUARE, [(a + 1) / 2 for a, _ in SQUARE], WITH_LOGITS),
    "many inputs": lambda: film(MLP(3, [2, 1]), [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0]], [0, 1], WITH_LOGITS),
    "several numbers": lambda: film(MLP(2, [2]), SQUARE, SQUARE, "mean_squared_error"),
    "wide": lambda: film(MLP(2, [40, 1]), *datasets.xor(), WITH_LOGITS),
    "a shared bias": lambda: film(MLP(2, [3, 1], shared_bias=True), *datasets.xor(), WITH_LOGITS),
    "steps": lambda: film(MLP(2, [3, 1], activation="step"), *datasets.xor(), WITH_LOGITS),
    "a layer": lambda: film(Layer(2, 1, activation="linear"), *datasets.xor(), WITH_LOGITS),
}


@pytest.mark.parametrize("name", some(FILMS))
def test_every_kind_of_training_has_a_gif(name: str) -> None:
    assert opened(gif(FILMS[name]())).n_frames == 4


def test_the_names_of_inputs_do_no_harm() -> None:
    for names in some(zip(HOSTILE[::2], HOSTILE[1::2], strict=True)):
        told = film(MLP(2, [1]), *datasets.xor(), WITH_LOGITS, 1, names=[*names])
        assert opened(gif(told)).n_frames == 2


def test_a_film_is_saved_as_a_gif(tmp_path: Path) -> None:
    moons(1).save(tmp_path / "film.GIF")
    assert (tmp_path / "film.GIF").read_bytes().startswith(b"GIF89a")
    with pytest.raises(ValueError, match=r"film\.mp4' should end in \.html or \.gif"):
        moons(1).save(tmp_path / "film.mp4")


def test_a_film_without_an_epoch_is_an_error() -> None:
    told = moons(1)
    del told.snapshots[1:]
    with pytest.raises(ValueError, match=r"^no epoch has ended, and there is nothing to show"):
        gif(told)


def test_without_pillow_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    told = moons(1)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "PIL" else SimpleNamespace())
    with pytest.raises(ImportError, match=r"^a GIF is drawn by matplotlib and Pillow: pip install -e .*\[plot\]"):
        gif(told)


def test_the_data_are_asked_with_the_grid_at_once() -> None:
    told = moons(4)
    task = gifs._task(told, 2)
    assert task is not None
    assert len(task.places) == fields.POINTS**2 + 40
