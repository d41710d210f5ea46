"""What `scim-ledger projections verify` prints. It succeeds only if every row was compared and matches the log."""

from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

from projections.fold import NotFolded
from projections.maintenance.context import RebuildContext
from projections.verify.findings import Difference, Finding, Unread, Waiting
from projections.verify.verify import verify
from service.cli.printing.findings import as_document, as_lines
from service.cli.printing.progress import Board, shown
from service.cli.process import output
from service.cli.process.output import OutputClosed
from service.cli.process.problems import Refused


@dataclass(slots=True)
class Tally:
    """What a comparison has found so far."""

    name: str  # Of the projection.
    differing: int = 0  # Rows.
    waiting: int = 0  # Streams that are parked.
    # One for each log that could not be read.
    unread: list[NotFolded] = field(default_factory=list)

    def add(self, found: Finding) -> None:
        """Count one finding."""
        match found:
            case Waiting():
                self.waiting += found.streams
            case Unread():
                self.unread.append(found.error)
            case _:
                self.differing += 1

    def problems(self) -> list[str]:
        """Return what is wrong, one or two sentences for each kind; nothing if every row matches the log."""
        return [
            *([self._rows()] if self.differing else []),
            *([self._parked()] if self.waiting else []),
            *([self._unread()] if self.unread else []),
        ]

    def _rows(self) -> str:
        if self.differing == 1:
            return f"1 row of {self.name} differs from the log."
        return f"{self.differing:,} rows of {self.name} differ from the log."

    def _parked(self) -> str:
        streams = (
            f"1 stream of {self.name} is parked and was"
            if self.waiting == 1
            else f"{self.waiting:,} streams of {self.name} are parked and were"
        )
        return (
            f"{streams} compared only up to the event that failed: "
            "scim-ledger projections status lists what is parked."
        )

    def _unread(self) -> str:
        first, *others = self.unread
        if not others:
            return str(first)
        logs = "1 more organization" if len(others) == 1 else f"{len(others):,} more organizations"
        return f"{first} The log of {logs} cannot be read either: run verify with --organization to see where."


async def compare(
    context: RebuildContext, organization_id: UUID | None, *, as_json: bool, with_personal: bool
) -> None:
    """Print each row that differs, or that none does. As JSON, print every finding.

    Errors: Refused if rows differ or streams are parked, NotFolded if a log cannot be read, Busy.
    """
    tally = Tally(context.projection.name)
    with shown("verify") as board:
        async with aclosing(verify(context, board.report, organization_id)) as findings:
            async for found in findings:
                tally.add(found)
                if as_json:
                    say(board, as_document(found, with_personal=with_personal), tally)
                elif isinstance(found, Difference):
                    say(board, as_lines(found, with_personal=with_personal), tally)
    if problems := tally.problems():
        raise (NotFolded if tally.unread else Refused)(" ".join(problems))
    if not as_json:
        output.say(f"Every row of {tally.name} matches the log.")


def say(board: Board, line: str, tally: Tally) -> None:
    """Print a line. Errors: Refused if standard output is closed, because the comparison then stops early."""
    try:
        board.say(line)
    except OutputClosed:
        problems = ["Output was closed early; not all rows were compared.", *tally.problems()]
        raise Refused(" ".join(problems)) from None
