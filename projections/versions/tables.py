"""The tables of versions: the columns of the directory, and from when to when each version was the present one."""

from projections.directory.tables import TABLES as DIRECTORY
from projections.fold import Table

TIMES = ("from_position", "from_at", "to_position", "to_at")
USERS, GROUPS = "user_versions", "group_versions"


def _versions_of(name: str) -> Table:
    table = DIRECTORY[name]
    return Table(
        (*table.columns, *TIMES),
        key=("organization_id", "id", "from_position"),
        stream="id",
        personal=table.personal,
    )


TABLES = {USERS: _versions_of("users"), GROUPS: _versions_of("groups")}
