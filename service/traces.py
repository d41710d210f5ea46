"""Traces without the messages that may hold values: a name that was sent, or a row that Postgres refused."""

import sys
from collections.abc import Iterator
from typing import Any

import asyncpg

# Their messages quote what was wrong. Other errors say what went wrong in words of the code.
QUOTING = (ValueError, LookupError, asyncpg.InterfaceError, asyncpg.DataError)
WITHHELD = "(withheld)"


def without_values(trace: str, exc_info: Any) -> str:
    """Return a trace without messages that quote values, and without the details of Postgres's errors."""
    for error in chain(error_of(exc_info)):
        message = str(error)
        if isinstance(error, QUOTING) and message:
            trace = trace.replace(f": {message}", f": {WITHHELD}")
        elif isinstance(error, asyncpg.PostgresError) and error.detail:
            trace = trace.replace(error.detail, WITHHELD)
    return trace


def error_of(exc_info: Any) -> BaseException | None:
    """Return the error that a log line is about, in any of the forms in which it may be given."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error: BaseException | None = exc_info[1]
        return error
    return sys.exc_info()[1] if exc_info else None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that a trace shows with it."""
    seen, waiting = set[int](), [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def named(error: BaseException) -> str:
    """Return which error it is, without its message."""
    rule = getattr(error, "constraint_name", None)
    return f"{type(error).__name__} ({rule})" if rule else type(error).__name__
