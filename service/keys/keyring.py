"""The keys of this process, and how it learns of new ones while it serves.

A change is announced on a channel, and found by a look every few seconds if the announcement is lost. What cannot
wait looks at once: a token that an unknown key has signed, and a wrapped key whose master key is unknown.
"""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.callers.signing_keys import SigningKeys, load_signing_keys, reload_signing_keys
from service.database.master_key import KeyProblem
from service.ids import new_id
from service.keys.master_keys import load_master_keys, open_master_keys, shown
from service.keys.places import KeyPlaces
from service.keys.processes import forget_process, note_process
from service.keys.secrets import load_name_key

statement = statements_in(__package__)


CHANNEL = "scim_ledger_keys"
LOOK_TIMEOUT_S = 5.0
LOOK_S = (
    1.0  # The shortest time between two looks for an unknown signing key: anybody may send one.
)

log = structlog.get_logger()


@dataclass(slots=True)
class Keyring:
    """The sealer and the signing keys of this process. Both are shared, and change in place."""

    sealer: Sealer
    signing_keys: SigningKeys
    places: KeyPlaces
    process_id: UUID = field(default_factory=new_id)
    missing: str | None = None  # The master key that the database needs and this process lacks.
    looked_at_s: float = float("-inf")
    looking: asyncio.Task[None] | None = None

    async def refresh(self, connection: Connection) -> None:
        """Load what has changed: the master keys that count, and the signing keys."""
        await self._refresh_master_keys(connection)
        try:
            self.signing_keys.replace(await reload_signing_keys(connection, self.sealer))
        except KeyProblem as error:  # Those that this process has stay in use.
            _report("signing keys", error)

    async def look(self, kid: str, pool: asyncpg.Pool) -> bool:
        """Look for a signing key that is unknown here; return whether it is known now. Errors: those of an outage.

        All who ask meanwhile wait for the same look.
        """
        now = time.monotonic()
        if self.looking is None and now - self.looked_at_s >= LOOK_S:
            self.looked_at_s = now
            self.looking = asyncio.create_task(self._refresh_by(pool), name="key look")
        if self.looking is not None:
            await asyncio.shield(self.looking)
        return kid in self.signing_keys

    async def _refresh_by(self, pool: asyncpg.Pool) -> None:
        try:
            async with borrowed(pool, timeout_s=LOOK_TIMEOUT_S) as connection:
                await self.refresh(connection)
        finally:
            self.looking = None

    async def report(self, connection: Connection) -> None:
        """Note in the database which keys this process has."""
        keys = list(self.signing_keys.values())
        await note_process(
            connection,
            self.process_id,
            wraps_with=self.sealer.fingerprint,
            opens=sorted(self.sealer.fingerprints),
            signing_kid=next((each.kid for each in reversed(keys) if not each.retired_at), None),
        )

    async def leave(self, connection: Connection) -> None:
        """Note in the database that this process ends."""
        await forget_process(connection, self.process_id)

    async def _refresh_master_keys(self, connection: Connection) -> None:
        known = await load_master_keys(connection)
        if lacking := set(known.values()) - self.sealer.fingerprints:
            self._add_given(lacking)
        current = known.get("current", self.sealer.fingerprint)
        if current in self.sealer.fingerprints:
            if current != self.sealer.fingerprint:
                self.sealer.use(current)
                log.info("master_key_changed", fingerprint=shown(current))
            self.missing = None
        elif current != self.missing:
            self.missing = current
            log.error("master_key_missing", fingerprint=shown(current))

    def _add_given(self, fingerprints: set[str]) -> None:
        """Add those of some keys that this process was given."""
        try:
            given = self.places.find()
        except KeyProblem as error:
            _report("master key", error)
            return
        for each in given:
            if each.fingerprint in fingerprints:
                self.sealer.add(each.key)


def _report(keys: str, problem: KeyProblem) -> None:
    log.error("keys_unusable", keys=keys, problem=str(problem))


async def open_keyring(connection: Connection, places: KeyPlaces, *, may_make: bool) -> Keyring:
    """Return the keys of a database; the connection is the owner's. The first keys are made here.

    The master key is made only if `may_make`. Errors: KeyProblem.
    """
    master_keys = await open_master_keys(connection, places, may_make=may_make)
    name_key = await load_name_key(connection, Sealer(*master_keys))
    sealer = Sealer(*master_keys, name_key=name_key, find_more=places)
    return Keyring(sealer, SigningKeys(await load_signing_keys(connection, sealer)), places)


async def announce_change(connection: Connection) -> None:
    """Let all processes look at the keys now. Call it after the commit."""
    await connection.execute(statement("announce_change"), CHANNEL)
