"""Whatever happened in an organization, a rebuild makes the same rows as the appends and the follower."""

from asyncio import gather
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.history.write import HISTORY
from projections.rebuild.rebuild import rebuild
from schema.events.organization import ROLE_NAMES, Organization, RoleGroup
from schema.scim.errors import ScimError
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.organizations.register import create_organization
from service.runtime import Runtime, open_runtime
from service.write.commands import ChangeRoleGroups, ChangeSettings, Command
from tests.builders import (
    ANN,
    JO,
    KIM,
    SALES,
    STAFF,
    add,
    delete_group,
    delete_user,
    members,
    patch_group,
    patch_user,
    post_group,
    post_user,
    put_group,
    remove,
    replace,
)
from tests.database.book import follow_to_the_end
from tests.database.rebuilding import rebuild_context, rows_of, silent
from tests.invariants import check_log
from tests.serving import settings as settings_of

pytestmark = pytest.mark.process

USERS, GROUPS = (JO, ANN, KIM), (SALES, STAFF)
TOGETHER = 3  # Commands that wait at the same time share a batch.
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@dataclass(frozen=True, slots=True)
class Wish:
    """A small command of a client. Many such commands are refused, which is fine."""

    kind: str
    user_id: UUID
    group_id: UUID
    number: int  # Of a name. There are few names, so names are often taken or used again.
    user_ids: tuple[UUID, ...]

    def command(self, made: Organization) -> Command:
        """Return the command in an organization."""
        if self.kind in ABOUT_ALL:
            return ABOUT_ALL[self.kind](self, made)
        return COMMANDS[self.kind](self)

    @property
    def made(self) -> UUID | None:
        """Return the id of the resource that the command makes, or None if it makes none."""
        return {"post user": self.user_id, "post group": self.group_id}.get(self.kind)


COMMANDS: Mapping[str, Callable[[Wish], Command]] = {
    "post user": lambda wish: post_user(
        wish.user_id,
        userName=f"Person {wish.number}",
        externalId=f"x-{wish.number}",
        emails=[{"value": f"P{wish.number}@Example.com", "type": "work"}],
    ),
    "deactivate": lambda wish: patch_user(replace("active", value=False), user_id=wish.user_id),
    "reactivate": lambda wish: patch_user(replace("active", value=True), user_id=wish.user_id),
    "change": lambda wish: patch_user(replace("title", f"T{wish.number}"), user_id=wish.user_id),
    "delete user": lambda wish: delete_user(wish.user_id),
    "post group": lambda wish: post_group(wish.group_id, displayName=f"Team {wish.number}"),
    "add": lambda wish: patch_group(
        add("members", members(*wish.user_ids)), group_id=wish.group_id
    ),
    "remove": lambda wish: patch_group(
        remove("members", value=members(*wish.user_ids)), group_id=wish.group_id
    ),
    "put group": lambda wish: put_group(
        wish.group_id, displayName="Team", members=members(*wish.user_ids)
    ),
    "delete group": lambda wish: delete_group(wish.group_id),
    "rename group": lambda wish: patch_group(
        replace("displayName", f"Team {wish.number}"), group_id=wish.group_id
    ),
    "assign": lambda wish: patch_user(
        replace("roles", [{"value": ROLE_NAMES[wish.number]}]), user_id=wish.user_id
    ),
    "withdraw": lambda wish: patch_user(remove("roles"), user_id=wish.user_id),
}
# Role groups and the guard concern the organization, whose id the wish does not know.
ABOUT_ALL: Mapping[str, Callable[[Wish, Organization], Command]] = {
    "save list": lambda wish, made: ChangeRoleGroups(
        made.id,
        (
            RoleGroup(role_id=made.roles["Editor"], display_name=f"team {wish.number}"),
            RoleGroup(role_id=made.roles["Administrator"], display_name="TEAM 0")
            if wish.number
            else RoleGroup(role_id=made.roles["Validator"], display_name="Team"),
        ),
        explicit_wins=bool(len(wish.user_ids) % 2),
    ),
    "set guard": lambda wish, made: ChangeSettings(
        made.id,
        {"guard": {"enabled": wish.number > 0, "maxUsers": 1, "maxPercent": 9, "windowMinutes": 9}},
    ),
}
wishes = st.lists(
    st.builds(
        Wish,
        st.sampled_from([*COMMANDS, *ABOUT_ALL]),
        st.sampled_from(USERS),
        st.sampled_from(GROUPS),
        st.integers(0, 3),
        st.lists(st.sampled_from(USERS), min_size=1, unique=True).map(tuple),
    ),
    min_size=5,
    max_size=30,
)


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give the runtime, which decides and appends."""
    async with open_runtime(settings_of(database_url), is_migrating=False) as opened:
        yield opened


def each_made_once(asked: Sequence[Wish]) -> Iterator[Wish]:
    """Yield wishes, but only the first that makes a given resource: the service never uses an id twice."""
    made: set[UUID | None] = set()
    for wish in asked:
        if wish.made is None or wish.made not in made:
            yield wish
        made.add(wish.made)


async def live(runtime: Runtime, asked: Sequence[Wish]) -> UUID:
    """Run the commands in a new organization, several at a time, and ignore refusals; return its id."""
    made = (
        await create_organization(runtime, f"Acme {uuid4()}", provenance=cli_provenance())
    ).organization
    wished = list(each_made_once(asked))
    for begin in range(0, len(wished), TOGETHER):
        works = [
            runtime.lanes.submit(each.command(made), Caller(made, None, "cli"), cli_provenance())
            for each in wished[begin : begin + TOGETHER]
        ]
        for outcome in await gather(*works, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, ScimError):
                raise outcome
    async with runtime.pool.acquire() as connection:
        await check_log(connection, runtime.sealer, made.id)
    return made.id


@given(asked=wishes)
@settings(max_examples=20, deadline=None, suppress_health_check=SHARED)
async def test_a_rebuilt_directory_is_what_the_appends_wrote(
    asked: list[Wish], runtime: Runtime, connection: asyncpg.Connection
) -> None:
    await live(runtime, asked)
    written = await rows_of(connection, "directory")
    await rebuild(rebuild_context(runtime.dsn), silent)
    assert await rows_of(connection, "directory") == written


@given(asked=wishes, erased=st.sampled_from(USERS))
@settings(max_examples=10, deadline=None, suppress_health_check=SHARED)
async def test_a_rebuild_leaves_out_who_was_erased_and_nobody_else(
    asked: list[Wish], erased: UUID, runtime: Runtime, connection: asyncpg.Connection
) -> None:
    organization_id = await live(runtime, [Wish("post user", erased, SALES, 0, ()), *asked])
    written = await rows_of(connection, "directory")
    await connection.execute(
        "DELETE FROM eventstore.subject_keys WHERE organization_id = $1 AND subject_id = $2",
        organization_id,
        erased,
    )
    await rebuild(rebuild_context(runtime.dsn), silent)

    def stays(row: tuple[Any, ...]) -> bool:
        return row[:2] != (organization_id, erased)

    expected = {
        **written,
        "users": [*filter(stays, written["users"])],
        "former_users": [*filter(stays, written["former_users"])],
    }
    assert await rows_of(connection, "directory") == expected


@given(asked=wishes)
@settings(max_examples=15, deadline=None, suppress_health_check=SHARED)
async def test_a_rebuilt_history_is_what_the_follower_wrote(
    asked: list[Wish], runtime: Runtime, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY, await live(runtime, asked))
    written = await rows_of(connection, "history")
    await rebuild(rebuild_context(runtime.dsn, "history"), silent)
    assert await rows_of(connection, "history") == written
