"""A plan as a function of JavaScript: a loop for each group of alike nodes, forward, and back for its derivatives.

>>> from autograd.compiler.trace import Trace
>>> from autograd.engine.functions import tanh
>>> from autograd.engine.value import Value
>>> x = [Value(0.1 * i, f"x{i}") for i in range(8)]
>>> text = looped(Trace(sum(map(tanh, x)), x), range(8), ())
>>> print(text[text.index("  // a") : text.index("  if (check")])
  // a[i] = tanh(given[i])
  for (let i = 0; i < 8; i++) {
    const t1 = Math.tanh(given[i]);
    a[i] = t1;
    check += t1 - t1;
  }
  // J_2[0] = sum(a)
  {
    let s = -0;
    for (let j = 0; j < 8; j++) s += a[j];
    J_2[0] = s;
  }
  value = J_2[0];
<BLANKLINE>
  dJ_2[0] = 1;
  {
    const d = dJ_2[0];
    if (d !== 0) for (let j = 0; j < 8; j++) da[j] += d;
  }
  for (let i = 7; i >= 0; i--) {
    const d = da[i];
    const t1 = 2 * given[i];
    const t2 = Math.exp(-Math.abs(t1));
    const t3 = 1 + t2;
    dgiven[i] += d * (4 * ((t1 >= 0 ? 1 : t2) / t3) * ((-2 * given[i] >= 0 ? 1 : t2) / t3));
  }
  const slopes = [...dgiven.slice(0, 8)];
<BLANKLINE>

The arrays lie in memory that is made at the first call and kept; what is returned is new at each call. Straight-line
code longer than LONGEST characters stands in functions of its own: a browser leaves longer ones as they are, and slow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd.compiler.groups.arrays import runs
from autograd.compiler.groups.plan import Plan
from autograd.compiler.scripts.language import functions, number
from autograd.compiler.scripts.listing import straight
from autograd.compiler.scripts.reasons import ELEMENT, FAILURE
from autograd.compiler.scripts.stages import Lines, Stages
from autograd.compiler.scripts.writing import ScriptBuilder
from autograd.compiler.trace import Trace

FEW = 250  # operands: a graph with no more of them is a script in a straight line
LONGEST = 20_000
FEW_INPUTS = 20  # more of them are read in a loop
EMPTY = '""'
FINITE = """\
function finite(numbers) {
  for (let i = 0; i < numbers.length; i++) if (numbers[i] - numbers[i] !== 0) return false;
  return true;
}"""


def javascript(trace: Trace, wrt: Sequence[int], also: Sequence[int]) -> str:
    """The function of a trace: in a straight line with a rule beside each derivative, or in loops where it is long."""
    is_short = sum(len(step.operands) for step in trace.steps) <= FEW
    return (straight if is_short else looped)(trace, wrt, also)


def looped(trace: Trace, wrt: Sequence[int], also: Sequence[int]) -> str:
    """The function of a trace, in loops."""
    stages = Stages(Plan(trace, wrt, also, ScriptBuilder, math.inf))
    forward = stages.forward()
    back = stages.back() if wrt else []
    own, helpers = _parted([*forward, [""], *back])
    parts = ["value", "slopes"] + ([f"[{', '.join(map(stages.element, also))}]"] if also else [])
    lines = [
        *_memory_read(stages),
        f"let {', '.join(['value = 0', 'check = 0', *(f'{name} = {EMPTY}' for name in stages.reasons.values())])};",
        *own,
        *_slopes(stages),
        f"if (check === 0 && value - value === 0 && finite(slopes)) return [{', '.join(parts)}];",
        "",
        *stages.failing(),
        *_memory(stages),
        *helpers,
        *FINITE.splitlines(),
        *ELEMENT.splitlines(),
        *(FAILURE.splitlines() if stages.reasons else []),
        *functions(sorted(stages.used)).splitlines(),
    ]
    numbers = ", ".join(number(x.data) for x in trace.parameters)
    arguments = ", ".join([*stages.inputs, *([f"p = [{numbers}]"] if numbers else [])])
    return "\n".join([f"function {stages.end}({arguments}) {{", *(f"  {line}" if line else "" for line in lines), "}"])


def _parted(stages: Sequence[Lines]) -> tuple[Lines, Lines]:
    """The lines of stages; if they are many, calls of functions, and these."""
    if _size(stages) <= LONGEST:
        return [line for lines in stages for line in lines], []
    parts: list[list[Lines]] = [[]]
    for lines in stages:
        if parts[-1] and _size([*parts[-1], lines]) > LONGEST:
            parts.append([])
        parts[-1].append(lines)
    names = [f"part{count}" for count in range(1, len(parts) + 1)]
    helpers: Lines = []
    for name, part in zip(names, parts, strict=True):
        helpers += [f"function {name}() {{", *(f"  {line}" for lines in part for line in lines), "}"]
    return [f"{name}();" for name in names], helpers


def _size(stages: Sequence[Lines]) -> int:
    return sum(len(line) for lines in stages for line in lines)


def _sizes(stages: Stages) -> tuple[dict[str, int], dict[str, int]]:
    """How long the arrays of values are, and those of adjoints."""
    values = {
        name: len(array) for array, name in stages.names.items() if name != "p" and array is not stages.found.constants
    }
    adjoints = {name: len(array) for array, name in stages.adjoints.items() if name != "dp"}
    return values, adjoints | ({"own": len(stages.own)} if stages.own else {})


def _memory_read(stages: Stages) -> Lines:
    """The lines that read the memory, and the inputs."""
    found, plan = stages.found, stages.plan
    values, adjoints = _sizes(stages)
    constants = [stages.names[found.constants]] if len(found.constants) else []
    has_slopes = found.parameters in plan.moving
    names = [*values, *adjoints, *(["slots"] if adjoints else []), *constants, *(["zeros"] if has_slopes else [])]
    names += ["order"] if stages.copied else []
    given = stages.names[found.inputs]
    lines = [f"const {{ {', '.join(names)} }} = {stages.end}.memory ??= memory();"]
    if len(stages.inputs) > FEW_INPUTS:
        lines.append(f"for (let i = 0; i < {len(stages.inputs)}; i++) {given}[i] = arguments[i];")
    elif stages.inputs:
        lines.append(" ".join(f"{given}[{k}] = {name};" for k, name in enumerate(stages.inputs)))
    if stages.copied:
        copies = stages.names[found.parameters]
        lines.append(f"for (let i = 0; i < {len(found.parameters)}; i++) {copies}[i] = p[order[i]];")
    lines += ["slots.fill(0);"] if adjoints else []
    return lines + (["const dp = zeros.slice();"] if has_slopes else [])


def _memory(stages: Stages) -> Lines:
    """The function that makes the memory."""
    found, trace = stages.found, stages.plan.trace
    values, adjoints = _sizes(stages)
    count, total = sum(values.values()), sum(adjoints.values())
    lines, start = [], 0
    for name, size in (values | adjoints).items():
        lines.append(f"{name}: room.subarray({start}, {start + size}),")
        start += size
    lines += [f"slots: room.subarray({count}, {count + total}),"] if total else []
    if len(found.constants):
        lines.append(f"{stages.names[found.constants]}: [{', '.join(map(number, found.constants.members))}],")
    if stages.copied:
        lines.append(f"order: [{', '.join(str(node - trace.inputs) for node in found.parameters.members)}],")
    made = [f"const room = new Float64Array({count + total});"]
    if found.parameters in stages.plan.moving:
        made += [
            "const zeros = [0.5];  // a number with a fraction first: an array of floats it stays",
            f"while (zeros.length < {len(trace.parameters)}) zeros.push(0);", "zeros[0] = 0;",
        ]  # fmt: skip
        lines.append("zeros,")
    return [
        "function memory() {",
        *(f"  {line}" for line in made),
        "  return {",
        *(f"    {x}" for x in lines),
        "  };",
        "}",
    ]


def _slopes(stages: Stages) -> Lines:
    """The lines that bring the derivatives together, in the order in which they are wanted."""
    plan, found = stages.plan, stages.found
    count = len(plan.trace.parameters)
    lines = []
    if stages.copied and found.parameters in plan.moving:
        copied = stages.adjoints[found.parameters]
        lines.append(f"for (let i = {len(found.parameters) - 1}; i >= 0; i--) dp[order[i]] += {copied}[i];")
    texts = []
    for name, start, many in runs(map(stages.slope, plan.wrt)):
        if start < 0:
            texts.append(name)
        elif many == 1:
            texts.append(f"{name}[{start}]")
        else:
            texts.append(f"...{name}.slice({start}, {start + many})")
    is_whole = texts == [f"...dp.slice(0, {count})"] or (count == 1 and texts == ["dp[0]"])
    return [*lines, f"const slopes = {'dp' if is_whole else '[' + ', '.join(texts) + ']'};"]
