"""The keys as `keys list` shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from eventstore.postgres.connection import Connection
from eventstore.sealing.rewrap import count_wrapped_otherwise
from projections.directory.tokens import LastExpiry, find_last_expiry
from service.callers.signing_keys import StoredKey, load_stored_keys
from service.database.master_key import KeyProblem
from service.keys.keyring import Keyring
from service.keys.master_keys import MasterKeyState, load_states
from service.keys.processes import ServingProcess, load_processes

SigningState = Literal["signs", "verifies", "retired", "unusable"]


@dataclass(frozen=True, slots=True)
class ListedKeys:
    """All keys, oldest first, and the processes that serve."""

    master_keys: Sequence[MasterKeyState]
    places: dict[str, str]  # Fingerprint → where this process has found the key.
    signing_keys: Sequence[StoredKey]
    tokens: LastExpiry  # For how long the former signing keys are needed.
    waiting: int  # Keys of people that the former master key still wraps.
    processes: Sequence[ServingProcess]


async def list_keys(connection: Connection, keyring: Keyring) -> ListedKeys:
    """Return all keys of the database."""
    states = await load_states(connection)
    is_rotating = any(each.state == "former" for each in states)
    fingerprint = keyring.sealer.fingerprint
    return ListedKeys(
        master_keys=states,
        places=_places(keyring),
        signing_keys=await load_stored_keys(connection, keyring.sealer),
        tokens=await find_last_expiry(connection),
        waiting=await count_wrapped_otherwise(connection, fingerprint) if is_rotating else 0,
        processes=await load_processes(connection),
    )


def state_of(key: StoredKey, now: datetime | None = None) -> SigningState:
    """Return what a signing key is used for."""
    if not key.is_usable:
        return "unusable"
    if key.retired_at is None:
        return "signs"
    ends = key.verifies_until
    return "verifies" if ends is None or ends > (now or datetime.now(UTC)) else "retired"


def _places(keyring: Keyring) -> dict[str, str]:
    try:
        return {each.fingerprint: each.place for each in keyring.places.find()}
    except KeyProblem:
        return {}
