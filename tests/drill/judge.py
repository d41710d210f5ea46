"""Compare the ledger with the log: what was acknowledged is there, nothing happened twice or by half."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

import asyncpg

from eventstore.events import RecordedEvent
from eventstore.read import read
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from schema.events.codec import decode
from schema.events.event import Event, Place
from schema.events.group import Group
from schema.events.user import User, UserDeleted
from tests.drill.ledger import Attempt, Kind, Ledger
from tests.invariants import LOG_MAX, Folded, check_log

Key = str | UUID  # The name that a request gave, or the user that it deleted.


@dataclass(frozen=True, slots=True)
class Effect:
    """What one request came to, by the log."""

    request_id: UUID
    first: int  # Position of its first event,
    last: int  # and of its last.
    stream_id: UUID  # Of the resource that the request was about.
    versions: frozenset[int]  # Of that stream.
    state: User | Group
    is_in_a_group: bool  # Of a user, afterwards.


@dataclass(slots=True)
class Story:
    """The effects in a log by what leads to them."""

    effects: dict[Key, list[Effect]] = field(default_factory=dict)


@dataclass(slots=True)
class Verdict:
    """What came of attempts, and each promise that was broken."""

    done_unanswered: int = 0  # Its answer was lost or a 503, and yet it had happened.
    undone: int = 0  # Its answer was lost or a 503, and it had not happened.
    broken: list[str] = field(default_factory=list)


async def judge(
    connection: asyncpg.Connection, sealer: Sealer, organization_id: UUID, ledger: Ledger
) -> Verdict:
    """Return the verdict on all attempts so far; who wrote to the organization must have ended."""
    verdict = Verdict(broken=list(ledger.wrong_answers))
    try:
        await check_log(connection, sealer, organization_id)
    except AssertionError as error:
        verdict.broken.append(f"The log or its directory is not whole: {str(error)[:2000]}")
    story = await read_story(connection, sealer, organization_id)
    for attempt in ledger.attempts:
        effects = story.effects.get(key_of(attempt), [])
        verdict.broken += [
            f"{attempt.kind.value} {attempt.path}: {e}" for e in faults(attempt, effects)
        ]
        if attempt.acknowledged is None or len(attempt.tries) > 1:
            is_done_before = any(not is_own(attempt, effect) for effect in effects)
            verdict.done_unanswered += is_done_before
            verdict.undone += not is_done_before
    verdict.broken += disorder(ledger, story)
    return verdict


def key_of(attempt: Attempt) -> Key:
    """Return what leads to the effect of an attempt."""
    if attempt.kind is Kind.DELETE_USER:
        assert attempt.stream_id
        return attempt.stream_id
    return attempt.wish.name


def faults(attempt: Attempt, effects: Sequence[Effect]) -> Iterator[str]:
    """Yield what is wrong with what became of an attempt."""
    if len(effects) > 1:
        yield f"took effect {len(effects)} times, at {[e.first for e in effects]}"
    if attempt.acknowledged and not effects:
        yield f"was acknowledged and is not in the log: {attempt.acknowledged}"
    for effect in effects:
        if not is_whole(attempt, effect):
            yield f"took effect by half, at {effect.first}: {effect.state}"
        if attempt.acknowledged:
            yield from misplaced(attempt, effect)


def is_whole(attempt: Attempt, effect: Effect) -> bool:
    """Return whether all that a request asked for has happened."""
    wish, state = attempt.wish, effect.state
    match attempt.kind:
        case Kind.DELETE_USER:
            return state.is_deleted and not effect.is_in_a_group
        case Kind.CREATE_GROUP | Kind.CHANGE_GROUP:
            assert isinstance(state, Group)
            return wish.members <= state.members.keys()
        case _:
            assert isinstance(state, User)
            return (state.active, state.role_id) == (wish.active, wish.role_id)


def misplaced(attempt: Attempt, effect: Effect) -> Iterator[str]:
    """Yield where the log differs from the place that was acknowledged."""
    acknowledged = attempt.acknowledged
    assert acknowledged
    if effect.stream_id != attempt.stream_id:
        yield f"acknowledged for {attempt.stream_id}, found in {effect.stream_id}"
    if is_own(attempt, effect):
        if attempt.version is not None and attempt.version != max(effect.versions):
            yield f"acknowledged as version {attempt.version}, found as {max(effect.versions)}"
    elif len(attempt.tries) == 1:
        yield f"acknowledged as {acknowledged.request_id}, found as {effect.request_id}"


def is_own(attempt: Attempt, effect: Effect) -> bool:
    """Return whether the try that was acknowledged is the one that took effect, and not one before it."""
    acknowledged = attempt.acknowledged
    return acknowledged is not None and acknowledged.request_id == effect.request_id


def disorder(ledger: Ledger, story: Story) -> Iterator[str]:
    """Yield requests that began after the acknowledgement of others and stand before them in the log."""
    places = [
        (attempt.acknowledged, effect)
        for attempt in ledger.acknowledged
        for effect in story.effects.get(key_of(attempt), [])[:1]
        if attempt.acknowledged and is_own(attempt, effect)
    ]
    ends = sorted((tried.ended_s or 0.0, effect.last) for tried, effect in places)
    begins = sorted((tried.began_s, effect.first) for tried, effect in places)
    highest, index = 0, 0
    for began_s, position in begins:
        while index < len(ends) and ends[index][0] < began_s:
            highest = max(highest, ends[index][1])
            index += 1
        if position <= highest:
            yield f"position {position} was asked for after {highest} had been acknowledged"


async def read_story(
    connection: asyncpg.Connection, sealer: Sealer, organization_id: UUID
) -> Story:
    """Return the effects of all requests in an organization's log."""
    events = await read(connection, organization_id, after=0, limit=LOG_MAX)
    opened = await open_personal(connection, sealer, events)
    story, folded = Story(), Folded()
    facts = (
        (event, decode(event.type, event.schema_version, event.data, personal))
        for event, personal in zip(events, opened, strict=True)
    )
    for _, group in groupby(facts, key=lambda each: each[0].request_id):
        request = list(group)
        for event, fact in request:
            folded.add(fact, place_of(event))
        for event, fact in request:
            if (key := key_in(event, fact)) is not None:
                found = effect_of(request, event.stream_id, folded)
                story.effects.setdefault(key, []).append(found)
    return story


def place_of(event: RecordedEvent) -> Place:
    """Return where the log put an event."""
    return Place(event.stream_id, event.version, event.position, event.recorded_at, event.source)


def key_in(event: RecordedEvent, fact: Event) -> Key | None:
    """Return what an event says about the request behind it."""
    if isinstance(fact, UserDeleted):
        return event.stream_id
    name = (getattr(fact, "values", None) or {}).get("displayName")
    return name if isinstance(name, str) else None


def effect_of(
    request: Sequence[tuple[RecordedEvent, Event]], stream_id: UUID, folded: Folded
) -> Effect:
    """Return what a request came to for a resource, all of its events taken in."""
    state = folded.users.get(stream_id) or folded.groups[stream_id]
    return Effect(
        request[0][0].request_id,
        request[0][0].position,
        request[-1][0].position,
        stream_id,
        frozenset(event.version for event, _ in request if event.stream_id == stream_id),
        state,
        any(stream_id in each.members for each in folded.groups.values()),
    )
