"""What may enter an operation, and what is said when it cannot be carried out.

`real` turns what a person may write for a number into a float; `failure` turns the bare error of Python's `math` into
one that names the operation, the operand and its value.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence

from autograd.errors import AutogradError, DivisionByZeroError, DomainError, GradientError, RangeError
from autograd.table.expression import Call, Name, Number, shortened, substitute, to_text
from autograd.table.parser import parse_row
from autograd.table.rules import Row

LARGEST = "the largest float, about 1.797e+308"
_WRITE_INSTEAD = {
    "bool": "write 1.0 or 0.0",
    "str": "write float(text)",
    "Decimal": "write float(d)",
    "complex": "only real numbers can be differentiated here",
    "bool_": "write 1.0 or 0.0",
    "Value": "for a new leaf with the same number, write Value(x.data)",
    "NoneType": "an operand is missing",
}


def real(thing: object) -> float:
    """The float that a real number is: an int, a float, a Fraction, a NumPy scalar.

    Anything else is a TypeError that says what to write, a number beyond the largest float a RangeError.
    """
    kind = type(thing).__name__
    if type(thing) is not int and (isinstance(thing, bool) or not isinstance(thing, numbers.Real)):  # Real takes long
        kinds = [base.__name__ for base in type(thing).__mro__]
        wanted = "a real number" if "Value" in kinds else "a real number or a Value"
        shown = shortened(" ".join(repr(thing).split()), 40, "...")
        raise TypeError(f"expected {wanted}, not {kind} {shown}: {_cure(thing, kinds)}")
    try:
        return float(thing)
    except OverflowError:
        raise RangeError(f"this {kind} is larger than {LARGEST}") from None


def _cure(thing: object, kinds: Iterable[str]) -> str:
    """What to write instead of a thing, which is known by the names of its classes, or by what it can do."""
    for kind in kinds:
        if kind in _WRITE_INSTEAD:
            return _WRITE_INSTEAD[kind]
    if isinstance(thing, numbers.Complex):
        return _WRITE_INSTEAD["complex"]
    if hasattr(thing, "tolist"):  # an array of NumPy or JAX, a tensor of PyTorch, a column of pandas
        return "work with one element at a time, as in .tolist(), or with the single one, .item()"
    if callable(thing):
        return "call it, and take what it returns"
    if isinstance(thing, Mapping):
        return "take the numbers out of it, as in list(d.values())"
    if isinstance(thing, Iterable):
        return "work with one element at a time"
    return "write a real number or a Value"


def number(data: object) -> float:
    """The float that a leaf may hold: `real`, but for nan, which is a DomainError."""
    found = data if type(data) is float else real(data)
    if found != found:
        raise DomainError("a Value must hold a number, not nan: look for the operation that gave it")
    return found


def zero_of(terms: Iterable[float]) -> float:
    """The sum of terms that add up to 0: -0.0 where each of them is that, as in every other way to add them."""
    return -0.0 if {*map(str, terms)} == {"-0.0"} else 0.0


def written(row: Row, operands: Sequence[object]) -> str:
    """The operation as it was written, with names and numbers put in: `log(x)`, `1 / z`."""
    if row.vectors:
        return f"{row.name}(...)"
    shown = parse_row(row.value).result
    if not (isinstance(shown, Call) and shown.op == row.name):
        shown = Call(row.name, [Name(letter) for letter in row.letters])
    labelled = zip(_labels(row, operands).items(), operands, strict=True)
    parts = {letter: Number(x) if isinstance(x, float) else Name(label) for (letter, label), x in labelled}
    return to_text(substitute(shown, parts))


def _labels(row: Row, operands: Sequence[object]) -> dict[str, str]:
    """What each operand is called in a message: its name, or else a letter that is nobody's name."""
    names = [getattr(operand, "name", None) for operand in operands]
    found: dict[str, str] = {}
    for letter, name in zip(row.letters, names, strict=False):
        free = (other for other in (letter, *"uvwpqrst") if other not in names and other not in found.values())
        found[letter] = name or next(free, letter)
    return found


