"""Whether a database can hold what this service writes: looked at before anything is written."""

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


ENCODING = "UTF8"


async def find_problem(connection: Connection) -> str:
    """Return what stands in the way of writing, nothing where all is well."""
    return problem_of(await connection.fetchrow(statement("find_fitness")))


def problem_of(found: asyncpg.Record) -> str:
    """Return what stands in the way, nothing where all is well."""
    if found["encoding"] != ENCODING:
        return (
            f"The database {found['database']} has the encoding {found['encoding']}, and names of all "
            f"alphabets need {ENCODING}: make another one, CREATE DATABASE scim_ledger ENCODING "
            f"'{ENCODING}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C', and let DATABASE_URL name it."
        )
    if found["is_standby"]:
        return (
            "The server is a standby and takes no writes: let DATABASE_URL name the primary, or all "
            "servers with target_session_attrs=primary."
        )
    if found["is_read_only"]:
        return (
            f"The database {found['database']} takes no writes: default_transaction_read_only is on. "
            f"Find where it is set (ALTER DATABASE, ALTER ROLE {found['login']}, postgresql.conf), and "
            "why, and RESET it there."
        )
    if found["isolation"] != "read committed":
        return (
            f"default_transaction_isolation is {found['isolation']} and stays so, whatever the "
            "service asks for: set it to read committed, in the pooler between here and Postgres, too."
        )
    return ""
