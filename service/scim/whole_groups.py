"""Groups in a list with all their members, however many those are."""

from uuid import UUID

import orjson

from projections.load import Connection
from projections.read import MEMBERS_TOGETHER_MAX, Resource
from projections.statements import statement


async def with_all_members(
    connection: Connection, organization_id: UUID, groups: list[Resource]
) -> list[Resource]:
    """Return groups of a page with the members that were too many to be read with them."""
    whole = []
    for group in groups:
        if group.member_count > MEMBERS_TOGETHER_MAX:
            rows = await connection.fetch(statement("read_members"), organization_id, group.id)
            members = [
                (str(each["member_id"]), each["member_type"], each["display"]) for each in rows
            ]
            whole.append(group._replace(related=orjson.dumps(members).decode()))
        else:
            whole.append(group)
    return whole
