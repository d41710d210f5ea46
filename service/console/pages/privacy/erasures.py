"""Erasures: who was erased; what an erasure will do and to whom, before it is done; and its receipt.

An administrator erases, after a fresh sign-in, with the person's userName typed. Decision 26 says why that is enough here.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from projections.directory.actors import name_actors
from schema.scim.errors import Conflict, InvalidValue, LastAdministrator, NotFound
from service.api.cursor import a_position
from service.console.events.reading import record_reading
from service.console.framework.call import NO_STORE, ConsoleCall
from service.console.framework.paging import LIMIT, Listed, listed, read_after
from service.console.framework.serve import to_fresh_sign_in
from service.console.pages.fields import reason_in
from service.console.pages.files import refuse_too_many
from service.console.pages.new_tokens import refuse_field
from service.erasure.people import Place, erase_person, find_receipt, list_erasures
from service.erasure.receipt import Receipt, as_document
from service.erasure.subjects import Subject, find_subject
from service.http.answer import Answer
from service.replay.resolve import find_person

PATH: Final = "/organization/erasures"
KIND: Final = "console erasures"
CSV_MAX: Final = 2_000  # The events of each person are read for it.
COLUMNS: Final = (
    *("id", "name", "erasedAt", "erasedBy", "reason", "forced", "event"),
    *("keyExportsUntil", "physicalCopiesUntil"),
)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /organization/erasures: the last one first; with `person`, on to what erasing that person will do."""
    wanted, is_csv = call.query.get("person"), call.query.get("format") == "csv"
    if wanted and call.has("administrator"):
        try:
            async with call.runtime.pool.acquire() as connection:
                place_of = (connection, call.runtime.sealer, call.organization.id)
                return call.go(f"{PATH}/{await find_person(*place_of, wanted)}/erase")
        except NotFound as error:
            call.form.refuse("person", call.said(error))
    cursor = None if is_csv else call.query.get("cursor")
    found = await list_erasures(
        call.runtime,
        call.organization,
        _place(call),
        before=read_after(KIND, cursor, a_position),
        limit=(CSV_MAX if is_csv else LIMIT) + 1,
    )
    if is_csv:
        refuse_too_many(call, len(found.items), CSV_MAX)
    actors = await _actors(call, found.items)
    record_reading(call, PATH, found.items[0].position if found.items else 0)
    if is_csv:
        return call.csv("erasures", COLUMNS, (_cells(each, actors) for each in found.items))
    page: Listed[Receipt] = listed(KIND, cursor, found.items, lambda each: [each.position])
    return await call.show(
        "privacy/erasures.html",
        status=422 if call.form.errors else 200,
        page=page,
        actors=actors,
        tab="erasures",
    )


async def read(call: ConsoleCall, user_id: UUID) -> Answer:
    """GET /organization/erasures/{id}: the receipt, as far as the log holds it."""
    found = await find_receipt(call.runtime, call.organization, user_id, _place(call))
    record_reading(call, f"{PATH}/{{id}}", found.position, [user_id])
    if call.query.get("format") == "csv":
        return call.csv(f"erasure-{found.position}", ("field", "value"), as_document(found).items())
    return await _receipt(call, found, is_new=False)


async def show_erase(call: ConsoleCall, user_id: UUID) -> Answer:
    """GET /organization/erasures/{id}/erase: what will happen, to whom, and that it cannot be undone."""
    if answer := to_fresh_sign_in(call):
        return answer
    return await _confirmation(call, await find_subject(call.runtime, call.organization, user_id))


async def erase(call: ConsoleCall, user_id: UUID) -> Answer:
    """POST /organization/erasures/{id}/erase: the answer is the receipt, of which the log does not hold all."""
    if answer := to_fresh_sign_in(call):
        return answer
    form, subject = call.form, await find_subject(call.runtime, call.organization, user_id)
    if form.value("confirm") != subject.to_type:
        form.refuse(
            "confirm",
            call.t(
                "erase.type",
                "Type {wanted} to confirm. You entered {value}.",
                wanted=subject.to_type,
                value=form.value("confirm")[:60] or call.t("filter.nothing", "nothing"),
            ),
        )
    reason = reason_in(call)
    if form.errors:
        return await _confirmation(call, subject)
    try:
        receipt = await erase_person(
            call.runtime,
            call.organization,
            user_id,
            reason=reason,
            is_forced=form.has("force", "yes"),
            provenance=call.provenance,
            place=_place(call),
        )
    except (Conflict, InvalidValue, LastAdministrator) as error:
        refuse_field(call, error)
        return await _confirmation(
            call, await find_subject(call.runtime, call.organization, user_id)
        )
    return await _receipt(call, receipt, is_new=True)


async def _confirmation(call: ConsoleCall, subject: Subject) -> Answer:
    if subject.is_erased and not call.form.errors:
        return call.go(f"{PATH}/{subject.id}")
    record_reading(call, f"{PATH}/{{id}}/erase", subject.position, [subject.id])
    hold = subject.hold
    async with call.runtime.pool.acquire() as connection:
        acted = [(hold.actor_id, hold.source)] if hold else []
        actors = await name_actors(connection, call.organization.id, acted)
    return await call.show(
        "privacy/erase.html",
        status=422 if call.form.errors else 200,
        each=subject,
        held_by=actors[hold.actor_id].name if hold else "",
        retention_days=call.service.backup_retention_days,
    )


async def _receipt(call: ConsoleCall, receipt: Receipt, *, is_new: bool) -> Answer:
    return await call.show(
        "privacy/receipt.html",
        headers=NO_STORE if is_new else None,
        each=receipt,
        erased_by=(await _actors(call, [receipt]))[receipt.erased_by],
        is_new=is_new,
    )


async def _actors(call: ConsoleCall, receipts: Sequence[Receipt]) -> dict[str, str]:
    """Return the names of those who erased somebody, by their ids."""
    async with call.runtime.pool.acquire() as connection:
        acted = [(each.erased_by, "") for each in receipts]
        found = await name_actors(connection, call.organization.id, acted)
    return {actor_id: actor.name for actor_id, actor in found.items()}


def _cells(each: Receipt, actors: dict[str, str]) -> tuple[Any, ...]:
    return (
        *(each.subject_id, each.name, each.erased_at, actors[each.erased_by]),
        *(each.reason, each.forced, each.position),
        *(each.backups.key_exports_until, each.backups.physical_copies_until),
    )


def _place(call: ConsoleCall) -> Place:
    return Place(call.service.outside, call.service.backup_retention_days)
