"""Ctrl-C at any moment ends a command without a traceback, and does not reach its worker processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import pytest

from eventstore.read_streams import FIRST_ID, LAST_ID, Span
from projections.directory.fold import DIRECTORY_FOLD
from projections.fold import fold_span
from projections.rebuild.workers import interrupts_held, workers
from service.cli.provenance import cli_provenance
from service.organizations.register import create_organization
from service.runtime import open_runtime
from tests.database.rebuilding import rebuild_context, rebuild_until
from tests.serving import settings

INTERRUPTED_WHILE_IMPORTING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from service.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["service.terminal", "service.cli.commands"])
def test_a_command_that_is_still_importing_ends_without_a_word(module: str) -> None:
    interrupted = INTERRUPTED_WHILE_IMPORTING.format(module=module)
    said = subprocess.run(
        [sys.executable, "-c", interrupted, "projections", "list"],
        check=False,
        capture_output=True,
    )
    assert (said.returncode, said.stdout, said.stderr) == (130, b"", b"")


async def test_a_worker_that_is_still_starting_ignores_an_interrupt(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = rebuild_context(database_url)
    await rebuild_until("index", place)
    capfd.readouterr()
    async with workers(place.at("directory_next"), 1) as [worker]:
        os.kill(worker.process.pid or 0, signal.SIGINT)
        await worker.run("load")
        assert worker.process.is_alive()
    assert capfd.readouterr().err == ""


@pytest.fixture
def raising_interrupts() -> Iterator[None]:
    """Make SIGINT raise, even if this process was started in the background and ignores it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("raising_interrupts")
def test_an_interrupt_is_not_lost_while_a_process_starts() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        os.kill(os.getpid(), signal.SIGINT)


async def test_a_fold_that_is_left_in_the_middle_has_ended_its_transaction(
    database_url: str, connection: asyncpg.Connection
) -> None:
    async with open_runtime(settings(database_url), is_migrating=False) as runtime:
        made = (
            await create_organization(runtime, "Acme", provenance=cli_provenance())
        ).organization
    span = Span(made.id, FIRST_ID, LAST_ID, 2)
    pages = fold_span(connection, rebuild_context(database_url).sealer, DIRECTORY_FOLD, span)
    await anext(pages)
    await pages.aclose()
    assert not connection.is_in_transaction()
