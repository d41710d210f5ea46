"""The leaf holds every column: two rows never give the same leaf."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from eventstore.events import RecordedEvent
from eventstore.proof.leaf import leaf_bytes, leaf_hash, mark_of
from eventstore.proof.notes import decoded
from tests.proof.vectors import COLUMNS, MARK_KEY, event_of, events, vectors

EVENTS, EXTREMES = vectors()["events"], vectors()["extremes"]


@pytest.mark.parametrize("shown", EVENTS, ids=[each["type"] for each in EVENTS])
def test_the_leaf_of_an_event_is_the_vectors(shown: dict[str, Any]) -> None:
    event = event_of(shown)

    assert leaf_bytes(event).hex() == shown["leafBytesHex"]
    assert leaf_hash(event) == decoded(shown["leafHash"])
    assert mark_of(MARK_KEY, leaf_bytes(event)).hex() == shown["markHex"]


@pytest.mark.parametrize("shown", EXTREMES, ids=[each["name"] for each in EXTREMES])
def test_the_leaf_of_an_extreme_event_is_the_vectors(shown: dict[str, Any]) -> None:
    event = event_of(shown)

    assert hashlib.sha256(leaf_bytes(event)).hexdigest() == shown["leafBytesSha256"]
    assert leaf_hash(event) == decoded(shown["leafHash"])


def test_extreme_events_have_different_leaves() -> None:
    assert len({each["leafHash"] for each in EXTREMES}) == len(EXTREMES)


def changes_of(value: Any) -> list[Any]:
    """Return values that differ from a value in one bit, or in what an editor would change."""
    match value:
        case UUID():
            return [UUID(int=value.int ^ 1 << bit) for bit in range(128)]
        case bytes():
            number = int.from_bytes(value)
            bits = range(len(value) * 8)
            return [(number ^ 1 << bit).to_bytes(len(value)) for bit in bits]
        case str():
            flipped = [
                value[:at] + chr(ord(value[at]) ^ 1 << bit) + value[at + 1 :]
                for at in range(len(value))
                for bit in range(7)
            ]
            return [*flipped, value + " ", " " + value, value[:-1]]
        case int():
            return [value ^ 1 << bit for bit in range(15)]
        case _:
            return [value + timedelta(microseconds=1 << bit) for bit in range(40)]


def with_(event: RecordedEvent, column: str, value: Any) -> RecordedEvent:
    """Return an event with another value in a column."""
    changes: Any = {column: value}
    return event._replace(**changes)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_bit_of_every_column_changes_the_leaf(column: str) -> None:
    event = next(each for each in events() if each.subject_id and each.token_id)
    changed = [with_(event, column, each) for each in changes_of(getattr(event, column))]
    hashes = {leaf_hash(each) for each in (event, *changed)}

    assert len(hashes) == len(changed) + 1


@pytest.mark.parametrize("column", ["token_id", "sealed", "subject_id"])
def test_null_has_a_bit_of_its_own(column: str) -> None:
    event = events()[4]
    zeros = b"" if column == "sealed" else UUID(int=0)

    assert leaf_hash(with_(event, column, None)) != leaf_hash(with_(event, column, zeros))


def test_a_row_that_the_service_cannot_have_written_has_no_leaf() -> None:
    with pytest.raises((AttributeError, TypeError)):
        leaf_bytes(with_(events()[0], "recorded_at", None))
