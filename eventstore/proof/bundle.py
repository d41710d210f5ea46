"""The files of an evidence bundle: their names, the lines of events, the JSON of proofs."""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final, NamedTuple

from eventstore.events import RecordedEvent
from eventstore.proof.leaf import FORMAT, leaf_hash
from eventstore.proof.notes import encoded
from eventstore.proof.outside_lines import instant
from eventstore.proof.proofs import Range

BUNDLE_FORMAT: Final = "scim-ledger-evidence/1"
# In this order: the manifest comes last, so that an export needs constant memory.
FILES: Final = (
    "checkpoint.txt",
    "keys.json",
    "proof.json",
    "consistency.json",
    "events.ndjson",
    "manifest.json",
)
MADE_AT: Final = (1980, 1, 1, 0, 0, 0)  # The same content gives the same bytes.
LEAF_FORMATS: Final = ({"fromPosition": 1, "format": FORMAT},)


class Disclosure(NamedTuple):
    """The personal part of one event, and the salt that proves it. It opens this event only."""

    personal: str
    salt: bytes | None  # None: the event was sealed before commitments, and nothing proves it.


def event_line(
    event: RecordedEvent,
    *,
    disclosure: Disclosure | None = None,
    is_erased: bool = False,
    with_sealed: bool = False,
) -> dict[str, Any]:
    """Return an event as a line of evidence."""
    sealed = event.sealed
    return {
        "position": event.position,
        "organizationId": str(event.organization_id),
        "streamId": str(event.stream_id),
        "version": event.version,
        "eventId": str(event.event_id),
        "type": event.type,
        "schemaVersion": event.schema_version,
        "recordedAt": instant(event.recorded_at),
        "actorId": event.actor_id,
        "tokenId": None if event.token_id is None else str(event.token_id),
        "requestId": str(event.request_id),
        "source": event.source,
        "data": event.data,
        "sealed": encoded(sealed) if sealed is not None and with_sealed else None,
        "sealedSha256": None if sealed is None else encoded(hashlib.sha256(sealed).digest()),
        "subjectId": None if event.subject_id is None else str(event.subject_id),
        "leafHash": encoded(leaf_hash(event)),
        "disclosure": None if disclosure is None else _disclosed(disclosure),
        "erased": is_erased,
    }


def _disclosed(each: Disclosure) -> dict[str, Any]:
    return {
        "personal": each.personal,
        "salt": None if each.salt is None else encoded(each.salt),
    }


def range_document(start: int, end: int, size: int, nodes: Iterable[tuple[Range, bytes]]) -> Any:
    """Return the proof that a range is complete and in order."""
    return {
        "start": start,
        "end": end,
        "size": size,
        "nodes": [
            {"start": low, "end": high, "hash": encoded(found)} for (low, high), found in nodes
        ],
    }


def inclusion_document(
    *,
    origin: str,
    position: int,
    size: int,
    leaf: bytes,
    root: bytes,
    hashes: Sequence[bytes],
    checkpoint: str | None,
) -> dict[str, Any]:
    """Return a proof of inclusion."""
    return {
        "origin": origin,
        "position": position,
        "index": position - 1,
        "size": size,
        "leafHash": encoded(leaf),
        "rootHash": encoded(root),
        "hashes": [encoded(each) for each in hashes],
        "checkpoint": checkpoint,
    }


def consistency_document(
    *,
    origin: str,
    first: int,
    second: int,
    first_root: bytes,
    second_root: bytes,
    hashes: Sequence[bytes],
    checkpoint: str | None,
) -> dict[str, Any]:
    """Return a proof of consistency."""
    return {
        "origin": origin,
        "from": first,
        "to": second,
        "fromRootHash": encoded(first_root),
        "toRootHash": encoded(second_root),
        "hashes": [encoded(each) for each in hashes],
        "checkpoint": checkpoint,
    }


def tlog_proof(index: int, hashes: Sequence[bytes], note: str) -> str:
    """Return a proof of inclusion as other people's tools read it (C2SP tlog-proof)."""
    lines = "".join(f"{encoded(each)}\n" for each in hashes)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{lines}\n{note}"


class Part:
    """A file of a bundle that is being written: its length and its digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.length = 0

    def write(self, octets: bytes) -> None:
        """Write bytes."""
        self._file.write(octets)
        self._digest.update(octets)
        self.length += len(octets)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of what was written, in hexadecimal."""
        return self._digest.hexdigest()


class BundleWriter:
    """Writes the files of a bundle in their order; the manifest, which states the others, comes last."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._stated: dict[str, Any] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[Part]:
        """Give a file to write for the duration of the block."""
        info = zipfile.ZipInfo(name, MADE_AT)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as file:
            part = Part(file)
            yield part
        self._stated[name] = {"sha256": part.digest, "bytes": part.length}

    def write(self, name: str, content: str | dict[str, Any] | list[Any]) -> None:
        """Write a whole file: a text, or a value as JSON."""
        with self.part(name) as part:
            part.write((content if isinstance(content, str) else as_json(content)).encode())

    def close(self, manifest: dict[str, Any]) -> str:
        """Write the manifest and finish; return the SHA-256 of the manifest, in hexadecimal."""
        stated = dict(self._stated)
        self.write(FILES[-1], {"format": BUNDLE_FORMAT, **manifest, "files": stated})
        self._zip.close()
        digest: str = self._stated[FILES[-1]]["sha256"]
        return digest


def as_json(value: Any) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
