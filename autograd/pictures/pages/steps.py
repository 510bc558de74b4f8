"""The backward pass as a page that lives: its numbers can be dragged, and values, partials and adjoints follow.

`walk(J).save("steps.html")` writes it. Python gives it the picture, the formulas, and the rows of the table as
JavaScript; the page computes (`chain.js`) and shows (`steps.js`).
"""

from __future__ import annotations

import base64
import functools
import zlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from autograd.compiler.scripts.language import helpers, row_functions
from autograd.engine.kernels import is_replaced
from autograd.engine.value import Value, is_result
from autograd.errors import RenderError
from autograd.pictures.film import STYLE, Film
from autograd.pictures.pages.page import Page, read_beside
from autograd.pictures.picture import Picture
from autograd.reading.answers import SENTENCES
from autograd.reading.graph import applied
from autograd.reading.notation import MATHML, TEXT, Notation
from autograd.reading.steps import Step, story
from autograd.table.expression import Expression, Name, number_text

MOST_STEPS = 2000
MOST_TOLD = 300  # steps in a story that is there without a script
MOST_FILLED = 12  # operands of a formula that is also written with its numbers
SLOT = 0x4E00  # from this letter on, they stand for the operands' numbers, which the page puts in their place


def steps_page(film: Film, start: int = 0) -> Page:
    """The page of a film, which opens after `start` steps.

    Raises RenderError for more than 2,000 steps, and for an operation that only Python can compute.
    """
    if len(film.steps) > MOST_STEPS:
        steps = f"{len(film.steps):,} steps are too many for a page ({MOST_STEPS:,})"
        raise RenderError(f"{steps}: walk(y) goes through them in the REPL, draw(y) folds the picture")
    graph = film.graph
    rows = dict.fromkeys(node._kernel.row for node in graph.labels if is_result(node))
    if native := next(filter(None, (row.native for row in rows)), ""):
        cure = "walk(y) goes through the steps in the REPL, draw(y) is their picture"
        raise RenderError(f"a page computes its numbers anew, and {native} is a Python function: {cure}")
    if old := next((row.name for row in rows if is_replaced(row)), ""):
        raise RenderError(f"a page computes its numbers anew, and {old} has been replaced: record the graph again")
    heading = f"The backward pass of {_math(MATHML.name(graph.label))}"
    begin = [notation.line(*_seed(film, notation)) for notation in (MATHML, TEXT)]
    body = read_beside(__file__, "steps.html").format(
        heading=heading,
        svg=film.svg.replace('role="img"', 'role="group"', 1),  # its boxes can be visited
        line=_math(begin[0]),
        text=escape(begin[1]),
        root=_math(MATHML.name(graph.label)),
        rows="\n".join(_row(node, film) for node in reversed(graph.labels)),  # as the backward pass fills them
        story=story(graph, None, film.digits)(MATHML)
        if len(film.steps) <= MOST_TOLD
        else "",  # the script tells it, too
    )
    operations = [row.name for row in rows]
    script = "\n".join([f"const rows = {row_functions(operations)};", helpers(operations), *_scripts(), "begin();\n"])
    title = f"Backward pass of {graph.label}"
    return Page(title, body, page_data(film, start), script, STYLE + read_beside(__file__, "steps.css"))


@functools.cache
def _scripts() -> list[str]:
    names = ("chain", "view", "writing", "steps", "leaves", "quiz")
    return [read_beside(__file__, f"{name}.js") for name in names]


def _math(content: str) -> str:
    return f"<math>{content}</math>"


def _seed(film: Film, notation: Notation) -> tuple[str, list[str]]:
    return _derivative(film, film.graph.label, notation), [notation.number(1.0, film.digits)]


def _derivative(film: Film, label: str, notation: Notation) -> str:
    return notation.derivative(film.graph.label, label, film.graph.differential)


def _row(node: Value, film: Film) -> str:
    """A row of the table, as it is after the last step."""
    label, steps = film.graph.labels[node], film.arrivals[node]
    formula = _math(MATHML.expression(film.graph.computed(node))) if is_result(node) else ""
    adjoint = 1.0 if node is film.graph.root else film.steps[steps[-1] - 1].after
    data, grad = (number_text(number, film.digits) for number in (node.data, adjoint))
    name = f'<th scope="row" aria-label="{escape(label)}">{_math(MATHML.name(label))}</th>'
    done = f"{len(steps)} of {len(steps)}" if steps else ""
    return f"<tr>{name}<td>{data}</td><td>{grad}</td><td>{done}</td><td>{formula}</td></tr>"  # what is long comes last


