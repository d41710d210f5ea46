"""Proofs that are false in one place are refused: the kinds of probes that transparency-dev/merkle publishes."""

import hashlib
from collections.abc import Iterator, Sequence

import pytest

from eventstore.proof.proofs import consistency, consistency_holds, inclusion, inclusion_holds
from eventstore.proof.tree import root

LEAVES = [hashlib.sha256(bytes([0, each])).digest() for each in range(16)]
WRONG, EMPTY, GARBAGE = hashlib.sha256(b"wrong").digest(), b"", b"garbage"
Proof = Sequence[bytes]


def false_proofs(proof: Proof, *hashes: bytes) -> Iterator[tuple[str, Proof]]:
    """Yield a proof with one thing wrong."""
    for at, each in enumerate(proof):
        flipped = bytes([each[0] ^ 0x10, *each[1:]])
        yield f"modified {at}", [*proof[:at], flipped, *proof[at + 1 :]]
    yield "preceding garbage", [GARBAGE, *proof]
    yield "trailing garbage", [*proof, GARBAGE]
    yield "preceding empty", [EMPTY, *proof]
    yield "trailing empty", [*proof, EMPTY]
    for each in hashes:
        yield "preceding hash", [each, *proof]
        yield "trailing hash", [*proof, each]
    if proof:
        yield "empty", []
        yield "truncated", proof[:-1]
        yield "first is missing", proof[1:]
        yield "first is twice", [proof[0], *proof]


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (10, 13)])
def test_a_false_proof_of_inclusion_is_refused(index: int, size: int) -> None:
    top, leaf = root(LEAVES[:size]), LEAVES[index]
    proof = [root(LEAVES[low:high]) for low, high in inclusion(index, size)]
    assert inclusion_holds(index, size, leaf, proof=proof, root=top)

    for why, each in false_proofs(proof, top, leaf):
        assert not inclusion_holds(index, size, leaf, proof=each, root=top), why
    for other in (index - 1, index + 1, index ^ 2, size, -1):
        assert not inclusion_holds(other, size, leaf, proof=proof, root=top), other
    for other in (0, size // 2, size * 2, -size):
        assert not inclusion_holds(index, other, leaf, proof=proof, root=top), other
    for false in (WRONG, EMPTY, GARBAGE, top[:-1]):
        assert not inclusion_holds(index, size, false, proof=proof, root=top)
        assert not inclusion_holds(index, size, leaf, proof=proof, root=false)


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 8), (6, 8), (2, 5), (6, 7), (4, 8)])
def test_a_false_proof_of_consistency_is_refused(first: int, second: int) -> None:
    roots = {"first_root": root(LEAVES[:first]), "second_root": root(LEAVES[:second])}
    proof = [root(LEAVES[low:high]) for low, high in consistency(first, second)]
    assert consistency_holds(first, second, **roots, proof=proof)

    for why, each in false_proofs(proof, *roots.values()):
        assert not consistency_holds(first, second, **roots, proof=each), why
    for other in (0, first - 1, first + 1, first ^ 2, -1, second + 1):
        assert not consistency_holds(other, second, **roots, proof=proof), other
    for other in (0, second * 2, second // 2, first - 1):
        assert not consistency_holds(first, other, **roots, proof=proof), other
    for name in roots:
        for false in (WRONG, EMPTY, GARBAGE):
            assert not consistency_holds(first, second, **{**roots, name: false}, proof=proof), name
    if first != second:
        swapped = {"first_root": roots["second_root"], "second_root": roots["first_root"]}
        assert not consistency_holds(first, second, **swapped, proof=proof)
