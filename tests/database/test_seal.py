"""Personal values are unreadable in the tables, bound to their place, and gone with the subject's key."""

import hmac

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.errors import BrokenSeal, SubjectErased, SubjectExists
from eventstore.read import read
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import KeyedHash, Sealer, place, seal, unseal
from tests.database.events import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_STREAM,
    SEALER,
    STREAM,
    append_events,
    new_event,
)

NAME = b'{"userName": "jyoung@example.com"}'
OTHER_NAME = b'{"userName": "bjensen@example.com"}'
HERE = place(ORGANIZATION, STREAM, STREAM)


@given(key=st.binary(max_size=200), text=st.binary(max_size=200))
def test_a_keyed_hash_is_an_hmac(key: bytes, text: bytes) -> None:
    keyed = KeyedHash(key)
    for each in (text, b"", text):
        assert keyed.digest(each) == hmac.digest(key, each, "sha256")


async def test_a_personal_part_opens_as_it_was_given(connection: asyncpg.Connection) -> None:
    events = await append_events(connection, new_event(personal=NAME))
    assert await open_personal(connection, SEALER, events) == [NAME]


async def test_an_event_without_a_personal_part_opens_as_none(
    connection: asyncpg.Connection,
) -> None:
    events = await append_events(connection, new_event())
    assert events[0].sealed is None
    assert await open_personal(connection, SEALER, events) == [None]


async def test_the_tables_do_not_hold_a_name_in_the_clear(connection: asyncpg.Connection) -> None:
    await append_events(connection, new_event(personal=NAME))
    [(row, sealed)] = await connection.fetch("SELECT events::text, sealed FROM eventstore.events")
    assert "jyoung" not in row
    assert b"jyoung" not in sealed


async def test_a_subject_keeps_its_key(connection: asyncpg.Connection) -> None:
    await append_events(connection, new_event(1, personal=NAME), new_event(2, personal=NAME))
    await append_events(connection, new_event(3, personal=OTHER_NAME))
    events = await read(connection, ORGANIZATION, after=0, limit=10)
    assert await connection.fetchval("SELECT count(*) FROM eventstore.subject_keys") == 1
    assert await open_personal(connection, SEALER, events) == [NAME, NAME, OTHER_NAME]


async def test_subjects_have_keys_of_their_own(connection: asyncpg.Connection) -> None:
    events = [new_event(personal=NAME), new_event(stream_id=OTHER_STREAM, personal=NAME)]
    await append_events(connection, *events)
    keys = await connection.fetch("SELECT subject_id, wrapped_key FROM eventstore.subject_keys")
    opened = {SEALER.unwrap(wrapped, ORGANIZATION, subject) for subject, wrapped in keys}
    assert len(opened) == 2


async def test_events_of_several_organizations_open_together(
    connection: asyncpg.Connection,
) -> None:
    here = await append_events(connection, new_event(personal=NAME))
    there = await append_events(
        connection, new_event(personal=OTHER_NAME), organization_id=OTHER_ORGANIZATION
    )
    assert await open_personal(connection, SEALER, here + there) == [NAME, OTHER_NAME]


async def test_an_erased_subject_is_unreadable_and_its_events_stay(
    connection: asyncpg.Connection,
) -> None:
    events = [new_event(personal=NAME), new_event(stream_id=OTHER_STREAM, personal=OTHER_NAME)]
    recorded = await append_events(connection, *events)
    await connection.execute("DELETE FROM eventstore.subject_keys WHERE subject_id = $1", STREAM)
    assert await read(connection, ORGANIZATION, after=0, limit=10) == recorded
    assert await open_personal(connection, SEALER, recorded) == [None, OTHER_NAME]


async def test_nothing_personal_is_appended_about_an_erased_subject(
    connection: asyncpg.Connection,
) -> None:
    await append_events(connection, new_event(1, personal=NAME))
    await connection.execute("DELETE FROM eventstore.subject_keys")
    with pytest.raises(SubjectErased):
        await append_events(connection, new_event(2, personal=NAME))
    await append_events(connection, new_event(2))


async def test_a_key_is_never_replaced(connection: asyncpg.Connection) -> None:
    _, wrapped = SEALER.new_subject_key(ORGANIZATION, STREAM)
    await connection.execute(
        "INSERT INTO eventstore.subject_keys VALUES ($1, $2, $3)", ORGANIZATION, STREAM, wrapped
    )
    with pytest.raises(SubjectExists):
        await append_events(connection, new_event(1, personal=NAME))


async def test_bytes_moved_to_another_event_do_not_open(connection: asyncpg.Connection) -> None:
    first, second = await append_events(
        connection, new_event(1, personal=NAME), new_event(2, personal=OTHER_NAME)
    )
    with pytest.raises(BrokenSeal):
        await open_personal(connection, SEALER, [first._replace(sealed=second.sealed)])


async def test_a_key_moved_to_another_subject_does_not_open(
    connection: asyncpg.Connection,
) -> None:
    recorded = await append_events(connection, new_event(personal=NAME))
    await connection.execute("UPDATE eventstore.subject_keys SET subject_id = $1", OTHER_STREAM)
    moved = [recorded[0]._replace(subject_id=OTHER_STREAM)]
    with pytest.raises(BrokenSeal):
        await open_personal(connection, SEALER, moved)


async def test_another_master_key_does_not_open(connection: asyncpg.Connection) -> None:
    events = await append_events(connection, new_event(personal=NAME))
    with pytest.raises(BrokenSeal):
        await open_personal(connection, Sealer(b"x" * 32), events)


async def test_a_personal_part_without_a_subject_is_a_bug(connection: asyncpg.Connection) -> None:
    event = new_event(personal=NAME)
    orphan = type(event)(
        event.stream_id, 1, event.event_id, "X", 1, "{}", NAME, None, event.provenance
    )
    with pytest.raises(TypeError):
        await append_events(connection, orphan)


@pytest.mark.parametrize("cut", [0, 11, 12, 27])
def test_a_truncated_seal_does_not_open(cut: int) -> None:
    key, _ = SEALER.new_subject_key(ORGANIZATION, STREAM)
    with pytest.raises(BrokenSeal):
        unseal(key, seal(key, NAME, aad=HERE)[:cut], aad=HERE)


def test_the_same_plaintext_is_sealed_differently_each_time() -> None:
    key, _ = SEALER.new_subject_key(ORGANIZATION, STREAM)
    assert seal(key, NAME, aad=HERE) != seal(key, NAME, aad=HERE)


def test_a_secret_opens_in_its_context_only() -> None:
    wrapped = SEALER.wrap_secret(b"secret", context="signing key a")
    assert SEALER.unwrap_secret(wrapped, context="signing key a") == b"secret"
    with pytest.raises(BrokenSeal):
        SEALER.unwrap_secret(wrapped, context="signing key b")


def test_a_subject_key_does_not_open_as_a_secret() -> None:
    _, wrapped = SEALER.new_subject_key(ORGANIZATION, STREAM)
    with pytest.raises(BrokenSeal):
        SEALER.unwrap_secret(wrapped, context="")


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short")
