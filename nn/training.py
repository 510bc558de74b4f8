"""Training: `fit` changes a model's parameters until its predictions are near the targets; `evaluate` tells how near.

Gradient descent takes the whole data set for each update (`batch_size=None`), stochastic gradient descent one example
(`batch_size=1`), and mini-batches lie between.
"""

from __future__ import annotations

import math
import random
import sys
import warnings
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from autograd import Value
from nn.fast import CompiledSteps, chosen
from nn.losses import LOSSES, RIGHT, Loss, hits, number_of
from nn.module import Module
from nn.optim import SGD, Optimizer
from nn.progress import Progress
from nn.rows import examples, located
from nn.settings import check_model, whole_number


class Epoch(NamedTuple):
    """A row of the history: the mean loss of an epoch's batches, and the share of examples predicted right.

    Both are from before the updates, of which each batch is followed by one. Afterwards the model is another: to keep
    the best of them, evaluate it, where possible on examples that it is not trained on.

    >>> from nn import MLP
    >>> X, y = [0.0, 1.0, 2.0], [1.0, 3.0, 5.0]
    >>> model, kept = MLP(1, [1], init="zeros"), []
    >>> def keep(epoch):
    ...     score = evaluate(model, X, y)
    ...     if not kept or score.loss < kept[0]:
    ...         kept[:] = score.loss, model.state_dict()
    >>> swinging = SGD(model.parameters(), lr=0.1, momentum=0.9)
    >>> history = fit(model, X, y, optimizer=swinging, epochs=20, on_epoch=keep)
    >>> round(evaluate(model, X, y).loss, 2)
    0.52
    >>> model.load_state_dict(kept[1])
    >>> round(evaluate(model, X, y).loss, 2)
    0.02
    """

    number: int
    loss: float
    accuracy: float | None


