"""A plan as a function of JavaScript: a loop for each group of alike nodes, forward, and back for its derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograd.compiler.groups.arrays import REDUCED, Access, Gather, Group, Operand, Segment, Stage, runs
from autograd.compiler.groups.plan import ADJOINT, RESULT, Plan, factor
from autograd.compiler.program import SEED, Program, is_exact
from autograd.compiler.scripts.arrays import Arrays, index
from autograd.compiler.scripts.language import comment, number, quoted
from autograd.compiler.scripts.reasons import MISSING, OTHERWISE, entry, group_entry
from autograd.compiler.scripts.writing import ScriptWriter
from autograd.compiler.trace import Step
from autograd.table.expression import Expression, Number

Lines = list[str]
Fallible = tuple[Step, list[Expression]]
MOST_TOLD = 40  # operations of a segment that a failure is told of


class Stages(Arrays):
    """Writes the stages of a plan: `forward`, then `back`, a list of lines for each.

    used     the operations whose functions are called
    local    the names that a block may not have
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.used: set[str] = set()
        self.reasons: dict[Segment, str] = {}
        for stage in self.found.stages:
            if isinstance(stage, Segment):
                self.own |= {
                    node: k for k, node in enumerate((x for x in stage.nodes if x in plan.others), len(self.own))
                }

    def forward(self) -> list[Lines]:
        """What computes the values."""
        found = []
        for stage in self.found.stages:
            if isinstance(stage, Gather):
                found.append(self._gather(stage))
            elif isinstance(stage, Group):
                found.append(self._reduced(stage) if stage.name in REDUCED else self._mapped(stage))
            elif stage is not self.plan.final or not self.plan.wrt:
                found.append(self._segment(stage))
        if not self.plan.final:
            found.append([f"value = {self.element(self.plan.trace.root)};"])
        return found

    def back(self) -> list[Lines]:
        """What computes the adjoints."""
        plan, root = self.plan, self.plan.trace.root
        found = []
        if plan.final:
            found.append(self._segment_back(plan.final))
        else:
            array, place = self.found.place(root)
            found += [[f"{self.adjoints[array]}[{place}] = 1;"]] if array in self.adjoints else []
        for stage in reversed(self.found.stages):
            if stage in self.adjoints:
                found.append(self._stage_back(stage))
        return [lines for lines in found if lines]

    def _stage_back(self, stage: Stage) -> Lines:
        if isinstance(stage, Segment):
            return self._segment_back(stage)
        if isinstance(stage, Gather):
            return self._gather_back(stage)
        return self._reduced_back(stage) if stage.name in REDUCED else self._mapped_back(stage)

    # Gathers.

    def _gather(self, gather: Gather) -> Lines:
        name, start, lines = self.names[gather], 0, []
        for array, first, many in runs(gather.sources):
            lines.append(_copied(name, start, self.names[array], first, many, "="))
            start += many
        return [comment(str(gather)), *lines]

    def _gather_back(self, gather: Gather) -> Lines:
        name, start, lines = self.adjoints[gather], 0, []
        for array, first, many in runs(gather.sources):
            if array in self.adjoints:
                lines.append(_copied(self.adjoints[array], first, name, start, many, "+="))
            start += many
        return lines[::-1]

    # Groups.

    def _said(self, operand: Operand, i: str, j: str = "0") -> str:
        """The text of what a member reads."""
        if isinstance(operand, Access):
            return f"{self.names[operand.array]}[{index(operand, i, j)}]"
        return number(operand)

    def _told(self, group: Group) -> str:
        """What a member computes, as a comment."""
        i = "i" if len(group) > 1 else "0"
        texts = [self._said(operand, i, "j") for operand in group.operands]
        last = group.operands[-1]
        texts = texts[:-1] if not isinstance(last, Access) and str(last) == "-0.0" else texts
        vectors = [self.names[x.array] for x in group.operands[:1] if isinstance(x, Access)]
        told = ", ".join(vectors if group.name == "sum" else texts)
        return comment(f"{self.names[group]}[{i}] = {group.name}({told})")

    def _reduced(self, group: Group) -> Lines:
        """Sums, those of the table with what their terms are rounded by, those that are written without it."""
        i = "i" if len(group) > 1 else "0"
        terms = [self._said(operand, i, "j") for operand in group.operands]
        term = f"{terms[0]} * {terms[1]}" if group.name == "dot" else terms[0]
        last = group.operands[-1] if group.name == "dot" else -0.0
        more = "" if not isinstance(last, Access) and str(float(last)) == "-0.0" else self._said(last, i)
        each = f"for (let j = 0; j < {group.length}; j++)"
        if group.written:
            begin, end = (more or "-0", "") if group.starts else ("-0", more)
            lines = [f"let s = {begin};", f"{each} s += {term};"]
            return self._loop(group, [*lines, f"{self.names[group]}[{i}] = s{f' + {end}' if end else ''};"])
        lines = [
            "let s = -0, lost = 0;", f"{each} {{", f"  const term = {term}, total = s + term, part = total - s;",
            "  lost += (s - (total - part)) + (term - part);", "  s = total;", "}",
        ]  # fmt: skip
        end = f"(lost === 0 ? s : s + lost){f' + {more}' if more else ''}"
        return self._loop(group, [*lines, f"{self.names[group]}[{i}] = {end};"])

    def _reduced_back(self, group: Group) -> Lines:
        i = "i" if len(group) > 1 else "0"
        inner: Lines = []
        outer: Lines = []
        for letter in self.plan.letters(group):
            operand = group.operands[group.row.letters.index(letter)]
            assert isinstance(operand, Access)
            other = factor(group, letter)
            target = self.adjoints[operand.array]
            if letter in group.row.vectors:
                times = f" * {self._said(group.operands[group.row.letters.index(other)], i, 'j')}" if other else ""
                inner.append(f"{target}[{index(operand, i, 'j')}] += d{times};")
            else:
                outer.append(f"{target}[{index(operand, i)}] += d;")
        lines = [f"const d = {self.adjoints[group]}[{i}];", *outer]
        if inner:
            condition = f"if (d !== 0) for (let j = 0; j < {group.length}; j++)"
            lines += (
                [f"{condition} {inner[0]}"] if len(inner) == 1 else [f"{condition} {{", *(f"  {x}" for x in inner), "}"]
            )
        return self._loop(group, lines, down=True)

    def _loop(self, group: Group, lines: Lines, down: bool = False) -> Lines:
        """Lines for each member: back the last one first, as the engine's sweep goes."""
        count = len(group)
        head = f"for (let i = {count - 1}; i >= 0; i--) {{" if down else f"for (let i = 0; i < {count}; i++) {{"
        told = [] if down else [self._told(group)]
        return [*told, head if count > 1 else "{", *(f"  {line}" for line in lines), "}"]

    def _mapped(self, group: Group) -> Lines:
        member = self.plan.member(group)
        i = "i" if len(group) > 1 else "0"
        said = {letter: self._said(operand, i) for letter, operand in self._read(group)}
        lines, (value, check) = self._block([member.value, member.check], said)
        lines.append(f"{self.names[group]}[{i}] = {value};")
        lines += [f"check += {check};"] if member.check.operands else []
        return self._loop(group, lines)

    def _mapped_back(self, group: Group) -> Lines:
        member = self.plan.member(group)
        i = "i" if len(group) > 1 else "0"
        said = {letter: self._said(operand, i) for letter, operand in self._read(group)}
        said |= {RESULT.id: f"{self.names[group]}[{i}]", ADJOINT.id: "d"}
        lines, (*slopes, doubt) = self._block([*member.slopes.values(), member.doubt], said)
        lines = [f"const d = {self.adjoints[group]}[{i}];", *lines]
        for letter, slope in zip(member.slopes, slopes, strict=True):
            operand = group.operands[group.row.letters.index(letter)]
            assert isinstance(operand, Access)
            lines.append(f"{self.adjoints[operand.array]}[{index(operand, i)}] += {slope};")
        lines += [f"check += {doubt};"] if member.doubt.operands else []
        return self._loop(group, lines, down=True) if member.slopes else []

    def _read(self, group: Group) -> Iterable[tuple[str, Operand]]:
        return zip(group.row.letters, group.operands, strict=True)

    def _block(self, outputs: Sequence[Expression], said: dict[str, str]) -> tuple[Lines, list[str]]:
        """The lines that expressions need before them, and their texts."""
        writer = ScriptWriter(outputs, {*self.taken, *said}, {})
        writer.said = said
        lines, results = writer.write([], outputs)
        texts = [writer.text(result) for result in results]
        found = writer.constants(lines, {}, "")
        self.used |= writer.used
        return found, texts

    # Segments.

    def _segment(self, segment: Segment) -> Lines:
        program, is_last = self.plan.forward(segment), segment is self.plan.final
        outputs = [*program.also, *([program.value] if is_last else [])]
        fallible = self._fallible(segment, program)
        told = [part for _, parts in fallible for part in parts]
        lines, (check, *texts) = self._block([program.check, *outputs, *told], self._reads(segment, program))
        return self._stored(segment, lines, check, texts, fallible)

    def _fallible(self, segment: Segment, program: Program) -> list[Fallible]:
        """The steps of a segment that may fail, if that is to be told, with their results and operands."""
        steps = enumerate(segment.flat.steps, segment.flat.leaves)
        found = [
            (step, [program.nodes[node], *program.expressions(step.operands)])
            for node, step in steps
            if not is_exact(step.kernel.row)
        ]
        return found if len(found) <= MOST_TOLD else []

    def _stored(self, segment: Segment, lines: Lines, check: str, texts: list[str], fallible: list[Fallible]) -> Lines:
        """The block of a segment that keeps its check, its members, and the value if it is the last."""
        is_last, count = segment is self.plan.final, len(segment)
        lines = [*lines]
        if not is_last or not set(self.plan.also).isdisjoint(segment.members):
            lines += [f"{self.names[segment]}[{k}] = {text};" for k, text in enumerate(texts[:count])]
        lines += [f"value = {texts[count]};"] if is_last else []
        lines += [f"check += {check};"] if check != "0" else []
        if fallible:
            labels = [self.plan.trace.labels[node] for node in (*segment.reads, *segment.nodes)]
            given = iter(texts[count + is_last :])
            entries = [entry(step, labels, next(given), [next(given) for _ in step.operands]) for step, _ in fallible]
            self.reasons[segment] = reason = f"reason{len(self.reasons) + 1}"
            failed = "check !== 0 || value - value !== 0" if is_last else "check !== 0"
            lines += [f"if ({failed}) {reason} = failure([", *(f"  {line}," for line in entries), "]);"]
        return [comment(str(segment)), "{", *(f"  {line}" for line in lines), "}"]

    def failing(self) -> Lines:
        """The statement that returns the reason: what the first stage that failed says."""
        given, inputs = self.names[self.found.inputs], ", ".join(map(quoted, self.plan.trace.input_labels))
        parts: list[Lines] = [["element(["]]
        parts[0] += [f'  ["inputs", {given}, (i) => [{inputs}][i], ""],'] if inputs else []
        for stage in self.found.stages:
            if isinstance(stage, Segment) and stage in self.reasons:
                parts += [[self.reasons[stage]], ["element(["]]
            elif isinstance(stage, Group):
                parts[-1].append(f"  {group_entry(stage, self.names)},")
            elif isinstance(stage, Segment) and stage is not self.plan.final:
                parts[-1].append(f'  ["{self.names[stage]}", {self.names[stage]}, () => {quoted(str(stage))}, ""],')
        parts[-1].append(f'  ["derivatives", slopes, () => "what{MISSING}", ""],')
        lines = ["return [null,"]
        for first, *others in parts:
            if others or first[-1] != "[":
                lines += [f"  {first}", *(f"  {line}" for line in others), *(["  ])"] if others else [])]
                lines[-1] += " ||"
        return [*lines, f"  {OTHERWISE},", "];"]

    def _reads(self, segment: Segment, program: Program) -> dict[str, str]:
        return {x.id: self.element(node) for x, node in zip(program.inputs, segment.reads, strict=True)}

    def _segment_back(self, segment: Segment) -> Lines:
        plan = self.plan
        program, nodes, seeds = plan.backward(segment)
        is_last, inner = segment is plan.final, {*segment.nodes}
        said = self._reads(segment, program)
        said |= {SEED.id: "1"} if is_last else {x.id: f"{self.adjoints[segment]}[{k}]" for k, x in enumerate(seeds)}
        slopes = {node: x for node, x in zip(nodes, program.gradients, strict=True) if not _is_zero(x)}
        members = [program.nodes[segment.number[node]] for node in segment.members]
        kept = [*members, program.value] if is_last else []
        fallible = self._fallible(segment, program) if is_last else []
        told = [part for _, parts in fallible for part in parts]
        lines, (check, *texts) = self._block([program.check, *kept, *told, *slopes.values()], said)
        for node, text in zip(slopes, texts[len(kept) + len(told) :], strict=True):
            target = f"own[{self.own[node]}] =" if node in inner else self._target(node)
            lines.append(f"{target} {text};")
        if is_last:
            return self._stored(segment, lines, check, texts, fallible)
        lines += [f"check += {check};"] if check != "0" else []
        return ["{", *(f"  {line}" for line in lines), "}"] if slopes else []

    def _target(self, node: int) -> str:
        array, place = self.found.place(node)
        return f"{self.adjoints[array]}[{place}] +="


def _copied(to: str, start: int, source: str, first: int, many: int, sign: str) -> str:
    """A statement that copies, or adds, so many numbers side by side; adding, the last one first."""
    if many == 1:
        return f"{to}[{start}] {sign} {source}[{first}];"
    left, right = (f"{base} + i" if base else "i" for base in (start, first))
    head = f"let i = 0; i < {many}; i++" if sign == "=" else f"let i = {many - 1}; i >= 0; i--"
    return f"for ({head}) {to}[{left}] {sign} {source}[{right}];"


def _is_zero(part: Expression) -> bool:
    return isinstance(part, Number) and not part.value
