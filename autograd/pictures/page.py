"""The film of a backward pass as one self-contained web page: no network, no kernel, nothing to install.

`walk(J).save("steps.html")` writes it; the page itself, with its look and its few lines of script, is `page.html`.
"""

from __future__ import annotations

import json
import os
import re
from html import escape
from typing import Any

from autograd.engine.value import Value, is_result
from autograd.errors import RenderError
from autograd.pictures.film import STYLE, Film
from autograd.reading.notation import MATHML, TEXT
from autograd.reading.steps import story
from autograd.table.expression import number_text

MOST_STEPS = 2000
MOST_TERMS = 12  # of a sum; the script shows as many contributions, too


def page(film: Film) -> str:
    """The page as HTML text. Raises RenderError for more than 2,000 steps."""
    if len(film.steps) > MOST_STEPS:
        steps = f"{len(film.steps):,} steps are too many for a page ({MOST_STEPS:,})"
        raise RenderError(f"{steps}: walk(y) goes through them in the REPL, draw(y) folds the picture")
    root, data = film.graph.label, _data(film)
    width = re.search(r'width="([\d.]+)pt"', film.svg)
    parts = {
        "title": f"Backward pass of {escape(root)}",
        "heading": f"The backward pass of {_math(MATHML.name(root))}",
        "svg": film.svg.replace('role="img"', 'role="group"', 1),  # its boxes can be visited
        "width": width[1] if width else "900",
        "style": STYLE,
        "line": data["frames"][0]["line"],
        "text": escape(data["frames"][0]["text"]),
        "count": str(len(film.steps)),
        "root": _math(MATHML.name(root)),
        "rows": "\n".join(_row(node, film) for node in reversed(film.graph.labels)),  # as the backward pass fills them
        "story": story(film.graph, None, film.digits)(MATHML),
        # JSON that cannot end the element it stands in
        "film": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    with open(os.path.join(os.path.dirname(__file__), "page.html"), encoding="utf-8") as file:
        template = file.read()
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], template)


def _math(content: str) -> str:
    return f"<math>{content}</math>"


def _row(node: Value, film: Film) -> str:
    """A row of the table, as it is after the last step."""
    label, steps = film.graph.labels[node], film.arrivals[node]
    formula = _math(MATHML.expression(film.graph.computed(node))) if is_result(node) else ""
    adjoint = 1.0 if node is film.graph.root else film.steps[steps[-1] - 1].after
    data, grad = (number_text(number, film.digits) for number in (node.data, adjoint))
    name = f'<th scope="row" aria-label="{escape(label)}">{_math(MATHML.name(label))}</th>'
    done = f"{len(steps)} of {len(steps)}" if steps else ""
    return f"<tr>{name}<td>{formula}</td><td>{data}</td><td>{grad}</td><td>{done}</td></tr>"


def _data(film: Film) -> dict[str, Any]:
    """What the script of the page reads: the frames, and for each box its sum and how it is called.

    A frame holds what changes from the one before it, and its line as mathematics and as text.
    """
    names, root = film.graph.labels, film.graph.root
    row_of = {node: index for index, node in enumerate(reversed(names))}
    waiting = {row_of[node]: ("1" if node is root else "", 0, len(film.arrivals[node])) for node in names}
    start = [
        notation.line(notation.derivative(names[root], names[root]), [notation.number(1.0, None)])
        for notation in (MATHML, TEXT)
    ]
    before = film.frame(0)
    first = {"rows": waiting, "row": row_of[root], "line": _lines(start[0]), "text": start[1], "inside": ""}
    frames: list[dict[str, Any]] = [before._asdict() | first]
    for step in film.steps:
        after, index, arrivals = film.frame(step.number), row_of[step.operand], film.arrivals[step.operand]
        changed = {
            field: {name: now for name, now in getattr(after, field).items() if now != getattr(before, field)[name]}
            for field in after._fields
        }
        row = (number_text(step.after, film.digits), arrivals.index(step.number) + 1, len(arrivals))
        box = film.picture.box_of[step.operand]
        inside = f", inside {box.title}" if box is film.picture.box_of[step.node] else ""  # where no arrow shows it
        told = {"line": _lines(step.line(film.digits, MATHML)), "text": step.line(film.digits), "inside": inside}
        frames.append(changed | {"rows": {index: row}, "row": index} | told)
        before = after
    return {"frames": frames, "root": film.picture.box_of[root].id, "boxes": _sums(film)}


def _lines(mathematics: str) -> str:
    """The line in a form that a narrow screen can break before its equals signs."""
    equals = MATHML.sign("=", False)
    first, *rest = mathematics.split(f" {equals} ")
    left, sign, term = first.partition(equals)
    return " ".join(_math(part) for part in [left + sign + term, *(equals + part for part in rest)])


def _sums(film: Film) -> dict[str, dict[str, Any]]:
    """For each box with one end: the steps that bring its contributions, and the sum after each of them."""
    found: dict[str, dict[str, Any]] = {}
    for box in film.picture.boxes:
        arrivals = film.arrivals[box.ends[0]] if len(box.ends) == 1 else []
        passed = [film.steps[arrival - 1] for arrival in arrivals]
        derivative = MATHML.derivative(film.graph.label, film.graph.labels[box.ends[0]])
        terms = [MATHML.number(step.contribution, film.digits) for step in passed]
        sums = []
        for count, step in enumerate(passed, 1):
            written = [MATHML.total(terms[:count])] if count <= MOST_TERMS else []
            sums.append(_lines(MATHML.line(derivative, [*written, MATHML.number(step.after, film.digits)])))
        found[box.id] = {"title": f"{box.title}, {box.data}", "steps": arrivals, "sums": sums, "ends": len(box.ends)}
    return found
