"""What a log is compared with: its checkpoints in the database, the copy outside, and the keys that are trusted."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.proof.examination import Witnesses, restore_of
from eventstore.proof.leaf import origin_of
from eventstore.proof.notes import ED25519, MalformedNote, TrustedKey, Vkey, read_note
from eventstore.proof.outside_lines import OutsideLog
from eventstore.proof.verdicts import Restore
from eventstore.trees.cosignatures import load_cosigned
from eventstore.trees.keys import Signer, load_signers
from eventstore.trees.logs import LogState, load_kept, read_rows


async def load_witnesses(
    connection: Connection,
    organization_id: UUID,
    state: LogState | None,
    *,
    outside: OutsideLog | None,
    mark_key: bytes | None,
    cosigner: Vkey | None = None,
) -> Witnesses:
    """Return all that a log is compared with. What was cosigned is compared even if the cosigner is another one now."""
    signers = await load_signers(connection, organization_id)
    kept = [note for note, _ in await load_kept(connection, organization_id)]
    kept += await load_cosigned(connection, organization_id)
    return witnesses_of(
        organization_id,
        state,
        signers,
        kept=kept,
        outside=outside,
        mark_key=mark_key,
        cosigner=cosigner,
    )


def witnesses_of(
    organization_id: UUID,
    state: LogState | None,
    signers: Sequence[Signer],
    *,
    kept: Sequence[str] = (),
    outside: OutsideLog | None = None,
    mark_key: bytes | None = None,
    newest_only: bool = False,
    cosigner: Vkey | None = None,
) -> Witnesses:
    """Return all that a log is compared with. `newest_only`: of the copy outside only the newest note."""
    notes = [] if outside is None else outside.notes
    incarnation = state.incarnation if state else max([1, *map(incarnation_of, notes)])
    checkpoint = state.note if state else None
    marks = [each for each in (state and state.marks_from, outside and outside.marks_from) if each]
    return Witnesses(
        organization_id=organization_id,
        incarnation=incarnation,
        keys=[
            *trusted_keys(organization_id, incarnation, signers, outside),
            *([TrustedKey(cosigner)] if cosigner else []),
        ],
        checkpoint=checkpoint,
        kept=[each for each in kept if each != checkpoint],
        outside=notes[-1:] if newest_only else notes,
        mark_key=mark_key if marks else None,
        # A later beginning in one of the two places would hide what was forged before it.
        marks_from=min(marks, default=1),
    )


def incarnation_of(note: str) -> int:
    """Return the incarnation that a note names; 0 if it cannot be read."""
    try:
        return read_note(note).incarnation
    except MalformedNote:
        return 0


def trusted_keys(
    organization_id: UUID,
    incarnation: int,
    signers: Iterable[Signer],
    outside: OutsideLog | None,
) -> list[TrustedKey]:
    """Return the keys that are trusted: those of the copy outside, if it has any; else those of the database.

    A key that may still sign is trusted under the name of every incarnation.
    """
    stored = [each.trusted(organization_id) for each in signers]
    held = stored if outside is None or not outside.keys else outside.keys
    names = {origin_of(organization_id, each) for each in range(1, incarnation + 1)}
    known = {(each.vkey.name, each.vkey.public) for each in held}
    further = [
        TrustedKey(each.vkey._replace(name=name))
        for each in held
        if each.to_size is None and each.vkey.kind == ED25519
        for name in names
        if (name, each.vkey.public) not in known
    ]
    return list(dict.fromkeys([*held, *further]))


async def load_restores(
    connection: Connection, organization_id: UUID, positions: Iterable[int]
) -> tuple[Restore, ...]:
    """Return the restores that some events declare."""
    found = list[Restore]()
    for position in positions:
        for row in await read_rows(connection, organization_id, after=position - 1, limit=1):
            event: RecordedEvent = row.event
            if event.position == position and (restore := restore_of(event)):
                found.append(restore)
    return tuple(found)
