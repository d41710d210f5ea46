"""The load tool: connections that each send a request, await its answer, and send the next.

It is a process of its own, on plain sockets with a parser of a few lines, so that on a small machine
it takes little from the servers that it measures.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import perf_counter
from typing import cast

import orjson
import uvloop

from tests.benchmarks.bodies import People, Target, gets, patches, posts, sends
from tests.benchmarks.orders import Measurement, Order, measurement, read_order

EXPECTED = {"post": {201}, "patch": {200}, "get": {200}, "send": {200, 201, 204}}
ROUND_TIMEOUT_S = 120.0  # After the end of a round, for answers that are still due.
HEAD_END = b"\r\n\r\n"
NUMBERS_PER_ROUND = 10_000_000  # So that no two rounds make the same user.


@dataclass(slots=True)
class Load:
    """One measurement: what to send, until when, and what came back."""

    expected: set[int]
    counted_from: float
    until: float
    requests_max: int
    interval_s: float = 0.0  # Between two requests of all connections; 0: as fast as they go.
    on_answer: Callable[[bytearray], None] | None = None
    latencies_s: list[float] = field(default_factory=list)
    sent: int = 0
    turn: float = 0.0  # When the last request was due.
    unexpected: str = ""  # The first answer that was not the expected one.

    def may_send(self) -> bool:
        """Return whether another request is to be sent."""
        return self.sent < self.requests_max and not self.unexpected and perf_counter() < self.until

    def next_turn(self) -> float:
        """Return when the next request is due: what it waits for its sender counts as its latency."""
        now = perf_counter()
        self.turn = now if not self.interval_s or not self.turn else self.turn + self.interval_s
        return self.turn

    def note(self, status: int, answer: bytearray, sent_at: float) -> None:
        """Take in an answer."""
        if status not in self.expected:
            self.unexpected = self.unexpected or answer[:600].decode(errors="replace")
            return
        now = perf_counter()
        if self.counted_from <= now <= self.until:
            self.latencies_s.append(now - sent_at)
        if self.on_answer:
            self.on_answer(answer)


class Connection(asyncio.Protocol):
    """A connection that is kept alive; the round fails where the server closes it."""

    def __init__(self, load: Load, make: Callable[[], bytes], ended: asyncio.Future[None]) -> None:
        self._load, self._make, self.ended = load, make, ended
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()  # Grows in place: some answers have megabytes.
        self._awaited = 0  # Bytes of the whole answer, 0 until its head is there, -1 in chunks.
        self._sent_at = 0.0
        self._is_done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(
            "asyncio.Transport", transport
        )  # uvloop's is one by its methods only.
        self._send()

    def _send(self) -> None:
        assert self._transport
        if not self._load.may_send():
            self._is_done = True
            self._transport.close()
            return
        self._load.sent += 1
        self._received, self._awaited = bytearray(), 0
        self._sent_at = self._load.next_turn()
        early_s = self._sent_at - perf_counter()
        if early_s > 0:
            asyncio.get_running_loop().call_later(early_s, self._write)
        else:
            self._write()

    def _write(self) -> None:
        assert self._transport
        self._transport.write(self._make())

    def data_received(self, data: bytes) -> None:
        """Take in a piece of an answer; send the next request once it is whole."""
        self._received += data
        if not self._awaited and not self._read_head():
            return
        received = self._received
        is_whole = (
            received.endswith(b"0\r\n\r\n") if self._awaited < 0 else len(received) >= self._awaited
        )
        if is_whole:
            self._load.note(int(received[9:12]), received, self._sent_at)
            self._send()

    def _read_head(self) -> bool:
        end = self._received.find(HEAD_END)
        if end < 0:
            return False
        head = self._received[:end].lower()
        begin = head.find(b"content-length:")
        if begin >= 0:
            length = head[begin + 15 :].split(b"\r\n", 1)[0]
            self._awaited = end + len(HEAD_END) + int(length)
        elif b"transfer-encoding: chunked" in head:
            self._awaited = -1
        else:
            self._awaited = end + len(HEAD_END)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """End, or fail the round where an answer was still due."""
        if not self._is_done:
            self._load.unexpected = self._load.unexpected or f"The connection was lost: {error!r}"
        if not self.ended.done():
            self.ended.set_result(None)


async def run_load(load: Load, makes: list[Callable[[], bytes]], ports: list[int]) -> None:
    """Run one measurement: a connection for each of `makes`, to the port of the same index."""
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[None]] = []
    for make, port in zip(makes, ports, strict=True):
        ends.append(loop.create_future())
        await loop.create_connection(partial(Connection, load, make, ends[-1]), "127.0.0.1", port)
    async with asyncio.timeout(ROUND_TIMEOUT_S + max(0.0, load.until - perf_counter())):
        await asyncio.gather(*ends)


class LoadTool:
    """What the process knows between its measurements: the users of each server."""

    def __init__(self) -> None:
        self._people: dict[int, People] = {}
        self._rounds = count(1)

    def measure(self, order: Order) -> Measurement:
        """Return what an order comes to."""
        begin = perf_counter() + order.warm_up_s
        requests_max = len(order.requests) or order.requests_max
        load = Load(EXPECTED[order.work], begin, begin + order.seconds, requests_max)
        load.interval_s = 1 / order.rate if order.rate else 0.0
        if order.work == "post" and len(order.targets) == 1:
            load.on_answer = self._people_of(order.targets[0]).take_from
        makes = [self._maker(order, target) for target in order.targets]
        chosen = [index % len(makes) for index in range(order.connections)]
        ports = [order.targets[index].port for index in chosen]
        uvloop.run(run_load(load, [makes[index] for index in chosen], ports))
        seconds = min(order.seconds, perf_counter() - begin)
        return measurement(load.latencies_s, seconds, load.unexpected)

    def _people_of(self, target: Target) -> People:
        return self._people.setdefault(target.port, People())

    def _maker(self, order: Order, target: Target) -> Callable[[], bytes]:
        match order.work:
            case "post":
                return posts(target, next(self._rounds) * NUMBERS_PER_ROUND)
            case "patch":
                return patches(target, self._people_of(target))
            case "get":
                return gets(target, order.paths)
            case "send":
                return sends(target, order.requests)
        raise AssertionError(order.work)


def main() -> None:
    """Answer orders until the input ends."""
    tool = LoadTool()
    gc.disable()  # A collection here would show as latency of a server.
    for line in sys.stdin.buffer:
        answer = tool.measure(read_order(line))
        gc.collect()
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
