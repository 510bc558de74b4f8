"""The command line: a data set, or a CSV file, in; a trained network out, with its film and its numbers.

    python -m nn moons --layers 8,8,1 --epochs 100 --html training.html
    python -m nn iris.csv --target species --test 0.2 --save iris.json

The exit code is 0, or 2 for a mistake in the call or in a file, or 1 where training fails; the message is one line.
"""

from __future__ import annotations

import argparse
import copy
import difflib
import inspect
import itertools
import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd import terminal
from nn import csv_file, datasets
from nn.choices import ACTIVATIONS
from nn.csv_file import Table
from nn.film.gif import check_installed
from nn.layers import MLP
from nn.losses import LOSSES, OF_NUMBERS
from nn.optim import OPTIMIZERS
from nn.training import History, Score, evaluate, fit

DATA = {
    each.__name__: each
    for each in (
        datasets.xor,
        datasets.moons,
        datasets.circles,
        datasets.spirals,
        datasets.blobs,
        datasets.sine,
        datasets.digits,
    )
}
ENDINGS = {"html": (".html", ".htm"), "gif": (".gif",), "save": (".json", ".safetensors")}
FOR_NUMBERS = [loss.__name__ for loss in OF_NUMBERS]
MOST_PARAMETERS = 2_000_000
_FAILURES = (ArithmeticError, ImportError, OSError, MemoryError, RuntimeError, TypeError, ValueError)

_EXAMPLES = """examples:
  python -m nn moons --layers 8,8,1 --epochs 100 --html training.html
  python -m nn sine --noise 0.2 --lr 0.03 --gif sine.gif
  python -m nn digits --layers 32,10 --epochs 20 --test 0.2
  python -m nn iris.csv --target species --test 0.2 --save iris.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    return terminal.run("nn", lambda: _run(_parser().parse_args(arguments)), _FAILURES)


def _parser() -> terminal.Parser:
    parser = terminal.Parser(
        prog="python -m nn",
        usage="python -m nn DATA [options]",
        description="Train a network on a data set or a CSV file, and show how it learns.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "data",
        metavar="DATA",
        help=f"{', '.join(DATA)}, or a CSV file: words in it, and few whole numbers, are classes",
    )
    add("--target", metavar="NAME", help="the column to predict, by its name or number (default: the last)")
    add("--inputs", metavar="A,B", help="the columns to predict it from (default: all others)")
    add("--count", type=_whole, metavar="N", help="how many examples are made of moons, circles, ...")
    add("--noise", type=_size, metavar="X", help="how far they lie beside their places")
    add("--test", type=_share, metavar="SHARE", help="hold out this share of the examples, such as 0.2, for a test")
    scaling = (
        "inputs and numbers to predict get the mean 0 and the deviation 1; a saved model takes and gives them as they"
    )
    scaled: Any = argparse.BooleanOptionalAction
    add("--standardize", action=scaled, help=f"{scaling} were (default: for CSV files)")
    add("--layers", type=_layers, metavar="8,8,1", help="neurons in each layer, the outputs last (default: 8,8,...)")
    _add_choice(parser, "--activation", ACTIVATIONS, "tanh", "of the hidden layers")
    _add_choice(parser, "--loss", LOSSES, None, "by default as the targets need it")
    _add_choice(parser, "--optimizer", OPTIMIZERS, "adam", "with its usual settings")
    add("--lr", type=_size, default=0.01, metavar="X", help="learning rate (default: 0.01)")
    add("--epochs", type=_whole, default=100, metavar="N", help="how often it sees all examples (default: 100)")
    add("--batch-size", type=_batch, metavar="N", help='examples for each update, or "all" (default: 10)', default=10)
    add("--seed", type=int, default=0, metavar="N", help="of data, weights and order (default: 0)")
    add("--html", metavar="FILE", help="write the film of the training, a web page that can train further")
    add("--gif", metavar="FILE", help="write the film for slides")
    add("--save", metavar="FILE", help="write the model, for MLP.load: .json or .safetensors")
    return parser


def _add_choice(parser: terminal.Parser, name: str, table: Iterable[str], default: str | None, what: str) -> None:
    known = [*table]
    told = f"{what}: {', '.join(known)}" + (f" (default: {default})" if default else "")
    parser.add_argument(name, choices=known, default=default, metavar="NAME", help=told)


def _checked(kind: Callable[[str], Any], fits: Callable[[Any], bool], what: str) -> Callable[[str], Any]:
    """A reader of an argument, which refuses what does not fit."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except (ValueError, OverflowError):
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not {what}")
        return value

    return read


