"""What `scim-ledger projections verify` prints, and how it ends: well only where all was compared and is right."""

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
    unread: list[NotFolded] = field(
        default_factory=list
    )  # One for each log that could not be read.

    def add(self, found: Finding) -> None:
        """Count what was found."""
        match found:
            case Waiting():
                self.waiting += found.streams
            case Unread():
                self.unread.append(found.error)
            case _:
                self.differing += 1

    def problems(self) -> list[str]:
        """Return what is wrong, a sentence or two for each kind; none where all is as the log says."""
        return [
            *([self._rows()] if self.differing else []),
            *([self._parked()] if self.waiting else []),
            *([self._unread()] if self.unread else []),
        ]

    def _rows(self) -> str:
        if self.differing == 1:
            return f"1 row of {self.name} is not as the log says."
        return f"{self.differing:,} rows of {self.name} are not as the log says."

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
        return f"{first} The log of {logs} cannot be read, either: --organization tells where."


async def compare(
    context: RebuildContext, organization_id: UUID | None, *, as_json: bool, with_personal: bool
) -> None:
    """Print each row that differs, then that none does; as JSON, all that is found.

    Errors: Refused where rows differ or wait, NotFolded where not all can be compared, Busy.
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
        output.say(f"Every row of {tally.name} is as the log says.")


def say(board: Board, line: str, tally: Tally) -> None:
    """Print a line. Errors: Refused where nobody reads on, since then not all is known."""
    try:
        board.say(line)
    except OutputClosed:
        told = ["Nobody reads on: not all rows were compared.", *tally.problems()]
        raise Refused(" ".join(told)) from None
