"""The backward pass one step at a time, back and forth: in a REPL, in a notebook, as a prompt, as a web page.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> w = walk((x ** 2).named("y") * 2.0)
>>> w.next()
step 1 of 2
  dJ/dy = dJ/dJ · 2 = 1 · 2 = 2
known: dJ/dJ = 1, dJ/dy = 2
waiting: x
>>> w.next().back().position
1
"""

from __future__ import annotations

import functools
import math
import os
from html import escape
from typing import TYPE_CHECKING, Protocol, TextIO

from autograd.engine.checks import real
from autograd.engine.value import Value
from autograd.errors import AutogradError
from autograd.pictures.drawing import as_image
from autograd.pictures.film import Film
from autograd.reading.graph import Graph
from autograd.reading.notation import TEXT
from autograd.reading.steps import Step, arrivals, backward_steps
from autograd.table.expression import number_text
from autograd.table.output import Legible, legible

if TYPE_CHECKING:
    from autograd.pictures.pages.page import Page

KEYS = "Enter, →: next   b, ←: back   r: run to the end   goto x: to the step that completes dJ/dx   q: quit"


class Walk:
    """A place in the backward pass: `position` of the `steps` are done. Its repr is the current state.

    Every move returns the walk itself, so that moves can be chained and a REPL shows where they lead. A notebook shows
    the drawing with the current edge lit.
    """

    def __init__(self, y: Value, digits: int = 4, lr: float | None = None) -> None:
        self.root = y
        self.lr = None if lr is None else real(lr)
        if self.lr is not None and not 0 < self.lr < math.inf:
            raise ValueError(f"lr = {lr!r} should be a positive number, such as 0.1")
        self._graph = Graph(y)
        self.labels = self._graph.labels
        self.steps: tuple[Step, ...] = tuple(backward_steps(self._graph))
        self._arrivals = {self.labels[node]: found for node, found in arrivals(self.steps).items()}
        self.position = 0
        self.digits = digits

    def next(self) -> Walk:
        """Do one step; at the end, stay there."""
        self.position = min(self.position + 1, len(self.steps))
        return self

    def back(self) -> Walk:
        """Undo one step; at the start, stay there."""
        self.position = max(self.position - 1, 0)
        return self

    def run(self) -> Walk:
        """Do all the steps that are left."""
        self.position = len(self.steps)
        return self

    def goto(self, node: Value | str) -> Walk:
        """Go to the step that completes the adjoint of a node, given itself or by the label it has in the lines.

        Raises ValueError for a node that is not part of the graph.
        """
        label = self.labels.get(node, "") if isinstance(node, Value) else node
        if label not in self.labels.values():
            raise ValueError(f"{node!r} is not part of this graph: its nodes are {', '.join(self.labels.values())}")
        self.position = self._arrivals.get(label, [0])[-1]
        return self

    @property
    def step(self) -> Step | None:
        """The step done last; None at the start."""
        return self.steps[self.position - 1] if self.position else None

    @property
    def known(self) -> dict[str, float]:
        """The adjoints so far, by label, in the order in which they were first reached."""
        return {self._graph.label: 1.0} | {step.labels[2]: step.after for step in self.steps[: self.position]}

    @property
    def waiting(self) -> list[str]:
        """The labels of the nodes whose adjoints are not complete yet, in the order in which they are first reached."""
        return [label for label, arrivals in self._arrivals.items() if arrivals[-1] > self.position]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all steps as one web page, which needs neither network nor Python: `w.save("steps.html")`.

        Raises ValueError for another ending, RenderError where the picture cannot be laid out, or an operation is one
        that only Python can compute.
        """
        self.page().save(path)

    def page(self) -> Page:
        """All steps as one web page, open at this position. Raises RenderError where it cannot be laid out."""
        from autograd.pictures.pages.steps import steps_page  # it loads a part of the compiler

        return steps_page(self._film, self.position)

    @functools.cached_property
    def _film(self) -> Film:
        return Film(self._graph, self.steps, self.digits, self.lr)

    @property
    def line(self) -> str:
        """The step done last as a line of the chain rule; at the start dJ/dJ = 1."""
        root = self._graph.label
        return Legible(self.step.line(self.digits) if self.step else f"{self._derivative(root)} = 1")

    def _derivative(self, label: str) -> str:
        return TEXT.derivative(self._graph.label, label, self._graph.differential)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        still = self._still()
        try:
            html = self.page().framed(still)
        except AutogradError:  # the picture says why
            html = still
        return {"text/html": html, "text/plain": repr(self)}

    def _still(self) -> str:
        """The picture with the current edge lit, and the lines below it."""
        state, line, *rest = (escape(text.strip()) for text in repr(self).splitlines())
        texts = [state, f"<b><code>{line}</code></b>", *rest]
        try:
            picture = as_image(self._film.image(self.position), f"{state}: {line}")
        except AutogradError as error:
            picture = escape(str(error))
        return "\n".join([picture, *(f"<div>{text}</div>" for text in texts)])

    def _mime_(self) -> tuple[str, str]:  # marimo would show each entry of the bundle in a tab
        return "text/html", self._repr_mimebundle_()["text/html"]

    def __repr__(self) -> str:
        known = []
        for label, adjoint in self.known.items():
            arrivals = self._arrivals.get(label, [])
            done = sum(step <= self.position for step in arrivals)
            so_far = f" so far ({done} of {len(arrivals)})" if done < len(arrivals) else ""
            known.append(f"{self._derivative(label)} = {number_text(adjoint, self.digits)}{so_far}")
        state, waiting = f"step {self.position} of {len(self.steps)}", ", ".join(self.waiting) or "nothing"
        return legible(f"{state}\n  {self.line}\nknown: {', '.join(known)}\nwaiting: {waiting}")


def walk(y: Value, *, digits: int = 4, lr: float | None = None) -> Walk:
    """The backward pass from y as a walk, standing before its first step; nothing in the graph changes.

    With a learning rate `lr`, its web page goes on with the update of the weights, w ← w − lr · dy/dw, and what that
    makes of y. Raises what `backward` would raise, ValueError for a learning rate that is not above 0.
    """
    return Walk(y, digits, lr)


class Answers(Protocol):
    """Where the prompt reads: a stream, or what gives its lines."""

    def readline(self) -> str:
        """The next line; "" at the end."""
        ...


def prompt(here: Walk, answers: Answers, out: TextIO) -> None:
    """Lead a person through a walk: print the state, read a key, until q or the end of the input."""
    print(KEYS, file=out)
    while True:
        print(f"\n{here!r}", file=out, flush=True)
        answer = answers.readline()
        key = answer.strip()
        if not answer or key == "q":
            return
        move = {"": here.next, "n": here.next, "b": here.back, "r": here.run}.get(key)
        try:
            move() if move else here.goto(key.removeprefix("goto "))
        except ValueError as error:
            print(f"{error}\n{KEYS}", file=out)
