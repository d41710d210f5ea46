"""New ids: UUIDv7 (RFC 9562 §5.7). A later id sorts after an earlier one."""

import threading
import time
from uuid import UUID

from asyncpg.pgproto import pgproto

from eventstore.sealing.randomness import RandomNumbers

RANDOM_BITS = 74  # The random part of an id; the rest is its time.
STEP_BYTES = (
    4  # The size of a random step from one id to the next: large enough that nobody can guess it.
)
RANDOM_MASK, RANDOM_B_MASK = (1 << RANDOM_BITS) - 1, (1 << 62) - 1
VERSION_7 = 0x7 << 76
VARIANT = 0b10 << 62


class IdClock:
    """Makes numbers that always grow: a time in milliseconds, then randomness (RFC 9562 §6.2).

    Within one millisecond, and after the clock has stepped back, the next number is the last one plus a
    random step. If the random part overflows, the time in the number runs ahead by a millisecond.
    Safe to call from several threads.
    """

    def __init__(self) -> None:
        self._last = -1
        self._lock = threading.Lock()

    def tick(self, unix_ms: int, randomness: int, step: int) -> int:
        """Return the next number: this time and randomness, or the last number plus the step."""
        with self._lock:
            if unix_ms > self._last >> RANDOM_BITS:
                self._last = unix_ms << RANDOM_BITS | randomness
            else:
                self._last += 1 + step
            return self._last


def uuid7(number: int) -> UUID:
    """Return the UUIDv7 of a time in milliseconds, followed by 74 random bits."""
    unix_ms, random_a = number >> RANDOM_BITS, (number >> 62) & 0xFFF
    value = unix_ms << 80 | VERSION_7 | random_a << 64 | VARIANT | number & RANDOM_B_MASK
    # The driver's UUID class: it behaves like Python's, is made in half the time and written in a tenth.
    made: UUID = pgproto.UUID(value.to_bytes(16, "big"))
    return made


_CLOCK = IdClock()  # One per process: two clocks would not know each other's last id.
_draw = RandomNumbers(10 + STEP_BYTES).take


def new_id() -> UUID:
    """Return a new UUIDv7, greater than all that this process has made before."""
    drawn = _draw()
    return uuid7(_CLOCK.tick(time.time_ns() // 1_000_000, drawn & RANDOM_MASK, drawn >> 80))


def read_id(text: str) -> UUID:
    """Return the id that a text writes. Errors: ValueError."""
    # The driver's class again: a group may list 100,000 ids.
    read: UUID = pgproto.UUID(text)
    return read


ID_LENGTH = 36  # Of a UUID as we write it; UUID() accepts other forms too.


def as_id(text: str) -> UUID | None:
    """Return the id that a text writes, or None if it is not in our form."""
    try:
        return read_id(text) if len(text) == ID_LENGTH else None
    except ValueError:
        return None
