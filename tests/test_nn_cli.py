"""The command line of `nn`: what it prints and writes, and that no file and nothing a person types gets a traceback."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nn.cli
from nn import MLP, datasets, evaluate, fit
from nn.cli import DATA, main

FLOWERS = "petal,sepal,species\n" + "".join(
    f"{a / 10},{b / 10},{kind}\n"
    for kind, a, b in [("rose", 1 + k, 20 + k % 3) for k in range(8)]
    + [("tulip", 30 + k % 4, 2 + k) for k in range(8)]
    + [("aster", 60 - k, 50 - k % 3) for k in range(8)]
)
FLATS = "area;rooms;price\n" + "".join(
    f"{40 + 7 * k};{1 + k % 4};{3000 * (40 + 7 * k) + 9000 * (1 + k % 4)}\n" for k in range(30)
)


def run(*arguments: str) -> int:
    return main([*arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with files to learn from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers.csv").write_text(FLOWERS)
    (tmp_path / "flats.csv").write_text(FLATS)
    return tmp_path


def test_a_data_set_is_learned(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("moons", "--layers", "8,8,1", "--epochs", "60") == 0
    told = capsys.readouterr()
    assert re.fullmatch(
        r"""moons: 100 examples of 2 inputs, 2 classes
MLP, 105 parameters
  layer 1: 2 → 8, tanh
  layer 2: 8 → 8, tanh
  layer 3: 8 → 1, linear
