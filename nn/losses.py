"""Losses: how far predictions are from targets, as one number or Value.

Predictions and targets are lists with one entry for each example, which is itself a list where a model has several
outputs. The half squared error is a sum, every other loss a mean over examples and outputs, as PyTorch's are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from numbers import Integral, Real
from typing import Any

from autograd import Value, dot, log, log1p, logsumexp, minimum, relu, softplus
from autograd import sum as sum_of
from nn.module import Module
from nn.rows import as_rows
from nn.settings import not_negative, plain, positive, share

__all__ = [
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "half_squared_error",
    "hinge",
    "huber",
    "l1_penalty",
    "l2_penalty",
    "largest",
    "mean_absolute_error",
    "mean_squared_error",
    "number_of",
    "softmax_cross_entropy",
]


Loss = Callable[[Sequence[Any], Sequence[Any]], Value]


def half_squared_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """½ Σⱼ Σₖ (yⱼₖ − ŷⱼₖ)² over examples j and outputs k.

    >>> half_squared_error([Value(1.0), Value(2.0)], [0.0, 0.0]).data
    2.5
    """
    return 0.5 * _total([(y - prediction) ** 2 for prediction, y in _pairs(predictions, targets)])


def mean_squared_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of (ŷ − y)² over all examples and outputs.

    >>> mean_squared_error([Value(1.0), Value(2.0)], [0.0, 0.0]).data
    2.5
    """
    squares = [(prediction - y) ** 2 for prediction, y in _pairs(predictions, targets)]
    return _mean(squares, len(squares))


def mean_absolute_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of |ŷ − y| over all examples and outputs.

    >>> mean_absolute_error([Value(1.0), Value(2.0)], [0.0, 0.0]).data
    1.5
    """
    distances = [abs(prediction - y) for prediction, y in _pairs(predictions, targets)]
    return _mean(distances, len(distances))


def huber(predictions: Sequence[Any], targets: Sequence[Any], delta: float = 1.0) -> Value:
    """The mean of ½ d² where d = |ŷ − y| is at most `delta`, and of delta · (d − ½ delta) elsewhere: Huber 1964.

    >>> huber([Value(0.5), Value(3.0)], [0.0, 0.0]).data
    1.3125
    """
    delta, terms = positive("delta", delta), []
    for prediction, y in _pairs(predictions, targets):
        distance = abs(prediction - y)
        near = minimum(distance, delta)
        terms.append(0.5 * near**2 + _times(delta, distance - near))
    return _mean(terms, len(terms))


def binary_cross_entropy(probabilities: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of −[y log p + (1 − y) log(1 − p)] over all examples and outputs; targets from 0 to 1.

    A term whose factor is zero is left out, so that p = 1 is fine where y = 1. Raises ValueError for a p outside 0 to
    1, and DomainError where a needed logarithm does not exist: `binary_cross_entropy_with_logits` cannot come to that.

    >>> round(binary_cross_entropy([Value(0.5)], [1.0]).data, 6)
    0.693147
    """
    terms = []
    pairs = [*_pairs(probabilities, targets)]
    for p, y in pairs:
        _check_label(y)
        _check_probability(p)
        try:
            terms += [_times(-y, log(p))] if y else []
            terms += [_times(y - 1, log1p(-p))] if y != 1 else []
        except ValueError as error:
            advice = f"the target {y:g} cannot have the probability {number_of(p)!r}: train on logits instead, with"
            raise type(error)(f"{error}; {advice} binary_cross_entropy_with_logits") from None
    return _mean(terms, len(pairs))


