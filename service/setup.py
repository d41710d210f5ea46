"""What an administrator does once: organizations, technical accounts, tokens."""

import os
import pwd
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from eventstore.events import Provenance
from projections import admin
from schema.events.organization import ROLE_NAMES, TOKEN_ROLE, Organization
from schema.scim.attributes import Document
from schema.scim.definitions import USER, user_type
from schema.scim.errors import InvalidValue, NotFound, Uniqueness
from schema.scim.extension import refuse_other_spelling
from schema.scim.json_text import refuse_repeated_keys, without_mark
from schema.scim.resource import read_document
from schema.scim.text import fold
from service.commands import (
    CreateUser,
    IssueToken,
    RegisterOrganization,
    RegisterSchema,
    RevokeToken,
)
from service.decide.known import Caller
from service.decide.organization import NAME_LENGTH_MAX
from service.ids import new_id
from service.runtime import Runtime
from service.statements import statement
from service.streams import printable
from service.tokens import SCOPE, encode_token, hash_jti

TECHNICAL_ACCOUNT = "technical-account"
FIRST_ORGANIZATION = "Default organization"
JTI_BYTES = 32


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, which is shown once, and the id under which it is listed and revoked."""

    token: str
    token_id: UUID
    account_id: UUID
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedOrganization:
    """An organization and the account that its tokens belong to."""

    organization: Organization
    account_id: UUID


def cli_provenance(acting_as: str | None = None) -> Provenance:
    """Return who acts on the command line: the account, and the name that it gives besides."""
    account = system_account()
    actor = (
        f"cli:{account} as {_checked_name(acting_as)}"
        if acting_as is not None
        else f"cli:{account}"
    )
    return Provenance(actor, None, new_id(), "cli")


def system_account() -> str:
    """Return the account of this process as `id` shows it, 1000(ada). No variable has a say in it."""
    uid = os.getuid()
    try:
        return f"{uid}({printable(pwd.getpwuid(uid).pw_name)})"
    except (OSError, KeyError):  # A container's user id may have no name.
        return str(uid)


def _checked_name(name: str) -> str:
    """Return a name that is one printable piece of text. Errors: InvalidValue."""
    text = name.strip()
    if not text or len(text) > NAME_LENGTH_MAX or not text.isprintable():
        raise InvalidValue(
            f"--as takes a name of 1 to {NAME_LENGTH_MAX} characters, without control characters."
        )
    return text


async def create_organization(
    runtime: Runtime, name: str, *, acting_as: str | None = None
) -> CreatedOrganization:
    """Make an organization with its five roles and a technical account. Errors: ScimError."""
    await _refuse_taken(runtime, name)
    organization_id, provenance = new_id(), cli_provenance(acting_as)
    roles = {role: new_id() for role in ROLE_NAMES}
    blank = Organization(organization_id, 0, datetime.now(UTC), name, roles)
    caller = Caller(blank, None, "cli")
    register = RegisterOrganization(organization_id, name, roles)
    await runtime.lanes.submit(register, caller, provenance)
    account_id = new_id()
    account = {
        "userName": TECHNICAL_ACCOUNT,
        "displayName": "Technical account for provisioning",
        "roleId": str(roles[TOKEN_ROLE]),
    }
    await runtime.lanes.submit(CreateUser(account_id, account, USER), caller, provenance)
    return CreatedOrganization(await find_organization(runtime, str(organization_id)), account_id)


async def _refuse_taken(runtime: Runtime, name: str) -> None:
    """Raise Uniqueness where an organization has this name; one that is made meanwhile meets Postgres."""
    async with runtime.pool.acquire() as connection:
        known = await admin.list_organizations(connection)
    if fold(name.strip()) in (fold(each.name) for each in known):
        raise Uniqueness(f"There is an organization {name!r} already; choose another name.")


async def issue_token(
    runtime: Runtime,
    organization: Organization,
    label: str,
    *,
    account: str | None = None,
    lifetime: timedelta | None = None,
    acting_as: str | None = None,
) -> IssuedToken:
    """Make a bearer token for a technical account, by default the organization's own.

    Errors: NotFound for an account that does not exist; InvalidValue for one that may not.
    """
    account_id = await _account_id(runtime, organization, account)
    now = datetime.now(UTC).replace(microsecond=0)
    expires_at = now + lifetime if lifetime else None
    jti, token_id = secrets.token_urlsafe(JTI_BYTES), new_id()
    command = IssueToken(
        organization.id, token_id, hash_jti(jti), account_id, label, SCOPE, expires_at
    )
    await runtime.lanes.submit(
        command, Caller(organization, None, "cli"), cli_provenance(acting_as)
    )
    token = encode_token(
        runtime.signing_key,
        organization_id=organization.id,
        account_id=account_id,
        jti=jti,
        issued_at=now,
        expires_at=expires_at,
    )
    return IssuedToken(token, token_id, account_id, expires_at)


async def revoke_token(
    runtime: Runtime, organization: Organization, token_id: UUID, *, acting_as: str | None = None
) -> bool:
    """Revoke a token; tell whether it was valid until now. Errors: NotFound."""
    command = RevokeToken(organization.id, token_id)
    caller = Caller(organization, None, "cli")
    outcome = await runtime.lanes.submit(command, caller, cli_provenance(acting_as))
    return outcome.is_changed


async def register_schema(
    runtime: Runtime, organization: Organization, text: bytes, *, acting_as: str | None = None
) -> bool:
    """Register an extension schema given as JSON; tell whether that changed anything.

    Errors: InvalidValue and InvalidSyntax, with what to change.
    """
    sent = without_mark(text)
    try:
        document = orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise InvalidValue(f"The file is not JSON in UTF-8: {error}.") from None
    refuse_repeated_keys(sent)
    if isinstance(document, dict):
        refuse_other_spelling(organization.schemas, str(document.get("id")))
    command = RegisterSchema(organization.id, document)
    caller = Caller(organization, None, "cli")
    outcome = await runtime.lanes.submit(command, caller, cli_provenance(acting_as))
    return outcome.is_changed


async def create_user(
    runtime: Runtime,
    organization: Organization,
    document: Document,
    *,
    role: str | None,
    acting_as: str | None = None,
) -> UUID:
    """Make a user by hand, whom an identity provider may find and link later; return its id.

    The role is one of the five by name, Reader where none is given.
    Errors: InvalidValue, Uniqueness where the userName is taken.
    """
    if role is not None:
        document = {**document, "roleId": str(_role_id(organization, role))}
    resource_type, user_id = user_type(organization.schemas), new_id()
    command = CreateUser(user_id, read_document(document, resource_type).document, resource_type)
    await runtime.lanes.submit(
        command, Caller(organization, None, "cli"), cli_provenance(acting_as)
    )
    return user_id


def _role_id(organization: Organization, wanted: str) -> UUID:
    for name, role_id in organization.roles.items():
        if name.lower() == wanted.lower():
            return role_id
    raise InvalidValue(f"There is no role {wanted!r}: the roles are {', '.join(ROLE_NAMES)}.")


async def find_organization(runtime: Runtime, wanted: str | None) -> Organization:
    """Return an organization by id or name; the only one where none is wanted.

    Errors: NotFound, which says how to name one.
    """
    async with runtime.pool.acquire() as connection:
        known = await admin.list_organizations(connection)
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        raise NotFound(_which(known))
    found = [each for each in known if fold(wanted) in (str(each.id), fold(each.name))]
    if not found:
        raise NotFound(f"There is no organization {wanted!r}. {_which(known)}")
    return found[0]


def _which(known: list[Organization]) -> str:
    if not known:
        return "There is none yet: make one with `scim-ledger organization create NAME`."
    names = ", ".join(repr(each.name) for each in known[:10])
    return f"Name one with --organization: {names}."


async def _account_id(runtime: Runtime, organization: Organization, account: str | None) -> UUID:
    async with runtime.pool.acquire() as connection:
        found = await admin.find_account(connection, organization.id, account or TECHNICAL_ACCOUNT)
    if found is None:
        raise NotFound(f"There is no user {account or TECHNICAL_ACCOUNT!r} in {organization.name}.")
    return found


async def set_up_first(runtime: Runtime) -> CreatedOrganization | None:
    """Make an organization in a database that has none; None where it has one."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        # Of services that start together, one makes it; the others wait, and find it.
        await connection.execute(statement("lock_first_organization"))
        if await admin.list_organizations(connection):
            return None
        return await create_organization(runtime, FIRST_ORGANIZATION)