binary_cross_entropy_with_logits, Adam, lr = 0\.01, batches of 10, seed 0
after 60 epochs: loss 0\.0\d+, accuracy (100\.0|9\d\.\d)%
""",
        told.out,
    )
    assert told.err == ""  # progress is for terminals


def test_the_model_in_the_file_is_the_one_that_was_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("moons", "--epochs", "5", "--seed", "3", "--noise", "0.2", "--count", "40", "--save", "m.json") == 0
    out = capsys.readouterr().out
    X, y = datasets.moons(40, noise=0.2, seed=3)
    score = evaluate(MLP.load("m.json"), X, y, loss="binary_cross_entropy_with_logits")
    assert f"after 5 epochs: loss {score.loss:.4g}, accuracy {score.accuracy:.1%}\nwrote m.json\n" in out


def test_the_same_call_gives_the_same_numbers_and_another_seed_others(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for seed in ("1", "1", "2"):
        assert run("circles", "--epochs", "2", "--test", "0.3", "--seed", seed) == 0
        told.append(capsys.readouterr().out.splitlines()[-1])
    assert told[0] == told[1] != told[2]


def test_every_data_set_trains_with_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    for name in DATA:
        assert run(name, "--epochs", "1") == 0
        assert capsys.readouterr().out.startswith(f"{name}: ")


def test_every_name_of_an_option_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    for option, names in (
        ("--activation", nn.cli.ACTIVATIONS),
        ("--optimizer", nn.cli.OPTIMIZERS),
        ("--loss", nn.cli.LOSSES),
    ):
        for name in names:
            assert (
                run(
                    "moons",
                    option,
                    name,
                    "--epochs",
                    "1",
                    "--layers",
                    "3,2" if name == "softmax_cross_entropy" else "3,1",
                )
                == 0
            ), name
            assert name.lower() in capsys.readouterr().out.lower()


def test_examples_are_held_out_and_never_trained_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def watched(model, X, y, **options):  # type: ignore[no-untyped-def]
        seen.extend(map(tuple, X))
        return fit(model, X, y, **options)

    monkeypatch.setattr(nn.cli, "fit", watched)
    assert run("blobs", "--count", "50", "--test", "0.2", "--epochs", "2") == 0
    out = capsys.readouterr().out
    assert "; 10 held out for a test" in out
    assert re.search(r"after 2 epochs: loss \S+, accuracy \S+%; held out: loss \S+, accuracy \S+%$", out.strip())
    X, _ = datasets.blobs(50)
    assert len({*seen}) == 40
    assert {*seen} < {*map(tuple, X)}


def test_words_in_a_file_are_classes_and_the_model_takes_the_numbers_of_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("flowers.csv", "--epochs", "60", "--save", "f.json") == 0
    out = capsys.readouterr().out
    first = "flowers.csv: 24 examples of 2 inputs (petal, sepal); 3 classes: aster 0, rose 1, tulip 2; standardized\n"
    assert out.startswith(first)
    assert "softmax_cross_entropy" in out
    assert "accuracy 100.0%" in out
    model = MLP.load("f.json")
    for line in FLOWERS.splitlines()[1:]:
        a, b, kind = line.split(",")
        outputs = [z.data for z in model([float(a), float(b)])]
        assert ["aster", "rose", "tulip"][outputs.index(max(outputs))] == kind


def test_numbers_in_a_file_are_predicted_in_their_own_size(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, tolerance in (
        (["--epochs", "150"], 15_000),
        (["--epochs", "40", "--layers", "1", "--lr", "0.1"], 1_500),
    ):
        assert run("flats.csv", *options, "--save", "p.json") == 0  # semicolons; prices of some 100,000
        out = capsys.readouterr().out
        assert out.startswith("flats.csv: 30 examples of 2 inputs (area, rooms), target price: numbers; standardized\n")
        model = MLP.load("p.json")
        errors = [model([40 + 7 * k, 1 + k % 4]).data - 3000 * (40 + 7 * k) - 9000 * (1 + k % 4) for k in range(30)]
        assert max(map(abs, errors)) < tolerance
        told = float(re.findall(r"root mean square error (\S+)", out)[0])
        assert told == pytest.approx((sum(error**2 for error in errors) / 30) ** 0.5, rel=1e-3)


def test_the_target_and_the_inputs_are_chosen_by_name_or_number(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "named.csv").write_text("who,kind,size,age\nAnn,x,1,2\nBen,y,2,3\nCid,x,0,4\n")
    (folder / "bare.csv").write_text("1,7,0.5\n0,8,1.5\n1,9,2.5\n")
    for call, told in [
        (["named.csv", "--target", "kind", "--inputs", "size, age"], "2 inputs (size, age); 2 classes: x 0, y 1;"),
        (["named.csv", "--target", "2", "--inputs", "4"], "1 input (age); 2 classes: x 0, y 1;"),
        (["bare.csv", "--target", "1"], "2 inputs, 2 classes;"),
        (["bare.csv"], "2 inputs, target y: numbers;"),
        (["bare.csv", "--no-standardize"], "2 inputs, target y: numbers\n"),
    ]:
        assert run(*call, "--epochs", "1") == 0
        assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        (["0", "1", "1", "0"], "2 classes"),
        (["-1", "1", "1", "-1"], "2 classes: -1 0, 1 1"),
        (["3", "1", "2", "3", "1", "2"], "3 classes: 1 0, 2 1, 3 2"),
        (["3", "1", "2"], "target y: numbers"),
        (["0.5", "1", "1", "0.5"], "target y: numbers"),
        ([str(k) for k in range(30)] * 2, "target y: numbers"),
        (["no", "yes", "no", "yes"], "2 classes: no 0, yes 1"),
    ],
)  # fmt: skip
def test_what_targets_are_is_seen_from_them(
    targets: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "t.csv").write_text("".join(f"{index},{target}\n" for index, target in enumerate(targets)))
    assert run("t.csv", "--epochs", "1") == 0
    assert f"{len(targets)} examples of 1 input" in (out := capsys.readouterr().out)
    assert re.search(f"[,;] {re.escape(told)}; standardized", out)
    if "classes" in told and "no" not in told:  # unless the loss is one of numbers
        assert run("t.csv", "--epochs", "1", "--loss", "mean_squared_error") == 0
        assert "target y: numbers" in capsys.readouterr().out


def test_files_of_other_programs_are_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (
        b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\r\n",  # of Excel
        b"a\tb\n1\t2\n\n3\t4",
        b'"a","b"\n"1","2"\n"3", 4\n\n',
        b"a ; b\n1 ; 2\n3 ; 4e0\n",
        b'"two\nlines",b\n1,2\n3,4\n',
    ):
        (folder / "o.csv").write_bytes(content)
        assert run("o.csv", "--epochs", "1") == 0
        assert "2 examples of 1 input" in capsys.readouterr().out


WRONG_FILES = [
    ("1,2\n3,x\n5,6\n7,8\n", "w.csv, line 2, column 2: 'x' is no number, as other targets are"),
    ("a,b\n1,2\nx,4\n", "w.csv, line 3, column 1 (a): 'x' is no number"),
    ("a,b\n\n1,2\n,4\n", "w.csv, line 4, column 1 (a): the cell is empty: give one, or leave the line out"),
    ("a,b\n1,2\n3,NaN\n", "w.csv, line 3, column 2 (b): 'NaN' says that a value is missing"),
    ("a,b\n1,2\n?,3\n", "w.csv, line 3, column 1 (a): '?' says that a value is missing"),
    ("a,b\n1,2\n3,inf\n4,5\n", "w.csv, line 3, column 2 (b): 'inf' is no number"),
    ("a,b\n1_0,2\n3,4\n", "w.csv, line 2, column 1 (a): '1_0' is no number"),
    ("a;b\n1,5;2\n3;4\n", "w.csv, line 2, column 1 (a): '1,5' is no number: it has a decimal point, not a comma"),
    ("a,2020,c\n1,2,3\n4,5,6\n", "w.csv, line 1, column 1: 'a' is no number: if this is the line of names, none of them may"),
    ("a,b\n1,2\n3,4,5\n", "w.csv, line 3: it has 3 cells, and line 1 has 2"),
    ("a,b\n1,2\n3\n", "w.csv, line 3: it has 1 cell, and line 1 has 2"),
    ("", "w.csv is empty"),
    ("\n\n", "w.csv is empty"),
    ("a,b\n", "w.csv has a line of names only"),
    ("a\n1\n2\n", "w.csv has a single column"),
    (",b\n0,1\n1,2\n", "w.csv, line 1, column 1: the column has no name: give it one; pandas writes its index there"),
    ("a,a,b\n0,1,2\n", "w.csv, line 1, column 2: a column before is called 'a', too"),
    ("a,b\n1,2\n3,2\n", "w.csv: all targets are 2, and there is nothing to learn"),
    ("a,b\n1,x\n3,x\n", "w.csv: all targets are x, and there is nothing to learn"),
    ("a,b\n1,x\n3,y\n4,5\n", "w.csv, line 4, column 2 (b): 5 is a number, and other targets are words"),
    ("a,b\n" + "".join(f"{k},name{k}\n" for k in range(30)), "w.csv, column 2 (b): 30 different targets in 30 lines are no classes"),
    ('a,b\n1,"2\n3,4\n', "w.csv, line 2: unexpected end of data"),
    ('a,b\n1,2\n"3"x,4\n', "w.csv, line 3: "),
    ("a,b\n1,2\n\x00,4\n", "w.csv, line 3"),
    (b"a,b\n1,\xe9\n", "w.csv, line 2: it is not text in UTF-8: save it as CSV in UTF-8"),
    (b"\xff\xfea\x00,\x00b\x00", "w.csv, line 1: it is not text in UTF-8"),
    (os.urandom(50) + b"\xff", "w.csv"),
    ("a,b\n" + "9" * 400 + ",1\n2,3\n", "is no number"),
    ("a,b\n\u202e<b>" + "x" * 500 + ",1\n2,3\n", "is no number"),
    ("a,b\n1," + "y" * 200_000 + "\n", "w.csv"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), WRONG_FILES, ids=range(len(WRONG_FILES)))
def test_a_wrong_file_is_refused_with_the_place(
    content: str | bytes, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "w.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run("w.csv", "--save", "m.json") == 2
    told = capsys.readouterr()
    assert told.err.startswith("nn: ")
    assert message in told.err
    assert told.err.count("\n") == 1
    assert len(told.err) < 400
    assert told.out == ""
    assert not (folder / "m.json").exists()


MISTAKES = [
    ([], "the following arguments are required: DATA (python -m nn --help shows the call)"),
    ([""], "there is no data set ''"),
    (["mons"], "there is no data set 'mons': did you mean moons?"),
    (["Spiral"], "did you mean spirals?"),
    (["qqqq"], "there is no data set 'qqqq': choose from xor, moons, circles, spirals, blobs, sine, digits, or give a CSV file"),
    (["names"], "there is no data set 'names'"),
    (["none.csv"], "none.csv: No such file or directory"),
    (["."], ".: Is a directory"),
    (["/dev/null/a.csv"], "/dev/null/a.csv: Not a directory"),
    (["moons", "circles"], "unrecognized arguments: circles"),
    (["moons", "--nope"], "unrecognized arguments: --nope"),
    (["moons", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
    (["moons", "--epochs", "0"], "'0' is not a whole number from 1 on"),
    (["moons", "--epochs", "2.5"], "'2.5' is not a whole number from 1 on"),
    (["moons", "--epochs"], "expected one argument"),
    (["moons", "--lr", "-1"], "'-1' is not a number, 0 or more"),
    (["moons", "--lr", "nan"], "'nan' is not a number, 0 or more"),
    (["moons", "--lr", "fast"], "'fast' is not a number, 0 or more"),
    (["moons", "--batch-size", "0"], "'0' is not a whole number from 1 on, or"),
    (["moons", "--seed", "x"], "invalid int value: 'x'"),
    (["moons", "--test", "1"], "'1' is not a share between 0 and 1"),
    (["moons", "--test", "20"], "'20' is not a share between 0 and 1"),
    (["xor", "--test", "0.1"], "--test 0.1 of 4 examples leaves none of a part"),
    (["moons", "--layers", "8;1"], "'8;1' is not the sizes of layers, such as 8,8,1"),
    (["moons", "--layers", ""], "'' is not the sizes of layers"),
    (["moons", "--layers", "8,0,1"], "'8,0,1' is not the sizes"),
    (["moons", "--layers", "8,3"], "--layers ends in 3, and 2 classes and binary_cross_entropy_with_logits need 1 in the last layer: --layers 8,1"),
    (["blobs", "--layers", "8,1"], "--layers ends in 1, and 3 classes and softmax_cross_entropy need 3 in the last layer: --layers 8,3"),
    (["sine", "--layers", "2"], "--layers ends in 2, and mean_squared_error and a number as the target need 1 in the last layer: --layers 1"),
    (["moons", "--layers", "99999999,1"], "--layers: 399,999,997 parameters are more than 2,000,000"),
    (["moons", "--activation", "swash"], "argument --activation: invalid choice: 'swash'"),
    (["moons", "--optimizer", "adm"], "argument --optimizer: invalid choice: 'adm'"),
    (["moons", "--loss", "mse"], "argument --loss: invalid choice: 'mse'"),
    (["blobs", "--loss", "hinge"], "--loss hinge tells two classes apart, and there are 3: leave it out, or take softmax_cross_entropy"),
    (["sine", "--loss", "hinge"], "--loss hinge is for classes, and the targets of sine are numbers"),
    (["flowers.csv", "--loss", "mean_squared_error"], "flowers.csv, line 2, column 3 (species): 'rose' is no number, which the loss needs"),
    (["flats.csv", "--loss", "hinge"], "flats.csv, column 3 (price): 30 different targets in 30 lines are no classes"),
    (["xor", "--count", "9"], "--count is not for xor, whose examples are always the same"),
    (["digits", "--noise", "9"], "--noise is not for digits"),
    (["moons", "--count", "1"], "moons: count is at least 2"),
    (["flats.csv", "--count", "9"], "--count is for data sets that are made, and flats.csv is a file"),
    (["moons", "--target", "x"], "--target names columns of a CSV file, and moons is none"),
    (["flats.csv", "--target", "prize"], "flats.csv has no column 'prize' for --target: did you mean price?"),
    (["flats.csv", "--target", "4"], "flats.csv has no column '4' for --target: its columns are area, rooms, price"),
    (["flats.csv", "--inputs", "area,price"], "flats.csv: column 3 is the target, and cannot be an input as well"),
    (["flats.csv", "--inputs", "area,"], "flats.csv has no column '' for --inputs"),
    (["moons", "--html", "a.txt"], "--html a.txt: the name should end in .html or .htm"),
    (["moons", "--gif", "a"], "--gif a: the name should end in .gif"),
    (["moons", "--save", "a.pkl"], "--save a.pkl: the name should end in .json or .safetensors"),
    (["moons", "--save", "no/a.json"], "--save no/a.json: there is no folder no"),
    (["moons", "--html", "f.html"], "--html f.html: it is a folder"),
    (["\ud800"], "there is no data set"),
    (["x" * 10_000], "there is no data set"),
    (["moons", "--" + "q" * 10_000], "unrecognized arguments"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_in_the_call_gets_one_line_before_anything_is_trained(
    arguments: list[str],
    message: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nn.cli, "fit", None)
    (folder / "f.html").mkdir()
    before = sorted(folder.iterdir())
    start = time.process_time()
    assert main(arguments) == 2
    assert time.process_time() - start < 10
    told = capsys.readouterr()
    assert told.err.startswith("nn: ")
    assert message in told.err
    assert told.err.count("\n") == 1
    assert len(told.err) < 400
    assert sorted(folder.iterdir()) == before


def test_a_training_that_diverges_is_told_with_the_exit_code_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--no-standardize", "--optimizer", "sgd", "--lr", "1e300", "--save", "m.json"]
    assert run("flats.csv", *options) == 1
    told = capsys.readouterr().err
    assert told.startswith("nn: training diverged in epoch 1 (")
    assert "try a smaller learning rate than 1e+300" in told
    assert not (folder / "m.json").exists()


def test_help_shows_calls_that_work(folder: Path, capsys: pytest.CaptureFixture[str], film: None) -> None:
    with pytest.raises(SystemExit) as end:
        run("--help")
    assert end.value.code == 0
    calls = re.findall("^  python -m nn (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert len(calls) == 4
    (folder / "iris.csv").write_text(FLOWERS)
    for call in calls:
        short = re.sub(r"--epochs \d+", "", call).split()
        assert run(*short, "--epochs", "1") == 0


class Film:
    """Stands for the film of a training."""

    def __init__(self, failing: str = "") -> None:
        self.failing, self.names = failing, []

    def save(self, path: str) -> None:
        if path == self.failing:
            raise OSError(28, "No space left on device", path)
        Path(path).write_text("film")


@pytest.fixture
def film(monkeypatch: pytest.MonkeyPatch) -> None:
    def filmed(*given, film=False, **options):  # type: ignore[no-untyped-def]
        history = fit(*given, **options)
        history.film = Film("full.gif") if film else None
        return history

    monkeypatch.setattr(nn.cli, "fit", filmed)


def test_the_film_is_written_where_it_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], film: None
) -> None:
    assert run("xor", "--epochs", "2", "--html", "a.html", "--gif", "a.gif", "--save", "a.json") == 0
    assert capsys.readouterr().out.endswith("\nwrote a.html, a.gif, a.json\n")
    assert {path.name for path in folder.glob("a.*")} == {"a.html", "a.gif", "a.json"}


def test_the_film_is_that_of_the_training_with_the_names_of_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra notebooks")
    assert run("flowers.csv", "--epochs", "2", "--layers", "3", "--html", "f.html", "--gif", "f.gif") == 0
    assert capsys.readouterr().out.endswith("\nwrote f.html, f.gif\n")
    assert '"petal","sepal"' in (folder / "f.html").read_text()
    assert (folder / "f.gif").read_bytes().startswith(b"GIF89a")


def test_without_matplotlib_a_gif_is_refused_before_the_training(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(nn.cli, "fit", None)
    assert run("xor", "--gif", "a.gif") == 1
    assert re.search(r'pip install -e ".*\[plot\]"', capsys.readouterr().err)


def test_a_file_that_cannot_be_written_does_not_cost_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str], film: None
) -> None:
    assert run("xor", "--epochs", "2", "--html", "a.html", "--gif", "full.gif", "--save", "a.json") == 2
    told = capsys.readouterr()
    assert told.out.endswith("\nwrote a.html, a.json\n")
    assert told.err == "nn: --gif full.gif: No space left on device\n"
    assert (folder / "a.json").exists()


@contextlib.contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that Ctrl-C reaches; it does not outlive what is done with it.

    What a shell without job control runs in the background ignores Ctrl-C, and so does what that starts, unless it had a
    handler when it did.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_ends_early_and_writes_what_was_asked_for(folder: Path) -> None:
    command = [sys.executable, "-m", "nn", "moons", "--epochs", "100000000", "--save", "m.json"]
    path = os.pathsep.join([str(Path(nn.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    with started(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}) as process:
        assert process.stdout is not None
        while "seed 0" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (0, False)
    assert err.startswith("stopped by Ctrl-C; epochs in the history: ")
    assert re.fullmatch(r"after \d+ epochs?: loss \S+, accuracy \S+%\nwrote m\.json\n", out)
    assert MLP.load(folder / "m.json").layers[0].inputs == 2


def test_ctrl_c_before_the_first_epoch_has_ended_writes_no_empty_film(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nn.cli, "fit", lambda *given, **options: nn.History())
    assert run("xor", "--html", "a.html", "--save", "a.json") == 2
    told = capsys.readouterr()
    assert told.err == "nn: --html a.html: no epoch has ended, and there is nothing to show\n"
    assert "wrote a.json" in told.out


def test_the_output_fits_streams_of_few_letters(folder: Path) -> None:
    path = os.pathsep.join([str(Path(nn.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nn", "xor", "--epochs", "1"],
        capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": path},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "layer 1: 2 -> 8, tanh" in done.stdout


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("u,v\n1e200,1\n-1e200,2.5\n", "u: numbers as large as 1e+200"),
        ("u,v\n1,1.7e308\n2,-1.7e308\n3,0.5\n", "v: numbers as large as 1.7e+308"),
        ("u,v\n1.7e308,1\n1.7e308,2.5\n", "u: numbers as large as 1.7e+308"),
        ("1,1.5\n-1.7e308,2.5\n", "x1: numbers as large as -1.7e+308"),
    ],
)
def test_numbers_too_large_for_a_mean_and_a_deviation_are_told_with_their_column(
    content: str, column: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "large.csv").write_text(content)
    assert run("large.csv") == 2
    assert capsys.readouterr().err == f"nn: column {column} are too large for a mean and a deviation\n"


def test_no_names_of_columns_are_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for data, message in (("flowers.csv", "flowers.csv has no column '' for --inputs"), ("moons", "--inputs names ")):
        assert run(data, "--inputs", "") == 2
        assert message in capsys.readouterr().err


def test_every_choice_is_named_where_there_are_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["moons", "--loss", "bce"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "'softmax_cross_entropy'" in said
    assert main(["moons", "--activation", "swish"]) == 2
    assert "'tanh'" in capsys.readouterr().err
