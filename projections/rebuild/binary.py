"""Rows as the bytes of a binary COPY: those that are sent to a table, and those that it must answer when read back.

Postgres answers the very bytes that it was sent, so one checksum over them compares rows without decoding any.
Columns are turned into bytes one after the other, for many rows at once: asyncpg's COPY of records takes twice as long.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from struct import Struct
from typing import Any
from zlib import crc32

from projections.fold import Row, Table

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # No flags, and no extension.
TRAILER = b"\xff\xff"
COUNT, LENGTH, INT8 = Struct(">h"), Struct(">i"), Struct(">iq")
NULL = LENGTH.pack(-1)
UUID_LENGTH = LENGTH.pack(16)
BOOLEANS = {False: LENGTH.pack(1) + b"\0", True: LENGTH.pack(1) + b"\1", None: NULL}
EPOCH, MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
JSONB_VERSION = b"\1"
TEXT_OID = 25
NO_TEXTS = Struct(">iiii").pack(12, 0, 0, TEXT_OID)  # No dimension.
# The length in all, then: one dimension, no NULL, the type, how many, from number 1.
TEXTS = Struct(">iiiiii")

Column = Iterable[Any]  # The values of one column, by row.
Encode = Callable[[Column], list[bytes]]


def _texts(column: Column) -> list[bytes]:
    pack = LENGTH.pack
    return [
        NULL if value is None else pack(len(octets := value.encode())) + octets for value in column
    ]


def _lists(column: Column) -> list[bytes]:
    return [NULL if value is None else _list(value) for value in column]


def _list(values: Sequence[str]) -> bytes:
    if not values:
        return NO_TEXTS
    items = b"".join(_texts(values))
    return TEXTS.pack(20 + len(items), 1, 0, TEXT_OID, len(values), 1) + items


def _jsonb(column: Column) -> list[bytes]:
    pack = LENGTH.pack
    return [
        NULL if value is None else pack(len(octets := value.encode()) + 1) + JSONB_VERSION + octets
        for value in column
    ]


def _uuids(column: Column) -> list[bytes]:
    return [NULL if value is None else UUID_LENGTH + value.bytes for value in column]


def _numbers(column: Column) -> list[bytes]:
    pack = INT8.pack
    return [NULL if value is None else pack(8, value) for value in column]


def _instants(column: Column) -> list[bytes]:
    pack = INT8.pack
    return [NULL if each is None else pack(8, (each - EPOCH) // MICROSECOND) for each in column]


ENCODERS: dict[str, Encode] = {  # By Postgres type.
    "uuid": _uuids,
    "bigint": _numbers,
    "boolean": lambda column: [BOOLEANS[value] for value in column],
    "timestamp with time zone": _instants,
    "text": _texts,
    "text[]": _lists,
    "json": _texts,
    "jsonb": _jsonb,
}
# Postgres changes numbers and spaces in it, so it does not answer what it was sent. One function makes it from the
# row's document. `projections verify` compares its values.
CHANGED = frozenset({"jsonb"})


@dataclass(frozen=True, slots=True)
class Format:
    """How the rows of a table become bytes. The columns that are read back come first."""

    read_back: tuple[str, ...]
    others: tuple[str, ...]
    indexes: tuple[int, ...]  # Of all these columns in a row, in the order of the bytes.
    encoders: tuple[Encode, ...]
    order_of: Callable[[Row], Any]  # The place of a row among those that are sent.

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns in the order in which they are sent."""
        return self.read_back + self.others

    def encoded(self, rows: Sequence[Row]) -> tuple[bytes, bytes]:
        """Return rows, at least one, as they are sent and as they are read back."""
        by_column = list(zip(*rows, strict=True))
        encoded = [
            encode(by_column[index])
            for index, encode in zip(self.indexes, self.encoders, strict=True)
        ]
        held = len(self.read_back)
        back = list(map(b"".join, zip(*encoded[:held], strict=True)))
        read_back = _with_counts(held, back)
        if not self.others:
            return read_back, read_back
        return _with_counts(len(self.columns), back, *encoded[held:]), read_back


def _with_counts(count: int, *parts: Iterable[bytes]) -> bytes:
    """Return rows whose parts are given, each behind the number of its columns."""
    return b"".join(chain.from_iterable(zip(repeat(COUNT.pack(count)), *parts, strict=False)))


def format_of(table: Table, types: dict[str, str]) -> Format:
    """Return the format of a table whose columns have these Postgres types."""
    read_back = tuple(each for each in table.columns if types[each] not in CHANGED)
    others = tuple(each for each in table.columns if types[each] in CHANGED)
    columns = read_back + others
    return Format(
        read_back,
        others,
        tuple(map(table.columns.index, columns)),
        tuple(ENCODERS[types[each]] for each in columns),
        table.order_of,
    )


def checksum_of(checksums: Iterable[int]) -> int:
    """Return the checksum of a shard from those of its tables, in their order."""
    return crc32(b"".join(each.to_bytes(4, "big") for each in checksums))
