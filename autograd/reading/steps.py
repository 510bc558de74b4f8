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

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from autograd.engine.sweep import Contribution, contributions, transports
from autograd.engine.value import Result, Value
from autograd.reading.graph import computed, labels, reaching, symbols
from autograd.reading.notation import LATEX, TEXT, Explanation, Notation
from autograd.reading.paths import why
from autograd.table.expression import Expression, Name

__all__ = ["Step", "explain", "steps", "story"]


class Step(NamedTuple):
    """One use of the chain rule: a node passes its adjoint, times a local partial, on to one operand.

    number          its place in the backward pass, from 1
    node, operand   the two ends of the edge, and `position` the operand's place among the node's operands
    upstream        the node's adjoint
    expression      the local partial as an expression, `symbol` as text
    partial         the local partial as a number (nan where it does not exist and is not needed)
    contribution    upstream times partial
    before, after   the operand's adjoint before and after this step
    first           whether this is the first contribution to the operand
    labels          what root, node and operand are called in the text
    forward         whether it is a step of forward mode: a node takes over an operand's tangent, times the local
                    partial; upstream is then the operand's tangent, before and after are the node's, and the first of
                    the labels is that of the variable
    """

    number: int
    node: Result
    operand: Value
    position: int
    upstream: float
    expression: Expression
    partial: float
    contribution: float
    before: float
    after: float
    first: bool
    labels: tuple[str, str, str]
    forward: bool = False

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
    names = labels(y)
    expressions = {node: Name(name) for node, name in names.items()}
    if mode == "reverse":
        sweep, leading = contributions(y, seed), reaching(y, names if wrt is None else _several(wrt))
        yield from _steps(symbols(sweep, expressions, leading), names, y, forward=False)
    elif mode == "forward":
        for x in _leaves(names) if wrt is None else _several(wrt):
            reaching(y, [x])
            found = symbols(transports(y, x, seed), expressions)
            yield from _steps(found, names, x, forward=True)
    else:
        raise ValueError(f'mode is "reverse" or "forward", not {mode!r}')


def _steps(
    found: Iterable[tuple[Contribution, Expression]], names: Mapping[Value, str], root: Value, forward: bool
) -> Iterator[Step]:
    seen: set[Value] = set()
    for number, (step, symbol) in enumerate(found, 1):
        target = step.node if forward else step.operand
        yield Step(
            number,
            step.node,
            step.operand,
            step.position,
            step.upstream,
            symbol,
            step.partial,
            step.contribution,
            step.before,
            step.after,
            first=target not in seen,
            labels=(names[root], names[step.node], names[step.operand]),
            forward=forward,
        )
        seen.add(target)


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
    if x is not None:
        return why(y, x, digits=digits)
    wanted = None if wrt is None else _several(wrt)
    tell = story if mode == "reverse" else _forward_story
    return Explanation(lambda notation: tell(y, wanted, digits, notation))


def story(y: Value, wrt: list[Value] | None, digits: int, notation: Notation) -> str:
    """The whole story in a notation: forward trace, backward pass, gradient."""
    names = labels(y)
    wanted = list(names) if wrt is None else wrt
    forward = _trace(names, digits, notation)
    root = names[y]
    backward = [notation.line(notation.derivative(root, root), [notation.number(1.0, digits)])]
    adjoints = dict.fromkeys(wanted, 0.0) | {y: 1.0}
    for step in steps(y, wrt=wanted):
        backward.append(step.line(digits, notation))
        adjoints[step.operand] = step.after
    gradient = [
        notation.line(notation.derivative(root, names[node]), [notation.exact(adjoints[node])])
        for node in wanted
        if wrt is not None or not isinstance(node, Result)
    ]
    return notation.document({"forward": forward, "backward": backward, "gradient": gradient})


def _forward_story(y: Value, wrt: list[Value] | None, digits: int, notation: Notation) -> str:
    """The story of forward mode: the values, a sweep of tangents from each variable, the derivatives."""
    names = labels(y)
    reaching(y, wrt or [])
    sections, derivatives = {"values": _trace(names, digits, notation)}, []
    for x in _leaves(names) if wrt is None else wrt:
        tangent = 1.0 if x is y else 0.0
        lines = [notation.line(notation.derivative(names[x], names[x]), [notation.number(1.0, digits)])]
        for step in steps(y, wrt=x, mode="forward"):
            lines.append(step.line(digits, notation))
            tangent = step.after if step.node is y else tangent
        sections[f"forward from {names[x]}"] = lines
        derivatives.append(notation.line(notation.derivative(names[y], names[x]), [notation.exact(tangent)]))
    return notation.document(sections | {"derivatives": derivatives})


def _leaves(names: Iterable[Value]) -> list[Value]:
    return [node for node in names if not isinstance(node, Result)]


def _trace(names: Mapping[Value, str], digits: int, notation: Notation) -> list[str]:
    """A line for every node: how it was computed, and its number."""
    lines = []
    for node, name in names.items():
        formula = [notation.expression(computed(node, names))] if isinstance(node, Result) else []
        lines.append(notation.line(notation.name(name), [*formula, notation.number(node.data, digits)]))
    return lines
