"""The page of a training: what is in it, and its text."""

from __future__ import annotations

import base64
import itertools
from array import array
from collections.abc import Sequence
from html import escape
from typing import Any

from autograd import Page, as_image, read_beside
from nn.choices import activation_name
from nn.film.programs import Program, loss_programs, neurons_program, penalty_program
from nn.losses import Above, Largest, number_of, reduction_of
from nn.optim import SGD, Adam, AdamW, RMSprop
from nn.plot.network import Network, input_names, layers_of, legible_name
from nn.rows import entries
from nn.settings import plain

MOST_NUMBERS = 20_000  # in the examples of a page: where there are more, it has an even choice of the examples
MOST_LETTERS = 600_000  # of the snapshots: where there are more, the page has an even choice of them
MOST_NAME = 40  # letters of the name of a parameter
SCRIPTS = ("train.js", "maps.js", "details.js", "main.js")
OURS = (SGD, RMSprop, Adam, AdamW)


def names_in(X: Any) -> list[str] | None:  # noqa: N803
    """The names of the columns, if the examples are a frame that has some."""
    columns = getattr(X, "columns", None)
    return None if columns is None else [str(column) for column in columns]


def page_of(film: Any) -> Page:
    """A film as a page. Raises ValueError where the loss of an example cannot be a program."""
    layers = layers_of(film.model)
    places = {parameter: place for place, parameter in enumerate(film.parameters)}
    reduction = reduction_of(film.loss)
    if reduction not in ("mean", "sum"):
        raise ValueError(
            "how the loss puts examples together is not known: set loss.reduction = 'mean', or 'sum', if it is that"
        )
    penalty = penalty_program(film, places)
    losses, neurons = loss_programs(film, places), neurons_program(layers, places)
    picture = Network(layers, None, input_names(layers[0].inputs, film.names), True)
    sizes = "-".join(map(str, picture.sizes))
    chosen = _chosen(film.X, layers[0].inputs)
    data = {
        "sizes": picture.sizes,
        "activations": [activation_name(layer.activation) for layer in layers],
        "names": picture.names,
        "view": [round(picture.width), round(picture.height), round(picture.radius, 1)],
        "places": [[place.column, place.number, round(place.x, 1), round(place.y, 1)] for place in picture.places],
        "layers": [_layer(layer, places) for layer in layers],
        "parameters": [legible_name(parameter.name or "", MOST_NAME) for parameter in places],
        "weights": [places[weight] for weight in film.model.weights()],
        "X": [_numbers(film.X[index]) for index in chosen],
        "y": [_numbers(film.y[index]) for index in chosen],
        "examples": len(film.X),
        "loss": getattr(film.loss, "__name__", "the loss").replace("_", " "),
        "reduction": reduction,
        "right": _right(film.right),
        "batch": film.batch_size,
        "programs": [_described(program, chosen) for program in losses],
        "penalty": None if penalty is None else penalty.places,
        "neurons": neurons.places,
        "optimizer": _optimizer(film, places),
        **_snapshots(film.snapshots),
    }
    script = "".join(
        [
            f"const programs = [{', '.join(program.called for program in losses)}];\n",
            f"const penaltyProgram = {penalty.called if penalty else 'null'};\n",
            f"const neuronsProgram = {neurons.called};\n",
            *(read_beside(__file__, name) for name in SCRIPTS),
        ]
    )
    title = f"A network of {sizes} learns"
    body = read_beside(__file__, "page.html").format(
        title=escape(title), content=picture.content, width=f"{picture.width:.0f}", height=f"{picture.height:.0f}"
    )
    still = as_image(picture.svg, escape(f"{title}: the page needs scripts, which a trusted notebook runs"))
    return Page(title, body, data, script, read_beside(__file__, "look.css"), still, height=760)


def _layer(layer: Any, places: dict[Any, int]) -> dict[str, Any]:
    """Where the parameters of a layer stand among all."""
    weights = [[places[w] for w in neuron.w] for neuron in layer.neurons]
    return {"w": weights, "b": [places[neuron.b] for neuron in layer.neurons], "shared": layer.shared_bias}


def _chosen(X: Sequence[Any], inputs: int) -> list[int]:  # noqa: N803
    """The places of the examples in the page: all of them, or as many as it can hold, evenly."""
    most = max(1, MOST_NUMBERS // inputs)
    return sorted({index * len(X) // min(most, len(X)) for index in range(min(most, len(X)))})


def _numbers(example: Any) -> list[float]:
    return [number_of(plain(number)) for number in entries("an example", example)]


def _described(program: Program, chosen: Sequence[int]) -> dict[str, Any]:
    """A program of the loss, its examples by their places in the page."""
    own = None if program.examples is None else {*program.examples}
    rows = None if own is None else [row for row, index in enumerate(chosen) if index in own]
    return {"places": program.places, "rows": rows, "takesTarget": program.takes_target, "biases": program.biases}


def _right(right: Any) -> Any:
    """How the page tells whether a prediction is right: by a threshold, by the largest, or not."""
    return right.threshold if type(right) is Above else "largest" if type(right) is Largest else None


def _optimizer(film: Any, places: dict[Any, int]) -> dict[str, Any]:
    """The optimiser after the last snapshot: its kind, its settings, what it keeps of each parameter it trains."""
    group, *others = film.state["param_groups"]
    alike = not others and len({film.state["state"].get(index, {}).get("step") for index in group["params"]}) == 1
    kind = next((kind.__name__ for kind in OURS if type(film.optimizer) is kind and alike), None)
    chosen = [name for name in group if name != "params"] if kind else ["lr", "maximize"]
    settings = {name: group[name] for name in chosen}
    entries = [film.state["state"].get(index, {}) for index in group["params"]] if kind else []
    kept = {name: [entry[name] for entry in entries] for name in (entries[0] if entries else {}) if name != "step"}
    return {
        "kind": kind or "SGD",
        "name": type(film.optimizer).__name__,
        "settings": settings,
        "trained": [places[p] for p in film.optimizer.parameters if p in places],
        "steps": entries[0].get("step", 0) if entries else 0,
        "kept": kept,
    }


def _snapshots(snapshots: Sequence[Any]) -> dict[str, Any]:
    """The snapshots in few letters: the numbers in 32 bits, those of the last one whole, for training on."""
    most = max(2, int(MOST_LETTERS / (16 / 3 * max(1, len(snapshots[0].parameters)))))
    stride = -(-len(snapshots) // most)
    kept = [*snapshots[:-1:stride], snapshots[-1]] if len(snapshots) > 1 else [*snapshots]
    numbers = array("f", itertools.chain.from_iterable(snapshot.parameters for snapshot in kept[:-1]))
    return {
        "epochs": [snapshot.epoch for snapshot in kept],
        "snapshots": base64.b64encode(numbers.tobytes()).decode(),
        "last": [*kept[-1].parameters],
    }
