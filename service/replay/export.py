"""Export a part of the log as a file: in pieces, so that memory does not grow with it."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

import orjson

from projections.history.read import groups_at
from projections.history.search import Search, reached
from schema.events.organization import ROLE_NAMES, Organization
from service.replay.answers import NamedHolder, Page, role_holders, search_events
from service.replay.documents import EVENT_COLUMNS, csv_text, event_document, flat_event
from service.replay.subjects import read_subjects
from service.runtime import Runtime

Format = Literal["ndjson", "csv"]
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}
PAGE: Final = 500
ACCESS_COLUMNS: Final = (
    *("userName", "displayName", "role", "active", "since", "groups", "position", "id"),
)
Row = Mapping[str, Any]
Report = Callable[[int, int], None]  # Takes the rows that were written, and the position reached.


@dataclass(slots=True)
class Written:
    """What was written so far: how many rows, up to which position, and the digest of all bytes."""

    position: int  # Of the log, at which the export was computed.
    count: int = 0
    last: int = (
        0  # The position of the last event that was written: a later export can go on after it.
    )
    sha256: Any = field(default_factory=hashlib.sha256)

    def piece(self, data: bytes) -> bytes:
        """Count a piece into the digest, and return it."""
        self.sha256.update(data)
        return data

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all bytes, in hexadecimal; the trailer is not among them."""
        return str(self.sha256.hexdigest())


async def begin(runtime: Runtime, organization: Organization) -> Written:
    """Return the beginning of an export: it holds nothing that happens later."""
    async with runtime.pool.acquire() as connection:
        return Written(await reached(connection, organization.id))


async def export_events(  # noqa: PLR0917 - whose events, which, in which form, counted where.
    runtime: Runtime,
    organization: Organization,
    wanted: Search,
    form: Format,
    written: Written,
    *,
    after: int = 0,
) -> AsyncIterator[bytes]:
    """Yield the events that match, oldest first, after a position. `written` counts them."""
    if form == "csv":
        yield written.piece(csv_text((), EVENT_COLUMNS).encode())
    has_more, last = True, after
    while has_more:
        page = Page("asc", last, written.position, PAGE)
        found = await search_events(runtime, organization, wanted, page)
        if found.events:
            rows = flat_event if form == "csv" else event_document
            yield written.piece(_piece(map(rows, found.events), form, EVENT_COLUMNS))
            last = found.events[-1].position
            written.count, written.last = written.count + len(found.events), last
        has_more = found.has_more
    if form == "ndjson":
        yield trailer(written)


async def export_access(
    runtime: Runtime,
    organization: Organization,
    form: Format,
    written: Written,
    *,
    position: int | None = None,
) -> AsyncIterator[bytes]:
    """Yield who had which access at a position of the log: role, state and groups. `written` counts the people."""
    position = written.position if position is None else position
    if form == "csv":
        yield written.piece(csv_text((), ACCESS_COLUMNS).encode())
    async for rows in access_rows(runtime, organization, position):
        yield written.piece(_piece(rows, form, ACCESS_COLUMNS))
        written.count += len(rows)
    written.last = position
    if form == "ndjson":
        yield trailer(written)


async def access_rows(
    runtime: Runtime, organization: Organization, position: int
) -> AsyncIterator[Sequence[Row]]:
    """Yield who had which access at a position, by role, in pages."""
    for name in ROLE_NAMES:
        after: UUID | None = None
        while True:
            page = await role_holders(
                runtime,
                organization,
                organization.roles[name],
                position=position,
                after=after,
                limit=PAGE,
            )
            if page.items:
                yield await _with_groups(runtime, organization, name, page.items, position)
            if not page.has_more:
                break
            after = page.items[-1].holder.user_id


async def _with_groups(  # noqa: PLR0917 - whose, at which position.
    runtime: Runtime,
    organization: Organization,
    role: str,
    holders: Sequence[NamedHolder],
    position: int,
) -> list[Row]:
    ids = [each.holder.user_id for each in holders]
    async with runtime.pool.acquire() as connection:
        groups = await groups_at(connection, organization.id, ids, position)
        known = {group for of_one in groups.values() for group in of_one}
        names = await read_subjects(
            connection, runtime.sealer, organization.id, known, position=position
        )
    return [
        {
            "userName": each.name,
            "displayName": each.display_name,
            "role": role,
            "active": each.holder.is_active,
            "since": each.holder.period.from_at,
            "groups": [
                names[group].name if group in names else str(group)
                for group in groups.get(each.holder.user_id, ())
            ],
            "position": each.holder.period.from_position,
            "id": each.holder.user_id,
        }
        for each in holders
    ]


def _piece(rows: Iterable[Row], form: Format, columns: Sequence[str]) -> bytes:
    if form == "csv":
        return csv_text(rows, columns, has_header=False).encode()
    return b"".join(orjson.dumps(dict(row), default=str) + b"\n" for row in rows)


def trailer(written: Written) -> bytes:
    """Return the last line of an NDJSON file: the digest of all bytes before it."""
    facts = {"count": written.count, "digest": written.digest, "position": written.position}
    return orjson.dumps({"trailer": facts}) + b"\n"
