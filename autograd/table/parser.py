"""The parser: from a text to expressions, for the rows of the table and for the command line alike.

>>> program = parse("y = x**2; z = sin(y); exp(-z)")
>>> [name for name, _ in program.assignments], program.result
(['y', 'z'], Call('exp(-z)'))

It goes through Python's `ast` with a short list of node types, and caps on length, depth and the size of numbers.
Nothing is ever evaluated here, and each mistake is an ExpressionError of one line.
"""

from __future__ import annotations

import ast
import keyword
import unicodedata
import warnings
from collections.abc import Sequence

from autograd.errors import ExpressionError
from autograd.table.expression import Call, Choice, Expression, Name, Number
from autograd.table.rules import ROWS

__all__ = ["CONSTANTS", "Program", "check_name", "parse", "parse_row"]

MAX_LENGTH = 4096
MAX_DEPTH = 100
CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
REDUCTIONS = {"sum", "max"}

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_SYMBOLS = {"add", "sub", "mul", "div", "neg"}
_USE_INSTEAD = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "max": "maximum", "min": "minimum"}


class Program:
    """Assignments, in order, and the expression that is the result; `name` is the result's own name, if it has one."""

    __slots__ = ("assignments", "name", "result")

    def __init__(self, assignments: Sequence[tuple[str, Expression]], result: Expression, name: str | None) -> None:
        self.assignments = tuple(assignments)
        self.result = result
        self.name = name


def parse(text: str, *, row: bool = False) -> Program:
    """The program that a text states: assignments and a result, separated by semicolons.

    With `row`, the text belongs to the table and may also choose (`u if a > 0 else v`) and reduce vectors. Raises
    ExpressionError in one line for anything else.
    """
    statements = _statements(text)
    assignments: list[tuple[str, Expression]] = []
    for position, statement in enumerate(statements):
        last = position == len(statements) - 1
        if isinstance(statement, ast.Expr) and last:
            return Program(assignments, _convert(statement.value, text, row, 0), None)
        if not isinstance(statement, ast.Assign):
            if isinstance(statement, ast.Expr):
                raise ExpressionError(
                    f"the result of {_quote(statement, text)} is not used: give it a name, or put it last"
                )
            raise ExpressionError(f"{_quote(statement, text)} is a statement: write expressions and assignments only")
        target = statement.targets[0]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name):
            raise ExpressionError(f"{_quote(statement, text)}: assign to one name at a time")
        if any(target.id == name for name, _ in assignments):
            raise ExpressionError(f"{target.id!r} is assigned twice: give the second result another name")
        assignments.append((check_name(target.id), _convert(statement.value, text, row, 0)))
    name, result = assignments.pop()
    return Program(assignments, result, name)


def parse_row(text: str) -> Program:
    """The program that a text of the table states, which may also choose (`u if a > 0 else v`) and reduce vectors.

    >>> parse_row("1 if a > 0 else 0").result
    Choice('1 if a > 0 else 0')
    """
    if text not in _PARSED:
        _PARSED[text] = parse(text, row=True)
    return _PARSED[text]


_PARSED: dict[str, Program] = {}


