"""What a Value promises: the graph it records, the sweep over it, and what it refuses."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from graphs import growth

import autograd
from autograd import Value, cos, dot, draw, exp, explain, formula, log, maximum, relu, sin, sqrt, steps
from autograd.engine.functions import sum as total
from autograd.engine.order import collect
from autograd.errors import GradientError, RangeError, StaleGraphError


def test_a_value_starts_as_a_leaf_with_grad_zero() -> None:
    x = Value(2, "x")
    assert (x.data, x.grad, x.name, x.op, x.operands) == (2.0, 0.0, "x", None, ())
    assert type(x.data) is float
    assert repr(x) == "Value(2.0, name='x')"


def test_a_repr_shows_the_grad_once_a_sweep_has_brought_one() -> None:
    x, unused = Value(1.5, "x"), Value(2.0)
    J = (x * x * -2.0).named("J")
    assert repr(J) == "Value(-4.5, name='J', op='mul')"
    J.backward()
    assert repr(J) == "Value(-4.5, name='J', op='mul', grad=1.0)"
    assert repr(x) == "Value(1.5, name='x', grad=-6.0)"
    assert repr(J.operands[0]) == "Value(2.25, op='mul', grad=-2.0)"
    assert repr(unused) == "Value(2.0)"
    assert repr([x]) == "[Value(1.5, name='x', grad=-6.0)]"
    x.grad = 0.0
    assert repr(x) == "Value(1.5, name='x')"
    x.grad = None  # type: ignore[assignment]
    assert repr(x) == "Value(1.5, name='x')"


def test_operands_are_values_and_plain_numbers_in_order_with_repeats() -> None:
    x, y = Value(3.0), Value(4.0)
    assert (x + x).operands == (x, x)
    assert (2 * x).operands == (2.0, x)
    assert (x - 1).operands == (x, 1.0)
    assert (1 / y).operands == (1.0, y)
    assert (x**y).operands == (x, y)
    assert (-x).operands == (x,)
    assert dot([x, 2.0], [y, x], 5).operands == (x, 2.0, y, x, 5.0)
    assert [(x - y).op, (x / y).op, (2**x).op, abs(x).op, (-x).op] == ["sub", "div", "pow", "abs", "neg"]


def test_named_returns_the_node_itself() -> None:
    x = Value(1.0)
    y = (x * x).named("y")
    assert y.name == "y"
    assert y.named("z") is y
    for bad in ("", 3, None):
        with pytest.raises(TypeError, match="a name is a text"):
            y.named(bad)  # type: ignore[arg-type]


def test_equality_and_hash_are_identity() -> None:
    x, y = Value(1.0), Value(1.0)
    assert x != y
    assert x == x
    assert len({x, y, x}) == 2


def test_comparisons_look_at_the_data() -> None:
    x, y = Value(1.0), Value(2.0)
    assert x < y
    assert x <= 1
    assert not x > 1.5
    assert y >= x
    assert x > 0
    with pytest.raises(TypeError, match="not str"):
        x < "2"  # type: ignore[operator] # noqa: B015


@pytest.mark.parametrize(
    ("build", "want"),
    [
        (lambda a: a + a, 2.0),
        (lambda a: a * a, 6.0),
        (lambda a: a - a, 0.0),
        (lambda a: a / a, 0.0),
        (lambda a: a**a, 27.0 * (1.0 + 1.0986122886681098)),
        (lambda a: dot([a, a], [a, 2.0], a), 9.0),
        (lambda a: maximum(a, a), 1.0),
    ],
)
def test_an_operand_used_twice_receives_both_contributions(build, want) -> None:  # type: ignore[no-untyped-def]
    a = Value(3.0)
    build(a).backward()
    assert a.grad == pytest.approx(want, rel=1e-15)


def test_two_to_the_sixtieth_by_doubling() -> None:
    x = Value(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert (y.data, x.grad) == (2.0**60, 2.0**60)


def test_sum_of_100_000_terms() -> None:
    values = [Value(0.1) for _ in range(100_000)]
    y = sum(values)
    y.backward()
    assert {x.grad for x in values} == {1.0}
    one_node = total(values)
    one_node.backward()
    assert one_node.data == 10_000.0  # correctly rounded, where a running sum has drifted
    assert {x.grad for x in values} == {2.0}


def chain(nodes: int) -> tuple[Value, Value]:
    x = Value(0.0, "x")
    y: Value = x
    for _ in range(nodes):
        y = y + 1.0
    return x, y


def test_a_chain_of_a_million_nodes_is_built_swept_and_freed() -> None:
    limit = sys.getrecursionlimit()
    x, y = chain(1_000_000)
    y.backward()
    assert (y.data, x.grad) == (1e6, 1.0)
    assert repr(y) == "Value(1000000.0, op='add', grad=1.0)"
    ends = [weakref.ref(y), weakref.ref(autograd.engine.sweep.collect(y)[0][-1])]
    del y
    assert [node() for node in ends] == [None, None]
    assert sys.getrecursionlimit() == limit


def test_a_long_chain_is_printed_in_time_linear_in_its_nodes() -> None:
    def seconds(nodes: int) -> float:
        _, y = chain(nodes)
        start = time.process_time()
        text = formula(y)
        assert text.startswith("x + 1 + 1 + 1")
        assert len(text) == 1 + 4 * nodes
        return time.process_time() - start

    assert growth(seconds, 6_000) < 35


def test_a_graph_dies_with_its_last_reference_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        x = Value(2.0)
        a = x * x
        b = sin(a)
        y = dot([a, b], [b, x], exp(a)) + maximum(a, b) + sum([a, b])
        y.backward()
        dead = [weakref.ref(node) for node in (a, b, y)]
        del a, b, y
        assert [node() for node in dead] == [None] * 3
        assert gc.collect() == 0
    finally:
        gc.enable()


# The sweep.


def test_second_backward_doubles_leaf_gradients() -> None:
    x, w = Value(1.1), Value(0.7)
    y = sin(x * w) * w + exp(x)
    y.backward()
    once = (x.grad, w.grad)
    y.backward()
    assert (x.grad, w.grad) == (2 * once[0], 2 * once[1])
    y.backward()
    assert (x.grad, w.grad) == (3 * once[0], 3 * once[1])


def test_interior_grad_is_the_adjoint_of_the_last_sweep() -> None:
    x = Value(3.0)
    a = x * x
    y = a * 2.0
    y.backward()
    y.backward()
    assert (a.grad, y.grad) == (2.0, 1.0)
    y.backward(seed=10.0)
    assert (a.grad, y.grad) == (20.0, 10.0)


def test_two_losses_on_one_subgraph_add_up_in_the_leaves_only() -> None:
    x = Value(3.0)
    shared = x * x
    one, two = shared * 2.0, shared * 5.0
    one.backward()
    two.backward()
    assert x.grad == 6.0 * 7.0
    assert shared.grad == 5.0


def test_backward_on_a_leaf_adds_the_seed() -> None:
    x = Value(3.0)
    x.backward()
    x.backward(2)
    assert x.grad == 3.0


def test_a_failure_in_the_middle_of_a_sweep_changes_no_leaf() -> None:
    x, w = Value(0.0, "x"), Value(2.0, "w")
    y = w * 3.0 + sqrt(x)
    w.grad, x.grad = 0.5, 0.25
    with pytest.raises(GradientError, match=r"sqrt\(x\): x = 0.0: the derivative with respect to x does not exist"):
        y.backward()
    assert (w.grad, x.grad) == (0.5, 0.25)


def test_control_c_at_any_moment_of_a_sweep_changes_all_leaves_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    grad = Value.grad

    def swept(moment: int | None) -> tuple[list[float], int]:
        """The leaves' grads after a sweep with Ctrl-C when a grad is set for the so-manieth time, and how often one is."""
        leaves = [Value(0.5 + k) for k in range(5)]
        y = sin(leaves[0] * leaves[1]) + dot(leaves, leaves) * exp(-leaves[4])
        for leaf in leaves:
            leaf.grad = 0.25
        times = itertools.count()

        def setting(node: Value, number: float) -> None:
            if next(times) == moment:
                raise KeyboardInterrupt
            grad.__set__(node, number)  # type: ignore[attr-defined]

        with monkeypatch.context() as patch:
            patch.setattr(Value, "grad", property(grad.__get__, setting))  # type: ignore[attr-defined]
            with contextlib.nullcontext() if moment is None else pytest.raises(KeyboardInterrupt):
                y.backward()
        return [leaf.grad for leaf in leaves], next(times)

    whole, count = swept(None)
    outcomes = [swept(moment)[0] for moment in range(count)]
    assert outcomes == [[0.25] * 5] * (count - 5) + [whole] * 5  # the last five times are those of the leaves


