"""Lists as CSV (RFC 4180): what a spreadsheet would run as a formula is text."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import orjson

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV file, with the byte order mark by which a spreadsheet knows UTF-8."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_cell(each) for each in row] for row in rows)
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping | list | tuple):
        return orjson.dumps(value, default=str).decode()
    text = str(value)
    is_formula = isinstance(value, str) and text.startswith(BEGINNINGS)
    return f"'{text}" if is_formula else text
