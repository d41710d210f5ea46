"""Turns the address of a search into what is searched for, and into the chips that say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from projections.history.search import Search
from schema.scim.errors import InvalidValue, NotFound
from service.console.framework.call import ConsoleCall
from service.console.pages.periods import read_period
from service.console.pages.provisioning.choices import KINDS, MORE_KINDS
from service.console.texts.texts import Phrase
from service.replay.cycles import search_of_cycle
from service.replay.resolve import find_role
from service.replay.wanted import NOTHING, actors_of, positions_of, streams_of, types_in

FILTERS: Final = (
    ("from", Phrase("filter.from", "From")),
    ("to", Phrase("filter.to", "To the end of")),
    ("type", Phrase("filter.kind", "What happened")),
    ("userName", Phrase("filter.person", "userName")),
    ("group", Phrase("filter.group", "Group")),
    ("actor", Phrase("filter.by", "By")),
    ("token", Phrase("filter.token", "Token")),
    ("client", Phrase("filter.client", "OAuth client")),
    ("role", Phrase("filter.role", "Role")),
    ("request", Phrase("filter.request", "Request")),
    ("source", Phrase("filter.source", "Way in")),
    ("attribute", Phrase("filter.attribute", "Attribute")),
    ("cycle", Phrase("filter.cycle", "Cycle")),
    ("resource", Phrase("filter.resource", "Id")),
)
RARE: Final = (
    "group",
    "token",
    "client",
    "role",
    "request",
    "source",
    "attribute",
    "cycle",
    "resource",
)
SOURCES: Final = (
    ("scim", Phrase("source.scim", "Identity provider (SCIM)")),
    ("console", Phrase("source.console", "Console")),
    ("api", Phrase("source.api", "Admin or audit API")),
    ("cli", Phrase("source.cli", "Command line")),
    ("system", Phrase("source.system", "The service itself")),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search, and the people and groups that it names."""

    search: Search
    subjects: Sequence[UUID] = ()
    names: Sequence[str] = ()  # That nobody has.


async def read_wanted(call: ConsoleCall) -> Wanted:
    """Return what the address asks for. What is wrong is said at its field, and nothing matches then."""
    begin, end = read_period(call)
    ids = {name: _an_id(call, name) for name in ("token", "client", "request", "cycle", "resource")}
    types, role = _types(call), _role(call)
    if call.form.errors:
        return Wanted(NOTHING)
    query, organization, runtime = call.query, call.organization, call.runtime
    async with runtime.pool.acquire() as connection:
        place = (connection, runtime.sealer, organization.id)
        try:
            streams = await streams_of(
                *place,
                resource=ids["resource"],
                user_name=query.get("userName") or None,
                group=query.get("group") or None,
            )
        except NotFound:
            return Wanted(NOTHING, names=_names(call, "group", "userName"))
        after, last = await positions_of(connection, organization.id, begin, end)
        wanted: Search | None = Search(
            after_position=after,
            to_position=last,
            actors=await actors_of(*place, query.get("actor") or None),
            token_id=ids["token"] or ids["client"],
            streams=streams,
            types=types,
            role_id=role,
            request_id=ids["request"],
            source=query.get("source") or None,
            attribute=query.get("attribute") or None,
        )
        if ids["cycle"] is not None:
            assert wanted is not None
            try:
                wanted = wanted.within(
                    await search_of_cycle(connection, organization.id, ids["cycle"])
                )
            except NotFound:
                wanted = None
    names = () if streams else _names(call, "userName")
    return Wanted(wanted or NOTHING, streams or (), names)


def _names(call: ConsoleCall, *filters: str) -> Sequence[str]:
    """Return the names that filters hold."""
    return [call.query[each] for each in filters if call.query.get(each)]


def applied(call: ConsoleCall) -> list[tuple[str, str, str]]:
    """Return the filters that are applied, as ui.chips takes them."""
    return [
        (name, call.t(*word), _shown(call, name, call.query[name]))
        for name, word in FILTERS
        if call.query.get(name)
    ]


def _shown(call: ConsoleCall, name: str, value: str) -> str:
    words = {"type": (*KINDS, *MORE_KINDS), "source": SOURCES}.get(name, ())
    return next((str(call.t(*word)) for given, word in words if given == value), value)


def _an_id(call: ConsoleCall, name: str) -> UUID | None:
    sent = call.query.get(name)
    if not sent:
        return None
    try:
        return UUID(sent)
    except ValueError:
        call.form.refuse(
            name,
            call.t("filter.no_id", "An id is a UUID. You entered {value}.", value=sent[:60]),
        )
        return None


def _types(call: ConsoleCall) -> Sequence[str] | None:
    try:
        return types_in(call.query.get("type") or None)
    except InvalidValue as error:
        call.form.refuse("type", call.said(error))
        return None


def _role(call: ConsoleCall) -> UUID | None:
    sent = call.query.get("role")
    if not sent:
        return None
    try:
        return find_role(call.organization, sent)
    except NotFound as error:
        call.form.refuse("role", call.said(error))
        return None
