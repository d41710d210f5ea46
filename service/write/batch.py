"""One batch of commands: load the required state, decide one command after another, append and project."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from eventstore.append import Tail, append, columns_of, prepare
from eventstore.events import NewEvent, Provenance
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from eventstore.slices import Slices
from projections.directory.changes import Changes
from projections.directory.load import NO_NAMES, Names, count_members, hashes_of
from projections.directory.rows import group_row, user_row
from projections.directory.save import columns_of_losses, columns_of_users
from projections.directory.tables import GroupRow, UserRow
from projections.erasure.person import ErasedPerson
from schema.events.codec import SEALED_FOR_ORGANIZATION, Encoded, encode
from schema.events.event import Event, Place, with_values
from schema.events.organization import OrganizationErased
from schema.scim.budget import Spending
from schema.scim.definitions import GROUP, USER, user_type
from schema.scim.errors import PayloadTooLarge, ScimError
from schema.scim.resource_type import ResourceType
from schema.scim.subject import name_attribute
from service.callers.caller import Caller
from service.ids import new_id
from service.limits.let_go import let_go
from service.limits.offload import LONG_BYTES, LONG_MEMBERS, offload
from service.write.commands import (
    Command,
    CreateAccount,
    CreateGroup,
    CreateUser,
    EraseUser,
    PatchGroup,
    PatchUser,
    ReplaceGroup,
    ReplaceUser,
    UserCommand,
)
from service.write.decide.decide import decide
from service.write.decide.guard import HeldNow
from service.write.decide.required_state import RequiredState
from service.write.decide.state import EVENT_COST, MEMBER_COST, BatchState, Decision
from service.write.erase import erase, erase_names_of_groups
from service.write.load_guard import load_guard
from service.write.load_state import (
    GONE_MAX,
    LARGE,
    MEMBERS_MAX,
    FindNames,
    TooManyMembers,
    load_state,
)
from service.write.quota import Left, Quotas

statement = statements_in(__package__)

# A batch ends once its commands have cost so much; the rest of them form the next one. About a third of a second.
UNITS_MAX = 1_000_000
SIZE_MAX = 1_000_000  # Characters of documents that a batch writes: more would be encoded for too long without a break.
COMMAND_COST = 100
BYTES_PER_UNIT = 16  # Of the stored document of a user, which is parsed and written again.
LONG_OPERATIONS = 8
LONG_GROUPS = 500
LONG_IDLE = "120s"  # For so long Postgres lets a transaction wait while a large batch is decided.
USER_BYTES_MAX = 262_144  # Of the attributes of a user as JSON; Entra's have a few thousand.

USER_WRITES, GROUP_WRITES = (
    (CreateUser, ReplaceUser, PatchUser, CreateAccount),
    (CreateGroup, ReplaceGroup, PatchGroup),
)


class Work(NamedTuple):
    """A command, its caller, and the provenance of its events."""

    command: Command
    caller: Caller
    provenance: Provenance
    is_long: bool = False  # Its request was long: the decision may take long.
    spending: Spending | None = None  # From the budget of its request; None: a budget of its own.


class Outcome(NamedTuple):
    """The result of a command: its resource's row after it (None if deleted, or if there is no resource)."""

    row: UserRow | GroupRow | None
    is_changed: bool
    groups: str | None = None  # Of a user, as JSON text: a list of (id, displayName).
    member_count: int = 0  # Of a group.
    role_conflict: tuple[str, ...] = ()  # Names of the roles among which a rule had to choose.
    cleared: dict[str, int] | None = None  # Rows by table from which a person was removed.


@dataclass(slots=True)
class Batch:
    """A decided batch: one answer per command, and all events in order.

    A batch that has cost much ends early: its answers are those of its first commands.
    """

    organization_id: UUID
    tail: Tail
    state: BatchState
    spent: int = 0  # Units of work so far (budget.py).
    size: int = 0  # Characters of the documents that it writes.
    answers: list[Outcome | ScimError] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    left: Left | None = None  # Of the organization's quota.
    erased: list[tuple[ErasedPerson, dict[str, int]]] = field(default_factory=list)

    @property
    def has_holds(self) -> bool:
        """Return whether the guard holds a change of this batch."""
        return bool(self.changes.holds)

    def let_go(self) -> None:
        """Let the objects of a large batch go, a few at a time. Nothing may use the batch afterwards."""
        changes = self.changes
        let_go(changes.added, changes.removed, changes.roles, changes.losses, changes.held)
        let_go(self.events)
        self.state.let_go()


