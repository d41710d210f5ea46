"""What a rebuild, a rollback and a verification work on: one value, which is passed along and goes to the workers, too."""

from dataclasses import dataclass, replace
from pathlib import Path

from eventstore.sealing.sealer import Sealer
from projections.fold import Fold
from projections.registry import Projection

CONNECT_TIMEOUT_S = 30.0
SHARD_EVENTS = 25_000  # What a killed worker loses at most, and the others wait for at the end.
# What is written is safe with the whole rebuild or not at all: no commit waits for the disk.
SESSION = {
    "synchronous_commit": "off",
    "timezone": "UTC",
}


def application_name(projection: str) -> str:
    """Return what the connections are called that work on a projection."""
    return f"scim-ledger rebuild {projection}"


@dataclass(frozen=True, slots=True)
class RebuildContext:
    """A projection in a database, the schema whose tables are meant, and with how many processes to work.

    Connections are arguments of their own: each process and each step has its own. The master key goes to a worker
    through a pipe, never through arguments.
    """

    dsn: str  # The owner's.
    master_key: bytes
    projection: Projection
    schema: str  # Of the tables that are filled, caught up or compared.
    processes: int = 1
    data_dir: Path | None = None  # Of the server, if known.
    shard_events: int = SHARD_EVENTS  # In one transaction.

    def at(self, schema: str) -> "RebuildContext":
        """Return the same for the tables of another schema."""
        return replace(self, schema=schema)

    @property
    def fold(self) -> Fold:
        """Return how the rows come of the log."""
        return self.projection.fold

    @property
    def sealer(self) -> Sealer:
        """Return what opens the personal part of events."""
        return Sealer(self.master_key)

    @property
    def session(self) -> dict[str, str]:
        """Return the settings of a connection with the tables of the schema on its search path.

        Its name is how a later call finds what a killed one left.
        """
        return {
            **SESSION,
            "application_name": application_name(self.projection.name),
            "search_path": f'"{self.schema}"',
        }
