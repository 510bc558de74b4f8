"""Pictures of what a model has learned: images, weights, what is taken for what, and what is wrong."""

from __future__ import annotations

import io
import math
import random
import sys

import numpy as np
import pytest

from nn import MLP, Layer, datasets

pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
from matplotlib.colors import to_rgb

from nn import plot


def texts(figure) -> list[str]:  # type: ignore[no-untyped-def]
    return [text.get_text() for text in figure.axes[0].texts]


def pixels(figure) -> list[list[list[float]]]:  # type: ignore[no-untyped-def]
    return [np.asarray(image.get_array()).tolist() for image in figure.axes[0].images]


def colour(image, number: float) -> tuple[float, ...]:  # type: ignore[no-untyped-def]
    """The colour in which an image shows a number."""
    return tuple(image.cmap(image.norm(number))[:3])


def test_images_are_rows_of_numbers_from_the_upper_left() -> None:
    rows = [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]]
    expected = [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]]
    for data in (rows, tuple(rows), np.array(rows)):
        figure = plot.images(data, ["a", "b"], shape=(2, 3)) if data is rows else plot.images(data, shape=(2, 3))
        assert pixels(figure) == expected
    first, second = plot.images(rows, [7, 8], shape=(2, 3), columns=1).axes[0].images
    assert (first.origin, first.get_extent()) == ("upper", [0, 3, 2, 0])
    below = second.get_extent()
    assert below[:2] == [0, 3]
    assert below[3] > 2
    assert texts(plot.images(rows, [7, 8], shape=(2, 3))) == ["7", "8"]


def test_images_stand_in_as_many_columns_as_are_asked_for() -> None:
    X, y = datasets.digits()
    figure = plot.images(X[:7], y[:7], columns=3)
    lefts, tops = ([round(image.get_extent()[side], 6) for image in figure.axes[0].images] for side in (0, 3))
    assert lefts == pytest.approx([0, 8.8, 17.6, 0, 8.8, 17.6, 0])
    assert len({*tops}) == 3
    assert tops == sorted(tops)
    x, below = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert x[0] < 0 < 25.6 < x[1]
    assert below[0] > tops[-1] + 8
    assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook shows


def test_images_are_on_one_scale_white_at_0() -> None:
    ink = plot.images([[0.0, 1.0], [0.5, 4.0]], shape=(1, 2)).axes
    assert len(ink) == 1
    for image in ink[0].images:
        assert [colour(image, number) for number in (0.0, 4.0)] == [to_rgb("white"), to_rgb("black")]
    field, scale = plot.images([[0.0, 1.0], [0.5, -4.0]], shape=(1, 2)).axes
    for image in field.images:
        assert colour(image, 0.0) == pytest.approx(to_rgb("white"), abs=0.02)
        red, blue = colour(image, -4.0), colour(image, 4.0)
        assert red[0] > red[2]
        assert blue[2] > blue[0]
    assert scale.get_ylim() == (-4.0, 4.0)
    blank = plot.images([[0.0] * 4])
    assert colour(blank.axes[0].images[0], 0.0) == to_rgb("white")
    blank.savefig(io.BytesIO())


def test_the_first_layer_is_shown_as_an_image_for_each_neuron() -> None:
    weights = [[0.5, -1.0, 0.0, 2.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.25, 0.5, 0.75]]
    model = MLP(4, [3, 2], init=[weights, [[1.0, 1.0, 1.0]] * 2])
    for part in (model, model.layers[0], Layer(4, 3, init=weights)):
        figure = plot.weights(part)
        assert pixels(figure) == [[row[:2], row[2:]] for row in weights]
        assert texts(figure) == ["1", "2", "3"]
        assert figure.axes[1].get_ylim() == (-2.0, 2.0)
    assert pixels(plot.weights(model, shape=(1, 4), columns=1)) == [[row] for row in weights]
    (_, scale) = plot.weights(MLP(4, [1], init=[[[1.0, 1.0, 2.0, 3.0]]])).axes  # also where none is negative
    assert scale.get_ylim() == (-3.0, 3.0)


