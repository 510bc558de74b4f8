"""What `fit` says where nothing can learn: the layers that no derivative has reached in a whole epoch, and why."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from autograd import Value, relu
from nn.choices import step
from nn.layers import Layer, Neuron
from nn.module import Module, numbered_parts

STEPS = "the activation of {} is a step, which has the derivative 0 wherever it has one: train with sigmoid or tanh"
ZEROS = "the weights of {} are all 0, and nothing comes back through them: begin with init='xavier'"
RELUS = (
    "the activation of {} is relu, which has the derivative 0 where z is below 0, as it may be for every example: "
    "begin with init='he' and small biases, or take smaller steps"
)
OTHERS = (
    "a step has the derivative 0 wherever it has one, a relu where it is off, and nothing comes back through weights "
    "of 0; or this is a minimum: look at the activations and the first weights"
)


def say_what_is_still(graph: Any, steps: Any, before: Sequence[float], loss: float) -> None:
    """Say after an epoch that its loss does not depend on a layer, or on anything, given the numbers before it.

    Only a parameter counts that the optimiser holds and has not moved, and whose last derivative is 0: where weights
    decay, nothing is said.
    """
    held = graph.optimizer.parameters
    still = [p for p, old, new in zip(held, before, steps.reached(held), strict=True) if old == new]
    if not still or loss == 0 or not any(group["lr"] for group in graph.optimizer.param_groups):
        return
    steps.write_back()
    flat = {parameter for parameter in still if parameter.grad == 0}
    parts = [*numbered_parts(graph.model, set())] if isinstance(graph.model, Module) else []
    layers = [part for part in parts if isinstance(part, Layer)]
    numbers = dict(zip(held, before, strict=True))
    if len(flat) == len(held):
        where, why = "all parameters", _why(parts[-1:], numbers)
    else:
        trained = [{*_parameters(layer)}.intersection(held) for layer in layers]
        without = [index for index, own in enumerate(trained) if own and flat.issuperset(own)]
        if not without:
            return
        where, why = f"all parameters of {_names(layers, without)}", _why(layers[without[-1] :], numbers)
    if why:
        said = (
            f"fit: in the first epoch the loss had the derivative 0 with respect to {where}, which did not move: {why}"
        )
        print(said, file=sys.stderr)


def _neurons(part: Any) -> list[Neuron]:
    return part.neurons if isinstance(part, Layer) else [part]


def _parameters(layer: Layer) -> list[Value]:
    return [parameter for neuron in layer.neurons for parameter in (*neuron.w, neuron.b)]


def _names(layers: Sequence[Layer], chosen: Sequence[int]) -> str:
    *others, last = [str(layers[index].number) for index in chosen]
    return f"layers {', '.join(others)} and {last}" if others else f"layer {last}"


def _why(parts: Sequence[Any], before: dict[Value, float]) -> str | None:
    """What keeps a derivative from the first of these parts; None where it has got out of the way since."""
    called = [f"{part.kind} {part.number}" if part.number else f"the {part.kind}" for part in parts]
    for name, part in zip(called, parts, strict=True):
        if any(neuron._function is step for neuron in _neurons(part)):
            return STEPS.format(name)
    for name, part in zip(called[1:], parts[1:], strict=True):
        weights = [w for neuron in _neurons(part) for w in neuron.w]
        if not any(before.get(w, w.data) for w in weights):
            return None if any(w.data for w in weights) else ZEROS.format(name)
    for name, part in zip(called, parts, strict=True):
        if all(neuron._function is relu for neuron in _neurons(part)):
            return RELUS.format(name)
    return OTHERS
