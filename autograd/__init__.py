"""A scalar automatic-differentiation engine you can read: one table of derivatives, and many readers of it.

>>> from autograd import Value, exp, sin
>>> x = Value(1.5, "x")
>>> J = exp(-sin(x ** 2))
>>> J.backward()
>>> x.grad
0.8655418174048961
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from autograd.engine import functions, operators  # noqa: F401 - importing operators gives Value its own
from autograd.engine.functions import primitive
from autograd.engine.value import Value
from autograd.pictures.dot import draw
from autograd.pictures.drawing import Drawing
from autograd.pictures.drawing import as_image as as_image
from autograd.pictures.walk import Walk, walk
from autograd.reading.answers import check
from autograd.reading.formula import formula
from autograd.reading.steps import Step, explain, steps

if TYPE_CHECKING:
    from autograd.compiler.compile import compile as compile
    from autograd.compiler.trace import collector_paused as collector_paused
    from autograd.compiler.trace import record as record
    from autograd.derivatives.check import check_grad
    from autograd.derivatives.gradients import gradients
    from autograd.derivatives.taylor import taylor
    from autograd.derivatives.transforms import (
        grad,
        hessian,
        hvp,
        jacfwd,
        jacobian,
        jacrev,
        jvp,
        linearize,
        stop_gradient,
        value_and_grad,
        vjp,
    )
    from autograd.engine.functions import clip, log_softmax, mean, softmax
    from autograd.engine.recording import no_grad
    from autograd.engine.vectors import Vector as Vector
    from autograd.errors import to_install as to_install
    from autograd.pictures.pages.page import Page as Page
    from autograd.pictures.pages.page import read_beside as read_beside
    from autograd.table.output import legible as legible

__all__ = ["Drawing", "Step", "Value", "Walk", "check", "draw", "explain", "formula", "primitive", "steps", "walk"]
# A star import must not hide what Python programs use: the built-in sum and round take Values as well as numbers,
# and stay. But
# whoever writes compile(J, [x]) next to Values never means the built-in one, whose error would say nothing of this.
__all__ += [name for name in functions.NAMES if name not in ("round", "sum")]

_TRANSFORMS = "grad hessian hvp jacfwd jacobian jacrev jvp linearize stop_gradient value_and_grad vjp"

# Loaded when they are first asked for, so that importing stays quick.
_LATER = {
    "gradients": "derivatives.gradients",
    "check_grad": "derivatives.check",
    "compile": "compiler.compile",
    "collector_paused": "compiler.trace",  # not in __all__: it is for `nn`
    "no_grad": "engine.recording",
    "read_beside": "pictures.pages.page",  # not in __all__: it is for `nn`
    "record": "compiler.trace",  # not in __all__: it is for `nn`
    "Page": "pictures.pages.page",  # not in __all__: it is for `nn`
    "Vector": "engine.vectors",  # not in __all__: it is for `nn`
    "to_install": "errors",  # not in __all__: it is for `nn`
    "legible": "table.output",  # not in __all__: it is for `nn`
    "taylor": "derivatives.taylor",
    **dict.fromkeys(_TRANSFORMS.split(), "derivatives.transforms"),
    **dict.fromkeys(functions.NAMES, "engine.functions"),
    **dict.fromkeys(("clip", "log_softmax", "mean", "softmax"), "engine.functions"),
}
__all__ += ["check_grad", "compile", "gradients", "no_grad", "taylor"]
__all__ += ["clip", "log_softmax", "mean", "softmax"]
__all__ += ["grad", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "linearize", "stop_gradient"]
__all__ += ["value_and_grad", "vjp"]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    function = globals()[name] = getattr(importlib.import_module(f"autograd.{_LATER[name]}"), name)
    return function


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
