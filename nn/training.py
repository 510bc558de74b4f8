"""Training: `fit` changes a model's parameters until its predictions are near the targets; `evaluate` tells how near.

Gradient descent takes the whole data set for each update (`batch_size=None`), stochastic gradient descent one example
(`batch_size=1`), and mini-batches lie between.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple

from autograd import Value
from nn.choosing import chosen
from nn.losses import LOSSES, RIGHT, Loss, number_of
from nn.module import Module
from nn.optim import SGD, Optimizer
from nn.settings import whole_number
from nn.steps import Steps

__all__ = ["DivergenceError", "Epoch", "History", "Score", "evaluate", "fit"]


class Epoch(NamedTuple):
    """A row of the history: the mean loss of an epoch's updates, and the share of examples predicted right."""

    number: int
    loss: float
    accuracy: float | None


class History(list[Epoch]):
    """The epochs of a training, one row each; `losses` and `accuracies` are its columns.

    `compiled` tells whether the training was compiled.
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

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return self._like(found) if isinstance(place, slice) else found

    def __add__(self, other: Any) -> History:  # type: ignore[override]
        return self._like([*self, *other])

    def _like(self, epochs: Any) -> History:
        history = History(epochs)
        history.compiled = self.compiled
        return history

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
    compiled     True compiles the loss of one example, with the same results; False does not; "auto" does where LLVM
                 is installed (extra `jit`), the training is long enough to gain by it, model and loss are those of
                 `nn`, and the data lists or arrays. True is for others, too, if they compute the same for each example
                 and each time. Data are read at the beginning, and again after `on_epoch`; a penalty is asked for again
                 after each epoch by "auto", and after `on_epoch`. Only the parameters of the optimizer get a grad

    Ctrl-C ends the training early: the rows so far are returned, the model keeps the numbers of the last whole update.
    Raises DivergenceError where the loss is no longer finite, ValueError where compiled=True is not possible.
    """
    function = _function(loss)
    _check_data(X, y)
    size = len(X) if batch_size is None else batch_size
    epochs, size = whole_number("epochs", epochs), whole_number("batch_size", size)
    right = right or RIGHT.get(function)
    optimizer = SGD(model.parameters(), lr=0.1) if optimizer is None else optimizer
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"the optimizer is made from parameters, optim.Adam(model.parameters()); this is {optimizer!r}")
    rng = random.Random(seed)
    history = History()
    line = _Line(progress, epochs)
    steps = Steps(model, X, y, function, optimizer, penalty, right)
    try:
        steps = chosen(compiled, epochs, steps)
        history.compiled = type(steps) is not Steps
        for number in range(1, epochs + 1):
            epoch = _epoch(number, steps, _batches(len(X), size, rng), len(X))
            history.append(epoch)
            line.show(epoch)
            if on_epoch is not None:
                steps.publish()
                if on_epoch(epoch):
                    break
            if number < epochs:
                steps = steps.renewed(everything=on_epoch is not None)
    except KeyboardInterrupt:
        line.end()
        print(f"stopped by Ctrl-C; epochs in the history: {len(history)}", file=sys.stderr)
    else:
        line.end()
    finally:
        steps.publish()
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
    function = _function(loss)
    _check_data(X, y)
    right = right or RIGHT.get(function)
    predictions = [model(x) for x in X]
    loss_there = number_of(function(predictions, y))
    return Score(loss_there, None if right is None else sum(map(right, predictions, y)) / len(y))


def _function(loss: str | Loss) -> Loss:
    function = LOSSES.get(loss) if isinstance(loss, str) else loss
    if not callable(function):
        raise ValueError(f"loss {loss!r} is not known: choose from {', '.join(LOSSES)}, or give a function")
    return function


def _check_data(X: Sequence[Any], y: Sequence[Any]) -> None:  # noqa: N803
    for name, data in (("X", X), ("y", y)):
        if not hasattr(data, "__len__"):
            raise TypeError(f"{name} is a list or an array, not {data!r}: write list(...)")
    if len(X) != len(y) or not len(X):
        raise ValueError(f"there are {len(X)} examples and {len(y)} targets: as many are needed, and at least one")
    for name, data in (("X", X), ("y", y)):
        for place, example in enumerate(data):
            for number in example if hasattr(example, "__len__") else [example]:
                if isinstance(number, Real) and not isfinite(number):
                    raise ValueError(f"{name}[{place}] holds {float(number)!r}, which no training can use")


def _batches(count: int, size: int, rng: random.Random) -> Iterator[list[int]]:
    """The numbers of the examples, shuffled and cut into batches; in order where all make one batch."""
    order = list(range(count))
    if size < count:
        rng.shuffle(order)
    return (order[start : start + size] for start in range(0, count, size))


def _epoch(number: int, steps: Steps, batches: Iterator[list[int]], count: int) -> Epoch:
    losses: list[tuple[float, int]] = []
    hits = 0
    for batch in batches:
        try:
            loss, right = steps.step(batch)
        except OverflowError as error:
            raise DivergenceError(_diverged(number, steps.optimizer, error)) from error
        losses.append((loss, len(batch)))
        hits += right
    mean = sum(loss * size for loss, size in losses) / count
    return Epoch(number, mean, None if steps.right is None else hits / count)


def _diverged(number: int, optimizer: Optimizer, error: Exception) -> str:
    return (
        f"training diverged in epoch {number} ({error}): try a smaller learning rate than {optimizer.lr:g}, "
        "smaller initial weights, or inputs of size about 1"
    )


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _Line:
    """The line of progress, where somebody looks: in a terminal or in a notebook, at most ten times a second."""

    def __init__(self, wanted: bool, epochs: int) -> None:
        self.epochs = epochs
        self.text = ""
        self.next_time = 0.0
        self.write: Callable[[str], object] | None = None
        self.in_notebook = _in_notebook()
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

    def end(self) -> None:
        if self.write:
            self.write(self.text)
            if not self.in_notebook:
                print(file=sys.stderr)
