"""Rotate keys while everything runs. Both rotations go on where they were interrupted, when they are called again.

The master key: announce the new key → wait until every process has it → wrap with it → wait until every process
does → wrap everything again, in batches → let Postgres refuse what the former key wraps → wrap what came in
between → retire the former key. Until that, both keys open.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from eventstore.sealing.rewrap import (
    admit_every_master_key,
    count_wrapped_otherwise,
    let_postgres_check,
    refuse_other_master_keys,
    rewrap_subject_keys,
)
from eventstore.sealing.sealer import Sealer
from eventstore.trees.keys import rewrap_keys
from projections.directory.tokens import LastExpiry, find_last_expiry
from service.callers.signing_keys import (
    SigningKey,
    load_signing_keys,
    make_signing_key,
    retire_signing_keys,
    rewrap_signing_keys,
)
from service.database.logins.stored import rewrap_logins
from service.database.master_key import sync_folder
from service.keys.keyring import announce_change
from service.keys.master_keys import (
    MasterKeys,
    announce,
    begin_wrapping,
    find_needed,
    load_master_keys,
    load_states,
    retire_former,
    shown,
)
from service.keys.places import NEXT_SETTING, GivenKey, KeyPlaces
from service.keys.processes import ServingProcess, load_processes
from service.keys.secrets import load_name_key, rewrap_secrets, rewrap_webhooks

statement = statements_in(__package__)
callers_statement = statements_in("service.callers")


CONNECT_TIMEOUT_S = 30.0
WAIT_S = 20.0  # For all processes to have a key, or to use it.
POLL_S = 0.05
LOCK_TIMEOUT_MS = 50  # Appends wait as long while a constraint changes; then it is tried again.
TRIES_MAX = 400
RETRY_S = 0.05
OVERLAP = timedelta(
    days=1
)  # The shortest time that a retired signing key verifies, unless one is chosen.

log = structlog.get_logger()

Report = Callable[[str, int, int], None]  # Step, keys done, keys in all (0: unknown).


@dataclass(frozen=True, slots=True)
class RotatedSigningKey:
    """The new signing key, until when the former ones verify (None: without end), and the tokens they signed."""

    kid: str
    verifies_until: datetime | None
    needed: LastExpiry


async def rotate_signing_key(
    connection: Connection, sealer: Sealer, *, verify_for: timedelta | None
) -> RotatedSigningKey:
    """Make a new signing key; the former ones verify for that long, by default until no token needs them.

    The connection is the owner's. Errors: KeyProblem.
    """
    async with connection.transaction():
        await connection.execute(callers_statement("lock_signing_keys"))
        made: SigningKey = await make_signing_key(connection, sealer)
        needed = await find_last_expiry(connection)
        until = _end_of(needed, verify_for)
        await retire_signing_keys(
            connection, made.kid, until=until, is_chosen=verify_for is not None
        )
    await announce_change(connection)
    return RotatedSigningKey(made.kid, until, needed)


def _end_of(needed: LastExpiry, verify_for: timedelta | None) -> datetime | None:
    now = datetime.now(UTC)
    if verify_for is not None:
        return now + verify_for
    if needed.endless:
        return None
    # A token that was issued at this moment may not be known yet.
    return max(now + OVERLAP, needed.at or now)


class NotRotated(Exception):
    """The master key was not rotated, or not to the end; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RotatedMasterKey:
    """The outcome of a rotation. `former_file` is where the former key was put, if it was in a file."""

    fingerprint: str
    former: str
    place: str  # Where the new key is now.
    former_file: Path | None
    keys: int  # Of subjects, that were wrapped again in this call.
    broken: int  # Keys that open under neither master key.


