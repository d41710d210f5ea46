"""The tree of RFC 9162 §2.1: nodes, roots, and into which subtrees a range of leaves falls.

A subtree is named by its range of leaves, [low, high). A proof is a list of such ranges: `proofs.py` says which ones,
and whoever holds the tree gives their hashes.
"""

import hashlib
from collections.abc import Iterator, Sequence

EMPTY = hashlib.sha256(b"").digest()  # The root of a tree without leaves.


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(width: int) -> int:
    """Return the largest power of two that is smaller than a width of 2 or more."""
    return 1 << ((width - 1).bit_length() - 1)


def root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes, which are leaves or roots of subtrees of one size."""
    if not hashes:
        return EMPTY
    level, sha256 = list(hashes), hashlib.sha256
    while len(level) > 1:
        # A last hash without a neighbor moves up as it is: that is the shape of RFC 9162.
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        # As `node` does, without a call for each: a verification makes one for every event.
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0]


def complete(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the complete subtrees that a subtree consists of, from left to right: each 2^n leaves, aligned."""
    while low < high:
        width = 1 << ((high - low).bit_length() - 1)
        yield low, low + width
        low += width


def joined(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of a subtree from those of its complete subtrees, from left to right."""
    *lefts, found = hashes
    for left in reversed(lefts):
        found = node(left, found)
    return found
