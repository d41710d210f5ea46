"""Periods and instants in addresses: a date means a day in the zone of the address, or else of the reader."""

from datetime import datetime
from zoneinfo import ZoneInfo

from service.console.framework.call import ConsoleCall
from service.replay.instants import IllegalInstant, read_begin, read_end, read_zone

Period = tuple[datetime | None, datetime | None]


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
    """Return the first and the last instant of `from` and `to`. What is wrong is said at the field."""
    zone = zone_of(call)
    begin, end = read_day(call, "from", zone, is_begin=True), read_day(call, "to", zone)
    if begin is not None and end is not None and end < begin:
        call.form.refuse(
            "to",
            call.t("period.turned", "The end is before the beginning: exchange the two days."),
        )
    return begin, end


def read_day(
    call: ConsoleCall, name: str, zone: ZoneInfo, *, is_begin: bool = False
) -> datetime | None:
    """Return the instant of a parameter: the end of a day, or its beginning. What is wrong is said at the field."""
    wanted = call.query.get(name)
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
