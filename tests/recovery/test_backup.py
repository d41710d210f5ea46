"""A backup is one moment of the database. Restored, it serves what it served; changed, it is refused."""

import gzip
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from eventstore.trees.check import check_all
from projections.maintenance.session import Progress
from projections.rebuild import proof as rebuild_proof
from service.backup import restore as backup_restore
from service.backup.create import Backup, create_backup
from service.backup.manifest import BackupProblem, read_manifest
from service.backup.restore import Restored, restore_backup
from service.backup.tables import KEYS, LEFT_OUT, Folders, find_tables, sum_serving
from service.cli.provenance import cli_provenance
from service.database.logins.given import Logins
from service.erasure.people import Place, erase_person
from service.organizations.register import find_organization
from service.proof.copies import outside_copy
from service.webhooks.manage import NewWebhook, create_webhook
from service.webhooks.places import PlaceRules
from tests.conftest import drop_database, in_database
from tests.serving import Scim, Served, Tenant, make_tenant, settings, started

pytestmark = pytest.mark.process

NewDatabase = Callable[[], AbstractAsyncContextManager[str]]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A service with a backup, and with keys that were written later."""

    served: Served
    tenant: Tenant
    scim: Scim
    person: str  # Who was erased between the two.
    made: Backup
    log: Path
    keys: Path
    later_keys: Path


def silent(_progress: Progress) -> None:
    """Report nothing."""


@pytest.fixture(scope="module")
async def kept(
    postgres: str,
    template: str,
    maintenance: asyncpg.Connection,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[BackedUp]:
    """Make users and a group, a backup, an erasure, another backup."""
    name, folder = f"kept_{secrets.token_hex(6)}", tmp_path_factory.mktemp("backup")
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    async with started(in_database(postgres, name)) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        scim = Scim(served, tenant.token)
        ids = []
        for number in range(3):
            user = {"userName": f"user{number}@example.com", "displayName": f"User\t{number}\\N"}
            ids.append((await scim.post("/Users", user)).body["id"])
        members = [{"value": each} for each in ids]
        await scim.post("/Groups", {"displayName": "Staff", "members": members})
        made = await create_backup(
            served.runtime, {"log": folder / "log", "keys": folder / "keys"}, silent
        )
        place = Place(outside_copy(settings(served.runtime.dsn)), 30)
        await erase_person(
            served.runtime,
            await find_organization(served.runtime, None),
            UUID(ids[0]),
            reason="Request 7",
            is_forced=True,
            provenance=cli_provenance(),
            place=place,
        )
        await create_webhook(
            served.runtime,
            await find_organization(served.runtime, None),
            NewWebhook("hub", None),
            rules=PlaceRules(),
            provenance=cli_provenance(),
        )
        await create_backup(
            served.runtime, {"log": folder / "log2", "keys": folder / "keys2"}, silent
        )
        yield BackedUp(
            *(served, tenant, scim, ids[0], made),
            *(folder / "log", folder / "keys", folder / "keys2"),
        )
    await drop_database(maintenance, name)


@pytest.fixture(scope="module")
def new_database(postgres: str, maintenance: asyncpg.Connection) -> NewDatabase:
    """Give what makes a database without tables, and drops it."""

    @asynccontextmanager
    async def made() -> AsyncIterator[str]:
        name = f"empty_{secrets.token_hex(6)}"
        await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield in_database(postgres, name)
        await drop_database(maintenance, name)
        shutil.rmtree(settings(in_database(postgres, name)).data_dir, ignore_errors=True)

    return made


@pytest.fixture(scope="module")
async def empty(new_database: NewDatabase) -> AsyncIterator[str]:
    """Give the DSN of a database into which nothing is loaded, because each test's backup is refused."""
    async with new_database() as url:
        yield url
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM eventstore.events") == 0
        await connection.close()


async def restore(url: str, log: Path, keys: Path, **changed: str) -> Restored:
    """Restore a backup with the settings that a test changes."""
    folders: Folders = {"log": log, "keys": keys}
    return await restore_backup(Logins(url, None), settings(url, **changed), folders, silent)


async def test_every_table_is_in_a_part_or_left_out(connection: asyncpg.Connection) -> None:
    # A new table must be looked at: does it hold what the master key wraps? Is it made anew?
    tables = await find_tables(connection)
    names = {(each.schema, each.name) for each in tables}
    wrapped = {
        (each.schema, each.name)
        for each in tables
        if each.part == "log" and any(column.startswith("wrapped_") for column in each.columns)
    }
    left_out = {(schema, name) for schema, held in LEFT_OUT.items() for name in held}
    of_catalog = await connection.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY ($1)",
        sorted({schema for schema, _ in names}),
    )

    assert {(schema, name) for schema, held in KEYS.items() for name in held} <= names
    assert wrapped == set()
    unlogged = {("service", "request_buckets")}
    assert {tuple(row) for row in of_catalog} == names | left_out | unlogged


