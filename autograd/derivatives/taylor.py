"""Taylor polynomials, by arithmetic on power series that knows the table and nothing else.

>>> from autograd.engine.functions import exp
>>> taylor(exp, 0.0, 4)
[1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664]

The rule is the chain rule, read as a differential equation: where y = f(a), y' = (∂f/∂a) a', and the partial is itself
an expression of the table. The k-th coefficient of y needs the partial up to k − 1 only, so that each series can be
computed from the ones before it, as far as somebody asks (Griewank & Walther, *Evaluating Derivatives*, chapter 13).
Sums and products of series are those of polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from autograd.derivatives.calls import Recorded, plain
from autograd.derivatives.gradients import as_value, multiplied, noted
from autograd.engine.flow import Flow, check_smooth
from autograd.engine.kernels import Kernel, kernels
from autograd.engine.opaque import refuse_opaque
from autograd.engine.recording import clock, note_choice, recorded, watched
from autograd.engine.sweep import explained
from autograd.engine.value import Value, data_of
from autograd.errors import AutogradError, GradientError, RangeError
from autograd.table.expression import COMPARISONS, CONSTANTS, Call, Choice, Expression, Name, Number
from autograd.table.parser import parse_row
from autograd.table.rules import REFERENCE, ROWS


def taylor(f: Callable[[Any], Any], x: Value | float, order: int) -> list[Any]:
    """The coefficients of the Taylor polynomial of f at x: f(x + h) ≈ c[0] + c[1] h + ... + c[order] hᵒʳᵈᵉʳ.

    The k-th derivative is c[k] k!. Exact for polynomials whose coefficients are exact. Where f reads Values from
    outside, or x is one, the coefficients are Values. Raises GradientError where a derivative does not exist.

    >>> taylor(lambda x: x ** 3 - 2 * x, 2.0, 5)
    [4.0, 10.0, 6.0, 1.0, 0.0, 0.0]
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise ValueError(f"order is a whole number, 0 or more, not {order!r}")
    call = Recorded(f, x)
    y, variable = call.single("taylor"), call.inputs[0]
    results = call.graph.results
    try:
        if order:
            check_smooth([y], [variable], results, call.graph.whole)
        try:
            found = _coefficients(call, order, results)
        except (AutogradError, ArithmeticError, ValueError):
            flow = Flow([y], call.graph.whole, [variable])
            moving = list(filter(flow.carries, results))
            if len(moving) == len(results):
                raise
            found = _coefficients(call, order, moving)
        return plain(found) if call.closed else found
    except RecursionError:
        raise ValueError(f"order {order} is too high: the coefficients are computed from each other") from None
    except RangeError as error:
        raise (explained(y, error) if order else error) from None
    except (AutogradError, ArithmeticError, ValueError) as error:
        reason = explained(y, error) if order else error
        raise GradientError(f"the Taylor polynomial of order {order} at {x!r} does not exist: {reason}") from None


def _coefficients(call: Recorded, order: int, moving: Sequence[Value]) -> list[Any]:
    """The coefficients of the output, where only these results can move."""
    world, y, closed = _World(), call.outputs[0], call.closed
    refuse_opaque(moving)
    known: dict[Value, _Series] = {
        node: world.constant(node.data if closed else node)
        for node in [*call.graph.ends, *set(call.graph.results).difference(moving)]
    }
    variable, since = call.inputs[0], next(clock)
    known[variable] = _Series(variable.data if closed else variable, lambda k: float(k == 1))
    try:
        with recorded(), watched() as seen:
            for node in reversed(moving):
                if node not in known:
                    operands = [known[x] if isinstance(x, Value) else world.constant(x) for x in node.operands]
                    known[node] = world.row(node._kernel.row.name, operands, node.data if closed else node, node)
                    for k in range(order + 1):  # in this order no series waits for a long chain of others
                        known[node].coefficient(k)
            first, *others = [known[y].coefficient(k) for k in range(order + 1)]
        if closed:
            return [first, *others]
        return [as_value(first), *noted(list(map(as_value, others)), call.graph, seen, since)]
    finally:
        world.forget()


class _Series:
    """A power series: its coefficients so far, and what computes the next one."""

    __slots__ = ("found", "moves", "next")

    def __init__(self, first: Any, following: Callable[[int], Any], moves: bool = True) -> None:
        self.found = [first]
        self.next = following
        self.moves = moves  # False for what is known to be constant, with which no partial is multiplied

    def coefficient(self, k: int) -> Any:
        """The coefficient of the k-th power."""
        while len(self.found) <= k:
            self.found.append(self.next(len(self.found)))
        return self.found[k]


