'''Programs as Python that people read: the value line by line, then the chain rule, each line with the rule it is.

>>> from autograd.engine.functions import exp, sin
>>> from autograd.engine.value import Value
>>> x = Value(1.5, "x")
>>> y = (x ** 2).named("y")
>>> z = sin(y).named("z")
>>> J = exp(-z).named("J")
>>> print(listing(Trace(J, [x]), [0]))
from math import cos, exp, sin
<BLANKLINE>
def J(x):
    """J and dJ/dx."""
    y = x ** 2
    z = sin(y)
    J = exp(-z)
<BLANKLINE>
    dJ_dz = -J              # dJ/dz = -exp(-z)
    dJ_dy = dJ_dz * cos(y)  # dJ/dy = dJ/dz · cos(y)
    dJ_dx = dJ_dy * 2 * x   # dJ/dx = dJ/dy · 2 * x
    return J, [dJ_dx]

Where results are named, the others are written where they are used, as on the blackboard; where none is, every result
has its line. On NumPy's columns the same program computes all rows at once.
'''

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable, Sequence

from autograd.compiler.comments import LONGEST, Rules, lined
from autograd.compiler.program import Line, Program, differentiate
from autograd.compiler.trace import Trace
from autograd.compiler.wording import commented, identifiers, wrapped
from autograd.reading.graph import free, numbered
from autograd.table.expression import (
    ATOM,
    PRODUCT,
    SUM,
    UNARY,
    Call,
    Choice,
    Expression,
    Name,
    Number,
    Piece,
    number_text,
    render,
    separated,
    text_style,
)
from autograd.table.rules import ROWS

__all__ = ["columns", "listing"]

OWN = {"add", "sub", "mul", "div", "neg", "abs", "sum", "max"}  # what Python has without an import


def listing(trace: Trace, wrt: Sequence[int], also: Sequence[int] = (), *, comments: bool = True) -> str:
    """The source of a function of the inputs, then the parameters, that returns the value and its derivatives.

    The values of the nodes in `also` are returned after these, if there are any.
    """
    stops = lined(trace)
    names = identifiers(trace.labels)
    root = names[trace.root]
    taken = set(names)
    slopes = [free(f"d{root}_d{name}", taken) for name in names]
    program = differentiate(
        trace,
        wrt,
        {place: names[place] for place in stops if place >= trace.leaves},
        {place: slopes[place] for place in stops if place != trace.root or not trace.steps},
    )
    labels = {id(name): names[place] for place, name in enumerate((*program.inputs, *program.parameters))}
    labels |= {id(line.name): line.name.id for line in program.lines}
    adjoint_of = {id(adjoint): place for place, adjoint in program.adjoints.items()}
    writer = _Writer(labels, taken)
    outputs = [program.value, *program.gradients, *(program.nodes[place] for place in also)]
    lines = _needed(program, outputs)
    for expression in [*(line.expression for line in lines), *outputs]:
        writer.count(expression)
    rules = Rules(trace, stops) if comments else None
    written: list[tuple[str, str]] = []
    forward = 0
    for line in lines:
        writer.line(line.name.id, line.expression, line.adjoint_of)
        forward = forward if line.adjoint_of is not None else len(writer.lines)
    value, *others = [writer.text(writer.put(output)) for output in outputs]
    results = f"{value},\0[{', '.join(others[: len(wrt)])}]"
    results += f",\0[{', '.join(others[len(wrt) :])}]" if also else ""
    for text, part, place in writer.lines:
        place = adjoint_of.get(id(part)) if place is None and part is not None else place
        written.append((text, rules.of(place) if rules and place is not None else ""))
    told = ", ".join(f"d{trace.labels[trace.root]}/d{trace.labels[place]}" for place in wrt)
    told = textwrap.shorten(f"{trace.labels[trace.root]} and {told}." if wrt else f"{root}.", 80, placeholder=" …")
    told = told.replace("\\", "/").replace('"', "'")  # so that a name does not end the text
    body = [*commented(written[:forward]), "", *commented(written[forward:])]
    head = wrapped(f"def {root}(", ", ".join(names[: trace.leaves]) + "):", 4)
    last = wrapped("    return ", results, 8)
    text = "\n".join([*writer.imports(), head, f'    """{told}"""', *body, last])
    return re.sub(r'("""\n)\n', r"\1", re.sub(r"\n\n\n+", "\n\n", text))


def columns(program: Program, outputs: Sequence[Expression]) -> str:
    """The source of `run`, a function of the inputs as NumPy's columns and of the parameters, that returns the outputs.

    It reads the functions of the table under their names, and `where`, `larger` and `power`, from its globals.
    """
    labels = {id(name): f"x{place}" for place, name in enumerate((*program.inputs, *program.parameters), 1)}
    writer = _Writer(dict(labels), {*labels.values()}, numpy=True)
    for output in outputs:
        writer.count(output)
    results = [writer.text(writer.put(output)) for output in outputs]
    body = [f"    {text}" for text, _, _ in writer.lines]
    return "\n".join([f"def run({', '.join(labels.values())}):", *body, f"    return [{', '.join(results)}]"])


