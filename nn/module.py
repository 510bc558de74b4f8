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

import functools
import gc
import itertools
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, MappingView, Set
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from autograd import Value, Vector, legible
from nn.settings import as_state, stated


class Module:
    """A model or a part of one: the Values in its attributes are its parameters, and those of the Modules in them.

    They are looked for in lists, tuples and dicts, too, whatever the depth. A parameter that stands in something else,
    such as a set, an object of another class or the class itself, would not be trained or saved: it raises TypeError.
    Results that a model keeps are no parameters. Functions are not looked into: of `lambda z: s * z`, keep s as well.

    >>> class Curve(Module):
    ...     def __init__(self):
    ...         self.parts = {"slope": Value(2.0), "offset": Value(1.0)}
    >>> Curve().state_dict()
    {'parts.slope': 2.0, 'parts.offset': 1.0}
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, item in _shared(cls).items():
            if next(_leaves_in(item), None) is not None:
                raise TypeError(
                    f"{cls.__name__}.{name} would be one parameter for all models: set self.{name} in __init__"
                )

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """What the model computes: a model of your own defines this, or `forward`, as in PyTorch."""
        forward = getattr(self, "forward", None)
        if not callable(forward):
            raise TypeError(f"{type(self).__name__} does not say what it computes: define __call__(self, x)")
        return forward(*inputs, **options)

    def __setattr__(self, name: str, item: Any) -> None:
        """Set an attribute; layers and neurons made without a number then have the next ones in the model."""
        super().__setattr__(name, item)
        if isinstance(item, _OPEN) and next(numbered_parts(item, set()), None) is not None:
            _number_parts(self)

    def _paths(self) -> dict[Value, str]:
        """The parameters, each once, with their (first) paths: `layers.0.neurons.2.b`."""
        _number_parts(self)  # those that were put into a list or a dict since
        found: dict[Value, str] = {}
        others: list[tuple[str, Any]] = []
        _find(self, "", found, others, set())
        if len({*found.values()}) < len(found):
            path = next(path for path, count in Counter(found.values()).items() if count > 1)
            raise ValueError(f"two parameters of the model are found as {path}: give the keys of its dict other names")
        for path, part in others:
            if isinstance(part, Value) and not _rests_on(part, found):
                raise TypeError(f"{path} is computed, from no parameter of the model: keep what it is computed from")
            for value in () if isinstance(part, Value) else _leaves_in(part):
                if value not in found:
                    raise TypeError(_lost(path, part, value))
        return found

    def parameters(self) -> list[Value]:
        """The parameters, each once, in the order in which they were made.

        Raises TypeError where one would not be found, ValueError where the model contains itself.
        """
        return list(self._paths())

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters with their names, and where one has none of its own, its path in the model."""
        paths = self._paths()
        names = Counter(parameter.name for parameter in paths)
        return [(p.name if p.name and names[p.name] == 1 else path, p) for p, path in paths.items()]

    def weights(self) -> list[Value]:
        """The parameters that are not biases: those a penalty applies to."""
        return [parameter for parameter, path in self._paths().items() if not {"b", "bias"} & {*path.split(".")}]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def _state(self) -> dict[str, Any]:
        """The parameters in (lists of) lists, by the keys of `state_dict`."""
        return {key: values for name, item in _items(self) for key, values in state_of(name, item).items()}

    def _whole_state(self) -> dict[str, Any]:
        """The state, and by their paths the parameters that the state of a part leaves out."""
        paths = self._paths()
        state = self._state()
        known = {value for values in state.values() for value in _flat(values)}
        return state | {path: parameter for parameter, path in paths.items() if parameter not in known}

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all parameters, as numbers and lists, in PyTorch's layout and naming."""
        return {key: _numbers(values) for key, values in self._whole_state().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all parameters to numbers as `state_dict` gives them; arrays and tensors are taken too.

        Raises ValueError for other keys or shapes, TypeError for what is not a number; nothing has then changed.
        """
        here, state = self._whole_state(), as_state(state)
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
        return legible(f"{type(self).__name__}, {len(self.parameters()):,} parameters")


# What is looked into for parameters; what holds them in vain; what holds none.
_OPEN = Module, list, tuple, dict
_CLOSED = Set, deque, Mapping, MappingView, Iterator
_EMPTY = str, float, int, FunctionType, BuiltinFunctionType, ModuleType, type, type(None)


def _is_array(part: object) -> bool:
    return hasattr(part, "dtype") and hasattr(part, "tolist")


def _items(part: Any) -> Iterable[tuple[Any, Any]]:
    """The names or places of the things in a part of a model, and the things; not what a neuron repeats in a Vector."""
    if isinstance(part, Module):
        return [(name, item) for name, item in vars(part).items() if type(item) is not Vector]
    return part.items() if isinstance(part, dict) else enumerate(part)


def _find(part: Any, path: str, found: dict[Value, str], others: list[tuple[str, Any]], around: set[int]) -> None:
    """Find the parameters in a part of a model, with their paths, and what else might hold some."""
    if isinstance(part, Value) and part.op is None:
        found.setdefault(part, path)
    elif isinstance(part, _OPEN):
        if id(part) in around:
            raise ValueError(f"{path} is the model itself, or a part that contains it: a part stands in its whole once")
        around.add(id(part))
        before = f"{path}." if path else ""
        for name, item in _items(part):
            _find(item, f"{before}{name}", found, others, around)
        around.remove(id(part))
    elif not isinstance(part, _EMPTY):
        others.append((path, part))


def _rests_on(result: Value, parameters: Collection[Value]) -> bool:
    """Whether a result is computed from one of the parameters, as what a model keeps of a call is."""
    waiting, seen = [result], {result}
    for node in waiting:  # the list grows
        if node in parameters:
            return True
        new = [operand for operand in node.operands if isinstance(operand, Value) and operand not in seen]
        seen.update(new)
        waiting += new
    return False


def _leaves_in(part: Any) -> Iterator[Value]:
    """The Values in something that is not looked into for parameters, whatever the depth, which are not results."""
    waiting, seen = [part], set()
    for held in waiting:  # the list grows
        if isinstance(held, Value):
            yield from [held] if held.op is None else []
        elif id(held) not in seen:
            seen.add(id(held))
            if isinstance(held, type):
                waiting += _shared(held).values()
            elif _is_array(held):
                waiting += held.tolist() if held.dtype == object else []
            elif not isinstance(held, _EMPTY):
                waiting += gc.get_referents(held)  # attributes, entries, what a method is bound to, the class


def _shared(kind: type) -> dict[str, Any]:
    """What the objects of a class have in common, but for their methods."""
    every = {name: item for base in reversed(kind.__mro__) for name, item in vars(base).items()}
    return {name: item for name, item in every.items() if name[:2] != "__" and not hasattr(item, "__get__")}


def _lost(path: str, part: object, value: Value) -> str:
    kind, name = type(part).__name__, value.name or repr(value)
    if isinstance(part, MethodType | functools.partial):
        cure = "keep it in the model as well"
    else:
        container = isinstance(part, _CLOSED) or _is_array(part)
        cure = "use a list or a dict" if container else f"let {kind} inherit from nn.Module"
    return f"{path} is a {kind} with the parameter {name}, and none is looked for in it: {cure}"


class Numbered(Module):
    """A part that bears a number in the names of a model: its own, or the next one in the model it is put into."""

    kind: str
    number: int | None = None
    has_own_number = True  # until it is made

    def renumber(self, number: int) -> None:
        """Bear this number from now on."""
        raise NotImplementedError


def _number_parts(model: Module) -> None:
    """Give the layers, and the neurons, whose number is not their own and is another's, too, the next free one."""
    kinds: dict[str, list[Numbered]] = {}
    seen = {id(model)}
    for _, item in _items(model):
        for part in numbered_parts(item, seen):
            kinds.setdefault(part.kind, []).append(part)
    for parts in kinds.values():
        taken = {part.number for part in parts if part.has_own_number}
        free = (number for number in itertools.count(1) if number not in taken)
        for part in parts:
            if not part.has_own_number:
                if part.number in taken or (part.number is None and len(parts) > 1):
                    part.renumber(next(free))
                taken.add(part.number)


def numbered_parts(part: Any, seen: set[int]) -> Iterator[Numbered]:
    """The parts that bear a number, each once."""
    if isinstance(part, _OPEN) and id(part) not in seen:
        seen.add(id(part))
        if isinstance(part, Numbered):
            yield part
        else:
            for _, item in _items(part):
                yield from numbered_parts(item, seen)


def state_of(key: str, part: object) -> dict[str, Any]:
    """The parameters in a part of a model by the keys of `state_dict`, of which a list of Values takes only one."""
    if isinstance(part, Module):
        return {f"{key}.{inner}": values for inner, values in part._state().items()}
    if isinstance(part, Value):
        return {key: part} if part.op is None else {}
    if isinstance(part, list | tuple) and part and all(isinstance(item, Value) and item.op is None for item in part):
        return {key: list(part)}
    if isinstance(part, list | tuple | dict):
        return {k: v for name, item in _items(part) for k, v in state_of(f"{key}.{name}", item).items()}
    return {}


def _flat(values: Any) -> list[Any]:
    return [value for item in values for value in _flat(item)] if isinstance(values, list) else [values]


def _numbers(values: Any) -> Any:
    return [_numbers(item) for item in values] if isinstance(values, list) else values.data


def _changes(key: str, values: Any, given: Any) -> list[tuple[Value, float]]:
    """The parameters and their new numbers, if the shape is the same."""
    given = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(values, list):
        if isinstance(given, list | tuple):
            raise ValueError(f"{key}: a number is needed, not a list of {len(given)}")
        return [(values, stated(key, given))]
    if not isinstance(given, list | tuple) or len(given) != len(values):
        found = f"a list of {len(given)}" if isinstance(given, list | tuple) else repr(given)
        raise ValueError(f"{key}: a list of {len(values)} is needed, not {found}")
    pairs = zip(values, given, strict=True)
    return [change for index, pair in enumerate(pairs) for change in _changes(f"{key}[{index}]", *pair)]
