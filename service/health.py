"""Whether the service is alive, and whether it is ready: for orchestrators and load balancers."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from eventstore.postgres.outages import Outage, classify
from projections.admin import count_organizations
from projections.borrow import borrowed
from projections.shape import find_other_code
from service.other_code import not_ready
from service.scim.context import SERVICE

READY_TIMEOUT_S = 2.0


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: 200 while the process answers at all."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: 200 while Postgres answers with tables that this release can write, else 503."""
    try:
        async with borrowed(request.app[SERVICE].pool, timeout_s=READY_TIMEOUT_S) as connection:
            reason = not_ready(await find_other_code(connection))
            if not reason:
                await count_organizations(connection)
    except Exception as error:
        if classify(error) is Outage.NONE:
            raise
        reason = type(error).__name__
    if reason:
        return web.json_response({"status": "not ready", "reason": reason}, status=503)
    return web.json_response({"status": "ready"})


async def metrics(_request: web.Request) -> web.Response:
    """GET /metrics: what this process has counted, in Prometheus's text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
