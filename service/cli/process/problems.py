"""What a person is told of an error on the command line: one line, which says what to change, and an exit code."""

import socket
from enum import IntEnum

import asyncpg
from pydantic import ValidationError

from eventstore.postgres.outages import DRIVERS_OWN, Outage, classify
from projections.fold import NotFolded
from projections.rebuild.rebuild import REFUSALS
from schema.scim.errors import ScimError
from service.app import CannotListen
from service.cli.process.output import OutputFailed
from service.config import SettingProblem
from service.database.embedded.postgres import EmbeddedPostgresError
from service.database.master_key import KeyProblem
from service.database.migrate import MigrationProblem
from service.runtime import NoDatabase, NotMigrated


class Exit(IntEnum):
    """Exit codes: 2 is what typer gives for a command line that it cannot read."""

    OK = 0
    REFUSED = 1  # What was asked cannot be done; the message says why.
    USAGE = 2  # The command line cannot be read.
    UNAVAILABLE = 3  # Something required is unavailable: Postgres, the data folder, a key, the port, the output.


class Refused(Exception):
    """What was asked cannot be done; the message says why."""


REFUSED = (ScimError, Refused, *REFUSALS)
UNREACHABLE = (ConnectionError, TimeoutError, socket.gaierror)
PROBLEMS = (
    CannotListen,
    EmbeddedPostgresError,
    KeyProblem,
    MigrationProblem,
    NoDatabase,
    NotFolded,
    NotMigrated,
    OSError,
    OutputFailed,
    SettingProblem,
)
KNOWN = (ValidationError, *REFUSED, *UNREACHABLE, *PROBLEMS, *DRIVERS_OWN)


def exit_of(error: Exception) -> Exit:
    """Return the exit code for one of KNOWN."""
    return Exit.REFUSED if isinstance(error, REFUSED) else Exit.UNAVAILABLE


def line_of(error: Exception) -> str:
    """Return the line for one of KNOWN."""
    told = _line_of(error)
    for each in (error, error.__cause__):
        if classify(each) is Outage.DENIED and not getattr(each, "hint", None):
            return f"{told.rstrip('.')}. Let DATABASE_URL name the account that owns the database."
    return told


def _line_of(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"Setting {_setting(first['loc'])}: {first['msg'].removeprefix('Value error, ')}."
    if isinstance(error, UNREACHABLE):
        return f"Postgres cannot be reached: check DATABASE_URL. {error}"
    if isinstance(error, DRIVERS_OWN):
        return _line_of_postgres(error)
    return str(error) or type(error).__name__


def _line_of_postgres(error: Exception) -> str:
    match classify(error):
        case Outage.UNREACHABLE if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
            return (
                "No server that DATABASE_URL names is what its target_session_attrs asks for: name "
                "the primary, with target_session_attrs=primary or without any."
            )
        case Outage.UNREACHABLE:
            return f"Postgres cannot be reached: check DATABASE_URL. {error}"
        case Outage.MISCONFIGURED:
            return f"DATABASE_URL: {error}"
        case Outage.OTHER_RELEASE:
            return (
                "The tables are of another release: run scim-ledger projections rebuild "
                f"for each that scim-ledger projections list names. {error}"
            )
        case Outage.LOST | Outage.INTERRUPTED | Outage.UNKNOWN_OUTCOME:
            return f"The connection to Postgres was lost: run the same command again. ({error})"
        case _:
            return f"Postgres: {error}."


def _setting(location: tuple[int | str, ...]) -> str:
    name = ".".join(map(str, location))
    return name if name.isupper() else f"SCIM_LEDGER_{name.upper()}"
