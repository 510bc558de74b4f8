"""The picture of a network as textbooks draw it: inputs, neurons in columns, weights as straight lines.

>>> import random
>>> from nn import MLP
>>> network(MLP(2, [3, 1], rng=random.Random(0)), x=[0.5, -1.0])
<Network: .svg is its text, .save('net.svg') writes a file>

A place depends on nothing but the sizes of the layers and the names of the inputs: pictures of two epochs lie one on
the other. A line is blue where its weight is positive, red and dashed where it is negative, and the wider the larger
the weight is. No matplotlib and no Graphviz is needed.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from autograd import as_image, files
from nn.choices import activation_name
from nn.layers import MLP, Layer, Neuron
from nn.losses import number_of
from nn.rows import entries

MOST_SHOWN = 16  # neurons in a column
MOST_NUMBERED = 12  # weights between two columns whose numbers stand on their lines
MOST_LETTERS = 12  # of the name of an input
MOST_STRONG = 60  # lines between two columns that are not drawn paler
ROOMY = 50.0  # from this distance on there is room for a name and a number at each neuron
TOP, LETTER = 52.0, 7.6
ONE = 0.62  # the size of the 1 of the biases, against that of a neuron

STYLE = """
.network text { font-family: Helvetica, Arial, sans-serif; fill: #1b1b1b }
.network .head { font-size: 13px; fill: #5a5a5a }
.network .number { font-size: 11px; fill: #5a5a5a; paint-order: stroke; stroke: #fff; stroke-width: 3px }
.network .symbol { paint-order: stroke; stroke: #fff; stroke-width: 3px }
.network .weight, .network .out { fill: none; stroke-linecap: butt }
.network .positive { stroke: #1f5fa8 }
.network .negative { stroke: #b3261e; stroke-dasharray: 6 4 }
.network .out { stroke: #5a5a5a; stroke-width: 1.5px }
.network circle { fill: #fff; stroke: #1b1b1b; stroke-width: 1.5px }
.network circle.one { stroke: #8a8a8a }
.network .dots { font-size: 20px; fill: #5a5a5a }
"""


class Place(NamedTuple):
    """Where a neuron stands: in a column, 0 for the inputs, with its number there, 0 for the 1 of the biases."""

    column: int
    number: int
    x: float
    y: float


class Network:
    """The picture of a network; a notebook shows it by itself.

    Attributes:
        svg: the picture as SVG text
        description: what a screen reader says
    """

    def __init__(
        self, layers: Sequence[Layer], activations: Sequence[Sequence[float]] | None, names: Sequence[str], maps: bool
    ) -> None:
        self.layers = layers
        self.activations = activations
        self.names = names
        self.maps = maps  # the neurons are left free for a map of what they say, and their names stand above them
        self.sizes = [layers[0].inputs, *(len(layer.neurons) for layer in layers)]
        rows = max(min(size, MOST_SHOWN) + (size > MOST_SHOWN) for size in self.sizes) + 1  # one for the biases
        self.pitch = min(70.0, max(33.0, 580.0 / rows))
        self.radius = min(24.0, 0.4 * self.pitch)
        self.step = min(190.0, max(120.0, 720.0 / len(layers)))
        self.left = 30 + self.radius + (LETTER * max(map(len, names)) if maps else 0)
        self.width = self.left + len(layers) * self.step + self.radius + 74
        self.height = TOP + rows * self.pitch + 8
        self.places = [place for column, size in enumerate(self.sizes) for place in self._column(column, size)]
        self.description = f"a network of {', '.join(map(str, self.sizes))} neurons, the inputs first"

    def _column(self, column: int, size: int) -> list[Place]:
        """The places of a column that are shown, its last one in the end: where there are too many, a gap is left."""
        shown = [*range(1, size + 1)] if size <= MOST_SHOWN else [*range(1, MOST_SHOWN), 0, size]
        middle = TOP + (self.height - TOP - self.pitch) / 2
        x = self.left + column * self.step
        ys = [middle + (row - (len(shown) - 1) / 2) * self.pitch for row in range(len(shown))]
        found = [Place(column, number, x, y) for number, y in zip(shown, ys, strict=True) if number]
        if column < len(self.layers):  # the 1 that the biases of the next layer are weights of
            found.append(Place(column, 0, x, self.height - 8 - self.pitch / 2))
        return found

    @property
    def content(self) -> str:
        """What is in the picture: lines, then neurons on top of them."""
        lines = [line for layer in range(1, len(self.sizes)) for line in self._lines(layer)]
        return "\n".join([*self._heads(), *lines, *map(self._neuron, self.places), *self._dots(), *self._outputs()])

    @property
    def svg(self) -> str:
        """The picture as SVG text, which `<svg` begins."""
        size = f"{self.width:.0f}", f"{self.height:.0f}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="network" role="img" aria-label="{self.description}" '
            f'width="{size[0]}" height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}">\n<style>{STYLE}</style>\n'
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n{self.content}\n</svg>\n'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file. Raises ValueError for an ending other than .svg."""
        name = os.fsdecode(path)
        if not name.lower().endswith(".svg"):
            raise ValueError(f"{name!r} should end in .svg")
        files.write(name, self.svg.encode())

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        svg = self.svg
        return {"image/svg+xml": svg, "text/html": as_image(svg, self.description), "text/plain": repr(self)}

    def _mime_(self) -> tuple[str, str]:  # marimo would show each entry of the bundle in a tab
        return "image/svg+xml", self.svg

    def __repr__(self) -> str:
        return "<Network: .svg is its text, .save('net.svg') writes a file>"

    def _heads(self) -> list[str]:
        """What stands above the columns."""
        told = ["inputs", *(f"layer {number}" for number in range(1, len(self.sizes)))]
        below = ["", *(activation_name(layer.activation) for layer in self.layers)]
        below = [f"{size} · {name}" if size > MOST_SHOWN and name else name or (str(size) if size > MOST_SHOWN else "")
                 for size, name in zip(self.sizes, below, strict=True)]  # fmt: skip
        return [
            _text(self.left + column * self.step, y, escape(legible_name(line)), "head")
            for column, lines in enumerate(zip(told, below, strict=True))
            for y, line in zip((18, 34), lines, strict=True)
            if line
        ]

    def _lines(self, layer: int) -> list[str]:
        """The weights to the neurons of a layer; a bias is the weight of a 1."""
        here = [place for place in self.places if place.column == layer and place.number]
        before = [place for place in self.places if place.column == layer - 1]
        numbered = not self.maps and len(here) * len(before) <= MOST_NUMBERED
        lines, numbers = [], []
        for to in here:
            neuron = self.layers[layer - 1].neurons[to.number - 1]
            for row, source in enumerate(before):
                value = (neuron.w[source.number - 1] if source.number else neuron.b).data
                name = f"w{layer}_{to.number}_{source.number}" if source.number else f"b{layer}_{to.number}"
                ends = self._between(source, to)
                sign = "negative" if value < 0 else "positive"
                lines.append(f'<line id="{name}" class="weight {sign}" {ends} stroke-width="{width_of(value):.2f}"/>')
                where = 0.36 + 0.3 * (row % 2)  # lines that cross in the middle have their numbers beside it
                x, y = (a + where * (b - a) for a, b in ((source.x, to.x), (source.y, to.y)))
                numbers += [_text(x, y + 4, written(value), "number")] if numbered else []
        look = ' opacity="0.6"' if len(lines) > MOST_STRONG else ""
        return [f"<g{look}>", *lines, "</g>", *numbers]

    def _between(self, source: Place, to: Place) -> str:
        """The ends of the line from a neuron to another, at their edges."""
        across, down = to.x - source.x, to.y - source.y
        length = math.hypot(across, down)
        start = self.radius * (1 if source.number else ONE) / length
        end = 1 - self.radius / length
        x1, x2 = (source.x + share * across for share in (start, end))
        y1, y2 = (source.y + share * down for share in (start, end))
        return f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'

    def _neuron(self, place: Place) -> str:
        """A neuron, an input, or the 1 of the biases."""
        column, number, x, y = place
        if not number:
            radius = ONE * self.radius
            return (
                f'<g id="one{column}"><circle class="one" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
                f"{_text(x, y + 4, '1', 'symbol', min(12.0, 1.3 * radius))}</g>"
            )
        size = min(15.0, 0.72 * self.radius)
        level = y + 0.35 * size
        parts = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{self.radius:.1f}"/>']
        roomy = self.pitch >= ROOMY
        name = escape(legible_name(self.names[number - 1])) if not column else symbol("a", number, column)
        if self.maps and not column:
            parts.append(_text(x - self.radius - 7, y + 5, name, "symbol", 14, "end"))
        elif self.maps and roomy:
            parts.append(_text(x - 0.8 * self.radius, y - 0.8 * self.radius, name, "symbol", 13, "end"))
        elif roomy:
            parts.append(_text(x, level, name, "symbol", size))
        elif not self.maps and not self.activations:
            parts.append(_text(x, level, name if not column else str(number), "symbol", 11))
        if self.activations:
            value = written(self.activations[column][number - 1])
            where, look = (y + self.radius + 11, "number") if roomy else (level, "symbol")
            parts.append(_text(x, where, value, look, None if roomy else 10))
        return f'<g id="n{column}_{number}" class="neuron">{"".join(parts)}</g>'

    def _dots(self) -> list[str]:
        """The gaps in columns of which not all neurons are shown."""
        found = []
        for column, size in enumerate(self.sizes):
            ys = [place.y for place in self.places if place.column == column and place.number][-2:]
            if size > MOST_SHOWN:
                found.append(_text(self.left + column * self.step, sum(ys) / 2 + 6, "⋮", "dots"))
        return found

    def _outputs(self) -> list[str]:
        """The arrows to the predictions."""
        found = []
        last = [place for place in self.places if place.column == len(self.layers)]
        for _, number, x, y in last:
            start, end = x + self.radius, x + self.radius + 24
            found.append(f'<path class="out" d="M{start:.1f},{y:.1f} H{end:.1f} m-6,-4 l6,4 l-6,4"/>')
            name = symbol("ŷ", number if len(last) > 1 else None, None)
            found.append(_text(end + 7, y + 5, name, "symbol", min(15.0, 0.9 * self.radius), "start"))
        return found


def network(model: Any, x: Any = None, *, names: Sequence[str] | None = None) -> Network:
    """The textbook picture of an `MLP`, a `Layer` or a `Neuron`, with its weights as they are.

    Args:
        x: an example: what each neuron says of it stands under the neuron
        names: of the inputs; by default x₁, x₂ …

    Raises TypeError for another model, ValueError for an example or names that do not fit.
    """
    layers = layers_of(model)
    return Network(layers, None if x is None else _activations(layers, x), input_names(layers[0].inputs, names), False)


def layers_of(model: Any) -> list[Layer]:
    """The layers of a model that is nothing but layers."""
    layers = model.layers if isinstance(model, MLP) else [model]
    if isinstance(model, Neuron):
        whole = Layer(len(model.w), 1, init="zeros")
        whole.neurons, whole.activation = [model], model.activation
        layers = [whole]
    parts = [model, *layers, *(neuron for layer in layers for neuron in getattr(layer, "neurons", ()))]
    plain = [kind.__call__ for kind in (MLP, Layer, Neuron)]
    ours = [isinstance(part, MLP | Layer | Neuron) and type(part).__call__ in plain for part in parts]
    other = next((part for part, known in zip(parts, ours, strict=True) if not known), None)
    if other is not None:
        raise TypeError(
            f"the textbook picture is that of an MLP, a Layer or a Neuron, and {type(other).__name__} computes in a "
            "way of its own: draw(model(x), fold='neuron') draws the graph of any model"
        )
    return [*layers]


def input_names(count: int, names: Sequence[str] | None) -> list[str]:
    """The names of so many inputs."""
    if names is None:
        return [f"x{subscript(number)}" for number in range(1, count + 1)]
    if isinstance(names, str) or len(names) != count:
        raise ValueError(f"names is a list of {count}, one for each input, not {names!r}")
    return [legible_name(str(name)) for name in names]


def legible_name(name: str, most: int = MOST_LETTERS) -> str:
    """A name on one line, short enough for the picture, in letters that XML can hold."""
    text = "".join(letter if letter.isprintable() else "�" for letter in name)
    return text if len(text) <= most else text[: most - 1] + "…"


def subscript(number: int) -> str:
    """The number in small digits: ₁₂."""
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))


def written(value: float) -> str:
    """A number in the picture."""
    return f"{value:.2g}".replace("-", "−")


def width_of(weight: float) -> float:
    """How wide the line of a weight is: the same for the same weight in every picture."""
    return 0.4 + 5.6 * abs(weight) / (abs(weight) + 2.5)


def symbol(letter: str, number: int | None, layer: int | None) -> str:
    """A letter with its number below and its layer above, as SVG.

    >>> symbol("a", 2, 1)
    'a<tspan dy="0.4em" font-size="70%">2</tspan><tspan dy="-1.1em" font-size="70%">[1]</tspan>'
    """
    below = "" if number is None else f'<tspan dy="0.4em" font-size="70%">{number}</tspan>'
    return letter + below + ("" if layer is None else f'<tspan dy="-1.1em" font-size="70%">[{layer}]</tspan>')


def _activations(layers: Sequence[Layer], x: Any) -> list[list[float]]:
    """The numbers of an example, and what each layer makes of them."""
    values: Any = list(entries("x", x))
    if len(values) != layers[0].inputs:
        raise ValueError(f"x has {len(values)} numbers, and the network takes {layers[0].inputs}")
    found = [[number_of(value) for value in values]]
    for layer in layers:
        values = [neuron(values) for neuron in layer.neurons]
        found.append([value.data for value in values])
    return found


def _text(x: float, y: float, content: str, kind: str, size: float | None = None, anchor: str = "middle") -> str:
    look = f' font-size="{size:.1f}"' if size else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{look}>{content}</text>'
