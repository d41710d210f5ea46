"""The composition root: the one place where all parts of the running service meet."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache, partial
from importlib.metadata import version
from typing import Final

import orjson
from aiohttp import web

from projections.directory.queries.composed import ComposedStatements
from projections.directory.queries.members import Rows
from projections.directory.queries.reader import QueryReader
from projections.directory.queries.totals import Totals
from service.admin.routes import ADMIN_API
from service.api.api import add_api
from service.api.openapi import describe
from service.api.problem import problem_form
from service.api.route import JSON
from service.audit.routes import AUDIT_API
from service.background.followers import following
from service.background.former_names import hashing_names
from service.background.gauges import keeping_gauges
from service.background.keys import keeping_keys
from service.background.login_renewal import keeping_login
from service.background.loop_watch import watching_loop
from service.background.periodic import periodically
from service.background.release_watch import watching_release
from service.background.replica_lag import measuring_lag
from service.background.statistics import keeping_statistics
from service.background.token_expiry import announcing_expiry
from service.background.token_uses import keeping_token_uses
from service.callers.authenticate import Authenticator
from service.callers.issuers import IssuerRules, read_rules
from service.callers.rates import Rates
from service.checking.daily import checking_logs
from service.config import Settings
from service.console.app import add_console, console_running
from service.console.framework.serve import console_form
from service.failover.lost_tail import LostTails
from service.feed.parts import FEED, make_feed
from service.feed.routes import FEED_API
from service.feed.wakes import waking
from service.http import health
from service.http.answer import Answer
from service.http.answering import answering_in, organization_of, route_of
from service.http.connections.client_address import TrustedProxies
from service.http.connections.draining import DRAINING, Draining
from service.http.error_form import ErrorForms
from service.http.hosts import Hosts
from service.http.parts import SERVICE, Service
from service.http.plain_reads import PlainReader
from service.http.server import Answering, Handler, MakeShortcut, make_runner
from service.limits.descriptors import backlog, connections_max
from service.limits.failures import Failures
from service.limits.fair_share import FairShare
from service.limits.garbage import collecting_garbage
from service.limits.memory_share import MemoryShare
from service.limits.offload import LONG_MEMBERS, is_idle, offload
from service.limits.rate import RateLimits
from service.limits.shared_buckets import SharedBuckets
from service.limits.turns import Turns, Working
from service.limits.working_memory import WorkingMemory
from service.moves.held import LOOK_EVERY_S, HeldLogs
from service.oauth import routes as oauth
from service.oauth.errors import OAUTH_ERRORS
from service.oauth.grant import Granter
from service.oauth.key_sets import KeySets
from service.operate.routes import OPERATE_API
from service.proof.copies import outside_copy
from service.proof.parts import proving
from service.proof.record import record
from service.reads.background import recording_reads
from service.requests.background import keeping_requests
from service.runtime import Runtime
from service.scim.error_form import SCIM_ERRORS
from service.scim.plain_reads import PLAIN_READS
from service.scim.routes import add_routes
from service.signals import ending
from service.tracing.spans import Spans
from service.webhooks.parts import delivering, place_rules
from service.webhooks.poll import ISSUER, KEYS_PATH, RUNTIME, SETS_API, keys
from service.webhooks.routes import RULES, WEBHOOKS_API
from service.witnessing.look import asking_witnesses
from service.workers.listening import cannot_listen

# What bodies in work may take in memory, in all and of one organization: 192 and 128 MiB.
MEMORY_BYTES_MAX, MEMORY_BYTES_EACH_MAX = 201_326_592, 134_217_728
MEMORY_WAIT_S = 20.0
# Of bodies that arrive: 96 and 48 MiB.
BODIES_BYTES_MAX, BODIES_BYTES_EACH_MAX = 100_663_296, 50_331_648
BUCKETS_FORGOTTEN_EVERY_S = 3_600.0
WAIT_S = 5.0  # For a share of the pool's connections.

APIS: Final = (ADMIN_API, AUDIT_API, FEED_API, SETS_API, WEBHOOKS_API, OPERATE_API)
OPENAPI_PATH: Final = "/api/openapi.json"
ANSWERING: Final = answering_in(
    ErrorForms(
        SCIM_ERRORS,
        (
            problem_form("/api/admin", f"{OPENAPI_PATH} describes the admin API."),
            OAUTH_ERRORS,
            problem_form("/api/audit", f"{OPENAPI_PATH} describes the audit API."),
            console_form(),
            problem_form("/api/feed", f"{OPENAPI_PATH} describes the feed."),
            problem_form("/api/operate", f"{OPENAPI_PATH} describes the operators' API."),
            problem_form(OPENAPI_PATH, f"{OPENAPI_PATH} describes the APIs."),
        ),
    )
)


def make_app(runtime: Runtime, settings: Settings) -> web.Application:
    """Return the application that serves SCIM from an open runtime."""
    app = web.Application(client_max_size=2**40)
    working = Working()
    app[SERVICE] = Service(
        runtime=runtime,
        pool=runtime.pool,
        lanes=runtime.lanes,
        reader=runtime.reader,
        authenticator=Authenticator(
            runtime.pool,
            runtime.signing_keys,
            look=runtime.keyring.looking(runtime.pool),
            uses=runtime.token_uses,
            rates=rates_of(settings),
            stopped=runtime.stopped,
        ),
        sealer=runtime.sealer,
        queries=query_reader(runtime, share_of(settings.pool_size_max // 2, working)),
        streams=share_of(settings.pool_size_max // 4, working),
        memory=WorkingMemory(MEMORY_BYTES_MAX, MEMORY_BYTES_EACH_MAX, wait_s=MEMORY_WAIT_S),
        bodies=MemoryShare(BODIES_BYTES_MAX, BODIES_BYTES_EACH_MAX),
        hosts=Hosts(
            public_url=settings.public_url,
            listening=settings.host,
            allowed=settings.allowed_host_names,
        ),
        turns=Turns(working=working),
        rates=RateLimits(SharedBuckets(runtime.pool).take),
        failures=Failures(settings.failed_authentications_per_minute),
        outside=outside_copy(settings),
        backup_retention_days=settings.backup_retention_days,
        kept=runtime.kept,
        issuer_rules=issuer_rules(settings),
    )
    feed = app[FEED] = make_feed(runtime, settings.pool_size_max)
    app.on_shutdown.append(feed.stop)
    app[RULES], app[ISSUER], app[RUNTIME] = place_rules(settings), settings.origin, runtime
    app[health.READY] = health.ready(runtime.pool)
    app[health.METRICS] = health.exposed()
    add_routes(app)
    oauth.add_routes(app, granter(runtime, settings))
    for api in APIS:
        add_api(app, api)
    if settings.console:
        add_console(app, settings)
    app.router.add_get(OPENAPI_PATH, openapi)
    app.router.add_get(KEYS_PATH, keys)
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", health.metrics)
    return app


def shortcut_of(app: web.Application) -> MakeShortcut:
    """Return what makes the shortcut of an application: it answers plain reads of SCIM."""
    return partial(PlainReader, app[SERVICE], PLAIN_READS)


def issuer_rules(settings: Settings) -> IssuerRules:
    """Return which issuers may vouch for OAuth clients."""
    return read_rules(settings.issuer_hosts, may_be_private=settings.issuers_may_be_private)


def granter(runtime: Runtime, settings: Settings) -> Granter:
    """Return what grants access tokens to OAuth clients."""
    return Granter(
        runtime.pool,
        lambda: runtime.signing_key,
        KeySets(issuer_rules(settings)),
        share_of(settings.pool_size_max // 4),
        lifetime=timedelta(minutes=settings.access_token_minutes),
    )


def rates_of(settings: Settings) -> Rates:
    """Return the rate limits that hold where an organization has no others."""
    return Rates(
        requests_per_second=settings.requests_per_second,
        burst=settings.burst,
        token_requests_per_second=settings.token_requests_per_second,
        token_burst=settings.token_burst,
    )


async def openapi(_request: web.Request) -> Answer:
    """GET /api/openapi.json: the description of our APIs."""
    return Answer(described(), media_type=JSON)


@lru_cache(maxsize=1)
def described() -> bytes:
    """Return the OpenAPI document of our APIs."""
    return orjson.dumps(describe(APIS, title="scim-ledger", version=version("scim-ledger")))


def traced(answering: Answering, spans: Spans) -> Answering:
    """Return how a server answers where each request has a span."""

    def around(handle: Handler, draining: Draining) -> Handler:
        return spans.traced(
            answering.around(handle, draining), route_of=route_of, organization_of=organization_of
        )

    return replace(answering, around=around)


def query_reader(runtime: Runtime, share: FairShare) -> QueryReader:
    """Return the reader of pages, which uses a share of the pool's connections."""

    async def offload_rows(work: Callable[[Rows], str], rows: Rows) -> str:
        return await offload(work, len(rows) > LONG_MEMBERS, rows)

    composed = ComposedStatements()
    totals = Totals(composed)
    return QueryReader(runtime.reading, runtime.reader, share.slot, offload_rows, totals, composed)


