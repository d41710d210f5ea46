"""Trees in tiles give the roots and proofs of RFC 9162 at every size."""

import hashlib
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.proof.notes import decoded, encoded
from eventstore.proof.proofs import (
    consistency,
    consistency_holds,
    inclusion,
    inclusion_holds,
    outside_of,
    range_root,
)
from eventstore.proof.tiles import (
    Address,
    DamagedTile,
    Edge,
    addresses,
    edge_addresses,
    edge_of,
    subtree_hashes,
    tiles_of,
)
from eventstore.proof.tree import node, root, split
from tests.proof.vectors import leaves, vectors

BORDERS = (255, 256, 257, 65_535, 65_536, 65_537)
LARGEST = 70_000


def numbered(count: int) -> list[bytes]:
    """Return the leaves of the vectors' large trees."""
    return [hashlib.sha256(b"\x00" + each.to_bytes(8)).digest() for each in range(count)]


MANY = numbered(LARGEST)


def roots_at(sizes: Iterable[int]) -> dict[int, bytes]:
    """Return the roots at some sizes, in one pass."""
    edge, found = Edge(), {}
    for size in sorted(set(sizes)):
        edge.extend(MANY[edge.size : size])
        found[size] = edge.root()
    return found


@pytest.fixture(scope="module")
def tiles() -> dict[Address, bytes]:
    """Give the tiles of the largest tree."""
    return dict(tiles_of(MANY))


def recursive_root(hashes: list[bytes]) -> bytes:
    """Return a root as the RFC defines it."""
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(recursive_root(hashes[:k]), recursive_root(hashes[k:]))


def test_the_roots_are_the_vectors() -> None:
    found = [{"size": size, "rootHash": encoded(root(leaves()[:size]))} for size in range(9)]

    assert found == vectors()["roots"]
    assert vectors()["emptyRoot"] == encoded(root([])) == encoded(Edge().root())


def test_large_trees_have_the_vectors_roots_and_last_tiles() -> None:
    edge, last = Edge(), dict[int, tuple[int, bytes]]()
    for tree in vectors()["largeTrees"]:
        edge.extend(MANY[edge.size : tree["size"]])
        for (level, tile), held in edge.take_touched().items():
            last[level] = max(last.get(level, (-1, b"")), (tile, held))

        assert encoded(edge.root()) == tree["rootHash"]
        assert [
            {
                "level": level,
                "tile": tile,
                "hashes": len(held) // 32,
                "sha256": hashlib.sha256(held).hexdigest(),
            }
            for level, (tile, held) in sorted(last.items())
        ] == tree["lastTiles"]


def test_a_tree_in_tiles_has_the_recursive_root_at_every_size() -> None:
    edge = Edge()
    for size in range(1, 601):
        edge.extend(MANY[size - 1 : size])
        assert edge.root() == recursive_root(MANY[:size])
        assert edge.size == size


def test_an_edge_goes_on_from_its_tiles(tiles: dict[Address, bytes]) -> None:
    starts = [0, 1, 2, *BORDERS, 300, 69_000]
    roots = roots_at([*starts, *(each + 600 for each in starts)])
    for size in starts:
        held = {each: tiles[each] for each in edge_addresses(size)}
        edge = edge_of(size, held)
        assert edge.root() == roots[size]
        edge.extend(MANY[size : size + 600])
        assert edge.root() == roots[size + 600]


def test_an_edge_without_its_tiles_is_damaged() -> None:
    with pytest.raises(DamagedTile):
        edge_of(257, {(0, 1): bytes(32)})


@pytest.mark.parametrize("proof", vectors()["inclusion"])
def test_inclusion_is_proved_as_in_the_vectors(proof: dict[str, Any]) -> None:
    index, size = proof["index"], proof["size"]
    tiles = dict(tiles_of(leaves()))
    found = subtree_hashes(inclusion(index, size), tiles)
    expected = [decoded(each) for each in proof["hashes"]]
    leaf, top = decoded(proof["leafHash"]), decoded(proof["rootHash"])

    assert found == expected
    assert inclusion_holds(index, size, leaf, proof=found, root=top)
    assert not inclusion_holds(index, size, bytes(32), proof=found, root=top)
    assert not inclusion_holds(index, size, leaf, proof=[*found, bytes(32)], root=top)
    assert not inclusion_holds(index, size, leaf, proof=found, root=bytes(32))
    assert not inclusion_holds(size, size, leaf, proof=found, root=top)


