"""The loops of `micro` for a single row, of which elements, or members, are in the lanes.

Forward, w[i, j] · x[j] has eight elements in the lanes. Back, d[i] · w[i, j] has eight of its members, the elements j;
a few rows of w are read from end to end, and on the way the slopes d[i] · x[j] of the same weights are written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from autograd.compiler.columns import LANES
from autograd.compiler.loops.emit import Function, Index, Rows
from autograd.compiler.loops.micro import Begin, Finish, Matrix, halfway, more, runs

AT_ONCE = 4  # rows of a matrix that are read at once; with eight, wide ones are in each other's way in the cache


class Outer(NamedTuple):
    """to[i, j] += d[i] · x[j], or = where it is the first."""

    d: Rows
    x: Rows
    to: Matrix
    is_first: bool

    def row(self, f: Function, i: Index, factor: str) -> Callable[[Index], None]:
        """What is done at an element j, of a row whose d is in all lanes."""
        place = self.to.row(f, i)

        def one(j: Index) -> None:
            at, x = place(j), f.loaded(f.place(self.x, j, 0))
            f.stored(f.multiplied(factor, x) if self.is_first else f.fma(factor, x, f.loaded(at)), at)

        return one

    def written(self, f: Function, shape: tuple[int, int], start: int = 0) -> None:
        """All i and j < shape, but for the elements before the start."""
        members, length = shape
        middle = length - (length - start) % LANES if self.is_wide else start

        def some(i: Index, start: int, stop: int, step: int) -> None:
            one = self.row(f, i, f.broadcast(f.place(self.d, i, 0)))
            f.loop(start, stop, step, lambda j, _: one(j))

        def member(i: Index, _: list[str]) -> None:
            if start < middle:
                with f.wide():
                    some(i, start, middle, LANES)
            if middle < length:
                some(i, middle, length, 1)

        if start < length:
            f.loop(0, members, 1, member)

    @property
    def is_wide(self) -> bool:
        """Whether eight elements lie side by side."""
        return self.to.dj == 1 and self.x.member == 1


def row_products(
    f: Function,
    shape: tuple[int, int],
    matrix: Matrix,
    x: Rows,
    begin: Begin,
    finish: Finish,
    out: Rows,
    exact: bool,
    side_by_side: bool,
    beside: Outer | None = None,
) -> None:
    """The same as `products` for a single row.

    side_by_side   eight members can be begun and finished at once
    beside         what is written on the way, going back: of the matrix as it is, where that is turned
    """
    members, length = shape
    one = _Row(f, matrix, x, exact)
    start = members // LANES * LANES if side_by_side and matrix.di == 1 else 0
    if start:
        one.down(start, length, begin, finish, out, beside if beside and beside.is_wide else None)
    if beside:
        beside.written(f, (length, members), start if beside.is_wide else 0)
    for first, stop, count in runs(members - start, 4):
        f.loop(start + first, start + stop, count, one.along(count, length, begin, finish))


class _Row(NamedTuple):
    """Products of a matrix with the vector of a single row."""

    f: Function
    matrix: Matrix
    x: Rows
    exact: bool

    def down(
        self, members: int, length: int, begin: Begin, finish: Finish, out: Rows, beside: Outer | None = None
    ) -> None:
        """Eight members in the lanes: a few rows of the matrix from end to end, then the next few."""
        f, lines = self.f, self.matrix.turned()

        def rows(first: Index, count: int, begin: Begin, finish: Finish) -> None:
            places = [f.plus(first, q) for q in range(count)]
            xs = [f.broadcast(f.place(self.x, j, 0)) for j in places]
            ws = [lines.row(f, j) for j in places]
            others = [beside.row(f, j, x) for j, x in zip(places, xs, strict=True)] if beside else []

            def some(i: Index, _: list[str]) -> None:
                z = begin(i, 0)
                for x, w in zip(xs, ws, strict=True):
                    z = more(f, z, f.loaded(w(i)), x, self.exact)
                finish(i, 0, z)
                for other in others:
                    other(i)

            f.loop(0, members, LANES, some)

        so_far, store = halfway(f, out)
        with f.wide():
            for start, stop, count in runs(length, AT_ONCE):
                first, last = start + count * (start == 0), stop - count * (stop == length)
                if start == 0:
                    rows(0, count, begin, finish if count == length else store)
                if first < last:
                    f.loop(first, last, count, lambda j, _, n=count: rows(j, n, so_far, store))  # type: ignore[misc]
                if stop == length and count < length:
                    rows(length - count, count, so_far, finish)

    def along(self, count: int, length: int, begin: Begin, finish: Finish) -> Callable[[Index, list[str]], None]:
        """Eight elements in the lanes, for so many members, along the rows of the matrix."""
        f = self.f

        def body(i: Index, _: list[str]) -> None:
            members = [f.plus(i, q) for q in range(count)]
            wholes = length // LANES * LANES if self.matrix.dj == 1 and self.x.member == 1 else 0
            step, sums = self._step(members, f.loaded), [f.constant(-0.0)] * count
            if wholes:
                with f.wide():
                    start = [(f.type, f.constant(-0.0))] * count
                    sums = [f.total(z) for z in f.loop(0, wholes, LANES, step, start)]
            if wholes < length:
                sums = f.loop(wholes, length, 1, step, [(f.type, z) for z in sums])
            for member, z in zip(members, sums, strict=True):
                finish(member, 0, f.added(begin(member, 0), z))

        return body

    def _step(self, members: list[Index], read: Callable[[str], str]) -> Callable[[Index, list[str]], list[str]]:
        """One product more for each member, of x as it is read."""
        f = self.f
        places = [self.matrix.row(f, member) for member in members]

        def step(j: Index, sums: list[str]) -> list[str]:
            x = read(f.place(self.x, j, 0))
            ws = [f.loaded(place(j)) for place in places]
            return [more(f, z, w, x, self.exact) for z, w in zip(sums, ws, strict=True)]

        return step
