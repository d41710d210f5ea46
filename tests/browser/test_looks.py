"""Every page printed, at 200 %, and in forced colours: nothing is cut, nothing is lost."""

from typing import Any, Final

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import WIDE, Window, window
from tests.browser.site import Seeded

pytestmark = pytest.mark.browser

ZOOMED: Final = WIDE // 2  # What a window of 1280 pixels has at 200 %, in CSS pixels.
PAPER: Final = 688  # The width of A4 without its margins, in CSS pixels.
# What only a screen can use.
ON_SCREEN: Final = ".side, .phone-bar, .filters, .tabs, .pager .btn, .skip, main .actions"
# Elements with text of their own, each as (text, its colour, the colour behind it).
UNREADABLE: Final = """() => {
  const behind = each => {
    for (let at = each; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const own = each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll('*')]
    .filter(each => own(each) && !each.closest('svg') && each.checkVisibility())
    .map(each => [each.textContent.trim().slice(0, 60), getComputedStyle(each).color, behind(each)])
    .filter(([, colour, back]) => colour === back);
}"""
# Controls without a border or an outline: in forced colours, nothing else shows where they are.
BARE: Final = """() => [...document.querySelectorAll('a.btn, button.btn, input.input, select.input, textarea')]
    .filter(each => each.checkVisibility())
    .filter(each => ['none', 'hidden'].includes(getComputedStyle(each).borderTopStyle))
    .map(each => each.outerHTML.slice(0, 120))"""
# What is wider than the paper: print cuts it off, and no reader can scroll there.
CUT: Final = """() => [...document.querySelectorAll('main *')]
    .filter(each => each.checkVisibility() && !each.closest('svg'))
    .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(each => each.outerHTML.slice(0, 120))"""


async def found(opened: Window, script: str) -> list[Any]:
    """Return what a script finds on a page."""
    result: list[Any] = await opened.page.evaluate(script)
    return result


async def test_no_page_scrolls_sideways_at_200_per_cent(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin, width=ZOOMED) as opened:
        await site.sign_in(opened)
        for path in site.paths:
            await opened.open(path)
            assert await opened.overflow() <= 0, path
            assert await opened.page.locator("main h1").first.is_visible(), path
        assert opened.problems == []


async def test_a_printed_page_has_its_content_and_no_controls(
    chromium: Browser, site: Seeded
) -> None:
    problems = []
    async with window(chromium, site.origin, width=PAPER, scheme="dark") as opened:
        await site.sign_in(opened)
        await opened.page.emulate_media(media="print")
        for path in site.paths:
            await opened.open(path)
            assert await opened.page.locator("main h1").first.is_visible(), path
            assert await opened.page.locator(ON_SCREEN).locator("visible=true").count() == 0, path
            problems += [(path, *each) for each in await found(opened, UNREADABLE)]
            problems += [(path, each) for each in (await found(opened, CUT))[:3]]
            paper = await opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert paper in {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}, path
        assert problems == []


async def test_a_page_in_forced_colours_keeps_its_controls(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await site.sign_in(opened)
        await opened.page.emulate_media(forced_colors="active")
        assert await opened.page.evaluate("matchMedia('(forced-colors: active)').matches")
        for path in site.paths:
            await opened.open(path)
            assert await found(opened, UNREADABLE) == [], path
            assert await found(opened, BARE) == [], path
            assert await opened.overflow() <= 0, path
        assert opened.problems == []