def _situation(row: Row, operands: Sequence[object], concerned: str) -> str:
    """The operation and the values of the operands concerned: `log(x): x = -1.0`."""
    if row.vectors:
        return written(row, operands)
    labelled = zip(_labels(row, operands).items(), map(_data_of, operands), strict=True)
    values = ", ".join(f"{label} = {data!r}" for (letter, label), data in labelled if letter in concerned)
    return f"{written(row, operands)}: {values}"


def _data_of(operand: object) -> object:
    return getattr(operand, "data", operand)


def _are_finite(operands: Iterable[object]) -> bool:
    return all(math.isfinite(data) for data in map(_data_of, operands) if isinstance(data, float))


def failure(row: Row, operands: Sequence[object], error: Exception) -> Exception:
    """The error to raise where computing the value of a row raised `error`."""
    if isinstance(error, AutogradError):
        return error
    finite = _are_finite(operands)
    if isinstance(error, OverflowError) or (row.vectors and not row.domain and finite):  # as inf - inf
        return RangeError(f"{_situation(row, operands, row.letters)}: the result is larger than {LARGEST}")
    labels = _labels(row, operands)
    concerned = [letter for letter in row.letters if re.search(rf"\b{letter}\b", row.domain)] or list(row.letters)
    domain = row.domain or ("the numbers it is defined for" if finite else "finite numbers")
    domain = re.sub(r"\b[a-d]\b", lambda found: labels.get(found[0], found[0]), domain)
    said = f": {error}" if row.function and str(error) not in ("", "nan", "math domain error") else ""  # by the user
    text = f"{_situation(row, operands, ''.join(concerned))} is outside the domain ({domain}){said}"
    zero = row.name in ("div", "mod", "fmod", "pow") and 0 in map(_data_of, operands)
    return DivisionByZeroError(text) if zero else DomainError(text)


def check_numbers(row: Row, operands: Sequence[object]) -> None:
    """Raise a DomainError for nan beside a Value: it could not be told from a mistake made elsewhere."""
    plain = [isinstance(operand, float) for operand in operands]
    undefined = [index for index, operand in enumerate(operands) if plain[index] and operand != operand]
    if undefined and not all(plain):
        which = f"operand {undefined[0] + 1}" if row.vectors else "an operand"
        raise DomainError(
            f"{written(row, operands)}: {which} is nan, not a number: look for the operation that gave it"
        )


def check_overflow(row: Row, operands: Sequence[object]) -> None:
    """Raise a RangeError for a result that is not finite, unless an operand was already so; never one for nan."""
    check_numbers(row, operands)
    if _are_finite(operands):
        raise failure(row, operands, OverflowError())


def gradient_failure(row: Row, operands: Sequence[object], letter: str, error: Exception) -> Exception:
    """The error to raise where computing a local partial raised `error`."""
    situation = _situation(row, operands, row.letters)
    operand = written(row, operands) if row.vectors else _labels(row, operands)[letter]
    if isinstance(error, OverflowError):
        return RangeError(f"{situation}: the derivative with respect to {operand} is larger than {LARGEST}")
    if row.slope_of:
        return kink_failure(row, operands)
    return GradientError(f"{situation}: the derivative with respect to {operand} does not exist there")


def kink_failure(row: Row, operands: Sequence[object]) -> Exception:
    """The error to raise where a row, or the slope of one, is differentiated again exactly at the kink."""
    situation = _situation(row, operands, row.letters)
    return GradientError(f"{situation}: {row.slope_of or row.name} is at a kink, where it has no second derivative")


def times_zero(error: Exception) -> Exception:
    """The error to raise where an adjoint that was computed, and is 0 here, meets a partial that does not exist."""
    if not isinstance(error, GradientError):
        return error
    return GradientError(f"0 times a derivative that does not exist: {error}")
