"""The language of the table as JavaScript: expressions, and each row as functions of numbers.

>>> from autograd.table.parser import parse_row
>>> script(parse_row("-(a ** 2) if a != 0 else --a").result, {"a": "x"})
'x !== 0 ? -(x ** 2) : -(-x)'
>>> print(row_functions(["sigmoid"]))
{
  "sigmoid": {
    value: (a) => { const u = Math.exp(-Math.abs(a)); return (a >= 0 ? 1 : u) / (1 + u); },
    partials: [
      (a, y) => y * sigmoid(-a),
    ],
    domain: "",
  },
}

What the engine computes with is what is printed: the computed texts, with their kinks. Where the engine raises an error
the result is NaN or infinite. Of the functions, `Math` has all but `erf`, `fmod` and `copysign`; the browsers' own are
within 2 units in the last place (V8's: of thousands of numbers of every size the worst is 1.74 off, for tanh).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from autograd.compiler.lanes.exponentials import ERF, ERFC
from autograd.reading.graph import free, printable
from autograd.table.expression import (
    ATOM,
    CONSTANTS,
    SUM,
    UNARY,
    Call,
    Choice,
    Expression,
    Name,
    Number,
    Piece,
    render,
    separated,
    text_style,
)
from autograd.table.parser import Statements, parse_row
from autograd.table.rules import REFERENCE, ROWS, Row

INFIX = {"add", "sub", "mul", "div", "pow"}
_WORDS = """
    abstract arguments as async await boolean break byte case catch char class const continue debugger default delete
    do double else enum eval export extends false final finally float for from function get goto if implements import
    in instanceof int interface let long native new null of package private protected public return set short static
    super switch synchronized this throw throws transient true try typeof undefined var void volatile while with yield
    Array Float64Array Infinity Math NaN Number Object String document globalThis isFinite isNaN self window
