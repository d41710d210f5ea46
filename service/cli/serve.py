"""`scim-ledger serve`: the service from its start to its end, and what it prints."""

import asyncio
import ctypes
import os
import sys
from contextlib import suppress

import structlog

from schema.scim.errors import NotFound
from service.app import serving, until_stopped
from service.cli.admin.issue import issue_and_show
from service.cli.printing.welcome import welcome, welcome_back
from service.cli.process import output
from service.cli.process.output import OutputClosed, OutputFailed
from service.cli.process.run import unbroken
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.console.sessions.caller import ADMINISTRATOR, OPERATOR
from service.console.sessions.links import make_link
from service.database.address import record_address
from service.database.session_check import refuse_other_session
from service.http.connections.draining import Draining
from service.limits.descriptors import raise_limit
from service.limits.garbage import tune_gc
from service.organizations.first_start import set_up_first
from service.organizations.register import CreatedOrganization, find_organization
from service.organizations.tokens import issue_token
from service.runtime import Runtime, open_runtime
from service.signals import ending
from service.tracing.setup import tracing_in
from service.workers.parent import run_workers
from service.workers.worker import Worker

MMAP_THRESHOLD = -3  # The number of this parameter in malloc.h.
LARGE_BLOCK_BYTES = 131_072

STOPPING = "Stopping: finishing the requests in flight …"
STOPPED = "Stopped."

log = structlog.get_logger()


async def run_service(settings: Settings, *, worker: Worker | None = None) -> None:
    """Serve until a signal, alone or as one of several workers. Errors: as `open_runtime`, CannotListen."""
    raise_limit()
    is_heard = worker is None
    draining = Draining()
    async with (
        tracing_in(os.environ) as spans,
        open_runtime(settings, is_migrating=True, spans=spans) as runtime,
        serving(
            runtime, settings, draining=draining, listening=worker.socket() if worker else None
        ) as port,
    ):
        await refuse_other_session(runtime.pool)
        bound = settings.model_copy(update={"port": port})
        await record_address(runtime.pool, bound.origin)
        # Only once the port is ours: if listening failed later, a new token would be lost before anybody saw it.
        first = await unbroken(set_up_first(runtime, cli_provenance()))
        tune_gc()
        tune_allocator()
        if worker is None or worker.is_first:
            await _welcome(runtime, bound, first)
        if worker is not None:
            worker.is_ready()
            worker.watch_parent()
        await until_stopped(lambda: _mention(STOPPING) if is_heard else None)
        await drain(draining, settings.drain_seconds)
    if is_heard:
        _mention(STOPPED)


async def serve_with_workers(settings: Settings, count: int) -> None:
    """Serve with several workers until a signal. Errors: CannotListen, NotStarted."""
    raise_limit()
    await run_workers(settings, count, lambda: _mention(STOPPING))
    _mention(STOPPED)


async def drain(draining: Draining, seconds: float) -> None:
    """Go on serving while balancers learn that this process is not ready. A further signal ends it."""
    loop = asyncio.get_running_loop()
    for each in ending():
        loop.add_signal_handler(each, draining.cut_short)
    await draining.wait(seconds)


async def _welcome(runtime: Runtime, settings: Settings, first: CreatedOrganization | None) -> None:
    """Print that the service is ready. Only a terminal is shown a token, because other people read stored logs."""
    try:
        link = await _console_link(runtime, settings) if sys.stdout.isatty() else None
        if first is not None and sys.stdout.isatty():
            await issue_and_show(
                runtime,
                first.organization,
                issue_token(
                    runtime, first.organization, "first start", provenance=cli_provenance()
                ),
                lambda issued: welcome(settings, first.organization, issued.token, link),
            )
        elif first is not None:
            await output.show(welcome(settings, first.organization, None, link))
        else:
            await output.show(await welcome_back(runtime, settings, link))
    except (OutputClosed, OutputFailed) as error:  # The service runs all the same.
        log.warning("standard_output_unusable", error=str(error))


async def _console_link(runtime: Runtime, settings: Settings) -> str | None:
    """Return a link that signs in to the console; None without a console, or if several organizations share it."""
    if not settings.console:
        return None
    try:
        organization = await find_organization(runtime, None)
    except NotFound:
        return None
    actor = cli_provenance().actor_id
    return settings.origin + await make_link(
        runtime.pool, organization.id, [ADMINISTRATOR, OPERATOR], actor
    )


def _mention(text: str) -> None:
    """Print a line if the output has room for it now. A full or closed output must not delay the stop."""
    with suppress(OutputClosed, OutputFailed):
        output.mention(text)


def tune_allocator() -> None:
    """Give large blocks back to the system as soon as they are free, where the C library is glibc.

    By itself it raises the size from which it does so with each block that is freed, up to 32 MiB. After some large
    requests the process would keep hundreds of megabytes.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
