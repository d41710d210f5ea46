"""Make proofs from the stored tiles. A proof is compared with the signed root before anybody gets it."""

from collections.abc import Sequence
from typing import Any

from eventstore.postgres.connection import Connection
from eventstore.proof.bundle import consistency_document, inclusion_document, range_document
from eventstore.proof.proofs import (
    Range,
    consistency,
    consistency_holds,
    inclusion,
    inclusion_holds,
    outside_of,
)
from eventstore.proof.tiles import DamagedTile
from eventstore.proof.verdicts import Finding
from eventstore.trees.check import hashes_of
from eventstore.trees.extend import Contradicted
from eventstore.trees.logs import LogState, find_kept


class NoProof(Exception):
    """There is no proof of this: the message says why."""


async def find_note(connection: Connection, state: LogState, size: int) -> str | None:
    """Return the checkpoint of a size: the newest one, or one that was kept."""
    if state.note is not None and state.size == size:
        return state.note
    return await find_kept(connection, state.organization_id, size)


async def hashes_or_contradiction(
    connection: Connection, state: LogState, ranges: Sequence[Range]
) -> list[bytes]:
    """Return the hashes of subtrees. Errors: Contradicted."""
    try:
        return await hashes_of(connection, state.organization_id, ranges)
    except DamagedTile as error:
        raise Contradicted(Finding("tree_damaged", detail=str(error))) from error


async def roots_of(connection: Connection, state: LogState, *sizes: int) -> list[bytes]:
    """Return the roots at some sizes from the tiles. The newest must be the signed one. Errors: Contradicted."""
    found = await hashes_or_contradiction(
        connection, state, [*((0, each) for each in sizes), (0, state.size)]
    )
    if found[-1] != state.root:
        raise Contradicted(Finding("tree_damaged", detail=f"Its size is {state.size}."))
    return found[:-1]


async def prove_inclusion(
    connection: Connection, state: LogState, position: int, size: int | None = None
) -> Any:
    """Return the proof that an event is in the tree of a size. Errors: NoProof, Contradicted."""
    size = _checked(state, size)
    if not 1 <= position <= size:
        raise NoProof(
            f"The checkpoint covers {size:,} events; position {position} is not among them yet."
            if position > size
            else "Positions count from 1."
        )
    [root] = await roots_of(connection, state, size)
    ranges = inclusion(position - 1, size)
    leaf, *hashes = await hashes_or_contradiction(
        connection, state, [(position - 1, position), *ranges]
    )
    if not inclusion_holds(position - 1, size, leaf, proof=hashes, root=root):
        raise Contradicted(Finding("tree_damaged", position))
    return inclusion_document(
        origin=state.origin,
        position=position,
        size=size,
        leaf=leaf,
        root=root,
        hashes=hashes,
        checkpoint=await find_note(connection, state, size),
    )


async def prove_consistency(
    connection: Connection, state: LogState, first: int, second: int | None = None
) -> Any:
    """Return the proof that one tree extends another. Errors: NoProof, Contradicted."""
    second = _checked(state, second)
    if not 1 <= first <= second:
        raise NoProof(f"`from` is a size from 1 to {second:,}, which is what `to` is.")
    roots = await roots_of(connection, state, first, second)
    hashes = await hashes_or_contradiction(connection, state, consistency(first, second))
    if not consistency_holds(
        first, second, first_root=roots[0], second_root=roots[1], proof=hashes
    ):
        raise Contradicted(Finding("tree_damaged", first))
    return consistency_document(
        origin=state.origin,
        first=first,
        second=second,
        first_root=roots[0],
        second_root=roots[1],
        hashes=hashes,
        checkpoint=await find_note(connection, state, second),
    )


async def prove_range(connection: Connection, state: LogState, first: int, last: int) -> Any:
    """Return the proof that the events of a range are all, and in order, at the signed size. Errors: Contradicted."""
    ranges = outside_of(first - 1, last, state.size)
    hashes = await hashes_or_contradiction(connection, state, ranges)
    [_] = await roots_of(connection, state, last)
    return range_document(first - 1, last, state.size, zip(ranges, hashes, strict=True))


def _checked(state: LogState, size: int | None) -> int:
    """Return the size that a proof is for. Errors: NoProof."""
    if state.note is None:
        raise NoProof("There is no checkpoint yet: the first one is signed within a second.")
    if size is None:
        return state.size
    if not 1 <= size <= state.size:
        raise NoProof(f"The newest checkpoint covers {state.size:,} events, not {size:,}.")
    return size
