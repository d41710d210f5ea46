"""The events of a user, and the state they add up to."""

from datetime import datetime
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

from schema.events.event import Event, PersonalEvent, Place, TakesAccess, Values, with_values
from schema.scim.text import fold

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"  # The one attribute that names another person.

# The different roles that one request named, in the order of precedence; stated if a rule had to choose.
RoleIds = tuple[UUID, ...]
# A person; a technical account, which holds tokens; one that SCIM lists and matches nowhere.
UserKind = Literal["person", "account", "unlisted account"]
UNLISTED: UserKind = "unlisted account"
UNLISTED_PREFIX = "ACCOUNT "  # Folded names have no capitals, so that no person's name has it.


class UserProvisioned(PersonalEvent):
    """A user was created, with its first role. `attributes` names what `values` holds."""

    role_id: UUID
    active: bool
    attributes: tuple[str, ...]
    former_user_id: UUID | None = None  # A deleted user that had the same userName or externalId.
    conflicting_role_ids: RoleIds | None = None
    # Stated if a request named the default role while there were role groups; see `explicit_role`.
    explicit_role_id: UUID | None = None


class UserChanged(PersonalEvent):
    """Attributes changed; `attributes` names them. A value of None means that one was removed."""

    attributes: tuple[str, ...]
    conflicting_role_ids: RoleIds | None = (
        None  # Stated here if the user already has the chosen role.
    )


class UserLinked(PersonalEvent):
    """The identity provider gave its externalId to a user who was created by hand."""


class RoleAssigned(Event):
    """The user has another role from now on: from a request, or from a role group."""

    role_id: UUID
    previous_role_id: UUID
    conflicting_role_ids: RoleIds | None = None
    group_id: UUID | None = (
        None  # The role group that is the cause; None: a request named the role.
    )
    is_given_by_group: bool | None = None  # True: this group gives the role. None: its role ended.
    # The role that requests gave last. Stated if a group is the cause, and if it is the default role.
    explicit_role_id: UUID | None = None
    takes_access: TakesAccess = None  # True: the role is a lower one.


class ExplicitRoleChanged(Event):
    """A request named another role, or none; the user keeps the one that a role group gives."""

    role_id: UUID | None = None


class UserDeactivated(Event):
    """The account lost its access; data, history and memberships stay."""

    takes_access: TakesAccess = None


class UserReactivated(Event):
    """The account has its access back."""


class UserDeleted(Event):
    """The user is gone from SCIM, and its names are free again; its history stays."""

    takes_access: TakesAccess = None


class UserErased(Event):
    """The person was erased: the key of its values is destroyed. `reason` is public, and names nobody."""

    reason: str
    forced: bool | None = None  # True: SCIM had not deleted the user, and the same request did.
    searches: tuple[int, ...] | None = None  # Positions of AuditRead whose names nobody is shown.


class ReferenceErased(Event):
    """What this user's values said about a person who was erased is gone; the person's id stays."""

    subject_id: UUID  # Who was erased.
    whole: bool | None = None  # True: the manager was named by something else than the id.


class AccountDesignated(Event):
    """The user is a technical account: it exists to hold tokens."""

    listed_in_scim: bool  # False: it is in no list and no match of SCIM.


UserEvent = (
    UserProvisioned
    | UserChanged
    | UserLinked
    | RoleAssigned
    | ExplicitRoleChanged
    | UserDeactivated
    | UserReactivated
    | UserDeleted
    | UserErased
    | ReferenceErased
    | AccountDesignated
)
# The events that carry personal values.
WITH_VALUES = frozenset({UserProvisioned, UserChanged, UserLinked})


class User(NamedTuple):
    """A user, as its events describe it. `attributes` is the document without roleId, active, id and meta.

    It is a tuple because each event makes one: a frozen dataclass takes four times as long.
    """

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    origin: str  # The door through which it was created: scim, api or cli.
    active: bool
    role_id: UUID
    attributes: dict[str, Any]
    is_deleted: bool = False
    kind: UserKind = "person"
    explicit_role_id: UUID | None = None  # See `explicit_role`.
    role_group_id: UUID | None = None  # The group that gives the role; None: no group does.

    def explicit_role(self, default_role_id: UUID) -> UUID | None:
        """Return the role that requests gave the user last; None if they gave none.

        A role that no group gave counts, unless it is the default one: nobody knows whether somebody named
        that. So events state it only where it could not be seen otherwise.
        """
        if self.explicit_role_id is not None:
            return self.explicit_role_id
        is_given = self.role_group_id is not None or self.role_id == default_role_id
        return None if is_given else self.role_id

    @property
    def name_key(self) -> str:
        """Return the text by which the userName is unique: folded, and unlisted accounts among themselves."""
        return user_name_key(self.attributes["userName"], self.kind)

    @property
    def is_made_by_hand(self) -> bool:
        """Return whether the user was created by hand and no identity provider knows it yet."""
        return self.origin != "scim" and "externalId" not in self.attributes


