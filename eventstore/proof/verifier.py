"""Check an evidence bundle of scim-ledger offline: this file, Python 3.11 or later, and `cryptography`.

    python verifier.py BUNDLE --key VKEY... [--witness VKEY...] [--checkpoint FILE...]

It trusts no key from the bundle: get the key of the log by another channel. Its last line says VALID (exit code 0),
INVALID (1), UNREADABLE (2) or UNTRUSTED (3), and why.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT, LEAF_FORMATS = "scim-ledger-evidence/1", [{"fromPosition": 1, "format": 1}]
FILES = ["checkpoint.txt", "keys.json", "proof.json", "consistency.json"]
FILES += ["events.ndjson", "manifest.json"]
HEAD, EPOCH = struct.Struct(">3sBB16sq16sq16shq16s16s32s16sIIII"), datetime(1970, 1, 1, tzinfo=UTC)
MANIFEST_BYTES_MAX, NOTE_BYTES_MAX, HASH_BYTES, ED25519, COSIGNATURE = 1 << 20, 1 << 16, 32, 1, 4
SEAL_HEAD, UNTRUSTED = b"SLSEAL\x00\x02", "UNTRUSTED: the mathematics holds, but"
Json = dict[str, Any]
Span = tuple[int, int]


class Invalid(Exception):
    """The bundle is false: a code, and a sentence with the position or the file."""


class Note(NamedTuple):
    """A checkpoint: the text that is signed, and names with signatures."""

    origin: str
    size: int
    root: bytes
    body: bytes
    signatures: list[tuple[str, bytes]]


class Key(NamedTuple):
    """A public key, and the sizes of the checkpoints that it may sign."""

    text: str
    name: str
    key_id: bytes
    kind: int
    public: bytes
    first: int = 1
    last: int | None = None


def unb64(text: str, length: int | None = None) -> bytes:
    """Return the bytes of strict base64, and of this length."""
    octets = base64.b64decode(text, validate=True)
    if length not in {None, len(octets)}:
        raise ValueError(f"{text} has not {length} bytes")
    return octets


def sha256(*parts: bytes) -> bytes:
    """Return the digest of parts. A node of the tree is that of 01, left, right (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"".join(parts)).digest()


def read_key(text: str) -> Key:
    """Return the key that a vkey writes."""
    name, identifier, material = text.split("+", 2)
    octets = unb64(material, 1 + HASH_BYTES)
    key_id = sha256(name.encode(), b"\n", octets)[:4]
    if key_id.hex() != identifier or octets[0] not in {ED25519, COSIGNATURE}:
        raise ValueError(f"this is not a key: {text}")
    return Key(text, name, key_id, octets[0], octets[1:])


def read_note(text: str) -> Note:
    """Return a checkpoint: three lines, an empty one, signatures."""
    body, separator, rest = text.rpartition("\n\n")
    is_clean = len(text) <= NOTE_BYTES_MAX and all(each >= " " or each == "\n" for each in text)
    origin, size, root = body.split("\n")
    if not (is_clean and separator and size == str(int(size)) and int(size) >= 0):
        raise ValueError("this is not a checkpoint")
    lines = [line.removeprefix("\u2014 ").split(" ") for line in rest.splitlines()]
    signatures = [(name, unb64(signature)) for name, signature in lines]
    return Note(origin, int(size), unb64(root, HASH_BYTES), f"{body}\n".encode(), signatures)


def signers(note: Note, keys: list[Key]) -> list[Key]:
    """Return which of these keys signed a checkpoint. Errors: Invalid, a signature that names one is false."""
    found = dict[Key, None]()
    for key in keys:
        for octets in [each for name, each in note.signatures if (name, each[:4]) == key[1:3]]:
            signed, signature = note.body, octets[4:]
            if key.kind == COSIGNATURE:
                time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                signed = b"cosignature/v1\ntime %d\n%b" % (time, signed)
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
            except InvalidSignature:
                raise Invalid(
                    f"signature_invalid: That of {key.key_id.hex()} at {note.size}."
                ) from None
            found[key] = None
    return list(found)


