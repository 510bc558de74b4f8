"""Neural networks: micrograd's numbers, gradients against independent oracles, training."""

from __future__ import annotations

import collections
import contextlib
import copy
import dataclasses
import functools
import gc
import io
import json
import logging
import math
import pickle
import random
import re
import sys
import time
import types
import weakref

import numpy as np
import pytest

from autograd import Value, compile, draw, exp, explain, no_grad, tanh
from nn import MLP, DivergenceError, Epoch, History, Layer, Module, Neuron, datasets, evaluate, fit, losses, optim
from nn.losses import LOSSES, number_of
from nn.training.progress import Progress

# The interface, and micrograd's numbers.


def micrograd_demo(module, Value, seed: int = 1337, steps: int = 100):  # type: ignore[no-untyped-def]
    """The demo of micrograd's README, with `module` for its nn: the losses of all steps, and the last accuracy."""
    random.seed(seed)
    X, y = datasets.moons(100, noise=0.1, seed=3)
    labels = datasets.signs(y)
    model = module.MLP(2, [16, 16, 1])
    found = []
    for k in range(steps):
        inputs = [list(map(Value, xrow)) for xrow in X]
        scores = list(map(model, inputs))
        hinges = [(1 + -yi * scorei).relu() for yi, scorei in zip(labels, scores, strict=True)]
        data_loss = sum(hinges) * (1.0 / len(hinges))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = sum((yi > 0) == (scorei.data > 0) for yi, scorei in zip(labels, scores, strict=True)) / len(labels)
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        found.append(total_loss.data)
    return found, accuracy


def test_a_micrograd_script_trains_to_the_end() -> None:
    import nn

    found, accuracy = micrograd_demo(nn, Value)
    assert found[-1] < found[0] / 10
    assert accuracy == 1.0


def test_a_micrograd_script_has_the_losses_of_micrograd_at_every_step() -> None:
    import nn

    engine = pytest.importorskip("micrograd.engine", reason="micrograd is not installed: extra bench")
    theirs = pytest.importorskip("micrograd.nn")
    ours, _ = micrograd_demo(nn, Value, steps=100)
    expected, accuracy = micrograd_demo(theirs, engine.Value, steps=100)
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert accuracy == 1.0


def test_a_model_of_one_output_gives_a_value_and_of_several_a_list() -> None:
    assert isinstance(MLP(2, [3, 1])([0.1, 0.2]), Value)
    several = MLP(2, [3, 2])([0.1, 0.2])
    assert isinstance(several, list)
    assert all(isinstance(a, Value) for a in several)
    assert isinstance(MLP(1, [1, 1, 1])(0.5), Value)
    assert isinstance(Neuron(3)([1, 2.0, np.float64(3.0)]), Value)
    assert isinstance(MLP(2, [3, 1])(np.array([0.1, 0.2])), Value)


def test_weights_have_the_blackboards_names_and_know_their_neuron() -> None:
    model = MLP(2, [2, 1], rng=random.Random(0))
    assert [p.name for p in model.parameters()] == [
        "w[1][1,1]", "w[1][1,2]", "b[1][1]", "w[1][2,1]", "w[1][2,2]", "b[1][2]", "w[2][1,1]", "w[2][1,2]", "b[2][1]",
    ]  # fmt: skip
    assert model.parameters()[3].part == ("layer 1", "neuron 2")
    y = model([0.5, -0.5])
    assert y.part == ("layer 2", "neuron 1")
    assert "folded: 15 nodes in 3 boxes" in draw(y, fold="layer").graph.source or "layer 1" in draw(y, fold="layer").svg
    assert [name for name, _ in model.named_parameters()][:2] == ["w[1][1,1]", "w[1][1,2]"]


def test_what_a_neuron_computes_has_the_blackboards_names() -> None:
    model = MLP(2, [2, 1], activation="sigmoid", rng=random.Random(0))
    y = model([0.5, -0.5])
    first, second = y.operands[2:4]
    assert [node.name for node in (y, first, second, *first.operands, *second.operands)] == [
        "z[2][1]", "a[1][1]", "a[1][2]", "z[1][1]", "z[1][2]",
    ]  # fmt: skip
    assert explain(y, model.parameters()[0]).startswith(
        "∂z[2][1]/∂w[1][1,1] = ∂z[2][1]/∂a[1][1] · ∂a[1][1]/∂z[1][1] · ∂z[1][1]/∂w[1][1,1]\n"
        "                    = w[2][1,1] · a[1][1] * (1 - a[1][1]) · 0.5\n"
    )
    assert r"\sigma\left(z_{2}^{[1]}\right)" in explain(y).latex
    assert "z_2_1 = w_2_1_1 * a_1_1 + w_2_1_2 * a_1_2 + b_2_1" in compile(y, [], model.parameters()).source
    assert [node.name for node in (Neuron(2)([1.0, 2.0]), Neuron(2)([1.0, 2.0]).operands[0])] == ["a", "z"]
    with no_grad():
        assert model([0.5, -0.5]).name == "z[2][1]"


def test_a_user_who_names_a_result_keeps_the_name() -> None:
    def bent(z: Value) -> Value:
        return (z * abs(z)).named("bent")

    def doubled(z: Value) -> Value:
        return 2 * z

    assert MLP(1, [1], output=bent)([2.0]).name == "bent"
    assert MLP(1, [1], output=doubled)([2.0]).name == "a[1][1]"
    model = MLP(1, [1])
    assert model([2.0]).named("ŷ").name == "ŷ"
    model.parameters()[0].named("slope")
    assert [p.name for p in model.parameters()] == ["slope", "b[1][1]"]
    layer = Layer(1, 1)
    layer.parameters()[0].named("slope")
    Module().layers = [Layer(1, 1), layer]
    assert [p.name for p in layer.parameters()] == ["slope", "b[2][1]"]


def test_an_activation_that_gives_what_stands_elsewhere_renames_nothing() -> None:
    zero, w = Value(0.0), Value(3.0, "w")
    other = Neuron(1, init=[2.0])
    elsewhere = other([1.0])
    for given in (zero, w, other.b, elsewhere):
        before = given.name, given.part
        for activation in (lambda z: given, lambda z: z if z.data > 0 else given):
            for part in (
                Neuron(1, activation=activation, init=[1.0]),
                Layer(1, 1, activation=activation, init=[[1.0]]),
            ):
                assert part([-1.0]) is given
                assert (given.name, given.part) == before
    assert Neuron(1, activation=lambda z: z, init=[1.0])([2.0]).part == ("neuron 1",)


@pytest.mark.parametrize("wrong", [None, 3.0, 0, "a", [1.0]], ids=repr)
def test_what_is_no_value_is_an_error_of_the_activation(wrong: object) -> None:
    def bent(z: Value) -> object:
        return wrong

    for part in (Neuron(1, activation=bent), Layer(1, 2, activation=bent), MLP(1, [1, 1], activation=bent)):  # type: ignore[arg-type]
        with pytest.raises(
            TypeError, match=rf"^the activation bent gives {re.escape(repr(wrong))}, not a Value: compute"
        ):
            part([1.0])  # type: ignore[operator]


def test_examples_in_one_graph_are_told_apart() -> None:
    model = MLP(1, [1, 1], activation="tanh", init=[[[0.5]], [[2.0]]])
    E = losses.mean_squared_error([model([1.0]), model([2.0])], [0.0, 0.0])
    text = str(explain(E, model.parameters()[0]))
    assert "∂z[1][1]/∂w[1][1,1]" in text
    assert "∂z[1][1]_2/∂w[1][1,1]" in text
    assert "the sum over 2 paths" in text
    (again,) = pickle.loads(pickle.dumps(E)).operands[0].operands[0].operands[0].operands[:1]
    assert again.name == "z[2][1]"


def boxes(y: Value, fold: str) -> list[str]:
    """The titles of the boxes of a folded picture."""
    source = draw(y, fold=fold, legend=False).graph.source
    return [title.replace("\\", "") for title in re.findall(r'label="?((?:layer|neuron)[^|"{]*)', source)]


def test_layers_and_neurons_made_by_hand_have_boxes_and_names_of_their_own() -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.hidden, self.out = Layer(2, 3), Layer(3, 1, nonlin=False)

        def __call__(self, x: list[float]) -> Value:
            return self.out(self.hidden(x))

    net = Net()
    names = [p.name for p in net.parameters()]
    assert names[0] == "w[1][1,1]"
    assert names[-2:] == ["w[2][1,3]", "b[2][1]"]
    assert len({*names}) == 13
    assert repr(net.out) == "layer 2: 3 → 1, linear"
    assert boxes(net([1.0, 2.0]), "layer") == ["layer 1: 3 neurons", "layer 2: z[2][1]"]
    first, second = Layer(2, 2), Layer(2, 1)
    assert boxes(second(first([1.0, 2.0])), "layer") == ["layer 1: 2 neurons", "layer 1_2: a[1][1]_2"]
    one, other = Neuron(2), Neuron(1)
    assert boxes(other([one([1.0, 2.0])]) + one([3.0, 4.0]), "neuron") == ["neuron 1 × 2", "neuron 1_2: a_2"]


def test_parts_of_two_models_are_not_one_part_and_copies_stay_apart() -> None:
    models = [MLP(1, [2, 1]), MLP(1, [2, 1])]
    expected = ["layer 1: 2 neurons", "layer 2: z[2][1]", "layer 1_2: 2 neurons", "layer 2_2: z[2][1]_2"]
    for one, other in (models, copy.deepcopy(models), pickle.loads(pickle.dumps(models)), [models[0], models[0]]):
        y = one([1.0]) + other([2.0])
        titles = expected if one is not other else ["layer 1: 2 neurons × 2", "layer 2 × 2"]
        assert boxes(y, "layer") == boxes(copy.deepcopy(y), "layer") == boxes(pickle.loads(pickle.dumps(y)), "layer")
        assert boxes(y, "layer") == titles


def test_a_model_may_say_forward_as_in_pytorch() -> None:
    class Two(Module):
        def __init__(self) -> None:
            self.first, self.second = Layer(2, 3), Layer(3, 1)

        def forward(self, x: list[float]) -> object:
            return self.second(self.first(x))

    model = Two()
    assert model([1.0, 2.0]).data == model.forward([1.0, 2.0]).data
    with pytest.raises(TypeError, match=r"Module does not say what it computes: define __call__\(self, x\)"):
        Module()([1.0])


class Net(Module):
    """A model that is made attribute by attribute."""


def test_a_model_numbers_the_layers_and_neurons_that_have_no_number() -> None:
    net = Net()
    net.body, net.head = MLP(2, [3, 3]), Layer(3, 2)
    net.more = {"a": [Layer(2, 2)], "b": Layer(2, 1, number=9)}
    net.again, net.itself = net.head, [net]
    found = [net.body.layers[1].number, net.head.number, net.more["a"][0].number, net.more["b"].number]
    assert found == [2, 3, 4, 9]
    pair = Net()
    pair.neurons = [Neuron(2), Neuron(2)]
    assert [p.name for p in pair.neurons[1].parameters()] == ["w2_1", "w2_2", "b2"]
    assert boxes(pair.neurons[1]([n([1.0, 2.0]) for n in pair.neurons]), "neuron") == ["neuron 1: a1", "neuron 2: a2_2"]
    alone = Net()
    alone.neuron = Neuron(2)
    assert [p.name for p in alone.neuron.parameters()] == ["w1", "w2", "b"]
    one, two = Neuron(2, layer=1, index=1), Neuron(2, layer=1, index=2)
    assert boxes(one([1.0, 2.0]) + two([1.0, 2.0]), "layer") == ["layer 1: 2 neurons"]


def test_a_forward_pass_renames_nothing() -> None:
    class Block(Module):
        def __init__(self) -> None:
            self.line = Layer(1, 1)

        def __call__(self, x):  # type: ignore[no-untyped-def]
            self.kept = [x, self.line]
            self.seen = {"x": x}
            return self.line(x)

    class Wide(Layer):
        def __call__(self, x):  # type: ignore[no-untyped-def]
            self.kept = [self.neurons[0], x]
            return super().__call__(x)

    net = Net()
    net.one, net.two, net.wide, net.neurons = Block(), Block(), Wide(1, 2), [Neuron(1), Neuron(1), Neuron(1)]
    names = [p.name for p in net.parameters()]
    assert names[1::2] == ["b[1][1]", "b[2][1]", "b[3][1]", "b[3][2]", "b1", "b2", "b3"]
    for part in (net.one, net.two, net.wide):
        part(1.0)
    assert net.two(1.0).name == "a[2][1]"
    assert [a.name for a in net.wide(1.0)] == ["a[3][1]", "a[3][2]"]
    assert [p.name for p in net.parameters()] == names


def test_parts_that_are_put_into_a_list_or_a_dict_later_are_numbered() -> None:
    net = Net()
    net.ls, net.d, net.mlp = [], {}, MLP(1, [1], rng=random.Random(0))
    for _ in range(2):
        net.ls.append(Layer(1, 1))
    net.d["a"] = {"b": Layer(1, 1)}
    net.mlp.layers.append(Layer(1, 1))
    assert repr(net) == "Net, 10 parameters"
    parts = [*net.ls, net.d["a"]["b"], *net.mlp.layers]
    assert [part.number for part in parts] == [2, 3, 4, 1, 5]
    assert [name for name, _ in net.named_parameters()][1::2] == [f"b[{number}][1]" for number in (2, 3, 4, 1, 5)]
    alone = MLP(1, [1], rng=random.Random(0))
    alone.layers.append(Layer(1, 1))
    assert [*map(repr, alone.layers)] == ["layer 1: 1 → 1, linear", "layer 1: 1 → 1, relu"]
    assert repr(alone).endswith("layer 1: 1 → 1, linear\n  layer 2: 1 → 1, relu")
    net = Net()
    net.first = Neuron(1)
    net.rest = [Neuron(1)]
    net.rest.append(Neuron(1))
    net.rest.append(copy.deepcopy(net.first))
    assert [name for name, _ in net.named_parameters()][1::2] == ["b1", "b2", "b3", "b4"]


def test_what_is_set_is_all_that_is_looked_into_for_layers() -> None:
    class Rows(list):  # type: ignore[type-arg]
        walks = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            self.walks += 1
            return super().__iter__()

    net = Net()
    net.rows = Rows([[1.0], [2.0]])
    net.kept, net.rate, net.table, net.w = [], 0.1, {"a": [1.0]}, Value(1.0)
    assert net.rows.walks == 1
    net.line = Layer(1, 1)
    assert net.rows.walks == 2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_models_are_pickled_by_every_protocol(protocol: int) -> None:
    net = Net()
    net.one, net.two, net.mlp = Layer(2, 1), Neuron(2), MLP(2, [2, 1])
    other = pickle.loads(pickle.dumps(net, protocol))
    assert repr(other.state_dict()) == repr(net.state_dict())
    assert [p.name for p in other.parameters()] == [p.name for p in net.parameters()]
    assert other.mlp([1.0, 2.0]).data == net.mlp([1.0, 2.0]).data


def test_a_name_that_two_parameters_bear_is_not_that_of_either() -> None:
    class Twins(Module):
        def __init__(self) -> None:
            self.one, self.other = MLP(1, [1]), MLP(1, [1])
            self.scale = Value(1.0, "scale")

    assert [name for name, _ in Twins().named_parameters()] == [
        "one.layers.0.neurons.0.w.0", "one.layers.0.neurons.0.b",
        "other.layers.0.neurons.0.w.0", "other.layers.0.neurons.0.b", "scale",
    ]  # fmt: skip


def test_activations_by_name_by_function_and_by_layer() -> None:
    def swish(z: Value) -> Value:
        return z / (1 + exp(-z))

    x = [0.3, -0.2]
    for activation, function in {
        "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
        "tanh": math.tanh,
        "relu": lambda z: max(z, 0.0),
        "softplus": lambda z: math.log1p(math.exp(z)),
        "linear": float,
        "step": lambda z: 1.0,
        swish: lambda z: z / (1 + math.exp(-z)),
    }.items():
        layer = Layer(2, 1, activation=activation, init=[[1.0, -2.0]], bias=[0.25])
        assert layer(x).data == pytest.approx(function(0.95), rel=1e-15)
    model = MLP(2, [2, 2, 1], activation=["sigmoid", "tanh", "softplus"])
    assert repr(model).splitlines()[1:] == [
        "  layer 1: 2 → 2, sigmoid", "  layer 2: 2 → 2, tanh", "  layer 3: 2 → 1, softplus",
    ]  # fmt: skip
    assert MLP(2, [2, 1], output="sigmoid").layers[-1].activation == "sigmoid"


