"""A token in a browser: it is made by keyboard, shown once, and nothing of it stays."""

import re
from contextlib import suppress

import pytest
from playwright.async_api import Browser, Error, expect

from tests.browser.chromium import window
from tests.browser.site import Seeded

pytestmark = pytest.mark.browser
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


async def test_a_token_is_made_by_keyboard_alone(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await site.sign_in(opened)
        await opened.open("/tokens")
        page = opened.page
        await page.keyboard.press("Tab")
        await expect(page.locator(":focus")).to_have_class("skip")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator(":focus")).to_have_text("Create token")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/tokens/new$"))
        await page.locator("#label").focus()
        await page.keyboard.type("by keyboard")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Token “by keyboard” created")
        assert JWT.fullmatch(await page.locator("#token").input_value())
        assert opened.problems == []


async def test_nothing_of_a_token_stays_in_the_browser(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await site.sign_in(opened)
        page = opened.page
        await opened.open("/tokens/new")
        await page.fill("#label", "passing")
        await page.click("main button[type=submit]")
        token = await page.locator("#token").input_value()
        assert token not in page.url
        await page.check("[name=stored]")
        await page.click("text=Finish")
        await expect(page).to_have_url(re.compile("/tokens$"))
        assert token not in await page.content()
        with suppress(
            Error
        ):  # The browser kept nothing, and will not send the form again by itself.
            await page.go_back()
        await page.wait_for_timeout(500)
        assert token not in await page.content()
        await opened.open("/tokens")  # A page of the browser's own may not be asked what is stored.
        stored = await page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
        )
        assert token not in stored
        opened.expected = {409}


async def test_a_reload_makes_no_second_token(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await site.sign_in(opened)
        page = opened.page
        await opened.open("/tokens/new")
        await page.fill("#label", "reloaded")
        await page.click("main button[type=submit]")
        await page.reload()
        await expect(page.locator("h1")).to_have_text("This has been shown already")
        await opened.open("/tokens?q=reloaded")
        assert await page.locator("tbody tr").count() == 1


async def test_a_copy_button_copies(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await site.sign_in(opened)
        await opened.open("/organization/settings")
        await opened.page.click("[data-copy=organization-id]")
        await expect(opened.page.locator("[data-copy=organization-id]")).to_contain_text("Copied")
        copied = await opened.page.evaluate("navigator.clipboard.readText()")
        assert copied == str(site.tenant.id)


async def test_the_zone_of_the_browser_is_used(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await site.sign_in(opened)
        await opened.open("/tokens")
        await expect(opened.page.locator("footer")).to_contain_text("Times in Europe/Paris")


async def test_no_other_site_can_frame_a_page(chromium: Browser, site: Seeded) -> None:
    async with window(chromium, site.origin) as opened:
        await site.sign_in(opened)
        await opened.page.set_content(f'<iframe src="{site.origin}/console/tokens"></iframe>')
        await opened.page.wait_for_timeout(500)
        texts = [await each.content() for each in opened.page.frames[1:]]
        assert not any("Token Management" in each for each in texts)
