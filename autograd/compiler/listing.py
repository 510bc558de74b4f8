'''Programs as Python that people read: the value line by line, then the chain rule, each line annotated with its rule.

>>> from autograd.engine.value import Value
>>> w, x = Value(2.0, "w"), Value(1.5, "x")
>>> print(listing(Trace((w * x).sin(), [x]), [0]))
from math import cos, sin
<BLANKLINE>
def J(x, w):
    """J and dJ/dx."""
    v1 = w * x
    J = sin(v1)
<BLANKLINE>
    dJ_dv1 = cos(v1)    # dJ/dv1 = cos(v1)
    dJ_dx = dJ_dv1 * w  # dJ/dx = dJ/dv1 · w
    return J, [dJ_dx]

Where results are named, the others are written where they are used, as on the blackboard; where none is, every result
has its line. On NumPy's columns the same program computes all rows at once.
'''

from __future__ import annotations

import itertools
import keyword
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from autograd.compiler.comments import LONGEST_LINE, Rules, lined
from autograd.compiler.program import Line, Program, differentiate, reachable
from autograd.compiler.trace import Trace
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

OWN = {"add", "sub", "mul", "div", "neg", "abs", "sum", "max"}  # what Python has without an import
WIDTH = 100
_NOT_FINITE = {"inf", "nan"}
TIE = "\0"  # an unbreakable space: textwrap takes it for a letter, and it becomes a space when the line is broken


def listing(trace: Trace, wrt: Sequence[int], also: Sequence[int] = (), *, comments: bool = True) -> str:
    """The source of a function of the inputs, then the parameters, that returns the value and its derivatives.

    The values of the nodes in `also` are returned after these, if there are any.
    """
    stops = lined(trace)
    names = _identifiers(trace.labels)
    root, taken = names[trace.root], set(names)
    slopes = [free(f"d{root}_d{name}", taken) for name in names]
    adjoints = {index: slopes[index] for index in stops if index != trace.root or not trace.steps}
    program = differentiate(trace, wrt, {index: names[index] for index in stops}, adjoints)
    outputs = [program.value, *program.gradients, *(program.nodes[index] for index in also)]
    lines = lines_for(program, outputs)
    adjoint_of = {adjoint: index for index, adjoint in program.adjoints.items()}
    writer = Writer([*(line.expression for line in lines), *outputs], taken, adjoint_of)
    forward, _ = writer.write(line for line in lines if line.adjoint_of is None)
    backward, results = writer.write((line for line in lines if line.adjoint_of is not None), outputs)
    rules = Rules(trace, stops) if comments else None
    body = [*writer.texts(forward, rules), *([""] if forward else []), *writer.texts(backward, rules)]
    head = wrapped(f"def {root}(", ", ".join(names[: trace.leaves]) + "):", 4)
    texts = [render(result, writer.style) for result in results]
    gradient, others = texts[1 : 1 + len(wrt)], texts[1 + len(wrt) :]
    lists = [gradient, others] if others else [gradient]
    last = f",{TIE}".join([texts[0], *(f"[{', '.join(found)}]" for found in lists)])
    return "\n".join([*writer.imports(), head, _docstring(trace, wrt, root), *body, wrapped("    return ", last, 8)])


def lines_for(program: Program, outputs: Sequence[Expression]) -> list[Line]:
    """The lines of a program that its outputs need."""
    made: dict[Expression, Expression] = {line.name: line.expression for line in program.lines}
    needed = reachable(outputs, lambda part: [made[part]] if part in made else part.operands)
    return [line for line in program.lines if line.name in needed]


def numpy_listing(program: Program, outputs: Sequence[Expression]) -> str:
    """The source of `run`, a function of the inputs as NumPy's columns and of the parameters, that returns the outputs.

    It reads the functions of the table under their names, and `where`, `larger` and `power`, from its globals.
    """
    names = [leaf.id for leaf in (*program.inputs, *program.parameters)]
    return numpy_function("run", names, outputs, listed=True)


def numpy_function(title: str, names: Sequence[str], outputs: Sequence[Expression], listed: bool = False) -> str:
    """The source of a function of these names that returns the outputs: in a list, or as one or several results."""
    writer = _NumPyWriter(outputs, {*names}, {})
    lines, results = writer.write([], outputs)
    head, last = f"def {title}({', '.join(names)}):", ", ".join(render(result, writer.style) for result in results)
    body = [f"    {line.name.id} = {render(line.expression, writer.style)}" for line in lines]
    return "\n".join([head, *body, f"    return [{last}]" if listed else f"    return {last}"])


