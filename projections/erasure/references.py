"""Remove what kept tables of the directory say about a person in the rows of others.

In the tables that serve, an event does that (`ReferenceErased`). Those of an earlier or of an unfinished rebuild follow
the log only when they are put to use.
"""

from typing import Final

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.erasure.person import ErasedPerson
from schema.events.user import ENTERPRISE

statement = statements_in(__package__)

SERVING: Final = "directory"


async def erase_references(
    connection: Connection, schema: str, person: ErasedPerson
) -> dict[str, int]:
    """Remove the person's name from the managers of others; return the changed rows by table."""
    if schema == SERVING or not person.named_by:
        return {}
    changed = await connection.fetchval(
        statement("erase_references").format(schema=schema, urn=ENTERPRISE),
        person.organization_id,
        list(person.named_by),
        str(person.id),
        list(person.names),
    )
    return {"users": changed}
