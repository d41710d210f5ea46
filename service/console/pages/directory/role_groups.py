"""The list of role groups: ordered, previewed, and saved only as it was previewed.

The list is in the form: each button sends all of it, and says what to do with it. So it needs no script.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from projections.directory.load import find_group_names
from schema.events.organization import ROLE_NAMES
from schema.scim.errors import Conflict, InvalidValue
from schema.scim.text import fold
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.pages.directory.person_changes import REFUSALS
from service.http.answer import Answer
from service.ids import as_id
from service.organizations.access.role_groups import (
    Preview,
    WantedGroup,
    preview_role_groups,
    read_role_groups,
    save_role_groups,
)

ENTRIES_MAX: Final = 200
NAMED_MAX: Final = 100  # People whom the page names.


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of the list as the form holds it: a group by id, or by name if `group_id` is empty."""

    role: str
    group_id: str
    name: str
    member_count: int | None = None

    @property
    def wanted(self) -> WantedGroup:
        """Return the entry as the use case takes it."""
        by_id = as_id(self.group_id)
        return WantedGroup(self.role, by_id, None if by_id else self.name)


@dataclass(slots=True)
class Draft:
    """A list that somebody edits."""

    rows: list[EntryRow] = field(default_factory=list)
    explicit_wins: bool = True


async def show(call: ConsoleCall) -> Answer:
    """GET /roles/groups."""
    return await _show(call, await _saved(call))


async def edit(call: ConsoleCall) -> Answer:
    """POST /roles/groups/preview: moves, adds or removes an entry, or previews the list. Nothing is saved."""
    draft = _draft(call)
    action, _, place = call.form.value("do").partition(":")
    number = number_in(place)
    at = -1 if number is None else number
    is_one = 0 <= at < len(draft.rows)
    if action == "up" and is_one and at > 0:
        draft.rows[at - 1 : at + 1] = draft.rows[at - 1 : at + 1][::-1]
    elif action == "down" and is_one and at + 1 < len(draft.rows):
        draft.rows[at : at + 2] = draft.rows[at : at + 2][::-1]
    elif action == "remove" and is_one:
        del draft.rows[at]
    elif action == "add" or (action == "enter" and call.form.value("newName")):
        await _add(call, draft)
    else:
        return await _preview(call, draft)
    return await _show(call, draft, is_changed=True, status=422 if call.form.errors else 200)


async def save(call: ConsoleCall) -> Answer:
    """POST /roles/groups: what was previewed, or nothing."""
    draft = _draft(call)
    digest = call.form.value("digest")
    if not digest:
        return await _preview(call, draft)
    try:
        await save_role_groups(
            call.runtime,
            call.organization,
            [each.wanted for each in draft.rows],
            explicit_wins=draft.explicit_wins,
            digest=digest,
            provenance=call.provenance,
        )
    except Conflict:
        call.form.refuse(
            "",
            call.t(
                "role_groups.stale",
                "Something changed since the preview. Look at the new preview, and save again.",
            ),
        )
        return await _preview(call, draft)
    except REFUSALS as error:
        call.form.refuse("", call.said(error))
        return await _show(call, draft, is_changed=True, status=422)
    return call.go("/roles/groups", done="saved")


async def _preview(call: ConsoleCall, draft: Draft) -> Answer:
    try:
        found = await preview_role_groups(
            call.runtime,
            call.organization,
            [each.wanted for each in draft.rows],
            explicit_wins=draft.explicit_wins,
        )
    except InvalidValue as error:
        call.form.refuse("", call.said(error))
        return await _show(call, draft, is_changed=True, status=422)
    status = 422 if call.form.errors else 200
    return await _show(call, draft, is_changed=True, preview=found, status=status)


async def _show(
    call: ConsoleCall,
    draft: Draft,
    *,
    is_changed: bool = False,
    preview: Preview | None = None,
    status: int = 200,
) -> Answer:
    return await call.show(
        "directory/role_groups.html",
        status=status,
        draft=draft,
        roles=ROLE_NAMES,
        is_changed=is_changed,
        preview=preview,
        named=preview.changes[:NAMED_MAX] if preview else [],
        total=sum(preview.counts.values()) if preview else 0,
        done=call.query.get("done", ""),
    )


async def _saved(call: ConsoleCall) -> Draft:
    found = await read_role_groups(call.runtime, call.organization)
    rows = [
        EntryRow(
            each.role,
            "" if each.is_by_name or each.group_id is None else str(each.group_id),
            each.display_name or str(each.group_id),
            each.member_count,
        )
        for each in found.items
    ]
    return Draft(rows, found.explicit_wins)


def _draft(call: ConsoleCall) -> Draft:
    """Return the list that the form holds."""
    form = call.form
    columns: Sequence[Sequence[str]] = [
        form.values(each) for each in ("role", "group", "name", "count")
    ]
    rows = [
        EntryRow(role, group, name, number_in(count))
        for role, group, name, count in zip(*columns, strict=False)
    ]
    return Draft(rows[:ENTRIES_MAX], form.has("explicitWins", "yes"))


async def _add(call: ConsoleCall, draft: Draft) -> None:
    name, role = call.form.value("newName"), call.form.value("newRole")
    if not name:
        call.form.refuse(
            "newName", call.t("role_groups.needs_name", "Enter the name of the group to add.")
        )
        return
    async with call.runtime.pool.acquire() as connection:
        found = await find_group_names(connection, call.organization.id, [fold(name)])
    group_id: UUID | None = next(iter(found.values()), None)
    if group_id is None:
        call.form.refuse(
            "newName",
            call.t(
                "role_groups.no_group",
                "There is no group called {name}. Enter the name as it stands under Groups.",
                name=name,
            ),
        )
        return
    if any(each.group_id == str(group_id) for each in draft.rows):
        call.form.refuse(
            "newName", call.t("role_groups.twice", "{name} is in the list already.", name=name)
        )
        return
    draft.rows.append(EntryRow(role, str(group_id), name))