@pytest.mark.parametrize("proof", vectors()["consistency"])
def test_consistency_is_proved_as_in_the_vectors(proof: dict[str, Any]) -> None:
    first, second = proof["from"], proof["to"]
    found = subtree_hashes(consistency(first, second), dict(tiles_of(leaves())))
    roots = {
        "first_root": decoded(proof["fromRootHash"]),
        "second_root": decoded(proof["toRootHash"]),
    }

    assert found == [decoded(each) for each in proof["hashes"]]
    assert consistency_holds(first, second, **roots, proof=found)
    for name in roots:
        assert not consistency_holds(first, second, **{**roots, name: bytes(32)}, proof=found)
    assert not consistency_holds(first, second, **roots, proof=found[:-1])


@pytest.mark.parametrize("proof", vectors()["ranges"])
def test_a_range_is_proved_as_in_the_vectors(proof: dict[str, Any]) -> None:
    start, end, size = proof["start"], proof["end"], proof["size"]
    ranges = outside_of(start, end, size)
    hashes = subtree_hashes(ranges, dict(tiles_of(leaves())))

    assert [
        {"start": low, "end": high, "hash": encoded(each)}
        for (low, high), each in zip(ranges, hashes, strict=True)
    ] == proof["nodes"]
    nodes = dict(zip(ranges, hashes, strict=True))
    assert range_root(size, start, leaves()[start:end], nodes) == decoded(proof["rootHash"])
    with pytest.raises(ValueError, match="does not need"):
        range_root(size, start, leaves()[start:end], {**nodes, (90, 91): bytes(32)})


def sizes() -> list[tuple[int, int]]:
    """Return pairs of an index or a first size, and a size, at the borders of tiles and at random."""
    drawn = random.Random(9162)  # noqa: S311 - the same pairs in each run.
    at_random = [(drawn.randrange(1, n), n) for n in drawn.sample(range(2, LARGEST), 40)]
    borders = [(m, n) for n in BORDERS for m in (1, 2, 255, 256, 257, 65_535, 65_536) if m < n]
    return [*at_random, *borders]


def test_proofs_from_tiles_hold_at_the_borders_of_tiles(tiles: dict[Address, bytes]) -> None:
    pairs = sizes()
    tops = roots_at(each for pair in pairs for each in pair)
    for first, size in pairs:
        ranges = inclusion(first, size)
        needed = {each: tiles[each] for each in addresses(ranges)}
        proof = subtree_hashes(ranges, needed)
        assert inclusion_holds(first, size, MANY[first], proof=proof, root=tops[size])
        assert len(needed) <= 8
        proof = subtree_hashes(consistency(first, size), tiles)
        roots = {"first_root": tops[first], "second_root": tops[size]}
        assert consistency_holds(first, size, **roots, proof=proof)


SMALL = st.integers(min_value=1, max_value=600)


@settings(max_examples=60, deadline=None)
@given(size=SMALL, data=st.data())
def test_a_range_of_any_tree_is_proved(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    ranges = outside_of(start, end, size)
    nodes = dict(zip(ranges, subtree_hashes(ranges, dict(tiles_of(MANY[:size]))), strict=True))

    assert range_root(size, start, MANY[start:end], nodes) == root(MANY[:size])


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [(0, 0, []), (0, 1, [bytes(32)]), (0, 2, []), (-1, 2, [bytes(32)]), (0, 2, [bytes(31)])],
)
def test_a_proof_of_a_wrong_shape_proves_nothing(index: int, size: int, proof: list[bytes]) -> None:
    assert not inclusion_holds(index, size, MANY[0], proof=proof, root=MANY[0])


@pytest.mark.parametrize(
    ("first", "second", "proof"),
    [(0, 0, []), (0, 1, []), (2, 1, []), (1, 1, [bytes(32)]), (1, 2, [])],
)
def test_a_consistency_of_a_wrong_shape_proves_nothing(
    first: int, second: int, proof: list[bytes]
) -> None:
    tops = {"first_root": MANY[0], "second_root": MANY[0]}
    assert not consistency_holds(first, second, **tops, proof=proof)


def test_a_root_that_has_not_32_bytes_is_refused() -> None:
    assert not consistency_holds(1, 1, first_root=b"", second_root=b"", proof=[])
    assert not inclusion_holds(0, 1, b"", proof=[], root=b"")
