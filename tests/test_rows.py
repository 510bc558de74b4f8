"""Every row of the table against mpmath, and the proof that these tests catch a wrong row."""

from __future__ import annotations

import itertools
import math

import mpmath
import pytest
from mpmath import mpf
from oracle import TRUE, admissible, exactly, wrong

from autograd import Value
from autograd.expression import Call, Number, to_text
from autograd.kernels import kernels
from autograd.parser import parse_row
from autograd.rules import LETTERS, ROWS, Row

SCALAR = [row for row in ROWS.values() if not row.vectors]
PARTIALS = [(row, letter) for row in SCALAR for letter in row.letters]


def test_every_row_has_an_oracle() -> None:
    assert {row.name for row in SCALAR} == set(TRUE)


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_value_and_partials_are_within_4_ulp(row: Row) -> None:
    found = admissible(row.name, 1500)
    assert len(found) > 200
    # Near overflow the exponent of a power has lost digits to its size, which the power magnifies: 8 ulp there.
    limit = 8.0 if row.name == "pow" else 4.0
    assert wrong(row, found, limit)[:3] == []


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_textbook_texts_are_the_mathematics(row: Row) -> None:
    """What is shown is evaluated at 50 digits, so that only a wrong formula can differ from the truth."""
    for point in admissible(row.name, 300, seed=1):
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
            assert abs(got - want) <= abs(want) * mpf(10) ** -20 + mpf(10) ** -30, (text, point)


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
    found = admissible(row.name, 250)
    assert wrong(row, found, 8.0) == []
    for text in mutations(row, letter):
        mutant = Row(row.name, row.value, *row.partials, computed={**row.computed, letter: text})
        assert wrong(mutant, found, 8.0), f"d{row.name}/d{letter} = {text} was not noticed"


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_a_mutated_textbook_text_is_caught(row: Row) -> None:
    for text in row.partials:
        mutant = f"1.001 * ({text})" if text != "0" else "1"
        if len(row.partials) == 1:
            with pytest.raises(AssertionError):
                test_textbook_texts_are_the_mathematics(Row(row.name, row.value, mutant))


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
