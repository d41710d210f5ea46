"""Tables of another release under a running service: writes get 503, /readyz says why, nothing is logged as a bug."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.limits.once_a_second import FRESH_S
from tests.serving import Answer, Scim, Served, Tenant, make_tenant, started

SOON_S = 5.0
OTHER_REVISION = "UPDATE projections.builds SET revision = 0 WHERE schema_name = 'directory'"
MANDATORY = "ALTER TABLE directory.users ADD COLUMN later text NOT NULL DEFAULT ''"


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Give a service on its own database, whose tables a test may change."""
    async with started(database_url) as running:
        yield running


@pytest.fixture
async def tenant(own: Served) -> Tenant:
    """Give an organization of that service."""
    return await make_tenant(own.runtime, "Contoso")


async def readyz(served: Served) -> tuple[int, Any]:
    """Return the status and the body of /readyz."""
    async with served.session.get(f"http://127.0.0.1:{served.port}/readyz") as response:
        return response.status, await response.json()


async def create(served: Served, tenant: Tenant, user_name: str) -> Answer:
    """Try to create a user; return the answer."""
    return await Scim(served, tenant.token).ask("POST", "/Users", {"userName": user_name})


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE directory.users RENAME COLUMN search TO searched",
        f"{MANDATORY}; ALTER TABLE directory.users ALTER COLUMN later DROP DEFAULT",
        "ALTER TABLE directory.former_users RENAME TO departed_users",
    ],
)
async def test_a_write_into_tables_of_another_shape_is_503_and_one_line(
    change: str, own: Served, tenant: Tenant
) -> None:
    await own.owner.execute(change)
    with capture_logs() as lines:
        answer = await create(own, tenant, "ada")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert "another release" in answer.body["detail"]
    loud = [each["event"] for each in lines if each["log_level"] in {"warning", "error"}]
    assert loud == ["tables_of_another_release"]


async def test_a_group_too_is_503(own: Served, tenant: Tenant) -> None:
    await own.owner.execute("ALTER TABLE directory.groups ADD COLUMN later text NOT NULL")
    answer = await Scim(own, tenant.token).ask("POST", "/Groups", {"displayName": "Legal"})

    assert (answer.status, "another release" in answer.body["detail"]) == (503, True)


async def test_a_read_is_503_too(own: Served, tenant: Tenant) -> None:
    await own.owner.execute("ALTER TABLE directory.groups RENAME TO teams")
    answer = await Scim(own, tenant.token).ask("GET", "/Groups")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert "another release" in answer.body["detail"]


async def test_a_row_that_lacks_a_value_does_not_fail_its_neighbors(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.execute(
        "ALTER TABLE directory.users ADD COLUMN later text NOT NULL"
        " GENERATED ALWAYS AS (nullif(user_name_key, 'ada')) STORED"
    )
    names = ("ada", "bob", "eve")
    answers = await asyncio.gather(*(create(own, tenant, name) for name in names))

    assert [each.status for each in answers] == [503, 201, 201]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE directory.users ADD COLUMN later text", "users.later"),
        ("ALTER TABLE directory.groups DROP COLUMN search", "groups.search"),
        ("DROP TABLE directory.former_users", "former_users.external_id"),
    ],
)
async def test_a_service_is_not_ready_on_tables_with_other_columns(
    change: str, named: str, own: Served
) -> None:
    assert (await readyz(own))[0] == 200
    await own.owner.execute(f"{change}; {OTHER_REVISION}")
    await asyncio.sleep(FRESH_S + 0.1)  # An answer is kept for so long.
    status, said = await readyz(own)

    assert (status, said["status"]) == (503, "not ready")
    assert named in said["reason"]
    assert "scim-ledger projections rebuild directory" in said["reason"]


async def test_a_service_is_ready_on_tables_that_another_revision_has_filled(own: Served) -> None:
    await own.owner.execute(OTHER_REVISION)

    assert await readyz(own) == (200, {"status": "ready"})


async def test_a_service_logs_tables_that_are_swapped_in_while_it_runs(own: Served) -> None:
    with capture_logs() as lines:
        await own.owner.execute(OTHER_REVISION)
        async with asyncio.timeout(SOON_S):
            while not mismatches(lines):  # noqa: ASYNC110 - a line of the log sets no Event.
                await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)

    assert [(each["projection"], each["log_level"]) for each in mismatches(lines)] == [
        ("directory", "warning")
    ]


def mismatches(lines: Any) -> list[Any]:
    """Return the log lines about tables of another release."""
    return [each for each in lines if each["event"] == "projection_of_other_code"]
