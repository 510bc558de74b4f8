"""What is said of a text that cannot be read: where the mistake is, and what to write instead.

>>> mistake("2x + 1")
'2 and x stand side by side at character 2: for a product write 2 * x'
>>> mistake("ln x")
'the operand of ln at character 4 needs brackets: write log(x)'

Python's own words for a mistake are never shown: they speak of another language.
"""

from __future__ import annotations

import keyword
import re
import unicodedata

from autograd.table.expression import shortened
from autograd.table.rules import ROWS

SYMBOLS = {"add", "sub", "mul", "div", "mod", "neg"}  # rows that are written with a sign, and never called
LANGUAGE = "use numbers, names, + - * / % ** and functions"
LONGEST_WORD = 20
MAX_DEPTH = 100
TOO_DEEP = f"the expression is nested too deeply; the limit is {MAX_DEPTH} levels"

_TOKEN = (  # compiled at the first mistake
    r"(?s)(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|[<>=!]=|[-+*/%<>=,;()])|(?P<blank>\s+)|(?P<other>//|.)"
)
_WRITE = {  # what a blackboard, a text or another language has
    **dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{HYPHEN}", "write -"),
    **dict.fromkeys("\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}\N{DOT OPERATOR}\N{BULLET}\N{ASTERISK OPERATOR}", "write *"),
    **dict.fromkeys("\N{DIVISION SIGN}\N{DIVISION SLASH}\N{FRACTION SLASH}", "write /"),
    "\N{SQUARE ROOT}": "write sqrt(...)", "\N{CUBE ROOT}": "write cbrt(...)", "\N{INFINITY}": "write inf",
    **dict.fromkeys("[]{}", "brackets are round, write ( and )"), "//": "write /",
    "|": "for an absolute value write abs(...)", "^": "for a power write **",
}  # fmt: skip
_INSTEAD = {
    "ln": "log", "lg": "log10", "lb": "log2", "log_2": "log2", "log_10": "log10", "fabs": "abs", "root": "sqrt",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "tg": "tan", "arctg": "atan",
    "arcsinh": "asinh", "arsinh": "asinh", "arccosh": "acosh", "arcosh": "acosh", "arctanh": "atanh", "artanh": "atanh",
    "sh": "sinh", "ch": "cosh", "th": "tanh", "max": "maximum", "min": "minimum", "sgn": "sign", "signum": "sign",
    "step": "heaviside", "sigma": "sigmoid", "σ": "sigmoid", "logistic": "sigmoid", "expit": "sigmoid",
    "square": "x ** 2", "power": "x ** y", "cot": "1 / tan(x)", "ctg": "1 / tan(x)",
    "sec": "1 / cos(x)", "csc": "1 / sin(x)", "swish": "silu", "logsigmoid": "log_sigmoid", "rint": "round",
    "remainder": "x % y",
}  # fmt: skip


def is_function(name: str) -> bool:
    """Whether a name is that of an operation to be called, here or in other books and programs."""
    return (name in ROWS and name not in SYMBOLS) or name in _INSTEAD


def suggestion(op: str) -> str:
    """What to write for a function that the table does not have, after a colon; "" where nothing is near.

    >>> suggestion("ln"), suggestion("sinn"), suggestion("ReLU")
    (': write log', ': did you mean sin?', ': did you mean relu?')
    """
    if op in _INSTEAD:
        return f": write {_INSTEAD[op]}"
    import difflib  # only a mistake pays for it

    near = difflib.get_close_matches(op.lower(), [name for name in ROWS if name not in SYMBOLS], n=1)
    return f": did you mean {near[0]}?" if near else ""


def odd_character(character: str) -> str:
    """What is said of a character that only looks like those of the language; "" of all others.

    >>> odd_character("²"), odd_character("×")
    ("looks like '2': for a power write ** 2", 'is not part of the language: write *')
    """
    if character in _WRITE and not character.isascii():
        return f"is not part of the language: {_WRITE[character]}"
    plain = unicodedata.normalize("NFKC", character)
    if plain == character or not character.isalnum():
        return ""
    raised = unicodedata.decomposition(character).startswith("<super>")
    plain = plain.replace("\N{FRACTION SLASH}", "/")
    return f"looks like {plain!r}: {f'for a power write ** {plain}' if raised else 'write the plain one'}"


