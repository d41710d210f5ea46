"""What came of an attempt to deliver an event, and when to try again. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

REFUSALS_MAX: Final = (
    10  # Attempts for one event that the receiver refuses; then it is a dead letter.
)
FIRST_S: Final = 1.0
LONGEST_S: Final = 300.0
RETRY_AFTER_MAX_S: Final = 3_600.0
# The receiver is away or overloaded, whatever the event: the events wait for it, however long that takes.
AWAY: Final = frozenset({408, 425, 429, 502, 503, 504})
GONE: Final = 410

What = Literal["delivered", "away", "refused", "gone"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. `error` says in words why it failed; it holds nothing that the receiver sent."""

    what: What
    error: str = ""
    retry_after_s: float = 0.0  # What the receiver asks for.


DELIVERED: Final = Outcome("delivered")


def outcome_of(status: int, retry_after: str | None = None) -> Outcome:
    """Return what a status means: 2xx delivered, 410 gone for ever, some away, all else refused."""
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 §15.3.
        return DELIVERED
    if status == GONE:
        return Outcome("gone", "The receiver answers 410 Gone.")
    if status in AWAY:
        return Outcome("away", f"The receiver answers {status}.", _seconds(retry_after))
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110 §15.4.
        return Outcome("refused", f"The receiver answers {status}: redirects are not followed.")
    return Outcome("refused", f"The receiver answers {status}.")


def wait_s(attempts: int, outcome: Outcome, jitter: float) -> float:
    """Return how long to wait after so many failed attempts: twice as long each time, up to five minutes.

    `jitter`, from 0 to 1, takes up to half of it away, so that webhooks do not come back all at once.
    """
    backoff_s = min(LONGEST_S, FIRST_S * 2.0 ** min(attempts - 1, 20))
    return max(backoff_s * (1 - jitter / 2), min(outcome.retry_after_s, RETRY_AFTER_MAX_S))


def _seconds(retry_after: str | None) -> float:
    """Return the seconds of a Retry-After (RFC 9110 §10.2.3); a date counts as none."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0.0  # noqa: PLR2004 - digits.
