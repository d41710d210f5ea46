"""Everything that is held on one person, for that person (GDPR article 15)."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic.alias_generators import to_camel

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read import stream_pages
from projections.directory.load import load_tokens
from projections.directory.queries.people import read_people
from projections.history.read import access_of, memberships_of, roles_of
from schema.events.organization import Organization
from schema.scim.errors import NotFound
from service.replay.references import open_for_readers
from service.runtime import Runtime


async def personal_data(
    runtime: Runtime, organization: Organization, user_id: UUID
) -> dict[str, Any]:
    """Return what is held on a person, also after its deletion. Errors: NotFound.

    The values of a person who was erased are gone; what remains says that an event happened, and when.
    """
    async with (
        runtime.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        events = [each async for each in _events(connection, runtime, organization.id, user_id)]
        if not events or not events[0]["type"].startswith("User"):
            raise NotFound(f"There is no user {user_id}.")
        found = (await read_people(connection, organization.id, [user_id])).get(user_id)
        tokens = await load_tokens(connection, organization.id)
        return {
            "id": user_id,
            "organization": {"id": organization.id, "name": organization.name},
            "computedAt": datetime.now(UTC),
            "user": None if found is None else {"id": user_id, **found.document},
            "roles": [
                {**_camel(each), "role": organization.role_name(each.role_id)}
                for each in await roles_of(connection, organization.id, user_id)
            ],
            "access": [
                _camel(each) for each in await access_of(connection, organization.id, user_id)
            ],
            "groups": [
                _camel(each) for each in await memberships_of(connection, organization.id, user_id)
            ],
            "tokens": [
                {"id": each.id, "label": each.label, "issuedAt": each.issued_at}
                for each in tokens.values()
                if each.account_id == user_id
            ],
            "events": events,
        }


async def _events(
    connection: Connection, runtime: Runtime, organization_id: UUID, user_id: UUID
) -> AsyncIterator[dict[str, Any]]:
    async for page in stream_pages(connection, organization_id, user_id):
        opened = await open_for_readers(connection, runtime.sealer, page)
        for event, personal in zip(page, opened, strict=True):
            yield _event(event, personal)


def _event(event: RecordedEvent, personal: bytes | None) -> dict[str, Any]:
    return {
        "position": event.position,
        "recordedAt": event.recorded_at,
        "type": event.type,
        "actorId": event.actor_id,
        "tokenId": event.token_id,
        "requestId": event.request_id,
        "source": event.source,
        "facts": orjson.loads(event.data),
        "values": None if personal is None else orjson.loads(personal),
        "isErased": event.sealed is not None and personal is None,
    }


def _camel(period: Any) -> dict[str, Any]:
    return {to_camel(name): value for name, value in asdict(period).items()}
