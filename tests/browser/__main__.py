"""Takes the screenshots of docs/console: `python -m tests.browser [PATH …]`, of all pages or of those that begin so."""

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import asyncpg
import uvloop

from service.database.embedded import postgres as embedded
from service.database.migrate import migrate
from tests.browser.chromium import NARROW, WIDE, Scheme, running_chromium, window
from tests.browser.site import OPENED, seed
from tests.conftest import UNSAFE, fix_name_key, in_database
from tests.serving import make_tenant, started

FOLDER: Final = Path(__file__).parents[2] / "docs" / "console"
LOOKS: Final[tuple[tuple[int, Scheme], ...]] = (
    (WIDE, "light"),
    (WIDE, "dark"),
    (NARROW, "light"),
    (NARROW, "dark"),
)
DARK: Final = (
    "/",
    "/tokens",
    "/audit",
    "/cycles/{id}",
    "/guard/{id}",
    "/operations",
)  # Pages that are also shown dark.


async def take(wanted: list[str]) -> None:
    """Take screenshots of the pages that begin with one of some paths; of all if none is named."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - under root, the server runs under another account.
        server = await asyncio.to_thread(embedded.start, Path(folder) / "data", settings=UNSAFE)
        try:
            owner = await asyncpg.connect(server.dsn)
            await owner.execute("CREATE DATABASE shown")
            await owner.close()
            dsn = in_database(server.dsn, "shown")
            await migrate(dsn)
            await fix_name_key(dsn)
            await _take(dsn, wanted)
        finally:
            await asyncio.to_thread(server.stop)


async def _take(dsn: str, wanted: list[str]) -> None:
    async with running_chromium() as browser, started(dsn) as served:
        site = await seed(served, await make_tenant(served.runtime, "Contoso"), is_hostile=False)
        for width, scheme in LOOKS:
            async with window(browser, site.origin, width=width, scheme=scheme) as opened:
                await site.sign_in(opened)
                for page in OPENED:
                    if (wanted and page not in wanted) or (scheme == "dark" and page not in DARK):
                        continue
                    await opened.open(site.path(page))
                    named = re.sub(r"/{\w+}", "", page).strip("/").replace("/", "-")
                    name = f"{named}-ask" if page.endswith("{kind}") else named or "overview"
                    look = f"{width}-dark" if scheme == "dark" else str(width)
                    kind = "-one" if page.endswith(("{id}", "{name}", "{projection}")) else ""
                    file = FOLDER / f"{name}{kind}-{look}.png"
                    await opened.page.screenshot(path=file, full_page=True, scale="css")
                    print(file.name)  # noqa: T201 - a command.


if __name__ == "__main__":
    uvloop.run(take(sys.argv[1:]))
