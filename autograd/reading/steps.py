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

import itertools
from collections.abc import Callable, Iterable, Iterator

from autograd.engine.sweep import Contribution, contributions, transports
from autograd.engine.value import Value, is_result
from autograd.reading.graph import Graph, symbols
from autograd.reading.notation import LATEX, MOST_LINES, TEXT, Explanation, Notation
from autograd.reading.paths import why
from autograd.table.expression import Expression
from autograd.table.output import legible

OWN = ", by the user's own "


class Step(Contribution):
    """One use of the chain rule: a node passes its adjoint, times a local partial, on to one operand.

    Attributes:
        node, operand: the two ends of the edge, and `position` the operand's place among the node's operands
        upstream: the node's adjoint
        partial: the local partial as a number (nan where it does not exist and is not needed)
        contribution: upstream times partial
        before, after: the operand's adjoint before and after this step
        number: its place in the backward pass, from 1
        expression: the local partial as an expression, `symbol` as text
        first: whether this is the first contribution to the operand
        labels: what root, node and operand are called in the text
        differential: the d of a derivative: ∂ where there are several variables
        forward: whether it is a step of forward mode: a node takes over an operand's tangent, times the local partial;
            upstream is then the operand's tangent, before and after are the node's, and the first of the labels is that
            of the variable
    """

    number: int
    expression: Expression
    first: bool
    labels: tuple[str, str, str]
    differential: str
    forward: bool

    @property
    def symbol(self) -> str:
        """The local partial as text, in parentheses where it is a sum."""
        return TEXT.factor(self.expression)

    def line(self, digits: int = 4, notation: Notation = TEXT) -> str:
        """The step as a line of the chain rule, its numbers rounded to so many significant digits."""
        (root, node, operand), d = self.labels, self.differential
        upstream, local, contribution, after = (
            notation.number(number, digits) for number in (self.upstream, self.partial, self.contribution, self.after)
        )
        symbol, relation = notation.factor(self.expression), "=" if self.first else "+="
        if self.forward:
            left, numbers = notation.derivative(node, root, d), [local, upstream]
            symbols = [symbol, notation.derivative(operand, root, d)]
        else:
            left, numbers = notation.derivative(root, operand, d), [upstream, local]
            symbols = [notation.derivative(root, node, d), symbol]
        line = notation.line(left, [notation.product(symbols), notation.product(numbers), contribution], relation)
        line = line if self.first else f"{line}{notation.words(', in all ')}{after}"
        if self.node._kernel.row.is_opaque:
            line += notation.words(OWN + ("backward" if callable(self.node._b) else "partial"))
        return line

    def latex(self, digits: int = 4) -> str:
        """The step as a line in LaTeX."""
        return self.line(digits, LATEX).replace(" &", " ")

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        return legible(self.line())

    __str__ = __repr__


class Steps(Iterator[Step]):
    """The steps of a sweep, one after the other; a REPL or a notebook shows all of them, and takes none away.

    >>> x = Value(3.0, "x")
    >>> found = steps((x ** 2).named("y") * 2.0)
    >>> found
    dJ/dy = dJ/dJ · 2 = 1 · 2 = 2
    dJ/dx = dJ/dy · 2 * x = 2 · 6 = 12
    >>> next(found).contribution
    2.0
    """

    def __init__(self, begin: Callable[[], Iterator[Step]]) -> None:
        self._begin = begin
        self._left = begin()

    def __next__(self) -> Step:
        return next(self._left)

    def _shown(self) -> Explanation:
        shown = list(itertools.islice(self._begin(), MOST_LINES + 1))
        more = ["..."] * (len(shown) > MOST_LINES) or ["no steps: nothing was computed"] * (not shown)

        def write(notation: Notation) -> str:
            lines = [step.line(notation=notation) for step in shown[:MOST_LINES]]
            return notation.document({"": [*lines, *map(notation.words, more)]})

        return Explanation(write)

    def __repr__(self) -> str:
        return str(self._shown())

    def _repr_latex_(self) -> str | None:
        return self._shown()._repr_latex_()


def steps(y: Value, *, wrt: Value | Iterable[Value] | None = None, seed: float = 1.0, mode: str = "reverse") -> Steps:
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
    graph, chosen = Graph(y), _several(wrt)
    return Steps(lambda: (step for _, found in _sweeps(graph, chosen, seed, mode) for step in found))


