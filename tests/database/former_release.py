"""Make a database as the last release without revisions and marks left it."""

import asyncpg

from projections.registry import tables
from service.database.migrate import apply_next, packaged

BEFORE_REVISIONS = 7  # Migrations: 0000 to 0006.
LAST = {  # The digests that this release recorded.
    "directory": "bc1ac5e0087dff1d21f0b40f5a3cfa3fe980f46f54d945e239da3c563ac8cb44",
    "history": "5aea92e41cf6d35783a69d4fd6e85966f4dd3f4201ab53cd66275a267f0abc7c",
}
BUILT = "INSERT INTO projections.builds (schema_name, digest) VALUES ($1, $2)"


async def make_former(connection: asyncpg.Connection, *, but: str = "") -> None:
    """Make a database as this release left it, without the projection `but`."""
    while await apply_next(connection, packaged()[:BEFORE_REVISIONS]):
        pass
    for name in LAST.keys() - {but}:
        await make_schema(connection, name, name)


async def make_schema(connection: asyncpg.Connection, projection: str, schema: str) -> None:
    """Make the tables of a projection in a schema, and record the build, as this release did."""
    await connection.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
    await connection.execute(tables(projection))
    await connection.execute("RESET search_path")
    await connection.execute(BUILT, schema, LAST[projection])
