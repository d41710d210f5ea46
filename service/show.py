"""What the command line prints: lines to read, or JSON."""

import shlex
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from projections.admin import list_organizations
from projections.load import load_tokens, load_users
from schema.events.organization import Organization
from service import output
from service.config import Settings, default_data_dir
from service.runtime import Runtime
from service.scim.context import BASE_PATH
from service.setup import CreatedOrganization, IssuedToken
from service.streams import printable
from service.token_show import instant, listed_token

CLM_USER = "urn:ietf:params:scim:schemas:extension:clm:2.0:User"
MAPPINGS = (  # SCIM attribute ← what Entra's attribute mapping takes as its source.
    ("userName", "mail", "matching precedence 2"),
    ("externalId", "objectId", "matching precedence 1"),
    ("active", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', ""),
    ("name.givenName", "givenName", ""),
    ("name.familyName", "surname", ""),
    (f"{CLM_USER}:roleId", "the UUID of a role below, by an expression or a constant", ""),
)


def welcome(settings: Settings, made: Organization, token: str | None) -> str:
    """Return what `serve` prints at its first start: with a token, or with the command that makes one."""
    return "\n".join(
        [
            f"scim-ledger is ready. Organization: {printable(made.name)}",
            "",
            "Paste into Entra (Enterprise application, Provisioning, Admin credentials):",
            f"  Tenant URL    {settings.origin + BASE_PATH}",
            *_secret(settings, token),
            "",
            "Attribute mapping (target ← source):",
            *(_mapping(*each) for each in MAPPINGS),
            "",
            "Roles (values of roleId; a user without one is a Reader):",
            *(f"  {name:<14} {role_id}" for name, role_id in made.roles.items()),
            "",
            _hint(settings),
        ]
    )


def _secret(settings: Settings, token: str | None) -> list[str]:
    issue = f"{command(settings)} token issue --label NAME"
    if token is None:
        return [f"  Secret token  not shown in a log. Make one in a terminal: {issue}"]
    return [
        f"  Secret token  {token}",
        "",
        f"The token is shown this once. Another one: {issue}",
    ]


def _mapping(target: str, source: str, note: str) -> str:
    shown = f"  {target}  ←  {source}"
    return f"{shown}  ({note})" if note else shown


async def welcome_back(runtime: Runtime, settings: Settings) -> str:
    """Return what `serve` prints at every later start."""
    names = ", ".join(printable(each.name) for each in await _list(runtime))
    called = command(settings)
    return "\n".join(
        [
            f"scim-ledger is ready. Organizations: {names}",
            f"  Tenant URL    {settings.origin + BASE_PATH}",
            f"  Tokens are not shown again: {called} token list, {called} token issue --label NAME",
            _hint(settings),
        ]
    )


def _hint(settings: Settings) -> str:
    where = f"Data: {settings.data_dir}. " if settings.is_embedded else ""
    return f"{where}{_secrets(settings)}Watch: {command(settings)} events tail. Stop: Ctrl-C."


def command(settings: Settings) -> str:
    """Return how the reader calls the command line in another terminal, with the settings that it needs.

    `make serve` calls it by a relative path.
    """
    called = sys.argv[0]
    path = called if called.startswith(".") and called.endswith("scim-ledger") else "scim-ledger"
    if settings.data_dir == default_data_dir():
        return path
    return f"SCIM_LEDGER_DATA_DIR={shlex.quote(str(settings.data_dir.absolute()))} {path}"


def _secrets(settings: Settings) -> str:
    """Return which settings the reader must bring along, since they are not to be shown."""
    given = {"DATABASE_URL": settings.database_url, "SCIM_LEDGER_MASTER_KEY": settings.master_key}
    names = " and ".join(name for name, value in given.items() if value is not None)
    return f"Commands need {names} as set here. " if names else ""


def organization(created: CreatedOrganization, *, as_json: bool) -> str:
    """Return an organization that was just made."""
    made = created.organization
    if as_json:
        return output.as_json(
            {**_organization(made), "technicalAccountId": str(created.account_id)}
        )
    return "\n".join(
        [
            f"Organization {printable(made.name)} is {made.id}",
            *(f"  {name:<14} {role_id}" for name, role_id in made.roles.items()),
            f"Next: scim-ledger token issue --organization {_argument(made)} --label Entra",
        ]
    )


def _argument(made: Organization) -> str:
    """Return how a command names an organization: by an id where a shell would not take its name."""
    return shlex.quote(made.name) if made.name.isprintable() else str(made.id)


async def organizations(runtime: Runtime, *, as_json: bool) -> str:
    """Return all organizations."""
    known = await _list(runtime)
    if as_json:
        return output.as_json([_organization(each) for each in known])
    lines = [f"{each.id}  {each.created_at:%Y-%m-%d}  {printable(each.name)}" for each in known]
    return "\n".join(lines) or "There is none yet: scim-ledger organization create NAME"


def roles(found: Organization, *, as_json: bool) -> str:
    """Return the roles of an organization."""
    if as_json:
        return output.as_json({name: str(role_id) for name, role_id in found.roles.items()})
    return "\n".join(f"{name:<14} {role_id}" for name, role_id in found.roles.items())


def user(user_id: UUID, user_name: str, *, as_json: bool) -> str:
    """Return a user that was just made."""
    if as_json:
        return output.as_json({"id": str(user_id), "userName": user_name})
    return f"User {printable(user_name)} is {user_id}"


def schemas(found: Organization, *, as_json: bool) -> str:
    """Return the extension schemas of an organization's own."""
    if as_json:
        return output.as_json(list(found.schemas.values()))
    lines = [
        printable(f"{urn}  {', '.join(each['name'] for each in document['attributes'])}")
        for urn, document in found.schemas.items()
    ]
    return "\n".join(lines) or "There is none: scim-ledger schema add FILE"


def issued(token: IssuedToken, tenant_url: str, *, as_json: bool) -> str:
    """Return a token that was just made."""
    if as_json:
        return output.as_json(
            {
                "token": token.token,
                "tenantUrl": tenant_url,
                "tokenId": str(token.token_id),
                "expiresAt": instant(token.expires_at),
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
    """Return the tokens of an organization, with what keeps each of them from working."""
    async with runtime.pool.acquire() as connection:
        known = list((await load_tokens(connection, found.id)).values())
        accounts, _ = await load_users(connection, found.id, {each.account_id for each in known})
    listed = [listed_token(each, found, accounts.get(each.account_id), _now()) for each in known]
    if as_json:
        return output.as_json([each.document() for each in listed])
    lines = [each.line() for each in listed]
    return "\n".join(lines) or "There is none yet: scim-ledger token issue --label NAME"


def _now() -> datetime:
    return datetime.now(UTC)


def _organization(each: Organization) -> dict[str, Any]:
    return {
        "organizationId": str(each.id),
        "name": each.name,
        "createdAt": instant(each.created_at),
        "roles": {name: str(role_id) for name, role_id in each.roles.items()},
    }


async def _list(runtime: Runtime) -> list[Organization]:
    async with runtime.pool.acquire() as connection:
        return await list_organizations(connection)
