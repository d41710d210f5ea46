"""What a backup holds: every table that is ours, but those that are made anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.registry import PROJECTIONS

statement = statements_in(__package__)

Part = Literal["log", "keys", "organization"]
Folders = Mapping[Part, Path]  # The folder of each part.
PARTS: Final[tuple[Part, ...]] = ("keys", "log")  # In the order in which they are loaded.

# What the master key wraps is kept apart: without it nobody reads a person's values in the log. So are the texts of
# refused requests: they may name people who have no key, so an erasure deletes them, which it cannot in an old backup.
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "eventstore": frozenset({"subject_keys"}),
    "proof": frozenset({"log_keys", "mark_keys"}),
    "service": frozenset({"master_keys", "requests", "secrets", "signing_keys", "webhooks"}),
}
# A migration writes the first one, and each database and each process makes its own of the others.
LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "service": frozenset({"schema_migrations", "logins", "processes", "addresses"}),
}
# They are folded from the log again.
LEFT_OUT_SCHEMAS: Final = (
    "projections",
    "followers",
    *(
        name
        for each in PROJECTIONS.values()
        for name in (each.name, each.next, each.previous, each.spare, each.shape)
    ),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the database."""

    schema: str
    name: str
    columns: tuple[str, ...]
    sorted_by: tuple[str, ...]

    @property
    def part(self) -> Part:
        """Return the part of a backup that holds it."""
        return "keys" if self.name in KEYS.get(self.schema, ()) else "log"

    @property
    def full_name(self) -> str:
        """Return the name with the schema, for messages and files."""
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        """Return the name for a statement."""
        return f'"{self.schema}"."{self.name}"'


async def find_tables(connection: Connection) -> list[Table]:
    """Return the tables of a backup; those that foreign keys point to come first."""
    rows = await connection.fetch(statement("find_tables"), list(LEFT_OUT_SCHEMAS))
    found = [Table(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in rows]
    return [each for each in found if each.name not in LEFT_OUT.get(each.schema, ())]


async def find_filled(connection: Connection) -> str | None:
    """Return the name of a table that holds rows; None if all are empty."""
    for each in await find_tables(connection):
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {each.quoted})"):  # noqa: S608 - from the catalog.
            return each.full_name
    return None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows a table that serves has, and a sum over them that does not depend on their order."""

    rows: int
    checksum: str


async def sum_serving(connection: Connection, schema: str) -> dict[str, Sum]:
    """Return the sums of the tables of a projection."""
    found = {}
    for name, columns in await connection.fetch(statement("find_serving_tables"), schema):
        row = ", ".join(f'"{each}"' for each in columns)
        rows, checksum = await connection.fetchrow(
            f"SELECT count(*), coalesce(sum(hashtextextended(ROW({row})::text, 0)), 0)::text "  # noqa: S608 - from the catalog.
            f'FROM "{schema}"."{name}"'
        )
        found[name] = Sum(rows, checksum)
    return found
