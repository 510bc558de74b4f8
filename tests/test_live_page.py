"""The page of a backward pass alive: dragged numbers, values first, a step of learning, a nudge, a quiz."""

from __future__ import annotations

import json
import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from graphs import example_7_15, example_7_16, mlp, network, random_graph
from oracle import EFFORT
from pages import Page

from autograd import Value, check, dot, draw, exp, log, maximum, minimum, relu, sin, sqrt, steps, walk
from autograd.cli import main
from autograd.compiler.scripts.language import helpers, row_functions
from autograd.engine.kernels import kernels
from autograd.errors import AutogradError
from autograd.pictures import pages
from autograd.pictures.film import Film
from autograd.pictures.pages.page import read_beside
from autograd.pictures.pages.steps import page_data
from autograd.reading.graph import Graph

ROOT = Path(__file__).parent.parent


def shown(y: Value) -> tuple[list[str], list[str]]:
    """The data and the adjoints of the eager engine, as a table that begins at the end of the graph shows them."""
    y.backward()
    nodes = list(reversed(Graph(y).labels))
    return [f"{node.data:.4g}" for node in nodes], [f"{node.grad:.4g}" for node in nodes]


def test_what_is_dragged_is_followed_by_picture_line_and_table(browser: Any, tmp_path: Path) -> None:
    def recorded(x: float) -> Value:
        return exp(-sin((Value(x, "x") ** 2).named("y")).named("z")).named("J")

    page = Page(browser, recorded(1.5), tmp_path)
    page.tab.keyboard.press("End")
    page.drag(0, 2)
    data, adjoints = shown(recorded(2.0))
    assert page.data() == data
    assert page.adjoints() == adjoints
    assert sorted(page.numbers("data")) == sorted(data)
    assert sorted(page.numbers("grad")) == sorted(adjoints)
    assert page.text() == str(list(steps(recorded(2.0)))[-1])
    slider = page.tab.locator("#leaves input[type=range]")
    place = slider.bounding_box()
    page.tab.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.tab.mouse.down()
    for part in (0.6, 0.7, 0.8, 0.85):  # by hand, picture after picture
        page.tab.mouse.move(place["x"] + place["width"] * part, place["y"] + place["height"] / 2)
        page.tab.evaluate("new Promise(requestAnimationFrame)")
        x = float(slider.input_value())
        assert (page.data(), page.adjoints()) == shown(recorded(x))
        assert page.text() == str(list(steps(recorded(x)))[-1])
    page.tab.mouse.up()
    page.tab.click("#reset")
    assert (page.data(), page.adjoints()) == shown(recorded(1.5))
    assert page.complaints == []
    assert page.requests == [page.address]


