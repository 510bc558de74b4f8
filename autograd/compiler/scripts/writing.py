"""Programs as JavaScript: what makes their expressions with the engine's own rounding, and what writes them as lines.

>>> builder = ScriptBuilder(True)
>>> from autograd.table.expression import Name
>>> x, y, z = map(Name, "xyz")
>>> ScriptWriter([], set(), {}).text(builder.dot([x, y, z, x, y, z, builder.number(1.0)]))
'sum([x * x, y * y, z * z]) + 1'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograd.compiler.builder import Builder
from autograd.compiler.listing import Writer, added
from autograd.compiler.program import SEED, Line
from autograd.compiler.scripts.language import comment, functions, style
from autograd.table.expression import ATOM, SUM, Call, Expression, Number, Piece, render, separated

WIDTH = 110
EXACT = "exact"  # a sum that is rounded once, as those of the table are


class ScriptBuilder(Builder):
    """Makes expressions that round as the engine does: sums of the table once, a product with an adjoint last."""

    whole = EXACT

    def simpler(self, op: str, operands: Sequence[Expression]) -> Expression | None:
        """The same; of two numbers the sum is rounded once in any case."""
        if op == EXACT and len(operands) < 3:
            return self.call("add", operands) if len(operands) == 2 else operands[0]
        return None if op == EXACT else super().simpler(op, operands)

    def dot(self, operands: Sequence[Expression]) -> Expression:
        """The sum of products, to which the last operand is added."""
        length, last = len(operands) // 2, operands[-1]
        terms = [self.call("mul", pair) for pair in zip(operands[:length], operands[length:-1], strict=True)]
        is_nothing = isinstance(last, Number) and str(last.value) == "-0.0"
        if not terms:
            return last
        whole = self.call(EXACT, terms)
        return whole if is_nothing else self.call("add", [whole, last])

    def product(self, adjoint: Expression, partial: Expression) -> Expression | None:
        """Adjoint times local partial, as the sweep computes it; None where that is 0."""
        if adjoint is SEED:  # which is 1
            return None if isinstance(partial, Number) and not partial.value else partial
        match partial:
            case Number(0.0):
                return None
            case Number(-1.0):
                return self.call("neg", [adjoint])
        return self.call("mul", [adjoint, partial])


class ScriptWriter(Writer):
    """Writes expressions as lines of JavaScript.

    said   what names are written as, where they are elements of arrays
    """

    said: Mapping[str, str] = {}

    def style(self, part: Expression) -> tuple[int, Iterable[Piece]]:
        """JavaScript; what is called is noted."""
        match part:
            case Call("sum", operands):
                return SUM, added(operands)
            case Call(op, operands) if op == EXACT:
                self.used.add("sum")
                return ATOM, ["sum([", *separated(operands), "])"]
            case Call("logsumexp" as op, operands):  # of a vector
                self.used.add(op)
                return ATOM, [f"{op}([", *separated(operands), "])"]
            case Call(op):
                self.used.add(op)
        precedence, pieces = style(part)
        return precedence, [self.said.get(x, x) if isinstance(x, str) else x for x in pieces] if self.said else pieces

    def text(self, part: Expression) -> str:
        """The text of an expression."""
        return render(part, self.style)

    def constants(self, lines: Iterable[Line], rules: Mapping[int, str], indent: str = "  ") -> list[str]:
        """The texts of lines, with the rules of adjoints above or beside them."""
        rows = []
        for name, expression, node in lines:
            rule = rules.get(node, "") if node is not None else ""
            rows.append((f"{indent}const {name.id} = {self.text(expression)};", comment(rule) if rule else ""))
        width = max((len(text) for text, rule in rows if rule and len(text) + len(rule) < WIDTH), default=0)
        found = []
        for text, rule in rows:
            if rule and len(text) > width:
                found += [indent + rule, text]
            else:
                found.append(f"{text:{width}}  {rule}" if rule else text)
        return found

    def helpers(self, indent: str = "  ") -> list[str]:
        """The lines that define the functions that are called."""
        return [indent + line for line in functions(sorted(self.used)).splitlines()]
