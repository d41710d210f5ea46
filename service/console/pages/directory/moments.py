"""The moment that a page shows: now, the end of a day in the reader's zone, an instant, or a position of the log."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from eventstore.read import position_at
from projections.directory.queries.past import followed
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.replay.instants import DATE, IllegalInstant, read_end

FIELD: Final = "at"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past. `at` is None if only a position was asked for."""

    position: int
    at: datetime | None
    asked: str  # As it stands in the address: a day, an instant, or nothing.

    @property
    def day(self) -> date | None:
        """Return the day whose end was asked for; None if it was no day."""
        return date.fromisoformat(self.asked) if DATE.fullmatch(self.asked) else None

    @property
    def kept(self) -> dict[str, Any]:
        """Return the parameters that every link of a page in the past keeps."""
        return {"at": self.asked, "position": self.position}


async def read_moment(call: ConsoleCall) -> Moment | None:
    """Return the moment that a page is asked for; None for now, and for one that is refused: the form then says why."""
    asked, sent = call.query.get(FIELD, ""), call.query.get("position", "")
    if not asked and not sent:
        return None
    at = None
    if asked:
        try:
            at = read_end(asked, call.times.zone)
        except IllegalInstant:
            call.form.refuse(FIELD, _impossible(call, asked))
            return None
        if at > call.now and not _is_today(call, asked):
            call.form.refuse(
                FIELD,
                call.t(
                    "moment.future",
                    "Choose a moment that is not in the future. You entered {value}.",
                    value=asked,
                ),
            )
            return None
    async with call.runtime.pool.acquire() as connection:
        end = await followed(connection, call.organization.id)
        if (position := number_in(sent)) is not None:
            return Moment(min(position, end), at, asked)
        if at is None:
            return None
        found = await position_at(connection, call.organization.id, at.astimezone(UTC))
    return Moment(min(found, end), at, asked)


def is_pinned(call: ConsoleCall) -> bool:
    """Return whether the address holds the position, so that it gives the same answer tomorrow."""
    return "position" in call.query or FIELD not in call.query


def _is_today(call: ConsoleCall, asked: str) -> bool:
    return asked == call.times.local(call.now).date().isoformat()


def _impossible(call: ConsoleCall, asked: str) -> str:
    example = call.times.day(date(call.now.year, 3, 31))
    return call.t(
        "moment.impossible",
        "Enter a day that exists, for example {example}. You entered {value}.",
        example=example,
        value=asked[:60],
    )
