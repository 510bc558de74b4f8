"""The command line: an expression and its variables in; the forward trace, the chain rule and the gradient out.

    python -m autograd "exp(-sin(x**2))" x=1.5
    python -m autograd "y = x**2; z = sin(y); exp(-z)" x=1.5 --svg J.svg

The exit code is 0, or 2 for a mistake in the call, or 1 where the mathematics cannot be done; the message is one line.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.compiler.compile import compile  # noqa: A004
from autograd.engine.kernels import kernels
from autograd.engine.value import Value
from autograd.errors import AutogradError, ExpressionError
from autograd.pictures.dot import draw
from autograd.pictures.walk import prompt, walk
from autograd.reading.formula import formula
from autograd.reading.graph import Graph
from autograd.reading.notation import TEXT
from autograd.reading.steps import backward_steps, explain
from autograd.table.expression import CONSTANTS, Call, Expression, Name, Number, fold, number_text
from autograd.table.mistakes import is_function
from autograd.table.parser import Statements, check_name, parse
from autograd.table.rules import ROWS
from autograd.terminal import MistakeInCallError, Parser, answers, run, say

__all__ = ["main"]

KNOWN = CONSTANTS | {"inf": math.inf}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    given = _protect(sys.argv[1:] if arguments is None else arguments)
    failures, mistakes = (AutogradError, OSError), (ExpressionError,)
    return run("autograd", lambda: _run(_parser().parse_intermixed_args(given)), failures, mistakes)


def _parser() -> Parser:
    parser = Parser(
        prog="python -m autograd",
        description="Compute an expression and its derivatives, and show every step of the chain rule.",
        epilog='example: python -m autograd "y = x**2; z = sin(y); exp(-z)" x=1.5 --svg J.svg',
        allow_abbrev=False,
    )
    parser.add_argument(
        "expression",
        help='such as "exp(-sin(x**2))"; assignments name results: "y = x**2; sin(y)"; pi, e, inf are known',
    )
    parser.add_argument(
        "variables", nargs="*", metavar="name=number", help="the numbers to compute it at, such as x=1.5"
    )
    parser.add_argument("--wrt", metavar="x,y", help="differentiate with respect to these (default: all variables)")
    parser.add_argument("--svg", metavar="FILE", help="write the graph as a picture")
    parser.add_argument("--html", metavar="FILE", help="write the backward pass, step by step, as a web page")
    parser.add_argument("--lr", metavar="NUMBER", type=float, help="with it, the page goes on to x ← x - lr · dJ/dx")
    parser.add_argument("--step", action="store_true", help="walk through the backward pass one step at a time")
    parser.add_argument("--formula", action="store_true", help="print the expression and its derivatives as formulas")
    parser.add_argument("--source", action="store_true", help="print the program, value and derivatives, as Python")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    return parser


def _protect(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a space before what begins with a minus but is an expression, so that it is not an option."""
    return [
        f" {text}" if text[:1] == "-" and text[1:2] not in ("-", "") and text != "-h" else text for text in arguments
    ]


def _files(options: argparse.Namespace) -> dict[str, str]:
    """The files to write, by their endings, if the options go together."""
    files = {form: path.strip() for form in ("svg", "html") if (path := getattr(options, form)) is not None}
    for form, path in files.items():
        if os.path.splitext(path)[1].lower() != f".{form}":
            raise MistakeInCallError(f"--{form} {path}: the name should end in .{form}")
    chosen = [f"--{form}" for form in ("step", "formula", "source", "json") if getattr(options, form)]
    if len(chosen) > 1:
        raise MistakeInCallError(f"{' and '.join(chosen)} print different things: choose one of them")
    if options.step and options.wrt is not None:
        raise MistakeInCallError("--step walks through the whole backward pass: leave --wrt out, or --step")
    if options.lr is not None and "html" not in files:
        raise MistakeInCallError("--lr is for the page: add --html steps.html, or leave it out")
    return files


def _run(options: argparse.Namespace) -> None:
    files = _files(options)
    numbers = _numbers(options.variables)
    nodes, graph = _compute(parse(options.expression.strip()), numbers)
    wanted = list(numbers) if options.wrt is None else [name.strip() for name in options.wrt.split(",")]
    there = {name: node for name, node in nodes.items() if node in graph.labels}
    shown = {graph.labels[node]: node for node in there.values()} | there  # pi as a variable is shown as pi_2
    for name in wanted:
        if name not in shown:
            known = ", ".join(there) or "it has none"
            raise MistakeInCallError(f"--wrt {name[:60]!r} is not a variable of the expression ({known})")
    wrt = [*dict.fromkeys(shown[name] for name in wanted)]
    if not (options.formula or options.source):
        graph.root.backward()
    try:
        walked = walk(graph.root, lr=options.lr) if "html" in files else None
    except ValueError as error:
        raise MistakeInCallError(f"--lr: {error}") from None
    _print(options, graph, [nodes[name] for name in numbers], wrt)
    if sys.stdout is not None:
        sys.stdout.flush()
    for form, path in files.items():
        try:
            (walked if walked and form == "html" else draw(graph.root)).save(path)
        except OSError as error:
            raise MistakeInCallError(f"--{form} {path}: {error.strerror or error}") from None


