"""JavaScript: rows of the table as functions, and programs, in a real browser, against the eager engine and the truth."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from collections.abc import Sequence
from typing import Any

import mpmath
from graphs import HOSTILE, SCALAR, condition, random_graph
from mpmath import mpf
from oracle import DOMAIN, EFFORT, TINY, admissible, allowed, exists, points, some, truth
from oracle import size as size_of
from test_groups import STEEP, by_graph, random_programs, rows_of, size

from autograd import Value, compile, dot, exp, log, primitive, relu, sin, softplus, sqrt, tanh
from autograd.compiler.compiled import Compiled
from autograd.compiler.scripts.language import comment, helpers, number, quoted, row_functions
from autograd.compiler.scripts.looped import looped
from autograd.engine.kernels import kernels
from autograd.errors import AutogradError
from autograd.table.rules import ROWS
from nn import MLP

POLICY = "default-src 'none'; script-src 'unsafe-inline'"  # no eval, and nothing from outside
EXACT = ("add", "sub", "mul", "div", "neg", "abs", "relu", "maximum", "minimum", "heaviside", "sign", "sqrt")
GRAPHS = 130 * EFFORT  # CI tries more than five hundred
SAY = "const say = (x) => Array.isArray(x) ? x.map(say) : typeof x === 'number' && Object.is(x, -0) ? '-0' : String(x);"


def ran(browser: Any, script: str, result: str) -> Any:
    """What an expression is after a script has run in a page of its own: its numbers as floats, other things as texts."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    end = f"{SAY} window.found = JSON.stringify(say({result}));"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page.set_content(
        f"<!DOCTYPE html><html><head><meta charset='utf-8'>{policy}</head><script>{script}\n{end}</script>"
    )
    found = page.evaluate("window.found")
    page.close()
    assert complaints == []
    return numbers(json.loads(found))


def numbers(found: Any) -> Any:
    if isinstance(found, list):
        return [*map(numbers, found)]
    try:
        return float(found.replace("Infinity", "inf"))
    except ValueError:
        return found


def same(one: float, other: float) -> bool:
    """Whether two numbers are the same to the bit, nan one number."""
    return (one == other and math.copysign(1, one) == math.copysign(1, other)) or (one != one and other != other)


def rows_at(browser: Any, given: dict[str, Sequence[tuple[Any, ...]]]) -> dict[str, list[list[Any]]]:
    """For each row the value and the partials at each of these operands."""
    script = f"{helpers(given)}\nconst rows = {row_functions(given)};\n"
    script += f"const given = {json.dumps({name: [[*point] for point in at] for name, at in given.items()})};"
    each = "(at) => { const y = row.value(...at); return [y, ...row.partials.map((partial) => partial(...at, y))]; }"
    found = ran(
        browser,
        script,
        f"Object.entries(given).map(([name, ats]) => {{ const row = rows[name]; return ats.map({each}); }})",
    )
    return dict(zip(given, found, strict=True))


def test_every_row_is_within_four_units_in_the_last_place_of_the_truth(browser: Any) -> None:
    given = {row.name: [*filter(_unsigned, admissible(row.name, 200 * EFFORT, 3))] for row in SCALAR}
    for name, results in rows_at(browser, given).items():
        assert len(results) > 25 * EFFORT, name
        for point, found in zip(given[name], results, strict=True):
            wanted = truth(name, point)
            near = (*point, float(wanted[0] or 0))
            for what, got, want in zip("yabc", found, wanted, strict=False):
                if want is None:
                    assert not math.isfinite(got), (name, what, point, got)
                elif not (got == 0 and abs(want) < TINY):
                    limit = 8 if name == "pow" else 4
                    assert math.isfinite(got), (name, what, point, got)
                    assert abs(mpf(got) - want) <= allowed(limit, want, near, size_of(name, what, point, want)), (
                        name,
                        what,
                        point,
                        got,
                        float(want),
                    )


def _unsigned(point: Sequence[float]) -> bool:
    """Whether no number is -0, which the truth does not know."""
    return all(x or math.copysign(1, x) > 0 for x in point)


