"""Answers about the proof of one log: its checkpoint, proofs, and the keys that sign it."""

from typing import Any
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.proof.bundle import event_line
from eventstore.proof.notes import Vkey, encoded, key_id, read_note, read_vkey
from eventstore.proof.outside_lines import instant
from eventstore.proof.proofs import inclusion
from eventstore.trees.check import hashes_of
from eventstore.trees.cosignatures import find_cosigned
from eventstore.trees.keys import Signer, load_signers
from eventstore.trees.logs import LogState, find_instant, find_kept, load_log, read_rows
from eventstore.trees.prove import NoProof, find_note
from projections.directory import organizations as directory


async def load_signed(connection: Connection, organization_id: UUID) -> LogState:
    """Return the state of a log that has a checkpoint. Errors: NoProof."""
    state = await load_log(connection, organization_id)
    if state is None or state.note is None:
        raise NoProof(
            "There is no checkpoint of this log yet: the first one is signed within a second."
        )
    return state


async def checkpoint_of(connection: Connection, state: LogState, size: int | None) -> str:
    """Return the newest checkpoint, or the kept one of a size. Errors: NoProof."""
    if size is None:
        assert state.note is not None
        return state.note
    note = await find_note(connection, state, size)
    if note is None:
        raise NoProof(f"No checkpoint of size {size:,} was kept.")
    return note


async def witness_of(connection: Connection, organization_id: UUID) -> Vkey | None:
    """Return the key of the witness who cosigns a log; None: nobody does."""
    setting = await directory.find_witness(connection, organization_id)
    return None if setting is None else read_vkey(setting.vkey)


async def witnesses_of_all(connection: Connection) -> dict[UUID, Vkey]:
    """Return the keys of the witnesses of all logs that have one."""
    found = await directory.load_witnesses(connection)
    return {each: read_vkey(setting.vkey) for each, setting in found.items()}


async def cosigned_of(connection: Connection, state: LogState, size: int | None) -> str:
    """Return the newest checkpoint that the witness cosigned; with a size, only if it is that one. Errors: NoProof."""
    witness = await witness_of(connection, state.organization_id)
    if witness is None:
        raise NoProof("No witness cosigns the checkpoints of this log.")
    found = await find_cosigned(connection, state, witness)
    if found is None:
        raise NoProof(f"The witness {witness.name} has not cosigned a checkpoint of this log yet.")
    if size not in {None, found.size}:
        raise NoProof(f"The newest checkpoint that the witness cosigned is of size {found.size:,}.")
    return found.note


async def as_cosigned(connection: Connection, state: LogState, least: int) -> LogState:
    """Return a log as it was when its witness cosigned last, if that covers a size; else as it is now."""
    witness = await witness_of(connection, state.organization_id)
    found = await find_cosigned(connection, state, witness)
    if found is None or not least <= found.size <= state.size:
        return state
    root = read_note(found.note).root
    return state._replace(size=found.size, root=root, note=found.note)


async def keys_document(connection: Connection, state: LogState) -> dict[str, Any]:
    """Return every key that ever signed for the present origin, how each was introduced, and that of the witness."""
    signers = await load_signers(connection, state.organization_id)
    own = [each for each in signers if each.incarnation == state.incarnation]
    witness = await witness_of(connection, state.organization_id)
    return {
        "origin": state.origin,
        "keys": [
            *[await _entry(connection, state, each) for each in own],
            *([_of_witness(witness)] if witness else []),
        ],
    }


def _of_witness(witness: Vkey) -> dict[str, Any]:
    return {
        "vkey": str(witness),
        "keyId": witness.key_id.hex(),
        "algorithm": "Ed25519",
        "use": "witness",
        "fromSize": 1,
        "toSize": None,
        "introduction": None,
    }


async def _entry(connection: Connection, state: LogState, signer: Signer) -> dict[str, Any]:
    vkey = signer.trusted(state.organization_id).vkey
    return {
        "vkey": str(vkey),
        "keyId": key_id(vkey.name, vkey.kind, vkey.public).hex(),
        "algorithm": "Ed25519",
        "use": "log",
        "fromSize": signer.from_size,
        "toSize": signer.to_size,
        "introduction": await _introduction(connection, state, signer),
    }


async def _introduction(
    connection: Connection, state: LogState, signer: Signer
) -> dict[str, Any] | None:
    """Return the event that changed the key, its proof, and the checkpoint that both keys signed."""
    if signer.introduced_at is None:
        return None
    note = await find_kept(connection, state.organization_id, signer.from_size)
    rows = await read_rows(
        connection, state.organization_id, after=signer.introduced_at - 1, limit=1
    )
    if note is None or not rows:
        return None
    ranges = inclusion(signer.introduced_at - 1, read_note(note).size)
    hashes = await hashes_of(connection, state.organization_id, ranges)
    return {
        "event": event_line(rows[0].event),
        "hashes": [encoded(each) for each in hashes],
        "checkpoint": note,
    }


async def proven_since(connection: Connection, state: LogState) -> str | None:
    """Return since when the log is proven: the instant of its first event, or of the one that began the proof."""
    found = await find_instant(connection, state.organization_id, state.marks_from or 1)
    return instant(found) if found else None
