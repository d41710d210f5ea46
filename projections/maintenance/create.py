"""Create the Postgres schemas of projections."""

from eventstore.postgres.connection import Connection
from projections.maintenance.builds import record_build
from projections.maintenance.ownership import mark, mark_recognized
from projections.registry import PROJECTIONS, tables

SERVICE_ROLE = "scim_ledger_service"


async def create_missing(connection: Connection) -> list[str]:
    """Create the projections that the database lacks, without rows; return their names.

    The caller owns the transaction, is the database's owner, and has already refused what is not ours.
    """
    made = []
    for name, projection in PROJECTIONS.items():
        # From the catalog, because to_regnamespace may miss what another process made while we waited.
        if not await connection.fetchrow("SELECT 1 FROM pg_namespace WHERE nspname = $1", name):
            await create(connection, name, name)
            await record_build(connection, name, projection)
            made.append(name)
        await mark_recognized(connection, projection)
    return made


async def create(connection: Connection, projection: str, schema: str) -> None:
    """Create a projection's tables in a new schema, with our mark. The service may write them."""
    await connection.execute(f'CREATE SCHEMA "{schema}"')
    await connection.execute(f'SET LOCAL search_path = "{schema}"')
    await connection.execute(tables(projection))
    await connection.execute("SET LOCAL search_path = DEFAULT")
    await mark(connection, schema, PROJECTIONS[projection].fold.tables)
    await grant(connection, schema)


async def grant(connection: Connection, schema: str) -> None:
    """Let the service write the tables of a schema."""
    await connection.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO {SERVICE_ROLE}')
    await connection.execute(
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO {SERVICE_ROLE}'
    )