def test_arithmetic_and_choices_are_the_engines_to_the_bit(browser: Any) -> None:
    special = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e300, -1e300, 5e-324, -3.7]
    given = {}
    for name in EXACT:
        arity = len(ROWS[name].letters)
        at = [*itertools.product(special, repeat=arity), *points(arity, 300, 7)]
        given[name] = [point for point in at if DOMAIN.get(name, lambda *_: True)(*point)]
    for name, results in rows_at(browser, given).items():
        functions = kernels(name)
        for point, found in zip(given[name], results, strict=True):
            y = functions.value()(*point)
            assert same(found[0], y), (name, point, found[0], y)
            for letter, got in zip(functions.row.letters, found[1:], strict=True):
                if math.isfinite(y) and exists(name, letter, point):
                    assert same(got, functions.partial(letter)(*point, y)), (name, letter, point, got)


def test_at_kinks_the_conventions_are_the_engines(browser: Any) -> None:
    wanted = {
        "relu": {(0.0,): [0, 0]}, "abs": {(0.0,): [0, 0]}, "sign": {(0.0,): [0, 0]},
        "maximum": {(2.0, 2.0): [2, 0.5, 0.5]}, "minimum": {(2.0, 2.0): [2, 0.5, 0.5]},
        "heaviside": {(0.0, 0.25): [0.25, 0, 1]}, "cbrt": {(-8.0,): [-2, 1 / 12]},
        "pow": {(3.0, 0.0): [1, 0, math.log(3)], (0.0, 2.0): [0, 0, 0], (0.0, 1.0): [0, 1, 0], (-2.0, 3.0): [-8, 12, math.nan]},
    }  # fmt: skip
    for name, results in rows_at(browser, {name: [*at] for name, at in wanted.items()}).items():
        for found, want in zip(results, wanted[name].values(), strict=True):
            assert all(map(same, map(abs, found), map(abs, map(float, want)))), (name, found, want)


def test_outside_of_its_domain_and_at_a_pole_a_row_is_not_finite(browser: Any) -> None:
    outside: dict[str, list[tuple[float, ...]]] = {
        name: [point for point in points(len(ROWS[name].letters), 200) if not inside(*point)]
        for name, inside in DOMAIN.items()
    }
    outside["exp"] = outside["sinh"] = [(710.5,), (1e308,)]
    outside["mul"] = [(1e200, -1e200)]
    for name, results in rows_at(browser, outside).items():
        assert results, name
        assert not any(math.isfinite(found[0]) for found in results), name
    poles = {"sqrt": [(0.0,)], "cbrt": [(0.0,)], "asin": [(1.0,), (-1.0,)], "acos": [(1.0,)], "acosh": [(1.0,)]}
    poles |= {"pow": [(0.0, 0.5)], "hypot": [(0.0, 0.0)], "atan2": [(0.0, 0.0)]}
    for name, results in rows_at(browser, poles).items():
        assert all(math.isfinite(found[0]) and not math.isfinite(found[1]) for found in results), name


def test_sums_are_exactly_rounded_as_the_engines_are(browser: Any) -> None:
    rng = random.Random(1)
    vectors = [[rng.uniform(-1, 1) * 10.0 ** rng.randint(-8, 8) for _ in range(n)] for n in (1, 2, 3, 8, 50, 300)]
    vectors += [[1e16, 1.0, -1e16], [0.1] * 10, [-0.0, -0.0], [1.0, -1.0]]
    others = [[rng.uniform(-1, 1) for _ in vector] for vector in vectors]
    given = {"sum": [(v,) for v in vectors], "dot": [(v, w, 0.3) for v, w in zip(vectors, others, strict=True)]}
    given |= {"logsumexp": [(v[:5],) for v in others]}
    found = rows_at(browser, given)
    for v, w, total, products in zip(vectors, others, found["sum"], found["dot"], strict=True):
        assert same(total[0], math.fsum(v) or sum(v, -0.0))
        assert total[1] == [1.0] * len(v)
        assert products[0] == math.fsum(a * b for a, b in zip(v, w, strict=True)) + 0.3
        assert products[1:] == [w, v, 1.0]
    for v, (y, partials) in zip(others, found["logsumexp"], strict=True):
        exact = [mpf(x) for x in v[:5]]
        total = sum(map(mpmath.exp, exact))
        assert abs(mpf(y) - mpmath.log(total)) <= 4 * math.ulp(y)
        assert all(abs(mpf(p) - mpmath.exp(x) / total) <= 4 * math.ulp(p) for p, x in zip(partials, exact, strict=True))


