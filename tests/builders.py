"""Builders of the smallest valid things, and given/when/then for decisions. Tests name only what matters to them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from schema.events import organization as organizations
from schema.events.event import Event, Place, difference
from schema.events.group import Group, GroupCreated
from schema.events.organization import ROLE_NAMES, Organization, OrganizationRegistered
from schema.events.user import User, UserProvisioned
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP, USER
from schema.scim.patch.apply import apply
from schema.scim.patch.operations import read_patch
from schema.scim.resource import read_document
from schema.scim.resource_type import ResourceType
from service.callers.caller import Caller
from service.write.commands import (
    NO_PRECONDITION,
    Command,
    CreateGroup,
    CreateUser,
    DeleteGroup,
    DeleteUser,
    PatchGroup,
    PatchUser,
    Precondition,
    ReplaceGroup,
    ReplaceUser,
)
from service.write.decide.decide import decide
from service.write.decide.state import BatchState, Decision

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
ORGANIZATION_ID = UUID("019a0000-0000-7000-8000-00000000000a")
ROLES = {name: UUID(f"e0000000-0000-4000-8000-00000000000{n}") for n, name in enumerate(ROLE_NAMES)}
ADMINISTRATOR, EDITOR, CONTRIBUTOR, VALIDATOR, READER = ROLES.values()
JO, ANN, KIM = (UUID(f"a0000000-0000-7000-8000-00000000000{n}") for n in range(3))
SALES, STAFF = (UUID(f"b0000000-0000-7000-8000-00000000000{n}") for n in range(2))
NOBODY = UUID("f0000000-0000-7000-8000-00000000000f")


def place(stream_id: UUID = JO, version: int = 1, position: int = 1, source: str = "scim") -> Place:
    """Return an event's place in the log. Positions are one second apart."""
    return Place(stream_id, version, position, START + timedelta(seconds=position), source)


def organization() -> Organization:
    """Return an organization with its five roles."""
    event = OrganizationRegistered(name="Acme", roles=ROLES)
    return organizations.evolve(None, event, place(ORGANIZATION_ID))


CALLER = Caller(organization(), account_id=None, source="scim")


def account(account_id: UUID) -> Caller:
    """Return a caller that uses a token of an account."""
    return Caller(organization(), account_id, "scim")


@dataclass(slots=True)
class Story:
    """The events so far, and the result of the latest command."""

    known: BatchState = field(default_factory=lambda: BatchState(organization=organization()))
    decisions: list[Decision] = field(default_factory=list)
    position: int = 1

    def when(self, command: Command, by: Caller = CALLER) -> "Story":
        """Decide a command. Its events count as having happened for the next command."""
        self.decisions = decide(command, self.known, by)
        for decision in self.decisions:
            self.happen(decision, by.source)
        return self

    def then(self, *expected: Decision) -> None:
        """Assert the events of the latest command; without arguments, that there were none."""
        assert self.decisions == list(expected)

    def happen(self, fact: Decision, source: str) -> None:
        """Apply an event."""
        self.position += 1
        version = self.known.version(fact.stream_id) + 1
        self.known.evolve(fact.event, place(fact.stream_id, version, self.position, source=source))

    def user(self, user_id: UUID = JO) -> User:
        """Return the current state of a user."""
        return self.known.users[user_id]

    def group(self, group_id: UUID = SALES) -> Group:
        """Return the current state of a group."""
        return self.known.groups[group_id]


def given(*facts: Decision, source: str = "scim") -> Story:
    """Return a story in which these events have happened in an organization, all from one source."""
    story = Story()
    for fact in facts:
        story.happen(fact, source)
    return story


def jo(event: Event) -> Decision:
    """Return an event of Jo's stream."""
    return Decision(JO, event)


def ann(event: Event) -> Decision:
    """Return an event of Ann's stream."""
    return Decision(ANN, event)


def sales(event: Event) -> Decision:
    """Return an event of the stream of the group Sales."""
    return Decision(SALES, event)


def staff(event: Event) -> Decision:
    """Return an event of the stream of the group Staff."""
    return Decision(STAFF, event)


