"""The messages about OAuth clients."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from schema.events.client import Kind
from service.api.models import Message
from service.callers.scopes import DEFAULT
from service.organizations.listed_clients import State

VALUES_MAX = 20
Value = Annotated[str, Field(min_length=1, max_length=500)]


class NewClientBody(Message):
    """A client to register."""

    label: str = Field(min_length=1, max_length=200, description="What the client is for.")
    account_id: UUID = Field(description="The technical account that it acts as.")
    kind: Literal["secret", "federated"] = Field(
        description="How it authenticates: by a secret, or by a JWT of an issuer that you trust."
    )
    scopes: list[str] = Field(list(DEFAULT), min_length=1, max_length=VALUES_MAX)
    issuer: str | None = Field(
        None, max_length=500, description="Federated: the exact iss of its assertions."
    )
    subjects: list[Value] = Field(
        [],
        max_length=VALUES_MAX,
        description="Federated: exact values, one of which is sub or azp.",
    )
    audiences: list[Value] = Field(
        [], max_length=VALUES_MAX, description="Federated: exact values, one of which is aud."
    )
    expires_at: AwareDatetime | None = Field(
        None, description="When the secret expires: by default in a year, at most in three."
    )


class NewSecretBody(Message):
    """A secret to make."""

    expires_at: AwareDatetime | None = Field(
        None, description="By default in a year, at most in three."
    )


class ClientChange(Message):
    """What to change of a federated client; each list replaces the former one."""

    subjects: list[Value] = Field([], max_length=VALUES_MAX)
    audiences: list[Value] = Field([], max_length=VALUES_MAX)


class SecretRow(Message):
    """A secret of a client; the secret itself is not stored."""

    id: UUID
    created_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    state: State


class ClientRow(Message):
    """An OAuth client."""

    id: UUID
    client_id: UUID = Field(description="What the client sends as client_id: the same as id.")
    label: str
    account_id: UUID
    account_name: str
    kind: Kind
    scopes: list[str]
    issuer: str | None
    subjects: list[str]
    audiences: list[str]
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None
    state: State
    blocked_because: str | None = Field(description="What is wrong with its account.")
    secrets: list[SecretRow] = Field(description="Oldest first; at most two of them are live.")


class MadeClientRow(ClientRow):
    """A new client, with its secret, which is shown this once."""

    secret_id: UUID | None
    client_secret: str | None = Field(description="Shown this once; null for a federated client.")
    expires_at: AwareDatetime | None = Field(description="When the secret expires.")
    token_endpoint: str


class MadeSecretRow(Message):
    """A new secret, which is shown this once."""

    client_id: UUID
    secret_id: UUID
    client_secret: str = Field(description="Shown this once.")
    expires_at: AwareDatetime
