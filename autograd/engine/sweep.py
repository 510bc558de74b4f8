"""The backward pass: the chain rule, run over a graph from its end to its leaves.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> x.grad
8.0

`backward` is a method of Value; it calls the function that each row became. `chain_rule` is the same pass written once
for adjoints of any kind: floats in `contributions`, Values, expressions and instructions elsewhere.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from autograd.engine.checks import number, times_zero
from autograd.engine.flow import Edge, Flow, edges, local_partial
from autograd.engine.kernels import sweep_over
from autograd.engine.opaque import check_alone, partials_of
from autograd.engine.order import Collected, check_fresh, clear, collect
from autograd.engine.value import Value, is_result
from autograd.errors import AutogradError, RangeError, StaleGraphError

Node = TypeVar("Node", bound=Hashable)
T = TypeVar("T")
_UNFIT = "a leaf's grad was not a finite number before the sweep: set it to 0.0"


class Arithmetic(NamedTuple, Generic[Node, T]):
    """What adjoints are made of, and so how the chain rule computes with them.

    partials   the operands of a node, each with its local partial, given the node and its adjoint
    times      adjoint times local partial; None where nothing flows on
    plus       what has arrived at a node, or None, and one contribution more
    whole      the adjoint of a node, made of what has arrived as soon as that is all; None where it is the same
    operands   the operands of a node, by which that is known
    """

    partials: Callable[[Any, T], Iterable[tuple[Node, T]]]
    times: Callable[[T, T], T | None]
    plus: Callable[[Any, T], Any]
    whole: Callable[[Node, Any], T] | None = None
    operands: Callable[[Node], Iterable[Node]] = lambda _: ()


class Contribution(NamedTuple):
    """What one edge contributes: what arrives at it, `upstream`, times the local partial.

    Backward that is the node's adjoint, and the operand's grows from `before` to `after`; forward it is the operand's
    tangent, and the node's grows.
    """

    node: Value
    position: int
    letter: str
    operand: Value
    upstream: float
    partial: float
    contribution: float
    before: float
    after: float


def backward(self: Value, seed: float = 1.0, hook: Callable[[Contribution], object] | None = None) -> None:
    """Add `seed` times the derivative of this node to the `grad` of every leaf it was computed from.

    Each result's `grad` is left holding its adjoint in this sweep: nan where that does not exist, and is not needed. 0
    times a partial that is infinite is 0. Raises GradientError where a derivative that is needed does not exist,
    RangeError for a number too large, StaleGraphError where a leaf's data was changed after it was used; no leaf has
    then changed. Threads may sweep at the same time only if they share no node.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> y.backward(); y.backward(); x.grad
    12.0

    A hook is called with each `Contribution` as it happens, when its operand's `grad` is what has arrived so far. It
    may look, and change nothing: else there is a StaleGraphError.

    >>> z = x * x + 2.0
    >>> z.backward(hook=lambda step: print(step.node.op, step.upstream, step.partial, step.operand.grad))
    add 1.0 1.0 1.0
    mul 1.0 3.0 3.0
    mul 1.0 3.0 6.0
    """
    seed = _seed(seed)
    if hook is not None and not callable(hook):
        raise TypeError(f"a hook is a function of a contribution, not {hook!r}")
    results: list[Value] = []
    before: dict[Value, float] = {}
    try:
        clear(self, results, before)
        for kind in {*map(type, before.values())}:
            if not issubclass(kind, (int, float)):
                raise _no_number(before)
        check_alone(results)
        _check(self, results, before)
        self.grad = seed
        if hook is None:
            try:
                sweep_over()(results)
                after = {leaf: grad + leaf.grad for leaf, grad in before.items()}
                if not all(map(math.isfinite, after.values())):
                    raise RangeError(_UNFIT)
            except (ArithmeticError, ValueError) as error:
                after = _written_out(self, seed, Collected(results, [*before]), before, error, _nobody)
        else:
            after = _written_out(self, seed, Collected(results, [*before]), before, RangeError(_UNFIT), hook)
    except BaseException:
        _set_grads(before)
        if is_result(self):
            self.grad = 0.0  # it has not been swept
        raise
    _set_grads(after)


def _written_out(
    root: Value,
    seed: float,
    nodes: Collected,
    before: Mapping[Value, float],
    error: Exception,
    hook: Callable[[Contribution], object],
) -> dict[Value, float]:
    """The grads of the leaves after the sweep that knows where nothing flows, and shows each contribution to a hook.

    Raises what that sweep or the hook raises; or `error`, where a grad is not finite in the end.
    """
    for node in [*nodes.leaves, *nodes.results]:
        node.grad = 0.0
    root.grad = seed
    arrived = {root: seed}
    for step in contributions(root, seed, nodes):
        arrived[step.operand] = step.operand.grad = step.after
        hook(step)
    check_fresh(nodes.results, nodes.leaves)
    for leaf in nodes.leaves:
        if leaf.grad != arrived.get(leaf, 0.0) and leaf.grad == leaf.grad:
            raise StaleGraphError(
                f"the hook changed the grad of {leaf!r}: a hook may look at a sweep, and change nothing"
            )
    after = {leaf: grad + leaf.grad for leaf, grad in before.items()}
    if not all(map(math.isfinite, after.values())):
        raise error
    return after


def _no_number(grads: Mapping[Value, object]) -> TypeError:
    leaf, grad = next((leaf, grad) for leaf, grad in grads.items() if not isinstance(grad, int | float))
    name = leaf.name or repr(Value(leaf.data))
    return TypeError(f"the grad of {name} is {grad!r}, not a number: set it to 0.0 before the sweep")


def _nobody(_: Contribution) -> None:
    """A hook that looks at nothing."""


def _set_grads(grads: Mapping[Value, float]) -> None:
    """Give every leaf its grad, all of them even if Ctrl-C arrives in the middle."""
    try:
        for leaf, grad in grads.items():
            leaf.grad = grad
    except BaseException:
        _set_grads(grads)
        raise


def checked(root: Value, seed: float, nodes: Collected | None = None) -> tuple[Collected, float]:
    """The nodes of the graph and the seed, if both will do: no leaf has changed since it was used, all is finite."""
    seed, nodes = _seed(seed), nodes or collect(root)
    _check(root, *nodes)
    return nodes, seed


def _seed(seed: float) -> float:
    seed = number(seed)
    if not math.isfinite(seed):
        raise RangeError(f"the seed must be a finite number, not {seed!r}")
    return seed


def _check(root: Value, results: Sequence[Value], leaves: Iterable[Value]) -> None:
    check_fresh(results, leaves)
    if not math.isfinite(root._data):
        first = next(node for node in [*leaves, *reversed(results)] if not math.isfinite(node._data))
        raise RangeError(f"the derivative of {root._data!r} is not defined: the first such number is {first!r}")


def chain_rule(
    arrived: dict[Node, Any], nodes: Sequence[Node], arithmetic: Arithmetic[Node, T]
) -> Iterator[tuple[T, T, Any, Any, Any]]:
    """The chain rule: each node, once its adjoint is whole, passes adjoint times local partial on to its operands.

    `nodes` come before their operands; `arrived` holds the seeds at first, and in the end the adjoints. Each step is
    yielded as it happens: the node's adjoint, the partial, their product, the operand's sum before and after.

    With whole numbers for adjoints and 1 for every partial, it counts the paths that lead from a node to the end:

    >>> from autograd.engine.flow import values_in
    >>> x = Value(3.0)
    >>> y = x * x + x
    >>> ones = lambda node, paths: [(operand, 1) for operand in values_in(node)]
    >>> count = Arithmetic(ones, int.__mul__, lambda before, paths: (before or 0) + paths)
    >>> adjoints({y: 1}, collect(y).results, count)[x]
    3
    """
    partials, times, plus, whole, operands = arithmetic
    # For each node, how many have still to pass something on to it; nobody asks where the sum itself is the adjoint.
    waiting = Counter(operand for node in (nodes if whole else ()) for operand in set(operands(node)))

    def complete(those: Iterable[Node]) -> None:
        for node in those:
            if whole and not waiting[node] and node in arrived:
                arrived[node] = whole(node, arrived[node])

    complete(arrived)
    for node in nodes:
        if node in arrived:
            adjoint = arrived[node]
            for operand, partial in partials(node, adjoint):
                before, term = arrived.get(operand), times(adjoint, partial)
                if term is not None:
                    arrived[operand] = plus(before, term)
                yield adjoint, partial, term, before, arrived.get(operand)
        if whole:
            used = dict.fromkeys(operands(node))
            for operand in used:
                waiting[operand] -= 1
            complete(used)


def gathered(before: list[T] | None, term: T) -> list[T]:
    """A list of what has arrived, for a `whole` that puts it together at once."""
    terms = [] if before is None else before
    terms.append(term)
    return terms


def adjoints(seeds: Mapping[Node, Any], nodes: Sequence[Node], arithmetic: Arithmetic[Node, T]) -> dict[Node, T]:
    """The adjoints that the chain rule ends with, of all nodes at which something arrives."""
    arrived = dict(seeds)
    for _ in chain_rule(arrived, nodes, arithmetic):
        pass
    return arrived


def contributions(root: Value, seed: float = 1.0, nodes: Collected | None = None) -> Iterator[Contribution]:
    """The sweep from `root`, one operand at a time, without touching any `grad`; `backward` does the same, faster."""
    nodes, seed = checked(root, seed, nodes)
    results = nodes.results
    flow = Flow([root] if seed else [], results)
    every = ((node, edge) for node in results for edge in edges(node))
    floats: Arithmetic[Value, float] = Arithmetic(
        partials=lambda node, adjoint: _partials(node, adjoint, flow),
        times=_times,
        plus=lambda before, term: (before or 0.0) + term,
    )
    passing = chain_rule({root: seed}, results, floats)
    sums = (
        Contribution(node, edge.position, edge.letter, edge.operand, adjoint, partial, term, before or 0.0, after)
        for (node, edge), (adjoint, partial, term, before, after) in zip(every, passing, strict=True)
    )
    return _finite(sums, "adjoint", flow, nodes.leaves)


def transports(root: Value, x: Value, seed: float = 1.0, nodes: Collected | None = None) -> Iterator[Contribution]:
    """The sweep forward from x to `root`, one operand at a time: how fast each node changes when x does."""
    nodes, seed = checked(root, seed, nodes)
    flow = Flow([root] if seed else [], nodes.results, [x])
    try:
        yield from _finite(_transported(x, seed, nodes.results, flow), "tangent", flow, [root])
    except AutogradError as error:
        raise explained(root, error, nodes) from None


def _transported(x: Value, seed: float, results: Sequence[Value], flow: Flow) -> Iterator[Contribution]:
    """The same, whatever the sums are."""
    tangents: dict[Value, float] = {x: seed}
    for node in reversed(results):
        for edge in edges(node) if node is not x else ():
            if edge.operand in tangents:
                tangent, before = tangents[edge.operand], tangents.get(node, 0.0)
                partial = _partial(node, edge, tangent, flow)
                term = _times(tangent, partial)
                after = tangents[node] = before + term
                yield Contribution(
                    node, edge.position, edge.letter, edge.operand, tangent, partial, term, before, after
                )


def _finite(sums: Iterable[Contribution], kind: str, flow: Flow, ends: Iterable[Value]) -> Iterator[Contribution]:
    """The contributions, as long as the sums at the ends are numbers.

    Before, one may be infinite, or not defined: what it is multiplied with may be 0. The error names the first of them.
    """
    ends, failure = set(ends), None
    for found in sums:
        target = found.operand if kind == "adjoint" else found.node
        if not math.isfinite(found.after):
            if failure is None and flow.carries(target):
                product = f"{found.upstream!r} * {found.partial!r}, between it and"
                other = found.node if kind == "adjoint" else found.operand
                failure = RangeError(f"the {kind} of {target!r} is too large: {product} {other!r}")
            if failure and target in ends:
                raise failure
        yield found


def _times(arrived: float, partial: float) -> float:
    """The product; 0 on one side silences what is too large on the other, or undefined (nan), and not needed."""
    return arrived * partial if arrived and partial else 0.0


def _partials(node: Value, adjoint: float, flow: Flow) -> Iterator[tuple[Value, float]]:
    """The operands with their local partials; an opaque node is asked once for all of them."""
    found = partials_of(node, adjoint) if node._kernel.row.is_opaque else None
    for edge in edges(node):
        yield edge.operand, _partial(node, edge, adjoint, flow, found)


def _partial(node: Value, edge: Edge, arrived: float, flow: Flow, own: Sequence[float] | None = None) -> float:
    """The local partial, nan where it does not exist but is not needed."""
    try:
        return local_partial(node, edge, own)
    except AutogradError as error:
        if flow.needs(node, edge.operand):
            raise (error if arrived else times_zero(error)) from None
        return math.nan


def explained(root: Value, error: Exception, nodes: Collected | None = None) -> Exception:
    """The error to raise where a sweep failed with `error`: the one that `backward` would raise, if it does."""
    try:
        for _ in contributions(root, 1.0, nodes):
            pass
    except AutogradError as its_error:
        return its_error
    return error
