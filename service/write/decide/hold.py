"""Decide on a hold: let the changes of its users through, or refuse them."""

from datetime import datetime, timedelta

from schema.events.hold import HoldApproved, HoldRejected
from schema.scim.errors import Conflict, NotFound
from service.write.commands import DecideHold
from service.write.decide.state import BatchState, Decision

APPROVED_FOR = timedelta(days=7)  # Entra tries again after 40 minutes, then more slowly.
REJECTED_FOR = timedelta(days=30)  # Entra gives up after 28 days.


def decide(command: DecideHold, state: BatchState) -> list[Decision]:
    """Return the event that decides a hold; none if it is decided so already. A decision may be changed.

    Errors: NotFound; Conflict if other users are in the hold than the person saw who decides.
    """
    hold = state.holds.get(command.id)
    if hold is None:
        raise NotFound(f"There is no hold {command.id}.")
    if command.user_count not in (None, hold.user_count):
        raise Conflict(
            f"The hold has {hold.user_count:,} users now, not {command.user_count:,}: look at it again."
        )
    wanted = "approved" if command.is_approved else "rejected"
    if hold.state == wanted and not is_over(hold.state, hold.decided_at, state.now):
        return []
    return [Decision(hold.id, HoldApproved() if command.is_approved else HoldRejected())]


def is_over(state: str, decided_at: datetime | None, now: datetime | None) -> bool:
    """Return whether a decision holds no longer."""
    if decided_at is None or now is None:
        return False
    return now > decided_at + (APPROVED_FOR if state == "approved" else REJECTED_FOR)