def mistake(text: str) -> str:
    """The first mistake in a text that Python's parser refuses: what it is, at which character, and the cure."""
    open_at: list[int] = []
    before, kind_before = "", ""
    for found in re.finditer(_TOKEN, text):
        kind, word, at = str(found.lastgroup), found[0], found.start() + 1
        if kind == "blank":
            continue
        if kind == "name" and keyword.iskeyword(word) and word not in ("if", "else"):
            kind = "other"
        said = _said(kind, word, at, kind_before, before) or _beside(found, kind_before, before)
        if word == ")" and not open_at:
            said = f"the bracket ) at character {at} closes nothing: leave it out, or open it before"
        if said:
            return said
        if word == "(":
            open_at.append(at)
            if len(open_at) > MAX_DEPTH:
                return TOO_DEEP
        elif word == ")":
            open_at.pop()
        before, kind_before = word, kind
    if _wants_operand(kind_before, before):
        return f"something is missing after {before} at the end"
    if open_at:
        return f"the bracket ( at character {open_at[-1]} is never closed: add a )"
    if choice := re.search(r"\b(if|else)\b", text):  # a row of the table may choose, but in one way only
        return f"{choice[0]!r} at character {choice.start() + 1} is out of place: {LANGUAGE}"
    return "assignments are separated by semicolons" if "=" in text else LANGUAGE


def _said(kind: str, word: str, at: int, kind_before: str, before: str) -> str:
    """What is wrong with a token, given the one before it; "" if nothing is."""
    short = shortened(word, LONGEST_WORD, "...")
    if kind == "other":
        cure = "for a variable choose another name" if keyword.iskeyword(word) else _WRITE.get(word, LANGUAGE)
        return f"{word!r} at character {at} is not part of the language: {cure}"
    if kind == "number" and (word.strip("_") != word or "__" in word):
        return f"the number {short} at character {at} has an underscore too many"
    if kind == "number" and re.fullmatch(r"0[\d_]*[1-9][\d_]*", word):
        return f"the number {short} at character {at} begins with 0: write {shortened(word.lstrip('0_'), 20, '...')}"
    wanted = _wants_operand(kind_before, before) or before == ";"
    if kind == "sign" and wanted and word not in "+-(" and (before, word) != (",", ")"):
        return f"something is missing before {word} at character {at}"
    return ""


def _wants_operand(kind: str, word: str) -> bool:
    """Whether an operand has to follow this token, or the beginning."""
    return word in ("", "if", "else") or (kind == "sign" and word not in (")", ";"))


def _beside(found: re.Match[str], kind_before: str, before: str) -> str:
    """What is said where two operands stand side by side; "" where they do not."""
    kind, word, at = found.lastgroup, found[0], found.start() + 1
    if kind == "sign" and word == "**" and kind_before == "name" and is_function(before):
        return f"{before} at character {at} has no operand: write {before}(...) ** ..."
    if not (kind in ("number", "name") or word == "(") or word in ("if", "else"):
        return ""
    if _wants_operand(kind_before, before) or before == ";":
        return ""
    left, right = (shortened(part, LONGEST_WORD, "...") for part in (before, word))
    if kind_before == "name" and is_function(before):
        operand = "" if word == "(" else shortened(re.findall(r"[\w.]+", found.string[found.start() :])[0], 20, "...")
        name = _INSTEAD.get(before, before)
        written = f"{name}({operand})" if name.isidentifier() else name
        return "" if word == "(" else f"the operand of {left} at character {at} needs brackets: write {written}"
    if kind_before == "name" and word == "(":
        return ""
    if kind_before == kind == "number":
        return f"between {left} and {right} at character {at} an operator is missing"
    left, right = ("(...)" if before == ")" else left), ("(...)" if word == "(" else right)
    right += "(...)" if kind == "name" and is_function(word) else ""
    if kind_before == "number" and right in ("e", "E"):
        return f"{left}{right} at character {at - 1} is not a number: write {left}{right}5, or {left} * {right}"
    return f"{left} and {right} stand side by side at character {at}: for a product write {left} * {right}"
