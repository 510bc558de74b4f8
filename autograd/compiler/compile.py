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

import ast
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.compiler.backends.wanted import Wanted
from autograd.compiler.compiled import Compiled
from autograd.compiler.numbering import evenly
from autograd.compiler.trace import Recording, Trace, collector_paused, traced
from autograd.engine.recording import decided
from autograd.engine.value import Value, is_result
from autograd.errors import CompileError

BACKENDS = ("auto", "python", "numpy", "llvm")


def compile(
    y: Value | Callable[..., Any] | Recording,
    inputs: Iterable[Any] | None = None,
    wrt: Iterable[Value] | None = None,
    backend: str = "auto",
    *,
    branches: str = "refuse",
    fastmath: bool = False,
    also: Iterable[Value] = (),
) -> Compiled:
    """The compiled form of a recorded graph, or of a function of numbers, which is called a few times to be recorded.

    Args:
        inputs: the leaves that become arguments; other leaves are parameters, whose data is read at each call, and
            constants stay what they are. For a function: numbers to record it at
        wrt: the nodes to differentiate with respect to (default: the inputs); 0 for a leaf that y does not depend on
        backend: "python", "numpy", "llvm" (extra `jit`), or "auto": for each use the fastest there is
        branches: "freeze" compiles a graph although a Value in it was compared: what depends on the outcome stays as it
            is
        fastmath: LLVM may contract and reorder operations
        also: further nodes whose values `over` gives row by row

    What `record` gives, as `nn` does, is compiled as it is, with its own inputs.

    >>> f = compile(lambda x, y: x * y + x)
    >>> f(2.0, 3.0)
    (8.0, [4.0, 2.0])
    >>> value, gradients = f.mean([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    >>> round(value, 12), [round(float(slope), 12) for slope in gradients]
    (4.666666666667, [2.0, 2.0])

    Raises CompileError where the graph was recorded after a Value in it was compared (with the line), or the backend is
    not installed. What was decided before y was recorded by `x.data`, or by a Value that is no node of y (`x - 1 > 0`),
    cannot be seen in y: give the function then. It is recorded at several numbers, and all it compares is seen.

    In two things the program differs from the graph. A sum is rounded after each term, and not once, so that where its
    terms cancel, the last digits, and the side of a kink after it, may differ. A derivative that is itself compiled, as
    in compile(grad(log), [2.0]), is defined wherever its own formula is: 1 / x also at -1, where the logarithm is not.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend {backend!r} is not known: choose from {', '.join(BACKENDS)}")
    if branches not in ("refuse", "freeze"):
        raise ValueError(f'branches is "refuse" or "freeze", not {branches!r}')
    for what, nodes in (("inputs", inputs), ("wrt", wrt), ("also", also)):
        if isinstance(nodes, Value):
            raise TypeError(f"{what} is a list of Values, as in compile(y, [x]), not a single one")
    recording = _recording(y, inputs)
    wrt = recording.inputs if wrt is None else [*wrt]
    with collector_paused():
        trace = recording.trace
        if unused := _unused(trace, wrt):
            trace = Trace(recording.y, recording.inputs, unused)
        if branches == "refuse":
            _check_branches(recording, trace)
        wanted = Wanted(trace, _indices(trace, wrt), _indices(trace, also))
        trace.forget()
        del recording.trace  # a second program from this recording writes it anew
    return Compiled(wanted, backend, fastmath)


def _recording(y: Value | Callable[..., Any] | Recording, inputs: Iterable[Any] | None) -> Recording:
    """The graph to compile: that of a Value and its inputs, that of a function, recorded at numbers, or one at hand."""
    if isinstance(y, Recording):
        return y
    if not isinstance(y, Value):
        if inputs is not None and not hasattr(inputs, "__iter__"):
            raise TypeError(f"numbers to record the function at are given in a list: compile(f, [{inputs!r}])")
        if not callable(y) or isinstance(y, Compiled):
            cure = ": Python's own compile is builtins.compile" if isinstance(y, str | bytes | ast.AST) else ""
            raise TypeError(
                f"what is compiled is a Value, the end of a graph, or a function of numbers, not {y!r}{cure}"
            )
        return traced(y, None if inputs is None else [*inputs])
    if inputs is None:
        raise TypeError("inputs are missing: the leaves that are to be the arguments, as in compile(y, [x])")
    leaves = [*inputs]
    for x in leaves:
        if not isinstance(x, Value):
            raise TypeError(f"inputs are Values, the leaves that are to be the arguments, not {x!r}")
        if is_result(x):
            raise ValueError(f"{x!r} was computed: inputs are leaves, made as Value(2.0, 'x')")
    if len(set(leaves)) < len(leaves):
        twice = next(x for x in leaves if leaves.count(x) > 1)
        raise ValueError(f"the input {twice!r} is given twice: each is one argument of the program")
    return Recording(y, leaves, [])


def _check_branches(recording: Recording, trace: Trace) -> None:
    newest = recording.y._stamp if is_result(recording.y) else 0
    for value, place in [*recording.compared, *decided(trace.nodes(), newest)]:
        raise CompileError(
            f"the graph may depend on a comparison of {value.name or 'a Value'} ({place}), and is right on one side of "
            'it only: write it with maximum, relu, abs or heaviside, or give branches="freeze" if it does not matter'
        )


def _unused(trace: Trace, nodes: list[Value]) -> list[Value]:
    """The leaves among these from which y was not computed."""
    if _are_parameters(trace, nodes):
        return []
    return [x for x in nodes if isinstance(x, Value) and not is_result(x) and x not in trace.number]


def _are_parameters(trace: Trace, nodes: list[Value]) -> bool:
    """Whether these are all parameters, in order: the usual case."""
    return len(nodes) == len(trace.parameters) and all(map(operator.is_, nodes, trace.parameters))


def _indices(trace: Trace, nodes: Iterable[Value]) -> Sequence[int]:
    """The indices of nodes in the trace."""
    nodes = [*nodes]
    if _are_parameters(trace, nodes):
        return range(trace.inputs, trace.leaves)
    found = []
    for node in nodes:
        if not isinstance(node, Value):
            raise TypeError(f"derivatives are taken with respect to Values, not {node!r}")
        if node not in trace.number:
            raise ValueError(f"{node!r} is not part of the graph: choose a node that the result was computed from")
        found.append(trace.number[node])
    return evenly(found)  # type: ignore[no-any-return]
