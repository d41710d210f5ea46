"""Remove a person from all tables of all projections: those that serve, of a rebuild, and of the one before."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.erasure.person import ErasedPerson
from projections.erasure.references import erase_references
from projections.registry import PROJECTIONS

statement = statements_in(__package__)

# Removes a person from a projection's tables in a schema; returns the rows that it removed or changed, by table.
Eraser = Callable[[Connection, str, ErasedPerson], Awaitable[dict[str, int]]]

# What a projection needs besides `_delete_rows`, which deletes rows of the person's own stream from each table that
# declares personal columns.
ERASERS: Final[Mapping[str, Sequence[Eraser]]] = {
    "directory": (erase_references,),
}


async def sweep(connection: Connection, person: ErasedPerson) -> dict[str, int]:
    """Remove a person from every table of every projection; return how many rows that changed, by schema.table.

    The caller's transaction has appended the event that says so.
    """
    schemas = {
        schema: each
        for each in PROJECTIONS.values()
        for schema in (each.name, each.next, each.previous)
    }
    there: dict[str, set[str]] = {}
    for row in await connection.fetch(statement("find_tables"), list(schemas)):
        there.setdefault(row["schema_name"], set()).add(row["table_name"])
    cleared: dict[str, int] = {}
    for schema, tables in there.items():
        projection = schemas[schema]
        if not projection.fold.tables.keys() <= tables:
            continue  # A former release's, or somebody else's; `_delete_rows` would not know its columns.
        found = await _delete_rows(connection, schema, person)
        for erase in ERASERS.get(projection.name, ()):
            for table, count in (await erase(connection, schema, person)).items():
                found[table] = found.get(table, 0) + count
        cleared |= {f"{schema}.{table}": count for table, count in found.items() if count}
    return cleared


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
