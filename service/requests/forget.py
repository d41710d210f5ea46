"""Forget a person: what kept requests say about somebody is removed. That something was refused stays."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.requests.kept import Text
from service.requests.texts import Row, keys_of, open_text

statement = statements_in(__package__)

BATCH: Final = 2_000
SHORT: Final = 3  # A name that is not longer is looked for as the whole subject only.
QUOTED_MAX: Final = 60  # Details may hold a long name cut off.


async def forget_person(
    connection: Connection,
    organization_id: UUID,
    user_id: UUID,
    names: Collection[str],
    *,
    sealer: Sealer,
) -> int:
    """Remove what kept requests say about a user; return of how many.

    These are the requests that name the user's id, and those whose text has one of the names in it: userNames, addresses,
    display names, present and former. All texts of the organization are opened for that. Call it before the key of the user
    is destroyed, or after it; what was sealed under this key is gone with it. Errors: BrokenSeal.
    """
    wanted = [each.casefold() for each in names if each.strip()]
    ids: list[UUID] = []
    after = UUID(int=0)
    while wanted:
        rows = await connection.fetch(statement("list_texts"), organization_id, after, BATCH)
        subjects = {each["sealed_for"]: organization_id for each in rows if each["sealed_for"]}
        keys = await keys_of(connection, sealer, subjects)
        for row_id, sealed, subject in rows:
            text = open_text(sealer, Row(organization_id, row_id), sealed, subject, keys=keys)
            if text is None or _names_one(text, wanted):
                ids.append(row_id)
        if len(rows) < BATCH:
            break
        after = rows[-1]["id"]
    done = await connection.execute(statement("forget_texts"), organization_id, user_id, ids)
    return int(done.rpartition(" ")[2])


async def forget_everybody(connection: Connection, organization_id: UUID) -> None:
    """Remove what kept requests say about anybody of an organization."""
    await connection.execute(statement("forget_all_texts"), organization_id)


def _names_one(text: Text, wanted: Collection[str]) -> bool:
    subject = (text.subject or "").casefold()
    whole = "\n".join((subject, text.detail, *text.parameters.values())).casefold()
    return any(
        each == subject
        or (
            len(each) > SHORT
            and (each[:QUOTED_MAX] in whole or repr(each)[1:-1][:QUOTED_MAX] in whole)
        )
        for each in wanted
    )
