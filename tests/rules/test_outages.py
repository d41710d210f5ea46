"""What an error between us and Postgres means: each SQLSTATE, each error of the driver and of the system."""

import asyncio
import errno
import inspect
import re
import socket
import ssl
from pathlib import Path

import asyncpg
import pytest
from asyncpg import exceptions

from eventstore.errors import WrongExpectedVersion
from eventstore.postgres.outages import MEANINGS, Outage, classify
from schema.scim.errors import InvalidValue

ROOT = Path(__file__).resolve().parents[2]
STATES = {
    "08000": Outage.LOST,  # connection_exception
    "08001": Outage.LOST,  # sqlclient_unable_to_establish_sqlconnection
    "08003": Outage.LOST,  # connection_does_not_exist
    "08006": Outage.LOST,  # connection_failure
    "08007": Outage.UNKNOWN_OUTCOME,  # transaction_resolution_unknown
    "08P01": Outage.LOST,  # protocol_violation
    "0A000": Outage.BUG,  # feature_not_supported
    "21000": Outage.BUG,  # cardinality_violation
    "22001": Outage.UNFIT,  # string_data_right_truncation
    "22003": Outage.UNFIT,  # numeric_value_out_of_range
    "22021": Outage.UNFIT,  # character_not_in_repertoire
    "22P02": Outage.UNFIT,  # invalid_text_representation
    "22P05": Outage.UNFIT,  # untranslatable_character
    "23000": Outage.REFUSED,  # integrity_constraint_violation
    "23001": Outage.REFUSED,  # restrict_violation
    "23502": Outage.INCOMPLETE_ROW,  # not_null_violation
    "23503": Outage.REFUSED,  # foreign_key_violation
    "23505": Outage.REFUSED,  # unique_violation
    "23514": Outage.REFUSED,  # check_violation
    "23P01": Outage.REFUSED,  # exclusion_violation
    "25000": Outage.BUG,  # invalid_transaction_state
    "25001": Outage.BUG,  # active_sql_transaction
    "25006": Outage.BUSY,  # read_only_sql_transaction
    "25P02": Outage.BUG,  # in_failed_sql_transaction
    "25P03": Outage.BUSY,  # idle_in_transaction_session_timeout
    "25P04": Outage.BUSY,  # transaction_timeout
    "28000": Outage.MISCONFIGURED,  # invalid_authorization_specification
    "28P01": Outage.MISCONFIGURED,  # invalid_password
    "34000": Outage.BUG,  # invalid_cursor_name
    "3D000": Outage.MISCONFIGURED,  # invalid_catalog_name
    "3F000": Outage.OTHER_RELEASE,  # invalid_schema_name
    "40001": Outage.CONFLICT,  # serialization_failure
    "40002": Outage.CONFLICT,  # transaction_integrity_constraint_violation
    "40003": Outage.UNKNOWN_OUTCOME,  # statement_completion_unknown
    "40P01": Outage.CONFLICT,  # deadlock_detected
    "42501": Outage.DENIED,  # insufficient_privilege
    "42601": Outage.BUG,  # syntax_error
    "42703": Outage.OTHER_RELEASE,  # undefined_column
    "42704": Outage.OTHER_RELEASE,  # undefined_object
    "42804": Outage.BUG,  # datatype_mismatch
    "42883": Outage.OTHER_RELEASE,  # undefined_function
    "42P01": Outage.OTHER_RELEASE,  # undefined_table
    "42P07": Outage.BUG,  # duplicate_table
    "44000": Outage.REFUSED,  # with_check_option_violation
    "53000": Outage.BUSY,  # insufficient_resources
    "53100": Outage.BUSY,  # disk_full
    "53200": Outage.BUSY,  # out_of_memory
    "53300": Outage.BUSY,  # too_many_connections
    "53400": Outage.BUSY,  # configuration_limit_exceeded
    "54000": Outage.UNFIT,  # program_limit_exceeded
    "55000": Outage.BUSY,  # object_not_in_prerequisite_state
    "55006": Outage.BUSY,  # object_in_use
    "55P03": Outage.LOCKED,  # lock_not_available, and lock_timeout
    "57000": Outage.BUSY,  # operator_intervention
    "57014": Outage.BUSY,  # query_canceled, and statement_timeout
    "57P01": Outage.LOST,  # admin_shutdown
    "57P02": Outage.LOST,  # crash_shutdown
    "57P03": Outage.LOST,  # cannot_connect_now
    "57P04": Outage.LOST,  # database_dropped
    "57P05": Outage.LOST,  # idle_session_timeout
    "58000": Outage.BUSY,  # system_error
    "58030": Outage.BUSY,  # io_error
    "58P01": Outage.BUSY,  # undefined_file
    "72000": Outage.CONFLICT,  # snapshot_too_old
    "F0000": Outage.MISCONFIGURED,  # config_file_error
    "P0001": Outage.BUG,  # raise_exception
    "XX000": Outage.BUG,  # internal_error
    "XX001": Outage.BUG,  # data_corrupted
    "ZZ999": Outage.BUG,  # From a future Postgres, or from a pooler.
}
ERRORS = [
    (asyncpg.TargetServerAttributeNotMatched("None is a primary."), Outage.UNREACHABLE),
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Outage.UNREACHABLE),
    (socket.gaierror(socket.EAI_NONAME, "no such host"), Outage.UNREACHABLE),
    (asyncpg.ClientConfigurationError("invalid DSN"), Outage.MISCONFIGURED),
    (asyncpg.InterfaceError("connection is closed"), Outage.LOST),
    (asyncpg.InterfaceError("pool is closing"), Outage.LOST),
    (asyncpg.ConnectionDoesNotExistError("connection was closed"), Outage.LOST),
    (ConnectionResetError(errno.ECONNRESET, "reset"), Outage.LOST),
    (BrokenPipeError(errno.EPIPE, "broken pipe"), Outage.LOST),
    (FileNotFoundError(errno.ENOENT, "no such socket"), Outage.LOST),
    (OSError(errno.EHOSTUNREACH, "no route"), Outage.LOST),
    (OSError(errno.EMFILE, "too many open files"), Outage.LOST),
    (ssl.SSLError("bad record"), Outage.LOST),
    (TimeoutError(), Outage.INTERRUPTED),
    (asyncio.CancelledError(), Outage.INTERRUPTED),
    (asyncpg.InternalClientError("got result for unknown protocol state"), Outage.INTERRUPTED),
    (asyncpg.ProtocolError("unexpected message"), Outage.INTERRUPTED),
    (asyncpg.OutdatedSchemaCacheError("retry"), Outage.INTERRUPTED),
    (exceptions._base.DataError("invalid input for $1"), Outage.UNFIT),
    (asyncpg.UnsupportedServerFeatureError("no listen"), Outage.BUG),
    (asyncpg.UnsupportedClientFeatureError("no such type"), Outage.BUG),
    (asyncpg.InvalidCachedStatementError("plan must not change"), Outage.CONFLICT),
    (asyncpg.PostgresError("no state"), Outage.BUG),
    (MemoryError(), Outage.BUSY),
    (ValueError("no number"), Outage.NONE),
    (KeyError("userName"), Outage.NONE),
    (WrongExpectedVersion(), Outage.NONE),
    (InvalidValue("no"), Outage.NONE),
    (None, Outage.NONE),
]


