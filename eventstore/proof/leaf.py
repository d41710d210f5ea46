"""The leaf of an event: bytes that no other event has, and their hash.

A head of 175 bytes, then four texts. Every field has a fixed width or a stated length, and NULL has a bit of its own,
so two rows never give the same bytes. `data` is the exact text that Postgres stores; nobody parses it. `sealed` enters
by its digest, so the leaf survives the erasure of a person.
"""

import hashlib
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from eventstore.events import RecordedEvent

FORMAT = 1
HEAD = struct.Struct(">3sBB16sq16sq16shq16s16s32s16sIIII")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_S = 86_400
SECOND_US = 1_000_000
NO_UUID = bytes(16)
NO_DIGEST = bytes(32)
TOKEN, SEALED, SUBJECT = 1, 2, 4  # The bits of `present`.
HASH_BYTES = 32
MARK_BYTES = 16


def leaf_bytes(event: RecordedEvent) -> bytes:
    """Return the bytes of an event's leaf. Errors: those of leaf_of."""
    return leaf_of(event)


def leaf_of(columns: Sequence[Any]) -> bytes:
    """Return the bytes of the leaf of an event with these columns, in the order of RecordedEvent; others may follow.

    Errors: AttributeError, TypeError, struct.error for a row that the service cannot have written, such as one with
    NULL where the table allows none.
    """
    organization_id, position, stream_id, version, event_id, kind, schema_version, *more = columns
    recorded_at, actor_id, token_id, request_id, source, data, sealed, subject_id, *_ = more
    since = recorded_at - EPOCH
    texts = (kind.encode(), actor_id.encode(), source.encode(), data.encode())
    present = (
        (0 if token_id is None else TOKEN)
        | (0 if sealed is None else SEALED)
        | (0 if subject_id is None else SUBJECT)
    )
    head = HEAD.pack(
        b"SLE",
        FORMAT,
        present,
        organization_id.bytes,
        position,
        stream_id.bytes,
        version,
        event_id.bytes,
        schema_version,
        (since.days * DAY_S + since.seconds) * SECOND_US + since.microseconds,
        NO_UUID if token_id is None else token_id.bytes,
        request_id.bytes,
        NO_DIGEST if sealed is None else hashlib.sha256(sealed).digest(),
        NO_UUID if subject_id is None else subject_id.bytes,
        *map(len, texts),
    )
    return b"".join((head, *texts))


def hash_of(leaf: bytes) -> bytes:
    """Return the leaf hash of leaf bytes (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def leaf_hash(event: RecordedEvent) -> bytes:
    """Return the leaf hash of an event. Errors: those of leaf_bytes."""
    return hash_of(leaf_bytes(event))


def mark_of(key: bytes, leaf: bytes) -> bytes:
    """Return the mark that only the service can write beside an event (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b(leaf, key=key, digest_size=MARK_BYTES).digest()


def origin_of(organization_id: UUID, incarnation: int) -> str:
    """Return the name under which a log's checkpoints are signed. It is also the name of the key."""
    return f"scim-ledger/{organization_id}/{incarnation}"