async def test_a_restored_database_serves_what_it_served(
    kept: BackedUp, new_database: NewDatabase
) -> None:
    async with new_database() as url:
        done = await restore(url, kept.log, kept.keys)
        async with started(url) as served:
            scim = Scim(served, kept.tenant.token)
            sums = await sum_serving(served.owner, "directory")
            users = (await scim.get("/Users")).body
            created = await scim.post("/Users", {"userName": "after@example.com"})

    assert done.contradictions == []
    assert [user["displayName"] for user in users["Resources"] if "displayName" in user] == [
        "User\t0\\N",
        "User\t1\\N",
        "User\t2\\N",
    ]
    assert created.status == 201
    assert sums["users"].rows == 4  # The technical account is one.
    assert done.events == kept.made.events
    assert {
        name: (each.rows, each.checksum)
        for name, each in done.log.serving["directory"].tables.items()
    } == {name: (each.rows, each.checksum) for name, each in sums.items()}


async def test_newer_keys_do_not_bring_an_erased_person_back(
    kept: BackedUp, new_database: NewDatabase
) -> None:
    async with new_database() as url:
        done = await restore(url, kept.log, kept.later_keys)
        connection = await asyncpg.connect(url)
        there = await connection.fetchval(
            "SELECT count(*) FROM directory.users WHERE id = $1::text::uuid", kept.person
        )
        await connection.close()

    assert there == 0
    assert done.contradictions == []
    assert [each.code for _, each in done.news] == ["key_lost"]


async def test_a_webhook_that_is_newer_than_the_log_gets_what_follows_the_log(
    kept: BackedUp, new_database: NewDatabase
) -> None:
    async with new_database() as url:
        await restore(url, kept.log, kept.later_keys)
        connection = await asyncpg.connect(url)
        position = await connection.fetchval("SELECT position FROM service.webhooks")
        await connection.close()

    assert position == kept.made.events


async def test_a_restore_proves_every_log_once(
    kept: BackedUp, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven: list[UUID] = []

    async def noted(connection: Any, organization_id: UUID, *rest: Any) -> Any:
        proven.append(organization_id)
        return await check_all(connection, organization_id, *rest)

    monkeypatch.setattr(rebuild_proof, "check_all", noted)
    monkeypatch.setattr(backup_restore, "check_all", noted)
    async with new_database() as url:
        await restore(url, kept.log, kept.keys)

    assert proven == [kept.tenant.id]


async def test_keys_that_are_older_than_the_log_are_refused(kept: BackedUp, empty: str) -> None:
    with pytest.raises(BackupProblem, match="before the log"):
        await restore(empty, kept.log.with_name("log2"), kept.keys)


async def test_a_changed_event_is_refused(kept: BackedUp, empty: str, tmp_path: Path) -> None:
    log = copied(kept.log, tmp_path)
    file = log / "eventstore.events.copy.gz"
    text = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(text.replace(b"UserProvisioned", b"UserProvisionet", 1)))

    with pytest.raises(BackupProblem, match="was changed"):
        await restore(empty, log, kept.keys)


async def test_a_changed_manifest_is_refused(kept: BackedUp, empty: str, tmp_path: Path) -> None:
    # Whoever changes an event and its digest lacks the key that signs the manifest.
    log = copied(kept.log, tmp_path)
    manifest = orjson.loads((log / "manifest.json").read_bytes())
    manifest["server"] = "16.1"
    (log / "manifest.json").write_bytes(orjson.dumps(manifest))

    with pytest.raises(BackupProblem, match=r"manifest\.json was changed"):
        await restore(empty, log, kept.keys)


async def test_a_cut_file_is_refused(kept: BackedUp, empty: str, tmp_path: Path) -> None:
    log = copied(kept.log, tmp_path)
    file = log / "eventstore.events.copy.gz"
    file.write_bytes(file.read_bytes()[:-20])

    with pytest.raises(BackupProblem, match="cannot be read"):
        await restore(empty, log, kept.keys)


async def test_another_master_key_is_refused(kept: BackedUp, empty: str) -> None:
    with pytest.raises(BackupProblem, match="needs the master key"):
        await restore(empty, kept.log, kept.keys, master_key="A" * 43 + "=")


def copied(folder: Path, tmp_path: Path) -> Path:
    """Return a copy of a part that a test may change."""
    return Path(shutil.copytree(folder, tmp_path / "changed"))


async def test_a_database_that_holds_something_is_refused(kept: BackedUp) -> None:
    with pytest.raises(BackupProblem, match="not empty"):
        await restore(kept.served.runtime.dsn, kept.log, kept.keys)


async def test_a_backup_is_never_written_over_another(kept: BackedUp, tmp_path: Path) -> None:
    with pytest.raises(BackupProblem, match="exists already"):
        await create_backup(
            kept.served.runtime, {"log": kept.log, "keys": tmp_path / "keys"}, silent
        )
    with pytest.raises(BackupProblem, match="apart"):
        await create_backup(
            kept.served.runtime,
            {"log": tmp_path / "log", "keys": tmp_path / "log" / "keys"},
            silent,
        )
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240 - a test.


async def test_the_log_alone_reads_nothing_about_a_person(kept: BackedUp) -> None:
    texts = [
        gzip.decompress(each.read_bytes()) if each.suffix == ".gz" else each.read_bytes()
        for each in kept.log.iterdir()
    ]

    assert not any(b"user1@example" in each for each in texts)
    assert read_manifest(kept.log, "log").events == kept.made.events
    assert {each.stat().st_mode & 0o077 for each in (*kept.log.iterdir(), kept.log)} == {0}
