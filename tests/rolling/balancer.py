"""HAProxy in front of two services, with the configuration of docs/how-to/proxy.md."""

import asyncio
import re
import shutil
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/proxy.md"
SERVER = re.compile(r"^ *server .*\n", re.MULTILINE)


def is_here() -> bool:
    """Return whether HAProxy is installed."""
    return shutil.which("haproxy") is not None


def configuration(port: int, services: Sequence[int]) -> str:
    """Return the configuration of the page, for this port without TLS and for these services."""
    [text] = re.findall(r"```haproxy\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    servers = "".join(
        f"    server s{number} 127.0.0.1:{each}\n" for number, each in enumerate(services, 1)
    )
    without = SERVER.sub("", re.sub(r"bind .*", f"bind 127.0.0.1:{port}", text))
    return f"{without.rstrip()}\n{servers}"


@asynccontextmanager
async def balancing(port: int, services: Sequence[int], folder: Path) -> AsyncIterator[Process]:
    """Run HAProxy for the duration of the block."""
    file = folder / "haproxy.cfg"
    file.write_text(configuration(port, services))
    process = await asyncio.create_subprocess_exec(
        "haproxy", "-f", str(file), "-db", stdout=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
