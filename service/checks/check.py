"""Goes through everything that the service needs; each finding says what to mend."""

from collections.abc import AsyncIterator

from service.checks.database import Explain, check_database
from service.checks.findings import Finding, problem
from service.checks.front import check_front
from service.checks.machine import check_machine
from service.config import Settings
from service.runtime import open_database


async def check(
    settings: Settings, explain: Explain, expected: tuple[type[Exception], ...]
) -> AsyncIterator[Finding]:
    """Yield the findings. An error that is expected becomes one; `explain` makes its line."""
    for each in check_machine(settings):
        yield each
    try:
        async with open_database(settings, may_make=False) as logins:
            async for each in check_database(logins, settings, explain):
                yield each
    except expected as error:
        yield problem("database", explain(error))
    async for each in check_front(settings):
        yield each
