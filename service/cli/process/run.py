"""Runs one command. An error becomes one line and an exit code."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import typer
import uvloop

from service import log
from service.cli.process.output import OutputClosed, complain
from service.cli.process.problems import KNOWN, Exit, exit_of, line_of
from service.config import Settings, read_settings
from service.runtime import Runtime, open_runtime
from service.signals import SIGNALLED, ending
from service.terminal import printable

Organization = Annotated[
    str | None,
    typer.Option(
        "--organization", "-o", help="Name or id; optional if there is only one organization."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Personal = Annotated[
    bool, typer.Option("--personal", help="Also show personal values (names, mail addresses).")
]
ActingAs = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who asked for this change: recorded in the log together with this account.",
    ),
]
T = TypeVar("T")


@dataclass(slots=True)
class Stop:
    """Which signal ended a command, and whether the command had started."""

    by: signal.Signals | None = None
    has_begun: bool = False


def run_with_runtime(
    command: Callable[[Runtime, Settings], Coroutine[Any, Any, None]],
    *,
    interrupted: str = "",
    may_make_key: bool = False,
    is_endless: bool = False,
) -> None:
    """Run a command that needs the database.

    `interrupted` says what Ctrl-C leaves undone, if anything. An endless command is meant to end by Ctrl-C.
    """
    stop = Stop()

    async def with_runtime(settings: Settings) -> None:
        async with open_runtime(settings, is_migrating=False, may_make_key=may_make_key) as runtime:
            stop.has_begun = True
            await command(runtime, settings)

    run(with_runtime, interrupted=interrupted, is_endless=is_endless, stop=stop)


def run(
    command: Callable[[Settings], Coroutine[Any, Any, None]],
    *,
    interrupted: str = "",
    is_endless: bool = False,
    stop: Stop | None = None,
) -> None:
    """Run a command. An error becomes one line and an exit code."""
    stop = stop or Stop()
    try:
        settings = read_settings(os.environ)
        log.configure(
            json=not sys.stderr.isatty(), level=logging.getLevelNamesMapping()[settings.log_level]
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signalled(command(settings), stop))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise _end(stop, interrupted, is_endless=is_endless) from None
    except OutputClosed:  # `events tail | head` has read enough.
        raise typer.Exit(Exit.OK) from None
    except KNOWN as error:
        complain(f"scim-ledger: {line(line_of(error))}")
        raise typer.Exit(exit_of(error)) from None


def line(message: str) -> str:
    """Return a message as one line."""
    return printable(" ".join(message.split()))


async def _until_signalled(work: Coroutine[Any, Any, None], stop: Stop) -> None:
    """Do the work. The first terminating signal cancels it, and the work then cleans up."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        if stop.by is None and task is not None:
            stop.by = number
            task.cancel()

    for each in ending():
        loop.add_signal_handler(each, end, each)
    await work


def _end(stop: Stop, interrupted: str, *, is_endless: bool) -> typer.Exit:
    """Return the exit of a command that a signal has stopped."""
    by = stop.by or signal.SIGINT
    if interrupted:
        complain(f"scim-ledger: {interrupted}")
    if by == signal.SIGINT and stop.has_begun:
        if interrupted:
            return typer.Exit(Exit.REFUSED)
        if is_endless:
            return typer.Exit(Exit.OK)
    return typer.Exit(SIGNALLED + by)


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Finish the work even if this task is cancelled: the cancellation takes effect afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
