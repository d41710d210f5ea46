"""The console behind a proxy that takes a path prefix off, over https."""

import secrets
from urllib.parse import urlsplit

from tests.console.client import Browser
from tests.serving import make_tenant, started


async def test_every_address_has_the_prefix_and_cookies_are_secure(database_url: str) -> None:
    async with started(database_url, public_url="https://example.com/provisioning/") as served:
        tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(4)}")
        browser = Browser(served)
        shown = await browser.sign_in(tenant.id)
        assert shown.location == "/provisioning/console/"
        [cookie] = [each for each in shown.headers.getall("Set-Cookie") if "Max-Age=0" not in each]
        assert cookie.startswith("__Secure-scim_ledger_session=")
        assert cookie.endswith("; Path=/provisioning/console/; HttpOnly; SameSite=Lax; Secure")
        page = await browser.get("/tokens")
        paths = [urlsplit(href).path for href, _ in page.page.links if not href.startswith("#")]
        paths += [urlsplit(each.action).path for each in page.page.forms]
        assert {each.startswith("/provisioning/console/") for each in paths} == {True}
        fields = page.form("/signout").fields
        wrong = await browser.send("POST", "/signout", fields, Origin="https://evil.example")
        assert wrong.status == 403
        right = await browser.send("POST", "/signout", fields, Origin="https://example.com")
        assert right.location == "/provisioning/console/signin?reason=out"
