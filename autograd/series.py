"""Taylor polynomials, by arithmetic on power series that knows the table and nothing else.

>>> from autograd.functions import exp
>>> taylor(exp, 0.0, 4)
[1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664]

The rule is the chain rule, read as a differential equation: where y = f(a), y' = (∂f/∂a) a', and the partial is itself
an expression of the table. The k-th coefficient of y needs the partial up to k − 1 only, so that each series can be
computed from the ones before it, as far as somebody asks (Griewank & Walther, *Evaluating Derivatives*, chapter 13).
Sums and products of series are those of polynomials.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from autograd.checks import number
from autograd.errors import AutogradError, GradientError
from autograd.expression import Call, Choice, Expression, Name, Number
from autograd.kernels import kernels
from autograd.parser import CONSTANTS, parse_row
from autograd.rules import ROWS
from autograd.sweep import collect
from autograd.transforms import Call as Recorded
from autograd.value import Result, Value

__all__ = ["taylor"]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def taylor(f: Callable[[Any], Any], x: float, order: int) -> list[float]:
    """The coefficients of the Taylor polynomial of f at x: f(x + h) ≈ c[0] + c[1] h + ... + c[order] hᵒʳᵈᵉʳ.

    The k-th derivative is c[k] k!. Exact for polynomials whose coefficients are exact. Raises GradientError where a
    derivative does not exist.

    >>> taylor(lambda x: x ** 3 - 2 * x, 2.0, 5)
    [4.0, 10.0, 6.0, 1.0, 0.0, 0.0]
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise ValueError(f"order is a whole number, 0 or more, not {order!r}")
    call = Recorded(f, [number(x)], {})
    y, leaf = call.single("taylor"), call.inputs[0]
    results, leaves = collect(y)
    world = _World()
    known: dict[Value, _Series] = {other: world.constant(other.data) for other in leaves}
    known[leaf] = world.polynomial([leaf.data, 1.0])
    try:
        for node in reversed(results):
            operands = [known[x] if isinstance(x, Value) else world.constant(x) for x in node.operands]
            known[node] = world.row(node._kernel.row.name, operands, node)
            for k in range(order + 1):  # in this order no series waits for a long chain of others
                known[node].coefficient(k)
        return [known[y].coefficient(k) for k in range(order + 1)]
    except GradientError:
        raise
    except (AutogradError, ArithmeticError, ValueError) as error:
        raise GradientError(f"the Taylor polynomial of order {order} at {x!r} does not exist: {error}") from None


class _Series:
    """A power series: its coefficients so far, and what computes the next one."""

    __slots__ = ("found", "moves", "next")

    def __init__(self, first: float, following: Callable[[int], float], moves: bool = True) -> None:
        self.found = [first]
        self.next = following
        self.moves = moves  # False for what is known to be constant, with which no partial is multiplied

    def coefficient(self, k: int) -> float:
        """The coefficient of the k-th power."""
        while len(self.found) <= k:
            self.found.append(self.next(len(self.found)))
        return self.found[k]


class _World:
    """The series that occur, each operation on the same operands once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], _Series] = {}

    def constant(self, value: float) -> _Series:
        """A number as a series."""
        key = ("number", value, str(value))
        if key not in self._made:
            self._made[key] = self.polynomial([value])
        return self._made[key]

    def polynomial(self, coefficients: list[float]) -> _Series:
        """A polynomial as a series."""
        following = lambda k: coefficients[k] if k < len(coefficients) else 0.0  # noqa: E731
        return _Series(coefficients[0], following, moves=len(coefficients) > 1)

    def row(self, op: str, operands: list[_Series], node: Result | None = None) -> _Series:
        """An operation of the table on series."""
        key = (op, *operands)
        if key not in self._made:
            self._made[key] = made = self._new(op, operands, node)
            made.moves = any(operand.moves for operand in operands)
        return self._made[key]

    def _new(self, op: str, operands: list[_Series], node: Result | None) -> _Series:
        data = [operand.coefficient(0) for operand in operands]
        if op in ("add", "sub"):
            a, b = operands
            sign = 1.0 if op == "add" else -1.0
            return _Series(data[0] + sign * data[1], lambda k: a.coefficient(k) + sign * b.coefficient(k))
        if op == "neg":
            return _Series(-data[0], lambda k: -operands[0].coefficient(k))
        if op == "mul":
            a, b = operands
            return _Series(data[0] * data[1], lambda k: _convolved(a, b, k))
        kernel = node._kernel if node is not None else kernels(op).kernel("v" * len(ROWS[op].letters))
        assert kernel is not None
        many = [data] if kernel.row.vectors else data
        y = _Series(node.data if node is not None else kernels(op).value()(*many), lambda k: 0.0)
        vectors = operands if kernel.row.vectors == "a" else []
        partials: list[tuple[_Series, Callable[[], _Series]]] = []
        for letter, position in kernel.places(len(operands)):
            parts = {x: operands[place] for x, place in kernel.beside(position, len(operands)).items()} | {"y": y}
            text = kernel.row.computed_partial(letter)
            make = functools.cache(functools.partial(self._text, text, parts, vectors))
            if operands[position].moves:
                partials.append((operands[position], make))

        def following(k: int) -> float:
            """From k y_k = Σ j a_j p_{k - j}."""
            total = 0.0
            for a, partial in partials:
                p = partial()  # it must exist, also where the first coefficients of a are 0
                total += sum(j * a.coefficient(j) * p.coefficient(k - j) for j in range(1, k + 1) if a.coefficient(j))
            return total / k

        y.next = following
        return y

    def _text(self, text: str, parts: Mapping[str, _Series], vectors: list[_Series]) -> _Series:
        """A text of the table on series."""
        program = parse_row(text)
        known = dict(parts)
        for name, expression in program.assignments:
            known[name] = self._expression(expression, known, vectors)
        return self._expression(program.result, known, vectors)

    def _expression(self, part: Expression, known: Mapping[str, _Series], vectors: list[_Series]) -> _Series:
        if isinstance(part, Number):
            return self.constant(part.value)
        if isinstance(part, Name):
            return known[part.id] if part.id in known else self.constant(CONSTANTS[part.id])
        if isinstance(part, Choice):
            left, right, then, otherwise = part.operands
            sides = [self._expression(side, known, vectors).coefficient(0) for side in (left, right)]
            chosen = then if _COMPARISONS[part.comparison](*sides) else otherwise
            return self._expression(chosen, known, vectors)
        assert isinstance(part, Call)
        if vectors and part.op in ("sum", "max"):
            each = [self._expression(part.operands[0], {**known, "a": a}, vectors) for a in vectors]
            return self.row("sum", each) if part.op == "sum" else max(each, key=lambda a: a.coefficient(0))
        return self.row(part.op, [self._expression(operand, known, vectors) for operand in part.operands])


def _convolved(a: _Series, b: _Series, k: int) -> float:
    """The k-th coefficient of a product."""
    return math.fsum(a.coefficient(j) * b.coefficient(k - j) for j in range(k + 1))
