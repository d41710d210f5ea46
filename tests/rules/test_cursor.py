"""Cursors are sealed, and opened only if they are ours, for the same query, and not expired."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from eventstore.sealing.sealer import Sealer
from projections.directory.queries.keyset import Edge
from schema.scim.errors import ExpiredCursor, InvalidCursor
from service.scim.queries.cursor import TIMEOUT_S, Cursor, open_cursor, seal_cursor
from tests.builders import JO, ORGANIZATION_ID

SEALER = Sealer(bytes(range(32)))
QUERY = '["User","title pr","title","ascending"]'
OTHER_ORGANIZATION = UUID("019a0000-0000-7000-8000-00000000000b")


def cursor(key: str | None = "lead", *, age_s: float = 0, is_backward: bool = False) -> Cursor:
    """Return a cursor of this age, with Jo at the edge of its page."""
    made_at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=age_s)
    return Cursor(ORGANIZATION_ID, QUERY, Edge(key, JO), is_backward, 7, made_at)


@pytest.mark.parametrize(
    "given",
    [
        cursor(),
        cursor(None),
        cursor(""),
        cursor("\U0001f600 ' \" \\ \n"),
        cursor("x" * 20_000),
        cursor(is_backward=True),
        cursor(age_s=TIMEOUT_S / 2),
    ],
    ids=lambda each: str(each.edge.key)[:20],
)
def test_a_cursor_opens_as_it_was_sealed(given: Cursor) -> None:
    text = seal_cursor(SEALER, given)

    assert open_cursor(SEALER, text, ORGANIZATION_ID, QUERY) == given


def test_a_cursor_is_made_of_characters_that_no_url_changes() -> None:
    text = seal_cursor(SEALER, cursor("\U0001f600" * 100))

    assert text.replace("-", "").replace("_", "").isalnum()
    assert text.isascii()


def test_a_cursor_of_another_organization_does_not_open() -> None:
    text = seal_cursor(SEALER, cursor())

    with pytest.raises(InvalidCursor, match="not one that this service gave"):
        open_cursor(SEALER, text, OTHER_ORGANIZATION, QUERY)


def test_a_cursor_of_another_service_does_not_open() -> None:
    text = seal_cursor(Sealer(bytes(32)), cursor())

    with pytest.raises(InvalidCursor):
        open_cursor(SEALER, text, ORGANIZATION_ID, QUERY)


def test_a_cursor_of_another_query_does_not_open() -> None:
    text = seal_cursor(SEALER, cursor())

    with pytest.raises(InvalidCursor, match="another query"):
        open_cursor(SEALER, text, ORGANIZATION_ID, QUERY.replace("title", "userName"))


@pytest.mark.parametrize("text", ["x", "====", "é", " ", "A" * 100_000, "a\0b", "-_-_" * 30])
def test_what_is_no_cursor_does_not_open(text: str) -> None:
    with pytest.raises(InvalidCursor):
        open_cursor(SEALER, text, ORGANIZATION_ID, QUERY)


def test_a_cursor_expires() -> None:
    text = seal_cursor(SEALER, cursor(age_s=TIMEOUT_S + 2))

    with pytest.raises(ExpiredCursor, match="3,600 seconds"):
        open_cursor(SEALER, text, ORGANIZATION_ID, QUERY)
