"""Neurons, layers and multi-layer perceptrons, in the notation of the blackboard.

A neuron computes z = Σ wⱼ xⱼ + b and a = g(z). In layer l, `w[l][i,j]` is the weight to neuron i from neuron j of the
layer before, `b[l][i]` the bias of neuron i, `z[l][i]` its weighted sum and `a[l][i]` its activation; where g(z) is z,
there is no other node, and it is called `z[l][i]`.

>>> import random
>>> model = MLP(2, [3, 1], rng=random.Random(0))
>>> model
MLP, 13 parameters
  layer 1: 2 → 3, relu
  layer 2: 3 → 1, linear
>>> y = model([0.5, -1.0])
>>> y.backward()
>>> y.name, y.operands[0].name, y.operands[3].name, y.operands[3].operands[0].name
('z[2][1]', 'w[2][1,1]', 'a[1][1]', 'z[1][1]')

With the default options and the same `random.seed`, the numbers are those of micrograd.
"""

from __future__ import annotations

import itertools
import operator
import os
import random
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, Self

from autograd import Value, Vector, dot, legible
from nn import saving
from nn.choices import ACTIVATIONS, INITS, KNOWN, Activation, Init, activation_name, as_many, chosen, for_each
from nn.module import Module, Numbered, state_of
from nn.rows import entries
from nn.settings import flag, whole_number

Input = Value | float


_BY_NAME = ", and activation='tanh' is an activation"


def _number(name: str, number: int | None) -> int | None:
    """The number of a part, if it was given one."""
    return None if number is None else whole_number(name, number)


