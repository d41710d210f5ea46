"""Instants as people write them: a date means a whole day in a time zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
INSTANT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})?"
)
DAY: Final = timedelta(days=1)
FIRST: Final = datetime.min.replace(tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class IllegalInstant(ValueError):
    """A text is no instant; the message says what to write."""


def read_zone(name: str | None) -> ZoneInfo:
    """Return a time zone by its IANA name; UTC without one. Errors: IllegalInstant."""
    if name is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise IllegalInstant(
            f"There is no time zone {name[:60]!r}; write its IANA name, such as Europe/Paris."
        ) from None


def read_begin(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant at which something begins; a date means the beginning of the day. Errors: IllegalInstant."""
    if DATE.fullmatch(text):
        return _at_midnight(_date(text), zone)
    return _instant(text)


def read_end(text: str, zone: ZoneInfo) -> datetime:
    """Return the last instant that counts; a date means the end of the day. Errors: IllegalInstant."""
    if DATE.fullmatch(text):
        return _at_midnight(_next(_date(text)), zone) - MICROSECOND
    return _instant(text)


def earlier(instant: datetime, span: timedelta) -> datetime:
    """Return the instant that lies so long before another, or the first that there is."""
    return instant - span if instant - FIRST > span else FIRST


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise IllegalInstant(f"There is no day {text}; write a day of the calendar.") from None


def _next(day: date) -> date:
    try:
        return day + DAY
    except OverflowError:
        raise IllegalInstant(f"{day} is too late; write an earlier day.") from None


def _at_midnight(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (OverflowError, ValueError):
        raise IllegalInstant(f"{day} is beyond the years 1 to 9999; write another day.") from None


def _instant(text: str) -> datetime:
    found = INSTANT.fullmatch(text)
    if found is None:
        raise IllegalInstant(
            f"{text[:60]!r} is no instant; write a date, 2026-03-31, or a time with its zone, 2026-03-31T17:00:00Z."
        )
    day, minutes, seconds, offset = found.groups()
    if offset is None:
        raise IllegalInstant(f"{text} has no zone; add Z for UTC, or an offset such as +01:00.")
    _date(day)
    written = f"{day}T{minutes}{seconds or ':00'}{'+00:00' if offset in 'Zz' else offset}"
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise IllegalInstant(f"There is no time {text}; write one of the clock.") from None
