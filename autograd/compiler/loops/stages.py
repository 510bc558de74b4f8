"""What each kind of stage does, forward and back, in LLVM: sums of products, other groups, gathers and segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd.compiler.columns import LANES
from autograd.compiler.groups.arrays import REDUCED, Access, Array, Gather, Group, Segment, Stage
from autograd.compiler.groups.plan import ADJOINT, RESULT, Member, factor
from autograd.compiler.loops.emit import Flat, Function, Index, Rows
from autograd.compiler.loops.micro import Matrix, few_outer, outer, products, turned
from autograd.compiler.loops.panels import VALUE, Panels, Where, along, contribute, seed
from autograd.compiler.loops.single import Outer, row_products
from autograd.compiler.program import Program
from autograd.table.expression import Expression, Number

FEW = 8  # elements of a vector for which x need not be turned


def forward(p: Panels, f: Function, stage: Stage) -> None:
    """Compute the values of a stage."""
    if isinstance(stage, Group):
        (_sums_forward if stage.name in REDUCED else _map_forward)(p, f, stage)
    elif isinstance(stage, Segment):
        _segment_forward(p, f, stage)
    else:
        _gather_forward(p, f, stage)


def backward(p: Panels, f: Function, stage: Stage) -> None:
    """Contribute to the adjoints of what a stage reads."""
    if isinstance(stage, Group):
        (_sums_backward if stage.name in REDUCED else _map_backward)(p, f, stage)
    elif isinstance(stage, Segment):
        _segment_backward(p, f, stage)
    else:
        _gather_backward(p, f, stage)


# Sums of products.


class _Product(NamedTuple):
    """A sum of products whose one factor is a matrix, the same for all rows, and the other a vector for all members.

    The elements of the vector are different numbers, as each gets an adjoint of its own.
    """

    matrix: Access
    x: Access


def _product(p: Panels, group: Group) -> _Product | None:
    operands = [operand for operand in group.operands[: REDUCED[group.name]] if isinstance(operand, Access)]
    for matrix, x in (operands, operands[::-1]) if len(operands) == 2 else ():
        is_vector = x.di == 0 and (x.dj != 0 or group.length == 1)
        if isinstance(p.values[matrix.array], Flat) and isinstance(p.values[x.array], Rows) and is_vector:
            return _Product(matrix, x)
    return None


def _matrix(p: Panels, access: Access) -> Matrix:
    where = p.values[access.array]
    assert isinstance(where, Flat)
    return Matrix(where.pointer, where.at + access.base, access.di, access.dj)


def _sums_forward(p: Panels, f: Function, group: Group) -> None:
    out = p.rows(group)
    last = group.operands[-1] if group.name == "dot" else -0.0
    ends = not group.starts and str(last) != "-0.0"  # which changes no sum

    def begin(i: Index, block: Index) -> str:
        return p.element(f, last, i, 0, block) if group.starts else f.constant(-0.0)

    within = p.within.get(group)
    member = None if within is None else p.plan.member(within)

    def finish(i: Index, block: Index, z: str) -> None:
        z = f.added(z, p.element(f, last, i, 0, block)) if ends else z
        f.stored(z, f.place(out, i, block))
        if within is not None and member is not None:
            (name,) = member.names.values()
            f.stored(f.evaluated(member.builder, {name: z}, [member.value])[0], f.place(p.rows(within), i, block))

    found, shape = _product(p, group), (len(group), group.length)
    if found:
        x = along(f, p.rows(found.x.array), found.x)
        if p.block > 1:
            products(f, shape, _matrix(p, found.matrix), x, begin, finish, out, not p.fast, p.packed(f))
        else:
            side_by_side = not isinstance(last, Access) or last.di in (0, 1)
            row_products(f, shape, _matrix(p, found.matrix), x, begin, finish, out, not p.fast, side_by_side)
        return
    factors = group.operands[: REDUCED[group.name]]

    def sum_of(i: Index, block: Index) -> None:
        def term(j: Index) -> str:
            a, *b = (p.element(f, operand, i, j, block, along_j=True) for operand in factors)
            return f.multiplied(a, b[0]) if b else a

        steps = [access.dj for access in factors if isinstance(access, Access)]
        finish(i, block, p.summed(f, group.length, steps, term, begin(i, block)))

    f.loop(0, f.blocks, 1, lambda block, _: f.loop(0, len(group), 1, lambda i, _: sum_of(i, block)))


def _sums_backward(p: Panels, f: Function, group: Group) -> None:
    adjoint, found, shape = p.adjoint_rows(group), _product(p, group), (len(group), group.length)
    operands = dict(zip(group.row.letters, group.operands, strict=True))
    accesses = {letter: operands[letter] for letter in p.plan.letters(group)}
    outer_ = None
    if found and found.matrix in accesses.values():
        outer_ = _outer(p, f, shape, found, adjoint)
        if p.block > 1 or found.x not in accesses.values():
            _weights_backward(p, f, shape, outer_)
    for letter, access in accesses.items():
        assert isinstance(access, Access)
        if found and access is found.x:
            _inputs_backward(p, f, shape, found, adjoint, outer_)
        elif not found or access is not found.matrix:
            other = operands.get(factor(group, letter) or "")
            length = group.length if letter in group.row.vectors else 0

            def term(i: Index, j: Index, block: Index, other: Access | float | None = other, n: int = length) -> str:
                d = p.at(f, adjoint, i, block, 0 if n else 1)
                return d if other is None else f.multiplied(d, p.element(f, other, i, j, block, along_j=True))

            contribute(p, f, access, (len(group), length), [other] if isinstance(other, Access) else [], term)


def _outer(p: Panels, f: Function, shape: tuple[int, int], found: _Product, d: Rows) -> Outer:
    """What is to be added to the derivatives of the matrix."""
    to, _ = p.target(f, found.matrix.array, False)
    place_ = Matrix(to.pointer, f.plus(to.at, found.matrix.base), found.matrix.di, found.matrix.dj)
    return Outer(d, along(f, p.rows(found.x.array), found.x), place_, p.begins(found.matrix, *shape))


def _weights_backward(p: Panels, f: Function, shape: tuple[int, int], found: Outer) -> None:
    """Add d · x, summed over the rows, to the derivatives of the matrix."""
    d, x, to, _ = found
    members, length = shape
    if p.block == 1:
        found.written(f, shape)
    elif length < FEW or members < 3:
        few_outer(f, shape, d, x, to)
    else:
        room = p.tile * LANES
        at = f.address("%work", p.room(-(-length // LANES) * room))
        turned(f, x, length, at, room)
        outer(f, shape, d, at, room, to)


def _inputs_backward(
    p: Panels, f: Function, shape: tuple[int, int], found: _Product, d: Rows, beside: Outer | None
) -> None:
    """Add d · matrix, summed over the members, to the adjoints of x."""
    members, length = shape
    matrix = _matrix(p, found.matrix).turned()
    within = _passed_on(p, found.x, length)
    if within is None:
        to, is_first = p.target(f, found.x.array, length == len(found.x.array) and abs(found.x.dj) == 1)
    else:
        to, is_first = p.adjoints[within], True
        slope = _slope(p, f, within)
    assert isinstance(to, Rows)
    out = along(f, to, found.x)

    def begin(j: Index, block: Index) -> str:
        return f.constant(-0.0) if is_first else f.loaded(f.place(out, j, block))

    def finish(j: Index, block: Index, z: str) -> None:
        slope(j, block, z) if within else f.stored(z, f.place(out, j, block))

    if p.block > 1:
        products(f, (length, members), matrix, d, begin, finish, out, False, p.packed(f))
    else:
        row_products(f, (length, members), matrix, d, begin, finish, out, False, out.member == 1, beside)


def _passed_on(p: Panels, x: Access, length: int) -> Group | None:
    """The group that x is the whole of, if nobody else reads it and its own contribution can be made at once."""
    group = x.array
    if not isinstance(group, Group) or group not in p.within.values() or group in p.written or p.readers[group] != 1:
        return None
    return group if x[1:] == (0, 0, 1) and length == len(group) and p.plan.member(group).slopes else None


def _slope(p: Panels, f: Function, group: Group) -> Callable[[Index, Index, str], None]:
    """What a group within a loop contributes, given its adjoint."""
    member = p.plan.member(group)
    ((letter, wanted),) = member.slopes.items()
    access = group.operands[group.row.letters.index(letter)]
    assert isinstance(access, Access)
    to, is_first = p.target(f, access.array, True)
    p.done.add(group)

    def contributed(i: Index, block: Index, adjoint: str) -> None:
        known: dict[Expression, str] = {ADJOINT: adjoint}
        known[member.names[letter]] = p.at(f, p.values[access.array], i, block)
        known[RESULT] = p.at(f, p.values[group], i, block)
        slope = f.evaluated(member.builder, known, [wanted])[0]
        assert isinstance(to, Rows)
        at = f.place(to, i, block)
        f.stored(slope if is_first else f.added(f.loaded(at), slope), at)

    return contributed


# Other operations.


def _map_forward(p: Panels, f: Function, group: Group) -> None:
    member, out = p.plan.member(group), p.rows(group)
    operands = dict(zip(group.row.letters, group.operands, strict=True))

    def one(i: Index, block: Index) -> str | None:
        known = {name: p.element(f, operands[letter], i, 0, block) for letter, name in member.names.items()}
        value, check = f.evaluated(member.builder, known, [member.value, member.check])
        f.stored(value, f.place(out, i, block))
        return None if isinstance(member.check, Number) else check

    f.loop(0, f.blocks, 1, lambda block, _: _check(p, f, block, _over(p, f, group, lambda i: one(i, block))))


def _map_backward(p: Panels, f: Function, group: Group) -> None:
    member = p.plan.member(group)
    operands = dict(zip(group.row.letters, group.operands, strict=True))
    reads = [operand for operand in group.operands if isinstance(operand, Access)]
    for letter, slope in member.slopes.items():
        access = operands[letter]
        assert isinstance(access, Access)

        def term(i: Index, j: Index, block: Index, slope: Expression = slope) -> str:
            return _back(p, f, group, member, slope, i, block)

        contribute(p, f, access, (len(group), 0), reads, term)
    if not isinstance(member.doubt, Number):

        def doubts(block: Index, _: list[str]) -> None:
            found = _over(p, f, group, lambda i: _back(p, f, group, member, member.doubt, i, block))
            _check(p, f, block, found)

        f.loop(0, f.blocks, 1, doubts)


def _back(p: Panels, f: Function, group: Group, member: Member, wanted: Expression, i: Index, block: Index) -> str:
    """What a member computes going back."""
    operands = dict(zip(group.row.letters, group.operands, strict=True))
    known = {name: p.element(f, operands[letter], i, 0, block) for letter, name in member.names.items()}
    known[RESULT] = p.at(f, p.values[group], i, block, 1)
    known[ADJOINT] = p.at(f, p.adjoints[group], i, block, 1)
    return f.evaluated(member.builder, known, [wanted])[0]


def _over(p: Panels, f: Function, group: Group, body: Callable[[Index], str | None]) -> str | None:
    return p.over(f, len(group), [operand.di for operand in group.operands if isinstance(operand, Access)], body)


def _check(p: Panels, f: Function, block: Index, found: str | None) -> None:
    """Add to the check of each row."""
    if found is not None:
        f.add_vector(found, f.place(p.check, 0, block))


# Gathers and segments.


def _gather_forward(p: Panels, f: Function, gather: Gather) -> None:
    out = p.rows(gather)

    def row(block: Index, _: list[str]) -> None:
        for index, (array, source) in enumerate(gather.sources):
            f.stored(p.at(f, p.values[array], source, block), f.place(out, index, block))

    f.loop(0, f.blocks, 1, row)


def _gather_backward(p: Panels, f: Function, gather: Gather) -> None:
    adjoint = p.adjoint_rows(gather)
    for index, (array, source) in enumerate(gather.sources):
        if array in p.plan.moving:

            def term(i: Index, j: Index, block: Index, index: int = index) -> str:
                return f.loaded(f.place(adjoint, index, block))

            contribute(p, f, Access(array, source), (1, 0), [], term)


def _segment_forward(p: Panels, f: Function, segment: Segment) -> None:
    program, out = p.plan.forward(segment), p.rows(segment)

    def row(block: Index, _: list[str]) -> None:
        known = _read(p, f, segment, program, block)
        *values, check = f.evaluated(program.builder, known, [*program.also, program.check])
        for index, value in enumerate(values):
            f.stored(value, f.place(out, index, block))
        _check(p, f, block, None if isinstance(program.check, Number) else check)

    f.loop(0, f.blocks, 1, row)


def _segment_backward(p: Panels, f: Function, segment: Segment) -> None:
    program, nodes, seeds = p.plan.backward(segment)
    is_final = segment is p.plan.final
    targets = _targets(p, f, segment, nodes)
    summed = [index for index, target in enumerate(targets) if isinstance(target, str)]
    at = f.address("%work", VALUE)

    def row(block: Index, sums: list[str]) -> list[str]:
        known = _read(p, f, segment, program, block)
        rows = seed(f, block)
        for index, name in enumerate(seeds):
            known[name] = rows if is_final else p.at(f, p.adjoints[segment], index, block)
        members = [program.nodes[segment.number[node]] for node in segment.members] if is_final else []
        found = f.evaluated(program.builder, known, [*program.gradients, program.check, program.value, *members])
        slopes, (check, value, *values) = found[: len(nodes)], found[len(nodes) :]
        for target, slope in zip(targets, slopes, strict=True):
            if not isinstance(target, str):
                address = f.place(target.rows, target.member, block)
                f.stored(slope if target.is_first else f.added(f.loaded(address), slope), address)
        _check(p, f, block, None if isinstance(program.check, Number) else check)
        for index, vector in enumerate(values):
            f.stored(vector, f.place(p.rows(segment), index, block))
        new = [f.added(before, slopes[index]) for before, index in zip(sums, summed, strict=False)]
        return [*new, f.added(sums[-1], f.multiplied(value, rows))] if is_final else new

    carried = [(f.type, f.constant(-0.0))] * len(summed) + ([(f.type, f.loaded(at))] if is_final else [])
    found = f.loop(0, f.blocks, 1, row, carried)
    for vector, index in zip(found, summed, strict=False):
        f.add_number(f.total(vector), str(targets[index]))
    if is_final:
        f.stored(found[-1], at)


class _Target(NamedTuple):
    """Where the derivative with respect to a node goes, and whether it is the first there."""

    rows: Rows
    member: int
    is_first: bool


def _targets(p: Panels, f: Function, segment: Segment, nodes: Sequence[int]) -> list[_Target | str]:
    """Where the derivatives with respect to nodes go; a text is the address of a sum over the rows."""
    arrays: dict[Array, tuple[Where, bool]] = {}
    found: list[_Target | str] = []
    for node in nodes:
        if node in segment.nodes:
            found.append(f.address("%sums", p.slot[node]))
            continue
        array, index = p.plan.grouped.place(node)
        if array not in arrays:
            arrays[array] = p.target(f, array, set(array.members) <= set(nodes))
        to, is_first = arrays[array]
        if isinstance(to, Flat):
            p.marks[index] = p.marks[index] or 2
        found.append(_Target(to, index, is_first) if isinstance(to, Rows) else f.address(to.pointer, to.at, index))
    return found


def _read(p: Panels, f: Function, segment: Segment, program: Program, block: Index) -> dict[Expression, str]:
    """What a segment reads, in a block of rows."""
    places = map(p.plan.grouped.place, segment.reads)
    pairs = zip(program.inputs, places, strict=True)
    return {name: p.at(f, p.values[array], index, block) for name, (array, index) in pairs}
