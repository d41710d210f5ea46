"""The commands `role-group` and `guard`, run as in a second terminal beside a service."""

from typing import Any
from unittest.mock import patch

import orjson
import pytest
from typer.testing import CliRunner

from service import log
from service.cli.commands import app
from service.ids import new_id
from tests.serving import MASTER_KEY, Served

NAMES = ("jo", "ann", "kim")


class Terminal:
    """Runs commands on the database of the running service, for an organization of its own."""

    def __init__(self, served: Served) -> None:
        self.environment = {
            "DATABASE_URL": served.runtime.dsn,
            "SCIM_LEDGER_MASTER_KEY": MASTER_KEY,
            "NO_COLOR": "1",
        }
        self.name = f"Acme {new_id()}"
        self.run("organization", "create", self.name)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Return what a command prints."""
        with patch.object(log, "configure"):  # The log of this process is that of the tests.
            result = CliRunner().invoke(app, list(arguments), env=self.environment)
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    def of(self, *arguments: str, code: int = 0) -> str:
        """Return what a command prints about the organization."""
        return self.run(*arguments, "-o", self.name, code=code)

    def json(self, *arguments: str) -> Any:
        """Return the JSON that a command prints about the organization."""
        return orjson.loads(self.of(*arguments, "--json"))


@pytest.fixture
def terminal(served: Served) -> Terminal:
    """Give a terminal."""
    return Terminal(served)


def test_role_groups_are_previewed_saved_and_listed(terminal: Terminal) -> None:
    empty = terminal.of("role-group", "list")
    preview = terminal.json("role-group", "set", "--dry-run", "CLM Editors=Editor")
    shown = terminal.of("role-group", "set", "--dry-run", "CLM Editors=editor")
    saved = terminal.of("role-group", "set", "--digest", preview["digest"], "CLM Editors=Editor")
    stale = terminal.of("role-group", "set", "--digest", preview["digest"], "X=Editor", code=1)

    assert "No group is a role group" in empty
    assert preview["warnings"] == ["No group is called 'CLM Editors' now."]
    assert f"--digest {preview['digest']}" in shown
    assert "1. Editor         CLM Editors  no such group now" in saved
    assert "since the preview" in stale
    assert terminal.json("role-group", "list")["items"] == [
        {
            "displayName": "CLM Editors",
            "groupId": None,
            "memberCount": 0,
            "namedBy": "displayName",
            "role": "Editor",
        }
    ]
    assert "as GROUP=ROLE" in terminal.of("role-group", "set", "CLM Editors", code=1)


def test_role_groups_come_from_a_file_too(terminal: Terminal, tmp_path: Any) -> None:
    file = tmp_path / "groups.json"
    items = [{"displayName": "A", "role": "Editor"}, {"displayName": "B", "role": "Reader"}]
    file.write_bytes(orjson.dumps({"items": items, "explicitWins": False}))

    saved = terminal.json("role-group", "set", "--file", str(file))
    file.write_bytes(b"[]")
    refused = terminal.of("role-group", "set", "--file", str(file), code=1)

    assert [each["displayName"] for each in saved["items"]] == ["A", "B"]
    assert saved["explicitWins"] is False
    assert "not like the body of PUT /role-groups" in refused


def test_the_guard_is_set_and_shown(terminal: Terminal) -> None:
    assert "the organization is new" in terminal.of("guard", "show")
    assert "More than 2 users" in terminal.of("guard", "set", "--max-users", "2")
    assert terminal.json("guard", "show") | {"inForceFrom": None} == {
        "enabled": True,
        "maxUsers": 2,
        "maxPercent": 20,
        "windowMinutes": 60,
        "inForce": True,
        "inForceFrom": None,
    }
    assert terminal.of("guard", "set", "--off") == "The guard is off.\n"
    assert terminal.of("guard", "holds") == "Nothing is held.\n"
    assert "There is no hold" in terminal.of("guard", "hold", str(new_id()), code=1)
    assert "There is no hold" in terminal.of("guard", "approve", str(new_id()), code=1)
