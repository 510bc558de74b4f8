"""Every row of the table against mpmath, and the proof that these tests catch a wrong row."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

import mpmath
import pytest
from graphs import SCALAR
from mpmath import mpf
from oracle import EFFORT, TRUE, admissible, exactly, truth, wrong

from autograd import Value
from autograd.engine.kernels import Kernels, kernels
from autograd.table.expression import Call, Number, to_text
from autograd.table.parser import parse_row
from autograd.table.rules import LETTERS, ROWS, Row

PARTIALS = [(row, letter) for row in SCALAR for letter in row.letters]


def test_every_row_has_an_oracle() -> None:
    assert {row.name for row in SCALAR} == set(TRUE)


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_value_and_partials_are_within_4_ulp(row: Row) -> None:
    found = admissible(row.name, 750 * EFFORT)
    assert len(found) > 100 * EFFORT
    near_overflow = {point for point in found if row.name == "pow" and abs(truth("pow", point)[0]) > 1e290}
    assert [*itertools.islice(wrong(row, (point for point in found if point not in near_overflow)), 3)] == []
    assert [*itertools.islice(wrong(row, near_overflow, 8.0), 3)] == []


AT_ZERO: dict[str, list[tuple[float, ...]]] = {"heaviside": [(0.0, 0.25)], "where": [(0.0, 0.25, 0.5)]}


def wrong_texts(row: Row) -> Iterator[tuple[str, tuple[float, ...]]]:
    """(text, point) where a text that is shown is not the truth: it is evaluated at 50 digits, so no rounding is."""
    for point in [*admissible(row.name, 150 * EFFORT, seed=1), *AT_ZERO.get(row.name, [])]:
        if max(map(abs, point)) > 50 or 0 < min(map(abs, point)) < 1e-9:
            continue
        exact = dict(zip(row.letters, map(mpf, point), strict=True))
        exact["y"] = TRUE[row.name][0](*exact.values())
        operands = [exact[letter] for letter in row.letters]
        for text, true in zip((row.value, *row.partials), TRUE[row.name], strict=True):
            try:
                want = true(*operands)
                got = exactly(parse_row(text).result, exact)
            except (ZeroDivisionError, ValueError):
                continue  # at a singular point; what happens there is tested under "kinks" and "errors"
            if mpmath.isinf(got) or mpmath.isinf(want) or (row.name == "pow" and (point[1] == 0 or point[0] <= 0)):
                continue
            if not abs(got - want) <= abs(want) * mpf(10) ** -20 + mpf(10) ** -30:
                yield text, point


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_textbook_texts_are_the_mathematics(row: Row) -> None:
    assert next(wrong_texts(row), None) is None


def mutations(row: Row, letter: str) -> list[str]:
    """The partial times 1.001, its sign turned, one of its terms or factors left out."""
    text = row.computed_partial(letter)
    head, _, last = text.rpartition(";")
    start = f"{head};" if head else ""
    found = [f"{start} 1.001 * ({last})", f"{start} -({last})"]
    result = parse_row(text).result
    if isinstance(result, Number) and result.value == 0:
        return ["1"]
    if isinstance(result, Call) and result.op in ("add", "sub", "mul", "div"):
        found += [f"{start} {to_text(operand)}" for operand in result.operands]
    return found


@pytest.mark.parametrize(("row", "letter"), PARTIALS, ids=[f"{row.name}-{letter}" for row, letter in PARTIALS])
def test_a_mutated_row_is_caught(row: Row, letter: str) -> None:
    for text in mutations(row, letter):
        mutant = Row(row.name, row.value, *row.partials, computed={**row.computed, letter: text})
        caught = next(wrong(mutant, admissible(row.name, 250), 8.0), None)
        assert caught, f"d{row.name}/d{letter} = {text} was not noticed"


@pytest.mark.parametrize(("row", "letter"), PARTIALS, ids=[f"{row.name}-{letter}" for row, letter in PARTIALS])
def test_a_mutated_textbook_text_is_caught(row: Row, letter: str) -> None:
    place = row.letters.index(letter)
    text = row.partials[place]
    for mutant in (f"1.001 * ({text})", f"-({text})") if text != "0" else ("1",):
        partials = [*row.partials[:place], mutant, *row.partials[place + 1 :]]
        caught = next(wrong_texts(Row(row.name, row.value, *partials)), None)
        assert caught, f"d{row.name}/d{letter} = {mutant} was not noticed"


def vector_errors(row: Row, a: list[float], b: list[float], c: float) -> list[float]:
    """Errors of value and partials of a row over vectors, relative to the size of its terms."""
    made = Kernels(row)
    exact_a, exact_b = [mpf(x) for x in a], [mpf(x) for x in b]
    top = max(exact_a)
    weights = [mpmath.exp(x - top) for x in exact_a]
    products = [x * y for x, y in zip(exact_a, exact_b, strict=True)]
    value, size, slopes = {
        "sum": (sum(exact_a), sum(map(abs, exact_a)), {"a": [mpf(1)] * len(a)}),
        "dot": (sum(products) + mpf(c), sum(map(abs, products)) + abs(mpf(c)), {"a": exact_b, "b": exact_a}),
        "logsumexp": (top + mpmath.log(sum(weights)), abs(top) + 1, {"a": [w / sum(weights) for w in weights]}),
    }[row.name]
    values_a, values_b, value_c = [Value(x) for x in a], [Value(x) for x in b], Value(c)
    node = made.forward()(
        *{"sum": (values_a,), "dot": (values_a, values_b, value_c), "logsumexp": (values_a,)}[row.name]
    )
    node.backward()
    found = [abs(node.data - value) / (mpf(2) ** -53 * (size or 1))]
    for letter, values in (("a", values_a), ("b", values_b)):
        for x, slope in zip(values, slopes.get(letter, []), strict=False):
            magnified = 1 + (abs(mpf(x.data) - top) if row.name == "logsumexp" else 0)  # exp magnifies a rounding so
            found.append(abs(x.grad - slope) / (mpf(2) ** -53 * magnified * max(abs(slope), mpf(1e-300))))
    if row.name == "dot":
        found.append(abs(value_c.grad - 1) * 2**53)
    return [float(error) for error in found]


def vectors(count: int) -> list[tuple[list[float], list[float], float]]:
    rng = random.Random(5)
    found = []
    for _ in range(count):
        scale, length = rng.choice((1.0, 30.0, 700.0, 1e6)), rng.randint(1, 9)
        offset = rng.choice((0.0, 0.0, 2000.0, -2000.0, 1e12))
        a, b = ([offset + rng.uniform(-scale, scale) for _ in range(length)] for _ in range(2))
        found.append((a, b, rng.uniform(-1, 1)))
    return found


@pytest.mark.parametrize("name", ["sum", "dot", "logsumexp"])
def test_rows_over_vectors_are_as_exact_as_their_condition_allows(name: str) -> None:
    for a, b, c in vectors(200):
        assert max(vector_errors(ROWS[name], a, b, c)) <= 8, (a, b)


VECTOR_MUTANTS = [
    ("sum", {"a": "1.001"}), ("sum", {"a": "-1"}), ("sum", {"a": "0"}),
    ("dot", {"a": "1.001 * b"}), ("dot", {"a": "-b"}), ("dot", {"b": "1.001 * a"}), ("dot", {"b": "1"}), ("dot", {"c": "1.001"}),
    ("dot", {"c": "-1"}), ("logsumexp", {"a": "1.001 * exp(a - y)"}), ("logsumexp", {"a": "exp(a)"}),
    ("logsumexp", {"a": "exp(a - y)"}), ("logsumexp", {"y": "log(sum(exp(a)))"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "mutant"), VECTOR_MUTANTS, ids=[f"{name}-{mutant}" for name, mutant in VECTOR_MUTANTS]
)
def test_a_mutated_row_over_vectors_is_caught(name: str, mutant: dict[str, str]) -> None:
    row = ROWS[name]
    wrong_row = Row(
        name, row.value, *row.partials, computed={**row.computed, **mutant}, vectors=row.vectors, defaults=row.defaults
    )
    try:
        assert any(max(vector_errors(wrong_row, a, b, c)) > 8 for a, b, c in vectors(200))
    except (ArithmeticError, ValueError):
        return  # it fails aloud, on exp of a large number


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_sweep_uses_the_same_partials_bit_for_bit(row: Row) -> None:
    """The fast sweeps, for every pattern of Values and numbers, against the row's numeric partials."""
    for point in admissible(row.name, 60, seed=2):
        if max(map(abs, point)) > 1e3 or (row.name == "pow" and point[0] <= 0):
            continue
        for kinds in itertools.product("vn", repeat=len(point)):
            if "v" not in kinds:
                continue
            operands = [Value(x) if kind == "v" else x for x, kind in zip(point, kinds, strict=True)]
            node = kernels(row.name).forward()(*operands)
            assert node.data == kernels(row.name).forward()(*point) == kernels(row.name).value()(*point)
            try:
                node.backward(3.0)
            except ArithmeticError:
                continue  # the derivative does not exist at this point
            for operand, letter in zip(operands, LETTERS, strict=False):
                if isinstance(operand, Value):
                    partial = kernels(row.name).partial(letter)(*point, node.data)
                    assert operand.grad == 3.0 * partial


