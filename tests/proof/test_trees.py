"""Trees in tables: extended, signed, raced for, proved from, made anew."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import OutsideLog
from eventstore.proof.verdicts import Finding
from eventstore.trees.check import check_tail
from eventstore.trees.extend import Contradicted, Overtaken, extend, extend_to_end, load_tree
from eventstore.trees.keys import add_log_key, load_log_keys, load_signers, retire_log_keys
from eventstore.trees.logs import load_kept, load_log, load_logs, read_rows
from eventstore.trees.prove import NoProof, prove_consistency, prove_inclusion, prove_range
from eventstore.trees.restart import NotReached, rebuild_tree
from tests.database.events import ORGANIZATION, OTHER_ORGANIZATION, append_events, new_event
from tests.proof.logs import (
    MARK_KEY,
    SEALER,
    append_many,
    append_marked,
    keys_of,
    outside_of,
    signed,
    verified,
)

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
async def log(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Give the owner's connection to a log of 600 events with a signed tree."""
    await append_many(connection, 600)
    await signed(connection)
    return connection


async def test_a_new_log_has_a_tree_from_its_first_event(connection: asyncpg.Connection) -> None:
    await append_many(connection, 2)
    state = await load_log(connection, ORGANIZATION)
    assert state is not None
    assert (state.size, state.note, state.marks_from, state.is_found) == (0, None, 1, False)

    state = await signed(connection)

    assert (state.size, read_note(state.note or "").root) == (2, state.root)
    assert (await verified(connection)).code == "ok"


async def test_a_tree_grows_across_tiles(log: asyncpg.Connection) -> None:
    sizes = []
    for count in (1, 200, 300):
        await append_many(log, count)
        sizes.append((await signed(log)).size)
        assert (await verified(log)).code == "ok"
    assert sizes == [601, 801, 1_101]


