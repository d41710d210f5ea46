"""An organization moves to another database under load: nothing that was acknowledged is lost, and its proof goes on."""

import asyncio
import base64
import gzip
import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventstore.proof import verifier
from eventstore.proof.notes import encoded, read_note
from eventstore.proof.verdicts import AuditExit
from eventstore.read_streams import PAGE_EVENTS
from eventstore.sealing.sealer import Sealer
from eventstore.transfer.hold import hold_log, load_held, release_log
from eventstore.trees.keys import LogKey
from projections.maintenance.session import Progress
from service.backup.manifest import BackupProblem, read_manifest, write_manifest
from service.cli.provenance import cli_provenance
from service.moves import arrive, move
from service.moves.arrive import Arrived, load_organization
from service.moves.held import LOOK_EVERY_S
from service.moves.move import Moved, held, move_organization
from service.moves.package import read_secrets, write_secrets
from service.moves.write import write_organization
from service.organizations.register import find_organization
from service.proof.answers import keys_document, load_signed
from service.proof.copies import outside_copy
from service.proof.evidence import Wanted, write_evidence
from service.proof.verify import verify_logs
from tests.conftest import drop_database, in_database
from tests.database.rebuilding import differences, rebuild_context
from tests.invariants import check_log
from tests.proof.running import until
from tests.serving import Answer, Scim, Served, Tenant, make_tenant, settings, started

pytestmark = pytest.mark.process

# People, with two events each: more than a page of events, and than one COPY of rows.
LARGE = 2_500
OTHER_KEY = base64.b64encode(bytes(range(100, 132))).decode()


@dataclass(frozen=True, slots=True)
class Cells:
    """Two databases with a service each. The second one has keys of its own."""

    here: Served
    there: Served


def silent(_progress: Progress) -> None:
    """Report nothing."""


@pytest.fixture(scope="module")
async def cells(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Cells]:
    """Run two services."""
    here, there = (f"cell_{secrets.token_hex(6)}" for _ in range(2))
    await maintenance.execute(f"CREATE DATABASE {here} TEMPLATE {template}")
    await maintenance.execute(f"CREATE DATABASE {there} TEMPLATE {template}")
    await _forget_keys(in_database(postgres, there))
    async with AsyncExitStack() as stack:
        yield Cells(
            await stack.enter_async_context(started(in_database(postgres, here))),
            await stack.enter_async_context(
                started(in_database(postgres, there), master_key=OTHER_KEY)
            ),
        )
    await drop_database(maintenance, here)
    await drop_database(maintenance, there)


async def _forget_keys(url: str) -> None:
    """Let a new database make its own keys."""
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM service.secrets")
    await connection.close()