def test_a_row_of_the_users_is_there_whatever_it_is_called(browser: Any) -> None:
    primitive("function", "new = (a *\n a); twice = 2 * new; twice + erf(a)", "4 * a + 2 * gaussian(a) / sqrt(pi)")
    primitive("Math", "function(a) + b", "1", "sigmoid(b)", domain="</script>\n\u2028")
    found = rows_at(browser, {"Math": [(0.5, 1.0)], "function": [(0.5,)]})
    assert found["function"] == [[0.5 + math.erf(0.5), 2 + 2 * math.exp(-0.25) / math.sqrt(math.pi)]]
    assert found["Math"] == [[1.5 + math.erf(0.5), 1.0, 1 / (1 + math.exp(-1.0))]]


def test_texts_in_scripts_end_neither_the_script_nor_the_comment(browser: Any) -> None:
    script = "\n".join(comment(name) for name in HOSTILE)
    names = [name for name in HOSTILE if name != "\ud800"]
    found = ran(
        browser,
        f"{script}\nconst names = [{', '.join(map(quoted, names))}];",
        "names.map((x) => [...x].map((c) => c.codePointAt(0)))",
    )
    assert found == [[*map(float, map(ord, name))] for name in names]


# Programs.

ARITHMETIC = ("add", "sub", "mul", "div", "neg", "abs", "relu", "maximum", "minimum", "sum", "dot")


def arithmetic_graph(rng: random.Random) -> tuple[list[Value], Value]:
    """Leaves, and a result of arithmetic that uses some nodes many times."""
    leaves = [Value(rng.uniform(-2, 2)) for _ in range(rng.randint(1, 5))]
    nodes: list[Value] = [*leaves]
    for _ in range(rng.randint(2, 30)):
        name = rng.choice(ARITHMETIC)

        def some(count: int) -> list[Value]:
            return [rng.choice(nodes[-6:] if rng.random() < 0.7 else nodes) for _ in range(count)]

        forward, length = kernels(name).forward(), rng.randint(1, 12)
        if name == "dot":
            node = forward(some(length), some(length), rng.choice([0.5, *some(1)]))
        elif name == "sum":
            node = forward(some(length))
        else:
            operands: list[Any] = some(len(ROWS[name].letters))
            if rng.random() < 0.2 and len(operands) == 2:
                operands[rng.randrange(2)] = rng.choice([2.0, -1.0, 0.0, 3.0])
            node = forward(*operands) if name != "div" or abs(_data(operands[1])) > 0.1 else -operands[0]
        if isinstance(node, Value) and abs(node.data) < 1e6:
            nodes.append(node)
    y = nodes[-1]
    for node in nodes[:-1]:
        y = y + node
    return leaves, y


def _data(x: Value | float) -> float:
    return x.data if isinstance(x, Value) else x


def called(browser: Any, programs: Sequence[tuple[Compiled, Sequence[float]]]) -> list[Any]:
    """What the programs give at numbers."""
    calls = [f"({f.javascript})({', '.join(map(number, given))})" for f, given in programs]
    return ran(browser, "", f"[{', '.join(calls)}]")  # type: ignore[no-any-return]


def test_graphs_of_arithmetic_have_the_bits_of_the_engine(browser: Any) -> None:
    graphs = [arithmetic_graph(random.Random(seed)) for seed in range(GRAPHS)]
    found = called(browser, [(compile(y, leaves), [x.data for x in leaves]) for leaves, y in graphs])
    for seed, ((leaves, y), (value, slopes)) in enumerate(zip(graphs, found, strict=True)):
        y.backward()
        assert value == y.data, seed
        assert slopes == [leaf.grad for leaf in leaves], seed


def test_graphs_of_functions_are_as_close_to_the_engine_as_their_condition_allows(browser: Any) -> None:
    graphs = [random_graph(random.Random(seed))[:2] for seed in range(GRAPHS)]
    found = called(browser, [(compile(y, leaves), [x.data for x in leaves]) for leaves, y in graphs])
    for seed, ((leaves, y), (value, slopes)) in enumerate(zip(graphs, found, strict=True)):
        y.backward()
        scale = condition(y)
        error = sum(math.ulp(node.data) * size for node, size in scale.items())
        assert abs(value - y.data) <= 4 * error, seed
        for leaf, slope in zip(leaves, slopes, strict=True):
            assert abs(slope - leaf.grad) <= 1e-12 * max(scale.get(leaf, 0.0), abs(leaf.grad)), seed