def page_data(film: Film, start: int) -> dict[str, Any]:
    """What the script of the page reads: the nodes, the steps, the boxes and arrows of the picture."""
    graph, place = film.graph, {node: index for index, node in enumerate(film.graph.labels)}
    insides = film.insides.items()
    seed = [_seed(film, notation)[0] for notation in (MATHML, TEXT)]
    return {
        "digits": film.digits,
        "start": start,
        "rate": film.rate,
        "sentences": SENTENCES,
        "root": place[graph.root],
        "nodes": [_node(node, film, place) for node in graph.labels],
        "frames": [{"left": seed}, *(_frame(step, film, place) for step in film.steps)],
        "updated": [place[node] for node in film.updated],
        "views": {"": _view(film.picture, film, place)}
        | {name: _inside(*inside, film, place) for name, inside in insides},
    }


def _node(node: Value, film: Film, place: dict[Value, int]) -> dict[str, Any]:
    """What a node is called and computed from; a reference to another node is its place as a text."""
    label = film.graph.labels[node]
    told: dict[str, Any] = {"label": [MATHML.name(label), label], "data": _json(node.data)}
    told["derivative"] = [_derivative(film, label, notation) for notation in (MATHML, TEXT)]
    if not is_result(node):
        return told
    vectors, others = node._parts
    operands = [[_operand(x, place) for x in vector] for vector in vectors] + [_operand(x, place) for x in others]
    slots: list[Expression] = [Name(chr(SLOT + index)) for index in range(len(node.operands))]
    filled = applied(node._kernel.row, slots) if len(slots) <= MOST_FILLED else None
    formula = film.graph.computed(node)
    return told | {
        "op": node.op,
        "operands": operands,
        "formula": [notation.expression(formula) for notation in (MATHML, TEXT)],
        "filled": [notation.expression(filled) for notation in (MATHML, TEXT)] if filled else None,
        "domain": node._kernel.row.domain,
    }


def _operand(x: Value | float, place: dict[Value, int]) -> str | float:
    return str(place[x]) if isinstance(x, Value) else _json(x)


def _json(x: float) -> str | float:
    """A number, which as infinity JSON cannot hold."""
    return x if abs(x) < float("inf") else str(x).replace("inf", "Infinity")


def _frame(step: Step, film: Film, place: dict[Value, int]) -> dict[str, Any]:
    """A step: which partial of which node, and its line without the numbers."""
    _, node, operand = step.labels
    box = film.picture.box_of[step.operand]
    inside = f", inside {box.title}" if box is film.picture.box_of[step.node] else ""  # where no arrow shows it
    row = step.node._kernel.row
    vectors = step.node._parts[0] if row.vectors else ()
    length = len(vectors[0]) if vectors else 0
    letter = row.letters.index(step.letter)
    element = step.position - letter * length if letter < len(vectors) else -1
    upstream, factor = _derivative(film, node, MATHML), MATHML.factor(step.expression)
    rest = MATHML.product([upstream, factor])[len(upstream) :]
    sign = MATHML.product(["", ""])
    linked = f'<mrow data-to="upstream">{upstream}</mrow>{sign}<mrow data-to="partial">{rest.removeprefix(sign)}</mrow>'
    return {
        "node": place[step.node],
        "operand": place[step.operand],
        "letter": letter,
        "element": element,
        "silent": bool(row.kink)
        or any(
            type(x) is float and not x for x in step.node.operands
        ),  # a partial of 0 there is no factor that may vanish
        "left": [_derivative(film, operand, notation) for notation in (MATHML, TEXT)],
        "symbols": [linked, TEXT.product([_derivative(film, node, TEXT), step.symbol])],
        "first": step.first,
        "inside": inside,
    }


def _view(picture: Picture, film: Film, place: dict[Value, int]) -> dict[str, Any]:
    """The boxes and arrows of a picture, with the nodes and the steps that they show."""
    boxes = {
        box.id: {
            "title": box.title,
            "role": box.role,
            "nodes": _places(box.nodes, place),
            "ends": _places(box.ends, place),
        }
        for box in picture.boxes
    }
    arrows = {
        arrow.id: {"source": arrow.source.id, "target": arrow.target.id, "steps": arrow.steps, "badge": arrow.badge}
        for arrow in picture.arrows
    }
    return {"boxes": boxes, "arrows": arrows}


def _inside(inside: Picture, svg: str, film: Film, place: dict[Value, int]) -> dict[str, Any]:
    """The same of what is in a box, with the picture packed: those of alike neurons are alike."""
    svg = svg.replace('role="img"', 'role="group"', 1)
    return _view(inside, film, place) | {"svg": base64.b64encode(zlib.compress(svg.encode(), 9)).decode()}


def _places(nodes: Iterable[Value], place: dict[Value, int]) -> Sequence[int]:
    return [place[node] for node in nodes]
