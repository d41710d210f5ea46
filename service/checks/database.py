"""Looks at Postgres: its servers, its clock, its session, the tables, the rights, the keys and the followers."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

from eventstore.postgres.connection import Connection
from eventstore.postgres.database_url import read_url
from eventstore.postgres.outages import DRIVERS_OWN
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from projections.directory.tokens import find_expiring
from projections.followers.lag import lag
from projections.followers.parked import count_parked
from projections.maintenance.release import find_release_mismatches
from projections.registry import PROJECTIONS
from service.checks.findings import Finding, ok, problem, warning
from service.config import Settings
from service.database.grants import find_missing
from service.database.logins.given import Logins, login_of_session
from service.database.logins.session import ServiceLogin, open_login
from service.database.migrate import is_behind
from service.database.pool import SESSION
from service.database.session_check import find_session, hears_notifications, problem_of
from service.runtime import open_keys

statement = statements_in(__package__)

CONNECT_TIMEOUT_S = 10.0
HOST_TIMEOUT_S = 2.0
VERSIONS = range(15, 19)
CLOCK_WARNING_S, CLOCK_PROBLEM_S = 2.0, 60.0
RESERVED = 5  # Connections of a process outside of its pool.
LAG_WARNING_S = 60.0
EXPIRY_DAYS = 14

Explain = Callable[[Exception], str]


async def check_database(
    logins: Logins, settings: Settings, explain: Explain
) -> AsyncIterator[Finding]:
    """Yield what there is to say about Postgres. `explain` makes one line of an expected error."""
    async for each in check_servers(logins.any, explain):
        yield each
    connection = await connect(logins.any, timeout_s=CONNECT_TIMEOUT_S)
    try:
        async for each in check_server(connection, settings):
            yield each
    finally:
        await connection.close()
    if await is_behind(logins.any, as_service=logins.owner is None):
        yield problem(
            "migrations", "the database lacks a migration or a right", "Run scim-ledger migrate."
        )
        return
    yield ok("migrations", "the database has those of this release")
    keyring = await open_keys(logins.any, settings, may_make=False)
    yield ok("keys", f"the master key {keyring.sealer.fingerprint} opens all others")
    login = await open_login(logins, keyring.sealer)
    connection = await login.connect(timeout_s=CONNECT_TIMEOUT_S, server_settings=SESSION)
    try:
        async for each in check_session(connection):
            yield each
        yield await check_notifications(connection, login)
        async for each in check_tables(connection):
            yield each
    finally:
        await connection.close()


async def check_servers(url: str, explain: Explain) -> AsyncIterator[Finding]:
    """Yield whether each of several servers answers."""
    read = read_url(url)
    for name, one in zip(read.hosts, read.each, strict=True):
        try:
            connection = await connect(one, timeout_s=HOST_TIMEOUT_S, target_session_attrs="any")
        except (*DRIVERS_OWN, OSError) as error:
            yield warning(
                "servers", f"{name}: {explain(error)}", "Bring it back, or take it out of the URL."
            )
            continue
        kind = "standby" if await connection.fetchval("SELECT pg_is_in_recovery()") else "primary"
        await connection.close()
        yield ok("servers", f"{name} answers, and is the {kind}")


async def check_server(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """Yield the version, the clock, and whether there are connections enough."""
    version = connection.get_server_version()
    if version.major in VERSIONS:
        yield ok("postgres", f"version {version.major}.{version.minor}")
    else:
        yield warning(
            "postgres",
            f"version {version.major} is not one of those that are tested",
            f"Use PostgreSQL {VERSIONS[0]} to {VERSIONS[-1]}.",
        )
    yield await check_clock(connection)
    row = await connection.fetchrow(statement("find_capacity"))
    needed = settings.workers * (settings.pool_size_max + RESERVED)
    text = f"{row['free']} of {row['max']} connections are free; this service needs {needed}"
    if row["free"] < needed:
        yield warning(
            "connections",
            text,
            "Unless this service holds them: raise max_connections, or lower SCIM_LEDGER_POOL_SIZE_MAX.",
        )
    else:
        yield ok("connections", text)
    if row["fsync"] != "on" or row["full_page_writes"] != "on":
        yield problem(
            "durability",
            "fsync or full_page_writes is off: a crash loses what was acknowledged",
            "Turn both on in postgresql.conf.",
        )
    elif row["standbys"]:
        yield ok("durability", f"what is acknowledged is on {row['standbys']} too")
    else:
        yield ok("durability", "what is acknowledged is on the disk of one machine")


async def check_clock(connection: Connection) -> Finding:
    """Return how far the clocks differ. Tokens expire by this machine's clock, events are dated by Postgres's."""
    before = datetime.now(UTC)
    there = await connection.fetchval("SELECT clock_timestamp()")
    took = datetime.now(UTC) - before
    off_s = abs(there - (before + took / 2)) / timedelta(seconds=1)
    text = f"this clock and Postgres's differ by {off_s:.2f} s"
    if off_s > CLOCK_PROBLEM_S:
        return problem("clock", text, "Set the clock: tokens expire by it (chronyc tracking).")
    if off_s > CLOCK_WARNING_S:
        return warning("clock", text, "Set the clock (chronyc tracking).")
    return ok("clock", text)


async def check_session(connection: Connection) -> AsyncIterator[Finding]:
    """Yield whether the service's session is what it asks for, and may do what it must and no more."""
    session = await find_session(connection)
    if session.wrong:
        yield problem("session", problem_of(session))
    else:
        yield ok("session", f"{session.role} has the settings that the service asks for")
    if missing := await find_missing(connection, to_serve=True):
        yield problem("rights", f"the service lacks {missing[0]}", "Run scim-ledger migrate.")
    login = await login_of_session(connection)
    more = [*(["the owner's rights"] if login.is_owner else []), *login.can_do_more]
    if more:
        yield warning(
            "rights",
            f"the login {login.name} can do more than it needs: {', '.join(more)}",
            "Give the service a login of its own (docs/how-to/own-database.md).",
        )
    else:
        yield ok("rights", f"{login.name} may serve, and nothing more")