_whole = _checked(int, lambda number: number > 0, "a whole number from 1 on")
_size = _checked(float, lambda number: 0 <= number < math.inf, "a number, 0 or more")
_share = _checked(float, lambda number: 0 < number < 1, "a share between 0 and 1, such as 0.2")
_batch = _checked(lambda text: text if text == "all" else int(text), lambda size: size == "all" or size > 0,
                  'a whole number from 1 on, or "all"')  # fmt: skip
_layers = _checked(lambda text: [*map(int, text.split(","))], lambda sizes: min(sizes) > 0,
                   "the sizes of layers, such as 8,8,1")  # fmt: skip


class _Scale(NamedTuple):
    """Where the numbers of a column lie, and how far apart."""

    middle: float
    size: float

    @classmethod
    def of(cls, column: Sequence[float]) -> _Scale:
        """The mean and the standard deviation; of a column that is always the same, 1. Raises OverflowError."""
        middle = math.fsum(column) / len(column)
        size = math.sqrt(math.fsum((number - middle) ** 2 for number in column) / len(column))
        if not math.isfinite(size):
            raise OverflowError("the deviation is too large")
        return cls(middle, size if size > 0 else 1.0)

    def __call__(self, number: float) -> float:
        return (number - self.middle) / self.size


class _Task(NamedTuple):
    """What is to be learned: the examples to train on and those held out, and what the network has to be for it."""

    name: str
    table: Table
    loss: str
    sizes: list[int]
    train: tuple[list[list[float]], list[float]]
    test: tuple[list[list[float]], list[float]]
    scales: list[_Scale]  # of the inputs, and of targets that are numbers; none where all is as it was


def _run(options: argparse.Namespace) -> None:
    _check_files(options)
    task = _task(options)
    rng = random.Random(options.seed)
    model = MLP(
        task.sizes[0],
        task.sizes[1:],
        activation=options.activation,
        output="sigmoid" if task.loss == "binary_cross_entropy" else "linear",
        init="he" if options.activation == "relu" else "xavier",
        rng=rng,
    )
    optimizer = OPTIMIZERS[options.optimizer](model.parameters(), lr=options.lr)
    batch = None if options.batch_size == "all" else options.batch_size
    batches = f"batches of {batch}" if batch and batch < len(task.train[0]) else "all examples at once"
    terminal.say("\n".join([_data_told(task), repr(model)]))
    terminal.say(f"{task.loss}, {type(optimizer).__name__}, lr = {options.lr:g}, {batches}, seed {options.seed}")
    if sys.stdout is not None:
        sys.stdout.flush()
    history = fit(
        model,
        *task.train,
        loss=task.loss,
        optimizer=optimizer,
        epochs=options.epochs,
        batch_size=batch,
        seed=options.seed,
        film=bool(options.html or options.gif),
    )
    if history.film is not None:
        history.film.names = task.table.names
    told = [f"after {len(history)} epoch{'s'[: len(history) != 1]}: {_score_told(model, task, task.train)}"]
    if task.test[0]:
        told.append(f"held out: {_score_told(model, task, task.test)}")
    terminal.say("; ".join(told))
    _write(options, model, history, task.scales)


def _check_files(options: argparse.Namespace) -> None:
    """Raise MistakeInCallError for a file that could not be written, before anything is trained for it."""
    for form, endings in ENDINGS.items():
        path = getattr(options, form)
        if path is None:
            continue
        folder = os.path.dirname(path) or "."
        if os.path.splitext(path)[1].lower() not in endings:
            raise terminal.MistakeInCallError(f"--{form} {path}: the name should end in {' or '.join(endings)}")
        if not os.path.isdir(folder):
            raise terminal.MistakeInCallError(f"--{form} {path}: there is no folder {folder}")
        if os.path.isdir(path):
            raise terminal.MistakeInCallError(f"--{form} {path}: it is a folder")
    if options.gif:
        check_installed()