async def decide_batch(  # noqa: PLR0913 - for whom what is decided, and how.
    connection: Connection,
    organization_id: UUID,
    tail: Tail,
    works: Sequence[Work],
    *,
    find_names: FindNames,
    quotas: Quotas,
    read_timeout_s: float | None = None,
    is_locked: bool = True,
    on_large: Callable[[], None] = lambda: None,
) -> Batch:
    """Load the required state, as of the log's tail or later, and decide the commands one after another.

    `is_locked` says that the connection is in the transaction that has the log's lock. `find_names` finds names by a
    statement that others share. `on_large` is called if the batch is about very many people.
    """
    required, refused = await _required_state(works)
    try:
        async with asyncio.timeout(read_timeout_s):
            state = await load_state(connection, organization_id, required, find_names, on_large)
    except TooManyMembers:
        works, refused = await _first_works(connection, organization_id, works, refused)
        required, refused = await _required_state(works, refused)
        state = await _load_fewer(connection, organization_id, required, find_names, on_large)
    if is_locked and len(state.role_holders) > LARGE:
        await connection.execute(statement("decide_long"), LONG_IDLE)
    async with asyncio.timeout(read_timeout_s):
        await load_guard(connection, organization_id, required, state, tail.now)
        left = await quotas.left(connection, works[-1].caller.organization, tail)
    batch = Batch(organization_id, tail, state, left=left)
    await _decide_all(batch, works, refused)
    assert not state.is_unjudged, "The guard has not seen who loses access."
    return batch


async def _decide_all(
    batch: Batch, works: Sequence[Work], refused: Sequence[ScimError | None]
) -> None:
    """Decide the commands that were not refused, one after another, until the batch has cost enough."""
    slices = Slices()
    for work, refusal in zip(works, refused, strict=True):
        if batch.spent > UNITS_MAX or batch.size > SIZE_MAX:
            break
        if refusal is not None:
            batch.answers.append(refusal)
        elif _is_long(work, batch.state):
            batch.answers.append(await offload(_decide, True, batch, work))
        else:
            batch.answers.append(_decide(batch, work))
        if slices.is_over():
            await slices.rest()


async def _load_fewer(  # noqa: PLR0917 - as load_state.
    connection: Connection,
    organization_id: UUID,
    required: RequiredState,
    find_names: FindNames,
    on_large: Callable[[], None],
) -> BatchState:
    """Load the state of the first commands. Errors: PayloadTooLarge, if role groups require too many members."""
    try:
        return await load_state(connection, organization_id, required, find_names, on_large)
    except TooManyMembers:
        raise PayloadTooLarge(
            f"The role groups that this is about have more than {MEMBERS_MAX:,} members together: "
            "change one after another."
        ) from None


def _is_long(work: Work, state: BatchState) -> bool:
    """Return whether a command may take more than a moment to decide."""
    command = work.command
    if len(state.role_holders) > LONG_MEMBERS and not isinstance(command, UserCommand):
        return True
    if work.is_long or isinstance(command, CreateUser):
        return work.is_long
    if isinstance(command, PatchUser):
        size = state.sizes.get(command.id, 0)
        return size * (1 + len(command.patch.operations)) > LONG_BYTES * LONG_OPERATIONS
    if isinstance(command, ReplaceGroup | PatchGroup):
        group = state.groups.get(command.id)
        return group is not None and len(group.members) > LONG_MEMBERS
    return len(state.groups) > LONG_GROUPS


async def _first_works(
    connection: Connection,
    organization_id: UUID,
    works: Sequence[Work],
    refused: Sequence[ScimError | None],
) -> tuple[list[Work], list[ScimError | None]]:
    """Return the first commands of a batch whose members can be loaded together, with their refusals.

    A command that requires too many members alone, or more than its request may still look at, is refused.
    """
    first: list[Work] = []
    answers: list[ScimError | None] = []
    needs = [_needs(work) for work in works]
    counts = await count_members(
        connection,
        organization_id,
        {each for need in needs for each in need.whole_groups},
        {each for need in needs for each in need.gone},
    )
    members = groups = 0
    for work, need, refusal in zip(works, needs, refused, strict=True):
        own_members = sum(counts.members.get(each, 0) for each in need.whole_groups)
        own_groups = sum(counts.groups.get(each, 0) for each in need.gone)
        spending = work.spending or Spending()
        units = own_members * MEMBER_COST + own_groups * EVENT_COST
        is_too_much = own_members > MEMBERS_MAX or own_groups > GONE_MAX
        if refusal is None and (is_too_much or units > spending.budget.left + spending.spent):
            answers.append(_too_many(own_members, own_groups))
        elif first and (members + own_members > MEMBERS_MAX or groups + own_groups > GONE_MAX):
            break
        else:
            answers.append(refusal)
            members, groups = members + own_members, groups + own_groups
        first.append(work)
    return first, answers


