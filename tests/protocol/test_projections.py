"""`scim-ledger projections` in a second terminal, while the service answers its clients."""

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest

from tests.following import until_followed
from tests.invariants import check_every_log
from tests.protocol.terminal import Said, run, start
from tests.serving import Scim, Served, Tenant, make_tenant, started

pytestmark = [pytest.mark.slow, pytest.mark.process]
CLIENTS = 6
PAUSE_S = 0.02


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Yield a service on its own database, whose tables may be swapped."""
    async with started(database_url) as running:
        yield running


@pytest.fixture
async def tenant(own: Served) -> Tenant:
    """Return an organization of that service."""
    return await make_tenant(own.runtime, "Contoso")


@dataclass(slots=True)
class Crowd:
    """Clients that write and read back what they have written."""

    served: Served
    token: str
    slowest_s: float = 0.0
    users: list[str] = field(default_factory=list)
    is_done: bool = False

    async def work(self, number: int) -> None:
        """Make users, change them and read them, until `is_done`."""
        scim, made = Scim(self.served, self.token), 0
        while not self.is_done:
            made += 1
            began_s = time.monotonic()
            user = await scim.post("/Users", {"userName": f"user-{number}-{made}"})
            path = f"/Users/{user.body['id']}"
            operation = {"op": "replace", "path": "title", "value": f"T{made}"}
            changed = await scim.patch(path, operation)
            found = await scim.get(path)
            assert (user.status, changed.status) == (201, 200)
            assert found.body == changed.body
            self.users.append(user.body["id"])
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def writing(served: Served, tenant: Tenant) -> AsyncIterator[Crowd]:
    """Run the clients for the duration of the block."""
    crowd = Crowd(served, tenant.token)
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(crowd.work(number))
        yield crowd
        crowd.is_done = True


async def projections(served: Served, *arguments: str) -> Said:
    """Run a command of `scim-ledger projections`."""
    return await run(served, "projections", *arguments)


@pytest.mark.parametrize("name", ["directory", "history"])
async def test_clients_do_not_notice_that_tables_are_rebuilt_and_rolled_back(
    name: str, own: Served, tenant: Tenant
) -> None:
    async with writing(own, tenant) as crowd:
        rebuilt = await projections(own, "rebuild", name)
        rolled_back = await projections(own, "rollback", name)
        rebuilt_again = await projections(own, "rebuild", name)
    assert (rebuilt.code, rolled_back.code, rebuilt_again.code) == (0, 0, 0), rebuilt.err
    verified = await projections(own, "verify", name)
    assert (verified.code, verified.out) == (0, f"Every row of {name} matches the log.\n")
    await check_every_log(own.owner, own.runtime.sealer)
    assert len(crowd.users) > CLIENTS


async def test_a_rebuild_says_how_far_it_is_in_lines_where_there_is_no_terminal(
    own: Served, tenant: Tenant
) -> None:
    said = await projections(own, "rebuild", "directory", "--workers", "1")
    lines = [orjson.loads(line) for line in said.err.splitlines()]
    steps = [step for step, _ in itertools.groupby(lines, key=lambda line: line["step"])]
    assert steps == ["load", "index", "read back", "catch up", "compare", "swap", "compare"]
    last = {line["step"]: line for line in lines}
    assert [last["load"][each] for each in ("events", "of")] == [4, 4]
    assert [last["read back"][each] for each in ("events", "of")] == [4, 4]
    assert all("per_s" in line for line in lines if "of" in line)
    assert said.out.startswith("directory was rebuilt from 4 events in ")
    assert "scim-ledger projections rollback directory" in said.out


async def test_a_rebuild_that_is_interrupted_says_so_and_goes_on(
    own: Served, tenant: Tenant
) -> None:
    async with own.owner.transaction():
        await own.owner.fetchval("SELECT pg_advisory_xact_lock_shared(23578, 1)")
        process = await start(own, "projections", "rebuild", "directory")
        assert process.stderr
        while b'"swap"' not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert b"scim-ledger: Interrupted: the tables that serve are intact." in err
    status = await projections(own, "status")
    assert "rebuild was interrupted: 4 of 4 events loaded, 4 read back" in status.out
    assert (await projections(own, "rebuild", "directory")).code == 0


async def test_projections_are_listed(own: Served, tenant: Tenant) -> None:
    words = (await projections(own, "list")).out.splitlines()
    listed = orjson.loads((await projections(own, "list", "--json")).out)
    assert [line.split()[:2] for line in words] == [
        ["directory", "inline"],
        ["history", "follower"],
        ["versions", "follower"],
    ]
    assert all(line.endswith("matches this release") for line in words)
    assert [(each["name"], each["kind"], each["isCurrent"]) for each in listed] == [
        ("directory", "inline", True),
        ("history", "follower", True),
        ("versions", "follower", True),
    ]
    assert [(each["revision"], each["codeRevision"]) for each in listed] == [(3, 3), (1, 1), (1, 1)]


async def test_tables_of_other_code_are_named_and_a_rebuild_makes_them_ours(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.execute("UPDATE projections.builds SET revision = 0")
    before = (await projections(own, "list")).out
    await projections(own, "rebuild", "directory")
    after = (await projections(own, "list")).out.splitlines()
    assert before.count("does not match this release: scim-ledger projections rebuild") == 3
    assert after[0].endswith("matches this release")


async def test_a_rebuild_says_where_the_columns_have_changed(own: Served, tenant: Tenant) -> None:
    await own.owner.execute("ALTER TABLE directory.users ADD COLUMN former text")
    await own.owner.execute("UPDATE projections.builds SET revision = 0")
    changed = await projections(own, "rebuild", "directory")
    same = await projections(own, "rebuild", "directory")
    assert (changed.code, same.code) == (0, 0)
    assert "Its columns have changed: a service of the previous release must not" in changed.out
    assert "columns" not in same.out


async def test_status_shows_position_lag_and_parked_streams(own: Served, tenant: Tenant) -> None:
    await until_followed(own, tenant)
    await own.owner.execute(
        "INSERT INTO followers.parked_streams VALUES"
        " ('history', $1, $1, 1, 1, $1, 'OrganizationRegistered', 'ValueError in add, line 7')",
        tenant.id,
    )
    words = (await projections(own, "status", "-o", "Contoso")).out
    directory, history, _ = orjson.loads((await projections(own, "status", "--json")).out)
    assert "Contoso: position 4 of 4, current" in words
    assert "parked: stream" in words
    assert "ValueError in add, line 7" in words
    assert "scim-ledger projections retry-parked history" in words
    [log] = directory["logs"]
    assert (log["position"], log["tail"], log["lagEvents"], log["lagSeconds"]) == (4, 4, 0, 0.0)
    [waiting] = history["parked"]
    assert (waiting["eventType"], waiting["attempts"]) == ("OrganizationRegistered", 1)
    assert (directory["rebuild"], directory["previous"]) == (None, None)


async def test_parked_streams_are_tried_again(own: Served, tenant: Tenant) -> None:
    await until_followed(own, tenant)
    await own.owner.execute("DELETE FROM history.activity WHERE stream_id = $1", tenant.id)
    await own.owner.execute(
        "INSERT INTO followers.parked_streams VALUES"
        " ('history', $1, $1, 1, 1, $1, 'OrganizationRegistered', 'ValueError in add, line 7')",
        tenant.id,
    )
    retried = await projections(own, "retry-parked", "history", "-o", "Contoso")
    assert (retried.code, retried.out) == (
        0,
        "Streams released: 1. Still parked: 0.\n",
    )
    assert (await projections(own, "verify", "history")).code == 0


async def test_streams_that_stay_parked_are_listed_with_event_and_error(
    own: Served, tenant: Tenant
) -> None:
    await until_followed(own, tenant)
    # Its rows exist already: applying it again violates the key of the timeline.
    await own.owner.execute(
        "INSERT INTO followers.parked_streams VALUES"
        " ('history', $1, $1, 1, 1, $1, 'OrganizationRegistered', 'ValueError in add, line 7')",
        tenant.id,
    )
    retried = await projections(own, "retry-parked", "history")
    head, line = retried.out.splitlines()
    assert retried.code == 1
    assert head == "Streams released: 0. Still parked: 1."
    assert line.startswith(
        f"  stream {tenant.id} of Contoso, from position 1 (OrganizationRegistered): "
        "UniqueViolationError (activity_pkey) in "
    )
    assert "; 2 attempts, the last " in line


async def test_verify_reports_each_row_that_differs_with_its_events_and_fails(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.execute("UPDATE directory.users SET active = false")
    words = await projections(own, "verify", "directory", "-o", "Contoso")
    document = orjson.loads((await projections(own, "verify", "directory", "--json")).out)
    assert words.code == 1
    assert f"different: users {tenant.account_id}" in words.out
    assert "active: False is stored, the log says True" in words.out
    assert "2 UserProvisioned" in words.out
    assert "scim-ledger: 1 row of directory differs from the log." in words.err
    assert document["columns"] == {"active": {"stored": False, "expected": True}}
    assert document["events"] == [
        {"position": 2, "type": "UserProvisioned"},
        {"position": 3, "type": "AccountDesignated"},
    ]
    assert document["eventsEarlier"] == 0


async def test_verify_shows_what_the_log_seals_only_where_it_is_asked_to(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.execute("UPDATE directory.users SET user_name_key = 'eve@evil.example'")
    silent = await projections(own, "verify", "directory")
    telling = await projections(own, "verify", "directory", "--personal")
    assert "user_name_key: differs from the log (--personal shows the values)" in silent.out
    assert "evil.example" not in silent.out
    assert "user_name_key: eve@evil.example is stored, the log says " in telling.out


async def test_a_rebuild_mends_what_differs(own: Served, tenant: Tenant) -> None:
    await own.owner.execute("UPDATE directory.users SET role_id = $1", tenant.id)
    assert (await projections(own, "verify", "directory")).code == 1
    assert (await projections(own, "rebuild", "directory")).code == 0
    assert (await projections(own, "verify", "directory")).code == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("rebuild", "nothing"),
            "no projection 'nothing': there are directory, history, versions.",
        ),
        (("verify", "nothing"), "no projection 'nothing': there are directory, history, versions."),
        (("rollback", "directory"), "nothing to roll back to"),
        (("retry-parked", "directory"), "it never parks a stream"),
        (("rebuild", "directory", "--organization", "Contoso"), "swaps them as a whole"),
        (("verify", "directory", "--organization", "Nobody"), "Nobody"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_1(
    arguments: tuple[str, ...], expected: str, own: Served, tenant: Tenant
) -> None:
    said = await projections(own, *arguments)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("scim-ledger: ")
    assert expected in said.err


async def test_a_second_rebuild_is_refused_while_one_runs(own: Served, tenant: Tenant) -> None:
    await own.owner.execute("SELECT pg_advisory_lock(23579, hashtext('directory'))")
    said = await projections(own, "rebuild", "directory")
    assert (said.code, said.out) == (1, "")
    assert "runs already" in said.err
    await own.owner.execute("SELECT pg_advisory_unlock_all()")
