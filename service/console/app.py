"""Puts the console together: its pool of connections, its pages, its static files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from service.config import Settings
from service.console.framework.answers import redirect
from service.console.framework.links import Links
from service.console.framework.page import PREFIX, Page
from service.console.framework.parts import CONSOLE, ConsoleParts
from service.console.framework.serve import handler
from service.console.framework.static import serve_static
from service.console.pages.operations.status import Rates
from service.console.pages.operations.works import Works
from service.console.pages.overview_facts import DayCounts, waiting
from service.console.routes import PAGES, REST
from service.console.sessions.cookies import Cookies
from service.console.sessions.oidc import Oidc
from service.database.pool import close_pool, open_pool
from service.http.parts import SERVICE
from service.runtime import Runtime

CONNECTIONS_MIN: Final = 2


def add_console(app: web.Application, settings: Settings) -> None:
    """Add all pages."""
    links = Links.of(settings.public_url)

    async def to_home(_request: web.Request) -> web.StreamResponse:
        return redirect(links.home, status=308)

    app.router.add_get(PREFIX, to_home)
    app.router.add_get(f"{PREFIX}/static/{{name}}", serve_static)
    for page in (*PAGES, REST):
        add_page(app, page)


def add_page(app: web.Application, page: Page) -> None:
    """Add a page. HEAD is not served: it would use a one-time link up."""
    app.router.add_route(page.method, PREFIX + page.path, handler(page))


@asynccontextmanager
async def console_running(
    app: web.Application, runtime: Runtime, settings: Settings
) -> AsyncIterator[None]:
    """Give the console its own connections for the duration of the block. It opens them as it needs them."""
    size_max = max(CONNECTIONS_MIN, settings.pool_size_max // 4)
    pool = await open_pool(runtime.login, settings, size_min=0, size_max=size_max)
    works = Works(settings)
    links = Links.of(settings.public_url)
    is_secure = urlsplit(settings.public_url or "").scheme == "https"
    app[CONSOLE] = ConsoleParts(
        service=app[SERVICE],
        runtime=replace(runtime, pool=pool),
        links=links,
        cookies=Cookies(links.home, is_secure),
        oidc=Oidc.of(settings),
        extras={"days": DayCounts(), "counts": waiting, "works": works, "rates": Rates()},
        served=frozenset(each.path for each in PAGES if each.method == "GET"),
    )
    try:
        yield
    finally:
        await works.close()
        await close_pool(pool)
