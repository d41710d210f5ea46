"""Dates and instants as auditors write them."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from service.replay.instants import IllegalInstant, read_begin, read_end, read_zone

UTC_ZONE, PARIS = read_zone(None), read_zone("Europe/Paris")


def test_a_date_means_a_whole_day() -> None:
    assert read_begin("2026-03-31", UTC_ZONE) == datetime(2026, 3, 31, tzinfo=UTC)
    assert read_end("2026-03-31", UTC_ZONE) == datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_day_is_that_of_the_zone_also_where_it_has_23_hours() -> None:
    begin, end = read_begin("2026-03-29", PARIS), read_end("2026-03-29", PARIS)

    assert begin == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end == datetime(2026, 3, 29, 21, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-31T17:00:00Z", datetime(2026, 3, 31, 17, tzinfo=UTC)),
        ("2026-03-31T17:00+02:00", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("2026-03-31 17:00:00.25z", datetime(2026, 3, 31, 17, 0, 0, 250000, tzinfo=UTC)),
    ],
)
def test_an_instant_is_itself(text: str, instant: datetime) -> None:
    assert read_begin(text, PARIS) == read_end(text, PARIS) == instant


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("2026-02-30", "There is no day 2026-02-30"),
        ("2026-13-01", "There is no day"),
        ("0000-01-01", "There is no day"),
        ("2026-03-31T17:00:00", "add Z"),
        ("2026-03-31T25:00:00Z", "There is no time"),
        ("2026-02-30T12:00:00Z", "There is no day"),
        ("2026-03-31T12:00:00+99:00", "There is no time"),
        ("9999-12-31T23:59:59-23:00", "There is no time"),
        ("yesterday", "no instant"),
        ("", "no instant"),
        ("31.03.2026", "no instant"),
        ("1774972800", "no instant"),
    ],
)
def test_what_is_no_instant_is_refused_with_what_to_write(text: str, remedy: str) -> None:
    for read in (read_begin, read_end):
        with pytest.raises(IllegalInstant, match=remedy):
            read(text, UTC_ZONE)


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01"])
def test_the_ends_of_the_calendar_are_no_failure(text: str) -> None:
    for read in (read_begin, read_end):
        with suppress(IllegalInstant):
            assert read(text, read_zone("Pacific/Auckland")).tzinfo is UTC


@pytest.mark.parametrize("name", ["Mars/Phobos", "", "../etc/passwd", "Europe/Paris\0", "a" * 300])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(IllegalInstant, match="IANA name"):
        read_zone(name)
