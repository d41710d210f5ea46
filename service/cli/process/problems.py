"""How an error is reported on the command line: one line that says what to change, and an exit code."""

import socket
from enum import IntEnum

import asyncpg
from pydantic import ValidationError

from eventstore.errors import BrokenSeal, StoreError
from eventstore.postgres.outages import DRIVERS_OWN, Outage, classify
from eventstore.proof.outside_lines import BrokenCopy
from eventstore.proof.tiles import DamagedTile
from eventstore.transfer.arrive import Foreign
from eventstore.trees.extend import Contradicted, Overtaken
from eventstore.trees.prove import NoProof
from eventstore.trees.restart import NotReached
from projections.fold import NotFolded
from projections.rebuild.rebuild import REFUSALS
from schema.events.codec import UnknownEvent
from schema.scim.errors import ScimError
from service.backup.manifest import BackupProblem
from service.cli.process.output import OutputFailed
from service.config import CannotListen, SettingProblem
from service.database.embedded.postgres import EmbeddedPostgresError
from service.database.logins.given import LoginProblem, NoOwner
from service.database.master_key import KeyProblem
from service.database.migrate import MigrationProblem
from service.database.session_check import SessionProblem
from service.keys.rotate import NotRotated
from service.replay.parquet import NoParquet
from service.runtime import NoDatabase, NotMigrated


class Exit(IntEnum):
    """Exit codes. typer uses 2 for a command line that it cannot parse."""

    OK = 0
    REFUSED = 1  # The request cannot be carried out; the message says why.
    USAGE = 2  # The command line cannot be parsed.
    UNAVAILABLE = 3  # Something required is unavailable: Postgres, the data folder, a key, the port, the output.


class Refused(Exception):
    """The request cannot be carried out; the message says why."""


REFUSED = (
    BackupProblem,
    BrokenCopy,
    BrokenSeal,
    Contradicted,
    DamagedTile,
    Foreign,
    NoParquet,
    NoProof,
    NotReached,
    NotRotated,
    Overtaken,
    Refused,
    ScimError,
    StoreError,
    UnknownEvent,
    *REFUSALS,
)
UNREACHABLE = (ConnectionError, TimeoutError, socket.gaierror)
PROBLEMS = (
    CannotListen,
    EmbeddedPostgresError,
    KeyProblem,
    LoginProblem,
    MigrationProblem,
    NoDatabase,
    NoOwner,
    NotFolded,
    NotMigrated,
    OSError,
    OutputFailed,
    SessionProblem,
    SettingProblem,
)
KNOWN = (ValidationError, *REFUSED, *UNREACHABLE, *PROBLEMS, *DRIVERS_OWN)


def exit_of(error: Exception) -> Exit:
    """Return the exit code for an error in KNOWN."""
    return Exit.REFUSED if isinstance(error, REFUSED) else Exit.UNAVAILABLE


def line_of(error: Exception) -> str:
    """Return the line to print for an error in KNOWN."""
    message = _line_of(error)
    for each in (error, error.__cause__):
        if classify(each) is Outage.DENIED and not getattr(each, "hint", None):
            return (
                f"{message.rstrip('.')}. Let DATABASE_URL name the account that owns the database."
            )
    return message


def _line_of(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"Setting {_setting(first['loc'])}: {first['msg'].removeprefix('Value error, ')}."
    if isinstance(error, UNREACHABLE):
        return f"Postgres cannot be reached: check DATABASE_URL. {error}"
    if isinstance(error, DRIVERS_OWN):
        return _line_of_postgres(error)
    return str(error) or type(error).__doc__ or type(error).__name__


def _line_of_postgres(error: Exception) -> str:
    match classify(error):
        case Outage.UNREACHABLE if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
            return (
                "None of the servers in DATABASE_URL matches its target_session_attrs: name the "
                "primary, with target_session_attrs=primary or without target_session_attrs."
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
