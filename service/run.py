"""Runs a command of the command line: what it raises becomes one line and an exit code."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Annotated, Any

import asyncpg
import typer
import uvloop
from pydantic import ValidationError

from projections.fold import NotFolded
from projections.rebuild import REFUSALS
from schema.scim.errors import ScimError
from service import log
from service.config import Settings
from service.embedded import EmbeddedPostgresError
from service.keys import KeyProblem
from service.migrate import MigrationProblem
from service.runtime import NotMigrated, Runtime, open_runtime

Organization = Annotated[
    str | None,
    typer.Option(
        "--organization", "-o", help="Name or id; may be left out where there is only one."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


class Exit(IntEnum):
    """Exit codes: 2 is what typer gives for a command line that it cannot read."""

    OK = 0
    REFUSED = 1  # What was asked cannot be done; the message says why.
    UNAVAILABLE = 3  # Postgres, the data folder, a key, the port or a release that can read the log is not to be had.


PROBLEMS = (
    KeyProblem,
    MigrationProblem,
    NotFolded,
    NotMigrated,
    EmbeddedPostgresError,
    OSError,
)


class Refused(Exception):
    """What was asked cannot be done; the message says why."""


def run_with_runtime(
    command: Callable[[Runtime, Settings], Coroutine[Any, Any, None]], *, interrupted: str = ""
) -> None:
    """Run a command that needs the database. `interrupted` is what Ctrl-C leaves undone, if anything."""

    async def with_runtime(settings: Settings) -> None:
        async with open_runtime(settings, is_migrating=False) as runtime:
            await command(runtime, settings)

    run(with_runtime, interrupted=interrupted)


def run(command: Callable[[Settings], Coroutine[Any, Any, None]], *, interrupted: str = "") -> None:
    """Run a command; what it raises becomes one line and an exit code."""
    try:
        settings = Settings()
        log.configure(
            json=not sys.stderr.isatty(), level=logging.getLevelNamesMapping()[settings.log_level]
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(command(settings))
    except ValidationError as error:
        first = error.errors()[0]
        _fail(Exit.UNAVAILABLE, f"Setting {_setting(first['loc'])}: {first['msg']}")
    except (ScimError, Refused, *REFUSALS) as error:
        _fail(Exit.REFUSED, str(error))
    except KeyboardInterrupt:
        if interrupted:
            _fail(Exit.REFUSED, interrupted)
        raise typer.Exit(Exit.OK) from None
    except BrokenPipeError:  # `events tail | head` has read enough.
        close_output()
        raise typer.Exit(Exit.OK) from None
    except (ConnectionError, TimeoutError, socket.gaierror) as error:
        _fail(Exit.UNAVAILABLE, f"Postgres cannot be reached: check DATABASE_URL. {error}")
    except PROBLEMS as error:
        _fail(Exit.UNAVAILABLE, str(error) or type(error).__name__)
    except asyncpg.ClientConfigurationError as error:
        _fail(Exit.UNAVAILABLE, f"DATABASE_URL: {error}")
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _fail(Exit.UNAVAILABLE, f"Postgres: {error}")


def close_output() -> None:
    """Let what is still to print go nowhere, when nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _setting(location: tuple[int | str, ...]) -> str:
    name = ".".join(map(str, location))
    return name if name.isupper() else f"SCIM_LEDGER_{name.upper()}"


def _fail(code: Exit, message: str) -> None:
    line = " ".join(message.split())
    typer.echo(f"scim-ledger: {line}", err=True)
    raise typer.Exit(code)
