"""Pictures of training, drawn by matplotlib (extra `notebooks`): each function returns a figure, which notebooks show.

`decision_boundary` shows what a model of two inputs says about the plane, `curves` how training went, and `descent`
the path of an optimiser over a loss of two parameters. A figure is matplotlib's own: `figure.savefig("moons.png")`.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nn.losses import largest, number_of
from nn.rows import as_rows
from nn.settings import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["curves", "decision_boundary", "descent"]

History = Collection[Any]  # the nn.History that fit returns: its module imports this one

_COLOURS = ("#a86400", "#1f5fa8", "#3a7a1e", "#8a3d8f", "#555555")  # differ in lightness as well
_MARKERS = "os^Dv"


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
    columns, rows = ([low + (high - low) * step / (points - 1) for step in range(points)] for low, high in (x1, x2))
    return columns, rows, [[function(a, b) for a in columns] for b in rows]


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
    X: Sequence[Sequence[float]],  # noqa: N803
    y: Sequence[int],
    points: int = 60,
    threshold: float = 0.0,
) -> Figure:
    """The plane coloured by what the model says there, and the data.

    Of several outputs the largest counts. A single one says the second class above `threshold`: 0 for scores and
    logits, 0.5 for probabilities.
    """
    X, y = as_rows("X", X), as_rows("y", y)  # noqa: N806
    kinds = [int(number_of(plain(kind))) for kind in y]
    seen = sorted({*kinds})
    if points < 2:
        raise ValueError(f"points is how many there are in a row, 2 or more, not {points!r}")
    figure, (axes,) = _axes()
    x1, x2 = ((min(x[axis] for x in X) - 0.3, max(x[axis] for x in X) + 0.3) for axis in (0, 1))
    columns, rows, outputs = _on_grid(lambda a, b: model([a, b]), x1, x2, points)
    if not hasattr(outputs[0][0], "__len__"):
        heights = [[number_of(output) for output in row] for row in outputs]
        levels = [min(threshold, *map(min, heights)) - 1, threshold, max(threshold, *map(max, heights)) + 1]
        classes = seen if len(seen) > 1 else [0, *seen] if seen[0] > 0 else [*seen, 1]
    else:
        heights = [[float(largest(output)) for output in row] for row in outputs]
        classes = list(range(len(outputs[0][0])))
        levels = [index - 0.5 for index in range(len(classes) + 1)]
    if not {*seen} <= {*classes} or len(levels) != len(classes) + 1:
        raise ValueError(f"the model tells {len(levels) - 1} classes apart, and y has {seen}")
    axes.contourf(columns, rows, heights, levels=levels, colors=_COLOURS, alpha=0.25)
    for kind in seen:
        chosen = [x for x, target in zip(X, kinds, strict=True) if target == kind]
        index = classes.index(kind) % len(_COLOURS)
        xs, ys = zip(*chosen, strict=True)
        axes.scatter(xs, ys, s=18, color=_COLOURS[index], marker=_MARKERS[index], label=str(kind))
    axes.legend(title="class")
    axes.set(xlabel="x₁", ylabel="x₂")
    return figure


def descent(
    loss: Callable[[Any, Any], Any],
    paths: Mapping[str, Sequence[tuple[float, float]]],
    x1: tuple[float, float],
    x2: tuple[float, float],
    points: int = 80,
) -> Figure:
    """The level lines of a loss of two parameters between x1[0] and x1[1], x2[0] and x2[1], and paths over it."""
    figure, (axes,) = _axes()
    columns, rows, heights = _on_grid(lambda a, b: number_of(loss(a, b)), x1, x2, points)
    low, high = min(map(min, heights)), max(map(max, heights))
    levels = [low + (high - low) * (step / 20) ** 2 for step in range(1, 20)]  # denser where the valley is flat
    if low < high:
        axes.contour(columns, rows, heights, levels=levels, linewidths=0.5, colors="#999999")
    looks = itertools.cycle(zip(_COLOURS, _MARKERS, strict=True))
    for (name, path), (colour, marker) in zip(paths.items(), looks, strict=False):
        axes.plot(*zip(*path, strict=True), color=colour, marker=marker, markersize=3, linewidth=1, label=name)
    axes.legend()
    axes.set(xlabel="w₁", ylabel="w₂")
    return figure
