"""Evidence from a running service: over HTTP and by use cases, checked by the file that trusts nobody."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import orjson
import pytest

from eventstore.events import Provenance
from eventstore.proof import verifier
from eventstore.proof.notes import TrustedKey, decoded, note_verdict, read_note, read_vkey
from eventstore.proof.proofs import consistency_holds, inclusion_holds
from eventstore.trees.prove import NoProof
from projections.maintenance.session import Progress
from service.ids import new_id
from service.proof.evidence import Bundle, Wanted, write_evidence
from service.proof.rotate import rotate_log_key
from service.proof.verify import verify_logs
from tests.admin.client import with_scope
from tests.proof.running import Proven, prove
from tests.serving import settings, started

BY_HAND = Provenance("cli:0(root)", None, new_id(), "cli")


@pytest.fixture(scope="module")
async def proven(module_database_url: str) -> AsyncIterator[Proven]:
    """Give a service with a log that is signed."""
    async with started(module_database_url) as served:
        yield await prove(served, "Contoso", users=4)


@pytest.fixture(scope="module")
def token(proven: Proven) -> str:
    """Give a token for the audit API."""
    return with_scope(proven.served, proven.tenant, "audit:read audit:export")


Get = Callable[..., Any]


@pytest.fixture
def get(proven: Proven, token: str) -> Get:
    """Give a function that asks the audit API: status, headers, body."""

    async def ask(path: str, **headers: str) -> tuple[int, Any, bytes]:
        url = f"http://127.0.0.1:{proven.served.port}/api/audit/v1{path}"
        sent = {"Authorization": f"Bearer {token}", **headers}
        async with proven.served.session.get(url, headers=sent) as answer:
            return answer.status, answer.headers, await answer.read()

    return ask


def silent(_progress: Progress) -> None:
    """Report nothing."""


async def bundle_of(proven: Proven, wanted: Wanted, path: Path) -> Bundle:
    """Write a bundle to a file."""
    with path.open("wb") as file:
        return await write_evidence(
            proven.served.runtime,
            proven.tenant.id,
            wanted,
            file,
            provenance=BY_HAND,
            report=silent,
        )


async def vkeys(get: Get) -> list[str]:
    """Return the keys that the service names."""
    _, _, body = await get("/keys")
    return [each["vkey"] for each in orjson.loads(body)["keys"]]


async def test_the_checkpoint_is_a_signed_note(get: Get, proven: Proven) -> None:
    status, headers, body = await get("/checkpoint")
    note = read_note(body.decode())
    keys = [TrustedKey(read_vkey(each)) for each in await vkeys(get)]

    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert headers["Cache-Control"] == "no-cache"
    assert note_verdict(body.decode(), [note.origin], keys) == "valid"
    assert note.origin == f"scim-ledger/{proven.tenant.id}/1"
    assert (await get("/checkpoint?size=100000"))[0] == 404
    assert (await get("/checkpoint?witnessed=true"))[0] == 404


async def test_an_event_is_proved(get: Get) -> None:
    status, _, body = await get("/proofs/inclusion?position=3")
    proof = orjson.loads(body)
    note = read_note(proof["checkpoint"])
    hashes = [decoded(each) for each in proof["hashes"]]

    assert status == 200
    assert (proof["position"], proof["index"], proof["size"]) == (3, 2, note.size)
    leaf = decoded(proof["leafHash"])
    assert inclusion_holds(2, note.size, leaf, proof=hashes, root=note.root)
    _, headers, text = await get("/proofs/inclusion?position=3", Accept="text/plain")
    assert headers["Content-Type"].startswith("text/plain")
    assert text.startswith(b"c2sp.org/tlog-proof@v1\nindex 2\n")


async def test_growth_is_proved(get: Get) -> None:
    _, _, body = await get("/proofs/consistency?from=2&to=5")
    proof = orjson.loads(body)
    roots = {
        "first_root": decoded(proof["fromRootHash"]),
        "second_root": decoded(proof["toRootHash"]),
    }

    assert consistency_holds(2, 5, **roots, proof=[decoded(each) for each in proof["hashes"]])


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/proofs/inclusion?position=100000", 404, "position 100000 is not among them yet"),
        ("/proofs/inclusion?position=0", 400, "position"),
        ("/proofs/inclusion", 400, "position"),
        ("/proofs/consistency?from=5&to=2", 404, "size"),
        ("/proofs/consistency?from=1&to=100000", 404, "covers"),
        ("/evidence?fromPosition=100000", 404, "no event"),
        ("/evidence?from=2026-03-31&to=2026-03-01", 400, "before"),
        ("/evidence?to=0001-01-01", 404, "no event"),
        ("/evidence?disclosure=some", 400, "disclosure"),
    ],
)
async def test_a_bad_question_is_refused_by_name(
    get: Get, path: str, status: int, says: str
) -> None:
    found, headers, body = await get(path)

    assert (found, headers["Content-Type"]) == (status, "application/problem+json")
    assert says in body.decode()


async def test_a_bundle_over_http_is_valid(
    get: Get, proven: Proven, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, headers, body = await get("/evidence?fromPosition=2")
    path = tmp_path / "evidence.zip"
    path.write_bytes(body)

    code = verifier.main([str(path), "--key", *(await vkeys(get))])

    assert (status, headers["Content-Type"]) == (200, "application/zip")
    line = capsys.readouterr().out.splitlines()[-1]
    assert (code, line[:18]) == (0, "VALID events 2 to "), line
    assert "5 values proved, 0 without proof" in line
    last = await proven.served.owner.fetchrow(
        "SELECT type, data FROM eventstore.events WHERE organization_id = $1"
        " ORDER BY position DESC LIMIT 1",
        proven.tenant.id,
    )
    digest = orjson.loads(last["data"])["digest"]
    manifest = ZipFile(BytesIO(body)).read("manifest.json")
    assert (last["type"], digest) == ("AuditExported", hashlib.sha256(manifest).hexdigest())


async def test_a_bundle_may_begin_with_the_first_day(get: Get) -> None:
    status, _, body = await get("/evidence?from=0001-01-01")

    assert status == 200
    assert orjson.loads(ZipFile(BytesIO(body)).read("manifest.json"))["fromPosition"] == 1


@pytest.mark.parametrize(
    ("disclosure", "says"),
    [("none", "0 values proved, 0 without proof, 5 withheld"), ("subject", "1 value proved")],
)
async def test_a_bundle_discloses_what_was_asked(
    get: Get,
    proven: Proven,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    disclosure: Any,
    says: str,
) -> None:
    sql = "SELECT subject_id FROM eventstore.events WHERE subject_id IS NOT NULL LIMIT 1"
    subject = UUID(str(await proven.served.owner.fetchval(sql)))
    wanted = Wanted(disclosure=disclosure, subject_id=subject if disclosure == "subject" else None)
    path = tmp_path / "evidence.zip"
    await bundle_of(proven, wanted, path)

    code = verifier.main([str(path), "--key", *(await vkeys(get))])

    line = capsys.readouterr().out.splitlines()[-1]
    assert (code, says in line) == (0, True), line
    text = ZipFile(path).read("events.ndjson").decode()
    assert ("user3@example.com" in text) is False


async def test_a_range_without_events_is_refused(proven: Proven, tmp_path: Path) -> None:
    with pytest.raises(NoProof):
        await bundle_of(proven, Wanted(first=5, last=4), tmp_path / "evidence.zip")


async def test_a_rotated_key_is_introduced_by_the_old_one(
    get: Get, proven: Proven, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [old] = await vkeys(get)
    runtime = proven.served.runtime

    done = await rotate_log_key(
        runtime,
        settings(runtime.dsn),
        reason="yearly",
        is_compromised=False,
        provenance=BY_HAND,
        report=silent,
    )
    await proven.scim.post("/Users", {"userName": "after-rotation"})
    await proven.signed()
    path = tmp_path / "evidence.zip"
    await bundle_of(proven, Wanted(), path)

    assert (done.logs, done.retired, done.left) == (1, 1, ())
    assert len(await vkeys(get)) == 2
    assert verifier.main([str(path), "--key", old]) == 0, capsys.readouterr().out
    found = await verify_logs(runtime, settings(runtime.dsn), silent)
    assert found.exit == 0, found.verdicts
    outside = await proven.outside()
    assert [each.to_size is None for each in outside.keys] == [False, True]


async def test_verify_runs_beside_the_service(proven: Proven) -> None:
    runtime, steps = proven.served.runtime, list[Progress]()

    found, answer = await asyncio.gather(
        verify_logs(runtime, settings(runtime.dsn), steps.append),
        proven.scim.post("/Users", {"userName": "meanwhile"}),
    )

    assert (found.exit, answer.status) == (0, 201), found.verdicts
    assert steps[-1].done == steps[-1].total
