"""Runs a command line. A bad command line or an unusable output becomes one line and an exit code."""

import sys

import typer
from typer.exceptions import TyperException

from service.cli.commands import app
from service.cli.process.output import OutputClosed, OutputFailed, complain
from service.cli.process.problems import Exit
from service.cli.process.run import line
from service.terminal import printable, silence, undecodable


def start(arguments: list[str]) -> int:
    """Run a command line; return its exit code."""
    if (wrong := undecodable(arguments)) is not None:
        complain(
            f"scim-ledger: The argument {printable(wrong)} is not text in this locale's encoding."
        )
        return Exit.USAGE
    try:
        code = app(arguments, prog_name="scim-ledger", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:  # Its message quotes the command line.
        complain(usage_of(error))
        return Exit.USAGE
    except OutputClosed:
        return Exit.OK
    except SystemExit:  # typer raises this when the reader of its help has gone.
        silence(sys.stdout)
        return Exit.OK
    except (OSError, OutputFailed) as error:
        silence(sys.stdout)
        complain(f"scim-ledger: {unwritable(error)}")
        return Exit.UNAVAILABLE
    return int(code or 0)


def unwritable(error: OSError | OutputFailed) -> str:
    """Return the message that says why standard output cannot be written."""
    reason = error.strerror if isinstance(error, OSError) else None
    return f"Standard output cannot be written: {reason}." if reason else str(error)


def usage_of(error: TyperException) -> str:
    """Return the usage of a command, and what was wrong with this call."""
    context: typer.Context | None = getattr(error, "ctx", None)
    usage = f"{context.get_usage()}\nTry: {context.command_path} --help\n" if context else ""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return f"{usage}scim-ledger: {line(message)}"
