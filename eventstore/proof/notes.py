"""Signed checkpoints: C2SP signed-note, tlog-checkpoint and tlog-cosignature.

A note is three lines (origin, size, root), an empty line, and signature lines. Public keys are written as vkeys,
`<name>+<key id>+<base64>`. The name of a log's key is the origin that it signs.
"""

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.proof.leaf import HASH_BYTES

ED25519: Final = 1
COSIGNATURE: Final = 4
KINDS = frozenset({ED25519, COSIGNATURE})
KEY_ID_BYTES = 4
TIME_BYTES = 8
PUBLIC_BYTES = 32
NOTE_CHARACTERS_MAX = 65_536
LINES = 3
SIZE_DIGITS_MAX = 19  # Of a bigint.
DASH = "\u2014"
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")  # All but the newline.
READ_LATELY_MAX: Final = 32  # Notes: at most 2 MB.


class MalformedNote(ValueError):
    """This is not a checkpoint: three lines, an empty one, signatures."""


class Vkey(NamedTuple):
    """A public key of a log or of a witness."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes by which a signature names the key."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        """Return the key in the form of C2SP signed-note."""
        return f"{self.name}+{self.key_id.hex()}+{encoded(bytes([self.kind]) + self.public)}"


class TrustedKey(NamedTuple):
    """A key, and the sizes of the checkpoints that it may sign."""

    vkey: Vkey
    from_size: int = 1
    to_size: int | None = None  # None: it still signs.

    def covers(self, size: int) -> bool:
        """Return whether the key may sign a checkpoint of this size."""
        return self.from_size <= size and (self.to_size is None or size <= self.to_size)


class Note(NamedTuple):
    """A checkpoint that was read. Whether a signature is valid is another question: `judged`."""

    origin: str
    size: int
    root: bytes
    body: str
    signatures: tuple[tuple[str, bytes], ...]  # Name; key id and signature.

    @property
    def incarnation(self) -> int:
        """Return the incarnation in the origin, 0 for an origin that is not a log of ours."""
        last = self.origin.rpartition("/")[2]
        return int(last) if last.isascii() and last.isdecimal() else 0


def encoded(octets: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(octets).decode()


def decoded(text: str) -> bytes:
    """Return the bytes of a text in base64. Errors: ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("It is not base64.") from error


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def read_vkey(text: str) -> Vkey:
    """Return the key that a text writes. Errors: ValueError."""
    name, _, rest = text.partition("+")
    identifier, _, material = rest.partition("+")
    octets = decoded(material)
    found = Vkey(name, octets[0] if octets else 0, octets[1:])
    is_ours = found.kind in KINDS and len(found.public) == PUBLIC_BYTES
    if not name or not is_ours or found.key_id.hex() != identifier:
        raise ValueError(f"This is not a key that can be used: {text}")
    return found


def public_of(private: Ed25519PrivateKey) -> bytes:
    """Return the raw public key."""
    return private.public_key().public_bytes_raw()


def body_of(origin: str, size: int, root: bytes) -> str:
    """Return the text of a checkpoint, which is what is signed."""
    return f"{origin}\n{size}\n{encoded(root)}\n"


def signed_note(body: str, keys: Iterable[Ed25519PrivateKey]) -> str:
    """Return a checkpoint, signed by the keys of its log."""
    name = body.partition("\n")[0]
    return f"{body}\n{''.join(_signature_line(body, name, key) for key in keys)}"


def _signature_line(body: str, name: str, key: Ed25519PrivateKey) -> str:
    identifier = key_id(name, ED25519, public_of(key))
    return f"{DASH} {name} {encoded(identifier + key.sign(body.encode()))}\n"


def cosignature_line(body: str, name: str, key: Ed25519PrivateKey, unix_s: int) -> str:
    """Return the line of a witness."""
    identifier = key_id(name, COSIGNATURE, public_of(key))
    signature = key.sign(_cosigned(body, unix_s))
    return f"{DASH} {name} {encoded(identifier + struct.pack('>Q', unix_s) + signature)}\n"


