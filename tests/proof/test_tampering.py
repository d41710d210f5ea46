"""What a superuser with all triggers disabled can do to a log, and by which command each of it is found.

The table in docs/explanation/proof.md holds the same rows.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from eventstore.proof.notes import body_of, signed_note
from eventstore.proof.tiles import tiles_of
from eventstore.proof.tree import root
from eventstore.proof.verdicts import Verdict
from eventstore.trees.check import check_all, check_sizes, check_tail
from eventstore.trees.extend import Contradicted, extend_to_end
from eventstore.trees.keys import load_log_keys, load_signers
from eventstore.trees.logs import LogWithTail, load_kept, load_leaf_hashes, load_log, read_rows
from projections.rebuild.proof import LogContradicted
from projections.rebuild.rebuild import rebuild
from tests.database.rebuilding import rebuild_context, silent
from tests.house.source import text
from tests.proof.running import Proven, prove
from tests.serving import started

AT = 6  # The event that is tampered with: a UserProvisioned.
DISARM = """
ALTER TABLE eventstore.events DISABLE TRIGGER ALL;
ALTER TABLE proof.tiles DISABLE TRIGGER ALL;
ALTER TABLE proof.logs DISABLE TRIGGER ALL;
ALTER TABLE proof.checkpoints DISABLE TRIGGER ALL;
"""
WHERE = "WHERE organization_id = $1 AND position"
VALUES: dict[str, str] = {  # Column → another value.
    "organization_id": "gen_random_uuid()",
    "position": "1000000",
    "stream_id": "gen_random_uuid()",
    "version": "version + 100",
    "event_id": "gen_random_uuid()",
    "type": "'UserRenamed'",
    "schema_version": "2",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "actor_id": "'cli:0(eve)'",
    "token_id": "NULL",
    "request_id": "gen_random_uuid()",
    "source": "'console'",
    "data": "(data::text || ' ')::json",
    "sealed": "set_byte(sealed, 60, (get_byte(sealed, 60) + 1) % 256)",
    "subject_id": "gen_random_uuid()",
}
Tamper = Callable[[asyncpg.Connection, Proven], Awaitable[Any]]


@pytest.fixture(scope="module")
async def proven(module_database_url: str) -> AsyncIterator[Proven]:
    """Give a service with a log that is signed and copied outside."""
    async with started(module_database_url) as served:
        yield await prove(served, "Contoso", users=6)


@pytest.fixture
async def superuser(proven: Proven) -> AsyncIterator[asyncpg.Connection]:
    """Give a superuser's connection in a transaction without triggers, which is rolled back."""
    connection = proven.served.owner
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(DISARM)
    yield connection
    await transaction.rollback()


async def verdict_on(connection: asyncpg.Connection, proven: Proven) -> Verdict:
    """Return what `audit verify` finds, however few events it reads at once."""
    sources = await proven.sources()
    place = (connection, proven.tenant.id, sources, lambda _done, _of: None)
    verdict = await check_all(*place)
    for plain_rows in (1, 2, 5):
        assert await check_all(*place, plain_rows=plain_rows) == verdict
    return verdict


def updating(column: str) -> Tamper:
    """Return the edit of one column of one event."""

    async def tamper(connection: asyncpg.Connection, proven: Proven) -> None:
        done = await connection.execute(
            f"UPDATE eventstore.events SET {column} = {VALUES[column]} {WHERE} = {AT}",
            proven.tenant.id,
        )
        assert done == "UPDATE 1"

    return tamper


async def remove_tail(connection: asyncpg.Connection, proven: Proven) -> None:
    """Remove the last two events."""
    tail = await proven.signed()
    sql = f"DELETE FROM eventstore.events {WHERE} > $2"
    await connection.execute(sql, proven.tenant.id, tail - 2)


async def remove_one(connection: asyncpg.Connection, proven: Proven) -> None:
    """Remove an event in the middle."""
    await connection.execute(f"DELETE FROM eventstore.events {WHERE} = {AT}", proven.tenant.id)


async def swap(connection: asyncpg.Connection, proven: Proven) -> None:
    """Let two events change places."""
    sql = f"""
    CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
    SELECT position, recorded_at FROM eventstore.events
     WHERE organization_id = '{proven.tenant.id}' AND position IN ({AT}, {AT + 1});
    UPDATE eventstore.events SET position = -position
     WHERE organization_id = '{proven.tenant.id}' AND position IN ({AT}, {AT + 1});
    UPDATE eventstore.events SET position = moved.position, recorded_at = moved.recorded_at
      FROM moved
     WHERE organization_id = '{proven.tenant.id}'
       AND events.position < 0 AND moved.position = {2 * AT + 1} + events.position;
    """
    await connection.execute("ALTER TABLE eventstore.events DROP CONSTRAINT events_position_from_1")
    await connection.execute(sql)


