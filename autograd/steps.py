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

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograd.expression import Expression, Name
from autograd.graph import computed, labels, reaching, symbols
from autograd.notation import LATEX, TEXT, Explanation, Notation
from autograd.paths import why
from autograd.value import Result, Value

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
        symbols = notation.product([notation.derivative(root, node), notation.factor(self.expression)])
        left, relation = notation.derivative(root, operand), "=" if self.first else "+="
        line = notation.line(left, [symbols, notation.product([upstream, local]), contribution], relation)
        return line if self.first else f"{line}{notation.words(', in all ')}{after}"

    def latex(self, digits: int = 4) -> str:
        """The step as a line in LaTeX."""
        return self.line(digits, LATEX).replace(" &", " ")

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return self.line()


def steps(y: Value, *, wrt: Value | Iterable[Value] | None = None, seed: float = 1.0) -> Iterator[Step]:
    """The steps of the backward pass from y, in order; with `wrt`, only those that lead to one of these nodes.

    Raises what `backward` would raise. Adding each step's contribution to its operand's adjoint gives, bit for bit, the
    gradients of `backward`.
    """
    names = labels(y)
    leading = reaching(y, names if wrt is None else _several(wrt))
    expressions = {node: Name(name) for node, name in names.items()}
    seen: set[Value] = set()
    for number, (step, symbol) in enumerate(symbols(y, expressions, leading=leading, seed=seed), 1):
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
            first=step.operand not in seen,
            labels=(names[y], names[step.node], names[step.operand]),
        )
        seen.add(step.operand)


def _several(wrt: Value | Iterable[Value]) -> list[Value]:
    return [wrt] if isinstance(wrt, Value) else list(wrt)


def explain(
    y: Value, x: Value | None = None, *, wrt: Value | Iterable[Value] | None = None, digits: int = 4
) -> Explanation:
    """The whole story as text: the forward trace, the backward pass one step a line, the gradient in full.

    With a node `x`, the answer to one question instead: why is dy/dx this number? It is a sum over paths of products.

    With `wrt`, the backward pass and the gradient are only those of these nodes; otherwise of all leaves. A notebook
    shows it as mathematics; `.latex` is that text.

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
    if x is not None:
        return why(y, x, digits=digits)
    wanted = None if wrt is None else _several(wrt)
    return Explanation(lambda notation: story(y, wanted, digits, notation))


def story(y: Value, wrt: list[Value] | None, digits: int, notation: Notation) -> str:
    """The whole story in a notation: forward trace, backward pass, gradient."""
    names = labels(y)
    wanted = list(names) if wrt is None else wrt
    forward = []
    for node, name in names.items():
        formula = [notation.expression(computed(node, names))] if isinstance(node, Result) else []
        forward.append(notation.line(notation.name(name), [*formula, notation.number(node.data, digits)]))
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
