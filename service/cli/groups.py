"""Makes command groups. A group that is called without a command shows its help; that is not an error."""

import sys
from typing import Literal

import typer

from service.terminal import is_colorful, is_utf8

HELP_NAMES = {"help_option_names": ["-h", "--help"]}


def help_style() -> Literal["rich"] | None:
    """Return how help is drawn: plain if the terminal has no colors or cannot show the frame characters."""
    return "rich" if is_colorful(sys.stdout) and is_utf8(sys.stdout) else None


def group(help_text: str) -> typer.Typer:
    """Return a command group with this help text."""
    made = typer.Typer(help=help_text, rich_markup_mode=help_style(), context_settings=HELP_NAMES)

    @made.callback(invoke_without_command=True)
    def explain(context: typer.Context) -> None:
        show_help(context)

    return made


def show_help(context: typer.Context) -> None:
    """Print the help of a group if it was called without a command."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
