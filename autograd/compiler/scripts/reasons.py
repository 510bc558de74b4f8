"""What a script says where it fails: the first operation whose result is not finite, with its operands.

>>> print(FAILURE.splitlines()[0])
// The first of these that is not finite, and where it is defined, or else that its result is too large.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograd.compiler.groups.arrays import Access, Array, Group
from autograd.compiler.scripts.arrays import index
from autograd.compiler.scripts.language import quoted
from autograd.compiler.trace import Step
from autograd.reading.graph import applied
from autograd.table.expression import Expression, Name, Number, to_text

FAILURE = """\
// The first of these that is not finite, and where it is defined, or else that its result is too large.
function failure(found) {
  for (const [what, y, given, where] of found) {
    if (y - y === 0) continue;
    const at = given.length ? ": " + given.map(([name, x]) => `${name} = ${x}`).join(", ") : "";
    return where ? `${what}${at} is outside the domain (${where})` : `${what}${at}: the result is ${y}`;
  }
  return "";
}
"""
ELEMENT = """\
// The same of arrays: the first element that is not finite.
function element(found) {
  for (const [name, numbers, what, where] of found) {
    const i = numbers.findIndex((y) => y - y !== 0);
    if (i < 0) continue;
    const why = where ? ` is outside the domain (${where})` : `: the result is ${numbers[i]}`;
    return `${name}[${i}] = ${what(i)}${why}`;
  }
  return "";
}
"""
MISSING = " does not exist there, or is too large"
OTHERWISE = quoted(f"a derivative on the way{MISSING}")


def group_entry(group: Group, names: Mapping[Array, str]) -> str:
    """A group as `element` takes it, given the names of its array and of those that it reads."""
    row = group.row
    if row.vectors:
        return f'["{names[group]}", {names[group]}, () => "{row.name}(...)", {quoted(row.domain)}]'
    told, given = {}, []
    for letter, operand in zip(row.letters, group.operands, strict=True):
        if isinstance(operand, Access):
            told[letter] = f"{names[operand.array]}[${{{index(operand, 'i')}}}]"
            given.append(f"{told[letter]} = ${{{names[operand.array]}[{index(operand, 'i')}]}}")
        else:
            told[letter] = to_text(Number(operand))
    plain = to_text(applied(row, [Name(letter) for letter in row.letters]))
    what = re.sub(r"\b[a-d]\b", lambda found: told[found[0]], plain)
    where = quoted(re.sub(r"\b[a-d]\b", lambda found: "its operand" if found[0] in told else found[0], row.domain))
    return f'["{names[group]}", {names[group]}, (i) => `{what}: {", ".join(given)}`, {where}]'


def entry(step: Step, labels: Sequence[str], y: str, operands: Sequence[str]) -> str:
    """An operation as `failure` takes it, given what its result and its operands are written as in the script."""
    row, of = step.kernel.row, step.operands
    shown = [labels[x] if type(x) is int else to_text(Number(x)) for x in of]
    if row.vectors:
        return f"[{quoted(f'{row.name}(...)')}, {y}, [], {quoted(row.domain)}]"
    parts: list[Expression] = [Name(labels[x]) if type(x) is int else Number(x) for x in of]
    told = {letter: text for letter, text, x in zip(row.letters, shown, of, strict=True) if type(x) is int}
    where = quoted(re.sub(r"\b[a-d]\b", lambda found: told.get(found[0], found[0]), row.domain))
    if row.name in ("div", "pow"):  # which may also overflow
        zero = operands[row.name == "div"]
        where = f'{y} !== {y} || {zero} === 0 ? {where} : ""'
    given = {told[letter]: text for letter, text in zip(row.letters, operands, strict=True) if letter in told}
    pairs = ", ".join(f"[{quoted(name)}, {text}]" for name, text in given.items())
    return f"[{quoted(to_text(applied(row, parts)))}, {y}, [{pairs}], {where}]"


def plain(what: str, y: str) -> str:
    """A number as `failure` takes it."""
    return f'[{quoted(what)}, {y}, [], ""]'
