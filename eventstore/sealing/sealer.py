"""Encrypt personal values: AES-256-GCM under each subject's key, which the master key wraps.

Destroying a subject's key makes everything sealed with it unreadable, in backups too. The log and its
hashes stay whole. Sealed bytes are bound to their place: they cannot be opened after they were moved to
another event, subject or organization. A wrapped key has the id of its master key in front: while the master key is
rotated, two of them open.

They are a head, a nonce of 12 bytes, the ciphertext and a tag of 16 bytes. The head commits to the text, because
AES-GCM alone does not: a writer can craft a ciphertext that opens to two texts under two keys. Text and salt together
prove what one event says, and open no other. What was sealed before commitments has no head.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.errors import BrokenSeal
from eventstore.sealing.randomness import random_bytes

KEY_BYTES = 32
HEAD = b"SLSEAL\x00\x02"
HEAD_BYTES = len(HEAD) + 32  # With the commitment.
SALT_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96 bits. Random nonces allow 2**32 messages per key.
TAG_BYTES = 16
ID_BYTES = 4  # Of a master key, in front of what it wraps.
WRAPPED_BYTES = ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES  # Of a wrapped key.
HASH_BYTES = 16  # Of a hashed name.
BLOCK_BYTES = 64  # Of SHA-256.


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """What a sealer is made of: for another process, which gets it through a pipe. It is never printed."""

    master_keys: tuple[bytes, ...] = field(repr=False)  # The first one wraps, all of them open.
    name_key: bytes | None = field(default=None, repr=False)  # None: no name can be hashed.
    # Called if a wrapped key is of none of these: the master key may have been rotated meanwhile.
    find_more: Callable[[], Iterable[bytes]] | None = field(default=None, repr=False)

    def sealer(self) -> "Sealer":
        """Return a sealer of these keys."""
        return Sealer(*self.master_keys, name_key=self.name_key, find_more=self.find_more)


class KeyedHash:
    """HMAC-SHA256 (RFC 2104) under one key, which is hashed once: a quarter of the time of `hmac.digest`."""

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(
            BLOCK_BYTES, b"\0"
        )
        self._inner = hashlib.sha256(bytes(each ^ 0x36 for each in block))
        self._outer = hashlib.sha256(bytes(each ^ 0x5C for each in block))

    def digest(self, text: bytes) -> bytes:
        """Return the HMAC of a text."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


class MasterKey:
    """A master key, as the keys that are derived from it for each purpose."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"A master key has {KEY_BYTES} bytes, not {len(key)}.")
        self.key = key
        self.fingerprint = fingerprint_of(key)
        self.id = id_of(self.fingerprint)
        # One key for each purpose: what was wrapped for one purpose never opens for another.
        self.subjects = AESGCM(derived(key, "subject keys"))
        self.secrets = AESGCM(derived(key, "secrets"))


class Sealer:
    """Seals and opens with the master keys. It owns them: `add` and `use` are the only ways to change them.

    `mark_key` makes the marks of appended events. Without one they have none, and a verification finds them forged.
    """

    def __init__(
        self,
        *master_keys: bytes,
        mark_key: bytes | None = None,
        name_key: bytes | None = None,
        find_more: Callable[[], Iterable[bytes]] | None = None,
    ) -> None:
        self._current, *others = map(MasterKey, master_keys)
        self._known = {each.id: each for each in (self._current, *others)}
        self._name_key = name_key
        self._name_hash = KeyedHash(name_key) if name_key is not None else None
        self._find_more = find_more
        self.mark_key = mark_key

    @property
    def keys(self) -> SealingKeys:
        """Return the keys, for another process."""
        others = (each.key for each in self._known.values() if each is not self._current)
        return SealingKeys((self._current.key, *others), self._name_key, self._find_more)

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the master key that wraps."""
        return self._current.fingerprint

    @property
    def fingerprints(self) -> frozenset[str]:
        """Return the fingerprints of all master keys that open."""
        return frozenset(each.fingerprint for each in self._known.values())

    def add(self, master_key: bytes) -> None:
        """Also open what this master key has wrapped."""
        added = MasterKey(master_key)
        self._known = {added.id: added, **self._known}

    def use(self, fingerprint: str) -> None:
        """Wrap with another one of the known master keys from now on."""
        self._current = self._known[id_of(fingerprint)]

    def new_subject_key(self, organization_id: UUID, subject_id: UUID) -> tuple[bytes, bytes]:
        """Return a new key for a subject, and the same key wrapped, for storing."""
        key = random_bytes(KEY_BYTES)
        return key, self.wrap(key, organization_id, subject_id)

    def wrap(self, key: bytes, organization_id: UUID, subject_id: UUID) -> bytes:
        """Return a subject's key wrapped."""
        current = self._current
        return current.id + encrypted(
            current.subjects, key, organization_id.bytes + subject_id.bytes
        )

    def unwrap(self, wrapped: bytes, organization_id: UUID, subject_id: UUID) -> bytes:
        """Return a subject's key. Errors: BrokenSeal."""
        aad = organization_id.bytes + subject_id.bytes
        return self._opened(wrapped, lambda each, sealed: decrypted(each.subjects, sealed, aad))

    def wrap_secret(self, secret: bytes, *, context: str) -> bytes:
        """Return a secret of the service wrapped. It opens only with the same context."""
        current = self._current
        return current.id + encrypted(current.secrets, secret, context.encode())

    def unwrap_secret(self, wrapped: bytes, *, context: str) -> bytes:
        """Return a secret of the service. Errors: BrokenSeal."""
        aad = context.encode()
        return self._opened(wrapped, lambda each, sealed: decrypted(each.secrets, sealed, aad))

    def rewrap_secret(self, wrapped: bytes, *, context: str) -> bytes:
        """Return a secret wrapped with the master key that wraps now. Errors: BrokenSeal."""
        return self.wrap_secret(self.unwrap_secret(wrapped, context=context), context=context)

    def text_key(self) -> bytes:
        """Return the key for texts that belong to no subject. It stays the same when the master key is rotated."""
        assert self._name_key is not None, "This sealer was made without the key of names."
        return derived(self._name_key, "texts of requests")

    def hash_name(self, organization_id: UUID, kind: str, name: str) -> bytes:
        """Return a keyed hash of a name: equal names of one kind and organization have equal hashes.

        The key is not derived from a master key, so the hashes stay the same when that is rotated.
        """
        assert self._name_hash is not None, "This sealer was made without the key of names."
        text = organization_id.bytes + f"{kind}\0{name}".encode("utf-8", "surrogatepass")
        return self._name_hash.digest(text)[:HASH_BYTES]

    def _opened(self, wrapped: bytes, opened: Callable[[MasterKey, bytes], bytes]) -> bytes:
        """Return what is wrapped, opened by the master key that it names, or else by any."""
        named = self._known.get(wrapped[:ID_BYTES])
        if named is not None:
            try:
                return opened(named, wrapped[ID_BYTES:])
            except BrokenSeal:
                pass  # Before master keys had ids, these bytes were random.
        for each in self._known.values():
            try:
                return opened(each, wrapped)
            except BrokenSeal:
                continue
        if named is None and self._find_named(wrapped[:ID_BYTES]):
            return opened(self._known[wrapped[:ID_BYTES]], wrapped[ID_BYTES:])
        raise BrokenSeal(BrokenSeal.__doc__)

    def _find_named(self, key_id: bytes) -> bool:
        """Look for master keys that were handed over meanwhile; return whether the named one is known now."""
        for each in self._find_more() if self._find_more is not None else ():
            self.add(each)
        return key_id in self._known


