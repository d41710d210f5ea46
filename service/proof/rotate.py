"""Rotate the key that signs checkpoints: each log records the change, and both keys sign the checkpoint that covers it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from eventstore.events import Provenance
from eventstore.trees.extend import Contradicted, extend_to_end
from eventstore.trees.keys import (
    add_log_key,
    load_log_keys,
    load_signers,
    newest,
    retire_log_keys,
    signing,
)
from eventstore.trees.logs import load_logs
from projections.maintenance.session import Progress, Report
from schema.events.proof import LogKeyChanged
from service.config import Settings
from service.proof.copies import outside_copy
from service.proof.outside_writer import write_if_possible
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
        for done, state in enumerate(signed, 1):
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
