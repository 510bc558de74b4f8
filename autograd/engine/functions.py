"""The functions of the table: number in, number out; Value in, Value out.

>>> from autograd.engine.functions import exp, sin
>>> from autograd.engine.value import Value
>>> exp(0.0)
1.0
>>> x = Value(0.0, "x")
>>> y = exp(sin(x)); y.backward(); x.grad
1.0

Each is written from its row when it is first asked for, so that importing this module costs nothing. `primitive` adds
one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, overload

from autograd.engine.kernels import Kernels, add, kernels
from autograd.errors import ExpressionError, RowError
from autograd.table.expression import CONSTANTS, Call, Expression, Name, fold
from autograd.table.parser import check_name, parse_row
from autograd.table.rules import BUILT_IN, LETTERS, OPERATORS, ROWS, Row

if TYPE_CHECKING:
    from autograd.engine.value import Operand, Value

    # Of numbers they give a number. What takes a float takes an int, a Fraction and NumPy's numbers too.

    @overload
    def exp(a: Value) -> Value: ...
    @overload
    def exp(a: float) -> float: ...
    def exp(a: Any) -> Any: ...
    @overload
    def hypot(a: Value, b: Operand) -> Value: ...
    @overload
    def hypot(a: Operand, b: Value) -> Value: ...
    @overload
    def hypot(a: float, b: float) -> float: ...
    def hypot(a: Any, b: Any) -> Any: ...
    @overload
    def sum(a: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def sum(a: Iterable[Operand]) -> Value: ...
    def sum(a: Any) -> Any: ...
    @overload
    def dot(a: Iterable[float], b: Iterable[float], c: float = -0.0) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def dot(a: Iterable[Operand], b: Iterable[Operand], c: Operand = -0.0) -> Value: ...
    def dot(a: Any, b: Any, c: Any = -0.0) -> Any: ...

    acos = acosh = asin = asinh = atan = atanh = cbrt = cos = cosh = erf = expm1 = gaussian = log = log10 = log1p = exp
    log2 = relu = sech = sigmoid = sign = sin = sinh = softplus = sqrt = tan = tanh = exp
    atan2 = heaviside = maximum = minimum = hypot
    logsumexp = sum

NAMES = tuple(name for name in ROWS if name not in OPERATORS)


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function = globals()[name] = kernels(name).forward()
    return function


def primitive(name: str, value: str, *partials: str, domain: str = "") -> Callable[..., Any]:
    """Add a row to the table, and return its function of numbers and Values.

    `value` and one partial per operand are texts in the table's language: `a`, `b`, ... are the operands, `y` in a
    partial the result. Everything that reads the table has the operation from then on.

    >>> twice_square = primitive("twice_square", "2 * a ** 2", "4 * a")
    >>> twice_square(3.0)
    18.0

    A row added before may be replaced, as when a notebook's cell is corrected, unless another row mentions it; those of
    the package may not. Raises RowError for a name already taken, an unknown name in a text, or a wrong number of
    partials.

    Second derivatives are those of the partials as they are written: where a text has a kink, its conventions hold, and
    nothing is refused, as it is where abs, relu, maximum and minimum are called outside a row.
    """
    if not all(isinstance(text, str) for text in (name, value, *partials, domain)):
        raise TypeError(f"a row is made of texts: {(name, value, *partials, domain)!r}")
    row = Row(name, value, *partials, domain=domain)
    if name in ROWS and name not in BUILT_IN and ROWS[name].texts == row.texts:
        return kernels(name).forward()
    try:
        if name not in ROWS or name in BUILT_IN:
            check_name(name)
        else:
            _check_unused(row)
        if name in LETTERS or name in CONSTANTS or name == "y":
            raise RowError(f"{name!r} has a meaning in the texts of the table: choose another name")
        if not 1 <= len(partials) <= len(LETTERS):
            raise RowError(f"{name!r} has {len(partials)} partials: give one per operand, at most {len(LETTERS)}")
        used = _names_in(name, value, row.letters)
        if used != set(row.letters):
            missing = ", ".join(sorted(set(row.letters) - used))
            raise RowError(f"{name!r} has {len(partials)} partials, but its value {value!r} does not mention {missing}")
        for partial in partials:
            _names_in(name, partial, row.letters + "y")
    except ExpressionError as error:
        raise RowError(f"the row {name!r} cannot be added: {error}") from None
    made = Kernels(row)
    for letter in row.letters:
        made.partial(letter)  # nothing is added that would fail to compile later
    function = made.forward()
    add(made)
    return function


def _check_unused(row: Row) -> None:
    """Raise RowError where a row mentions the one that it is to replace, or another does, which would be half new."""
    for other in [row, *(added for added in ROWS.values() if added.name not in BUILT_IN and added.name != row.name)]:
        if any(re.search(rf"\b{re.escape(row.name)}\s*\(", text) for text in other.texts):
            why = "it mentions itself" if other is row else f"the row {other.name!r} mentions the one it would replace"
            raise RowError(f"the row {row.name!r} cannot be added: {why}: choose another name")


def _names_in(name: str, text: str, letters: str) -> set[str]:
    """The operand letters that a text of the row mentions, every name in it being known where it is used."""
    statements = parse_row(text)
    known = {*letters, *CONSTANTS}
    used: set[str] = set()

    def check(part: Expression, _: object) -> None:
        if isinstance(part, Call) and (part.op not in ROWS or ROWS[part.op].vectors):
            raise RowError(f"{name!r}: {part.op} in {text!r} takes a vector, and the operands here are numbers")
        if isinstance(part, Name):
            if part.id not in known:
                mentioned = f"{name!r}: {text!r} mentions {part.id!r}"
                raise RowError(f"{mentioned}: with this many partials the names are {', '.join(letters)}")
            used.add(part.id)

    for target, expression in [*statements.assignments, ("", statements.result)]:
        fold(expression, check)
        if target in {*letters, "y"}:
            raise RowError(f"{name!r}: {text!r} assigns to {target!r}, which has a meaning: choose another name")
        known.add(target)
    return used & set(letters)
