"""Seals the names of reads that wait for the end of their hour, opens them, and forgets them once a person is erased."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer, seal, unseal
from service.reads.sought import searched_for_person

statement = statements_in(__package__)

# Names of a caller and an hour that are kept; how many more were searched for is not.
NAMES_MAX: Final = 100
CHARACTERS_MAX: Final = 200  # Of one name.


def seal_names(sealer: Sealer, organization_id: UUID, names: Iterable[str]) -> bytes | None:
    """Return names sealed for the table; None if there are none."""
    kept = sorted(names)
    if not kept:
        return None
    return seal(sealer.text_key(), orjson.dumps(kept), aad=_context(organization_id))


def open_names(sealer: Sealer, organization_id: UUID, sealed: Iterable[bytes]) -> Sequence[str]:
    """Return the names of a row, each once. Errors: BrokenSeal."""
    found: dict[str, None] = {}
    for each in sealed:
        opened = unseal(sealer.text_key(), each, aad=_context(organization_id))
        found |= dict.fromkeys(orjson.loads(opened))
    return list(found)[:NAMES_MAX]


async def forget_names(
    connection: Connection,
    organization_id: UUID,
    user_id: UUID,  # noqa: ARG001 - as every forgetter is called.
    names: Collection[str],
    *,
    sealer: Sealer,
) -> int:
    """Remove the names of reads that searched for a person; return from how many rows. Errors: BrokenSeal."""
    rows = await connection.fetch(statement("list_names"), organization_id)
    mentioning = [
        each
        for row in rows
        for each in row["sealed_names"]
        if searched_for_person(open_names(sealer, organization_id, [each]), names)
    ]
    if not mentioning:
        return 0
    done = await connection.execute(statement("forget_names"), organization_id, mentioning)
    return int(done.rpartition(" ")[2])


def _context(organization_id: UUID) -> bytes:
    return b"names that were searched for" + organization_id.bytes
