"""Testing: how near the predictions of a model are to the targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from autograd import Value
from nn.losses import Loss, hits, number_of, right_of
from nn.rows import examples, located
from nn.settings import check_model
from nn.training.choice import score
from nn.training.given import check_functions, loss_function, told
from nn.training.graphs import GraphSteps
from nn.training.history import Score


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
    function = loss_function(loss)
    X, y = examples(X, y)  # noqa: N806
    check_model(model)
    check_functions(right=right)
    right = right or right_of(function)
    found = score(GraphSteps(model, X, y, function, None, None, right))
    if found is None:
        with located(X=X, y=y):
            predictions = [model(x) for x in X]
            loss_there = number_of(told(function(predictions, y), Value | Real))
            found = loss_there, 0 if right is None else hits(right, predictions, y)
    return Score(found[0], None if right is None else found[1] / len(y))
