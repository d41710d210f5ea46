"""The messages about people and groups: what the admin API takes and answers."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from service.api.models import ListQuery, Message

MEMBERS_MAX = 1_000  # In one request.
TEXT_MAX = 1_000


class ChangedBy(Message):
    """Who changed something last, and when."""

    id: str = Field(description="The account's id, or what the command line recorded.")
    name: str
    kind: Literal["account", "person", "operator", "service"]
    source: str
    at: datetime


class LocalWarning(Message):
    """What may undo a change."""

    attribute: str
    detail: str


class PersonRow(Message):
    """A person: a user of the organization."""

    id: UUID
    user_name: str
    display_name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None = Field(
        description="The mail address for work, else the primary, else the first."
    )
    external_id: str | None
    role_id: UUID
    role: str
    active: bool
    origin: Literal["scim", "manual", "linked"] = Field(
        description="scim: made by the identity provider; manual: made by hand; linked: made by hand, and given an "
        "externalId by the identity provider later."
    )
    created_at: datetime
    changed_at: datetime
    last_changed_by: ChangedBy | None


class ChangedPerson(PersonRow):
    """A person after a change."""

    warnings: list[LocalWarning] = Field(description="What the identity provider may write again.")


class PeopleQuery(ListQuery):
    """Which people a list shows."""

    q: str | None = Field(
        None, max_length=TEXT_MAX, description="What userName or displayName begins with."
    )
    active: bool | None = None
    role: str | None = Field(None, description="The name of a role.")


class _PersonFields(Message):
    """The fields of a person that may be written."""

    user_name: str | None = Field(None, min_length=1, max_length=TEXT_MAX)
    display_name: str | None = Field(None, max_length=TEXT_MAX)
    given_name: str | None = Field(None, max_length=TEXT_MAX)
    family_name: str | None = Field(None, max_length=TEXT_MAX)
    email: str | None = Field(None, max_length=TEXT_MAX)
    role_id: UUID | None = None
    role: str | None = Field(None, description="The name of a role, in place of roleId.")
    active: bool | None = None

    @model_validator(mode="after")
    def _name_one_role(self) -> "_PersonFields":
        if self.role is not None and self.role_id is not None:
            raise ValueError("Give role or roleId, not both.")
        return self


class NewPerson(_PersonFields):
    """A person to create."""

    user_name: str = Field(min_length=1, max_length=TEXT_MAX)


class PersonChange(_PersonFields):
    """Fields to change; null clears one. Fields that are left out stay as they are."""

    @field_validator("user_name", "role_id", "role", "active", mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("This field cannot be cleared; leave it out to keep it.")
        return value


class PersonalData(Message):
    """Everything that is held on a person."""

    id: UUID
    organization: dict[str, Any]
    computed_at: datetime
    user: dict[str, Any] | None = Field(
        description="The user as SCIM serves it; null if it is gone."
    )
    roles: list[dict[str, Any]] = Field(description="Every role, from when to when.")
    access: list[dict[str, Any]] = Field(description="When the account was active.")
    groups: list[dict[str, Any]] = Field(description="Every membership, from when to when.")
    tokens: list[dict[str, Any]] = Field(description="The tokens of the account, without secrets.")
    events: list[dict[str, Any]] = Field(
        description="Every event about the person, with its values."
    )


class GroupRow(Message):
    """A group."""

    id: UUID
    display_name: str
    external_id: str | None
    member_count: int
    created_at: datetime
    changed_at: datetime
    last_changed_by: ChangedBy | None


class ChangedGroup(GroupRow):
    """A group after a change."""

    warnings: list[LocalWarning] = Field(description="What the identity provider may write again.")


class GroupsQuery(ListQuery):
    """Which groups a list shows."""

    q: str | None = Field(None, max_length=TEXT_MAX, description="What displayName begins with.")


class NewGroup(Message):
    """A group to create."""

    display_name: str = Field(min_length=1, max_length=TEXT_MAX)
    external_id: str | None = Field(None, max_length=TEXT_MAX)
    members: list[UUID] = Field(default=[], max_length=MEMBERS_MAX)


class GroupChange(Message):
    """Fields to change; null clears one."""

    display_name: str | None = Field(None, min_length=1, max_length=TEXT_MAX)
    external_id: str | None = Field(None, max_length=TEXT_MAX)

    @field_validator("display_name", mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("This field cannot be cleared; leave it out to keep it.")
        return value


class MemberIds(Message):
    """Members to add or to remove."""

    members: list[UUID] = Field(min_length=1, max_length=MEMBERS_MAX)


class MemberRow(Message):
    """A member of a group."""

    id: UUID
    type: Literal["User", "Group"]
    display_name: str | None
    user_name: str | None