def small_network(activation: str, loss: str) -> tuple[MLP, list[Value], Value]:
    """A network of two inputs and the loss of one example, with a penalty on the weights."""
    model = MLP(2, [16, 16, 1], activation=activation, rng=random.Random(5))
    x, t = [Value(0.3, "x1"), Value(-0.7, "x2")], Value(1.0, "t")
    error = {
        "squared": lambda z: (z - t) ** 2,
        "hinge": lambda z: relu(1 - t * z),
        "logistic": lambda z: softplus(-t * z),
    }
    E = error[loss](model(x)) + 1e-3 * sum(w * w for w in model.parameters())
    return model, [*x, t], E.named("E")


def test_layers_are_loops_with_the_bits_of_the_engine(browser: Any) -> None:
    kinds = [("relu", "squared"), ("relu", "hinge"), ("linear", "squared"), ("tanh", "logistic")]
    for activation, loss in kinds:
        model, inputs, E = small_network(activation, loss)
        f = compile(E, inputs, model.parameters())
        [(value, slopes)] = called(browser, [(f, [x.data for x in inputs])])
        E.backward()
        wanted = [w.grad for w in model.parameters()]
        assert len(f.javascript) < 40_000
        assert "for (let i = 15; i >= 0; i--)" in f.javascript
        if activation != "tanh":
            assert (value, slopes) == (E.data, wanted), (activation, loss)
        assert abs(value - E.data) <= 1e-14
        assert all(abs(a - b) <= 1e-14 for a, b in zip(slopes, wanted, strict=True))


def test_random_graphs_with_planted_groups_compute_what_the_graph_computes(browser: Any) -> None:
    programs: list[tuple[Compiled, list[float]]] = []
    for seed, rng, builder, f in random_programs(range(100 * EFFORT), "python"):
        programs.append((f, rows_of(rng, len(builder.inputs), 1)[0]))
        assert seed >= 0
    calls = [
        f"({looped(f._wanted.trace, f._wanted.wrt, f._wanted.also)})({', '.join(map(number, row))})"
        for f, row in programs
    ]
    compared = 0
    for (f, row), found in zip(programs, ran(browser, "", f"[{', '.join(calls)}]"), strict=True):
        [want] = by_graph(f, [row])
        if isinstance(want, AutogradError):
            assert found[0] == "null"
        elif size(want) < STEEP:
            got = [found[0], *found[1], *(found[2] if len(found) > 2 else [])]
            true = [want.value, *want.gradients, *(x for [x] in want.also)]
            assert len(got) == len(true)
            assert all(abs(a - b) <= 1e-9 * max(1.0, size(want)) for a, b in zip(got, true, strict=True)), (got, true)
            compared += 1
    assert compared > 75 * EFFORT


def test_where_an_operation_fails_the_result_is_null_with_the_reason(browser: Any) -> None:
    x, y = Value(1.0, "x"), Value(1.0, "y")
    z = (x - 3).named("z")
    cases = [
        (log(x), [-1.0], "log(x): x = -1 is outside the domain (x > 0)"),
        (log(x), [0.0], "log(x): x = 0 is outside the domain (x > 0)"),
        (z.named("z") * (1 / x), [0.0], "1 / x: x = 0 is outside the domain (x != 0)"),
        (1 / (1 / x), [0.0], "1 / x: x = 0 is outside the domain (x != 0)"),
        (exp(x), [1000.0], "exp(x): x = 1000: the result is Infinity"),
        (x * x, [1e200], "J: the result is Infinity"),
        (sqrt(x), [0.0], "dJ/dx does not exist there, or is too large: the result is Infinity"),
        (sqrt(x) ** 2, [0.0], "dJ/dx does not exist there, or is too large: the result is NaN"),
        (x**0.5, [-1.0], "x ** 0.5: x = -1 is outside the domain"),
        (x + y, [math.nan, 1.0], "x: the result is NaN"),
    ]
    found = called(browser, [(compile(J, [x, y][: len(given)]), given) for J, given, _ in cases])
    for (J, given, reason), (value, told) in zip(cases, found, strict=True):
        assert value == "null", (J, given)
        assert told.startswith(reason)


def test_an_exponent_that_is_a_number_keeps_its_letter_in_the_reason(browser: Any) -> None:
    x = Value(1.0, "x")
    found = called(browser, [(compile(x**exponent, [x]), [0.0 if exponent < 0 else -2.0]) for exponent in (-1, 0.5)])
    where = "(x > 0, or integer b; b >= 0 where x = 0; the real cube root is cbrt(x))"  # as the engine writes it
    assert found == [
        ["null", f"x ** -1: x = 0 is outside the domain {where}"],
        ["null", f"x ** 0.5: x = -2 is outside the domain {where}"],
    ]


