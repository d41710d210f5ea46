"""The organization: its name and settings, who may open this console, its extension schemas."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from projections.directory.load import load_users
from projections.directory.queries.point_reads import USER_BY_USER_NAME
from projections.history.search import Search
from schema.events.organization import TOKEN_ROLE
from schema.events.settings import SETTINGS
from schema.events.user import User
from schema.scim.errors import Forbidden, InvalidSyntax, InvalidValue, NotFound, Uniqueness
from schema.scim.text import fold
from service.console.framework.call import ConsoleCall
from service.console.pages.new_tokens import refuse_field
from service.console.sessions.caller import AUDITORS
from service.console.texts.texts import Phrase
from service.http.answer import Answer
from service.organizations.manage import reload_organization
from service.organizations.schemas import register_schema
from service.organizations.settings import change_settings
from service.replay.answers import Page, search_events

CHANGES_MAX: Final = 200  # Of settings, in which the last one of each is looked for.
PAGES_OF_THEIR_OWN: Final = frozenset({AUDITORS, "guard"})
DEFAULT: Final = "default"
WITNESS: Final = "witness"
ABOUT: Final[Mapping[str, Phrase]] = {
    "strict": Phrase(
        "setting.strict",
        "Refuse what the interoperability profiles do not allow: unknown attributes, a missing schemas, empty "
        "Operations, a PATCH without paths.",
    ),
    "passwordInSchema": Phrase(
        "setting.password",
        "List password at /Schemas. It is neither stored nor returned. Once it is listed, it stays.",
    ),
    "localChanges": Phrase(
        "setting.local",
        "What happens when a person changes by hand what the identity provider wrote last.",
    ),
    "requestsPerSecond": Phrase("setting.rps", "Requests a second of all tokens together."),
    "burst": Phrase("setting.burst", "Requests at once of all tokens together."),
    "tokenRequestsPerSecond": Phrase("setting.token_rps", "Requests a second of each token."),
    "tokenBurst": Phrase("setting.token_burst", "Requests at once of each token."),
    "eventsPerDay": Phrase("setting.events", "Events that the log may grow by in a day, in UTC."),
    "witness": Phrase(
        "setting.witness", "Who else cosigns the checkpoints of the log, at most once a minute."
    ),
}
WORDS: Final[Mapping[Any, Phrase]] = {
    True: Phrase("setting.on", "On"),
    False: Phrase("setting.off", "Off"),
    "warned": Phrase("setting.warned", "It is done, with a warning"),
    "refused": Phrase("setting.refused", "It is refused"),
}
CHOICES: Final[Mapping[str, tuple[Any, ...]]] = {
    "strict": (True, False),
    "passwordInSchema": (True, False),
    "localChanges": ("warned", "refused"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as the page shows it."""

    name: str
    about: str
    value: str
    default: str
    is_default: bool
    is_operators: bool
    options: tuple[tuple[str, str], ...]  # Value and word; empty: it cannot be chosen here.
    chosen: str
    changed_at: datetime | None
    changed_by: str | None


async def to_settings(call: ConsoleCall) -> Answer:
    """GET /organization: the first of its sections that the reader may open."""
    if call.has("administrator"):
        return await settings(call)
    return call.go("/organization/legal-holds")


async def settings(call: ConsoleCall) -> Answer:
    """GET /organization/settings."""
    return await _settings(call, status=200)


async def change(call: ConsoleCall) -> Answer:
    """POST /organization/settings: the name, and settings that differ from what they are."""
    form, organization = call.form, call.organization
    wanted: dict[str, Any] = {}
    for name, options in CHOICES.items():
        sent, by_word = form.value(name), {json.dumps(each): each for each in options}
        if sent == DEFAULT and name in organization.settings:
            wanted[name] = None
        elif sent in by_word and organization.settings.get(name) != by_word[sent]:
            wanted[name] = by_word[sent]
    try:
        name = form.value("name")
        if wanted or name:
            await change_settings(
                *(call.runtime, organization, wanted), name=name or None, provenance=call.provenance
            )
    except (InvalidValue, Uniqueness, Forbidden) as error:
        if error.attribute is None:
            error.attribute = "name"
        refuse_field(call, error)
        return await _settings(call, status=422)
    return call.go("/organization/settings")


async def _settings(call: ConsoleCall, *, status: int) -> Answer:
    changes = await _last_changes(call)
    shown = [
        _shown(call, name, changes.get(name)) for name in SETTINGS if name not in PAGES_OF_THEIR_OWN
    ]
    return await call.show(
        "organization/settings.html", status=status, settings=shown, tab="settings"
    )


