"""Graphs that several tests look at: those of the teaching documents, networks, random ones with the truth about them.

And how the work that a call does is counted.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable

from mpmath import mpf
from oracle import TRUE

from autograd import Value, dot, exp, relu, sigmoid, sin
from autograd.engine.kernels import kernels
from autograd.engine.sweep import contributions
from autograd.table.rules import ROWS

SCALAR = [row for row in ROWS.values() if not row.vectors]  # as the table is before a test adds a row


# The teaching documents.


def example_7_15() -> tuple[Value, Value, Value, Value]:
    x = Value(1.5, "x")
    y = (x**2).named("y")
    z = sin(y).named("z")
    return x, y, z, exp(-z).named("J")


def example_7_16() -> tuple[list[Value], list[Value], Value, Value, Value]:
    a = [Value(2.0, "a1"), Value(-1.0, "a2")]
    x = [Value(0.5, "x1"), Value(1.5, "x2")]
    y = (a[0] * x[0] + a[1] * x[1]).named("y")
    z = (1 + exp(-y)).named("z")
    return a, x, y, z, (1 / z).named("J")


def network() -> dict[str, Value]:
    """The slides' 2-2-2 network; `w[l][i,j]` is the weight to neuron i of layer l from neuron j of the layer before."""
    weights = {(1, 1, 1): 0.1, (1, 1, 2): 0.3, (1, 2, 1): 0.2, (1, 2, 2): 0.4}
    weights |= {(2, 1, 1): 0.5, (2, 1, 2): 0.6, (2, 2, 1): 0.7, (2, 2, 2): 0.8}
    nodes = {f"w[{layer}][{i},{j}]": Value(w) for (layer, i, j), w in weights.items()}
    for layer, i, j in weights:
        nodes[f"w[{layer}][{i},{j}]"].within(f"layer {layer}", f"neuron {i}")
    nodes |= {"b[1]": Value(0.25).within("layer 1"), "b[2]": Value(0.35).within("layer 2")}
    nodes |= {"x1": Value(0.1), "x2": Value(0.5)}
    previous = [nodes["x1"], nodes["x2"]]
    for layer, output in ((1, "a"), (2, "ŷ")):
        row = []
        for i in (1, 2):
            z = dot([nodes[f"w[{layer}][{i},{j}]"] for j in (1, 2)], previous, nodes[f"b[{layer}]"])
            nodes[f"z[{layer}]_{i}"] = z
            nodes[f"{output}{i}"] = sigmoid(z).within(f"layer {layer}", f"neuron {i}")
            row.append(nodes[f"{output}{i}"])
        previous = row
    nodes["E"] = 0.5 * ((0.05 - previous[0]) ** 2 + (0.95 - previous[1]) ** 2)
    for name, node in nodes.items():
        node.named(name)
    nodes["E"].backward()
    return nodes


# Networks, and names that may spoil a picture of them.


def mlp(sizes: list[int], inputs: list[Value], seed: int = 1) -> Value:
    """The output of a network with one output, its weights and neurons marked as `nn` marks them."""
    rng = random.Random(seed)
    values = inputs
    for layer, (count, size) in enumerate(zip([len(inputs), *sizes[:-1]], sizes, strict=True), 1):
        outputs = []
        for i in range(1, size + 1):
            part = f"layer {layer}", f"neuron {i}"
            weights = [Value(rng.uniform(-1, 1), f"w[{layer}][{i},{j + 1}]").within(*part) for j in range(count)]
            z = dot(weights, values, Value(0.0, f"b[{layer}]_{i}").within(*part))
            outputs.append((relu(z) if layer < len(sizes) else z).within(*part))
        values = outputs
    return values[0]


HOSTILE = [
    "<script>alert(1)</script>", 'a"b', "a\\", "a\\n", "{a|b}", "a|b", "a<b>c", "a&b", "&lt;", "a:b", "a;b", "</svg>",
    "]]>", "javascript:alert(1)", "\n", "a\nb", "\t", "\x00", "\x1b[31m", "\u202eabc", "\u2028", "\ud800", "'", "%", "$x$", "#",
    "é ŷ ∂", "😀", "-->", "x" * 10_000,
]  # fmt: skip


# Random graphs.

