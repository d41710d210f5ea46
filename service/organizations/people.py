"""Manages people by hand: a customer's administrator does what the identity provider does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import orjson

from eventstore.events import Cause, Provenance
from eventstore.postgres.connection import Connection
from eventstore.read import read_provenance, stream_pages
from projections.directory.actors import Actor, name_actors
from projections.directory.organizations import find_user
from projections.directory.queries.people import GroupSummary, Person, read_people
from schema.events.codec import decode, is_known
from schema.events.organization import Organization
from schema.events.origins import ACTIVE, ROLE, attribute_origins
from schema.scim.definitions import user_type
from schema.scim.errors import Conflict, NotFound
from schema.scim.patch.operations import read_patch
from service.callers.caller import Caller
from service.ids import as_id
from service.organizations.users import create_user, role_id_of
from service.runtime import Runtime
from service.write.commands import DeleteUser, PatchUser

PROVIDER: Final = "scim"  # The source of what an identity provider writes.

# The fields of a person, each with the attribute that it is part of.
ATTRIBUTES: Final[Mapping[str, str]] = {
    "userName": "userName",
    "displayName": "displayName",
    "givenName": "name",
    "familyName": "name",
    "email": "emails",
    "externalId": "externalId",
    "roleId": ROLE,
    "active": ACTIVE,
}
PATHS: Final[Mapping[str, str]] = {
    "userName": "userName",
    "displayName": "displayName",
    "givenName": "name.givenName",
    "familyName": "name.familyName",
    "roleId": ROLE,
    "active": ACTIVE,
}


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A field whose value the identity provider wrote last: its next cycle may write it again."""

    field: str
    cause: Cause

    @property
    def warning(self) -> str:
        """Return what to tell whoever changed the field."""
        return (
            f"The identity provider wrote this on {self.cause.recorded_at:%Y-%m-%d at %H:%M} UTC. Its next cycle may "
            "write its own value again: change it there too."
        )


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who changed something last, and when."""

    actor: Actor
    cause: Cause


async def last_changes(
    connection: Connection, organization_id: UUID, versions: Mapping[UUID, int]
) -> dict[UUID, LastChange]:
    """Return who gave each resource its version."""
    causes = await read_provenance(connection, organization_id, versions)
    acted = [(each.actor_id, each.source) for each in causes.values()]
    actors = await name_actors(connection, organization_id, acted)
    return {key: LastChange(actors[cause.actor_id], cause) for key, cause in causes.items()}


async def last_change(
    runtime: Runtime, organization_id: UUID, changed: Person | GroupSummary
) -> LastChange | None:
    """Return who gave a person or a group its version."""
    async with runtime.pool.acquire() as connection:
        found = await last_changes(connection, organization_id, {changed.id: changed.version})
    return found.get(changed.id)


async def find_person_id(runtime: Runtime, organization: Organization, wanted: str) -> UUID:
    """Return the id of a user by its id or its userName; people come before technical accounts. Errors: NotFound."""
    if (by_id := as_id(wanted)) is not None:
        return by_id
    async with runtime.pool.acquire() as connection:
        found = await find_user(connection, organization.id, wanted)
    if found is None:
        raise NotFound(f"There is no user {wanted!r} in {organization.name}.")
    return found


async def read_person(runtime: Runtime, organization_id: UUID, user_id: UUID) -> Person:
    """Return a person. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        return await existing(connection, organization_id, user_id)


async def existing(connection: Connection, organization_id: UUID, user_id: UUID) -> Person:
    """Return a person. Errors: NotFound."""
    found = await read_people(connection, organization_id, [user_id])
    if user_id not in found:
        raise NotFound(f"There is no user {user_id}.")
    return found[user_id]


def email_of(document: Mapping[str, Any]) -> str | None:
    """Return the mail address that a list shows: the one for work, else the primary one, else the first."""
    shown = _shown_email(document)
    return shown.get("value") if shown else None


