"""`python -m tests.benchmarks.unproven`: our service without the proof of the log. It neither marks nor signs."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import service.app as composition
from eventstore import append
from service.cli.command_line import start


class NothingProved:
    """What /readyz asks."""

    def document(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def reason(self) -> str:
        """Return nothing."""
        return ""


@asynccontextmanager
async def not_proving(_runtime: Any, _settings: Any) -> AsyncIterator[NothingProved]:
    """Do nothing."""
    yield NothingProved()


async def without_marks(events: Sequence[object], _key: object) -> list[None]:
    """Return no mark for each event."""
    return [None] * len(events)


def main() -> int:
    """Serve."""
    vars(composition)["proving"] = not_proving
    vars(append)["marks_of"] = without_marks
    return start(["serve"])


if __name__ == "__main__":
    sys.exit(main())