def check_name(name: str) -> str:
    """The name itself, if a variable may be called so."""
    if not name.isidentifier() or keyword.iskeyword(name) or unicodedata.normalize("NFKC", name) != name:
        raise ExpressionError(f"{_shorten(name)} is not a name for a variable")
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
    for position, character in enumerate(text):
        if character in "'\"\\":
            raise ExpressionError(f"{character!r} at character {position + 1}: the language has no strings")
        if unicodedata.normalize("NFKC", character) != character and character.isalnum():
            plain = unicodedata.normalize("NFKC", character)
            raise ExpressionError(
                f"{character!r} at character {position + 1} looks like {plain!r}: write the plain one"
            )
    if unicodedata.normalize("NFC", text) != text:
        raise ExpressionError("a letter of the expression is put together from several: write it as one (Unicode NFC)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on texts such as "1or 2", which are refused anyway
            statements = ast.parse(text.strip()).body
    except SyntaxError as error:
        where = f" at character {error.offset}" if error.offset else ""
        raise ExpressionError(f"cannot read {_shorten(text)}: {error.msg}{where}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError(f"the expression is nested too deeply; the limit is {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise ExpressionError(f"cannot read the expression: {error}") from None
    if not statements:
        raise ExpressionError('the expression is empty: write one, for instance "exp(-sin(x**2))"')
    return statements


def _convert(node: ast.expr, text: str, row: bool, depth: int) -> Expression:
    """The expression that an allowed node of Python's syntax tree states."""
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the expression is nested too deeply; the limit is {MAX_DEPTH} levels")
    if isinstance(node, ast.BinOp):
        # A long sum leans to the left: walking down its spine here keeps 1 + x + x + ... from counting as deep.
        spine: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            spine.append(first)
            first = first.left
        result = _convert(first, text, row, depth + 1)
        for part in reversed(spine):
            operator = _BINARY.get(type(part.op))
            if operator is None:
                raise ExpressionError(f"the operator in {_quote(part, text)} is not known: use + - * / **")
            result = Call(operator, (result, _convert(part.right, text, row, depth + 1)))
        return result
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _convert(node.operand, text, row, depth + 1)
        return Number(-operand.value) if isinstance(operand, Number) else Call("neg", (operand,))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
        return _convert(node.operand, text, row, depth + 1)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return _number(node.value)
    if isinstance(node, ast.Name):
        if node.id in ROWS:
            raise ExpressionError(f"{node.id!r} is an operation: write {node.id}(...)")
        return Name(node.id)
    if isinstance(node, ast.Call):
        return _call(node, text, row, depth)
    if row and isinstance(node, ast.IfExp) and isinstance(node.test, ast.Compare) and len(node.test.ops) == 1:
        if type(node.test.ops[0]) not in _COMPARISONS:
            raise ExpressionError(
                f"{_quote(node.test, text)} is not part of the language: compare with < <= > >= == !="
            )
        parts = (node.test.left, node.test.comparators[0], node.body, node.orelse)
        return Choice(_COMPARISONS[type(node.test.ops[0])], [_convert(part, text, row, depth + 1) for part in parts])
    raise ExpressionError(
        f"{_quote(node, text)} is not part of the language: use numbers, names, + - * / ** and functions"
    )


def _number(value: int | float) -> Number:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if number - number:
        raise ExpressionError("a number in the expression is larger than the largest float, about 1.797e+308")
    return Number(number)


def _call(node: ast.Call, text: str, row: bool, depth: int) -> Expression:
    """An operation applied to operands, their number checked against the row."""
    if not isinstance(node.func, ast.Name):
        raise ExpressionError(f"{_quote(node, text)} is not part of the language: call an operation by its plain name")
    op = node.func.id
    known = op in REDUCTIONS if row and op not in ROWS else op in ROWS and op not in _SYMBOLS
    if not known:
        raise ExpressionError(f"{op!r} is not an operation of the table{_suggestion(op)}")
    if node.keywords or any(isinstance(operand, ast.Starred) for operand in node.args):
        raise ExpressionError(f"{_quote(node, text)}: operands are given by position, separated by commas")
    if op in ROWS:
        arity, vectors = len(ROWS[op].partials), ROWS[op].vectors
        if len(vectors) > 1:
            raise ExpressionError(f"{op} takes whole vectors: write the sum out, w1*x1 + w2*x2")
        if not node.args or (not vectors and len(node.args) != arity):
            wanted = "at least one operand" if vectors else f"{arity} operand{'s' * (arity > 1)}"
            raise ExpressionError(f"{op} takes {wanted}, not {len(node.args)}: {_quote(node, text)}")
    return Call(op, [_convert(operand, text, row, depth + 1) for operand in node.args])


def _suggestion(op: str) -> str:
    if op in _USE_INSTEAD:
        return f": write {_USE_INSTEAD[op]}"
    import difflib  # only a mistake pays for it

    near = difflib.get_close_matches(op, [name for name in ROWS if name not in _SYMBOLS], n=1)
    return f": did you mean {near[0]}?" if near else ""


def _quote(node: ast.AST, text: str) -> str:
    return _shorten(ast.get_source_segment(text.strip(), node) or type(node).__name__)


def _shorten(text: str) -> str:
    """The text in quotes, on one line, at most 40 characters of it."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
