"""Decide any command: the one door to the decisions."""

from typing import assert_never

from service.commands import Command, GroupCommand, OrganizationCommand, UserCommand
from service.decide import group, organization, user
from service.decide.known import Caller, Decision, Known


def decide(command: Command, known: Known, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to, in order; none where it changes nothing.

    Errors: a ScimError where it is refused.
    """
    if isinstance(command, UserCommand):
        return user.decide(command, known, caller)
    if isinstance(command, GroupCommand):
        return group.decide(command, known)
    if isinstance(command, OrganizationCommand):
        return organization.decide(command, known)
    assert_never(command)