def test_a_number_may_be_typed_beyond_the_slider(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_16()
    page = Page(browser, J, tmp_path)
    field = page.tab.locator("#leaves input[type=number]").first
    field.fill("-25.5")
    page.rest()
    assert "-25.5" in page.data()
    assert float(page.tab.locator("#leaves input[type=range]").first.get_attribute("min")) == -25.5
    field.fill("")  # while one types, the last number stays
    page.rest()
    assert "-25.5" in page.data()
    assert page.complaints == []


def replayed(y: Value, numbers: dict[Value, float]) -> Value:
    """The same graph, recorded anew from other numbers."""
    made: dict[Any, Value] = {}
    for node in Graph(y).labels:
        if node in numbers:
            made[node] = Value(numbers[node])
        else:
            operands = [made[x] if isinstance(x, Value) else x for x in node.operands]
            made[node] = kernels(str(node.op)).forward()(*operands)
    return made[y]


def test_random_graphs_follow_what_is_dragged_as_python_computes_them_anew(browser: Any) -> None:
    given, wanted = [], []
    for seed in range(30 * EFFORT):
        _, y, _ = random_graph(random.Random(seed))
        rng = random.Random(seed)
        numbers = {leaf: leaf.data + rng.uniform(-0.1, 0.1) for leaf in Graph(y).labelled_leaves}
        told = page_data(Film(Graph(y), tuple(steps(y))), 0)
        given.append([told["nodes"], told["frames"], told["root"], [numbers.get(node) for node in Graph(y).labels]])
        try:
            again = replayed(y, numbers)
            again.backward()
            wanted.append([(node.data, node.grad) for node in Graph(again).labels])
        except AutogradError:
            wanted.append(None)
    operations = {node["op"] for nodes, *_ in given for node in nodes if "op" in node}
    script = f"""given => {{
        const data = {{digits: 4}}, rows = {row_functions(operations)};
        {helpers(operations)}
        {read_beside(pages.steps.__file__, "chain.js")}
        const numberText = String;
        return given.map(([nodes, frames, root, numbers]) => {{
            const {{values, problem}} = evaluate(nodes, numbers);
            return {{values, problem, ...(problem ? {{}} : sweep(nodes, frames, root, values))}};
        }});
    }}"""
    found = browser.new_page().evaluate(script, given)
    for told, expected in zip(found, wanted, strict=True):
        assert (told["problem"] == "") == (expected is not None)
        if expected is not None:
            assert told["values"] == pytest.approx([data for data, _ in expected], rel=1e-9)
            assert told["adjoints"] == pytest.approx([grad for _, grad in expected], rel=1e-7, abs=1e-9)
    assert wanted.count(None) < 0.3 * len(wanted)


def test_the_values_appear_first_one_after_the_other(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    page.tab.click("#forward")
    assert page.tab.inner_text("#position") == "forward: 0 of 4"
    assert [number for number in page.numbers("data") if number] == ["1.5"]
    lines = []
    for _ in range(4):
        page.tab.keyboard.press("ArrowRight")
        lines.append(page.text())
        assert set(page.numbers("grad")) == {""}
    assert lines == [
        "y = x ** 2 = 1.5 ** 2 = 2.25",
        "z = sin(y) = sin(2.25) = 0.7781",
        "v1 = -z = -0.7781 = -0.7781",
        "J = exp(v1) = exp(-0.7781) = 0.4593",
    ]
    assert all(page.numbers("data"))
    page.tab.keyboard.press("ArrowRight")
    assert page.text() == "dJ/dJ = 1"
    assert page.complaints == []


def test_play_tells_the_whole_story_and_pauses(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    page.tab.clock.install(time=0)
    page.tab.clock.pause_at(1000)  # it goes on when it is told to, however slow the machine
    page.tab.click("#play")
    places = [page.tab.inner_text("#position")]
    for _ in range(9):
        page.tab.clock.run_for(1000)
        places.append(page.tab.inner_text("#position"))
    assert places == [
        *(f"forward: {k} of 4" for k in range(1, 5)),
        *(f"step {k} of 4" for k in range(5)),
        "step 4 of 4",
    ]
    assert page.tab.inner_text("#play").endswith("Play")
    page.tab.click("#play")  # once more from the start
    page.tab.click("#play")
    assert page.tab.inner_text("#position") == "forward: 1 of 4"
    page.tab.clock.run_for(5000)
    assert page.tab.inner_text("#position") == "forward: 1 of 4"


def test_the_slides_network_takes_its_step(browser: Any, tmp_path: Path) -> None:
    E = network()["E"]
    page = Page(browser, E, tmp_path, lr=0.6, digits=5)
    page.tab.click("#update")
    told = {}
    while "Previous" in page.tab.inner_text("#previous") and not page.tab.is_disabled("#next"):
        name, _, rest = page.text().partition(" ← ")
        told[name] = rest.rpartition(" = ")[2]
        page.tab.keyboard.press("ArrowRight")
    for name, number in (("w[2][1,1]", 0.45188), ("w[2][1,2]", 0.55073), ("w[2][2,1]", 0.71056)):
        assert float(told[name]) == pytest.approx(number, abs=1.5e-5)  # the slides cut their digits off
    assert not {"x1", "x2"} & set(told)
    nodes = network()
    for name, node in nodes.items():
        if name[0] in "wb":
            node.data -= 0.6 * node.grad
    assert set(told) == {name for name in nodes if name[0] in "wb"}
    after = {name: f"{nodes[name].data:.5g}" for name in told}
    assert told == after
    loss = page.text()
    again = network_with({name: node.data for name, node in nodes.items() if node.op is None})
    assert loss == f"E = {again.data:.5g} after the step; before it was {E.data:.5g}"
    assert f"{again.data:.5g}" in page.data()
    page.tab.click("#take")
    assert page.tab.inner_text("#position").startswith("forward: 0 of")
    page.tab.click("#backward")
    assert page.data()[0] == f"{again.data:.5g}"
    assert page.complaints == []


def network_with(numbers: dict[str, float]) -> Value:
    """The loss of the slides' network with other numbers, in plain arithmetic."""
    n = numbers

    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    a = [sigmoid(n[f"w[1][{i},1]"] * n["x1"] + n[f"w[1][{i},2]"] * n["x2"] + n["b[1]"]) for i in (1, 2)]
    outputs = [sigmoid(n[f"w[2][{i},1]"] * a[0] + n[f"w[2][{i},2]"] * a[1] + n["b[2]"]) for i in (1, 2)]
    return Value(0.5 * ((0.05 - outputs[0]) ** 2 + (0.95 - outputs[1]) ** 2))


def test_without_a_learning_rate_there_is_no_update(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    assert not page.tab.is_visible("#update")
    assert not page.tab.is_visible("#take")
    with pytest.raises(TypeError, match="real number"):
        walk(J, lr="0.1")  # type: ignore[arg-type]
    for lr in (0, -0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="should be a positive number"):
            walk(J, lr=lr)


def test_the_command_line_gives_the_page_a_learning_rate(
    browser: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "steps.html"
    assert main(["(w - 3)**2", "w=1", "--lr", "0.25", "--html", str(path)]) == 0
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.click("#update")
    assert tab.inner_text("#line .hidden") == "w = w − η · dJ/dw = 1 − 0.25 · (-4) = 2".replace("=", "←", 1)
    capsys.readouterr()
    assert main(["w**2", "w=1", "--lr", "0.25"]) == 2
    assert "--lr is for the page" in capsys.readouterr().err
    assert main(["w**2", "w=1", "--lr", "0", "--html", str(path)]) == 2
    assert capsys.readouterr().err == "autograd: --lr: lr = 0.0 should be a positive number, such as 0.1\n"


def test_a_nudge_stands_beside_what_the_derivative_says(browser: Any, tmp_path: Path) -> None:
    def f(x: float) -> float:
        return math.exp(-math.sin(x**2))

    *_, y = example_7_15()
    page = Page(browser, y, tmp_path)
    page.tab.click("#leaves button")
    told = page.tab.inner_text("#told")
    assert told == (
        f"x + 0.001: J goes from {f(1.5):.7g} to {f(1.501):.7g}, by {f(1.501) - f(1.5):.4g}; "
        f"the derivative says dJ/dx · 0.001 = {0.8655418174048961 * 0.001:.4g}"
    )


# The quiz.

ONE_TO_A_HUNDREDTH = "1.005"


def answer(page: Page, number: float) -> tuple[str, str]:
    page.tab.fill("#answer", repr(number))
    page.tab.keyboard.press("Enter")
    return page.tab.get_attribute("#verdict", "class"), page.tab.inner_text("#verdict")


def test_what_a_nudge_said_goes_with_its_numbers(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, (Value(3.0, "x") ** 2).named("y"), tmp_path)
    page.tab.click("#leaves button")
    assert page.tab.inner_text("#told").startswith("x + 0.001: y goes from 9 to 9.006")
    page.drag(0, 2.0)
    assert page.tab.inner_text("#told") == ""


@pytest.mark.parametrize("build", [example_7_15, example_7_16, lambda: (network()["E"],)])
def test_the_quiz_tells_each_kind_of_mistake(browser: Any, build: Any, tmp_path: Path) -> None:
    *_, y = build()
    found = list(steps(y))
    complete: dict[Value, list[Any]] = {}
    for step in found:
        complete.setdefault(step.operand, []).append(step)
    asked = sorted(complete, key=lambda node: complete[node][-1].number)
    page = Page(browser, y, tmp_path)
    page.tab.click("#quiz")
    names, seen = Graph(y).labels, set()
    for node in asked:
        arrived = complete[node]
        right, question = arrived[-1].after, page.text()
        d = Graph(y).differential
        assert question == f"{d}{names[y]}/{d}{names[node]} = ?"
        assert "?" in page.numbers("grad")
        assert page.adjoints()[len(names) - 1 - list(names).index(node)] == "?"

        def near(a: float, b: float) -> bool:
            return abs(a - b) <= max(0.01 * abs(b), 1e-6)

        wrong = {"sign": -right, "partial": arrived[0].partial, "upstream": arrived[0].upstream}
        if len(arrived) > 1:
            wrong = {"sign": -right, "path": arrived[0].contribution, "partial": arrived[0].partial}
        taken = [right]
        for kind, number in wrong.items():
            if any(near(number, other) or near(-number, right) * (kind != "sign") for other in taken):
                continue  # here it is no mistake of its own
            taken.append(number)
            look, told = answer(page, number)
            assert look == "wrong"
            begins = {"sign": "The size is right", "path": "You forgot a path", "partial": "That is the local partial",
                      "upstream": "That is what arrives"}  # fmt: skip
            assert told.startswith(begins[kind]), (kind, number, told)
            assert told == str(check(number, y, node))
            seen.add(kind)
            assert page.text() == question
        look, told = answer(page, right * 3 + 17)
        assert (look, told.startswith("Not this number")) == ("wrong", True)
        assert told == str(check(right * 3 + 17, y, node))
        look, told = answer(page, right)
        assert (look, told) == ("right", f"Right: {d}{names[y]}/{d}{names[node]} = {right:.4g}.")
        assert told == str(check(right, y, node))
    assert seen == {"sign", "partial", "upstream"} | ({"path"} if any(len(x) > 1 for x in complete.values()) else set())
    assert page.tab.is_hidden("#ask")
    assert page.tab.is_visible("#verdict")  # the last one, too
    assert page.adjoints() == shown(y)[1] if not y.grad else True
    assert page.complaints == []


def test_the_quiz_is_fair_to_small_numbers(browser: Any, tmp_path: Path) -> None:
    x = Value(0.5, "x")
    page = Page(browser, (x * 3e-7 * 2.0).named("J"), tmp_path)
    page.tab.click("#quiz")
    answer(page, 2.0)
    assert answer(page, 0.0)[0] == "wrong"
    assert answer(page, -6e-7)[1].startswith("The size is right")
    assert answer(page, 6e-7)[0] == "right"
    x, y = Value(0.5, "x"), Value(2.0, "y")
    page = Page(browser, (x * y - x * 2.0).named("J"), tmp_path)  # contributions that cancel
    page.tab.click("#quiz")
    while page.text() != "∂J/∂x = ?":
        page.tab.click("#tell")
    assert answer(page, 0.0)[0] == "right"


def test_the_quiz_shows_what_one_does_not_know_and_ends_when_one_likes(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    page.tab.click("#quiz")
    assert page.adjoints() == ["1", "?", "", "", ""]
    page.tab.click("#tell")
    assert page.tab.inner_text("#verdict") == "dJ/dv1 = 0.4593"
    assert page.adjoints() == ["1", "0.4593", "?", "", ""]
    page.tab.click("#quiz")
    assert page.tab.is_hidden("#ask")
    assert all(page.adjoints())


# Errors, addresses, places.


def test_the_quiz_gives_the_keyboard_back_and_ends_with_escape(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, example_7_15()[-1], tmp_path)
    focused = "document.activeElement.id"
    page.tab.focus("#quiz")
    page.tab.keyboard.press("Enter")
    page.tab.keyboard.press("Escape")
    assert page.tab.evaluate("[asked, document.activeElement.id]") == [None, "quiz"]
    page.tab.keyboard.press("Enter")
    assert page.tab.evaluate(focused) == "answer"
    for _ in range(page.tab.evaluate("questions.length")):
        page.tab.fill("#answer", str(page.tab.evaluate("now.adjoints[asked]")))
        page.tab.keyboard.press("Enter")
    assert page.tab.evaluate(focused) == "quiz"


def test_what_is_not_defined_is_told_and_comes_back(browser: Any, tmp_path: Path) -> None:
    x = Value(2.0, "x")
    page = Page(browser, (log(x) * 3).named("J"), tmp_path)
    page.tab.keyboard.press("End")
    page.drag(0, -1)
    assert page.text() == "v1 = log(x) has no value here: x = -1 is outside the domain (x > 0)"
    assert set(page.adjoints()) == {""}
    page.drag(0, 2)
    assert page.text() == "dJ/dx = dJ/dv1 · 1 / x = 3 · 0.5 = 1.5"
    root = Value(1.0, "x")
    page = Page(browser, sqrt(root).named("J"), tmp_path)
    page.drag(0, 0)
    assert page.text() == "dJ/dx does not exist here: sqrt(x) has no derivative at this point"
    assert page.complaints == []


def test_what_is_too_large_is_not_outside_of_a_domain(browser: Any, tmp_path: Path) -> None:
    large = "is too large, or too small"
    for build, told in [
        (lambda x, y: x**2 * y, f"v1 = x ** 2 has no value here: x = 1e+200 {large}"),
        (lambda x, y: x / (y * 1e-150), f"J = x / v1 has no value here: x = 1e+200, v1 = 2e-150 {large}"),
        (lambda x, y: dot([x, y], [x, y]), f"J = x * x + y * y has no value here: x = 1e+200, y = 2 {large}"),
    ]:
        page = Page(browser, build(Value(1.5, "x"), Value(2.0, "y")).named("J"), tmp_path)
        page.tab.fill("#leaves input[type=number][aria-label=x]", "1e200")
        page.rest()
        assert page.text() == told
    x, y = Value(1.5, "x"), Value(2.0, "y")
    page = Page(browser, (x / y).named("J"), tmp_path)
    page.drag(1, 0)
    assert page.text() == "J = x / y has no value here: x = 1.5, y = 0 is outside the domain (y != 0)"


def test_a_step_that_leads_nowhere_is_not_taken(browser: Any, tmp_path: Path) -> None:
    x = Value(2.0, "x")
    page = Page(browser, (log(x) * 3).named("J"), tmp_path, lr=0.1)
    page.drag(0, -1)
    page.tab.click("#take")
    assert page.tab.inner_text("#told") == page.text()
    assert page.tab.input_value("#leaves input[type=number]") == "-1"
    page = Page(browser, (x * 1e200).named("J"), tmp_path, lr=1e200)
    page.tab.click("#take")
    assert page.tab.inner_text("#told") == "The step is too large: x would be -inf"
    assert page.tab.input_value("#leaves input[type=number]") == "2"
    assert page.complaints == []


def test_the_quiz_waits_where_nothing_has_a_value(browser: Any, tmp_path: Path) -> None:
    x = Value(2.0, "x")
    page = Page(browser, (log(x) * 3).named("J"), tmp_path)
    page.tab.click("#quiz")
    page.drag(0, -1)
    assert page.text() == "v1 = log(x) has no value here: x = -1 is outside the domain (x > 0)"
    told = "There is no answer at these numbers: change them back first."
    assert answer(page, 3.0) == ("wrong", told)
    page.tab.click("#tell")
    assert page.tab.inner_text("#verdict") == told
    page.drag(0, 2)
    assert page.text() == "dJ/dv1 = ?"
    assert answer(page, 3.0) == ("right", "Right: dJ/dv1 = 3.")
    assert page.complaints == []


def test_the_largest_numbers_have_a_slider(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, (Value(1e308, "x") * 1e-300).named("J"), tmp_path)
    look = "input => [input.min, input.max, input.value].map(Number)"
    assert page.tab.eval_on_selector("#leaves input[type=range]", look) == [-8e307, 8e307, 8e307]
    assert page.data() == ["1e+08", "1e+308"]
    page.drag(0, 5e307)
    assert page.data() == ["5e+07", "5e+307"]
    assert page.complaints == []


def test_an_infinity_on_a_side_that_is_not_taken_does_no_harm(browser: Any, tmp_path: Path) -> None:
    x, limit = Value(1.5, "x"), Value(math.inf, "limit")
    y = (minimum(x, limit) * 2.0 + minimum(x, math.inf)).named("J")
    page = Page(browser, y, tmp_path)
    page.tab.keyboard.press("End")
    y.backward()
    assert page.adjoints() == [f"{node.grad:.4g}" for node in reversed(Graph(y).labels)]
    assert page.complaints == []


def test_conventions_at_kinks_are_those_of_the_engine(browser: Any, tmp_path: Path) -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    page = Page(browser, (maximum(a, b) + relu(a) + abs(a) + b * 0).named("J"), tmp_path)
    page.tab.keyboard.press("End")
    page.drag(0, 0)
    page.drag(1, 0)
    again = [Value(0.0, "a"), Value(0.0, "b")]
    y = (maximum(*again) + relu(again[0]) + abs(again[0]) + again[1] * 0).named("J")
    assert (page.data(), page.adjoints()) == shown(y)
    assert page.complaints == []


def test_an_address_opens_at_a_step_and_with_numbers(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    page.tab.goto(f"{page.address}#step=3&x=2")
    page.tab.reload()
    assert page.tab.inner_text("#position") == "step 3 of 4"
    x = Value(2.0, "x")
    y = exp(-sin((x**2).named("y")).named("z")).named("J")
    assert page.text() == str(list(steps(y))[2])
    page.tab.evaluate("location.hash = 'step=1&x=0.5'")
    page.tab.wait_for_function("find('position').textContent === 'step 1 of 4'")
    assert page.data()[-1] == "0.5"
    for nonsense in ("#step=x", "#x=", "#%E0%A4%A", "#=&&=", "#step=99"):
        page.tab.goto(page.address + nonsense)
        page.tab.reload()
    assert page.tab.inner_text("#position") == "step 4 of 4"
    assert page.complaints == []


def test_a_walk_opens_its_page_where_it_stands(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    w = walk(J).next().next()
    w.save(tmp_path / "here.html")
    tab = browser.new_page()
    tab.goto((tmp_path / "here.html").as_uri())
    assert tab.inner_text("#position") == "step 2 of 4"


def test_the_keyboard_alone_reaches_everything(browser: Any, tmp_path: Path) -> None:
    E = network()["E"]
    page = Page(browser, E, tmp_path, lr=0.6)
    wanted = page.tab.evaluate("""[...document.querySelectorAll("button, input, summary, .node[id^=node]")]
        .filter(one => one.checkVisibility() && !one.disabled).map(one => one.id || one.getAttribute("aria-label") || one.tagName)""")
    met = set()
    for _ in range(len(wanted) + 10):
        page.tab.keyboard.press("Tab")
        met.add(
            page.tab.evaluate(
                "(one => one.id || one.getAttribute('aria-label') || one.tagName)(document.activeElement)"
            )
        )
    assert set(wanted) <= met
    named = "one => one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length"
    assert all(
        page.tab.eval_on_selector_all("button, input", f"all => all.filter(one => one.checkVisibility()).map({named})")
    )


def test_a_box_that_the_keyboard_reaches_is_seen_and_answers_to_space_and_enter(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, example_7_16()[-1], tmp_path, width=390)
    page.tab.focus("#whole")
    for _ in range(page.tab.locator(".node[tabindex]").count()):
        page.tab.keyboard.press("Tab")
        box, panel = (page.tab.locator(one).bounding_box() for one in (".node:focus", "#panel"))
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= panel["y"]
    at = page.tab.evaluate("scrollY")
    for key, pinned in ((" ", True), ("Enter", False), ("Enter", True), (" ", False)):
        page.tab.keyboard.press(key)
        assert page.tab.evaluate("find('sum').classList.contains('pinned')") is pinned
    assert page.tab.evaluate("scrollY") == at


@pytest.mark.parametrize("width", [390, 1280])
def test_a_large_graph_opens_with_boxes_in_sight_and_shows_what_is_updated(
    browser: Any, width: int, tmp_path: Path
) -> None:
    page = Page(browser, mlp([8, 8, 1], [Value(0.5, "x1"), Value(-0.25, "x2")]), tmp_path, width=width, lr=0.1)
    seen = """selector => { const frame = find("graph").getBoundingClientRect();
        return [...document.querySelectorAll(selector)].map(one => one.getBoundingClientRect()).filter(
            box => box.x >= frame.x && box.right <= frame.right && box.y >= frame.y && box.bottom <= frame.bottom).length; }"""
    assert page.tab.evaluate(seen, ".node")
    for key in ("End", "ArrowLeft", "ArrowLeft"):
        page.tab.keyboard.press(key)
    assert page.tab.evaluate(seen, ".node.lit") == 1
    edge = page.tab.evaluate("document.querySelector('.scroll').getBoundingClientRect().right")
    ends = "all => Math.max(...all.map(one => one.getBoundingClientRect().right))"
    assert page.tab.eval_on_selector_all("tbody td:nth-child(-n+4)", ends) <= edge  # whatever stands in `computed as`


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_page_fits_its_window_and_the_table_stands_beside_where_there_is_room(
    browser: Any, width: int, tmp_path: Path
) -> None:
    page = Page(browser, network()["E"], tmp_path, width=width)
    assert page.overflow() <= 0
    graph, side = (page.tab.locator(one).bounding_box() for one in ("#graph", "#side"))
    if width > 1200:
        assert side["x"] >= graph["x"] + graph["width"]
        assert page.tab.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    else:
        assert side["y"] >= graph["y"] + graph["height"]
    page.tab.click("#whole")
    frame, picture = (page.tab.locator(one).bounding_box() for one in ("#graph", "#graph svg"))
    assert picture["width"] <= frame["width"]
    assert picture["height"] <= frame["height"]
    page.tab.click("#closer")
    assert page.tab.locator("#graph svg").bounding_box()["width"] > picture["width"]


def test_a_wide_picture_in_its_own_page_does_not_ask_to_be_opened(browser: Any, tmp_path: Path) -> None:
    y = mlp([6, 6, 1], [Value(0.5, "x1"), Value(-0.25, "x2")])
    assert 'class="hint"' in draw(y).svg
    page = Page(browser, y, tmp_path)
    assert page.tab.locator(".hint").count() == 0


def test_what_is_pointed_at_is_not_covered(browser: Any, tmp_path: Path) -> None:
    E = network()["E"]
    for width in (840, 1280):
        page = Page(browser, E, tmp_path, width=width)
        page.tab.keyboard.press("End")
        for node in page.tab.query_selector_all("#graph .node"):
            node.scroll_into_view_if_needed()
            node.hover()
            box, tip = node.bounding_box(), page.tab.locator("#sum").bounding_box()
            apart = (
                tip["x"] >= box["x"] + box["width"] or tip["x"] + tip["width"] <= box["x"]
                or tip["y"] >= box["y"] + box["height"] or tip["y"] + tip["height"] <= box["y"]
            )  # fmt: skip
            assert apart, page.tab.inner_text("#sum")


def test_a_factor_is_linked_with_its_arrow(browser: Any, tmp_path: Path) -> None:
    E = network()["E"]
    page = Page(browser, E, tmp_path)
    page.tab.keyboard.press("End")
    page.tab.evaluate("show(15)")
    page.tab.hover("#line [data-to=partial]")
    assert page.tab.eval_on_selector_all(".edge.pointed", "all => all.map(one => one.id)") == ["arrow15"]
    page.tab.hover("h1")
    assert page.tab.locator(".pointed").count() == 0
    page.tab.hover("#line [data-to=upstream]")
    target = page.tab.evaluate("data.views[''].arrows.arrow15.target")
    assert page.tab.eval_on_selector_all(".node.pointed", "all => all.map(one => one.id)") == [target]


def luminance(color: str) -> float:
    red, green, blue = (float(part) / 255 for part in re.findall(r"[\d.]+", color)[:3])
    parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (red, green, blue)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_can_be_read_by_day_and_in_the_dark(browser: Any, scheme: str, tmp_path: Path) -> None:
    page = Page(browser, network()["E"], tmp_path)
    page.tab.emulate_media(color_scheme=scheme)
    page.tab.keyboard.press("End")
    script = """() => [...document.querySelectorAll(".node")].flatMap(node => {
      const ground = getComputedStyle(node.querySelector("path, polygon")).fill;
      return [...node.querySelectorAll("text")].map(text => [ground, getComputedStyle(text).fill]); })"""
    badges = """all => all.map(one => [one, one.nextElementSibling].map(part => getComputedStyle(part).fill))"""
    pairs = page.tab.evaluate(script) + page.tab.eval_on_selector_all(".badge:has(+ .order)", badges)
    body = page.tab.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
    assert (luminance(body[0]) > 0.5) == (scheme == "light")
    assert len(pairs) > 60
    for ground, ink in [*pairs, body]:
        darker, lighter = sorted((luminance(ground), luminance(ink)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ground, ink)


# In a notebook.


def test_a_notebook_shows_the_page_in_place_of_the_picture(browser: Any) -> None:
    *_, J = example_7_15()
    w = walk(J).next()
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.set_content(w._repr_mimebundle_()["text/html"])
    frame = tab.frame_locator("iframe")
    assert frame.locator("#position").inner_text() == "step 1 of 4"
    frame.locator("#next").click()
    assert frame.locator("#line .hidden").inner_text() == "dJ/dz = dJ/dv1 · -1 = 0.4593 · -1 = -0.4593"
    assert not tab.is_visible("img")
    assert complaints == []


def test_where_no_script_runs_the_picture_stays(browser: Any) -> None:
    *_, J = example_7_15()
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.set_content(walk(J)._repr_mimebundle_()["text/html"])
    assert tab.is_visible("img")


def test_the_policy_of_the_page_lets_nothing_else_run(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    text = (tmp_path / "steps.html").read_text(encoding="utf-8")
    policy = re.search(r'content="(default-src[^"]*)"', text)
    assert policy is not None
    assert "unsafe-eval" not in policy[1]
    assert "'unsafe-inline'" not in policy[1].partition("script-src")[2].partition(";")[0]
    ran = page.tab.evaluate("""() => { const script = document.createElement("script");
        script.textContent = "window.intruder = 1"; document.body.append(script); return window.intruder ?? null; }""")
    assert ran is None


def test_the_story_follows_what_was_dragged(browser: Any, tmp_path: Path) -> None:
    *_, J = example_7_15()
    page = Page(browser, J, tmp_path)
    page.drag(0, 2)
    page.tab.click("#story summary")
    x = Value(2.0, "x")
    exp(-sin(x**2)).backward()
    assert repr(x.grad) in page.tab.inner_text("#story")
    assert json.loads(page.tab.text_content("#film"))["nodes"][0]["data"] == 1.5


def test_after_printing_the_picture_is_as_near_as_before(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, network()["E"], tmp_path)
    page.tab.click("#closer")
    page.tab.evaluate("find('graph').scrollTo(40, 60)")
    look = (
        "[find('graph').querySelector('svg').style.width, find('graph').scrollLeft, find('graph').scrollTop, position]"
    )
    before = page.tab.evaluate(look)
    page.tab.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))")
    assert page.tab.evaluate(look) == before


def test_what_is_asked_for_in_the_midst_of_a_drag_is_of_the_numbers_there(browser: Any, tmp_path: Path) -> None:
    def square(x: float) -> Value:
        return (Value(x, "x") ** 2).named("y")

    page, other = (Page(browser, square(x), tmp_path, lr=0.1) for x in (3.0, 5.0))
    for one in (page, other):
        one.tab.click("#story summary")
    page.tab.evaluate("change(leaves[0], 5); show(position)")  # as Play does, before the next frame
    page.rest()
    assert page.tab.inner_text("#story") == other.tab.inner_text("#story")
    page.tab.evaluate("change(leaves[0], 7); find('take').click()")
    assert page.tab.evaluate("numbers[leaves[0]]") == pytest.approx(7 - 0.1 * 14)


def test_a_click_opens_a_folded_box_and_another_button_closes_it(browser: Any, tmp_path: Path) -> None:
    y = mlp([16, 16, 1], [Value(0.5, "x1"), Value(-0.25, "x2")])
    page = Page(browser, y, tmp_path)
    page.tab.keyboard.press("End")
    film = Film(Graph(y), tuple(steps(y)))
    box = next(box for box in film.picture.boxes if "layer 2 neuron 3" in box.title)
    folded = page.tab.locator("#graph .node[id^=node]").count()
    page.tab.locator(f"#{box.id}").focus()
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_selector("#fold")
    titles = page.tab.eval_on_selector_all(
        "#graph .node[id^=node]", "all => all.map(one => one.getAttribute('aria-label'))"
    )
    y.backward()
    for node in box.nodes:
        assert any(f"data {node.data:.4g}, grad {node.grad:.4g}" in title for title in titles), node
    page.tab.keyboard.press("ArrowLeft")  # the story goes on inside
    page.drag(0, 0.75)
    page.tab.click("#fold")
    page.tab.wait_for_selector("#fold", state="hidden")
    assert page.tab.locator("#graph .node[id^=node]").count() == folded
    assert page.complaints == []
    assert page.requests == [page.address]


def test_what_is_out_of_sight_is_written_once_the_finger_rests(browser: Any, tmp_path: Path) -> None:
    def chain(x: float) -> Value:
        y = Value(x, "x")
        for _ in range(60):
            y = sin(y)
        return y

    page = Page(browser, chain(0.3), tmp_path)
    page.tab.keyboard.press("End")
    before = page.data()
    late, during = page.tab.evaluate(
        """async () => {
          const data = () => [...document.querySelectorAll("tbody td:nth-child(2)")].map(one => one.textContent);
          for (let count = 0; count < 3; count++) await new Promise(requestAnimationFrame);
          const inSight = rowsOfTable.map(row => !outOfSight.has(row)).lastIndexOf(true);
          change(leaves[0], 0.9);
          await new Promise(requestAnimationFrame);
          return [inSight + 1, data()];
        }"""
    )
    data, adjoints = shown(chain(0.9))
    assert 5 < late < 60
    assert during == data[:late] + before[late:]
    page.rest()
    assert (page.data(), page.adjoints()) == (data, adjoints)
    assert page.complaints == []


def test_the_page_and_the_readme_say_the_same_five_words() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("| word | what it is |\n|---|---|\n")[1].split("\n\n")[0]
    words = [tuple(re.split(r" *\| *", line)[1:3]) for line in table.splitlines()]
    assert [word for word, _ in words] == ["data", "leaf", "local partial", "adjoint", "contribution"]
    page = read_beside(pages.steps.__file__, "steps.html").replace("<code>", "`").replace("</code>", "`")
    assert re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", page) == words