def test_vector_rows_agree_with_mpmath() -> None:
    numbers = [0.1, -2.5, 3.75, 1e-3, 700.0, 699.5]
    others = [1.5, 0.25, -4.0, 8.0, 2.0, -1.0]
    forward = {name: kernels(name).forward() for name in ("sum", "dot", "logsumexp")}
    a, b, c = [Value(x) for x in numbers], [Value(x) for x in others], Value(0.3)

    total = forward["sum"](a)
    assert total.data == math.fsum(numbers)
    total.backward()
    assert [x.grad for x in a] == [1.0] * 6

    product = forward["dot"](a, b, c)
    assert product.data == pytest.approx(
        math.fsum(x * y for x, y in zip(numbers, others, strict=True)) + 0.3, rel=1e-15
    )
    a, b = [Value(x) for x in numbers], [Value(x) for x in others]
    forward["dot"](a, b, c).backward()
    assert [x.grad for x in a] == others
    assert [x.grad for x in b] == numbers
    assert c.grad == 1.0

    largest = forward["logsumexp"](a)
    want = mpmath.log(sum(mpmath.exp(mpf(x)) for x in numbers))
    assert abs(largest.data - want) <= 4 * math.ulp(float(want))
    a = [Value(x) for x in numbers]
    forward["logsumexp"](a).backward()
    weights = [mpmath.exp(mpf(x) - want) for x in numbers]
    for x, weight in zip(
        a, weights, strict=True
    ):  # the condition number of exp(a - y) is |a - y|, of the result's size
        assert abs(x.grad - weight) <= weight * 1e-12