"""
RESERVED = frozenset(_WORDS.split())  # what no name in a script may be: words of the language, and what scripts read
_SUM = """\
// The sum of numbers, rounded once: beside what is rounded, what that leaves out is summed (Knuth's TwoSum).
function sum(terms) {
  let s = -0, lost = 0;
  for (const x of terms) {
    const t = s + x, part = t - s;
    lost += (s - (t - part)) + (x - part);
    s = t;
  }
  return lost === 0 ? s : s + lost;
}
"""
_ERF = """\
// erf, after W. J. Cody (Rational Chebyshev approximations for the error function, 1969), with polynomials:
// x + x P(x²) up to 0.9; then 1 - exp(-x²) Q(t) with t = (2.5 - x) / (2.5 + x). From 5.95 on it is 1.
function erf(x) {
  const size = Math.abs(x), polynomial = (t, coefficients) => coefficients.reduceRight((y, c) => y * t + c);
  if (size < 0.9) return x + x * polynomial(x * x, [
%s
  ]);
  const y = size < 5.95 ? 1 - gaussian(size) * polynomial((2.5 - size) / (2.5 + size), [
%s
  ]) : 1;
  return x > 0 ? y : x < 0 ? -y : x;
}
"""

_FMOD = """\
// What is left of a, with its sign, when b is taken off as often as it can be.
function fmod(a, b) {
  return a % b;
}
"""
_COPYSIGN = """\
// The size of a with the sign of b, which -0 has, too.
function copysign(a, b) {
  return b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a);
}
"""


def _numbers(numbers: Iterable[float]) -> str:
    """Numbers, three on a line."""
    texts = [*map(repr, numbers)]
    return "\n".join(f"    {', '.join(texts[start : start + 3])}," for start in range(0, len(texts), 3))


def quoted(text: str) -> str:
    """A text as a string of JavaScript, which may stand inside of <script>.

    >>> print(quoted("</script>"))
    "\\u003c/script>"
    """
    return json.dumps(text).replace("<", "\\u003c")


def comment(text: str) -> str:
    """A text as a comment of one line, which may stand inside of <script>.

    >>> comment("</script><!-- x"), comment("1\\n2")
    ('// <\\\\/script><\\\\!-- x', '// 1�2')
    """
    return "// " + printable(text).replace("</", "<\\/").replace("<!", "<\\!")


def number(value: float) -> str:
    """A number, to the bit.

    >>> number(2.0), number(-0.0), number(1e-7), number(float("-inf"))
    ('2', '-0', '1e-07', '-Infinity')
    """
    text = repr(float(value)).replace("inf", "Infinity").replace("nan", "NaN")
    return text.removesuffix(".0")


def style(part: Expression) -> tuple[int, Iterable[Piece]]:
    """JavaScript: the precedence and the pieces of an expression; behind a minus stands no power, nor another minus."""
    match part:
        case Name(id):
            return ATOM, [id]
        case Number(value):
            text = number(value)
            return (UNARY if text[0] == "-" else ATOM), [text]
        case Call("neg", (a,)):
            return UNARY, ["-", (a, ATOM)]
        case Call(op) if op in INFIX:
            return text_style(part)
        case Call("sum", operands):
            return ATOM, ["sum([", *separated(operands), "])"]
        case Call("max", operands):
            return ATOM, ["Math.max(", *separated(operands), ")"]
        case Call(op, operands):
            return ATOM, [function(op), "(", *separated(operands), ")"]
        case Choice(comparison, (left, right, then, otherwise)):
            sign = {"==": "===", "!=": "!=="}.get(comparison, comparison)
            return 0, [(left, SUM), f" {sign} ", (right, SUM), " ? ", (then, SUM), " : ", (otherwise, 0)]
    raise TypeError(f"{part!r} is not an expression")


def function(op: str) -> str:
    """What computes the value of a row: a function of `Math`, or a helper.

    >>> function("tanh"), function("erf"), function("sigmoid")
    ('Math.tanh', 'erf', 'sigmoid')
    """
    if is_own(op):
        return f"Math.{op}"
    return f"{op}$" if op in RESERVED or len(op) == 1 else op  # no row of a user's has that name


def is_own(op: str) -> bool:
    """Whether JavaScript has an operation of the table."""
    return op not in _WRITTEN and (op == REFERENCE.name or (op in ROWS and ROWS[op].is_basic and not ROWS[op].vectors))


def script(root: Expression, names: Mapping[str, str], elements: Mapping[str, str] | None = None) -> str:
    """An expression of the table as JavaScript, given what its names are, and what the elements of its vectors are."""
    elements = elements or {}

    def named(part: Expression) -> tuple[int, Iterable[Piece]]:
        match part:
            case Name(id):
                return ATOM, [elements.get(id) or names.get(id) or number(CONSTANTS[id])]
            case Call("sum" | "max" as op, (Name(id),)) if id in elements:
                return ATOM, ["sum(", names[id], ")"] if op == "sum" else ["Math.max(...", names[id], ")"]
            case Call("sum" | "max" as op, (each,)) if elements:
                over = next(iter(elements))
                mapped: list[Piece] = [f"{names[over]}.map((_, i) => ", (each, 0), ")"]
                return ATOM, ["sum(", *mapped, ")"] if op == "sum" else ["Math.max(...", *mapped, ")"]
        return style(part)

    return render(root, named)


def row_functions(names: Iterable[str]) -> str:
    """An object of JavaScript: for each row, by its name, functions for its value and its local partials.

    `value` takes the operands, each of `partials` the operands and the value. A vector is an array, and the partial of
    a vector an array with one partial for each element. They call what `helpers` of the same names defines.
    """
    return "{\n" + "".join(map(_row, dict.fromkeys(names))) + "}"


def helpers(names: Iterable[str]) -> str:
    """The functions that the values and the partials of rows call, as declarations, and those of the rows themselves.

    >>> print(helpers(["softplus", "tanh"]))
    // softplus(a) = log(1 + exp(a))
    function softplus(a) {
      return Math.log1p(Math.exp(-Math.abs(a))) + (a <= 0 ? 0 : a);
    }
    // sigmoid(a) = 1 / (1 + exp(-a))
    function sigmoid(a) {
      const u = Math.exp(-Math.abs(a));
      return (a >= 0 ? 1 : u) / (1 + u);
    }
    <BLANKLINE>
    """
    wanted = dict.fromkeys(names)
    waiting = [name for name in wanted if name not in INFIX]
    for row in map(ROWS.__getitem__, wanted):
        waiting += [op for letter in row.letters for op in _called(row.computed_partial(letter))]
    return functions(waiting)


def functions(ops: Iterable[str]) -> str:
    """The declarations of what `style` calls for these operations, and of all that these call in turn."""
    found: dict[str, str] = {}
    waiting = [*dict.fromkeys(ops)][::-1]
    while waiting:
        op = waiting.pop()
        if op in found or op in INFIX or op == "neg" or is_own(op):
            continue
        if op in _WRITTEN:
            found[op], further = _WRITTEN[op]
        else:
            row = ROWS[op]
            statements = parse_row(row.computed_value())
            lines = "".join(f"  {line}\n" for line in _lines(row, statements))
            operands = ", ".join(_parameters(row))
            head = comment(f"{op}({', '.join(row.letters)}) = {row.value}")
            found[op] = f"{head}\nfunction {function(op)}({operands}) {{\n{lines}}}\n"
            further = [*_called(row.computed_value())]
        waiting += [x for x in further if x not in found][::-1]
    return "".join(found.values())


_WRITTEN: dict[str, tuple[str, list[str]]] = {
    "sum": (_SUM, []),
    "erf": (_ERF % (_numbers(ERF), _numbers(ERFC)), ["gaussian"]),
    "fmod": (_FMOD, []),
    "copysign": (_COPYSIGN, []),
}


def _called(text: str) -> dict[str, None]:
    """The operations in a text of the table."""
    statements = parse_row(text)
    parts, found = [statements.result, *dict(statements.assignments).values()], dict[str, None]()
    while parts:
        part = parts.pop()
        parts += part.operands
        if isinstance(part, Call):
            found[part.op] = None
    return found


def _row(name: str) -> str:
    row = ROWS[name]
    partials = (
        _arrow([*row.letters, "y"], _lines(row, parse_row(row.computed_partial(letter)), letter in row.vectors))
        for letter in row.letters
    )
    value = _arrow(_parameters(row), _lines(row, parse_row(row.computed_value())))
    inner = "".join(f"      {partial},\n" for partial in partials)
    return (
        f"  {quoted(name)}: {{\n    value: {value},\n    partials: [\n{inner}    ],\n"
        f"    domain: {quoted(row.domain)},\n  }},\n"
    )


def _parameters(row: Row) -> list[str]:
    return [f"{x} = {number(row.defaults[x])}" if x in row.defaults else x for x in row.letters]


def _arrow(parameters: Iterable[str], lines: list[str]) -> str:
    """A function of these statements, the last of which returns."""
    body = lines[0].removeprefix("return ").removesuffix(";") if len(lines) == 1 else f"{{ {' '.join(lines)} }}"
    return f"({', '.join(parameters)}) => {body}"


def _lines(row: Row, text: Statements, each: bool = False) -> list[str]:
    """A text of the table as statements; with `each`, what it computes is returned for each element of the vectors."""
    names = {x: x for x in (*row.letters, "y")}
    elements, taken = {x: f"{x}[i]" for x in row.vectors}, {*RESERVED, *names}
    lines = []
    for assigned, part in text.assignments:
        right = script(part, names, elements)
        names[assigned] = free(assigned, taken)
        lines.append(f"const {names[assigned]} = {right};")
    result = script(text.result, names, elements)
    return [*lines, f"return {f'a.map((_, i) => {result})' if each else result};"]
