"""Instants as pages write them: in the reader's zone, with UTC beside."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from markupsafe import Markup

from service.console.texts.texts import Texts

RECENT = timedelta(hours=1)  # "2 minutes ago" is said of the last hour only.


@dataclass(frozen=True, slots=True)
class Times:
    """Writes instants in one zone and language."""

    texts: Texts
    zone: ZoneInfo

    def local(self, at: datetime) -> datetime:
        """Return an instant in the reader's zone; in UTC, if it would be beyond the years 1 to 9999 there."""
        try:
            return at.astimezone(self.zone)
        except OverflowError:
            return at.astimezone(UTC)

    def day(self, at: datetime | date) -> str:
        """Return a day, such as 26 November 2026."""
        return self._date(at, "d MMMM y")

    def short_day(self, at: datetime | date) -> str:
        """Return a day in short, such as 26 Nov 2026."""
        return self._date(at, "d MMM y")

    def day_and_month(self, at: datetime | date) -> str:
        """Return a day without its year, such as 26 Nov: for the axis of a chart."""
        return self._date(at, "d MMM")

    def clock(self, at: datetime, *, with_seconds: bool = False) -> str:
        """Return the time of day, such as 09:12."""
        return format(self.local(at), "%H:%M:%S" if with_seconds else "%H:%M")

    def plain(self, at: datetime, *, with_seconds: bool = False) -> str:
        """Return an instant as text: 26 Nov 2026, 09:12 (08:12 UTC)."""
        shown = f"{self.short_day(at)}, {self.clock(at, with_seconds=with_seconds)}"
        return shown if self.is_utc else f"{shown} ({self.utc(at, with_seconds=with_seconds)})"

    def utc(self, at: datetime, *, with_seconds: bool = False) -> str:
        """Return an instant in UTC: the time of day, with the day if it is another one there."""
        there = at.astimezone(UTC)
        clock = format(there, "%H:%M:%S" if with_seconds else "%H:%M")
        day = (
            f"{self._date(there.date(), 'd MMM')}, "
            if there.date() != self.local(at).date()
            else ""
        )
        return f"{day}{clock} UTC"

    def moment(self, at: datetime, *, with_seconds: bool = False) -> Markup:
        """Return an instant as a `time` element: 26 Nov 2026, 09:12."""
        return self.marked(at, f"{self.short_day(at)}, {self.clock(at, with_seconds=with_seconds)}")

    def both(self, at: datetime, *, with_seconds: bool = False) -> Markup:
        """Return an instant as a `time` element, with UTC in parentheses."""
        return self.marked(at, self.plain(at, with_seconds=with_seconds))

    def ago(self, at: datetime, now: datetime) -> str:
        """Return how long ago an instant was if that was within the last hour; else the instant."""
        passed = now - at
        if not timedelta(0) <= passed < RECENT:
            return self.plain(at)
        return format_timedelta(at - now, add_direction=True, locale=self.texts.locale)

    def span(self, length: timedelta) -> str:
        """Return a length of time in words, such as 12 days."""
        return format_timedelta(length, threshold=1.5, locale=self.texts.locale)

    def marked(self, at: datetime, shown: str) -> Markup:
        """Return a `time` element that shows a text for an instant."""
        exact = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Markup('<time datetime="{}">{}</time>').format(exact, shown)

    def end_of(self, day: date) -> datetime:
        """Return the end of a day in the reader's zone: the first instant that is no longer in it."""
        return datetime.combine(day + timedelta(days=1), time.min, self.zone).astimezone(UTC)

    def start_of(self, day: date) -> datetime:
        """Return the first instant of a day in the reader's zone."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    @property
    def is_utc(self) -> bool:
        """Return whether the reader's zone is UTC, so that nothing need stand beside an instant."""
        return self.zone.key in {"UTC", "Etc/UTC"}

    def _date(self, at: datetime | date, pattern: str) -> str:
        if isinstance(at, datetime):
            return format_datetime(self.local(at), pattern, locale=self.texts.locale)
        return format_date(at, pattern, locale=self.texts.locale)
