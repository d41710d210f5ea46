"""The names that reads of the log searched for and that nobody had: sealed in `AuditRead` under the organization's key.

A later erasure of somebody with such a name takes the names of that event from everybody who reads the log.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

import orjson

from eventstore.erase import list_erasing
from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read import read_at, read_sealed_of_type
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from schema.events.proof import AuditRead
from schema.scim.text import fold

TYPE: Final = AuditRead.__name__
NAMES: Final = "names"
PAGE: Final = 1_000
SHORT: Final = 3  # A name that is not longer is looked for as a whole only.


async def sought_names(
    connection: Connection, sealer: Sealer, organization_id: UUID, positions: Collection[int]
) -> dict[int, Sequence[str]]:
    """Return the names that reads of the log searched for, by position, without those of people who were erased since."""
    if not positions:
        return {}
    events = await read_at(connection, organization_id, positions)
    withheld = await withheld_reads(connection, organization_id)
    shown = [each for each in events if each.position not in withheld and each.sealed is not None]
    opened = await open_personal(connection, sealer, shown)
    return {
        event.position: _names(personal)
        for event, personal in zip(shown, opened, strict=True)
        if personal is not None
    }


async def withheld_reads(connection: Connection, organization_id: UUID) -> frozenset[int]:
    """Return the positions of the reads whose names nobody is shown: they named somebody who was erased."""
    found = [orjson.loads(each) for each in await list_erasing(connection, organization_id)]
    return frozenset(position for facts in found for position in facts.get("searches", ()))


async def find_searches(
    connection: Connection, sealer: Sealer, organization_id: UUID, names: Collection[str]
) -> tuple[int, ...]:
    """Return the positions of the reads that searched for a person, by the folded names that it has or had."""
    found: list[int] = []
    after = 0
    while page := await read_sealed_of_type(
        connection, organization_id, organization_id, TYPE, after=after, limit=PAGE
    ):
        opened = await open_personal(connection, sealer, page)
        found += [each.position for each in _naming(page, opened, names)]
        after = page[-1].version
    return tuple(found)


def _naming(
    events: Sequence[RecordedEvent], opened: Sequence[bytes | None], names: Collection[str]
) -> Iterable[RecordedEvent]:
    for event, personal in zip(events, opened, strict=True):
        if personal is not None and searched_for_person(_names(personal), names):
            yield event


def searched_for_person(sought: Iterable[str], names: Collection[str]) -> bool:
    """Return whether one of the names that were searched for, or a part of it, is one of a person's folded names."""
    folded = [fold(each) for each in sought]
    return any(
        one == name or (min(len(one), len(name)) > SHORT and (name in one or one in name))
        for one in folded
        for name in names
        if name
    )


def _names(personal: bytes) -> Sequence[str]:
    values: Mapping[str, Sequence[str]] = orjson.loads(personal) or {}
    return values.get(NAMES, ())
