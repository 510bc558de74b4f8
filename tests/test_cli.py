"""The command line: what it prints, and that nothing a person can type gets a traceback."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from autograd.cli import main
from autograd.table.rules import ROWS

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
    assert out.endswith("gradient\n  dJ/dx1 = 0.470007424403189\n  dJ/dx2 = -0.2350037122015945\n")
    assert "dJ/da1" not in out


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
        (["x*y", "x=pi", "y=-1/2"], "dJ/dy = 3.141592653589793"),
        (["x", "x=2"], "dx/dx = 1.0"),
        (["y = x; y*y", "x=3"], "dJ/dx = 6.0"),
        (["c = 2; c*x", "x=3"], "dJ/dx = 2.0"),
        (["maximum(x, 2) + sum(x, x, 1) + logsumexp(x, x)", "x=3"], "dJ/dx = 4.0"),
        (["2 * pi * e * x", "x=1"], "dJ/dx = 17.07946844534713"),
        (["e * x", "x=1", "e=3"], "dJ/de = 1.0"),
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
    for row in ROWS.values():
        if row.name in ("add", "sub", "mul", "div", "neg", "dot"):
            continue
        number = "1.5" if row.name == "acosh" else "0.5"
        operands = ", ".join(["x", "y", "z"][: len(row.letters)])
        variables = [f"{x}={number}" for x in operands.split(", ")]
        assert main([f"{row.name}({operands})", *variables]) == 0, row.name
        assert "dJ/dx = " in capsys.readouterr().out


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
    ["x % 2", "x=1"], ["x // 2", "x=1"], ["x @ x", "x=1"], ["x << 1", "x=1"], ["x | 1", "x=1"], ["x ^ 2", "x=1"],
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
    assert time.process_time() - start < 1
    assert code == (1 if arguments in MATHEMATICAL else 2)
    err = capsys.readouterr().err
    assert err.startswith("autograd: ")
    assert err.count("\n") == 1
    assert len(err) < 400
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


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
    import os

    done = run(*FIRST, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "dJ/dx = dJ/dv1 ? 2 * x" in done.stdout


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
    assert main(["x**2", "x=3", "--svg", str(tmp_path / "J.svg")]) == 1
    assert "the program dot failed" in capsys.readouterr().err
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
