"""What the store refuses, and which constraint in Postgres causes each refusal."""

import asyncpg


class StoreError(Exception):
    """The log refused an append."""


class WrongExpectedVersion(StoreError):
    """An event's version is not the next one of its stream: the stream has moved, or does not exist yet."""


class WrongTail(StoreError):
    """An event's position or instant does not follow the log's tail: the append did not hold the lock."""


class SubjectErased(StoreError):
    """The subject's key was destroyed: no personal values can be appended about it again."""


class SubjectExists(StoreError):
    """A new subject already has a key: its stream exists."""


class KeyRetired(StoreError):
    """A new subject's key was wrapped with a master key that is retired: this process missed the rotation."""


class LogHeld(StoreError):
    """The log moves to another database, or has moved: it takes no events here."""


class BrokenSeal(Exception):
    """Sealed bytes do not open: they were altered, moved, or sealed under another master key."""


REFUSALS: dict[str, type[StoreError]] = {
    "events_one_per_version": WrongExpectedVersion,
    "events_versions_are_gapless": WrongExpectedVersion,
    "events_pkey": WrongTail,
    "events_follow_the_tail": WrongTail,
    "subject_keys_pkey": SubjectExists,
    "subject_keys_wrapped_by_the_master_key": KeyRetired,
    "logs_are_in_one_place": LogHeld,
}


def refusal(error: asyncpg.IntegrityConstraintViolationError) -> Exception:
    """Return the store's own error for a violated constraint, or the error itself if the store has none for it."""
    known = REFUSALS.get(error.constraint_name or "")
    return known(known.__doc__) if known else error
