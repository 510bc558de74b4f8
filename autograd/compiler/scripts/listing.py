"""A program as one function of JavaScript, which stands alone.

>>> from autograd.compiler.trace import Trace
>>> from autograd.engine.value import Value
>>> w, x = Value(2.0, "w"), Value(1.5, "x")
>>> z = (w * x).named("z")
>>> print(straight(Trace(z.sin(), [x]), [0], []))
function J(x, p = [2]) {
  x = +x;
  const w = p[0];
  const z = w * x;
  const J = Math.sin(z);
<BLANKLINE>
  const dJ_dz = Math.cos(z);  // dJ/dz = cos(z)
  const dJ_dx = dJ_dz * w;    // dJ/dx = dJ/dz · w
  if ((J - J) + (dJ_dx - dJ_dx) === 0) return [J, [dJ_dx]];
<BLANKLINE>
  return [null, failure([
    ["x", x, [], ""],
    ["w", w, [], ""],
    ["z", z, [], ""],
    ["sin(z)", J, [["z", z]], ""],
    ["dJ/dx does not exist there, or is too large", dJ_dx, [], ""],
  ]) || "a derivative on the way does not exist there, or is too large"];
  // The first of these that is not finite, and where it is defined, or else that its result is too large.
  function failure(found) {
    for (const [what, y, given, where] of found) {
      if (y - y === 0) continue;
      const at = given.length ? ": " + given.map(([name, x]) => `${name} = ${x}`).join(", ") : "";
      return where ? `${what}${at} is outside the domain (${where})` : `${what}${at}: the result is ${y}`;
    }
    return "";
  }
}
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd.compiler.comments import Rules, lined
from autograd.compiler.listing import identifier, lines_for
from autograd.compiler.program import check, differentiate, is_exact
from autograd.compiler.scripts.language import RESERVED, number
from autograd.compiler.scripts.reasons import FAILURE, MISSING, OTHERWISE, entry, plain
from autograd.compiler.scripts.writing import ScriptBuilder, ScriptWriter
from autograd.compiler.trace import Trace
from autograd.reading.graph import free
from autograd.table.expression import Expression
from autograd.table.rules import ROWS

LONGEST_NAME = 40


def names_for(labels: Sequence[str], taken: set[str]) -> list[str]:
    """A name of JavaScript for each label.

    >>> names_for(["x", "w[1][2,1]", "new", "</script>"], {*RESERVED})
    ['x', 'w_1_2_1', 'new_2', 'script']
    """
    return [free(identifier(label)[:LONGEST_NAME], taken) for label in labels]


def head(name: str, inputs: Sequence[str], parameters: Sequence[float]) -> str:
    """The first line of a function of the inputs and the parameters, these with their present numbers."""
    numbers = ", ".join(map(number, parameters))
    return f"function {name}({', '.join([*inputs, *([f'p = [{numbers}]'] if parameters else [])])}) {{"


def straight(trace: Trace, wrt: Sequence[int], also: Sequence[int]) -> str:
    """The function of a trace, line by line."""
    return _Straight(trace, wrt, also).text()


class _Straight:
    """A trace as a function.

    told   the nodes that a failure can be told of: those with a line, and those whose operation may fail
    """

    def __init__(self, trace: Trace, wrt: Sequence[int], also: Sequence[int]) -> None:
        self.trace, self.wrt = trace, wrt
        stops, taken = lined(trace), {*RESERVED, *ROWS, "p", "failure"}
        self.names = names = names_for(trace.labels, taken)
        self.root = names[trace.root]
        slopes = {x: free(f"d{self.root}_d{names[x]}", taken) for x in stops if x != trace.root or not trace.steps}
        self.program = program = differentiate(trace, wrt, {x: names[x] for x in stops}, slopes, make=ScriptBuilder)
        self.outputs = [program.value, *program.gradients, *(program.nodes[node] for node in also)]
        steps = enumerate(trace.steps, trace.leaves)
        self.fallible = {node: step for node, step in steps if not is_exact(step.kernel.row)}
        self.told = [node for node in range(len(names)) if node in stops or node in self.fallible]
        self.check = check(
            program.builder, [*map(program.nodes.__getitem__, self.fallible), *program.doubtful, *self.outputs]
        )
        self.rules = Rules(trace, stops)
        self._write(taken)

    def _write(self, taken: set[str]) -> None:
        """The lines: first those of the values, and of what is told of where one fails."""
        program = self.program
        reasons = [program.nodes[node] for node in self.told]
        reasons += [x for step in self.fallible.values() for x in program.expressions(step.operands)]
        roots = [*self.outputs, self.check, *reasons]
        lines = lines_for(program, roots)
        adjoint_of = {adjoint: node for node, adjoint in program.adjoints.items()}
        self.writer = writer = ScriptWriter([*(line.expression for line in lines), *roots], taken, adjoint_of)
        self.forward, _ = writer.write((line for line in lines if line.adjoint_of is None), reasons)
        back = (line for line in lines if line.adjoint_of is not None)
        self.backward, results = writer.write(back, [*self.outputs, self.check])
        self.results = [*map(writer.text, results)]

    def text(self) -> str:
        """The function."""
        trace, names, count = self.trace, self.names, 1 + len(self.wrt)
        inputs = names[: trace.inputs]
        value, *others = self.results[:-1]
        lists = [others[: count - 1], *([others[count - 1 :]] if len(others) >= count else [])]
        result = ", ".join([value, *(f"[{', '.join(found)}]" for found in lists)])
        rules = {node: self.rules.of(node) for _, _, node in self.backward if node is not None}
        parameters = [f"{name} = p[{index}]" for index, name in enumerate(names[trace.inputs : trace.leaves])]
        lines = [
            head(self.root, inputs, [x.data for x in trace.parameters]),
            *([f"  {' '.join(f'{name} = +{name};' for name in inputs)}"] if inputs else []),  # "1" + "2" would be "12"
            *([f"  const {', '.join(parameters)};"] if parameters else []),
            *self.writer.constants(self.forward, {}),
            *([""] if self.forward and self.backward else []),
            *self.writer.constants(self.backward, rules),
            f"  if ({self.results[-1]} === 0) return [{result}];",
            "",
            "  return [null, failure([",
            *(f"    {line}," for line in self._entries()),
            f"  ]) || {OTHERWISE}];",
            *(f"  {line}" for line in FAILURE.splitlines()),
            *self.writer.helpers(),
        ]
        return "\n".join([*lines, "}"])

    def _entries(self) -> list[str]:
        """What is told of where something fails."""
        labels, nodes = self.trace.labels, self.program.nodes
        found = []
        for node in self.told:
            if node in self.fallible:
                step = self.fallible[node]
                operands = [*map(self._said, self.program.expressions(step.operands))]
                found.append(entry(step, labels, self._said(nodes[node]), operands))
            else:
                found.append(plain(labels[node], self._said(nodes[node])))
        slopes = zip(self.wrt, self.results[1:], strict=False)
        return found + [plain(f"d{labels[self.trace.root]}/d{labels[node]}{MISSING}", text) for node, text in slopes]

    def _said(self, part: Expression) -> str:
        return self.writer.text(self.writer.put(part))
