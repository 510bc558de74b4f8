"""Four ways to run a program: as Python on floats, on NumPy's columns, as machine code, and through the graph itself.

Each gives the same three things: the value and the derivatives at one row of numbers (`one`), their sums over rows
(`sums`), and the values row by row (`values`). What cannot be computed is nan or infinite, or an exception of Python's
arithmetic; only `Eager`, the slowest, says what happened.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
import itertools
import linecache
import math
import operator
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from autograd.compiler.columns import LANES, Columns, has_numpy
from autograd.compiler.groups.plan import Plan
from autograd.compiler.listing import OWN, listing, numpy_listing
from autograd.compiler.lists.listing import ListSource, list_listing
from autograd.compiler.lists.variables import flat, forming
from autograd.compiler.llvm import FUNCTIONS, Layout
from autograd.compiler.loops.module import Loops
from autograd.compiler.matrices.listing import matrix_listing
from autograd.compiler.program import elementary
from autograd.compiler.tiles import to_sum, write
from autograd.compiler.trace import Trace, collector_paused
from autograd.engine.kernels import define, kernels
from autograd.engine.value import Value
from autograd.errors import AutogradError
from autograd.table.rules import ROWS

_NUMBERS = itertools.count(1)
_NUMPY = {"abs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}
_NUMPY |= {name: f"arc{name[1:]}" for name in ("asinh", "acosh", "atanh")}


class Sums(NamedTuple):
    """Sums over rows: of the value, of the derivatives; and the further values that were asked for, row by row."""

    value: float
    gradients: Any
    also: Any

    def joined(self, after: Sums) -> Sums:
        """The sums over these rows and those after them."""
        gradients = [float(a) + float(b) for a, b in zip(self.gradients, after.gradients, strict=True)]
        also = [[*a, *b] for a, b in zip(self.also, after.also, strict=True)]
        return Sums(float(self.value) + float(after.value), gradients, also)


class Wanted:
    """What is to be computed from a trace: derivatives with respect to nodes, and the values of others."""

    def __init__(self, trace: Trace, wrt: Sequence[int] = (), also: Sequence[int] = ()) -> None:
        self.trace, self.wrt, self.also = trace, wrt, also

    @functools.cached_property
    def plan(self) -> Plan:
        """The same in stages."""
        return Plan(self.trace, self.wrt, self.also)

    @property
    def has_groups(self) -> bool:
        """Whether there are alike nodes."""
        return self.plan.grouped.has_groups

    def source(self, comments: bool = True) -> str | ListSource:
        """The program as Python: of lists, if there are groups of alike nodes."""
        if self.has_groups:
            return list_listing(self.plan, comments)
        return listing(self.trace, self.wrt, self.also, comments=comments)

    def __reduce__(self) -> tuple[Any, ...]:
        return Wanted, (self.trace, self.wrt, self.also)


class Backend(Protocol):
    """A way to run a program."""

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        """The value and the derivatives at one row; nan as the value where something failed on the way."""
        ...

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        """The sums over the rows; nan as the value where something failed on the way."""
        ...

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        """The value of each row; and for each a number that is not finite where something failed on the way."""
        ...


@functools.cache
def has_llvm() -> bool:
    """Whether LLVM can be used."""
    return has_numpy() and importlib.util.find_spec("llvmlite") is not None


class Python:
    """The listing itself, run as it is read."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._made: dict[bool, Callable[..., Any]] = {}

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        found = self._function(slopes=True)(*numbers, *parameters)
        return float(found[0]), [*map(float, found[1])]

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        function = self._function(slopes=True)
        value, gradients, also = 0.0, [0.0] * len(self._wanted.wrt), []
        for row in rows:
            found = function(*row, *parameters)
            value += found[0]
            gradients = [a + b for a, b in zip(gradients, found[1], strict=True)]
            also.append(found[2] if len(found) > 2 else ())
        return Sums(value, gradients, [list(column) for column in zip(*also, strict=True)])

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        function = self._function(slopes=False)
        found = [_value(function, row, parameters) for row in rows]
        return found, found

    def _function(self, slopes: bool) -> Callable[..., Any]:
        """The listing as a function, with the derivatives or without."""
        if slopes not in self._made:
            trace, wrt = self._wanted.trace, self._wanted.wrt
            found = self._wanted.source(comments=False) if slopes else Wanted(trace).source(comments=False)
            text = found.text if isinstance(found, ListSource) else found
            text = text[text.index("def ") :]
            names: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "pow": math.pow, "fsum": math.fsum, "dot": _dot}
            names |= {"max": builtins.max, "abs": builtins.abs}
            for row in ROWS.values():
                if row.name not in {*OWN, *names} and f"{row.name}(" in text:
                    functions = kernels(row.name)
                    names[row.name] = functions.forward() if row.vectors else functions.value()
            made = _defined(text, trace.labels[trace.root], names)
            self._made[slopes] = _on_numbers(made, found, wrt) if isinstance(found, ListSource) else made
        return self._made[slopes]

    def __str__(self) -> str:
        return "Python"


