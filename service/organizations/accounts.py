"""Creates technical accounts: users that hold tokens."""

from uuid import UUID

from eventstore.events import Provenance
from schema.events.organization import TOKEN_ROLE, Organization
from schema.scim.attributes import Document
from schema.scim.definitions import user_type
from schema.scim.resource import read_document
from service.callers.acting import acting
from service.ids import new_id
from service.runtime import Runtime
from service.write.commands import CreateAccount


async def create_account(
    runtime: Runtime,
    organization: Organization,
    user_name: str,
    *,
    display_name: str | None = None,
    listed_in_scim: bool = False,
    provenance: Provenance,
) -> UUID:
    """Create a technical account with the role that may hold tokens; return its id.

    An account that is not listed is in no list and no match of SCIM. Its userName may be that of a person.
    Errors: InvalidValue; Uniqueness if an account has the userName.
    """
    resource_type, account_id = user_type(organization.schemas), new_id()
    document: Document = {
        "userName": user_name,
        "displayName": display_name,
        "roleId": str(organization.roles[TOKEN_ROLE]),
    }
    read = read_document(document, resource_type).document
    command = CreateAccount(account_id, read, resource_type, listed_in_scim)
    await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return account_id
