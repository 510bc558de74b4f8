"""Rows of the table, written out as Python source.

numeric    a row's value, or one local partial, as a function of floats
forward    the operation on numbers and Values: computes the value, records a node when an operand is a Value
sweep      the chain rule over one node, in one of four forms:
             reverse    each operand's adjoint grows by adjoint times local partial
             forward    the node's tangent is the sum of local partial times the operand's tangent
             second     reverse, and how the adjoints change along the tangents (forward over reverse)
             partials   the local partials as Values, for derivatives of derivatives
sweep_over the same over many nodes

Operands come in kinds: `v` a Value (or a vector of Values), `n` a number (or a vector of numbers), `m` a mixed vector.

Adjoint times local partial, summed over the uses of a node: that is the chain rule, and it is stated twice. Here it
becomes a function for each row, for speed; `sweep.chain_rule` is written once, for whatever adjoints are made of. A
test holds both equal.

>>> from autograd.table.rules import ROWS
>>> print(sweep(ROWS["mul"], "vn"))
def mul_vn(node):
    adjoint = node.grad
    a = node._a
    b = node._b
    a.grad += adjoint * b
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from autograd.table.algebra import differential
from autograd.table.expression import (
    ATOM,
    CONSTANTS,
    SUM,
    Call,
    Choice,
    Expression,
    Name,
    Number,
    render,
    separated,
    text_style,
)
from autograd.table.parser import Statements, parse_row
from autograd.table.rules import Row

_TANGENTS = {"v": "tangents[{0}]", "n": "", "m": "(tangents[{0}] if isinstance({0}, Value) else 0.0)"}
_TANGENT = "the tangent of "  # no text of the table can mention a name with a blank in it
_DATA = {"v": "{0}._data", "n": "{0}", "m": "({0}._data if isinstance({0}, Value) else {0})"}
# y - y is 0 where y is finite, and otherwise nan, which is true: it needs neither a name nor a call.
_FORWARD = """\
def {name}({parameters}):
{prepare}
{body}
    except (ArithmeticError, ValueError) as error:
        raise failure(row, ({operands}), error) from None
    if y - y:
        check_overflow(row, ({operands}))
{number}    if marks and is_paused():
        return Value(y)
    node = next(blank)
    node._data = y
    node._a = {first}
    node._b = {second}
    node._kernel = kernel
    node._stamp = next(clock)
    node.grad = 0.0
    return node