def provisioned(
    user_name: str = "jo@example.com",
    *,
    role: UUID = READER,
    active: bool = True,
    conflict: tuple[UUID, ...] | None = None,
    **attributes: Any,
) -> UserProvisioned:
    """Return the first event of a user."""
    document = {"userName": user_name, **attributes}
    return UserProvisioned(
        role_id=role,
        active=active,
        attributes=tuple(difference({}, document)),
        values=difference({}, document),
        conflicting_role_ids=conflict,
    )


def created(display_name: str = "Sales", **attributes: Any) -> GroupCreated:
    """Return the first event of a group."""
    return GroupCreated(values=difference({}, {"displayName": display_name, **attributes}))


def replace(path: str, value: Any = None) -> Document:
    """Return a replace operation as a client sends it."""
    return {"op": "replace", "path": path, "value": value}


def add(path: str, value: Any = None) -> Document:
    """Return an add operation as a client sends it."""
    return {"op": "add", "path": path, "value": value}


def remove(path: str, **value: Any) -> Document:
    """Return a remove operation as a client sends it; `value=` as Entra's default dialect does."""
    return {"op": "remove", "path": path, **value}


def pathless(value: Any, op: str = "replace") -> Document:
    """Return an operation without a path: its value is an object of attributes."""
    return {"op": op, "value": value}


def patched(former: Document, *operations: Document, of: ResourceType = USER) -> Document:
    """Return a document after the operations of one request."""
    return apply(former, read_patch({"Operations": list(operations)}, of, str(JO)).operations)


def if_match(number: int) -> Precondition:
    """Return the condition of `If-Match: W/"number"`."""
    return Precondition(frozenset({number}))


def post_user(user_id: UUID = JO, **body: Any) -> CreateUser:
    """Return the command of POST /Users."""
    return CreateUser(
        user_id, read_document({"userName": "jo@example.com", **body}, USER).document, USER
    )


def put_user(
    user_id: UUID = JO, *, precondition: Precondition = NO_PRECONDITION, **body: Any
) -> ReplaceUser:
    """Return the command of PUT /Users/{id}."""
    reading = read_document({"userName": "jo@example.com", **body}, USER, is_put=True)
    return ReplaceUser(user_id, reading.document, USER, precondition, reading.role_ids)


def patch_user(
    *operations: Document, user_id: UUID = JO, precondition: Precondition = NO_PRECONDITION
) -> PatchUser:
    """Return the command of PATCH /Users/{id}."""
    patch = read_patch({"Operations": list(operations)}, USER, str(user_id))
    return PatchUser(user_id, patch, USER, precondition)


def delete_user(user_id: UUID = JO, precondition: Precondition = NO_PRECONDITION) -> DeleteUser:
    """Return the command of DELETE /Users/{id}."""
    return DeleteUser(user_id, precondition)


def post_group(group_id: UUID = SALES, **body: Any) -> CreateGroup:
    """Return the command of POST /Groups."""
    return CreateGroup(group_id, read_document({"displayName": "Sales", **body}, GROUP).document)


def put_group(
    group_id: UUID = SALES, *, precondition: Precondition = NO_PRECONDITION, **body: Any
) -> ReplaceGroup:
    """Return the command of PUT /Groups/{id}."""
    document = read_document({"displayName": "Sales", **body}, GROUP).document
    return ReplaceGroup(group_id, document, precondition, is_emptied=body.get("members") == [])


def patch_group(
    *operations: Document, group_id: UUID = SALES, precondition: Precondition = NO_PRECONDITION
) -> PatchGroup:
    """Return the command of PATCH /Groups/{id}."""
    patch = read_patch({"Operations": list(operations)}, GROUP, str(group_id))
    return PatchGroup(group_id, patch, precondition)


def delete_group(
    group_id: UUID = SALES, precondition: Precondition = NO_PRECONDITION
) -> DeleteGroup:
    """Return the command of DELETE /Groups/{id}."""
    return DeleteGroup(group_id, precondition)


def members(*ids: UUID | str) -> list[Document]:
    """Return values of `members` as Entra sends them."""
    return [{"$ref": None, "value": str(each)} for each in ids]