class _World:
    """The series that occur, each operation on the same operands once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], _Series] = {}

    def forget(self) -> None:
        """Let go of what refers to itself."""
        for series in self._made.values():
            series.next = _finished

    def constant(self, value: Any) -> _Series:
        """A number, or a Value that does not depend on the variable, as a series."""
        key = ("constant", value, str(value))  # 0.0 == -0.0, but not as texts
        if key not in self._made:
            self._made[key] = _Series(value, lambda _: 0.0, moves=False)
        return self._made[key]

    def row(self, op: str, operands: list[_Series], first: Any = None, node: Value | None = None) -> _Series:
        """An operation of the table on series, its first coefficient if that is known, and a node of its kind."""
        key = (op, *operands)
        if key not in self._made:
            self._made[key] = made = self._new(op, operands, first, node)
            made.moves = any(operand.moves for operand in operands)
        return self._made[key]

    def _new(self, op: str, operands: list[_Series], first: Any, node: Value | None) -> _Series:
        kernel = node._kernel if node is not None else kernels(op).kernel("v" * len(ROWS[op].letters))
        assert kernel is not None
        if first is None:
            data = [operand.coefficient(0) for operand in operands]
            first = kernels(op).forward()(*([data] if kernel.row.vectors else data))
        match op, operands:
            case "add" | "sub", [a, b]:
                sign = 1.0 if op == "add" else -1.0
                return _Series(first, lambda k: _sum([a.coefficient(k), sign * b.coefficient(k)]))
            case "neg", [a]:
                return _Series(first, lambda k: -a.coefficient(k))
            case "mul", [a, b]:
                return _Series(
                    first, lambda k: _sum(multiplied(a.coefficient(j), b.coefficient(k - j)) for j in range(k + 1))
                )
            case "div", [a, b]:
                return self._quotient(a, b, first)
        return self._by_the_chain_rule(kernel, operands, first)

    def _quotient(self, a: _Series, b: _Series, first: Any) -> _Series:
        """The series of y = a / b from a = y b: by the chain rule it would need that of y / b, and that of y / b²..."""
        y = _Series(first, _finished)

        def following(k: int) -> Any:
            terms = (multiplied(y.coefficient(k - j), b.coefficient(j)) for j in range(1, k + 1)) if b.moves else ()
            return _sum([a.coefficient(k), *(-term for term in terms)]) / b.coefficient(0)

        y.next = following
        return y

    def _by_the_chain_rule(self, kernel: Kernel, operands: list[_Series], first: Any) -> _Series:
        """The series of y = f(a, ...) from y' = Σ (∂f/∂a) a', which for a partial p is k yₖ = Σ j aⱼ pₖ₋ⱼ."""
        y = _Series(first, _finished)
        vectors = operands if kernel.row.vectors == "a" else []
        partials: list[tuple[_Series, Callable[[], _Series]]] = []
        for letter, index in kernel.indices(len(operands)):
            if operands[index].moves:
                parts = kernel.beside(index, operands) | {"y": y}
                text, visit = kernel.row.differentiated_partial(letter), partial(self._expression, vectors=vectors)
                partials.append((operands[index], cache(partial(parse_row(text).evaluate, parts, visit))))

        def following(k: int) -> Any:
            terms = []
            for a, local in partials:
                p = local()  # it must exist, also where the first coefficients of a are 0
                moving = ((j, a.coefficient(j)) for j in range(1, k + 1))
                terms += [
                    multiplied(j * change, p.coefficient(k - j))
                    for j, change in moving
                    if isinstance(change, Value) or change
                ]
            return _sum(terms) / k

        y.next = following
        return y

    def _expression(self, part: Expression, known: Mapping[str, _Series], vectors: list[_Series]) -> _Series:
        """An expression of the table on series."""

        def series(inner: Expression) -> _Series:
            return self._expression(inner, known, vectors)

        match part:
            case Number(value):
                return self.constant(value)
            case Name(id):
                return known[id] if id in known else self.constant(CONSTANTS[id])
            case Choice(comparison, (left, right, then, otherwise)):
                sides = [series(side).coefficient(0) for side in (left, right)]
                for side in sides:
                    if isinstance(side, Value):
                        note_choice(side)
                return series(then if COMPARISONS[comparison](*map(data_of, sides)) else otherwise)
            case Call("sum" | "max" as op, (each, *_)) if vectors:
                found = [self._expression(each, {**known, "a": a}, vectors) for a in vectors]
                if op == "sum":
                    return self.row(op, found)
                return self.constant(kernels(REFERENCE.name).forward()([a.coefficient(0) for a in found]))
            case Call(op, operands):
                return self.row(op, [series(operand) for operand in operands])
        raise TypeError(f"{part!r} is not an expression")


def _sum(terms: Iterable[Any]) -> Any:
    """The sum of numbers and Values; Values that are 0 count, as they may still vary."""
    total: Any = 0.0
    for term in terms:
        if isinstance(term, Value) or term:
            total = total + term if isinstance(total, Value) or total else term
    return total


def _finished(_: int) -> Any:
    raise AssertionError("the series is finished")
