"""Every statement of one organization, run with another's id, sees nothing of the first and changes nothing.

A statement is a file. Its first lines name its parameters, so each can be run with the first organization's ids
and names, and with the second organization as `organization_id`. The service that filled the tables has ended by
then: whatever changes in them, the statement did it.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from projections.directory.queries.columns import GROUPS, USERS, Table
from projections.directory.queries.plan import (
    IndexPage,
    KeysetPage,
    Query,
    Union,
    count_statement,
    plan,
)
from schema.scim.definitions import GROUP, USER
from schema.scim.filter.parse import parse_filter
from schema.scim.text import fold
from service.runtime import open_runtime
from tests.conftest import drop_database, in_database
from tests.house.source import ROOT
from tests.invariants import check_every_log
from tests.serving import Scim, Served, Tenant, make_tenant, settings, started

FILES = {
    each.stem: each.read_text("utf-8")
    for package in ("eventstore", "projections", "service")
    for each in sorted((ROOT / package).rglob("sql/*.sql"))
}
PARAMETER = re.compile(r"^-- \$(\d+) (\w+) ([\w\[\]]+)", re.MULTILINE)
# Statements that name organizations and do not take one: those of a rebuild, of followers and of the command line
# are for all organizations; the others take several, or find the organization of a token or of a name.
FOR_ALL = (
    {"add_shards", "claim_shard_to_load", "claim_shard_to_verify", "find_incomplete_logs"}
    | {
        "count_erased",
        "load_reached",
        "load_shard_positions",
        "recognize_schemas",
        "save_reached",
        "start_checkpoints",
    }
    | {
        "list_organizations",
        "load_checkpoints",
        "load_parked",
        "other_former_users",
        "other_users",
        "find_ages",  # The same, for how long they wait.
        "read_tails",
        "read_tails_of",  # Of the logs that a process reads for its consumers.
    }
    | {"find_token_state", "find_client_state", "load_subject_keys", "notify"}
    | {"find_organization_by_name"}
    | {"keep_requests", "see_requests", "uncounted_cycles"}
    | {"append_and_save_users_of_many", "find_user_names_of_many"}
    | {"save_link", "take_link", "save_session", "find_session"}
    | {"save_reads", "find_ended_hours", "find_due_logs"}
    | {"load_all_signers", "load_logs", "retire_log_keys", "load_witnesses"}
    | {
        "find_endings",
        "load_held",
        "read_staged_events",
        "read_staged_keys",
        "write_staged_signers",
    }
    | {"find_expiring_tokens", "find_former_names", "hash_former_names", "save_token_uses"}
    | {"load_wrapped_otherwise", "rewrap_subject_keys"}
    | {"find_ages", "find_due", "find_lowest", "load_sealed", "read_tails_of", "set_back_beyond"}
)
# Only the owner of the tables may run these: the service is refused, whatever it asks for.
OWNERS = {"begin_log", "drop_tiles", "end_log", "hold_log", "release_log"}
# There is nothing that they could find in a log that agrees, or nothing left to record.
QUIET = {
    # Nobody of the sample is erased, and nobody has a manager: tests/database/test_erasure.py has both.
    *("erase_subject", "find_mentioning", "list_erased", "read_mentions", "list_erasing"),
    "add_signer",
    "count_administrators",
    "find_technical",
    "save_hold",
    "find_lost_keys",
    "find_token_uses",
    "forget_users",
    "set_marks_from",
} | {
    "page_accounts",
    "page_tokens",
}
EPOCH, DISTANT = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONG_S = 20.0
REQUESTS = 2  # That `known` sends.


def parameters(name: str) -> list[tuple[str, str]]:
    """Return the name and the type of each parameter of a statement, in order."""
    found = {int(number): (each, kind) for number, each, kind in PARAMETER.findall(FILES[name])}
    return [found[number] for number in sorted(found)]


def code(name: str) -> str:
    """Return a statement without its comments."""
    return re.sub("--.*", "", FILES[name])


COMPOSED = {each for each in FILES if re.search(r"(?<!')\{\w+\}", code(each))}
ISOLATED = [
    each
    for each in FILES
    if ("organization_id", "uuid") in parameters(each) and each not in COMPOSED
]


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is to know about an organization with a user in a group."""

    tenant: Tenant
    user: UUID
    group: UUID
    words: Mapping[str, str]  # Parameter → a text of the organization.

    def arguments(self, statement: str) -> list[Any]:
        """Return arguments for a statement that find this organization's rows, or write them."""
        return [self._argument(statement, name, kind) for name, kind in parameters(statement)]

    def _argument(self, statement: str, name: str, kind: str) -> Any:
        if kind.endswith("[]"):
            one = {"keys": "key", "ids": "id"}.get(name, name.removesuffix("s"))
            return [self._argument(statement, one, kind.removesuffix("[]"))]
        if kind == "uuid":
            return self._uuid(statement, name)
        if kind in {"bigint", "integer", "smallint"}:
            return self._number(statement, name)
        others: dict[str, Any] = {"boolean": True, "bytea": b"x", "json": "{}", "jsonb": "{}"}
        others["interval"] = timedelta(days=1)
        others["timestamptz"] = EPOCH if name == "after" else DISTANT
        return others.get(kind) or self._text(statement, name)

    def _uuid(self, statement: str, name: str) -> UUID:
        known = {
            ("", "organization_id"): self.tenant.id,
            ("", "after"): UUID(int=0),
            ("", "first_stream_id"): UUID(int=0),
            ("", "last_stream_id"): UUID(int=2**128 - 1),
            ("", "event_id"): uuid4(),
            ("", "role_id"): UUID(self.tenant.roles["Reader"]),
            ("", "new_subject_id"): uuid4(),
            ("add_webhook", "id"): uuid4(),
            ("save_token", "id"): self.tenant.token_id,
            ("name_tokens", "id"): self.tenant.token_id,
            ("count_activity", "token_id"): self.tenant.token_id,
            ("add_members", "member_id"): UUID(self.tenant.account_id),
            ("clear_former_users", "id"): UUID(self.tenant.account_id),
        }
        if found := known.get((statement, name), known.get(("", name))):
            return found
        is_group = "group" in name or (name in {"id", "key"} and "group" in statement)
        return self.group if is_group else self.user

    def _number(self, statement: str, name: str) -> int:
        if "append" in statement:
            return {"position": self.tail + 1, "version": 2}.get(name, 1)
        if name in {"position", "version"} and statement in {
            "came_since",
            "find_recorded_at",
            "read_at",
            "sample_streams",
        }:
            return 1
        if name in {"incarnation", "level", "tile", "first"} or (statement, name) == (
            "load_kept",
            "size",
        ):
            return int(name == "incarnation")
        return {
            "after": 0,
            "after_position": 0,
            "after_version": 0,
            "offset": 0,
            "from": self.tail,
        }.get(name, 1_000)

    def _text(self, statement: str, name: str) -> str:
        if name == "key":
            name = statement.partition("_by_")[2]
            name = "group_external_id" if name == "external_id" and "group" in statement else name
        if name in {"after", "begin"}:  # The first page, of all.
            return ""
        if name == "zone":
            return "UTC"
        if name in {"data", "email_key"}:  # Texts that hold JSON.
            return {"data": "{}", "email_key": "[]"}[name]
        return self.words.get(name, "UserProvisioned" if "type" in name else "scim")

    @property
    def tail(self) -> int:
        """Return the position of the last event."""
        return int(self.words["tail"])