async def forge(connection: asyncpg.Connection, proven: Proven) -> None:
    """Append an event past the service, as an owner can; the service would sign it as any other."""
    tail = await proven.signed()
    await connection.execute(
        f"""INSERT INTO eventstore.events
        SELECT organization_id, $2, gen_random_uuid(), 1, gen_random_uuid(), type, schema_version,
               clock_timestamp(), actor_id, token_id, request_id, source, data, NULL, NULL, $4
          FROM eventstore.events {WHERE} = $3""",
        proven.tenant.id,
        tail + 1,
        AT,
        bytes(16),
    )


async def put_back(connection: asyncpg.Connection, proven: Proven) -> None:
    """Put back what an older backup holds: the log, its tree and its checkpoint of then, which agree."""
    [(note, signed_at), *_] = await load_kept(connection, proven.tenant.id)
    await put_back_to(connection, proven, note, signed_at)


async def put_back_to(
    connection: asyncpg.Connection, proven: Proven, note: str, signed_at: datetime
) -> int:
    """Put the log back to a checkpoint; return its size."""
    size = int(note.split("\n")[1])
    await connection.execute(f"DELETE FROM eventstore.events {WHERE} > $2", proven.tenant.id, size)
    await rewrite(connection, proven, note=note, signed_at=signed_at)
    sql = "DELETE FROM proof.checkpoints WHERE organization_id = $1 AND size > $2"
    await connection.execute(sql, proven.tenant.id, size)
    return size


async def rewrite(
    connection: asyncpg.Connection,
    proven: Proven,
    *,
    note: str | None = None,
    signed_at: datetime | None = None,
) -> bytes:
    """Make the tree anew from the log as it is now; return its root."""
    from eventstore.proof.leaf import leaf_hash  # noqa: PLC0415

    rows = await read_rows(connection, proven.tenant.id, after=0)
    leaves = [leaf_hash(each.event) for each in rows]
    await connection.execute("DELETE FROM proof.tiles WHERE organization_id = $1", proven.tenant.id)
    for (level, tile), hashes in tiles_of(leaves):
        sql = "INSERT INTO proof.tiles VALUES ($1, $2, $3, $4)"
        await connection.execute(sql, proven.tenant.id, level, tile, hashes)
    await connection.execute(
        """UPDATE proof.logs SET size = $2, root = $3, note = coalesce($4, note),
                  signed_at = coalesce($5, signed_at), kept_size = least(kept_size, $2)
            WHERE organization_id = $1""",
        proven.tenant.id,
        len(leaves),
        root(leaves),
        note,
        signed_at,
    )
    return root(leaves)


async def edit_and_rewrite(connection: asyncpg.Connection, proven: Proven) -> None:
    """Edit an event, and make the tree match."""
    await updating("actor_id")(connection, proven)
    await rewrite(connection, proven)


async def edit_and_sign(connection: asyncpg.Connection, proven: Proven) -> None:
    """Edit an event, make the tree match, and sign it with the stolen key of the log."""
    await updating("actor_id")(connection, proven)
    top = await rewrite(connection, proven)
    state = await load_log(connection, proven.tenant.id)
    assert state is not None
    keys = await load_log_keys(connection, proven.served.runtime.sealer)
    private = keys[1].private
    assert private is not None
    note = signed_note(body_of(state.origin, state.size, top), [private])
    sql = "UPDATE proof.logs SET note = $2 WHERE organization_id = $1"
    await connection.execute(sql, proven.tenant.id, note)
    await connection.execute(
        "DELETE FROM proof.checkpoints WHERE organization_id = $1", proven.tenant.id
    )


async def remove_all(connection: asyncpg.Connection, proven: Proven) -> None:
    """Remove the whole log and all that the database knows of it."""
    for table in ("eventstore.events", "proof.tiles", "proof.logs", "proof.checkpoints"):
        await connection.execute(
            f"DELETE FROM {table} WHERE organization_id = $1", proven.tenant.id
        )


async def remove_checkpoint(connection: asyncpg.Connection, proven: Proven) -> None:
    """Remove the checkpoints from the database."""
    await connection.execute(
        "UPDATE proof.logs SET note = NULL WHERE organization_id = $1", proven.tenant.id
    )
    await connection.execute(
        "DELETE FROM proof.checkpoints WHERE organization_id = $1", proven.tenant.id
    )


async def damage_tree(connection: asyncpg.Connection, proven: Proven) -> None:
    """Change a hash of the tree."""
    await connection.execute(
        """UPDATE proof.tiles SET hashes = set_byte(hashes, 3, (get_byte(hashes, 3) + 1) % 256)
            WHERE organization_id = $1 AND level = 0""",
        proven.tenant.id,
    )


async def lose_key(connection: asyncpg.Connection, proven: Proven) -> None:
    """Destroy a person's key without an event that says so."""
    await connection.execute(
        f"""DELETE FROM eventstore.subject_keys USING eventstore.events
             WHERE subject_keys.subject_id = events.subject_id
               AND events.organization_id = $1 AND events.position = {AT}""",
        proven.tenant.id,
    )


