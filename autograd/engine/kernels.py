"""From rows of text to small, fast Python functions, each made once, when it is first needed.

>>> sigmoid = kernels("sigmoid")
>>> sigmoid.value()(0.0), sigmoid.partial("a")(0.0, 0.5)
(0.5, 0.25)

`source` writes the functions; here they are compiled.
"""

from __future__ import annotations

import functools
import linecache
import math
import operator
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, TypeVar

from autograd.engine import source
from autograd.engine.checks import check_numbers, check_overflow, failure, real, zero_of
from autograd.errors import RowError
from autograd.table.expression import Call, Expression, fold
from autograd.table.parser import parse_row
from autograd.table.rules import BUILT_IN, REFERENCE, ROWS, Row

_BASIC: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "neg": operator.neg,
    "pow": math.pow, "abs": abs, "sum": math.fsum, "max": max,
}  # fmt: skip
_COMMON = (("add", "vv"), ("mul", "vv"))  # most nodes of most graphs
Made = TypeVar("Made")
T = TypeVar("T")
_ENVIRONMENT: dict[str, Any] = {
    "check_numbers": check_numbers, "check_overflow": check_overflow, "failure": failure, "real": real,
    "zero_of": zero_of,
}  # fmt: skip
_KERNELS: dict[str, Kernels] = {}


class Kernel:
    """What a node knows about its operation: the row, the kinds of its operands, and the sweep over one such node."""

    __slots__ = (
        "fallible", "forward", "functions", "kinds", "many", "partials", "reads_a", "reads_b", "row", "second", "sweep",
    )  # fmt: skip
    forward: Callable[[Any, dict[Any, float]], None]
    second: Callable[[Any, dict[Any, float], dict[Any, float]], None]
    partials: Callable[[Any, Container[Any]], list[tuple[Any, Any]]]

    def __init__(self, functions: Kernels, kinds: str, sweep: Callable[[Any], None]) -> None:
        self.functions = functions
        self.row = row = functions.row
        self.kinds = kinds
        self.sweep = sweep
        self.many = row.is_many
        self.reads_a, self.reads_b = (not row.is_many and kinds[i : i + 1] == "v" for i in (0, 1))  # a Value is there
        self.fallible = functions.fallible  # a partial of it may not exist

    def __getattr__(self, form: str) -> Any:
        """The other forms of the sweep, made when they are first asked for."""
        if form not in ("forward", "second", "partials"):
            raise AttributeError(f"a kernel has no {form!r}")
        made = self.functions.sweep(self.kinds, form)
        setattr(self, form, made)
        return made

    def parted(self, operands: Sequence[T]) -> tuple[list[Sequence[T]], Sequence[T]]:
        """The vectors among operands, and what follows them.

        >>> kernels("dot").kernel("vvn").parted(["w1", "w2", "x1", "x2", "bias"])
        ([['w1', 'w2'], ['x1', 'x2']], ['bias'])
        """
        many = len(self.row.vectors)
        length = (len(operands) - len(self.row.letters) + many) // many if many else 0
        return [operands[k * length : (k + 1) * length] for k in range(many)], operands[many * length :]

    def indices(self, count: int) -> Iterator[tuple[str, int]]:
        """(letter, index) of each of `count` operands, in the order of the sweep.

        >>> list(kernels("dot").kernel("vvn").indices(5))
        [('a', 0), ('b', 2), ('a', 1), ('b', 3), ('c', 4)]
        """
        vectors, scalars = self.row.vectors, self.row.letters[len(self.row.vectors) :]
        length = (count - len(scalars)) // len(vectors) if vectors else 0
        for element in range(length):
            for vector, letter in enumerate(vectors):
                yield letter, vector * length + element
        yield from zip(scalars, range(count - len(scalars), count), strict=True)

    def beside(self, index: int, operands: Sequence[T]) -> dict[str, T]:
        """The operand that each letter stands for in the partial of the operand at `index`.

        >>> kernels("dot").kernel("vvn").beside(1, ["w1", "w2", "x1", "x2", "bias"])
        {'a': 'w2', 'b': 'x2', 'c': 'bias'}
        """
        vectors, letters = self.row.vectors, self.row.letters
        scalars = len(letters) - len(vectors)
        length = (len(operands) - scalars) // len(vectors) if vectors else 0
        element = index % length if index < length * len(vectors) else 0
        # Where a vector is empty, what stands for its element is not read.
        elements = operands[element : length * len(vectors) : length] if length else [operands[0]] * len(vectors)
        return dict(zip(letters, [*elements, *operands[len(operands) - scalars :]], strict=True))

    def __deepcopy__(self, _: object) -> Kernel:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        check_current([self.row])
        return _kernel_of, (self.row.name, self.kinds, self.row.slope_of)


