"""A standby is put into service without its tail: the service declares a short loss by itself, and nothing else."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from eventstore.proof.notes import encoded, read_note
from eventstore.proof.verdicts import AuditExit
from projections.directory.load import load_organization
from service.cli.provenance import cli_provenance
from service.failover.lost_tail import REASON, LostTails
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.organizations.tokens import issue_token
from service.proof import parts
from service.proof.outside import OutsideCopy
from service.proof.outside_writer import OutsideWriter
from service.proof.signer import CheckpointSigner
from service.proof.verdicts import Verdicts
from service.runtime import Runtime, open_runtime
from service.witnessing.look import WitnessLook
from tests.proof.running import Proven, until
from tests.proof.test_restore import PutBack, is_served, putting_back, verified
from tests.proof.witness_server import VKEY, witnessing
from tests.recovery.standby import Server, pair_in, replicating
from tests.serving import Scim, Served, make_tenant, settings, started

pytestmark = pytest.mark.process

SECONDS = 600  # Longer than a test takes.
LONG_S = 60.0
SIGNED_EVERY_S = 0.05
DECLARED = "SELECT position, actor_id, source, data::text AS data FROM eventstore.events WHERE type = 'LogRestored'"


@asynccontextmanager
async def failed_over(
    database_url: str, maintenance: asyncpg.Connection, **changed: Any
) -> AsyncIterator[PutBack]:
    """Give a service whose log ends before its copy outside. It does not declare that, unless a setting says so."""
    async with putting_back(database_url, maintenance, with_client=True, **changed) as found:
        yield found


async def declared(served: Served) -> list[asyncpg.Record]:
    """Return the events that declare a loss."""
    found: list[asyncpg.Record] = await served.owner.fetch(DECLARED)
    return found


def lost_tails(served: Served, seconds: int = SECONDS) -> LostTails:
    """Return what declares for another process."""
    return LostTails(served.runtime, settings(served.runtime.dsn, accept_lost_tail_s=seconds))


async def test_a_short_loss_is_declared_before_the_port_opens(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance, accept_lost_tail_s=SECONDS) as found:
        proven, served = found.proven, found.proven.served
        former = await proven.scim.ask("GET", "/Users")
        issued = await issue_token(
            served.runtime,
            await find_organization(served.runtime, None),
            "again",
            provenance=cli_provenance(),
        )
        again = Scim(served, issued.token)
        added = await again.post("/Users", {"userName": "after"})
        await proven.signed()
        [event] = await declared(served)
        data = orjson.loads(event["data"])
        checked = await verified(proven)
        history = (await proven.outside()).notes

        assert (former.status, added.status) == (401, 201)
        assert (event["position"], event["actor_id"], event["source"]) == (
            found.kept + 1,
            "system",
            "system",
        )
        assert (data["reason"], data["tokens"]) == (REASON, "revoke")
        assert (data["kept"]["size"], data["lost"]["size"]) == (found.kept, found.lost)
        lost = read_note(data["lost"]["note"])
        assert (lost.size, encoded(lost.root)) == (found.lost, data["lost"]["rootHash"])
        assert checked.exit == AuditExit.OK
        assert [each.kept for each in checked.verdicts[0].restores] == [found.kept]
        assert [read_note(each).incarnation for each in history[-1:]] == [2]


async def test_all_tokens_and_clients_are_revoked_with_the_declaration(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance) as found:
        runtime, organization_id = found.proven.served.runtime, found.proven.tenant.id

        state = await lost_tails(found.proven.served).declare(organization_id, 1)

        assert state is not None
        async with runtime.pool.acquire() as connection:
            loaded = await load_organization(connection, organization_id, with_tokens=True)
        assert loaded is not None
        assert [each.revoked_at is None for each in loaded.tokens.values()] == [False]
        assert [each.revoked_at is None for each in loaded.clients.values()] == [False]
        assert state.size == found.kept + 3  # The first checkpoint covers these events too.
        await until(lambda: _agrees(found.proven))


async def _agrees(proven: Proven) -> bool:
    return (await proven.scim.ask("GET", "/Users")).status == 401


async def test_of_two_processes_one_declares(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance) as found, AsyncExitStack() as stack:
        organization_id = found.proven.tenant.id
        chosen = settings(database_url, accept_lost_tail_s=SECONDS)
        others = [
            await stack.enter_async_context(open_runtime(chosen, is_migrating=False))
            for _ in range(3)
        ]

        states = await asyncio.gather(
            *(LostTails(each, chosen).declare(organization_id, 1) for each in others)
        )

        assert [each.incarnation for each in states if each] == [2]
        assert len(await declared(found.proven.served)) == 1
        assert await lost_tails(found.proven.served).declare(organization_id, 2) is None
        assert (await verified(found.proven)).exit == AuditExit.OK


async def test_by_default_nothing_is_declared(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance) as found:
        served = found.proven.served

        assert await lost_tails(served, 0).declare(found.proven.tenant.id, 1) is None
        assert (await declared(served), await is_served(found.proven)) == ([], False)


async def test_a_longer_loss_stays_a_contradiction(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance) as found:
        served, latest = found.proven.served, _latest(found.proven)
        tries = lost_tails(served, 60)
        later = time.time() + 120
        os.utime(latest, (later, later))  # As if what was lost had been signed then.

        assert await tries.declare(found.proven.tenant.id, 1) is None
        assert (await declared(served), await is_served(found.proven)) == ([], False)

        os.utime(latest)
        assert await tries.declare(found.proven.tenant.id, 1) is not None


def _latest(proven: Proven) -> Path:
    return proven.folder / str(proven.tenant.id) / "latest"


async def test_a_log_that_went_on_without_its_tail_is_no_short_loss(
    database_url: str, maintenance: asyncpg.Connection, tmp_path: Path
) -> None:
    async with failed_over(database_url, maintenance) as found:
        proven = found.proven
        # A service that knows no copy outside takes a request.
        async with started(database_url, data_dir=tmp_path / "other") as other:
            answer = await Scim(other, proven.tenant.token).post("/Users", {"userName": "fork"})
        assert answer.status == 201

        assert await lost_tails(proven.served).declare(proven.tenant.id, 1) is None
        assert await declared(proven.served) == []


async def test_a_log_that_was_altered_too_is_no_short_loss(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance) as found:
        owner = found.proven.served.owner
        await owner.execute("ALTER TABLE eventstore.events DISABLE TRIGGER ALL")
        await owner.execute(
            "UPDATE eventstore.events SET actor_id = 'cli:0(eve)' WHERE position = 2"
        )
        tries = lost_tails(found.proven.served)

        assert await tries.declare(found.proven.tenant.id, 1) is None
        assert await tries.declare(found.proven.tenant.id, 1) is None
        assert await declared(found.proven.served) == []


async def test_a_copy_outside_that_is_gone_declares_nothing(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with failed_over(database_url, maintenance) as found:
        shutil.rmtree(found.proven.folder)

        assert await lost_tails(found.proven.served).declare(found.proven.tenant.id, 1) is None


async def test_a_witness_sees_a_new_origin(
    database_url: str, maintenance: asyncpg.Connection
) -> None:
    async with witnessing() as witness, failed_over(database_url, maintenance) as found:
        served, proven = found.proven.served, found.proven
        organization = await find_organization(served.runtime, None)
        held = (await proven.outside()).keys
        origin = f"scim-ledger/{proven.tenant.id}"
        witness.keys |= {f"{origin}/{number}": held[0].vkey.public for number in (1, 2)}
        witness.known[f"{origin}/1"] = (found.lost, b"the lost root")
        await lost_tails(served).declare(proven.tenant.id, 1)
        await until(lambda: _agrees(proven))
        value = {"url": witness.url, "vkey": VKEY}
        await change_settings(
            served.runtime, organization, {"witness": value}, provenance=cli_provenance()
        )
        size = await proven.signed()

        verdicts = Verdicts(served.runtime.stopped)
        await WitnessLook(served.runtime, verdicts).look()

        assert witness.known[f"{origin}/2"][0] == size
        assert witness.known[f"{origin}/1"][0] == found.lost
        assert verdicts.of(proven.tenant.id) == ()


@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "not signed yet"])
async def test_a_promoted_standby_serves_again_by_itself(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, *, is_signed: bool
) -> None:
    signers = list[CheckpointSigner]()

    def make(
        runtime: Runtime, copy: OutsideCopy, verdicts: Verdicts, writer: OutsideWriter
    ) -> CheckpointSigner:
        signers.append(CheckpointSigner(runtime, copy, verdicts, writer, every_s=SIGNED_EVERY_S))
        return signers[0]

    monkeypatch.setattr(parts, "CheckpointSigner", make)
    primary, standby = pair_in(tmp_path_factory.mktemp("lost"))
    async with replicating(primary, standby):
        url = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
        async with started(url, accept_lost_tail_s=SECONDS) as served:
            tenant = await make_tenant(served.runtime, "Contoso")
            proven = Proven(served, tenant, Scim(served, tenant.token))
            await proven.scim.post("/Users", {"userName": "kept"})
            kept = await proven.signed()
            await stop_receiving(primary, standby)
            signers[0].every_s = SIGNED_EVERY_S if is_signed else LONG_S
            for number in range(3):
                await proven.scim.post("/Users", {"userName": f"lost{number}"})
            if is_signed:
                await proven.signed()
            primary.kill()
            await run_on(standby, "SELECT pg_promote()")
            async with asyncio.timeout(LONG_S / 2):
                while (await proven.scim.ask("GET", "/Users")).status != 401:
                    await proven.scim.ask("POST", "/Users", {"userName": "again"})
                    await asyncio.sleep(0.5)

            owner = await asyncpg.connect(standby.url)
            try:
                [event] = await owner.fetch(DECLARED)
            finally:
                await owner.close()
            data = orjson.loads(event["data"])
            assert (data["kept"]["size"], data["lost"]["size"]) == (kept, kept + 3)
            assert (data["lost"].get("note") is not None, bool(data["lost"]["rootHash"])) == (
                is_signed,
                is_signed,
            )
            organization = await find_organization(served.runtime, None)
            issued = await issue_token(
                served.runtime, organization, "again", provenance=cli_provenance()
            )
            answer = await Scim(served, issued.token).post("/Users", {"userName": "after"})
            assert answer.status == 201
            assert (await verified(proven)).verdicts[0].code == "ok"


async def run_on(server: Server, sql: str) -> object:
    """Run a statement as superuser."""
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def stop_receiving(primary: Server, standby: Server) -> None:
    """Let a standby receive what the primary has written so far, and nothing more."""
    end = await run_on(primary, "SELECT pg_current_wal_flush_lsn()::text")

    async def is_there() -> bool:
        return bool(await run_on(standby, f"SELECT pg_last_wal_replay_lsn() >= '{end}'"))

    async def is_alone() -> bool:
        return not await run_on(standby, "SELECT count(*) FROM pg_stat_wal_receiver")

    await until(is_there)
    await run_on(standby, "ALTER SYSTEM SET primary_conninfo = ''")
    await run_on(standby, "SELECT pg_reload_conf()")
    await until(is_alone)
