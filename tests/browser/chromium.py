"""Finds a Chromium and opens windows in it. Playwright drives it, and brings none."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDE, NARROW = 1280, 390
HEIGHT: Final = 900
WCAG: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")


def find_chromium() -> str | None:
    """Return the path of a Chromium: that of SCIM_LEDGER_TEST_CHROMIUM, else one of the system; None if there is none."""
    named = os.environ.get("SCIM_LEDGER_TEST_CHROMIUM")
    return named or next((path for each in NAMES if (path := shutil.which(each))), None)


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Run a Chromium for the duration of the block."""
    path = find_chromium()
    assert path is not None, "There is no Chromium."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Window:
    """A window on the console. What its pages ask of other hosts and what goes wrong in them is noted."""

    page: Page
    origin: str
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)  # Statuses that are no problem.

    def watch(self) -> None:
        """Begin to note."""
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        is_expected = any(f"status of {each} " in message.text for each in self.expected)
        if message.type in {"error", "warning"} and not is_expected:
            self.problems.append(f"{message.type}: {message.text}")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.problems.append(f"asked another host: {request.url}")

    async def open(self, path: str) -> None:
        """Open an address of the console."""
        await self.page.goto(f"{self.origin}/console{path}", wait_until="load")

    async def barriers(self) -> list[str]:
        """Return what axe finds, with all disclosures open: the rule and where it is broken."""
        await self.page.evaluate(
            "document.querySelectorAll('main details').forEach(each => { each.open = true; })"
        )
        await self.page.evaluate(axe())
        found: Any = await self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
            WCAG,
        )
        return [
            f"{each['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    async def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        wider: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


@cache
def axe() -> str:
    """Return axe-core."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


@asynccontextmanager
async def window(
    browser: Browser,
    origin: str,
    *,
    width: int = WIDE,
    scheme: Scheme = "light",
    with_script: bool = True,
    locale: str = "en-GB",
) -> AsyncIterator[Window]:
    """Open a window of its own: no cookie, no cache of another."""
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        java_script_enabled=with_script,
        locale=locale,
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
    )
    made = Window(await context.new_page(), origin)
    made.watch()
    try:
        yield made
    finally:
        await context.close()
