"""Where the letters of a picture are: whether its texts stay in their boxes in a wide font, whether a PNG has any."""

from __future__ import annotations

import functools
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image, ImageFont

SVG = "{http://www.w3.org/2000/svg}"
WIDE = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # where there is no Helvetica and no Arial


@functools.cache
def _font(size: float) -> Any:
    return ImageFont.truetype(str(WIDE), 100), size / 100


def width(text: ET.Element) -> float:
    """How wide a text of a picture is in DejaVu Sans, in points."""
    size = float(text.get("font-size", ""))
    parts = [(text.text, size)]
    for part in text:
        shown = "" if part.get("display") == "none" else part.text
        parts += [(shown, float(part.get("font-size", size))), (part.tail, size)]
    return sum(float(_font(size)[0].getlength(letters)) * _font(size)[1] for letters, size in parts if letters)


def span(text: ET.Element) -> tuple[float, float]:
    """From where to where a text goes."""
    x, wide = float(text.get("x", "")), width(text)
    return (x, x + wide) if text.get("text-anchor") == "start" else (x - wide / 2, x + wide / 2)


def _numbers(points: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", points)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def outside(svg: str) -> list[str]:
    """The texts that leave their boxes, or the fields of these, and the captions that leave the picture."""
    found = []
    root = ET.fromstring(svg)
    for group in root.iter(f"{SVG}g"):
        shapes = [shape.get("points") or shape.get("d") or "" for shape in group if shape.tag != f"{SVG}text"]
        if group.get("class") == "graph":
            edges, lines = [0.0, float(root.get("viewBox", "").split()[2])], []
        elif (group.get("class") or "").startswith("node"):
            edges = [x for x, _ in _numbers(shapes[0])]
            lines = [line for line in map(_numbers, shapes[1:]) if line[0][0] == line[1][0]]  # between fields
        else:
            continue
        for text in (child for child in group if child.tag == f"{SVG}text"):
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            beside = [line[0][0] for line in lines if min(line)[1] <= y <= max(line)[1]]
            left = max([min(edges), *(end for end in beside if end < x)])
            right = min([max(edges), *(end for end in beside if end > x)])
            start, end = span(text)
            if start < left or end > right:
                found.append(f"{''.join(text.itertext())}: {start:.1f} to {end:.1f}, not in {left:.1f} to {right:.1f}")
    return found


def black(png: bytes) -> int:
    """How many pixels are nearly black: in these pictures, only letters in boxes and captions are."""
    image = Image.open(io.BytesIO(png)).convert("L")
    return sum(image.histogram()[:40])