def test_steps_refuse_what_backward_refuses() -> None:
    x = Value(1e-200, "x")
    y = 1e-200 / x / x * 1e-100
    for sweep in (y.backward, lambda: list(steps(y)), lambda: explain(y)):
        with pytest.raises(RangeError, match="too large"):
            sweep()
    with pytest.raises(ValueError, match="not nan"):
        list(steps(Value(1.0) * 2, seed=float("nan")))


def test_a_missing_derivative_matters_only_where_an_adjoint_arrives() -> None:
    x = Value(0.0)
    (sqrt(x) * 0.0 + x).backward()
    assert x.grad == 1.0


def test_an_adjoint_too_large_is_an_error_that_names_it() -> None:
    x = Value(1e-200, "x")
    y = 1e-200 / x
    w = Value(3.0)
    with pytest.raises(RangeError, match=r"the adjoint of Value\(1e-200, name='x'\) is too large"):
        (y / x * 1e-100 * w).backward()
    assert (x.grad, w.grad) == (0.0, 0.0)


def test_an_infinite_value_names_the_first_node_that_went_wrong() -> None:
    x = Value(float("inf"), "x")
    y = (x - 1.0).named("y") * 2.0
    with pytest.raises(RangeError, match=r"the first such number is Value\(inf, name='x'\)"):
        y.backward()
    z = Value(1.0, "z")
    bad = (maximum(z, float("inf"))).named("bad") + 1.0
    with pytest.raises(RangeError, match="name='bad'"):
        bad.backward()
    assert (x.grad, z.grad) == (0.0, 0.0)


