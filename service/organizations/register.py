"""Creates organizations and finds them."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from projections.directory import organizations as admin
from projections.directory.load import load_organization
from schema.events.organization import ROLE_NAMES, TOKEN_ROLE, Organization
from schema.scim.definitions import USER
from schema.scim.errors import NotFound, Uniqueness
from service.callers.caller import Caller
from service.ids import new_id
from service.runtime import Runtime
from service.write.commands import CreateAccount, RegisterOrganization

TECHNICAL_ACCOUNT = "technical-account"
NEW = {"passwordInSchema": False}  # Settings of new organizations that are not the default.


@dataclass(frozen=True, slots=True)
class CreatedOrganization:
    """An organization and the account that its tokens belong to."""

    organization: Organization
    account_id: UUID


async def create_organization(
    runtime: Runtime, name: str, *, provenance: Provenance
) -> CreatedOrganization:
    """Create an organization with its five roles and a technical account. Errors: ScimError."""
    await _refuse_taken(runtime, name)
    organization_id = new_id()
    roles = {role: new_id() for role in ROLE_NAMES}
    blank = Organization(organization_id, 0, datetime.now(UTC), name, roles)
    caller = Caller(blank, None, provenance.source)
    register = RegisterOrganization(organization_id, name, roles, NEW)
    await runtime.lanes.submit(register, caller, provenance)
    account_id = new_id()
    account = {
        "userName": TECHNICAL_ACCOUNT,
        "displayName": "Technical account for provisioning",
        "roleId": str(roles[TOKEN_ROLE]),
    }
    await runtime.lanes.submit(CreateAccount(account_id, account, USER), caller, provenance)
    return CreatedOrganization(await find_organization(runtime, str(organization_id)), account_id)


async def _refuse_taken(runtime: Runtime, name: str) -> None:
    """Raise Uniqueness if the name is taken. If one is created at the same time, Postgres refuses the second."""
    async with runtime.pool.acquire() as connection:
        known = await admin.find_named(connection, name.strip())
    if known is not None:
        raise Uniqueness(f"There is already an organization {name!r}; choose another name.")


async def find_organization(runtime: Runtime, wanted: str | None) -> Organization:
    """Return an organization by id or name. Without either, return the only one.

    Errors: NotFound, whose message says how to name one.
    """
    async with runtime.pool.acquire() as connection:
        # By its key: a list of thousands of organizations costs a second.
        if wanted is not None and (found := await _find(connection, wanted)):
            return found
        known = await admin.list_organizations(connection)
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        raise NotFound(_which(known))
    raise NotFound(f"There is no organization {wanted!r}. {_which(known)}")


async def _find(connection: Connection, wanted: str) -> Organization | None:
    with suppress(ValueError):
        found = await load_organization(connection, UUID(wanted), with_tokens=False)
        if found is not None:
            return found
    return await admin.find_named(connection, wanted)


def _which(known: list[Organization]) -> str:
    if not known:
        return (
            "There is no organization yet: create one with `scim-ledger organization create NAME`."
        )
    names = ", ".join(repr(each.name) for each in known[:10])
    return f"Name one with --organization: {names}."
