"""Who read the log: each caller's reads of an hour are one event, which names whom it asked for."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from eventstore.events import Provenance
from eventstore.read import read_at
from service.ids import new_id
from service.reads.flush import flush
from service.reads.record import record_ended
from service.reads.seen import SUBJECTS_MAX, WAITING_MAX, AuditReads
from service.replay.references import open_for_readers
from tests.admin.client import BASE, Admin, with_scope
from tests.admin.test_audit import AUDIT
from tests.admin.test_exports import Exporter
from tests.following import until_followed
from tests.serving import Scim, Served, Tenant, make_tenant

ANNA = "anna@contoso.com"
READ_TYPE = "/events?type=AuditRead"


@dataclass
class Reader:
    """An organization with Anna, and a client of the audit API."""

    served: Served
    tenant: Tenant
    audit: Admin
    anna: str

    async def flush(self) -> None:
        """Write what was read to the database, as the service does every few seconds."""
        runtime = self.served.runtime
        await flush(runtime.pool, runtime.sealer, runtime.reads)

    async def flush_and_record(self, now: datetime) -> None:
        """Do so, and record the hours that have ended."""
        runtime = self.served.runtime
        await self.flush()
        await record_ended(runtime.pool, runtime.sealer, runtime.lanes, runtime.stopped, now=now)

    async def recorded(self) -> list[dict[str, Any]]:
        """Return the events of reads, newest first, as if the hour were over."""
        await self.flush_and_record(datetime.now(UTC) + timedelta(hours=1))
        await until_followed(self.served, self.tenant)
        answer = await self.audit.get(READ_TYPE)
        items: list[dict[str, Any]] = answer.body["items"]
        return items


@pytest.fixture
async def reader(served: Served) -> Reader:
    """Give an organization whose log nobody has read."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    anna = await Scim(served, tenant.token).post("/Users", {"userName": ANNA})
    await until_followed(served, tenant)
    audit = Admin(served, with_scope(served, tenant, "audit:read audit:erase admin"), AUDIT)
    return Reader(served, tenant, audit, anna.body["id"])


async def test_the_reads_of_an_hour_are_one_event_that_names_whom_they_were_about(
    reader: Reader,
) -> None:
    await reader.audit.get(f"/events?userName={ANNA}")
    await reader.audit.get("/events?userName=nobody@contoso.com")
    await reader.audit.get(f"/users/{reader.anna}/timeline")
    await reader.audit.get("/roles/Administrator/holders")
    await reader.audit.status("GET", "/checkpoint")  # It holds nothing about anybody.
    data = Admin(reader.served, reader.audit.token, BASE)
    await data.get(f"/users/{reader.anna}/data")

    [event] = await reader.recorded()

    facts = event["facts"]
    assert event["actor"]["id"] == reader.tenant.account_id
    assert event["token"] == {"id": str(reader.tenant.token_id), "label": "tests"}
    assert event["source"] == "api"
    assert facts["reads"] == 5
    assert facts["paths"] == {
        "/api/admin/v1/users/{id}/data": 1,
        "/api/audit/v1/events": 2,
        "/api/audit/v1/roles/{role}/holders": 1,
        "/api/audit/v1/users/{id}/timeline": 1,
    }
    assert facts["subjects"] == [reader.anna]
    assert event["position"] - 1 == facts["toPosition"]
    assert f"read the log of {reader.tenant.name} 5 times, also about {ANNA}" in event["sentence"]
    assert "searched for “nobody@contoso.com”." in event["sentence"]
    assert facts["names"] == ["nobody@contoso.com"]
    assert ANNA not in str(facts)


async def test_an_erased_person_has_no_name_in_what_was_read(reader: Reader) -> None:
    await reader.audit.get(f"/users/{reader.anna}/timeline")
    await reader.recorded()
    body = {"subjectId": reader.anna, "reason": "asked for", "force": True}
    assert (await reader.audit.post("/erasures", body)).status == 201

    event = (await reader.recorded())[-1]

    assert "also about Erased person " in event["sentence"]
    assert ANNA not in str(event)


LATER, FRAGMENT = "bertha.late@contoso.com", "bertha.la"
ROWS = "SELECT t::text FROM {} AS t"
HOLDING = (
    "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
    " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
)


async def tables_with(served: Served, text: str) -> list[str]:
    """Return the tables that hold a text in the clear: as text, as bytes and as a number of bytes."""
    found = []
    for (name,) in await served.owner.fetch(HOLDING):
        rows = " ".join(row[0] for row in await served.owner.fetch(ROWS.format(name)))
        if text in rows.lower() or text.encode().hex() in rows.lower():
            found.append(name)
    return found


