"""Decide what a command does to the tokens of an organization."""

import ipaddress
from collections.abc import Sequence
from typing import Final, assert_never

from schema.events.event import Event
from schema.events.organization import (
    TOKEN_ROLE,
    Token,
    TokenIssued,
    TokenRevoked,
    TokenRotated,
)
from schema.scim.errors import Conflict, NotFound
from service.callers.caller import Caller
from service.callers.scopes import refuse_ungrantable
from service.write.commands import IssueToken, RevokeToken, RotateToken, TokenCommand
from service.write.decide.organization import existing
from service.write.decide.state import BatchState, Decision, decisions
from service.write.decide.text import invalid, refuse_control_characters

LABEL_LENGTH_MAX: Final = 200
NETWORKS_MAX: Final = 50


def decide(command: TokenCommand, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing.

    Errors: InvalidValue, NotFound, Forbidden, Conflict.
    """
    match command:
        case IssueToken():
            return decisions(command.organization_id, [_issue(command, state, caller)])
        case RotateToken():
            return decisions(command.organization_id, _rotate(command, state, caller))
        case RevokeToken():
            return decisions(command.organization_id, _revoke(command, state))
        case _:
            assert_never(command)


def _issue(command: IssueToken, state: BatchState, caller: Caller) -> Event:
    organization = existing(state)
    account = state.user(command.account_id)
    if account is None:
        raise NotFound(f"There is no user {command.account_id}.")
    if not account.active or organization.role_name(account.role_id) != TOKEN_ROLE:
        raise invalid("accountId", f"A technical account must be active and an {TOKEN_ROLE}.")
    if not command.label.strip() or len(command.label) > LABEL_LENGTH_MAX:
        raise invalid("label", f"A token's label has 1 to {LABEL_LENGTH_MAX} characters.")
    refuse_control_characters("A token's label", command.label, field="label")
    refuse_ungrantable(command.scope.split(), caller.source)
    return TokenIssued(
        token_id=command.token_id,
        jti_hash=command.jti_hash,
        account_id=command.account_id,
        label=command.label,
        scope=command.scope,
        expires_at=command.expires_at,
        allowed_networks=read_networks(command.allowed_networks),
    )


def read_networks(sent: Sequence[str]) -> tuple[str, ...]:
    """Return networks in CIDR form; a single address is a network of one. Errors: InvalidValue."""
    if len(sent) > NETWORKS_MAX:
        raise invalid("allowedNetworks", f"A token has at most {NETWORKS_MAX} networks.")
    return tuple(map(_network, sent))


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    shown = text[:100]
    try:
        wider = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise invalid(
            "allowedNetworks", f"{shown!r} is no network: write it like 203.0.113.0/24."
        ) from None
    raise invalid(
        "allowedNetworks", f"{shown!r} is an address within a network: the network is {wider}."
    )


def _rotate(command: RotateToken, state: BatchState, caller: Caller) -> list[Event]:
    former = _token(command, state)
    if former.revoked_at or (former.expires_at and former.expires_at <= command.now):
        raise Conflict("This token is revoked or expired: issue a new one.")
    ends_at = min(command.ends_at, former.expires_at or command.ends_at)
    rotated = TokenRotated(
        token_id=former.id, successor_id=command.successor.token_id, ends_at=ends_at
    )
    return [_issue(command.successor, state, caller), rotated]


def _revoke(command: RevokeToken, state: BatchState) -> list[Event]:
    token = _token(command, state)
    return [] if token.revoked_at else [TokenRevoked(token_id=token.id)]


def _token(command: RotateToken | RevokeToken, state: BatchState) -> Token:
    token = existing(state).tokens.get(command.token_id)
    if token is None:
        raise NotFound(f"There is no token {command.token_id}.")
    return token
