"""The names of people, for pages that list them by id."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as lists show it. Without names, the user was deleted."""

    id: UUID
    user_name: str | None
    display_name: str | None
    active: bool

    @property
    def shown(self) -> str:
        """Return the name, or the id of somebody who was deleted."""
        return self.display_name or self.user_name or str(self.id)


async def find_people(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> dict[UUID, Person]:
    """Return people by id. Deleted ones are left out."""
    rows = await connection.fetch(statement("find_people"), organization_id, list(ids))
    return {row["id"]: Person(**row) for row in rows}
