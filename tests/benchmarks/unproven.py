"""`python -m tests.benchmarks.unproven`: our service without the proof of the log. It neither marks nor signs."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import service.app as composition
from eventstore import append
from service.cli.command_line import start
from service.config import Settings
from service.proof.verdicts import Verdicts
from service.proof.watch import Declare
from service.runtime import Runtime


class NothingProved:
    """What the parts of the service ask of the proof."""

    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts

    def document(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def reason(self) -> str:
        """Return nothing."""
        return ""


@asynccontextmanager
async def not_proving(
    runtime: Runtime, _settings: Settings, _declare: Declare
) -> AsyncIterator[NothingProved]:
    """Do nothing."""
    yield NothingProved(Verdicts(runtime.stopped))


@asynccontextmanager
async def nothing(*_parts: object) -> AsyncIterator[None]:
    """Do nothing."""
    yield


async def without_marks(events: Sequence[object], _key: object) -> list[None]:
    """Return no mark for each event."""
    return [None] * len(events)


def main() -> int:
    """Serve."""
    parts = vars(composition)
    parts["proving"], parts["checking_logs"], parts["asking_witnesses"] = (
        not_proving,
        nothing,
        nothing,
    )
    vars(append)["marks_of"] = without_marks
    return start(["serve"])


if __name__ == "__main__":
    sys.exit(main())
