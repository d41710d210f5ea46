"""An event that this release cannot read: `scim-ledger projections` names its place and the remedy."""

from collections.abc import AsyncIterator
from uuid import UUID

import orjson
import pytest

from tests.protocol.terminal import run
from tests.serving import Served, Tenant, make_tenant, started

pytestmark = [pytest.mark.slow, pytest.mark.process]
TELEPORTED = (  # As a later release, or somebody by hand, would write it.
    "INSERT INTO eventstore.events (organization_id, position, stream_id, version, event_id, type,"
    "                               schema_version, recorded_at, actor_id, request_id, source,"
    "                               data)"
    " SELECT organization_id, position + 1, gen_random_uuid(), 1, gen_random_uuid(),"
    "        'UserTeleported', 1, recorded_at + interval '1 ms', actor_id, request_id,"
    "        source, '{}'"
    "   FROM eventstore.events"
    "  WHERE organization_id = $1 AND position = 3"
    " RETURNING stream_id"
)


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Yield a service on its own database."""
    async with started(database_url) as running:
        yield running


@pytest.fixture
async def tenant(own: Served) -> Tenant:
    """Return an organization of that service."""
    return await make_tenant(own.runtime, "Contoso")


@pytest.fixture
async def message(own: Served, tenant: Tenant) -> str:
    """Write an unknown event into the log of that organization; return the message about it."""
    stream_id: UUID = await own.owner.fetchval(TELEPORTED, tenant.id)
    return (
        f"This release cannot read UserTeleported version 1 at position 4 of organization {tenant.id}, "
        f"stream {stream_id} (UnknownEvent). Install the release that knows it."
    )


async def test_verify_names_the_event_and_compares_the_other_organizations(
    own: Served, tenant: Tenant, message: str
) -> None:
    other = await make_tenant(own.runtime, "Fabrikam")
    await own.owner.execute("UPDATE directory.users SET active = false")
    said = await run(own, "projections", "verify", "directory")
    assert said.code == 3
    assert f"different: users {other.account_id}" in said.out
    assert said.err.splitlines()[-1].startswith("scim-ledger: ")
    assert said.err.splitlines()[-1].endswith(f"differs from the log. {message}")
    assert "Traceback" not in said.err


async def test_verify_reports_unreadable_logs_as_json_too(
    own: Served, tenant: Tenant, message: str
) -> None:
    said = await run(own, "projections", "verify", "directory", "--json")
    assert said.code == 3
    assert [orjson.loads(line) for line in said.out.splitlines()] == [
        {"kind": "unreadable", "organizationId": str(tenant.id), "error": message}
    ]


async def test_verify_says_of_how_many_more_organizations_the_log_cannot_be_read(
    own: Served, tenant: Tenant, message: str
) -> None:
    other = await make_tenant(own.runtime, "Fabrikam")
    await own.owner.execute(TELEPORTED, other.id)
    said = await run(own, "projections", "verify", "directory")
    assert said.code == 3
    assert "The log of 1 more organization cannot be read either" in said.err


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_rebuild_names_the_event_in_one_line(
    workers: str, own: Served, tenant: Tenant, message: str
) -> None:
    await make_tenant(own.runtime, "Fabrikam")  # Work for a second process.
    said = await run(own, "projections", "rebuild", "directory", "--workers", workers)
    assert (said.code, said.out) == (3, "")
    assert said.err.splitlines()[-1] == f"scim-ledger: {message}"
    assert "Traceback" not in said.err


async def test_a_rollback_that_catches_up_with_the_event_names_it(
    own: Served, tenant: Tenant
) -> None:
    await run(own, "projections", "rebuild", "directory")
    stream_id = await own.owner.fetchval(TELEPORTED, tenant.id)
    said = await run(own, "projections", "rollback", "directory")
    assert said.code == 3
    assert f"stream {stream_id} (UnknownEvent)" in said.err
    assert "Traceback" not in said.err


async def test_a_rebuild_that_leaves_streams_parked_serves_and_says_so(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.fetchval(TELEPORTED, tenant.id)
    for command in ("rebuild", "rollback"):
        said = await run(own, "projections", command, "history")
        assert said.code == 1
        assert "serves" in said.out
        assert said.err.splitlines()[-1] == (
            "scim-ledger: 1 stream is parked in history: "
            "scim-ledger projections status lists what failed."
        )


BROKEN = (  # As a disk, or somebody by hand, would change it.
    "UPDATE eventstore.events SET sealed = sealed || 'x' WHERE organization_id = $1 AND position = 2"
)


@pytest.mark.parametrize("command", ["verify", "rebuild"])
async def test_an_event_whose_seal_is_broken_is_named(
    command: str, own: Served, tenant: Tenant
) -> None:
    await own.owner.execute("ALTER TABLE eventstore.events DISABLE TRIGGER events_never_change")
    await own.owner.execute(BROKEN, tenant.id)
    said = await run(own, "projections", command, "directory")
    assert said.code == 3
    assert said.err.splitlines()[-1] == (
        "scim-ledger: Sealed bytes do not open: they were altered, moved, or sealed under another "
        f"master key. It is UserProvisioned at position 2 of organization {tenant.id}, "
        f"stream {tenant.account_id}."
    )
    assert "Traceback" not in said.err
