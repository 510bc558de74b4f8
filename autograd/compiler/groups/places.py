"""Where nodes lie, and where the elements of vectors lie among them."""

from __future__ import annotations

from typing import Any

from autograd.compiler.groups.arrays import Access, Array, Gather, Place
from autograd.compiler.numbering import Vector
from autograd.compiler.trace import Trace


class Places:
    """Where nodes lie, and where the elements of vectors lie among them."""

    def __init__(self, trace: Trace) -> None:
        self.inputs = Array("inputs", range(trace.inputs))
        self.parameters = Array("parameters", range(trace.inputs, trace.leaves))
        self.constants = Array("constants")
        self.gathers: list[Gather] = []
        self.results: dict[int, Place] = {}
        self._trace = trace
        self._vectors: dict[Any, Access] = {}

    def place(self, node: int) -> Place:
        """Where a node is."""
        if node >= self._trace.leaves:
            return self.results[node]
        inputs = self._trace.inputs
        return (self.inputs, node) if node < inputs else (self.parameters, node - inputs)

    def vector(self, operands: Vector) -> Access:
        """Where the elements of a vector are, which are brought together if they lie in no even order."""
        is_nodes = isinstance(operands, range) or set(map(type, operands)) == {int}
        key = operands if is_nodes else tuple(map(repr, operands))  # 1 is not 1.0, nor 0.0 -0.0
        found = self._vectors.get(key)
        if found is None:
            found = self._vectors[key] = (self._run(operands) if is_nodes else None) or self._copied(operands)
        return found

    def _run(self, operands: Vector) -> Access | None:
        array, base = self.place(int(operands[0]))
        if isinstance(operands, range) and max(operands[0], operands[-1]) < self._trace.leaves:
            return Access(array, base, 0, operands.step) if self.place(operands[-1])[0] is array else None
        places = [self.place(int(x)) for x in operands]
        step = places[1][1] - base if len(places) > 1 else 1
        even = all(place == (array, base + step * j) for j, place in enumerate(places))
        return Access(array, base, 0, step) if even else None

    def _copied(self, operands: Vector) -> Access:
        """Elements side by side: numbers, copies of parameters, or what is gathered for each row."""
        leaves = range(self._trace.inputs, self._trace.leaves)
        array: Array
        if all(type(x) is not int for x in operands):
            array = self.constants
        elif all(type(x) is int and x in leaves for x in operands):
            array = self.parameters
        else:
            array = Gather(operands, [self._place(x) for x in operands])
            self.gathers.append(array)
            return Access(array, 0, 0, 1)
        return Access(array, array.append(operands), 0, 1)

    def _place(self, operand: int | float) -> Place:
        if type(operand) is int:
            return self.place(operand)
        return self.constants, self.constants.append([operand])
