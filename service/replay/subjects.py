"""What users and groups were called and held at any point of the log, read from their own events."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from eventstore.events import POSITION_MAX
from eventstore.postgres.connection import Connection
from eventstore.read_streams import Opened, read_values
from eventstore.sealing.sealer import Sealer
from schema.events.codec import decode, is_known
from schema.events.event import Values, with_values
from schema.events.group import GroupChanged, GroupCreated
from schema.events.user import (
    MANAGER,
    ReferenceErased,
    UserChanged,
    UserErased,
    UserLinked,
    UserProvisioned,
    manager_without,
    without_reference,
)

# The events that carry values; those of memberships, roles and access are left out.
VALUED: Final = tuple(
    kind.__name__
    for kind in (
        UserProvisioned,
        UserChanged,
        UserLinked,
        UserErased,
        ReferenceErased,
        GroupCreated,
        GroupChanged,
    )
)
USER_TYPES: Final = frozenset(
    {"UserProvisioned", "UserChanged", "UserLinked", "UserErased", "ReferenceErased"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """An attribute before and after an event. Both are None where the person was erased."""

    attribute: str
    before: Any
    after: Any
    is_erased: bool = False


@dataclass(slots=True)
class Subject:
    """A user or a group, from its first event to the position that was asked for."""

    id: UUID
    is_user: bool
    began_at: int  # The position of its first event.
    is_erased: bool = False
    document: Values = field(default_factory=dict)  # After the last event that was read.
    changes: dict[int, list[Change]] = field(default_factory=dict)  # By position.

    @property
    def name(self) -> str:
        """Return what it was called last. Somebody who was erased has a number, which is the same everywhere."""
        if self.is_erased:
            return f"Erased person {self.began_at}"
        name = self.document.get("userName") or self.document.get("displayName")
        return str(name) if name else str(self.id)

    @property
    def display_name(self) -> str | None:
        """Return the displayName, or None if there is none or the person was erased."""
        return None if self.is_erased else self.document.get("displayName")


async def read_subjects(
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    ids: Collection[UUID],
    *,
    position: int = POSITION_MAX,
) -> dict[UUID, Subject]:
    """Return users and groups by id, up to a position of the log. What has no event there is left out."""
    if not ids:
        return {}
    events = await read_values(connection, sealer, organization_id, ids, VALUED, position)
    return fold_subjects(events)


def fold_subjects(events: Iterable[Opened]) -> dict[UUID, Subject]:
    """Return the users and groups that events lead to, each with the changes of each of its events."""
    found: dict[UUID, Subject] = {}
    for row, personal in events:
        subject = found.get(row["stream_id"])
        if subject is None:
            is_user = row["type"] in USER_TYPES
            subject = Subject(row["stream_id"], is_user, row["position"])
            found[subject.id] = subject
        if is_known(row["type"], row["schema_version"]):
            _take(subject, row, personal)
    return found


def _take(subject: Subject, row: Mapping[str, Any], personal: bytes | None) -> None:
    event: Any = decode(row["type"], row["schema_version"], row["data"], personal)
    if isinstance(event, UserErased):
        _erase(subject)
        return
    if isinstance(event, ReferenceErased):
        _erase_reference(subject, event)
        return
    if subject.is_user and personal is None:
        subject.is_erased = True
        names = getattr(event, "attributes", ("externalId",))
        subject.changes[row["position"]] = [Change(name, None, None, True) for name in names]
        return
    values: Values = event.values or {}
    before = flat(subject.document)
    subject.document = with_values(subject.document, values)
    subject.changes[row["position"]] = [
        Change(name, before.get(name), value) for name, value in values.items()
    ]


def _erase(subject: Subject) -> None:
    """Forget all values, also where an older backup has brought the key back."""
    subject.is_erased, subject.document = True, {}
    subject.changes = {
        position: [Change(each.attribute, None, None, True) for each in changes]
        for position, changes in subject.changes.items()
    }


def _erase_reference(subject: Subject, event: ReferenceErased) -> None:
    """Forget what earlier values said about another person who was erased."""
    subject.document = without_reference(subject.document, event)
    subject.changes = {
        position: [_without_reference(each, event) for each in changes]
        for position, changes in subject.changes.items()
    }


def _without_reference(change: Change, event: ReferenceErased) -> Change:
    if change.attribute != MANAGER:
        return change
    before, after = (manager_without(each, event) for each in (change.before, change.after))
    is_erased = (before, after) != (change.before, change.after)
    return Change(change.attribute, before, after, change.is_erased or is_erased)


def flat(document: Values) -> Values:
    """Return a document by attribute path: each attribute of an extension has the path `URN:name`."""
    found: Values = {}
    for key, value in document.items():
        if ":" in key:
            found |= {f"{key}:{name}": each for name, each in value.items()}
        else:
            found[key] = value
    return found
