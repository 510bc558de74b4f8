"""The two loops in which a layer's time goes: sums of products over a vector, and over rows.

A layer forward is z[i, row] = Σ w[i, j] · x[j, row] over j. Its micro-kernel holds six members times eight rows in
registers; for each j it loads eight numbers of x, and six of w, each of which it multiplies with all eight:

                rows of the block
                0 1 2 3 4 5 6 7
    x[j]      [ · · · · · · · · ]         The sums stay in registers over all j, and are stored once; a number
    w[i,   j] × z[i,   rows] += w · x     that was loaded is used six or eight times.
    w[i+1, j] × z[i+1, rows] += w · x
       …                                  Going back, the same kernel goes down the columns of w:
    w[i+5, j] × z[i+5, rows] += w · x     dx[j, row] = Σ w[i, j] · dz[i, row] over i.

The derivatives of the weights, dw[i, j] = Σ dz[i, row] · x[j, row] over rows, hold six members times eight elements,
for which x is turned: the eight elements of a row side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

from autograd.compiler.columns import LANES
from autograd.compiler.loops.emit import Function, Index, Rows

MEMBERS = 6  # of a micro-kernel
DEPTH = 512  # elements that are gone through before the next members: so much of x stays in fast memory
APART = 128  # numbers of a matrix that are further apart are first copied side by side


class Matrix(NamedTuple):
    """Numbers w[i, j] in memory: how far one i, and one j, is from the next."""

    pointer: str
    at: Index
    di: int
    dj: int

    def address(self, f: Function, i: Index, j: Index) -> str:
        """Where w[i, j] is."""
        return f.address(self.pointer, self.at, f.times(i, self.di), f.times(j, self.dj))

    def turned(self) -> Matrix:
        """The same with its columns as rows."""
        return self._replace(di=self.dj, dj=self.di)

    def row(self, f: Function, i: Index) -> Callable[[Index], str]:
        """Where w[i, j] is, for each j: what is the same for all is computed now."""
        start = self.address(f, i, 0)
        return lambda j: f.address(start, f.times(j, self.dj))


Begin = Callable[[Index, Index], str]  # what the sum of a member begins with, in a block of rows
Finish = Callable[[Index, Index, str], None]  # what is done with it


def products(
    f: Function,
    shape: tuple[int, int],
    matrix: Matrix,
    x: Rows,
    begin: Begin,
    finish: Finish,
    out: Rows,
    exact: bool,
    packed: str,
) -> None:
    """out[i, row] = begin(i, block) + Σ matrix[i, j] · x[j, row] over j, for all i, j < shape; `finish` stores each.

    exact    each product is rounded before it is added
    packed   room for DEPTH times MEMBERS numbers
    """
    (members, length), (so_far, store) = shape, halfway(f, out)
    for first in range(0, length, DEPTH):
        depth = first, min(first + DEPTH, length)
        for start, stop, count in runs(members, MEMBERS):
            kernel = _Kernel(f, matrix, x, depth, count, exact, packed)

            def through(i: Index, _: list[str], kernel: _Kernel = kernel) -> None:
                kernel.over_rows(
                    i, begin if kernel.depth[0] == 0 else so_far, finish if kernel.depth[1] == length else store
                )

            f.loop(start, stop, count, through)


def halfway(f: Function, out: Rows) -> tuple[Begin, Finish]:
    """How a sum goes on from the elements before, and is kept for those behind: in its own place."""
    return (
        lambda i, block: f.loaded(f.place(out, i, block)),
        lambda i, block, z: f.stored(z, f.place(out, i, block)),
    )


class _Kernel(NamedTuple):
    """The micro-kernel for so many members, over a part of the elements."""

    f: Function
    matrix: Matrix
    x: Rows
    depth: tuple[int, int]
    width: int
    exact: bool
    packed: str

    def over_rows(self, i: Index, begin: Begin, finish: Finish) -> None:
        """Member i and those after it, for all rows of the tile."""
        f, at_once = self.f, max(1, 4 // self.width)  # few members: several blocks, so that the processor need not wait
        matrix, i_of = self._packed(i)

        def some(block: Index, blocks: int) -> None:
            self._tile(
                matrix,
                i_of,
                [f.plus(i, q) for q in range(self.width)],
                [f.plus(block, r) for r in range(blocks)],
                begin,
                finish,
            )

        if at_once == 1:
            f.loop(0, f.blocks, 1, lambda block, _: some(block, 1))
            return
        wholes = f.emit(f"and i64 {f.blocks}, {-at_once}")
        f.when(
            f.emit(f"icmp ne i64 {wholes}, 0"),
            lambda: f.loop(0, wholes, at_once, lambda block, _: some(block, at_once)),
        )
        f.when(
            f.emit(f"icmp ult i64 {wholes}, {f.blocks}"),
            lambda: f.loop(wholes, f.blocks, 1, lambda block, _: some(block, 1)),
        )

    def _packed(self, i: Index) -> tuple[Matrix, Index]:
        """The members' numbers, and the first: copied side by side where each would lie on a page of its own."""
        f, matrix, (first, last) = self.f, self.matrix, self.depth
        if matrix.dj < APART or last - first < 32 or self.width == 1:
            return matrix, i

        def one(j: Index, _: list[str]) -> None:
            to = f.times(f.plus(j, -first), self.width)
            for q in range(self.width):
                number = f.emit(f"load double, ptr {matrix.address(f, f.plus(i, q), j)}, align 8")
                f.do(f"store double {number}, ptr {f.address(self.packed, to, q)}, align 8")

        f.loop(first, last, 1, one)
        return Matrix(self.packed, -first * self.width, 1, self.width), 0

    def _tile(
        self,
        matrix: Matrix,
        i: Index,
        members: list[Index],
        blocks: list[Index],
        begin: Begin,
        finish: Finish,
    ) -> None:
        f, pairs = self.f, [(q, r) for q in range(self.width) for r in range(len(blocks))]
        w_at = [matrix.row(f, f.plus(i, q)) for q in range(self.width)]
        x_at = [f.members(self.x, block) for block in blocks]

        def step(j: Index, sums: list[str]) -> list[str]:
            for ahead in range(unrolled):
                at = f.plus(j, ahead)
                xs = [f.loaded(place(at)) for place in x_at]
                ws = [f.broadcast(place(at)) for place in w_at]
                sums = [more(f, z, ws[q], xs[r], self.exact) for (q, r), z in zip(pairs, sums, strict=True)]
            return sums

        first, last = self.depth
        unrolled = 2 if (last - first) % 2 == 0 else 1
        begun = [(f.type, begin(members[q], blocks[r])) for q, r in pairs]
        for (q, r), z in zip(pairs, f.loop(first, last, unrolled, step, begun), strict=True):
            finish(members[q], blocks[r], z)


