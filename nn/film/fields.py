"""What stands in a frame of the GIF: each field is drawn once, and then shows one snapshot after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nn.losses import Above
from nn.plot.figures import COLOURS, NEGATIVE, POSITIVE, look_of, palette, side, steps
from nn.plot.network import Network, width_of
from nn.points import Answers, answers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 90  # of the plane, in a row
SHADES = 4  # of a class: a picture of few colours is a small file
STEP = 0.5  # of the width of a line, in points: what hardly changes is then the same in the next frame
LETTERS = 14
_GREY = "#5a5a5a"


class Task:
    """What a model of one or two inputs learned: classes, or numbers."""

    def __init__(self, film: Any, data: list[list[float]], targets: list[float]) -> None:
        self.data, self.targets = data, targets
        self.threshold = film.right.threshold if isinstance(film.right, Above) else 0.0
        whole = all(target.is_integer() for target in targets)
        self.seen = sorted({*map(int, targets)}) if film.right is not None and whole else []
        self.sides = [side(column) for column in zip(*data, strict=True)]

    @property
    def places(self) -> list[list[float]]:
        """Where the model is asked: everywhere, row by row, and then at the data."""
        if len(self.sides) == 1:
            return [[x] for x in steps(*self.sides[0], 4 * POINTS)] + self.data
        columns, rows = (steps(*ends, POINTS) for ends in self.sides)
        return [[x1, x2] for x2 in rows for x1 in columns] + self.data

    def told(self, outputs: Any, single: bool) -> Answers:
        """What the outputs say of the classes."""
        return answers_of(outputs, single, self.seen, self.threshold, probabilities=True)


class Plane:
    """The plane, coloured by what the model says there, and the data."""

    def __init__(self, axes: Any, task: Task, names: Sequence[str]) -> None:
        import numpy as np

        self.task = task
        (left, right), (bottom, top) = task.sides
        blank = np.ones((POINTS, POINTS, 3))
        self.image = axes.imshow(blank, extent=(left, right, bottom, top), origin="lower", aspect="auto")
        self.palette = palette(signed=True)
        self.largest = max(map(abs, task.targets)) or 1.0
        look: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.7, "s": 44}
        data = []
        for index, kind in enumerate(task.seen):
            chosen = [x for x, target in zip(task.data, task.targets, strict=True) if target == kind]
            colour, marker, _ = look_of(index if task.seen[0] <= 0 or len(task.seen) == 2 else kind)
            data.append(axes.scatter(*zip(*chosen, strict=True), color=colour, marker=marker, **look))
        if not task.seen:
            scale = {"cmap": self.palette, "vmin": -self.largest, "vmax": self.largest}
            look["edgecolors"] = "#444444"
            data.append(axes.scatter(*zip(*task.data, strict=True), c=task.targets, **scale, **look))
        self.moving = [self.image, *data, *axes.spines.values()]
        label(axes, *names)

    def show(self, outputs: Any, single: bool) -> None:
        """Colour the plane, in few colours: the paler the less sure the model is."""
        import numpy as np
        from matplotlib.colors import to_rgb

        if not self.task.seen:
            heights = outputs[0, : POINTS * POINTS].reshape(POINTS, POINTS) / self.largest
            levels = np.round((heights.clip(-1, 1) + 1) * 2 * SHADES) / (4 * SHADES)
            self.image.set_data(self.palette(levels)[..., :3])
            return
        shares = self.task.told(outputs, single).shares[:, : POINTS * POINTS].reshape(-1, POINTS, POINTS)
        colours = np.array([to_rgb(look_of(index)[0]) for index in range(len(shares))])
        even = 1 / len(shares)
        sure = np.ceil(SHADES * (shares.max(axis=0) - even) / (1 - even)) / SHADES
        self.image.set_data(1 - 0.5 * sure[..., None] * (1 - colours[shares.argmax(axis=0)]))


class Line:
    """The curve of the model over the line, or a curve for each of its classes, and the data."""

    def __init__(self, axes: Axes, task: Task, names: Sequence[str]) -> None:
        self.task, self.axes = task, axes
        self.count = 4 * POINTS
        self.xs = [x for (x,) in task.places[: self.count]]
        self.curves: list[Any] = []
        self.kinds = [*map(int, task.targets)] if task.seen else []
        colours = [look_of(task.seen.index(kind))[0] for kind in self.kinds] or "#777777"
        inputs = [x for (x,) in task.data]
        self.points = axes.scatter(inputs, task.targets, c=colours, s=32)
        margin = 0.08 * (max(task.targets) - min(task.targets)) or 1.0
        low, high = (-0.08, 1.08) if task.seen else (min(task.targets) - margin, max(task.targets) + margin)
        axes.set(xlim=task.sides[0], ylim=(low, high))
        label(axes, names[0], "probability" if task.seen else "y")

    @property
    def moving(self) -> list[Any]:
        """What changes, or lies over it."""
        return [*self.curves, self.points]

    def show(self, outputs: Any, single: bool) -> None:
        """Move the curve, and examples of classes to the curves of theirs."""
        import numpy as np

        told = self.task.told(outputs, single) if self.task.seen else None
        curves = outputs[:1] if told is None else told.curves
        if not self.curves:
            for index in range(len(curves)):
                colour = "#111111" if len(curves) == 1 else look_of(index)[0]
                self.curves += self.axes.plot(self.xs, self.xs, color=colour, linewidth=3.5)
        for line, heights in zip(self.curves, curves, strict=True):
            line.set_ydata(heights[: self.count])
        if told is not None:
            at_data = told._replace(outputs=told.outputs[:, self.count :], shares=told.shares[:, self.count :])
            heights = at_data.heights(self.kinds)
            self.points.set_offsets(np.column_stack([[x for (x,) in self.task.data], heights]))


class Weights:
    """The textbook's picture of the network: the sign of a weight as colour and dash, its size as width."""

    def __init__(self, axes: Axes, picture: Network, parameters: Sequence[Any]) -> None:
        from matplotlib.collections import LineCollection

        place = {parameter: index for index, parameter in enumerate(parameters)}
        ends, self.order = [], []
        for source in picture.places:
            for to in picture.places:
                if to.column == source.column + 1 and to.number:
                    neuron = picture.layers[to.column - 1].neurons[to.number - 1]
                    parameter = neuron.w[source.number - 1] if source.number else neuron.b
                    ends.append([(source.x, source.y), (to.x, to.y)])
                    self.order.append(place[parameter])
        self.thin = 1.0 if len(ends) <= 150 else 0.5
        self.lines: Any = LineCollection(ends)
        axes.add_collection(self.lines)
        xs, ys = [spot.x for spot in picture.places], [spot.y for spot in picture.places]
        radius = min(
            15.0, 0.42 * 72 * axes.get_window_extent().height / axes.figure.dpi * picture.pitch / (max(ys) - min(ys))
        )
        margin = 0.7 * picture.pitch
        axes.set(xlim=(min(xs) - 0.9 * picture.step, max(xs) + margin), ylim=(max(ys) + margin, min(ys) - margin))
        axes.set_axis_off()
        self.moving = [self.lines, *_neurons(axes, picture, radius)]

    def show(self, parameters: Sequence[float]) -> None:
        """Give each line the width, the colour and the dash of its weight."""
        weights = [parameters[index] for index in self.order]
        steps = [max(1, round(self.thin * width_of(weight) / STEP)) for weight in weights]
        self.lines.set_linewidths([STEP * step for step in steps])
        self.lines.set_colors([NEGATIVE if weight < 0 else POSITIVE for weight in weights])
        self.lines.set_linestyles([(0, (4, 2.5)) if weight < 0 else "-" for weight in weights])


