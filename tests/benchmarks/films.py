"""The page of a training in Chromium: its size, how soon it is there, how fast it trains, and what a film costs `fit`."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from typing import Any

from peers import print_table

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
        browser.close()
    header = ["network, tanh", "page kB", "seconds until drawn", "ms an epoch", "fit with film / without"]
    print_table("the page of a training, 100 moons, 100 epochs, Adam (shortest of three)", header, rows)


if __name__ == "__main__":
    main()
