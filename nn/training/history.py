"""What a training and a test give: a history of epochs, a score, an error."""

from typing import Any, NamedTuple, SupportsIndex, overload


class Epoch(NamedTuple):
    """A row of the history: the mean loss of an epoch's batches, and the share of examples predicted right.

    Both are from before the updates, of which each batch is followed by one. Afterwards the model is another: to keep
    the best of them, evaluate it, where possible on examples that it is not trained on.

    >>> from nn import MLP, evaluate, fit, optim
    >>> X, y = [0.0, 1.0, 2.0], [1.0, 3.0, 5.0]
    >>> model, kept = MLP(1, [1], init="zeros"), []
    >>> def keep(epoch):
    ...     score = evaluate(model, X, y)
    ...     if not kept or score.loss < kept[0]:
    ...         kept[:] = score.loss, model.state_dict()
    >>> swinging = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
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

    Of what `fit` returns, `compiled` says whether it was compiled, and `film` is its film, if that was asked for.
    """

    compiled = False
    film: Any = None

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

    @overload
    def __getitem__(self, index: SupportsIndex) -> Epoch: ...
    @overload
    def __getitem__(self, index: slice) -> "History": ...
    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return History(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> "History":  # type: ignore[override]
        return History([*self, *other])

    def __repr__(self) -> str:
        if not self:
            return "<History: no epoch>"
        accuracy = "" if self[-1].accuracy is None else f", accuracy {self[-1].accuracy:.1%}"
        return f"<History: {len(self)} epochs, loss {self[0].loss:.4g} to {self[-1].loss:.4g}{accuracy}>"

    def _repr_html_(self) -> str | None:
        """A table of at most ten epochs, evenly spread from the first to the last; of none, nothing but the text."""
        if not self:
            return None
        places = range(min(len(self), 10))
        shown = [self[round(place * (len(self) - 1) / max(places[-1], 1))] for place in places]
        columns = {"epoch": [f"{epoch.number}" for epoch in shown], "loss": [f"{epoch.loss:.4g}" for epoch in shown]}
        if any(epoch.accuracy is not None for epoch in shown):
            columns["accuracy"] = ["" if epoch.accuracy is None else f"{epoch.accuracy:.1%}" for epoch in shown]
        head = "".join(f"<th>{name}</th>" for name in columns)
        rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in zip(*columns.values(), strict=True)]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Score(NamedTuple):
    """The loss of a model on a data set, and the share of examples it predicts right."""

    loss: float
    accuracy: float | None


class DivergenceError(ArithmeticError):
    """The loss is no longer a finite number."""
