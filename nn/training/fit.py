"""Training: epochs of batches, each followed by an update."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from autograd import Value
from nn.film.film import Film
from nn.film.page import names_in
from nn.losses import Loss, right_of
from nn.module import Module
from nn.optim import Optimizer
from nn.plot.network import layers_of
from nn.rows import examples, located
from nn.settings import flag, whole_number
from nn.training.choice import chosen
from nn.training.given import check_functions, loss_function, optimizer_of
from nn.training.graphs import GraphSteps
from nn.training.history import DivergenceError, Epoch, History
from nn.training.progress import Progress
from nn.training.steps import CompiledSteps
from nn.training.still import say_what_is_still


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
    film: bool = False,
) -> History:
    """Train a model on examples X with targets y (lists, arrays, frames, by position): a row for every epoch.

    Args:
        loss: a name from `nn.losses`, or a function of the predictions and the targets of a batch
        optimizer: from `nn.optim`; by default SGD with lr = 0.1
        batch_size: examples for each update, in an order shuffled by `seed`; None takes all of them
        penalty: a function of the model added to each loss, such as `lambda model: l2_penalty(model, 1e-4)`
        right: tells from a prediction and its target whether it is right; losses of `nn.losses` for classes know
        on_epoch: is called with each row; where it returns True itself, training ends
        progress: one updating line in a terminal and in notebooks; nothing in a pipe
        compiled: True compiles the loss of one example, for models that compute the same for all examples and each
            time. "auto" does if it saves time, and model and loss are those of `nn` (best with `jit`). What changes is
            noticed after `on_epoch`, and with "auto" after each epoch in the penalty
        film: True keeps up to 100 snapshots of an MLP, which `history.film` shows, saves, and trains on

    Ctrl-C ends it after a whole update, with the rows so far. Layers that no derivative reaches in epoch 1 are told
    on stderr. Raises DivergenceError where the loss is not finite, ValueError where compiled=True is not possible.
    """
    function, epochs, optimizer = loss_function(loss), whole_number("epochs", epochs), optimizer_of(model, optimizer)
    check_functions(penalty=penalty, right=right, on_epoch=on_epoch)
    graph = steps = GraphSteps(model, *examples(X, y), function, optimizer, penalty, right or right_of(function))
    size = whole_number("batch_size", len(graph.X) if batch_size is None else batch_size)
    watched = on_epoch is not None or (penalty is not None and compiled == "auto")
    history, rng = History(), random.Random(seed)
    history.film = _film(graph, X, size) if flag("film", film) else None
    try:
        with located(X=graph.X, y=graph.y):
            steps = chosen(compiled, graph, epochs, math.ceil(len(graph.X) / size), watched)
        history.compiled = isinstance(steps, CompiledSteps)
        with Progress(progress) as line, located(X=graph.X, y=graph.y):
            for index in range(1, epochs + 1):
                history.append(_epoch(index, steps, size, rng, graph))
                line.show(_words(history[-1], epochs))
                if _is_ended(history, steps, on_epoch):
                    break
                if watched and index < epochs:
                    graph = graph.reading(X, y)
                    steps = steps.refreshed(graph)
    except KeyboardInterrupt:
        print(f"stopped by Ctrl-C; epochs in the history: {len(history)}", file=sys.stderr)
    finally:
        _keep(history, steps)
    return history


def _film(graph: GraphSteps, X: Any, size: int) -> Film:  # noqa: N803
    """The film that a training begins with. Raises TypeError for a model that has no picture."""
    layers_of(graph.model)
    count = None if size == len(graph.X) else size
    given = {"loss": graph.loss, "optimizer": graph.optimizer, "penalty": graph.penalty, "right": graph.right}
    return Film(graph.model, graph.X, graph.y, names_in(X), batch_size=count, **given)


def _keep(history: History, steps: GraphSteps | CompiledSteps) -> None:
    """Give the model the numbers that were reached, and the film, if there is one, its last snapshot."""
    steps.write_back()
    if history.film is not None and history:
        history.film.end(history[-1], steps.reached(history.film.parameters))


def _is_ended(history: History, steps: GraphSteps | CompiledSteps, on_epoch: Callable[[Epoch], object] | None) -> bool:
    """Whether training ends after an epoch, which is kept in the film, where it is wanted there."""
    if history.film is not None and history.film.wants(history[-1].number):
        history.film.keep(history[-1], steps.reached(history.film.parameters))
    if on_epoch is None:
        return False
    steps.write_back()
    return _is_true(on_epoch(history[-1]))


def _words(epoch: Epoch, epochs: int) -> str:
    accuracy = "" if epoch.accuracy is None else f"  accuracy {epoch.accuracy:.1%}"
    return f"epoch {epoch.number}/{epochs}  loss {epoch.loss:.6g}{accuracy}"


def _is_true(answer: object) -> bool:
    """Whether an answer is True itself, or NumPy's: others, such as the number that write returns, say nothing."""
    return type(answer).__name__ in ("bool", "bool_") and bool(answer)


def _epoch(index: int, steps: GraphSteps | CompiledSteps, size: int, rng: random.Random, graph: GraphSteps) -> Epoch:
    """Go through the examples in batches, shuffled; in order where all make one batch."""
    order = list(range(len(graph.X)))
    if size < len(order):
        rng.shuffle(order)
    before = steps.reached(graph.optimizer.parameters) if index == 1 else ()
    losses, hits = [], 0
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        try:
            loss, right = steps.step(batch)
        except OverflowError as error:
            lr = max(group["lr"] for group in graph.optimizer.param_groups)
            raise DivergenceError(
                f"training diverged in epoch {index} ({error}): try a smaller learning rate than "
                f"{lr:g}, smaller initial weights, or inputs of size about 1"
            ) from error
        losses.append(loss * len(batch))
        hits += right
    done = Epoch(index, sum(losses) / len(order), None if graph.right is None else hits / len(order))
    if index == 1:
        say_what_is_still(graph, steps, before, done.loss)
    return done
