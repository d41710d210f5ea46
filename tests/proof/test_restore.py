"""An older backup is put back: requests stop, the operator declares it, and the log goes on as another incarnation."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from eventstore.proof.verdicts import AuditExit
from eventstore.trees.logs import load_log
from projections.directory.load import load_organization
from projections.maintenance.session import Progress
from schema.scim.errors import InvalidValue
from service.callers.issuers import IssuerRules
from service.cli.provenance import cli_provenance
from service.organizations.clients import NewClient, register_client
from service.organizations.register import find_organization
from service.proof.folder_copy import FolderCopy
from service.proof.repair import accept_restore
from service.proof.verify import Verification, verify_logs
from tests.proof.running import Proven, prove, until
from tests.serving import Scim, settings, started

pytestmark = pytest.mark.process


@dataclass(frozen=True, slots=True)
class PutBack:
    """A service on a database that was put back."""

    proven: Proven
    kept: int  # Events that the backup held.
    lost: int  # Events that the log had.


@pytest.fixture(scope="module")
async def put_back(
    module_database_url: str, maintenance: asyncpg.Connection
) -> AsyncIterator[PutBack]:
    """Give a service whose log was put back."""
    async with putting_back(module_database_url, maintenance) as found:
        yield found


@asynccontextmanager
async def putting_back(
    database_url: str,
    maintenance: asyncpg.Connection,
    *,
    with_client: bool = False,
    **changed: Any,
) -> AsyncIterator[PutBack]:
    """Make a log, back it up, let it go on, and put the backup back. `changed` are settings of the last start."""
    backup = f"b{secrets.token_hex(6)}"
    name = await _name(database_url)
    async with started(database_url, is_kept=True) as served:
        proven = await prove(served, "Contoso", users=2)
        if with_client:
            await register_client(
                served.runtime,
                await find_organization(served.runtime, None),
                NewClient("Entra", "secret"),
                rules=IssuerRules(frozenset()),
                provenance=cli_provenance(),
            )
        kept = await proven.signed()
    await maintenance.execute(f"CREATE DATABASE {backup} TEMPLATE {name}")
    async with started(database_url, is_kept=True) as served:
        later = Proven(served, proven.tenant, Scim(served, proven.tenant.token))
        for number in range(3):
            await later.scim.post("/Users", {"userName": f"later{number}"})
        lost = await later.signed()
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {backup}")
    async with started(database_url, **changed) as served:
        yield PutBack(Proven(served, proven.tenant, Scim(served, proven.tenant.token)), kept, lost)
    await maintenance.execute(f"DROP DATABASE {backup} WITH (FORCE)")


async def _name(database_url: str) -> str:
    connection = await asyncpg.connect(database_url)
    try:
        found: str = await connection.fetchval("SELECT current_database()")
    finally:
        await connection.close()
    return found


def silent(_progress: Progress) -> None:
    """Report nothing."""


async def verified(proven: Proven) -> Verification:
    """Return what `audit verify` finds."""
    runtime = proven.served.runtime
    return await verify_logs(runtime, settings(runtime.dsn), silent)


async def test_requests_stop_and_readyz_says_why(put_back: PutBack) -> None:
    proven = put_back.proven

    answer = await proven.scim.ask("GET", "/Users")
    async with proven.served.session.get(f"http://127.0.0.1:{proven.served.port}/readyz") as ready:
        body = await ready.json()

    assert (answer.status, "(restored)" in answer.body["detail"]) == (503, True)
    assert ready.status == 503
    assert body["contradictions"] == [{"organizationId": str(proven.tenant.id), "code": "restored"}]


async def test_verify_says_what_is_lost(put_back: PutBack) -> None:
    found = await verified(put_back.proven)
    [finding] = found.verdicts[0].findings

    assert (found.exit, finding.code) == (AuditExit.CONTRADICTION, "restored")
    assert (finding.position, finding.count) == (put_back.kept + 1, put_back.lost - put_back.kept)


async def test_a_declared_restore_lets_the_log_go_on(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with putting_back(database_url, maintenance) as put_back:
        await goes_on(put_back)


async def goes_on(put_back: PutBack) -> None:
    """Declare the restore, and assert that the log goes on."""
    proven, runtime = put_back.proven, put_back.proven.served.runtime
    organization = await find_organization(runtime, None)

    lost = await accept_restore(
        runtime,
        settings(runtime.dsn),
        organization,
        reason="the disk was lost",
        tokens="keep",
        provenance=cli_provenance(),
        report=silent,
    )

    assert (lost.kept, lost.lost, lost.incarnation) == (put_back.kept, put_back.lost, 2)
    await until(lambda: is_served(proven))
    answer = await proven.scim.post("/Users", {"userName": "after"})
    assert answer.status == 201
    assert await proven.signed() == put_back.kept + 2
    found = await verified(proven)
    assert found.exit == AuditExit.OK
    assert [each.kept for each in found.verdicts[0].restores] == [put_back.kept]
    state = await load_log(proven.served.owner, proven.tenant.id)
    assert state is not None
    assert state.origin.endswith("/2")
    with pytest.raises(InvalidValue, match="nothing to accept"):
        await accept_restore(
            runtime,
            settings(runtime.dsn),
            organization,
            reason="again",
            tokens="keep",
            provenance=cli_provenance(),
            report=silent,
        )


async def test_tokens_and_clients_are_revoked_though_the_copy_cannot_be_written(
    database_url: str, maintenance: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise OSError("The disk is full.")

    async with putting_back(database_url, maintenance, with_client=True) as found:
        runtime, organization_id = found.proven.served.runtime, found.proven.tenant.id
        monkeypatch.setattr(FolderCopy, "save", refuse)

        lost = await accept_restore(
            runtime,
            settings(runtime.dsn),
            await find_organization(runtime, None),
            reason="the disk was lost",
            tokens="revoke",
            provenance=cli_provenance(),
            report=silent,
        )

        assert (lost.tokens_revoked, lost.clients_revoked) == (1, 1)
        async with runtime.pool.acquire() as connection:
            loaded = await load_organization(connection, organization_id, with_tokens=True)
        assert loaded is not None
        assert all(each.revoked_at is not None for each in loaded.tokens.values())
        assert all(each.revoked_at is not None for each in loaded.clients.values())
        monkeypatch.undo()
        await found.proven.signed()


async def is_served(proven: Proven) -> bool:
    """Return whether requests are answered again."""
    return (await proven.scim.ask("GET", "/Users")).status == 200
