"""What the guard knows while it judges a batch: its limits, who lost access lately, which holds concern whom."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from schema.events.hold import HoldState, LossKind
from schema.events.organization import Organization
from schema.events.settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Limits:
    """How many users may lose access in the window: a wave is held if it exceeds both numbers."""

    max_users: int
    max_percent: int  # Of the people who were active when the window began.
    window_minutes: int


NEW_FOR = timedelta(
    hours=24
)  # The first cycles may take access from many, and nobody has lost anything yet.


def limits_of(organization: Organization, now: datetime) -> Limits | None:
    """Return the guard's limits; None while it is off: by choice, or because the organization is new."""
    chosen = organization.settings.get("guard")
    if chosen is None and now < organization.created_at + NEW_FOR:
        return None
    found = chosen or SETTINGS["guard"].default
    if not found["enabled"]:
        return None
    return Limits(found["maxUsers"], found["maxPercent"], found["windowMinutes"])


APPROVED_FOR = timedelta(days=7)  # Entra tries again after 40 minutes, then more slowly.
REJECTED_FOR = timedelta(days=30)  # Entra gives up after 28 days.


def is_over(state: HoldState, decided_at: datetime | None, now: datetime | None) -> bool:
    """Return whether a decision on a hold is no longer in force."""
    if decided_at is None or now is None:
        return False
    return now > decided_at + (APPROVED_FOR if state == "approved" else REJECTED_FOR)


Concern = tuple[UUID, LossKind]  # A user, and how it loses access.


@dataclass(slots=True)
class GuardState:
    """The losses of the window, and the holds. It changes in place, as commands of the batch pass."""

    limits: Limits | None  # None: the guard is off; only the last Administrator is protected.
    lost_count: int = 0  # Users who lost access within the window.
    lost: set[UUID] = field(default_factory=set)  # Of those, the ones that the batch may touch.
    since_position: int = 0  # Of the first loss in the window; 0: there is none.
    active_users: int = 0  # People who were active when the window began.
    administrators: int | None = None  # Active ones among people. None: the batch touches none.
    open_holds: dict[LossKind, UUID] = field(default_factory=dict)
    new_holds: dict[LossKind, UUID] = field(
        default_factory=dict
    )  # The ids of those that the batch may open.
    # The hold that decides on a user: undecided, approved and not used yet, or rejected.
    concerns: dict[Concern, UUID] = field(default_factory=dict)

    def count(self, users: Iterable[UUID]) -> int:
        """Return how many users have lost access in the window, counting these."""
        return self.lost_count + len({each for each in users if each not in self.lost})

    def is_exceeded(self, count: int) -> bool:
        """Return whether so many users are more than the limits allow."""
        limits = self.limits
        return limits is not None and (
            count > limits.max_users and count * 100 > limits.max_percent * self.active_users
        )

    def note(self, users: Collection[UUID], kind: LossKind) -> None:
        """Count users whose change passes. An approval is used up."""
        self.lost_count = self.count(users)
        self.lost.update(users)
        for each in users:
            self.concerns.pop((each, kind), None)
