"""Decide any command: the one entry to the decisions."""

from typing import assert_never

from schema.scim.errors import NotFound
from service.callers.caller import Caller
from service.write.commands import (
    ClientCommand,
    Command,
    DecideHold,
    ErasureCommand,
    GroupCommand,
    OrganizationCommand,
    RegisterOrganization,
    TokenCommand,
    UserCommand,
)
from service.write.decide import clients, erasure, group, organization, tokens, user
from service.write.decide.guard import decide_hold, judge
from service.write.decide.role_groups import with_roles
from service.write.decide.state import BatchState, Decision


def decide(command: Command, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to, in order; none if it changes nothing.

    Errors: a ScimError if it is refused, NotFound once the organization is erased; HeldNow, whose decisions are to be recorded all the same.
    """
    if state.is_gone and not isinstance(command, RegisterOrganization):
        raise NotFound("There is no such organization.")  # Or its contract has ended.
    if isinstance(command, ErasureCommand):
        return erasure.decide(command, state, caller)  # It is wanted: no guard holds it.
    decided = _decide(command, state, caller)
    return judge(decided, state, caller.organization)


def _decide(
    command: UserCommand
    | GroupCommand
    | TokenCommand
    | OrganizationCommand
    | ClientCommand
    | DecideHold,
    state: BatchState,
    caller: Caller,
) -> list[Decision]:
    if isinstance(command, UserCommand):
        return user.decide(command, state, caller)
    if isinstance(command, GroupCommand):
        return with_roles(group.decide(command, state), state)
    if isinstance(command, TokenCommand):
        return tokens.decide(command, state, caller)
    if isinstance(command, OrganizationCommand):
        return organization.decide(command, state, caller)
    if isinstance(command, ClientCommand):
        return clients.decide(command, state)
    if isinstance(command, DecideHold):
        return decide_hold(command, state)
    assert_never(command)
