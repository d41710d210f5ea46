"""The messages of the feed."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from eventstore.events import POSITION_MAX
from service.api.models import Message
from service.feed.event import FeedEvent, Format

WAIT_MAX_S = 60
LIMIT = 100
LIMIT_MAX = 500
TYPES_MAX = 2_000  # Characters.
Types = Annotated[str, StringConstraints(max_length=TYPES_MAX)]


class FeedQuery(Message):
    """Which events a consumer wants."""

    after: int = Field(
        0,
        ge=0,
        le=POSITION_MAX,
        description="The position after which to go on; 0 for the whole log.",
    )
    wait: int = Field(
        0,
        ge=0,
        le=WAIT_MAX_S,
        description="Seconds to wait for an event if there is none; 0 answers at once.",
    )
    limit: int = Field(LIMIT, ge=1, le=LIMIT_MAX, description="Events of one answer.")
    types: Types | None = Field(
        None, description="Types of events, separated by commas; without it all."
    )
    format: Format = Field(
        "json", description="`ocsf` for the Open Cybersecurity Schema Framework."
    )
    personal: bool = Field(True, description="false leaves personal values out.")


class FeedPage(Message):
    """Events in the order of the log."""

    items: list[FeedEvent | dict[str, Any]] = Field(
        description="Events; with `format=ocsf`, objects of OCSF."
    )
    position: int = Field(
        description="How far the log was looked at: send it as `after` of the next request."
    )


class FeedEnd(Message):
    """Where the log ends."""

    position: int = Field(description="Send it as `after` to get only what comes from now on.")
