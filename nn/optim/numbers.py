"""What the formulas of optimisers need of numbers, or of arrays of them."""

from __future__ import annotations

import math
from typing import Any


def over(step: Any, below: Any, eps: float) -> Any:
    """step / below, and 0 where the step is 0: without an eps, below may be 0 there; of numbers, or of arrays."""
    return step / (below if eps else below + (step == 0))


def root_of(square: Any) -> Any:
    """The square root of a number, or of those in an array."""
    return math.sqrt(square) if isinstance(square, float) else square**0.5


def larger(a: Any, b: Any) -> Any:
    """The larger of two numbers, or of each pair in arrays."""
    return max(a, b) if isinstance(a, float) else a.clip(min=b)