def test_the_neurons_of_a_layer_share_one_bias_where_that_is_asked_for() -> None:
    """The numbers are those of the class slides, where b[1] = 0.25 and b[2] = 0.35."""
    model = MLP(
        2, [2, 2], activation="sigmoid", output="sigmoid", bias=[0.25, 0.35], shared_bias=True,
        init=[[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6], [0.7, 0.8]]],
    )  # fmt: skip
    names = ["w[1][1,1]", "w[1][1,2]", "b[1]", "w[1][2,1]", "w[1][2,2]"]
    assert [p.name for p in model.parameters()] == names + [name.replace("[1]", "[2]", 1) for name in names]
    assert repr(model).splitlines()[1] == "  layer 1: 2 → 2, sigmoid, shared bias"
    outputs, target = model([0.1, 0.5]), [0.05, 0.95]
    losses.half_squared_error([outputs], [target]).backward()
    for layer, first in zip(model.layers, ["z[1][1]", "z[2][1]"], strict=True):
        bias = layer.neurons[0].b
        assert all(neuron.b is bias for neuron in layer.neurons)
        assert bias.part == (f"layer {layer.number}",)
        assert layer.neurons[0]([0.0, 0.0]).operands[0].name == first
    deltas = [(a.data - y) * a.data * (1 - a.data) for a, y in zip(outputs, target, strict=True)]
    assert model.layers[1].neurons[0].b.grad == pytest.approx(sum(deltas), rel=1e-12)
    assert model.parameters()[5].grad == pytest.approx(0.08020, abs=1e-5)
    assert len(model.weights()) == 8
    assert "b[1]" in draw(outputs[0], fold="neuron").graph.source


def test_a_shared_bias_stays_shared_in_states_and_copies_and_keeps_its_name() -> None:
    model = MLP(2, [3, 1], shared_bias=True, rng=random.Random(1))
    state = model.state_dict()
    assert (state["0.bias"], state["2.bias"]) == (0.0, 0.0)
    model.load_state_dict(state | {"0.bias": 0.5})
    assert [neuron.b.data for neuron in model.layers[0].neurons] == [0.5] * 3
    for other, message in (
        (MLP(2, [3, 1]).state_dict(), r"0\.bias: a number is needed, not a list of 3"),
        (state | {"2.bias": [0.0]}, r"2\.bias: a number is needed, not a list of 1"),
    ):
        with pytest.raises(ValueError, match=message):
            model.load_state_dict(other)
    with pytest.raises(ValueError, match=r"0\.bias: a list of 3 is needed, not 0\.0"):
        MLP(2, [3, 1]).load_state_dict(state)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert len({neuron.b for neuron in again.layers[0].neurons}) == 1
        assert [p.name for p in again.parameters()] == [p.name for p in model.parameters()]
    net = Module()
    net.layers = [Layer(2, 2, shared_bias=True), Layer(2, 2, shared_bias=True), Layer(2, 2, shared_bias=True)]
    net.layers[2].neurons[0].b.named("offset")
    net.layers[2].renumber(7)
    assert [layer.neurons[1].b.name for layer in net.layers] == ["b[1]", "b[2]", "offset"]
    with pytest.raises(ValueError, match=r"bias is one number where it is shared .*, not \[0\.1, 0\.2\]"):
        Layer(2, 2, bias=[0.1, 0.2], shared_bias=True)
    with pytest.raises(TypeError, match="shared_bias = 1 should be True or False"):
        MLP(2, [2, 1], shared_bias=1)  # type: ignore[arg-type]


def test_initialisations_have_the_published_spread() -> None:
    for init, spread in (("uniform", 1 / math.sqrt(3)), ("xavier", math.sqrt(2 / 150)), ("he", math.sqrt(2 / 100))):
        layer = Layer(100, 50, init=init, rng=random.Random(5))
        weights = [w.data for w in layer.weights()]
        assert np.std(weights) == pytest.approx(spread, rel=0.05), init
        assert np.mean(weights) == pytest.approx(0.0, abs=spread / 20)
    assert {w.data for w in Layer(3, 2, init="zeros").parameters()} == {0.0}
    assert Layer(2, 1, init=lambda inputs, outputs, rng: inputs / outputs).weights()[0].data == 2.0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MLP(2, []), "an MLP needs at least one layer"),
        (lambda: MLP(0, [1]), "inputs is a whole number, 1 or more, not 0"),
        (lambda: MLP(2, [2.5]), r"outputs is a whole number, 1 or more, not 2\.5"),
        (lambda: MLP(2, [2, 1], activation="relux"), "activation 'relux' is not known: choose from relu, sigmoid"),
        (lambda: MLP(2, [2, 1], init="good"), "init 'good' is not known: choose from uniform"),
        (
            lambda: MLP(2, [2, 1], activation=["relu"]),
            "activation is a list of 1, and an MLP of 2 layers needs one of 2",
        ),
        (lambda: Layer(2, 2, init=[[1.0, 2.0]]), "init is a list of 1, and a layer of 2 neurons needs one of 2"),
        (lambda: Neuron(2, init=[1.0]), "init is a list of 1, and a neuron of 2 inputs needs one of 2"),
        (lambda: Layer(2, 2, bias=[1.0, 2.0, 3.0]), "bias is a list of 3, and a layer of 2 neurons needs one of 2"),
        (lambda: Layer(2, 2, init=3), r"init is a list or an array, not int 3 \(a single number\)"),
        (lambda: MLP(2, [2], init=None), "init is a list or an array, not None"),
        (lambda: Neuron(1, init={0: 1.0}), "init is a list or an array, not dict"),
        (
            lambda: Layer(2, 2, "tanh"),
            "nonlin = 'tanh' should be True or False, and activation='tanh' is an activation",
        ),
        (lambda: Neuron(1, "sigmoid", init=[1.0]), "nonlin = 'sigmoid' should be True or False"),
        (lambda: Layer(2, 1, tanh), "nonlin = <function tanh.* should be True or False"),
        (lambda: Layer(2, 1, nonlin=None), "nonlin = None should be True or False"),
        (lambda: Layer(1, 1, number="a"), "number is a whole number, 1 or more, not 'a'"),
        (lambda: Layer(1, 1, number=1.5), r"number is a whole number, 1 or more, not 1\.5"),
        (lambda: Layer(1, 1, number=0), "number is a whole number, 1 or more, not 0"),
        (lambda: Layer(1, 1, number=-3), "number is a whole number, 1 or more, not -3"),
        (lambda: Neuron(1, layer=0), "layer is a whole number, 1 or more, not 0"),
        (lambda: Neuron(1, layer=1, index=True), "index is a whole number, 1 or more, not True"),
        (lambda: Neuron(1, index="b"), "index is a whole number, 1 or more, not 'b'"),
        (lambda: Neuron(1, init="he", outputs=None), "outputs is a whole number, 1 or more, not None"),
        (lambda: MLP(2, [2, 1])([1.0]), "layer 1 takes 2 inputs, not 1"),
    ],
)
def test_a_wrong_architecture_or_input_is_a_clear_error(build, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((ValueError, TypeError), match=message):
        build()


def test_a_module_of_ones_own_has_its_parameters() -> None:
    class Two(Module):
        def __init__(self) -> None:
            self.first, self.pair = Layer(1, 2), [Value(1.0), Value(2.0, "named")]
            self.size = 3

    two = Two()
    assert len(two.parameters()) == 6
    assert [name for name, _ in two.named_parameters()][-2:] == ["pair.0", "named"]
    for p in two.parameters():
        p.grad = 1.0
    two.zero_grad()
    assert {p.grad for p in two.parameters()} == {0.0}
    assert list(two.state_dict()) == ["first.weight", "first.bias", "pair"]


class Holder(Module):
    """A model whose parameters are in a container: w · x + b."""

    def __init__(self, parts) -> None:  # type: ignore[no-untyped-def]
        self.parts = parts

    def __call__(self, x: float) -> Value:
        return self.parts["line"]["w"] * x + self.parts["line"]["b"]


@pytest.mark.parametrize("compiled", [False, True])
def test_parameters_in_dicts_are_trained_and_saved(compiled: bool) -> None:
    model = Holder({"line": {"w": Value(0.0), "b": Value(0.0, "offset")}, "rest": [Layer(1, 1, init="zeros")]})
    assert [name for name, _ in model.named_parameters()] == ["parts.line.w", "offset", "w[1][1,1]", "b[1][1]"]
    fit(model, [0.0, 1.0, 2.0], [1.0, 3.0, 5.0], epochs=400, compiled=compiled)
    state = model.state_dict()
    assert [*state] == ["parts.line.w", "parts.line.b", "parts.rest.0.weight", "parts.rest.0.bias"]
    assert [state["parts.line.w"], state["parts.line.b"]] == pytest.approx([2.0, 1.0], abs=1e-6)
    assert [model.parts["line"]["w"]] == model.weights()[:1]
    model.load_state_dict(state | {"parts.line.w": 7.0})
    assert model(1.0).data == 7.0 + state["parts.line.b"]
    assert Holder({2: Value(5.0), 1: Value(6.0)}).state_dict() == {"parts.2": 5.0, "parts.1": 6.0}
    with pytest.raises(ValueError, match=r"two parameters of the model are found as parts\.1"):
        Holder({1: Value(1.0), "1": Value(2.0)}).parameters()


def test_a_parameter_that_would_not_be_found_is_refused_at_once() -> None:
    @dataclasses.dataclass
    class Part:
        w: Value

    @dataclasses.dataclass(slots=True)
    class Slotted:
        w: Value

    w = Value(1.0, "w")
    array = np.empty(1, dtype=object)
    array[0] = w
    closed = [
        {w}, frozenset([w]), collections.deque([w]), types.MappingProxyType({"a": w}), collections.UserDict(a=w),
        {"a": w}.values(), array, {(w,)},
    ]  # fmt: skip
    for container in closed:
        for model in (Holder(container), Holder([{"a": container}])):
            for ask in (model.parameters, model.state_dict, model.zero_grad, model.weights):
                with pytest.raises(
                    TypeError, match=r"^parts(\.0\.a)? is a \w+ with the parameter w, .*: use a list or a dict$"
                ):
                    ask()
    for part in (Part(w), Slotted(w), types.SimpleNamespace(w=w), collections.UserList([w]), Part([{"a": w}])):  # type: ignore[arg-type]
        with pytest.raises(
            TypeError, match=r"parts is a .*: let (Part|Slotted|Simple.*|User.*) inherit from nn\.Module"
        ):
            Holder(part).parameters()
    with pytest.raises(TypeError, match="parts is a set with the parameter w"):
        fit(Holder({w}), [1.0], [1.0])


class PlainNeuron:
    """A neuron as micrograd's first pages write it, which is no Module."""

    def __init__(self, inputs: int) -> None:
        self.w, self.b = [Value(0.5, f"w{index}") for index in range(inputs)], Value(0.0, "b")

    def __call__(self, x: list) -> Value:
        return sum(map(Value.__mul__, self.w, x), self.b)  # type: ignore[return-value,arg-type]


class PlainLayer:
    def __init__(self) -> None:
        self.neurons = [PlainNeuron(2), PlainNeuron(2)]


class DeepSlots:
    __slots__ = "held"  # one name


class BelowSlots(DeepSlots):
    __slots__ = ("__hidden",)


@pytest.mark.parametrize(
    "hide",
    [
        lambda w: PlainLayer(),
        lambda w: types.SimpleNamespace(p=types.SimpleNamespace(w=w)),
        lambda w: types.SimpleNamespace(table={"a": collections.deque([{(w,)}])}),
        lambda w: (lambda part: setattr(part, "held", PlainLayer()) or part)(BelowSlots()),  # type: ignore[func-returns-value]
        lambda w: (lambda part: setattr(part, "_BelowSlots__hidden", [w]) or part)(BelowSlots()),  # type: ignore[func-returns-value]
        lambda w: functools.partial(max, w),
        lambda w: functools.partial(max, key=functools.partial(max, w)),
        lambda w: w.exp,
        lambda w: Holder(w).__call__,
        lambda w: iter([w]),
        lambda w: zip([1.0], [w], strict=True),
        lambda w: type("Shared", (), {"w": [w]})(),
    ],
    ids=range(12),
)
def test_a_parameter_is_missed_at_any_depth_of_what_is_not_looked_into(hide) -> None:  # type: ignore[no-untyped-def]
    model = Holder([hide(Value(1.0, "w")), Neuron(2)])
    for ask in (model.parameters, model.state_dict, lambda: fit(model, [1.0], [1.0])):
        with pytest.raises(TypeError, match=r"^parts\.0 is a \w+ with the parameter \w+, and none is looked for in it"):
            ask()


def test_what_refers_to_a_parameter_of_the_model_may_stand_in_it() -> None:
    model = Holder([Value(1.0, "w")])
    (w,) = model.parts
    model.owner = types.SimpleNamespace(inside=types.SimpleNamespace(model=model))
    model.function, model.method, model.rest = functools.partial(max, w), model.__call__, iter([w])
    ring: list = []
    ring.append(ring)
    model.logger, model.ring = logging.getLogger("nn"), types.SimpleNamespace(ring=ring)
    assert model.parameters() == [w]


def test_a_parameter_of_a_class_would_be_one_for_all_its_models() -> None:
    for shared in (Value(1.0), [Value(1.0)], Layer(1, 1), types.SimpleNamespace(w=Value(1.0))):
        with pytest.raises(TypeError, match=r"^Net\.w would be one parameter for all models: set self\.w in __init__$"):
            type("Net", (Module,), {"w": shared})
    mixin = type("Mixin", (), {"scale": Value(2.0)})
    with pytest.raises(TypeError, match=r"^Net\.scale would be one parameter"):
        type("Net", (mixin, Layer), {})
    assert not type("Net", (Module,), {"size": 3, "names": ["a"], "f": lambda x: x, "kind": Value})().parameters()


class Keeping(Module):
    """A model that keeps what it was given and what it computed."""

    def __init__(self) -> None:
        self.line = Layer(1, 1, nonlin=False, init="zeros")

    def __call__(self, x):  # type: ignore[no-untyped-def]
        self.z = self.line(x)
        self.kept = {"all": [self.z, (2 * self.z,)], "x": [x]}
        return self.z


@pytest.mark.parametrize("compiled", [False, True])
def test_results_that_a_model_keeps_are_no_parameters(compiled: bool) -> None:
    model, X, y = Keeping(), [0.0, 1.0, 2.0], [1.0, 3.0, 5.0]
    optimizer, state = optim.SGD(model.parameters(), lr=0.3), model.state_dict()
    model([1.0])
    assert [p.name for p in model.parameters()] == ["w[1][1,1]", "b[1][1]"]
    assert model.state_dict() == state
    fit(model, X, y, optimizer=optimizer, epochs=300, compiled=compiled)
    assert [p.data for p in optimizer.parameters] == pytest.approx([2.0, 1.0], abs=1e-6)
    fit(model, X, y, epochs=1, compiled=compiled)
    model.load_state_dict(state)
    assert model.state_dict() == state == {"line.weight": [[0.0]], "line.bias": [0.0]}


@pytest.mark.parametrize(
    "scaled", [lambda: 2 * Value(1.0), lambda: {"a": [Value(1.0), Value(0.5).exp()]}, lambda: Value(1.0) + Value(2.0)]
)
def test_a_weight_that_is_computed_would_not_be_trained(scaled) -> None:  # type: ignore[no-untyped-def]
    model = Holder(scaled())
    model.other = Value(3.0)
    for ask in (model.parameters, model.state_dict, lambda: fit(model, [1.0], [1.0])):
        with pytest.raises(
            TypeError, match=r"^parts(\.a\.1)? is computed, from no parameter of the model: keep what it"
        ):
            ask()


def test_what_holds_no_parameter_of_its_own_may_stand_in_a_model() -> None:
    w = Value(1.0, "w")
    model = Holder([w])
    model.optimizer, model.seen, model.results = optim.SGD([w]), {w}, {w * 2, w + 1}
    model.size, model.names, model.table, model.function = 3, {"a", "b"}, np.zeros(3), lambda x: w * x
    model.rows = (row for row in [w])
    assert model.parameters() == [w]


def test_a_module_that_contains_itself_is_a_clear_error() -> None:
    model, other, ring = Holder([Value(1.0)]), Holder([]), [Value(1.0)]
    model.me = model
    with pytest.raises(ValueError, match=r"^me is the model itself, or a part that contains it"):
        model.parameters()
    model.me = {"a": [other]}
    other.owner = model
    for ask in (model.parameters, model.state_dict, model.named_parameters, model.__repr__):
        with pytest.raises(ValueError, match=r"^me\.a\.0\.owner is the model itself"):
            ask()
    ring.append(ring)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^parts\.1 is the model itself"):
        Holder(ring).parameters()
    shared = Layer(1, 1)
    assert len(Holder([shared, shared]).parameters()) == 2


def test_no_parameter_is_left_out_of_the_state() -> None:
    class Scaled(Layer):
        def __init__(self) -> None:
            super().__init__(1, 1, init="zeros")
            self.gain = Value(5.0)

    model = Holder({"line": Scaled()})
    assert model.state_dict() == {"parts.line.weight": [[0.0]], "parts.line.bias": [0.0], "parts.line.gain": 5.0}
    model.load_state_dict({"parts.line.weight": [[0.0]], "parts.line.bias": [0.0], "parts.line.gain": 6.0})
    assert model.parts["line"].gain.data == 6.0


def test_the_state_has_pytorchs_layout_and_comes_back_bit_for_bit() -> None:
    model = MLP(2, [3, 2, 1], rng=random.Random(1))
    state = model.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]
    assert (len(state["0.weight"]), len(state["0.weight"][0]), len(state["0.bias"])) == (3, 2, 3)
    state["0.weight"][0] = [-0.0, 5e-324]
    other = MLP(2, [3, 2, 1], rng=random.Random(2))
    other.load_state_dict({key: np.array(values) for key, values in state.items()})
    assert repr(other.state_dict()) == repr(state)  # repr tells -0.0 from 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("2.bias"), r"does not fit the model: \['2\.bias'\] are missing$"),
        (lambda s: s.update(extra=1), r"does not fit the model: \['extra'\] are too many$"),
        (lambda s: s["0.bias"].pop(), r"0\.bias: a list of 2 is needed, not a list of 1"),
        (lambda s: s["0.weight"][1].append(1.0), r"0\.weight\[1\]: a list of 2 is needed, not a list of 3"),
        (lambda s: s.update({"2.bias": 1.0}), r"2\.bias: a list of 1 is needed, not 1\.0"),
        (lambda s: s.update({"2.bias": [[1.0]]}), r"2\.bias\[0\]: a number is needed, not a list of 1"),
        (lambda s: s.update({"2.bias": [math.nan]}), r"^2\.bias\[0\]: .* not nan"),
        (lambda s: s.update({"2.bias": ["1"]}), r"^2\.bias\[0\]: .* not str '1'"),
        (lambda s: s.update({"0.weight": [[77.0, 1.0], [1.0, None]]}), r"^0\.weight\[1\]\[1\]: .* not NoneType"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message) -> None:  # type: ignore[no-untyped-def]
    model = MLP(2, [2, 1])
    state, before = model.state_dict(), model.state_dict()
    state["0.weight"][0][0] = 77.0
    change(state)
    with pytest.raises((ValueError, TypeError), match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_what_is_no_state_is_refused() -> None:
    optimizer = optim.SGD([Value(1.0)], lr=0.1)
    parts = [optim.StepLR(optimizer, 2), optim.StepLR(optimizer, 3)]
    whole = optim.SequentialLR(optimizer, parts, [4])
    for wrong in (None, 3, [("a", 1.0)], "state"):
        for owner in (MLP(1, [1]), parts[0], whole):
            with pytest.raises(TypeError, match=r"^a state is a dict, as state_dict gives it, not "):
                owner.load_state_dict(wrong)  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="the state of an optimiser has a state and groups"):
            optimizer.load_state_dict(wrong)  # type: ignore[arg-type]
        with pytest.raises((TypeError, ValueError), match=r"^(a state is a dict|this SequentialLR has the milestones)"):
            whole.load_state_dict({**whole.state_dict(), "_schedulers": wrong})
        with pytest.raises(TypeError, match=r"^a state is a dict"):
            whole.load_state_dict({**whole.state_dict(), "_schedulers": [wrong, wrong]})
    with pytest.raises(ValueError, match="the state of a StepLR has"):
        parts[0].load_state_dict({**parts[0].state_dict(), 3: 1.0})  # type: ignore[dict-item]


