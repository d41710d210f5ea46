"""All projections, each with the revision of the tables and rows that it makes."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from projections.directory.fold import DIRECTORY_FOLD
from projections.fold import Fold
from projections.followers.follower import Follower
from projections.history.fold import HISTORY_FOLD
from projections.history.write import HISTORY as HISTORY_FOLLOWER
from projections.versions.fold import VERSIONS_FOLD
from projections.versions.write import VERSIONS as VERSIONS_FOLLOWER


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A projection. Its tables are in the Postgres schema of the same name.

    An inline projection is written in the transaction of the append, one with a follower some time later.

    Raise `revision` by one with every change that makes other tables, or other rows from the same log.
    An installation is asked for a rebuild if its tables have another revision. If tables and rows stay the
    same, so does the revision. `tests/database/test_golden_rows.py` fails if the two do not agree.
    """

    name: str
    revision: int
    fold: Fold
    follower: Follower | None = None  # None: the projection is inline.

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickle by name, for another process."""
        return find_projection, (self.name,)

    @property
    def kind(self) -> Literal["inline", "follower"]:
        """Return when it is written."""
        return "inline" if self.follower is None else "follower"

    @property
    def next(self) -> str:
        """Return the schema that a rebuild fills."""
        return f"{self.name}_next"

    @property
    def previous(self) -> str:
        """Return the schema that the last rebuild replaced."""
        return f"{self.name}_previous"

    @property
    def spare(self) -> str:
        """Return the schema name that a swap uses in between. It exists only within a transaction."""
        return f"{self.name}_spare"

    @property
    def shape(self) -> str:
        """Return the schema that definitions of indexes are read from. It exists only within a transaction."""
        return f"{self.name}_shape"


DIRECTORY = Projection("directory", revision=3, fold=DIRECTORY_FOLD)
HISTORY = Projection("history", revision=1, fold=HISTORY_FOLD, follower=HISTORY_FOLLOWER)
VERSIONS = Projection("versions", revision=1, fold=VERSIONS_FOLD, follower=VERSIONS_FOLLOWER)
PROJECTIONS = {each.name: each for each in (DIRECTORY, HISTORY, VERSIONS)}


class UnknownProjection(Exception):
    """There is no projection of this name."""


def find_projection(name: str) -> Projection:
    """Return a projection by name. Errors: UnknownProjection."""
    if name not in PROJECTIONS:
        raise UnknownProjection(
            f"There is no projection {name!r}: there are {', '.join(PROJECTIONS)}."
        )
    return PROJECTIONS[name]


def tables(name: str) -> str:
    """Return the DDL of a projection, with unqualified names."""
    return (files("schema") / "projections" / f"{name}.sql").read_text(encoding="utf-8")