def _shown_email(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    emails = [each for each in document.get("emails", ()) if "value" in each]
    work = (each for each in emails if str(each.get("type", "")).lower() == "work")
    primary = (each for each in emails if each.get("primary"))
    return next(work, None) or next(primary, None) or next(iter(emails), None)


async def add_person(
    runtime: Runtime,
    organization: Organization,
    fields: Mapping[str, Any],
    *,
    provenance: Provenance,
) -> Person:
    """Create a person by hand. Errors: InvalidValue; Uniqueness if the userName is taken."""
    given = {name: value for name, value in fields.items() if value is not None}
    document: dict[str, Any] = {
        name: given[name] for name in ("userName", "displayName", "externalId") if name in given
    }
    if name := {each: given[each] for each in ("givenName", "familyName") if each in given}:
        document["name"] = name
    if "email" in given:
        document["emails"] = [{"value": given["email"], "type": "work", "primary": True}]
    document |= {name: given[name] for name in ("active", "roleId") if name in given}
    user_id = await create_user(
        runtime, organization, document, role=given.get("role"), provenance=provenance
    )
    return await read_person(runtime, organization.id, user_id)


async def change_person(
    runtime: Runtime,
    organization: Organization,
    user_id: UUID,
    fields: Mapping[str, Any],
    *,
    provenance: Provenance,
) -> tuple[Person, list[Overwritten]]:
    """Change fields of a person; None clears one. Return the person, and what the provider may write again.

    Errors: NotFound, InvalidValue, Uniqueness; Conflict where the organization refuses such changes by hand.
    """
    async with runtime.pool.acquire() as connection:
        before = await existing(connection, organization.id, user_id)
        wanted = _wanted(organization, before, fields)
        overwritten = await _overwritten(connection, organization.id, before, wanted)
    if not wanted:
        return before, []
    refuse_local_change(organization, [each.field for each in overwritten])
    resource_type = user_type(organization.schemas)
    sent = {"Operations": [_operation(before, *each) for each in wanted.items()]}
    patch = read_patch(sent, resource_type, str(user_id))
    command = PatchUser(user_id, patch, resource_type)
    await runtime.lanes.submit(command, Caller(organization, None, provenance.source), provenance)
    return await read_person(runtime, organization.id, user_id), overwritten


async def delete_person(
    runtime: Runtime, organization: Organization, user_id: UUID, *, provenance: Provenance
) -> None:
    """Take a person out of SCIM; the history stays. Errors: NotFound, Conflict."""
    person = await read_person(runtime, organization.id, user_id)
    if origin_of(person) != "manual":
        refuse_local_change(organization, ["the person"])
    caller = Caller(organization, None, provenance.source)
    await runtime.lanes.submit(DeleteUser(user_id), caller, provenance)


def origin_of(person: Person) -> Literal["scim", "manual", "linked"]:
    """Return where a person came from.

    `scim`: the identity provider made it. `manual`: it was made by hand. `linked`: it was made by hand, and the
    identity provider gave it an externalId later.
    """
    if person.origin == PROVIDER:
        return "scim"
    return "linked" if "externalId" in person.document else "manual"


def refuse_local_change(organization: Organization, fields: list[str]) -> None:
    """Refuse a change by hand of what the identity provider writes, where the organization asks for that."""
    if fields and organization.setting("localChanges") == "refused":
        raise Conflict(
            f"The identity provider writes {', '.join(fields)}, and this organization refuses changes by hand "
            "(its setting localChanges is refused). Change it at the identity provider."
        )


def value_of(person: Person, field: str) -> Any:
    """Return the present value of a field; None if it has none."""
    document = person.document
    match field:
        case "active":
            return person.active
        case "roleId":
            return str(person.role_id)
        case "email":
            return email_of(document)
        case "givenName" | "familyName":
            return document.get("name", {}).get(field)
        case _:
            return document.get(field)


def _wanted(
    organization: Organization, before: Person, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields that change, with the role by its id."""
    wanted = {name: value for name, value in fields.items() if name != "role"}
    if fields.get("role") is not None:
        wanted["roleId"] = role_id_of(organization, fields["role"])
    if "roleId" in wanted and wanted["roleId"] is not None:
        wanted["roleId"] = str(wanted["roleId"])
    return {name: value for name, value in wanted.items() if value != value_of(before, name)}


def _operation(before: Person, field: str, value: Any) -> dict[str, Any]:
    """Return the operation of a PATCH that gives a field a value; None clears it."""
    if field != "email":
        return {"op": "replace", "path": PATHS[field], "value": value}
    shown = _shown_email(before.document)
    if shown is None:
        added = {"value": value, "type": "work", "primary": True}
        return {"op": "add", "path": "emails", "value": [added]}
    same = f"emails[value eq {orjson.dumps(shown['value']).decode()}]"
    if value is None:
        return {"op": "remove", "path": same}
    return {"op": "replace", "path": f"{same}.value", "value": value}


async def _overwritten(
    connection: Connection, organization_id: UUID, person: Person, wanted: Mapping[str, Any]
) -> list[Overwritten]:
    """Return the fields among those wanted that the identity provider wrote last."""
    if not wanted or origin_of(person) == "manual":
        return []
    origins = await read_origins(connection, organization_id, person.id)
    found = [(field, origins.get(ATTRIBUTES[field])) for field in wanted]
    return [
        Overwritten(field, cause) for field, cause in found if cause and cause.source == PROVIDER
    ]


async def read_origins(
    connection: Connection, organization_id: UUID, stream_id: UUID
) -> dict[str, Cause]:
    """Return the cause of the last write of each attribute of a user or a group, by the attribute's path."""
    origins: dict[str, Cause] = {}
    async for page in stream_pages(connection, organization_id, stream_id):
        origins |= attribute_origins(
            (
                decode(each.type, each.schema_version, each.data, None),
                Cause(
                    each.position,
                    each.recorded_at,
                    each.actor_id,
                    each.token_id,
                    each.request_id,
                    each.source,
                ),
            )
            for each in page
            if is_known(each.type, each.schema_version)
        )
    return origins
