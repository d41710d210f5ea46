"""Tables of revision 1 are adopted where this release folds every name in them as that one did, and rebuilt elsewhere."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.postgres.session import connect
from eventstore.sealing.sealer import Sealer
from projections.directory import rows
from projections.maintenance.adopt import adopt
from projections.maintenance.builds import load_builds
from projections.maintenance.release import load_columns
from projections.rebuild.rebuild import rebuild, roll_back
from projections.registry import DIRECTORY
from schema.events import user
from schema.events.organization import ROLE_NAMES, Organization
from schema.scim import text
from schema.scim.filter import comparable
from service.background.release_watch import log_release_mismatches
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.database.migrate import migrate
from service.ids import new_id
from service.organizations.register import CreatedOrganization, find_organization
from service.runtime import Runtime, open_runtime
from service.write.commands import CreateGroup, RegisterOrganization
from tests.builders import ANN, JO, KIM, SALES, delete_user, post_user
from tests.database.golden_rows import FOLDER, write_log
from tests.database.rebuilding import differences, rebuild_context, rebuild_until, silent
from tests.serving import settings

FORMER = "UPDATE projections.builds SET revision = 1 WHERE schema_name LIKE 'directory%'"
ALIKE = ["ada", "É", "e\u0301", "Ünal", "Ω", "Ж", "李", "ǆ", "\u212a", "İ", "😀"]
OTHERWISE = ["Weiß", "ﬁ", "\u017f", "ς", "ΟΔΟΣ", "ŉ", "ẞ", "ﬀ", "ﬅ", "\u0345", "ᾳ", "\u13a0"]


def former_fold(value: str) -> str:
    """Return the form in which the former release compared a text."""
    if value.isascii():
        return value.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())


@contextmanager
def former_release(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let rows be made as the former release made them."""
    with monkeypatch.context() as patched:
        for module in (rows, comparable, user):
            patched.setattr(module, "fold", former_fold)
        patched.setattr(
            rows, "hash_name", lambda *named: named[-1]
        )  # It kept the names themselves.
        yield


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give what decides and appends."""
    async with open_runtime(settings(database_url), is_migrating=False) as opened:
        yield opened


@pytest.fixture
def sealer(database_url: str) -> Sealer:
    """Give what seals the personal part of the log."""
    return rebuild_context(database_url).sealer


async def former_organization(runtime: Runtime, name: str) -> CreatedOrganization:
    """Create an organization as the former release did: no event makes a technical account of its first user."""
    roles = {role: new_id() for role in ROLE_NAMES}
    blank = Organization(new_id(), 0, datetime.now(UTC), name, roles)
    made = CreatedOrganization(blank, new_id())
    register = RegisterOrganization(blank.id, name, roles)
    await write(runtime, made, register, post_user(made.account_id, userName="technical-account"))
    found = await find_organization(runtime, str(blank.id))
    return CreatedOrganization(found, made.account_id)


async def write(runtime: Runtime, made: CreatedOrganization, *commands: object) -> None:
    """Let commands happen, one after another."""
    caller = Caller(made.organization, None, "cli")
    for command in commands:
        await runtime.lanes.submit(command, caller, cli_provenance())  # type: ignore[arg-type]


async def make_former(
    connection: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the log be in tables as the former release built them: `directory`, and a `directory_previous`."""
    with former_release(monkeypatch):
        await rebuild(rebuild_context(database_url), silent)
    await connection.execute("DROP SCHEMA directory_previous CASCADE")
    await connection.execute(
        "DELETE FROM projections.builds WHERE schema_name = 'directory_previous';"
        "DELETE FROM projections.reached WHERE schema_name = 'directory_previous'"
    )
    await connection.execute(FORMER)


async def revisions(connection: asyncpg.Connection) -> dict[str, int | None]:
    """Return the revision of each schema of the directory."""
    builds = await load_builds(connection)
    return {name: each.revision for name, each in builds.items() if name.startswith("directory")}


def named(name: str) -> dict[str, object]:
    """Return commands that give a text a place in each column, by column."""
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    return {
        "user_name_key": post_user(JO, userName=f"jo {name}"),
        "display_name_key": post_user(JO, displayName=f"Jo {name}"),
        "employee_number_key": post_user(JO, **{urn: {"employeeNumber": f"7 {name}"}}),
        "email_keys": post_user(JO, emails=[{"value": f"{name}@example.com"}]),
        "search": post_user(JO, title=f"Dr {name}"),
        "group": CreateGroup(SALES, {"displayName": f"Sales {name}"}),
    }


