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

from collections.abc import Mapping
from typing import Any

from autograd import Value


class Module:
    """A model or a part of one: the Values, Modules and lists of them in its attributes are its parameters."""

    def _paths(self) -> dict[Value, str]:
        """The parameters, each once, with their (first) paths: `layers.0.neurons.2.b`."""
        found: dict[Value, str] = {}
        _find(self, "", found)
        return found

    def parameters(self) -> list[Value]:
        """The parameters, each once, in the order in which they were made."""
        return list(self._paths())

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters with their names, and where one has none, its path in the model."""
        return [(parameter.name or path, parameter) for parameter, path in self._paths().items()]

    def weights(self) -> list[Value]:
        """The parameters that are not biases: those a penalty applies to."""
        return [parameter for parameter, path in self._paths().items() if not {"b", "bias"} & {*path.split(".")}]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def _state(self) -> dict[str, Any]:
        """The parameters in (lists of) lists, by the keys of `state_dict`."""
        return {key: values for name, item in vars(self).items() for key, values in state_of(name, item).items()}

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
            found = ", and ".join(
                f"{keys} are {what}" for keys, what in ((missing, "missing"), (surplus, "too many")) if keys
            )
            raise ValueError(f"the state does not fit the model: {found}")
        changes = [change for key, values in here.items() for change in _changes(key, values, state[key])]
        for parameter, data in changes:
            parameter.data = data

    def __repr__(self) -> str:
        return f"{type(self).__name__}, {len(self.parameters()):,} parameters"


def _find(part: object, path: str, found: dict[Value, str]) -> None:
    """Find the parameters in a part of a model, with their paths."""
    if isinstance(part, Value):
        found.setdefault(part, path)
    elif isinstance(part, Module | list | tuple):
        for name, item in vars(part).items() if isinstance(part, Module) else enumerate(part):
            _find(item, f"{path}.{name}".removeprefix("."), found)


def state_of(key: str, part: object) -> dict[str, Any]:
    """The parameters in a part of a model by the keys of `state_dict`, of which a list of Values takes only one."""
    if isinstance(part, Module):
        return {f"{key}.{inner}": values for inner, values in part._state().items()}
    if isinstance(part, list | tuple):
        if part and all(isinstance(item, Value) for item in part):
            return {key: list(part)}
        return {k: v for index, item in enumerate(part) for k, v in state_of(f"{key}.{index}", item).items()}
    return {key: part} if isinstance(part, Value) else {}


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
