"""New ids: UUIDv7 (RFC 9562 §5.7), so that what is made later sorts later."""

import time
from uuid import UUID

from asyncpg.pgproto import pgproto

from eventstore.randomness import random_bytes

VERSION_7 = 0x7 << 76
VARIANT = 0b10 << 62


def uuid7(unix_ms: int, randomness: bytes) -> UUID:
    """Return the UUIDv7 of a time in milliseconds and ten random bytes."""
    bits = int.from_bytes(randomness, "big")
    random_a, random_b = (bits >> 64) & 0xFFF, bits & ((1 << 62) - 1)
    value = unix_ms << 80 | VERSION_7 | random_a << 64 | VARIANT | random_b
    # The driver's own: one of Python's in every respect, made in half the time and written in a tenth of it.
    made: UUID = pgproto.UUID(value.to_bytes(16, "big"))
    return made


def new_id() -> UUID:
    """Return a new UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, random_bytes(10))


def read_id(text: str) -> UUID:
    """Return the id that a text writes. Errors: ValueError."""
    # The driver's own again: a group may list 100,000 of them.
    read: UUID = pgproto.UUID(text)
    return read