PLACES = [[0.0, 1.0], [0.0, 3.0], [2.0, 0.0], [2.0, 1.0], [0.0, 9.0]]
KINDS = [0, 2, 0, 1, 2]


def say(x):  # type: ignore[no-untyped-def]
    """Of three classes class 0 where x[0] is the largest, otherwise class 2; class 1 never."""
    return [x[0], -5.0, x[1]]


def test_what_is_taken_for_what_is_counted() -> None:
    figure = plot.confusion(say, PLACES, KINDS)
    (axes,) = figure.axes
    found = {text.get_position()[::-1]: text.get_text() for text in axes.texts}
    assert found == {(0, 0): "1", (0, 2): "1", (1, 0): "1", (2, 2): "2"}  # what it is, what is said
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1", "2"]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("the model says", "it is", "3 of 5 right")
    shades = np.asarray(axes.images[0].get_array())
    assert (shades > 0).tolist() == [[True, False, False], [False] * 3, [False, False, True]]
    assert (shades < 0).tolist() == [[False, False, True], [True, False, False], [False] * 3]
    figure.savefig(io.BytesIO())


@pytest.mark.parametrize(("threshold", "right"), [(0.0, 2), (2.5, 4)])
def test_one_output_tells_two_classes_apart_whatever_they_are_called(threshold: float, right: int) -> None:
    X = [[0.0], [1.0], [2.0], [3.0]]
    for low, high in ((0, 1), (-1, 1), (3, 8)):
        (axes,) = plot.confusion(lambda x: 1.0 * x[0], X, [low, low, low, high], threshold).axes
        assert axes.get_title() == f"{right} of 4 right"
        assert [label.get_text() for label in axes.get_xticklabels()] == [str(low), str(high)]


def test_all_right_and_all_wrong_have_a_picture() -> None:
    for y, title in (([1, 0], "2 of 2 right"), ([0, 1], "0 of 2 right")):
        figure = plot.confusion(lambda x: [x[0], x[1]], [[0.0, 1.0], [1.0, 0.0]], y)
        assert figure.axes[0].get_title() == title
        figure.savefig(io.BytesIO())


def test_mistakes_are_shown_with_the_surest_first() -> None:
    figure = plot.mistakes(say, PLACES, KINDS, shape=(1, 2))
    both = [math.exp(-7.0), math.exp(-1.0)]  # of the other classes, against the largest
    first = 100 / (1 + both[0] + math.exp(-1.0)), 100 / (1 + math.exp(-6.0) + both[1])
    assert texts(figure) == [f"says 0, {first[0]:.1f} %\nis 1", f"says 2, {first[1]:.1f} %\nis 0"]
    assert pixels(figure) == [[PLACES[3]], [PLACES[0]]]
    assert figure.axes[0].get_title() == "2 of 5 wrong"
    figure = plot.mistakes(say, PLACES, KINDS, shape=(1, 2), most=1)
    assert pixels(figure) == [[PLACES[3]]]
    assert figure.axes[0].get_title() == "2 of 5 wrong, the 1 surest"


def test_a_model_without_mistakes_is_told_so() -> None:
    figure = plot.mistakes(say, PLACES[1:3], [2, 0])
    assert figure.axes[0].get_title() == "none of 2 wrong"
    assert not figure.axes[0].images
    figure.savefig(io.BytesIO())


def test_the_pictures_ask_the_compiled_model() -> None:
    X, y = datasets.digits()
    model, calls = MLP(64, [3, 10], rng=random.Random(1)), []

    def counted(x):  # type: ignore[no-untyped-def]
        calls.append(x)
        return model(x)

    for picture in (plot.confusion, plot.mistakes):
        calls.clear()
        picture(counted, X[:200], y[:200])  # type: ignore[operator]
        assert len(calls) < 50