async def _last_changes(call: ConsoleCall) -> dict[str, tuple[datetime, str]]:
    """Return when each setting was changed last, and by whom."""
    wanted = Search(types=("SettingsChanged",))
    found = await search_events(call.runtime, call.organization, wanted, Page(limit=CHANGES_MAX))
    changes: dict[str, tuple[datetime, str]] = {}
    for event in found.events:
        for name in event.facts.get("settings", {}):
            changes.setdefault(name, (event.recorded_at, event.actor.name))
    return changes


def _shown(call: ConsoleCall, name: str, change: tuple[datetime, str] | None) -> Shown:
    setting, organization = SETTINGS[name], call.organization
    is_default = name not in organization.settings
    options: tuple[tuple[str, str], ...] = ()
    if name in CHOICES:
        default = call.t(
            "setting.default", "Default: {value}", value=_word(call, name, setting.default)
        )
        options = (
            (DEFAULT, default),
            *((json.dumps(each), _word(call, name, each)) for each in CHOICES[name]),
        )
    value = organization.setting(name)
    return Shown(
        name,
        call.t(*ABOUT[name]) if name in ABOUT else setting.about,
        _word(call, name, value),
        _word(call, name, setting.default),
        is_default,
        setting.is_operators,
        options,
        DEFAULT if is_default else json.dumps(value),
        change[0] if change else None,
        change[1] if change else None,
    )


def _word(call: ConsoleCall, name: str, value: Any) -> str:
    """Return the value of a setting in words."""
    if name == WITNESS:
        return str(value["url"]) if value else call.t("setting.nobody", "Nobody")
    if isinstance(value, bool | str) and value in WORDS:
        return call.t(*WORDS[value])
    if value is None:
        return call.t("setting.service", "As the service is set")
    if value == 0:
        return call.t("setting.unlimited", "No limit")
    return call.texts.number(value) if isinstance(value, int | float) else str(value)


async def access(call: ConsoleCall) -> Answer:
    """GET /organization/access: who may open this console."""
    return await _access(call, status=200)


async def add_auditor(call: ConsoleCall) -> Answer:
    """POST /organization/access: gives somebody the role of an auditor, by userName."""
    typed = call.form.value("userName")
    rows = await call.runtime.reader.find(USER_BY_USER_NAME, call.organization.id, fold(typed))
    if len(rows) != 1:
        call.form.refuse(
            "userName",
            call.t(
                "access.nobody",
                "Enter the userName of a person of {organization}. Nobody has “{typed}”.",
                organization=call.organization.name,
                typed=typed,
            ),
        )
        return await _access(call, status=422)
    auditors = _auditors(call)
    if str(rows[0].id) not in auditors:
        await _save(call, [*auditors, str(rows[0].id)])
    return call.go("/organization/access")


async def remove_auditor(call: ConsoleCall, person_id: UUID) -> Answer:
    """POST /organization/access/{id}/remove."""
    auditors = _auditors(call)
    if str(person_id) not in auditors:
        raise NotFound("The person is no auditor.")
    await _save(call, [each for each in auditors if each != str(person_id)])
    return call.go("/organization/access")


def _auditors(call: ConsoleCall) -> list[str]:
    return list(call.organization.setting(AUDITORS))


async def _save(call: ConsoleCall, auditors: list[str]) -> None:
    await change_settings(
        call.runtime,
        call.organization,
        {AUDITORS: auditors or None},
        provenance=call.provenance,
    )


async def _access(call: ConsoleCall, *, status: int) -> Answer:
    ids = [UUID(each) for each in _auditors(call)]
    async with call.runtime.pool.acquire() as connection:
        users, _ = await load_users(connection, call.organization.id, ids)
    people: list[tuple[UUID, User | None]] = [(each, users.get(each)) for each in ids]
    return await call.show(
        "organization/access.html",
        status=status,
        people=people,
        administrator_id=call.organization.roles[TOKEN_ROLE],
        has_provider=call.parts.oidc is not None,
        tab="access",
    )


async def schemas(call: ConsoleCall) -> Answer:
    """GET /organization/schemas."""
    return await _schemas(call, status=200)


async def add_schema(call: ConsoleCall) -> Answer:
    """POST /organization/schemas: registers one, or adds attributes to a registered one."""
    try:
        await register_schema(
            call.runtime,
            call.organization,
            call.form.value("document").encode(),
            provenance=call.provenance,
        )
    except (InvalidValue, InvalidSyntax, Uniqueness) as error:
        call.form.refuse("document", call.said(error))
        return await _schemas(call, status=422)
    return call.go("/organization/schemas")


async def _schemas(call: ConsoleCall, *, status: int) -> Answer:
    found = (await reload_organization(call.runtime, call.organization)).schemas
    documents = [(urn, found[urn], json.dumps(found[urn], indent=2)) for urn in sorted(found)]
    return await call.show(
        "organization/schemas.html", status=status, schemas=documents, tab="schemas"
    )
