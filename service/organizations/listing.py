"""Lists tokens and technical accounts as administrators see them: who made a token, when it was used, whether it works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from eventstore.read import read_actors
from projections.directory.accounts import (
    Account,
    HeldToken,
    TokenAccount,
    name_users,
    page_accounts,
    page_tokens,
)
from schema.events.organization import TOKEN_ROLE, Organization, Token
from schema.scim.errors import NotFound
from service.callers.token_uses import TokenUse
from service.ids import as_id
from service.runtime import Runtime

State = Literal["active", "expiring", "expired", "revoked", "blocked"]
ABLE_MAX: Final = 200  # Accounts among which those that may hold tokens are looked for.
EXPIRING: Final = timedelta(days=30)  # A token that ends within this time is about to expire.


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token, its account, and its state. `blocked_because` is a sentence, or None."""

    token: Token
    account: TokenAccount | None  # None: it was deleted.
    state: State
    blocked_because: str | None
    created_by: str | None  # A userName, or who acted on the command line.
    last_use: TokenUse | None

    @property
    def account_name(self) -> str:
        """Return the userName of the account; its id if it was deleted."""
        return self.account.user_name if self.account else str(self.token.account_id)

    def account_problems(self, organization: Organization) -> list[str]:
        """Return why the account may hold no tokens, in a few words each."""
        if self.account is None:
            return ["account deleted"]
        problems = [] if self.account.active else ["account deactivated"]
        if self.account.role_id != organization.roles[TOKEN_ROLE]:
            problems.append(f"account not {TOKEN_ROLE}")
        return problems


async def list_tokens(
    runtime: Runtime,
    organization: Organization,
    *,
    before: UUID | None = None,
    limit: int | None = None,
) -> list[ListedToken]:
    """Return the tokens of an organization, the latest first: those that were made before the one with an id."""
    async with runtime.pool.acquire() as connection:
        held = await page_tokens(connection, organization.id, before=before, limit=limit)
    return await _listed(runtime, organization, held)


async def find_token(runtime: Runtime, organization: Organization, token_id: UUID) -> ListedToken:
    """Return a token. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        held = await page_tokens(connection, organization.id, token_id=token_id)
    if not held:
        raise NotFound(f"There is no token {token_id}.")
    [found] = await _listed(runtime, organization, held)
    return found


async def _listed(
    runtime: Runtime, organization: Organization, held: Sequence[HeldToken]
) -> list[ListedToken]:
    async with runtime.pool.acquire() as connection:
        at = [each.token.issued_at for each in held]
        actors = await read_actors(connection, organization.id, organization.id, at)
        ids = {found for each in actors.values() if (found := as_id(each))}
        names = await name_users(connection, organization.id, ids)
        uses = await runtime.token_uses.find(
            connection, organization.id, [each.token.id for each in held]
        )
    listed, now = [], datetime.now(UTC)
    for each in held:
        actor = actors.get(each.token.issued_at)
        actor_id = as_id(actor) if actor else None
        state, because = token_state(organization, each, now)
        listed.append(
            ListedToken(
                each.token,
                each.account,
                state,
                because,
                names.get(actor_id, actor) if actor_id else actor,
                uses.get(each.token.id),
            )
        )
    return listed


def token_state(
    organization: Organization, held: HeldToken, now: datetime
) -> tuple[State, str | None]:
    """Return the state of a token, and why it is blocked if it is."""
    token, ends_at = held.token, held.token.expires_at
    if token.revoked_at:
        return "revoked", None
    if ends_at and ends_at <= now:
        return "expired", None
    if because := _blocked_because(organization, held.account):
        return "blocked", because
    return ("expiring" if ends_at and ends_at <= now + EXPIRING else "active"), None


def _blocked_because(organization: Organization, account: TokenAccount | None) -> str | None:
    if organization.suspension:
        return f"The organization is suspended: {organization.suspension.reason}"
    if account is None:
        return "The account was deleted."
    if not account.active:
        return "The account is deactivated."
    if account.role_id != organization.roles[TOKEN_ROLE]:
        return f"The account is no longer an {TOKEN_ROLE}."
    return None


async def list_accounts(
    runtime: Runtime,
    organization: Organization,
    *,
    before: UUID | None = None,
    limit: int | None = None,
) -> list[Account]:
    """Return the technical accounts of an organization, the latest first."""
    async with runtime.pool.acquire() as connection:
        return await page_accounts(connection, organization.id, before=before, limit=limit)


async def able_accounts(runtime: Runtime, organization: Organization) -> list[Account]:
    """Return the technical accounts that may hold tokens, the latest first."""
    role_id = organization.roles[TOKEN_ROLE]
    accounts = await list_accounts(runtime, organization, limit=ABLE_MAX)
    return [each for each in accounts if each.active and each.role_id == role_id]


async def find_account(runtime: Runtime, organization: Organization, account_id: UUID) -> Account:
    """Return a technical account. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        found = await page_accounts(connection, organization.id, account_id=account_id)
    if not found:
        raise NotFound(f"There is no technical account {account_id}.")
    return found[0]
