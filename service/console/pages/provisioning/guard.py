"""The guard: what is held, whom it concerns, and the decision. Below the limit, everything has happened already."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from projections.directory.queries.holds import Concerned
from projections.history.search import Search
from schema.scim.errors import Conflict, ScimError
from service.api.cursor import an_id
from service.console.events.reading import record_reading
from service.console.events.rows import event_rows
from service.console.events.words import role_word
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.paging import LIMIT, Listed, listed, read_after
from service.console.pages.files import CSV_MAX, refuse_too_many
from service.console.pages.provisioning.held_people import find_common
from service.http.answer import Answer
from service.organizations.access.guard import (
    SHOWN_MAX,
    ShownHold,
    decide_hold,
    read_guard,
    show_hold,
    show_holds,
    show_people,
)
from service.organizations.people import change_person
from service.replay.answers import Page, search_events

KIND, PEOPLE = "console holds", "console held {} {}"  # Of cursors.
STATES: Final = ("open", "approved", "rejected")
REACTIVATED_MAX: Final = 200  # By one form: each is a change of its own.
COLUMNS: Final = ("id", "userName", "displayName", "role", "active", "at")
HOLD_COLUMNS: Final = (
    "id",
    "kind",
    "state",
    "openedAt",
    "held",
    "passed",
    "activeUsers",
    "decidedAt",
    "endsAt",
)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /guard: the latest hold first."""
    state, is_csv = call.query.get("state"), call.query.get("format") == "csv"
    cursor = None if is_csv else call.query.get("cursor")
    found = await show_holds(
        call.runtime,
        call.organization,
        state if state in STATES else None,
        (CSV_MAX if is_csv else LIMIT) + 1,
        read_after(KIND, cursor, an_id),
    )
    if is_csv:
        refuse_too_many(call, len(found))
        return call.csv("holds", HOLD_COLUMNS, map(_hold_cells, found))
    page: Listed[ShownHold] = listed(KIND, cursor, found, lambda each: [str(each.hold.id)])
    guard = await read_guard(call.runtime, call.organization)
    return await call.show(
        "provisioning/holds.html", block="rows", page=page, guard=guard, states=STATES
    )


def _hold_cells(each: ShownHold) -> tuple[object, ...]:
    hold = each.hold
    return (
        *(hold.id, hold.kind, hold.state, hold.opened_at, hold.user_count, hold.passed),
        *(hold.active_users, hold.decided_at, each.ends_at),
    )


async def read_one(call: ConsoleCall, hold_id: UUID) -> Answer:
    """GET /guard/{hold}: the people concerned, what they have in common, and the two answers."""
    which: Literal["held", "passed"] = "passed" if call.query.get("which") == "passed" else "held"
    if call.query.get("format") == "csv":
        people = await show_people(call.runtime, call.organization, hold_id, which, CSV_MAX + 1)
        refuse_too_many(call, len(people))
        return call.csv(f"{which}-people", COLUMNS, (_cells(call, each) for each in people))
    return await _show(call, hold_id, which)


async def _show(
    call: ConsoleCall,
    hold_id: UUID,
    which: Literal["held", "passed"] = "held",
    *,
    status: int = 200,
) -> Answer:
    shown = await show_hold(call.runtime, call.organization, hold_id)
    kind, cursor = PEOPLE.format(which, hold_id), call.query.get("cursor")
    people = await show_people(
        call.runtime,
        call.organization,
        hold_id,
        which,
        LIMIT + 1,
        read_after(kind, cursor, an_id),
    )
    page: Listed[Concerned] = listed(kind, cursor, people, lambda each: [str(each.id)])
    history = await search_events(
        call.runtime, call.organization, Search(streams=[hold_id]), Page("desc", limit=20)
    )
    record_reading(call, "/guard/{id}", history.position)
    common = await find_common(call, shown.users if which == "held" else [*shown.users, *page.rows])
    return await call.show(
        "provisioning/hold.html",
        status=status,
        shown=shown,
        hold=shown.hold,
        which=which,
        page=page,
        common=common,
        departments=[
            (None, name or call.t("hold.no_department", "none"), share, count)
            for _, name, share, count in common.departments
        ],
        roles=[
            (None, role_word(call.texts, name), share, count)
            for _, name, share, count in common.roles
        ],
        groups=[
            (
                call.links.to(str(path)) if "/groups/{id}" in call.parts.served else None,
                name,
                share,
                count,
            )
            for path, name, share, count in common.groups
        ],
        history=event_rows(call, history.events),
        opened=next((each for each in history.events if each.type == "GuardHeld"), None),
        still_out=[each for each in shown.passed if not each.active and each.user_name],
        is_cut=shown.hold.user_count > SHOWN_MAX,
    )


