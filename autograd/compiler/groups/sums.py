"""Written sums: a chain of additions, whose inner results nobody else reads, is one sum, perhaps of products."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

from autograd.compiler.groups.arrays import REDUCED
from autograd.compiler.numbering import Vector, outside, vector
from autograd.compiler.trace import Step, Trace
from autograd.engine.kernels import kernels


class Sums:
    """The steps of a trace by node, with written sums as one step.

    starts   the nodes of sums of products that begin with what is no product
    """

    def __init__(self, trace: Trace, wanted: Container[int]) -> None:
        self.steps = dict(enumerate(trace.steps, trace.leaves))
        self.starts: set[int] = set()
        self._wanted = wanted
        self._trace = trace
        self._before: dict[int, dict[int, Step]] = {}
        for node in range(trace.leaves + len(trace.steps) - 1, trace.leaves - 1, -1):
            if node in self.steps and self.steps[node].kernel.row.name == "add":
                self._sum(node)

    @functools.cached_property
    def _uses(self) -> Counter[int]:
        leaves = range(self._trace.leaves)
        return Counter(x for step in self._trace.steps for x in results_of([step], leaves))

    def is_written(self, node: int) -> bool:
        """Whether a node is a sum that was written as several operations."""
        return node in self._before

    def undo(self, node: int) -> list[int]:
        """Take a sum apart again: the nodes that it was put together from."""
        before = self._before.pop(node, {})
        self.steps |= before
        self.starts.discard(node)
        return sorted(before)

    def _is_inner(self, x: int | float, name: str) -> bool:
        """Whether an operand is the result of such an operation, which nobody else reads."""
        if not isinstance(x, int) or x not in self.steps or x in self._wanted:
            return False
        return self.steps[x].kernel.row.name == name and self._uses[x] == 1

    def _sum(self, node: int) -> None:
        """Make one step of the longest sum in the chain of additions that ends with a node."""
        chain, terms = self._chain(node)
        products = [self._is_inner(term, "mul") for term in terms]
        if products[:2] == [True, False]:  # what is no product can as well be the first
            terms[:2], products[:2] = [terms[1], terms[0]], [False, True]
        if not any(products):
            terms = [term for term in terms if type(term) is int or term]  # as 0 + x is x
            if len(terms) > 2:
                self._replace(chain, "sum", terms)
            return
        others = [index for index, product in enumerate(products) if not product and index]
        count = others[0] + products[0] if others else len(terms)  # it can end with one, where it begins with none
        factors = [int(term) for term, product in zip(terms[:count], products, strict=False) if product]
        if len(factors) < 2:
            return
        vectors = zip(*(self.steps[factor].others for factor in factors), strict=True)
        rest = [term for term, product in zip(terms[:count], products, strict=False) if not product]
        self._replace([*factors, *chain[: count - 1]], "dot", [*itertools.chain(*vectors), *(rest or [-0.0])])
        if not products[0]:
            self.starts.add(chain[count - 2])

    def _chain(self, node: int) -> tuple[list[int], list[int | float]]:
        """The additions of a sum, the first one first, and its terms: the k-th node is the sum of the first k + 2."""
        chain: list[int] = [node]
        terms: list[int | float] = []
        while True:
            a, b = self.steps[chain[-1]].others
            further = a if self._is_inner(a, "add") else b if self._is_inner(b, "add") else None
            if further is None:
                return chain[::-1], [a, b, *reversed(terms)]
            terms.append(b if further is a else a)
            chain.append(int(further))

    def _replace(self, gone: Sequence[int], name: str, operands: Sequence[int | float]) -> None:
        """Put one step in the place of several."""
        self._before[gone[-1]] = {node: self.steps.pop(node) for node in gone}
        kernel = kernels(name).kernel("v" * len(kernels(name).row.letters))
        assert kernel is not None
        vectors, others = kernel.parted(tuple(operands))
        self.steps[gone[-1]] = Step(kernel, tuple(map(vector, vectors)), tuple(others))


def results_of(steps: Iterable[Step], leaves: range) -> Iterator[int]:
    """The operands that are results; a vector that several steps read is gone through once."""
    vectors: dict[int, Vector] = {}
    for step in steps:
        yield from outside(step.others, leaves)
        vectors |= {id(x): x for x in step.vectors}
    for x in vectors.values():
        yield from outside(x, leaves)


def vectors_of(step: Step) -> tuple[Vector, ...]:
    """The vectors that a step reads in a loop."""
    return step.vectors if step.kernel.row.name in REDUCED and step.vectors[0] else ()


def length_of(step: Step) -> int:
    """How many elements they have."""
    return len(step.vectors[0]) if step.kernel.row.name in REDUCED else 0
