"""Legal holds: whom nobody may erase, since when and why; set by an administrator, lifted after a fresh sign-in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from projections.directory.actors import name_actors
from projections.directory.queries.holds import find_names
from schema.scim.errors import InvalidValue, NotFound
from service.console.framework.call import ConsoleCall
from service.console.framework.serve import to_fresh_sign_in
from service.console.pages.fields import person_in, reason_in
from service.console.pages.new_tokens import refuse_field
from service.erasure.holds import lift_hold, list_holds, set_hold
from service.http.answer import Answer

PATH: Final = "/organization/legal-holds"
COLUMNS: Final = ("id", "person", "setAt", "setBy", "reason", "event")
EVERYBODY: Final = "everybody"


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A legal hold as the page shows it."""

    id: UUID  # Of the person; of the organization, if it holds everybody.
    subject_id: UUID | None
    name: str | None  # None: the person is not in the directory any more.
    set_at: datetime
    set_by: str
    reason: str
    position: int


async def read_list(call: ConsoleCall) -> Answer:
    """GET /organization/legal-holds: the oldest first. An organization has a handful."""
    if call.query.get("format") == "csv":
        rows = (
            (each.subject_id, each.name, each.set_at, each.set_by, each.reason, each.position)
            for each in await _rows(call)
        )
        return call.csv("legal-holds", COLUMNS, rows)
    return await _list(call)


async def set_one(call: ConsoleCall) -> Answer:
    """POST /organization/legal-holds: on a person by userName or id, or on everybody."""
    form = call.form
    user_id = await person_in(call) if form.value("whom") != EVERYBODY else None
    reason = reason_in(call)
    if form.errors:
        return await _list(call)
    try:
        is_new = await set_hold(
            call.runtime,
            call.organization,
            user_id,
            reason=reason,
            provenance=call.provenance,
        )
    except (InvalidValue, NotFound) as error:
        refuse_field(call, error)
        return await _list(call)
    return call.go(PATH, done="set" if is_new else "there")


async def show_lift(call: ConsoleCall, held_id: UUID) -> Answer:
    """GET /organization/legal-holds/{id}/lift: what it allows. `id` is that of the person, or of the organization."""
    return to_fresh_sign_in(call) or await _confirmation(call, await _one(call, held_id))


async def lift(call: ConsoleCall, held_id: UUID) -> Answer:
    """POST /organization/legal-holds/{id}/lift."""
    if answer := to_fresh_sign_in(call):
        return answer
    held, reason = await _one(call, held_id), reason_in(call)
    if not reason:
        return await _confirmation(call, held)
    try:
        await lift_hold(
            call.runtime,
            call.organization,
            held.subject_id,
            reason=reason,
            provenance=call.provenance,
        )
    except InvalidValue as error:
        refuse_field(call, error)
        return await _confirmation(call, held)
    return call.go(PATH, done="lifted")


async def _one(call: ConsoleCall, held_id: UUID) -> HoldRow:
    found = next((each for each in await _rows(call) if each.id == held_id), None)
    if found is None:
        raise NotFound("There is no such legal hold.")
    return found


async def _rows(call: ConsoleCall) -> list[HoldRow]:
    found = await list_holds(call.runtime, call.organization)
    async with call.runtime.pool.acquire() as connection:
        ids = {each.subject_id for each in found if each.subject_id}
        names = await find_names(connection, call.organization.id, ids)
        acted = [(each.actor_id, each.source) for each in found]
        actors = await name_actors(connection, call.organization.id, acted)
    return [
        HoldRow(
            each.subject_id or call.organization.id,
            each.subject_id,
            names[each.subject_id].shown if each.subject_id in names else None,
            each.set_at,
            actors[each.actor_id].name,
            each.reason,
            each.position,
        )
        for each in found
    ]


async def _list(call: ConsoleCall) -> Answer:
    return await call.show(
        "privacy/legal_holds.html",
        status=422 if call.form.errors else 200,
        holds=await _rows(call),
        done=call.query.get("done", ""),
        tab="legal-holds",
    )


async def _confirmation(call: ConsoleCall, held: HoldRow) -> Answer:
    status = 422 if call.form.errors else 200
    return await call.show("privacy/lift.html", status=status, each=held)