@pytest.mark.parametrize("name", ALIKE)
async def test_tables_without_a_name_that_differs_are_adopted(
    name: str,
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = await former_organization(runtime, f"Acme {name}")
    await write(
        runtime,
        acme,
        post_user(JO, userName=f"jo {name}", displayName=name, title=name),
        post_user(KIM, userName=f"kim {name}"),
        delete_user(KIM),
        CreateGroup(SALES, {"displayName": f"Sales {name}"}),
    )
    await make_former(connection, database_url, monkeypatch)
    before = await load_builds(connection)

    assert await adopt(connection, sealer) == ["directory"]
    after = await load_builds(connection)
    assert await revisions(connection) == {"directory": DIRECTORY.revision}
    assert after["directory"].built_at == before["directory"].built_at
    assert await differences(rebuild_context(database_url)) == []
    assert await adopt(connection, sealer) == []


# Events of former releases do not say whether they take access.
AS_WRITTEN_BEFORE = """
    ALTER TABLE eventstore.events DISABLE TRIGGER events_never_change;
    UPDATE eventstore.events SET data = '{}' WHERE type = 'UserDeleted';
    ALTER TABLE eventstore.events ENABLE ALWAYS TRIGGER events_never_change
"""


async def make_revision_2(connection: asyncpg.Connection) -> None:
    """Put what `directory` holds into the tables that revision 2 made."""
    await connection.execute("ALTER SCHEMA directory RENAME TO latter; CREATE SCHEMA directory")
    await connection.execute("SET search_path = directory")
    await connection.execute((FOLDER / "directory_2.sql").read_text("utf-8"))
    await connection.execute("RESET search_path")
    for table, columns in (await load_columns(connection, "directory")).items():
        names = ", ".join(columns)
        await connection.execute(
            f"INSERT INTO directory.{table} ({names}) SELECT {names} FROM latter.{table}"
        )
    await connection.execute("DROP SCHEMA latter CASCADE")
    await connection.execute(AS_WRITTEN_BEFORE)
    await connection.execute(FORMER.replace("revision = 1", "revision = 2"))


async def test_tables_of_revision_2_are_extended_in_place(
    runtime: Runtime, database_url: str, connection: asyncpg.Connection
) -> None:
    acme = await former_organization(runtime, "Acme")
    await write(runtime, acme, post_user(JO), post_user(KIM, userName="weiß@x"), delete_user(KIM))
    await make_revision_2(connection)

    assert await adopt(connection) == ["directory"]
    assert await revisions(connection) == {"directory": DIRECTORY.revision}
    assert await differences(rebuild_context(database_url)) == []
    await write(runtime, acme, post_user(ANN, userName="ann@x"))
    assert await adopt(connection) == []


@pytest.mark.parametrize("column", named(""))
async def test_a_name_that_differs_in_any_column_keeps_them_from_it(
    column: str,
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = await former_organization(runtime, "Acme")
    await write(runtime, acme, named("Weiß")[column])
    await make_former(connection, database_url, monkeypatch)

    assert await adopt(connection, sealer) == []
    assert await revisions(connection) == {"directory": 1}


@pytest.mark.parametrize("name", OTHERWISE)
@pytest.mark.parametrize("kept_by", ["users", "former_users"])
async def test_each_letter_that_is_folded_otherwise_is_seen(
    kept_by: str,
    name: str,
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = await former_organization(runtime, "Acme")
    # Its documents have no other such letter; the key alone is left of who is deleted.
    await write(runtime, acme, post_user(JO, userName=f"o{name}"))
    if kept_by == "former_users":
        await write(runtime, acme, delete_user(JO))
    await make_former(connection, database_url, monkeypatch)

    assert await adopt(connection, sealer) == []
    assert await adopt(connection) == []


async def test_an_organization_with_such_a_name_is_seen(
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await former_organization(runtime, "Straße")
    await make_former(connection, database_url, monkeypatch)

    assert await adopt(connection, sealer) == []


async def test_one_organization_of_many_is_enough_and_a_rebuild_ends_it(
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, name in enumerate(["ada", "é", "Weiß"]):
        made = await former_organization(runtime, f"Acme {number}")
        await write(runtime, made, post_user(UUID(int=JO.int + 9 + number), userName=name))
    await make_former(connection, database_url, monkeypatch)

    assert await migrate(database_url) == []
    assert await told(database_url) == ["directory"]
    await rebuild(rebuild_context(database_url), silent)
    assert await revisions(connection) == {"directory": DIRECTORY.revision, "directory_previous": 1}
    assert await told(database_url) == []
    assert await differences(rebuild_context(database_url)) == []
    assert await adopt(connection, sealer) == []


async def told(database_url: str) -> list[str]:
    """Return the projections of which a starting service says that a rebuild is due."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        return [each.projection for each in await log_release_mismatches(pool)]


async def test_the_fixed_log_has_names_that_differ(
    connection: asyncpg.Connection,
    database_url: str,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await write_log(connection, sealer)
    await make_former(connection, database_url, monkeypatch)
    assert await adopt(connection, sealer) == []


async def test_attributes_of_an_organization_s_own_are_made_as_its_schemas_say(
    connection: asyncpg.Connection,
    database_url: str,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await write_log(connection, sealer)
    await rebuild(rebuild_context(database_url), silent)  # As this release makes them.
    await connection.execute(FORMER)
    assert await adopt(connection, sealer) == ["directory", "directory_previous"]


async def test_tables_beside_those_that_serve_are_adopted_as_far_as_they_are(
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = await former_organization(runtime, "Acme")
    await write(runtime, acme, post_user(JO, userName="sé"), post_user(KIM, userName="us"))
    await write(runtime, acme, delete_user(KIM))
    with former_release(monkeypatch):
        await rebuild(rebuild_context(database_url), silent)
        await rebuild_until("index", rebuild_context(database_url))
    await connection.execute(FORMER)
    await write(runtime, acme, delete_user(JO), post_user(ANN, userName="ann"))

    # The checksums of what the interrupted rebuild has loaded are those of names: it begins again.
    assert await adopt(connection, sealer) == ["directory", "directory_previous"]
    await rebuild(rebuild_context(database_url), silent)
    await roll_back(rebuild_context(database_url), silent)
    assert await differences(rebuild_context(database_url)) == []


async def test_without_the_key_names_of_the_deleted_wait_for_a_start_with_it(
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = await former_organization(runtime, "Acme")
    await write(runtime, acme, post_user(JO, userName="sam"), delete_user(JO))
    await make_former(connection, database_url, monkeypatch)

    await migrate(database_url)
    assert await revisions(connection) == {"directory": 1}
    async with open_runtime(settings(database_url), is_migrating=True):
        assert await revisions(connection) == {"directory": DIRECTORY.revision}


async def test_several_first_starts_at_once_all_succeed(
    runtime: Runtime,
    database_url: str,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = await former_organization(runtime, "Acme")
    await write(runtime, acme, post_user(JO, userName="é"))
    await make_former(connection, database_url, monkeypatch)

    await asyncio.gather(*(migrate(database_url) for _ in range(4)))
    assert await revisions(connection) == {"directory": DIRECTORY.revision}


async def test_what_a_rebuild_works_on_is_left_to_the_next_start(
    database_url: str, connection: asyncpg.Connection, sealer: Sealer
) -> None:
    await connection.execute(FORMER)
    other = await connect(database_url, timeout_s=30)
    async with other.transaction():
        await other.fetchval("SELECT pg_try_advisory_xact_lock(23579, hashtext('directory'))")
        assert await adopt(connection, sealer) == []
    await other.close()
    assert await adopt(connection, sealer) == ["directory"]


async def test_a_table_that_somebody_locks_keeps_no_service_from_starting(
    database_url: str,
    connection: asyncpg.Connection,
    sealer: Sealer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await connection.execute(FORMER)
    monkeypatch.setattr("projections.maintenance.adopt.LOCK_TIMEOUT_MS", 20)
    other = await connect(database_url, timeout_s=30)
    async with other.transaction():
        await other.execute("LOCK TABLE directory.users IN ACCESS EXCLUSIVE MODE")
        assert await adopt(connection, sealer) == []
    await other.close()
    assert await adopt(connection, sealer) == ["directory"]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE directory.users ADD COLUMN note text",
        "DROP TABLE directory.former_users",
        "UPDATE directory.users SET document = '{\"é\": 1}'",
        "UPDATE directory.users SET document = '[\"é\"]'",
    ],
)
async def test_what_somebody_changed_by_hand_is_not_adopted(
    change: str,
    runtime: Runtime,
    connection: asyncpg.Connection,
    sealer: Sealer,
) -> None:
    await former_organization(runtime, "Acme")
    await connection.execute(FORMER)
    await connection.execute(change)
    assert await adopt(connection, sealer) == []


@given(st.text(st.characters(codec="utf-8")))
def test_an_ascii_key_of_another_form_has_one_of_the_letters_that_are_looked_for(
    name: str,
) -> None:
    assert_is_looked_for(name)


def test_no_single_letter_folds_otherwise_to_ascii_without_being_looked_for() -> None:
    for number in range(0x110000):
        if not 0xD800 <= number < 0xE000:
            assert_is_looked_for(chr(number))


def assert_is_looked_for(name: str) -> None:
    """Assert that a key that the former release made of a name, if it differs, is read again."""
    former = former_fold(name)
    if former != text.fold(name) and former.isascii():
        assert any(each in former for each in ("s", "ff", "fi", "fl"))