async def known(served: Served, tenant: Tenant, name: str) -> Sample:
    """Make a user in a group; return what is known once all that its requests leave behind is written."""
    scim = Scim(served, tenant.token)
    user = (
        await scim.post(
            "/Users", {"userName": f"{name}-user", "externalId": f"{name}-1", "title": name}
        )
    ).body
    members = [{"value": user["id"]}]
    group = (
        await scim.post(
            "/Groups",
            {"displayName": f"{name}-group", "externalId": f"{name}-2", "members": members},
        )
    ).body
    end = await settled(served, tenant)
    token = "SELECT jti_hash FROM directory.tokens WHERE organization_id = $1"
    words = {
        "user_name": fold(f"{name}-user"),
        "user_name_key": fold(f"{name}-user"),
        "external_id": f"{name}-1",
        "group_external_id": f"{name}-2",
        "display_name": fold(f"{name}-group"),
        "display_name_key": fold(f"{name}-group"),
        "jti_hash": await served.owner.fetchval(token, tenant.id),
        "actor_id": tenant.account_id,
        "projection": "history",
        "member_type": "User",
        "kind": "deletion",
        "state": "open",
        "webhook_kind": "webhook",
        "webhook_format": "json",
        "webhook_state": "disabled",
        "tail": str(end),
    }
    return Sample(tenant, UUID(user["id"]), UUID(group["id"]), words)


