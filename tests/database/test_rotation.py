"""Keys rotate while everything runs: nothing becomes unreadable, and no process is left behind."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from eventstore.errors import KeyRetired
from eventstore.sealing.rewrap import rewrap_subject_keys
from eventstore.sealing.sealer import ID_BYTES, Sealer, fingerprint_of, id_of
from service.callers.signing_keys import load_signing_keys, make_signing_key
from service.cli.provenance import cli_provenance
from service.database.master_key import KeyProblem, read_key_file
from service.keys.list import list_keys, state_of
from service.keys.master_keys import load_master_keys, load_states, open_master_keys
from service.keys.places import KeyPlaces
from service.keys.processes import note_process
from service.keys.rotate import NotRotated, rotate_master_key, rotate_signing_key
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token
from service.runtime import open_runtime
from tests.database.events import ORGANIZATION, append_events, new_event
from tests.database.rebuilding import differences, rebuild_context
from tests.invariants import check_every_log
from tests.serving import MASTER_KEY, Scim, Served, Tenant, make_tenant, settings, started

OLD = base64.b64decode(MASTER_KEY)
NEW = bytes(range(100, 132))
OTHER = bytes(range(200, 232))
SECOND_S = 1.0


class Killed(Exception):
    """The command was killed."""


def text(key: bytes) -> str:
    """Return a key as a setting or a file holds it."""
    return base64.b64encode(key).decode()


def given(folder: Path, key: bytes | None = OLD, after: bytes | None = None) -> KeyPlaces:
    """Return the places of keys that settings give, or that only files may give."""
    return KeyPlaces(
        text(key) if key else None, text(after) if after else None, folder / "master.key"
    )


def silent(_step: str, _done: int, _total: int) -> None:
    """Report nothing."""


def killed_at(step: str) -> Callable[[str, int, int], None]:
    """Return a report function that ends a rotation when a step begins."""

    def report(reached: str, _done: int, _total: int) -> None:
        if reached == step:
            raise Killed(step)

    return report


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    """Give a folder with the file of the master key."""
    file = tmp_path / "master.key"
    file.touch(mode=0o600)
    file.write_text(text(OLD))
    return tmp_path


def with_files(folder: Path) -> dict[str, Any]:
    """Return the settings of a service whose master key is a file."""
    return {"master_key": None, "data_dir": folder}


async def wrapped_by(connection: asyncpg.Connection) -> set[bytes]:
    """Return the ids of the master keys that wrap anything."""
    rows = await connection.fetch(
        "SELECT substr(wrapped_key, 1, 4) FROM eventstore.subject_keys"
        " UNION SELECT substr(wrapped_private_key, 1, 4) FROM service.signing_keys"
        " UNION SELECT substr(wrapped_secret, 1, 4) FROM service.secrets"
        " UNION SELECT substr(sealed_password, 1, 4) FROM service.logins"
        " UNION SELECT substr(wrapped_private_key, 1, 4) FROM proof.log_keys"
        " UNION SELECT substr(wrapped_key, 1, 4) FROM proof.mark_keys"
    )
    return {bytes(row[0]) for row in rows}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two services on one database, whose master key is a file, and a tenant."""

    first: Served
    second: Served
    tenant: Tenant
    database_url: str
    folder: Path

    @property
    def owner(self) -> asyncpg.Connection:
        """Return the connection of the database's owner."""
        return self.first.owner

    def clients(self) -> list[Scim]:
        """Return a client of each of them."""
        return [Scim(each, self.tenant.token) for each in (self.first, self.second)]


@pytest.fixture
async def pair(database_url: str, key_folder: Path) -> AsyncIterator[Pair]:
    """Give two services on one database."""
    chosen = with_files(key_folder)
    async with started(database_url, **chosen) as first, started(database_url, **chosen) as second:
        tenant = await make_tenant(first.runtime, "Contoso")
        yield Pair(first, second, tenant, database_url, key_folder)
        await check_every_log(first.owner, second.runtime.sealer)


