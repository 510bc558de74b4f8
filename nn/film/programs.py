"""What the page of a training computes with: the loss of an example, the penalty and the neurons, as JavaScript.

The compiler writes the programs from recordings, as it does for `fit`: no derivative is stated again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd import Value, compile, record  # noqa: A004 - the graph's, not the built-in one
from autograd import sum as sum_of
from nn.layers import Layer
from nn.plot.network import layers_of
from nn.rows import as_values, by_target, distinct, located


class Program(NamedTuple):
    """A JavaScript function and what it is called with.

    text        declares it
    places      of the parameters it takes, among those of the model
    examples    whose loss it is; None for all
    takes_target   whether the targets are inputs
    biases      the places among those that it takes of the neurons' biases, layer by layer, or -1: the derivative with
                respect to each is the neuron's δ, also where the neurons share one
    """

    text: str
    places: list[int]
    examples: list[int] | None = None
    takes_target: bool = False
    biases: Sequence[Sequence[int]] = ()

    @property
    def called(self) -> str:
        """An expression that is the function."""
        name = self.text[self.text.index("function ") + 9 :].split("(", 1)[0]
        return f"(() => {{\n{self.text}\nreturn {name};\n}})()"


def loss_programs(film: Any, places: dict[Value, int]) -> list[Program]:
    """The loss of an example and its gradient: with the target as an input, or one for each of few targets.

    Raises ValueError where that cannot be.
    """
    with located(X=film.X, y=film.y):
        prediction = film.model(film.X[0])
        for target in distinct(film.y):
            film.loss([prediction], [target])  # it may refuse a target: a program would not
        try:
            return [_of_example(film, places, 0, True)]
        except Exception as error:  # whatever a loss may raise that looks at targets
            reason = error
        groups = by_target(film.y)
        if not groups:
            raise ValueError(f"the loss cannot be a program of its examples and targets: {reason}")
        return [_of_example(film, places, rows[0], False)._replace(examples=rows) for rows in groups]


def _of_example(film: Any, places: dict[Value, int], example: int, with_target: bool) -> Program:
    x, inputs = as_values("x", film.X[example])
    target, more = as_values("y", film.y[example]) if with_target else (film.y[example], [])
    outputs: list[Value] = []

    def loss(*_: Value) -> Any:
        prediction = film.model(x)
        outputs.extend(prediction if isinstance(prediction, list | tuple) else [prediction])
        return film.loss([prediction], [target])

    layers = layers_of(film.model)
    with _apart(layers) as shared:
        recording = record(loss, [*inputs, *more])
        biases = [[neuron.b for neuron in layer.neurons] for layer in layers]
    whole = places | {bias: places[one] for bias, one in shared.items()}
    return _program(recording, whole, outputs, biases)._replace(takes_target=with_target)


@contextlib.contextmanager
def _apart(layers: Sequence[Layer]) -> Iterator[dict[Value, Value]]:
    """Neurons that share a bias have one each for a while, which tells it: the derivative with respect to it is δ."""
    neurons = [neuron for layer in layers if layer.shared_bias for neuron in layer.neurons]
    shared = [neuron.b for neuron in neurons]
    try:
        for neuron, bias in zip(neurons, shared, strict=True):
            neuron.b = Value(bias.data, bias.name)
        yield {neuron.b: bias for neuron, bias in zip(neurons, shared, strict=True)}
    finally:
        for neuron, bias in zip(neurons, shared, strict=True):
            neuron.b = bias


def penalty_program(film: Any, places: dict[Value, int]) -> Program | None:
    """The penalty and its gradient, if there is one."""
    return None if film.penalty is None else _program(record(lambda: film.penalty(film.model), []), places, [])


def neurons_program(layers: Sequence[Layer], places: dict[Value, int]) -> Program:
    """What all neurons say, layer by layer."""
    inputs = [Value(0.5, f"x{number}") for number in range(1, layers[0].inputs + 1)]
    said: list[Value] = []

    def total(*values: Value) -> Any:
        row: list[Any] = [*values]
        for layer in layers:
            row = [neuron(row) for neuron in layer.neurons]
            said.extend(row)
        return sum_of(row)

    return _program(record(total, inputs), places, said, is_gradient=False)


def _program(
    recording: Any,
    places: dict[Value, int],
    also: list[Value],
    biases: Sequence[Sequence[Value]] = (),
    is_gradient: bool = True,
) -> Program:
    if recording.compared:
        value, line = recording.compared[0]
        raise ValueError(f"there is a comparison of {value.name or 'a Value'} ({line}), which no program follows")
    leaves = recording.trace.parameters
    other = next((leaf for leaf in leaves if leaf not in places), None)
    if other is not None:
        raise ValueError(f"the loss depends on {other!r}, which is no parameter of the model: write its number instead")
    compiled = compile(recording, wrt=leaves if is_gradient else [], also=also, backend="python", branches="freeze")
    taken = {leaf: index for index, leaf in enumerate(compiled.parameters)}
    found = [[taken.get(bias, -1) for bias in layer] for layer in biases]
    return Program(str.__str__(compiled.javascript), [places[leaf] for leaf in taken], biases=found)