def _neurons(axes: Any, picture: Network, radius: float) -> list[Any]:
    """The neurons, of a radius in points, the ones of the biases, and the names of the inputs."""
    neurons = [(x, y) for _, number, x, y in picture.places if number]
    ones = [(x, y) for _, number, x, y in picture.places if not number]
    size = 4 * radius**2  # of a marker, its diameter squared
    look: dict[str, Any] = {"color": "white", "linewidths": 1.5}
    found: list[Any] = [axes.scatter(*zip(*neurons, strict=True), s=size, edgecolors="#1b1b1b", **look)]
    found.append(axes.scatter(*zip(*ones, strict=True), s=0.6 * size, edgecolors="#8a8a8a", **look))
    text: dict[str, Any] = {"va": "center", "parse_math": False}
    if radius > 5:
        found += [axes.text(*place, "1", ha="center", color=_GREY, fontsize=1.1 * radius, **text) for place in ones]
        for column, number, x, y in picture.places:
            if not column and number:
                where = x - 0.12 * picture.step, y
                found.append(axes.text(*where, picture.names[number - 1], ha="right", fontsize=LETTERS, **text))
    return found


class Loss:
    """The curve of the loss, and where on it a snapshot is."""

    def __init__(self, axes: Axes, snapshots: Sequence[Any], name: str) -> None:
        self.snapshots = snapshots
        told = [snapshot for snapshot in snapshots if math.isfinite(snapshot.loss)]
        epochs, losses = [snapshot.epoch for snapshot in told], [snapshot.loss for snapshot in told]
        axes.plot(epochs, losses, color=COLOURS[1], linewidth=2.5)
        if losses and min(losses) > 0:
            _scale_powers(axes, max(losses) / min(losses))
        (self.line,) = axes.plot([0, 0], [0, 1], color=_GREY, linewidth=1.2, transform=axes.get_xaxis_transform())
        (self.point,) = axes.plot([], [], "o", color=NEGATIVE, markersize=11)
        self.moving = [self.line, self.point]
        label(axes, "epoch", name)

    def show(self, snapshot: Any) -> None:
        """Move the cursor."""
        self.line.set_xdata([snapshot.epoch] * 2)
        self.point.set_data([snapshot.epoch], [snapshot.loss])


def _scale_powers(axes: Axes, ratio: float) -> None:
    """A scale of powers of ten, with a few plain numbers at its ticks."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if ratio < 100 else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def label(axes: Axes, x: str, y: str) -> None:
    """Name the axes, in large letters, whatever letters the names have."""
    axes.set_xlabel(x, fontsize=LETTERS, parse_math=False)
    axes.set_ylabel(y, fontsize=LETTERS, parse_math=False)
    axes.tick_params(which="both", labelsize=LETTERS - 2)
