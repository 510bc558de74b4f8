"""JavaScript in Chromium beside machine code called from Python: value and gradient of one example of a network."""

from __future__ import annotations

import functools
import json
import random
import shutil
from collections.abc import Callable
from typing import Any

from peers import print_table, shortest

from autograd import Value, compile
from autograd.compiler.backends.llvm import has_llvm
from nn import MLP

REPEATS = 100
NETWORKS = ([2, 16, 16, 1], [2, 64, 64, 1], [784, 32, 10, 1])
TIMED = """([text, numbers, parameters, count]) => {
  const script = document.createElement("script");
  script.textContent = `window.f = (${text})`;
  document.head.append(script);
  let best = Infinity;
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    for (let k = 0; k < count; k++) window.f(...numbers, parameters);
    best = Math.min(best, performance.now() - start);
  }
  return best * 1000 / count;
}"""


def in_chromium(calls: list[list[Any]]) -> list[float]:
    """Microseconds of each call: the text, the numbers, the parameters, how often."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        found = [browser.new_page().evaluate(TIMED, call) for call in calls]
        browser.close()
    return found


def repeated(f: Callable[..., Any], numbers: list[float]) -> None:
    """A call, many times."""
    for _ in range(REPEATS):
        f(*numbers)


def main() -> None:
    rows, programs, calls = [], [], []
    for sizes in NETWORKS:
        for activation in ("relu", "tanh"):
            model = MLP(sizes[0], sizes[1:], activation=activation, rng=random.Random(1))
            inputs, target = [Value(0.3 + 0.01 * i) for i in range(sizes[0])], Value(0.5)
            f = compile((model(inputs) - target) ** 2, [*inputs, target], model.parameters())
            numbers = [x.data for x in (*inputs, target)]
            programs.append((f"{'-'.join(map(str, sizes))}, {activation}", f, numbers))
            count = 10_000 if len(f.parameters) < 1_000 else 500
            calls.append([str.__str__(f.javascript), numbers, [w.data for w in f.parameters], count])
    try:
        times = in_chromium(calls)
    except ImportError:
        print("JavaScript is left out: playwright is not installed")
        return
    for (name, f, numbers), time, (text, *_) in zip(programs, times, calls, strict=True):
        ours = shortest({"": functools.partial(repeated, f, numbers)}, rounds=10)[""] * 1e6 / REPEATS
        size = len(json.dumps(text)) / 1000
        rows.append([name, f"{size:.0f}", f"{time:.2f}", f"{ours:.2f}", f"{time / ours:.2f}"])
    way = "machine code" if has_llvm() else "Python"
    header = ["network, squared error", "text kB", "JavaScript µs", f"{way}, called from Python, µs", "ratio"]
    print_table("value and all derivatives of one example (shortest)", header, rows)


if __name__ == "__main__":
    main()