def test_softmax_weights_depend_on_differences_only() -> None:
    for offset in (0.0, 1e6, -1e12, 1e15, 1e16):
        u, v = Value(offset), Value(offset)
        kernels("logsumexp").forward()([u, v]).backward()
        assert (u.grad, v.grad) == (0.5, 0.5)
    u, v = Value(1e15), Value(1e15 - 3)
    kernels("logsumexp").forward()([u, v, 1e15]).backward()
    assert v.grad == pytest.approx(float(mpmath.exp(-3) / (2 + mpmath.exp(-3))), rel=1e-15)


def test_powers_with_huge_exponents_keep_sign_and_digits() -> None:
    for base, exponent in ((-1.0, 1e16), (-1.0, 2.0**53 + 2), (1.0000000000000395, 1.2666437140159566e16), (0.0, 1e16)):
        x = Value(base)
        (x**exponent).backward()
        true = TRUE["pow"][1](mpf(base), mpf(exponent))
        assert abs(x.grad - true) <= 4 * math.ulp(float(true))


@pytest.mark.parametrize("kinds", ["vv", "vn", "nv", "vm", "mv", "mm", "mn", "nm"])
@pytest.mark.parametrize("bias", ["v", "n"])
def test_dot_over_every_mixture_of_values_and_numbers(kinds: str, bias: str) -> None:
    def vector(numbers: list[float], kind: str) -> list[object]:
        every = {"v": [Value(x) for x in numbers], "n": list(numbers), "m": [Value(numbers[0]), *numbers[1:]]}
        return list(every[kind])

    dot = kernels("dot").forward()
    a, b = vector([1.0, 2.0, 3.0], kinds[0]), vector([4.0, 5.0, 6.0], kinds[1])
    c = Value(7.0) if bias == "v" else 7.0
    z = dot(a, b, c)
    assert z.data == 39.0
    assert z.operands == (*a, *b, c)
    z.backward()
    for x, want in zip([*a, *b, c], [4.0, 5.0, 6.0, 1.0, 2.0, 3.0, 1.0], strict=True):
        assert not isinstance(x, Value) or x.grad == want


def test_rows_over_vectors_take_numbers_alone_and_any_iterable() -> None:
    total, dot, logsumexp = (kernels(name).forward() for name in ("sum", "dot", "logsumexp"))
    assert total([]) == 0.0
    assert total(range(4)) == 6.0
    assert dot((1, 2), iter([3, 4])) == 11.0
    assert logsumexp([0.0]) == 0.0
    assert total(Value(float(i)) for i in range(3)).data == 3.0
    with pytest.raises(TypeError, match="one length, not of 1 and 2"):
        dot([1.0], [1.0, 2.0])
