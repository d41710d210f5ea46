"""A tree in tiles of 256 hashes, as C2SP tlog-tiles lays them out.

Tile t of level l holds the roots of the complete subtrees of 256^l leaves with the numbers 256·t to 256·t+255. The
right-most tile of each level is shorter until it is full. Between the levels nothing is stored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eventstore.proof.leaf import HASH_BYTES
from eventstore.proof.proofs import Range
from eventstore.proof.tree import EMPTY, complete, joined, root

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS

Address = tuple[int, int]  # Level, tile.


class DamagedTile(Exception):
    """A tile is missing, or shorter than the size of its tree asks for. `audit rebuild-tree` restores it."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"Tile {address[1]} of level {address[0]} is missing or short.")
        self.address = address


@dataclass(slots=True)
class Edge:
    """The right edge of a tree: what is needed to extend it. At most 255 hashes per level.

    `full` collects the tiles that were filled since `take_touched`.
    """

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=lambda: [[]])
    full: dict[Address, bytes] = field(default_factory=dict)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes."""
        lowest = self.levels[0]
        for leaf in leaves:
            lowest.append(leaf)
            self.size += 1
            if len(lowest) == WIDTH:
                self._fold(0)

    def _fold(self, level: int) -> None:
        """Put a full tile away, and its root into the level above."""
        hashes = self.levels[level]
        tile = (self.size >> WIDTH_BITS * (level + 1)) - 1
        self.full[level, tile] = b"".join(hashes)
        if level + 1 == len(self.levels):
            self.levels.append([])
        above = self.levels[level + 1]
        above.append(root(hashes))
        hashes.clear()
        if len(above) == WIDTH:
            self._fold(level + 1)

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        found: list[bytes] = []
        for hashes in self.levels:
            if hashes or found:
                found = [root([*hashes, *found])]
        return found[0] if found else EMPTY

    def take_touched(self) -> dict[Address, bytes]:
        """Return the tiles that changed since the last call: those that were filled, and the last of each level."""
        touched, self.full = self.full, {}
        for level, hashes in enumerate(self.levels):
            if hashes:
                touched[level, self.size >> WIDTH_BITS * (level + 1)] = b"".join(hashes)
        return touched


def edge_addresses(size: int) -> list[Address]:
    """Return the tiles that hold the right edge of a tree: those that are neither empty nor full."""
    found, level = [], 0
    while size >> WIDTH_BITS * level:
        if (size >> WIDTH_BITS * level) % WIDTH:
            found.append((level, size >> WIDTH_BITS * (level + 1)))
        level += 1
    return found


def edge_of(size: int, tiles: Mapping[Address, bytes]) -> Edge:
    """Return the right edge of a tree from its tiles, which may hold more than this size. Errors: DamagedTile."""
    levels, level = list[list[bytes]](), 0
    while size >> WIDTH_BITS * level or not levels:
        wanted = (size >> WIDTH_BITS * level) % WIDTH
        levels.append(_hashes(tiles, (level, size >> WIDTH_BITS * (level + 1)), 0, wanted))
        level += 1
    return Edge(size, levels)


def addresses(ranges: Iterable[Range]) -> set[Address]:
    """Return the tiles that the hashes of these subtrees are computed from."""
    return {_place(*part)[0] for each in ranges for part in complete(*each)}


def subtree_hashes(ranges: Iterable[Range], tiles: Mapping[Address, bytes]) -> list[bytes]:
    """Return the hashes of subtrees. Errors: DamagedTile."""
    return [joined([_complete_hash(part, tiles) for part in complete(*each)]) for each in ranges]


def _complete_hash(part: Range, tiles: Mapping[Address, bytes]) -> bytes:
    address, first, count = _place(*part)
    return root(_hashes(tiles, address, first, count))


def _place(low: int, high: int) -> tuple[Address, int, int]:
    """Return where the hash of a complete subtree comes from: a tile, the first hash in it, how many."""
    level = ((high - low).bit_length() - 1) // WIDTH_BITS
    first = low >> WIDTH_BITS * level
    return (level, first >> WIDTH_BITS), first % WIDTH, (high - low) >> WIDTH_BITS * level


def _hashes(
    tiles: Mapping[Address, bytes], address: Address, first: int, count: int
) -> list[bytes]:
    if count == 0:
        return []
    held = tiles.get(address, b"")
    if len(held) < (first + count) * HASH_BYTES or len(held) % HASH_BYTES:
        raise DamagedTile(address)
    return split_hashes(held[first * HASH_BYTES : (first + count) * HASH_BYTES])


def split_hashes(held: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return [held[at : at + HASH_BYTES] for at in range(0, len(held), HASH_BYTES)]


def tiles_of(leaves: Sequence[bytes]) -> Iterator[tuple[Address, bytes]]:
    """Yield all tiles of a tree."""
    edge = Edge()
    edge.extend(leaves)
    yield from edge.take_touched().items()
