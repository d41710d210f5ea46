"""A witness cosigns checkpoints: what it is sent, what it answers, and what its refusal stops."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from eventstore.proof import verifier
from eventstore.proof.notes import (
    TrustedKey,
    cosigned_note,
    note_verdict,
    read_note,
    read_vkey,
)
from eventstore.proof.verdicts import Finding
from eventstore.trees.logs import load_log
from projections.directory.organizations import find_witness, load_witnesses
from schema.events.settings import IllegalSetting, check_settings
from schema.scim.errors import Forbidden
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.proof import parts
from service.proof.evidence import Wanted, silent, write_evidence
from service.proof.signer import CheckpointSigner
from service.proof.verdicts import Verdicts
from service.proof.verify import verify_logs
from service.witnessing.look import WitnessLook
from service.witnessing.protocol import submission
from tests.admin.client import with_scope
from tests.proof.running import Proven, populate
from tests.proof.vectors import vectors
from tests.proof.witness_server import VKEY, WitnessServer, witnessing
from tests.serving import settings, started

NOTES, KEYS = vectors()["checkpoints"], vectors()["keys"]
AT = datetime.fromtimestamp(1_798_761_601, UTC)
SIGNED_EVERY_S = 0.05  # Instead of a second: most of these tests would only wait.


def test_the_line_of_a_witness_makes_the_vectors_note() -> None:
    [line] = NOTES["cosigned"].removeprefix(NOTES["signed"]).splitlines()
    answer = f"\u2014 other.example/w AAAAAAAAAAA=\nno line\n{line}\n"

    found = cosigned_note(NOTES["signed"], answer, read_vkey(KEYS["witness"]["vkey"]))

    assert found == (NOTES["cosigned"], AT)


def test_a_false_line_of_a_witness_is_refused() -> None:
    [line] = NOTES["cosigned"].removeprefix(NOTES["signed"]).splitlines()
    name, octets = line.rsplit(" ", 1)
    witness = read_vkey(KEYS["witness"]["vkey"])
    for other in (f"{name} {octets[:-9]}AAAAAAA=", f"{name}x {octets}", "", "\u2014 a AAAA"):
        with pytest.raises(ValueError, match=r"signature is false|names no key"):
            cosigned_note(NOTES["signed"], f"{other}\n", witness)


def test_what_is_sent_is_the_old_size_the_proof_and_the_note() -> None:
    assert submission(0, [], "a\n") == b"old 0\n\na\n"
    assert submission(3, ["QQ==", "Qg=="], "a\n") == b"old 3\nQQ==\nQg==\n\na\n"


@pytest.mark.parametrize(
    "value",
    [
        {"url": "https://w.example", "vkey": KEYS["log"]["vkey"]},  # It is no key of a witness.
        {"url": "https://w.example", "vkey": f"{VKEY[:-1]}A"},
        {"url": "https://w.example", "vkey": "a+b"},
        {"url": "ftp://w.example", "vkey": VKEY},
        {"url": "https://user@w.example", "vkey": VKEY},
        {"url": "https://w.example/?a", "vkey": VKEY},
        {"url": "https://w.example:x/", "vkey": VKEY},
        {"url": "https:///w", "vkey": VKEY},
        {"url": "https://w.example"},
        {"url": "https://w.example", "vkey": VKEY, "more": 1},
        {"url": 1, "vkey": VKEY},
        "https://w.example",
    ],
)
def test_a_setting_that_names_no_witness_is_refused(value: Any) -> None:
    with pytest.raises(IllegalSetting, match="an object of url"):
        check_settings({"witness": value})


@dataclass(frozen=True, slots=True)
class Cosigning:
    """A service whose log a witness cosigns, and what asks it."""

    proven: Proven
    witness: WitnessServer
    verdicts: Verdicts
    look: WitnessLook

    async def add(self, name: str) -> None:
        """Let the log grow, and wait until it is signed."""
        await self.proven.scim.post("/Users", {"userName": name})
        await self.proven.signed()

    async def size(self) -> int:
        """Return the size of the newest checkpoint."""
        state = await load_log(self.proven.served.owner, self.proven.tenant.id)
        assert state is not None
        return state.size

    async def get(self, path: str) -> tuple[int, bytes]:
        """Ask the audit API."""
        token = with_scope(self.proven.served, self.proven.tenant, "audit:read audit:export")
        url = f"http://127.0.0.1:{self.proven.served.port}/api/audit/v1{path}"
        sent = {"Authorization": f"Bearer {token}"}
        async with self.proven.served.session.get(url, headers=sent) as answer:
            return answer.status, await answer.read()

    async def set(self, value: Mapping[str, str] | None) -> None:
        """Change the setting, as the operator does."""
        runtime = self.proven.served.runtime
        organization = await find_organization(runtime, str(self.proven.tenant.id))
        await change_settings(
            runtime, organization, {"witness": value}, provenance=cli_provenance()
        )
        await self.proven.signed()

    def codes(self) -> list[str]:
        """Return what the witness contradicts."""
        return [each.code for each in self.verdicts.of(self.proven.tenant.id)]


@pytest.fixture
async def cosigning(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cosigning]:
    """Give a service with a log that a witness knows and has not cosigned yet."""
    monkeypatch.setattr(
        parts, "CheckpointSigner", partial(CheckpointSigner, every_s=SIGNED_EVERY_S)
    )
    async with started(database_url) as served, witnessing() as witness:
        proven = await populate(served, "Contoso", users=3)
        verdicts = Verdicts(served.runtime.stopped)
        look = WitnessLook(served.runtime, verdicts, at_most_every=timedelta())
        found = Cosigning(proven, witness, verdicts, look)
        await found.set({"url": witness.url, "vkey": VKEY})
        state = await load_log(served.owner, proven.tenant.id)
        assert state is not None
        held = (await proven.outside()).keys
        witness.keys[state.origin] = held[0].vkey.public
        yield found


async def test_a_checkpoint_is_cosigned_and_shown(
    cosigning: Cosigning, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await cosigning.get("/checkpoint?witnessed=true"))[0] == 404
    await cosigning.look.look()
    size = await cosigning.size()
    status, body = await cosigning.get("/checkpoint?witnessed=true")
    listed = orjson.loads((await cosigning.get("/keys"))[1])["keys"]
    keys = [TrustedKey(read_vkey(each["vkey"])) for each in listed]
    note = read_note(body.decode())

    assert (status, note.size) == (200, size)
    assert [each["use"] for each in listed] == ["log", "witness"]
    assert note_verdict(body.decode(), [note.origin], keys, needs_witness=True) == "valid"
    assert (await cosigning.get(f"/checkpoint?witnessed=true&size={size - 1}"))[0] == 404

    _, bundle = await cosigning.get(f"/evidence?toPosition={size}")
    path = tmp_path / "evidence.zip"
    path.write_bytes(bundle)
    code = verifier.main([str(path), "--key", listed[0]["vkey"], "--witness", VKEY])
    assert (code, capsys.readouterr().out[:5]) == (0, "VALID")


async def test_a_log_that_grows_is_proved_from_what_the_witness_knows(cosigning: Cosigning) -> None:
    await cosigning.look.look()
    first = await cosigning.size()
    for number in range(3):
        await cosigning.add(f"later{number}")
        await cosigning.look.look()
    await cosigning.look.look()  # Nothing is new.

    assert cosigning.witness.asked[:2] == [0, first]
    assert len(cosigning.witness.asked) == 4
    [known] = cosigning.witness.known.values()
    assert known[0] == await cosigning.size()
    assert cosigning.codes() == []


async def test_a_bundle_takes_the_cosigned_checkpoint_only_if_it_covers_the_range(
    cosigning: Cosigning, tmp_path: Path
) -> None:
    await cosigning.look.look()
    cosigned = await cosigning.size()
    await cosigning.add("later")
    runtime, sizes = cosigning.proven.served.runtime, list[int]()
    kept = await cosigning.proven.served.owner.fetchval("SELECT min(size) FROM proof.checkpoints")
    for wanted in (
        Wanted(last=cosigned),
        Wanted(last=cosigned, consistent_with=kept),
        Wanted(),
    ):
        with (tmp_path / f"{len(sizes)}.zip").open("wb") as file:
            made = await write_evidence(
                runtime,
                cosigning.proven.tenant.id,
                wanted,
                file,
                provenance=cli_provenance(),
                report=silent,
            )
        sizes.append(made.size)
        await cosigning.proven.signed()

    assert sizes[:2] == [cosigned, cosigned]
    assert sizes[2] > cosigned


async def test_a_size_that_only_the_witness_knows_is_asked_for(cosigning: Cosigning) -> None:
    await cosigning.look.look()
    first = await cosigning.size()
    await cosigning.add("later")
    owner = cosigning.proven.served.owner
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("ALTER TABLE proof.cosignatures DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM proof.cosignatures")
    await cosigning.look.look()

    assert cosigning.witness.asked == [0, 0, first]
    assert (await cosigning.get("/checkpoint?witnessed=true"))[0] == 200


async def test_a_witness_that_knows_another_history_stops_the_log(cosigning: Cosigning) -> None:
    [origin] = cosigning.witness.keys
    cosigning.witness.known[origin] = (2, bytes(32))
    await cosigning.look.look()

    assert cosigning.codes() == ["forked"]
    assert (await cosigning.proven.scim.ask("GET", "/Users")).status == 503
    cosigning.witness.known.clear()
    await cosigning.look.look()
    assert cosigning.codes() == []
    assert (await cosigning.proven.scim.get("/Users")).status == 200


async def test_another_root_of_the_same_size_is_forked(cosigning: Cosigning) -> None:
    [origin] = cosigning.witness.keys
    cosigning.witness.known[origin] = (await cosigning.size(), bytes(32))
    await cosigning.look.look()

    assert cosigning.codes() == ["forked"]


async def test_a_witness_that_knows_more_than_the_log_shows_an_older_backup(
    cosigning: Cosigning,
) -> None:
    [origin] = cosigning.witness.keys
    size = await cosigning.size()
    cosigning.witness.known[origin] = (size + 7, bytes(32))
    await cosigning.look.look()

    [found] = cosigning.verdicts.of(cosigning.proven.tenant.id)
    assert (found.code, found.position, found.count) == ("restored", size + 1, 7)
    await cosigning.set(None)  # The operator no longer believes this witness.
    await cosigning.look.look()
    assert cosigning.codes() == []


OTHERWISE = (
    *((200, ""), (200, "\u2014 a AAAA\n"), (301, ""), (404, ""), (403, ""), (409, "-1\n")),
    (500, "x" * 70_000),
)


async def test_a_witness_that_answers_otherwise_is_asked_again(cosigning: Cosigning) -> None:
    for each in OTHERWISE:
        cosigning.witness.answer = each
        await cosigning.look.look()
        assert (await cosigning.get("/checkpoint?witnessed=true"))[0] == 404
        assert cosigning.codes() == []
    assert len(cosigning.witness.asked) == len(OTHERWISE)

    cosigning.witness.answer = None
    await cosigning.look.look()
    assert (await cosigning.get("/checkpoint?witnessed=true"))[0] == 200


async def test_a_witness_is_asked_at_most_once_a_minute(cosigning: Cosigning) -> None:
    runtime = cosigning.proven.served.runtime
    looks = [WitnessLook(runtime, cosigning.verdicts) for _ in range(2)]
    for number in range(3):
        for each in looks:
            await each.look()
        await cosigning.add(f"later{number}")

    assert cosigning.witness.asked == [0]


async def test_a_contradicted_log_is_shown_to_no_witness(cosigning: Cosigning) -> None:
    cosigning.verdicts.put(cosigning.proven.tenant.id, "tail", [Finding("altered", 2)])
    await cosigning.look.look()

    assert cosigning.witness.asked == []


async def test_what_was_cosigned_is_compared_with_the_log(cosigning: Cosigning) -> None:
    await cosigning.look.look()
    served = cosigning.proven.served
    mine = settings(served.runtime.dsn)
    [good] = (await verify_logs(served.runtime, mine, lambda _: None)).verdicts
    assert (good.code, good.cosigned_size, good.cosigned_at) == ("ok", good.size, AT)

    forged = NOTES["cosigned"].replace("8\n", "1\n")
    statement = "INSERT INTO proof.cosignatures VALUES ($1, 1, 1, 'w', $2, now())"
    await served.owner.execute(statement, cosigning.proven.tenant.id, forged)
    [bad] = (await verify_logs(served.runtime, mine, lambda _: None)).verdicts
    assert bad.code in {"wrong_origin", "signature_invalid"}


async def test_what_was_cosigned_never_changes(cosigning: Cosigning) -> None:
    await cosigning.look.look()
    owner = cosigning.proven.served.owner
    for statement in (
        "UPDATE proof.cosignatures SET note = ''",
        "DELETE FROM proof.cosignatures",
        "TRUNCATE proof.cosignatures",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement)


async def test_only_the_operator_names_a_witness(cosigning: Cosigning) -> None:
    runtime = cosigning.proven.served.runtime
    organization = await find_organization(runtime, str(cosigning.proven.tenant.id))
    provenance = cli_provenance()._replace(source="api")
    with pytest.raises(Forbidden):
        await change_settings(runtime, organization, {"witness": None}, provenance=provenance)
    owner = cosigning.proven.served.owner
    held = await find_witness(owner, organization.id)
    assert held == (cosigning.witness.url, VKEY)
    await cosigning.set(None)
    assert await find_witness(owner, organization.id) is None
    assert await load_witnesses(owner) == {}
