"""The compiled loss compared with that on graphs, but where both are known to compute the same."""

from __future__ import annotations

from typing import Any

from autograd import Value
from nn.choices import ACTIVATIONS
from nn.layers import MLP, Layer, Neuron
from nn.losses import LOSSES

MOST_COMPARED, FEW = 100, 5  # examples whose losses are compared with those on graphs: one by one, and together


class UnsuitableError(ValueError):
    """A training that cannot be compiled, and why."""


def is_known(graph: Any) -> bool:
    """Whether all examples and calls are known to compute the same: model and loss are ours, the data plain."""
    plain = all(type(data) in (list, tuple) or type(data).__module__ == "numpy" for data in (graph.X, graph.y))
    parts = [graph.model]
    for part in parts:  # the list grows
        ours = type(part).__call__ in (MLP.__call__, Layer.__call__, Neuron.__call__)
        if not ours or (isinstance(part, Neuron) and part._function not in ACTIVATIONS.values()):
            return False
        parts += [*getattr(part, "layers", []), *getattr(part, "neurons", [])]
    return plain and graph.loss in LOSSES.values()


def compare(compiled: Any, graph: Any) -> None:
    """Compare with graphs, at other numbers: a function of the user's may look at numbers, or change."""
    before = [(parameter, parameter.data) for parameter in graph.parameters]
    count = 0 if is_known(graph) else MOST_COMPARED  # of what is known, the compiler alone is tested
    single = [[index] for part in compiled.parts for index in [*part.examples][:count]]
    few = range(len(graph.X))[: FEW if count else 2]
    try:
        for parameter, number in before:
            parameter.data = 1.001 * number + 1e-3
        numbers = compiled.numbers()
        for batch in [*single, few]:
            try:
                loss, (found, _, slopes) = graph.computed(batch)[0], compiled.computed(batch, numbers)
            except (OverflowError, ValueError):  # which a step will tell
                continue
            if abs(found - loss.data) <= 1e-9 * max(1.0, abs(loss.data)):
                if isinstance(batch, range) and before:
                    _compare_slopes([*compiled.leaves], len(before), loss, slopes.tolist())
                continue
            if len(batch) > 1:
                raise UnsuitableError(f"the loss of several examples is not the {compiled.reduction} of their losses")
            raise UnsuitableError(
                "the model does not compute the same each time, or with its parameters' numbers, or it treats "
                "numbers and Values differently, as x == 1 does"
            )
    finally:
        for parameter, number in before:
            parameter.data = number


def _compare_slopes(leaves: list[Value], count: int, loss: Value, found: list[float]) -> None:
    """Compare the gradient of `count` of the leaves, the first, with that of the graph, if that has one."""
    kept = {leaf: leaf.grad for leaf in leaves}
    try:
        for leaf in kept:
            leaf.grad = 0.0
        loss.backward()
        expected = [parameter.grad for parameter in leaves[:count]]
    except ArithmeticError:
        return
    finally:
        for leaf, grad in kept.items():
            leaf.grad = grad
    bound = 1e-6 * max(1.0, *map(abs, expected))
    if any(abs(a - b) > bound for a, b in zip(expected, found, strict=True)):
        raise UnsuitableError("its derivatives are not those of the graph, which is a fault of the compiler's")
