"""Runs a service whose clock is in the past, and lets a year happen through its API."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final
from uuid import UUID

import aiohttp

from eventstore.events import Provenance
from eventstore.trees.logs import load_logs
from projections.directory.organizations import list_organizations
from projections.followers.lag import lag
from schema.events.organization import Organization
from schema.scim.errors import Conflict
from service.app import serving
from service.background.followers import FOLLOWERS
from service.callers.scopes import ADMIN, AUDIT_ERASE, AUDIT_EXPORT, AUDIT_READ
from service.config import Settings
from service.demo.client import Client
from service.demo.year import Tokens, Year
from service.organizations.accounts import create_account
from service.organizations.register import create_organization
from service.organizations.tokens import issue_token, revoke_token
from service.reads.flush import flush
from service.reads.record import record_ended
from service.requests.flush import flush as flush_requests
from service.runtime import Runtime

NAME: Final = "Contoso"
WAIT_S: Final = 300.0
LOOK_EVERY_S: Final = 0.1
YEAR: Final = timedelta(days=365, hours=2)  # The first cycle comes a little after its beginning.
OVERLAP: Final = timedelta(hours=2)  # Of two tokens of the provider.
AN_HOUR_LATER: Final = timedelta(hours=1)
AUDITOR: Final = (AUDIT_READ, AUDIT_EXPORT, AUDIT_ERASE)


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made."""

    organization_id: UUID
    name: str
    begin: datetime
    end: datetime
    requests: int
    events: int


async def make_demo(
    runtime: Runtime,
    settings: Settings,
    *,
    end: datetime,
    people: int,
    seed: int,
    provenance: Provenance,
    report: Callable[[int, int], None],
) -> Demo:
    """Make an organization with a year of history that ends at an instant. Errors: Conflict if there is an organization."""
    async with runtime.pool.acquire() as connection:
        if await list_organizations(connection):
            raise Conflict(
                "This database has an organization. A demonstration is made in a new one only: name another folder with "
                "SCIM_LEDGER_DATA_DIR."
            )
    random = Random(seed)  # noqa: S311 - an invented company, not a secret.
    runtime.clock.set(end - YEAR)
    own = settings.model_copy(update={"host": "127.0.0.1", "port": 0})
    async with serving(runtime, own) as port, aiohttp.ClientSession() as session:
        made = await create_organization(runtime, NAME, provenance=provenance)
        client = Client(session, f"http://127.0.0.1:{port}", runtime.clock, random)
        issuing = _Issuing(runtime, made.organization, client, provenance)
        tokens = Tokens(
            provider=await issuing.renew(),
            administrator=await issuing.issue("Grace Holm, IT", (ADMIN,), account="grace.holm"),
            auditor=await issuing.issue("Audit 2026", AUDITOR, account="auditor"),
        )
        roles = {name: str(role_id) for name, role_id in made.organization.roles.items()}
        year = Year(
            client,
            tokens,
            roles,
            random,
            end=end,
            people=people,
            renew=issuing.renew,
            pause=partial(
                flush_requests,
                runtime.pool,
                runtime.sealer,
                runtime.kept,
                settings.requests_kept_per_day,
            ),
        )
        await year.happen(report)
        await flush(runtime.pool, runtime.sealer, runtime.reads)
        runtime.clock.set(end - AN_HOUR_LATER)
        await record_ended(
            runtime.pool,
            runtime.sealer,
            runtime.lanes,
            runtime.stopped,
            now=runtime.clock.now() + AN_HOUR_LATER,
        )
        events = await _until_proven(runtime)
    return Demo(made.organization.id, NAME, end - YEAR, end, client.requests, events)


class _Issuing:
    """Gives out tokens. The provider gets a new one, and its former one ends two hours later."""

    def __init__(
        self,
        runtime: Runtime,
        organization: Organization,
        client: Client,
        provenance: Provenance,
    ) -> None:
        self._runtime, self._organization = runtime, organization
        self._client, self._provenance = client, provenance
        self._of_provider: list[UUID] = []

    async def issue(self, label: str, scopes: Collection[str], *, account: str) -> str:
        """Return a token of a new technical account."""
        await create_account(
            self._runtime,
            self._organization,
            account,
            display_name=label,
            provenance=self._provenance,
        )
        issued = await issue_token(
            self._runtime,
            self._organization,
            label,
            account=account,
            scopes=scopes,
            provenance=self._provenance,
        )
        return issued.token

    async def renew(self) -> str:
        """Return a new token for the provider; end its former one."""
        runtime, client = self._runtime, self._client
        runtime.clock.set(client.now)
        label = f"Entra {client.now:%Y-%m}"
        issued = await issue_token(runtime, self._organization, label, provenance=self._provenance)
        if self._of_provider:
            client.now += OVERLAP
            runtime.clock.set(client.now)
            await revoke_token(
                runtime, self._organization, self._of_provider[-1], provenance=self._provenance
            )
        self._of_provider.append(issued.token_id)
        return issued.token


async def _until_proven(runtime: Runtime) -> int:
    """Wait until what follows the log has all of it, and a checkpoint is signed; return how many events there are."""
    async with asyncio.timeout(WAIT_S), runtime.pool.acquire() as connection:
        while True:
            [log] = await load_logs(connection)
            behind = [
                each
                for follower in FOLLOWERS
                for each in await lag(connection, follower.name)
                if each.events
            ]
            if not behind and log.state is not None and log.state.size == log.tail:
                return log.tail
            await asyncio.sleep(LOOK_EVERY_S)