def cosigned_note(text: str, answer: str, witness: Vkey) -> tuple[str, datetime]:
    """Return a checkpoint with the line of a witness from its answer, and the witness's time.

    Lines of other keys are left out. Errors: ValueError, no line of this witness holds good.
    """
    note = read_note(text)
    for line in answer.splitlines():
        try:
            name, octets = _read_signature(line)
        except ValueError:
            continue
        if (name, octets[:KEY_ID_BYTES]) != (witness.name, witness.key_id):
            continue
        if not is_signed(note.body, witness, octets):
            raise ValueError("Its signature is false.")
        time = int.from_bytes(octets[KEY_ID_BYTES : KEY_ID_BYTES + TIME_BYTES])
        try:
            return f"{text}{line}\n", datetime.fromtimestamp(time, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError("Its time is no time.") from error
    raise ValueError("It names no key of this witness.")


def _cosigned(body: str, unix_s: int) -> bytes:
    return f"cosignature/v1\ntime {unix_s}\n{body}".encode()


@lru_cache(maxsize=READ_LATELY_MAX)  # Comparing a log asks for the same one or two several times.
def read_note(text: str) -> Note:
    """Return a checkpoint. Errors: MalformedNote."""
    if CONTROLS.search(text) or not text.endswith("\n") or len(text) > NOTE_CHARACTERS_MAX:
        raise MalformedNote(MalformedNote.__doc__)
    body, separator, rest = text.rpartition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) != LINES or not lines[0]:
        raise MalformedNote(MalformedNote.__doc__)
    try:
        root = decoded(lines[2])
        signatures = tuple(_read_signature(line) for line in rest.splitlines())
    except ValueError as error:
        raise MalformedNote(MalformedNote.__doc__) from error
    if not _is_size(lines[1]) or not signatures or len(root) != HASH_BYTES:
        raise MalformedNote(MalformedNote.__doc__)
    return Note(lines[0], int(lines[1]), root, f"{body}\n", signatures)


def _is_size(text: str) -> bool:
    is_number = text.isascii() and text.isdecimal() and len(text) <= SIZE_DIGITS_MAX
    return is_number and text == str(int(text))


def _read_signature(line: str) -> tuple[str, bytes]:
    dash, name, signature = line.split(" ")
    octets = decoded(signature)
    if dash != DASH or not name or len(octets) <= KEY_ID_BYTES:
        raise ValueError("This is not a signature line.")
    return name, octets


@lru_cache(maxsize=READ_LATELY_MAX)  # Most logs have the same checkpoint inside and outside.
def is_signed(body: str, signer: Vkey, octets: bytes) -> bool:
    """Return whether the octets of a signature line are a valid signature by this key."""
    signed, signature = body.encode(), octets[KEY_ID_BYTES:]
    if signer.kind == COSIGNATURE:
        time = signature[:TIME_BYTES]
        signed, signature = _cosigned(body, int.from_bytes(time)), signature[TIME_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(signer.public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def note_verdict(
    text: str, origins: Iterable[str], keys: Sequence[TrustedKey], *, needs_witness: bool = False
) -> str:
    """Return `valid`, `malformed`, `wrong_origin`, `key_unknown`, `key_retired` or `signature_invalid`.

    `needs_witness` also asks for a valid cosignature by one of the keys.
    """
    try:
        note = read_note(text)
    except MalformedNote:
        return "malformed"
    if note.origin not in set(origins):
        return "wrong_origin"
    found, is_witnessed = set[str](), False
    for key in keys:
        vkey = key.vkey
        if vkey.kind == ED25519 and vkey.name != note.origin:
            continue
        for name, octets in note.signatures:
            if (name, octets[:KEY_ID_BYTES]) != (vkey.name, vkey.key_id):
                continue
            if not is_signed(note.body, vkey, octets):
                return "signature_invalid"
            if vkey.kind == ED25519:
                found.add("valid" if key.covers(note.size) else "key_retired")
            else:
                is_witnessed = True
    if "valid" in found and (is_witnessed or not needs_witness):
        return "valid"
    return "key_retired" if found == {"key_retired"} else "key_unknown"
