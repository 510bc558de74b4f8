"""Models in files, `.json` or `.safetensors`: written whole or not at all, checked before anything is made of them.

A JSON file holds the format and its version, the architecture, the state (in PyTorch's layout and naming) and a
checksum of all this. Numbers are written with as many digits as bring back the same bits, -0.0 and 5e-324 included. In
a safetensors file the state is made of tensors of 64-bit floats, and the rest stands in the metadata, as "chalkgrad".
Nothing in a file is ever executed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from math import isfinite
from typing import Any

from autograd import files, to_install

FORMAT = "chalkgrad MLP"
VERSION = 1
MOST_BYTES = 50_000_000  # nearly two million parameters
MOST_VALUES = 4_000_000  # in a JSON text: each of them is an object of Python, and may cost a hundred times its bytes
LONGEST_NAME = 100

State = Mapping[str, Any]


def write(path: str | os.PathLike[str], architecture: Mapping[str, Any], state: State) -> None:
    """Write the architecture and the state of a model; a kill at any moment leaves the old file or the new one.

    Raises ValueError for a number that is not finite, another ending of the path or a model too large, OSError where
    the file cannot be written; the old file is then as it was.
    """
    name, is_json = _ending(path)
    for key, values in state.items():
        if not all(map(isfinite, _flat(values))):
            raise ValueError(f"{name} was not written: {key} holds a number that is not finite")
    document = {"format": FORMAT, "version": VERSION, "architecture": architecture}
    document["checksum"] = _checksum(document, state)
    if is_json:  # without a newline at the end: a file cut off anywhere is no JSON
        content = json.dumps({**document, "state": state}, indent=1).encode()
    else:
        numpy, safetensors = _imported()
        tensors = {key: numpy.array(values, dtype=numpy.float64) for key, values in state.items()}
        content = safetensors.numpy.save(tensors, {"chalkgrad": json.dumps(document)})
    if len(content) > MOST_BYTES:
        raise ValueError(f"{name} was not written: it would have {len(content):,} bytes, more than {MOST_BYTES:,}")
    if is_json and _values(content) > MOST_VALUES:
        raise ValueError(f"{name} was not written: it would have more than {MOST_VALUES:,} numbers")
    files.write(name, content)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The architecture and the state in a file that `write` has written.

    Raises ValueError for a file that is cut off, edited, too large or of another origin, OSError where there is none.
    """
    name, is_json = _ending(path)
    try:
        if os.path.exists(name) and not os.path.isfile(name):
            raise ValueError("it is not a file")
        if os.path.getsize(name) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
        return _checked(*(_from_json if is_json else _from_safetensors)(name))
    except RecursionError:
        raise ValueError(f"{name} cannot be loaded: its lists are nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{name} cannot be loaded: {error}") from None


def _ending(path: str | os.PathLike[str]) -> tuple[str, bool]:
    name = os.fsdecode(path)
    ending = os.path.splitext(name)[1].lower()
    if ending not in (".json", ".safetensors"):
        raise ValueError(f"{name!r} should end in .json or .safetensors")
    return name, ending == ".json"


