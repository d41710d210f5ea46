"""End a contract: erase everybody of an organization, and take the organization out of the directory."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from eventstore.erase import list_erased
from eventstore.events import Provenance
from eventstore.proof.outside_lines import Erased
from eventstore.read import read_tail
from projections.directory.load import load_organization
from projections.directory.organizations import list_everything
from schema.events.organization import Organization
from service.callers.caller import Caller
from service.erasure.outside import record_outside
from service.erasure.people import Place
from service.erasure.receipt import Backups, backups_of
from service.erasure.sessions import end_sessions, forget_setup
from service.erasure.values import checked_reason
from service.proof.outside_writer import close_if_ended
from service.requests.forget import forget_everybody
from service.runtime import Runtime
from service.write.commands import (
    Command,
    DeleteGroup,
    EraseOrganization,
    EraseUser,
    RevokeClient,
    RevokeToken,
)
from service.write.decide.erasure import StillPeopled, refuse_held
from service.write.decide.state import BatchState
from service.write.former_users import load_legal_holds

ROUNDS_MAX: Final = 20  # Each erases whom writes have added during the former one.
AT_ONCE: Final = (
    100  # Commands that are submitted together; a batch takes them in few transactions.
)


@dataclass(frozen=True, slots=True)
class EndReceipt:
    """What ending a contract did."""

    organization_id: UUID
    name: str
    reason: str
    people: int  # That were erased now.
    groups: int
    tokens: int  # Tokens and OAuth clients that were still valid.
    position: int  # The last of the log.
    erased_at: datetime
    backups: Backups
    outside_copy: str


async def erase_organization(
    runtime: Runtime,
    organization: Organization,
    *,
    reason: str,
    provenance: Provenance,
    place: Place,
    report: Callable[[int, int], None] = lambda _at, _of: None,
) -> EndReceipt:
    """Erase every person, delete every group, end every token, and take the organization out of the directory.

    The log stays, and nobody can read a person's values in it. It goes on where it was interrupted. Whoever is added
    meanwhile is erased too. Errors: Conflict under any legal hold, or if people are added faster than they are erased.
    """
    reason = checked_reason(reason)
    async with runtime.pool.acquire() as connection:
        refuse_held(
            None, BatchState(legal_holds=await load_legal_holds(connection, organization.id))
        )
    ended = _Ended(runtime, organization, provenance, report)
    ending, is_written = EraseOrganization(organization.id, reason), False
    for some_round in range(1, ROUNDS_MAX + 1):
        await ended.erase_everybody(reason)
        async with runtime.pool.acquire() as connection:
            await forget_everybody(connection, organization.id)
            await end_sessions(connection, organization.id, None)
            await forget_setup(connection, organization.id)
        is_written = await _record(runtime, organization, place)
        try:
            await runtime.lanes.submit(ending, ended.caller, provenance)
        except StillPeopled:
            if some_round == ROUNDS_MAX:
                raise
        else:
            break
    await close_if_ended(runtime, place.copy, organization.id)
    async with runtime.pool.acquire() as connection:
        tail = await read_tail(connection, organization.id)
    now = datetime.now(UTC)
    return EndReceipt(
        organization.id,
        organization.name,
        reason,
        ended.people,
        ended.groups,
        ended.tokens,
        tail.position,
        now,
        backups_of(now, place.backup_retention_days),
        "written" if is_written else "late",
    )


class _Ended:
    """What has been ended so far."""

    def __init__(
        self,
        runtime: Runtime,
        organization: Organization,
        provenance: Provenance,
        report: Callable[[int, int], None],
    ) -> None:
        self.people = self.groups = self.tokens = 0
        self.caller = Caller(organization, None, provenance.source)
        self._id, self._runtime, self._provenance = organization.id, runtime, provenance
        self._report = report

    async def erase_everybody(self, reason: str) -> None:
        """Erase everybody who is there now, delete all groups, and end all tokens."""
        await self._end_tokens()
        async with self._runtime.pool.acquire() as connection:
            there = await list_everything(connection, self._id)
        erased = [
            EraseUser(self._id, each, reason, is_forced=True, is_alone=True) for each in there.users
        ]
        deleted = [DeleteGroup(each) for each in there.groups]
        done = self.people + self.groups
        total = done + len(erased) + len(deleted)
        # People first: to delete a group of people may be what the guard holds.
        for some in _pieces([*erased, *deleted]):
            await self._submit(some)
            done += len(some)
            self._report(done, total)
        self.people += len(erased)
        self.groups += len(deleted)

    async def _end_tokens(self) -> None:
        """End all tokens and OAuth clients first, so that nobody provisions meanwhile."""
        async with self._runtime.pool.acquire() as connection:
            held = await load_organization(connection, self._id, with_tokens=True)
        if held is None:
            return
        ended: list[Command] = [
            RevokeToken(self._id, each.id)
            for each in held.tokens.values()
            if each.revoked_at is None
        ]
        ended += [
            RevokeClient(self._id, each.id)
            for each in held.clients.values()
            if each.revoked_at is None
        ]
        for some in _pieces(ended):
            await self._submit(some)
        self.tokens += len(ended)

    async def _submit(self, commands: Sequence[Command]) -> None:
        async with asyncio.TaskGroup() as group:
            for each in commands:
                work = self._runtime.lanes.submit(each, self.caller, self._provenance)
                group.create_task(work)


def _pieces(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    for begin in range(0, len(commands), AT_ONCE):
        yield commands[begin : begin + AT_ONCE]


async def _record(runtime: Runtime, organization: Organization, place: Place) -> bool:
    """Write to the copy outside who was erased; return whether all was written."""
    async with runtime.pool.acquire() as connection:
        found = await list_erased(connection, organization.id, limit=2**31)
    try:
        held = await place.copy.load([organization.id])
    except (OSError, ValueError):
        return False
    log = held.get(organization.id)
    known = {each.subject_id for each in log.erased} if log else set()
    for each in found:
        if each.id not in known:
            erased = Erased(each.at, each.id, each.position)
            if not await record_outside(place.copy, organization.id, erased):
                return False
    return True


def as_document(receipt: EndReceipt) -> dict[str, Any]:
    """Return a receipt as JSON."""
    return {
        "organizationId": receipt.organization_id,
        "name": receipt.name,
        "reason": receipt.reason,
        "people": receipt.people,
        "groups": receipt.groups,
        "tokens": receipt.tokens,
        "position": receipt.position,
        "erasedAt": receipt.erased_at,
        "backups": {
            "retentionDays": receipt.backups.retention_days,
            "keyExportsUntil": receipt.backups.key_exports_until,
            "physicalCopiesUntil": receipt.backups.physical_copies_until,
        },
        "outsideCopy": receipt.outside_copy,
    }
