"""What all models share: their parameters, and the numbers in them as data.

>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(2.0, "slope"), Value(1.0, "offset")
...     def __call__(self, x):
...         return self.slope * x + self.offset
>>> line = Line()
>>> line.state_dict()
{'slope': 2.0, 'offset': 1.0}
>>> line.load_state_dict({"slope": 3.0, "offset": 0.0})
>>> line(2.0).data
6.0
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd import Value

__all__ = ["Module"]


class Module:
    """A model or a part of one: the Values, Modules and lists of them in its attributes are its parameters."""

    def _places(self) -> Iterator[tuple[str, Value]]:
        """The parameters with their places: `layers.0.neurons.2.b`."""
        for name, attribute in vars(self).items():
            yield from _found(name, attribute)

    def _distinct(self) -> dict[Value, str]:
        """The parameters with their (first) places, each once."""
        found: dict[Value, str] = {}
        for place, parameter in self._places():
            found.setdefault(parameter, place)
        return found

    def parameters(self) -> list[Value]:
        """The parameters, each once, in the order in which they were made."""
        return list(self._distinct())

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters with their names, and where one has none, its place in the model."""
        return [(parameter.name or place, parameter) for parameter, place in self._distinct().items()]

    def weights(self) -> list[Value]:
        """The parameters that are not biases: those a penalty applies to."""
        return [value for value, place in self._distinct().items() if not {"b", "bias"} & {*place.split(".")}]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def _state(self, leave_out: str = "") -> dict[str, Any]:
        """The parameters in (lists of) lists, by the keys of `state_dict`, but for one attribute."""
        state: dict[str, Any] = {}
        for name, attribute in vars(self).items():
            state |= _state_of(name, attribute) if name != leave_out else {}
        return state

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all parameters, as numbers and lists, in PyTorch's layout and naming."""
        return {key: _numbers(values) for key, values in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all parameters to numbers as `state_dict` gives them; arrays and tensors are taken too.

        Raises ValueError for other keys or shapes, TypeError for what is not a number; nothing has then changed.
        """
        here = self._state()
        if state.keys() != here.keys():
            missing, surplus = sorted(here.keys() - state.keys()), sorted(map(str, state.keys() - here.keys()))
            raise ValueError(f"the state does not fit the model: {missing} are missing, and {surplus} are too many")
        changes = [change for key, values in here.items() for change in _changes(key, values, state[key])]
        for parameter, data in changes:
            parameter.data = data

    def __repr__(self) -> str:
        return f"{type(self).__name__}, {len(self.parameters()):,} parameters"


def _found(place: str, attribute: object) -> Iterator[tuple[str, Value]]:
    if isinstance(attribute, Value):
        yield place, attribute
    elif isinstance(attribute, Module):
        for inner, parameter in attribute._places():
            yield f"{place}.{inner}", parameter
    elif isinstance(attribute, list | tuple):
        for index, item in enumerate(attribute):
            yield from _found(f"{place}.{index}", item)


def _state_of(key: str, attribute: object) -> dict[str, Any]:
    if isinstance(attribute, Value):
        return {key: attribute}
    if isinstance(attribute, Module):
        return {f"{key}.{inner}": values for inner, values in attribute._state().items()}
    if isinstance(attribute, list | tuple):
        if attribute and all(isinstance(item, Value) for item in attribute):
            return {key: list(attribute)}
        return {k: v for index, item in enumerate(attribute) for k, v in _state_of(f"{key}.{index}", item).items()}
    return {}


def _numbers(values: Any) -> Any:
    return [_numbers(item) for item in values] if isinstance(values, list) else values.data


def _changes(key: str, values: Any, given: Any) -> list[tuple[Value, float]]:
    """The parameters and their new numbers, if the shape is the same."""
    given = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(values, list):
        if isinstance(given, list | tuple):
            raise ValueError(f"{key}: a number is needed, not a list of {len(given)}")
        return [(values, Value(given).data)]
    if not isinstance(given, list | tuple) or len(given) != len(values):
        found = f"a list of {len(given)}" if isinstance(given, list | tuple) else repr(given)
        raise ValueError(f"{key}: a list of {len(values)} is needed, not {found}")
    pairs = zip(values, given, strict=True)
    return [change for index, pair in enumerate(pairs) for change in _changes(f"{key}[{index}]", *pair)]
