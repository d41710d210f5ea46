"""Whether a database can hold what this service writes. It is checked before anything is written."""

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


ENCODING = "UTF8"


async def find_problem(connection: Connection) -> str:
    """Return why the database cannot be used; empty if it can."""
    return problem_of(await connection.fetchrow(statement("find_fitness")))


def problem_of(found: asyncpg.Record) -> str:
    """Return why the database that the row describes cannot be used; empty if it can."""
    if found["encoding"] != ENCODING:
        return (
            f"The database {found['database']} has the encoding {found['encoding']}, but names in all "
            f"alphabets need {ENCODING}. Make another one, CREATE DATABASE scim_ledger ENCODING "
            f"'{ENCODING}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C', and let DATABASE_URL name it."
        )
    if found["is_standby"]:
        return (
            "The server is a standby and accepts no writes: let DATABASE_URL name the primary, or all "
            "servers with target_session_attrs=primary."
        )
    if found["is_read_only"]:
        return (
            f"The database {found['database']} accepts no writes: default_transaction_read_only is on. "
            f"Find out where it is set (ALTER DATABASE, ALTER ROLE {found['login']}, postgresql.conf) and "
            "why, and RESET it there."
        )
    if found["isolation"] != "read committed":
        return (
            f"default_transaction_isolation is {found['isolation']} although the service asks for another "
            "level: set it to read committed, also in any pooler between the service and Postgres."
        )
    return ""
