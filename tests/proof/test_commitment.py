"""Sealed bytes commit to their text: what is disclosed later is what was sealed, and nothing else."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.errors import BrokenSeal
from eventstore.proof.notes import decoded
from eventstore.sealing import sealer
from eventstore.sealing.sealer import (
    HEAD_BYTES,
    NONCE_BYTES,
    commitment_holds,
    encrypted,
    place,
    salt_of,
    seal,
    unseal,
)
from tests.proof.vectors import events, vectors

SEALING = vectors()["sealing"]
KEY = bytes.fromhex(SEALING["TESTsubjectKeyHex"])
PLACE = bytes.fromhex(SEALING["placeHex"])
PERSONAL = SEALING["personal"].encode()
SEALED = bytes.fromhex(SEALING["sealedHex"])


def test_the_vector_is_sealed_and_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    nonce = bytes.fromhex(SEALING["nonceHex"])
    monkeypatch.setattr(sealer, "random_bytes", lambda count: nonce[:count])

    assert seal(KEY, PERSONAL, aad=PLACE) == SEALED
    assert unseal(KEY, SEALED, aad=PLACE) == PERSONAL
    assert salt_of(KEY, PLACE).hex() == SEALING["saltHex"]
    assert SEALED[8:HEAD_BYTES].hex() == SEALING["commitmentHex"]


def test_the_place_is_the_vectors() -> None:
    event = events()[SEALING["position"] - 1]
    assert event.subject_id is not None
    assert place(event.organization_id, event.subject_id, event.event_id) == PLACE


@pytest.mark.parametrize(("name", "expected"), [("disclosure", True), ("falseDisclosure", False)])
def test_only_the_sealed_text_is_proved(name: str, *, expected: bool) -> None:
    shown = SEALING[name]
    salt, personal = decoded(shown["salt"]), shown["personal"].encode()

    assert commitment_holds(SEALED, aad=PLACE, salt=salt, plaintext=personal) is expected
    assert not commitment_holds(SEALED, aad=PLACE, salt=b"", plaintext=personal)


def test_what_was_sealed_before_commitments_opens_as_before() -> None:
    former = encrypted(AESGCM(KEY), PERSONAL, PLACE)

    assert unseal(KEY, former, aad=PLACE) == PERSONAL
    assert not commitment_holds(former, aad=PLACE, salt=salt_of(KEY, PLACE), plaintext=PERSONAL)


@pytest.mark.parametrize("at", [0, 8, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + NONCE_BYTES, -1])
def test_a_changed_byte_never_opens(at: int) -> None:
    changed = bytearray(SEALED)
    changed[at] ^= 1

    with pytest.raises(BrokenSeal):
        unseal(KEY, bytes(changed), aad=PLACE)
