"""The five roles: what each may do, how many people have it, and its UUID to copy."""

from dataclasses import dataclass

from projections.directory.queries.people import count_roles
from service.console.framework.call import ConsoleCall
from service.http.answer import Answer


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role of the organization."""

    name: str
    id: str
    active: int
    inactive: int


async def read_list(call: ConsoleCall) -> Answer:
    """GET /roles."""
    async with call.runtime.pool.acquire() as connection:
        counts = await count_roles(connection, call.organization.id)
    rows = [
        RoleRow(name, str(role_id), counts.get((role_id, True), 0), counts.get((role_id, False), 0))
        for name, role_id in call.organization.roles.items()
    ]
    if call.query.get("format") == "csv":
        cells = [(each.id, each.name, each.active, each.inactive) for each in rows]
        return call.csv("roles", ("id", "name", "active", "inactive"), cells)
    return await call.show("directory/roles.html", rows=rows)