def test_a_text_that_says_a_number_is_that_number_and_no_other_text_is_one(browser: Any) -> None:
    x, y = Value(1.0, "x"), Value(1.0, "y")
    short, long = compile(x + y, [x, y]), compile(sum((sin(0.01 * i * x) for i in range(200)), x + y), [x, y])
    assert "for (let i" in long.javascript
    declared = f"const short = {short.javascript};\nconst long = {long.javascript};"
    assert ran(browser, declared, 'short("1", " 2 ")') == [3.0, [1.0, 1.0]]
    assert ran(browser, declared, 'long("1", "2")') == ran(browser, declared, "long(1, 2)")
    for name in ("short", "long"):
        for given in ('"one", 2', "1", "{}, 1"):
            assert ran(browser, declared, f"[{name}({given})[0]]") == ["null"], (name, given)


def test_what_fails_in_a_layer_or_after_it_is_told(browser: Any) -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    w = [Value(0.01 * i - 0.65, f"w{i}") for i in range(130)]
    logs = compile(sum((log(wi + x) for wi in w), 0.0), [x])
    after = compile(log(dot(w, [sin(wi * y) for wi in w], y)), [y])
    (value, reason), (no_value, other) = called(browser, [(logs, [0.1]), (after, [-0.5])])
    assert (value, no_value) == ("null", "null")
    assert re.search(r"log\(\w+\[\d+\]\): \w+\[\d+\] = -0\.\d+ is outside the domain", reason), reason
    assert re.search(r"^log\(\w+\): \w+ = -9\.\d+ is outside the domain \(\w+ > 0\)$", other), other


def test_whatever_nodes_are_called_the_script_runs(browser: Any) -> None:
    every = [*HOSTILE, "new", "p", "Math", "failure", "*/", "eval", "arguments", "E", "__proto__", "sum", "dp", "t1"]
    for length, odd in ((1, every), (60, some(every))):  # in a straight line, and in loops
        programs, wanted = [], []
        for name in odd:
            x, w = Value(0.5, name), [Value(0.25 * i, name) for i in range(1, length + 1)]
            y = sin(dot(w, [tanh(wi * x).named(name) for wi in w], log(x).named(name))).named(name)
            programs.append((compile(y, [x], w), [0.5]))
            y.backward()
            wanted.append((y.data, [wi.grad for wi in w]))
        for name, (value, slopes), (true, grads) in zip(odd, called(browser, programs), wanted, strict=True):
            assert abs(value - true) < 1e-14, name
            assert all(abs(a - b) < 1e-14 for a, b in zip(slopes, grads, strict=True)), name
        declared = "\n".join(f"const f{i} = {f.javascript};" for i, (f, _) in enumerate(programs))
        assert len(ran(browser, declared, f"[{', '.join(f'f{i}(0.5)[0]' for i in range(len(odd)))}]")) == len(odd)


def test_a_script_computes_with_the_parameters_that_it_is_given_and_gives_the_further_values(browser: Any) -> None:
    x, w, b = Value(3.0, "x"), Value(2.0, "w"), Value(1.0, "b")
    z = w * x
    f = compile(z + b, [x], [w, b, x], also=[z])
    text = f"{f.javascript}\nconst first = J(3), second = J(3, [5, 7]);"
    assert f.parameters == (w, b)
    assert ran(browser, text, "[first, second]") == [[7.0, [3.0, 1.0, 2.0], [6.0]], [22.0, [3.0, 1.0, 5.0], [15.0]]]
    hidden = [tanh(wi * x) for wi in (w, b, *(Value(0.1 * i) for i in range(8)))]
    g = compile(sum(hidden, 0.0).named("J"), [x], [w], also=[hidden[1], x])
    text = f"{g.javascript}\nconst one = J(0.5), two = J(0.25), again = J(0.5);"
    one, two, again = ran(browser, text, "[one, two, again]")
    assert one == again != two
    assert abs(one[1][0] - 0.5 * (1 - math.tanh(1.0) ** 2)) < 1e-15
    assert [abs(one[2][0] - math.tanh(0.5)) < 1e-15, one[2][1]] == [True, 0.5]
    assert "eval" not in f.javascript + g.javascript
    assert "Function" not in f.javascript + g.javascript
