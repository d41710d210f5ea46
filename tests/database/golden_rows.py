"""A fixed log, written as it was once recorded, and the rows that projections make from it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from eventstore.append import insert
from eventstore.events import NewEvent, Provenance, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.sealing.events import seal_events
from eventstore.sealing.sealer import Sealer
from projections.rebuild.rebuild import rebuild
from projections.registry import Projection, tables
from tests.builders import START
from tests.database.rebuilding import rebuild_context, rows_of, silent

FOLDER = Path(__file__).parent / "golden"
LOG: Mapping[str, Any] = orjson.loads((FOLDER / "log.json").read_bytes())
NONE: dict[str, Any] = {"revision": None, "tables": [], "rows": {}}
Rows = dict[str, list[list[Any]]]  # By table.


def file_of(projection: Projection) -> Path:
    """Return the golden file of a projection."""
    return FOLDER / f"{projection.name}.json"


def golden_of(projection: Projection) -> dict[str, Any]:
    """Return the content of a projection's golden file. A new projection has none."""
    path = file_of(projection)
    read: dict[str, Any] = orjson.loads(path.read_bytes()) if path.exists() else NONE
    return read


async def write_log(connection: Connection, sealer: Sealer) -> None:
    """Write the fixed log into an empty database, then destroy the keys of erased persons."""
    for logged in LOG["events"]:
        await write_event(connection, sealer, logged)
    for each in LOG["erased"]:
        await connection.execute(
            "DELETE FROM eventstore.subject_keys WHERE organization_id = $1 AND subject_id = $2",
            UUID(each["organizationId"]),
            UUID(each["subjectId"]),
        )


async def write_event(connection: Connection, sealer: Sealer, logged: Mapping[str, Any]) -> None:
    """Write one event at its place, with its ids and its instant."""
    organization_id = UUID(logged["organizationId"])
    new = new_event(logged)
    sealed = await seal_events(connection, organization_id, [new], sealer)
    recorded = RecordedEvent(
        organization_id,
        logged["position"],
        *new[:5],
        START + timedelta(microseconds=logged["microseconds"]),
        *new.provenance,
        new.data,
        sealed.parts[0],
        new.subject_id,
    )
    await insert(connection, organization_id, [recorded], sealed)


def new_event(logged: Mapping[str, Any]) -> NewEvent:
    """Return an event of the fixed log as it was before the append."""
    stream_id, personal, token_id = UUID(logged["streamId"]), logged["personal"], logged["tokenId"]
    return NewEvent(
        stream_id=stream_id,
        version=logged["version"],
        event_id=UUID(logged["eventId"]),
        type=logged["type"],
        schema_version=logged["schemaVersion"],
        data=logged["data"],
        personal=None if personal is None else personal.encode(),
        subject_id=None if personal is None else stream_id,
        provenance=Provenance(
            logged["actorId"],
            None if token_id is None else UUID(token_id),
            UUID(logged["requestId"]),
            logged["source"],
        ),
    )


async def made_of_log(
    database_url: str, connection: asyncpg.Connection, projection: Projection
) -> dict[str, Any]:
    """Return what a golden file would hold now: the revision, the tables and the rows of the log."""
    await rebuild(rebuild_context(database_url, projection.name), silent)
    return {
        "revision": projection.revision,
        "tables": statements_of(tables(projection.name)),
        "rows": await json_rows(connection, projection.name),
    }


async def json_rows(connection: Connection, schema: str) -> Rows:
    """Return the rows of a schema as JSON, in an order that does not depend on database settings."""
    rows = orjson.loads(orjson.dumps(await rows_of(connection, schema), default=str))
    return {table: sorted(of_table, key=orjson.dumps) for table, of_table in rows.items()}


def statements_of(ddl: str) -> list[str]:
    """Return the statements of a DDL without comments and layout, which do not change tables."""
    bare = " ".join(re.sub(r"--.*", "", ddl).split())
    return [each.strip() for each in bare.split(";") if each.strip()]


def may_be_written(golden: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    """Return whether a golden file may be written again: the revision is new, or only new logs were added."""
    known = {**made, "rows": rows_of_known(golden, made)}
    return golden["revision"] != made["revision"] or golden == known


def rows_of_known(golden: Mapping[str, Any], made: Mapping[str, Any]) -> Rows:
    """Return the rows of organizations that the golden file also has. The organization is the first column."""
    known = {row[0] for rows in golden["rows"].values() for row in rows}
    return {table: [row for row in rows if row[0] in known] for table, rows in made["rows"].items()}


def complaint(projection: str, golden: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Return what to do if a golden file and the rows made now do not agree, or an empty text if they do."""
    again = f"WRITE_GOLDEN={projection} make test PYTEST_OPTIONS='-k golden_rows'"
    if golden == made:
        return ""
    if may_be_written(golden, made):
        return f"{projection} has a new revision, or the log a new organization. Write the golden file: {again}"
    what = " and ".join(each for each in ("tables", "rows") if golden[each] != made[each])
    return (
        f"The {what} of {projection} have changed, but its revision has not: no installation would be "
        "asked for a rebuild. If you did not want this change, undo it. Otherwise raise the revision of "
        f"{projection} in projections/registry.py, then write the golden file: {again}"
    )