def _print(options: argparse.Namespace, graph: Graph, inputs: Sequence[Value], wrt: Sequence[Value]) -> None:
    """Print what the options ask for."""
    y, name = graph.root, graph.label
    if options.source:
        say(compile(y, inputs, wrt).source)
    elif options.json:
        say(json.dumps(_as_json(options.expression.strip(), graph, wrt), indent=2, ensure_ascii=False))
    elif options.formula:
        say(f"{name} = {formula(y) if y.operands or y.name else number_text(y.data)}")
        for node in wrt:
            say(f"{TEXT.derivative(name, graph.labels[node], graph.differential)} = {formula(y, wrt=node)}")
    elif options.step:
        if sys.stdin is None:
            raise MistakeInCallError("--step reads its answers from the standard input, which is closed")
        with answers(sys.stdin, sys.stdout) as given:
            prompt(walk(y), given, sys.stdout)
    else:
        say(explain(y, wrt=wrt))


def _numbers(texts: Sequence[str]) -> dict[str, float]:
    """The numbers that texts such as `x=1.5` and `y=pi/2` state, by name."""
    names = [text.partition("=")[0].strip() for text in texts]
    for name in names:
        if names.count(name) > 1:
            raise MistakeInCallError(f"{name} is given twice: give one number for it")
    numbers: dict[str, float] = {}
    for name, text in zip(names, texts, strict=True):
        wrong = f"{text[:60]!r} is not a variable with its number: write it like x=1.5"
        if "=" not in text:
            raise MistakeInCallError(wrong)
        try:
            statements = parse(text.partition("=")[2])
            value = _evaluate(statements.result, {}, set())
        except AutogradError as error:
            raise MistakeInCallError(f"{text[:60]!r}: {error}") from None
        if statements.assignments or statements.name or isinstance(value, Value) or not math.isfinite(value):
            raise MistakeInCallError(wrong)
        numbers[check_name(name)] = value
    return numbers


def _compute(statements: Statements, numbers: dict[str, float]) -> tuple[dict[str, Value], Graph]:
    """The named nodes, variables first, and the graph of the result."""
    nodes = {name: Value(number, name) for name, number in numbers.items()}
    used: set[str] = set()
    result = Value(0.0)
    for name, expression in [*statements.assignments, (statements.name, statements.result)]:
        if name in numbers:
            raise MistakeInCallError(f"{name} is given a number and assigned in the expression: rename one of the two")
        value = _evaluate(expression, nodes, used)
        result = value if isinstance(value, Value) else Value(value)
        if name is not None:  # a node that has a name keeps it: in "y = x; y * y" both names mean x
            nodes[name] = result if result.name else result.named(name)
    graph = Graph(result)
    for name in numbers:
        if name not in used:
            raise MistakeInCallError(f"{name} does not occur in the expression: leave {name}=... out")
        if nodes[name] not in graph.labels:
            raise MistakeInCallError(f"{name} does not take part in the result: use what was computed from it")
    return nodes, graph


def _evaluate(expression: Expression, nodes: dict[str, Value], used: set[str]) -> Value | float:
    """The expression computed on the nodes; a number if there is none in it. Its names are then among the used ones."""

    def visit(part: Expression, operands: list[Value | float]) -> Value | float:
        match part:
            case Number(value):
                return value
            case Name(id):
                used.add(id)
                if id == "nan" and id not in nodes:
                    raise MistakeInCallError("nan is not a number, and nothing can be computed with it")
                if id not in nodes and id not in KNOWN:
                    raise MistakeInCallError(f"{id} has no value: add {id}=1.5 to the call{_apart(id, nodes)}")
                return nodes[id] if id in nodes else KNOWN[id]
            case Call(op):
                function = kernels(op).forward()
                return function(operands) if ROWS[op].vectors else function(*operands)  # type: ignore[no-any-return]
        raise TypeError(f"{part!r} is not an expression")

    return fold(expression, visit)


def _apart(name: str, nodes: Mapping[str, Value]) -> str:
    """What else an unknown name may be meant for: xy for a product, sinx for a function of x."""
    for index in range(1, len(name)):
        left, right = name[:index], name[index:]
        if right in nodes or right in KNOWN:
            if is_function(left):
                return f", or write {left}({right})"
            if left in nodes or left in KNOWN:
                return f", or write {left} * {right}"
    return ""


def _as_json(expression: str, graph: Graph, wrt: Sequence[Value]) -> dict[str, object]:
    names, fields = graph.labels, ("upstream", "symbol", "partial", "contribution", "before", "after")
    ends = ("node", "operand")
    return {
        "expression": expression,
        "name": graph.label,
        "value": _finite(graph.root.data),
        "gradient": {names[node]: node.grad for node in wrt},
        "nodes": [
            {"name": names[node], "op": node.op, "data": _finite(node.data), "grad": _finite(node.grad)}
            for node in names
        ],
        "steps": [
            {end: names[getattr(step, end)] for end in ends} | {x: _finite(getattr(step, x)) for x in fields}
            for step in backward_steps(graph, wrt)
        ],
    }


def _finite(told: Any) -> Any:
    """What is told, but null for a number that JSON cannot hold: nan, infinity."""
    return None if isinstance(told, float) and not math.isfinite(told) else told
