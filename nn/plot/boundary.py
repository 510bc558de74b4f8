"""What a model of one or two inputs says about the line or the plane."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nn.plot.figures import COLOURS, check_axes, classified, look_of, new_fields, row_of_points, side, steps
from nn.points import Answers, answers
from nn.settings import between, flag

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


def decision_boundary(
    model: Callable[[Any], Any],
    X: Sequence[Any],  # noqa: N803
    y: Sequence[int],
    points: int = 100,
    threshold: float = 0.0,
    *,
    probabilities: bool = False,
    axes: Axes | None = None,
) -> Figure:
    """The plane coloured by what the model says there, and the data; for a model of one input, its outputs as curves.

    Of several outputs the largest counts. A single one says the second class above `threshold`: 0 for scores and
    logits, 0.5 for probabilities.

    Args:
        probabilities: colours are the paler the less sure the model is, lines and curves say how sure: logits become
            probabilities by the sigmoid or the softmax, and a single output with a threshold is one already
        axes: where to draw; by default in a figure of its own

    A model that computes the same for all points is compiled for them.
    """
    row_of_points(points)
    between("threshold", threshold, -math.inf)
    flag("probabilities", probabilities)
    check_axes(axes)
    data, kinds = classified(model, X, y)
    seen = sorted({*kinds})
    widths = sorted({*map(len, data)})
    if widths not in ([1], [2]):
        raise ValueError(f"what is drawn has one or two inputs, and X has rows of {', '.join(map(str, widths))}")
    sides = [side(column) for column in zip(*data, strict=True)]
    lines = [steps(*ends, points if len(sides) == 2 else 10 * points) for ends in sides]

    def told(places: Sequence[Sequence[float]]) -> Answers:
        return answers(model, places, seen, threshold, probabilities)

    everywhere = told([place[::-1] for place in itertools.product(*reversed(lines))])
    figure: Any = None if axes is None else axes.figure
    if axes is None:
        figure, (axes,) = new_fields()
    if len(lines) == 2:
        _draw_plane(axes, everywhere, *lines)
        axes.set(xlabel="x₁", ylabel="x₂")
    else:
        _draw_line(axes, everywhere, lines[0], threshold)
        axes.set(xlabel="x", ylabel="output" if everywhere.shares is None else "probability")
        data = [[x, height] for (x,), height in zip(data, told(data).heights(kinds), strict=True)]
    _draw_data(axes, data, kinds, everywhere.classes)
    return figure  # type: ignore[no-any-return]


def _draw_plane(axes: Axes, told: Answers, columns: list[float], rows: list[float]) -> None:
    """The regions of the classes; with probabilities, colours that fade towards the borders, and lines."""
    margins = [margin.reshape(len(rows), len(columns)) for margin in told.margins]
    if told.shares is not None:
        _draw_shades(axes, told.shares.reshape(-1, len(rows), len(columns)), columns, rows)
    elif len(margins) == 2:  # one border
        height = margins[1]
        levels = [min(0.0, height.min()) - 1, 0.0, max(0.0, height.max()) + 1]
        axes.contourf(columns, rows, height, levels=levels, colors=COLOURS[:2], alpha=0.25)
    else:  # a region for each class: heights between those of two classes would run through the classes between
        for index, margin in enumerate(margins):
            colour, _, hatch = look_of(index)
            if margin.max() > 0:
                look: dict[str, Any] = {"colors": [colour], "hatches": [hatch], "alpha": 0.25}
                axes.contourf(columns, rows, margin, levels=[0, margin.max() + 1], **look)


def _draw_shades(axes: Axes, shares: Any, columns: list[float], rows: list[float]) -> None:
    """Each point in the colour of its class, the paler the less sure it is."""
    import numpy as np
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(look_of(index)[0]) for index in range(len(shares))])
    even = 1 / max(2, len(shares))
    sure = ((shares.max(axis=0) - even) / (1 - even))[..., None]
    image = 1 - 0.6 * sure * (1 - colours[shares.argmax(axis=0)])
    (left, right), (bottom, top) = ((line[0], line[-1]) for line in (columns, rows))
    axes.imshow(image, extent=(left, right, bottom, top), origin="lower", aspect="auto", interpolation="bilinear")
    heights = shares[-1] if len(shares) == 2 else shares.max(axis=0)
    levels = [level for level in _LEVELS if heights.min() < level < heights.max()]
    if levels:
        lines = axes.contour(columns, rows, heights, levels=levels, colors="#444444", linewidths=0.6)
        axes.clabel(lines, fmt="%g", fontsize=7)


def _draw_line(axes: Axes, told: Answers, xs: list[float], threshold: float) -> None:
    """The curves of the outputs over a line that is coloured by the classes."""
    single = len(told.outputs) < len(told.classes)
    for index, margin in enumerate(told.margins):
        colour, _, hatch = look_of(index)
        where = axes.get_xaxis_transform()
        axes.fill_between(
            xs, 0, 1, where=margin >= 0, transform=where, color=colour, hatch=hatch, alpha=0.25, linewidth=0
        )
    for index, curve in enumerate(told.curves):
        axes.plot(xs, curve, color="#222222" if single else look_of(index)[0])
    if single:
        border = threshold or (0.0 if told.shares is None else 0.5)
        axes.axhline(border, color="#666666", linewidth=0.8, linestyle="--")
    axes.set_xlim(xs[0], xs[-1])


def _draw_data(axes: Axes, positions: Sequence[Sequence[float]], kinds: Sequence[int], classes: Sequence[int]) -> None:
    """The examples in the looks of their classes, and the legend, which has the classes without an example, too."""
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for index, kind in enumerate(classes):
        colour, marker, hatch = look_of(index)
        chosen = [position for position, target in zip(positions, kinds, strict=True) if target == kind]
        if chosen:
            look: dict[str, Any] = {
                "color": colour,
                "marker": marker,
                "edgecolors": "white",
                "linewidths": 0.4,
                "s": 26,
            }
            handles.append(axes.scatter(*zip(*chosen, strict=True), label=str(kind), zorder=3, **look))
        else:
            handles.append(Patch(facecolor=colour, hatch=hatch, alpha=0.25, label=str(kind)))
    beside: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if len(classes) > 4 else {}
    axes.legend(handles=handles, title="class", **beside)