class Kernels:
    """All the functions of one row."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self._made: dict[str, Any] = {}
        self._kernels = _ByKinds(self)
        # Where values are Python's functions, its texts mention them by name: they are those of now.
        is_own = row.name not in BUILT_IN and not row.is_opaque and bool(row.native)
        self._mentioned = [ROWS[name] for name in row.mentioned if name not in BUILT_IN] if is_own else []

    @functools.cached_property
    def fallible(self) -> bool:
        """Whether a partial may not exist where the value does: it divides, or asks a function with a domain."""

        def fails(part: Expression, inside: list[bool]) -> bool:
            if isinstance(part, Call):
                row = ROWS[part.op]
                return any(inside) or part.op in ("div", "pow") or bool(row.domain) or part.op not in BUILT_IN
            return any(inside)

        texts = map(parse_row, map(self.row.computed_partial, self.row.letters))
        return any(fold(part, fails) for text in texts for part in [text.result, *dict(text.assignments).values()])

    def kernel(self, kinds: str) -> Kernel | None:
        """The kernel for a pattern of operands; None where none of them is a Value."""
        return self._kernels[kinds]

    def sweep(self, kinds: str, form: str = "reverse") -> Callable[..., Any]:
        """The chain rule over a node with operands of these kinds, in one of the forms of `autograd.engine.source`."""
        return self._once(f"{form} {kinds}", lambda: self._compile(source.sweep(self.row, kinds, form)))

    def value(self) -> Callable[..., float]:
        """The value as a function of floats."""
        if self.row.function is not None:
            return self.row.function
        if self.row.is_basic:
            basic: Callable[..., float] = _BASIC.get(self.row.name) or getattr(math, self.row.name)
            return basic
        return self._numeric("y")

    def partial(self, letter: str) -> Callable[..., float]:
        """The local partial of one operand as a function of floats: the operands (of a vector, one element), then y."""
        return self._numeric(letter)

    def forward(self, method: str = "") -> Callable[..., Any]:
        """The operation on numbers and Values; with "__mul__", the method of Value."""

        def make() -> Callable[..., Any]:
            function = self._compile(source.forward(self.row, method))
            function.__doc__ = source.docstring(self.row)
            if method:
                function.__qualname__ = f"Value.{method}"
            if self.row.name in BUILT_IN:  # others are where their users keep them
                function.__module__ = "autograd"
            return function

        return self._once(f"operation {method}", make)

    def _numeric(self, part: str) -> Callable[..., float]:
        return self._once(part, lambda: self._compile(source.numeric(self.row, part)))

    def _once(self, key: str, make: Callable[[], Made]) -> Made:
        # Two threads may both make a function; both then use the one that was stored first.
        made: Made = self._made[key] if key in self._made else self._made.setdefault(key, make())
        return made

    def _compile(self, text: str) -> Callable[..., Any]:
        """The function that a source defines, with every global name that it uses, in a plain dictionary."""
        check_current(self._mentioned)
        namespace: dict[str, Any] = {}
        function = define(text, f"<autograd {text[len('def ') : text.index('(')]}>", namespace)
        found = {used: self._find(used) for used in _names(function.__code__)}
        namespace |= {used: meaning for used, meaning in found.items() if meaning is not None}
        return function

    def _find(self, name: str) -> Any:
        """What a global name means in the source of this row; None for attributes and built-ins."""
        if name in _ENVIRONMENT:
            return _ENVIRONMENT[name]
        match name.split("_", 1):
            case ["row"]:
                return self.row
            case "kernel", kinds:
                return self._kernels if kinds == "of" else self.kernel(kinds)
            case "math", op:
                return _BASIC.get(op) or kernels(op).value()
            case "value", op:
                return kernels(op).forward()  # value_max is that of `REFERENCE`
            case "slope", op:
                return kernels(op, self.row.name).forward()
        return None


class _ByKinds(dict[str, Kernel | None]):
    """The kernels of a row by the kinds of their operands, each made when it is first looked up."""

    def __init__(self, owner: Kernels) -> None:
        self._owner = owner

    def __missing__(self, kinds: str) -> Kernel | None:
        kernel = Kernel(self._owner, kinds, self._owner.sweep(kinds)) if set(kinds) - {"n"} else None
        return self.setdefault(kinds, kernel)


# A leaf is computed by no operation from no operands.
LEAF = Kernel(Kernels(Row("", "")), "", lambda _: None)


def define(text: str, file: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function that a text defines, with these for its global names; a traceback or a debugger shows its lines."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    defined: dict[str, Callable[..., Any]] = {}
    exec(compile(text, file, "exec"), names, defined)
    return defined.popitem()[1]


@functools.cache
def sweep_over() -> Callable[[Iterable[Any]], None]:
    """The chain rule over nodes, each of which comes before its operands."""
    common = [(ROWS[name], kinds) for name, kinds in _COMMON]
    known = {f"{row.name}_{kinds}": kernels(row.name).kernel(kinds) for row, kinds in common}
    return define(source.sweep_over(common), "<autograd sweep_over>", known)


def kernels(name: str, slope_of: str = "") -> Kernels:
    """The functions of the row with this name, or of that row as the slope of another."""
    key = f"{name} {slope_of}" if slope_of else name
    if key not in _KERNELS:
        row = ROWS[name].as_slope(slope_of) if slope_of else REFERENCE if name == REFERENCE.name else ROWS[name]
        return _KERNELS.setdefault(key, Kernels(row))
    return _KERNELS[key]


def add(made: Kernels) -> None:
    """Add a row with its functions, or put it in the place of one; graphs recorded before keep the old functions."""
    ROWS[made.row.name] = made.row
    _KERNELS[made.row.name] = made


def set_rows(rows: Mapping[str, Row]) -> None:
    """Let the table have these rows; those that are others than before are changed, and their functions made anew.

    Another thread finds all the rest at any time.
    """
    for name in [*ROWS, *rows]:
        row = rows.get(name)
        if ROWS.get(name) is not row:
            _KERNELS.pop(name, None)
            if row is None:
                del ROWS[name]
            else:
                ROWS[name] = row


def is_replaced(row: Row) -> bool:
    """Whether another row has its name now."""
    return row.name in ROWS and ROWS[row.name] is not row and not (row.slope_of or row.name in BUILT_IN)


def check_current(rows: Iterable[Row]) -> None:
    """Raise a RowError for a row that has been replaced: what its name means now is not what it was."""
    for row in filter(is_replaced, rows):
        raise RowError(
            f"{row.name} has been replaced by another operation of this name: record the graph again with it"
        )


def bind(**names: object) -> None:
    """Give the kernels the node classes and the clock, which live above them."""
    _ENVIRONMENT.update(names)


def _kernel_of(name: str, kinds: str, slope_of: str = "") -> Kernel | None:
    if name not in ROWS and name != REFERENCE.name:
        raise RowError(
            f"the operation {name!r} is not in the table here: add it with primitive(...) before loading this"
        )
    return kernels(name, slope_of).kernel(kinds)


def _names(code: CodeType) -> set[str]:
    """The global names and attributes that a piece of code uses, and those of the functions inside it."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))
