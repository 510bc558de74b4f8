"""A tiny GPT, that of notebook 10: written sums beside another Value, and a step compiled beside the same on the graph."""

from __future__ import annotations

import gc
import itertools
import math
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from peers import LocalGradientsValue, print_table, shortest, timed

# isort: split
import numpy as np

from autograd import Value, compile, dot, exp, logsumexp
from nn import datasets, optim

WIDTH, SIZE, PLACES, END = 16, 4, 16, 26
SYMBOLS = END + 1
NAMES = ("ava", "olivia", "isabella")


class Form(NamedTuple):
    """How the network is written: its numbers, its products, its softmax, and -log p of a symbol."""

    value: Callable[[float], Any]
    product: Callable[[Sequence[Any], Sequence[Any]], Any]
    softmax: Callable[[Sequence[Any]], list[Any]]
    surprise: Callable[[Sequence[Any], Any], Any]


def written_softmax(z: Sequence[Any]) -> list[Any]:
    largest = max(number.data for number in z)
    powers = [(number - largest).exp() for number in z]
    whole = sum(powers)
    return [power / whole for power in powers]


def softmax(z: Sequence[Any]) -> list[Any]:
    whole = logsumexp(z)
    return [exp(number - whole) for number in z]


def surprise(z: Sequence[Any], symbol: Any) -> Any:
    return logsumexp(z) - (z[symbol] if isinstance(symbol, int) else dot(z, symbol))


def written(value: Callable[[float], Any]) -> Form:
    """Written sums, as in microgpt."""
    return Form(
        value,
        lambda row, x: sum(w * number for w, number in zip(row, x, strict=True)),
        written_softmax,
        lambda z, symbol: -written_softmax(z)[symbol].log(),
    )


DOTS = Form(Value, dot, softmax, surprise)


class Network:
    """Parameters, the same numbers in each form, and the loss of a name, whose symbols are numbers or columns."""

    def __init__(self, form: Form) -> None:
        rng = random.Random(42)
        shapes = [(SYMBOLS, WIDTH), (PLACES, WIDTH), (SYMBOLS, WIDTH), *[(WIDTH, WIDTH)] * 4]
        shapes += [(4 * WIDTH, WIDTH), (WIDTH, 4 * WIDTH)]
        self.form = form
        self.matrices = [[[form.value(rng.gauss(0, 0.08)) for _ in range(m)] for _ in range(n)] for n, m in shapes]
        self.parameters = [p for matrix in self.matrices for row in matrix for p in row]

    def loss(self, symbols: Sequence[Any]) -> Any:
        seen: list[tuple[list[Any], list[Any]]] = []
        terms = [self.form.surprise(self.next(a, seen), b) for a, b in itertools.pairwise(symbols)]
        return sum(terms) * (1 / len(terms))

    def next(self, symbol: Any, seen: list[tuple[list[Any], list[Any]]]) -> list[Any]:
        table, places, answer, query, key, value, heard, wide, narrow = self.matrices
        product = self.form.product
        picked = table[symbol] if isinstance(symbol, int) else self.times(list(zip(*table, strict=True)), symbol)
        x = self.normed([a + b for a, b in zip(picked, places[len(seen)], strict=True)])
        asked = self.normed(x)
        q = self.times(query, asked)
        seen.append((self.times(key, asked), self.times(value, asked)))
        answers: list[Any] = []
        for part in (slice(start, start + SIZE) for start in range(0, WIDTH, SIZE)):
            shares = self.form.softmax([product(q[part], k[part]) / math.sqrt(SIZE) for k, _ in seen])
            answers += [product(shares, numbers) for numbers in zip(*(v[part] for _, v in seen), strict=True)]
        x = [a + b for a, b in zip(x, self.times(heard, answers), strict=True)]
        hidden = [z.relu() for z in self.times(wide, self.normed(x))]
        x = [a + b for a, b in zip(x, self.times(narrow, hidden), strict=True)]
        return self.times(answer, x)

    def times(self, matrix: Sequence[Sequence[Any]], x: Sequence[Any]) -> list[Any]:
        return [self.form.product(row, x) for row in matrix]

    def normed(self, x: Sequence[Any]) -> list[Any]:
        scale = (self.form.product(x, x) / len(x) + 1e-5) ** -0.5
        return [number * scale for number in x]


def symbols_of(name: str) -> list[int]:
    return [END, *(ord(letter) - ord("a") for letter in name), END]


