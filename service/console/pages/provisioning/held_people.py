"""What the people of a hold have in common: roles, departments and groups, as facts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from projections.directory.queries.holds import Concerned
from projections.directory.queries.past import followed, users_at
from schema.scim import urns
from service.console.framework.call import ConsoleCall

LOOKED_AT_MAX: Final = 500  # People whose departments and groups are counted.
NAMED_MAX: Final = 5  # Values of a kind.

Share = tuple[
    str | None, str, float, int
]  # A path, a word, a share of the largest, a number: as ui.bars takes them.


@dataclass(frozen=True, slots=True)
class Common:
    """How many of some people have which role, department and group. `departments` has those of each person."""

    looked_at: int
    roles: Sequence[Share]
    departments: Sequence[Share]
    groups: Sequence[Share]
    has_administrator: bool
    department_of: dict[UUID, str]


async def find_common(call: ConsoleCall, people: Sequence[Concerned]) -> Common:
    """Return what some people have in common."""
    organization, shown = call.organization, people[:LOOKED_AT_MAX]
    ids = [each.id for each in shown]
    async with call.runtime.pool.acquire() as connection:
        position = await followed(connection, organization.id)
        found = await users_at(connection, organization.id, ids, position)
    departments: dict[UUID, str] = {}
    groups: Counter[tuple[str, str]] = Counter()
    for user_id, resource in found.items():
        document = orjson.loads(resource.document)
        department = document.get(urns.ENTERPRISE_USER, {}).get("department")
        departments[user_id] = str(department) if department else ""
        groups.update(
            (str(group), str(name)) for group, name in orjson.loads(resource.related or "[]")
        )
    roles = Counter(
        organization.role_name(each.role_id) or "" for each in shown if each.role_id is not None
    )
    known = Counter(departments.values())
    return Common(
        len(shown),
        [(None, *each) for each in _largest([*roles.items()])],
        [(None, *each) for each in _largest([*known.items()])],
        [
            (f"/groups/{key[0]}", key[1], count / (len(shown) or 1), count)
            for key, count in groups.most_common(NAMED_MAX)
        ],
        "Administrator" in roles,
        departments,
    )


def _largest(counts: Sequence[tuple[str, int]]) -> list[tuple[str, float, int]]:
    shown = sorted(counts, key=lambda each: (-each[1], each[0]))[:NAMED_MAX]
    top = max((count for _, count in shown), default=1)
    return [(word, count / top, count) for word, count in shown]
