"""The backward pass as a film: the picture of the graph at every step, what is done, what is lit, what waits.

>>> from autograd import Value
>>> from autograd.reading.steps import steps
>>> x = Value(3.0, "x")
>>> y = x * x
>>> film = Film(Graph(y), tuple(steps(y)))
>>> film.frame(1).states
{'node1': 'lit', 'node2': 'lit', 'arrow1': 'lit', 'arrow2': 'waiting'}
>>> film.frame(1).grads, film.frame(2).grads
({'node1': 'grad 3 …', 'node2': 'grad 1'}, {'node1': 'grad 6', 'node2': 'grad 1'})
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd.engine.value import Value
from autograd.pictures.dot import SHAPES, Shape, drawn
from autograd.pictures.lettering import with_number
from autograd.pictures.picture import MOST_NUMBERS, Box, Picture, numbers_text, picture
from autograd.reading.graph import Graph
from autograd.reading.steps import Step, arrivals

WITH_TEXTS = [shape for shape in SHAPES if not shape.brief]  # whose numbers move
MOST_INSIDE, MOST_OPENED = 60, 40  # boxes in one that can be opened, and how many can be
# In every drawing of the film the same boxes and arrows are at the same places.
STYLE = """
.edge.waiting path { stroke: #9a9a9a; stroke-width: 1px; stroke-dasharray: none }
.edge.waiting polygon { stroke: #9a9a9a; fill: #9a9a9a }
.edge.waiting text { fill: #666 }
.edge.waiting .badge { stroke: #9a9a9a }
.edge.waiting .contribution, .node.waiting .grad { visibility: hidden }
.edge.lit path { stroke-width: 5px }
.edge.lit text { font-weight: bold }
.edge text { paint-order: stroke; stroke: white; stroke-width: 3px; stroke-linejoin: round }
.node.lit path, .node.lit polygon:first-of-type { stroke-width: 4px }
"""


class Frame(NamedTuple):
    """The film at one position: whether a box or an arrow waits, is lit or done, and the grads so far, by their ids."""

    states: dict[str, str]
    grads: dict[str, str]


class Film:
    """The frames of a backward pass over one picture.

    picture    the boxes and arrows
    steps      the steps, as `autograd.reading.steps` gives them
    arrivals   for each node, the numbers of the steps that contribute to its adjoint
    rate       the learning rate of the update after the last step; None where there is none
    """

    def __init__(
        self, graph: Graph, steps: Sequence[Step], digits: int = 4, rate: float | None = None, fold: str | None = "auto"
    ) -> None:
        self.graph = graph
        self.steps = steps
        self.digits = digits
        self.rate = rate
        self.fold = fold
        self.picture = picture(graph, digits=digits, seed=1.0, fold=fold)
        self.arrivals: dict[Value, list[int]] = {node: [] for node in graph.labels} | arrivals(steps)

    @property
    def updated(self) -> list[Value]:
        """The leaves that a step of gradient descent moves: the weights, or where there are none, all leaves."""
        leaves = [node for node in self.graph.labelled_leaves if self.arrivals.get(node)]
        return [leaf for leaf in leaves if self.picture.box_of[leaf].role == "weight"] or leaves

    @functools.cached_property
    def svg(self) -> str:
        """The picture after the last step; each box has room for whatever its numbers are on the way there."""
        return self.drawn(self.picture)

    @functools.cached_property
    def insides(self) -> dict[str, tuple[Picture, str]]:
        """What is in the boxes of several nodes, by their ids, and its picture; not where it is too much for one."""
        folded = [box for box in self.picture.boxes if 1 < len(box.nodes) <= MOST_INSIDE][:MOST_OPENED]
        found = {
            box.id: picture(self.graph, digits=self.digits, seed=1.0, fold=self.fold, opened=box) for box in folded
        }
        few = {name: inside for name, inside in found.items() if len(inside.boxes) <= MOST_INSIDE}
        return {name: (inside, self.drawn(inside, WITH_TEXTS[-2:-1])) for name, inside in few.items()}

    def drawn(self, picture: Picture, shapes: Sequence[Shape] = WITH_TEXTS) -> str:
        """A picture of the graph, or of a part of it, with room for other numbers."""
        number = f"-0.00{'8' * self.digits}"
        texts = {box.id: ", ".join([number] * min(len(box.ends), MOST_NUMBERS)) for box in picture.boxes}
        roomy = [box._replace(data=f"data {texts[box.id]}", grad=f"grad {texts[box.id]} …") for box in picture.boxes]
        svg = drawn(
            picture._replace(boxes=roomy), "the computation graph", shapes=shapes, hint=""
        ).svg  # a page comes closer
        return _told(svg, {box.id: (box.data, box.grad) for box in picture.boxes})

    def _grad(self, box: Box, reached: Mapping[Value, float], position: int) -> str:
        """What a box shows of the adjoints that were reached: `grad 3 …` while contributions are still to come."""
        known = [reached[node] for node in box.ends if node in reached]
        whole = all(last <= position for node in box.ends for last in self.arrivals[node][-1:])
        return numbers_text("grad", known, self.digits) + ("" if whole else " …") if known else ""

    def frame(self, position: int) -> Frame:
        """The state after so many steps."""
        reached = {self.graph.root: 1.0} | {step.operand: step.after for step in self.steps[:position]}
        current = self.steps[position - 1] if position else None
        lit = {self.picture.box_of[node].id for node in (current.node, current.operand)} if current else set()
        states: dict[str, str] = {}
        grads: dict[str, str] = {}
        for box in self.picture.boxes:
            grads[box.id] = self._grad(box, reached, position)
            states[box.id] = "lit" if box.id in lit else "done" if grads[box.id] else "waiting"
        for arrow in self.picture.arrows:
            began = arrow.steps[0] <= position
            states[arrow.id] = "lit" if position in arrow.steps else "done" if began else "waiting"
        return Frame(states, grads)

    def image(self, position: int) -> str:
        """The picture after so many steps, as SVG text."""
        frame = self.frame(position)
        return _told(self.svg, {name: [grad] for name, grad in frame.grads.items()}, frame.states).replace(
            ">", f"><style>{STYLE}</style>", 1
        )


def _told(svg: str, numbers: Mapping[str, Sequence[str]], states: Mapping[str, str] | None = None) -> str:
    """The picture with these data and grads in its boxes, and these states as classes of its boxes and arrows."""

    def put_in(group: re.Match[str]) -> str:
        name, rest = group["id"], group["rest"]
        for text in filter(None, numbers.get(name, ())):
            rest = with_number(rest, text)
        state = f" {states[name]}" if states else ""
        return f'<g id="{name}" class="{group["kind"]}{state}">{rest}</g>'

    groups = r'<g id="(?P<id>(?:node|arrow)\d+)" class="(?P<kind>node|edge)">(?P<rest>.*?)</g>'
    return re.sub(groups, put_in, svg, flags=re.DOTALL)
