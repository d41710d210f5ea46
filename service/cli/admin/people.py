"""`scim-ledger user …`: people by hand, beside what the identity provider does."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from projections.directory.queries.people import PeopleFilter, Person, list_people
from schema.events import organization as shapes
from schema.scim.errors import InvalidValue
from service.cli.audit import with_organization
from service.cli.groups import group
from service.cli.printing import people as show
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations import people as use_cases
from service.organizations.people import Overwritten, find_person_id
from service.organizations.personal_data import personal_data
from service.organizations.register import find_organization
from service.organizations.users import role_id_of
from service.runtime import Runtime

LIMIT, LIMIT_MAX = 1_000, 1_000_000
users = group("People: made and changed by hand, beside what the identity provider does.")
User = Annotated[str, typer.Argument(metavar="USER", help="A userName or an id.")]
Limit = Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="How many to list at most.")]
Cursor = Annotated[
    str | None, typer.Option(help="The nextCursor of the list before: it goes on there.")
]
DisplayName = Annotated[str | None, typer.Option(help="The name to show.")]
GivenName = Annotated[str | None, typer.Option(help="The given name.")]
FamilyName = Annotated[str | None, typer.Option(help="The family name.")]
Email = Annotated[str | None, typer.Option(help="The work mail address.")]
CLEARABLE = ("displayName", "givenName", "familyName", "email")


@users.command("list")
def user_list(
    q: Annotated[
        str | None, typer.Option(help="What userName or displayName begins with, in any case.")
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Only those with access, or without.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="The name of a role.")] = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """List people by userName. Technical accounts that SCIM does not list: account list."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        shown = PeopleFilter(q, active, role_id_of(found, role) if role else None)
        async with runtime.pool.acquire() as connection:
            rows = await list_people(connection, found.id, shown, after=cursor, limit=limit + 1)
            page = rows[:limit]
            changed = await use_cases.last_changes(
                connection, found.id, {each.id: each.version for each in page}
            )
        following = page[-1].user_name_key if len(rows) > limit else None
        pairs = [(each, changed.get(each.id)) for each in page]
        say(show.people(pairs, found, following=following, as_json=as_json))

    run_with_runtime(list_them)


@users.command("show")
def user_show(user: User, organization: Organization = None, as_json: AsJson = False) -> None:
    """Show a person, where it came from, and who changed it last."""

    async def show_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        user_id = await find_person_id(runtime, found, user)
        person = await use_cases.read_person(runtime, found.id, user_id)
        await _say(runtime, found, person, as_json=as_json)

    run_with_runtime(show_it)


@users.command("create")
def user_create(
    user_name: Annotated[str, typer.Option(help="The userName, unique regardless of case.")],
    role: Annotated[str | None, typer.Option(help="Name of the role; Reader by default.")] = None,
    display_name: DisplayName = None,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    email: Email = None,
    inactive: Annotated[
        bool, typer.Option("--inactive", help="Without access, until somebody reactivates it.")
    ] = False,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Create a user by hand. An identity provider that finds its userName links it and makes no second user."""
    fields = {
        "userName": user_name,
        "displayName": display_name,
        "givenName": given_name,
        "familyName": family_name,
        "email": email,
        "role": role,
        "active": False if inactive else None,
    }

    async def create(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        made = await use_cases.add_person(
            runtime, found, fields, provenance=cli_provenance(acting_as)
        )
        await _say(runtime, found, made, as_json=as_json)

    run_with_runtime(create)


@users.command("change")
def user_change(
    user: User,
    user_name: Annotated[str | None, typer.Option(help="The new userName.")] = None,
    role: Annotated[str | None, typer.Option(help="The name of the new role.")] = None,
    display_name: DisplayName = None,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    email: Email = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD",
            help=f"A field to clear, one of {', '.join(CLEARABLE)}; may be given several times.",
        ),
    ] = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Change a person. What the identity provider wrote last, it may write again: that is a warning, or refused."""
    given = {
        "userName": user_name,
        "displayName": display_name,
        "givenName": given_name,
        "familyName": family_name,
        "email": email,
        "role": role,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    _change(user, organization, acting_as, fields, cleared=clear or (), as_json=as_json)


@users.command("deactivate")
def user_deactivate(
    user: User,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Take a person's access away."""
    _change(user, organization, acting_as, {"active": False}, as_json=as_json)


@users.command("reactivate")
def user_reactivate(
    user: User,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give a person's access back."""
    _change(user, organization, acting_as, {"active": True}, as_json=as_json)


@users.command("delete")
def user_delete(
    user: User,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Take a person out of SCIM; the history stays. To erase the history as well: audit erase."""

    async def delete(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        user_id = await find_person_id(runtime, found, user)
        await use_cases.delete_person(runtime, found, user_id, provenance=cli_provenance(acting_as))
        say(show.deleted("User", user, user_id, as_json=as_json))

    run_with_runtime(delete)


@users.command("data")
def user_data(user: User, organization: Organization = None, as_json: AsJson = False) -> None:
    """Show everything that is held on one person (GDPR article 15), also after its deletion, by its id."""

    async def show_it(runtime: Runtime, found: shapes.Organization) -> Collection[UUID]:
        user_id = await find_person_id(runtime, found, user)
        say(show.data(await personal_data(runtime, found, user_id), as_json=as_json))
        return {user_id}

    with_organization(organization, show_it, "user data")


def _change(
    user: str,
    organization: str | None,
    acting_as: str | None,
    fields: Mapping[str, Any],
    *,
    cleared: Collection[str] = (),
    as_json: bool,
) -> None:
    """Change a person, and show it as it is then."""

    async def change(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        user_id = await find_person_id(runtime, found, user)
        if unknown := set(cleared) - set(CLEARABLE):
            raise InvalidValue(f"{min(unknown)} cannot be cleared; {', '.join(CLEARABLE)} can.")
        if both := fields.keys() & set(cleared):
            raise InvalidValue(f"Give {min(both)} a value or clear it, not both.")
        changes = {**fields, **dict.fromkeys(cleared)}
        person, overwritten = await use_cases.change_person(
            runtime, found, user_id, changes, provenance=cli_provenance(acting_as)
        )
        await _say(runtime, found, person, overwritten, as_json=as_json)

    run_with_runtime(change)


async def _say(
    runtime: Runtime,
    found: shapes.Organization,
    shown: Person,
    overwritten: Sequence[Overwritten] | None = None,
    *,
    as_json: bool,
) -> None:
    """Print a person, and after a change what the identity provider may write again."""
    change = await use_cases.last_change(runtime, found.id, shown)
    say(show.person(shown, found, change, overwritten=overwritten, as_json=as_json))
