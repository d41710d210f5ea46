"""Who read the log: each caller's reads of an hour are one event, which names whom it asked for."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventstore.events import Provenance
from service.ids import new_id
from service.reads.flush import flush
from service.reads.record import record_ended
from service.reads.seen import SUBJECTS_MAX, WAITING_MAX, AuditReads
from tests.admin.client import BASE, Admin, with_scope
from tests.admin.test_audit import AUDIT, until_followed
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

    async def recorded(self) -> list[dict[str, Any]]:
        """Return the events of reads, newest first, as if the hour were over."""
        runtime, later = self.served.runtime, datetime.now(UTC) + timedelta(hours=1)
        await flush(runtime.pool, runtime.reads)
        await record_ended(runtime.pool, runtime.lanes, runtime.stopped, now=later)
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
    assert f"read the log of {reader.tenant.name} 5 times, also about {ANNA}." in event["sentence"]
    assert ANNA not in str(facts)


async def test_an_erased_person_has_no_name_in_what_was_read(reader: Reader) -> None:
    await reader.audit.get(f"/users/{reader.anna}/timeline")
    await reader.recorded()
    body = {"subjectId": reader.anna, "reason": "asked for", "force": True}
    assert (await reader.audit.post("/erasures", body)).status == 201

    event = (await reader.recorded())[-1]

    assert "also about Erased person " in event["sentence"]
    assert ANNA not in str(event)


async def test_what_was_refused_is_no_read(reader: Reader) -> None:
    assert (await reader.audit.get("/events?limit=1000")).status == 400
    assert (await reader.audit.get(f"/users/{reader.tenant.id}/access")).status == 404
    assert await reader.recorded() == []


async def test_an_hour_that_goes_on_waits_and_is_recorded_once(reader: Reader) -> None:
    runtime, now = reader.served.runtime, datetime.now(UTC)
    await reader.audit.get("/events")
    await flush(runtime.pool, runtime.reads)
    await record_ended(runtime.pool, runtime.lanes, runtime.stopped, now=now)
    assert (await reader.audit.get(READ_TYPE)).body["items"] == []

    assert len(await reader.recorded()) == 1
    assert len(await reader.recorded()) == 2  # Each call of this test reads, too.
    assert len(await reader.recorded()) == 3


async def test_reads_of_a_stopped_log_wait(reader: Reader) -> None:
    await reader.audit.get("/events")
    stopped = reader.served.runtime.stopped
    stopped.stop(reader.tenant.id, "restored")
    runtime, later = reader.served.runtime, datetime.now(UTC) + timedelta(hours=1)
    await flush(runtime.pool, runtime.reads)
    await record_ended(runtime.pool, runtime.lanes, stopped, now=later)
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