def _task(options: argparse.Namespace) -> _Task:
    """The task that the options set."""
    table = _table(options)
    loss, outputs = _loss(options, table)
    sizes = [len(table.names), *(options.layers or [8, 8, outputs])]
    if sizes[-1] != outputs:
        needed = f"{len(table.classes)} classes and {loss}" if table.classes else f"{loss} and a number as the target"
        right = ",".join(map(str, [*sizes[1:-1], outputs]))
        raise terminal.MistakeInCallError(
            f"--layers ends in {sizes[-1]}, and {needed} need {outputs} in the last layer: --layers {right}"
        )
    count = sum((before + 1) * after for before, after in itertools.pairwise(sizes))
    if count > MOST_PARAMETERS:
        raise terminal.MistakeInCallError(f"--layers: {count:,} parameters are more than {MOST_PARAMETERS:,}")
    y = datasets.signs([*map(int, table.y)]) if loss == "hinge" else table.y
    parts = _parted(options, [*zip(table.X, y, strict=True)])
    scales: list[_Scale] = []
    if options.standardize or (options.standardize is None and options.data not in DATA):
        X, targets = zip(*parts[0], strict=True)  # noqa: N806
        columns = [*zip(*X, strict=True)] + [targets] * (not table.classes)
        scales = [_scale(name, column) for name, column in zip([*table.names, table.target], columns, strict=False)]
    train, test = (_scaled(part, scales) for part in parts)
    return _Task(os.path.basename(options.data), table, loss, sizes, train, test, scales)


def _scale(name: str, column: Sequence[float]) -> _Scale:
    try:
        return _Scale.of(column)
    except OverflowError:
        raise terminal.MistakeInCallError(
            f"column {name}: numbers as large as {max(column, key=abs):g} are too large for a mean and a deviation"
        ) from None


def _table(options: argparse.Namespace) -> Table:
    """The data of the name, or in the file."""
    wants = "numbers" if options.loss in FOR_NUMBERS else "classes" if options.loss else ""
    if options.data not in DATA:
        return _file(options, wants)
    for option in ("target", "inputs"):
        if getattr(options, option) is not None:
            raise terminal.MistakeInCallError(f"--{option} names columns of a CSV file, and {options.data} is none")
    make = DATA[options.data]
    given = {name: number for name in ("count", "noise") if (number := getattr(options, name)) is not None}
    known = inspect.signature(make).parameters
    for name in given:
        if name not in known:
            raise terminal.MistakeInCallError(f"--{name} is not for {options.data}, whose examples are always the same")
    try:
        X, y = make(**given, **({"seed": options.seed} if "seed" in known else {}))  # noqa: N806
    except ValueError as error:
        raise terminal.MistakeInCallError(f"{options.data}: {error}") from None
    classes = [] if make is datasets.sine or wants == "numbers" else [*map(str, sorted({*y}))]
    names = [f"x{index}" for index in range(1, len(X[0]) + 1)]
    if make is datasets.sine and wants == "classes":
        raise terminal.MistakeInCallError(f"--loss {options.loss} is for classes, and the targets of sine are numbers")
    return Table(X, y, names, "y", classes)


def _file(options: argparse.Namespace, wants: str) -> Table:
    path = options.data
    is_file = os.path.exists(path) or os.sep in path or "." in path
    if not is_file:
        near = difflib.get_close_matches(path.lower(), DATA, n=1, cutoff=0.5)
        cure = f"did you mean {near[0]}?" if near else f"choose from {', '.join(DATA)}, or give a CSV file"
        raise terminal.MistakeInCallError(f"there is no data set {path[:60]!r}: {cure}")
    for option in ("count", "noise"):
        if getattr(options, option) is not None:
            raise terminal.MistakeInCallError(f"--{option} is for data sets that are made, and {path} is a file")
    inputs = None if options.inputs is None else [name.strip() for name in options.inputs.split(",")]
    try:
        return csv_file.read(path, options.target, inputs, wants)
    except OSError as error:
        raise terminal.MistakeInCallError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise terminal.MistakeInCallError(str(error)) from None


