"""Which Postgres schemas are ours: a projection's tables are made, swapped and dropped only where our mark is.

`directory` and `history` are plain names, which another application in the same database may have taken. What we
make carries a mark, as the comment of the schema and of each table in it. Nothing else is ever renamed or dropped.
"""

from collections.abc import Collection, Iterable

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.registry import PROJECTIONS, Projection

statement = statements_in(__package__)


MARK = "Made by scim-ledger."


class NotOurs(Exception):
    """Something in the database that is not ours stands in the way; nothing was changed."""


def names_of(projection: Projection) -> tuple[str, ...]:
    """Return the schemas that a projection needs, the two that a swap makes for a moment included."""
    return (
        *(projection.name, projection.next, projection.previous),
        *(projection.spare, projection.shape),
    )


async def find_foreign_schemas(
    connection: Connection, projections: Iterable[Projection] = tuple(PROJECTIONS.values())
) -> list[str]:
    """Return the schemas with names that projections need which neither have our mark nor are recognized."""
    foreign = []
    for projection in projections:
        unmarked = await _find_unmarked(connection, projection)
        ours = await _recognize(connection, projection, unmarked)
        foreign += [each for each in unmarked if each not in ours]
    return foreign


async def mark_recognized(connection: Connection, projection: Projection) -> None:
    """Mark the schemas of a release that marked none; the caller owns the transaction."""
    unmarked = await _find_unmarked(connection, projection)
    for schema in await _recognize(connection, projection, unmarked):
        await mark(connection, schema, projection.fold.tables)


async def mark(connection: Connection, schema: str, tables: Collection[str]) -> None:
    """Say of a schema, and of those of some tables that it has, that they are ours."""
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
    """Return those schemas that a build is noted of, and that have tables of the projection.

    So they are in a database of a release that marked nothing, and in one that was restored without comments.
    """
    if not schemas or not await connection.fetchval(statement("knows_builds")):
        return frozenset()
    tables = list(projection.fold.tables)
    rows = await connection.fetch(statement("recognize_schemas"), list(schemas), tables)
    return frozenset(row["name"] for row in rows)


async def refuse_foreign(connection: Connection, projection: Projection) -> None:
    """Refuse to swap or drop a projection's schemas where something that is not ours would go with them.

    That is a schema of such a name, an object in a schema of ours, and a view, a foreign key or whatever else
    depends on a table of ours: after a swap it would look at tables that nobody writes. What is recognized is
    marked. Errors: NotOurs.
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
    """Return what a person is told of things that are not ours, by their names, and what to do."""
    return (
        f"This database has something that scim-ledger did not make and would have to change: {', '.join(names)}. "
        "Nothing was changed. Rename or move it (a view or a foreign key: drop it and make it again afterwards), "
        "or give scim-ledger a database of its own; then run the same command again."
    )


async def drop_schema(connection: Connection, schema: str) -> None:
    """Drop a schema of ours with our tables; the caller owns the transaction. Errors: NotOurs.

    Without CASCADE: what somebody has put into it since, or lets depend on it, keeps it from being dropped.
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
