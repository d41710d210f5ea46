"""Cursors of the JSON APIs' lists: only what a page gave is taken."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.api.cursor import (
    a_name,
    a_position,
    an_id,
    an_instant,
    read_id_cursor,
    read_key,
    write_cursor,
)
from service.api.problem import BadQuery
from tests.builders import JO


def test_a_key_is_read_as_it_was_written() -> None:
    at = datetime(2026, 3, 31, 17, tzinfo=UTC)
    text = write_cursor("list", JO, 7, "jo", at)

    assert read_key("list", text, an_id, a_position, a_name, an_instant) == [JO, 7, "jo", at]
    assert read_id_cursor("list", write_cursor("list", JO)) == JO
    assert read_key("list", None, an_id) is None


@pytest.mark.parametrize(
    ("part", "read"),
    [
        (-1, a_position),
        (2**63, a_position),
        (True, a_position),
        ("7", a_position),
        (7, an_id),
        ("jo", an_id),
        ("jo\0", a_name),
        (None, a_name),
        ("today", an_instant),
    ],
)
def test_a_key_that_no_page_gave_is_refused(part: Any, read: Any) -> None:
    with pytest.raises(BadQuery):
        read_key("list", write_cursor("list", part), read)


def test_a_key_of_another_list_or_length_is_refused() -> None:
    text = write_cursor("list", JO)
    for kind, parts in (("other", [an_id]), ("list", [an_id, a_position]), ("list", [])):
        with pytest.raises(BadQuery):
            read_key(kind, text, *parts)
