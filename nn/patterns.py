"""Graphs of single examples, recorded to be compiled: whether two compute the same, and what they are computed from.

>>> x, w = Value(1.0, "x"), Value(2.0, "w")
>>> one = Graph(w * x + 1, [x], [])
>>> x = Value(5.0, "x")
>>> pattern(one) == pattern(Graph(w * x + 1, [x], [])), pattern(one) == pattern(Graph(w * x + 2, [x], []))
(True, False)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value
from nn.layers import ACTIVATIONS, MLP, Layer, Neuron

__all__ = ["Graph", "UnsuitableError", "as_values", "columns", "is_ours", "is_plain", "leaves", "pattern"]


class UnsuitableError(ValueError):
    """A training that cannot be compiled, and why."""


class Graph(NamedTuple):
    """What was recorded: the loss of one example, or the penalty."""

    loss: Value
    inputs: list[Value]
    outputs: list[Value]


def columns(name: str, data: Sequence[Any]) -> Sequence[Any]:
    """The numbers of the examples, or of the targets, as columns."""
    matrix: Any = data
    if getattr(matrix, "ndim", 0) in (1, 2):
        return [matrix] if matrix.ndim == 1 else list(matrix.T)
    several = [hasattr(row, "__len__") and not isinstance(row, str) for row in data]
    if not any(several):
        return [data]
    if not all(several) or len({len(row) for row in data}) > 1:
        raise UnsuitableError(f"{name} is not a list of numbers, nor of lists of as many numbers")
    return list(zip(*data, strict=True))


def as_values(name: str, example: Any) -> tuple[Any, list[Value]]:
    """An example with Values for its numbers, and these."""
    if not hasattr(example, "__len__"):
        value = Value(example, name)
        return value, [value]
    values = [Value(number, f"{name}{place}") for place, number in enumerate(example, 1)]
    return values, values


def leaves(y: Value) -> set[Value]:
    """The leaves that a node was computed from."""
    waiting, seen = [y], {y}
    while waiting:
        for operand in waiting.pop().operands:
            if isinstance(operand, Value) and operand not in seen:
                seen.add(operand)
                waiting.append(operand)
    return {node for node in seen if not node.operands}


def pattern(graph: Graph) -> list[object]:
    """What a graph computes: its operations with their operands, and the leaves that are no inputs."""
    numbers: dict[Value, int] = {x: place for place, x in enumerate(graph.inputs)}
    pattern: list[object] = []
    waiting = [graph.loss]
    while waiting:
        node = waiting[-1]
        missing = [x for x in node.operands if isinstance(x, Value) and x not in numbers]
        if missing and node not in numbers:
            waiting.extend(missing)
            continue
        waiting.pop()
        if node not in numbers:
            numbers[node] = len(numbers)
            operands = [numbers[x] if isinstance(x, Value) else x for x in node.operands]
            pattern.append((node.op, operands) if operands else node)
    return [*pattern, *(numbers.get(node) for node in graph.outputs)]


def is_plain(data: object) -> bool:
    """Whether data are what they are: lists, tuples and arrays, not something that makes its entries when asked."""
    return type(data) in (list, tuple) or type(data).__module__ == "numpy"


def is_ours(model: object) -> bool:
    """Whether a model is known to compute the same at each call: an MLP, a Layer or a Neuron with known activations."""
    if not isinstance(model, MLP | Layer | Neuron):
        return False
    if type(model).__call__ not in (MLP.__call__, Layer.__call__, Neuron.__call__):
        return False
    layers = model.layers if isinstance(model, MLP) else [model]
    neurons = [neuron for layer in layers for neuron in getattr(layer, "neurons", [layer])]
    return all(type(layer) in (Layer, Neuron) for layer in layers) and all(
        type(neuron) is Neuron and neuron._function in ACTIVATIONS.values() for neuron in neurons
    )
