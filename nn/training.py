"""Training: `fit` changes a model's parameters until its predictions are near the targets; `evaluate` tells how near.

Gradient descent takes the whole data set for each update (`batch_size=None`), stochastic gradient descent one example
(`batch_size=1`), and mini-batches lie between.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd import Value
from nn.fast import CompiledSteps, chosen
from nn.losses import LOSSES, RIGHT, Loss, number_of
from nn.module import Module
from nn.optim import SGD, Optimizer
from nn.rows import as_rows, check_finite
from nn.settings import whole_number


class Epoch(NamedTuple):
    """A row of the history: the mean loss of an epoch's updates, and the share of examples predicted right."""

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
        total = self.loss(predictions, targets)
        if self.penalty is not None:
            total = total + self.penalty(self.model)
        return total, 0 if self.right is None else sum(map(self.right, predictions, targets))

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
    """Train a model on examples X with targets y, and return a row for every epoch.

    loss         a name from `nn.losses`, or a function of the predictions and the targets of a batch
    optimizer    from `nn.optim`; by default SGD with lr = 0.1
    batch_size   examples for each update, in an order shuffled by `seed`; None takes all of them
    penalty      a function of the model added to each loss, such as `lambda model: l2_penalty(model, 1e-4)`
    right        tells from a prediction and its target whether it is right; losses of `nn.losses` for classes know
    on_epoch     is called with each row; where it returns True, training ends
    progress     one updating line in a terminal and in notebooks; nothing in a pipe
    compiled     True compiles the loss of one example, for models that compute the same for all examples and each time.
                 "auto" does if it saves time, and model and loss are those of `nn` (by LLVM, extra `jit`). What changes
                 is noticed after `on_epoch`, and with "auto" after each epoch in the penalty

    Ctrl-C ends the training early: the rows so far are returned, the model keeps the numbers of the last whole update.
    Raises DivergenceError where the loss is no longer finite, ValueError where compiled=True is not possible.
    """
    given = X, y
    function, X, y = _checked(loss, *given)  # noqa: N806
    epochs = whole_number("epochs", epochs)
    size = whole_number("batch_size", len(X) if batch_size is None else batch_size)
    optimizer = SGD(model.parameters(), lr=0.1) if optimizer is None else optimizer
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"the optimizer is made from parameters, optim.Adam(model.parameters()); this is {optimizer!r}")
    graph = steps = _GraphSteps(model, X, y, function, optimizer, penalty, right or RIGHT.get(function))
    watched = on_epoch is not None or (penalty is not None and compiled == "auto")
    history, line, rng = History(), _Line(progress, epochs), random.Random(seed)
    try:
        steps = chosen(compiled, graph, epochs, math.ceil(len(X) / size), watched)
        history.compiled = isinstance(steps, CompiledSteps)
        for index in range(1, epochs + 1):
            history.append(_epoch(index, steps, size, rng, graph))
            line.show(history[-1])
            if on_epoch is not None:
                steps.write_back()
                if on_epoch(history[-1]):
                    break
            if watched and index < epochs:
                _, X, y = _checked(function, *given)  # noqa: N806
                graph = graph._replace(X=X, y=y)
                steps = steps.refreshed(graph)
    except KeyboardInterrupt:
        line.end(f"stopped by Ctrl-C; epochs in the history: {len(history)}")
    else:
        line.end()
    finally:
        steps.write_back()
    return history


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
    function, X, y = _checked(loss, X, y)  # noqa: N806
    right = right or RIGHT.get(function)
    predictions = [model(x) for x in X]
    loss_there = number_of(function(predictions, y))
    return Score(loss_there, None if right is None else sum(map(right, predictions, y)) / len(y))


def _checked(loss: str | Loss, X: Any, y: Any) -> tuple[Loss, Sequence[Any], Sequence[Any]]:  # noqa: N803
    """The loss as a function, and the data as rows, if they are what they should be."""
    function = LOSSES.get(loss) if isinstance(loss, str) else loss
    if not callable(function):
        raise ValueError(f"loss {loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function")
    found = as_rows("X", X), as_rows("y", y)
    if len(found[0]) != len(found[1]) or not len(found[0]):
        raise ValueError(
            f"there are {len(found[0])} examples and {len(found[1])} targets: as many are needed, and at least one"
        )
    check_finite("X", found[0])
    check_finite("y", found[1])
    return function, *found


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


class _Line:
    """The line of progress, where somebody looks: in a terminal or in a notebook, at most ten times a second."""

    def __init__(self, wanted: bool, epochs: int) -> None:
        self.epochs = epochs
        self.text = ""
        self.next_time = 0.0
        self.write: Callable[[str], object] | None = None
        ipython = sys.modules.get("IPython")
        self.in_notebook = ipython is not None and hasattr(ipython.get_ipython(), "kernel")
        if wanted and self.in_notebook:
            from IPython.display import DisplayHandle

            handle = DisplayHandle()
            handle.display({"text/plain": "epoch 0"}, raw=True)
            self.write = lambda text: handle.update({"text/plain": text}, raw=True)
        elif wanted and sys.stderr is not None and sys.stderr.isatty():
            self.write = lambda text: print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)

    def show(self, epoch: Epoch) -> None:
        accuracy = "" if epoch.accuracy is None else f"  accuracy {epoch.accuracy:.1%}"
        self.text = f"epoch {epoch.number}/{self.epochs}  loss {epoch.loss:.6g}{accuracy}"
        if self.write and time.monotonic() >= self.next_time:
            self.write(self.text)
            self.next_time = time.monotonic() + 0.1

    def end(self, note: str = "") -> None:
        if self.write:
            self.write(self.text)
            if not self.in_notebook:
                print(file=sys.stderr)
        if note:
            print(note, file=sys.stderr)
