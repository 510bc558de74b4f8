"""What the pictures have in common: figures that notebooks show, looks of classes, and data with their classes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from autograd import to_install
from nn.losses import number_of
from nn.rows import examples, located
from nn.settings import check_model, plain, whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# They differ in lightness as well; beyond eight classes the colours come back, with other markers and with hatches.
COLOURS = ("#a86400", "#1f5fa8", "#3a7a1e", "#8a3d8f", "#555555", "#d6336c", "#0aa5b5", "#a89000")
MARKERS = "os^DvPX<"
HATCHES = ("", "//", "..", "xx", "++", "oo", "--", "||")
NEGATIVE, POSITIVE = "#c2410c", "#123f7a"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    try:
        import matplotlib.figure
    except ImportError:
        raise ImportError(f"nn.plot needs matplotlib: {to_install('plot')}") from None

    class Figure(matplotlib.figure.Figure):
        """A figure that a notebook shows, also where pyplot was never imported."""

        def _repr_png_(self) -> bytes:
            content = io.BytesIO()
            self.savefig(content, format="png", dpi=100)
            return content.getvalue()

    return Figure(figsize=(width, height), layout="constrained")


def new_fields(count: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with so many fields side by side."""
    figure = new_figure(5.5 if count == 1 else 4.5 * count, 4)
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def steps(low: float, high: float, points: int) -> list[float]:
    """So many numbers from low to high."""
    return [low + (high - low) * step / (points - 1) for step in range(points)]


def look_of(index: int) -> tuple[str, str, str]:
    """The colour, the marker and the hatch of a class: for the first 64 no two are the same."""
    turn, place = divmod(index, len(COLOURS))
    return COLOURS[place], MARKERS[(place + turn) % len(MARKERS)], HATCHES[turn % len(HATCHES)]


def palette(signed: bool) -> Any:
    """From red over white to blue, or from white to black."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("", [NEGATIVE, "white", POSITIVE] if signed else ["white", "black"])


def numbered(model: Any, X: Any, y: Any) -> tuple[list[list[float]], list[float]]:  # noqa: N803
    """The examples and their targets as numbers, if the model can be asked about them."""
    check_model(model)
    X, y = examples(X, y)  # noqa: N806
    with located(X=X, y=y):
        targets = [number_of(plain(target)) for target in y]
        return [[number_of(plain(number)) for number in (x if hasattr(x, "__len__") else [x])] for x in X], targets


def classified(model: Any, X: Any, y: Any) -> tuple[list[list[float]], list[int]]:  # noqa: N803
    """The examples as numbers, and their classes, if the model can be asked about them."""
    data, targets = numbered(model, X, y)
    return data, [_class(index, target) for index, target in enumerate(targets)]


def check_axes(axes: Any) -> None:
    """Raise TypeError for what is no field of a figure to draw in."""
    if not (axes is None or hasattr(axes, "contourf")):
        raise TypeError(f"axes is one field of a figure, as figure.subplots() gives it, not {axes!r}")


def row_of_points(points: Any) -> int:
    """How many points there are in a row, if these are enough for a line."""
    if whole_number("points", points) < 2:
        raise ValueError(f"points is how many there are in a row, 2 or more, not {points!r}")
    return int(points)


def side(column: Any) -> tuple[float, float]:
    """From where to where numbers are drawn."""
    return min(column) - 0.3, max(column) + 0.3


def _class(index: int, target: float) -> int:
    if not target.is_integer():
        raise ValueError(f"y[{index}] is {target!r}, and classes are whole numbers")
    return int(target)
