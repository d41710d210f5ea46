"""What a person or a group has: each attribute with its value, who gave it when, and its value today."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup

from eventstore.read import read_provenance
from projections.directory.queries.past import followed
from projections.history.search import reached
from schema.events.origins import ACTIVE, ROLE
from schema.scim import urns
from service.console.events.rows import door_word
from service.console.events.words import attribute_word, role_word, value_word
from service.console.framework.call import ConsoleCall
from service.console.texts.texts import bdi
from service.organizations.people import PROVIDER
from service.replay.as_of import Past, Value
from service.replay.describe import DescribedEvent

ORDER: Final = (
    *("displayName", "name", "userName", ROLE, ACTIVE, "emails", "title"),
    *(f"{urns.ENTERPRISE_USER}:{each}" for each in ("department", "division", "organization")),
    *("externalId", f"{urns.ENTERPRISE_USER}:employeeNumber"),
)
MONO: Final = frozenset({"externalId"})
CAUGHT_UP_TRIES: Final = 40
CAUGHT_UP_EVERY_S: Final = 0.05
RECENT: Final = timedelta(days=1)  # The time of day is said of the last day only.


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the attributes. `today` is None where the value is the same today."""

    label: str
    value: str
    origin: Markup | str
    today: str | None
    is_mono: bool


async def until_known(call: ConsoleCall, versions: Mapping[UUID, int]) -> None:
    """Wait a little until history and versions, which follow the log, have what was just changed by hand."""
    pool, organization_id = call.runtime.pool, call.organization.id
    async with pool.acquire() as connection:
        causes = await read_provenance(connection, organization_id, dict(versions))
    wanted = max((each.position for each in causes.values()), default=0)
    for _ in range(CAUGHT_UP_TRIES):
        async with pool.acquire() as connection:
            place = (connection, organization_id)
            if min(await followed(*place), await reached(*place)) >= wanted:
                return
        await asyncio.sleep(CAUGHT_UP_EVERY_S)  # Others have the connection meanwhile.


def facts(call: ConsoleCall, past: Past, *, is_past: bool) -> list[Fact]:
    """Return the rows of the attributes, the most important first."""
    values = [each for each in past.values if each.attribute not in {ACTIVE, "password"}]
    has_app_roles = any(each.attribute == "roles" for each in values)
    return [
        fact(call, each, is_past=is_past, has_app_roles=has_app_roles)
        for each in sorted(values, key=_rank)
        if each.attribute != "roles"
    ]


def fact(call: ConsoleCall, value: Value, *, is_past: bool, has_app_roles: bool = False) -> Fact:
    """Return the row of an attribute."""
    is_role = value.attribute == ROLE
    shown, today = (_shown(call, value.attribute, each) for each in (value.value, value.today))
    return Fact(
        attribute_word(call.texts, value.attribute),
        shown,
        _why(call, value.origin, has_app_roles=has_app_roles)
        if is_role and value.origin
        else origin_of_value(call, value.origin),
        today if is_past and value.differs_today else None,
        value.attribute in MONO,
    )


def _rank(value: Value) -> tuple[int, str]:
    name = value.attribute
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _shown(call: ConsoleCall, name: str, value: Any) -> str:
    if name == ROLE and value is not None:
        return role_word(call.texts, role_name(call, value))
    return value_word(call.texts, value, name)


def role_name(call: ConsoleCall, role_id: str) -> str:
    """Return the name of a role by its id as a text."""
    return call.organization.role_name(UUID(role_id)) or role_id


def origin_of_value(call: ConsoleCall, event: DescribedEvent | None) -> Markup | str:
    """Return who gave a value, and when."""
    if event is None:
        return ""
    actor, day = bdi(event.actor.name), _day(call, event.recorded_at)
    if event.source == PROVIDER:
        return Markup("{}, {}").format(actor, day)
    return Markup("{}, {}, {}").format(actor, door_word(call.texts, event.source), day)


def _why(call: ConsoleCall, event: DescribedEvent, *, has_app_roles: bool) -> Markup | str:
    """Return why somebody has a role: a role group, an app role, a roleId that was sent, by hand, or none was named."""
    day, facts_ = _day(call, event.recorded_at), event.facts
    if event.type == "RoleAssigned" and event.wording.cause and facts_.get("isGivenByGroup"):
        group = Markup('<a href="{}">{}</a>').format(
            call.links.to(f"/groups/{facts_['groupId']}"), bdi(event.wording.cause)
        )
        return call.t(
            "why.group", "through the role group {group}, since {day}", group=group, day=day
        )
    if event.type == "RoleAssigned" and event.wording.cause:
        return call.t("why.group_ended", "since no role group gives another, {day}", day=day)
    actor = bdi(event.actor.name)
    if event.source == "scim" and has_app_roles:
        return call.t("why.app_role", "app role that {actor} sent, {day}", actor=actor, day=day)
    if event.type == "UserProvisioned" and event.source == "scim":
        return call.t(
            "why.created", "when {actor} created the account, {day}", actor=actor, day=day
        )
    if event.source == "scim":
        return call.t("why.sent", "roleId that {actor} sent, {day}", actor=actor, day=day)
    return call.t("why.by_hand", "by hand, {actor}, {day}", actor=actor, day=day)


def _day(call: ConsoleCall, at: datetime) -> str:
    return call.times.plain(at) if call.now - at < RECENT else call.times.day(at)
