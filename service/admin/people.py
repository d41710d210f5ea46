"""The routes of people."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.events import Cause
from eventstore.postgres.connection import Connection
from projections.directory.actors import Actor
from projections.directory.queries.people import PeopleFilter, Person, list_people
from schema.events.organization import Organization
from service.admin.people_messages import (
    ChangedBy,
    ChangedPerson,
    LocalWarning,
    NewPerson,
    PeopleQuery,
    PersonalData,
    PersonChange,
    PersonRow,
)
from service.api.call import Call
from service.api.cursor import a_name, page_of, read_key
from service.api.models import Page
from service.organizations import people
from service.organizations.personal_data import personal_data
from service.organizations.users import role_id_of

KIND = "people"  # Of cursors.


async def list_rows(call: Call, query: PeopleQuery) -> Page[PersonRow]:
    """GET /users."""
    after = read_key(KIND, query.cursor, a_name)
    role_id = role_id_of(call.organization, query.role) if query.role else None
    shown = PeopleFilter(query.q, query.active, role_id)
    async with call.runtime.pool.acquire() as connection:
        found = await list_people(
            connection,
            call.organization.id,
            shown,
            after=after[0] if after else None,
            limit=query.limit + 1,
        )
        page = page_of(found, query.limit, KIND, lambda person: (person.user_name_key,))
        rows = await person_rows(connection, call.organization, page.items)
    return Page[PersonRow](items=rows, next_cursor=page.next_cursor)


async def read(call: Call, user_id: UUID) -> PersonRow:
    """GET /users/{id}."""
    return await _row(call, await people.read_person(call.runtime, call.organization.id, user_id))


async def create(call: Call, body: NewPerson) -> PersonRow:
    """POST /users."""
    fields = body.model_dump(by_alias=True, exclude_unset=True, mode="json")
    made = await people.add_person(
        call.runtime, call.organization, fields, provenance=call.provenance
    )
    return await _row(call, made)


async def change(call: Call, user_id: UUID, body: PersonChange) -> ChangedPerson:
    """PATCH /users/{id}."""
    return await _change(call, user_id, body.model_dump(by_alias=True, exclude_unset=True))


async def deactivate(call: Call, user_id: UUID) -> ChangedPerson:
    """POST /users/{id}/deactivate."""
    return await _change(call, user_id, {"active": False})


async def reactivate(call: Call, user_id: UUID) -> ChangedPerson:
    """POST /users/{id}/reactivate."""
    return await _change(call, user_id, {"active": True})


async def delete(call: Call, user_id: UUID) -> None:
    """DELETE /users/{id}."""
    await people.delete_person(call.runtime, call.organization, user_id, provenance=call.provenance)


async def data(call: Call, user_id: UUID) -> PersonalData:
    """GET /users/{id}/data."""
    held = await personal_data(call.runtime, call.organization, user_id)
    return PersonalData.model_validate(held)


async def _change(call: Call, user_id: UUID, fields: dict[str, object]) -> ChangedPerson:
    person, overwritten = await people.change_person(
        call.runtime, call.organization, user_id, fields, provenance=call.provenance
    )
    row = await _row(call, person)
    return ChangedPerson(**row.model_dump(), warnings=local_warnings(overwritten))


def local_warnings(overwritten: Sequence[people.Overwritten]) -> list[LocalWarning]:
    """Return what may undo a change."""
    return [LocalWarning(attribute=each.field, detail=each.warning) for each in overwritten]


async def _row(call: Call, person: Person) -> PersonRow:
    async with call.runtime.pool.acquire() as connection:
        return (await person_rows(connection, call.organization, [person]))[0]


async def person_rows(
    connection: Connection, organization: Organization, found: Sequence[Person]
) -> list[PersonRow]:
    """Return people as they are answered, with who changed each last."""
    changed = await changes(connection, organization.id, {each.id: each.version for each in found})
    return [_as_row(organization, each, changed.get(each.id)) for each in found]


async def changes(
    connection: Connection, organization_id: UUID, versions: dict[UUID, int]
) -> dict[UUID, ChangedBy]:
    """Return who gave each resource its version."""
    found = await people.last_changes(connection, organization_id, versions)
    return {key: changed_by(each.cause, each.actor) for key, each in found.items()}


def changed_by(cause: Cause, actor: Actor) -> ChangedBy:
    """Return a cause as it is answered."""
    return ChangedBy(
        id=actor.id, name=actor.name, kind=actor.kind, source=cause.source, at=cause.recorded_at
    )


def _as_row(organization: Organization, person: Person, changed: ChangedBy | None) -> PersonRow:
    document = person.document
    name = document.get("name", {})
    return PersonRow(
        id=person.id,
        user_name=document["userName"],
        display_name=document.get("displayName"),
        given_name=name.get("givenName"),
        family_name=name.get("familyName"),
        email=people.email_of(document),
        external_id=document.get("externalId"),
        role_id=person.role_id,
        role=organization.role_name(person.role_id) or str(person.role_id),
        active=person.active,
        origin=people.origin_of(person),
        created_at=person.created_at,
        changed_at=person.modified_at,
        last_changed_by=changed,
    )
