"""Check whether this release built the tables that serve, or another release did."""

from collections.abc import Iterator
from dataclasses import dataclass

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.maintenance.builds import is_ours, load_builds
from projections.registry import PROJECTIONS, Projection

statement = statements_in(__package__)


Columns = dict[str, frozenset[str]]  # By table.


@dataclass(frozen=True, slots=True)
class ReleaseMismatch:
    """A projection that another release built. `columns` are those that differ from ours."""

    projection: str
    columns: tuple[
        str, ...
    ]  # As table.column. Empty: the columns are ours, but the revision is not.

    @property
    def remedy(self) -> str:
        """Return what to do about the mismatch."""
        rebuild = f"scim-ledger projections rebuild {self.projection}"
        return rebuild if not self.columns else f"stop the service, {rebuild}, start the service"


async def find_release_mismatches(connection: Connection) -> list[ReleaseMismatch]:
    """Return the projections whose tables differ from what this release would build."""
    builds = await load_builds(connection)
    found = []
    for name, projection in PROJECTIONS.items():
        columns = await other_columns(connection, projection)
        if columns or not is_ours(builds.get(name), projection):
            found.append(ReleaseMismatch(name, columns))
    return found


async def other_columns(connection: Connection, projection: Projection) -> tuple[str, ...]:
    """Return the columns that the serving tables lack, or that this release does not fill."""
    held = await load_columns(connection, projection.name)
    ours = {name: frozenset(table.columns) for name, table in projection.fold.tables.items()}
    return tuple(differing({name: held.get(name, frozenset()) for name in ours}, ours))


async def is_shape_changed(connection: Connection, projection: Projection) -> bool:
    """Return whether the last swap changed the columns of the tables that serve."""
    served = await load_columns(connection, projection.name)
    return await load_columns(connection, projection.previous) not in ({}, served)


async def load_columns(connection: Connection, schema: str) -> Columns:
    """Return the columns of the tables of a schema."""
    found: dict[str, set[str]] = {}
    for table, column, _ in await connection.fetch(statement("table_columns"), schema):
        found.setdefault(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def differing(some: Columns, others: Columns) -> Iterator[str]:
    """Yield the columns that only one of two sets of tables has."""
    for table in sorted(some.keys() | others.keys()):
        for column in sorted(some.get(table, frozenset()) ^ others.get(table, frozenset())):
            yield f"{table}.{column}"
