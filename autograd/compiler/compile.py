"""Compiling: from a recorded graph, or a function, to straight-line code for its value and its derivatives.

>>> from autograd.engine.functions import sin
>>> from autograd.engine.value import Value
>>> x, w = Value(0.0, "x"), Value(2.0, "w")
>>> f = compile(w * sin(x), [x])
>>> f(0.0), f.sum([0.0, 0.0, 0.0])[0]
((0.0, [2.0]), 0.0)
>>> w.data = 5.0  # not an input, and so a parameter: its number is read at each call
>>> f(0.0)
(0.0, [5.0])

`f.source` is the program as Python. It runs as it is read, on NumPy's columns, or through LLVM as machine code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.compiler.backends import Wanted
from autograd.compiler.compiled import Compiled
from autograd.compiler.trace import Trace
from autograd.engine.checks import real
from autograd.engine.recording import Place, compared, recorded, watched
from autograd.engine.sweep import collect
from autograd.engine.value import Result, Value, clock
from autograd.errors import AutogradError, CompileError

__all__ = ["compile"]

BACKENDS = ("auto", "python", "numpy", "llvm")
TRIALS = (0.61, 1.73, 12.4, -0.58, -1.62)  # where a function is recorded: the first at which it is defined
MOVES = ((1.001, 1e-4), (1.7, 0.3), (-1.0, 0.0))  # and from numbers that are given, to these beside them


def compile(
    y: Value | Callable[..., Any],
    inputs: Iterable[Any] | None = None,
    wrt: Iterable[Value] | None = None,
    backend: str = "auto",
    *,
    branches: str = "refuse",
    fastmath: bool = False,
    also: Iterable[Value] = (),
) -> Compiled:
    """The compiled form of a recorded graph, or of a function of numbers, which is recorded now.

    inputs     the leaves that become arguments; other leaves are parameters, whose data is read at each call, and
               constants stay what they are. For a function: numbers to record it at
    wrt        the nodes to differentiate with respect to (default: the inputs)
    backend    "python", "numpy", "llvm" (extra `jit`), or "auto": for each use the fastest there is
    branches   "freeze" compiles a graph although a Value in it was compared: what depends on the outcome stays as it is
    fastmath   LLVM may contract and reorder operations, and take less exact functions of vectors
    also       further nodes whose values `over` gives row by row

    >>> f = compile(lambda x, y: x * y + x)
    >>> f(2.0, 3.0)
    (8.0, [4.0, 2.0])
    >>> value, gradients = f.mean([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    >>> round(value, 12), [round(float(slope), 12) for slope in gradients]
    (4.666666666667, [2.0, 2.0])

    Raises CompileError where a Value in the graph was compared (with the line), or the backend is not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend {backend!r} is not known: choose from {', '.join(BACKENDS)}")
    if branches not in ("refuse", "freeze"):
        raise ValueError(f'branches is "refuse" or "freeze", not {branches!r}')
    for what, nodes in (("inputs", inputs), ("wrt", wrt), ("also", also)):
        if isinstance(nodes, Value):
            raise TypeError(f"{what} is a list of Values, as in compile(y, [x]), not a single one")
    if not isinstance(y, Value):
        if inputs is not None and not hasattr(inputs, "__iter__"):
            raise TypeError(f"numbers to record the function at are given in a list: compile(f, [{inputs!r}])")
        y, inputs, seen = _recorded(y, None if inputs is None else list(inputs))
    else:
        if inputs is None:
            raise TypeError("inputs are missing: the leaves that are to be the arguments, as in compile(y, [x])")
        inputs, seen = [*inputs], []
    _check_inputs(inputs)
    if branches == "refuse":
        results, leaves = collect(y)
        found = [*seen, *((node, compared[node]) for node in [*inputs, *leaves, *results] if node in compared)]
        if found:
            raise CompileError(_told(*found[0]))
    trace = Trace(y, inputs)
    wanted = Wanted(trace, _places(trace, wrt, inputs), _places(trace, also, ()))
    trace.forget()
    return Compiled(wanted, backend, fastmath)


def _check_inputs(inputs: Sequence[Any]) -> None:
    for x in inputs:
        if not isinstance(x, Value):
            raise TypeError(f"inputs are Values, the leaves that are to be the arguments, not {x!r}")
        if isinstance(x, Result):
            raise ValueError(f"{x!r} was computed: inputs are leaves, made as Value(2.0, 'x')")
    if len(set(inputs)) < len(inputs):
        raise ValueError("an input is given twice")


def _places(trace: Trace, nodes: Iterable[Value] | None, default: Sequence[Value]) -> list[int]:
    """The numbers of nodes in the trace."""
    found = []
    for node in default if nodes is None else nodes:
        if not isinstance(node, Value):
            raise TypeError(f"derivatives are taken with respect to Values, not {node!r}")
        if node not in trace.number:
            raise ValueError(f"{node!r} is not part of the graph: choose a node that the result was computed from")
        found.append(trace.number[node])
    return found


def _told(value: Value, place: Place) -> str:
    which = value.name or "a Value"
    return (
        f"the graph may hang on a comparison of {which} ({place}), and is right on one side of it only: "
        'write it with maximum, relu, abs or heaviside, or give branches="freeze" if it does not matter'
    )


def _recorded(f: Callable[..., Any], numbers: list[Any] | None) -> tuple[Value, list[Value], list[tuple[Value, Place]]]:
    """A function's graph, its inputs, and what it compared.

    It is recorded with several numbers: if these give different graphs, it computes with the numbers themselves.
    """
    if not callable(f) or isinstance(f, Compiled):
        raise TypeError(f"what is compiled is a Value, the end of a graph, or a function of numbers, not {f!r}")
    names = _argument_names(f, None if numbers is None else len(numbers))
    trials = (
        [[start + 0.07 * place for place in range(len(names))] for start in TRIALS] if numbers is None else [numbers]
    )
    graphs: list[tuple[Value, list[Value], list[tuple[Value, Place]]]] = []
    last: AutogradError | None = None
    if numbers is not None:
        trials += [[scale * real(number) + shift for number in numbers] for scale, shift in MOVES]
    for trial in trials:
        try:
            graphs.append(_run(f, names, trial))
        except AutogradError as error:
            last = last or error
            if trial is numbers:
                raise
    if not graphs:
        raise CompileError(
            f"{f!r} is not defined where it was tried ({last}): give numbers to record it at, compile(f, [200.0])"
        )
    first = Trace(*graphs[0][:2])
    if not graphs[0][2] and not all(first.same(Trace(y, inputs)) for y, inputs, _ in graphs[1:]):
        raise CompileError(
            f"{f!r} computes with the numbers it is given in another way than through the graph (x.data, detach, "
            "no_grad, a comparison with ==): what was computed like that would stay as it is"
        )
    return graphs[0]


def _run(
    f: Callable[..., Any], names: list[str], numbers: list[Any]
) -> tuple[Value, list[Value], list[tuple[Value, Place]]]:
    start = next(clock)
    inputs = [Value(real(number), name) for number, name in zip(numbers, names, strict=True)]
    with watched() as seen, recorded():
        y = f(*inputs)
    if y is None:
        raise TypeError(f"{f!r} returns None: is its return missing?")
    if isinstance(y, list | tuple) or getattr(y, "shape", ()) != ():
        raise TypeError(f"a function that is compiled returns one number, not a {type(y).__name__}")
    name = getattr(f, "__name__", "")
    if isinstance(y, Result) and y.name is None and y._stamp > start and name.isidentifier():
        y.named(name)
    return (y if isinstance(y, Value) else Value(real(y))), inputs, seen


def _argument_names(f: Callable[..., Any], count: int | None) -> list[str]:
    """The names of a function's arguments, as many as there are numbers to record it at."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    plain = [x for x in parameters if x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)]
    names = [x.name for x in plain if x.default is x.empty or (count is not None and plain.index(x) < count)]
    if count is None and (not names or any(x.kind is x.VAR_POSITIONAL for x in parameters)):
        raise TypeError(
            f"how many arguments {f!r} takes is not known: give numbers to record it at, compile(f, [0.5, 2.0])"
        )
    return names if count is None or len(names) == count else [f"x{place + 1}" for place in range(count)]
