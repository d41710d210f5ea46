"""Erase a person: everywhere, for ever, and with a receipt."""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import orjson

from eventstore.erase import list_erased
from eventstore.events import Provenance, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.proof.outside_lines import Erased
from eventstore.sealing.sealer import Sealer
from projections.history.search import Search, reached, search
from schema.events.organization import Organization
from schema.events.proof import AuditExported
from schema.events.user import UserErased
from schema.scim.errors import NotFound
from service.callers.caller import Caller
from service.erasure.outside import record_outside
from service.erasure.receipt import Disclosed, Receipt, backups_of
from service.erasure.sessions import end_sessions
from service.erasure.values import checked_reason, find_mentions, read_events, read_names
from service.ids import as_id
from service.proof.outside import OutsideCopy
from service.reads.names import forget_names
from service.reads.sought import find_searches
from service.requests.forget import forget_person
from service.runtime import Runtime
from service.write.commands import EraseUser

EXPORTS_MAX: Final = 200


class Forgetter(Protocol):
    """Removes a person from a table that is no projection's; returns the rows that it changed."""

    def __call__(
        self,
        connection: Connection,
        organization_id: UUID,
        user_id: UUID,
        names: Collection[str],
        *,
        sealer: Sealer,
    ) -> Awaitable[int]:
        """Remove the person."""


# One line for each such table. The projections have theirs in projections/erasure/sweep.py.
FORGETTERS: Final[Mapping[str, Forgetter]] = {
    "service.requests": forget_person,
    "service.console_sessions": end_sessions,
    "service.audit_reads": forget_names,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What an erasure needs to know of the installation."""

    copy: OutsideCopy  # The one outside of the database.
    backup_retention_days: int


async def erase_person(
    runtime: Runtime,
    organization: Organization,
    user_id: UUID,
    *,
    reason: str,
    is_forced: bool,
    provenance: Provenance,
    place: Place,
) -> Receipt:
    """Erase a person: destroy the key, and remove all values from every table. It is safe to erase somebody again.

    Errors: NotFound; Conflict under a legal hold, or if the directory still has the person and it is not forced;
    Conflict for the account of whoever asks; InvalidValue if the reason names the person.
    """
    async with runtime.pool.acquire() as connection:
        events = await existing_events(connection, organization.id, user_id)
        names, parts = await read_names(connection, runtime.sealer, events)
        reason = checked_reason(reason, parts)
        mentions = await find_mentions(connection, runtime.sealer, organization.id, user_id, names)
        searches = await find_searches(connection, runtime.sealer, organization.id, names)
    command = EraseUser(
        organization.id,
        user_id,
        reason,
        is_forced=is_forced,
        names=names,
        mentioned_by=mentions,
        searches=searches,
    )
    caller = Caller(organization, as_id(provenance.actor_id), provenance.source)
    outcome = await runtime.lanes.submit(command, caller, provenance)
    cleared = dict(outcome.cleared or {})
    async with runtime.pool.acquire() as connection:
        for table, forget in FORGETTERS.items():
            count = await forget(connection, organization.id, user_id, names, sealer=runtime.sealer)
            cleared |= {table: count} if count else {}
        events = await read_events(connection, organization.id, user_id)
        disclosed = await find_disclosed(connection, organization.id, events)
    erased = _erased(events)
    is_written = await record_outside(
        place.copy, organization.id, Erased(erased.recorded_at, user_id, erased.position)
    )
    return receipt_of(
        events,
        place,
        cleared=cleared,
        disclosed=disclosed,
        outside_copy="written" if is_written else "late",
    )


async def existing_events(
    connection: Connection, organization_id: UUID, user_id: UUID
) -> list[RecordedEvent]:
    """Return the events of somebody who is or was a user. Errors: NotFound."""
    events = await read_events(connection, organization_id, user_id)
    if not events or not events[0].type.startswith("User"):
        raise NotFound(f"There is no user {user_id}, and there never was one.")
    return events


def receipt_of(
    events: Sequence[RecordedEvent],
    place: Place,
    *,
    cleared: dict[str, int],
    disclosed: Sequence[Disclosed] = (),
    outside_copy: str = "written",
) -> Receipt:
    """Return the receipt of somebody who was erased, from the events of the stream."""
    erased = _erased(events)
    facts = orjson.loads(erased.data)
    return Receipt(
        erased.stream_id,
        f"Erased person {events[0].position}",
        facts["reason"],
        bool(facts.get("forced")),
        erased.position,
        erased.recorded_at,
        erased.actor_id,
        backups_of(erased.recorded_at, place.backup_retention_days),
        cleared,
        disclosed,
        outside_copy,
    )


def was_erased(events: Sequence[RecordedEvent]) -> bool:
    """Return whether somebody whose events these are was erased."""
    return any(each.type == UserErased.__name__ for each in events)


def _erased(events: Sequence[RecordedEvent]) -> RecordedEvent:
    return next(each for each in reversed(events) if each.type == UserErased.__name__)


async def find_disclosed(
    connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent]
) -> list[Disclosed]:
    """Return the exports of the log that may hold the values of a person whose events these are, newest first."""
    exports = await search(
        connection,
        organization_id,
        Search(types=[AuditExported.__name__]),
        order="desc",
        after=None,
        position=await reached(connection, organization_id),
        limit=EXPORTS_MAX,
    )
    positions = [each.position for each in events]
    found = []
    for each in exports:
        facts = each.facts
        first, last = facts.get("fromPosition", 0), facts.get("toPosition", each.position)
        is_shown = facts.get("disclosure", "full") == "full" or facts.get("subjectId") == str(
            events[0].stream_id
        )
        if is_shown and any(first <= position <= last for position in positions):
            found.append(Disclosed(each.position, each.at, str(facts.get("what", "export"))))
    return found


async def find_receipt(
    runtime: Runtime, organization: Organization, user_id: UUID, place: Place
) -> Receipt:
    """Return the receipt of somebody who was erased, as far as the log holds it. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        events = await existing_events(connection, organization.id, user_id)
        if not was_erased(events):
            raise NotFound(f"User {user_id} was not erased.")
        disclosed = await find_disclosed(connection, organization.id, events)
    return receipt_of(events, place, cleared={}, disclosed=disclosed)


@dataclass(frozen=True, slots=True)
class Erasures:
    """A page of who was erased, the last one first."""

    items: Sequence[Receipt]
    has_more: bool


async def list_erasures(
    runtime: Runtime,
    organization: Organization,
    place: Place,
    *,
    before: int | None = None,
    limit: int = 50,
) -> Erasures:
    """Return who was erased, the last one first; of each what the log says."""
    async with runtime.pool.acquire() as connection:
        found = await list_erased(connection, organization.id, before=before, limit=limit + 1)
        items = [
            receipt_of(await read_events(connection, organization.id, each.id), place, cleared={})
            for each in found[:limit]
        ]
    return Erasures(items, len(found) > limit)