def share_of(connections: int, working: Working | None = None) -> FairShare:
    """Return a share of the pool's connections; one organization may hold at most half of it.

    While others work too, as `working` knows, it may hold a sixth.
    """
    each = max(1, (connections + 1) // 2)
    return FairShare(max(1, connections), each, wait_s=WAIT_S, working=working)


@asynccontextmanager
async def serving(
    runtime: Runtime,
    settings: Settings,
    *,
    draining: Draining | None = None,
    listening: socket.socket | None = None,
) -> AsyncIterator[int]:
    """Serve for the duration of the block; yield the port (the system chooses one for a setting of 0).

    `listening` is a socket to accept from, in place of one of our own. At the end: stop accepting, finish the requests
    in flight, stop the followers after a batch.
    """
    draining = draining or Draining()
    app = make_app(runtime, settings)
    spans = runtime.spans
    runner = make_runner(
        app,
        traced(ANSWERING, spans) if spans else ANSWERING,
        connections_max=connections_max(settings.pool_size_max),
        proxies=TrustedProxies(settings.proxy_networks),
        # Only requests on the ordinary way have a span.
        shortcut=None if spans else shortcut_of(app),
        draining=draining,
    )
    app[DRAINING] = draining
    async with (
        collecting_garbage(lambda: app[SERVICE].memory.is_free and is_idle()),
        keeping_house(runtime),
        hashing_names(runtime.pool, runtime.sealer),
        following(runtime.login, runtime.sealer),
        delivering(runtime, app[FEED], settings),
        waking(app[FEED].wakes),
        keeping_requests(
            runtime.pool,
            runtime.sealer,
            app[SERVICE].kept,
            days=settings.requests_kept_days,
            per_day=settings.requests_kept_per_day,
        ),
        recording_reads(
            runtime.reads, runtime.pool, runtime.sealer, runtime.lanes, runtime.stopped
        ),
        proving(runtime, settings, LostTails(runtime, settings).declare) as proof,
        checking_logs(runtime, settings, proof.verdicts),
        asking_witnesses(runtime, proof.verdicts),
        console_running(app, runtime, settings),
    ):
        app[health.PROOF] = proof
        await runner.setup()
        try:
            await start(site_of(runner, settings, listening), settings)
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()


@asynccontextmanager
async def keeping_house(runtime: Runtime) -> AsyncIterator[None]:
    """Watch the loop and the release, and keep keys, logins, figures and uses of tokens current, during the block."""
    async with (
        watching_loop(),
        watching_release(runtime.pool),
        keeping_keys(runtime.login, runtime.keyring),
        keeping_login(runtime.login, runtime.pool),
        announcing_expiry(runtime.pool, partial(record, runtime)),
        keeping_statistics(runtime.pool),
        keeping_gauges(runtime.pool, runtime.lanes),
        keeping_token_uses(runtime.token_uses, runtime.pool),
        looking_around(runtime),
    ):
        yield


@asynccontextmanager
async def looking_around(runtime: Runtime) -> AsyncIterator[None]:
    """Look every now and then at what is held, at the replica, and at buckets that nobody uses, during the block."""
    async with (
        periodically(
            SharedBuckets(runtime.pool).forget_old,
            every_s=BUCKETS_FORGOTTEN_EVERY_S,
            name="request buckets",
            failed="request_buckets_failed",
            postponed="request_buckets_postponed",
        ),
        periodically(
            HeldLogs(runtime.pool, runtime.stopped).look,
            every_s=LOOK_EVERY_S,
            name="held logs",
            failed="held_logs_failed",
            postponed="held_logs_postponed",
        ),
        measuring_lag(runtime.reading),
    ):
        yield


def site_of(
    runner: web.AppRunner, settings: Settings, listening: socket.socket | None
) -> web.BaseSite:
    """Return where to accept connections."""
    if listening is not None:
        return web.SockSite(runner, listening, backlog=backlog())
    return web.TCPSite(runner, settings.host, settings.port, backlog=backlog(), reuse_address=True)


async def start(site: web.BaseSite, settings: Settings) -> None:
    """Listen. Errors: CannotListen."""
    try:
        await site.start()
    except OSError as error:
        raise cannot_listen(settings.host, settings.port, error) from error


async def until_stopped(on_signal: Callable[[], None]) -> None:
    """Return at the first signal that ends a process. `on_signal` reports it; it must neither fail nor wait."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        is_first = not stopped.is_set()
        stopped.set()
        if is_first:
            on_signal()

    for each in ending():
        loop.add_signal_handler(each, stop)
    await stopped.wait()