def test_a_schedule_whose_rate_is_refused_stays_in_its_epoch() -> None:
    class Falling(optim.Schedule):
        def rate(self, epoch: int) -> float:
            return 0.2 - 0.1 * epoch

    optimizer = optim.SGD([Value(1.0)], lr=0.1)
    schedule = Falling(optimizer)
    schedule.step()
    schedule.step()
    for _ in range(2):
        with pytest.raises(ValueError, match=r"lr = -0\.1\d* should be at least 0"):
            schedule.step()
        assert (schedule.epoch, optimizer.lr) == (2, 0.0)


# Losses.

ORACLES = {
    "half_squared_error": lambda z, y: 0.5 * sum((z - y) ** 2),
    "mean_squared_error": lambda z, y: sum((z - y) ** 2) / len(z),
    "binary_cross_entropy_with_logits": lambda z, y: sum(np.log(1 + np.exp(z)) - y * z) / len(z),
    "hinge": lambda z, y: sum((1 - y * z) * ((1 - y * z).real > 0)) / len(z),
}


def complex_step_gradient(name: str, state: dict, X: list, y: list) -> list[float]:  # type: ignore[type-arg]
    """The gradient of the loss of a tanh network, by NumPy and the complex step: exact to the last digits."""
    arrays = {key: np.array(values, dtype=complex) for key, values in state.items()}

    def value() -> complex:
        a = np.tanh(np.array(X, dtype=complex) @ arrays["0.weight"].T + arrays["0.bias"])
        z = (a @ arrays["2.weight"].T + arrays["2.bias"])[:, 0]
        if name == "binary_cross_entropy":
            p = 1 / (1 + np.exp(-z))
            return -sum(np.array(y) * np.log(p) + (1 - np.array(y)) * np.log(1 - p)) / len(y)
        return ORACLES[name](z, np.array(y))

    found = []
    for array in arrays.values():
        for index in np.ndindex(array.shape):
            array[index] += 1e-20j
            found.append(value().imag / 1e-20)
            array[index] -= 1e-20j
    return found


@pytest.mark.parametrize("name", [*ORACLES, "binary_cross_entropy"])
def test_gradients_of_losses_through_an_mlp(name: str) -> None:
    rng = random.Random(4)
    output = "sigmoid" if name == "binary_cross_entropy" else "linear"
    model = MLP(3, [4, 1], activation="tanh", output=output, rng=rng)
    X = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(7)]
    y = [rng.choice([-1, 1] if name == "hinge" else [0, 1]) for _ in X]
    LOSSES[name]([model(x) for x in X], y).backward()
    state = model.state_dict()
    grads = [
        p.grad for layer in model.layers for p in [w for n in layer.neurons for w in n.w] + [n.b for n in layer.neurons]
    ]
    assert grads == pytest.approx(complex_step_gradient(name, state, X, y), rel=1e-12, abs=1e-14)


def test_the_softmax_cross_entropy_is_the_log_of_the_softmax() -> None:
    z = [Value(0.3), Value(-1.2), Value(2.0)]
    loss = losses.softmax_cross_entropy([z], [1])
    loss.backward()
    softmax = np.exp([v.data for v in z]) / sum(np.exp([v.data for v in z]))
    assert loss.data == pytest.approx(-math.log(softmax[1]), rel=1e-14)
    assert [v.grad for v in z] == pytest.approx(softmax - np.array([0, 1, 0]), rel=1e-13)


def test_stable_losses_are_finite_and_right_for_very_large_logits() -> None:
    for z, y, value, slope in ((1e4, 1, 0.0, 0.0), (1e4, 0, 1e4, 1.0), (-1e4, 1, 1e4, -1.0), (-1e4, 0, 0.0, 0.0)):
        logit = Value(z)
        loss = losses.binary_cross_entropy_with_logits([logit], [y])
        loss.backward()
        assert (loss.data, logit.grad) == (value, slope)
        row = [Value(z), Value(0.0)]
        loss = losses.softmax_cross_entropy([row], [1 - y])
        loss.backward()
        assert (loss.data, row[0].grad) == (value, slope)
    small = losses.binary_cross_entropy_with_logits([Value(40.0)], [1])
    assert small.data == pytest.approx(math.exp(-40.0), rel=1e-12)  # not lost beside 40


def test_losses_take_examples_of_several_outputs() -> None:
    predictions = [[Value(1.0), Value(2.0)], [Value(0.0), Value(1.0)]]
    assert losses.half_squared_error(predictions, [[0, 0], [0, 0]]).data == 3.0
    assert losses.mean_squared_error(predictions, [[0, 0], [0, 0]]).data == 1.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: losses.mean_squared_error([v], [1, 2]), "there are 1 predictions, but 2 targets"),
        (lambda v: losses.mean_squared_error([], []), "there is no prediction"),
        (lambda v: losses.mean_squared_error([[v]], [1]), "different shapes"),
        (lambda v: losses.hinge([v], [0]), "the targets of hinge are -1 and 1, not 0"),
        (lambda v: losses.binary_cross_entropy([v], [2]), "lie between 0 and 1, not 2"),
        (lambda v: losses.softmax_cross_entropy([[v, v]], [2]), "a class from 0 to 1, not 2"),
    ],
)
def test_targets_that_do_not_fit_are_a_clear_error(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call(Value(0.5))


def lines(y: Value) -> list[str]:
    """The operations of a graph as they are printed."""
    return str(explain(y)).split("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize(
    ("loss", "target", "operations"),
    [
        ("half_squared_error", 2.0, ["v1 = 2 - p", "v2 = v1 ** 2", "J = 0.5 * v2"]),
        ("mean_squared_error", 2.0, ["v1 = p - 2", "J = v1 ** 2"]),
        ("binary_cross_entropy", 1, ["v1 = log(p)", "J = -v1"]),
        ("binary_cross_entropy", 0, ["v1 = -p", "v2 = log1p(v1)", "J = -v2"]),
        ("binary_cross_entropy_with_logits", 1, ["v1 = -p", "J = softplus(v1)"]),
        ("binary_cross_entropy_with_logits", 0, ["J = softplus(p)"]),
        ("hinge", 1, ["v1 = 1 - p", "J = relu(v1)"]),
        ("hinge", -1, ["v1 = 1 + p", "J = relu(v1)"]),
    ],
)
def test_the_loss_of_one_example_has_no_node_that_computes_nothing(loss, target, operations) -> None:  # type: ignore[no-untyped-def]
    found = lines(LOSSES[loss]([Value(0.25, "p")], [target]))
    assert [line.strip().rpartition(" = ")[0] for line in found[1:]] == operations


def test_losses_of_several_examples_are_plain_sums_and_no_factor_is_one() -> None:
    for name, loss in LOSSES.items():
        outputs = [[Value(0.25), Value(0.5)], [Value(0.75), Value(0.125)]]
        targets = [1, 0] if name == "softmax_cross_entropy" else [[1, 1], [1, 1]]
        text = "\n".join(lines(loss(outputs, targets)))
        assert not re.search(r"= 1 \*|\+ 1 \*|/ 1 =", text), text
        assert re.search(r" = v\d+ \+ v\d+", text), text
    assert losses.mean_squared_error([[Value(1.0)], [Value(4.0)]], [[0.0], [0.0]]).data == 8.5
    assert losses.binary_cross_entropy([Value(0.5)], [0.25]).data == pytest.approx(math.log(2), rel=1e-15)
    weight = Layer(1, 1, init=[[-3.0]])
    assert lines(losses.l1_penalty(weight, 1.0))[1:] == ["  J = abs(w[1][1,1]) = 3"]
    assert losses.l2_penalty(weight, 1.0).data == 9.0


def test_a_weight_is_explained_by_one_path_for_each_way_through_the_network() -> None:
    for loss in (losses.mean_squared_error, losses.half_squared_error):
        model = MLP(1, [2, 1], init=[[[0.5], [0.25]], [[2.0, 4.0]]], activation="linear")
        E = loss([model([1.0])], [1.0])
        E.backward()
        text = str(explain(E, model.parameters()[0]))
        assert "path" not in text
        assert text.startswith("∂J/∂w[1][1,1] = ")
        factor = 1.0 if loss is losses.half_squared_error else 2.0  # the output is 2
        assert model.parameters()[0].grad == factor * (2.0 - 1.0) * 2.0
    x = model.parameters()[0] * 1.0  # an input that both neurons read: two ways, two paths
    text = str(explain(loss([model([x])], [1.0]), x))
    assert "the sum over 2 paths" in text


def test_penalties_leave_biases_out() -> None:
    model = Layer(2, 1, init=[[3.0, -4.0]], bias=[100.0])
    assert losses.l2_penalty(model, 0.5).data == 12.5
    assert losses.l1_penalty(model, 0.5).data == 3.5


# Optimisers: a and b after 8 steps down Rosenbrock's (1 - a)² + 10 (b - a²)² from (1.5, -0.7), by PyTorch 2.15 in float64.

TRAJECTORIES = {
    "gradient descent": (lambda p: optim.SGD(p, lr=0.003), (0.47946033536684657, -0.181279081960226)),
    "momentum": (lambda p: optim.SGD(p, lr=0.003, momentum=0.9), (-1.1638504711940745, 1.3649239528863828)),
    "nesterov": (
        lambda p: optim.SGD(p, lr=0.003, momentum=0.9, nesterov=True, weight_decay=0.01),
        (-1.0395954471308542, 1.0247414590690642),
    ),
    "rmsprop": (lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9), (1.3595944670383875, -0.5570389638648842)),
    "rmsprop with momentum": (
        lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, weight_decay=0.02),
        (0.9100656651481104, -0.05014075561893763),
    ),
    "adam": (lambda p: optim.Adam(p, lr=0.1, weight_decay=0.05), (0.7764244537878369, 0.05158886788919485)),
    "adamw": (
        lambda p: optim.AdamW(p, lr=0.1, betas=(0.8, 0.99), weight_decay=0.05),
        (0.7713174349617544, 0.03596450756921682),
    ),
}


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_optimisers_follow_pytorchs_trajectories(name: str) -> None:
    make, expected = TRAJECTORIES[name]
    a, b = Value(1.5), Value(-0.7)
    optimizer = make([a, b])
    for _ in range(8):
        optimizer.zero_grad()
        ((1 - a) ** 2 + 10 * (b - a * a) ** 2).backward()
        optimizer.step()
    assert (a.data, b.data) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "expected"),  # the learning rates of 7 epochs from 0.4, by PyTorch 2.15
    [
        (lambda o: optim.ConstantLR(o, factor=0.25, total_iters=3), [0.1, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4]),
        (lambda o: optim.StepLR(o, 3, 0.5), [0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1]),
        (
            lambda o: optim.LinearLR(o, start_factor=0.2, end_factor=0.8, total_iters=4),
            [0.08, 0.14, 0.2, 0.26, 0.32, 0.32, 0.32],
        ),
        (
            lambda o: optim.CosineAnnealingLR(o, 6, eta_min=0.01),
            [0.4, 0.3738749537379656, 0.3025, 0.205, 0.1075, 0.03612504626203445, 0.01],
        ),
    ],
    ids=["constant", "step", "linear", "cosine"],
)
def test_schedules_are_pytorchs(make, expected) -> None:  # type: ignore[no-untyped-def]
    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    schedule = make(optimizer)
    found = [optimizer.lr]
    for _ in range(6):
        schedule.step()
        found.append(optimizer.lr)
    assert found == pytest.approx(expected, rel=1e-12)