def _needs(work: Work) -> RequiredState:
    needs = RequiredState()
    with suppress(ScimError):  # It was refused before.
        needs.add(work.command)
    return needs


def _too_many(members: int, groups: int) -> PayloadTooLarge:
    if groups:
        return PayloadTooLarge(
            f"It is in {groups:,} groups, too many to leave in one request: remove it from some groups first."
        )
    return PayloadTooLarge(
        f"The request looks at all {members:,} members of a group: name those that join or leave "
        "in a PATCH, or split the request."
    )


async def write_batch(connection: Connection, batch: Batch, sealer: Sealer) -> None:
    """Append the events of a batch and write their changes into the directory."""
    if batch.events:
        await append(connection, batch.organization_id, batch.tail, batch.events, sealer)
        await batch.changes.save(connection, batch.organization_id, batch.state, sealer)
        for person, cleared in batch.erased:
            cleared.update(await erase(connection, person))
        if any(each.type == OrganizationErased.__name__ for each in batch.events):
            await erase_names_of_groups(connection, batch.organization_id)


def can_be_optimistic(works: Sequence[Work]) -> bool:
    """Return whether commands lead to nothing but events, rows of users and losses of access."""
    return all(isinstance(work.command, USER_WRITES) for work in works)


def are_new(works: Sequence[Work]) -> bool:
    """Return whether all commands create people: usually nobody holds or held their names."""
    return all(type(work.command) is CreateUser for work in works)


async def columns_of_batch(
    connection: Connection, batch: Batch, sealer: Sealer, unread: Names = NO_NAMES
) -> list[list[Any]]:
    """Return the sealed events and the rows of a batch of users, as `append_and_save_users` takes them.

    `unread` are the names that nobody has looked for.
    """
    recorded, sealed = await prepare(
        connection, batch.organization_id, batch.tail, batch.events, sealer
    )
    changes = batch.changes
    return [
        *columns_of(recorded, sealed),
        *columns_of_users(list(changes.users.values())),
        *columns_of_losses(changes.losses),
        *await hashes_of(sealer, batch.organization_id, unread),
    ]


async def _required_state(
    works: Sequence[Work], refused: Sequence[ScimError | None] | None = None
) -> tuple[RequiredState, list[ScimError | None]]:
    """Return what a batch requires, and per command the refusal if reading its names failed, else None.

    Commands that were refused already require nothing.
    """
    required, refusals = RequiredState(), list[ScimError | None]()
    former, slices = refused or [None] * len(works), Slices()
    for work, refusal in zip(works, former, strict=True):
        if refusal is None and work.is_long:
            refusals.append(await offload(_require, True, required, work))
        else:
            refusals.append(refusal or _require(required, work))
        if slices.is_over():
            await slices.rest()
    return required, refusals


def _require(required: RequiredState, work: Work) -> ScimError | None:
    """Add what a command requires; return its refusal if reading its names failed."""
    try:
        required.add(work.command)
    except ScimError as refusal:
        name_attribute(refusal, _type_of(work.command))
        return refusal.without_origin()
    return None


