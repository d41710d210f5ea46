"""The stand-alone verifier: what it accepts, and how it names what is false."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from eventstore.proof import verifier
from eventstore.proof.leaf import leaf_hash
from eventstore.proof.notes import body_of, encoded, signed_note
from eventstore.proof.tree import root
from tests.proof.bundles import (
    LOG_ENTRY,
    LOG_VKEY,
    NEXT_VKEY,
    Files,
    disclosures,
    make_bundle,
    note_of,
    rotated,
    saved,
    spoiled,
)
from tests.proof.vectors import ORIGIN, events, leaves, private_key, vectors

LINES_MAX = 300
WITNESS = vectors()["keys"]["witness"]["vkey"]
COSIGNED = vectors()["checkpoints"]["cosigned"]


@pytest.fixture
def verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Give a function that checks a bundle, and returns the exit code and the line."""

    def verify(bundle: bytes, *arguments: str, key: str = LOG_VKEY) -> tuple[int, str]:
        code = verifier.main([saved(tmp_path, bundle), "--key", key, *arguments])
        return code, capsys.readouterr().out.rstrip("\n")

    return verify


Verified = Callable[..., tuple[int, str]]


def test_a_bundle_is_valid(verified: Verified) -> None:
    assert verified(make_bundle(shown=disclosures())) == (
        0,
        (
            f"VALID events 1 to 8 of {ORIGIN}, complete and in order; checkpoint of 8 signed by "
            "afffd94e; 1 value proved, 1 without proof, 0 withheld or erased"
        ),
    )


@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 5), (8, 8), (2, 8)])
def test_any_range_is_valid(verified: Verified, first: int, last: int) -> None:
    code, line = verified(make_bundle(first, last))
    assert (code, line[:20]) == (0, f"VALID events {first} to {last} ")


def test_the_file_runs_alone_and_is_short(tmp_path: Path) -> None:
    source = Path(verifier.__file__)
    (tmp_path / "verify.py").write_bytes(source.read_bytes())
    path = saved(tmp_path, make_bundle())
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), path, "--key", LOG_VKEY]

    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stdout[:6]) == (0, "VALID "), done.stderr
    assert len(source.read_text().splitlines()) <= LINES_MAX


def edited(name: str, before: str, after: str) -> Callable[[Files], None]:
    """Return a change of a text in a file."""

    def change(files: Files) -> None:
        assert before.encode() in files[name]
        files[name] = files[name].replace(before.encode(), after.encode(), 1)

    return change


def without_line(number: int) -> Callable[[Files], None]:
    """Return a change that takes a line of the events away."""

    def change(files: Files) -> None:
        lines = files["events.ndjson"].splitlines(keepends=True)
        files["events.ndjson"] = b"".join(lines[:number] + lines[number + 1 :])

    return change


def consistent_edit(files: Files) -> None:
    """Change an event and its stated leaf."""
    lines = [orjson.loads(each) for each in files["events.ndjson"].splitlines()]
    event = events()[2]._replace(actor_id="cli:alice")
    lines[2] |= {"actorId": "cli:alice", "leafHash": encoded(leaf_hash(event))}
    files["events.ndjson"] = b"".join(orjson.dumps(each) + b"\n" for each in lines)


def root_as_node(files: Files) -> None:
    """Give the root as a node of its own, so that no event would be needed."""
    consistent_edit(files)
    proof = orjson.loads(files["proof.json"])
    proof["nodes"] = [{"start": 0, "end": 8, "hash": encoded(root(leaves()))}]
    files["proof.json"] = orjson.dumps(proof)


def false_signature(files: Files) -> None:
    """Change a character of the signature."""
    text = files["checkpoint.txt"]
    files["checkpoint.txt"] = text[:-20] + (b"A" if text[-20:-19] != b"A" else b"B") + text[-19:]


def other_log(files: Files) -> None:
    """Put the checkpoint of another organization."""
    origin = ORIGIN.replace("aa/1", "bb/1")
    body = body_of(origin, 8, root(leaves()))
    files["checkpoint.txt"] = signed_note(body, [private_key("log")]).encode()


def swapped(files: Files) -> None:
    """Let two events change places."""
    lines = files["events.ndjson"].splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    files["events.ndjson"] = b"".join(lines)


FALSE: dict[str, tuple[Callable[[Files], None], str]] = {
    "an actor": (edited("events.ndjson", '"cli:ops"', '"cli:eve"'), "altered"),
    "an actor and its leaf": (consistent_edit, "altered"),
    "an actor, its leaf and a node": (root_as_node, "altered"),
    "the sealed bytes": (edited("events.ndjson", '"sealed":"', '"sealed":"AAAA'), "altered"),
    "the organization of an event": (edited("events.ndjson", "0000000000aa", "0000000000ab"), "altered"),
    "the first event goes": (without_line(0), "removed"),
    "an event in the middle goes": (without_line(3), "removed"),
    "the last event goes": (without_line(7), "removed"),
    "two events change places": (swapped, "removed"),
    "a signature": (false_signature, "signature_invalid"),
    "the log": (other_log, "wrong_origin"),
    "a disclosed text": (edited("events.ndjson", "zoë@ex", "joë@ex"), "disclosure_false"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "code"), FALSE.values(), ids=FALSE.keys())
def test_what_is_false_is_named(
    verified: Verified, change: Callable[[Files], None], code: str
) -> None:
    found, line = verified(spoiled(make_bundle(shown=disclosures()), change))

    assert (found, line.split(":")[0]) == (1, f"INVALID {code}")