class _Part(str):
    """The name of a part of a model, which no other part shares: of two layers called the same, each has its own."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other if isinstance(other, _Part) else str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def _symbols(layer: int | None, index: int | None, inputs: int) -> list[str]:
    """The names of a neuron's weights, its bias, its weighted sum and its activation.

    >>> _symbols(2, 1, 1), _symbols(None, 3, 1), _symbols(None, None, 2)
    (['w[2][1,1]', 'b[2][1]', 'z[2][1]', 'a[2][1]'], ['w3_1', 'b3', 'z3', 'a3'], ['w1', 'w2', 'b', 'z', 'a'])
    """
    if layer is not None:
        weight, other = f"w[{layer}][{index},{{}}]", f"{{}}[{layer}][{index}]"
    else:
        weight, other = ("w{}", "{}") if index is None else (f"w{index}_{{}}", f"{{}}{index}")
    return [weight.format(j) for j in range(1, inputs + 1)] + [other.format(letter) for letter in "bza"]


class Neuron(Numbered):
    """A neuron of `inputs` weights `w` and a bias `b`, which turns a list of as many numbers or Values into a Value.

    Args:
        activation: relu, leaky_relu, elu, selu, gelu, gelu_tanh, silu, mish, sigmoid, log_sigmoid, tanh, softsign,
            softplus, linear, step, or any function of a Value; `nonlin=False` is linear
        init: uniform (in -1 to 1), xavier, he, lecun, zeros, a function of (inputs, outputs, rng), or the weights
        bias: the bias to begin with
        index: its number in layer `layer`, or by itself; it is part of the names

    >>> Neuron(2, activation="linear", init=[1.0, -2.0], bias=0.5)([3.0, 1.0]).data
    1.5
    """

    kind = "neuron"
    _shared: Vector = Vector([])  # the weights, for all examples

    def __init__(
        self,
        inputs: int,
        nonlin: bool = True,
        *,
        activation: Activation = "relu",
        init: Init = "uniform",
        bias: float = 0.0,
        rng: random.Random | None = None,
        outputs: int = 1,
        layer: int | None = None,
        index: int | None = None,
    ) -> None:
        inputs, outputs = whole_number("inputs", inputs), whole_number("outputs", outputs)
        layer, index = _number("layer", layer), _number("index", index)
        if not isinstance(rng, random.Random | None):
            raise TypeError(f"rng is a random.Random, as in rng=random.Random(42), not {rng!r}")
        self.activation: Activation = activation if flag("nonlin", nonlin, _BY_NAME) else "linear"
        self._function = chosen("activation", self.activation, ACTIVATIONS)
        if isinstance(init, str) or callable(init):
            weight = chosen("init", init, INITS)
            data = [weight(inputs, outputs, rng or random) for _ in range(inputs)]
        else:
            data = as_many("init", init, inputs, f"a neuron of {inputs} inputs")
        self.w = [Value(number) for number in data]
        self.b = Value(bias)
        self.has_own_number = layer is not None or index is not None
        self.layer, self.number = layer, index
        self._place(layer, index or (1 if layer else None), f"layer {layer}" if layer else "")

    def __call__(self, x: Sequence[Input]) -> Value:
        """The activation g(Σ wⱼ xⱼ + b)."""
        z: Value = dot(self._weights(), x if type(x) in (Vector, list) else entries("x", x), self.b)
        z._name = self._z  # in the slot itself: there are more neurons to name than calls of `named` are worth
        a: Value = self._function(z)
        if self._function not in KNOWN:  # it may name its result, or give what stands elsewhere, too
            if not isinstance(a, Value):
                name = activation_name(self.activation)
                raise TypeError(f"the activation {name} gives {a!r}, not a Value: compute with z, not with z.data")
            if a.op is None or a.part:
                return a
        a._part = self.part
        if a is not z and (self._function in KNOWN or a.name is None):
            a._name = self._a
        return a

    def _weights(self) -> Vector:
        """The weights in a vector, the same for all examples as long as nobody puts another Value in its place."""
        shared = self._shared
        if len(shared) != len(self.w) or not all(map(operator.is_, shared, self.w)):
            shared = Vector(self.w)
            if all(isinstance(w, Value) and w.op is None for w in shared):  # the graph of others is not kept
                self._shared = shared
        return shared

    def renumber(self, number: int) -> None:
        """Be one of several neurons, that of this number."""
        self._place(None, number)

    def _place(self, layer: int | None, index: int | None, whole: str = "") -> None:
        """Name the neuron after its place, and so its nodes, and those parameters that nobody else has named."""
        self.part = (whole, f"neuron {index}") if whole else (_Part(f"neuron {index or 1}"),)
        before = _symbols(self.layer, self.number, len(self.w))
        self.layer, self.number = layer, index
        *names, self._z, self._a = _symbols(layer, index, len(self.w))
        for parameter, old, name in zip([*self.w, self.b], before, names, strict=False):
            parameter.part = self.part
            if parameter.name in (None, old):
                parameter.named(name)

    def __repr__(self) -> str:
        return legible(f"Neuron, {len(self.w)} → 1, {activation_name(self.activation)}")


class Layer(Numbered):
    """`outputs` neurons that read the same inputs: a list of Values, or a single Value where there is one neuron.

    The options are those of a Neuron, where `init` and `bias` may also be a list with an entry for each neuron. Its
    number stands in the names; without one it is 1, or what the model makes it of which the layer becomes a part. With
    `shared_bias=True` its neurons hold one bias, `b[l]`: whichever of them learns moves it for all.

    >>> layer = Layer(2, 2, activation="linear", init=[[1.0, 0.0], [0.0, 2.0]], bias=[0.0, 1.0])
    >>> [a.data for a in layer([3.0, 4.0])]
    [3.0, 9.0]
    >>> [b.name for b in Layer(2, 3, shared_bias=True).parameters() if "b" in b.name]
    ['b[1]']
    """

    kind = "layer"
    shared_bias = False

    def __init__(
        self,
        inputs: int,
        outputs: int,
        nonlin: bool = True,
        *,
        activation: Activation = "relu",
        init: Init = "uniform",
        bias: float | Sequence[float] = 0.0,
        shared_bias: bool = False,
        rng: random.Random | None = None,
        number: int | None = None,
    ) -> None:
        outputs = whole_number("outputs", outputs)
        whom = f"a layer of {outputs} neurons"
        inits, biases = for_each("init", init, outputs, whom), for_each("bias", bias, outputs, whom)
        if flag("shared_bias", shared_bias) and hasattr(bias, "__len__"):
            raise ValueError(f"bias is one number where it is shared by the neurons of a layer, not {bias!r}")
        self.inputs = inputs
        self.has_own_number = number is not None
        options: dict[str, Any] = {"activation": activation, "rng": rng, "outputs": outputs}
        self.neurons = [
            Neuron(inputs, nonlin, init=row, bias=b, index=index, **options)
            for index, (row, b) in enumerate(zip(inits, biases, strict=True), 1)
        ]
        if shared_bias:
            self.shared_bias, shared = True, Value(bias)  # type: ignore[arg-type]
            for neuron in self.neurons:
                neuron.b = shared
        self.renumber(_number("number", number) or 1)
        self.activation = self.neurons[0].activation

    def __call__(self, x: Sequence[Input] | Input) -> Any:
        """The activations of the neurons, a list; of a single neuron, the Value."""
        values: Any = x if type(x) is list else entries("x", x)
        if len(values) != self.inputs:
            raise ValueError(f"layer {self.number} takes {self.inputs} inputs, not {len(values)}")
        shared = Vector(values)
        outputs = [neuron(shared if type(neuron) is Neuron else values) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def renumber(self, number: int) -> None:
        """Be the layer of this number."""
        before, self.number = self.number, number
        part, bias = _Part(f"layer {number}"), self.neurons[0].b
        if self.shared_bias and bias.name in (None, f"b[{before}]"):  # a neuron would name it as its own
            bias.named(f"b[{number}]")
        for index, neuron in enumerate(self.neurons, 1):
            neuron._place(number, index, part)
        if self.shared_bias:
            bias.part = (part,)

    def _state(self) -> dict[str, Any]:
        biases = [neuron.b for neuron in self.neurons]
        return {"weight": [neuron.w for neuron in self.neurons], "bias": biases[0] if self.shared_bias else biases}

    def __repr__(self) -> str:
        more = ", shared bias" if self.shared_bias else ""
        what = f"{self.inputs} → {len(self.neurons)}, {activation_name(self.activation)}{more}"
        return legible(f"layer {self.number}: {what}")


class MLP(Module):
    """A multi-layer perceptron: layers of the given sizes, each reading the outputs of the one before.

    Args:
        activation: of the hidden layers, as for a Neuron; or a list with one for every layer
        output: activation of the last layer
        init: as for a Neuron; or a list with one for every layer, where a matrix gives the weights
        bias: of all neurons; or a list with one for every layer
        shared_bias: True gives each layer one bias `b[l]`, which all its neurons hold

    `MLP(2, [16, 16, 1])` returns a Value; where the last layer has several neurons, a list of Values.
    """

    def __init__(
        self,
        inputs: int,
        outputs: Sequence[int],
        *,
        activation: Activation | Sequence[Activation] = "relu",
        output: Activation = "linear",
        init: Init = "uniform",
        bias: float | Sequence[Any] = 0.0,
        shared_bias: bool = False,
        rng: random.Random | None = None,
    ) -> None:
        if isinstance(outputs, Real):
            raise TypeError(f"the second argument is the list of the layers' sizes: MLP({inputs}, [{outputs}])")
        sizes = [inputs, *outputs]
        if len(sizes) < 2:
            raise ValueError("an MLP needs at least one layer: MLP(2, [16, 16, 1])")
        count = len(sizes) - 1
        whom = f"an MLP of {count} layers"
        activations = for_each("activation", activation, count, whom)
        for choice in activations:
            chosen("activation", choice, ACTIVATIONS)
        if isinstance(activation, str) or callable(activation):
            activations[-1] = output
        inits, biases = for_each("init", init, count, whom), for_each("bias", bias, count, whom)
        parts = zip(itertools.pairwise(sizes), activations, inits, biases, strict=True)
        self.layers = [
            Layer(*size, activation=g, init=weights, bias=b, shared_bias=shared_bias, rng=rng, number=number)
            for number, (size, g, weights, b) in enumerate(parts, 1)
        ]

    def __call__(self, x: Sequence[Input] | Input) -> Any:
        """The activations of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the architecture and the weights to a file, .json or .safetensors (extra `safetensors`).

        Raises ValueError for weights that are not finite and for an activation without a name, OSError where nothing
        can be written; the old file is then as it was.
        """
        functions = dict(ACTIVATIONS)
        names = [activation_name(layer.activation) for layer in self.layers]
        neurons = [neuron for layer in self.layers for neuron in layer.neurons]
        if {*self.parameters()} != {value for neuron in neurons for value in (*neuron.w, neuron.b)}:
            raise ValueError(
                f"this {type(self).__name__} has parameters beside its neurons: keep its state_dict() instead"
            )
        sizes = [self.layers[0].inputs, *(len(layer.neurons) for layer in self.layers)]
        for inputs, layer, name in zip(sizes, self.layers, names, strict=False):
            if any(len(neuron.w) != inputs for neuron in layer.neurons):
                raise ValueError(
                    f"layer {layer.number} has {inputs} inputs, and not all its neurons have as many weights"
                )
            function = layer.neurons[0]._function
            if any(neuron._function is not function for neuron in layer.neurons):
                raise ValueError(
                    f"the neurons of layer {layer.number} have different activations: keep its state_dict()"
                )
            if not saving.is_name(name) or functions.setdefault(name, function) is not function:
                raise ValueError(
                    f"layer {layer.number} has the activation {name}, and in a file it needs a name that no other has: "
                    "define it with def, under a name of its own"
                )
        architecture: dict[str, Any] = {"inputs": sizes[0], "outputs": sizes[1:], "activation": names}
        shared = [layer.shared_bias for layer in self.layers]
        if any(shared):
            architecture["shared_bias"] = True  # a file without it is read by every version
        if len({*shared}) > 1 or len(self.parameters()) != saving.parameters_of(architecture):
            raise ValueError(
                "the neurons hold the same Value in a way that shared_bias for all layers does not say: keep the "
                "state_dict() instead"
            )
        saving.write(path, architecture, self.state_dict())

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], activations: Mapping[str, Callable[[Value], Value]] | None = None
    ) -> Self:
        """The MLP in a file that `save` has written, with bitwise the same weights.

        Args:
            activations: the functions of your own in it, by name: MLP.load("m.json", activations={"swish": swish})

        Raises ValueError for a file that is cut off, edited, too large or of another origin.
        """
        architecture, state = saving.read(path)
        if not isinstance(activations, Mapping | None):
            raise TypeError(f"activations is a dict of your functions by their names, not {activations!r}")
        known: dict[str, Activation] = {**(activations or {}), **{name: name for name in ACTIVATIONS}}
        for name in architecture["activation"]:
            if name not in known:
                raise ValueError(
                    f"{os.fsdecode(path)} has the activation {name}, which is not one of ours: "
                    f"MLP.load({os.fsdecode(path)!r}, activations={{{name!r}: your_function}})"
                )
            chosen(f"activations[{name!r}]", known[name], ACTIVATIONS)
        try:
            functions = [known[name] for name in architecture.pop("activation")]
            model = cls(
                architecture.pop("inputs"),
                architecture.pop("outputs"),
                activation=functions,
                init="zeros",
                **architecture,
            )
            model.load_state_dict(state)
        except ValueError as error:
            raise ValueError(f"{os.fsdecode(path)} cannot be loaded: {error}") from None
        except TypeError as error:
            raise TypeError(f"{error}: {cls.__name__} is not made as an MLP is; MLP.load gives the weights") from None
        return model

    def _state(self) -> dict[str, Any]:
        """PyTorch's `Sequential` of `Linear` layers counts the activations between them too."""
        state: dict[str, Any] = {}
        index = 0
        for layer in self.layers:
            state |= state_of(f"{index}", layer) | state_of(f"{index + 1}", layer.activation)
            index += 1 if layer.activation == "linear" else 2
        return state | {key: values for key, values in super()._state().items() if not key.startswith("layers.")}

    def __repr__(self) -> str:
        return "\n  ".join([f"MLP, {len(self.parameters()):,} parameters", *map(repr, self.layers)])