class History(list[Epoch]):
    """The epochs of a training, one row each; `losses` and `accuracies` are its columns.

    `compiled` says of what `fit` returns whether it was compiled.
    """

    compiled = False

    @property
    def losses(self) -> list[float]:
        """The loss of every epoch."""
        return [epoch.loss for epoch in self]

    @property
    def accuracies(self) -> list[float | None]:
        """The accuracy of every epoch; None where targets are not classes."""
        return [epoch.accuracy for epoch in self]

    def plot(self) -> Any:
        """The loss and the accuracy as curves, in a matplotlib figure."""
        from nn.plot import curves

        return curves(self)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return History(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> History:  # type: ignore[override]
        return History([*self, *other])

    def __repr__(self) -> str:
        if not self:
            return "<History: no epoch>"
        accuracy = "" if self[-1].accuracy is None else f", accuracy {self[-1].accuracy:.1%}"
        return f"<History: {len(self)} epochs, loss {self[0].loss:.4g} to {self[-1].loss:.4g}{accuracy}>"


class Score(NamedTuple):
    """The loss of a model on a data set, and the share of examples it predicts right."""

    loss: float
    accuracy: float | None


class DivergenceError(ArithmeticError):
    """The loss is no longer a finite number."""


class _GraphSteps(NamedTuple):
    """What is trained, and how: each step on the graph of its batch."""

    model: Any
    X: Sequence[Any]
    y: Sequence[Any]
    loss: Loss
    optimizer: Optimizer
    penalty: Callable[[Module], Value] | None
    right: Callable[[Any, Any], bool] | None

    def computed(self, batch: Sequence[int]) -> tuple[Value, int]:
        """The loss of a batch, and how many of its examples are predicted right."""
        predictions = [self.model(self.X[index]) for index in batch]
        targets = [self.y[index] for index in batch]
        total = _told(self.loss(predictions, targets), Value)
        if self.penalty is not None:
            total = total + self.penalty(self.model)
        return total, 0 if self.right is None else hits(self.right, predictions, targets)

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        total, hits = self.computed(batch)
        self.optimizer.zero_grad()
        total.backward()
        self.optimizer.step()
        return total.data, hits

    def write_back(self) -> None:
        """The numbers are where they belong."""

    def refreshed(self, graph: _GraphSteps) -> _GraphSteps:
        return graph

    def reading(self, X: Any, y: Any) -> _GraphSteps:  # noqa: N803
        """The same with the data read again, as code of the user's may have changed them."""
        rows = examples(X, y)
        return self._replace(X=rows[0], y=rows[1])


def fit(
    model: Module,
    X: Sequence[Any],  # noqa: N803 - as everybody calls them
    y: Sequence[Any],
    *,
    loss: str | Loss = "mean_squared_error",
    optimizer: Optimizer | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    seed: int | None = 0,
    penalty: Callable[[Module], Value] | None = None,
    right: Callable[[Any, Any], bool] | None = None,
    on_epoch: Callable[[Epoch], object] | None = None,
    progress: bool = True,
    compiled: bool | str = "auto",
) -> History:
    """Train a model on examples X with targets y (lists, arrays, frames, by position): a row for every epoch.

    loss         a name from `nn.losses`, or a function of the predictions and the targets of a batch
    optimizer    from `nn.optim`; by default SGD with lr = 0.1
    batch_size   examples for each update, in an order shuffled by `seed`; None takes all of them
    penalty      a function of the model added to each loss, such as `lambda model: l2_penalty(model, 1e-4)`
    right        tells from a prediction and its target whether it is right; losses of `nn.losses` for classes know
    on_epoch     is called with each row; where it returns True itself, training ends
    progress     one updating line in a terminal and in notebooks; nothing in a pipe
    compiled     True compiles the loss of one example, for models that compute the same for all examples and each time.
                 "auto" does if it saves time, and model and loss are those of `nn` (best with `jit`). What changes
                 is noticed after `on_epoch`, and with "auto" after each epoch in the penalty

    Ctrl-C ends the training early: the rows so far are returned, the model keeps the numbers of the last whole update.
    Raises DivergenceError where the loss is no longer finite, ValueError where compiled=True is not possible.
    """
    function = _function(loss)
    epochs = whole_number("epochs", epochs)
    optimizer = _optimizer_of(model, optimizer)
    _check_functions(penalty=penalty, right=right, on_epoch=on_epoch)
    graph = steps = _GraphSteps(model, *examples(X, y), function, optimizer, penalty, right or RIGHT.get(function))
    size = whole_number("batch_size", len(graph.X) if batch_size is None else batch_size)
    watched = on_epoch is not None or (penalty is not None and compiled == "auto")
    history, rng = History(), random.Random(seed)
    try:
        with located(X=graph.X, y=graph.y):
            steps = chosen(compiled, graph, epochs, math.ceil(len(graph.X) / size), watched)
        history.compiled = isinstance(steps, CompiledSteps)
        with Progress(progress) as line, located(X=graph.X, y=graph.y):
            for index in range(1, epochs + 1):
                history.append(_epoch(index, steps, size, rng, graph))
                line.show(_words(history[-1], epochs))
                if on_epoch is not None:
                    steps.write_back()
                    if _is_true(on_epoch(history[-1])):
                        break
                if watched and index < epochs:
                    graph = graph.reading(X, y)
                    steps = steps.refreshed(graph)
    except KeyboardInterrupt:
        print(f"stopped by Ctrl-C; epochs in the history: {len(history)}", file=sys.stderr)
    finally:
        steps.write_back()
    return history


def _words(epoch: Epoch, epochs: int) -> str:
    accuracy = "" if epoch.accuracy is None else f"  accuracy {epoch.accuracy:.1%}"
    return f"epoch {epoch.number}/{epochs}  loss {epoch.loss:.6g}{accuracy}"


def _is_true(answer: object) -> bool:
    """Whether an answer is True itself, or NumPy's: others, such as the number that write returns, say nothing."""
    return type(answer).__name__ in ("bool", "bool_") and bool(answer)


def evaluate(
    model: Callable[[Any], Any],
    X: Sequence[Any],  # noqa: N803
    y: Sequence[Any],
    *,
    loss: str | Loss = "mean_squared_error",
    right: Callable[[Any, Any], bool] | None = None,
) -> Score:
    """The loss and the accuracy of a model on examples X with targets y, such as it was not trained on.

    >>> evaluate(lambda x: 2 * Value(x), [1.0, 2.0], [2.0, 5.0])
    Score(loss=0.5, accuracy=None)
    """
    function = _function(loss)
    X, y = examples(X, y)  # noqa: N806
    check_model(model)
    _check_functions(right=right)
    right = right or RIGHT.get(function)
    with located(X=X, y=y):
        predictions = [model(x) for x in X]
        loss_there = number_of(_told(function(predictions, y), Value | Real))
        return Score(loss_there, None if right is None else hits(right, predictions, y) / len(y))


def _told(loss: Any, kind: Any) -> Any:
    """What a loss gives, if it is of the kind."""
    if not isinstance(loss, kind):
        raise TypeError(f"the loss is {loss!r}, not a Value: it and the model compute with Values, not with their data")
    return loss


def _function(loss: str | Loss) -> Loss:
    function = LOSSES.get(loss) if isinstance(loss, str) else loss
    if not callable(function):
        raise ValueError(f"loss {loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function")
    return function


_FUNCTIONS = {
    "penalty": "such as lambda model: l2_penalty(model, 1e-4)",
    "right": "such as lambda prediction, target: abs(prediction.data - target) < 0.5",
    "on_epoch": "such as lambda epoch: print(epoch.loss)",
}


def _check_functions(**given: Any) -> None:
    for name, function in given.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name} is a function, not {function!r}: {_FUNCTIONS[name]}")


