"""The rights of the service's role: the migrations grant them, and a restore may have lost some."""

from collections.abc import Iterator, Mapping
from typing import Final

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.registry import PROJECTIONS

statement = statements_in(__package__)


READ, WRITE = "SELECT", "SELECT, INSERT, UPDATE, DELETE"
# Schema → table → rights.
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "eventstore": {
        "events": READ,
        "subject_keys": READ,
        "erased_subjects": READ,
        "held_logs": READ,
    },  # Events come in by append_events.
    "service": {
        "schema_migrations": READ,
        "signing_keys": READ,
        "master_keys": READ,
        "secrets": READ,
        "processes": WRITE,
        "token_notices": "SELECT, INSERT, DELETE",
        "logins": READ,
        "addresses": "SELECT, INSERT, UPDATE",
        "token_uses": "SELECT, INSERT, UPDATE",
        "used_assertions": WRITE,
        "request_buckets": WRITE,
        "requests": WRITE,
        "request_days": WRITE,
        "cycles": WRITE,
        "open_cycles": WRITE,
        "webhooks": WRITE,
        "dead_letters": WRITE,
        "operator_tokens": "SELECT, INSERT, UPDATE",
        "console_links": WRITE,
        "console_sessions": WRITE,
        "console_setups": WRITE,
        "console_form_keys": WRITE,
        "audit_reads": WRITE,
    },
    "projections": {"builds": READ, "shards": READ, "reached": READ},
    "proof": {
        "tiles": "SELECT, INSERT, UPDATE",
        "logs": "SELECT, UPDATE",
        "checkpoints": "SELECT, INSERT",
        "cosignatures": "SELECT, INSERT",
        "log_keys": READ,
        "signers": "SELECT, INSERT, UPDATE",
        "mark_keys": READ,
    },
    "followers": {"checkpoints": WRITE, "parked_streams": WRITE},
    # Each of our tables: what somebody else has put beside them is not ours to give.
    **{each.name: dict.fromkeys(each.fold.tables, WRITE) for each in PROJECTIONS.values()},
}
BESIDE: Final[Mapping[str, Mapping[str, str]]] = {  # What serves no request.
    schema: TABLES[each.name]
    for each in PROJECTIONS.values()
    for schema in (each.next, each.previous)
}

OWNER = "Let DATABASE_URL name the account that owns the database."


class CannotGrant(Exception):
    """This account may not grant the service its rights; the message says which account may."""


async def find_missing(connection: Connection, *, to_serve: bool = False) -> list[str]:
    """Return the rights that the service's role lacks, each as GRANT names it; all of them if there is no role.

    Rights on schemas and tables that do not exist are not counted as missing. The connection is the owner's,
    who must be able to take the role. `to_serve`: it is the service's, which must have its rights, and the
    tables that serve no request are left out.
    """
    wanted = list(_wanted(TABLES if to_serve else {**TABLES, **BESIDE}))
    schemas, tables, rights = (list(column) for column in zip(*wanted, strict=True))
    rows = await connection.fetch(
        statement("find_missing_grants"), schemas, tables, rights, to_serve
    )
    return [row["missing"] for row in rows]


def _wanted(
    rights_by_table: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[str, str, str]]:
    """Yield each (schema, table, right)."""
    for schema, tables in rights_by_table.items():
        for table, rights in tables.items():
            for right in rights.split(", "):
                yield schema, table, right


async def mend(connection: Connection) -> list[str]:
    """Grant the service's role what it lacks, after making the role if it is missing; return the grants.

    The caller owns the transaction, and its account owns the database. Errors: CannotGrant.
    """
    lacking = await find_missing(connection)
    if not lacking:
        return []
    try:
        await connection.execute(statement("make_service_role"))
        for each in await find_missing(connection):
            await connection.execute(f"GRANT {each} TO scim_ledger_service")
    except asyncpg.InsufficientPrivilegeError as error:
        raise CannotGrant(f"{error.message} {error.hint or OWNER}") from error
    # If an account has some right on the object but may not grant it, Postgres only warns. So look again.
    if left := await find_missing(connection):
        raise CannotGrant(f"scim_ledger_service still lacks {left[0]}. {OWNER}")
    return [f"grant {each}" for each in lacking]
