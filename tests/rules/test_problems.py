"""No error of ours ends a command with a traceback: each is known to the command line, or caught before it gets there."""

import importlib
import pkgutil
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import typer

from eventstore.errors import BrokenSeal
from service import log
from service.backup.manifest import BackupProblem
from service.cli.process.problems import KNOWN, Exit, exit_of, line_of
from service.cli.process.run import run
from service.config import Settings

# Who catches each of the others.
CAUGHT = {
    "BeyondLog": "service.feed.jetstream: one log is not published",
    "CannotGrant": "service.database.migrate",
    "Contended": "service.write.lane",
    "ForkedCopy": "service.proof.outside_writer: it is a finding",
    "IllegalInstant": "each command that reads an instant",
    "IllegalSetting": "service.write.decide",
    "Invalid": "eventstore.proof.verifier: it is a finding",
    "LogShrunk": "service.write.lane",
    "MalformedNote": "whoever reads a note",
    "NameTaken": "service.write",
    "NamesUnread": "service.write.lane",
    "NotAdopted": "projections.maintenance.adopt",
    "NotJson": "schema.scim",
    "NotStarted": "service.cli.commands",
    "NotWritten": "service.write.transaction",
    "NothingToEnd": "projections.history: the stream is parked",
    "NoVersion": "projections.versions: the stream is parked",
    "OutcomeUnknown": "service.write.lane",
    "OutputClosed": "service.cli.process.run",
    "KeysUnavailable": "service.oauth and service.console.sessions",
    "KeysUnusable": "the same",
    "RequestRefused": "service.http",
    "Superseded": "projections.followers",
    "TooFarBehind": "projections.rebuild.swap",
    "TooManyMembers": "service.write.batch",
    "UnexpectedAnswer": "nobody: `demo` asks a service of its own, and this is a bug",
    "UnfitError": "schema.scim.filter",
    "UnusableUrl": "service.config: pydantic makes a ValidationError of it",
}


def errors_of_ours() -> Iterator[type[Exception]]:
    """Yield every class of errors that our packages define."""
    for package in ("schema", "eventstore", "projections", "service"):
        top = importlib.import_module(package)
        for module in pkgutil.walk_packages(top.__path__, f"{package}."):
            if module.name.endswith("__main__"):
                continue
            for found in vars(importlib.import_module(module.name)).values():
                if (
                    isinstance(found, type)
                    and issubclass(found, Exception)
                    and found.__module__ == module.name
                ):
                    yield found


def test_every_error_is_known_to_the_command_line_or_caught() -> None:
    unknown = {each.__name__ for each in errors_of_ours() if not issubclass(each, KNOWN)}
    assert unknown == CAUGHT.keys()


@pytest.mark.parametrize(
    "error", [BackupProblem("The file was changed."), BrokenSeal(BrokenSeal.__doc__)]
)
def test_what_cannot_be_carried_out_is_one_line_and_exit_1(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(_settings: Settings) -> None:
        raise error

    with patch.object(log, "configure"), pytest.raises(typer.Exit) as ended:
        run(fail)

    assert ended.value.exit_code == Exit.REFUSED == exit_of(error)
    assert capsys.readouterr().err == f"scim-ledger: {error}\n"


def test_an_error_without_a_message_says_what_its_class_says() -> None:
    assert line_of(BackupProblem()) == BackupProblem.__doc__
