"""The curve that a model of one input has learned, through the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nn.plot.figures import check_axes, look_of, new_fields, numbered, row_of_points, side, steps
from nn.points import Outputs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Model = Callable[[Any], Any]
_LINES = ("-", "--", "-.", ":")


def fitted_curve(
    model: Model | Mapping[str, Model],
    X: Sequence[Any],  # noqa: N803
    y: Sequence[float],
    points: int = 500,
    *,
    axes: Axes | None = None,
) -> Figure:
    """The curve of a model of one input and one output, and the data; or the curves of several models by their names.

    Args:
        points: how many there are on a curve
        axes: where to draw; by default in a figure of its own

    >>> figure = fitted_curve({"line": lambda x: 2 * x[0], "parabola": lambda x: x[0] ** 2}, [[0.0], [2.0]], [0.0, 4.0])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['line', 'parabola', 'data']

    A model that computes the same for all points is compiled for them.
    """
    row_of_points(points)
    check_axes(axes)
    models: Mapping[str, Model] = model if isinstance(model, Mapping) else {"": model}
    if not models:
        raise ValueError('there is no model to draw: give one, or several by their names, {"8 neurons": model}')
    for each in models.values():
        data, targets = numbered(each, X, y)
    widths = sorted({*map(len, data)})
    if widths != [1]:
        raise ValueError(f"a curve is that of one input, and X has rows of {', '.join(map(str, widths))}")
    inputs = [x for (x,) in data]
    places = steps(*side(inputs), points)
    curves = {name: _heights(each, name, places) for name, each in models.items()}
    figure: Any = None if axes is None else axes.figure
    if axes is None:
        figure, (axes,) = new_fields()
    axes.scatter(inputs, targets, s=14, color="#777777", label="data", zorder=1)
    for index, (name, heights) in enumerate(curves.items()):
        look: dict[str, Any] = {"color": look_of(index + 1)[0], "linestyle": _LINES[index % len(_LINES)]}
        axes.plot(places, heights, label=name or "model", zorder=2, **look)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend([*handles[1:], handles[0]], [*labels[1:], labels[0]])
    axes.set(xlabel="x", ylabel="y", xlim=(places[0], places[-1]))
    return figure  # type: ignore[no-any-return]


def _heights(model: Model, name: str, places: list[float]) -> Any:
    """The outputs of a model at places of the line."""
    outputs = Outputs(model, [[place] for place in places])()
    if len(outputs) != 1:
        who = f"the model {name}" if name else "the model"
        raise ValueError(f"a curve is that of one output, and {who} gives {len(outputs)}")
    return outputs[0]
