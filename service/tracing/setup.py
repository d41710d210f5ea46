"""Whether a process makes traces, and where it sends them: the standard variables of OpenTelemetry say so.

It imports the libraries of the extra `otel` only if the variables ask for traces.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from threading import Thread
from typing import Final

import structlog

from service.config import SettingProblem
from service.tracing.spans import Spans

EXPORTER: Final = "OTEL_TRACES_EXPORTER"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP: Final = "http/protobuf"
CLOSE_TIMEOUT_S: Final = 5.0  # For a collector that does not answer when the service stops.

log = structlog.get_logger()


def are_wanted(environ: Mapping[str, str]) -> bool:
    """Return whether the variables ask for traces. Errors: SettingProblem for a value that we cannot follow."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get(EXPORTER, "").strip()
    if exporter == "none" or not (exporter or any(environ.get(each) for each in ENDPOINTS)):
        return False
    if exporter not in {"", "otlp"}:
        raise SettingProblem(f"{EXPORTER} must be otlp or none.")
    for name in PROTOCOLS:
        if environ.get(name, HTTP).strip() not in {"", HTTP}:
            raise SettingProblem(f"{name} must be {HTTP}: traces are sent over HTTP.")
    return True


@asynccontextmanager
async def tracing_in(environ: Mapping[str, str]) -> AsyncIterator[Spans | None]:
    """Give what makes the spans of this process, and send the last ones afterwards; None if no traces are wanted.

    Errors: SettingProblem, also if the extra is not installed.
    """
    if not are_wanted(environ):
        yield None
        return
    tracing = open_tracing(environ)
    try:
        yield tracing
    finally:
        await close(tracing)


def open_tracing(environ: Mapping[str, str]) -> Spans:
    """Return the spans' maker with an exporter over OTLP/HTTP. The library reads the other variables itself."""
    if find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise SettingProblem("Traces need the extra otel: pip install 'scim-ledger[otel]'.")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra.
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra.
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra.
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra.

    from service.tracing.tracing import Tracing  # noqa: PLC0415 - it needs the extra.

    own = {"service.version": version("scim-ledger")}
    if not environ.get("OTEL_SERVICE_NAME") and "service.name" not in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    ):
        own["service.name"] = "scim-ledger"
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


async def close(tracing: Spans) -> None:
    """Send what is left, for some seconds at most."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def end() -> None:
        tracing.close()
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            loop.call_soon_threadsafe(done.set)

    Thread(target=end, name="last spans", daemon=True).start()
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await done.wait()
    except TimeoutError:
        log.warning("traces_not_sent")
