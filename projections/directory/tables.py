"""The one description of the directory's tables: columns, keys, and which columns are personal.

The fields of a row are the columns of its table in order, after organization_id. Inline writes, loads,
rebuild, catch-up and verification all use this description; `schema/projections/directory.sql` has the DDL.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from projections.fold import Table
from schema.events.group import MemberType
from schema.events.hold import HoldState, LossKind


class OrganizationRow(NamedTuple):
    """A row of directory.organizations. Its first column is organization_id itself."""

    organization_id: UUID
    version: int
    created_at: datetime
    name: str
    name_key: str
    roles: str
    schemas: str
    settings: str
    suspended_at: datetime | None
    suspension_reason: str | None
    role_groups: str


class TokenRow(NamedTuple):
    """A row of directory.tokens, without organization_id."""

    id: UUID
    jti_hash: str
    account_id: UUID
    label: str
    scope: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    allowed_networks: list[str]


class ClientRow(NamedTuple):
    """A row of directory.clients, without organization_id."""

    id: UUID
    account_id: UUID
    label: str
    kind: str
    scopes: list[str]
    issuer: str | None
    subjects: list[str]
    audiences: list[str]
    created_at: datetime
    revoked_at: datetime | None
    secrets: str


class UserRow(NamedTuple):
    """A row of directory.users, without organization_id."""

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    origin: str
    active: bool
    role_id: UUID
    user_name_key: str
    external_id: str | None
    display_name_key: str | None
    employee_number_key: str | None
    email_keys: list[str]
    document: str
    search: str
    kind: str
    explicit_role_id: UUID | None
    role_group_id: UUID | None


class FormerUserRow(NamedTuple):
    """A row of directory.former_users, without organization_id: a deleted user. Both names are keyed hashes."""

    id: UUID
    user_name_key: str
    external_id: str | None


class GroupRow(NamedTuple):
    """A row of directory.groups, without organization_id."""

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    member_count: int
    display_name_key: str
    external_id: str | None
    document: str
    search: str


class MembershipRow(NamedTuple):
    """A row of directory.memberships, without organization_id."""

    group_id: UUID
    member_id: UUID
    member_type: MemberType


class LossRow(NamedTuple):
    """A row of directory.losses, without organization_id: an event that took access from a user."""

    stream_id: UUID  # Of the event: the user's, or that of the role group that was left.
    position: int
    user_id: UUID
    kind: LossKind
    recorded_at: datetime


class HoldRow(NamedTuple):
    """A row of directory.holds, without organization_id: a hold, without its users."""

    id: UUID
    version: int
    kind: LossKind
    opened_at: datetime
    opened_position: int
    since_position: int
    passed: int
    active_users: int
    max_users: int
    max_percent: int
    window_minutes: int
    user_count: int
    state: HoldState
    decided_at: datetime | None
    decided_position: int | None


class HeldUserRow(NamedTuple):
    """A row of directory.held_users, without organization_id: a user in a hold."""

    hold_id: UUID
    user_id: UUID
    held_at: datetime


TABLES = {
    "organizations": Table(
        OrganizationRow._fields,
        key=("organization_id",),
        stream="organization_id",
    ),
    "tokens": Table(
        ("organization_id", *TokenRow._fields),
        key=("organization_id", "id"),
        stream="organization_id",
    ),
    "clients": Table(
        ("organization_id", *ClientRow._fields),
        key=("organization_id", "id"),
        stream="organization_id",
    ),
    "users": Table(
        ("organization_id", *UserRow._fields),
        key=("organization_id", "id"),
        stream="id",
        personal=frozenset(
            {
                *("user_name_key", "external_id", "display_name_key", "employee_number_key"),
                *("email_keys", "document", "search"),
            }
        ),
    ),
    "former_users": Table(
        ("organization_id", *FormerUserRow._fields),
        key=("organization_id", "id"),
        stream="id",
        personal=frozenset({"user_name_key", "external_id"}),
    ),
    "groups": Table(
        ("organization_id", *GroupRow._fields),
        key=("organization_id", "id"),
        stream="id",
    ),
    "memberships": Table(
        ("organization_id", *MembershipRow._fields),
        key=("organization_id", "group_id", "member_id"),
        stream="group_id",
    ),
    "losses": Table(
        ("organization_id", *LossRow._fields),
        key=("organization_id", "stream_id", "position", "user_id"),
        stream="stream_id",
    ),
    "holds": Table(
        ("organization_id", *HoldRow._fields),
        key=("organization_id", "id"),
        stream="id",
    ),
    "held_users": Table(
        ("organization_id", *HeldUserRow._fields),
        key=("organization_id", "hold_id", "user_id"),
        stream="hold_id",
    ),
}
