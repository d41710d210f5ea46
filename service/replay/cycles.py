"""Answers about provisioning cycles: what each changed, what was refused, and what to change so that it is not."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.directory.actors import name_tokens
from projections.history.search import Search, reached
from schema.events.organization import Organization
from schema.scim.errors import NotFound
from service.replay.subjects import Subject, read_subjects
from service.requests.count import bounds, counts_of, is_over
from service.requests.read import (
    Cycle,
    CycleFilter,
    Key,
    Reason,
    RequestFilter,
    StoredRequest,
    before_cycle,
    read_cycle,
    read_cycles,
    read_reasons,
    read_requests,
    reasons_of_cycle,
)
from service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class CountedCycle:
    """A cycle with what it changed."""

    cycle: Cycle
    token_label: str | None
    is_running: bool
    counts: Mapping[
        str, int
    ]  # What its events did, by kind; with refused, unchanged, requests and reads.

    @property
    def length(self) -> timedelta:
        """Return the time from its first request to the answer of its last."""
        return self.cycle.last_at - self.cycle.started_at

    @property
    def duration_s(self) -> float:
        """Return this time in seconds."""
        return self.length.total_seconds()


@dataclass(frozen=True, slots=True)
class Cycles:
    """A page of cycles."""

    items: Sequence[CountedCycle]
    position: int
    has_more: bool


async def list_cycles(
    runtime: Runtime,
    organization: Organization,
    wanted: CycleFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Cycles:
    """Return provisioning cycles, newest first."""
    async with runtime.pool.acquire() as connection:
        position = await reached(connection, organization.id)
        found = await read_cycles(connection, organization.id, wanted, after=after, limit=limit + 1)
        items = await _counted(connection, organization.id, found[:limit])
    return Cycles(items, position, len(found) > limit)


@dataclass(frozen=True, slots=True)
class CycleInDetail:
    """A cycle, why its requests were refused, and the cycle of the same token before it."""

    cycle: CountedCycle
    reasons: Sequence[Reason]
    before: CountedCycle | None
    position: int

    @property
    def difference(self) -> Mapping[str, int] | None:
        """Return by how much each count is larger than before; None without a cycle before."""
        if self.before is None:
            return None
        before = self.before.counts
        return {name: value - before[name] for name, value in self.cycle.counts.items()}


async def cycle_in_detail(
    runtime: Runtime, organization: Organization, cycle_id: UUID
) -> CycleInDetail:
    """Return a cycle with its refusals, compared with the one before. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        cycle = await _existing(connection, organization.id, cycle_id)
        position = await reached(connection, organization.id)
        former = await before_cycle(connection, organization.id, cycle)
        reasons = await reasons_of_cycle(connection, organization.id, cycle_id)
        counted, *others = await _counted(
            connection, organization.id, [cycle, *([former] if former else [])]
        )
    return CycleInDetail(counted, reasons, others[0] if others else None, position)


async def search_of_cycle(connection: Connection, organization_id: UUID, cycle_id: UUID) -> Search:
    """Return which events a cycle made. Errors: NotFound."""
    cycle = await _existing(connection, organization_id, cycle_id)
    after, position = await bounds(connection, organization_id, cycle)
    return Search(after, position, token_id=cycle.token_id, source="scim")


async def _existing(connection: Connection, organization_id: UUID, cycle_id: UUID) -> Cycle:
    cycle = await read_cycle(connection, organization_id, cycle_id)
    if cycle is None:
        raise NotFound(f"There is no cycle {cycle_id}; GET /cycles lists those that are kept.")
    return cycle


async def _counted(
    connection: Connection, organization_id: UUID, cycles: Sequence[Cycle]
) -> list[CountedCycle]:
    labels = await name_tokens(connection, organization_id, {each.token_id for each in cycles})
    found = []
    for each in cycles:
        counts = {
            **asdict(await counts_of(connection, organization_id, each)),
            "unchanged": each.unchanged,
            "refused": each.refused,
            "requests": each.requests,
            "reads": each.reads,
        }
        found.append(CountedCycle(each, labels.get(each.token_id), not is_over(each), counts))
    return found


@dataclass(frozen=True, slots=True)
class DescribedRequest:
    """A kept request with the names of its token and its subject, and the whole past of its reason."""

    request: StoredRequest
    token_label: str | None
    subject: str | None  # The name in the log, or else the one that was sent.
    is_from_log: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Requests:
    """A page of kept requests."""

    items: Sequence[DescribedRequest]
    position: int
    has_more: bool


async def list_requests(
    runtime: Runtime,
    organization: Organization,
    wanted: RequestFilter,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> Requests:
    """Return requests that were refused or changed nothing, newest first. Errors: NotFound for an unknown cycle."""
    async with runtime.pool.acquire() as connection:
        if wanted.cycle_id is not None:
            await _existing(connection, organization.id, wanted.cycle_id)
        position = await reached(connection, organization.id)
        found = await read_requests(
            connection, runtime.sealer, organization.id, wanted, after=after, limit=limit + 1
        )
        shown = found[:limit]
        tokens = {each.token_id for each in shown if each.token_id is not None}
        labels = await name_tokens(connection, organization.id, tokens)
        subjects = await read_subjects(
            connection, runtime.sealer, organization.id, _resources(shown)
        )
        findings = {each.finding for each in shown if each.finding is not None}
        reasons = await read_reasons(connection, organization.id, findings)
    items = [_described(each, labels, subjects, reasons) for each in shown]
    return Requests(items, position, len(found) > limit)


def _resources(requests: Iterable[StoredRequest]) -> Collection[UUID]:
    return {each.resource_id for each in requests if each.resource_id is not None}


def _described(
    each: StoredRequest,
    labels: Mapping[UUID, str],
    subjects: Mapping[UUID, Subject],
    reasons: Mapping[Key, Reason],
) -> DescribedRequest:
    subject = subjects.get(each.resource_id) if each.resource_id is not None else None
    sent = each.text.subject if each.text is not None else None
    return DescribedRequest(
        each,
        labels.get(each.token_id) if each.token_id is not None else None,
        subject.name if subject is not None else sent,
        subject is not None,
        reasons.get((each.finding, each.attribute)),
    )
