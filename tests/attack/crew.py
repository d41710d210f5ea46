"""The attacker: many connections that send the same hostile requests, in a process of its own.

Attackers have machines of their own, so this process leaves the processors to the service and to Postgres.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

import uvloop

HOST = "127.0.0.1"
CHUNK = 65_536
NICENESS = 10
PAUSE_S = 0.2  # Of one that drips, between two bytes; and after a connection that was closed.
CLOSED = "closed"  # Of a connection, without an answer.

# answered: send, read the answer, send the next one. held: send, and then nothing. dripped: send, and then a byte
# at a time. unread: send, and never read an answer.
Manner = Literal["answered", "held", "dripped", "unread"]


@dataclass(frozen=True, slots=True)
class Order:
    """What to send, on how many connections, for how long."""

    port: int
    requests: Sequence[bytes]
    connections: int
    seconds: float
    manner: Manner = "answered"


def attack(order: Order) -> Counter[str]:
    """Send; return how often there was which status."""
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    return uvloop.run(_attack(order)) if sys.platform != "win32" else Counter()


async def _attack(order: Order) -> Counter[str]:
    seen, requests = Counter[str](), cycle(order.requests)
    with suppress(TimeoutError):
        async with asyncio.timeout(order.seconds), asyncio.TaskGroup() as group:
            for _ in range(order.connections):
                group.create_task(_work(order, requests, seen))
    return seen


async def _work(order: Order, requests: "cycle[bytes]", seen: Counter[str]) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection(HOST, order.port, limit=CHUNK)
        except OSError:
            seen[CLOSED] += 1
            await asyncio.sleep(PAUSE_S)
            continue
        try:
            await _converse(order, (reader, writer), requests, seen)
        except (OSError, EOFError, ValueError, RuntimeError, asyncio.IncompleteReadError):
            seen[CLOSED] += 1
            await asyncio.sleep(PAUSE_S)
        finally:
            writer.transport.abort()


async def _converse(
    order: Order,
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    requests: "cycle[bytes]",
    seen: Counter[str],
) -> None:
    """Use a connection until it is closed."""
    reader, writer = streams
    if order.manner == "unread":
        reader._transport.pause_reading()  # type: ignore[attr-defined]
    while True:
        writer.write(next(requests))
        await writer.drain()
        if order.manner == "answered":
            status, is_kept = await receive(reader)
            seen[status] += 1
            if not is_kept:
                return
            continue
        seen["sent"] += 1
        while True:
            await asyncio.sleep(PAUSE_S)
            if order.manner == "dripped":
                writer.write(b"x")
                await writer.drain()
            if reader.at_eof() or writer.transport.is_closing():
                raise EOFError


async def receive(reader: asyncio.StreamReader) -> tuple[str, bool]:
    """Read one answer; return its status, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = head.split(" ", 2)[1]
    if "transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await _skip(reader, size + 2)
        await reader.readline()
    else:
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        await _skip(reader, int(length or 0))
    if status == "503" and "retry-after: " not in head:
        status = "503 without Retry-After"
    return status, "connection: close" not in head


async def _skip(reader: asyncio.StreamReader, size: int) -> None:
    while size:
        read = await reader.read(min(size, CHUNK))
        if not read:
            raise EOFError
        size -= len(read)