def leaf_of(line: Json) -> bytes:
    """Return the leaf hash that the fields of a line give: a head of 175 bytes, then four texts."""
    since = datetime.fromisoformat(line["recordedAt"]) - EPOCH
    micros = (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
    texts = [line[name].encode() for name in ("type", "actorId", "source", "data")]
    present = [line[name] is not None for name in ("tokenId", "sealedSha256", "subjectId")]
    organization, stream, event, token, request, subject = (
        bytes(16) if line[f"{name}Id"] is None else UUID(line[f"{name}Id"]).bytes
        for name in ("organization", "stream", "event", "token", "request", "subject")
    )
    sealed = unb64(line["sealedSha256"], HASH_BYTES) if present[1] else bytes(HASH_BYTES)
    place = (organization, line["position"], stream, line["version"], event, line["schemaVersion"])
    bits = present[0] | present[1] << 1 | present[2] << 2
    rest = (micros, token, request, sealed, subject, *map(len, texts))
    return sha256(b"\x00", HEAD.pack(b"SLE", 1, bits, *place, *rest), *texts)


def shown_as(line: Json) -> str:
    """Return how the personal part of a line is shown: proved, unproved, withheld; empty if there is none."""
    shown, sealed = line["disclosure"], unb64(line["sealed"] or "")
    where = f"at position {line['position']}"
    if line["sealed"] is not None and sha256(sealed) != unb64(line["sealedSha256"] or ""):
        raise Invalid(f"altered: The sealed bytes {where} are not those of the log.")
    if shown is None or line["sealedSha256"] is None:
        return "" if line["sealedSha256"] is None else "withheld"
    if shown["salt"] is None:
        return "unproved"
    ids = [UUID(line[name]).bytes for name in ("organizationId", "subjectId", "eventId")]
    salt, personal = unb64(shown["salt"], HASH_BYTES), shown["personal"].encode()
    if sealed[:40] != SEAL_HEAD + sha256(b"scim-ledger personal", salt, *ids, personal):
        raise Invalid(f"disclosure_false: The text disclosed {where} is not what was sealed.")
    return "proved"


def range_root(span: Span, start: int, leaves: list[bytes], nodes: dict[Span, bytes]) -> bytes:
    """Return the root of a subtree from the leaves of a range and the nodes outside. It uses up the nodes."""
    low, high = span
    if high <= start or low >= start + len(leaves):
        return nodes.pop(span)
    if high - low == 1:
        return leaves[low - start]
    at = low + (1 << ((high - low - 1).bit_length() - 1))  # The largest power of two below.
    return sha256(b"\x01", *(range_root(x, start, leaves, nodes) for x in ((low, at), (at, high))))


def climbed(span: Span, index: int, hashes: list[bytes], end: list[bytes]) -> list[bytes]:
    """Return the roots of index + 1 leaves and of all, from that leaf or that root (`end`). It uses up the hashes."""
    low, high = span
    if (high - low if end[0] else high - index) == 1:
        found = end[0] or (hashes.pop() if low else end[1])
        return [found, found]
    at, last = low + (1 << ((high - low - 1).bit_length() - 1)), hashes.pop()
    part = (low, at) if index < at else (at, high)
    first, whole = climbed(part, index, hashes, end)
    if index < at:
        return [first, sha256(b"\x01", whole, last)]
    return [sha256(b"\x01", last, first), sha256(b"\x01", last, whole)]


def lines_of(bundle: zipfile.ZipFile, stated: Json, name: str) -> Iterator[bytes]:
    """Yield the lines of a file; at its end, compare length and digest with what the manifest states."""
    left, digest = stated["bytes"], hashlib.sha256()
    with bundle.open(name) as opened:
        while left >= 0 and (line := opened.readline(left + 1)):
            left -= len(line)
            digest.update(line)
            yield line
    if left or digest.hexdigest() != stated["sha256"]:
        raise Invalid(f"digest_mismatch: {name} is not the file that the manifest states.")


def read_events(lines: Iterator[bytes], manifest: Json) -> tuple[list[bytes], Counter[str]]:
    """Return the leaves of the lines, and how many personal parts are shown in which way."""
    leaves, shown = list[bytes](), Counter[str]()
    for position, line in enumerate(map(json.loads, lines), manifest["fromPosition"]):
        if line["position"] != position:
            raise Invalid(f"removed: Position {position} is missing.")
        leaves.append(leaf_of(line))
        is_own = line["organizationId"] == manifest["organizationId"]
        if not is_own or leaves[-1] != unb64(line["leafHash"]):
            raise Invalid(f"altered: The event at position {position} does not give its leaf.")
        shown[shown_as(line)] += 1
    if len(leaves) != manifest["toPosition"] + 1 - manifest["fromPosition"]:
        raise Invalid(f"removed: The last events up to {manifest['toPosition']} are missing.")
    return leaves, shown


def trusted_keys(given: list[Key], entries: list[Json]) -> list[Key]:
    """Return the given keys and those that one of them introduced: an event, its proof, a note signed by both."""
    found = {each.text: each for each in given}
    for entry, shown in [(each, each["introduction"]) for each in entries if each["introduction"]]:
        note, line, new = read_note(shown["checkpoint"]), shown["event"], read_key(entry["vkey"])
        said, hashes = json.loads(line["data"]), [unb64(each) for each in shown["hashes"]]
        old, index = found.get(said.get("from", "")), line["position"] - 1
        is_said = line["type"] == "LogKeyChanged" and said.get("to") == new.text
        if old and is_said and signers(note, [old, new]) == [old, new] and index < note.size:
            root = climbed((0, note.size), index, hashes, [leaf_of(line)])[1]
            if root == note.root and not hashes:
                found[old.text] = old._replace(last=note.size)
                found[new.text] = new._replace(first=note.size)
    return list(found.values())


def check_earlier(proofs: list[Json], note: Note, held: list[Note]) -> list[Note]:
    """Return the earlier checkpoints of a bundle. Errors: Invalid, one is no prefix of this log."""
    earlier = [read_note(each["checkpoint"]) for each in proofs]
    for old, proof in zip(earlier, proofs, strict=True):
        hashes = [unb64(each, HASH_BYTES) for each in proof["hashes"]]
        is_older = old.origin == note.origin and 0 < old.size <= note.size
        end = [b"", old.root]
        roots = climbed((0, note.size), old.size - 1, hashes, end) if is_older else end
        if roots != [old.root, note.root] or hashes:
            raise Invalid(f"forked: The checkpoint of {old.size} is not a prefix of this log.")
    for own in held:
        same = [each for each in (*earlier, note) if each.size == own.size]
        if any(each.root != own.root for each in same):
            raise Invalid(f"forked: You hold another checkpoint of {own.size}.")
        if not same:
            raise ValueError(f"it proves nothing about your checkpoint of {own.size}")
    return earlier


def check(path: str, keys: list[Key], others: list[Key], held: list[Note]) -> tuple[int, str]:  # noqa: C901
    """Return the exit code and the last line. Errors: Invalid, and any for what is no bundle."""
    with zipfile.ZipFile(path) as bundle:
        if [each.filename for each in bundle.infolist()] != FILES:
            raise ValueError(f"a bundle has exactly these files: {', '.join(FILES)}")
        manifest = json.loads(bundle.open(FILES[-1]).read(MANIFEST_BYTES_MAX))
        if (manifest["format"], manifest["leafFormats"]) != (FORMAT, LEAF_FORMATS):
            raise ValueError("its format is one that this verifier does not know")
        parts = {each: lines_of(bundle, manifest["files"][each], each) for each in FILES[:-1]}
        note = read_note(b"".join(parts[FILES[0]]).decode())
        listed, proof, proofs = (json.loads(b"".join(parts[each])) for each in FILES[1:4])
        log = note.origin.rpartition("/")[0]
        if (log, note.origin) != (f"scim-ledger/{manifest['organizationId']}", manifest["origin"]):
            raise Invalid(f"wrong_origin: checkpoint.txt is of {note.origin}.")
        first, last, size = (manifest[each] for each in ("fromPosition", "toPosition", "size"))
        span = (proof["start"], proof["end"], proof["size"], size)
        if span != (first - 1, last, note.size, note.size) or not 0 < first <= last <= size:
            raise ValueError("its files are about different ranges")
        leaves, shown = read_events(parts[FILES[4]], manifest)
    nodes = {(each["start"], each["end"]): unb64(each["hash"], 32) for each in proof["nodes"]}
    if range_root((0, size), first - 1, leaves, nodes) != note.root or nodes:
        raise Invalid("altered: The range does not give the root.")
    named = [read_key(each["vkey"]) for each in listed["keys"] if each["use"] == "log"]
    signers(note, named)  # A false signature is found even if nobody trusts its key.
    keys = [each for each in trusted_keys(keys, listed["keys"]) if each.name == note.origin]
    valid = list[Key]()
    for each in (*check_earlier(proofs, note, held), note):
        by = signers(each, keys)
        valid = [key for key in by if key.first <= each.size <= (key.last or each.size)]
        if by and not valid:
            raise Invalid(f"key_retired: {by[0].key_id.hex()} may not sign size {each.size}.")
        if not valid:
            return 3, f"{UNTRUSTED} no key that you gave signed it (it names {named[-1].text})"
    for witness in others:
        if not signers(note, [witness]):
            return 3, f"{UNTRUSTED} {witness.name} did not cosign it"
    signed = f"complete and in order; checkpoint of {size} signed by {valid[0].key_id.hex()}"
    proved = f"{shown['proved']} value{'s'[: shown['proved'] != 1]} proved"
    values = f"{proved}, {shown['unproved']} without proof, {shown['withheld']} withheld or erased"
    return 0, f"VALID events {first} to {last} of {note.origin}, {signed}; {values}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verifier on a command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Check an evidence bundle of scim-ledger offline.")
    parser.add_argument("bundle")
    for name in ("--key", "--witness", "--checkpoint"):
        parser.add_argument(name, nargs="+", action="extend", default=[])
    given = parser.parse_args(arguments)
    try:
        held = [read_note(Path(each).read_text("utf-8")) for each in given.checkpoint]
        keys, witnesses = ([read_key(one) for one in each] for each in (given.key, given.witness))
        code, line = check(given.bundle, keys, witnesses, held)
    except Invalid as error:
        code, line = 1, f"INVALID {error}"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is no bundle.
        code, line = 2, f"UNREADABLE: {type(error).__name__}: {error}"
    sys.stdout.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