def _checksum(document: Mapping[str, Any], state: State) -> str:
    """Of what the document says, however it is laid out on the page."""
    said = {key: value for key, value in document.items() if key != "checksum"} | {"state": dict(state)}
    return "sha256 " + hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _checked(document: Any, state: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The architecture and the state of a document that says what it should."""
    if not isinstance(document, dict) or document.get("format") != FORMAT or not isinstance(state, dict):
        raise ValueError(f"it does not have a state and the format {FORMAT!r}: MLP.save has not written it")
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        raise ValueError(f"its version is {_quoted(version)}, and this chalkgrad reads {VERSION}: install a newer one")
    if document.get("checksum") != _checksum(document, state):
        raise ValueError("its checksum is not that of its contents: it was changed after it was saved")
    match document.get("architecture"):
        case {"inputs": inputs, "outputs": [*outputs], "activation": [*names], **more} if _is_known(more):
            architecture, sizes = document["architecture"], [inputs, *outputs]
        case _:
            raise ValueError("its architecture is not one of inputs, outputs and activation")
    if not all(type(size) is int and size > 0 for size in sizes) or not all(map(is_name, names)):
        raise ValueError("its architecture is not one of whole numbers and names")
    numbers = [number for values in state.values() for number in _flat(values)]
    if not all(type(number) is float and isfinite(number) for number in numbers):
        raise ValueError("its state holds what is not a finite number")
    needed = parameters_of(architecture)
    if len(numbers) != needed:  # found out before a neuron is made
        raise ValueError(f"its architecture has {needed:,} parameters, its state {len(numbers):,}")
    return architecture, state


def parameters_of(architecture: Mapping[str, Any]) -> int:
    """How many parameters a model of this architecture has: a bias for each neuron, or one for each layer.

    >>> sizes = {"inputs": 2, "outputs": [2, 2]}
    >>> parameters_of(sizes), parameters_of({**sizes, "shared_bias": True})
    (12, 10)
    """
    sizes = itertools.pairwise([architecture["inputs"], *architecture["outputs"]])
    return sum(before * after + (1 if "shared_bias" in architecture else after) for before, after in sizes)


def _is_known(more: Mapping[Any, Any]) -> bool:
    """Whether an architecture says no more than that biases are shared."""
    return not more or (more.keys() == {"shared_bias"} and more["shared_bias"] is True)


def is_name(thing: object) -> bool:
    """Whether a function that was saved may be called so; an error may then repeat it."""
    return isinstance(thing, str) and thing.isidentifier() and len(thing) <= LONGEST_NAME


def _flat(values: Any) -> list[Any]:
    return [number for item in values for number in _flat(item)] if isinstance(values, list) else [values]


def _from_json(name: str) -> tuple[Any, Any]:
    with open(name, "rb") as file:
        content = file.read()
    try:
        document = _parsed(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is not a whole JSON file ({error})") from None
    state = document.pop("state", None) if isinstance(document, dict) else None
    return document, state


def _parsed(content: bytes) -> Any:
    """What a JSON text says, unless it says far more than the architecture in it needs."""
    values, allowed = _values(content), min(_needed(content), MOST_VALUES)
    if values > allowed:
        raise ValueError(f"it holds up to {values:,} values, where its architecture needs {allowed:,}")
    return json.loads(content, object_pairs_hook=_without_repeats, parse_constant=_refuse)


def _values(content: bytes) -> int:
    """How many values a JSON text has at most: one follows each of these."""
    return sum(map(content.count, (b",", b":", b"[", b"{")))


def _needed(content: bytes) -> int:
    """How many values a file may have, from its architecture, which is all that is read of it."""
    found = re.search(rb'"architecture"\s*:\s*(\{[^{}]{,1000000}\})', content)
    try:
        architecture = json.loads(found[1]) if found else {}
        sizes: list[int] = [architecture["inputs"], *architecture["outputs"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        sizes = []
    if not sizes or not all(type(size) is int for size in sizes):
        return 200_000  # whatever it is, it is not a large model
    return 1000 + sum((before + 2) * after + 8 for before, after in itertools.pairwise(sizes))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key, count = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {_quoted(key)} stands in it {count} times")
    return found


def _quoted(thing: object) -> str:
    """What stands in a file, short enough for an error."""
    text = repr(thing)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} stands in it, which is not a finite number")


def _from_safetensors(name: str) -> tuple[Any, Any]:
    _, safetensors = _imported()
    try:
        with safetensors.safe_open(name, framework="numpy") as file:
            about = (file.metadata() or {}).get("chalkgrad")
            state = {key: _tensor(file, key) for key in file.keys()} if about else {}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"it is not a whole safetensors file ({error})") from None
    if not about:
        raise ValueError(
            "it does not know its architecture: build the MLP, then "
            f"model.load_state_dict(safetensors.numpy.load_file({name!r}))"
        )
    return _parsed(about.encode()), state


def _tensor(file: Any, key: str) -> Any:
    """A tensor as lists, if it is one that we write: a vast one of no elements would make vast lists."""
    header = file.get_slice(key)
    if header.get_dtype() != "F64" or 0 in header.get_shape():
        raise ValueError(
            f"{key} is a tensor of {header.get_dtype()} in shape {header.get_shape()}, not of 64-bit floats"
        )
    return file.get_tensor(key).tolist()


def _imported() -> tuple[Any, Any]:
    try:
        import numpy
        import safetensors.numpy
    except ImportError:
        raise ImportError(f".safetensors needs the package: {to_install('safetensors')}") from None
    return numpy, safetensors
