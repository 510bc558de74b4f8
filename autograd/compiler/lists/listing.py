'''Groups as Python that people read: a layer is one line, and so is each step of the chain rule over it.

>>> from autograd.compiler.trace import Trace
>>> from autograd.engine.functions import dot, tanh
>>> from autograd.engine.value import Value
>>> x = [Value(1.0, "x1"), Value(2.0, "x2")]
>>> w = [[Value(0.1 * i + j, f"w[{i},{j}]") for j in range(2)] for i in range(8)]
>>> v = [Value(0.5, f"v[{i}]") for i in range(8)]
>>> trace = Trace(dot(v, [tanh(dot(row, x)) for row in w]), x)
>>> print(list_listing(Plan(trace, range(2, 26), ())).text)
from math import tanh
from autograd import dot, sigmoid
<BLANKLINE>
def J(x, w, v):
    """J and dJ/dw, dJ/dv.
<BLANKLINE>
    Lists: x (2), w (8 × 2), v (8).
    """
    z = [dot(wi, x) for wi in w]
    a = [tanh(zi) for zi in z]
    J = dot(v, a)
<BLANKLINE>
    dJ_dv = a                                      # dJ/dv[j] = a[j]
    dJ_da = v                                      # dJ/da[j] = v[j]
    # dJ/dz[i] = dJ/da[i] · (1 - tanh(z[i]) ** 2)
    dJ_dz = [d * (4 * sigmoid(2 * zi) * sigmoid(-2 * zi)) for d, zi in zip(dJ_da, z)]
    dJ_dw = [[d * xj for xj in x] for d in dJ_dz]  # dJ/dw[i,j] = dJ/dz[i] · x[j]
    return J, [dJ_dw, dJ_dv]

Matrices and vectors of parameters are lists, and so are the derivatives with respect to them. Where members of a group
read what lies here and there, it is put together in a list first. A dot product and a sum have the bits of the graph;
sums that were written with plus signs are Python's `sum`, which from 3.12 on keeps digits that these lose.
'''

from __future__ import annotations

import textwrap
from typing import NamedTuple

from autograd.compiler.groups.plan import Plan
from autograd.compiler.listing import TIE, WIDTH, wrapped
from autograd.compiler.lists.back import Back
from autograd.compiler.lists.forward import Forward
from autograd.compiler.lists.statements import ListWriter
from autograd.compiler.lists.variables import Nodes, Variable
from autograd.table.expression import Expression, Name, Number

INDENT = "    "


class ListSource(NamedTuple):
    """A function of lists that returns the value, the derivatives, and what else is wanted.

    arguments   the leaves that each argument holds: one, a tuple of them, or tuples of these
    slopes      the same for each item of the derivatives
    """

    text: str
    arguments: list[Nodes]
    slopes: list[Nodes]


def list_listing(plan: Plan, comments: bool = True) -> ListSource:
    """The source of a plan in lists."""
    forward = Forward(plan)
    back = Back(forward, comments)
    writer = ListWriter(forward.variables.taken)
    body = writer.lines(forward.statements)
    if plan.wrt:
        body += ["", *writer.lines(back.statements)]
    slopes = _slopes(back)
    arguments = forward.variables.arguments
    results = [writer.text(slope) for _, _, slope in slopes]
    value = forward.variables.element(plan.trace.root)
    lists = [f"[{', '.join(results)}]", *([writer.text(forward.copies.listed(plan.also))] if plan.also else [])]
    last = f",{TIE}".join([value, *lists])
    head = wrapped(f"def {forward.variables.end}(", ", ".join(x.name for x in arguments) + "):", 4)
    told = _docstring(forward.variables.end, [name for name, *_ in slopes], arguments)
    text = "\n".join([*writer.imports(), head, *told, *body, wrapped("    return ", last, 8)])
    return ListSource(text, [x.nodes for x in arguments], [nodes for _, nodes, _ in slopes])


def _slopes(back: Back) -> list[tuple[str, Nodes, Expression]]:
    """The derivatives in the order in which they are wanted: whole lists where all elements are, or single numbers.

    With the name and the nodes of what each is taken with respect to.
    """
    wanted = dict.fromkeys(back.plan.wrt)
    found: list[tuple[str, Nodes, Expression]] = []
    whole: dict[Variable, bool] = {}
    for node in wanted:
        variable, index = back.variables.home[node]
        adjoint = back.there.get(variable)
        if variable not in whole:
            whole[variable] = all(x in wanted for _, x in variable.places())
            if whole[variable]:
                slope = back.zeros(variable) if adjoint is None else adjoint
                found.append((variable.name, variable.nodes, slope))
        if not whole[variable]:
            element = Name(Variable(variable.adjoint, variable.nodes).element(index))
            found.append((variable.element(index), node, Number(0.0) if adjoint is None else element))
    return found


def _docstring(end: str, slopes: list[str], arguments: list[Variable]) -> list[str]:
    """What the function returns, and what its arguments are."""
    derivatives = f" and {', '.join(f'd{end}/d{name}' for name in slopes)}" if slopes else ""
    lists = [f"{x.name} ({' × '.join(map(str, x.shape))})" for x in arguments if x.depth]
    numbers = [x.name for x in arguments if not x.depth]
    told = [f"{what}: {', '.join(names)}." for what, names in (("Lists", lists), ("Numbers", numbers)) if names]
    summary = textwrap.shorten(f"{end}{derivatives}.", 80, placeholder=" …")
    lines = textwrap.wrap(" ".join(told), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return [f'{INDENT}"""{summary}', "", *lines, f'{INDENT}"""']