def _decide(batch: Batch, work: Work) -> Outcome | ScimError:
    """Decide one command; the next command sees the resulting state."""
    state, spending = batch.state, work.spending or Spending()
    spending.start_over()
    state.spending = spending
    try:
        stored = _stored_size(work.command, state)
        spending.spend(COMMAND_COST + stored // BYTES_PER_UNIT)
        decisions = decide(work.command, state, work.caller)
        if batch.left is not None and decisions:
            batch.left.refuse(len(batch.events) + len(decisions), work.caller)
        encoded = _all_encoded(decisions)
        if isinstance(work.command, USER_WRITES):
            _refuse_too_large(work.command, state, decisions, encoded, stored)
    except ScimError as refusal:
        if isinstance(refusal, HeldNow):
            for held in refusal.decisions:
                _record(batch, work.provenance, held, encode(held.event))
        name_attribute(refusal, _type_of(work.command))
        return refusal.without_origin()
    finally:
        batch.spent += spending.spent
    batch.spent += len(decisions) * EVENT_COST
    for decision, each in zip(decisions, encoded, strict=True):
        _record(batch, work.provenance, decision, each)
    outcome = _outcome(batch, work.command, is_changed=bool(decisions))
    conflict = _role_conflict(decisions, work.caller)
    return outcome._replace(role_conflict=conflict) if conflict else outcome


def _all_encoded(decisions: Sequence[Decision]) -> list[Encoded]:
    """Return events as the log stores them. Of many people, most have the same event, which is encoded once."""
    if len(decisions) == 1:
        return [encode(decisions[0].event)]
    known: dict[int, Encoded] = {}  # By the identity of an event.
    for each in decisions:
        if id(each.event) not in known:
            known[id(each.event)] = encode(each.event)
    return [known[id(each.event)] for each in decisions]


def _stored_size(command: Command, state: BatchState) -> int:
    resource_id: UUID | None = getattr(command, "id", None)
    return state.sizes.get(resource_id, 0) if resource_id else 0


def _refuse_too_large(  # noqa: PLR0917 - what is written, to what, and how it is stored before and after.
    command: CreateUser | ReplaceUser | PatchUser | CreateAccount,
    state: BatchState,
    decisions: Sequence[Decision],
    encoded: Sequence[Encoded],
    before: int,
) -> None:
    """Raise PayloadTooLarge if a write would let a user grow beyond what one may take.

    Its size is looked at only if it may be too large: stored and new values together are more than allowed.
    """
    size = before + sum([len(each.personal or b"") for each in encoded])
    if size > USER_BYTES_MAX:
        user = state.users.get(command.id)
        attributes = user.attributes if user else {}
        for each in decisions:
            attributes = with_values(attributes, getattr(each.event, "values", None) or {})
        size = len(orjson.dumps(attributes))
        if size > max(USER_BYTES_MAX, before):
            raise PayloadTooLarge(
                f"The user would take {size:,} bytes, and may take {USER_BYTES_MAX:,}: leave out values."
            )
    state.sizes[command.id] = size


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


def _record(batch: Batch, provenance: Provenance, decision: Decision, encoded: Encoded) -> None:
    stream_id, event = decision
    tail, index = batch.tail, len(batch.events)
    version, position = batch.state.version(stream_id) + 1, tail.position + 1 + index
    place = Place(stream_id, version, position, tail.recorded_at_of(index), provenance.source)
    kind, schema_version, data, personal = encoded
    subject_id = None if personal is None else _subject(batch, event, stream_id)
    # Without keywords, which take twice as long: an event of each command passes here.
    batch.events.append(
        NewEvent(
            stream_id,
            version,
            new_id(),
            kind,
            schema_version,
            data,
            personal,
            subject_id,
            provenance,
        )
    )
    batch.state.evolve(event, place, actor_id=provenance.actor_id)
    batch.changes.add(event, place)
    guard = batch.state.guard
    if guard is not None and batch.changes.losses and not guard.since_position:
        guard.since_position = position


def _subject(batch: Batch, event: Event, stream_id: UUID) -> UUID:
    """Return under whose key an event is sealed."""
    return batch.organization_id if type(event) in SEALED_FOR_ORGANIZATION else stream_id


def _outcome(batch: Batch, command: Command, *, is_changed: bool) -> Outcome:
    """Return the outcome of a command, with its resource's row as it is now."""
    state = batch.state
    if isinstance(command, USER_WRITES):
        row = user_row(state.users[command.id], command.resource_type)
        batch.changes.note_row(row, is_changed=is_changed)
        batch.size += len(row.document) if is_changed else 0
        return Outcome(row, is_changed, state.user_groups.get(command.id))
    if isinstance(command, GROUP_WRITES):
        group = state.groups[command.id]
        return Outcome(group_row(group), is_changed, member_count=group.member_count)
    if isinstance(command, EraseUser):
        return Outcome(None, is_changed, cleared=_note_erased(batch, command))
    return Outcome(None, is_changed)


def _note_erased(batch: Batch, command: EraseUser) -> dict[str, int]:
    """Note whom the batch erases, and the rows of those who named that person; return where the rows are counted."""
    state, organization = batch.state, batch.state.organization
    named_by = state.erasing.get(command.id, set())
    assert organization is not None
    resource_type = user_type(organization.schemas)
    for each in named_by:
        other = state.user(each)
        if other is not None and "userName" in other.attributes:
            batch.changes.note_row(user_row(other, resource_type), is_changed=True)
    cleared: dict[str, int] = {}
    person = ErasedPerson(batch.organization_id, command.id, command.names, frozenset(named_by))
    batch.erased.append((person, cleared))
    return cleared
