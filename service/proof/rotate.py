"""Rotate the key that signs checkpoints: each log records the change, and both keys sign the checkpoint that covers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from eventstore.proof.outside_lines import Closed
from eventstore.trees.extend import Contradicted, extend_to_end
from eventstore.trees.keys import (
    LogKey,
    add_log_key,
    end_signers,
    load_log_keys,
    load_signers,
    newest,
    retire_log_keys,
    signing,
)
from eventstore.trees.logs import LogState, find_endings, load_logs
from projections.maintenance.session import Progress, Report
from schema.events.proof import LogKeyChanged
from service.config import Settings
from service.proof.copies import outside_copy
from service.proof.outside_writer import close_if_ended, write_if_possible
from service.proof.record import record
from service.proof.repair import checked_reason, owner
from service.runtime import Runtime

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did."""

    key_id: str  # Of the new key, under the name of the first log.
    logs: int  # That the new key signs now.
    left: tuple[UUID, ...]  # Logs that are contradicted: the old key stays until they are repaired.
    retired: int  # Private keys that were deleted.


async def rotate_log_key(
    runtime: Runtime,
    settings: Settings,
    *,
    reason: str,
    is_compromised: bool,
    provenance: Provenance,
    report: Report,
) -> Rotation:
    """Make a new key, let every log change to it, and delete the private part of the old one.

    A log that ended, or moved elsewhere, takes no further key: the old one stays valid up to its end.
    If it is interrupted, run it again: the logs that have changed already change once more.
    Errors: InvalidValue, ScimError.
    """
    reason, left, count = checked_reason(reason), list[UUID](), 0
    copy = outside_copy(settings)
    async with owner(runtime) as connection:
        key = await add_log_key(connection, runtime.sealer)
        keys = await load_log_keys(connection, runtime.sealer)
        states = [each.state for each in await load_logs(connection) if each.state is not None]
        signed = [each for each in states if each.note is not None]
        endings = await find_endings(connection, [each.organization_id for each in signed])
        for done, state in enumerate(signed, 1):
            if closed := endings.get(state.organization_id):
                if await _ends(connection, keys, state, closed, key=key):
                    await close_if_ended(runtime, copy, state.organization_id)
                else:
                    left.append(state.organization_id)
                continue
            signer = signing(
                await load_signers(connection, state.organization_id), state.incarnation
            )
            former = keys[signer.key_number] if signer else newest(keys)
            event = LogKeyChanged(
                from_=str(former.vkey(state.origin)),
                to=str(key.vkey(state.origin)),
                reason=reason,
                compromised=True if is_compromised else None,
            )
            await record(runtime, state.organization_id, event, provenance)
            try:
                after = await extend_to_end(
                    connection,
                    state.organization_id,
                    keys,
                    datetime.now(UTC),
                    mark_key=runtime.sealer.mark_key,
                )
            except Contradicted as error:
                log.warning("log_key_not_changed", finding=error.finding.sentence())
                left.append(state.organization_id)
                continue
            count += 1
            if after is not None:
                await write_if_possible(runtime.pool, copy, after)
            report(Progress("rotate", done, len(signed)))
        retired = await retire_log_keys(connection)
    name = signed[0].origin if signed else ""
    return Rotation(key.vkey(name).key_id.hex(), count, tuple(left), retired)


async def _ends(
    connection: Connection,
    keys: Mapping[int, LogKey],
    state: LogState,
    closed: Closed,
    *,
    key: LogKey,
) -> bool:
    """Let no key sign a log any more that ended, or left: it takes no event that could name another one.

    Return whether all of it is signed. `key` is the new one.
    """
    try:
        after = await extend_to_end(connection, state.organization_id, keys, datetime.now(UTC))
    except Contradicted as error:
        log.warning("log_key_not_changed", finding=error.finding.sentence())
        return False
    if after is None or after.size != closed.size:
        return False
    await end_signers(
        connection,
        *(after.organization_id, after.incarnation),
        size=after.size,
        key_number=key.number,
    )
    return True
