"""Extend the tree of a log by its new events, and sign a checkpoint.

Two processes never extend one tree in two ways: the row of the log advances only from the size that was read. A tree
that does not fit its own checkpoint is left alone, and nothing is signed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import JSONDecodeError, loads
from typing import NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.examination import Row
from eventstore.proof.leaf import hash_of, leaf_bytes, mark_of
from eventstore.proof.located import UNREADABLE
from eventstore.proof.notes import MalformedNote, body_of, read_note, read_vkey, signed_note
from eventstore.proof.tiles import Address, DamagedTile, Edge, edge_addresses, edge_of
from eventstore.proof.tree import EMPTY
from eventstore.proof.verdicts import Finding
from eventstore.slices import Slices
from eventstore.trees.keys import LogKey, load_signers, newest, signing
from eventstore.trees.logs import LogState, load_log, load_tiles, read_rows, save_tiles

statement = statements_in(__package__)

KEPT_EVENTS = 4_096  # A checkpoint is kept after so many events,
KEPT_EVERY = timedelta(minutes=1)  # or after so long.
KEY_CHANGED = "LogKeyChanged"


class Overtaken(Exception):
    """Another process has extended this tree. Load it again."""


class Contradicted(Exception):
    """The stored tree does not fit its checkpoint: nothing is signed."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence())
        self.finding = finding


@dataclass(slots=True)
class Tree:
    """The tree of a log as this process extends it."""

    state: LogState
    edge: Edge
    key_number: (
        int | None
    )  # Of the key that signs now; None: nothing was signed in this incarnation.

    @property
    def organization_id(self) -> UUID:
        """Return whose log it is."""
        return self.state.organization_id


class Step(NamedTuple):
    """What one extension brings."""

    tiles: Mapping[Address, bytes]
    size: int
    root: bytes
    note: str | None
    signed_at: datetime
    is_kept: bool
    key: LogKey | None  # The key that signs from now on.
    introduced_at: int | None  # The position of the event that changed the key.


async def load_tree(connection: Connection, organization_id: UUID) -> Tree | None:
    """Return the tree of a log, compared with its checkpoint; None if the log has none. Errors: Contradicted."""
    state = await load_log(connection, organization_id)
    if state is None:
        return None
    tiles = await load_tiles(connection, organization_id, edge_addresses(state.size))
    signer = signing(await load_signers(connection, organization_id), state.incarnation)
    edge = checked_edge(state, tiles)
    return Tree(state, edge, signer.key_number if signer else None)


def checked_edge(state: LogState, tiles: Mapping[Address, bytes]) -> Edge:
    """Return the right edge of a tree that gives the root of its checkpoint. Errors: Contradicted."""
    try:
        edge = edge_of(state.size, tiles)
    except DamagedTile as error:
        raise Contradicted(Finding("tree_damaged", detail=str(error))) from error
    top = edge.root()
    if top != (state.root or EMPTY):
        where = f"Its size is {state.size}."
        raise Contradicted(Finding("tree_damaged", detail=where))
    if state.note is not None:
        try:
            note = read_note(state.note)
        except MalformedNote as error:
            raise Contradicted(Finding("malformed", detail="It is in the database.")) from error
        if (note.origin, note.size, note.root) != (state.origin, state.size, top):
            raise Contradicted(Finding("tree_damaged", detail=f"Its size is {state.size}."))
    return edge


async def extend(  # noqa: PLR0917 - this tree, by these rows, with these keys.
    connection: Connection,
    tree: Tree,
    rows: Sequence[Row],
    keys: Mapping[int, LogKey],
    now: datetime,
    *,
    mark_key: bytes | None = None,
    is_signed: bool = True,
) -> Tree:
    """Extend a tree by the rows that follow it, in one transaction; return it.

    Without rows, the present tree is signed. `is_signed` is false while a log is hashed that was there before.
    Errors: Overtaken, Contradicted; then `tree` must not be used any more.
    """
    changed = key_change(rows, keys) if is_signed else None
    tree.edge.extend(await checked_leaves(tree, rows, mark_key))
    # A root of many tiles takes a while: others go on meanwhile.
    await asyncio.sleep(0)
    step = _step(tree, keys, now, changed=changed, is_signed=is_signed)
    async with connection.transaction():
        await _write(connection, tree, step)
    state = tree.state._replace(
        size=step.size,
        root=step.root,
        note=step.note,
        signed_at=step.signed_at if step.note else tree.state.signed_at,
        kept_size=step.size if step.is_kept else tree.state.kept_size,
        kept_at=step.signed_at if step.is_kept else tree.state.kept_at,
    )
    number = tree.key_number if step.key is None else step.key.number
    return Tree(state, tree.edge, number)


