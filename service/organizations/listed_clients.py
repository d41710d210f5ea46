"""An OAuth client as lists show it: its account, whether it works, and why it does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from projections.directory.load import load_clients, load_users
from schema.events.client import Client, ClientSecret
from schema.events.organization import TOKEN_ROLE, Organization
from schema.events.user import User
from schema.scim.errors import NotFound
from service.runtime import Runtime

SOON = timedelta(days=30)
State = Literal["active", "expiring", "expired", "revoked", "blocked"]


@dataclass(frozen=True, slots=True)
class ListedClient:
    """A client with its account. `blocked_because` says why a client that is not revoked does not work."""

    client: Client
    account_name: str  # The userName; the id if the account is deleted.
    state: State
    blocked_because: str | None


async def list_clients(runtime: Runtime, organization: Organization) -> list[ListedClient]:
    """Return the clients of an organization, oldest first."""
    async with runtime.pool.acquire() as connection:
        clients = (await load_clients(connection, organization.id)).values()
        ids = {each.account_id for each in clients}
        accounts, _ = await load_users(connection, organization.id, ids)
    now = datetime.now(UTC)
    return [listed(each, organization, accounts.get(each.account_id), now) for each in clients]


async def find_client(
    runtime: Runtime, organization: Organization, client_id: UUID
) -> ListedClient:
    """Return a client of an organization. Errors: NotFound."""
    for each in await list_clients(runtime, organization):
        if each.client.id == client_id:
            return each
    raise NotFound(f"There is no client {client_id}.")


def listed(
    client: Client, organization: Organization, account: User | None, now: datetime
) -> ListedClient:
    """Return a client as a list shows it. `account` is None if the account was deleted."""
    name = str(account.attributes["userName"]) if account else str(client.account_id)
    because = _blocked_because(organization, account)
    return ListedClient(client, name, _state(client, now, because), because)


def secret_state(secret: ClientSecret, now: datetime) -> State:
    """Return the state of a secret."""
    if secret.revoked_at:
        return "revoked"
    if secret.expires_at <= now:
        return "expired"
    return "expiring" if secret.expires_at <= now + SOON else "active"


def _state(client: Client, now: datetime, because: str | None) -> State:
    if client.revoked_at:
        return "revoked"
    if because:
        return "blocked"
    return "active" if client.kind == "federated" else _best(client.secrets.values(), now)


def _best(secrets: Iterable[ClientSecret], now: datetime) -> State:
    """Return the state of a client by its secrets: it works as long as one does."""
    states = {secret_state(each, now) for each in secrets}
    best: tuple[State, ...] = ("active", "expiring")
    return next((each for each in best if each in states), "expired")


def _blocked_because(organization: Organization, account: User | None) -> str | None:
    if account is None or account.is_deleted:
        return "account deleted"
    if not account.active:
        return "account deactivated"
    if account.role_id != organization.roles[TOKEN_ROLE]:
        return f"account not {TOKEN_ROLE}"
    return None
