"""Proofs of inclusion, of consistency and of a whole range: which nodes they hold, and whether they hold good.

The functions that name nodes return ranges of leaves, [low, high), in the order of the proof. The checks are those of
RFC 9162 §2.1.3.2 and §2.1.4.2; a hash that has not 32 bytes is refused always.
"""

from collections.abc import Iterable, Mapping, Sequence

from eventstore.proof.leaf import HASH_BYTES
from eventstore.proof.tree import node, split

Range = tuple[int, int]


def inclusion(index: int, size: int) -> list[Range]:
    """Return the nodes that prove that a leaf is in the tree of a size, from the leaf upwards."""
    low, high, way = 0, size, list[Range]()
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            way.append((middle, high))
            high = middle
        else:
            way.append((low, middle))
            low = middle
    return way[::-1]


def consistency(first: int, second: int) -> list[Range]:
    """Return the nodes that prove that the tree of size `second` extends that of size `first`."""
    if first in {0, second}:
        return []
    low, high, way, is_whole = 0, second, list[Range](), True
    while first != high:
        middle = low + split(high - low)
        if first <= middle:
            way.append((middle, high))
            high = middle
        else:
            way.append((low, middle))
            low, is_whole = middle, False
    return [*([] if is_whole else [(low, high)]), *way[::-1]]


def outside_of(start: int, end: int, size: int) -> list[Range]:
    """Return the nodes outside of leaves [start, end) that give the root together with them, from left to right."""
    return _outside(start, end, 0, size)


def _outside(start: int, end: int, low: int, high: int) -> list[Range]:
    if high <= start or low >= end:
        return [(low, high)]
    if start <= low and high <= end:
        return []
    middle = low + split(high - low)
    return _outside(start, end, low, middle) + _outside(start, end, middle, high)


def inclusion_holds(
    index: int, size: int, leaf: bytes, *, proof: Sequence[bytes], root: bytes
) -> bool:
    """Return whether a proof shows that a leaf is in the tree with this root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes((leaf, *proof)):
        return False
    fn, sn, found = index, size - 1, leaf
    for each in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node(each, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node(found, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def consistency_holds(
    first: int, second: int, *, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether a proof shows that one tree extends the other (RFC 9162 §2.1.4.2).

    A tree extends itself by an empty proof. Nothing is proved from size 0.
    """
    if not 0 < first <= second or not _are_hashes((first_root, second_root, *proof)):
        return False
    if first == second:
        return not proof and first_root == second_root
    if not proof:
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for each in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(each, fr), node(each, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def range_root(
    size: int, start: int, inside: Sequence[bytes], outside: Mapping[Range, bytes]
) -> bytes:
    """Return the root over `size` leaves, of which `inside` begins at `start`.

    Errors: KeyError, a node is missing; ValueError, a node is not needed.
    """
    left = dict(outside)
    found = _range_root((0, size), start, inside, left)
    if left:
        raise ValueError("The range proof has nodes that it does not need.")
    return found


def _range_root(
    span: Range, start: int, inside: Sequence[bytes], outside: dict[Range, bytes]
) -> bytes:
    low, high = span
    if high <= start or low >= start + len(inside):
        return outside.pop(span)
    if high - low == 1:
        return inside[low - start]
    middle = low + split(high - low)
    left = _range_root((low, middle), start, inside, outside)
    return node(left, _range_root((middle, high), start, inside, outside))


def _are_hashes(hashes: Iterable[bytes]) -> bool:
    return all(len(each) == HASH_BYTES for each in hashes)
