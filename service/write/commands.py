"""The commands: what a caller asks for, read and checked, with every id already chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from schema.events.client import Kind
from schema.events.feed import FeedEvent
from schema.events.organization import RoleGroup
from schema.events.proof import ProofEvent
from schema.scim.attributes import Document
from schema.scim.patch.operations import Patch
from schema.scim.resource_type import ResourceType

ANY_VERSION = frozenset({0})  # If-Match: * - any version that exists.


@dataclass(frozen=True, slots=True)
class Precondition:
    """The versions in If-Match and those in If-None-Match; None if a header is absent."""

    versions: frozenset[int] | None = None  # RFC 7644 §3.14
    barred: frozenset[int] | None = None  # RFC 9110 §13.1.2: a write on one of them is refused.


NO_PRECONDITION = Precondition()


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Create a user from a document."""

    id: UUID
    document: Document
    resource_type: ResourceType


@dataclass(frozen=True, slots=True)
class ReplaceUser:
    """Give a user the attributes of a document (PUT).

    `role_ids` holds the values of roleId under its two names if they differ: one of them is the change.
    """

    id: UUID
    document: Document
    resource_type: ResourceType
    precondition: Precondition = NO_PRECONDITION
    role_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatchUser:
    """Apply operations to a user."""

    id: UUID
    patch: Patch
    resource_type: ResourceType
    precondition: Precondition = NO_PRECONDITION


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Take a user out of SCIM."""

    id: UUID
    precondition: Precondition = NO_PRECONDITION


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Create a group from a document, with the members in it."""

    id: UUID
    document: Document


@dataclass(frozen=True, slots=True)
class ReplaceGroup:
    """Give a group the attributes and members of a document (PUT).

    `is_emptied` says that the client sent an empty list of members; the document does not hold it.
    """

    id: UUID
    document: Document
    precondition: Precondition = NO_PRECONDITION
    is_emptied: bool = False


@dataclass(frozen=True, slots=True)
class PatchGroup:
    """Apply operations to a group."""

    id: UUID
    patch: Patch
    precondition: Precondition = NO_PRECONDITION


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Take a group out of SCIM."""

    id: UUID
    precondition: Precondition = NO_PRECONDITION


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Create a technical account from a document."""

    id: UUID
    document: Document
    resource_type: ResourceType
    listed_in_scim: bool = False


@dataclass(frozen=True, slots=True)
class RegisterOrganization:
    """Register an organization with its five roles."""

    id: UUID
    name: str
    roles: Mapping[str, UUID] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)  # Those that are not the default.


@dataclass(frozen=True, slots=True)
class IssueToken:
    """Record that a bearer token was issued to an account."""

    organization_id: UUID
    token_id: UUID
    jti_hash: str
    account_id: UUID
    label: str
    scope: str
    expires_at: datetime | None = None
    allowed_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RotateToken:
    """Record that a token has a successor. The former one ends at an instant, or when it expires."""

    organization_id: UUID
    token_id: UUID
    successor: IssueToken
    now: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Stop accepting a bearer token."""

    organization_id: UUID
    token_id: UUID


@dataclass(frozen=True, slots=True)
class RegisterSchema:
    """Register an extension for an organization's users, or add attributes to a registered one."""

    organization_id: UUID
    document: Document


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret for a client; the secret itself is not here, only its hash."""

    id: UUID
    hash: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RegisterClient:
    """Register an OAuth client for a technical account; a client of the kind `secret` with its first secret."""

    organization_id: UUID
    client_id: UUID
    account_id: UUID
    label: str
    kind: Kind
    scopes: tuple[str, ...]
    now: datetime
    secret: NewSecret | None = None
    issuer: str | None = None
    subjects: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddClientSecret:
    """Give a client one more secret."""

    organization_id: UUID
    client_id: UUID
    secret: NewSecret
    now: datetime


@dataclass(frozen=True, slots=True)
class RevokeClientSecret:
    """Stop accepting a secret of a client."""

    organization_id: UUID
    client_id: UUID
    secret_id: UUID


@dataclass(frozen=True, slots=True)
class ChangeClientTrust:
    """Trust a federated client for other subjects or audiences; None leaves a list as it is."""

    organization_id: UUID
    client_id: UUID
    subjects: tuple[str, ...] | None
    audiences: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RevokeClient:
    """Stop accepting a client and its access tokens."""

    organization_id: UUID
    client_id: UUID


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Change settings of an organization; None returns one to its default.

    A value that is a mapping is merged into the present one (RFC 7396). `name` is its new name, if it gets one.
    """

    organization_id: UUID
    settings: Mapping[str, Any]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeRoleGroups:
    """Save the list of role groups. `digest` is that of a preview: if something has changed since, nothing is saved."""

    organization_id: UUID
    items: tuple[RoleGroup, ...]
    explicit_wins: bool
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class DecideHold:
    """Approve or reject a hold. `user_count` is the number that was looked at; None: whatever it is now."""

    id: UUID
    is_approved: bool
    user_count: int | None = None


@dataclass(frozen=True, slots=True)
class RenameOrganization:
    """Give an organization another name."""

    organization_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class SuspendOrganization:
    """Accept no token of an organization until it is resumed."""

    organization_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeOrganization:
    """Accept the tokens of an organization again."""

    organization_id: UUID


@dataclass(frozen=True, slots=True)
class RecordProof:
    """Record something about the log itself, or about what follows it."""

    organization_id: UUID
    event: ProofEvent | FeedEvent


@dataclass(frozen=True, slots=True)
class EraseUser:
    """Erase a person. `names` are its folded values, by which others may name it; `mentioned_by` are known to.

    The names are in no repr: it may be logged.
    """

    organization_id: UUID
    id: UUID
    reason: str
    is_forced: bool = False
    names: frozenset[str] = field(default=frozenset(), repr=False)
    mentioned_by: frozenset[UUID] = frozenset()
    # The positions of the reads of the log that searched for its names.
    searches: tuple[int, ...] = ()
    # Nobody else's values are looked at: everybody of the organization is erased.
    is_alone: bool = False


@dataclass(frozen=True, slots=True)
class SetLegalHold:
    """Let nobody erase a person, or (None) anybody of the organization."""

    organization_id: UUID
    subject_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class LiftLegalHold:
    """End a legal hold."""

    organization_id: UUID
    subject_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class EraseOrganization:
    """Take an organization out of the directory, once its people are erased."""

    organization_id: UUID
    reason: str


UserCommand = CreateUser | ReplaceUser | PatchUser | DeleteUser | CreateAccount
GroupCommand = CreateGroup | ReplaceGroup | PatchGroup | DeleteGroup
TokenCommand = IssueToken | RotateToken | RevokeToken
OrganizationCommand = (
    RegisterOrganization
    | RegisterSchema
    | ChangeSettings
    | RenameOrganization
    | SuspendOrganization
    | ResumeOrganization
    | ChangeRoleGroups
    | RecordProof
)
ClientCommand = (
    RegisterClient | AddClientSecret | RevokeClientSecret | ChangeClientTrust | RevokeClient
)
ErasureCommand = EraseUser | SetLegalHold | LiftLegalHold | EraseOrganization
Command = (
    UserCommand
    | GroupCommand
    | TokenCommand
    | OrganizationCommand
    | ClientCommand
    | DecideHold
    | ErasureCommand
)
