"""What the commands about the proof print: lines or JSON."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from eventstore.proof.notes import encoded
from eventstore.proof.outside_lines import Closed, instant
from eventstore.proof.verdicts import Verdict
from service.cli.process import output
from service.proof.repair import Lost
from service.proof.rotate import Rotation
from service.proof.verify import Verification


def lines(found: Verification, names: Mapping[UUID, str]) -> str:
    """Return the verdict on each log as lines."""
    shown = [line for each in found.verdicts for line in _of_log(each, found, names)]
    shown += [
        f"{names.get(key, key)}: the log is not here any more. {_closed(each)}"
        for key, each in found.gone.items()
    ]
    if not shown:
        shown.append("There is no log.")
    if found.problem:
        shown.append(found.problem)
    return "\n".join(shown)


def _of_log(each: Verdict, found: Verification, names: Mapping[UUID, str]) -> list[str]:
    name = names.get(each.organization_id, str(each.organization_id))
    copied = each.organization_id in found.copied
    copy = f"copy outside: {found.place}" if copied else "no copy outside"
    shown = [f"{name}: {finding.sentence()}" for finding in each.findings]
    if not each.findings:
        last = f", last event {instant(each.last_recorded_at)}" if each.last_recorded_at else ""
        shown.append(
            f"{name}: ok. {each.tail:,} events{last}; checkpoint of {each.size:,} by key {each.key_id}, "
            f"root {encoded(each.root)}; {copy}{_cosigned(each)}."
        )
    if each.proven_from > 1:
        shown.append(f"{name}: what came before position {each.proven_from} is not proven.")
    shown += [
        f"{name}: a restore was declared at position {restore.position}: what had followed position "
        f"{restore.kept} was lost."
        for restore in each.restores
    ]
    if closed := found.closed.get(each.organization_id):
        shown.append(f"{name}: {_closed(closed)}")
    return shown


def _closed(closed: Closed) -> str:
    """Return what the copy outside says about the end of a log."""
    return f"It was closed at size {closed.size:,} on {instant(closed.at)}: {closed.reason}."


def _cosigned(each: Verdict) -> str:
    """Return what the witness cosigned last; empty if the log has none."""
    if each.cosigned_at is None:
        return ""
    return f"; a witness cosigned {each.cosigned_size:,} on {instant(each.cosigned_at)}"


def documents(found: Verification) -> Sequence[str]:
    """Return the verdict on each log as JSON."""
    return [
        output.as_json(
            {
                "organizationId": str(each.organization_id),
                "code": each.code,
                "findings": [
                    {
                        "code": finding.code,
                        "position": finding.position,
                        "after": finding.after,
                        "count": finding.count,
                        "sentence": finding.sentence(),
                    }
                    for finding in each.findings
                ],
                "events": each.tail,
                "size": each.size,
                "rootHash": encoded(each.root) if each.root else None,
                "keyId": each.key_id or None,
                "lastRecordedAt": _instant(each),
                "provenFrom": each.proven_from,
                "restores": [restore.position for restore in each.restores],
                "outsideCopy": found.place if each.organization_id in found.copied else None,
                "cosignedSize": each.cosigned_size or None,
                "cosignedAt": instant(each.cosigned_at) if each.cosigned_at else None,
                "closed": _closed_document(found.closed.get(each.organization_id)),
            }
        )
        for each in found.verdicts
    ] + [
        output.as_json(
            {"organizationId": str(key), "code": "closed", "closed": _closed_document(each)}
        )
        for key, each in found.gone.items()
    ]


def _closed_document(closed: Closed | None) -> Mapping[str, Any] | None:
    if closed is None:
        return None
    return {"size": closed.size, "at": instant(closed.at), "reason": closed.reason}


def _instant(each: Verdict) -> Any:
    return instant(each.last_recorded_at) if each.last_recorded_at else None


def accepted(lost: Lost) -> str:
    """Return what a declared restore gave up."""
    until = f" (until {instant(lost.kept_until)})" if lost.kept_until else ""
    signed = f", signed on {instant(lost.lost_until)}" if lost.lost_until else ""
    events = "1 event is" if lost.events == 1 else f"{lost.events:,} events are"
    tokens = (
        f" {lost.tokens_revoked:,} tokens and {lost.clients_revoked:,} OAuth clients were revoked: issue new ones."
        if lost.tokens_revoked or lost.clients_revoked
        else ""
    )
    return (
        f"Accepted: {events} lost. {lost.kept:,} events are kept{until}; the last checkpoint in the database was of "
        f"{lost.lost:,} at most{signed}. The log goes on as incarnation {lost.incarnation}.{tokens}"
    )


def rotated(done: Rotation) -> str:
    """Return what a rotation did."""
    left = (
        f" {len(done.left)} logs are contradicted and keep the old key: repair them, and rotate again."
        if done.left
        else ""
    )
    return (
        f"{done.logs:,} logs are signed by a new key now. Give its public part to whoever verifies: "
        f"scim-ledger audit keys. {done.retired} private keys were deleted.{left}"
    )
