"""Rows as bytes: Postgres stores what asyncpg would have stored, and answers the very bytes that it was sent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.read_streams import FIRST_ID, LAST_ID, Span
from projections.fold import Table
from projections.rebuild.binary import ENCODERS, HEADER, TRAILER, checksum_of, format_of
from projections.rebuild.load import load_formats, read_back
from projections.registry import PROJECTIONS
from tests.builders import ORGANIZATION_ID

TYPES = {
    "organization_id": "uuid",
    "facts": "jsonb",  # Not the last one: it is sent behind all others.
    "stream_id": "uuid",
    "number": "bigint",
    "is_so": "boolean",
    "at": "timestamp with time zone",
    "name": "text",
    "names": "text[]",
    "document": "json",
}
TABLE = Table(tuple(TYPES), key=("organization_id", "stream_id", "number"), stream="stream_id")
FORMAT = format_of(TABLE, TYPES)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
VALUES = {
    "facts": st.sampled_from(['{"a": 1.0}', "[]", '"é"']),
    "is_so": st.booleans(),
    "at": st.datetimes(timezones=st.just(UTC)),
    "name": TEXTS,
    "names": st.lists(TEXTS, max_size=3),
    "document": st.sampled_from(['{"a":  1.0}', "{ }", '"😀"']),
}
ROWS = st.lists(
    st.tuples(
        st.just(ORGANIZATION_ID),
        st.one_of(st.none(), VALUES["facts"]),
        st.uuids(),
        st.integers(-(2**63), 2**63 - 1),
        *(st.one_of(st.none(), each) for each in list(VALUES.values())[1:]),
    ),
    unique_by=lambda row: row[2:4],
    min_size=1,
    max_size=8,
)


@pytest.fixture
async def table(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Give a connection with a table of all types that a projection has."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    await connection.execute(f"CREATE TEMPORARY TABLE rows ({columns})")
    return connection


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ROWS)
async def test_rows_are_stored_as_they_are_and_answered_as_they_were_sent(
    table: asyncpg.Connection, rows: list[tuple[Any, ...]]
) -> None:
    await table.execute("TRUNCATE rows")
    ordered = sorted(rows, key=TABLE.order_of)
    sent, back = FORMAT.encoded(ordered)

    await table.copy_to_table("rows", columns=FORMAT.columns, source=parts(sent), format="binary")

    held = ", ".join("facts::text" if name == "facts" else name for name in TYPES)
    stored = await table.fetch(f"SELECT {held} FROM rows ORDER BY stream_id, number")
    normal = await table.fetch(
        "SELECT value::jsonb::text FROM unnest($1::text[]) WITH ORDINALITY AS v (value, n) ORDER BY n",
        [row[1] for row in ordered],
    )
    assert [tuple(row) for row in stored] == [
        (row[0], facts, *row[2:]) for row, (facts,) in zip(ordered, normal, strict=True)
    ]
    span = Span(ORGANIZATION_ID, FIRST_ID, LAST_ID, 1)
    answered = await read_back(table, "rows", TABLE, FORMAT, span=span)
    assert answered == crc32(HEADER + back + TRAILER)


async def parts(sent: bytes) -> AsyncIterator[bytes]:
    """Yield what is sent in a COPY."""
    for each in (HEADER, sent, TRAILER):
        yield each


CHANGED = [
    ("number", 8),
    ("is_so", None),
    ("at", datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=UTC)),
    ("name", "ann "),
    ("names", ["a", "b", "c"]),
    ("document", "{ }"),
]


@pytest.mark.parametrize(("column", "value"), CHANGED)
def test_a_row_with_another_value_has_another_checksum(column: str, value: object) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    row = (ORGANIZATION_ID, "{}", LAST_ID, 7, True, at, "ann", ["a", "bc"], "{}")
    index = TABLE.columns.index(column)
    other = (*row[:index], value, *row[index + 1 :])
    checksums = {crc32(FORMAT.encoded([each])[1]) for each in (row, other)}
    assert len(checksums) == 2


def test_the_checksum_of_a_shard_says_which_table_has_which_rows() -> None:
    assert len({checksum_of(each) for each in ([1, 2], [2, 1], [3, 0], [1, 2, 0])}) == 4


@pytest.mark.parametrize("name", PROJECTIONS)
async def test_every_column_of_a_projection_has_bytes(
    connection: asyncpg.Connection, name: str
) -> None:
    projection = PROJECTIONS[name]
    formats = await load_formats(connection, projection.fold, name)
    assert set(ENCODERS.values()) >= {
        encode for each in formats.values() for encode in each.encoders
    }
    for table, form in formats.items():
        assert sorted(form.columns) == sorted(projection.fold.tables[table].columns)
        assert set(form.others) <= {"search", "facts"}