async def check_notifications(connection: Connection, login: ServiceLogin) -> Finding:
    """Return whether what one connection of the service announces reaches another."""
    other = await login.connect(timeout_s=CONNECT_TIMEOUT_S, server_settings=SESSION)
    try:
        if await hears_notifications(connection, other):
            return ok("notifications", "they arrive")
    finally:
        await other.close()
    return warning(
        "notifications",
        "they do not arrive: a pooler drops them; history follows within 2 seconds all the same",
        "Connect directly, or leave it so.",
    )


async def check_tables(connection: Connection) -> AsyncIterator[Finding]:
    """Yield what is wrong with projections, followers and tokens."""
    for each in await find_release_mismatches(connection):
        yield warning(
            "projections", f"{each.projection} is of another release", f"Run {each.remedy}."
        )
    for name in (name for name, each in PROJECTIONS.items() if each.follower is not None):
        yield await check_follower(connection, name)
    until = datetime.now(UTC) + timedelta(days=EXPIRY_DAYS)
    expiring = [
        each for each in await find_expiring(connection, EXPIRY_DAYS) if each.expires_at <= until
    ]
    if expiring:
        first = min(each.expires_at for each in expiring)
        yield warning(
            "tokens",
            f"{len(expiring)} expire within {EXPIRY_DAYS} days, the first on {first:%Y-%m-%d}",
            "Rotate them (scim-ledger token list, token rotate).",
        )
    else:
        yield ok("tokens", f"none expires within {EXPIRY_DAYS} days")


async def check_follower(connection: Connection, name: str) -> Finding:
    """Return how a follower is doing."""
    lags = await lag(connection, name)
    seconds = max((each.seconds for each in lags), default=0.0)
    events = sum(each.events for each in lags)
    if any(each.beyond for each in lags):
        return problem(
            "followers",
            f"the checkpoint of {name} is beyond the end of a log: events are lost",
            "Restore the log (docs/how-to/backup.md).",
        )
    if parked := await count_parked(connection, name):
        return warning(
            "followers",
            f"{name} has {parked} parked streams",
            "Run scim-ledger projections status, then retry-parked.",
        )
    if seconds > LAG_WARNING_S:
        return warning(
            "followers",
            f"{name} is {events} events and {seconds:.0f} s behind",
            "Start the service, or see scim-ledger projections status.",
        )
    return ok("followers", f"{name} is {events} events behind")
