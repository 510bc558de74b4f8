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
from typing import TYPE_CHECKING

from autograd.engine import functions, operators  # noqa: F401 - importing operators gives Value its own

if TYPE_CHECKING:  # for checkers and editors, what the tables below say; a test holds both equal
    from autograd.compiler.compile import compile as compile
    from autograd.compiler.trace import collector_paused as collector_paused
    from autograd.compiler.trace import record as record
    from autograd.derivatives.check import check_grad as check_grad
    from autograd.derivatives.gradients import gradients as gradients
    from autograd.derivatives.taylor import taylor as taylor
    from autograd.derivatives.transforms import grad as grad
    from autograd.derivatives.transforms import hessian as hessian
    from autograd.derivatives.transforms import hvp as hvp
    from autograd.derivatives.transforms import jacfwd as jacfwd
    from autograd.derivatives.transforms import jacobian as jacobian
    from autograd.derivatives.transforms import jacrev as jacrev
    from autograd.derivatives.transforms import jvp as jvp
    from autograd.derivatives.transforms import linearize as linearize
    from autograd.derivatives.transforms import stop_gradient as stop_gradient
    from autograd.derivatives.transforms import value_and_grad as value_and_grad
    from autograd.derivatives.transforms import vjp as vjp
    from autograd.engine.functions import *  # noqa: F403 - each row has its signature there
    from autograd.engine.recording import no_grad as no_grad
    from autograd.engine.value import Value as Value
    from autograd.engine.vectors import Vector as Vector
    from autograd.errors import to_install as to_install
    from autograd.pictures.dot import draw as draw
    from autograd.pictures.drawing import Drawing as Drawing
    from autograd.pictures.drawing import as_image as as_image
    from autograd.pictures.pages.page import Page as Page
    from autograd.pictures.pages.page import read_beside as read_beside
    from autograd.pictures.walk import Walk as Walk
    from autograd.pictures.walk import walk as walk
    from autograd.reading.answers import check as check
    from autograd.reading.formula import formula as formula
    from autograd.reading.steps import Step as Step
    from autograd.reading.steps import explain as explain
    from autograd.reading.steps import steps as steps
    from autograd.table.output import legible as legible

__version__ = "0.1.0"  # stated here alone: the build, and what is said of it elsewhere, read it

# Where each name is from. All are loaded when they are first asked for, so that importing stays quick.
_FOR_USERS = {
    "compiler.compile": "compile",
    "derivatives.check": "check_grad",
    "derivatives.gradients": "gradients",
    "derivatives.taylor": "taylor",
    "derivatives.transforms": "grad hessian hvp jacfwd jacobian jacrev jvp linearize stop_gradient value_and_grad vjp",
    "engine.functions": "clip log_softmax mean primitive softmax " + " ".join(functions.NAMES),
    "engine.recording": "no_grad",
    "engine.value": "Value",
    "pictures.dot": "draw",
    "pictures.drawing": "Drawing",
    "pictures.walk": "Walk walk",
    "reading.answers": "check",
    "reading.formula": "formula",
    "reading.steps": "Step explain steps",
}
_FOR_NN = {
    "compiler.trace": "collector_paused record",
    "engine.vectors": "Vector",
    "errors": "to_install",
    "pictures.drawing": "as_image",
    "pictures.pages.page": "Page read_beside",
    "table.output": "legible",
}
_HOME = {name: home for table in (_FOR_USERS, _FOR_NN) for home, names in table.items() for name in names.split()}

if not TYPE_CHECKING:  # else every name would be there, and of no type
    # A star import must not hide what Python programs use: the built-in round and sum take Values as well as numbers,
    # and stay. But whoever writes compile(J, [x]) next to Values never means the built-in one, whose error would say
    # nothing of this.
    __all__ = sorted({*" ".join(_FOR_USERS.values()).split()} - {"round", "sum"})

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'autograd' has no attribute {name!r}")
        found = globals()[name] = getattr(importlib.import_module(f"autograd.{_HOME[name]}"), name)
        return found

    def __dir__() -> list[str]:
        """What users use, and what every module has."""
        return sorted({*__all__, "round", "sum", *(name for name in globals() if name.startswith("__"))})