def _loss(options: argparse.Namespace, table: Table) -> tuple[str, int]:
    """The loss, and how many outputs it needs."""
    count = len(table.classes)
    if not count:
        return options.loss or "mean_squared_error", 1
    single = count == 2 and (options.layers or [1])[-1] != 2
    loss = options.loss or ("binary_cross_entropy_with_logits" if single else "softmax_cross_entropy")
    if loss != "softmax_cross_entropy" and count > 2:
        raise terminal.MistakeInCallError(
            f"--loss {loss} tells two classes apart, and there are {count}: leave it out, or take softmax_cross_entropy"
        )
    return loss, count if loss == "softmax_cross_entropy" else 1


def _parted(options: argparse.Namespace, examples: list[Any]) -> tuple[list[Any], list[Any]]:
    """The examples to train on, and those held out, chosen by the seed."""
    if not options.test:
        return examples, []
    held_out = round(options.test * len(examples))
    if not 0 < held_out < len(examples):
        raise terminal.MistakeInCallError(f"--test {options.test:g} of {len(examples)} examples leaves none of a part")
    random.Random(options.seed).shuffle(examples)
    return examples[held_out:], examples[:held_out]


def _scaled(part: list[Any], scales: list[_Scale]) -> tuple[list[list[float]], list[float]]:
    if not scales:
        return [x for x, _ in part], [y for _, y in part]
    X = [[scale(number) for scale, number in zip(scales, x, strict=False)] for x, _ in part]  # noqa: N806
    return X, [scales[-1](y) if len(scales) > len(x) else y for x, y in part]


def _data_told(task: _Task) -> str:
    table, count = task.table, len(task.table.names)
    names = f" ({', '.join(table.names)})" if count <= 8 and table.names[0] != "x1" else ""
    told = f"{task.name}: {len(table.X)} examples of {count} input{'s'[: count != 1]}{names}"
    if table.classes and table.classes != [*map(str, range(len(table.classes)))]:
        kinds = ", ".join(f"{name} {index}" for index, name in enumerate(table.classes[:10]))
        told += f"; {len(table.classes)} classes: {kinds}{', ...' * (len(table.classes) > 10)}"
    else:
        told += f", {len(table.classes)} classes" if table.classes else f", target {table.target}: numbers"
    told += f"; {len(task.test[0])} held out for a test" * bool(task.test[0])
    return told + "; standardized" * bool(task.scales)


def _score_told(model: MLP, task: _Task, examples: tuple[list[list[float]], list[float]]) -> str:
    score: Score = evaluate(model, *examples, loss=task.loss)
    told = f"loss {score.loss:.4g}"
    if score.accuracy is not None:
        told += f", accuracy {score.accuracy:.1%}"
    elif task.loss == "mean_squared_error":
        unit = task.scales[-1].size if task.scales else 1.0
        told += f", root mean square error {math.sqrt(score.loss) * unit:.4g}"
    return told


def _write(options: argparse.Namespace, model: MLP, history: History, scales: list[_Scale]) -> None:
    """Write what was asked for, each file whatever happens to the others."""
    film = history.film
    writers: dict[str, Any] = {"html": film and film.save, "gif": film and film.save}
    writers["save"] = _unscaled(model, scales).save
    written, mistakes = [], []
    for form in ENDINGS:
        path = getattr(options, form)
        if path is None:
            continue
        try:
            if not len(history) and form != "save":
                raise ValueError("no epoch has ended, and there is nothing to show")
            writers[form](path)
            written.append(path)
        except (OSError, ValueError, ImportError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            mistakes.append(f"--{form} {path}: {reason}")
    if written:
        terminal.say(f"wrote {', '.join(written)}")
    if mistakes:
        raise terminal.MistakeInCallError("; ".join(mistakes))


def _unscaled(model: MLP, scales: list[_Scale]) -> MLP:
    """The model of the numbers as they were: scales of inputs and targets become part of its weights."""
    if not scales:
        return model
    model = copy.deepcopy(model)
    for neuron in model.layers[0].neurons:
        for w, scale in zip(neuron.w, scales, strict=False):
            neuron.b.data -= w.data * scale.middle / scale.size
            w.data /= scale.size
    for neuron in model.layers[-1].neurons if len(scales) > model.layers[0].inputs else ():
        for parameter in (*neuron.w, neuron.b):
            parameter.data *= scales[-1].size
        neuron.b.data += scales[-1].middle
    return model