def _docstring(trace: Trace, wrt: Sequence[int], root: str) -> str:
    label = trace.labels[trace.root]
    slopes = ", ".join(f"d{label}/d{trace.labels[index]}" for index in wrt)
    text = textwrap.shorten(f"{label} and {slopes}." if wrt else f"{root}.", 80, placeholder=" …")
    return '    """' + text.replace("\\", "/").replace('"', "'") + '"""'  # which no label is to end


class Writer:
    """Writes expressions as lines; what is used more than once, or would be too long, gets a line before them.

    roots        all that is going to be written
    taken        the names that are in use
    adjoint_of   the nodes that some expressions are the adjoints of
    """

    power = "pow"

    def __init__(self, roots: Sequence[Expression], taken: set[str], adjoint_of: Mapping[Expression, int]) -> None:
        self.taken = taken
        self.adjoint_of = adjoint_of
        self.used: set[str] = set()
        self._sure = reachable(roots, self.certain)
        self._uses = Counter(operand for part in reachable(roots) for operand in part.operands) + Counter(roots)
        self._lines: list[Line] = []
        self._written: dict[Expression, Expression] = {}
        self._sizes: dict[Expression, int] = {}
        self._numbers = itertools.count(1)

    def certain(self, part: Expression) -> Sequence[Expression]:
        """The operands that are computed in any case: what may fail in a branch of a choice has to stay there."""
        return part.operands[:2] if isinstance(part, Choice) else part.operands

    def write(self, lines: Iterable[Line], results: Sequence[Expression] = ()) -> tuple[list[Line], list[Expression]]:
        """Lines as they are written, with the further lines that they and the results need, and the results."""
        self._lines = []
        for name, expression, adjoint_of in lines:
            self._lines.append(Line(name, self.put(expression, own=True), adjoint_of))
        return self._lines, [self.put(result) for result in results]

    def texts(self, lines: Iterable[Line], rules: Rules | None) -> list[str]:
        """The texts of lines, with their rules as comments."""
        rows = []
        for name, expression, node in lines:
            comment = rules.of(node) if rules and node is not None else ""
            rows.append((f"{name.id} = {render(expression, self.style)}", comment))
        return commented(rows)

    def put(self, root: Expression, own: bool = False) -> Expression:
        """The expression with names in the place of what has a line; with `own`, the whole is about to get one."""
        stack = [root]
        while stack:
            part = stack[-1]
            if part in self._written:
                stack.pop()
            elif waiting := [operand for operand in part.operands if operand not in self._written]:
                stack.extend(reversed(waiting))
            else:
                self._written[part] = self._rewritten(part, own and part is root)
        return self._written[root]

    def _rewritten(self, part: Expression, own: bool) -> Expression:
        """An expression, whose operands have been put in, or the name of the line that it gets."""
        operands = [self._written[operand] for operand in part.operands]
        match part:
            case Choice(comparison):
                again: Expression = Choice(comparison, operands)
            case Call(op):
                again = Call(op, operands)
            case _:
                return part
        size = 1 + sum(self._sizes.get(operand, 0) for operand in operands)
        cheap = isinstance(again, Call) and again.op == "neg" and not operands[0].operands
        shared = self._uses[part] > 1 and part in self._sure
        if not own and not cheap and (shared or size > LONGEST_LINE):
            label = numbered("t", self._numbers, self.taken)
            self._lines.append(Line(Name(label), again, self.adjoint_of.get(part)))
            return self._lines[-1].name
        self._sizes[again] = size
        return again

    def style(self, part: Expression) -> tuple[int, Iterable[Piece]]:
        """Python: the precedence and the pieces of one expression."""
        match part:
            case Name():
                return ATOM, [part.id]
            case Call() if part.op == "sum":
                return SUM, added(part.operands)
            case Call() if part.op not in OWN:
                return self._function(part) or text_style(part)
            case Number():
                text = "-0.0" if str(part.value) == "-0.0" else number_text(part.value)
                self.used |= _NOT_FINITE & {text.lstrip("-")}
                return (UNARY if text[0] == "-" else ATOM), [text]
        return text_style(part)

    def _function(self, part: Call) -> tuple[int, Iterable[Piece]] | None:
        match part:
            case Call("pow", (_, Number(exponent))) if exponent.is_integer():
                return None
            case Call("pow", operands):
                self.used.add("pow")
                return ATOM, [f"{self.power}(", *separated(operands), ")"]
        self.used.add(part.op)
        return (ATOM, [f"{part.op}([", *separated(part.operands), "])"]) if ROWS[part.op].vectors else None

    def imports(self) -> list[str]:
        """The lines that import what is used."""
        basic = {name for name in self.used if name not in ROWS or ROWS[name].is_basic}
        own = {name for name in basic if name in ROWS and ROWS[name].function}
        sources = {"math": basic - own, "autograd": self.used - basic}
        found = [f"# given to primitive(...): {', '.join(sorted(own))}"] if own else []
        found += [f"from {source} import {', '.join(sorted(names))}" for source, names in sources.items() if names]
        return [*found, ""] if found else []