class _Writer:
    """Writes expressions as lines; what is used more than once, or would be too long, gets a line before them.

    labels   the names that expressions are known by
    """

    def __init__(self, labels: dict[int, str], taken: set[str], numpy: bool = False) -> None:
        self.labels = labels
        self.taken = taken
        self.numpy = numpy
        self.lines: list[tuple[str, Expression | None, int | None]] = []
        self.used: set[str] = set()
        self._uses: dict[int, int] = {}
        self._sure: set[int] = set()
        self._written: dict[int, Expression] = {}
        self._sizes: dict[int, int] = {}
        self._numbers = itertools.count(1)

    def count(self, root: Expression) -> None:
        """Count the uses of all parts, a shared part's own operands once; and note what is computed in any case.

        What stands in a branch of a choice may fail where the other branch is taken, and has to stay there.
        """
        waiting = [(root, True)]
        while waiting:
            part, sure = waiting.pop()
            new = sure and id(part) not in self._sure
            first = id(part) not in self._uses
            if sure:
                self._sure.add(id(part))
            if first or new:
                inner = 2 if isinstance(part, Choice) and not self.numpy else len(part.operands)
                waiting.extend((operand, sure and place < inner) for place, operand in enumerate(part.operands))
            self._uses[id(part)] = self._uses.get(id(part), 0) + (1 if first or not new else 0)

    def line(self, name: str, expression: Expression, adjoint_of: int | None) -> None:
        """Add a line that gives an expression a name."""
        self.lines.append((f"{name} = {self.text(self.put(expression, own=True))}", None, adjoint_of))

    def put(self, root: Expression, own: bool = False) -> Expression:
        """The expression with names in the place of what has a line; with `own`, the whole is about to get one."""
        stack = [root]
        while stack:
            part = stack[-1]
            waiting = [operand for operand in part.operands if id(operand) not in self._written]
            if waiting and id(part) not in self._written:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            if id(part) not in self._written:
                self._written[id(part)] = self._rewritten(part, own and part is root)
        return self._written[id(root)]

    def _rewritten(self, part: Expression, own: bool) -> Expression:
        if not part.operands:
            return part
        operands = [self._written[id(operand)] for operand in part.operands]
        again = Choice(part.comparison, operands) if isinstance(part, Choice) else Call(part.op, operands)  # type: ignore[attr-defined]
        size = 1 + sum(self._sizes.get(id(operand), 0) for operand in operands)
        cheap = again.operands[0].operands == () and isinstance(part, Call) and part.op == "neg"
        shared = self._uses.get(id(part), 0) > 1 and id(part) in self._sure
        if not own and not cheap and (shared or size > LONGEST):
            label = numbered("t", self._numbers, self.taken)
            self.lines.append((f"{label} = {self.text(again)}", part, None))
            name = Name(label)
            self.labels[id(name)] = label
            return name
        self._sizes[id(again)] = size
        return again

    def text(self, root: Expression) -> str:
        """An expression as Python."""
        return render(root, self._style)

    def _style(self, part: Expression) -> tuple[int, Iterable[Piece]]:
        if isinstance(part, Number):
            text = repr(part.value)  # for NumPy, whose whole numbers would overflow, as it is
            text = number_text(part.value) if not self.numpy and text != "-0.0" else text
            if text.endswith("inf"):
                self.used.add("inf")
            return (UNARY if text[0] == "-" else ATOM), [text]
        if isinstance(part, Name):
            return ATOM, [self.labels[id(part)]]
        if isinstance(part, Choice) and self.numpy:
            left, right, then, otherwise = part.operands
            comparison = f" {part.comparison} "
            return ATOM, ["where(", (left, SUM), comparison, (right, SUM), ", ", (then, 0), ", ", (otherwise, 0), ")"]
        if not isinstance(part, Call):
            return text_style(part)
        if part.op == "sum":
            return SUM, self._added(part.operands)
        if part.op == "max" and self.numpy:
            return ATOM, ["larger([", *separated(part.operands), "])"]
        if part.op == "pow":
            exponent = part.operands[1]
            if isinstance(exponent, Number) and exponent.value.is_integer():
                return text_style(part)
            self.used.add("pow")
            return ATOM, ["power(" if self.numpy else "pow(", *separated(part.operands), ")"]
        if part.op not in OWN:
            self.used.add(part.op)
        if ROWS[part.op].vectors if part.op in ROWS else False:
            return ATOM, [f"{part.op}([", *separated(part.operands), "])"]
        return text_style(part)

    def _added(self, terms: Sequence[Expression]) -> list[Piece]:
        """Terms with plus and minus signs between them."""
        pieces: list[Piece] = []
        for term in terms:
            positive = _without_minus(term) if pieces else None
            pieces += [" + "] if pieces and positive is None else [" - "] if pieces else []
            pieces.append((term if positive is None else positive, PRODUCT))
        return pieces

    def imports(self) -> list[str]:
        """The lines that import what is used."""
        basic = {name for name in self.used if name == "inf" or ROWS[name].is_basic}
        sources = {"math": basic, "autograd": self.used - basic}
        found = [f"from {source} import {', '.join(sorted(names))}" for source, names in sources.items() if names]
        return [*found, ""] if found else []


def _without_minus(term: Expression) -> Expression | None:
    """The term without the minus that it begins with; None where it begins with none."""
    first = term.operands[0] if isinstance(term, Call) and term.op in ("mul", "div") else None
    if isinstance(term, Call) and term.op == "neg":
        return term.operands[0]
    if isinstance(term, Call) and isinstance(first, Call) and first.op == "neg":
        return Call(term.op, (first.operands[0], term.operands[1]))
    return None


def _needed(program: Program, outputs: Sequence[Expression]) -> list[Line]:
    """The lines that the outputs need."""
    lines = {id(line.name): line for line in program.lines}
    waiting = [*outputs]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            waiting.extend([lines[id(part)].expression] if id(part) in lines else part.operands)
    return [line for line in program.lines if id(line.name) in seen]
