"""The parser: from a text to expressions, for the rows of the table and for the command line alike.

>>> text = parse("y = x**2; z = sin(y); exp(-z)")
>>> [name for name, _ in text.assignments], text.result
(['y', 'z'], Call('exp(-z)'))

It goes through Python's `ast` with a short list of node types, and caps on length, depth and the size of numbers.
Nothing is ever evaluated here, and each mistake is an ExpressionError of one line.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import keyword
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import TypeVar

from autograd.errors import ExpressionError
from autograd.table.expression import Call, Choice, Expression, Name, Number, shortened
from autograd.table.mistakes import LANGUAGE, MAX_DEPTH, SYMBOLS, TOO_DEEP, mistake, odd_character, suggestion
from autograd.table.rules import ROWS

T = TypeVar("T")
MAX_LENGTH = 4096
REDUCTIONS = {"sum", "max"}

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Mod: "mod", ast.Pow: "pow"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_POWER = "a power is written **"
_CURES: dict[type[ast.operator], str] = {
    ast.BitXor: _POWER, ast.FloorDiv: "a division is written /", ast.MatMult: "a product is written *",
    ast.BitOr: "an absolute value is written abs(...)",
}  # fmt: skip


class Statements:
    """Assignments, in order, and the expression that is the result; `name` is the result's own name, if it has one.

    >>> text = parse("y = x ** 2; 3 * y")
    >>> from autograd.table.expression import substitute
    >>> text.evaluate({"x": Name("u")}, substitute)
    Call('3 * u ** 2')
    """

    __slots__ = ("assignments", "name", "result")

    def __init__(self, assignments: Mapping[str, Expression], result: Expression, name: str | None) -> None:
        self.assignments = tuple(assignments.items())
        self.result = result
        self.name = name

    def assigned(self, names: Mapping[str, T], visit: Callable[[Expression, Mapping[str, T]], T]) -> dict[str, T]:
        """The names, and beside them what `visit(expression, names so far)` gives for each assignment."""
        known = dict(names)
        for name, expression in self.assignments:
            if name not in known:
                known[name] = visit(expression, known)
        return known

    def evaluate(self, names: Mapping[str, T], visit: Callable[[Expression, Mapping[str, T]], T]) -> T:
        """What `visit` gives for the result, once it has gone through the assignments."""
        return visit(self.result, self.assigned(names, visit))


def parse(text: str, *, row: bool = False) -> Statements:
    """The statements that a text states: assignments and a result, separated by semicolons.

    With `row`, the text belongs to the table and may also choose (`u if a > 0 else v`) and reduce vectors. Raises
    ExpressionError in one line for anything else.
    """
    statements, conversion = _statements(text), _Conversion(text, row)
    convert, quoted = conversion.convert, conversion.quoted
    assignments: dict[str, Expression] = {}
    for statement in statements:
        match statement:
            case ast.Expr(value) if statement is statements[-1]:
                return Statements(assignments, convert(value), None)
            case ast.Expr():
                raise ExpressionError(f"the result of {quoted(statement)} is not used: give it a name, or put it last")
            case ast.Assign([ast.Name(name)], value):
                if name in assignments:
                    raise ExpressionError(f"{name!r} is assigned twice: give the second result another name")
                check_name(name)
                assignments[name] = convert(value)
            case ast.Assign():
                raise ExpressionError(f"{quoted(statement)}: assign to one name at a time")
            case _:
                raise ExpressionError(f"{quoted(statement)} is a statement: write expressions and assignments only")
    name, result = assignments.popitem()
    return Statements(assignments, result, name)


@functools.cache
def parse_row(text: str) -> Statements:
    """The statements that a text of the table states, which may also choose (`u if a > 0 else v`) and reduce vectors.

    >>> parse_row("1 if a > 0 else 0").result
    Choice('1 if a > 0 else 0')
    """
    return parse(text, row=True)


def check_name(name: str) -> str:
    """The name itself, if a variable may be called so."""
    if not name.isidentifier() or keyword.iskeyword(name) or unicodedata.normalize("NFKC", name) != name:
        why = (
            "it is a word of Python" if keyword.iskeyword(name) else "a name has letters, digits and _, a letter first"
        )
        raise ExpressionError(f"{_quoted(name)} is not a name for a variable ({why}): choose another")
    if name in ROWS or name in REDUCTIONS:
        raise ExpressionError(f"{name!r} is the name of an operation: choose another name")
    return name


def _statements(text: str) -> list[ast.stmt]:
    """The statements of a text that Python's parser accepts."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has {len(text)} characters; the limit is {MAX_LENGTH}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ExpressionError(f"character {error.start + 1} of the expression is not valid Unicode") from None
    for index, character in enumerate(text, 1):
        if character in "'\"\\":
            raise ExpressionError(f"{character!r} at character {index}: the language has no strings")
        if not character.isascii() and (said := odd_character(character)):
            raise ExpressionError(f"cannot read {_quoted(text)}: {character!r} at character {index} {said}")
    if unicodedata.normalize("NFC", text) != text:
        raise ExpressionError(
            "a letter of the expression is composed of several characters: write it as one (Unicode NFC)"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on texts such as "1or 2", which are refused anyway
            statements = ast.parse(text.strip()).body
    except (SyntaxError, ValueError):
        raise ExpressionError(f"cannot read {_quoted(text)}: {mistake(text)}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError(TOO_DEEP) from None
    if not statements:
        raise ExpressionError('the expression is empty: write one, for instance "exp(-sin(x**2))"')
    return statements


class _Conversion:
    """From Python's syntax tree of one text to expressions; `row` tells whether the text belongs to the table."""

    def __init__(self, text: str, row: bool) -> None:
        self.text = text
        self.row = row

    def convert(self, node: ast.expr, depth: int = 0) -> Expression:
        """The expression that an allowed node states."""
        if depth > MAX_DEPTH:
            raise ExpressionError(TOO_DEEP)
        match node:
            case ast.BinOp():
                return self._operators(node, depth)
            case ast.UnaryOp(ast.USub(), inner):
                operand = self.convert(inner, depth + 1)
                return Number(-operand.value) if isinstance(operand, Number) else Call("neg", (operand,))
            case ast.UnaryOp(ast.UAdd(), inner):
                return self.convert(inner, depth + 1)
            case ast.Constant(int() | float() as value) if not isinstance(value, bool):
                return _number(value)
            case ast.Name(id) if id in ROWS:
                raise ExpressionError(f"{id!r} is an operation: write {id}(...)")
            case ast.Name(id):
                return Name(id)
            case ast.Call():
                return self._call(node, depth)
            case ast.IfExp(ast.Compare(left, [comparison], [right]) as test, then, otherwise) if self.row:
                if type(comparison) not in _COMPARISONS:
                    raise self._unknown(test, "compare with < <= > >= == !=")
                parts = [self.convert(part, depth + 1) for part in (left, right, then, otherwise)]
                return Choice(_COMPARISONS[type(comparison)], parts)
        raise self._unknown(node, self._instead(node))

    def _instead(self, node: ast.expr) -> str:
        """What to write for a node that Python knows and the language does not."""
        match node:
            case ast.Constant(complex() as number):
                return f"for a product write {number.imag:g} * j"
            case ast.Compare():
                return "heaviside(x, 0), maximum(x, y) and minimum(x, y) choose"
            case ast.Tuple() if _with_comma(self.quoted(node)):
                return "a number has a decimal point, not a comma"
            case ast.Subscript() | ast.List() | ast.Set() | ast.ListComp() | ast.Dict():
                return "brackets are round, write ( and )"
            case ast.Starred():
                return "something is missing before *"
        return LANGUAGE

    def _operators(self, node: ast.BinOp, depth: int) -> Expression:
        """A long sum leans to the left: walking down its spine here keeps 1 + x + x + ... from counting as deep."""
        spine: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            spine.append(first)
            first = first.left
        for part in spine:
            if type(part.op) not in _BINARY:
                cure = _CURES.get(type(part.op), "it works on bits")
                raise ExpressionError(f"the operator in {self.quoted(part)} is not known ({cure}): use + - * / % **")
        result = self.convert(first, depth + 1)
        for part in reversed(spine):
            result = Call(_BINARY[type(part.op)], (result, self.convert(part.right, depth + 1)))
        return result

    def _call(self, node: ast.Call, depth: int) -> Expression:
        """An operation applied to operands, how many they are checked against the row."""
        if not isinstance(node.func, ast.Name):
            left = self.quoted(node.func)[1:-1]
            left = f"({left})" if isinstance(node.func, ast.BinOp | ast.UnaryOp) else left
            raise self._unknown(node, f"for a product write {left} * (...); an operation is called by its plain name")
        op = node.func.id
        known = op in REDUCTIONS if self.row and op not in ROWS else op in ROWS and op not in SYMBOLS
        if not known:
            instead = suggestion(op) or f": for a product write {shortened(op, 20, '...')} * (...)"
            raise ExpressionError(f"{_quoted(op)} is not an operation of the table{instead}")
        if node.keywords or any(isinstance(operand, ast.Starred) for operand in node.args):
            raise ExpressionError(f"{self.quoted(node)}: operands are given by position, separated by commas")
        if op in ROWS:
            arity, vectors = len(ROWS[op].partials), ROWS[op].vectors
            if len(vectors) > 1:
                raise ExpressionError(f"{op} takes whole vectors: write the sum out, w1*x1 + w2*x2")
            given, defaults = len(node.args), [*ROWS[op].defaults.values()]
            if not vectors and given and arity - len(defaults) <= given < arity:
                missing = map(Number, defaults[given - arity :])
                return Call(op, [*(self.convert(operand, depth + 1) for operand in node.args), *missing])
            if not node.args or (not vectors and len(node.args) != arity):
                wanted = "at least one operand" if vectors else f"{arity} operand{'s' * (arity > 1)}"
                comma = " (a number has a decimal point, not a comma)" if _with_comma(self.quoted(node)) else ""
                base = "; to another base it is log(x) / log(base)" if op == "log" and len(node.args) == 2 else ""
                raise ExpressionError(f"{op} takes {wanted}, not {len(node.args)}: {self.quoted(node)}{base}{comma}")
        return Call(op, [self.convert(operand, depth + 1) for operand in node.args])

    def quoted(self, node: ast.AST) -> str:
        return _quoted(ast.get_source_segment(self.text.strip(), node) or type(node).__name__)

    def _unknown(self, node: ast.AST, instead: str) -> ExpressionError:
        return ExpressionError(f"{self.quoted(node)} is not part of the language: {instead}")


def _number(value: int | float) -> Number:
    with contextlib.suppress(OverflowError):  # isfinite raises it for a large int
        if math.isfinite(value):
            return Number(value)
    raise ExpressionError("a number in the expression is larger than the largest float, about 1.797e+308")


def _with_comma(text: str) -> bool:
    """Whether a comma in a text may be meant for a decimal point."""
    return re.search(r"\d,\d", text) is not None


def _quoted(text: str) -> str:
    """The text in quotes, on one line, at most 40 characters of it."""
    return repr(shortened(text, 40, "..."))