class _NumPyWriter(Writer):
    """The same for NumPy's columns, where both branches of a choice are computed."""

    power = "power"

    def certain(self, part: Expression) -> Sequence[Expression]:
        return part.operands

    def style(self, part: Expression) -> tuple[int, Iterable[Piece]]:
        match part:
            case Number(value):  # always a float: whole numbers would overflow
                return (UNARY if repr(value)[0] == "-" else ATOM), [repr(value)]
            case Choice(comparison, (left, right, then, otherwise)):
                condition: list[Piece] = [(left, SUM), f" {comparison} ", (right, SUM)]
                return ATOM, ["where(", *condition, ", ", *separated([then, otherwise]), ")"]
            case Call("pow", (a, Number(0.5))):  # NumPy takes the square root, but -0.0 to the power is 0.0
                return ATOM, [f"{self.power}(", (a, SUM), " + 0.0, 0.5)"]
            case Call() if part.op == "max":
                return ATOM, ["larger([", *separated(part.operands), "])"]
        return super().style(part)


def added(terms: Sequence[Expression]) -> list[Piece]:
    """Terms with plus and minus signs between them."""
    pieces: list[Piece] = [(terms[0], PRODUCT)]
    for term in terms[1:]:
        match term:
            case Call("neg", (a,)):
                pieces += [" - ", (a, PRODUCT)]
            case Call("mul" | "div" as op, (Call("neg", (a,)), b)):
                pieces += [" - ", (Call(op, (a, b)), PRODUCT)]
            case _:
                pieces += [" + ", (term, PRODUCT)]
    return pieces


def _identifiers(labels: Sequence[str]) -> list[str]:
    """A Python name for each label.

    >>> _identifiers(["x", "w[1][2,1]", "def"])
    ['x', 'w_1_2_1', 'def_2']
    """
    taken = {*keyword.kwlist, *ROWS, *_NOT_FINITE, "pi", "pow", "max"}
    return [free(identifier(label), taken) for label in labels]


def identifier(label: str) -> str:
    """A label as a name of Python, which may be taken."""
    letters = (letter if f"v{letter}".isidentifier() else "_" for letter in unicodedata.normalize("NFKC", label))
    text = re.sub("__+", "_", "".join(letters)).strip("_") or "v"
    return text if text.isidentifier() else f"v_{text}"


def commented(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Lines with their comments, one below the other; that of a long line stands above it."""
    width = max((len(text) for text, comment in rows if comment and len(text) + len(comment) < WIDTH - 8), default=0)
    found = []
    for text, comment in rows:
        if comment and len(text) <= width:
            found.append(f"    {text:{width}}  # {comment}")
            continue
        if comment:
            found.append(f"    # {textwrap.shorten(comment, WIDTH - 6, placeholder=' …')}")
        name, sign, right = re.split(r" (\+?=) ", text, maxsplit=1)
        if len(text) < WIDTH - 4:
            found.append(f"    {text}")
        elif right[0] + right[-1] == "[]":
            found.append(wrapped(f"    {name} {sign} [", right[1:], len(name) + 8))
        else:
            found.append(wrapped(f"    {name} {sign} (", f"{right})", len(name) + 8))
    return found


def wrapped(first: str, text: str, indent: int) -> str:
    """A text with line breaks after commas, and before plus, minus, if and else."""
    tied = re.sub(r"(?<!,) (?!([+-]|if|else) )", TIE, text)
    tied = re.sub(r"(?<= [+-]) ", TIE, tied)
    lines = textwrap.TextWrapper(WIDTH, first, " " * indent, break_long_words=False, break_on_hyphens=False).wrap(tied)
    return "\n".join(lines).replace(TIE, " ")
