"""`scim-ledger keys …`: which keys there are, and how they are rotated while everything runs."""

from datetime import timedelta
from typing import Annotated

import typer

from eventstore.postgres.session import connect
from service.cli.groups import group
from service.cli.printing import keys as show
from service.cli.printing.progress import shown
from service.cli.process.output import say
from service.cli.process.run import AsJson, run_with_runtime
from service.config import Settings
from service.database.pool import CONNECT_TIMEOUT_S
from service.keys.list import list_keys
from service.keys.rotate import rotate_master_key, rotate_signing_key
from service.runtime import Runtime

keys = group(
    "The keys of the service: those that sign tokens, and the master key that wraps all others."
)
rotate = group("Replace a key by a new one, while the service runs.")
keys.add_typer(rotate, name="rotate")


@keys.command("list")
def keys_list(as_json: AsJson = False) -> None:
    """List the keys, what each of them is still used for, and the processes that have them."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        async with runtime.pool.acquire() as connection:
            held = await list_keys(connection, runtime.keyring)
        say(show.as_json(held) if as_json else show.lines(held))

    run_with_runtime(list_them)


@rotate.command("signing")
def rotate_signing(
    verify_days: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=36_500,
            help="For how long the former keys verify tokens; by default until the last token that they "
            "signed has expired. 0 refuses all of these tokens at once.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key that signs tokens. Tokens that are in use stay valid, unless --verify-days ends them."""

    async def replace(runtime: Runtime, _settings: Settings) -> None:
        verify_for = None if verify_days is None else timedelta(days=verify_days)
        connection = await connect(runtime.dsn, timeout_s=CONNECT_TIMEOUT_S)
        try:
            rotated = await rotate_signing_key(connection, runtime.sealer, verify_for=verify_for)
        finally:
            await connection.close()
        say(show.rotated_signing_json(rotated) if as_json else show.rotated_signing(rotated))

    run_with_runtime(replace)


@rotate.command("master")
def rotate_master(as_json: AsJson = False) -> None:
    """Replace the master key, and wrap everything again that it wraps.

    The new key is SCIM_LEDGER_NEXT_MASTER_KEY or the file master.key.next; without them it is made, where the
    key in use is a file. Ctrl-C and kill -9 are safe at any moment: run the same command again to go on.
    """

    async def replace(runtime: Runtime, _settings: Settings) -> None:
        with shown("rotation") as board:
            rotated = await rotate_master_key(
                runtime.dsn, runtime.keyring.places, show.reporting(board.report)
            )
        say(show.rotated_master_json(rotated) if as_json else show.rotated_master(rotated))

    run_with_runtime(
        replace,
        interrupted="Interrupted: both master keys are needed until the same command has run to its end.",
    )