async def checked_leaves(tree: Tree, rows: Sequence[Row], mark_key: bytes | None) -> list[bytes]:
    """Return the leaf hashes of the rows that follow a tree.

    Errors: Contradicted, an event is missing, was not written by the service, or cannot have been.
    """
    leaves, marks_from, slices = list[bytes](), tree.state.marks_from, Slices()
    for expected, row in enumerate(rows, tree.edge.size + 1):
        if row.event.position != expected:
            raise Contradicted(Finding("removed", expected))
        try:
            octets = leaf_bytes(row.event)
        except UNREADABLE as error:
            raise Contradicted(Finding("altered", expected)) from error
        is_marked = mark_key is not None and marks_from is not None and expected >= marks_from
        if is_marked and row.mark != mark_of(mark_key or b"", octets):
            claimed = f"Actor, as claimed: {row.event.actor_id}."
            raise Contradicted(Finding("forged", expected, detail=claimed))
        leaves.append(hash_of(octets))
        if slices.is_over():
            await slices.rest()
    return leaves


class KeyChange(NamedTuple):
    """An event that changes the key of a log."""

    position: int
    key: LogKey
    is_compromised: bool  # The old key does not introduce the new one.


def key_change(rows: Sequence[Row], keys: Mapping[int, LogKey]) -> KeyChange | None:
    """Return the last change of the key among rows, to a key that this service has."""
    by_public = {each.public: each for each in keys.values() if each.private is not None}
    for row in reversed(rows):
        if row.event.type != KEY_CHANGED:
            continue
        try:
            facts = loads(row.event.data)
            public = read_vkey(facts["to"]).public
        except (JSONDecodeError, KeyError, TypeError, ValueError):
            continue
        if key := by_public.get(public):
            return KeyChange(row.event.position, key, bool(facts.get("compromised")))
    return None


def _step(
    tree: Tree,
    keys: Mapping[int, LogKey],
    now: datetime,
    *,
    changed: KeyChange | None,
    is_signed: bool,
) -> Step:
    state, top = tree.state, tree.edge.root()
    tiles, size = tree.edge.take_touched(), tree.edge.size
    if not is_signed:
        return Step(tiles, size, top, None, now, is_kept=False, key=None, introduced_at=None)
    former = keys.get(tree.key_number or 0)
    key = changed.key if changed else former or newest(keys)
    signers = [key]
    if changed and former and former.number != key.number and not changed.is_compromised:
        signers = [former, key]
    note = signed_note(
        body_of(state.origin, size, top),
        [each.private for each in signers if each.private is not None],
    )
    is_kept = (
        size - state.kept_size >= KEPT_EVENTS
        or state.kept_at is None
        or now - state.kept_at >= KEPT_EVERY
        or changed is not None
    )
    is_new = tree.key_number != key.number
    return Step(
        tiles,
        size,
        top,
        note,
        now,
        is_kept=is_kept,
        key=key if is_new else None,
        introduced_at=changed.position if changed and is_new else None,
    )


async def _write(connection: Connection, tree: Tree, step: Step) -> None:
    state = tree.state
    place = (state.organization_id, state.incarnation)
    moved = await connection.fetchval(
        statement("advance_log"),
        *place,
        state.size,
        step.size,
        step.root,
        step.note,
        step.signed_at if step.note else None,
        step.is_kept,
    )
    if moved is None:
        raise Overtaken(Overtaken.__doc__)
    if step.tiles:
        await save_tiles(connection, state.organization_id, step.tiles)
    if step.key is not None:
        first = 1 if step.introduced_at is None else step.size
        number = step.key.number
        await connection.execute(statement("end_signer"), *place, number, step.size)
        await connection.execute(statement("add_signer"), *place, number, first, step.introduced_at)
    if step.is_kept and step.note:
        await connection.execute(
            statement("keep_checkpoint"), *place, step.size, step.note, step.signed_at
        )


async def extend_to_end(
    connection: Connection,
    organization_id: UUID,
    keys: Mapping[int, LogKey],
    now: datetime,
    *,
    mark_key: bytes | None = None,
) -> LogState | None:
    """Extend and sign a tree until its log ends; return it, None if the log has no tree. Errors: Contradicted."""
    while (tree := await load_tree(connection, organization_id)) is not None:
        try:
            while rows := await read_rows(connection, organization_id, after=tree.edge.size):
                tree = await extend(connection, tree, rows, keys, now, mark_key=mark_key)
            if tree.state.note is None and tree.edge.size:
                tree = await extend(connection, tree, (), keys, now)
        except Overtaken:
            continue
        return tree.state
    return None


async def keep_newest(connection: Connection, state: LogState) -> None:
    """Keep the newest checkpoint of a log, which is the last one here. A newer one that another process signed is none."""
    if state.note is None or state.kept_size == state.size:
        return
    place = (state.organization_id, state.incarnation)
    signed = (state.note, state.signed_at)
    async with connection.transaction():
        step = (state.size, state.size, state.root, *signed, True)
        if await connection.fetchval(statement("advance_log"), *place, *step) is not None:
            await connection.execute(statement("keep_checkpoint"), *place, state.size, *signed)
