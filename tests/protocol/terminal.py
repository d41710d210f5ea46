"""Commands in a second terminal, on the database of the service that the tests share."""

import asyncio
import os
import sys
from dataclasses import dataclass

from tests.serving import MASTER_KEY, Served


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it printed."""

    code: int | None
    out: str
    err: str


async def run(served: Served, *arguments: str) -> Said:
    """Run a command of `scim-ledger` to its end."""
    process = await start(served, *arguments)
    out, err = await process.communicate()
    return Said(process.returncode, out.decode(), err.decode())


async def start(
    served: Served,
    *arguments: str,
    stdout: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.PIPE,
) -> asyncio.subprocess.Process:
    """Start a command of `scim-ledger`."""
    settings = {"DATABASE_URL": served.runtime.dsn, "SCIM_LEDGER_MASTER_KEY": MASTER_KEY}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "service", *arguments),
        env={**os.environ, **settings},
        stdout=stdout,
        stderr=stderr,
    )
