"""The vectors of the format: `vectors.json`, with test keys only."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventstore.events import RecordedEvent
from eventstore.proof.notes import TrustedKey, decoded, read_vkey

COLUMNS = (
    *("organization_id", "position", "stream_id", "version", "event_id", "type", "schema_version"),
    *("recorded_at", "actor_id", "token_id", "request_id", "source", "data", "sealed"),
    "subject_id",
)
UUIDS = frozenset(each for each in COLUMNS if each.endswith("_id")) - {"actor_id"}


@cache
def vectors() -> dict[str, Any]:
    """Return all vectors."""
    found: dict[str, Any] = orjson.loads(Path(__file__).with_name("vectors.json").read_bytes())
    return found


def event_of(shown: dict[str, Any]) -> RecordedEvent:
    """Return the event that a vector shows."""
    return RecordedEvent(*(_value(name, shown[name]) for name in COLUMNS))


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in UUIDS:
        return UUID(value)
    if name == "recorded_at":
        return datetime.fromisoformat(value)
    return decoded(value) if name == "sealed" else value


def events() -> list[RecordedEvent]:
    """Return the events of the log."""
    return [event_of(each) for each in vectors()["events"]]


def leaves() -> list[bytes]:
    """Return the leaf hashes of the log."""
    return [decoded(each["leafHash"]) for each in vectors()["events"]]


def private_key(name: str) -> Ed25519PrivateKey:
    """Return a test key."""
    return Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex(vectors()["keys"][name]["TESTprivateKeyHex"])
    )


def trusted(*names: str) -> list[TrustedKey]:
    """Return test keys as trusted."""
    return [TrustedKey(read_vkey(vectors()["keys"][name]["vkey"])) for name in names]


ORGANIZATION = UUID(str(vectors()["organizationId"]))
ORIGIN = str(vectors()["origin"])
MARK_KEY = bytes.fromhex(vectors()["marks"]["TESTmarkKeyHex"])
