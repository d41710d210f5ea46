"""What commands print about tokens: lines or JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schema.events.organization import Organization
from service.cli.process import output
from service.operate.tokens import OperatorToken
from service.organizations.listing import ListedToken
from service.organizations.tokens import IssuedToken
from service.terminal import printable

SOON_DAYS = 30  # From then on it is announced, too: service/background/token_expiry.py.


def issued(token: IssuedToken, tenant_url: str, *, as_json: bool) -> str:
    """Return a token that was just made."""
    if as_json:
        return output.as_json(
            {
                "token": token.token,
                "tenantUrl": tenant_url,
                "id": str(token.token_id),
                "tokenId": str(token.token_id),
                "accountId": str(token.account_id),
                "expiresAt": instant(token.expires_at),
            }
        )
    until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "until it is revoked"
    return "\n".join(
        [
            f"Tenant URL    {tenant_url}",
            f"Secret token  {token.token}",
            f"The token is shown only once. It is valid {until}; its id is {token.token_id}.",
        ]
    )


def tokens(listed: Sequence[ListedToken], organization: Organization, *, as_json: bool) -> str:
    """Return the tokens of an organization, each with the reasons why it does not work, if any."""
    if as_json:
        return output.as_json([_document(each, organization) for each in listed])
    lines = [_line(each, organization) for each in listed]
    return "\n".join(lines) or "There is no token yet: scim-ledger token issue --label NAME"


def token(found: ListedToken, organization: Organization, *, as_json: bool) -> str:
    """Return one token of an organization."""
    if as_json:
        return output.as_json(_document(found, organization))
    use, networks = found.last_use, found.token.allowed_networks
    return "\n".join(
        [
            _line(found, organization),
            f"  created by     {printable(found.created_by or 'nobody known')}",
            *([f"  last used from {printable(use.address)}"] if use and use.address else []),
            *([f"  networks       {' '.join(networks)}"] if networks else []),
        ]
    )


def revoked(token: ListedToken, organization: Organization, *, is_new: bool, as_json: bool) -> str:
    """Return a token that was just revoked."""
    if as_json:
        return output.as_json(_document(token, organization))
    return "Revoked." if is_new else "It was already revoked."


def operator_issued(token: str, made: OperatorToken, *, as_json: bool) -> str:
    """Return a token of an operator that was just made."""
    if as_json:
        return output.as_json(
            {"token": token, "id": str(made.id), "expiresAt": instant(made.expires_at)}
        )
    until = f"until {made.expires_at:%Y-%m-%d}" if made.expires_at else "until it is revoked"
    return "\n".join(
        [
            f"Secret token  {token}",
            f"The token is shown only once. It is valid {until}; its id is {made.id}.",
        ]
    )


def operators(listed: Sequence[OperatorToken], *, as_json: bool) -> str:
    """Return the tokens of operators."""
    if as_json:
        return output.as_json(
            [
                {
                    "id": str(each.id),
                    "label": each.label,
                    "createdBy": each.created_by,
                    "createdAt": instant(each.created_at),
                    "expiresAt": instant(each.expires_at),
                    "state": each.state,
                }
                for each in listed
            ]
        )
    lines = [
        f"{each.id}  {each.created_at:%Y-%m-%d}  {each.state:<8}  {printable(each.label)}  "
        f"by {printable(each.created_by)}"
        for each in listed
    ]
    return "\n".join(lines) or (
        "There is no token of an operator: scim-ledger token issue --label NAME --scope operate"
    )


def operator_revoked(token_id: UUID, *, is_new: bool, as_json: bool) -> str:
    """Return what the revocation of an operator's token did."""
    if as_json:
        return output.as_json({"id": str(token_id), "wasRevokedBefore": not is_new})
    return "Revoked." if is_new else "It was already revoked."


def _line(listed: ListedToken, organization: Organization) -> str:
    token = listed.token
    used = f"used {listed.last_use.at:%Y-%m-%d %H:%M}" if listed.last_use else "never used"
    account = f"account {printable(listed.account_name)} ({_account_state(listed, organization)})"
    return (
        f"{token.id}  {token.issued_at:%Y-%m-%d}  {_state(listed, organization):<22}  "
        f"{printable(token.label)}  {account}  {token.scope}  {used}"
    )


def _state(listed: ListedToken, organization: Organization) -> str:
    """Return until when the token works, or why it does not."""
    if problems := _problems(listed, organization):
        return "; ".join(problems)
    until = listed.token.expires_at
    if until is None:
        return "never expires"
    days = _days_left(until)
    return f"expires {until:%Y-%m-%d}{f' in {days} days' if days < SOON_DAYS else ''}"


def _days_left(until: datetime) -> int:
    """Return how many whole days are left, 0 if the time is past."""
    return max(0, (until - datetime.now(UTC)).days)


def _is_soon(until: datetime | None) -> bool:
    return until is not None and _days_left(until) < SOON_DAYS


def _problems(listed: ListedToken, organization: Organization) -> list[str]:
    """Return why a token does not work; nothing if it does."""
    token = listed.token
    problems = list(listed.account_problems(organization))
    if organization.suspension:
        problems.insert(0, "organization suspended")
    if token.revoked_at:
        problems.insert(0, f"revoked {token.revoked_at:%Y-%m-%d}")
    elif listed.state == "expired":
        problems.insert(0, f"expired {token.expires_at:%Y-%m-%d}")
    return problems


def _account_state(listed: ListedToken, organization: Organization) -> str:
    account = listed.account
    if account is None:
        return "deleted"
    role = organization.role_name(account.role_id) or "no role"
    return f"{'active' if account.active else 'deactivated'}, {role}"


def _document(listed: ListedToken, organization: Organization) -> dict[str, Any]:
    """Return a token as the admin API answers it, with the names that this command had before."""
    token, use, problems = listed.token, listed.last_use, _problems(listed, organization)
    return {
        "id": str(token.id),
        "tokenId": str(token.id),
        "label": token.label,
        "accountId": str(token.account_id),
        "accountName": listed.account_name,
        "account": listed.account_name,
        "accountState": _account_state(listed, organization),
        "scopes": token.scope.split(),
        "createdAt": instant(token.issued_at),
        "issuedAt": instant(token.issued_at),
        "createdBy": listed.created_by,
        "lastUsedAt": instant(use.at) if use else None,
        "lastUsedFrom": use.address if use else None,
        "expiresAt": instant(token.expires_at),
        "daysLeft": _days_left(token.expires_at) if token.expires_at else None,
        "expiresSoon": not problems and _is_soon(token.expires_at),
        "revokedAt": instant(token.revoked_at),
        "allowedNetworks": list(token.allowed_networks),
        "state": listed.state,
        "blockedBecause": listed.blocked_because,
        "isValid": not problems,
        "problems": problems,
    }


def instant(at: datetime | None) -> str | None:
    """Return an instant in the format of JSON output."""
    return at.isoformat() if at else None
