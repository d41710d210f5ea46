"""Checkpoints are signed notes: who signed what, under which name, and for which sizes."""

import pytest

from eventstore.proof.notes import (
    COSIGNATURE,
    ED25519,
    MalformedNote,
    TrustedKey,
    Vkey,
    body_of,
    cosignature_line,
    note_verdict,
    public_of,
    read_note,
    read_vkey,
    signed_note,
)
from eventstore.proof.tree import root
from tests.proof.vectors import ORIGIN, leaves, private_key, trusted, vectors

NOTES = vectors()["checkpoints"]
KEYS = vectors()["keys"]
LOG, NEXT, WITNESS = (private_key(name) for name in ("log", "next", "witness"))
BODY = body_of(ORIGIN, 8, root(leaves()))
NOTE = signed_note(BODY, [LOG])
WITNESS_NAME = "witness.customer.example/w1"


def test_notes_are_the_vectors() -> None:
    assert NOTES["signed"] == NOTE
    assert signed_note(BODY, [LOG, NEXT]) == NOTES["whileKeysRotate"]
    assert NOTE + cosignature_line(BODY, WITNESS_NAME, WITNESS, 1_798_761_601) == NOTES["cosigned"]


def test_public_keys_are_the_vectors() -> None:
    assert str(Vkey(ORIGIN, ED25519, public_of(LOG))) == KEYS["log"]["vkey"]
    assert str(Vkey(WITNESS_NAME, COSIGNATURE, public_of(WITNESS))) == KEYS["witness"]["vkey"]
    assert str(read_vkey(KEYS["log"]["vkey"])) == KEYS["log"]["vkey"]


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES.keys())
def test_the_vectors_notes_are_valid(note: str) -> None:
    assert note_verdict(note, [ORIGIN], trusted("log", "witness")) == "valid"


def test_a_witness_can_be_required() -> None:
    keys = trusted("log", "witness")
    assert note_verdict(NOTES["signed"], [ORIGIN], keys, needs_witness=True) == "key_unknown"
    assert note_verdict(NOTES["cosigned"], [ORIGIN], keys, needs_witness=True) == "valid"


def test_every_character_of_a_note_counts() -> None:
    keys = trusted("log")
    for at, character in enumerate(NOTE):
        changed = NOTE[:at] + ("A" if character != "A" else "B") + NOTE[at + 1 :]
        assert note_verdict(changed, [ORIGIN], keys) != "valid", at


def test_a_signature_is_by_the_key_that_it_names() -> None:
    by_another = signed_note(BODY, [NEXT])
    assert note_verdict(by_another, [ORIGIN], trusted("log")) == "key_unknown"
    mixed = by_another.replace(
        by_another.split(" ")[-1][:8],
        NOTE.split(" ")[-1][:8],
    )
    assert note_verdict(mixed, [ORIGIN], trusted("log")) == "signature_invalid"


@pytest.mark.parametrize(("first", "last"), [(1, 7), (9, None), (9, 20)])
def test_a_key_counts_for_its_sizes_only(first: int, last: int | None) -> None:
    key = TrustedKey(read_vkey(KEYS["log"]["vkey"]), first, last)
    assert note_verdict(NOTE, [ORIGIN], [key]) == "key_retired"


def test_both_keys_count_at_the_size_that_both_signed() -> None:
    vkeys = [read_vkey(KEYS[name]["vkey"]) for name in ("log", "next")]
    keys = [TrustedKey(vkeys[0], 1, 8), TrustedKey(vkeys[1], 8)]
    assert note_verdict(NOTES["whileKeysRotate"], [ORIGIN], keys) == "valid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        BODY,
        BODY + "\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\n\n", "\nmore\n\n"),
        NOTE.replace("\n8\n", "\n08\n"),
        NOTE.replace("\n8\n", "\n-8\n"),
        NOTE.replace("\n8\n", "\n٨\n"),
        NOTE.replace("\n8\n", f"\n{'9' * 5_000}\n"),
        NOTE.replace("=\n\n", "\n\n"),
        NOTE.replace("\u2014", "-"),
        NOTE.replace("\u2014 ", "\u2014  "),
        NOTE.rstrip("\n"),
        NOTE + "\u2014 a\n",
        NOTE + "\u2014 a !!!!\n",
        NOTE.replace(ORIGIN, ORIGIN + "\t"),
        NOTE + "\u2014 a AAAAAAAA\n" * 8_000,
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        read_note(text)
    assert note_verdict(text, [ORIGIN], trusted("log")) == "malformed"


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a+00000000+AQ==", "a+zz+!!", KEYS["log"]["vkey"][:-4]]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|not a key"):
        read_vkey(text)
