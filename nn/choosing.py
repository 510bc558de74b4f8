"""Whether a training is compiled: where it is asked for, or where it pays and all of it is known."""

from __future__ import annotations

import importlib.util

from nn.compiled import MOST_COMPARED, CompiledSteps
from nn.losses import LOSSES
from nn.patterns import UnsuitableError, is_ours, is_plain
from nn.steps import Steps

__all__ = ["chosen"]

WORTH_IT = 10_000  # examples to be gone through; fewer are gone through before everything is compiled


def chosen(compiled: bool | str, epochs: int, steps: Steps) -> Steps:
    """The steps of a training, compiled if they are to be and can be."""
    if not (compiled is True or compiled is False or compiled == "auto"):
        raise ValueError(f'compiled is True, False or "auto", not {compiled!r}')
    if compiled is False:
        return steps
    if compiled == "auto":
        long = epochs * len(steps.X) >= WORTH_IT and importlib.util.find_spec("llvmlite") is not None
        known = steps.loss in LOSSES.values() and is_ours(steps.model)
        if not (long and known and all(map(is_plain, (steps.X, steps.y)))):
            return steps
    try:
        return CompiledSteps(*steps.setting, wary=compiled == "auto")
    except UnsuitableError as error:
        if compiled == "auto":
            return steps
        for x, y in list(zip(steps.X, steps.y, strict=True))[:MOST_COMPARED]:
            steps.loss([steps.model(x)], [y])  # the mistake may lie in the data, and is told by the graph
        raise ValueError(f"this training cannot be compiled: {error}") from None
