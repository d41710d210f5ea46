"""Write a log that comes from another database. The caller owns the transaction and the tables.

What came is staged in temporary tables, as COPY writes it. Events get marks by the key of this database; keys of persons
are wrapped by the master key of this one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from eventstore.errors import BrokenSeal
from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.leaf import leaf_bytes, mark_of
from eventstore.sealing.sealer import Sealer

statement = statements_in(__package__)

PAGE_ROWS: Final = 4_096
STAGED: Final = frozenset(
    {"events", "subject_keys", "signers"}
)  # The others are loaded as they are.

Report = Callable[[int], None]


class Foreign(Exception):
    """What came is not one whole log, or not the log of this organization."""


async def stage(connection: Connection) -> None:
    """Make the temporary tables, which end with the transaction."""
    await connection.execute(statement("stage"))


async def write_events(
    connection: Connection,
    organization_id: UUID,
    *,
    former_mark_key: bytes | None,
    mark_key: bytes | None,
    report: Report,
) -> int:
    """Write the staged events with marks of this database; return how many. Errors: Foreign.

    A mark that does not fit under the former key is written as it is, so that `audit verify` finds it here too.
    """
    count = 0
    while rows := await connection.fetch(statement("read_staged_events"), count, PAGE_ROWS):
        records = []
        for row in rows:
            event, mark = RecordedEvent(*row[:-1]), row[-1]
            count += 1
            if (event.organization_id, event.position) != (organization_id, count):
                raise Foreign(f"{Foreign.__doc__} Position {count} is missing.")
            records.append((*event, _marked(event, mark, former_mark_key, mark_key)))
        await connection.copy_records_to_table(
            "events", schema_name="eventstore", records=records, columns=COLUMNS
        )
        report(len(records))
    return count


COLUMNS: Final = (*RecordedEvent._fields, "mark")


def _marked(
    event: RecordedEvent, mark: bytes | None, former_key: bytes | None, key: bytes | None
) -> bytes | None:
    if mark is None or former_key is None or key is None:
        return mark
    leaf = leaf_bytes(event)
    return mark_of(key, leaf) if mark == mark_of(former_key, leaf) else mark


async def write_keys(
    connection: Connection, organization_id: UUID, former: Sealer, sealer: Sealer
) -> int:
    """Write the staged keys of persons, wrapped by this database's master key; return how many. Errors: Foreign."""
    records: list[tuple[Any, ...]] = []
    for owner, subject_id, wrapped, created_at in await connection.fetch(
        statement("read_staged_keys")
    ):
        if owner != organization_id:
            raise Foreign(Foreign.__doc__)
        try:
            key = former.unwrap(wrapped, owner, subject_id)
        except BrokenSeal as error:
            raise Foreign(f"The key of the person {subject_id} does not open.") from error
        records.append((owner, subject_id, sealer.wrap(key, owner, subject_id), created_at))
    await connection.copy_records_to_table(
        "subject_keys",
        schema_name="eventstore",
        records=records,
        columns=("organization_id", "subject_id", "wrapped_key", "created_at"),
    )
    return len(records)


async def write_signers(connection: Connection, publics: Mapping[int, bytes]) -> None:
    """Write which keys signed the log. Those of another database get numbers below 1: they never sign here.

    `publics` holds the public keys by the numbers that they had.
    """
    numbers = {
        former: await connection.fetchval(statement("add_foreign_key"), public)
        for former, public in publics.items()
    }
    await connection.execute(
        statement("write_staged_signers"), list(numbers), list(numbers.values())
    )


async def count_keys(connection: Connection, organization_id: UUID) -> int:
    """Return how many persons of an organization have a key."""
    count: int = await connection.fetchval(statement("count_keys"), organization_id)
    return count


async def is_log_here(connection: Connection, organization_id: UUID) -> bool:
    """Return whether the database has, or had, a log of this organization."""
    return await connection.fetchval(statement("is_log_here"), organization_id) is not None
