"""Decide what a command does to an organization: its registration, tokens and schemas."""

from typing import assert_never

from schema.events.event import Event
from schema.events.organization import (
    ROLE_NAMES,
    TOKEN_ROLE,
    Organization,
    OrganizationRegistered,
    SchemaRegistered,
    SettingsChanged,
    TokenIssued,
    TokenRevoked,
)
from schema.events.settings import SETTINGS, IllegalSetting, check_settings
from schema.scim.errors import Forbidden, InvalidValue, NotFound, Uniqueness
from schema.scim.extension import check_extension, refuse_removal
from service.callers.caller import Caller
from service.write.commands import (
    ChangeSettings,
    IssueToken,
    OrganizationCommand,
    RecordProof,
    RegisterOrganization,
    RegisterSchema,
    RevokeToken,
)
from service.write.decide.state import BatchState, Decision, decisions
from service.write.decide.text import refuse_control_characters

NAME_LENGTH_MAX = 200
OPERATORS = frozenset({"cli", "system"})  # Sources whose caller operates the service.


def decide(command: OrganizationCommand, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing.

    Errors: InvalidValue, Uniqueness, NotFound, Forbidden.
    """
    match command:
        case RegisterOrganization():
            return decisions(command.id, [_register(command, state)])
        case IssueToken():
            return decisions(command.organization_id, [_issue(command, state)])
        case RevokeToken():
            return decisions(command.organization_id, _revoke(command, state))
        case RegisterSchema():
            return decisions(command.organization_id, _register_schema(command, state))
        case ChangeSettings():
            return decisions(command.organization_id, _change_settings(command, state, caller))
        case RecordProof():
            return decisions(_existing(state).id, [command.event])
        case _:
            assert_never(command)


def _register(command: RegisterOrganization, state: BatchState) -> Event:
    if state.organization is not None:
        raise Uniqueness(f"Organization {command.id} exists already.")
    if not command.name.strip() or len(command.name) > NAME_LENGTH_MAX:
        raise InvalidValue(f"An organization's name has 1 to {NAME_LENGTH_MAX} characters.")
    refuse_control_characters("An organization's name", command.name.strip())
    assert set(command.roles) == set(ROLE_NAMES)
    return OrganizationRegistered(name=command.name.strip(), roles=command.roles)


def _issue(command: IssueToken, state: BatchState) -> Event:
    organization = _existing(state)
    account = state.user(command.account_id)
    if account is None:
        raise NotFound(f"There is no user {command.account_id}.")
    if not account.active or organization.role_name(account.role_id) != TOKEN_ROLE:
        raise InvalidValue(f"A technical account must be active and an {TOKEN_ROLE}.")
    refuse_control_characters("A token's label", command.label)
    return TokenIssued(
        token_id=command.token_id,
        jti_hash=command.jti_hash,
        account_id=command.account_id,
        label=command.label,
        scope=command.scope,
        expires_at=command.expires_at,
    )


def _revoke(command: RevokeToken, state: BatchState) -> list[Event]:
    token = _existing(state).tokens.get(command.token_id)
    if token is None:
        raise NotFound(f"There is no token {command.token_id}.")
    return [] if token.revoked_at else [TokenRevoked(token_id=command.token_id)]


def _register_schema(command: RegisterSchema, state: BatchState) -> list[Event]:
    document = check_extension(command.document)
    former = _existing(state).schemas.get(document["id"])
    if former is not None:
        refuse_removal(former, document)
    return [] if former == document else [SchemaRegistered(document=document)]


def _change_settings(command: ChangeSettings, state: BatchState, caller: Caller) -> list[Event]:
    former = _existing(state).settings
    try:
        check_settings(command.settings)
    except IllegalSetting as error:
        refusal = InvalidValue(str(error))
        refusal.attribute = error.name
        raise refusal from error
    if operators := [name for name in command.settings if SETTINGS[name].is_operators]:
        _refuse_strangers(operators[0], caller)
    changed = {name: each for name, each in command.settings.items() if former.get(name) != each}
    return [SettingsChanged(settings=changed)] if changed else []


def _refuse_strangers(name: str, caller: Caller) -> None:
    """Raise Forbidden if a setting is the operator's, and the caller is somebody else."""
    if caller.source in OPERATORS:
        return
    refusal = Forbidden(f"Only the operator of the service changes the setting {name}.")
    refusal.attribute = name
    raise refusal


def _existing(state: BatchState) -> Organization:
    if state.organization is None:
        raise NotFound("There is no such organization.")
    return state.organization
