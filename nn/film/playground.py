"""A page to train a model in, without having trained it before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import Page, Value
from nn.film.film import Film
from nn.film.page import names_in
from nn.losses import Loss, right_of
from nn.module import Module
from nn.optim import Optimizer
from nn.plot.network import input_names, layers_of
from nn.rows import examples
from nn.settings import whole_number
from nn.training.given import check_functions, loss_function, optimizer_of


def playground(
    model: Module,
    X: Sequence[Any],  # noqa: N803
    y: Sequence[Any],
    *,
    loss: str | Loss = "mean_squared_error",
    optimizer: Optimizer | None = None,
    batch_size: int | None = None,
    penalty: Callable[[Module], Value] | None = None,
    names: Sequence[str] | None = None,
) -> Page:
    """A page in which an `MLP`, a `Layer` or a `Neuron` trains in the browser, by the same program as in `fit`.

    Model and data are not changed. The options are those of `fit`, with which the page begins; `names` are those of the
    inputs.

    >>> from nn import MLP, datasets
    >>> playground(MLP(2, [4, 1]), *datasets.xor(), loss="binary_cross_entropy_with_logits")
    <Page A network of 2-4-1 learns: .save('page.html') writes a file>

    Raises TypeError for a model without a picture, ValueError where its loss cannot be a program.
    """
    function = loss_function(loss)
    optimizer = optimizer_of(model, optimizer)
    check_functions(penalty=penalty)
    layers = layers_of(model)
    X_rows, y_rows = examples(X, y)  # noqa: N806
    named = names_in(X) if names is None else input_names(layers[0].inputs, names)
    size = None if batch_size is None else whole_number("batch_size", batch_size)
    given = {"loss": function, "optimizer": optimizer, "penalty": penalty, "right": right_of(function)}
    return Film(model, X_rows, y_rows, named, batch_size=size, **given).page
