"""What a model says at many points: its outputs, the class that it names, the probabilities.

>>> told = answers(lambda x: 2 * x[0] - 1, [[0.0], [0.25], [1.0]], seen=[0, 1])
>>> told.outputs.tolist(), [margin.tolist() for margin in told.margins]
([[-1.0, -0.5, 1.0]], [[1.0, 0.5, -1.0], [-1.0, -0.5, 1.0]])

A model that computes the same at all points is compiled, which is many times as fast as a graph for each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from autograd import Value, compile, record, to_install  # noqa: A004 - the graph's, not the built-in one
from autograd import sum as sum_of
from nn.losses import number_of

MOST_COMPARED = 20  # points at which a compiled model is compared with the model itself


class Answers(NamedTuple):
    """What a model says at many points, in arrays with a column for each: the largest score is that of its class.

    outputs   as the model gives them; a single one stands for two classes
    shares    the probabilities of the classes, if they are asked for
    """

    classes: list[int]
    outputs: Any
    scores: Any
    shares: Any

    @property
    def margins(self) -> Any:
        """By how much the score of each class is above those of all the others."""
        import numpy as np

        rows = range(len(self.scores))
        others = (np.delete(self.scores, row, axis=0) for row in rows)
        least = self.scores.min() - 1  # of a single class
        return [self.scores[row] - other.max(axis=0, initial=least) for row, other in zip(rows, others, strict=True)]

    @property
    def curves(self) -> Any:
        """What is drawn over the line: of a single output one curve, otherwise one for each class."""
        if self.shares is None:
            return self.outputs
        return self.shares[-len(self.outputs) :]

    def heights(self, kinds: Sequence[int]) -> list[float]:
        """Where examples of these classes stand over the line: on the curve of the class; a sure answer at 0 or 1."""
        rows = [self.classes.index(kind) for kind in kinds]
        if len(self.outputs) < len(self.classes):
            return [float(row) for row in rows] if self.shares is not None else list(self.outputs[0])
        return [self.curves[row][column] for column, row in enumerate(rows)]


def answers(
    model: Callable[[Any], Any],
    places: Sequence[Sequence[float]],
    seen: list[int],
    threshold: float = 0.0,
    probabilities: bool = False,
) -> Answers:
    """What a model says at many places about the classes that were seen; a single output tells two of them apart."""
    asked = Outputs(model, places)
    return answers_of(asked(), asked.single, seen, threshold, probabilities)


def answers_of(outputs: Any, single: bool, seen: list[int], threshold: float, probabilities: bool) -> Answers:
    """What outputs say, an array with a row for each; `single` where the model gives one by itself."""
    import numpy as np

    if single:
        classes = seen if len(seen) > 1 else [0, *seen] if seen[0] > 0 else [*seen, 1]
        scores = np.stack([np.zeros(outputs.shape[1]), outputs[0] - threshold])
    else:
        classes, scores = list(range(len(outputs))), outputs
    if not {*seen} <= {*classes} or len(scores) != len(classes):
        raise ValueError(f"the model tells {len(scores)} classes apart, and y has {seen}")
    shares = None
    if probabilities and single and threshold:
        if outputs.min() < 0 or outputs.max() > 1:
            raise ValueError(f"outputs from {outputs.min():.4g} to {outputs.max():.4g} are no probabilities")
        shares = np.stack([1 - outputs[0], outputs[0]])
    elif probabilities:
        powers = np.exp(scores - scores.max(axis=0))
        shares = powers / powers.sum(axis=0)
    return Answers(classes, outputs, scores, shares)


class Outputs:
    """The outputs of a model at many places, each time with the numbers that its parameters have then.

    >>> Outputs(lambda x: [2 * x[0], 1.0], [[0.0], [0.25]])().tolist()
    [[0.0, 0.5], [1.0, 1.0]]
    """

    def __init__(self, model: Callable[[Any], Any], places: Sequence[Sequence[float]]) -> None:
        self.model, self.places = model, places
        self.first = model([*places[0]])
        self.single = not hasattr(self.first, "__len__")  # whether the model gives one output by itself
        self.program: Callable[[], Any] | None = None
        state = random.getstate()
        try:
            self.program = _compiled(model, places)
        except Exception:  # whatever a model may raise that is called with Values, or cannot be compiled
            random.setstate(state)

    def __call__(self) -> Any:
        """An array with a row for each output. Raises ValueError where an output is not finite."""
        try:
            import numpy as np
        except ImportError:
            raise ImportError(f"pictures of a model need NumPy, and matplotlib: {to_install('plot')}") from None

        if self.program is not None:
            outputs = self.program()
        else:
            first, self.first = self.first, None  # which is not computed twice
            first = self.model([*self.places[0]]) if first is None else first
            rows = [_row(first), *(_row(self.model([*place])) for place in self.places[1:])]
            outputs = np.array(rows, dtype=float).T
        finite = np.isfinite(outputs).all(axis=0)
        if not finite.all():
            where = ", ".join(f"{number:.4g}" for number in self.places[int(finite.argmin())])
            raise ValueError(f"the model gives nan or inf at {where}, which cannot be drawn")
        return outputs


def _row(outputs: Any) -> list[float]:
    """The outputs at a place, one or several, as numbers."""
    row = outputs if hasattr(outputs, "__len__") else [outputs]
    if not all(isinstance(output, Value | Real) for output in row):
        raise TypeError(f"the model gives {outputs!r}, where Values or numbers are needed")
    return [number_of(output) for output in row]


def _compiled(model: Callable[[Any], Any], places: Sequence[Sequence[float]]) -> Callable[[], Any]:
    """A function for the outputs at many places, compiled. Raises where they are not those of the model itself."""
    import numpy as np

    outputs: list[Value] = []

    def total(*inputs: Value) -> Value:
        found = model([*inputs])
        outputs.extend(found if hasattr(found, "__len__") else [found])
        return sum_of(outputs)

    state = random.getstate()
    recording = record(total, [Value(number, f"x{index}") for index, number in enumerate(places[0], 1)])
    if recording.compared or random.getstate() != state:
        raise ValueError("the model does not compute the same for all points")
    compiled = compile(recording, wrt=[], backend="numpy", also=outputs, branches="freeze")
    rows = compiled.rows(*zip(*places, strict=True))
    found = compiled.over(rows).also
    for index in random.Random(0).sample(range(len(places)), min(MOST_COMPARED, len(places))):
        if not np.allclose(found[:, index], _row(model([*places[index]])), rtol=1e-9, atol=1e-9):
            raise ValueError("the model treats numbers and Values differently")
    return lambda: compiled.over(rows).also
