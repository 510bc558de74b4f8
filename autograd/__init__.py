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

from autograd import functions, operators  # noqa: F401 - importing operators gives Value its own
from autograd.draw import draw
from autograd.formula import formula
from autograd.functions import primitive
from autograd.render import Drawing
from autograd.steps import Step, explain, steps
from autograd.value import Value
from autograd.walk import Walk, walk

if TYPE_CHECKING:
    from autograd.compiling import compile as compile
    from autograd.derivatives import gradients
    from autograd.gradcheck import check_grad
    from autograd.recording import no_grad
    from autograd.series import taylor
    from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = ["Drawing", "Step", "Value", "Walk", "draw", "explain", "formula", "primitive", "steps", "walk"]
__all__ += [name for name in functions.NAMES if name != "sum"]  # a star import must not hide the built-in sum


# Loaded when they are first asked for, so that importing stays quick.
_LATER = {
    "gradients": "derivatives",
    "check_grad": "gradcheck",
    "compile": "compiling",  # not in __all__: a star import must not hide the built-in one
    "no_grad": "recording",
    "taylor": "series",
    **dict.fromkeys(("grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"), "transforms"),
}
__all__ += ["check_grad", "grad", "gradients", "hessian", "hvp", "jacobian", "jvp", "no_grad", "taylor"]
__all__ += ["value_and_grad", "vjp"]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module: object = importlib.import_module(f"autograd.{_LATER[name]}")
    elif name in functions.NAMES:
        module = functions
    else:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    function = globals()[name] = getattr(module, name)
    return function


def __dir__() -> list[str]:
    return sorted({*globals(), *functions.NAMES, *_LATER})
