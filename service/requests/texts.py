"""Seal what a refusal says about somebody, and open it.

If the request names a user, the text is sealed under that user's key, as its events are: it is gone when the key is
destroyed, in backups too. A request that created nobody has no such key. Its text is sealed by a key of the service that
outlives rotations of the master key, bound to its row, and `forget.py` finds the names in it.
"""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.sealing.events import load_keys
from eventstore.sealing.sealer import Sealer, place, seal, unseal
from service.requests.kept import Text

NO_KEYS: Final[Mapping[UUID, bytes]] = {}


async def keys_of(
    connection: Connection, sealer: Sealer, organizations: Mapping[UUID, UUID]
) -> Mapping[UUID, bytes]:
    """Return the keys of users by id. `organizations` has the organization of each."""
    if not organizations:
        return NO_KEYS
    loaded = await load_keys(
        connection, sealer, [(organization, each) for each, organization in organizations.items()]
    )
    return {subject: key for (_, subject), key in loaded.items()}


class Row(NamedTuple):
    """The place of a text: what is sealed there opens nowhere else."""

    organization_id: UUID
    id: UUID


def seal_text(
    sealer: Sealer, row: Row, text: Text, subject: UUID | None, *, keys: Mapping[UUID, bytes]
) -> tuple[bytes, UUID | None]:
    """Return a text sealed, and the user whose key seals it; None if there is no such key."""
    sent = [text.subject, text.detail, dict(text.parameters)]
    plaintext = json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")
    key = None if subject is None else keys.get(subject)
    if subject is not None and key is not None:
        aad = place(row.organization_id, subject, row.id)
        return seal(key, plaintext, aad=aad), subject
    return seal(sealer.text_key(), plaintext, aad=_context(row)), None


def open_text(
    sealer: Sealer, row: Row, sealed: bytes, subject: UUID | None, *, keys: Mapping[UUID, bytes]
) -> Text | None:
    """Return a sealed text; None if the key of its subject is gone. Errors: BrokenSeal."""
    if subject is None:
        plaintext = unseal(sealer.text_key(), sealed, aad=_context(row))
    elif (key := keys.get(subject)) is None:
        return None
    else:
        plaintext = unseal(key, sealed, aad=place(row.organization_id, subject, row.id))
    return Text(*json.loads(plaintext))


def _context(row: Row) -> bytes:
    return b"request" + row.organization_id.bytes + row.id.bytes
