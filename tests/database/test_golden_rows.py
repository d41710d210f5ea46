"""If the tables or rows of a projection change, its revision changes. Every installation is then asked for a rebuild.

A file in `golden/` holds the revision of a projection, its tables, and the rows that the fixed log in `golden/log.json`
leads to. Put an event of a new type into the log of a new organization. The rows of the others then stay the same.
"""

import os
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from eventstore.sealing.sealer import Sealer
from projections.history.write import HISTORY as FOLLOWER
from projections.rebuild.rebuild import rebuild
from projections.registry import DIRECTORY, HISTORY, PROJECTIONS, VERSIONS, Projection
from projections.versions.write import VERSIONS as VERSIONS_FOLLOWER
from schema.events.codec import TYPES
from tests.database.book import follow_to_the_end
from tests.database.golden_rows import (
    LOG,
    complaint,
    file_of,
    golden_of,
    json_rows,
    made_of_log,
    may_be_written,
    new_event,
    statements_of,
    write_event,
    write_log,
)
from tests.database.rebuilding import rebuild_context, rebuild_until, silent

GOLDEN: dict[str, Any] = {"revision": 1, "tables": ["CREATE TABLE a"], "rows": {"a": [[1]]}}


@pytest.fixture
def sealer(database_url: str) -> Sealer:
    """Give the sealer for the personal part of the log."""
    return rebuild_context(database_url).sealer


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=lambda each: each.name)
async def test_other_tables_or_rows_have_another_revision(
    projection: Projection, database_url: str, connection: asyncpg.Connection, sealer: Sealer
) -> None:
    await write_log(connection, sealer)
    made = await made_of_log(database_url, connection, projection)
    golden = golden_of(projection)
    if os.environ.get("WRITE_GOLDEN") == projection.name and may_be_written(golden, made):
        file_of(projection).write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
        golden = made
    assert complaint(projection.name, golden, made) == ""


async def test_a_follower_writes_the_rows_that_a_rebuild_makes(
    connection: asyncpg.Connection, sealer: Sealer
) -> None:
    await write_log(connection, sealer)
    for organization_id in {UUID(each["organizationId"]) for each in LOG["events"]}:
        await follow_to_the_end(connection, FOLLOWER, organization_id)
    assert await json_rows(connection, "history") == golden_of(HISTORY)["rows"]


async def test_the_follower_of_versions_writes_the_rows_that_a_rebuild_makes(
    connection: asyncpg.Connection, sealer: Sealer
) -> None:
    await write_log(connection, sealer)
    follower = VERSIONS_FOLLOWER.opening(sealer)
    for organization_id in {UUID(each["organizationId"]) for each in LOG["events"]}:
        await follow_to_the_end(connection, follower, organization_id, limit=3)
    assert await json_rows(connection, "versions") == golden_of(VERSIONS)["rows"]


async def test_a_catch_up_writes_the_rows_that_a_rebuild_makes(
    database_url: str, connection: asyncpg.Connection, sealer: Sealer
) -> None:
    begin, rest = LOG["events"][:6], LOG["events"][6:]
    for logged in begin:
        await write_event(connection, sealer, logged)
    await rebuild_until("index", rebuild_context(database_url))
    for logged in rest:
        await write_event(connection, sealer, logged)
    erased = [each["subjectId"] for each in LOG["erased"]]
    await connection.execute(
        "DELETE FROM eventstore.subject_keys WHERE subject_id = ANY($1::uuid[])", erased
    )
    await rebuild(rebuild_context(database_url), silent)
    assert await json_rows(connection, "directory") == golden_of(DIRECTORY)["rows"]


def test_the_fixed_log_has_every_released_type_and_version_of_events() -> None:
    released = {
        (name, version)
        for name, kind in TYPES.items()
        for version in range(1, kind.schema_version + 1)
    }
    events = map(new_event, LOG["events"])
    assert released - {(each.type, each.schema_version) for each in events} == set()


def test_golden_files_that_agree_with_the_code_are_nothing_to_complain_about() -> None:
    assert complaint("directory", GOLDEN, GOLDEN) == ""


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("rows", {"a": [[2]]}),
        ("rows", {"a": [[1], [1]]}),
        ("rows", {"a": [[1]], "b": []}),
        ("tables", ["CREATE TABLE a", "CREATE INDEX b"]),
    ],
)
def test_a_change_without_a_revision_says_to_raise_it(part: str, changed: object) -> None:
    message = complaint("directory", GOLDEN, {**GOLDEN, part: changed})
    assert message.startswith(f"The {part} of directory have changed, but its revision has not")
    assert "raise the revision of directory in projections/registry.py" in message


@pytest.mark.parametrize(
    "made",
    [
        {**GOLDEN, "revision": 2, "rows": {}},
        {**GOLDEN, "rows": {"a": [[1], [2]]}},  # The first column is the organization.
    ],
)
def test_a_new_revision_or_a_new_organization_is_written_into_the_golden_file(made: Any) -> None:
    assert may_be_written(GOLDEN, made)
    assert "Write the golden file: WRITE_GOLDEN=history" in complaint("history", GOLDEN, made)


def test_a_golden_file_is_not_written_over_without_a_new_revision() -> None:
    assert not may_be_written(GOLDEN, {**GOLDEN, "rows": {"a": [[1], [1]]}})


def test_comments_and_layout_are_no_change_of_tables() -> None:
    assert statements_of("-- One.\nCREATE  TABLE a (\n b int -- Two.\n);\n") == [
        "CREATE TABLE a ( b int )"
    ]