def from_server(sqlstate: str) -> asyncpg.PostgresError:
    """Return the exception that the driver raises if the server answers with this SQLSTATE."""
    return exceptions.PostgresError.new({"C": sqlstate, "M": "it says so", "S": "ERROR"})


@pytest.mark.parametrize(("sqlstate", "meaning"), STATES.items())
def test_a_state_has_its_meaning(sqlstate: str, meaning: Outage) -> None:
    assert classify(from_server(sqlstate)) is meaning


@pytest.mark.parametrize(("error", "meaning"), ERRORS, ids=lambda each: repr(each)[:40])
def test_an_error_has_its_meaning(error: BaseException | None, meaning: Outage) -> None:
    assert classify(error) is meaning


def test_each_error_that_the_driver_knows_is_of_the_database() -> None:
    kinds = [
        each
        for _, each in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(each, Exception) and not issubclass(each, Warning)
    ]
    assert len(kinds) > 200
    assert [each for each in kinds if classify(each("x")) is Outage.NONE] == []


def test_each_meaning_has_an_error() -> None:
    assert {*STATES.values(), *(meaning for _, meaning in ERRORS)} == set(Outage)


def test_each_state_of_the_table_is_tried() -> None:
    assert [each for each in MEANINGS if not any(s.startswith(each) for s in STATES)] == []


@pytest.mark.parametrize(
    ("quality", "meanings"),
    [
        ("may_have_happened", "LOST INTERRUPTED UNKNOWN_OUTCOME"),
        ("passes", "LOST INTERRUPTED UNKNOWN_OUTCOME UNREACHABLE BUSY LOCKED CONFLICT"),
        (
            "blames_nobody",
            "LOST INTERRUPTED UNKNOWN_OUTCOME UNREACHABLE BUSY LOCKED CONFLICT DENIED MISCONFIGURED",
        ),
    ],
)
def test_meanings_of_a_quality(quality: str, meanings: str) -> None:
    assert {each.name for each in Outage if getattr(each, quality)} == set(meanings.split())


NAMED = {  # The files that name an exception of the driver, and why.
    "eventstore/postgres/outages.py": "It is the table.",
    "eventstore/errors.py": "The name of a constraint becomes a refusal.",
    "eventstore/append.py": "The same.",
    "projections/directory/save.py": "The same: a name that is taken.",
    "eventstore/postgres/hosts.py": "A server of another kind says less than one that should have answered.",
    "eventstore/postgres/pool.py": "A connection that was returned to the pool refuses every call.",
    "projections/maintenance/ownership.py": "Other people's objects that depend on ours become a refusal.",
    "service/backup/table_files.py": "Rows of a file that Postgres refuses were changed.",
    "service/database/migrate.py": "It repeats Postgres's own words and hint.",
    "service/database/grants.py": "The same.",
    "service/http/health.py": "It names the setting that keeps a database from taking writes.",
    "service/cli/process/problems.py": "The same, of DATABASE_URL.",
    "service/runtime.py": "A login that Postgres refuses, and a right that is missing, say what to run.",
    "service/traces.py": "It leaves the values out of traces, and a driver's errors quote them.",
    "service/database/logins/given.py": "A login that Postgres refuses was renewed, or never worked.",
    "service/database/logins/provided.py": "The same; a right that is missing says what to run.",
    "service/database/logins/session.py": "The same.",
    "service/database/logins/stored.py": "The same.",
}


def test_nobody_else_names_the_driver_s_exceptions() -> None:
    naming = re.compile(r"asyncpg\.(?:exceptions\b|[A-Z]\w*Error\b|TargetServer)")
    files = [
        file
        for package in ("eventstore", "projections", "service")
        for file in (ROOT / package).rglob("*.py")
    ]
    found = {str(each.relative_to(ROOT)) for each in files if naming.search(each.read_text())}
    assert found == set(NAMED)