def more(f: Function, before: str, w: str, x: str, exact: bool) -> str:
    """A sum and one product more."""
    return f.added(before, f.multiplied(w, x)) if exact else f.fma(w, x, before)


def turned(f: Function, x: Rows, length: int, to: str, room: int) -> None:
    """The elements of x, those of a row side by side: runs of eight elements, in each row after row.

    Where the last run is short, it repeats the last element.
    """

    def run(first: Index, elements: list[Index], target: Index) -> None:
        def block(block: Index, _: list[str]) -> None:
            columns = [f.loaded(f.place(x, f.plus(first, element), block)) for element in elements]
            for row, vector in enumerate(_transposed(f, columns)):
                f.stored(vector, f.address(to, target, f.times(block, LANES * LANES), row * LANES))

        f.loop(0, f.blocks, 1, block)

    wholes = length // LANES
    if wholes:
        f.loop(0, wholes, 1, lambda k, _: run(f.times(k, LANES), list(range(LANES)), f.times(k, room)))
    if length % LANES:
        run(wholes * LANES, [min(element, length % LANES - 1) for element in range(LANES)], wholes * room)


def _transposed(f: Function, vectors: list[str]) -> list[str]:
    """Eight vectors of eight as columns instead of rows."""
    for distance in (1, 2, 4):
        found = list(vectors)
        for index in range(LANES):
            if not index & distance:
                a, b = vectors[index], vectors[index | distance]
                low = [lane if not lane & distance else LANES + lane - distance for lane in range(LANES)]
                high = [lane + distance if not lane & distance else LANES + lane for lane in range(LANES)]
                found[index], found[index | distance] = f.shuffled(a, b, low), f.shuffled(a, b, high)
        vectors = found
    return vectors


