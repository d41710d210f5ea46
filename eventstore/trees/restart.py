"""Make the tree of a log anew from its events: because its tiles were damaged, or because a restore was declared.

The owner of the tables does this; the service may not remove tiles. Where a log only ends too early, its tree is as good
as before, and the service itself may go on with it (`go_on`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.examination import is_superseded
from eventstore.proof.leaf import leaf_hash, origin_of
from eventstore.proof.notes import Note, body_of, read_note, signed_note
from eventstore.proof.tiles import Edge
from eventstore.proof.verdicts import Finding, Restore
from eventstore.trees.extend import Overtaken, Tree, checked_leaves
from eventstore.trees.keys import LogKey
from eventstore.trees.logs import LogState, load_kept, load_log, read_rows, save_tiles

statement = statements_in(__package__)

Report = Callable[[int, int], None]  # Events done, and events in all.


class NotReached(Exception):
    """The log does not give the roots that were signed: nothing was changed."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence())
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A tree that was made anew."""

    state: LogState
    tiles: int


async def rebuild_tree(
    connection: Connection, organization_id: UUID, *, restores: tuple[Restore, ...], report: Report
) -> Rebuilt:
    """Replay a log into new tiles. It must give the roots of all kept checkpoints. Errors: NotReached, Overtaken."""
    async with connection.transaction():
        state = await load_log(connection, organization_id)
        assert state is not None
        notes = [read_note(note) for note, _ in await load_kept(connection, organization_id)]
        if state.note is not None:
            notes.append(read_note(state.note))
        valid = [each for each in notes if not is_superseded(each, restores)]
        await connection.execute(statement("drop_tiles"), organization_id)
        edge, count = await _replay(connection, state, state.size, valid, report=report)
        if edge.root() != (state.root or edge.root()) or edge.size != state.size:
            raise NotReached(Finding("altered", state.size, after=0))
        # The row is locked and unchanged: nobody extended the tree meanwhile.
        moved = await connection.fetchval(
            statement("advance_log"),
            organization_id,
            state.incarnation,
            state.size,
            state.size,
            state.root,
            state.note,
            state.signed_at,
            False,
        )
        if moved is None:
            raise Overtaken(Overtaken.__doc__)
        return Rebuilt(state, count)


async def begin_incarnation(
    connection: Connection,
    former: LogState,
    key: LogKey,
    *,
    position: int,
    now: datetime,
    report: Report,
) -> LogState:
    """Make a tree anew up to a position, and sign it as the next incarnation; return it. Errors: Overtaken.

    `position` is that of the event that declares the restore, the last one of the log.
    """
    async with connection.transaction():
        await connection.execute(statement("drop_tiles"), former.organization_id)
        edge, _ = await _replay(connection, former, position, (), report=report)
        return await _sign_next(connection, former, edge, key, position=position, now=now)


async def go_on(
    connection: Connection,
    tree: Tree,
    key: LogKey,
    *,
    position: int,
    now: datetime,
    mark_key: bytes | None,
) -> LogState:
    """Extend a tree up to the end of its log, and sign it as the next incarnation; return it.

    `position` is that of the event that declares the restore. No tile is removed, so the service may do this. The caller
    owns the transaction and holds the lock of the log. Errors: Overtaken, Contradicted.
    """
    while rows := await read_rows(connection, tree.organization_id, after=tree.edge.size):
        tree.edge.extend(await checked_leaves(tree, rows, mark_key))
        await save_tiles(connection, tree.organization_id, tree.edge.take_touched())
    return await _sign_next(connection, tree.state, tree.edge, key, position=position, now=now)


async def _sign_next(
    connection: Connection,
    former: LogState,
    edge: Edge,
    key: LogKey,
    *,
    position: int,
    now: datetime,
) -> LogState:
    """Sign a tree as the next incarnation of its log; return it. The caller owns the transaction. Errors: Overtaken."""
    organization_id, incarnation = former.organization_id, former.incarnation + 1
    top = edge.root()
    body = body_of(origin_of(organization_id, incarnation), edge.size, top)
    note = signed_note(body, [key.private] if key.private else [])
    moved = await connection.fetchval(
        statement("raise_incarnation"),
        organization_id,
        former.incarnation,
        edge.size,
        top,
        note,
        now,
        position,
        former.size,
    )
    if moved is None:
        raise Overtaken(Overtaken.__doc__)
    place = (organization_id, incarnation)
    await connection.execute(statement("add_signer"), *place, key.number, 1, None)
    await connection.execute(statement("keep_checkpoint"), *place, edge.size, note, now)
    state = await load_log(connection, organization_id)
    assert state is not None
    return state


async def _replay(
    connection: Connection,
    state: LogState,
    until: int,
    notes: list[Note] | tuple[Note, ...],
    *,
    report: Report,
) -> tuple[Edge, int]:
    """Hash a log up to a size and write its tiles; return the edge, and how many tiles. Errors: NotReached."""
    roots: Mapping[int, bytes] = {each.size: each.root for each in notes}
    stops = sorted({*roots, until} - {0})
    edge, count, agreed = Edge(), 0, 0
    for stop in stops:
        while edge.size < min(stop, until):
            limit = min(stop, until) - edge.size
            rows = await read_rows(
                connection, state.organization_id, after=edge.size, limit=min(limit, 4_096)
            )
            if not rows:
                raise NotReached(Finding("truncated", edge.size + 1, count=until - edge.size))
            edge.extend([leaf_hash(each.event) for each in rows])
            tiles = edge.take_touched()
            count += len(tiles)
            await save_tiles(connection, state.organization_id, tiles)
            report(edge.size, until)
        if stop in roots and stop <= until:
            if edge.root() != roots[stop]:
                raise NotReached(Finding("altered", stop, after=agreed))
            agreed = stop
    return edge, count