def _optimizer_of(model: Any, optimizer: Any) -> Optimizer:
    """The optimiser, if it can train the model; a warning where it trains only a part of it."""
    check_model(model)
    if optimizer is None and not hasattr(model, "parameters"):
        raise TypeError(f"the parameters of {model!r} are not known: give an optimizer, made from a list of them")
    if optimizer is None:
        return SGD(model.parameters(), lr=0.1)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"the optimizer is made from parameters, optim.Adam(model.parameters()); this is {optimizer!r}")
    named = model.named_parameters() if isinstance(model, Module) else []
    trained = {*optimizer.parameters}
    others = [name for name, parameter in named if parameter not in trained]
    make = f"optim.{type(optimizer).__name__}(model.parameters(), lr={optimizer.lr:g})"
    if others and len(others) == len(named):
        raise ValueError(f"the optimizer has none of the model's {len(named):,} parameters: make it anew, with {make}")
    if others:
        warnings.warn(
            f"the optimizer has {len(named) - len(others):,} of the model's {len(named):,} parameters, and the others, "
            f"such as {others[0]}, stay as they are: to train all, make it with {make}",
            stacklevel=3,
        )
    return optimizer


def _epoch(index: int, steps: _GraphSteps | CompiledSteps, size: int, rng: random.Random, graph: _GraphSteps) -> Epoch:
    """Go through the examples in batches, shuffled; in order where all make one batch."""
    order = list(range(len(graph.X)))
    if size < len(order):
        rng.shuffle(order)
    losses, hits = [], 0
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        try:
            loss, right = steps.step(batch)
        except OverflowError as error:
            raise DivergenceError(
                f"training diverged in epoch {index} ({error}): try a smaller learning rate than "
                f"{graph.optimizer.lr:g}, smaller initial weights, or inputs of size about 1"
            ) from error
        losses.append(loss * len(batch))
        hits += right
    return Epoch(index, sum(losses) / len(order), None if graph.right is None else hits / len(order))
