"""How a training went: the curves of its epochs, and the path of its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nn.losses import number_of
from nn.plot.figures import look_of, new_fields, steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

History = Collection[Any]  # the nn.History that fit returns: its module imports this one


def curves(histories: History | Mapping[str, History]) -> Figure:
    """The loss by epoch, and the accuracy where targets are classes: of one history, or of several by their names."""
    named: Mapping[str, Any] = histories if isinstance(histories, Mapping) else {"": histories}
    if not all(hasattr(history, "losses") for history in named.values()):
        raise TypeError('curves takes a History, or several by their names: {"SGD": one, "Adam": other}')
    has_accuracy = any(epoch.accuracy is not None for history in named.values() for epoch in history)
    figure, fields = new_fields(1 + has_accuracy)
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
    figure, (axes,) = new_fields()
    columns, rows, heights = on_grid(lambda a, b: number_of(loss(a, b)), x1, x2, points)
    low, high = min(map(min, heights)), max(map(max, heights))
    levels = [low + (high - low) * (step / 20) ** 2 for step in range(1, 20)]  # denser where the valley is flat
    if low < high:
        axes.contour(columns, rows, heights, levels=levels, linewidths=0.5, colors="#999999")
    for index, (name, path) in enumerate(paths.items()):
        colour, marker, _ = look_of(index)
        axes.plot(*zip(*path, strict=True), color=colour, marker=marker, markersize=3, linewidth=1, label=name)
    if paths:
        axes.legend()
    axes.set(xlabel="w₁", ylabel="w₂")
    return figure


def on_grid(
    function: Callable[[float, float], Any], x1: Sequence[float], x2: Sequence[float], points: int
) -> tuple[list[float], list[float], list[list[Any]]]:
    """The columns and rows of a grid between x1[0] and x1[1], x2[0] and x2[1], and a function's results, row by row."""
    columns, rows = (steps(low, high, points) for low, high in (x1, x2))
    return columns, rows, [[function(a, b) for a in columns] for b in rows]
