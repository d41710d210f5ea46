"""The master keys of a database: which one wraps, and which ones are still needed. The keys themselves are not in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import fingerprint_of
from service.database.master_key import KeyProblem
from service.keys.places import GivenKey, KeyPlaces

statement = statements_in(__package__)
callers_statement = statements_in("service.callers")


# next: announced, not used yet. current: wraps. former: what it wrapped is being wrapped again. retired: not needed.
State = Literal["next", "current", "former", "retired"]
SHOWN = 8  # Characters of a fingerprint that messages show.


@dataclass(frozen=True, slots=True)
class MasterKeyState:
    """A master key as the database knows it."""

    fingerprint: str
    state: State
    created_at: datetime
    changed_at: datetime


class MasterKeys(dict[State, str]):
    """The fingerprint of the key in each state, without the retired ones."""

    @property
    def needed(self) -> list[str]:
        """Return the keys without which something cannot be opened; the one that wraps comes first."""
        return [self[each] for each in ("current", "former") if each in self]


async def load_states(connection: Connection) -> list[MasterKeyState]:
    """Return all master keys that the database has had, oldest first."""
    rows = await connection.fetch(statement("load_master_keys"))
    return [MasterKeyState(*row) for row in rows]


async def load_master_keys(connection: Connection) -> MasterKeys:
    """Return the fingerprints of the master keys that are in use."""
    states = await load_states(connection)
    return MasterKeys({each.state: each.fingerprint for each in states if each.state != "retired"})


async def open_master_keys(
    connection: Connection, places: KeyPlaces, *, may_make: bool
) -> tuple[bytes, ...]:
    """Return the master keys of a database, first the one that wraps. A key is made only if it has none yet.

    During a rotation they are two, and a third that is announced comes last if it is here.
    Errors: KeyProblem; then no key file is left behind.
    """
    async with connection.transaction():
        # If two processes start together, the second waits and finds the key of the first.
        await connection.execute(callers_statement("lock_signing_keys"))
        known = await load_master_keys(connection)
        if not known:
            key = places.first(may_make=may_make)
            await connection.execute(statement("claim_master_key"), fingerprint_of(key))
            return (key,)
    return find_needed(known, places)


def find_needed(known: MasterKeys, places: KeyPlaces) -> tuple[bytes, ...]:
    """Return the keys that a database needs, and the announced one if it is here. Errors: KeyProblem."""
    given = places.find()
    if not given:
        places.first(may_make=False)  # Says that there is no key, and what to do.
    held = {each.fingerprint: each for each in given}
    for each in known.needed:
        if each not in held:
            raise KeyProblem(_missing(each, known, given))
    announced = [held[known["next"]]] if known.get("next") in held else []
    return tuple(each.key for each in [*(held[each] for each in known.needed), *announced])


def _missing(fingerprint: str, known: MasterKeys, given: Sequence[GivenKey]) -> str:
    where = " and ".join(each.place for each in given)
    if fingerprint == known.get("former"):
        return (
            f"The master key is being rotated, and the former one, {shown(fingerprint)}, is needed until "
            "that ends: set SCIM_LEDGER_MASTER_KEY to it and SCIM_LEDGER_NEXT_MASTER_KEY to the new one, "
            "or restore its file."
        )
    return (
        f"The database was made with another master key than {where}: set SCIM_LEDGER_MASTER_KEY to the one "
        f"whose fingerprint begins with {shown(fingerprint)}, or restore its file."
    )


def shown(fingerprint: str) -> str:
    """Return the part of a fingerprint that messages and lists show."""
    return fingerprint[:SHOWN]


async def announce(connection: Connection, fingerprint: str) -> None:
    """Announce a key that is to wrap. It replaces one that was announced and never used. Errors: KeyProblem."""
    async with connection.transaction():
        await connection.execute(callers_statement("lock_signing_keys"))
        for each in await load_states(connection):
            if each.fingerprint == fingerprint and each.state != "next":
                raise KeyProblem(
                    f"The new master key, {shown(fingerprint)}, has been used before: make another one."
                )
        await connection.execute(statement("withdraw_master_key"), fingerprint)
        await connection.execute(statement("announce_master_key"), fingerprint)


async def begin_wrapping(connection: Connection, fingerprint: str) -> None:
    """Let the announced key wrap from now on, and the former one only open. The caller owns the transaction.

    Errors: KeyProblem if another key was announced meanwhile.
    """
    await connection.execute(statement("end_wrapping"))
    if await connection.fetchval(statement("begin_wrapping"), fingerprint) is None:
        raise KeyProblem(
            "Another rotation has announced another key meanwhile: look at `keys list`."
        )


async def retire_former(connection: Connection) -> None:
    """Note that the former key is not needed any more. The caller owns the transaction."""
    await connection.execute(statement("retire_master_key"))
