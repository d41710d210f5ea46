"""Decide a command without writing anything: what it would do now, and whether it would be refused."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from eventstore.read import read_tail
from eventstore.sealing.sealer import Sealer
from schema.scim.errors import ScimError
from service.callers.caller import Caller
from service.limits.let_go import let_go
from service.limits.offload import offload
from service.write.commands import ChangeRoleGroups
from service.write.decide import organization
from service.write.decide.guard import judge
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState, Decision
from service.write.load_guard import load_guard
from service.write.load_state import finding_names, load_state


@dataclass(frozen=True, slots=True)
class DryRun:
    """The events that a command would lead to, and why it would be refused all the same, if so."""

    decisions: list[Decision]
    refusal: ScimError | None
    digest: str
    state: BatchState

    def let_go(self) -> None:
        """Let its objects go, a few at a time: they may be about very many people. Nothing may use it afterwards."""
        let_go(self.decisions)
        self.state.let_go()


async def dry_run(
    pool: asyncpg.Pool, sealer: Sealer, command: ChangeRoleGroups, caller: Caller
) -> DryRun:
    """Return what saving a list of role groups would do now. Errors: those of a list that means nothing."""
    organization_id: UUID = command.organization_id
    required = RequiredState()
    required.add(command)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        tail = await read_tail(connection, organization_id)
        state = await load_state(
            connection, organization_id, required, finding_names(connection, sealer)
        )
        await load_guard(connection, organization_id, required, state, tail.now)
    return await offload(_decide, True, command, state, caller)


def _decide(command: ChangeRoleGroups, state: BatchState, caller: Caller) -> DryRun:
    decisions = organization.decide(command, state, caller)
    # The first one saves the list. Without any, the list is the same.
    digest = organization.role_groups_digest(command, state, decisions[1:] if decisions else None)
    refusal: ScimError | None = None
    try:
        judge(decisions, state, caller.organization)
    except ScimError as error:
        refusal = error
    return DryRun(decisions, refusal, digest, state)
