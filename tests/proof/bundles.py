"""Bundles of the vectors' log, and ways to spoil them."""

import hashlib
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson

from eventstore.events import RecordedEvent
from eventstore.proof.bundle import (
    FILES,
    LEAF_FORMATS,
    BundleWriter,
    Disclosure,
    as_json,
    consistency_document,
    event_line,
    inclusion_document,
    range_document,
)
from eventstore.proof.leaf import leaf_hash
from eventstore.proof.notes import body_of, decoded, signed_note
from eventstore.proof.proofs import consistency, inclusion, outside_of
from eventstore.proof.tiles import subtree_hashes, tiles_of
from eventstore.proof.tree import root
from tests.proof.vectors import ORGANIZATION, ORIGIN, events, private_key, vectors

Files = dict[str, bytes]
LOG_VKEY, NEXT_VKEY = (vectors()["keys"][name]["vkey"] for name in ("log", "next"))
LOG_ENTRY = {"vkey": LOG_VKEY, "use": "log", "fromSize": 1, "toSize": None, "introduction": None}


def note_of(leaves: list[bytes], *keys: str) -> str:
    """Return a checkpoint of a tree, signed by test keys."""
    body = body_of(ORIGIN, len(leaves), root(leaves))
    return signed_note(body, [private_key(each) for each in keys])


def disclosures() -> dict[int, Disclosure]:
    """Return what the vectors disclose, by position: one text with proof, one without."""
    shown = vectors()["sealing"]["disclosure"]
    return {
        2: Disclosure('{"userName":"zoe@example.org"}', None),
        5: Disclosure(shown["personal"], decoded(shown["salt"])),
    }


def make_bundle(
    first: int = 1,
    last: int = 8,
    *,
    note: str | None = None,
    log: list[RecordedEvent] | None = None,
    earlier: dict[int, str] | None = None,
    entries: list[dict[str, Any]] | None = None,
    shown: dict[int, Disclosure] | None = None,
) -> bytes:
    """Return a bundle. `earlier` maps sizes to the checkpoints to prove consistency from."""
    log = log or events()
    leaves = [leaf_hash(each) for each in log]
    tiles, size, top = dict(tiles_of(leaves)), len(log), root(leaves)
    note, shown = note or vectors()["checkpoints"]["signed"], shown or {}
    ranges = outside_of(first - 1, last, size)
    nodes = zip(ranges, subtree_hashes(ranges, tiles), strict=True)
    file = BytesIO()
    writer = BundleWriter(file)
    writer.write("checkpoint.txt", note)
    writer.write("keys.json", {"origin": ORIGIN, "keys": entries or [LOG_ENTRY]})
    writer.write("proof.json", range_document(first - 1, last, size, nodes))
    proofs = [
        consistency_document(
            origin=ORIGIN,
            first=old,
            second=size,
            first_root=root(leaves[:old]),
            second_root=top,
            hashes=subtree_hashes(consistency(old, size), tiles),
            checkpoint=text,
        )
        for old, text in (earlier or {}).items()
    ]
    writer.write("consistency.json", proofs)
    with writer.part("events.ndjson") as part:
        for event in log[first - 1 : last]:
            disclosure = shown.get(event.position)
            line = event_line(event, disclosure=disclosure, with_sealed=disclosure is not None)
            part.write(as_json(line).encode())
    writer.close(
        {
            "origin": ORIGIN,
            "organizationId": str(ORGANIZATION),
            "fromPosition": first,
            "toPosition": last,
            "size": size,
            "leafFormats": list(LEAF_FORMATS),
        }
    )
    return file.getvalue()


def rotated() -> tuple[list[RecordedEvent], dict[str, Any]]:
    """Return a log of nine events whose last one changes the key, and the new key's entry."""
    log = events()
    data = orjson.dumps({"from": LOG_VKEY, "to": NEXT_VKEY, "reason": "yearly"}).decode()
    change = log[7]._replace(position=9, type="LogKeyChanged", data=data, sealed=None)
    log.append(change)
    leaves = [leaf_hash(each) for each in log]
    hashes = subtree_hashes(inclusion(8, 9), dict(tiles_of(leaves)))
    proof = inclusion_document(
        origin=ORIGIN,
        position=9,
        size=9,
        leaf=leaves[8],
        root=root(leaves),
        hashes=hashes,
        checkpoint=None,
    )
    introduction = {
        "event": event_line(change),
        "hashes": proof["hashes"],
        "checkpoint": note_of(leaves, "log", "next"),
    }
    return log, {**LOG_ENTRY, "vkey": NEXT_VKEY, "fromSize": 9, "introduction": introduction}


def spoiled(bundle: bytes, change: Callable[[Files], None], *, restated: bool = True) -> bytes:
    """Return a bundle whose files were changed; `restated`: the manifest states the changed ones."""
    with zipfile.ZipFile(BytesIO(bundle)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    if restated and FILES[-1] in files:
        manifest = orjson.loads(files[FILES[-1]])
        for name in manifest["files"].keys() & files.keys():
            digest = hashlib.sha256(files[name]).hexdigest()
            manifest["files"][name] = {"sha256": digest, "bytes": len(files[name])}
        files[FILES[-1]] = orjson.dumps(manifest)
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


def saved(folder: Path, bundle: bytes) -> str:
    """Write a bundle to a folder; return its path."""
    path = folder / "bundle.zip"
    path.write_bytes(bundle)
    return str(path)
