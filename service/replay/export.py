"""Export a part of the log as a file: in pieces, so that memory does not grow with it."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import orjson

from projections.history.read import groups_at
from projections.history.search import Search, reached
from schema.events.organization import ROLE_NAMES, Organization
from schema.events.proof import AuditExported
from service.replay.answers import NamedHolder, Page, role_holders, search_events
from service.replay.documents import EVENT_COLUMNS, csv_text, event_document, flat_event
from service.replay.names import read_names
from service.replay.parquet import ParquetFile
from service.runtime import Runtime

Format = Literal["ndjson", "csv", "parquet"]
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
PAGE: Final = 500
ACCESS_PAGE: Final = 2_000
ACCESS_COLUMNS: Final = (
    *("userName", "displayName", "role", "active", "since", "groups", "position", "id"),
)
Row = Mapping[str, Any]
Report = Callable[[int, int], None]  # Takes the rows that were written, and the position reached.


What = Literal["events", "access", "report"]


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


def exported(what: What, written: Written, first: int) -> AuditExported:
    """Return the event of an export, from a position on. If it was not read to its end, it is of what was given out."""
    return AuditExported(
        what=what,
        from_position=max(1, first),
        to_position=max(1, written.last or written.position),
        digest=written.digest,
        disclosure="full",
    )


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
    """Yield the events that match, oldest first, after a position. `written` counts them. Errors: NoParquet."""
    file = _file(form, EVENT_COLUMNS)
    yield written.piece(file.begin())
    has_more, last = True, after
    while has_more:
        page = Page("asc", last, written.position, PAGE)
        found = await search_events(runtime, organization, wanted, page)
        if found.events:
            rows = event_document if form == "ndjson" else flat_event
            piece = written.piece(file.put(map(rows, found.events)))
            last = found.events[-1].position
            written.count, written.last = written.count + len(found.events), last
            yield piece
        has_more = found.has_more
    yield _end(file, form, written)


async def export_access(
    runtime: Runtime,
    organization: Organization,
    form: Format,
    written: Written,
    *,
    position: int | None = None,
) -> AsyncIterator[bytes]:
    """Yield who had which access at a position of the log: role, state and groups. `written` counts the people.

    Errors: NoParquet.
    """
    position = written.position if position is None else position
    written.last = position
    file = _file(form, ACCESS_COLUMNS)
    yield written.piece(file.begin())
    async for rows in access_rows(runtime, organization, position):
        written.count += len(rows)
        yield written.piece(file.put(rows))
    yield _end(file, form, written)


async def access_rows(
    runtime: Runtime, organization: Organization, position: int, *, size: int = ACCESS_PAGE
) -> AsyncIterator[Sequence[Row]]:
    """Yield who had which access at a position, by role, in pages of at most `size`."""
    known: dict[UUID, str] = {}  # The groups that were named so far.
    for name in ROLE_NAMES:
        after: UUID | None = None
        while True:
            page = await role_holders(
                runtime,
                organization,
                organization.roles[name],
                position=position,
                after=after,
                limit=size,
            )
            if page.items:
                yield await with_groups(runtime, organization, name, page.items, position, known)
            if not page.has_more:
                break
            after = page.items[-1].holder.user_id


async def with_groups(  # noqa: PLR0917 - whose, at which position.
    runtime: Runtime,
    organization: Organization,
    role: str,
    holders: Sequence[NamedHolder],
    position: int,
    known: dict[UUID, str],
) -> list[Row]:
    """Return holders of a role as rows, each with the groups that it was in. `known` has names of groups, and gets more."""
    ids = [each.holder.user_id for each in holders]
    async with runtime.pool.acquire() as connection:
        groups = await groups_at(connection, organization.id, ids, position)
        new = {group for of_one in groups.values() for group in of_one} - known.keys()
        names = await read_names(
            connection, runtime.sealer, organization.id, new, position=position
        )
    known |= {each: named.name for each, named in names.items()}
    return [
        {
            "userName": each.name,
            "displayName": each.display_name,
            "role": role,
            "active": each.holder.is_active,
            "since": each.holder.period.from_at,
            "groups": [known[group] for group in groups.get(each.holder.user_id, ())],
            "position": each.holder.period.from_position,
            "id": each.holder.user_id,
        }
        for each in holders
    ]


class _File(Protocol):
    """Makes the bytes of a file from rows."""

    def begin(self) -> bytes: ...

    def put(self, rows: Iterable[Row], /) -> bytes: ...

    def end(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Csv:
    columns: Sequence[str]

    def begin(self) -> bytes:
        return csv_text((), self.columns).encode()

    def put(self, rows: Iterable[Row]) -> bytes:
        return csv_text(rows, self.columns, has_header=False).encode()

    def end(self) -> bytes:
        return b""


class _Lines:
    def begin(self) -> bytes:
        return b""

    def put(self, rows: Iterable[Row]) -> bytes:
        return b"".join(orjson.dumps(dict(row), default=str) + b"\n" for row in rows)

    def end(self) -> bytes:
        return b""


def _file(form: Format, columns: Sequence[str]) -> _File:
    match form:
        case "csv":
            return _Csv(columns)
        case "ndjson":
            return _Lines()
        case "parquet":
            return ParquetFile(columns)


def _end(file: _File, form: Format, written: Written) -> bytes:
    last = written.piece(file.end())
    return last + trailer(written) if form == "ndjson" else last


def trailer(written: Written) -> bytes:
    """Return the last line of an NDJSON file: the digest of all bytes before it."""
    facts = {"count": written.count, "digest": written.digest, "position": written.position}
    return orjson.dumps({"trailer": facts}) + b"\n"
