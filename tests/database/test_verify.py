"""Every row of the directory that differs from the log is found, with the events that explain it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from projections.maintenance.context import RebuildContext
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.organizations.register import CreatedOrganization, create_organization
from service.organizations.tokens import issue_token
from service.runtime import Runtime, open_runtime
from service.write.commands import CreateGroup
from tests.builders import (
    JO,
    SALES,
    delete_user,
    members,
    patch_user,
    post_user,
    replace,
)
from tests.database.rebuilding import differences, rebuild_context, rebuild_until
from tests.serving import settings


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give the runtime, which decides and appends."""
    async with open_runtime(settings(database_url), is_migrating=False) as opened:
        yield opened


@pytest.fixture
async def acme(runtime: Runtime) -> CreatedOrganization:
    """Give an organization with a token, a user and a group."""
    made = await create_organization(runtime, "Acme", provenance=cli_provenance())
    await issue_token(runtime, made.organization, "Entra", provenance=cli_provenance())
    caller = Caller(made.organization, None, "cli")
    for command in (
        post_user(JO, displayName="Jo"),
        patch_user(replace("displayName", "Joan")),
        CreateGroup(SALES, {"displayName": "Sales", "members": members(JO)}),
    ):
        await runtime.lanes.submit(command, caller, cli_provenance())
    return made


@pytest.fixture
def place(database_url: str, acme: CreatedOrganization) -> RebuildContext:
    """Give the context for verifying the directory."""
    return rebuild_context(database_url)


async def test_an_untouched_directory_has_no_differences(place: RebuildContext) -> None:
    assert await differences(place) == []


async def test_a_changed_row_is_found_with_its_columns_and_its_events(
    place: RebuildContext, acme: CreatedOrganization, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE directory.users SET active = false WHERE id = $1", JO)
    (found,) = await differences(place)
    assert (found.table, found.key, found.kind) == ("users", (str(JO),), "different")
    assert found.organization_id == acme.organization.id
    assert (found.expected, found.found) == ({"active": True}, {"active": False})
    assert [kind for _, kind in found.events] == ["UserProvisioned", "UserChanged"]


async def test_a_changed_value_in_the_search_document_is_found(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        'UPDATE directory.users SET search = search || \'{"title": "boss"}\' WHERE id = $1', JO
    )
    (found,) = await differences(place)
    assert found.columns == ("search",)


async def test_a_deleted_row_is_found(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM directory.memberships WHERE member_id = $1", JO)
    (found,) = await differences(place)
    assert (found.table, found.key, found.kind) == ("memberships", (str(SALES), str(JO)), "missing")
    assert [kind for _, kind in found.events] == ["GroupCreated", "MembersAdded"]


async def test_an_added_row_is_found_and_no_event_explains_it(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    nobody = UUID("f0000000-0000-7000-8000-00000000000f")
    await connection.execute(
        "INSERT INTO directory.former_users SELECT organization_id, $1, 'ghost', NULL"
        "  FROM directory.organizations",
        nobody,
    )
    (found,) = await differences(place)
    assert (found.table, found.kind, found.stream_id) == ("former_users", "extra", nobody)
    assert found.events == ()


async def test_a_row_of_an_organization_that_has_no_log_is_found(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    nobody = UUID("f0000000-0000-7000-8000-00000000000f")
    await connection.execute(
        "INSERT INTO directory.former_users VALUES ($1, $1, 'ghost', NULL)", nobody
    )
    (found,) = await differences(place)
    assert (found.organization_id, found.kind) == (nobody, "extra")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE directory.tokens SET revoked_at = now()",
        "UPDATE directory.organizations SET version = 7",
        "UPDATE directory.groups SET member_count = 2",
        "DELETE FROM directory.tokens",
        "DELETE FROM directory.groups",
    ],
)
async def test_every_table_is_compared(
    change: str, place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute(change)
    assert len(await differences(place)) == 1


async def test_one_organization_is_compared_by_itself(
    place: RebuildContext,
    runtime: Runtime,
    acme: CreatedOrganization,
    connection: asyncpg.Connection,
) -> None:
    other = (
        await create_organization(runtime, "Fabrikam", provenance=cli_provenance())
    ).organization
    await connection.execute("UPDATE directory.users SET active = false WHERE id = $1", JO)
    assert await differences(place, other.id) == []
    assert len(await differences(place, acme.organization.id)) == 1


async def test_the_tables_that_a_rebuild_fills_are_not_those_that_are_compared(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild_until("catch up", place)
    await connection.execute("DELETE FROM directory_next.users")
    assert await differences(place) == []


async def test_writes_go_on_while_rows_are_compared(
    place: RebuildContext, runtime: Runtime, acme: CreatedOrganization
) -> None:
    caller = Caller(acme.organization, None, "cli")

    async def write() -> None:
        for number in range(30):
            title = replace("title", f"T{number}")
            await runtime.lanes.submit(patch_user(title), caller, cli_provenance())
        await runtime.lanes.submit(delete_user(JO), caller, cli_provenance())

    writing = asyncio.create_task(write())
    found = [await differences(place) for _ in range(5)]
    await writing
    assert [*found, await differences(place)] == [[]] * 6
