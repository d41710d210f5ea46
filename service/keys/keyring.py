"""The keys of this process, and how it learns of new ones while it serves.

A change is announced on a channel, and found by a look every few seconds if the announcement is lost. What cannot
wait looks at once: a token that an unknown key has signed, and a wrapped key whose master key is unknown.
"""

from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.callers.authenticate import Look
from service.callers.signing_keys import SigningKeys, load_signing_keys, reload_signing_keys
from service.database.master_key import KeyProblem
from service.ids import new_id
from service.keys.master_keys import load_master_keys, open_master_keys, shown
from service.keys.places import KeyPlaces
from service.keys.processes import forget_process, note_process
from service.keys.secrets import load_name_key
from service.limits.once_a_second import OnceASecond

statement = statements_in(__package__)


CHANNEL = "scim_ledger_keys"
LOOK_TIMEOUT_S = 5.0

log = structlog.get_logger()


@dataclass(slots=True)
class Keyring:
    """The sealer and the signing keys of this process. Both are shared, and change in place."""

    sealer: Sealer
    signing_keys: SigningKeys
    places: KeyPlaces
    process_id: UUID = field(default_factory=new_id)
    missing: str | None = None  # The master key that the database needs and this process lacks.
    unusable: set[str] = field(default_factory=set)  # Signing keys that do not open.
    problems: dict[str, str] = field(default_factory=dict)  # That were reported and go on.

    async def refresh(self, connection: Connection) -> None:
        """Load what has changed: the master keys that count, and the signing keys."""
        await self._refresh_master_keys(connection)
        try:
            keys = await reload_signing_keys(connection, self.sealer, self.unusable)
        except KeyProblem as error:  # Those that this process has stay in use.
            self._report("signing keys", error)
        else:
            self.problems.pop("signing keys", None)
            self.signing_keys.replace(keys)

    def looking(self, pool: asyncpg.Pool) -> Look:
        """Return what looks for a signing key that is unknown here, and says whether it is known then.

        Anybody may send one, so it looks once a second at most. Errors: those of an outage, also for those who ask
        while it lasts: a key that was not looked for is not unknown.
        """

        async def refresh() -> None:
            async with borrowed(pool, timeout_s=LOOK_TIMEOUT_S) as connection:
                await self.refresh(connection)

        refreshed = OnceASecond(refresh)

        async def look(kid: str) -> bool:
            await refreshed.get()
            return kid in self.signing_keys

        return look

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
            self._report("master key", error)
            return
        self.problems.pop("master key", None)
        for each in given:
            if each.fingerprint in fingerprints:
                self.sealer.add(each.key)

    def _report(self, keys: str, problem: KeyProblem) -> None:
        """Log a problem, once as long as it is the same."""
        if self.problems.get(keys) != str(problem):
            self.problems[keys] = str(problem)
            log.error("keys_unusable", keys=keys, problem=str(problem))


async def open_keyring(connection: Connection, places: KeyPlaces, *, may_make: bool) -> Keyring:
    """Return the keys of a database; the connection is the owner's. The first keys are made here.

    The master key is made only if `may_make`. Errors: KeyProblem.
    """
    master_keys = await open_master_keys(connection, places, may_make=may_make)
    name_key = await load_name_key(connection, Sealer(*master_keys))
    sealer = Sealer(*master_keys, name_key=name_key, find_more=places)
    unusable = set[str]()
    keys = await load_signing_keys(connection, sealer, unusable)
    return Keyring(sealer, SigningKeys(keys), places, unusable=unusable)


async def announce_change(connection: Connection) -> None:
    """Let all processes look at the keys now. Call it after the commit."""
    await connection.execute(statement("announce_change"), CHANNEL)
