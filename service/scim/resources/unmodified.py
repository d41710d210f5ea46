"""Whether a client already has a resource as we would show it: then 304, not 200 (RFC 7644 §3.14).

The entity tag is the version of the resource's stream. An answer also shows values from other streams, which
change without a new version: a user's groups and their names, and the display of a group's members.
"""

from aiohttp import web

from eventstore.since import came_since
from projections.directory.queries.point_reads import Resource
from schema.events.group import GroupDeleted, MembersRemoved
from service.scim.context import RequestContext
from service.scim.request import is_unmodified
from service.scim.select import Selection

ENDS_GROUP, ENDS_MEMBERSHIP = GroupDeleted.__name__, MembersRemoved.__name__


async def is_user_held(
    request: web.Request, context: RequestContext, user: Resource, selection: Selection
) -> bool:
    """Return whether the client has this user, with everything that the answer would show."""
    if not is_unmodified(request, user.version):
        return False
    if not selection.wants("groups"):
        return True
    return user.related is None and not await _may_have_left_a_group(context, user)


async def _may_have_left_a_group(context: RequestContext, user: Resource) -> bool:
    """Return whether a user may have lost a group since its last event: then the client's copy may still hold it."""
    queries, organization_id = context.service.queries, context.organization_id
    async with queries.reading(organization_id) as connection:
        return await came_since(
            connection,
            organization_id,
            (user.id, user.version),
            types=[ENDS_GROUP],
            naming_types=[ENDS_MEMBERSHIP],
        )


def is_group_held(request: web.Request, group: Resource, selection: Selection) -> bool:
    """Return whether the client has this group. Its stream holds who its members are, but not their names."""
    if not is_unmodified(request, group.version):
        return False
    return group.member_count == 0 or not selection.shows("members", "display")