def _dot(a: Sequence[float], b: Sequence[float], c: float = -0.0) -> float:
    """What the table's `dot` is, of numbers alone."""
    return math.fsum(map(operator.mul, a, b)) + c


def _on_numbers(function: Callable[..., Any], source: ListSource, wrt: Sequence[int]) -> Callable[..., Any]:
    """A function of lists as one of single numbers, with the derivatives in the order of `wrt`."""
    place = {node: index for index, node in enumerate(flat(source.slopes))}
    arguments = [forming(nodes) for nodes in source.arguments]
    in_order = forming(tuple(place[node] for node in wrt) if place else ())

    def run(*numbers: float) -> tuple[Any, ...]:
        value, slopes, *also = function(*(argument(numbers) for argument in arguments))
        return value, in_order(flat(slopes)), *also

    return run


def _value(function: Callable[..., Any], row: Sequence[float], parameters: Sequence[float]) -> float:
    try:
        return float(function(*row, *parameters)[0])
    except (ArithmeticError, ValueError):
        return math.nan


def _defined(text: str, title: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function that a source defines; a traceback shows its lines for as long as it exists."""
    file = f"<compiled {title} {next(_NUMBERS)}>"
    function = define(text, file, names)
    weakref.finalize(function, linecache.cache.pop, file, None)
    return function


class NumPy:
    """The same program on NumPy's columns, all rows at once; alike nodes as matrices."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._made: dict[bool, Callable[[Any, Any], Any]] = {}

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        import numpy as np

        columns = np.array(numbers, dtype=float).reshape(len(numbers), 1)
        value, check, slopes, _ = self._run(columns, parameters, slopes=True)
        return float(np.ravel(value - check)[0]), [*map(float, slopes)]  # -0.0 + 0.0 would be 0.0

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        import numpy as np

        count = len(rows)
        value, check, slopes, also = self._run(rows.columns[:, :count], parameters, slopes=True)
        with np.errstate(all="ignore"):
            total = np.sum(np.broadcast_to(value + check, count))
        also = [np.broadcast_to(output, count) for output in also]
        return Sums(float(total), np.array(slopes, dtype=float), np.array(also))

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        import numpy as np

        value, check, *_ = self._run(rows.columns[:, : len(rows)], parameters, slopes=False)
        return np.array(np.broadcast_to(value, len(rows))), np.broadcast_to(check, len(rows))

    def _run(self, columns: Any, parameters: Sequence[float], slopes: bool) -> Any:
        """The values and checks of the rows, the sums of the derivatives, the further values."""
        import numpy as np

        function = self._made.get(slopes) or self._made.setdefault(slopes, self._function(slopes))
        with np.errstate(all="ignore"):
            return function(columns, np.asarray(parameters, dtype=float))

    def _function(self, slopes: bool) -> Callable[[Any, Any], Any]:
        wanted = self._wanted if slopes else Wanted(self._wanted.trace)
        if wanted.has_groups:
            return self._on_matrices(wanted.plan)
        trace, wrt, also = wanted.trace, wanted.wrt, wanted.also
        import numpy as np

        program = elementary(trace, wrt, also=also)
        text = numpy_listing(program, [program.value, program.check, *program.gradients, *program.also])
        run = _defined(text, trace.labels[trace.root], _on_columns())

        def function(columns: Any, parameters: Any) -> Any:
            value, check, *others = run(*columns, *parameters)
            gradients = [np.sum(np.broadcast_to(slope, columns.shape[1])) for slope in others[: len(wrt)]]
            return value, check, gradients, others[len(wrt) :]

        return function

    def _on_matrices(self, plan: Plan) -> Callable[[Any, Any], Any]:
        import numpy as np

        source, title = matrix_listing(plan), plan.trace.labels[plan.trace.root]
        names = _on_columns()
        names |= {name: _defined(text, name, names) for name, text in source.functions.items()}
        names |= {name: np.array(numbers) for name, numbers in source.arrays.items()}
        for name in ("array", "bincount", "broadcast_to", "concatenate", "einsum", "empty", "ones", "zeros"):
            names[name] = getattr(np, name)
        return _defined(source.text, title, names | {"stacked": _stacked, "add_at": np.add.at})

    def __str__(self) -> str:
        return "NumPy"


def _on_columns() -> dict[str, Any]:
    """What a program's operations are on NumPy's columns."""
    import numpy as np

    names = {name: getattr(np, _NUMPY.get(name, name), None) for name in FUNCTIONS}
    names |= {"abs": np.abs, "sqrt": np.sqrt, "where": np.where, "power": np.power, "inf": np.inf, "nan": np.nan}
    names["larger"] = lambda found: functools.reduce(np.maximum, found)
    names["erf"] = np.vectorize(math.erf, otypes=[float])
    return names


def _stacked(columns: Sequence[Any], rows: int) -> Any:
    """Columns, or numbers for all rows, as one matrix."""
    import numpy as np

    matrix = np.empty((len(columns), rows))
    for row, column in zip(matrix, columns, strict=True):
        row[:] = column
    return matrix


class Llvm:
    """Machine code, several rows in the lanes of a vector; made when it is first needed."""

    def __init__(self, wanted: Wanted, fast: bool) -> None:
        self._wanted = wanted
        self._fast = fast
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._last: tuple[Any, Any] = None, None

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        found: tuple[float, list[float]] = self.machine("one").run_one(numbers, self._array(parameters))
        return found

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        if rows.count == 1:
            value, slopes, also = self.machine("one").run_first(rows, self._array(parameters))
        else:
            value, slopes, also = self.machine("sums").run(rows, self._array(parameters))
        return Sums(value, slopes, also)

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        *_, (value, check) = self.machine("values").run(rows, self._array(parameters))
        return value, check

    def _array(self, parameters: Sequence[float]) -> Any:
        """The numbers as an array: the same one for the tuple of the last call."""
        before, array = self._last
        if before is not parameters:
            import numpy as np

            if not isinstance(parameters, tuple):
                return np.asarray(parameters, dtype=float)[:]  # another one, as its numbers may be others
            array = np.array(parameters, dtype=float)
            self._last = parameters, array
        return array

    def machine(self, purpose: str) -> Any:
        """The machine code for one row ("one"), for sums over rows ("sums") or for values row by row ("values")."""
        if purpose in self._made:
            return self._made[purpose]
        from autograd.compiler.machine import Machine

        with self._lock, collector_paused():
            if purpose not in self._made:
                self._made[purpose] = Machine(self._layout(purpose), len(self._wanted.trace.parameters))
            return self._made[purpose]

    def _layout(self, purpose: str) -> Layout:
        from autograd.compiler.machine import processor

        trace = self._wanted.trace
        wanted = Wanted(trace) if purpose == "values" else self._wanted
        is_one = purpose == "one" or not trace.inputs
        if wanted.plan.grouped.has_loops:
            return Loops(wanted.plan, self._fast, purpose == "values", is_one).layout()
        lanes = processor().lanes
        if purpose == "values":
            program = elementary(trace, ())
            return write(program, [], [program.value, program.check], lanes, self._fast)
        program, summed = to_sum(trace, wanted.wrt, wanted.also)
        return write(program, summed, program.also, 1 if is_one else lanes, self._fast)

    def __str__(self) -> str:
        from autograd.compiler.machine import processor

        made = "".join(
            f"; {purpose}: -O{machine.level} in {machine.seconds:.2f} s"
            + (f", {machine.layout.parts} parts" if machine.layout.parts > 1 else "")
            for purpose, machine in self._made.items()
        )
        lanes = LANES if self._wanted.has_groups else processor().lanes
        return f"LLVM, {lanes} rows at a time{', fastmath' if self._fast else ''}{made}"


class Eager:
    """The graph recorded once more, row by row: where an operation fails, its error is raised."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def one(self, numbers: Sequence[float], parameters: Sequence[float]) -> tuple[float, list[float]]:
        found = self._replayed(numbers, parameters)
        return found.value, found.gradients

    def sums(self, rows: Columns, parameters: Sequence[float]) -> Sums:
        return functools.reduce(Sums.joined, (self._replayed(numbers, parameters) for numbers in rows))

    def values(self, rows: Columns, parameters: Sequence[float]) -> tuple[Any, Any]:
        found = [self.value(numbers, parameters) for numbers in rows]
        return found, found

    def value(self, numbers: Sequence[float], parameters: Sequence[float]) -> float:
        """The value at one row; nan where an operation fails."""
        trace = self._wanted.trace
        try:
            return float(trace.replay(numbers, parameters)[trace.root].data)
        except AutogradError:
            return math.nan

    def _replayed(self, numbers: Sequence[float], parameters: Sequence[float]) -> Sums:
        trace, wrt, also = self._wanted.trace, self._wanted.wrt, self._wanted.also
        nodes: Sequence[Any] = trace.replay(numbers, parameters)
        value = nodes[trace.root].data
        try:
            if wrt:
                nodes[trace.root].backward()
        except AutogradError as error:  # perhaps at a derivative that nobody wants: then with numbers for other leaves
            nodes = trace.replay(numbers, parameters, wrt)
            try:
                nodes[trace.root].backward()
            except AttributeError:  # nothing moves
                raise error from None
        others = [node.data if isinstance(node, Value) else node for node in (nodes[index] for index in also)]
        return Sums(value, [nodes[index].grad for index in wrt], [[number] for number in others])

    def __str__(self) -> str:
        return "the graph"