def user_name_key(user_name: str, kind: UserKind = "person") -> str:
    """Return the text by which a userName is unique in its organization."""
    key = fold(user_name)
    return UNLISTED_PREFIX + key if kind == UNLISTED else key


def evolve(user: User | None, event: UserEvent, place: Place) -> User:
    """Return the user after an event. Pure; every reader of the log uses it."""
    values = cast("PersonalEvent", event).values if type(event) in WITH_VALUES else None
    return evolve_with(user, event, values, place)


def evolve_with(  # noqa: C901 - one branch for each event.
    user: User | None, event: UserEvent, values: Values | None, place: Place
) -> User:
    """Return the user after an event whose personal values are beside it; those of the event do not count.

    A rebuild calls this for every event. So it needs no copy of an event for its values; types are compared by `is`,
    because isinstance with a pydantic class takes eight times as long; and the state is built in full, because
    dataclasses.replace takes five times as long.
    """
    if type(event) is UserProvisioned:
        return _provisioned(event, values, place)
    assert user is not None, f"{type(event).__name__} before UserProvisioned in {place.stream_id}"
    active, role_id, attributes, kind = user.active, user.role_id, user.attributes, user.kind
    explicit_role_id, role_group_id = user.explicit_role_id, user.role_group_id
    if type(event) is UserChanged or type(event) is UserLinked:
        attributes = with_values(attributes, values or {})
    elif type(event) is RoleAssigned:
        role_id, explicit_role_id = event.role_id, event.explicit_role_id
        role_group_id = event.group_id if event.is_given_by_group else None
    elif type(event) is ExplicitRoleChanged:
        explicit_role_id = event.role_id
    elif type(event) is UserDeactivated:
        active = False
    elif type(event) is UserReactivated:
        active = True
    elif type(event) is UserErased:
        attributes = {}  # Also where an older backup has brought the key back.
    elif type(event) is ReferenceErased:
        attributes = without_reference(attributes, event)
    elif type(event) is AccountDesignated:
        kind = "account" if event.listed_in_scim else UNLISTED
    elif type(event) is not UserDeleted:
        raise AssertionError(event)
    return User(
        user.id,
        place.version,
        user.created_at,
        place.recorded_at,
        user.origin,
        active,
        role_id,
        attributes,
        user.is_deleted or type(event) is UserDeleted or type(event) is UserErased,
        kind,
        explicit_role_id,
        role_group_id,
    )


def without_reference(attributes: Values, event: ReferenceErased) -> Values:
    """Return attributes without what the manager's values say about a person who was erased."""
    manager = attributes.get(ENTERPRISE, {}).get("manager")
    if not isinstance(manager, dict):
        return attributes
    if manager.get("value") == str(event.subject_id):
        return with_values(attributes, {MANAGER: reference_only(manager)})
    return with_values(attributes, {MANAGER: None}) if event.whole else attributes


def reference_only(manager: Values) -> Values:
    """Return a manager without its name."""
    return {name: value for name, value in manager.items() if name in {"value", "$ref"}}


def _provisioned(event: UserProvisioned, values: Values | None, place: Place) -> User:
    stream_id, version, _, recorded_at, source = place
    return User(
        stream_id,
        version,
        recorded_at,
        recorded_at,
        source,
        event.active,
        event.role_id,
        with_values({}, values or {}),
        explicit_role_id=event.explicit_role_id,
    )


def manager_without(value: Any, event: ReferenceErased) -> Any:
    """Return a manager of an earlier event without what it says about a person who was erased.

    By what else than its id a person was named, nobody knows any more: such a manager is left out.
    """
    if not isinstance(value, dict):
        return value
    if value.get("value") == str(event.subject_id):
        return reference_only(value)
    return value if _is_id(value.get("value")) else None


def _is_id(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
