"""What an error on the way to Postgres means: one table, and everybody matches on its answer."""

import asyncio
import socket
from collections.abc import Mapping
from enum import Enum, auto

import asyncpg


class Outage(Enum):
    """What an error means for whoever meets it."""

    UNREACHABLE = auto()  # No connection was made: no server answers, or none of the wanted kind.
    LOST = auto()  # The connection is gone. What was under way may have happened.
    INTERRUPTED = (
        auto()
    )  # Nobody waits for the answer any longer: the same, and the connection is of no use.
    UNKNOWN_OUTCOME = auto()  # Postgres itself does not know whether it has happened.
    BUSY = auto()  # Postgres lacks room, time or a server that takes writes. It has not happened.
    LOCKED = auto()  # Another transaction kept a lock for too long. It has not happened.
    CONFLICT = (
        auto()
    )  # Another transaction came between. It has not happened, and may pass at once.
    DENIED = auto()  # The account lacks a right.
    MISCONFIGURED = auto()  # The DSN, the account or the server's configuration is wrong.
    OTHER_RELEASE = (
        auto()
    )  # A table, a column or a function is missing: those of another release are there.
    INCOMPLETE_ROW = (
        auto()
    )  # A row lacks a value: of a column of another release, or one command is to blame.
    REFUSED = auto()  # A constraint refuses the rows; its name says which rule.
    UNFIT = auto()  # A value does not fit: its type, its encoding, or a limit of Postgres.
    BUG = auto()  # The statement is wrong in itself.
    NONE = auto()  # No error of the way to Postgres: a refusal of ours, or a bug of ours.

    @property
    def passes(self) -> bool:
        """Tell whether it passes by itself: the same may succeed later, and nothing has to be changed."""
        return self in PASSING

    @property
    def blames_nobody(self) -> bool:
        """Tell whether no command and no event is to blame, so that the client may send the same again."""
        return self.passes or self in {Outage.DENIED, Outage.MISCONFIGURED}

    @property
    def may_have_happened(self) -> bool:
        """Tell whether a statement or COMMIT that ended so may have happened."""
        return self in UNCERTAIN


UNCERTAIN = frozenset({Outage.LOST, Outage.INTERRUPTED, Outage.UNKNOWN_OUTCOME})
PASSING = UNCERTAIN | {Outage.UNREACHABLE, Outage.BUSY, Outage.LOCKED, Outage.CONFLICT}

# By SQLSTATE, else by its class, the first two characters (PostgreSQL's manual, appendix A).
MEANINGS: Mapping[str, Outage] = {
    "08": Outage.LOST,  # Connection exceptions; the driver says some of them itself.
    "08007": Outage.UNKNOWN_OUTCOME,
    "22": Outage.UNFIT,  # Data exceptions.
    "23": Outage.REFUSED,  # Integrity constraints.
    "23502": Outage.INCOMPLETE_ROW,  # NOT NULL.
    "25006": Outage.BUSY,  # A read-only transaction: a standby answers, or a failover is under way.
    "25P03": Outage.BUSY,  # Idle in a transaction for too long: Postgres rolls back and closes the connection.
    "25P04": Outage.BUSY,  # A transaction that took too long: the same.
    "28": Outage.MISCONFIGURED,  # Who we are is not accepted.
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
    "53": Outage.BUSY,  # Out of connections, memory, disk.
    "54": Outage.UNFIT,  # Too large for an index, too deep.
    "55006": Outage.BUSY,  # An object in use.
    "55P03": Outage.LOCKED,
    "57": Outage.BUSY,  # An operator came between, or a statement's time was up.
    # Postgres says these while it takes the connection away: by then it may have committed.
    "57P01": Outage.LOST,  # A shutdown by an administrator.
    "57P02": Outage.LOST,  # A crash.
    "57P03": Outage.LOST,  # It starts or stops.
    "57P04": Outage.LOST,  # The database was dropped.
    "57P05": Outage.LOST,  # An idle session.
    "58": Outage.BUSY,  # The server's files and devices.
    "72": Outage.CONFLICT,  # A snapshot too old.
    "F0": Outage.MISCONFIGURED,
}

# Every error that the driver itself makes or passes on.
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
        return Outage.CONFLICT  # Tables were swapped under a statement: the next try plans it anew.
    state = error.sqlstate or ""
    return MEANINGS.get(state) or MEANINGS.get(state[:2], Outage.BUG)


def _of_interface(error: asyncpg.InterfaceError) -> Outage:
    """Return what an error means that the driver raises before it sends anything, or where it cannot."""
    match error:
        case asyncpg.ClientConfigurationError():
            return Outage.MISCONFIGURED
        case asyncpg.UnsupportedClientFeatureError() | asyncpg.UnsupportedServerFeatureError():
            return Outage.BUG
        case ValueError():  # It cannot encode a value.
            return Outage.UNFIT
        case _:  # A connection or a pool that is closed.
            return Outage.LOST


def _of_connection(error: BaseException) -> Outage:
    match error:
        case (
            asyncpg.TargetServerAttributeNotMatched() | ConnectionRefusedError() | socket.gaierror()
        ):
            return Outage.UNREACHABLE
        case TimeoutError() | asyncio.CancelledError() | asyncpg.InternalClientError():
            return Outage.INTERRUPTED  # The last: the driver has lost track of the connection.
        case _:
            return Outage.LOST