SETTLED = """
SELECT (SELECT max(position) FROM eventstore.events WHERE organization_id = $1) AS tail,
       (SELECT min(position) FROM followers.checkpoints WHERE organization_id = $1 HAVING count(*) = 2) AS followed,
       (SELECT size FROM proof.logs WHERE organization_id = $1 AND note IS NOT NULL) AS signed,
       (SELECT sum(requests) FROM service.cycles WHERE organization_id = $1) AS requests
"""


async def settled(served: Served, tenant: Tenant) -> int:
    """Wait until a log is followed and signed, and its requests are counted; return where it ends."""
    async with asyncio.timeout(LONG_S):
        while True:
            tail, followed, signed, requests = await served.owner.fetchrow(SETTLED, tenant.id)
            if tail == followed == signed and (requests or 0) >= REQUESTS:
                return int(tail)
            await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Left:
    """What a service has left behind that runs no longer: a database, and two organizations in it."""

    pool: asyncpg.Pool
    ours: Sample
    theirs: Tenant


@pytest.fixture(scope="module")
async def left(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Left]:
    """Give a database in which nothing happens by itself: no log is signed, no use of a token is noted."""
    name = f"left_{secrets.token_hex(6)}"
    url = in_database(postgres, name)
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    async with started(url) as served:
        ours = await known(served, await make_tenant(served.runtime, f"Ours {uuid4()}"), "ours")
        theirs = await make_tenant(served.runtime, f"Theirs {uuid4()}")
        await known(served, theirs, "more")  # So that the positions are others.
        await known(served, theirs, "theirs")
        await check_every_log(served.owner, served.runtime.sealer)
    async with open_runtime(settings(url), is_migrating=False) as runtime:
        yield Left(runtime.pool, ours, theirs)
    await drop_database(maintenance, name)


@pytest.fixture
def ours(left: Left) -> Sample:
    """Give the organization whose rows are looked for."""
    return left.ours


@pytest.fixture
def theirs(left: Left) -> Tenant:
    """Give the organization that asks."""
    return left.theirs


@pytest.fixture
async def session(left: Left, ours: Sample) -> AsyncIterator[asyncpg.Connection]:
    """Give a session of the service whose changes are undone. Our organization has a row in every table."""
    async with left.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SET LOCAL search_path = directory, history, versions, followers")
        await connection.execute(FILES["park_stream"], *ours.arguments("park_stream"))
        former = "INSERT INTO directory.former_users VALUES ($1, $2, 'former')"
        await connection.execute(former, ours.tenant.id, UUID(ours.tenant.account_id))
        for each in (UUID(int=1), ours.user):
            await connection.execute(CYCLE, ours.tenant.id, each, ours.user, DISTANT)
        await connection.execute(COSIGNED, ours.tenant.id, DISTANT)
        await connection.execute(COSIGNER, ours.tenant.id)
        await connection.execute(HOLD, ours.tenant.id, ours.user, DISTANT)
        await connection.execute(HELD, ours.tenant.id, ours.user, DISTANT)
        await connection.execute(READ, ours.tenant.id, ours.user, DISTANT, ours.tenant.account_id)
        await connection.execute(LOSS, ours.tenant.id, ours.user, DISTANT)
        await connection.execute(WEBHOOK, ours.tenant.id, ours.user, ours.tail)
        await connection.execute(LETTER, ours.tenant.id, ours.user)
        await connection.execute(SESSION, ours.tenant.id, ours.user)
        await connection.execute(REQUEST, ours.tenant.id, UUID(int=1), ours.user, DISTANT)
        try:
            yield connection
        finally:
            await transaction.rollback()


