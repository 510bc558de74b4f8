"""A recorded graph written flat: its leaves, then one step for each result, in an order in which they can be computed.

>>> from autograd.engine.value import Value
>>> x, w = Value(3.0, "x"), Value(2.0, "w")
>>> trace = Trace(w * x + 1, [x])
>>> trace.labels, [(step.kernel.row.name, step.operands) for step in trace.steps]
(['x', 'w', 'v1', 'J'], [('mul', (1, 0)), ('add', (2, 1.0))])

An operand is the number of a node (an int) or a constant (a float). A trace holds no node but the parameters, so that
the graph can go, and it is pickled without recursion, whatever its length.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, NamedTuple

from autograd.engine.kernels import Kernel
from autograd.engine.value import Result, Value
from autograd.reading.graph import Graph, free, printable


class Step(NamedTuple):
    """How one result is computed."""

    kernel: Kernel
    operands: tuple[int | float, ...]


class Trace:
    """The graph of y: `inputs` come first, the other leaves are its `parameters`, then come the results, y last.

    Where y is a leaf itself, or does not depend on the inputs, `root` still is its number.
    """

    def __init__(self, y: Value, inputs: Sequence[Value]) -> None:
        graph = Graph(y)
        results, names = graph.results, graph.labels
        given = dict.fromkeys(inputs)
        self.parameters = [node for node in names if not isinstance(node, Result) and node not in given]
        nodes = [*given, *self.parameters, *reversed(results)]
        self.number = {node: place for place, node in enumerate(nodes)}
        taken: set[str] = set()  # inputs that take no part in the graph may bear the same names
        self.labels = [free(names.get(node) or printable(node.name or "x"), taken) for node in nodes]
        self.names = [node.name for node in nodes]
        self.inputs = len(given)
        self.root = self.number[y]
        self.steps = [
            Step(
                node._kernel,
                tuple(self.number[operand] if isinstance(operand, Value) else operand for operand in node.operands),
            )
            for node in reversed(results)
        ]

    @property
    def leaves(self) -> int:
        """How many inputs and parameters there are: the number of the first result."""
        return self.inputs + len(self.parameters)

    def edges(self, node: int, among: Container[int] | None = None) -> list[tuple[str, int, int]]:
        """(letter, position, operand) of the operands of a result that are nodes, or certain nodes."""
        kernel, operands = self.steps[node - self.leaves]
        every = ((letter, index, operands[index]) for letter, index in kernel.indices(len(operands)))
        return [edge for edge in every if type(edge[2]) is int and (among is None or edge[2] in among)]  # type: ignore[misc]

    def leading(self, wrt: Iterable[int]) -> set[int]:
        """The nodes that are computed from one of `wrt`, and these themselves."""
        found = set(wrt)
        for node, step in enumerate(self.steps, self.leaves):
            if any(type(operand) is int and operand in found for operand in step.operands):
                found.add(node)
        return found

    def forget(self) -> None:
        """Let the nodes go; from then on they are known by their numbers only."""
        self.number = {}

    def same(self, other: Trace) -> bool:
        """Whether both compute the same from their leaves; parameters are alike if their numbers are."""
        shape, others = ((x.steps, x.root, x.inputs, len(x.parameters)) for x in (self, other))
        return shape == others and all(
            a is b or a.data == b.data for a, b in zip(self.parameters, other.parameters, strict=True)
        )

    def replay(
        self, numbers: Sequence[float], parameters: Sequence[float], moving: Container[int] | None = None
    ) -> list[Value]:
        """The nodes of the graph recorded once more, with other numbers for the inputs and for the parameters.

        With `moving`, other leaves than these are plain numbers, and so is what is computed from them alone. Raises
        what the operations raise.
        """
        nodes: list[Any] = [Value(number, name) for number, name in zip([*numbers, *parameters], self.names)]  # noqa: B905
        for place in range(self.leaves):
            if moving is not None and place not in moving:
                nodes[place] = nodes[place].data
        for place, (kernel, operands) in enumerate(self.steps, self.leaves):
            row = kernel.row
            given = [nodes[operand] if type(operand) is int else operand for operand in operands]
            count = len(row.vectors)
            length = (len(given) - len(row.letters) + count) // count if count else 0
            vectors = [given[start * length : (start + 1) * length] for start in range(count)]
            node = kernel.functions.forward()(*vectors, *given[count * length :])
            name = self.names[place]
            nodes.append(node.named(name) if name is not None and isinstance(node, Value) else node)
        return nodes
