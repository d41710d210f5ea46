"""Creates users by hand."""

from uuid import UUID

from eventstore.events import Provenance
from schema.events.organization import ROLE_NAMES, Organization
from schema.scim.attributes import Document
from schema.scim.definitions import user_type
from schema.scim.errors import InvalidValue
from schema.scim.resource import read_document
from schema.scim.subject import about
from service.callers.acting import acting
from service.ids import new_id
from service.runtime import Runtime
from service.write.commands import CreateUser


async def create_user(
    runtime: Runtime,
    organization: Organization,
    document: Document,
    *,
    role: str | None,
    provenance: Provenance,
) -> UUID:
    """Create a user by hand and return its id. An identity provider may find and link it later.

    The role is the name of one of the five; without one, the user is a Reader.
    Errors: InvalidValue; Uniqueness if the userName is taken.
    """
    if role is not None:
        document = {**document, "roleId": str(role_id_of(organization, role))}
    resource_type, user_id = user_type(organization.schemas), new_id()
    with about(resource_type):
        read = read_document(document, resource_type).document
    command = CreateUser(user_id, read, resource_type)
    await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return user_id


def role_id_of(organization: Organization, wanted: str) -> UUID:
    """Return the id of a role by its name, in any case. Errors: InvalidValue, which names the roles."""
    for name, role_id in organization.roles.items():
        if name.lower() == wanted.lower():
            return role_id
    refusal = InvalidValue(f"There is no role {wanted!r}: the roles are {', '.join(ROLE_NAMES)}.")
    refusal.attribute = "role"
    raise refusal
