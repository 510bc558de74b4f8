"""Groups as NumPy's matrix code: what a person would write by hand, with the chain rule.

>>> from autograd.compiler.trace import Trace
>>> from autograd.engine.functions import tanh
>>> from autograd.engine.value import Value
>>> x = [Value(1.0, "x1"), Value(2.0, "x2")]
>>> a = [tanh(Value(0.1) * x[0] + Value(i) * x[1]) for i in range(8)]
>>> trace = Trace(sum(a[1:], a[0]), x)
>>> print(matrix_listing(Plan(trace, range(2, 18), ())).text)
def run(x, p):
    rows = x.shape[1]
    check = 0.0
    # dot of 8: a parameters[0 + 2 i + j], b inputs[0 + j]
    v1 = p.reshape(8, 2) @ x
    # tanh of 8: a dot[0 + i]
    v2, c2 = tanh_forward(v1)
    check = check + c2.sum(axis=0)
    # sum of 1: a tanh[0 + j]
    v3 = v2.sum(axis=0)[None]
<BLANKLINE>
    dp = zeros(16)
    d3 = ones((1, rows))
    d2 = broadcast_to(d3[0], (8, rows))
    d1 = tanh_back(d2, v1, v2)
    dp.reshape(8, 2)[...] += d1 @ x.T
    return v3[0], check, dp, []

An array has an axis for its members, and one for the rows where it differs from row to row: parameters, and what is
computed from them alone, have none. In `einsum` and in the names of axes here, i counts members, j the elements of
their vectors, and r rows. The adjoints of leaves have no rows either: they are summed, as they are wanted.

The library behind NumPy adds up the products of a sum in an order of its own and may round each only once added, so
that a sum whose products cancel exactly on the graph can be a rounding error of theirs here, beside a kink at 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.groups.arrays import REDUCED, Access, Array, Gather, Group, Segment, runs
from autograd.compiler.groups.plan import ADJOINT, RESULT, Plan
from autograd.compiler.listing import numpy_function
from autograd.compiler.matrices.axes import Arrays, Part, Term, product
from autograd.compiler.program import reachable
from autograd.table.expression import Expression, Name, Number


class Source(NamedTuple):
    """The text of `run`, a function of the inputs, (inputs, rows), and of the parameters.

    It returns the values and the check of each row, the sums of the derivatives, and a list of further values.

    functions   the texts of functions that it calls, by their names
    arrays      the numbers of arrays that it reads
    """

    text: str
    functions: dict[str, str]
    arrays: dict[str, list[Any]]


def matrix_listing(plan: Plan) -> Source:
    """The source of a plan on NumPy: of the values, and of the derivatives if any are wanted."""
    printer = _Printer(plan)
    printer.forward()
    if plan.wrt:
        printer.backward()
    printer.finish()
    head = ["def run(x, p):", "    rows = x.shape[1]", *(["    p = p[copies]"] if printer.is_copied else [])]
    body = [f"    {line}" if line else "" for line in ["check = 0.0", *printer.lines]]
    return Source("\n".join([*head, *body]), printer.functions, printer.arrays)


class _Printer(Arrays):
    """Writes the lines of `run`."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.lines: list[str] = []
        self.functions: dict[str, str] = {}
        self._read: dict[tuple[Group, str], Term] = {}
        self._slopes: dict[int, str] = {}  # of nodes in segments
        self._adjoints: dict[Array, bool] = {}  # those that are there: whether nothing else is the same array
        self._value = ""

    # Forward.

    def forward(self) -> None:
        """The lines that compute the values."""
        for stage in self.found.stages:
            if isinstance(stage, Gather):
                self._gather(stage)
            elif isinstance(stage, Group):
                self._group(stage)
            elif stage is not self.plan.final or not self.plan.wrt:
                self._segment(stage)
        root = self.plan.trace.root
        if not self._value and not self.plan.final:
            self._value = self.element(root)

    def _group(self, group: Group) -> None:
        self.lines.append(f"# {group}")
        number = self.numbers[group]
        terms: dict[str, Term] = {}
        for letter, operand in zip(group.row.letters, group.operands, strict=True):
            if isinstance(operand, Access):
                array, part = self.part(group, letter)
                term = Term(self.names[array] + part.text, part.axes + ("r" if array in self.plan.varying else ""))
                if self.plan.wrt and not term.text.isidentifier() and letter in self._reread(group):
                    self.lines.append(f"{letter}{number} = {term.text}")
                    term = Term(f"{letter}{number}", term.axes)
                terms[letter] = self._read[group, letter] = term
        if group.name in REDUCED:
            self._store(group, self._reduced(group, terms))
            return
        member = self.plan.member(group)
        self._call(group, "forward", terms, {self.names[group]: member.value}, member.check)
        if _axes_of(member.value, terms, self.axes(group)) != self.axes(group):
            self.lines.append(f"v{number} = broadcast_to(v{number}, {self.shape(group)})")

    def _reread(self, group: Group) -> str:
        """The letters of operands that are read again on the way back."""
        moving = self.plan.letters(group)
        if group.name in REDUCED:
            return "".join(other for letter, other in ("ab", "ba") if letter in moving)
        return group.row.letters if moving else ""

    def _reduced(self, group: Group, terms: dict[str, Term]) -> Term:
        """The sums of a group."""
        axes, last = self.axes(group), group.operands[-1]
        if group.name == "sum":
            return terms["a"].over(axes)
        sums = product(terms["a"], terms["b"], axes)
        if isinstance(last, Access):
            both = "".join(axis for axis in axes if axis in sums.axes + terms["c"].axes)
            return Term(f"{sums.as_term(both)} + {terms['c'].along(both)}", both)
        return sums if repr(last) == "-0.0" else Term(f"{sums.text} + {last!r}", sums.axes)

    def _store(self, group: Group, term: Term) -> None:
        text = f"{term.atom}[None]" if len(group) == 1 else term.text
        if term.axes != self.axes(group):
            text = f"broadcast_to({term.text}, {self.shape(group)})"
        self.lines.append(f"{self.names[group]} = {text}")

    def _gather(self, gather: Gather) -> None:
        name, varying = self.names[gather], gather in self.plan.varying
        parts = self._sources(gather)
        if len(parts) == 1:
            [(array, (_, source))] = parts.items()
            self.lines.append(f"{name} = {self.names[array]}{source.text or '[:]'}")
            return
        self.lines.append(f"{name} = empty({self.shape(gather)})")
        for array, (part, source) in parts.items():
            term = Term(f"{self.names[array]}{source.text}", "ir" if array in self.plan.varying else "i")
            self.lines.append(f"{name}{part.text} = {term.along('ir') if varying else term.text}")

    def _sources(self, gather: Gather) -> dict[Array, tuple[Part, Part]]:
        """The arrays that are gathered from: the part of the gather, and where it comes from."""
        found: dict[Array, tuple[list[int], list[int]]] = {}
        for position, (array, index) in enumerate(gather.sources):
            positions, indices = found.setdefault(array, ([], []))
            positions.append(position)
            indices.append(index)
        return {
            array: (self.line(positions, gather), self.line(indices, array))
            for array, (positions, indices) in found.items()
        }

    def _segment(self, segment: Segment) -> None:
        program, number = self.plan.forward(segment), self.numbers[segment]
        is_last = segment is self.plan.final
        outputs = [program.check, *([program.value] if is_last else []), *program.also]
        function = self._function(f"segment{number}_forward", [x.id for x in program.inputs], outputs, listed=True)
        self.lines += [f"# {segment}", f"s{number} = {function}({self.elements(segment)})"]
        self._kept(segment, program.check)

    def _kept(self, segment: Segment, check: Expression) -> None:
        """Lines for the results of a segment: its check, the value if it is the last, its members."""
        number, start = self.numbers[segment], 1
        if check.operands:
            self.lines.append(f"check = check + s{number}[0]")
        if segment is self.plan.final:
            self._value, start = f"s{number}[1]", 2
        if segment is not self.plan.final or not set(self.plan.also).isdisjoint(segment.members):
            self.lines.append(self._stacked(f"v{number}", f"s{number}[{start}:{start + len(segment)}]", segment))

    def _stacked(self, name: str, text: str, array: Array) -> str:
        return f"{name} = " + (f"stacked({text}, rows)" if array in self.plan.varying else f"array({text})")

    # Back.

    def backward(self) -> None:
        """The lines that compute the adjoints."""
        plan = self.plan
        self.lines.append("")
        for array in (self.found.inputs, self.found.parameters):
            if array in plan.moving:
                self._owned(array)
        if plan.final:
            self._back_segment(plan.final)
        else:
            self._seeded()
        for stage in reversed(self.found.stages):
            if stage not in self._adjoints or stage is plan.final:
                continue
            if isinstance(stage, Segment):
                self._back_segment(stage)
            elif isinstance(stage, Group):
                self._back_group(stage)
            else:
                for array, (part, source) in self._sources(stage).items():
                    if array in plan.moving:
                        axes = "ir" if stage in plan.varying else "i"
                        self._contribute(array, source, Term(self.adjoint(stage) + part.text, axes))

    def _seeded(self) -> None:
        array, index = self.found.place(self.plan.trace.root)
        if array in self.plan.moving:
            one = "1.0" if array in self.plan.varying else "rows"
            if len(array) == 1:
                text = f"ones({self.shape(array)})" if one == "1.0" else "array([float(rows)])"
                self.lines.append(f"{self.adjoint(array)} = {text}")
                self._adjoints[array] = True
            else:
                self._owned(array)
                self.lines.append(f"{self.adjoint(array)}[{index}] = {one}")

    def _back_group(self, group: Group) -> None:
        adjoint = Term(f"d{self.numbers[group]}{'[0]' if len(group) == 1 else ''}", self.axes(group))
        slopes = {} if group.name in REDUCED else self._slopes_of(group)
        for letter in self.plan.letters(group):
            array, part = self.part(group, letter)
            if group.name == "dot" and letter in "ab":
                wanted = part.axes + ("r" if self.has_rows(array) else "")
                self._contribute(array, part, product(adjoint, self._read[group, "ba"["ab".index(letter)]], wanted))
            elif group.name in REDUCED:
                self._contribute(array, part, adjoint)
            elif letter in slopes:
                self._contribute(array, part, slopes[letter])

    def _slopes_of(self, group: Group) -> dict[str, Term]:
        """The contributions of a group that is no sum."""
        number, axes, member = self.numbers[group], self.axes(group), self.plan.member(group)
        if not member.slopes:
            return {}
        found = {letter: f"d{number}{letter}" for letter in member.slopes}
        if len(found) == 1:  # it may itself be the adjoint of what was read
            [letter] = found
            array, part = self.part(group, letter)
            alike = part == Part("", "i") and (group in self.plan.varying) == self.has_rows(array)
            if alike and array not in self._adjoints:
                found[letter] = self.adjoint(array)
        terms = {ADJOINT.id: Term(f"d{number}", axes)}
        terms |= {letter: self._read[group, letter] for letter in group.row.letters if (group, letter) in self._read}
        terms[RESULT.id] = Term(f"v{number}", axes)
        outputs = {found[letter]: slope for letter, slope in member.slopes.items()}
        self._call(group, "back", terms, outputs, member.doubt)
        return {letter: Term(name, axes) for letter, name in found.items()}

    def _back_segment(self, segment: Segment) -> None:
        plan, number = self.plan, self.numbers[segment]
        program, nodes, seeds = plan.backward(segment)
        is_last = segment is plan.final
        outputs = [program.check]
        if is_last:
            outputs += [program.value, *(program.nodes[segment.number[node]] for node in segment.members)]
        name, start = f"s{number}" if is_last else f"s{number}_back", len(outputs)
        slopes = {
            node: slope for node, slope in zip(nodes, program.gradients, strict=True) if not isinstance(slope, Number)
        }
        names = [x.id for x in (*program.inputs, *seeds)]
        function = self._function(f"segment{number}_back", names, [*outputs, *slopes.values()], listed=True)
        one = "ones(rows)" if segment in plan.varying else "float(rows)"
        given = [self.elements(segment), one if is_last else f"*{self.adjoint(segment)}"]
        self.lines += [f"# {segment}", f"{name} = {function}({', '.join(filter(None, given))})"]
        if is_last:
            self._kept(segment, program.check)
        elif program.check.operands:
            self.lines.append(f"check = check + {name}[0]")
        inner = set(segment.nodes)
        for array, index, count in runs(self.found.place(node) for node in slopes if node not in inner):
            self._given_back(segment, (array, index, count), name, start)
            start += count
        for place, node in enumerate((node for node in slopes if node in inner), start):
            self._slopes[node] = f"{name}[{place}]{'.sum()' if segment in plan.varying else ''}"

    def _given_back(self, segment: Segment, run: tuple[Array, int, int], name: str, start: int) -> None:
        """A line that adds what a segment contributes to nodes side by side: its results from `start` on."""
        array, index, count = run
        rows, many = "r" if self.has_rows(array) else "", f"{name}[{start}:{start + count}]"
        is_summed = segment in self.plan.varying and not rows
        if count == 1:
            text = f"{name}[{start}]{'.sum()' if is_summed else ''}"
            self._contribute(array, Part(f"[{index}]", ""), Term(text, rows))
            return
        many = f"[s.sum() for s in {many}]" if is_summed else many
        text = f"stacked({many}, rows)" if rows else f"array({many})"
        self._contribute(array, self.line(range(index, index + count), array), Term(text, f"i{rows}"))

    def _contribute(self, array: Array, part: Part, term: Term) -> None:
        """A line that adds a contribution to a part of an array's adjoint."""
        name = self.adjoint(array)
        axes = part.axes + ("r" if self.has_rows(array) else "")
        term = term.over(axes)
        if part.text:
            self._owned(array)
            if part.twice:
                self.lines.append(f"add_at({name}, {part.twice}, {term.along(axes)})")
            else:
                target = name + part.text + ("" if part.text.endswith("]") else "[...]")
                self.lines.append(f"{target} += {term.as_term(axes)}")
        elif array in self._adjoints:
            self.lines.append(f"{name} = {name} + {term.as_term(axes)}")
            self._adjoints[array] = True
        else:
            text = term.text if term.axes == axes else f"broadcast_to({term.along(axes)}, {self.shape(array)})"
            if text != name:
                self.lines.append(f"{name} = {text}")
            self._adjoints[array] = False

    def _owned(self, array: Array) -> None:
        """An adjoint that parts can be added to."""
        name = self.adjoint(array)
        if array not in self._adjoints:
            shape = self.shape(array) if self.has_rows(array) else str(len(array))
            self.lines.append(f"{name} = zeros({shape})")
        elif not self._adjoints[array]:
            self.lines.append(f"{name} = {name}.copy()")
        self._adjoints[array] = True

    # What is returned.

    def finish(self) -> None:
        """The last line."""
        if self.is_copied and self.found.parameters in self._adjoints:
            self.lines.append(f"dp = bincount(copies, dp, {len(self.plan.trace.parameters)})")
        also = ", ".join(map(self.element, self.plan.also))
        self.lines.append(f"return {self._value}, check, {self._gradient()}, [{also}]")

    def _gradient(self) -> str:
        """The sums of the derivatives, in the order in which they are wanted."""
        sizes = {"dx": self.plan.trace.inputs, "dp": len(self.plan.trace.parameters)}
        texts = [
            name if start < 0 or count == sizes[name] else f"{name}[{start}:{start + count}]"
            for name, start, count in runs(map(self._slope, self.plan.wrt))
        ]
        return texts[0] if len(texts) == 1 else f"concatenate([{', '.join(texts)}])" if texts else "[]"

    def _slope(self, node: int) -> tuple[str, int]:
        """The sum of a derivative: the adjoint of leaves, and where it is there, or a list with the number, and -1."""
        if node in self._slopes:
            return f"[{self._slopes[node]}]", -1
        array, index = self.found.place(node)
        name = self.adjoint(array)
        if name in ("dx", "dp"):
            return name, index
        if isinstance(array, Segment) or array not in self._adjoints:
            return "[0.0]", -1
        return f"[{name}[{index}]{'.sum()' if self.has_rows(array) else ''}]", -1

    # Functions.

    def _function(self, stem: str, names: Sequence[str], outputs: Sequence[Expression], listed: bool = False) -> str:
        """The name of a function that computes expressions."""
        for count in range(1, len(self.functions) + 2):
            name = f"{stem}{count}" if count > 1 else stem
            text = numpy_function(name, names, outputs, listed)
            if self.functions.setdefault(name, text) == text:
                break
        return name

    def _call(
        self, group: Group, way: str, terms: dict[str, Term], outputs: dict[str, Expression], check: Expression
    ) -> None:
        """Lines that compute expressions of the letters of a group, and check them."""
        axes, checked = self.axes(group), f"c{self.numbers[group]}"
        parts = outputs | ({checked: check} if check.operands else {})
        function = self._function(f"{group.name}_{way}", [*terms], [*parts.values()])
        given = ", ".join(term.along(axes) for term in terms.values())
        self.lines.append(f"{', '.join(parts)} = {function}({given})")
        if check.operands:
            has_members = "i" in _axes_of(check, terms, axes)
            self.lines.append(f"check = check + {checked}{'.sum(axis=0)' if has_members else ''}")


def _axes_of(part: Expression, terms: Mapping[str, Term], axes: str) -> str:
    """The axes of an expression of terms."""
    read = "".join(terms[name.id].axes for name in reachable([part]) if isinstance(name, Name))
    return "".join(axis for axis in axes if axis in read)
