"""Value and gradient of an MLP 2-n-n-1 at every width and number of rows, against C, NumPy, PyTorch and JAX.

    python tests/benchmarks/widths.py [--quick] [--widths 16,64] [--rows 1,100] [--peers C,NumPy]
                                      [--init uniform] [--markdown] [--json FILE]

The network has relu and a hinge loss, summed over the points; its weights are Xavier's, so that the points count alike at
every width. Our time is that of `f.over(rows)`, with the parameters as the user has them; that of our machine code alone
stands beside it, which is what the calls of C amount to. The other columns are times divided by that of `f.over`: above
1 ours is faster. GFLOP/s count the products and sums of the layers, and the peak is the most that a loop of nothing else
reaches in the same rounds. Before a time counts, all gradients are compared.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

from networks import (
    Setting,
    assert_equal_gradients,
    c,
    jax_jit,
    machine_peak,
    numpy_by_hand,
    our_kernel,
    our_single_call,
    ours,
    pytorch,
    with_peers,
)
from peers import print_markdown, print_table, shortest

from autograd.compiler.backends.llvm import has_llvm

WIDTHS, ROWS = (4, 8, 16, 32, 64, 128, 256, 512), (1, 10, 100, 1_000, 10_000)
MANY = {4: 100_000, 16: 100_000, 64: 100_000}  # rows, at these widths
OURS, KERNEL, PEAK = "f.over", "kernel alone", "peak"
SINGLE = {  # where there is one row
    "f(x1, x2, y)": (our_single_call, "llvmlite"),
    "its kernel alone": (lambda s: our_kernel(s, purpose="one"), "llvmlite"),
}
PEERS = {
    OURS: (lambda s: ours(s, "llvm"), "llvmlite"),
    KERNEL: (our_kernel, "llvmlite"),
    "C, point by point": (lambda s: c(s, "plain"), "a C compiler (cc)"),
    "C, eight at a time": (lambda s: c(s, "blocks"), "a C compiler (cc)"),
    "C, in tiles": (lambda s: c(s, "tiled"), "a C compiler (cc)"),
    "NumPy": (numpy_by_hand, "numpy"),
    "PyTorch": (pytorch, "torch"),
    "JAX": (jax_jit, "jax"),
}

OTHERS = [name for name in PEERS if name not in (OURS, KERNEL)]


def operations(width: int, count: int) -> int:
    """The products and sums of the layers, forward and back: each weight takes part in three, but the first layer's in two."""
    return 2 * (3 * width * width + 7 * width) * count


def cell(width: int, count: int, names: list[str], init: str, rounds: int, told: set[str]) -> dict[str, Any]:
    """Seconds of each peer, and the operations a second at the peak."""
    found = with_peers(
        Setting(width, count, init=init), {name: PEERS[name] for name in names} | (SINGLE if count == 1 else {}), told
    )
    assert_equal_gradients(found)
    calls: dict[str, Any] = {name: peer.call for name, peer in found.items()}
    peak = machine_peak()
    if peak:
        calls[PEAK] = peak[0]
    times = shortest(calls, rounds)
    most = peak[1] / times.pop(PEAK) if peak else math.nan
    return {"init": init, "rows": count, "width": width, "seconds": times, "peak": most}


def legible(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.3g}"


def table(cells: list[dict[str, Any]], peak: float, show: Any) -> None:
    """The widths at one number of rows."""
    names = [name for name in cells[0]["seconds"] if name not in (OURS, KERNEL)]
    rows = []
    for one in cells:
        times = one["seconds"]
        speeds = {name: operations(one["width"], one["rows"]) / times[name] for name in (OURS, KERNEL)}
        own = [(f"{times[name] * 1e6:,.1f}", f"{speed / peak:.0%}") for name, speed in speeds.items()]
        ratios = [legible(times[name] / times[OURS]) for name in names]
        rows.append([str(one["width"]), *own[0], f"{speeds[OURS] / 1e9:.1f}", *own[1], *ratios])
    count, init = cells[0]["rows"], cells[0]["init"]
    title = (
        f"{count:,} row{'' if count == 1 else 's'}, weights {init}: µs of ours, and the others' times by that of f.over"
    )
    show(title, ["width", f"{OURS} µs", "of peak", "GFLOP/s", f"{KERNEL} µs", "of peak", *names], rows)


def print_losses(cells: list[dict[str, Any]]) -> None:
    """The cells where another is faster."""
    for ours_, start in ((OURS, ""), (KERNEL, "C,")):
        print(f"\nwhere others are faster than our {ours_}:")
        for one in cells:
            times = one["seconds"]
            others = {n: t / times[ours_] for n, t in times.items() if n in OTHERS and n.startswith(start)}
            found = "; ".join(f"{name} {ratio:.2f}" for name, ratio in others.items() if ratio < 1)
            if found:
                print(f"  {one['rows']:,} x {one['width']}, {one['init']}: {found}")


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    show = print_markdown if arguments.markdown else print_table
    told: set[str] = set()
    cells = {}
    for width in arguments.widths:  # what is compiled for a width serves all numbers of rows
        for count in arguments.rows or [*ROWS, *([MANY[width]] if width in MANY else [])]:
            if sys.stderr.isatty():
                print(f"\r{width} x {count}  ", end="", file=sys.stderr)
            cells[width, count] = cell(width, count, arguments.peers, arguments.init, arguments.rounds, told)
    if arguments.init != "uniform" and 100 in (arguments.rows or ROWS):
        for width in sorted({32, 64} & {*arguments.widths}):
            cells[width, "uniform"] = cell(width, 100, arguments.peers, "uniform", arguments.rounds, told)
    peak = max(one["peak"] for one in cells.values())
    print(f"\npeak: {peak / 1e9:.1f} GFLOP/s")
    for init in dict.fromkeys([arguments.init, "uniform"]):
        for count in sorted({one["rows"] for one in cells.values() if one["init"] == init}):
            table([one for one in cells.values() if (one["rows"], one["init"]) == (count, init)], peak, show)
    print_losses([*cells.values()])
    return [*cells.values()]


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.replace("_", "").split(",")]


def chosen(text: str) -> list[str]:
    """Our own, and the peers whose names begin so."""
    starts = [start.strip() for start in text.split(",")]
    for start in starts:
        if not any(name.startswith(start) for name in PEERS):
            raise argparse.ArgumentTypeError(f"no peer's name begins with {start!r}: {'; '.join(PEERS)}")
    return [name for name in PEERS if name in (OURS, KERNEL) or any(name.startswith(start) for start in starts)]


def main(given: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=numbers, default=WIDTHS)
    parser.add_argument("--rows", type=numbers, default=None, help="default: 1 to 10,000, and 100,000 at some widths")
    parser.add_argument("--peers", type=chosen, default=[*PEERS], help="those whose names begin so; default: all")
    parser.add_argument("--init", default="xavier", help="how the weights begin; xavier")
    parser.add_argument("--quick", action="store_true", help="fewer widths, rows and rounds")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="where all seconds go, too")
    arguments = parser.parse_args(given)
    arguments.rounds = 5 if arguments.quick else 13
    if arguments.quick:
        arguments.widths = (4, 16, 32, 64, 256) if arguments.widths is WIDTHS else arguments.widths
        arguments.rows = arguments.rows or [1, 10, 100, 1_000]
    if not has_llvm():
        print("\nthe widths are left out: llvmlite is not installed")
        return
    cells = measure(arguments)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(cells, file, indent=1)


if __name__ == "__main__":
    main()