def test_a_stale_graph_is_refused_by_leaf_and_operation() -> None:
    x, w = Value(2.0, "x"), Value(3.0, "w")
    y = w * sin(x)
    y.backward()
    x.data = 5.0
    with pytest.raises(StaleGraphError, match=r"x = 5.0 was set after sin was computed from it"):
        y.backward()
    assert w.grad == pytest.approx(0.9092974268256817)
    mixed = y + x  # older results and new data in one graph
    with pytest.raises(StaleGraphError):
        mixed.backward()
    (w * sin(x)).backward()


def test_data_of_vector_operands_is_watched_too() -> None:
    w = [Value(1.0, "w1"), Value(2.0, "w2")]
    z = dot(w, [3.0, 4.0])
    w[1].data = 9.0
    with pytest.raises(StaleGraphError, match=r"w2 = 9.0 was set after dot"):
        z.backward()


def test_the_ordinary_loop_of_backward_update_rebuild_is_unaffected() -> None:
    w = Value(0.0, "w")
    for _ in range(50):
        loss = (w - 3.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.1 * w.grad
    assert w.data == pytest.approx(3.0, abs=1e-3)


def test_a_grad_or_seed_that_is_no_number_is_a_clear_error() -> None:
    x = Value(2.0, "x")
    y = x * x
    for bad in (None, "0", [0.0]):
        x.grad = bad  # type: ignore[assignment]
        with pytest.raises(TypeError, match=r"set it to 0.0"):
            y.backward()
        assert x.grad is bad
    x.grad = 0  # as micrograd's zero_grad writes it
    y.backward()
    assert x.grad == 4.0
    for seed, error in ((float("nan"), ValueError), (float("inf"), RangeError), ("1", TypeError), (None, TypeError)):
        with pytest.raises(error):
            y.backward(seed)  # type: ignore[arg-type]
    assert x.grad == 4.0


def test_readers_of_something_else_say_what_they_need() -> None:
    for reader in (explain, formula, draw, lambda y: list(steps(y))):
        with pytest.raises(TypeError, match=r"expected a Value, the result of a computation with Values, not 2.0"):
            reader(2.0)


def test_a_value_formats_like_its_number() -> None:
    assert f"{Value(2.0, 'x') * 1.2345:.2f}" == "2.47"
    assert f"{Value(2.0, 'x')}" == "Value(2.0, name='x')"


def test_results_cannot_be_set_and_leaves_only_to_real_numbers() -> None:
    x = Value(2.0, "x")
    with pytest.raises(TypeError, match="was computed: set the data of leaves"):
        (x * x).data = 1.0
    for bad in ("1", None, 1j, [1.0], True):
        with pytest.raises(TypeError):
            x.data = bad  # type: ignore[assignment]
    with pytest.raises(ValueError, match="not nan"):
        x.data = float("nan")
    assert x.data == 2.0


@pytest.mark.parametrize("convert", [bool, float, int, list])
def test_leaving_the_graph_silently_is_a_type_error_that_says_what_to_write(convert) -> None:  # type: ignore[no-untyped-def]
    for x in (Value(2.0), Value(2.0) * 3.0):
        with pytest.raises(TypeError, match=r"write|put several"):
            convert(x)


def test_math_functions_say_to_use_ours() -> None:
    import math

    with pytest.raises(TypeError, match="write exp"):
        math.exp(Value(1.0))


def test_every_function_of_one_operand_is_a_method_too() -> None:
    for name in autograd.engine.functions.NAMES:
        if len(autograd.table.rules.ROWS[name].letters) == 1 and not autograd.table.rules.ROWS[name].vectors:
            x = Value(1.5 if name == "acosh" else 0.5)
            assert getattr(x, name)().data == getattr(autograd, name)(x).data == getattr(autograd, name)(x.data)
            assert getattr(x, name)().data == getattr(x, name)().data  # the method's second call is another function


def test_generated_functions_show_their_source_in_a_traceback() -> None:
    import traceback

    try:
        exp("a")  # type: ignore[call-overload]
    except TypeError:
        assert "a = real(a)" in traceback.format_exc()


def test_help_shows_the_row() -> None:
    assert "dy/da = cos(a)" in (sin.__doc__ or "")


def test_ten_threads_with_their_own_graphs_agree_with_one() -> None:
    def gradient(start: float) -> float:
        x = Value(start)
        y = x
        for _ in range(50):
            y = sin(y) * x + cos(y) / (1 + y * y) + 0.1 * relu(y) + log(1 + exp(sin(y)))
        y.backward()
        x.data = x.data + 1.0  # advances the clock under the others
        return x.grad

    want = [gradient(0.1 * i) for i in range(10)]
    got: dict[int, float] = {}
    for _ in range(10):
        threads = [threading.Thread(target=lambda i=i: got.__setitem__(i, gradient(0.1 * i))) for i in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [got[i] for i in range(10)] == want


def test_sweeping_is_linear_in_shared_nodes() -> None:
    """A diamond of diamonds has 2 ** 200 paths; only a sweep over nodes ends."""
    x = Value(1.0)
    y = x
    for _ in range(200):
        y = 0.5 * y + 0.5 * y
    start = time.process_time()
    y.backward()
    assert x.grad == 1.0
    assert time.process_time() - start < 5  # it would take longer than the universe has


def test_pickle_and_copy_keep_leaves_and_small_graphs() -> None:
    import copy
    import pickle

    x = Value(1.5, "x")
    y = (sin(x * 2.0) + 1.0).named("y")
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        assert repr(twin) == repr(y)
        twin.backward()
        _, (leaf,) = autograd.engine.sweep.collect(twin)
        assert leaf.grad == pytest.approx(2.0 * cos(3.0))
        assert x.grad == 0.0


def test_an_unpickled_graph_is_swept_right_in_a_process_whose_clock_is_behind() -> None:
    import pickle
    import subprocess

    u = Value(1.0, "u")
    for _ in range(1000):
        u.data = 2.0
    v = u * u
    script = (
        "import pickle, sys; u, v = pickle.load(sys.stdin.buffer); w = v * 3 + v; w.backward(); y = u * 2; "
        "y.backward(); print(u.grad)"
    )
    done = subprocess.run([sys.executable, "-c", script], input=pickle.dumps((u, v)), capture_output=True, check=True)
    assert float(done.stdout) == 18.0


def pickled(thing: Any) -> Any:
    import pickle

    return pickle.loads(pickle.dumps(thing))


def pickled_as_text(thing: Any) -> Any:
    import pickle

    return pickle._loads(pickle._dumps(thing, 0))  # type: ignore[attr-defined]  # the one written in Python


def copied(thing: Any) -> Any:
    import copy

    return copy.deepcopy(thing)


WAYS = [pickled, pickled_as_text, copied]


@pytest.mark.parametrize("way", WAYS)
def test_a_graph_of_any_length_is_pickled_and_copied_without_recursion(way: Callable[[Any], Any]) -> None:
    x = Value(0.5, "x")
    y: Value = x
    for _ in range({pickled: 50_000, copied: 10_000, pickled_as_text: 2_000}[way]):
        y = sin(y) + x
    twin = way(y)
    twin.backward()
    y.backward()
    (results, (leaf,)), (originals, _) = collect(twin), collect(y)
    assert leaf.grad == x.grad
    assert [node._data for node in results] == [node._data for node in originals]
    assert not {x, *originals} & {leaf, *results}


@pytest.mark.parametrize("way", WAYS)
def test_nodes_shared_between_what_is_copied_together_stay_shared(way: Callable[[Any], Any]) -> None:
    x, w = Value(2.0, "x"), Value(3.0, "w")
    shared = (w * x).named("shared").within("neuron 1")
    one, two = sin(shared) + shared, shared * shared
    three = dot([one, two], [two, w], x)
    for order in ([x, w, shared, one, two, three], [three, two, one, shared, w, x], [one, three, x, two, w, shared]):
        twins = dict(zip(order, way(order), strict=True))
        assert twins[shared].operands == (twins[w], twins[x])
        assert twins[one].operands[1] is twins[two].operands[0] is twins[two].operands[1] is twins[shared]
        assert twins[three].operands == (twins[one], twins[two], twins[two], twins[w], twins[x])
        assert (twins[shared].name, twins[shared].part) == ("shared", ("neuron 1",))
        twins[three].backward()
    three.backward()
    assert twins[x].grad == x.grad


@pytest.mark.parametrize("way", WAYS)
def test_all_nodes_of_a_long_chain_are_copied_in_linear_time_in_any_order(way: Callable[[Any], Any]) -> None:
    def seconds(count: int, direction: int) -> float:
        chain = [Value(0.5, "x")]
        for _ in range(count):
            chain.append(sin(chain[-1]))
        start = time.process_time()
        twins = way(chain[::direction])[::direction]
        assert all(after.operands == (before,) for before, after in itertools.pairwise(twins))
        return time.process_time() - start

    for direction in (1, -1):
        assert growth(functools.partial(seconds, direction=direction), 800) < 35


class Weight(Value):
    """A leaf of a kind of its own."""

    def __init__(self, data: float, *, frozen: bool) -> None:
        super().__init__(data, "w")
        self.frozen = frozen
        self.itself = self


class Slotted(Value):
    __slots__ = ("unit",)


@pytest.mark.parametrize("way", WAYS)
def test_a_subclass_keeps_its_class_and_what_it_added_and_its_results_are_values(way: Callable[[Any], Any]) -> None:
    w, s = Weight(2.0, frozen=True), Slotted(3.0)
    s.unit = "m"
    y = w * s
    w.grad = 7.0
    twin = way(y)
    a, b = twin.operands
    assert (type(a), type(b), type(twin)) == (Weight, Slotted, type(y))
    assert (a.frozen, b.unit, a.name, a.grad, a.data) == (True, "m", "w", 7.0, 2.0)
    assert a.itself is a
    a.grad = 0.0
    twin.backward()
    assert (a.grad, b.grad, w.grad, s.grad) == (3.0, 2.0, 7.0, 0.0)
    for result in (w + 1, 2 * w, w / s, -w, w**2, sin(w), w.detach()):
        assert isinstance(result, Value)
        assert not isinstance(result, Weight)
    assert +w is w


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_stale_graph_is_stale_and_one_computed_afterwards_is_not(way: Callable[[Any], Any]) -> None:
    x, w = Value(3.0, "x"), Value(4.0, "w")
    before = x * w
    x.data = 5.0
    after = x * w
    x, before, after = way((x, before, after))
    with pytest.raises(StaleGraphError, match=r"x = 5\.0 was set after mul"):
        before.backward()
    after.backward()
    assert x.grad == 4.0
    x.data = 6.0
    with pytest.raises(StaleGraphError):
        after.backward()


def test_a_shallow_copy_shares_the_operands() -> None:
    import copy

    x = Value(3.0, "x")
    y = x * x
    twin = copy.copy(y)
    assert twin is not y
    assert twin.operands == (x, x)
    assert copy.copy(x) not in twin.operands


def test_several_threads_pickle_the_same_graph_at_once() -> None:
    from concurrent.futures import ThreadPoolExecutor

    x = Value(0.5, "x")
    y: Value = x
    for _ in range(2000):
        y = sin(y) * x
    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(pickled, [y] * 8))
    for twin in twins:
        assert twin._data == y._data
        assert len(collect(twin).results) == 4000
