"""The results of one kind of round."""

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from tests.drill.clients import Crew
from tests.drill.judge import Verdict
from tests.drill.ledger import Ledger
from tests.serving import Tenant

BROKEN_MAX = 20  # Shown of one kind of round.


@dataclass(slots=True)
class Tally:
    """The figures of all rounds of a kind; `broken` holds each promise that was not kept."""

    name: str
    rounds: int = 0
    requests: int = 0  # Distinct ones, each sent until it was answered.
    acknowledged: int = 0
    busy: int = 0  # Answers of 503.
    done_unanswered: int = 0  # Without an answer or with a 503 at first, found done.
    undone: int = 0  # The same, found not done.
    slowest_s: float = 0.0  # Answer, or loss of the connection.
    recovery_s_max: float = 0.0  # From the end of the fault until the next acknowledgement.
    seconds: float = 0.0
    skipped: str = ""  # Why the round could not be run here.
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add_crew(self, crew: Crew) -> None:
        """Take in what clients went through."""
        self.busy += crew.busy
        self.slowest_s = max(self.slowest_s, crew.slowest_s)

    def add_round(self, verdicts: Iterable[Verdict]) -> None:
        """Take in the verdicts after one fault."""
        self.rounds += 1
        for verdict in verdicts:
            self.complain(*verdict.broken)

    def add_books(
        self, books: Iterable[tuple[Tenant, Ledger]], verdicts: Iterable[Verdict]
    ) -> None:
        """Take in what was sent in all, and the last verdicts on it."""
        for (_, ledger), verdict in zip(books, verdicts, strict=True):
            self.requests += len(ledger.attempts)
            self.acknowledged += len(ledger.acknowledged)
            self.done_unanswered += verdict.done_unanswered
            self.undone += verdict.undone
            self.complain(*verdict.broken)

    def note_recovery(self, seconds: float) -> None:
        """Take in how long it took until the service answered again."""
        self.recovery_s_max = max(self.recovery_s_max, seconds)

    def complain(self, *broken: str) -> None:
        """Note promises that were not kept; one that is seen twice is noted once."""
        self.broken += [each for each in broken if each not in self.broken][:BROKEN_MAX]

    def expect(self, claim: str, *, holds: bool) -> None:
        """Note a claim that does not hold."""
        if not holds:
            self.complain(claim)


@contextmanager
def timed(tally: Tally) -> Iterator[Tally]:
    """Measure how long a kind of round takes; where it does not come to its end, what it came to is kept."""
    began = monotonic()
    try:
        yield tally
    except Exception:  # noqa: BLE001 - it is a broken promise, and is reported as one.
        tally.complain(traceback.format_exc())
    tally.seconds += monotonic() - began