# Learning rates by PyTorch 2.14, from lr = 0.1: schedules that step together, and a rate set by hand after some epochs.
CHAINED = {
    "set by hand": ([lambda o: optim.StepLR(o, 1, 0.9)], {1: 0.9}, [0.1, 0.9, 0.81, 0.7290000000000001]),
    "warm-up and decay": (
        [lambda o: optim.LinearLR(o, 0.1, 1.0, 4), lambda o: optim.StepLR(o, 2, 0.5)],
        {},
        [0.01, 0.0325, 0.0275, 0.03875, 0.025, 0.025, 0.0125, 0.0125, 0.00625],
    ),
    "warm-up and cosine": (
        [lambda o: optim.LinearLR(o, 0.25, 1.0, 3), lambda o: optim.CosineAnnealingLR(o, 6, 0.01)],
        {},
        [
            0.025, 0.04732050807568878, 0.05901923788646685, 0.05579487812130387, 0.03289743906065194,
            0.016135350305042526, 0.01, 0.01602885682970026, 0.0325, 0.055,
        ],
    ),
    "constant and step": (
        [lambda o: optim.ConstantLR(o, 0.5, 3), lambda o: optim.StepLR(o, 2, 0.1)],
        {},
        [0.05, 0.05, 0.005, 0.01, 0.001, 0.001, 1e-4, 1e-4, 1e-5],
    ),
    "cosine and by hand": (
        [lambda o: optim.CosineAnnealingLR(o, 4, 0.02)],
        {2: 0.5},
        [
            0.1, 0.08828427124746191, 0.5, 0.1605887450304572, 0.02, 0.0317157287525381, 0.06, 0.08828427124746194, 0.1,
            0.08828427124746195,
        ],
    ),
    "linear and by hand": (
        [lambda o: optim.LinearLR(o, 0.5, 1.0, 4)],
        {2: 1.0},
        [0.05, 0.0625, 1.0, 1.1666666666666667, 1.3333333333333333, 1.3333333333333333],
    ),
    "constant and by hand": ([lambda o: optim.ConstantLR(o, 0.25, 3)], {1: 1.0}, [0.025, 1.0, 1.0, 4.0, 4.0, 4.0]),
    "one after another": (
        [
            lambda o: optim.SequentialLR(
                o, [optim.LinearLR(o, 0.1, 1.0, 4), optim.CosineAnnealingLR(o, 6, 0.001)], [4]
            )
        ],
        {},
        [
            0.01, 0.0325, 0.055, 0.0775, 0.1, 0.09336825748732973, 0.07525, 0.0505, 0.02575, 0.007631742512670284,
            0.001, 0.007631742512670284, 0.02575,
        ],
    ),
    "three after another": (
        [
            lambda o: optim.SequentialLR(
                o, [optim.ConstantLR(o, 0.5, 1), optim.StepLR(o, 2, 0.5), optim.LinearLR(o, 0.5, 0.1, 3)], [2, 5]
            )
        ],
        {},
        [0.05, 0.1, 0.1, 0.1, 0.05, 0.05, 0.036666666666666674, 0.023333333333333338, 0.01, 0.01, 0.01],
    ),
    "after another beside a third": (
        [
            lambda o: optim.SequentialLR(o, [optim.ConstantLR(o, 0.5, 1), optim.StepLR(o, 2, 0.5)], [3]),
            lambda o: optim.StepLR(o, 3, 0.1),
        ],
        {},
        [0.05, 0.1, 0.1, 0.01, 0.01, 0.005, 0.0005, 0.00025, 0.00025],
    ),
    "after another and by hand": (
        [lambda o: optim.SequentialLR(o, [optim.LinearLR(o, 0.5, 1.0, 2), optim.StepLR(o, 1, 0.9)], [2])],
        {4: 1.0},
        [0.05, 0.075, 0.1, 0.09, 1.0, 0.9, 0.81],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINED)
def test_schedules_go_on_from_the_rate_they_find(name: str) -> None:
    makers, by_hand, expected = CHAINED[name]
    optimizer = optim.SGD([Value(1.0)], lr=0.1)
    schedules = [make(optimizer) for make in makers]
    found = [optimizer.lr]
    for epoch in range(1, len(expected)):
        for schedule in schedules:
            schedule.step()
        optimizer.lr = by_hand.get(epoch, optimizer.lr)
        found.append(optimizer.lr)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_decay_that_begins_after_a_warm_up_goes_on_from_there(compiled: bool) -> None:
    model = MLP(1, [1], init="zeros")
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedules, seen = [optim.LinearLR(optimizer, 0.2, 1.0, 3)], [optimizer.lr]

    def step(epoch) -> None:  # type: ignore[no-untyped-def]
        schedules[-1].step()
        if epoch.number == 3:
            schedules.append(optim.StepLR(optimizer, 2, 0.5))
        seen.append(optimizer.lr)

    fit(model, [1.0, 2.0], [1.0, 2.0], optimizer=optimizer, epochs=8, on_epoch=step, compiled=compiled)
    by_pytorch = [0.02, 0.04666666666666667, 0.07333333333333333, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025]
    assert seen == pytest.approx(by_pytorch, rel=1e-12)


def test_a_schedule_of_ones_own_says_its_rate() -> None:
    class Halved(optim.Schedule):
        def rate(self, epoch: int) -> float:
            return self.optimizer.lr / 2 if epoch else self.base

    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    schedule = Halved(optimizer)
    schedule.step()
    assert (optimizer.lr, schedule.state_dict()["last_epoch"]) == (0.2, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda o: optim.StepLR(0.1, 1),
            r"a schedule is made from an optimiser, StepLR\(optimizer, 10\), not from 0\.1",
        ),
        (lambda o: optim.StepLR(o, 2.5), r"step_size = 2\.5 should be a whole number"),
        (lambda o: optim.StepLR(o, "2"), "step_size = '2' should be a number"),
        (lambda o: optim.StepLR(o, 1, math.nan), "gamma = nan should be at least 0 and finite"),
        (lambda o: optim.StepLR(o, 1, -0.5), r"gamma = -0\.5 should be at least 0"),
        (lambda o: optim.ConstantLR(o, factor=0), "factor = 0 should be above 0"),
        (lambda o: optim.ConstantLR(o, total_iters=0), "total_iters = 0 should be at least 1"),
        (lambda o: optim.LinearLR(o, start_factor=0), "start_factor = 0 should be above 0"),
        (lambda o: optim.LinearLR(o, end_factor=-1), "end_factor = -1 should be at least 0"),
        (lambda o: optim.CosineAnnealingLR(o, 5, eta_min=None), "eta_min = None should be a number"),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)], [1]),
            "1 schedules need milestones between them, one less",
        ),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)] * 3, [4, 2]),
            r"one less and rising, not \[4, 2\]",
        ),
        (lambda o: optim.SequentialLR(o, [optim.StepLR(optim.SGD([Value(1.0)]), 1)], []), "is of another optimiser"),
        (lambda o: optim.SequentialLR(o, ["StepLR"], []), "'StepLR' is none"),
        (lambda o: setattr(optim.StepLR(o, 1), "gamma", "0.1"), r"gamma = '0\.1' should be a number"),
    ],
)
def test_wrong_settings_of_schedules_are_clear_errors(make, message) -> None:  # type: ignore[no-untyped-def]
    optimizer = optim.SGD([Value(1.0)], lr=0.4)
    with pytest.raises((TypeError, ValueError), match=message):
        make(optimizer)
    assert optimizer.lr == 0.4


SETTINGS = {
    optim.SGD: ("lr", "momentum", "weight_decay"),
    optim.RMSprop: ("lr", "alpha", "eps", "weight_decay", "momentum"),
    optim.Adam: ("lr", "eps", "weight_decay"),
    optim.AdamW: ("lr", "eps", "weight_decay"),
}


@pytest.mark.parametrize("make", SETTINGS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (-1, "= -1 should be at least 0 and "),
        (math.nan, "= nan should be at least 0 and "),
        (math.inf, "= inf should be at least 0 and "),
        ("0.1", r"= '0\.1' should be a number"),
        (None, "= None should be a number"),
        (True, "= True should be a number"),
        ([0.1], r"= \[0\.1\] should be a number"),
    ],
)
def test_settings_of_optimisers_are_checked_whenever_they_are_set(make, wrong, message) -> None:  # type: ignore[no-untyped-def]
    for name in SETTINGS[make]:
        with pytest.raises((TypeError, ValueError), match=f"^{name} {message}"):
            make([Value(1.0)], **{name: wrong})
        optimizer = make([Value(1.0)])
        before = optimizer.state_dict()
        with pytest.raises((TypeError, ValueError), match=f"^{name} {message}"):
            setattr(optimizer, name, wrong)
        assert optimizer.state_dict() == before
        setattr(optimizer, name, np.float64(0.25))
        assert type(getattr(optimizer, name)) is float


def test_a_wrong_rate_set_between_epochs_is_an_error_there() -> None:
    for compiled in (False, True):
        model = MLP(1, [1], init="zeros")
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        with pytest.raises(ValueError, match=r"^lr = -1 should be at least 0"):
            fit(
                model, [1.0], [1.0], optimizer=optimizer, epochs=3, compiled=compiled,
                on_epoch=lambda epoch: setattr(optimizer, "lr", -1),
            )  # fmt: skip
        assert optimizer.lr == 0.01


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (lambda m: [1.0], r"parameters\[0\] is 1\.0, not a Value: give model\.parameters\(\)$"),
        (
            lambda m: m.named_parameters(),
            r"parameters\[0\] is \('w.*not a Value: give model\.parameters\(\), without names",
        ),
        (lambda m: m.state_dict(), r"parameters\[0\] is '0\.weight', not a Value"),
        (lambda m: [*m.parameters(), None], r"parameters\[2\] is None, not a Value"),
        (lambda m: m.weights()[0], "takes a list of parameters, as model.parameters() gives, not Value"),
        (lambda m: 3, "takes a list of parameters, as model.parameters() gives, not 3"),
        (lambda m: "w", "takes a list of parameters, as model.parameters() gives, not 'w'"),
        (lambda m: m, "give model.parameters()"),
        (lambda m: m.layers[0], "give model.parameters()"),
        (lambda m: [m.weights()[0] * 2], "which is computed: only leaves can be changed"),
        (lambda m: [m.layers], r"parameters\[0\] is \[layer 1: 1 → 1, linear\], not a Value"),
    ],
)
def test_what_is_no_list_of_parameters_is_a_clear_error(parameters, message) -> None:  # type: ignore[no-untyped-def]
    given = parameters(MLP(1, [1]))
    pattern = message if "\\" in message else re.escape(message)
    for make in (*SETTINGS, lambda p: setattr(optim.Adam([Value(1.0)]), "parameters", p)):
        with pytest.raises((TypeError, ValueError), match=pattern):
            make(given)


def test_what_is_kept_of_a_parameter_stays_its_own_when_others_are_frozen() -> None:
    def trained(freeze: bool) -> tuple[float, list[float]]:
        a, b = Value(1.5, "a"), Value(-0.7, "b")
        optimizer = optim.Adam([a, b], lr=0.1)
        for step in range(6):
            if step == 3 and freeze:
                optimizer.parameters = [b]
            optimizer.zero_grad()
            ((b - 2) ** 2 + a * a).backward()
            optimizer.step()
        return b.data, optimizer.means[-1:]

    assert trained(freeze=True) == trained(freeze=False)


def test_an_optimiser_of_another_model_is_an_error_and_one_of_a_part_a_warning() -> None:
    model, other = MLP(1, [2, 1]), MLP(1, [2, 1])
    for make in (optim.SGD, optim.Adam):
        with pytest.raises(
            ValueError,
            match=r"none of the model's 7 parameters: make it anew, with optim\.\w+\(model\.parameters\(\), lr=0\.01\)",
        ):
            fit(model, [1.0], [1.0], optimizer=make(other.parameters(), lr=0.01), epochs=1)
    with pytest.warns(
        UserWarning, match=r"has 3 of the model's 7 parameters, and the others, such as w\[1\]\[1,1\], stay"
    ):
        fit(model, [1.0], [1.0], optimizer=optim.SGD(model.layers[1].parameters(), lr=0.01), epochs=1)
    model.extra = Value(1.0, "extra")
    with pytest.warns(UserWarning, match="has 7 of the model's 8 parameters, and the others, such as extra, stay"):
        fit(model, [1.0], [1.0], optimizer=optim.SGD(model.parameters()[:7], lr=0.01), epochs=1)
    both = optim.SGD([*model.parameters(), *other.parameters()], lr=0.01)
    assert len(fit(model, [1.0], [1.0], optimizer=both, epochs=1)) == 1  # without a word
    w = Value(1.0)
    assert len(fit(lambda x: w * x, [1.0], [1.0], optimizer=optim.SGD([w]), epochs=1)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty": 3}, r"penalty is a function, not 3: such as lambda model: l2_penalty\(model, 1e-4\)"),
        ({"penalty": "l2"}, "penalty is a function, not 'l2'"),
        ({"penalty": Value(1.0)}, r"penalty is a function, not Value\(1\.0\)"),
        ({"right": 0.5}, r"right is a function, not 0\.5: such as lambda prediction, target"),
        ({"on_epoch": True}, "on_epoch is a function, not True: such as lambda epoch"),
        ({"penalty": lambda model: None}, "expected a real number or a Value, not NoneType None"),
        ({"optimizer": optim.SGD}, "the optimizer is made from parameters"),
        ({"model": None}, "the model is a Module or a function of an example, not None"),
        ({"model": lambda x: Value(x)}, "the parameters of <function .* are not known: give an optimizer"),
    ],
)
def test_what_is_no_function_is_a_clear_error_of_fit(options, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match=message):
        fit(**({"model": MLP(1, [1]), "X": [1.0], "y": [1.0], "epochs": 1} | options))
    for wrong in ({"right": 0.5}, {"model": None}):
        with pytest.raises(TypeError, match=r"is a (Module or a )?function( of an example)?, not"):
            evaluate(**({"model": MLP(1, [1]), "X": [1.0], "y": [1.0]} | wrong))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": lambda p, t: 3.0}, r"^the loss is 3\.0, not a Value: it and the model compute with Values"),
        ({"loss": lambda p, t: [p[0]]}, r"^the loss is \[Value\(.*\)\], not a Value"),
        ({"loss": lambda p, t: None}, "^the loss is None, not a Value"),
        ({"loss": lambda p, t: "small"}, "^the loss is 'small', not a Value"),
        ({"model": lambda x: 2.0 * x}, r"^the loss is 1\.0, not a Value"),
        ({"model": lambda x: 2.0 * x, "loss": "hinge"}, r"^the loss is 0\.0, not a Value"),
        ({"model": lambda x: None}, "^a prediction is a Value or a list of them, not None"),
        ({"model": lambda x: "a"}, "^a prediction is a Value or a list of them, not 'a'"),
        (
            {"model": lambda x: [Value(x), None], "y": [[1.0, 2.0]]},
            "^a prediction is a Value or a list of them, not None",
        ),
        ({"right": lambda p, t: None}, "^right gives None, not True or False"),
        ({"right": lambda p, t: "no"}, "^right gives 'no', not True or False"),
        ({"right": lambda p, t: p}, r"^right gives Value\(.*, not True or False"),
    ],
    ids=range(12),
)
def test_what_a_function_gives_is_checked_where_it_is_taken(options, message) -> None:  # type: ignore[no-untyped-def]
    w = Value(1.0)
    options = {"model": lambda x: w * x, "X": [1.0], "y": [1.0]} | options
    with pytest.raises(TypeError, match=message):
        fit(**options, optimizer=optim.SGD([w]), epochs=1)
    if not re.search(r"is \d", message):  # where no derivative is needed, a number will do
        with pytest.raises(TypeError, match=message):
            evaluate(**options)


@pytest.mark.parametrize("answer", [True, 1, np.bool_(True), np.int64(1)], ids=repr)
@pytest.mark.parametrize("compiled", [False, True])
def test_right_may_answer_with_what_says_yes_or_no(answer, compiled: bool) -> None:  # type: ignore[no-untyped-def]
    model = MLP(1, [1])
    assert fit(model, [1.0, 2.0], [1.0, 2.0], right=lambda p, t: answer, epochs=1, compiled=compiled)[0].accuracy == 1.0
    with pytest.raises((TypeError, ValueError), match="right gives None, not True or False"):
        fit(model, [1.0, 2.0], [1.0, 2.0], right=lambda p, t: None, epochs=1, compiled=compiled)