def binary_cross_entropy_with_logits(logits: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The binary cross-entropy of sigmoid(z), computed as log(1 + eᶻ) − y z: right for z of any size.

    >>> binary_cross_entropy_with_logits([Value(-1e4)], [1.0]).data
    10000.0
    """
    terms = []
    pairs = [*_pairs(logits, targets)]
    for z, y in pairs:
        known = not isinstance(y, Value)  # which stands, in a recording, for any target
        if known:
            _check_label(y)
        # softplus(-z) is softplus(z) - z without the loss of digits where z is large and y is 1
        terms += [] if known and y == 0 else [_times(y, softplus(-z))]
        terms += [] if known and y == 1 else [_times(1 - y, softplus(z))]
    return _mean(terms, len(pairs))


def hinge(scores: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of max(0, 1 − y s) for targets y of −1 and 1.

    >>> hinge([Value(0.25), Value(3.0)], [1, 1]).data
    0.375
    """
    terms = []
    for s, y in _pairs(scores, targets):
        if isinstance(y, Value):  # which stands, in a recording, for any target
            margin = 1 - y * s
        elif y in (-1, 1):
            margin = 1 - s if y == 1 else 1 + s
        else:
            raise ValueError(f"the targets of hinge are -1 and 1, not {y!r}")
        terms.append(relu(margin))
    return _mean(terms, len(terms))


def softmax_cross_entropy(
    logits: Sequence[Sequence[Any]],
    targets: Sequence[Any],
    weight: Sequence[float] | None = None,
    label_smoothing: float = 0.0,
) -> Value:
    """The mean of log Σₖ exp(zₖ) − z_c, where c is the right class, an index from 0.

    >>> softmax_cross_entropy([[Value(0.0), Value(-1e4)]], [1]).data
    10000.0

    Args:
        targets: may also be soft, with a list of probabilities qₖ for each example: −Σₖ qₖ log pₖ
        weight: a factor for each class; the mean over classes is then that of examples which count so much
        label_smoothing: the share ε of each target that is spread evenly: (1 − ε) qₖ + ε / K. Szegedy et al. 2016

    In `fit`, write `functools.partial(softmax_cross_entropy, label_smoothing=0.1)`. With `weight` an example counts by
    those beside it, so that this cannot be compiled.
    """
    logits, targets = _with_rows(logits, targets)
    smoothing = share("label_smoothing", label_smoothing)
    terms, counts = [], []
    for row, target in zip(logits, targets, strict=True):
        if not hasattr(row, "__len__"):
            raise ValueError(f"softmax_cross_entropy needs a list of logits for each example, one a class, not {row!r}")
        if _is_soft(target):
            term, counted = _soft(row, _probabilities(target, len(row)), weight, smoothing), 1.0
        else:
            c: Any = plain(target)
            if number_of(c) not in range(len(row)):
                raise ValueError(
                    f"the target of softmax_cross_entropy is a class from 0 to {len(row) - 1}, not {target!r}"
                )
            counted = 1.0 if weight is None else _chosen(_weights(weight, len(row)), c)
            above: Any = logsumexp(_above(row, c))
            term = _times((1 - smoothing) * counted, above)
            if smoothing:
                term = term + _soft(row, [smoothing / len(row)] * len(row), weight, 0.0)
        terms.append(term)
        counts.append(counted)
    if weight is None:
        return _mean(terms, len(terms))
    if not sum(map(number_of, counts)):
        raise ValueError(f"weight = {weight!r} is 0 for every class that occurs")
    return _total(terms) / sum(counts)


def _is_soft(target: Any) -> bool:
    """Whether a target is a list of probabilities, and not a class."""
    return hasattr(target, "__len__") and not isinstance(target, str) and len(target) != 1


def _soft(row: Sequence[Any], shares: Sequence[Any], weight: Sequence[float] | None, smoothing: float) -> Value:
    """−Σₖ wₖ qₖ log pₖ."""
    top, weights = logsumexp(row), _weights(weight, len(row))
    factors = [w * ((1 - smoothing) * q + smoothing / len(row)) for w, q in zip(weights, shares, strict=True)]
    found: Any = dot(factors, [top - z for z in row])
    return found  # type: ignore[no-any-return]


def _weights(weight: Sequence[float] | None, classes: int) -> list[float]:
    """A weight for each class."""
    if weight is None:
        return [1.0] * classes
    weights = as_rows("weight", weight)
    if len(weights) != classes:
        raise ValueError(f"weight is a list of {len(weights)}, and there are {classes} classes")
    return [not_negative(f"weight[{k}]", plain(w)) for k, w in enumerate(weights)]


def _probabilities(target: Any, classes: int) -> list[Any]:
    """A soft target, if it is one."""
    shares = [plain(number) for number in target]
    known = not any(isinstance(number, Value) for number in shares)  # which stands, in a recording, for any
    if len(shares) != classes or (known and (min(shares) < 0 or abs(math.fsum(shares) - 1) > 1e-6)):
        raise ValueError(
            f"a target of softmax_cross_entropy that is a list has a probability for each of {classes} classes, which "
            f"add up to 1; this is {target!r}"
        )
    return shares


def _chosen(numbers: Sequence[float], c: Any) -> Any:
    """The number of a class."""
    if isinstance(c, Value):
        return dot([1.0 - minimum(1.0, abs(c - k)) for k in range(len(numbers))], numbers)
    return numbers[int(c)]


def _above(row: Sequence[Any], c: Any) -> list[Any]:
    """zₖ − z_c for each k: they keep the digits that would be lost by subtracting z_c from a sum that it dominates."""
    if isinstance(c, Value):  # which stands, in a recording, for any class: 0 for that, and 1 for the others
        others = [minimum(1.0, abs(c - k)) for k in range(len(row))]
        right = dot([1.0 - other for other in others], row)
        return [other * (z - right) for other, z in zip(others, row, strict=True)]
    return [z - row[int(c)] if k != c else 0.0 for k, z in enumerate(row)]


def l2_penalty(model: Module, strength: float) -> Value:
    """`strength · Σ w²` over the weights of a model; biases are left out."""
    weights = model.weights()
    return _times(strength, dot(weights, weights))  # one node: there may be as many weights as other nodes


def l1_penalty(model: Module, strength: float) -> Value:
    """`strength · Σ |w|` over the weights of a model; biases are left out."""
    return _times(strength, _total([abs(w) for w in model.weights()]))


def number_of(prediction: Any) -> float:
    """A prediction, or a loss, as a float."""
    return prediction.data if isinstance(prediction, Value) else float(prediction)


def hits(right: Callable[[Any, Any], Any], predictions: Sequence[Any], targets: Sequence[Any]) -> int:
    """How many predictions are right, told by a function of each and its target."""
    answers = [*map(right, predictions, targets)]
    for answer in answers if {*map(type, answers)} != {bool} else ():
        if not isinstance(answer, Integral) and type(answer).__name__ not in ("bool", "bool_"):  # NumPy's
            raise TypeError(f"right gives {answer!r}, not True or False")
    return sum(map(bool, answers))


def largest(predictions: Sequence[Any]) -> int:
    """The index of the largest prediction: the class that several outputs name."""
    data = [number_of(prediction) for prediction in predictions]
    return data.index(max(data))


class Above:
    """Whether a prediction is above a threshold just where its target is above a half."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def __call__(self, prediction: Any, target: Any) -> bool:
        if hasattr(prediction, "__len__"):
            return all(map(self, prediction, target))
        return (number_of(prediction) > self.threshold) == (number_of(plain(target)) > 0.5)

    def count(self, outputs: Any, targets: Any) -> int:
        """How many examples are right, given arrays of the outputs and of the targets, a row for each output."""
        import numpy as np

        same = (outputs > self.threshold) == (targets > 0.5)
        return int(np.count_nonzero(same if len(same) == 1 else same.all(axis=0)))


class Largest:
    """Whether the largest of the predictions is that of the class."""

    def __call__(self, predictions: Sequence[Any], target: Any) -> bool:
        return bool(largest(predictions) == (largest(target) if _is_soft(target) else plain(target)))

    def count(self, outputs: Any, targets: Any) -> int:
        """How many examples are right, given arrays of the outputs and of the targets, a row for each output."""
        return int((outputs.argmax(axis=0) == (targets[0] if len(targets) == 1 else targets.argmax(axis=0))).sum())


# For the losses of classes, whether a prediction is right.
RIGHT: dict[Callable[..., Any], Callable[[Any, Any], bool]] = {
    binary_cross_entropy: Above(0.5),
    binary_cross_entropy_with_logits: Above(0.0),
    hinge: Above(0.0),
    softmax_cross_entropy: Largest(),
}

OF_NUMBERS: tuple[Loss, ...] = (half_squared_error, mean_squared_error, mean_absolute_error, huber)
LOSSES: dict[str, Loss] = {loss.__name__: loss for loss in (*OF_NUMBERS, *RIGHT)}


def right_of(loss: Any) -> Callable[[Any, Any], bool] | None:
    """Whether a prediction is right, for a loss of classes, also where `functools.partial` sets its options."""
    return RIGHT.get(loss.func if isinstance(loss, functools.partial) else loss)


def reduction_of(loss: Any) -> str | None:
    """How a loss puts the examples of a batch together: "mean" or "sum"; a loss of your own says it in `.reduction`."""
    known = loss
    if isinstance(loss, functools.partial) and "weight" not in loss.keywords and not loss.args:
        known = loss.func
    found = "sum" if known is half_squared_error else "mean" if known in LOSSES.values() else None
    return found or getattr(loss, "reduction", None)


def _total(terms: Sequence[Value]) -> Value:
    """The sum of the terms as one node, or the only one of them."""
    return terms[0] if len(terms) == 1 else sum_of(terms)


def _mean(terms: Sequence[Any], examples: int) -> Value:
    """The sum of the terms, divided by the number of examples if there are several."""
    total = _total(terms)
    return total if examples == 1 else total / examples


def _times(factor: Any, term: Value) -> Value:
    """The product, which takes no node where the factor is 1."""
    if isinstance(factor, Value) or factor not in (1, -1):
        return factor * term  # type: ignore[no-any-return]
    return term if factor == 1 else -term


def _check_probability(p: Any) -> None:
    number = number_of(p)
    if not 0 <= number <= 1:
        raise ValueError(
            f"binary_cross_entropy takes probabilities, from 0 to 1, not {number!r}: end the model with "
            'output="sigmoid", or train on logits, with binary_cross_entropy_with_logits'
        )


def _with_rows(predictions: Sequence[Any], targets: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """The predictions and the targets as rows, if there are as many."""
    predictions, targets = as_rows("predictions", predictions), as_rows("targets", targets)
    if len(predictions) != len(targets):
        raise ValueError(f"there are {len(predictions)} predictions, but {len(targets)} targets")
    if not len(predictions):
        raise ValueError("there is no prediction to compare with a target")
    return predictions, targets


def _check_label(y: Any) -> None:
    if not 0 <= y <= 1:
        raise ValueError(f"the targets of a binary cross-entropy lie between 0 and 1, not {y!r}")


def _pairs(predictions: Any, targets: Any) -> Iterator[tuple[Any, Any]]:
    """Each prediction with its target, whatever the depth of the lists."""
    predictions, targets = _with_rows(predictions, targets)
    for prediction, target in zip(predictions, targets, strict=True):
        if isinstance(prediction, Value) and type(target) is float:  # as most are
            yield prediction, plain(target)
            continue
        inside = [hasattr(item, "__len__") for item in (prediction, target)]
        if isinstance(prediction, str) or not (inside[0] or isinstance(prediction, Value | Real)):
            raise TypeError(f"a prediction is a Value or a list of them, not {prediction!r}")
        if all(inside):
            yield from _pairs(prediction, target)
        elif inside[0] or (inside[1] and len(target) != 1):
            raise ValueError(f"a prediction and its target have different shapes: {prediction!r} and {target!r}")
        else:
            yield prediction, plain(target)
