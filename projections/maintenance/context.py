"""What a rebuild, a rollback or a verification works on, as one value. Workers get it, too."""

from dataclasses import dataclass, replace
from pathlib import Path

from eventstore.sealing.sealer import Sealer, SealingKeys
from projections.fold import Fold
from projections.registry import Projection

CONNECT_TIMEOUT_S = 30.0
SHARD_EVENTS = (
    25_000  # A killed worker loses at most this much, and the others wait for this much at the end.
)
# A commit need not wait for the disk: the rows count only when the whole rebuild is complete.
SESSION = {
    "synchronous_commit": "off",
    "timezone": "UTC",
}


def application_name(projection: str) -> str:
    """Return the name of connections that work on a projection."""
    return f"scim-ledger rebuild {projection}"


@dataclass(frozen=True, slots=True)
class RebuildContext:
    """A projection in a database, the schema whose tables are worked on, and the number of processes.

    Connections are passed separately, because each process and each step has its own. The keys go to
    a worker through a pipe, never through command-line arguments.
    """

    dsn: str  # Of the database's owner; a comparison may have the service's.
    keys: SealingKeys
    projection: Projection
    schema: str  # Whose tables are filled, caught up or compared.
    processes: int = 1
    data_dir: Path | None = None  # The server's data directory, if known.
    shard_events: int = SHARD_EVENTS  # In one transaction.

    def at(self, schema: str) -> "RebuildContext":
        """Return the same context for the tables of another schema."""
        return replace(self, schema=schema)

    @property
    def fold(self) -> Fold:
        """Return how to make rows from the log."""
        return self.projection.fold

    @property
    def sealer(self) -> Sealer:
        """Return what opens the personal part of events."""
        return self.keys.sealer()

    @property
    def session(self) -> dict[str, str]:
        """Return the settings of a connection with the tables of the schema on its search path.

        A later call finds the connections of a killed one by their name.
        """
        return {
            **SESSION,
            "application_name": application_name(self.projection.name),
            "search_path": f'"{self.schema}"',
        }