def _cells(call: ConsoleCall, each: Concerned) -> tuple[object, ...]:
    role = call.organization.role_name(each.role_id) if each.role_id else None
    return each.id, each.user_name, each.display_name, role, each.active, each.at


async def approve(call: ConsoleCall, hold_id: UUID) -> Answer:
    """POST /guard/{hold}/approve: with the number of people typed."""
    wanted = await _number(call, hold_id)
    typed = call.form.value("number").replace("\u202f", "").replace(",", "").replace(" ", "")
    if wanted is not None and typed != str(wanted):
        call.form.refuse(
            "number",
            call.t(
                "guard.wrong_number",
                "Type {wanted}, the number of people who would lose access. You entered {value}.",
                wanted=wanted,
                value=call.form.value("number")[:20] or call.t("filter.nothing", "nothing"),
            ),
        )
    return await _decide(call, hold_id, wanted, is_approved=True)


async def reject(call: ConsoleCall, hold_id: UUID) -> Answer:
    """POST /guard/{hold}/reject: everybody keeps access."""
    return await _decide(call, hold_id, await _number(call, hold_id), is_approved=False)


async def _number(call: ConsoleCall, hold_id: UUID) -> int | None:
    """Return how many people the reader has seen. More since then is said, and nothing is decided."""
    sent = call.form.value("users")
    shown = await show_hold(call.runtime, call.organization, hold_id)
    now = shown.hold.user_count
    seen = number_in(sent)
    if seen is None:
        call.form.refuse(
            "", call.t("guard.no_number", "Open the page of the hold again, and decide there.")
        )
        return None
    if (more := now - seen) != 0:
        call.form.refuse(
            "",
            call.tn(
                "guard.more_held",
                "{n} more person is held since you opened this page. Look at the list again.",
                "{n} more people are held since you opened this page. Look at the list again.",
                n=more,
            ),
        )
        return None
    return now


async def _decide(
    call: ConsoleCall, hold_id: UUID, users: int | None, *, is_approved: bool
) -> Answer:
    if not call.form.errors:
        try:
            await decide_hold(
                call.runtime,
                call.organization,
                hold_id,
                is_approved=is_approved,
                user_count=users,
                provenance=call.provenance,
            )
            return call.go(f"/guard/{hold_id}")
        except Conflict as error:  # More were held while this was decided.
            call.form.refuse("", call.said(error))
    return await _show(call, hold_id, status=422)


async def ask_to_reactivate(call: ConsoleCall, hold_id: UUID) -> Answer:
    """GET /guard/{hold}/reactivate: what will happen, and to whom."""
    shown = await show_hold(call.runtime, call.organization, hold_id)
    return await call.show(
        "provisioning/reactivate.html", shown=shown, people=_out(shown), failed=()
    )


async def reactivate(call: ConsoleCall, hold_id: UUID) -> Answer:
    """POST /guard/{hold}/reactivate: those who lost access before the limit get it back."""
    shown = await show_hold(call.runtime, call.organization, hold_id)
    failed: list[tuple[Concerned, str]] = []
    for each in _out(shown):
        try:
            await change_person(
                call.runtime,
                call.organization,
                each.id,
                {"active": True},
                provenance=call.provenance,
            )
        except ScimError as error:
            failed.append((each, call.said(error)))
    if not failed:
        return call.go(f"/guard/{hold_id}", which="passed")
    again = await show_hold(call.runtime, call.organization, hold_id)
    return await call.show(
        "provisioning/reactivate.html", status=422, shown=again, people=_out(again), failed=failed
    )


def _out(shown: ShownHold) -> Sequence[Concerned]:
    """Return who lost access before the limit, still has none, and can be activated again."""
    found = [each for each in shown.passed if not each.active and each.user_name is not None]
    return found[:REACTIVATED_MAX]
