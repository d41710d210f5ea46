"""The list of role groups: read, previewed and saved."""

from uuid import UUID

from pydantic import Field, RootModel

from schema.scim.errors import InvalidValue
from service.api.call import Call
from service.api.models import Message
from service.api.problem import InvalidFields, invalid_fields
from service.organizations.access import role_groups
from service.organizations.access.role_groups import Preview, RoleGroups, WantedGroup


class RoleGroupRow(Message):
    """An entry of the list: members of the group have the role. Of several groups, the first in the list counts."""

    group_id: UUID | None = Field(description="Null if no group has the name of the entry now.")
    display_name: str | None = Field(description="Null if the group was deleted.")
    role: str
    named_by: str = Field(description="groupId or displayName: how the entry names the group.")
    member_count: int


class RoleGroupList(Message):
    """The list of role groups."""

    items: list[RoleGroupRow]
    explicit_wins: bool


class NewRoleGroup(Message):
    """An entry to save: a group by its id or by its displayName."""

    group_id: UUID | None = None
    display_name: str | None = Field(None, max_length=1_000)
    role: str = Field(description="The name of one of the five roles, or its UUID.")


class NewRoleGroups(Message):
    """The list to save, as a whole."""

    items: list[NewRoleGroup]
    explicit_wins: bool = Field(
        True, description="A role that a request names counts more than one that a group gives."
    )
    digest: str | None = Field(
        None,
        description="The digest of a preview: if something has changed since, nothing is saved.",
    )


class RoleGroupsQuery(Message):
    """How the list is saved."""

    dry_run: bool = Field(False, description="Only answer what would change.")


class RoleChange(Message):
    """Somebody who would have another role."""

    user_id: UUID
    user_name: str | None
    display_name: str | None
    before: str
    after: str
    group_id: UUID | None = Field(description="The group that is the cause.")


class RoleChangeCount(Message):
    """How many people would change in the same way."""

    before: str
    after: str
    users: int


class RoleGroupsPreview(Message):
    """What saving the list would do now. Nothing was saved."""

    digest: str
    changes: list[RoleChange] = Field(description="At most 1,000 of them.")
    counts: list[RoleChangeCount]
    warnings: list[str]
    refusal: str | None = Field(description="Why the list cannot be saved like this.")


class SavedOrPreviewed(RootModel[RoleGroupList | RoleGroupsPreview]):
    """The list as it was saved; for a dry run, what saving it would do."""


async def read(call: Call) -> RoleGroupList:
    """GET /role-groups."""
    return _list(await role_groups.read_role_groups(call.runtime, call.organization))


async def save(
    call: Call, query: RoleGroupsQuery, body: NewRoleGroups
) -> RoleGroupList | RoleGroupsPreview:
    """PUT /role-groups."""
    items = [WantedGroup(each.role, each.group_id, each.display_name) for each in body.items]
    try:
        if query.dry_run:
            return _preview(
                await role_groups.preview_role_groups(
                    call.runtime, call.organization, items, explicit_wins=body.explicit_wins
                )
            )
        await role_groups.save_role_groups(
            call.runtime,
            call.organization,
            items,
            explicit_wins=body.explicit_wins,
            digest=body.digest,
            provenance=call.provenance,
        )
    except InvalidValue as error:
        raise _about_items(error) from None
    return await read(call)


def _about_items(error: InvalidValue) -> InvalidFields:
    error.attribute = error.attribute or "items"
    return invalid_fields(error)


def _list(found: RoleGroups) -> RoleGroupList:
    rows = [
        RoleGroupRow(
            group_id=each.group_id,
            display_name=each.display_name,
            role=each.role,
            named_by="displayName" if each.is_by_name else "groupId",
            member_count=each.member_count,
        )
        for each in found.items
    ]
    return RoleGroupList(items=rows, explicit_wins=found.explicit_wins)


def _preview(found: Preview) -> RoleGroupsPreview:
    changes = [
        RoleChange(
            user_id=each.person.id,
            user_name=each.person.user_name,
            display_name=each.person.display_name,
            before=each.before,
            after=each.after,
            group_id=each.group_id,
        )
        for each in found.changes
    ]
    counts = [
        RoleChangeCount(before=before, after=after, users=users)
        for (before, after), users in found.counts.items()
    ]
    return RoleGroupsPreview(
        digest=found.digest,
        changes=changes,
        counts=counts,
        warnings=found.warnings,
        refusal=found.refusal,
    )
