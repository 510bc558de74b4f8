"""Steps of a training with a compiled loss: the numbers of the parameters in one array; on the graph where something
fails, which says what is wrong."""

from __future__ import annotations

import operator
import random
from collections.abc import Sequence
from typing import Any

from autograd import Value
from nn.optim import OPTIMIZERS
from nn.training.comparing import compare
from nn.training.compiled import CompiledLoss


class CompiledSteps:
    """Steps with the loss compiled. Raises UnsuitableError where that cannot be."""

    def __init__(self, graph: Any) -> None:
        self.graph, self.optimizer = graph, graph.optimizer
        self.loss = CompiledLoss(graph)
        self.numbers: Any = None  # of the optimiser's parameters, then of other leaves
        self.in_arrays: Any = None  # the optimiser, what it keeps in arrays; where it is ours
        self._build()

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        """Take a step on the examples of a batch: its loss before, and how many were predicted right."""
        count = len(self.optimizer.parameters)
        try:
            total, hits, gradient = self.loss.computed(batch, self.numbers)
            if self.in_arrays:
                self.numbers[:count], self.in_arrays = self.in_arrays.stepped(self.numbers[:count], gradient)
        except (ArithmeticError, ValueError):
            self.write_back()
            found: tuple[float, int] = self.graph.step(batch)
            self._take_over()
            return found
        self.gradient, self.changed = gradient, True
        if not self.in_arrays:
            self.optimizer.zero_grad()
            for parameter, slope in zip(self.optimizer.parameters, gradient.tolist(), strict=True):
                parameter.grad += slope
            self.optimizer.step()
            self._take_over()
        return total, hits

    def write_back(self) -> None:
        """Give the parameters, and the optimiser, the numbers that were reached."""
        if self.changed:
            reached = self.numbers.tolist(), self.gradient.tolist()
            for parameter, number, slope in zip(self.optimizer.parameters, *reached, strict=False):
                parameter.data, parameter.grad = number, slope
            if self.in_arrays:
                vars(self.optimizer).update(vars(self.in_arrays.converted(lambda kept: kept.tolist())))
        self.changed = False

    def reached(self, parameters: Sequence[Value]) -> list[float]:
        """The numbers of parameters now."""
        numbers: list[float] = self.numbers.tolist()
        leaves = self.loss.leaves
        if len(parameters) <= len(leaves) and all(map(operator.is_, parameters, leaves)):  # in the optimiser's order
            return numbers[: len(parameters)]
        return [numbers[leaves[p]] if p in leaves else p.data for p in parameters]

    def refreshed(self, graph: Any) -> Any:
        """The steps to go on with after code of the user's has run: with what has changed, or on graphs."""
        self.write_back()
        self.graph = graph
        try:
            self._build()
        except Exception:  # whatever a model may raise; the graph will raise it, too
            return self.graph
        return self

    def _take_over(self) -> None:
        """Take over the numbers of the parameters, and what the optimiser keeps."""
        import numpy as np

        self.numbers = self.loss.numbers()
        self.gradient, self.changed = np.zeros(len(self.optimizer.parameters)), False
        ours = type(self.optimizer) in OPTIMIZERS.values()
        replaced = any(map(callable, vars(self.optimizer).values()))  # as by optimizer.step = my_step
        self.in_arrays = self.optimizer.converted(np.array) if ours and not replaced else None

    def _build(self) -> None:
        """Read model and data, and compile what is new."""
        import numpy as np

        before, state = self.loss.targets, random.getstate()
        try:
            if self.loss.read(self.graph):
                compare(self.loss, self.graph)
        finally:
            random.setstate(state)
        self._take_over()
        if not np.array_equal(self.loss.targets, before):
            self.loss.check_targets()
