"""The drawing of roles over time as numbers: x in per cent of the width. A template draws it as SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

LEFT, RIGHT = 0.1, 99.9  # Where the strip begins and ends, in per cent.
MERGE_PERCENT: Final = 1.2  # Marks closer than this are one mark with a number.
TICKS_MAX: Final = 7
EDGE_PERCENT: Final = 4  # A label so near to an end begins or ends there.
DARK: Final = frozenset({"editor", "administrator"})  # Bands whose text is light.
LETTER_PERCENT: Final = 1.0  # Of the width that a letter takes on a desktop.
NARROW_PERCENT: Final = 20.0  # A name in a narrower band is left out on a phone.
TEXT_MARGIN_PERCENT: Final = 2.0
DAY: Final = timedelta(days=1)
MONTHS_FROM: Final = 60 * DAY  # What is longer has an axis of months.
DAYS_FROM: Final = 2 * DAY


class Period(NamedTuple):
    """Something that held from one instant to another; None: still."""

    kind: str  # The class of its band: the role in lower case.
    word: str
    begin: datetime
    end: datetime | None


class Mark(NamedTuple):
    """A change: its instant, its position, what changed in a few words."""

    at: datetime
    position: int
    word: str


@dataclass(frozen=True, slots=True)
class Band:
    """A period as it is drawn. `text` is empty where it does not fit."""

    kind: str
    x: float
    width: float
    title: str
    text: str
    is_light: bool
    is_narrow: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """One or several changes at about the same place; a link to the state after the last of them."""

    x: float
    position: int
    count: int
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis with its label. Every second one is minor: a phone leaves its label out."""

    x: float
    label: str
    is_minor: bool
    anchor: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The whole drawing. `now_x` is where the reader looks at the past; None: at the present."""

    bands: Sequence[Band]
    gaps: Sequence[Band]
    ticks: Sequence[Tick]
    dots: Sequence[Dot]
    now_x: float | None


@dataclass(frozen=True, slots=True)
class Scale:
    """From instants to per cent."""

    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Return where an instant is, within the strip."""
        whole = (self.end - self.begin) / timedelta(seconds=1)
        share = (at - self.begin) / timedelta(seconds=1) / whole if whole > 0 else 1.0
        return round(LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT), 2)


class Titles:
    """Says what a band and a dot are. The console's is in person.py."""

    def period(self, period: Period) -> str:
        """Return the title of a band."""
        raise NotImplementedError

    def marks(self, marks: Sequence[Mark]) -> str:
        """Return the title of a dot."""
        raise NotImplementedError

    def tick(self, at: datetime, *, is_first: bool, unit: str) -> str:
        """Return the label of a tick. unit: month, day or hour."""
        raise NotImplementedError


def bands(scale: Scale, periods: Sequence[Period], title: Titles) -> list[Band]:
    """Return the bands of periods. A name stands in its band where it fits."""
    found = []
    for each in periods:
        x, end = scale.x(each.begin), scale.x(each.end or scale.end)
        width = round(max(end - x, 0.15), 2)
        fits = width > len(each.word) * LETTER_PERCENT + TEXT_MARGIN_PERCENT
        found.append(
            Band(
                each.kind,
                x,
                width,
                title.period(each),
                each.word if fits else "",
                each.kind in DARK,
                width < NARROW_PERCENT,
            )
        )
    return found


def gaps(begin: datetime, active: Sequence[Period], end: datetime | None) -> list[Period]:
    """Return when the account was not active, from the periods in which it was."""
    found, since = [], begin
    for each in active:
        if each.begin > since:
            found.append(Period("inactive", "", since, each.begin))
        if each.end is None:
            return found
        since = each.end
    if end is None or end > since:
        found.append(Period("inactive", "", since, end))
    return found


def dots(scale: Scale, marks: Sequence[Mark], title: Titles) -> list[Dot]:
    """Return marks, oldest first, with those in one place put together."""
    groups: list[tuple[float, list[Mark]]] = []
    for each in sorted(marks, key=lambda mark: mark.position):
        x = scale.x(each.at)
        if groups and x - groups[-1][0] < MERGE_PERCENT:
            groups[-1][1].append(each)
        else:
            groups.append((x, [each]))
    return [Dot(x, found[-1].position, len(found), title.marks(found)) for x, found in groups]


def ticks(scale: Scale, title: Titles) -> list[Tick]:
    """Return the lines of the axis: months, days or hours, at most TICKS_MAX or one more."""
    unit, moments = _moments(scale.begin, scale.end)
    found: list[Tick] = []
    for number, at in enumerate(moments):
        x = scale.x(at)
        anchor = "start" if x < EDGE_PERCENT else "end" if x > 100 - EDGE_PERCENT else "middle"
        label = title.tick(at, is_first=not number or at.month == 1, unit=unit)
        found.append(Tick(x, label, bool(number % 2), anchor))
    return found


def _moments(begin: datetime, end: datetime) -> tuple[str, list[datetime]]:
    length = end - begin
    if length > MONTHS_FROM:
        months = (end.year - begin.year) * 12 + end.month - begin.month
        step = max(1, -(-months // TICKS_MAX))
        first = begin.year * 12 + begin.month  # The first month that begins within.
        return "month", [
            found
            for number in range(first, first + months + 1, step)
            if begin <= (found := begin_of_month(number, begin)) <= end
        ]
    if length > DAYS_FROM:
        step = max(1, -(-length.days // TICKS_MAX))
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        return "day", [
            midnight + DAY * each
            for each in range(0, length.days + 1, step)
            if midnight + DAY * each <= end
        ]
    return "hour", [begin, end] if length > timedelta(minutes=1) else [begin]


def begin_of_month(number: int, like: datetime) -> datetime:
    """Return the beginning of a month by its number since the year 0, in the zone of another instant."""
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=like.tzinfo)


def neighbours(
    positions: Sequence[int], position: int | None
) -> tuple[int | None, int | None, bool]:
    """Return the changes before and after what is shown, and whether the one after is the present.

    `positions` are those of changes, oldest first; `position` is where the reader is, None for now.
    """
    if not positions:
        return None, None, False
    at = len(positions) - 1
    if position is not None:
        at = sum(1 for each in positions if each <= position) - 1
    before = positions[at - 1] if at > 0 else None
    if position is None or at >= len(positions) - 1:
        return before, None, False
    return before, positions[at + 1], at + 1 == len(positions) - 1