def _sweeps(graph: Graph, wrt: list[Value] | None, seed: float, mode: str) -> Iterator[tuple[Value, Iterator[Step]]]:
    """The sweeps of a mode: the node that each starts from, and its steps."""
    if mode == "reverse":
        yield graph.root, backward_steps(graph, wrt, seed)
    elif mode == "forward":
        for x in graph.labelled_leaves if wrt is None else wrt:
            graph.leading([x])
            yield x, _steps(graph, x, transports(graph.root, x, seed, graph.nodes))
    else:
        raise ValueError(f'mode is "reverse" or "forward", not {mode!r}')


def backward_steps(graph: Graph, wrt: Iterable[Value] | None = None, seed: float = 1.0) -> Iterator[Step]:
    """The steps of the backward pass; with `wrt`, only those that lead to one of these nodes."""
    chosen = graph.leading(graph.labels if wrt is None else wrt)
    sweep = contributions(graph.root, seed, graph.nodes)
    return _steps(graph, graph.root, (step for step in sweep if step.operand in chosen))


def _steps(graph: Graph, start: Value, sweep: Iterable[Contribution]) -> Iterator[Step]:
    names, forward = graph.labels, start is not graph.root
    seen: set[Value] = set()
    for number, (passed, symbol) in enumerate(symbols(sweep, graph.names), 1):
        step, target = Step(*passed), passed.node if forward else passed.operand
        step.number, step.expression, step.first, step.forward = number, symbol, target not in seen, forward
        step.labels = names[start], names[passed.node], names[passed.operand]
        step.differential = graph.differential
        seen.add(target)
        yield step


def arrivals(steps: Iterable[Step]) -> dict[Value, list[int]]:
    """For each node, in the order in which it is first reached, the numbers of the steps that contribute to it."""
    found: dict[Value, list[int]] = {}
    for step in steps:
        found.setdefault(step.operand, []).append(step.number)
    return found


def _several(wrt: Value | Iterable[Value] | None) -> list[Value] | None:
    return [wrt] if isinstance(wrt, Value) else None if wrt is None else list(wrt)


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
      ∂J/∂J = 1
      ∂J/∂a = ∂J/∂J · b = 1 · 3 = 3
      ∂J/∂b = ∂J/∂J · a = 1 · 2 = 2
    <BLANKLINE>
    gradient
      ∂J/∂a = 3.0
      ∂J/∂b = 2.0
    """
    if mode not in ("reverse", "forward"):
        raise ValueError(f'mode is "reverse" or "forward", not {mode!r}')
    graph = Graph(y)
    if x is not None:
        return why(graph, x, digits=digits)
    return Explanation(story(graph, _several(wrt), digits, mode))


def story(graph: Graph, wrt: list[Value] | None, digits: int, mode: str = "reverse") -> Callable[[Notation], str]:
    """The whole story, to be written in a notation: the values as they are now, the sweeps, the derivatives."""
    names, y, d = graph.labels, graph.root, graph.differential
    shown = graph.labelled_leaves if wrt is None else wrt
    trace = [(label, [graph.computed(node)] if is_result(node) else [], node.data) for node, label in names.items()]
    sweeps = [(start, list(found)) for start, found in _sweeps(graph, wrt, 1.0, mode)]
    if mode == "reverse":
        first, titles, last = "forward", ["backward"], "gradient"
        adjoints = {y: 1.0} | {step.operand: step.after for _, found in sweeps for step in found}
        derivatives = [adjoints.get(x, 0.0) for x in shown]
    else:
        first, titles, last = "values", [f"forward from {names[x]}" for x in shown], "derivatives"
        derivatives = [({x: 1.0} | {step.node: step.after for step in found}).get(y, 0.0) for x, found in sweeps]

    def write(notation: Notation) -> str:
        sections: dict[str, list[str]] = {first: []}
        for label, computed, data in trace:
            terms = [*map(notation.expression, computed), notation.number(data, digits)]
            sections[first].append(notation.line(notation.name(label), terms))
        for title, (start, found) in zip(titles, sweeps, strict=True):
            begin = notation.line(notation.derivative(names[start], names[start], d), [notation.number(1.0, digits)])
            sections[title] = [begin, *(step.line(digits, notation) for step in found)]
        sections[last] = [
            notation.line(notation.derivative(names[y], names[x], d), [notation.exact(derivative)])
            for x, derivative in zip(shown, derivatives, strict=True)
        ]
        return notation.document(sections)

    return write
