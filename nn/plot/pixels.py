"""Rows of numbers as images: the data, the weights of neurons, and which examples a model takes for what."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nn.losses import number_of
from nn.plot.figures import classified, new_figure, palette
from nn.points import Answers, answers
from nn.rows import as_rows, entries, located
from nn.settings import between, plain, whole_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def images(
    rows: Sequence[Any], titles: Sequence[Any] = (), *, shape: tuple[int, int] | None = None, columns: int = 10
) -> Figure:
    """Rows of numbers as small images on one scale: 0 is white; where a number is below 0, blue is above and red below.

    Args:
        titles: what stands over the images, as `y` over those of `X`
        shape: the rows and the columns of an image; by default it is a square
        columns: how many images stand side by side

    >>> figure = images([[0.0, 1.0, 1.0, 0.0], [0.5, 0.5, 0.0, 0.0]], ["slope", "bar"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['slope', 'bar']
    """
    rows = as_rows("rows", rows)
    with located(rows=rows):
        found = [[number_of(plain(number)) for number in entries("rows", row)] for row in rows]
    titles = [*map(str, titles)]
    if len(titles) not in (0, len(found)):
        raise ValueError(f"there are {len(found)} images and {len(titles)} titles: as many are needed, or none")
    return _images(found, titles, shape, columns)


def _images(
    rows: list[list[float]], titles: list[str], shape: Any, columns: int, signed: bool = False, heading: str = ""
) -> Figure:
    """The rows as images in one field, all on one scale, which goes to both sides of 0 where a number is below."""
    height, width = _shape(rows, shape)
    largest = max(abs(number) for row in rows for number in row)
    if not math.isfinite(largest):
        raise ValueError("the rows hold inf, which cannot be drawn")
    signed = signed or any(number < 0 for row in rows for number in row)
    columns = min(whole_number("columns", columns), len(rows))
    beside = 0.9 * signed  # for the scale, in inches
    side = min(2.0, (8.4 - beside) / columns)  # of an image with its margin
    title = (0.06 + 0.15 * max(1 + title.count("\n") for title in titles)) / side if titles else 0.0
    step = 1.1 * width, 1.1 * height + title * 1.1 * width
    lines = math.ceil(len(rows) / columns)
    figure = new_figure(side * columns + beside, side * lines * step[1] / step[0] + 0.35 * bool(heading))
    axes = figure.subplots()
    from matplotlib.patches import Rectangle  # behind new_figure, which says what to do where matplotlib is missing

    scale: dict[str, Any] = {"cmap": palette(signed), "vmin": -largest if signed else 0.0, "vmax": largest or 1.0}
    for index, row in enumerate(rows):
        left, top = index % columns * step[0], index // columns * step[1]
        where = left, left + width, top + height, top
        image = axes.imshow([row[start : start + width] for start in range(0, len(row), width)], extent=where, **scale)
        axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor="#bbbbbb", linewidth=0.5))
        if titles:
            axes.text(left + width / 2, top - 0.03 * width, titles[index], fontsize=9, ha="center", va="bottom")
    axes.set(xlim=(-0.05 * width, columns * step[0]), ylim=(lines * step[1] - title * step[0], -title * step[0]))
    axes.set_title(heading)
    axes.set_axis_off()
    if signed:
        figure.colorbar(image, ax=axes, shrink=0.8)
    return figure


def _shape(rows: list[list[float]], shape: Any) -> tuple[int, int]:
    """The height and the width of all images."""
    sizes = sorted({*map(len, rows)})
    if len(sizes) != 1 or sizes[0] < 2:
        what = ", ".join(map(str, sizes)) or "no"
        raise ValueError(f"rows of equal size are needed, an image each, and these have {what} numbers")
    side = math.isqrt(sizes[0])
    if not (shape is None or (isinstance(shape, tuple | list) and len(shape) == 2)):
        raise TypeError(f"shape is (rows, columns), not {shape!r}")
    height, width = shape or (side, side)
    if whole_number("height", height) * whole_number("width", width) != sizes[0]:
        raise ValueError(f"{sizes[0]} numbers are no image of {height} × {width}: give its shape=(rows, columns)")
    return height, width


def weights(model: Any, *, shape: tuple[int, int] | None = None, columns: int = 8) -> Figure:
    """What the neurons of the first layer look for: the weights of each as an image, on one scale.

    Where a weight is blue, ink speaks for the neuron, where it is red, against it.

    >>> from nn import MLP
    >>> figure = weights(MLP(4, [3, 1]))
    >>> len(figure.axes[0].images)
    3
    """
    layer: Any = model if hasattr(model, "neurons") else next(iter(getattr(model, "layers", [])), None)
    if not hasattr(layer, "neurons"):
        raise TypeError(f"weights takes an MLP or a Layer, such as the first of a model of yours, not {model!r}")
    rows = [[number_of(weight) for weight in neuron.w] for neuron in layer.neurons]
    return _images(rows, [str(index) for index, _ in enumerate(rows, 1)], shape, columns, signed=True)


def confusion(
    model: Callable[[Any], Any],
    X: Sequence[Any],  # noqa: N803
    y: Sequence[int],
    threshold: float = 0.0,
) -> Figure:
    """How often a model takes which class for which: a row for each class, a column for each answer.

    Right answers are blue, wrong ones red, and the more there are the darker. `threshold` is that of
    `decision_boundary`.

    >>> figure = confusion(lambda x: x[0] - 2, [[0.0], [1.0], [3.0], [4.0]], [0, 1, 1, 1])
    >>> figure.axes[0].get_title()
    '3 of 4 right'
    """
    told, _, kinds, said = _said(model, X, y, threshold)
    import numpy as np  # behind the answers, which say what to do where it is missing

    size = len(told.classes)
    counts = np.zeros((size, size), int)
    np.add.at(counts, (kinds, said), 1)
    right = np.eye(size, dtype=bool)
    darkest = np.where(right, max(1, counts[right].max()), -max(1, counts[~right].max(initial=0)))
    figure = new_figure(*[1.4 + 0.4 * max(4, size)] * 2)
    axes = figure.subplots()
    shades = np.where(right, 0.3, 0.6) * counts / darkest  # pale, so that the numbers can be read
    axes.imshow(shades, cmap=palette(signed=True), vmin=-1, vmax=1)
    for row, column in np.argwhere(counts):
        axes.text(column, row, str(counts[row, column]), ha="center", va="center")
    axes.set_xticks(range(size), map(str, told.classes))
    axes.set_yticks(range(size), map(str, told.classes))
    axes.set(xlabel="the model says", ylabel="it is", title=f"{counts[right].sum()} of {len(kinds)} right")
    return figure


def mistakes(
    model: Callable[[Any], Any],
    X: Sequence[Any],  # noqa: N803
    y: Sequence[int],
    threshold: float = 0.0,
    *,
    most: int = 18,
    shape: tuple[int, int] | None = None,
    columns: int = 6,
) -> Figure:
    """The examples that a model gets wrong as images, the surest answers first: what it says, how sure, and what it is.

    Logits become probabilities by the sigmoid or the softmax, as for `decision_boundary`, of which `threshold` is.

    >>> figure = mistakes(lambda x: [x[0], x[1]], [[0.0, 0.0, 1.0, 1.0], [0.0, 3.0, 1.0, 1.0]], [0, 0])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['says 1, 95.3 %\\nis 0']
    """
    told, data, kinds, said = _said(model, X, y, threshold, probabilities=True)
    sure = told.shares.max(axis=0)
    wrong = [index for index in range(len(data)) if kinds[index] != said[index]]
    wrong.sort(key=lambda index: -sure[index])
    shown = wrong[: whole_number("most", most)]
    titles = [
        f"says {told.classes[said[index]]}, {100 * sure[index]:.1f} %\nis {told.classes[kinds[index]]}"
        for index in shown
    ]
    heading = f"{len(wrong) or 'none'} of {len(data)} wrong" + f", the {most} surest" * (most < len(wrong))
    if shown:
        return _images([data[index] for index in shown], titles, shape, columns, heading=heading)
    figure = new_figure(4, 0.5)
    axes = figure.subplots()
    axes.set_title(heading)
    axes.set_axis_off()
    return figure


def _said(
    model: Any,
    X: Any,  # noqa: N803
    y: Any,
    threshold: float,
    probabilities: bool = False,
) -> tuple[Answers, list[list[float]], list[int], list[int]]:
    """What a model says, the examples, the places of their classes among those told apart, and of what is said."""
    between("threshold", threshold, -math.inf)
    data, kinds = classified(model, X, y)
    told = answers(model, data, sorted({*kinds}), threshold, probabilities)
    return told, data, [told.classes.index(kind) for kind in kinds], told.scores.argmax(axis=0).tolist()
