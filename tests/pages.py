"""Pages in a real browser, and what they say and ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograd import Value, walk


class Tab:
    """A page in the browser, and what it said and asked for."""

    def __init__(self, browser: Any, path: Path, width: int, after: str = "", **options: Any) -> None:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        self.tab = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.address = path.as_uri()
        self.tab.goto(self.address + after)


class Page(Tab):
    """A page of the film in the browser, and what it said and asked for."""

    def __init__(
        self,
        browser: Any,
        y: Value,
        folder: Path,
        width: int = 1200,
        script: bool = True,
        lr: float | None = None,
        digits: int = 4,
    ) -> None:
        path = folder / "steps.html"
        walk(y, lr=lr, digits=digits).save(path)
        super().__init__(browser, path, width, java_script_enabled=script)

    def text(self) -> str:
        return str(self.tab.inner_text("#line .hidden"))

    def lit(self) -> list[str]:
        return list(self.tab.eval_on_selector_all(".edge.lit", "all => all.map(one => one.id)"))

    def adjoints(self) -> list[str]:
        return list(self.tab.eval_on_selector_all("tbody td:nth-child(3)", "all => all.map(one => one.textContent)"))

    def overflow(self) -> int:
        return int(self.tab.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def data(self) -> list[str]:
        return list(self.tab.eval_on_selector_all("tbody td:nth-child(2)", "all => all.map(one => one.textContent)"))

    def numbers(self, kind: str) -> list[str]:
        """What the boxes of the picture show as data, or as grad; "" where that is hidden."""
        script = """(all, kind) => all.map(one => one.querySelector(`.${kind}`)).map(text =>
            text && getComputedStyle(text).visibility === "visible" ? text.textContent.replace(`${kind} `, "").replace("−", "-") : "")"""
        return list(self.tab.eval_on_selector_all("#graph .node[id^=node]", script, kind))

    def drag(self, leaf: int, number: float) -> None:
        """Set the slider of a leaf, the n-th of the page."""
        self.tab.locator("#leaves input[type=range]").nth(leaf).fill(str(number))
        self.rest()

    def rest(self) -> None:
        """Wait until what is out of sight is written, too."""
        self.tab.evaluate(
            "new Promise(done => (function look() { isWaiting || resting ? requestAnimationFrame(look) : done(); })())"
        )