async def sign_by_another(connection: asyncpg.Connection, proven: Proven) -> None:
    """Sign the checkpoint with a key of one's own, and put it into the table of keys."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )

    private = Ed25519PrivateKey.generate()
    state = await load_log(connection, proven.tenant.id)
    assert state is not None
    note = signed_note(body_of(state.origin, state.size, state.root or b""), [private])
    await connection.execute(
        "UPDATE proof.logs SET note = $2 WHERE organization_id = $1", proven.tenant.id, note
    )
    await connection.execute(
        "UPDATE proof.log_keys SET public_key = $1", private.public_key().public_bytes_raw()
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A way to tamper, as the table names it, and what is found."""

    what: str
    tamper: Tamper
    code: str
    position: int | None
    at_start: bool = False  # The comparison of sizes or of the tail finds it too.


VERIFY = "`audit verify`"
ALSO_START = "`audit verify`, start, `/readyz`"
GONE = {"organization_id", "position"}
CASES = [
    *(
        Case(
            f"`{column}` of one event is edited",
            updating(column),
            "removed" if column in GONE else "altered",
            AT,
            at_start=True,
        )
        for column in VALUES
    ),
    Case("an event in the middle is removed", remove_one, "removed", AT, at_start=True),
    Case("the last two events are removed", remove_tail, "truncated", None, at_start=True),
    Case("two events change places", swap, "reordered", AT, at_start=True),
    Case("an event is appended past the service", forge, "forged", None),
    Case("an older backup is put back", put_back, "restored", None, at_start=True),
    Case("the whole log is removed", remove_all, "restored", 1, at_start=True),
    Case("an event is edited, and the tree made to match", edit_and_rewrite, "altered", None, at_start=True),
    Case("… and signed with the stolen key of the log", edit_and_sign, "forked", None, at_start=True),
    Case("the checkpoint is signed by a key of somebody else", sign_by_another, "key_unknown", None, at_start=True),
    Case("the checkpoints are removed from the database", remove_checkpoint, "checkpoint_missing", None, at_start=True),
    Case("a hash of the tree is changed", damage_tree, "tree_damaged", None, at_start=True),
    Case("a person's key is destroyed without `UserErased`", lose_key, "key_lost", AT),
]  # fmt: skip
cases = pytest.mark.parametrize("case", CASES, ids=[each.what for each in CASES])


@cases
async def test_it_is_found_and_named(
    case: Case, proven: Proven, superuser: asyncpg.Connection
) -> None:
    await case.tamper(superuser, proven)

    found = (await verdict_on(superuser, proven)).findings

    assert found[0].code == case.code, found
    assert case.position in {None, found[0].position}


@cases
async def test_the_start_finds_what_the_table_says(
    case: Case, proven: Proven, superuser: asyncpg.Connection
) -> None:
    await case.tamper(superuser, proven)
    state = await load_log(superuser, proven.tenant.id)
    sql = "SELECT coalesce(max(position), 0) FROM eventstore.events WHERE organization_id = $1"
    tail = await superuser.fetchval(sql, proven.tenant.id)
    outside = await proven.outside()
    signers = await load_signers(superuser, proven.tenant.id)
    log = LogWithTail(proven.tenant.id, state, tail)

    found = [
        *await check_sizes(superuser, log, signers, outside),
        *await check_tail(superuser, proven.tenant.id, outside),
    ]

    assert bool(found) == case.at_start, found


def test_the_documentation_has_the_table() -> None:
    rows = [
        f"| {each.what} | `{each.code}` | {ALSO_START if each.at_start else VERIFY} |"
        for each in CASES
    ]
    page = text("docs/explanation/proof.md")

    assert [row for row in rows if row not in page] == []


async def test_nothing_that_was_tampered_with_is_signed(
    proven: Proven, superuser: asyncpg.Connection
) -> None:
    await forge(superuser, proven)
    keys = await load_log_keys(superuser, proven.served.runtime.sealer)
    mark_key = proven.served.runtime.sealer.mark_key

    with pytest.raises(Contradicted, match="forged"):
        await extend_to_end(superuser, proven.tenant.id, keys, datetime.now(UTC), mark_key=mark_key)


async def test_the_untouched_log_agrees(proven: Proven, superuser: asyncpg.Connection) -> None:
    verdict = await verdict_on(superuser, proven)

    assert (verdict.code, verdict.size) == ("ok", verdict.tail)
    assert len(await load_leaf_hashes(superuser, proven.tenant.id, 1, verdict.size)) == verdict.size


async def test_a_rebuild_of_an_edited_log_is_refused(proven: Proven) -> None:
    owner, edit = proven.served.owner, f"UPDATE eventstore.events SET actor_id = $2 {WHERE} = {AT}"
    sql = f"SELECT actor_id FROM eventstore.events {WHERE} = {AT}"
    former = await owner.fetchval(sql, proven.tenant.id)
    sources, context = await proven.sources(), rebuild_context(proven.served.runtime.dsn)

    for actor, is_refused in ((f"cli:{uuid4()}", True), (former, False)):
        async with owner.transaction():
            await owner.execute(DISARM)
            await owner.execute(edit, proven.tenant.id, actor)
            await owner.execute(DISARM.replace("DISABLE", "ENABLE"))
        if is_refused:
            with pytest.raises(LogContradicted, match=f"altered.*position {AT}"):
                await rebuild(context, silent, sources)
        else:
            assert await rebuild(context, silent, sources) > AT
