"""Whether `fit` trains on graphs or with compiled steps: what was asked for, what is possible, what saves time."""

from __future__ import annotations

import functools
import importlib.util
import sys
from typing import Any

from autograd import to_install
from nn.losses import right_of
from nn.training.comparing import MOST_COMPARED, UnsuitableError, compare, is_known
from nn.training.compiled import CompiledLoss
from nn.training.steps import CompiledSteps


def chosen(compiled: bool | str, graph: Any, epochs: int, batches: int, watched: bool) -> Any:
    """The steps on graphs that are given, or compiled ones; `watched` if they are refreshed after each epoch."""
    if not (compiled is True or compiled is False or compiled == "auto"):
        raise ValueError(f'compiled is True, False or "auto", not {compiled!r}')
    auto = compiled == "auto"
    if not compiled or (auto and not (is_known(graph) and _pays(graph, epochs, batches, watched))):
        return graph
    try:
        if not _has("numpy"):
            raise UnsuitableError(f"it needs NumPy: {to_install('jit')}")
        steps = CompiledSteps(graph)
        if not _has("llvmlite") and sys.platform != "emscripten":  # a browser has no machine code
            _say_what_is_faster()
        return steps
    except Exception as error:  # whatever a model may raise; the graph will raise it, too
        if auto:
            return graph
        try:
            for x, y in list(zip(graph.X, graph.y, strict=True))[:MOST_COMPARED]:
                graph.loss([graph.model(x)], [y])
        except OverflowError:  # the first epoch diverges, as without compiling
            return graph
        known = isinstance(error, UnsuitableError)
        reason = error if known else f"the loss of an example cannot be compiled ({error})"
        raise ValueError(f"this training cannot be compiled: {reason}") from None


def score(graph: Any) -> tuple[float, int] | None:
    """The loss of all examples, and how many are predicted right, compiled; None where graphs are as quick."""
    is_ours = is_known(graph) and graph.right is right_of(graph.loss)  # another `right` is asked once, about nodes
    count = len(graph.model.parameters()) if is_ours else 0
    on_graphs = len(graph.X) * (20 + 0.25 * count)  # in µs
    if not (count and on_graphs > 100_000 + (150_000 if _has("llvmlite") else 10_000) + 8 * count and _has("numpy")):
        return None
    try:
        loss = CompiledLoss(graph)
        loss.read(graph)
        compare(loss, graph)
        loss.check_targets()
        return loss.computed(range(len(graph.X)), loss.numbers())[:2]
    except Exception:  # whatever it is, the graph will raise it, too
        return None


def _pays(graph: Any, epochs: int, batches: int, watched: bool) -> bool:
    """Whether compiling saves time, in µs: measured for 17 to 260,000 parameters, narrow layers and wide ones."""
    count = len(graph.model.parameters())
    on_graphs = len(graph.X) * (40 + 0.7 * count) + batches * 2 * count
    llvm, numpy = (150_000 + 12 * count, 100 + 0.03 * count), (10_000 + 15 * count, 400 + 0.05 * count)
    compiling, step = llvm if _has("llvmlite") else numpy
    check = 1_000 + 3 * count
    saved = epochs * (on_graphs - batches * step - watched * check)
    return saved > 100_000 + compiling and _has("numpy")


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@functools.cache
def _say_what_is_faster() -> None:
    """Once: a training on NumPy has a faster way."""
    print(f"fit computes with NumPy; as machine code it is faster: {to_install('jit')}", file=sys.stderr)
