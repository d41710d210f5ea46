"""The configurations of docs/how-to/proxy.md are accepted by their proxies, and requests come through."""

import asyncio
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.protocol.installation import free_port
from tests.rolling.balancer import PAGE, balancing
from tests.serving import Served, make_tenant, started

pytestmark = [pytest.mark.process]
TRIES = 100


def nginx_configuration(port: int, service: int, folder: Path) -> str:
    """Return the configuration of the page, for this port without TLS and for this service."""
    [text] = re.findall(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    text = re.sub(r" *ssl_\w+ .*\n", "", text).replace(
        "listen 443 ssl;", f"listen 127.0.0.1:{port};"
    )
    text = re.sub(r" *server 10\.0\.0\.12:.*\n", "", text).replace(
        "10.0.0.11:8080", f"127.0.0.1:{service}"
    )
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{each}_temp_path {folder}/{each};\n" for each in places)
    return (
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}}}\n"
    )


@asynccontextmanager
async def nginx(port: int, service: int, folder: Path) -> AsyncIterator[None]:
    """Run nginx for the duration of the block."""
    file = folder / "nginx.conf"
    file.write_text(nginx_configuration(port, service, folder))
    process = await asyncio.create_subprocess_exec(
        "nginx", "-e", str(folder / "error.log"), "-c", str(file), stdout=DEVNULL, stderr=PIPE
    )
    try:
        yield
    finally:
        process.terminate()
        _, said = await process.communicate()
        assert b"[emerg]" not in said


async def came_through(served: Served, port: int) -> tuple[int, int]:
    """Return the status of a write through a proxy, and that of what it must not expose."""
    tenant = await make_tenant(served.runtime, f"Behind {port}")
    base = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {tenant.token}", "Content-Type": "application/scim+json"}
    for _ in range(TRIES):
        try:
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.post(f"{base}/api/scim/v2/Users", data=b'{"userName":"ada"}') as made,
                session.get(f"{base}/metrics") as hidden,
            ):
                if made.status < 500:
                    return made.status, hidden.status
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("The proxy passes nothing on.")


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
async def test_haproxy(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with (
        started(database_url) as served,
        balancing(port, [served.port, free_port()], tmp_path),
    ):
        assert await came_through(served, port) == (201, 404)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
async def test_nginx(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with started(database_url) as served, nginx(port, served.port, tmp_path):
        assert await came_through(served, port) == (201, 404)
