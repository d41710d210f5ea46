"""Whether the service is alive, and whether it is ready: for orchestrators and load balancers."""

from typing import Any, Protocol

import asyncpg
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed
from projections.maintenance.release import find_release_mismatches
from service.background.release_watch import not_ready
from service.database.readiness import Readiness
from service.http.parts import SERVICE

READY_TIMEOUT_S = 2.0
READINESS = web.AppKey("readiness", Readiness)


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
    """GET /healthz: 200 as long as the process answers."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: 200 while Postgres accepts writes and its tables are of this release, else 503."""
    try:
        async with borrowed(request.app[SERVICE].pool, timeout_s=READY_TIMEOUT_S) as connection:
            reason = not_ready(await find_release_mismatches(connection))
        reason = reason or await request.app[READINESS].check() or request.app[PROOF].reason()
    except Exception as error:
        if classify(error) is Outage.NONE:
            raise
        reason = reason_of(error)
    proof = request.app[PROOF].document()
    if reason:
        body = {"status": "not ready", "reason": reason, **proof}
        return web.json_response(body, status=503)
    return web.json_response({"status": "ready", **proof})


def reason_of(error: Exception) -> str:
    """Return a reason that shows an operator where to look; it holds no values."""
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return (
            "The database takes no writes: see default_transaction_read_only, or a standby answers."
        )
    if isinstance(error, asyncpg.InvalidTransactionStateError):
        return "default_transaction_isolation must be read committed."
    return type(error).__name__


async def metrics(_request: web.Request) -> web.Response:
    """GET /metrics: the counters of this process, in Prometheus's text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
