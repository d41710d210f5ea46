"""What commands print about organizations, roles, users and schemas: lines or JSON."""

import shlex
from typing import Any

import orjson

from projections.directory.organizations import list_organizations
from schema.events.organization import Organization
from schema.scim.json_text import without_mark
from service.cli.printing.tokens import instant
from service.cli.process import output
from service.organizations.register import CreatedOrganization
from service.runtime import Runtime
from service.terminal import printable


def created_organization(created: CreatedOrganization, *, as_json: bool) -> str:
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
    """Return how a command line names an organization: by id if its name cannot be typed in a shell."""
    return shlex.quote(made.name) if made.name.isprintable() else str(made.id)


def organization(found: Organization, *, as_json: bool) -> str:
    """Return an organization."""
    if as_json:
        return output.as_json(_organization(found))
    suspension = found.suspension
    state = (
        f"suspended since {suspension.since:%Y-%m-%d}: {printable(suspension.reason)}"
        if suspension
        else "active"
    )
    return "\n".join(
        [
            f"Organization {printable(found.name)} is {found.id}",
            f"  State          {state}",
            *(f"  {name:<14} {role_id}" for name, role_id in found.roles.items()),
            *(f"  {name:<14} {value}" for name, value in found.settings.items()),
        ]
    )


async def organizations(runtime: Runtime, *, as_json: bool) -> str:
    """Return all organizations."""
    known = await load_organizations(runtime)
    if as_json:
        return output.as_json([_organization(each) for each in known])
    lines = [
        f"{each.id}  {each.created_at:%Y-%m-%d}  {printable(each.name)}"
        f"{'  (suspended)' if each.suspension else ''}"
        for each in known
    ]
    return "\n".join(lines) or "There is no organization yet: scim-ledger organization create NAME"


def roles(found: Organization, *, as_json: bool) -> str:
    """Return the roles of an organization."""
    if as_json:
        return output.as_json({name: str(role_id) for name, role_id in found.roles.items()})
    return "\n".join(f"{name:<14} {role_id}" for name, role_id in found.roles.items())


def registered(found: Organization, text: bytes, *, is_new: bool, as_json: bool) -> str:
    """Return an extension schema that was just registered from a text."""
    if as_json:
        urn = orjson.loads(without_mark(text))["id"]
        return output.as_json({"id": urn, "isNew": is_new, "document": found.schemas[urn]})
    return "Registered: clients see it at /Schemas." if is_new else "It was already registered."


def schemas(found: Organization, *, as_json: bool) -> str:
    """Return the extension schemas that an organization has registered."""
    if as_json:
        return output.as_json(list(found.schemas.values()))
    lines = [
        printable(f"{urn}  {', '.join(each['name'] for each in document['attributes'])}")
        for urn, document in found.schemas.items()
    ]
    return "\n".join(lines) or "There is no extension schema: scim-ledger schema add FILE"


def _organization(each: Organization) -> dict[str, Any]:
    return {
        "organizationId": str(each.id),
        "name": each.name,
        "createdAt": instant(each.created_at),
        "roles": {name: str(role_id) for name, role_id in each.roles.items()},
        "settings": dict(each.settings),
        "suspendedAt": instant(each.suspension.since) if each.suspension else None,
        "suspensionReason": each.suspension.reason if each.suspension else None,
    }


async def load_organizations(runtime: Runtime) -> list[Organization]:
    """Return all organizations, oldest first."""
    async with runtime.pool.acquire() as connection:
        return await list_organizations(connection)