async def rotate_master_key(
    dsn: str, places: KeyPlaces, report: Report, *, wait_s: float = WAIT_S
) -> RotatedMasterKey:
    """Rotate the master key. The DSN is the owner's. Errors: NotRotated, KeyProblem."""
    async with _alone(dsn) as connection:
        known = await load_master_keys(connection)
        if "former" not in known:
            if (ended := await _end_promotion(connection, known, places)) is not None:
                return ended
            known = await _switch(connection, known, places, report, wait_s=wait_s)
        return await _finish(connection, known, places, report, wait_s=wait_s)


@asynccontextmanager
async def _alone(dsn: str) -> AsyncIterator[Connection]:
    """Give a connection while no other rotation runs. Errors: NotRotated.

    The lock belongs to a transaction of another connection: so it works with every pooler, and ends with this process.
    """
    guard = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        async with guard.transaction():
            if not await guard.fetchval(statement("try_lock_rotation")):
                raise NotRotated("A rotation of the master key runs already. Wait until it ends.")
            connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
            try:
                yield connection
            finally:
                connection.terminate()
    finally:
        guard.terminate()


async def _end_promotion(
    connection: Connection, known: MasterKeys, places: KeyPlaces
) -> RotatedMasterKey | None:
    """Put the files in their places, if a rotation was interrupted before that; None if there is nothing to do."""
    given = places.find_next()
    if given is None or given.fingerprint != known.get("current"):
        return None
    if given.place != str(places.next_file) or places.setting is not None:
        return None
    states = await load_states(connection)
    retired = [each for each in states if each.state == "retired"]
    if not retired:
        return None
    former = max(retired, key=lambda each: each.changed_at).fingerprint
    place, kept = _promote(places, given.fingerprint, former)
    return RotatedMasterKey(given.fingerprint, former, place, kept, keys=0, broken=0)


async def _switch(
    connection: Connection, known: MasterKeys, places: KeyPlaces, report: Report, *, wait_s: float
) -> MasterKeys:
    """Give the new key to all processes, then let it wrap; return the states after that."""
    find_needed(known, places)  # Says what is missing here, if anything is.
    given = _new_key(known, places)
    report("announce", 0, 0)
    await announce(connection, given.fingerprint)
    await announce_change(connection)
    lacking = await _lacking(connection, lambda each: given.fingerprint in each.opens, wait_s)
    if lacking:
        raise NotRotated(
            f"{_names(lacking)} not have the new master key, {shown(given.fingerprint)}: give it to every "
            f"process, as {NEXT_SETTING} or as the file {places.next_file}, and run the same command "
            "again. Nothing is wrapped with it yet."
        )
    report("switch", 0, 0)
    await _patiently(connection, _begin(given.fingerprint))
    await announce_change(connection)
    return await load_master_keys(connection)


def _begin(fingerprint: str) -> Callable[[Connection], Awaitable[None]]:
    async def begin(connection: Connection) -> None:
        await admit_every_master_key(connection)
        await begin_wrapping(connection, fingerprint)

    return begin


def _new_key(known: MasterKeys, places: KeyPlaces) -> GivenKey:
    """Return the new key: the given one, or else one that is made, if the one in use is in a file."""
    given = places.find_next()
    if given is not None and given.fingerprint == known["current"]:
        raise NotRotated(
            f"{given.place} is the master key that is in use: put a new one there "
            "(`openssl rand -base64 32` makes one), or remove it."
        )
    if given is not None:
        return given
    if places.setting is not None:
        raise NotRotated(
            "The master key comes from a setting, so the new one comes from you: `openssl rand -base64 32` "
            f"makes one. Give it to every process and to this command, as {NEXT_SETTING} or as the file "
            f"{places.next_file}, and run the same command again."
        )
    return places.make_next()