def test_a_penalty_of_nothing_is_named_in_a_compiled_training() -> None:
    for wrong in (None, "l2", [Value(1.0)]):
        with pytest.raises(ValueError, match=r"cannot be compiled: the penalty gives .* where a Value is needed$"):
            fit(MLP(1, [1]), [1.0], [1.0], penalty=lambda model: wrong, epochs=1, compiled=True)


# The state of optimisers and schedules.


def valley(p) -> Value:  # type: ignore[no-untyped-def]
    return (1 - p[0]) ** 2 + 10 * (p[1] - p[0] * p[0]) ** 2


MAKERS = {
    "descent": lambda p: optim.SGD(p, lr=0.003),
    "momentum": lambda p: optim.SGD(p, lr=0.003, momentum=0.9, nesterov=True, weight_decay=0.01),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5),
    "adam": lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.99)),
    "adamw": lambda p: optim.AdamW(p, lr=0.1),
}
PLANS = {
    "none": lambda o: [],
    "two": lambda o: [optim.LinearLR(o, 0.1, 1.0, 4), optim.StepLR(o, 3, 0.5)],
    "constant": lambda o: [optim.ConstantLR(o, 0.5, 6)],
    "cosine": lambda o: [optim.CosineAnnealingLR(o, 4, 0.001)],
    "one after another": lambda o: [
        optim.SequentialLR(
            o, [optim.LinearLR(o, 0.1, 1.0, 6), optim.CosineAnnealingLR(o, 3), optim.StepLR(o, 1)], [6, 8]
        )
    ],
}


def states(optimizer, schedules) -> str:  # type: ignore[no-untyped-def]
    return json.dumps([optimizer.state_dict(), *[schedule.state_dict() for schedule in schedules]])


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("make", MAKERS)
def test_a_training_goes_on_from_a_saved_state_with_the_same_bits(make: str, plan: str) -> None:
    X, y = datasets.moons(8, seed=1)

    def begun(state: str | None):  # type: ignore[no-untyped-def]
        model = MLP(2, [2, 1], activation="tanh", rng=random.Random(5))
        optimizer = MAKERS[make](model.parameters())
        schedules = PLANS[plan](optimizer)
        if state:
            weights, *saved = json.loads(state)
            model.load_state_dict(weights)
            for part, kept in zip([optimizer, *schedules], saved, strict=True):
                part.load_state_dict(kept)
        return model, optimizer, schedules

    def trained(model, optimizer, schedules, epochs: int) -> str:  # type: ignore[no-untyped-def]
        step = lambda epoch: [schedule.step() for schedule in schedules]  # noqa: E731
        fit(model, X, y, optimizer=optimizer, epochs=epochs, on_epoch=step, compiled=plan == "two")
        return f"[{json.dumps(model.state_dict())}, {states(optimizer, schedules)[1:]}"

    halfway = trained(*begun(None), 5)
    assert trained(*begun(halfway), 5) == trained(*begun(None), 10) != halfway


def test_the_state_of_optimisers_has_pytorchs_layout() -> None:
    for make, kept, settings in (
        (optim.SGD, ["momentum_buffer"], {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}),
        (optim.RMSprop, ["square_avg", "momentum_buffer"], {"alpha": 0.99, "eps": 1e-8, "centered": False}),
        (
            optim.Adam,
            ["exp_avg", "exp_avg_sq"],
            {"betas": (0.9, 0.999), "amsgrad": False, "decoupled_weight_decay": False},
        ),
        (optim.AdamW, ["exp_avg", "exp_avg_sq"], {"weight_decay": 0.01, "decoupled_weight_decay": True}),
    ):
        p = [Value(1.5), Value(-0.7)]
        optimizer = make(p, lr=0.25)
        assert optimizer.state_dict()["state"] == {}
        valley(p).backward()
        optimizer.step()
        state = optimizer.state_dict()
        assert [*state] == ["state", "param_groups"]
        assert [[*entry] for entry in state["state"].values()] == [["step", *kept]] * 2
        assert [*state["state"]] == state["param_groups"][0]["params"] == [0, 1]
        assert {"lr": 0.25, "maximize": False, **settings}.items() <= state["param_groups"][0].items()
        before = [p.data for p in p]
        other = make([Value(number) for number in before], lr=0.1)
        other.load_state_dict(state)
        assert other.state_dict() == optimizer.state_dict()
        state["state"][0][kept[0]] = 77.0  # a copy
        assert optimizer.state_dict() != state


def test_the_state_of_schedules_has_pytorchs_layout() -> None:
    optimizer = optim.SGD([Value(1.0)], lr=0.1)
    schedules = [
        optim.StepLR(optimizer, 2, 0.5), optim.LinearLR(optimizer, 0.1, 1.0, 4), optim.ConstantLR(optimizer, 0.5, 3),
        optim.CosineAnnealingLR(optimizer, 5),
    ]  # fmt: skip
    for schedule in schedules:
        schedule.step()
    common = {"base_lrs": [0.1], "last_epoch": 1, "_step_count": 2}
    expected = [
        {"step_size": 2, "gamma": 0.5}, {"start_factor": 0.1, "end_factor": 1.0, "total_iters": 4},
        {"factor": 0.5, "total_iters": 3}, {"T_max": 5, "eta_min": 0.0},
    ]  # fmt: skip
    rates = [0.005, 0.01625, 0.01625, 0.014698263079296451]  # which each has set last, by PyTorch 2.14
    for schedule, settings, rate in zip(schedules, expected, rates, strict=True):
        state = schedule.state_dict()
        assert state.pop("_last_lr") == schedule.get_last_lr() == [pytest.approx(rate, rel=1e-12)]
        assert state == common | settings
    assert optimizer.state_dict()["param_groups"][0]["initial_lr"] == 0.1
    optimizer = optim.SGD([Value(1.0)], lr=0.1)
    parts = [optim.ConstantLR(optimizer, 0.5, 1), optim.StepLR(optimizer, 2, 0.5)]
    schedule = optim.SequentialLR(optimizer, parts, [3])
    schedule.step()
    state = schedule.state_dict()
    assert [*state] == ["_milestones", "last_epoch", "_last_lr", "_schedulers"]
    assert (state["_milestones"], [part["last_epoch"] for part in state["_schedulers"]]) == ([3], [1, -1])


def test_the_state_of_pytorchs_optimisers_and_schedules_is_taken_and_ours_by_them() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rates = torch.optim.lr_scheduler
    for name, options in (
        ("SGD", {"lr": 0.003, "momentum": 0.9}), ("RMSprop", {"lr": 0.01}), ("RMSprop", {"lr": 0.01, "momentum": 0.5}),
        ("Adam", {"lr": 0.1}), ("AdamW", {"lr": 0.1}), ("SGD", {"lr": 0.003}),
    ):  # fmt: skip
        theirs = [torch.nn.Parameter(torch.tensor(number, dtype=torch.float64)) for number in (1.5, -0.7)]
        descent = getattr(torch.optim, name)(theirs, **options)
        plan = rates.LinearLR(descent, 0.5, 1.0, 6)

        def go(numbers, optimizer, schedule) -> list[float]:  # type: ignore[no-untyped-def]
            for _ in range(3):
                optimizer.zero_grad()
                valley(numbers).backward()
                optimizer.step()
                schedule.step()
            return [float(getattr(number, "data", number)) for number in numbers]

        ours = [Value(number) for number in go(theirs, descent, plan)]
        optimizer = getattr(optim, name)(ours, **options)
        schedule = optim.LinearLR(optimizer, 0.5, 1.0, 6)
        optimizer.load_state_dict(descent.state_dict())
        schedule.load_state_dict(plan.state_dict())
        assert go(ours, optimizer, schedule) == pytest.approx(go(theirs, descent, plan), rel=1e-12)
        state = optimizer.state_dict()
        for entry in state["state"].values():
            kept = {key: number for key, number in entry.items() if number is not None}
            entry.update({key: torch.tensor(number, dtype=torch.float64) for key, number in kept.items()})
        descent.load_state_dict(state)
        plan.load_state_dict(schedule.state_dict())
        assert go(theirs, descent, plan) == pytest.approx(go(ours, optimizer, schedule), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("state"), "has a state and groups of parameters in param_groups"),
        (lambda s: s["param_groups"].append({}), "the state has 2 groups, and the optimiser 1"),
        (lambda s: s["param_groups"][0].update(params=[0]), "is that of 1 parameters, and the optimiser has 2"),
        (lambda s: s["param_groups"][0].pop("betas"), "not that of Adam: it does not say betas"),
        (lambda s: s["param_groups"][0].update(amsgrad=1), "amsgrad = 1 should be True or False"),
        (
            lambda s: s["param_groups"][0].update(decoupled_weight_decay=True),
            "decoupled_weight_decay = True, which Adam",
        ),
        (lambda s: s["param_groups"][0].update(momentum=0.9), r"has momentum = 0\.9, which Adam cannot do"),
        (lambda s: s["param_groups"][0].update(lr=-1), "lr = -1 should be at least 0"),
        (
            lambda s: s["param_groups"][0].update(betas=[0.9, 2.0]),
            r"betas\[1\] = 2\.0 should be at least 0 and below 1",
        ),
        (lambda s: s["state"].update({2: {}}), r"with so many parameters: it has \[2\]"),
        (lambda s: s["state"][0].update(momentum_buffer=1.0), r"does not fit Adam .*: it has \['momentum_buffer'\]"),
        (
            lambda s: s["state"][1].update(exp_avg=math.nan),
            r"^state\[1\]\['exp_avg'\]: a Value must hold a number, not nan",
        ),
        (lambda s: s["state"][1].update(exp_avg="0.1"), r"^state\[1\]\['exp_avg'\]: .* not str '0\.1'"),
        (lambda s: s["state"][0].update(exp_avg_sq=-1.0), r"^state\[0\]\['exp_avg_sq'\] = -1\.0 should be at least 0"),
        (lambda s: s["state"][0].update(step=-5), r"^state\[0\]\['step'\] = -5 should be a whole number"),
        (lambda s: s["state"][0].update(step=1.5), r"^state\[0\]\['step'\] = 1\.5 should be a whole number"),
        (lambda s: s["state"][0].update(step=math.inf), r"^state\[0\]\['step'\] = inf should be a whole number"),
        (lambda s: s["state"].update(a={}), r"has a dict for each parameter, by its place, not \{\} for 'a'"),
        (lambda s: s["state"].update({-1: {}}), r"by its place, not \{\} for -1"),
        (lambda s: s["state"].update({0: None}), "by its place, not None for 0"),
        (lambda s: s["param_groups"][0].update(params=3), "is that of 3 parameters, and the optimiser has 2"),
        (lambda s: s["param_groups"][0].update(params=None), "is that of None parameters, and the optimiser has 2"),
    ],
)
def test_a_state_that_does_not_fit_an_optimiser_changes_nothing(change, message) -> None:  # type: ignore[no-untyped-def]
    p = [Value(1.5), Value(-0.7)]
    optimizer = optim.Adam(p, lr=0.25)
    valley(p).backward()
    optimizer.step()
    before, state = repr(vars(optimizer)), optimizer.state_dict()
    state["param_groups"][0]["lr"] = 0.5
    change(state)
    with pytest.raises((TypeError, ValueError), match=message):
        optimizer.load_state_dict(state)
    assert repr(vars(optimizer)) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s.pop("gamma"),
            r"the state of a StepLR has \['base_lrs', 'gamma', 'last_epoch', 'step_size'\], not",
        ),
        (lambda s: s.update(T_max=3), "the state of a StepLR has"),
        (lambda s: s.update(gamma=-1), "gamma = -1 should be at least 0"),
        (lambda s: s.update(step_size=1.5), r"step_size = 1\.5 should be a whole number"),
        (lambda s: s.update(last_epoch="3"), "last_epoch is a whole number, not '3'"),
        (lambda s: s.update(base_lrs=[math.nan]), "base_lrs = nan should be at least 0"),
        (lambda s: s.update(base_lrs=[0.1, 0.2]), r"base_lrs is a list of one learning rate, not \[0\.1, 0\.2\]"),
    ],
)
def test_a_state_that_does_not_fit_a_schedule_changes_nothing(change, message) -> None:  # type: ignore[no-untyped-def]
    schedule = optim.StepLR(optim.SGD([Value(1.0)], lr=0.1), 2, 0.5)
    schedule.step()
    before, state = repr(vars(schedule)), {**schedule.state_dict(), "last_epoch": 5}
    change(state)
    with pytest.raises((TypeError, ValueError), match=message):
        schedule.load_state_dict(state)
    assert repr(vars(schedule)) == before
    whole = optim.SequentialLR(schedule.optimizer, [schedule, optim.StepLR(schedule.optimizer, 1)], [4])
    kept, state = repr(whole.state_dict()), whole.state_dict()
    change(state["_schedulers"][1])
    for wrong in (state, {**whole.state_dict(), "_milestones": [5]}, {}, {**whole.state_dict(), "last_epoch": None}):
        with pytest.raises((TypeError, ValueError), match=r"."):
            whole.load_state_dict(wrong)
        assert repr(whole.state_dict()) == kept


def test_a_step_to_infinity_is_refused_and_changes_nothing() -> None:
    x, y = Value(1.0, "x"), Value(1.0, "y")
    x.grad, y.grad = 1.0, 1e300
    with pytest.raises(OverflowError, match=r"y = 1\.0 cannot be moved by its grad 1e\+300: try a smaller lr"):
        optim.SGD([x, y], lr=1e10).step()
    assert (x.data, y.data) == (1.0, 1.0)


