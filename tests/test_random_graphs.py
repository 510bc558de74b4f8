"""A thousand random graphs with shared nodes, against dual numbers at 30 digits that share nothing with the table."""

from __future__ import annotations

import random
import subprocess
import sys

import mpmath
import pytest
from graphs import condition, random_graph

import autograd


@pytest.mark.parametrize("block", range(10))
def test_a_thousand_random_graphs_agree_with_dual_numbers(block: int) -> None:
    with mpmath.workdps(30):
        for seed in range(100 * block, 100 * block + 100):
            leaves, y, exact = random_graph(random.Random(seed))
            y.backward()
            scale = condition(y)
            for leaf, true in zip(leaves, exact().tangents, strict=True):
                assert abs(leaf.grad - true) <= 1e-12 * max(scale.get(leaf, 0.0), abs(true)), seed


def test_the_comparison_notices_a_wrong_partial() -> None:
    """A rule wrong by 0.1 % moves a gradient by a thousand million times what is allowed."""
    leaves, y, exact = random_graph(random.Random(3))
    y.backward()
    scale = condition(y)
    worst = max(
        abs(leaf.grad * 1.001 - true) / scale[leaf] for leaf, true in zip(leaves, exact().tangents, strict=True)
    )
    assert worst > 1e-5


SCRIPT = """
import random, sys
sys.path.insert(0, {tests!r})
from graphs import random_graph
from autograd import explain, formula, draw
for seed in range(20):
    leaves, y, _ = random_graph(random.Random(seed))
    y.backward()
    print(y.data.hex(), [leaf.grad.hex() for leaf in leaves])
    print(explain(y)); print(formula(y)); print(draw(y).graph.source)
"""


def test_the_same_bits_and_texts_from_five_processes_with_different_hash_seeds() -> None:
    tests = __file__.rpartition("/")[0]
    outputs = set()
    for seed in ("0", "1", "2", "3", "random"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(tests=tests)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": autograd.__path__[0].rpartition("/")[0], "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 10_000
