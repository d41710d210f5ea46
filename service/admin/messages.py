"""The messages of the admin API: what it takes and what it answers."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator

from schema.events.organization import TOKEN_ROLE
from service.api.models import Message
from service.callers.scopes import DEFAULT, MEANINGS, Scope
from service.organizations.listing import State


class OrganizationRow(Message):
    """An organization."""

    id: UUID
    name: str
    created_at: AwareDatetime
    settings: dict[str, Any] = Field(description="Each setting with its value, chosen or default.")


class OrganizationPatch(Message):
    """Changes of an organization."""

    name: str | None = Field(None, description="1 to 200 characters on one line.")
    settings: dict[str, Any] | None = Field(
        None,
        description="Only settings that change; null returns one to its default. An object is merged.",
    )

    @field_validator("name", "settings", mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("This field cannot be cleared; leave it out to keep it.")
        return value


class RoleRow(Message):
    """A role of the organization."""

    id: UUID = Field(description="The value of roleId in this organization.")
    name: str


class SchemaRow(Message):
    """An extension schema that the organization has registered."""

    id: str = Field(description="Its URN.")
    document: dict[str, Any] = Field(description="The Schema resource (RFC 7643 §7).")


class NewSchema(Message):
    """An extension schema, or a registered one with further attributes."""

    document: dict[str, Any] = Field(description="A Schema resource (RFC 7643 §7).")


class AccountRow(Message):
    """A technical account: a user that holds tokens."""

    id: UUID = Field(description="The id of the user.")
    user_name: str
    display_name: str | None
    active: bool
    role: str | None
    listed_in_scim: bool = Field(description="Whether SCIM lists and matches it.")
    created_at: AwareDatetime


class NewAccount(Message):
    """A technical account to make."""

    user_name: str = Field(min_length=1, max_length=200)
    display_name: str | None = Field(None, min_length=1, max_length=200)
    listed_in_scim: bool = False


class TokenRow(Message):
    """A bearer token, without its value."""

    id: UUID
    label: str
    account_id: UUID
    account_name: str = Field(description="The userName; the id if the account was deleted.")
    scopes: list[str]
    created_at: AwareDatetime
    created_by: str | None = Field(description="A userName, or who acted on the command line.")
    last_used_at: AwareDatetime | None = Field(description="At most 60 seconds late.")
    last_used_from: str | None = Field(description="The address of the client.")
    expires_at: AwareDatetime | None
    allowed_networks: list[str] = Field(description="In CIDR form; empty: any address.")
    state: State
    blocked_because: str | None = Field(description="Why it is blocked, if it is.")


class NewToken(Message):
    """A bearer token to make."""

    label: str = Field(min_length=1, max_length=200, description="What it is for.")
    account_id: UUID | None = Field(
        None,
        description=f"An active user with the role {TOKEN_ROLE}; by default the organization's first account.",
    )
    scopes: list[Scope] = Field(
        list(DEFAULT),
        min_length=1,
        max_length=len(MEANINGS),
        description="audit:erase and operate are granted on the command line only.",
    )
    expires_at: AwareDatetime | None = Field(
        None, description="365 days from now by default; at most 3,650 days from now."
    )
    allowed_networks: list[str] = Field(
        [], max_length=50, description="In CIDR form; empty: any address."
    )


class IssuedTokenRow(TokenRow):
    """A bearer token with its value, which is shown this once."""

    token: str
    tenant_url: str = Field(description="The URL of the SCIM endpoint, for the identity provider.")


class Rotation(Message):
    """How a token is rotated."""

    overlap_until: AwareDatetime | None = Field(
        None, description="Until when the old token works; by default it ends at once."
    )