def test_numbers_whose_sum_is_too_large_are_no_failure_of_a_step() -> None:
    large = [1e308, 1e308]
    descent = optim.SGD(list(map(Value, large)), lr=0.1)
    assert descent.stepped(large, [0.0, 0.0])[0] == large
    assert descent.converted(np.array).stepped(np.array(large), np.zeros(2))[0].tolist() == large


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: optim.SGD([]), "there is no parameter to optimise"),
        (lambda p: optim.SGD(p, lr=-1), "lr = -1 should be at least 0"),
        (lambda p: optim.SGD(p, nesterov=True), "nesterov needs a momentum"),
        (lambda p: optim.Adam(p, betas=(0.9, 1.0)), r"betas\[1\] = 1\.0 should be at least 0 and below 1"),
        (lambda p: optim.StepLR(optim.SGD(p), 0), "step_size = 0 should be at least 1"),
    ],
)
def test_wrong_settings_of_optimisers_are_clear_errors(make, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        make([Value(1.0)])


def test_the_state_loads_into_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    model = MLP(2, [4, 3, 1], activation="tanh", rng=random.Random(9))
    linear = torch.nn.Linear
    twin = torch.nn.Sequential(linear(2, 4), torch.nn.Tanh(), linear(4, 3), torch.nn.Tanh(), linear(3, 1)).double()
    twin.load_state_dict({key: torch.tensor(values, dtype=torch.float64) for key, values in model.state_dict().items()})
    for x in ([0.1, -0.7], [2.0, 3.0]):
        assert model(x).data == pytest.approx(twin(torch.tensor(x, dtype=torch.float64)).item(), rel=1e-12)
    model.load_state_dict(twin.state_dict())


# Training.


def test_the_same_seed_gives_the_same_bits() -> None:
    def trained() -> str:
        model = MLP(2, [4, 1], rng=random.Random(7))
        X, y = datasets.moons(20, seed=2)
        fit(model, X, datasets.signs(y), loss="hinge", batch_size=3, epochs=5, seed=11)
        return repr(model.state_dict())

    assert trained() == trained()


@pytest.mark.parametrize(
    ("data", "epochs"),
    [
        (datasets.xor(), 100),
        (datasets.moons(100, seed=1), 60),
        (datasets.circles(100, seed=1), 60),
        (datasets.spirals(60, seed=1), 60),
    ],
    ids=["xor", "moons", "circles", "spirals"],
)
def test_small_data_sets_are_learned(data, epochs) -> None:  # type: ignore[no-untyped-def]
    X, y = data
    model = MLP(2, [12, 12, 1], activation="tanh", rng=random.Random(3))
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    loss = "binary_cross_entropy_with_logits"
    learned = lambda epoch: epoch.accuracy >= 0.99  # noqa: E731
    history = fit(model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=10, seed=1, on_epoch=learned)
    assert max(history.accuracies) >= 0.99
    assert history.losses[-1] < history.losses[0]


def test_the_sine_is_a_period_with_noise_from_a_seed() -> None:
    X, y = datasets.sine(9, noise=0.0)
    assert X == [[-1.0], [-0.75], [-0.5], [-0.25], [0.0], [0.25], [0.5], [0.75], [1.0]]
    half = math.sqrt(0.5)
    assert y == pytest.approx([0, -half, -1, -half, 0, half, 1, half, 0], abs=1e-15)
    X, y = datasets.sine(400, noise=0.2, seed=3)
    noise = [target - math.sin(math.pi * x) for (x,), target in zip(X, y, strict=True)]
    assert abs(sum(noise)) / 400 < 0.03
    assert 0.17 < math.sqrt(sum(e * e for e in noise) / 400) < 0.23
    assert datasets.sine(400, noise=0.2, seed=3) == (X, y)
    assert datasets.sine(400, noise=0.2, seed=4)[1] != y


def test_the_sine_is_learned() -> None:
    X, y = datasets.sine(50, noise=0.05, seed=1)
    model = MLP(1, [8, 1], activation="tanh", rng=random.Random(2))
    fit(model, X, y, optimizer=optim.Adam(model.parameters(), lr=0.03), epochs=300, batch_size=10)
    assert max(abs(model(x).data - math.sin(math.pi * x[0])) for x in X) < 0.2


def test_the_names_are_400_of_three_to_eight_plain_letters_in_a_list_of_ones_own() -> None:
    names = datasets.names()
    assert len({*names}) == 400
    assert names == sorted(names)
    assert {"liam", "noah", "olivia", "emma"} < {*names}  # the two at the head of each list
    assert {*map(len, names)} == {3, 4, 5, 6, 7, 8}
    assert {*"".join(names)} == {*"abcdefghijklmnopqrstuvwxyz"}
    names.clear()
    assert len(datasets.names()) == 400


def test_classes_are_learned_by_softmax() -> None:
    X, y = datasets.blobs(60, classes=3, seed=4)
    model = MLP(2, [8, 3], activation="tanh", rng=random.Random(0))
    history = fit(model, X, y, loss="softmax_cross_entropy", epochs=40, batch_size=10)
    assert history.accuracies[-1] == 1.0


FIRST_DIGIT = """
    0  0  5 13  9  1  0  0
    0  0 13 15 10 15  5  0
    0  3 15  2  0 11  8  0
    0  4 12  0  0  8  8  0
    0  5  8  0  0  9  8  0
    0  4 11  0  1 12  7  0
    0  2 14  5 10 12  0  0
    0  0  6 13 10  0  0  0
"""


def test_the_digits_are_those_of_the_test_part() -> None:
    X, y = datasets.digits()
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as the description of the data set has them
    assert [y.count(digit) for digit in range(10)] == counts
    assert {*map(len, X)} == {64}
    assert {number for x in X for number in x} == {k / 16 for k in range(17)}
    assert (X[0], y[0]) == ([int(number) / 16 for number in FIRST_DIGIT.split()], 0)
    assert {*map(type, X[0]), *map(type, y)} == {float, int}
    X[0][0] = 9.0  # a caller's own lists
    assert datasets.digits()[0][0][0] == 0.0


def test_digits_of_hands_not_seen_before_are_at_the_end() -> None:
    _, y = datasets.digits()
    form = y[:130]
    starts = [start for start in range(len(y) - 129) if sum(map(int.__eq__, y[start : start + 130], form)) > 120]
    assert (starts[0], starts[-1]) == (0, len(y) - 130)  # forms with the same digits to write, from first to last
    assert len(starts) == 10


def test_digits_held_out_are_recognised() -> None:
    pairs = list(zip(*datasets.digits(), strict=True))
    random.Random(0).shuffle(pairs)
    X, y = zip(*pairs, strict=True)
    model = MLP(64, [32, 10], init="he", rng=random.Random(0))
    options = {"loss": "softmax_cross_entropy", "optimizer": optim.Adam(model.parameters(), lr=0.003)}
    assert fit(model, X[:1437], y[:1437], epochs=15, batch_size=20, **options).compiled  # type: ignore[arg-type]
    assert evaluate(model, X[1437:], y[1437:], loss="softmax_cross_entropy").accuracy > 0.95


def test_divergence_stops_with_advice() -> None:
    model = MLP(1, [4, 1], activation="linear", rng=random.Random(0))
    with pytest.raises(DivergenceError, match=r"training diverged in epoch \d+ .*try a smaller learning rate than 50"):
        fit(model, [[1.0], [2.0]], [1.0, 2.0], optimizer=optim.SGD(model.parameters(), lr=50.0), epochs=500)
    assert all(math.isfinite(p.data) for p in model.parameters())


def test_ctrl_c_returns_the_history_and_a_usable_model(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(epoch) -> None:  # type: ignore[no-untyped-def]
        if epoch.number == 3:
            raise KeyboardInterrupt

    model = MLP(1, [1], rng=random.Random(0))
    history = fit(model, [[1.0], [2.0]], [1.0, 2.0], epochs=10, on_epoch=interrupt)
    assert len(history) == 3
    assert "stopped by Ctrl-C; epochs in the history: 3" in capsys.readouterr().err
    assert math.isfinite(model(1.0).data)
    assert repr(history).startswith("<History: 3 epochs, loss ")


def test_a_notebook_shows_a_history_as_a_table_of_some_epochs() -> None:
    history = History(Epoch(number, 1 / number, None) for number in range(1, 38))
    rows = re.findall(r"<tr>(.*?)</tr>", history._repr_html_() or "")
    cells = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows]
    assert [row[0] for row in cells] == ["epoch", "1", "5", "9", "13", "17", "21", "25", "29", "33", "37"]
    assert (cells[0], cells[1], cells[-1]) == (["epoch", "loss"], ["1", "1"], ["37", "0.02703"])
    classes = History([Epoch(1, 0.5, 0.25)])
    assert re.findall(r"<t[hd]>(.*?)</t[hd]>", classes._repr_html_() or "") == [
        "epoch",
        "loss",
        "accuracy",
        "1",
        "0.5",
        "25.0%",
    ]
    assert len(re.findall("<tr>", history[:10]._repr_html_() or "")) == 11
    assert History()._repr_html_() is None


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("ends", ["well", "with an error", "by Ctrl-C"])
def test_on_graphs_the_collector_pauses_for_each_step_and_is_then_as_it_was(ends: str, before: bool) -> None:
    during, between = [], []

    def loss(predictions: list[Value], targets: list[float]) -> Value:
        during.append(gc.isenabled())
        if len(during) == 3 and ends != "well":
            raise KeyError("no loss") if ends == "with an error" else KeyboardInterrupt
        return losses.mean_squared_error(predictions, targets)

    is_enabled = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        with pytest.raises(KeyError) if ends == "with an error" else contextlib.nullcontext():
            look = lambda epoch: between.append(gc.isenabled())  # noqa: E731
            fit(MLP(1, [1]), [1.0, 2.0], [1.0, 2.0], loss=loss, epochs=3, compiled=False, on_epoch=look)
        assert (during, gc.isenabled()) == ([False] * 3, before)
        assert between == [before] * (3 if ends == "well" else 2)
    finally:
        (gc.enable if is_enabled else gc.disable)()


def test_cycles_that_a_model_leaves_behind_in_a_long_training_are_collected() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    made: list[weakref.ref[Cycle]] = []

    def loss(predictions: list[Value], targets: list[float]) -> Value:
        made.extend(weakref.ref(Cycle()) for _ in range(200))
        return losses.mean_squared_error(predictions, targets)

    fit(MLP(1, [1]), [1.0] * 20, [1.0] * 20, loss=loss, epochs=5, batch_size=1, compiled=False)
    assert len(made) == 20_000
    assert sum(cycle() is not None for cycle in made) < 10_000


def test_training_ends_when_on_epoch_says_so_and_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    model = MLP(1, [1], rng=random.Random(0))
    history = fit(model, [[1.0]], [2.0], epochs=50, on_epoch=lambda epoch: epoch.loss < 0.5)
    assert 1 <= len(history) < 50
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_one_line_that_ends_with_the_last_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    history = fit(MLP(1, [1], rng=random.Random(0)), [[1.0]], [2.0], epochs=30)
    line, rest = terminal.getvalue().split("\n")
    assert not rest
    last = line.split("\r")[-1]
    assert last.rstrip() == f"epoch 30/30  loss {history[-1].loss:.6g}"
    fit(MLP(1, [1]), [[1.0]], [2.0], epochs=30, progress=False)
    assert terminal.getvalue().count("epoch 30/30") == 1


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> io.StringIO:
    """A terminal so wide, in which every epoch is shown."""
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(time, "monotonic", iter(range(1000)).__next__)
    return stream


@pytest.mark.parametrize("columns", [20, 40, 60, 200])
def test_the_line_of_progress_is_no_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch, columns)
    options = {"loss": "binary_cross_entropy_with_logits", "epochs": 12}
    history = fit(MLP(1, [1], rng=random.Random(0)), [[1.0], [2.0]], [0, 1], **options)
    line, rest = stream.getvalue().split("\n")
    updates = line.split("\r")[1:]
    assert not rest
    assert len(updates) == 12
    assert max(map(len, updates)) < columns
    assert updates[-1].rstrip() == f"epoch 12/12  loss {history[-1].loss:.6g}  accuracy 50.0%"[: columns - 1]


def test_a_shorter_line_of_progress_covers_the_longer_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with Progress(True) as line:
        for text in ("loss 0.123456", "loss 0.5", "loss 0.25"):
            line.show(text)
    assert stream.getvalue() == "\rloss 0.123456\rloss 0.5     \rloss 0.25\n"


def test_what_is_printed_during_a_training_begins_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)

    def tell(epoch) -> None:  # type: ignore[no-untyped-def]
        if epoch.number == 2:
            print("out", epoch.number)
            print("err", file=sys.stderr)
        if epoch.number == 4:
            sys.stdout.writelines(["a", "b"])
            print("", end="")

    history = fit(MLP(1, [1], rng=random.Random(0)), [[1.0]], [2.0], epochs=6, on_epoch=tell)
    shown = [f"epoch {epoch.number}/6  loss {epoch.loss:.6g}" for epoch in history]
    lines = stream.getvalue().split("\n")
    assert [line.split("\r")[-1].rstrip() for line in lines] == [shown[1], "out 2", "err", shown[3], "ab", shown[5], ""]
    assert lines[0].split("\r")[1:] == shown[:2]
    assert sys.stdout is sys.stderr is stream


def test_an_error_during_a_training_begins_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(epoch) -> None:  # type: ignore[no-untyped-def]
        if epoch.number == 3:
            raise RuntimeError("enough")

    def interrupt(epoch) -> None:  # type: ignore[no-untyped-def]
        raise KeyboardInterrupt

    for options in ({"on_epoch": fail}, {"optimizer": 50.0}, {"on_epoch": interrupt}):
        stream = terminal(monkeypatch)
        model = MLP(1, [2, 1], activation="linear", rng=random.Random(0))
        if "optimizer" in options:
            options["optimizer"] = optim.SGD(model.parameters(), lr=50.0)
        with contextlib.suppress(RuntimeError, DivergenceError):
            fit(model, [[1.0]], [2.0], epochs=500, **options)
        assert stream.getvalue().endswith("\n")
        assert re.fullmatch(r"(\repoch \d+/500  loss \S+ *)+\n(stopped by Ctrl-C; .*\n)?", stream.getvalue())
        assert sys.stdout is sys.stderr is stream
    stream = terminal(monkeypatch)
    with pytest.raises(TypeError):
        fit(MLP(1, [1]), [[1.0]], ["a"])
    assert not stream.getvalue()


def test_a_print_into_a_file_leaves_the_line_of_progress_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, log = terminal(monkeypatch), io.StringIO()
    monkeypatch.setattr(sys, "stdout", log)
    fit(MLP(1, [1], rng=random.Random(0)), [[1.0]], [2.0], epochs=5, on_epoch=lambda epoch: print(epoch.number))
    assert stream.getvalue().count("\n") == 1
    assert log.getvalue() == "1\n2\n3\n4\n5\n"


def test_evaluate_gives_loss_and_accuracy_and_changes_nothing() -> None:
    X, y = datasets.moons(20, seed=1)
    model = MLP(2, [3, 1], rng=random.Random(0))
    before = model.state_dict()
    score = evaluate(model, X, y, loss="binary_cross_entropy_with_logits")
    logits = [model(x).data for x in X]
    assert score.loss == pytest.approx(
        sum(math.log1p(math.exp(z)) - k * z for z, k in zip(logits, y, strict=True)) / 20
    )
    assert score.accuracy == sum((z > 0) == k for z, k in zip(logits, y, strict=True)) / 20
    assert model.state_dict() == before
    assert {p.grad for p in model.parameters()} == {0.0}
    with pytest.raises(ValueError, match="loss 'mse' is not known"):
        evaluate(model, X, y, loss="mse")
    with pytest.raises(ValueError, match="there are 0 examples"):
        evaluate(model, [], [])


@pytest.mark.parametrize("make", [optim.SGD, optim.RMSprop, optim.Adam])
def test_a_failed_or_interrupted_step_is_not_taken_at_all(make) -> None:  # type: ignore[no-untyped-def]
    def step_of_three(interrupt: int | None, grad: float) -> list[object]:
        parameters = [Value(float(k)) for k in range(3)]
        optimizer = make(parameters, lr=0.1, **({"momentum": 0.9} if make is not optim.Adam else {}))
        for number in range(3):
            for p in parameters:
                p.grad = 1.0
            if number == 1:
                parameters[2].grad = grad
                if interrupt is not None or grad != 1.0:
                    with pytest.raises((KeyboardInterrupt, OverflowError)), interrupted(interrupt):
                        optimizer.step()
                    continue
            optimizer.step()
        return [optimizer.steps, *[p.data for p in parameters], optimizer.state_dict()]

    undisturbed = step_of_three(None, 1.0)
    assert step_of_three(None, math.nan)[0] == undisturbed[0] - 1
    skipped = step_of_three(None, math.nan)
    assert all(math.isfinite(x) for x in skipped[1:4])
    for moment in range(3):
        assert step_of_three(moment, 1.0) == skipped


@contextlib.contextmanager
def interrupted(moment: int | None):  # type: ignore[no-untyped-def]
    """Ctrl-C at the so-manieth time that data is set."""
    original, count = Value.data, iter(range(1000))

    def setting(self: Value, data: float) -> None:
        if next(count) == moment:
            raise KeyboardInterrupt
        original.fset(self, data)

    Value.data = property(original.fget, setting)
    try:
        yield
    finally:
        Value.data = original


@pytest.mark.parametrize("kind", [np.array([1, 0], dtype="uint8"), np.array([True, False]), [[1], [0]], [True, False]])
def test_targets_may_be_what_arrays_hold(kind) -> None:  # type: ignore[no-untyped-def]
    for loss in ("binary_cross_entropy", "mean_squared_error", "binary_cross_entropy_with_logits"):
        p = [Value(0.3), Value(0.6)]
        q = [Value(0.3), Value(0.6)]
        found, expected = LOSSES[loss](p, kind), LOSSES[loss](q, [1.0, 0.0])
        found.backward()
        expected.backward()
        assert (found.data, [x.grad for x in p]) == (expected.data, [x.grad for x in q])
    assert datasets.signs(kind) == [1, -1]
    X = np.array([[0.0, 1.0], [1.0, 0.0]])
    history = fit(MLP(2, [1], rng=random.Random(0)), X, kind, loss="binary_cross_entropy_with_logits", epochs=2)
    assert history == fit(
        MLP(2, [1], rng=random.Random(0)), X.tolist(), [1, 0], loss="binary_cross_entropy_with_logits", epochs=2
    )


def test_a_saturated_probability_is_told_what_to_do() -> None:
    with pytest.raises(ValueError, match="train on logits instead, with binary_cross_entropy_with_logits"):
        losses.binary_cross_entropy([Value(1.0)], [0])