async def test_the_role_of_the_service_extends_but_writes_no_key(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await keys_of(connection)
    await append_many(service_connection, 3)
    keys = await load_log_keys(service_connection, SEALER)
    await extend_to_end(service_connection, ORGANIZATION, keys, NOW, mark_key=MARK_KEY)

    assert (await verified(service_connection)).code == "ok"
    for change in (
        "UPDATE proof.log_keys SET number = 2",
        "INSERT INTO proof.log_keys VALUES (2, '', '')",
        "DELETE FROM proof.mark_keys",
        "INSERT INTO proof.logs VALUES (gen_random_uuid())",
        "DELETE FROM proof.tiles",
        "DELETE FROM proof.checkpoints",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service_connection.execute(change)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE proof.checkpoints SET note = ''",
        "DELETE FROM proof.checkpoints",
        "TRUNCATE proof.checkpoints",
        "UPDATE proof.tiles SET hashes = decode(repeat('00', 8192), 'hex') WHERE tile = 0",
        "UPDATE proof.logs SET size = 599",
        "SET session_replication_role = replica; UPDATE proof.logs SET size = 599",
        "SET session_replication_role = replica; DELETE FROM proof.checkpoints",
    ],
)
async def test_what_was_signed_is_kept(log: asyncpg.Connection, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await log.execute(change)


async def test_of_two_processes_one_extends_a_tree(
    log: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    keys = await keys_of(log)
    await append_many(log, 5)
    rows = await read_rows(log, ORGANIZATION, after=600)
    trees = [await load_tree(each, ORGANIZATION) for each in (log, service_connection)]
    assert trees[0] is not None
    assert trees[1] is not None
    await extend(log, trees[0], rows, keys, NOW)

    with pytest.raises(Overtaken):
        await extend(service_connection, trees[1], rows[:3], keys, NOW)

    both = [extend_to_end(each, ORGANIZATION, keys, NOW) for each in (log, service_connection)]
    await append_many(log, 3)
    states = await asyncio.gather(*both)
    assert [each.size for each in states if each] == [608, 608]
    assert (await verified(log)).code == "ok"


async def test_nothing_is_signed_on_a_tree_that_does_not_fit(log: asyncpg.Connection) -> None:
    await log.execute(
        "UPDATE proof.tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0)) WHERE tile = 2"
    )
    await append_many(log, 1)

    with pytest.raises(Contradicted, match="tree_damaged"):
        await signed(log)
    assert (await check_tail(log, ORGANIZATION, None))[0].code == "tree_damaged"
    assert (await verified(log)).code == "tree_damaged"


async def test_a_damaged_note_outside_is_a_finding(log: asyncpg.Connection) -> None:
    state = await load_log(log, ORGANIZATION)
    assert state is not None
    assert state.note is not None
    for latest in ("a checkpoint\n", state.note[:40]):
        damaged = OutsideLog(ORGANIZATION, latest)

        assert [each.code for each in await check_tail(log, ORGANIZATION, damaged)] == ["malformed"]


async def test_an_event_without_a_mark_is_not_signed(log: asyncpg.Connection) -> None:
    await append_events(log, new_event(stream_id=OTHER_ORGANIZATION))

    with pytest.raises(Contradicted, match=r"forged: .* \(position 601\)"):
        await signed(log)


async def test_checkpoints_are_kept_each_minute_or_after_many_events(
    connection: asyncpg.Connection,
) -> None:
    keys = await keys_of(connection)
    for seconds in (0, 10, 59, 61, 70, 130):
        await append_many(connection, 1)
        now = datetime.fromtimestamp(1_800_000_000 + seconds, UTC)
        await extend_to_end(connection, ORGANIZATION, keys, now)
    kept = [read_note(note).size for note, _ in await load_kept(connection, ORGANIZATION)]

    assert kept == [1, 4, 6]


async def test_all_logs_are_listed_with_their_tails(log: asyncpg.Connection) -> None:
    await append_many(log, 3, OTHER_ORGANIZATION)
    found = {each.organization_id: each for each in await load_logs(log)}

    assert {key: each.tail for key, each in found.items()} == {
        ORGANIZATION: 600,
        OTHER_ORGANIZATION: 3,
    }
    assert {key: each.state and each.state.size for key, each in found.items()} == {
        ORGANIZATION: 600,
        OTHER_ORGANIZATION: 0,
    }


async def test_proofs_come_from_the_tiles(log: asyncpg.Connection) -> None:
    state = await load_log(log, ORGANIZATION)
    assert state is not None
    one = await prove_inclusion(log, state, 300)
    other = await prove_consistency(log, state, 257)
    span = await prove_range(log, state, 3, 5)

    assert (one["size"], one["index"], one["checkpoint"]) == (600, 299, state.note)
    assert (other["from"], other["to"], other["checkpoint"]) == (257, 600, state.note)
    assert (span["start"], span["end"], span["size"]) == (2, 5, 600)
    assert (await prove_inclusion(log, state, 3, 8))["checkpoint"] is None
    for position in (0, 601):
        with pytest.raises(NoProof):
            await prove_inclusion(log, state, position)
    for first, second in ((0, 5), (6, 5), (1, 601)):
        with pytest.raises(NoProof):
            await prove_consistency(log, state, first, second)


async def test_a_damaged_tile_gives_no_proof(log: asyncpg.Connection) -> None:
    state = await load_log(log, ORGANIZATION)
    assert state is not None
    await log.execute("DELETE FROM proof.tiles WHERE level = 0 AND tile = 0")

    with pytest.raises(Contradicted, match="tree_damaged"):
        await prove_inclusion(log, state, 3)
    assert (await verified(log)).code == "tree_damaged"


async def test_a_damaged_tree_is_made_anew(log: asyncpg.Connection) -> None:
    await log.execute("DELETE FROM proof.tiles WHERE tile <> 1")
    done: list[int] = []

    await rebuild_tree(log, ORGANIZATION, restores=(), report=lambda at, _of: done.append(at))

    assert (await verified(log)).code == "ok"
    assert done[-1] == 600


async def test_a_tree_is_not_made_anew_from_an_altered_log(log: asyncpg.Connection) -> None:
    before = await log.fetch("SELECT * FROM proof.tiles ORDER BY level, tile")
    await log.execute("ALTER TABLE eventstore.events DISABLE TRIGGER ALL")
    await log.execute("UPDATE eventstore.events SET actor_id = 'eve' WHERE position = 5")

    with pytest.raises(NotReached, match="altered"):
        await rebuild_tree(log, ORGANIZATION, restores=(), report=lambda _at, _of: None)

    assert await log.fetch("SELECT * FROM proof.tiles ORDER BY level, tile") == before


async def test_a_changed_key_signs_together_with_the_old_one_once(log: asyncpg.Connection) -> None:
    former = (await keys_of(log))[1]
    new = await add_log_key(log, SEALER)
    state = await load_log(log, ORGANIZATION)
    assert state is not None
    data = f'{{"from":"{former.vkey(state.origin)}","to":"{new.vkey(state.origin)}","reason":"x"}}'
    change = new_event(stream_id=ORGANIZATION, data=data)._replace(type="LogKeyChanged")
    assert await retire_log_keys(log) == 0

    await append_marked(log, change)
    both = read_note((await signed(log)).note or "")
    await append_many(log, 1)
    one = read_note((await signed(log)).note or "")

    assert [len(both.signatures), len(one.signatures)] == [2, 1]
    signers = await load_signers(log, ORGANIZATION)
    assert [(each.key_number, each.from_size, each.to_size) for each in signers] == [
        (1, 1, 601),
        (2, 601, None),
    ]
    assert await retire_log_keys(log) == 1
    assert (await load_log_keys(log, SEALER))[1].private is None
    state = await load_log(log, ORGANIZATION)
    assert state is not None
    assert (await verified(log, await outside_of(log, state))).code == "ok"


async def test_a_log_without_a_tree_is_unproven(log: asyncpg.Connection) -> None:
    await log.execute("DELETE FROM proof.logs")
    assert (await verified(log)).code == "checkpoint_missing"
    await log.execute("ALTER TABLE proof.checkpoints DISABLE TRIGGER ALL")
    await log.execute("DELETE FROM proof.checkpoints")

    verdict = await verified(log)

    assert verdict.findings == (Finding("unproven"),)
