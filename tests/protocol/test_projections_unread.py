"""An event that this release cannot read: `scim-ledger projections` names its place and the remedy."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import orjson
import pytest

from eventstore.append import append, lock_log
from eventstore.events import NewEvent, Provenance
from tests.protocol.terminal import run
from tests.serving import Served, Tenant, make_tenant, started

pytestmark = [pytest.mark.slow, pytest.mark.process]


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Yield a service on its own database."""
    async with started(database_url) as running:
        yield running


@pytest.fixture
async def tenant(own: Served) -> Tenant:
    """Return an organization of that service."""
    return await make_tenant(own.runtime, "Contoso")


async def teleport(own: Served, tenant: Tenant) -> UUID:
    """Append an event of a type that this release does not know, as a later one would; return its stream."""
    by = Provenance("cli:ann", None, uuid4(), "cli")
    event = NewEvent(uuid4(), 1, uuid4(), "UserTeleported", 1, "{}", None, None, by)
    async with own.owner.transaction():
        tail = await lock_log(own.owner, tenant.id)
        await append(own.owner, tenant.id, tail, [event], own.runtime.sealer)
    return event.stream_id


@pytest.fixture
async def message(own: Served, tenant: Tenant) -> str:
    """Write an unknown event into the log of that organization; return the message about it."""
    stream_id = await teleport(own, tenant)
    return (
        f"This release cannot read UserTeleported version 1 at position 5 of organization {tenant.id}, "
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
    await teleport(own, other)
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
    stream_id = await teleport(own, tenant)
    said = await run(own, "projections", "rollback", "directory")
    assert said.code == 3
    assert f"stream {stream_id} (UnknownEvent)" in said.err
    assert "Traceback" not in said.err


async def test_a_rebuild_that_leaves_streams_parked_serves_and_says_so(
    own: Served, tenant: Tenant
) -> None:
    await teleport(own, tenant)
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


SIGNED = """
SELECT note IS NOT NULL AND size >= 2 FROM proof.logs WHERE organization_id = $1
"""


async def break_seal(own: Served, tenant: Tenant) -> None:
    """Alter an event that is signed and followed: what the service finds by itself changes no answer."""
    async with asyncio.timeout(20):
        while not await own.owner.fetchval(SIGNED, tenant.id):  # noqa: ASYNC110 - the service signs.
            await asyncio.sleep(0.05)
    await own.owner.execute("ALTER TABLE eventstore.events DISABLE TRIGGER events_never_change")
    await own.owner.execute(BROKEN, tenant.id)


async def test_verify_names_an_event_whose_seal_is_broken(own: Served, tenant: Tenant) -> None:
    await break_seal(own, tenant)
    said = await run(own, "projections", "verify", "directory")
    assert said.code == 3
    assert said.err.splitlines()[-1] == (
        "scim-ledger: Sealed bytes do not open: they were altered, moved, or sealed under another "
        f"master key. It is UserProvisioned at position 2 of organization {tenant.id}, "
        f"stream {tenant.account_id}."
    )
    assert "Traceback" not in said.err


async def test_a_rebuild_refuses_an_event_whose_seal_is_broken(own: Served, tenant: Tenant) -> None:
    await break_seal(own, tenant)
    said = await run(own, "projections", "rebuild", "directory")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1] == (
        f"scim-ledger: The log of organization {tenant.id} does not agree with its checkpoints, so nothing is "
        "built from it. altered: The log does not give the signed root (position 2). "
        "See scim-ledger audit verify."
    )
    assert "Traceback" not in said.err


async def test_a_forged_event_that_cannot_be_read_is_named_without_a_trace(
    own: Served, tenant: Tenant
) -> None:
    """The fold and the comparison with the checkpoints both fail, in whatever order."""
    own.runtime.sealer.mark_key = None
    stream_id = await teleport(own, tenant)
    said = await run(own, "projections", "rebuild", "directory")
    assert said.code in {1, 3}
    assert str(stream_id) in said.err.splitlines()[-1] or "forged" in said.err.splitlines()[-1]
    assert "Traceback" not in said.err
