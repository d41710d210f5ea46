"""Find people, groups and roles by id or by name, also by a name that they no longer have."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.read_streams import read_named
from eventstore.sealing.sealer import Sealer
from projections.directory.load import find_group_names
from projections.directory.organizations import find_account
from projections.directory.queries.past import find_named, followed
from schema.events.organization import ROLE_NAMES, Organization
from schema.scim.errors import NotFound
from schema.scim.text import fold
from service.ids import as_id

PAGE_EVENTS: Final = 5_000


class NobodyNamed(NotFound):
    """Nobody and nothing has the name that was searched for."""

    def __init__(self, detail: str, sought: str) -> None:
        super().__init__(detail)
        self.sought = sought


async def find_people(
    connection: Connection, sealer: Sealer, organization_id: UUID, user_name: str
) -> list[UUID]:
    """Return the users who have a userName now or had it once, the present one first."""
    now = await find_account(connection, organization_id, user_name)
    found = {} if now is None else {now: None}
    found |= dict.fromkeys(await find_named(connection, organization_id, user_name))
    wanted, after = (
        fold(user_name),
        await followed(connection, organization_id),
    )  # The rest waits in the log.
    while page := await read_named(
        connection, sealer, organization_id, after=after, limit=PAGE_EVENTS
    ):
        for row, personal in page:
            if personal is not None and fold(_user_name(personal)) == wanted:
                found[row["stream_id"]] = None
        after = page[-1][0]["position"]
    return list(found)


def _user_name(personal: bytes) -> str:
    return str(orjson.loads(personal).get("userName") or "")


async def find_person(
    connection: Connection, sealer: Sealer, organization_id: UUID, wanted: str
) -> UUID:
    """Return the user with an id or a userName; of several who had the name, the one who has it now, else the last.

    Errors: NotFound.
    """
    if (by_id := as_id(wanted)) is not None:
        return by_id
    found = await find_people(connection, sealer, organization_id, wanted)
    if not found:
        raise NobodyNamed(f"Nobody has, or ever had, the userName {wanted!r}.", wanted)
    now = await find_account(connection, organization_id, wanted)
    return now or found[-1]


async def find_group(connection: Connection, organization_id: UUID, wanted: str) -> UUID:
    """Return the group with an id or a displayName. Errors: NotFound."""
    if (by_id := as_id(wanted)) is not None:
        return by_id
    found = await find_group_names(connection, organization_id, [fold(wanted)])
    if not found:
        raise NobodyNamed(
            f"There is no group {wanted!r}; a deleted group is found by its id.", wanted
        )
    return next(iter(found.values()))


def find_role(organization: Organization, wanted: str) -> UUID:
    """Return the role with an id or a name, in any case. Errors: NotFound."""
    for name, role_id in organization.roles.items():
        if wanted.lower() in (name.lower(), str(role_id)):
            return role_id
    raise NotFound(f"There is no role {wanted!r}: the roles are {_or(ROLE_NAMES)}.")


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
