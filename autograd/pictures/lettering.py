"""The letters of a laid-out picture: Graphviz only keeps room for them, here they are written, and the legend drawn.

A `Row` is one line of text in a box or on an arrow. In the SVG, each is a `<text>` of a class of its own: in a box
`title` (one for each of its lines), `data` and `grad`, whose words are there and not displayed, since the legend says
which is which; on an arrow `order`, the number in a disc, `partial` and `contribution`.

>>> Row("grad", "-0.5", word="grad ").content(12)
'<tspan class="word" display="none">grad </tspan>−0.5'
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from autograd.pictures import typeset

ZERO = 0.63  # how wide Graphviz takes a 0 for, in parts of its size
HEIGHT, DIGIT, GAP = 14.0, 6.2, 4.0  # of a badge, in points
LEGEND_SIZE = 10
_GROUP = re.compile(r'<g id="([^"]+)" class="[^"]*">.*?</g>', re.DOTALL)
_TEXT = re.compile(r"<text([^>]*)>.*?</text>", re.DOTALL)
_NUMBERS = {kind: re.compile(rf'(<text class="{kind}"[^>]*>).*?</text>', re.DOTALL) for kind in ("data", "grad")}
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_HALO = ' paint-order="stroke" stroke="white" stroke-width="3" stroke-linejoin="round"'  # an arrow may pass behind


class Row(NamedTuple):
    """A line of text: its class, its letters as `typeset` marks them, and what is written around them.

    label   the text as a program has it, where that differs
    word    what is not displayed: what number it is
    badge   the number in a disc before it, and `indent` the room that this takes in the rows below
    lift    how far it stands above the place that Graphviz found
    """

    kind: str
    text: str
    label: str = ""
    word: str = ""
    badge: str = ""
    indent: float = 0.0
    lift: float = 0.0

    def content(self, size: float) -> str:
        """What stands in the `<text>`."""
        word = f'<tspan class="word" display="none">{self.word}</tspan>' if self.word else ""
        return word + typeset.to_svg(typeset.numbers(self.text) if self.word else self.text, size)

    def room(self, size: float) -> str:
        """Zeros that are at least as wide, for Graphviz to keep room for."""
        shown = typeset.numbers(self.text) if self.word else self.text
        return "0" * math.ceil((typeset.width(shown) + self.indent / size) / ZERO)


def number_row(text: str) -> Row:
    """The row of `data 3` or `grad -0.5 …`."""
    word, _, numbers = text.partition(" ")
    return Row(word, numbers, word=f"{word} ")


def badge_width(badge: str) -> float:
    """How wide the disc of a number is, and from three digits on the pill, with the gap after it."""
    return max(HEIGHT, DIGIT * len(badge) + 4) + GAP


def lettered(svg: str, rows: Mapping[str, Sequence[Row]]) -> str:
    """The picture with these rows in its boxes and on its arrows, by their ids."""

    def group(found: re.Match[str]) -> str:
        waiting = iter(rows.get(found[1], ()))

        def text(place: re.Match[str]) -> str:
            row = next(waiting, None)
            return place[0] if row is None else _written(row, place[1])

        return _TEXT.sub(text, found[0])

    return _GROUP.sub(group, svg)


def with_number(group: str, text: str) -> str:
    """The SVG of a box with another number in it: `data 2`, or `grad 3 …`."""
    row = number_row(text)
    return _NUMBERS[row.kind].sub(lambda found: f"{found[1]}{row.content(12)}</text>", group)


def disc(badge: str, x: float, y: float, colour: str, font: str) -> str:
    """The number of a step in its disc, whose left end is at x, on the line of letters at y."""
    wide = badge_width(badge) - GAP
    place = f'x="{x:.2f}" y="{y - 10.8:.2f}" width="{wide:.4g}" height="{HEIGHT:g}" rx="{HEIGHT / 2:g}"'
    middle = f'text-anchor="middle" x="{x + wide / 2:.2f}" y="{y - 0.4:.2f}" {font} font-size="10" fill="{colour}"'
    return f'<rect class="badge" {place} fill="white" stroke="{colour}"/><text class="order" {middle}>{badge}</text>'


def _written(row: Row, attributes: str) -> str:
    """A row in the place that Graphviz found for it."""
    found = dict(_ATTRIBUTE.findall(attributes))
    x, y, size = (float(found.get(key, "0")) for key in ("x", "y", "font-size"))
    attributes = attributes.replace(' xml:space="preserve"', "")
    y -= row.lift
    written = ""
    if row.badge:
        left, font = x + row.indent - badge_width(row.badge), f'font-family="{found.get("font-family", "")}"'
        written = disc(row.badge, left, y, found.get("fill", "#444444"), font) + "\n"
    if row.text:
        attributes = re.sub(r' x="[^"]*" y="[^"]*"', f' x="{x + row.indent:.2f}" y="{y:.2f}"', attributes, count=1)
        label = f' aria-label="{escape(row.label)}"' if row.label else ""
        halo = _HALO if row.kind in ("order", "partial", "contribution") else ""
        written += f'<text class="{row.kind}"{label}{attributes}{halo}>{row.content(size)}</text>'
    return written.rstrip("\n")


# The legend.


class Entry(NamedTuple):
    """What the legend explains: a look, drawn at the origin 13 points high, with its width and height, and a word."""

    id: str
    look: str
    word: str
    wide: float = 25.0
    high: float = 13.0


def framed(svg: str, entries: Sequence[Entry], hint: str, font: str) -> str:
    """The picture with its legend below it at the left, and the hint above it in letters that can be read."""
    found = re.search(
        r'width="([\d.]+)pt" height="([\d.]+)pt"\s+viewBox="0(?:\.0*)? 0(?:\.0*)? ([\d.]+) ([\d.]+)"', svg
    )
    if not found or not (entries or hint):
        return svg
    wide, high = float(found[3]), float(found[4])
    below = list(_rows(entries, wide)) if entries else []
    width = max([wide, *(x + _entry_width(entry) + 8 for x, _, entry in below)])
    total = high + (max(y + entry.high for _, y, entry in below) + 6 if below else 0)
    size = 0.016 * width  # about 13 pixels in a column of 840
    above = 2 * size if hint else 0.0
    view = f'width="{width:.2f}pt" height="{total + above:.2f}pt"\n '
    view += f'viewBox="0.00 {-above:.2f} {width:.2f} {total + above:.2f}"'
    parts = [_drawn(entry, x, high + y, font) for x, y, entry in below]
    if hint:
        parts.append(f'<text class="hint" x="4" y="{-0.6 * size:.2f}" {font} font-size="{size:.2f}">{hint}</text>')
    ground = f'<rect y="{-above:.2f}" width="{width:.2f}" height="{total + above:.2f}" fill="white"/>'
    svg = svg.replace(found[0], view, 1)
    svg = re.sub(r"(<svg [^>]*>)", lambda start: f"{start[1]}\n{ground}", svg, count=1)
    end = svg.rindex("</svg>")
    return "\n".join([svg[:end].rstrip("\n"), *parts, svg[end:]])


def _drawn(entry: Entry, x: float, y: float, font: str) -> str:
    word = f'<text x="{entry.wide + 5:g}" y="10" {font} font-size="{LEGEND_SIZE}">{escape(entry.word)}</text>'
    look = entry.look.replace("FONT", font) + (word if entry.word else "")
    return f'<g id="legend_{entry.id}" class="legend" transform="translate({x:.2f} {y:.2f})">{look}</g>'


def _entry_width(entry: Entry) -> float:
    return entry.wide + (5 + LEGEND_SIZE * typeset.width(entry.word) if entry.word else 0)


def _rows(entries: Sequence[Entry], wide: float) -> Iterator[tuple[float, float, Entry]]:
    """The entries with their places, in rows that are no wider than the picture."""
    x, y, left = 4.0, 6.0, 4.0
    for entry in entries:
        if x > left and x + _entry_width(entry) > wide:
            x, y = left, y + 17
        yield x, y, entry
        x += _entry_width(entry) + 12
        left = x if entry.high > 13 else left  # the others stand beside it
