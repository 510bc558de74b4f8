"""Pictures of training, drawn by matplotlib (extra `notebooks`): each function returns a figure, which notebooks show.

`decision_boundary` shows what a model of two inputs says about the plane, `loss_curves` how training went, and
`descent` the path of an optimiser over a loss of two parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nn.training import History

__all__ = ["decision_boundary", "descent", "loss_curves"]

_COLOURS = ("#a86400", "#1f5fa8", "#3a7a1e", "#8a3d8f", "#555555")  # differ in lightness as well


def _axes() -> tuple[Figure, Axes]:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError('nn.plot needs matplotlib: pip install "chalkgrad[notebooks]"') from None
    figure = Figure(figsize=(5.5, 4), layout="constrained")
    return figure, figure.subplots()


def loss_curves(histories: History | Mapping[str, History]) -> Figure:
    """The loss by epoch, of one history or of several under their names."""
    curves = histories if isinstance(histories, Mapping) else {"": histories}
    figure, axes = _axes()
    for name, history in curves.items():
        axes.plot([epoch.number for epoch in history], history.losses, label=name)
    if all(loss > 0 for history in curves.values() for loss in history.losses):
        axes.set_yscale("log")
    axes.set(xlabel="epoch", ylabel="loss")
    if len(curves) > 1:
        axes.legend()
    return figure


def decision_boundary(
    model: Callable[[Any], Any],
    X: Sequence[Sequence[float]],  # noqa: N803
    y: Sequence[int],
    points: int = 60,
) -> Figure:
    """The plane coloured by what the model says there (one output: its sign; several: the largest), and the data."""
    figure, axes = _axes()
    low = [min(x[place] for x in X) - 0.3 for place in (0, 1)]
    high = [max(x[place] for x in X) + 0.3 for place in (0, 1)]
    columns, rows = (
        [low[place] + (high[place] - low[place]) * step / (points - 1) for step in range(points)] for place in (0, 1)
    )
    said = [[_class(model([x1, x2])) for x1 in columns] for x2 in rows]
    classes = sorted(set(y))
    axes.contourf(
        columns, rows, said, levels=[place - 0.5 for place in range(len(classes) + 1)], colors=_COLOURS, alpha=0.25
    )
    for kind, colour, marker in zip(classes, _COLOURS, "os^Dv", strict=False):
        chosen = [x for x, target in zip(X, y, strict=True) if target == kind]
        axes.scatter([x[0] for x in chosen], [x[1] for x in chosen], s=18, color=colour, marker=marker, label=str(kind))
    axes.legend(title="class")
    axes.set(xlabel="x₁", ylabel="x₂")
    return figure


def _class(output: Any) -> float:
    if isinstance(output, Value):
        return float(output > 0)
    data = [value.data for value in output]
    return float(data.index(max(data)))


def descent(
    loss: Callable[[Any, Any], Any],
    paths: Mapping[str, Sequence[tuple[float, float]]],
    x1: tuple[float, float],
    x2: tuple[float, float],
    points: int = 80,
) -> Figure:
    """The level lines of a loss of two parameters between x1[0] and x1[1], x2[0] and x2[1], and paths over it."""
    figure, axes = _axes()
    columns, rows = ([low + (high - low) * step / (points - 1) for step in range(points)] for low, high in (x1, x2))
    levels = [[_number(loss(a, b)) for a in columns] for b in rows]
    axes.contour(columns, rows, levels, levels=25, linewidths=0.5, cmap="Greys")
    for (name, path), colour, marker in zip(paths.items(), _COLOURS, "os^Dv", strict=False):
        axes.plot(*zip(*path, strict=True), color=colour, marker=marker, markersize=3, linewidth=1, label=name)
    axes.legend()
    axes.set(xlabel="w₁", ylabel="w₂")
    return figure


def _number(value: Any) -> float:
    return value.data if isinstance(value, Value) else float(value)
