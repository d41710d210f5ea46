"""Compare a log with its witnesses: its size, its tail, or every event."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.examination import Examination, compare_sizes, is_superseded
from eventstore.proof.leaf import HASH_BYTES
from eventstore.proof.located import leaf_or_none
from eventstore.proof.notes import MalformedNote, Vkey, read_note
from eventstore.proof.outside_lines import OutsideLog
from eventstore.proof.proofs import Range
from eventstore.proof.tiles import WIDTH, Address, DamagedTile, addresses, subtree_hashes
from eventstore.proof.verdicts import Finding, Verdict, by_gravity
from eventstore.trees.extend import Contradicted, load_tree
from eventstore.trees.keys import Signer
from eventstore.trees.logs import (
    PLAIN_ROWS,
    ROWS_MAX,
    LogState,
    LogWithTail,
    find_tail,
    load_leaf_hashes,
    load_log,
    load_tiles,
    read_plain_rows,
    read_rows,
)
from eventstore.trees.witnesses import load_restores, load_witnesses, witnesses_of

statement = statements_in(__package__)

# The events that say that a key was destroyed: that of a person, or of an organization.
ERASED = ("UserErased", "OrganizationErased")

Report = Callable[[int, int], None]  # Events read, and events in all.


@dataclass(frozen=True, slots=True)
class Sources:
    """What lies outside of the log: the copies by log, the key of the marks, and who cosigns which log."""

    outside: Mapping[UUID, OutsideLog]
    mark_key: bytes | None = None
    cosigners: Mapping[UUID, Vkey] = field(default_factory=dict)

    def of(self, organization_id: UUID) -> OutsideLog | None:
        """Return the copy outside of one log."""
        return self.outside.get(organization_id)


async def check_sizes(
    connection: Connection,
    log: LogWithTail,
    signers: Sequence[Signer],
    outside: OutsideLog | None,
) -> tuple[Finding, ...]:
    """Return what signatures and sizes show. The copy outside was read before the log. It reads no event."""
    state = log.state
    witnesses = witnesses_of(log.organization_id, state, signers, outside=outside, newest_only=True)
    if state is not None and state.note is None and not witnesses.outside:
        return ()  # It was created or migrated a moment ago: its first checkpoint is due.
    restores = (
        await load_restores(connection, log.organization_id, state.restored_at)
        if state and state.restored_at
        else ()
    )
    found = compare_sizes(witnesses, log.tail, restores)
    if outside is not None and outside.erased:
        found = by_gravity([*found, *await find_undone(connection, outside)])
    return found


async def check_tail(
    connection: Connection, organization_id: UUID, outside: OutsideLog | None
) -> tuple[Finding, ...]:
    """Return what the right edge of the tree, the last events and the newest copy outside show. A few milliseconds.

    The copy outside was read before.
    """
    try:
        tree = await load_tree(connection, organization_id)
    except Contradicted as error:
        return (error.finding,)
    if tree is None or tree.state.size == 0:
        return ()
    found = await _compare_last_tile(connection, tree.state)
    return by_gravity([*found, *await _compare_outside(connection, tree.state, outside)])


async def _compare_last_tile(connection: Connection, state: LogState) -> list[Finding]:
    """Compare the last events, at most 256, with the last tile."""
    first = (state.size - 1) // WIDTH * WIDTH + 1
    stored = await load_leaf_hashes(connection, state.organization_id, first, state.size)
    rows = await read_rows(
        connection,
        state.organization_id,
        after=first - 1,
        limit=state.size - first + 1,
        data_max=2**62,
    )
    found = list[Finding]()
    by_position = {row.event.position: row.event for row in rows}
    for position, leaf in enumerate(stored, first):
        event = by_position.get(position)
        if event is None:
            code = "removed" if any(each > position for each in by_position) else "truncated"
            return [*found, Finding(code, position, count=state.size - position + 1)]
        if leaf_or_none(event) != leaf:
            found.append(Finding("altered", position))
    if len(stored) < state.size - first + 1:
        found.append(Finding("tree_damaged", detail="The last tile is short."))
    return found


async def _compare_outside(
    connection: Connection, state: LogState, outside: OutsideLog | None
) -> list[Finding]:
    """Compare the root at the size of the newest note outside, by the tiles."""
    newest = outside.notes[-1:] if outside else []
    if not newest:
        return []
    try:
        note = read_note(newest[0])
    except MalformedNote:
        return [Finding("malformed", detail="It is in the copy outside.")]
    restores = await load_restores(connection, state.organization_id, state.restored_at)
    if is_superseded(note, restores) or not 0 < note.size <= state.size:
        return []
    try:
        [root] = await hashes_of(connection, state.organization_id, [(0, note.size)])
    except DamagedTile as error:
        return [Finding("tree_damaged", detail=str(error))]
    return [] if root == note.root else [Finding("forked", note.size)]


async def hashes_of(
    connection: Connection, organization_id: UUID, ranges: Sequence[Range]
) -> list[bytes]:
    """Return the hashes of subtrees from the stored tiles. Errors: DamagedTile."""
    tiles = await load_tiles(connection, organization_id, addresses(ranges))
    return subtree_hashes(ranges, tiles)


async def check_all(
    connection: Connection,
    organization_id: UUID,
    sources: Sources,
    report: Report,
    *,
    rest: Callable[[], Awaitable[None]] | None = None,
    plain_rows: int = PLAIN_ROWS,
) -> Verdict:
    """Return what every event, every checkpoint, every mark and the keys of people show. `rest` is awaited now and then.

    `plain_rows` events are read at once while there is nothing to note of them. The copy outside was read before. The
    caller's transaction is REPEATABLE READ, or nothing but appends happens.
    """
    outside = sources.of(organization_id)
    state = await load_log(connection, organization_id)
    witnesses = await load_witnesses(
        connection,
        organization_id,
        state,
        outside=outside,
        mark_key=sources.mark_key,
        cosigner=sources.cosigners.get(organization_id),
    )
    examination = Examination(witnesses)
    signed = state.size if state and state.note else 0
    total = await find_tail(connection, organization_id)
    position = 0
    while True:
        upto = position + plain_rows
        if upto < total and await _add_plain(connection, examination, upto, signed):
            position = upto
        elif rows := await read_rows(connection, organization_id, after=position, limit=ROWS_MAX):
            last = min(rows[-1].event.position, signed)
            stored = await load_leaf_hashes(connection, organization_id, position + 1, last)
            examination.add(rows, stored)
            position = rows[-1].event.position
        else:
            break
        report(position, max(total, position))
        if rest is not None:
            await rest()
    await _compare_upper(connection, examination)
    verdict = examination.verdict()
    return _with(
        verdict,
        [
            *(await _stored_short(connection, organization_id, verdict, signed)),
            *(await find_lost_keys(connection, organization_id)),
            *(await find_undone(connection, outside) if outside else []),
        ],
    )


async def _add_plain(
    connection: Connection, examination: Examination, upto: int, signed: int
) -> bool:
    """Read on up to a position, if nothing is to be noted of the events; return whether that was done."""
    organization_id, after = examination.witnesses.organization_id, examination.expected - 1
    rows = await read_plain_rows(connection, organization_id, after=after, last=upto)
    if len(rows) != upto - after:
        return False
    last = min(upto, signed)
    stored = await load_leaf_hashes(connection, organization_id, after + 1, last)
    return examination.add_plain(rows, stored)


def _with(verdict: Verdict, further: Sequence[Finding]) -> Verdict:
    if not further:
        return verdict
    return Verdict(
        **{
            name: getattr(verdict, name)
            for name in Verdict.__dataclass_fields__
            if name != "findings"
        },
        findings=by_gravity([*verdict.findings, *further]),
    )


async def _stored_short(
    connection: Connection, organization_id: UUID, verdict: Verdict, signed: int
) -> list[Finding]:
    """Return that lowest tiles are missing, where nothing else is wrong."""
    if verdict.findings or not signed:
        return []
    count = await connection.fetchval(statement("count_leaf_bytes"), organization_id)
    if count == signed * HASH_BYTES:
        return []
    return [Finding("tree_damaged", detail="Leaf hashes are missing or too many.")]


async def _compare_upper(connection: Connection, examination: Examination) -> None:
    wanted = examination.upper
    stored: Mapping[Address, bytes] = await load_tiles(
        connection, examination.witnesses.organization_id, wanted
    )
    examination.note_damaged(sorted(a for a, held in wanted.items() if stored.get(a) != held))


async def find_lost_keys(connection: Connection, organization_id: UUID) -> list[Finding]:
    """Return the persons whose key is gone though the log does not say so."""
    rows = await connection.fetch(statement("find_lost_keys"), organization_id, ERASED)
    return [
        Finding("key_lost", position, detail=f"The person is {subject_id}.")
        for subject_id, position in rows
    ]


async def find_undone(connection: Connection, outside: OutsideLog) -> list[Finding]:
    """Return the persons of the copy outside who were erased and have a key again."""
    by_id = {each.subject_id: each for each in outside.erased}
    if not by_id:
        return []
    rows = await connection.fetch(statement("find_living"), outside.organization_id, list(by_id))
    return [
        Finding(
            "erasure_undone",
            by_id[row["subject_id"]].position,
            detail=f"{row['subject_id']} was erased on {by_id[row['subject_id']].at:%Y-%m-%d}.",
        )
        for row in rows
    ]
