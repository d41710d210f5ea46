"""Checks of a rebuild: what was caught up is folded anew and compared, before the swap and after it."""

from collections.abc import Mapping
from uuid import UUID

import structlog

from eventstore.streams import read_tails
from projections.rebuild_site import Hands, Site
from projections.verify import Comparison

SHOWN_MAX = 20

log = structlog.get_logger()


class NotAsLogged(Exception):
    """The new tables are not as the log says, and do not serve. This is a bug: report it."""


class ServesNotAsLogged(Exception):
    """The tables that serve now are not as the log says: roll back, then report it."""


async def check_caught_up(
    site: Site, hands: Hands, *, since: Mapping[UUID, int], now: Mapping[UUID, int]
) -> None:
    """Compare the streams that changed since the load, in tables that nobody writes. Errors: NotAsLogged."""
    if await differs(site, hands, site.projection.next, since=since, now=now):
        raise NotAsLogged(NotAsLogged.__doc__)


async def check_served(site: Site, hands: Hands, *, since: Mapping[UUID, int]) -> None:
    """Compare the streams that changed since, in the tables that serve. Errors: ServesNotAsLogged."""
    async with hands.tables.transaction(isolation="repeatable_read", readonly=True):
        now = await read_tails(hands.tables)
        if await differs(site, hands, site.projection.name, since=since, now=now):
            raise ServesNotAsLogged(ServesNotAsLogged.__doc__)


async def differs(
    site: Site,
    hands: Hands,
    schema: str,
    *,
    since: Mapping[UUID, int],
    now: Mapping[UUID, int],
) -> bool:
    """Tell whether rows of the streams that changed between two points differ, and log which."""
    comparison = Comparison(hands.tables, hands.log, site.sealer, schema)
    differences = [
        difference
        for organization_id, position in now.items()
        if position > since.get(organization_id, 0)
        async for compared in comparison.compare_touched(
            organization_id, after=since.get(organization_id, 0), position=position
        )
        for difference in compared.differences
    ]
    for each in differences[:SHOWN_MAX]:
        log.error(
            "row_not_as_logged",
            schema=schema,
            table=each.table,
            key=each.key,
            kind=each.kind,
            columns=each.columns,
            positions=[position for position, _ in each.events],
        )
    return bool(differences)
