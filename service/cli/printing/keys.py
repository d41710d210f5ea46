"""What `scim-ledger keys` prints: lines or JSON."""

from collections.abc import Callable
from typing import Any

from projections.maintenance.session import Progress, Report
from service.callers.signing_keys import StoredKey
from service.cli.printing.tokens import instant
from service.cli.process import output
from service.keys.list import ListedKeys, state_of
from service.keys.master_keys import MasterKeyState, shown
from service.keys.processes import ServingProcess
from service.keys.rotate import RotatedMasterKey, RotatedSigningKey
from service.terminal import printable

MEANING = {
    "next": "announced, wraps nothing yet",
    "current": "wraps",
    "former": "opens what is not wrapped again yet",
    "retired": "not needed, except for backups of its time",
}


def reporting(report: Report) -> Callable[[str, int, int], None]:
    """Return a function that shows the progress of a rotation."""
    return lambda step, done, total: report(Progress(step, done, total))


def lines(held: ListedKeys) -> str:
    """Return the keys as lines."""
    return "\n".join(
        [
            "Master keys",
            *(f"  {_master_line(each, held)}" for each in held.master_keys),
            *([f"  {held.waiting:,} keys wait to be wrapped again"] if held.waiting else []),
            "Signing keys",
            *(f"  {_signing_line(each, held)}" for each in held.signing_keys),
            "Processes that serve",
            *([f"  {_process_line(each)}" for each in held.processes] or ["  none"]),
        ]
    )


def _master_line(key: MasterKeyState, held: ListedKeys) -> str:
    where = held.places.get(key.fingerprint)
    found = f"  {printable(where)}" if where else ""
    return (
        f"{shown(key.fingerprint):<18} {key.state:<9} {key.created_at:%Y-%m-%d}  "
        f"{MEANING[key.state]}{found}"
    )


def _signing_line(key: StoredKey, held: ListedKeys) -> str:
    return f"{printable(key.kid):<18} {state_of(key):<9} {key.created_at:%Y-%m-%d}  {_until(key, held)}".rstrip()


def _until(key: StoredKey, held: ListedKeys) -> str:
    match state_of(key):
        case "verifies" if key.verifies_until is None:
            return f"until the tokens that never expire are revoked: {held.tokens.endless:,}"
        case "verifies" | "retired":
            return f"until {key.verifies_until:%Y-%m-%d %H:%M} UTC"
        case "unusable":
            return "was altered: restore it from a backup, or leave it"
        case _:
            return ""


def _process_line(each: ServingProcess) -> str:
    return (
        f"{printable(each.name)}: wraps with {shown(each.wraps_with)}, "
        f"signs with {each.signing_kid or 'no key'}, since {each.started_at:%Y-%m-%d %H:%M:%S}"
    )


def as_json(held: ListedKeys) -> str:
    """Return the keys as JSON."""
    return output.as_json(
        {
            "masterKeys": [
                {
                    "fingerprint": each.fingerprint,
                    "state": each.state,
                    "createdAt": instant(each.created_at),
                    "changedAt": instant(each.changed_at),
                    "place": held.places.get(each.fingerprint),
                }
                for each in held.master_keys
            ],
            "keysToWrapAgain": held.waiting,
            "signingKeys": [
                {
                    "kid": each.kid,
                    "state": state_of(each),
                    "createdAt": instant(each.created_at),
                    "retiredAt": instant(each.retired_at),
                    "verifiesUntil": instant(each.verifies_until),
                }
                for each in held.signing_keys
            ],
            "processes": [
                {
                    "host": each.host,
                    "pid": each.pid,
                    "wrapsWith": each.wraps_with,
                    "opens": list(each.opens),
                    "signingKey": each.signing_kid,
                    "startedAt": instant(each.started_at),
                    "seenAt": instant(each.seen_at),
                }
                for each in held.processes
            ],
        }
    )


def rotated_signing(rotated: RotatedSigningKey) -> str:
    """Return the outcome of a rotation of the signing key."""
    head = f"New tokens are signed with {rotated.kid}."
    if rotated.verifies_until is None:
        return (
            f"{head} The former keys verify without end, because there are tokens that never expire: "
            f"{rotated.needed.endless:,}. Once they are revoked, rotate again, or choose an end with --verify-days."
        )
    return f"{head} The former keys verify until {rotated.verifies_until:%Y-%m-%d %H:%M} UTC."


def rotated_signing_json(rotated: RotatedSigningKey) -> str:
    """Return the same as JSON."""
    return output.as_json(
        {
            "kid": rotated.kid,
            "formerVerifyUntil": instant(rotated.verifies_until),
            "tokensWithoutExpiry": rotated.needed.endless,
        }
    )


def rotated_master(rotated: RotatedMasterKey) -> str:
    """Return the outcome of a rotation of the master key."""
    said = [
        f"The master key is now {shown(rotated.fingerprint)}, from {rotated.place}.",
        f"Keys that were wrapped again: {rotated.keys:,}.",
    ]
    if rotated.broken:
        said.append(
            f"{rotated.broken:,} keys of people open under neither key, and are as they were: the log names them "
            "as subject_key_broken. Restore them from a backup."
        )
    if rotated.former_file is not None:
        said.append(
            f"The former key is in {rotated.former_file}: backups from before need it. Keep it with them, "
            "away from this machine, and delete it here."
        )
    elif rotated.place != "SCIM_LEDGER_MASTER_KEY":
        said.append(
            "Before the next start of each process, give it the new key as SCIM_LEDGER_MASTER_KEY, and remove "
            f"{rotated.place}. Keep the former key, {shown(rotated.former)}, with the backups from before."
        )
    return "\n".join(said)


def rotated_master_json(rotated: RotatedMasterKey) -> str:
    """Return the same as JSON."""
    kept: dict[str, Any] = {
        "formerFile": str(rotated.former_file) if rotated.former_file else None,
    }
    return output.as_json(
        {
            "fingerprint": rotated.fingerprint,
            "formerFingerprint": rotated.former,
            "place": rotated.place,
            "keysWrappedAgain": rotated.keys,
            "keysBroken": rotated.broken,
            **kept,
        }
    )
