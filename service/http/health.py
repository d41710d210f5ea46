"""Whether the service is alive, and whether it is ready: for orchestrators and load balancers.

Nobody needs a token here. So each answer is made at most once a second, however many ask for it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple, Protocol

import asyncpg
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed
from projections.followers.lag import Lag, find_beyond
from projections.maintenance.release import find_release_mismatches
from projections.registry import PROJECTIONS
from service.background.release_watch import not_ready
from service.database.readiness import try_to_write
from service.http.connections import draining
from service.http.connections.draining import DRAINING
from service.limits.once_a_second import OnceASecond
from service.metrics.exposed import written

READY_TIMEOUT_S = 2.0
FOLLOWED = tuple(name for name, each in PROJECTIONS.items() if each.follower is not None)


class Ready(NamedTuple):
    """Why the service is not ready; empty if it is."""

    reason: str


READY: web.AppKey[OnceASecond[Ready]] = web.AppKey("ready", OnceASecond)
METRICS: web.AppKey[OnceASecond[bytes]] = web.AppKey("metrics", OnceASecond)


class Proof(Protocol):
    """What the proof of the logs says about them."""

    def document(self) -> dict[str, Any]:
        """Return what is to be shown; empty if all is well."""
        ...

    def reason(self) -> str:
        """Return why the service is not ready; empty if it is."""
        ...


PROOF = web.AppKey("proof", Proof)


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: 200 as long as the process answers; with its version."""
    return web.json_response({"status": "alive", "version": own_version()})


@lru_cache(maxsize=1)
def own_version() -> str:
    """Return the version of the installed package."""
    return version("scim-ledger")


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: 200 while Postgres accepts writes and its tables are of this release, else 503."""
    proof = request.app[PROOF]
    if request.app[DRAINING].is_on:
        return web.json_response({"status": "not ready", "reason": draining.REASON}, status=503)
    reason = (await request.app[READY].get()).reason or proof.reason()
    shown = proof.document()
    if reason:
        body = {"status": "not ready", "reason": reason, **shown}
        return web.json_response(body, status=503)
    return web.json_response({"status": "ready", **shown})


def ready(pool: asyncpg.Pool) -> OnceASecond[Ready]:
    """Return what looks whether the service is ready."""

    async def look() -> Ready:
        try:
            async with borrowed(pool, timeout_s=READY_TIMEOUT_S) as connection:
                reason = not_ready(await find_release_mismatches(connection))
            reason = reason or await try_to_write(pool)
            return Ready(reason or await _find_lost(pool))
        except Exception as error:
            if classify(error) is Outage.NONE:
                raise
            return Ready(reason_of(error))

    return OnceASecond(look)


async def _find_lost(pool: asyncpg.Pool) -> str:
    async with borrowed(pool, timeout_s=READY_TIMEOUT_S) as connection:
        return log_lost({each: await find_beyond(connection, each) for each in FOLLOWED})


def log_lost(beyond: Mapping[str, Sequence[Lag]]) -> str:
    """Return that logs have lost events; empty if they have not. To write on would hide what is missing."""
    for name, lags in beyond.items():
        if lags:
            first = lags[0]
            return (
                f"The checkpoint of {name} is beyond the end of {len(lags)} log(s), such as that of organization "
                f"{first.organization_id}: {first.position} of {first.tail}. Events are lost, or the checkpoint was "
                "changed: see scim-ledger projections status."
            )
    return ""


def reason_of(error: Exception) -> str:
    """Return a reason that shows an operator where to look; it holds no values."""
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return (
            "The database takes no writes: see default_transaction_read_only, or a standby answers."
        )
    if isinstance(error, asyncpg.InvalidTransactionStateError):
        return "default_transaction_isolation must be read committed."
    return type(error).__name__


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: the metrics of this process, or of all workers, in Prometheus's text format."""
    text = await request.app[METRICS].get()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def exposed() -> OnceASecond[bytes]:
    """Return what writes the metrics out."""

    async def write() -> bytes:
        return written()

    return OnceASecond(write)
