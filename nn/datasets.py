"""Small data sets: points [x1, x2] of the plane and their classes, and a curve, made from a seed; digits, and names.

Nothing is downloaded.

>>> X, y = xor()
>>> X, y
([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
>>> X, y = moons(100, seed=1)
>>> len(X), sorted(set(y))
(100, [0, 1])

Classes are numbers from 0. For the hinge loss, `signs(y)` turns 0 and 1 into -1 and 1.
"""

from __future__ import annotations

import gzip
import importlib.resources
import math
import random
from collections.abc import Callable, Iterable, Iterator
from numbers import Real

from nn.rows import as_rows
from nn.settings import plain, whole_number

__all__ = ["blobs", "circles", "digits", "moons", "names", "signs", "sine", "spirals", "xor"]

Point = tuple[float, float]
Data = tuple[list[list[float]], list[int]]


def _sample(count: int, classes: int, noise: float, seed: int, point: Callable[[int, float], Point]) -> Data:
    """`count` points, the classes in turn, each from `point(class, where in the class from 0 to 1)` plus noise."""
    classes, count = whole_number("classes", classes), whole_number("count", count)
    if count < classes:
        raise ValueError(f"count is at least {classes}, one point for each of {classes} classes, not {count!r}")
    _check_noise(noise)
    rng = random.Random(seed)
    kinds = [index % classes for index in range(count)]
    points = [point(kind, (index // classes) / max(1, (count - 1) // classes)) for index, kind in enumerate(kinds)]
    return [[x + rng.gauss(0, noise) if noise else x for x in xs] for xs in points], kinds


def _check_noise(noise: float) -> None:
    if not isinstance(noise, Real) or not 0 <= noise < math.inf:
        raise ValueError(f"noise is a number, 0 or more, not {noise!r}")


def _polar(radius: float, angle: float) -> Point:
    return radius * math.cos(angle), radius * math.sin(angle)


def xor() -> Data:
    """The four corners of a square; opposite corners have the same class."""
    return [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]


def moons(count: int = 100, noise: float = 0.1, seed: int = 0) -> Data:
    """Two half circles of radius 1 that reach into each other."""

    def point(kind: int, where: float) -> Point:
        x1, x2 = _polar(1, math.pi * where)
        return (1 - x1, 0.5 - x2) if kind else (x1, x2)

    return _sample(count, 2, noise, seed, point)


def circles(count: int = 100, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Data:
    """A circle of radius 1, and a smaller one of radius `factor` inside."""
    return _sample(count, 2, noise, seed, lambda kind, where: _polar(factor if kind else 1, 2 * math.pi * where))


def spirals(count: int = 100, noise: float = 0.02, turns: float = 1.0, classes: int = 2, seed: int = 0) -> Data:
    """Arms of a spiral around each other, from radius 0.1 to 1."""

    def point(kind: int, where: float) -> Point:
        return _polar(0.1 + 0.9 * where, 2 * math.pi * (turns * where + kind / classes))

    return _sample(count, classes, noise, seed, point)


def blobs(count: int = 100, classes: int = 3, noise: float = 0.3, seed: int = 0) -> Data:
    """Round clouds, their centres on a circle of radius 1.5."""
    return _sample(count, classes, noise, seed, lambda kind, _: _polar(1.5, 2 * math.pi * kind / classes))


def sine(count: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[list[list[float]], list[float]]:
    """A period of the sine: inputs [x] evenly from -1 to 1, and targets sin(πx) with noise.

    >>> X, y = sine(5, noise=0.0)
    >>> [(x, round(target, 12)) for [x], target in zip(X, y, strict=True)]
    [(-1.0, -0.0), (-0.5, -1.0), (0.0, 0.0), (0.5, 1.0), (1.0, 0.0)]
    """
    if whole_number("count", count) < 2:
        raise ValueError(f"count is at least 2, for both ends of the curve, not {count!r}")
    _check_noise(noise)
    rng = random.Random(seed)
    xs = [(2 * index - count + 1) / (count - 1) for index in range(count)]  # 0 and both ends are exact
    return [[x] for x in xs], [math.sin(math.pi * x) + (rng.gauss(0, noise) if noise else 0.0) for x in xs]


def _text(name: str) -> str:
    """What a file of `nn/data` says, also where it is compressed."""
    content = (importlib.resources.files("nn") / "data" / name).read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def digits() -> Data:
    """1,797 handwritten digits: images of 8 × 8 numbers, row by row, from 0, paper, to 1, ink; and what they show.

    They stand form by form, as 13 people filled them in: the last ones are by other hands than the first. Shuffled,
    every part has some of each hand:

    >>> pairs = list(zip(*digits(), strict=True))
    >>> random.Random(0).shuffle(pairs)
    >>> X, y = zip(*pairs, strict=True)
    >>> len(X), len(X[0]), y[:8]
    (1797, 64, (2, 8, 7, 9, 5, 9, 3, 4))

    Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, the test part, its numbers divided by 16:
    https://doi.org/10.24432/C50P49, CC BY 4.0.
    """
    rows = [[int(number) for number in line.split(",")] for line in _text("digits.csv.gz").splitlines()]
    return [[number / 16 for number in row[:-1]] for row in rows], [row[-1] for row in rows]


def names() -> list[str]:
    """The 400 first names of three to eight letters most often given in the USA in 2020, in alphabetical order.

    Source: the Social Security Administration (https://www.ssa.gov/oact/babynames/limits.html); a work of the US
    government, and in the public domain.

    >>> names()[:3]
    ['aaliyah', 'aaron', 'abel']
    """
    return _text("names.txt").split()


def signs(y: Iterable[int]) -> list[int]:
    """The classes 0 and 1 as -1 and 1.

    >>> signs([0, 1, 1])
    [-1, 1, 1]
    """
    kinds = [plain(kind) for kind in as_rows("y", [*y] if isinstance(y, Iterator) else y)]
    if not {*kinds} <= {0.0, 1.0}:
        raise ValueError(f"only the classes 0 and 1 have signs, not {sorted({*kinds} - {0.0, 1.0})[0]:g}")
    return [1 if kind else -1 for kind in kinds]
