"""A log that ends or leaves is closed in the copies outside: if it vanishes later, nobody calls it restored."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import BrokenCopy, Closed, closed_line, read_closed
from eventstore.proof.verdicts import AuditExit
from service.cli.printing import proof as show
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.erasure.organization import erase_organization
from service.erasure.people import Place
from service.organizations.register import create_organization, find_organization
from service.proof.copies import outside_copy
from service.proof.rotate import rotate_log_key
from service.proof.verify import Verification, verify_logs
from service.runtime import Runtime
from tests.proof.running import Proven, prove, until
from tests.proof.test_restore import silent
from tests.proof.test_tampering import remove_all
from tests.serving import settings, started

CLOSED = Closed(12, datetime(2026, 11, 28, 9, 30, 0, 5, UTC), "moved to cell 2")


def test_a_closed_line_is_read_back() -> None:
    line = closed_line(CLOSED)

    assert line == "closed 12 2026-11-28T09:30:00.000005Z moved to cell 2\n"
    assert read_closed(line.rstrip("\n")) == CLOSED
    assert read_closed("1 12 AAAA= 2026-11-28T09:30:00Z AAAA") is None


def test_a_reason_is_one_line_whatever_it_holds() -> None:
    line = closed_line(CLOSED._replace(reason="moved to\n1 9\x07 there" + "é" * 2_000))

    assert (line.count("\n"), len(line.encode()) < 2_000) == (1, True)
    assert (read_closed(line.rstrip("\n")) or CLOSED).reason.startswith("moved to 1 9 there")


def test_a_closed_line_that_cannot_be_read_breaks_the_copy() -> None:
    for line in ("closed", "closed 1", "closed x 2026-11-28T09:30:00Z why", "closed 1 today why"):
        if line == "closed":
            assert read_closed(line) is None
            continue
        with pytest.raises(BrokenCopy):
            read_closed(line)


async def erase(proven: Proven) -> None:
    """End the contract of an organization."""
    runtime = proven.served.runtime
    await erase_organization(
        runtime,
        await find_organization(runtime, str(proven.tenant.id)),
        reason="end of contract",
        provenance=cli_provenance(),
        place=Place(outside_copy(settings(runtime.dsn)), 30),
    )


async def checked(proven: Proven) -> Verification:
    """Return what `audit verify` finds."""
    runtime = proven.served.runtime
    return await verify_logs(runtime, settings(runtime.dsn), silent)


@asynccontextmanager
async def superuser(proven: Proven) -> AsyncIterator[asyncpg.Connection]:
    """Give the owner's connection, without triggers."""
    owner = proven.served.owner
    await owner.execute("SET session_replication_role = replica")
    for table in ("eventstore.events", "proof.checkpoints", "proof.tiles", "proof.logs"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield owner
    await owner.execute("RESET session_replication_role")


def history(proven: Proven) -> Path:
    """Return the file of kept checkpoints."""
    return proven.folder / str(proven.tenant.id) / "history"


@pytest.fixture
async def proven(database_url: str) -> AsyncIterator[Proven]:
    """Give a service with two organizations; the second one stays."""
    async with started(database_url) as served:
        found = await prove(served, "Contoso", users=2)
        await create_organization(served.runtime, "Fabrikam", provenance=cli_provenance())
        yield found


async def test_an_erased_organization_is_closed_after_its_last_checkpoint(proven: Proven) -> None:
    await erase(proven)
    outside = await proven.outside()
    lines = history(proven).read_text().splitlines()

    assert outside.closed is not None
    assert outside.closed.size == await proven.served.owner.fetchval(
        "SELECT max(position) FROM eventstore.events WHERE organization_id = $1", proven.tenant.id
    )
    assert read_note(outside.latest or "").size == outside.closed.size
    assert lines[-2].split(" ")[:2] == ["1", str(outside.closed.size)]
    assert lines[-1].startswith(f"closed {outside.closed.size} ")
    assert [line for line in lines if line.startswith("closed")] == lines[-1:]
    found = await checked(proven)
    assert found.exit == AuditExit.OK
    assert found.gone == {}
    assert "It was closed at size" in show.lines(found, {})


async def test_a_closed_log_that_vanishes_is_not_called_restored(proven: Proven) -> None:
    await erase(proven)
    await remove(proven)

    found = await checked(proven)

    assert found.exit == AuditExit.OK
    assert list(found.gone) == [proven.tenant.id]
    assert f"{proven.tenant.id}: the log is not here any more. It was closed" in show.lines(
        found, {}
    )
    assert '"code": "closed"' in "\n".join(show.documents(found)).replace('":"', '": "')
    async with started(proven.served.runtime.dsn, is_kept=True) as again:
        ready = await _readyz(again.port, proven)
    assert ready == {"status": "ready"}


async def test_without_the_line_a_log_that_vanishes_is_called_restored(proven: Proven) -> None:
    await erase(proven)
    file = history(proven)
    whole = file.read_text()
    await remove(proven)
    for cut in (whole[: whole.index("closed")], whole.removesuffix("\n")):
        file.write_text(cut)

        found = await checked(proven)

        assert [each.code for each in found.verdicts if each.findings] == ["restored"]
        assert found.exit == AuditExit.CONTRADICTION
    async with started(proven.served.runtime.dsn, is_kept=True) as again:
        ready = await _readyz(again.port, proven)
    assert ready["contradictions"] == [
        {"organizationId": str(proven.tenant.id), "code": "restored"}
    ]


async def remove(proven: Proven) -> None:
    """Remove a log, and how far followers had read it, as whoever needs the room may do."""
    async with superuser(proven) as owner:
        await remove_all(owner, proven)
        await owner.execute(
            "DELETE FROM followers.checkpoints WHERE organization_id = $1", proven.tenant.id
        )


async def _readyz(port: int, proven: Proven) -> dict[str, object]:
    async with proven.served.session.get(f"http://127.0.0.1:{port}/readyz") as answer:
        found: dict[str, object] = await answer.json()
    return found


async def test_what_is_signed_after_the_line_opens_the_log_again(proven: Proven) -> None:
    file = history(proven)
    size = await proven.signed()
    with file.open("a") as lines:
        lines.write(closed_line(CLOSED._replace(size=size)))
    assert (await proven.outside()).closed is not None

    await proven.scim.post("/Users", {"userName": "later"})
    await proven.signed()

    assert (await proven.outside()).closed is None
    await remove(proven)
    assert [each.code for each in (await checked(proven)).verdicts if each.findings] == ["restored"]


async def test_a_rotation_leaves_a_log_that_ended_with_its_last_key(proven: Proven) -> None:
    await erase(proven)
    runtime = proven.served.runtime

    done = await rotate_log_key(
        runtime,
        settings(runtime.dsn),
        reason="yearly",
        is_compromised=False,
        provenance=cli_provenance(),
        report=silent,
    )

    outside = await proven.outside()
    assert (done.logs, done.left, done.retired) == (1, (), 1)
    assert outside.closed is not None
    assert [each.to_size for each in outside.keys] == [outside.closed.size]
    found = await checked(proven)
    assert (found.exit, [each.code for each in found.verdicts]) == (AuditExit.OK, ["ok", "ok"])


async def test_the_copy_of_another_host_is_closed_by_the_service_there(
    proven: Proven, tmp_path: Path
) -> None:
    async with started(proven.served.runtime.dsn, is_kept=True, data_dir=tmp_path / "b") as other:
        await until(lambda: _is_held(other.runtime, tmp_path / "b", proven.tenant.id))
    await erase(proven)
    async with started(proven.served.runtime.dsn, is_kept=True, data_dir=tmp_path / "b") as other:
        await until(lambda: _is_held(other.runtime, tmp_path / "b", proven.tenant.id, closed=True))


async def _is_held(
    runtime: Runtime, data_dir: Path, organization_id: UUID, *, closed: bool = False
) -> bool:
    chosen: Settings = settings(runtime.dsn, data_dir=data_dir)
    held = (await outside_copy(chosen).load([organization_id])).get(organization_id)
    return bool(held and held.latest and (held.closed or not closed))


async def test_a_live_log_is_never_closed(proven: Proven) -> None:
    await proven.signed()
    assert (await proven.outside()).closed is None
