"""The rows of `ui.timeline` and `ui.sentences`: an event with its mark, its sentence, before and after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from markupsafe import Markup

from service.console.events.sentences import sentence_of
from service.console.events.words import attribute_word, value_word
from service.console.framework.call import ConsoleCall
from service.console.texts.texts import Texts, bdi
from service.replay.describe import DescribedEvent
from service.replay.subjects import Change

# Type → drawing and colour of its mark.
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "UserProvisioned": ("add", "ok"),
    "UserReactivated": ("active", "ok"),
    "UserDeactivated": ("inactive", "bad"),
    "UserDeleted": ("cross", "bad"),
    "UserErased": ("cross", "bad"),
    "RoleAssigned": ("role", "info"),
    "ExplicitRoleChanged": ("role", "info"),
    "UserLinked": ("link", "info"),
    "MembersAdded": ("group", ""),
    "MembersRemoved": ("group", ""),
    "GroupCreated": ("add", "ok"),
    "GroupDeleted": ("cross", "bad"),
    "GuardHeld": ("held", "warn"),
    "UsersHeld": ("held", "warn"),
}
MARK: Final = ("pen", "")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as a page shows it. `changes` are (attribute, before, after); `meta` says who and by what."""

    position: int
    at: datetime
    icon: str
    kind: str
    sentence: Markup
    changes: Sequence[tuple[str, str, str]]
    meta: Sequence[Markup | str]
    href: str | None


def event_rows(
    call: ConsoleCall, events: Iterable[DescribedEvent], *, about: UUID | None = None
) -> list[EventRow]:
    """Return events as a page shows them. `about` is whose page it is: it gets no link to itself."""
    return [event_row(call, each, about=about) for each in events]


def event_row(call: ConsoleCall, event: DescribedEvent, *, about: UUID | None = None) -> EventRow:
    """Return an event as a page shows it."""
    icon, kind = MARKS.get(event.type, MARK)
    if event.type == "RoleAssigned" and event.source == "console":
        kind = "warn"
    return EventRow(
        event.position,
        event.recorded_at,
        icon,
        kind,
        sentence_of(call.texts, call.links, event, without=about),
        [
            (attribute_word(call.texts, each.attribute), *_before_and_after(call, each))
            for each in event.changes
        ],
        list(_meta(call, event)),
        call.links.to("/audit", open=event.position) if "/audit" in call.parts.served else None,
    )


def _before_and_after(call: ConsoleCall, change: Change) -> tuple[str, str]:
    if change.is_erased:
        erased = call.t("value.erased", "erased")
        return erased, erased
    texts, name = call.texts, change.attribute
    return value_word(texts, change.before, name), value_word(texts, change.after, name)


def _meta(call: ConsoleCall, event: DescribedEvent) -> Iterable[Markup | str]:
    actor = bdi(event.actor.name)
    if event.token_label:
        yield call.t(
            "event.token", "{actor}, token “{token}”", actor=actor, token=bdi(event.token_label)
        )
    else:
        yield Markup("{}, {}").format(actor, door_word(call.texts, event.source))


def door_word(texts: Texts, source: str) -> str:
    """Return in words through which door an event came."""
    match source:
        case "scim":
            return texts.t("door.scim", "over SCIM")
        case "console":
            return texts.t("door.console", "in the console")
        case "cli":
            return texts.t("door.cli", "on the command line")
        case "system":
            return texts.t("door.system", "by the service itself")
        case _:
            return texts.t("door.api", "over the API")
