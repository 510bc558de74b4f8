"""The names of the rows, wherever they are kept by hand: each list says what the table says."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from graphs import SCALAR

from autograd import Value
from autograd.compiler.backends import numpy as backend
from autograd.engine import functions
from autograd.engine.kernels import kernels
from autograd.table.rules import ROWS, Row

BUILT_IN = dict(ROWS)  # as it is before a test adds a row
UNARY = [row.name for row in SCALAR if row.letters == "a"]
WITH_DEFAULTS = [row.name for row in SCALAR if row.defaults]
BINARY_OPERATORS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "mod": "mod", "pow": "pow"}


def for_type_checkers(module: object) -> Iterator[ast.stmt]:
    """The statements of a module's source, and of its classes, under `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):  # type: ignore[arg-type]
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from node.body


def declared_like(module: object) -> dict[str, str]:
    """The functions that type checkers see in a module or its classes, each with the one whose signature it has."""
    found: dict[str, str] = {}
    for statement in for_type_checkers(module):
        if isinstance(statement, ast.FunctionDef):
            found[statement.name] = statement.name
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name):
            assert found[statement.value.id] == statement.value.id
            found |= {target.id: statement.value.id for target in statement.targets if isinstance(target, ast.Name)}
    return found


def model(row: Row) -> str:
    """The function whose signature that of a row should have."""
    if row.defaults and not row.vectors:
        return row.name
    return {"a": "sum", "ab": "dot"}.get(row.vectors) or {"a": "exp", "ab": "hypot", "abc": "where"}[row.letters]


def test_each_function_has_the_type_of_its_row() -> None:
    assert declared_like(functions) == {name: model(BUILT_IN[name]) for name in functions.NAMES}


def test_operators_and_functions_together_are_the_table() -> None:
    assert {*functions.OPERATORS, *functions.NAMES} == BUILT_IN.keys()
    assert {*functions.OPERATORS} == {*BINARY_OPERATORS, "neg", "abs"}


def test_value_declares_the_methods_that_the_table_gives_it() -> None:
    declared = declared_like(inspect.getmodule(Value))
    operators = {f"__{side}{name}__" for name in BINARY_OPERATORS.values() for side in ("", "r")}
    named = {f"__{name}__" if name in functions.OPERATORS else name for name in UNARY}
    named |= {"__floor__", "__ceil__", "__trunc__"}
    like = dict.fromkeys(operators, "__add__") | dict.fromkeys(named, "__neg__")
    own = ["backward", "_made_of", "__round__", *WITH_DEFAULTS]
    assert declared == like | {name: name for name in own}
    assert all(callable(getattr(Value, name)) for name in declared)


def test_the_functions_that_are_called_in_c_are_the_rows_that_are_not_computed_from_others() -> None:
    own = {row.name for row in SCALAR if row.computed_value() == f"{row.name}({', '.join(row.letters)})"} | {"pow"}
    assert {name: len(BUILT_IN[name].letters) for name in own - {"abs", "sqrt"}} == backend.FUNCTIONS


NUMPY = {*backend.FUNCTIONS, *backend._NUMPY} - {"erf", "pow"}  # it has no erf, and a power is printed as np.power


@pytest.mark.parametrize("name", sorted(NUMPY))
def test_numpy_has_the_function_under_the_name_that_is_kept(name: str) -> None:
    np: Any = pytest.importorskip("numpy")
    point = (1.5,) if name == "acosh" else (0.5, 0.25)[: len(BUILT_IN[name].letters)]
    function = getattr(np, backend._NUMPY.get(name, name))
    assert function(*point) == pytest.approx(kernels(name).value()(*point), rel=1e-15)
