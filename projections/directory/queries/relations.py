"""The relations that pages are read from: the directory as it is, or as it was at a position of the log."""

from dataclasses import dataclass
from typing import Final

from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Relations:
    """What follows FROM or JOIN in the statement of a page: a table, or a select in parentheses.

    Those of the past have the columns of the directory, too.
    """

    users: str
    groups: str
    memberships: str
    position: int | None = None  # None: the present.


PRESENT: Final = Relations("directory.users", "directory.groups", "directory.memberships")


def relations_at(position: int) -> Relations:
    """Return the directory as it was at a position of the log. The position is ours, and a number, so it is SQL."""
    assert isinstance(position, int)
    users, groups, memberships = (
        f"({statement(name).format(position=position)})"
        for name in ("users_at", "groups_at", "memberships_at")
    )
    return Relations(users, groups, memberships, position)