LINE_X, LINE_Y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 4.0]


def test_a_fitted_curve_is_that_of_the_model_through_the_data() -> None:
    model = MLP(1, [1], init=[[[2.0]]], bias=1.0)
    (axes,) = plot.fitted_curve(model, LINE_X, LINE_Y, points=27).axes
    (line,) = axes.lines
    xs, heights = (numbers.tolist() for numbers in line.get_data())
    assert xs == pytest.approx([-0.3 + 0.1 * step for step in range(27)])
    assert heights == pytest.approx([2 * x + 1 for x in xs])
    (data,) = axes.collections
    assert data.get_offsets().tolist() == [[0.0, 1.0], [1.0, 3.0], [2.0, 4.0]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    for X in ([0.0, 1.0, 2.0], np.array(LINE_X)):  # whatever else an input may be
        assert plot.fitted_curve(model, X, np.array(LINE_Y), points=27).axes[0].lines[0].get_ydata().tolist() == heights


def test_fitted_curves_of_several_models_have_their_names_and_differ_without_colour() -> None:
    models = {name: MLP(1, [1], init=[[[slope]]]) for name, slope in (("few", 1.0), ("many", 2.0))}
    (axes,) = plot.fitted_curve(models, LINE_X, LINE_Y, points=4).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["few", "many", "data"]
    assert [line.get_ydata()[-1] for line in axes.lines] == pytest.approx([2.3, 4.6])
    assert len({line.get_linestyle() for line in axes.lines}) == len({line.get_color() for line in axes.lines}) == 2


def test_a_fitted_curve_is_drawn_where_it_is_asked_for_and_asks_the_compiled_model() -> None:
    from matplotlib.figure import Figure

    figure, calls, model = Figure(), [], MLP(1, [3, 1])

    def counted(x):  # type: ignore[no-untyped-def]
        calls.append(x)
        return model(x)

    fields = figure.subplots(1, 2)
    assert plot.fitted_curve(counted, LINE_X, LINE_Y, axes=fields[1]) is figure
    assert not fields[0].has_data()
    assert fields[1].has_data()
    assert len(calls) < 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": [[0.0, 1.0]] * 3}, "^a curve is that of one input, and X has rows of 2"),
        ({"model": lambda x: [x[0], 1.0]}, "^a curve is that of one output, and the model gives 2"),
        ({"model": {"both": lambda x: [x[0], 1.0]}}, "^a curve is that of one output, and the model both gives 2"),
        ({"model": {}}, "^there is no model to draw"),
        ({"model": None}, "^the model is a Module or a function of an example, not None"),
        ({"model": {"none": None}}, "^the model is a Module or a function of an example, not None"),
        ({"model": lambda x: 1 / (x[0] - 2.3)}, r"division by zero|^the model gives nan or inf at 2\.3, which cannot be drawn"),
        ({"model": lambda x: math.nan}, r"^the model gives nan or inf at -0\.3, which cannot be drawn"),
        ({"y": [1.0]}, "^there are 3 examples and 1 targets"),
        ({"y": [1.0, math.nan, 1.0]}, r"^y\[1\] holds nan"),
        ({"y": ["a", "b", "c"]}, "not str 'a'"),
        ({"X": [[0.0], [1.0], ["2"]]}, "not str '2'"),
        ({"points": 1}, "^points is how many there are in a row, 2 or more, not 1"),
        ({"axes": 3}, "^axes is one field of a figure, as .* gives it, not 3"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_curve_is_told(options, message) -> None:  # type: ignore[no-untyped-def]
    given = {"model": MLP(1, [1], init="zeros"), "X": LINE_X, "y": LINE_Y, "points": 3}
    with pytest.raises((TypeError, ValueError, ZeroDivisionError), match=message):
        plot.fitted_curve(**(given | options))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot.images([[0.0] * 6]), r"^6 numbers are no image of 2 × 2: give its shape=\(rows, columns\)"),
        (lambda: plot.images([[0.0] * 6], shape=(4, 2)), "^6 numbers are no image of 4 × 2"),
        (lambda: plot.images([[0.0] * 6], shape=6), r"^shape is \(rows, columns\), not 6"),
        (lambda: plot.images([[0.0] * 6], shape=(2.0, 3)), r"^height is a whole number, 1 or more, not 2\.0"),
        (lambda: plot.images([[0.0] * 4, [0.0] * 9]), "^rows of equal size are needed, .* have 4, 9 numbers"),
        (lambda: plot.images([0.0] * 4), "^rows of equal size are needed, .* have 1 numbers"),
        (lambda: plot.images([]), "^rows of equal size are needed, .* have no numbers"),
        (lambda: plot.images([[0.0] * 4], ["a", "b"]), "^there are 1 images and 2 titles: as many are needed, or none"),
        (lambda: plot.images([[0.0] * 4], columns=0), "^columns is a whole number, 1 or more, not 0"),
        (lambda: plot.images([[0.0, 0.0, 0.0, math.inf]]), "^the rows hold inf, which cannot be drawn"),
        (lambda: plot.images([[0.0, 0.0, 0.0, math.nan]]), "nan"),
        (lambda: plot.images([[0.0, 0.0, 0.0, "a"]]), "not str 'a'"),
        (lambda: plot.images({0: [0.0] * 4}), r"^rows is a list or an array, not dict"),
        (lambda: plot.weights(say), "^weights takes an MLP or a Layer, such as the first of a model of yours, not <func"),
        (lambda: plot.weights(MLP(5, [3])), "^5 numbers are no image of 2 × 2"),
        (lambda: plot.confusion(None, PLACES, KINDS), "^the model is a Module or a function of an example, not None"),
        (lambda: plot.confusion(say, PLACES, KINDS[1:]), "^there are 5 examples and 4 targets"),
        (lambda: plot.confusion(say, PLACES, [0, 1, 2, 3, 0]), r"^the model tells 3 classes apart, and y has \[0, 1, 2, 3\]"),
        (lambda: plot.confusion(say, PLACES, [0.5, 1, 2, 1, 0]), r"^y\[0\] is 0\.5, and classes are whole numbers"),
        (lambda: plot.confusion(say, PLACES, KINDS, "a"), "^threshold = 'a' should be a number"),
        (lambda: plot.mistakes(say, PLACES, KINDS, most=0), "^most is a whole number, 1 or more, not 0"),
        (lambda: plot.mistakes(say, PLACES, KINDS), "^2 numbers are no image of 1 × 1"),
    ],
    ids=range(22),
)  # fmt: skip
def test_what_is_no_image_is_told(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_without_numpy_the_pictures_of_a_model_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    for call in (
        lambda: plot.confusion(say, PLACES, KINDS),
        lambda: plot.mistakes(say, PLACES, KINDS, shape=(1, 2)),
        lambda: plot.decision_boundary(say, PLACES, KINDS),
        lambda: plot.fitted_curve(MLP(1, [1]), LINE_X, LINE_Y),
    ):
        with pytest.raises(
            ImportError, match=r"^pictures of a model need NumPy, and matplotlib: pip install -e .*\[plot\]"
        ):
            call()


def test_without_matplotlib_the_pictures_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for call in (
        lambda: plot.images([[0.0] * 4]),
        lambda: plot.weights(MLP(4, [1])),
        lambda: plot.confusion(say, PLACES, KINDS),
        lambda: plot.mistakes(say, PLACES, KINDS, shape=(1, 2)),
        lambda: plot.curves({}),
        lambda: plot.fitted_curve(MLP(1, [1]), LINE_X, LINE_Y),
    ):
        with pytest.raises(ImportError, match=r"^nn\.plot needs matplotlib: pip install -e .*\[plot\]"):
            call()
