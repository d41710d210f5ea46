"""Changes of a person by hand: each says what the identity provider will write again."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from eventstore.events import Cause
from projections.directory.queries.people import Person
from schema.events.organization import ROLE_NAMES
from schema.events.origins import ACTIVE
from schema.scim.errors import (
    Conflict,
    Forbidden,
    Held,
    InvalidValue,
    LastAdministrator,
    Rejected,
    ScimError,
    Uniqueness,
)
from service.console.framework.call import ConsoleCall
from service.console.pages.directory.words import name_of
from service.http.answer import Answer
from service.organizations.people import (
    ATTRIBUTES,
    PROVIDER,
    add_person,
    change_person,
    origin_of,
    read_origins,
    read_person,
    value_of,
)

FIELDS: Final = ("displayName", "givenName", "familyName", "userName", "email")
REFUSALS: Final = (
    InvalidValue,
    Uniqueness,
    Conflict,
    Forbidden,
    LastAdministrator,
    Held,
    Rejected,
)  # What the form says.


async def show_new(call: ConsoleCall) -> Answer:
    """GET /people/new."""
    return await _show_form(call, None)


async def create(call: ConsoleCall) -> Answer:
    """POST /people/new."""
    given = {name: call.form.value(name) or None for name in FIELDS}
    if not given["userName"]:
        call.form.refuse("userName", _needs_user_name(call))
        return await _show_form(call, None)
    role = call.form.value("role", "Reader")
    try:
        made = await add_person(
            call.runtime, call.organization, {**given, "role": role}, provenance=call.provenance
        )
    except REFUSALS as error:
        _refuse(call, error)
        return await _show_form(call, None)
    return call.go(f"/people/{made.id}", done="changed")


async def show_change(call: ConsoleCall, user_id: UUID) -> Answer:
    """GET /people/{id}/change."""
    return await _show_form(call, await read_person(call.runtime, call.organization.id, user_id))


async def change(call: ConsoleCall, user_id: UUID) -> Answer:
    """POST /people/{id}/change: only fields that differ from what the page showed."""
    person = await read_person(call.runtime, call.organization.id, user_id)
    if call.form.value("version") != str(person.version):
        call.form.refuse(
            "",
            call.t(
                "person.changed_meanwhile",
                "This was changed at {time} while you were editing. Check the new values and save again.",
                time=call.times.plain(person.modified_at),
            ),
        )
        return await _show_form(call, person)
    wanted: dict[str, Any] = {}
    for name in FIELDS:
        typed = call.form.value(name) or None
        if typed != (value_of(person, name) or None):
            wanted[name] = typed
    if not call.form.value("userName"):
        call.form.refuse("userName", _needs_user_name(call))
        return await _show_form(call, person)
    if (role := call.form.value("role")) != call.organization.role_name(person.role_id):
        wanted["role"] = role
    return await _submit(call, person, wanted, "changed")


async def show_deactivate(call: ConsoleCall, user_id: UUID) -> Answer:
    """GET /people/{id}/deactivate: what it will do, before it is done."""
    return await _show_confirmation(call, user_id, deactivates=True)


async def deactivate(call: ConsoleCall, user_id: UUID) -> Answer:
    """POST /people/{id}/deactivate."""
    person = await read_person(call.runtime, call.organization.id, user_id)
    return await _submit(call, person, {"active": False}, "deactivated")


async def show_reactivate(call: ConsoleCall, user_id: UUID) -> Answer:
    """GET /people/{id}/reactivate."""
    return await _show_confirmation(call, user_id, deactivates=False)


async def reactivate(call: ConsoleCall, user_id: UUID) -> Answer:
    """POST /people/{id}/reactivate."""
    person = await read_person(call.runtime, call.organization.id, user_id)
    return await _submit(call, person, {"active": True}, "reactivated")


async def _submit(
    call: ConsoleCall, person: Person, wanted: Mapping[str, Any], done: str
) -> Answer:
    try:
        await change_person(
            call.runtime, call.organization, person.id, wanted, provenance=call.provenance
        )
    except REFUSALS as error:
        _refuse(call, error)
        if done == "changed":
            return await _show_form(call, person)
        return await _show_confirmation(call, person.id, deactivates=done == "deactivated")
    return call.go(f"/people/{person.id}", done=done)


async def _show_form(call: ConsoleCall, person: Person | None) -> Answer:
    provider = await _provider_wrote(call, person) if person else {}
    return await call.show(
        "directory/person_form.html",
        status=422 if call.form.errors else 200,
        person=person,
        name=name_of(person) if person else "",
        values={name: value_of(person, name) or "" for name in FIELDS} if person else {},
        role=(call.organization.role_name(person.role_id) if person else None) or "Reader",
        roles=ROLE_NAMES,
        provider={name: call.times.day(cause.recorded_at) for name, cause in provider.items()},
        is_refused=call.organization.setting("localChanges") == "refused",
    )


async def _show_confirmation(call: ConsoleCall, user_id: UUID, *, deactivates: bool) -> Answer:
    person = await read_person(call.runtime, call.organization.id, user_id)
    provider = await _provider_wrote(call, person)
    return await call.show(
        "directory/person_confirm.html",
        status=422 if call.form.errors else 200,
        person=person,
        name=name_of(person),
        role=call.organization.role_name(person.role_id),
        deactivates=deactivates,
        is_overwritten=ACTIVE in provider,
    )


async def _provider_wrote(call: ConsoleCall, person: Person) -> dict[str, Cause]:
    """Return the fields that the identity provider wrote last: its next cycle will write them again."""
    if origin_of(person) == "manual":
        return {}
    async with call.runtime.pool.acquire() as connection:
        origins = await read_origins(connection, call.organization.id, person.id)
    return {
        field: origins[attribute]
        for field, attribute in ATTRIBUTES.items()
        if attribute in origins and origins[attribute].source == PROVIDER
    }


def _refuse(call: ConsoleCall, error: ScimError) -> None:
    """Say a refusal at the field that it is about, where it names one."""
    fields = {"roleId": "role", "emails": "email", "name": "displayName"}
    attribute = (error.attribute or "").partition(".")[0]
    name = fields.get(attribute, attribute)
    call.form.refuse(name if name in {*FIELDS, "role"} else "", call.said(error))


def _needs_user_name(call: ConsoleCall) -> str:
    return call.t("person.needs_user_name", "Enter a userName: the mail address as a rule.")
