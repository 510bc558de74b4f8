"""The functions of the table: number in, number out; Value in, Value out.

>>> from autograd.engine.functions import exp, sin
>>> from autograd.engine.value import Value
>>> exp(0.0)
1.0
>>> x = Value(0.0, "x")
>>> y = exp(sin(x)); y.backward(); x.grad
1.0

Each is written from its row when it is first asked for, so that importing this module costs nothing. `clip`, `mean` and
`softmax` are put together from rows; `primitive` adds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, overload

from autograd.engine.checks import real
from autograd.engine.kernels import Kernels, add, kernels, set_rows
from autograd.errors import ExpressionError, OpaqueError, RowError
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
    def leaky_relu(a: Value, b: Operand = 0.01) -> Value: ...
    @overload
    def leaky_relu(a: Operand, b: Value) -> Value: ...
    @overload
    def leaky_relu(a: float, b: float = 0.01) -> float: ...
    def leaky_relu(a: Any, b: Any = 0.01) -> Any: ...
    @overload
    def elu(a: Value, b: Operand = 1.0) -> Value: ...
    @overload
    def elu(a: Operand, b: Value) -> Value: ...
    @overload
    def elu(a: float, b: float = 1.0) -> float: ...
    def elu(a: Any, b: Any = 1.0) -> Any: ...
    @overload
    def where(a: float, b: float, c: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def where(a: Operand, b: Operand, c: Operand) -> Value: ...
    def where(a: Any, b: Any, c: Any) -> Any: ...
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

    acos = acosh = asin = asinh = atan = atanh = cbrt = ceil = cos = cosh = erf = erfc = exp2 = expm1 = floor = exp
    gaussian = gelu = gelu_tanh = log = log10 = log1p = log2 = log_sigmoid = mish = relu = round = sech = selu = exp
    sigmoid = sign = silu = sin = sinc = sinh = softplus = softsign = sqrt = tan = tanh = trunc = exp
    atan2 = copysign = fmod = heaviside = logaddexp = maximum = minimum = hypot
    logsumexp = sum

NAMES = tuple(name for name in ROWS if name not in OPERATORS)


if not TYPE_CHECKING:  # else a row without its signature above would be of any type

    def __getattr__(name: str) -> Callable[..., Any]:
        if name not in NAMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        function = globals()[name] = kernels(name).forward()
        return function


# Put together from rows, each of whose nodes texts, pictures and programs show as they are. A weighted sum is `dot`.


def _of_row(name: str) -> Callable[..., Any]:
    return kernels(name).forward()


@overload
def clip(a: float, low: float, high: float) -> float: ...  # type: ignore[overload-overlap]
@overload
def clip(a: Operand, low: Operand, high: Operand) -> Value: ...
def clip(a: Any, low: Any, high: Any) -> Any:
    """The number between two limits that is closest to `a`: minimum(maximum(a, low), high).

    At a limit, as at every tie, half of the derivative goes to `a` and half to the limit: so do JAX's clip and
    PyTorch's clamp between tensors (between plain numbers PyTorch 2.14 gives 0 there, earlier ones 1).

    >>> clip(7.0, 0.0, 1.0), clip(0.25, 0.0, 1.0)
    (1.0, 0.25)
    """
    return _of_row("minimum")(_of_row("maximum")(a, low), high)


@overload
def mean(values: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(values: Iterable[Operand]) -> Value: ...
def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean. Raises ValueError where there is nothing to take it of.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    values = list(values)
    if not values:
        raise ValueError("the mean of no numbers is not defined: give at least one")
    return _of_row("sum")(values) / len(values)


@overload
def softmax(values: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(values: Iterable[Operand]) -> list[Value]: ...
def softmax(values: Iterable[Any]) -> list[Any]:
    """exp(z) / Σ exp(z) for each z of the values, as exp(z - logsumexp(values)), which does not overflow.

    What z is rounded by counts: for z of the size of 1000, twelve or thirteen digits are right.

    >>> [f"{p:.6f}" for p in softmax([1000.0, 1000.0])]
    ['0.500000', '0.500000']
    """
    return [_of_row("exp")(z) for z in log_softmax(values)]


@overload
def log_softmax(values: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(values: Iterable[Operand]) -> list[Value]: ...
def log_softmax(values: Iterable[Any]) -> list[Any]:
    """The logarithms of `softmax`: z - logsumexp(values) for each z of the values.

    >>> log_softmax([0.0, -1000.0])
    [0.0, -1000.0]
    """
    values = list(values)
    whole = _of_row("logsumexp")(values)
    return [z - whole for z in values]


def primitive(
    name: str, value: str | Callable[..., float], *partials: str | Callable[..., float], domain: str = ""
) -> Callable[..., Any]:
    """Add a row to the table, and return its function of numbers and Values.

    `value` and one partial per operand are texts in the table's language: `a`, `b`, ... are the operands, `y` in a
    partial the result. Everything that reads the table has the operation from then on.

    >>> twice_square = primitive("twice_square", "2 * a ** 2", "4 * a")
    >>> twice_square(3.0)
    18.0

    Where there is no text, functions of the operands, floats, will do. Then there is neither machine code nor
    JavaScript; nor a second derivative, unless the partial is a text that mentions another row.

    >>> from statistics import NormalDist
    >>> cdf = primitive("cdf", NormalDist().cdf, NormalDist().pdf)
    >>> from autograd.engine.value import Value
    >>> x = Value(0.0, "x"); y = cdf(x); y.backward(); print(f"{x.grad:.4f}")
    0.3989

    A row added before may be replaced, as when a notebook's cell is corrected, unless another row mentions it; those of
    the package may not. Raises RowError for a name already taken, an unknown name in a text, or a wrong number of
    partials.

    Second derivatives are those of the partials as they are written: where a text has a kink, its conventions hold, and
    nothing is refused, as it is where abs, relu, maximum and minimum are called outside a row.
    """
    if not all(isinstance(text, str) for text in (name, domain)) or not all(
        isinstance(given, str) or callable(given) for given in (value, *partials)
    ):
        raise TypeError(f"a row is made of texts, or functions of floats: {(name, value, *partials, domain)!r}")
    if any(callable(given) for given in (value, *partials)):
        return _native(name, value, partials, domain)
    row = Row(name, str(value), *map(str, partials), domain=domain)
    if name in ROWS and name not in BUILT_IN:
        if ROWS[name].texts == row.texts and ROWS[name].function is None:
            return kernels(name).forward()
        _check_unused(row)
    _check_name(row)
    return _install(row)


def _native(name: str, value: Any, partials: tuple[Any, ...], domain: str) -> Callable[..., Any]:
    """The same where some are functions: each is the value of a row of its own, and in the texts stands its call."""
    _check_count(name, partials)
    letters = LETTERS[: len(partials)]
    call = f"({', '.join(letters)})"
    texts, several = list(partials), len(partials) > 1
    rows: list[Row] = []
    for index, (letter, partial) in enumerate(zip(letters, partials, strict=True)):
        if callable(partial):
            slope = f"d{name}_d{letter}" if several else f"d{name}"
            texts[index], unknown = f"{slope}{call}", f"derivative_of_{slope}"
            if slope in ROWS and not ROWS[slope].partials[0].startswith(f"{unknown}("):
                raise RowError(
                    f"the row {name!r} cannot be added: its partial would be called {slope!r}, as another row is"
                )
            rows.append(_row(unknown, call, ["0"] * len(letters), _unknown(name)))
            function = _of_floats(partial, f"the partial of {name} by {letter}", letters)
            rows.append(_row(slope, call, [unknown + call] * len(letters), function))
    row = Row(name, value, *texts, domain=domain)
    if callable(value):
        row = _row(name, call, texts, _of_floats(value, f"the value of {name}", letters), domain)
    before, new = dict(ROWS), {found.name: found for found in [*rows, row]}
    try:
        set_rows({known: there for known, there in before.items() if known not in new or known in BUILT_IN})
        for found in new.values():
            _check_name(found)
            _check_unused(found)
        set_rows(ROWS | new)  # their texts mention themselves
        *_, function = map(_install, new.values())
        return function
    except BaseException:
        set_rows(before)
        raise


def _row(name: str, call: str, partials: list[str], function: Callable[..., float], domain: str = "") -> Row:
    """A row whose value is a function: in its text it is called."""
    row = Row(name, name + call, *partials, domain=domain)
    row.function = function
    return row


def _of_floats(function: Callable[..., Any], what: str, letters: str) -> Callable[..., float]:
    """The function with a float for its result; what is no number for numbers is outside its domain."""
    import inspect  # loads much

    try:
        inspect.signature(function).bind(*letters)
    except TypeError:
        raise TypeError(f"{what} is a function of {', '.join(letters)}, floats: {function!r} takes others") from None
    except ValueError:  # there is no signature, as of some functions written in C
        pass

    def value(*operands: float) -> float:
        given = function(*operands)
        try:
            found = real(given)
        except TypeError:
            raise TypeError(f"{what} should be a float, and is {given!r}") from None
        if found != found and all(operand == operand for operand in operands):
            raise ValueError("nan")
        return found

    return value


def _unknown(name: str) -> Callable[..., float]:
    def refuse(*_: float) -> float:
        raise OpaqueError(
            f"{name}: its partial was given as a Python function, of which no derivative is known: give a text, which "
            "may mention another row"
        )

    return refuse


def _check_name(row: Row) -> None:
    """Raise RowError where the row of the package has this name, or it cannot be one."""
    try:
        if row.name not in ROWS or row.name in BUILT_IN:
            check_name(row.name)
    except ExpressionError as error:
        raise RowError(f"the row {row.name!r} cannot be added: {error}") from None
    if row.name in LETTERS or row.name in CONSTANTS or row.name == "y":
        raise RowError(f"{row.name!r} has a meaning in the texts of the table: choose another name")


def _install(row: Row) -> Callable[..., Any]:
    """Add a row, whose texts are checked, and give its function."""
    name, partials = row.name, row.partials
    _check_count(name, partials)
    try:
        used = _names_in(name, row.value, row.letters)
        for partial in partials:
            _names_in(name, partial, row.letters + "y")
    except ExpressionError as error:
        raise RowError(f"the row {name!r} cannot be added: {error}") from None
    if used != set(row.letters):
        missing = ", ".join(sorted(set(row.letters) - used))
        raise RowError(f"{name!r} has {len(partials)} partials, but its value {row.value!r} does not mention {missing}")
    made = Kernels(row)
    for letter in row.letters:
        made.partial(letter)  # nothing is added that would fail to compile later
    function = made.forward()
    add(made)
    return function


def _check_count(name: str, partials: Sequence[object]) -> None:
    if not 1 <= len(partials) <= len(LETTERS):
        raise RowError(f"{name!r} has {len(partials)} partials: give one per operand, at most {len(LETTERS)}")


def _check_unused(row: Row) -> None:
    """Raise RowError where a row mentions the one that it is to replace, or another does, which would be half new."""
    others = [added for added in ROWS.values() if added.name not in BUILT_IN and added.name != row.name]
    for other in others if row.function else [row, *others]:
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
