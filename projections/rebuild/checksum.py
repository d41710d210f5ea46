"""Marks of rows: what was made and what is read back are compared by a sum, not kept."""

import marshal
from collections.abc import Callable, Iterable
from typing import Any
from zlib import crc32

CHECKSUM_MODULUS = 2**63  # A sum of marks fits a bigint.
Plain = Callable[[Any], Any]


def instant(value: Any) -> float:
    """Return seconds since 1970, which tell microseconds apart until 2242."""
    seconds: float = value.timestamp()
    return seconds


PLAIN: dict[str, Plain] = {  # What has several forms in Python, by its Postgres type.
    "uuid": lambda value: value.bytes,
    "timestamp with time zone": instant,
    # Postgres writes its numbers and spaces in its own way, and to read each costs more than all else.
    # It is made of a row's document by one function; `projections verify` compares it as values.
    "jsonb": lambda _value: None,
}


def row_checksum(types: Iterable[str]) -> Callable[[Iterable[tuple[Any, ...]]], int]:
    """Return what gives the sum of the marks of rows, for a table with columns of these types.

    The order of rows does not matter; a row twice, or one value in another column, does.
    """
    plans = [(index, PLAIN[each]) for index, each in enumerate(types) if each in PLAIN]

    def sum_of_checksums(rows: Iterable[tuple[Any, ...]]) -> int:
        total = 0
        for row in rows:
            values = list(row)
            for index, plain in plans:
                if values[index] is not None:
                    values[index] = plain(values[index])
            # marshal's version 2 writes the same value always the same, and is the fastest there is.
            total += crc32(marshal.dumps(values, 2))
        return total % CHECKSUM_MODULUS

    return sum_of_checksums
