"""Expressions of NumPy with names for their axes: i counts members, j the elements of their vectors, r rows.

>>> a, x = Term("a", "ij"), Term("x", "jr")
>>> product(a, x, "ir")
Term(text='a @ x', axes='ir')
>>> product(Term("d", "ir"), x, "ij").text, product(Term("d", "ir"), x, "j").text
('d @ x.T', 'x @ d.sum(axis=0)')
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.compiler.groups.arrays import Access, Array, Group, Segment, runs
from autograd.compiler.groups.plan import Plan

AXES = "ijr"


class Term(NamedTuple):
    """An expression, and what its axes are."""

    text: str
    axes: str

    @property
    def atom(self) -> str:
        """The text such that it can be a part of another."""
        return f"({self.text})" if isinstance(ast.parse(self.text, mode="eval").body, ast.BinOp) else self.text

    def over(self, axes: str) -> Term:
        """The sum over all axes but these."""
        gone = [index for index, axis in enumerate(self.axes) if axis not in axes]
        if not gone:
            return self
        left = "".join(axis for axis in self.axes if axis in axes)
        which = f"axis={gone[0] if len(gone) == 1 else tuple(gone)}" if left else ""
        return Term(f"{self.atom}.sum({which})", left)

    def along(self, axes: str) -> str:
        """The text, with an axis of length 1 in the place of each that is missing behind its first one."""
        start = axes.index(self.axes[0]) if self.axes else len(axes)
        parts = [":" if axis in self.axes else "None" for axis in axes[start:]]
        return f"{self.atom}[{', '.join(parts)}]" if "None" in parts else self.atom

    def as_term(self, axes: str) -> str:
        """The same, if it is to be a term of a sum."""
        return self.text if self.axes == axes else self.along(axes)


class Part(NamedTuple):
    """A part of an array: what follows its name, the axes but that of the rows, and whether it has a member twice."""

    text: str
    axes: str
    twice: str = ""  # the name of an array of indices with repetitions


def product(x: Term, y: Term, axes: str) -> Term:
    """The product of two terms, summed over all axes but these."""
    x = x.over(axes + y.axes)
    y = y.over(axes + x.axes)
    both = [axis for axis in x.axes if axis in y.axes]
    gone = [axis for axis in both if axis not in axes]
    left = "".join(axis for axis in AXES if axis in axes and axis in x.axes + y.axes)
    if not gone:
        return Term(f"{x.along(left)} * {y.along(left)}", left)
    if len(both) > 1 or max(len(x.axes), len(y.axes)) > 2:
        return Term(f"einsum({f'{x.axes},{y.axes}->{left}'!r}, {x.text}, {y.text})", left)
    if left[:1] and left[0] not in x.axes:
        x, y = y, x
    first = x.atom if x.axes[-1] == gone[0] else f"{x.atom}.T"
    second = y.atom if y.axes[0] == gone[0] else f"{y.atom}.T"
    return Term(f"{first} @ {second}", left)


def block(access: Access, members: int, length: int, rows: bool) -> str | None:
    """What follows an array's name for a view of a matrix in it; None where there is no such view."""
    array, base, di, dj = access
    if di > (length - 1) * dj >= 0 < dj:
        (outer, count), (inner, many), turned = (di, members), (dj, length), ""
    elif dj > (members - 1) * di >= 0 < di:
        (outer, count), (inner, many) = (dj, length), (di, members)
        turned = ".swapaxes(0, 1)" if rows else ".T"
    else:
        return None
    start = min(base, len(array) - count * outer)
    offset = base - start
    stop = offset + (many - 1) * inner + 1
    if start < 0 or stop > outer:
        return None
    text = "" if count * outer == len(array) else f"[{start}:{start + count * outer}]"
    text += f".reshape({count}, {outer}{', rows' if rows else ''})"
    if (offset, inner, stop) != (0, 1, outer):
        text += f"[:, {offset}:{stop}{f':{inner}' if inner > 1 else ''}]"
    return text + turned


def line(indices: Sequence[int], size: int) -> str | None:
    """What follows an array's name for evenly spaced elements of it, nothing if these are all; None for others."""
    first, step = indices[0], indices[1] - indices[0] if len(indices) > 1 else 1
    if step == 0 or any(index != first + step * count for count, index in enumerate(indices)):
        return None
    if (first, step, len(indices)) == (0, 1, size):
        return ""
    stop = indices[-1] + (1 if step > 0 else -1)
    return f"[{first}:{stop if stop >= 0 else ''}{f':{step}' if step != 1 else ''}]"


