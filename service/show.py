"""What the command line prints: lines to read, or JSON."""

import shlex
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from projections.admin import list_organizations
from projections.load import load_tokens
from schema.events.organization import Organization, Token
from service.config import DEFAULT_ORIGIN, Settings, default_data_dir
from service.runtime import Runtime
from service.scim.context import BASE_PATH
from service.setup import CreatedOrganization, IssuedToken

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
MAPPINGS = (  # SCIM attribute ← what Entra's attribute mapping takes as its source.
    ("userName", "mail", "matching precedence 2"),
    ("externalId", "objectId", "matching precedence 1"),
    ("active", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', ""),
    ("name.givenName", "givenName", ""),
    ("name.familyName", "surname", ""),
    (f"{CORE_USER}:roleId", "the UUID of a role below, by an expression or a constant", ""),
)


async def welcome(
    runtime: Runtime, settings: Settings, first: tuple[CreatedOrganization, IssuedToken] | None
) -> str:
    """Return what `serve` prints once it is ready; the token only where it has just been made."""
    tenant_url = settings.origin + BASE_PATH
    if first is None:
        return _welcome_back(tenant_url, await _list(runtime), settings)
    created, issued = first
    issue = command(settings, with_url=True)
    return "\n".join(
        [
            f"scim-ledger is ready. Organization: {created.organization.name}",
            "",
            "Paste into Entra (Enterprise application, Provisioning, Admin credentials):",
            f"  Tenant URL    {tenant_url}",
            f"  Secret token  {issued.token}",
            "",
            f"The token is shown this once. Another one: {issue} token issue --label NAME",
            "",
            "Attribute mapping (target ← source):",
            *(_mapping(*each) for each in MAPPINGS),
            "",
            "Roles (values of roleId; a user without one is a Reader):",
            *(f"  {name:<14} {role_id}" for name, role_id in created.organization.roles.items()),
            "",
            _hint(settings),
        ]
    )


def _mapping(target: str, source: str, note: str) -> str:
    shown = f"  {target}  ←  {source}"
    return f"{shown}  ({note})" if note else shown


def _welcome_back(tenant_url: str, known: list[Organization], settings: Settings) -> str:
    names = ", ".join(each.name for each in known)
    held, issue = command(settings), command(settings, with_url=True)
    return "\n".join(
        [
            f"scim-ledger is ready. Organizations: {names}",
            f"  Tenant URL    {tenant_url}",
            f"  Tokens are not shown again: {held} token list, {issue} token issue --label NAME",
            _hint(settings),
        ]
    )


def _hint(settings: Settings) -> str:
    where = f"Data: {settings.data_dir}. " if settings.is_embedded else ""
    return f"{where}{_secrets(settings)}Watch: {command(settings)} events tail. Stop: Ctrl-C."


def command(settings: Settings, *, with_url: bool = False) -> str:
    """Return how the reader calls the command line in another terminal, with the settings that it needs.

    `make serve` calls it by a relative path. `with_url` is for a command that shows the tenant URL.
    """
    called = sys.argv[0]
    path = called if called.startswith(".") and called.endswith("scim-ledger") else "scim-ledger"
    needed = []
    if settings.data_dir != default_data_dir():
        needed.append(f"SCIM_LEDGER_DATA_DIR={shlex.quote(str(settings.data_dir.absolute()))}")
    if with_url and settings.origin != DEFAULT_ORIGIN:
        needed.append(f"SCIM_LEDGER_PUBLIC_URL={shlex.quote(settings.origin)}")
    return " ".join([*needed, path])


def _secrets(settings: Settings) -> str:
    """Return which settings the reader must bring along, since they are not to be shown."""
    given = {"DATABASE_URL": settings.database_url, "SCIM_LEDGER_MASTER_KEY": settings.master_key}
    names = " and ".join(name for name, value in given.items() if value is not None)
    return f"Commands need {names} as set here. " if names else ""


def organization(created: CreatedOrganization, *, as_json: bool) -> str:
    """Return an organization that was just made."""
    made = created.organization
    if as_json:
        return _json({**_organization(made), "technicalAccountId": str(created.account_id)})
    return "\n".join(
        [
            f"Organization {made.name} is {made.id}",
            *(f"  {name:<14} {role_id}" for name, role_id in made.roles.items()),
            f'Next: scim-ledger token issue --organization "{made.name}" --label "Entra"',
        ]
    )


async def organizations(runtime: Runtime, *, as_json: bool) -> str:
    """Return all organizations."""
    known = await _list(runtime)
    if as_json:
        return _json([_organization(each) for each in known])
    lines = [f"{each.id}  {each.created_at:%Y-%m-%d}  {each.name}" for each in known]
    return "\n".join(lines) or "There is none yet: scim-ledger organization create NAME"


def roles(found: Organization, *, as_json: bool) -> str:
    """Return the roles of an organization."""
    if as_json:
        return _json({name: str(role_id) for name, role_id in found.roles.items()})
    return "\n".join(f"{name:<14} {role_id}" for name, role_id in found.roles.items())


def user(user_id: UUID, user_name: str, *, as_json: bool) -> str:
    """Return a user that was just made."""
    if as_json:
        return _json({"id": str(user_id), "userName": user_name})
    return f"User {user_name} is {user_id}"


def schemas(found: Organization, *, as_json: bool) -> str:
    """Return the extension schemas of an organization's own."""
    if as_json:
        return _json(list(found.schemas.values()))
    lines = [
        f"{urn}  {', '.join(each['name'] for each in document['attributes'])}"
        for urn, document in found.schemas.items()
    ]
    return "\n".join(lines) or "There is none: scim-ledger schema add FILE"


def issued(token: IssuedToken, tenant_url: str, *, as_json: bool) -> str:
    """Return a token that was just made."""
    if as_json:
        return _json(
            {
                "token": token.token,
                "tenantUrl": tenant_url,
                "tokenId": str(token.token_id),
                "expiresAt": _instant(token.expires_at),
            }
        )
    until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "until it is revoked"
    return "\n".join(
        [
            f"Tenant URL    {tenant_url}",
            f"Secret token  {token.token}",
            f"It is shown this once and valid {until}; its id is {token.token_id}.",
        ]
    )


async def tokens(runtime: Runtime, found: Organization, *, as_json: bool) -> str:
    """Return the tokens of an organization."""
    async with runtime.pool.acquire() as connection:
        known = list((await load_tokens(connection, found.id)).values())
    if as_json:
        return _json([_token(each) for each in known])
    lines = [
        f"{each.id}  {each.issued_at:%Y-%m-%d}  {_state(each):<22}  {each.label}" for each in known
    ]
    return "\n".join(lines) or "There is none yet: scim-ledger token issue --label NAME"


def _state(token: Token) -> str:
    if token.revoked_at:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    return f"expires {token.expires_at:%Y-%m-%d}" if token.expires_at else "valid"


def _token(token: Token) -> dict[str, Any]:
    return {
        "tokenId": str(token.id),
        "label": token.label,
        "accountId": str(token.account_id),
        "issuedAt": _instant(token.issued_at),
        "expiresAt": _instant(token.expires_at),
        "revokedAt": _instant(token.revoked_at),
    }


def _organization(each: Organization) -> dict[str, Any]:
    return {
        "organizationId": str(each.id),
        "name": each.name,
        "createdAt": _instant(each.created_at),
        "roles": {name: str(role_id) for name, role_id in each.roles.items()},
    }


async def _list(runtime: Runtime) -> list[Organization]:
    async with runtime.pool.acquire() as connection:
        return await list_organizations(connection)


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
