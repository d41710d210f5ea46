"""Encrypt personal values: AES-256-GCM under each subject's key, which the master key wraps.

Destroying a subject's key makes everything sealed with it unreadable, in backups too. The log and its
hashes stay whole. Sealed bytes are bound to their place: they cannot be opened after they were moved to
another event, subject or organization.

They are a head, a nonce of 12 bytes, the ciphertext and a tag of 16 bytes. The head commits to the text, because
AES-GCM alone does not: a writer can craft a ciphertext that opens to two texts under two keys. Text and salt together
prove what one event says, and open no other. What was sealed before commitments has no head.
"""

import hashlib
import hmac
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


class Sealer:
    """Seals and opens with the master key. The master key never leaves this object.

    `mark_key` makes the marks of appended events. Without one they have none, and a verification finds them forged.
    """

    def __init__(self, master_key: bytes, *, mark_key: bytes | None = None) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"A master key has {KEY_BYTES} bytes, not {len(master_key)}.")
        # One key for each purpose: what was wrapped for one purpose never opens for another.
        self._subjects = AESGCM(derived(master_key, "subject keys"))
        self._secrets = AESGCM(derived(master_key, "secrets"))
        self.mark_key = mark_key

    def new_subject_key(self, organization_id: UUID, subject_id: UUID) -> tuple[bytes, bytes]:
        """Return a new key for a subject, and the same key wrapped, for storing."""
        key = random_bytes(KEY_BYTES)
        return key, encrypted(self._subjects, key, organization_id.bytes + subject_id.bytes)

    def unwrap(self, wrapped: bytes, organization_id: UUID, subject_id: UUID) -> bytes:
        """Return a subject's key. Errors: BrokenSeal."""
        return decrypted(self._subjects, wrapped, organization_id.bytes + subject_id.bytes)

    def wrap_secret(self, secret: bytes, *, context: str) -> bytes:
        """Return a secret of the service wrapped. It opens only with the same context."""
        return encrypted(self._secrets, secret, context.encode())

    def unwrap_secret(self, wrapped: bytes, *, context: str) -> bytes:
        """Return a secret of the service. Errors: BrokenSeal."""
        return decrypted(self._secrets, wrapped, context.encode())


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
        return decrypted(cipher, sealed[HEAD_BYTES:], aad + sealed[:HEAD_BYTES])
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


def derived(master_key: bytes, purpose: str) -> bytes:
    """Return the key, or the fingerprint, that is derived from a master key for one purpose."""
    return hmac.digest(master_key, f"scim-ledger {purpose}".encode(), hashlib.sha256)


def encrypted(cipher: AESGCM, plaintext: bytes, aad: bytes) -> bytes:
    """Return nonce and ciphertext."""
    nonce = random_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, aad)


def decrypted(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes:
    """Return the plaintext of nonce and ciphertext."""
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal(BrokenSeal.__doc__) from error
