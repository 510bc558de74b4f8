"""The backward pass as a sequence of steps, each one line of the chain rule in symbols and in numbers.

>>> from autograd import Value, exp, sin
>>> x = Value(1.5, "x")
>>> y = (x ** 2).named("y")
>>> z = sin(y).named("z")
>>> for step in steps(exp(-z)):
...     print(step)
dJ/dv1 = dJ/dJ · exp(v1) = 1 · 0.4593 = 0.4593
dJ/dz = dJ/dv1 · -1 = 0.4593 · -1 = -0.4593
dJ/dy = dJ/dz · cos(y) = -0.4593 · -0.6282 = 0.2885
dJ/dx = dJ/dy · 2 * x = 0.2885 · 3 = 0.8655

Reading the steps changes nothing in the graph; `backward` is the same sweep at full speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from autograd.engine.sweep import Contribution, contributions, transports
from autograd.engine.value import Result, Value
from autograd.reading.graph import Graph, symbols
from autograd.reading.notation import LATEX, TEXT, Explanation, Notation
from autograd.reading.paths import why
from autograd.table.expression import Expression


class Step(Contribution):
    """One use of the chain rule: a node passes its adjoint, times a local partial, on to one operand.

    node, operand   the two ends of the edge, and `position` the operand's place among the node's operands
    upstream        the node's adjoint
    partial         the local partial as a number (nan where it does not exist and is not needed)
    contribution    upstream times partial
    before, after   the operand's adjoint before and after this step
    number          its place in the backward pass, from 1
    expression      the local partial as an expression, `symbol` as text
    first           whether this is the first contribution to the operand
    labels          what root, node and operand are called in the text
    forward         whether it is a step of forward mode: a node takes over an operand's tangent, times the local
                    partial; upstream is then the operand's tangent, before and after are the node's, and the first of
                    the labels is that of the variable
    """

    number: int
    expression: Expression
    first: bool
    labels: tuple[str, str, str]
    forward: bool

    def __new__(
        cls,
        passed: Contribution,
        number: int,
        expression: Expression,
        first: bool,
        labels: tuple[str, str, str],
        forward: bool = False,
    ) -> Step:
        """What an edge contributes, and what a reader wants to know besides."""
        self = super().__new__(cls, *passed)
        self.number, self.expression, self.first, self.labels, self.forward = number, expression, first, labels, forward
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return Contribution(*self), self.number, self.expression, self.first, self.labels, self.forward

    def __repr__(self) -> str:
        names = (
            "number node operand position upstream expression partial contribution before after first labels forward"
        )
        return f"Step({', '.join(f'{name}={getattr(self, name)!r}' for name in names.split())})"

    @property
    def symbol(self) -> str:
        """The local partial as text, in parentheses where it is a sum."""
        return TEXT.factor(self.expression)

    def line(self, digits: int = 4, notation: Notation = TEXT) -> str:
        """The step as a line of the chain rule, its numbers rounded to so many significant digits."""
        root, node, operand = self.labels
        upstream, local, contribution, after = (
            notation.number(number, digits) for number in (self.upstream, self.partial, self.contribution, self.after)
        )
        symbol, relation = notation.factor(self.expression), "=" if self.first else "+="
        if self.forward:
            left, numbers = notation.derivative(node, root), [local, upstream]
            symbols = [symbol, notation.derivative(operand, root)]
        else:
            left, numbers = notation.derivative(root, operand), [upstream, local]
            symbols = [notation.derivative(root, node), symbol]
        line = notation.line(left, [notation.product(symbols), notation.product(numbers), contribution], relation)
        return line if self.first else f"{line}{notation.words(', in all ')}{after}"

    def latex(self, digits: int = 4) -> str:
        """The step as a line in LaTeX."""
        return self.line(digits, LATEX).replace(" &", " ")

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return self.line()


def steps(
    y: Value, *, wrt: Value | Iterable[Value] | None = None, seed: float = 1.0, mode: str = "reverse"
) -> Iterator[Step]:
    """The steps of the backward pass from y, in order; with `wrt`, only those that lead to one of these nodes.

    Raises what `backward` would raise. Adding each step's contribution to its operand's adjoint gives, bit for bit, the
    gradients of `backward`.

    With mode="forward", the steps of the chain rule the other way round, from a variable to y: one sweep for each of
    `wrt`, by default for each leaf.

    >>> from autograd import Value, sin
    >>> x = Value(1.5, "x")
    >>> for step in steps(sin(x ** 2), mode="forward"):
    ...     print(step)
    dv1/dx = 2 * x · dx/dx = 3 · 1 = 3
    dJ/dx = cos(v1) · dv1/dx = -0.6282 · 3 = -1.885
    """
    graph = Graph(y)
    if mode == "reverse":
        yield from backward_steps(graph, None if wrt is None else _several(wrt), seed)
    elif mode == "forward":
        for x in graph.labelled_leaves if wrt is None else _several(wrt):
            yield from _forward_steps(graph, x, seed)
    else:
        raise ValueError(f'mode is "reverse" or "forward", not {mode!r}')


def backward_steps(graph: Graph, wrt: Iterable[Value] | None = None, seed: float = 1.0) -> Iterator[Step]:
    """The steps of the backward pass; with `wrt`, only those that lead to one of these nodes."""
    chosen = graph.leading(graph.labels if wrt is None else wrt)
    found = symbols(contributions(graph.root, seed, graph.nodes), graph.names, chosen)
    return _steps(found, graph.labels, graph.root, forward=False)


def _forward_steps(graph: Graph, x: Value, seed: float = 1.0) -> Iterator[Step]:
    graph.leading([x])
    found = symbols(transports(graph.root, x, seed, graph.nodes), graph.names)
    return _steps(found, graph.labels, x, forward=True)


def _steps(
    found: Iterable[tuple[Contribution, Expression]], names: Mapping[Value, str], root: Value, forward: bool
) -> Iterator[Step]:
    seen: set[Value] = set()
    for number, (passed, symbol) in enumerate(found, 1):
        target = passed.node if forward else passed.operand
        labels = (names[root], names[passed.node], names[passed.operand])
        yield Step(passed, number, symbol, target not in seen, labels, forward)
        seen.add(target)


def arrivals(steps: Iterable[Step]) -> dict[Value, list[int]]:
    """For each node, in the order in which it is first reached, the numbers of the steps that contribute to it."""
    found: dict[Value, list[int]] = {}
    for step in steps:
        found.setdefault(step.operand, []).append(step.number)
    return found


def _several(wrt: Value | Iterable[Value]) -> list[Value]:
    return [wrt] if isinstance(wrt, Value) else list(wrt)


def explain(
    y: Value,
    x: Value | None = None,
    *,
    wrt: Value | Iterable[Value] | None = None,
    digits: int = 4,
    mode: str = "reverse",
) -> Explanation:
    """The whole story as text: the forward trace, the backward pass one step a line, the gradient in full.

    With a node `x`, the answer to one question instead: why is dy/dx this number? It is a sum over paths of products.

    With `wrt`, the backward pass and the gradient are only those of these nodes; otherwise of all leaves. A notebook
    shows it as mathematics; `.latex` is that text. With mode="forward", it is the story of forward mode: a sweep from
    each variable to y.

    >>> from autograd import Value
    >>> a, b = Value(2.0, "a"), Value(3.0, "b")
    >>> explain(a * b)
    forward
      a = 2
      b = 3
      J = a * b = 6
    <BLANKLINE>
    backward
      dJ/dJ = 1
      dJ/da = dJ/dJ · b = 1 · 3 = 3
      dJ/db = dJ/dJ · a = 1 · 2 = 2
    <BLANKLINE>
    gradient
      dJ/da = 3.0
      dJ/db = 2.0
    """
    if mode not in ("reverse", "forward"):
        raise ValueError(f'mode is "reverse" or "forward", not {mode!r}')
    graph = Graph(y)
    if x is not None:
        return why(graph, x, digits=digits)
    tell = story if mode == "reverse" else _forward_story
    return Explanation(tell(graph, None if wrt is None else _several(wrt), digits))


def story(graph: Graph, wrt: list[Value] | None, digits: int) -> Callable[[Notation], str]:
    """The whole story, to be written in a notation: forward trace, backward pass, gradient."""
    names, root = graph.labels, graph.label
    wanted = list(names) if wrt is None else wrt
    shown = [node for node in wanted if wrt is not None or not isinstance(node, Result)]
    trace, steps = _trace(graph), list(backward_steps(graph, wanted))
    adjoints = dict.fromkeys(wanted, 0.0) | {graph.root: 1.0} | {step.operand: step.after for step in steps}

    def write(notation: Notation) -> str:
        start = notation.line(notation.derivative(root, root), [notation.number(1.0, digits)])
        backward = [start, *(step.line(digits, notation) for step in steps)]
        gradient = [
            notation.line(notation.derivative(root, names[node]), [notation.exact(adjoints[node])]) for node in shown
        ]
        forward = _written(trace, digits, notation)
        return notation.document({"forward": forward, "backward": backward, "gradient": gradient})

    return write


def _forward_story(graph: Graph, wrt: list[Value] | None, digits: int) -> Callable[[Notation], str]:
    """The story of forward mode: the values, a sweep of tangents from each variable, the derivatives."""
    names, y = graph.labels, graph.root
    graph.leading(wrt or [])
    trace = _trace(graph)
    sweeps = [(x, list(_forward_steps(graph, x))) for x in (graph.labelled_leaves if wrt is None else wrt)]

    def write(notation: Notation) -> str:
        sections, derivatives = {"values": _written(trace, digits, notation)}, []
        for x, steps in sweeps:
            start = notation.line(notation.derivative(names[x], names[x]), [notation.number(1.0, digits)])
            sections[f"forward from {names[x]}"] = [start, *(step.line(digits, notation) for step in steps)]
            tangent = next((step.after for step in reversed(steps) if step.node is y), 1.0 if x is y else 0.0)
            derivatives.append(notation.line(notation.derivative(names[y], names[x]), [notation.exact(tangent)]))
        return notation.document(sections | {"derivatives": derivatives})

    return write


def _trace(graph: Graph) -> list[tuple[str, Expression | None, float]]:
    """For every node its label, how it was computed, and its number as it is now."""
    return [
        (label, graph.computed(node) if isinstance(node, Result) else None, node.data)
        for node, label in graph.labels.items()
    ]


def _written(trace: Iterable[tuple[str, Expression | None, float]], digits: int, notation: Notation) -> list[str]:
    """A line for every node."""
    lines = []
    for label, computed, data in trace:
        formula = [] if computed is None else [notation.expression(computed)]
        lines.append(notation.line(notation.name(label), [*formula, notation.number(data, digits)]))
    return lines
