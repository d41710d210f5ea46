"""Periods and instants in addresses: a date means a day in the zone of the address, or else of the reader."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from service.console.framework.call import ConsoleCall
from service.replay.instants import IllegalInstant, read_begin, read_end, read_zone

Period = tuple[datetime | None, datetime | None]
FieldValue = Callable[[str], str | None]  # Of the address or of a form, by the name of the field.


def zone_of(call: ConsoleCall) -> ZoneInfo:
    """Return the zone that the dates of an address are in. Another one than there is is said at its field."""
    wanted = call.query.get("zone")
    if not wanted:
        return call.times.zone
    try:
        return read_zone(wanted)
    except IllegalInstant:
        call.form.refuse(
            "zone",
            call.t(
                "period.no_zone",
                "Choose a zone by its name, such as Europe/Paris. You entered {value}.",
                value=wanted[:60],
            ),
        )
        return call.times.zone


def read_period(call: ConsoleCall) -> Period:
    """Return the first and the last instant of `from` and `to` in the address. What is wrong is said at the field."""
    return period_in(call, call.query.get, ("from", "to"), zone_of(call))


def period_in(
    call: ConsoleCall, value: FieldValue, names: tuple[str, str], zone: ZoneInfo
) -> Period:
    """Return the first and the last instant of two fields. What is wrong is said at the field."""
    first, last = names
    begin = day_in(call, value, first, zone, is_begin=True)
    end = day_in(call, value, last, zone)
    if begin is not None and end is not None and end < begin:
        call.form.refuse(
            last,
            call.t("period.turned", "The end is before the beginning: exchange the two days."),
        )
    return begin, end


def day_in(
    call: ConsoleCall,
    value: FieldValue,
    name: str,
    zone: ZoneInfo,
    *,
    is_begin: bool = False,
) -> datetime | None:
    """Return the instant of a field: the end of a day, or its beginning. What is wrong is said at the field."""
    wanted = value(name)
    if not wanted:
        return None
    try:
        return (read_begin if is_begin else read_end)(wanted, zone)
    except IllegalInstant:
        call.form.refuse(
            name,
            call.t(
                "period.no_day",
                "Choose a day of the calendar, such as 2026-03-31. You entered {value}.",
                value=wanted[:60],
            ),
        )
        return None
