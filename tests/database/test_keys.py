"""The master key and the signing keys are made once and stored safely. A wrong key is refused."""

import asyncio
import base64
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from eventstore.sealing.sealer import Sealer
from service.callers.signing_keys import SigningKeys, load_signing_keys, thumbprint
from service.database.master_key import KeyProblem, load_master_key, make_key_file
from service.keys.keyring import Keyring, open_keyring
from service.keys.master_keys import open_master_keys
from service.keys.places import KeyPlaces

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
TEXT = base64.b64encode(KEY).decode()


def test_the_setting_comes_before_the_file(tmp_path: Path) -> None:
    assert load_master_key(setting=TEXT, key_file=tmp_path / "master.key") == KEY
    assert not (tmp_path / "master.key").exists()


def test_a_missing_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    key_file = tmp_path / "data" / "master.key"
    first = load_master_key(setting=None, key_file=key_file)
    assert load_master_key(setting=None, key_file=key_file) == first
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == ["master.key"]


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    key_file = tmp_path / "master.key"
    make_key_file(key_file)
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        make_key_file(key_file)
    assert key_file.read_bytes() == before


def test_all_who_start_together_get_the_same_key(tmp_path: Path) -> None:
    key_file = tmp_path / "master.key"
    with ThreadPoolExecutor(8) as threads:
        started = [
            threads.submit(load_master_key, setting=None, key_file=key_file) for _ in range(8)
        ]
    assert len({each.result() for each in started}) == 1


def test_a_missing_file_that_may_not_be_made_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="There is no master key: set SCIM_LEDGER_MASTER_KEY"):
        load_master_key(setting=None, key_file=tmp_path / "master.key", create=False)


def test_a_file_where_a_folder_should_be_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(KeyProblem, match="Not a directory"):
        load_master_key(setting=None, key_file=tmp_path / "data" / "master.key")


def test_a_folder_that_cannot_be_made_is_a_problem() -> None:
    with pytest.raises(KeyProblem, match="cannot be made"):
        load_master_key(setting=None, key_file=Path("/proc/nobody/master.key"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    key_file = tmp_path / "master.key"
    key_file.write_text(TEXT)
    key_file.chmod(mode)
    with pytest.raises(KeyProblem, match="chmod 600"):
        load_master_key(setting=None, key_file=key_file)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("", "holds 0 bytes, not 32"),
        (base64.b64encode(KEY[:16]).decode(), "holds 16 bytes, not 32"),
        ("not base64!", "is not base64"),
        ("schlüssel", "is not base64"),
    ],
)
def test_a_setting_that_is_no_key_is_refused(tmp_path: Path, setting: str, problem: str) -> None:
    with pytest.raises(KeyProblem, match=f"SCIM_LEDGER_MASTER_KEY {problem}"):
        load_master_key(setting=setting, key_file=tmp_path / "master.key")


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    key_file = tmp_path / "master.key"
    key_file.write_bytes(b"\xff\xfe")
    key_file.chmod(0o600)
    with pytest.raises(KeyProblem, match="is not base64"):
        load_master_key(setting=None, key_file=key_file)


def given(key: bytes | None, folder: Path = Path("/nowhere")) -> KeyPlaces:
    """Return the places of a key that a setting gives, or that only a file may give."""
    return KeyPlaces(base64.b64encode(key).decode() if key else None, None, folder / "master.key")


async def test_a_database_keeps_to_its_first_master_key(connection: asyncpg.Connection) -> None:
    assert await open_master_keys(connection, given(KEY), may_make=False) == (KEY,)
    assert await open_master_keys(connection, given(KEY), may_make=False) == (KEY,)
    with pytest.raises(
        KeyProblem, match="made with another master key than SCIM_LEDGER_MASTER_KEY"
    ):
        await open_master_keys(connection, given(OTHER_KEY), may_make=True)


