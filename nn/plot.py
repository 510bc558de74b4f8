"""Pictures of training, drawn by matplotlib (extra `notebooks`): each function returns a figure, which notebooks show.

`decision_boundary` shows what a model of one or two inputs says about the line or the plane, `curves` how training
went, and `descent` the path of an optimiser over a loss of two parameters. A figure is matplotlib's own:
`figure.savefig("moons.png")`.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nn.losses import number_of
from nn.points import Answers, answers
from nn.rows import examples, located
from nn.settings import between, check_model, flag, plain, whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["curves", "decision_boundary", "descent"]

History = Collection[Any]  # the nn.History that fit returns: its module imports this one

# They differ in lightness as well; beyond eight classes the colours come back, with other markers and with hatches.
_COLOURS = ("#a86400", "#1f5fa8", "#3a7a1e", "#8a3d8f", "#555555", "#d6336c", "#0aa5b5", "#a89000")
_MARKERS = "os^DvPX<"
_HATCHES = ("", "//", "..", "xx", "++", "oo", "--", "||")
_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


def _axes(count: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with so many fields side by side."""
    try:
        import matplotlib.figure
    except ImportError:
        raise ImportError('nn.plot needs matplotlib: pip install "chalkgrad[notebooks]"') from None

    class Figure(matplotlib.figure.Figure):
        """A figure that a notebook shows, also where pyplot was never imported."""

        def _repr_png_(self) -> bytes:
            content = io.BytesIO()
            self.savefig(content, format="png", dpi=100)
            return content.getvalue()

    figure = Figure(figsize=(5.5 if count == 1 else 4.5 * count, 4), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def _on_grid(
    function: Callable[[float, float], Any], x1: Sequence[float], x2: Sequence[float], points: int
) -> tuple[list[float], list[float], list[list[Any]]]:
    """The columns and rows of a grid between x1[0] and x1[1], x2[0] and x2[1], and a function's results, row by row."""
    columns, rows = (_steps(low, high, points) for low, high in (x1, x2))
    return columns, rows, [[function(a, b) for a in columns] for b in rows]


def _steps(low: float, high: float, points: int) -> list[float]:
    """So many numbers from low to high."""
    return [low + (high - low) * step / (points - 1) for step in range(points)]


def curves(histories: History | Mapping[str, History]) -> Figure:
    """The loss by epoch, and the accuracy where targets are classes: of one history, or of several by their names."""
    named: Mapping[str, Any] = histories if isinstance(histories, Mapping) else {"": histories}
    if not all(hasattr(history, "losses") for history in named.values()):
        raise TypeError('curves takes a History, or several by their names: {"SGD": one, "Adam": other}')
    has_accuracy = any(epoch.accuracy is not None for history in named.values() for epoch in history)
    figure, fields = _axes(1 + has_accuracy)
    for name, history in named.items():
        epochs = [epoch.number for epoch in history]
        marker = "o" if len(history) == 1 else None  # a line of one point cannot be seen
        fields[0].plot(epochs, [epoch.loss for epoch in history], label=name, marker=marker)
        if has_accuracy:
            accuracies = [math.nan if epoch.accuracy is None else epoch.accuracy for epoch in history]
            fields[1].plot(epochs, accuracies, label=name, marker=marker)
    if all(epoch.loss > 0 for history in named.values() for epoch in history):
        fields[0].set_yscale("log")
    for axes, what in zip(fields, ("loss", "accuracy"), strict=False):
        axes.set(xlabel="epoch", ylabel=what)
    if named is histories:
        fields[0].legend()
    return figure


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

    probabilities   colours are the paler the less sure the model is, lines and curves say how sure: logits become
                    probabilities by the sigmoid or the softmax, and a single output with a threshold is one already
    axes            where to draw; by default in a figure of its own

    A model that computes the same for all points is compiled for them.
    """
    if whole_number("points", points) < 2:
        raise ValueError(f"points is how many there are in a row, 2 or more, not {points!r}")
    between("threshold", threshold, -math.inf)
    flag("probabilities", probabilities)
    check_model(model)
    if not (axes is None or hasattr(axes, "contourf")):
        raise TypeError(f"axes is one field of a figure, as figure.subplots() gives it, not {axes!r}")
    X, y = examples(X, y)  # noqa: N806
    with located(X=X, y=y):
        kinds = [_class(index, number_of(plain(kind))) for index, kind in enumerate(y)]
        data = [[number_of(plain(number)) for number in (x if hasattr(x, "__len__") else [x])] for x in X]
    seen = sorted({*kinds})
    widths = sorted({*map(len, data)})
    if widths not in ([1], [2]):
        raise ValueError(f"what is drawn has one or two inputs, and X has rows of {', '.join(map(str, widths))}")
    sides = [(min(column) - 0.3, max(column) + 0.3) for column in zip(*data, strict=True)]
    lines = [_steps(*side, points if len(sides) == 2 else 10 * points) for side in sides]

    def told(places: Sequence[Sequence[float]]) -> Answers:
        return answers(model, places, seen, threshold, probabilities)

    everywhere = told([place[::-1] for place in itertools.product(*reversed(lines))])
    figure: Any = None if axes is None else axes.figure
    if axes is None:
        figure, (axes,) = _axes()
    if len(lines) == 2:
        _draw_plane(axes, everywhere, *lines)
        axes.set(xlabel="x₁", ylabel="x₂")
    else:
        _draw_line(axes, everywhere, lines[0], threshold)
        axes.set(xlabel="x", ylabel="output" if everywhere.shares is None else "probability")
        data = [[x, height] for (x,), height in zip(data, told(data).heights(kinds), strict=True)]
    _draw_data(axes, data, kinds, everywhere.classes)
    return figure  # type: ignore[no-any-return]


def _class(index: int, target: float) -> int:
    if not target.is_integer():
        raise ValueError(f"y[{index}] is {target!r}, and classes are whole numbers")
    return int(target)


def _look(index: int) -> tuple[str, str, str]:
    """The colour, the marker and the hatch of a class: for the first 64 no two are the same."""
    turn, place = divmod(index, len(_COLOURS))
    return _COLOURS[place], _MARKERS[(place + turn) % len(_MARKERS)], _HATCHES[turn % len(_HATCHES)]


def _draw_plane(axes: Axes, told: Answers, columns: list[float], rows: list[float]) -> None:
    """The regions of the classes; with probabilities, colours that fade towards the borders, and lines."""
    margins = [margin.reshape(len(rows), len(columns)) for margin in told.margins]
    if told.shares is not None:
        _draw_shades(axes, told.shares.reshape(-1, len(rows), len(columns)), columns, rows)
    elif len(margins) == 2:  # one border
        height = margins[1]
        levels = [min(0.0, height.min()) - 1, 0.0, max(0.0, height.max()) + 1]
        axes.contourf(columns, rows, height, levels=levels, colors=_COLOURS[:2], alpha=0.25)
    else:  # a region for each class: heights between those of two classes would run through the classes between
        for index, margin in enumerate(margins):
            colour, _, hatch = _look(index)
            if margin.max() > 0:
                look: dict[str, Any] = {"colors": [colour], "hatches": [hatch], "alpha": 0.25}
                axes.contourf(columns, rows, margin, levels=[0, margin.max() + 1], **look)


def _draw_shades(axes: Axes, shares: Any, columns: list[float], rows: list[float]) -> None:
    """Each point in the colour of its class, the paler the less sure it is."""
    import numpy as np
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(_look(index)[0]) for index in range(len(shares))])
    even = 1 / max(2, len(shares))
    sure = ((shares.max(axis=0) - even) / (1 - even))[..., None]
    image = 1 - 0.6 * sure * (1 - colours[shares.argmax(axis=0)])
    (left, right), (bottom, top) = ((side[0], side[-1]) for side in (columns, rows))
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
        colour, _, hatch = _look(index)
        where = axes.get_xaxis_transform()
        axes.fill_between(
            xs, 0, 1, where=margin >= 0, transform=where, color=colour, hatch=hatch, alpha=0.25, linewidth=0
        )
    for index, curve in enumerate(told.curves):
        axes.plot(xs, curve, color="#222222" if single else _look(index)[0])
    if single:
        border = threshold or (0.0 if told.shares is None else 0.5)
        axes.axhline(border, color="#666666", linewidth=0.8, linestyle="--")
    axes.set_xlim(xs[0], xs[-1])


def _draw_data(axes: Axes, positions: Sequence[Sequence[float]], kinds: Sequence[int], classes: Sequence[int]) -> None:
    """The examples in the looks of their classes, and the legend, which has the classes without an example, too."""
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for index, kind in enumerate(classes):
        colour, marker, hatch = _look(index)
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


def descent(
    loss: Callable[[Any, Any], Any],
    paths: Mapping[str, Sequence[tuple[float, float]]],
    x1: tuple[float, float],
    x2: tuple[float, float],
    points: int = 80,
) -> Figure:
    """The level lines of a loss of two parameters between x1[0] and x1[1], x2[0] and x2[1], and paths over it."""
    if not isinstance(paths, Mapping):
        raise TypeError('descent takes paths by their names: {"SGD": trajectory(...)}')
    figure, (axes,) = _axes()
    columns, rows, heights = _on_grid(lambda a, b: number_of(loss(a, b)), x1, x2, points)
    low, high = min(map(min, heights)), max(map(max, heights))
    levels = [low + (high - low) * (step / 20) ** 2 for step in range(1, 20)]  # denser where the valley is flat
    if low < high:
        axes.contour(columns, rows, heights, levels=levels, linewidths=0.5, colors="#999999")
    for index, (name, path) in enumerate(paths.items()):
        colour, marker, _ = _look(index)
        axes.plot(*zip(*path, strict=True), color=colour, marker=marker, markersize=3, linewidth=1, label=name)
    if paths:
        axes.legend()
    axes.set(xlabel="w₁", ylabel="w₂")
    return figure
