"""Remove a person from all tables of all projections: those that serve, of a rebuild, and of the one before."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.erasure.person import ErasedPerson
from projections.erasure.references import erase_references
from projections.registry import PROJECTIONS, Projection

statement = statements_in(__package__)

# Removes a person from a projection's tables in a schema; returns the rows that it removed or changed, by table.
Eraser = Callable[[Connection, str, ErasedPerson], Awaitable[dict[str, int]]]

# What a projection needs besides `_delete_rows`, which deletes rows of the person's own stream from each table that
# declares personal columns.
ERASERS: Final[Mapping[str, Sequence[Eraser]]] = {
    "directory": (erase_references,),
}

# The tables that name groups, beside the events.
NAMING_GROUPS: Final = frozenset({"groups", "group_versions"})


async def sweep(connection: Connection, person: ErasedPerson) -> dict[str, int]:
    """Remove a person from every table of every projection; return how many rows that changed, by schema.table.

    The caller's transaction has appended the event that says so.
    """
    cleared: dict[str, int] = {}
    for schema, projection in (await _schemas(connection)).items():
        found = await _delete_rows(connection, schema, person)
        for erase in ERASERS.get(projection.name, ()):
            for table, count in (await erase(connection, schema, person)).items():
                found[table] = found.get(table, 0) + count
        cleared |= {f"{schema}.{table}": count for table, count in found.items() if count}
    return cleared


async def sweep_groups(
    connection: Connection, organization_id: UUID, group_ids: Collection[UUID]
) -> None:
    """Remove the rows that name groups from every projection."""
    for schema, projection in (await _schemas(connection)).items():
        for table in projection.fold.tables.keys() & NAMING_GROUPS:
            await connection.execute(
                f'DELETE FROM "{schema}"."{table}"'  # noqa: S608 - names of ours.
                " WHERE organization_id = $1 AND id = ANY($2::uuid[])",
                organization_id,
                list(group_ids),
            )


async def _schemas(connection: Connection) -> dict[str, Projection]:
    """Return the schemas that hold all tables of a projection."""
    schemas = {
        schema: each
        for each in PROJECTIONS.values()
        for schema in (each.name, each.next, each.previous)
    }
    there: dict[str, set[str]] = {}
    for row in await connection.fetch(statement("find_tables"), list(schemas)):
        there.setdefault(row["schema_name"], set()).add(row["table_name"])
    # Others are a former release's, or somebody else's; `_delete_rows` would not know their columns.
    return {
        schema: schemas[schema]
        for schema, tables in there.items()
        if schemas[schema].fold.tables.keys() <= tables
    }


async def _delete_rows(connection: Connection, schema: str, person: ErasedPerson) -> dict[str, int]:
    """Delete the rows that hold personal values of the person's stream."""
    name = schema.removesuffix("_next").removesuffix("_previous")
    found = {}
    for table, described in PROJECTIONS[name].fold.tables.items():
        if described.personal:
            status = await connection.execute(
                f'DELETE FROM "{schema}"."{table}"'  # noqa: S608 - names of ours.
                f' WHERE organization_id = $1 AND "{described.stream}" = $2',
                person.organization_id,
                person.id,
            )
            found[table] = int(status.rpartition(" ")[2])
    return found
