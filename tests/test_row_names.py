"""The names of the rows, wherever they are kept by hand: each list says what the table says."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from graphs import SCALAR

from autograd import Value
from autograd.compiler import backends
from autograd.engine import functions
from autograd.engine.kernels import kernels
from autograd.table.rules import ROWS, Row

BUILT_IN = dict(ROWS)  # as it is before a test adds a row
UNARY = [row.name for row in SCALAR if row.letters == "a"]
BINARY_OPERATORS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow"}


def for_type_checkers(module: object) -> Iterator[ast.stmt]:
    """The statements of a module's source, and of its classes, under `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):  # type: ignore[arg-type]
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from node.body


def protocol(row: Row) -> str:
    """What a type checker should take the function of a row for."""
    return {"a": "Vector", "ab": "Dot"}.get(row.vectors) or {"a": "Unary", "ab": "Binary"}[row.letters]


def test_each_function_has_the_type_of_its_row() -> None:
    declared = {
        statement.target.id: statement.annotation.id
        for statement in for_type_checkers(functions)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.annotation, ast.Name)
    }
    assert declared == {name: protocol(BUILT_IN[name]) for name in functions.NAMES}


def test_operators_and_functions_together_are_the_table() -> None:
    assert {*functions.OPERATORS, *functions.NAMES} == BUILT_IN.keys()
    assert {*functions.OPERATORS} == {*BINARY_OPERATORS, "neg", "abs"}


def test_value_declares_the_methods_that_the_table_gives_it() -> None:
    declared = {
        statement.name
        for statement in for_type_checkers(inspect.getmodule(Value))
        if isinstance(statement, ast.FunctionDef)
    }
    operators = {f"__{side}{name}__" for name in BINARY_OPERATORS.values() for side in ("", "r")}
    named = {f"__{name}__" if name in functions.OPERATORS else name for name in UNARY}
    assert declared == {"backward"} | operators | named
    assert all(callable(getattr(Value, name)) for name in declared)


def test_the_functions_that_are_called_in_c_are_the_rows_that_are_not_computed_from_others() -> None:
    own = {row.name for row in SCALAR if row.computed_value() == f"{row.name}({', '.join(row.letters)})"} | {"pow"}
    assert {name: len(BUILT_IN[name].letters) for name in own - {"abs", "sqrt"}} == backends.FUNCTIONS


NUMPY = {*backends.FUNCTIONS, *backends._NUMPY} - {"erf", "pow"}  # it has no erf, and a power is printed as np.power


@pytest.mark.parametrize("name", sorted(NUMPY))
def test_numpy_has_the_function_under_the_name_that_is_kept(name: str) -> None:
    np: Any = pytest.importorskip("numpy")
    point = (1.5,) if name == "acosh" else (0.5, 0.25)[: len(BUILT_IN[name].letters)]
    function = getattr(np, backends._NUMPY.get(name, name))
    assert function(*point) == pytest.approx(kernels(name).value()(*point), rel=1e-15)
