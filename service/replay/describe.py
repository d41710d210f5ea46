"""Turn events of the log into what an auditor reads: names instead of ids, a sentence, values before and after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory.actors import Actor, name_actors, name_tokens
from projections.directory.load import load_clients, load_tokens
from projections.history.read import Activity
from schema.events.group import GroupEvent
from schema.events.hold import HoldEvent
from schema.events.organization import Organization
from schema.events.user import UserEvent
from service.reads.sought import sought_names
from service.replay.sentences import NAMED_MAX, Wording, sentence
from service.replay.subjects import Change, Subject, read_subjects

ResourceKind = Literal["User", "Group", "Organization", "Hold"]
GROUP_TYPES: Final = frozenset({"MembersAdded", "MembersRemoved"})
KINDS: Final[Mapping[str, ResourceKind]] = {
    **{each.__name__: "User" for each in get_args(UserEvent)},
    **{each.__name__: "Group" for each in get_args(GroupEvent)},
    **{each.__name__: "Hold" for each in get_args(HoldEvent)},
}
HIDDEN_FACTS: Final = frozenset({"jtiHash"})


@dataclass(frozen=True, slots=True)
class DescribedEvent:
    """An event as an auditor reads it."""

    position: int
    recorded_at: datetime
    type: str
    resource_type: ResourceKind
    resource_id: UUID
    resource_name: str
    actor: Actor
    token_id: UUID | None
    token_label: str | None
    request_id: UUID
    source: str
    sentence: str
    facts: Mapping[str, Any]
    changes: Sequence[Change]
    wording: Wording  # For sentences in other languages: people by their displayName.


def kind_of(event_type: str) -> ResourceKind:
    """Return what an event is about."""
    return KINDS.get(event_type, "Organization")


async def describe(
    connection: Connection,
    sealer: Sealer,
    organization: Organization,
    events: Sequence[Activity],
    *,
    first: UUID | None = None,
) -> list[DescribedEvent]:
    """Return events as an auditor reads them, in the order given. `first` is a member to name before others."""
    streams = (
        {each.stream_id for each in events}
        | {each for event in events for each in (*_members(event, first), *_subjects(event))}
        | {cause for each in events if (cause := _cause(each)) is not None}
    )
    subjects = await read_subjects(connection, sealer, organization.id, streams - {organization.id})
    acted = [(each.actor_id, each.source) for each in events]
    actors = await name_actors(connection, organization.id, acted)
    tokens = {token for each in events for token in _tokens(each)}
    labels = await name_tokens(connection, organization.id, tokens)
    reads = [each.position for each in events if each.facts.get("namesSought")]
    sought = await sought_names(connection, sealer, organization.id, reads)
    naming = Naming(organization, subjects, actors, labels, sought, first)
    return [naming.described(each) for each in events]


async def token_labels(connection: Connection, organization_id: UUID) -> dict[UUID, str]:
    """Return the labels of the tokens and the clients of an organization by id."""
    tokens = await load_tokens(connection, organization_id)
    clients = await load_clients(connection, organization_id)
    labels = {each.id: each.label for each in tokens.values()}
    return labels | {each.id: each.label for each in clients.values()}


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of all that some events are about."""

    organization: Organization
    subjects: Mapping[UUID, Subject]
    actors: Mapping[str, Actor]
    labels: Mapping[UUID, str]  # Of tokens and clients.
    sought: Mapping[int, Sequence[str]]  # Names that reads searched for, by position.
    first: UUID | None

    def described(self, event: Activity) -> DescribedEvent:
        """Return an event as an auditor reads it."""
        facts = self._facts(event)
        actor = self.actors[event.actor_id]
        label = self.labels.get(event.token_id) if event.token_id else None
        name = self.name(event.stream_id)
        wording = Wording(
            actor=actor.name,
            token=label,
            subject=name,
            facts=facts,
            attributes=facts.get("attributes") or list(facts.get("values", ())),
            role=facts.get("role"),
            former_role=facts.get("previousRole"),
            members=[self.name(each) for each in _members(event, self.first) or _subjects(event)],
            member_count=len(facts.get("members", ())),
            cause=self.name(cause) if (cause := _cause(event)) else None,
        )
        return DescribedEvent(
            event.position,
            event.at,
            event.type,
            kind_of(event.type),
            event.stream_id,
            name,
            actor,
            event.token_id,
            label,
            event.request_id,
            event.source,
            sentence(event.type, wording),
            facts,
            self._changes(event, facts),
            replace(
                wording,
                subject=self.shown(event.stream_id),
                members=[
                    self.shown(each) for each in _members(event, self.first) or _subjects(event)
                ],
            ),
        )

    def name(self, resource_id: UUID) -> str:
        """Return what a resource was called last."""
        if resource_id == self.organization.id:
            return self.organization.name
        subject = self.subjects.get(resource_id)
        return subject.name if subject else str(resource_id)

    def shown(self, resource_id: UUID) -> str:
        """Return what a page calls a resource: somebody by the displayName."""
        subject = self.subjects.get(resource_id)
        return (subject and subject.display_name) or self.name(resource_id)

    def _facts(self, event: Activity) -> dict[str, Any]:
        facts = {name: value for name, value in event.facts.items() if name not in HIDDEN_FACTS}
        if event.position in self.sought:
            facts["names"] = list(self.sought[event.position])
        for name in ("role", "previousRole"):
            if text := facts.get(f"{name}Id"):
                facts[name] = self.organization.role_name(UUID(text)) or text
        if "label" not in facts and (text := facts.get("tokenId") or facts.get("clientId")):
            facts["label"] = self.labels.get(UUID(text), text)
        return facts

    def _changes(self, event: Activity, facts: Mapping[str, Any]) -> Sequence[Change]:
        match event.type:
            case "RoleAssigned":
                return [Change("role", facts.get("previousRole"), facts.get("role"))]
            case "UserDeactivated" | "UserReactivated":
                is_active = event.type == "UserReactivated"
                return [Change("active", not is_active, is_active)]
        subject = self.subjects.get(event.stream_id)
        return subject.changes.get(event.position, ()) if subject else ()


def _members(event: Activity, first: UUID | None) -> list[UUID]:
    """Return the members that a sentence names."""
    if event.type not in GROUP_TYPES:
        return []
    ids: Iterable[str] = event.facts.get("members", ())
    found = list(map(UUID, ids))
    if first in found:
        found.remove(first)
        found.insert(0, first)
    return found[:NAMED_MAX]


def _subjects(event: Activity) -> list[UUID]:
    """Return whom a read was about, as far as a sentence names them."""
    if event.type != "AuditRead":
        return []
    return list(map(UUID, event.facts.get("subjects", ())[:NAMED_MAX]))


def _tokens(event: Activity) -> list[UUID]:
    """Return the tokens and clients that an event names: the one that was used, and the one it is about."""
    named = event.facts.get("tokenId") or event.facts.get("clientId")
    about = UUID(named) if named and "label" not in event.facts else None
    return [each for each in (event.token_id, about) if each is not None]


def _cause(event: Activity) -> UUID | None:
    text = event.facts.get("groupId") if event.type == "RoleAssigned" else None
    return UUID(text) if text else None
