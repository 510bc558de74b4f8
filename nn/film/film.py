"""What is kept of a training: how the parameters went, in at most a hundred snapshots.

>>> from nn import MLP, fit
>>> history = fit(MLP(1, [1], init="zeros"), [0.0, 1.0, 2.0], [1.0, 3.0, 5.0], epochs=250, film=True)
>>> history.film
<Film of 250 epochs, 64 snapshots: .save('film.html') writes a page>
>>> [snapshot.epoch for snapshot in history.film.snapshots][-3:]
[244, 248, 250]
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd import Page, files, legible
from nn.film.gif import gif
from nn.film.page import page_of

MOST_SNAPSHOTS = 100


class Snapshot(NamedTuple):
    """The parameters after so many epochs, in the order of `model.parameters()`, with the loss of the epoch's row.

    Before the first epoch, loss and accuracy are those that it begins with.
    """

    epoch: int
    loss: float
    accuracy: float | None
    parameters: Sequence[float]


class Film:
    """A training that can be shown: a notebook plays it, `save` writes a page that trains on, too.

    Attributes:
        model, X, y, loss, optimizer, batch_size, penalty, right: as given to `fit`
        names: of the inputs, where X is a frame with columns
        snapshots: at evenly spread epochs, the first and the last of all
    """

    def __init__(self, model: Any, X: Any, y: Any, names: Sequence[str] | None = None, **given: Any) -> None:  # noqa: N803
        self.model, self.X, self.y, self.names = model, X, y, names
        self.loss: Callable[..., Any] = given["loss"]
        self.optimizer = given["optimizer"]
        self.batch_size: int | None = given.get("batch_size")
        self.penalty = given.get("penalty")
        self.right = given.get("right")
        self.parameters: list[Any] = model.parameters()
        self.stride = 1  # every so many epochs
        self.snapshots = [Snapshot(0, float("nan"), None, array("d", [p.data for p in self.parameters]))]
        self.state: dict[str, Any] = self.optimizer.state_dict()  # after the last snapshot

    def wants(self, epoch: int) -> bool:
        """Whether the numbers after an epoch are kept."""
        return epoch % self.stride == 0

    def keep(self, row: Any, numbers: Iterable[float]) -> None:
        """Keep the numbers of the parameters after the epoch of a row."""
        if row.number == self.snapshots[-1].epoch:
            return
        self.snapshots.append(Snapshot(row.number, row.loss, row.accuracy, array("d", numbers)))
        if len(self.snapshots) == 2:
            self.snapshots[0] = self.snapshots[0]._replace(loss=row.loss, accuracy=row.accuracy)
        if len(self.snapshots) > MOST_SNAPSHOTS:
            self.stride *= 2
            last = self.snapshots[-1:]
            kept = [snapshot for snapshot in self.snapshots if snapshot.epoch % self.stride == 0]
            self.snapshots = kept + (last if kept[-1] is not last[0] else [])

    def end(self, row: Any, numbers: Iterable[float]) -> None:
        """Keep the last epoch, whichever it is, with what the model has and the optimiser goes on with.

        These may be later than the epoch: a training may be stopped within the next, or changed by `on_epoch`.
        """
        reached = array("d", numbers)
        self.keep(row, reached)
        self.snapshots[-1] = self.snapshots[-1]._replace(parameters=reached)
        self.state = self.optimizer.state_dict()

    @property
    def page(self) -> Page:
        """The film as a page. Raises ValueError where the loss of an example cannot be a program."""
        return page_of(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the film to a file: a page, .html, or for slides a picture that moves, .gif (extra `plot`).

        Raises ValueError for another ending, ImportError where what draws the picture is missing.
        """
        name = os.fsdecode(path)
        if not name.lower().endswith((".html", ".htm", ".gif")):
            raise ValueError(f"{name!r} should end in .html or .gif")
        if name.lower().endswith(".gif"):
            files.write(name, gif(self))
        else:
            self.page.save(name)

    def _repr_mimebundle_(self, **options: object) -> dict[str, str]:
        return {**self.page._repr_mimebundle_(**options), "text/plain": repr(self)}

    def _mime_(self) -> tuple[str, str]:  # marimo would show each entry of the bundle in a tab
        return "text/html", self.page._repr_mimebundle_()["text/html"]

    def __repr__(self) -> str:
        epochs, count = self.snapshots[-1].epoch, len(self.snapshots)
        return legible(f"<Film of {epochs} epochs, {count} snapshots: .save('film.html') writes a page>")
