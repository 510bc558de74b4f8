"""The film of a training as a GIF for slides: what the model says, the network, and the loss, at each snapshot.

To the left stands the plane or the line with the data, for models of one or two inputs; to the right the network and
the curve of the loss. All is drawn by matplotlib (extra `plot`), in letters that can be read from the last row.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd import to_install
from nn.film.fields import LETTERS, Line, Loss, Plane, Task, Weights
from nn.losses import number_of
from nn.plot.figures import COLOURS as CLASSES
from nn.plot.figures import NEGATIVE, POSITIVE, new_figure
from nn.plot.network import Network, input_names, layers_of
from nn.points import Outputs
from nn.rows import as_rows, entries
from nn.settings import plain

WIDTH, HEIGHT = 960, 540  # in pixels
MOST_FRAMES = 60
MOST_POINTS = 400  # of the data, in the picture
BEAT, REST = 120, 3000  # how long a frame stays, and the last one, in milliseconds
MOST_COLOURS = 48  # in all frames together
_DPI = 100


def check_installed() -> None:
    """Raise ImportError where what draws a GIF is missing."""
    if not all(importlib.util.find_spec(package) for package in ("matplotlib", "PIL")):
        raise ImportError(f"a GIF is drawn by matplotlib and Pillow: {to_install('plot')}")


def gif(film: Any) -> bytes:
    """The film as a GIF that runs again and again, up to 60 snapshots as frames; the last one stays for a while.

    Raises ImportError without matplotlib, ValueError for a film without an epoch, or a model whose outputs are not
    finite.
    """
    check_installed()
    if film.snapshots[-1].epoch == 0:
        raise ValueError("no epoch has ended, and there is nothing to show")
    frames = [*_frames(film)]
    shared = _palette([frames[0], frames[len(frames) // 2], frames[-1]])
    drawn = [frame.quantize(palette=shared, dither=0) for frame in frames]
    content = io.BytesIO()
    durations = [BEAT] * (len(drawn) - 1) + [REST]
    drawn[0].save(content, "GIF", save_all=True, append_images=drawn[1:], duration=durations, loop=0, optimize=False)
    return content.getvalue()


def _palette(frames: Sequence[Any]) -> Any:
    """An image with colours that do for all frames: colours of their own would flicker."""
    from PIL import Image

    together = Image.new("RGB", (WIDTH, HEIGHT * len(frames)))
    for index, frame in enumerate(frames):
        together.paste(frame, (0, index * HEIGHT))
    found = together.quantize(MOST_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    numbers = (found.getpalette() or [])[: 3 * MOST_COLOURS]
    for index in range(0, len(numbers), 3):
        if min(numbers[index : index + 3]) > 240:  # the paper is white
            numbers[index : index + 3] = [255] * 3
    for colour in (NEGATIVE, POSITIVE, *CLASSES):  # small things, which would get the colour of large ones
        numbers += [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    found.putpalette(numbers)
    return found


def _frames(film: Any) -> Iterator[Any]:
    """The picture at each snapshot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure: Any = new_figure(WIDTH / _DPI, HEIGHT / _DPI)
    figure.set_layout_engine("none")
    figure.set_dpi(_DPI)
    canvas: Any = FigureCanvasAgg(figure)
    with _calm():
        title, fields = _fields(film, figure)
        show = _showing(film, title, fields)
        show(film.snapshots[0])
        moving = [title, *(artist for field in fields for artist in field.moving)]
        for artist in moving:
            artist.set_animated(True)  # it is left out now, and drawn upon what stays
        canvas.draw()
        still = canvas.copy_from_bbox(figure.bbox)
        count = min(MOST_FRAMES, len(film.snapshots))
        for index in range(count):
            show(film.snapshots[index * (len(film.snapshots) - 1) // max(1, count - 1)])
            canvas.restore_region(still)
            for artist in moving:
                figure.draw_artist(artist)
            yield Image.frombuffer("RGBA", (WIDTH, HEIGHT), canvas.buffer_rgba()).convert("RGB")


@contextlib.contextmanager
def _calm() -> Iterator[None]:
    """Dashes that do not grow with the line, and no warning about letters that the font lacks."""
    import matplotlib

    with matplotlib.rc_context({"lines.scale_dashes": True}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def _fields(film: Any, figure: Any) -> tuple[Any, list[Any]]:
    """The title and the fields of a frame: what the model says, if that can be shown, the network, the loss."""
    layers = layers_of(film.model)
    picture = Network(layers, None, input_names(layers[0].inputs, getattr(film, "names", None)), False)
    task = _task(film, layers[0].inputs)
    title = figure.text(0.5, 0.93, "", fontsize=LETTERS + 5, ha="center", va="center")
    boxes = [[0.55, 0.45, 0.43, 0.44], [0.64, 0.135, 0.335, 0.26]]
    if task is None:
        boxes = [[0.02, 0.06, 0.48, 0.8], [0.61, 0.135, 0.365, 0.73]]
    fields: list[Any] = [
        Weights(figure.add_axes(boxes[0]), picture, film.model.parameters()),
        Loss(figure.add_axes(boxes[1]), film.snapshots, "loss"),
    ]
    if task is not None:
        kind = Line if layers[0].inputs == 1 else Plane
        fields.append(kind(figure.add_axes([0.095, 0.135, 0.41, 0.735]), task, picture.names))
    return title, fields


def _showing(film: Any, title: Any, fields: list[Any]) -> Callable[[Any], None]:
    """A function that shows a snapshot."""
    weights, loss, *said = fields
    model = copy.deepcopy(film.model)  # that of the film keeps its numbers
    parameters = model.parameters()
    outputs = Outputs(model, said[0].task.places) if said else None

    def show(snapshot: Any) -> None:
        accuracy = "" if snapshot.accuracy is None else f" · accuracy {100 * snapshot.accuracy:.0f} %"
        title.set_text(f"epoch {snapshot.epoch} · loss {snapshot.loss:.3g}{accuracy}")
        weights.show(snapshot.parameters)
        loss.show(snapshot)
        if outputs is not None:
            for parameter, number in zip(parameters, snapshot.parameters, strict=True):
                parameter.data = number
            said[0].show(outputs(), outputs.single)

    return show


def _task(film: Any, inputs: int) -> Task | None:
    """What was learned, if it can be shown over the line or the plane: a single number for each example."""
    X, y = as_rows("X", film.X), as_rows("y", film.y)  # noqa: N806
    if inputs > 2 or any(len(entries("y", target)) != 1 for target in y):
        return None
    count = min(MOST_POINTS, len(X))
    chosen = [index * len(X) // count for index in range(count)]
    data = [[number_of(plain(number)) for number in entries("X", X[index])] for index in chosen]
    return Task(film, data, [number_of(plain(y[index])) for index in chosen])