COSIGNED = "INSERT INTO proof.cosignatures VALUES ($1, 1, 7, 'scim', 'a note', $2)"
COSIGNER = (
    """UPDATE directory.organizations SET settings = '{"witness": {}}' WHERE organization_id = $1"""
)
HOLD = "INSERT INTO directory.holds VALUES ($1, $2, 1, 'deletion', $3, 2, 1, 0, 1, 1, 1, 60, 1, 'open', NULL, NULL)"
HELD = "INSERT INTO directory.held_users VALUES ($1, $2, $2, $3)"
READ = "INSERT INTO service.audit_reads VALUES ($1, $3, $4, $2, 'scim', 'a', $2, 1, $3, $3, 1, $2, '{x}')"
LOSS = "INSERT INTO directory.losses VALUES ($1, $2, 1, $2, 'deletion', $3)"
CYCLE = "INSERT INTO service.cycles VALUES ($1, $2, $3, $4, $4, 1, 0, 0, 1, 1, $3, 'GET')"
WEBHOOK = (
    "INSERT INTO service.webhooks VALUES ($1, $2, 'ours', 'webhook', 'x', '{}', 'json', true, 'enabled', NULL, $3,"
    " 1000, 0, now(), NULL, NULL, now())"
)
LETTER = (
    "INSERT INTO service.dead_letters VALUES ($1, $2, 2000, 'UserProvisioned', 'ours', 1, now())"
)
SESSION = (
    "INSERT INTO service.console_sessions (id, digest, organization_id, person_id, roles, actor, way, user_agent, address)"
    " VALUES ($2, 'x', $1, $2, '{}', 'ours', 'link', 'x', 'x')"
)
REQUEST = (
    "INSERT INTO service.requests (organization_id, id, at, token_id, cycle_id, request_id, is_refused, method, status,"
    " finding, resource_id, sealed) VALUES ($1, $2, $4, $3, $3, $3, true, 'GET', 404, 'scim', $3, 'x')"
)
TABLES = (
    "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.columns"
    " WHERE column_name = 'organization_id' AND table_schema = ANY($1::text[]) ORDER BY name"
)
SCHEMAS = ["eventstore", "proof", "service", "directory", "history", "versions", "followers"]


async def rows_of(connection: asyncpg.Connection, organization_id: UUID) -> set[str]:
    """Return every row of an organization, as texts."""
    tables = [row["name"] for row in await connection.fetch(TABLES, SCHEMAS)]
    each = (
        f"SELECT '{name} ' || t::text AS row FROM {name} AS t WHERE organization_id = $1"
        for name in tables
    )
    return {row["row"] for row in await connection.fetch(" UNION ALL ".join(each), organization_id)}


async def tried(
    connection: asyncpg.Connection, sql: str, arguments: Sequence[Any], organization_id: UUID
) -> tuple[set[str], set[str]]:
    """Return what a statement finds, and which rows of an organization it changes; nothing if it is refused.

    Then it is undone.
    """
    before = await rows_of(connection, organization_id)
    transaction = connection.transaction()
    await transaction.start()
    try:
        rows = await connection.fetch(sql, *arguments)
        found = {
            repr(tuple(row)) for row in rows if set(map(repr, row)) != {"0"}
        }  # Nothing is counted.
        return found, before ^ await rows_of(connection, organization_id)
    except asyncpg.PostgresError:
        return set(), set()
    finally:
        await transaction.rollback()


async def test_a_statement_of_another_organization_finds_and_changes_nothing(
    session: asyncpg.Connection, ours: Sample, theirs: Tenant
) -> None:
    leaks, without_effect = {}, set()
    for name in ISOLATED:
        arguments = ours.arguments(name)
        others = [theirs.id if each == ours.tenant.id else each for each in arguments]
        found, changed = await tried(session, FILES[name], others, ours.tenant.id)
        own_found, own_changed = await tried(session, FILES[name], arguments, ours.tenant.id)
        if found & own_found or changed:
            leaks[name] = (found & own_found, changed)
        if not own_found and not own_changed and name not in OWNERS | QUIET:
            without_effect.add(name)

    assert leaks == {}
    assert len(without_effect) < len(ISOLATED) / 10, without_effect  # They say nothing.


@pytest.mark.parametrize("table", [USERS, GROUPS], ids=lambda table: table.name)
@pytest.mark.parametrize("how", [{}, {"with_related": False}, {"is_by_cursor": True}], ids=str)
async def test_a_page_of_another_organization_shows_nothing(
    session: asyncpg.Connection,
    ours: Sample,
    theirs: Tenant,
    table: Table,
    how: dict[str, Any],
) -> None:
    kind = USER if table is USERS else GROUP
    chosen = parse_filter('externalId sw "ours" or displayName co "ours"', kind)
    query = Query(table, chosen)._replace(**how)
    page = plan(query)
    assert isinstance(page, IndexPage | KeysetPage)
    [(sql, values)] = page.statements
    counting, counted = count_statement(query)
    both = plan(query, query._replace(table=table))
    assert isinstance(both, Union)
    for organization, expected in ((ours.tenant.id, 1), (theirs.id, 0)):
        places = await session.fetch(
            both.statement.sql, organization, 10, 0, *both.statement.values
        )
        assert len(await session.fetch(sql, organization, 10, 0, *values)) == expected
        assert await session.fetchval(counting, organization, *counted) == expected
        assert len(places) == 2 * expected


def test_every_statement_that_names_organizations_takes_one_or_is_for_all() -> None:
    naming = {each for each in FILES if "organization_id" in code(each)}
    assert naming - {*ISOLATED, *COMPOSED} == FOR_ALL
