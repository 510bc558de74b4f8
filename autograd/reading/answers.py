"""Exercises that check themselves: whether an answer is right, and if it is not, which mistake leads there.

>>> from autograd import Value, exp, sin
>>> x = Value(0.5, "x")
>>> a = (x ** 2).named("a")
>>> J = (sin(a) * exp(a)).named("J")
>>> check(1.562, J, x)
Right: dJ/dx = 1.562.
>>> check(1.244, J, a)
You forgot a path: a is used 2 times, and yours is the sum of 1 of 2 contributions.
>>> check(..., J, x)
Not answered yet: put your number in the place of the dots.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple

from autograd.engine.value import Value
from autograd.reading.graph import Graph
from autograd.reading.notation import TEXT
from autograd.reading.steps import Step, backward_steps
from autograd.table.expression import number_text
from autograd.table.output import legible

SENTENCES = {  # the quiz of the page says them, too
    "right": "Right: {derivative} = {number}.",
    "sign": "The size is right, and the sign is wrong: follow the minus signs along the path.",
    "path": "You forgot a path: {node} is used {uses} times, and yours is the sum of {some} of {uses} contributions.",
    "partial": "That is the local partial {local}: multiply it by what arrives, {upstream}.",
    "upstream": "That is what arrives, {upstream}: multiply it by the local partial {local}.",
    "other": "Not this number: it is {terms}.",
}
OPEN = "Not answered yet: put your {} in the place of the dots."
NEAR = 0.01  # of a number: as near as an answer is that was computed by hand
MOST_USES = 12  # of a node, among which a forgotten one is looked for


class Verdict(NamedTuple):
    """What an answer is: `kind` is "right", a mistake, or "open"; the sentence says it, and is what is shown.

    >>> verdict = check(3, 3)
    >>> verdict.kind, verdict.is_right
    ('right', True)
    """

    kind: str
    sentence: str

    @property
    def is_right(self) -> bool:
        """Whether the answer is right."""
        return self.kind == "right"

    def __bool__(self) -> bool:
        return self.is_right

    def __repr__(self) -> str:
        return legible(self.sentence)


def check(answer: Any, value: Any, wrt: Value | Sequence[Value] | None = None) -> Verdict:
    """Whether an answer is right: as the derivative of `value` with respect to the node `wrt`, or as the value itself.

    Args:
        answer: a number with three right digits, or a list of them; ... is none yet
        value: the end of a graph, or without `wrt` what is asked for: a number, a Value, a list; whole numbers count
        wrt: a node, or a list of nodes, for each of which there is an answer

    A wrong sign, a forgotten path, a local partial in the place of the derivative are told apart. Changes nothing.
    Raises ValueError for a node that is not part of the graph.

    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> check([3, -2], (w * x).named("y"), [w, x])
    1 of 2 are right. ∂y/∂x: The size is right, and the sign is wrong: follow the minus signs along the path.
    >>> check(5, w * x)
    Not this number.
    """
    if wrt is None:
        return _each(answer, value, None, _of_number) if _is_list(value) else _of_number(answer, value)
    graph = Graph(value)
    if isinstance(wrt, Value):
        return _of_adjoint(answer, graph, wrt)
    return _each(answer, wrt, graph, lambda given, node: _of_adjoint(given, graph, node))


def _each(answers: Any, asked: Any, graph: Graph | None, verdict: Any) -> Verdict:
    """The verdict on a list of answers: how many are right, and what the first mistake is."""
    if _is_open(answers):
        return Verdict("open", OPEN.format("numbers"))
    if not _is_list(answers) or len(answers) != len(asked):
        count = "1 number is" if len(asked) == 1 else f"{len(asked)} numbers are"
        return Verdict("other", f"{count} asked for here, in a list, not {answers!r}.")
    found = [verdict(answer, one) for answer, one in zip(answers, asked, strict=True)]
    wrong = next((place for place, one in enumerate(found) if not one), None)
    if wrong is None:
        return Verdict("right", "Right: all of them.")
    name = f"number {wrong + 1}" if graph is None else _derivative(graph, asked[wrong])
    return Verdict(found[wrong].kind, f"{sum(map(bool, found))} of {len(found)} are right. {name}: {found[wrong]}")


def _unread(answer: Any) -> Verdict | None:
    """The verdict on what is no number yet, or none at all."""
    if _is_open(answer):
        return Verdict("open", OPEN.format("number"))
    is_number = isinstance(answer, Value | Real)
    return None if is_number else Verdict("other", f"One number is asked for here, such as 0.29, not {answer!r}.")


def _of_number(answer: Any, value: Any) -> Verdict:
    unread = _unread(answer)
    if unread is not None:
        return unread
    given, number = _number(answer), _number(value)
    is_exact = isinstance(value, int)
    if given == number if is_exact else _is_near(given, number):
        return Verdict("right", f"Right: {number_text(number, None if is_exact else 4)}.")
    if not is_exact and _is_near(-given, number):
        return Verdict("sign", SENTENCES["sign"])
    return Verdict("other", "Not this number.")


def _of_adjoint(answer: Any, graph: Graph, node: Value) -> Verdict:
    unread = _unread(answer)
    if unread is not None:
        return unread
    given = _number(answer)
    arrivals = [step for step in backward_steps(graph, [node]) if step.operand is node]
    if not arrivals:
        number = 1.0 if node is graph.root else 0.0
        if _is_near(given, number):
            return Verdict(
                "right", SENTENCES["right"].format(derivative=_derivative(graph, node), number=f"{number:g}")
            )
        return Verdict("other", "Not this number." if number else "Not this number: no path leads there.")
    kind, index, some = _mistake(given, arrivals)
    step = arrivals[index]
    words = {
        "derivative": _derivative(graph, node),
        "number": number_text(arrivals[-1].after, 4),
        "node": graph.labels[node],
        "uses": len(arrivals),
        "some": some,
        "local": step.symbol,
        "upstream": _derivative(graph, step.node),
        "terms": " + ".join(TEXT.product([_derivative(graph, step.node), step.symbol]) for step in arrivals[:4]),
    }
    return Verdict(kind, SENTENCES[kind].format(**words))


def _mistake(answer: float, arrivals: Sequence[Step]) -> tuple[str, int, int]:
    """What an answer is, the step it is of, and how many contributions it is the sum of; `diagnose` of the page."""
    terms = [step.contribution for step in arrivals]
    rounding = 1e-6 * max(1e-300, *map(abs, terms))  # what contributions that cancel leave over
    whole = math.fsum(terms)
    if _is_near(answer, whole, rounding):
        return "right", 0, len(terms)
    if _is_near(-answer, whole, rounding):
        return "sign", 0, 0
    for count in range(1, min(len(terms), MOST_USES + 1)):
        for some in itertools.combinations(terms[:MOST_USES], count):
            if _is_near(answer, math.fsum(some), rounding):
                return "path", 0, count
    for kind, of in (("partial", operator.attrgetter("partial")), ("upstream", operator.attrgetter("upstream"))):
        for index, step in enumerate(arrivals):
            if _is_near(answer, of(step), rounding):
                return kind, index, 0
    return "other", 0, 0


def _is_near(answer: float, number: float, rounding: float = 1e-12) -> bool:
    return answer == number or abs(answer - number) <= max(NEAR * abs(number), rounding)


def _is_open(answer: Any) -> bool:
    return answer is ... or answer is None or (_is_list(answer) and any(map(_is_open, answer)))


def _is_list(thing: Any) -> bool:
    return hasattr(thing, "__len__") and not isinstance(thing, str | dict)


def _number(given: Any) -> float:
    return float(given.data if isinstance(given, Value) else given)


def _derivative(graph: Graph, node: Value) -> str:
    return TEXT.derivative(graph.label, graph.labels[node], graph.differential)