class Arrays:
    """The arrays of a plan: their names, their axes, and which parts of them are read.

    arrays   the numbers of those that are made once, by their names
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.found = found = plan.grouped
        self.arrays: dict[str, list[Any]] = {}
        self.is_copied = len(found.parameters) > len(plan.trace.parameters)
        if self.is_copied:
            self.arrays["copies"] = [node - plan.trace.inputs for node in found.parameters.members]
        if len(found.constants):
            self.arrays["k"] = [*found.constants.members]
        self.numbers = {stage: number for number, stage in enumerate(found.stages, 1)}
        self.names: dict[Array, str] = {found.inputs: "x", found.parameters: "p", found.constants: "k"}
        self.names |= {stage: f"v{number}" for stage, number in self.numbers.items()}
        self._parts: dict[tuple[Group, str], tuple[Array, Part]] = {}
        self._indices: dict[str, str] = {}

    def adjoint(self, array: Array) -> str:
        """The name of an array's adjoint."""
        return f"d{self.names[array].removeprefix('v')}"

    def has_rows(self, array: Array) -> bool:
        """Whether an array's adjoint has rows."""
        return array in self.plan.varying and array is not self.found.inputs

    def axes(self, group: Group) -> str:
        """The axes of what a group computes, of which a single member is taken out."""
        return ("i" if len(group) > 1 else "") + ("r" if group in self.plan.varying else "")

    def shape(self, array: Array) -> str:
        """The shape of an array."""
        return f"({len(array)}, rows)" if array in self.plan.varying else str(len(array))

    def element(self, node: int) -> str:
        """One member of an array."""
        array, index = self.found.place(node)
        return f"{self.names[array]}[{index}]"

    def elements(self, segment: Segment) -> str:
        """What a segment reads, as arguments."""
        texts = []
        for array, start, count in runs(map(self.found.place, segment.reads)):
            name = self.names[array]
            texts.append(f"*{name}[{start}:{start + count}]" if count > 1 else f"{name}[{start}]")
        return ", ".join(texts)

    def part(self, group: Group, letter: str) -> tuple[Array, Part]:
        """The array that the members read for a letter, and which part of it."""
        if (group, letter) not in self._parts:
            access = group.operands[group.row.letters.index(letter)]
            assert isinstance(access, Access)
            self._parts[group, letter] = access.array, self._part(group, letter, access)
        return self._parts[group, letter]

    def _part(self, group: Group, letter: str, access: Access) -> Part:
        array, base, di, dj = access
        members = range(len(group) if di else 1)
        if letter not in group.row.vectors or (dj == 0 and self._is_one(group, letter)):
            is_same = len(members) == 1
            return Part(f"[{base}]", "") if is_same else self.line([base + di * i for i in members], array)
        elements = [base + dj * j for j in range(group.length)]
        if len(members) == 1:
            return self.line(elements, array, "j")
        text = block(access, len(group), group.length, array in self.plan.varying)
        if text is not None:
            return Part(text, "ij")
        return self._indexed([[first + di * i for first in elements] for i in members], "ij")

    def _is_one(self, group: Group, letter: str) -> bool:
        """Whether the one element that is all of a vector need not be repeated: the other vector says how often."""
        if letter == "a" and group.name == "dot":
            other = group.operands[1]
            return isinstance(other, Access) and other.dj != 0
        return letter == "b"

    def line(self, indices: Sequence[int], array: Array, axis: str = "i") -> Part:
        """Members one after the other: a slice, if they are evenly spaced."""
        text = line(indices, len(array))
        return self._indexed(indices, axis) if text is None else Part(text, axis)

    def _indexed(self, indices: Sequence[Any], axes: str) -> Part:
        """An array of indices, made once."""
        name = self._indices.setdefault(str(indices), f"at{len(self._indices) + 1}")
        self.arrays[name] = [*indices]
        flat = [index for row in indices for index in row] if len(axes) > 1 else indices
        return Part(f"[{name}]", axes, name if len(set(flat)) < len(flat) else "")