"""
_NUMBER = "    if kernel is None:\n        return y\n"


def numeric(row: Row, part: str) -> str:
    """The value "y" or the partial of one operand, as a function of floats: of a vector, one element, and last all."""
    parameters = row.letters if part == "y" else row.letters + "y"
    text = row.computed_value() if part == "y" else row.computed_partial(part)
    body = _statements("return ", row, text, dict(zip(parameters, parameters, strict=True)))
    whole = ", a_data" if row.needs_whole_vector(text) else ""
    return f"def {row.name}_{part}({', '.join(parameters)}{whole}):\n" + _indented(body, 4)


def forward(row: Row, method: str = "") -> str:
    """The operation on numbers and Values; for `__mul__` the first is a Value, for `__rmul__` their order is turned."""
    reflected = method.startswith("__r")
    known = "a" if method and not reflected else ""  # a Value for sure: the method is its own
    operands = ", ".join(f"*{x}" if x in row.vectors else x for x in row.letters) + ","
    parameters = [f"{x}={row.defaults[x]!r}" if x in row.defaults else x for x in row.letters]
    prepare: list[str] = []
    if row.is_many:
        decides = {x: partial == "0" for x, partial in zip(row.letters, row.partials, strict=True)}
        read = {x: "vector" if x in row.vectors else "truth" if decides[x] else "scalar" for x in row.letters}
        prepare += [f"{x}, {x}_data, {x}_kind = {function}({x})" for x, function in read.items()]
        prepare += ["if len(a) != len(b):\n    unequal(row, a, b)"] if len(row.vectors) > 1 else []
        names = {x: x if x in row.vectors else f"{x}_data" for x in row.letters}  # a vector's letter is the loop's
        body = _statements("y = ", row, row.computed_value(), names)
        body += [f"kernel = kernel_of[{' + '.join(f'{x}_kind' for x in row.letters)}]"]
        body += [] if row.vectors else [f"check_numbers(row, ({operands}))"]
    else:
        body = _branches(row, known)
    return _FORWARD.format(
        name=method or row.name,
        parameters=", ".join(reversed(parameters) if reflected else parameters),
        prepare=_indented([*prepare, "try:"], 4),
        body=_indented(body, 8),
        operands=operands,
        number="" if known else _NUMBER,
        first=f"({', '.join(row.letters)},)" if row.is_many else "a",
        second="b" if row.letters == "ab" and not row.is_many else "None",
    )


def _branches(row: Row, known: str) -> list[str]:
    """The value and the kernel for each pattern of one or two operands, of which the known one is a Value."""
    lines: list[str] = []
    for kinds in itertools.product(*("v" if x == known else "vn" for x in row.letters)):
        kind_of = dict(zip(row.letters, kinds, strict=True))
        test = " and ".join(f"isinstance({x}, Value)" for x in row.letters if kind_of[x] == "v" and x != known)
        branch = [f"if type({x}) is not float:\n    {x} = real({x})" for x in row.letters if kind_of[x] == "n"]
        names = {x: _DATA[kind].format(x) for x, kind in kind_of.items()}
        if "n" in kinds and "v" in kinds and (row.name == "pow" or not row.is_basic):  # 1 ** nan is 1, and a choice too
            branch += [f"if {' or '.join(f'{x} != {x}' for x in row.letters if kind_of[x] == 'n')}:"]
            branch += [f"    check_numbers(row, ({', '.join(row.letters)}))"]
        branch += _statements("y = ", row, row.computed_value(), names)
        branch += [f"kernel = kernel_{''.join(kinds)}" if "v" in kinds else "kernel = None"]
        word = "else" if not test else f"elif {test}" if lines else f"if {test}"
        lines += [f"{word}:", _indented(branch, 4)]
    return lines


def sweep(row: Row, kinds: str, form: str = "reverse") -> str:
    """The chain rule over one node whose operands are of these kinds, in one of the forms."""
    parameters, first, last, _ = _FORMS[form]
    prefix = "" if form == "reverse" else f"{form}_"
    rules = {x: _chain_rule(row, x, kinds, form) for x in row.letters}
    scalars = row.letters[len(row.vectors) :]
    body = [line for x in scalars for part in rules[x] for line in part]
    vectors = [f"{x}_vector" for x in row.vectors]
    if row.is_many:
        load = [f"{', '.join([*vectors, *scalars])}{',' * (len(row.letters) == 1)} = node._a"]
    else:
        load = [f"{x} = node._{x}" for x in row.letters if re.search(rf"\b{x}\b", "\n".join(body))]
    if row.vectors:
        once, each = ([line for x in row.vectors for line in rules[x][part]] for part in (0, 1))
        data = "a" if form == "partials" else _DATA[kinds[0]].format("a")
        lists = {"a_data": data} | ({"a_tangents": _TANGENTS[kinds[0]].format("a")} if form == "second" else {})
        load += [f"{name} = [{each_one} for a in a_vector]" for name, each_one in lists.items() if once] + once
        elements = f"zip({', '.join(vectors)})" if len(vectors) > 1 else vectors[0]
        load += [f"for {', '.join(row.vectors)} in {elements}:\n" + _indented(each or ["pass"], 4)]
    return f"def {prefix}{row.name}_{kinds}(node{parameters}):\n" + _indented([*first, *load, *body, *last], 4)


def sweep_over(common: Iterable[tuple[Row, str]]) -> str:
    """The chain rule over one node after the other; common ones are written out, as a call takes as long as they do.

    Where the adjoint is 0 nothing flows on, but a partial that does not exist is not to be passed over.
    """
    lines = ["def sweep_over(nodes):", "    for node in nodes:", "        kernel = node._kernel"]
    for word, (row, kinds) in zip(itertools.chain(["if"], itertools.repeat("elif")), common):  # noqa: B905
        _, adjoint, *body = sweep(row, kinds).splitlines()
        lines += [f"        {word} kernel is {row.name}_{kinds}:", _indented([adjoint], 8), f"{' ' * 12}if adjoint:"]
        lines += [_indented(body, 12)]
    return "\n".join([*lines, "        elif node.grad or kernel.fallible:", "            kernel.sweep(node)", ""])


def docstring(row: Row) -> str:
    """What `help` shows of an operation: its row."""
    called = f"{row.name}({', '.join(row.letters)})"
    value = called if row.value == called else f"{called} = {row.value}"
    lines = [f"`y = {value}`, of numbers or Values.", ""]
    lines += [f"- `dy/d{letter} = {partial}`" for letter, partial in zip(row.letters, row.partials, strict=True)]
    lines += [f"- domain: {row.domain}"] if row.domain else []
    lines += [f"- convention: {row.convention}"] if row.convention else []
    return "\n".join(lines)


class _Rule(NamedTuple):
    """The chain rule for one operand: the local partial, how that changes, and the names in both as Python."""

    row: Row
    letter: str
    partial: Expression
    change: Expression
    names: dict[str, str]

    def times(self, factor: str, expression: Expression) -> str:
        """A factor times an expression; a product with 1 or 0 is not written out."""
        match expression:
            case Number(0.0):
                return ""
            case Number(1.0):
                return factor
            case Number(-1.0):
                return f"-{factor}"
        # No text of the table can mention a name with a blank in it.
        return _python(self.row, Call("mul", (Name("the factor"), expression)), {**self.names, "the factor": factor})


def _reverse(rule: _Rule) -> list[str]:
    return _added(f"{rule.letter}.grad", rule.times("adjoint", rule.partial))


def _forward(rule: _Rule) -> list[str]:
    return _added("tangent", rule.times(f"tangents[{rule.letter}]", rule.partial))


def _second(rule: _Rule) -> list[str]:
    lines = []
    if not isinstance(rule.partial, Name | Number):  # it is needed twice
        lines = [f"partial = {_python(rule.row, rule.partial, rule.names)}"]
        rule = rule._replace(partial=Name("partial"), names={**rule.names, "partial": "partial"})
    terms = filter(None, [rule.times("change", rule.partial), rule.times("adjoint", rule.change)])
    return [*lines, *_reverse(rule), *_added(f"changes[{rule.letter}]", " + ".join(terms))]


def _partials(rule: _Rule) -> list[str]:
    partial, row = rule.partial, rule.row
    textbook = parse_row(row.partials[row.letters.index(rule.letter)]).result
    if isinstance(partial, Number) and not partial.value:
        return []
    if (
        row.kink and textbook.operands != partial.operands
    ):  # there the slope is a Value, for a second derivative to find that it has none
        partial = Choice("==", (Name("a"), parse_row(row.kink).result, textbook, partial))
    text = _python(row, partial, rule.names, lifted=True)
    if row.kink and row.kink in row.letters:  # a node is no tie with itself
        text = f"({_python(row, rule.partial, rule.names, lifted=True)}) if a is b else {text}"
    return [f"if {rule.letter} in wanted:\n    found.append(({rule.letter}, {text}))"]


class _Form(NamedTuple):
    """What the chain rule does at one node: the parameters beside it, the lines around those of the operands, these."""

    parameters: str
    first: list[str]
    last: list[str]
    rule: Callable[[_Rule], list[str]]


_FORMS = {
    "reverse": _Form("", ["adjoint = node.grad"], [], _reverse),
    "forward": _Form(", tangents", ["tangent = 0.0"], ["tangents[node] = tangent"], _forward),
    "second": _Form(", tangents, changes", ["adjoint = node.grad", "change = changes[node]"], [], _second),
    "partials": _Form(", wanted", ["found = []"], ["return found"], _partials),
}


def _chain_rule(row: Row, letter: str, kinds: str, form: str) -> tuple[list[str], list[str]]:
    """The lines for one operand; first come those that the partial needs, the same for all elements of a vector."""
    kind_of = dict(zip(row.letters, kinds, strict=True))
    kind, lifted = kind_of[letter], form == "partials"
    if kind == "n":
        return [], []
    data = {x: x if lifted else _DATA[of_x].format(x) for x, of_x in kind_of.items()}
    data["y"] = "node" if lifted else "node._data"
    known = {x: x for x in row.letters} if letter in row.vectors else dict(data)
    differentiated = form in ("partials", "second")
    text = row.differentiated_partial(letter) if differentiated else row.computed_partial(letter)
    statements = parse_row(text)
    before = _assignments(row, statements, known, lifted)
    change: Expression = Number(0)
    if form == "second":
        tangents = {x: found for x, of_x in kind_of.items() if (found := _TANGENTS[of_x].format(x))}
        changing = differential(text, {x: Name(_TANGENT + x) for x in [*tangents, "y"]})
        moving = {_TANGENT + x: found for x, found in tangents.items()} | {_TANGENT + "y": "tangents[node]"}
        known |= moving | {_TANGENT + x: f"{x}_tangent" for x in row.vectors}
        before += _assignments(row, changing, known)
        change, data = changing.result, data | moving
    lines = _FORMS[form].rule(_Rule(row, letter, statements.result, change, known | data))
    if kind == "m" and lines:
        lines = [f"if isinstance({letter}, Value):\n" + _indented(lines, 4)]
    return before, lines


def _added(target: str, term: str) -> list[str]:
    """The line that adds a term to a target, if there is one."""
    if not term:
        return []
    return [f"{target} -= {term[1:]}" if re.fullmatch(r"-[\w\[\]]+", term) else f"{target} += {term}"]


def _statements(target: str, row: Row, text: str, names: Mapping[str, str]) -> list[str]:
    """A text of the table as lines of Python, the last of which begins with `target`."""
    statements, known = parse_row(text), dict(names)
    lines = _assignments(row, statements, known)
    return [*lines, target + _python(row, statements.result, known)]


def _assignments(row: Row, text: Statements, names: dict[str, str], lifted: bool = False) -> list[str]:
    """The assignments of a text as lines; their names, marked by an underscore, are added to `names`."""
    lines = []
    for name, expression in text.assignments:
        target = f"{name.replace(' ', '_')}_"
        lines.append(f"{target} = {_python(row, expression, names, lifted)}")
        names[name] = target
    return lines


def _python(row: Row, root: Expression, names: Mapping[str, str], lifted: bool = False) -> str:
    """An expression of the table as Python; functions are called as `math_exp`, sums over vectors become loops.

    Lifted, it is one of Values, their functions are called as `value_exp`, those that are the
    slope of a row with a kink as `slope_sign`, and choices look at their data.
    """
    prefix, plain = ("value", "pow") if lifted else ("math", "")

    def style(part: Expression) -> tuple[int, Iterable[str | tuple[Expression, int]]]:
        match part:
            case Number(value):
                return text_style(part)[0], [repr(value)]
            case Name(id):
                return ATOM, [names[id] if id in names else repr(CONSTANTS[id])]
            case Choice(comparison, (*compared, then, otherwise)) if lifted:
                left, right = ([(x, SUM)] if isinstance(x, Number) else ["chosen_by(", (x, 0), ")"] for x in compared)
                return 0, [(then, SUM), " if ", *left, f" {comparison} ", *right, " else ", (otherwise, 0)]
            case Call("sum" | "max" as op, (each, *changes)) if row.vectors:
                loops = {x: f"{x}_data" for x in row.vectors}
                loops |= {f"{x}_tangent": f"{x}_tangents" for x in row.vectors if _TANGENT + x in names}
                if changes:  # of the pairs the first is the largest that has the largest first number
                    return ATOM, [f"{prefix}_{op}([(", (each, 0), ", ", (changes[0], 0), f"){_loop(loops)}])[1]"]
                terms = _terms(each, loops, "" if lifted else prefix)
                if op == "sum" and not lifted:  # fsum gives 0.0 where all terms are -0.0; keeping them would cost time
                    return 0, ["math_sum(", *terms, ") or zero_of(", *terms, ")"]
                return ATOM, [f"{prefix}_{op}(", *terms, ")"]
            case Call(op, operands) if op not in ("add", "sub", "mul", "div", "neg", plain):
                is_slope = lifted and bool(row.kink) and op in ("sign", "heaviside", "abs")
                if lifted and op == "round":  # what has the slope 0 everywhere, and its jumps elsewhere than the row
                    return ATOM, ["math_round(chosen_by(", *separated(operands), "))"]
                return ATOM, [f"{'slope' if is_slope else prefix}_{op}(", *separated(operands), ")"]
        return text_style(part)

    return render(root, style)


def _terms(each: Expression, loops: Mapping[str, str], prefix: str) -> list[str | tuple[Expression, int]]:
    """An expression for each element of vectors, as what Python's `sum` takes; without a loop where there is a way."""
    match each:
        case Name(id) if id in loops:
            return [loops[id]]
        case Call("add" | "sub" | "mul" | "div" as op, operands) if prefix and [*operands] == [*map(Name, loops)]:
            return [f"map({prefix}_{op}, {', '.join(loops.values())})"]
    return ["[", (each, 0), f"{_loop(loops)}]"]


def _loop(loops: Mapping[str, str]) -> str:
    elements = ", ".join(loops.values())
    return f" for {', '.join(loops)} in {f'zip({elements})' if len(loops) > 1 else elements}"


def _indented(lines: Iterable[str], width: int) -> str:
    return "\n".join(" " * width + line for text in lines for line in text.splitlines())