async def test_a_new_database_gets_a_key_file(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    made = await open_master_keys(connection, given(None, tmp_path), may_make=True)
    held = await open_master_keys(connection, given(None, tmp_path), may_make=False)
    assert (held, file.exists()) == (made, True)


async def test_who_only_looks_makes_no_key_file(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    with pytest.raises(KeyProblem, match="For a new database, scim-ledger serve makes one"):
        await open_master_keys(connection, given(None, tmp_path), may_make=False)
    assert not file.exists()


async def test_a_lost_key_file_is_not_made_anew(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    await open_master_keys(connection, given(None, tmp_path), may_make=True)
    file.unlink()
    with pytest.raises(KeyProblem, match="or restore"):
        await open_master_keys(connection, given(None, tmp_path), may_make=True)
    assert not file.exists()


async def test_the_database_does_not_hold_the_master_key(connection: asyncpg.Connection) -> None:
    await open_master_keys(connection, given(KEY), may_make=False)
    row = await connection.fetchval("SELECT master_keys::text FROM service.master_keys")
    assert KEY.hex() not in row
    assert TEXT not in row


async def test_the_first_signing_key_is_made_and_stays(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    [made] = await load_signing_keys(connection, Sealer(KEY))
    [found] = await load_signing_keys(service_connection, Sealer(KEY))
    assert found.kid == made.kid
    assert found.private_key.private_bytes_raw() == made.private_key.private_bytes_raw()
    assert found.public_key == made.private_key.public_key()


async def test_two_that_start_together_share_the_first_signing_key(
    connection: asyncpg.Connection, database_url: str
) -> None:
    other = await asyncpg.connect(database_url)
    [first], [second] = await asyncio.gather(
        load_signing_keys(connection, Sealer(KEY)), load_signing_keys(other, Sealer(KEY))
    )
    await other.close()
    assert first.kid == second.kid


async def test_a_private_key_is_not_stored_in_the_clear(connection: asyncpg.Connection) -> None:
    [key] = await load_signing_keys(connection, Sealer(KEY))
    row = await connection.fetchval("SELECT signing_keys::text FROM service.signing_keys")
    assert key.private_key.private_bytes_raw().hex() not in row
    assert key.public_key.public_bytes_raw().hex() in row


async def test_a_signing_key_of_another_master_key_is_a_problem(
    connection: asyncpg.Connection,
) -> None:
    await load_signing_keys(connection, Sealer(KEY))
    with pytest.raises(KeyProblem, match="was altered"):
        await load_signing_keys(connection, Sealer(OTHER_KEY))


async def test_a_row_that_is_no_signing_key_is_skipped_with_an_error_line(
    connection: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    [made] = await load_signing_keys(connection, Sealer(KEY))
    await connection.execute(
        "INSERT INTO service.signing_keys (kid, public_key, wrapped_private_key)"
        " VALUES ('garbage', 'x', 'y'), ('', '', ''), ('swapped', 'x', $1)",
        await connection.fetchval("SELECT wrapped_private_key FROM service.signing_keys"),
    )

    keys = SigningKeys(await load_signing_keys(connection, Sealer(KEY)))

    assert (list(keys), keys.current.kid) == ([made.kid], made.kid)
    said = capsys.readouterr()
    assert (said.out + said.err).count("signing_key_unusable") == 3


@pytest.fixture
async def keyring(connection: asyncpg.Connection) -> Keyring:
    """Give the keys of a process."""
    return await open_keyring(connection, given(KEY), may_make=True)


async def test_who_asks_after_a_look_that_failed_hears_of_the_outage_too(
    keyring: Keyring, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    @asynccontextmanager
    async def borrowed(*_: object, **__: object) -> AsyncIterator[asyncpg.Connection]:
        looks.append(1)
        if len(looks) < 3:
            raise ConnectionRefusedError
        yield connection

    monkeypatch.setattr("service.keys.keyring.borrowed", borrowed)
    look = keyring.looking(pool=None)

    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            await look("unknown")
    assert [await look("unknown") for _ in range(3)] == [False] * 3
    assert await look(keyring.signing_keys.current.kid)
    assert len(looks) == 3  # A look that went well answers for a second.


async def test_a_key_that_does_not_open_is_reported_once(
    keyring: Keyring, connection: asyncpg.Connection
) -> None:
    add = (
        "INSERT INTO service.signing_keys (kid, public_key, wrapped_private_key)"
        " VALUES ($1, 'x', 'y')"
    )
    with capture_logs() as lines:
        for kid in ("first", "second"):
            await connection.execute(add, kid)
            for _ in range(3):
                await keyring.refresh(connection)
        await connection.execute("DELETE FROM service.signing_keys WHERE kid = 'first'")
        await keyring.refresh(connection)
        await connection.execute(add, "first")
        await keyring.refresh(connection)

    said = [each["kid"] for each in lines if each["event"] == "signing_key_unusable"]
    assert said == ["first", "second", "first"]


async def test_that_no_key_opens_is_reported_once(
    keyring: Keyring, connection: asyncpg.Connection
) -> None:
    kid = keyring.signing_keys.current.kid
    await connection.execute("UPDATE service.signing_keys SET wrapped_private_key = 'x'")
    with capture_logs() as lines:
        for _ in range(3):
            await keyring.refresh(connection)

    said = [each["event"] for each in lines]
    assert said == ["signing_key_unusable", "keys_unusable"]
    assert kid in keyring.signing_keys  # What this process has stays in use.


def test_a_thumbprint_is_that_of_rfc_8037() -> None:
    public = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
