"""Runs a command of the command line: what it raises becomes one line and an exit code."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
import uvloop

from service import log
from service.config import Settings
from service.problems import KNOWN, Exit, exit_of, line_of
from service.runtime import Runtime, open_runtime

Organization = Annotated[
    str | None,
    typer.Option(
        "--organization", "-o", help="Name or id; may be left out where there is only one."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Personal = Annotated[
    bool, typer.Option("--personal", help="Show personal values too (names, mails).")
]


def run_with_runtime(
    command: Callable[[Runtime, Settings], Coroutine[Any, Any, None]],
    *,
    interrupted: str = "",
    may_make_key: bool = False,
) -> None:
    """Run a command that needs the database. `interrupted` is what Ctrl-C leaves undone, if anything."""

    async def with_runtime(settings: Settings) -> None:
        async with open_runtime(settings, is_migrating=False, may_make_key=may_make_key) as runtime:
            await command(runtime, settings)

    run(with_runtime, interrupted=interrupted)


def run(command: Callable[[Settings], Coroutine[Any, Any, None]], *, interrupted: str = "") -> None:
    """Run a command; what it raises becomes one line and an exit code."""
    try:
        # From here on Ctrl-C is an exception, which says what it has left undone.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        settings = Settings()
        log.configure(
            json=not sys.stderr.isatty(), level=logging.getLevelNamesMapping()[settings.log_level]
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(command(settings))
    except KeyboardInterrupt:
        if interrupted:
            _fail(Exit.REFUSED, interrupted)
        raise typer.Exit(Exit.OK) from None
    except BrokenPipeError:  # `events tail | head` has read enough.
        close_output()
        raise typer.Exit(Exit.OK) from None
    except KNOWN as error:
        _fail(exit_of(error), line_of(error))


def close_output() -> None:
    """Let what is still to print go nowhere, when nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(code: Exit, message: str) -> None:
    line = " ".join(message.split())
    typer.echo(f"scim-ledger: {line}", err=True)
    raise typer.Exit(code)
