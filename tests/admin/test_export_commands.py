"""`scim-ledger audit export`: files for somebody else, each of which is an event of the log."""

import hashlib
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from tests.admin.test_audit_commands import BEN, Auditor, auditor

pytestmark = pytest.mark.process
__all__ = ["auditor"]


async def test_events_are_written_and_the_log_says_so(auditor: Auditor, tmp_path: Path) -> None:
    output = tmp_path / "events.ndjson"
    said = await auditor.ask("export", "events", str(output), "--as", "Ann")

    assert said.code == 0, said.err
    *lines, last = output.read_bytes().splitlines(keepends=True)
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    assert orjson.loads(last)["trailer"]["digest"] == digest
    assert digest in said.out
    logged = await auditor.served.owner.fetchrow(
        "SELECT data, actor_id FROM eventstore.events WHERE organization_id = $1"
        " AND type = 'AuditExported' ORDER BY position DESC LIMIT 1",
        auditor.tenant.id,
    )
    assert orjson.loads(logged["data"])["digest"] == digest
    assert logged["actor_id"].endswith(" as Ann")
    again = await auditor.ask("export", "events", str(output))
    assert (again.code, "exists already" in again.err) == (1, True)


async def test_an_export_goes_on_and_takes_what_is_asked_for(
    auditor: Auditor, tmp_path: Path
) -> None:
    output = tmp_path / "events.csv"
    said = await auditor.ask(
        *("export", "events", str(output), "--format", "csv", "--user-name", BEN, "--after", "5")
    )

    assert said.code == 0, said.err
    rows = output.read_text().splitlines()
    assert rows[0].startswith("position,recordedAt,type")
    assert all(int(row.partition(",")[0]) > 5 for row in rows[1:])


async def test_access_of_a_day_as_parquet(auditor: Auditor, tmp_path: Path) -> None:
    output, early = tmp_path / "access.parquet", tmp_path / "early.parquet"
    said = await auditor.ask("export", "access", str(output), "--format", "parquet", "--json")
    await auditor.ask(
        *("export", "access", str(early)), "--format", "parquet", "--at", "2001-01-01"
    )

    assert said.code == 0, said.err
    document = orjson.loads(said.out)
    assert document["digest"] == hashlib.sha256(output.read_bytes()).hexdigest()
    rows = pq.read_table(output).to_pylist()
    assert document["count"] == len(rows)
    assert "benjamin@contoso.com" in [each["userName"] for each in rows]
    assert pq.read_table(early).num_rows == 0
