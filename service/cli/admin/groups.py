"""`scim-ledger group …`: groups by hand, and who is in them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from projections.directory.queries.people import GroupSummary, list_groups, list_members
from schema.events import organization as shapes
from schema.scim.errors import InvalidValue
from service.cli.admin.people import LIMIT, Cursor, Limit
from service.cli.groups import group
from service.cli.printing import people as show
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.ids import as_id
from service.organizations import groups as use_cases
from service.organizations.groups import find_group_id
from service.organizations.people import Overwritten, find_person_id, last_change, last_changes
from service.organizations.register import find_organization
from service.runtime import Runtime

groups = group("Groups, and who is in them.")
members = group("The members of a group.")
groups.add_typer(members, name="members")
Group = Annotated[str, typer.Argument(metavar="GROUP", help="A displayName or an id.")]
Members = Annotated[
    list[str],
    typer.Argument(metavar="USER...", help="userNames or ids of users, or ids of groups."),
]


@groups.command("list")
def group_list(
    q: Annotated[
        str | None, typer.Option(help="What displayName begins with, in any case.")
    ] = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """List groups by displayName."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        async with runtime.pool.acquire() as connection:
            rows = await list_groups(
                connection, found.id, begins_with=q, after=cursor, limit=limit + 1
            )
            page = rows[:limit]
            versions = {each.id: each.version for each in page}
            changed = await last_changes(connection, found.id, versions)
        following = page[-1].display_name_key if len(rows) > limit else None
        pairs = [(each, changed.get(each.id)) for each in page]
        say(show.groups(pairs, following=following, as_json=as_json))

    run_with_runtime(list_them)


@groups.command("show")
def group_show(
    group_name: Group, organization: Organization = None, as_json: AsJson = False
) -> None:
    """Show a group, and who changed it last."""

    async def show_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        group_id = await find_group_id(runtime, found, group_name)
        shown = await use_cases.read_existing_group(runtime, found.id, group_id)
        await _say(runtime, found, shown, as_json=as_json)

    run_with_runtime(show_it)


@groups.command("create")
def group_create(
    display_name: Annotated[str, typer.Option(help="The displayName, unique regardless of case.")],
    external_id: Annotated[
        str | None, typer.Option(help="The id of the group at the identity provider.")
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(help="A member: a userName or an id. May be given several times."),
    ] = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Create a group by hand."""

    async def create(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        fields = {
            "displayName": display_name,
            "externalId": external_id,
            "members": await _ids(runtime, found, member or ()),
        }
        made = await use_cases.add_group(
            runtime, found, fields, provenance=cli_provenance(acting_as)
        )
        await _say(runtime, found, made, as_json=as_json)

    run_with_runtime(create)


@groups.command("change")
def group_change(
    group_name: Group,
    display_name: Annotated[str | None, typer.Option(help="The new displayName.")] = None,
    external_id: Annotated[
        str | None, typer.Option(help="The new id of the group at the identity provider.")
    ] = None,
    clear_external_id: Annotated[
        bool, typer.Option("--clear-external-id", help="Remove its externalId.")
    ] = False,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Change a group. If a role group is named by its displayName, its members' roles change as well."""
    given = {"displayName": display_name, "externalId": external_id}
    fields = {name: value for name, value in given.items() if value is not None}
    _change(
        group_name,
        organization,
        acting_as,
        fields,
        clears_external_id=clear_external_id,
        as_json=as_json,
    )


@groups.command("rename")
def group_rename(
    group_name: Group,
    new_name: Annotated[str, typer.Argument(help="The new displayName.")],
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give a group another displayName."""
    _change(group_name, organization, acting_as, {"displayName": new_name}, as_json=as_json)


@groups.command("delete")
def group_delete(
    group_name: Group,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a group; its history stays. Whoever has a role from it loses that role."""

    async def delete(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        group_id = await find_group_id(runtime, found, group_name)
        await use_cases.delete_group(runtime, found, group_id, provenance=cli_provenance(acting_as))
        say(show.deleted("Group", group_name, group_id, as_json=as_json))

    run_with_runtime(delete)


@members.command("list")
def group_members_list(
    group_name: Group,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """List the members of a group by id."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        group_id = await find_group_id(runtime, found, group_name)
        await use_cases.read_existing_group(runtime, found.id, group_id)
        after = as_id(cursor) if cursor else None
        if cursor and after is None:
            raise InvalidValue("This list gave no such cursor: give the nextCursor of a list.")
        async with runtime.pool.acquire() as connection:
            rows = await list_members(connection, found.id, group_id, after=after, limit=limit + 1)
        following = str(rows[limit - 1].id) if len(rows) > limit else None
        say(show.members(rows[:limit], following=following, as_json=as_json))

    run_with_runtime(list_them)


@members.command("add")
def group_members_add(
    group_name: Group,
    users: Members,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Add members to a group."""
    _change_members(group_name, organization, acting_as, added=users, as_json=as_json)


@members.command("remove")
def group_members_remove(
    group_name: Group,
    users: Members,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Remove members from a group."""
    _change_members(group_name, organization, acting_as, removed=users, as_json=as_json)


def _change(
    group_name: str,
    organization: str | None,
    acting_as: str | None,
    fields: dict[str, str],
    *,
    clears_external_id: bool = False,
    as_json: bool,
) -> None:
    async def change(runtime: Runtime, _settings: Settings) -> None:
        if clears_external_id and "externalId" in fields:
            raise InvalidValue("Give externalId a value or clear it, not both.")
        found = await find_organization(runtime, organization)
        group_id = await find_group_id(runtime, found, group_name)
        cleared = {"externalId": None} if clears_external_id else {}
        changed, overwritten = await use_cases.change_group(
            runtime, found, group_id, fields | cleared, provenance=cli_provenance(acting_as)
        )
        await _say(runtime, found, changed, overwritten, as_json=as_json)

    run_with_runtime(change)


def _change_members(
    group_name: str,
    organization: str | None,
    acting_as: str | None,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    as_json: bool,
) -> None:
    async def change(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        group_id = await find_group_id(runtime, found, group_name)
        changed, overwritten = await use_cases.change_members(
            runtime,
            found,
            group_id,
            added=await _ids(runtime, found, added),
            removed=await _ids(runtime, found, removed),
            provenance=cli_provenance(acting_as),
        )
        await _say(runtime, found, changed, overwritten, as_json=as_json)

    run_with_runtime(change)


async def _ids(runtime: Runtime, found: shapes.Organization, named: Sequence[str]) -> list[UUID]:
    return [await find_person_id(runtime, found, each) for each in named]


async def _say(
    runtime: Runtime,
    found: shapes.Organization,
    shown: GroupSummary,
    overwritten: Sequence[Overwritten] | None = None,
    *,
    as_json: bool,
) -> None:
    """Print a group, and after a change what the identity provider may write again."""
    change = await last_change(runtime, found.id, shown)
    say(show.group(shown, change, overwritten=overwritten, as_json=as_json))
