"""A version that takes the row of the write is the version that makes the row again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.directory.rows import user_row
from projections.followers.follower import advance
from projections.followers.parked import parked
from projections.versions.recent import CHARACTERS_MAX, FOLLOWED_S, KEPT_S, Recent, RecentRows
from projections.versions.write import VERSIONS, versions_with
from schema.events.organization import Organization
from schema.events.user import User
from schema.scim import urns
from schema.scim.definitions import USER, user_type
from schema.scim.errors import ScimError
from service.callers.caller import Caller
from service.cli.privacy.place import place_of
from service.cli.provenance import cli_provenance
from service.erasure.people import Place, erase_person
from service.ids import new_id
from service.organizations.register import create_organization
from service.runtime import Runtime, open_runtime
from service.write.commands import CreateUser, DeleteUser, ReplaceUser
from tests.database.test_history_times import SHARED
from tests.serving import settings as service_settings

PEOPLE = 3
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCHEMA = {"id": "urn:x:User", "name": "X", "attributes": [{"name": "colour", "type": "string"}]}


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give a runtime on the test's own database."""
    async with open_runtime(service_settings(database_url), is_migrating=False) as opened:
        yield opened


async def registered(runtime: Runtime) -> Caller:
    """Return the caller of an administrator of a new organization."""
    created = await create_organization(runtime, f"Org {new_id()}", provenance=cli_provenance())
    return Caller(created.organization, None, "cli")


class Story:
    """Some people of an organization, who are written and followed in turn."""

    def __init__(
        self, runtime: Runtime, caller: Caller, connection: asyncpg.Connection, place: Place
    ) -> None:
        self._runtime, self._caller, self._connection = runtime, caller, connection
        self._place = place
        self._ids: list[UUID] = [new_id() for _ in range(PEOPLE)]
        self._checkpoint = 0

    @property
    def log(self) -> UUID:
        """Return whose log it is."""
        return self._caller.organization.id

    async def write(self, person: int, value: int) -> None:
        """Create a person or replace its values, twice in one batch where the number is odd."""
        wanted = [self._document(person, each) for each in range(value, value + 1 + value % 2)]
        lanes = self._runtime.lanes
        made = CreateUser(self._ids[person], wanted[0], USER)
        changed = [ReplaceUser(self._ids[person], each, USER) for each in wanted]
        for commands in ([made], changed):
            waiting = [lanes.submit(each, self._caller, cli_provenance()) for each in commands]
            await asyncio.gather(*waiting, return_exceptions=True)

    def _document(self, person: int, value: int) -> dict[str, Any]:
        manager = self._ids[(person + value) % PEOPLE]
        some: list[tuple[str, Any]] = [
            ("title", f"Ängineer {value}"),
            ("active", value % 3 != 0),
            ("emails", [{"value": f"Mail{value}@Example.com", "primary": True}]),
            (
                urns.ENTERPRISE_USER,
                {"manager": {"value": str(manager), "displayName": "Boss"}, "department": "R&D"},
            ),
        ]
        return {"userName": f"Person{person}", **dict(some[value % 4 :] + some[: value % 3])}

    async def delete(self, person: int) -> None:
        """Take a person out of SCIM."""
        command = DeleteUser(self._ids[person])
        with suppress(ScimError):
            await self._runtime.lanes.submit(command, self._caller, cli_provenance())

    async def erase(self, person: int) -> None:
        """Erase a person, and what others say of it."""
        organization: Organization = self._caller.organization
        with suppress(ScimError):
            await erase_person(
                self._runtime,
                organization,
                self._ids[person],
                reason="asked",
                is_forced=True,
                provenance=cli_provenance(),
                place=self._place,
            )
        self._ids[person] = new_id()

    async def follow(self, recent: RecentRows) -> None:
        """Write the versions of what is new, and take the rows that are kept."""
        opened = versions_with(recent).opening(self._runtime.sealer)
        while True:
            after = self._checkpoint
            self._checkpoint = await advance(self._connection, opened, self.log, after=after)
            if self._checkpoint == after:
                return

    async def versions(self) -> list[str]:
        """Return all versions, each as text."""
        rows = await self._connection.fetch(
            "SELECT v::text FROM versions.user_versions v WHERE organization_id = $1"
            " ORDER BY id, from_position",
            self.log,
        )
        return [row[0] for row in rows]

    async def begin_again(self) -> None:
        """Remove all versions, as if nothing had been followed."""
        for table in ("versions.user_versions", "followers.checkpoints"):
            await self._connection.execute(
                f"DELETE FROM {table} WHERE organization_id = $1",
                self.log,
            )
        self._checkpoint = 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "write", "follow", "delete", "erase"]),
        st.integers(0, PEOPLE - 1),
        st.integers(0, 11),
    ),
    min_size=1,
    max_size=16,
)


