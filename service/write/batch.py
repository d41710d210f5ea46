"""One batch of commands: load the required state, decide one command after another, append and project."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from eventstore.append import Tail, append_in_pieces, columns_of, prepare
from eventstore.events import NewEvent, Provenance
from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory.changes import Changes
from projections.directory.rows import group_row, user_row
from projections.directory.save import columns_of_users
from projections.directory.tables import GroupRow, UserRow
from schema.events.codec import encode
from schema.events.event import Place
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import ScimError
from schema.scim.resource_type import ResourceType
from schema.scim.subject import name_attribute
from service.callers.caller import Caller
from service.ids import new_id
from service.limits.offload import LONG_MEMBERS, offload
from service.write.commands import (
    Command,
    CreateGroup,
    CreateUser,
    PatchGroup,
    PatchUser,
    ReplaceGroup,
    ReplaceUser,
)
from service.write.decide.decide import decide
from service.write.decide.guard import HeldNow
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState, Decision
from service.write.load_guard import load_guard
from service.write.load_state import load_state

USER_WRITES, GROUP_WRITES = (
    (CreateUser, ReplaceUser, PatchUser),
    (CreateGroup, ReplaceGroup, PatchGroup),
)


class Work(NamedTuple):
    """A command, its caller, and the provenance of its events."""

    command: Command
    caller: Caller
    provenance: Provenance
    is_long: bool = False  # The decision may take long.


class Outcome(NamedTuple):
    """The result of a command: its resource's row after it (None if deleted, or if there is no resource)."""

    row: UserRow | GroupRow | None
    is_changed: bool
    groups: str | None = None  # Of a user, as JSON text: a list of (id, displayName).
    member_count: int = 0  # Of a group.
    role_conflict: tuple[str, ...] = ()  # Names of the roles among which a rule had to choose.


@dataclass(slots=True)
class Batch:
    """A decided batch: one answer per command, and all events in order."""

    organization_id: UUID
    tail: Tail
    state: BatchState
    answers: list[Outcome | ScimError] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)

    @property
    def takes_access(self) -> bool:
        """Return whether a user loses access by this batch."""
        return bool(self.changes.losses) or self.state.is_unjudged


async def decide_batch(
    connection: Connection,
    organization_id: UUID,
    tail: Tail,
    works: Sequence[Work],
    *,
    read_timeout_s: float | None = None,
    is_locked: bool = True,
) -> Batch:
    """Load the required state, as of the log's tail or later, and decide the commands one after another.

    The guard judges only if the log is locked (`is_locked`). Otherwise a batch that takes access from anybody
    may not be written: `Batch.takes_access`.
    """
    is_long = any(work.is_long for work in works)
    required, refused = await offload(_required_state, is_long, works)
    async with asyncio.timeout(read_timeout_s):
        state = await load_state(connection, organization_id, required)
        if is_locked:
            await load_guard(connection, organization_id, required, state, tail.now)
    batch = Batch(organization_id, tail, state)
    members = sum(len(group.members) for group in state.groups.values())
    is_long |= members + len(state.role_holders) > LONG_MEMBERS
    await offload(_decide_all, is_long, batch, works, refused)
    return batch


def _decide_all(batch: Batch, works: Sequence[Work], refused: Sequence[ScimError | None]) -> None:
    for work, refusal in zip(works, refused, strict=True):
        batch.answers.append(refusal or _decide(batch, work))


async def write_batch(connection: Connection, batch: Batch, sealer: Sealer) -> None:
    """Append the events of a batch and write their changes into the directory."""
    if batch.events:
        await append_in_pieces(connection, batch.organization_id, batch.tail, batch.events, sealer)
        await batch.changes.save(connection, batch.organization_id, batch.state)


def can_be_optimistic(works: Sequence[Work]) -> bool:
    """Return whether commands lead to nothing but events and rows of users."""
    return all(isinstance(work.command, USER_WRITES) for work in works)


async def columns_of_batch(connection: Connection, batch: Batch, sealer: Sealer) -> list[list[Any]]:
    """Return the sealed events and the rows of a batch of users, as `append_and_save_users` takes them."""
    recorded, sealed = await prepare(
        connection, batch.organization_id, batch.tail, batch.events, sealer
    )
    return [*columns_of(recorded, sealed), *columns_of_users(list(batch.changes.users.values()))]


def _required_state(works: Sequence[Work]) -> tuple[RequiredState, list[ScimError | None]]:
    """Return what a batch requires, and per command the refusal if reading its names failed, else None."""
    required, refused = RequiredState(), list[ScimError | None]()
    for work in works:
        try:
            required.add(work.command)
            refused.append(None)
        except ScimError as refusal:
            name_attribute(refusal, _type_of(work.command))
            refused.append(refusal)
    return required, refused


def _decide(batch: Batch, work: Work) -> Outcome | ScimError:
    """Decide one command; the next command sees the resulting state."""
    try:
        decisions = decide(work.command, batch.state, work.caller)
    except ScimError as refusal:
        if isinstance(refusal, HeldNow):
            for decision in refusal.decisions:
                _record(batch, work.provenance, decision)
        name_attribute(refusal, _type_of(work.command))
        return refusal
    for decision in decisions:
        _record(batch, work.provenance, decision)
    outcome = _outcome(batch, work.command, is_changed=bool(decisions))
    conflict = _role_conflict(decisions, work.caller)
    return outcome._replace(role_conflict=conflict) if conflict else outcome


def _role_conflict(decisions: Sequence[Decision], caller: Caller) -> tuple[str, ...]:
    for decision in decisions:
        found = getattr(decision.event, "conflicting_role_ids", None)
        if found:
            return tuple(str(caller.organization.role_name(role_id)) for role_id in found)
    return ()


def _type_of(command: Command) -> ResourceType:
    """Return the resource type whose attributes a refusal of this command may name."""
    if isinstance(command, USER_WRITES):
        return command.resource_type
    return GROUP if isinstance(command, GROUP_WRITES) else USER


def _record(batch: Batch, provenance: Provenance, decision: Decision) -> None:
    event, stream_id = decision.event, decision.stream_id
    index = len(batch.events)
    place = Place(
        stream_id=stream_id,
        version=batch.state.version(stream_id) + 1,
        position=batch.tail.position + 1 + index,
        recorded_at=batch.tail.recorded_at_of(index),
        source=provenance.source,
    )
    encoded = encode(event)
    batch.events.append(
        NewEvent(
            stream_id=stream_id,
            version=place.version,
            event_id=new_id(),
            type=encoded.type,
            schema_version=encoded.schema_version,
            data=encoded.data,
            personal=encoded.personal,
            subject_id=stream_id if encoded.personal is not None else None,
            provenance=provenance,
        )
    )
    batch.state.evolve(event, place)
    batch.changes.add(event, place)
    guard = batch.state.guard
    if guard is not None and batch.changes.losses and not guard.since_position:
        guard.since_position = place.position


def _outcome(batch: Batch, command: Command, *, is_changed: bool) -> Outcome:
    """Return the outcome of a command, with its resource's row as it is now."""
    state = batch.state
    if isinstance(command, USER_WRITES):
        row = user_row(state.users[command.id], command.resource_type)
        batch.changes.note_row(row, is_changed=is_changed)
        return Outcome(row, is_changed, state.user_groups.get(command.id))
    if isinstance(command, GROUP_WRITES):
        group = state.groups[command.id]
        return Outcome(group_row(group), is_changed, member_count=group.member_count)
    return Outcome(None, is_changed)
