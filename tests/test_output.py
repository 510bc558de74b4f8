"""What is printed where the standard output does not have every letter."""

from __future__ import annotations

import copy
import io
import pickle
import sys

import pytest

from autograd import Value, compile, draw, exp, explain, steps, walk
from autograd.table.expression import Name
from autograd.table.output import adapted
from autograd.table.rules import Row
from nn import MLP, History, Layer, Module, Neuron, Score

SIGNS = {"ascii": ("->", "*", "\\u0177"), "latin-1": ("->", "·", "\\u0177"), "cp1252": ("->", "·", "\\u0177")}
SIGNS |= {"koi8-r": ("->", "·", "\\u0177"), "iso8859-14": ("->", "*", "ŷ"), "utf-8": ("→", "·", "ŷ")}


class Réseau(Module):
    def __init__(self) -> None:
        self.body = MLP(1, [2, 1])


def whatever_is_shown() -> list[object]:
    x = Value(1.5, "ŷ")
    J = exp(-((x**2).named("z")))
    J.backward()
    compiled, here = compile(J, [x]), walk(J).next().next()
    texts = [*steps(J), steps(J), *steps(J, mode="forward"), explain(J), explain(J, x), here, here.line, draw(J)]
    programs = [compiled, compiled.source, compiled.rows([1.0]), Name("ŷ"), Row("fläche", "a", "1")]
    return [x, J, *texts, *programs, Réseau(), Réseau().body, Layer(1, 2), Neuron(1), History(), Score(0.5, None)]


@pytest.mark.parametrize("encoding", SIGNS)
def test_whatever_is_shown_is_shown_by_any_terminal(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    for thing in whatever_is_shown():
        print(thing, [thing], f"{thing}")
    stream.flush()
    text = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    arrow, dot, name = SIGNS[encoding]
    assert f"layer 1: 1 {arrow} 2, relu" in text
    assert f"dJ/d{name} = dJ/dz {dot} 2 * {name} = -0.1054 {dot} 3 = -0.3162" in text
    assert f"Value(1.5, name='{name}', grad=-0.3161" in text
    assert text.isascii() == (encoding == "ascii")


def test_a_stream_that_replaces_letters_by_itself_is_left_to_do_so(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Layer(1, 2)
    for stream in (io.TextIOWrapper(io.BytesIO(), "ascii", errors="replace"), io.StringIO(), None):
        monkeypatch.setattr(sys, "stdout", stream)
        assert repr(layer) == "layer 1: 1 → 2, relu"


def test_a_text_for_a_poor_terminal_is_whole_in_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(1.5, "x")
    found = explain((x**2).named("z") ** 2, x)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert "dJ/dz · dz/dx" in found
    assert "dJ/dz * dz/dx" in str(found)
    source = compile((x**2).named("z") ** 2, [x]).source
    assert copy.copy(source) == pickle.loads(pickle.dumps(source)) == source
    assert "dJ/dz · 2 * x" in source
    program: dict[str, object] = {}
    exec(source, program)
    assert program["J"](2.0) == (16.0, [32.0])  # type: ignore[operator]


def test_signs_become_what_means_the_same() -> None:
    assert adapted("1 → 2 × 3 … − ∂", "ascii") == "1 -> 2 x 3 ... - d"
    assert adapted("é → é", "latin-1") == "é -> é"
    assert adapted("\ud800", "utf-8") == "\\ud800"
