"""Exports of the audit API, and reports ready to print."""

import csv
import hashlib
import io
import secrets
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from yarl import URL

from service.replay import reports
from service.replay.parquet import GROUP_ROWS, ParquetFile
from service.replay.reports import TITLES
from tests.admin.client import Admin, with_scope
from tests.admin.test_audit import AUDIT
from tests.following import last_position, until_followed
from tests.serving import Scim, Served, Tenant, make_tenant

HOSTILE = "=cmd|' /C calc'!A0"
TAG = "<script>alert(1)</script>"


@dataclass
class File:
    """What an export answered."""

    status: int
    headers: Any
    content: bytes


@dataclass
class Exporter:
    """A client that reads files."""

    served: Served
    tenant: Tenant
    token: str

    async def get(self, path: str, method: str = "GET") -> File:
        """Read a file to its end."""
        url = URL(f"http://127.0.0.1:{self.served.port}{AUDIT}{path}", encoded=True)
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.served.session.request(method, url, headers=headers) as response:
            return File(response.status, response.headers, await response.read())


@pytest.fixture(scope="module")
async def exporter(served: Served) -> Exporter:
    """Give an organization where somebody with a hostile name became an Administrator and left."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim, admin = Scim(served, tenant.token), Admin(served, with_scope(served, tenant, "admin"))
    user = {"userName": "eve@contoso.com", "displayName": HOSTILE, "title": TAG}
    eve = (await scim.post("/Users", user)).body["id"]
    await scim.post("/Users", {"userName": TAG, "displayName": "Quiet"})
    await scim.post("/Groups", {"displayName": "Legal", "members": [{"value": eve}]})
    # Somebody else stays an Administrator: the last one among people cannot be deactivated.
    await admin.post("/users", {"userName": "stays@contoso.com", "role": "Administrator"})
    await admin.patch(f"/users/{eve}", {"role": "Administrator"})
    await admin.post(f"/users/{eve}/deactivate")
    await until_followed(served, tenant)
    return Exporter(served, tenant, with_scope(served, tenant, "audit:export"))


async def test_a_file_of_lines_ends_with_the_digest_of_all_before(exporter: Exporter) -> None:
    file = await exporter.get("/export/events")

    assert file.status == 200
    assert file.headers["Content-Type"] == "application/x-ndjson"
    assert 'filename="events.ndjson"' in file.headers["Content-Disposition"]
    *lines, last = file.content.splitlines(keepends=True)
    events = [orjson.loads(line) for line in lines]
    trailer = orjson.loads(last)["trailer"]
    assert trailer["digest"] == hashlib.sha256(b"".join(lines)).hexdigest()
    assert trailer["count"] == len(events)
    assert [each["position"] for each in events] == list(range(1, len(events) + 1))
    assert {"sentence", "changes", "actor", "resourceName"} <= set(events[0])


async def test_an_export_goes_on_after_a_position(exporter: Exporter) -> None:
    whole = (await exporter.get("/export/events")).content.splitlines()
    rest = (await exporter.get("/export/events?after=3")).content.splitlines()

    assert rest[: len(whole) - 4] == whole[3:-1]


async def test_only_what_is_asked_for_is_exported(exporter: Exporter) -> None:
    file = await exporter.get("/export/events?type=UserDeactivated")

    assert [orjson.loads(line).get("type") for line in file.content.splitlines()[:-1]] == [
        "UserDeactivated"
    ]


async def test_a_spreadsheet_calculates_nothing(exporter: Exporter) -> None:
    events = await exporter.get("/export/events?format=csv")
    access = await exporter.get("/export/access?format=csv")

    assert events.headers["Content-Type"] == "text/csv; charset=utf-8"
    for file in (events, access):
        rows = list(csv.reader(io.StringIO(file.content.decode())))
        assert len(rows) > 1
        assert not [each for row in rows for each in row if each[:1] in set("=+-@\t\r")]


async def test_who_had_which_access(exporter: Exporter) -> None:
    file = await exporter.get("/export/access")

    rows = [orjson.loads(line) for line in file.content.splitlines()]
    eve = next(each for each in rows if each.get("userName") == "eve@contoso.com")
    assert (eve["role"], eve["active"], eve["groups"]) == ("Administrator", False, ["Legal"])
    early = await exporter.get("/export/access?at=2001-01-01")
    assert orjson.loads(early.content)["trailer"]["count"] == 0


@pytest.mark.parametrize("name", TITLES)
async def test_a_report_prints_and_nothing_in_it_runs(exporter: Exporter, name: str) -> None:
    page = await exporter.get(f"/reports/{name}?days=1")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = page.content.decode()
    assert f"<h1>{TITLES[name]}</h1>" in text
    assert "@media print" in text
    assert "<script" not in text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    table = await exporter.get(f"/reports/{name}?format=csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = await exporter.get(f"/reports/{name}?format=ndjson")
    *rows, last = lines.content.splitlines(keepends=True)
    trailer = orjson.loads(last)["trailer"]
    assert trailer["digest"] == hashlib.sha256(b"".join(rows)).hexdigest()


async def test_reports_say_who_left_and_who_was_an_administrator(exporter: Exporter) -> None:
    left = (await exporter.get("/reports/leavers?format=csv")).content.decode()
    changed = (await exporter.get("/reports/role-changes?format=csv")).content.decode()
    administrators = (await exporter.get("/reports/administrators?format=csv")).content.decode()

    (row,) = csv.DictReader(io.StringIO(left))
    assert (row["userName"], row["lastAccessRemovedAt"]) == ("eve@contoso.com", "")
    (change,) = csv.DictReader(io.StringIO(changed))
    assert (change["from"], change["to"]) == ("Reader", "Administrator")
    found = [
        each["change"]
        for each in csv.DictReader(io.StringIO(administrators))
        if each["userName"] == "eve@contoso.com"
    ]
    assert found == ["became Administrator", "deactivated"]


@pytest.mark.parametrize("name", TITLES)
async def test_a_report_may_begin_or_end_with_the_first_day(exporter: Exporter, name: str) -> None:
    since = await exporter.get(f"/reports/{name}?from=0001-01-01&format=csv")
    until = await exporter.get(f"/reports/{name}?to=0001-01-01&format=csv")

    assert (since.status, until.status) == (200, 200)
    assert len(until.content.splitlines()) == 1
    exported = await exporter.get("/export/events?from=0001-01-01&type=GroupCreated")
    assert len(exported.content.splitlines()) == 2


async def test_a_report_of_the_past_does_not_know_what_came_later(
    served: Served, stranger: Tenant
) -> None:
    scim, admin = Scim(served, stranger.token), Admin(served, with_scope(served, stranger, "admin"))
    exporter = Exporter(served, stranger, with_scope(served, stranger, "audit:export"))
    user = {"userName": "late@x.example", "role": "Administrator"}
    made = (await admin.post("/users", user)).body["id"]
    title = {"op": "replace", "path": "title", "value": "Boss"}
    touched = (await scim.patch(f"/Users/{made}", title)).body["meta"]
    await admin.post("/users", {"userName": "stays@x.example", "role": "Administrator"})
    await admin.post(f"/users/{made}/deactivate")
    await admin.post(f"/users/{made}/reactivate")
    await admin.patch(f"/users/{made}", {"role": "Reader"})
    await admin.post(f"/users/{made}/deactivate")
    await until_followed(served, stranger)

    then = await exporter.get(f"/reports/unseen?to={touched['created']}&format=csv")
    now = await exporter.get("/reports/unseen?format=csv")
    assert ["late@x.example" in each.content.decode() for each in (then, now)] == [True, False]
    changes = (await exporter.get("/reports/administrators?format=csv")).content.decode()
    assert [
        each["change"]
        for each in csv.DictReader(io.StringIO(changes))
        if each["userName"] == "late@x.example"
    ] == ["became Administrator", "deactivated", "reactivated", "is no longer Administrator"]
    left = (await exporter.get("/reports/leavers?format=csv")).content.decode()
    (row,) = csv.DictReader(io.StringIO(left))
    assert row["userName"] == "late@x.example"
    assert row["lastAccessRemovedAt"] > row["deactivatedAt"]


async def test_a_report_says_that_it_is_cut(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (await exporter.get("/reports/access")).content.decode()
    monkeypatch.setattr(reports, "ROWS_MAX", 2)
    cut = (await exporter.get("/reports/access")).content.decode()

    assert "rows only" not in whole
    assert "the first 2 rows only. 2 rows." in cut


async def test_every_export_is_an_event(exporter: Exporter) -> None:
    file = await exporter.get("/export/events?type=GroupCreated")
    await until_followed(exporter.served, exporter.tenant)

    audit = Admin(
        exporter.served, with_scope(exporter.served, exporter.tenant, "audit:read"), AUDIT
    )
    newest = (await audit.get("/events?type=AuditExported&limit=1")).body["items"][0]
    trailer = orjson.loads(file.content.splitlines()[-1])["trailer"]
    assert newest["facts"]["digest"] == trailer["digest"]
    assert newest["facts"]["what"] == "events"
    assert newest["source"] == "api"


@pytest.mark.parametrize("form", ["html", "csv", "ndjson"])
async def test_the_event_of_a_report_has_the_digest_of_its_file(
    exporter: Exporter, form: str
) -> None:
    file = await exporter.get(f"/reports/administrators?format={form}")

    event = await exporter.served.owner.fetchrow(
        "SELECT type, data FROM eventstore.events WHERE organization_id = $1"
        " ORDER BY position DESC LIMIT 1",
        exporter.tenant.id,
    )
    lines = file.content.splitlines(keepends=True)
    content = b"".join(lines[:-1]) if form == "ndjson" else file.content
    assert event["type"] == "AuditExported"
    assert orjson.loads(event["data"])["digest"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/export/events", "application/x-ndjson"),
        ("/export/access?format=csv", "text/csv; charset=utf-8"),
        ("/reports/unseen", "text/html; charset=utf-8"),
        ("/reports/unseen?format=ndjson", "application/x-ndjson"),
        ("/evidence", "application/zip"),
    ],
)
async def test_a_head_gives_nothing_out(exporter: Exporter, path: str, media_type: str) -> None:
    before = await last_position(exporter.served, exporter.tenant)
    file = await exporter.get(path, method="HEAD")

    assert (file.status, file.content) == (200, b"")
    assert file.headers["Content-Type"] == media_type
    assert file.headers["Cache-Control"] == "no-store"
    assert await last_position(exporter.served, exporter.tenant) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/export/events?format=xlsx", 400),
        ("/export/events?after=-1", 400),
        ("/export/access?at=tomorrow", 400),
        ("/reports/nothing", 404),
        ("/reports/leavers?from=2026-02-02&to=2026-01-01", 400),
        ("/reports/unseen?days=0", 400),
    ],
)
async def test_what_cannot_be_exported_is_refused(
    exporter: Exporter, path: str, status: int
) -> None:
    file = await exporter.get(path)

    assert file.status == status
    assert file.headers["Content-Type"] == "application/problem+json"


async def test_reading_is_not_exporting(exporter: Exporter) -> None:
    reader = Exporter(
        exporter.served,
        exporter.tenant,
        with_scope(exporter.served, exporter.tenant, "audit:read"),
    )

    assert (await reader.get("/export/events")).status == 403


async def test_parquet_holds_the_same_rows(exporter: Exporter) -> None:
    events = await exporter.get("/export/events?format=parquet&to=2999-01-01")
    lines = (await exporter.get("/export/events")).content.splitlines()[:-1]

    assert events.headers["Content-Type"] == "application/vnd.apache.parquet"
    table = pq.read_table(io.BytesIO(events.content)).to_pylist()
    expected = [orjson.loads(line) for line in lines][: len(table)]
    assert [each["sentence"] for each in table] == [each["sentence"] for each in expected]
    assert [orjson.loads(each["facts"]) for each in table] == [each["facts"] for each in expected]
    assert table[0]["recordedAt"] == datetime.fromisoformat(expected[0]["recordedAt"])
    access = await exporter.get("/export/access?format=parquet")
    rows = pq.read_table(io.BytesIO(access.content)).to_pylist()
    eve = next(each for each in rows if each["userName"] == "eve@contoso.com")
    assert (eve["displayName"], eve["active"], eve["groups"]) == (HOSTILE, False, ["Legal"])
    await until_followed(exporter.served, exporter.tenant)
    reader = Admin(
        exporter.served, with_scope(exporter.served, exporter.tenant, "audit:read"), AUDIT
    )
    newest = (await reader.get("/events?type=AuditExported&limit=1")).body["items"][0]
    assert newest["facts"]["digest"] == hashlib.sha256(access.content).hexdigest()


async def test_without_its_library_parquet_is_refused(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    file = await exporter.get("/export/events?format=parquet")

    assert file.status == 400
    assert "scim-ledger[parquet]" in orjson.loads(file.content)["detail"]


def test_a_large_table_is_written_in_row_groups() -> None:
    file = ParquetFile(("position", "sentence"))
    pieces = [file.begin()]
    for first in range(0, 3 * GROUP_ROWS, 500):
        rows = [{"position": each, "sentence": f"{each}"} for each in range(first, first + 500)]
        pieces.append(file.put(rows))
    pieces.append(file.end())

    read = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert read.metadata.num_row_groups == 3
    assert read.read()["position"].to_pylist() == list(range(3 * GROUP_ROWS))
    assert sum(map(bool, pieces)) == 5  # The head, each group, the foot.