def test_a_file_that_the_manifest_does_not_state_is_named(verified: Verified) -> None:
    change = edited("keys.json", "afffd94e", "afffd94f")

    found, line = verified(spoiled(make_bundle(), change, restated=False))

    assert (found, line.split(":")[0]) == (1, "INVALID digest_mismatch")


def dropped(name: str) -> Callable[[Files], None]:
    """Return a change that takes a file away."""

    def change(files: Files) -> None:
        del files[name]

    return change


def added(files: Files) -> None:
    """Add a file."""
    files["readme.txt"] = b""


UNREADABLE: dict[str, Callable[[Files], None]] = {
    "a file is missing": dropped("proof.json"),
    "a file is added": added,
    "another format": edited("manifest.json", "evidence/1", "evidence/2"),
    "another leaf format": edited("manifest.json", '"format":1', '"format":2'),
    "another range": edited("proof.json", '"start":0', '"start":1'),
    "no JSON": edited("keys.json", "{", "["),
    "no checkpoint": edited("checkpoint.txt", "\n\n", "\nmore\n\n"),
    "a value of another type": edited("events.ndjson", '"position":1', '"position":"1"'),
    "a short node": edited("proof.json", '"nodes":[', '"nodes":[{"start":0,"end":0,"hash":"AA=="}'),
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_bundle_is_unreadable(
    verified: Verified, change: Callable[[Files], None]
) -> None:
    found, line = verified(spoiled(make_bundle(), change))

    assert (found, line[:11]) in {(2, "UNREADABLE:"), (1, "INVALID rem")}


def test_what_is_no_zip_is_unreadable(verified: Verified) -> None:
    assert verified(b"nothing")[0] == 2
    assert verified(make_bundle(), key="none")[0] == 2


def test_a_key_that_nobody_gave_is_not_trusted(verified: Verified) -> None:
    stranger = note_of(leaves(), "next")
    bundle = make_bundle(note=stranger, entries=[{**LOG_ENTRY, "vkey": NEXT_VKEY}])

    found, line = verified(bundle)

    assert (found, line[:10], NEXT_VKEY in line) == (3, "UNTRUSTED:", True)


def test_a_witness_that_the_reader_wants_must_have_signed(verified: Verified) -> None:
    assert verified(make_bundle(), "--witness", WITNESS)[0] == 3
    assert verified(make_bundle(note=COSIGNED), "--witness", WITNESS)[0] == 0


def test_the_old_key_introduces_the_new_one(verified: Verified) -> None:
    log, entry = rotated()
    later = [*log, log[0]._replace(position=10, version=9)]
    note = note_of([leaf_hash(each) for each in later], "next")
    bundle = make_bundle(3, 10, log=later, note=note, entries=[LOG_ENTRY, entry])

    assert verified(bundle)[0] == 0
    assert verified(bundle, key=NEXT_VKEY)[0] == 0


def test_a_retired_key_signs_nothing_later(verified: Verified) -> None:
    log, entry = rotated()
    later = [*log, log[0]._replace(position=10, version=9)]
    note = note_of([leaf_hash(each) for each in later], "log")
    bundle = make_bundle(log=later, last=10, note=note, entries=[LOG_ENTRY, entry])

    found, line = verified(bundle)

    assert (found, line.split(":")[0]) == (1, "INVALID key_retired")


def entry_with(entry: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an entry whose introduction was changed."""
    return {**entry, "introduction": {**entry["introduction"], **changes}}


def test_a_false_introduction_introduces_nobody(verified: Verified) -> None:
    log, entry = rotated()
    hashes = [leaf_hash(each) for each in log]
    by_old, by_new = note_of(hashes, "log"), note_of(hashes, "next")
    twice = by_old + by_old.rpartition("\n\n")[2]
    event = {**entry["introduction"]["event"], "type": "LogKeyKept"}
    false = [
        entry_with(entry, checkpoint=by_old),
        entry_with(entry, checkpoint=by_new),
        entry_with(entry, checkpoint=twice),
        entry_with(entry, event=event),
        entry_with(entry, hashes=[*entry["introduction"]["hashes"][:-1], encoded(bytes(32))]),
    ]
    for each in false:
        bundle = make_bundle(log=log, last=9, note=by_new, entries=[LOG_ENTRY, each])
        assert verified(bundle)[0] == 3


def test_an_earlier_checkpoint_is_a_prefix(verified: Verified, tmp_path: Path) -> None:
    old, held = note_of(leaves()[:6], "log"), tmp_path / "held.txt"
    bundle = make_bundle(earlier={6: old})
    held.write_text(old)

    assert verified(bundle, "--checkpoint", str(held))[0] == 0
    assert verified(make_bundle(), "--checkpoint", str(held))[0] == 2


@pytest.mark.parametrize("size", [5, 6, 8])
def test_an_earlier_checkpoint_of_another_history_is_a_fork(verified: Verified, size: int) -> None:
    other = note_of([*leaves()[: size - 1], bytes(32)], "log")

    found, line = verified(make_bundle(earlier={size: other}))

    assert (found, line.split(":")[0]) == (1, "INVALID forked")


def test_a_checkpoint_that_the_reader_holds_counts(verified: Verified, tmp_path: Path) -> None:
    held = tmp_path / "held.txt"
    held.write_text(note_of([*leaves()[:7], bytes(32)], "log"))

    found, line = verified(make_bundle(), "--checkpoint", str(held))

    assert (found, line.split(":")[0]) == (1, "INVALID forked")
