"""What is said in a program of lists, and how Python says it.

Lists are further expressions beside those of the table: a loop over lists side by side, items put together, a part of
a list. A statement gives a name to one, or adds to places of a list in a loop.

>>> w, x, z = Name("w"), Name("x"), Loop(Applied("dot", [Name("w"), Name("x")]), [(Name("w"), Name("w1"))])
>>> writer = ListWriter(set())
>>> writer.text(z), writer.text(Loop(Call("mul", [w, x]), [(w, Name("w1")), (x, Name("x1"))], "sum"))
('[dot(w, x) for w in w1]', 'sum(w * x for w, x in zip(w1, x1))')
>>> for line in writer.lines([Add("dJ_dx[i + 1]", Name("d"), [[(Name("i"), Count(3)), (Name("d"), Name("dJ_dt"))]])]):
...     print(line)
    for i, d in zip(range(3), dJ_dt):
        dJ_dx[i + 1] += d
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograd.compiler.listing import Writer, commented, wrapped
from autograd.table.expression import ATOM, PRODUCT, UNARY, Call, Expression, Name, Piece, render, separated

Over = Sequence[tuple[Name, Expression]]  # names, and the lists whose elements they are, side by side


class Loop(Expression):
    """The list, or the sum, of what a body is for the elements of lists side by side; within, a further loop may go."""

    __slots__ = __match_args__ = ("body", "over", "kind", "within")

    def __init__(self, body: Expression, over: Over, kind: str = "list", within: Over = ()) -> None:
        self.body = body
        self.over = tuple(over)
        self.kind = kind
        self.within = tuple(within)


class Repeat(Expression):
    """A list of one item, again and again."""

    __slots__ = __match_args__ = ("item", "count")

    def __init__(self, item: Expression, count: int) -> None:
        self.item = item
        self.count = count


class Listed(Expression):
    """A list of items, of which some are lists whose elements they stand for."""

    __slots__ = __match_args__ = ("items",)

    def __init__(self, items: Iterable[Expression]) -> None:
        self.items = tuple(items)


class Spread(Expression):
    """The elements of a list, as items of another one."""

    __slots__ = __match_args__ = ("whole",)

    def __init__(self, whole: Expression) -> None:
        self.whole = whole


class Slice(Expression):
    """Elements of a list from `start` on, every `step`-th of them, `count` in all."""

    __slots__ = __match_args__ = ("name", "start", "count", "step")

    def __init__(self, name: str, start: int, count: int, step: int = 1) -> None:
        self.name, self.start, self.count, self.step = name, start, count, step


class Count(Expression):
    """The numbers from 0 to below a limit."""

    __slots__ = __match_args__ = ("limit",)

    def __init__(self, limit: int) -> None:
        self.limit = limit


class Columns(Expression):
    """The columns of a list of lists."""

    __slots__ = __match_args__ = ("matrix",)

    def __init__(self, matrix: Expression) -> None:
        self.matrix = matrix


class Applied(Expression):
    """A function of lists: dot, fsum, or the sum."""

    __slots__ = __match_args__ = ("function", "given")

    def __init__(self, function: str, given: Sequence[Expression]) -> None:
        self.function = function
        self.given = tuple(given)


class Set(NamedTuple):
    """A name, for what an expression is; the rule that it follows."""

    target: str
    value: Expression
    rule: str = ""


class Add(NamedTuple):
    """An addition to a place in a list, for the elements of loops within each other."""

    target: str
    value: Expression
    loops: Sequence[Over] = ()
    rule: str = ""


Statement = Set | Add


class ListWriter(Writer):
    """Writes statements as Python."""

    def __init__(self, taken: set[str]) -> None:
        super().__init__([], taken, {})

    def text(self, expression: Expression) -> str:
        """An expression as Python."""
        return render(expression, self.style)

    def style(self, part: Expression) -> tuple[int, Iterable[Piece]]:
        """Python: the precedence and the pieces of one expression."""
        match part:
            case Loop(body, over, kind, within):
                first, last = ("[", "]") if kind == "list" else (f"{kind}(", ")")
                return ATOM, [first, (body, 0), *self._clause(over), *(self._clause(within) if within else []), last]
            case Repeat(item, count):
                return PRODUCT, ["[", (item, 0), f"] * {count}"]
            case Listed(items):
                return ATOM, ["[", *separated(items), "]"]
            case Spread(whole):
                return UNARY, ["*", (whole, UNARY)]
            case Slice(name, start, count, step):
                stop = start + count * step
                texts = [str(start) if start else "", str(stop) if stop >= 0 else "", str(step)]
                return ATOM, [f"{name}[{':'.join(texts[: 2 if step == 1 else 3])}]"]
            case Count(limit):
                return ATOM, [f"range({limit})"]
            case Columns(matrix):
                return ATOM, ["zip(*", (matrix, 0), ")"]
            case Applied(function, given):
                self.used |= {function} & {"dot", "fsum"}
                return ATOM, [f"{function}(", *separated(given), ")"]
        return super().style(part)

    @staticmethod
    def _clause(over: Over) -> list[Piece]:
        names = ", ".join(name.id for name, _ in over)
        if len(over) == 1:
            return [f" for {names} in ", (over[0][1], 0)]
        return [f" for {names} in zip(", *separated([source for _, source in over]), ")"]

    def lines(self, statements: Iterable[Statement]) -> list[str]:
        """Statements as lines of a function, with their rules as comments."""
        found: list[str] = []
        rows: list[tuple[str, str]] = []
        for statement in statements:
            match statement:
                case Set(target, value, rule):
                    rows.append((f"{target} = {self.text(value)}", rule))
                case Add(target, value, (), rule):
                    rows.append((f"{target} += {self.text(value)}", rule))
                case Add(target, value, loops):
                    found += commented(rows)
                    rows.clear()
                    found += self._addition(target, value, loops)
        return found + commented(rows)

    def _addition(self, target: str, value: Expression, loops: Sequence[Over]) -> list[str]:
        lines, indent = [], "    "
        for over in loops:
            clause = "".join(piece if isinstance(piece, str) else self.text(piece[0]) for piece in self._clause(over))
            lines.append(wrapped(indent, f"{clause[1:]}:", len(indent) + 8))
            indent += "    "
        return [*lines, f"{indent}{target} += {self.text(value)}"]


def simplified(loop: Loop) -> Expression:
    """The same list, if a loop only copies one."""
    match loop:
        case Loop(Name(body), ((Name(item), source),), "list") if body == item:
            return source
    return loop


def added(existing: Expression, value: Expression, names: Sequence[Name]) -> Expression:
    """A list plus another one, element by element, both perhaps of lists; with a name for elements at each depth."""
    name, *deeper = names
    match value:
        case Loop(body, over, "list"):
            rest = added(name, body, deeper) if deeper else Call("add", [name, body])
            return Loop(rest, [(name, existing), *over])
        case Repeat(item, _):
            rest = added(name, item, deeper) if deeper else Call("add", [name, item])
            return Loop(rest, [(name, existing)])
    raise TypeError(f"{value!r} is no loop")