async def test_names_that_nobody_has_are_sealed_and_forgotten_with_whoever_gets_them(
    reader: Reader,
) -> None:
    """Somebody searches for a person who comes later, and who is erased then."""
    await reader.audit.get(f"/events?userName={LATER}")
    await reader.audit.get(f"/events?actor={LATER}")
    await reader.audit.get(f"/users?q={FRAGMENT}")
    await reader.audit.get("/events?group=Nowhere")
    await reader.flush()
    assert await tables_with(reader.served, FRAGMENT) == []
    event = (await reader.recorded())[0]
    assert event["facts"]["names"] == sorted({LATER, FRAGMENT, "Nowhere"})
    assert event["facts"]["namesSought"] == 3
    assert await tables_with(reader.served, FRAGMENT) == []

    scim = Scim(reader.served, reader.tenant.token)
    late = (await scim.post("/Users", {"userName": LATER})).body["id"]
    body = {"subjectId": late, "reason": "asked for", "force": True}
    assert (await reader.audit.post("/erasures", body)).status == 201
    await until_followed(reader.served, reader.tenant)

    shown = (await reader.audit.get(f"{READ_TYPE}&order=asc")).body["items"][0]
    assert shown["position"] == event["position"]
    assert "names" not in shown["facts"]
    assert "searched for 3 names that nobody had" in shown["sentence"]
    token = with_scope(reader.served, reader.tenant, "audit:export")
    exporter = Exporter(reader.served, reader.tenant, token)
    for path in ("/export/events?format=ndjson", "/export/events?format=csv", "/evidence"):
        given = await given_out(exporter, path)
        assert FRAGMENT.encode() not in given.lower(), path
    runtime = reader.served.runtime
    async with runtime.pool.acquire() as connection:
        [read] = await read_at(connection, reader.tenant.id, [event["position"]])
        assert await open_for_readers(connection, runtime.sealer, [read]) == [None]
    assert await tables_with(reader.served, FRAGMENT) == []


async def given_out(exporter: Exporter, path: str) -> bytes:
    """Return a file; of a bundle, what is in it."""
    file = await exporter.get(path)
    assert file.status == 200, path
    if not path.startswith("/evidence"):
        return file.content
    with ZipFile(BytesIO(file.content)) as bundle:
        return b"".join(bundle.read(each) for each in bundle.namelist())


async def test_names_that_wait_for_the_end_of_the_hour_are_forgotten_too(reader: Reader) -> None:
    await reader.audit.get(f"/events?userName={LATER}")
    await reader.audit.get("/events?userName=somebody.else@contoso.com")
    await reader.flush()
    scim = Scim(reader.served, reader.tenant.token)
    late = (await scim.post("/Users", {"userName": LATER})).body["id"]
    body = {"subjectId": late, "reason": "asked for", "force": True}
    receipt = (await reader.audit.post("/erasures", body)).body
    assert receipt["cleared"]["service.audit_reads"] == 1

    assert "names" not in (await reader.recorded())[0]["facts"]


async def test_one_name_of_several_is_forgotten_alone_before_the_hour_ends(reader: Reader) -> None:
    for name in (LATER, "somebody.else@contoso.com"):
        await reader.audit.get(f"/events?userName={name}")
        await reader.flush()
    scim = Scim(reader.served, reader.tenant.token)
    late = (await scim.post("/Users", {"userName": LATER})).body["id"]
    await reader.audit.post("/erasures", {"subjectId": late, "reason": "asked for", "force": True})

    facts = (await reader.recorded())[0]["facts"]
    assert facts["names"] == ["somebody.else@contoso.com"]


async def test_what_was_refused_is_no_read(reader: Reader) -> None:
    assert (await reader.audit.get("/events?limit=1000")).status == 400
    assert (await reader.audit.get(f"/users/{reader.tenant.id}/access")).status == 404
    assert await reader.recorded() == []


async def test_an_hour_that_goes_on_waits_and_is_recorded_once(reader: Reader) -> None:
    now = datetime.now(UTC)
    await reader.audit.get("/events")
    await reader.flush_and_record(now)
    assert (await reader.audit.get(READ_TYPE)).body["items"] == []

    assert len(await reader.recorded()) == 1
    assert len(await reader.recorded()) == 2  # Each call of this test reads, too.
    assert len(await reader.recorded()) == 3


async def test_reads_of_a_stopped_log_wait(reader: Reader) -> None:
    await reader.audit.get("/events")
    stopped = reader.served.runtime.stopped
    stopped.stop(reader.tenant.id, "restored")
    await reader.flush_and_record(datetime.now(UTC) + timedelta(hours=1))
    stopped.release(reader.tenant.id)
    await until_followed(reader.served, reader.tenant)
    assert (await reader.audit.get(READ_TYPE)).body["items"] == []

    [event] = await reader.recorded()
    assert event["facts"]["reads"] == 2


def test_of_too_many_subjects_none_is_counted_and_memory_is_bounded() -> None:
    seen, organization = AuditReads(), new_id()
    by = Provenance("cli:ann", None, new_id(), "cli")
    seen.see(organization, by, "a", subjects=[new_id() for _ in range(SUBJECTS_MAX + 1)])
    assert [key.subject_id for key in seen.take()] == [None]
    for _ in range(WAITING_MAX // SUBJECTS_MAX + 1):
        seen.see(organization, by, "a", subjects=[new_id() for _ in range(SUBJECTS_MAX)])
    assert len(seen) == WAITING_MAX