def seal(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """Return plaintext sealed under a subject's key and bound to its place, `aad`."""
    head = HEAD + commitment(salt_of(key, aad), aad, plaintext)
    return head + encrypted(AESGCM(key), plaintext, aad + head)


def unseal(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """Return what was sealed under this key at this place. Errors: BrokenSeal."""
    return opened(AESGCM(key), sealed, aad)


def opened(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes:
    """Return what a cipher sealed at this place. Errors: BrokenSeal."""
    if has_commitment(sealed):
        # The tag covers the head, so nothing needs to be hashed again.
        return decrypted(cipher, sealed, aad + sealed[:HEAD_BYTES], after=HEAD_BYTES)
    return decrypted(cipher, sealed, aad)


def has_commitment(sealed: bytes) -> bool:
    """Return whether sealed bytes commit to their text."""
    return sealed[: len(HEAD)] == HEAD


def salt_of(key: bytes, aad: bytes) -> bytes:
    """Return the salt of a commitment. It is stored nowhere, so it is gone with the key."""
    return hashlib.blake2b(
        b"scim-ledger commitment" + aad, key=key, digest_size=SALT_BYTES
    ).digest()


def commitment(salt: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """Return what a head holds about a text."""
    return hashlib.sha256(b"scim-ledger personal" + salt + aad + plaintext).digest()


def commitment_holds(sealed: bytes, *, aad: bytes, salt: bytes, plaintext: bytes) -> bool:
    """Return whether a disclosed text is what was sealed at this place."""
    is_whole = has_commitment(sealed) and len(salt) == SALT_BYTES
    return is_whole and sealed[len(HEAD) : HEAD_BYTES] == commitment(salt, aad, plaintext)


def place(organization_id: UUID, subject_id: UUID, event_id: UUID) -> bytes:
    """Return what binds a seal to its event."""
    return organization_id.bytes + subject_id.bytes + event_id.bytes


def fingerprint_of(master_key: bytes) -> str:
    """Return what names a master key in the database and in messages, and does not reveal it."""
    return derived(master_key, "fingerprint").hex()


def id_of(fingerprint: str) -> bytes:
    """Return the id of a master key: the first bytes of its fingerprint."""
    return bytes.fromhex(fingerprint)[:ID_BYTES]


def derived(master_key: bytes, purpose: str) -> bytes:
    """Return the key, or the fingerprint, that is derived from a master key for one purpose."""
    return hmac.digest(master_key, f"scim-ledger {purpose}".encode(), hashlib.sha256)


def encrypted(cipher: AESGCM, plaintext: bytes, aad: bytes) -> bytes:
    """Return nonce and ciphertext."""
    nonce = random_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, aad)


def decrypted(cipher: AESGCM, sealed: bytes, aad: bytes, *, after: int = 0) -> bytes:
    """Return the plaintext of nonce and ciphertext, which come after so many bytes. Errors: BrokenSeal."""
    begin = after + NONCE_BYTES
    try:
        return cipher.decrypt(sealed[after:begin], sealed[begin:], aad)
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal(BrokenSeal.__doc__) from error
