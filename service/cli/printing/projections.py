"""What `scim-ledger projections` prints: lines or JSON."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.directory.organizations import list_organizations
from projections.followers.lag import Lag
from projections.followers.parked import ParkedStream
from projections.maintenance.builds import Build
from projections.maintenance.status import Status
from service.cli.process import output
from service.terminal import printable

Names = Mapping[UUID, str]


async def names(connection: Connection) -> Names:
    """Return the names of organizations. One that the directory lacks is shown by its id."""
    return {each.id: each.name for each in await list_organizations(connection)}


def table(statuses: Iterable[Status]) -> str:
    """Return the projections as lines."""
    return "\n".join(
        f"{each.projection.name:<10} {each.projection.kind:<9} {_built(each.build):<40} {_same(each)}"
        for each in statuses
    )


def _built(build: Build | None) -> str:
    if build is None:
        return "no record of how it was built"
    revision = "no revision" if build.revision is None else f"revision {build.revision}"
    return f"{revision}, built {build.built_at:%Y-%m-%d %H:%M:%S}"


def _same(status: Status) -> str:
    if status.is_current:
        return "matches this release"
    return f"does not match this release: scim-ledger projections rebuild {status.projection.name}"


def lines(status: Status, known: Names) -> str:
    """Return the state of a projection as lines."""
    name = status.projection.name
    head = f"{name} ({status.projection.kind}): {_same(status)}; {_built(status.build)}"
    return "\n".join(
        printable(each)
        for each in [
            head,
            *(f"  {_lag(each, known)}" for each in status.lags),
            *(_parked_lines(status.parked, name, known)),
            *([f"  {_rebuild(status)}"] if status.next else []),
            f"  {_previous(status)}",
        ]
    )


def _lag(each: Lag, known: Names) -> str:
    name = known.get(each.organization_id, str(each.organization_id))
    if each.beyond:
        return (
            f"{name}: position {each.position:,} of {each.tail:,}, ALARM: {each.beyond:,} events beyond the end of the "
            "log. The log has lost events (restore it), or the checkpoint was changed (rebuild the projection)"
        )
    behind = (
        f"{each.events:,} events behind, for {each.seconds:.1f} s" if each.events else "current"
    )
    return f"{name}: position {each.position:,} of {each.tail:,}, {behind}"


def _parked_lines(parked: Iterable[ParkedStream], name: str, known: Names) -> list[str]:
    found = [f"  parked: {_parked_line(each, known)}" for each in parked]
    remedy = (
        f"  retry: scim-ledger projections retry-parked {name}; "
        f"if that fails again: scim-ledger projections rebuild {name}"
    )
    return [*found, remedy] if found else []


def _parked_line(each: ParkedStream, known: Names) -> str:
    attempts = "1 attempt" if each.attempts == 1 else f"{each.attempts} attempts"
    return (
        f"stream {each.stream_id} of {known.get(each.organization_id, each.organization_id)}, "
        f"from position {each.position:,} ({each.event_type}): {each.error}; "
        f"{attempts}, the last {each.tried_at:%Y-%m-%d %H:%M:%S}"
    )


def retried(released: int, left: Sequence[ParkedStream], known: Names) -> str:
    """Return the outcome of a retry as lines: how many streams were released, which are still parked, and why."""
    head = f"Streams released: {released:,}. Still parked: {len(left):,}."
    lines_left = [f"  {_parked_line(each, known)}" for each in left]
    return "\n".join([head, *map(printable, lines_left)])


def _rebuild(status: Status) -> str:
    done = status.shards
    how_far = f"{done.events_loaded:,} of {done.events:,} events loaded, {done.events_verified:,} read back"
    if status.is_rebuilding:
        return f"rebuild is running: {how_far}"
    return (
        f"rebuild was interrupted: {how_far}; "
        f"continue it with scim-ledger projections rebuild {status.projection.name}"
    )


def _previous(status: Status) -> str:
    if status.previous is None:
        return "no previous tables"
    if not status.is_previous_ours:
        return f"previous tables of another release: {_built(status.previous)}"
    name = status.projection.name
    return f"previous tables: {_built(status.previous)}; scim-ledger projections rollback {name}"


def listed(status: Status) -> dict[str, Any]:
    """Return a projection as JSON, without its lag."""
    return {
        "name": status.projection.name,
        "kind": status.projection.kind,
        "revision": status.build.revision if status.build else None,
        "codeRevision": status.projection.revision,
        "isCurrent": status.is_current,
        "builtAt": _instant(status.build.built_at) if status.build else None,
    }


def document(status: Status) -> dict[str, Any]:
    """Return the state of a projection as JSON."""
    return {
        **listed(status),
        "logs": [
            {
                "organizationId": str(each.organization_id),
                "position": each.position,
                "tail": each.tail,
                "lagEvents": each.events,
                "beyondEvents": each.beyond,
                "lagSeconds": round(each.seconds, 3),
            }
            for each in status.lags
        ],
        "parked": [_parked(each) for each in status.parked],
        "rebuild": _rebuild_document(status) if status.next else None,
        "previous": _previous_document(status, status.previous) if status.previous else None,
    }


def _parked(each: ParkedStream) -> dict[str, Any]:
    return {
        "organizationId": str(each.organization_id),
        "streamId": str(each.stream_id),
        "position": each.position,
        "version": each.version,
        "eventId": str(each.event_id),
        "eventType": each.event_type,
        "error": each.error,
        "attempts": each.attempts,
        "parkedAt": _instant(each.parked_at),
        "triedAt": _instant(each.tried_at),
    }


def _rebuild_document(status: Status) -> dict[str, Any]:
    return {
        "isRunning": status.is_rebuilding,
        "events": status.shards.events,
        "eventsLoaded": status.shards.events_loaded,
        "eventsReadBack": status.shards.events_verified,
    }


def _previous_document(status: Status, build: Build) -> dict[str, Any]:
    return {
        "revision": build.revision,
        "builtAt": _instant(build.built_at),
        "canRollBack": status.is_previous_ours,
    }


def rebuilt(name: str, events: int, seconds: float) -> str:
    """Return the summary of a rebuild."""
    return (
        f"{name} was rebuilt from {events:,} events in {seconds:.1f} s "
        f"({events / seconds:,.0f} events/s) and now serves. "
        f"The previous tables are kept: scim-ledger projections rollback {name}"
    )


def as_json(documents: Iterable[Mapping[str, Any]]) -> str:
    """Return documents as a JSON list."""
    return output.as_json(list(documents))


def _instant(at: datetime) -> str:
    return at.isoformat()
