"""JavaScript: rows of the table as functions, and programs, in a real browser, against the eager engine and the truth."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Sequence
from typing import Any

import mpmath
from graphs import HOSTILE, SCALAR, condition, random_graph
from mpmath import mpf
from oracle import DOMAIN, EFFORT, TINY, admissible, allowed, exists, points, truth

from autograd import Value, compile, primitive
from autograd.compiler.compiled import Compiled
from autograd.compiler.scripts.language import comment, helpers, number, quoted, row_functions
from autograd.engine.kernels import kernels
from autograd.table.rules import ROWS

POLICY = "default-src 'none'; script-src 'unsafe-inline'"  # no eval, and nothing from outside
EXACT = ("add", "sub", "mul", "div", "neg", "abs", "relu", "maximum", "minimum", "heaviside", "sign", "sqrt")
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
    given = {row.name: [*filter(_unsigned, admissible(row.name, 400 * EFFORT, 3))] for row in SCALAR}
    for name, results in rows_at(browser, given).items():
        assert len(results) > 50, name
        for point, found in zip(given[name], results, strict=True):
            wanted = truth(name, point)
            near = (*point, float(wanted[0] or 0))
            for what, got, want in zip("yab", found, wanted, strict=False):
                if want is None:
                    assert not math.isfinite(got), (name, what, point, got)
                elif not (got == 0 and abs(want) < TINY):
                    limit = 8 if name == "pow" else 4
                    assert math.isfinite(got), (name, what, point, got)
                    assert abs(mpf(got) - want) <= allowed(limit, want, near), (name, what, point, got, float(want))


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


def test_five_hundred_graphs_of_arithmetic_have_the_bits_of_the_engine(browser: Any) -> None:
    graphs = [arithmetic_graph(random.Random(seed)) for seed in range(500)]
    found = called(browser, [(compile(y, leaves), [x.data for x in leaves]) for leaves, y in graphs])
    for seed, ((leaves, y), (value, slopes)) in enumerate(zip(graphs, found, strict=True)):
        y.backward()
        assert value == y.data, seed
        assert slopes == [leaf.grad for leaf in leaves], seed


def test_five_hundred_graphs_of_functions_are_as_close_to_the_engine_as_their_condition_allows(browser: Any) -> None:
    graphs = [random_graph(random.Random(seed))[:2] for seed in range(500)]
    found = called(browser, [(compile(y, leaves), [x.data for x in leaves]) for leaves, y in graphs])
    for seed, ((leaves, y), (value, slopes)) in enumerate(zip(graphs, found, strict=True)):
        y.backward()
        scale = condition(y)
        error = sum(math.ulp(node.data) * size for node, size in scale.items())
        assert abs(value - y.data) <= 4 * error, seed
        for leaf, slope in zip(leaves, slopes, strict=True):
            assert abs(slope - leaf.grad) <= 1e-12 * max(scale.get(leaf, 0.0), abs(leaf.grad)), seed
