"""Every page at two widths, light and dark: nothing overflows, nothing is a barrier, nothing goes wrong."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import NARROW, SCHEMES, WIDE, Window, window
from tests.browser.site import OPENED, Seeded

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=[WIDE, NARROW])
async def signed_in(
    request: pytest.FixtureRequest, chromium: Browser, site: Seeded
) -> AsyncIterator[Window]:
    """Give a window of one width that is signed in."""
    async with window(chromium, site.origin, width=request.param) as opened:
        await site.sign_in(opened)
        yield opened


@pytest.mark.parametrize("page", OPENED)
async def test_a_page_has_no_barrier(signed_in: Window, site: Seeded, page: str) -> None:
    signed_in.problems.clear()
    await signed_in.open(site.path(page))
    assert await signed_in.overflow() <= 0
    for scheme in SCHEMES:
        await signed_in.page.emulate_media(color_scheme=scheme)
        assert await signed_in.barriers() == [], scheme
    assert await signed_in.overflow() <= 0  # With all disclosures open.
    assert signed_in.problems == []


@pytest.mark.parametrize("path", ["/signin", "/signin/link/x", "/nothing"])
async def test_no_page_outside_has_a_barrier(chromium: Browser, site: Seeded, path: str) -> None:
    async with window(chromium, site.origin) as opened:
        opened.expected = {403, 404}
        await opened.open(path)
        assert [*await opened.barriers(), *opened.problems] == []


async def test_no_page_runs_what_a_name_holds(chromium: Browser, site: Seeded) -> None:
    ran = []
    async with window(chromium, site.origin) as opened:
        opened.page.on("dialog", lambda dialog: ran.append(dialog.message))
        await site.sign_in(opened)
        for path in site.paths:
            await opened.open(path)
            assert await opened.page.title() != "1", path
            assert await opened.page.locator("main img").count() == 0, path
    assert ran == []


async def test_every_page_works_without_script(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin, width=NARROW, with_script=False) as opened:
        await site.sign_in(opened)
        for path in site.paths:
            answer = await opened.page.goto(f"{site.origin}/console{path}")
            assert answer is not None
            assert answer.status == 200, path
            assert await opened.page.locator(".js-only:visible").count() == 0, path


async def test_every_page_is_french_for_a_french_browser(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin, locale="fr-FR", width=NARROW) as opened:
        await site.sign_in(opened)
        for path in site.paths:
            await opened.open(path)
            assert await opened.page.locator("html").get_attribute("lang") == "fr"
            assert await opened.overflow() <= 0, path
