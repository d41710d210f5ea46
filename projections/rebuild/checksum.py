"""Checksums of rows. Rows as made and rows as read back are compared by a sum; they need not be stored."""

import marshal
from collections.abc import Callable, Iterable
from typing import Any
from zlib import crc32

CHECKSUM_MODULUS = 2**63  # A sum then fits a bigint.
Plain = Callable[[Any], Any]


def instant(value: Any) -> float:
    """Return seconds since 1970. As a float they distinguish microseconds until 2242."""
    seconds: float = value.timestamp()
    return seconds


PLAIN: dict[str, Plain] = {  # By Postgres type, for values that have several forms in Python.
    "uuid": lambda value: value.bytes,
    "timestamp with time zone": instant,
    # Postgres changes numbers and spaces in it, and parsing it would cost more than everything else.
    # One function makes it from the row's document. `projections verify` compares its values.
    "jsonb": lambda _value: None,
}


def row_checksum(types: Iterable[str]) -> Callable[[Iterable[tuple[Any, ...]]], int]:
    """Return a function that sums the checksums of rows, for a table with columns of these types.

    The order of rows does not matter. A duplicate row, or a value in another column, changes the sum.
    """
    plans = [(index, PLAIN[each]) for index, each in enumerate(types) if each in PLAIN]

    def sum_of_checksums(rows: Iterable[tuple[Any, ...]]) -> int:
        total = 0
        for row in rows:
            values = list(row)
            for index, plain in plans:
                if values[index] is not None:
                    values[index] = plain(values[index])
            # marshal's version 2 always writes equal values equally, and nothing is faster.
            total += crc32(marshal.dumps(values, 2))
        return total % CHECKSUM_MODULUS

    return sum_of_checksums