@dataclass(slots=True)
class Writing:
    """Writes without end: users who are created, renamed and deleted."""

    made: int = 0
    is_over: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, clients: list[Scim]) -> None:
        """Let clients write."""
        self.tasks = [asyncio.create_task(self.go_on(each)) for each in clients]

    async def end(self) -> None:
        """Let them end. Errors: what ended one of them before."""
        self.is_over = True
        await asyncio.gather(*self.tasks)

    async def go_on(self, client: Scim) -> None:
        """Write until it is over."""
        while not self.is_over:
            created = await client.post("/Users", {"userName": f"user-{uuid4()}"})
            assert created.status == 201, created
            path = f"/Users/{created.body['id']}"
            renamed = {"op": "replace", "path": "displayName", "value": "Ada"}
            assert (await client.patch(path, renamed)).status == 200
            assert (await client.delete(path)).status == 204
            self.made += 1

    async def until(self, more: int) -> None:
        """Return once so many more were written."""
        wanted = self.made + more
        while self.made < wanted:
            await asyncio.sleep(0.01)
            if any(each.done() for each in self.tasks):
                await self.end()


async def test_the_master_key_rotates_under_writes(pair: Pair) -> None:
    first, _ = pair.clients()
    ada = (await first.post("/Users", {"userName": "ada"})).body["id"]
    await first.delete(f"/Users/{ada}")
    writing = Writing()
    writing.begin(pair.clients())
    await writing.until(4)
    rotated = await rotate_master_key(pair.database_url, pair.first.runtime.keyring.places, silent)
    await writing.until(4)
    await writing.end()

    # Nothing is left that the former key wraps, and both keys are where the command says.
    assert await wrapped_by(pair.owner) == {id_of(rotated.fingerprint)}
    assert fingerprint_of(read_key_file(pair.folder / "master.key")) == rotated.fingerprint
    assert rotated.former_file == pair.folder / f"master.key.{fingerprint_of(OLD)[:8]}"
    assert read_key_file(rotated.former_file) == OLD
    assert len(list(pair.folder.glob("*master.key*"))) == 2
    states = [(each.fingerprint, each.state) for each in await load_states(pair.owner)]
    assert states == [(fingerprint_of(OLD), "retired"), (rotated.fingerprint, "current")]

    # Whoever starts with the new key reads everything, and makes the same rows.
    chosen = settings(pair.database_url, **with_files(pair.folder))
    async with open_runtime(chosen, is_migrating=False) as runtime:
        await check_every_log(pair.owner, runtime.sealer)
        context = replace(rebuild_context(pair.database_url), keys=runtime.sealer.keys)
        assert await differences(context) == []
    with pytest.raises(KeyProblem, match="made with another master key"):
        await open_master_keys(pair.owner, given(pair.folder), may_make=False)
    # She comes back, and is known by the hash of her name.
    again = await first.post("/Users", {"userName": "ADA"})
    former = "SELECT data->>'formerUserId' FROM eventstore.events WHERE stream_id = $1"
    assert await pair.owner.fetchval(former, UUID(again.body["id"])) == ada


@pytest.mark.parametrize("step", ["announce", "switch", "wrap", "refuse the former key"])
async def test_a_rotation_that_was_killed_goes_on(
    database_url: str, connection: asyncpg.Connection, key_folder: Path, step: str
) -> None:
    places = given(key_folder, None)
    await open_master_keys(connection, places, may_make=False)
    await append_key(connection, OLD)
    with pytest.raises(Killed):
        await rotate_master_key(database_url, places, killed_at(step))

    held = await open_master_keys(connection, places, may_make=False)
    assert OLD in held
    await append_key(connection, held[0])  # Whichever key wraps now, the append is accepted.
    rotated = await rotate_master_key(database_url, places, silent)

    assert await wrapped_by(connection) == {id_of(rotated.fingerprint)}
    [new] = await open_master_keys(connection, places, may_make=False)
    assert fingerprint_of(new) == rotated.fingerprint


async def append_key(connection: asyncpg.Connection, master_key: bytes) -> UUID:
    """Add a person's key, wrapped with a master key; return whose it is."""
    subject = uuid4()
    _, wrapped = Sealer(master_key).new_subject_key(ORGANIZATION, subject)
    await connection.execute(
        "INSERT INTO eventstore.subject_keys VALUES ($1, $2, $3)", ORGANIZATION, subject, wrapped
    )
    return subject


async def test_a_rotation_that_was_killed_before_the_files_were_renamed_ends(
    database_url: str, connection: asyncpg.Connection, key_folder: Path
) -> None:
    places = given(key_folder, None)
    await open_master_keys(connection, places, may_make=False)
    rotated = await rotate_master_key(database_url, places, silent)
    assert rotated.former_file is not None
    places.key_file.rename(places.next_file)  # As if nothing had been renamed.
    rotated.former_file.rename(places.key_file)
    assert len(await open_master_keys(connection, places, may_make=False)) == 1

    ended = await rotate_master_key(database_url, places, silent)

    assert (ended.fingerprint, ended.former_file) == (rotated.fingerprint, rotated.former_file)
    assert fingerprint_of(read_key_file(places.key_file)) == rotated.fingerprint


