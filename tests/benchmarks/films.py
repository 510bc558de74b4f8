"""The pages in Chromium: how soon they are there, how quickly numbers follow a finger, how fast one trains; and what a
film costs `fit`."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from typing import Any

from peers import print_table

from autograd import Value, sin, walk
from nn import MLP, datasets, fit, optim

NETWORKS = ([8, 8, 1], [16, 16, 1], [64, 64, 1])
EPOCHS = 100


def trained(sizes: list[int], film: bool) -> tuple[Any, float]:
    """The history of a training on the moons, and the seconds it took."""
    X, y = datasets.moons(100, noise=0.1, seed=1)
    model = MLP(2, sizes, activation="tanh", rng=random.Random(3))
    adam = optim.Adam(model.parameters(), lr=0.03)
    start = time.process_time()
    options: dict[str, Any] = {"loss": "binary_cross_entropy_with_logits", "compiled": True, "progress": False}
    history = fit(model, X, y, optimizer=adam, epochs=EPOCHS, film=film, **options)
    return history, time.process_time() - start


def graphs() -> dict[str, Value]:
    """Graphs of up to 200 nodes, and one that is folded."""
    x = Value(0.3, "x")
    chain = x
    for _ in range(199):
        chain = sin(chain)
    inputs = [Value(0.5, "x1"), Value(-0.25, "x2")]
    networks = {
        f"2-{'-'.join(map(str, sizes))}": MLP(2, sizes, activation="tanh", rng=random.Random(1))(inputs)
        for sizes in ([4, 1], [8, 10, 1], [16, 16, 1])
    }
    return {"chain": chain} | networks


def dragged(browser: Any, folder: str) -> list[list[str]]:
    """A row for each graph: its nodes, its page, and the time from a number that is dragged to a picture laid out."""
    rows = []
    follow = """async () => { const times = [];
      for (let count = 0; count < 60; count++) {
        const start = performance.now();
        change(leaves[0], numbers[leaves[0]] + 0.001);
        refresh(true);  // what the next picture would do
        document.body.offsetHeight;
        times.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
      }
      return times.sort((a, b) => a - b)[30]; }"""
    for name, y in graphs().items():
        file = os.path.join(folder, "steps.html")
        walk(y).save(file)
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(f"file://{file}")
        loaded = tab.evaluate("performance.now()") / 1000
        tab.keyboard.press("End")
        took = min(tab.evaluate(follow) for _ in range(3))
        count = tab.evaluate("nodes.length")
        rows.append([name, f"{count}", f"{os.path.getsize(file) / 1000:.0f}", f"{loaded:.2f}", f"{took:.1f}"])
        tab.close()
    return rows


def main() -> None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("the page of a training is left out: playwright is not installed")
        return
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for sizes in NETWORKS:
            without = min(trained(sizes, False)[1] for _ in range(3))
            took = min(trained(sizes, True)[1] for _ in range(3))
            file = os.path.join(folder, "film.html")
            trained(sizes, True)[0].film.save(file)
            loads = []
            for _ in range(3):
                tab = browser.new_page()
                tab.goto(f"file://{file}")
                tab.wait_for_function("() => document.documentElement.dataset.drawn !== undefined")
                loads.append(tab.evaluate("() => performance.now()") / 1000)
            epochs = "() => { const start = performance.now(); trainer.train(200); return (performance.now() - start) / 200; }"
            epoch = min(tab.evaluate(epochs) for _ in range(3))
            size = os.path.getsize(file) / 1000
            name = "-".join(map(str, [2, *sizes]))
            rows.append([name, f"{size:.0f}", f"{min(loads):.2f}", f"{epoch:.2f}", f"{took / without:.2f}"])
        steps = dragged(browser, folder)
        browser.close()
    header = ["network, tanh", "page kB", "seconds until drawn", "ms an epoch", "fit with film / without"]
    print_table(
        "the page of a backward pass, while a number is dragged (60 pictures a second: 16.7 ms)",
        ["graph", "nodes", "page kB", "seconds until there", "ms a picture (median)"],
        steps,
    )
    print_table("the page of a training, 100 moons, 100 epochs, Adam (shortest of three)", header, rows)


if __name__ == "__main__":
    main()
