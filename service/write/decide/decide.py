"""Decide any command: the one entry to the decisions."""

from typing import assert_never

from service.callers.caller import Caller
from service.write.commands import (
    ClientCommand,
    Command,
    ErasureCommand,
    GroupCommand,
    OrganizationCommand,
    TokenCommand,
    UserCommand,
)
from service.write.decide import clients, erasure, group, organization, tokens, user
from service.write.decide.state import BatchState, Decision


def decide(command: Command, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to, in order; none if it changes nothing.

    Errors: a ScimError if it is refused.
    """
    if isinstance(command, UserCommand):
        return user.decide(command, state, caller)
    if isinstance(command, GroupCommand):
        return group.decide(command, state)
    if isinstance(command, TokenCommand):
        return tokens.decide(command, state, caller)
    if isinstance(command, OrganizationCommand):
        return organization.decide(command, state, caller)
    if isinstance(command, ClientCommand):
        return clients.decide(command, state)
    if isinstance(command, ErasureCommand):
        return erasure.decide(command, state, caller)
    assert_never(command)
