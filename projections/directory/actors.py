"""Who acted, by name: an event holds only the id of an account, or the text that a command recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)

Kind = Literal["account", "person", "operator", "service"]
CLI, CONSOLE, SYSTEM = "cli", "console", "system"  # Sources of events.


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event. `name` is the name that it has now; an account that is gone has its id as its name."""

    id: str  # As the event holds it.
    name: str
    kind: Kind  # account: through a token; person: in the console; operator: on the command line; service: by itself.


async def name_actors(
    connection: Connection, organization_id: UUID, acted: Iterable[tuple[str, str]]
) -> dict[str, Actor]:
    """Return actors by their id, from pairs of an actor's id and the source of an event that it caused."""
    sources = dict(acted)
    ids = [each for each in map(_as_id, sources) if each is not None]
    rows = await connection.fetch(statement("name_actors"), organization_id, ids) if ids else []
    names = {str(row["id"]): row["display_name"] or row["user_name"] for row in rows}
    return {
        actor_id: Actor(actor_id, names.get(actor_id, actor_id), kind_of(source))
        for actor_id, source in sources.items()
    }


async def name_tokens(
    connection: Connection, organization_id: UUID, ids: Iterable[UUID]
) -> dict[UUID, str]:
    """Return the labels of tokens and OAuth clients by id. Unknown ids are left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await connection.fetch(statement("name_tokens"), organization_id, wanted)
    return {row["id"]: row["label"] for row in rows}


def kind_of(source: str) -> Kind:
    """Return the kind of an actor from the source of its event."""
    kinds: dict[str, Kind] = {CLI: "operator", CONSOLE: "person", SYSTEM: "service"}
    return kinds.get(source, "account")


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
