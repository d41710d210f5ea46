"""Read tokens and technical accounts, for administrators."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import token_of
from schema.events.organization import Token
from schema.events.user import UNLISTED, UserKind

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """The account of a token, as it is now."""

    user_name: str
    active: bool
    role_id: UUID


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token and the account that holds it; None if the account was deleted."""

    token: Token
    account: TokenAccount | None


@dataclass(frozen=True, slots=True)
class Account:
    """A technical account."""

    id: UUID
    created_at: datetime
    active: bool
    role_id: UUID
    kind: UserKind
    user_name: str
    display_name: str | None

    @property
    def listed_in_scim(self) -> bool:
        """Return whether SCIM lists and matches it."""
        return self.kind != UNLISTED


async def page_tokens(
    connection: Connection,
    organization_id: UUID,
    *,
    before: UUID | None = None,
    limit: int | None = None,
    token_id: UUID | None = None,
) -> list[HeldToken]:
    """Return tokens, the latest first: those before an id, or the one with an id."""
    rows = await connection.fetch(
        statement("page_tokens"), organization_id, before, limit, token_id
    )
    return [
        HeldToken(
            token_of(row),
            TokenAccount(row["user_name"], row["active"], row["role_id"])
            if row["has_account"]
            else None,
        )
        for row in rows
    ]


async def page_accounts(
    connection: Connection,
    organization_id: UUID,
    *,
    before: UUID | None = None,
    limit: int | None = None,
    account_id: UUID | None = None,
) -> list[Account]:
    """Return technical accounts, the latest first: those before an id, or the one with an id."""
    rows = await connection.fetch(
        statement("page_accounts"), organization_id, before, limit, account_id
    )
    return [Account(**row) for row in rows]


async def name_users(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> Mapping[UUID, str]:
    """Return the userNames of users. Unknown ids are left out."""
    rows = await connection.fetch(statement("name_users"), organization_id, list(ids))
    return {row["id"]: row["user_name"] for row in rows}