@pytest.fixture
async def tenant(cells: Cells) -> Tenant:
    """Give an organization that may move, with users, a former user and a group."""
    made = await make_tenant(cells.here.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(cells.here, made.token)
    ids = [
        (await scim.post("/Users", {"userName": f"user{number}@example.com"})).body["id"]
        for number in range(3)
    ]
    await scim.post("/Groups", {"displayName": "Staff", "members": [{"value": ids[0]}]})
    await scim.delete(f"/Users/{ids[2]}")
    return made


@dataclass(slots=True)
class Writer:
    """A client that goes on writing, and sends again what was refused, to the other cell once it was moved."""

    cells: Cells
    token: str
    acknowledged: list[str]
    refused: int = 0

    async def run(self, until: asyncio.Event) -> None:
        """Write until then, one user after the other."""
        number = 0
        while not until.is_set():
            number += 1
            await self._write(f"during{number}@example.com")

    async def _write(self, name: str) -> None:
        while True:
            for cell in (self.cells.here, self.cells.there):
                answer = await self._ask(cell, name)
                if answer.status == 201:
                    self.acknowledged.append(name)
                    return
            await asyncio.sleep(0.02)

    async def _ask(self, cell: Served, name: str) -> Answer:
        answer = await Scim(cell, self.token).ask("POST", "/Users", {"userName": name})
        if answer.status == 503:
            self.refused += 1
            assert "Retry-After" in answer.headers
        return answer


async def test_a_move_under_load_loses_nothing(cells: Cells, tenant: Tenant) -> None:
    done = asyncio.Event()
    writer = Writer(cells, tenant.token, [])
    writing = asyncio.create_task(writer.run(done))
    await asyncio.sleep(0.2)

    moved = await _move(cells, tenant)
    after = len(writer.acknowledged)
    await until(lambda: _has_gone_on(writer, after + 3))
    done.set()
    await writing

    users = (await Scim(cells.there, tenant.token).get("/Users?count=1000")).body["Resources"]
    names = {user["userName"] for user in users}
    assert set(writer.acknowledged) <= names
    assert {"user0@example.com", "user1@example.com"} <= names
    assert writer.refused > 0
    assert moved.arrived.name == tenant.name
    await _is_whole_there(cells, tenant)
    # The service looks now and then: until it has looked again, it says that the organization is being moved.
    await until(lambda: _says_elsewhere(cells, tenant))
    chosen = settings(cells.here.runtime.dsn)
    held = (await outside_copy(chosen).load([tenant.id], with_history=True))[tenant.id]
    assert held.closed is not None
    assert (held.closed.size, held.closed.reason) == (moved.arrived.events, "moved to cell 2")
    assert read_note(held.history[-1]).size == held.closed.size
    assert (await verify_logs(cells.here.runtime, chosen, silent, [tenant.id])).exit == AuditExit.OK


async def test_a_bundle_from_there_extends_the_last_checkpoint_of_the_closed_copy(
    cells: Cells, tenant: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _move(cells, tenant)
    there, copy = cells.there.runtime, outside_copy(settings(cells.here.runtime.dsn))
    held = (await copy.load([tenant.id]))[tenant.id]
    assert held.closed is not None
    bundle, last = tmp_path / "bundle.zip", tmp_path / "latest"
    last.write_text(held.latest or "")
    wanted = Wanted(first=1, last=None, disclosure="none", consistent_with=held.closed.size)
    with bundle.open("xb") as file:
        await write_evidence(
            there, tenant.id, wanted, file, provenance=cli_provenance(), report=silent
        )
    async with there.pool.acquire() as connection:
        document = await keys_document(connection, await load_signed(connection, tenant.id))
    # Of both cells: the key there does not vouch for the one here.
    keys = [each["vkey"] for each in document["keys"]]
    asked = [str(bundle), "--key", *keys, "--checkpoint", str(last)]

    code = verifier.main(asked)

    assert (code, capsys.readouterr().out[:5]) == (0, "VALID")
    root = encoded(read_note(held.latest or "").root)
    last.write_text((held.latest or "").replace(root, encoded(bytes(32))))
    assert verifier.main(asked) == 1
    assert "forked" in capsys.readouterr().out


async def _says_elsewhere(cells: Cells, tenant: Tenant) -> bool:
    """Return whether the first cell says that the organization has moved. Assert that it is refused in any case."""
    refused = await Scim(cells.here, tenant.token).ask("GET", "/Users")
    assert (refused.status, "Retry-After" in refused.headers) == (503, True)
    return "elsewhere" in refused.body["detail"]


async def _has_gone_on(writer: Writer, count: int) -> bool:
    """Return whether the client has written so much."""
    return len(writer.acknowledged) >= count


async def _move(
    cells: Cells, tenant: Tenant, *, destination: str = "cell 2", **changed: str
) -> Moved:
    return await move_organization(
        cells.here.runtime,
        cells.there.runtime,
        settings(cells.there.runtime.dsn, master_key=OTHER_KEY, **changed),
        await find_organization(cells.here.runtime, str(tenant.id)),
        copy=outside_copy(settings(cells.here.runtime.dsn)),
        destination=destination,
        provenance=cli_provenance(),
        report=silent,
    )


async def _is_whole_there(cells: Cells, tenant: Tenant) -> None:
    """Assert that log, proof and rows agree in the other cell, and that the former user is known there."""
    there = cells.there.runtime
    await check_log(cells.there.owner, there.sealer, tenant.id)
    chosen = settings(there.dsn, master_key=OTHER_KEY)
    found = await verify_logs(there, chosen, silent, [tenant.id])
    assert found.exit == AuditExit.OK, found
    assert await differences(replace(rebuild_context(there.dsn), keys=there.sealer.keys)) == []
    again = await Scim(cells.there, tenant.token).post("/Users", {"userName": "user2@example.com"})
    assert again.status == 201


async def test_a_log_of_many_pages_arrives_whole(cells: Cells, tenant: Tenant) -> None:
    here = Scim(cells.here, tenant.token)
    for begin in range(0, LARGE, 500):
        users = [{"userName": f"many{begin + each}@example.com"} for each in range(500)]
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": str(n), "data": each}
            for n, each in enumerate(users)
        ]
        assert (await here.post("/Bulk", {"Operations": operations})).status == 200

    moved = await _move(cells, tenant)

    assert moved.arrived.events > LARGE > PAGE_EVENTS
    found = await Scim(cells.there, tenant.token).find(
        "/Users", filter='userName sw "many"', count="1"
    )
    assert found.body["totalResults"] == LARGE
    await _is_whole_there(cells, tenant)


async def test_a_held_log_takes_no_event_from_anybody(cells: Cells, tenant: Tenant) -> None:
    position = await hold_log(cells.here.owner, tenant.id, "cell 2")
    try:
        scim = Scim(cells.here, tenant.token)
        answers = [
            await scim.ask("POST", "/Users", {"userName": f"late{number}@example.com"})
            for number in range(3)
        ]
        with pytest.raises(asyncpg.RestrictViolationError):
            await cells.here.owner.execute(
                "INSERT INTO eventstore.events SELECT organization_id, position + 1, gen_random_uuid(), 1,"
                " gen_random_uuid(), type, schema_version, now(), actor_id, NULL, request_id, source, data,"
                " NULL, NULL, NULL FROM eventstore.events WHERE organization_id = $1 AND position = $2",
                tenant.id,
                position,
            )
    finally:
        await release_log(cells.here.owner, tenant.id)
    await asyncio.sleep(LOOK_EVERY_S * 1.5)
    later = await scim.ask("POST", "/Users", {"userName": "later@example.com"})

    assert [each.status for each in answers] == [503] * 3
    assert later.status == 201
    assert [each for each in await load_held(cells.here.owner) if each[0] == tenant.id] == []


async def test_a_held_log_answers_no_read(cells: Cells, tenant: Tenant) -> None:
    scim = Scim(cells.here, tenant.token)
    paths = ["/Users", f"/Users/{tenant.account_id}", "/Groups"]
    await hold_log(cells.here.owner, tenant.id, "cell 2")
    try:
        # A token that is in use all the time is looked up ahead of its requests.
        for _ in range(20):
            await scim.ask("GET", paths[1])
            await asyncio.sleep(LOOK_EVERY_S * 0.1)
        answers = [(await scim.ask("GET", each)).status for each in paths]
    finally:
        await release_log(cells.here.owner, tenant.id)

    assert answers == [503] * 3


async def test_a_move_that_fails_releases_the_log(cells: Cells, tenant: Tenant) -> None:
    # The other cell has an organization of this name.
    await make_tenant(cells.there.runtime, tenant.name)

    with pytest.raises(BackupProblem, match="is called"):
        await _move(cells, tenant)

    await asyncio.sleep(LOOK_EVERY_S * 1.5)
    answer = await Scim(cells.here, tenant.token).ask("POST", "/Users", {"userName": "still"})
    assert answer.status == 201
    left = await cells.there.owner.fetchval(
        "SELECT count(*) FROM eventstore.events WHERE organization_id = $1", tenant.id
    )
    assert left == 0


async def test_a_move_that_fails_after_its_arrival_leaves_the_log_held(
    cells: Cells, tenant: Tenant, tmp_path: Path
) -> None:
    here, folder, sealer = cells.here.runtime, tmp_path / "organization", Sealer(bytes(32))
    organization = await find_organization(here, str(tenant.id))

    async def arrive_and_fail() -> None:
        async with held(here, cells.there.runtime, organization, "cell 2"):
            await write_organization(here, organization, folder, sealer, report=silent)
            await _load(cells, folder, sealer)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await arrive_and_fail()

    await asyncio.sleep(LOOK_EVERY_S * 1.5)
    answer = await Scim(cells.here, tenant.token).ask("POST", "/Users", {"userName": "forked"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert tenant.id in [each[0] for each in await load_held(cells.here.owner)]


async def test_a_move_that_is_killed_after_its_arrival_is_finished_by_the_same_command(
    cells: Cells, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(move, "end_log", killed)
    with pytest.raises(asyncio.CancelledError):
        await _move(cells, tenant)
    monkeypatch.undo()
    [before] = [each for each in await load_held(cells.here.owner) if each[0] == tenant.id]

    with pytest.raises(BackupProblem, match="repeat the command with this --destination"):
        await _move(cells, tenant, destination="cell 3")
    moved = await _move(cells, tenant)
    again = await _move(cells, tenant)

    [after] = [each for each in await load_held(cells.here.owner) if each[0] == tenant.id]
    assert (before.state, after.state) == ("moving", "moved")
    assert moved.arrived == again.arrived
    assert moved.arrived.events == before.position
    await _is_whole_there(cells, tenant)
    held_copy = await outside_copy(settings(cells.here.runtime.dsn)).load([tenant.id])
    assert held_copy[tenant.id].closed is not None


async def test_a_move_that_is_killed_before_its_arrival_is_repeated(
    cells: Cells, tenant: Tenant
) -> None:
    await hold_log(cells.here.owner, tenant.id, "cell 2")

    moved = await _move(cells, tenant)

    assert moved.arrived.name == tenant.name
    await _is_whole_there(cells, tenant)


async def test_a_move_does_not_end_over_another_log_there(
    cells: Cells, tenant: Tenant, tmp_path: Path
) -> None:
    sealer, folder = await _written(cells, tenant, tmp_path)
    await _load(cells, folder, sealer)
    # The log goes on here, as after an import whose log was not held.
    await Scim(cells.here, tenant.token).post("/Users", {"userName": "here@example.com"})
    await hold_log(cells.here.owner, tenant.id, "cell 2")
    try:
        with pytest.raises(BackupProblem, match="another log"):
            await _move(cells, tenant)
        assert tenant.id in [each[0] for each in await load_held(cells.here.owner)]
    finally:
        await release_log(cells.here.owner, tenant.id)


async def test_a_move_ends_though_the_copy_outside_cannot_be_written(
    cells: Cells, tenant: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    outside = str(tmp_path / "file" / "copies")
    moved = await _move(cells, tenant, outside_copy=outside)
    answer = await Scim(cells.there, tenant.token).post("/Users", {"userName": "after"})
    assert (moved.arrived.organization_id, answer.status) == (tenant.id, 201)


async def test_a_changed_package_or_another_key_is_refused(
    cells: Cells, tenant: Tenant, tmp_path: Path
) -> None:
    sealer, folder = await _written(cells, tenant, tmp_path)

    with pytest.raises(BackupProblem, match="transfer key"):
        await _load(cells, folder, Sealer(bytes(range(32))))
    manifest = folder / "manifest.json"
    shutil.copy2(manifest, tmp_path / "kept")
    manifest.write_text(manifest.read_text().replace('"signed": ', '"signed": 1'))
    with pytest.raises(BackupProblem, match="was changed"):
        await _load(cells, folder, sealer)
    shutil.copy2(tmp_path / "kept", manifest)
    assert (await _load(cells, folder, sealer)).name == tenant.name
    with pytest.raises(BackupProblem, match="is, or was"):
        await _load(cells, folder, sealer)


async def test_a_package_that_is_altered_in_one_byte_is_refused(
    cells: Cells, tenant: Tenant, tmp_path: Path
) -> None:
    sealer, folder = await _written(cells, tenant, tmp_path)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        # Not the flags, time and system in the head of gzip: they may differ for the same content.
        places = {0, 10, 12, len(whole) // 3, len(whole) // 2, len(whole) - 12, len(whole) - 1}
        for place in sorted(each for each in places if each == 0 or 10 <= each < len(whole)):
            for flipped in (1, 128):
                altered = bytearray(whole)
                altered[place] ^= flipped
                file.write_bytes(altered)
                with pytest.raises(BackupProblem):
                    await _load(cells, folder, sealer)
        file.write_bytes(whole[:-1])
        with pytest.raises(BackupProblem):
            await _load(cells, folder, sealer)
        file.unlink()
        with pytest.raises(BackupProblem):
            await _load(cells, folder, sealer)
        file.write_bytes(whole)
    counts = "SELECT (SELECT count(*) FROM {}.{} WHERE organization_id = $1)"
    for schema, name in (("eventstore", "events"), ("proof", "logs"), ("directory", "users")):
        assert await cells.there.owner.fetchval(counts.format(schema, name), tenant.id) == 0
    assert (await _load(cells, folder, sealer)).name == tenant.name


async def test_an_import_that_is_killed_once_the_log_is_here_has_said_who_signs_it(
    cells: Cells, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer, folder = Sealer(bytes(32)), tmp_path / "organization"
    found = await find_organization(cells.here.runtime, str(tenant.id))
    written = await write_organization(cells.here.runtime, found, folder, sealer, report=silent)

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(arrive, "_sign", killed)
    with pytest.raises(asyncio.CancelledError):
        await _load(cells, folder, sealer)

    kind = await cells.there.owner.fetchval(
        "SELECT type FROM eventstore.events WHERE organization_id = $1 AND position = $2",
        *(tenant.id, written.events + 1),
    )
    assert kind == "LogKeyChanged"
    answer = await Scim(cells.there, tenant.token).post("/Users", {"userName": "after"})
    assert answer.status == 201
    await until(lambda: _is_copied(cells, tenant))  # The service there does the rest.
    await _is_whole_there(cells, tenant)


async def _is_copied(cells: Cells, tenant: Tenant) -> bool:
    """Return whether the copy outside has the log of an organization in the other cell."""
    there = cells.there.runtime
    chosen = settings(there.dsn, master_key=OTHER_KEY)
    return tenant.id in (await verify_logs(there, chosen, silent, [tenant.id])).copied


async def test_a_package_brings_no_rows_of_another_organization(
    cells: Cells, tenant: Tenant, tmp_path: Path
) -> None:
    # Whoever has the transfer key can sign what they like.
    sealer, folder = await _written(cells, tenant, tmp_path)
    file, other = folder / "proof.tiles.copy.gz", uuid4()
    rows = gzip.decompress(file.read_bytes())
    rows += rows.replace(str(tenant.id).encode(), str(other).encode())
    file.write_bytes(gzip.compress(rows))
    manifest = read_manifest(folder, "organization")
    tables = [
        each.model_copy(
            update={
                "rows": rows.count(b"\n"),
                "bytes": len(rows),
                "sha256": hashlib.sha256(rows).hexdigest(),
            }
        )
        if each.name == "tiles"
        else each
        for each in manifest.tables
    ]
    own = Ed25519PrivateKey.generate()
    secrets_of_it = read_secrets(folder, tenant.id, sealer)
    public = own.public_key().public_bytes_raw()
    for each in ("manifest.json", "manifest.note", "secrets.sealed"):
        (folder / each).unlink()
    write_secrets(
        *(folder, tenant.id),
        replace(secrets_of_it, log_keys={**secrets_of_it.log_keys, 99: public}),
        sealer,
    )
    changed = manifest.model_copy(update={"tables": tuple(tables)})
    write_manifest(folder, changed, LogKey(99, public, own))

    with pytest.raises(BackupProblem, match="rows that are not of"):
        await _load(cells, folder, sealer)


async def _written(cells: Cells, tenant: Tenant, tmp_path: Path) -> tuple[Sealer, Path]:
    """Write the package of an organization; return the sealer of the transfer key, and the package's folder."""
    sealer, folder = Sealer(bytes(32)), tmp_path / "organization"
    found = await find_organization(cells.here.runtime, str(tenant.id))
    await write_organization(cells.here.runtime, found, folder, sealer, report=silent)
    return sealer, folder


async def _load(cells: Cells, folder: Path, sealer: Sealer) -> Arrived:
    return await load_organization(
        cells.there.runtime,
        settings(cells.there.runtime.dsn, master_key=OTHER_KEY),
        folder,
        sealer,
        reason="trial",
        provenance=cli_provenance(),
        report=silent,
    )