def test_what_a_training_gives_is_pickled_under_the_name_of_its_wing() -> None:
    history = fit(MLP(1, [1]), [1.0, 2.0], [1.0, 2.0], epochs=2, progress=False)
    assert pickle.loads(pickle.dumps(history)) == history
    from nn import training

    for name in ("DivergenceError", "Epoch", "History", "Score"):
        assert getattr(training, name).__module__ == "nn.training"


def test_a_history_can_be_cut_and_joined() -> None:
    history = fit(MLP(1, [1], rng=random.Random(0)), [[1.0]], [2.0], epochs=4)
    assert history[2:].losses + history[:1].losses == (history[2:] + history[:1]).losses


def test_on_epoch_may_answer_with_numpys_true() -> None:
    assert len(fit(MLP(1, [1]), [[1.0]], [2.0], epochs=9, on_epoch=lambda epoch: np.bool_(True))) == 1


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    "answer", [1, 7, 1.0, "stop", [True], np.float64(1.0), np.int64(1), np.bool_(False), False, None]
)
def test_only_true_itself_ends_a_training(answer, compiled: bool) -> None:  # type: ignore[no-untyped-def]
    model = MLP(1, [1], rng=random.Random(0))
    assert len(fit(model, [[1.0]], [2.0], epochs=3, on_epoch=lambda epoch: answer, compiled=compiled)) == 3


def test_what_a_log_answers_does_not_end_a_training() -> None:
    log = io.StringIO()
    fit(MLP(1, [1]), [[1.0]], [2.0], epochs=3, on_epoch=lambda epoch: log.write(f"{epoch.number} "))
    assert log.getvalue() == "1 2 3 "


@pytest.mark.parametrize("compiled", [False, True])
def test_a_row_of_the_history_has_the_loss_before_the_updates(compiled: bool) -> None:
    model = MLP(1, [1], init="zeros")
    before = [evaluate(model, [1.0, 2.0], [1.0, 2.0]).loss]
    look = lambda epoch: before.append(evaluate(model, [1.0, 2.0], [1.0, 2.0]).loss)  # noqa: E731
    history = fit(model, [1.0, 2.0], [1.0, 2.0], epochs=4, on_epoch=look, compiled=compiled)
    assert history.losses == pytest.approx(before[:-1], rel=1e-12)


def test_what_is_wrong_with_the_data_is_not_called_divergence() -> None:
    model = MLP(1, [1], rng=random.Random(0))
    with pytest.raises(ValueError, match=r"X\[1\] holds nan"):
        fit(model, [[1.0], [math.nan]], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"y\[0\] holds inf"):
        fit(model, [[1.0], [2.0]], [math.inf, 2.0])
    with pytest.raises(ZeroDivisionError, match="outside the domain"):
        fit(model, [[1.0]], [1.0], loss=lambda predictions, targets: predictions[0] / 0)


def test_parameters_that_are_shared_count_once() -> None:
    class Tied(Module):
        def __init__(self) -> None:
            self.a = Value(3.0)
            self.again = self.a
            self.bias = [Value(5.0)]

    tied = Tied()
    assert len(tied.parameters()) == 2
    assert losses.l2_penalty(tied, 1.0).data == 9.0


def test_parameters_beside_the_layers_are_in_the_state_and_are_not_lost_by_save(tmp_path) -> None:  # type: ignore[no-untyped-def]
    class Scaled(MLP):
        def __init__(self) -> None:
            super().__init__(1, [2, 1], activation=Leaky())
            self.scale = Value(2.0)

    class Leaky(Module):
        def __init__(self) -> None:
            self.slope = Value(0.25)

        def __call__(self, z: Value) -> Value:
            return z * self.slope

    model = Scaled()
    assert {*model.state_dict()} == {"0.weight", "0.bias", "1.slope", "2.weight", "2.bias", "scale"}
    assert len(model.parameters()) == 9
    with pytest.raises(ValueError, match="this Scaled has parameters beside its neurons"):
        model.save(tmp_path / "m.json")
    mixed = MLP(1, [2, 1])
    mixed.layers[0].neurons[1] = Neuron(1, activation="tanh")
    with pytest.raises(ValueError, match="the neurons of layer 1 have different activations"):
        mixed.save(tmp_path / "m.json")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MLP(2, 3), r"the second argument is the list of the layers' sizes: MLP\(2, \[3\]\)"),
        (lambda: MLP(2, [1], rng=42), "rng is a random.Random"),
        (lambda: MLP(2, [1], activation="swash"), "activation 'swash' is not known"),
        (lambda: optim.SGD(MLP(1, [1])), r"give model\.parameters\(\)"),
        (lambda: fit(MLP(1, [1]), [[1.0]], [1.0], optimizer="adam"), "the optimizer is made from parameters"),
        (lambda: fit(MLP(1, [1]), (x for x in [[1.0]]), [1.0]), "X is a list or an array"),
        (lambda: fit(MLP(1, [1]), [[1.0]], [1], loss="softmax_cross_entropy"), "needs a list of logits"),
        (lambda: optim.SGD([Value(1.0)], lr=math.inf), "lr = inf should be at least 0 and finite"),
        (lambda: datasets.blobs(4, classes=0), "classes is a whole number"),
        (lambda: datasets.moons(4, noise=-1.0), "noise is a number, 0 or more"),
        (lambda: datasets.sine(4, noise=math.inf), "noise is a number, 0 or more, not inf"),
        (lambda: datasets.sine(1), "count is at least 2, for both ends of the curve, not 1"),
    ],
)
def test_usual_mistakes_are_clear_errors(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_penalty_pulls_weights_towards_zero() -> None:
    sizes = []
    for strength in (0.0, 1.0):
        model = MLP(1, [1], init=[[[3.0]]], rng=random.Random(0))
        fit(model, [[1.0], [2.0]], [3.0, 6.0], epochs=50, penalty=lambda m, s=strength: losses.l2_penalty(m, s))
        sizes.append(abs(model.weights()[0].data))
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "mse"}, "loss 'mse' is not known: choose from half_squared_error"),
        ({"epochs": 0}, "epochs is a whole number, 1 or more, not 0"),
        ({"batch_size": 1.5}, r"batch_size is a whole number, 1 or more, not 1\.5"),
        ({"y": [1.0]}, "there are 2 examples and 1 targets"),
    ],
)
def test_wrong_options_of_fit_are_clear_errors(options, message) -> None:  # type: ignore[no-untyped-def]
    arguments = {"X": [[1.0], [2.0]], "y": [1.0, 2.0]} | options
    with pytest.raises(ValueError, match=message):
        fit(MLP(1, [1]), **arguments)


# Data, whatever they come in: positions, never labels.


class Series:
    """What a Series of pandas does with square brackets: it looks for the label."""

    def __init__(self, numbers: list, labels: list) -> None:
        self.numbers, self.labels = numbers, labels

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.numbers)

    def __getitem__(self, label):  # type: ignore[no-untyped-def]
        return self.numbers[self.labels.index(label)]

    def keys(self) -> list:
        return self.labels

    def to_numpy(self) -> np.ndarray:
        return np.array(self.numbers)


class Frame:
    """What a DataFrame does: square brackets and iteration are about the columns."""

    def __init__(self, rows: list, labels: list) -> None:
        self.rows, self.labels = rows, labels
        self.columns = [f"column {index}" for index in range(len(rows[0]))]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.columns)

    def __getitem__(self, column: str) -> Series:
        return Series([row[self.columns.index(column)] for row in self.rows], self.labels)

    def keys(self) -> list:
        return self.columns

    @property
    def iloc(self) -> list:
        return [Series(row, self.columns) for row in self.rows]


ROWS_X = [[0.0, 1.0], [1.0, 0.0], [2.0, 3.0], [3.0, -1.0]]
ROWS_Y = [2 * a - b for a, b in ROWS_X]
SHUFFLED = [2, 0, 3, 1]


def last_loss(X, y, compiled: bool = False) -> float:  # type: ignore[no-untyped-def]
    model = MLP(2, [1], init=[[[0.5, 0.25]]])
    return fit(model, X, y, optimizer=optim.SGD(model.parameters(), lr=0.01), epochs=3, compiled=compiled)[-1].loss


@pytest.mark.parametrize("compiled", [False, True])
def test_labels_of_the_data_are_not_looked_at(compiled: bool) -> None:
    expected = last_loss(ROWS_X, ROWS_Y, compiled)
    series, frame = Series(ROWS_Y, SHUFFLED), Frame(ROWS_X, SHUFFLED)
    for X in (
        frame,
        frame.iloc,
        np.array(ROWS_X),
        [np.array(row) for row in ROWS_X],
        np.ma.array(ROWS_X),
        tuple(ROWS_X),
    ):
        for y in (series, Frame([[number] for number in ROWS_Y], SHUFFLED), [np.array(number) for number in ROWS_Y]):
            assert last_loss(X, y, compiled) == expected
    exact = MLP(2, [1], init=[[[2.0, -1.0]]])
    assert evaluate(exact, frame, series).loss == 0.0
    assert losses.mean_squared_error(list(map(exact, ROWS_X)), series).data == 0.0
    assert exact(frame.iloc[2]).data == exact.layers[0](frame.iloc[2]).data == ROWS_Y[2]
    assert datasets.signs(Series([0, 1, 1], [2, 0, 1])) == [-1, 1, 1]
    logits = [[Value(1.0), Value(2.0), Value(4.0)]] * 3
    classes = Series([0, 1, 2], [2, 0, 1])
    found, same = (losses.softmax_cross_entropy(logits, y).data for y in (classes, [0, 1, 2]))
    assert found == same


@pytest.mark.parametrize("compiled", [False, True])
def test_what_on_epoch_changes_in_a_series_is_read_again(compiled: bool) -> None:
    def trained(y, numbers: list) -> list[float]:  # type: ignore[no-untyped-def]
        model = MLP(2, [1], init="zeros")
        change = lambda epoch: numbers.__setitem__(2, epoch.number + 0.5)  # noqa: E731
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        return fit(model, ROWS_X, y, optimizer=optimizer, epochs=4, on_epoch=change, compiled=compiled).losses

    plain, series = [*ROWS_Y], Series([*ROWS_Y], SHUFFLED)
    assert trained(series, series.numbers) == trained(plain, plain) != [last_loss(ROWS_X, ROWS_Y, compiled)] * 4


def test_a_boundary_is_drawn_by_position() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn import plot

    model = MLP(2, [1], init=[[[2.0, -1.0]]])
    labels = [0, 1, 0, 1]
    drawn = [
        [np.asarray(part.get_offsets()).tolist() for part in plot.decision_boundary(model, X, y, points=3).axes[0].collections]
        for X, y in ((ROWS_X, labels), (Frame(ROWS_X, SHUFFLED), Series(labels, SHUFFLED)))
    ]  # fmt: skip
    assert drawn[0] == drawn[1]
    with pytest.raises(TypeError, match=r"y is a list or an array, not dict .*: write list\(y\.values\(\)\)"):
        plot.decision_boundary(model, ROWS_X, dict(enumerate(labels)))


def test_a_shuffled_series_and_a_frame_of_pandas_train_as_lists() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(ROWS_X, columns=["a", "b"], index=SHUFFLED)
    series = pandas.Series(ROWS_Y, index=SHUFFLED)
    for X in (frame, frame.astype("float32"), [row for _, row in frame.iterrows()]):
        assert last_loss(X, series) == last_loss(X, pandas.DataFrame(series)) == last_loss(ROWS_X, ROWS_Y)
    with pytest.raises(ValueError, match=r"X\[2\] holds nan"):
        last_loss(frame.mask(frame == 3.0), series)
    with pytest.raises(TypeError, match="not str 'x'"):
        last_loss(frame.assign(b="x"), series)


def test_tensors_of_torch_train_as_lists() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    X, y = torch.tensor(ROWS_X, dtype=torch.float64, requires_grad=True), torch.tensor(ROWS_Y, dtype=torch.float64)
    expected = last_loss(ROWS_X, ROWS_Y)
    assert last_loss(X, y) == last_loss(X, y[:, None]) == last_loss(list(X), list(y)) == expected
    assert last_loss([list(row) for row in X], y) == expected
    with pytest.raises(TypeError, match=r"X is a list or an array, not Tensor .*\(a single number\)"):
        last_loss(torch.tensor(1.0), y)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dict(enumerate(ROWS_Y)), r"not dict \{0: -1\.0, .*\}: write list\(DATA\.values\(\)\)"),
        ({*range(4)}, r"not set \{0, 1, 2, 3\}: write a list, in the right order"),
        (dict(enumerate(ROWS_Y)).values(), r"not dict_values .*: write list\(DATA\)"),
        (map(float, range(4)), r"not map .*: write list\(DATA\)"),
        ("1234", "not str '1234': write a list of numbers"),
        (None, "not None: write a list of numbers"),
        (4.0, r"not float 4\.0 \(a single number\): write a list of numbers"),
        (np.array(4.0), r"not ndarray array\(4\.\) \(a single number\)"),
        (
            np.array(["2020-01-01"] * 4, dtype="datetime64[ns]"),
            r"not ndarray .* \(it holds datetime64\[ns\], not numbers",
        ),
    ],
    ids=lambda case: type(case).__name__,
)
def test_what_has_no_rows_is_refused_with_its_type_and_the_cure(data, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match=f"^X is a list or an array, {message.replace('DATA', 'X')}"):
        last_loss(data, ROWS_Y)
    with pytest.raises(TypeError, match=f"^y is a list or an array, {message.replace('DATA', 'y')}"):
        evaluate(MLP(2, [1]), ROWS_X, data)
    with pytest.raises(TypeError, match=f"^targets is a list or an array, {message.replace('DATA', 'targets')}"):
        losses.mean_squared_error([Value(0.0)] * 4, data)


ODD = [
    ([[0.0, 1.0], [1.0, "a"]], r"X\[1\]\[1\] is str 'a', which is no number"),
    ([[0.0, 1.0], [None, 1.0]], r"X\[1\]\[0\] is None, which is no number"),
    ([[0.0, 1.0], [1.0]], r"X\[1\] is of 1, and X\[0\] of 2"),
    ([[0.0, 1.0], 1.0], r"X\[1\] is of 1, and X\[0\] of 2"),
    ([[0.0, 1.0], [0.0, 1j]], r"X\[1\]\[1\] is complex 1j, which is no number"),
    (["ab", "cd"], r"X\[0\] is str 'ab', which is no number"),
    (np.zeros((2, 2, 2)), r"X\[0\]\[0\] is list \[0\.0, 0\.0\], which is no number"),
    (np.ma.array([[0.0, 1.0], [1.0, 2.0]], mask=[[0, 0], [0, 1]]), r"X\[1\]\[1\] is None, which is no number"),
    (np.array([[0.0, 1.0], [1.0, "a"]], dtype=object), r"X\[1\]\[1\] is str 'a', which is no number"),
    (Frame([[0.0, 1.0], [1.0, "a"]], [1, 0]), r"X\[1\]\[0\] is str '1\.0', which is no number"),  # as NumPy has it
]


