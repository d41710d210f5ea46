"""Traces from a request to its statements: what is in them, what never is, and that they are off unless asked for."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from service.config import SettingProblem
from service.tracing import setup
from service.tracing.setup import are_wanted, tracing_in
from service.tracing.tracing import Tracing
from tests.protocol.collector import collecting
from tests.serving import Scim, Served, Tenant, make_tenant, started

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENT = f"00-{TRACE}-{PARENT}-01"
ORGANIZATION = "scim_ledger.organization.id"
# All that a span may say. Whoever adds an attribute thinks about whose values it may hold.
ATTRIBUTES = {
    ORGANIZATION,
    "db.operation.name",
    "db.system.name",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "scim_ledger.batch.commands",
}


@dataclass(frozen=True, slots=True)
class Traced:
    """A service that makes traces."""

    served: Served
    tenant: Tenant
    scim: Scim
    exporter: InMemorySpanExporter

    def spans(self) -> list[ReadableSpan]:
        """Return the spans that have ended since the last call."""
        found = list(self.exporter.get_finished_spans())
        self.exporter.clear()
        return found


@pytest.fixture
async def traced(database_url: str) -> AsyncIterator[Traced]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with started(database_url, spans=Tracing(provider)) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        exporter.clear()
        yield Traced(served, tenant, Scim(served, tenant.token), exporter)


def only(spans: list[ReadableSpan], name: str) -> ReadableSpan:
    """Return the one span of a name."""
    [found] = [each for each in spans if each.name == name]
    return found


def children(spans: list[ReadableSpan], parent: ReadableSpan) -> list[ReadableSpan]:
    """Return the spans right below another one."""
    return [
        each
        for each in spans
        if each.parent is not None and each.parent.span_id == parent.context.span_id
    ]


async def test_a_write_is_traced_from_the_request_to_its_statements(traced: Traced) -> None:
    await traced.scim.post("/Users", {"userName": "ada@example.com"}, traceparent=SENT)
    spans = traced.spans()

    request = only(spans, "POST /api/scim/v2/Users")
    assert request.kind is SpanKind.SERVER
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/api/scim/v2/Users",
        "http.response.status_code": 201,
        ORGANIZATION: str(traced.tenant.id),
    }
    batch = only(spans, "batch")
    assert batch.attributes == {
        ORGANIZATION: str(traced.tenant.id),
        "scim_ledger.batch.commands": 1,
    }
    assert [each.context.span_id for each in batch.links] == [request.context.span_id]
    statements = children(spans, batch)
    assert "append_and_save_users" in [each.name for each in statements]
    assert all(each.kind is SpanKind.CLIENT for each in statements)


async def test_the_trace_of_a_client_goes_on_in_ours(traced: Traced) -> None:
    await traced.scim.get("/Users?count=1", traceparent=SENT)
    await traced.scim.get("/Users?count=1", traceparent="00-no-trace-01")
    own, broken = (each for each in traced.spans() if each.kind is SpanKind.SERVER)

    assert own.parent is not None
    assert (f"{own.context.trace_id:032x}", f"{own.parent.span_id:016x}") == (TRACE, PARENT)
    assert broken.parent is None


async def test_a_client_that_is_not_sampled_has_no_spans(traced: Traced) -> None:
    await traced.scim.get("/Users?count=1", traceparent=f"00-{TRACE}-{PARENT}-00")
    assert traced.spans() == []


async def test_requests_of_one_batch_are_linked_by_it(traced: Traced) -> None:
    bodies = [{"userName": f"user{number}@example.com"} for number in range(12)]
    await asyncio.gather(*(traced.scim.post("/Users", each) for each in bodies))
    spans = traced.spans()
    requests = {each.context.span_id for each in spans if each.kind is SpanKind.SERVER}
    batches = [each for each in spans if each.name == "batch"]

    linked = [link.context.span_id for each in batches for link in each.links]
    assert sorted(linked) == sorted(requests)
    assert len(batches) <= len(requests)
    for each in batches:
        assert each.attributes is not None
        assert each.attributes["scim_ledger.batch.commands"] == len(each.links)
        assert each.parent is not None
        assert each.parent.span_id == each.links[0].context.span_id


async def test_each_read_has_its_request_span_and_its_statement(traced: Traced) -> None:
    user = (await traced.scim.post("/Users", {"userName": "ada@example.com"})).body["id"]
    traced.spans()
    await traced.scim.get(f"/Users/{user}")
    await traced.scim.find("/Users", filter='userName eq "ada@example.com"')
    spans = traced.spans()

    first, second = (each for each in spans if each.kind is SpanKind.SERVER)
    assert first.name == "GET /api/scim/v2/Users/{id}"
    assert [each.name for each in children(spans, first)] == ["read_one_of_users_by_id"]
    assert [each.name for each in children(spans, second)] == ["read_one_of_users_by_user_name"]


async def test_no_span_holds_what_a_client_sent(traced: Traced) -> None:
    scim, secret = traced.scim, "Lovelace"
    created = await scim.post(
        "/Users", {"userName": f"{secret}@example.com", "displayName": secret, "externalId": secret}
    )
    path = f"/Users/{created.body['id']}"
    await scim.post("/Users", {"userName": f"{secret}@example.com"})  # 409
    await scim.post("/Users", f'{{"userName": {secret}'.encode())  # 400
    await scim.find("/Users", filter=f'displayName co "{secret}" and emails.value sw "{secret}"')
    await scim.find("/Users", filter=f"{secret} eq 1")
    await scim.patch(path, {"op": "replace", "path": "nickName", "value": secret})
    await scim.post("/Groups", {"displayName": secret, "members": [{"value": created.body["id"]}]})
    await scim.get(f"/{secret}")
    await scim.get(path, Authorization=f"Bearer {secret}")
    await scim.ask(secret, path)  # Any word may be a method.
    await scim.ask("DELETE", path, X_Request_Id=secret, tracestate=f"v=x{secret}", traceparent=SENT)
    spans = traced.spans()

    written = "".join(
        f"{each.name} {dict(each.attributes or {})} {each.status.description} {each.events}"
        f" {[dict(link.attributes or {}) for link in each.links]}"
        for each in spans
    )
    assert len(spans) > 25
    assert secret.lower() not in written.lower()
    assert created.body["id"] not in written
    assert scim.token is not None
    assert scim.token not in written
    assert {name for each in spans for name in each.attributes or {}} <= ATTRIBUTES
    refused = [each.attributes or {} for each in spans if each.kind is SpanKind.SERVER]
    assert {409, 400, 401, 404} <= {each["http.response.status_code"] for each in refused}


async def test_a_failure_has_its_kind_and_no_message(traced: Traced) -> None:
    await traced.served.owner.execute("ALTER TABLE directory.users RENAME TO hidden")
    answer = await traced.scim.ask("GET", '/Users?filter=displayName co "x"')
    await traced.served.owner.execute("ALTER TABLE directory.hidden RENAME TO users")
    spans = traced.spans()

    request = next(each for each in spans if each.kind is SpanKind.SERVER)
    failed = [
        each for each in children(spans, request) if each.status.status_code is StatusCode.ERROR
    ]
    assert answer.status == 503
    assert request.status.status_code is StatusCode.ERROR
    assert {(each.attributes or {})["error.type"] for each in failed} == {"UndefinedTableError"}
    assert all(each.events == () and each.status.description is None for each in spans)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "scim"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
        (
            {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"},
            False,
        ),
    ],
)
def test_only_a_standard_variable_switches_traces_on(
    environ: Mapping[str, str], *, wanted: bool
) -> None:
    assert are_wanted(environ) is wanted


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_what_we_cannot_follow_is_refused_by_name(environ: Mapping[str, str]) -> None:
    with pytest.raises(SettingProblem, match=list(environ)[-1]):
        are_wanted(environ)


def test_without_the_variables_no_library_of_traces_is_imported() -> None:
    loaded = "import sys, service.app, service.cli.serve; print('opentelemetry' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", loaded], check=True, capture_output=True, text=True
    )
    assert said.stdout == "False\n"


async def test_without_the_extra_a_wish_for_traces_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(setup, "find_spec", lambda _: None)
    with pytest.raises(SettingProblem, match=r"scim-ledger\[otel\]"):
        async with tracing_in({"OTEL_TRACES_EXPORTER": "otlp"}):
            pass


async def test_a_collector_gets_the_trace_over_http(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as collector:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with tracing_in(environ) as spans, started(database_url, spans=spans) as served:
            tenant = await make_tenant(served.runtime, "Contoso")
            await Scim(served, tenant.token).post(
                "/Users", {"userName": "ada@example.com"}, traceparent=SENT
            )
    ours = [each for each in collector.spans if each.trace_id.hex() == TRACE]
    assert {"POST /api/scim/v2/Users", "batch", "append_and_save_users"} <= {
        each.name for each in ours
    }
    assert collector.resource()["service.name"] == "scim-ledger"
    assert b"ada" not in b"".join(each.SerializeToString() for each in collector.received)


async def test_a_collector_that_is_away_holds_up_no_request_and_no_stop(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "CLOSE_TIMEOUT_S", 0.5)
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", environ["OTEL_EXPORTER_OTLP_ENDPOINT"])
    async with tracing_in(environ) as spans:
        async with started(database_url, spans=spans) as served:
            tenant = await make_tenant(served.runtime, "Contoso")
            answer = await Scim(served, tenant.token).post(
                "/Users", {"userName": "ada@example.com"}
            )
        began_s = time.monotonic()
    assert answer.status == 201
    assert time.monotonic() - began_s < 60