@pytest.fixture
def place(database_url: str) -> Place:
    """Give what erasures need."""
    return place_of(service_settings(database_url))


@given(steps=STEPS)
@settings(max_examples=10, deadline=None, suppress_health_check=SHARED)
async def test_versions_of_rows_that_were_kept_are_those_that_are_made_again(
    runtime: Runtime,
    connection: asyncpg.Connection,
    place: Place,
    steps: list[tuple[str, int, int]],
) -> None:
    story = Story(runtime, await registered(runtime), connection, place)
    recent = runtime.recent
    recent.expect()
    for kind, person, value in steps:
        if kind == "write":
            await story.write(person, value)
        elif kind == "follow":
            await story.follow(recent)
        else:
            await (story.delete(person) if kind == "delete" else story.erase(person))
    await story.follow(recent)
    assert len(recent) == 0
    found = await story.versions()
    await story.begin_again()
    await story.follow(RecentRows())
    assert await parked(connection, VERSIONS.name) == []
    assert await story.versions() == found


async def test_a_row_is_kept_from_its_commit_until_its_version_is_written(
    runtime: Runtime, connection: asyncpg.Connection, place: Place
) -> None:
    story = Story(runtime, await registered(runtime), connection, place)
    await story.write(0, 1)
    assert len(runtime.recent) == 0  # Nobody follows.
    await story.follow(runtime.recent)
    await story.write(1, 1)
    await story.write(2, 1)
    assert len(runtime.recent) == 2
    await story.follow(runtime.recent)
    assert len(runtime.recent) == 0
    assert len(await story.versions()) >= 6


def kept_user(**attributes: str) -> Recent:
    """Return a user with its row."""
    user = provisioned_user(**attributes)
    return Recent(user, USER, user_row(user, USER))


def provisioned_user(**attributes: str) -> User:
    """Return a user at its first version."""
    values = {"userName": "Jo", **attributes}
    return User(new_id(), 1, NOON, NOON, "scim", active=True, role_id=new_id(), attributes=values)


def test_a_row_is_taken_for_an_equal_state_only() -> None:
    rows, kept = RecentRows(), kept_user(title="Engineer")
    rows.expect()
    rows.note([kept])
    state = kept.state
    assert rows.row_of(state._replace(attributes={**state.attributes}), USER) is kept.row
    others = [
        state._replace(version=2),
        state._replace(active=False),
        state._replace(attributes={"userName": "Jo"}),
        state._replace(id=new_id()),
    ]
    for other in others:
        assert rows.row_of(other, USER) == user_row(other, USER)
    wider = user_type({"urn:x:User": SCHEMA})
    assert rows.row_of(state, wider) is not kept.row


def test_rows_are_dropped_when_they_are_written_or_nobody_follows_or_they_are_too_many() -> None:
    now_s = 0.0
    rows, kept = RecentRows(lambda: now_s), kept_user()
    rows.expect()
    rows.note([kept])
    rows.forget([(kept.state.id, 0), (new_id(), 9)])
    assert len(rows) == 1
    rows.forget([(kept.state.id, 1)])
    assert len(rows) == 0
    rows.note([kept, kept_user()])
    now_s = FOLLOWED_S + 0.1
    rows.note([kept_user()])
    assert len(rows) == 0
    rows.expect()
    large = [kept_user(title="x" * (CHARACTERS_MAX // 8)) for _ in range(7)]
    rows.note(large[:2])
    rows.note(large[2:])
    assert len(rows) == 4  # A title is in both documents.
    assert rows.row_of(large[0].state, USER) is large[0].row
    now_s += KEPT_S + 0.1
    rows.expect()
    assert len(rows) == 0
    rows.note(large)
    assert len(rows) == 4
