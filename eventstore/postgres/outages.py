"""What an error from Postgres or its driver means. All code matches on this one table."""

import asyncio
import socket
from collections.abc import Mapping
from enum import Enum, auto

import asyncpg


class Outage(Enum):
    """What an error means to the code that catches it."""

    # No connection was made: no server answers, or none of the wanted kind.
    UNREACHABLE = auto()
    # The connection is gone. The statement that was running may have taken effect.
    LOST = auto()
    # We stopped waiting for the answer. The statement may have taken effect; the connection is unusable.
    INTERRUPTED = auto()
    # Postgres itself does not know whether the statement took effect.
    UNKNOWN_OUTCOME = auto()
    # Postgres lacks space or time, or does not accept writes. Nothing took effect.
    BUSY = auto()
    # Another transaction held a lock for too long. Nothing took effect.
    LOCKED = auto()
    # Another transaction interfered. Nothing took effect, and a retry may succeed at once.
    CONFLICT = auto()
    # The account lacks a right.
    DENIED = auto()
    # The DSN, the account or the server's configuration is wrong.
    MISCONFIGURED = auto()
    # A table, a column or a function is missing: another release made those that are there.
    OTHER_RELEASE = auto()
    # A row lacks a value. Either another release made the column, or one command is to blame.
    INCOMPLETE_ROW = auto()
    # A constraint refuses the rows. Its name says which rule.
    REFUSED = auto()
    # A value does not fit: its type, its encoding, or a limit of Postgres.
    UNFIT = auto()
    # The statement itself is wrong.
    BUG = auto()
    # The error does not come from Postgres or the driver: it is one of our refusals, or our bug.
    NONE = auto()

    @property
    def passes(self) -> bool:
        """Return whether the outage ends by itself: a later retry may succeed without any change."""
        return self in PASSING

    @property
    def blames_nobody(self) -> bool:
        """Return whether no command and no event is to blame. The client may then send the same again."""
        return self.passes or self in {Outage.DENIED, Outage.MISCONFIGURED}

    @property
    def may_have_happened(self) -> bool:
        """Return whether a statement or a COMMIT may have taken effect despite the error."""
        return self in UNCERTAIN


UNCERTAIN = frozenset({Outage.LOST, Outage.INTERRUPTED, Outage.UNKNOWN_OUTCOME})
PASSING = UNCERTAIN | {Outage.UNREACHABLE, Outage.BUSY, Outage.LOCKED, Outage.CONFLICT}

# By SQLSTATE, or else by its class, which is its first two characters (PostgreSQL's manual, appendix A).
MEANINGS: Mapping[str, Outage] = {
    "08": Outage.LOST,  # Connection exceptions. The driver itself raises some of them.
    "08007": Outage.UNKNOWN_OUTCOME,
    "22": Outage.UNFIT,  # Data exceptions.
    "23": Outage.REFUSED,  # Integrity constraints.
    "23502": Outage.INCOMPLETE_ROW,  # NOT NULL.
    "25006": Outage.BUSY,  # A read-only transaction: a standby answers, or a failover is under way.
    # Idle in a transaction, or in one transaction, for too long: Postgres rolls back and closes the connection.
    "25P03": Outage.BUSY,
    "25P04": Outage.BUSY,
    "28": Outage.MISCONFIGURED,  # The login is refused.
    "3D000": Outage.MISCONFIGURED,  # There is no such database.
    "3F000": Outage.OTHER_RELEASE,  # There is no such schema.
    "40": Outage.CONFLICT,  # Serialization failures, deadlocks, conflicts with a standby's recovery.
    "40003": Outage.UNKNOWN_OUTCOME,
    "42501": Outage.DENIED,
    "42703": Outage.OTHER_RELEASE,  # Undefined column, object (a constraint), function, table.
    "42704": Outage.OTHER_RELEASE,
    "42883": Outage.OTHER_RELEASE,
    "42P01": Outage.OTHER_RELEASE,
    "44": Outage.REFUSED,  # A view's check option.
    "53": Outage.BUSY,  # Out of connections, memory or disk.
    "54": Outage.UNFIT,  # Too large for an index, or nested too deeply.
    "55000": Outage.BUSY,  # The database takes no connections, as an operator wants it, or a standby recovers.
    "55006": Outage.BUSY,  # An object is in use.
    "55P03": Outage.LOCKED,
    "57": Outage.BUSY,  # An operator intervened, or a statement took too long.
    # Postgres sends these while it closes the connection. It may have committed by then.
    "57P01": Outage.LOST,  # An administrator shut the server down.
    "57P02": Outage.LOST,  # The server crashed.
    "57P03": Outage.LOST,  # The server is starting or stopping.
    "57P04": Outage.LOST,  # The database was dropped.
    "57P05": Outage.LOST,  # The session was idle for too long.
    "58": Outage.BUSY,  # Errors of the server's files and devices.
    "72": Outage.CONFLICT,  # A snapshot is too old.
    "F0": Outage.MISCONFIGURED,
}

# Every error that the driver raises itself or passes on from Postgres.
DRIVERS_OWN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def classify(error: BaseException | None) -> Outage:
    """Return what an error means."""
    match error:
        case asyncpg.PostgresError():
            return _of_postgres(error)
        case asyncpg.InterfaceError():
            return _of_interface(error)
        case asyncpg.InternalClientError() | OSError() | asyncio.CancelledError():
            return _of_connection(error)
        case MemoryError():
            return Outage.BUSY
        case _:
            return Outage.NONE


def _of_postgres(error: asyncpg.PostgresError) -> Outage:
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        return Outage.CONFLICT  # Tables were swapped under a statement. A retry plans it again.
    state = error.sqlstate or ""
    return MEANINGS.get(state) or MEANINGS.get(state[:2], Outage.BUG)


def _of_interface(error: asyncpg.InterfaceError) -> Outage:
    """Return what an error means that the driver raised before it sent anything, or because it could not send."""
    match error:
        case asyncpg.ClientConfigurationError():
            return Outage.MISCONFIGURED
        case asyncpg.UnsupportedClientFeatureError() | asyncpg.UnsupportedServerFeatureError():
            return Outage.BUG
        case ValueError():  # The driver cannot encode a value.
            return Outage.UNFIT
        case _:  # A connection or a pool is closed.
            return Outage.LOST


def _of_connection(error: BaseException) -> Outage:
    match error:
        case (
            asyncpg.TargetServerAttributeNotMatched() | ConnectionRefusedError() | socket.gaierror()
        ):
            return Outage.UNREACHABLE
        case TimeoutError() | asyncio.CancelledError() | asyncpg.InternalClientError():
            return (
                Outage.INTERRUPTED
            )  # InternalClientError: the driver has lost track of the connection.
        case _:
            return Outage.LOST
