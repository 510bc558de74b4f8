"""Functions put together from those of the table: one number out of several, or as many out of them.

>>> from autograd.engine.value import Value
>>> x = Value(0.0, "x")
>>> p = softmax([x, 0.0])
>>> p[0].backward(); p[0].data, x.grad
(0.5, 0.25)

Each result is nodes of the table, which texts, pictures and programs show as they are. A weighted sum is `dot`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

from autograd.engine import functions

if TYPE_CHECKING:
    from autograd.engine.value import Operand, Value


@overload
def clip(a: float, low: float, high: float) -> float: ...  # type: ignore[overload-overlap]
@overload
def clip(a: Operand, low: Operand, high: Operand) -> Value: ...
def clip(a: Any, low: Any, high: Any) -> Any:
    """The number between two limits that is closest to `a`: minimum(maximum(a, low), high).

    At a limit, as at every tie, half of the derivative goes to `a` and half to the limit: so do JAX's clip and
    PyTorch's clamp between tensors (between plain numbers PyTorch 2.14 gives 0 there, earlier ones 1).

    >>> clip(7.0, 0.0, 1.0), clip(0.25, 0.0, 1.0)
    (1.0, 0.25)
    """
    return functions.minimum(functions.maximum(a, low), high)


@overload
def mean(values: Iterable[float]) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(values: Iterable[Operand]) -> Value: ...
def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean. Raises ValueError where there is nothing to take it of.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    values = [*values]
    if not values:
        raise ValueError("the mean of no numbers is not defined: give at least one")
    return functions.sum(values) / len(values)


@overload
def softmax(values: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(values: Iterable[Operand]) -> list[Value]: ...
def softmax(values: Iterable[Any]) -> list[Any]:
    """exp(z) / Σ exp(z) for each z of the values, as exp(z - logsumexp(values)), which does not overflow.

    What z is rounded by counts: for z of the size of 1000, twelve or thirteen digits are right.

    >>> [round(p, 12) for p in softmax([1000.0, 1000.0])]
    [0.5, 0.5]
    """
    return [functions.exp(z) for z in log_softmax(values)]


@overload
def log_softmax(values: Iterable[float]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(values: Iterable[Operand]) -> list[Value]: ...
def log_softmax(values: Iterable[Any]) -> list[Any]:
    """The logarithms of `softmax`: z - logsumexp(values) for each z of the values.

    >>> log_softmax([0.0, -1000.0])
    [0.0, -1000.0]
    """
    values = [*values]
    whole = functions.logsumexp(values)
    return [z - whole for z in values]
