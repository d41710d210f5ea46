"""Commands when there is no database yet: only `serve` makes one."""

from pathlib import Path

import pytest

from tests.protocol.installation import Installation, free_port

pytestmark = [pytest.mark.slow, pytest.mark.process]
COMMANDS = [
    ("migrate",),
    ("organization", "create", "Contoso"),
    ("organization", "list"),
    ("role", "list"),
    ("user", "create", "--user-name", "ada"),
    ("token", "list"),
    ("token", "issue", "--label", "Entra"),
    ("events", "tail", "--no-follow"),
    ("projections", "list"),
    ("projections", "status"),
    ("projections", "rebuild", "directory"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_a_command_makes_no_database_and_says_what_does(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    said = await Installation(data_dir, free_port()).run(*command)

    assert (said.code, said.out) == (3, "")
    assert said.err == (
        f"scim-ledger: There is no database in {data_dir}: run scim-ledger serve first, "
        "or set SCIM_LEDGER_DATA_DIR (or DATABASE_URL).\n"
    )
    assert not data_dir.exists()
