"""What the page of a training computes with: the loss of an example, the penalty and the neurons, as JavaScript.

The compiler writes the programs from recordings, as it does for `fit`: no derivative is stated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value, compile, record  # noqa: A004 - the graph's, not the built-in one
from autograd import sum as sum_of
from nn.layers import Layer
from nn.rows import as_values, by_target, distinct, located


class Program(NamedTuple):
    """A JavaScript function and what it is called with.

    text        declares it
    places      of the parameters it takes, among those of the model
    examples    whose loss it is; None for all
    takes_target   whether the targets are inputs
    """

    text: str
    places: list[int]
    examples: list[int] | None = None
    takes_target: bool = False

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

    return _program(record(loss, [*inputs, *more]), places, outputs)._replace(takes_target=with_target)


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


def _program(recording: Any, places: dict[Value, int], also: list[Value], is_gradient: bool = True) -> Program:
    if recording.compared:
        value, line = recording.compared[0]
        raise ValueError(f"there is a comparison of {value.name or 'a Value'} ({line}), which no program follows")
    leaves = recording.trace.parameters
    other = next((leaf for leaf in leaves if leaf not in places), None)
    if other is not None:
        raise ValueError(f"the loss depends on {other!r}, which is no parameter of the model: write its number instead")
    compiled = compile(recording, wrt=leaves if is_gradient else [], also=also, backend="python", branches="freeze")
    return Program(str.__str__(compiled.javascript), [places[leaf] for leaf in compiled.parameters])
