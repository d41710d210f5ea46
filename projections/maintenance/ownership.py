"""Know which Postgres schemas are ours. Only schemas and tables with our mark are swapped or dropped.

`directory` and `history` are common names. Another application in the same database may use them. What we
make carries a mark: the comment of the schema and of each of its tables. Nothing else is renamed or dropped.
"""

from collections.abc import Collection, Iterable

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.registry import PROJECTIONS, Projection

statement = statements_in(__package__)


MARK = "Made by scim-ledger."


class NotOurs(Exception):
    """Something in the database that is not ours is in the way. Nothing was changed."""


def names_of(projection: Projection) -> tuple[str, ...]:
    """Return the schemas that a projection needs, including the two that exist only within a transaction."""
    return (
        *(projection.name, projection.next, projection.previous),
        *(projection.spare, projection.shape),
    )


async def find_foreign_schemas(
    connection: Connection, projections: Iterable[Projection] = tuple(PROJECTIONS.values())
) -> list[str]:
    """Return the schemas that have a name of ours, but neither our mark nor a record that we made them."""
    foreign = []
    for projection in projections:
        unmarked = await _find_unmarked(connection, projection)
        ours = await _recognize(connection, projection, unmarked)
        foreign += [each for each in unmarked if each not in ours]
    return foreign


async def mark_recognized(connection: Connection, projection: Projection) -> None:
    """Mark the schemas that a release without marks made. The caller owns the transaction."""
    unmarked = await _find_unmarked(connection, projection)
    for schema in await _recognize(connection, projection, unmarked):
        await mark(connection, schema, projection.fold.tables)


async def mark(connection: Connection, schema: str, tables: Collection[str]) -> None:
    """Mark a schema as ours, and those of some tables that it has."""
    await connection.execute(f"COMMENT ON SCHEMA \"{schema}\" IS '{MARK}'")
    for row in await connection.fetch(statement("find_tables"), schema, list(tables)):
        await connection.execute(f'COMMENT ON TABLE "{schema}"."{row["name"]}" IS \'{MARK}\'')


async def _find_unmarked(connection: Connection, projection: Projection) -> list[str]:
    rows = await connection.fetch(
        statement("find_unmarked_schemas"), list(names_of(projection)), MARK
    )
    return [row["name"] for row in rows]


async def _recognize(
    connection: Connection, projection: Projection, schemas: Collection[str]
) -> frozenset[str]:
    """Return those schemas that have a build record and tables of the projection.

    This recognizes what a release without marks made, and a database that was restored without comments.
    """
    if not schemas or not await connection.fetchval(statement("knows_builds")):
        return frozenset()
    tables = list(projection.fold.tables)
    rows = await connection.fetch(statement("recognize_schemas"), list(schemas), tables)
    return frozenset(row["name"] for row in rows)


async def refuse_foreign(connection: Connection, projection: Projection) -> None:
    """Refuse to swap or drop a projection's schemas if that would affect something that is not ours.

    This is a schema with a name of ours, an object in one of our schemas, or an object that depends on one of
    our tables, such as a view or a foreign key. After a swap it would refer to tables that nobody writes.
    Schemas that are recognized are marked. Errors: NotOurs.
    """
    if foreign := await find_foreign_schemas(connection, [projection]):
        raise NotOurs(refusal(f"schema {each}" for each in foreign))
    async with connection.transaction():
        await mark_recognized(connection, projection)
    rows = await connection.fetch(
        statement("find_foreign_objects"), list(names_of(projection)), MARK
    )
    if rows:
        raise NotOurs(refusal(row["name"] for row in rows))


def refusal(names: Iterable[str]) -> str:
    """Return the message that names what is not ours, and says what to do."""
    return (
        f"This database has something that scim-ledger did not make and would have to change: {', '.join(names)}. "
        "Nothing was changed. Rename or move it (a view or a foreign key: drop it and make it again afterwards), "
        "or give scim-ledger a database of its own; then run the same command again."
    )


async def drop_schema(connection: Connection, schema: str) -> None:
    """Drop a schema of ours and our tables in it. The caller owns the transaction. Errors: NotOurs.

    There is no CASCADE. If somebody added an object to it, or made one depend on it, nothing is dropped.
    """
    if not await connection.fetchval("SELECT to_regnamespace(quote_ident($1)) IS NOT NULL", schema):
        return
    rows = await connection.fetch(statement("find_marked_tables"), schema, MARK)
    try:
        if rows:
            tables = ", ".join(f'"{schema}"."{row["name"]}"' for row in rows)
            await connection.execute(f"DROP TABLE {tables} RESTRICT")
        await connection.execute(f'DROP SCHEMA "{schema}" RESTRICT')
    except asyncpg.DependentObjectsStillExistError as error:
        raise NotOurs(refusal([error.detail or schema])) from error
