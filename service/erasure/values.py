"""By which values a person is, or ever was, named."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import orjson

from eventstore.erase import read_mentions
from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read import stream_pages
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from schema.events.event import Values
from schema.events.user import ENTERPRISE, MANAGER
from schema.scim.errors import InvalidValue
from schema.scim.text import fold
from service.write.decide.erasure import names_otherwise

REASON_CHARACTERS_MAX: Final = 200
WORD_CHARACTERS_MIN: Final = 3  # Shorter words of a name are too common to refuse a reason for.
NAMING: Final = ("userName", "externalId", "displayName", f"{ENTERPRISE}:employeeNumber")
LISTED: Final = ("emails", "phoneNumbers", "ims")


async def read_events(
    connection: Connection, organization_id: UUID, user_id: UUID
) -> list[RecordedEvent]:
    """Return all events of a user's stream."""
    pages = stream_pages(connection, organization_id, user_id)
    return [each async for page in pages for each in page]


async def read_names(
    connection: Connection, sealer: Sealer, events: list[RecordedEvent]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the folded values that name a person whose events these are, and with them those that only tell of it.

    The first are what others may name the person by: names, ids and addresses. The second also hold parts of the name.
    """
    names, parts = set[str](), set[str]()
    for personal in await open_personal(connection, sealer, events):
        if personal is not None:
            values: Values = orjson.loads(personal)
            names |= {fold(each) for each in _names(values)}
            parts |= {fold(each) for each in _parts(values)}
    return frozenset(names), frozenset(names | parts)


def _names(values: Values) -> Iterator[str]:
    for attribute in NAMING:
        yield from _texts(values.get(attribute))
    for attribute in LISTED:
        for each in values.get(attribute) or ():
            yield from _texts(each.get("value") if isinstance(each, dict) else each)
    name = values.get("name")
    if isinstance(name, dict):
        yield from _texts(name.get("formatted"))


def _parts(values: Values) -> Iterator[str]:
    name = values.get("name")
    for each in name.values() if isinstance(name, dict) else ():
        yield from _texts(each)
    yield from _texts(values.get("nickName"))
    for shown in (
        values.get("displayName"),
        name.get("formatted") if isinstance(name, dict) else None,
    ):
        words = shown.split() if isinstance(shown, str) else ()
        yield from (each for each in words if len(each) >= WORD_CHARACTERS_MIN)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value.strip()


async def find_mentions(  # noqa: PLR0917 - who, by which values.
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    user_id: UUID,
    names: frozenset[str],
) -> frozenset[UUID]:
    """Return the users whose values name a person as their manager, or once did. It reads the whole log."""
    found = set[UUID]()
    async for stream_id, personal in read_mentions(connection, sealer, organization_id, MANAGER):
        if stream_id in found:
            continue
        manager = orjson.loads(personal).get(MANAGER)
        if isinstance(manager, dict) and (
            names_otherwise(manager, user_id, names)
            or (manager.get("value") == str(user_id) and manager.keys() - {"value", "$ref"})
        ):
            found.add(stream_id)
    return frozenset(found - {user_id})


def checked_reason(reason: str, names: frozenset[str] = frozenset()) -> str:
    """Return a reason for the log: one printable line that holds no value of the person. Errors: InvalidValue.

    A reason is public and stays for ever. So it may not repeat what is erased.
    """
    text = reason.strip()
    if not text or len(text) > REASON_CHARACTERS_MAX or not text.isprintable():
        raise _refused(f"A reason is one line of 1 to {REASON_CHARACTERS_MAX} characters.")
    folded = fold(text)
    if any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", folded) for each in names):
        raise _refused(
            "The reason holds a name, an address or a number of the person. It stays in the log for ever: give the "
            "number of the request instead."
        )
    return text


def _refused(detail: str) -> InvalidValue:
    refusal = InvalidValue(detail)
    refusal.attribute = "reason"
    return refusal