@pytest.mark.parametrize(("X", "where"), ODD, ids=range(len(ODD)))
def test_an_entry_that_is_no_number_is_refused_with_its_place(X, where) -> None:  # type: ignore[no-untyped-def]
    model, y = MLP(2, [1]), [1.0, 2.0]
    for call in (
        lambda: fit(model, X, y, epochs=1),
        lambda: fit(model, X, y, epochs=1, batch_size=1, compiled=True),
        lambda: evaluate(model, X, y),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert re.match(f"{where}$", caught.value.__notes__[0])  # which stand under the message
        assert len(caught.value.__notes__) == 1


def test_a_target_that_is_no_number_is_refused_with_its_place() -> None:
    for y, where in (
        ([1.0, "b"], "y[1] is str 'b', which is no number"),
        ([1.0, None], "y[1] is None, which is no number"),
        ([[1.0], [1.0, 2.0]], "y[1] is of 2, and y[0] of 1"),
    ):
        for call in (lambda: fit(MLP(1, [1]), [0.0, 1.0], y, epochs=1), lambda: evaluate(MLP(1, [1]), [0.0, 1.0], y)):
            with pytest.raises((TypeError, ValueError)) as caught:
                call()
            assert caught.value.__notes__ == [where]
    with pytest.raises(ValueError, match=r"a probability for each of 2 classes, which add up to 1; this is \[1, 1\]"):
        fit(MLP(1, [2]), [0.0, 1.0], [[0, 1], [1, 1]], loss="softmax_cross_entropy", epochs=1)
    for dates in (np.array(["2020-01-01"], dtype="datetime64[ns]"), [np.datetime64("2020-01-01", "ns")]):
        with pytest.raises(TypeError, match=r"it holds datetime64\[ns\], not numbers"):
            fit(MLP(1, [1]), dates, [1.0], epochs=1)


def test_a_model_that_takes_words_of_any_length_is_trained_on_them() -> None:
    w = Value(0.0)
    optimizer = optim.SGD([w], lr=0.1)
    for X in (["a", "abc", "ab"], [[1], [1, 2, 3], [1, 2]]):
        w.data = 0.0
        fit(lambda word: w * len(word), X, [2.0, 6.0, 4.0], optimizer=optimizer, epochs=100, compiled=False)
        assert w.data == pytest.approx(2.0)


@pytest.mark.parametrize("example", [None, {0: 1.0, 1: 2.0}, {1.0, 2.0}, "ab", iter([1.0, 2.0]), object()])
def test_a_model_refuses_an_example_that_has_no_order(example) -> None:  # type: ignore[no-untyped-def]
    model = MLP(2, [1])
    for part in (model, model.layers[0], model.layers[0].neurons[0]):
        with pytest.raises(TypeError, match=r"^x is a list or an array, not (None|\w+ .*): write "):
            part(example)
    if isinstance(example, dict | set):
        with pytest.raises(TypeError, match=r"^X\[1\] is a list or an array, not (dict|set)"):
            fit(model, [[1.0, 2.0], example], [1.0, 2.0], epochs=1)


# Plots.


def test_plots_of_training_are_figures() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn import plot

    X, y = datasets.blobs(30, seed=1)
    model = MLP(2, [4, 3], rng=random.Random(0))
    history = fit(model, X, y, loss="softmax_cross_entropy", epochs=5)
    (axes,) = plot.decision_boundary(model, X, y, points=8).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0", "1", "2"]
    figure = history.plot()
    assert [list(axes.lines[0].get_ydata()) for axes in figure.axes] == [history.losses, history.accuracies]
    assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook shows
    assert len(plot.curves({"one": history, "two": history}).axes[0].lines) == 2
    targets = [float(x[0]) for x in X]
    (axes,) = fit(MLP(2, [1]), X, targets, epochs=2).plot().axes
    assert axes.get_ylabel() == "loss"
    path = [(1.0, 1.0), (0.5, 0.2), (0.1, 0.0)]
    (axes,) = plot.descent(lambda a, b: a * a + 3 * b * b, {"SGD": path}, (-1.5, 1.5), (-1.5, 1.5), points=8).axes
    assert list(axes.lines[-1].get_xdata()) == [1.0, 0.5, 0.1]


def test_the_border_of_one_output_lies_where_it_crosses_the_threshold() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn import plot

    X, y = [[-1.0, 0.0], [1.0, 0.0]], [0, 1]
    for output, threshold in (("linear", 0.0), ("sigmoid", 0.5)):
        model = MLP(2, [1], init=[[[4.0, 0.0]]], output=output)
        (axes,) = plot.decision_boundary(model, X, y, points=5, threshold=threshold).axes
        regions = axes.collections[0]
        border = regions.get_paths()[0].get_extents()
        assert border.x0 == pytest.approx(-1.3)
        assert border.x1 == pytest.approx(0.0)
        colours = [tuple(round(part, 3) for part in c.get_facecolor()[0][:3]) for c in axes.collections[1:]]
        assert colours == [tuple(round(part, 3) for part in c[:3]) for c in regions.get_facecolor()]


def drawn(model, X, y, **options):  # type: ignore[no-untyped-def]
    """The one field of a picture of what a model says."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn import plot

    return plot.decision_boundary(model, X, y, **options).axes[0]


def region_colours(axes) -> list[str]:  # type: ignore[no-untyped-def]
    from matplotlib.colors import to_hex
    from matplotlib.contour import ContourSet

    return [to_hex(face) for part in axes.collections if isinstance(part, ContourSet) for face in part.get_facecolor()]


def test_no_stripe_of_class_1_lies_between_classes_0_and_2() -> None:
    X, y = [[-1.0, 0.0], [1.0, 0.0], [0.0, 5.0]], [0, 2, 1]
    axes = drawn(lambda x: [-x[0], -10.0, x[0]], X, y, points=10)
    assert region_colours(axes) == ["#a86400", "#3a7a1e"]
    left, right = (part.get_paths()[0].get_extents() for part in axes.collections[:2])
    assert (left.x0, left.x1, right.x0, right.x1) == pytest.approx((-1.3, 0.0, 0.0, 1.3))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0", "1", "2"]


def test_many_classes_have_as_many_looks_and_a_legend() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from matplotlib.colors import to_hex

    from nn.plot import figures

    for count in (8, 20):
        X = [[math.cos(k), math.sin(k)] for k in range(count)]
        axes = drawn(lambda x, X=X: [a * x[0] + b * x[1] for a, b in X], X, range(count), points=40)
        scatters = [part for part in axes.collections if part.get_label() in map(str, range(count))]
        shapes = [part.get_paths()[0].vertices.tobytes() for part in scatters]
        looks = {(to_hex(part.get_facecolor()[0]), shape) for part, shape in zip(scatters, shapes, strict=True)}
        assert len(looks) == count
        assert len(axes.get_legend().get_texts()) == count
    assert len({figures.look_of(index) for index in range(64)}) == 64
    assert (
        len({figures.look_of(index)[0] for index in range(8)})
        == len({figures.look_of(index)[1] for index in range(8)})
        == 8
    )


def test_a_class_without_an_example_is_in_the_legend() -> None:
    axes = drawn(lambda x: [x[0], x[1], -x[0]], [[0.0, 1.0], [1.0, 0.0]], [1, 0], points=6)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0", "1", "2"]


def test_probabilities_fade_towards_the_border_and_are_those_of_sigmoid_and_softmax() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn.points import answers

    places = [[0.0], [math.log(3.0)], [-math.log(9.0)]]
    logit = answers(lambda x: x[0], places, [0, 1], probabilities=True)
    assert logit.shares[1] == pytest.approx([0.5, 0.75, 0.1])
    share = answers(lambda x: x[0] ** 2 / 10, places, [0, 1], 0.5, probabilities=True)
    assert share.shares[1] == pytest.approx([0.0, math.log(3.0) ** 2 / 10, math.log(9.0) ** 2 / 10])
    several = answers(lambda x: [x[0], 0.0, -1e4], places, [0, 1, 2], probabilities=True)
    assert several.shares[0] == pytest.approx([0.5, 0.75, 0.1])
    assert several.shares.sum(axis=0) == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"outputs from -2\.197 to 1\.099 are no probabilities"):
        answers(lambda x: x[0], places, [0, 1], 0.5, probabilities=True)
    (image,) = drawn(lambda x: 9 * x[0], [[-1.0, 0.0], [1.0, 0.0]], [0, 1], points=27, probabilities=True).images
    pixels = np.asarray(image.get_array())
    assert pixels[0, 13] == pytest.approx([1.0] * 3)  # on the border, white
    for column, colour in ((0, (0xA8, 0x64, 0x00)), (-1, (0x1F, 0x5F, 0xA8))):
        assert pixels[0, column] == pytest.approx([1 - 0.6 * (1 - part / 255) for part in colour], abs=1e-4)
    constant = drawn(lambda x: [0.0, 1.0], [[0.0, 0.0], [1.0, 0.0]], [0, 1], points=3, probabilities=True)
    assert float(constant.images[0].get_array().std(axis=(0, 1)).max()) == pytest.approx(0.0)


def test_a_model_of_one_input_is_drawn_as_curves() -> None:
    model = MLP(1, [1], init=[[[2.0]]], bias=[1.0])
    for X in ([[-2.0], [1.0]], [-2.0, 1.0], np.array([-2.0, 1.0])):
        axes = drawn(model, X, [0, 1], points=5)
        x, z = (np.array(data) for data in axes.lines[0].get_data())
        assert (x[0], x[-1], len(x)) == pytest.approx((-2.3, 1.3, 50))
        assert z == pytest.approx(2 * x + 1)
        assert [part.get_offsets().tolist() for part in axes.collections[-2:]] == [[[-2.0, -3.0]], [[1.0, 3.0]]]
    axes = drawn(model, [[-2.0], [1.0]], [0, 1], points=5, probabilities=True)
    assert axes.lines[0].get_ydata() == pytest.approx(1 / (1 + np.exp(-2 * x - 1)))
    assert [part.get_offsets().tolist() for part in axes.collections[-2:]] == [[[-2.0, 0.0]], [[1.0, 1.0]]]
    assert axes.get_ylabel() == "probability"
    several = drawn(lambda x: [x[0], 1 - x[0], 0.0], [[-1.0], [2.0]], [1, 0], points=5)
    assert len(several.lines) == 3
    assert several.lines[1].get_ydata() == pytest.approx(1 - np.array(several.lines[1].get_xdata()))
    with pytest.raises(ValueError, match="one or two inputs, and X has rows of 3"):
        drawn(model, [[1.0, 2.0, 3.0]], [0])
    with pytest.raises(ValueError, match="one or two inputs, and X has rows of 1, 2"):
        drawn(model, [[1.0, 2.0], [3.0]], [0, 1])


def test_a_decision_boundary_is_drawn_where_it_is_asked_for() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from matplotlib.figure import Figure

    from nn import plot

    figure = Figure()
    fields = figure.subplots(1, 2)
    found = plot.decision_boundary(MLP(2, [1]), [[0.0, 0.0], [1.0, 1.0]], [0, 1], points=4, axes=fields[1])
    assert found is figure
    assert not fields[0].has_data()
    assert fields[1].has_data()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": [0.9, 1.9, 0.0, 1.0]}, r"^y\[0\] is 0\.9, and classes are whole numbers"),
        ({"y": [0, 1, 0, 0.5]}, r"^y\[3\] is 0\.5, and classes are whole numbers"),
        ({"y": [0, 1, 0]}, "^there are 4 examples and 3 targets"),
        ({"X": [], "y": []}, "^there are 0 examples and 0 targets: as many are needed, and at least one"),
        ({"X": [*ROWS_X[:3], [math.nan, 1.0]]}, r"^X\[3\] holds nan"),
        ({"y": [0, 1, math.nan, 1]}, r"^y\[2\] holds nan"),
        ({"X": [*ROWS_X[:3], ["1", 1.0]]}, "not str '1'"),
        ({"y": ["a", "b", "a", "b"]}, "not str 'a'"),
        ({"points": 2.5}, r"^points is a whole number, 1 or more, not 2\.5"),
        ({"points": 1}, "^points is how many there are in a row, 2 or more, not 1"),
        ({"axes": 3}, "^axes is one field of a figure, as .* gives it, not 3"),
        ({"axes": np.array([1, 2])}, "^axes is one field of a figure"),
        ({"threshold": "a"}, "^threshold = 'a' should be a number"),
        ({"threshold": None}, "^threshold = None should be a number"),
        ({"probabilities": "yes"}, "^probabilities = 'yes' should be True or False"),
        ({"model": None}, "^the model is a Module or a function of an example, not None"),
        ({"model": lambda x: None}, "^the model gives None, where Values or numbers are needed"),
        ({"model": lambda x: ["a", 1.0]}, r"^the model gives \['a', 1\.0\], where Values or numbers"),
        ({"model": lambda x: math.nan}, r"^the model gives nan or inf at -0\.3, -1\.3, which cannot be drawn"),
        (
            {"model": lambda x: [0.0, math.inf if x[0] > 1 else 0.0]},
            r"^the model gives nan or inf at 1\.5, -1\.3, which",
        ),
    ],
    ids=range(20),
)
def test_what_cannot_be_drawn_is_told_before_anything_is(options, message) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn import plot

    given = {"model": MLP(2, [1], init="zeros"), "X": ROWS_X, "y": [0, 1, 0, 1], "points": 3}
    with pytest.raises((TypeError, ValueError), match=message):
        plot.decision_boundary(**(given | options))


def test_a_descent_may_have_no_path_and_its_paths_have_names() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn import plot

    figure = plot.descent(lambda a, b: a * a + b * b, {}, (0, 1), (0, 1), points=3)
    figure.savefig(io.BytesIO())
    assert figure.axes[0].get_legend() is None
    with pytest.raises(TypeError, match=r'^descent takes paths by their names: .*"SGD"'):
        plot.descent(lambda a, b: a * a + b * b, [[(1, 2)]], (0, 1), (0, 1), points=3)  # type: ignore[arg-type]


def test_the_points_of_a_plot_go_through_the_compiled_model() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    from nn.points import MOST_COMPARED, answers

    places = [[a / 10, b / 10] for a in range(-20, 20) for b in range(-20, 20)]
    net, single = MLP(2, [3, 2], activation="tanh", rng=random.Random(2)), MLP(2, [1], rng=random.Random(2))
    models = {
        "compiled": [net, single, lambda x: tuple(net(x)), lambda x: [abs(x[0]), 3.0 * x[1]]],
        "on graphs": [
            lambda x: 1.0 if x[0] > x[1] else -1.0,  # compares
            lambda x: float(net(x)[0].data > 0),  # gives numbers
            lambda x: [net(x)[0].data, x[1]],
            lambda x: np.tanh(np.array(x, dtype=float)),  # takes numbers
            lambda x: single([x[0] if getattr(x[0], "data", 1.0) == 1.0 else 2 * x[0], x[1]]),  # looks at data
            lambda x: net(x)[0] / (1 if isinstance(x[0], Value) else 2),
        ],
    }
    for how, several in models.items():
        for model in several:
            calls = []

            def counted(x, model=model, calls=calls):  # type: ignore[no-untyped-def]
                calls.append(x)
                return model(x)

            found = answers(counted, places, [0, 1]).outputs
            assert (len(calls) <= MOST_COMPARED + 2) == (how == "compiled")
            expected = [model(place) for place in places[:: len(places) // 50]]
            rows = [[number_of(z) for z in (row if hasattr(row, "__len__") else [row])] for row in expected]
            assert pytest.approx(np.array(rows, dtype=float), rel=1e-9, abs=1e-12) == found[:, :: len(places) // 50].T
    before = random.getstate()
    answers(lambda x: net(x)[0] + 0 * random.random(), places[:30], [0, 1])
    after = random.getstate()
    random.setstate(before)
    for _ in range(30):
        random.random()
    assert random.getstate() == after


def test_a_neuron_notices_whatever_its_weights_become() -> None:
    neuron = Neuron(2, activation="linear", init=[1.0, 2.0])
    x = [1.0, 10.0]
    assert neuron(x).data == 21.0
    neuron.w[0].data = 5.0
    assert neuron(x).data == 25.0
    neuron.w[0] = Value(7.0)
    assert neuron(x).data == 27.0
    neuron.w[1] = 3.0  # type: ignore[call-overload]
    assert neuron(x).data == 37.0
    neuron.w = [Value(1.0), Value(1.0)]
    y = neuron(x)
    y.backward()
    assert (y.data, [w.grad for w in neuron.w]) == (11.0, [1.0, 10.0])
    for other in (copy.deepcopy(neuron), pickle.loads(pickle.dumps(neuron))):
        other.w[0].data = 2.0
        assert (other(x).data, neuron(x).data, len(other.parameters())) == (12.0, 11.0, 3)


def test_a_neuron_does_not_keep_the_graph_of_weights_it_had() -> None:
    neuron, step = Neuron(1, activation="linear"), Value(1.0) * 2
    kept, leaves = weakref.ref(step), neuron.w
    neuron.w = [step * w for w in leaves]
    y = neuron([1.0])
    neuron.w = leaves
    del y, step
    assert kept() is None


def test_neurons_of_a_class_of_its_own_work_in_a_layer_as_before() -> None:
    class Longer(Neuron):
        __slots__ = ("extra",)

        def __call__(self, x):  # type: ignore[no-untyped-def]
            x.append(10.0)  # it gets a list
            return super().__call__(x)

    neuron = Longer(2, activation="linear", init=[1.0, 2.0])
    neuron.extra = 3
    layer = Layer(1, 1)
    layer.neurons = [neuron]
    assert layer([1.0]).data == 21.0
    assert copy.deepcopy(neuron).extra == 3
