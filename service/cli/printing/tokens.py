"""A token as lists show it: its account, and why it does not work, if so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schema.events.organization import TOKEN_ROLE, Organization, Token
from schema.events.user import User
from service.terminal import printable

SOON_DAYS = 30  # From then on it is announced, too: service/background/token_expiry.py.


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token with its account. `problems` says why it does not work; without problems it works."""

    token: Token
    account: str  # The userName; the id if the account is deleted.
    account_state: str
    problems: tuple[str, ...]
    days_left: int | None = (
        None  # Whole days until it expires, 0 if that is past; None if it never does.
    )

    def line(self) -> str:
        """Return the token as a line."""
        token = self.token
        return (
            f"{token.id}  {token.issued_at:%Y-%m-%d}  {self.state():<22}  {printable(token.label)}  "
            f"account {printable(self.account)} ({self.account_state})"
        )

    def state(self) -> str:
        """Return until when the token works, or why it does not."""
        if self.problems:
            return "; ".join(self.problems)
        until = self.token.expires_at
        if until is None:
            return "never expires"
        soon = f" in {_days(self.days_left)}" if self.is_expiring_soon else ""
        return f"expires {until:%Y-%m-%d}{soon}"

    @property
    def is_expiring_soon(self) -> bool:
        """Return whether the token works, and expires within the time in which this is announced."""
        left = self.days_left
        return left is not None and left < SOON_DAYS and not self.problems

    def document(self) -> dict[str, Any]:
        """Return the token as JSON."""
        token = self.token
        return {
            "tokenId": str(token.id),
            "label": token.label,
            "accountId": str(token.account_id),
            "account": self.account,
            "accountState": self.account_state,
            "issuedAt": instant(token.issued_at),
            "expiresAt": instant(token.expires_at),
            "daysLeft": self.days_left,
            "expiresSoon": self.is_expiring_soon,
            "revokedAt": instant(token.revoked_at),
            "isValid": not self.problems,
            "problems": list(self.problems),
        }


def listed_token(
    token: Token, organization: Organization, account: User | None, now: datetime
) -> ListedToken:
    """Return a token as a list shows it. `account` is None if the account was deleted."""
    name = str(account.attributes["userName"]) if account else str(token.account_id)
    problems = (*_own_problems(token, now), *_account_problems(organization, account))
    left = max(0, (token.expires_at - now).days) if token.expires_at else None
    return ListedToken(token, name, _state(organization, account), problems, left)


def _days(count: int | None) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _own_problems(token: Token, now: datetime) -> tuple[str, ...]:
    if token.revoked_at:
        return (f"revoked {token.revoked_at:%Y-%m-%d}",)
    if token.expires_at and token.expires_at <= now:
        return (f"expired {token.expires_at:%Y-%m-%d}",)
    return ()


def _account_problems(organization: Organization, account: User | None) -> tuple[str, ...]:
    if account is None:
        return ("account deleted",)
    return (
        *(() if account.active else ("account deactivated",)),
        *(
            ()
            if account.role_id == organization.roles[TOKEN_ROLE]
            else (f"account not {TOKEN_ROLE}",)
        ),
    )


def _state(organization: Organization, account: User | None) -> str:
    if account is None:
        return "deleted"
    role = organization.role_name(account.role_id) or "no role"
    return f"{'active' if account.active else 'deactivated'}, {role}"


def instant(at: datetime | None) -> str | None:
    """Return an instant in the format of JSON output."""
    return at.isoformat() if at else None