async def _finish(
    connection: Connection, known: MasterKeys, places: KeyPlaces, report: Report, *, wait_s: float
) -> RotatedMasterKey:
    """Wrap everything again, and retire the former key."""
    current, former = known["current"], known["former"]
    sealer = Sealer(*find_needed(known, places))
    lagging = await _lacking(connection, lambda each: each.wraps_with == current, wait_s)
    if lagging:
        raise NotRotated(
            f"{_names(lagging)} not wrap with the new master key, {shown(current)}, yet. Both keys are in use; "
            "look at the log of that process, and run the same command again to go on."
        )
    total = await count_wrapped_otherwise(connection, current)
    done, _ = await _rewrap(connection, sealer, report, total=total)
    await _rewrap_others(connection, sealer)
    report("refuse the former key", done, total)
    await _patiently(connection, lambda each: refuse_other_master_keys(each, current))
    # Nothing that the former key wraps can come any more, so this is the last pass.
    more, broken = await _rewrap(connection, sealer, report, total=total)
    if broken == 0:
        await let_postgres_check(connection)
    async with connection.transaction():
        await retire_former(connection)
    await announce_change(connection)
    place, former_file = _promote(places, current, former)
    return RotatedMasterKey(current, former, place, former_file, done + more, broken)


async def _rewrap(
    connection: Connection, sealer: Sealer, report: Report, *, total: int
) -> tuple[int, int]:
    """Wrap the keys of subjects again; return how many, and how many open under no key."""
    done = broken = 0
    async for batch in rewrap_subject_keys(connection, sealer):
        done += batch.keys
        broken += len(batch.broken)
        for organization_id, subject_id in batch.broken:
            log.error(
                "subject_key_broken",
                organization_id=str(organization_id),
                subject_id=str(subject_id),
            )
        report("wrap", done, total)
    return done, broken


async def _rewrap_others(connection: Connection, sealer: Sealer) -> None:
    """Wrap again what the master key wraps besides the keys of subjects."""

    async def rewrap(connection: Connection) -> None:
        await rewrap_keys(connection, sealer)
        await rewrap_logins(connection, sealer)
        await rewrap_signing_keys(connection, sealer)
        await rewrap_secrets(connection, sealer)
        await rewrap_webhooks(connection, sealer)

    await _patiently(connection, rewrap)
    # Whoever opens the database next must find these.
    await load_signing_keys(connection, sealer)
    await load_name_key(connection, sealer)


async def _lacking(
    connection: Connection, has: Callable[[ServingProcess], bool], wait_s: float
) -> Collection[ServingProcess]:
    """Return the processes that are not so after a while; none as soon as all are."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    while True:
        lacking = [each for each in await load_processes(connection) if not has(each)]
        if not lacking or loop.time() >= until:
            return lacking
        await asyncio.sleep(POLL_S)


def _names(processes: Collection[ServingProcess]) -> str:
    names = ", ".join(sorted(each.name for each in processes))
    return f"{names[:1].upper()}{names[1:]} {'does' if len(processes) == 1 else 'do'}"


async def _patiently(
    connection: Connection, change: Callable[[Connection], Awaitable[None]]
) -> None:
    """Change what others use, too. Rather than keep them waiting, try again. Errors: NotRotated."""
    for _ in range(TRIES_MAX):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                await change(connection)
        except Exception as error:
            if classify(error) is not Outage.LOCKED:
                raise
            await asyncio.sleep(RETRY_S)
        else:
            return
    raise NotRotated("Others left no moment to change the keys. Run the same command again.")


def _promote(places: KeyPlaces, current: str, former: str) -> tuple[str, Path | None]:
    """Put the new key's file in the place of the former one, which is kept; return where both are.

    At each moment a file with the key that is needed is there.
    """
    given = {each.fingerprint: each for each in places.find()}
    place = given[current].place if current in given else str(places.key_file)
    if place != str(places.next_file) or places.setting is not None:
        return place, None
    kept = places.key_file.with_name(f"{places.key_file.name}.{shown(former)}")
    if places.key_file.exists() and not kept.exists():
        kept.hardlink_to(places.key_file)
    places.next_file.replace(places.key_file)
    sync_folder(places.key_file.parent)
    return str(places.key_file), kept