async def test_a_key_from_a_setting_is_replaced_by_one_from_a_setting(
    database_url: str, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await open_master_keys(connection, given(tmp_path), may_make=False)
    with pytest.raises(NotRotated, match="the new one comes from you"):
        await rotate_master_key(database_url, given(tmp_path), silent)

    rotated = await rotate_master_key(database_url, given(tmp_path, after=NEW), silent)

    assert (rotated.fingerprint, rotated.former_file) == (fingerprint_of(NEW), None)
    for key, after in ((OLD, NEW), (NEW, NEW), (NEW, None)):
        places = given(tmp_path, key, after)
        assert await open_master_keys(connection, places, may_make=False) == (NEW,)
    with pytest.raises(NotRotated, match="is the master key that is in use"):
        await rotate_master_key(database_url, given(tmp_path, NEW, NEW), silent)
    with pytest.raises(KeyProblem, match="has been used before"):
        await rotate_master_key(database_url, given(tmp_path, NEW, OLD), silent)


async def test_a_process_without_the_new_key_stops_the_rotation_before_anything_is_wrapped(
    database_url: str, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await open_master_keys(connection, given(tmp_path), may_make=False)
    before, old = await wrapped_by(connection), fingerprint_of(OLD)
    await note_process(connection, uuid4(), wraps_with=old, opens=[old], signing_kid=None)

    with pytest.raises(NotRotated, match=r"Process \d+ on .* does not have the new master key"):
        await rotate_master_key(database_url, given(tmp_path, after=NEW), silent, wait_s=0.05)

    assert await wrapped_by(connection) == before
    assert (await load_master_keys(connection))["current"] == old
    # Another key may take the place of one that wraps nothing.
    await connection.execute("DELETE FROM service.processes")
    rotated = await rotate_master_key(database_url, given(tmp_path, after=OTHER), silent)
    assert rotated.fingerprint == fingerprint_of(OTHER)


async def test_during_a_rotation_both_keys_are_needed_and_no_second_one_runs(
    database_url: str, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    both = given(tmp_path, after=NEW)
    await open_master_keys(connection, both, may_make=False)
    with pytest.raises(Killed):
        await rotate_master_key(database_url, both, killed_at("refuse the former key"))

    assert await open_master_keys(connection, both, may_make=False) == (NEW, OLD)
    with pytest.raises(KeyProblem, match="is being rotated, and the former one"):
        await open_master_keys(connection, given(tmp_path, NEW), may_make=False)
    async with connection.transaction():
        assert await connection.fetchval("SELECT pg_try_advisory_xact_lock(23578, 13)")
        with pytest.raises(NotRotated, match="runs already"):
            await rotate_master_key(database_url, both, silent)


async def test_postgres_refuses_a_key_that_a_retired_master_key_wraps(
    database_url: str, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    await open_master_keys(connection, given(tmp_path), may_make=False)
    await rotate_master_key(database_url, given(tmp_path, after=NEW), silent)

    with pytest.raises(KeyRetired):
        await append_events(connection, new_event(personal=b"{}"))


async def test_keys_without_ids_are_wrapped_again_in_batches_and_broken_ones_stay(
    connection: asyncpg.Connection,
) -> None:
    # A release before this one wrote no id in front of a wrapped key.
    strip = f"UPDATE eventstore.subject_keys SET wrapped_key = substr(wrapped_key, {ID_BYTES + 1})"
    subjects = {await append_key(connection, OLD) for _ in range(5)}
    await connection.execute(strip)
    rows = await connection.fetch("SELECT subject_id, wrapped_key FROM eventstore.subject_keys")
    keys = {row[0]: Sealer(OLD).unwrap(row[1], ORGANIZATION, row[0]) for row in rows}
    broken = await append_key(connection, OTHER)
    both = Sealer(NEW, OLD)

    batches = [each async for each in rewrap_subject_keys(connection, both, batch=2)]

    assert len(batches) == 3
    assert sum(each.keys for each in batches) == 5
    assert [pair for each in batches for pair in each.broken] == [(ORGANIZATION, broken)]
    again = [each async for each in rewrap_subject_keys(connection, both, batch=2)]
    assert [(each.keys, len(each.broken)) for each in again] == [(0, 1)]
    rows = await connection.fetch("SELECT subject_id, wrapped_key FROM eventstore.subject_keys")
    held = {row[0]: row[1] for row in rows if row[0] in subjects}
    assert {each: Sealer(NEW).unwrap(held[each], ORGANIZATION, each) for each in held} == keys


def test_a_sealer_finds_a_key_that_was_handed_over_meanwhile() -> None:
    key, wrapped = Sealer(NEW).new_subject_key(ORGANIZATION, ORGANIZATION)

    assert Sealer(OLD, find_more=lambda: [NEW]).unwrap(wrapped, ORGANIZATION, ORGANIZATION) == key


def in_days(instant: datetime | None) -> float:
    """Return in how many days an instant is."""
    assert instant is not None
    return (instant - datetime.now(UTC)) / timedelta(days=1)


async def new_token(served: Served, lifetime: timedelta | None) -> str:
    """Return a new token."""
    found = await find_organization(served.runtime, "Contoso")
    issued = await issue_token(
        served.runtime, found, "tests", lifetime=lifetime, provenance=cli_provenance()
    )
    return issued.token


async def test_a_new_signing_key_is_known_everywhere_and_the_former_tokens_stay_valid(
    pair: Pair,
) -> None:
    _, second = pair.clients()
    former = pair.first.runtime.signing_key.kid
    rotated = await rotate_signing_key(pair.owner, pair.first.runtime.sealer, verify_for=None)
    began = asyncio.get_running_loop().time()
    while rotated.kid not in pair.first.runtime.signing_keys:  # noqa: ASYNC110 - nothing wakes us.
        await asyncio.sleep(0.005)
    token = await new_token(pair.first, timedelta(days=40))
    assert (await Scim(pair.second, token).get("/Roles")).status == 200
    assert asyncio.get_running_loop().time() - began < SECOND_S
    # The last token expires in a year, and until then the key that signed it verifies.
    assert in_days(rotated.verifies_until) == pytest.approx(365, abs=0.1)
    assert (await second.get("/Roles")).status == 200
    held = await list_keys(pair.owner, pair.first.runtime.keyring)
    listed = [(each.kid, state_of(each)) for each in held.signing_keys]
    assert listed == [(former, "verifies"), (rotated.kid, "signs")]
    assert len(held.processes) == 2

    # Nothing is announced now: a token that an unknown key has signed makes the process look, once for all.
    made = await make_signing_key(pair.owner, pair.first.runtime.sealer)
    loaded = await load_signing_keys(pair.owner, pair.first.runtime.sealer)
    pair.first.runtime.signing_keys.replace(loaded)
    unknown = Scim(pair.second, await new_token(pair.first, timedelta(days=40)))
    assert pair.first.runtime.signing_key.kid == made.kid
    answers = await asyncio.gather(*(unknown.get("/Roles") for _ in range(5)))
    assert [each.status for each in answers] == [200] * 5

    # A token that never expires keeps its key without end; once it is revoked, the others decide.
    eternal = Scim(pair.first, await new_token(pair.first, None))
    rotated = await rotate_signing_key(pair.owner, pair.first.runtime.sealer, verify_for=None)
    assert (rotated.verifies_until, rotated.needed.endless) == (None, 1)
    assert (await eternal.get("/Roles")).status == 200
    await pair.owner.execute(
        "UPDATE directory.tokens SET revoked_at = now() WHERE expires_at IS NULL"
    )
    rotated = await rotate_signing_key(pair.owner, pair.first.runtime.sealer, verify_for=None)
    await pair.owner.execute("UPDATE directory.tokens SET revoked_at = NULL")
    ends = await pair.owner.fetch(
        "SELECT verifies_until FROM service.signing_keys WHERE retired_at > '-infinity'"
    )
    assert {round(in_days(row[0])) for row in ends} == {365}

    # A chosen time of nothing: a leaked key.
    await rotate_signing_key(pair.owner, pair.first.runtime.sealer, verify_for=timedelta(0))
    began = asyncio.get_running_loop().time()
    while (answer := await second.get("/Roles")).status == 200:  # noqa: ASYNC110 - the same.
        await asyncio.sleep(0.005)
    assert (answer.status, asyncio.get_running_loop().time() - began < SECOND_S) == (401, True)
    assert "accepts no more" in answer.body["detail"]