def outer(f: Function, shape: tuple[int, int], d: Rows, x: str, room: int, to: Matrix) -> None:
    """to[i, j] += Σ d[i, row] · x[j, row] over the rows of the tile, for all i, j < shape, of x turned."""
    members, length = shape

    def tile(i: Index, count: int, k: Index, elements: int) -> None:
        def block(block: Index, sums: list[str]) -> list[str]:
            for row in range(LANES):
                vector = f.loaded(f.address(x, f.times(k, room), f.times(block, LANES * LANES), row * LANES))
                factors = [f.broadcast(f.place(d, f.plus(i, q), block, row)) for q in range(count)]
                sums = [f.fma(factor, vector, before) for factor, before in zip(factors, sums, strict=True)]
            return sums

        found = f.loop(0, f.blocks, 1, block, [(f.type, f.constant(0.0))] * count)
        for q, sums in enumerate(found):
            member, first = f.plus(i, q), f.times(k, LANES)
            if to.dj == 1 and elements == LANES:
                f.add_vector(sums, to.address(f, member, first))
                continue
            for lane in range(elements):
                number = f.emit(f"extractelement {f.type} {sums}, i32 {lane}")
                f.add_number(number, to.address(f, member, f.plus(first, lane)))

    def all_members(first: int, last: int, elements: int) -> None:
        for start, stop, count in runs(members, MEMBERS):

            def member(i: Index, _: list[str], count: int = count) -> None:
                f.loop(first, last, 1, lambda k, _: tile(i, count, k, elements))

            f.loop(start, stop, count, member)

    wholes = length // LANES
    if wholes:
        all_members(0, wholes, LANES)
    if length % LANES:
        all_members(wholes, wholes + 1, length % LANES)


def few_outer(f: Function, shape: tuple[int, int], d: Rows, x: Rows, to: Matrix) -> None:
    """The same where there are few of both: rows in the lanes, of which the sum is taken at the end."""
    members, length = shape

    def tile(i: Index, high: int, j: Index, wide: int) -> None:
        pairs = [(f.plus(i, q), f.plus(j, r)) for q in range(high) for r in range(wide)]

        def block(block: Index, sums: list[str]) -> list[str]:
            ds = [f.loaded(f.place(d, f.plus(i, q), block)) for q in range(high)]
            xs = [f.loaded(f.place(x, f.plus(j, r), block)) for r in range(wide)]
            factors = itertools.product(ds, xs)
            return [f.fma(*pair, before) for pair, before in zip(factors, sums, strict=True)]

        found = f.loop(0, f.blocks, 1, block, [(f.type, f.constant(0.0))] * len(pairs))
        for pair, sums in zip(pairs, found, strict=True):
            f.add_number(f.total(sums), to.address(f, *pair))

    def through(i: Index, high: int, run: tuple[int, int, int]) -> None:
        f.loop(run[0], run[1], run[2], lambda j, _: tile(i, high, j, run[2]))

    for run in runs(length, MEMBERS):
        for start, stop, high in runs(members, MEMBERS // run[2]):
            f.loop(start, stop, high, lambda i, _, high=high, run=run: through(i, high, run))  # type: ignore[misc]


def runs(count: int, most: int) -> list[tuple[int, int, int]]:
    """A number of members cut evenly: (start, stop, step) with steps of at most so many.

    >>> runs(16, 6), runs(12, 6), runs(3, 6)
    ([(0, 6, 6), (6, 16, 5)], [(0, 12, 6)], [(0, 3, 3)])
    """
    if not count:
        return []
    parts = -(-count // most)
    size, longer = divmod(count, parts)
    middle = longer * (size + 1)
    return [(start, stop, step) for start, stop, step in ((0, middle, size + 1), (middle, count, size)) if start < stop]
