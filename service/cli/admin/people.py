"""`scim-ledger user …`: people by hand, beside what the identity provider does."""

from collections.abc import Awaitable, Callable, Collection
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
from service.organizations.people import LastChange, Overwritten, find_person_id
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
Change = Callable[[Runtime, shapes.Organization, UUID], Awaitable[tuple[Person, list[Overwritten]]]]


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
        change = await _last_change(runtime, found, person)
        say(show.person(person, found, change, as_json=as_json))

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
        change = await _last_change(runtime, found, made)
        say(show.person(made, found, change, as_json=as_json))

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
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}

    async def change(
        runtime: Runtime, found: shapes.Organization, user_id: UUID
    ) -> tuple[Person, list[Overwritten]]:
        if unknown := set(clear or ()) - set(CLEARABLE):
            raise InvalidValue(f"{min(unknown)} cannot be cleared; {', '.join(CLEARABLE)} can.")
        if both := fields.keys() & set(clear or ()):
            raise InvalidValue(f"Give {min(both)} a value or clear it, not both.")
        cleared: dict[str, Any] = dict.fromkeys(clear or ())
        return await use_cases.change_person(
            runtime, found, user_id, fields | cleared, provenance=cli_provenance(acting_as)
        )

    _change(user, organization, change, as_json=as_json)


@users.command("deactivate")
def user_deactivate(
    user: User,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Take a person's access away."""
    _change(user, organization, _with_active(acting_as, is_active=False), as_json=as_json)


@users.command("reactivate")
def user_reactivate(
    user: User,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give a person's access back."""
    _change(user, organization, _with_active(acting_as, is_active=True), as_json=as_json)


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


def _with_active(acting_as: str | None, *, is_active: bool) -> Change:
    async def change(
        runtime: Runtime, found: shapes.Organization, user_id: UUID
    ) -> tuple[Person, list[Overwritten]]:
        return await use_cases.change_person(
            runtime, found, user_id, {"active": is_active}, provenance=cli_provenance(acting_as)
        )

    return change


def _change(user: str, organization: str | None, change: Change, *, as_json: bool) -> None:
    """Change a person, and show it as it is then."""

    async def change_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        user_id = await find_person_id(runtime, found, user)
        person, overwritten = await change(runtime, found, user_id)
        warnings = [
            {"attribute": each.field, "detail": use_cases.undone_by_provider(each.cause)}
            for each in overwritten
        ]
        by = await _last_change(runtime, found, person)
        say(show.person(person, found, by, warnings=warnings, as_json=as_json))

    run_with_runtime(change_it)


async def _last_change(
    runtime: Runtime, found: shapes.Organization, person: Person
) -> LastChange | None:
    async with runtime.pool.acquire() as connection:
        changes = await use_cases.last_changes(connection, found.id, {person.id: person.version})
    return changes.get(person.id)