UNARY = [
    "exp",
    "log",
    "sqrt",
    "tan",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "softplus",
    "relu",
    "abs",
    "neg",
    "atan",
    "asinh",
    "erf",
    "gaussian",
]
BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "hypot", "atan2"]


class Dual:
    """A number and its derivatives with respect to every leaf."""

    def __init__(self, value: mpf, tangents: list[mpf]) -> None:
        self.value, self.tangents = value, tangents


def apply_exactly(name: str, operands: list[Dual]) -> Dual:
    values = [operand.value for operand in operands]
    value, *partials = TRUE[name]
    slopes = [partial(*values) for partial in partials]
    tangents = [
        sum((slope * operand.tangents[i] for slope, operand in zip(slopes, operands, strict=True)), mpf(0))
        for i in range(len(operands[0].tangents))
    ]
    return Dual(value(*values), tangents)


def random_graph(rng: random.Random) -> tuple[list[Value], Value, Callable[[], Dual]]:
    """Leaves, a result that uses some nodes many times, and what computes the same in dual numbers."""
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(rng.randint(1, 5))]
    nodes = [*leaves]
    recipe: list[tuple[str, list[int]]] = []  # what made the nodes after the leaves, from which nodes

    def made(name: str, operands: list[int]) -> Value:
        return kernels(name).forward()(*(nodes[index] for index in operands))  # type: ignore[no-any-return]

    def keep(node: Value, name: str, operands: list[int]) -> None:
        nodes.append(node)
        recipe.append((name, operands))

    for _ in range(rng.randint(1, 25)):
        name, known = rng.choice(UNARY + 2 * BINARY), range(len(nodes))
        operands = [rng.choice(known[-6:] if rng.random() < 0.7 else known) for _ in TRUE[name][1:]]
        if not is_jump(name, [nodes[index] for index in operands]):
            node = made(name, operands)
            if abs(node.data) < 1e3:
                keep(node, name, operands)
    for index in range(len(nodes) - 1):  # every node matters
        operands = [len(nodes) - 1, index]
        keep(made("add", operands), "add", operands)

    def exact() -> Dual:
        duals = [Dual(mpf(leaf.data), [mpf(i == j) for j in range(len(leaves))]) for i, leaf in enumerate(leaves)]
        for name, operands in recipe:
            duals.append(apply_exactly(name, [duals[index] for index in operands]))
        return duals[-1]

    return leaves, nodes[-1], exact


def is_jump(name: str, operands: list[Value]) -> bool:
    """Whether a row is undefined or ill conditioned there, or rounding may decide on which side of a kink it is."""
    a, b = operands[0], operands[-1]
    if name in ("log", "sqrt", "pow"):
        return a.data < 0.1 or (name == "pow" and (abs(b.data) > 3 or a.data > 20))
    if name in ("exp", "tan"):
        return a.data > 5 or (name == "tan" and abs(math.cos(a.data)) < 0.1)
    if name == "div":
        return abs(b.data) < 0.1
    if name in ("maximum", "minimum"):
        return a is not b and abs(a.data - b.data) < 1e-9
    return name in ("relu", "abs", "atan2", "hypot") and abs(a.data) < 1e-6


def condition(y: Value) -> dict[Value, float]:
    """The sum over all paths of the products of absolute partials: what rounding is measured against."""
    sizes: dict[Value, float] = {y: 1.0}
    for step in contributions(y):
        sizes[step.operand] = sizes.get(step.operand, 0.0) + sizes.get(step.node, 0.0) * abs(step.partial)
    return sizes


def growth(seconds: Callable[[int], float], count: int, rounds: int = 3) -> float:
    """How many times as long it takes for ten times as much: about 10 if that is linear, 100 if it is quadratic.

    The least of some rounds, as a machine may be slower for a while; of one, where that is as good as linear.
    """
    least = math.inf
    for _ in range(rounds):
        least = min(least, seconds(10 * count) / max(seconds(count), 1e-4))
        if least < 15:
            break
    return least


# What a call costs, on any machine.


def work(call: Callable[[], object]) -> int:
    """How many functions a call calls, those of Python and those of C."""
    count = 0

    def counting(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    call()  # what is made once is made now
    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count