def written_step(value: Callable[[float], Any], name: str) -> Callable[[], float]:
    """Value and gradient of a name, with written sums."""
    network, symbols = Network(written(value)), symbols_of(name)

    def step() -> float:
        loss = network.loss(symbols)
        for p in network.parameters:
            p.grad = 0.0
        loss.backward()
        return float(loss.data)

    return step


def adam(network: Network) -> optim.Adam:
    return optim.Adam(network.parameters, lr=0.0, betas=(0.85, 0.99))  # nothing moves, so that all steps are alike


def eager_step(name: str) -> Callable[[], float]:
    """A step on the graph, Adam's included."""
    network, symbols = Network(DOTS), symbols_of(name)
    optimizer = adam(network)

    def step() -> float:
        loss = network.loss(symbols)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.data)

    return step


class Compiled:
    """The step of a name compiled: a program for its length, which takes its letters as columns."""

    def __init__(self, name: str) -> None:
        network, symbols = Network(DOTS), np.eye(SYMBOLS)[symbols_of(name)]
        letters = [[Value(0.0) for _ in range(SYMBOLS)] for _ in name]
        end = symbols[0].tolist()
        unused = {p for row in network.matrices[1][len(name) + 1 :] for p in row}
        used = [p for p in network.parameters if p not in unused]
        self.program = compile(network.loss([end, *letters, end]), [*itertools.chain(*letters)], used)
        index_of = {p: index for index, p in enumerate(network.parameters)}
        self.reads, self.writes = (np.array([index_of[p] for p in some]) for some in (self.program.parameters, used))
        self.rows = self.program.rows(*symbols[1:-1].reshape(-1, 1))
        self.numbers = np.array([p.data for p in network.parameters])
        self.optimizer: Any = adam(network).converted(np.array)
        self()

    def __call__(self) -> float:
        value, slopes, _ = self.program.over(self.rows, self.numbers[self.reads])
        gradient = np.zeros(len(self.numbers))
        gradient[self.writes] = slopes
        self.numbers, self.optimizer = self.optimizer.stepped(self.numbers, gradient)
        return value


def with_collector(is_on: bool, step: Callable[[], float]) -> Callable[[], float]:
    """The same with Python's cyclic garbage collector on, or off."""

    def run() -> float:
        (gc.enable if is_on else gc.disable)()
        try:
            return step()
        finally:
            gc.enable()

    return run


def written_sums() -> None:
    """Our Value beside another in microgpt's own way of writing; the collector on and off."""
    values = {"slots and local gradients": LocalGradientsValue, "chalkgrad": Value}
    steps = {name: written_step(value, "olivia") for name, value in values.items()}
    assert len({round(step(), 12) for step in steps.values()}) == 1, "the peers disagree on the loss"
    ways = itertools.product(steps, (True, False))
    found = shortest({f"{name} {is_on}": with_collector(is_on, steps[name]) for name, is_on in ways}, rounds=15)
    rows = []
    for name in steps:
        times = [found[f"{name} {is_on}"] for is_on in (True, False)]
        ratios = [found[f"{name} {is_on}"] / found[f"chalkgrad {is_on}"] for is_on in (True, False)]
        rows.append([name, *(f"{time * 1e3:.0f}" for time in times), *(f"{ratio:.2f}" for ratio in ratios)])
    header = ["written sums, a name of six letters", "ms, collector on", "off", "against ours, on", "off"]
    print_table("value and gradient of a tiny GPT (CPU time, shortest, in turn)", header, rows)


def compiled_steps() -> None:
    """A step, Adam's included, compiled and on the graph; and how long compiling takes."""
    rows = []
    for name in NAMES:
        made = [timed(lambda: Compiled(name)) for _ in range(3)]
        step, eager = made[0][0], eager_step(name)
        assert abs(step() - eager()) < 1e-12, "the program and the graph disagree on the loss"
        found = shortest({"eager": eager, "compiled": step})
        cells = [f"{min(seconds for _, seconds in made):.2f}", f"{found['eager'] * 1e3:.1f}"]
        rows.append(
            [str(len(name)), *cells, f"{found['compiled'] * 1e6:.0f}", f"{found['eager'] / found['compiled']:.0f}"]
        )
    header = ["letters", "s to compile, recording and first step included", "ms on the graph", "µs compiled", "ratio"]
    print_table("a step of a tiny GPT with Adam, neurons as dot products (CPU time, shortest)", header, rows)


def main() -> None:
    sys.setrecursionlimit(100_000)  # for the peer, which sorts its graphs recursively
    assert {*NAMES} <= {*datasets.names()}
    written_sums()
    compiled_steps()


if __name__ == "__main__":
    main()
