"""Say at once when the tests would run against another package called autograd; let each test find the table as it was.

Some tests drive a real browser.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

import nn  # noqa: F401 - raises the clear error
from autograd.table.rules import ROWS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")  # while it runs, no other event loop can
def chromium() -> Iterator[Any]:
    """A browser, started once for a file of tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium was found on the PATH: install it to test the page in a browser")
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """The browser, whose pages are closed after each test: one that plays would go on."""
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.fixture(autouse=True)
def table_as_it_was() -> Iterator[None]:
    """A test may add rows to the table of derivatives: the next one does not see them."""
    before = dict(ROWS)
    yield
    ROWS.clear()
    ROWS.update(before)
