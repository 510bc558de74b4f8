"""What a place where the package runs should give: run here and in Pyodide, both must say the same.

It uses no test tools, as it runs where only the package and Graphviz are. The C library decides the last bits of exp and
sin: numbers made by them are compared as numbers, or shown with four digits.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import random
import tempfile
import weakref
from typing import Any

import nn
from autograd import Value, cli, compile, dot, draw, exp, sin, steps, walk
from autograd.errors import AutogradError


def example() -> Value:
    x = Value(1.5, "x")
    y = (x**2).named("y")
    J = exp(-sin(y)).named("J")
    J.backward()
    return J


def parabola() -> Value:
    x, w, b = Value(3.0, "x"), Value(-0.5, "w"), Value(0.25, "b")
    z = (w * x + b).named("z")
    return (z * z).named("E")


def gradient() -> float:
    x = Value(1.5, "x")
    exp(-sin(x**2)).backward()
    return x.grad


def picture() -> str:
    return draw(example()).svg


def picture_of_a_network() -> str:
    model = nn.MLP(2, [3, 1], rng=random.Random(0))
    return draw(model([Value(1.0, "x1"), Value(2.0, "x2")]), fold="neuron").svg


def page() -> str:
    return walk(parabola(), lr=0.1).page().html


def chain_rule() -> str:
    return str(steps(example()))


def losses() -> list[float]:
    X, y = nn.datasets.xor()
    model = nn.MLP(2, [4, 1], rng=random.Random(1))
    history = nn.fit(model, X, y, optimizer=nn.optim.SGD(model.parameters(), lr=0.1), epochs=3, progress=False)
    return [epoch.loss for epoch in history]


def compiled() -> list[Any]:
    function = compile(*_quadratic())
    return [*function(2.0, -3.0), [float(y) for y in function.map([2.0, 1.0], [-3.0, 1.0])]]


def backends() -> list[str]:
    """What computes one row, and what many; and what is said about machine code."""
    told = [line.strip() for line in repr(compile(*_quadratic())).splitlines()[1:]]
    try:
        compile(*_quadratic(), backend="llvm")
    except AutogradError as error:
        told.append(str(error))
    return told


def _quadratic() -> tuple[Value, list[Value]]:
    x, w = Value(2.0, "x"), Value(-3.0, "w")
    return dot([x, w], [w, x], x * x), [x, w]


def command_line() -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = cli.main(["exp(-sin(x**2))", "x=1.5"])
    return f"{status}\n{said.getvalue()}"


def freed() -> list[bool]:
    """Whether the first leaf of a chain is gone with the last reference to its end."""
    found = []
    gc.disable()
    for operation in (lambda x: x + 1.0, lambda x: dot([x, Value(0.5)], [0.5, x], 0.0)):
        x = Value(1.0)
        first = weakref.ref(x)
        for _ in range(20_000):
            x = operation(x)
        x.backward()
        del x
        found.append(first() is None)
    gc.enable()
    return found


def endings() -> dict[str, str]:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("svg", "dot", "gv", "png", "pdf"):
            try:
                draw(parabola()).save(os.path.join(folder, f"E.{ending}"))
            except AutogradError as error:
                found[ending] = str(error).replace(folder + os.sep, "")
            else:
                found[ending] = "" if os.path.getsize(os.path.join(folder, f"E.{ending}")) else "empty"
    return found


def found_here() -> dict[str, Any]:
    checks = (
        gradient, chain_rule, picture, picture_of_a_network, page, losses, compiled, backends, command_line, freed, endings,
    )  # fmt: skip
    return {check.__name__: check() for check in checks}
